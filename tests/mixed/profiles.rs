//! Gridded files of another profile: other names, attributes, base of time and layout, and no other code.

use std::path::Path;

use gridloom::pipeline::{self, Options};
use gridloom::plan::tables::{Aggregate, Tables};
use gridloom::plan::{Plan, Selection, Settings};
use gridloom::profile::{Attribute, Profile, Template, Value};
use gridloom::verify::{Verification, verify};
use gridloom::{Stat, Step};
use gridloom_testkit::files;
use gridloom_testkit::program::alone;
use netcdf::AttributeValue;

fn text(name: &'static str, text: &'static str) -> Attribute {
    Attribute { name: name.into(), value: Value::Text(Template::from(text)), only_with: None }
}

/// Names of its own, and nothing of ACDD.
fn other() -> Profile {
    let mut profile = Profile::cf();
    profile.name = "other".into();
    profile.time_units = Some("days since 1601-01-01".to_owned());
    profile.layout.is_time_unlimited = false;
    profile.names.time_bounds = "time_bounds".into();
    profile.names.bounds = "nv".into();
    profile.names.area = "areacella".into();
    profile.names.mapping = "latitude_longitude".into();
    profile.names.complete = "is_complete".into();
    profile.file =
        vec![text("title", "{variable} of {run}, in {units|no unit}"), text("Conventions", "CF-1.8")];
    profile
}

fn settings(profile: Profile) -> Settings {
    let monthly = Aggregate { every: Step::Month, stat: Stat::Mean };
    let tables = Tables::default().kinds(Vec::new()).aggregates(vec![monthly]);
    let selection = Selection::default().variables(vec!["npp".to_owned(), "lai".to_owned()]);
    Settings::default().selection(selection).tables(Some(tables)).profile(profile)
}

fn made(out: &Path, profile: Profile) -> gridloom::Result<Verification> {
    let settings = settings(profile);
    let run = gridloom::open(files::sample())?;
    let plan = Plan::new(run.clone(), settings.clone())?;
    pipeline::grid(&plan, out, &Options::default(), &gridloom::Nobody)?;
    verify(&run, out, &settings.table, &settings.limits, settings.resources)
}

fn text_of(value: Option<AttributeValue>) -> String {
    match value {
        Some(AttributeValue::Str(text)) => text,
        other => panic!("a text, not {other:?}"),
    }
}

#[test]
fn files_of_another_profile_are_made_and_proved_by_it() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let proof = made(folder.path(), other()).expect("grids");
    assert_eq!(proof.differences, 0, "{:?}", proof.first_differences);
    assert!(proof.is_whole() && proof.values > 0 && proof.numbers > 0);
    for name in ["npp_sample_run_19790101_19810930.nc", "npp_month_mean_sample_run_19790101_19810930.nc"] {
        let file = netcdf::open(folder.path().join(name)).expect("a file");
        let title = file.attribute("title").and_then(|title| title.value().ok());
        assert_eq!(text_of(title), "npp of sample_run, in kg m-2 year-1");
        assert_eq!(file.attributes().count(), 2);
        assert!(!file.dimension("time").expect("time").is_unlimited());
        for name in ["areacella", "latitude_longitude", "time_bounds"] {
            assert!(file.variable(name).is_some(), "{name}");
        }
        let time = file.variable("time").expect("time");
        let units = time.attribute_value("units").and_then(Result::ok);
        assert_eq!(text_of(units), "days since 1601-01-01");
        let mapping = file.variable("areacella").and_then(|area| area.attribute_value("grid_mapping")?.ok());
        assert_eq!(text_of(mapping), "latitude_longitude", "names follow wherever they are named");
        let begins = file.variable("time_bounds").expect("bounds").get_values::<f64, _>((0..1, 0..1));
        // 378 years, 92 of them leap years.
        assert_eq!(begins.expect("a value"), [378.0 * 365.0 + 91.0]);
    }
    let report = std::fs::read_to_string(folder.path().join("report.json")).expect("a report");
    assert!(report.contains("areacella"), "a report holds the profile, by which files are proved later");
}

#[test]
fn a_profile_that_no_file_can_follow_is_refused() {
    for (change, said) in [
        ((|profile| profile.data.push(text("own", "{longname}"))) as fn(&mut Profile), "longname"),
        (|profile| profile.time_units = Some("days since 1601-01-01 12:00:00".to_owned()), "12:00:00"),
        (|profile| profile.time_units = Some("fortnights".to_owned()), "fortnights"),
        (|profile| profile.layout.time_chunk = 0, "chunks of time"),
    ] {
        let mut profile = other();
        change(&mut profile);
        let run = gridloom::open(files::sample()).expect("a run");
        let error = Plan::new(run, settings(profile)).expect_err(said).to_string();
        assert!(error.contains(said) && error.contains("other"), "{error}");
    }
}
