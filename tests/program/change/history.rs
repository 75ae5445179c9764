//! What a change's files say of their making.

use gridloom_testkit::files::{files_below, name};

use super::{WINDOWS, done, model, written};

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
