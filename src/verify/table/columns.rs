//! What tables say of themselves: names, types and order of columns, what is said of each, and of the file.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_schema::{Field, Schema};

use crate::plan::tables::Format;

use super::rows::{Bits, Form};
use super::{Described, Folder, arrow, csv, hdf5};
use crate::verify::Verification;
use crate::verify::inputs::DIGEST;

type Pairs = BTreeMap<String, String>;

/// Compares all that a file says beside its rows; false where these cannot be compared for it.
pub(super) fn compare(
    folder: &Folder<'_>,
    described: &Described<'_>,
    path: &Path,
    name: &str,
    form: &Form,
    result: &mut Verification,
) -> bool {
    let mut check = Check { name, form, described, result };
    let compared = match folder.format {
        Format::Parquet => arrow::describe_parquet(path).map(|(schema, found)| {
            check.pairs("the file", &check.file_pairs(folder), found);
            check.schema(&schema)
        }),
        Format::Feather => arrow::describe_feather(path).map(|(schema, found)| {
            check.pairs("the file", &check.schema_pairs(), found);
            check.schema(&schema)
        }),
        Format::Csv(packing) => csv::names(path, packing).map(|names| check.names(&names)),
        Format::Hdf5 => hdf5::describe(path).map(|(columns, found)| {
            let mut expected = check.file_pairs(folder);
            let names: Vec<&str> = form.columns.iter().map(|column| column.name.as_str()).collect();
            expected.insert("columns".to_owned(), names.join(","));
            check.pairs("the group metadata", &expected, found);
            check.datasets(columns)
        }),
    };
    match compared {
        Ok(is_same) => is_same,
        Err(error) => {
            result.differ_in(name, "a table that can be read", &error);
            false
        }
    }
}

struct Check<'a> {
    name: &'a str,
    form: &'a Form,
    described: &'a Described<'a>,
    result: &'a mut Verification,
}

impl Check<'_> {
    fn differ(&mut self, expected: String, found: &str) {
        self.result.differ_in(self.name, &expected, found);
    }

    fn fields(&self) -> Vec<&Field> {
        let all = self.described.table.schema.fields();
        self.form
            .columns
            .iter()
            .filter_map(|column| all.iter().find(|field| *field.name() == column.name))
            .map(|field| field.as_ref())
            .collect()
    }

    fn schema_pairs(&self) -> Pairs {
        let pairs = self.described.table.schema.metadata().iter();
        pairs.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn file_pairs(&self, folder: &Folder<'_>) -> Pairs {
        let plan = self.described.made.plan;
        let model = plan.settings.table.model();
        let source = model.source.clone().or(model.name.clone()).unwrap_or_default();
        let mut pairs = self.schema_pairs();
        pairs.insert("run".to_owned(), plan.run.name.clone());
        pairs.insert("source".to_owned(), source);
        pairs.insert("date_created".to_owned(), folder.created.clone().unwrap_or_default());
        pairs.insert(DIGEST.to_owned(), String::new());
        pairs.extend(plan.settings.attributes.clone());
        pairs
    }

    /// Compares pairs of key and value, both ways.
    fn pairs(&mut self, of: &str, expected: &Pairs, mut found: Pairs) {
        for (key, value) in expected {
            self.result.attributes += 1;
            match found.remove(key) {
                Some(digest) if key == DIGEST => {
                    self.result.named.entry(digest).or_insert_with(|| self.name.to_owned());
                }
                Some(_) if key == "date_created" && value.is_empty() => {}
                Some(own) if own == *value => {}
                Some(own) => self.differ(format!("{key} = {value:?} of {of}"), &format!("{own:?}")),
                None => self.differ(format!("{key} = {value:?} of {of}"), "no such key"),
            }
        }
        for (key, value) in found {
            self.differ(format!("no {key} of {of}"), &format!("{value:?}"));
        }
    }

    fn names(&mut self, names: &[String]) -> bool {
        let expected: Vec<String> = self.form.columns.iter().map(|column| column.name.clone()).collect();
        if names == expected {
            return true;
        }
        self.differ(format!("columns {}", expected.join(",")), &names.join(","));
        false
    }

    fn schema(&mut self, found: &Schema) -> bool {
        let names: Vec<String> = found.fields().iter().map(|field| field.name().clone()).collect();
        if !self.names(&names) {
            return false;
        }
        let mut is_same = true;
        let expected: Vec<Field> = self.fields().into_iter().cloned().collect();
        for (expected, found) in expected.iter().zip(found.fields()) {
            let (name, kind) = (expected.name(), expected.data_type());
            if kind != found.data_type() {
                is_same = false;
                self.differ(format!("{name} of type {kind}"), &found.data_type().to_string());
            }
            if expected.is_nullable() != found.is_nullable() {
                let word = |is_nullable: bool| if is_nullable { "may be null" } else { "is never null" };
                self.differ(format!("{name} {}", word(expected.is_nullable())), word(found.is_nullable()));
            }
            let of = |field: &Field| -> Pairs {
                field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
            };
            self.pairs(&format!("the column {name}"), &of(expected), of(found));
        }
        is_same
    }

    fn datasets(&mut self, mut found: BTreeMap<String, hdf5::Described>) -> bool {
        let mut is_same = true;
        let fields: Vec<Field> = self.fields().into_iter().cloned().collect();
        let columns = self.form.columns.clone();
        for (field, column) in fields.iter().zip(&columns) {
            let name = &column.name;
            let expected = hdf5::expected(field, column, None);
            let Some(own) = found.remove(name) else {
                is_same = false;
                self.differ(format!("a dataset {}/{name}", expected.group), "no such dataset");
                continue;
            };
            if own.group != expected.group {
                self.differ(format!("a dataset {}/{name}", expected.group), &format!("{}/{name}", own.group));
            }
            if own.kind != expected.kind {
                is_same = false;
                self.differ(format!("{name} of type {}", expected.kind), &own.kind);
            }
            if let (Bits::Text, Some(known)) = (column.bits, &column.texts) {
                for text in hdf5::astray(&own.texts.clone().unwrap_or_default(), known.list()) {
                    self.differ(format!("each text of {name} once"), &format!("{text:?} among them"));
                }
            }
            self.pairs(&format!("the dataset {name}"), &expected.attributes, own.attributes);
        }
        for (name, own) in found {
            self.differ(format!("no dataset {name}"), &format!("{}/{name}", own.group));
        }
        is_same
    }
}
