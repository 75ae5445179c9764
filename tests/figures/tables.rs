//! Figures of tables: what they say is what Python says of the same tables; and each is drawn where its table says.

use std::path::Path;
use std::sync::OnceLock;

use gridloom::draw::scene::{Item, Scene};
use gridloom::figure::{Draft, Gather, Spec};
use gridloom_testkit::files::project;
use gridloom_testkit::here::{self, real_runs};
use gridloom_testkit::program;

use super::{alone, complete, drawn, gridloom};

/// Tables of a run, with two traits of each strategy that are made up.
fn tables(run: &Path, folder: &Path) -> String {
    let traits = folder.join("traits.csv");
    let mut rows = "PLS_id,g1,odd\n".to_owned();
    for strategy in 0..4000 {
        rows.push_str(&format!("{strategy},{},{}\n", (strategy * 37 % 101) as f64 / 8.0, strategy % 7));
    }
    std::fs::write(&traits, rows).expect("traits");
    let out = folder.join("tables").display().to_string();
    let (run, traits) = (run.display().to_string(), traits.display().to_string());
    let names = "biomass,strategies,limitation";
    let made = gridloom(&["tables", &run, "-o", &out, "--tables", names, "--traits", &traits, "-q"]);
    assert!(matches!(made.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&made.stderr));
    out
}

/// Those of the sample run, made once.
fn sample() -> &'static str {
    static TABLES: OnceLock<(tempfile::TempDir, String)> = OnceLock::new();
    let (_, path) = TABLES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = tables(&project("data/sample_run"), folder.path());
        (folder, path)
    });
    path
}

fn check(tables: &str) -> usize {
    let Some(python) = here::python() else { return usize::MAX };
    let folder = tempfile::tempdir().expect("a folder");
    let program = program::path().display().to_string();
    let arguments = [program.as_str(), tables, folder.path().to_str().expect("UTF-8")];
    here::script(&python, "check_figures.py", &arguments).parse().expect("a number")
}

fn refused(settings: &str) -> String {
    let spec: Spec = toml::from_str(settings).expect("settings");
    let mut gather = Gather::default();
    let drawn = Draft::of(&spec, &mut gather).and_then(|draft| draft.draw(&spec, &gather.run()));
    drawn.expect_err(settings).to_string()
}

#[test]
fn strategies_and_limitation_are_those_of_python() {
    let _alone = alone();
    assert!(check(sample()) > 200);
}

#[test]
fn strategies_and_limitation_of_the_models_own_run() {
    let _alone = alone();
    let Some(runs) = real_runs() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    assert!(check(&tables(&runs.join("k34_region"), folder.path())) > 200);
}

#[test]
fn a_spin_up_is_that_of_python() {
    let _alone = alone();
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [run, out] = ["run", "out"].map(|name| folder.path().join(name).display().to_string());
    let sample = project("data/sample_run").display().to_string();
    here::script(&python, "make_spin_up.py", &[sample.as_str(), run.as_str()]);
    let made = gridloom(&["tables", &run, "-o", &out, "--tables", "drift", "-q"]);
    assert_eq!(made.status.code(), Some(3), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(check(&out) > 60);
    let scene = drawn(&format!("kind = 'drift'\ninput = '{out}'\nvariables = ['wsoil', 'csoil_1']"));
    assert!(scene.description.contains("wsoil: ") && scene.description.contains("csoil_1: "));
    assert!(!scene.description.contains("csoil_2") && scene.title.contains("without all periods left out"));
    let words = refused(&format!("kind = 'drift'\ninput = '{out}'\nvariable = 'npp'"));
    assert!(words.contains("is not a state of"), "{words}");
}

/// The heights of all bars of a panel, from below, by their left edges.
fn bars(scene: &Scene, panel: usize) -> Vec<f64> {
    let frames: Vec<[f64; 4]> = scene
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Stroke { lines, .. }
                if lines.len() == 1 && lines[0].closed && lines[0].points.len() == 4 =>
            {
                let points = &lines[0].points;
                Some([points[0][0], points[0][1], points[2][0], points[2][1]])
            }
            _ => None,
        })
        .collect();
    let [left, top, right, bottom] = frames[panel];
    let inside = |point: &[f64; 2]| {
        (left..=right).contains(&point[0]) && (top - 0.01..=bottom + 0.01).contains(&point[1])
    };
    let lines = scene.items.iter().filter_map(|item| match item {
        Item::Fill { lines, .. } => Some(lines),
        _ => None,
    });
    let bars = lines.flatten().filter(|line| line.points.len() == 4 && line.points.iter().all(inside));
    bars.map(|line| (line.points[2][1] - line.points[0][1]) / (bottom - top)).collect()
}

