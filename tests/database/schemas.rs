//! Tables that are there already, partitions, and loads that get in each other's way.

use gridloom::database::{DatabaseError, Load, Partition, Standing};

use super::load::{self, fault};
use super::server::Server;

fn year() -> Option<Partition> {
    Some(Partition::Year { column: "date".to_owned() })
}

#[test]
fn tables_that_differ_are_refused_with_all_their_differences() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let tables = load::tables(None, true);
    let fine = "grid_y int, grid_x int, latitude float8 NOT NULL, date date, npp real, PRIMARY KEY (grid_y, grid_x, date)";
    let cases: [(&str, &[&str]); 9] = [
        (
            "grid_y int, grid_x bigint, latitude float8, npp real, more text NOT NULL, PRIMARY KEY (grid_x, grid_y)",
            &[
                "the column grid_x is bigint, not integer",
                "the column date is missing",
                "the column more wants a value, which the load has not",
                "its primary key is grid_x, grid_y, not date, grid_x, grid_y",
            ],
        ),
        (&format!("{fine}) PARTITION BY RANGE (date"), &["it is divided by date, wanted not"]),
        (&format!("{fine}) PARTITION BY LIST (date"), &["it is divided by something else, wanted not"]),
        (
            &fine.replace(", PRIMARY KEY (grid_y, grid_x, date)", ""),
            &["its primary key is none, not date, grid_x, grid_y"],
        ),
        (
            &fine.replace("date date", "date timestamptz"),
            &["the column date is timestamp with time zone, not date"],
        ),
        (&fine.replace("npp real", "npp varchar(8)"), &["the column npp is character varying(8), not real"]),
        (
            &fine.replace("npp real", "npp real GENERATED ALWAYS AS (1) STORED"),
            &["the column npp is generated"],
        ),
        // More columns are fine as long as they need no value; another order is too.
        (
            &format!(
                "more text, other int NOT NULL DEFAULT 1, {fine}, place text GENERATED ALWAYS AS (grid_y::text) STORED"
            ),
            &[],
        ),
        (&format!("n int GENERATED ALWAYS AS IDENTITY, {fine}"), &[]),
    ];
    for (at, (columns, wanted)) in cases.iter().enumerate() {
        let schema = format!("differs_{at}");
        admin
            .batch_execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.daily ({columns})"))
            .expect(columns);
        let result = server.connect().prepare(Some(&schema), &tables, &load::load("1"));
        if wanted.is_empty() {
            assert_eq!(result.unwrap(), Standing::New);
            load::all(&mut server.connect(), &schema, &tables, &load::load("1"), 1).unwrap();
            load::check(&mut admin, &schema, 1);
            continue;
        }
        let DatabaseError::Schema { table, differences } = fault(result) else { panic!("another error") };
        assert_eq!(
            (table.as_str(), &differences[..]),
            ("daily", &wanted.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()[..])
        );
        // Nothing else was made.
        let made = format!("SELECT FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> 'daily'");
        assert!(admin.query(&made, &[]).unwrap().is_empty());
    }
}

#[test]
fn rows_and_tables_of_others_stay() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let tables = load::tables(None, true);
    let fresh = Load { fresh: true, ..load::load("1") };
    admin
        .batch_execute("CREATE SCHEMA others; CREATE TABLE others.cells (grid_y int, grid_x int, PRIMARY KEY (grid_y, grid_x)); \
             INSERT INTO others.cells VALUES (1, 2); CREATE VIEW others.region AS SELECT 1 AS date")
        .unwrap();
    for load in [&fresh, &load::load("1")] {
        let error = fault(server.connect().prepare(Some("others"), &tables[..2], load));
        assert!(error.to_string().contains("rows that gridloom did not load"), "{error}");
    }
    let error = fault(server.connect().prepare(Some("others"), &tables[2..], &fresh));
    assert!(error.to_string().contains("it is not a table"), "{error}");
    assert_eq!(admin.query("SELECT FROM others.cells, others.region", &[]).unwrap().len(), 1);
}

