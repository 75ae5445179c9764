//! Links, of both kinds, where gridloom writes.

use std::os::unix::fs::MetadataExt;

use super::*;

#[test]
fn links_with_the_names_of_outputs_are_replaced_and_not_followed() {
    let folder = run_of(&[(0, 40)], Folder::new());
    assert_status(&grid(&folder, &[]), 0);
    let outputs: Vec<String> =
        names(&folder.out()).into_iter().filter(|name| !name.starts_with('.')).collect();
    let expected = content(&folder.out());
    std::fs::remove_dir_all(folder.out()).expect("a folder");
    std::fs::create_dir(folder.out()).expect("a folder");
    for (number, name) in outputs.iter().enumerate() {
        let victim = victim(folder.path().join(format!("victim-{number}")));
        if number == 0 {
            std::fs::hard_link(&victim, folder.out().join(name)).expect("a link");
        } else {
            symlink(&victim, folder.out().join(name)).expect("a link");
        }
    }
    assert_status(&grid(&folder, &["--overwrite"]), 0);
    (0..outputs.len()).for_each(|number| assert_untouched(&folder.path().join(format!("victim-{number}"))));
    assert!(content(&folder.out()) == expected);
    assert!(outputs.iter().all(|name| !folder.out().join(name).is_symlink()));
}

/// What the links lead to has all that the spool's own files have, and more behind it.
#[test]
fn a_spool_is_written_to_through_no_link() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let out = folder.out();
    assert_status(&grid(&folder, &[]), 0);
    let expected = content(&out);
    for name in ["segment-0000", "journal-0000", "plan-0001", "lock-0000"] {
        let (path, away) = (out.join(".gridloom").join(name), folder.path().join("away"));
        let is_there = std::fs::rename(&path, &away).is_ok();
        let bytes = [std::fs::read(&away).unwrap_or_default(), VICTIM.to_vec()].concat();
        for (is_hard, options) in
            [(false, vec![]), (true, vec![]), (false, vec!["--fresh"]), (true, vec!["--fresh"])]
        {
            let victim = folder.path().join("victim");
            std::fs::write(&victim, &bytes).expect("a file");
            if is_hard {
                std::fs::hard_link(&victim, &path).expect("a link");
            } else {
                symlink(&victim, &path).expect("a link");
            }
            let output = grid(&folder, &options);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}", talk(&output));
            assert!(std::fs::read(&victim).expect("a file") == bytes, "{name}, hard: {is_hard}, {options:?}");
            std::fs::remove_dir_all(&out).expect("a folder");
            std::fs::remove_file(&victim).expect("a file");
            assert_status(&grid(&folder, &[]), 0);
            let _ = std::fs::remove_file(&path);
        }
        if is_there {
            std::fs::rename(&away, &path).expect("a file");
        }
    }
    assert_status(&grid(&folder, &["--fresh"]), 0);
    assert!(content(&out) == expected);
}

/// A lock that is a link to somebody's file, and one that has become one while it is held.
#[test]
fn signs_of_life_do_not_go_through_links() {
    use gridloom::spool::lock::{Lock, State, Unwilling};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lock-0000");
    let victim = victim(folder.path().join("victim"));
    let take = || Lock::take(folder.path(), gridloom::spool::Task::number(0), None, &Unwilling);
    let mut lock = take().expect("free");
    std::fs::remove_file(&path).expect("a lock");
    symlink(&victim, &path).expect("a link");
    assert!(lock.beat(State::default()).is_err());
    drop(lock);
    assert_untouched(&victim);
    assert!(path.is_symlink(), "a lock that is not the own one stays");
    assert!(take().is_err());
    assert_untouched(&victim);
}

