//! Tables of traits: `pls_attrs-N.csv`, and the table that a region file (`RUN_result.psz`) holds.
//!
//! The model numbers strategies by their places in the table. CSV files have these numbers as a column, most often as floats (`12.0`); the
//! array of a region file has none.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use crate::dump::{Dump, Limits, Scalar, Value};
use crate::error::{Error, Result};
use crate::model::traits::{MOST_STRATEGIES, MOST_TRAITS, Trait, TraitTable};
use crate::model::variables::VariableTable;

/// The traits of a region file's array, by row.
const ROWS: [&str; 17] = [
    "g1",
    "resopfrac",
    "tleaf",
    "twood",
    "troot",
    "aleaf",
    "awood",
    "aroot",
    "c4",
    "leaf_n2c",
    "awood_n2c",
    "froot_n2c",
    "leaf_p2c",
    "awood_p2c",
    "froot_p2c",
    "amp",
    "pdia",
];
/// What the column of strategies' numbers is called, in small letters; pandas leaves the name of an index out.
const IDS: [&str; 4] = ["pls_id", "id", "unnamed: 0", ""];
/// Bytes of a file: a hundred thousand strategies have 40 MB as text.
const LONGEST: u64 = 1 << 28;
/// How deep in a region file its table is looked for.
const DEEPEST: u32 = 4;

/// Reads a table of traits, with what `known` says of them.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io), or [`Config`](crate::ErrorKind::Config) with the line that cannot be understood; of a region file
/// [`Damaged`](crate::ErrorKind::Damaged) where it is damaged.
pub fn read_traits(path: impl AsRef<Path>, limits: &Limits, known: &VariableTable) -> Result<TraitTable> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    crate::shared::open_text(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::config(
            path,
            format!("the table of traits has more than the limit of {LONGEST} bytes"),
        ));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::config(path, "the table of traits is empty"));
    }
    // No text begins with bytes below those of letters.
    let is_text = bytes.iter().take(64).all(|&byte| byte >= 0x20 || byte.is_ascii_whitespace());
    if is_text {
        return of_text(&bytes, known).map_err(|reason| Error::config(path, reason));
    }
    let dump = Dump::decode(&bytes, Vec::new(), limits).map_err(|source| Error::dump(path, source))?;
    of_region(dump.root(), known).map_err(|reason| Error::config(path, reason))
}

fn named(name: &str, known: &VariableTable) -> Trait {
    let info = known.trait_info(name);
    Trait {
        name: name.to_owned(),
        long_name: info.map_or_else(|| name.to_owned(), |info| info.long_name.clone()),
        units: info.and_then(|info| info.units.clone()),
    }
}

fn of_text(bytes: &[u8], known: &VariableTable) -> std::result::Result<TraitTable, String> {
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let read = |separator| {
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes)
    };
    let head = |separator: u8| -> Vec<String> {
        let row = read(separator).into_byte_records().next().and_then(std::result::Result::ok);
        row.iter().flatten().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
    };
    let id_of =
        |names: &[String]| names.iter().position(|name| IDS.contains(&name.to_ascii_lowercase().as_str()));
    let found = [b',', b';', b'\t'].into_iter().map(|separator| (separator, head(separator)));
    let found = found.filter(|(_, names)| names.len() > 1).find_map(|(separator, names)| {
        let id = id_of(&names)?;
        Some((separator, names, id))
    });
    let Some((separator, names, id)) = found else {
        return Err("line 1: wants the column PLS_id or id, and columns of traits, separated by commas, semicolons or tabs".into());
    };
    let columns: Vec<usize> = (0..names.len()).filter(|&column| column != id).collect();
    if columns.len() > MOST_TRAITS {
        return Err(format!("line 1: it has {} traits, wants 1 to {MOST_TRAITS}", columns.len()));
    }
    let name = |column: usize| names.get(column).map_or("", String::as_str);
    let traits = columns.iter().map(|&column| named(name(column), known)).collect();
    let (mut ids, mut values, mut row) = (Vec::new(), Vec::new(), csv::StringRecord::new());
    let mut rows = read(separator);
    let mut is_head = true;
    while rows.read_record(&mut row).map_err(|error| error.to_string())? {
        let line = row.position().map_or(0, csv::Position::line);
        let told = |reason: String| format!("line {line}: {reason}");
        if std::mem::take(&mut is_head) || row.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if row.len() != names.len() {
            return Err(told(format!(
                "it has {}, the header has {}",
                fields(row.len()),
                fields(names.len())
            )));
        }
        let field = |column: usize| row.get(column).unwrap_or_default().trim();
        let number = field(id);
        let whole = number.parse::<i64>().ok().or_else(|| whole(number.parse().ok()?));
        ids.push(whole.ok_or_else(|| told(format!("{} is {number:?}, not a whole number", name(id))))?);
        if ids.len() > MOST_STRATEGIES {
            return Err(told(format!("there are more than the limit of {MOST_STRATEGIES} strategies")));
        }
        for &column in &columns {
            let text = field(column);
            let value = if text.is_empty() { Some(f32::NAN) } else { text.parse::<f32>().ok() };
            values.push(value.ok_or_else(|| told(format!("{} is {text:?}, not a number", name(column))))?);
        }
    }
    TraitTable::new(traits, ids, values)
}

