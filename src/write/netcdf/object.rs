//! What a file holds, as datasets: dimensions, variables that are whole in memory, and those whose chunks come later.

use libdeflater::{CompressionLvl, Compressor};

use crate::chunk::{Codec, Filters};
use crate::hdf5::dataset::{Dataset, Filter, Storage};
use crate::hdf5::datatype::Datatype;
use crate::hdf5::old_tree::Tile;
use crate::hdf5::{NONE, Problem};
use crate::model::element::Element;

use super::super::said::fill_value;
use super::super::skeleton::{Attributes, Data, Skeleton, Values, Variable};
use super::attributes::attribute;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER: u16 = 3;
const ZSTD: u16 = 32_015;

/// Bytes of a chunk of what is whole in memory, at most: one of time may have more.
const CHUNK: usize = 4 << 20;

/// A dataset of the file, without addresses.
pub(super) struct Object {
    pub name: String,
    pub dataset: Dataset,
    /// The numbers of its dimensions.
    pub dimensions: Vec<usize>,
    /// The dimension that it is, and whether it is a variable as well.
    pub scale: Option<(usize, bool)>,
    /// Chunks that are encoded: the first element of each, and its bytes.
    pub chunks: Vec<([u64; 4], Vec<u8>)>,
    /// Chunks that may still come, of a variable that the file is about.
    pub expected: Option<u64>,
}

/// All objects of a file, in their order.
pub(super) fn objects(skeleton: &Skeleton, filters: Filters) -> Result<Vec<Object>, Problem> {
    let is_variable = |name: &str| skeleton.variables.iter().any(|variable| variable.name == *name);
    let alone = skeleton.dimensions.iter().enumerate().filter(|(_, one)| !is_variable(&one.name));
    let mut objects: Vec<Object> = alone
        .map(|(number, dimension)| {
            let shape = Some(vec![dimension.length as u64]);
            let mut dataset =
                Dataset::small(Datatype::Number(Element::Float32), shape, Vec::new(), Vec::new());
            dataset.storage = Storage::Nothing;
            Object {
                name: dimension.name.clone(),
                dataset,
                dimensions: Vec::new(),
                scale: Some((number, false)),
                chunks: Vec::new(),
                expected: None,
            }
        })
        .collect();
    for variable in &skeleton.variables {
        objects.push(whole(skeleton, variable)?);
    }
    for data in &skeleton.data {
        objects.push(streamed(skeleton, data, filters)?);
    }
    for (index, object) in objects.iter().enumerate() {
        check(&object.name)?;
        if objects.iter().take(index).any(|other| other.name == object.name) {
            return Err(Problem::new(format!("two variables are called {:?}", object.name)));
        }
    }
    Ok(objects)
}

/// Refuses names that NetCDF does not know.
fn check(name: &str) -> Result<(), Problem> {
    let begins = name
        .starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii());
    let is_fit = |letter: char| !letter.is_control() && letter != '/';
    match begins && name.len() < 256 && name.chars().all(is_fit) && !name.ends_with(' ') {
        true => Ok(()),
        false => Err(Problem::new(format!("{name:?} is no name of a NetCDF variable"))),
    }
}

/// The numbers of dimensions, and whether the first has no limit.
fn dimensions(skeleton: &Skeleton, names: &[String]) -> Result<(Vec<usize>, bool), Problem> {
    let number = |name: &String| {
        let found = skeleton.dimensions.iter().position(|one| one.name == *name);
        found.ok_or_else(|| Problem::new(format!("there is no dimension {name}")))
    };
    let numbers = names.iter().map(number).collect::<Result<Vec<usize>, Problem>>()?;
    let first = numbers.first().and_then(|&number| skeleton.dimensions.get(number));
    let grows = first.is_some_and(|dimension| dimension.is_unlimited);
    Ok((numbers, grows))
}

/// Attributes as they are stored.
fn stored(attributes: &Attributes) -> Result<Vec<crate::hdf5::attribute::Attribute>, Problem> {
    attributes.iter().map(|(name, value)| attribute(name, value)).collect()
}

