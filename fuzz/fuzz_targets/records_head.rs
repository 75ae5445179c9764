//! Any bytes as the beginning of a file of records: a typed fault, or a head within it.
#![no_main]

use gridloom::records::description::Description;
use gridloom::records::head;
use libfuzzer_sys::fuzz_target;

/// Dialects, of which the first byte takes one.
const KEYS: [&str; 8] = [
    "",
    "separator = \"blanks\"",
    "separator = \"fixed\"",
    "separator = \"fixed\"\nwidths = [3, 2, 4]",
    "header = \"marker\"\nmarker = \"@\"",
    "header = \"line\"\nunits = \"line\"",
    "header = \"comment\"\nskip = 1",
    "header = \"none\"\nnames = [\"a\", \"b\"]\nseparator = \",\"",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let keys = KEYS[usize::from(first >> 1) % KEYS.len()];
    let text = Description::from_toml(&format!("[source.text]\n{keys}")).expect("a dialect").text;
    let is_whole = first & 1 == 0;
    match head::of(bytes, is_whole, &text) {
        Ok(found) => {
            assert!(found.start as usize <= bytes.len());
            assert!(found.columns <= head::MOST_COLUMNS);
            assert!(found.names.is_none_or(|names| !names.is_empty()));
        }
        Err(fault) => assert!(!fault.message.is_empty()),
    }
});
