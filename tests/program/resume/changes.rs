//! Dumps that change, appear and vanish between two calls: the files are those of a run from nothing.

use super::*;

/// The model goes on: new periods, new cells, a dump that was made again, one that is gone, one that appears.
#[test]
fn a_run_that_goes_on_costs_what_is_new() {
    let whole = model(&PERIODS);
    let early = model(&PERIODS[..2]);
    let folder = early.write();
    let (late_cell, late_dump, gone) = (cells()[7], (cells()[3], 2), (cells()[12], 1));
    std::fs::remove_dir_all(folder.dump(late_cell, 1).parent().expect("a folder")).expect("a cell");
    std::fs::remove_file(folder.dump(late_dump.0, late_dump.1)).expect("a dump");
    settle_all_there(&folder, &early);
    let out = folder.out();
    let options = [BOX];
    assert_done(&run(&folder, &out, &options));
    let first = report(&out);

    // A third period, and what was missing.
    let folder = whole.write_to(folder);
    settle_all(&folder, &whole);
    let (there, away) = (folder.dump(gone.0, gone.1), folder.path().join("away"));
    std::fs::rename(&there, &away).expect("a dump");
    let before = bytes(&out);
    let output = run(&folder, &out, &options);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("period 1 of cell 103-201"), "{}", talk(&output));
    assert_same(&bytes(&out), &before);
    std::fs::rename(&away, &there).expect("a dump");
    let output = run(&folder, &out, &options);
    assert_done(&output);
    let second = report(&out);
    let read = |report: &serde_json::Value| report["stages"][0]["steps"].as_u64().expect("a number");
    // 2 x 20 dumps less the cell's two and the late one; then the third period's 20, the cell's two, the late one.
    assert_eq!((read(&first), read(&second)), (37, 23));
    assert_same(&bytes(&out), &reference(&folder, &options));
    check::exact(&whole, &out);

    // One dump is made again, with other values: as long as the old one, at another time.
    let changed = (cells()[0], 3);
    let other = Model { value: dumps::mixed(6), ..whole.clone() };
    let dump = other.dumps.iter().find(|dump| (dump.cell, dump.period) == changed).expect("the dump");
    folder.put(dump, &other.entries(dump));
    let output = run(&folder, &out, &options);
    assert!(talk(&output).contains("1 dump changed since the last run"), "{}", talk(&output));
    let third = read(&report(&out));
    assert!((1..=9).contains(&third), "{third} dumps were read again");
    assert_same(&bytes(&out), &reference(&folder, &options));

    // Nothing but their times changed: the content decides.
    whole.dumps.iter().for_each(|dump| {
        let path = folder.dump(dump.cell, dump.period);
        std::fs::write(&path, std::fs::read(&path).expect("a dump")).expect("a dump");
    });
    assert_done(&run(&folder, &out, &options));
    assert_eq!(read(&report(&out)), 0);

    // Less than before only where that is asked for.
    std::fs::remove_file(&there).expect("a dump");
    assert_eq!(run(&folder, &out, &options).status.code(), Some(2));
    assert_done(&run(&folder, &out, &[&options[..], &["--fresh"]].concat()));
    assert_same(&bytes(&out), &reference(&folder, &options));
}

/// A dump that reaches over the end of the axis: when the axis grows, its days are either placed or, as here, overlap
/// those of a dump that has its usual dates, and then it is left out as a whole.
#[test]
fn what_was_decided_by_the_end_of_the_axis_is_decided_anew() {
    let long = (cells()[6], 2);
    let with = |periods: &[(i64, i64)]| {
        let mut model = model(periods);
        model.dump_mut(long.0, long.1).days = 60;
        model
    };
    for later in [(130, 70), (150, 50)] {
        let folder = with(&PERIODS[..2]).write();
        let out = folder.out();
        assert_done(&run(&folder, &out, &[BOX]));
        assert_eq!(report(&out)["faults"][0]["kind"], "off_axis");
        let folder = with(&[PERIODS[0], PERIODS[1], later]).write_to(folder);
        assert_done(&run(&folder, &out, &[BOX]));
        let expected = reference(&folder, &[BOX]);
        assert_same(&bytes(&out), &expected);
        let faults = report(&out)["faults"].clone();
        assert_eq!(faults, report(&folder.path().join("reference"))["faults"]);
        assert_eq!(faults.as_array().map(Vec::len), Some(usize::from(later.0 == 130)));
    }
}

/// A cell outside of the window, or an earlier period, moves all chunks.
#[test]
fn where_no_chunk_stays_as_it_was_all_is_done_anew() {
    let model = model(&PERIODS);
    let folder = model.write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let more = Model::new(&[(98, 201)], &PERIODS, model.variables.clone());
    let folder = Model { value: model.value.clone(), ..more }.write_to(folder);
    let output = run(&folder, &out, &[]);
    assert!(talk(&output).contains("all units are done anew"), "{}", talk(&output));
    assert_same(&bytes(&out), &reference(&folder, &[]));
}

/// Which of two dumps with unusual dates gives way depends on both: when one changes, the other's unit is stale too.
#[test]
fn a_dump_that_decided_about_another_is_watched() {
    let cell = cells()[6];
    for is_damaged_first in [true, false] {
        // The cell's periods 1 and 2 share the days 60 to 69.
        let mut model = model(&PERIODS);
        model.dump_mut(cell, 2).first = 60;
        model.dump_mut(cell, 2).days = 45;
        let mut late = model.clone();
        late.dump_mut(cell, 1).days = 70;
        let mut early = late.clone();
        early.dump_mut(cell, 1).days = 50;
        let first = if is_damaged_first { &late } else { &early };
        let folder = first.write();
        if is_damaged_first {
            std::fs::write(folder.dump(cell, 1), b"no dump").expect("a file");
        }
        settle_all(&folder, first);
        let out = folder.out();
        assert_done(&run(&folder, &out, &[]));
        let dump = late.dumps.iter().find(|dump| (dump.cell, dump.period) == (cell, 1)).expect("the dump");
        folder.put(dump, &late.entries(dump));
        assert_done(&run(&folder, &out, &[]));
        assert_same(&bytes(&out), &reference(&folder, &[]));
        assert_eq!(report(&out)["faults"], report(&folder.path().join("reference"))["faults"]);
        assert_eq!(report(&out)["faults"][0]["kind"], "overlap", "as it is meant to be");
    }
}

/// What dates are usual is decided by the sample, and may change with it.
#[test]
fn when_the_usual_dates_change_what_they_decided_is_done_anew() {
    let mut model = model(&PERIODS[..2]);
    // Two and then three of the five that are sampled end before the others.
    for cell in [0, 4] {
        model.dump_mut(cells()[cell], 2).days = 30;
    }
    // A cell of a tile that none of these is in: its second dump has the usual dates first, and its first gives way.
    model.dump_mut(cells()[7], 1).days = 100;
    let folder = model.write();
    let out = folder.out();
    let options = [BOX, "--to", "1860-05-09"];
    assert_done(&run(&folder, &out, &options));
    model.dump_mut(cells()[9], 2).days = 30;
    let dump = model.dumps.iter().find(|dump| (dump.cell, dump.period) == (cells()[9], 2)).expect("the dump");
    folder.put(dump, &model.entries(dump));
    assert_done(&run(&folder, &out, &options));
    assert_same(&bytes(&out), &reference(&folder, &options));
    assert_eq!(report(&out)["faults"], report(&folder.path().join("reference"))["faults"]);
}
