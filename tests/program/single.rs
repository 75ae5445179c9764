//! All variables in one NetCDF file: the values and words of the files a variable, the same bytes always, proved, and read wherever those are.

use std::path::{Path, PathBuf};
use std::process::Command;

use gridloom_testkit::files::{self, assert_same, bytes, files_below, name, names};
use gridloom_testkit::here;

use super::zarr::{PERIODS, SMALL, grid, gridloom, model, said_of};

fn single(out: &Path, begin: &str) -> PathBuf {
    let is_it = |name: &String| name.starts_with(begin) && name.ends_with(".nc");
    out.join(names(out).into_iter().find(is_it).expect("a file"))
}

#[test]
fn others_read_one_file_as_they_read_those_of_each_variable() {
    let Some(python) = here::python() else { return };
    let folder = model(&PERIODS).write();
    let cases: [(&Path, &[&str], usize); 5] = [
        (&files::sample(), &[], 56),
        (&files::sample(), &["--no-compress", "--variables", "npp,csoil", "--chunk", "100,2,4"], 5),
        (&folder.run(), &SMALL, 4),
        (&folder.run(), &["--layout", "map"], 6),
        (&files::sample(), &["--every", "month", "--stat", "mean", "--variables", "npp,tsoil,csoil"], 6),
    ];
    for (index, (run, options, count)) in cases.into_iter().enumerate() {
        let outs = ["single", "each"].map(|kind| folder.path().join(format!("{kind}{index}")));
        grid(run, &outs[0], &[options, &["--single"]].concat());
        grid(run, &outs[1], options);
        let mut arguments = vec![single(&outs[0], "")];
        arguments.extend(
            files_below(&outs[1], "")
                .into_iter()
                .filter(|path| path.extension().is_some_and(|it| it == "nc")),
        );
        assert_eq!(here::script(&python, "check_single.py", &arguments), count.to_string(), "{options:?}");
        if !options.contains(&"--no-compress") {
            here::script(&python, "check_packing.py", &[&outs[0]]);
        }
    }
    if here::on_path("cdo") {
        let (own, npp) =
            (single(&folder.path().join("single0"), ""), single(&folder.path().join("each0"), "npp_"));
        let of = |arguments: &[&str]| {
            let output = Command::new("cdo").arg("-s").args(arguments).output().expect("cdo");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && said.trim().is_empty(), "{arguments:?}: {said}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert_eq!(of(&["showname", name(&own)]).split_whitespace().count(), 56);
        let sum = |path: &Path| of(&["outputkey,date,value", "-fldsum", "-selname,npp", name(path)]);
        assert_eq!(sum(&own), sum(&npp));
    }
}

#[test]
fn one_file_is_the_same_for_threads_memory_shards_and_growth() {
    let folder = model(&PERIODS).write();
    let run = folder.run();
    let options = [&["--single", "--layout", "both"], &SMALL[2..]].concat();
    let made = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        grid(&run, &out, &[&options[..], more].concat());
        bytes(&out)
    };
    let first = made("first", &["--threads", "1"]);
    assert_eq!(first.keys().filter(|name| name.extension().is_some_and(|it| it == "nc")).count(), 2);
    assert_same(&made("more", &["--threads", "5"]), &first);
    assert_same(&made("little", &["--threads", "2", "--memory", "64MiB"]), &first);
    let out = folder.path().join("shards");
    for shard in ["0/2", "1/2"] {
        grid(&run, &out, &[&options[..], &["--shard", shard]].concat());
        assert!(!names(&out).iter().any(|name| name.ends_with(".nc")), "a part of a file is none");
    }
    assert_eq!(gridloom(&["publish", name(&out), "-q"]).0, Some(0));
    assert_same(&bytes(&out), &first);
    // Files of each variable would be left over.
    let out = folder.path().join("other");
    grid(&run, &out, &options[1..]);
    let (status, said) = gridloom(&[&["grid", name(&run), "-o", name(&out), "-q"], &options[..]].concat());
    assert!(status == Some(2) && said.contains("other settings"), "{said}");
    // Days that came later.
    let early = model(&PERIODS[..2]).write();
    let out = early.path().join("out");
    grid(&early.run(), &out, &options);
    let grown = model(&PERIODS).write_to(early);
    grid(&grown.run(), &out, &options);
    assert_same(&bytes(&out), &first);
    let (status, said) = gridloom(&["verify", name(&grown.run()), name(&out)]);
    assert!(status == Some(0) && said.contains("2 files"), "{said}");
}