fn whole(skeleton: &Skeleton, variable: &Variable) -> Result<Object, Problem> {
    let Variable { name, values, chunk, is_packed, .. } = variable;
    let (element, data) = bytes_of(values);
    let (dimensions, grows) = dimensions(skeleton, &variable.dimensions)?;
    let lengths = dimensions.iter().filter_map(|&number| skeleton.dimensions.get(number));
    let extent: Vec<u64> = lengths.map(|dimension| dimension.length as u64).collect();
    let count: u64 = extent.iter().product();
    if count.saturating_mul(element.size() as u64) != data.len() as u64 {
        return Err(Problem::new(format!("{name} has not as many values as its dimensions say")));
    }
    let mut attributes = stored(&variable.attributes)?;
    if matches!(values, Values::Names(..)) {
        attributes.push(attribute("_Encoding", &"utf-8".into())?);
    }
    let scale = skeleton.dimensions.iter().position(|one| one.name == *name).map(|number| (number, true));
    let shape = (!extent.is_empty()).then(|| extent.clone());
    let is_names = matches!(values, Values::Names(..));
    let kind = if is_names { Datatype::Text(1) } else { Datatype::Number(element) };
    let mut dataset = Dataset::small(kind, shape, data, attributes);
    dataset.grows = grows;
    dataset.fill = if is_names { Some(vec![0]) } else { usual_fill(element) };
    let mut chunks = Vec::new();
    if let (Storage::Small(data), true) = (&dataset.storage, grows || *is_packed || chunk.is_some()) {
        let shape = match chunk {
            Some(chunk) => chunk.iter().map(|&length| length as u64).collect(),
            None => rows_of(&extent, element),
        };
        if *is_packed {
            dataset.filters =
                pipeline(Filters { shuffle: true, codec: Codec::Deflate(4), checksum: false }, element);
        }
        chunks = cut(data, &extent, &shape, element, *is_packed, dataset.fill.as_deref())?;
        dataset.storage = Storage::Tiled { shape, index: NONE };
    }
    Ok(Object { name: name.clone(), dataset, dimensions, scale, chunks, expected: None })
}

fn streamed(skeleton: &Skeleton, data: &Data, filters: Filters) -> Result<Object, Problem> {
    let Data { name, element, .. } = data;
    let (dimensions, grows) = dimensions(skeleton, &data.dimensions)?;
    let extent: Vec<u64> = data.extent.iter().map(|&length| length as u64).collect();
    let shape: Vec<u64> = data.chunk_of_all().iter().map(|&length| length as u64).collect();
    let all = extent.iter().zip(&shape).try_fold(1u64, |all, (length, chunk)| {
        let along = (*chunk > 0).then(|| length.div_ceil(*chunk))?;
        all.checked_mul(along)
    });
    let all = all.ok_or_else(|| Problem::new(format!("{name} has more chunks than can be counted")))?;
    let mut attributes = vec![attribute("_FillValue", &fill_value(*element))?];
    attributes.extend(stored(&data.attributes)?);
    let dataset = Dataset {
        kind: Datatype::Number(*element),
        shape: Some(extent),
        axis: 0,
        grows,
        filters: pipeline(filters, *element),
        fill: Some(element.fill_bytes().to_vec()),
        storage: Storage::Tiled { shape, index: NONE },
        attributes,
    };
    let expected = Some(data.stored.unwrap_or(all).min(all));
    Ok(Object { name: name.clone(), dataset, dimensions, scale: None, chunks: Vec::new(), expected })
}

/// The filters of a dataset, in their order. The level is a note for those who add to it; zlib knows nine.
fn pipeline(filters: Filters, element: Element) -> Vec<Filter> {
    let own = |id, is_optional, values| Filter { id, is_optional, name: "", values };
    let mut pipeline = Vec::new();
    if filters.shuffle && element.size() > 1 {
        pipeline.push(own(SHUFFLE, true, vec![element.size() as u32]));
    }
    match filters.codec {
        Codec::None => {}
        Codec::Deflate(level) => pipeline.push(own(DEFLATE, true, vec![u32::from(level.clamp(1, 9))])),
        Codec::Zstd(level) => {
            pipeline.push(Filter { name: "zstd", ..own(ZSTD, true, vec![u32::from(level)]) });
        }
    }
    if filters.checksum {
        pipeline.push(own(FLETCHER, false, Vec::new()));
    }
    pipeline
}

