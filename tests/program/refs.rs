//! References: what readers of them get is what the files hold, and what has changed since is said.

use std::path::{Path, PathBuf};
use std::process::Command;

use gridloom_testkit::dumps::{self, Kind, Model, Variable};
use gridloom_testkit::files::{self, files_below, name};
use gridloom_testkit::{here, program};

fn gridloom(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program::command().args(arguments).output().expect("the program");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &program::talk(&output))
}

fn done(arguments: &[&str]) -> String {
    let (status, said) = gridloom(arguments);
    assert!(matches!(status, Some(0 | 3)), "{arguments:?}: {status:?} {said}");
    said
}

fn netcdf(out: &Path) -> Vec<PathBuf> {
    files_below(out, "").into_iter().filter(|path| path.extension().is_some_and(|it| it == "nc")).collect()
}

/// What the check says of references to files.
fn checked(python: &Path, references: &Path, files: Vec<PathBuf>) -> String {
    let arguments: Vec<PathBuf> = std::iter::once(references.to_owned()).chain(files).collect();
    here::script(python, "check_refs.py", &arguments)
}

#[test]
fn grids_are_one_data_set_whatever_their_chunks() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cases: [(&[&str], &str); 4] = [
        (&["--variables", "npp,photo,lai,csoil", "--chunk", "64,2,2", "--rows", "dimension"], "root 4"),
        (&["--variables", "npp,t*,w*,lai,ls"], "root 6"),
        (
            &["--variables", "npp,photo", "--every", "month", "--stat", "mean,max"],
            "monthly_maximum monthly_mean 4",
        ),
        (&["--variables", "ls", "--no-compress", "--chunk", "1000,1,1"], "root 1"),
    ];
    for (index, (options, expected)) in cases.into_iter().enumerate() {
        let out = folder.path().join(format!("out{index}"));
        done(&[&["grid", name(&files::sample()), "-o", name(&out), "-q"], options].concat());
        for ending in ["json", "parquet"] {
            let references = folder.path().join(format!("refs{index}.{ending}"));
            done(&["refs", name(&out), "-o", name(&references)]);
            let said = checked(&python, &references, netcdf(&out));
            assert_eq!(said, expected, "{options:?}");
        }
        let table = folder.path().join(format!("places{index}.{}", ["parquet", "feather"][index % 2]));
        done(&["refs", name(&out), "--places", name(&table)]);
        let mut files = vec![PathBuf::from("-")];
        files.extend(netcdf(&out.canonicalize().expect("a folder")));
        assert_ne!(checked(&python, &table, files), "0");
    }
}

#[test]
fn the_series_of_an_archive_are_arrays_over_cells_and_time() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("run.nc");
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(3)),
        Variable::new("ls", Kind::I16, None),
    ];
    let model =
        Model { value: dumps::mixed(9), ..Model::new(&dumps::five_rows(), &[(0, 40), (40, 50)], variables) };
    let made = model.write();
    done(&["cells", "write", name(&made.run()), "-o", name(&archive), "-q", "--chunk", "512"]);
    let references = folder.path().join("refs.json");
    done(&["refs", name(&archive), "-o", name(&references)]);
    let cells = dumps::five_rows().len();
    assert_eq!(checked(&python, &references, vec![archive.clone()]), format!("1 {}", cells * 3));
    // Cells of other days are groups of their own.
    let archive = folder.path().join("sample.nc");
    done(&["cells", "write", name(&files::sample()), "-o", name(&archive), "-q"]);
    let references = folder.path().join("sample.parquet");
    let said = done(&["refs", name(&archive), "-o", name(&references)]);
    assert!(said.contains("group cells_3: 36 variables"), "{said}");
    assert_eq!(checked(&python, &references, vec![archive]), "3 432");
}

