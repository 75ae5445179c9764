use proptest::prelude::*;

use super::*;

fn text(keys: &str) -> Text {
    Description::from_toml(&format!("[source.text]\n{keys}")).expect(keys).text
}

fn names(head: &Head) -> String {
    head.names.as_ref().map_or("-".to_owned(), |names| names.join(" "))
}

/// Separator, names, number of columns, first line of data and the bytes before it.
fn told(keys: &str, file: &str) -> String {
    match of(file.as_bytes(), true, &text(keys)) {
        Ok(head) => {
            let separator = match &head.separator {
                Separator::Blanks => "blanks".to_owned(),
                Separator::Byte(byte) => format!("{:?}", char::from(*byte)),
                Separator::Fixed(widths) => format!("{widths:?}"),
            };
            let rest = &file[head.start as usize..];
            format!(
                "{separator} | {} | {} | {} | {}",
                names(&head),
                head.columns,
                head.lines,
                rest.lines().next().unwrap_or("")
            )
        }
        Err(fault) => format!("{:?} {:?} {}", fault.kind, fault.line, fault.message),
    }
}

#[test]
fn headers_of_all_shapes() {
    let lpj = "      Lon      Lat    Year    VegC\n     8.50    50.00    1980   0.721\n";
    let vic4 =
        "# NRECS: 2\n# DT: 24\n# YEAR\tMONTH\tDAY\tOUT_PREC\t OUT_EVAP\n1949\t01\t01\t0.1687\t 0.0000\n";
    let vic5 =
        "# SIMULATION: fluxes\n# MODEL_VERSION: 5.1.0\nYEAR\tMONTH\tDAY\tOUT_PREC\n1949\t01\t01\t0.1687\n";
    let beta = "# NRECS: 2\n# STARTDATE: 1949-01-01 00:00:00\n# ALMA_UNITS: FALSE\n# NVARS: 1\nYEAR\tMONTH\tDAY\tOUT_PREC\n1949\t01\t01\t0.1687\n";
    let bare = "0.1687\t -10.3295\t 0.0000\n0.1687\t -11.0099\t 0.0000\n";
    for (keys, file, wanted) in [
        ("", lpj, "blanks | Lon Lat Year VegC | 4 | 1 |      8.50    50.00    1980   0.721"),
        ("header = \"line\"", lpj, "blanks | Lon Lat Year VegC | 4 | 1 |      8.50    50.00    1980   0.721"),
        (
            "separator = \"fixed\"",
            lpj,
            "[9, 9, 8, 8] | Lon Lat Year VegC | 4 | 1 |      8.50    50.00    1980   0.721",
        ),
        (
            "header = \"any\"",
            vic4,
            "blanks | YEAR MONTH DAY OUT_PREC OUT_EVAP | 5 | 3 | 1949\t01\t01\t0.1687\t 0.0000",
        ),
        (
            "header = \"comment\"",
            vic4,
            "blanks | YEAR MONTH DAY OUT_PREC OUT_EVAP | 5 | 3 | 1949\t01\t01\t0.1687\t 0.0000",
        ),
        ("separator = \"blanks\"", vic5, "blanks | YEAR MONTH DAY OUT_PREC | 4 | 3 | 1949\t01\t01\t0.1687"),
        ("separator = \"blanks\"", beta, "blanks | YEAR MONTH DAY OUT_PREC | 4 | 5 | 1949\t01\t01\t0.1687"),
        ("separator = \"blanks\"", bare, "blanks | - | 3 | 0 | 0.1687\t -10.3295\t 0.0000"),
        ("", bare, "blanks | - | 3 | 0 | 0.1687\t -10.3295\t 0.0000"),
        ("header = \"none\"\nnames = [\"a\", \"b\"]", "1,2\n", "',' | a b | 2 | 0 | 1,2"),
        ("", "\u{feff}lat,lon,npp\r\n\r\n1,2,3\r\n", "',' | lat lon npp | 3 | 1 | "),
        ("", "\"lat\";\"lon;x\"\n1,5;2\n", "';' | lat lon;x | 2 | 1 | 1,5;2"),
        ("", "1\t2\t\t3\n1\t2\t4\t3\n", "'\\t' | - | 4 | 0 | 1\t2\t\t3"),
        ("units = \"line\"", "name yield\n(-) (kg/ha)\na 1\n", "blanks | name yield | 2 | 2 | a 1"),
        (
            "header = \"marker\"\nmarker = \"@\"",
            "*SUMMARY\n\n!x\n@   RUNNO TRNO\n      1    2\n",
            "blanks | RUNNO TRNO | 2 | 4 |       1    2",
        ),
        (
            "header = \"marker\"\nmarker = \"Date\"\nseparator = \",\"",
            "first\nDate,hru_1\n2001-01-01,5\n",
            "',' | Date hru_1 | 2 | 2 | 2001-01-01,5",
        ),
        ("skip = 2", "nonsense, more\n\nlat,npp\n1,2\n", "',' | lat npp | 2 | 3 | 1,2"),
        ("", "date,lat,lon,v\n2001-01-01,1,2,3\n", "',' | date lat lon v | 4 | 1 | 2001-01-01,1,2,3"),
        ("", "2001-01-01T00:00,x1\n2001-01-02T00:00,x2\n", "',' | - | 2 | 0 | 2001-01-01T00:00,x1"),
        (
            "header = \"comment\"",
            "1 2\n",
            "Columns Some(1) no line that begins with \"#\" is before its records; names of columns were to be in one",
        ),
        ("", "", "Empty None the file is empty"),
        ("", "lat,lon\n\n", "NoRecords None the file has no record"),
        ("", "\n# nothing\n", "NoRecords None the file has no record"),
    ] {
        assert_eq!(told(keys, file), wanted, "{keys} {file}");
    }
    let utf16: Vec<u8> = b"\xff\xfel\0a\0".to_vec();
    assert!(of(&utf16, true, &text("")).expect_err("UTF-16").message.contains("UTF-16"));
    let head = of(b"l\xe4t lon\n1 2\n", true, &text("")).expect("a head");
    assert_eq!((names(&head).as_str(), head.header.as_slice()), ("l\u{fffd}t lon", b"l\xe4t lon".as_slice()));
}

