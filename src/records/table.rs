//! A table of cells: numbers or names of cells, and where these are.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{Error, Result};

/// Cells by number or name, in the order of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CellTable {
    /// What each cell is called.
    pub ids: Vec<String>,
    /// Latitude and longitude of each.
    pub places: Vec<[f64; 2]>,
}

/// Cells that a table has at the most.
const MOST: usize = 50_000_000;

impl CellTable {
    /// Reads a file of lines with a header that names the columns `id` (or as `column` says), `lat` and `lon`, in any order and in whatever letters, apart by
    /// commas, semicolons, tabs or blanks.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Config`](crate::ErrorKind::Config) where the file is no such table, or names a cell twice.
    pub fn read(path: &Path, column: Option<&str>) -> Result<Self> {
        let text = crate::shared::read_text(path).map_err(|source| Error::io("read", path, source))?;
        Self::parse(&text, column).map_err(|reason| Error::config(path, reason))
    }

    fn parse(text: &str, column: Option<&str>) -> std::result::Result<Self, String> {
        let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
        let header = lines.by_ref().find(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let header = header.map(|(_, line)| line).ok_or("it has no line")?;
        let separator = [',', ';', '\t'].into_iter().find(|&separator| header.contains(separator));
        let fields = |line: &str| -> Vec<String> {
            let clean = |field: &str| field.trim().trim_matches('"').to_owned();
            match separator {
                Some(separator) => line.split(separator).map(clean).collect(),
                None => line.split_whitespace().map(clean).collect(),
            }
        };
        let names = fields(header);
        let find = |wanted: &[&str]| {
            let is_it = |name: &String| wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
            let found = names.iter().position(is_it);
            found.ok_or_else(|| {
                format!("it has no column {}; there is {}", wanted.join(" or "), names.join(", "))
            })
        };
        let id = match column {
            Some(column) => find(&[column, "id"])?,
            None => find(&["id"])?,
        };
        let (lat, lon) = (find(&["lat", "latitude"])?, find(&["lon", "longitude"])?);
        let mut table = CellTable::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let fields = fields(line);
            let line = number + 1;
            let field =
                |at: usize| fields.get(at).ok_or_else(|| format!("line {line} has no column {}", at + 1));
            let number = |at: usize| {
                let text = field(at)?;
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| format!("line {line}: {text:?} is not a number"))
            };
            let (name, place) = (field(id)?.clone(), [number(lat)?, number(lon)?]);
            if let Some(before) = known.insert(name.clone(), line) {
                return Err(format!("line {line}: the cell {name} is in line {before} already"));
            }
            table.ids.push(name);
            table.places.push(place);
            if table.ids.len() > MOST {
                return Err(format!("it has more than {MOST} cells"));
            }
        }
        if table.ids.is_empty() { Err("it names no cell".to_owned()) } else { Ok(table) }
    }

    /// Whether records name cells by texts: some name is no number. Otherwise 7 and 7.0 are one cell.
    pub fn is_of_names(&self) -> bool {
        self.ids.iter().any(|id| id.parse::<f64>().is_err())
    }

    /// The numbers of cells by their names.
    pub fn names(&self) -> HashMap<String, f64> {
        self.ids.iter().zip(0u32..).map(|(id, number)| (id.clone(), f64::from(number))).collect()
    }

    /// The cells by the bits of their numbers: those that their names are, or the places in the table of those that have other names.
    pub fn by_number(&self) -> Vec<(u64, [f64; 2])> {
        if self.is_of_names() {
            let numbered = self.places.iter().zip(0u32..);
            return numbered.map(|(place, number)| (f64::from(number).to_bits(), *place)).collect();
        }
        let number = |(id, place): (&String, &[f64; 2])| Some((id.parse::<f64>().ok()?.to_bits(), *place));
        self.ids.iter().zip(&self.places).filter_map(number).collect()
    }

    /// The cell of a column: by its name, otherwise by its place among such columns.
    pub fn of_column(&self, name: &str, place: usize) -> Option<usize> {
        let by_name = self.ids.iter().position(|id| id == name);
        by_name.or_else(|| (place < self.ids.len()).then_some(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_and_mistakes_told() {
        let table =
            CellTable::parse("hru, Lat, Lon\n7, 1.5, -2.5\n9, 2.5, -2.5\n", Some("hru")).expect("a table");
        assert_eq!(
            (table.ids.as_slice(), table.places[1]),
            (["7".to_owned(), "9".to_owned()].as_slice(), [2.5, -2.5])
        );
        assert_eq!(
            (table.of_column("9", 0), table.of_column("x", 0), table.of_column("x", 2)),
            (Some(1), Some(0), None)
        );
        let blanks = CellTable::parse("# cells\nlon lat id\n-2.5 1.5 a\n", None).expect("a table");
        assert_eq!((blanks.ids[0].as_str(), blanks.places[0]), ("a", [1.5, -2.5]));
        for (text, wrong) in [
            ("", "no line"),
            ("id,lat\n1,2\n", "no column lon"),
            ("id,lat,lon\n", "no cell"),
            ("id,lat,lon\n1,2\n", "line 2 has no column 3"),
            ("id,lat,lon\n1,x,3\n", "\"x\" is not a number"),
            ("id,lat,lon\n1,2,3\n\n1,2,4\n", "line 4: the cell 1 is in line 2"),
        ] {
            let error = CellTable::parse(text, None).expect_err(text);
            assert!(error.contains(wrong), "{text:?}: {error}");
        }
    }
}
