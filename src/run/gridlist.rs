//! Gridlists: CSV files that name cells by indices or by coordinates.
//!
//! The header decides what separates fields: comma, semicolon or tab. Where it is not a comma, numbers may have
//! decimal commas. Every row has as many fields as the header; a field in quotes may hold anything.
//!
//! # Limits
//! The whole list, of 1 GiB at most, is held in memory. Columns that are not asked for may be in any encoding; a list in UTF-16 is
//! refused.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use csv::ByteRecord;

use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};
use crate::run::silence::{EmptyCell, EmptyCells};

/// Names of columns of indices, row and column: CAETE's, and those of gridloom's tables.
const INDICES: [(&str, &str); 2] = [("global_y", "global_x"), ("grid_y", "grid_x")];
/// Names of columns of coordinates.
const COORDINATES: [(&[&str], &[&str]); 1] = [(&["lat", "latitude"], &["lon", "longitude"])];
/// Names of columns of names: the model's, and that of gridloom's tables.
const STATIONS: [&str; 2] = ["station_name", "station"];
const WANTED: &str =
    "the columns lat and lon (or latitude, longitude), global_y and global_x, or grid_y and grid_x";
/// Bytes of a list: a hundred a cell at a tenth of a degree.
const LONGEST: u64 = 1 << 30;
/// A row behind the last one: where it is swallowed, a quote was never closed.
const END: &[u8] = b"\n--end of the gridlist--";

/// What a gridlist says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gridlist {
    /// The cells, in grid order, each once.
    pub cells: Vec<Cell>,
    /// The names of their stations; cells without one are not among them.
    pub stations: BTreeMap<Cell, String>,
    /// What should be told of it, in words.
    pub remarks: Vec<String>,
}

impl Gridlist {
    /// Notes a cell's name; the first that it has is kept.
    fn name(&mut self, cell: Cell, name: &[u8], line: u64) {
        let text = match std::str::from_utf8(name) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let remark = "names that are not UTF-8 are taken for Latin-1";
                if !self.remarks.iter().any(|known| known.ends_with(remark)) {
                    self.remarks.push(format!("line {line}: {remark}"));
                }
                name.iter().map(|&byte| char::from(byte)).collect()
            }
        };
        // No control character is part of a name, and not all formats can have them.
        let text = text.replace(char::is_control, " ").trim().to_owned();
        if text.is_empty() {
            return;
        }
        match self.stations.get(&cell) {
            None => _ = self.stations.insert(cell, text),
            Some(first) if *first != text => self.remarks.push(format!(
                "line {line}: cell {cell} is {text:?} here and {first:?} before; it keeps the first name"
            )),
            Some(_) => {}
        }
    }
}

/// The header of a list of empty cells.
pub const HEAD: &str = "grid_y,grid_x,lat,lon,holds_nothing\n";

/// Cells that hold nothing as a gridlist, in grid order, with a column that says what they lack.
pub fn of_empty(cells: &[EmptyCells]) -> String {
    let mut rows: Vec<(Cell, String)> = Vec::new();
    for list in cells {
        let message = list.message.replace('"', "'");
        let row = |one: &EmptyCell| {
            format!("{},{},{},{},\"{message}\"\n", one.cell.row, one.cell.column, one.lat, one.lon)
        };
        rows.extend(list.cells.iter().map(|one| (one.cell, row(one))));
    }
    rows.sort_by_key(|(cell, _)| *cell);
    HEAD.to_owned() + &rows.into_iter().map(|(_, row)| row).collect::<String>()
}

/// Reads a gridlist: a header with the columns `global_y` and `global_x`, `grid_y` and `grid_x`, or `lat` and `lon`
/// (`latitude`, `longitude`), in any order among others. Indices win where both are there. Repeated cells count once;
/// the result is in grid order.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io), or [`Config`](crate::ErrorKind::Config) with the line that cannot be understood.
pub fn read(path: impl AsRef<Path>, grid: Grid) -> Result<Vec<Cell>> {
    read_named(path, grid).map(|listed| listed.cells)
}

/// The same, with the names that the column `station_name`, or `station`, gives to cells.
///
/// # Errors
/// Those of [`read`].
pub fn read_named(path: impl AsRef<Path>, grid: Grid) -> Result<Gridlist> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    crate::shared::open_text(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > LONGEST {
        let reason = format!("the gridlist has more than the limit of {LONGEST} bytes");
        return Err(Error::config(path, reason));
    }
    parse_named(bytes, grid).map_err(|reason| Error::config(path, reason))
}

