//! Types, comments and keys, as another program sees them.

use std::sync::Arc;

use arrow_array::types::Int16Type;
use arrow_array::*;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use gridloom::database::TableSchema;

use super::load::{self, described, fault};
use super::server::Server;

const DOUBLES: [u64; 8] = [
    0,
    1 << 63,
    1,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0001,
    0xfff8_dead_beef_0000,
    0x3ff0_0000_0000_0001,
];
const REALS: [u32; 8] = [0, 1 << 31, 1, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0xffc0_beef, 0x3f80_0001];

#[test]
fn values_come_back_bit_for_bit() {
    let Some(server) = Server::shared() else { return };
    let rows = DOUBLES.len() + 1;
    // The last row has no value but the key.
    fn all<T: Copy>(values: &[T]) -> Vec<Option<T>> {
        values.iter().copied().map(Some).chain([None]).collect()
    }
    let texts = ["", "a", "ü\t\n\\N", "'\"", "𝄞", "x", "y", "z"];
    let days = [0i64, -1, 10_957, 11_016, -719_162, 2_932_896, 1, 2].map(|day| day * 86_400_000);
    let columns: Vec<(Field, ArrayRef)> = vec![
        (Field::new("key", DataType::Int32, false), Arc::new(Int32Array::from_iter_values(0..rows as i32))),
        (
            Field::new("f64", DataType::Float64, true),
            Arc::new(Float64Array::from(all(&DOUBLES.map(f64::from_bits)))),
        ),
        (
            Field::new("f32", DataType::Float32, true),
            Arc::new(Float32Array::from(all(&REALS.map(f32::from_bits)))),
        ),
        (
            Field::new("i8", DataType::Int8, true),
            Arc::new(Int8Array::from(all(&[-128, 127, 0, 1, 2, 3, 4, 5]))),
        ),
        (
            Field::new("u16", DataType::UInt16, true),
            Arc::new(UInt16Array::from(all(&[u16::MAX, 0, 1, 2, 3, 4, 5, 6]))),
        ),
        (
            Field::new("u32", DataType::UInt32, true),
            Arc::new(UInt32Array::from(all(&[u32::MAX, 0, 1, 2, 3, 4, 5, 6]))),
        ),
        (
            Field::new("u64", DataType::UInt64, true),
            Arc::new(UInt64Array::from(all(&[
                u64::MAX,
                0,
                1,
                10_000,
                9_999,
                100_000_000,
                123_000_045,
                10u64.pow(19),
            ]))),
        ),
        (
            Field::new("i64", DataType::Int64, true),
            Arc::new(Int64Array::from(all(&[i64::MIN, i64::MAX, 0, -1, 1, 2, 3, 4]))),
        ),
        (
            Field::new("yes", DataType::Boolean, true),
            Arc::new(BooleanArray::from(all(&[true, false, true, true, false, true, false, false]))),
        ),
        (
            described(
                Field::new("day", DataType::Timestamp(TimeUnit::Millisecond, None), true),
                &[("kind", "date")],
            ),
            Arc::new(TimestampMillisecondArray::from(all(&days))),
        ),
        (
            Field::new("time", DataType::Timestamp(TimeUnit::Millisecond, None), true),
            Arc::new(TimestampMillisecondArray::from(all(&days.map(|day| day + 1)))),
        ),
        (Field::new("text", DataType::Utf8, true), Arc::new(StringArray::from(all(&texts)))),
        (
            Field::new_dictionary("word", DataType::Int16, DataType::Utf8, true),
            Arc::new(all(&texts).into_iter().collect::<DictionaryArray<Int16Type>>()),
        ),
        (Field::new("od\"d; näme", DataType::Float32, true), Arc::new(Float32Array::from(vec![1.5; rows]))),
    ];
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let table = TableSchema {
        name: "Tab\"le; --".to_owned(),
        schema: Arc::new(Schema::new(fields)),
        key: vec!["key".to_owned()],
        partition: None,
    };
    let mut database = server.connect();
    database.prepare(Some("Columns \"1\""), std::slice::from_ref(&table), &load::load("1")).unwrap();
    let mut block = database.begin(0, None).unwrap();
    assert_eq!(block.copy(0, &load::batch(&table, arrays)).unwrap(), rows as u64);
    block.commit("", &[]).unwrap();

    let sql = "SELECT f64, f32, encode(float8send(f64), 'hex'), encode(float4send(f32), 'hex'), i8::int, u16, u32, u64::text, i64, yes, \
         to_char(day, 'YYYY-MM-DD BC'), to_char(time, 'YYYY-MM-DD BC HH24:MI:SS.US'), text, word, \"od\"\"d; näme\" \
         FROM \"Columns \"\"1\"\"\".\"Tab\"\"le; --\" ORDER BY key";
    let found = server.admin().query(sql, &[]).unwrap();
    assert_eq!(found.len(), rows);
    for (at, row) in found.iter().enumerate().take(rows - 1) {
        assert_eq!(row.get::<_, f64>(0).to_bits(), DOUBLES[at]);
        assert_eq!(row.get::<_, f32>(1).to_bits(), REALS[at]);
        assert_eq!(row.get::<_, String>(2), format!("{:016x}", DOUBLES[at]));
        assert_eq!(row.get::<_, String>(3), format!("{:08x}", REALS[at]));
        assert_eq!(row.get::<_, &str>(12), texts[at]);
        assert_eq!(row.get::<_, &str>(13), texts[at]);
        assert_eq!(row.get::<_, f32>(14), 1.5);
    }
    let first = &found[0];
    assert_eq!(first.get::<_, i32>(4), -128);
    assert_eq!(first.get::<_, i32>(5), 65_535);
    assert_eq!(first.get::<_, i64>(6), 4_294_967_295);
    assert_eq!(first.get::<_, i64>(8), i64::MIN);
    assert!(first.get::<_, bool>(9) && !found[1].get::<_, bool>(9));
    let column = |at: usize| found.iter().take(rows - 1).map(|row| row.get(at)).collect::<Vec<&str>>();
    let numbers =
        ["18446744073709551615", "0", "1", "10000", "9999", "100000000", "123000045", "10000000000000000000"];
    assert_eq!(column(7), numbers);
    let dates = [
        "1970-01-01 AD",
        "1969-12-31 AD",
        "2000-01-01 AD",
        "2000-02-29 AD",
        "0001-01-01 AD",
        "9999-12-31 AD",
        "1970-01-02 AD",
        "1970-01-03 AD",
    ];
    assert_eq!(column(10), dates);
    assert_eq!(column(11), dates.map(|date| format!("{date} 00:00:00.001000")));
    let last = &found[rows - 1];
    assert!(last.get::<_, Option<f64>>(0).is_none() && last.get::<_, Option<f32>>(1).is_none());
    assert!(last.get::<_, Option<&str>>(12).is_none() && last.get::<_, Option<&str>>(13).is_none());
    assert!(last.get::<_, Option<bool>>(9).is_none() && last.get::<_, Option<&str>>(7).is_none());
}

