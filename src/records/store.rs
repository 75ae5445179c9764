//! Rows put together by cell, on disk: what lies between files of records and a run's cells.
//!
//! | file | holds |
//! |---|---|
//! | `segments-T` | what task T made of pieces: blocks of a place's steps, column after column ([`segment`]) |
//! | `journal-T` | a line a batch of pieces: its segments, and where its lines went ([`batch`]) |
//!
//! Where the blocks of each place are ([`directory`]) is put together anew by each process, in memory or, where it is long, in a file without a name.
//!
//! Nothing is changed in place. Blocks and indexes have checksums; a line of the journal has its own. So a process that is killed costs the batches it was at.

pub mod arrange;
pub mod batch;
pub mod cells;
pub mod decimals;
pub mod directory;
pub mod repeats;
pub mod segment;
pub mod writer;

#[cfg(test)]
mod tests;
