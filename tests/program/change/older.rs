//! Dumps that may be of another run, and what else is told of the windows' runs.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

const MESSAGE: &str = "the dump was written 11 days before that of period";

/// Lets a dump have been written 11 days before all others.
fn set_early(path: &Path) {
    set_modified(path, UNIX_EPOCH + Duration::from_secs(1_000_000_000 - 11 * 86_400 - 3_600));
}

/// They are told as of days, by the dumps that the windows are made of.
#[test]
fn dumps_that_are_older_are_told() {
    let cells: Vec<(u32, u32)> = (0..9).map(|x| (170, 220 + x)).collect();
    let (one, other) = (written(&model(&cells, 10)), written(&model(&cells, 11)));
    let (run, reference) = (one.run(), other.run());
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    // One is of the sample by which plans are made, and one is not.
    cells[..2].iter().for_each(|cell| set_early(&one.dump(*cell, 5)));
    set_early(&other.dump(cells[2], 2));
    let own = ["170-220", "170-221"].map(|cell| format!("cell {cell}: period 5: {MESSAGE} 4"));
    let theirs = format!("cell 170-222: period 2 of the reference, made_up: {MESSAGE} 1");
    for (command, out, options, is_other) in [
        ("grid", "grids", &[][..], false),
        ("tables", "tables", &["--tables", "change,region"], false),
        ("grid", "both", &["--reference", name(&reference)], true),
        ("grid", "shards", &["--shard", "0/1"], false),
    ] {
        let out = at(out);
        let words = [&[command, name(&run), "-o", &out][..], options, &WINDOWS].concat();
        let mut made = gridloom(&words);
        assert_eq!(made.status.code(), Some(0), "{}", talk(&made));
        if options.contains(&"--shard") {
            made = gridloom(&["publish", &out]);
        }
        let told = talk(&made);
        own.iter().for_each(|line| assert!(told.contains(line), "{out}: {line}: {told}"));
        assert_eq!(told.contains(&theirs), is_other, "{out}: {told}");
        let report = std::fs::read(Path::new(&out).join("report.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["faults"].as_array().map(Vec::len), Some(2 + usize::from(is_other)), "{report}");
        let proved = gridloom(&["verify", name(&run), &out]);
        assert_eq!(proved.status.code(), Some(0), "{out}: {}", talk(&proved));
    }
}

/// What is to be told of the run before says so; and what is told of a period is not told of each dump.
#[test]
fn what_is_told_of_the_reference_names_it() {
    let (one, other) = (written(&model(&CELLS[..3], 12)), written(&model(&CELLS[..3], 13)));
    let (run, reference, out) = (one.run(), other.run(), one.path().join("out"));
    CELLS[..3].iter().for_each(|cell| set_early(&other.dump(*cell, 2)));
    let words = ["grid", name(&run), "-o", name(&out), "--reference", name(&reference), "--periods", "all"];
    let made = gridloom(&[&words[..], &WINDOWS].concat());
    let told = talk(&made);
    let line = "of the reference, made_up: the dumps of period 2 were written 11 days before those of 1";
    assert!(told.contains(line), "{told}");
    assert!(!told.contains(MESSAGE), "{told}");
}
