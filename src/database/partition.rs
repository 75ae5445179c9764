//! Declarative partitions: which ones rows need, and making them.
//!
//! A partition is made as a table of its own and then attached, which locks out nobody who loads; a transaction that has rows
//! of the same table in flight would otherwise wait for others like it, and they for it. It is made in a transaction of its
//! own, on a connection of its own: a partition without rows harms nobody.

use std::collections::HashSet;

use arrow_array::ArrayRef;
use postgres::Client;

use super::Target;
use super::error::{DatabaseError, Doing, Result};
use super::sql::{self, Table};

/// Makes partitions for all connections of a process; the load's lock keeps other processes away.
#[derive(Default)]
pub(super) struct Maker {
    client: Option<Client>,
    /// Partitions that are there, by name.
    known: HashSet<String>,
}

impl Maker {
    /// Makes those that are missing for a column of rows.
    pub fn make(&mut self, target: &Target, schema: &str, table: &Table, array: &ArrayRef) -> Result<()> {
        let Some(partitioning) = &table.partitioning else { return Ok(()) };
        let refuse = |reason| DatabaseError::value(&table.name, &partitioning.column, reason);
        for bucket in partitioning.buckets(array).map_err(refuse)? {
            let name = format!("{}{}", table.name, partitioning.suffix(bucket));
            if self.known.contains(&name) {
                continue;
            }
            let bounds =
                partitioning.bounds(bucket).ok_or_else(|| refuse("this is beyond what can be divided"))?;
            if self.client.as_ref().is_none_or(Client::is_closed) {
                self.client = Some(super::connect::open(target)?);
            }
            if let Some(client) = &mut self.client {
                attach(client, schema, table, &name, &bounds)?;
            }
            self.known.insert(name);
        }
        Ok(())
    }
}

fn attach(client: &mut Client, schema: &str, table: &Table, partition: &str, bounds: &str) -> Result<()> {
    let doing = || format!("make the partition {partition}");
    let mut transaction = client.transaction().doing(doing)?;
    let there = transaction
        .query_opt(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid \
             AND i.inhparent = pg_catalog.to_regclass($3)) \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2",
            &[&schema, &partition, &table.qualified],
        )
        .doing(doing)?;
    match there.map(|row| row.try_get(0)).transpose().doing(doing)? {
        Some(true) => return Ok(()),
        Some(false) => {
            return Err(DatabaseError::schema(&table.name, format!("{partition} is a table of its own")));
        }
        None => {}
    }
    let (parent, child) = (&table.qualified, format!("{}.{}", sql::name(schema), sql::name(partition)));
    let made = transaction.batch_execute(&format!(
        "CREATE TABLE {child} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED); \
         ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES {bounds}"
    ));
    if let Err(error) = &made
        && error.code() == Some(&postgres::error::SqlState::INVALID_OBJECT_DEFINITION)
    {
        let reason = error.as_db_error().map_or_else(String::new, |error| error.message().to_owned());
        return Err(DatabaseError::schema(&table.name, format!("it is divided in another way: {reason}")));
    }
    made.doing(doing)?;
    transaction.commit().doing(doing)
}
