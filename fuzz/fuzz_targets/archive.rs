//! Any bytes as an archive, its checksums taken for right: an error, or values of the lengths that it says.
#![no_main]

use std::io::Write;

use gridloom::archive::Archive;
use libfuzzer_sys::fuzz_target;

/// Values that are read of a variable at the most.
const MOST: u64 = 1 << 12;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(bytes).is_err() {
        return;
    }
    let Ok(archive) = Archive::open(file.path()) else { return };
    let _ = archive.entries();
    for cell in archive.cells().take(4) {
        let Ok(cell) = archive.cell(cell) else { continue };
        let _ = cell.records();
        // A few bytes may stand for a great many values; that costs memory, as they say.
        if cell.variable("time").is_ok_and(|time| time.length() <= MOST) {
            let (_, _) = (cell.days(), cell.range(None, None));
        }
        let annual = cell.annual().unwrap_or_default();
        let series = cell.variables().take(16).filter_map(|name| cell.variable(name).ok());
        for variable in series.chain(annual.into_iter().take(16)) {
            let length = variable.length().min(MOST);
            if variable.rows().unwrap_or(1) > 64 {
                continue;
            }
            if let Ok(values) = variable.read(0..length) {
                let rows = variable.rows().unwrap_or(1) as u64;
                assert_eq!(values.to_f64().len() as u64, rows * length);
            }
            if let Some(last) = variable.length().checked_sub(1) {
                let _ = variable.points(&[last, 0]);
            }
        }
    }
});
