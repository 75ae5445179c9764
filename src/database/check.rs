//! Whether a table that is there is as the load needs it.

use std::collections::HashMap;

use postgres::Transaction;

use super::error::{DatabaseError, Doing, Result};
use super::sql::{self, Table};
use super::types::SqlType;

/// A table as the server describes it.
struct Found {
    oid: u32,
    kind: String,
}

fn find(transaction: &mut Transaction<'_>, schema: &str, table: &str) -> Result<Option<Found>> {
    let doing = || format!("look at the table {table}");
    let row = transaction
        .query_opt(
            "SELECT c.oid, c.relkind::text FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
            &[&schema, &table],
        )
        .doing(doing)?;
    row.map(|row| Ok(Found { oid: row.try_get(0).doing(doing)?, kind: row.try_get(1).doing(doing)? }))
        .transpose()
}

/// Whether the schema has something of this name, be it a table or not.
pub(super) fn exists(transaction: &mut Transaction<'_>, schema: &str, table: &str) -> Result<bool> {
    Ok(find(transaction, schema, table)?.is_some())
}

/// What differs between the table that is there and the one that is needed; nothing where there is none. Columns that the
/// load does not know are fine where they need no value.
pub(super) fn differences(
    transaction: &mut Transaction<'_>,
    schema: &str,
    table: &Table,
) -> Result<Option<Vec<String>>> {
    let doing = || format!("look at the table {}", table.name);
    let Some(found) = find(transaction, schema, &table.name)? else { return Ok(None) };
    if !["r", "p"].contains(&found.kind.as_str()) {
        return Ok(Some(vec!["it is not a table, but a view, an index or the like".to_owned()]));
    }
    let mut differences = Vec::new();

    let rows = transaction
        .query(
            "SELECT attname::text, pg_catalog.format_type(atttypid, atttypmod), \
             attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = '', attgenerated <> '' \
             FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped",
            &[&found.oid],
        )
        .doing(doing)?;
    let mut there = HashMap::new();
    for row in &rows {
        let get = |at| row.try_get::<_, bool>(at).doing(doing);
        let (column, kind): (String, String) = (row.try_get(0).doing(doing)?, row.try_get(1).doing(doing)?);
        there.insert(column, (kind, get(2)?, get(3)?));
    }
    for (column, sql) in &table.columns {
        match there.remove(column) {
            None => differences.push(format!("the column {column} is missing")),
            Some((_, _, true)) => differences.push(format!("the column {column} is generated")),
            Some((kind, ..)) if kind != sql.name() => {
                differences.push(format!("the column {column} is {kind}, not {}", sql.name()));
            }
            Some(_) => {}
        }
    }
    let mut unknown: Vec<_> =
        there.into_iter().filter(|(_, (_, needed, _))| *needed).map(|(column, _)| column).collect();
    unknown.sort();
    differences.extend(
        unknown.iter().map(|column| format!("the column {column} wants a value, which the load has not")),
    );

    let key = transaction
        .query(
            "SELECT a.attname::text FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
             WHERE i.indrelid = $1 AND i.indisprimary",
            &[&found.oid],
        )
        .doing(doing)?;
    let mut key = texts(&key).doing(doing)?;
    let mut wanted = table.key.clone();
    key.sort();
    wanted.sort();
    if key != wanted {
        let told = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        differences.push(format!("its primary key is {}, not {}", told(&key), told(&wanted)));
    }

    let divided = transaction
        .query(
            "SELECT CASE WHEN p.partstrat = 'r' AND p.partnatts = 1 THEN a.attname::text ELSE 'something else' END \
             FROM pg_catalog.pg_partitioned_table p \
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] \
             WHERE p.partrelid = $1",
            &[&found.oid],
        )
        .doing(doing)?;
    let divided = divided.first().map(|row| row.try_get::<_, Option<String>>(0)).transpose().doing(doing)?;
    let divided = divided.map(|column| column.unwrap_or_else(|| "something else".to_owned()));
    let wanted = table.partitioning.as_ref().map(|partitioning| partitioning.column.clone());
    if divided != wanted {
        let told =
            |column: Option<String>| column.map_or_else(|| "not".to_owned(), |column| format!("by {column}"));
        differences.push(format!("it is divided {}, wanted {}", told(divided), told(wanted)));
    }
    Ok(Some(differences))
}

/// Adds columns that a table of several runs lacks, since none of those before had them.
pub(super) fn widen(transaction: &mut Transaction<'_>, schema: &str, table: &Table) -> Result<()> {
    if find(transaction, schema, &table.name)?.is_none_or(|found| !["r", "p"].contains(&found.kind.as_str()))
    {
        return Ok(());
    }
    let doing = || format!("look at the table {}", table.name);
    let query = "SELECT attname::text FROM pg_catalog.pg_attribute \
         WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let there = texts(&transaction.query(query, &[&table.qualified]).doing(doing)?).doing(doing)?;
    let is_new = |column: &&(String, SqlType)| !there.contains(&column.0) && !table.key.contains(&column.0);
    for (column, sql) in table.columns.iter().filter(is_new) {
        let add = format!("ALTER TABLE {} ADD COLUMN {} {}", table.qualified, sql::name(column), sql.name());
        transaction.batch_execute(&add).doing(|| format!("add a column to {}", table.name))?;
    }
    Ok(())
}

/// Comments on what of a table is not described as it should be.
pub(super) fn describe(transaction: &mut Transaction<'_>, table: &Table) -> Result<()> {
    for (column, found) in comments(transaction, table)? {
        if found != table.comment_of(column.as_deref()) {
            let say = table.say(column.as_deref());
            transaction.batch_execute(&say).doing(|| format!("comment on {}", table.name))?;
        }
    }
    Ok(())
}

/// The comments of a table that is there and, by their names, of those of its columns that the load knows.
pub(super) fn comments(
    transaction: &mut Transaction<'_>,
    table: &Table,
) -> Result<Vec<(Option<String>, Option<String>)>> {
    let doing = || format!("look at the table {}", table.name);
    let query = "SELECT NULL::text, pg_catalog.obj_description($1::text::regclass, 'pg_class') UNION ALL \
        SELECT attname::text, pg_catalog.col_description(attrelid, attnum) FROM pg_catalog.pg_attribute \
        WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let rows = transaction.query(query, &[&table.qualified]).doing(doing)?;
    let of = |row: &postgres::Row| Ok((row.try_get(0).doing(doing)?, row.try_get(1).doing(doing)?));
    let all: Vec<(Option<String>, Option<String>)> = rows.iter().map(of).collect::<Result<_>>()?;
    let is_known = |column: &str| table.columns.iter().any(|(known, _)| known == column);
    Ok(all.into_iter().filter(|(column, _)| column.as_deref().is_none_or(is_known)).collect())
}

/// Differences, as an error.
pub(super) fn demand(table: &Table, differences: Vec<String>) -> Result<()> {
    match differences.is_empty() {
        true => Ok(()),
        false => Err(DatabaseError::Schema { table: table.name.clone(), differences }),
    }
}

fn texts(rows: &[postgres::Row]) -> std::result::Result<Vec<String>, postgres::Error> {
    rows.iter().map(|row| row.try_get(0)).collect()
}
