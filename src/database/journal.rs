//! What the database knows of a load: the table `gridloom_load` has its settings, `gridloom_journal` a record for each block
//! that is loaded, written in the same transaction as the block's rows.

use std::collections::{BTreeSet, HashMap};

use postgres::{Client, GenericClient, Transaction};

use super::error::{DatabaseError, Doing, Result};
use super::{Load, Member, Standing, check, sql};

pub(super) const LOADS: &str = "gridloom_load";
pub(super) const JOURNAL: &str = "gridloom_journal";

/// The two tables of a schema, and the load that is under way.
#[derive(Debug)]
pub(super) struct Journal {
    pub schema: String,
    pub load: Load,
    loads: String,
    journal: String,
}

impl Journal {
    pub fn new(schema: &str, load: &Load) -> Self {
        let of = |table| format!("{}.{}", sql::name(schema), sql::name(table));
        Journal { schema: schema.to_owned(), load: load.clone(), loads: of(LOADS), journal: of(JOURNAL) }
    }

    pub fn create(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        for (table, columns, comment) in [
            (
                LOADS,
                "load text PRIMARY KEY, run text NOT NULL, settings json NOT NULL, tables text[] NOT NULL, \
                 gridloom text NOT NULL, started timestamptz NOT NULL DEFAULT now(), finished timestamptz, \
                 source text, lacking json"
                    .to_owned(),
                "Loads of gridloom: settings, tables, and when all of it was there",
            ),
            (
                JOURNAL,
                format!(
                    "load text REFERENCES {}, block bigint, digest text NOT NULL, partial bytea NOT NULL, \
                     rows bigint[], loaded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (load, block)",
                    self.loads
                ),
                "Blocks of cells that gridloom has loaded; a load that was stopped continues by it",
            ),
        ] {
            if !check::exists(transaction, &self.schema, table)? {
                let name = format!("{}.{}", sql::name(&self.schema), sql::name(table));
                transaction
                    .batch_execute(&format!(
                        "CREATE TABLE {name} ({columns}); COMMENT ON TABLE {name} IS {}",
                        sql::literal(comment)
                    ))
                    .doing(|| format!("make the table {table}"))?;
            }
        }
        self.add_columns(transaction)
    }

    /// Journals of older versions did not say how many rows a block has, nor loads which of several runs they are of.
    fn add_columns(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        for (table, column, kind) in [
            (&self.journal, "rows", "bigint[]"),
            (&self.loads, "source", "text"),
            (&self.loads, "lacking", "json"),
        ] {
            let doing = || format!("look at the table {table}");
            if !has_column(transaction, table, column)? {
                let add = format!("ALTER TABLE {table} ADD COLUMN {column} {kind}");
                transaction.batch_execute(&add).doing(doing)?;
            }
        }
        Ok(())
    }

    /// What leaves only the load's rows of a table, behind `WHERE` or `AND`; nothing where all are.
    pub fn own(&self, behind: &str) -> String {
        sql::of_run(behind, self.load.member.as_ref().map(|_| &*self.load.run))
    }

    /// How many rows of each table a block was, in the order of the load's tables; nothing where that is not known.
    pub fn rows(&self, client: &mut Client) -> Result<HashMap<u32, Option<Vec<i64>>>> {
        let doing = || "read the journal".to_owned();
        let sql = format!("SELECT block, rows FROM {} WHERE load = $1", self.journal);
        let rows = client.query(&sql, &[&self.load.id]).doing(doing)?;
        let block =
            |row: &postgres::Row| Ok((number(row.try_get(0).doing(doing)?)?, row.try_get(1).doing(doing)?));
        rows.iter().map(block).collect()
    }

    /// Tables that some load of the schema has made or filled.
    pub fn tables(&self, transaction: &mut Transaction<'_>) -> Result<BTreeSet<String>> {
        let doing = || "read the journal".to_owned();
        let rows = transaction
            .query(&format!("SELECT DISTINCT unnest(tables) FROM {}", self.loads), &[])
            .doing(doing)?;
        rows.iter().map(|row| row.try_get(0).doing(doing)).collect()
    }

