//! Arrays in one file: what was committed is there, bit by bit, and nothing else.

mod laws;
mod programs;
mod records;
mod safety;

use std::collections::BTreeMap;
use std::path::Path;

use gridloom::archive::Codec;
use gridloom::archive::arrays::{ArrayAttribute, Arrays, Durability, Layout, ValueType, Writer};
use gridloom::model::element::Element;
use gridloom::{ErrorKind, Result};
use gridloom_testkit::here;

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

/// The mapped rows of an array in a file that only the tests know.
#[allow(unsafe_code)]
fn mapped(array: &gridloom::archive::arrays::Array) -> Result<gridloom::archive::arrays::Mapped> {
    // SAFETY: nothing but gridloom writes into the files of these tests.
    unsafe { array.map() }
}
