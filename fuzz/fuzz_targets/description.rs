//! Any bytes as a description of records: an error with its place, or one that is written and read again as the same.
#![no_main]

use gridloom::records::description::Description;
use gridloom::records::pattern::Pattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(pattern) = Pattern::parse(text) {
        assert!(pattern.fields().len() <= text.len());
        let _ = pattern.fields_of("fluxes_48.1875_-120.6875.txt.gz");
    }
    match Description::from_toml(text) {
        Err(error) => {
            let lines = text.lines().count() as u64 + 1;
            assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
            assert!(!error.to_string().is_empty());
        }
        Ok(found) => {
            let written = found.to_toml();
            let again = Description::from_toml(&written);
            // A number that is none is not equal to itself, and is written as it was.
            assert_eq!(again.map(|again| again.to_toml()), Ok(written));
        }
    }
});