    /// Whether the load is new here. Another one is refused, and so is one of other tables; loads of other runs are fine where the schema
    /// holds several.
    pub fn standing(&self, transaction: &mut Transaction<'_>, tables: &[&str]) -> Result<Standing> {
        let doing = || "read the journal".to_owned();
        let sql =
            format!("SELECT load, tables, finished IS NOT NULL, run, source IS NOT NULL FROM {}", self.loads);
        let rows = transaction.query(&sql, &[]).doing(doing)?;
        let mut standing = Standing::New;
        for row in &rows {
            let load: String = row.try_get(0).doing(doing)?;
            let of: Vec<String> = row.try_get(1).doing(doing)?;
            let (run, is_member): (String, bool) =
                (row.try_get(3).doing(doing)?, row.try_get(4).doing(doing)?);
            let is_beside = is_member && self.load.member.is_some() && run != self.load.run;
            if is_member != self.load.member.is_some() || of != tables || (load != self.load.id && !is_beside)
            {
                return Err(self.another(transaction)?);
            }
            if is_beside {
                continue;
            }
            standing = match row.try_get(2).doing(doing)? {
                true => Standing::Finished,
                false => Standing::Begun,
            };
        }
        Ok(standing)
    }

    /// Which load the schema holds instead.
    pub fn another(&self, client: &mut impl GenericClient) -> Result<DatabaseError> {
        let doing = || "read the journal".to_owned();
        let sql = format!(
            "SELECT pg_catalog.format('run %s, %s tables, begun %s, %s, %s blocks', l.run, \
             pg_catalog.cardinality(l.tables), date_trunc('second', l.started), \
             CASE WHEN l.finished IS NULL THEN 'not finished' ELSE 'finished' END, \
             (SELECT count(*) FROM {} j WHERE j.load = l.load)) FROM {} l \
             ORDER BY l.run = $2 DESC, l.load = $1, l.started DESC LIMIT 1",
            self.journal, self.loads
        );
        let row = client.query_opt(&sql, &[&self.load.id, &self.load.run]).doing(doing)?;
        let load = row.map(|row| row.try_get(0)).transpose().doing(doing)?;
        let load = load.unwrap_or_else(|| "none any more, somebody has cleared it".to_owned());
        Ok(DatabaseError::HoldsAnother { schema: self.schema.clone(), load })
    }

    pub fn clear(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        transaction
            .batch_execute(&format!("DELETE FROM {}; DELETE FROM {}", self.journal, self.loads))
            .doing(|| "clear the journal".to_owned())
    }

    pub fn enter(&self, transaction: &mut Transaction<'_>, tables: &[&str]) -> Result<()> {
        let sql = format!(
            "INSERT INTO {} (load, run, settings, tables, gridloom) VALUES ($1, $2, $3::text::json, $4, $5)",
            self.loads
        );
        let Load { id, run, settings, .. } = &self.load;
        transaction
            .execute(&sql, &[id, run, settings, &tables, &crate::VERSION])
            .doing(|| "write the journal".to_owned())?;
        Ok(())
    }

    /// Notes what is known of a run of several, which may have moved, and lack columns of a run that was added.
    pub fn note_member(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let Some(Member { source, lacking }) = &self.load.member else { return Ok(()) };
        let lacking = serde_json::to_string(lacking).unwrap_or_default();
        let sql = format!(
            "UPDATE {} SET source = $2, lacking = $3::text::json WHERE load = $1 AND \
             (source IS DISTINCT FROM $2 OR lacking::text IS DISTINCT FROM $3)",
            self.loads
        );
        let parameters: [&(dyn postgres::types::ToSql + Sync); 3] = [&self.load.id, source, &lacking];
        transaction.execute(&sql, &parameters).doing(|| "write the journal".to_owned())?;
        Ok(())
    }

    /// The runs that the schema's loads are of.
    pub fn runs(&self, transaction: &mut Transaction<'_>) -> Result<Vec<String>> {
        let doing = || "read the journal".to_owned();
        let rows = transaction.query(&format!("SELECT run FROM {}", self.loads), &[]).doing(doing)?;
        rows.iter().map(|row| row.try_get(0).doing(doing)).collect()
    }

    /// Holds the load against being cleared by others until the transaction ends.
    pub fn hold(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let sql = format!("SELECT FROM {} WHERE load = $1 FOR KEY SHARE", self.loads);
        let there = transaction.query_opt(&sql, &[&self.load.id]).doing(|| "read the journal".to_owned())?;
        match there {
            Some(_) => Ok(()),
            None => Err(self.another(transaction)?),
        }
    }

