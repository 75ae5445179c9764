//! Cells that hold nothing are told by a load as by every other product.

use std::sync::Arc;

use gridloom_testkit::dumps::{Kind, Model, Variable};
use gridloom_testkit::program;

use super::server::Server;

/// A cell without a value, one in which nothing lives from a day on, and one that lives.
fn model() -> Model {
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("ls", Kind::F64, None)];
    let value = |variable: &Variable, _, cell, day| match (cell, variable.kind) {
        ((160, 230), Kind::F32) => u64::from(f32::NAN.to_bits()),
        ((160, 230), _) => f64::NAN.to_bits(),
        ((160, 231), _) if day >= 45 => 0,
        (_, kind) => kind.number(1 + day),
    };
    let cells = [(160, 230), (160, 231), (161, 230)];
    Model { value: Arc::new(value), ..Model::new(&cells, &[(0, 30), (30, 30)], variables) }
}

#[test]
fn a_load_names_cells_that_hold_nothing() {
    let Some(server) = Server::shared() else { return };
    let folder = model().write();
    let (run, out) = (folder.run(), folder.out());
    let (run, out) = (run.to_str().expect("a path"), out.to_str().expect("a path"));
    let told = |arguments: &[&str]| {
        let mut command = program::command();
        for (name, value) in server.environment.iter().filter(|(name, _)| name.starts_with("PG")) {
            command.env(name, value);
        }
        let output = command.args(["tables", run, "--json"]).args(arguments).output().expect("the program");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {talk}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let is_told = |line: &&str| line.starts_with("empty: ") || line.starts_with("dead: ");
        (talk.lines().filter(is_told).map(str::to_owned).collect::<Vec<_>>(), json["empty_cells"].clone())
    };
    let load = ["--to", "postgres://?sslmode=disable", "--schema", "silent", "--tables", "daily"];
    let loaded = told(&load);
    let lines = [
        "empty: cell 160-230: no variable has a value; nothing ever lives",
        "dead: cell 160-231: nothing lives since 1860-02-15",
    ];
    assert_eq!(loaded.0, lines);
    assert_eq!(loaded, told(&["-o", out, "--tables", "daily"]), "as the files");
    // What was loaded before is told again.
    assert_eq!(loaded, told(&load));
}
