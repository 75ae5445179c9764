//! What a gridded file holds beside its chunks, as a value that every form of grids writes its own way.

use netcdf::AttributeValue;

use crate::chunk::Shape;
use crate::model::element::Element;

/// Attributes by name, in their order.
pub type Attributes = Vec<(String, AttributeValue)>;

/// A file without the values of its variables.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Skeleton {
    /// The dimensions, in their order.
    pub dimensions: Vec<Dimension>,
    /// Attributes of the file.
    pub attributes: Attributes,
    /// Coordinates, bounds, areas and so on, in their order.
    pub variables: Vec<Variable>,
    /// The variables that the file is about, in their order: one, but in a store.
    pub data: Vec<Data>,
}

impl Skeleton {
    /// What belongs to one of the variables that the file is about: all that is over its dimensions, or over none that another of them has.
    pub fn of<'a>(&'a self, data: &'a Data) -> impl Iterator<Item = &'a Variable> {
        let belongs = move |name: &String| {
            data.dimensions.contains(name) || !self.data.iter().any(|other| other.dimensions.contains(name))
        };
        self.variables.iter().filter(move |variable| variable.dimensions.iter().all(belongs))
    }
}

/// A dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Its length.
    pub length: usize,
    /// Whether it may grow.
    pub is_unlimited: bool,
}

/// A variable that is whole in memory.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The names of its dimensions; none of a scalar.
    pub dimensions: Vec<String>,
    /// Its attributes.
    pub attributes: Attributes,
    /// Its values.
    pub values: Values,
    /// The shape of its chunks; none where it is stored as a whole.
    pub chunk: Option<Vec<usize>>,
    /// Whether it should be compressed.
    pub is_packed: bool,
}

/// Values of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Doubles.
    Double(Vec<f64>),
    /// Whole numbers of 32 bits.
    Whole(Vec<i32>),
    /// Whole numbers of 8 bits.
    Flag(Vec<i8>),
    /// Names, of so many bytes at most. The variable's last dimension is that of their letters, which forms that have texts leave out.
    Names(Vec<String>, usize),
}

impl Values {
    /// The bytes of names, each filled up with zeros.
    pub fn letters(names: &[String], width: usize) -> Vec<u8> {
        let padded = |name: &String| {
            let mut bytes = name.clone().into_bytes();
            bytes.resize(width, 0);
            bytes
        };
        names.iter().flat_map(padded).collect()
    }
}

/// A variable that a file is about, whose values come as chunks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Data {
    /// Its name.
    pub name: String,
    /// The type of its values; missing ones are [`Element::fill`].
    pub element: Element,
    /// The names of its dimensions: time, that of rows where it has one, latitude, longitude.
    pub dimensions: Vec<String>,
    /// Their lengths.
    pub extent: Vec<usize>,
    /// Its attributes, but for the fill value.
    pub attributes: Attributes,
    /// The shape of its chunks in time, latitude and longitude; a chunk never holds more than one row.
    pub chunk: Shape,
    /// How many chunks will come, where it is known: those in which all is masked do not.
    pub stored: Option<u64>,
}

impl Data {
    /// Whether it has a dimension of rows.
    pub fn has_rows(&self) -> bool {
        self.dimensions.len() > 3
    }

    /// The shape of its chunks in all of its dimensions.
    pub fn chunk_of_all(&self) -> Vec<usize> {
        let Shape { days, rows, columns } = self.chunk;
        let in_rows = self.has_rows().then_some(1);
        [Some(days), in_rows, Some(rows), Some(columns)]
            .into_iter()
            .flatten()
            .map(|size| size as usize)
            .collect()
    }
}
