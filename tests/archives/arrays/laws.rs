//! Any changes in any order, against arrays in memory.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Add {
        name: usize,
        element: usize,
        columns: Vec<u64>,
        layout: usize,
        chunk: usize,
    },
    Append {
        name: usize,
        rows: usize,
        seed: u64,
    },
    Replace {
        name: usize,
        rows: Vec<u64>,
        seed: u64,
    },
    Row {
        name: usize,
        row: u64,
        seed: u64,
    },
    Delete {
        name: usize,
        rows: Vec<u64>,
    },
    Remove {
        name: usize,
    },
    Revert,
    Commit,
    /// The writer is dropped, and another one opened.
    Reopen,
}

const NAMES: [&str; 3] = ["a", "values of b", "ç"];
const TYPES: [ValueType; 7] = [
    ValueType::Number(Element::Float32),
    ValueType::Number(Element::Int16),
    ValueType::Number(Element::UInt8),
    ValueType::Bool,
    ValueType::Float16,
    ValueType::Complex64,
    ValueType::Complex128,
];

fn layout(index: usize, chunk_bytes: usize) -> Layout {
    let codecs = [None, Some(Codec::None), Some(Codec::Deflate(4)), Some(Codec::Zstd(1)), Some(Codec::Lz4)];
    Layout { chunk_bytes, codec: codecs[index % codecs.len()] }
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    prop_oneof![
        2 => (name.clone(), 0..TYPES.len(), prop::collection::vec(1u64..4, 0..3), 0..5usize, 1..400usize)
            .prop_map(|(name, element, columns, layout, chunk)| Step::Add { name, element, columns, layout, chunk }),
        4 => (name.clone(), 0..120usize, any::<u64>()).prop_map(|(name, rows, seed)| Step::Append { name, rows, seed }),
        4 => (name.clone(), prop::collection::vec(0..300u64, 0..20), any::<u64>())
            .prop_map(|(name, rows, seed)| Step::Replace { name, rows, seed }),
        2 => (name.clone(), 0..300u64, any::<u64>()).prop_map(|(name, row, seed)| Step::Row { name, row, seed }),
        2 => (name.clone(), prop::collection::vec(0..200u64, 0..12)).prop_map(|(name, rows)| Step::Delete { name, rows }),
        1 => name.prop_map(|name| Step::Remove { name }),
        1 => Just(Step::Revert),
        3 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

/// What a file should hold: bytes of a row, and all rows.
type Model = BTreeMap<&'static str, (usize, Vec<u8>)>;

fn check(path: &Path, model: &Model) {
    let arrays = Arrays::open(path).unwrap();
    let names: std::collections::BTreeSet<&str> = arrays.names().collect();
    assert_eq!(names, model.keys().copied().collect());
    for (name, (row, rows)) in model {
        let array = arrays.array(name).unwrap();
        assert_eq!((array.row_bytes(), array.all().unwrap().bytes), (*row, rows.clone()), "{name}");
        let count = array.rows();
        assert_eq!(count as usize * row, rows.len());
        let at = |row_index: u64| &rows[row_index as usize * row..][..*row];
        let some: Vec<u64> = (0..count).rev().step_by(7).chain((0..count).step_by(11)).collect();
        let wanted: Vec<u8> = some.iter().flat_map(|&index| at(index)).copied().collect();
        assert_eq!(array.points(&some).unwrap().bytes, wanted, "{name}");
        let sliced: Vec<u8> = array.slices(97).flat_map(|slice| slice.unwrap().1.bytes).collect();
        assert_eq!(sliced, *rows, "{name}");
        let part = count / 3..count - count / 4;
        let wanted = &rows[part.start as usize * row..part.end as usize * row];
        assert_eq!(array.read(part.clone()).unwrap().bytes, wanted, "{name}");
        assert!(array.read(0..count + 1).is_err_and(|error| error.kind() == ErrorKind::Argument));
        assert!(array.points(&[count]).is_err_and(|error| error.kind() == ErrorKind::Argument));
        if array.is_plain() {
            let map = mapped(&array).unwrap();
            assert_eq!(map.points(&some), Some(array.points(&some).unwrap().bytes));
            assert_eq!(map.row(count), None);
            if let Some(together) = map.together(part.clone()) {
                assert_eq!(together, wanted, "{name}");
            }
            assert_eq!(map.together(0..count + 1), None);
        } else {
            assert!(mapped(&array).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_file_holds_what_was_committed(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arrays.h5");
        let mut writer = Some(Writer::create(&path, false).unwrap());
        // The model as it is in the file, and as it is in the writer.
        let (mut committed, mut model): (Option<Model>, Model) = (None, Model::new());
        for step in steps {
            let current = writer.as_mut().unwrap();
            match step {
                Step::Add { name, element, columns, layout: codec, chunk } => {
                    let (name, element) = (NAMES[name], TYPES[element]);
                    let result = current.add(name, element, &columns, layout(codec, chunk));
                    prop_assert_eq!(result.is_ok(), !model.contains_key(name));
                    if result.is_ok() {
                        let row = element.size() * columns.iter().product::<u64>() as usize;
                        model.insert(name, (row, Vec::new()));
                    }
                }
                Step::Append { name, rows, seed } => match model.get_mut(NAMES[name]) {
                    Some((row, all)) => {
                        let more = bytes(rows * *row, seed);
                        current.append(NAMES[name], &more).unwrap();
                        all.extend(more);
                        if *row > 1 {
                            prop_assert!(current.append(NAMES[name], &[1]).is_err());
                        }
                    }
                    None => prop_assert!(current.append(NAMES[name], &[]).is_err()),
                },
                Step::Replace { name, rows, seed } => {
                    let Some((row, all)) = model.get_mut(NAMES[name]) else { continue };
                    let count = (all.len() / *row) as u64;
                    let new = bytes(rows.len() * *row, seed);
                    let result = current.replace(NAMES[name], &rows, &new);
                    prop_assert_eq!(result.is_ok(), rows.iter().all(|&index| index < count));
                    if result.is_ok() {
                        for (nth, index) in rows.into_iter().enumerate() {
                            all[index as usize * *row..][..*row].copy_from_slice(&new[nth * *row..][..*row]);
                        }
                    }
                }
                Step::Row { name, row: index, seed } => {
                    let Some((row, all)) = model.get_mut(NAMES[name]) else { continue };
                    let result = current.row_mut(NAMES[name], index);
                    prop_assert_eq!(result.is_ok(), index < (all.len() / *row) as u64);
                    if let Ok(target) = result {
                        let new = bytes(*row, seed);
                        target.copy_from_slice(&new);
                        all[index as usize * *row..][..*row].copy_from_slice(&new);
                    }
                }
                Step::Delete { name, rows } => {
                    let Some((row, all)) = model.get_mut(NAMES[name]) else { continue };
                    let count = (all.len() / *row) as u64;
                    let result = current.delete(NAMES[name], &rows);
                    prop_assert_eq!(result.is_ok(), rows.iter().all(|&index| index < count));
                    if result.is_ok() {
                        let kept = all.chunks(*row).zip(0u64..).filter(|(_, index)| !rows.contains(index));
                        *all = kept.flat_map(|(bytes, _)| bytes).copied().collect();
                    }
                }
                Step::Revert => {
                    current.revert().unwrap();
                    model = committed.clone().unwrap_or_default();
                }
                Step::Remove { name } => {
                    prop_assert_eq!(current.remove(NAMES[name]).is_ok(), model.remove(NAMES[name]).is_some());
                }
                Step::Commit => {
                    current.commit(Durability::Process).unwrap();
                    committed = Some(model.clone());
                }
                Step::Reopen => {
                    drop(writer.take());
                    prop_assert_eq!(path.exists(), committed.is_some());
                    model = committed.clone().unwrap_or_default();
                    writer = Some(match committed {
                        Some(_) => Writer::open(&path).unwrap(),
                        None => Writer::create(&path, false).unwrap(),
                    });
                }
            }
            // What is not committed shows to the writer only.
            let current = writer.as_mut().unwrap();
            for (name, (row, all)) in &model {
                let rows = current.rows(name).unwrap();
                prop_assert_eq!(rows as usize * row, all.len());
                prop_assert_eq!(&current.read(name, 0..rows).unwrap().bytes, all);
                let part = rows / 3..rows - rows / 4;
                let wanted = &all[part.start as usize * row..part.end as usize * row];
                prop_assert_eq!(&current.read(name, part).unwrap().bytes, wanted);
                let some: Vec<u64> = (0..rows).rev().step_by(7).chain((0..rows).step_by(11)).collect();
                let wanted: Vec<u8> =
                    some.iter().flat_map(|&index| &all[index as usize * row..][..*row]).copied().collect();
                prop_assert_eq!(&current.points(name, &some).unwrap().bytes, &wanted);
                prop_assert!(current.points(name, &[rows]).is_err());
            }
            if let Some(committed) = &committed {
                check(&path, committed);
            }
        }
    }
}

/// An array of very many chunks, whose index has levels, grows and changes.
#[test]
fn many_chunks_grow_and_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    let mut models: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, codec) in [("plain", None), ("packed", Some(Codec::Lz4))] {
        writer.add(name, Element::UInt16, &[2], Layout { chunk_bytes: 16, codec }).unwrap();
        models.push((name, Vec::new()));
    }
    for round in 0..6u64 {
        for (name, model) in &mut models {
            let more = bytes(4 * (20_000 + round as usize * 7), round);
            writer.append(name, &more).unwrap();
            model.extend(more);
            for at in [0, 4711, model.len() / 4 - 1] {
                writer.replace(name, &[at as u64], &[9, 9, round as u8, 9]).unwrap();
                model[at * 4..][..4].copy_from_slice(&[9, 9, round as u8, 9]);
            }
        }
        writer.commit(Durability::Process).unwrap();
        let found = contents(&path).unwrap();
        for (name, model) in &models {
            assert!(found[*name] == *model, "{name} in round {round}");
        }
    }
}

/// What was replaced takes no place any more; all else is there, for those who have the old file open as well.
#[test]
fn repacked_files_hold_the_same_and_are_as_new() {
    let folder = tempfile::tempdir().unwrap();
    let (path, fresh) = (folder.path().join("arrays.h5"), folder.path().join("fresh.h5"));
    let layouts = [("plain", Layout::PLAIN), ("packed", Layout::packed(Codec::Zstd(1), 2000))];
    let mut writer = Writer::create(&path, false).unwrap();
    let rows = bytes(12 * 5000, 3);
    for (name, layout) in layouts {
        writer.add(name, Element::Float32, &[3], layout).unwrap();
        writer.set(name, "units", "1").unwrap();
        writer.append(name, &rows).unwrap();
    }
    for row in (0..5000).step_by(50) {
        writer.replace("plain", &[row], &[1; 12]).unwrap();
        writer.replace("packed", &[row], &[2; 12]).unwrap();
        writer.commit(Durability::Process).unwrap();
    }
    assert!(gridloom::archive::arrays::repack(&path).is_err_and(|error| error.kind() == ErrorKind::Busy));
    drop(writer);
    let before = contents(&path).unwrap();
    let open = Arrays::open(&path).unwrap().array("plain").unwrap();
    let map = mapped(&open).unwrap();
    let report = gridloom::archive::arrays::repack(&path).unwrap();
    assert_eq!(report.after, std::fs::metadata(&path).unwrap().len());
    assert_eq!(contents(&path).unwrap(), before);
    assert_eq!(Arrays::open(&path).unwrap().array("packed").unwrap().attributes().count(), 2);
    assert_eq!((open.all().unwrap().bytes, map.row(50)), (before["plain"].clone(), Some(&[1; 12][..])));
    let mut writer = Writer::create(&fresh, false).unwrap();
    for (name, layout) in layouts {
        writer.add(name, Element::Float32, &[3], layout).unwrap();
        writer.set(name, "units", "1").unwrap();
        writer.append(name, &before[name]).unwrap();
    }
    writer.commit(Durability::Process).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&fresh).unwrap());
    assert_eq!(Arrays::open(&path).unwrap().names().collect::<Vec<_>>(), ["plain", "packed"]);
    assert!(report.before > 2 * report.after, "{report:?}");
}

/// More changed rows than are held.
#[test]
fn what_is_held_has_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    writer.add("a", Element::Float64, &[8], Layout { chunk_bytes: 64 << 10, codec: None }).unwrap();
    let mut model = bytes(100 << 20, 1);
    writer.append("a", &model).unwrap();
    writer.commit(Durability::Process).unwrap();
    // The last rows of all chunks, which are 100 MiB in all.
    let rows: Vec<u64> = (0..model.len() as u64 / 64).filter(|row| row % 1024 == 1023).collect();
    let new = bytes(rows.len() * 64, 2);
    writer.replace("a", &rows, &new).unwrap();
    for (row, new) in rows.iter().zip(new.chunks(64)) {
        model[*row as usize * 64..][..64].copy_from_slice(new);
    }
    assert!(writer.read("a", 0..model.len() as u64 / 64).unwrap().bytes == model);
    writer.commit(Durability::Process).unwrap();
    assert!(contents(&path).unwrap()["a"] == model);
}

