//! What a report says of the inputs, and what files say of all of them together.

use std::path::Path;

use serde_json::{Value, json};

use super::*;

/// The sample has a damaged dump, one that is missing, and yearly files that are missing.
fn changed(out: &Path, change: impl FnOnce(&mut Value)) -> (i32, String) {
    let path = out.join("report.json");
    let before = std::fs::read(&path).expect("a report");
    let mut report: Value = serde_json::from_slice(&before).expect("JSON");
    change(&mut report);
    std::fs::write(&path, report.to_string()).expect("a report");
    let found = verified(out, &[]);
    std::fs::write(&path, before).expect("a report");
    found
}

fn assert_told((status, talk): (i32, String), words: &str) {
    assert_eq!(status, 4, "{words}: {talk}");
    assert!(talk.contains(words), "{words}: {talk}");
}

#[test]
fn a_report_that_is_silent_of_a_loss_differs() {
    for (command, options, losses) in [
        ("grid", &["--variables", "npp"][..], &["171-226, period 2", "172-223, period 3"][..]),
        ("tables", &["--tables", "stats", "--variables", "npp"], &["171-226, period 2", "172-223, period 3"]),
        ("grid", &["--every", "month", "--stat", "mean", "--variables", "npp"], &["171-226, period 2"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        made(command, &out, options);
        assert_equal(&out);
        for loss in losses {
            let is_it = |fault: &Value| {
                let (cell, rest) = loss.split_once(", ").expect("a place");
                let (noun, number) = rest.split_once(' ').expect("a number");
                fault["cell"] == cell && fault[noun].as_i64() == number.parse().ok()
            };
            let without = changed(&out, |report| {
                let faults = report["faults"].as_array_mut().expect("faults");
                assert!(faults.iter().any(is_it), "{loss}: {faults:?}");
                faults.retain(|fault| !is_it(fault));
            });
            assert_told(without, &format!("report.json: expected is it names cell {loss}: "));
            // A note of something older is not a loss.
            let played_down = changed(&out, |report| {
                let faults = report["faults"].as_array_mut().expect("faults");
                faults
                    .iter_mut()
                    .filter(|fault| is_it(fault))
                    .for_each(|fault| fault["kind"] = json!("older"));
            });
            assert_told(played_down, &format!("it names cell {loss}: "));
        }
        let fault =
            json!({"cell": "170-223", "period": 1, "year": null, "kind": "damaged", "message": "made up"});
        let added = changed(&out, |report| report["faults"].as_array_mut().expect("faults").push(fault));
        assert_told(added, "it does not name cell 170-223, period 1: made up");
        let lost =
            json!({"period": 7, "is_loss": true, "message": "", "dumps": 0, "start": null, "end": null});
        let added = changed(&out, |report| report["lost_periods"] = json!([lost]));
        assert_told(added, "it does not name period 7 among the lost ones");
        let added = changed(&out, |report| report["absent"] = json!(["period 9 is not in the run"]));
        assert_told(added, "it does not name that period 9 is not in the run");
    }
}

/// Years that a cell lacks, or all cells between others.
#[test]
fn a_report_that_is_silent_of_a_year_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    for cell in std::fs::read_dir(sample()).expect("the sample").flatten() {
        let to = run.join(cell.file_name());
        std::fs::create_dir_all(&to).expect("a folder");
        for file in std::fs::read_dir(cell.path()).expect("a folder").flatten() {
            std::fs::copy(file.path(), to.join(file.file_name())).expect("a file");
        }
    }
    for path in files::files_below(&run, "metacommunity_1980") {
        std::fs::remove_file(path).expect("a file");
    }
    std::fs::write(run.join("grd_170-224/metacommunity_1981.pkz"), b"cut").expect("a file");
    for tables in ["biomass", "annual", "biomass,annual"] {
        made_of(&["tables", name(&run), "-o", name(&out), "--tables", tables, "--quiet"]);
        let verified = || {
            let output = program("verify", &[name(&run), name(&out)]);
            (output.status.code().expect("a status"), talk(&output))
        };
        let (status, said) = verified();
        assert_eq!(status, 0, "{tables}: {said}");
        let path = out.join("report.json");
        let mut report: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("a report")).expect("JSON");
        report["faults"].as_array_mut().expect("faults").retain(|fault| fault["cell"] != "170-224");
        std::fs::write(&path, report.to_string()).expect("a report");
        let found = verified();
        assert!(found.1.contains("it names cell 170-224, year 1981: "), "{tables}: {}", found.1);
        assert_told(found, "it names cell 170-224, year 1980: ");
        std::fs::remove_dir_all(&out).expect("the output");
    }
}

