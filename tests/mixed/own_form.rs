//! Forms that gridloom knows nothing of: every product is written in them, proved, found changed, and written again.

use std::path::Path;
use std::process::Command;

use gridloom_testkit::program::{alone, talk};
use gridloom_testkit::{files, here};

#[path = "../../examples/own_form.rs"]
#[allow(dead_code, reason = "the example is a program as well")]
mod example;

const NPP: &str = "npp_sample_run_19790101_19810930.arrays";

/// Changes a byte of a file, and says what the proof then says.
fn with_another_byte(out: &Path, file: &str, from_end: usize) -> String {
    let path = out.join(file);
    let sound = std::fs::read(&path).expect("a file");
    let mut changed = sound.clone();
    let place = changed.len() - from_end;
    changed[place] ^= 1;
    std::fs::write(&path, changed).expect("a file");
    let found = example::prove(&files::sample(), out).map_err(|error| error.to_string());
    std::fs::write(&path, sound).expect("a file");
    found.expect_err(file)
}

#[test]
fn every_product_is_written_in_forms_of_others_and_proved() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    example::make(&files::sample(), &out).expect("all products, proved");
    for name in [
        &format!("{NPP}/npp.npy"),
        "csoil_sample_run_19790101_19810930.arrays/csoil_row.npy",
        "npp_month_mean_sample_run_19790101_19810930.arrays/npp.npy",
        "annual_cveg_sample_run_19790101_19811231.arrays/about.json",
        "daily.jsonl",
        "region.jsonl",
        "cell_year.jsonl",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    // The last value of npp; a digit of the last row's last number; a letter of the last attribute.
    let said = with_another_byte(&out, &format!("{NPP}/npp.npy"), 2);
    assert!(said.contains(NPP), "{said}");
    let said = with_another_byte(&out, &format!("{NPP}/time.npy"), 2);
    assert!(said.contains("time[1003]"), "{said}");
    let said = with_another_byte(&out, "cell_year.jsonl", 4);
    assert!(said.contains("cell_year.jsonl"), "{said}");
    std::fs::remove_file(out.join(NPP).join("lat.npy")).expect("a file");
    let said = example::prove(&files::sample(), &out).expect_err("an array is missing").to_string();
    assert!(said.contains("lat"), "{said}");
    // What is not as it was published is published again, in the place of what is there, and nothing else is left.
    example::make(&files::sample(), &out).expect("all products, proved");
    let left = std::fs::read_dir(&out).expect("a folder").flatten().map(|entry| entry.file_name());
    let left: Vec<String> = left.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(!left.iter().any(|name| name.ends_with(".part")), "{left:?}");
    let Some(python) = here::python() else { return };
    let script = "import json, sys, numpy
npp = numpy.load(sys.argv[1] + '/npp.npy')
assert npp.dtype == 'float32' and npp.shape[0] == 1004 and (npp < 1e19).any(), (npp.dtype, npp.shape)
lines = [json.loads(line) for line in open(sys.argv[2])]
assert list(lines[1]) == sorted(lines[0]['columns']) or list(lines[1]) == lines[0]['columns']
day = next(row for row in lines[1:] if row['npp'] is not None)
assert numpy.float32(day['npp']) in npp";
    let mut command = Command::new(python);
    let output = command.args(["-c", script]).arg(out.join(NPP)).arg(out.join("daily.jsonl")).output();
    let output = output.expect("python");
    assert!(output.status.success(), "{}", talk(&output));
}

#[test]
fn a_folder_of_somebody_else_is_not_replaced() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    example::make(&files::sample(), &out).expect("all products, proved");
    let product = out.join(NPP);
    std::fs::remove_dir_all(&product).expect("a folder");
    std::fs::create_dir(&product).expect("a folder");
    std::fs::write(product.join("dear"), b"mine").expect("a file");
    let error = example::make(&files::sample(), &out).expect_err("the folder is in the way").to_string();
    assert!(error.contains("did not make"), "{error}");
    assert_eq!(std::fs::read(product.join("dear")).expect("a file"), b"mine");
}
