//! Arrays in one file: plain HDF5 that grows, is changed in place row by row, and survives a kill at any moment.
//!
//! An array has rows of one length and one type, `[rows, columns…]`, and grows along its rows. [`Writer`] makes and changes arrays; what it
//! changed becomes the file's state by [`Writer::commit`], all of it or nothing. [`Arrays`] reads a file in the state in which it was
//! opened. [`Records`] are rows of different lengths.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use gridloom::archive::arrays::{Arrays, Durability, Layout, Writer};
//! use gridloom::model::element::Element;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("arrays.h5");
//! let mut writer = Writer::create(&path, false)?;
//! writer.add("weights", Element::Float32, &[2], Layout::PLAIN)?;
//! let rows: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()).collect();
//! writer.append("weights", &rows)?;
//! writer.commit(Durability::Disk)?;
//! writer.replace("weights", &[1], &[5.0f32, 6.0].map(f32::to_le_bytes).concat())?;
//! writer.commit(Durability::Disk)?;
//!
//! let arrays = Arrays::open(&path)?;
//! let weights = arrays.array("weights")?;
//! assert_eq!(weights.shape(), [2, 2]);
//! assert_eq!(weights.read(1..2)?.to_f64(), [5.0, 6.0]);
//! # Ok(())
//! # }
//! ```

mod array;
mod attribute;
mod mapped;
mod records;
mod repack;
mod store;
mod value_type;
mod writer;

pub use super::sink::Durability;
pub use array::{Array, Arrays};
pub use attribute::ArrayAttribute;
pub use mapped::Mapped;
pub use records::Records;
pub use repack::repack;
pub use value_type::ValueType;
pub use writer::Writer;

use super::codec::Codec;
use crate::hdf5::Problem;
use crate::hdf5::attribute::Attribute;
use crate::hdf5::dataset::{Dataset, Filter};

/// How the rows of an array are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of a chunk in memory, about: what one row costs to change, and with a codec to read.
    pub chunk_bytes: usize,
    /// Compression and checksum; `None` is neither: rows stand in the file as they are in memory, and can be mapped.
    pub codec: Option<Codec>,
}

impl Layout {
    /// Rows as they are in memory, in chunks of a page.
    pub const PLAIN: Layout = Layout { chunk_bytes: 4096, codec: None };

    /// Compressed rows.
    pub const fn packed(codec: Codec, chunk_bytes: usize) -> Self {
        Layout { chunk_bytes, codec: Some(codec) }
    }

    fn filters(self, size: usize) -> Vec<Filter> {
        self.codec.map_or_else(Vec::new, |codec| codec.filters(size))
    }
}

/// The attribute of an array's codec.
const CODEC: &str = "gridloom_codec";
/// What it says of plain rows.
const PLAIN: &str = "plain";

/// What is said of a dataset that is an array: its type, the bytes of a row, the rows of a chunk. `None` for other datasets.
fn form(dataset: &Dataset, chunk: &[u64]) -> Option<(ValueType, usize, u64)> {
    let kind = ValueType::of(dataset.kind)?;
    let shape = dataset.shape.as_deref()?;
    let (&rows, columns) = chunk.split_first()?;
    let is_array = dataset.axis == 0 && dataset.grows && shape.get(1..) == Some(columns);
    let count = columns.iter().try_fold(1u64, |product, &columns| product.checked_mul(columns))?;
    let row = usize::try_from(count).ok()?.checked_mul(kind.size())?;
    let bytes = u64::try_from(row).ok()?.checked_mul(rows)?;
    (is_array && rows > 0 && row > 0 && bytes <= LARGEST).then_some((kind, row, rows))
}

/// Bytes of a chunk at most.
const LARGEST: u64 = 1 << 30;

/// The codec of an array; `None` where its rows are plain.
fn codec_of(dataset: &Dataset) -> Result<Option<Codec>, Problem> {
    let unknown = || Problem::new("it does not say how its rows are compressed");
    let text = dataset.attributes.iter().find(|one| one.name == CODEC).and_then(Attribute::as_text);
    match text {
        Some(PLAIN) => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| unknown()),
        None => Err(unknown()),
    }
}
