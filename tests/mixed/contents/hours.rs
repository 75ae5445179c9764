//! Time units with an hour: the value d is a moment, and a day is from there to the same hour of the next date.

use std::process::Command;

use gridloom_testkit::dumps::{Kind, Model, Variable, check};
use gridloom_testkit::here;

use super::{alone, out, program, talk};
use crate::work;

/// Bounds, months, dates of files and coverage as cftime has them.
const SCRIPT: &str = r#"
import sys, datetime
import cftime, netCDF4, numpy

def moments(variable, values):
    return cftime.num2date(values, variable.units, variable.calendar)

for path in sys.argv[1:]:
    with netCDF4.Dataset(path) as file:
        time = file["time"]
        begin, end = moments(time, file["time_bnds"][:].T)
        monthly = "days" in file.variables
        if monthly:
            # Days count to the month in which they begin.
            days = file["days"][:]
            assert [(e - b).days for b, e in zip(begin, end)] == list(days), path
            assert all(b.day == 1 for b in begin[1:]) and all(e.day == 1 for e in end[:-1]), path
            last = [e - datetime.timedelta(days=1) for e in end]
            assert all((b.year, b.month) == (l.year, l.month) for b, l in zip(begin, last)), path
        else:
            assert all(moments(time, time[:]) == begin), path
        name = path.rsplit("_", 2)[1:]
        first, last = begin[0], end[-1] - datetime.timedelta(days=1)
        assert name == [first.strftime("%Y%m%d"), last.strftime("%Y%m%d") + ".nc"], (path, first, last)
        clock = lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        # Of all steps, whatever moment stands for one: from the begin of the first to the last day.
        assert file.time_coverage_start == clock(begin[0]), (path, file.time_coverage_start)
        assert file.time_coverage_end == clock(last), (path, file.time_coverage_end)
        length = datetime.timedelta(days=int(file.time_coverage_duration[1:-1]))
        assert last + datetime.timedelta(days=1) - begin[0] == length, (path, file.time_coverage_duration)
"#;

#[test]
fn all_that_is_said_of_time_agrees_with_cftime() {
    let _turn = alone();
    let Some(python) = here::python() else { return };
    for (calendar, hour) in [
        ("proleptic_gregorian", "00:00:00"),
        ("proleptic_gregorian", "12:00:00"),
        ("noleap", "23:30:00"),
        ("360_day", "06:00"),
        ("standard", "18:00:15"),
    ] {
        let unit = format!("days since 1979-01-20 {hour}");
        let variables = vec![Variable::new("npp", Kind::F32, None)];
        let periods = [(0, 45), (45, 31)];
        let model = Model {
            unit: unit.clone(),
            calendar: calendar.to_owned(),
            ..Model::new(&[(170, 230), (171, 231)], &periods, variables)
        };
        let folder = model.write();
        let monthly = out(&folder, "monthly");
        for (to, options) in
            [(&folder.out(), &[][..]), (&monthly, &["--every", "month", "--stat", "mean"][..])]
        {
            let output = program(&["grid"], &folder.run(), Some(to), options);
            assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        }
        assert_eq!(check::exact(&model, &folder.out()).files, 1);
        let files = check::files(&folder.out()).into_iter().chain(check::files(&monthly));
        let output = Command::new(&python).args(["-c", SCRIPT]).args(files).output().expect("Python runs");
        assert!(output.status.success(), "{calendar} {hour}: {}", talk(&output));

        let tables = out(&folder, "tables");
        let options = ["--tables", "daily,region", "--every", "month", "--format", "csv"];
        let output = program(&["tables"], &folder.run(), Some(&tables), &options);
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        let daily = std::fs::read_to_string(tables.join("daily.csv")).expect("a table");
        assert_eq!(daily.lines().nth(1).and_then(|line| line.split(',').nth(4)), Some("1979-01-20"));
        let region = std::fs::read_to_string(tables.join("region.csv")).expect("a table");
        let days = if calendar == "360_day" { ",11," } else { ",12," };
        assert!(
            region.lines().nth(1).is_some_and(|line| line.contains("1979-01-01") && line.contains(days)),
            "{region}"
        );
        work::assert_verified(&folder);
    }
}
