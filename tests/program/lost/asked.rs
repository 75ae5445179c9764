//! What is asked for and is not in the run.

use super::*;

/// Of a box without cells.
const SEA: &str = "absent: region sea: no selected cell's centre is inside of 50 to 40 N, -30 to -20 E";

#[test]
fn numbers_that_the_run_does_not_have_are_named() {
    let folder = model().write();
    for (command, words) in [
        ("grid RUN -o OUT --periods 1-9", "absent: periods 5 to 9 are not in the run"),
        ("tables RUN -o OUT --tables stats --periods 3,4-5", "absent: period 5 is not in the run"),
        ("cells write RUN -o OUT/a.nc --periods 2-6", "absent: periods 5 to 6 are not in the run"),
        ("tables RUN -o OUT --tables region --mask MASK", ": none of its 1 cells is in the run"),
        ("tables RUN -o OUT --tables region --regions sea,all --config CONFIG", SEA),
        ("plan RUN --periods 0-4", "absent: period 0 is not in the run"),
        ("run RUN -o OUT --config CONFIG --periods 1-9", "absent: periods 5 to 9 are not in the run"),
    ] {
        let mask = folder.path().join("nowhere.csv");
        std::fs::write(&mask, "global_y,global_x\n10,10\n").expect("a list");
        let config = folder.path().join("gridloom.toml");
        let sections = "[grid]\n[tables]\ntables = ['stats']\n[regions]\n\
                        sea = { north = 50, south = 40, west = -30, east = -20 }\n";
        std::fs::write(&config, sections).expect("a configuration");
        let command = command.replace("MASK", mask.to_str().expect("UTF-8"));
        let command = command.replace("CONFIG", config.to_str().expect("UTF-8"));
        let Outcome { code, talk, .. } = gridloom(&folder, &command);
        assert_eq!(code, Some(3), "{command}: {talk}");
        assert!(talk.contains(words), "{command}: {talk}");
        if command.starts_with("cells") {
            std::fs::remove_dir_all(folder.out()).expect("the output");
        } else if !command.starts_with("plan") {
            assert_eq!(report(&folder)["absent"].as_array().map(Vec::len), Some(1), "{command}");
            std::fs::remove_dir_all(folder.out()).expect("the output");
        }
    }
    assert_eq!(gridloom(&folder, "grid RUN -o OUT --periods 1-4").code, Some(0));
    let sample = files::sample();
    let command = format!("tables {} -o OUT/years --tables biomass --years 1980,1995", sample.display());
    let Outcome { code, talk, .. } = gridloom(&folder, &command);
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("absent: year 1995 is not in the run"), "{talk}");
}

/// More may be asked for on purpose: a time axis that all runs share, a mask of a continent.
#[test]
fn axes_and_masks_beyond_the_run_are_told() {
    let folder = model().write();
    let Outcome { code, talk, .. } = gridloom(&folder, "grid RUN -o OUT --from 1859-12-30 --to 1860-05-09");
    assert_eq!(code, Some(0), "{talk}");
    assert!(talk.contains("note: 2 days of the time axis before the first day of any dump"), "{talk}");
    assert!(talk.contains("note: 10 days of the time axis behind the last day of any dump"), "{talk}");
    let mask = folder.path().join("mask.csv");
    std::fs::write(&mask, "global_y,global_x\n160,230\n10,10\n").expect("a list");
    let command = format!("tables RUN -o OUT/tables --tables region --mask {}", mask.display());
    let Outcome { code, talk, .. } = gridloom(&folder, &command);
    assert_eq!(code, Some(0), "{talk}");
    assert!(talk.contains(": 1 of its 2 cells are not in the run"), "{talk}");
}

/// Tasks of a job array share a plan, and who publishes tells what is not there.
#[test]
fn publishing_names_what_the_run_does_not_have() {
    let folder = model().write();
    for share in ["0/2", "1/2"] {
        let Outcome { code, talk, .. } =
            gridloom(&folder, &format!("grid RUN -o OUT --periods 3-6 --shard {share}"));
        assert_eq!(code, Some(3), "{talk}");
    }
    let Outcome { code, talk, .. } = gridloom(&folder, "publish OUT");
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("absent: periods 5 to 6 are not in the run"), "{talk}");
    assert_eq!(report(&folder)["absent"][0], "periods 5 to 6 are not in the run");
}

/// What only cells have that were not selected is missed as well, and told once.
#[test]
fn numbers_that_only_other_cells_have_are_named() {
    let folder = model().write();
    let cells = folder.path().join("cells.csv");
    std::fs::write(&cells, "global_y,global_x\n160,230\n160,231\n").expect("a list");
    for cell in [(160, 230), (160, 231)] {
        std::fs::remove_file(folder.dump(cell, 4)).expect("a dump");
    }
    for command in ["grid RUN -o OUT/grids", "tables RUN -o OUT/tables", "cells write RUN -o OUT/a.nc"] {
        let command = format!("{command} --cells {} --periods 1-9", cells.display());
        let Outcome { code, talk, .. } = gridloom(&folder, &command);
        assert_eq!(code, Some(3), "{command}: {talk}");
        assert!(talk.contains("absent: periods 5 to 9 are not in the run"), "{command}: {talk}");
        assert_eq!(talk.matches("lost: period 4").count(), 1, "{command}: {talk}");
        assert!(!talk.contains("in any selected cell"), "{command}: {talk}");
    }
    let sample = years::sample();
    std::fs::write(&cells, "global_y,global_x\n170,223\n170,224\n").expect("a list");
    for cell in ["170-223", "170-224"] {
        let year = sample.run().join(format!("grd_{cell}/metacommunity_1981.pkz"));
        std::fs::remove_file(year).expect("a file");
    }
    let command = format!("tables RUN -o OUT --tables biomass --years 1979-1982 --cells {}", cells.display());
    let Outcome { code, talk, .. } = gridloom(&sample, &command);
    assert_eq!(code, Some(3), "{talk}");
    assert!(talk.contains("absent: year 1981 is not in any selected cell"), "{talk}");
    assert!(talk.contains("absent: year 1982 is not in the run"), "{talk}");
}
