//! Columns are read as the text of their values is, by a reader that shares no code; and nothing that a damaged file says is believed.

use std::convert::Infallible;
use std::fs::File;
use std::path::Path;

use arrow_array::types::*;
use arrow_array::*;
use arrow_schema::{Field, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;

use crate::model::element::Element;
use crate::records::description::{Stamp, Text, TimeKeys, TimePart};
use crate::records::input::Input;
use crate::records::rows::{Column, RecordFaultKind, Rows};
use crate::records::schema::{Part, Role, Spread, Table, TimeRule};
use crate::records::text::{Dialect, Outcome, TextFile, TextLimits, simple};

use super::*;

/// Numbers that differ, from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn whole(&mut self) -> i64 {
        match self.below(6) {
            0 => self.next().cast_signed(),
            1 => i64::MIN,
            2 => -9999,
            3 => self.below(1 << 40).cast_signed(),
            _ => self.below(300).cast_signed() - 150,
        }
    }

    fn double(&mut self) -> f64 {
        match self.below(9) {
            0 => f64::from_bits(self.next()),
            1 => f64::NAN,
            2 => f64::INFINITY,
            3 => -9999.0,
            // Half way between two floats of four bytes, and beside that.
            4 => {
                let low = f32::from_bits(self.next() as u32 & 0x7fff_ffff);
                let middle = (f64::from(low) + f64::from(low.next_up())) / 2.0;
                [middle, middle.next_up(), -middle.next_down()][self.below(3) as usize]
            }
            5 => self.below(1 << 54) as f64,
            6 => -0.0,
            _ => self.below(100_000) as f64 / 1000.0,
        }
    }

    fn is_missing(&mut self) -> bool {
        self.below(8) == 0
    }
}

/// A column of one of many types.
fn column(random: &mut Random, rows: usize, kind: u64) -> ArrayRef {
    macro_rules! numbers {
        ($type:ident, $value:expr) => {
            Arc::new($type::from_iter((0..rows).map(|_| (!random.is_missing()).then(|| $value))))
        };
    }
    let texts = |random: &mut Random| -> Vec<Option<String>> {
        let text = |random: &mut Random| match random.below(7) {
            0 => "2001-02-30".to_owned(),
            1 => " a \"b\", c".to_owned(),
            2 => "two\nlines".to_owned(),
            3 => "#1".to_owned(),
            4 => random.double().to_string(),
            5 => String::new(),
            _ => random.below(20).to_string(),
        };
        (0..rows).map(|_| (!random.is_missing()).then(|| text(random))).collect()
    };
    match kind {
        0 => numbers!(Int8Array, random.whole() as i8),
        1 => numbers!(Int16Array, random.whole() as i16),
        2 => numbers!(Int32Array, random.whole() as i32),
        3 => numbers!(Int64Array, random.whole()),
        4 => numbers!(UInt8Array, random.whole() as u8),
        5 => numbers!(UInt16Array, random.whole() as u16),
        6 => numbers!(UInt32Array, random.whole() as u32),
        7 => numbers!(UInt64Array, random.whole() as u64),
        8 => numbers!(Float32Array, random.double() as f32),
        9 => numbers!(Float64Array, random.double()),
        10 => Arc::new(Float16Array::from_iter((0..rows).map(|_| {
            (!random.is_missing())
                .then(|| <Float16Type as ArrowPrimitiveType>::Native::from_f64(random.double()))
        }))),
        11 => Arc::new(BooleanArray::from_iter(
            (0..rows).map(|_| (!random.is_missing()).then(|| random.below(2) == 1)),
        )),
        12 => {
            let scale = random.below(10) as i8;
            let values: Decimal128Array = numbers_of(rows, random, |random| i128::from(random.whole()));
            Arc::new(values.with_precision_and_scale(38, scale).expect("a decimal"))
        }
        13 => Arc::new(StringArray::from(texts(random))),
        14 => Arc::new(LargeStringArray::from(texts(random))),
        15 => Arc::new(texts(random).iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()),
        16 => numbers!(Date32Array, random.whole() as i32 % 100_000),
        17 => numbers!(TimestampMillisecondArray, random.whole() / 1_000_000 * 1_000),
        18 => Arc::new(
            numbers_of::<TimestampMicrosecondType>(rows, random, |random| {
                random.below(1 << 50).cast_signed()
            })
            .with_timezone("+02:00"),
        ),
        19 => numbers!(TimestampNanosecondArray, random.whole()),
        20 => Arc::new(NullArray::new(rows)),
        _ => Arc::new(StringViewArray::from_iter(texts(random))),
    }
}

