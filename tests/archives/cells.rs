//! Archives: exact, whole, and safe while they are changed.

mod change;
mod changes;
mod damage;
mod exact;
mod older;
mod periods;
mod programs;
mod readers;
mod safety;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gridloom::archive::{self, Archive, Report, Settings, Tune};
use gridloom::run::Run;
use gridloom::{Error, ErrorKind, Result};
use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable};
use gridloom_testkit::{files, here, program};

use crate::work;

/// Variables of all forms, and values of all kinds.
fn model(periods: &[(i64, i64)]) -> Model {
    let mut variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
        Variable::new("f5", Kind::U8, Some(3)),
        // A name that the groups of cells need for something else.
        Variable::new("lat", Kind::F32, None),
    ];
    variables[2].big_endian = true;
    variables[1].fortran = false;
    Model { value: dumps::mixed(11), ..Model::new(&[(160, 230), (160, 231), (161, 230)], periods, variables) }
}

fn settings() -> Settings {
    Settings::default().resources(work::resources())
}

fn run(folder: &Folder) -> Run {
    Run::open(folder.run(), work::half_degree()).expect("a run")
}

fn file(folder: &Folder) -> PathBuf {
    folder.path().join("made_up.nc")
}

fn write(folder: &Folder, settings: &Settings) -> Result<Report> {
    archive::write(&run(folder), file(folder), settings, &gridloom::Nobody)
}

fn append(folder: &Folder) -> Result<Report> {
    archive::append(&run(folder), file(folder), &settings(), &gridloom::Nobody)
}

/// Small chunks, so that borders fall everywhere.
fn small() -> Settings {
    settings().tune(Tune { chunk_bytes: 512, ..Tune::default() })
}

/// All that an archive holds: for each cell and variable its bytes, and the texts of its records.
type Contents = BTreeMap<(String, String), Vec<u8>>;

fn contents(path: &Path) -> Result<Contents> {
    let archive = Archive::open(path)?;
    let mut contents = BTreeMap::new();
    for cell in archive.cells() {
        let handle = archive.cell(cell)?;
        let period = handle.is_by_period().then_some("period");
        for name in handle.variables().chain(["time"]).chain(period) {
            let values = handle.variable(name)?.all()?;
            contents.insert((cell.to_string(), name.to_owned()), values.bytes);
        }
        for column in handle.annual()? {
            contents.insert((cell.to_string(), format!("annual/{}", column.name())), column.all()?.bytes);
        }
        let records = serde_json::to_vec(&handle.records()?).expect("JSON");
        contents.insert((cell.to_string(), "records".to_owned()), records);
    }
    let entries = archive.entries()?;
    let entries: Vec<_> =
        entries.iter().map(|(cell, entry)| (cell, entry.days, entry.first, entry.faults)).collect();
    contents.insert((String::new(), "entries".to_owned()), format!("{entries:?}").into_bytes());
    Ok(contents)
}

/// Proves an archive against its run.
fn prove(folder: &Folder) -> archive::Verified {
    let found = archive::verify(file(folder), Some(&run(folder)), &Default::default()).expect("an archive");
    assert_eq!(found.differences, [""; 0]);
    found
}

fn reason(error: Error) -> String {
    error.to_string()
}
