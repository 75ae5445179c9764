use std::path::{Path, PathBuf};

use super::*;
use crate::records::description::{At, Over, StepSize, TimePart};
use crate::records::files;

/// Files of a folder, detected by a description.
fn detect(files: &[(&str, &str)], text: &str) -> (tempfile::TempDir, Result<Completed>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }
    let found = of(folder.path(), text);
    (folder, found)
}

fn of(base: &Path, text: &str) -> Result<Completed> {
    let description = Description::from_toml(text).expect(text);
    complete(&description, files::list(&description, base).expect("files"))
}

fn found(files: &[(&str, &str)], text: &str) -> Completed {
    let found = detect(files, text).1.unwrap_or_else(|error| panic!("{}\n{files:?}", error.in_full()));
    // What was found out is a description that is read as the same.
    let text = found.description.to_toml();
    assert_eq!(Description::from_toml(&text).as_ref(), Ok(&found.description), "{text}");
    found
}

fn refused(files: &[(&str, &str)], text: &str) -> String {
    match detect(files, text).1 {
        Err(error) => error.in_full(),
        Ok(found) => panic!("{}", found.description.to_toml()),
    }
}

fn why(found: &Completed, key: &str) -> String {
    let told = found.evidence.iter().find(|evidence| evidence.key == key);
    told.map(|told| {
        format!("{} ({} {})", told.why, told.file.as_deref().unwrap_or("-"), told.line.unwrap_or(0))
    })
    .unwrap_or_default()
}

const ALL: &str = "[source]\nfiles = \"*\"";

fn lpj(lon: &[f64], lat: &[f64], years: std::ops::Range<i32>) -> String {
    let mut text = "      Lon      Lat    Year    TeBS     C3G   Total\n".to_owned();
    for (lon, lat) in lon.iter().flat_map(|lon| lat.iter().map(move |lat| (lon, lat))) {
        for year in years.clone() {
            text += &format!("{lon:9.2}{lat:9.2}{year:8}{:8.3}{:8.3}{:8.3}\n", 0.5, 1.25, 1.75);
        }
    }
    text
}

#[test]
fn tables_of_lpj_guess() {
    let table = lpj(&[-3.25, -2.75], &[58.75, 57.25], 2000..2004);
    let found = found(
        &[
            ("run1/lai.out", &table),
            ("run2/lai.out", &lpj(&[4.25], &[58.75], 2000..2004)),
            ("run3/lai.out", ""),
        ],
        "[source]\nfiles = \"run*/lai.out\"",
    );
    let Description { preset, text, cell, time, values, .. } = &found.description;
    assert_eq!(
        (preset.as_deref(), text.separator.as_deref(), values.along.as_deref()),
        (Some("lpj-guess"), Some("blanks"), Some("pft"))
    );
    assert_eq!(
        (cell.lat.as_deref(), cell.lon.as_deref(), cell.at, cell.step),
        (Some("Lat"), Some("Lon"), Some(At::Centre), Some(StepSize::Same(0.5)))
    );
    assert_eq!((time.step.as_deref(), time.calendar.as_deref()), (Some("year"), Some("noleap")));
    assert_eq!(
        why(&found, "preset"),
        "its name ends with .out, and its columns begin with Lon, Lat, Year (run1/lai.out 0)"
    );
    assert!(
        why(&found, "cell.step")
            .starts_with("5 places with 2 latitudes and 3 longitudes lie in steps of it: 5 of 4 × 16 cells"),
        "{}",
        why(&found, "cell.step")
    );
    assert!(why(&found, "time.step").starts_with("4 years from 2000 to 2003"));
    assert_eq!(found.looked, Looked { files: 3, scanned: 2, records: 20, places: 5, times: 4, is_all: true });
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.text == "it is empty" && note.file.as_deref() == Some("run3/lai.out"))
    );
}

#[test]
fn corners_glued_columns_and_headers_inside() {
    let table = lpj(&[-3.5, -3.0], &[58.5, 59.0], 2000..2002);
    let glued = table.replacen("   0.500   1.250   1.750", "   0.500-1234.567   1.750", 1);
    let double = glued + &lpj(&[-3.5, -3.0], &[58.5, 59.0], 2002..2004);
    let found = found(&[("lai.out", &double)], ALL);
    assert_eq!(found.description.cell.at, Some(At::SouthWest));
    assert!(why(&found, "cell.at").contains("multiples of 0.5, so they are corners, taken as south-western"));
    let notes: Vec<String> =
        found.notes.iter().map(|note| format!("{} {:?}", note.text, note.line)).collect();
    assert!(notes.contains(&"1 line like the header, inside of files Some(10)".to_owned()), "{notes:?}");
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("1 line with columns that have no blank between them Some(2)")),
        "{notes:?}"
    );
}

