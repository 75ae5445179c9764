//! Any bytes as a pickle: an error, or values that can all be walked.
#![no_main]

use std::collections::HashSet;

use gridloom::dump::{Limits, Value, ValueKind, pickle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { decoded_bytes: 1 << 20, values: 1 << 16, dictionary_bytes: 16 << 20 };
    let Ok(document) = pickle::read(bytes, &limits) else { return };
    let (mut seen, mut waiting) = (HashSet::new(), vec![document.root(bytes)]);
    while let Some(value) = waiting.pop() {
        if !seen.insert(value.identity()) {
            continue;
        }
        look(value);
        waiting.extend(value.items());
        waiting.extend(value.entries().flat_map(|(key, value)| [key, value]));
        if let Some((arguments, state)) = value.parts() {
            waiting.push(arguments);
            waiting.extend(state);
        }
    }
});

fn look(value: Value<'_>) {
    let _ = (value.as_i64(), value.as_f64(), value.as_str(), value.get("npp"));
    match value.kind() {
        ValueKind::Array(array) => {
            let elements = array.len();
            assert_eq!(array.data().len(), elements * array.dtype().size);
            if elements <= 4096 {
                let _ = (array.to_f64(), array.to_i64(), array.field("a"));
            }
        }
        ValueKind::DType(dtype) => {
            let _ = dtype.to_string();
        }
        _ => {}
    }
}
