//! Bytes that are not what was written: found, named, and never taken for values.

use std::os::unix::fs::FileExt;

use gridloom::dump::Limits;
use gridloom::model::grid::Cell;
use gridloom::run::survey::{Depth, Facts, survey};

use super::*;

fn made() -> (Folder, Vec<u8>, Contents) {
    let folder = model(&[(0, 300)]).write();
    write(&folder, &small()).expect("an archive");
    let bytes = std::fs::read(file(&folder)).expect("a file");
    let contents = contents(&file(&folder)).expect("contents");
    (folder, bytes, contents)
}

/// A changed byte anywhere: what is read is what was written, or an error.
#[test]
fn no_changed_byte_changes_a_value() {
    let (folder, bytes, right) = made();
    let path = file(&folder);
    let handle = std::fs::File::options().write(true).open(&path).expect("a file");
    let mut found = 0;
    for seed in 0..3000u64 {
        let at = (dumps::scramble(seed) % bytes.len() as u64) as usize;
        let byte = bytes[at] ^ (1 << (seed % 8));
        handle.write_all_at(&[byte], at as u64).expect("a byte");
        match contents(&path) {
            Ok(read) => assert!(read == right, "byte {at} of {}", bytes.len()),
            Err(_) => found += 1,
        }
        if seed % 50 == 0 {
            let _ = archive::verify(&path, Some(&run(&folder)), &Default::default());
        }
        handle.write_all_at(&bytes[at..=at], at as u64).expect("a byte");
    }
    assert!(found > 1000, "only {found} of 3000 changes were seen");
}

#[test]
fn a_file_that_is_cut_is_refused() {
    let (folder, bytes, _) = made();
    let path = folder.path().join("cut.nc");
    for length in (0..bytes.len()).step_by(bytes.len() / 60).chain([47, 48, 49, bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..length]).expect("a file");
        let error = Archive::open(&path).expect_err("a cut file");
        assert!(error.kind() == ErrorKind::Damaged, "{error}");
    }
    std::fs::write(&path, dumps::scramble(5).to_le_bytes().repeat(1000)).expect("a file");
    assert!(Archive::open(&path).is_err());
    assert!(Archive::open(files::sample()).is_err());
}

#[test]
fn damage_is_named_by_cell_and_variable_and_the_rest_is_read() {
    let (folder, bytes, right) = made();
    let path = file(&folder);
    // The values of cells come one after another, so the middle is some chunk of the second.
    let handle = std::fs::File::options().write(true).open(&path).expect("a file");
    let at = bytes.len() / 3 + 2000;
    handle.write_all_at(&[!bytes[at]], at as u64).expect("a byte");
    let found = archive::verify(&path, None, &Default::default()).expect("it opens");
    assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
    let named = &found.differences[0];
    assert!(named.contains("cell 160-231, ") && named.contains("checksum"), "{named}");
    let archive = Archive::open(&path).expect("an archive");
    let cell = archive.cell(Cell { row: 160, column: 231 }).expect("a cell");
    let mut damaged = 0;
    for name in cell.variables() {
        match cell.variable(name).and_then(|variable| variable.all()) {
            Ok(values) => assert_eq!(values.bytes, right[&("160-231".to_owned(), name.to_owned())]),
            Err(error) => {
                damaged += 1;
                assert!(named.contains(&format!("160-231, {name}:")), "{named}: {error}");
                assert_eq!(error.cell(), Some(Cell { row: 160, column: 231 }));
            }
        }
    }
    assert_eq!(damaged, 1);
    // Copying does not carry it on.
    assert!(archive::repack(&path, None, &settings(), &gridloom::Nobody).is_err());
    let cell = Cell { row: 160, column: 231 };
    archive::replace(&run(&folder), &path, &[cell], &settings(), &gridloom::Nobody).expect("mended");
    prove(&folder);
}

/// A superblock that was torn by a loss of power stands at the end once more.
#[test]
fn a_torn_superblock_is_read_and_mended() {
    let (folder, bytes, right) = made();
    let path = file(&folder);
    for torn in [0, 7, 20, 40, 47] {
        let mut damaged = bytes.clone();
        damaged[torn..48].fill(0);
        std::fs::write(&path, &damaged).expect("a file");
        assert!(contents(&path).expect("contents") == right, "{torn}");
        archive::drop_cells(&path, &[Cell { row: 160, column: 230 }], &settings()).expect("a change");
        let mended = std::fs::read(&path).expect("a file");
        assert_eq!(mended[..8], *b"\x89HDF\r\n\x1a\n");
        assert_eq!(Archive::open(&path).expect("an archive").cells().len(), 2);
    }
}

/// What a killed process left behind the end goes away with the next change: the copy of the superblock stands at the very end.
#[test]
fn what_lies_behind_the_end_is_cut_off() {
    let (folder, mut bytes, right) = made();
    let path = file(&folder);
    bytes.extend((0..10_000u64).flat_map(|number| dumps::scramble(number).to_le_bytes()));
    std::fs::write(&path, &bytes).expect("a file");
    assert!(contents(&path).expect("contents") == right);
    archive::drop_cells(&path, &[Cell { row: 160, column: 230 }], &settings()).expect("a change");
    let after = contents(&path).expect("contents");
    let mut torn = std::fs::read(&path).expect("a file");
    assert_eq!(torn.len() as u64, Archive::open(&path).expect("an archive").file_bytes());
    torn[..48].fill(0);
    std::fs::write(&path, &torn).expect("a file");
    assert!(contents(&path).expect("contents") == after);
}

/// What a plan needs of a sample are types, lengths and dates, which cost no reading of values.
#[test]
fn a_sample_is_known_without_its_values() {
    let (folder, bytes, _) = made();
    let path = file(&folder);
    let look = |depth: Depth| {
        let run = Run::open(&path, work::half_degree()).expect("a run");
        survey(&run, &run.cells, &run.periods(), depth, &Default::default()).expect("a survey")
    };
    let (sample, deep) = (look(Depth::Sample), look(Depth::Deep));
    assert_eq!((sample.facts.len(), deep.faults.len()), (3, 0));
    for (sample, deep) in sample.facts.iter().zip(&deep.facts) {
        assert_eq!((sample.cell, &sample.series), (deep.cell, &deep.series));
        let sizes = |facts: &Facts| (facts.file_bytes, facts.decoded_bytes);
        // Of npp and lat four bytes a day, of csoil sixteen, of ls two, of f5 three.
        assert_eq!((sizes(sample), sizes(deep)), ((300 * 29, 300 * 29), (300 * 29, 300 * 29)));
    }
    let handle = std::fs::File::options().write(true).open(&path).expect("a file");
    let at = bytes.len() / 3 + 2000;
    handle.write_all_at(&[!bytes[at]], at as u64).expect("a byte");
    assert_eq!((look(Depth::Sample).faults.len(), look(Depth::Deep).faults.len()), (0, 1));
    // More than the limit is refused as it would be of a dump, whatever is read of it.
    let limits = Limits { decoded_bytes: 300 * 29 - 1, ..Limits::default() };
    let run = Run::open(&path, work::half_degree()).expect("a run");
    let refused = survey(&run, &run.cells, &run.periods(), Depth::Sample, &limits);
    assert!(refused.is_err_and(|error| error.to_string().contains("decode to more than the limit")));
}
