//! Planning step by step, and making what was planned.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use crate::aggregate::interval::Step;
use crate::aggregate::reduce::Stat;
use crate::archive;
use crate::chunk::Codec;
use crate::error::Result;
use crate::model::calendar::Date;
use crate::model::variables::VariableTable;
use crate::observer::{Nobody, Observer};
use crate::pipeline::{self, Options};
use crate::plan::tables::Aggregate;
use crate::plan::{Area, ChunkLayout, Plan, RowMode, Settings, Tables};
use crate::run::Run;
use crate::verify::{Verification, verify};

use super::view::View;

/// A plan that is being put together. What is not said is as `gridloom grid` has it.
#[derive(Debug, Clone)]
pub struct Planner {
    run: Run,
    settings: Settings,
}

impl Run {
    /// Begins a plan of the run's products.
    pub fn plan(&self) -> Planner {
        Planner { run: self.clone(), settings: Settings::default() }
    }

    /// Keeps the whole run in one file, a group a cell. A file that is there is not replaced.
    ///
    /// # Errors
    /// Those of [`archive::write`](archive::write()).
    pub fn archive(&self, path: impl AsRef<Path>) -> Result<archive::Report> {
        self.archive_watched(path, &Nobody)
    }

    /// As [`Run::archive`], under the eyes of somebody, who may stop it.
    ///
    /// # Errors
    /// Those of [`Run::archive`], and [`Stopped`](crate::ErrorKind::Stopped).
    pub fn archive_watched(
        &self,
        path: impl AsRef<Path>,
        observer: &dyn Observer,
    ) -> Result<archive::Report> {
        archive::write(self, path.as_ref(), &archive::Settings::default(), observer)
    }

    /// Proves whatever was made of the run: a file, or a folder, of grids, aggregates, tables, or an archive.
    ///
    /// # Errors
    /// Those of [`verify()`]. Differences are no error: they are in the result.
    pub fn verify(&self, made: impl AsRef<Path>) -> Result<Verification> {
        let Settings { limits, resources, table, .. } = Settings::default();
        verify(self, made.as_ref(), &table, &limits, resources)
    }
}

impl Planner {
    /// Names or patterns (`*`, `?`) of variables, in the place of all.
    pub fn variables<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.settings.selection.variables = names.into_iter().map(Into::into).collect();
        self
    }

    /// Numbers of periods, in the place of all; can be said several times.
    pub fn periods(mut self, numbers: RangeInclusive<u32>) -> Self {
        self.settings.selection.periods.push(numbers);
        self
    }

    /// The first day of the time axis.
    pub fn from(mut self, date: Date) -> Self {
        self.settings.selection.from = Some(date);
        self
    }

    /// The last day of the time axis.
    pub fn to(mut self, date: Date) -> Self {
        self.settings.selection.to = Some(date);
        self
    }

    /// Which cells, and the window around them.
    pub fn area(mut self, area: Area) -> Self {
        self.settings.selection.area = area;
        self
    }

    /// How the rows of a variable are written.
    pub fn rows(mut self, rows: RowMode) -> Self {
        self.settings.rows = rows;
        self
    }

    /// How chunks are compressed.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.settings.codec = codec;
        self
    }

    /// Whether chunks have a checksum of what is stored, which they have where nothing is said.
    pub fn checksum(mut self, has: bool) -> Self {
        self.settings.checksum = has;
        self
    }

    /// For whom chunks are shaped.
    pub fn layout(mut self, layout: ChunkLayout) -> Self {
        self.settings.layout = layout;
        self
    }

    /// The template of file names.
    pub fn name(mut self, template: impl Into<String>) -> Self {
        self.settings.name = template.into();
        self
    }

    /// A further global attribute.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.attributes.insert(name.into(), value.into());
        self
    }

    /// Names, units and meanings of variables, in the place of the model's.
    pub fn table(mut self, table: VariableTable) -> Self {
        self.settings.table = table;
        self
    }

    /// How much memory the work may take, in bytes, beside some for the libraries.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.settings.resources.memory = bytes;
        self
    }

    /// How many threads work.
    pub fn threads(mut self, count: usize) -> Self {
        self.settings.resources.threads = count;
        self
    }

    /// Grids of one value an interval beside the daily ones; can be said several times.
    pub fn every(mut self, every: Step, stat: Stat) -> Self {
        let only_grids = || Tables { kinds: Vec::new(), ..Tables::default() };
        self.settings.tables.get_or_insert_with(only_grids).aggregates.push(Aggregate { every, stat });
        self
    }

    /// Tables beside the grids. Aggregates that were asked for before stay.
    pub fn tables(mut self, tables: Tables) -> Self {
        let before = self.settings.tables.take().map(|before| before.aggregates).unwrap_or_default();
        let aggregates = before.into_iter().chain(tables.aggregates).collect();
        self.settings.tables = Some(Tables { aggregates, ..tables });
        self
    }

    /// No daily grids.
    pub fn without_grids(mut self) -> Self {
        self.settings.grids = false;
        self
    }

    /// A view of what the plan would make, which reads values where they are asked for. Reads a sample of the dumps.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn view(self) -> Result<View> {
        self.build().map(View::new)
    }

    /// The rows of the one table that is planned, in the place of grids, batch by batch. Reads a sample of the dumps.
    ///
    /// # Errors
    /// Those of [`Plan::new`] and [`Rows::new`](pipeline::Rows::new).
    pub fn table_rows(self) -> Result<pipeline::Rows> {
        pipeline::Rows::new(Arc::new(self.without_grids().build()?))
    }

    /// The plan. Reads a sample of the dumps.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn build(self) -> Result<Plan> {
        Plan::new(self.run, self.settings)
    }

    /// Plans and makes it all in a folder.
    ///
    /// # Errors
    /// Those of [`Plan::new`] and [`pipeline::grid`].
    pub fn make(self, folder: impl AsRef<Path>) -> Result<pipeline::Report> {
        self.build()?.make(folder)
    }

    /// As [`Planner::make`], under the eyes of somebody, who may stop it.
    ///
    /// # Errors
    /// Those of [`Planner::make`], and [`Stopped`](crate::ErrorKind::Stopped).
    pub fn make_watched(self, folder: impl AsRef<Path>, observer: &dyn Observer) -> Result<pipeline::Report> {
        self.build()?.make_watched(folder, observer)
    }
}

impl Plan {
    /// Makes what is planned in a folder. What is done stays: the same call continues after any end.
    ///
    /// # Errors
    /// Those of [`pipeline::grid`]. Dumps that cannot be used are no error: they are in the report.
    pub fn make(&self, folder: impl AsRef<Path>) -> Result<pipeline::Report> {
        self.make_watched(folder, &Nobody)
    }

    /// As [`Plan::make`], under the eyes of somebody, who may stop it.
    ///
    /// # Errors
    /// Those of [`Plan::make`], and [`Stopped`](crate::ErrorKind::Stopped).
    pub fn make_watched(
        &self,
        folder: impl AsRef<Path>,
        observer: &dyn Observer,
    ) -> Result<pipeline::Report> {
        pipeline::grid(self, folder.as_ref(), &Options::default(), observer)
    }
}
