//! The schema of files: which variables they hold together, and the role of each column of each file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::element::Element;
use crate::records::about::{About, PLACE};
use crate::records::description::{Description, FileFormat, Over, Repeated, path_field};
use crate::records::files::RecordFile;
use crate::records::rows::{RecordFault, RecordFaultKind};
use crate::records::table::CellTable;

use crate::words::matches;

use super::columns::{find, is_wanted, listed, missing_of, numbered, type_of, variable_of};
use super::{Head, Part, RecordVariable, Role, Spread, Table, TimeRule};

mod paths;

/// What the records of all files hold.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The variables, in the order of files and columns.
    pub variables: Vec<RecordVariable>,
    /// What several records of one cell, time and label become.
    pub repeated: Repeated,
    /// Whether records that become one are told apart by a key, which none may have twice.
    pub is_keyed: bool,
    /// The column, or field of the path, whose texts are labels of records.
    pub label: Option<String>,
    /// How times are read.
    pub time: TimeRule,
    /// The cells that columns are, where a column is a cell.
    pub columns_are: Option<CellTable>,
    /// Cells by their names, where records name them by texts.
    names: Option<Arc<HashMap<String, f64>>>,
    description: Description,
}

/// Why a description does not fit files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(pub String);

/// A column of values before fields have numbers.
struct Value {
    variable: String,
    /// The row's label, where the variable has rows.
    label: Option<String>,
    dimension: Option<String>,
    element: Element,
    units: Option<String>,
}

/// What a column is before fields have numbers.
enum Column {
    Role(Role),
    Value(Value),
    /// A record of its own, of one value.
    Spread(u32),
}

