//! Several processes in one folder: shares of the work, rounds of them, and what they leave to each other.

use super::*;

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
        &gridloom::Nobody,
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
    let mut program = program::command();
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