fn numbers_of<T: ArrowPrimitiveType>(
    rows: usize,
    random: &mut Random,
    value: impl Fn(&mut Random) -> T::Native,
) -> PrimitiveArray<T> {
    PrimitiveArray::from_iter((0..rows).map(|_| (!random.is_missing()).then(|| value(random))))
}

const KINDS: u64 = 22;

fn write(path: &Path, batch: &RecordBatch, random: &mut Random) {
    let file = File::create(path).expect("a file");
    match random.below(6) {
        0 => {
            let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).expect("a writer");
            // A dictionary may not change within a file.
            writer.write(batch).expect("a batch");
            writer.finish().expect("a file");
        }
        1 => {
            let mut writer =
                arrow_ipc::writer::StreamWriter::try_new(file, &batch.schema()).expect("a writer");
            writer.write(batch).expect("a batch");
            writer.finish().expect("a stream");
        }
        kind => {
            let packed =
                [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())];
            let properties = WriterProperties::builder()
                .set_compression(packed[random.below(3) as usize])
                .set_dictionary_enabled(kind % 2 == 0)
                .set_writer_version(
                    [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][random.below(2) as usize],
                )
                .set_statistics_enabled(
                    [EnabledStatistics::None, EnabledStatistics::Page][random.below(2) as usize],
                )
                .set_max_row_group_row_count(Some(1 + random.below(200) as usize))
                .set_data_page_size_limit(64)
                .set_write_batch_size(16)
                .build();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
            writer.write(batch).expect("a batch");
            writer.close().expect("a file");
        }
    }
}

/// Rows as they are compared: where they are, and the bits of their values.
fn listed(rows: &Rows) -> Vec<Listed> {
    let of = |row: usize| {
        let place = rows.places[rows.cells[row] as usize].map(f64::to_bits);
        let label = rows.labels.get(row).map(|&label| &rows.label_names[label as usize]);
        let values = rows.columns.iter().map(|column| match column {
            Column::F4(values) => u64::from(values[row].to_bits()),
            Column::F8(values) => values[row].to_bits(),
            Column::Whole(values) => values[row].cast_unsigned(),
        });
        let values: Vec<u64> = values.collect();
        let row_of = format!("{place:x?} {} {label:?} {} {values:x?}", rows.steps[row], rows.lines[row]);
        (row_of, rows.keys.get(row).copied())
    };
    (0..rows.len()).map(of).collect()
}

/// A row, and its key.
type Listed = (String, Option<u64>);

/// Keys by the number of their first row: each reader makes numbers of its own of them.
fn numbered(rows: Vec<Listed>) -> Vec<Listed> {
    let mut known = std::collections::HashMap::new();
    let number = |(row, key): Listed| {
        let next = known.len() as u64;
        (row, key.map(|key| *known.entry(key).or_insert(next)))
    };
    rows.into_iter().map(number).collect()
}

type Told = (Vec<Listed>, crate::records::rows::Lines, Vec<(Option<u64>, RecordFaultKind)>, bool);

fn told(rows: &Rows, outcome: &Outcome) -> Told {
    let faults = outcome.faults.iter().map(|fault| (fault.line, fault.kind)).collect();
    (listed(rows), outcome.lines, faults, outcome.is_whole)
}

fn dialect() -> Dialect {
    let text = Text { comment: Some(String::new()), ..Text::default() };
    Dialect::of(&text)
}

/// What is read of a file in parts, the lines of each counted on, and as text.
fn both(path: &Path, table: &Table, time: &TimeRule, parts: u64) -> (Told, Told) {
    let dialect = dialect();
    let of = TextFile { name: "a", table, dialect: &dialect, time };
    let opened = Opened::of(path).expect("it is whole").expect("it is columnar");
    let size = std::fs::metadata(path).expect("a file").len();
    let (mut rows, mut lines, mut faults, mut is_whole) = (Vec::new(), Default::default(), Vec::new(), true);
    for part in 0..parts {
        let range = opened.is_divisible().then(|| size * part / parts..size * (part + 1) / parts);
        if range.is_none() && part > 0 {
            continue;
        }
        let mut own = Rows::default();
        let read: Result<Outcome, Infallible> = read(&opened, &of, range, &mut own, &mut |_| Ok(()));
        let Ok(outcome) = read;
        let before = std::mem::take(&mut lines);
        let before: crate::records::rows::Lines = before;
        own.lines.iter_mut().for_each(|line| *line += before.lines as u32);
        let (listed, mut counted, own_faults, whole) = told(&own, &outcome);
        rows.extend(listed);
        let on = |(line, kind): (Option<u64>, _)| (line.map(|line| line + before.lines), kind);
        faults.extend(own_faults.into_iter().map(on));
        counted += before;
        lines = counted;
        is_whole &= whole;
    }
    let mut again = table.clone();
    again.head.names = None;
    let wanted = |index: usize| table.roles[index] != Role::Ignored;
    let mut input = Input::open_columns(path, &wanted).expect("it is whole");
    input.skip_to(table.head.start).expect("a header");
    let mut text = Rows::default();
    let of = TextFile { table: &again, ..of };
    let limits = TextLimits::default().faults(usize::MAX);
    let read: Result<Outcome, Infallible> =
        simple::read(&mut io::BufReader::new(input), &of, &limits, &mut text, &mut |_| Ok(()));
    let Ok(outcome) = read;
    let mut again = told(&text, &outcome);
    again.0 = numbered(again.0);
    ((numbered(rows), lines, faults, is_whole), again)
}