/// Which columns name a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    by_index: bool,
    first: usize,
    second: usize,
    /// Of names of stations, where there are some.
    station: Option<usize>,
}

fn parse_named(mut bytes: Vec<u8>, grid: Grid) -> std::result::Result<Gridlist, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the gridlist is in UTF-16, wants UTF-8: save it as \"CSV UTF-8\"".into());
    }
    bytes.extend_from_slice(END);
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&bytes);
    if bytes.len() - END.len() <= bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count() {
        return Err("the gridlist is empty".into());
    }
    let (separator, columns) = separator(bytes)?;
    let mut rows = rows(bytes, separator);
    let (mut fields, mut listed, mut row) = (0, Gridlist::default(), ByteRecord::new());
    let end = END.trim_ascii();
    let mut line = 0;
    while rows.read_byte_record(&mut row).map_err(|error| error.to_string())? {
        if row.len() == 1 && row.get(0) == Some(end) {
            return found(listed);
        }
        line = row.position().map_or(line, csv::Position::line);
        if row.iter().any(|field| field.ends_with(end)) {
            return Err(format!("line {line}: a quote is opened and never closed"));
        }
        // Spreadsheets leave rows of nothing but separators behind.
        if row.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        if fields == 0 {
            fields = row.len();
            continue;
        }
        if row.len() != fields {
            let (has, wants) = (count(row.len()), count(fields));
            return Err(format!(
                "line {line}: it has {has}, the header has {wants}{}",
                cure(&row, separator)
            ));
        }
        let cell = cell(&row, columns, separator, grid).map_err(|reason| format!("line {line}: {reason}"))?;
        listed.cells.push(cell);
        if let Some(name) = columns.station.and_then(|station| row.get(station)) {
            listed.name(cell, name, line);
        }
    }
    found(listed)
}

fn found(mut listed: Gridlist) -> std::result::Result<Gridlist, String> {
    if listed.cells.is_empty() {
        return Err("the gridlist names no cell".into());
    }
    listed.cells.sort_unstable();
    listed.cells.dedup();
    Ok(listed)
}

fn count(fields: usize) -> String {
    if fields == 1 { "1 field".to_owned() } else { format!("{fields} fields") }
}

/// What is likely wrong with a row that has another number of fields.
fn cure(row: &ByteRecord, separator: u8) -> &'static str {
    let is_decimal = |field: &[u8]| field.trim_ascii().iter().all(u8::is_ascii_digit);
    match separator {
        b',' if row.iter().skip(1).any(is_decimal) => {
            "; decimal commas want another separator: a semicolon or a tab"
        }
        _ => "; a field that holds the separator wants quotes",
    }
}

fn rows(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes)
}

/// What separates fields, and the columns that name a cell.
fn separator(bytes: &[u8]) -> std::result::Result<(u8, Columns), String> {
    for separator in [b',', b';', b'\t'] {
        let header = rows(bytes, separator).into_byte_records().filter_map(std::result::Result::ok);
        let header = header.into_iter().find(|row| row.iter().any(|field| !field.trim_ascii().is_empty()));
        let names: Vec<String> = header
            .iter()
            .flat_map(ByteRecord::iter)
            .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
            .collect();
        if let Some(columns) = columns(&names)? {
            return Ok((separator, columns));
        }
    }
    Err(format!("line 1: wants {WANTED}, separated by commas, semicolons or tabs"))
}

fn columns(names: &[String]) -> std::result::Result<Option<Columns>, String> {
    let find = |wanted: &[&str]| -> std::result::Result<Option<usize>, String> {
        let mut found = names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
        match (found.next(), found.next()) {
            (Some((_, one)), Some((_, other))) => {
                Err(format!("line 1: the columns {one:?} and {other:?} mean the same; one of them must go"))
            }
            (first, _) => Ok(first.map(|(index, _)| index)),
        }
    };
    let station = find(&STATIONS)?;
    for (y, x) in INDICES {
        if let (Some(first), Some(second)) = (find(&[y])?, find(&[x])?) {
            return Ok(Some(Columns { by_index: true, first, second, station }));
        }
    }
    for (latitude, longitude) in COORDINATES {
        if let (Some(first), Some(second)) = (find(latitude)?, find(longitude)?) {
            return Ok(Some(Columns { by_index: false, first, second, station }));
        }
    }
    Ok(None)
}

