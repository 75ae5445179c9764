//! What stands where a picture or page goes is not lost, and lists write below their own folder.

use std::path::Path;

use super::{alone, complete, grid, gridloom, grids};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = gridloom(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_gridloom_did_not_make_is_not_replaced() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (npp, out) = (grid("npp"), grids().display().to_string());
    // The page is no grid, whatever it is called.
    std::fs::copy(&npp, at("npp.nc")).expect("a copy");
    let (code, words) = run(&["report", &out, "-o", &at("npp.nc"), "--overwrite"]);
    assert!(code == Some(2) && words.contains(".html"), "{words}");
    assert_eq!(std::fs::read(at("npp.nc")).expect("a grid"), std::fs::read(&npp).expect("a grid"));
    for name in ["a.png", "a.svg", "a.pdf", "a.html"] {
        let make: Vec<&str> = match name {
            "a.html" => vec!["report", &out],
            _ => vec!["plot", "map", &npp],
        };
        let path = at(name);
        let all = [make.as_slice(), &["-o", &path]].concat();
        for foreign in [
            "somebody's work",
            "\u{89}PNG\r\n\u{1a}\n",
            "<svg>gridloom</svg>",
            "%PDF-1.7 gridloom",
            "<!doctype html>gridloom",
        ] {
            std::fs::write(&path, foreign).expect("a file");
            let (code, words) = run(&all);
            assert_eq!(code, Some(2), "{name}: {words}");
            assert!(words.contains(name) && words.contains("--overwrite"), "{words}");
            assert_eq!(std::fs::read_to_string(&path).expect("a file"), foreign);
        }
        complete(&[all.as_slice(), &["--overwrite", "-q"]].concat());
        // Its own pictures are drawn again, and so is an empty file.
        complete(&[all.as_slice(), &["-q"]].concat());
        std::fs::write(&path, "").expect("a file");
        complete(&[all.as_slice(), &["-q"]].concat());
        assert!(std::fs::metadata(&path).expect("a picture").len() > 1000);
        // A link is not turned into a file without being asked.
        let link = at(&format!("link.{}", name.split_once('.').expect("an ending").1));
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let (code, words) = run(&[make.as_slice(), &["-o", &link]].concat());
        assert!(code == Some(2) && words.contains("a link"), "{words}");
    }
}

#[test]
fn a_list_writes_below_its_own_folder() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (lists, victim) = (folder.path().join("lists"), folder.path().join("victim"));
    std::fs::create_dir(&lists).expect("a folder");
    std::fs::create_dir(&victim).expect("a folder");
    std::fs::write(victim.join("f.png"), "a picture of somebody else").expect("a file");
    let list = lists.join("figures.toml");
    let write = |output: &str, name: &str| {
        let text = format!(
            "{output}\n[[figure]]\nname = '{name}'\nkind = 'map'\ninput = '{}'\ndpi = 40\n",
            grid("npp")
        );
        std::fs::write(&list, text).expect("a list");
    };
    let text = list.to_str().expect("UTF-8");
    let nothing_else = || {
        assert_eq!(std::fs::read_dir(&victim).expect("a folder").count(), 1, "nothing is written there");
        assert_eq!(
            std::fs::read_to_string(victim.join("f.png")).expect("a file"),
            "a picture of somebody else"
        );
    };
    let elsewhere = format!("output = '{}'", victim.display());
    for output in ["output = '../victim'", "output = 'a/../../victim'", &elsewhere] {
        write(output, "f");
        let (code, words) = run(&["figures", text]);
        assert!(
            code == Some(2) && words.contains("victim") && words.contains("--output"),
            "{output}: {words}"
        );
        nothing_else();
    }
    // By links: the folder itself, and one in it.
    std::os::unix::fs::symlink(&victim, lists.join("link")).expect("a link");
    for (output, name) in
        [("output = 'link'", "f"), ("output = 'link/deep'", "f"), ("output = '.'", "link/f")]
    {
        write(output, name);
        let (code, words) = run(&["figures", text]);
        assert!(matches!(code, Some(1 | 2)) && words.contains("link"), "{output}: {words}");
        nothing_else();
    }
    // Who names the folder may have it; what others made there stays.
    write("output = '../victim'", "f");
    let victim_text = victim.to_str().expect("UTF-8");
    let (code, words) = run(&["figures", text, "--output", victim_text]);
    assert!(code == Some(1) && words.contains("f.png is there already"), "{words}");
    assert_eq!(std::fs::read_to_string(victim.join("f.png")).expect("a file"), "a picture of somebody else");
    complete(&["figures", text, "--output", victim_text, "--overwrite"]);
    assert!(std::fs::metadata(victim.join("f.png")).expect("a picture").len() > 1000);
    assert!(complete(&["figures", text, "--output", victim_text]).contains("f: as it was"));
}

