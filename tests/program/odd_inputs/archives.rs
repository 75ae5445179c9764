//! An archive knows its run: another one's cells come into it only if that is asked for.

use std::path::Path;

use gridloom_testkit::dumps;

use super::{CELLS, Folder, Model, model, within};

/// A run, and the archive of its first cell.
fn begun() -> (Model, Folder) {
    let model = model(&[(0, 400), (400, 400)]);
    let folder = model.write();
    let (status, text) = within(folder.path(), "cells write {}/made_up -o {}/run.nc --cells 160-230");
    assert_eq!(status, Some(0), "{text}");
    (model, folder)
}

/// Another run: the same cells and periods, other values.
fn write_other(model: &Model, folder: &Folder) {
    let other = Model { value: dumps::mixed(5), ..model.clone() }.write();
    rename(&other.run(), &folder.path().join("other"));
}

fn rename(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").args([from, to]).status().expect("cp");
    assert!(status.success());
}

#[test]
fn another_run_is_refused_and_the_archive_stays() {
    let (model, folder) = begun();
    write_other(&model, &folder);
    let before = std::fs::read(folder.path().join("run.nc")).expect("an archive");
    for command in ["cells append {}/other {}/run.nc", "cells replace {}/other {}/run.nc --cells 160-231"] {
        let (status, text) = within(folder.path(), command);
        assert_eq!(status, Some(2), "{text}");
        assert!(
            text.contains("is not the run that")
                && text.contains("none of 2 dumps that both have is the same"),
            "{text}"
        );
        assert!(text.contains("--other-run"), "{text}");
        assert!(before == std::fs::read(folder.path().join("run.nc")).expect("an archive"));
    }
    let (status, text) = within(folder.path(), "cells append {}/other {}/run.nc --other-run");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(cells(&folder), 3);
}

fn cells(folder: &Folder) -> usize {
    let (_, text) = within(folder.path(), "cells list {}/run.nc --json");
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    list["cells"].as_array().map_or(0, Vec::len)
}

#[test]
fn the_same_run_is_known_wherever_it_is() {
    let (_, folder) = begun();
    rename(&folder.run(), &folder.path().join("moved"));
    let (status, text) = within(folder.path(), "cells append {}/moved {}/run.nc");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(cells(&folder), 3);
    // What changed since is no other run, as long as something is the same.
    let model = Model { value: dumps::mixed(9), ..model(&[(0, 400), (400, 400)]) };
    let dump = model.dumps.iter().find(|dump| dump.cell == CELLS[0] && dump.period == 2).expect("a dump");
    folder.put(dump, &model.entries(dump));
    let (status, text) = within(folder.path(), "cells append {}/made_up {}/run.nc");
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = within(folder.path(), "cells replace {}/made_up {}/run.nc --cells 160-230");
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn without_a_dump_in_common_state_folders_and_then_names_tell() {
    for (states, name, status) in [
        ("state_files_a1", "moved", 0),
        ("state_files_b2", "made_up", 2),
        ("", "made_up", 0),
        ("", "moved", 2),
    ] {
        let model = model(&[(0, 400), (400, 400)]);
        let folder = model.write();
        std::fs::create_dir(folder.run().join("state_files_a1")).expect("a folder");
        let (written, text) = within(folder.path(), "cells write {}/made_up -o {}/run.nc --cells 160-230");
        assert_eq!(written, Some(0), "{text}");
        // The archived cell's dumps are gone since.
        std::fs::remove_dir_all(folder.run().join("grd_160-230")).expect("a folder");
        std::fs::remove_dir_all(folder.run().join("state_files_a1")).expect("a folder");
        if !states.is_empty() {
            std::fs::create_dir(folder.run().join(states)).expect("a folder");
        }
        if name != "made_up" {
            std::fs::rename(folder.run(), folder.path().join(name)).expect("a name");
        }
        let (found, text) = within(folder.path(), &format!("cells append {{}}/{name} {{}}/run.nc"));
        assert_eq!(found, Some(status), "{states} {name}: {text}");
        let is_told = text.contains("note: the archive and the run have no dump in common");
        assert_eq!(is_told, (states, name) == ("", "made_up"), "{text}");
    }
}

#[test]
fn all_cells_of_an_archive_may_be_made_anew_of_a_rerun() {
    let (model, folder) = begun();
    std::fs::remove_dir_all(folder.run()).expect("a folder");
    let again = Model { value: dumps::mixed(5), ..model }.write();
    rename(&again.run(), &folder.run());
    let (status, text) = within(folder.path(), "cells replace {}/made_up {}/run.nc --cells 160-230");
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = within(folder.path(), "cells append {}/made_up {}/run.nc");
    assert_eq!((status, cells(&folder)), (Some(0), 3), "{text}");
}
