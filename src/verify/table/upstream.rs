//! Which files rows are in by upstream's names.

use crate::caete::upstream as names;
use crate::plan::PlannedCell;
use crate::plan::tables::{Partition, TableKind};
use crate::table::read::{Bits, Heading, date};

use super::made::Made;

/// A cell's files of days: the value of the column of days that each begins with, and how its name says its dates.
pub(super) fn files_of_days(made: &Made<'_>, heading: &Heading) -> Vec<(i64, String)> {
    let plan = made.plan;
    let axis = &plan.axis;
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for span in &plan.periods {
        let (first, last) = (span.first_day - axis.first_day, span.last_day - axis.first_day);
        if last >= 0 && first < i64::from(axis.days) {
            spans.push((first.max(0), last.min(i64::from(axis.days) - 1)));
        }
    }
    spans.sort_unstable();
    match spans.first_mut() {
        Some(first) => first.0 = 0,
        None => spans.push((0, i64::from(axis.days) - 1)),
    }
    let is_text = heading.column(axis.step_column()).is_some_and(|column| column.bits == Bits::Text);
    let of = |(first, last): (i64, i64)| {
        let begin = axis.date(first)?;
        let value = if is_text { first } else { date::milliseconds(begin) };
        Some((value, format!("{begin}_{}", axis.date(last)?)))
    };
    spans.into_iter().filter_map(of).collect()
}

/// The file of a row; `files` are the cell's files of days.
pub(super) fn name(
    made: &Made<'_>,
    heading: &Heading,
    planned: PlannedCell,
    row: &[Option<u64>],
    files: &[(i64, String)],
) -> String {
    let (run, ending, tables) = (&made.plan.run.name, made.ending(), made.tables);
    let cell = planned.cell;
    let is_text_with_commas = tables.format.name() == "csv";
    let day = || heading.value(row, made.plan.axis.step_column());
    let name = match (heading.kind, tables.partition) {
        (TableKind::Daily, _) if is_text_with_commas => {
            let day = day().map_or(i64::MIN, |bits| bits as i64);
            let dates =
                files.iter().rev().find(|(first, _)| *first <= day).map_or("", |(_, dates)| dates.as_str());
            format!("{run}/{}", names::days_of_cell(cell, dates))
        }
        (TableKind::Daily, None) => format!("{run}/{run}"),
        (TableKind::Daily, Some(Partition::LatBand)) => {
            let south = (made.plan.window.grid.centre(cell)[0] / 10.0).floor() * 10.0;
            format!("{run}/{}/lat_band={south:.1}/part-0", names::partitioned(run))
        }
        (TableKind::Daily, Some(_)) => {
            let place = heading.place_of(made.plan.axis.step_column()).unwrap_or_default();
            let text = heading.show(place, day());
            let (year, month) = (text.get(..4).unwrap_or_default(), text.get(5..7).unwrap_or_default());
            format!("{run}/{}/year={year}/month={month}/part-0", names::partitioned(run))
        }
        _ if is_text_with_commas => format!("{run}/{}", names::biomass_of_cell(cell)),
        (_, Some(_)) => {
            let year = heading.value(row, "year").map_or(0, |bits| bits as i64);
            names::biomass(run, Some(year))
        }
        (_, None) => single_biomass(made),
    };
    format!("{name}.{ending}")
}

/// The file of all cells' strategies, without its ending.
fn single_biomass(made: &Made<'_>) -> String {
    let run = &made.plan.run.name;
    let year = match made.tables.years.as_slice() {
        [years] if years.start() == years.end() => Some(i64::from(*years.start())),
        _ => None,
    };
    names::biomass(run, year)
}

/// The file of a table that has one alone.
pub(super) fn single(made: &Made<'_>, kind: TableKind) -> String {
    let run = &made.plan.run.name;
    let name = if kind == TableKind::Daily { format!("{run}/{run}") } else { single_biomass(made) };
    format!("{name}.{}", made.ending())
}
