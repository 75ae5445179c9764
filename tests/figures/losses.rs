//! A page tells what it does not show, and few files are open at a time.

use std::path::Path;
use std::process::Command;

use gridloom_testkit::{files, program};

use super::{alone, complete, gridloom, grids, write_grid};

fn copied(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for entry in std::fs::read_dir(grids()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
}

/// Exit status, stderr and page of a report.
fn report(folder: &Path, page: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let [folder, text] = [folder, page].map(|path| path.to_str().expect("UTF-8"));
    let output = gridloom(&[&["report", folder, "-o", text], more].concat());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), error, std::fs::read_to_string(page).unwrap_or_default())
}

#[test]
fn a_grid_that_cannot_be_read_is_named_on_the_page_and_at_the_end() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (out, page) = (folder.path().join("out"), folder.path().join("page.html"));
    copied(&out);
    let name = "npp_sample_run_19790101_19810930.nc";
    let whole = std::fs::read(out.join(name)).expect("a grid");
    // One whose values are damaged, one that cannot be opened at all, one that is written at the moment.
    let middle = whole.len() / 2;
    let mut flipped = whole.clone();
    flipped[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0x5a);
    std::fs::write(out.join(name), &flipped).expect("a file");
    std::fs::write(out.join("gpp_cut.nc"), &whole[..4000]).expect("a file");
    std::fs::write(out.join("held.nc"), &whole).expect("a file");
    let held = netcdf::append(out.join("held.nc")).expect("a grid");
    for more in [&[][..], &["-q"]] {
        let (code, error, text) = report(&out, &page, more);
        assert_eq!(code, Some(3), "{error}");
        for file in [name, "gpp_cut.nc", "held.nc"] {
            assert!(error.contains(&format!("left out: {file}: ")), "{more:?} {file}: {error}");
            assert!(text.contains(&format!("<li><code>{file}</code>: ")), "{file}");
        }
        assert!(text.contains("3 files are not shown") && text.contains("open for writing"), "{error}");
        assert!(
            error.trim_end().lines().last().is_some_and(|line| line.starts_with("left out: ")),
            "{error}"
        );
        assert!(text.contains("csoil_2"), "the others are shown");
    }
    drop(held);
    // Those that are not asked for are not missed.
    let (code, error, _) = report(&out, &page, &["--variables", "csoil_2,lai"]);
    assert_eq!(code, Some(0), "{error}");
    let (code, error, _) = report(&out, &page, &["--variables", "gpp"]);
    assert!(code == Some(3) && error.contains("gpp_cut.nc") && !error.contains(name), "{error}");
    let (code, error, _) = report(&out, &page, &["--variables", "nothing"]);
    assert!(code == Some(2) && error.contains("nothing"), "{error}");
}

#[test]
fn losses_do_not_vanish_with_a_damaged_report() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (out, page) = (folder.path().join("out"), folder.path().join("page.html"));
    copied(&out);
    let json = out.join("report.json");
    let (code, error, text) = report(&out, &page, &[]);
    assert!(code == Some(0) && text.contains("the LZ4 data is damaged"), "{error}");
    let whole = std::fs::read(&json).expect("a report");
    for bytes in [&whole[..whole.len() / 2], b"", b"{}", b"[1, 2]", b"\xff\xfe"] {
        std::fs::write(&json, bytes).expect("a file");
        let (code, error, text) = report(&out, &page, &["-q"]);
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("left out: report.json: "), "{error}");
        assert!(
            text.contains("<code>report.json</code>")
                && text.contains("is not known")
                && text.contains("csoil_2")
        );
    }
    // Where there is none, nobody says that nothing was lost.
    std::fs::remove_file(&json).expect("a file");
    let (code, error, text) = report(&out, &page, &[]);
    assert!(
        code == Some(0)
            && text.contains("There is no report.json: what was missing or damaged is not known."),
        "{error}"
    );
    assert!(!text.contains("Nothing was missing"), "{error}");
}

