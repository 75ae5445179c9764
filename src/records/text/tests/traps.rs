//! What files of records have in them.

use super::*;

const LPJ: [Role; 5] = [Role::Second, Role::First, Role::Time(Part::Year), Role::Value(0), Role::Value(1)];

fn lpj() -> Table {
    let header = "      Lon      Lat    Year     BNE   Total";
    let mut table = table(Separator::Blanks, &LPJ, Element::Float32);
    table.head.names = Some(header.split_whitespace().map(str::to_owned).collect());
    table.head.header = header.as_bytes().to_vec();
    table.head.edges = vec![9, 18, 26, 34, 42];
    table
}

fn row(place: &str, year: i64, line: u32, values: [f32; 2]) -> String {
    format!("{place} {} @{line} {} {}", year - 1970, f4(values[0]), f4(values[1]))
}

#[test]
fn a_table_with_all_that_happens_to_tables() {
    let text = "\
    \x20   -3.25    58.75    2000   0.000   0.005\n\
    \n\
    # a comment\n\
    \x20   -3.25    58.75    2001   1.000-234.567\n\
    \x20   -3.25    58.75    20029999.999-234.567\n\
    \x20     Lon      Lat    Year     BNE   Total\n\
    \t-3.25 \t 58.75\t2003 +1.5 1D-03 \r\n\
    -2.75 58.75 2000 .5 5.\n\
    -2.75 58.75 2001 -9999 ********\n\
    -2.75 58.75 2002 nan -nan\n\
    -2.75 58.75 2003 inf 1.#QNAN\n\
    -2.75 58.75 2004 1,5 1\n\
    -2.75 58.75 2005 1\n\
    -2.75 58.75 2006 1 2 3\n\
    -2.75 x 2007 1 2\n\
    -2.75 58.75 2007.5 1 2\n\
    -2.75 58.75 nan 1 2\n\
    -2.75 inf 2008 1 2\n\
    ÿ 58.75 2008 1 2\n\
    -2.75 58.75 2009 1e39 2\n\
    -2.75 58.75 2010 7 8";
    // The text above is UTF-8; the bytes that are none come here.
    let mut bytes: Vec<u8> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with('ÿ') {
            bytes.extend(b"\xff\xfe 58.75 2008 1 2\n")
        } else {
            bytes.extend(line.as_bytes())
        }
    }
    let (rows, outcome) = read(&bytes, &lpj(), &yearly());
    let nan = f32::NAN;
    let (west, east) = ("58.75,-3.25", "58.75,-2.75");
    assert_eq!(
        rows,
        [
            row(west, 2000, 0, [0.0, 0.005]),
            row(west, 2001, 3, [1.0, -234.567]),
            row(west, 2002, 4, [9999.999, -234.567]),
            row(west, 2003, 6, [1.5, 1e-3]),
            row(east, 2000, 7, [0.5, 5.0]),
            row(east, 2001, 8, [nan, nan]),
            row(east, 2002, 9, [nan, nan]),
            row(east, 2010, 20, [7.0, 8.0]),
        ]
    );
    use RecordFaultKind::*;
    assert_eq!(
        kinds(&outcome),
        [
            (Some(11), Number),
            (Some(12), Number),
            (Some(13), Fields),
            (Some(14), Fields),
            (Some(15), Place),
            (Some(16), Time),
            (Some(17), Time),
            (Some(18), Place),
            (Some(19), Place),
            (Some(20), Number),
        ],
        "{:#?}",
        outcome.faults
    );
    let wanted = Lines { lines: 21, records: 8, skipped: 3, heads: 0, headers: 1, split: 2, faulty: 10 };
    assert_eq!((outcome.lines, outcome.is_whole, outcome.other_header), (wanted, true, None));
    assert!(outcome.faults[0].message.contains("Total") && outcome.faults[0].message.contains("1.#QNAN"));
}

#[test]
fn glued_columns_are_faults_where_they_cannot_or_shall_not_be_split() {
    let good = "    -3.25    58.75    2001   1.000   1.000\n";
    for (line, changed) in [
        ("    -3.25    58.75    2001   1.000-234.567\n", Dialect { glued: Glued::Fault, ..dialect() }),
        // One column has grown beyond its width, so that none ends where the header says.
        ("    -3.25    58.75    2001   1.000-12345.678\n", dialect()),
        ("    -3.25    58.75    2001 12345.678-1234.567\n", dialect()),
    ] {
        let text = format!("{good}{line}");
        let (rows, outcome) =
            read_with(text.as_bytes(), 0..u64::MAX, &lpj(), &changed, &yearly(), TextLimits::default());
        assert_eq!((rows.len(), kinds(&outcome)), (1, vec![(Some(2), RecordFaultKind::Glued)]), "{line}");
    }
    // Without a header, nobody knows where columns end.
    let mut table = lpj();
    table.head.edges.clear();
    let (_, outcome) = read(b"    -3.25    58.75    2001   1.000-234.567\n", &table, &yearly());
    assert_eq!(kinds(&outcome), [(Some(1), RecordFaultKind::Glued)]);
}