#[test]
fn bars_of_a_process_fill_its_panel() {
    let _alone = alone();
    let scene = drawn(&format!("kind = 'limitation'\ninput = '{}'", sample()));
    for panel in 0..5 {
        let whole: f64 = bars(&scene, panel).iter().sum();
        assert!((whole - 3.0).abs() < 1e-9, "three years of 1: {whole}");
    }
    let one = drawn(&format!("kind = 'limitation'\ninput = '{}'\nyears = '1980'", sample()));
    assert!(
        (bars(&one, 4).iter().sum::<f64>() - 1.0).abs() < 1e-9
            && one.description.contains("in 1980 and 1980")
    );
}

#[test]
fn what_strategies_cannot_show_is_refused() {
    let _alone = alone();
    let tables = sample();
    for (settings, words) in [
        ("kind = 'boxes'", "wants 1 to 6 traits"),
        ("kind = 'boxes'\ntrait = 'nix'", "is not a column"),
        (
            "kind = 'boxes'\ntrait = 'g1'\nyears = '1979,1999'",
            "biomass.parquet is of it; there are the years 1979-1981",
        ),
        ("kind = 'boxes'\ntrait = 'g1'\nyears = '1981-1979'", "wants years and ranges"),
        ("kind = 'boxes'\ntrait = 'g1'\nby = 'area'", "wants boxes"),
        ("kind = 'boxes'\ntrait = 'g1'\narea = 'a=1,0,0,1'", "are for area"),
        ("kind = 'boxes'\ntrait = 'g1'\nby = 'area'\narea = 'sea=-80,-85,0,1'", "\"sea\""),
        ("kind = 'boxes'\ntrait = 'g1'\nby = 'area'\narea = 'a=0,1,0,1'", "NAME=N,S,W,E"),
        ("kind = 'boxes'\ntrait = 'g1'\nmask = 'x.geojson'", "are for area"),
        ("kind = 'boxes'\ntrait = 'g1'\nby = 'region'\nmask = 'x.geojson'", "x.geojson"),
        ("kind = 'density'\ntrait = 'g1'", "1 given; a density is of two"),
        ("kind = 'density'\ntraits = ['g1', 'odd']\nyears = '1985-1990'", "there are the years 1979-1981"),
        ("kind = 'limitation'\nyears = '2001'", "\"2001\""),
        ("kind = 'limitation'\nyears = '1980,1950'", "no row of "),
        (
            "kind = 'limitation'\nyears = '1980,1950'",
            "limitation.parquet is of it; there are the years 1979-1981",
        ),
        ("kind = 'limitation'\ntraits = ['g1']", "is not a setting of limitation"),
        ("kind = 'drift'", "drift.parquet"),
        ("kind = 'map'\nweight = 'carbon'", "is not a setting of map"),
    ] {
        let told = refused(&format!("{settings}\ninput = '{tables}'"));
        assert!(told.contains(words), "{settings}: {told}");
    }
    // Tables without traits, and other tables.
    let words = refused(&format!("kind = 'boxes'\ninput = '{tables}/limitation.parquet'\ntrait = 'g1'"));
    assert!(words.contains("not a table of strategies"), "{words}");
    let words = refused(&format!("kind = 'limitation'\ninput = '{tables}/biomass.parquet'"));
    assert!(words.contains("no column \"limitation_leaf_none_area\""), "{words}");
}

#[test]
fn a_damaged_table_is_told() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, settings) in [
        ("biomass.parquet", "kind = 'boxes'\ntrait = 'g1'"),
        ("limitation.parquet", "kind = 'limitation'"),
        ("biomass.parquet", "kind = 'density'\ntraits = ['g1', 'odd']"),
    ] {
        let bytes = std::fs::read(Path::new(sample()).join(name)).expect("a table");
        let path = folder.path().join(name);
        for (cut, flipped) in [(bytes.len() / 2, None), (bytes.len(), Some(bytes.len() / 3)), (5, None)] {
            let mut damaged = bytes[..cut].to_vec();
            if let Some(at) = flipped {
                damaged[at] ^= 64;
            }
            std::fs::write(&path, damaged).expect("a table");
            let told = refused(&format!("{settings}\ninput = '{}'", path.display()));
            assert!(told.contains("damaged") || told.contains("not a Parquet file"), "{told}");
        }
    }
}

#[test]
fn the_program_draws_each() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    for (kind, more) in [
        ("boxes", &["--trait", "g1,odd", "--by", "cell", "--weight", "carbon"][..]),
        ("boxes", &["--traits", "g1", "--by", "area", "--area", "a=20,-20,-90,-30", "--range", "0,5"]),
        ("density", &["--traits", "g1,odd", "--years", "1979-1981", "--levels", "5", "--cmap", "magma"]),
        ("limitation", &["--weight", "carbon", "--years", "1979,1981"]),
    ] {
        let pictures = [1, 3].map(|threads| {
            let picture = folder.path().join(format!("p{threads}.pdf")).display().to_string();
            let threads = threads.to_string();
            complete(&[&["plot", kind, sample(), "-o", &picture, "--threads", &threads], more].concat());
            std::fs::read(picture).expect("a picture")
        });
        assert!(pictures[0] == pictures[1] && pictures[0].starts_with(b"%PDF"), "{kind}");
    }
}

