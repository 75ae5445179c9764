//! Tables of an evaluation: scores, pairs and the mean year, as `gridloom evaluate` writes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::draw::scale;
use crate::error::{Error, Result};

/// Bytes of a table.
const LONGEST: u64 = 1 << 30;
/// Pairs that are held.
const MOST_PAIRS: usize = 20_000_000;

/// A value of the model and the observed one.
pub(crate) struct Pair {
    /// The number of the station.
    pub station: usize,
    pub model: f64,
    pub observed: f64,
}

/// All pairs.
#[derive(Default)]
pub(crate) struct Pairs {
    /// In the order of the table.
    pub stations: Vec<String>,
    pub pairs: Vec<Pair>,
    pub of: Quantity,
}

/// What a table is of.
#[derive(Default)]
pub(crate) struct Quantity {
    /// The model's variable; empty in tables that were made before they named it.
    pub variable: String,
    pub units: String,
}

impl Quantity {
    /// A title, with the variable before it where it is known.
    pub fn titled(&self, title: &str) -> String {
        match self.variable.as_str() {
            "" => title.to_owned(),
            variable => {
                let (first, rest) = title.split_at_checked(1).unwrap_or(("", title));
                format!("{variable}: {}{rest}", first.to_lowercase())
            }
        }
    }
}

/// Columns of what a table is of.
struct QuantityColumns {
    variable: Option<usize>,
    units: usize,
}

impl QuantityColumns {
    fn of(table: &Table) -> Result<Self> {
        let variable = table.header.iter().position(|own| own == "variable");
        Ok(QuantityColumns { variable, units: table.column("units")? })
    }

    /// Takes what a row says, unless another has said it.
    fn take(&self, row: &csv::StringRecord, into: &mut Quantity) {
        let text = |column: Option<usize>| column.and_then(|column| row.get(column)).unwrap_or_default();
        for (own, column) in [(&mut into.variable, self.variable), (&mut into.units, Some(self.units))] {
            if own.is_empty() {
                text(column).clone_into(own);
            }
        }
    }
}

/// The name of the row of all stations or cells.
const ALL: &str = "all";

/// Leaves out `all` where there is only one more, with the same numbers: one station, or an area of all cells.
pub(crate) fn without_twins<T>(rows: &mut Vec<T>, name: impl Fn(&T) -> &str, same: impl Fn(&T, &T) -> bool) {
    let is_twin = matches!(rows.as_slice(), [all, one] if name(all) == ALL && same(all, one));
    if is_twin {
        rows.remove(0);
    }
}

/// A mean year of a station or part of the map.
pub(crate) struct MeanYear {
    pub name: String,
    /// Month, model and observed value.
    pub months: Vec<(u32, f64, f64)>,
}

/// What is told of how near values are: by names, in words and numbers.
pub(crate) type Scores = BTreeMap<String, Vec<(&'static str, String)>>;

/// Scores that are told, by their columns and in words.
const TOLD: [(&str, &str); 6] = [
    ("pairs", "n"),
    ("correlation", "r"),
    ("bias", "bias"),
    ("rmse", "RMSE"),
    ("nse", "NSE"),
    ("kge", "KGE"),
];

/// What is wrong with a row, in words.
type Told<T> = std::result::Result<T, String>;

struct Table {
    path: PathBuf,
    rows: csv::Reader<BufReader<File>>,
    header: csv::StringRecord,
}

impl Table {
    fn open(path: &Path) -> Result<Self> {
        let fail = |source| Error::io("read", path, source);
        let file = crate::shared::open_input(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        if length > LONGEST {
            let reason = format!("its {length} bytes are more than the limit of {LONGEST}");
            return Err(Error::in_table(path, "draw the table", reason));
        }
        let mut rows = csv::Reader::from_reader(BufReader::new(file));
        let refuse = |error: csv::Error| Error::in_table(path, "draw the table", error.to_string());
        let header = rows.headers().map_err(refuse)?.clone();
        Ok(Table { path: path.to_owned(), rows, header })
    }

    fn refuse(&self, reason: String) -> Error {
        Error::in_table(&self.path, "draw the table", reason)
    }

    fn column(&self, name: &str) -> Result<usize> {
        let found = self.header.iter().position(|own| own == name);
        let reason = || format!("it has no column {name}, as tables of an evaluation have");
        found.ok_or_else(|| self.refuse(reason()))
    }

    /// Shows each row.
    fn each(mut self, mut show: impl FnMut(&csv::StringRecord) -> Told<()>) -> Result<()> {
        let mut row = csv::StringRecord::new();
        loop {
            let line = self.rows.position().line();
            match self.rows.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.refuse(error.to_string())),
            }
            show(&row).map_err(|reason| self.refuse(format!("line {line}: {reason}")))?;
        }
    }
}

