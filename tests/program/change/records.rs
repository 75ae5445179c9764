//! Records as the reference, as the run, and as both.

use super::*;

/// The cells and days of a run as records that describe themselves; `units` is what the description says of them.
fn records_of(run: &Path, folder: &Path, factor: f32, units: Option<&str>) -> String {
    std::fs::create_dir_all(folder).expect("a folder");
    let tables = folder.join("tables");
    done(&["tables", name(run), "-o", name(&tables), "--format", "csv", "--variables", "npp"]);
    let text = std::fs::read_to_string(tables.join("daily.csv")).expect("a table");
    let (head, rows) = text.split_once('\n').expect("a head");
    assert_eq!(head, "grid_y,grid_x,latitude,longitude,day,npp");
    let mut lines = vec!["lat,lon,date,npp".to_owned()];
    for row in rows.lines() {
        let fields: Vec<&str> = row.split(',').collect();
        let value = fields[5].parse::<f32>().map_or("-9999".to_owned(), |value| (value * factor).to_string());
        lines.push(format!("{},{},{},{value}", fields[2], fields[3], fields[4]));
    }
    std::fs::write(folder.join("npp.csv"), lines.join("\n") + "\n").expect("records");
    settle(&folder.join("npp.csv"));
    let units =
        units.map_or_else(String::new, |units| format!("[variables.npp]\n{ABOUT}units = {units:?}\n"));
    let description = folder.join("npp.toml");
    let text = RECORDS
        .replace("*.csv", "npp.csv")
        .replace("header = \"line\"", "header = \"line\"\nmissing = [\"-9999\"]");
    std::fs::write(&description, text + &units).expect("a description");
    name(&description).to_owned()
}

const OWN: &str = "kg m-2 year-1";
/// As an entry of a variable has to have it.
const ABOUT: &str = "long_name = \"net primary productivity\"\ncell_method = \"mean\"\n";

/// The table of the change of one variable, and what was told.
fn change(run: &str, reference: &str, out: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let words = ["tables", run, "-o", name(out), "--reference", reference, "--tables", "change"];
    let made =
        gridloom(&[&words[..], &["--format", "csv", "--variables", "npp"], options, &WINDOWS].concat());
    let table = std::fs::read_to_string(out.join("change.csv")).unwrap_or_default();
    (made.status.code(), table, talk(&made))
}

/// The numbers of a table, each by its place; nothing where there is none.
fn numbers(table: &str) -> Vec<Option<f64>> {
    table.lines().skip(1).flat_map(|line| line.split(',').map(|field| field.parse().ok())).collect()
}

