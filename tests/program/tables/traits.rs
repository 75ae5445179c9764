//! Traits of strategies beside their rows, and what is made of them.

use std::fmt::Write;
use std::path::Path;

use super::*;

const WANTED: &str = "biomass,strategies,traits,annual_traits";

/// Traits of the strategies 0 to 2,999, but for one that is left out; numbers as floats, as the model writes them.
fn table_without(path: &Path, missing: usize) {
    let mut text = "PLS_id,g1,tleaf,c4,alike\n".to_owned();
    for id in (0..3000).filter(|&id| id != missing) {
        let spread = (id * 7919) % 3000;
        let _ = writeln!(
            text,
            "{id}.0,{}.{:03},{}e-3,{},1",
            spread / 150,
            id % 1000,
            (id * 104_729) % 5000,
            id % 2
        );
    }
    std::fs::write(path, text).expect("a table");
}

fn verified(run: &Path, out: &Path) -> String {
    let mut program = program::command();
    let output = program.arg("verify").arg(run).arg(out).output().expect("the program");
    assert_done(&output);
    talk(&output)
}

#[test]
fn every_number_is_that_of_the_formulas() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, region) = (folder.path().join("pls_attrs-3000.csv"), folder.path().join("run_result.psz"));
    here::script(&python, "make_traits.py", &[&csv, &region]);
    let real =
        here::real_runs().into_iter().flat_map(|runs| ["k34_region", "meta_cell"].map(|run| runs.join(run)));
    for (number, run) in [sample()].into_iter().chain(real).enumerate() {
        let out = folder.path().join(number.to_string());
        assert_done(&tables(&run, &out, &["--tables", WANTED, "--traits", name(&csv)]));
        check(&run, &out, &["--traits", name(&csv), "--tables", WANTED]);
        verified(&run, &out);
        // The same numbers are in the region's file.
        let again = folder.path().join(format!("{number}-again"));
        assert_done(&tables(&run, &again, &["--tables", WANTED, "--traits", name(&region)]));
        assert_same(&bytes(&again), &bytes(&out));
    }
}

#[test]
fn a_strategy_without_traits_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, out) = (folder.path().join("traits.csv"), folder.path().join("out"));
    let strategies = |out: &Path| std::fs::read_to_string(out.join("biomass.csv")).expect("a table");
    table_without(&csv, 3000);
    let options = ["--tables", "biomass,traits,strategies", "--format", "csv", "--traits", name(&csv)];
    assert_done(&tables(&sample(), &out, &options));
    let id: usize =
        strategies(&out).lines().nth(1).and_then(|row| row.split(',').nth(5)?.parse().ok()).expect("an id");
    table_without(&csv, id);
    let out = folder.path().join("less");
    let output = tables(&sample(), &out, &options);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    let words = format!("traits: the table of traits lacks the strategy {id}");
    assert!(talk(&output).contains(&words), "{}", talk(&output));
    let report = report(&out);
    let faults = report["faults"].as_array().expect("faults");
    let named = faults.iter().filter(|fault| fault["kind"] == "no_traits").count();
    let rows = strategies(&out);
    let of_it: Vec<&str> =
        rows.lines().filter(|row| row.split(',').nth(5) == Some(&id.to_string())).collect();
    assert_eq!((named > 0, named), (true, of_it.len()), "{faults:?}");
    assert!(of_it.iter().all(|row| row.ends_with(",,,,")), "{of_it:?}");
    check(&sample(), &out, &["--traits", name(&csv), "--tables", "biomass,traits,strategies"]);
    // Inputs that cannot be used are named by the proof as well; the nulls are right.
    let mut program = program::command();
    let output = program.arg("verify").arg(sample()).arg(&out).output().expect("the program");
    assert!(talk(&output).contains(&words), "{}", talk(&output));
    assert!(!talk(&output).contains("differs: "), "{}", talk(&output));
}

#[test]
fn shards_archives_and_one_pass_know_the_same_traits() {
    let folder = copy_of_sample();
    let (run, csv) = (folder.path().join("run"), folder.path().join("traits.csv"));
    files::files_below(&run, "").iter().for_each(|path| files::settle(path));
    table_without(&csv, 3000);
    let options = ["--tables", WANTED, "--traits", name(&csv)];
    let (whole, shards, of_archive) =
        (folder.path().join("whole"), folder.path().join("shards"), folder.path().join("of_archive"));
    assert_done(&tables(&run, &whole, &options));
    for shard in ["1/2", "0/2"] {
        assert_done(&tables(&run, &shards, &[&options[..], &["--shard", shard]].concat()));
    }
    // Traits are kept with the settings: the file is not needed any more.
    std::fs::rename(&csv, folder.path().join("moved.csv")).expect("a table");
    let mut publish = program::command();
    publish.arg("publish").arg(&shards).env("SOURCE_DATE_EPOCH", "0");
    assert_done(&publish.output().expect("the program"));
    assert_same(&bytes(&shards), &bytes(&whole));
    verified(&run, &shards);
    std::fs::rename(folder.path().join("moved.csv"), &csv).expect("a table");
    let archive = folder.path().join("run.nc");
    let mut write = program::command();
    assert_done(
        &write.arg("cells").arg("write").arg(&run).arg("-o").arg(&archive).output().expect("the program"),
    );
    // Text says nothing of its source.
    let rows = ["--tables", "biomass,strategies,traits", "--format", "csv", "--traits", name(&csv)];
    assert_done(&tables(&archive, &of_archive, &rows));
    assert_done(&tables(&run, &folder.path().join("rows"), &rows));
    assert_same(&bytes(&of_archive), &bytes(&folder.path().join("rows")));
    assert_done(&tables(&archive, &folder.path().join("grids_of_archive"), &options));
    verified(&run, &folder.path().join("grids_of_archive"));
    let config = folder.path().join("all.toml");
    let text = format!(
        "[grid]\nvariables = ['npp']\n[tables]\ntables = ['daily', 'traits']\nformat = 'csv'\ntraits = '{}'\n",
        name(&csv)
    );
    std::fs::write(&config, text).expect("a configuration");
    let together = folder.path().join("together");
    let options = ["--config", name(&config)];
    assert_done(&program("run", &run, &together, &options).output().expect("the program"));
    let traits = |out: &Path| std::fs::read_to_string(out.join("traits.csv")).expect("a table");
    assert_eq!(traits(&together), traits(&folder.path().join("rows")));
}

