//! Which run an archive is of, so that no other run's cells get into it unasked.
//!
//! What proves a run are its dumps: an archive has a digest of each, so that one that both have is enough, wherever the folder
//! is now. Where they have none in common, the model's own state folders tell (whose names are drawn at
//! random), and where those are not known, the run's name.

use std::collections::BTreeSet;

use super::handle::Archive;
use super::record::DumpRecord;
use crate::error::{Error, Result};
use crate::model::calendar::Calendar;
use crate::model::grid::Cell;
use crate::run::Run;
use crate::source::Item;

/// The attribute that names the state folders.
const STATES: &str = "gridloom_run_states";

/// Cells whose dumps are compared, spread evenly over those that both have.
const SAMPLE: usize = 64;

/// State folders that are remembered; a run that was continued more often is known by its latest.
const MOST_STATES: usize = 1000;

/// The names that an archive remembers its run by.
pub(super) fn states_in(archive: &Archive) -> BTreeSet<String> {
    let text = archive.attributes().find(|(name, _)| *name == STATES).map(|(_, text)| text);
    text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// What an archive says of the state folders of its run, which may be in it already; `None` where there is nothing to say.
pub(super) fn states_text(run: &Run, archive: Option<&Archive>) -> Result<Option<(&'static str, String)>> {
    let mut states = archive.map(states_in).unwrap_or_default();
    let known = states.len();
    states.extend(run.source().marks()?);
    if states.len() == known {
        return Ok(None);
    }
    let skipped = states.len().saturating_sub(MOST_STATES);
    let names: Vec<String> = states.into_iter().skip(skipped).collect();
    Ok(Some((STATES, names.join(" "))))
}

/// Refuses a run that is not the one of an archive. `replaced` are cells that are made anew: that their dumps are others says
/// nothing. Returns what is to be told.
///
/// # Errors
/// [`Mixed`](crate::ErrorKind::Mixed).
pub(super) fn refuse_other(
    run: &Run,
    archive: &Archive,
    replaced: &[Cell],
    calendar: Calendar,
) -> Result<Option<String>> {
    let refuse = |reason: String| {
        let (path, run) = (archive.path().to_owned(), run.path.clone());
        Err(Error::other_run(path, archive.run().to_owned(), run, reason))
    };
    let both: Vec<_> = run.cells.iter().filter(|cell| archive.has(cell.cell)).collect();
    let step = both.len().div_ceil(SAMPLE).max(1);
    let mut others = 0;
    for cell in both.iter().step_by(step) {
        for record in archive.cell(cell.cell)?.records()?.iter().filter(|record| !record.is_lost()) {
            let item = match record {
                DumpRecord { period: Some(period), .. } if cell.has(*period) => {
                    Item::period(cell.cell, *period)
                }
                DumpRecord { year: Some(year), .. } if cell.years.contains(year) => {
                    Item::year(cell.cell, *year)
                }
                _ => continue,
            };
            if run.source().holds(item, &record.stamp()) {
                return Ok(None);
            }
            others += u64::from(!replaced.contains(&cell.cell));
        }
    }
    match others {
        0 => {}
        1 => return refuse("the dump that both have is another one".to_owned()),
        _ => return refuse(format!("none of {others} dumps that both have is the same")),
    }
    if archive.unit().calendar() != calendar {
        let (there, here) = (archive.unit().calendar().name(), calendar.name());
        return refuse(format!("its calendar is {here}, the archive's is {there}"));
    }
    let is_replaced = archive.cells().all(|cell| replaced.contains(&cell));
    let (known, states) = (states_in(archive), run.source().marks()?);
    if known.intersection(&states).next().is_some() {
        return Ok(None);
    }
    if let (Some(there), Some(here), false) = (known.first(), states.first(), is_replaced) {
        return refuse(format!("they have no dump in common, and other state folders ({there}, {here})"));
    }
    if archive.run() != run.name {
        return refuse(format!("it is called {}, and they have no dump in common", run.name));
    }
    let remark = format!(
        "the archive and the run have no dump in common; they are taken for one by their name, {}",
        run.name
    );
    Ok((!is_replaced).then_some(remark))
}
