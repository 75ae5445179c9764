//! Any bytes as a NetCDF file of one cell, in one of the classic formats: a typed fault, or lines with as many fields as names.
#![no_main]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::OnceLock;

use gridloom::records::input::{Input, InputLimits};
use libfuzzer_sys::fuzz_target;

static PATH: OnceLock<PathBuf> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let path =
        PATH.get_or_init(|| std::env::temp_dir().join(format!("gridloom-fuzz-{}.nc", std::process::id())));
    let version = [2, 1, 5][usize::from(first) % 3];
    let bytes = if bytes.starts_with(b"DF") { bytes.get(3..).unwrap_or_default() } else { bytes };
    std::fs::write(path, [&[b'C', b'D', b'F', version], bytes].concat()).expect("a file");
    let input = match Input::open(path, &InputLimits::default()) {
        Ok(input) => input,
        Err(fault) => return assert!(!fault.message.is_empty()),
    };
    let mut fields = None;
    // The first line is a comment; names may have quotes, in which there may be commas.
    for line in BufReader::new(input).split(b'\n').skip(1).take(10_000) {
        let Ok(line) = line else { return };
        if line.contains(&b'"') {
            return;
        }
        let count = line.iter().filter(|&&byte| byte == b',').count();
        assert_eq!(*fields.get_or_insert(count), count);
    }
});
