//! Runs that a test makes up: what their dumps hold is a function, and so is what must be found in the outputs.
//!
//! Nothing here uses gridloom's own types: days are numbers in the run's unit, cells are pairs, values are bits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub mod check;
pub mod pickle;
mod year;

pub use pickle::{Array, Container, Entry, Style};
pub use year::{Community, year};

/// Row and column.
pub type Cell = (u32, u32);

/// The unit of days that made-up runs have.
pub const UNIT: &str = "days since 1860-01-01 00:00:00";

/// The types that made-up dumps have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// float32
    F32,
    /// float64
    F64,
    /// int16
    I16,
    /// uint8
    U8,
}

impl Kind {
    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Kind::U8 => 1,
            Kind::I16 => 2,
            Kind::F32 => 4,
            Kind::F64 => 8,
        }
    }

    fn numpy(self) -> &'static str {
        match self {
            Kind::U8 => "u1",
            Kind::I16 => "i2",
            Kind::F32 => "f4",
            Kind::F64 => "f8",
        }
    }

    /// The bits that must stand in masked places.
    pub fn fill(self) -> u64 {
        match self {
            Kind::U8 => 255,
            Kind::I16 => 0x8001,
            Kind::F32 => u64::from(1e20f32.to_bits()),
            Kind::F64 => 1e20f64.to_bits(),
        }
    }

    /// Whether bits are no number.
    pub fn is_nan(self, bits: u64) -> bool {
        match self {
            Kind::F32 => f32::from_bits(bits as u32).is_nan(),
            Kind::F64 => f64::from_bits(bits).is_nan(),
            _ => false,
        }
    }

    /// The bits of a small whole number.
    pub fn number(self, value: i64) -> u64 {
        match self {
            Kind::U8 => value as u8 as u64,
            Kind::I16 => value as i16 as u16 as u64,
            Kind::F32 => u64::from((value as f32).to_bits()),
            Kind::F64 => (value as f64).to_bits(),
        }
    }

    /// The bits of a value in little-endian bytes.
    pub fn bits(self, bytes: &[u8]) -> u64 {
        let mut whole = [0; 8];
        whole[..self.size()].copy_from_slice(bytes);
        u64::from_le_bytes(whole)
    }
}

/// A daily series.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name in dumps.
    pub key: String,
    /// Its type.
    pub kind: Kind,
    /// How many rows it has, if it has that dimension.
    pub rows: Option<usize>,
    /// The order of its bytes in dumps.
    pub big_endian: bool,
    /// Whether rows are what differs from one value to the next in dumps.
    pub fortran: bool,
}

impl Variable {
    /// A little-endian variable as the model writes them.
    pub fn new(key: &str, kind: Kind, rows: Option<usize>) -> Self {
        Variable { key: key.to_owned(), kind, rows, big_endian: false, fortran: true }
    }
}

/// A dump of one cell and period: its days, counted in the run's unit.
#[derive(Debug, Clone)]
pub struct Dump {
    /// Where.
    pub cell: Cell,
    /// Its number, from 1.
    pub period: u32,
    /// The first day.
    pub first: i64,
    /// The number of days.
    pub days: i64,
    /// How it is written.
    pub style: Style,
    /// The unit that it is written in, and the days to add to the run's, where it has one of its own.
    pub unit: Option<(String, i64)>,
}

impl Dump {
    /// A dump in the usual style.
    pub fn new(cell: Cell, period: u32, first: i64, days: i64) -> Self {
        Dump { cell, period, first, days, style: Style::default(), unit: None }
    }
}

/// The bits of a value: by variable, row, cell, day.
pub type Values = Arc<dyn Fn(&Variable, usize, Cell, i64) -> u64 + Send + Sync>;

/// A run.
#[derive(Clone)]
pub struct Model {
    /// The calendar that dumps name.
    pub calendar: String,
    /// The unit of days that dumps name.
    pub unit: String,
    /// What each dump holds.
    pub variables: Vec<Variable>,
    /// All dumps.
    pub dumps: Vec<Dump>,
    /// What they hold.
    pub value: Values,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:#?} {:#?}", self.calendar, self.unit, self.variables, self.dumps)
    }
}

impl Model {
    /// A run of some cells with the same periods, each given by its first day and number of days.
    pub fn new(cells: &[Cell], periods: &[(i64, i64)], variables: Vec<Variable>) -> Self {
        let dumps = cells.iter().flat_map(|&cell| {
            (1..).zip(periods).map(move |(period, &(first, days))| Dump::new(cell, period, first, days))
        });
        Model {
            calendar: "proleptic_gregorian".to_owned(),
            unit: UNIT.to_owned(),
            variables,
            dumps: dumps.collect(),
            value: plain(),
        }
    }

    /// A dump that is to be another one.
    pub fn dump_mut(&mut self, cell: Cell, period: u32) -> &mut Dump {
        self.dumps.iter_mut().find(|dump| (dump.cell, dump.period) == (cell, period)).expect("the dump")
    }

    /// The content of a dump, in the order of CAETE: series, then the dates.
    pub fn entries(&self, dump: &Dump) -> Vec<(String, Entry)> {
        let mut entries: Vec<(String, Entry)> = Vec::new();
        for variable in &self.variables {
            entries.push((variable.key.clone(), Entry::Array(self.array(variable, dump))));
        }
        let (unit, shift) = dump.unit.clone().unwrap_or((self.unit.clone(), 0));
        entries.push(("calendar".to_owned(), Entry::Text(self.calendar.clone())));
        entries.push(("time_unit".to_owned(), Entry::Text(unit)));
        entries.push(("sind".to_owned(), Entry::Int(dump.first + shift)));
        entries.push(("eind".to_owned(), Entry::Int(dump.first + shift + dump.days - 1)));
        entries
    }

