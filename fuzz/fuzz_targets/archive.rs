//! Any bytes as an archive, and as a file of arrays, its checksums taken for right: an error, or values of the lengths that it says.
#![no_main]

use std::io::Write;

use gridloom::archive::Archive;
use gridloom::archive::arrays::Arrays;
use libfuzzer_sys::fuzz_target;

/// Values that are read of a variable at the most.
const MOST: u64 = 1 << 12;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(bytes).is_err() {
        return;
    }
    read_arrays(file.path());
    let Ok(archive) = Archive::open(file.path()) else { return };
    let _ = archive.entries();
    for cell in archive.cells().take(4) {
        let Ok(cell) = archive.cell(cell) else { continue };
        let _ = cell.records();
        // A few bytes may stand for a great many values; that costs memory, as they say.
        if cell.variable("time").is_ok_and(|time| time.length() <= MOST) {
            let (_, _) = (cell.days(), cell.range(None, None));
            for (number, range) in cell.periods().unwrap_or_default().into_iter().take(8) {
                assert!(range.start <= range.end);
                let _ = cell.range_of(number, None, None);
            }
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

fn read_arrays(path: &std::path::Path) {
    let Ok(arrays) = Arrays::open(path) else { return };
    let names: Vec<String> = arrays.names().take(8).map(str::to_owned).collect();
    for name in names {
        let Ok(array) = arrays.array(&name) else { continue };
        let rows = array.rows().max(array.chunk_rows());
        if rows.saturating_mul(array.row_bytes() as u64) > 1 << 20 {
            continue;
        }
        if let Ok(values) = array.all() {
            assert_eq!(values.bytes.len() as u64, array.rows() * array.row_bytes() as u64);
        }
        if let Some(last) = array.rows().checked_sub(1) {
            let points = array.points(&[last, 0]).map(|values| values.bytes);
            // SAFETY: the file is this process's own, and nobody writes into it while it is open.
            if let (Ok(map), Ok(points)) = (unsafe { array.map() }, points) {
                assert_eq!(map.points(&[last, 0]), Some(points));
            }
        }
        if let Ok(records) = arrays.records(&name) {
            for index in 0..records.len().min(64) {
                let _ = records.get(index);
            }
        }
    }
}
