//! A cell's objects: what its group, datasets and dimensions look like in the file.

use std::collections::BTreeMap;

use super::annual::{Annual, Table};
use super::codec::{Codec, Encoder};
use super::column::{Column, Strided};
use super::gather::{CellParts, TIME};
use super::names::{ORDER, PERIOD, PLACE};
use super::record;
use super::schema;
use crate::hdf5::attribute::Attribute;
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::{Dataset, Storage};
use crate::hdf5::datatype::Datatype;
use crate::hdf5::group::Group;
use crate::hdf5::{NONE, Problem};
use crate::hdf5::{heap, scale};
use crate::model::element::Element;
use crate::model::grid::Grid;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;

type Result<T> = std::result::Result<T, Problem>;

/// Values of a chunk of what is no daily series.
const CHUNK: usize = 1 << 15;

/// The dataset of a cell's records.
pub(super) const RECORDS: &str = "dumps";
/// The group of a cell's years.
pub(super) const ANNUAL: &str = "annual";

/// Dimensions of rows, which all cells share: name and address by key and number of rows.
pub(super) type RowDimensions = BTreeMap<(String, usize), (String, u64)>;

/// What all cells' objects are made with.
pub(super) struct Objects<'a> {
    pub table: &'a VariableTable,
    pub unit: &'a TimeUnit,
    pub grid: Grid,
    pub codec: Codec,
    /// Addresses of the dimensions of rows.
    pub rows: &'a RowDimensions,
}

/// An array that is no daily series, encoded.
pub(super) struct Array {
    pub kind: Datatype,
    pub length: u64,
    column: Column,
}

impl Array {
    /// Encodes values behind what is in `encoded`, if they are many.
    pub fn new(
        kind: Datatype,
        bytes: Vec<u8>,
        encoder: &mut Encoder,
        encoded: &mut Vec<u8>,
    ) -> std::result::Result<Self, String> {
        let element = match kind {
            Datatype::Number(element) => element,
            _ => Element::UInt8,
        };
        let size = element.size();
        let count = bytes.len() / size;
        let length = count as u64;
        let mut column = Column::new("", element, None, count.min(CHUNK));
        column.push(count, |_| Strided { data: &bytes, step: size, big_endian: false }, encoder, encoded)?;
        column.finish(encoder, encoded)?;
        Ok(Array { kind, length, column })
    }

    /// The dataset and its chunks, once the encoded bytes stand at `base`.
    pub fn dataset(&self, base: u64, codec: Codec, attributes: Vec<Attribute>) -> (Dataset, Vec<Chunk>) {
        let shape = Some(vec![self.length]);
        // Short ones as well, for the checksum that a chunk has.
        let storage = Storage::Chunked { shape: vec![self.column.chunk as u64], index: NONE };
        let filters = codec.filters(self.kind.size());
        let (kind, axis, grows, fill) = (self.kind, 0, false, None);
        let dataset = Dataset { kind, shape, axis, grows, filters, fill, storage, attributes };
        (dataset, self.column.chunks_at(base))
    }
}

/// A cell whose values are encoded, and that has no addresses yet.
pub(super) struct Encoded {
    pub parts: CellParts,
    /// By table and key; with the value of its gaps, if it has some.
    annual: Vec<(Table, String, Array, Option<[u8; 8]>)>,
    records: Array,
}

impl Encoded {
    /// Encodes what is left of a cell.
    pub fn new(mut parts: CellParts, encoder: &mut Encoder) -> std::result::Result<Self, String> {
        super::gather::Gathering::finish(&mut parts, encoder)?;
        parts.name_missing();
        let mut annual = Vec::new();
        let Annual { columns, .. } = &mut parts.annual;
        for ((table, name), mut values) in std::mem::take(columns) {
            let fill = values.fill();
            let kind = Datatype::Number(values.element);
            let array = Array::new(kind, values.bytes, encoder, &mut parts.encoded)?;
            annual.push((table, name, array, fill));
        }
        let lines = record::to_lines(&parts.records);
        let records = Array::new(Datatype::Text(1), lines, encoder, &mut parts.encoded)?;
        Ok(Encoded { parts, annual, records })
    }

