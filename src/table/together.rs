//! Tables of several runs as one, with a first column that says which run a row is of.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, new_null_array};
use arrow_schema::{DataType, Field, Schema};

use crate::error::{Argument, Error, Reason, Result};

use super::columns::Columns;
use super::file::Writer;
use super::form::TableForm;
use super::layout::group_rows;
use super::read::{self, Description, Heading, Pairs, Reader, Rows};
use super::schema::Table;
use super::texts::Texts;

/// The column that says which run a row is of.
pub const RUN: &str = "run";
/// Rows that are gathered before they are encoded, at least.
const GATHERED: usize = 8192;
/// What differs between runs and is kept of all.
const LISTED: [&str; 2] = ["gridloom_input_digest", "run"];

/// A table of several runs.
#[derive(Debug)]
pub struct Together {
    /// Its columns: `run`, those of the first run, and those that only others have.
    pub table: Table,
    /// The form of all files.
    pub form: &'static dyn TableForm,
    /// Columns that not all runs have, in words; they are null where a run has none.
    pub remarks: Vec<String>,
    headings: Vec<Heading>,
    heading: Heading,
}

impl Together {
    /// The table of some runs, by their names; `apart` is what keeps their tables apart.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a column is of another type or in other units in one of them.
    pub fn new(form: &'static dyn TableForm, runs: &[(&str, &Table)], apart: Argument) -> Result<Self> {
        let names: Vec<String> = runs.iter().map(|(name, _)| (*name).to_owned()).collect();
        let Some((_, first)) = runs.first() else { return Err(Error::bug("a table of no runs")) };
        let keys = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let about = [("long_name".to_owned(), "run".to_owned())];
        let mut fields = vec![Field::new(RUN, keys, false).with_metadata(HashMap::from(about))];
        let (mut texts, mut remarks) = (vec![Some(Texts::new(names))], Vec::new());
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for field in runs.iter().flat_map(|(_, table)| table.schema.fields()) {
            if !known.insert(field.name()) {
                continue;
            }
            let (own, lacking) = columns(runs, field.name());
            fields.push(joined(first, &own, !lacking.is_empty(), apart)?);
            texts.push(texts_of(&own));
            if !lacking.is_empty() {
                let kind = first.kind.name();
                remarks.push(format!(
                    "{kind}: {} has no column {}, null there",
                    lacking.join(", "),
                    field.name()
                ));
            }
        }
        let pairs = runs.iter().map(|(_, table)| table.schema.metadata().clone().into_iter().collect());
        let mut metadata = common(&pairs.collect::<Vec<Pairs>>());
        metadata.insert("title".to_owned(), title(runs));
        // Runs are in the order in which they were given, and no reader may take that for another.
        metadata.remove("sorted_by");
        let schema = Schema::new(fields).with_metadata(metadata.into_iter().collect());
        let key = [RUN].into_iter().chain(first.key.iter().copied()).collect();
        let table = Table { kind: first.kind, schema: Arc::new(schema), key, texts };
        // One list for all, so that a text has one number, expected or not.
        let numbers: HashMap<String, Arc<read::Texts>> = table
            .schema
            .fields()
            .iter()
            .zip(&table.texts)
            .filter_map(|(field, texts)| {
                let texts = texts.as_ref()?.values.iter().flatten().map(str::to_owned);
                Some((field.name().clone(), Arc::new(read::Texts::new(texts))))
            })
            .collect();
        let own = |name: &str| numbers.get(name).cloned();
        let headings = runs.iter().map(|(_, table)| Heading::new(table, own)).collect();
        let heading = Heading::new(&table, own);
        Ok(Together { form, remarks, headings, heading, table })
    }

    /// The columns of a run's own file, with the numbers of texts that the table has.
    ///
    /// # Errors
    /// [`Bug`](crate::ErrorKind::Bug) where there is no such run.
    pub fn heading(&self, run: usize) -> Result<&Heading> {
        self.headings.get(run).ok_or_else(|| Error::bug(format!("a table without its run {run}")))
    }

