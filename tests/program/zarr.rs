//! Stores of Zarr: read as the NetCDF files of the same grids are, the same bytes always, whole, proved, and safe to look into.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable};
use gridloom_testkit::files::{self, assert_same, bytes, files_below, name, names};
use gridloom_testkit::{here, program};

/// Runs the program; its status and what it said.
pub(super) fn gridloom(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program::command().args(arguments).output().expect("the program");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &program::talk(&output))
}

pub(super) fn grid(run: &Path, out: &Path, options: &[&str]) {
    let (status, said) = gridloom(&[&["grid", name(run), "-o", name(out), "-q"], options].concat());
    assert!(matches!(status, Some(0 | 3)), "{options:?}: {status:?} {said}");
}

/// The store in a folder.
fn store(out: &Path, begin: &str) -> PathBuf {
    let is_it = |name: &String| name.starts_with(begin) && name.ends_with(".zarr");
    out.join(names(out).into_iter().find(is_it).expect("a store"))
}

/// Cells in four tiles, periods that share chunks.
pub(super) fn model(periods: &[(i64, i64)]) -> Model {
    let cells: Vec<dumps::Cell> = (0..36).map(|cell| (160 + cell / 6, 230 + cell % 6)).collect();
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(3)),
        Variable::new("ls", Kind::I16, None),
        Variable::new("lai", Kind::U8, None),
    ];
    Model { value: dumps::mixed(3), ..Model::new(&cells, periods, variables) }
}

pub(super) const PERIODS: [(i64, i64); 3] = [(0, 40), (40, 50), (90, 30)];
pub(super) const SMALL: [&str; 4] = ["--chunk", "16,3,4", "--rows", "dimension"];

#[test]
fn others_read_a_store_as_they_read_netcdf() {
    let Some(python) = here::python() else { return };
    let folder = model(&PERIODS).write();
    let cases: [(&Path, &[&str], usize); 5] = [
        (&files::sample(), &[], 56),
        (&files::sample(), &["--no-compress", "--variables", "npp,csoil", "--chunk", "100,2,4"], 5),
        (&folder.run(), &SMALL, 4),
        (&folder.run(), &["--deflate", "9"], 6),
        (&files::sample(), &["--every", "month", "--stat", "mean", "--variables", "npp,tsoil,csoil"], 6),
    ];
    for (index, (run, options, count)) in cases.into_iter().enumerate() {
        let outs = ["zarr", "netcdf"].map(|form| {
            let out = folder.path().join(format!("{form}{index}"));
            grid(run, &out, &[options, &["--format", form]].concat());
            out
        });
        let of_netcdf = files_below(&outs[1], "")
            .into_iter()
            .filter(|path| path.extension().is_some_and(|it| it == "nc"));
        let mut arguments = vec![store(&outs[0], "")];
        arguments.extend(of_netcdf);
        assert_eq!(here::script(&python, "check_zarr.py", &arguments), count.to_string(), "{options:?}");
    }
}

