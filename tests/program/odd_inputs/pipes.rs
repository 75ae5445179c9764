//! A pipe that nobody writes into, in the place of each file that is read: named, and never waited for.

use std::path::Path;

use super::{CELLS, model, within};

fn pipe(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
}

#[test]
fn a_pipe_in_the_place_of_a_dump_masks_that_dump() {
    let folder = model(&[(0, 400), (400, 400)]).write();
    let year = folder.run().join("grd_160-230/metacommunity_1860.pkz");
    pipe(&year);
    for (index, cell) in CELLS.iter().take(2).enumerate() {
        std::fs::remove_file(folder.dump(*cell, 2)).expect("a file");
        pipe(&folder.dump(*cell, 2));
        let out = format!("{{}}/out{index}");
        let (status, text) = within(folder.path(), &format!("grid {{}}/made_up -o {out}"));
        assert_eq!(status, Some(3), "{text}");
        assert!(
            text.contains(&format!(
                "cell {}-{}, period 2: it is a named pipe (FIFO), not a file",
                cell.0, cell.1
            )),
            "{text}"
        );
        let (status, text) = within(folder.path(), "inspect {}/made_up --deep");
        assert_eq!((status, text.matches("named pipe").count()), (Some(3), index + 2), "{text}");
        let (status, text) =
            within(folder.path(), &format!("cells write {{}}/made_up -o {{}}/run{index}.nc"));
        assert_eq!(status, Some(3), "{text}");
    }
    let (status, text) = within(folder.path(), "tables {}/made_up -o {}/tables --tables cell_year");
    assert!(matches!(status, Some(1..=3)) && text.contains("named pipe"), "{status:?} {text}");
}

#[test]
fn a_pipe_in_the_place_of_any_other_file_is_an_error_that_says_so() {
    let folder = model(&[(0, 40)]).write();
    let (status, text) = within(folder.path(), "grid {}/made_up -o {}/out -q");
    assert_eq!(status, Some(0), "{text}");
    let grid = std::fs::read_dir(folder.out()).expect("a folder").flatten();
    let grid = grid.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "nc"));
    pipe(&folder.path().join("pipe"));
    for name in ["pipe.csv", "pipe.nc", "pipe.toml", "pipe.pkz", "report.json", "pipe.parquet"] {
        pipe(&folder.path().join(name));
    }
    for arguments in [
        "grid {}/made_up -o {}/o --cells {}/pipe.csv",
        "grid {}/made_up -o {}/o --config {}/pipe.toml",
        "run {}/made_up -o {}/o --config {}/pipe.toml",
        "cells write {}/made_up -o {}/o.nc --cells {}/pipe.csv",
        "tables {}/pipe.nc -o {}/o",
        "verify {}/made_up {}/pipe.nc",
        "plot map {}/pipe.nc -o {}/o.png",
        "plot health {}/report.json -o {}/o.png",
        "figures {}/pipe.toml",
        "cells list {}/pipe.nc",
        "cells get {}/pipe.nc --cell 160-230",
        "inspect {}/pipe.pkz",
        "grid {}/pipe.nc -o {}/o",
    ] {
        let (status, text) = within(folder.path(), arguments);
        // Something that cannot be read is a difference to `verify`.
        let wanted = if arguments.starts_with("verify") { vec![4] } else { vec![1, 2] };
        assert!(status.is_some_and(|status| wanted.contains(&status)), "{arguments}: {status:?} {text}");
        assert!(text.contains("named pipe") || text.contains("report.json"), "{arguments}: {text}");
    }
    // A grid that is a pipe by now, and a report.
    let grid = grid.expect("a grid");
    for path in [grid, folder.out().join("report.json")] {
        std::fs::remove_file(&path).expect("a file");
        pipe(&path);
        for arguments in [
            "verify {}/made_up {}/out",
            "report {}/out -o {}/page.html",
            "plot map {}/out --variable npp -o {}/map.png",
        ] {
            let (status, text) = within(folder.path(), arguments);
            assert!(status.is_some(), "{arguments} waits: {text}");
        }
    }
}
