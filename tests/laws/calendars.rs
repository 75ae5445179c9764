//! Leap years are the calendar's business: names, coverage and times of files in each of CF's calendars.

use gridloom::model::calendar::Date;
use gridloom::plan::{Selection, Settings};
use gridloom_testkit::dumps::{Kind, Model, Variable, check};

use crate::work;

type Facts = (&'static str, i64, &'static str, i64, &'static str);

/// Calendar, days from 1860-01-01 to 1900-02-27, the date three days after it; and the same of 1999-12-30 and
/// 799 days. By cftime 1.6.
const CFTIME: [Facts; 6] = [
    ("standard", 14_667, "1900-03-02", 51_132, "2002-03-08"),
    ("proleptic_gregorian", 14_667, "1900-03-02", 51_132, "2002-03-08"),
    ("noleap", 14_657, "1900-03-02", 51_098, "2002-03-09"),
    ("360_day", 14_456, "1900-02-30", 50_399, "2002-03-19"),
    ("all_leap", 14_697, "1900-03-01", 51_238, "2002-03-06"),
    ("julian", 14_667, "1900-03-01", 51_133, "2002-03-08"),
];

fn model(calendar: &str, first: i64, days: i64) -> Model {
    let variables = vec![Variable::new("npp", Kind::F32, None)];
    let half = days / 2;
    let periods = [(first, half), (first + half, days - half)];
    Model { calendar: calendar.to_owned(), ..Model::new(&[(180, 240), (181, 241)], &periods, variables) }
}

fn assert_dates(model: &Model, settings: Settings, [start, end]: [&str; 2]) {
    let folder = model.write();
    let report = work::grid(&folder, settings).expect("a run");
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(report.time.calendar, model.calendar);
    assert_eq!((report.time.start.as_str(), report.time.end.as_str()), (start, end), "{}", model.calendar);
    check::exact(model, &folder.out());
    work::assert_verified(&folder);
    let [path] = &check::files(&folder.out())[..] else { panic!("one file") };
    let name = format!("npp_made_up_{}_{}.nc", start.replace('-', ""), end.replace('-', ""));
    assert_eq!(path.file_name().expect("a name").to_string_lossy(), name);
    let file = netcdf::open(path).expect("a file");
    let global = |name: &str| check::text(&file, None, name);
    assert_eq!(global("time_coverage_start"), format!("{start}T00:00:00Z"), "{}", model.calendar);
    assert_eq!(global("time_coverage_end"), format!("{end}T00:00:00Z"), "{}", model.calendar);
    assert_eq!(global("time_coverage_duration"), format!("P{}D", report.time.days));
    let real = matches!(model.calendar.as_str(), "standard" | "proleptic_gregorian" | "julian");
    let leap_seconds = file.variable("time").expect("time").attribute("units_metadata").is_some();
    assert_eq!(leap_seconds, real, "{}", model.calendar);
}

#[test]
fn dates_of_all_calendars_are_those_of_cftime() {
    for (calendar, first, end, second, long_end) in CFTIME {
        assert_dates(&model(calendar, first, 4), work::settings(), ["1900-02-27", end]);
        assert_dates(&model(calendar, second, 800), work::settings(), ["1999-12-30", long_end]);
    }
}

/// 1582-01-01 and 280 days is 1582-10-08, but in the calendar that left ten days out.
#[test]
fn the_standard_calendar_leaves_out_ten_days_of_1582() {
    for (calendar, end) in
        [("standard", "1582-10-18"), ("proleptic_gregorian", "1582-10-08"), ("julian", "1582-10-08")]
    {
        let model = Model { unit: "days since 1582-01-01".to_owned(), ..model(calendar, 0, 281) };
        assert_dates(&model, work::settings(), ["1582-01-01", end]);
    }
}

#[test]
fn dates_of_a_selection_are_judged_by_the_calendar() {
    let select = |from: &str, to: &str| {
        let date = |text: &str| Some(text.parse::<Date>().expect("a date"));
        let selection = Selection::default().from(date(from)).to(date(to));
        work::settings().selection(selection)
    };
    let model = model("360_day", 14_456, 10);
    assert_dates(&model, select("1900-02-29", "1900-02-30"), ["1900-02-29", "1900-02-30"]);
    let folder = model.write();
    let error = work::grid(&folder, select("1900-02-27", "1900-03-31")).expect_err("months have 30 days");
    assert!(error.to_string().contains("360_day"), "{error}");
    assert!(!folder.out().exists());
}