#[test]
fn what_is_no_table_of_traits_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, out) = (folder.path().join("traits.csv"), folder.path().join("out"));
    for (text, wanted) in [
        ("", "the table of traits is empty"),
        ("g1,tleaf\n1,2\n", "line 1: wants the column PLS_id or id"),
        ("PLS_id,g1\n0,1\n1.5,1\n", "line 3: PLS_id is \"1.5\", not a whole number"),
        ("PLS_id,g1\n0,1\n1,one\n", "line 3: g1 is \"one\", not a number"),
        ("PLS_id,g1\n0,1\n1\n", "line 3: it has 1 field, the header has 2 fields"),
        ("PLS_id,g1\n0,1\n0.0,2\n", "the strategy 0 is there twice"),
        ("PLS_id,carbon\n0,1\n", "the trait \"carbon\" has the name of another column"),
        ("PLS_id,g1,G1\n0,1,2\n", "the trait \"G1\" is there twice"),
        ("PLS_id,g1\n", "it has 0 strategies"),
    ] {
        std::fs::write(&csv, text).expect("a table");
        let output = tables(&sample(), &out, &["--tables", "traits", "--traits", name(&csv)]);
        assert_eq!(output.status.code(), Some(2), "{text:?}: {}", talk(&output));
        assert!(talk(&output).contains(wanted), "{text:?}: {}", talk(&output));
    }
    std::fs::write(&csv, "PLS_id;g1\n0;1\n").expect("a table");
    for (options, wanted) in [
        (vec!["--tables", "traits"], "is made of a table of traits, which is not given: see --traits"),
        (vec!["--tables", "annual_traits"], "see --traits"),
        (vec!["--tables", "daily", "--traits", name(&csv)], "none of which is asked for"),
    ] {
        let output = tables(&sample(), &out, &options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", talk(&output));
        assert!(talk(&output).contains(wanted), "{options:?}: {}", talk(&output));
    }
    // A dump is no region file.
    let dump = sample().join("grd_170-223/spin0001.pkz");
    let output = tables(&sample(), &out, &["--tables", "traits", "--traits", name(&dump)]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("no table of traits is in it"), "{}", talk(&output));
}

#[test]
fn a_configuration_names_traits_and_figures_draw_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, out) = (folder.path().join("traits.csv"), folder.path().join("out"));
    table_without(&csv, 3000);
    let config = folder.path().join("gridloom.toml");
    let text = format!(
        "[tables]\ntables = ['annual_traits']\ntraits = '{}'\n[traits]\nalike = {{ long_name = 'Alike', units = 'm2 g-1' }}\n",
        name(&csv)
    );
    std::fs::write(&config, text).expect("a configuration");
    assert_done(&tables(&sample(), &out, &["--config", name(&config)]));
    for (trait_name, long_name, units) in [
        ("alike", "Alike", Some(("m2 g-1", "m4 g-2"))),
        ("tleaf", "Residence time of carbon in leaves", Some(("year", "year2"))),
        ("g1", "Slope of stomatal conductance (g1)", None),
    ] {
        for (what, units) in
            [("mean", units.map(|(mean, _)| mean)), ("variance", units.map(|(_, square)| square))]
        {
            let variable = format!("{trait_name}_{what}_carbon");
            let path = files::files_below(&out, &format!("annual_{variable}_")).remove(0);
            let file = netcdf::open(path).expect("a grid");
            let variable = file.variable(&variable).expect("the data");
            let text = |key: &str| match variable.attribute_value(key)?.ok()? {
                netcdf::AttributeValue::Str(text) => Some(text),
                _ => None,
            };
            let wanted = format!("{long_name}, community {what} weighted by carbon in vegetation");
            assert_eq!((text("long_name"), text("units").as_deref()), (Some(wanted), units));
        }
    }
    for kind in ["map", "series"] {
        let picture = folder.path().join(format!("{kind}.png"));
        let mut plot = program::command();
        plot.args(["plot", kind]).arg(&out).args(["--variable", "tleaf_mean_area", "-o"]).arg(&picture);
        assert_done(&plot.output().expect("the program"));
        assert!(picture.metadata().expect("a picture").len() > 1000);
    }
}
