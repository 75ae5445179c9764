//! All of a file that stands in front of the chunks of its variables.
//!
//! ```text
//! superblock   root   headers   dimension lists   coordinates   indexes of chunks   small variables' chunks
//! ```
//!
//! Headers have the same length whatever addresses stand in them, so that they are laid out before any is known.

use crate::chunk::Filters;
use crate::hdf5::attribute::Attribute;
use crate::hdf5::dataset::Storage;
use crate::hdf5::group::Group;
use crate::hdf5::old_tree::{self, Tile};
use crate::hdf5::superblock::{self, Superblock};
use crate::hdf5::{NONE, Problem, heap, scale};

use super::super::skeleton::Skeleton;
use super::attributes::{attribute, hidden};
use super::object::{Object, objects};

/// The head of a file but for the indexes of the chunks that come.
pub(super) struct Head {
    bytes: Vec<u8>,
    root: u64,
    /// One for each variable that the file is about.
    indexes: Vec<Index>,
}

/// Where an index is to stand.
struct Index {
    address: u64,
    /// How many chunks it has room for.
    expected: u64,
    /// The shape of those chunks, and bytes of an element.
    shape: Vec<u64>,
    element: u64,
}

/// Where the parts of a file are.
#[derive(Default)]
struct Places {
    root: u64,
    headers: Vec<u64>,
    heap: u64,
    /// Of data in one piece, or of the index of chunks.
    data: Vec<u64>,
    /// Of the first chunk.
    chunks: Vec<u64>,
    end: u64,
}

impl Head {
    pub fn new(skeleton: &Skeleton, filters: Filters) -> Result<Self, Problem> {
        let mut objects = objects(skeleton, filters)?;
        let mut attributes =
            vec![Attribute::text("_NCProperties", concat!("version=2,gridloom=", env!("CARGO_PKG_VERSION")))];
        for (name, value) in &skeleton.attributes {
            attributes.push(attribute(name, value)?);
        }
        let lists: usize = objects.iter().map(|object| lists_of(object).len()).sum();
        let own: Vec<Vec<Attribute>> =
            objects.iter().map(|object| object.dataset.attributes.clone()).collect();
        // At first with addresses that are nowhere, to see how long each part is.
        let nowhere = Places {
            headers: vec![NONE; objects.len()],
            data: vec![NONE; objects.len()],
            ..Places::default()
        };
        let (root, headers) = encode(skeleton, &mut objects, &own, &attributes, &nowhere)?;
        let references = heap::references(&vec![NONE; lists]).len();
        let places = Places::lay_out(&objects, root.len(), &headers, references);
        let (root, headers) = encode(skeleton, &mut objects, &own, &attributes, &places)?;
        let mut bytes = vec![0; superblock::LENGTH];
        bytes.extend(root);
        bytes.extend(headers.into_iter().flatten());
        let scales = objects.iter().flat_map(lists_of).map(|number| scale_of(&objects, &places, number));
        bytes.extend(heap::references(&scales.collect::<Vec<u64>>()));
        bytes.resize(places.end as usize, 0);
        let mut head = Head { bytes, root: places.root, indexes: Vec::new() };
        for (index, object) in objects.iter().enumerate() {
            let (at, chunks) = (places.data.get(index).copied(), places.chunks.get(index).copied());
            let (Some(at), Some(chunks)) = (at, chunks) else { continue };
            let element = object.dataset.kind.size() as u64;
            match (&object.dataset.storage, object.expected) {
                (Storage::Small(data), _) => head.put(at, data),
                (Storage::Tiled { shape, .. }, Some(expected)) => {
                    head.indexes.push(Index { address: at, expected, shape: shape.clone(), element });
                }
                (Storage::Tiled { shape, .. }, None) if !object.chunks.is_empty() => {
                    head.put(at, &old_tree::encode(at, shape, element, &object.tiles_at(chunks))?);
                    let mut address = chunks;
                    for (_, bytes) in &object.chunks {
                        head.put(address, bytes);
                        address += bytes.len() as u64;
                    }
                }
                _ => {}
            }
        }
        Ok(head)
    }

    /// Bytes in front of the first chunk.
    pub fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn put(&mut self, address: u64, bytes: &[u8]) {
        let at = address as usize;
        if let Some(target) = self.bytes.get_mut(at..at + bytes.len()) {
            target.copy_from_slice(bytes);
        }
    }

