//! Layouts: the same values for series and for maps, the same bytes whatever the memory and the threads, and proved.

use std::path::Path;
use std::process::Command;

use gridloom_testkit::{files, program};

/// Makes grids of 40 days of the whole globe, across the end of a period.
fn grid(out: &Path, options: &str) {
    let mut command = program::command();
    command.arg("grid").arg(files::sample()).arg("-o").arg(out).args(options.split(' '));
    command.args([
        "-q",
        "--variables",
        "npp,csoil_2",
        "--bbox=90,-90,-180,180",
        "--from",
        "1980-12-20",
        "--to",
        "1981-01-28",
    ]);
    program::assert_done(&command.output().expect("the program"));
}

fn read(path: &Path) -> (Vec<usize>, Vec<u8>) {
    let file = netcdf::open(path).expect("a file");
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let name = if name.starts_with("npp") { "npp" } else { "csoil_2" };
    let variable = file.variable(name).expect("a variable");
    let chunk = variable.chunking().expect("chunks").unwrap_or_default();
    let mut bytes = vec![0; 40 * 360 * 720 * 4];
    variable.get_raw_values_into(&mut bytes, ..).expect("values");
    (chunk, bytes)
}

#[test]
fn layouts_hold_the_same_values_and_are_proved() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let out = |name: &str| folder.path().join(name);
    grid(&out("both"), "--layout both --threads 1 --memory 1GiB");
    grid(&out("again"), "--layout both --threads 2 --memory 256MiB");
    grid(&out("map"), "--layout map --threads 2 --memory 1GiB");
    grid(&out("series"), "--layout series --threads 2 --memory 1GiB");
    let both = files::files_below(&out("both"), "");
    let grids: Vec<_> =
        both.iter().filter(|path| path.extension().is_some_and(|kind| kind == "nc")).collect();
    let names: Vec<&str> = grids
        .iter()
        .map(|path| files::name(path))
        .map(|name| name.rsplit('/').next().unwrap_or_default())
        .collect();
    let of = |variable: &str, end: &str| format!("{variable}_sample_run_19801220_19810128{end}.nc");
    for variable in ["npp", "csoil_2"] {
        for end in ["", "_map"] {
            assert!(names.contains(&of(variable, end).as_str()), "{names:?}");
            let [one, again] = ["both", "again"]
                .map(|name| std::fs::read(out(name).join(of(variable, end))).expect("a file"));
            assert!(one == again, "{variable}{end} has other bytes with other threads and memory");
        }
        let (series, values) = read(&out("both").join(of(variable, "")));
        let (map, of_map) = read(&out("both").join(of(variable, "_map")));
        assert_eq!((series, map), (vec![64, 16, 16], vec![4, 360, 720]));
        assert!(values == of_map, "{variable}: maps hold other values than series");
        assert!(
            values.as_chunks::<4>().0.iter().any(|value| f32::from_le_bytes(*value) < 1e19),
            "no value at all"
        );
        let (map, of_map) = read(&out("map").join(of(variable, "")));
        assert!(map == [4, 360, 720] && values == of_map, "{variable}: {map:?}");
        let (series, of_series) = read(&out("series").join(of(variable, "")));
        assert!(series == [64, 16, 16] && values == of_series, "{variable}: {series:?}");
    }
    for name in ["both", "map"] {
        let mut verify = Command::new(program::path());
        verify.arg("verify").arg("-q").arg(files::sample()).arg(out(name));
        let output = verify.output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", program::talk(&output));
    }
    // What stands at one place only in the file of maps is found.
    let path = out("both").join(of("npp", "_map"));
    let mut file = netcdf::append(&path).expect("a file");
    let mut variable = file.variable_mut("npp").expect("a variable");
    variable.put_value(1.0f32, [39, 359, 719]).expect("a value");
    file.close().expect("closed");
    let mut verify = Command::new(program::path());
    verify.arg("verify").arg("-q").arg(files::sample()).arg(out("both"));
    let output = verify.output().expect("the program");
    assert_eq!(output.status.code(), Some(4), "{}", program::talk(&output));
}