fn cell(row: &ByteRecord, columns: Columns, separator: u8, grid: Grid) -> std::result::Result<Cell, String> {
    let text = |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
    let (first, second) = (text(columns.first), text(columns.second));
    let wrong = |reason: &str| format!("no cell of the grid: {first:?}, {second:?}{reason}");
    let number = |text: &str| number(text, separator, columns.by_index);
    let (Some(y), Some(x)) = (number(&first), number(&second)) else {
        return Err(wrong(" are not two numbers"));
    };
    let cell = if columns.by_index {
        let cell = index_of(y).zip(index_of(x)).map(|(row, column)| Cell { row, column });
        cell.filter(|&cell| grid.contains(cell))
    } else {
        grid.cell_at(y, x)
    };
    cell.ok_or_else(|| wrong(""))
}

/// A number, with a decimal comma where commas don't separate fields.
fn number(text: &str, separator: u8, is_index: bool) -> Option<f64> {
    let plain = |text: &str| -> Option<f64> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        text.parse().ok().filter(|value: &f64| is_number && value.is_finite())
    };
    match text.split_once(',') {
        None => plain(text),
        // An index of 1,000 may be one or a thousand.
        Some((_, decimals)) if separator == b',' || (is_index && decimals.len() == 3) => None,
        Some((whole, decimals)) if !whole.contains('.') && decimals.bytes().all(|b| b.is_ascii_digit()) => {
            plain(&format!("{whole}.{decimals}"))
        }
        Some(_) => None,
    }
}

