//! Every bit of every dump, in every form.

use gridloom::archive::Codec;
use gridloom::model::element::Element;
use gridloom::model::grid::Cell;
use gridloom::plan::Resources;

use super::*;

const PERIODS: [(i64, i64); 3] = [(0, 40), (40, 150), (250, 30)];

const CODECS: [Codec; 5] = [Codec::None, Codec::Deflate(1), Codec::Deflate(9), Codec::Zstd(3), Codec::Lz4];

fn element(kind: Kind) -> Element {
    match kind {
        Kind::F32 => Element::Float32,
        Kind::F64 => Element::Float64,
        Kind::I16 => Element::Int16,
        Kind::U8 => Element::UInt8,
    }
}

/// Reads everything in several ways and compares with what the dumps were made of.
fn check(model: &Model, path: &Path) {
    let archive = Archive::open(path).expect("an archive");
    let days: Vec<i64> = PERIODS.iter().flat_map(|&(first, days)| first..first + days).collect();
    assert_eq!(archive.cells().len(), model.cells().len());
    for (row, column) in model.cells() {
        let cell = archive.cell(Cell { row, column }).expect("a cell");
        assert_eq!(cell.days().expect("days"), days);
        for variable in &model.variables {
            let name = if variable.key == "lat" { "lat__2" } else { &variable.key };
            let stored = cell.variable(name).expect("a variable");
            assert_eq!((stored.key(), stored.rows()), (variable.key.as_str(), variable.rows));
            assert_eq!((stored.element(), stored.length()), (element(variable.kind), days.len() as u64));
            let bits = |row: usize, day: i64| {
                let bits = (model.value)(variable, row, (cell.cell().row, cell.cell().column), day);
                bits.to_le_bytes()[..variable.kind.size()].to_vec()
            };
            let expected: Vec<u8> = (0..variable.rows.unwrap_or(1))
                .flat_map(|row| days.iter().flat_map(move |&day| bits(row, day)))
                .collect();
            assert_eq!(stored.all().expect("values").bytes, expected, "{name}");
            for range in [0..1, 39..41, 7..7, 100..220, 219..220] {
                let part = stored.read(range.clone()).expect("values");
                for row in 0..variable.rows.unwrap_or(1) {
                    let expected: Vec<u8> = days[range.start as usize..range.end as usize]
                        .iter()
                        .flat_map(|&day| bits(row, day))
                        .collect();
                    assert_eq!(part.row(row), expected, "{name}, {range:?}");
                }
            }
            let places: Vec<u64> = (0..300).map(|n| dumps::scramble(n) % days.len() as u64).collect();
            let points = stored.points(&places).expect("values");
            for row in 0..variable.rows.unwrap_or(1) {
                let expected: Vec<u8> =
                    places.iter().flat_map(|&place| bits(row, days[place as usize])).collect();
                assert_eq!(points.row(row), expected, "{name}");
            }
            for bytes in [1, 100, 5000, 1 << 20] {
                let mut next = 0;
                for slice in stored.slices(bytes) {
                    let (range, values) = slice.expect("values");
                    assert_eq!(range.start, next);
                    assert!(values.bytes.len() <= bytes || values.count == 1);
                    assert_eq!(values, stored.read(range.clone()).expect("values"));
                    next = range.end;
                }
                assert_eq!(next, stored.length());
            }
            assert!(stored.read(219..221).is_err() && stored.points(&[220]).is_err());
        }
    }
}

#[test]
fn every_bit_comes_back_from_every_codec_and_chunk() {
    let model = model(&PERIODS);
    let folder = model.write();
    for (number, codec) in CODECS.into_iter().enumerate() {
        let chunk_bytes = [512, 2048, 1 << 20][number % 3];
        let settings = settings().tune(Tune { chunk_bytes, codec }).overwrite(true);
        let report = write(&folder, &settings).expect("an archive");
        assert!(report.is_complete());
        assert_eq!((report.cells, report.dumps), (3, 9));
        check(&model, &file(&folder));
        let found = prove(&folder);
        assert_eq!((found.dumps, found.gone), (9, 0));
    }
}

