//! NetCDF-4 as a form of grids: a file a variable, or one of all variables that share their steps.

use std::ops::Range;
use std::path::Path;

use crate::chunk::{Codec, Filters};
use crate::error::Failure;
use crate::guard::guarded;
use crate::shared::{Draft, Site};
use crate::write::{self, Dimension, NetcdfWriter, Skeleton};

use super::form::{Belongs, Chunk, Found, FoundVariable, GridForm, GridReader, GridWriter};
use super::read::{GridFile, open_plain, type_name};

/// CF NetCDF-4.
#[derive(Debug)]
pub(super) struct Netcdf {
    /// Whether a file has all variables that share their steps.
    pub is_store: bool,
}

impl GridForm for Netcdf {
    fn name(&self) -> &'static str {
        if self.is_store { crate::plan::SINGLE } else { "nc" }
    }

    fn ending(&self) -> &'static str {
        "nc"
    }

    fn is_store(&self) -> bool {
        self.is_store
    }

    fn filters(&self, codec: Codec) -> Result<Filters, String> {
        write::register(codec).map_err(|error| error.to_string())?;
        Ok(Filters::netcdf(codec))
    }

    fn takes(&self, filters: Filters) -> bool {
        filters.shuffle == filters.codec.shuffles()
    }

    fn create(
        &self,
        site: &Site<'_>,
        skeleton: &Skeleton,
        filters: Filters,
    ) -> Result<Box<dyn GridWriter>, Failure> {
        let writer = NetcdfWriter::create(site, skeleton, filters)?;
        Ok(Box::new(writer))
    }

    fn find(&self, path: &Path, variable: &str, wanted: &[&str]) -> Result<Found, String> {
        crate::probe::look(path).map_err(|error| error.in_full())?;
        let found = guarded(|| open_plain(path).map(|file| found(&file, wanted)));
        let found = found.unwrap_or_else(|| Err("it is damaged".into()));
        let found = found.map_err(|verdict| verdict.to_string())?;
        if self.is_store { only(found, variable) } else { Ok(found) }
    }

    fn open(&self, path: &Path, variable: &str) -> Result<Box<dyn GridReader>, String> {
        let file = GridFile::open(path, Some(variable)).map_err(|error| error.in_full())?;
        Ok(Box::new(file))
    }
}

impl GridWriter for NetcdfWriter {
    fn put(&mut self, chunk: Chunk<'_>) -> Result<(), Failure> {
        let [time, row, column] = chunk.index;
        Ok(self.write_chunk([time, chunk.layer, row, column], chunk.bytes)?)
    }

    fn next(&mut self) -> Result<(), Failure> {
        self.next_variable();
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Draft, Failure> {
        Ok((*self).close()?)
    }
}

impl GridReader for GridFile {
    fn bytes(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>, String> {
        GridFile::bytes(self, row, wanted, size).map_err(|verdict| verdict.to_string())
    }
}

/// Of what a file of several variables holds, what one would hold that had but this.
fn only(found: Found, variable: &str) -> Result<Found, String> {
    let all: Vec<(&str, &[(String, usize)])> =
        found.variables.iter().map(|one| (one.name.as_str(), one.dimensions.as_slice())).collect();
    let belongings = Belongs::of(variable, &all)?;
    let Found { dimensions, attributes, variables, groups, .. } = found;
    let mut own = Found { attributes, groups, ..Found::default() };
    let mut elsewhere = Vec::new();
    for (one, belongs) in variables.into_iter().zip(belongings) {
        match belongs {
            Belongs::ToIt => own.variables.push(one),
            Belongs::IsAnother | Belongs::ToOthers => {
                elsewhere.extend(one.dimensions);
                own.others.extend((belongs == Belongs::IsAnother).then_some(one.name));
            }
        }
    }
    // A dimension that nothing is over is the file's, and so this variable's too.
    let is_own = |dimension: &Dimension| {
        let is_it = |(name, _): &(String, usize)| *name == dimension.name;
        own.variables.iter().any(|one| one.dimensions.iter().any(is_it)) || !elsewhere.iter().any(is_it)
    };
    own.dimensions = dimensions.into_iter().filter(is_own).collect();
    Ok(own)
}

/// The bytes of texts.
fn letters(variable: &netcdf::Variable<'_>) -> Option<Vec<f64>> {
    let mut bytes = vec![0; variable.len()];
    variable.get_raw_values_into(&mut bytes, ..).ok()?;
    Some(bytes.into_iter().map(f64::from).collect())
}

fn found(file: &netcdf::File, wanted: &[&str]) -> Found {
    let read = |attribute: netcdf::Attribute<'_>| {
        let unread = || netcdf::AttributeValue::Str("(it cannot be read)".to_owned());
        (attribute.name().to_owned(), attribute.value().unwrap_or_else(|_| unread()))
    };
    let variable = |variable: netcdf::Variable<'_>| {
        let name = variable.name();
        let is_wanted = wanted.contains(&name.as_str());
        let is_text = variable.vartype() == netcdf::types::NcVariableType::Char;
        FoundVariable {
            element: type_name(&variable.vartype()),
            dimensions: variable.dimensions().iter().map(|one| (one.name(), one.len())).collect(),
            // How letters are to be read is no word about names.
            attributes: variable
                .attributes()
                .filter(|own| !is_text || own.name() != "_Encoding")
                .map(read)
                .collect(),
            chunk: variable.chunking().ok().flatten().unwrap_or_default(),
            values: match (is_wanted, is_text) {
                (false, _) => None,
                (true, false) => variable.get_values(..).ok(),
                (true, true) => letters(&variable),
            },
            name,
        }
    };
    let dimension = |dimension: netcdf::Dimension<'_>| Dimension {
        name: dimension.name(),
        length: dimension.len(),
        is_unlimited: dimension.is_unlimited(),
    };
    Found {
        dimensions: file.dimensions().map(dimension).collect(),
        attributes: file.attributes().map(read).collect(),
        variables: file.variables().map(variable).collect(),
        groups: file.groups().into_iter().flatten().map(|group| group.name()).collect(),
        others: Vec::new(),
    }
}