/// Rows that were written at once are found together; those of a chunk that was written anew are not.
#[test]
fn rows_that_stand_together_are_found_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    writer.add("a", Element::UInt16, &[4], Layout::PLAIN).unwrap();
    let rows = bytes(8 * 5000, 3);
    writer.append("a", &rows).unwrap();
    writer.commit(Durability::Process).unwrap();
    let map = mapped(&Arrays::open(&path).unwrap().array("a").unwrap()).unwrap();
    assert_eq!(map.together(0..5000), Some(&rows[..]));
    assert_eq!(map.together(700..1300), Some(&rows[8 * 700..8 * 1300]));
    assert_eq!(map.together(5000..5000), Some(&[][..]));
    writer.replace("a", &[1000], &[7; 8]).unwrap();
    writer.commit(Durability::Process).unwrap();
    let after = mapped(&Arrays::open(&path).unwrap().array("a").unwrap()).unwrap();
    assert_eq!(after.together(0..5000), None);
    assert_eq!(after.together(0..512), Some(&rows[..8 * 512]));
    assert_eq!(map.together(0..5000), Some(&rows[..]));
    // Several arrays of one commit, whose last chunks are not full, and what was repacked in parts.
    for name in ["b", "c"] {
        writer.add(name, Element::UInt16, &[5], Layout::PLAIN).unwrap();
        writer.append(name, &bytes(10 * 1_000_001, 4)).unwrap();
    }
    writer.commit(Durability::Process).unwrap();
    let whole = |name: &str| {
        let map = mapped(&Arrays::open(&path).unwrap().array(name).unwrap()).unwrap();
        map.together(0..map.rows()).map(<[u8]>::to_vec)
    };
    assert!(whole("b").unwrap() == bytes(10 * 1_000_001, 4) && whole("c").is_some() && whole("a").is_none());
    writer.append("b", &bytes(10, 9)).unwrap();
    writer.commit(Durability::Process).unwrap();
    drop(writer);
    gridloom::archive::arrays::repack(&path).unwrap();
    assert!(["a", "b", "c"].iter().all(|name| whole(name).is_some()));
    assert_eq!(whole("b").unwrap()[10 * 1_000_001..], bytes(10, 9));
}