#[test]
fn a_record_that_is_none_neither_stops_nor_blocks() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("figures.toml");
    std::fs::write(
        &list,
        format!("[[figure]]\nname = 'f'\nkind = 'map'\ninput = '{}'\ndpi = 40\n", grid("npp")),
    )
    .expect("a list");
    let text = list.to_str().expect("UTF-8");
    let record = folder.path().join("figures/.gridloom-figures.json");
    std::fs::create_dir(folder.path().join("figures")).expect("a folder");
    pipe(&record);
    let (code, words) = run(&["figures", text]);
    assert!(code == Some(1) && words.contains(".gridloom-figures.json"), "{words}");
    std::fs::remove_file(&record).expect("a pipe");
    std::fs::write(&record, "{\"figures\": [").expect("a file");
    assert!(complete(&["figures", text]).contains("f: drawn: it is new"));
}

#[test]
fn pictures_that_take_too_much_are_refused_with_the_limit() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("p.png").display().to_string();
    for (arguments, words) in [
        (vec!["--size", "2000", "--dpi", "600"], "47244 × "),
        (vec!["--size", "1500x1500", "--dpi", "300"], "17717 × 17717 pixels at 300 dpi"),
        (vec!["--size", "1000x2000", "--dpi", "300"], "150 million in all"),
    ] {
        let (code, error) =
            run(&[&["plot", "series", &grid("npp"), "-o", &picture], arguments.as_slice()].concat());
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(words) && error.contains("32000 along a side"), "{error}");
        assert!(!Path::new(&picture).exists());
    }
    // Its height is known when it is drawn.
    let spec = "kind = 'map'\nsize = [1000, 0]\ndpi = 400\n";
    let list = folder.path().join("figures.toml");
    std::fs::write(&list, format!("[[figure]]\nname = 'f'\n{spec}input = '{}'\n", grid("npp")))
        .expect("a list");
    let (code, error) = run(&["figures", list.to_str().expect("UTF-8")]);
    assert!(code == Some(1) && error.contains("150 million"), "{error}");
}

fn pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn a_pipe_is_not_waited_for() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    for name in ["v_run.nc", "report.json", "biomass.parquet", "figures.toml"] {
        pipe(at(name).as_ref());
    }
    let out = folder.path().display().to_string();
    for (arguments, code) in [
        (vec!["plot", "map", &at("v_run.nc"), "-o", &at("p.png")], 1),
        (vec!["plot", "map", &out, "--variable", "v", "-o", &at("p.png")], 1),
        (vec!["plot", "health", &out, "-o", &at("p.png")], 1),
        (vec!["plot", "biomass", &out, "-o", &at("p.png")], 1),
        (vec!["figures", &at("figures.toml")], 1),
        (vec!["report", &out, "-o", &at("p.html")], 3),
    ] {
        let (found, words) = run(&arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {words}");
        assert!(words.contains("it is a named pipe (FIFO), not a file"), "{arguments:?}: {words}");
    }
}