    /// The head of a file with these chunks of each variable, in their order, which ends at an address.
    pub fn finish(&mut self, variables: &[Vec<Tile>], end: u64) -> Result<Vec<u8>, Problem> {
        if variables.len() != self.indexes.len() {
            let counts = (variables.len(), self.indexes.len());
            return Err(Problem::new(format!("{} variables came of the {} in the file", counts.0, counts.1)));
        }
        for (Index { address, expected, shape, element }, tiles) in
            std::mem::take(&mut self.indexes).into_iter().zip(variables)
        {
            if tiles.len() as u64 > expected {
                return Err(Problem::new(format!("more chunks came than the {expected} that there can be")));
            }
            if !tiles.is_empty() {
                self.put(address, &old_tree::encode(address, &shape, element, tiles)?);
            }
        }
        let superblock = Superblock { root: self.root, end };
        self.put(0, &superblock.encode());
        Ok(std::mem::take(&mut self.bytes))
    }
}

/// The dimensions that an object lists: a dimension lists none, and has its own in `_Netcdf4Coordinates` where it has several.
fn lists_of(object: &Object) -> Vec<usize> {
    if object.scale.is_some() { Vec::new() } else { object.dimensions.clone() }
}

/// Where the scale of a dimension is.
fn scale_of(objects: &[Object], places: &Places, number: usize) -> u64 {
    let found = objects.iter().position(|object| object.scale.is_some_and(|(own, _)| own == number));
    found.and_then(|index| places.headers.get(index).copied()).unwrap_or(NONE)
}

impl Places {
    fn lay_out(objects: &[Object], root: usize, headers: &[Vec<u8>], references: usize) -> Self {
        let mut end = superblock::LENGTH as u64;
        let mut take = |bytes: u64| {
            let at = end;
            end += bytes;
            at
        };
        let root = take(root as u64);
        let headers = headers.iter().map(|header| take(header.len() as u64)).collect();
        let heap = take(references as u64);
        let mut data = vec![NONE; objects.len()];
        let mut chunks = vec![NONE; objects.len()];
        // Coordinates, which readers ask for first, then the indexes of chunks, the long ones last.
        for (object, data) in objects.iter().zip(&mut data) {
            if let Storage::Small(bytes) = &object.dataset.storage {
                *data = take(bytes.len() as u64);
            }
        }
        for is_long in [false, true] {
            for (object, data) in objects.iter().zip(&mut data) {
                if let Storage::Tiled { shape, .. } = &object.dataset.storage
                    && object.expected.is_some() == is_long
                    && object.room() > 0
                {
                    *data = take(old_tree::room(object.room(), shape.len()));
                }
            }
        }
        for (object, chunks) in objects.iter().zip(&mut chunks) {
            *chunks = take(object.chunks.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        }
        Places { root, headers, heap, data, chunks, end }
    }
}

/// The root and the headers of all objects, with the addresses of some places.
fn encode(
    skeleton: &Skeleton,
    objects: &mut [Object],
    own: &[Vec<Attribute>],
    attributes: &[Attribute],
    places: &Places,
) -> Result<(Vec<u8>, Vec<Vec<u8>>), Problem> {
    let users: Vec<Vec<(u64, usize)>> = (0..skeleton.dimensions.len())
        .map(|number| {
            let of = |(object, &address): (&Object, &u64)| {
                let listed = lists_of(object).into_iter().enumerate();
                let uses = listed.filter(|(_, own)| *own == number).map(|(place, _)| (address, place));
                uses.collect::<Vec<_>>()
            };
            objects.iter().zip(&places.headers).flat_map(of).collect()
        })
        .collect();
    let (mut headers, mut listed) = (Vec::new(), 0);
    for (index, (object, own)) in objects.iter_mut().zip(own).enumerate() {
        let mut hidden_ones = Vec::new();
        if let Some((number, is_variable)) = object.scale {
            let length = skeleton.dimensions.get(number).map_or(0, |dimension| dimension.length);
            hidden_ones.extend(scale::scale(&object.name, is_variable, length as u64));
            if let Some(users) = users.get(number).filter(|users| !users.is_empty()) {
                hidden_ones.push(scale::users(users));
            }
            hidden_ones.push(hidden("_Netcdf4Dimid", None, &[number]));
        }
        let lists = lists_of(object);
        if !lists.is_empty() {
            let places_in_heap: Vec<usize> = (listed..listed + lists.len()).collect();
            hidden_ones.push(scale::dimensions(places.heap, &places_in_heap));
            listed += lists.len();
        }
        if !object.dimensions.is_empty() {
            let shape = Some(vec![object.dimensions.len() as u64]);
            hidden_ones.push(hidden("_Netcdf4Coordinates", shape, &object.dimensions));
        }
        hidden_ones.extend(own.iter().cloned());
        object.dataset.attributes = hidden_ones;
        let at = places.data.get(index).copied().unwrap_or(NONE);
        if let Storage::Tiled { index, .. } = &mut object.dataset.storage {
            *index = at;
        }
        headers.push(object.dataset.indexed_header(at)?);
    }
    let links = objects.iter().zip(&places.headers).map(|(object, &at)| (object.name.clone(), at)).collect();
    let root = Group { attributes: attributes.to_vec(), links }.encode_indexed()?;
    Ok((root, headers))
}
