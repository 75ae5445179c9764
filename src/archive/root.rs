//! The root of an archive: the list of cells, and what all of them share.

use std::collections::BTreeMap;

use super::block::{Array, Block, RowDimensions};
use super::codec::{Codec, Encoder};
use super::schema;
use crate::hdf5::Problem;
use crate::hdf5::attribute::Attribute;
use crate::hdf5::dataset::Dataset;
use crate::hdf5::datatype::Datatype;
use crate::hdf5::group::Group;
use crate::hdf5::scale;
use crate::model::element::Element;
use crate::model::grid::{Cell, Grid};
use crate::model::projection::Ellipsoid;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;

/// How the names of cells' groups begin.
const GROUP: &str = "grd_";

/// How a cell's group is called.
pub(super) fn group_of(cell: Cell) -> String {
    format!("{GROUP}{cell}")
}

/// The cell that a group's name says.
pub(super) fn cell_of(name: &str) -> Option<Cell> {
    name.strip_prefix(GROUP)?.parse().ok()
}

/// What the root says of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// Where its group is.
    pub(super) address: u64,
    /// Days.
    pub days: u64,
    /// First day, in the unit of the archive's time.
    pub first: i64,
    /// Last day.
    pub last: i64,
    /// Bytes of its chunks and headers.
    pub bytes: u64,
    /// Faults of its dumps.
    pub faults: u64,
}

/// A root that can be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Root {
    pub attributes: Vec<Attribute>,
    pub rows: RowDimensions,
    /// Address of the grid mapping.
    pub crs: u64,
    pub cells: BTreeMap<Cell, Entry>,
}

