//! Several runs in one schema of a database: the same tables as of one, with a first column `run`.
//!
//! Each run is a load of its own, with its own blocks in the journal, and knows only its own rows. So a run is loaded, continued, and brought
//! up to date as one alone would be, and others can be added later.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::database::{Database, TableSchema, Target};
use crate::error::{Argument, Error, Result};
use crate::observer::Observer;
use crate::pipeline::{self, LoadedMember, Options, Report};
use crate::plan::Plan;
use crate::table::Together;

use super::names;

/// Several runs that are loaded into one schema. All plans are there at once; the memory of the work is that of one.
pub struct JointLoad {
    runs: Vec<(String, PathBuf, Plan)>,
    schema: Option<String>,
    tables: Vec<TableSchema>,
    together: Vec<Together>,
    database: Mutex<Database>,
    /// Whether what is there is still to be replaced.
    is_fresh: bool,
}

impl JointLoad {
    /// Runs by their names and sources, each with the plan of its tables, and the schema that they go into, by default the first of the
    /// search path. With `fresh` all that gridloom has loaded into the schema is replaced. Nothing is changed before the first is loaded.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where names are not fit, are there twice, or leave out a run that the schema holds, and where
    /// tables of the runs cannot be one, or not those of a database; [`Database`](crate::ErrorKind::Database).
    pub fn begin(
        runs: Vec<(String, PathBuf, Plan)>,
        target: &Target,
        schema: Option<&str>,
        fresh: bool,
    ) -> Result<Self> {
        let named: Vec<(String, PathBuf)> =
            runs.iter().map(|(name, source, _)| (name.clone(), source.clone())).collect();
        let sources = names::members(&named)?.into_iter().map(|member| member.source);
        let plans: Vec<(&str, &Plan)> = runs.iter().map(|(name, _, plan)| (&**name, plan)).collect();
        let (tables, together) = pipeline::database_schemas_of_runs(&plans)?.into_iter().unzip();
        let mut database = Database::connect(target)?;
        let there = database.members(schema)?;
        let is_gone = |there: &&String| !runs.iter().any(|(name, ..)| name == *there);
        if let Some(gone) = there.iter().find(is_gone).filter(|_| !fresh) {
            let reason = format!(
                "the schema holds the run {gone} of before, which is not given; give it as well, or choose another schema"
            );
            return Err(Error::selection(Argument::Labels, "", reason));
        }
        let runs: Vec<(String, PathBuf, Plan)> =
            runs.into_iter().zip(sources).map(|((name, _, plan), source)| (name, source, plan)).collect();
        let (schema, database) = (schema.map(str::to_owned), Mutex::new(database));
        Ok(JointLoad { runs, schema, tables, together, database, is_fresh: fresh })
    }

    /// The runs, in their order: the name, the source, the plan.
    pub fn runs(&self) -> impl Iterator<Item = (&str, &Path, &Plan)> {
        self.runs.iter().map(|(name, source, plan)| (&**name, &**source, plan))
    }

    /// The tables, each with the schema where that is given.
    pub fn tables(&self) -> impl Iterator<Item = String> {
        let schema = self.schema.as_ref().map(|name| format!("{name}.")).unwrap_or_default();
        self.tables.iter().map(move |table| format!("{schema}{}", table.name))
    }

    /// Columns that not all runs have, in words.
    pub fn remarks(&self) -> impl Iterator<Item = &str> {
        self.together.iter().flat_map(|together| &together.remarks).map(String::as_str)
    }

    /// Loads a run, by its place. What is loaded stays, and the same call again, after any end, continues there.
    ///
    /// # Errors
    /// Those of [`pipeline::load`].
    pub fn load(&mut self, place: usize, options: &Options, observer: &dyn Observer) -> Result<Report> {
        let run = self.runs.get(place).ok_or_else(|| Error::bug(format!("there is no run {place}")))?;
        let (name, source, plan) = run;
        // What was replaced is not replaced again by the next.
        let options = options.clone().fresh(self.is_fresh);
        let member = LoadedMember { name, place, source, tables: &self.together };
        let schema = self.schema.as_deref();
        let report = pipeline::load_into(
            plan,
            &self.database,
            schema,
            &self.tables,
            Some(member),
            &options,
            observer,
        )?;
        self.is_fresh = false;
        Ok(report)
    }
}