#[test]
fn half_a_last_row_is_named_and_a_whole_one_taken() {
    for (last, kind) in [
        ("    -3.25    58.75    2001   1.000   1.000", None),
        ("    -3.25    58.75    2001   1.000   1.0", Some(RecordFaultKind::Partial)),
        ("    -3.25    58.75    2001   1.000", Some(RecordFaultKind::Partial)),
        ("    -3.25    58.75    20", Some(RecordFaultKind::Partial)),
        ("    -", Some(RecordFaultKind::Partial)),
        ("    -3.25    58.75    2001   1.000   -", Some(RecordFaultKind::Partial)),
        ("-3.25 58.75 2001 1.000 1.0", None),
    ] {
        let text = format!("    -3.25    58.75    2000   1.000   1.000\n{last}");
        let (rows, outcome) = read(text.as_bytes(), &lpj(), &yearly());
        assert_eq!(rows.len(), 2 - usize::from(kind.is_some()), "{last:?}");
        let wanted: Vec<_> = kind.into_iter().map(|kind| (Some(2), kind)).collect();
        assert_eq!(kinds(&outcome), wanted, "{last:?}");
    }
    // Half a row and the first row of the next file in one line.
    let text = "    -3.25    58.75    20    -2.75    58.75    2000   1.000   1.000\n";
    let (rows, outcome) = read(text.as_bytes(), &lpj(), &yearly());
    assert_eq!((rows.len(), kinds(&outcome)), (0, vec![(Some(1), RecordFaultKind::Fields)]));
    let mut fixed = lpj();
    fixed.head.separator = Separator::Fixed(vec![9, 9, 8, 8, 8]);
    let text = "    -3.25    58.75    2000   1.000   1.000\n    -3.25    58.75    2001   1.000   1.0";
    let (rows, outcome) = read(text.as_bytes(), &fixed, &yearly());
    assert_eq!((rows.len(), kinds(&outcome)), (1, vec![(Some(2), RecordFaultKind::Partial)]));
}

#[test]
fn another_header_makes_what_follows_unknown() {
    let text = "-3.25 58.75 2000 1 2\nLon Lat Year Total BNE\n-2.75 58.75 2000 1 2\n\n-2.75 58.75 2001 1 2\n\
                \x20     Lon      Lat    Year     BNE   Total\n-2.25 58.75 2000 1 2\n";
    let (rows, outcome) = read(text.as_bytes(), &lpj(), &yearly());
    assert_eq!(rows, [row("58.75,-3.25", 2000, 0, [1.0, 2.0]), row("58.75,-2.25", 2000, 6, [1.0, 2.0])]);
    use RecordFaultKind::*;
    assert_eq!(kinds(&outcome), [(Some(2), Header), (Some(3), Columns), (Some(5), Columns)]);
    assert_eq!(outcome.other_header, None, "the first came again");
    let (_, outcome) = read(b"Lon Lat Year Total BNE\n1 2 2000 3 4\n", &lpj(), &yearly());
    assert_eq!(outcome.other_header, Some(1));
    let again = Dialect { again: Again::Fault, ..dialect() };
    let text = "      Lon      Lat    Year     BNE   Total\n1 2 2000 3 4\n";
    let (rows, outcome) =
        read_with(text.as_bytes(), 0..u64::MAX, &lpj(), &again, &yearly(), TextLimits::default());
    assert_eq!((rows.len(), kinds(&outcome)), (1, vec![(Some(1), Header)]));
}

#[test]
fn characters_between_columns() {
    let roles = [Role::First, Role::Time(Part::Year), Role::Label, Role::Ignored, Role::Value(0)];
    let table = |separator: Separator| table(separator, &roles, Element::Float64);
    let text = "\u{feff}1,2000,a,any,1.5\r\n 1 , 2001 ,\"a,\"\"b\"\"\",\"x,y\", 2 \n1,2002,a,,,\n1,2003,é,,\n1,2004,,,3,4\n1,2005,\"a,,1\n";
    let (rows, outcome) = read(text.as_bytes(), &table(Separator::Byte(b',')), &yearly());
    let value = |value: f64| format!("{:016x}", value.to_bits());
    assert_eq!(
        rows,
        [
            format!("1,0 30 @0 a {}", value(1.5)),
            format!("1,0 31 @1 a,\"b\" {}", value(2.0)),
            format!("1,0 32 @2 a {}", value(f64::NAN)),
            format!("1,0 33 @3 é {}", value(f64::NAN)),
        ]
    );
    use RecordFaultKind::*;
    assert_eq!(kinds(&outcome), [(Some(5), Fields), (Some(6), Fields)]);
    let (rows, outcome) = read(b"1\t2000\t\xff\t\t1\n", &table(Separator::Byte(b'\t')), &yearly());
    assert_eq!((rows.len(), kinds(&outcome)), (0, vec![(Some(1), Number)]));
    let comma = Dialect { decimal: b',', ..dialect() };
    let semicolon = table(Separator::Byte(b';'));
    let (rows, _) =
        read_with(b"1,5;2000;a;;-0,25\n", 0..u64::MAX, &semicolon, &comma, &yearly(), TextLimits::default());
    assert_eq!(rows, [format!("1.5,0 30 @0 a {}", value(-0.25))]);
}