    fn array(&self, variable: &Variable, dump: &Dump) -> Array {
        let (rows, size) = (variable.rows.unwrap_or(1), variable.kind.size());
        let days = dump.days as usize;
        let mut bytes = vec![0; rows * days * size];
        for row in 0..rows {
            for day in 0..days {
                let at = if variable.fortran { day * rows + row } else { row * days + day };
                let bits = (self.value)(variable, row, dump.cell, dump.first + day as i64);
                let mut value = bits.to_le_bytes()[..size].to_vec();
                if variable.big_endian {
                    value.reverse();
                }
                bytes[at * size..][..size].copy_from_slice(&value);
            }
        }
        let order = match (size, variable.big_endian) {
            (1, _) => "|",
            (_, true) => ">",
            (_, false) => "<",
        };
        let shape = variable.rows.into_iter().chain([days]).collect();
        let fortran = variable.fortran && variable.rows.is_some();
        Array { dtype: format!("{order}{}", variable.kind.numpy()), shape, fortran, bytes }
    }

    /// Writes the run into a folder of its own.
    pub fn write(&self) -> Folder {
        self.write_to(Folder::new())
    }

    /// Writes the run into a folder that holds others' entries already.
    pub fn write_to(&self, folder: Folder) -> Folder {
        for dump in &self.dumps {
            folder.put(dump, &self.entries(dump));
        }
        folder
    }

    /// What must stand in an output, for a cell and day.
    pub fn expected(&self, variable: &Variable, row: usize, cell: Cell, day: i64) -> u64 {
        let bits = (self.value)(variable, row, cell, day);
        if variable.kind.is_nan(bits) { variable.kind.fill() } else { bits }
    }

    /// All cells that have a dump.
    pub fn cells(&self) -> BTreeSet<Cell> {
        self.dumps.iter().map(|dump| dump.cell).collect()
    }
}

/// 21 cells of five rows; planning samples the first, sixth, eleventh, sixteenth and last of them.
pub fn five_rows() -> Vec<Cell> {
    (0..21).map(|cell| (160 + cell / 5, 230 + cell % 5)).collect()
}

/// A run of these cells with two periods, the second one longer, and variables with and without rows.
pub fn five_rows_model() -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("lai", Kind::F32, None),
    ];
    Model { value: mixed(77), ..Model::new(&five_rows(), &[(0, 40), (40, 60)], variables) }
}

/// A run's folder and one for outputs, removed when dropped.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    /// An empty run.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("made_up")).expect("a folder");
        Folder { folder }
    }

    /// The run's folder.
    pub fn run(&self) -> PathBuf {
        self.folder.path().join("made_up")
    }

    /// A folder for outputs, that is not there yet.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The folder that both are in.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a dump.
    pub fn dump(&self, (row, column): Cell, period: u32) -> PathBuf {
        self.run().join(format!("grd_{row}-{column}")).join(format!("spin{period:04}.pkz"))
    }

    /// Writes the communities of a year.
    pub fn put_year(&self, (row, column): Cell, number: i32, communities: &[Community]) {
        let folder = self.run().join(format!("grd_{row}-{column}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let bytes = pickle::write(&year(number, communities), Style::default());
        std::fs::write(folder.join(format!("metacommunity_{number}.pkz")), bytes).expect("a year");
    }

    /// Writes a dump with this content.
    pub fn put(&self, dump: &Dump, entries: &[(String, Entry)]) {
        let path = self.dump(dump.cell, dump.period);
        std::fs::create_dir_all(path.parent().expect("a cell's folder")).expect("a folder");
        std::fs::write(path, pickle::write(entries, dump.style)).expect("a dump");
    }
}

/// Numbers that differ by variable, row, cell and day, and are exact in every type but the smallest.
pub fn plain() -> Values {
    Arc::new(|variable, row, (y, x), day| {
        let key: i64 = variable.key.bytes().map(i64::from).sum();
        variable.kind.number((key + 7 * row as i64 + 13 * i64::from(y) + 31 * i64::from(x) + day) % 30_000)
    })
}

/// Any bits at all, and among them many that are special: NaN, infinities, -0.0, denormals, the fill value. Some series
/// are missing for every day, as those of dead cells are.
pub fn mixed(seed: u64) -> Values {
    Arc::new(move |variable, row, (y, x), day| {
        let key = variable.key.bytes().fold(seed, |hash, byte| scramble(hash ^ u64::from(byte)));
        let series = scramble(key ^ scramble(u64::from(y) << 32 | u64::from(x)) ^ row as u64);
        let hash = scramble(series ^ scramble(day as u64));
        let float = |f32: f32, f64: f64| match variable.kind {
            Kind::F32 => u64::from(f32.to_bits()),
            Kind::F64 => f64.to_bits(),
            whole => whole.fill(),
        };
        if series.is_multiple_of(8) {
            return float(f32::NAN, f64::NAN);
        }
        match hash % 16 {
            0 | 1 => float(f32::NAN, f64::NAN),
            2 => float(f32::INFINITY, f64::INFINITY),
            3 => float(f32::NEG_INFINITY, f64::NEG_INFINITY),
            4 => float(-0.0, -0.0),
            5 => float(f32::from_bits(1 + (hash >> 45) as u32), f64::from_bits(1 + (hash >> 20))),
            6 => variable.kind.fill(),
            7 => 0,
            _ => hash >> (64 - 8 * variable.kind.size()),
        }
    })
}

/// SplitMix64's finalizer.
pub fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
