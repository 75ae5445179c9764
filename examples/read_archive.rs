//! Times what can be done with an archive: open it, list its cells, read all of it, read years of some variable at random.
//!
//! `cargo run --release --example read_archive -- RUN.nc [READS]`

use std::time::Instant;

use gridloom::archive::Archive;

fn main() -> gridloom::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "run.nc".to_owned());
    let reads: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1000);

    let start = Instant::now();
    let archive = Archive::open(&path)?;
    let opened = start.elapsed();
    let entries = archive.entries()?;
    let listed = start.elapsed();
    let cells: Vec<_> = archive.cells().collect();
    let Some(&first) = cells.first() else { return Ok(()) };
    let names: Vec<String> = archive.cell(first)?.variables().map(str::to_owned).collect();
    println!(
        "open {:.2} ms, list {} cells {:.2} ms",
        1e3 * opened.as_secs_f64(),
        entries.len(),
        1e3 * listed.as_secs_f64()
    );

    let start = Instant::now();
    let mut bytes = 0;
    for &cell in &cells {
        let cell = archive.cell(cell)?;
        for name in cell.variables() {
            bytes += cell.variable(name)?.all()?.bytes.len();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("all: {bytes} bytes in {seconds:.3} s, {:.0} MB/s", bytes as f64 / seconds / 1e6);

    // Any cell, any variable, any year: each read opens all that it needs anew.
    let start = Instant::now();
    let mut number = 1u64;
    let mut random = |below: u64| {
        number = number.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (number >> 33) % below.max(1)
    };
    for _ in 0..reads {
        let cell = cells.get(random(cells.len() as u64) as usize).copied().unwrap_or(first);
        let name = names.get(random(names.len() as u64) as usize).map_or("npp", String::as_str);
        let cell = archive.cell(cell)?;
        if let Ok(variable) = cell.variable(name) {
            let from = random(variable.length().saturating_sub(365));
            variable.read(from..variable.length().min(from + 365))?;
        }
    }
    println!("{reads} years at random: {:.1} us each", 1e6 * start.elapsed().as_secs_f64() / reads as f64);
    Ok(())
}