/// Attributes of arrays and of the file, before and after a commit, are what was said; what HDF5 cannot have is refused.
#[test]
fn attributes_are_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    writer.add("a", Element::UInt8, &[], Layout::PLAIN).unwrap();
    let numbers = |element: Element, bytes: &[u8], is_single| ArrayAttribute::Numbers {
        element,
        bytes: bytes.to_vec(),
        is_single,
    };
    let values = [
        ("unit", ArrayAttribute::Text("µm".to_owned())),
        ("scale", numbers(Element::Float64, &0.25f64.to_le_bytes(), true)),
        ("range", numbers(Element::Int16, &[1, 0, 255, 255], false)),
    ];
    for (name, value) in &values {
        writer.set_value(Some("a"), name, value).unwrap();
        writer.set_value(None, name, value).unwrap();
        writer.set_value(None, name, value).unwrap();
    }
    let wanted: Vec<_> = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    assert_eq!(writer.values(Some("a")).unwrap(), wanted);
    writer.commit(Durability::Process).unwrap();
    let arrays = Arrays::open(&path).unwrap();
    let found: Vec<_> = arrays.values().skip(1).map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(found, wanted);
    let array = arrays.array("a").unwrap();
    assert_eq!(array.values().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>(), wanted);
    writer.unset(Some("a"), "unit").unwrap();
    writer.unset(None, "scale").unwrap();
    assert!(writer.unset(None, "scale").is_err() && writer.unset(Some("a"), "no").is_err());
    writer.commit(Durability::Disk).unwrap();
    let arrays = Arrays::open(&path).unwrap();
    assert_eq!((arrays.values().count(), arrays.array("a").unwrap().values().count()), (3, 2));
    let long = "x".repeat(60_001);
    for (name, value) in [
        ("", &values[0].1),
        ("gridloom_codec", &values[0].1),
        ("gridloom_version", &values[0].1),
        ("a\0b", &values[0].1),
        ("long", &ArrayAttribute::Text(long)),
        ("zero", &ArrayAttribute::Text("a\0b".to_owned())),
        ("none", &numbers(Element::Float64, &[], false)),
        ("part", &numbers(Element::Float64, &[1], false)),
        ("two", &numbers(Element::UInt8, &[1, 2], true)),
    ] {
        let result = writer.set_value(Some("a"), name, value);
        assert!(result.is_err_and(|error| error.kind() == ErrorKind::Argument), "{name:?}");
    }
}