#[test]
fn threads_change_nothing() {
    let folder = model(&PERIODS).write();
    let mut files = Vec::new();
    for threads in ["1", "4"] {
        let out = folder.path().join(format!("threads-{threads}.nc"));
        let mut command = program::command();
        command.args(["cells", "write", "--quiet", "--threads", threads, "-o"]).arg(&out).arg(folder.run());
        command.assert().success();
        files.push(std::fs::read(out).expect("a file"));
    }
    assert!(files[0] == files[1]);
}

/// Types and rows that differ between the dumps of a cell, and keys that not all have.
#[test]
fn dumps_that_differ_lose_nothing() {
    let mut early = model(&[(0, 40)]);
    early.dumps.truncate(1);
    let mut late = model(&[(0, 40), (40, 30)]);
    late.dumps.retain(|dump| dump.period == 2 && dump.cell == (160, 230));
    late.variables[0].kind = Kind::F64;
    late.variables[1].rows = Some(4);
    late.variables.remove(2);
    late.variables.push(Variable::new("new", Kind::F32, None));
    let folder = late.write_to(early.write());
    let report = write(&folder, &small()).expect("an archive");
    assert!(report.is_complete(), "{:?}", report.faults);
    prove(&folder);
    let archive = Archive::open(file(&folder)).expect("an archive");
    let cell = archive.cell(Cell { row: 160, column: 230 }).expect("a cell");
    let names: Vec<&str> = cell.variables().collect();
    assert_eq!(names, ["npp", "csoil", "ls", "f5", "lat__2", "npp__2", "csoil__2", "new"]);
    let fill = cell.variable("new").expect("a variable").read(0..40).expect("values");
    assert!(fill.to_f64().iter().all(|&value| value == f64::from(1e20f32)));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_there() {
    let model = model(&PERIODS);
    let folder = model.write();
    std::fs::write(folder.dump((160, 231), 2), b"no dump").expect("a file");
    std::fs::remove_file(folder.dump((161, 230), 1)).expect("a file");
    let report = write(&folder, &settings()).expect("an archive");
    let named = work::faults(&report.faults);
    assert_eq!(report.faults.len(), 2, "{named:?}");
    assert!(!report.is_complete());
    let found = prove(&folder);
    assert_eq!((found.dumps, found.faults.len()), (7, 2));
    let archive = Archive::open(file(&folder)).expect("an archive");
    let entries: Vec<u64> = archive.entries().expect("entries").values().map(|entry| entry.faults).collect();
    assert_eq!(entries, [0, 1, 1]);
    let days = archive.cell(Cell { row: 160, column: 231 }).expect("a cell").days().expect("days");
    assert_eq!(days.len(), 70);
}

/// The run that an archive stands for has the cells and dumps of the one that it was made of, and lacks what that lacked.
#[test]
fn an_archive_lists_what_its_run_has() {
    let folder = model(&PERIODS).write();
    std::fs::write(folder.dump((160, 231), 2), b"no dump").expect("a file");
    std::fs::remove_file(folder.dump((161, 230), 1)).expect("a file");
    change::years(&folder, &[1979, 1981]);
    write(&folder, &settings()).expect("an archive");
    let listed = |path: &Path| {
        let run = gridloom::run::Run::open(path, work::half_degree()).expect("a run");
        let cells = run.cells.iter();
        cells.map(|cell| (cell.cell, cell.periods.clone(), cell.years.clone())).collect::<Vec<_>>()
    };
    assert_eq!(listed(&file(&folder)), listed(&folder.run()));
    let output = program::command().arg("inspect").arg(file(&folder)).output().expect("the program");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(" archived\n"), "{text}");
}

/// What the run has and the archive has not, or has otherwise, is named; what the run has no more is counted.
#[test]
fn differences_from_the_run_are_named() {
    let mut model = model(&PERIODS);
    let folder = model.write();
    let later = folder.dump((161, 230), 3);
    let away = [folder.path().join("dump"), folder.path().join("cell")];
    let cell = folder.run().join("grd_160-230");
    change::years(&folder, &[1979]);
    std::fs::rename(&later, &away[0]).expect("a file");
    std::fs::rename(&cell, &away[1]).expect("a folder");
    write(&folder, &settings()).expect("an archive");
    std::fs::rename(&away[0], &later).expect("a file");
    std::fs::rename(&away[1], &cell).expect("a folder");
    change::years(&folder, &[1980]);
    model.value = dumps::mixed(12);
    let other = model.dump_mut((160, 231), 2).clone();
    folder.put(&other, &model.entries(&other));
    std::fs::remove_file(folder.dump((160, 231), 1)).expect("a file");
    let found = archive::verify(file(&folder), Some(&run(&folder)), &Default::default()).expect("an archive");
    assert_eq!(
        found.differences,
        [
            "cell 160-231, spin0002.pkz: the dump is not the one that was archived",
            "cell 161-230, spin0003.pkz: the dump is not the one that was archived",
            "cell 161-230, metacommunity_1980.pkz: the archive does not have it",
            "cell 160-230: the archive does not have it",
        ]
    );
    assert_eq!((found.gone, found.dumps), (1, 4));
}

