//! Any bytes as a compressed file: an error or a stream within the limit, never more.
#![no_main]

use gridloom::dump::{Limits, container};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { decoded_bytes: 1 << 20, values: 1 << 16, dictionary_bytes: 16 << 20 };
    let mut decoded = Vec::new();
    if container::decompress(bytes, &mut decoded, &limits).is_ok() {
        assert!(decoded.len() <= limits.decoded_bytes);
    }
});
