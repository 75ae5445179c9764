//! One process at a time loads into a schema, by as many connections as it likes.
//!
//! Two advisory locks of the session, which the server drops with the connection. The *load* is held by the connection that
//! prepares. The *crew* is shared by all connections of the process; who prepares wants it alone for a moment, so that no
//! connection of a process that was killed still commits a block which is thought missing.

use std::time::Duration;

use postgres::Client;
use twox_hash::XxHash3_64;

use super::error::{DatabaseError, Doing, Result};

const ALONE: &str = "pg_try_advisory_lock";
const SHARED: &str = "pg_try_advisory_lock_shared";

/// Takes the load and joins the crew, for as long as the connection lives.
pub(super) fn lead(client: &mut Client, schema: &str) -> Result<()> {
    let (load, crew) = keys(schema);
    take(client, schema, ALONE, load)?;
    take(client, schema, ALONE, crew)?;
    take(client, schema, SHARED, crew)?;
    client
        .execute("SELECT pg_catalog.pg_advisory_unlock($1)", &[&crew])
        .doing(|| "share the load's lock".to_owned())?;
    Ok(())
}

/// Joins the crew.
pub(super) fn join(client: &mut Client, schema: &str) -> Result<()> {
    take(client, schema, SHARED, keys(schema).1)
}

fn keys(schema: &str) -> (i64, i64) {
    let key = |what| XxHash3_64::oneshot(format!("gridloom {what} of {schema}").as_bytes()).cast_signed();
    (key("load"), key("crew"))
}

/// A server may need a moment to see that the last holder was killed.
fn take(client: &mut Client, schema: &str, function: &str, key: i64) -> Result<()> {
    let doing = || "lock the load".to_owned();
    for attempt in 0..15 {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        let row = client.query_one(&format!("SELECT pg_catalog.{function}($1)"), &[&key]).doing(doing)?;
        if row.try_get(0).doing(doing)? {
            return Ok(());
        }
    }
    let (high, low) = ((key.cast_unsigned() >> 32) as u32, key.cast_unsigned() as u32);
    let owner = client
        .query_opt(
            "SELECT pg_catalog.concat_ws(', ', a.usename::text, a.application_name, 'process ' || l.pid, \
             'from ' || host(a.client_addr), 'since ' || date_trunc('second', a.backend_start)) \
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = $1 AND l.objid = $2 \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             AND l.pid <> pg_catalog.pg_backend_pid() LIMIT 1",
            &[&high, &low],
        )
        .doing(doing)?;
    let owner = owner.map(|row| row.try_get(0)).transpose().doing(doing)?;
    Err(DatabaseError::Locked {
        schema: schema.to_owned(),
        owner: owner.unwrap_or_else(|| "it has just gone".to_owned()),
    })
}