impl Schema {
    /// The schema of files whose beginnings are known. All tables that differ should be among them: what none of these has is a fault of
    /// the file that has it.
    ///
    /// # Errors
    /// [`SchemaError`] where a column has no role, or two kinds of files have variables of one name and different types.
    pub fn of<'f>(
        description: &Description,
        time: TimeRule,
        columns_are: Option<CellTable>,
        files: impl IntoIterator<Item = (&'f RecordFile, &'f Head)>,
    ) -> Result<Self, SchemaError> {
        let (mut repeated, mut label) = (description.repeated.unwrap_or_default(), None);
        let mut reduced: Option<(&str, Repeated)> = None;
        for (column, over) in &description.values.over {
            let own = match over {
                Over::Dimension if label.is_some() => {
                    return Err(SchemaError(
                        "`over` has two dimensions; one column can give labels".to_owned(),
                    ));
                }
                Over::Dimension => {
                    label = Some(column.clone());
                    continue;
                }
                Over::Sum => Repeated::Sum,
                Over::Mean => Repeated::Mean,
                Over::Min => Repeated::Min,
                Over::Max => Repeated::Max,
            };
            match reduced {
                Some((other, kind)) if kind != own => {
                    let text = format!(
                        "`over` wants different things of {other} and {column}; records become one in one way"
                    );
                    return Err(SchemaError(text));
                }
                _ => reduced = Some((column, own)),
            }
        }
        let mut is_keyed = false;
        if let Some((column, own)) = reduced {
            // Where records may be there twice, they are nothing else than those that become one anyway.
            is_keyed = match description.repeated {
                None | Some(Repeated::Error) => true,
                Some(told) if told == own => false,
                Some(_) => {
                    let text = format!(
                        "`over` makes one of the records that {column} tells apart, so that `repeated` can be \"error\" or the same word"
                    );
                    return Err(SchemaError(text));
                }
            };
            repeated = own;
        }
        let named = columns_are.as_ref().filter(|table| description.cell.id.is_some() && table.is_of_names());
        let names = named.map(|table| Arc::new(table.names()));
        let (variables, description) = (Vec::new(), description.clone());
        let mut schema =
            Schema { variables, repeated, is_keyed, label, time, columns_are, names, description };
        for (file, head) in files {
            let columns = schema.columns(file, head).map_err(|fault| {
                let line = fault.line.map(|line| format!(", line {line}")).unwrap_or_default();
                SchemaError(format!("{}{line}: {}", fault.file, fault.message))
            })?;
            let values = columns.into_iter().filter_map(|column| match column {
                Column::Value(value) => Some(value),
                _ => None,
            });
            let mut values: Vec<Value> = values.collect();
            if schema.spread().is_some() {
                values.push(schema.spread_value(file)?);
            }
            let found: Vec<RecordVariable> = values
                .into_iter()
                .map(|value| RecordVariable {
                    key: value.variable,
                    element: value.element,
                    dimension: value.label.as_ref().and(value.dimension),
                    labels: value.label.into_iter().collect(),
                    field: 0,
                    units: value.units,
                })
                .collect();
            schema.add(found, &file.name())?;
        }
        let mut field = 0;
        for variable in &mut schema.variables {
            variable.field = field;
            field += variable.labels.len().max(1) as u32;
        }
        match schema.variables.is_empty() {
            true => Err(SchemaError("no column is a value; see source.values.columns".to_owned())),
            false => Ok(schema),
        }
    }

    /// Fields of all variables.
    pub fn fields(&self) -> u32 {
        self.variables.iter().map(|variable| variable.labels.len().max(1) as u32).sum()
    }

    /// The types of all fields.
    pub fn elements(&self) -> Vec<Element> {
        let each =
            |variable: &RecordVariable| std::iter::repeat_n(variable.element, variable.labels.len().max(1));
        self.variables.iter().flat_map(each).collect()
    }

    fn is_summed(&self) -> bool {
        matches!(self.repeated, Repeated::Sum | Repeated::Mean)
    }

    /// What a line of several records counts.
    fn spread(&self) -> Option<Spread> {
        match self.description.values.along.as_deref() {
            Some("month") => Some(Spread::Months),
            Some("cell") => {
                let table = self.columns_are.as_ref();
                Some(Spread::Cells(table.map(|table| table.places.clone()).unwrap_or_default()))
            }
            _ => None,
        }
    }

    fn add(&mut self, found: Vec<RecordVariable>, file: &str) -> Result<(), SchemaError> {
        for mut new in found {
            match self.variables.iter_mut().find(|known| known.key == new.key) {
                None => self.variables.push(new),
                Some(known) => {
                    if known.element != new.element || known.labels.is_empty() != new.labels.is_empty() {
                        let text = format!(
                            "{file}: {} is of another type, or has rows and has none, in another file",
                            new.key
                        );
                        return Err(SchemaError(text));
                    }
                    new.labels.retain(|label| !known.labels.contains(label));
                    known.labels.append(&mut new.labels);
                }
            }
        }
        Ok(())
    }

    /// A file's columns, ready to be read.
    ///
    /// # Errors
    /// The fault of a file that lacks a column, or has one that no other file had.
    pub fn table(&self, file: &RecordFile, head: &Head) -> Result<Table, RecordFault> {
        let columns = self.columns(file, head)?;
        let fault = |message: String| RecordFault {
            file: file.name(),
            line: None,
            kind: RecordFaultKind::Columns,
            message,
        };
        let mut table = Table {
            head: head.clone(),
            roles: Vec::with_capacity(columns.len()),
            fields: Vec::new(),
            elements: Vec::new(),
            missing: Vec::new(),
            place: self.place(file).map_err(fault)?,
            parts: self.parts(file).map_err(fault)?,
            label: self
                .label
                .as_deref()
                .and_then(path_field)
                .and_then(|name| file.field(name))
                .map(str::to_owned),
            key: self.key(file),
            names: self.names.clone(),
            spread: self.spread(),
        };
        let mut add = |key: &str, label: Option<&str>, name: &str| -> Result<u32, RecordFault> {
            let known = self.variables.iter().find(|variable| variable.key == key);
            let row = known.and_then(|known| match label {
                None => known.labels.is_empty().then_some(0),
                Some(label) => known.labels.iter().position(|one| one == label),
            });
            let (Some(known), Some(row)) = (known, row) else {
                return Err(fault(format!("it has a column {name}, which no other file has")));
            };
            table.fields.push(known.field + row as u32);
            table.elements.push((known.element, self.is_summed()));
            table.missing.push(missing_of(&self.description, name));
            Ok(table.fields.len() as u32 - 1)
        };
        let mut roles = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            roles.push(match column {
                Column::Role(role) => *role,
                Column::Value(value) => {
                    Role::Value(add(&value.variable, value.label.as_deref(), &name_of(head, index))?)
                }
                Column::Spread(number) => Role::Spread(*number),
            });
        }
        if self.spread().is_some() {
            let value = self.spread_value(file).map_err(|error| fault(error.0))?;
            add(&value.variable, None, &value.variable)?;
        }
        table.roles = roles;
        Ok(table)
    }

    /// Makes the columns of a file out of those of another one that begins like it: only what their paths tell may differ.
    ///
    /// # Errors
    /// Those of [`Schema::table`].
    pub fn make_like(&self, table: &mut Table, file: &RecordFile) -> Result<(), RecordFault> {
        // A variable that the path names gives columns their fields.
        if self.description.values.along.is_some() {
            *table = self.table(file, &table.head)?;
            return Ok(());
        }
        let fault = |message: String| RecordFault {
            file: file.name(),
            line: None,
            kind: RecordFaultKind::Columns,
            message,
        };
        let label = self.label.as_deref().and_then(path_field).and_then(|name| file.field(name));
        table.place = self.place(file).map_err(fault)?;
        table.parts = self.parts(file).map_err(fault)?;
        table.label = label.map(str::to_owned);
        table.key = self.key(file);
        Ok(())
    }

    fn spread_value(&self, file: &RecordFile) -> Result<Value, SchemaError> {
        let variable = variable_of(&self.description.values, file);
        let element = type_of(&self.description, &variable).map_err(SchemaError)?;
        Ok(Value { variable, label: None, dimension: None, element, units: None })
    }

    /// The role of each column of a file.
    fn columns(&self, file: &RecordFile, head: &Head) -> Result<Vec<Column>, RecordFault> {
        let Description { cell, time, values, .. } = &self.description;
        let names: Vec<String> = (0..head.columns).map(|index| name_of(head, index)).collect();
        let mut roles: Vec<Option<Role>> = vec![None; names.len()];
        let fault = |message: String| RecordFault {
            file: file.name(),
            line: head.names.is_some().then_some(head.lines.max(1)),
            kind: RecordFaultKind::Columns,
            message,
        };
        let mut set = |key: &str, column: &str, role: Role| match find(&names, column) {
            Some(index) => match roles.get_mut(index) {
                Some(slot @ None) => {
                    *slot = Some(role);
                    Ok(())
                }
                _ => Err(fault(format!("the column {column} has two roles, one of them source.{key}"))),
            },
            None => {
                let there = listed(&names);
                Err(fault(format!("it has no column {column:?} (source.{key}); there is {there}")))
            }
        };
        let [first, second] = match (&cell.id, &cell.lat, &cell.y) {
            (Some(id), ..) => [Some(("cell.id", id)), None],
            (None, Some(lat), _) => [Some(("cell.lat", lat)), cell.lon.as_ref().map(|lon| ("cell.lon", lon))],
            _ => [cell.y.as_ref().map(|y| ("cell.y", y)), cell.x.as_ref().map(|x| ("cell.x", x))],
        };
        let own = if self.names.is_some() { Role::Name } else { Role::First };
        for (place, role) in [(first, own), (second, Role::Second)] {
            if let Some((key, column)) = place.filter(|(_, column)| path_field(column).is_none()) {
                set(key, column, role)?;
            }
        }
        if let Some(stamp) = &time.stamp {
            set("time.stamp", &stamp.column, Role::Stamp)?;
        }
        for (key, part) in time.parts().filter(|(_, part)| path_field(part.column()).is_none()) {
            let own = Part::of_key(key).ok_or_else(|| fault(format!("{key} is not a part of a time")))?;
            set(&format!("time.{key}"), part.column(), Role::Time(own))?;
        }
        for (column, over) in values.over.iter().filter(|(column, _)| path_field(column).is_none()) {
            let role = match over {
                Over::Dimension => Role::Label,
                _ if self.is_keyed => Role::Key,
                _ => Role::Ignored,
            };
            set("values.over", column, role)?;
        }
        let mut found: Vec<Column> = Vec::with_capacity(names.len());
        let is_netcdf = self.description.format == Some(FileFormat::Netcdf);
        let about = About::of(head).filter(|_| is_netcdf);
        if let (Some(about), Some(calendar)) = (&about, &time.calendar)
            && !about.fits(calendar)
        {
            let words = format!("its calendar is {}, and the description's {calendar}", about.calendar);
            return Err(fault(words));
        }
        let numbered = if values.numbered == Some(true) { numbered(&names, &roles) } else { BTreeMap::new() };
        for (index, name) in names.iter().enumerate() {
            if let Some(Some(role)) = roles.get(index) {
                found.push(Column::Role(*role));
                continue;
            }
            if let Some(about) = &about {
                found.push(self.of_series(about, index, name).map_err(&fault)?);
                continue;
            }
            let is_ignored = values.ignore.iter().any(|pattern| matches(pattern, name));
            if is_ignored || !is_wanted(values, name, index).map_err(&fault)? {
                found.push(Column::Role(Role::Ignored));
                continue;
            }
            found.push(match (values.along.as_deref(), numbered.get(name)) {
                (Some("month"), _) => {
                    let month = crate::records::times::month_of_name(name.as_bytes())
                        .or_else(|| name.parse().ok())
                        .filter(|month| (1..=12).contains(month));
                    let month = month.ok_or_else(|| fault(format!("its column {name} is not a month")))?;
                    Column::Spread(month as u32 - 1)
                }
                (Some("cell"), _) => {
                    let place = found.iter().filter(|column| matches!(column, Column::Spread(_))).count();
                    let cell = self.columns_are.as_ref().and_then(|table| table.of_column(name, place));
                    let cell = cell.ok_or_else(|| {
                        fault(format!("its column {name} is no cell of source.cell.table, which has fewer"))
                    })?;
                    Column::Spread(cell as u32)
                }
                (Some(dimension), _) => {
                    let variable = variable_of(values, file);
                    let element = type_of(&self.description, &variable).map_err(&fault)?;
                    let units = units_of(head, index);
                    let label = Some(name.clone());
                    let dimension = Some(dimension.to_owned());
                    Column::Value(Value { variable, label, dimension, element, units })
                }
                (None, Some((variable, number))) => {
                    let element = type_of(&self.description, variable).map_err(&fault)?;
                    let (label, units) = (Some(number.clone()), units_of(head, index));
                    let variable = variable.clone();
                    let dimension = Some("layer".to_owned());
                    Column::Value(Value { variable, label, dimension, element, units })
                }
                (None, None) => {
                    let element = type_of(&self.description, name).map_err(&fault)?;
                    let units = units_of(head, index);
                    Column::Value(Value {
                        variable: name.clone(),
                        label: None,
                        dimension: None,
                        element,
                        units,
                    })
                }
            });
        }
        Ok(found)
    }
}

