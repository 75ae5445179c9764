//! Tables that somebody changes while a load is under way, or behind it.

use std::process::{Command, Output};

use gridloom::database::Partition;
use gridloom_testkit::{files, program};

use super::load::{self, fault};
use super::server::Server;

/// Binary rows of one type would be taken for another: 4 bytes are 4 bytes.
#[test]
fn a_column_that_is_altered_in_the_middle_is_refused() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let tables = load::tables(None, true);
    let mut database = server.connect();
    database.prepare(Some("altered"), &tables, &load::load("1")).unwrap();
    load::block(&mut database, &tables, 0, 1, false).unwrap();
    admin.batch_execute("ALTER TABLE altered.daily ALTER COLUMN npp TYPE integer").unwrap();
    let error = fault(load::block(&mut database, &tables, 1, 1, false)).to_string();
    assert!(error.contains("the column npp is integer, not real"), "{error}");
    admin.batch_execute("ALTER TABLE altered.daily ALTER COLUMN npp TYPE real").unwrap();
    // The table has to stay as it is as long as rows are on their way.
    let mut block = database.begin(1, None).unwrap();
    block.copy(0, &load::daily(&tables[0], load::cells(1)[0], 1)).unwrap();
    let alter = "SET lock_timeout = '100ms'; ALTER TABLE altered.daily ALTER COLUMN npp TYPE integer";
    let refused = admin.batch_execute(alter).expect_err("a lock");
    assert!(
        refused.as_db_error().is_some_and(|error| error.message().contains("lock timeout")),
        "{refused:?}"
    );
    drop(block);
    admin.batch_execute("DROP TABLE altered.cells").unwrap();
    let error = fault(load::block(&mut database, &tables, 1, 1, false)).to_string();
    assert!(error.contains("cells") && error.contains("it is gone"), "{error}");
}

#[test]
fn rows_that_are_gone_or_more_are_seen() {
    let Some(server) = Server::shared() else { return };
    let mut admin = server.admin();
    let year = Some(Partition::Year { column: "date".to_owned() });
    let tables = load::tables(year, true);
    let cells = |block| load::cells(block).to_vec();
    load::all(&mut server.connect(), "fewer", &tables, &load::load("1"), 1).unwrap();
    let mut database = server.connect();
    database.prepare(Some("fewer"), &tables, &load::load("1")).unwrap();
    assert!(database.changed(cells).unwrap().is_empty());
    assert_eq!(database.count(2).unwrap(), 2);
    admin.batch_execute("DELETE FROM fewer.daily WHERE grid_y = 110 AND date = '1980-02-01'").unwrap();
    admin.batch_execute("DELETE FROM fewer.cells WHERE grid_y = 120 AND grid_x = 8").unwrap();
    let changed = database.changed(cells).unwrap();
    assert_eq!(changed.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(changed[&1], "798 of 800 rows of daily are there");
    assert_eq!(changed[&2], "1 of 2 rows of cells are there");
    admin.batch_execute("DROP TABLE fewer.daily_1980").unwrap();
    assert_eq!(database.changed(cells).unwrap().len(), load::BLOCKS as usize);
    // Blocks of a journal that does not say how many rows it loaded are taken as they are.
    admin.batch_execute("UPDATE fewer.gridloom_journal SET rows = NULL").unwrap();
    assert!(database.changed(cells).unwrap().is_empty());
    admin.batch_execute("INSERT INTO fewer.cells VALUES (1, 2), (1, 3)").unwrap();
    let error = fault(database.changed(cells)).to_string();
    assert!(error.contains("rows that gridloom did not load, of 2 cells, such as 1 of 1-2"), "{error}");
}

fn program(server: &Server, schema: &str) -> Output {
    let run = files::sample();
    let mut command = Command::new(program::path());
    command.arg("tables").arg(run).args(["--to", "postgres://?sslmode=disable", "--schema", schema]);
    command.args([
        "--tables",
        "daily,region,stats,cell_year",
        "--variables",
        "npp,csoil",
        "--partition",
        "year",
    ]);
    for (name, value) in server.environment.iter().filter(|(name, _)| name.starts_with("PG")) {
        command.env(name, value);
    }
    command.output().expect("the program")
}

/// Everything of a schema, as numbers that differ where a row does.
fn content(admin: &mut postgres::Client, schema: &str) -> Vec<(String, i64, String)> {
    ["daily", "region", "stats", "cell_year"]
        .map(|table| {
            let sql = format!("SELECT count(*), coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM {schema}.{table} t");
            let row = admin.query_one(&sql, &[]).expect("rows");
            (table.to_owned(), row.get(0), row.get(1))
        })
        .into()
}

#[test]
fn the_same_command_brings_back_what_is_gone() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, schema) = (server.admin(), "brought_back");
    let first = program(server, schema);
    assert_eq!(first.status.code(), Some(3), "{}", String::from_utf8_lossy(&first.stderr));
    let wanted = content(&mut admin, schema);
    assert!(wanted.iter().all(|(_, rows, _)| *rows > 0), "{wanted:?}");
    for (change, told) in [
        ("DELETE FROM IN.daily WHERE grid_y = 170 AND day = '1980-01-01'", "rows of daily are there"),
        ("TRUNCATE IN.stats", "rows of stats are there"),
        ("DROP TABLE IN.daily_1980", "rows of daily are there"),
        ("TRUNCATE IN.daily, IN.cell_year", "rows of cell_year are there"),
        ("DELETE FROM IN.region WHERE variable = 'npp'", "region is filled anew"),
        (
            "INSERT INTO IN.cell_year (grid_y, grid_x, latitude, longitude, year, communities, living) \
          SELECT grid_y, grid_x, latitude, longitude, 1700, 1, 1 FROM IN.cell_year LIMIT 1",
            "rows of cell_year",
        ),
    ] {
        if change.starts_with("INSERT") {
            // A partition for it.
            let sql = format!(
                "CREATE TABLE {schema}.old PARTITION OF {schema}.cell_year FOR VALUES FROM (1700) TO (1701)"
            );
            admin.batch_execute(&sql).unwrap();
        }
        admin.batch_execute(&change.replace("IN.", &format!("{schema}."))).expect(change);
        assert_ne!(content(&mut admin, schema), wanted, "{change}");
        let again = program(server, schema);
        let talk = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(again.status.code(), Some(3), "{change}: {talk}");
        assert!(talk.contains(told), "{change}: {talk}");
        assert_eq!(content(&mut admin, schema), wanted, "{change}");
    }
    let again = program(server, schema);
    let talk = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!talk.contains("anew"), "{talk}");
}
