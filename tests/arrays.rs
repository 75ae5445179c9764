//! Arrays in one file: what was committed is there, bit by bit, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/disk.rs"]
mod disk;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "arrays/laws.rs"]
mod laws;
#[path = "common/preload.rs"]
mod preload;
#[path = "arrays/programs.rs"]
mod programs;
#[path = "arrays/records.rs"]
mod records;
#[path = "arrays/safety.rs"]
mod safety;

use std::collections::BTreeMap;
use std::path::Path;

use gridloom::archive::Codec;
use gridloom::archive::arrays::{Arrays, Durability, Layout, Writer};
use gridloom::model::element::Element;
use gridloom::{Error, Result};

/// Rows of arrays by their names.
type Contents = BTreeMap<String, Vec<u8>>;

fn contents(path: &Path) -> Result<Contents> {
    let arrays = Arrays::open(path)?;
    arrays.names().map(|name| Ok((name.to_owned(), arrays.array(name)?.all()?.bytes))).collect()
}

fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}
