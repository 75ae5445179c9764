//! Lines of journals that have a right checksum and lack pieces: whoever else writes to the folder cannot mask days by them.

use std::path::Path;

use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable};
use gridloom_testkit::files::{assert_same, bytes};
use gridloom_testkit::program::{self, assert_done, talk};
use serde_json::{Value, json};
use twox_hash::XxHash3_64;

/// Chunks of one period, and chunks that reach over the border of two.
const CONFIG: &str = "[grid]\nchunk = [32, 3, 3]\n[tables]\ntables = ['daily', 'region']\n\
    [[aggregates]]\nevery = 'month'\nstat = 'mean'\n";

fn model() -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
    ];
    let cells: Vec<_> = (0..12).map(|cell| (100 + cell / 4, 200 + cell % 4)).collect();
    Model { value: dumps::mixed(5), ..Model::new(&cells, &[(0, 90), (90, 70)], variables) }
}

/// Changes a journal's first line of a kind that can be changed; says whether there was one.
fn forge(out: &Path, kind: &str, change: &dyn Fn(&mut Value) -> bool) -> bool {
    let path = out.join(".gridloom/journal-0000");
    let journal = std::fs::read_to_string(&path).expect("a journal");
    let mut is_changed = false;
    let mut lines = String::new();
    for line in journal.lines() {
        let mut said: Value = serde_json::from_str(&line[17..]).expect("a record");
        let record = said["record"].get_mut(kind);
        if !is_changed && record.is_some_and(change) {
            is_changed = true;
            let json = said.to_string();
            lines += &format!("{:016x} {json}\n", XxHash3_64::oneshot(json.as_bytes()));
        } else {
            lines += &format!("{line}\n");
        }
    }
    std::fs::write(&path, lines).expect("a journal");
    is_changed
}

fn list<'a>(record: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    record[name].as_array_mut().expect("a list")
}

/// Takes a piece out that is as wanted.
fn take(record: &mut Value, is_it: impl Fn(&Value) -> bool) -> bool {
    let pieces = list(record, "pieces");
    let found = pieces.iter().position(is_it);
    found.map(|index| pieces.remove(index)).is_some()
}

/// What is forged, what is said of it, and how a line is changed; it says whether it was.
type Forgery<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Value) -> bool);

#[test]
fn days_are_not_masked_by_lines_without_pieces() {
    let folder: Folder = model().write();
    let config = folder.path().join("both.toml");
    std::fs::write(&config, CONFIG).expect("a configuration");
    let run = |out: &Path| {
        let mut program = program::command();
        let output = program.arg("run").arg(folder.run()).arg("-o").arg(out).arg("--config").arg(&config);
        let output = output.env("SOURCE_DATE_EPOCH", "0").output().expect("the program");
        assert_done(&output);
        talk(&output)
    };
    let right = folder.path().join("right");
    run(&right);
    let is_encoded = |is: bool| move |piece: &Value| piece[2] == is;
    let is_of = |name: &'static str| move |piece: &Value| piece[0] == name || piece[0].get(name).is_some();
    let forgeries: [Forgery<'_>; 9] = [
        ("a whole chunk", "unit", &|unit| take(unit, is_encoded(true))),
        ("a part of a chunk", "unit", &|unit| take(unit, is_encoded(false))),
        ("a chunk in the place of another", "unit", &|unit| {
            let pieces = list(unit, "pieces");
            pieces[0] = pieces[1].clone();
            true
        }),
        ("a chunk, and the count of chunks", "unit", &|unit| {
            let count = unit["counts"]["chunks_encoded"].as_u64().expect("a count");
            unit["counts"]["chunks_encoded"] = json!(count - 1);
            take(unit, is_encoded(true))
        }),
        ("a cell's series", "unit", &|unit| list(unit, "series").pop().is_some()),
        ("rows", "block", &|block| take(block, is_of("rows"))),
        ("rows, and the count of pieces", "block", &|block| {
            block["left"] = json!([list(block, "pieces").len() - 1, 0]);
            take(block, is_of("rows"))
        }),
        ("sums of regions", "block", &|block| take(block, is_of("regions"))),
        ("a field", "block", &|block| take(block, is_of("map"))),
    ];
    for (what, kind, change) in forgeries {
        let out = folder.path().join("out");
        let _ = std::fs::remove_dir_all(&out);
        run(&out);
        let names: Vec<_> = bytes(&right).into_keys().collect();
        names.iter().for_each(|name| std::fs::remove_file(out.join(name)).expect("a file"));
        let _ = std::fs::remove_file(out.join("daily.parquet"));
        assert!(forge(&out, kind, change), "{what} is there");
        let talk = run(&out);
        assert!(talk.contains("lack pieces of their"), "{what}: {talk}");
        assert_same(&bytes(&out), &bytes(&right));
        let table = |out: &Path| std::fs::read(out.join("daily.parquet")).expect("a table");
        assert!(table(&out) == table(&right), "{what}");
        // What is whole is taken.
        let talk = run(&out);
        assert!(!talk.contains("lack pieces"), "{what}: {talk}");
    }
}
