//! `gridloom get`: the series of one place, on stdout.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use gridloom::model::calendar::Date;
use gridloom::model::element::Element;
use gridloom::model::fault::Fault;
use gridloom::model::grid::Cell;
use gridloom::observer::Nobody;
use gridloom::plan::Settings;
use gridloom::plan::selection::parse_periods;
use gridloom::{Point, PointSeries, Run, archive};
use parquet::arrow::ArrowWriter;

use super::args::get::{PointArguments, PointFormat};
use super::config::{self, Config};
use super::mistake::wrong;
use super::series::{csv_head, is_number, npy_head};
use super::source::{self, Source};
use super::talk::{self, tell};
use super::{Exit, hints, show};

pub(super) fn run(arguments: &PointArguments) -> anyhow::Result<Exit> {
    if arguments.format == PointFormat::Parquet && std::io::stdout().is_terminal() {
        return Err(wrong("--format", "parquet", "is for a file or a program: > FILE"));
    }
    let at = arguments.at.as_deref().map(place).transpose()?;
    let (point, is_whole) = match grids(arguments)? {
        Some(files) => (of_grids(arguments, &files, at)?, true),
        None => of_run(arguments, at)?,
    };
    let [north, east] = point.centre;
    let cell = point.cell.map_or(String::new(), |cell| format!("cell {cell}, "));
    tell!("{cell}centre {north}, {east}");
    show::choices(&point.choices);
    show::faults(&point.faults);
    let empty: Vec<&str> = point.series.iter().filter(|one| one.is_empty()).map(|one| &*one.name).collect();
    if !empty.is_empty() {
        tell!("empty: {} without a value at any of these times", empty.join(", "));
    }
    point.unread.iter().for_each(|error| tell!("left out: {}", hints::cured(error)));
    let mut out = talk::data();
    let written = match arguments.format {
        PointFormat::Csv => csv(&point, &mut out),
        PointFormat::Json => json(&point, &mut out),
        PointFormat::Npy => npy(&point, &mut out)?,
        PointFormat::Parquet => {
            let bytes = table(&point)?;
            out.write_all(&bytes)
        }
    };
    talk::finish(out, written)?;
    let is_whole = is_whole && point.unread.is_empty() && !point.faults.iter().any(Fault::is_loss);
    Ok(if is_whole { Exit::Complete } else { Exit::Incomplete })
}

fn place(text: &str) -> anyhow::Result<[f64; 2]> {
    let numbers: Vec<f64> = text.split(',').filter_map(|one| one.trim().parse().ok()).collect();
    match numbers.as_slice() {
        &[north, east] if text.split(',').count() == 2 && north.abs() <= 90.0 && east.abs() <= 360.0 => {
            Ok([north, east])
        }
        _ => Err(wrong("--at", text, "wants degrees north and east, as 4.75,-68.25")),
    }
}

/// The gridded files that paths name; none where they name a source of cells.
fn grids(arguments: &PointArguments) -> anyhow::Result<Option<Vec<PathBuf>>> {
    let is_grid = |path: &Path| {
        let is_netcdf = path.extension().is_some_and(|ending| ending == "nc") && path.is_file();
        is_netcdf && !archive::is_archive(path)
    };
    match arguments.paths.as_slice() {
        [folder] if folder.is_dir() => {
            let entries = std::fs::read_dir(folder)
                .map_err(|source| gridloom::Error::io("list", folder, source))?
                .filter_map(|entry| Some(entry.ok()?.path()));
            let mut files: Vec<PathBuf> = entries.filter(|path| is_grid(path)).collect();
            files.sort();
            // Grids may lie in the folder of a run.
            let is_run = || -> anyhow::Result<bool> {
                let config = Config::of(arguments.config.config.as_deref(), folder)?;
                Ok(Run::open(folder, config.grid()?).is_ok())
            };
            Ok(if files.is_empty() || is_run()? { None } else { Some(files) })
        }
        files if files.iter().all(|path| is_grid(path)) => Ok(Some(files.to_vec())),
        [_] => Ok(None),
        several => {
            let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
            let reason = "several are of gridded files; a run or an archive is one path";
            Err(wrong("PATHS", names.join(" "), reason))
        }
    }
}

fn date(option: &'static str, text: Option<&str>) -> anyhow::Result<Option<Date>> {
    text.map(|text| text.parse().map_err(|_| wrong(option, text, "wants a date as YYYY-MM-DD"))).transpose()
}

