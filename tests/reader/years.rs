//! The years of the sample and of real runs, against what Python reads of them, bit for bit.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gridloom::caete::CommunityYear;
use gridloom::caete::community::Community;
use gridloom::dump::{Dump, Limits};
use gridloom_testkit::{files, here};
use serde_json::{Value as Json, json};

#[test]
fn the_years_of_the_sample_are_as_python_reads_them() {
    let years = files::files_below(&files::sample(), "metacommunity_");
    assert_eq!(years.len(), 36);
    let found = agree(&years);
    // The sample has cells where all is dead, and one of three communities of which one is.
    assert!(found.iter().any(|year| year.communities.is_empty() && year.mask == [true]));
    assert!(found.iter().any(|year| year.communities.len() == 2 && year.mask == [false, true, false]));
}

#[test]
fn the_years_of_real_runs_are_as_python_reads_them() {
    let Some(folder) = here::real_runs() else { return };
    let found = agree(&files::files_below(&folder, "metacommunity_"));
    for community in found.iter().flat_map(|year| &year.communities) {
        let area: f64 = community.vp_ocp.iter().sum();
        assert!((area - 1.0).abs() < 1e-9, "the shares of a community add up to {area}");
        assert!(community.limitation.is_some());
    }
    println!("{} years", found.len());
}

/// Reads them all, and fails where Python reads one otherwise.
fn agree(paths: &[PathBuf]) -> Vec<CommunityYear> {
    let found: Vec<CommunityYear> = paths.iter().map(|path| read(path)).collect();
    for (path, year) in paths.iter().zip(&found) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        assert_eq!(name, format!("metacommunity_{}", year.year));
    }
    if let Some(python) = here::python() {
        let wanted = python_reads(&python, paths);
        assert_eq!(wanted.len(), paths.len());
        for ((path, found), wanted) in paths.iter().zip(&found).zip(wanted) {
            assert_eq!(as_json(found), wanted, "{}", path.display());
        }
    }
    found
}

fn read(path: &Path) -> CommunityYear {
    let dump = Dump::open(path, &Limits::default()).expect("a dump");
    CommunityYear::read(dump.root()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn python_reads(python: &Path, paths: &[PathBuf]) -> Vec<Json> {
    let mut command = Command::new(python);
    command.arg(files::project("tests/python/read_years.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python runs");
    let names: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    let mut input = child.stdin.take().expect("an input");
    let writer = std::thread::spawn(move || input.write_all(names.as_bytes()));
    let output = child.wait_with_output().expect("an output");
    writer.join().expect("no panic").expect("Python reads all names");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn bits(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}

fn all_bits(values: &[f64]) -> Vec<String> {
    values.iter().map(|&value| bits(value)).collect()
}

/// In the notation of `read_years.py`.
fn as_json(year: &CommunityYear) -> Json {
    let totals = year.totals;
    json!({
        "year": year.year,
        "mask": year.mask,
        "totals": all_bits(&[
            totals.cveg, totals.cleaf, totals.croot, totals.cwood, totals.anpp, totals.uptake_costs,
        ]),
        "communities": year.communities.iter().map(community_json).collect::<Vec<_>>(),
    })
}

fn community_json(held: &Community) -> Json {
    let pairs = |pairs: &[(i32, f64)]| {
        pairs.iter().map(|&(code, percent)| json!([code, bits(percent)])).collect::<Vec<_>>()
    };
    let states = held.limitation.as_ref().map(|held| {
        [&held.leaf, &held.root, &held.wood, &held.uptake_n, &held.uptake_p].map(|states| pairs(states))
    });
    let arrays = [&held.vp_cleaf, &held.vp_croot, &held.vp_cwood, &held.vp_ocp];
    let shannon = [held.shannon_entropy, held.shannon_diversity, held.shannon_evenness];
    json!({
        "index": held.index,
        "masked": held.is_masked,
        "ids": held.ids,
        "arrays": arrays.map(|held| all_bits(held)),
        "states": states,
        "figures": all_bits(&[held.cleaf, held.croot, held.cwood, held.anpp, held.uptake_costs]),
        "shannon": shannon.map(|index| index.map(bits)),
    })
}