#[test]
fn a_base_stands_before_the_names_of_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    done(&["grid", name(&files::sample()), "-o", name(&out), "-q", "--variables", "npp"]);
    let location = |base: &[&str]| {
        let references = folder.path().join("refs.json");
        done(&[&["refs", name(&out), "-o", name(&references)], base].concat());
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(references).expect("references")).expect("JSON");
        json["refs"]["npp/0.0.0"][0].as_str().expect("an address").to_owned()
    };
    let file = "npp_sample_run_19790101_19810930.nc";
    assert_eq!(location(&["--base", "https://host/maps/"]), format!("https://host/maps/{file}"));
    assert_eq!(location(&["--base", ""]), file);
    let own = out.canonicalize().expect("a folder").join(file);
    assert_eq!(location(&[]), format!("file://{}", own.display()));
    // Names alone are found from where the files are.
    let Some(python) = here::python() else { return };
    let script = "import sys, warnings, xarray; print(xarray.open_dataset(sys.argv[1], engine='kerchunk').npp.count().values)";
    location(&["--base", ""]);
    let mut command = Command::new(python);
    command.current_dir(&out).args(["-c", script]).arg(folder.path().join("refs.json"));
    let output = command.output().expect("python");
    let count = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(count.parse::<u64>().is_ok_and(|count| count > 1000), "{count} {}", program::talk(&output));
}

#[test]
fn files_that_changed_since_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    done(&["grid", name(&files::sample()), "-o", name(&out), "-q", "--variables", "npp,photo"]);
    for ending in ["json", "parquet"] {
        let references = folder.path().join(format!("refs.{ending}"));
        done(&["refs", name(&out), "-o", name(&references)]);
        let check = || gridloom(&["refs", name(&out), "--check", name(&references)]);
        assert_eq!(check().0, Some(0));
        let npp = out.join("npp_sample_run_19790101_19810930.nc");
        let sound = std::fs::read(&npp).expect("a file");
        // A copy is as good.
        std::fs::write(&npp, &sound).expect("a file");
        assert_eq!(check().0, Some(0));
        let mut changed = sound.clone();
        changed[100] ^= 1;
        std::fs::write(&npp, changed).expect("a file");
        let (status, said) = check();
        assert!(
            status == Some(4) && said.contains("npp_sample_run_19790101_19810930.nc was changed since"),
            "{said}"
        );
        std::fs::remove_file(&npp).expect("a file");
        let (status, said) = check();
        assert!(status == Some(4) && said.contains("is gone"), "{said}");
        std::fs::write(&npp, &sound).expect("a file");
    }
    let (status, said) = gridloom(&["refs", name(&out), "--check", name(&out.join("report.json"))]);
    assert!(status == Some(1) && said.contains("does not hold references"), "{said}");
}

#[test]
fn nothing_of_others_is_replaced_and_nothing_odd_referred_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let path = |name: &str| folder.path().join(name);
    done(&["grid", name(&files::sample()), "-o", name(&out), "-q", "--variables", "npp"]);
    std::fs::write(path("mine.json"), b"{\"dear\": 1}").expect("a file");
    std::fs::create_dir(path("mine.parquet")).expect("a folder");
    std::fs::write(path("mine.parquet/dear"), b"1").expect("a file");
    for (file, status) in [("mine.json", 2), ("mine.parquet", 1), ("refs.txt", 2), ("nowhere/refs.json", 1)] {
        let (found, said) = gridloom(&["refs", name(&out), "-o", name(&path(file))]);
        assert_eq!(found, Some(status), "{file}: {said}");
    }
    assert_eq!(std::fs::read(path("mine.json")).expect("a file"), b"{\"dear\": 1}");
    assert_eq!(std::fs::read(path("mine.parquet/dear")).expect("a file"), b"1");
    for (source, words) in
        [(folder.path().join("mine.parquet"), "neither grids nor series"), (path("none"), "No such file")]
    {
        let (found, said) = gridloom(&["refs", name(&source), "-o", name(&path("refs.json"))]);
        assert!(matches!(found, Some(1 | 2)) && said.contains(words), "{said}");
    }
    // Damaged files end in an error, and references that were there stay.
    done(&["refs", name(&out), "-o", name(&path("refs.json"))]);
    let before = std::fs::read(path("refs.json")).expect("references");
    let file = out.join("npp_sample_run_19790101_19810930.nc");
    let sound = std::fs::read(&file).expect("a file");
    for cut in [0, 100, 3000, sound.len() / 2] {
        std::fs::write(&file, &sound[..cut]).expect("a file");
        let (status, said) = gridloom(&["refs", name(&out), "-o", name(&path("refs.json"))]);
        assert!(matches!(status, Some(1 | 2)), "{cut}: {status:?} {said}");
    }
    assert_eq!(std::fs::read(path("refs.json")).expect("references"), before);
}
