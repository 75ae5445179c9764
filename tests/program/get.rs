//! The series of one place: the same values from dumps, an archive, grids and records, in each form, and what is missing told.

use std::path::Path;

use gridloom_testkit::files::{self, name};
use gridloom_testkit::{here, program};

/// What the program wrote to stdout, how it ended, and what it said.
fn get(arguments: &[&str]) -> (Vec<u8>, Option<i32>, String) {
    let output = program::command().arg("get").args(arguments).output().expect("the program");
    (output.stdout.clone(), output.status.code(), program::talk(&output))
}

fn text(arguments: &[&str]) -> String {
    let (bytes, status, said) = get(arguments);
    assert!(matches!(status, Some(0 | 3)), "{arguments:?}: {status:?} {said}");
    String::from_utf8(bytes).expect("text")
}

fn make(arguments: &[&str]) {
    let output = program::command().args(arguments).arg("-q").output().expect("the program");
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {}", program::talk(&output));
}

const CHOSEN: [&str; 2] = ["--variables", "npp,csoil_2,tsoil"];

#[test]
fn a_cell_is_the_same_from_every_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let run = files::sample();
    make(&[&["grid", name(&run), "-o", name(&path("grids"))], &CHOSEN[..]].concat());
    make(&[&["grid", name(&run), "-o", name(&path("single")), "--single"], &CHOSEN[..]].concat());
    make(&["grid", name(&run), "-o", name(&path("rows")), "--rows", "dimension", "--variables", "csoil"]);
    make(&["cells", "write", name(&run), "-o", name(&path("run.nc"))]);
    let of_cell =
        |path: &Path, more: &[&str]| text(&[&[name(path), "--cell", "170-223"], &CHOSEN[..], more].concat());
    let from_dumps = of_cell(&run, &[]);
    let lines: Vec<&str> = from_dumps.lines().collect();
    // In the order of the run.
    assert_eq!(lines[0], "day,tsoil,npp,csoil_2");
    assert_eq!((lines.len(), lines[1].split(',').next()), (1005, Some("1979-01-01")));
    assert_eq!(of_cell(&path("run.nc"), &[]), from_dumps);
    assert_eq!(of_cell(&path("single"), &[]), from_dumps);
    // Separate files come in the order of their names.
    let sorted = |text: &str| -> Vec<String> {
        let mut heading = None;
        let line = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            let names =
                heading.get_or_insert_with(|| fields.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
            let mut named: Vec<String> =
                names.iter().zip(fields).map(|(name, field)| format!("{name}={field}")).collect();
            named.sort();
            named.join(" ")
        };
        text.lines().map(line).collect()
    };
    assert_eq!(sorted(&of_cell(&path("grids"), &[])), sorted(&from_dumps));
    // Where the cell is, and a part of its days.
    let at = text(
        &[&[name(&run), "--at", "4.6,-68.3", "--from", "1980-02-28", "--to", "1980-03-01"], &CHOSEN[..]]
            .concat(),
    );
    let expected: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| {
            line.starts_with("day")
                || ("1980-02-28".."1980-03-02").contains(&line.split(',').next().unwrap_or_default())
        })
        .collect();
    assert_eq!(at.lines().collect::<Vec<_>>(), expected);
    let grids = [name(&path("single")), "--at", "4.6,-68.3", "--from", "1980-02-28", "--to", "1980-03-01"]
        .map(str::to_owned);
    assert_eq!(text(&grids.iter().map(String::as_str).chain(CHOSEN).collect::<Vec<_>>()), at);
    // Each row of a dimension of rows.
    let rows = text(&[name(&path("rows")), "--cell", "170-223"]);
    assert_eq!(rows, text(&[name(&run), "--cell", "170-223", "--variables", "csoil"]));
    let csv: Vec<String> = sorted(&from_dumps);
    assert_eq!(csv.len(), 1005);
    // Records.
    let (records, status, said) =
        get(&[name(&files::project("data/records/vic/vic.toml")), "--at", "41.25,-121.25"]);
    let is_told = String::from_utf8_lossy(&records).starts_with("day,") || said.contains("the nearest is");
    assert!(is_told, "{status:?} {said}");
}

