//! Archives whose values are not those of the dumps, though nothing in them is damaged: `verify` says which.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::{Archive, Codec, Settings, Tune, write};
use super::*;
use crate::chunk::fletcher32;
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::Storage;
use crate::model::grid::Grid;
use crate::observer::Nobody;

const CELL: Cell = Cell { row: 170, column: 223 };

struct Made {
    folder: tempfile::TempDir,
    run: Run,
}

impl Made {
    fn new() -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample_run/grd_170-223");
        let folder = tempfile::tempdir().expect("a folder");
        let cell = folder.path().join("run/grd_170-223");
        std::fs::create_dir_all(&cell).expect("a folder");
        for entry in std::fs::read_dir(sample).expect("a folder").flatten() {
            std::fs::copy(entry.path(), cell.join(entry.file_name())).expect("a dump");
        }
        let grid = Grid::from_resolution(0.5).expect("a grid");
        let run = Run::open(folder.path().join("run"), grid).expect("a run");
        let made = Made { folder, run };
        let settings =
            Settings { tune: Tune { codec: Codec::None, ..Tune::default() }, ..Settings::default() };
        write(&made.run, made.path(), &settings, &Nobody).expect("an archive");
        made
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.nc")
    }

    fn differences(&self) -> Vec<String> {
        verify(self.path(), Some(&self.run), &Limits::default()).expect("an archive").differences
    }

    /// Changes the first value of a chunk and its checksum, and what follows from that; then all is as before.
    fn with_other_value(&self, chunk: Chunk, check: impl FnOnce(Vec<String>)) {
        let file = std::fs::File::options().read(true).write(true).open(self.path()).expect("a file");
        let mut bytes = vec![0; chunk.length as usize];
        file.read_exact_at(&mut bytes, chunk.address).expect("a chunk");
        let right = bytes.clone();
        bytes[0] ^= 1;
        let sum = fletcher32(&bytes[..bytes.len() - 4]).to_le_bytes();
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&sum);
        file.write_all_at(&bytes, chunk.address).expect("a chunk");
        check(self.differences());
        file.write_all_at(&right, chunk.address).expect("a chunk");
    }
}

impl Made {
    /// Changes the first byte of data over which no checksum is; then all is as before.
    fn with_other_data(&self, variable: &Variable, check: impl FnOnce(Vec<String>)) {
        let Storage::Small(data) = &variable.dataset().storage else { panic!("{}", variable.name()) };
        let right = std::fs::read(self.path()).expect("a file");
        // They stand right in front of their header.
        let bytes = [data.as_slice(), b"OHDR"].concat();
        let at = right.windows(bytes.len()).position(|window| window == bytes).expect("the values");
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        std::fs::write(self.path(), bytes).expect("a file");
        check(self.differences());
        std::fs::write(self.path(), right).expect("a file");
    }
}

#[test]
fn every_value_counts() {
    let made = Made::new();
    assert_eq!(made.differences(), [""; 0]);
    let archive = Archive::open(made.path()).expect("an archive");
    let cell = archive.cell(CELL).expect("a cell");
    let names: Vec<String> = cell.variables().map(str::to_owned).chain(["time".to_owned()]).collect();
    assert!(names.len() > 5);
    for name in names {
        let variable = cell.variable(&name).expect("a variable");
        let chunk = variable.chunks().expect("chunks")[0];
        made.with_other_value(chunk, |differences| {
            let named = differences.iter().any(|text| text.contains(&name));
            assert!(named, "{name}: {differences:?}");
        });
    }
    let mut named = 0;
    for column in cell.annual().expect("years") {
        made.with_other_value(column.chunks().expect("chunks")[0], |differences| {
            assert!(!differences.is_empty(), "{}", column.name());
            named += usize::from(differences.iter().any(|text| text.contains("metacommunity_")));
        });
    }
    for name in ["lat", "lon"] {
        made.with_other_data(&cell.variable(name).expect("a variable"), |differences| {
            assert!(
                differences.iter().any(|text| text.contains(&format!("{name}: it is not"))),
                "{differences:?}"
            );
        });
    }
    made.with_other_data(&archive.at_root("csoil_row").expect("rows"), |differences| {
        assert!(differences.iter().any(|text| text.contains("csoil_row")), "{differences:?}");
    });
    assert!(named > 25, "values of {named} columns of years differ");
    assert_eq!(made.differences(), [""; 0]);
}