#[test]
fn another_load_is_refused_or_replaces() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let (schema, tables) = ("replaced", load::tables(year(), true));
    load::all(&mut server.connect(), schema, &tables, &load::load("1"), 1).unwrap();

    let error = fault(server.connect().prepare(Some(schema), &tables, &load::load("2")));
    assert!(matches!(error, DatabaseError::HoldsAnother { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("run a run, 3 tables, begun 20") && told.contains("finished, 5 blocks"), "{told}");
    assert!(error.hint().unwrap().contains("load afresh"));
    // The same load with fewer tables is another one as well.
    let error = fault(server.connect().prepare(Some(schema), &tables[..2], &load::load("1")));
    assert!(matches!(error, DatabaseError::HoldsAnother { .. }), "{error:?}");
    load::check(&mut admin, schema, 1);

    // A worker that was left over cannot write into what has replaced its load.
    let mut old = server.connect();
    assert_eq!(old.prepare(Some(schema), &tables, &load::load("1")).unwrap(), Standing::Finished);
    let mut worker = old.worker().unwrap();
    drop(old);
    let fresh = Load { fresh: true, ..load::load("2") };
    let error = fault(server.connect().prepare(Some(schema), &tables, &fresh));
    assert!(matches!(error, DatabaseError::Locked { .. }), "{error:?}");
    // Nor where somebody has cleared the journal.
    let cleared = "DELETE FROM replaced.gridloom_journal; UPDATE replaced.gridloom_load SET load = 'gone'";
    admin.batch_execute(cleared).unwrap();
    assert!(matches!(fault(worker.begin(0, None)), DatabaseError::HoldsAnother { .. }));
    drop(worker);
    load::all(&mut server.connect(), schema, &tables, &fresh, 2).unwrap();
    load::check(&mut admin, schema, 2);

    // Tables that the new load has otherwise are made anew.
    let tables = load::tables(None, false);
    let fresh = Load { fresh: true, ..load::load("3") };
    load::all(&mut server.connect(), schema, &tables, &fresh, 3).unwrap();
    load::check(&mut admin, schema, 3);
}

#[test]
fn a_table_that_is_gone_is_not_made_anew_without_its_rows() {
    let Some(server) = Server::shared() else { return };
    let (schema, tables) = ("gone", load::tables(None, true));
    load::all(&mut server.connect(), schema, &tables, &load::load("1"), 1).unwrap();
    server.admin().batch_execute("DROP TABLE gone.cells").unwrap();
    let error = fault(server.connect().prepare(Some(schema), &tables, &load::load("1")));
    assert!(error.to_string().contains("it is gone"), "{error}");
    let fresh = Load { fresh: true, ..load::load("1") };
    load::all(&mut server.connect(), schema, &tables, &fresh, 1).unwrap();
    load::check(&mut server.admin(), schema, 1);
}

#[test]
fn only_one_loads_at_a_time() {
    let Some(server) = Server::shared() else { return };
    let (schema, tables) = ("alone", load::tables(None, true));
    let mut first = server.connect();
    assert_eq!(first.prepare(Some(schema), &tables, &load::load("1")).unwrap(), Standing::New);
    let DatabaseError::Locked { owner, .. } =
        fault(server.connect().prepare(Some(schema), &tables, &load::load("1")))
    else {
        panic!("another error");
    };
    assert!(owner.starts_with("gridloom, gridloom 0.") && owner.contains("from 127.0.0.1"), "{owner}");
    // Another schema is another matter.
    server.connect().prepare(Some("alone_2"), &tables, &load::load("1")).unwrap();
    drop(first);
    assert_eq!(server.connect().prepare(Some(schema), &tables, &load::load("1")).unwrap(), Standing::Begun);
}

/// Connections that need the same new partitions at the same time, each in the middle of a block of its own.
#[test]
fn partitions_are_made_while_others_load() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let cases = [
        (year(), vec!["daily_1980", "daily_1981"]),
        (
            Some(Partition::LatBand { column: "latitude".to_owned(), degrees: 10 }),
            vec!["daily_lat_10", "daily_lat_20", "daily_lat_30"],
        ),
        (
            Some(Partition::Month { column: "date".to_owned() }),
            (0..14)
                .map(|month| &*format!("daily_{}_{:02}", 1980 + month / 12, month % 12 + 1).leak())
                .collect(),
        ),
    ];
    for (at, (partition, wanted)) in cases.into_iter().enumerate() {
        let (schema, tables) = (format!("parts_{at}"), load::tables(partition, true));
        let mut main = server.connect();
        main.prepare(Some(&schema), &tables, &load::load("1")).unwrap();
        std::thread::scope(|scope| {
            for block in 0..load::BLOCKS {
                let (mut worker, tables) = (main.worker().unwrap(), &tables);
                scope.spawn(move || load::block(&mut worker, tables, block, 1, false).unwrap());
            }
        });
        drop(main);
        load::all(&mut server.connect(), &schema, &tables, &load::load("1"), 1).unwrap();
        load::check(&mut admin, &schema, 1);
        let sql = format!(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{schema}.daily'::regclass ORDER BY 1"
        );
        let rows = admin.query(&sql, &[]).unwrap();
        let found: Vec<String> =
            rows.iter().map(|row| row.get::<_, String>(0).replace(&format!("{schema}."), "")).collect();
        assert_eq!(found, wanted);
    }
    // The key has what divides the rows, and bands of another width do not fit.
    let sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'parts_1.daily'::regclass AND contype = 'p'";
    assert_eq!(
        admin.query_one(sql, &[]).unwrap().get::<_, &str>(0),
        "PRIMARY KEY (grid_y, grid_x, date, latitude)"
    );
    let tables = load::tables(Some(Partition::LatBand { column: "latitude".to_owned(), degrees: 15 }), true);
    let fresh = Load { fresh: true, ..load::load("2") };
    let error = fault(load::all(&mut server.connect(), "parts_1", &tables, &fresh, 1));
    assert!(error.to_string().contains("divided in another way"), "{error}");
}

#[test]
fn a_partition_of_nothing_is_refused() {
    let Some(server) = Server::shared() else { return };
    for partition in [
        Partition::Year { column: "npp".to_owned() },
        Partition::Month { column: "grid_y".to_owned() },
        Partition::LatBand { column: "latitude".to_owned(), degrees: 0 },
        Partition::Year { column: "nothing".to_owned() },
    ] {
        let tables = load::tables(Some(partition), true);
        let error = fault(server.connect().prepare(Some("unparted"), &tables, &load::load("1")));
        assert!(matches!(error, DatabaseError::Schema { .. }), "{error:?}");
    }
}