#[test]
fn a_store_is_the_same_for_threads_memory_shards_and_growth() {
    let folder = model(&PERIODS).write();
    let (run, zarr) = (folder.run(), [&["--format", "zarr"], &SMALL[..]].concat());
    let made = |name: &str, options: &[&str]| {
        let out = folder.path().join(name);
        grid(&run, &out, &[&zarr[..], options].concat());
        bytes(&out)
    };
    let first = made("first", &["--threads", "1"]);
    assert!(first.keys().any(|name| name.ends_with("npp/c/0/0/0")));
    assert_same(&made("more", &["--threads", "5"]), &first);
    assert_same(&made("little", &["--threads", "2", "--memory", "64MiB"]), &first);
    let out = folder.path().join("shards");
    for shard in ["0/2", "1/2"] {
        grid(&run, &out, &[&zarr[..], &["--shard", shard]].concat());
        assert!(!names(&out).iter().any(|name| name.ends_with(".zarr")), "a part of a store is none");
    }
    assert_eq!(gridloom(&["publish", name(&out), "-q"]).0, Some(0));
    assert_same(&bytes(&out), &first);
    // Beside NetCDF, whichever is named first, both are as they are by themselves.
    let of_netcdf = folder.path().join("netcdf");
    grid(&run, &of_netcdf, &SMALL);
    let both = first.into_iter().chain(bytes(&of_netcdf)).collect();
    for formats in ["netcdf,zarr", "zarr,netcdf"] {
        let out = folder.path().join(formats);
        grid(&run, &out, &[&["--format", formats], &SMALL[..]].concat());
        assert_same(&bytes(&out), &both);
        let (status, said) = gridloom(&["verify", name(&run), name(&out)]);
        assert!(status == Some(0) && said.contains("5 files"), "{said}");
    }
    // A store beside files that are there reads no dump.
    let out = folder.path().join("beside");
    grid(&run, &out, &SMALL);
    grid(&run, &out, &[&["--format", "netcdf,zarr"], &SMALL[..]].concat());
    assert_same(&bytes(&out), &both);
    let report = files::report(&out);
    assert!(report["units"]["found"] == report["units"]["total"], "{}", report["units"]);
    let out = folder.path().join("without");
    let options = ["--format", "zarr,netcdf", "--no-checksum"];
    grid(&run, &out, &[&options, &SMALL[..]].concat());
    let is_zarr = |(name, _): &(&PathBuf, &Vec<u8>)| {
        name.starts_with(store(&out, "daily").file_name().expect("a name"))
    };
    let without = bytes(&out);
    assert!(without.iter().filter(is_zarr).all(|(name, bytes)| both.get(name) == Some(bytes)));
    let first = both.iter().filter(is_zarr).map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
    // Days that came later.
    let early = model(&PERIODS[..2]).write();
    let out = early.path().join("out");
    grid(&early.run(), &out, &zarr);
    let grown = model(&PERIODS).write_to(early);
    grid(&grown.run(), &out, &zarr);
    assert_eq!(names(&out).into_iter().filter(|name| name.ends_with(".zarr")).count(), 1);
    assert_same(&bytes(&out), &first);
    let (status, said) = gridloom(&["verify", name(&grown.run()), name(&out)]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = gridloom(&["status", name(&out)]);
    assert!(status == Some(0) && said.contains("1 of 1 published"), "{said}");
}

#[test]
fn a_store_is_whole_or_absent_whenever_the_program_dies() {
    let folder = model(&PERIODS).write();
    let run = folder.run();
    let zarr = [&["--format", "zarr"], &SMALL[..]].concat();
    let reference = folder.path().join("reference");
    grid(&run, &reference, &zarr);
    let reference = bytes(&reference);
    for milliseconds in (0..60).step_by(4) {
        let out = folder.path().join(format!("killed{milliseconds}"));
        let mut command = std::process::Command::new(program::path());
        command.arg("grid").arg(&run).arg("-o").arg(&out).args(&zarr).args(["-q", "--threads", "2"]);
        let mut child = command.env("SOURCE_DATE_EPOCH", "1700000000").spawn().expect("the program");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("a kill");
        child.wait().expect("an end");
        // What has its name is all of it.
        if names(&out).iter().any(|name| name.ends_with(".zarr")) {
            let found = files_below(&store(&out, ""), "");
            assert_eq!(found.len(), reference.len(), "after {milliseconds} ms");
        }
        grid(&run, &out, &zarr);
        assert_same(&bytes(&out), &reference);
        assert!(!names(&out).iter().any(|name| name.ends_with(".part")), "{:?}", names(&out));
    }
}

/// What `verify` says after a change of a file, which is mended again.
pub(super) fn said_of(
    folder: &Folder,
    out: &Path,
    path: &Path,
    change: impl Fn(&mut Vec<u8>),
) -> (Option<i32>, String) {
    let sound = std::fs::read(path).expect("a file");
    let mut changed = sound.clone();
    change(&mut changed);
    std::fs::write(path, changed).expect("a file");
    let said = gridloom(&["verify", name(&folder.run()), name(out), "-q"]);
    std::fs::write(path, sound).expect("a file");
    said
}

#[test]
fn verify_finds_whatever_is_changed_in_a_store() {
    let folder = model(&PERIODS).write();
    let out = folder.path().join("out");
    grid(&folder.run(), &out, &[&["--format", "zarr", "--variables", "npp,csoil"], &SMALL[..]].concat());
    let store = store(&out, "daily");
    assert_eq!(gridloom(&["verify", name(&folder.run()), name(&out), "-q"]).0, Some(0));
    for path in files_below(&store, "") {
        let length = std::fs::metadata(&path).expect("a file").len() as usize;
        for place in [0, length / 3, length / 2, length - 1] {
            let (status, said) = said_of(&folder, &out, &path, |bytes| bytes[place] ^= 1);
            // A bracket or a letter of a name may still be JSON, but not the same.
            assert!(matches!(status, Some(4)), "{} at {place}: {status:?} {said}", path.display());
        }
        let (status, _) = said_of(&folder, &out, &path, |bytes| bytes.truncate(length / 2));
        assert_eq!(status, Some(4), "{} cut", path.display());
        std::fs::rename(&path, folder.path().join("aside")).expect("a file");
        let (status, _) = gridloom(&["verify", name(&folder.run()), name(&out), "-q"]);
        std::fs::rename(folder.path().join("aside"), &path).expect("a file");
        assert_eq!(status, Some(4), "without {}", path.display());
    }
    // A store of intervals is proved as well.
    let monthly = folder.path().join("monthly");
    let every = ["--format", "zarr", "--variables", "npp", "--every", "month", "--stat", "mean,max"];
    grid(&folder.run(), &monthly, &every);
    for path in files_below(&self::store(&monthly, "month_max"), "") {
        let (status, said) = said_of(&folder, &monthly, &path, |bytes| bytes[0] ^= 1);
        assert_eq!(status, Some(4), "{}: {said}", path.display());
    }
    // An array that nobody asked for, named by the group or not.
    files::copy(&store.join("npp"), &store.join("other"));
    let (status, said) = gridloom(&["verify", name(&folder.run()), name(&out)]);
    assert!(status == Some(4) && said.contains("other"), "{said}");
    let group = std::fs::read_to_string(store.join("zarr.json")).expect("a group");
    let array = std::fs::read_to_string(store.join("npp/zarr.json")).expect("an array");
    let with = group.replacen("\"metadata\": {", &format!("\"metadata\": {{ \"other\": {array},"), 1);
    assert_ne!(with, group);
    std::fs::write(store.join("zarr.json"), with).expect("a group");
    let (status, said) = gridloom(&["verify", name(&folder.run()), name(&out)]);
    assert!(status == Some(4) && said.contains("no variable \"other\""), "{said}");
}

#[test]
fn a_store_that_others_changed_is_safe_to_look_into_and_made_again() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.path().join("out");
    let options = ["--format", "zarr", "--variables", "npp"];
    grid(&folder.run(), &out, &options);
    let (store, sound) = (store(&out, "daily"), bytes(&out));
    let array = store.join("npp/zarr.json");
    let shapes = [
        ("\"chunk_shape\": [", "\"chunk_shape\": [ 99999999999,"),
        ("\"shape\": [", "\"shape\": [ 18446744073709551615,"),
    ];
    for (from, to) in shapes {
        let change =
            |bytes: &mut Vec<u8>| *bytes = String::from_utf8_lossy(bytes).replace(from, to).into_bytes();
        // The group says the same, so that it is believed.
        let group = std::fs::read(store.join("zarr.json")).expect("a group");
        let mut other = group.clone();
        change(&mut other);
        std::fs::write(store.join("zarr.json"), other).expect("a group");
        let (status, said) = said_of(&folder, &out, &array, change);
        std::fs::write(store.join("zarr.json"), group).expect("a group");
        assert_eq!(status, Some(4), "{to}: {said}");
    }
    std::fs::remove_dir_all(store.join("npp/c")).expect("a folder");
    std::os::unix::fs::symlink("/dev", store.join("npp/c")).expect("a link");
    let (status, said) = gridloom(&["verify", name(&folder.run()), name(&out), "-q"]);
    assert_eq!(status, Some(4), "{said}");
    // It is not gridloom's any more; without what somebody has put there it is, and made anew.
    let (status, said) =
        gridloom(&[&["grid", name(&folder.run()), "-o", name(&out), "-q"], &options[..]].concat());
    assert!(status == Some(1) && said.contains("did not make"), "{said}");
    std::fs::remove_file(store.join("npp/c")).expect("a link");
    grid(&folder.run(), &out, &options);
    assert_same(&bytes(&out), &sound);
    assert!(Path::new("/dev/null").exists());
}

#[test]
fn what_makes_nothing_of_stores_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for formats in ["zarr", "netcdf,zarr"] {
        let out = path(formats);
        grid(&files::sample(), &out, &["--format", formats, "--variables", "npp"]);
        let page = path("page.html");
        let (status, said) = gridloom(&["report", name(&out), "-o", name(&page)]);
        let has_netcdf = formats != "zarr";
        assert_eq!(status, Some(if has_netcdf { 0 } else { 3 }), "{said}");
        assert_eq!(said.contains("not stores of Zarr"), !has_netcdf, "{said}");
        let map = ["plot", "map", name(&out), "--variable", "npp", "-o"];
        let (status, said) = gridloom(&[&map[..], &[name(&path("map.png"))]].concat());
        assert_eq!(status, Some(if has_netcdf { 0 } else { 2 }), "{said}");
        assert_eq!(said.contains("not stores of Zarr"), !has_netcdf, "{said}");
    }
    let (status, said) = gridloom(&["refs", name(&path("zarr")), "-o", name(&path("refs.json"))]);
    assert!(status == Some(2) && said.contains("neither grids nor series"), "{said}");
}
