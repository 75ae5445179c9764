//! The limit that benchmarks are measured against: the CPU time of decoding every dump once and of compressing every
//! chunk of the outputs once, and of nothing else, spread evenly over all cores.
//!
//! Prints JSON. LZ4 frames are decoded by `lz4_flex`'s own reader and chunks compressed by libdeflate, so that the figure
//! does not depend on gridloom's code. Chunks are dense: those without any cell are compressed as well.
//!
//! usage: limit RUN --variables LIST|all --chunk T,Y,X --level N --region pan-amazon

use std::error::Error;
use std::io::Read;
use std::path::PathBuf;

use gridloom::caete;
use gridloom::chunk::{Buffer, Codec, Filters, Shape};
use gridloom::dump::{Dump, Limits};
use gridloom::model::grid::{Bounds, Grid};
use gridloom::place::CellSeries;
use gridloom::plan::{Area, Plan, Selection, Settings};
use gridloom::run::Run;
use gridloom::source::Item;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let run = PathBuf::from(arguments.first().ok_or("usage: limit RUN [options]")?);
    let grid = Grid::from_resolution(0.5).ok_or("no grid")?;
    let variables = match option("--variables").as_deref() {
        None | Some("all") => Vec::new(),
        Some(list) => list.split(',').map(str::to_owned).collect(),
    };
    let area = match option("--region").as_deref() {
        Some("pan-amazon") => Area::Bounds(Bounds { north: 10.5, south: -21.5, west: -80.0, east: -43.0 }),
        Some(_) => return Err("only the region pan-amazon is known here".into()),
        None => Area::Cells,
    };
    let chunk = match option("--chunk") {
        Some(text) => {
            let numbers = text.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?;
            let &[days, rows, columns] = numbers.as_slice() else { return Err("--chunk T,Y,X".into()) };
            Some(Shape { days, rows, columns })
        }
        None => None,
    };
    let level = option("--level").map_or(Ok(4), |text| text.parse())?;
    let selection = Selection::default().variables(variables).area(area);
    let plan = Plan::new(Run::open(&run, grid)?, Settings::default().selection(selection).chunk(chunk))?;

    let mut lz4 = 0.0;
    let mut decoded_bytes = 0u64;
    let mut cells = Vec::new();
    for planned in plan.cells() {
        for period in plan.periods() {
            let Ok(bytes) = std::fs::read(
                caete::Folder::new(&plan.run().path).path_of(Item::period(planned.cell, period.period)),
            ) else {
                continue;
            };
            let mut stream = Vec::with_capacity(3 * bytes.len());
            let begin = cpu_seconds();
            if lz4_flex::frame::FrameDecoder::new(&bytes[..]).read_to_end(&mut stream).is_err() {
                continue;
            }
            lz4 += cpu_seconds() - begin;
            decoded_bytes += stream.len() as u64;
            let dump = Dump::decode(&stream, Vec::new(), &Limits::default())?;
            let mut series = CellSeries::default();
            let first = period.first_day - plan.axis().first_day;
            series.fill_from(&caete::period(dump.root())?, first, plan.layers(), &mut |_, _, _| {});
            cells.push((planned, series));
        }
    }

    let level = libdeflater::CompressionLvl::new(level).map_err(|_| "a level is 1 to 12")?;
    let mut compressor = libdeflater::Compressor::new(level);
    let (mut deflate, mut raw_bytes, mut stored_bytes) = (0.0, 0u64, 0u64);
    let mut buffer = Buffer::default();
    let mut output = Vec::new();
    for (index, layer) in plan.layers().iter().enumerate() {
        let shape = layer.chunk;
        let [times, rows, columns] = plan.chunk_counts(shape);
        for (time, row, column) in (0..times).flat_map(|time| {
            (0..rows).flat_map(move |row| (0..columns).map(move |column| (time, row, column)))
        }) {
            buffer.reset(layer.element, shape, Filters::netcdf(Codec::default()));
            let tile = plan.tiles().iter().find(|tile| (tile.row, tile.column) == (row, column));
            let from = i64::from(time) * i64::from(shape.days);
            let members = tile.map(|tile| &plan.cells()[tile.cells.clone()]).unwrap_or_default();
            for (planned, series) in
                cells.iter().filter(|(planned, _)| members.iter().any(|m| m.cell == planned.cell))
            {
                if let Some((first, values)) =
                    series.part(index, layer.element, from, from + i64::from(shape.days))
                {
                    let first = (first - from) as usize * shape.cells() + planned.place;
                    buffer.place(first, shape.cells(), values);
                }
            }

            output.resize(compressor.zlib_compress_bound(buffer.bytes().len()), 0);
            let begin = cpu_seconds();
            stored_bytes += compressor.zlib_compress(buffer.bytes(), &mut output)? as u64;
            deflate += cpu_seconds() - begin;
            raw_bytes += buffer.bytes().len() as u64;
        }
    }

    let cores = std::thread::available_parallelism()?.get();
    println!(
        "{}",
        serde_json::json!({
            "lz4_cpu_seconds": lz4,
            "deflate_cpu_seconds": deflate,
            "cores": cores,
            "limit_seconds": (lz4 + deflate) / cores as f64,
            "decoded_bytes": decoded_bytes,
            "chunk_bytes": raw_bytes,
            "stored_bytes": stored_bytes,
        })
    );
    Ok(())
}

/// Seconds that this thread has run, without those in which it waited for a core.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}
