//! The change between windows of time in a database: loaded, and proved by the windows read again.

use gridloom_testkit::dumps::{Kind, Model, Variable};
use gridloom_testkit::program;

use super::server::Server;

#[test]
fn a_change_is_loaded_and_proved() {
    let Some(server) = Server::shared() else { return };
    let variables = vec![Variable::new("npp", Kind::F32, None)];
    let folder = Model::new(&[(160, 230), (160, 231)], &[(0, 366), (366, 365)], variables).write();
    let run = folder.run();
    let run = run.to_str().expect("a path");
    let gridloom = |arguments: &[&str]| {
        let mut command = program::command();
        for (name, value) in server.environment.iter().filter(|(name, _)| name.starts_with("PG")) {
            command.env(name, value);
        }
        let output = command.args(arguments).output().expect("the program");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let to = ["--to", "postgres://?sslmode=disable", "--schema", "windows"];
    let windows = [
        "--from",
        "1861-01-01",
        "--to",
        "1861-12-31",
        "--reference-from",
        "1860-01-01",
        "--reference-to",
        "1860-12-31",
    ];
    let (code, told) = gridloom(&[&["tables", run, "--tables", "change,region"], &to[..], &windows].concat());
    assert_eq!(code, Some(0), "{told}");
    let proof = [&["verify", run], &to[..]].concat();
    let (code, told) = gridloom(&proof);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("2 files") && told.contains("; 0 differ"), "{told}");
    server.admin().batch_execute("UPDATE windows.change SET npp_mean = npp_mean + 1").expect("changed");
    let (code, told) = gridloom(&proof);
    assert!(code == Some(4) && told.contains("npp_mean"), "{told}");
}
