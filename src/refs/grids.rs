//! References to gridded NetCDF files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Argument, Error, Result};
use crate::grid::form::{Found, FoundVariable};
use crate::grid::forms;
use crate::grid::json::{self, Pairs};
use crate::grid::read::{Stored, stored};
use crate::model::element::Element;
use crate::plan::{Format, NETCDF};
use crate::write::{AttributeValue, Attributes};

use super::pipeline::Codecs;
use super::{Array, Content, FileStamp, Group, Place, References, Small, parts, stamp};

/// Bytes of a coordinate that stands among references, since everybody who opens them reads it.
const COORDINATE: usize = 1 << 20;

/// The same of any other small array.
const SMALL: usize = 4 << 10;

/// Chunks of an array are not more.
const MOST: usize = 1 << 26;

pub(super) fn references(path: &Path, small: Small) -> Result<References> {
    let (root, name) = parts(path)?;
    let names = match name {
        Some(name) => vec![name],
        None => netcdf_in(&root)?,
    };
    let mut references = References { root, files: Vec::new(), groups: Vec::new(), notes: Vec::new() };
    let mut kinds: Vec<String> = Vec::new();
    for name in names {
        let path = references.root.join(&name);
        if crate::archive::is_archive(&path) {
            references.notes.push(format!("{name} is an archive; refer to it by itself"));
            continue;
        }
        let file = references.files.len() as u32;
        let stamp = stamp(&references.root, &name)?;
        let (arrays, attributes, kind) = arrays_of(&path, file, small)?;
        if !arrays.iter().any(|array| is_field(&array.dimensions)) {
            references.notes.push(format!("{name} has no variable over time and two more dimensions"));
            continue;
        }
        add(&mut references, &mut kinds, stamp, arrays, attributes, kind);
    }
    call(&mut references.groups, kinds);
    Ok(references)
}

/// The names of a folder's NetCDF files.
fn netcdf_in(root: &Path) -> Result<Vec<String>> {
    let list = |source| Error::io("list", root, source);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root).map_err(list)? {
        let name = entry.map_err(list)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".nc") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn is_field(dimensions: &[String]) -> bool {
    dimensions.len() > 2 && dimensions.first().is_some_and(|name| name == "time")
}

/// Puts a file's arrays into the first group that they fit into.
fn add(
    references: &mut References,
    kinds: &mut Vec<String>,
    stamp: FileStamp,
    arrays: Vec<Array>,
    attributes: Pairs<Value>,
    kind: String,
) {
    let fits = |group: &Group| {
        arrays.iter().all(|array| {
            let same = group.arrays.iter().find(|other| other.name == array.name);
            same.is_none_or(|other| !is_field(&array.dimensions) && is_same(array, other))
        })
    };
    // One dimension has one length.
    let lengths = |arrays: &[Array]| -> Vec<(String, usize)> {
        let of =
            |array: &Array| array.dimensions.iter().cloned().zip(array.shape.clone()).collect::<Vec<_>>();
        arrays.iter().flat_map(of).collect()
    };
    let own = lengths(&arrays);
    let agrees = |group: &Group| {
        let theirs = lengths(&group.arrays);
        own.iter()
            .all(|(name, length)| theirs.iter().all(|(other, theirs)| other != name || theirs == length))
    };
    references.files.push(stamp);
    match references.groups.iter_mut().find(|group| agrees(group) && fits(group)) {
        Some(group) => {
            for array in arrays {
                if !group.arrays.iter().any(|other| other.name == array.name) {
                    group.arrays.push(array);
                }
            }
            group.attributes.0.retain(|pair| attributes.0.contains(pair));
        }
        None => {
            references.groups.push(Group { name: String::new(), attributes, arrays });
            kinds.push(kind);
        }
    }
}

/// Whether two files' coordinates are the same; of larger ones, which stay in their files, form and attributes.
fn is_same(one: &Array, other: &Array) -> bool {
    let content = match (&one.content, &other.content) {
        (Content::Here(one), Content::Here(other)) => one == other,
        (Content::There(_), Content::There(_)) => true,
        _ => false,
    };
    content
        && (&one.dimensions, &one.shape, &one.attributes)
            == (&other.dimensions, &other.shape, &other.attributes)
}

/// Gives groups their names, each another.
fn call(groups: &mut [Group], kinds: Vec<String>) {
    if groups.len() < 2 {
        return;
    }
    for (index, (group, kind)) in groups.iter_mut().zip(&kinds).enumerate() {
        let before = kinds.iter().take(index).filter(|other| *other == kind).count();
        group.name = if before == 0 { kind.clone() } else { format!("{kind}_{}", before + 1) };
    }
}

/// The arrays of a file, what it says of itself, and what a group of such files is called.
fn arrays_of(path: &Path, file: u32, small: Small) -> Result<(Vec<Array>, Pairs<Value>, String)> {
    let wrong = |reason: String| Error::netcdf(path, "refer to its chunks", reason);
    let form = forms::find(&Format::named(NETCDF))?;
    let found = form.find(path, "", &[]).map_err(wrong)?;
    let is_here = |variable: &FoundVariable| is_here(variable, small);
    let is_small = |variable: &&FoundVariable| is_here(variable);
    let wanted: Vec<&str> = found.variables.iter().filter(is_small).map(|one| one.name.as_str()).collect();
    let found = form.find(path, "", &wanted).map_err(wrong)?;
    let there: Vec<&FoundVariable> = found.variables.iter().filter(|variable| !is_here(variable)).collect();
    let names: Vec<&str> = there.iter().map(|variable| variable.name.as_str()).collect();
    let stored = stored(path, &names).map_err(|verdict| wrong(verdict.to_string()))?;
    let mut arrays = Vec::new();
    for variable in &found.variables {
        if is_here(variable) {
            arrays.extend(here(variable));
            continue;
        }
        let index = names.iter().position(|name| *name == variable.name);
        if let Some(stored) = index.and_then(|index| stored.get(index)) {
            arrays.push(
                referred(variable, stored, file).map_err(|reason| refuse(path, &variable.name, &reason))?,
            );
        }
    }
    let attributes = Pairs(found.attributes.iter().map(pair).collect());
    Ok((arrays, attributes, kind_of(&found)))
}

