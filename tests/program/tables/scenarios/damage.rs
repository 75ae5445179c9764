//! Runs' own files that are damaged where nothing else looks, and the proof of several runs at once.

use super::*;

/// Changes a byte in the middle of a file, which stays as long and as old as it was.
fn spoil(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    let half = bytes.len() / 2;
    let at = bytes[half..].iter().position(u8::is_ascii_digit).expect("a digit") + half;
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    let modified = std::fs::metadata(path).expect("a file").modified().expect("a time");
    std::fs::write(path, bytes).expect("written");
    let file = std::fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(modified).expect("a time");
}

#[test]
fn a_damaged_file_of_a_run_goes_into_no_table_of_all() {
    let folder = files::two_runs();
    let at = |path: &str| folder.path().join(path);
    files::copy(&at("hist"), &at("other"));
    for (out, name, options) in [
        ("csv", "daily.csv", &["--format", "csv"][..]),
        ("gzip", "daily.csv.gz", &["--format", "csv", "--compress", "gzip"]),
        ("parquet", "daily.parquet", &["--format", "parquet"]),
        ("feather", "daily.feather", &["--format", "feather"]),
        ("hdf5", "daily.h5", &["--format", "hdf5"]),
    ] {
        let options = [&["--tables", "daily"], options].concat();
        made(folder.path(), out, &options);
        let whole = bytes(&at(out));
        let own = at(out).join("run=hist").join(name);
        assert!(std::fs::metadata(&own).expect("a table").len() > 1 << 17, "{out} has no middle");
        spoil(&own);
        // As long as nobody reads it again, nothing is made of it.
        made(folder.path(), out, &options);
        assert!(std::fs::read(at(out).join(name)).expect("a table") == whole[Path::new(name)], "{out}");
        std::fs::remove_file(at(out).join(name)).expect("removed");
        let refused = |runs: &[&str]| {
            let arguments = [&["tables"], runs, &["-o", out], &options[..]].concat();
            let (code, told) = ended(folder.path(), &arguments);
            assert_eq!(code, Some(1), "{out}: {told}");
            let words = [&*format!("run=hist/{name}"), "not those that were published", "hint: remove "];
            assert!(words.iter().all(|words| told.contains(words)), "{out}: {told}");
            assert!(!at(out).join(name).exists(), "{out}");
        };
        refused(&["hist", "ssp126"]);
        // Once for all: another run is as good a reason to make the table again.
        let runs = if out == "csv" { &["hist", "ssp126", "other"][..] } else { &["hist", "ssp126"] };
        refused(runs);
        // What the message says is what helps.
        std::fs::remove_file(&own).expect("removed");
        let (code, told) = ended(folder.path(), &[&["tables"], runs, &["-o", out], &options[..]].concat());
        assert_eq!(code, Some(3), "{out}: {told}");
        assert!(std::fs::read(&own).expect("a table") == whole[&Path::new("run=hist").join(name)], "{out}");
        if out != "csv" {
            assert!(std::fs::read(at(out).join(name)).expect("a table") == whole[Path::new(name)], "{out}");
        }
    }
}

#[test]
fn several_runs_are_proved_at_once() {
    let folder = files::two_runs();
    made(folder.path(), "out", &[&SOME[..], &["--format", "csv"]].concat());
    let rows = |runs: &[&str]| {
        let arguments = [&["verify"], runs, &["out", "--json"]].concat();
        let mut program = program::command();
        let output = program.current_dir(folder.path()).args(arguments).output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        json["rows"].as_u64().expect("a number")
    };
    let (one, other, both) = (rows(&["hist"]), rows(&["ssp126"]), rows(&["hist", "ssp126"]));
    // The tables of all have the rows of each once more.
    assert_eq!(3 * both, 2 * (one + other), "the tables of all are read once");
    files::copy(&folder.path().join("hist"), &folder.path().join("other"));
    let (code, told) = ended(folder.path(), &["verify", "hist", "other", "out"]);
    assert!(code == Some(2) && told.contains("not one of the runs"), "{told}");
    let (code, told) = ended(folder.path(), &["verify", "hist", "ssp126", "out/run=hist"]);
    assert!(code == Some(2) && told.contains("what was made of one run"), "{told}");
    let own = folder.path().join("out/run=ssp126/daily.csv");
    spoil(&own);
    let (code, told) = ended(folder.path(), &["verify", "hist", "ssp126", "out"]);
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("differs: run=ssp126/daily.csv") && told.contains("differs: daily.csv"), "{told}");
    assert!(told.contains("of ssp126: ") || told.contains("of hist: "), "faults say whose they are: {told}");
    // A run that cannot be opened is told before the proof of others.
    let (code, told) = ended(folder.path(), &["verify", "hist", "no", "out"]);
    assert!(code == Some(2) && told.contains("no"), "{told}");
}
