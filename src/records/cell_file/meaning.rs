//! What a file of one cell means: the dates of its steps, where it is, and which of its variables are series.
//!
//! A series is a variable of numbers with the dimension of time and at most one more that is longer than one, whose places are its rows. Masked is what the
//! file says so: `_FillValue` (or the one that is usual for the type), `missing_value`, what is beyond `valid_range`, `valid_min`, `valid_max`, and NaN. Packed
//! values are multiplied and added to in numbers of eight bytes, and rounded once to the type of `scale_factor` and `add_offset`.

use std::fmt::Write as _;

use super::super::about::{About, AboutSeries};
use super::{Attribute, Content, Kind, Number, Values, Variable};
use crate::model::calendar::{Calendar, Date};
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;

/// Rows of a series at the most: each is a column.
const MOST_ROWS: usize = 1 << 16;

/// A file that is understood.
pub(super) struct Meaning {
    pub calendar: Calendar,
    clock: Clock,
    /// Steps.
    pub steps: usize,
    /// Latitude and longitude, where the file tells them.
    pub place: Option<[f64; 2]>,
    pub series: Vec<Series>,
}

/// A series of a file.
pub(super) struct Series {
    /// Which of the file's variables it is.
    variable: usize,
    name: String,
    units: Option<String>,
    /// The type of its values, in the words of a description.
    pub word: &'static str,
    /// How many numbers lie between those of a step and the next, and of a row and the next.
    strides: [usize; 2],
    /// Its rows; 1 where it has no dimension of them.
    pub rows: usize,
    dimension: Option<String>,
    labels: Vec<String>,
    missing: Vec<f64>,
    valid: [f64; 2],
    /// Factor, summand, and whether they are of eight bytes.
    packed: Option<(f64, f64, bool)>,
    is_unsigned: bool,
    /// In words, why it holds no series that can be read.
    other: Option<String>,
}

impl Meaning {
    /// # Errors
    /// In words: a file that tells no time, or holds several cells.
    pub fn of(content: &Content) -> Result<Self, String> {
        let (time, dimension) = time_of(content)?;
        let bounds = bounds_of(content, time);
        let clock = Clock::of(content, time, bounds)?;
        let calendar = clock.unit.calendar();
        let steps = match &time.values {
            Values::Numbers { kind, bytes, .. } => bytes.len() / kind.size(),
            _ => 0,
        };
        let [lat, lon] = [
            place_of(content, &["lat", "latitude"], "latitude", "degrees_north")?,
            place_of(content, &["lon", "longitude"], "longitude", "degrees_east")?,
        ];
        let all_bounds: Vec<&str> =
            content.variables.iter().filter_map(|variable| variable.text("bounds")).collect();
        let mut series = Vec::new();
        for (number, variable) in content.variables.iter().enumerate() {
            let is_coordinate = std::ptr::eq(variable, time)
                || all_bounds.contains(&variable.name.as_str())
                || [&lat, &lon].into_iter().flatten().any(|(own, _)| std::ptr::eq(*own, variable));
            if !is_coordinate && variable.dimensions.contains(&dimension) {
                series.push(Series::of(content, (number, variable), dimension));
            }
        }
        if series.is_empty() {
            return Err("it has no variable over time".to_owned());
        }
        let place = lat.zip(lon).map(|((_, lat), (_, lon))| [lat, lon]);
        Ok(Meaning { calendar, clock, steps, place, series })
    }

    /// The begin of a step, as a text; where it is none, what stands there.
    pub fn time(&self, content: &Content, step: usize) -> Option<String> {
        self.clock.text(content, step)
    }

    /// What is told of the file before its values.
    pub fn about(&self) -> About {
        let series = self.series.iter().map(|series| AboutSeries {
            name: series.name.clone(),
            units: series.units.clone(),
            dimension: series.dimension.clone(),
            labels: series.labels.clone(),
        });
        About {
            calendar: self.calendar.name().to_owned(),
            has_place: self.place.is_some(),
            series: series.collect(),
        }
    }
}

