//! Datasets: extent, type, filters and where the data is (§IV.A.2.h, i, l).

use super::attribute::{Attribute, count, decode_space, space};
use super::chunks::{Chunk, Form};
use super::datatype::Datatype;
use super::header::{self, Header};
use super::tree::{self, Nodes};
use super::{Fields, NONE, Problem, Result};

/// A filter of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub id: u16,
    /// Whether a writer may leave it out of a chunk that it cannot do, and mark the chunk.
    pub is_optional: bool,
    /// For filters that are not HDF5's own.
    pub name: &'static str,
    pub values: Vec<u32>,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Storage {
    /// Nowhere: all is fill value, as of a dimension that has no variable.
    Nothing,
    /// Few bytes in one piece, which are here. In the file they stand in front of the header; in older archives they
    /// stand in it, which R's ncdf4 refuses.
    Small(Vec<u8>),
    /// In one piece that was not read yet: where it is, and how many bytes.
    There { address: u64, length: u64 },
    /// In chunks of this shape, cut along one dimension. Their index is at an address; [`NONE`] without chunks.
    Chunked { shape: Vec<u64>, index: u64 },
    /// In chunks of this shape, cut along all dimensions, under a tree of the old kind at an address.
    #[cfg(feature = "netcdf")]
    Tiled { shape: Vec<u64>, index: u64 },
}

/// A dataset, but for its chunks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dataset {
    pub kind: Datatype,
    /// `None` for a single value.
    pub shape: Option<Vec<u64>>,
    /// The dimension that is cut into chunks.
    pub axis: usize,
    /// Whether that dimension may grow without limit.
    pub grows: bool,
    pub filters: Vec<Filter>,
    /// The value of what is not stored; zeros without one.
    pub fill: Option<Vec<u8>>,
    pub storage: Storage,
    pub attributes: Vec<Attribute>,
}

impl Dataset {
    /// A small dataset, stored in one piece. No checksum is over that: whoever reads it has to know what it should be.
    pub fn small(kind: Datatype, shape: Option<Vec<u64>>, data: Vec<u8>, attributes: Vec<Attribute>) -> Self {
        let (axis, grows, filters, fill) = (0, false, Vec::new(), None);
        Dataset { kind, shape, axis, grows, filters, fill, storage: Storage::Small(data), attributes }
    }

    /// How its chunks are written down; `None` without chunks.
    pub fn form(&self) -> Result<Option<Form>> {
        let Storage::Chunked { shape, .. } = &self.storage else { return Ok(None) };
        let chunk_bytes = count(shape)?.saturating_mul(self.kind.size() as u64);
        let is_filtered = !self.filters.is_empty();
        Ok(Some(Form { rank: shape.len(), axis: self.axis, chunk_bytes, is_filtered }))
    }

    /// Its bytes, index of chunks included, to stand at `address`; and the address of its header.
    pub fn encode(&self, address: u64, chunks: &[Chunk]) -> Result<(Vec<u8>, u64)> {
        let (mut bytes, mut index) = (Vec::new(), NONE);
        if let Storage::Small(data) = &self.storage {
            (bytes, index) = (data.clone(), address);
        } else if let Some(form) = self.form()?.filter(|_| !chunks.is_empty()) {
            (bytes, index) = tree::encode(address, form, chunks, &mut Nodes::default(), &|_| true)?;
        }
        let at = address + bytes.len() as u64;
        bytes.extend(self.header(index, chunks.len())?);
        Ok((bytes, at))
    }

    /// Its header, where its index of so many chunks, or its data in one piece, is at an address.
    pub fn header(&self, index: u64, chunks: usize) -> Result<Vec<u8>> {
        self.put(Header::default(), index, chunks)
    }

    /// Its header as netCDF-C makes them, to which it can add. What is in one piece is at an address.
    #[cfg(feature = "netcdf")]
    pub fn indexed_header(&self, data: u64) -> Result<Vec<u8>> {
        self.put(Header::indexed(), data, 0)
    }

