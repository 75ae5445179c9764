//! Making the tables of a load, or finding that those there will do.

use postgres::{Client, GenericClient, Transaction};

use crate::error::{Argument, Reason};

use super::error::{DatabaseError, Doing, Result};
use super::journal::{self, Journal};
use super::sql::{self, Table};
use super::{Load, Standing, TableSchema, check};

/// The schema that is meant: the one named, or the first of the search path.
pub(super) fn schema(client: &mut Client, wanted: Option<&str>) -> Result<String> {
    let doing = || "find the schema".to_owned();
    if let Some(wanted) = wanted {
        if wanted.is_empty() || wanted.len() > 63 || wanted.contains('\0') {
            return Err(DatabaseError::address(format!("{wanted:?} is not the name of a schema")));
        }
        return Ok(wanted.to_owned());
    }
    let row = client.query_one("SELECT pg_catalog.current_schema()::text", &[]).doing(doing)?;
    row.try_get::<_, Option<String>>(0).doing(doing)?.ok_or_else(|| {
        let reason = Reason::from("no schema of the search path is there; name one with ");
        DatabaseError::address(reason.naming(Argument::Schema))
    })
}

/// All tables of a load, checked.
pub(super) fn tables(schema: &str, tables: &[TableSchema]) -> Result<Vec<Table>> {
    for (at, table) in tables.iter().enumerate() {
        if tables.iter().take(at).any(|other| other.name == table.name)
            || [journal::LOADS, journal::JOURNAL].contains(&table.name.as_str())
        {
            return Err(DatabaseError::schema(&table.name, "the name is taken"));
        }
    }
    tables.iter().map(|table| Table::new(schema, table)).collect()
}

/// Makes or checks everything in one transaction.
pub(super) fn prepare(
    client: &mut Client,
    journal: &Journal,
    tables: &[Table],
    load: &Load,
) -> Result<Standing> {
    let mut transaction = client.transaction().doing(|| "begin".to_owned())?;
    make_schema(&mut transaction, &journal.schema)?;
    journal.create(&mut transaction)?;
    let known = journal.tables(&mut transaction)?;
    if load.fresh {
        for name in &known {
            clear(&mut transaction, journal, tables, name)?;
        }
        journal.clear(&mut transaction)?;
    }
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    let standing = journal.standing(&mut transaction, &names)?;
    for table in tables {
        let action = || format!("make the table {}", table.name);
        let is_joint = load.member.is_some() && known.contains(&table.name);
        if is_joint {
            check::widen(&mut transaction, &journal.schema, table)?;
        }
        match check::differences(&mut transaction, &journal.schema, table)? {
            Some(differences) => {
                check::demand(table, differences)?;
                if is_joint {
                    check::describe(&mut transaction, table)?;
                }
                // A table with rows of nobody knows whom would keep the load from being what it says.
                if !known.contains(&table.name) {
                    let sql = format!("SELECT EXISTS (SELECT FROM {})", table.qualified);
                    let row = transaction.query_one(&sql, &[]).doing(action)?;
                    if row.try_get(0).doing(action)? {
                        return Err(DatabaseError::schema(
                            &table.name,
                            "it holds rows that gridloom did not load",
                        ));
                    }
                }
            }
            None if standing == Standing::New => transaction.batch_execute(&table.create()).doing(action)?,
            None => {
                return Err(DatabaseError::schema(
                    &table.name,
                    "it is gone, though the load has begun to fill it",
                ));
            }
        }
    }
    if standing == Standing::New {
        journal.enter(&mut transaction, &names)?;
    }
    if load.member.is_some() {
        journal.note_member(&mut transaction)?;
        let runs = journal.runs(&mut transaction)?;
        for table in tables {
            strange_runs(&mut transaction, table, &runs)?;
        }
    }
    transaction.commit().doing(|| "make the tables".to_owned())?;
    Ok(standing)
}

fn make_schema(transaction: &mut Transaction<'_>, schema: &str) -> Result<()> {
    let doing = || format!("make the schema {schema}");
    // Asking first needs no right to make one.
    let there = transaction
        .query_opt("SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", &[&schema])
        .doing(doing)?;
    match there {
        Some(_) => Ok(()),
        None => transaction.batch_execute(&format!("CREATE SCHEMA {}", sql::name(schema))).doing(doing),
    }
}

/// Refuses rows of runs that no load is of.
pub(super) fn strange_runs(client: &mut impl GenericClient, table: &Table, runs: &[String]) -> Result<()> {
    let there = super::count::runs(client, &table.qualified)?;
    match there.iter().find(|there| !runs.contains(there)) {
        Some(strange) => {
            let text = format!("it holds rows that gridloom did not load, of the run {strange:?}");
            Err(DatabaseError::schema(&table.name, text))
        }
        None => Ok(()),
    }
}

/// Empties a table of an earlier load that fits this one, and drops one that does not.
fn clear(transaction: &mut Transaction<'_>, journal: &Journal, tables: &[Table], name: &str) -> Result<()> {
    let qualified = format!("{}.{}", sql::name(&journal.schema), sql::name(name));
    let fits = match tables.iter().find(|table| table.name == name) {
        Some(table) => check::differences(transaction, &journal.schema, table)?.map(|found| found.is_empty()),
        None => check::exists(transaction, &journal.schema, name)?.then_some(false),
    };
    let sql = match fits {
        Some(true) => format!("TRUNCATE {qualified}"),
        Some(false) => format!("DROP TABLE {qualified}"),
        None => return Ok(()),
    };
    transaction.batch_execute(&sql).doing(|| format!("clear the table {name}"))
}
