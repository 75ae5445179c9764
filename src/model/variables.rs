//! What is known about a model's variables: names, units and cell methods, as data.
//!
//! A table is a TOML file. [CAETE-DVM's](VariableTable::caete) is built in; another one can replace or
//! [extend](VariableTable::extended_by) it:
//!
//! ```
//! # use gridloom::model::variables::{CellMethod, VariableTable};
//! let table = VariableTable::from_toml(
//!     r#"
//!     [variables.nupt]
//!     long_name = "Nitrogen uptake"
//!     units = "g m-2 day-1"              # as UDUNITS reads them
//!     cell_method = "mean"               # or "point", for a state, or "sum"
//!     rows = [{ label = "solution" }, { label = "organic", long_name = "Uptake of organic nitrogen" }]
//!     "#,
//! )?;
//! let nupt = VariableTable::caete().extended_by(table).get("nupt").cloned();
//! let row = nupt.and_then(|variable| variable.row(0));
//! assert_eq!(row.map(|row| row.long_name).as_deref(), Some("Nitrogen uptake, solution"));
//! # Ok::<(), gridloom::model::variables::VariableTableError>(())
//! ```
//!
//! # Limits
//! Units and standard names are taken as they are, not checked against UDUNITS and CF's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The variables of a model by their keys in its dumps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableTable {
    #[serde(default)]
    model: ModelInfo,
    #[serde(default)]
    variables: BTreeMap<String, VariableInfo>,
    /// Traits of plant life strategies; settings keep those that a table of traits has with it.
    #[serde(default, skip_serializing)]
    traits: BTreeMap<String, TraitInfo>,
}

/// What is known about a trait of plant life strategies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitInfo {
    /// CF's `long_name`.
    pub long_name: String,
    /// CF's `units`, as UDUNITS reads them.
    pub units: Option<String>,
}

/// The model that wrote the dumps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInfo {
    /// The short name, for example `CAETE-DVM`.
    pub name: Option<String>,
    /// CF's global attribute `source`.
    pub source: Option<String>,
    /// The edge of a grid cell, in degrees of latitude and longitude.
    pub resolution_degrees: Option<f64>,
    /// Whether the data are what the model is given, such as weather, and not what it gives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub input: bool,
}

/// What is known about a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableInfo {
    /// CF's `long_name`.
    pub long_name: String,
    /// CF's `units`, as UDUNITS reads them.
    pub units: Option<String>,
    /// CF's `standard_name`, where one exists whose canonical units agree.
    pub standard_name: Option<String>,
    /// How a daily value represents its day.
    pub cell_method: CellMethod,
    /// CF's `comment`.
    pub comment: Option<String>,
    /// CF's `units_metadata`, which temperatures need.
    pub units_metadata: Option<String>,
    /// Whether it is 0 where nothing lives and nowhere else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub life: bool,
    /// The formula that makes it of other variables; see [`derive`](crate::derive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// The units of the source's numbers, where they are converted to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_units: Option<String>,
    /// Whether years and months in units are those of the run's calendar where they are converted, not those of UDUNITS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calendar: bool,
    /// The name of the dimension of rows, where these have names of their own and no numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// The rows of a variable that has several a day, in order; empty for others.
    #[serde(default)]
    pub rows: Vec<RowInfo>,
}

/// What is known about one row of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowInfo {
    /// The row's name within its variable, for example `litter 1`.
    pub label: String,
    /// CF's `long_name`, where it is not the variable's followed by the label.
    pub long_name: Option<String>,
    /// CF's `standard_name`, where it is not the variable's.
    pub standard_name: Option<String>,
}

/// What an output says about a row, with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedRow {
    /// The row's name within its variable.
    pub label: String,
    /// CF's `long_name`.
    pub long_name: String,
    /// CF's `standard_name`: the row's or, where it has none, the variable's.
    pub standard_name: Option<String>,
}

/// How a value represents its day, or step of time: the method of CF's `cell_methods` for `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellMethod {
    /// The mean over the day, as for fluxes.
    Mean,
    /// The value at a moment, as for states.
    Point,
    /// The sum over the step, as for amounts of rain in it.
    Sum,
}

impl CellMethod {
    /// The name in `cell_methods`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Point => "point",
            Self::Sum => "sum",
        }
    }
}

impl VariableTable {
    /// The built-in table of CAETE-DVM.
    pub fn caete() -> Self {
        // A test proves that the built-in text parses, so the empty table is never seen.
        Self::from_toml(include_str!("caete.toml")).unwrap_or_default()
    }

    /// Reads a table; the whole of it is held in memory.
    ///
    /// # Errors
    /// TOML that is broken, lacks a field or has one that is not known, and texts and numbers that no NetCDF
    /// attribute should have: blank ones, control characters, resolutions that are no positive number.
    pub fn from_toml(text: &str) -> Result<Self, VariableTableError> {
        let table: Self = toml::from_str(text)
            .map_err(|error| VariableTableError::Toml { message: error.to_string().trim_end().to_owned() })?;
        table.check()?;
        Ok(table)
    }

