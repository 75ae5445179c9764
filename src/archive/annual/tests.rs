//! Yearly files as no model writes them: kept exactly, or refused by name.

use std::path::{Path, PathBuf};

use super::super::{Settings, Verified, append, repack, verify, write};
use crate::model::element::Element;
use crate::model::grid::Grid;
use crate::observer::Nobody;
use crate::run::Run;

mod pickler;

use pickler::Pickler;

/// A year's file with a community of `first` strategies and one of two, and more keys for the year and the second community.
fn year(
    year: i64,
    first: usize,
    of_year: impl Fn(&mut Pickler),
    of_community: impl Fn(&mut Pickler),
) -> Vec<u8> {
    let mut file = Pickler::new();
    file.text("year");
    file.whole(year);
    file.set();
    for key in ["cveg", "cleaf", "croot", "cwood", "anpp", "uptake_costs"] {
        float(&mut file, key, 1.5);
    }
    of_year(&mut file);
    file.text("communities");
    file.put(b"}");
    for (number, count) in [(0, first), (1, 2)] {
        file.whole(number);
        file.put(b"}");
        for (key, element) in [
            ("id", Element::Int64),
            ("vp_cleaf", Element::Float64),
            ("vp_croot", Element::Float64),
            ("vp_cwood", Element::Float64),
            ("vp_ocp", Element::Float64),
        ] {
            file.text(key);
            file.array(element, None, count, &1u64.to_le_bytes().repeat(count));
            file.set();
        }
        for key in ["limitation_status_leaf", "limitation_status_root", "limitation_status_wood"] {
            pairs(&mut file, key, count);
        }
        for key in ["uptk_strat_n", "uptk_strat_p"] {
            pairs(&mut file, key, count);
        }
        for key in ["cleaf", "croot", "cwood", "anpp", "uptake_costs"] {
            float(&mut file, key, 2.5);
        }
        for key in ["shannon_entropy", "shannon_diversity", "shannon_evenness"] {
            float(&mut file, key, -9999.0);
        }
        file.text("masked");
        file.whole(0);
        file.set();
        if number == 1 {
            of_community(&mut file);
        }
        file.set();
    }
    file.set();
    file.finish()
}

fn float(file: &mut Pickler, key: &str, value: f64) {
    file.text(key);
    file.float(value);
    file.set();
}

fn whole(file: &mut Pickler, key: &str, value: i64) {
    file.text(key);
    file.whole(value);
    file.set();
}

fn pairs(file: &mut Pickler, key: &str, count: usize) {
    file.text(key);
    file.put(b"(");
    for _ in 0..count {
        file.whole(1);
        file.float(50.0);
        file.put(&[0x86]);
    }
    file.put(b"t");
    file.set();
}

fn floats(file: &mut Pickler, key: &str, values: [f64; 2]) {
    file.text(key);
    file.array(Element::Float64, None, 2, &values.map(f64::to_le_bytes).concat());
    file.set();
}

struct Made {
    folder: tempfile::TempDir,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cell = folder.path().join("run/grd_170-223");
        std::fs::create_dir_all(&cell).expect("a folder");
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample_run/grd_170-223/spin0001.pkz");
        std::fs::copy(sample, cell.join("spin0001.pkz")).expect("a dump");
        Made { folder }
    }

    fn put(&self, year: i32, file: &[u8]) {
        let path = self.folder.path().join(format!("run/grd_170-223/metacommunity_{year}.pkz"));
        std::fs::write(path, file).expect("a file");
    }

    fn run(&self) -> Run {
        let grid = Grid::from_resolution(0.5).expect("a grid");
        Run::open(self.folder.path().join("run"), grid).expect("a run")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.nc")
    }

    /// The keys that could not be archived; all else is in the archive.
    fn prove(&self) -> Vec<String> {
        let Verified { differences, faults, .. } =
            verify(self.path(), Some(&self.run()), &Default::default()).expect("an archive");
        assert_eq!(differences, [""; 0]);
        faults
            .into_iter()
            .map(|fault| format!("{:?} {}", fault.year, fault.variable.unwrap_or_default()))
            .collect()
    }

    fn write(&self) -> Vec<String> {
        let settings = Settings { overwrite: true, ..Settings::default() };
        write(&self.run(), self.path(), &settings, &Nobody).expect("an archive");
        self.prove()
    }
}

const FILL: f64 = 1e20;

/// Gaps beside values that are the usual fill value, and its neighbour.
#[test]
fn a_gap_is_no_value() {
    let made = Made::new();
    made.put(1979, &year(1979, 1, |_| {}, |_| {}));
    let neighbour = f64::from_bits(FILL.to_bits() + 1);
    let of_year = |file: &mut Pickler| {
        float(file, "odd", FILL);
        whole(file, "whole", i64::from_le_bytes(Element::Int64.fill()));
    };
    let of_community = |file: &mut Pickler| {
        float(file, "odd", neighbour);
        floats(file, "many", [FILL, neighbour]);
    };
    made.put(1980, &year(1980, 1, of_year, of_community));
    assert_eq!(made.write(), [""; 0]);
    made.put(1981, &year(1981, 1, |file| float(file, "odd", neighbour), |_| {}));
    append(&made.run(), made.path(), &Settings::default(), &Nobody).expect("appended");
    assert_eq!(made.prove(), [""; 0]);
    repack(made.path(), None, &Settings::default(), &Nobody).expect("repacked");
    assert_eq!(made.prove(), [""; 0]);
}

/// Doubles hold whole numbers to 2^53 exactly; larger ones do not get into a column of doubles.
#[test]
fn no_whole_number_is_rounded() {
    const LARGE: i64 = (1 << 53) + 1;
    let made = Made::new();
    made.put(1979, &year(1979, 0, |file| whole(file, "large", LARGE), |file| whole(file, "small", 7)));
    made.put(1980, &year(1980, 0, |file| float(file, "large", 0.5), |file| float(file, "small", 0.5)));
    assert_eq!(made.write(), ["Some(1980) large"]);
    made.put(1979, &year(1979, 0, |file| float(file, "large", 0.5), |_| {}));
    made.put(1980, &year(1980, 0, |file| whole(file, "large", LARGE), |file| whole(file, "large", i64::MAX)));
    assert_eq!(made.write(), ["Some(1980) large"]);
}

/// Keys that the archive has names of its own for are refused, and nothing else moves.
#[test]
fn keys_that_collide_are_named() {
    let made = Made::new();
    let of_community = |file: &mut Pickler| {
        whole(file, "number", 9);
        floats(file, "uptk_strat_n_percent", [1.0, 2.0]);
    };
    made.put(1979, &year(1979, 0, |file| whole(file, "members", 3), of_community));
    made.put(1980, &year(1980, 0, |_| {}, |_| {}));
    assert_eq!(made.write(), ["Some(1979) members", "Some(1979) number", "Some(1979) uptk_strat_n_percent"]);
}
