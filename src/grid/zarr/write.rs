//! Writes a store: arrays as they come, the group's metadata last.

use std::io::Write;
use std::path::PathBuf;

use crate::chunk::{Codec, Encoder, Filters};
use crate::error::Failure;
use crate::model::element::Element;
use crate::shared::{Draft, Site};
use crate::write::{Data, Skeleton, Values, Variable};

use super::super::form::{Chunk, GridWriter};
use super::super::json::Pairs;
use super::METADATA;
use super::metadata::{Array, Group, Stored, fill, pairs};
use super::shards::{Shards, chunks_of_shard, make, path_of};
use super::{blosc, is_name};

/// Level at which coordinates are deflated.
const LEVEL: u8 = 6;

/// Coordinates of fewer bytes are stored as they are.
const SMALL: usize = 1024;

/// Bytes of the checksum that chunks may have behind them.
const CHECKSUM: usize = 4;

/// A store that is being written.
pub(super) struct Writer {
    draft: Draft,
    filters: Filters,
    arrays: Pairs<Array>,
    variable: Option<Current>,
    skeleton: Skeleton,
    /// The variable that is at work, counted from 0.
    at: usize,
}

/// The variable whose chunks come.
struct Current {
    shards: Shards,
    size: usize,
    /// Bytes of the values of a chunk.
    all: usize,
    has_rows: bool,
}

impl Writer {
    pub fn create(site: &Site<'_>, skeleton: &Skeleton, filters: Filters) -> Result<Self, Failure> {
        let draft = site.folder()?;
        let (skeleton, arrays) = (skeleton.clone(), Pairs(Vec::new()));
        let mut writer = Writer { draft, filters, arrays, variable: None, skeleton, at: 0 };
        writer.begin()?;
        Ok(writer)
    }

    /// The folder of an array that is not there yet.
    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        match is_name(name) {
            true => Ok(self.draft.path().join(name)),
            false => Err(format!("{name:?} cannot be the name of an array").into()),
        }
    }

    fn add(&mut self, name: &str, array: Array) -> Result<(), Failure> {
        let mut file = make(&self.folder(name)?.join(METADATA))?;
        file.write_all(&serde_json::to_vec_pretty(&array)?)?;
        self.arrays.0.push((name.to_owned(), array));
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let data = self.skeleton.data.get(self.at).cloned().ok_or("there is no further variable")?;
        let own: Vec<Variable> = self.skeleton.of(&data).cloned().collect();
        for variable in own {
            // What an earlier variable has brought is the same.
            if !self.arrays.0.iter().any(|(name, _)| *name == variable.name) {
                self.coordinate(&variable)?;
            }
        }
        let (chunk, size) = (data.chunk_of_all(), data.element.size());
        let Data { name, element, dimensions, extent, attributes, .. } = &data;
        let all = chunk.iter().product::<usize>() * size;
        let counts: Vec<usize> =
            extent.iter().zip(&chunk).map(|(length, chunk)| length.div_ceil((*chunk).max(1))).collect();
        // A row is a field of its own.
        let most: Vec<usize> = (0..counts.len())
            .map(|axis| if counts.len() > 3 && axis == 1 { 1 } else { usize::MAX })
            .collect();
        let shard = chunks_of_shard(&counts, all, &most);
        let file: Vec<usize> = chunk.iter().zip(&shard).map(|(chunk, count)| chunk * count).collect();
        let (missing, as_text) = fill(*element);
        let mut attributes = pairs(attributes);
        attributes.0.push(("_FillValue".to_owned(), as_text));
        let stored = Stored {
            element: *element,
            shape: extent,
            file: &file,
            chunk: Some(&chunk),
            codec: self.filters.codec,
            fill: missing,
        };
        self.add(name, Array::new(&stored, attributes, dimensions.clone()))?;
        let shards = Shards::new(&self.folder(name)?, shard);
        self.variable = Some(Current { shards, size, all, has_rows: data.has_rows() });
        Ok(())
    }

    /// Writes a coordinate or the like as one chunk.
    fn coordinate(&mut self, variable: &Variable) -> Result<(), Failure> {
        let all = &self.skeleton.dimensions;
        let length = |name: &String| all.iter().find(|one| one.name == *name).map(|one| one.length);
        let over = match (&variable.values, variable.dimensions.split_last()) {
            (Values::Names(..), Some((_, over))) => over,
            _ => variable.dimensions.as_slice(),
        };
        let lengths = over.iter().map(length);
        let shape: Vec<usize> =
            lengths.collect::<Option<_>>().ok_or("a variable over a dimension that is none")?;
        if let Values::Names(names, _) = &variable.values {
            self.add(&variable.name, Array::texts(&shape, pairs(&variable.attributes), over.to_vec()))?;
            let mut file = make(&path_of(&self.folder(&variable.name)?, &vec![0; shape.len()]))?;
            return Ok(file.write_all(&texts(names))?);
        }
        let (element, values) = bytes_of(&variable.values);
        let codec = if values.len() < SMALL { Codec::None } else { Codec::Deflate(LEVEL) };
        let stored = Stored {
            element,
            shape: &shape,
            file: &shape,
            chunk: None,
            codec,
            fill: if element.is_float() { 0.0.into() } else { 0.into() },
        };
        self.add(
            &variable.name,
            Array::new(&stored, pairs(&variable.attributes), variable.dimensions.clone()),
        )?;
        let size = element.size();
        let mut bytes = match codec {
            Codec::None => values,
            codec => {
                let mut packed = Vec::new();
                let filters = Filters { shuffle: true, codec, checksum: false };
                Encoder::new(filters)?.encode_bytes(&blosc::shuffled(&values, size), &mut packed)?;
                blosc::wrap(&packed, codec, size, values.len())?
            }
        };
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        let mut file = make(&path_of(&self.folder(&variable.name)?, &vec![0; shape.len()]))?;
        Ok(file.write_all(&bytes)?)
    }

    fn finish_variable(&mut self) -> Result<(), Failure> {
        match self.variable.take() {
            Some(current) => Ok(current.shards.finish()?),
            None => Ok(()),
        }
    }
}