/// Of files of one variable in a folder the daily one is taken, and told; the file itself gives another one.
#[test]
fn the_daily_file_of_a_folder_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (run, out) = (files::sample(), path("grids"));
    let run = name(&run);
    let cell = ["--cell", "170-223"];
    make(&["grid", run, "-o", name(&out), "--variables", "npp,tsoil"]);
    // Of several pieces of work, put together by hand.
    let beside = |words: &[&str], more: &str| {
        make(&[words, &["-o", name(&path(more))]].concat());
        for file in
            files::files_below(&path(more), "").iter().filter(|file| file.extension() == Some("nc".as_ref()))
        {
            std::fs::copy(file, out.join(file.file_name().expect("a name"))).expect("a copy");
        }
    };
    beside(&["grid", run, "--variables", "npp", "--every", "month", "--stat", "mean,max"], "monthly");
    beside(&["tables", run, "--tables", "annual"], "yearly");
    let of = |variables: &str| {
        let (bytes, status, said) = get(&[&[name(&out)], &cell[..], &["--variables", variables]].concat());
        (String::from_utf8(bytes).expect("text"), status, said)
    };
    let (daily, status, said) = of("npp");
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(daily, text(&[&[run], &cell[..], &["--variables", "npp"]].concat()));
    let is_told = said.contains("note: npp_")
        && said.contains("(daily values, ")
        && said.contains("is taken, not npp_month_max");
    assert!(is_told && said.contains("(monthly means, "), "{said}");
    // Without names all that is daily is, and the rest is told.
    let (all, status, said) = get(&[&[name(&out)], &cell[..]].concat());
    assert!(all.starts_with(b"day,npp,tsoil\n"), "{status:?} {said}");
    assert!(status == Some(0) && said.contains("annual_cveg_") && said.contains("is left out"), "{said}");
    // What is named has its own steps, which are no others'.
    let (yearly, status, said) = of("cveg");
    assert!(yearly.lines().count() == 4 && status == Some(0), "{yearly} {said}");
    let (_, status, said) = of("npp,cveg");
    assert!(status == Some(2) && said.contains("ask for it by itself"), "{said}");
    let monthly = files::files_below(&out, "npp_month_mean");
    let monthly = text(&[&[name(&monthly[0])], &cell[..]].concat());
    assert_eq!(monthly.lines().count(), 34, "{monthly}");
    // Of a file of series and one of maps, which have the same, the first is taken.
    let both = path("both");
    make(&["grid", run, "-o", name(&both), "--variables", "npp", "--layout", "both"]);
    let (_, status, said) = get(&[&[name(&both)], &cell[..]].concat());
    assert!(status == Some(0) && said.contains("is taken, not npp_") && said.contains("_map.nc"), "{said}");
    let picture = path("map.png");
    make(&["plot", "map", name(&both), "--variable", "npp", "-o", name(&picture)]);
    // Without a daily one the means are taken, and where several fit alike they are told.
    files::files_below(&out, "npp_sample")
        .iter()
        .for_each(|file| std::fs::remove_file(file).expect("a file"));
    assert_eq!(of("npp").0, monthly);
    std::fs::copy(&files::files_below(&out, "npp_month_mean")[0], out.join("again.nc")).expect("a copy");
    let (_, status, said) = of("npp");
    assert!(status == Some(2) && said.contains("give the file that is meant"), "{said}");
}

#[test]
fn one_of_two_files_of_a_variable_is_not_taken_for_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let run = files::sample();
    for out in ["one", "other"] {
        make(&["grid", name(&run), "-o", name(&path(out)), "--variables", "npp"]);
    }
    let grid = |out: &str| files::files_below(&path(out), "npp_").into_iter().next().expect("a grid");
    let (one, other) = (grid("one"), grid("other"));
    std::fs::create_dir(path("both")).expect("a folder");
    std::fs::copy(&one, path("both").join("a.nc")).expect("a copy");
    std::fs::copy(&other, path("both").join("b.nc")).expect("a copy");
    let (_, status, said) = get(&[name(&one), name(&other), "--cell", "170-223"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("as well as in a file before"), "{said}");
    let tables = |arguments: &[&str]| {
        let out = path("tables");
        let words = [&["tables"], arguments, &["-o", name(&out), "--tables"]].concat();
        program::command().args(words).arg("region").output().expect("the program")
    };
    let windows = [
        "--reference-from",
        "1979-01-01",
        "--reference-to",
        "1979-12-31",
        "--from",
        "1980-01-01",
        "--to",
        "1980-12-31",
    ];
    let both = path("both");
    let of_reference = [&[name(&one), "--reference", name(&both)], &windows[..]].concat();
    for arguments in [&[name(&one), name(&other)][..], &of_reference] {
        let output = tables(arguments);
        let said = program::talk(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("has npp on the same days as"), "{said}");
    }
    // A place within the grid where no cell is.
    let nothing = get(&[name(&one), "--cell", "172-226"]);
    assert!(nothing.1 == Some(0) && nothing.2.contains("empty: npp without a value"), "{}", nothing.2);
    assert!(!get(&[name(&one), "--cell", "170-223"]).2.contains("empty:"));
    // The same file twice is one.
    let output = tables(&[name(&one), name(&one)]);
    assert_eq!(output.status.code(), Some(0), "{}", program::talk(&output));
}

