//! The model's input as a source: a file of climate a cell.

use std::path::Path;
use std::process::Output;

use gridloom_testkit::files::{self, bytes, name};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, talk};

fn gridloom(arguments: &[&str]) -> Output {
    program::command().args(arguments).env("SOURCE_DATE_EPOCH", "0").output().expect("the program")
}

/// Does a command, which must end with a status.
fn done(status: i32, arguments: &[&str]) -> String {
    let output = gridloom(arguments);
    let words = talk(&output) + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {words}");
    words
}

#[test]
fn input_is_gridded_and_tabled_as_a_run_is() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("obsclim");
    here::script(&python, "make_inputs.py", &[name(&input)]);
    let out = |of: &str| folder.path().join(of);
    let said = done(0, &["inspect", name(&input)]);
    for words in [
        "obsclim: 4 cells",
        "1979-01-01 1981-03-10",
        "Near-surface air temperature",
        "tn             it is a single value",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for (command, options) in
        [("grid", &[][..]), ("tables", &["--tables", "daily"]), ("tables", &["--tables", "region,stats"])]
    {
        let made = out(&format!("{command}{}", options.join("")));
        done(0, &[&[command, name(&input), "-o", name(&made)], options].concat());
        done(0, &["verify", name(&input), name(&made)]);
        if !options.contains(&"region,stats") {
            println!("{}", here::script(&python, "make_inputs.py", &[name(&input), "--check", name(&made)]));
        }
    }
    // What the model is given is no result of it.
    let file = netcdf::open(files::files_below(&out("grid"), "tas_").remove(0)).expect("NetCDF");
    let text = |value: Option<netcdf::Attribute<'_>>| format!("{:?}", value.map(|one| one.value()));
    let kind = file.variable("tas").expect("tas").attribute("coverage_content_type").map(|one| one.value());
    assert!(format!("{kind:?}").contains("physicalMeasurement"), "{kind:?}");
    let summary = text(file.attribute("summary"));
    assert!(summary.contains("as given to CAETE-DVM"), "{summary}");
    let monthly = out("monthly");
    done(
        0,
        &[
            "grid",
            name(&input),
            "-o",
            name(&monthly),
            "--every",
            "month",
            "--stat",
            "mean",
            "--variables",
            "tas",
        ],
    );
    done(0, &["verify", name(&input), name(&monthly)]);
    // Shards know the source again by what the first of them wrote down.
    let shards = out("shards");
    for share in ["0/2", "1/2"] {
        done(0, &["grid", name(&input), "-o", name(&shards), "--shard", share]);
    }
    done(0, &["publish", name(&shards)]);
    let grids = |folder: &Path| {
        bytes(folder)
            .into_iter()
            .filter(|(path, _)| path.extension().is_some_and(|ending| ending == "nc"))
            .collect::<Vec<_>>()
    };
    assert_eq!(grids(&shards), grids(&out("grid")));
    let said = done(
        0,
        &[
            "get",
            name(&input),
            "--cell",
            "170-223",
            "--variables",
            "tas",
            "--from",
            "1979-01-01",
            "--to",
            "1979-01-02",
        ],
    );
    assert!(said.contains("1979-01-02"), "{said}");
}

#[test]
fn what_is_wrong_with_input_is_named() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("obsclim");
    here::script(&python, "make_inputs.py", &[name(&input)]);
    let damaged = input.join("input_data_171-224.pbz2");
    let whole = std::fs::read(&damaged).expect("a file");
    std::fs::write(&damaged, &whole[..whole.len() / 2]).expect("a file");
    let said = done(3, &["grid", name(&input), "-o", name(&folder.path().join("out")), "--variables", "tas"]);
    assert!(said.contains("masked: cell 171-224, period 1: the bzip2 data is damaged"), "{said}");
    // A cell that the grid does not have.
    std::fs::copy(input.join("input_data_170-223.pbz2"), input.join("input_data_999-12.pbz2"))
        .expect("a file");
    let off = "cell 999-12: the grid of 0.5 degrees has no such cell: it has 360 rows and 720 columns";
    let said = done(3, &["inspect", name(&input)]);
    assert!(said.contains(&format!("left out: {off}")) && !said.contains("ignored"), "{said}");
    let alone = folder.path().join("alone");
    std::fs::create_dir(&alone).expect("a folder");
    std::fs::rename(input.join("input_data_999-12.pbz2"), alone.join("input_data_999-12.pbz2"))
        .expect("a file");
    let said = done(1, &["inspect", name(&alone)]);
    assert!(said.contains(&format!("the grid has none of its 1 cell; {off}")), "{said}");
    let dates = input.join("METADATA.pbz2");
    files::copy(&input, &folder.path().join("other"));
    std::fs::rename(folder.path().join("other/METADATA.pbz2"), input.join("ISIMIP_METADATA.pbz2"))
        .expect("a file");
    done(3, &["inspect", name(&input), "--deep"]);
    std::fs::rename(&dates, input.join("OTHER_METADATA.pbz2")).expect("a file");
    let said = done(2, &["inspect", name(&input)]);
    assert!(said.contains("both have dates; leave one there"), "{said}");
    let said = done(2, &["inspect", name(&folder.path().join("other"))]);
    assert!(said.contains("METADATA.pbz2 is not there"), "{said}");
    let dates = folder.path().join("other/METADATA.pbz2");
    std::fs::write(&dates, &whole[..whole.len() / 2]).expect("a file");
    let said = done(2, &["inspect", name(&folder.path().join("other"))]);
    assert!(said.contains("other: METADATA.pbz2: the bzip2 data is damaged"), "{said}");
}

#[test]
fn limits_hold_for_dates_as_for_cells() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("obsclim");
    here::script(&python, "make_inputs.py", &[name(&input), "--large"]);
    let within = |bytes| ["inspect", name(&input), "--max-decoded", bytes];
    done(0, &within("400000"));
    // Larger than any cell's file, and smaller than that of the dates.
    let said = done(1, &within("100000"));
    let words = "the limit of 100000 bytes, the first in cell 170-223, period 1: METADATA.pbz2: ";
    assert!(said.contains(words) && said.contains("give a larger --max-decoded"), "{said}");
}
