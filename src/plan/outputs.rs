//! Files, their names, and the shape of their chunks.

use crate::chunk::Shape;
use crate::error::{Argument, Error, Reason, Result};
use crate::model::element::Element;
use crate::model::grid::Window;
use crate::run::Run;

use super::selection::{self, Wanted};
use crate::model::axis::Axis;

use super::{Format, Layer, MapFile, Output, OutputRows, RowMode, Settings};

/// HDF5 counts the bytes of a chunk in 32 bits; far smaller ones are already unwieldy.
const MOST_VALUES: u64 = 1 << 26;

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
            return Err(Error::selection(Argument::Chunk, value, "a chunk holds 1 to 67,108,864 values"));
        }
    }
    for wanted in variables {
        let variable = wanted.variable;
        let groups: Vec<(String, OutputRows, Vec<usize>)> = match (variable.rows, settings.rows) {
            (None, _) => vec![(variable.name.clone(), OutputRows::None, vec![0])],
            (Some(_), RowMode::Split) => wanted
                .rows
                .iter()
                .map(|&row| (selection::row_name(variable, row), OutputRows::One(row), vec![row]))
                .collect(),
            (Some(_), RowMode::Dimension) => {
                vec![(variable.name.clone(), OutputRows::Dimension(wanted.rows.clone()), wanted.rows.clone())]
            }
        };
        for (name, kind, rows) in groups {
            let (chunk, map) = shapes(settings, window, variable.element, axis.days);
            // Tables alone have layers, but none of these files.
            let named = |variable: &str| match settings.grids {
                true => file_name(settings, variable, &run.name, axis.compact(0, axis.days.into())),
                false => Ok(String::new()),
            };
            let (file, store) = (named(&name)?, named(&axis.unit.step().adjective().to_lowercase())?);
            if settings.grids && outputs.iter().any(|output| output.file == file) {
                let reason = format!("gives more than one file the name {file:?}; it needs {{variable}}");
                return Err(Error::selection(Argument::Name, &settings.name, reason));
            }
            let first = layers.len();
            layers.extend(rows.iter().map(|&row| Layer {
                output: outputs.len(),
                key: variable.key.clone(),
                name: variable.name.clone(),
                row,
                rows: variable.rows,
                element: variable.element,
                chunk,
                row_name: match variable.rows {
                    Some(_) => selection::row_name(variable, row),
                    None => variable.name.clone(),
                },
            }));
            outputs.push(Output {
                name,
                key: variable.key.clone(),
                rows: kind,
                element: variable.element,
                chunk,
                map,
                layers: first..layers.len(),
                file,
                store,
            });
        }
    }
    // Two variables of one name would be one.
    let twice = outputs.iter().find(|output| settings.grids && settings.profile.names.has(&output.name));
    if let Some(Output { name, .. }) = twice {
        let reason = format!("it calls something beside the data {name:?}, which is the name of a variable");
        return Err(Error::selection(Argument::Profile, &settings.profile.name, reason));
    }
    Ok((outputs, layers))
}

/// The shape of a variable's chunks, and that of its file of maps.
pub(crate) fn shapes(
    settings: &Settings,
    window: &Window,
    element: Element,
    steps: u32,
) -> (Shape, Option<MapFile>) {
    let (mut chunk, mut map) = match settings.chunk {
        // The NetCDF library refuses chunks that are larger than a dimension of fixed length.
        Some(shape) => {
            let (rows, columns) = (shape.rows.min(window.rows), shape.columns.min(window.columns));
            (Shape { rows, columns, ..shape }, None)
        }
        None => settings.layout.shapes(window, element, steps),
    };
    let most = settings.profile.layout.most_steps(steps);
    chunk.days = chunk.days.min(most);
    if let Some(map) = &mut map {
        map.chunk.days = map.chunk.days.min(most);
        chunk.days = (chunk.days / map.chunk.days).max(1) * map.chunk.days;
    }
    (chunk, map)
}

/// The longest name of a file, in bytes. Most file systems take 255; some of them are for the mark of files that are being
/// written.
const LONGEST_NAME: usize = 200;