#[test]
fn whole_numbers_and_their_ranges() {
    let table =
        table(Separator::Blanks, &[Role::First, Role::Time(Part::Year), Role::Value(0)], Element::Int16);
    let text =
        "1 2000 32767\n1 2001 -32768\n1 2002 12.0\n1 2003 -9999\n1 2004 nan\n1 2005 32768\n1 2006 1.5\n";
    let (rows, outcome) = read(text.as_bytes(), &table, &yearly());
    let missing = crate::records::rows::MISSING;
    let values: Vec<_> =
        rows.iter().map(|row| row.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(values, ["32767", "-32768", "12", &missing.to_string(), &missing.to_string()]);
    assert_eq!(kinds(&outcome).len(), 2, "{:?}", outcome.faults);
}

#[test]
fn months_and_cells_as_columns() {
    let mut roles = vec![Role::First, Role::Time(Part::Year), Role::Ignored];
    roles.extend((0..12).map(Role::Spread));
    let table_of_months = table(Separator::Blanks, &roles, Element::Float32);
    let monthly = TimeKeys {
        step: Some("month".to_owned()),
        calendar: Some("noleap".to_owned()),
        ..TimeKeys::default()
    };
    let monthly = TimeRule::of(&monthly).expect("a rule");
    let text = "7 1970 x 1 2 3 4 5 6 7 8 9 10 11 12\n7 1971 x 1 2 3 4 5 6 7 8 9 10 11 y\n7 1972 x 1 -9999 3 4 5 6 7 8 9 10 11 12\n";
    let (rows, outcome) = read(text.as_bytes(), &table_of_months, &monthly);
    assert_eq!((rows.len(), outcome.lines.records, outcome.lines.faulty), (24, 2, 1));
    assert_eq!(rows[11], format!("7,0 11 @0 {}", f4(12.0)));
    assert_eq!(rows[13], format!("7,0 25 @2 {}", f4(f32::NAN)));

    let roles = [Role::Time(Part::Year), Role::Spread(1), Role::Spread(0)];
    let mut table_of_cells = table(Separator::Byte(b','), &roles, Element::Float32);
    table_of_cells.spread = Some(Spread::Cells(vec![[0.25, 1.25], [0.75, 1.25]]));
    let (rows, _) = read(b"1970,5,6\n1971,,8\n", &table_of_cells, &yearly());
    let row = |place: &str, step: i64, line: u32, value: f32| format!("{place} {step} @{line} {}", f4(value));
    assert_eq!(
        rows,
        [
            row("0.75,1.25", 0, 0, 5.0),
            row("0.25,1.25", 0, 0, 6.0),
            row("0.75,1.25", 1, 1, f32::NAN),
            row("0.25,1.25", 1, 1, 8.0)
        ]
    );
}

#[test]
fn lines_are_steps_where_a_start_is_known() {
    let mut table = table(Separator::Byte(b'\t'), &[Role::Value(0)], Element::Float32);
    table.place = [Some(48.25), Some(-120.75)];
    let keys = TimeKeys {
        step: Some("1 hour".to_owned()),
        calendar: Some("standard".to_owned()),
        start: Some("1949-01-01".to_owned()),
        ..TimeKeys::default()
    };
    let (rows, outcome) = read(b"# x\n1\nx\n3\n", &table, &TimeRule::of(&keys).expect("a rule"));
    // A line that cannot be read has been a step all the same.
    assert_eq!(rows, [format!("48.25,-120.75 0 @1 {}", f4(1.0)), format!("48.25,-120.75 2 @3 {}", f4(3.0))]);
    assert_eq!(outcome.lines.faulty, 1);
}

#[test]
fn long_lines_many_columns_and_long_numbers() {
    let limits = TextLimits::default().line(1 << 16).block(1 << 10);
    let good = "1 2 2000 3 4\n";
    let long = "9".repeat(1 << 17);
    let many = "1 ".repeat(1 << 14);
    let number = format!("1 2 2000 3 {}", "1".repeat(1 << 12));
    let text = format!("{good}{long}\n{good}{many}\n{number}\n{good}{long}");
    let (rows, outcome) = read_with(text.as_bytes(), 0..u64::MAX, &lpj(), &dialect(), &yearly(), limits);
    assert_eq!(rows.len(), 3);
    use RecordFaultKind::*;
    assert_eq!(
        kinds(&outcome),
        [(Some(2), TooLarge), (Some(4), Fields), (Some(5), TooLarge), (Some(7), TooLarge)]
    );
    assert_eq!(outcome.lines.lines, 7);
    // The limit is one of the line, wherever a block happens to end.
    for more in 0..3 {
        let line = format!("1 2 2000 3 {}4\n", " ".repeat((1 << 16) - 13 + more));
        for block in [64, 1 << 10, 1 << 20] {
            let text = format!("{good}{line}");
            let limits = limits.block(block);
            let (rows, _) = read_with(text.as_bytes(), 0..u64::MAX, &lpj(), &dialect(), &yearly(), limits);
            assert_eq!(rows.len(), 2 - usize::from(more > 1), "{more} {block}");
        }
    }
}

#[test]
fn faults_are_named_up_to_a_number_and_counted_beyond() {
    let text = "x\n".repeat(50);
    let limits = TextLimits::default().faults(7);
    let (_, outcome) = read_with(text.as_bytes(), 0..u64::MAX, &lpj(), &dialect(), &yearly(), limits);
    assert_eq!((outcome.faults.len(), outcome.lines.faulty), (7, 50));
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_not_whole() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => {
                    let line = b"1 2 2000 3 4\n1 2 20";
                    buffer[..line.len()].copy_from_slice(line);
                    Ok(line.len())
                }
                _ => Err(io::Error::other("the disk is gone")),
            }
        }
    }
    let (table, dialect, time) = (lpj(), dialect(), yearly());
    let file = TextFile { name: "file", table: &table, dialect: &dialect, time: &time };
    let mut reader = TextReader::new(TextLimits::default());
    let outcome = reader
        .read::<Infallible>(&mut Broken(0), &file, 0..u64::MAX, &mut Rows::default(), &mut |_| Ok(()))
        .expect("nothing refuses");
    assert!(!outcome.is_whole);
    assert_eq!(kinds(&outcome), [(None, RecordFaultKind::Unreadable)]);
}