#[test]
fn memory_bounds_the_threads_or_is_refused() {
    let folder = model(&PERIODS).write();
    let little = settings().resources(Resources::new(2, 1 << 16));
    assert!(write(&folder, &little).is_err_and(|error| error.kind() == ErrorKind::Memory));
}

/// Grids and tables of an archive are those of its run.
#[test]
fn an_archive_stands_for_its_run() {
    let run = files::sample();
    let folder = Folder::new();
    let archive = folder.path().join("sample_run.nc");
    let mut command = program::command();
    command.args(["cells", "write", "--quiet", "-o"]).arg(&archive).arg(&run);
    command.assert().code(3);
    let mut files = Vec::new();
    for (name, source) in [("run", &run), ("archive", &archive)] {
        let (grids, tables) = (folder.path().join(name), folder.path().join(format!("{name}-tables")));
        let mut command = program::command();
        command.arg("grid").arg(source).arg("-o").arg(&grids).args(["--quiet", "--variables", "npp,csoil"]);
        command.assert().code(3);
        let mut command = program::command();
        command.arg("tables").arg(source).arg("-o").arg(&tables);
        command.args(["--quiet", "--tables", "daily,strategies,community,cell_year", "--format", "csv"]);
        command.assert().code(3);
        let mut found = BTreeMap::new();
        for folder in [grids, tables] {
            for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.path().is_file() && name != "report.json" {
                    found.insert(name, std::fs::read(entry.path()).expect("a file"));
                }
            }
        }
        assert_eq!(found.len(), 9);
        files.push(found);
        // The same command has nothing left to do: dumps inside of an archive are known again.
        let mut command = program::command();
        command.arg("grid").arg(source).arg("-o").arg(folder.path().join(name));
        command.args(["--quiet", "--json", "--variables", "npp,csoil"]);
        let output = command.output().expect("the program");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["units"]["found"], report["units"]["total"], "{name}");
    }
    assert!(files[0] == files[1], "grids or tables differ");
}

/// Shards go on with a plan that another process made of the archive; so does a command after a kill.
#[test]
fn shards_share_an_archive() {
    let folder = Folder::new();
    let archive = folder.path().join("sample_run.nc");
    let mut command = program::command();
    command.args(["cells", "write", "--quiet", "-o"]).arg(&archive).arg(files::sample());
    command.assert().code(3);
    let call = |arguments: &[&str], source: Option<&Path>, out: &str| {
        let mut command = program::command();
        command.timeout(std::time::Duration::from_secs(120));
        let (name, rest) = arguments.split_first().expect("a command");
        command.arg(name).args(source);
        let out = folder.path().join(out);
        match source {
            Some(_) => command.arg("-o").arg(out),
            None => command.arg(out),
        };
        command.args(rest).arg("--quiet");
        let output = command.output().expect("the program");
        output.status.code().unwrap_or_else(|| panic!("{arguments:?} never ends"))
    };
    let wanted = ["grid", "--variables", "npp,csoil"];
    assert_eq!(call(&wanted, Some(&archive), "whole"), 3);
    for shard in ["0/3", "1/3", "2/3"] {
        let code = call(&[&wanted[..], &["--shard", shard]].concat(), Some(&archive), "shards");
        assert!(matches!(code, 0 | 3), "{code}");
    }
    assert_eq!(call(&["publish"], None, "shards"), 3);
    let read = |out: &str| {
        let files = std::fs::read_dir(folder.path().join(out)).expect("a folder").flatten();
        let is_grid = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "nc");
        let files = files.map(|entry| entry.path()).filter(is_grid);
        files
            .map(|path| (path.file_name().map(ToOwned::to_owned), std::fs::read(&path).expect("a file")))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(read("whole").len(), 5);
    assert!(read("whole") == read("shards"));
}
