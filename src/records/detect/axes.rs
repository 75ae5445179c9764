//! The grid and the axis of time, as the keys of a description.

use super::looked::Seen;
use super::{Work, grid};
use crate::error::Result;
use crate::model::calendar::Calendar;
use crate::model::time_step::TimeStep;
use crate::records::description::{At, Label, StepSize, YEARS};
use crate::records::step;
use crate::words::many;

impl Work {
    /// Finds the grid that coordinates are on.
    pub(super) fn places(&mut self, seen: &Seen) -> Result<()> {
        let cell = &self.description.cell;
        if cell.lat.is_none() || cell.crs.is_some() {
            return Ok(());
        }
        if cell.step.is_some() && cell.at.is_some() {
            self.rounding(seen);
            return Ok(());
        }
        if seen.places.is_empty() {
            let text =
                "no record has a latitude and a longitude that are numbers; give source.cell.lat and lon";
            return Err(self.ask(self.files.files.first(), text));
        }
        let found = match grid::find(&seen.lat, &seen.lon, seen.places.len() as u64) {
            Ok(found) => found,
            // The step is told, and a single place tells no more.
            Err(_) if cell.step.is_some() => return self.places_of_step(seen),
            Err(error) => return Err(self.ask(self.files.files.first(), error.0)),
        };
        let [height, width] = found.step;
        let in_sample = if seen.is_all { "" } else { " in a sample" };
        let [rows, columns] = found.cells;
        if let Some(step) = cell.step {
            let told = match step {
                StepSize::Same(step) => [step, step],
                StepSize::Each(steps) => steps,
            };
            let differs = |one: f64, other: f64| (one - other).abs() > 1e-6 * other;
            if differs(told[0], height) || differs(told[1], width) {
                return self.places_of_step(seen);
            }
        } else {
            self.description.cell.step =
                Some(if height == width { StepSize::Same(height) } else { StepSize::Each([height, width]) });
            let why = format!(
                "{}{in_sample} with {} and {} lie in steps of it: {} of {rows} × {columns} cells",
                many(seen.places.len() as u64, "place"),
                many(seen.lat.count() as u64, "latitude"),
                many(seen.lon.count() as u64, "longitude"),
                seen.places.len()
            );
            self.tell("cell.step", why, None);
        }
        if self.description.cell.at.is_none() {
            self.description.cell.at = Some(found.at);
            self.tell("cell.at", format!("coordinates are {}", found.why), None);
        }
        if self.description.cell.snap.is_none()
            && let Some(snap) = found.snap
        {
            self.description.cell.snap = Some(snap);
            self.tell(
                "cell.snap",
                "coordinates are rounded to few decimals, so far from their cells' centres",
                None,
            );
        }
        Ok(())
    }

    /// How far from the centres of a grid that is told rounded coordinates are.
    pub(super) fn rounding(&mut self, seen: &Seen) {
        let cell = &self.description.cell;
        let (None, Some(step), Some(at)) = (cell.snap, cell.step, cell.at) else { return };
        let [height, width] = match step {
            StepSize::Same(step) => [step, step],
            StepSize::Each(steps) => steps,
        };
        let is_centre = at == At::Centre;
        let found = [seen.lat.snap(height, is_centre), seen.lon.snap(width, is_centre)];
        if let Some(snap) = found.into_iter().flatten().reduce(f64::max) {
            self.description.cell.snap = Some(snap);
            self.tell(
                "cell.snap",
                "coordinates are rounded to few decimals, so far from their cells' centres",
                None,
            );
        }
    }

    /// Where in cells of a step that is told coordinates are.
    fn places_of_step(&mut self, seen: &Seen) -> Result<()> {
        if self.description.cell.at.is_some() {
            self.rounding(seen);
            return Ok(());
        }
        let (step, [south, _], [west, _]) =
            match (self.description.cell.step, seen.lat.ends(), seen.lon.ends()) {
                (Some(StepSize::Same(step)), Some(lat), Some(lon)) => ([step, step], lat, lon),
                (Some(StepSize::Each(step)), Some(lat), Some(lon)) => (step, lat, lon),
                _ => return Ok(()),
            };
        let part = [(south / step[0]).rem_euclid(1.0), (west / step[1]).rem_euclid(1.0)];
        let is_corner = part.iter().all(|part| *part < 1e-4 || *part > 1.0 - 1e-4);
        let (at, why) = match is_corner {
            true => {
                (At::SouthWest, "multiples of the step, so they are corners, taken as south-western ones")
            }
            false => (At::Centre, "not multiples of the step, so they are centres"),
        };
        self.description.cell.at = Some(at);
        self.tell("cell.at", format!("coordinates such as {south}, {west} are {why}"), None);
        self.rounding(seen);
        Ok(())
    }

