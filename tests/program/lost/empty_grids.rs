//! Cells that hold nothing in grids that tables are made of. What is masked in all of them may be the sea, and is not named.

use std::sync::Arc;

use super::empty::{LINES, silent, told};
use super::*;

/// Tables of the grids of a run.
pub fn tables(folder: &Folder, options: &str) -> Outcome {
    let grids = std::fs::read_dir(folder.out().join("grids")).expect("grids").flatten();
    let mut names: Vec<String> = grids.map(|file| file.path().display().to_string()).collect();
    names.retain(|name| name.ends_with(".nc"));
    names.sort();
    gridloom(folder, format!("tables {} -o OUT/tables {options}", names.join(" ")).trim_end())
}

#[test]
fn tables_of_grids_name_them() {
    let folder = silent().write();
    assert_eq!(told(&gridloom(&folder, "grid RUN -o OUT/grids").talk), LINES);
    for again in [false, true] {
        let Outcome { code, talk, .. } = tables(&folder, "");
        assert_eq!(
            (code, told(&talk)),
            (Some(0), vec![LINES[1].to_owned(), LINES[2].to_owned()]),
            "{again} {talk}"
        );
    }
    let json = files::report(&folder.out().join("tables"));
    assert_eq!(json["empty_cells"].as_array().map(Vec::len), Some(2));
    let Outcome { out, .. } = gridloom(&folder, "status OUT/tables");
    LINES[1..].iter().for_each(|line| assert!(out.contains(&format!("cells    {line}")), "{out}"));
    // Days off those that were chosen are not looked at.
    let Outcome { talk, .. } = tables(&folder, "--to 1860-02-20 --fresh");
    assert!(told(&talk).contains(&LINES[1].to_owned()), "{talk}");
    let Outcome { talk, .. } = tables(&folder, "--from 1860-02-20 --fresh");
    assert!(told(&talk)[0].ends_with("1 of 5 variables has no value: ls; nothing ever lives"), "{talk}");
}

/// Files are read 1,024 days at a time at most.
#[test]
fn silence_goes_on_from_one_part_of_a_file_to_the_next() {
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("ls", Kind::F64, None)];
    let (empty, dead, heard) = ((160, 231), (161, 230), (161, 231));
    let value = |variable: &Variable, _, cell, day| match cell {
        (160, 231) if day >= 1000 && variable.key == "npp" => u64::from(f32::NAN.to_bits()),
        (161, 230) if day >= 1100 && variable.key == "ls" => 0,
        (161, 231) if day < 1400 && variable.key == "npp" => u64::from(f32::NAN.to_bits()),
        _ => variable.kind.number(1 + day % 100),
    };
    let cells = [(160, 230), empty, dead, heard];
    let model = Model { value: Arc::new(value), ..Model::new(&cells, &[(0, 1500)], variables) };
    let folder = model.write();
    let lines = [
        "empty: cell 160-231: 1 of 2 variables has no value since 1862-09-27: npp",
        "dead: cell 161-230: nothing lives since 1863-01-05",
    ];
    assert_eq!(told(&gridloom(&folder, "grid RUN -o OUT/grids").talk), lines);
    assert_eq!(told(&tables(&folder, "").talk), lines);
}