/// What was committed without waiting for the disk is waited for by a later commit, which has nothing else to do.
#[test]
fn a_commit_to_the_disk_waits_for_those_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    writer.add("a", Element::UInt8, &[], Layout::PLAIN).unwrap();
    writer.append("a", &[1, 2, 3]).unwrap();
    writer.commit(Durability::Process).unwrap();
    let before = std::fs::read(&path).unwrap();
    writer.commit(Durability::Disk).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(contents(&path).unwrap()["a"], [1, 2, 3]);
}

#[test]
fn names_and_locks_are_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arrays.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    for name in ["", ".", "a/b", "a\0"] {
        assert!(writer.add(name, Element::UInt8, &[], Layout::PLAIN).is_err(), "{name:?}");
    }
    assert!(writer.add("none", Element::UInt8, &[0], Layout::PLAIN).is_err());
    assert!(Writer::open(&path).is_err_and(|error| matches!(error.kind(), ErrorKind::Busy | ErrorKind::Io)));
    writer.add("a", Element::UInt8, &[], Layout::PLAIN).unwrap();
    writer.set("a", "units", "kg m-2").unwrap();
    writer.commit(Durability::Disk).unwrap();
    assert!(Writer::open(&path).is_err_and(|error| error.kind() == ErrorKind::Busy));
    drop(writer);
    assert!(Writer::create(&path, false).is_err_and(|error| error.kind() == ErrorKind::Occupied));
    let arrays = Arrays::open(&path).unwrap();
    assert!(arrays.array("a").unwrap().attributes().any(|one| one == ("units", "kg m-2")));
    let message = arrays.array("b").unwrap_err().to_string();
    assert!(message.contains("has no such array; it has a"), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
