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
    for strange in [
        "segment/.gridloom/segment-0000",
        "journal/.gridloom/journal-0000",
        "lock/.gridloom/lock-0000",
        "plan/.gridloom/plan-0001",
        "year/daily/year=1861/part-0.parquet",
        "part/daily",
        "all",
        "cell/grd_160_231_18600101_18620310.parquet",
    ] {
        std::fs::create_dir_all(folder.path().join(strange)).expect("a folder");
    }
    for strange in ["part/daily/year=1860", "all/daily"] {
        std::fs::write(folder.path().join(strange), "a file").expect("a file");
    }
    let segment = folder.path().join("maps/.gridloom/segment-0000");
    std::fs::remove_file(&segment).expect("a segment");
    std::fs::create_dir(&segment).expect("a folder");
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
        ("grid {}/grid.nc -o {}/x", 1, "it is not an archive of gridloom but another HDF5 or NetCDF file"),
        ("inspect {}/grid.nc", 1, "grids are read by `gridloom tables`"),
        ("cells list {}/grid.nc", 1, "another HDF5 or NetCDF file"),
        ("plot map {}/tables/daily.parquet -o {}/p.png", 2, "is a table; this figure is drawn of grids"),
        ("plot health {}/grid.nc -o {}/p.png", 2, "it is not a report of gridloom: it is not a text"),
        ("report {}/grid.nc -o {}/p.html", 2, "it is not a folder"),
        ("grid /dev/null -o {}/x", 2, "it is a device, neither a run folder nor an archive"),
        ("plot biomass {}/tables -o {}/p.png", 2, "gridloom tables RUN -o OUT --tables biomass"),
        ("status {}/nope", 2, "check the spelling"),
        ("publish {}/nope", 2, "check the spelling"),
        ("plot biomass {}/maps/report.json -o {}/p.png", 1, "it is not a Parquet file; give biomass.parquet"),
        // A file where a folder is wanted, and a folder where a file is.
        ("man {}/grid.nc", 2, "grid.nc: it is a file, where a folder is wanted"),
        ("grid {}/made_up -o {}/grid.nc", 2, "grid.nc: it is a file, where a folder is wanted"),
        ("tables {}/made_up -o {}/grid.nc/x", 2, "grid.nc/x: a folder of its path is a file"),
        ("cells write {}/made_up -o {}/grid.nc/x.nc", 2, "grid.nc: it is a file, where a folder is wanted"),
        ("cells append {}/made_up {}/maps", 2, "maps is a folder, where a file is to be written"),
        ("cells replace {}/made_up {}/maps --cells 160-230", 2, "maps is a folder, where a file is"),
        ("cells list {}/maps", 2, "maps: it is a folder, not a file"),
        ("cells verify {}/maps", 2, "maps: it is a folder, not a file"),
        ("grid {}/made_up -o {}/x --config {}/maps", 2, "maps: it is a folder, not a file"),
        ("grid {}/made_up -o {}/x --cells {}/maps", 2, "maps: it is a folder, not a file"),
        ("figures {}/maps -o {}/x", 2, "maps: it is a folder, not a file"),
        ("plot biomass {}/folder.png -o {}/p.png", 2, "hint: make the table"),
        // In the place of the checkpoint's files, and of parts of tables.
        ("grid {}/made_up -o {}/segment", 1, "segment-0000 is not used: it is not a plain file"),
        ("grid {}/made_up -o {}/maps", 1, "segment-0000 is not used: it is not a plain file"),
        ("grid {}/made_up -o {}/journal", 1, "journal-0000 is not used: it is not a plain file"),
        ("grid {}/made_up -o {}/lock", 1, "lock-0000 is not used: it is not a plain file"),
        ("grid {}/made_up -o {}/plan", 1, "plan-0001 is not used: it is not a plain file"),
        ("{years}/year", 1, "daily/year=1861/part-0.parquet is not used: it is a folder, where a file"),
        ("{years}/part", 1, "daily/year=1860 is not used: it is not a folder"),
        ("{years}/all", 1, "daily is not used: it is not a folder"),
        (
            "tables {}/made_up -o {}/cell --per-cell",
            1,
            "18600101_18620310.parquet is not used: it is a folder",
        ),
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
        let command = command.replace("{years}", "tables {}/made_up --partition year -o {}");
        let (found, text) = within(folder.path(), &command);
        if found != Some(status) || !text.contains(words) {
            wrong.push(format!("{command}: {words:?} and {status} are wanted: {found:?}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // All of that is seen before any work.
    for untouched in ["year", "part", "all", "cell"] {
        let path = folder.path().join(untouched);
        assert!(!path.join(".gridloom").exists(), "{untouched}");
    }
    // `L/` is not made a file of.
    assert!(!folder.path().join("new").exists());
}
