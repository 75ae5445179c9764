//! All of a folder: what is there and was not looked at is named, and the exit status tells.

use gridloom_testkit::files;

use super::{assert_equal, file_of, made, name, program, sample, talk, verified};

#[test]
fn what_nobody_knows_is_named_and_is_not_proven() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    made("grid", out, &["--variables", "npp"]);
    assert_equal(out);
    std::fs::write(out.join("notes.txt"), "mine").expect("a file");
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 3, "{talk}");
    assert!(talk.contains("not looked at: notes.txt: report.json does not name it"), "{talk}");
    assert!(talk.contains("0 differ, 1 not looked at"), "{talk}");
    // A difference weighs more.
    let file = file_of(out, "npp_");
    let half = std::fs::read(&file).expect("a file");
    std::fs::write(&file, &half[..half.len() / 2]).expect("a file");
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 4, "{talk}");
    assert!(talk.contains("npp_") && talk.contains("not looked at: notes.txt"), "{talk}");
}

#[test]
fn a_report_and_its_files_belong_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    made("grid", out, &["--variables", "npp,lai", "--every", "year", "--stat", "mean"]);
    let report = std::fs::read_to_string(out.join("report.json")).expect("a report");
    let lai = file_of(out, "lai_");
    let named = lai.file_name().expect("a name").to_string_lossy().into_owned();
    for (changed, wanted) in [
        (report.replace(&named, "other.nc"), named.as_str()),
        (report[..report.len() / 2].to_owned(), "report.json"),
    ] {
        std::fs::write(out.join("report.json"), changed).expect("a report");
        let (status, talk) = verified(out, &[]);
        assert_eq!(status, 4, "{talk}");
        assert!(talk.contains(wanted), "{talk}");
    }
    std::fs::write(out.join("report.json"), &report).expect("a report");
    std::fs::remove_file(&lai).expect("a file");
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 4, "{talk}");
    assert!(talk.contains(&named) && talk.contains("no such file"), "{talk}");
}

#[test]
fn one_pass_of_everything_is_proven() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, out) = (folder.path().join("c.toml"), folder.path().join("out"));
    let text = "[grid]\nvariables = ['npp', 'csoil*']\nrows = 'dimension'\n[tables]\ntables = ['daily', 'region', 'annual', 'biomass']\n\
        every = 'season'\n[[aggregates]]\nevery = 'month'\nstat = 'mean'\n[[aggregates]]\nevery = 'year'\nstat = 'sum'\n\
        [attributes]\ninstitution = 'Here'\n";
    std::fs::write(&config, text).expect("a configuration");
    let run = sample();
    let output = program("run", &[name(&run), "-o", name(&out), "--config", name(&config), "--quiet"]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert_equal(&out);
}

#[test]
fn archives_are_proven_by_the_same_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let (run, archive) = (sample(), folder.path().join("sample.nc"));
    let output = program("cells", &["write", name(&run), "-o", name(&archive), "--quiet"]);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", talk(&output));
    assert_equal(&archive);
    assert_equal(folder.path());
    let mut bytes = std::fs::read(&archive).expect("an archive");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&archive, bytes).expect("an archive");
    let (status, talk) = verified(&archive, &[]);
    assert_eq!(status, 4, "{talk}");
}

#[test]
fn tables_of_grids_are_proven_by_the_grids() {
    let folder = tempfile::tempdir().expect("a folder");
    let (grids, out) = (folder.path().join("grids"), folder.path().join("out"));
    made("grid", &grids, &["--variables", "npp,csoil_2"]);
    let files = files::files_below(&grids, "").into_iter().filter(|path| name(path).ends_with(".nc"));
    let files: Vec<String> = files.map(|path| name(&path).to_owned()).collect();
    let mut arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let tables = ["-o", name(&out), "--tables", "daily,region,stats", "--quiet"];
    arguments.extend(tables);
    let output = program("tables", &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let output = program("verify", &[name(&grids), name(&out)]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let npp = file_of(&grids, "npp_");
    files::change_netcdf(&npp, |file| {
        file.variable_mut("npp").expect("the data").put_value(7f32, [100, 0, 0])
    });
    let output = program("verify", &[name(&grids), name(&out)]);
    assert_eq!(output.status.code(), Some(4), "{}", talk(&output));
    let (run, out) = (sample(), name(&out).to_owned());
    let output = program("verify", &[name(&run), &out]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("was made of grids"), "{}", talk(&output));
}
