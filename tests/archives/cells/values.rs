//! A few days changed or added: the archive holds that, and all else as before.

use gridloom::archive::Change;
use gridloom::model::grid::Cell;
use proptest::prelude::*;

use super::*;

const CELLS: [Cell; 2] = [Cell { row: 160, column: 230 }, Cell { row: 161, column: 230 }];
/// Series, their rows and the bytes of a value.
const SERIES: [(&str, usize, usize); 4] = [("npp", 1, 4), ("csoil", 2, 8), ("ls", 1, 2), ("f5", 3, 1)];

#[derive(Debug, Clone)]
enum Step {
    Replace { cell: usize, series: usize, from: u64, count: u64, seed: u64 },
    Append { cell: usize, gap: i64, count: usize, with: usize, seed: u64 },
    Commit,
    Drop,
}

fn step() -> impl Strategy<Value = Step> {
    let (cell, series) = (0..CELLS.len(), 0..SERIES.len());
    prop_oneof![
        5 => (cell.clone(), series, 0..400u64, 0..150u64, any::<u64>())
            .prop_map(|(cell, series, from, count, seed)| Step::Replace { cell, series, from, count, seed }),
        3 => (cell, -1..4i64, 0..90usize, 0..=SERIES.len(), any::<u64>())
            .prop_map(|(cell, gap, count, with, seed)| Step::Append { cell, gap, count, with, seed }),
        2 => Just(Step::Commit),
        1 => Just(Step::Drop),
    ]
}

fn noise(count: usize, seed: u64) -> Vec<u8> {
    (0..count as u64).map(|nth| dumps::scramble(seed ^ nth) as u8).collect()
}

/// Days, and by series the values of each day: those of all rows.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    days: Vec<i64>,
    values: Vec<Vec<Vec<u8>>>,
}

fn read(path: &Path, cell: Cell) -> Model {
    let handle = Archive::open(path).unwrap().cell(cell).unwrap();
    let days = handle.days().unwrap();
    let by_day = |&(name, rows, size): &(&str, usize, usize)| {
        let values = handle.variable(name).unwrap().all().unwrap();
        let day =
            |day: usize| (0..rows).flat_map(|row| values.row(row)[day * size..][..size].to_vec()).collect();
        (0..days.len()).map(day).collect()
    };
    Model { values: SERIES.iter().map(by_day).collect(), days: days.clone() }
}