#[test]
fn each_form_says_what_csv_says() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = files::sample();
    // A cell with a damaged dump.
    let of = |format: &str, variables: &str| {
        let (bytes, status, said) =
            get(&[name(&run), "--cell", "171-226", "--variables", variables, "--format", format]);
        assert!(status == Some(3) && said.contains("cell 171-226, period 2"), "{status:?} {said}");
        let path = folder.path().join(format!("{variables}.{format}"));
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let mut paths: Vec<_> = ["csv", "json", "parquet"].map(|format| of(format, "npp,tsoil")).to_vec();
    paths.extend([of("npy", "npp"), of("npy", "csoil"), of("csv", "csoil")]);
    assert_eq!(here::script(&python, "check_get.py", &paths), "1004 steps");
}

#[test]
fn what_cannot_be_got_says_what_can() {
    let run = files::sample();
    for (arguments, words) in [
        (&["--cell", "1-1"][..], "does not have it"),
        (&["--at", "0,0"], "the nearest is"),
        (&["--at", "91,0"], "degrees north and east"),
        (&["--cell", "170-223", "--variables", "nothing"], "nothing"),
        (&["--cell", "170-223", "--format", "npy"], "one type"),
        (&[], "--cell"),
    ] {
        let (bytes, status, said) = get(&[&[name(&run)], arguments].concat());
        assert!(
            status == Some(2) && bytes.is_empty() && said.contains(words),
            "{arguments:?}: {status:?} {said}"
        );
    }
}

#[test]
fn what_is_lost_before_a_cell_is_read_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    // A line of a file of records.
    std::fs::write(
        path("a.csv"),
        "lat,lon,day,v\n0.25,0.25,2001-01-01,1\n0.25,0.75,2001-01-01,x\n0.25,0.75,2001-01-02,2\n",
    )
    .expect("records");
    let text = "[source]\nfiles = 'a.csv'\n[source.cell]\nlat = 'lat'\nlon = 'lon'\nstep = 0.5\n\
                [source.time]\nstamp = { column = 'day', format = '%Y-%m-%d' }\nstep = 'day'\n";
    std::fs::write(path("a.toml"), text).expect("a description");
    let (bytes, status, said) = get(&[name(&path("a.toml")), "--at", "0.25,0.25"]);
    let bytes = String::from_utf8(bytes).expect("text");
    assert!(status == Some(3) && said.contains("a.csv, line 3"), "{status:?} {said}");
    assert_eq!(bytes, "day,v\n2001-01-01,1\n2001-01-02,\n");
    // A gridded file that cannot be opened, beside one that has what is wanted, and where it may be it that has.
    make(&["grid", name(&files::sample()), "-o", name(&path("grids")), "--variables", "npp,lai"]);
    let lai = files::files_below(&path("grids"), "lai_").remove(0);
    std::fs::write(&lai, b"no longer a grid").expect("a file");
    let (bytes, status, said) = get(&[name(&path("grids")), "--cell", "170-223", "--variables", "npp*"]);
    assert!(status == Some(3) && said.contains("left out") && said.contains("lai_"), "{status:?} {said}");
    assert!(bytes.starts_with(b"day,npp\n"));
    let (bytes, status, said) = get(&[name(&path("grids")), "--cell", "170-223", "--variables", "npp,lai"]);
    assert!(status == Some(1) && bytes.is_empty() && said.contains("lai_"), "{status:?} {said}");
    // Grids that lie in the folder of a run hide nothing of it.
    files::copy(&files::sample(), &path("run"));
    std::fs::copy(files::files_below(&path("grids"), "npp_").remove(0), path("run/npp.nc")).expect("a file");
    assert!(text_of(&path("run")).starts_with("day,lai\n"));
}

fn text_of(run: &Path) -> String {
    text(&[name(run), "--cell", "170-223", "--variables", "lai"])
}