/// The variable that tells the time, and its dimension.
fn time_of(content: &Content) -> Result<(&Variable, usize), String> {
    let is_time = |variable: &&Variable| {
        let counts =
            variable.text("units").is_some_and(|units| units.to_ascii_lowercase().contains(" since "));
        counts && variable.dimensions.len() == 1 && matches!(variable.values, Values::Numbers { .. })
    };
    let is_own = |variable: &&Variable| {
        let dimension = variable.dimensions.first().and_then(|&number| content.dimensions.get(number));
        dimension.is_some_and(|dimension| dimension.name == variable.name)
    };
    let all: Vec<&Variable> = content.variables.iter().filter(is_time).collect();
    let own: Vec<&Variable> = all.iter().copied().filter(is_own).collect();
    let found = match (own.as_slice(), all.as_slice()) {
        ([only], _) | (_, [only]) => *only,
        (_, []) => {
            return Err(
                "none of its variables tells the time, in units such as days since 2001-01-01".to_owned()
            );
        }
        _ => {
            let names: Vec<&str> = all.iter().map(|variable| variable.name.as_str()).collect();
            return Err(format!("several of its variables tell a time: {}", names.join(", ")));
        }
    };
    let dimension = found.dimensions.first().copied().ok_or("its time has no dimension")?;
    Ok((found, dimension))
}

fn bounds_of<'a>(content: &'a Content, time: &Variable) -> Option<&'a Variable> {
    let name = time.text("bounds")?;
    let found = content.variables.iter().find(|variable| variable.name == name)?;
    let lengths: Vec<usize> = found
        .dimensions
        .iter()
        .filter_map(|&number| content.dimensions.get(number))
        .map(|own| own.length)
        .collect();
    (matches!(lengths.as_slice(), [_, 2]) && found.dimensions.first() == time.dimensions.first())
        .then_some(found)
}

/// Months and years as they are counted where they are not fractions of the tropical one.
const LONG: [(&[&str], i64); 2] =
    [(&["months", "month", "mon"], 1), (&["years", "year", "yr", "common_years", "growing seasons"], 12)];

/// How times are read.
struct Clock {
    /// Which variables have them, and their bounds.
    time: usize,
    bounds: Option<usize>,
    unit: TimeUnit,
    /// The months of what is counted, where it is counted in them.
    months: Option<i64>,
    units: String,
}

impl Clock {
    fn of(content: &Content, time: &Variable, bounds: Option<&Variable>) -> Result<Clock, String> {
        let units = time.text("units").unwrap_or_default();
        let calendar = time.text("calendar").filter(|name| !name.is_empty()).unwrap_or("standard");
        let calendar =
            Calendar::parse(calendar).ok_or_else(|| format!("its calendar {calendar:?} is not known"))?;
        let since = units.to_ascii_lowercase().find(" since ").unwrap_or(0);
        let (word, reference) = units.split_at_checked(since).unwrap_or((units, ""));
        let word = word.trim().to_ascii_lowercase();
        let months = LONG.iter().find(|(names, _)| names.contains(&word.as_str())).map(|(_, months)| *months);
        let unit = match months {
            Some(_) => TimeUnit::of_steps(&format!("days{reference}"), calendar, TimeStep::seconds(1)),
            None => TimeUnit::of_steps(units, calendar, TimeStep::seconds(1)),
        };
        let unit = unit.map_err(|error| format!("its time: {error}"))?;
        let number = |own: &Variable| content.variables.iter().position(|one| std::ptr::eq(one, own));
        let time = number(time).ok_or("its time is not there")?;
        Ok(Clock { time, bounds: bounds.and_then(number), unit, months, units: units.to_owned() })
    }