    /// Rows of a run with the columns of the table.
    ///
    /// # Errors
    /// [`Bug`](crate::ErrorKind::Bug) where they are not those of the run's table.
    pub fn of_run(&self, run: usize, rows: &RecordBatch) -> Result<RecordBatch> {
        let count = rows.num_rows();
        let names = self.table.texts.first().and_then(Option::as_ref);
        let names = names.ok_or_else(|| Error::bug("a table without names of runs"))?;
        let key = names.key(run).ok_or_else(|| Error::bug(format!("a table without its run {run}")))?;
        let named = DictionaryArray::<Int32Type>::try_new(vec![key; count].into(), names.values.clone());
        let mut columns: Vec<ArrayRef> = vec![Arc::new(named.map_err(Error::table)?)];
        for field in self.table.schema.fields().iter().skip(1) {
            let own = rows.column_by_name(field.name()).cloned();
            columns.push(own.unwrap_or_else(|| new_null_array(field.data_type(), count)));
        }
        RecordBatch::try_new(self.table.schema.clone(), columns).map_err(Error::table)
    }

    /// The columns of the table.
    pub fn heading_of_all(&self) -> &Heading {
        &self.heading
    }

    /// What is said of the file, by what those of the runs say.
    pub fn about(&self, files: &[Description]) -> Vec<(String, String)> {
        let pairs: Vec<Pairs> = files.iter().filter_map(|one| one.file.clone()).collect();
        let mut about = common(&pairs);
        let all = |key: &str| pairs.iter().filter_map(|pairs| pairs.get(key)).cloned().collect::<Vec<_>>();
        if let Some(latest) = all("date_created").into_iter().max() {
            about.insert("date_created".to_owned(), latest);
        }
        for key in LISTED.into_iter().filter(|key| !all(key).is_empty()) {
            about.insert(key.to_owned(), all(key).join(", "));
        }
        about.extend(self.table.schema.metadata().iter().map(|(key, text)| (key.clone(), text.clone())));
        about.remove("sorted_by");
        // Where the columns of a file are said; the form says it anew.
        about.remove("columns");
        about.into_iter().collect()
    }

    /// Writes the rows of all runs, one run after another, in the place of an empty file; `open` gives those of one of the `sources`, `go_on`
    /// is asked between batches. Returns how many they are.
    ///
    /// Memory: a row group, what encoding makes of it, and a batch of what is read.
    ///
    /// # Errors
    /// Those of `open` and `go_on`; [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn write(
        &self,
        path: &Path,
        about: &[(String, String)],
        sources: &[PathBuf],
        open: impl Fn(&Path, &Heading) -> Result<Box<dyn Reader>>,
        go_on: impl Fn() -> Result<()>,
    ) -> Result<u64> {
        let rows_of_group = group_rows(self.form, &self.table);
        let mut writer = Writer::of_form(path, self.form, &self.table, rows_of_group, about)?;
        let mut columns = Columns::new(&self.table, 0);
        let mut count = 0;
        for (run, source) in sources.iter().enumerate() {
            let heading = self.heading(run)?;
            let mut reader = open(source, heading)?;
            let failed = |reason: String| Error::published(source, reason);
            loop {
                go_on()?;
                let mut rows = heading.rows();
                let is_more = reader.read(&mut rows).map_err(failed)?;
                if let Some(problem) = rows.problems.first() {
                    return Err(failed(problem.clone()));
                }
                self.add(&mut columns, run, heading, &rows);
                count += rows.len() as u64;
                if columns.rows() >= GATHERED || (!is_more && columns.rows() > 0) {
                    writer.rows(columns.take().map_err(Error::table)?)?;
                }
                if !is_more {
                    break;
                }
            }
        }
        writer.finish()?;
        Ok(count)
    }

    /// Adds rows of a run.
    fn add(&self, columns: &mut Columns, run: usize, heading: &Heading, rows: &Rows) {
        columns.repeat(RUN, (run as i32).to_le_bytes(), rows.len());
        for field in self.table.schema.fields().iter().skip(1) {
            let name = field.name().as_str();
            let Some(place) = heading.place_of(name) else {
                columns.nulls(name, rows.len());
                continue;
            };
            columns.bits(
                name,
                (0..rows.len()).map(|row| rows.row(row).and_then(|row| row.get(place).copied().flatten())),
            );
        }
    }
}

