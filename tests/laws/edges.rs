//! The ends of things: one cell, one day, nothing at all, the poles and the date line.

use gridloom::chunk::Shape;
use gridloom::model::grid::{self, Bounds};
use gridloom::pipeline::Report;
use gridloom::plan::{Area, Selection, Settings};
use gridloom::{ErrorKind, run::gridlist};
use gridloom_testkit::dumps::{self, Cell, Entry, Folder, Kind, Model, Variable, check};

use crate::work;

fn npp() -> Vec<Variable> {
    vec![Variable::new("npp", Kind::F32, None)]
}

fn area(area: Area) -> Settings {
    work::settings().selection(Selection::default().area(area))
}

/// Grids, compares with the model, verifies.
fn made(model: &Model, settings: Settings) -> (Folder, Report, check::Seen) {
    let folder = model.write();
    let report = work::grid(&folder, settings).expect("a run");
    let seen = check::exact(model, &folder.out());
    work::assert_verified(&folder);
    (folder, report, seen)
}

#[test]
fn one_cell_and_one_day() {
    for chunk in
        [None, Some(Shape { days: 1, rows: 1, columns: 1 }), Some(Shape { days: 7, rows: 3, columns: 3 })]
    {
        let settings = || work::settings().chunk(chunk);
        let (_, report, seen) = made(&Model::new(&[(183, 240)], &[(0, 1)], npp()), settings());
        assert_eq!((seen.days, seen.lat.clone(), seen.lon.clone()), (1, vec![-1.75], vec![-59.75]));
        assert_eq!((seen.values, seen.masked), (1, 0));
        assert_eq!((report.chunks.stored, report.dumps.decoded), (1, 1));
        let (_, _, seen) = made(&Model::new(&[(183, 240)], &[(0, 1000)], npp()), settings());
        assert_eq!((seen.values, seen.masked), (1000, 0));
        let cells = [(183, 240), (184, 241), (186, 243)];
        let (_, _, seen) = made(&Model::new(&cells, &[(5, 1)], npp()), settings());
        assert_eq!((seen.values, seen.masked), (3, 4 * 4 - 3));
    }
}

#[test]
fn arrays_without_values_give_no_file_and_are_named() {
    let model = Model::new(&[(1, 1), (2, 2)], &[(0, 10)], npp());
    let folder = model.write();
    for dump in &model.dumps {
        let mut entries = model.entries(dump);
        let empty = |shape: Vec<usize>| {
            Entry::Array(dumps::Array { dtype: "<f8".to_owned(), shape, fortran: false, bytes: Vec::new() })
        };
        entries.insert(0, ("emaxm".to_owned(), empty(vec![0])));
        folder.put(dump, &entries);
    }
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(check::exact(&model, &folder.out()).files, 1);
    assert!(report.is_complete() && report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.unusable_variables.keys().collect::<Vec<_>>(), ["emaxm"]);
}

/// They have days, but no value in any of them.
#[test]
fn arrays_without_rows_are_not_taken_for_values() {
    let model = Model::new(&[(1, 1), (2, 2)], &[(0, 10)], npp());
    let folder = model.write();
    for dump in &model.dumps {
        let mut entries = model.entries(dump);
        let array =
            dumps::Array { dtype: "<f8".to_owned(), shape: vec![0, 10], fortran: true, bytes: Vec::new() };
        entries.push(("rowless".to_owned(), Entry::Array(array)));
        folder.put(dump, &entries);
    }
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(check::exact(&model, &folder.out()).files, 1);
    assert_eq!(work::faults(&report.faults), [""; 0]);
    assert!(report.unusable_variables.contains_key("rowless"));
}

#[test]
fn a_chunk_may_be_larger_than_the_grid() {
    let cells = [(160, 230), (161, 232)];
    let model = Model::new(&cells, &[(0, 10)], npp());
    for (days, rows, columns) in [(10, 3, 3), (10, 2, 4), (64, 2, 3), (64, 16, 16)] {
        let (_, report, _) = made(&model, work::settings().chunk(Some(Shape { days, rows, columns })));
        assert_eq!(report.chunks.stored, 1);
    }
}