/// Numbers of all cells: name, long name, units.
type Listed = (&'static str, &'static str, &'static str);
type Number = fn(&Entry) -> i64;
pub(super) const DAYS: Listed = ("days", "days that the cell has", "1");
pub(super) const FIRST: Listed = ("first_day", "first day of the cell", "");
pub(super) const LAST: Listed = ("last_day", "last day of the cell", "");
pub(super) const BYTES: Listed = ("stored_bytes", "bytes of the cell in this file", "byte");
pub(super) const FAULTS: Listed = ("faults", "dumps, or variables of dumps, that could not be archived", "1");

impl Root {
    /// Puts a new dimension of rows, or one that there is.
    pub fn row_dimension(
        &mut self,
        key: &str,
        rows: usize,
        table: &VariableTable,
        block: &mut Block,
    ) -> Result<(), Problem> {
        if self.rows.contains_key(&(key.to_owned(), rows)) {
            return Ok(());
        }
        let taken = |name: &str| self.rows.values().any(|(known, _)| known == name);
        let name = schema::dataset_name(&format!("{key}_row"), taken);
        let mut attributes = scale::scale(&name, true, rows as u64);
        attributes.extend(schema::rows(table, key, rows));
        attributes.push(Attribute::text("dump_key", key));
        let numbers = (1..=rows as i32).flat_map(i32::to_le_bytes).collect();
        let kind = Datatype::Number(Element::Int32);
        let (bytes, at) = Dataset::small(kind, Some(vec![rows as u64]), numbers, attributes)
            .encode(block.address + block.bytes.len() as u64, &[])?;
        block.put(&bytes);
        self.rows.insert((key.to_owned(), rows), (name, at));
        Ok(())
    }

    /// Puts the grid mapping, once.
    pub fn grid_mapping(&mut self, grid: &Grid, block: &mut Block) -> Result<(), Problem> {
        let kind = Datatype::Number(Element::Int32);
        let crs = Dataset::small(kind, None, vec![0; 4], schema::crs(grid));
        let (bytes, at) = crs.encode(block.address + block.bytes.len() as u64, &[])?;
        block.put(&bytes);
        self.crs = at;
        Ok(())
    }

    /// The root's objects, to stand at `address`, and the address of its group.
    pub fn objects(
        &self,
        address: u64,
        grid: Grid,
        unit: &TimeUnit,
        codec: Codec,
        encoder: &mut Encoder,
    ) -> Result<(Vec<u8>, u64), Problem> {
        let mut block = Block { address, bytes: Vec::new(), links: Vec::new() };
        let count = self.cells.len() as u64;
        block.dimension("cell", count)?;
        let collection = block.heap(&[block.find("cell")]);
        let place = |name, long: &str, units: &str| {
            let mut attributes = schema::horizontal(name, units);
            attributes.retain(|attribute| attribute.name != "long_name");
            attributes.insert(0, Attribute::text("long_name", long));
            attributes
        };
        let about = |long: &str, units: &str| {
            vec![Attribute::text("long_name", long), Attribute::text("units", units)]
        };
        let floats = |value: &dyn Fn(Cell) -> f64| -> Vec<u8> {
            self.cells.keys().flat_map(|&cell| value(cell).to_le_bytes()).collect()
        };
        let area = |cell: Cell| grid.area(cell);
        let ellipsoid = grid.projection().map_or(Ellipsoid::WGS84, |projection| projection.ellipsoid).words();
        let mut columns: Vec<(&str, Element, Vec<u8>, Vec<Attribute>)> = vec![
            (
                "lat",
                Element::Float64,
                floats(&|cell| grid.centre(cell)[0]),
                place("latitude", "latitude of the cell's centre", "degrees_north"),
            ),
            (
                "lon",
                Element::Float64,
                floats(&|cell| grid.centre(cell)[1]),
                place("longitude", "longitude of the cell's centre", "degrees_east"),
            ),
            ("area", Element::Float64, floats(&area), {
                let mut attributes = about(&format!("area of the cell on the {ellipsoid}"), "m2");
                attributes.push(Attribute::text("standard_name", "cell_area"));
                attributes
            }),
        ];
        let whole = |value: &dyn Fn(Cell) -> u32| -> Vec<u8> {
            self.cells.keys().flat_map(|&cell| (value(cell) as i32).to_le_bytes()).collect()
        };
        let y = about("row of the cell in the grid, 0 in the north", "1");
        let x = about("column of the cell in the grid, 0 in the west", "1");
        columns.push(("y", Element::Int32, whole(&|cell| cell.row), y));
        columns.push(("x", Element::Int32, whole(&|cell| cell.column), x));
        let numbers: [(Listed, Number); 5] = [
            (DAYS, |entry| entry.days as i64),
            (FIRST, |entry| entry.first),
            (LAST, |entry| entry.last),
            (BYTES, |entry| entry.bytes as i64),
            (FAULTS, |entry| entry.faults as i64),
        ];
        for ((name, long, units), value) in numbers {
            let bytes = self.cells.values().flat_map(|entry| value(entry).to_le_bytes()).collect();
            let (is_time, is_day) = (units.is_empty(), unit.step().is_day());
            let steps = format!("{long}, counted in steps of {}", unit.step().words());
            let mut attributes = match (is_time, is_day) {
                (true, true) => about(long, unit.text()),
                (true, false) => about(&steps, "1"),
                (false, _) => about(long, units),
            };
            if is_time && is_day {
                attributes.push(Attribute::text("calendar", unit.calendar().name()));
            }
            columns.push((name, Element::Int64, bytes, attributes));
        }
        for (name, element, values, mut attributes) in columns {
            attributes.push(scale::dimensions(collection, &[0]));
            let mut encoded = Vec::new();
            let array =
                Array::new(Datatype::Number(element), values, encoder, &mut encoded).map_err(Problem::new)?;
            let base = block.put(&encoded);
            let (dataset, chunks) = array.dataset(base, codec, attributes);
            block.add(name, &dataset, &chunks)?;
        }
        let mut links = std::mem::take(&mut block.links);
        links.push(("crs".to_owned(), self.crs));
        links.extend(self.rows.values().cloned());
        links.extend(self.cells.iter().map(|(cell, entry)| (group_of(*cell), entry.address)));
        let group = Group { attributes: self.attributes.clone(), links };
        let at = block.put(&group.encode()?);
        Ok((block.bytes, at))
    }
}
