use std::os::unix::fs::symlink;

use super::*;

fn description(files: &[&str]) -> Description {
    let list: Vec<String> = files.iter().map(|text| format!("{text:?}")).collect();
    Description::from_toml(&format!("[source]\nfiles = [{}]", list.join(", "))).expect("a description")
}

fn listed(files: &Files) -> Vec<String> {
    files
        .files
        .iter()
        .map(|file| {
            file.name() + &file.fields().map(|(name, text)| format!(" {name}={text}")).collect::<String>()
        })
        .collect()
}

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, name).expect("a file");
    }
    folder
}

#[test]
fn files_are_listed_with_what_their_paths_tell() {
    let folder = folder(&[
        "run10/lai.out",
        "run2/lai.out",
        "run2/cmass.out.gz",
        "run2/lai.out.bak",
        "run2/.lai.out",
        "other/lai.out",
        "2001/3/a.txt",
    ]);
    let files = list(&description(&["run*/{variable}.out{,.gz}"]), folder.path()).expect("files");
    assert_eq!(
        listed(&files),
        ["run2/cmass.out.gz variable=cmass", "run2/lai.out variable=lai", "run10/lai.out variable=lai"]
    );
    assert_eq!((files.fault_count, files.bytes()), (0, 17 + 12 + 13));
    let files = list(&description(&["{year}/{job}/*.txt", "{year}/nothing"]), folder.path()).expect("files");
    assert_eq!(listed(&files), ["2001/3/a.txt year=2001 job=3"]);
    assert_eq!(
        (files.faults[0].file.as_str(), files.faults[0].kind),
        ("{year}/nothing", RecordFaultKind::NoFiles)
    );
    // A file is taken once, with what the first pattern says.
    let files = list(&description(&["**/{variable}.out", "run2/{name}.out"]), folder.path()).expect("files");
    assert_eq!(
        listed(&files),
        ["other/lai.out variable=lai", "run2/lai.out variable=lai", "run10/lai.out variable=lai"]
    );
    let absolute = folder.path().join("run2/*.gz").display().to_string();
    let files = list(&description(&[&absolute]), Path::new("/nowhere")).expect("files");
    assert_eq!(files.path(&files.files[0]), folder.path().join("run2/cmass.out.gz"));
    let error = list(&description(&["run3/*"]), folder.path()).expect_err("no file");
    assert!(
        error.in_full().contains("run3/*: no file has a name that the pattern fits"),
        "{}",
        error.in_full()
    );
}

#[test]
fn what_is_no_file_is_named() {
    let folder = folder(&["a/x.csv"]);
    let path = |name: &str| folder.path().join(name);
    symlink("../a", path("a/loop")).expect("a link");
    symlink("x.csv", path("a/link.csv")).expect("a link");
    symlink("nothing", path("a/dead.csv")).expect("a link");
    symlink("self.csv", path("a/self.csv")).expect("a link");
    std::fs::create_dir(path("a/folder.csv")).expect("a folder");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path("a/pipe.csv"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .expect("a pipe");
    let files = list(&description(&["a/*.csv"]), folder.path()).expect("files");
    assert_eq!(listed(&files), ["a/link.csv", "a/x.csv"]);
    let mut told: Vec<String> =
        files.faults.iter().map(|fault| format!("{}: {}", fault.file, fault.message)).collect();
    told.sort();
    assert!(told[0].starts_with("a/dead.csv: it is a link that leads to nothing"), "{told:?}");
    assert!(told[1].starts_with("a/pipe.csv: it is a named pipe"), "{told:?}");
    assert!(told[2].starts_with("a/self.csv: ") && told.len() == 3, "{told:?}");
    // Folders of any depth: the link back is not followed.
    assert_eq!(listed(&list(&description(&["**/x.csv"]), folder.path()).expect("files")), ["a/x.csv"]);
}

#[test]
fn a_folder_that_cannot_be_listed_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&["run1/a.out", "run2/a.out"]);
    let closed = folder.path().join("run2");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).expect("rights");
    let files = list(&description(&["run*/*.out"]), folder.path()).expect("files");
    // Who may do everything can list it.
    if std::fs::read_dir(&closed).is_err() {
        assert_eq!((listed(&files), files.faults[0].file.as_str()), (vec!["run1/a.out".to_owned()], "run2"));
    }
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("rights");
}

#[test]
fn folders_of_many_files_are_looked_at_by_several() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..1_500u32 {
        std::fs::write(folder.path().join(format!("{number}.txt")), number.to_string()).expect("a file");
    }
    symlink("nowhere", folder.path().join("77777.txt")).expect("a link");
    symlink("77.txt", folder.path().join("99999.txt")).expect("a link");
    std::fs::create_dir(folder.path().join("88888.txt")).expect("a folder");
    let files = list(&description(&["{number}.txt"]), folder.path()).expect("files");
    let numbers: Vec<u32> = (0..1_500).chain([99_999]).collect();
    let of = |file: &RecordFile| file.field("number").and_then(|text| text.parse::<u32>().ok());
    assert_eq!(files.files.iter().filter_map(of).collect::<Vec<_>>(), numbers);
    let bytes = |number: &u32| if *number == 99_999 { 2 } else { number.to_string().len() as u64 };
    assert_eq!(
        files.files.iter().map(|file| file.bytes).collect::<Vec<_>>(),
        numbers.iter().map(bytes).collect::<Vec<_>>()
    );
    assert_eq!((files.fault_count, files.faults[0].file.as_str()), (1, "77777.txt"));
}