/// Spreadsheets write whole numbers as 185.0.
fn index_of(value: f64) -> Option<u32> {
    (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: Vec<u8>, grid: Grid) -> std::result::Result<Vec<Cell>, String> {
        parse_named(bytes, grid).map(|listed| listed.cells)
    }

    #[test]
    fn cells_have_the_names_of_their_stations() {
        let named = |text: &[u8]| parse_named(text.to_vec(), half_degree()).expect("a list");
        let listed = named(
            b"station_id,lat,lon,station_name\n0,-2.75,-60.25, K34 \n1,-1.25,-48.25,\n2,-2.7,-60.2,Manaus\n3,-2.7,-60.2,K34\n4,-1.25,-48.25,a\tb\n",
        );
        let names: Vec<(Cell, &str)> =
            listed.stations.iter().map(|(cell, name)| (*cell, name.as_str())).collect();
        assert_eq!(names, [(CELLS[0], "a b"), (CELLS[1], "K34")]);
        assert_eq!(
            listed.remarks,
            ["line 4: cell 185-239 is \"Manaus\" here and \"K34\" before; it keeps the first name"]
        );
        let latin = named(b"station,lat,lon\nBel\xe9m,-1.25,-48.25\n");
        assert_eq!(latin.stations.get(&CELLS[0]).map(String::as_str), Some("Bel\u{e9}m"));
        assert!(latin.remarks.iter().any(|remark| remark.contains("Latin-1")), "{:?}", latin.remarks);
        assert!(named(b"name,lat,lon\nx,-1.25,-48.25\n").stations.is_empty());
        let twice = parse(b"station,station_name,lat,lon\na,b,1,2\n".to_vec(), half_degree());
        assert!(twice.expect_err("two columns").contains("mean the same"));
    }

    fn half_degree() -> Grid {
        Grid::from_resolution(0.5).expect("half a degree divides the globe")
    }

    fn list(text: &str) -> std::result::Result<Vec<Cell>, String> {
        parse(text.as_bytes().to_vec(), half_degree())
    }

    const CELLS: [Cell; 2] = [Cell { row: 182, column: 263 }, Cell { row: 185, column: 239 }];

    #[test]
    fn all_ways_of_naming_a_cell_agree() {
        for text in [
            "station_id,global_y,global_x\n0,185,239\n1,182,263\n\n2,185,239\n",
            "grid_x,grid_y,npp\n239,185,1.5\n263,182.0,\n",
            "\u{feff}lat; lon\n-2.75; -60.25\n-1.25; -48.25\n",
            "lat;lon\r\n-2,75;-60,25\r\n-1,25;-48,25\r\n",
            "Latitude\tLongitude\n-2,75\t-60.25\n-1.25\t-48,25",
            "name,lat,lon\n\"Manaus, AM\",-2.75,-60.25\n\"a \"\"b\"\"\nc\",-1.25,-48.25\n",
            "\"lat\";\"lon\";\"global_y\";\"global_x\"\n\"9\";\"9\";\"185,0\";\"239\"\n9;9;182;263\n;;;\n",
            "\n  \nlat,lon\n-2.75,-60.25\r-1.25,-48.25\r",
            "lat,lon\n+297e-2,299.75\n-2.75,-60.25\n-1.25,-48.25\n".replace("+297e-2", "-2.75").as_str(),
        ] {
            assert_eq!(list(text).as_deref(), Ok(&CELLS[..]), "{text:?}");
        }
        // Names of places in an old encoding.
        let latin = b"name,lat,lon\nS\xe3o Gabriel,-2.75,-60.25\nBel\xe9m,-1.25,-48.25\n".to_vec();
        assert_eq!(parse(latin, half_degree()).as_deref(), Ok(&CELLS[..]));
    }

    #[test]
    fn what_cannot_be_understood_is_named_by_its_line() {
        for (text, line) in [
            ("", "empty"),
            ("\u{feff}", "empty"),
            ("a,b\n1,2\n", "line 1: wants the columns lat and lon"),
            ("lat lon\n1 2\n", "line 1: wants"),
            ("lat,lon\n1,2\n3\n", "line 3: it has 1 field, the header has 2 fields"),
            (
                "lat,lon\n-2,25,-60,75\n",
                "line 2: it has 4 fields, the header has 2 fields; decimal commas want",
            ),
            ("name,lat,lon\nManaus, AM,-2.75,-60.25\n", "line 2: it has 4 fields, the header has 3 fields"),
            ("lat;lon\n1;2;3\n", "line 2: it has 3 fields"),
            ("lat,lon\n\"-2,25\",\"-60,75\"\n", "line 2: no cell of the grid: \"-2,25\", \"-60,75\" are not"),
            ("lat,lon\n95,0\n", "line 2"),
            ("lat,lon\nnan,0\n", "line 2"),
            ("lat,lon\n,\n1,\n", "line 3"),
            ("lat;lon\n1.000,5;2\n", "line 2"),
            ("lat;lon\n1,-5;2\n", "line 2"),
            ("global_y,global_x\n1,720\n", "line 2"),
            ("global_y,global_x\n1.5,7\n", "line 2"),
            ("global_y;global_x\n1,000;7\n", "line 2"),
            ("lat,lon\n", "no cell"),
            ("lat,lon,latitude\n1,2,3\n", "line 1: the columns \"lat\" and \"latitude\" mean the same"),
            ("lat,lon,name\n1,2,a\n1,2,\"b\n3,4,c\n", "line 3: a quote is opened and never closed"),
            ("lat,lon\n1,\"2\n3,4\n", "line 2: a quote"),
        ] {
            let error = list(text).expect_err(text);
            assert!(error.contains(line), "{text:?}: {error}");
        }
        assert!(parse(b"\xff\xfel\0a\0t\0".to_vec(), half_degree()).expect_err("UTF-16").contains("UTF-16"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), head in 0..3_usize) {
            let head = ["", "lat;lon\n", "global_y\tglobal_x,lat,lon\n"].get(head).copied().unwrap_or_default();
            let _ = parse([head.as_bytes(), &bytes].concat(), half_degree());
        }

        #[test]
        fn a_list_reads_back(cells in proptest::collection::btree_set((0..360_u32, 0..720_u32), 1..30), form in 0..3_usize) {
            let (separator, comma) = [(",", "."), (";", ","), ("\t", ",")][form];
            let number = |value: f64| value.to_string().replace('.', comma);
            let rows = cells.iter().map(|&(y, x)| {
                let (lat, lon) = (89.75 - 0.5 * f64::from(y), -179.75 + 0.5 * f64::from(x));
                [number(lat), "\"a,b;c\"".to_owned(), number(lon)].join(separator)
            });
            let text = format!("lat{separator}name{separator}lon\r\n{}", rows.collect::<Vec<_>>().join("\r\n"));
            let wanted: Vec<Cell> = cells.iter().map(|&(row, column)| Cell { row, column }).collect();
            prop_assert_eq!(list(&text), Ok(wanted));
        }
    }
}
