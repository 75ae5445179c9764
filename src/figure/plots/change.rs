//! A change: of one window less another one, or of one file less another one; in percent, and whether it is more than chance.

use std::sync::Arc;

use crate::aggregate::welch::{self, Sample};
use crate::draw::scale;
use crate::error::{Argument, Error, Result};
use crate::figure::data::gather::{Gather, Gathered, Ticket};
use crate::figure::data::parts::{Every, Parts};
use crate::figure::data::reduce::Reduction;
use crate::figure::draft::DrawnGrid;
use crate::figure::spec::Spec;
use crate::grid::read::{Field, Interval, Raster, Times};
use crate::model::calendar::Date;
use crate::words::many;

use super::pair;
use super::wanted::{self, Wanted, aligned, within};

/// More annual means than this are not held.
const MOST_VALUES: usize = 100_000_000;

/// A file and its window.
pub(super) struct Side {
    pub field: Arc<Field>,
    pub wanted: Wanted,
    ticket: Ticket,
    years: Option<Years>,
}

/// Annual means of a window.
struct Years {
    ticket: Ticket,
    /// Which of the means are of whole years.
    whole: Vec<usize>,
}

/// What is compared: what is, and what it was.
pub(super) struct Change {
    pub after: Side,
    pub before: Side,
}

/// What came of it, by the cells of one of the two.
pub(super) struct Changed {
    pub after: Vec<f64>,
    pub before: Vec<f64>,
    /// One less the other, or percent of the other.
    pub change: Vec<f64>,
    /// Cells whose change is more than chance.
    pub marked: Vec<bool>,
    /// For the line below the title.
    pub words: Vec<String>,
    /// What is told beside the picture.
    pub notes: Vec<String>,
}

/// Whether settings name a reference for one input.
pub(super) fn is_wanted(spec: &Spec) -> bool {
    spec.reference.is_some()
        || spec.difference.is_some()
        || spec.reference_from.is_some()
        || spec.reference_to.is_some()
}

/// The grid that an input's change is reckoned from: another file's, or its own of other days.
pub(super) fn reference(spec: &Spec, gather: &mut Gather, grid: &DrawnGrid) -> Result<DrawnGrid> {
    match spec.reference.as_ref().or(spec.difference.as_ref()) {
        Some(path) => DrawnGrid::of(gather, path, spec.variables.first().map(String::as_str)),
        None => Ok(DrawnGrid { id: grid.id, field: grid.field.clone() }),
    }
}

impl Change {
    /// Says what is needed of both.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a file has no such days, or too few years for a test.
    pub fn open(spec: &Spec, gather: &mut Gather, after: &DrawnGrid, before: &DrawnGrid) -> Result<Self> {
        let has_window = spec.reference_from.is_some() || spec.reference_to.is_some();
        let mut earlier = spec.clone();
        if has_window {
            (earlier.date, earlier.from, earlier.to) =
                (None, spec.reference_from.clone(), spec.reference_to.clone());
            refuse_empty(&before.field, spec)?;
        }
        let side = |gather: &mut Gather, grid: &DrawnGrid, spec: &Spec| -> Result<Side> {
            let (field, wanted) = (grid.field.clone(), wanted::wanted(&grid.field, spec)?);
            let ticket = gather.want(grid.id, wanted.reduction.clone());
            let years = match spec.significant {
                Some(level) => Some(Years::open(gather, grid, &wanted, level)?),
                None => None,
            };
            Ok(Side { field, wanted, ticket, years })
        };
        let (after, before) = (side(gather, after, spec)?, side(gather, before, &earlier)?);
        let change = Change { after, before };
        if change.is_of_one_file() {
            change.refuse_same_days(spec)?;
        }
        Ok(change)
    }

    /// Whether both windows are of the same file.
    pub fn is_of_one_file(&self) -> bool {
        self.after.field.path == self.before.field.path && self.after.field.name == self.before.field.name
    }

