//! The command that a file's history names.

use crate::chunk::Codec;
use crate::plan::selection::ALL_PERIODS;
use crate::plan::tables::Aggregate;
use crate::plan::{Area, RowMode, Selection};

use super::subject::{MadeBy, Subject};

/// The command that makes the same file: only what the file depends on, nothing of the machine.
pub(super) fn command(subject: &Subject<'_>) -> String {
    let Subject { plan, made_by, form, is_store, .. } = subject;
    let settings = &plan.settings;
    let verb = if matches!(made_by, MadeBy::Annual(_)) { "gridloom tables" } else { "gridloom grid" };
    let mut words = vec![verb.to_owned(), plan.run.name.clone()];
    let mut add = |option: &str, value: String| words.push(format!("{option} {value}").trim_end().to_owned());
    match made_by {
        MadeBy::Daily => {}
        MadeBy::Aggregate(Aggregate { every, stat }) => {
            add("--every", every.to_string());
            add("--stat", stat.to_string());
        }
        MadeBy::Annual(kind) => {
            add("--tables", kind.name().to_owned());
            if kind.is_of_traits() {
                // Traits are kept, not the name of their file.
                add("--traits", "FILE".to_owned());
            }
        }
    }
    if *form == "zarr" {
        add("--format", (*form).to_owned());
    }
    let change = settings.change.as_deref();
    let Selection { variables, periods, from, to, area } = &settings.selection;
    // Of a change that is said of the runs, not of what is made of them.
    let (variables, periods) =
        change.map_or((variables, periods), |change| (&change.variables, &change.periods));
    let window = change.map(|change| change.window);
    let (from, to) = (window.map(|window| window.from).or(*from), window.map(|window| window.to).or(*to));
    if !variables.is_empty() {
        add("--variables", variables.join(","));
    }
    let table = change.map_or(&settings.table, |change| &change.table);
    for (key, formula) in table.formulas() {
        let Some(info) = table.get(key) else { continue };
        let is_sum = key.strip_suffix("_sum").is_some_and(|of| formula == format!("sum({of})"));
        if info.source_units.is_none() && !is_sum {
            add("--derive", format!("'{key} = {formula}'"));
        }
        if let Some(units) = info.units.as_ref().filter(|_| !is_sum) {
            add("--units", format!("{key}='{units}'"));
        }
    }
    if table.formulas().any(|(key, _)| table.get(key).is_some_and(|info| info.calendar)) {
        add("--calendar-units", String::new());
    }
    if !periods.is_empty() {
        let ranges: Vec<String> = periods
            .iter()
            .map(|range| match range.start() == range.end() {
                _ if *range == ALL_PERIODS => "all".to_owned(),
                true => range.start().to_string(),
                false => format!("{}-{}", range.start(), range.end()),
            })
            .collect();
        add("--periods", ranges.join(","));
    }
    if let Some(date) = from {
        add("--from", date.to_string());
    }
    if let Some(date) = to {
        add("--to", date.to_string());
    }
    if let Some(change) = change {
        if let Some(run) = &change.reference_run {
            let name = run.file_name().unwrap_or(run.as_os_str());
            add("--reference", name.to_string_lossy().into_owned());
        }
        add("--reference-from", change.reference.from.to_string());
        add("--reference-to", change.reference.to.to_string());
        if change.least != 0.0 {
            add("--least", change.least.to_string());
        }
    }
    let (lat, lon) = (plan.window.ys(), plan.window.xs());
    // A box in degrees is no rectangle of a projection.
    let is_box = plan.window.grid.projection().is_none();
    if matches!(area, Area::List(_)) {
        // Cells are kept, not the name of their file.
        add("--cells", "FILE".to_owned());
    } else if is_box
        && let ([north, .., south], [west, .., east]) | ([north @ south], [west, .., east]) =
            (&lat[..], &lon[..])
    {
        add("--bbox", format!("{north},{south},{west},{east}"));
    }
    if settings.rows == RowMode::Dimension {
        add("--rows", "dimension".to_owned());
    }
    match settings.codec {
        Codec::Deflate(level) => add("--deflate", level.to_string()),
        Codec::Zstd(level) => add("--zstd", level.to_string()),
        Codec::None => words.push("--no-compress".to_owned()),
    }
    if settings.chunk.is_none() && !settings.layout.is_default() {
        words.push(format!("--layout {}", settings.layout.name()));
    }
    if *is_store && *form != "zarr" {
        words.push("--single".to_owned());
    }
    // A store of Zarr leaves it out in any case.
    if !settings.checksum && *form != "zarr" {
        words.push("--no-checksum".to_owned());
    }
    words.join(" ")
}