#[test]
fn records_are_compared_with_as_the_run_that_they_are_of() {
    let (one, other) = (written(&model(&CELLS, 1)), written(&model(&CELLS, 2)));
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let (run, reference) = (one.run(), other.run());
    let (run, reference) = (name(&run), name(&reference));
    let (code, wanted, told) = change(run, reference, &at("wanted"), &[]);
    assert_eq!(code, Some(0), "{told}");
    let of_run = records_of(Path::new(run), &at("of_run"), 1.0, Some(OWN));
    let of_reference = records_of(Path::new(reference), &at("of_reference"), 1.0, Some(OWN));
    for (out, run, reference) in
        [("reference", run, &*of_reference), ("run", &of_run, reference), ("both", &of_run, &of_reference)]
    {
        let (code, made, told) = change(run, reference, &at(out), &[]);
        assert_eq!(code, Some(0), "{out}: {told}");
        assert!(made == wanted, "{out}: {made}\nis not\n{wanted}");
        let proved = gridloom(&["verify", run, name(&at(out))]);
        assert_eq!(proved.status.code(), Some(0), "{out}: {}", talk(&proved));
        assert!(talk(&proved).contains("; 0 differ"), "{out}: {}", talk(&proved));
    }
    // Grids are made of them as well, by tasks that share the reading, and go on where they were.
    let grids = |out: &str, options: &[&str]| {
        let out = at(out);
        let words = ["grid", run, "-o", name(&out), "--reference", &of_reference, "--variables", "npp"];
        assert_done(&gridloom(&[&words[..], options, &WINDOWS].concat()));
    };
    grids("grids", &[]);
    std::thread::scope(|scope| {
        for share in ["0/2", "1/2"] {
            scope.spawn(move || grids("shared", &["--shard", share]));
        }
    });
    done(&["publish", name(&at("shared"))]);
    grids("grids", &[]);
    let made = |out: &str| {
        let all = bytes(&at(out)).into_iter();
        let is_grid = |path: &Path| path.extension().is_some_and(|extension| extension == "nc");
        all.filter(|(path, _)| is_grid(path)).collect()
    };
    assert_same(&made("shared"), &made("grids"));
    done(&["verify", run, name(&at("shared"))]);
    grids("dropped", &["--drop-spool"]);
    assert!(!at("dropped/.gridloom").exists(), "what was read of the reference goes with the spool");
    // The same whether the reference was a run or records of it, but for what files say of it.
    done(&["verify", run, name(&at("dropped"))]);
    // A record that changes is seen by the proof, and taken in by the same command.
    let records = at("of_reference/npp.csv");
    let text = std::fs::read_to_string(&records).expect("records");
    let row =
        text.lines().find(|line| line.contains("1981-05-05") && !line.ends_with("-9999")).expect("a row");
    let spoilt = |value: &str| text.replace(row, &format!("{}{value}", row.trim_end_matches(|c| c != ',')));
    std::fs::write(&records, spoilt("77.5")).expect("written");
    settle(&records);
    let proved = gridloom(&["verify", run, name(&at("reference"))]);
    assert_eq!(proved.status.code(), Some(4), "{}", talk(&proved));
    let (code, made, told) = change(run, &of_reference, &at("reference"), &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(made != wanted, "{told}");
    done(&["verify", run, name(&at("reference"))]);
    // One that cannot be read is told of as the reference's.
    std::fs::write(&records, spoilt("no number")).expect("written");
    settle(&records);
    let (code, _, told) = change(run, &of_reference, &at("reference"), &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("of the reference, ") && told.contains("no number"), "{told}");
    let proved = gridloom(&["verify", run, name(&at("reference"))]);
    assert_eq!(proved.status.code(), Some(3), "{}", talk(&proved));
}

#[test]
fn units_of_records_agree_are_converted_or_are_asked_for() {
    let (one, other) = (written(&model(&CELLS[..4], 1)), written(&model(&CELLS[..4], 2)));
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let (run, reference) = (one.run(), other.run());
    let (run, reference) = (name(&run), name(&reference));
    let (_, wanted, _) = change(run, reference, &at("wanted"), &[]);
    let is_near = |made: &str, wanted: &str, factor: f64| {
        let (made, wanted) = (numbers(made), numbers(wanted));
        assert_eq!(made.len(), wanted.len());
        for (at, (made, wanted)) in made.iter().zip(&wanted).enumerate() {
            // Behind the cell: means and changes in the units, then percent and the p-value.
            let factor = if (5..10).contains(&(at % 12)) { factor } else { 1.0 };
            let near = match (made, wanted) {
                (Some(made), Some(wanted)) => {
                    (made - wanted * factor).abs() <= 1e-4 * (wanted * factor).abs().max(1e-3 * factor)
                }
                _ => made == wanted,
            };
            assert!(near, "{at}: {made:?} is not {factor} times {wanted:?}");
        }
    };
    assert_eq!(wanted.lines().next().map(|head| head.split(',').count()), Some(12), "{wanted}");
    let grams = records_of(Path::new(reference), &at("grams"), 1000.0, Some("g m-2 year-1"));
    let (code, made, told) = change(run, &grams, &at("converted"), &[]);
    assert_eq!(code, Some(0), "{told}");
    is_near(&made, &wanted, 1.0);
    done(&["verify", run, name(&at("converted"))]);
    // Both in other units: the run is converted from its own, the reference from its own.
    for (out, reference) in [("grams_of_both", &*grams), ("grams_of_runs", reference)] {
        let (code, made, told) = change(run, reference, &at(out), &["--units", "npp=g m-2 year-1"]);
        assert_eq!(code, Some(0), "{told}");
        is_near(&made, &wanted, 1000.0);
        done(&["verify", run, name(&at(out))]);
    }
    // A formula takes what it is made of in the units of the run.
    let out = at("formula");
    let words = ["tables", run, "-o", name(&out), "--reference", &grams, "--tables", "change"];
    let formula = ["--format", "csv", "--derive", "twice=npp * 2", "--variables", "twice"];
    done(&[&words[..], &formula, &WINDOWS].concat());
    let made = std::fs::read_to_string(at("formula/change.csv")).expect("a table");
    is_near(&made, &wanted, 2.0);
    // Units that nobody says are asked for, whichever side lacks them.
    let bare = records_of(Path::new(reference), &at("bare"), 1.0, None);
    for (out, run, reference, words) in [
        ("no_1", run, &*bare, "not known in npp, and are \"kg m-2 year-1\" in the run"),
        ("no_2", &bare, reference, "and are \"kg m-2 year-1\" in the reference"),
        ("no_3", &bare, &bare, "not known in npp, nor in the run"),
    ] {
        let (code, _, told) = change(run, reference, &at(out), &[]);
        assert_eq!(code, Some(2), "{out}: {told}");
        assert!(told.contains(words) && told.contains("[variables.npp]"), "{out}: {told}");
        assert!(!at(out).join("change.csv").exists());
    }
    // Either place that the message names helps.
    let config = at("units.toml");
    std::fs::write(&config, format!("[variables.npp]\n{ABOUT}units = {OWN:?}\n")).expect("a configuration");
    let (code, made, told) = change(run, &bare, &at("told"), &["--config", name(&config)]);
    assert_eq!(code, Some(0), "{told}");
    is_near(&made, &wanted, 1.0);
    // What a description says of its own records says nothing of the reference's.
    let own = records_of(Path::new(run), &at("own"), 1.0, Some(OWN));
    let (code, _, told) = change(&own, &bare, &at("no_4"), &[]);
    assert!(code == Some(2) && told.contains("its units are not known in npp"), "{told}");
    let kinds = records_of(Path::new(reference), &at("kinds"), 1.0, Some("K"));
    let (code, _, told) = change(run, &kinds, &at("no_5"), &[]);
    assert!(code == Some(2) && told.contains("another kind"), "{told}");
}

const YEARS: std::ops::RangeInclusive<i32> = 1981..=1984;

/// LPJ-GUESS' yearly table of leaf area, by types of plants in an order.
fn lpj(folder: &Path, types: &[&str], of: impl Fn(&str, i32) -> f64) -> String {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut lines = vec![format!("Lon Lat Year {}", types.join(" "))];
    for (lon, lat) in [(-60.75, -1.75), (-60.25, -1.75), (-60.75, -1.25)] {
        for year in YEARS {
            let values: Vec<String> = types.iter().map(|kind| format!("{:.4}", of(kind, year))).collect();
            lines.push(format!("{lon} {lat} {year} {}", values.join(" ")));
        }
    }
    std::fs::write(folder.join("lai.out"), lines.join("\n") + "\n").expect("a table");
    settle(&folder.join("lai.out"));
    let description = folder.join("lpj.toml");
    std::fs::write(&description, "[source]\npreset = \"lpj-guess\"\nfiles = \"{variable}.out\"\n")
        .expect("written");
    name(&description).to_owned()
}

#[test]
fn rows_of_records_are_compared_by_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let value = |kind: &str| if kind == "BNE" { 1.0 } else { 5.0 };
    let run = lpj(&at("run"), &["BNE", "TeBS"], |kind, year| value(kind) + f64::from(year - 1980));
    let reference = lpj(&at("reference"), &["TeBS", "BNE"], |kind, _| value(kind));
    let windows = [
        "--from",
        "1983-01-01",
        "--to",
        "1984-12-31",
        "--reference-from",
        "1981-01-01",
        "--reference-to",
        "1982-12-31",
    ];
    let out = at("out");
    let words = [
        "tables",
        &run,
        "-o",
        name(&out),
        "--reference",
        &reference,
        "--format",
        "csv",
        "--tables",
        "change",
    ];
    done(&[&words[..], &windows].concat());
    let table = std::fs::read_to_string(at("out/change.csv")).expect("a table");
    let (head, rows) = table.split_once('\n').expect("a head");
    for kind in ["BNE", "TeBS"] {
        let place = head.split(',').position(|column| column == format!("lai_{kind}_change")).expect(head);
        for row in rows.lines() {
            // 1983 and 1984 add 3 and 4.
            assert_eq!(row.split(',').nth(place), Some("3.5"), "{head}\n{row}");
        }
    }
    done(&["verify", &run, name(&at("out"))]);
    // Amounts of a year are not those of a month.
    let months = at("months");
    std::fs::create_dir_all(&months).expect("a folder");
    let names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let of_years = YEARS.map(|year| format!("-60.75 -1.75 {year} {}", ["0.1"; 12].join(" ")));
    let lines: Vec<String> = of_years.collect();
    std::fs::write(months.join("mnpp.out"), format!("Lon Lat Year {names}\n{}\n", lines.join("\n")))
        .expect("written");
    let of_months = months.join("lpj.toml");
    let text = "[source]\npreset = \"lpj-guess\"\nfiles = \"m{variable}.out\"\n[source.cell]\nstep = 0.5\nat = \"centre\"\n\
                [variables.npp]\nlong_name = \"net primary productivity\"\nunits = \"kg m-2\"\ncell_method = \"sum\"\n";
    std::fs::write(&of_months, text).expect("a description");
    let years = at("years");
    std::fs::create_dir_all(&years).expect("a folder");
    let lines: Vec<String> = YEARS.map(|year| format!("-60.75 -1.75 {year} 1.2")).collect();
    std::fs::write(years.join("npp.out"), format!("Lon Lat Year Total\n{}\n", lines.join("\n")))
        .expect("written");
    let of_years = years.join("lpj.toml");
    std::fs::write(&of_years, text.replace("m{variable}", "{variable}")).expect("a description");
    let out = at("sums");
    let words =
        ["tables", name(&of_years), "-o", name(&out), "--reference", name(&of_months), "--tables", "change"];
    let refused = gridloom(&[&words[..], &windows].concat());
    let told = talk(&refused);
    assert!(
        refused.status.code() == Some(2) && told.contains("the sum over 1 month in the reference"),
        "{told}"
    );
}
