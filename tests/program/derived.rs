//! Variables that formulas make, and variables in other units, through all products and sources.

use std::path::Path;
use std::process::Output;

use gridloom_testkit::files::{assert_same, bytes, files_below, name, sample};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, assert_done, talk};

/// Formulas of each sort; what they must give stands in `tests/python/check_derived.py`.
const CONFIG: &str = r#"
[derived]
nep = "npp - hresp"
csoil_total = "sum(csoil)"
csoil_mean = "mean(csoil)"
fast_share = "csoil_1 / csoil_total"
dry = "evapm / (runom + 1 [kg m-2 day-1])"
water = "min(evapm, runom * 2)"
root = "sqrt(csoil_1 * csoil_2)"
kelvin = "in(tsoil, [K])"
twice = "2 * nep"
vapour = "0.6108 [kPa] * exp(17.27 * number(tsoil, [degree_Celsius]) / (number(tsoil, [degree_Celsius]) + 237.3))"

[derived.csoil_kg]
formula = "sum(csoil)"
units = "kg m-2"
long_name = "Soil carbon"

[derived.nep_calendar]
formula = "in(npp, [g m-2 day-1]) - hresp"
calendar = true

[units]
npp = "g m-2 day-1"
photo = { units = "g m-2 day-1", calendar = true }
"#;

const MADE: &str = "nep,csoil_total,csoil_mean,csoil_sum,fast_share,dry,water,root,kelvin,twice,vapour,csoil_kg,nep_calendar,npp,photo";
const OF: &str = "npp,photo,hresp,csoil,evapm,runom,tsoil";

fn gridloom(words: &[&str]) -> Output {
    program::command().args(words).env("SOURCE_DATE_EPOCH", "0").output().expect("the program")
}

fn done(words: &[&str]) {
    assert_done(&gridloom(words));
}

fn config(folder: &Path) -> String {
    let path = folder.join("formulas.toml");
    std::fs::write(&path, CONFIG).expect("a configuration");
    name(&path).to_owned()
}

#[test]
fn values_are_those_of_plain_formulas_and_verify_finds_a_last_bit() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| name(&folder.path().join(path)).to_owned();
    let (run, config) = (sample(), config(folder.path()));
    let run = name(&run);
    done(&["grid", run, "-o", &at("raw"), "--variables", OF]);
    let (archive, made) = (at("sample_run.h5"), at("made"));
    done(&["cells", "write", run, "-o", &archive]);
    let wanted = ["--config", &config, "--variables", MADE];
    done(&[&["grid", run, "-o", &made][..], &wanted].concat());
    done(&[&["grid", &archive, "-o", &at("archived"), "--name", "{variable}_sample_run_{start}_{end}.nc"][..], &wanted].concat());
    println!("{}", here::script(&python, "check_derived.py", &[at("raw"), made.clone(), at("archived")]));
    let proved = gridloom(&["verify", run, &made]);
    assert_eq!(proved.status.code(), Some(0), "{}", talk(&proved));
    let file = &files_below(Path::new(&made), "twice")[0];
    here::script(&python, "check_derived.py", &["--spoil", name(file)]);
    assert_eq!(gridloom(&["verify", run, &made]).status.code(), Some(4));
}

#[test]
fn tables_and_grids_of_grids_have_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let (run, config) = (sample(), config(folder.path()));
    let options = ["--config", &config, "--format", "csv", "--tables", "daily,region,stats"];
    let wanted = ["--variables", "nep,csoil_sum,kelvin,photo,nep_calendar"];
    let made = |input: &[&str], out: &str| {
        let out = at(out);
        done(&[&["tables"][..], input, &["-o", name(&out)], &options, &wanted].concat());
        let verified = gridloom(&[
            "verify",
            if input.len() == 1 { input[0] } else { name(out.parent().expect("a folder")) },
            name(&out),
        ]);
        (out, verified)
    };
    let (dumps, verified) = made(&[name(&run)], "dumps");
    assert_eq!(verified.status.code(), Some(0), "{}", talk(&verified));
    let grids = at("grids");
    done(&["grid", name(&run), "-o", name(&grids), "--variables", "npp,photo,hresp,csoil,tsoil"]);
    let files = files_below(&grids, "");
    let files: Vec<&str> = files.iter().map(|file| name(file)).filter(|file| file.ends_with(".nc")).collect();
    let (of_grids, _) = made(&files, "of_grids");
    let verified = gridloom(&["verify", name(&grids), name(&of_grids)]);
    assert_eq!(verified.status.code(), Some(0), "{}", talk(&verified));
    let tables = |folder: &Path| {
        let mut all = bytes(folder);
        all.retain(|name, _| name.to_string_lossy().contains(".csv"));
        all
    };
    assert_same(&tables(&dumps), &tables(&of_grids));
    // Files that are in other units already are read in theirs.
    let converted = at("converted");
    done(&["grid", name(&run), "-o", name(&converted), "--units", "npp=g m-2 day-1", "--variables", "npp"]);
    let file = &files_below(&converted, "npp")[0];
    let out = at("of_converted");
    done(&["tables", name(file), "-o", name(&out), "--format", "csv", "--tables", "region"]);
    let text = std::fs::read_to_string(&files_below(&out, "region")[0]).expect("a table");
    assert!(text.contains("g m-2 day-1") && !text.contains("year-1"), "{text}");
}

