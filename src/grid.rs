//! Gridded NetCDF: the one reader of it, for figures, proofs and tables of grids alike.

pub mod read;
