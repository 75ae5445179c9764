//! The change between windows of grids is that of their dumps.

use gridloom_testkit::shim::{Fault, Shim};

use super::*;

/// Daily grids of a run in a folder of its own; returns those of some variables.
fn gridded(run: &Path, out: &str, variables: &[&str]) -> Vec<String> {
    done(&["grid", name(run), "-o", out, "--name", "{variable}.nc", "--chunk", "300,1,2"]);
    variables.iter().map(|variable| format!("{out}/{variable}.nc")).collect()
}

const ALL: [&str; 4] = ["npp", "csoil_1", "csoil_2", "ls"];

/// Makes tables of the change between the windows.
fn changed(inputs: &[String], out: &str, more: &[&str]) -> Output {
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    gridloom(
        &[
            &["tables"][..],
            &inputs,
            &["-o", out, "--tables", "change,region", "--format", "csv"],
            &WINDOWS,
            more,
        ]
        .concat(),
    )
}

/// A table's header, and its lines as numbers; NaN where there is none.
fn table(folder: &str, file: &str) -> (String, Vec<Vec<f64>>) {
    let text = std::fs::read_to_string(Path::new(folder).join(file)).expect("a table");
    let mut lines = text.lines().map(str::to_owned);
    let header = lines.next().expect("a header");
    let number = |text: &str| text.parse().unwrap_or(f64::NAN);
    (header, lines.map(|line| line.split(',').map(number).collect()).collect())
}

/// That two folders have the same tables, but for the last digit.
fn assert_alike(one: &str, other: &str) {
    for file in ["change.csv", "region.csv"] {
        let ((header, rows), (wanted, expected)) = (table(one, file), table(other, file));
        assert_eq!(header, wanted, "{file}");
        assert_eq!(rows.len(), expected.len(), "{file}");
        for (row, wanted) in rows.iter().zip(&expected) {
            for (value, wanted) in row.iter().zip(wanted) {
                let is_same = value == wanted || (value.is_nan() && wanted.is_nan());
                assert!(
                    is_same || (value - wanted).abs() <= 1e-12 * wanted.abs(),
                    "{file}: {value} {wanted}"
                );
            }
        }
    }
}

fn proved(source: &str, out: &str) {
    let proof = gridloom(&["verify", source, out]);
    assert_eq!(proof.status.code(), Some(0), "{}", talk(&proof));
    assert!(talk(&proof).contains("; 0 differ"), "{}", talk(&proof));
}

#[test]
fn grids_give_the_change_of_their_dumps() {
    let (one, other) = (written(&model(&CELLS, 11)), written(&model(&CELLS, 12)));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let own = gridded(&one.run(), &at("days"), &ALL);
    let _ = gridded(&other.run(), &at("other_days"), &ALL);
    let run = vec![name(&one.run()).to_owned()];
    assert_done(&changed(&run, &at("of_run"), &[]));
    assert_done(&changed(&own, &at("of_grids"), &[]));
    assert_alike(&at("of_grids"), &at("of_run"));
    let (header, rows) = table(&at("of_grids"), "change.csv");
    assert!(header.contains("csoil_2_change_p_value") && rows.len() == CELLS.len(), "{header}");
    proved(&at("days"), &at("of_grids"));
    // Derived variables, units, percents that count from a least reference on, and a part of the cells.
    let more = [
        "--variables",
        "npp,csoil_2,both",
        "--derive",
        "both = npp + csoil_total",
        "--derive",
        "csoil_total = 0.001 * npp",
        "--units",
        "npp=g m-2 day-1",
        "--least",
        "1.9",
        "--bbox",
        "5,4,-70,-68.5",
    ];
    assert_done(&changed(&run, &at("chosen_of_run"), &more));
    assert_done(&changed(&own, &at("chosen"), &more));
    assert_alike(&at("chosen"), &at("chosen_of_run"));
    proved(&at("days"), &at("chosen"));
    // The reference of other grids: a folder of them, or one file.
    let reference = other.run();
    assert_done(&changed(&run, &at("two_of_run"), &["--reference", name(&reference)]));
    assert_done(&changed(&own, &at("two"), &["--reference", &at("other_days")]));
    assert_alike(&at("two"), &at("two_of_run"));
    proved(&at("days"), &at("two"));
    let row = ["--variables", "csoil_1", "--reference"];
    assert_done(&changed(&run, &at("row_of_run"), &[&row[..], &[name(&reference)]].concat()));
    assert_done(&changed(&own[1..2], &at("row"), &[&row[..], &[&at("other_days/csoil_1.nc")]].concat()));
    assert_alike(&at("row"), &at("row_of_run"));
    proved(&own[1], &at("row"));
    // One value that is another one is found.
    let file = format!("{}/change.csv", at("of_grids"));
    let text = std::fs::read_to_string(&file).expect("a table");
    let mut lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let column = lines[0].iter().position(|name| *name == "csoil_1_gained").expect("the column");
    lines[4][column] = "0.125";
    let spoilt: Vec<String> = lines.iter().map(|line| line.join(",")).collect();
    std::fs::write(&file, spoilt.join("\n") + "\n").expect("a table");
    let proof = gridloom(&["verify", &at("days"), &at("of_grids")]);
    assert_eq!(proof.status.code(), Some(4), "{}", talk(&proof));
}

