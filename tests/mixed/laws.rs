//! The laws as the program keeps them: exit status, words, files.
//!
//! A child process inherits the files that this one has open, and with them HDF5's locks. So the tests of this file take
//! turns, and those of others start no process.

use std::path::Path;
use std::process::Output;

use gridloom_testkit::dumps::{self, Cell, Folder, Kind, Model, Variable, check, five_rows, five_rows_model};
use gridloom_testkit::program::{self, alone, talk};

fn grid(folder: &Folder, options: &[&str]) -> Output {
    let mut program = program::command();
    program
        .arg("grid")
        .arg(folder.run())
        .arg("-o")
        .arg(folder.out())
        .args(options)
        .output()
        .expect("the program")
}

fn verify(folder: &Folder, path: &Path, options: &[&str]) -> Output {
    program::command().arg("verify").arg(folder.run()).arg(path).args(options).output().expect("the program")
}

#[test]
fn status_3_and_a_line_for_everything_that_is_masked() {
    let _turn = alone();
    let model = five_rows_model();
    let (gone, cut, lacking) = (five_rows()[1], five_rows()[7], five_rows()[20]);
    let folder = model.write();
    let dump = model.dumps.iter().find(|dump| dump.cell == lacking && dump.period == 2).expect("the dump");
    let mut entries = model.entries(dump);
    entries.retain(|(key, _)| key != "npp");
    folder.put(dump, &entries);
    let folder_of_gone = folder.run().join(format!("grd_{}-{}", gone.0, gone.1));
    std::fs::remove_dir_all(&folder_of_gone).expect("a folder");
    std::fs::create_dir(&folder_of_gone).expect("a folder");
    let half = std::fs::read(folder.dump(cut, 2)).expect("a dump");
    std::fs::write(folder.dump(cut, 2), &half[..half.len() / 2]).expect("a file");
    let output = grid(&folder, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let stderr = talk(&output);
    for line in [
        "masked: cell 160-231, period 1: the file is missing",
        "masked: cell 160-231, period 2: the file is missing",
        "masked: cell 161-232, period 2: ",
        "masked: cell 164-230, period 2, npp: the dump does not have it",
    ] {
        assert!(stderr.contains(line), "{line:?} is not in {stderr}");
    }
    check::exact_but(&model, &folder.out(), |dump, variable| match (dump.cell, dump.period) {
        (cell, _) if cell == gone => false,
        (cell, 2) if cell == cut => false,
        (cell, 2) if cell == lacking => variable.key != "npp",
        _ => true,
    });
    let output = verify(&folder, &folder.out(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

#[test]
fn nothing_usable_is_an_error_without_a_file() {
    let _turn = alone();
    let model = five_rows_model();
    let folder = model.write();
    for dump in &model.dumps {
        std::fs::write(folder.dump(dump.cell, dump.period), b"nothing").expect("a file");
    }
    for folder in [folder, Folder::new()] {
        let output = grid(&folder, &[]);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{:?}", output.status);
        assert!(output.stdout.is_empty());
        assert!(talk(&output).contains("error: ") && talk(&output).contains("hint: "), "{}", talk(&output));
        assert!(!folder.out().exists());
    }
}

#[test]
fn a_folder_that_is_not_empty_is_refused_with_status_2() {
    let _turn = alone();
    let folder = five_rows_model().write();
    std::fs::create_dir(folder.out()).expect("a folder");
    std::fs::write(folder.out().join("notes"), b"dear to somebody").expect("a file");
    let output = grid(&folder, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("--overwrite"), "{}", talk(&output));
    assert_eq!(std::fs::read_dir(folder.out()).expect("a folder").count(), 1);
    assert_eq!(grid(&folder, &["--overwrite"]).status.code(), Some(0));
    assert_eq!(check::exact(&five_rows_model(), &folder.out()).files, 4);
}

/// The disk is full, or the program is killed, in the middle of a file: the old one stands, whole.
#[test]
fn a_run_that_ends_in_the_middle_leaves_no_torn_file() {
    let _turn = alone();
    let cells: Vec<Cell> = (0..64).map(|cell| (160 + cell / 8, 230 + cell % 8)).collect();
    let old = Model::new(&cells, &[(0, 400)], vec![Variable::new("npp", Kind::F64, None)]);
    let new = Model { value: dumps::mixed(2), ..old.clone() };
    let folder = old.write();
    assert_eq!(grid(&folder, &["--no-compress"]).status.code(), Some(0));
    let path = check::file_of(&folder.out(), "npp");
    let length = std::fs::metadata(&path).expect("a file").len();
    let folder = new.write_to(folder);
    // Enough for the spool, but not for the whole file, which has coordinates as well.
    let blocks = (length - 20_000) / 512;
    for _ in 0..2 {
        let script = format!(r#"ulimit -c 0; ulimit -f {blocks}; exec "$0" "$@""#);
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", &script]).arg(program::path()).arg("grid").arg(folder.run());
        let output =
            shell.arg("-o").arg(folder.out()).args(["--no-compress", "--fresh"]).output().expect("sh");
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        assert!(talk(&output).contains("npp_made_up_18600101_18610203.nc"), "{}", talk(&output));
        assert!(talk(&output).contains("hint: "), "{}", talk(&output));
        assert_eq!(check::exact(&old, &folder.out()).files, 1);
    }
    let output = grid(&folder, &["--no-compress"]);
    assert!(talk(&output).contains("found 1 of 1 unit done"), "{}", talk(&output));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(check::exact(&new, &folder.out()).files, 1);
    let names: Vec<_> =
        std::fs::read_dir(folder.out()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(names.len(), 3, "what the failed runs left is gone: {names:?}");
}

#[test]
fn pan_amazon_is_rows_159_to_222_and_columns_200_to_273() {
    let _turn = alone();
    let corners = [(159, 200), (159, 273), (222, 200), (222, 273), (185, 240)];
    let around = [(158, 200), (159, 199), (223, 240), (185, 274)];
    let cells: Vec<Cell> = corners.into_iter().chain(around).collect();
    let model = Model::new(&cells, &[(0, 3)], vec![Variable::new("npp", Kind::F32, None)]);
    let folder = model.write();
    let output = grid(&folder, &["--region", "pan-amazon", "--quiet"]);
    assert_eq!((output.status.code(), talk(&output)), (Some(0), String::new()));
    let seen = check::exact(&model, &folder.out());
    assert_eq!((seen.lat.len(), seen.lon.len(), seen.values), (64, 74, 5 * 3));
    assert_eq!((seen.lat[0], seen.lat[63]), (10.25, -21.25));
    assert_eq!((seen.lon[0], seen.lon[73]), (-79.75, -43.25));
    assert_eq!(verify(&folder, &folder.out(), &[]).status.code(), Some(0));
}

#[test]
fn a_gridlist_with_a_cell_that_the_run_lacks() {
    let _turn = alone();
    let mut model = five_rows_model();
    let folder = model.write();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "lat,lon\n9.75,-64.75\n8.75,-62.75\n5.25,-60.25\n").expect("a list");
    let output = grid(&folder, &["--quiet", "--cells", list.to_str().expect("a name")]);
    let words = talk(&output);
    assert!(output.status.code() == Some(3) && words.starts_with("incomplete: 1 input missing"), "{words}");
    model.dumps.retain(|dump| [(160, 230), (162, 234)].contains(&dump.cell));
    let seen = check::exact(&model, &folder.out());
    assert_eq!((seen.lat.len(), seen.lon.len()), (10, 10));
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.out().join("report.json")).expect("a report"))
            .expect("JSON");
    assert_eq!(report["faults"][0]["cell"], "169-239");
    assert_eq!(report["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!(verify(&folder, &folder.out(), &[]).status.code(), Some(0));
}

#[test]
fn verify_ends_with_status_4_and_names_cell_date_and_both_values() {
    let _turn = alone();
    let model = Model { value: dumps::plain(), ..five_rows_model() };
    let folder = model.write();
    assert_eq!(grid(&folder, &[]).status.code(), Some(0));
    let path = check::file_of(&folder.out(), "npp");
    let output = verify(&folder, &path, &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &json["files"], &json["differences"]), (Some(0), &1.into(), &0.into()));
    {
        let mut file = netcdf::append(&path).expect("a file");
        file.variable_mut("npp").expect("the data").put_value(-1.5f32, [50, 1, 3]).expect("a change");
        file.close().expect("a file");
    }
    let output = verify(&folder, &folder.out(), &["--quiet"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stdout.is_empty());
    let value = f32::from_bits(model.expected(&model.variables[0], 0, (161, 233), 50) as u32);
    let line = format!("cell 161-233, 1860-02-20: the dumps say {value:e}, the file says -1.5e0");
    assert!(talk(&output).contains(&line), "{line:?} is not in {}", talk(&output));
}

/// A byte is changed anywhere in a file: nothing worse than an error may come of it, and values never differ unseen.
#[test]
fn a_damaged_file_is_found_or_harmless() {
    let _turn = alone();
    let model = five_rows_model();
    let folder = model.write();
    assert_eq!(grid(&folder, &["--variables", "csoil_1"]).status.code(), Some(0));
    let path = check::file_of(&folder.out(), "csoil_1");
    let bytes = std::fs::read(&path).expect("a file");
    let mut found = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&path, &damaged).expect("a file");
        let output = verify(&folder, &folder.out(), &[]);
        match output.status.code() {
            Some(0) => {
                check::exact(&model, &folder.out());
            }
            Some(1 | 2 | 4) => found += 1,
            status => panic!("byte {at}: {status:?} {}", talk(&output)),
        }
    }
    assert!(found > 0, "no damage was found at all");
}
