//! Tables in a database: the rows as the server gives them, in the order of their keys.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use crate::database::{Loaded, Order, TableSchema, Target};
use crate::dump::Limits;
use crate::error::{Error, Result};
use crate::plan::tables::Tables;
use crate::plan::{Resources, Settings};
use crate::run::Run;
use crate::scenarios::name_of;
use crate::table::read::{Bits, Heading, Reader, of_text};
use crate::threads::Pool;

use super::table::{self, RowSource, Seen};
use super::{Prover, Verification};

/// Compares the tables of a database's schema with the dumps of a run: columns, types, keys, comments, and every row.
/// How they were made is told by the record of their load. Of several runs in the schema those rows are compared that are of this one.
///
/// Memory: as [`verify`](super::verify()). The server sorts.
///
/// # Errors
/// [`Database`](crate::ErrorKind::Database), and those of [`Plan::new`](crate::plan::Plan::new). Differences are no error.
pub fn verify_database(
    run: &Run,
    target: &Target,
    schema: Option<&str>,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let mut result = Verification::default();
    let mut loaded = Loaded::open(target, schema, &run.path, &name_of(&run.path))?;
    let settings: Settings = serde_json::from_str(&loaded.settings).map_err(|error| {
        let path = Path::new("gridloom_load").to_owned();
        Error::config(path, format!("its settings are not those of this version: {error}"))
    })?;
    if !loaded.is_finished {
        result.differ_in("gridloom_load", "a load that is finished", "one that is not");
    }
    let wanted = settings.tables.clone().unwrap_or_default();
    let settings = Settings { inputs: Vec::new(), limits: *limits, resources, ..settings };
    let plan = super::plan_again(run.clone().for_proof(), settings)?;
    result.lost_records += plan.run.source().account().map_or(0, |account| account.fault_count);
    let needs_days = wanted.needs_days();
    result.faults.extend(plan.missing.iter().filter(|fault| needs_days || fault.period.is_none()).cloned());
    let schemas = match loaded.run.as_deref() {
        None => crate::pipeline::database_schemas(&plan, &wanted)?,
        Some(name) => {
            let tables = crate::pipeline::database_schemas_of_runs(&[(name, &plan)])?;
            tables.into_iter().map(|(schema, _)| schema).collect()
        }
    };
    for schema in &schemas {
        for strange in loaded.strange(schema)? {
            result.differ_in(&schema.name, "rows of the runs that were loaded, as they were made", &strange);
        }
    }
    for name in &loaded.tables {
        if !schemas.iter().any(|schema| schema.name == *name) {
            result.unseen(name, "its load is of other tables");
        }
    }
    let tables = Tables { partition: None, per_cell: false, ..wanted };
    let prover = Prover {
        run,
        table: &plan.settings.table,
        limits,
        resources,
        pool: Pool::new(resources.threads)?,
        grids: None,
    };
    let schemas = schemas.into_iter().map(|schema| (schema.name.clone(), schema)).collect();
    let place = Server { loaded: Mutex::new(loaded), schemas };
    table::compare(&prover, &plan, &tables, &place, &|_| true, &mut result)?;
    super::sort_faults(&mut result);
    Ok(result)
}

struct Server {
    loaded: Mutex<Loaded>,
    schemas: HashMap<String, TableSchema>,
}

impl Server {
    /// A table by the name that its file would have.
    fn name(file: &str) -> &str {
        file.split_once('.').map_or(file, |(name, _)| name)
    }
}

impl RowSource for Server {
    fn has(&self, file: &str) -> bool {
        self.schemas.contains_key(Self::name(file))
    }

    fn describe(&self, _: &Seen<'_>, file: &str, _: &Heading, result: &mut Verification) -> bool {
        let Some(schema) = self.schemas.get(Self::name(file)) else { return false };
        let found = crate::sync::lock(&self.loaded).differences(schema);
        match found {
            Ok(differences) => {
                for difference in &differences {
                    result.differ_in(&schema.name, "a table as it was made", difference);
                }
                // A table of other columns cannot be read as this one; that is told when it is tried.
                true
            }
            Err(error) => {
                result.differ_in(&schema.name, "a table that can be read", &error.in_full());
                false
            }
        }
    }

    fn open(&self, file: &str, heading: &Heading, skip: u64) -> std::result::Result<Box<dyn Reader>, String> {
        let columns: Vec<String> = heading.columns.iter().map(|column| column.name.clone()).collect();
        let order = heading.key.iter().filter_map(|&index| heading.columns.get(index)).map(|column| {
            let name = column.name.clone();
            match (column.bits, &column.texts) {
                (Bits::Text, _) if matches!(name.as_str(), "day" | "time" | "start") => Order::Letters(name),
                (Bits::Text, Some(texts)) => Order::List(name, texts.list().to_vec()),
                _ => Order::Value(name),
            }
        });
        let order: Vec<Order> = order.collect();
        let rows = crate::sync::lock(&self.loaded).rows(Self::name(file), &columns, &order, skip);
        rows.map(|text| of_text(text, heading)).map_err(|error| error.to_string())
    }
}
