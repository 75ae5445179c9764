//! Makes NetCDF files of two variables without the command line, and verifies them.
//!
//! usage: cargo run --example grid_run -- [RUN] [OUT]

use gridloom::model::grid::Grid;
use gridloom::pipeline::{self, Options};
use gridloom::plan::{Plan, Resources, Selection, Settings};
use gridloom::run::Run;
use gridloom::verify;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "data/sample_run".into());
    let output = arguments.next().unwrap_or_else(|| "out/grid_run".into());
    let grid = Grid::from_resolution(0.5).ok_or("half a degree divides the globe")?;
    let run = Run::open(&path, grid)?;
    let selection = Selection::default().variables(vec!["npp".into(), "csoil_2".into()]);
    let settings = Settings::default().selection(selection);
    let (table, limits) = (settings.table.clone(), settings.limits);

    let plan = Plan::new(run.clone(), settings)?;
    let options = Options::default().overwrite(true);
    let report = pipeline::grid(&plan, &output, &options, &gridloom::Nobody)?;
    for file in &report.files {
        println!("{}: {} bytes in {} chunks", file.file, file.bytes, file.chunks);
    }
    for fault in &report.faults {
        println!("masked: {fault}");
    }

    let proof = verify::verify(&run, &output, &table, &limits, Resources::detect())?;
    println!("{} values compared, {} differ", proof.values, proof.differences);
    Ok(())
}
