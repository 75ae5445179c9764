//! Descriptions that the program writes of files: they are read as they were written, and grids of them are those of the files.

use std::path::Path;

use gridloom::records::description::Description;
use gridloom_testkit::{files, program};

use super::table::Table;

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = program::command().current_dir(folder).args(words).output().expect("the program");
    (output.status.code(), String::from_utf8(output.stdout.clone()).expect("UTF-8"), program::talk(&output))
}

/// Two parts of a run in a folder.
fn parts() -> (tempfile::TempDir, Table) {
    let (folder, table) = (tempfile::tempdir().expect("a folder"), Table::small());
    for (part, cells) in [("run1", 0..12), ("run2", 12..30)] {
        let path = folder.path().join(part);
        std::fs::create_dir(&path).expect("a folder");
        std::fs::write(path.join("lai.out"), table.text(cells)).expect("a table");
    }
    (folder, table)
}

#[test]
fn a_description_is_found_written_and_used() {
    let (folder, _) = parts();
    let (status, text, talk) = run(folder.path(), &["describe", "run*/lai.out"]);
    assert_eq!(status, Some(0), "{talk}");
    assert!(
        text.contains(
            "# 30 places with 6 latitudes and 5 longitudes lie in steps of it: 30 of 6 × 5 cells\nstep = 0.5"
        ),
        "{text}"
    );
    let found = Description::from_toml(&text).expect("a description");
    assert_eq!(Description::from_toml(&found.to_toml()), Ok(found));
    // What inspect says is the same, and ready to paste.
    assert_eq!(run(folder.path(), &["inspect", "run*/lai.out"]).1, text);
    assert_eq!(run(folder.path(), &["inspect", "run1/lai.out", "run2/lai.out"]).0, Some(0));
    let (_, json, _) = run(folder.path(), &["inspect", "run*/lai.out", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["looked"]["records"], &json["description"]["cell"]["at"]),
        (&300.into(), &"centre".into())
    );
    // Written into another folder, its paths are relative to that.
    std::fs::create_dir(folder.path().join("made")).expect("a folder");
    let (status, text, talk) = run(folder.path(), &["describe", "run*/lai.out", "-o", "made/lpj.toml"]);
    assert_eq!((status, text.as_str()), (Some(0), ""), "{talk}");
    let (status, _, talk) = run(folder.path(), &["describe", "run*/lai.out", "-o", "made/lpj.toml"]);
    assert_eq!(status, Some(2), "{talk}");
    assert!(talk.contains("made/lpj.toml is there already") && talk.contains("--overwrite"), "{talk}");
    // The grid of a description, of files themselves, and of files by a preset.
    let ways: [&[&str]; 3] =
        [&["made/lpj.toml"], &["run*/lai.out"], &["run*/lai.out", "--preset", "lpj-guess"]];
    let mut values = Vec::new();
    for (index, way) in ways.iter().enumerate() {
        let out = format!("out{index}");
        let (status, _, talk) =
            run(folder.path(), &[&["grid"], *way, &["-o", &out, "--rows", "dimension", "--quiet"]].concat());
        assert_eq!(status, Some(0), "{talk}");
        let path = files::files_below(&folder.path().join(&out), "lai").into_iter().next().expect("a grid");
        let file = netcdf::open(path).expect("NetCDF");
        values.push(file.variable("lai").expect("lai").get_values::<f32, _>(..).expect("values"));
        let (status, _, talk) = run(folder.path(), &[&["verify"], *way, &[&out]].concat());
        assert_eq!(status, Some(0), "{talk}");
    }
    assert_eq!((values[0].len(), &values[0]), (10 * 4 * 30, &values[1]));
    assert_eq!(values[0], values[2]);
}

#[test]
fn what_cannot_be_described_is_asked_for() {
    let (folder, _) = parts();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("place.csv", "lat,lon,year,npp\n0.25,0.25,2000,1\n0.25,0.25,2001,1\n");
    write("open.toml", "[source]\nfiles = \"place.csv\"\n[source.cell]\nstep = 0.5\n");
    write("wrong.toml", "[source]\nfile = \"place.csv\"\n");
    write("it's [odd] {name}.csv", "lat,lon,year,npp\n0.25,0.25,2000,1\n0.75,0.25,2001,1\n");
    for (words, status, told) in [
        (
            vec!["describe", "place.csv"],
            2,
            "all records are of one place, which tells no step; give cell.step",
        ),
        (
            vec!["describe", "nothing.csv"],
            2,
            "cannot read nothing.csv: no file has a name that the pattern fits",
        ),
        (vec!["describe", "place.csv", "--preset", "lpj"], 2, "\"lpj\" is not a preset"),
        (
            vec!["describe", "wrong.toml"],
            2,
            "wrong.toml: line 2: source.file: there is no such key; did you mean `files`?",
        ),
        (vec!["describe"], 2, "FILES"),
    ] {
        let (found, _, talk) = run(folder.path(), &words);
        assert!(found == Some(status) && talk.contains(told), "{words:?} {found:?} {talk}");
    }
    // A description that leaves something open is completed.
    let (status, text, talk) = run(folder.path(), &["describe", "open.toml"]);
    assert_eq!(status, Some(0), "{talk}");
    assert!(text.contains("step = 0.5\n") && text.contains("at = \"centre\""), "{text}");
    // A name that looks like a pattern stands for itself.
    let (status, text, talk) = run(folder.path(), &["describe", "it's [odd] {name}.csv"]);
    assert_eq!(status, Some(0), "{talk}");
    assert!(
        Description::from_toml(&text).is_ok_and(|found| found.files == ["it's [[]odd] [{]name[}].csv"]),
        "{text}"
    );
}
