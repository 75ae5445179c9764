//! What is finished is never done twice, and the result does not tell what happened on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/dumps.rs"]
mod dumps;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use dumps::{Cell, Folder, Kind, Model, Variable, check, work};

/// Cells in several tiles of 3 x 3, some of them ragged.
fn cells() -> Vec<Cell> {
    (0..20).map(|cell| (100 + cell / 4, 200 + cell % 4 + cell / 8)).collect()
}

const PERIODS: [(i64, i64); 3] = [(0, 90), (90, 40), (130, 70)];

fn model(periods: &[(i64, i64)]) -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
    ];
    Model { value: dumps::mixed(5), ..Model::new(&cells(), periods, variables) }
}

/// Chunks that reach over the borders of periods, and tiles of nine cells.
const CHUNKS: [&str; 2] = ["--chunk", "32,3,3"];

/// A folder of the run's window that does not change when cells are added.
const BOX: &str = "--bbox=40,36,-80,-76";

fn run(folder: &Folder, out: &Path, options: &[&str]) -> Output {
    let mut program = work::program();
    program.arg("grid").arg(folder.run()).arg("-o").arg(out).args(CHUNKS).args(options);
    program.timeout(Duration::from_secs(120)).output().expect("the program")
}

fn publish(out: &Path) -> Output {
    work::program().arg("publish").arg(out).output().expect("the program")
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_done(output: &Output) {
    assert!(matches!(output.status.code(), Some(0 | 3)), "{:?} {}", output.status, talk(output));
}

fn bytes(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = check::files(out).into_iter();
    files
        .map(|path| (path.strip_prefix(out).expect("below").to_owned(), std::fs::read(path).expect("a file")))
        .collect()
}

/// The files of a run that nothing happened to.
fn reference(folder: &Folder, options: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let out = folder.path().join("reference");
    let _ = std::fs::remove_dir_all(&out);
    assert_done(&run(folder, &out, options));
    bytes(&out)
}

fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in found {
        assert!(expected.get(name) == Some(bytes), "{} differs", name.display());
    }
}

fn report(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(out.join("report.json")).expect("a report")).expect("JSON")
}

fn status(out: &Path) -> serde_json::Value {
    let output = work::program().arg("status").arg(out).arg("--json").output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Makes a dump older than the time in which a change might not show.
fn settle(path: &Path) {
    let time = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
}

fn settle_all(folder: &Folder, model: &Model) {
    model.dumps.iter().for_each(|dump| settle(&folder.dump(dump.cell, dump.period)));
}

#[test]
fn the_same_command_again_does_nothing_twice() {
    let model = model(&PERIODS);
    let folder = model.write();
    settle_all(&folder, &model);
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let times = |out: &Path| -> Vec<_> {
        check::files(out)
            .iter()
            .map(|path| path.metadata().and_then(|file| file.modified()).expect("a file"))
            .collect()
    };
    let (first, before) = (report(&out), times(&out));
    let output = run(&folder, &out, &[]);
    assert_done(&output);
    let again = report(&out);
    let units = &first["units"]["total"];
    assert_eq!((&again["units"]["found"], &first["units"]["found"]), (units, &0.into()));
    assert!(talk(&output).contains(&format!("found {units} of {units} units done")), "{}", talk(&output));
    assert_eq!(times(&out), before, "no file was written again");
    for part in ["dumps", "chunks", "values", "faults", "files"] {
        let counts = |report: &serde_json::Value| {
            let mut part = report[part].clone();
            // These two are of the process that ended the work.
            for key in ["bytes_decoded", "bytes_raw"] {
                part.as_object_mut().and_then(|part| part.remove(key));
            }
            part
        };
        assert_eq!(counts(&again), counts(&first), "{part}");
    }
    assert_eq!(status(&out)["is_published"], true);
}

/// A file of the outputs that was lost or changed is written again, from the spool alone.
#[test]
fn a_file_that_is_gone_is_published_again() {
    let folder = model(&PERIODS).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let before = bytes(&out);
    let path = check::file_of(&out, "npp");
    std::fs::remove_file(&path).expect("a file");
    assert_eq!(status(&out)["files_done"], 3);
    std::fs::write(check::file_of(&out, "ls"), b"not a map").expect("a file");
    assert_done(&run(&folder, &out, &[]));
    assert_same(&bytes(&out), &before);
    assert_eq!(report(&out)["stages"][0]["steps"], 0, "no dump was read");
}

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
    std::fs::remove_file(folder.dump(gone.0, gone.1)).expect("a dump");
    let output = run(&folder, &out, &options);
    assert_done(&output);
    let second = report(&out);
    let read = |report: &serde_json::Value| report["stages"][0]["steps"].as_u64().expect("a number");
    // 2 x 20 dumps less the cell's two and the late one.
    assert_eq!(read(&first), 37);
    // The third period's 20, the cell's two, the late one; and the unit that lost a dump, as far as it goes.
    let unit_of_gone = read(&second) - 23;
    assert!(unit_of_gone > 0 && unit_of_gone < 9, "{unit_of_gone} dumps of one tile were read again");
    assert_same(&bytes(&out), &reference(&folder, &options));
    check::exact_but(&whole, &out, |dump, _| (dump.cell, dump.period) != gone);

    // One dump is made again, with other values: as long as the old one, at another time.
    let changed = (cells()[0], 3);
    let other = Model { value: dumps::mixed(6), ..whole.clone() };
    let dump = other.dumps.iter().find(|dump| (dump.cell, dump.period) == changed).expect("the dump");
    folder.put(dump, &other.entries(dump));
    let output = run(&folder, &out, &options);
    assert!(talk(&output).contains("1 dumps are others than before"), "{}", talk(&output));
    let third = read(&report(&out));
    assert!((1..=9).contains(&third), "{third} dumps were read again");
    assert_same(&bytes(&out), &reference(&folder, &options));

    // Nothing but their times changed: the content decides.
    whole.dumps.iter().filter(|dump| (dump.cell, dump.period) != gone).for_each(|dump| {
        let path = folder.dump(dump.cell, dump.period);
        std::fs::write(&path, std::fs::read(&path).expect("a dump")).expect("a dump");
    });
    assert_done(&run(&folder, &out, &options));
    assert_eq!(read(&report(&out)), 0);
}