    /// The cell's objects, to stand at `address`, and the address of its group. Its chunks stand at `base`, those of time where
    /// `time` says.
    pub fn objects(
        &self,
        objects: &Objects<'_>,
        address: u64,
        base: u64,
        time: u64,
    ) -> Result<(Vec<u8>, u64)> {
        let mut block = Block { address, bytes: Vec::new(), links: Vec::new() };
        let CellParts { cell, series, period, .. } = &self.parts;
        let grid = objects.grid;
        let [lat, lon] = grid.centre(*cell);

        let column = &self.parts.time;
        // Dates that are repeated are no dimension.
        let along = if period.is_some() { PLACE } else { TIME };
        if period.is_some() {
            block.dimension(PLACE, column.length)?;
        } else {
            let mut attributes = scale::scale(TIME, true, 0);
            attributes.extend(schema::time(objects.unit, true));
            let dataset = series_dataset(column, objects.codec, (false, true), attributes);
            block.add(TIME, &dataset, &column.chunks_at(time))?;
        }
        for (name, value, units) in [("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")] {
            let long = if name == "lat" { "latitude" } else { "longitude" };
            let kind = Datatype::Number(Element::Float64);
            let data = value.to_le_bytes().to_vec();
            block.add(name, &Dataset::small(kind, None, data, schema::horizontal(long, units)), &[])?;
        }
        let dimension = format!("{RECORDS}_length");
        block.dimension(&dimension, self.records.length)?;
        let mut scales = vec![block.find(along), block.find(&dimension)];
        scales.extend(objects.rows.values().map(|&(_, address)| address));
        let collection = block.heap(&scales);

        let of_days = [(TIME, column, schema::time(objects.unit, false))];
        let of_periods = period.iter().map(|column| (PERIOD, column, schema::period()));
        for (name, column, mut attributes) in
            of_days.into_iter().chain(of_periods).filter(|_| period.is_some())
        {
            attributes.push(scale::dimensions(collection, &[0]));
            let dataset = series_dataset(column, objects.codec, (false, false), attributes);
            block.add(name, &dataset, &column.chunks_at(time))?;
        }
        let places = if period.is_some() { "time period lat lon" } else { "lat lon" };
        for (column, name) in series.iter().zip(self.parts.names()) {
            let mut attributes = schema::series(objects.table, (&column.key, &name), gaps(column), places);
            let mut places = vec![0];
            if let Some(rows) = column.rows {
                let is_it = |(key, count): &(String, usize)| *key == column.key && *count == rows;
                let place = objects.rows.keys().position(is_it);
                let place = place.ok_or_else(|| Problem::new(format!("{name} has no dimension of rows")))?;
                places.insert(0, 2 + place);
            }
            attributes.push(scale::dimensions(collection, &places));
            let grows = period.is_none();
            let dataset = series_dataset(column, objects.codec, (column.has_gaps, grows), attributes);
            block.add(&name, &dataset, &column.chunks_at(base))?;
        }
        let mut attributes =
            vec![Attribute::text("long_name", "the dumps that the cell was made of, a line of JSON each")];
        attributes.push(scale::dimensions(collection, &[1]));
        let (dataset, chunks) = self.records.dataset(base, objects.codec, attributes);
        block.add(RECORDS, &dataset, &chunks)?;
        if !self.annual.is_empty() {
            let group = self.annual(&mut block, objects, base)?;
            block.links.push((ANNUAL.to_owned(), group));
        }
        let area = grid.area(*cell);
        let mut attributes = vec![
            Attribute::text("featureType", "timeSeries"),
            Attribute::whole("y", cell.row as i32),
            Attribute::whole("x", cell.column as i32),
            Attribute::number("lat", lat),
            Attribute::number("lon", lon),
            Attribute::number("area", area),
        ];
        attributes.extend(period.is_some().then(|| Attribute::text(ORDER, PERIOD)));
        let group = Group { attributes, links: std::mem::take(&mut block.links) };
        let at = block.put(&group.encode()?);
        Ok((block.bytes, at))
    }

