//! The tables of plans as a database shall have them.

use std::sync::Arc;

use crate::database::{Partition as Division, TableSchema};
use crate::error::{Argument, Error, Reason, Result};
use crate::plan::Plan;
use crate::plan::tables::{BAND_DEGREES, Names, Partition, TableKind, Tables};
use crate::table::{Layout, Table, Together};

/// The tables as the database shall have them.
pub(crate) fn schemas(plan: &Plan, wanted: &Tables) -> Result<Vec<TableSchema>> {
    let refuse = |argument, value: &str, reason: Reason| Err(Error::selection(argument, value, reason));
    let grids = wanted.kinds.iter().find(|kind| kind.is_grid());
    if grids.is_some() || !wanted.aggregates.is_empty() {
        return refuse(
            Argument::Tables,
            grids.map_or("annual", |grids| grids.name()),
            Reason::from("these are grids: write them to a folder with ").naming(Argument::Output),
        );
    }
    if wanted.names != Names::default() {
        return refuse(
            Argument::Names,
            "upstream",
            "is for files; a database has tables by gridloom's names".into(),
        );
    }
    if wanted.per_cell {
        return refuse(Argument::PerCell, "", "is for files; a database has all cells in one table".into());
    }
    // In a database the column stays that rows are divided by.
    let whole = Tables { partition: None, ..wanted.clone() };
    let layout = Layout::new(plan, &whole)?;
    let schema = |table: &Table| Ok(schema(table, partition(plan, wanted, table)?));
    layout.tables.iter().map(schema).collect()
}

/// A table as a database has it.
fn schema(table: &Table, partition: Option<Division>) -> TableSchema {
    TableSchema {
        name: table.kind.name().to_owned(),
        schema: table.schema.clone(),
        key: table.key.iter().map(|&name| name.to_owned()).collect(),
        partition,
    }
}

/// What a table's rows are divided by.
fn partition(plan: &Plan, wanted: &Tables, table: &Table) -> Result<Option<Division>> {
    let has_dates = crate::table::has_dates(plan);
    let column = plan.axis.step_column().to_owned();
    Ok(match (wanted.partition, table.kind) {
        (None, _) | (_, TableKind::Region) => None,
        (Some(Partition::LatBand), _) => {
            let column = "latitude".to_owned();
            Some(Division::LatBand { column, degrees: BAND_DEGREES as u16 })
        }
        (_, kind) if kind.is_timeless() => None,
        (Some(_), TableKind::Daily | TableKind::Change) if !has_dates => {
            return Err(Error::selection(Argument::Partition, "", "the dates of this calendar are texts"));
        }
        (Some(Partition::Year), TableKind::Daily | TableKind::Change) => Some(Division::Year { column }),
        (Some(Partition::Month), TableKind::Daily | TableKind::Change) => Some(Division::Month { column }),
        (Some(_), _) => Some(Division::Year { column: "year".to_owned() }),
    })
}

/// The tables of several runs, by their names, as the database shall have them.
///
/// # Errors
/// Those of [`schemas`]; [`Argument`](crate::ErrorKind::Argument) where tables of the runs cannot be one.
pub(crate) fn of_runs(runs: &[(&str, &Plan)]) -> Result<Vec<(TableSchema, Together)>> {
    let mut layouts = Vec::new();
    for (_, plan) in runs {
        let wanted = plan.settings.tables.clone().unwrap_or_default();
        // It refuses what no database has.
        schemas(plan, &wanted)?;
        layouts.push((*plan, wanted.clone(), Tables { partition: None, ..wanted }));
    }
    let layouts: Vec<(&Plan, &Tables, Layout<'_>)> = layouts
        .iter()
        .map(|(plan, wanted, whole)| Ok((*plan, wanted, Layout::new(plan, whole)?)))
        .collect::<Result<_>>()?;
    let Some((first, wanted, layout)) = layouts.first() else { return Err(Error::bug("tables of no runs")) };
    let of_table = |table: &Table| {
        let mut tables = Vec::new();
        for ((name, _), (_, _, other)) in runs.iter().zip(&layouts) {
            let own = other.tables.iter().find(|own| own.kind == table.kind);
            let lacking = || {
                let reason = format!("is not made of the run {name}; leave the run out, or the table");
                Error::selection(Argument::Tables, table.kind.name(), reason)
            };
            tables.push((*name, own.ok_or_else(lacking)?));
        }
        let together = Together::new(layout.form, &tables, Argument::Schema)?;
        let mut schema = schema(&together.table, partition(first, wanted, table)?);
        // Runs come and go, and the table stays.
        let mut metadata = schema.schema.metadata().clone();
        let title = table.schema.metadata().get("title").cloned().unwrap_or_default();
        let subject = title.strip_suffix(&format!(" of {}", first.run.name)).unwrap_or(&title);
        metadata.insert("title".to_owned(), subject.to_owned());
        schema.schema = Arc::new(schema.schema.as_ref().clone().with_metadata(metadata));
        Ok((schema, together))
    };
    layout.tables.iter().map(of_table).collect()
}