impl Schema {
    /// What a column of a NetCDF file is that has no role in cell or time.
    fn of_series(&self, about: &About, index: usize, name: &str) -> Result<Column, String> {
        let values = &self.description.values;
        let Some((series, label)) = about.series(index) else {
            // The path tells the place, or the time.
            let is_known = PLACE.contains(&name) || index == 0;
            return if is_known {
                Ok(Column::Role(Role::Ignored))
            } else {
                Err(format!("{name} is no series"))
            };
        };
        let is_ignored = values.ignore.iter().any(|pattern| matches(pattern, &series.name));
        if is_ignored || !is_wanted(values, &series.name, index)? {
            return Ok(Column::Role(Role::Ignored));
        }
        Ok(Column::Value(Value {
            variable: series.name.clone(),
            label: label.map(str::to_owned),
            dimension: series.dimension.clone(),
            element: type_of(&self.description, &series.name)?,
            units: series.units.clone(),
        }))
    }
}

/// A column's name; its number, from 1, where files have no names.
pub fn name_of(head: &Head, index: usize) -> String {
    let name = head.names.as_ref().and_then(|names| names.get(index));
    name.cloned().unwrap_or_else(|| (index + 1).to_string())
}

fn units_of(head: &Head, index: usize) -> Option<String> {
    let units = head.units.as_ref()?.get(index)?.trim();
    (!units.is_empty()).then(|| units.to_owned())
}