/// Also says whether nothing was lost before the cell was read, which is told.
fn of_run(arguments: &PointArguments, at: Option<[f64; 2]>) -> anyhow::Result<(Point, bool)> {
    let [path] = arguments.paths.as_slice() else { return Err(wrong("PATHS", "", "one run is wanted")) };
    let config = Config::of(arguments.config.config.as_deref(), path)?.with_derived(&arguments.derived)?;
    let run = Source::new(path, arguments.config.preset.as_deref(), &config).open(&Nobody)?;
    let cell: Cell = match (at, arguments.cell.as_deref()) {
        (Some([north, east]), _) => {
            let found =
                run.grid.cell_at(north, east).filter(|cell| run.cells.iter().any(|one| one.cell == *cell));
            let text = format!("{north},{east}");
            found.ok_or_else(|| {
                wrong("--at", text, format!("no cell of the run is there; {}", nearest(&run, [north, east])))
            })?
        }
        (None, Some(text)) => {
            text.parse().map_err(|_| wrong("--cell", text, "wants a cell's indices, as 185-240"))?
        }
        (None, None) => return Err(wrong("--cell", "", "is wanted")),
    };
    let mut settings =
        Settings::default().table(config.table_or_default()).limits(config::limits(&arguments.limits));
    let selection = &mut settings.selection;
    selection.variables.clone_from(&arguments.values.variables);
    if let Some(periods) = &arguments.periods {
        selection.periods = parse_periods(periods)?;
    }
    selection.from = date("--from", arguments.values.from.as_deref())?;
    selection.to = date("--to", arguments.values.to.as_deref())?;
    let settings = source::fitted(settings, &run, &config)?;
    let point = run.point(cell, settings)?;
    let account = run.source().account();
    account.into_iter().for_each(show::records);
    Ok((point, account.is_none_or(|account| !account.is_loss())))
}

/// Which cell of a run is nearest to a place, along a great circle.
fn nearest(run: &Run, [north, east]: [f64; 2]) -> String {
    const RADIUS: f64 = 6_371.0;
    let away = |cell: Cell| {
        let [y, x] = run.grid.centre(cell).map(f64::to_radians);
        let (north, east) = (north.to_radians(), east.to_radians());
        let half =
            ((y - north) / 2.0).sin().powi(2) + north.cos() * y.cos() * ((x - east) / 2.0).sin().powi(2);
        2.0 * RADIUS * half.sqrt().min(1.0).asin()
    };
    let all = run.cells.iter().map(|one| (one.cell, away(one.cell)));
    match all.min_by(|one, other| one.1.total_cmp(&other.1)) {
        Some((cell, away)) => format!("the nearest is {cell}, {away:.0} km away"),
        None => "it has no cells".to_owned(),
    }
}

fn of_grids(arguments: &PointArguments, files: &[PathBuf], at: Option<[f64; 2]>) -> anyhow::Result<Point> {
    if let Some(periods) = &arguments.periods {
        return Err(wrong("--periods", periods, "is for runs; gridded files have days"));
    }
    let derived = [("--derive", &arguments.derived.derive), ("--units", &arguments.derived.units)];
    if let Some((option, given)) = derived.into_iter().find(|(_, given)| !given.is_empty()) {
        return Err(wrong(
            option,
            given.join(" "),
            "is for runs, archives and records; gridded files have what `grid` made",
        ));
    }
    let place = match (at, arguments.cell.as_deref()) {
        (Some(place), _) => place,
        (None, text) => {
            let text = text.unwrap_or_default();
            let cell: Cell =
                text.parse().map_err(|_| wrong("--cell", text, "wants a cell's indices, as 185-240"))?;
            let config = Config::read(arguments.config.config.as_deref())?;
            let grid = config.grid()?;
            if !grid.contains(cell) {
                return Err(wrong("--cell", text, format!("is not on the grid of {}", grid.words())));
            }
            grid.centre(cell)
        }
    };
    // A folder may have a variable several times; files that are named are meant.
    let is_folder = arguments.paths.iter().any(|path| path.is_dir());
    let of = if is_folder { Point::of_folder } else { Point::of_grids };
    let point = of(files, place, &arguments.values.variables)?;
    let (from, to) =
        (date("--from", arguments.values.from.as_deref())?, date("--to", arguments.values.to.as_deref())?);
    let day = |text: &String| text.get(..10).and_then(|text| text.parse::<Date>().ok());
    Ok(point.between(|step| {
        let day = day(step);
        from.is_none_or(|from| day.is_some_and(|day| day >= from))
            && to.is_none_or(|to| day.is_some_and(|day| day <= to))
    }))
}

/// What the column of steps is called: as in tables.
fn step_column(point: &Point) -> &'static str {
    if point.steps.iter().any(|step| step.contains('T')) { "time" } else { "day" }
}