    fn refuse_same_days(&self, spec: &Spec) -> Result<()> {
        let [one, other] = [&self.after, &self.before].map(|side| side.wanted.reduction.steps());
        let words = self.before.field.times.span(other);
        let is_window = spec.reference_from.is_some() || spec.reference_to.is_some();
        if is_window && one == other {
            let reason = "are the days that it is compared with, of the same file";
            return Err(Error::selection(Argument::ReferenceFrom, words, reason));
        }
        let overlap = one.start < other.end && other.start < one.end;
        if spec.significant.is_some() && overlap {
            let reason = format!(
                "wants two windows without common days; {} and {words} overlap",
                self.after.field.times.span(one)
            );
            return Err(Error::selection(Argument::Significant, "", reason));
        }
        Ok(())
    }

    /// What was changed, by the cells of what is, or of what it was; in the units of the same. NaN where one has no value.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the units are not of one kind.
    pub fn of(&self, spec: &Spec, gathered: &Gathered, base_is_before: bool) -> Result<Changed> {
        let [base, other] = match base_is_before {
            true => [&self.before, &self.after],
            false => [&self.after, &self.before],
        };
        let argument = match (base_is_before && spec.inputs.len() > 1, spec.difference.is_some()) {
            (true, _) => Argument::File,
            (false, true) => Argument::Difference,
            (false, false) => Argument::Reference,
        };
        let place = &base.field.place;
        let converted = |values: &mut Vec<f64>, of: &Raster| -> Result<Option<String>> {
            if place != of {
                *values = aligned(place, of, values);
            }
            pair::converted(argument, (&base.field, &base.wanted), (&other.field, &other.wanted), values)
        };
        let mut own = gathered.get(base.ticket).values.clone();
        let mut others = gathered.get(other.ticket).values.clone();
        let words = converted(&mut others, &other.field.place)?;
        within(place, spec.bbox, &mut own);
        within(place, spec.bbox, &mut others);
        let [after, before] = if base_is_before { [others, own] } else { [own, others] };
        let change = after.iter().zip(&before).map(|(after, before)| after - before).collect();
        let mut changed =
            Changed { after, before, change, marked: Vec::new(), words: Vec::new(), notes: Vec::new() };
        changed.words.extend(words);
        if spec.percent == Some(true) {
            changed.percent(spec.least.unwrap_or(0.0), &base.wanted.units);
        }
        if let (Some(level), Some(one), Some(two)) = (spec.significant, &base.years, &other.years) {
            let cells = place.cells();
            let own = one.means(gathered, cells);
            let mut others = two.means(gathered, other.field.place.cells());
            for year in &mut others {
                converted(year, &other.field.place)?;
            }
            changed.mark(level, &own, &others);
            let counts = if base_is_before { [others.len(), own.len()] } else { [own.len(), others.len()] };
            changed.tell_marks(level, counts);
        }
        Ok(changed)
    }
}

impl Changed {
    /// Makes percent of the change; masks it where the reference is nearly nought.
    fn percent(&mut self, least: f64, units: &str) {
        let mut masked = 0;
        for (change, before) in self.change.iter_mut().zip(&self.before) {
            if before.abs() > least {
                *change = 100.0 * *change / before.abs();
            } else if !change.is_nan() {
                *change = f64::NAN;
                masked += 1;
            }
        }
        if masked > 0 {
            let limit = match least {
                0.0 => "0".to_owned(),
                least => format!("{} {}", scale::label(least), scale::units(units)).trim_end().to_owned(),
            };
            let is = if least == 0.0 { "is 0" } else { &format!("is at most {limit}, up or down") };
            self.words.push(format!("{} masked: the reference {is}", many(masked, "cell")));
            self.notes.push(format!("{} masked: the reference {is} there", many(masked, "cell")));
        }
    }

    /// Marks the cells whose annual means differ by more than chance.
    fn mark(&mut self, level: f64, one: &[Vec<f64>], other: &[Vec<f64>]) {
        let sample = |years: &[Vec<f64>], cell: usize| {
            let values: Vec<f64> =
                years.iter().map(|year| year.get(cell).copied().unwrap_or(f64::NAN)).collect();
            Sample::of(&values)
        };
        let mut untested = 0;
        let marks = self.change.iter().enumerate().map(|(cell, change)| {
            if change.is_nan() {
                return false;
            }
            let p = welch::p_value(sample(one, cell), sample(other, cell));
            untested += u64::from(p.is_none());
            p.is_some_and(|p| p < level)
        });
        self.marked = marks.collect();
        if untested > 0 {
            let why = "fewer than two years with a value in a window, or the same value in all years";
            self.notes.push(format!("{} without a test: {why}", many(untested, "cell")));
        }
    }

