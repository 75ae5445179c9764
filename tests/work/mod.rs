//! Plans, grids and verifies made-up runs through the library.
#![allow(dead_code, reason = "each program of tests uses a part")]

use std::path::Path;

use gridloom::dump::Limits;
use gridloom::grid::read::GridFile;
use gridloom::model::fault::Fault;
use gridloom::model::grid::Grid;
use gridloom::model::variables::VariableTable;
use gridloom::pipeline::{self, Options, Report};
use gridloom::plan::selection::ALL_PERIODS;
use gridloom::plan::{Plan, Resources, Settings};
use gridloom::run::Run;
use gridloom::verify::{self, Verification};
use gridloom::{Places, Result, View, Wanted};
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
    assert_viewed(folder);
    found
}

/// Compares what a view of the run reads with what the NetCDF library reads in its daily grids, whole and in part.
pub fn assert_viewed(folder: &Folder) {
    let report = std::fs::read_to_string(folder.out().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let mut settings: Settings =
        serde_json::from_value(report["settings"]["made_with"].clone()).expect("settings");
    if !settings.grids || !settings.inputs.is_empty() {
        return;
    }
    if settings.selection.periods.is_empty() {
        settings.selection.periods = vec![ALL_PERIODS];
    }
    let view = View::new(plan(folder, settings.resources(resources())).expect("a plan"));
    for (index, output) in view.plan().outputs().iter().enumerate() {
        let path = folder.out().join(format!("{}.nc", output.file));
        if !path.exists() {
            continue;
        }
        let skeleton = view.skeleton(index, false).expect("a skeleton").data.remove(0);
        let (rows, extent) = (output.layers.len(), &skeleton.extent);
        let [steps, ys, xs] = [extent[0], extent[extent.len() - 2], extent[extent.len() - 1]];
        let part = |length: usize| length / 3..(2 * length).div_ceil(3);
        let mut parts = vec![[0..steps, 0..ys, 0..xs], [part(steps), part(ys), part(xs)]];
        // Some steps: what other dumps than the usual ones have of them has to be found.
        parts.extend((0..16).map(|one| [one * steps / 16..(one * steps / 16 + 2).min(steps), 0..ys, 0..xs]));
        let file = GridFile::open(&path, Some(&output.name)).expect("a grid");
        for [steps, ys, xs] in parts {
            let size = output.element.size();
            let read = |row: usize| {
                let row = skeleton.has_rows().then_some(row);
                file.read(row, [steps.clone(), ys.clone(), xs.clone()], size).expect("values")
            };
            let list = |range: &std::ops::Range<usize>| range.clone().collect::<Vec<_>>();
            let (own, ys, xs) = (list(&steps), list(&ys), list(&xs));
            for row in 0..rows {
                let places = Places::Grid { ys: &ys, xs: &xs };
                let wanted = Wanted { output: index, rows: &[row], steps: &own, places };
                let slab = view.read(&wanted, 2, &gridloom::Nobody).expect("a part of the view");
                assert!(slab.bytes == read(row), "{} differs from its view", path.display());
            }
        }
    }
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
