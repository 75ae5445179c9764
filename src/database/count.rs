//! Whether the rows that were loaded are there still: counted by cell, compared with what the journal says of each block.

use std::collections::{BTreeMap, HashMap};

use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, GenericClient};

use super::Shared;
use super::error::{DatabaseError, Doing, Result};
use super::journal::Journal;
use super::sql::{self, Table};

/// The load's rows of a table by cell. One look at all of it, by its primary key where the server chooses so.
fn by_cell(client: &mut Client, table: &Table, journal: &Journal) -> Result<HashMap<(i64, i64), i64>> {
    let doing = || format!("count the rows of {}", table.name);
    let [row, column] = super::CELL;
    let query = format!(
        "SELECT {row}::bigint, {column}::bigint, pg_catalog.count(*) FROM {}{} GROUP BY 1, 2",
        table.qualified,
        journal.own("WHERE")
    );
    let none: [i64; 0] = [];
    let mut rows = client.query_raw(&query, none).doing(doing)?;
    let mut counts = HashMap::new();
    while let Some(found) = rows.next().doing(doing)? {
        let get = |at| found.try_get::<_, Option<i64>>(at).doing(doing).map(|value| value.unwrap_or(-1));
        counts.insert((get(0)?, get(1)?), get(2)?);
    }
    Ok(counts)
}

/// The load's rows of a table.
pub(super) fn all(client: &mut Client, table: &Table, journal: &Journal) -> Result<u64> {
    let doing = || format!("count the rows of {}", table.name);
    let query = format!("SELECT pg_catalog.count(*) FROM {}{}", table.qualified, journal.own("WHERE"));
    let row = client.query_one(&query, &[]).doing(doing)?;
    Ok(row.try_get::<_, i64>(0).doing(doing)?.unsigned_abs())
}

/// The runs that a table has rows of, by its key, which begins with them.
pub(super) fn runs(client: &mut impl GenericClient, qualified: &str) -> Result<Vec<String>> {
    let doing = || format!("look for runs in {qualified}");
    let run = sql::name(super::RUN);
    let mut runs: Vec<String> = Vec::new();
    loop {
        let behind = runs
            .last()
            .map_or_else(String::new, |run_before| format!(" WHERE {run} > {}", sql::literal(run_before)));
        let query = format!("SELECT pg_catalog.min({run}) FROM {qualified}{behind}");
        let next: Option<String> = client.query_one(&query, &[]).doing(doing)?.try_get(0).doing(doing)?;
        match next {
            Some(next) => runs.push(next),
            None => return Ok(runs),
        }
    }
}

/// The blocks that have other rows than were loaded, with what differs. Blocks of which the journal does not say how many
/// there were, as an older version wrote them, are taken as they are.
pub(super) fn changed(
    client: &mut Client,
    shared: &Shared,
    cells: &dyn Fn(u32) -> Vec<(u32, u32)>,
) -> Result<BTreeMap<u32, String>> {
    let loaded = shared.journal.rows(client)?;
    let mut changed: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (at, table) in shared.tables.iter().enumerate().filter(|(_, table)| table.has_cells()) {
        let mut there = by_cell(client, table, &shared.journal)?;
        for (&block, rows) in &loaded {
            let cells = cells(block).into_iter();
            let found: i64 = cells.filter_map(|(y, x)| there.remove(&(y.into(), x.into()))).sum();
            let wanted = rows.as_ref().and_then(|rows| rows.get(at)).copied();
            if let Some(wanted) = wanted.filter(|&wanted| wanted != found) {
                let text = format!("{found} of {wanted} rows of {} are there", table.name);
                changed.entry(block).or_default().push(text);
            }
        }
        if let Some(((y, x), rows)) = there.iter().min() {
            let text = format!(
                "it holds rows that gridloom did not load, of {}, such as {rows} of {y}-{x}",
                if there.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", there.len()) }
            );
            return Err(DatabaseError::schema(&table.name, text));
        }
    }
    Ok(changed.into_iter().map(|(block, texts)| (block, texts.join(", "))).collect())
}