    fn tell_marks(&mut self, level: f64, [after, before]: [usize; 2]) {
        let marked = self.marked.iter().filter(|marked| **marked).count();
        let all = self.change.iter().filter(|change| !change.is_nan()).count();
        self.words.push(format!(
            "dots: p < {level} in {marked} of {} (Welch's t-test of {after} and {before} annual means)",
            many(all as u64, "cell")
        ));
    }
}

impl Years {
    fn open(gather: &mut Gather, grid: &DrawnGrid, wanted: &Wanted, level: f64) -> Result<Self> {
        let field = &grid.field;
        let refuse = |reason: String| Err(Error::selection(Argument::Significant, level, reason));
        let parts = Parts::new(&field.times, wanted.reduction.steps().clone(), Every::Year);
        let whole = whole_years(&field.times, &parts, field.meaning.interval);
        if whole.len() < 2 {
            return refuse(format!(
                "wants two whole calendar years or more in each window; {} has {} of {} in {}",
                field.file_name(),
                match whole.len() {
                    0 => "none".to_owned(),
                    count => count.to_string(),
                },
                many(parts.count() as u64, "year"),
                field.times.span(wanted.reduction.steps())
            ));
        }
        if parts.count().saturating_mul(field.place.cells()) > MOST_VALUES {
            return refuse(format!(
                "makes {} times {} annual means of {}, more than the limit of {MOST_VALUES}; give a shorter window",
                parts.count(),
                field.place.cells(),
                field.file_name()
            ));
        }
        Ok(Years { ticket: gather.want(grid.id, Reduction::Cells { parts }), whole })
    }

    /// The means of each whole year, by cell.
    fn means(&self, gathered: &Gathered, cells: usize) -> Vec<Vec<f64>> {
        let values = &gathered.get(self.ticket).values;
        let year = |part: &usize| values.get(part * cells..(part + 1) * cells).map(<[f64]>::to_vec);
        self.whole.iter().filter_map(year).collect()
    }
}

/// The parts that are whole years of the calendar. Without bounds only steps of days tell that by themselves; of months all must be there, and
/// of years one.
fn whole_years(times: &Times, parts: &Parts, interval: Option<Interval>) -> Vec<usize> {
    let is_whole = |range: &std::ops::Range<usize>| {
        match (times.has_bounds, interval) {
            (false, Some(Interval::Month)) => return range.len() == 12,
            (false, Some(Interval::Year)) => return range.len() == 1,
            _ => {}
        }
        let Some(steps) = times.steps.get(range.clone()) else { return false };
        let joined = steps.windows(2).all(|pair| match pair {
            [one, other] => one.end == other.start,
            _ => true,
        });
        let begin = |year: i32| times.unit.first_on(Date { year, month: 1, day: 1 });
        let year = times.date(range.start).map(|date| date.year);
        let ends = year.and_then(|year| begin(year).zip(begin(year.checked_add(1)?)));
        let own = steps.first().zip(steps.last()).map(|(first, last)| (first.start, last.end));
        joined && own.is_some() && own == ends
    };
    (0..parts.count()).filter(|&part| parts.ranges.get(part).is_some_and(is_whole)).collect()
}

/// Refuses a window of the reference in which the file has no day.
fn refuse_empty(field: &Field, spec: &Spec) -> Result<()> {
    let from = Spec::parse_date(Argument::ReferenceFrom, &spec.reference_from)?;
    let to = Spec::parse_date(Argument::ReferenceTo, &spec.reference_to)?;
    if field.times.between(from, to).is_some() {
        return Ok(());
    }
    let words = |date: Option<Date>| date.map_or("…".to_owned(), |date| date.to_string());
    let span = field.times.span(&(0..field.times.steps.len()));
    let reason = format!("no day of {}, which has {span}", field.file_name());
    Err(Error::selection(Argument::ReferenceFrom, format!("{} to {}", words(from), words(to)), reason))
}
