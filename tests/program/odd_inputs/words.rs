//! What is wrong with a command is said in words that the user can act on.

use super::{model, within};

/// A run, its grids, the table of days, an archive, and an empty folder.
fn made() -> super::Folder {
    let folder = model(&[(0, 400), (400, 400)]).write();
    for command in [
        "grid {}/made_up -o {}/maps",
        "tables {}/made_up -o {}/tables --tables daily",
        "cells write {}/made_up -o {}/run.nc",
    ] {
        let (status, text) = within(folder.path(), command);
        assert_eq!(status, Some(0), "{command}: {text}");
    }
    std::fs::create_dir(folder.path().join("folder.png")).expect("a folder");
    std::fs::create_dir_all(folder.path().join("taken/report.json")).expect("a folder");
    let grid = std::fs::read_dir(folder.path().join("maps"))
        .expect("maps")
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|extension| extension == "nc"))
        .expect("a grid");
    std::fs::copy(grid.path(), folder.path().join("grid.nc")).expect("a copy");
    folder
}

#[test]
fn messages_tell_what_is_wrong_and_what_to_do() {
    let folder = made();
    let map = "plot map {}/grid.nc -o {}/p.png";
    let series = "plot series {}/grid.nc -o {}/p.png";
    let mut wrong = Vec::new();
    for (command, status, words) in [
        // A folder where a file is wanted.
        ("cells write {}/made_up -o {}/folder.png", 2, "is a folder, where a file is to be written"),
        ("cells write {}/made_up -o {}/folder.png --overwrite", 2, "give the name of a file"),
        ("cells write {}/made_up -o {}/new/", 2, "is a folder, where a file"),
        ("plot map {}/grid.nc -o {}/folder.png", 2, "is a folder, where a file"),
        ("inspect {}/made_up --deep --write-empty {}/folder.png", 2, "is a folder, where a file"),
        // Files of other kinds.
        ("grid {}/grid.nc -o {}/x", 1, "it is not an archive of `gridloom cells`"),
        ("inspect {}/grid.nc", 1, "grids are read by `gridloom tables`"),
        ("cells list {}/grid.nc", 1, "another HDF5 or NetCDF file"),
        ("plot map {}/tables/daily.parquet -o {}/p.png", 1, "it is not a NetCDF file"),
        ("plot health {}/grid.nc -o {}/p.png", 2, "it is not a report of gridloom: it is not a text"),
        ("report {}/grid.nc -o {}/p.html", 2, "it is not a folder"),
        ("grid /dev/null -o {}/x", 2, "it is a device, neither a run folder nor an archive"),
        ("plot biomass {}/tables -o {}/p.png", 2, "gridloom tables RUN -o OUT --tables biomass"),
        ("status {}/nope", 2, "check the spelling"),
        ("publish {}/nope", 2, "check the spelling"),
        ("man {}/grid.nc", 1, "grid.nc"),
        ("verify {}/made_up {}/maps/report.json", 3, "nothing compared; 0 differ"),
        // Options.
        ("{map} --bbox 90,89,0,1", 2, "--bbox \"90,89,0,1\": npp has no value there"),
        ("{map} --size 0", 2, "--size \"0\": a side has 30 to 2000 mm"),
        ("{map} --size 1x1", 2, "--size \"1x1\""),
        ("{series} --running 0", 2, "--running \"0\": a running mean takes 2 steps or more"),
        ("{series} --running 801", 2, "the series has 800 steps"),
        ("{series} --cell 100,200", 2, "wants LAT,LON, from -90 to 90"),
        ("plot compare {}/maps {}/maps {}/maps -o {}/p.png", 2, "compare shows 2 files or folders"),
        ("grid {}/made_up -o {}/x --region nope", 2, "no such region; there is pan-amazon"),
        ("grid {}/made_up -o {}/x --memory 1", 2, "the memory budget of 1 byte is too small"),
        ("grid {}/made_up -o {}/x --memory 99999999999GiB", 2, "below 1000000TB"),
        ("grid {}/made_up -o {}/x --grace 99999999999999999999s", 2, "at most 30days"),
        ("grid {}/made_up -o {}/x --max-decoded 0", 2, "wants 1 byte or more"),
        ("grid {}/made_up -o {}/x --max-values 0", 2, "wants a number from 1"),
        (
            "grid {}/made_up -o {}/x --max-decoded 10",
            1,
            "all 6 dumps decode to more than the limit of 10 bytes",
        ),
        ("inspect {}/made_up --max-values 1", 1, "give a larger --max-values"),
        ("grid {}/made_up -o {}/x --variables ,", 2, "a name in the list is empty"),
        ("plan {}/made_up --trace {}/t.json", 2, "plan does no work that could be traced"),
        ("grid {}/made_up -o {}/taken", 1, "it is a folder, where a file is to be written"),
        ("plan {}/made_up --periods 1-999999999999", 2, "the largest number is 4294967295"),
    ] {
        let command = command.replace("{map}", map).replace("{series}", series);
        let (found, text) = within(folder.path(), &command);
        if found != Some(status) || !text.contains(words) {
            wrong.push(format!("{command}: {words:?} and {status} are wanted: {found:?}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // `L/` is not made a file of.
    assert!(!folder.path().join("new").exists());
}
