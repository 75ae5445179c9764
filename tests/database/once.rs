//! Every row exactly once, wherever the way to the server breaks. The tables have no key: only the journal keeps rows from
//! coming twice.

use gridloom::database::{Database, Partition, TableSchema};

use super::load::{self, fault};
use super::proxy::{ENDLESS, Way};
use super::server::Server;

fn through(
    server: &Server,
    way: &std::sync::Arc<Way>,
    schema: &str,
    tables: &[TableSchema],
) -> gridloom::Result<()> {
    let port = way.open(server.environment["PGPORT"].parse().expect("a port"));
    let target = server.target(&format!("postgres://127.0.0.1:{port}?sslmode=disable"));
    let mut database = Database::connect(&target)?;
    load::all(&mut database, schema, tables, &load::load("1"), 1)
}

#[test]
fn broken_anywhere_and_continued() {
    let Some(server) = Server::shared() else { return };
    let tables = load::tables(Some(Partition::Year { column: "date".to_owned() }), false);
    let mut admin = server.admin();
    let way = Way::new(ENDLESS, ENDLESS, ENDLESS);
    through(server, &way, "once_whole", &tables).unwrap();
    load::check(&mut admin, "once_whole", 1);
    let (to, back) = way.passed();

    let mut broken = 0;
    for step in 0..24 {
        let schema = format!("once_{step}");
        let share = step * 2 + 1;
        let way = match step % 2 {
            0 => Way::new(to * share / 48, ENDLESS, ENDLESS),
            _ => Way::new(ENDLESS, back * share / 48, ENDLESS),
        };
        let result = through(server, &way, &schema, &tables);
        if result.is_err() {
            broken += 1;
            let error = fault(result);
            assert!(error.is_lost(), "step {step}: {error:?}");
            assert!(error.hint().unwrap().contains("the same load continues"));
        }
        load::all(&mut server.connect(), &schema, &tables, &load::load("1"), 1).unwrap();
        load::check(&mut admin, &schema, 1);
    }
    assert!(broken >= 22, "only {broken} loads were broken");
}

/// The answer to each commit is lost in turn: what was committed counts, and is not done again.
#[test]
fn a_commit_without_an_answer() {
    let Some(server) = Server::shared() else { return };
    let tables = load::tables(None, false);
    let mut admin = server.admin();
    // One for the tables, one a block, one at the end.
    for commit in 1..=load::BLOCKS + 2 {
        let schema = format!("once_answer_{commit}");
        let way = Way::new(ENDLESS, ENDLESS, commit.into());
        let error = fault(through(server, &way, &schema, &tables));
        assert!(error.is_lost(), "{error:?}");
        // Until the server has seen it, the load is locked.
        let mut database = server.connect();
        database.prepare(Some(&schema), &tables, &load::load("1")).unwrap();
        let there = database.blocks().unwrap().len() as u32;
        assert_eq!(there, (commit - 1).min(load::BLOCKS), "commit {commit}: {error}");
        drop(database);
        load::all(&mut server.connect(), &schema, &tables, &load::load("1"), 1).unwrap();
        load::check(&mut admin, &schema, 1);
    }
}

/// Rows of a block that is dropped, or that failed, are not there; its connection goes on.
#[test]
fn a_dropped_block_leaves_nothing() {
    let Some(server) = Server::shared() else { return };
    let tables = load::tables(None, true);
    let mut database = server.connect();
    database.prepare(Some("once_dropped"), &tables, &load::load("1")).unwrap();
    let rows = load::daily(&tables[0], load::cells(0)[0], 1);
    let mut block = database.begin(0, None).unwrap();
    block.copy(0, &rows).unwrap();
    drop(block);
    let mut block = database.begin(0, None).unwrap();
    block.copy(0, &rows).unwrap();
    assert!(fault(block.copy(0, &rows)).to_string().contains("duplicate key"));
    fault(block.copy(0, &rows));
    fault(block.commit("version 1", &[]));
    let mut block = database.begin(0, None).unwrap();
    fault(block.copy(1, &rows));
    drop(block);
    assert!(database.blocks().unwrap().is_empty());
    drop(database);
    load::all(&mut server.connect(), "once_dropped", &tables, &load::load("1"), 1).unwrap();
    load::check(&mut server.admin(), "once_dropped", 1);
}

/// A block with another digest replaces its rows and no others.
#[test]
fn blocks_are_replaced() {
    let Some(server) = Server::shared() else { return };
    let tables = load::tables(Some(Partition::LatBand { column: "latitude".to_owned(), degrees: 10 }), true);
    let mut admin = server.admin();
    for version in 1..=3 {
        load::all(&mut server.connect(), "once_replaced", &tables, &load::load("1"), version).unwrap();
        load::check(&mut admin, "once_replaced", version);
    }
    // While a block is done anew, the load is not finished.
    let mut database = server.connect();
    database.prepare(Some("once_replaced"), &tables, &load::load("1")).unwrap();
    load::block(&mut database, &tables, 2, 4, true).unwrap();
    let row = admin.query_one("SELECT finished IS NULL FROM once_replaced.gridloom_load", &[]).unwrap();
    assert!(row.get::<_, bool>(0));
}