const ELEMENTS: [(Element, bool); 7] = [
    (Element::Float32, false),
    (Element::Float64, false),
    (Element::Float64, true),
    (Element::Int8, false),
    (Element::Int32, false),
    (Element::Int64, false),
    (Element::UInt16, false),
];

fn rule(keys: TimeKeys) -> TimeRule {
    let keys = TimeKeys {
        step: keys.step.or(Some("second".to_owned())),
        calendar: Some("standard".to_owned()),
        ..keys
    };
    TimeRule::of(&keys).expect("a rule")
}

fn stamp(units: Option<&str>, format: Option<&str>) -> TimeRule {
    let stamp =
        Stamp { column: "t".to_owned(), units: units.map(str::to_owned), format: format.map(str::to_owned) };
    rule(TimeKeys { stamp: Some(stamp), ..TimeKeys::default() })
}

fn made(seed: u64, path: &Path) -> (Table, TimeRule) {
    let mut random = Random(seed);
    let rows = 1 + random.below(400) as usize;
    let mut columns: Vec<(ArrayRef, Role)> = Vec::new();
    let place = |random: &mut Random| -> ArrayRef {
        match random.below(4) {
            0 => column(random, rows, 9),
            1 => {
                Arc::new(Float32Array::from_iter_values((0..rows).map(|row| (row % 7) as f32 / 10.0 + 48.0)))
            }
            2 => Arc::new(Int32Array::from_iter_values((0..rows).map(|row| row as i32 / 9))),
            _ => {
                let kind = random.below(KINDS);
                column(random, rows, kind)
            }
        }
    };
    columns.push((place(&mut random), Role::First));
    columns.push((place(&mut random), Role::Second));
    let is_spread = random.below(4) == 0;
    let time = match random.below(if is_spread { 1 } else { 5 }) {
        0 => {
            let years = Int16Array::from_iter(
                (0..rows).map(|_| (!random.is_missing()).then(|| 1990 + random.below(9) as i16)),
            );
            columns.push((Arc::new(years), Role::Time(Part::Year)));
            let year = Some(TimePart::Column("y".to_owned()));
            rule(TimeKeys { year, step: Some("month".to_owned()), ..TimeKeys::default() })
        }
        1 => {
            let kind = [3, 7, 9, 8, 12, 13][random.below(6) as usize];
            columns.push((column(&mut random, rows, kind), Role::Stamp));
            stamp(Some("seconds since 1990-01-01"), None)
        }
        2 => {
            let kind = [17, 18, 19, 16, 13, 15][random.below(6) as usize];
            columns.push((column(&mut random, rows, kind), Role::Stamp));
            stamp(None, Some("%Y-%m-%dT%H:%M:%S"))
        }
        3 => {
            let kind = random.below(KINDS);
            columns.push((column(&mut random, rows, kind), Role::Stamp));
            stamp(None, Some("%Y-%m-%d"))
        }
        _ => rule(TimeKeys { start: Some("1990-01-01".to_owned()), ..TimeKeys::default() }),
    };
    if random.below(2) == 0 {
        let kind = [13, 14, 15, 15, 2, 11, 21][random.below(7) as usize];
        columns.push((column(&mut random, rows, kind), Role::Label));
    }
    for _ in 0..random.below(3) {
        let kind = random.below(KINDS);
        columns.push((column(&mut random, rows, kind), Role::Key));
    }
    let mut elements = Vec::new();
    let mut codes = Vec::new();
    for value in 0..1 + random.below(6) {
        let kind = random.below(KINDS);
        let role = match is_spread {
            true => Role::Spread(value as u32),
            false => Role::Value(value as u32),
        };
        columns.push((column(&mut random, rows, kind), role));
        if !is_spread || value == 0 {
            elements.push(ELEMENTS[random.below(ELEMENTS.len() as u64) as usize]);
            codes.push(match random.below(2) {
                0 => vec!["-9999".to_owned(), "1.5".to_owned()],
                _ => Vec::new(),
            });
        }
    }
    let kind = random.below(KINDS);
    columns.push((column(&mut random, rows, kind), Role::Ignored));
    let at = random.below(columns.len() as u64) as usize;
    columns.rotate_left(at);
    let named = columns.iter().enumerate().map(|(index, (array, _))| {
        Arc::new(Field::new(format!("c{index}"), array.data_type().clone(), true))
    });
    let schema = ArrowSchema::new(named.collect::<Vec<_>>());
    let arrays = columns.iter().map(|(array, _)| array.clone()).collect();
    let batch = RecordBatch::try_new(Arc::new(schema), arrays).expect("a batch");
    write(path, &batch, &mut random);
    let opened = Opened::of(path).expect("it is whole").expect("it is columnar");
    let table = Table {
        head: opened.head(),
        roles: columns.iter().map(|(_, role)| *role).collect(),
        fields: (0..elements.len() as u32).collect(),
        elements,
        missing: codes,
        place: [None, None],
        parts: Vec::new(),
        label: None,
        key: (random.below(4) == 0).then(|| "of the path".to_owned()),
        names: None,
        spread: is_spread.then_some(Spread::Months),
    };
    (table, time)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 3_000 }))]

    /// Every type in every role, in every form of file and in parts: the rows, their counts and faults are those of the text of their values.
    #[test]
    fn columns_are_what_their_text_is(seed: u64, parts in 1u64..5) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let (table, time) = made(seed, &path);
        let (columns, text) = both(&path, &table, &time, parts);
        prop_assert_eq!(columns.1, text.1);
        prop_assert_eq!((columns.3, columns.2.len(), columns.2.last()), (text.3, text.2.len(), text.2.last()));
        let other = columns.2.iter().zip(&text.2).find(|(one, other)| one != other);
        prop_assert_eq!(other, None);
        let other = columns.0.iter().zip(&text.0).find(|(one, other)| one != other);
        prop_assert_eq!(other, None);
        prop_assert_eq!(columns.0.len(), text.0.len());
    }

    /// A changed byte or a cut end gives rows or a fault, and ends nothing.
    #[test]
    fn damaged_files_are_faults(seed: u64, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(), is_cut in 0u8..4) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let (table, time) = made(seed, &path);
        let mut bytes = std::fs::read(&path).expect("a file");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            // Most of what matters is at the end.
            let at = if byte % 2 == 0 { at } else { bytes.len() - 1 - at.min(bytes.len() - 1) % 800.min(bytes.len()) };
            bytes[at] = byte;
        }
        if is_cut == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, bytes).expect("a file");
        let dialect = dialect();
        let of = TextFile { name: "a", table: &table, dialect: &dialect, time: &time };
        if let Ok(Some(opened)) = Opened::of(&path) {
            let mut rows = Rows::default();
            let mut flush = |rows: &mut Rows| { rows.clear(); Ok::<(), Infallible>(()) };
            let Ok(_) = read(&opened, &of, None, &mut rows, &mut flush);
        }
        if let Ok(mut input) = Input::open_columns(&path, &|_| true) {
            _ = io::copy(&mut (&mut input).take(1 << 20), &mut io::sink());
        }
    }
}

