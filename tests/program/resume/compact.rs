//! Dumps change again and again: the checkpoint does not grow with it, and the files are those of a run from nothing.

use std::os::unix::fs::MetadataExt;

use gridloom_testkit::shim::{Fault, Shim, read_log};

use super::*;

/// Pieces of some kilobytes.
const PERIODS: [(i64, i64); 2] = [(0, 700), (700, 500)];

fn varied(seed: u64) -> Model {
    Model { value: dumps::mixed(seed), ..super::model(&PERIODS) }
}

/// Bytes that the segments take on the disk.
fn taken(out: &Path) -> u64 {
    taken_of(out, "segment-")
}

/// The same of those whose names begin so.
fn taken_of(out: &Path, start: &str) -> u64 {
    let entries =
        std::fs::read_dir(out.join(".gridloom")).expect("a spool").map(|entry| entry.expect("an entry"));
    let segments = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    segments.map(|entry| 512 * entry.metadata().expect("a segment").blocks()).sum()
}

/// What a spool takes that has nothing dead.
fn needed(folder: &Folder, options: &[&str]) -> (BTreeMap<PathBuf, Vec<u8>>, u64) {
    let files = reference(folder, options);
    (files, taken(&folder.path().join("reference")))
}

/// Pieces of this run are not much larger than the blocks that a disk gives back as a whole.
fn assert_bounded(out: &Path, needed: u64) {
    let taken = taken(out);
    assert!(taken < 2 * needed + needed / 2, "{taken} bytes are taken, {needed} are needed");
}

fn length(out: &Path) -> u64 {
    out.join(".gridloom/segment-0000").metadata().expect("a segment").len()
}

#[test]
fn a_segment_stays_small_however_often_dumps_change() {
    let folder = varied(0).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let (mut given_back, mut least) = (0, 0);
    for seed in 1..7 {
        let folder_now = varied(seed);
        // All, and then only those of some cells.
        for dump in folder_now.dumps.iter().filter(|dump| seed < 4 || dump.cell.0 == 100) {
            folder.put(dump, &folder_now.entries(dump));
        }
        let output = run(&folder, &out, &[]);
        assert_done(&output);
        given_back += usize::from(talk(&output).contains("of the checkpoint back"));
        let (files, needed) = needed(&folder, &[]);
        assert_same(&bytes(&out), &files);
        assert_bounded(&out, needed);
        least = needed;
    }
    assert!(given_back >= 2, "{given_back} times");
    // How much of what is dead is still there depends on the disk.
    assert!(length(&out) > 3 * least, "the test tries too little: {} of {least}", length(&out));
    // What was given back is not missed.
    check::files(&out).iter().for_each(|path| std::fs::remove_file(path).expect("a file"));
    let output = run(&folder, &out, &[]);
    assert_done(&output);
    assert_eq!(report(&out)["stages"][0]["steps"], 0, "no dump was read: {}", talk(&output));
    assert_same(&bytes(&out), &reference(&folder, &[]));
    assert!(status(&out)["spool_bytes"].as_u64() < Some(length(&out)));
}

/// Tables leave whole blocks behind when the run grows, and rows, sums and aggregates when dumps change.
#[test]
fn the_checkpoint_of_tables_stays_small_as_well() {
    let folder = varied(0).write();
    let config = folder.path().join("both.toml");
    let text = "[grid]\nchunk = [32, 3, 3]\n[tables]\ntables = [\"daily\", \"region\"]\n\
                [[aggregates]]\nevery = \"month\"\nstat = \"mean\"\n";
    std::fs::write(&config, text).expect("a configuration");
    let tables = |out: &Path| {
        let mut program = program::command();
        program.arg("run").arg(folder.run()).arg("-o").arg(out).arg("--config").arg(&config);
        program.env("SOURCE_DATE_EPOCH", "0");
        let output = program.timeout(Duration::from_secs(120)).output().expect("the program");
        assert_done(&output);
        output
    };
    let out = folder.out();
    tables(&out);
    for seed in 1..5 {
        let model = varied(seed);
        model.dumps.iter().for_each(|dump| folder.put(dump, &model.entries(dump)));
        tables(&out);
        let fresh = folder.path().join("fresh");
        let _ = std::fs::remove_dir_all(&fresh);
        tables(&fresh);
        assert_same(&bytes(&out), &bytes(&fresh));
        let table = |out: &Path| std::fs::read(out.join("daily.parquet")).expect("a table");
        assert!(table(&out) == table(&fresh));
        assert_bounded(&out, taken(&fresh));
    }
    std::fs::remove_file(out.join("daily.parquet")).expect("a table");
    let output = tables(&out);
    assert_eq!(report(&out)["stages"][0]["steps"], 0, "no dump was read: {}", talk(&output));
}