#[test]
fn months_as_columns() {
    let months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let table =
        format!("Lon Lat Year {months}\n0.25 0.25 2000 {v}\n0.75 0.25 2000 {v}\n", v = ["1.5"; 12].join(" "));
    let monthly = found(&[("mlai.out", &table)], ALL);
    assert_eq!(
        (monthly.description.values.along.as_deref(), monthly.description.time.step.as_deref()),
        (Some("month"), Some("month"))
    );
    let told = refused(&[("mlai.out", &table), ("lai.out", &lpj(&[0.25], &[0.25, 0.75], 2000..2001))], ALL);
    assert!(told.contains("mlai.out: it has a column for each month, and lai.out has not"), "{told}");
}

#[test]
fn days_count_from_0_and_leap_days_tell_the_calendar() {
    let daily = |first: i32, days: std::ops::Range<i32>| {
        let lines: String = [2000, 2001]
            .iter()
            .flat_map(|year| {
                days.clone().map(move |day| {
                    format!("0.25 0.25 {year} {} 1.5\n0.75 0.25 {year} {} 1.5\n", day + first, day + first)
                })
            })
            .collect();
        format!("Lon Lat Year Day value\n{lines}")
    };
    let zero = found(&[("a.txt", &daily(0, 0..365))], ALL);
    assert_eq!(
        zero.description.time.day_of_year,
        Some(TimePart::From { column: "Day".to_owned(), first: 0 })
    );
    assert_eq!(why(&zero, "time.day_of_year"), "Day counts from 0 (a.txt 2)");
    let one = found(&[("a.txt", &daily(1, 0..365))], ALL);
    assert_eq!(
        (one.description.time.day_of_year, one.description.time.step.as_deref()),
        (Some(TimePart::Column("Day".to_owned())), Some("day"))
    );
    let dated = |with: bool| {
        let days = ["2000-02-27", "2000-02-28", "2000-02-29", "2000-03-01"]
            .into_iter()
            .filter(|day| with || !day.ends_with("29"));
        "lat,lon,date,npp\n".to_owned()
            + &days.map(|day| format!("0.25,0.25,{day},1\n0.75,0.25,{day},2\n")).collect::<String>()
    };
    let with = found(&[("a.csv", &dated(true))], ALL);
    assert_eq!(
        (with.description.time.calendar.as_deref(), with.description.time.step.as_deref()),
        (Some("standard"), Some("day"))
    );
    let without = found(&[("a.csv", &dated(false))], ALL);
    assert_eq!(without.description.time.calendar.as_deref(), Some("noleap"));
    assert!(
        why(&without, "time.calendar")
            .contains("missing between 28 February and 1 March in 1 (such as 2000)")
    );
    for (has, calendar, other) in [(true, "noleap", "standard"), (false, "standard", "noleap")] {
        let told =
            refused(&[("a.csv", &dated(has))], &format!("{ALL}\n[source.time]\ncalendar = {calendar:?}"));
        assert!(
            told.contains(&format!("source.time.calendar is {calendar:?}, but 29 February is there in"))
                && told.contains(&format!("give calendar = {other:?}")),
            "{told}"
        );
    }
}

