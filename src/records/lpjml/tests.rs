use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::model::element::Element;
use crate::records::description::TimeKeys;
use crate::records::rows::Column;

fn table(head: Head, element: Element) -> Table {
    let names = head.names.clone().unwrap_or_default();
    let mut values = 0;
    let roles: Vec<Role> = names
        .iter()
        .map(|name| match name.as_str() {
            "lat" => Role::First,
            "lon" => Role::Second,
            "year" => Role::Time(Part::Year),
            "month" => Role::Time(Part::Month),
            "day_of_year" => Role::Time(Part::DayOfYear),
            _ => {
                values += 1;
                Role::Value(values - 1)
            }
        })
        .collect();
    Table {
        head,
        roles,
        fields: (0..values).collect(),
        elements: vec![(element, false); values as usize],
        missing: vec![Vec::new(); values as usize],
        place: [None, None],
        parts: Vec::new(),
        label: None,
        key: None,
        names: None,
        spread: None,
    }
}

fn read_path(path: &Path, step: &str) -> Result<(Vec<String>, Rows, Outcome), RecordFault> {
    let head = head(path)?;
    let keys =
        TimeKeys { step: Some(step.to_owned()), calendar: Some("noleap".to_owned()), ..TimeKeys::default() };
    let time = TimeRule::of(&keys).expect("a rule");
    let names = head.names.clone().unwrap_or_default();
    let table = table(head, Element::Float32);
    let mut rows = Rows::default();
    let outcome = read::<Infallible>(path, "file", (&table, &time), 1 << 30, &mut rows, &mut |_| Ok(()))
        .expect("nothing refuses");
    if outcome.is_whole {
        // The second reader has the same rows and counts.
        let mut again = Rows::default();
        let own =
            simple::read::<Infallible>(path, "file", (&table, &time), 1 << 30, &mut again, &mut |_| Ok(()))
                .expect("nothing refuses");
        crate::records::same::same((&rows, &outcome), (&again, &own));
    }
    Ok((names, rows, outcome))
}

fn values(rows: &Rows, column: usize) -> &[f32] {
    match &rows.columns[column] {
        Column::F4(values) => values,
        other => panic!("{other:?}"),
    }
}

/// A run of two cells, three years of months and two bands, in a format.
fn write_run(folder: &Path, format: &str, is_big: bool) -> PathBuf {
    let json = |name: &str, words: &str| {
        let text = format!(
            "{{\"variable\":\"{name}\",\"ncell\":2,\"cellsize_lat\":0.5,\"cellsize_lon\":0.5,\"filename\":\"{name}.bin\",\"bigendian\":{is_big},{words}}}"
        );
        std::fs::write(folder.join(format!("{name}.bin.json")), text).expect("a file");
    };
    json(
        "grid",
        "\"nbands\":2,\"datatype\":\"short\",\"scalar\":0.01,\"order\":\"cellyear\",\"format\":\"raw\"",
    );
    let grid: Vec<u8> = [-17_975i16, 8_375, 25, -5_525]
        .iter()
        .flat_map(|value| if is_big { value.to_be_bytes() } else { value.to_le_bytes() })
        .collect();
    std::fs::write(folder.join("grid.bin"), grid).expect("a file");
    json(
        "npp",
        &format!(
            "\"nbands\":2,\"band_names\":[\"tree\",\"grass\"],\"nstep\":12,\"nyear\":3,\"firstyear\":2001,\"datatype\":\"float\",\"order\":\"cellseq\",\"format\":\"{format}\",\"unit\":\"gC/m2/month\""
        ),
    );
    let numbers: Vec<f32> = (0..3 * 12 * 2 * 2).map(|number| number as f32 / 4.0).collect();
    let bytes: Vec<u8> = match format {
        "raw" => numbers
            .iter()
            .flat_map(|value| if is_big { value.to_be_bytes() } else { value.to_le_bytes() })
            .collect(),
        _ => numbers.chunks(2).flat_map(|pair| format!("{},{}\n", pair[0], pair[1]).into_bytes()).collect(),
    };
    std::fs::write(folder.join("npp.bin"), bytes).expect("a file");
    folder.join("npp.bin.json")
}

#[test]
fn all_formats_and_byte_orders_give_the_same() {
    for (format, is_big) in [("raw", false), ("raw", true), ("txt", false)] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write_run(folder.path(), format, is_big);
        let (names, rows, outcome) = read_path(&path, "month").expect("a file");
        assert_eq!(names, ["lat", "lon", "year", "month", "tree", "grass"]);
        assert_eq!(
            (outcome.lines.records, outcome.lines.faulty, outcome.is_whole),
            (72, 0, true),
            "{:?}",
            outcome.faults
        );
        assert_eq!(rows.places[..2], [[83.75, -179.75], [-55.25, 0.25]]);
        assert_eq!(rows.steps[..4], [372, 372, 373, 373]);
        // Of the second cell in the second month: step 1, bands 0 and 1, cell 1.
        assert_eq!((values(&rows, 0)[3], values(&rows, 1)[3]), (5.0 / 4.0, 7.0 / 4.0));
        assert!(is_grid(&folder.path().join("grid.bin.json")) && !is_grid(&path));
    }
}