#[test]
fn shards_and_a_changed_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| name(&folder.path().join(path)).to_owned();
    let run = sample();
    let run = name(&run);
    let of = |formula: &'static str| ["--derive", formula, "--variables", "nep,npp"];
    let (whole, parts) = (at("whole"), at("parts"));
    let formula = "nep = npp - hresp";
    done(&[&["grid", run, "-o", &whole][..], &of(formula)].concat());
    for share in ["0/2", "1/2"] {
        let shard = gridloom(&[&["grid", run, "-o", &parts, "--shard", share][..], &of(formula)].concat());
        assert!(matches!(shard.status.code(), Some(0 | 3)), "{}", talk(&shard));
    }
    done(&["publish", &parts]);
    let grids = |folder: &str| {
        let mut all = bytes(Path::new(folder));
        all.retain(|name, _| name.to_string_lossy().ends_with(".nc"));
        all
    };
    assert_same(&grids(&whole), &grids(&parts));
    // Another formula is another plan: nothing is taken over from the work of before.
    let other = of("nep = npp + hresp");
    let refused = gridloom(&[&["grid", run, "-o", &whole][..], &other].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", talk(&refused));
    assert!(talk(&refused).contains("nep.formula"), "{}", talk(&refused));
    done(&[&["grid", run, "-o", &whole, "--fresh"][..], &other].concat());
    assert_ne!(grids(&whole), grids(&parts));
}

#[test]
fn records_have_formulas_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("points.csv");
    let mut text = "lat,lon,year,month,day,rain,used\n".to_owned();
    for (lat, day) in [-2.25, -2.75].into_iter().flat_map(|lat| (1..=4).map(move |day| (lat, day))) {
        let used = if day == 3 { "nan".to_owned() } else { day.to_string() };
        text += &format!("{lat},-60.25,2001,1,{day},{}.5,{used}\n", 2 * day);
    }
    std::fs::write(&path, text).expect("records");
    let left =
        ["get", name(&path), "--at=-2.25,-60.25", "--variables", "left", "--derive", "left = rain - used"];
    let output = gridloom(&left);
    assert_done(&output);
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    let values: Vec<&str> = found.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(values, ["1.5", "2.5", "", "4.5"], "{found}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = sample();
    for (options, words) in [
        (["--derive", "x = npp + csoil_1"], "only quantities of a kind can be added"),
        (["--derive", "x = npp + 1"], "give a number its unit"),
        (["--derive", "x = tsoil * 2"], "has a zero of its own"),
        (["--derive", "x = exp(npp)"], "wants a plain number"),
        (["--derive", "x = nppp * 2"], "did you mean npp?"),
        (["--derive", "npp = photo - aresp"], "there is a variable of that name"),
        (["--derive", "x = npp * csoil_1"], "several ways (mean, point)"),
        (["--derive", "x = y"], "y is not a variable"),
        (["--derive", "x = x + npp"], "give what the formula makes another name"),
        (["--derive", "x = x"], "it is made of itself: x → x"),
        (["--derive", "NPP = npp * 2"], "give it another name than NPP"),
        (["--derive", "csoil_1 = npp * 2"], "give it another name than csoil_1"),
        (["--derive", "day = npp * 2"], "give it another name than day"),
        (["--derive", "npp_month_mean = npp * 2"], "give it another name than npp_month_mean"),
        (["--derive", "x"], "wants a name and a formula"),
        (["--derive", "x = 3"], "there is no variable in it"),
        (["--units", "npp=kg m-2"], "of another kind"),
        (
            ["--units", "npp=furlongs per"],
            "cannot be read as units; write factors with exponents, as \"g m-2 day-1\"",
        ),
        (["--derive", "q = npp * 1 [blah]"], "\"blah\" is not a known unit"),
        (["--derive", "q = csoil_1 / 1 [gC m-2]"], "UDUNITS does not know \"gC m-2\": write \"g m-2\""),
        (["--derive", "q = number(1 [kg blah] / 2 [blah], [kg])"], "\"blah\" is not a known unit"),
        (["--units", "npp=kg/m²/yr"], "write \"kg m-2 year-1\""),
        (["--units", "npp=gC/m2/d"], "UDUNITS does not know \"gC/m2/d\": write \"g m-2 day-1\""),
        (["--derive", "x = npp + 5 [gC m-2 d-1]"], "write \"g m-2 day-1\""),
        (["--derive", "x = in(npp, [gC/m2/d])"], "write \"g m-2 day-1\""),
        (["--units", "nppp=g"], "did you mean npp?"),
    ] {
        let out = folder.path().join("out");
        let output = gridloom(&[&["grid", name(&run), "-o", name(&out)][..], &options].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", talk(&output));
        assert!(talk(&output).contains(words), "{options:?}: {}", talk(&output));
        assert!(!out.exists());
    }
}

#[test]
fn a_configuration_says_what_it_wants() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, run) = (folder.path().join("wrong.toml"), sample());
    for (text, words) in [
        ("[derived]\nx = 3\n", "is a formula in quotes"),
        ("[derived.x]\nformul = 'npp'\n", "is a formula in quotes"),
        ("[units]\nnpp = { unit = 'g' }\n", "is a text of units"),
        ("[derived]\na = 'b * 2'\nb = 'a * 2'\n", "it is made of itself"),
    ] {
        std::fs::write(&path, text).expect("a configuration");
        let output = gridloom(&["plan", name(&run), "--config", name(&path)]);
        assert_eq!(output.status.code(), Some(2), "{text}: {}", talk(&output));
        assert!(talk(&output).contains(words), "{text}: {}", talk(&output));
    }
}