    /// Finds the axis of time.
    pub(super) fn axis(&mut self, seen: &Seen) -> Result<()> {
        let is_monthly = self.description.values.along.as_deref() == Some("month");
        if self.description.time.step.is_none() && is_monthly {
            self.description.time.step = Some("month".to_owned());
            self.tell("time.step", "columns are months", None);
        }
        let Some(dates) = &seen.dates else { return self.calendar(seen) };
        if dates.count() == 0 {
            let text = seen.first_no_time.as_ref().map_or_else(
                || "no record was seen".to_owned(),
                |(file, line, message)| {
                    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
                    format!("no record has a time as the description says; {file}{line}: {message}")
                },
            );
            return Err(self.ask(self.files.files.first(), format!("{text}; see source.time")));
        }
        self.calendar(seen)?;
        if seen.no_times > 0
            && let Some((file, line, message)) = &seen.first_no_time
        {
            let count = many(seen.no_times, "record");
            self.note(format!("{count} without a time, the first: {message}"), Some((file, *line)));
        }
        let is_of_years =
            self.description.time.stamp.as_ref().is_some_and(|stamp| stamp.units.as_deref() == Some(YEARS));
        if is_monthly || is_of_years {
            return Ok(());
        }
        let found = dates.axis().map_err(|reason| {
            self.ask(self.files.files.first(), format!("{reason}; give source.time.step"))
        })?;
        let in_sample = if seen.is_all { "" } else { ", in a sample" };
        match (self.description.time.step.clone(), found) {
            (None, None) => {
                let text =
                    "all records have one time, which tells no step; give source.time.step, as \"hour\"";
                Err(self.ask(self.files.files.first(), text))
            }
            (None, Some(axis)) => {
                self.description.time.step = Some(step::words(axis.step));
                self.tell("time.step", format!("{}{in_sample}", axis.why), None);
                if self.description.time.label.is_none()
                    && let Some((label, why)) = axis.label
                {
                    self.description.time.label = Some(label);
                    self.tell("time.label", why, None);
                }
                self.start_label();
                Ok(())
            }
            (Some(told), Some(axis)) => {
                let step = step::parse(&told).ok();
                let is_finer = match (step, axis.step) {
                    (Some(TimeStep::Seconds(told)), TimeStep::Seconds(found)) => {
                        found.get() % told.get() != 0
                    }
                    (Some(TimeStep::Months(told)), TimeStep::Months(found)) => found.get() % told.get() != 0,
                    (Some(TimeStep::Months(_)), TimeStep::Seconds(_)) => dates.count() > 1,
                    _ => false,
                };
                if is_finer {
                    let text = format!(
                        "source.time.step is {told:?}, but {}; give {:?}, or leave it out",
                        axis.why,
                        step::words(axis.step)
                    );
                    return Err(self.ask(self.files.files.first(), text));
                }
                self.start_label();
                Ok(())
            }
            (Some(_), None) => {
                self.start_label();
                Ok(())
            }
        }
    }

    fn start_label(&mut self) {
        if self.description.time.label.is_none() {
            self.description.time.label = Some(Label::Start);
            self.tell("time.label", "nothing says otherwise: a record's time is the start of its step", None);
        }
    }

    /// Finds the calendar by its leap days, or holds the one that is told against them.
    fn calendar(&mut self, seen: &Seen) -> Result<()> {
        let leap = seen.dates.as_ref().map(super::times::Dates::leap_days).unwrap_or_default();
        let year = |index: usize| {
            leap.years
                .get(index)
                .copied()
                .flatten()
                .map(|year| format!(" (such as {year})"))
                .unwrap_or_default()
        };
        let counts = format!(
            "29 February is there in {} leap years{}, and missing between 28 February and 1 March in {}{}",
            leap.with,
            year(0),
            leap.without,
            year(1)
        );
        let counted = self.description.time.stamp.as_ref().is_some_and(|stamp| stamp.units.is_some());
        match self.description.time.calendar.as_deref().and_then(Calendar::parse) {
            Some(told) => {
                let is_against = match told {
                    Calendar::NoLeap => leap.with > 0,
                    Calendar::Standard | Calendar::ProlepticGregorian => {
                        leap.with == 0 && leap.without > 0 && !counted
                    }
                    _ => false,
                };
                if is_against {
                    let other = if told == Calendar::NoLeap { "standard" } else { "noleap" };
                    let text = format!(
                        "source.time.calendar is {:?}, but {counts}; give calendar = {other:?}",
                        told.name()
                    );
                    return Err(self.ask(self.files.files.first(), text));
                }
                Ok(())
            }
            None => {
                let (calendar, why) = match (leap.with, leap.without) {
                    (0, 0) if counted => ("standard", "numbers since a date count real days".to_owned()),
                    (0, 0) => ("standard", "no 29 February tells whether there are leap years; give noleap where the model has none".to_owned()),
                    (0, _) if !counted => ("noleap", counts),
                    _ => ("standard", counts),
                };
                self.description.time.calendar = Some(calendar.to_owned());
                self.tell("time.calendar", why, None);
                Ok(())
            }
        }
    }
}