/// Halves of the shortest text would be rounded otherwise than the number itself: both readers round the number.
#[test]
fn numbers_half_way_are_rounded_to_the_even_one() {
    let values: Vec<f64> = [0x3f80_0001u32, 0x0000_0001, 0x0080_0000, 0x7f7f_fffe]
        .into_iter()
        .map(|bits| (f64::from(f32::from_bits(bits)) + f64::from(f32::from_bits(bits + 1))) / 2.0)
        .collect();
    for value in values {
        assert!(cells::is_half_way(value) && cells::is_half_way(-value), "{value:e}");
        assert!(!cells::is_half_way(value.next_up()) && !cells::is_half_way(value.next_down()));
    }
    assert!(cells::is_half_way(2f64.powi(128) - 2f64.powi(103)));
    assert!(!cells::is_half_way(0.5) && !cells::is_half_way(f64::NAN) && !cells::is_half_way(1e300));
}

#[test]
fn decimals_of_floats_of_four_bytes_are_short() {
    for (value, wanted) in
        [(0.1f32, 0.1f64), (-48.21, -48.21), (1e-40, 1e-40), (16_777_216.0, 16_777_216.0), (1e10, 1e10)]
    {
        assert_eq!(cells::wide(value).to_bits(), wanted.to_bits());
        assert_eq!(value.to_string().parse::<f64>().map(f64::to_bits), Ok(wanted.to_bits()));
    }
}