#[test]
fn verify_finds_whatever_is_changed_in_one_file() {
    let folder = model(&PERIODS).write();
    let out = folder.path().join("out");
    grid(&folder.run(), &out, &[&["--single", "--variables", "npp,csoil"], &SMALL[..]].concat());
    let file = single(&out, "daily");
    assert_eq!(gridloom(&["verify", name(&folder.run()), name(&out), "-q"]).0, Some(0));
    let length = std::fs::metadata(&file).expect("a file").len() as usize;
    for place in (0..length).step_by(length / 40) {
        let (status, said) = said_of(&folder, &out, &file, |bytes| bytes[place] ^= 1);
        // Some bytes of the head stand for nothing; the seal knows them all.
        assert_eq!(status, Some(4), "at {place}: {said}");
    }
    let (status, _) = said_of(&folder, &out, &file, |bytes| bytes.truncate(length / 2));
    assert_eq!(status, Some(4));
    // A variable that nobody asked for.
    let more = folder.path().join("more");
    grid(&folder.run(), &more, &[&["--single", "--variables", "npp,csoil,ls"], &SMALL[..]].concat());
    let other = std::fs::read(single(&more, "daily")).expect("a file");
    let (status, said) = said_of(&folder, &out, &file, |bytes| bytes.clone_from(&other));
    assert!(status == Some(4) && said.contains("no variable \"ls\""), "{said}");
}

#[test]
fn one_file_is_a_source_of_tables_figures_pages_and_references() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let chosen = ["--variables", "npp,csoil,lai", "--rows", "dimension"];
    grid(&files::sample(), &path("single"), &[&chosen[..], &["--single"]].concat());
    grid(&files::sample(), &path("each"), &chosen);
    for kind in ["single", "each"] {
        let (out, tables) = (path(kind), path(&format!("{kind}_tables")));
        let grids =
            files_below(&out, "").into_iter().filter(|path| path.extension().is_some_and(|it| it == "nc"));
        let grids: Vec<PathBuf> = grids.collect();
        let mut arguments = vec!["tables"];
        arguments.extend(grids.iter().map(|path| name(path)));
        arguments.extend(["-o", name(&tables), "--tables", "daily,region", "--format", "csv", "-q"]);
        arguments.extend(["--variables", "npp,csoil,lai"]);
        let (status, said) = gridloom(&arguments);
        assert!(matches!(status, Some(0 | 3)), "{said}");
        let (status, said) = gridloom(&["verify", name(&out), name(&tables), "-q"]);
        assert_eq!(status, Some(0), "{said}");
        let picture = path(&format!("{kind}.svg"));
        let (status, said) =
            gridloom(&["plot", "map", name(&out), "--variable", "csoil_2", "-o", name(&picture), "-q"]);
        assert_eq!(status, Some(0), "{said}");
        let (status, said) = gridloom(&["report", name(&out), "-o", name(&path(&format!("{kind}.html")))]);
        assert!(matches!(status, Some(0 | 3)) && said.contains("3 variables"), "{said}");
        let (status, said) = gridloom(&["refs", name(&out), "-o", name(&path(&format!("{kind}.json")))]);
        assert_eq!(status, Some(0), "{said}");
    }
    // Columns are in the order of files, and variables in that of a file.
    for table in ["daily.csv", "region.csv"] {
        let [one, other] = ["single", "each"].map(|kind| {
            let text = std::fs::read_to_string(path(&format!("{kind}_tables")).join(table)).expect("a table");
            let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
            let heading = lines.next().expect("a heading");
            let named = lines.map(|line| {
                let mut fields: Vec<String> =
                    heading.iter().zip(line).map(|(name, value)| format!("{name}={value}")).collect();
                fields.sort();
                fields.join(",")
            });
            let mut rows: Vec<String> = named.collect();
            rows.sort();
            rows
        });
        assert!(one.len() > 10 && one == other, "{table}");
    }
    let picture = |kind: &str| std::fs::read_to_string(path(&format!("{kind}.svg"))).expect("a picture");
    let drawn = |text: String| {
        text.lines().filter(|line| !line.contains("metadata") && !line.contains(".nc")).count()
    };
    assert_eq!(drawn(picture("single")), drawn(picture("each")));
    let references = |kind: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path(&format!("{kind}.json"))).expect("references"))
            .expect("JSON")
    };
    let keys = |value: serde_json::Value| -> Vec<String> {
        value["refs"].as_object().expect("references").keys().cloned().collect()
    };
    assert_eq!(keys(references("single")), keys(references("each")));
}

#[test]
fn what_single_cannot_be_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let run = files::sample();
    let (status, said) = gridloom(&["grid", name(&run), "-o", name(&out), "--single", "--format", "zarr"]);
    assert!(status == Some(2) && said.contains("--single") && said.contains("Zarr"), "{said}");
    assert!(!out.exists());
    let config = folder.path().join("own.toml");
    std::fs::write(
        &config,
        "[grid]\nsingle = true\nformat = [\"netcdf\", \"zarr\"]\nvariables = [\"npp\", \"lai\"]\n",
    )
    .expect("a file");
    grid(&run, &out, &["--config", name(&config)]);
    let kinds: Vec<String> = names(&out).into_iter().filter(|name| name.starts_with("daily_")).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
}
