//! What was observed at stations: a CSV file with a line a station and date.
//!
//! Columns are found by their names, in any order and among others: `station` (or `site`, `id`, `name`), `lat` and `lon` (`latitude`, `longitude`), `date` (or
//! `time`), and the value's, which is `value` or the one that is asked for. Dates are `2001`, `2001-02`, `2001-02-03`, or with a time of day
//! behind them; all of a file are alike. A comma, a semicolon or a tab separates fields. A field that is empty, `NA`, `NaN` or -9999 has no value.
//!
//! # Limits
//! The file, of 1 GiB at most, is held in memory.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use crate::error::{Error, Result};
use crate::grid::read::Interval;
use crate::model::calendar::Date;
use crate::model::time_step::TimeStep;

use super::period::Period;

/// Bytes of a file.
const LONGEST: u64 = 1 << 30;

const STATION: &[&str] = &["station", "site", "id", "name"];
const LAT: &[&str] = &["lat", "latitude"];
const LON: &[&str] = &["lon", "longitude"];
const DATE: &[&str] = &["date", "time"];
const VALUE: &[&str] = &["value"];

/// A station.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Station {
    pub name: String,
    pub lat: f64,
    pub lon: f64,
    /// Its values by period: their sum and how many they are.
    pub values: BTreeMap<Period, (f64, u32)>,
}

/// A file of stations.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    /// In the order of the file.
    pub stations: Vec<Station>,
    /// How long the times are that dates name; those within a day are put together by day.
    pub interval: Interval,
    /// The name of the column of values.
    pub variable: String,
    /// Lines without a value.
    pub missing: u64,
}

/// Reads a file.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io); [`Config`](crate::ErrorKind::Config) with the line that cannot be understood.
pub(super) fn read(path: &Path, variable: Option<&str>) -> Result<Points> {
    let mut bytes = Vec::new();
    crate::shared::open_text(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::config(path, format!("the file has more than the limit of {LONGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::config(path, "it is not a text (UTF-8)"))?;
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text), variable)
        .map_err(|reason| Error::config(path, reason))
}

struct Columns {
    station: usize,
    lat: usize,
    lon: usize,
    date: usize,
    value: usize,
}

fn columns(header: &StringRecord, variable: Option<&str>) -> std::result::Result<Columns, String> {
    let find = |wanted: &[&str]| -> std::result::Result<usize, String> {
        let is_it = |name: &str| wanted.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted));
        let mut found = header.iter().enumerate().filter(|(_, name)| is_it(name));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (Some((_, one)), Some((_, other))) => {
                Err(format!("line 1: the columns {one:?} and {other:?} mean the same; one of them must go"))
            }
            (None, _) => Err(format!("line 1: wants a column {}", wanted.join(" or "))),
        }
    };
    let value = match variable {
        Some(name) => find(&[name])?,
        None => find(VALUE)?,
    };
    Ok(Columns { station: find(STATION)?, lat: find(LAT)?, lon: find(LON)?, date: find(DATE)?, value })
}

fn parse(text: &str, variable: Option<&str>) -> std::result::Result<Points, String> {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|&byte| byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|&separator| count(separator)).unwrap_or(b',');
    let mut rows =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = columns(rows.headers().map_err(|error| error.to_string())?, variable)?;
    let variable =
        rows.headers().ok().and_then(|header| header.get(columns.value)).unwrap_or_default().to_owned();
    let mut points = Points { stations: Vec::new(), interval: Interval::Day, variable, missing: 0 };
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut kind: Option<Interval> = None;
    let mut row = StringRecord::new();
    while rows.read_record(&mut row).map_err(|error| error.to_string())? {
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |reason: String| format!("line {line}: {reason}");
        let field = |column: usize| row.get(column).unwrap_or_default();
        let number = |what: &str, column: usize| {
            let text = field(column);
            let decimal = if separator == b',' { text.to_owned() } else { text.replace(',', ".") };
            let number = decimal.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| wrong(format!("{text:?} is not a number, which its {what} must be")))
        };
        let (date, interval) = date(field(columns.date))
            .ok_or_else(|| wrong(format!("{:?} is not a date", field(columns.date))))?;
        match kind {
            Some(kind) if kind != interval => {
                let (one, other) = (kind.word(), interval.word());
                return Err(wrong(format!("its date is {other}, those before it are {one}")));
            }
            _ => kind = Some(interval),
        }
        let (lat, lon) = (number("latitude", columns.lat)?, number("longitude", columns.lon)?);
        if lat.abs() > 90.0 || lon.abs() > 360.0 {
            return Err(wrong(format!("{lat}, {lon} is not a place on the globe")));
        }
        let name = field(columns.station);
        let index = *known.entry(name.to_owned()).or_insert(points.stations.len());
        if index == points.stations.len() {
            points.stations.push(Station { name: name.to_owned(), lat, lon, values: BTreeMap::new() });
        }
        let Some(station) = points.stations.get_mut(index) else { continue };
        if (station.lat, station.lon) != (lat, lon) {
            return Err(wrong(format!(
                "{name:?} is at {lat}, {lon}, and before at {}, {}",
                station.lat, station.lon
            )));
        }
        if is_missing(field(columns.value)) {
            points.missing += 1;
            continue;
        }
        let value = number("value", columns.value)?;
        let (sum, count) = station.values.entry(Period::of(date, interval)).or_default();
        if *count > 0 && !matches!(interval, Interval::Within(_)) {
            return Err(wrong(format!("{name:?} has a second value of {}", field(columns.date))));
        }
        (*sum, *count) = (*sum + value, *count + 1);
    }
    points.interval = match kind {
        None => return Err("the file has no line behind its header".to_owned()),
        Some(Interval::Within(_)) => Interval::Day,
        Some(kind) => kind,
    };
    Ok(points)
}

