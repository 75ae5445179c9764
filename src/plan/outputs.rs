//! Files, their names, and the shape of their chunks.

use crate::chunk::Shape;
use crate::error::{Error, Result};
use crate::model::calendar::Date;
use crate::model::element::Element;
use crate::model::grid::Window;
use crate::run::Run;

use super::selection::{self, Wanted};
use super::{Axis, Layer, Output, OutputRows, RowMode, Settings};

/// HDF5 counts the bytes of a chunk in 32 bits; far smaller ones are already unwieldy.
const MOST_VALUES: u64 = 1 << 26;

/// The shape of chunks: about 1 MiB, 16 × 16 cells in space or a little less where that divides the window more evenly,
/// and the rest of it in time.
pub fn chunk_shape(window: &Window, element: Element, days: u32) -> Shape {
    let even = |length: u32| length.div_ceil(length.div_ceil(16));
    let long = (1 << 20) / (256 * element.size() as u32);
    Shape {
        // A run that goes on grows its axis; its chunks should stay as they are.
        days: if days > 180 { long } else { long.min(days.next_power_of_two()) },
        rows: even(window.rows),
        columns: even(window.columns),
    }
}

pub(super) fn outputs(
    run: &Run,
    settings: &Settings,
    window: &Window,
    axis: &Axis,
    variables: &[Wanted<'_>],
) -> Result<(Vec<Output>, Vec<Layer>)> {
    let (mut outputs, mut layers) = (Vec::<Output>::new(), Vec::new());
    if let Some(shape) = settings.chunk {
        let values = u64::from(shape.days).saturating_mul(u64::from(shape.rows) * u64::from(shape.columns));
        if !(1..=MOST_VALUES).contains(&values) {
            let value = format!("{},{},{}", shape.days, shape.rows, shape.columns);
            return Err(Error::selection("--chunk", value, "a chunk holds 1 to 67,108,864 values"));
        }
    }
    for wanted in variables {
        let variable = wanted.variable;
        let groups: Vec<(String, OutputRows, Vec<usize>)> = match (variable.rows, settings.rows) {
            (None, _) => vec![(variable.key.clone(), OutputRows::None, vec![0])],
            (Some(_), RowMode::Split) => wanted
                .rows
                .iter()
                .map(|&row| (selection::row_name(variable, row), OutputRows::One(row), vec![row]))
                .collect(),
            (Some(_), RowMode::Dimension) => {
                vec![(variable.key.clone(), OutputRows::Dimension(wanted.rows.clone()), wanted.rows.clone())]
            }
        };
        for (name, kind, rows) in groups {
            let chunk = match settings.chunk {
                // The NetCDF library refuses chunks that are larger than a dimension of fixed length.
                Some(shape) => Shape {
                    rows: shape.rows.min(window.rows),
                    columns: shape.columns.min(window.columns),
                    ..shape
                },
                None => chunk_shape(window, variable.element, axis.days),
            };
            let file = file_name(&settings.name, &name, &run.name, axis.dates())?;
            if outputs.iter().any(|output| output.file == file) {
                let reason = format!("gives more than one file the name {file:?}; it needs {{variable}}");
                return Err(Error::selection("--name", &settings.name, reason));
            }
            let first = layers.len();
            layers.extend(rows.iter().map(|&row| Layer {
                output: outputs.len(),
                key: variable.key.clone(),
                row,
                rows: variable.rows,
                element: variable.element,
                chunk,
            }));
            outputs.push(Output {
                name,
                key: variable.key.clone(),
                rows: kind,
                element: variable.element,
                chunk,
                layers: first..layers.len(),
                file,
            });
        }
    }
    Ok((outputs, layers))
}

/// The name of a file by a template, of a variable and its first and last date.
pub(crate) fn file_name(
    template: &str,
    variable: &str,
    run: &str,
    dates: Option<(Date, Date)>,
) -> Result<String> {
    let (start, end) = dates.map(|(start, end)| (start.compact(), end.compact())).unwrap_or_default();
    let name = template
        .replace("{variable}", variable)
        .replace("{run}", run)
        .replace("{start}", &start)
        .replace("{end}", &end);
    let plain = !name.contains(['/', '\\', '\0', '{', '}']) && !name.starts_with('.') && name.len() <= 200;
    if plain && name.ends_with(".nc") {
        Ok(name)
    } else {
        let reason =
            "wants a plain file name that ends in .nc, with the fields {variable}, {run}, {start}, {end}";
        Err(Error::selection("--name", template, reason))
    }
}
