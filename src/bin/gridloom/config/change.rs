//! The section `[change]`, and two windows of time on the command line.

use std::path::PathBuf;

use gridloom::model::calendar::Date;
use gridloom::plan::{Comparison, Dates, Settings};

use super::super::args::SelectionArguments;
use super::{Config, date};
use crate::mistake::wrong;

/// What a change is measured from, where the command line does not say it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ChangeDefaults {
    from: Option<Date>,
    to: Option<Date>,
    reference_from: Option<Date>,
    reference_to: Option<Date>,
    reference: Option<PathBuf>,
    least: Option<f64>,
}

/// Puts the windows into settings, where a change is wanted: by an option, or where it `is_made` in any case.
pub(super) fn put(
    config: &Config,
    selection: &SelectionArguments,
    is_made: bool,
    settings: &mut Settings,
) -> anyhow::Result<()> {
    let arguments = &selection.change;
    if !arguments.is_wanted() && !is_made {
        return match arguments.least {
            Some(least) => Err(wrong("--least", least, "is for a change, which is not asked for")),
            None => Ok(()),
        };
    }
    let own = config.change.clone().unwrap_or_default();
    let reference = arguments.reference.clone().or(own.reference);
    let from = settings.selection.from.or(own.from);
    let to = settings.selection.to.or(own.to);
    let (Some(from), Some(to)) = (from, to) else {
        return Err(wrong("--change", "", "wants the window that is compared: --from and --to"));
    };
    let given = |option, text: &Option<String>, own: Option<Date>| {
        Ok::<_, anyhow::Error>(date(option, text.as_deref())?.or(own))
    };
    let before = (
        given("--reference-from", &arguments.reference_from, own.reference_from)?,
        given("--reference-to", &arguments.reference_to, own.reference_to)?,
    );
    let before = match (before, &reference) {
        ((Some(from), Some(to)), _) => Dates { from, to },
        ((None, None), Some(_)) => Dates { from, to },
        _ => {
            let reason = "wants the window that is compared with: --reference-from and --reference-to";
            return Err(wrong("--change", "", reason));
        }
    };
    let least = arguments.least.or(own.least).unwrap_or(0.0);
    if !least.is_finite() || least < 0.0 {
        return Err(wrong("--least", least, "is not a number of 0 or more"));
    }
    let change = Comparison::between(before, Dates { from, to }, settings)?;
    settings.change = Some(Box::new(change.reference_run(reference).least(least)));
    Ok(())
}