    pub fn blocks(&self, client: &mut Client) -> Result<HashMap<u32, String>> {
        let doing = || "read the journal".to_owned();
        let sql = format!("SELECT block, digest FROM {} WHERE load = $1", self.journal);
        let rows = client.query(&sql, &[&self.load.id]).doing(doing)?;
        let block =
            |row: &postgres::Row| Ok((number(row.try_get(0).doing(doing)?)?, row.try_get(1).doing(doing)?));
        rows.iter().map(block).collect()
    }

    pub fn partials<'a>(&self, client: &'a mut Client) -> Result<postgres::RowIter<'a>> {
        let sql = format!("SELECT block, partial FROM {} WHERE load = $1 ORDER BY block", self.journal);
        client.query_raw(&sql, [&self.load.id]).doing(|| "read the journal".to_owned())
    }

    /// Records a block. A load that was finished is so no longer.
    pub fn record(
        &self,
        transaction: &mut Transaction<'_>,
        block: u32,
        digest: &str,
        partial: &[u8],
        rows: &[i64],
    ) -> Result<()> {
        let doing = || format!("record block {block}");
        let sql =
            format!("UPDATE {} SET finished = NULL WHERE load = $1 AND finished IS NOT NULL", self.loads);
        transaction.execute(&sql, &[&self.load.id]).doing(doing)?;
        let sql = format!(
            "INSERT INTO {} (load, block, digest, partial, rows) VALUES ($1, $2, $3, $4, $5)",
            self.journal
        );
        let params: [&(dyn postgres::types::ToSql + Sync); 5] =
            [&self.load.id, &i64::from(block), &digest, &partial, &rows];
        transaction.execute(&sql, &params).doing(doing)?;
        Ok(())
    }

    pub fn forget(&self, transaction: &mut Transaction<'_>, block: u32) -> Result<()> {
        let sql = format!("DELETE FROM {} WHERE load = $1 AND block = $2", self.journal);
        transaction
            .execute(&sql, &[&self.load.id, &i64::from(block)])
            .doing(|| format!("forget block {block}"))?;
        Ok(())
    }

    pub fn finish(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let sql = format!("UPDATE {} SET finished = now() WHERE load = $1", self.loads);
        transaction.execute(&sql, &[&self.load.id]).doing(|| "finish the load".to_owned())?;
        Ok(())
    }
}

fn has_column(client: &mut impl GenericClient, table: &str, column: &str) -> Result<bool> {
    let has = "SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) AND attname = $2 \
               AND NOT attisdropped";
    let found = client.query_opt(has, &[&table, &column]).doing(|| format!("look at the table {table}"))?;
    Ok(found.is_some())
}

/// A load of a schema, as it was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub run: String,
    /// Of several runs in the schema.
    pub member: Option<Member>,
    pub settings: String,
    pub is_finished: bool,
    pub tables: Vec<String>,
}

/// The loads that a schema holds, the first that was begun first; none where nothing of gridloom is there.
pub(super) fn loads(client: &mut Client, schema: &str) -> Result<Vec<Recorded>> {
    let doing = || "read the journal".to_owned();
    let loads = format!("{}.{}", sql::name(schema), sql::name(LOADS));
    let there = client.query_one("SELECT pg_catalog.to_regclass($1) IS NOT NULL", &[&loads]).doing(doing)?;
    if !there.try_get::<_, bool>(0).doing(doing)? {
        return Ok(Vec::new());
    }
    // Those of older versions are of one run.
    let more = match has_column(client, &loads, "lacking")? {
        true => "source, lacking::text",
        false => "NULL::text, NULL::text",
    };
    let query = format!(
        "SELECT run, settings::text, finished IS NOT NULL, tables, {more} FROM {loads} ORDER BY started, load"
    );
    let rows = client.query(&query, &[]).doing(doing)?;
    let of = |row: &postgres::Row| {
        let (source, lacking): (Option<String>, Option<String>) =
            (row.try_get(4).doing(doing)?, row.try_get(5).doing(doing)?);
        let lacking = lacking.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(Recorded {
            member: source.map(|source| Member { source, lacking }),
            run: row.try_get(0).doing(doing)?,
            settings: row.try_get(1).doing(doing)?,
            is_finished: row.try_get(2).doing(doing)?,
            tables: row.try_get(3).doing(doing)?,
        })
    };
    rows.iter().map(of).collect()
}

pub(super) fn number(block: i64) -> Result<u32> {
    u32::try_from(block)
        .map_err(|_| DatabaseError::schema(JOURNAL, format!("{block} is not the number of a block")))
}