#[test]
fn grids_of_other_resolutions_are_verified_as_well() {
    let model = Model::new(&[(0, 0), (3, 5), (85, 170), (179, 359)], &[(0, 5)], npp());
    let folder = model.write();
    for cells_in_a_degree in [1.0, 2.0, 3.0, 4.0, 8.0, 10.0, 12.0, 60.0] {
        let grid = grid::Grid::from_resolution(1.0 / cells_in_a_degree).expect("a grid");
        let run = || gridloom::run::Run::open(folder.run(), grid).expect("a run");
        let listed = if cells_in_a_degree > 4.0 { Area::Cells } else { Area::Global };
        let settings = area(listed).codec(gridloom::chunk::Codec::Deflate(1));
        let plan = gridloom::plan::Plan::new(run(), settings).expect("a plan");
        let out = folder.path().join(format!("out{cells_in_a_degree}"));
        gridloom::pipeline::grid(&plan, &out, &Default::default(), &gridloom::Nobody).expect("a run");
        let (table, limits) =
            (gridloom::model::variables::VariableTable::caete(), gridloom::dump::Limits::default());
        let found =
            gridloom::verify::verify(&run(), &out, &table, &limits, work::resources()).expect("files");
        assert_eq!(
            (found.values, found.differences),
            (20, 0),
            "1/{cells_in_a_degree}: {:?}",
            found.first_differences
        );
    }
}

#[test]
fn a_run_without_a_usable_dump_is_an_error_and_writes_nothing() {
    let model = Model::new(&[(1, 1), (1, 2)], &[(0, 10), (10, 10)], npp());
    let damaged = model.write();
    for dump in &model.dumps {
        std::fs::write(damaged.dump(dump.cell, dump.period), b"nothing").expect("a file");
    }
    let bare = Folder::new();
    std::fs::create_dir(bare.run().join("grd_1-1")).expect("a folder");
    for folder in [damaged, bare] {
        let error = work::grid(&folder, work::settings()).expect_err("nothing is usable");
        assert!(error.kind() == ErrorKind::NothingUsable, "{error}");
        assert!(error.to_string().contains("made_up"), "{error}");
        assert!(!folder.out().exists(), "nothing is written");
    }
    let empty = Folder::new();
    let error = work::plan(&empty, work::settings()).expect_err("no cells");
    assert!(error.kind() == ErrorKind::NotASource, "{error}");
}

#[test]
fn what_is_no_gridcell_is_left_alone() {
    let model = Model::new(&[(160, 230), (161, 231)], &[(0, 20)], npp());
    let folder = model.write();
    let run = folder.run();
    for name in
        ["state_files_0a1b", "notes", "grd_1-720", "grd_360-1", "grd_007-1", "grd_1", "grd_-1-3", "GRD_3-3"]
    {
        std::fs::create_dir(run.join(name)).expect("a folder");
        std::fs::copy(folder.dump((160, 230), 1), run.join(name).join("spin0001.pkz")).expect("a file");
    }
    std::fs::write(run.join("grd_5-5"), b"a file").expect("a file");
    for name in
        ["spin1.pkz", "spin0002.pkz.part", "spin00003.pkz", "metacommunity_1979.pkz", "notes.txt", "spin.pkz"]
    {
        std::fs::write(run.join("grd_160-230").join(name), b"no dump").expect("a file");
    }
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(work::faults(&report.faults), ["1-720: off_grid", "360-1: off_grid"]);
    let seen = check::exact(&model, &folder.out());
    assert_eq!((seen.lat.len(), seen.lon.len(), seen.days), (2, 2, 20));
    let ignored = ["GRD_3-3", "grd_-1-3", "grd_007-1", "grd_1", "grd_5-5", "notes"];
    assert_eq!(report.ignored_entries, ignored);
    work::assert_verified(&folder);
}

#[test]
fn rows_at_the_poles() {
    for (rows, lat) in [([0, 1], [89.75, 89.25]), ([358, 359], [-89.25, -89.75])] {
        let cells = [(rows[0], 10), (rows[1], 11)];
        let (folder, _, seen) = made(&Model::new(&cells, &[(0, 9)], npp()), work::settings());
        assert_eq!(seen.lat, lat);
        let file = netcdf::open(check::file_of(&folder.out(), "npp")).expect("a file");
        let area = check::doubles(&file, "cell_area_lat_lon");
        assert!(area.iter().all(|&area| area > 0.0), "{area:?}");
    }
    let (_, _, seen) = made(&Model::new(&[(0, 5), (359, 5)], &[(0, 2)], npp()), work::settings());
    assert_eq!((seen.lat.len(), seen.lat[0], seen.lat[359]), (360, 89.75, -89.75));
}