#[test]
fn comments_and_keys_are_there() {
    let Some(server) = Server::shared() else { return };
    let field =
        |name: &str, pairs: &[(&str, &str)]| described(Field::new(name, DataType::Float32, true), pairs);
    let fields = vec![
        field("npp", &[("long_name", "Net primary productivity"), ("units", "kg m-2 year-1")]),
        field("wue", &[("long_name", r"it's a \ ratio"), ("units", "1"), ("comment", "of a model's year")]),
        field("f5", &[("units", "1")]),
        field("bare", &[]),
        Field::new("grid_x", DataType::Int32, false),
        Field::new("grid_y", DataType::Int32, false),
    ];
    let title = [("title".to_owned(), "What the run's days were".to_owned())];
    let table = TableSchema {
        name: "daily".to_owned(),
        schema: Arc::new(Schema::new(fields).with_metadata(title.into())),
        key: vec!["grid_y".to_owned(), "grid_x".to_owned()],
        partition: None,
    };
    server.connect().prepare(Some("comments"), &[table], &load::load("1")).unwrap();
    let mut admin = server.admin();
    let mut texts = |sql: &str| {
        let rows = admin.query(sql, &[]).unwrap();
        rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(texts("SELECT obj_description('comments.daily'::regclass)"), ["What the run's days were"]);
    assert_eq!(
        texts("SELECT col_description('comments.daily'::regclass, n) FROM generate_series(1, 4) n"),
        ["Net primary productivity [kg m-2 year-1]", r"it's a \ ratio [1]: of a model's year", "[1]", ""]
    );
    assert_eq!(
        texts(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'comments.daily'::regclass AND contype = 'p'"
        ),
        ["PRIMARY KEY (grid_y, grid_x)"]
    );
}

#[test]
fn what_no_table_can_hold_is_refused_before_anything_is_made() {
    let Some(server) = Server::shared() else { return };
    let wide = |count: usize, kind: DataType| TableSchema {
        name: "wide".to_owned(),
        schema: Arc::new(Schema::new(
            (0..count).map(|at| Field::new(format!("c{at}"), kind.clone(), true)).collect::<Vec<_>>(),
        )),
        key: Vec::new(),
        partition: None,
    };
    let refused = |table: TableSchema| {
        fault(server.connect().prepare(Some("wide"), &[table], &load::load("1"))).to_string()
    };
    assert!(refused(wide(1601, DataType::Float32)).contains("1601 columns, PostgreSQL takes 1600"));
    assert!(refused(wide(1600, DataType::Float64)).contains("bytes, PostgreSQL takes 8160"));
    assert!(refused(wide(1, DataType::Float16)).contains("Float16"));
    let named = |name: &str| TableSchema { name: name.to_owned(), ..wide(1, DataType::Int32) };
    for name in ["", "a\0b", &"x".repeat(64), "gridloom_journal"] {
        assert!(refused(named(name)).contains("name"), "{name}");
    }
    let there = server.admin().query("SELECT FROM pg_namespace WHERE nspname = 'wide'", &[]).unwrap();
    assert!(there.is_empty());
    // The widest row that fits, for real.
    let table = wide(980, DataType::Float64);
    let mut database = server.connect();
    database.prepare(Some("wide"), std::slice::from_ref(&table), &load::load("1")).unwrap();
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let mut block = database.begin(0, None).unwrap();
    block.copy(0, &load::batch(&table, vec![column; 980])).unwrap();
    block.commit("", &[]).unwrap();
}

#[test]
fn values_without_a_place_name_their_column() {
    let Some(server) = Server::shared() else { return };
    let table = TableSchema {
        name: "texts".to_owned(),
        schema: Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, true)])),
        key: Vec::new(),
        partition: None,
    };
    let mut database = server.connect();
    database.prepare(Some("values"), std::slice::from_ref(&table), &load::load("1")).unwrap();
    let mut block = database.begin(0, None).unwrap();
    let error =
        fault(block.copy(0, &load::batch(&table, vec![Arc::new(StringArray::from(vec!["a", "\0"]))])));
    assert_eq!(error.to_string(), "texts, column text: row 1: PostgreSQL's texts cannot hold a zero byte");
    drop(block);
    // The broken COPY has not broken the connection.
    let mut block = database.begin(0, None).unwrap();
    block.copy(0, &load::batch(&table, vec![Arc::new(StringArray::from(vec!["a"]))])).unwrap();
    block.commit("", &[]).unwrap();
}
