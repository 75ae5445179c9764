//! Rows that have names: the labels are the coordinate of their dimension, in all forms and for all readers.

use std::path::Path;
use std::process::Command;

use gridloom_testkit::{files, here, program};

use super::table::Table;

fn run(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("a program");
    (output.status.code(), program::talk(&output) + &String::from_utf8_lossy(&output.stdout))
}

fn own() -> Command {
    Command::new(program::path())
}

/// A grid of a table in both forms.
fn made(folder: &Path, table: &Table) -> (std::path::PathBuf, std::path::PathBuf) {
    let text = table.text(0..table.cells());
    let description = table.describe(folder, "lai.out", &[("lai.out", text.into_bytes())]);
    let out = folder.join("out");
    let words = ["--rows", "dimension", "--format", "netcdf,zarr", "--quiet"];
    let (code, said) = run(own().arg("grid").arg(&description).arg("-o").arg(&out).args(words));
    assert_eq!(code, Some(0), "{said}");
    (description, out)
}

fn file_of(out: &Path) -> std::path::PathBuf {
    files::files_below(out, "lai_")
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "nc"))
        .expect("a grid")
}

/// The labels of a file, as letters.
fn letters(path: &Path) -> Vec<u8> {
    let file = netcdf::open(path).expect("NetCDF");
    let pft = file.variable("pft").expect("labels");
    let mut bytes = vec![0; pft.len()];
    pft.get_raw_values_into(&mut bytes, ..).expect("letters");
    bytes
}

const LETTERS: &[u8] = b"BNE\0\0TeBS\0C3G\0\0Total";

#[test]
fn labels_are_the_coordinate_of_their_dimension() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let (description, out) = made(folder.path(), &table);
    let path = file_of(&out);
    assert_eq!(letters(&path), LETTERS);
    super::laws::assert_holds(&out, &table, |_, _| false);
    let (code, said) = run(own().arg("verify").arg(&description).arg(&out));
    // In both forms.
    assert!(code == Some(0) && said.contains("2,400 values"), "{said}");
    // Another label is found by the proof, and so is a letter that was changed.
    let other = Table { labels: vec!["BNE", "TeBX", "C3G", "Total"], ..Table::small() };
    let lines = table.text(0..table.cells()).replace("TeBS", "TeBX");
    other.describe(folder.path(), "lai.out", &[("lai.out", lines.into_bytes())]);
    let (code, said) = run(own().arg("verify").arg(&description).arg(&out));
    assert!(code == Some(4) && said.contains("rows of lai called BNE, TeBX, C3G, Total"), "{code:?}: {said}");
    let bytes = std::fs::read(&path).expect("a file");
    let at = bytes.windows(LETTERS.len()).position(|letters| letters == LETTERS).expect("the labels");
    let mut changed = bytes.clone();
    changed[at + 8] = b'X';
    std::fs::write(&path, changed).expect("a file");
    let (code, said) = run(own().arg("verify").arg(&description).arg(&out));
    assert!(code == Some(4) && said.contains("are not what was published"), "{code:?}: {said}");
    std::fs::write(&path, bytes).expect("a file");
    // Rows that were chosen keep their numbers, and tables of grids know them again.
    let (code, said) = run(own()
        .args(["tables"])
        .arg(&path)
        .arg("-o")
        .arg(folder.path().join("tables"))
        .args(["--format", "csv"]));
    assert_eq!(code, Some(0), "{said}");
    let csv = files::files_below(&folder.path().join("tables"), "")
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "csv"));
    let csv = std::fs::read_to_string(csv.expect("a table")).expect("a text");
    assert!(csv.lines().next().is_some_and(|header| header.contains("lai_4")), "{:?}", csv.lines().next());
}

#[test]
fn others_read_labels_and_add_to_such_files() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let (_, out) = made(folder.path(), &table);
    let path = file_of(&out);
    let store = std::fs::read_dir(&out).expect("a folder").map(|entry| entry.expect("an entry").path());
    let store =
        store.into_iter().find(|path| path.extension().is_some_and(|end| end == "zarr")).expect("a store");
    if let Some(python) = here::python() {
        let words = [path.as_os_str(), store.as_os_str(), "lai".as_ref(), "pft".as_ref()];
        let labels = table.labels.iter().map(AsRef::as_ref);
        let said =
            here::script(&python, "check_labels.py", &words.into_iter().chain(labels).collect::<Vec<_>>());
        assert_eq!(said.lines().count(), table.labels.len(), "{said}");
    }
    if here::on_path("ncdump") {
        let (code, said) = run(Command::new("ncdump").args(["-v", "pft"]).arg(&path));
        assert!(
            code == Some(0) && said.contains("char pft(pft, pft_letters)") && said.contains("\"TeBS\""),
            "{said}"
        );
    }
    if here::on_path("cdo") {
        // CDO leaves letters out, and says so; the values are all there.
        let (code, said) = run(Command::new("cdo").args(["-s", "infon"]).arg(&path));
        assert_eq!(code, Some(0), "{said}");
        let levels = said.lines().filter(|line| line.ends_with(": lai") || line.contains(": lai ")).count();
        assert_eq!(levels, table.years.len() * table.labels.len(), "{said}");
    }
    // The library adds a step, an attribute and a variable, and loses nothing.
    files::change_netcdf(&path, |file| {
        file.add_attribute("note", "added")?;
        let length = file.dimension_len("time").expect("time");
        file.variable_mut("time").expect("time").put_value(9e4, [length])?;
        let own = vec![1.5f32; 4 * 6 * 5];
        file.variable_mut("lai").expect("lai").put_values(&own, (length..length + 1, .., .., ..))?;
        let mut again = file.add_variable::<f32>("scaled", &["pft"])?;
        again.put_values(&[1.0f32, 2.0, 3.0, 4.0], ..)?;
        Ok(())
    });
    assert_eq!(letters(&path), LETTERS);
    let file = netcdf::open(&path).expect("NetCDF");
    let values: Vec<f32> = file.variable("lai").expect("lai").get_values(..).expect("values");
    assert_eq!(values.len(), 11 * 4 * 6 * 5);
    let first: f32 = table.value(25, 1990, 0).parse().expect("a number");
    assert_eq!((values[0], values[10 * 4 * 6 * 5]), (first, 1.5));
}