fn settle_all_there(folder: &Folder, model: &Model) {
    let paths = model.dumps.iter().map(|dump| folder.dump(dump.cell, dump.period));
    paths.filter(|path| path.exists()).for_each(|path| settle(&path));
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

#[test]
fn other_settings_are_refused_with_the_difference() {
    let folder = model(&PERIODS).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--variables", "npp"]));
    let before = bytes(&out);
    for (options, difference) in [
        (vec!["--variables", "npp,ls"], r#"selection.variables: ["npp"] then, ["npp","ls"] now"#),
        (vec!["--variables", "npp", "--deflate", "6"], "codec.deflate: 4 then, 6 now"),
        (
            vec!["--variables", "npp", "--from", "1860-01-03"],
            r#"selection.from: null then, "1860-01-03" now"#,
        ),
    ] {
        let output = run(&folder, &out, &options);
        let talk = talk(&output);
        assert_eq!(output.status.code(), Some(2), "{talk}");
        assert!(talk.contains(difference) && talk.contains("--fresh"), "{talk}");
        assert_same(&bytes(&out), &before);
    }
    // What does not change the files is no setting.
    assert_done(&run(&folder, &out, &["--variables", "npp", "--threads", "1", "--memory", "300MiB"]));
    assert_done(&run(&folder, &out, &["--variables", "npp,ls", "--fresh"]));
    assert_eq!(report(&out)["units"]["found"], 0);
    assert_eq!(report(&out)["files"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_spool_of_another_version_is_refused() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let path = out.join(".gridloom/plan-0001");
    let text = std::fs::read_to_string(&path).expect("a plan");
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    for (from, to) in [(version.as_str(), "\"version\":\"0.0.9\""), ("\"format\":1", "\"format\":2")] {
        std::fs::write(&path, text.replacen(from, to, 1)).expect("a plan");
        let output = run(&folder, &out, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains("was made by gridloom") && talk(&output).contains("--fresh"));
    }
    std::fs::write(&path, &text[..text.len() - 10]).expect("a plan");
    assert_eq!(run(&folder, &out, &[]).status.code(), Some(1));
    assert_done(&run(&folder, &out, &["--fresh"]));
}

/// Every piece and every line of a checkpoint is damaged, one byte at a time: nothing wrong is ever published.
#[test]
fn a_flipped_bit_in_the_spool_is_found_and_its_unit_redone() {
    let model = model(&PERIODS[..2]);
    let folder = model.write();
    settle_all(&folder, &model);
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let expected = bytes(&out);
    let spool = |name: &str| out.join(".gridloom").join(name);
    let names = ["segment-0000", "journal-0000"];
    let sound = names.map(|name| std::fs::read(spool(name)).expect("a file"));
    for (damaged, name) in names.iter().enumerate() {
        let mut redone = 0;
        for at in (0..sound[damaged].len()).step_by(sound[damaged].len() / 12) {
            let mut files = sound.clone();
            files[damaged][at] ^= 0x20;
            names
                .iter()
                .zip(&files)
                .for_each(|(name, bytes)| std::fs::write(spool(name), bytes).expect("a file"));
            check::files(&out).iter().for_each(|path| std::fs::remove_file(path).expect("a file"));
            let output = run(&folder, &out, &[]);
            assert_done(&output);
            assert_same(&bytes(&out), &expected);
            let read = report(&out)["stages"][0]["steps"].as_u64().expect("a number");
            // A damaged line that says under which plan the others are costs all of them, any other its own unit.
            assert!(read < 40 || at == 0, "byte {at} of {name}: all dumps were read again");
            redone += u64::from(read > 0);
        }
        assert!(redone > 0, "no damage of {name} cost anything");
    }
}

#[test]
fn shards_in_any_order_and_number_give_the_same_files() {
    let mut model = model(&PERIODS);
    (model.dump_mut(cells()[5], 1).days, model.dump_mut(cells()[5], 2).first) = (70, 70);
    model.dump_mut(cells()[5], 2).days = 60;
    model.dumps.retain(|dump| (dump.cell, dump.period) != (cells()[2], 2));
    let folder = model.write();
    std::fs::write(folder.dump(cells()[9], 3), b"no dump").expect("a file");
    let expected = reference(&folder, &[]);
    for (count, order) in
        [(1u32, vec![0]), (4, vec![2, 0, 3, 1]), (3, vec![2, 1, 0, 1]), (40, (0..40).rev().collect())]
    {
        let out = folder.path().join(format!("shards{count}"));
        for (done, shard) in order.iter().enumerate() {
            let output = run(&folder, &out, &["--shard", &format!("{shard}/{count}"), "--threads", "1"]);
            assert_done(&output);
            assert!(check::files(&out).is_empty(), "a shard writes no files");
            if done + 1 < order.len() && count == 4 {
                let output = publish(&out);
                assert_eq!(output.status.code(), Some(5), "{}", talk(&output));
                let missing: Vec<String> = (0..count)
                    .filter(|shard| !order[..=done].contains(shard))
                    .map(|s| format!("{s}/4"))
                    .collect();
                assert!(talk(&output).contains(&missing.join(", ")), "{}", talk(&output));
                assert_eq!(status(&out)["missing_shards"], serde_json::json!(missing));
            }
        }
        let output = publish(&out);
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        assert_same(&bytes(&out), &expected);
        assert_eq!(report(&out)["dumps"]["read"], 58 + 1);
        assert_eq!(status(&out)["is_published"], true);
        assert_done(&publish(&out));
    }
}

/// Another number of shards, or one process, finish what some shards began.
#[test]
fn what_shards_began_anyone_finishes() {
    let folder = model(&PERIODS).write();
    let expected = reference(&folder, &[]);
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--shard", "1/4"]));
    assert_done(&run(&folder, &out, &["--shard", "0/2"]));
    let output = run(&folder, &out, &[]);
    assert_done(&output);
    assert!(report(&out)["units"]["found"].as_u64() > Some(0), "{}", talk(&output));
    assert_same(&bytes(&out), &expected);
}

/// Shards of two counts at the same time do not see what the others do, and do some of it twice: it counts once.
#[test]
fn what_is_done_twice_counts_once() {
    let folder = model(&PERIODS).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--shard", "3/4"]));
    let (journal, away) = (out.join(".gridloom/journal-0003"), folder.path().join("journal"));
    std::fs::rename(&journal, &away).expect("a journal");
    for shard in ["0/2", "1/2"] {
        assert_done(&run(&folder, &out, &["--shard", shard]));
    }
    std::fs::rename(&away, &journal).expect("a journal");
    assert_done(&publish(&out));
    assert_eq!(report(&out)["dumps"]["read"], 60);
    assert_same(&bytes(&out), &reference(&folder, &[]));
}

/// The plan of an array stays until it is published; then the next array takes in what is new.
#[test]
fn an_array_is_planned_once_and_again_when_it_is_published() {
    let folder = model(&PERIODS[..2]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--shard", "0/2"]));
    let folder = model(&PERIODS).write_to(folder);
    assert_done(&run(&folder, &out, &["--shard", "1/2"]));
    assert_done(&publish(&out));
    assert_eq!(report(&out)["time"]["days"], 130);
    for shard in ["0/2", "1/2"] {
        assert_done(&run(&folder, &out, &["--shard", shard]));
    }
    let output = publish(&out);
    assert_done(&output);
    assert_eq!(report(&out)["time"]["days"], 200);
    let expected = reference(&folder, &[]);
    assert_same(&bytes(&out), &expected);
    let output = run(&folder, &out, &["--shard", "0/2", "--deflate", "9"]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
}

#[test]
fn two_processes_do_not_work_in_one_folder() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--shard", "0/2"]));
    let lock = gridloom::spool::lock::Lock::take(
        &out.join(".gridloom"),
        gridloom::spool::Task::number(1),
        gridloom::plan::Share::parse("1/2").ok(),
        &gridloom::spool::lock::Patience::SILENT,
    );
    for options in [vec!["--shard", "1/2"], vec![], vec!["--fresh"]] {
        let output = run(&folder, &out, &options);
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        assert!(talk(&output).contains(&format!("process {}", std::process::id())), "{}", talk(&output));
    }
    assert_done(&run(&folder, &out, &["--shard", "0/2"]));
    drop(lock);
    assert_done(&run(&folder, &out, &[]));
}

#[test]
fn status_and_publish_of_a_folder_without_work() {
    let folder = model(&PERIODS[..1]).write();
    for command in ["status", "publish"] {
        let output = work::program().arg(command).arg(folder.run()).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains("has no checkpoint"), "{}", talk(&output));
    }
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
    // Three and then four of the five that are sampled end before the others.
    for cell in [0, 4] {
        model.dump_mut(cells()[cell], 2).days = 30;
    }
    model.dump_mut(cells()[6], 1).days = 100;
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

#[test]
fn shards_refuse_a_folder_with_something_in_it_too() {
    let folder = model(&PERIODS[..1]).write();
    std::fs::create_dir(folder.out()).expect("a folder");
    std::fs::write(folder.out().join("notes"), b"dear to somebody").expect("a file");
    let output = run(&folder, &folder.out(), &["--shard", "0/1"]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(!folder.out().join(".gridloom").exists());
    assert_done(&run(&folder, &folder.out(), &["--shard", "0/1", "--overwrite"]));
}

/// Where the program is called from, and how the run is named there, does not matter.
#[test]
fn a_frozen_plan_finds_its_run_from_anywhere() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    let mut program = work::program();
    program.current_dir(folder.path()).args(["grid", "made_up", "-o", "out", "--shard", "0/1"]).args(CHUNKS);
    assert_done(&program.output().expect("the program"));
    std::fs::write(out.join(".gridloom/segment-0000"), b"").expect("a segment");
    let output = publish(&out);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert!(talk(&output).contains("their units are done anew"), "{}", talk(&output));
    assert_same(&bytes(&out), &reference(&folder, &[]));
    let output = run(&folder, &out, &[]);
    assert!(talk(&output).contains("found"), "{}", talk(&output));
}

/// Shards that ran again after publishing have opened a new round, which wants to be published.
#[test]
fn a_round_is_published_when_it_is() {
    let model = model(&PERIODS[..2]);
    let folder = model.write();
    let out = folder.out();
    let shards = || ["0/2", "1/2"].map(|shard| assert_done(&run(&folder, &out, &["--shard", shard])));
    shards();
    assert_done(&publish(&out));
    assert_eq!(status(&out)["is_published"], true);
    let other = Model { value: dumps::mixed(6), ..model.clone() };
    folder.put(&other.dumps[0], &other.entries(&other.dumps[0]));
    shards();
    assert_eq!(status(&out)["is_published"], false);
    // The last shard of a round that found nothing to do, and then the model goes on: the round stays what it was.
    assert_done(&publish(&out));
    assert_done(&run(&folder, &out, &["--shard", "0/2"]));
    let folder = Model { dumps: self::model(&PERIODS).dumps, ..other.clone() }.write_to(folder);
    assert_done(&run(&folder, &out, &["--shard", "1/2"]));
    assert_done(&publish(&out));
    assert_eq!(report(&out)["time"]["days"], 130);
}

/// One process after shards: nothing is written again that is as it should be, and what is superseded goes.
#[test]
fn files_that_others_published_are_known() {
    let model = model(&PERIODS[..2]);
    let folder = model.write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &["--shard", "0/1"]));
    assert_done(&publish(&out));
    let other = Model { value: dumps::mixed(6), ..model.clone() };
    folder.put(&other.dumps[0], &other.entries(&other.dumps[0]));
    assert_done(&run(&folder, &out, &[]));
    let published = |out: &Path| report(out)["stages"].as_array().expect("stages")[7]["steps"].clone();
    assert_eq!(report(&out)["stages"][7]["stage"], "publish");
    assert_eq!(published(&out), 4);
    assert_done(&run(&folder, &out, &[]));
    assert_eq!(published(&out), 0, "nothing changed");
    // An earlier first day: all is done anew, and the old files have fewer days than the new ones.
    let earlier = Model { dumps: self::model(&[(-30, 30), PERIODS[0], PERIODS[1]]).dumps, ..model.clone() };
    std::fs::remove_dir_all(folder.run()).expect("the run");
    let folder = earlier.write_to(folder);
    let output = run(&folder, &out, &[]);
    assert!(talk(&output).contains("the first day is not what it was"), "{}", talk(&output));
    assert_same(&bytes(&out), &reference(&folder, &[]));
}