/// Segments of shards are the publisher's to compact, since only that knows what counts, when nobody works on them.
#[test]
fn segments_of_shards_are_compacted_by_who_publishes() {
    let folder = varied(0).write();
    let out = folder.out();
    for seed in 0..4 {
        let model = varied(seed);
        model.dumps.iter().for_each(|dump| folder.put(dump, &model.entries(dump)));
        for shard in ["0/2", "1/2"] {
            assert_done(&run(&folder, &out, &["--shard", shard]));
        }
        let lock = (seed == 3).then(|| {
            let task = gridloom::spool::Task::number(1);
            let share = gridloom::plan::Share::parse("1/2").ok();
            let patience = &gridloom::Nobody;
            gridloom::spool::lock::Lock::take(&out.join(".gridloom"), task, share, patience).expect("a lock")
        });
        // The publisher's own segment is always its to compact.
        let of_shards = |out: &Path| taken_of(out, "segment-0");
        let before = of_shards(&out);
        assert_done(&publish(&out));
        let (files, needed) = needed(&folder, &[]);
        assert_same(&bytes(&out), &files);
        if lock.is_some() {
            assert!(of_shards(&out) >= before, "somebody works there");
            drop(lock);
            assert_done(&publish(&out));
        }
        assert_bounded(&out, needed);
    }
}

/// A run whose last dumps changed, when it is killed where a hole is to be made, at each of them.
#[test]
fn a_kill_while_bytes_are_given_back_costs_nothing() {
    let Some(shim) = Shim::build() else { return };
    let folder = varied(0).write();
    let out = folder.out();
    let command = |out: &Path| {
        let mut program = program::command();
        program
            .arg("grid")
            .arg(folder.run())
            .arg("-o")
            .arg(out)
            .args(CHUNKS)
            .timeout(Duration::from_secs(120));
        program
    };
    assert_done(&command(&out).output().expect("the program"));
    let mut killed = 0;
    for seed in 1..6 {
        let model = varied(seed);
        model.dumps.iter().for_each(|dump| folder.put(dump, &model.entries(dump)));
        settle_all(&folder, &model);
        let log = folder.path().join("log");
        let fault = Fault { call: "punch", word: String::new(), at: 1, what: "kill", sticky: false };
        let mut first = command(&out);
        shim.fail(&mut first, &out, &log, &fault);
        let output = first.output().expect("the program");
        killed += usize::from(output.status.code().is_none());
        let output = command(&out).output().expect("the program");
        assert_done(&output);
        let (files, needed) = needed(&folder, &[]);
        assert_same(&bytes(&out), &files);
        assert_bounded(&out, needed);
    }
    assert!(killed >= 2, "it was killed {killed} times");
}

#[test]
fn a_file_system_without_holes_is_told() {
    let Some(shim) = Shim::build() else { return };
    let folder = varied(0).write();
    let (out, log) = (folder.out(), folder.path().join("log"));
    let mut told = 0;
    for seed in 0..4 {
        let model = varied(seed);
        model.dumps.iter().for_each(|dump| folder.put(dump, &model.entries(dump)));
        let fault = Fault { call: "punch", word: String::new(), at: 1, what: "EOPNOTSUPP", sticky: true };
        let mut program = program::command();
        program
            .arg("grid")
            .arg(folder.run())
            .arg("-o")
            .arg(&out)
            .args(CHUNKS)
            .timeout(Duration::from_secs(120));
        shim.fail(&mut program, &out, &log, &fault);
        let output = program.output().expect("the program");
        assert_done(&output);
        assert_same(&bytes(&out), &reference(&folder, &[]));
        let words = talk(&output).matches("does not take back parts of a file").count();
        assert!(words <= 2, "{}", talk(&output));
        told += usize::from(words > 0 && talk(&output).contains("--drop-spool"));
    }
    assert!(told > 0);
    assert!(read_log(&log).iter().any(|call| call.name == "punch" && call.error != 0));
}