fn fields(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

/// A whole number that is written as a float.
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

fn of_region(root: Value<'_>, known: &VariableTable) -> std::result::Result<TraitTable, String> {
    let array = find(root, DEEPEST, &mut HashSet::new()).and_then(Value::as_array);
    let array = array.ok_or_else(|| {
        format!(
            "no table of traits is in it: an array \"table\" with {} rows, a column a strategy",
            ROWS.len()
        )
    })?;
    let [rows, strategies] = *array.shape() else {
        return Err("the table of traits is not of two dimensions".into());
    };
    if strategies > MOST_STRATEGIES {
        return Err(format!("it has {strategies} strategies, wants 1 to {MOST_STRATEGIES}"));
    }
    let numbers = array.to_f64().ok_or("the table of traits is not of numbers")?;
    let at = |strategy: usize, row: usize| {
        let place = if array.is_fortran() { strategy * rows + row } else { row * strategies + strategy };
        numbers.get(place).map_or(f32::NAN, |&value| value as f32)
    };
    let values = (0..strategies).flat_map(|strategy| (0..rows).map(move |row| (strategy, row)));
    let values = values.map(|(strategy, row)| at(strategy, row)).collect();
    let ids = (0..strategies as i64).collect();
    TraitTable::new(ROWS.iter().map(|name| named(name, known)).collect(), ids, values)
}

/// The array under `table` or `pls_table` in what an object holds, or in what objects in it do. Each is looked at once: a file can name one many
/// times.
fn find<'a>(value: Value<'a>, deep: u32, seen: &mut HashSet<u32>) -> Option<Value<'a>> {
    if !seen.insert(value.identity()) {
        return None;
    }
    let state = value.parts().and_then(|(_, state)| state).unwrap_or(value);
    // An object with slots has a pair of states.
    let dicts: Vec<Value<'_>> = [state].into_iter().chain(state.items()).collect();
    let entries = || dicts.iter().flat_map(|dict| dict.entries());
    let is_table = |value: &Value<'_>| {
        let array = value.as_array();
        array.is_some_and(|array| {
            array.shape().len() == 2
                && array.shape().first() == Some(&ROWS.len())
                && array.dtype().scalar == Scalar::Float
        })
    };
    let called = |names: &'static [&str]| {
        entries()
            .filter(move |(key, _)| key.as_str().is_some_and(|key| names.contains(&key)))
            .map(|(_, value)| value)
    };
    if let Some(table) = called(&["table", "pls_table"]).find(is_table) {
        return Some(table);
    }
    let next = deep.checked_sub(1)?;
    called(&["pls_table", "main_table", "region"]).find_map(|value| find(value, next, seen))
}
