//! Published files are never replaced or removed by such as hold less, unless that is asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

fn bytes(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![out.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with(".gridloom") {
                folders.push(path);
            } else if path.is_file() {
                files.insert(path.clone(), std::fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

/// What happens to a run, and the words that a refusal must say of it.
struct Loss {
    name: &'static str,
    words: &'static [&'static str],
    harm: fn(&Folder),
}

fn remove(folder: &Folder, cells: &[(u32, u32)], periods: &[u32]) {
    for &cell in cells {
        periods.iter().for_each(|&period| std::fs::remove_file(folder.dump(cell, period)).expect("a dump"));
    }
}

const ALL: [(u32, u32); 4] = [(160, 230), (160, 231), (161, 230), (161, 232)];

const LOSSES: [Loss; 8] = [
    Loss {
        name: "a cell's folder",
        words: &["period 1, period 2, period 3, period 4 of cell 160-231"],
        harm: |folder| std::fs::remove_dir_all(folder.run().join("grd_160-231")).expect("a folder"),
    },
    Loss {
        // The window becomes smaller, so that all chunks would be made anew.
        name: "the cell at the edge",
        words: &["of cell 161-232"],
        harm: |folder| std::fs::remove_dir_all(folder.run().join("grd_161-232")).expect("a folder"),
    },
    Loss {
        name: "the last period",
        words: &["the days 1860-03-31 to 1860-04-29", "period 4 of cells 160-230, 160-231, 161-230, 161-232"],
        harm: |folder| remove(folder, &ALL, &[4]),
    },
    Loss {
        name: "the first period",
        words: &["the days 1860-01-01 to 1860-01-30"],
        harm: |folder| remove(folder, &ALL, &[1]),
    },
    Loss {
        name: "a period in the middle",
        words: &["period 2 of cells 160-230, 160-231, 161-230, 161-232"],
        harm: |folder| remove(folder, &ALL, &[2]),
    },
    Loss {
        name: "one dump",
        words: &["period 3 of cell 161-230"],
        harm: |folder| remove(folder, &[(161, 230)], &[3]),
    },
    Loss {
        name: "a dump that is cut where it lies",
        words: &["period 3 of cell 161-230"],
        harm: |folder| {
            let path = folder.dump((161, 230), 3);
            let bytes = std::fs::read(&path).expect("a dump");
            std::fs::write(path, &bytes[..bytes.len() / 2]).expect("a dump");
        },
    },
    Loss {
        name: "half of the disk",
        words: &["of cells 160-230, 160-231"],
        harm: |folder| {
            for cell in ["160-230", "160-231"] {
                std::fs::remove_dir_all(folder.run().join(format!("grd_{cell}"))).expect("a folder");
            }
        },
    },
];

/// Every loss is refused, with what it is, and costs nothing; --fresh takes it.
fn refuses(commands: &[&str]) {
    for command in commands {
        for loss in &LOSSES {
            let at = format!("{command}, {}", loss.name);
            let folder = model().write();
            let Outcome { code, talk, .. } = gridloom(&folder, command);
            assert_eq!(code, Some(0), "{at}: {talk}");
            let before = bytes(&folder.out());
            (loss.harm)(&folder);
            // Given again and again, it stays refused.
            for _ in 0..2 {
                let Outcome { code, talk, .. } = gridloom(&folder, command);
                assert_eq!(code, Some(2), "{at}: {talk}");
                assert!(talk.contains("would lose what it holds"), "{at}: {talk}");
                for words in loss.words {
                    assert!(talk.contains(words), "{at}: {words:?} in {talk}");
                }
                assert!(bytes(&folder.out()) == before, "{at}: files changed");
            }
            let Outcome { code, talk, .. } = gridloom(&folder, &format!("{command} --fresh"));
            assert!(matches!(code, Some(0 | 3)), "{at}: {talk}");
            // What the run has again is added again.
            let folder = model().write_to(folder);
            let Outcome { code, talk, .. } = gridloom(&folder, command);
            assert_eq!(code, Some(0), "{at}: {talk}");
        }
    }
}

#[test]
fn grids_are_not_replaced_by_smaller_ones() {
    refuses(&["grid RUN -o OUT", "grid RUN -o OUT --every month --stat mean"]);
}

#[test]
fn tables_are_not_replaced_by_smaller_ones() {
    refuses(&[
        "tables RUN -o OUT --tables daily,region,stats",
        "tables RUN -o OUT --format csv --partition month",
        "tables RUN -o OUT --format csv --per-cell",
    ]);
}

/// A variable that no dump has any more, and one that a single dump lacks.
#[test]
fn variables_are_not_lost() {
    let model = model();
    for (cells, words) in [(&ALL[..], "the variables npp"), (&ALL[1..2], "npp of cell 160-231 in period 2")] {
        for command in ["grid RUN -o OUT", "tables RUN -o OUT"] {
            let folder = model.write();
            assert_eq!(gridloom(&folder, command).code, Some(0));
            let before = bytes(&folder.out());
            for dump in model.dumps.iter().filter(|dump| cells.contains(&dump.cell)) {
                if cells.len() > 1 || dump.period == 2 {
                    let mut entries = model.entries(dump);
                    entries.retain(|(key, _)| key != "npp");
                    folder.put(dump, &entries);
                }
            }
            let Outcome { code, talk, .. } = gridloom(&folder, command);
            assert_eq!(code, Some(2), "{command}: {talk}");
            assert!(talk.contains(words), "{command}: {talk}");
            assert!(bytes(&folder.out()) == before, "{command}: files changed");
        }
    }
}

/// The report says what files hold whose spool is gone.
#[test]
fn without_a_spool_the_report_says_what_would_be_lost() {
    for loss in LOSSES.iter().filter(|loss| !loss.words[0].starts_with("the days")) {
        let folder = model().write();
        assert_eq!(gridloom(&folder, "grid RUN -o OUT --drop-spool").code, Some(0));
        let before = bytes(&folder.out());
        (loss.harm)(&folder);
        for _ in 0..2 {
            let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT --overwrite");
            assert_eq!(code, Some(2), "{}: {talk}", loss.name);
            assert!(talk.contains(loss.words[0]), "{}: {talk}", loss.name);
        }
        assert!(bytes(&folder.out()) == before, "{}: files changed", loss.name);
        let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT --overwrite --fresh");
        assert!(matches!(code, Some(0 | 3)), "{}: {talk}", loss.name);
    }
}

/// Files of other dates stay where they are: nothing is replaced.
#[test]
fn files_of_other_names_stay() {
    let folder = model().write();
    assert_eq!(gridloom(&folder, "grid RUN -o OUT --drop-spool").code, Some(0));
    let before = bytes(&folder.out());
    remove(&folder, &ALL, &[4]);
    let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT --overwrite");
    assert_eq!(code, Some(0), "{talk}");
    let after = bytes(&folder.out());
    let grids = before.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "nc"));
    for (path, bytes) in grids {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
}

/// Who selects less gets less.
#[test]
fn a_selection_asks_for_what_it_leaves_out() {
    for selection in [
        "--from 1860-01-01 --to 1860-04-29 --variables csoil*",
        "--from 1860-01-01 --to 1860-04-29 --periods 1-3",
        "--from 1860-01-01 --to 1860-04-29 --bbox=10,9.5,-65,-64",
        "--from 1860-01-01 --to 1860-02-29",
    ] {
        let folder = model().write();
        let name = "--name {variable}.nc";
        assert_eq!(gridloom(&folder, &format!("grid RUN -o OUT --drop-spool {name}")).code, Some(0));
        let command = format!("grid RUN -o OUT --overwrite {name} {selection}");
        let Outcome { code, talk, .. } = gridloom(&folder, &command);
        assert_eq!(code, Some(0), "{selection}: {talk}");
    }
}

/// Files that stay where they are lose nothing: of those that are made anew is asked what they are made of.
#[test]
fn other_tables_are_not_missed() {
    let both = "tables RUN -o OUT --tables biomass,region";
    for again in ["--tables biomass", "--tables region", "--tables cell_year", "--tables annual,biomass"] {
        let folder = years::sample();
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("{both},annual --drop-spool"));
        assert_eq!(code, Some(3), "{talk}");
        let before = bytes(&folder.out());
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("tables RUN -o OUT {again} --overwrite"));
        assert!(matches!(code, Some(0 | 3)), "{again}: {talk}");
        let after = bytes(&folder.out());
        let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).collect();
        assert!(gone.is_empty(), "{again}: {gone:?}");
    }
    // With the checkpoint it is told that other tables were asked for, which nothing is lost by.
    let folder = years::sample();
    assert_eq!(gridloom(&folder, both).code, Some(3));
    let before = bytes(&folder.out());
    let Outcome { code, talk, .. } = gridloom(&folder, "tables RUN -o OUT --tables biomass");
    assert_eq!(code, Some(2), "{talk}");
    assert!(talk.contains("was begun with other settings") && talk.contains("hint: "), "{talk}");
    assert!(bytes(&folder.out()) == before, "{talk}");
    let Outcome { code, talk, .. } = gridloom(&folder, "tables RUN -o OUT --tables biomass --fresh");
    assert!(matches!(code, Some(0 | 3)), "{talk}");
    assert!(folder.out().join("region.parquet").is_file(), "{talk}");
    // What a file is made of still counts.
    std::fs::remove_file(folder.run().join("grd_170-223/metacommunity_1981.pkz")).expect("a file");
    let Outcome { code, talk, .. } = gridloom(&folder, "tables RUN -o OUT --tables biomass");
    assert_eq!(code, Some(2), "{talk}");
    assert!(talk.contains("the years 1981 of cell 170-223"), "{talk}");
}

