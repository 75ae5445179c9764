//! Fixed pictures of each kind, by the digests of their bytes: the same on every machine and at any number of threads.
//!
//! `golden.txt` holds them. Where pictures are meant to change, look at the new ones and then run
//! `GRIDLOOM_UPDATE_GOLDEN=FOLDER cargo test --test figures golden`: it writes the list again, and the pictures to FOLDER.

use std::fmt::Write;
use std::path::Path;

use gridloom::draw::scene::Scene;
use gridloom::draw::{Format, encode};
use gridloom_testkit::files;
use twox_hash::XxHash3_64;

use super::{drawn, grid, write_grid};

/// Whole numbers and quarters only, so that the values are the same wherever they are computed.
fn value(day: usize, lat: f64, lon: f64) -> f32 {
    let season = (day % 365) as f64 / 128.0;
    if lat < -18.0 && lon < -66.0 {
        1e20
    } else {
        (lat * 0.25 + lon * 0.125 + 16.0 + season * (2.0 - season)) as f32
    }
}

/// Tables of an evaluation.
const EVALUATION: [(&str, &str); 3] = [
    (
        "scores.csv",
        "name,units,pairs,bias,rmse,correlation,nse,kge\nall,K,4,0.5,0.25,0.75,0.5,\nnear the river,K,4,-0.5,0.25,0.5,0.5,0.5\n",
    ),
    (
        "pairs.csv",
        "station,period,units,model,observed\nnear the river,1,K,1,1\nnear the river,2,K,2,3\nfar,1,K,5,5\nfar,2,K,4,2\n",
    ),
    (
        "cycle.csv",
        "name,month,units,pairs,model,observed\nall,1,K,3,1,2\nall,2,K,3,2,4\nall,4,K,3,4,3\nnear the river,6,K,1,2,3\n",
    ),
];

