//! The files do not tell who made them, in how many parts, and what happened on the way.

use std::path::Path;
use std::process::Stdio;
use std::time::{Instant, UNIX_EPOCH};

use super::*;

/// Cells are blocks of their own here, but for `daily`.
const SMALL: [&str; 4] = ["--variables", "npp,csoil", "--tables", "biomass,annual,region,stats"];
const DAILY: [&str; 6] =
    ["--variables", "npp,csoil", "--tables", "daily,biomass,region,stats", "--partition", "month"];

/// The sample, with dumps that are too old to be read again for caution.
fn settled() -> tempfile::TempDir {
    let folder = copy_of_sample();
    files::files_below(folder.path(), "").iter().for_each(|path| files::settle(path));
    folder
}

fn publish(out: &Path) -> Output {
    let mut program = program::command();
    program.arg("publish").arg(out).env("SOURCE_DATE_EPOCH", "0").timeout(Duration::from_secs(120));
    program.output().expect("the program")
}

/// The files of a run that nothing happened to.
fn reference(run: &Path, out: &Path, options: &[&str]) -> files::Bytes {
    assert_done(&tables(run, out, &[options, &["--threads", "1"]].concat()));
    let files = bytes(out);
    assert!(files.len() >= 3, "{:?}", files.keys());
    files
}

/// Flips a bit in the middle of the spool.
fn damage(out: &Path) {
    let path = out.join(".gridloom/segment-0000");
    let mut bytes = std::fs::read(&path).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&path, bytes).expect("a segment");
}

#[test]
fn threads_and_shards_make_the_same_bytes() {
    let folder = settled();
    let (run, out) = (folder.path().join("run"), |name: &str| folder.path().join(name));
    for (number, options) in [&SMALL[..], &DAILY].into_iter().enumerate() {
        let expected = reference(&run, &out(&format!("one-{number}")), options);
        let four = out(&format!("four-{number}"));
        assert_done(&tables(&run, &four, &[options, &["--threads", "4"]].concat()));
        assert_same(&bytes(&four), &expected);
        let shards = out(&format!("shards-{number}"));
        for shard in ["2/3", "0/3"] {
            assert_done(&tables(&run, &shards, &[options, &["--shard", shard]].concat()));
        }
        // The only block with days is that of the first shard.
        let early = publish(&shards);
        let expected_status = if number == 0 { 5 } else { 3 };
        assert_eq!(early.status.code(), Some(expected_status), "{}", talk(&early));
        assert_done(&tables(&run, &shards, &[options, &["--shard", "1/3"]].concat()));
        assert_done(&publish(&shards));
        assert_same(&bytes(&shards), &expected);
    }
}

