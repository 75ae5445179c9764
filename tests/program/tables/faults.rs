//! Damage costs the rows that it is of, and no others.

use std::path::Path;

use gridloom_testkit::dumps::{Kind, Model, Variable, five_rows};

use super::*;

/// The sample, which has a dump cut in half, one missing, a dead cell and one with series of NaN, with more of it.
fn worse() -> tempfile::TempDir {
    let folder = copy_of_sample();
    let cell = |name: &str| folder.path().join("run").join(name);
    let cut = |path: &Path| {
        let bytes = std::fs::read(path).expect("a file");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("a file");
    };
    cut(&cell("grd_170-223/spin0001.pkz"));
    std::fs::remove_file(cell("grd_170-224/spin0002.pkz")).expect("a dump");
    std::fs::remove_file(cell("grd_171-222/metacommunity_1980.pkz")).expect("a year");
    cut(&cell("grd_171-223/metacommunity_1981.pkz"));
    let other = cell("grd_172-223/metacommunity_1980.pkz");
    std::fs::copy(&other, cell("grd_172-223/metacommunity_1979.pkz")).expect("a year");
    folder
}

fn faults(out: &Path) -> Vec<String> {
    let report = report(out);
    let faults = report["faults"].as_array().expect("faults");
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |fault: &serde_json::Value| {
        let keys = ["cell", "period", "year", "variable", "kind"].iter();
        let parts = keys.map(|key| &fault[key]).filter(|value| !value.is_null()).map(word);
        parts.collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> = faults.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn damage_is_named_and_costs_its_own_rows_only() {
    let folder = worse();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let output = tables(&run, &out, &[&SOME[..], &["--tables", ALL, "--by-month"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    let expected = [
        "170-223 1 damaged",
        "170-224 2 missing",
        "171-222 1980 missing",
        "171-223 1981 damaged",
        "171-226 2 damaged",
        "172-223 1979 damaged",
        "172-223 3 missing",
    ];
    assert_eq!(faults(&out), expected, "{}", talk(&output));
    for line in ["cell 171-222, year 1980: ", "cell 172-223, year 1979: it says that it is of the year 1980"]
    {
        assert!(talk(&output).contains(line), "{line:?} is not in {}", talk(&output));
    }
    check(&run, &out, &[&SOME[..], &["--by-month", "--tables", ALL]].concat());
}

#[test]
fn a_variable_with_other_rows_is_null_in_its_cell() {
    let cells = five_rows();
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(2))];
    let model = Model { value: dumps::mixed(3), ..Model::new(&cells, &[(0, 40), (40, 60)], variables) };
    let folder = model.write();
    let odd = Model {
        variables: vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(3))],
        ..model.clone()
    };
    let dump = odd.dumps.iter().find(|dump| (dump.cell, dump.period) == (cells[7], 2)).expect("a dump");
    folder.put(dump, &odd.entries(dump));
    let output = tables(&folder.run(), &folder.out(), &["--tables", "daily"]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    let found = faults(&folder.out());
    assert!(!found.is_empty() && found.iter().all(|line| line.starts_with("161-232 2 csoil")), "{found:?}");
    check(&folder.run(), &folder.out(), &["--tables", "daily"]);
}
