//! Any bytes as a period's dump: an error, or series whose every value is where its layout says.
#![no_main]

use gridloom::caete;
use gridloom::dump::{Dump, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { decoded_bytes: 1 << 20, values: 1 << 16, dictionary_bytes: 16 << 20 };
    let Ok(dump) = Dump::decode(bytes, Vec::new(), &limits) else { return };
    let Ok(period) = caete::period(dump.root()) else { return };
    assert!(period.first_date().is_some() && period.last_date().is_some());
    for (_, series) in period.all_series() {
        let size = series.size();
        if series.days() == 0 || size == 0 {
            continue;
        }
        for row in [0, series.rows().saturating_sub(1)] {
            if row < series.rows() {
                let (first, step) = series.layout(row);
                assert!(first + (series.days() - 1) * step + size <= series.data().len());
            }
        }
    }
});
