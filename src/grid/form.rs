//! What a form of grids is: how a product is written, and how it is read again.
//!
//! Chunks are encoded in the pass, once, as the form says ([`GridForm::filters`]), and copied when the product is published. Whether a
//! product is a file or a folder of files is the form's word. `examples/own_form.rs` has a form in one file.

use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;

use crate::chunk::{Codec, Filters};
pub use crate::error::Failure;
pub use crate::shared::{Draft, Site};
use crate::write::{AttributeValue, Attributes, Dimension, Skeleton};

/// A form of grids.
pub trait GridForm: Debug + Sync {
    /// Its name in settings.
    fn name(&self) -> &'static str;

    /// How its products' names end, without a dot before it.
    fn ending(&self) -> &'static str {
        self.name()
    }

    /// Whether its products are folders of files ([`Site::folder`]).
    fn is_folder(&self) -> bool {
        false
    }

    /// Whether a product is a store of all variables that share their steps, instead of one ([`GridWriter::next`]).
    fn is_store(&self) -> bool {
        false
    }

    /// Whether a product tells dimensions that may grow from others.
    fn tells_limits(&self) -> bool {
        true
    }

    /// What of an attribute a product keeps: [`GridForm::find`] gives that back.
    fn kept(&self, value: AttributeValue) -> AttributeValue {
        value
    }

    /// Whether a product says in its first or last 64 KiB, or one of its files does, that gridloom made it.
    fn is_marked(&self) -> bool {
        true
    }

    /// How chunks are encoded that settings want compressed by a codec. All products of a plan share their chunks.
    ///
    /// # Errors
    /// Why it cannot store such chunks, in words.
    fn filters(&self, codec: Codec) -> Result<Filters, String>;

    /// Whether it stores chunks that were encoded so, since another form of the same plan wants it.
    fn takes(&self, filters: Filters) -> bool {
        self.filters(filters.codec) == Ok(filters)
    }

    /// Begins a product: all but its chunks, of which those of the first variable come first. It is made in a draft ([`Site::file`],
    /// [`Site::folder`]).
    ///
    /// # Errors
    /// What the system or a library says.
    fn create(
        &self,
        site: &Site<'_>,
        skeleton: &Skeleton,
        filters: Filters,
    ) -> Result<Box<dyn GridWriter>, Failure>;

    /// What a product holds beside its chunks; of the variables that are named in `wanted`, the values as well. Of a store: what a product
    /// would hold that `variable` had for itself, and the names of other such variables.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn find(&self, path: &Path, variable: &str, wanted: &[&str]) -> Result<Found, String>;

    /// Opens the values of a product's variable. Not the writer turned around: it is what proves products.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn open(&self, path: &Path, variable: &str) -> Result<Box<dyn GridReader>, String>;
}

/// A finished chunk.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Chunk<'a> {
    /// Its layer in the dimension of rows; 0 without one.
    pub layer: u32,
    /// Its place in time, latitude and longitude, counted in chunks.
    pub index: [u32; 3],
    /// Its bytes, encoded by the form's filters.
    pub bytes: &'a [u8],
    /// XXH3 of the bytes.
    pub checksum: u64,
}

/// A product that is being written.
pub trait GridWriter {
    /// Puts a chunk, in the order of layers, time, rows and columns. Chunks in which all is masked are not put.
    ///
    /// # Errors
    /// What the system or a library says.
    fn put(&mut self, chunk: Chunk<'_>) -> Result<(), Failure>;

    /// Begins the next variable of a store: chunks are of it from then on.
    ///
    /// # Errors
    /// What the system or a library says; that there is no other variable.
    fn next(&mut self) -> Result<(), Failure> {
        Err("it has one variable only".into())
    }

    /// Completes the product, which still has its temporary name.
    ///
    /// # Errors
    /// What the system or a library says.
    fn close(self: Box<Self>) -> Result<Draft, Failure>;
}

/// What a product holds beside its chunks.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Its dimensions.
    pub dimensions: Vec<Dimension>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its variables.
    pub variables: Vec<FoundVariable>,
    /// Names of groups, of which a grid has none.
    pub groups: Vec<String>,
    /// Names of other variables that a store is about.
    pub others: Vec<String>,
}

/// A variable of a product.
#[derive(Debug, Clone, Default)]
pub struct FoundVariable {
    /// Its name.
    pub name: String,
    /// The name of the type of its values (`float32`); none where they are no numbers.
    pub element: Option<&'static str>,
    /// Its dimensions and their lengths.
    pub dimensions: Vec<(String, usize)>,
    /// Its attributes.
    pub attributes: Attributes,
    /// The shape of its chunks; empty where it has none.
    pub chunk: Vec<usize>,
    /// Its values, where they were wanted and can be read.
    pub values: Option<Vec<f64>>,
}

impl Found {
    /// A variable by its name.
    pub fn variable(&self, name: &str) -> Option<&FoundVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}

/// What a variable of a store is to one of those that the store is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// It is the one, or is over its dimensions, or over none that only others have.
    ToIt,
    /// It is another one that the store is about.
    IsAnother,
    /// It is over dimensions of others.
    ToOthers,
}

impl Belongs {
    /// Of all variables of a store, by their names and dimensions. Fields are over time, latitude and longitude.
    ///
    /// # Errors
    /// That there is no such variable.
    pub(super) fn of(variable: &str, all: &[(&str, &[(String, usize)])]) -> Result<Vec<Self>, String> {
        let is_field =
            |over: &[(String, usize)]| over.len() > 2 && over.first().is_some_and(|(name, _)| name == "time");
        let own = all.iter().find(|(name, _)| *name == variable).map(|(_, over)| *over);
        let own = own.ok_or_else(|| format!("it has no variable {variable}"))?;
        let belongs = |dimension: &(String, usize)| {
            own.contains(dimension) || !all.iter().any(|(_, over)| is_field(over) && over.contains(dimension))
        };
        let kind = |(name, over): &(&str, &[(String, usize)])| match () {
            () if is_field(over) && *name != variable => Belongs::IsAnother,
            () if over.iter().all(belongs) => Belongs::ToIt,
            () => Belongs::ToOthers,
        };
        Ok(all.iter().map(kind).collect())
    }
}

/// Reads the values of a product's variable.
pub trait GridReader: Send + Sync {
    /// Values as little-endian bytes of `size` each, `[time, lat, lon]` of one index in the dimension of rows.
    ///
    /// # Errors
    /// In words, as when a checksum is wrong.
    fn bytes(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>, String>;
}
