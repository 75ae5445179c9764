//! A load as a caller makes it: a few blocks of two tables, continued by what the database has.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Date32Array, Float32Array, Float64Array, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use gridloom::Result;
use gridloom::database::{Database, DatabaseError, Load, Partition, TableSchema};

pub const BLOCKS: u32 = 5;
const DAYS: i32 = 400;

pub fn load(id: &str) -> Load {
    Load {
        id: id.to_owned(),
        run: "a run".to_owned(),
        settings: r#"{"of": "a test"}"#.to_owned(),
        member: None,
        fresh: false,
    }
}

pub fn described(field: Field, pairs: &[(&str, &str)]) -> Field {
    let pairs: HashMap<_, _> = pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    field.with_metadata(pairs)
}

/// A table of days, one of cells, and one that is made of all blocks.
pub fn tables(partition: Option<Partition>, keys: bool) -> Vec<TableSchema> {
    let cell =
        || [Field::new("grid_y", DataType::Int32, false), Field::new("grid_x", DataType::Int32, false)];
    let table = |name: &str, fields: Vec<Field>, key: &[&str], partition| TableSchema {
        name: name.to_owned(),
        schema: Arc::new(Schema::new(fields)),
        key: key.iter().filter(|_| keys).map(|&column| column.to_owned()).collect(),
        partition,
    };
    let mut daily = cell().to_vec();
    daily.push(Field::new("latitude", DataType::Float64, false));
    daily.push(Field::new("date", DataType::Date32, false));
    daily.push(described(Field::new("npp", DataType::Float32, true), &[("units", "kg m-2 year-1")]));
    let region =
        vec![Field::new("date", DataType::Date32, false), Field::new("npp", DataType::Float64, true)];
    vec![
        table("daily", daily, &["grid_y", "grid_x", "date"], partition),
        table("cells", cell().to_vec(), &["grid_y", "grid_x"], None),
        table("region", region, &["date"], None),
    ]
}

pub fn cells(block: u32) -> [(u32, u32); 2] {
    [(100 + 10 * block, 7), (100 + 10 * block, 8)]
}

pub fn batch(table: &TableSchema, columns: Vec<arrow_array::ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(Arc::clone(&table.schema), columns).expect("columns that fit")
}

/// The days of one cell; `version` changes the values.
pub fn daily(table: &TableSchema, (y, x): (u32, u32), version: u32) -> RecordBatch {
    let rows = DAYS as usize;
    let value = |day: i32| (day % 7 != 0).then_some((version * 1000 + x) as f32 + day as f32);
    batch(
        table,
        vec![
            Arc::new(Int32Array::from(vec![y as i32; rows])),
            Arc::new(Int32Array::from(vec![x as i32; rows])),
            Arc::new(Float64Array::from(vec![89.75 - 0.5 * f64::from(y); rows])),
            Arc::new(Date32Array::from_iter_values(3653..3653 + DAYS)),
            Arc::new(Float32Array::from_iter((0..DAYS).map(value))),
        ],
    )
}

/// Loads one block.
pub fn block(
    database: &mut Database,
    tables: &[TableSchema],
    block: u32,
    version: u32,
    replaces: bool,
) -> Result<()> {
    let cells = cells(block);
    let mut rows = database.begin(block, replaces.then_some(&cells))?;
    for cell in cells {
        rows.copy(0, &daily(&tables[0], cell, version))?;
    }
    let of = |which: fn(&(u32, u32)) -> u32| {
        Int32Array::from_iter_values(cells.iter().map(|cell| which(cell) as i32))
    };
    rows.copy(1, &batch(&tables[1], vec![Arc::new(of(|cell| cell.0)), Arc::new(of(|cell| cell.1))]))?;
    rows.commit(&format!("version {version}"), &[block as u8, version as u8])
}

/// Does what is left of a load, by two connections in turn, and finishes it.
pub fn all(
    database: &mut Database,
    schema: &str,
    tables: &[TableSchema],
    load: &Load,
    version: u32,
) -> Result<()> {
    database.prepare(Some(schema), tables, load)?;
    let there = database.blocks()?;
    let mut worker = database.worker()?;
    for number in 0..BLOCKS {
        let digest = there.get(&number);
        if digest.is_some_and(|digest| *digest == format!("version {version}")) {
            continue;
        }
        let by = if number % 2 == 0 { &mut *database } else { &mut worker };
        block(by, tables, number, version, digest.is_some())?;
    }
    let partials = database.partials()?.collect::<Result<Vec<_>>>()?;
    let wanted: Vec<_> = (0..BLOCKS).map(|block| (block, vec![block as u8, version as u8])).collect();
    assert_eq!(partials, wanted);
    let mut finish = database.finish(&[2])?;
    let columns: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![0, 1])),
        Arc::new(Float64Array::from(vec![1.0, f64::from(version)])),
    ];
    finish.copy(2, &batch(&tables[2], columns))?;
    finish.commit()
}

/// That every row of a version is there once and no other, and that the load is finished.
pub fn check(admin: &mut postgres::Client, schema: &str, version: u32) {
    let one = |admin: &mut postgres::Client, sql: &str| {
        let row = admin.query_one(&sql.replace("IN.", &format!("{schema}.")), &[]).expect(sql);
        row.get::<_, i64>(0)
    };
    let cells = i64::from(BLOCKS) * 2;
    assert_eq!(one(admin, "SELECT count(*) FROM IN.daily"), cells * i64::from(DAYS));
    assert_eq!(
        one(admin, "SELECT count(DISTINCT (grid_y, grid_x, date)) FROM IN.daily"),
        cells * i64::from(DAYS)
    );
    let wrong = format!(
        "SELECT count(*) FROM IN.daily, LATERAL (SELECT date - '1980-01-02'::date AS day) AS d WHERE npp IS DISTINCT FROM \
         CASE WHEN day % 7 = 0 THEN NULL ELSE ({} + grid_x + day)::real END",
        version * 1000
    );
    assert_eq!(one(admin, &wrong), 0);
    assert_eq!(one(admin, "SELECT count(*) FROM IN.cells"), cells);
    assert_eq!(one(admin, "SELECT count(*) FROM IN.region"), 2);
    assert_eq!(
        one(admin, &format!("SELECT count(*) FROM IN.region WHERE npp = {version}")),
        1 + i64::from(version == 1)
    );
    assert_eq!(one(admin, "SELECT count(*) FROM IN.gridloom_journal"), i64::from(BLOCKS));
    assert_eq!(one(admin, "SELECT count(*) FROM IN.gridloom_load WHERE finished IS NOT NULL"), 1);
}

/// What an error says about a database.
pub fn fault<T>(result: Result<T>) -> &'static DatabaseError {
    match result {
        Err(error) => {
            let source = std::error::Error::source(Box::leak(Box::new(error)));
            source.and_then(|source| source.downcast_ref()).expect("an error of a database")
        }
        Ok(_) => panic!("no error"),
    }
}