#[test]
fn dialects_of_csv() {
    for (text, separator, decimal) in [
        ("lat,lon,date,npp\n0.25,0.25,2001-01-01,1.5\n0.75,0.25,2001-01-02,1.5\n", ",", None),
        ("lat;lon;date;npp\n0,25;0,25;2001-01-01;1,5\n0,75;0,25;2001-01-02;1,5\n", ";", Some(',')),
        ("lat\tlon\tdate\tnpp\n0.25\t0.25\t2001-01-01\t\n0.75\t0.25\t2001-01-02\t1.5\n", "\t", None),
        ("lat lon date npp\n0,25 0,25 2001-01-01 1,5\n0,75 0,25 2001-01-02 1,5\n", "blanks", Some(',')),
        ("\u{feff}lat|lon|date|npp\r\n0.25|0.25|2001-01-01|-9999\r\n0.75|0.25|2001-01-02|1.5\r\n", "|", None),
        (
            "title of it all\n\nlat, lon, date, npp\n0.25, 0.25, 2001-01-01, 1\n0.75, 0.25, 2001-01-02, 1\n",
            ",",
            None,
        ),
        ("% made by hand\nlat,lon,date,npp\n0.25,0.25,2001-01-01,1\n0.75,0.25,2001-01-02,1\n", ",", None),
        (
            "lat lon date npp\n(deg) (deg) (-) (kg)\n0.25 0.25 2001-01-01 ********\n0.75 0.25 2001-01-02 1\n",
            "blanks",
            None,
        ),
    ] {
        let found = found(&[("a", text)], ALL);
        let Description { text: form, cell, time, .. } = &found.description;
        assert_eq!((form.separator.as_deref(), form.decimal), (Some(separator), decimal), "{text}");
        assert_eq!((cell.step, time.step.as_deref()), (Some(StepSize::Same(0.5)), Some("day")), "{text}");
        let units = text.contains("(deg)").then_some(crate::records::description::Units::Line);
        assert_eq!((form.skip, form.units), (text.starts_with("title").then_some(2), units), "{text}");
        for code in ["-9999", "********"].into_iter().filter(|code| text.contains(code)) {
            let missing = toml::to_string(form).expect("text");
            assert!(missing.contains(code), "{missing}");
        }
    }
}

#[test]
fn two_answers_are_a_question() {
    let csv = |dates: [&str; 2], rest: &str| {
        format!("lat,lon,date,npp\n0.25,0.25,{},1{rest}\n0.75,0.25,{},1{rest}\n", dates[0], dates[1])
    };
    for (text, wanted) in [
        (csv(["01/02/2001", "02/02/2001"], ""), "can be read in 2 ways; give source.time.stamp with format = \"%d/%m/%Y\" or format = \"%m/%d/%Y\""),
        (csv(["1979010100", "1979010200"], ""), "units = \"seconds since 1970-01-01\""),
        (csv(["1990.08", "1990.17"], ""), "years with decimals, such as 1990.08, which do not tell which step they mean"),
        ("row,col,year,npp\n1,1,2000,1\n2,2,2000,1\n".to_owned(), "the columns row and col seem to tell the cell, but not on which grid"),
        ("cell,year,npp\n1,2000,1\n2,2000,1\n".to_owned(), "the column cell seems to number cells, but nothing says where they are"),
        ("lat,lon,npp\n0.25,0.25,1\n0.75,0.25,1\n".to_owned(), "its columns are lat, lon, npp; none tells a time"),
        ("year,npp\n2000,1\n2001,1\n".to_owned(), "neither a column nor the name of the file tells the cell"),
        ("lat,lon,year,npp\n0.25,0.25,2000,1\n0.25,0.25,2001,1\n".to_owned(), "all records are of one place, which tells no step; give cell.step"),
        (
            "lat,lon,year,crop,yield\n0.25,0.25,2000,maize,1\n0.25,0.25,2000,rice,2\n0.75,0.25,2000,maize,1\n".to_owned(),
            "1 of 3 records have the cell and the time of another one (first a, line 3), so that something else tells them apart, perhaps by crop: give source.values.over = { crop = \"dimension\" }",
        ),
        ("lat,lon,npp;year\n0.25,0.25,1.5;2,5\n".to_owned(), ""),
    ] {
        let told = refused(&[("a", &text)], ALL);
        assert!(told.contains(wanted), "{text}\n{told}");
    }
    let mut places = String::from("lat,lon,year,npp\n");
    for place in 0..40u32 {
        places += &format!(
            "{:.3},{:.3},2000,1\n",
            f64::from(place * 7919 % 40_001) / 1000.0,
            f64::from(place * 104_729 % 60_007) / 1000.0
        );
    }
    let told = refused(&[("a", &places)], ALL);
    assert!(
        told.contains("40 places with 40 latitudes and 40 longitudes are on no grid")
            && told.contains("cells; give cell.step and cell.snap"),
        "{told}"
    );
}

