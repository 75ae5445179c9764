//! Tables by other ways: in one pass with grids, from grids, into a database.

use std::path::Path;

use gridloom_testkit::{files, here};

use super::{assert_done, assert_same, bytes, copy_of_sample, name, program, sample, tables, talk};

#[test]
fn the_example_configuration_makes_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = files::project("examples/gridloom.toml");
    let options = ["--config", name(&config)];
    assert_done(&program("run", &sample(), folder.path(), &options).output().expect("the program"));
    let made = bytes(folder.path());
    let expected = |file: &str| made.keys().any(|made| name(made).starts_with(file));
    for file in [
        "npp_sample_run_",
        "csoil_4_month_mean_",
        "lai_month_mean_",
        "daily.",
        "region.",
        "stats.",
        "biomass.",
    ] {
        assert!(expected(file), "{file} is not among {:?}", made.keys());
    }
}

#[test]
fn one_pass_makes_what_each_makes_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("all.toml");
    let text = "[grid]\nvariables = [\"npp\", \"csoil\"]\n[tables]\ntables = [\"daily\", \"region\", \"stats\"]\n\
                [[aggregates]]\nevery = \"season\"\nstat = \"max\"\n";
    std::fs::write(&config, text).expect("a configuration");
    let (together, apart) = (folder.path().join("together"), folder.path().join("apart"));
    let run = || {
        let options = ["--config", name(&config), "--json"];
        program("run", &sample(), &together, &options).output().expect("the program")
    };
    let output = run();
    assert_done(&output);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["dumps"]["read"], report["dumps"]["planned"], "a dump was read twice");
    let made = bytes(&together);
    let variables = ["--variables", "npp,csoil"];
    assert_done(&tables(
        &sample(),
        &apart.join("tables"),
        &[&variables[..], &["--tables", "daily,region,stats"]].concat(),
    ));
    let grid = |out: &str, options: &[&str]| {
        let options = [&variables[..], options].concat();
        assert_done(&program("grid", &sample(), &apart.join(out), &options).output().expect("the program"));
    };
    grid("daily", &[]);
    grid("seasons", &["--every", "season", "--stat", "max"]);
    let mut expected = bytes(&apart.join("tables"));
    expected.extend(bytes(&apart.join("daily")));
    expected.extend(bytes(&apart.join("seasons")));
    assert_same(&made, &expected);
    // What is gone is put together again from what waits in the spool.
    std::fs::remove_file(together.join("daily.parquet")).expect("removed");
    assert_done(&run());
    assert_same(&bytes(&together), &expected);
}

/// Tables that are made of what the pass of the grids read follow a dump that changed.
#[test]
fn what_is_made_in_one_pass_follows_its_dumps() {
    let folder = copy_of_sample();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let config = folder.path().join("all.toml");
    let text = "[grid]\nvariables = [\"npp\"]\n[tables]\ntables = [\"daily\", \"region\"]\n\
                [[aggregates]]\nevery = \"month\"\nstat = \"mean\"\n";
    std::fs::write(&config, text).expect("a configuration");
    let make = |out: &Path| {
        let options = ["--config", name(&config)];
        assert_done(&program("run", &run, out, &options).output().expect("the program"));
        bytes(out)
    };
    let before = make(&out);
    let dump = |cell: &str| run.join(cell).join("spin0001.pkz");
    std::fs::copy(dump("grd_170-224"), dump("grd_170-223")).expect("a dump");
    let after = make(&out);
    assert_same(&after, &make(&folder.path().join("fresh")));
    for (name, bytes) in after {
        assert!(before.get(&name) != Some(&bytes), "{} is as it was", name.display());
    }
}