#[test]
fn what_is_said_and_what_is_there_have_to_agree() {
    type Damage<'a> = (&'a str, &'a str, &'a dyn Fn(&Path));
    let damage: [Damage<'_>; 6] = [
        ("bytes, and what is said", "raw", &|folder| {
            std::fs::write(folder.join("npp.bin"), [0; 575]).expect("a file")
        }),
        ("grid", "raw", &|folder| std::fs::remove_file(folder.join("grid.bin.json")).expect("gone")),
        ("numbers for", "txt", &|folder| std::fs::write(folder.join("npp.bin"), "1,2,3\n").expect("a file")),
        ("no number", "txt", &|folder| std::fs::write(folder.join("npp.bin"), "1,x\n").expect("a file")),
        ("ends before", "txt", &|folder| std::fs::write(folder.join("npp.bin"), "1,2\n1,2").expect("a file")),
        ("more lines", "txt", &|folder| {
            std::fs::write(folder.join("npp.bin"), "1,2\n".repeat(73)).expect("a file")
        }),
    ];
    for (words, format, damage) in damage {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write_run(folder.path(), format, false);
        damage(folder.path());
        let (_, _, outcome) = read_path(&path, "month").expect("a file");
        assert!(
            !outcome.is_whole && outcome.faults[0].message.contains(words),
            "{words}: {:?}",
            outcome.faults
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = write_run(folder.path(), "raw", false);
    let text = std::fs::read_to_string(&path).expect("a text").replace("npp.bin", "../npp.bin");
    std::fs::write(&path, text).expect("a file");
    let (_, _, outcome) = read_path(&path, "month").expect("a file");
    assert!(outcome.faults[0].message.contains("beside"), "{:?}", outcome.faults);
}

#[test]
fn a_preset_needs_no_more_words() {
    let folder = tempfile::tempdir().expect("a folder");
    write_run(folder.path(), "raw", false);
    let files = ["*.json".to_owned()];
    let records = crate::records::Records::of_preset("lpjml", &files, folder.path()).expect("records");
    let told = records.description();
    assert_eq!((records.files().files.len(), told.time.step.as_deref()), (1, Some("month")));
    let how = crate::records::Gathering::detect();
    let run = records.gather_aside(how, &crate::observer::Nobody).expect("a run");
    assert_eq!(run.cells.len(), 2);
}

/// The files of a real run, where they are there.
#[test]
fn a_real_run() {
    let real = gridloom_testkit::here::real_runs().map(|data| data.join("records/lpjml"));
    let Some(folder) = real.filter(|folder| folder.is_dir()) else { return };
    let output = folder.join("output");
    let f4 = |name: &str| -> Vec<f32> {
        let bytes = std::fs::read(output.join(name)).expect("a file");
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four"))).collect()
    };
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    for (name, step, first) in [("npp", "year", 31), ("transp", "month", 372), ("d_lai", "day", 11_315)] {
        let (names, rows, outcome) =
            read_path(&output.join(format!("{name}.bin.json")), step).expect("a file");
        assert_eq!(names.last().map(String::as_str), Some(name));
        assert!(outcome.is_whole && outcome.faults.is_empty(), "{name}: {:?}", outcome.faults);
        assert_eq!((rows.steps[0], rows.places[..3].len()), (first, 3), "{name}");
        // All cells of a step follow each other in the file, and here.
        assert_eq!(bits(values(&rows, 0)), bits(&f4(&format!("{name}.bin"))), "{name}");
    }
    let (names, rows, _) = read_path(&output.join("pft_npp.bin.json"), "year").expect("a file");
    assert_eq!((names.len(), names[3].as_str(), rows.len()), (46, "tropical broadleaved evergreen tree", 33));
    let all = f4("pft_npp.bin");
    for (row, year) in (0..33).map(|row| (row, row / 3)) {
        let of_file: Vec<f32> = (0..43).map(|band| all[(year * 43 + band) * 3 + row % 3]).collect();
        let of_row: Vec<f32> = (0..43).map(|band| values(&rows, band)[row]).collect();
        assert_eq!(bits(&of_row), bits(&of_file));
    }
    let (names, clm, outcome) = read_path(&output.join("pft_npp.clm"), "year").expect("a file");
    assert!(outcome.is_whole && names[3] == "1", "{:?}", outcome.faults);
    // Numbers of another run, in the same order behind a header of 59 bytes.
    let bytes = std::fs::read(output.join("pft_npp.clm")).expect("a file");
    let of_file = |row: usize| {
        let at = 59 + 4 * ((row / 3 * 43 + 7) * 3 + row % 3);
        f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"))
    };
    assert_eq!(bits(values(&clm, 7)), bits(&(0..33).map(of_file).collect::<Vec<_>>()));
    for name in ["header_v1.clm", "header_v1_BE.clm", "header_v2.clm", "header_v3.clm"] {
        let meta = Meta::read(&folder.join(name)).expect(name);
        assert_eq!(
            (meta.first_year, meta.cells, meta.bands.len() as u64 * meta.steps),
            (1901, 67_420, 12),
            "{name}"
        );
    }
    // Steps and bands of a cell at once, in an order that nothing tells.
    let refused = Meta::read(&folder.join("header_v4.clm")).expect_err("two dimensions");
    assert!(refused.message.contains("steps and bands"), "{}", refused.message);
}

proptest! {
    #[test]
    fn any_bytes_as_a_header(bytes: Vec<u8>, at in any::<prop::sample::Index>(), with: u8, version in 1u8..5) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("some.clm");
        let mut header = [b"LPJ_OUT".to_vec(), vec![version, 0, 0, 0], [4u32, 2001, 2, 0, 3, 2].map(u32::to_le_bytes).concat(), bytes].concat();
        let at = at.index(header.len());
        header[at] = with;
        std::fs::write(&path, &header).expect("a file");
        let _ = read_path(&path, "year");
    }
}