/// A run's column: its name, the field, the texts.
type Own<'a> = (&'a str, &'a Field, Option<&'a Texts>);

/// A column in the runs that have it, and the names of the others.
fn columns<'a>(runs: &[(&'a str, &'a Table)], name: &str) -> (Vec<Own<'a>>, Vec<&'a str>) {
    let (mut own, mut lacking) = (Vec::new(), Vec::new());
    for &(run, table) in runs {
        match table.schema.index_of(name).ok().and_then(|at| Some((at, table.schema.fields().get(at)?))) {
            Some((at, field)) => {
                own.push((run, field.as_ref(), table.texts.get(at).and_then(Option::as_ref)))
            }
            None => lacking.push(run),
        }
    }
    (own, lacking)
}

/// A column of all runs.
fn joined(table: &Table, own: &[Own<'_>], is_lacking: bool, apart: Argument) -> Result<Field> {
    let Some(&(run, first, _)) = own.first() else { return Err(Error::bug("a column of no run")) };
    let name = first.name();
    let refuse = |what: &str, one: &str, other_run: &str, other: &str| {
        let said = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        let reason = format!(
            "the runs cannot be one table: the {what} of {name} is {} in {run} and {} in {other_run}; bring them to the same, \
             or keep the runs apart with ",
            said(one),
            said(other)
        );
        Error::selection(Argument::Tables, table.kind.name(), Reason::from(reason).naming(apart))
    };
    let said = |field: &Field, key: &str| field.metadata().get(key).cloned().unwrap_or_default();
    for &(other_run, other, _) in own {
        if other.data_type() != first.data_type() {
            let [one, two] = [first, other].map(|field| field.data_type().to_string());
            return Err(refuse("type", &one, other_run, &two));
        }
        for key in ["units", "kind"] {
            let (one, two) = (said(first, key), said(other, key));
            if one != two {
                return Err(refuse(key, &one, other_run, &two));
            }
        }
    }
    let pairs = own.iter().map(|(_, field, _)| field.metadata().clone().into_iter().collect());
    let metadata = common(&pairs.collect::<Vec<Pairs>>());
    let is_nullable = is_lacking || own.iter().any(|(_, field, _)| field.is_nullable());
    Ok(Field::new(name, first.data_type().clone(), is_nullable).with_metadata(metadata.into_iter().collect()))
}

/// The texts of a column in all runs, in the order of these.
fn texts_of(own: &[Own<'_>]) -> Option<Texts> {
    own.iter().any(|(_, _, texts)| texts.is_some()).then(|| {
        let texts = own.iter().filter_map(|(_, _, texts)| *texts);
        Texts::new(texts.flat_map(|texts| texts.values.iter().flatten().map(str::to_owned)).collect())
    })
}

/// What all say alike.
fn common(all: &[Pairs]) -> Pairs {
    let Some((first, others)) = all.split_first() else { return Pairs::new() };
    let is_common =
        |(key, text): &(&String, &String)| others.iter().all(|other| other.get(*key) == Some(*text));
    first.iter().filter(is_common).map(|(key, text)| (key.clone(), text.clone())).collect()
}

/// `Means over regions of hist, ssp126`.
fn title(runs: &[(&str, &Table)]) -> String {
    let of = |(_, table): &(&str, &Table)| table.schema.metadata().get("title").cloned().unwrap_or_default();
    let first = runs.first().map(of).unwrap_or_default();
    let subject = first.rsplit_once(" of ").map_or(first.as_str(), |(subject, _)| subject);
    let names: Vec<&str> = runs.iter().map(|(name, _)| *name).collect();
    format!("{subject} of {}", names.join(", "))
}
