//! Files that are read in parts, wherever these end: the same cells, and the same words about each line, as of files that are read as a whole.

use std::path::Path;

use gridloom::observer::Nobody;
use gridloom::records::{Gathering, Records};
use gridloom_testkit::{files, program};

use super::table::Table;

#[test]
fn where_a_file_is_parted_changes_nothing() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let mut text = table.header();
    for cell in 0..table.cells() {
        for year in table.years.clone() {
            let line = table.line(cell, year);
            match (cell, year) {
                (2, 1993) => text += &line.replace("1993", "abcd"),
                (9, 1990) => text += &(table.header() + &line),
                (13, 1997) => text += &format!("{} 7.000\n", line.trim_end()),
                (20, 1999) => text += &(line.clone() + &line),
                _ => text += &line,
            }
        }
    }
    // Far from the line that it repeats; and the end of a killed process.
    text += &table.line(1, 1994);
    let last = table.line(29, 1999);
    text += &last[..last.len() - 15];
    let description = table.describe(folder.path(), "lai.out", &[("lai.out", text.clone().into_bytes())]);
    let made = |name: &str, piece: u64| {
        let records = Records::open(&description).expect("a description");
        let how = Gathering::detect().threads(2).piece(piece);
        let run = records.gather(&folder.path().join(name), how, &Nobody).expect("records");
        let account = run.source().account().expect("an account").clone();
        let out = folder.path().join(format!("{name}.out"));
        let table = run.source().variables().expect("variables");
        run.plan().table(table).make(&out).expect("grids");
        (account, files::files_below(&out, "lai").iter().map(|path| grid(path)).collect::<Vec<_>>())
    };
    let (whole, expected) = made("whole", u64::MAX);
    assert_eq!((whole.lines.faulty, whole.lines.headers, whole.repeated), (3, 1, 2), "{whole:?}");
    let mut named: Vec<_> = whole.faults.iter().map(|fault| (fault.line, fault.kind)).collect();
    named.sort();
    for piece in [50, 97, 700, 4096, text.len() as u64 / 2] {
        let (account, grids) = made(&format!("parts{piece}"), piece);
        assert_eq!(account.lines, whole.lines, "{piece}");
        assert!(whole.agrees_with(&account), "{piece}: {account:?} {whole:?}");
        let mut found: Vec<_> = account.faults.iter().map(|fault| (fault.line, fault.kind)).collect();
        found.sort();
        assert_eq!(found, named, "{piece}");
        assert_eq!(grids, expected, "{piece}");
    }
}

/// What a file holds, but for the time at which it was made: its bits, and what its inputs are known by.
fn grid(path: &Path) -> (String, Vec<u32>, String) {
    let file = netcdf::open(path).expect("NetCDF");
    let name = path.file_name().expect("a name").to_string_lossy();
    let name = name.split("_made_").next().expect("a variable").to_owned();
    let values: Vec<f32> = file.variable(&name).expect("a variable").get_values(..).expect("values");
    let digest = file.attribute("gridloom_input_digest").expect("an attribute").value().expect("a text");
    (name, values.into_iter().map(f32::to_bits).collect(), format!("{digest:?}"))
}

/// Behind a header with other columns nobody knows what the columns of a part are, unless it is read from the file's beginning.
#[test]
fn another_header_inside_is_seen_by_all_parts_behind_it() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let other = Table { labels: vec!["TeBS", "BNE", "C3G", "Total"], ..Table::small() };
    let text = table.text(0..15) + &other.text(15..30);
    let description = table.describe(folder.path(), "lai.out", &[("lai.out", text.into_bytes())]);
    for piece in [700, u64::MAX] {
        let records = Records::open(&description).expect("a description");
        let how = Gathering::detect().threads(2).piece(piece);
        let store = folder.path().join(format!("{piece}"));
        let run = records.gather(&store, how, &Nobody).expect("records");
        let account = run.source().account().expect("an account");
        assert_eq!(
            (run.cells.len(), account.lines.records, account.lines.faulty),
            (15, 150, 151),
            "{account:?}"
        );
    }
}