fn refuse(path: &Path, variable: &str, reason: &str) -> Error {
    Error::selection(Argument::Source, PathBuf::from(path).display(), format!("{variable}: {reason}"))
}

fn pair((name, value): &(String, AttributeValue)) -> (String, Value) {
    (name.clone(), json::value(value.clone()))
}

/// Whether a variable's values stand among references.
fn is_here(variable: &FoundVariable, small: Small) -> bool {
    let Some(element) = variable.element.and_then(Element::parse) else { return true };
    let names: Vec<String> = variable.dimensions.iter().map(|(name, _)| name.clone()).collect();
    let bytes =
        variable.dimensions.iter().fold(element.size(), |all, (_, length)| all.saturating_mul(*length));
    // Of wide whole numbers a double does not hold all.
    let is_exact = !matches!(element, Element::Int64 | Element::UInt64);
    small == Small::Here
        && !is_field(&names)
        && is_exact
        && bytes <= if variable.dimensions.len() < 2 { COORDINATE } else { SMALL }
}

/// A small array; none of texts.
fn here(variable: &FoundVariable) -> Option<Array> {
    let element = variable.element.and_then(Element::parse)?;
    let bytes = variable.values.as_ref()?.iter().flat_map(|&value| element.bytes_of(value)).collect();
    let shape: Vec<usize> = variable.dimensions.iter().map(|(_, length)| *length).collect();
    let (attributes, fill) = attributes_of(&variable.attributes);
    Some(Array {
        name: variable.name.clone(),
        element,
        is_big_endian: false,
        dimensions: variable.dimensions.iter().map(|(name, _)| name.clone()).collect(),
        // An array without dimensions is one chunk as well.
        chunk: shape.clone(),
        shape,
        fill,
        attributes,
        codecs: Codecs::none(),
        content: Content::Here(bytes),
    })
}

/// An array whose chunks stay where they are.
fn referred(variable: &FoundVariable, stored: &Stored, file: u32) -> std::result::Result<Array, String> {
    let element = variable.element.and_then(Element::parse).ok_or("it has a type that is no number")?;
    let codecs = Codecs::of(&stored.filters, element.size())?;
    let counts: Vec<usize> = stored
        .shape
        .iter()
        .zip(&stored.chunk)
        .map(|(length, chunk)| length.div_ceil((*chunk).max(1)))
        .collect();
    let all = counts.iter().try_fold(1usize, |all, count| all.checked_mul(*count)).filter(|all| *all <= MOST);
    let mut places = vec![None; all.ok_or("it has too many chunks")?];
    for (offset, address, bytes) in &stored.places {
        let damaged = || "the index of its chunks is damaged".to_owned();
        let mut number = 0;
        for ((first, chunk), count) in offset.iter().zip(&stored.chunk).zip(&counts) {
            let first = usize::try_from(*first)
                .ok()
                .filter(|first| first % chunk.max(&1) == 0)
                .ok_or_else(damaged)?;
            number = number * count
                + Some(first / chunk.max(&1)).filter(|index| index < count).ok_or_else(damaged)?;
        }
        let bytes = bytes.checked_sub(codecs.cut).ok_or_else(damaged)?;
        *places.get_mut(number).ok_or_else(damaged)? = Some(Place { file, offset: *address, bytes });
    }
    let (attributes, fill) = attributes_of(&variable.attributes);
    Ok(Array {
        name: variable.name.clone(),
        element,
        is_big_endian: stored.is_big_endian,
        dimensions: variable.dimensions.iter().map(|(name, _)| name.clone()).collect(),
        shape: stored.shape.clone(),
        chunk: stored.chunk.clone(),
        fill,
        attributes,
        codecs,
        content: Content::There(places),
    })
}

/// Attributes, and the fill value, which Zarr keeps by itself.
fn attributes_of(attributes: &Attributes) -> (Pairs<Value>, Value) {
    let (fill, others): (Vec<_>, Vec<_>) =
        attributes.iter().map(pair).partition(|(name, _)| name == "_FillValue");
    (Pairs(others), fill.into_iter().next().map(|(_, value)| value).unwrap_or_default())
}

/// What a group of such files is called: the length of their steps, and what is made of those that are in one.
fn kind_of(found: &Found) -> String {
    let text = |attributes: &Attributes, name: &str| {
        attributes.iter().find(|(own, _)| own == name).and_then(|(_, value)| match value {
            AttributeValue::Str(text) => Some(text.clone()),
            _ => None,
        })
    };
    let step = text(&found.attributes, "time_coverage_resolution").unwrap_or_default();
    let step = match step.as_str() {
        "P1D" => "daily".to_owned(),
        "P1M" => "monthly".to_owned(),
        "P3M" => "seasonal".to_owned(),
        "P1Y" => "yearly".to_owned(),
        "" => "grids".to_owned(),
        other => other.to_lowercase(),
    };
    let field = found.variables.iter().find(|one| one.dimensions.len() > 2 && one.attributes.len() > 1);
    let methods = field.and_then(|field| text(&field.attributes, "cell_methods")).unwrap_or_default();
    let is_interval = found.variable("complete").is_some() || found.variable("days").is_some();
    let method = methods.split("time: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    match method.filter(|_| is_interval) {
        Some(method) => format!("{step}_{method}"),
        None => step,
    }
}
