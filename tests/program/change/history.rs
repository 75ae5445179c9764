//! What a change's files say of their making.

use gridloom_testkit::files::{files_below, name};

use gridloom_testkit::program::{assert_done, talk};

use super::{WINDOWS, done, gridloom, model, written};

/// `history` is the command that makes the file again.
#[test]
fn what_a_file_says_of_its_making_makes_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = written(&model(&[(170, 220), (171, 221)], 3));
    let run = made.run();
    let list = folder.path().join("cells.csv");
    std::fs::write(&list, "grid_y,grid_x\n171,221\n").expect("written");
    let out = folder.path().join("out");
    let options =
        ["--variables", "npp", "--derive", "double = 2 * npp", "--cells", name(&list), "--least", "0.5"];
    done(&[&["grid", name(&run), "-o", name(&out)][..], &options, &WINDOWS].concat());
    let path = files_below(&out, "npp_change_").first().cloned().expect("a file");
    let history =
        netcdf::open(path).expect("a file").attribute("history").expect("history").value().expect("a text");
    let netcdf::AttributeValue::Str(history) = history else { panic!("{history:?}") };
    for words in [
        " --variables npp --derive 'double = 2 * npp'",
        "--from 1985-03-01 --to 1990-12-31 --reference-from 1980-01-01 --reference-to 1985-02-28 --least 0.5 --cells FILE",
    ] {
        assert!(history.contains(words), "{history}");
    }
    assert!(!history.contains("--bbox"), "{history}");
}

/// Their means share values. What is compared stands in tables, too.
#[test]
fn windows_with_days_in_common_have_no_p_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = written(&model(&[(170, 220), (171, 221)], 3));
    let (run, out) = (made.run(), folder.path().join("out"));
    let windows = ["1981-01-01", "1990-12-31", "1980-01-01", "1985-12-31"];
    let output = gridloom(&[
        "tables",
        name(&run),
        "-o",
        name(&out),
        "--variables",
        "npp",
        "--format",
        "csv",
        "--metadata",
        "--from",
        windows[0],
        "--to",
        windows[1],
        "--reference-from",
        windows[2],
        "--reference-to",
        windows[3],
    ]);
    assert_done(&output);
    assert!(
        talk(&output).contains("the windows have days in common, so that there is no p-value"),
        "{}",
        talk(&output)
    );
    let table = std::fs::read_to_string(out.join("change.csv")).expect("a table");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|one| *one == name).expect("a column");
    let (p_value, change) = (column("npp_change_p_value"), column("npp_change"));
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[1..].iter().all(|row| row[p_value].is_empty() && !row[change].is_empty()), "{table}");
    let columns = std::fs::read_to_string(out.join("metadata.csv")).expect("a file");
    assert!(columns.contains("Mean of 1981-01-01 to 1990-12-31 less 1980-01-01 to 1985-12-31."), "{columns}");
    done(&["verify", name(&run), name(&out)]);
}
