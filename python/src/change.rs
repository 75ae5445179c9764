//! The change between windows of time, where settings want one.

use gridloom::observer::{Nobody, Observer};
use gridloom::plan::{Comparison, Dates, Settings};
use gridloom::records::{self, Gathering, Records};
use gridloom::run::Run;
use gridloom::{Argument, change};

use super::settings::{Wanted, date, wrong};
use super::source::Kept;

impl Wanted {
    /// Whether a change is wanted, and no steps of the run.
    pub fn is_change(&self) -> bool {
        self.reference_start.is_some() || self.reference_stop.is_some() || self.reference.is_some()
    }

    /// A run and the settings of its products; the change between windows of it where that is wanted.
    pub fn prepared(&self, run: Run) -> gridloom::Result<(Run, Settings)> {
        self.prepared_in(run, None, &Nobody)
    }

    /// The same; records that are compared with are kept in a folder of work, where one is given.
    pub fn prepared_in(
        &self,
        run: Run,
        kept: Option<Kept<'_>>,
        observer: &dyn Observer,
    ) -> gridloom::Result<(Run, Settings)> {
        let settings = self.with_windows(self.settings(&run)?)?;
        let Some(comparison) = settings.change.as_deref() else { return Ok((run, settings)) };
        let reference = match (&comparison.reference_run, kept) {
            (None, _) => None,
            (Some(path), Some((output, task, is_fresh))) if records::is_description(path) => {
                let folder = records::folder_of_reference_in(output)?;
                if is_fresh {
                    records::forget(&folder)?;
                }
                let how = Gathering::detect().task(task);
                Some(Records::open(path)?.gather(&folder, how, observer)?)
            }
            (Some(path), _) => Some(Run::open(path, run.grid)?),
        };
        change::compared(run, reference, settings)
    }

    /// Settings with the windows that are compared, where that is wanted.
    pub fn with_windows(&self, settings: Settings) -> gridloom::Result<Settings> {
        if !self.is_change() {
            return match self.least {
                Some(least) => Err(wrong(Argument::Least, least, "is for a change, which is not asked for")),
                None => Ok(settings),
            };
        }
        if let Some(every) = &self.every {
            return Err(wrong(Argument::Every, every, "a change has one interval, its window"));
        }
        let (Some(from), Some(to)) = (settings.selection.from, settings.selection.to) else {
            return Err(wrong(
                Argument::Dates,
                "",
                "a change wants the window that is compared: start and stop",
            ));
        };
        let before = (
            date(Argument::ReferenceFrom, &self.reference_start)?,
            date(Argument::ReferenceTo, &self.reference_stop)?,
        );
        let before = match (before, &self.reference) {
            ((Some(from), Some(to)), _) => Dates { from, to },
            ((None, None), Some(_)) => Dates { from, to },
            _ => {
                let reason = "a change wants the whole window that is compared with: reference_start and reference_stop";
                return Err(wrong(Argument::ReferenceDates, "", reason));
            }
        };
        let least = self.least.unwrap_or(0.0);
        if !least.is_finite() || least < 0.0 {
            return Err(wrong(Argument::Least, least, "is not a number of 0 or more"));
        }
        let comparison = Comparison::between(before, Dates { from, to }, &settings)?.least(least);
        let comparison = comparison.reference_run(self.reference.clone());
        Ok(settings.change(Some(Box::new(comparison))))
    }
}