#[test]
fn what_grids_lack_is_named_and_the_sea_is_not() {
    // A dump of one cell is missing, of another one all is.
    let one = written(&model(&CELLS, 13));
    std::fs::remove_file(one.dump(CELLS[2], 2)).expect("a dump");
    (1..=PERIODS.len() as u32)
        .for_each(|period| std::fs::remove_file(one.dump(CELLS[4], period)).expect("a dump"));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let run = one.run();
    let made = gridloom(&["grid", name(&run), "-o", &at("days"), "--name", "{variable}.nc"]);
    assert_eq!(made.status.code(), Some(3), "{}", talk(&made));
    let own: Vec<String> = ALL.iter().map(|variable| format!("{}/{variable}.nc", at("days"))).collect();
    let made = changed(&own, &at("lost"), &[]);
    assert_eq!(made.status.code(), Some(3), "{}", talk(&made));
    let expected = "170-222: no variable has a value on 1982-01-01 to 1983-12-31 of a window";
    assert!(talk(&made).contains(expected), "{}", talk(&made));
    assert!(!talk(&made).contains("170-224"), "{}", talk(&made));
    assert_eq!(table(&at("lost"), "change.csv").1.len(), CELLS.len() - 2);
    proved(&at("days"), &at("lost"));
    let refused = |inputs: &[String], more: &[&str], expected: &str| {
        let output = changed(inputs, &at("none"), more);
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains(expected), "{expected}: {}", talk(&output));
    };
    refused(&own, &["--shard", "0/2"], "--shard");
    let late = WINDOWS.map(|word| if word == "1990-12-31" { "1991-12-31" } else { word });
    let output =
        gridloom(&[&["tables", &own[0], "-o", &at("none"), "--tables", "change"][..], &late].concat());
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("no data from 1991-01-01 to 1991-12-31"), "{}", talk(&output));
    refused(&own, &["--variables", "lai"], "no such variable");
    refused(&own[..1], &["--reference", name(&run)], "no file ends in .nc");
    // A variable of which there is a part of the days only.
    for (out, variables, days) in
        [("early", "npp,ls", ["--to", "1985-12-31"]), ("late", "npp", ["--from", "1986-01-01"])]
    {
        let (out, own) = (at(out), ["--variables", variables, "--name", "{variable}.nc"]);
        let made = gridloom(&[&["grid", name(&run), "-o", &out][..], &own, &days].concat());
        assert_eq!(made.status.code(), Some(3), "{}", talk(&made));
    }
    let parts = ["early/npp.nc", "early/ls.nc", "late/npp.nc"].map(&at);
    refused(&parts, &[], "\"ls\": no file has it from 1986-01-01 to 1990-12-31");
    let made = changed(&parts, &at("parts"), &["--variables", "npp"]);
    assert_eq!(made.status.code(), Some(3), "{}", talk(&made));
}

#[test]
fn what_lies_between_windows_is_not_read() {
    let one = written(&model(&CELLS, 15));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let own = gridded(&one.run(), &at("days"), &["npp", "csoil_2"]);
    let run = vec![name(&one.run()).to_owned()];
    let far = WINDOWS.map(|word| match word {
        "1985-03-01" => "1990-03-01",
        "1985-02-28" => "1980-12-31",
        word => word,
    });
    let of = |inputs: &[String], out: &str| {
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let more = ["-o", out, "--tables", "change,region", "--format", "csv", "--variables", "npp,csoil_2"];
        done(&[&["tables"][..], &inputs, &more, &far].concat());
    };
    of(&own, &at("far"));
    of(&run, &at("far_of_run"));
    assert_alike(&at("far"), &at("far_of_run"));
    proved(&at("days"), &at("far"));
    assert_done(&changed(&own, &at("near"), &[]));
    let spooled = |out: &str| {
        std::fs::metadata(Path::new(out).join(".gridloom/segment-0000")).expect("a segment").len()
    };
    let (near, far) = (spooled(&at("near")), spooled(&at("far")));
    assert!(far > 0 && far < near / 2, "{far} {near}");
    // What is published is published again without the grids.
    std::fs::remove_file(Path::new(&at("far")).join("change.csv")).expect("a table");
    done(&["publish", &at("far")]);
    assert_alike(&at("far"), &at("far_of_run"));
}