/// The pictures: their names and what is drawn.
fn scenes(folder: &Path) -> Vec<(&'static str, Scene)> {
    let at = |name: &str| folder.join(name).display().to_string();
    let (lat, lon) = (super::centres(1.5, -24.0, 6.0), super::centres(1.5, -78.0, -42.0));
    write_grid(at("a.nc").as_ref(), &lat, &lon, 900, value);
    write_grid(at("b.nc").as_ref(), &lat, &lon, 900, |day, lat, lon| {
        let value = value(day, lat, lon);
        if value > 1e19 { value } else { value + ((lat + 9.0) * 0.125) as f32 }
    });
    let (lat, lon) = (super::centres(5.0, -90.0, 90.0), super::centres(5.0, -180.0, 180.0));
    write_grid(at("globe.nc").as_ref(), &lat, &lon, 1, |_, lat, lon| {
        if lat < -60.0 { 1e20 } else { (lat * lat / 64.0 + lon / 8.0) as f32 }
    });
    let (lat, lon) = (super::centres(1.5, -24.0, 6.0), super::centres(1.5, -78.0, -42.0));
    write_grid(at("years.nc").as_ref(), &lat, &lon, 4 * 365, |day, lat, lon| {
        let year = (day / 365) as f64;
        (lat * lon / 1024.0 + 8.0 + if year > 1.5 { lat / 16.0 } else { 0.0 } + (year % 2.0) * lon / 64.0)
            as f32
    });
    let tables = folder.join("tables").display().to_string();
    let run = files::sample().display().to_string();
    let traits = at("traits.csv");
    let rows: String = (0..4000).map(|id| format!("{id},{},{}\n", id * 37 % 101, id % 7)).collect();
    std::fs::write(&traits, format!("PLS_id,a,b\n{rows}")).expect("traits");
    let kinds = "biomass,limitation,drift";
    super::gridloom(&["tables", &run, "-o", &tables, "--tables", kinds, "--traits", &traits, "-q"]);
    let scores = folder.join("scores");
    std::fs::create_dir_all(&scores).expect("a folder");
    for (name, text) in EVALUATION {
        std::fs::write(scores.join(name), text).expect("a table");
    }
    let scores = scores.display();
    let windows = "from = '2002-01-01'\nreference-from = '2000-01-01'\nreference-to = '2001-12-31'";
    let (a, b, globe, npp) = (at("a.nc"), at("b.nc"), at("globe.nc"), grid("npp"));
    let years = at("years.nc");
    let settings = [
        ("map", format!("kind = 'map'\ninput = '{a}'\ncaption = 'A caption.'")),
        ("chunks", format!("kind = 'map'\ninput = '{npp}'\nstat = 'std'\nlevels = 'smooth'")),
        ("globe", format!("kind = 'map'\ninput = '{globe}'\ndate = '2000-01-01'")),
        ("trend", format!("kind = 'map'\ninput = '{a}'\nstat = 'trend'\nsize = [80, 0]")),
        ("difference", format!("kind = 'map'\ninput = '{b}'\ndifference = '{a}'")),
        ("compare", format!("kind = 'compare'\ninputs = ['{a}', '{b}']\nlabels = ['one', 'other']")),
        ("series", format!("kind = 'series'\ninput = '{a}'\nrunning = 31")),
        (
            "lines",
            format!("kind = 'series'\ninputs = ['{a}', '{b}']\nlabels = ['one', 'other']\nevery = 'month'"),
        ),
        ("climatology", format!("kind = 'climatology'\ninput = '{a}'")),
        ("hovmoller", format!("kind = 'hovmoller'\ninput = '{a}'")),
        ("scatter", format!("kind = 'scatter'\ninputs = ['{a}', '{b}']")),
        ("dots", format!("kind = 'scatter'\ninputs = ['{a}', '{b}']\nevery = 'all'")),
        ("biomass", format!("kind = 'biomass'\ninput = '{tables}'")),
        (
            "change",
            format!(
                "kind = 'map'\ninput = '{years}'\n{windows}\npercent = true\nleast = 1\nsignificant = 0.1"
            ),
        ),
        ("windows", format!("kind = 'compare'\ninput = '{years}'\n{windows}\nsignificant = 0.1")),
        ("limitation", format!("kind = 'limitation'\ninput = '{tables}'")),
        ("boxes", format!("kind = 'boxes'\ninput = '{tables}'\ntraits = ['a', 'b']\nby = 'cell'")),
        ("density", format!("kind = 'density'\ninput = '{tables}'\ntraits = ['a', 'b']")),
        ("drift", format!("kind = 'drift'\ninput = '{tables}'\nvariables = ['csoil_1', 'wsoil']")),
        ("pairs", format!("kind = 'scatter'\ninput = '{scores}'")),
        ("cycle", format!("kind = 'cycle'\ninput = '{scores}'")),
        ("health", format!("kind = 'health'\ninput = '{}'", super::grids().display())),
    ];
    settings
        .into_iter()
        .map(|(name, text)| {
            let mut scene = drawn(&format!("dpi = 100\n{text}"));
            // Version, digests of inputs and settings are told elsewhere; where the map is belongs to the picture.
            scene.origin.retain(|(key, _)| key == "frame");
            (name, scene)
        })
        .collect()
}

#[test]
fn pictures_are_those_that_were_looked_at() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let update = std::env::var_os("GRIDLOOM_UPDATE_GOLDEN");
    let mut lists = Vec::new();
    for threads in [1, 3] {
        let scenes = pool(threads).install(|| scenes(folder.path()));
        let mut list = String::new();
        for (name, scene) in &scenes {
            for (format, extension) in [(Format::Svg, "svg"), (Format::Pdf, "pdf"), (Format::Png, "png")] {
                let bytes = encode(scene, format, 100.0).expect("a picture");
                let _ = writeln!(list, "{:016x} {name}.{extension}", XxHash3_64::oneshot(&bytes));
                if let Some(folder) = &update {
                    std::fs::create_dir_all(folder).expect("a folder");
                    std::fs::write(Path::new(folder).join(format!("{name}.{extension}")), bytes)
                        .expect("a picture");
                }
            }
        }
        lists.push(list);
    }
    assert_eq!(lists[0], lists[1], "the same at any number of threads");
    if update.is_some() {
        std::fs::write(files::project("tests/figures/golden.txt"), &lists[0]).expect("a list");
        return;
    }
    let changed: Vec<&str> = lists[0]
        .lines()
        .filter(|line| !include_str!("golden.txt").lines().any(|known| known == *line))
        .collect();
    assert!(
        changed.is_empty() && lists[0].lines().count() == include_str!("golden.txt").lines().count(),
        "these pictures are others than those that were looked at:\n{}\nIf they are meant to be, look at them and update \
         golden.txt:\n  GRIDLOOM_UPDATE_GOLDEN=out/golden cargo test --test figures golden",
        changed.join("\n")
    );
}