#[test]
fn files_of_a_cell_by_their_names() {
    let text = "# SIMULATION: fluxes\n# MODEL_VERSION: 5.1.0\nYEAR\tMONTH\tDAY\tOUT_PREC\t OUT_SOIL_LIQ_0\t OUT_SOIL_LIQ_1\n1949\t01\t01\t0.1687\t 12.3456\t 45.6789\n1949\t01\t02\t0.1687\t 12.3456\t 45.6789\n";
    let names = [
        "results/run2_fluxes_48.22_-120.72.txt",
        "results/run2_fluxes_48.28_-120.66.txt",
        "results/run2_fluxes_48.34_-120.59.txt",
        "results/run2_fluxes_48.41_-120.53.txt",
    ];
    fn files_of<'a>(names: &[&'a str], cell: &'a str) -> Vec<(&'a str, &'a str)> {
        names.iter().map(|name| (*name, cell)).collect()
    }
    let found = found(&files_of(&names, text), "[source]\nfiles = \"results/*\"");
    let Description { preset, files, cell, time, values, .. } = &found.description;
    assert_eq!(
        (preset.as_deref(), files.as_slice()),
        (Some("vic"), ["results/run2_fluxes_{lat}_{lon}.txt".to_owned()].as_slice())
    );
    assert_eq!(
        (cell.lat.as_deref(), cell.step, cell.at, cell.snap),
        (Some("{lat}"), Some(StepSize::Same(0.0625)), Some(At::Centre), Some(0.006))
    );
    assert_eq!((time.step.as_deref(), values.numbered), (Some("day"), Some(true)));
    assert_eq!(found.files.files[0].field("lat"), Some("48.22"));
    // A step that is told does not make rounded names exact.
    let told = self::found(
        &files_of(&names, text),
        "[source]\nfiles = \"results/*\"\n[source.cell]\nstep = 0.0625\nat = \"centre\"",
    );
    assert_eq!(told.description.cell.snap, Some(0.006));
}

#[test]
fn records_without_names() {
    let cell = "1949\t01\t01\t0.1687\t 12.3456\n1949\t01\t02\t0.1687\t 12.3456\n";
    let found =
        found(&[("fluxes_0.25_0.25", cell), ("fluxes_0.25_0.75", cell)], "[source]\npreset = \"vic\"");
    assert_eq!(found.description.time.year, Some(TimePart::Column("1".to_owned())));
    let bare = "0.1687\t -10.3295\n0.1687\t -11.0099\n";
    let told = refused(
        &[("full_data_0.25_0.25", bare), ("full_data_0.25_0.75", bare)],
        "[source]\npreset = \"vic\"",
    );
    assert!(
        told.contains("its 2 columns have no names; none tells a time") && told.contains("start = "),
        "{told}"
    );
    let old = "# NRECS: 2\n# DT: 24\n# STARTDATE: 1915-01-01 00:00:00\n# ALMA_OUTPUT: 0\n# NVARS: 2\n# OUT_PREC\t OUT_EVAP\n0.1\t 0.2\n0.3\t 0.4\n";
    let found = super::tests::found(&[("fluxes_0.25_0.25", old), ("fluxes_0.25_0.75", old)], ALL);
    assert_eq!(
        (found.description.time.start.as_deref(), found.description.time.step.as_deref()),
        (Some("1915-01-01 00:00:00"), Some("day"))
    );
    assert_eq!(
        why(&found, "time.start"),
        "the comment says STARTDATE 1915-01-01 00:00:00, and steps of 24 hours (fluxes_0.25_0.25 3)"
    );
}

#[test]
fn types_by_digits() {
    let csv = "lat,lon,year,npp,count,deep_0,deep_1\n0.25,0.25,2000,0.12345678,3,1,0.1234567891\n0.75,0.25,2000,1,20000001,2,3\n";
    let found = found(&[("a", csv)], ALL);
    let types = toml::to_string(&found.description.values).expect("values");
    assert!(
        types.contains("\"*\" = \"f4\"")
            && types.contains("count = \"f8\"")
            && types.contains("\"deep*\" = \"f8\"")
            && !types.contains("npp"),
        "{types}"
    );
    assert!(why(&found, "values.type").contains("has 0.1234567891"), "{}", why(&found, "values.type"));
}