    fn put(&self, mut header: Header, index: u64, chunks: usize) -> Result<Vec<u8>> {
        let limits = self.shape.as_ref().filter(|_| self.grows).map(|shape| {
            let mut limits = shape.clone();
            if let Some(extent) = limits.get_mut(self.axis) {
                *extent = NONE;
            }
            limits
        });
        header.message(header::DATASPACE, false, &space(self.shape.as_deref(), limits.as_deref()))?;
        header.message(header::DATATYPE, true, &self.kind.encode())?;
        let layout = match &self.storage {
            Storage::Nothing => {
                let bytes =
                    count(self.shape.as_deref().unwrap_or(&[]))?.saturating_mul(self.kind.size() as u64);
                piece(NONE, bytes)
            }
            Storage::Small(data) => piece(index, data.len() as u64),
            Storage::There { address, length } => piece(*address, *length),
            Storage::Chunked { shape, .. } => {
                let extents: Vec<u64> = shape.iter().copied().chain([self.kind.size() as u64]).collect();
                // As many bytes as the largest needs, which the library insists on.
                let width =
                    extents.iter().map(|extent| extent.max(&1).ilog2() as usize / 8 + 1).max().unwrap_or(1);
                let mut layout = vec![4, 2, 0, extents.len() as u8, width as u8];
                for extent in &extents {
                    layout.extend_from_slice(extent.to_le_bytes().get(..width).unwrap_or_default());
                }
                let node = match self.form()? {
                    Some(form) => tree::node_bytes(form, chunks)?,
                    None => 0,
                };
                layout.push(5);
                layout.extend_from_slice(&(node as u32).to_le_bytes());
                layout.extend_from_slice(&[100, 40]);
                layout.extend_from_slice(&index.to_le_bytes());
                layout
            }
            #[cfg(feature = "netcdf")]
            Storage::Tiled { shape, index } => {
                let mut layout = vec![3, 2, shape.len() as u8 + 1];
                layout.extend_from_slice(&index.to_le_bytes());
                for extent in shape.iter().copied().chain([self.kind.size() as u64]) {
                    let extent = u32::try_from(extent)
                        .map_err(|_| Problem::new(format!("a chunk of {extent} values is too long")))?;
                    layout.extend_from_slice(&extent.to_le_bytes());
                }
                layout
            }
        };
        header.message(header::FILL, true, &self.fill_message())?;
        header.message(header::LAYOUT, false, &layout)?;
        if !self.filters.is_empty() {
            header.message(header::FILTERS, true, &self.filter_message())?;
        }
        header.attributes(&self.attributes)?;
        Ok(header.finish())
    }

    /// Written when there is a value and storage is made, which is when it is needed (chunks) or at once.
    fn fill_message(&self) -> Vec<u8> {
        let allocation = match self.storage {
            Storage::Small(_) | Storage::There { .. } | Storage::Nothing => 2,
            Storage::Chunked { .. } => 3,
            #[cfg(feature = "netcdf")]
            Storage::Tiled { .. } => 3,
        };
        let mut bytes = vec![3, allocation | 2 << 2];
        if let (Some(fill), Some(flags)) = (&self.fill, bytes.get_mut(1)) {
            *flags |= 0x20;
            bytes.extend_from_slice(&(fill.len() as u32).to_le_bytes());
            bytes.extend_from_slice(fill);
        }
        bytes
    }