fn number(row: &csv::StringRecord, column: usize) -> Told<f64> {
    let text = row.get(column).unwrap_or_default();
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("{text:?} is not a number"))
}

/// Reads `pairs.csv`.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is no such table.
pub(crate) fn pairs(path: &Path) -> Result<Pairs> {
    let table = Table::open(path)?;
    let [station, model, observed] =
        [table.column("station")?, table.column("model")?, table.column("observed")?];
    let of = QuantityColumns::of(&table)?;
    let mut found = Pairs::default();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    table.each(|row| {
        let name = row.get(station).unwrap_or_default();
        let station = match numbers.get(name) {
            Some(&number) => number,
            None => {
                found.stations.push(name.to_owned());
                numbers.insert(name.to_owned(), found.stations.len() - 1);
                found.stations.len() - 1
            }
        };
        of.take(row, &mut found.of);
        if found.pairs.len() >= MOST_PAIRS {
            return Err(format!("there are more pairs than the limit of {MOST_PAIRS}"));
        }
        found.pairs.push(Pair { station, model: number(row, model)?, observed: number(row, observed)? });
        Ok(())
    })?;
    match found.pairs.is_empty() {
        true => Err(Error::in_table(path, "draw the table", "it has no pair".to_owned())),
        false => Ok(found),
    }
}

/// Reads `cycle.csv`: mean years in the order of the table, and what they are of.
///
/// # Errors
/// As [`pairs`].
pub(crate) fn cycle(path: &Path) -> Result<(Vec<MeanYear>, Quantity)> {
    let table = Table::open(path)?;
    let [name, month, model, observed] =
        [table.column("name")?, table.column("month")?, table.column("model")?, table.column("observed")?];
    let columns = QuantityColumns::of(&table)?;
    let (mut years, mut of): (Vec<MeanYear>, Quantity) = (Vec::new(), Quantity::default());
    table.each(|row| {
        let name = row.get(name).unwrap_or_default();
        let text = row.get(month).unwrap_or_default();
        let month = text.parse::<u32>().ok().filter(|month| (1..=12).contains(month));
        let month = month.ok_or_else(|| format!("{text:?} is not a month from 1 to 12"))?;
        let values = (month, number(row, model)?, number(row, observed)?);
        columns.take(row, &mut of);
        match years.last_mut() {
            Some(year) if year.name == name => year.months.push(values),
            _ => years.push(MeanYear { name: name.to_owned(), months: vec![values] }),
        }
        Ok(())
    })?;
    match years.is_empty() {
        true => Err(Error::in_table(path, "draw the table", "it has no month".to_owned())),
        false => {
            without_twins(&mut years, |year| &year.name, |one, other| one.months == other.months);
            Ok((years, of))
        }
    }
}

/// Reads `scores.csv`: what is told of each name. Scores that are not defined are left out.
///
/// # Errors
/// As [`pairs`].
pub(crate) fn scores(path: &Path) -> Result<Scores> {
    let table = Table::open(path)?;
    let name = table.column("name")?;
    let mut columns = Vec::new();
    for (column, word) in TOLD {
        columns.push((table.column(column)?, word));
    }
    let mut scores = Scores::new();
    table.each(|row| {
        let told = columns.iter().filter_map(|&(column, word)| {
            let number = row.get(column)?.parse::<f64>().ok().filter(|number| number.is_finite())?;
            // Counts are whole; of scores three digits tell enough.
            let text = if word == "n" { format!("{number:.0}") } else { scale::label(rounded(number)) };
            Some((word, text))
        });
        scores.insert(row.get(name).unwrap_or_default().to_owned(), told.collect());
        Ok(())
    })?;
    Ok(scores)
}

/// To three digits that count.
fn rounded(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// The table of a name in an evaluation's folder, and the scores beside it where they are there.
pub(crate) fn with_scores(path: PathBuf) -> (PathBuf, Option<PathBuf>) {
    let scores = path.with_file_name("scores.csv");
    let is_there = scores.is_file();
    (path, is_there.then_some(scores))
}