fn is_missing(text: &str) -> bool {
    let is_number = || text.parse::<f64>().is_ok_and(|number| number == -9999.0 || number.is_nan());
    text.is_empty() || text.eq_ignore_ascii_case("na") || is_number()
}

/// A date, and how long the time is that it names.
fn date(text: &str) -> Option<(Date, Interval)> {
    let (day, time) = match text.find(['T', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)),
        None => (text, None),
    };
    let full = |text: String| text.parse::<Date>().ok();
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match (day.len(), time) {
        (4, None) if number(day) => Some((full(format!("{day}-01-01"))?, Interval::Year)),
        (7, None) => Some((full(format!("{day}-01"))?, Interval::Month)),
        (10, None) => Some((full(day.to_owned())?, Interval::Day)),
        (10, Some(time)) => {
            let is_time =
                time.len() >= 2 && time.bytes().all(|byte| byte.is_ascii_digit() || b":.Z".contains(&byte));
            let hour = TimeStep::seconds(3_600)?;
            Some((full(day.to_owned())?, Interval::Within(hour))).filter(|_| is_time)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_stations() {
        let text = "site;latitude;longitude;date;gpp;value\nA;-3,0;-60,5;2001-01;1,5;x\nB;2;10;2001-01;NA;\nA;-3,0;-60,5;2001-02;-9999;\n\
                    A;-3,0;-60,5;2001-03;2;\n";
        let found = parse(text, Some("GPP")).expect("stations");
        assert_eq!((found.interval, found.missing, found.variable.as_str()), (Interval::Month, 2, "gpp"));
        let [a, b] = found.stations.as_slice() else { panic!("two stations") };
        assert_eq!((a.name.as_str(), a.lat, a.lon, b.values.len()), ("A", -3.0, -60.5, 0));
        let values: Vec<(String, f64)> =
            a.values.iter().map(|(period, (sum, _))| (period.label(Interval::Month), *sum)).collect();
        assert_eq!(values, [("2001-01".to_owned(), 1.5), ("2001-03".to_owned(), 2.0)]);
    }

    #[test]
    fn times_of_a_day_are_put_together() {
        let text = "station,lat,lon,time,value\nA,1,2,2001-01-01T00:00,1\nA,1,2,2001-01-01 00:30,2\nA,1,2,2001-01-02T00:00,5\n";
        let found = parse(text, None).expect("stations");
        assert_eq!(found.interval, Interval::Day);
        let values: Vec<(f64, u32)> = found.stations[0].values.values().copied().collect();
        assert_eq!(values, [(3.0, 2), (5.0, 1)]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let head = "station,lat,lon,date,value\nA,1,2,2001-01-01,1\n";
        for (line, reason) in [
            ("A,1,2,2001-13-01,1", "line 3: \"2001-13-01\" is not a date"),
            ("A,1,2,2001-02,1", "line 3: its date is monthly, those before it are daily"),
            ("A,1,2,2001-01-02,x", "line 3: \"x\" is not a number"),
            ("A,1,3,2001-01-02,1", "line 3: \"A\" is at 1, 3, and before at 1, 2"),
            ("A,1,2,2001-01-01,1", "line 3: \"A\" has a second value of 2001-01-01"),
            ("B,91,2,2001-01-01,1", "line 3: 91, 2 is not a place"),
        ] {
            let error = parse(&format!("{head}{line}\n"), None).expect_err(line);
            assert!(error.starts_with(reason), "{line}: {error}");
        }
        assert!(
            parse("station,lat,lon,value\n", None)
                .expect_err("no dates")
                .contains("wants a column date or time")
        );
        assert!(
            parse(head.lines().next().unwrap_or_default(), None).expect_err("no line").contains("no line")
        );
    }
}