    fn text(&self, content: &Content, step: usize) -> Option<String> {
        let own = content.variables.get(self.time)?.number(step)?;
        let bounds = self.bounds.and_then(|bounds| content.variables.get(bounds));
        let bounds = bounds.and_then(|bounds| Some([bounds.number(2 * step)?, bounds.number(2 * step + 1)?]));
        // What is not around its time is no bound of it.
        let begin = match bounds.map(|bounds| bounds.map(Number::to_f64)) {
            Some([low, high]) if low <= own.to_f64() && own.to_f64() <= high && low < high => {
                bounds.map_or(own, |[low, _]| low)
            }
            _ => own,
        };
        let found = match self.months {
            Some(months) => by_months(&self.unit, begin, months),
            None => moment(&self.unit, begin),
        };
        let shown = || format!("{} {}", begin.to_f64(), self.units).replace([',', '\n', '"'], " ");
        Some(found.unwrap_or_else(shown))
    }
}

/// The text of a moment; `None` where it is none, or not on a second.
fn moment(unit: &TimeUnit, value: Number) -> Option<String> {
    let each = i64::from(unit.seconds_of_unit());
    let seconds = match value.to_whole() {
        Some(value) => value.checked_mul(each)?,
        None => {
            let seconds = value.to_f64() * each as f64;
            // A time in fractions of days is off by what these are too coarse for.
            let near = seconds.round();
            ((seconds - near).abs() <= 0.05 && near.abs() < 1e15).then_some(near as i64)?
        }
    };
    let (_, milliseconds) = unit.day_and_milliseconds(seconds)?;
    let clock = (milliseconds % 1_000 == 0).then_some(milliseconds / 1_000)?;
    let date = unit.date(seconds)?;
    Some(format!("{date}T{:02}:{:02}:{:02}", clock / 3_600, clock / 60 % 60, clock % 60))
}

/// The same date, so many months later.
fn by_months(unit: &TimeUnit, value: Number, months: i64) -> Option<String> {
    let (calendar, date) = (unit.calendar(), unit.date(0)?);
    let later = value.to_whole()?.checked_mul(months)?;
    let (year, month) = calendar.month(calendar.month_number(date.year, date.month)?.checked_add(later)?)?;
    let date = Date { year, month, day: date.day };
    calendar.day_number(date)?;
    let clock = unit.day_and_milliseconds(0).filter(|(_, milliseconds)| milliseconds % 1_000 == 0)?.1 / 1_000;
    Some(format!("{date}T{:02}:{:02}:{:02}", clock / 3_600, clock / 60 % 60, clock % 60))
}

/// A coordinate of the cell: a variable of one value.
fn place_of<'a>(
    content: &'a Content,
    names: &[&str],
    standard_name: &str,
    units: &str,
) -> Result<Option<(&'a Variable, f64)>, String> {
    let is_it = |variable: &&Variable| {
        let by_name = names.iter().any(|name| variable.name.eq_ignore_ascii_case(name));
        let by_units =
            variable.text("units") == Some(units) && variable.text("bounds").is_none_or(|_| by_name);
        (by_name || variable.text("standard_name") == Some(standard_name) || by_units)
            && matches!(variable.values, Values::Numbers { .. })
    };
    let Some(found) = content.variables.iter().find(is_it) else { return Ok(None) };
    let Values::Numbers { kind, bytes, .. } = &found.values else { return Ok(None) };
    match bytes.len() / kind.size() {
        1 => Ok(found.number(0).map(|number| (found, plain(number)))),
        count => Err(format!("it has {count} values of {}, and a file of one cell has one", found.name)),
    }
}

/// A coordinate as the decimal that it was rounded from.
fn plain(number: Number) -> f64 {
    match number {
        Number::F4(value) => value.to_string().parse().unwrap_or(f64::from(value)),
        other => other.to_f64(),
    }
}