    /// This table with the entries of another one added; the other's win, each as a whole.
    pub fn extended_by(mut self, other: VariableTable) -> Self {
        self.variables.extend(other.variables);
        self.traits.extend(other.traits);
        self.model = ModelInfo {
            name: other.model.name.or(self.model.name),
            source: other.model.source.or(self.model.source),
            resolution_degrees: other.model.resolution_degrees.or(self.model.resolution_degrees),
            input: other.model.input || self.model.input,
        };
        self
    }

    /// The same of the model, without any variable.
    pub(crate) fn without_variables(&self) -> Self {
        VariableTable { variables: BTreeMap::new(), ..self.clone() }
    }

    /// Adds the entry of a key, in the place of the one there was.
    pub(crate) fn set(&mut self, key: &str, info: VariableInfo) {
        self.variables.insert(key.to_owned(), info);
    }

    /// The model that wrote the dumps.
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// The variable of a key.
    pub fn get(&self, key: &str) -> Option<&VariableInfo> {
        self.variables.get(key)
    }

    /// What is known about a trait.
    pub fn trait_info(&self, name: &str) -> Option<&TraitInfo> {
        self.traits.get(name)
    }

    /// The variables that formulas make, and their formulas.
    pub fn formulas(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(key, info)| Some((key.as_str(), info.formula.as_deref()?)))
    }

    /// The keys of variables that are 0 where nothing lives and nowhere else.
    pub fn living(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().filter(|(_, info)| info.life).map(|(key, _)| key.as_str())
    }

    /// All keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    fn check(&self) -> Result<(), VariableTableError> {
        let resolution = self.model.resolution_degrees;
        if let Some(value) = resolution.filter(|value| !(value.is_finite() && *value > 0.0)) {
            return Err(VariableTableError::Resolution { value });
        }
        check_text("model", "name", self.model.name.as_deref())?;
        check_text("model", "source", self.model.source.as_deref())?;
        for (key, variable) in &self.variables {
            check_text("variables", "key", Some(key))?;
            check_text(key, "long_name", Some(&variable.long_name))?;
            check_text(key, "units", variable.units.as_deref())?;
            check_text(key, "standard_name", variable.standard_name.as_deref())?;
            check_text(key, "comment", variable.comment.as_deref())?;
            check_text(key, "units_metadata", variable.units_metadata.as_deref())?;
            check_text(key, "dimension", variable.dimension.as_deref())?;
            for row in &variable.rows {
                check_text(key, "row's label", Some(&row.label))?;
                check_text(key, "row's long_name", row.long_name.as_deref())?;
                check_text(key, "row's standard_name", row.standard_name.as_deref())?;
            }
        }
        for (name, info) in &self.traits {
            check_text(name, "long_name", Some(&info.long_name))?;
            check_text(name, "units", info.units.as_deref())?;
        }
        Ok(())
    }
}

fn check_text(entry: &str, field: &'static str, text: Option<&str>) -> Result<(), VariableTableError> {
    match text {
        Some(text) if text.trim().is_empty() || text.contains(char::is_control) => {
            Err(VariableTableError::Text { entry: entry.to_owned(), field })
        }
        _ => Ok(()),
    }
}

impl VariableInfo {
    /// One of which nothing is known but what it is called; its values are means.
    pub fn called(long_name: &str) -> Self {
        VariableInfo {
            long_name: long_name.to_owned(),
            units: None,
            standard_name: None,
            cell_method: CellMethod::Mean,
            comment: None,
            units_metadata: None,
            life: false,
            formula: None,
            source_units: None,
            calendar: false,
            dimension: None,
            rows: Vec::new(),
        }
    }

    /// What is said of it in a comment: the formula that makes it, if one does, and its own comment.
    pub fn told(&self, key: &str) -> Option<String> {
        let formula = self.formula.as_ref().filter(|_| self.source_units.is_none());
        let by = if self.calendar { ", years and months by the calendar" } else { "" };
        let formula = formula.map(|formula| format!("{key} = {formula}{by}"));
        match (formula, &self.comment) {
            (Some(formula), Some(comment)) => Some(format!("{formula}. {comment}")),
            (formula, comment) => formula.or_else(|| comment.clone()),
        }
    }

    /// What to say about a row, counted from zero.
    ///
    /// A row that the table does not list is called `row i`, counted from one; `None` only where that count
    /// overflows.
    pub fn row(&self, index_from_zero: usize) -> Option<ResolvedRow> {
        let number = index_from_zero.checked_add(1)?;
        let row = self.rows.get(index_from_zero);
        let label = row.map_or_else(|| format!("row {number}"), |row| row.label.clone());
        let long_name = row.and_then(|row| row.long_name.clone());
        let standard_name = row.and_then(|row| row.standard_name.clone());
        Some(ResolvedRow {
            long_name: long_name.unwrap_or_else(|| format!("{}, {label}", self.long_name)),
            standard_name: standard_name.or_else(|| self.standard_name.clone()),
            label,
        })
    }
}