/// Values by row, as they are given, of values by day.
fn rows(values: &[Vec<u8>], rows: usize, size: usize) -> Vec<u8> {
    (0..rows).flat_map(|row| values.iter().flat_map(move |day| day[row * size..][..size].to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn an_archive_holds_what_was_changed(steps in prop::collection::vec(step(), 1..25)) {
        let folder = model(&[(0, 200)]).write();
        write(&folder, &small()).unwrap();
        let (path, settings) = (file(&folder), small());
        let untouched = |contents: &Contents| -> Contents {
            let is_other = |key: &(String, String)| key.0 == "160-231" || key.1 == "lat" || key.1 == "records";
            contents.iter().filter(|(key, _)| is_other(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let other = untouched(&contents(&path).unwrap());
        let mut committed: Vec<Model> = CELLS.iter().map(|&cell| read(&path, cell)).collect();
        let mut now = committed.clone();
        let mut change = Change::open(&path, &settings).unwrap();
        for step in steps {
            match step {
                Step::Replace { cell, series, from, count, seed } => {
                    let (name, row_count, size) = SERIES[series];
                    let model = &mut now[cell];
                    let new = noise(row_count * size * count as usize, seed);
                    let result = change.replace(CELLS[cell], name, from..from + count, &new);
                    prop_assert_eq!(result.is_ok(), (from + count) as usize <= model.days.len());
                    if result.is_ok() {
                        for day in 0..count as usize {
                            let value = |row: usize| new[(row * count as usize + day) * size..][..size].to_vec();
                            model.values[series][from as usize + day] = (0..row_count).flat_map(value).collect();
                        }
                    }
                    prop_assert!(change.replace(CELLS[cell], name, 0..2, &[0; 3]).is_err());
                }
                Step::Append { cell, gap, count, with, seed } => {
                    let model = &mut now[cell];
                    let first = model.days.last().unwrap() + 1 + gap;
                    let days: Vec<i64> = (0..count as i64).map(|day| first + day).collect();
                    let given: Vec<(usize, Vec<Vec<u8>>)> = (0..with)
                        .map(|series| (series, (0..count).map(|day| noise(SERIES[series].1 * SERIES[series].2, seed ^ day as u64)).collect()))
                        .collect();
                    let bytes: Vec<(&str, Vec<u8>)> = given
                        .iter()
                        .map(|(series, values)| (SERIES[*series].0, rows(values, SERIES[*series].1, SERIES[*series].2)))
                        .collect();
                    let values: Vec<(&str, &[u8])> = bytes.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
                    let result = change.append(CELLS[cell], &days, &values);
                    prop_assert_eq!(result.is_ok(), gap >= 0 || count == 0);
                    if result.is_ok() {
                        model.days.extend(days);
                        for (series, values) in given {
                            model.values[series].extend(values);
                        }
                        for (series, &(name, rows, _)) in SERIES.iter().enumerate() {
                            let fill: &[u8] = match name {
                                "npp" => &1e20f32.to_le_bytes(),
                                "csoil" => &1e20f64.to_le_bytes(),
                                "ls" => &(i16::MIN + 1).to_le_bytes(),
                                _ => &[u8::MAX],
                            };
                            model.values[series].resize(model.days.len(), fill.repeat(rows));
                        }
                    }
                }
                Step::Commit => {
                    change.commit().unwrap();
                    committed = now.clone();
                    change = Change::open(&path, &settings).unwrap();
                }
                Step::Drop => {
                    drop(change);
                    now = committed.clone();
                    change = Change::open(&path, &settings).unwrap();
                }
            }
            for (cell, (now, committed)) in CELLS.into_iter().zip(now.iter().zip(&committed)) {
                prop_assert_eq!(&read(&path, cell), committed);
                let days = change.days(cell).unwrap();
                prop_assert_eq!(days as usize, now.days.len());
                for (series, (name, count, size)) in SERIES.into_iter().enumerate() {
                    let part = days / 3..days;
                    let wanted = rows(&now.values[series][part.start as usize..], count, size);
                    prop_assert_eq!(change.read(cell, name, part).unwrap().bytes, wanted, "{}", name);
                }
            }
        }
        drop(change);
        let found = untouched(&contents(&path).unwrap());
        prop_assert!(found.iter().filter(|(key, _)| key.1 != "lat" || key.0 == "160-231").all(|(key, value)| other[key] == *value));
        prop_assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("lock")).count(), 0);
    }
}

/// What was changed by hand differs from the dumps, and `verify` says where.
#[test]
fn changed_values_are_told_from_dumps() {
    let folder = model(&[(0, 200)]).write();
    write(&folder, &small()).unwrap();
    let settings = small();
    let path = file(&folder);
    let mut change = Change::open(&path, &settings).unwrap();
    assert!(Change::open(&path, &settings).is_err_and(|error| error.kind() == ErrorKind::Busy));
    assert!(change.replace(CELLS[0], "nothing", 0..1, &[]).unwrap_err().to_string().contains("it has npp"));
    change.replace(CELLS[0], "npp", 7..8, &123.5f32.to_le_bytes()).unwrap();
    change.commit().unwrap();
    let found = archive::verify(&path, Some(&run(&folder)), &Default::default()).unwrap();
    assert!(!found.differences.is_empty());
    assert!(found.differences.iter().all(|one| one.contains("160-230") && one.contains("npp")), "{found:?}");
    let archive = Archive::open(&path).unwrap();
    let history = archive.attributes().find(|(name, _)| *name == "history").unwrap().1.to_owned();
    assert!(history.lines().count() == 2 && history.contains("values changed of cells 160-230"), "{history}");
}