impl Series {
    fn of(content: &Content, (number, variable): (usize, &Variable), time: usize) -> Self {
        let length = |number: &usize| content.dimensions.get(*number).map_or(0, |dimension| dimension.length);
        let (mut of_step, mut of_row, mut stride) = (0, 0, 1usize);
        let mut of_rows = None;
        let mut other = None;
        for &place in variable.dimensions.iter().rev() {
            let own = length(&place);
            if place == time {
                of_step = stride;
            } else if own > 1 && of_rows.is_none() {
                of_rows = Some(place);
                of_row = stride;
            } else if own != 1 {
                other = Some("several dimensions beside time".to_owned());
            }
            stride = stride.saturating_mul(own);
        }
        match &variable.values {
            Values::Numbers { .. } => {}
            Values::Letters(_) => other = Some("characters".to_owned()),
            Values::Texts(_) => other = Some("texts".to_owned()),
            Values::Other(words) => other = Some(words.clone()),
        }
        let rows = of_rows.as_ref().map_or(1, length);
        if rows > MOST_ROWS {
            other = Some(format!("{rows} rows"));
        }
        if other.is_some() {
            of_rows = None;
        }
        let rows = of_rows.as_ref().map_or(1, length);
        let dimension = of_rows.and_then(|number| content.dimensions.get(number));
        let labels = dimension.map(|dimension| labels(content, dimension)).unwrap_or_default();
        let is_unsigned = variable.text("_Unsigned") == Some("true");
        let kind = match &variable.values {
            Values::Numbers { kind, .. } => Some(*kind),
            _ => None,
        };
        let (missing, valid) = masks(variable, kind, is_unsigned);
        let [scale, offset] =
            ["scale_factor", "add_offset"].map(|name| variable.numbers(name).first().copied());
        let is_wide = |number: Option<Number>| !matches!(number, None | Some(Number::F4(_)));
        let packed = (scale.is_some() || offset.is_some()).then(|| {
            let number = |number: Option<Number>, usual| number.map_or(usual, Number::to_f64);
            (number(scale, 1.0), number(offset, 0.0), is_wide(scale) || is_wide(offset))
        });
        Series {
            variable: number,
            name: variable.name.clone(),
            units: variable.text("units").filter(|units| !units.is_empty()).map(str::to_owned),
            word: word_of(kind, packed, is_unsigned),
            strides: [of_step, of_row],
            rows,
            dimension: dimension.map(|dimension| dimension.name.clone()),
            labels,
            missing,
            valid,
            packed,
            is_unsigned,
            other,
        }
    }

    /// Writes the value of a step and row; nothing where it is masked.
    pub fn write(&self, content: &Content, (step, row): (usize, usize), text: &mut String) {
        if let Some(words) = &self.other {
            _ = write!(text, "<{words}>");
            return;
        }
        let [of_step, of_row] = self.strides;
        let Some(variable) = content.variables.get(self.variable) else { return };
        let Some(number) = variable.number(step * of_step + row * of_row) else { return };
        let number = if self.is_unsigned { unsigned(number, &variable.values) } else { number };
        let value = number.to_f64();
        if value.is_nan() || self.missing.contains(&value) || value < self.valid[0] || value > self.valid[1] {
            return;
        }
        _ = match (self.packed, number) {
            (None, Number::Whole(value)) => write!(text, "{value}"),
            (None, Number::F4(value)) => write!(text, "{value}"),
            (None, Number::F8(value)) => write!(text, "{value}"),
            (Some((scale, offset, true)), _) => write!(text, "{}", value * scale + offset),
            (Some((scale, offset, false)), _) => write!(text, "{}", (value * scale + offset) as f32),
        };
    }
}

/// A type in the words of a description.
fn word_of(kind: Option<Kind>, packed: Option<(f64, f64, bool)>, is_unsigned: bool) -> &'static str {
    match (packed, kind) {
        (_, None) | (Some((_, _, true)), _) | (None, Some(Kind::F8)) => "f8",
        (Some(_), _) | (None, Some(Kind::F4)) => "f4",
        (None, Some(Kind::I1)) if !is_unsigned => "i1",
        (None, Some(Kind::I2)) if !is_unsigned => "i2",
        (None, Some(Kind::I4)) if !is_unsigned => "i4",
        (None, Some(Kind::I1 | Kind::U1)) => "i2",
        (None, Some(Kind::I2 | Kind::U2)) => "i4",
        (None, Some(Kind::I4 | Kind::U4 | Kind::I8 | Kind::U8)) => "i8",
    }
}

