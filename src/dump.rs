//! Reading dumps: decompress, unpickle, view.
//!
//! A dump is a pickle in one of joblib's compressed containers. Reading one has three steps, each usable by itself:
//!
//! 1. [`container`]: tell the compression by the first bytes, decompress into one buffer;
//! 2. [`pickle`]: turn the stream into plain values ([`Value`]), arrays staying where they are in the buffer;
//! 3. a model's adapter, such as [`caete`](crate::caete): see the values as daily series with their dates.
//!
//! A numpy masked array is an array whose masked places are NaN or, of whole numbers, the fill value; a list of numbers
//! is an array as well.
//!
//! Nothing in a dump can run: see [`pickle`] for what becomes of classes, and [`Limits`] for what a file may cost.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let path = "data/sample_run/grd_170-223/spin0001.pkz";
//! let dump = gridloom::dump::Dump::open(path, &Default::default())?;
//! let period = gridloom::caete::period(dump.root())?;
//! let npp = period.series("npp").ok_or("no npp")?;
//! println!("{} days from {:?}, {} rows of {}", npp.days(), period.first_date(), npp.rows(), npp.type_name());
//! # Ok(())
//! # }
//! ```

mod array;
mod construct;
pub mod container;
mod dtype;
mod error;
mod kind;
mod limits;
mod list;
mod lz4;
mod machine;
mod masked;
pub mod pickle;
mod stack;
mod stream;
mod tree;
mod value;

pub use array::Array;
pub use dtype::{DType, Field, Scalar};
pub use error::{ArrayProblem, ContentProblem, DumpError, PickleProblem};
pub use kind::Container;
pub use limits::Limits;
pub use tree::{Piece, Tree, TreeBuilder};
pub use value::{Document, Value, ValueKind};

/// A dump in memory: the decompressed stream, and the values in it.
#[derive(Debug)]
pub struct Dump {
    stream: Vec<u8>,
    document: Document,
    container: Container,
}

impl Dump {
    /// Reads a dump from the bytes of its file. The memory of `buffer` is used for the decompressed stream; get it back
    /// with [`Dump::into_buffer`].
    ///
    /// # Errors
    /// Any [`DumpError`] but those of content.
    pub fn decode(bytes: &[u8], mut buffer: Vec<u8>, limits: &Limits) -> Result<Self, DumpError> {
        let container = container::decompress(bytes, &mut buffer, limits)?;
        let document = pickle::read(&buffer, limits)?;
        Ok(Dump { stream: buffer, document, container })
    }

    /// The top value.
    pub fn root(&self) -> Value<'_> {
        self.document.root(&self.stream)
    }

    /// What the file was compressed with.
    pub fn container(&self) -> Container {
        self.container
    }

    /// Bytes of the decompressed stream.
    pub fn decoded_bytes(&self) -> usize {
        self.stream.len()
    }

    /// Gives the memory of the decompressed stream back.
    pub fn into_buffer(self) -> Vec<u8> {
        self.stream
    }
}
