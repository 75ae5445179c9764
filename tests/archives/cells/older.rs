//! An archive as it was written before: arrays of up to 512 bytes stand in the headers of their datasets, which R's ncdf4 refuses.

use std::process::Command;

use gridloom::model::grid::Cell;

use super::*;

/// Made by `cells write` of then, of one cell with 20 days and one yearly file.
const COMPACT: &[u8] = include_bytes!("compact.nc");

fn check(path: &Path) {
    let output = program::command().args(["cells", "verify"]).arg(path).output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let archive = Archive::open(path).expect("an archive");
    let cell = archive.cell(Cell { row: 170, column: 223 }).expect("a cell");
    let values =
        |name: &str| cell.variable(name).and_then(|variable| variable.all()).expect("values").to_f64();
    assert!(values("npp").into_iter().eq((0..20).map(|day| f64::from(day) / 8.0)));
    assert!(values("csoil").into_iter().eq((0..40).map(f64::from)));
    assert_eq!((values("lat"), values("lon")), (vec![4.75], vec![-68.25]));
    assert_eq!(cell.records().expect("records").len(), 2);
    let annual = cell.annual().expect("years");
    let column =
        |name: &str| annual.iter().find(|one| one.name() == name).expect("a column").all().expect("values");
    assert_eq!(column("year").to_i64(), [1979]);
    assert!((column("cleaf").to_f64()[0] - 2.126_603_13).abs() < 1e-8);
}

#[test]
fn an_archive_with_compact_datasets_is_read_and_repacked_without() {
    let folder = Folder::new();
    let path = folder.path().join("older.nc");
    std::fs::write(&path, COMPACT).expect("a file");
    check(&path);
    let output = program::command().args(["cells", "repack"]).arg(&path).output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    check(&path);
    let Some(python) = here::python() else { return };
    // 0 is the layout of data that stand in headers.
    let script = "import h5py, sys\nnames = []\nfile = h5py.File(sys.argv[1])\n\
                  look = lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) and \
                  one.id.get_create_plist().get_layout() == 0 else None\n\
                  file.visititems(look)\nassert not names, names\n";
    let output = Command::new(python).args(["-c", script]).arg(&path).output().expect("python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
