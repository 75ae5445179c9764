//! Whether the rows that were loaded are there still: counted by cell, compared with what the journal says of each block.

use std::collections::{BTreeMap, HashMap};

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use super::Shared;
use super::error::{DatabaseError, Doing, Result};
use super::sql::Table;

/// Rows of a table by cell. One look at all of it, by its primary key where the server chooses so.
fn by_cell(client: &mut Client, table: &Table) -> Result<HashMap<(i64, i64), i64>> {
    let doing = || format!("count the rows of {}", table.name);
    let [row, column] = super::CELL;
    let query = format!(
        "SELECT {row}::bigint, {column}::bigint, pg_catalog.count(*) FROM {} GROUP BY 1, 2",
        table.qualified
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

/// Rows of a table.
pub(super) fn all(client: &mut Client, table: &Table) -> Result<u64> {
    let doing = || format!("count the rows of {}", table.name);
    let row = client
        .query_one(&format!("SELECT pg_catalog.count(*) FROM {}", table.qualified), &[])
        .doing(doing)?;
    Ok(row.try_get::<_, i64>(0).doing(doing)?.unsigned_abs())
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
        let mut there = by_cell(client, table)?;
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