#[test]
fn grids_give_the_tables_of_their_dumps() {
    let folder = tempfile::tempdir().expect("a folder");
    let grids = folder.path().join("grids");
    let options = ["--variables", "npp,csoil", "--name", "{variable}.nc", "--chunk", "100,2,2"];
    assert_done(&program("grid", &sample(), &grids, &options).output().expect("the program"));
    let format = ["--format", "csv", "--tables", "daily,region,stats"];
    for (variable, files) in
        [("npp", &["npp.nc"][..]), ("csoil", &["csoil_1.nc", "csoil_2.nc", "csoil_3.nc", "csoil_4.nc"])]
    {
        let (direct, again) = (folder.path().join(variable), folder.path().join(format!("{variable}_again")));
        assert_done(&tables(&sample(), &direct, &[&["--variables", variable][..], &format].concat()));
        let [first, others @ ..] = files else { continue };
        let others: Vec<String> = others.iter().map(|file| name(&grids.join(file)).to_owned()).collect();
        let mut options: Vec<&str> = others.iter().map(String::as_str).collect();
        options.extend(format);
        assert_done(&tables(&grids.join(first), &again, &options));
        assert_same(&bytes(&again), &bytes(&direct));
    }
    let wrong = tables(&grids.join("npp.nc"), &folder.path().join("wrong"), &["--tables", "biomass"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", talk(&wrong));
}

/// Runs commands with a server; `None` where there is none.
fn with_server(commands: &str, run: &Path, out: &Path) -> Option<String> {
    let output = here::with_postgres(&["bash", "-ec", commands], |command| {
        command.env("RUN", run).env("OUT", out);
    })?;
    assert!(output.status.success(), "{}", talk(&output));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn a_database_has_the_rows_of_the_files_exactly_once() {
    let folder = copy_of_sample();
    let (run, out) = (folder.path().join("run"), folder.path().join("out"));
    let first = "\
        load() { \"$GRIDLOOM\" tables \"$RUN\" --to postgres:// --schema maps --tables daily,stats,region,biomass \
                     --variables npp,tsoil --partition year -q || [ $? -eq 3 ]; }
        rows() { psql -qAtF, -c 'SELECT grid_y, grid_x, latitude, longitude, day, tsoil, npp FROM maps.daily ORDER BY 1, 2, 5'; }
        load; rows >\"$OUT.first\"
        load; rows | cmp - \"$OUT.first\"
        cp \"$RUN\"/grd_170-224/spin0001.pkz \"$RUN\"/grd_170-223/spin0001.pkz
        load; rows >\"$OUT.changed\"
        psql -qAtF, -c 'SELECT count(*), count(DISTINCT (region, variable, start)) FROM maps.region'
        psql -qAtF, -c 'SELECT count(*) FROM maps.biomass'
        \"$GRIDLOOM\" tables \"$RUN\" --to postgres:// --schema maps --tables daily -q && exit 1 || [ $? -eq 2 ]";
    let Some(counts) = with_server(first, &run, &out) else { return };
    let rows = |path: &str| std::fs::read_to_string(format!("{}.{path}", out.display())).expect("rows");
    let files = folder.path().join("files");
    let options = ["--variables", "npp,tsoil", "--format", "csv", "--tables", "daily,stats,region,biomass"];
    let compare = |database: &str, run: &Path, files: &Path| {
        assert_done(&tables(run, files, &options));
        let csv = std::fs::read_to_string(files.join("daily.csv")).expect("a table");
        assert_eq!(database.lines().count(), csv.lines().count() - 1);
        for (one, other) in database.lines().zip(csv.lines().skip(1)) {
            assert_eq!(numbers(one), numbers(other), "{one} {other}");
        }
    };
    compare(&rows("first"), &sample(), &files.join("first"));
    compare(&rows("changed"), &run, &files.join("changed"));
    assert_ne!(rows("first"), rows("changed"));
    let lines = |table: &str| {
        let csv = std::fs::read_to_string(files.join("changed").join(table)).expect("a table");
        csv.lines().count() - 1
    };
    let expected = format!("{0},{0}\n{1}\n", lines("region.csv"), lines("biomass.csv"));
    assert_eq!(counts, expected);
}

/// Fields of a line, floats by their bits: programs write them in several ways.
fn numbers(line: &str) -> Vec<String> {
    let fields = line.split(',').enumerate();
    fields
        .map(|(index, text)| match (index, text.parse::<f64>(), text.parse::<f32>()) {
            (6, _, Ok(value)) => format!("{:x}", value.to_bits()),
            (_, Ok(value), _) => format!("{:x}", value.to_bits()),
            _ => text.to_owned(),
        })
        .collect()
}
