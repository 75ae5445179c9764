//! The limit that aggregates are measured against: reading and decoding every dump once on all cores, and nothing else.
//!
//! Prints JSON. A dump is read into memory that is used again, decompressed and unpickled; no series is copied.
//!
//! usage: cargo run --release --example read_all -- [RUN]

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use gridloom::caete;
use gridloom::dump::{Dump, Limits};
use gridloom::model::grid::Grid;
use gridloom::run::Run;
use gridloom::source::Item;
use rayon::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "data/sample_run".into());
    let grid = Grid::from_resolution(0.5).ok_or("half a degree divides the globe")?;
    let started = Instant::now();
    let run = Run::open(&path, grid)?;
    let limits = Limits::default();
    let totals = run
        .cells
        .par_iter()
        .map_init(Default::default, |(raw, decoded): &mut (Vec<u8>, Vec<u8>), found| {
            let mut total = [0u64; 4];
            for &period in &found.periods {
                raw.clear();
                let read =
                    File::open(caete::Folder::new(&run.path).path_of(Item::period(found.cell, period)))
                        .and_then(|mut file| {
                            raw.reserve(file.metadata()?.len() as usize + 1);
                            file.read_to_end(raw)
                        });
                // What is damaged is left out, as everywhere.
                let Ok(dump) = Dump::decode(raw, std::mem::take(decoded), &limits) else { continue };
                if let (Ok(bytes), Ok(content)) = (read, caete::period(dump.root())) {
                    let sizes = [1, bytes as u64, dump.decoded_bytes() as u64, content.days() as u64];
                    total.iter_mut().zip(sizes).for_each(|(total, size)| *total += size);
                }
                *decoded = dump.into_buffer();
            }
            total
        })
        .reduce(Default::default, |one, other| std::array::from_fn(|index| one[index] + other[index]));
    let [dumps, bytes, decoded, days] = totals;
    println!(
        "{}",
        serde_json::json!({
            "seconds": started.elapsed().as_secs_f64(),
            "threads": rayon::current_num_threads(),
            "dumps": dumps,
            "bytes": bytes,
            "decoded_bytes": decoded,
            "days": days,
        })
    );
    Ok(())
}
