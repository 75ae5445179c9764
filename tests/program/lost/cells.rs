//! Cells whose folders cannot be listed, and folders of cells that the grid does not have.

use std::os::unix::fs::symlink;

use gridloom_testkit::dumps::check;

use super::*;

/// A run with a link to nowhere, two links to themselves, and a cell off the globe.
fn troubled() -> Folder {
    let folder = model().write();
    symlink("/nothing/is/there", folder.run().join("grd_160-232")).expect("a link");
    symlink("grd_160-233", folder.run().join("grd_160-233")).expect("a link");
    symlink("grd_161-231/below", folder.run().join("grd_161-231")).expect("a link");
    std::fs::create_dir(folder.run().join("grd_360-12")).expect("a folder");
    folder
}

const FAULTS: [&str; 4] =
    ["160-232: missing", "160-233: unreadable", "161-231: unreadable", "360-12: off_grid"];

#[test]
fn cells_that_cannot_be_listed_are_named_and_cost_nothing_else() {
    let folder = troubled();
    assert_eq!(work::faults(&grid(&folder, "").faults), FAULTS);
    let seen = check::exact(&model(), &folder.out());
    assert_eq!((seen.days, seen.lon.len()), (120, 4), "their places are in the window, masked");
    let verified = work::assert_verified(&folder);
    assert_eq!(work::faults(&verified.faults), FAULTS);
}

/// A list of cells asks for those in it, and can ask for no cell that the grid does not have.
#[test]
fn of_cells_that_were_not_asked_for_nothing_is_said() {
    let folder = troubled();
    let list = |cells: &str| {
        let path = folder.path().join("list.csv");
        std::fs::write(&path, format!("global_y,global_x\n{cells}\n")).expect("a list");
        let report = grid(&folder, &format!("--cells {}", path.display()));
        std::fs::remove_dir_all(folder.out()).expect("the output");
        work::faults(&report.faults)
    };
    assert_eq!(list("160,230\n161,230"), [""; 0]);
    assert_eq!(list("160,230\n160,233"), ["160-233: unreadable"]);
}

#[test]
fn every_command_names_them() {
    let folder = troubled();
    for arguments in [
        "grid RUN -o OUT",
        "tables RUN -o OUT",
        "cells write RUN -o OUT/run.nc",
        "cells append RUN OUT/run.nc",
        "inspect RUN",
        "plan RUN",
    ] {
        if arguments.contains("-o") || arguments.contains("write") {
            let _ = std::fs::remove_dir_all(folder.out());
        }
        let Outcome { code, out, talk } = gridloom(&folder, arguments);
        let said = out + &talk;
        assert_eq!(code, Some(3), "{arguments}: {said}");
        for cell in ["160-232", "160-233", "161-231", "360-12"] {
            assert!(said.contains(cell), "{arguments}: {cell} in {said}");
        }
        assert!(said.contains("a link to /nothing/is/there, which is not there"), "{arguments}: {said}");
    }
}

#[test]
fn a_run_of_cells_off_the_globe_says_so() {
    let folder = Folder::new();
    std::fs::create_dir(folder.run().join("grd_400-800")).expect("a folder");
    let Outcome { code, talk, .. } = gridloom(&folder, "inspect RUN");
    assert_eq!(code, Some(1), "{talk}");
    assert!(talk.contains("400-800") && talk.contains("360 rows"), "{talk}");
}