/// Runs the program with a limit of the shell.
fn limited(limit: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(program::path())
        .args(arguments)
        .output()
        .expect("a shell");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_page_and_a_list_of_many_files_need_few_of_them_open() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    // Half of them are read beside the library, half by it.
    let foreign = folder.path().join("foreign");
    write_grid(&foreign, &[0.25, -0.25], &[-60.0, -59.5], 3, |_, _, _| 1.0);
    let mut list = String::from("[defaults]\ndpi = 30\nsize = [40, 0]\n");
    for number in 0..60 {
        let from = if number % 2 == 0 { super::grid("npp").into() } else { foreign.clone() };
        std::fs::copy(from, out.join(format!("f{number}.nc"))).expect("a copy");
        list.push_str(&format!("[[figure]]\nname = 'f{number}'\nkind = 'map'\ninput = 'out/f{number}.nc'\n"));
    }
    let (page, toml) = (folder.path().join("page.html"), folder.path().join("figures.toml"));
    std::fs::write(&toml, list).expect("a list");
    let texts = [&out, &page, &toml].map(|path| path.to_str().expect("UTF-8"));
    let (code, error) = limited("-n 40", &["report", texts[0], "-o", texts[1], "--threads", "2"]);
    assert_eq!(code, Some(0), "{error}");
    let text = std::fs::read_to_string(&page).expect("a page");
    assert_eq!(text.matches("<section id=\"v").count(), 60, "{error}");
    let (code, error) = limited("-n 40", &["figures", texts[2], "--threads", "2"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(error.contains("60 figures: 60 drawn, 0 failed"), "{error}");
    // Where not even few may be open, that is no page with less on it.
    for limit in [4, 6] {
        let (code, error) =
            limited(&format!("-n {limit}"), &["report", texts[0], "-o", texts[1], "--threads", "1"]);
        let shown = std::fs::read_to_string(&page).expect("a page").matches("<section id=\"v").count();
        assert!(code != Some(0) || shown == 60, "{limit}: {shown} {error}");
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_names_them() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        at("figures.toml"),
        format!("[[figure]]\nname = 'f'\nkind = 'map'\ninput = '{}'\n", super::grid("npp")),
    )
    .expect("a list");
    let grids = grids().display().to_string();
    for (arguments, name) in [
        (
            vec!["plot".to_owned(), "map".to_owned(), super::grid("npp"), "-o".to_owned(), at("p.png")],
            "p.png",
        ),
        (vec!["report".to_owned(), grids, "-o".to_owned(), at("p.html")], "p.html"),
        (vec!["figures".to_owned(), at("figures.toml")], "f.png"),
    ] {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (code, error) = limited("-f 2", &words);
        assert_eq!(code, Some(1), "{words:?}: {error}");
        assert!(
            error.contains(name) && error.to_lowercase().contains("file too large"),
            "{words:?}: {error}"
        );
    }
    let left: Vec<_> = files::files_below(folder.path(), "")
        .into_iter()
        .filter(|path| !path.ends_with("figures.toml"))
        .collect();
    assert!(left.iter().all(|path| path.ends_with(".gridloom-figures.json")), "{left:?}");
    complete(&["plot", "map", &super::grid("npp"), "-o", &at("p.png"), "-q"]);
}

/// Cells that lost nothing are seen, and 0 is in the key: where all places are cells, or where a grid beside the report has values.
#[test]
fn cells_without_a_loss_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    let with_rows = |expected: u32, faults: &str, rows: &str| {
        // Two rows of two places, from 0.5°N 10°E on.
        let text = format!(
            r#"{{"run": "r", "window": {{"rows": 2, "columns": 2, "first_row": 179, "first_column": 380, "resolution": 0.5, "cells": 2, {rows}
            "cells_expected": {expected}}}, "dumps": {{"planned": 3}}, "faults": [{faults}],
            "files": [{{"file": "../v.nc", "kind": "grid", "variable": "v"}}, {{"file": "v.nc", "kind": "grid", "variable": "v"}}]}}"#
        );
        std::fs::write(&report, text).expect("a report");
        let scene = super::drawn(&format!("kind = 'health'\ninput = '{}'", report.display()));
        let coloured = scene.items.iter().find_map(|item| match item {
            gridloom::draw::scene::Item::Cells(cells) => Some(cells.colours.iter().flatten().count()),
            _ => None,
        });
        let has = |wanted: &str| {
            let is_it = |item: &gridloom::draw::scene::Item| matches!(item, gridloom::draw::scene::Item::Text(text) if text.text == wanted);
            scene.items.iter().any(is_it)
        };
        (coloured.expect("a map"), ["0", "1"].map(has), scene.notes.len())
    };
    let drawn_with = |expected: u32, faults: &str| with_rows(expected, faults, "");
    let fault = r#"{"kind": "missing", "cell": "179-380", "message": "m"}"#;
    assert_eq!(drawn_with(4, fault), (4, [true, true], 0), "all places are cells");
    assert_eq!(drawn_with(4, ""), (4, [true, false], 0), "nothing lost");
    assert_eq!(drawn_with(3, fault), (1, [false, true], 1), "which cells there are is not known");
    let rows = r#""cells_by_row": {"179": "381", "180": "380-381"},"#;
    assert_eq!(with_rows(3, fault, rows), (4, [true, true], 0), "without any grid, as of a folder of tables");
    for rows in [r#"{"179": "382"}"#, r#"{"179": "0-4294967295"}"#, r#"{"179": "x"}"#, r#"{"179": ""}"#] {
        let rows = format!(r#""cells_by_row": {rows},"#);
        assert_eq!(with_rows(3, fault, &rows), (1, [false, true], 1), "no cells of the window: {rows}");
    }
    let lons = [10.25, 10.75];
    super::write_grid(&folder.path().join("v.nc"), &[0.25, -0.25], &lons, 2, |day, lat, lon| {
        // One cell begins late.
        let is_cell = lat < 0.0 && (lon < 10.5 || day > 0);
        if is_cell { 1.0 } else { 1e20 }
    });
    assert_eq!(drawn_with(3, fault), (3, [true, true], 0), "cells with values");
}