/// Cells of several tiles, whose grids are of two spans of days: so many units of work that kills hit different ones.
const FAR: [(u32, u32); 6] = [(170, 200), (170, 201), (170, 230), (171, 231), (190, 200), (190, 231)];

#[test]
fn a_kill_costs_what_was_at_work() {
    let Some(shim) = Shim::build() else { return };
    let one = written(&model(&FAR, 14));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let run = one.run();
    let mut own = Vec::new();
    for (span, days) in [("early", ["--to", "1985-12-31"]), ("late", ["--from", "1986-01-01"])] {
        let file = format!("{{variable}}_{span}.nc");
        let more = ["--variables", "npp,csoil_2", "--name", &file, "--overwrite"];
        done(&[&["grid", name(&run), "-o", &at(span)][..], &more, &days].concat());
        for variable in ["npp", "csoil_2"] {
            let path = one.path().join("days").join(format!("{variable}_{span}.nc"));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::rename(one.path().join(span).join(format!("{variable}_{span}.nc")), &path)
                .expect("a grid");
            own.push(name(&path).to_owned());
        }
    }
    let out = one.path().join("killed");
    assert_done(&changed(&own, &at("whole"), &[]));
    let command = || {
        let mut program = program::command();
        program.arg("tables").args(&own).arg("-o").arg(&out);
        program.args(["--tables", "change,region", "--format", "csv"]);
        program.args(WINDOWS).env("SOURCE_DATE_EPOCH", "0");
        program
    };
    let segment = |folder: &Path| folder.join(".gridloom/segment-0000");
    let spooled = |folder: &Path| std::fs::metadata(segment(folder)).map_or(0, |file| file.len());
    let whole = one.path().join("whole");
    let (mut kills, mut is_spoilt) = (0, false);
    for at in (20..).step_by(5) {
        let fault = Fault { call: "any", word: ".gridloom".to_owned(), at, what: "kill", sticky: false };
        let mut program = command();
        shim.fail(&mut program, &out, &one.path().join("log"), &fault);
        if program.output().expect("the program").status.code().is_some() {
            break;
        }
        kills += 1;
        if is_spoilt || spooled(&out) < spooled(&whole) / 4 {
            continue;
        }
        // A series that is not what was written ends the work; its cell is not lost.
        let flip = || {
            let mut bytes = std::fs::read(segment(&out)).expect("a segment");
            bytes[500] ^= 1;
            std::fs::write(segment(&out), &bytes).expect("a segment");
        };
        flip();
        let output = command().output().expect("the program");
        let expected = "a series in it is damaged; start over with --fresh";
        assert!(talk(&output).contains(expected) && !output.status.success(), "{}", talk(&output));
        assert!(!out.join("change.csv").exists());
        flip();
        is_spoilt = true;
    }
    assert!(kills >= 4 && is_spoilt, "it was killed {kills} times");
    assert_done(&command().output().expect("the program"));
    let of = |folder: &Path| {
        let mut all = bytes(folder);
        all.retain(|name, _| name.to_string_lossy().ends_with(".csv"));
        assert_eq!(all.len(), 2);
        all
    };
    assert_same(&of(&out), &of(&whole));
    proved(&at("days"), name(&out));
    // What was put into the spool before a kill was put there once.
    assert_eq!(spooled(&out), spooled(&whole));
    // The same again makes nothing.
    assert_done(&command().output().expect("the program"));
    let units = &gridloom_testkit::files::report(&out)["units"];
    assert_eq!(units["total"], units["found"], "{units}");
    // A file that is another one than it was is another input.
    set_modified(Path::new(&own[0]), std::time::SystemTime::now() - std::time::Duration::from_secs(50));
    assert_eq!(command().output().expect("the program").status.code(), Some(2));
}