/// A preset whose cells are told by names gives plain names its own form.
#[test]
fn names_are_those_of_a_preset() {
    let files = |files: &[&str], preset: &str| {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        Description::of_files(Some(preset), &files).expect("a description").files
    };
    let csv = ["run/grd_186-239/grd_{y}_{x}_*.csv{,.gz}"];
    assert_eq!(
        files(
            &["run/grd_186-239/grd_186_239_1979_1980.csv", "run/grd_186-239/grd_186_239_1981_1982.csv"],
            "caete-csv"
        ),
        csv
    );
    assert_eq!(files(&["run/*/grd_*.csv"], "caete-csv"), ["run/*/grd_{y}_{x}_*.csv{,.gz}"]);
    assert_eq!(files(&["run/grd_{y}_{x}.csv"], "caete-csv"), ["run/grd_{y}_{x}.csv"]);
    assert_eq!(files(&["results/fluxes_*"], "vic"), ["results/fluxes_*"]);
}

/// A city's day: presets know its form, and the sum over countries makes one record.
#[test]
fn a_day_of_a_city() {
    let line = |square: u32, time: u64, country: u32| {
        format!("{square}\t{time}\t{country}\t0.141864\t\t0.160938\t\t11.028366381681026\n")
    };
    let text: String = (0..40u64)
        .map(|index| line(1 + index as u32 % 10, 1_383_260_400_000 + 600_000 * (index / 10), 39))
        .collect();
    let text = text + &line(1, 1_383_260_400_000, 0);
    let found = found(&[("sms-call-internet-mi-2013-11-01.txt", &text)], ALL);
    let Description { preset, time, values, .. } = &found.description;
    assert_eq!(
        (preset.as_deref(), time.step.as_deref(), values.over.get("country_code")),
        (Some("milan"), Some("10 minutes"), Some(&Over::Sum))
    );
}

#[test]
fn other_files_are_known_by_their_beginnings() {
    for (bytes, name) in [
        (b"CDF\x05".as_slice(), "as NetCDF it cannot be read: its header ends early"),
        (b"\x89HDF\r\n\x1a\n", "NetCDF"),
        (b"PAR1....", "as Parquet it cannot be read"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), bytes).expect("a file");
        let told = of(folder.path(), ALL).expect_err("nothing that is read").in_full();
        assert!(told.contains(name), "{told}");
    }
}

fn real() -> Option<PathBuf> {
    gridloom_testkit::here::real_runs().map(|data| data.join("records")).filter(|data| data.is_dir())
}

#[test]
fn real_tables_of_lpj_guess() {
    let Some(data) = real() else { return };
    for (file, cells, step, along) in [
        ("lai.out.gz", 1467, "year", "pft"),
        ("mlai.out.gz", 1467, "month", "month"),
        ("cmass.out.gz", 1890, "year", "pft"),
    ] {
        let found = of(&data, &format!("[source]\nfiles = \"lpj-guess/{file}\""))
            .unwrap_or_else(|error| panic!("{}", error.in_full()));
        let Description { cell, time, values, .. } = &found.description;
        assert_eq!(
            (found.looked.places, cell.step, cell.at),
            (cells, Some(StepSize::Same(0.5)), Some(At::Centre)),
            "{file}"
        );
        assert_eq!(
            (time.step.as_deref(), values.along.as_deref(), found.looked.is_all),
            (Some(step), Some(along), true),
            "{file}"
        );
        assert_eq!(found.notes, [], "{file}");
    }
    let one = of(&data, "[source]\nfiles = \"lpj-guess-tables/*.out\"").expect_err("one place");
    assert!(one.in_full().contains("all records are of one place"), "{}", one.in_full());
    let told =
        of(&data, "[source]\nfiles = \"lpj-guess-tables/*.out\"\n[source.cell]\nstep = 0.5").expect("a step");
    assert_eq!((told.description.cell.at, told.looked.scanned), (Some(At::SouthWest), 20));
}

#[test]
fn real_forcings_of_vic() {
    let Some(data) = real() else { return };
    let text = "[source]\npreset = \"vic\"\nfiles = \"vic-forcings/full_data_*\"";
    let told = of(&data, text).expect_err("no dates").in_full();
    assert!(told.contains("its 8 columns have no names; none tells a time"), "{told}");
    let found = of(&data, &format!("{text}\n[source.time]\nstart = \"1949-01-01\"\nstep = \"hour\""))
        .unwrap_or_else(|error| panic!("{}", error.in_full()));
    assert_eq!((found.description.cell.step, found.looked.places), (Some(StepSize::Same(0.125)), 16));
    assert_eq!(found.description.files, ["vic-forcings/full_data_{lat}_{lon}"]);
}