/// A table of two cells, at 0.25 and at 60.25 degrees north: whole numbers and floats, a column each.
fn two_cells(
    path: &Path,
    whole: &[(&str, [i32; 2])],
    floats: &[(&str, [f64; 2])],
    words: &[(&str, [&str; 2])],
) {
    use arrow_array::{
        ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    };
    use std::sync::Arc;
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("grid_y", Arc::new(Int32Array::from(vec![179, 59]))),
        ("grid_x", Arc::new(Int32Array::from(vec![240, 240]))),
        ("latitude", Arc::new(Float64Array::from(vec![0.25, 60.25]))),
        ("longitude", Arc::new(Float64Array::from(vec![-59.75, -59.75]))),
        ("pls_id", Arc::new(Int64Array::from(vec![3, 3]))),
        ("equilibrium", Arc::new(BooleanArray::from(vec![true, false]))),
    ];
    let of = |values: [i32; 2]| Arc::new(Int32Array::from(values.to_vec())) as ArrayRef;
    columns.extend(whole.iter().map(|(name, values)| (*name, of(*values))));
    let of = |values: [f64; 2]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    columns.extend(floats.iter().map(|(name, values)| (*name, of(*values))));
    let of = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    columns.extend(words.iter().map(|(name, values)| (*name, of(*values))));
    let batch = RecordBatch::try_from_iter(columns).expect("rows");
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).expect("a table");
    writer.write(&batch).expect("rows");
    writer.close().expect("a table");
}

/// On WGS 84 the cell in the north has 0.3339 of the ground of both: numpy's integral over its latitudes.
#[test]
fn cells_count_by_their_area() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let means = [("mean_1", [10.0, 20.0]), ("mean_2", [20.0, 10.0]), ("change_2", [-1.0, 1.0])];
    two_cells(&at("drift.parquet"), &[], &means, &[("variable", ["s", "s"]), ("units", ["kg", "kg"])]);
    let words = drawn(&format!("kind = 'drift'\ninput = '{}'", at("drift.parquet").display())).description;
    let wanted = "s: 13.34 and 16.66 kg, last change −0.3322 % a year, 50 % of 2 cells in equilibrium";
    assert!(words.contains(wanted), "{words}");
    let traits =
        [("occupation", [1.0, 1.0]), ("carbon", [1.0, 3.0]), ("t", [10.0, 20.0]), ("u", [-1.0, 1.0])];
    let of_year = [("year", [1990, 1990])];
    two_cells(&at("biomass.parquet"), &of_year, &traits, &[]);
    let input = format!("input = '{}'", folder.path().display());
    let words = drawn(&format!("kind = 'boxes'\n{input}\ntrait = 't'")).description;
    assert!(words.contains("1990: 10, 10, 10, 20, 20, mean 13.34"), "{words}");
    let words = drawn(&format!("kind = 'boxes'\n{input}\ntrait = 't'\nweight = 'carbon'")).description;
    assert!(words.contains("1990: 10, 10, 20, 20, 20, mean 16.01"), "{words}");
    let words = drawn(&format!("kind = 'density'\n{input}\ntraits = ['t', 'u']")).description;
    assert!(words.contains("1990: mean 13.34 and −0.3322, up to 66.61 %"), "{words}");
    let mut shares: Vec<(String, [f64; 2])> = Vec::new();
    for (begin, names) in [
        ("limitation_leaf", "none nitrogen phosphorus colimited"),
        ("limitation_root", "none nitrogen phosphorus colimited"),
        ("limitation_wood", "none nitrogen phosphorus colimited"),
        ("uptake_n", "passive am_roots em_roots am_hyphae em_hyphae organic_am organic_em"),
        (
            "uptake_p",
            "passive am_roots em_roots am_hyphae em_hyphae phosphatase_am_roots phosphatase_em_roots \
             phosphatase_am_hyphae exudates_em",
        ),
    ] {
        for (index, name) in names.split_whitespace().enumerate() {
            let values = if index == 0 { [1.0, 0.0] } else { [0.0, f64::from(u8::from(index == 1))] };
            shares.push((format!("{begin}_{name}_area"), values));
        }
    }
    let shares: Vec<(&str, [f64; 2])> =
        shares.iter().map(|(name, values)| (name.as_str(), *values)).collect();
    two_cells(&at("limitation.parquet"), &of_year, &shares, &[]);
    let words = drawn(&format!("kind = 'limitation'\n{input}")).description;
    assert!(words.contains("Leaf growth: none 66.61 and 66.61 %, nitrogen 33.39 and 33.39 %"), "{words}");
}
