//! Made-up tables of records, and what grids of them must hold.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gridloom_testkit::files;

/// Yearly values of some labels in cells of half a degree.
pub struct Table {
    /// Rows and columns of cells, from a corner.
    pub rows: u32,
    pub columns: u32,
    pub years: std::ops::Range<i32>,
    pub labels: Vec<&'static str>,
}

/// Numbers that look like chance.
fn scramble(seed: u64) -> u64 {
    let mut number = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

impl Table {
    pub fn small() -> Self {
        Table { rows: 6, columns: 5, years: 1990..2000, labels: vec!["BNE", "TeBS", "C3G", "Total"] }
    }

    /// The centre of a cell.
    pub fn place(&self, cell: u32) -> (f64, f64) {
        (50.25 + 0.5 * f64::from(cell / self.columns), -3.25 + 0.5 * f64::from(cell % self.columns))
    }

    pub fn cells(&self) -> u32 {
        self.rows * self.columns
    }

    /// A value as it is written: with three decimals, some large, some below nought.
    pub fn value(&self, cell: u32, year: i32, label: usize) -> String {
        let number = scramble(u64::from(cell) << 32 | u64::from(year.cast_unsigned()) << 8 | label as u64);
        let thousandths = (number % 2_000_000) as i64 - if number.is_multiple_of(7) { 900_000 } else { 0 };
        format!("{:.3}", thousandths as f64 / 1000.0)
    }

    pub fn header(&self) -> String {
        let mut line = format!("{:>9}{:>9}{:>8}", "Lon", "Lat", "Year");
        self.labels.iter().for_each(|label| _ = write!(line, "{label:>10}"));
        line + "\n"
    }

    pub fn line(&self, cell: u32, year: i32) -> String {
        let (lat, lon) = self.place(cell);
        let mut line = format!("{lon:>9.2}{lat:>9.2}{year:>8}");
        for label in 0..self.labels.len() {
            _ = write!(line, "{:>10}", self.value(cell, year, label));
        }
        line + "\n"
    }

    /// The table of some cells.
    pub fn text(&self, cells: impl Iterator<Item = u32>) -> String {
        let mut text = self.header();
        for cell in cells {
            self.years.clone().for_each(|year| text += &self.line(cell, year));
        }
        text
    }

    /// A description of files below a folder, and the files. They look old enough to be known again.
    pub fn describe(&self, folder: &Path, pattern: &str, files_of: &[(&str, Vec<u8>)]) -> PathBuf {
        for (name, bytes) in files_of {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, bytes).expect("a file");
            files::settle(&path);
        }
        let path = folder.join("made.toml");
        let text = format!(
            "[source]\npreset = \"lpj-guess\"\nname = \"made\"\nfiles = \"{pattern}\"\n[source.text]\ndecimal = \".\"\n\
             [source.cell]\nlat = \"Lat\"\nlon = \"Lon\"\nstep = 0.5\nat = \"centre\"\n\
             [source.time]\nyear = \"Year\"\nstep = \"year\"\n"
        );
        std::fs::write(&path, text).expect("a description");
        path
    }
}
