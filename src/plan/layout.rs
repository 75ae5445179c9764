//! For whom the chunks of gridded files are shaped.
//!
//! Who goes through a file step by step keeps the chunks of a step in memory, 16 MiB of them with netCDF-C 4.7.4 to 4.9.2, and inflates
//! all of them again for each step where they are more. Who reads a cell's series wants few chunks in time. `docs/formats-written.md` has what
//! both cost.

use crate::chunk::Shape;
use crate::model::element::Element;
use crate::model::grid::Window;

/// For whom chunks are shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChunkLayout {
    /// For both: the chunks of a step stay together below 16 MiB, and are otherwise as long in time as they can be.
    #[default]
    Balanced,
    /// For series of cells: chunks of 1 MiB, long in time.
    Series,
    /// For maps: whole steps, as many as make 4 MiB.
    Map,
    /// For series, and in files of their own for maps.
    Both,
}

/// The chunks of files of maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapFile {
    /// Their shape.
    pub chunk: Shape,
    /// Whether there are no other files.
    pub is_only: bool,
}

impl ChunkLayout {
    /// Whether it is the one that is used where settings say nothing.
    pub fn is_default(&self) -> bool {
        *self == ChunkLayout::default()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ChunkLayout::Balanced => "balanced",
            ChunkLayout::Series => "series",
            ChunkLayout::Map => "map",
            ChunkLayout::Both => "both",
        }
    }

    /// The shape of chunks as they are encoded in the pass, and that of files of maps, where there are some.
    pub(crate) fn shapes(self, window: &Window, element: Element, steps: u32) -> (Shape, Option<MapFile>) {
        let chunk = match self {
            ChunkLayout::Balanced | ChunkLayout::Map => chunk_shape(window, element, steps),
            ChunkLayout::Series | ChunkLayout::Both => series_shape(window, element, steps),
        };
        if !matches!(self, ChunkLayout::Map | ChunkLayout::Both) {
            return (chunk, None);
        }
        let map = map_shape(window, element, chunk.days);
        // A chunk of maps is made of chunks of one time.
        let chunk = Shape { days: chunk.days / map.days * map.days, ..chunk };
        (chunk, Some(MapFile { chunk: map, is_only: self == ChunkLayout::Map }))
    }
}

/// Bytes of all chunks of a step that go well with every reader, and those that readers keep at most, with room for what else they keep.
const GOOD: u64 = 4 << 20;
const MOST: u64 = 15 << 20;
/// Steps of a chunk that are given up for that no further.
const FEW: u64 = 128;
/// Steps below which chunks get wider instead.
const SHORT: u64 = 48;

/// A length cut into equal parts of at most `most`.
fn even(length: u32, most: u32) -> u32 {
    length.div_ceil(length.div_ceil(most).max(1)).max(1)
}

/// The shape of chunks for series: about 1 MiB, 16 × 16 cells in space or a little less where that divides the window more evenly,
/// and the rest of it in time.
pub fn series_shape(window: &Window, element: Element, steps: u32) -> Shape {
    let long = (1 << 20) / (256 * element.size() as u32);
    Shape { days: in_time(long, steps), rows: even(window.rows, 16), columns: even(window.columns, 16) }
}

/// A run that goes on grows its axis; its chunks should stay as they are.
fn in_time(long: u32, steps: u32) -> u32 {
    if steps > 180 { long } else { long.min(steps.next_power_of_two()) }
}

/// The shape of chunks where nothing is said: all that one step touches is less than 4 MiB together, or where that would leave less than
/// 128 steps to a chunk, less than 16 MiB. Chunks of few steps are wider in space, so that they do not get too many.
pub fn chunk_shape(window: &Window, element: Element, steps: u32) -> Shape {
    let size = element.size() as u64;
    let long = (1 << 20) / (256 * size);
    let tiled = |most: u32| {
        let (rows, columns) = (even(window.rows, most), even(window.columns, most));
        // Chunks at the edges are whole as well.
        let across = u64::from(window.columns.div_ceil(columns)) * u64::from(columns);
        let step = u64::from(window.rows.div_ceil(rows)) * u64::from(rows) * across * size;
        let days = (GOOD / step).max(FEW).min(MOST / step).clamp(1, long);
        (Shape { days: days as u32, rows, columns }, days)
    };
    let (narrow, days) = tiled(16);
    let shape = if days < SHORT { tiled(32).0 } else { narrow };
    Shape { days: in_time(shape.days, steps), ..shape }
}

/// The shape of chunks of whole steps, in files whose chunks have otherwise so many: as many as make 4 MiB, and of steps that are larger
/// than 16 MiB some rows.
fn map_shape(window: &Window, element: Element, days: u32) -> Shape {
    let row = u64::from(window.columns) * element.size() as u64;
    let step = row * u64::from(window.rows);
    let rows =
        if step > MOST { (GOOD / row).clamp(1, u64::from(window.rows)) } else { u64::from(window.rows) };
    let most = (GOOD / step.max(1)).clamp(1, u64::from(days.max(1)));
    Shape { days: most as u32, rows: rows as u32, columns: window.columns }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grid::Grid;
    use proptest::prelude::*;

    fn window(rows: u32, columns: u32) -> Window {
        let grid = Grid::from_resolution(0.5).expect("a grid");
        Window { grid, first_row: 0, rows, first_column: 0, columns }
    }

    /// Bytes of all chunks that one step touches.
    fn touched(window: &Window, shape: Shape, element: Element) -> u64 {
        let count =
            u64::from(window.rows.div_ceil(shape.rows)) * u64::from(window.columns.div_ceil(shape.columns));
        count * shape.elements() as u64 * element.size() as u64
    }

    #[test]
    fn known_windows_have_known_shapes() {
        let of = |rows, columns, element| {
            let Shape { days, rows, columns } = chunk_shape(&window(rows, columns), element, 5000);
            [days, rows, columns]
        };
        assert_eq!(of(4, 4, Element::Float32), [1024, 4, 4]);
        assert_eq!(of(63, 74, Element::Float32), [218, 16, 15]);
        assert_eq!(of(63, 74, Element::Float64), [128, 16, 15]);
        assert_eq!(of(360, 720, Element::Float32), [14, 30, 32]);
        assert_eq!(of(360, 720, Element::Float64), [7, 30, 32]);
    }

    proptest! {
        #[test]
        fn what_a_step_touches_is_small(
            rows in 1u32..360, columns in 1u32..720, element in prop::sample::select(&Element::ALL[..]), steps in 1u32..40_000
        ) {
            let window = window(rows, columns);
            let shape = chunk_shape(&window, element, steps);
            prop_assert!(touched(&window, shape, element) < 16 << 20, "{shape:?}");
            prop_assert!(shape.elements() * element.size() <= 1 << 20);
            for layout in [ChunkLayout::Map, ChunkLayout::Both] {
                let (chunk, map) = layout.shapes(&window, element, steps);
                let map = map.expect("maps").chunk;
                prop_assert_eq!(chunk.days % map.days, 0);
                prop_assert!(map.days >= 1 && touched(&window, map, element) <= 16 << 20, "{map:?}");
            }
        }
    }
}
