use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::model::element::Element;
use crate::records::description::TimeKeys;
use crate::records::rows::Column;

/// A header of a version: names, types and multipliers of columns.
fn header_of(version: u8, columns: &[(&str, u8, f32)]) -> Vec<u8> {
    let first: Vec<u8> = match version {
        4 => {
            [[3i32, 24, 1949, 1, 1, 0].map(i32::to_le_bytes).concat(), vec![0, columns.len() as u8]].concat()
        }
        _ => [
            &3u64.to_le_bytes()[..],
            &1949i32.to_le_bytes(),
            &1u16.to_le_bytes(),
            &1u16.to_le_bytes(),
            &0u32.to_le_bytes(),
            &(columns.len() as u64).to_le_bytes(),
        ]
        .concat(),
    };
    let second: Vec<u8> = columns
        .iter()
        .flat_map(|(name, kind, by)| {
            [&[name.len() as u8], name.as_bytes(), &[*kind], &by.to_le_bytes()[..]].concat()
        })
        .collect();
    let (one, two) = (first.len() as u16 + 2, second.len() as u16 + 2);
    let lengths = [10 + one + two, one].map(u16::to_le_bytes).concat();
    [&[0xff; 8][..], &lengths, &first, &two.to_le_bytes(), &second].concat()
}

const COLUMNS: [(&str, u8, f32); 7] = [
    ("YEAR", 4, 1.0),
    ("MONTH", 4, 1.0),
    ("DAY", 4, 1.0),
    ("OUT_PREC", 5, 10.0),
    ("OUT_SOIL_LIQ_0", 2, 100.0),
    ("OUT_SWE", 6, 1.0),
    ("OUT_FLAG", 1, 1.0),
];

fn record(day: i32, values: (f32, i16, f64, i8)) -> Vec<u8> {
    let date = [1949, 1, day].map(i32::to_le_bytes).concat();
    let (a, b, c, d) = values;
    [&date[..], &a.to_le_bytes(), &b.to_le_bytes(), &c.to_le_bytes(), &d.to_le_bytes()].concat()
}

fn table(head: Head) -> Table {
    let names = head.names.clone().unwrap_or_default();
    let mut values = 0;
    let roles = names.iter().map(|name| match part_of(name) {
        Some(part) => Role::Time(part),
        None => {
            values += 1;
            Role::Value(values - 1)
        }
    });
    let roles: Vec<Role> = roles.collect();
    Table {
        head,
        roles,
        fields: (0..values).collect(),
        elements: [Element::Float32, Element::Float32, Element::Float64, Element::Int8]
            .into_iter()
            .take(values as usize)
            .map(|element| (element, false))
            .collect(),
        missing: vec![vec!["-99".to_owned()]; values as usize],
        place: [Some(48.25), Some(-120.75)],
        parts: Vec::new(),
        label: None,
        key: None,
        names: None,
        spread: None,
    }
}

fn read_bytes(bytes: &[u8]) -> Option<(Rows, Outcome)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fluxes_48.25_-120.75");
    std::fs::write(&path, bytes).expect("a file");
    let head = head(&path).ok()?;
    let keys = TimeKeys {
        step: Some("day".to_owned()),
        calendar: Some("standard".to_owned()),
        ..TimeKeys::default()
    };
    let time = TimeRule::of(&keys).expect("a rule");
    let mut rows = Rows::default();
    let table = table(head);
    let outcome = read::<Infallible>(&path, "file", (&table, &time), 1 << 20, &mut rows, &mut |_| Ok(()))
        .expect("nothing refuses");
    // The second reader has the same rows, counts, and kinds of faults in the same lines.
    let mut again = Rows::default();
    let own =
        simple::read::<Infallible>(&path, "file", (&table, &time), 1 << 20, &mut again, &mut |_| Ok(()))
            .expect("nothing refuses");
    crate::records::same::same((&rows, &outcome), (&again, &own));
    Some((rows, outcome))
}

#[test]
fn both_versions_are_read_and_only_the_fourth_multiplies() {
    for version in [4, 5] {
        let records = [
            record(1, (12.5, 1234, 0.1, -99)),
            record(2, (-99.0, -5, f64::NAN, 7)),
            record(3, (1.0, 1, 1.0, 1))[..9].to_vec(),
        ];
        let bytes = [header_of(version, &COLUMNS), records.concat()].concat();
        let (rows, outcome) = read_bytes(&bytes).expect("a file of VIC");
        let by = if version == 4 { (10.0, 100.0) } else { (1.0, 1.0) };
        assert_eq!(rows.places, [[48.25, -120.75]]);
        assert_eq!(rows.steps, [-7_670, -7_669]);
        let [Column::F4(prec), Column::F4(soil), Column::F8(swe), Column::Whole(flag)] =
            rows.columns.as_slice()
        else {
            panic!("{:?}", rows.columns);
        };
        assert_eq!(prec[0], 12.5 / by.0);
        assert_eq!(soil[..], [1234.0 / by.1, -5.0 / by.1]);
        // A code is what the model means, so that it is looked for behind the multiplier.
        assert_eq!(prec[1].is_nan(), version == 5);
        assert_eq!(
            (swe[0], swe[1].is_nan(), flag[..].to_vec()),
            (0.1, true, vec![crate::records::rows::MISSING, 7])
        );
        assert_eq!((outcome.lines.records, outcome.lines.faulty, outcome.is_whole), (2, 1, true));
        assert_eq!((outcome.faults[0].line, outcome.faults[0].kind), (Some(3), RecordFaultKind::Partial));
    }
}

#[test]
fn a_preset_needs_no_more_words() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["fluxes_48.2500_-120.7500", "fluxes_48.7500_-120.7500", "fluxes_48.2500_-120.2500"] {
        let records: Vec<u8> = (1..4).flat_map(|day| record(day, (1.0, 100, 2.0, 3))).collect();
        std::fs::write(folder.path().join(name), [header_of(4, &COLUMNS), records].concat()).expect("a file");
    }
    let files = ["*_{lat}_{lon}".to_owned()];
    let records = crate::records::Records::of_preset("vic-binary", &files, folder.path()).expect("records");
    assert_eq!(records.description().time.step.as_deref(), Some("1 days"));
    let how = crate::records::Gathering::detect();
    let run = records.gather_aside(how, &crate::observer::Nobody).expect("a run");
    assert_eq!(run.cells.len(), 3);
}

#[test]
fn headers_that_are_none_are_said() {
    let good = header_of(5, &COLUMNS);
    let mut wrong_type = good.clone();
    let at = wrong_type.windows(4).position(|four| four == b"YEAR").expect("a name");
    wrong_type[at + 4] = 9;
    for bytes in [
        &b""[..],
        b"1949\t01\t01\t0.1\n",
        &good[..20],
        &good[..good.len() - 1],
        &wrong_type,
        &header_of(4, &[("A", 5, 0.0)]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).expect("a file");
        let fault = head(&path).expect_err("no header");
        let wanted = if bytes.is_empty() { RecordFaultKind::Empty } else { RecordFaultKind::Columns };
        assert_eq!(fault.kind, wanted, "{}", fault.message);
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_a_header(version in 4u8..6, bytes: Vec<u8>, at in any::<prop::sample::Index>(), with: u8) {
        let mut all = [header_of(version, &COLUMNS), bytes].concat();
        let at = at.index(all.len());
        all[at] = with;
        if let Some((rows, outcome)) = read_bytes(&all) {
            prop_assert_eq!(outcome.lines.records, rows.len() as u64);
            prop_assert_eq!(outcome.lines.records + outcome.lines.faulty, outcome.lines.lines);
        }
    }
}