    fn filter_message(&self) -> Vec<u8> {
        let mut bytes = vec![2, self.filters.len() as u8];
        for filter in &self.filters {
            bytes.extend_from_slice(&filter.id.to_le_bytes());
            if filter.id >= 256 {
                bytes.extend_from_slice(&(filter.name.len() as u16 + 1).to_le_bytes());
            }
            bytes.extend_from_slice(&[u8::from(filter.is_optional), 0]);
            bytes.extend_from_slice(&(filter.values.len() as u16).to_le_bytes());
            if filter.id >= 256 {
                bytes.extend_from_slice(filter.name.as_bytes());
                bytes.push(0);
            }
            for value in &filter.values {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let missing = |what: &str| Problem::new(format!("a dataset lacks its {what}"));
        let (mut kind, mut space, mut storage) = (None, None, None);
        let (mut filters, mut fill, mut attributes) = (Vec::new(), None, Vec::new());
        for (message, body) in header::messages(bytes)? {
            match message {
                header::DATASPACE => space = Some(decode_space(body)?),
                header::DATATYPE => kind = Some(Datatype::decode(body)?),
                header::LAYOUT => storage = Some(decode_layout(body)?),
                header::FILTERS => filters = decode_filters(body)?,
                header::FILL => {
                    let mut fields = Fields(body);
                    fields.require(&[3], "a fill value")?;
                    if fields.byte()? & 0x20 != 0 {
                        let length = fields.number(4)? as usize;
                        fill = Some(fields.take(length)?.to_vec());
                    }
                }
                header::ATTRIBUTE => attributes.push(Attribute::decode(body)?),
                _ => {}
            }
        }
        let kind = kind.ok_or_else(|| missing("type"))?;
        let (shape, limits) = space.ok_or_else(|| missing("extent"))?;
        let storage = match storage.ok_or_else(|| missing("layout"))? {
            Storage::Chunked { mut shape, index } => {
                let size = shape.pop();
                if size != Some(kind.size() as u64) || shape.is_empty() || shape.contains(&0) {
                    return Err(Problem::new("the chunks of a dataset have no sensible shape"));
                }
                Storage::Chunked { shape, index }
            }
            other => other,
        };
        if let (Storage::Chunked { shape: chunk, .. }, Some(shape)) = (&storage, &shape)
            && chunk.len() != shape.len()
        {
            return Err(Problem::new("the chunks of a dataset have other dimensions than it has"));
        }
        let grows = limits.is_some();
        let axis = match (&storage, &shape, limits) {
            (_, _, Some(limits)) => limits.iter().position(|&limit| limit == NONE),
            (Storage::Chunked { shape: chunk, .. }, Some(shape), None) => {
                chunk.iter().zip(shape).position(|(chunk, extent)| chunk < extent)
            }
            _ => None,
        };
        let axis = axis.unwrap_or_else(|| shape.as_ref().map_or(0, |shape| shape.len().saturating_sub(1)));
        Ok(Dataset { kind, shape, axis, grows, filters, fill, storage, attributes })
    }
}

/// The layout of data in one piece.
fn piece(address: u64, length: u64) -> Vec<u8> {
    [&[4, 1][..], &address.to_le_bytes(), &length.to_le_bytes()].concat()
}

fn decode_layout(body: &[u8]) -> Result<Storage> {
    let mut fields = Fields(body);
    fields.require(&[4], "a layout")?;
    match fields.byte()? {
        0 => {
            let length = fields.number(2)? as usize;
            Ok(Storage::Small(fields.take(length)?.to_vec()))
        }
        1 => match (fields.number(8)?, fields.number(8)?) {
            (NONE, _) => Ok(Storage::Nothing),
            (address, length) => Ok(Storage::There { address, length }),
        },
        2 => {
            fields.require(&[0], "a layout")?;
            let (rank, width) = (fields.byte()?, fields.byte()?);
            let shape = (0..rank).map(|_| fields.number(usize::from(width))).collect::<Result<Vec<u64>>>()?;
            fields.require(&[5], "an index of chunks")?;
            fields.take(6)?;
            Ok(Storage::Chunked { shape, index: fields.number(8)? })
        }
        class => Err(Problem::new(format!("a layout of class {class} is not known here"))),
    }
}

fn decode_filters(body: &[u8]) -> Result<Vec<Filter>> {
    let mut fields = Fields(body);
    fields.require(&[2], "a pipeline of filters")?;
    let count = fields.byte()?;
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = fields.number(2)? as u16;
        let name = if id >= 256 { fields.number(2)? as usize } else { 0 };
        let is_optional = fields.number(2)? & 1 != 0;
        let values = fields.number(2)? as usize;
        fields.take(name)?;
        let values = (0..values).map(|_| Ok(fields.number(4)? as u32)).collect::<Result<Vec<u32>>>()?;
        filters.push(Filter { id, is_optional, name: "", values });
    }
    Ok(filters)
}
