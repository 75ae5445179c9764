//! Any text as a formula and as units: an error with a reason, or a variable whose formula is the text.
#![no_main]

use std::collections::BTreeMap;

use gridloom::derive::{Change, Entry, extended};
use gridloom::model::variables::VariableTable;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let none = BTreeMap::new();
    let entries = BTreeMap::from([("made".to_owned(), Entry::of(text))]);
    match extended(VariableTable::caete(), &entries, &none) {
        Ok(table) => {
            let info = table.get("made").expect("a variable that was made");
            assert_eq!(info.formula.as_deref(), Some(text.trim()));
            // What is known of it makes the same again.
            let again = extended(table.clone(), &BTreeMap::new(), &none).expect("what was taken before");
            assert_eq!(again.get("made"), Some(info));
        }
        Err(error) => assert!(!error.in_full().is_empty()),
    }
    let units = BTreeMap::from([("npp".to_owned(), Change { units: text.to_owned(), calendar: bytes.len() % 2 == 0 })]);
    if let Err(error) = extended(VariableTable::caete(), &BTreeMap::new(), &units) {
        assert!(!error.in_full().is_empty());
    }
});