/// What NetCDF says of places that nobody wrote: what is added later may have some.
fn usual_fill(element: Element) -> Option<Vec<u8>> {
    match element {
        Element::Float64 => Some(9.969_209_968_386_869e36f64.to_le_bytes().to_vec()),
        Element::Int32 => Some((-2_147_483_647i32).to_le_bytes().to_vec()),
        Element::Int8 => Some(vec![(-127i8) as u8]),
        _ => None,
    }
}

fn bytes_of(values: &Values) -> (Element, Vec<u8>) {
    match values {
        Values::Double(values) => {
            let mut bytes = Vec::with_capacity(8 * values.len());
            values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            (Element::Float64, bytes)
        }
        Values::Whole(values) => {
            (Element::Int32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        Values::Flag(values) => (Element::Int8, values.iter().map(|&value| value as u8).collect()),
        Values::Names(names, width) => (Element::Int8, Values::letters(names, *width)),
    }
}

/// Chunks of whole rows, as many as are not too large.
fn rows_of(extent: &[u64], element: Element) -> Vec<u64> {
    let row: u64 = extent.iter().skip(1).product::<u64>().saturating_mul(element.size() as u64);
    let most = (CHUNK as u64 / row.max(1)).max(1);
    extent
        .iter()
        .enumerate()
        .map(|(axis, &length)| if axis == 0 { length.min(most) } else { length })
        .collect()
}

/// An encoded chunk: where it is among chunks, and its bytes.
type Piece = ([u64; 4], Vec<u8>);

/// Cuts an array along its first dimension into encoded chunks. What a chunk has beyond the array is fill.
fn cut(
    data: &[u8],
    extent: &[u64],
    shape: &[u64],
    element: Element,
    is_packed: bool,
    fill: Option<&[u8]>,
) -> Result<Vec<Piece>, Problem> {
    if extent.iter().zip(shape).skip(1).any(|(length, chunk)| length != chunk) || shape.contains(&0) {
        return Err(Problem::new("a variable is cut along other dimensions than its first"));
    }
    let size = element.size();
    let row = extent.iter().skip(1).product::<u64>() as usize * size;
    let rows = shape.first().copied().unwrap_or(1);
    let bytes = (rows as usize).saturating_mul(row).max(1);
    let fill = fill.map_or_else(|| vec![0; size], <[u8]>::to_vec);
    let mut compressor = Compressor::new(CompressionLvl::new(4).unwrap_or_default());
    let mut chunks = Vec::new();
    for (index, part) in data.chunks(bytes).enumerate() {
        let mut whole = part.to_vec();
        let missing = bytes.saturating_sub(part.len()) / size;
        whole.extend(fill.iter().copied().cycle().take(missing * size));
        if is_packed {
            let mut shuffled = Vec::with_capacity(whole.len());
            (0..size).for_each(|byte| shuffled.extend(whole.iter().skip(byte).step_by(size)));
            let mut packed = vec![0; compressor.zlib_compress_bound(shuffled.len())];
            let length = compressor.zlib_compress(&shuffled, &mut packed);
            packed.truncate(length.map_err(|error| Problem::new(format!("deflate: {error}")))?);
            whole = packed;
        }
        chunks.push(([index as u64 * rows, 0, 0, 0], whole));
    }
    Ok(chunks)
}

impl Object {
    /// Chunks that its index must have room for.
    pub fn room(&self) -> u64 {
        self.expected.unwrap_or(0) + self.chunks.len() as u64
    }

    /// Its chunks' places, once their bytes stand one behind the other at an address.
    pub fn tiles_at(&self, mut address: u64) -> Vec<Tile> {
        let place = |(first, bytes): &([u64; 4], Vec<u8>)| {
            let tile = Tile { first: *first, address, bytes: bytes.len() as u32 };
            address += bytes.len() as u64;
            tile
        };
        self.chunks.iter().map(place).collect()
    }
}
