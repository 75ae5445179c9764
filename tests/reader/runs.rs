//! What the model writes: the sample in the repository, and real runs where there are some.

use std::path::Path;

use gridloom::caete;
use gridloom::dump::{Container, Dump, Limits, Value, ValueKind};
use gridloom::model::calendar::Calendar;
use gridloom_testkit::{files, here};

/// Key, type, and rows (0 stands for a series without rows), in the order of a dump.
const SERIES: [(&str, &str, usize); 37] = [
    ("emaxm", "float64", 0),
    ("tsoil", "float64", 0),
    ("photo", "float32", 0),
    ("aresp", "float32", 0),
    ("npp", "float32", 0),
    ("rnpp", "float32", 0),
    ("lai", "float32", 0),
    ("csoil", "float32", 4),
    ("inorg_n", "float32", 0),
    ("inorg_p", "float32", 0),
    ("sorbed_n", "float32", 0),
    ("sorbed_p", "float32", 0),
    ("snc", "float32", 8),
    ("hresp", "float32", 0),
    ("rcm", "float32", 0),
    ("f5", "float32", 0),
    ("runom", "float64", 0),
    ("evapm", "float64", 0),
    ("wsoil", "float32", 0),
    ("rm", "float32", 0),
    ("rg", "float32", 0),
    ("wue", "float32", 0),
    ("cue", "float32", 0),
    ("cdef", "float32", 0),
    ("nmin", "float32", 0),
    ("pmin", "float32", 0),
    ("vcmax", "float32", 0),
    ("specific_la", "float32", 0),
    ("nupt", "float64", 2),
    ("pupt", "float64", 3),
    ("litter_l", "float64", 0),
    ("cwd", "float64", 0),
    ("litter_fr", "float64", 0),
    ("lnc", "float64", 6),
    ("ls", "float64", 0),
    ("c_cost", "float32", 0),
    ("storage_pool", "float64", 3),
];

const CUT: &str = "grd_171-226/spin0002.pkz";

#[test]
fn the_sample_run_is_read() {
    let folder = files::sample();
    let periods = files::files_below(&folder, "spin");
    assert_eq!(periods.len(), 35);
    for path in periods {
        if path.ends_with(CUT) {
            let error = Dump::open(&path, &Limits::default()).expect_err("half a file");
            assert!(error.to_string().contains(CUT), "{error}");
        } else {
            check_period(&path);
        }
    }
    let years = files::files_below(&folder, "metacommunity_");
    assert_eq!(years.len(), 36);
    years.iter().for_each(|path| check_year(path));
}

#[test]
fn real_runs_are_read() {
    let Some(folder) = here::real_runs() else { return };
    let periods = files::files_below(&folder, "spin");
    periods.iter().for_each(|path| check_period(path));
    files::files_below(&folder, "metacommunity_").iter().for_each(|path| check_year(path));
    println!("{} periods", periods.len());
}

fn open(path: &Path) -> Dump {
    Dump::open(path, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
}

fn check_period(path: &Path) {
    let dump = open(path);
    assert_eq!(dump.container(), Container::Lz4);
    let period = caete::period(dump.root()).expect("a period");
    assert_eq!(period.unit().calendar(), Calendar::ProlepticGregorian);
    assert_eq!(period.unit().text(), "days since 1860-01-01 00:00:00");
    let keys: Vec<&str> = dump.root().entries().filter_map(|(key, _)| key.as_str()).collect();
    let series = SERIES.iter().map(|(key, ..)| *key);
    let wanted: Vec<&str> = series.chain(["calendar", "time_unit", "sind", "eind"]).collect();
    assert_eq!(keys, wanted, "{}", path.display());
    for ((key, series), (_, dtype, rows)) in period.all_series().zip(SERIES) {
        assert_eq!(series.type_name().to_string(), dtype, "{key}");
        assert_eq!((series.has_rows(), series.rows()), (rows > 0, rows.max(1)), "{key}");
        assert_eq!(series.days(), if key == "emaxm" { 0 } else { period.days() }, "{key}");
        let (_, step) = series.layout(0);
        assert_eq!(step, rows.max(1) * series.size(), "{key} is not in Fortran order");
    }
    // Daily means of a forest, or of nothing: a wrong order or offset would give other magnitudes.
    let soil = dump.root().get("tsoil").and_then(|value| value.as_array()?.to_f64()).expect("temperatures");
    assert!(soil.iter().all(|&t| t.is_nan() || (-90.0..70.0).contains(&t)), "{}", path.display());
}

fn check_year(path: &Path) {
    let dump = open(path);
    assert_eq!(dump.container(), Container::LzmaAlone);
    let root = dump.root();
    let keys: Vec<&str> = root.entries().filter_map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        ["communities", "cveg", "cleaf", "croot", "cwood", "anpp", "uptake_costs", "mask", "year"],
        "{}",
        path.display()
    );
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let year = root.get("year").and_then(Value::as_i64).expect("a year");
    assert_eq!(name, format!("metacommunity_{year}"));
    for key in &keys[1..7] {
        assert!(root.get(key).and_then(Value::as_f64).is_some(), "{key}");
    }
    let mask = root.get("mask").and_then(|value| value.as_array()?.to_i64()).expect("a mask");
    let communities = root.get("communities").expect("communities");
    let alive = mask.iter().filter(|&&masked| masked == 0).count();
    assert!(communities.entries().len() <= alive.max(mask.len()), "{}", path.display());
    for (key, community) in communities.entries() {
        assert!(key.as_i64().is_some());
        check_community(community);
    }
}

fn check_community(community: Value<'_>) {
    let numbers =
        |key: &str| community.get(key).and_then(|value| value.as_array()?.to_f64()).expect("numbers");
    let strategies = numbers("id").len();
    assert!(strategies > 0);
    for key in ["vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp"] {
        assert_eq!(numbers(key).len(), strategies, "{key}");
    }
    for key in ["cleaf", "croot", "cwood", "uptake_costs", "anpp", "shannon_diversity"] {
        assert!(community.get(key).and_then(Value::as_f64).is_some(), "{key}");
    }
    if let Some(status) = community.get("limitation_status_leaf") {
        assert!(matches!(status.kind(), ValueKind::Tuple(count) if count == strategies));
        for pair in status.items() {
            let percent = pair.items().nth(1).and_then(Value::as_f64).expect("code and percent");
            assert!((0.0..=100.0).contains(&percent), "{percent}");
        }
    }
}
