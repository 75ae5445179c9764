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
    /// Its name in settings, which is also the ending of its products' names, without a dot before it.
    fn name(&self) -> &'static str;

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

    /// Begins a product: all but its chunks. It is made in a draft ([`Site::file`], [`Site::folder`]).
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

    /// Begins a further variable of a store: chunks are of it from then on. Its attributes of the file and its coordinates are those of the
    /// first.
    ///
    /// # Errors
    /// What the system or a library says; that there is one variable only.
    fn next(&mut self, skeleton: &Skeleton) -> Result<(), Failure> {
        Err(format!("it has one variable, and {} would be another", skeleton.data.name).into())
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

/// Reads the values of a product's variable.
pub trait GridReader: Send + Sync {
    /// Values as little-endian bytes of `size` each, `[time, lat, lon]` of one index in the dimension of rows.
    ///
    /// # Errors
    /// In words, as when a checksum is wrong.
    fn bytes(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>, String>;
}
