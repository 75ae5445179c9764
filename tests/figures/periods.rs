//! Series over the periods of a spin-up: of which table is no matter, and what has no periods is refused.

use std::path::Path;

use gridloom::draw::scene::{Item, Scene};
use gridloom::figure::{Draft, Gather, Spec};
use gridloom_testkit::files::{self, project};
use gridloom_testkit::{here, program};

use super::{alone, complete, drawn, grid, gridloom};

const VARIABLES: &str = "npp,csoil_1,csoil_2";

/// Tables by period of a spin-up whose second period lacks a cell; nothing where there is no Python.
fn tables(folder: &Path) -> Option<String> {
    let python = here::python()?;
    let [run, out] = ["run", "out"].map(|name| folder.join(name).display().to_string());
    let sample = project("data/sample_run").display().to_string();
    here::script(&python, "make_spin_up.py", &[sample.as_str(), run.as_str()]);
    let kinds = "daily,stats,region";
    let made = gridloom(&[
        "tables",
        &run,
        "-o",
        &out,
        "--tables",
        kinds,
        "--by",
        "period",
        "--variables",
        VARIABLES,
    ]);
    assert_eq!(made.status.code(), Some(3), "{}", String::from_utf8_lossy(&made.stderr));
    Some(out)
}

fn refused(settings: &str) -> String {
    let spec: Spec = toml::from_str(settings).expect("settings");
    let mut gather = Gather::default();
    let drawn = Draft::of(&spec, &mut gather).and_then(|draft| draft.draw(&spec, &gather.run()));
    drawn.expect_err(settings).to_string()
}

/// The points of the longest stroke.
fn line(scene: &Scene) -> Vec<[f64; 2]> {
    let strokes = scene.items.iter().filter_map(|item| match item {
        Item::Stroke { lines, .. } => Some(lines),
        _ => None,
    });
    let open = strokes.flatten().filter(|line| !line.closed);
    open.map(|line| line.points.clone()).max_by_key(Vec::len).expect("a line")
}

#[test]
fn series_over_periods_are_those_of_python() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let Some(out) = tables(folder.path()) else { return };
    let program = program::path().display().to_string();
    let arguments = [program.as_str(), &out, folder.path().to_str().expect("UTF-8")];
    let python = here::python().expect("a Python");
    let compared: usize = here::script(&python, "check_figures.py", &arguments).parse().expect("a number");
    assert_eq!(compared, 24);
    for table in ["region", "stats", "daily"] {
        let scene = drawn(&format!(
            "kind = 'series'\ninput = '{out}/{table}.parquet'\nvariable = 'csoil_1'\nrange = [0, 50]"
        ));
        let points = line(&scene);
        // The four periods are equally far from each other, and the state falls.
        assert_eq!(points.len(), 4, "{table}");
        let steps: Vec<f64> = points.windows(2).map(|pair| pair[1][0] - pair[0][0]).collect();
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-6 && *step > 0.0), "{table}: {steps:?}");
        assert!(points[0][1] < points[1][1] && points[1][1] < points[3][1], "{table}: {points:?}");
        let [told] = scene.notes.as_slice() else { panic!("{:?}", scene.notes) };
        assert!(told.contains("csoil_1: means of period 2 are over fewer than the 6 cells"), "{told}");
        assert!(scene.title.starts_with("csoil_1 by period, means of each period"), "{}", scene.title);
    }
}

