//! The words of SQL: names and texts quoted, tables and their comments.

use arrow_schema::Field;

use super::TableSchema;
use super::division::{self, Partitioning};
use super::error::{DatabaseError, Result};
use super::types::SqlType;

/// Bytes of a name; the server cuts longer ones off.
const NAME: usize = 63;
/// Columns of a table.
const COLUMNS: usize = 1_600;
/// Bytes of a row in a page of 8 KiB, and of what stands before its columns.
const ROW: usize = 8_160;
const ROW_HEADER: usize = 23;

/// A name as SQL wants it, whatever it holds.
pub(super) fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text as SQL wants it.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// What leaves only the rows of a run, behind `WHERE` or `AND`; nothing where there is no column of runs.
pub(super) fn of_run(behind: &str, run: Option<&str>) -> String {
    run.map_or_else(String::new, |run| format!(" {behind} {} = {}", name(super::RUN), literal(run)))
}

/// A table of the load, checked and with the names of SQL.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub name: String,
    /// With its schema, quoted.
    pub qualified: String,
    pub columns: Vec<(String, SqlType)>,
    /// The natural key; behind it what the rows are divided by, since PostgreSQL wants that.
    pub key: Vec<String>,
    pub partitioning: Option<Partitioning>,
    comment: Option<String>,
    /// What may stand at each column, first what it is called by this load.
    comments: Vec<Vec<Option<String>>>,
}

impl Table {
    pub fn new(schema: &str, table: &TableSchema) -> Result<Self> {
        let mut differences = Vec::new();
        let fields = table.schema.fields();
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            match SqlType::of(field) {
                Some(sql) => columns.push((field.name().clone(), sql)),
                None => differences.push(format!(
                    "column {}: nothing in PostgreSQL is as {}",
                    field.name(),
                    field.data_type()
                )),
            }
        }
        for name in fields.iter().map(|field| field.name()).chain([&table.name]) {
            if name.is_empty() || name.len() > NAME || name.contains('\0') {
                differences.push(format!(
                    "{name:?} is not a name: it must have 1 to {NAME} bytes, and no zero byte"
                ));
            }
        }
        if fields.len() > COLUMNS {
            differences.push(format!("{} columns, PostgreSQL takes {COLUMNS}", fields.len()));
        }
        let bytes =
            ROW_HEADER + fields.len().div_ceil(8) + columns.iter().map(|(_, sql)| sql.bytes()).sum::<usize>();
        if bytes > ROW && fields.len() <= COLUMNS {
            differences.push(format!("a row of {bytes} bytes, PostgreSQL takes {ROW}; choose fewer columns"));
        }
        let mut key = table.key.clone();
        let partitioning = match table.partition.as_ref() {
            Some(wanted) => match division::Partitioning::new(wanted, &columns) {
                Ok(partitioning) => {
                    if table.name.len() + division::SUFFIX > NAME {
                        differences
                            .push(format!("the name leaves no room for {} bytes more", division::SUFFIX));
                    }
                    if !key.is_empty() && !key.contains(&partitioning.column) {
                        key.push(partitioning.column.clone());
                    }
                    Some(partitioning)
                }
                Err(difference) => {
                    differences.push(difference);
                    None
                }
            },
            None => None,
        };
        for column in &key {
            if !columns.iter().any(|(other, _)| other == column) {
                differences.push(format!("the key's column {column} is not there"));
            }
        }
        if !differences.is_empty() {
            return Err(DatabaseError::Schema { table: table.name.clone(), differences });
        }
        let metadata = table.schema.metadata();
        Ok(Table {
            name: table.name.clone(),
            qualified: format!("{}.{}", name(schema), name(&table.name)),
            columns,
            key,
            partitioning,
            comment: ["title", "comment"].iter().find_map(|key| metadata.get(*key)).cloned(),
            comments: fields.iter().map(|field| comments(field)).collect(),
        })
    }

    /// Statements that make the table, with its key and comments.
    pub fn create(&self) -> String {
        let not_null = |column: &str| {
            let wanted = self.key.iter().any(|key| key == column);
            if wanted { " NOT NULL" } else { "" }
        };
        let mut parts: Vec<_> = self
            .columns
            .iter()
            .map(|(column, sql)| format!("{} {}{}", name(column), sql.name(), not_null(column)))
            .collect();
        if !self.key.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", names(&self.key)));
        }
        let mut sql = format!("CREATE TABLE {} ({})", self.qualified, parts.join(", "));
        if let Some(partitioning) = &self.partitioning {
            sql.push_str(&format!(" PARTITION BY RANGE ({})", name(&partitioning.column)));
        }
        if self.comment.is_some() {
            sql.push_str(&format!("; {}", self.say(None)));
        }
        for (column, _) in &self.columns {
            if self.comment_of(Some(column)).is_some() {
                sql.push_str(&format!("; {}", self.say(Some(column))));
            }
        }
        sql
    }

    /// A statement that comments on a column, or on the table.
    pub fn say(&self, column: Option<&str>) -> String {
        let comment = self.comment_of(column).map_or("NULL".to_owned(), |comment| literal(&comment));
        match column {
            None => format!("COMMENT ON TABLE {} IS {comment}", self.qualified),
            Some(column) => format!("COMMENT ON COLUMN {}.{} IS {comment}", self.qualified, name(column)),
        }
    }

    /// The comment of a column, or of the table.
    pub fn comment_of(&self, column: Option<&str>) -> Option<String> {
        self.comments_of(column).into_iter().next().flatten()
    }

    /// The same, and behind it what else may stand there where runs share a column that not all call alike.
    pub fn comments_of(&self, column: Option<&str>) -> Vec<Option<String>> {
        let own = match column {
            None => vec![self.comment.clone()],
            Some(column) => {
                let place = self.columns.iter().position(|(name, _)| name == column);
                place.and_then(|place| self.comments.get(place)).cloned().unwrap_or_default()
            }
        };
        own.into_iter().map(|comment| comment.map(|comment| without_zeros(&comment))).collect()
    }

    pub fn copy(&self) -> String {
        let columns = names(self.columns.iter().map(|(column, _)| column));
        format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", self.qualified)
    }

    /// Whether its rows are those of cells.
    pub fn has_cells(&self) -> bool {
        super::CELL.iter().all(|name| self.columns.iter().any(|(column, _)| column == name))
    }
}

fn names(columns: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    columns.into_iter().map(|column| name(column.as_ref())).collect::<Vec<_>>().join(", ")
}

fn without_zeros(text: &str) -> String {
    text.replace('\0', "")
}

/// What may stand at a column: all that is known, and without what runs can say in other words, first.
fn comments(field: &Field) -> Vec<Option<String>> {
    let without: [&[&str]; 4] = [&[], &["long_name"], &["comment"], &["long_name", "comment"]];
    without.iter().map(|keys| comment(field, keys)).collect()
}

/// `long name [units]: comment`, as far as they are known and wanted.
fn comment(field: &Field, without: &[&str]) -> Option<String> {
    let get = |key: &str| {
        field.metadata().get(key).filter(|text| !text.is_empty()).filter(|_| !without.contains(&key))
    };
    let mut text = get("long_name").cloned().unwrap_or_default();
    if let Some(units) = get("units") {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&format!("[{units}]"));
    }
    if let Some(comment) = get("comment") {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(comment);
    }
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(name(r#"a"; DROP TABLE b --"#), r#""a""; DROP TABLE b --""#);
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'; --"), r"E'a\\''; --'");
    }
}