    fn annual(&self, block: &mut Block, objects: &Objects<'_>, base: u64) -> Result<u64> {
        let outer = std::mem::take(&mut block.links);
        let mut scales = Vec::new();
        let year = self.annual.iter().find(|(_, name, ..)| name == "year");
        for table in Table::ALL {
            let length = self.parts.annual.rows(table) as u64;
            match (table, year) {
                (Table::Year, Some((_, name, array, _))) => {
                    let mut attributes = scale::scale(name, true, length);
                    attributes.extend(schema::annual(table, name, None));
                    let (dataset, chunks) = array.dataset(base, objects.codec, attributes);
                    block.add(name, &dataset, &chunks)?;
                }
                _ => block.dimension(table.dimension(), length)?,
            }
            scales.push(block.find(table.dimension()));
        }
        let collection = block.heap(&scales);
        for (table, name, array, fill) in &self.annual {
            if (*table, name.as_str()) == (Table::Year, Table::Year.dimension()) {
                continue;
            }
            let key = name;
            let name = &schema::dataset_name(key, |name| block.has(name));
            let gaps = match array.kind {
                Datatype::Number(element) => fill.map(|fill| (element, fill)),
                _ => None,
            };
            let mut attributes = schema::annual(*table, key, gaps);
            attributes.extend((key != name).then(|| Attribute::text("dump_key", key)));
            attributes.push(scale::dimensions(collection, &[*table as usize]));
            let (dataset, chunks) = array.dataset(base, objects.codec, attributes);
            block.add(name, &dataset, &chunks)?;
        }
        let attributes = vec![Attribute::text(
            "comment",
            "State of the last day 365 of each year. `communities` and `members` say how many rows of the dimensions \
             `community` and `member` are a year's, `strategies` how many of `strategy` are a community's, in order.",
        )];
        let group = Group { attributes, links: std::mem::replace(&mut block.links, outer) };
        Ok(block.put(&group.encode()?))
    }
}

fn gaps(column: &Column) -> Option<Element> {
    column.has_gaps.then_some(column.element)
}

/// A dataset of days: whether it has gaps, and whether more can be added by other programs, as its dimension says.
fn series_dataset(
    column: &Column,
    codec: Codec,
    (has_gaps, grows): (bool, bool),
    attributes: Vec<Attribute>,
) -> Dataset {
    let rows = column.rows.map(|rows| rows as u64);
    let with = |last: u64| rows.into_iter().chain([last]).collect::<Vec<u64>>();
    let size = column.element.size();
    Dataset {
        kind: Datatype::Number(column.element),
        shape: Some(with(column.length)),
        axis: usize::from(rows.is_some()),
        grows,
        filters: codec.filters(size),
        fill: has_gaps.then(|| column.element.fill_bytes().to_vec()),
        storage: Storage::Chunked { shape: with(column.chunk as u64), index: NONE },
        attributes,
    }
}

/// Objects that are put one behind the other.
pub(super) struct Block {
    pub address: u64,
    pub bytes: Vec<u8>,
    pub links: Vec<(String, u64)>,
}

impl Block {
    fn end(&self) -> u64 {
        self.address + self.bytes.len() as u64
    }

    pub fn put(&mut self, bytes: &[u8]) -> u64 {
        let at = self.end();
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// Adds a dataset to the group that is being made.
    pub fn add(&mut self, name: &str, dataset: &Dataset, chunks: &[Chunk]) -> Result<()> {
        let (bytes, at) = dataset.encode(self.end(), chunks)?;
        self.bytes.extend_from_slice(&bytes);
        self.links.push((name.to_owned(), at));
        Ok(())
    }

    /// Adds a dimension without a variable.
    pub fn dimension(&mut self, name: &str, length: u64) -> Result<()> {
        let kind = Datatype::Number(Element::Float32);
        let attributes = scale::scale(name, false, length);
        let mut dataset = Dataset::small(kind, Some(vec![length]), Vec::new(), attributes);
        dataset.storage = Storage::Nothing;
        self.add(name, &dataset, &[])
    }

    pub fn heap(&mut self, addresses: &[u64]) -> u64 {
        self.put(&heap::references(addresses))
    }

    pub fn has(&self, name: &str) -> bool {
        name == ANNUAL || self.links.iter().any(|(known, _)| known == name)
    }

    pub fn find(&self, name: &str) -> u64 {
        self.links.iter().find(|(known, _)| known == name).map_or(NONE, |&(_, address)| address)
    }
}