#[test]
fn a_report_that_is_silent_of_what_is_absent_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    made("grid", &out, &["--variables", "npp", "--periods", "1-5"]);
    assert_equal(&out);
    let silent = changed(&out, |report| drop(report.as_object_mut().expect("a report").remove("absent")));
    assert_told(silent, "it names that periods 4 to 5 are not in the run");
}

/// An archive knows no less of the dumps that it was made of.
#[test]
fn an_archive_finds_what_a_report_is_silent_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, archive) = (folder.path().join("out"), folder.path().join("run.nc"));
    made("grid", &out, &["--variables", "npp"]);
    made_of(&["cells", "write", name(&sample()), "-o", name(&archive), "--quiet"]);
    let by_archive = || {
        let output = program("verify", &[name(&archive), name(&out)]);
        (output.status.code().expect("a status"), talk(&output))
    };
    let (status, said) = by_archive();
    assert_eq!(status, 0, "{said}");
    let path = out.join("report.json");
    let text = std::fs::read_to_string(&path).expect("a report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    report["faults"] = json!([]);
    std::fs::write(&path, report.to_string()).expect("a report");
    assert_told(by_archive(), "it names cell 171-226, period 2: ");
}

fn made_of(arguments: &[&str]) {
    let (command, arguments) = arguments.split_first().expect("a command");
    let output = program(command, arguments);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {}", talk(&output));
}

/// An archive as its own source proves its checksums only.
#[test]
fn what_is_compared_with_itself_is_not_proven() {
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, link) = (folder.path().join("run.nc"), folder.path().join("link.nc"));
    made_of(&["cells", "write", name(&sample()), "-o", name(&archive), "--quiet"]);
    std::os::unix::fs::symlink(&archive, &link).expect("a link");
    for (product, source) in [(&archive, &archive), (&archive, &link), (&link, &archive)] {
        for arguments in [
            ["verify", name(source), name(product)].to_vec(),
            ["cells", "verify", name(product), name(source)].to_vec(),
        ] {
            let output = program(arguments[0], &arguments[1..]);
            let said = talk(&output);
            assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
            assert!(
                said.contains("not looked at: ") && said.contains("only its checksums were looked at"),
                "{said}"
            );
            assert!(!said.contains("dumps, "), "{said}");
        }
    }
    for arguments in
        [["verify", name(&sample()), name(&archive)].to_vec(), ["cells", "verify", name(&archive)].to_vec()]
    {
        let output = program(arguments[0], &arguments[1..]);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", talk(&output));
    }
}

/// The digest of all dumps is computed anew, so that a single file cannot name others.
#[test]
fn another_digest_of_the_dumps_is_found() {
    for (command, options) in [
        ("grid", &["--variables", "npp"][..]),
        ("tables", &["--tables", "annual"]),
        ("grid", &["--every", "year", "--stat", "mean", "--variables", "npp"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        made(command, &out, options);
        assert_equal(&out);
        let files = files::files_below(&out, "");
        let grids = files.iter().filter(|path| path.extension().is_some_and(|end| end == "nc"));
        let grids: Vec<_> = grids.filter(|path| !name(path).contains(".gridloom")).collect();
        let right = files::change_netcdf(grids[0], |file| {
            file.attribute("gridloom_input_digest").expect("a digest").value()
        });
        let netcdf::AttributeValue::Str(right) = right else { panic!("{right:?}") };
        let wrong = match right.strip_prefix("xxh3:0") {
            Some(rest) => format!("xxh3:1{rest}"),
            None => format!("xxh3:0{}", right.get(6..).expect("digits")),
        };
        for path in &grids {
            files::change_netcdf(path, |file| {
                file.add_attribute("gridloom_input_digest", wrong.as_str()).map(drop)
            });
        }
        assert_told(
            verified(&out, &[]),
            &format!("expected is gridloom_input_digest = {right}, found is {wrong}"),
        );
    }
}