impl GridWriter for Writer {
    fn put(&mut self, chunk: Chunk<'_>) -> Result<(), Failure> {
        let Some(Current { shards, size, all, has_rows }) = &mut self.variable else {
            return Err("a chunk before its variable".into());
        };
        let stored = match (self.filters.checksum, chunk.bytes.split_last_chunk::<CHECKSUM>()) {
            (true, Some((stored, _))) => stored,
            _ => chunk.bytes,
        };
        let mut bytes = match self.filters.codec {
            Codec::None => stored.to_vec(),
            codec => blosc::wrap(stored, codec, *size, *all)?,
        };
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        let [time, row, column] = chunk.index.map(|index| index as usize);
        match has_rows {
            true => shards.put(&[time, chunk.layer as usize, row, column], &bytes)?,
            false => shards.put(&[time, row, column], &bytes)?,
        }
        Ok(())
    }

    fn next(&mut self) -> Result<(), Failure> {
        self.finish_variable()?;
        self.at += 1;
        self.begin()
    }

    fn close(mut self: Box<Self>) -> Result<Draft, Failure> {
        self.finish_variable()?;
        let group = Group::new(&self.skeleton.attributes, &self.arrays);
        let mut file = make(&self.draft.path().join(METADATA))?;
        file.write_all(&serde_json::to_vec_pretty(&group)?)?;
        Ok(self.draft)
    }
}

/// Texts as the codec `vlen-utf8` has them: how many, and each behind its length.
fn texts(names: &[String]) -> Vec<u8> {
    let count = |count: usize| (count as u32).to_le_bytes();
    let each = names.iter().flat_map(|name| count(name.len()).into_iter().chain(name.bytes()));
    count(names.len()).into_iter().chain(each).collect()
}

/// Values, little endian.
fn bytes_of(values: &Values) -> (Element, Vec<u8>) {
    match values {
        Values::Double(values) => {
            (Element::Float64, values.iter().flat_map(|one| one.to_le_bytes()).collect())
        }
        Values::Whole(values) => (Element::Int32, values.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Values::Flag(values) => (Element::Int8, values.iter().flat_map(|one| one.to_le_bytes()).collect()),
        Values::Names(names, width) => (Element::Int8, Values::letters(names, *width)),
    }
}