#[test]
fn periods_are_cut_by_their_days_and_cells_are_lines() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let Some(out) = tables(folder.path()) else { return };
    let of =
        |settings: &str| drawn(&format!("kind = 'series'\ninput = '{out}'\nvariable = 'npp'\n{settings}"));
    let months = line(&of("every = 'month'"));
    assert_eq!(months.len(), 4 * 12);
    // A month has a twelfth of a period.
    let (month, period) = (months[1][0] - months[0][0], months[12][0] - months[0][0]);
    assert!((12.0 * month - period).abs() < 1e-6, "{month} {period}");
    let cells = of("cells = [[4.75, -68.25], [4.3, -68.7]]");
    for words in ["170-223: ", "171-222: "] {
        assert!(cells.description.contains(words), "{}", cells.description);
    }
    let json =
        gridloom(&["plot", "series", &out, "--variable", "npp", "-o", &format!("{out}/p.svg"), "--json"]);
    let told = String::from_utf8_lossy(&json.stdout).into_owned();
    assert!(told.contains("region.parquet is taken, not stats.parquet, daily.parquet"), "{told}");
    // Of several runs in one table each is a line.
    let run = folder.path().join("run").display().to_string();
    let other = folder.path().join("other");
    files::copy(Path::new(&run), &other);
    let both = folder.path().join("both").display().to_string();
    let other = other.display().to_string();
    let made = gridloom(&[
        "tables",
        &run,
        &other,
        "-o",
        &both,
        "--tables",
        "stats",
        "--by",
        "period",
        "--variables",
        "npp",
    ]);
    assert_eq!(made.status.code(), Some(3), "{}", String::from_utf8_lossy(&made.stderr));
    let scene = drawn(&format!("kind = 'series'\ninput = '{both}'\nvariable = 'npp'"));
    assert!(
        scene.description.contains("run: ") && scene.description.contains("other: "),
        "{}",
        scene.description
    );
}

#[test]
fn what_has_no_periods_or_no_dates_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let Some(out) = tables(folder.path()) else { return };
    let plain = folder.path().join("plain").display().to_string();
    let run = project("data/sample_run").display().to_string();
    let made =
        gridloom(&["tables", &run, "-o", &plain, "--tables", "daily,stats,region", "--variables", "npp"]);
    assert_eq!(made.status.code(), Some(3), "{}", String::from_utf8_lossy(&made.stderr));
    for (settings, words) in [
        (format!("input = '{plain}'\nvariable = 'npp'"), "has no column \"period\""),
        (format!("input = '{plain}/daily.parquet'\nvariable = 'npp'"), "has no column \"period\""),
        (format!("inputs = ['{out}', '{}']\nvariable = 'npp'", grid("npp")), "draw grids and tables apart"),
        (format!("input = '{out}'\nvariable = 'lai'"), "is not a variable of"),
        (format!("input = '{out}'\nvariable = 'npp'\nfrom = '1979-02-01'"), "by period"),
        (format!("input = '{out}'\nvariable = 'npp'\nafter = '{out}'"), "by period"),
        (format!("inputs = ['{out}', '{out}']\nvariable = 'npp'\nspread = 'ensemble'"), "by period"),
        (
            format!("input = '{out}/region.parquet'\nvariable = 'npp'\nevery = 'year'"),
            "daily.parquet by period has days",
        ),
        (
            format!("input = '{out}/region.parquet'\nvariable = 'npp'\ncells = [[4.75, -68.25]]"),
            "has regions and no cells",
        ),
        (
            format!("input = '{out}'\nvariable = 'npp'\ncells = [[50.0, 0.0]]"),
            "no cell of stats.parquet is there",
        ),
        (
            format!("input = '{out}'\nvariable = 'npp'\nbbox = [50, 40, 0, 10]"),
            "no cell of stats.parquet is in the box",
        ),
        (format!("input = '{out}'\nvariable = 'npp'\nrunning = 9"), "the series has 4 steps"),
        (format!("input = '{run}'\nvariable = 'npp'"), "which are made of a run before"),
    ] {
        let told = refused(&format!("kind = 'series'\n{settings}"));
        assert!(told.contains(words), "{settings}: {told}");
    }
    // Dates that are repeated are no time axis.
    for kind in ["climatology", "map", "hovmoller", "scatter", "compare"] {
        let variables = if kind == "scatter" { "['npp', 'csoil_1']" } else { "['npp']" };
        for input in [out.clone(), format!("{out}/daily.parquet")] {
            let inputs =
                if kind == "compare" { format!("['{input}', '{input}']") } else { format!("['{input}']") };
            let told = refused(&format!("kind = '{kind}'\ninputs = {inputs}\nvariables = {variables}"));
            assert!(told.contains("this figure is drawn of grids"), "{kind}: {told}");
        }
    }
    complete(&["plot", "series", &out, "--variable", "npp", "-o", &format!("{out}/p.png"), "-q"]);
}