#[test]
fn folders_inside_of_an_output_folder_are_not_links() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let (out, elsewhere) = (folder.out(), folder.path().join("elsewhere"));
    for name in [".gridloom", "daily"] {
        std::fs::create_dir_all(&out).expect("a folder");
        std::fs::create_dir_all(elsewhere.join("year=1860")).expect("a folder");
        let victims = ["journal-0000", "year=1860/part-0.parquet"].map(|name| victim(elsewhere.join(name)));
        symlink(&elsewhere, out.join(name)).expect("a link");
        let options = ["--overwrite", "--partition", "year"];
        let output = command(&folder, "tables", &options).output().expect("the program");
        assert_status(&output, 1);
        assert!(talk(&output).contains(name) && talk(&output).contains("link"), "{}", talk(&output));
        victims.iter().for_each(|path| assert_untouched(path));
        assert_eq!(names(&elsewhere), ["journal-0000", "year=1860"]);
        assert_eq!(names(&elsewhere.join("year=1860")), ["part-0.parquet"]);
        std::fs::remove_dir_all(&elsewhere).expect("a folder");
        std::fs::remove_dir_all(&out).expect("a folder");
    }
}

/// The output folder itself may be one.
#[test]
fn an_output_folder_may_be_a_link() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let there = folder.path().join("scratch");
    std::fs::create_dir(&there).expect("a folder");
    symlink(&there, folder.out()).expect("a link");
    assert_status(&grid(&folder, &[]), 0);
    assert_status(&grid(&folder, &[]), 0);
    assert!(folder.out().is_symlink() && content(&there).len() == 2);
}

/// A trace takes the place of another trace, and of nothing else.
#[test]
fn traces_replace_nothing() {
    let folder = run_of(&[(0, 40)], Folder::new());
    let victim = victim(folder.path().join("victim.json"));
    let dump = folder.dump((160, 230), 1);
    symlink(&victim, folder.path().join("link.json")).expect("a link");
    let bytes = std::fs::read(&dump).expect("a dump");
    let link = folder.path().join("link.json");
    for target in [&victim, &link, &dump, &folder.path().join("none/trace.json")] {
        assert_status(&grid(&folder, &["--trace", target.to_str().expect("UTF-8")]), 1);
        assert!(!folder.out().exists(), "before any work");
    }
    assert_untouched(&victim);
    assert!(link.is_symlink() && std::fs::read(&dump).expect("a dump") == bytes);
    let trace = folder.path().join("trace.json");
    for _ in 0..2 {
        assert_status(&grid(&folder, &["--fresh", "--trace", trace.to_str().expect("UTF-8")]), 0);
    }
}

/// All that writes a single file.
#[test]
fn pictures_and_pages_replace_links() {
    let folder = run_of(&[(0, 40)], Folder::new());
    assert_status(&grid(&folder, &[]), 0);
    let npp = folder.out().join(&names(&folder.out())[names(&folder.out()).len() - 2]);
    assert!(npp.to_string_lossy().contains("npp"), "{}", npp.display());
    let targets = ["map.png", "page.html", "gridloom.1"].map(|name| folder.path().join(name));
    for (number, target) in targets.iter().enumerate() {
        let victim = victim(folder.path().join(format!("victim-{number}")));
        symlink(victim, target).expect("a link");
    }
    let run = |arguments: &[&std::ffi::OsStr]| {
        let output = program::command().args(arguments).output().expect("the program");
        assert_status(&output, 0);
    };
    run(&[
        "plot".as_ref(),
        "map".as_ref(),
        npp.as_ref(),
        "--overwrite".as_ref(),
        "-o".as_ref(),
        targets[0].as_ref(),
    ]);
    run(&[
        "report".as_ref(),
        folder.out().as_ref(),
        "--overwrite".as_ref(),
        "-o".as_ref(),
        targets[1].as_ref(),
    ]);
    run(&["man".as_ref(), folder.path().as_ref()]);
    for (number, target) in targets.iter().enumerate() {
        assert_untouched(&folder.path().join(format!("victim-{number}")));
        let there = std::fs::symlink_metadata(target).expect("a file");
        assert!(there.is_file() && there.nlink() == 1 && there.len() > 100, "{}", target.display());
    }
    assert!(names(folder.path()).iter().filter(|name| name.ends_with(".1")).count() > 10);
}
