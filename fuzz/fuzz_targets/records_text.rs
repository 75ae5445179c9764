//! Any bytes as a table of records: rows or faults, the same by all ways of reading, and each line accounted for; and as binary files of records.
#![no_main]

use std::convert::Infallible;

use gridloom::model::element::Element;
use gridloom::records::description::{Description, TimeKeys};
use gridloom::records::rows::{Column, Rows};
use gridloom::records::schema::{Head, Part, Role, Separator, Table, TimeRule};
use gridloom::records::text::{Dialect, Outcome, TextFile, TextLimits, TextReader, simple};
use gridloom::records::{lpjml, vic_binary};
use libfuzzer_sys::fuzz_target;

const LPJ: [Role; 5] = [Role::Second, Role::First, Role::Time(Part::Year), Role::Value(0), Role::Value(1)];
const LABELLED: [Role; 4] = [Role::First, Role::Time(Part::Year), Role::Label, Role::Value(0)];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, text)) = bytes.split_first() else { return };
    let table = table(choice);
    let mut description = Description::default().text;
    description.comment = Some("#".to_owned());
    description.decimal = Some(if choice & 0x40 == 0 { '.' } else { ',' });
    let dialect = Dialect::of(&description);
    let mut keys = TimeKeys::default();
    (keys.step, keys.calendar) = (Some("year".to_owned()), Some("noleap".to_owned()));
    let time = TimeRule::of(&keys).expect("a rule");
    let file = TextFile { name: "file", table: &table, dialect: &dialect, time: &time };
    let limits = TextLimits::default().line(300).block(128);

    let quick = read(TextReader::new(limits), text, &file);
    let careful = read(TextReader::new(limits.block(1 << 16)).carefully(), text, &file);
    assert_eq!(quick, careful);
    let mut rows = Rows::default();
    let outcome = simple::read::<Infallible>(&mut &*text, &file, &limits, &mut rows, &mut |_| Ok(()))
        .expect("no error");
    let of = |outcome: &Outcome| {
        let kinds: Vec<_> = outcome.faults.iter().map(|fault| (fault.line, fault.kind)).collect();
        (outcome.lines, outcome.other_header, kinds)
    };
    assert_eq!((&quick.0, of(&quick.1)), (&told(&rows), of(&outcome)));
    let lines = outcome.lines;
    assert_eq!(lines.lines, lines.records + lines.skipped + lines.faulty);

    if choice & 0x80 != 0 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, text).expect("a file");
        let _ = (vic_binary::head(&path), lpjml::head(&path), lpjml::is_grid(&path));
    }
});

fn read(mut reader: TextReader, mut text: &[u8], file: &TextFile<'_>) -> (Vec<String>, Outcome) {
    let mut rows = Rows::default();
    let outcome = reader.read::<Infallible>(&mut text, file, 0..u64::MAX, &mut rows, &mut |_| Ok(()));
    (told(&rows), outcome.expect("no error"))
}

fn told(rows: &Rows) -> Vec<String> {
    let row = |row: usize| {
        let place = rows.places[rows.cells[row] as usize].map(f64::to_bits);
        let label = rows.labels.get(row).map(|label| &rows.label_names[*label as usize]);
        let values: Vec<u64> = rows
            .columns
            .iter()
            .map(|column| match column {
                Column::F4(values) => values[row].to_bits().into(),
                Column::F8(values) => values[row].to_bits(),
                Column::Whole(values) => values[row].cast_unsigned(),
            })
            .collect();
        format!("{place:?} {} {} {label:?} {values:?}", rows.steps[row], rows.lines[row])
    };
    (0..rows.len()).map(row).collect()
}

fn table(choice: u8) -> Table {
    let separator = match choice & 3 {
        0 | 1 => Separator::Blanks,
        2 => Separator::Byte(if choice & 4 == 0 { b'\t' } else { b';' }),
        _ => Separator::Fixed(vec![9, 9, 8, 8, 8]),
    };
    let roles = if choice & 8 == 0 || choice & 3 == 3 { LPJ.to_vec() } else { LABELLED.to_vec() };
    let element = match choice >> 4 & 3 {
        0 | 1 => Element::Float32,
        2 => Element::Float64,
        _ => Element::Int16,
    };
    let header = "      Lon      Lat    Year     BNE   Total";
    let values = roles.iter().filter(|role| matches!(role, Role::Value(_))).count();
    Table {
        head: Head {
            separator,
            names: Some(header.split_whitespace().take(roles.len()).map(str::to_owned).collect()),
            columns: roles.len(),
            edges: if roles.len() == 5 { vec![9, 18, 26, 34, 42] } else { Vec::new() },
            header: header.as_bytes().to_vec(),
            units: None,
            comments: Vec::new(),
            start: 0,
            lines: 0,
        },
        fields: (0..values as u32).collect(),
        elements: vec![(element, false); values],
        missing: vec![vec!["-9999".to_owned(), "****".to_owned()]; values],
        place: [None, None],
        parts: Vec::new(),
        label: None,
        key: None,
        names: None,
        spread: None,
        roles,
    }
}