/// Waits until another second has begun: times in HDF5 are whole seconds.
fn next_second() {
    let second = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let begun = second();
    while second() == begun {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Nothing of the time, of memory or of an order that is another in each process is in a file.
#[test]
fn every_format_has_the_same_bytes_again() {
    let folder = settled();
    let run = folder.path().join("run");
    for format in ["parquet", "feather", "csv", "hdf5"] {
        let made = ["1", "4"].map(|threads| {
            let out = folder.path().join(format!("{format}-{threads}"));
            let options = ["--variables", "npp,csoil", "--format", format, "--threads", threads];
            assert_done(&tables(&run, &out, &options));
            next_second();
            bytes(&out)
        });
        assert!(!made[0].is_empty());
        assert_same(&made[1], &made[0]);
    }
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let folder = settled();
    let run = folder.path().join("run");
    let start = Instant::now();
    let expected = reference(&run, &folder.path().join("reference"), &DAILY);
    let whole = start.elapsed();
    for round in 0..3_u64 {
        let out = folder.path().join(format!("killed-{round}"));
        for part in 0..4 {
            let mut command = Command::new(program::path());
            command.arg("tables").arg(&run).arg("-o").arg(&out).args(DAILY).env("SOURCE_DATE_EPOCH", "0");
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("the program");
            let delay = dumps::scramble(round * 10 + part) % (whole.as_micros() as u64 + 1);
            std::thread::sleep(Duration::from_micros(delay));
            let _ = child.kill();
            child.wait().expect("an end");
            // It may be killed before it has made its folder.
            if !out.is_dir() {
                continue;
            }
            // What has its name is whole.
            for (name, bytes) in
                bytes(&out).into_iter().filter(|(name, _)| !name.to_string_lossy().contains(".part"))
            {
                assert!(expected.get(&name) == Some(&bytes), "{}", name.display());
            }
        }
        assert_done(&tables(&run, &out, &DAILY));
        assert_same(&bytes(&out), &expected);
    }
}

#[test]
fn a_changed_file_costs_its_own_block() {
    let folder = settled();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    reference(&run, &out, &SMALL);
    // Of a cell that planning takes no sample of: with another sample all is planned anew.
    for (from, to) in [
        ("grd_170-224/spin0002.pkz", "grd_171-223/spin0002.pkz"),
        ("grd_170-224/metacommunity_1980.pkz", "grd_171-223/metacommunity_1980.pkz"),
    ] {
        std::fs::copy(run.join(from), run.join(to)).expect("a copy");
        files::settle(&run.join(to));
        let output = tables(&run, &out, &SMALL);
        assert_done(&output);
        let units = &report(&out)["units"];
        assert_eq!((&units["total"], &units["found"]), (&12.into(), &11.into()), "{}", talk(&output));
        let scratch = folder.path().join(format!("scratch-{}", to.replace('/', "-")));
        assert_same(&bytes(&out), &reference(&run, &scratch, &SMALL));
        check(&run, &out, &["--variables", "npp,csoil"]);
    }
}

/// A year that is gone takes its file along; nobody must read rows that are no more.
#[test]
fn a_partition_that_is_no_more_is_removed() {
    let folder = settled();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let options = ["--tables", "biomass", "--partition", "year"];
    reference(&run, &out, &[&options[..], &["--variables", "npp"]].concat());
    let fewer = ["--variables", "npp", "--years", "1979-1980", "--fresh"];
    assert_done(&tables(&run, &out, &[&options[..], &fewer].concat()));
    let left: Vec<_> = bytes(&out).into_keys().filter(|path| path.starts_with("biomass")).collect();
    let expected =
        ["biomass/year=1979/part-0.parquet", "biomass/year=1980/part-0.parquet"].map(PathBuf::from);
    assert_eq!(left, expected);
}

/// The same by upstream's names, whose folder of parts is another.
#[test]
fn a_part_of_upstreams_that_is_no_more_is_removed() {
    let folder = settled();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let options = ["--tables", "daily", "--names", "upstream", "--variables", "npp", "--partition", "month"];
    reference(&run, &out, &options);
    let fewer = ["--to", "1979-01-31", "--fresh"];
    let output = tables(&run, &out, &[&options[..], &fewer].concat());
    assert_done(&output);
    let left: Vec<_> =
        bytes(&out).into_keys().filter(|path| path.extension() == Some("parquet".as_ref())).collect();
    assert_eq!(left, [PathBuf::from("run/run_partitioned/year=1979/month=01/part-0.parquet")]);
    assert!(!talk(&output).contains("stay"), "{}", talk(&output));
}

/// What was made before, and is not made now, stays and is named; also where the spool is gone, and when the work goes on.
#[test]
fn tables_of_earlier_work_are_named() {
    let folder = settled();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let base = ["--variables", "npp", "--tables"];
    let made = |options: &[&str]| {
        let output = tables(&run, &out, &[&base[..], options].concat());
        assert_done(&output);
        talk(&output)
    };
    made(&["daily,biomass,stats"]);
    let daily = std::fs::read(out.join("daily.parquet")).expect("a table");
    let words =
        "2 files stay in the folder that are of earlier work, and not made now: daily.parquet, stats.parquet";
    let told = made(&["biomass", "--fresh"]);
    assert!(told.contains(words), "{told}");
    assert!(std::fs::read(out.join("daily.parquet")).expect("a table") == daily);
    assert_eq!(report(&out)["earlier_files"], serde_json::json!(["daily.parquet", "stats.parquet"]));
    // Nobody forgets them, and one that is gone or made again is none of them.
    let told = made(&["biomass"]);
    assert!(told.contains(words), "{told}");
    std::fs::remove_file(out.join("stats.parquet")).expect("removed");
    let told = made(&["biomass", "--drop-spool"]);
    assert!(told.contains("daily.parquet stays in the folder: it is of earlier work"), "{told}");
    let told = made(&["stats", "--overwrite"]);
    assert!(told.contains("not made now: biomass.parquet, daily.parquet"), "{told}");
    let told = made(&["daily,biomass", "--fresh"]);
    assert!(told.contains("stats.parquet stays") && !told.contains("daily.parquet"), "{told}");
    let told = made(&["daily,biomass,stats", "--fresh"]);
    assert!(!told.contains("stay") && report(&out).get("earlier_files").is_none(), "{told}");
    // In another form than before; and tables of cells that are not selected any more.
    let per_cell = ["stats", "--per-cell", "--format", "csv", "--fresh"];
    let told = made(&per_cell);
    assert!(told.contains("biomass.parquet, daily.parquet, stats.parquet"), "{told}");
    for table in ["biomass", "daily", "stats"] {
        std::fs::remove_file(out.join(format!("{table}.parquet"))).expect("removed");
    }
    let list = folder.path().join("cells.csv");
    std::fs::write(&list, "global_y,global_x\n170,223\n").expect("a list");
    let told = made(&[&per_cell[..], &["--cells", name(&list)]].concat());
    assert!(told.contains("11 files stay in the folder"), "{told}");
}

#[test]
fn a_damaged_piece_is_made_again() {
    let folder = settled();
    let run = folder.path().join("run");
    for (number, options) in [&SMALL[..], &DAILY].into_iter().enumerate() {
        let expected = reference(&run, &folder.path().join(format!("reference-{number}")), options);
        // By whoever publishes what others made, and by who does all.
        for is_alone in [false, true] {
            let out = folder.path().join(format!("damaged-{number}-{is_alone}"));
            assert_done(&tables(&run, &out, &[options, &["--shard", "0/1"]].concat()));
            damage(&out);
            let output = if is_alone { tables(&run, &out, options) } else { publish(&out) };
            assert_done(&output);
            assert_same(&bytes(&out), &expected);
        }
    }
}