/// Shards begin with a plan that all of them work on; it is refused before any of them reads a dump.
#[test]
fn shards_do_not_replace_more_by_less() {
    for loss in &LOSSES {
        let folder = model().write();
        let shards = |folder: &Folder| {
            let shard = |share: &str| gridloom(folder, &format!("grid RUN -o OUT --shard {share}"));
            [shard("0/2"), shard("1/2"), gridloom(folder, "publish OUT")]
        };
        assert!(shards(&folder).iter().all(|outcome| outcome.code == Some(0)));
        let before = bytes(&folder.out());
        (loss.harm)(&folder);
        let outcomes = shards(&folder);
        let refused = outcomes.iter().find(|outcome| outcome.code == Some(2));
        let said: Vec<&str> = outcomes.iter().map(|outcome| outcome.talk.as_str()).collect();
        let refused = refused.unwrap_or_else(|| panic!("{}: {said:?}", loss.name));
        assert!(loss.words.iter().all(|words| refused.talk.contains(words)), "{}: {said:?}", loss.name);
        // The report of publishing once more is a new one.
        let files = |mut files: BTreeMap<PathBuf, Vec<u8>>| {
            files.retain(|path, _| !path.ends_with("report.json"));
            files
        };
        assert!(files(bytes(&folder.out())) == files(before), "{}: files changed", loss.name);
    }
}