/// The labels of a dimension's places: what its own variable says, otherwise their numbers from 1.
fn labels(content: &Content, dimension: &super::Dimension) -> Vec<String> {
    let own = content.variables.iter().find(|variable| variable.name == dimension.name);
    let texts: Vec<String> = match own.map(|own| &own.values) {
        Some(Values::Texts(texts)) => texts.clone(),
        Some(Values::Letters(letters)) if dimension.length > 0 => letters
            .chunks_exact((letters.len() / dimension.length).max(1))
            .map(|letters| String::from_utf8_lossy(letters).trim_end_matches(['\0', ' ']).to_owned())
            .collect(),
        Some(Values::Numbers { .. }) => (0..dimension.length)
            .filter_map(|index| own?.number(index))
            .map(|number| match number {
                Number::Whole(value) => value.to_string(),
                Number::F4(value) => value.to_string(),
                Number::F8(value) => value.to_string(),
            })
            .collect(),
        _ => Vec::new(),
    };
    let distinct: std::collections::BTreeSet<&String> = texts.iter().collect();
    match texts.len() == dimension.length
        && distinct.len() == texts.len()
        && texts.iter().all(|text| !text.is_empty())
    {
        true => texts,
        false => (1..=dimension.length).map(|number| number.to_string()).collect(),
    }
}

fn unsigned(number: Number, values: &Values) -> Number {
    let Values::Numbers { kind, .. } = values else { return number };
    match (number, kind.size()) {
        (Number::Whole(value), size @ (1 | 2 | 4)) => Number::Whole(value & ((1 << (8 * size)) - 1)),
        (number, _) => number,
    }
}

/// The values that stand for a missing one, and the least and the greatest that are none.
fn masks(variable: &Variable, kind: Option<Kind>, is_unsigned: bool) -> (Vec<f64>, [f64; 2]) {
    let numbers = |name: &str| -> Vec<f64> {
        let own = variable.numbers(name).iter();
        let own = own.map(|&number| if is_unsigned { unsigned(number, &variable.values) } else { number });
        // A number of another type than the values stands for the nearest of theirs.
        own.map(Number::to_f64)
            .map(|value| if kind == Some(Kind::F4) { f64::from(value as f32) } else { value })
            .collect()
    };
    let mut missing = numbers("missing_value");
    let fill = numbers("_FillValue");
    if fill.is_empty() && !matches!(variable.attribute("_FillValue"), Some(Attribute::Numbers(_))) {
        missing.extend(kind.and_then(usual_fill));
    }
    missing.extend(fill);
    let mut valid = [f64::NEG_INFINITY, f64::INFINITY];
    match numbers("valid_range").as_slice() {
        [low, high] => valid = [*low, *high],
        _ => {
            let [low, high] = &mut valid;
            *low = numbers("valid_min").first().copied().unwrap_or(*low);
            *high = numbers("valid_max").first().copied().unwrap_or(*high);
        }
    }
    (missing, valid)
}

/// What stands where nothing was written, by the library's own words; values of one byte have none.
fn usual_fill(kind: Kind) -> Option<f64> {
    match kind {
        Kind::I1 | Kind::U1 => None,
        Kind::I2 => Some(-32_767.0),
        Kind::U2 => Some(65_535.0),
        Kind::I4 => Some(-2_147_483_647.0),
        Kind::U4 => Some(4_294_967_295.0),
        Kind::I8 => Some(-9_223_372_036_854_775_806_i64 as f64),
        Kind::U8 => Some(18_446_744_073_709_551_614_u64 as f64),
        Kind::F4 | Kind::F8 => Some(f64::from(9.969_21e36_f32)),
    }
}