/// A text that is no table of variables.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VariableTableError {
    /// The TOML is broken, or its fields are not a table's.
    #[error("table of variables: {message}")]
    Toml {
        /// What and where, over several lines.
        message: String,
    },
    /// A text is blank or has control characters.
    #[error("table of variables: {entry:?}: {field} is blank or has control characters")]
    Text {
        /// The variable's key, `variables` for a key itself, or `model`.
        entry: String,
        /// The field.
        field: &'static str,
    },
    /// The resolution is no positive number.
    #[error("table of variables: resolution_degrees is {value}, not a positive number")]
    Resolution {
        /// The number found.
        value: f64,
    },
}

impl VariableTableError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Toml { .. } => {
                "a variable is a table [variables.KEY] with long_name, cell_method (\"mean\", \"point\" or \"sum\") and, \
                 where known, units, standard_name, comment, units_metadata, life and rows"
            }
            Self::Text { .. } => "leave the field out where it is not known; write it on one line",
            Self::Resolution { .. } => "give the edge of a grid cell in degrees, for example 0.5",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEYS: &str = "aresp c_cost cdef csoil cue cwd emaxm evapm f5 hresp inorg_n inorg_p lai litter_fr \
        litter_l lnc ls nmin npp nupt photo pmin pupt rcm rg rm rnpp runom snc sorbed_n sorbed_p specific_la \
        storage_pool tsoil vcmax wsoil wue";

    #[test]
    fn the_built_in_table_parses() {
        let table = VariableTable::from_toml(include_str!("caete.toml")).unwrap();
        assert_eq!(table, VariableTable::caete());
        assert_eq!(table.keys().collect::<Vec<_>>().join(" "), KEYS);
        assert_eq!(table.model().resolution_degrees, Some(0.5));
        let rows = |key: &str| table.get(key).map(|variable| variable.rows.len());
        let several = ["csoil", "snc", "nupt", "pupt", "lnc", "storage_pool", "photo"].map(rows);
        assert_eq!(several, [4, 8, 2, 3, 6, 3, 0].map(Some));
        let yearly =
            |key: &&str| table.get(key).is_some_and(|info| info.units.as_deref() == Some("kg m-2 year-1"));
        assert_eq!(
            table.keys().filter(yearly).collect::<Vec<_>>(),
            ["aresp", "cdef", "npp", "photo", "rg", "rm"]
        );
        assert_eq!(table.living().collect::<Vec<_>>(), ["aresp", "lai", "ls", "rm", "specific_la", "vcmax"]);
        // Where a number is not what a standard name says, there is none.
        for key in ["lai", "rg", "cdef", "inorg_n", "wue", "cue", "vcmax"] {
            assert_eq!(table.get(key).and_then(|info| info.standard_name.as_deref()), None, "{key}");
        }
    }

    #[test]
    fn rows() {
        let csoil = VariableTable::caete().get("csoil").cloned().unwrap();
        let third = csoil.row(2).unwrap();
        assert_eq!(
            (third.label.as_str(), third.long_name.as_str()),
            ("soil 1", "Soil organic carbon, soil 1")
        );
        assert_eq!(third.standard_name.as_deref(), Some("fast_soil_pool_mass_content_of_carbon"));
        let unknown = csoil.row(4).unwrap();
        assert_eq!((unknown.long_name.as_str(), unknown.standard_name), ("Soil organic carbon, row 5", None));
        assert_eq!(csoil.row(usize::MAX), None);
    }

    #[test]
    fn extension() {
        let text = "[model]\nsource = \"mine\"\n[variables.lai]\nlong_name = \"x\"\ncell_method = \"mean\"\n";
        let table = VariableTable::caete().extended_by(VariableTable::from_toml(text).unwrap());
        assert_eq!(table.model().name.as_deref(), Some("CAETE-DVM"));
        assert_eq!(table.model().source.as_deref(), Some("mine"));
        let lai = table.get("lai").unwrap();
        assert_eq!((lai.units.as_deref(), lai.cell_method.name()), (None, "mean"));
        assert_eq!(table.keys().count(), KEYS.split_whitespace().count());
    }

    #[test]
    fn refusals() {
        let refusal = |text: &str| VariableTable::from_toml(text).unwrap_err().to_string();
        assert!(refusal("[variables.lai]\nlong_name = \"x\"\n").contains("missing field `cell_method`"));
        assert!(refusal("[variables.lai]\nunit = \"1\"\n").contains("unknown field `unit`"));
        let blank = "[variables.lai]\nlong_name = \"x\"\ncell_method = \"point\"\nunits = \" \"\n";
        assert!(refusal(blank).ends_with("\"lai\": units is blank or has control characters"));
        assert!(refusal("[model]\nname = \"a\\u0000\"").contains("\"model\": name"));
        for value in ["0.0", "-0.5", "nan", "inf"] {
            assert!(
                refusal(&format!("[model]\nresolution_degrees = {value}")).contains("resolution_degrees is")
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in ".*", start in 0..8_000_usize, length in 0..20_usize) {
            let _ = VariableTable::from_toml(&text);
            let mut damaged: Vec<char> = include_str!("caete.toml").chars().collect();
            damaged.splice(start.min(damaged.len())..(start + length).min(damaged.len()), text.chars());
            let _ = VariableTable::from_toml(&damaged.iter().collect::<String>());
        }
    }
}