/// Archives that are written again, and cells of them that are made anew.
#[test]
fn archives_are_not_replaced_by_smaller_ones() {
    for loss in &LOSSES {
        let folder = model().write();
        assert_eq!(gridloom(&folder, "cells write RUN -o OUT/run.nc").code, Some(0));
        let before = std::fs::read(folder.out().join("run.nc")).expect("an archive");
        (loss.harm)(&folder);
        let command = "cells write RUN -o OUT/run.nc --overwrite";
        let Outcome { code, talk, .. } = gridloom(&folder, command);
        assert_eq!(code, Some(2), "{}: {talk}", loss.name);
        let cell = loss.words[loss.words.len() - 1].rsplit(' ').next().expect("a word");
        assert!(loss.words[0].starts_with("the days") || talk.contains(cell), "{}: {talk}", loss.name);
        assert!(std::fs::read(folder.out().join("run.nc")).expect("an archive") == before, "{}", loss.name);
        let left = std::fs::read_dir(folder.out()).expect("a folder").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{left:?}");
        let Outcome { code, talk, .. } = gridloom(&folder, &format!("{command} --fresh"));
        assert!(matches!(code, Some(0 | 3)), "{}: {talk}", loss.name);
    }
    let folder = model().write();
    assert_eq!(gridloom(&folder, "cells write RUN -o OUT/run.nc").code, Some(0));
    remove(&folder, &[(161, 230)], &[3]);
    let command = "cells replace RUN OUT/run.nc --cells 161-230";
    let Outcome { code, talk, .. } = gridloom(&folder, command);
    assert_eq!(code, Some(2), "{talk}");
    assert!(talk.contains("spin0003.pkz of cell 161-230"), "{talk}");
    assert_eq!(gridloom(&folder, "cells verify OUT/run.nc").code, Some(0));
    assert_eq!(gridloom(&folder, &format!("{command} --fresh")).code, Some(3));
}