#[test]
fn a_window_across_the_date_line_goes_on_past_180() {
    let cells = [(100, 718), (100, 719), (101, 0), (102, 2)];
    let model = Model { value: dumps::mixed(4), ..Model::new(&cells, &[(0, 30)], npp()) };
    for chunk in [None, Some(Shape { days: 8, rows: 2, columns: 2 })] {
        let (_, report, seen) = made(&model, work::settings().chunk(chunk));
        assert_eq!(seen.lon, [179.25, 179.75, 180.25, 180.75, 181.25]);
        assert_eq!((report.window.first_column, report.window.columns), (718, 5));
    }
    let both = Model::new(&[(7, 0), (7, 719)], &[(0, 3)], npp());
    assert_eq!(made(&both, work::settings()).2.lon, [179.75, 180.25]);
    let bounds = Bounds { north: 40.0, south: 38.0, west: 179.0, east: -178.0 };
    let (_, _, seen) = made(&model, area(Area::Bounds(bounds)));
    assert_eq!((seen.lon.first(), seen.lon.last(), seen.lon.len()), (Some(&179.25), Some(&181.75), 6));
    for (west, east, first, last) in [(-180.0, 180.0, -179.75, 179.75), (0.0, 360.0, 0.25, 359.75)] {
        let bounds = Bounds { north: 40.0, south: 38.0, west, east };
        let (_, _, seen) = made(&model, area(Area::Bounds(bounds)));
        assert_eq!((seen.lon.first(), seen.lon.last(), seen.lon.len()), (Some(&first), Some(&last), 720));
    }
}

#[test]
fn the_whole_globe() {
    let cells = [(0, 0), (0, 719), (359, 0), (359, 719), (180, 360)];
    let (_, report, seen) = made(&Model::new(&cells, &[(0, 3)], npp()), area(Area::Global));
    assert_eq!((seen.lat.len(), seen.lon.len(), seen.values), (360, 720, 15));
    assert_eq!((seen.lat[0], seen.lon[0], seen.lon[719]), (89.75, -179.75, 179.75));
    assert_eq!(report.window.cells, 5);
    assert!(report.chunks.stored <= 5, "only chunks with values are stored");
}

/// Centres on the edge are inside, those a hair behind it are not.
#[test]
fn a_box_includes_its_edges() {
    let cells: Vec<Cell> = (0..36).map(|cell| (170 + cell / 6, 230 + cell % 6)).collect();
    let model = Model::new(&cells, &[(0, 4)], npp());
    // Rows 171 to 173 and columns 232 to 234.
    let edges = Bounds { north: 4.25, south: 3.25, west: -63.75, east: -62.75 };
    let hair = 1e-9;
    for (bounds, lat, lon) in [
        (edges, vec![4.25, 3.75, 3.25], vec![-63.75, -63.25, -62.75]),
        (Bounds { north: edges.north - hair, ..edges }, vec![3.75, 3.25], vec![-63.75, -63.25, -62.75]),
        (Bounds { south: edges.south + hair, ..edges }, vec![4.25, 3.75], vec![-63.75, -63.25, -62.75]),
        (Bounds { west: edges.west + hair, ..edges }, vec![4.25, 3.75, 3.25], vec![-63.25, -62.75]),
        (Bounds { east: edges.east - hair, ..edges }, vec![4.25, 3.75, 3.25], vec![-63.75, -63.25]),
    ] {
        let (_, report, seen) = made(&model, area(Area::Bounds(bounds)));
        assert_eq!((seen.lat, seen.lon), (lat.clone(), lon.clone()));
        assert_eq!((seen.values, report.window.cells), (4 * lat.len() * lon.len(), lat.len() * lon.len()));
    }
    let empty = Bounds { north: 4.2, south: 3.8, west: -63.75, east: -62.75 };
    let far = Bounds { north: 80.0, south: 70.0, west: 0.0, east: 20.0 };
    for bounds in [empty, far] {
        let folder = model.write();
        let error = work::grid(&folder, area(Area::Bounds(bounds))).expect_err("nothing is inside");
        assert!(error.kind() == ErrorKind::Argument, "{error}");
        assert!(!folder.out().exists());
    }
}

#[test]
fn a_list_of_cells_may_name_some_that_the_run_lacks() {
    let cells: Vec<Cell> = (0..9).map(|cell| (10 + cell / 3, 20 + cell % 3)).collect();
    let mut model = Model::new(&cells, &[(0, 5)], npp());
    let folder = model.write();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "name,global_y,global_x\na,10,20\nb,12,21\nc,14,25\nb,12,21\n").expect("a list");
    let listed = gridlist::read(&list, work::half_degree()).expect("a list");
    assert_eq!(listed.len(), 3);
    let report = work::grid(&folder, area(Area::List(listed))).expect("a run");
    assert_eq!(work::faults(&report.faults), ["14-25: missing"]);
    model.dumps.retain(|dump| [(10, 20), (12, 21)].contains(&dump.cell));
    let seen = check::exact(&model, &folder.out());
    assert_eq!((seen.lat.len(), seen.lon.len(), seen.values), (5, 6, 10));
    let verified = work::assert_verified(&folder);
    assert_eq!(work::faults(&verified.faults), ["14-25: missing"]);

    let elsewhere = vec![grid::Cell { row: 300, column: 300 }];
    let error = work::plan(&folder, area(Area::List(elsewhere))).expect_err("no such cell");
    assert!(error.kind() == ErrorKind::Argument, "{error}");
}