/// The name of a file by the settings' template, of a variable and its first and last date as digits, without its ending: that is the
/// form's. What stands in the run's name is a name, braces too.
pub(crate) fn file_name(
    settings: &Settings,
    variable: &str,
    run: &str,
    dates: Option<(String, String)>,
) -> Result<String> {
    let template = settings.name.as_str();
    let (start, end) = dates.unwrap_or_default();
    let wrong = |reason: String| Err(Error::selection(Argument::Name, template, reason));
    let fields = [("variable", variable), ("run", run), ("start", start.as_str()), ("end", end.as_str())];
    let (mut name, mut rest) = (String::new(), template);
    while let Some(at) = rest.find(['{', '}']) {
        let (text, field) = rest.split_at(at);
        let found = fields.iter().find_map(|(field_name, value)| {
            let rest = field.strip_prefix('{')?.strip_prefix(field_name)?.strip_prefix('}')?;
            Some((value, rest))
        });
        let Some((value, after)) = found else {
            return wrong(
                "its fields are {variable}, {run}, {start} and {end}; other braces cannot stand in it".into(),
            );
        };
        name = name + text + value;
        rest = after;
    }
    name += rest;
    let by_run = template.contains("{run}");
    let stem = name.strip_suffix(".nc").filter(|_| template.ends_with(".nc"));
    let Some(stem) = stem.filter(|_| !template.contains(['/', '\\', '\0']) && !template.starts_with('.'))
    else {
        return wrong(
            "wants a plain file name that ends in .nc, with the fields {variable}, {run}, {start}, {end}"
                .into(),
        );
    };
    // Other forms end otherwise.
    let ending = settings.formats.iter().map(Format::name).max_by_key(|name| name.len()).unwrap_or_default();
    let name = format!("{stem}.{ending}");
    // Folders have no such names, but what is written down of them may.
    if name.contains(['/', '\0']) {
        let reason = format!("{name:?} is not a plain name of a file");
        return Err(Error::selection(Argument::Run, run, reason));
    }
    if name.starts_with('.') {
        let reason = Reason::from(
            "the name of the run begins with a dot, and so would the files' names; give a template with ",
        );
        return Err(Error::selection(Argument::Run, run, reason.naming(Argument::Name)));
    }
    match name.len() {
        0..=LONGEST_NAME => Ok(stem.to_owned()),
        length if by_run && length - run.len() <= LONGEST_NAME => {
            let reason = Reason::from(format!(
                "the run's name has {} bytes; with it the file of {variable} gets a name of {length} bytes, and {LONGEST_NAME} are \
                 the most: give a template without {{run}}, as ",
                run.len()
            ));
            let reason = reason.naming(Argument::Name).then(" '{variable}_{start}_{end}.nc'");
            Err(Error::selection(Argument::Run, run, reason))
        }
        length => wrong(format!(
            "gives the file of {variable} a name of {length} bytes; {LONGEST_NAME} are the most"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_run_is_a_name_whatever_stands_in_it() {
        let name = |template: &str, run: &str| {
            file_name(&Settings::default().name(template.to_owned()), "npp", run, None)
        };
        let default = crate::plan::DEFAULT_NAME;
        assert_eq!(name(default, "a{variable}b}").expect("a name"), "npp_a{variable}b}__");
        assert_eq!(name("{variable}.nc", &"r".repeat(250)).expect("a name"), "npp");
        for (template, run, blamed) in [
            (default, "r".repeat(225), "run"),
            ("{run}_{variable}.nc", ".hidden".to_owned(), "run"),
            ("{varible}.nc", "run".to_owned(), "name"),
            ("{variable.nc", "run".to_owned(), "name"),
            ("a/{variable}.nc", "run".to_owned(), "name"),
            (".{variable}.nc", "run".to_owned(), "name"),
            ("{variable}.csv", "run".to_owned(), "name"),
        ] {
            let error = name(template, &run).expect_err(template).to_string();
            assert!(error.starts_with(&format!("{blamed} ")), "{error}");
        }
        let long = "x".repeat(300) + "{run}.nc";
        assert!(name(&long, "run").expect_err("too long").to_string().contains("306 bytes"));
    }
}