#[test]
fn columns_that_do_not_fit_are_said() {
    let (rows, outcome) = read(
        b"1 2\n",
        &table(Separator::Blanks, &[Role::Value(0), Role::Ignored], Element::Float32),
        &yearly(),
    );
    assert_eq!((rows.len(), kinds(&outcome)), (0, vec![(None, RecordFaultKind::Columns)]));
    assert!(outcome.faults[0].message.contains("place"));
}

#[test]
fn rows_come_behind_those_that_are_there() {
    let roles = [Role::First, Role::Time(Part::Year), Role::Label, Role::Value(0)];
    let (table, dialect, time) = (table(Separator::Blanks, &roles, Element::Float32), dialect(), yearly());
    let file = TextFile { name: "file", table: &table, dialect: &dialect, time: &time };
    let (mut reader, mut rows) = (TextReader::default(), Rows::default());
    for _ in 0..2 {
        reader
            .read::<Infallible>(
                &mut &b"1 1970 a 1\n1 1971 b 2\n"[..],
                &file,
                0..u64::MAX,
                &mut rows,
                &mut |_| Ok(()),
            )
            .expect("nothing refuses");
    }
    assert_eq!((rows.len(), rows.label_names.len(), rows.places.len()), (4, 2, 1));
    let other = Table { fields: vec![7], ..table.clone() };
    let file = TextFile { table: &other, ..file };
    let outcome = reader
        .read::<Infallible>(&mut &b"1 1970 a 1\n"[..], &file, 0..u64::MAX, &mut rows, &mut |_| Ok(()))
        .expect("nothing refuses");
    assert_eq!((rows.len(), kinds(&outcome)), (4, vec![(None, RecordFaultKind::Columns)]));
}

/// What has words that may be glued and is no row of the columns is the same for both readers.
#[test]
fn glued_words_are_looked_at_alike() {
    for line in ["      Lon      5,2002,rice,5.062,654.1", "      Lon      5-2002-rice-5.062-654.1    x.y.z"]
    {
        let text = format!("      Lon      Lat    Year    Tree   Total\n{line}\n");
        let (_, first) = read(text.as_bytes(), &lpj(), &yearly());
        let (_, second) = read_simply(text.as_bytes(), &lpj(), &dialect(), &yearly(), TextLimits::default());
        assert_eq!((first.lines, first.other_header), (second.lines, second.other_header), "{line}");
        assert_eq!(kinds(&first), kinds(&second), "{line}");
    }
}
