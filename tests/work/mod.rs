//! Plans, grids and verifies made-up runs through the library.
#![allow(dead_code, reason = "each program of tests uses a part")]

use std::path::Path;

use gridloom::Result;
use gridloom::dump::Limits;
use gridloom::model::fault::Fault;
use gridloom::model::grid::Grid;
use gridloom::model::variables::VariableTable;
use gridloom::pipeline::{self, Options, Report};
use gridloom::plan::{Plan, Resources, Settings};
use gridloom::run::Run;
use gridloom::verify::{self, Verification};
use gridloom_testkit::dumps::Folder;

pub fn half_degree() -> Grid {
    Grid::from_resolution(0.5).expect("half a degree divides the globe")
}

/// Two threads and much more memory than is needed.
pub fn resources() -> Resources {
    Resources::new(2, 256 << 20)
}

pub fn settings() -> Settings {
    Settings::default().resources(resources())
}

pub fn plan(folder: &Folder, settings: Settings) -> Result<Plan> {
    Plan::new(Run::open(folder.run(), half_degree())?, settings)
}

pub fn grid(folder: &Folder, settings: Settings) -> Result<Report> {
    let plan = plan(folder, settings)?;
    pipeline::grid(&plan, folder.out(), &Options::default(), &gridloom::Nobody)
}

/// The same settings with the least memory that they can be planned with: one thread, one cell at a time.
pub fn least_memory(folder: &Folder, settings: &Settings) -> Resources {
    let roomy = plan(folder, settings.clone().resources(Resources::new(1, 1 << 40)));
    let roomy = roomy.expect("a plan");
    let longest = roomy.periods().iter().map(|period| period.days() as u64).max().expect("a period");
    Resources::new(1, roomy.memory().thread_bytes + roomy.memory().cell_bytes(longest))
}

pub fn verify(folder: &Folder) -> Result<Verification> {
    verify_at(folder, &folder.out())
}

pub fn verify_at(folder: &Folder, path: &Path) -> Result<Verification> {
    let run = Run::open(folder.run(), half_degree())?;
    verify::verify(&run, path, &VariableTable::caete(), &Limits::default(), resources())
}

/// Verifies and finds nothing.
pub fn assert_verified(folder: &Folder) -> Verification {
    let found = verify(folder).expect("the files can be read");
    assert_eq!(found.differences, 0, "{:#?}", found.first_differences);
    found
}

/// Faults as text: cell, period, variable, kind.
pub fn faults(faults: &[Fault]) -> Vec<String> {
    let word = |fault: &Fault| {
        let kind = serde_json::to_value(fault.kind).expect("a kind");
        let kind = kind.as_str().expect("a name").to_owned();
        let period = fault.period.map(|period| format!(" {period}")).unwrap_or_default();
        let variable = fault.variable.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{period}{variable}: {kind}", fault.cell)
    };
    let mut words: Vec<String> = faults.iter().map(word).collect();
    words.sort();
    words
}