#[test]
fn edges_and_units_are_known() {
    let file = b"      Lon      Lat    Year    VegC\n     8.50    50.00    1980   0.721\n";
    let head = of(file, true, &text("")).expect("a head");
    assert_eq!((head.edges, head.header.len()), (vec![9, 18, 26, 34], 34));
    let head = of(b"name yield\n(-) [kg/ha]\na 1\n", true, &text("units = \"line\"")).expect("a head");
    assert_eq!(head.units, Some(vec!["-".to_owned(), "kg/ha".to_owned()]));
}

#[test]
fn a_file_is_read_no_further_than_its_header() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        read(&path, &Description::default())
    };
    let names: Vec<String> = (0..200_000).map(|column| format!("cell{column}")).collect();
    let values = vec!["1"; 200_000].join(",");
    let head = read(&format!("{}\n{values}\n", names.join(","))).expect("a head");
    assert_eq!((head.columns, head.start as usize), (200_000, names.join(",").len() + 1));
    let fault = read(&"x".repeat(MOST + 10)).expect_err("a line without an end");
    assert_eq!((fault.kind, fault.line), (RecordFaultKind::TooLarge, None));
    let many = format!("{}a\n{}1\n", "a,".repeat(MOST_COLUMNS), "1,".repeat(MOST_COLUMNS));
    assert_eq!(read(&many).expect_err("too many columns").kind, RecordFaultKind::TooLarge);
}

/// Every kind of table that rLPJGUESS shows.
#[test]
fn real_tables() {
    let real = gridloom_testkit::here::real_runs();
    let Some(data) = real.filter(|data| data.join("records").is_dir()) else { return };
    let description = Description::from_toml("[source]\npreset = \"lpj-guess\"").expect("a preset");
    let tables = std::fs::read_dir(data.join("records/lpj-guess-tables")).expect("tables");
    let heads: Vec<Head> =
        tables.map(|table| read(&table.expect("a table").path(), &description).expect("a head")).collect();
    assert_eq!(heads.len(), 20);
    for head in heads {
        let names = head.names.expect("names");
        assert_eq!(
            (&names[..3], names.len(), head.lines),
            (["Lon", "Lat", "Year"].map(str::to_owned).as_slice(), head.edges.len(), 1)
        );
    }
    let vic = Description::from_toml("[source]\npreset = \"vic\"").expect("a preset");
    let head = read(&data.join("records/vic-forcings/full_data_48.1875_-120.6875"), &vic).expect("a head");
    assert_eq!((head.names, head.columns, head.start), (None, 8, 0));
}

proptest! {
    #[test]
    fn any_bytes_are_a_head_or_none(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b','), Just(b' '), Just(b'#'), any::<u8>()], 0..80), is_whole: bool, keys in 0usize..6) {
        let keys = ["", "separator = \"blanks\"", "separator = \"fixed\"", "header = \"marker\"\nmarker = \"#\"", "units = \"line\"\nheader = \"line\"", "header = \"comment\"\nskip = 1"][keys];
        if let Ok(head) = of(&bytes, is_whole, &text(keys)) {
            prop_assert!(head.start as usize <= bytes.len());
            let lines = bytes[..head.start as usize].iter().filter(|byte| **byte == b'\n').count() as u64;
            prop_assert!(head.lines == lines || head.start as usize == bytes.len());
        }
    }
}

#[test]
fn a_mark_without_a_name_is_no_header() {
    for (keys, bytes) in [
        ("header = \"marker\"\nmarker = \"@\"", "@\n\0"),
        ("header = \"comment\"", "#\n1 2\n"),
        ("header = \"comment\"\nseparator = \"fixed\"", "# \n1 2\n"),
    ] {
        let text = Description::from_toml(&format!("[source.text]\n{keys}")).expect("a dialect").text;
        let fault = of(bytes.as_bytes(), true, &text).expect_err(keys);
        assert_eq!(
            (fault.kind, fault.line),
            (RecordFaultKind::Columns, Some(1)),
            "{keys}: {}",
            fault.message
        );
    }
}
