//! What is read for figures, and what is made of it while it is read.
//!
//! A [`gather::Gather`] reads each file once for all reductions that are wanted of it. Nothing here draws.

pub(super) mod areas;
pub(super) mod columns;
pub(super) mod drift;
pub(super) mod evaluation;
pub(super) mod gather;
pub(super) mod health;
mod kernels;
mod partial;
pub mod parts;
pub(super) mod periods;
pub mod reduce;
pub(super) mod shares;
pub(super) mod stamp;
pub(super) mod table;
pub(super) mod traits;