fn csv(point: &Point, out: &mut impl Write) -> std::io::Result<()> {
    let names = csv_head(point.series.iter().map(|one| &one.name));
    writeln!(out, "{},{names}", step_column(point))?;
    for (index, step) in point.steps.iter().enumerate() {
        let values: Vec<String> =
            point.series.iter().map(|one| one.text(index).unwrap_or_default()).collect();
        writeln!(out, "{step},{}", values.join(","))?;
    }
    Ok(())
}

fn json(point: &Point, out: &mut impl Write) -> std::io::Result<()> {
    let [north, east] = point.centre;
    let head = serde_json::json!({ "cell": point.cell, "lat": north, "lon": east, "steps": point.steps })
        .to_string();
    write!(out, "{},\"variables\":{{", head.strip_suffix('}').unwrap_or(&head))?;
    for (number, one) in point.series.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let about =
            serde_json::json!({ "long_name": one.long_name, "units": one.units, "type": one.element.name() })
                .to_string();
        let name = serde_json::Value::from(one.name.as_str());
        write!(out, "{comma}{name}:{},\"values\":[", about.strip_suffix('}').unwrap_or(&about))?;
        for step in 0..point.steps.len() {
            let comma = if step > 0 { "," } else { "" };
            let value = one.text(step).filter(|text| is_number(text));
            write!(out, "{comma}{}", value.as_deref().unwrap_or("null"))?;
        }
        write!(out, "]}}")?;
    }
    writeln!(out, "}}}}")
}

/// An array of all series, as numpy keeps it.
fn npy(point: &Point, out: &mut impl Write) -> anyhow::Result<std::io::Result<()>> {
    let Some(first) = point.series.first() else {
        return Err(wrong("--variables", "", "an npy file wants a variable"));
    };
    if let Some(other) = point.series.iter().find(|one| one.element != first.element) {
        let reason = format!(
            "{} is {} and {} {}; an array has one type",
            first.name, first.element, other.name, other.element
        );
        return Err(wrong("--format", "npy", reason));
    }
    let element = first.element;
    let has_gap = |one: &PointSeries| (0..point.steps.len()).any(|step| one.value(step).is_none());
    if let (false, Some(one)) = (element.is_float(), point.series.iter().find(|one| has_gap(one))) {
        let reason = format!(
            "{} has steps without a value, for which {element} has no word; csv, json and parquet have",
            one.name
        );
        return Err(wrong("--format", "npy", reason));
    }
    let count = point.steps.len();
    let shape = if point.series.len() == 1 { vec![count] } else { vec![point.series.len(), count] };
    let missing = match element {
        Element::Float32 => f32::NAN.to_le_bytes().to_vec(),
        Element::Float64 => f64::NAN.to_le_bytes().to_vec(),
        _ => Vec::new(),
    };
    let mut write = || {
        npy_head(element, &shape, out)?;
        for one in &point.series {
            for step in 0..point.steps.len() {
                out.write_all(one.value(step).unwrap_or(&missing))?;
            }
        }
        Ok(())
    };
    Ok(write())
}

/// A column of a type.
fn column<T: ArrowPrimitiveType, const N: usize>(
    one: &PointSeries,
    steps: usize,
    of: fn([u8; N]) -> T::Native,
) -> ArrayRef {
    let value = |step| Some(of(one.value(step)?.try_into().ok()?));
    Arc::new((0..steps).map(value).collect::<PrimitiveArray<T>>())
}

/// A Parquet file of the series.
fn table(point: &Point) -> anyhow::Result<Vec<u8>> {
    let count = point.steps.len();
    let steps: ArrayRef = Arc::new(StringArray::from_iter_values(&point.steps));
    let mut columns = vec![(step_column(point).to_owned(), steps, false)];
    for one in &point.series {
        let values = match one.element {
            Element::Float32 => column::<Float32Type, 4>(one, count, f32::from_le_bytes),
            Element::Float64 => column::<Float64Type, 8>(one, count, f64::from_le_bytes),
            Element::Int8 => column::<Int8Type, 1>(one, count, i8::from_le_bytes),
            Element::Int16 => column::<Int16Type, 2>(one, count, i16::from_le_bytes),
            Element::Int32 => column::<Int32Type, 4>(one, count, i32::from_le_bytes),
            Element::Int64 => column::<Int64Type, 8>(one, count, i64::from_le_bytes),
            Element::UInt8 => column::<UInt8Type, 1>(one, count, u8::from_le_bytes),
            Element::UInt16 => column::<UInt16Type, 2>(one, count, u16::from_le_bytes),
            Element::UInt32 => column::<UInt32Type, 4>(one, count, u32::from_le_bytes),
            Element::UInt64 => column::<UInt64Type, 8>(one, count, u64::from_le_bytes),
        };
        columns.push((one.name.clone(), values, true));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(bytes)
}
