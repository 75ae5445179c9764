//! Archives whose values are not those of the dumps, though nothing in them is damaged: `verify` says which.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::hdf5::chunks::Chunk;
use super::super::write::Monitor;
use super::super::{Archive, Codec, Settings, Tune, write};
use super::*;
use crate::chunk::fletcher32;
use crate::model::grid::Grid;

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
        let run = Run::open(&folder.path().join("run"), grid).expect("a run");
        let made = Made { folder, run };
        let settings =
            Settings { tune: Tune { codec: Codec::None, ..Tune::default() }, ..Settings::default() };
        write(&made.run, &made.path(), &settings, &Monitor::NOBODY).expect("an archive");
        made
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.nc")
    }

    fn differences(&self) -> Vec<String> {
        verify(&self.path(), Some(&self.run), &Limits::default()).expect("an archive").differences
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

#[test]
fn every_value_counts() {
    let made = Made::new();
    assert_eq!(made.differences(), [""; 0]);
    let archive = Archive::open(&made.path()).expect("an archive");
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
    let mut seen = 0;
    for column in cell.annual().expect("years") {
        let Some(&chunk) = column.chunks().expect("chunks").first() else { continue };
        let name = column.key().trim_end_matches("_percent").to_owned();
        seen += 1;
        made.with_other_value(chunk, |differences| {
            assert!(differences.iter().any(|text| text.contains(&name)), "{name}: {differences:?}");
        });
    }
    assert!(seen > 5, "{seen} columns of years have chunks");
    assert_eq!(made.differences(), [""; 0]);
}
