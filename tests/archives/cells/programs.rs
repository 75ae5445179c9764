//! What other programs must read, other programs read: h5py, netCDF4 and xarray find in an archive what joblib finds in dumps.

use super::*;

fn check(python: &Path, run: &Path, options: &[&str]) {
    let folder = Folder::new();
    let archive = folder.path().join("archive.nc");
    let mut command = program::command();
    command.args(["cells", "write", "--quiet"]).args(options).arg(run).arg("-o").arg(&archive);
    let status = command.output().expect("the program").status.code();
    assert!(matches!(status, Some(0 | 3)), "{status:?}");
    println!("{options:?}: {}", here::script(python, "check_cells.py", &[run, &archive]));
}

#[test]
fn python_finds_every_number() {
    let Some(python) = here::python() else { return };
    let sample = files::sample();
    for options in [&[][..], &["--tune", "random"], &["--tune", "archive"], &["--no-compress"]] {
        check(&python, &sample, options);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let spin_up = folder.path().join("spin_up");
    here::script(&python, "make_spin_up.py", &[&sample, &spin_up]);
    check(&python, &spin_up, &[]);
    let Some(real) = here::real_runs() else { return };
    for run in ["k34_region", "meta_cell"] {
        check(&python, &real.join(run), &[]);
    }
}

fn stdout(arguments: &[&str], file: &Path) -> String {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut program = program::command();
    program.args(["cells", command]).arg(file).args(rest);
    let output = program.output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn values_are_printed() {
    let folder = Folder::new();
    let archive = folder.path().join("sample.nc");
    let mut command = program::command();
    command.args(["cells", "write", "--quiet", "-o"]).arg(&archive).arg(files::sample());
    command.assert().code(3);
    let csv = [
        "get",
        "--cell",
        "170-223",
        "--variables",
        "npp,csoil",
        "--from",
        "1979-12-31",
        "--to",
        "1980-01-01",
    ];
    insta::assert_snapshot!(stdout(&csv, &archive), @r"
    date,npp,csoil_1,csoil_2,csoil_3,csoil_4
    1979-12-31,0.93386376,21.84375,222.375,468.75,4500
    1980-01-01,0.94557947,21.828125,222.375,468.75,4500
    ");
    let json =
        ["get", "--cell", "170-223", "--variables", "npp", "--from", "1980-02-28", "--to", "1980-02-29"];
    let json = stdout(&[&json[..], &["--format", "json"]].concat(), &archive);
    insta::assert_snapshot!(json, @r#"{"calendar":"proleptic_gregorian","cell":"170-223","dates":["1980-02-28","1980-02-29"],"days":[43887,43888],"lat":4.75,"lon":-68.25,"units":"days since 1860-01-01 00:00:00","variables":{"npp":{"units":"kg m-2 year-1","type":"float32","values":[0.8655139,0.8653003]}}}"#);
    let list = stdout(&["list"], &archive);
    insta::assert_snapshot!(list.lines().take(3).map(|line| line[..line.len().min(60)].trim_end()).collect::<Vec<_>>().join("\n"), @r"
    cell            lat       lon     days start      end
    170-223        4.75    -68.25     1004 1979-01-01 1981-09-30
    170-224        4.75    -67.75     1004 1979-01-01 1981-09-30
    ");
    let lines = stdout(&["stream", "--variables", "npp", "--from", "1981-09-30"], &archive);
    insta::assert_snapshot!(lines.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    cell,date,npp
    170-223,1981-09-30,0.9115028
    170-224,1981-09-30,1.4775907
    ");
    assert_eq!(lines.lines().count(), 12, "a head, and a line for each cell but the one without the period");
    let json = stdout(&["stream", "--variables", "npp", "--format", "json"], &archive);
    for line in json.lines() {
        let _: serde_json::Value = serde_json::from_str(line).expect("JSON");
    }
    let _: serde_json::Value = serde_json::from_str(&stdout(&["list", "--json"], &archive)).expect("JSON");
    let cell = stdout(&["list", "--cell", "171-226"], &archive);
    assert!(cell.contains("spin0002.pkz") && cell.contains("the LZ4 data is damaged"), "{cell}");
}

#[test]
fn mistakes_get_their_cure() {
    let folder = Folder::new();
    let archive = folder.path().join("sample.nc");
    let mut command = program::command();
    command.args(["cells", "write", "--quiet", "-o"]).arg(&archive).arg(files::sample());
    command.assert().code(3);
    for (arguments, word) in [
        (&["get", "--cell", "1-1"][..], "the next is 170-223"),
        (&["get", "--cell", "x"], "185-240"),
        (&["get", "--cell", "170-223", "--variables", "nppp"], "it has tsoil"),
        (&["get", "--cell", "170-223", "--format", "npy"], "one variable"),
        (&["get", "--cell", "170-223", "--from", "1980-02-30"], "no such date"),
        (&["drop", "--cells", "1-1"], "no such cell"),
    ] {
        let (command, rest) = arguments.split_first().expect("a command");
        let mut program = program::command();
        program.args(["cells", command]).arg(&archive).args(rest);
        let output = program.output().expect("the program");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(word), "{told}");
    }
    let mut command = program::command();
    command.args(["cells", "write", "-o"]).arg(&archive).arg(files::sample());
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(2), "an archive that is there is not replaced unasked");
}
