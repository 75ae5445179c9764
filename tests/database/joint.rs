//! Several runs in one schema: the tables of each with a first column `run`, each row once, whatever is killed, and runs that come later.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gridloom_testkit::{files, program};

use super::server::Server;

const TABLES: [&str; 6] = ["daily", "biomass", "region", "stats", "drift", "cell_year"];

fn gridloom(server: &Server, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program::path());
    command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in server.environment.iter().filter(|(name, _)| name.starts_with("PG")) {
        command.env(name, value);
    }
    command
}

fn tables(server: &Server, folder: &Path, runs: &[&str], schema: &str, options: &[&str]) -> Command {
    let mut command = gridloom(server, folder, &["tables"]);
    command.args(runs).args(["--to", "postgres://?sslmode=disable", "--schema", schema]);
    command.args(["--tables", &TABLES.join(","), "--variables", "npp,csoil", "--threads", "2"]).args(options);
    command
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Loads; some dumps of the sample are missing or damaged.
fn loaded(mut command: Command) -> String {
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    talk(&output)
}

fn verify(server: &Server, folder: &Path, run: &str, schema: &str) -> (Option<i32>, String) {
    let to = ["verify", run, "--to", "postgres://?sslmode=disable", "--schema", schema];
    let output = gridloom(server, folder, &to).output().expect("the program");
    (output.status.code(), talk(&output))
}

/// The columns of a table, in the order of their names.
fn columns(admin: &mut postgres::Client, schema: &str, table: &str) -> Vec<String> {
    let sql = "SELECT column_name::text FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY 1";
    admin.query(sql, &[&schema, &table]).expect("columns").iter().map(|row| row.get(0)).collect()
}

/// How many rows of a run a table has, or all, and a digest of some of their columns.
fn rows(
    admin: &mut postgres::Client,
    schema: &str,
    table: &str,
    run: Option<&str>,
    columns: &[String],
) -> (i64, String) {
    let columns: Vec<String> = columns.iter().map(|column| format!("{column:?}")).collect();
    let own = run.map_or_else(String::new, |run| format!("WHERE run = '{run}'"));
    let sql = format!(
        "SELECT count(*), coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM \
         (SELECT {} FROM {schema}.{table} {own}) t",
        columns.join(", ")
    );
    let row = admin.query_one(&sql, &[]).expect("rows");
    (row.get(0), row.get(1))
}

/// All of a schema's tables.
fn content(admin: &mut postgres::Client, schema: &str) -> Vec<(i64, String)> {
    let all = |table: &&str| {
        let columns = columns(admin, schema, table);
        rows(admin, schema, table, None, &columns)
    };
    TABLES.iter().map(all).collect()
}

#[test]
fn tables_of_all_runs_have_the_rows_of_each() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    let by_year = ["--partition", "year"];
    let told = loaded(tables(server, folder.path(), &["hist", "ssp126"], "joint", &by_year));
    assert!(told.contains("note: drift: ssp126 has no column mean_3, null there"), "{told}");
    assert!(told.contains("run 2 of 2: ssp126") && told.contains("incomplete: hist, 2 inputs"), "{told}");
    for run in ["hist", "ssp126"] {
        let alone = format!("joint_{run}");
        loaded(tables(server, folder.path(), &[run], &alone, &by_year));
        for table in TABLES {
            let own = columns(&mut admin, &alone, table);
            let wanted = rows(&mut admin, &alone, table, None, &own);
            assert!(wanted.0 > 0, "{run}: {table}");
            assert_eq!(rows(&mut admin, "joint", table, Some(run), &own), wanted, "{run}: {table}");
        }
        let (code, told) = verify(server, folder.path(), run, "joint");
        assert_eq!(code, Some(0), "{run}: {told}");
        assert!(told.contains("6 files") && told.contains("0 differ"), "{told}");
    }
    let one =
        |admin: &mut postgres::Client, sql: &str| admin.query_one(sql, &[]).expect(sql).get::<_, String>(0);
    let key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'joint.daily'::regclass AND contype = 'p'";
    assert_eq!(one(&mut admin, key), "PRIMARY KEY (run, grid_y, grid_x, day)");
    let lacking = "SELECT count(mean_3)::text FROM joint.drift WHERE run = 'ssp126'";
    assert_eq!(one(&mut admin, lacking), "0");
    let runs =
        "SELECT string_agg(run || ' ' || (finished IS NOT NULL), ', ' ORDER BY run) FROM joint.gridloom_load";
    assert_eq!(one(&mut admin, runs), "hist true, ssp126 true");
    // What is there stays, and is not loaded again.
    let before = content(&mut admin, "joint");
    let again = loaded(tables(server, folder.path(), &["hist", "ssp126"], "joint", &by_year));
    assert!(!again.contains("anew"), "{again}");
    assert_eq!(content(&mut admin, "joint"), before);
    let both = ["verify", "hist", "ssp126", "--to", "postgres://?sslmode=disable", "--schema", "joint"];
    let output = gridloom(server, folder.path(), &both).output().expect("the program");
    assert!(output.status.code() == Some(0) && talk(&output).contains("12 files"), "{}", talk(&output));
    // A run that moved is known by its name.
    std::fs::create_dir(folder.path().join("moved")).expect("a folder");
    std::fs::rename(folder.path().join("hist"), folder.path().join("moved/hist")).expect("moved");
    assert_eq!(verify(server, folder.path(), "moved/hist", "joint").0, Some(0));
    loaded(tables(server, folder.path(), &["moved/hist", "ssp126"], "joint", &by_year));
    assert_eq!(content(&mut admin, "joint"), before);
    let sources = "SELECT count(*)::text FROM joint.gridloom_load WHERE source LIKE '%/moved/hist'";
    assert_eq!(one(&mut admin, sources), "1");
}

#[test]
fn a_kill_at_any_moment_loses_and_doubles_nothing() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    let runs = ["hist", "ssp126"];
    let begun = Instant::now();
    loaded(tables(server, folder.path(), &runs, "killed", &[]));
    let whole = begun.elapsed();
    let wanted = content(&mut admin, "killed");
    let mut middle = 0;
    for step in 1..=10 {
        let schema = format!("killed_{step}");
        let mut child = tables(server, folder.path(), &runs, &schema, &["--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        std::thread::sleep(whole * step / 11);
        child.kill().expect("killed");
        child.wait().expect("ended");
        let there = format!("SELECT count(*) FROM {schema}.gridloom_journal");
        let blocks = admin.query_one(&there, &[]).map_or(0, |row| row.get::<_, i64>(0));
        middle += i32::from(blocks > 0);
        loaded(tables(server, folder.path(), &runs, &schema, &[]));
        assert_eq!(content(&mut admin, &schema), wanted, "killed after {step} of 11");
    }
    assert!(middle > 0, "no load was killed in its middle");
    for run in runs {
        assert_eq!(verify(server, folder.path(), run, "killed_5").0, Some(0));
    }
}

#[test]
fn runs_come_later_and_bring_columns() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    // One that is named is one of several.
    loaded(tables(server, folder.path(), &["ssp126"], "later", &["--labels", "ssp126"]));
    assert!(!columns(&mut admin, "later", "drift").contains(&"mean_3".to_owned()));
    let own = columns(&mut admin, "later", "daily");
    let first = rows(&mut admin, "later", "daily", Some("ssp126"), &own);
    let told = loaded(tables(server, folder.path(), &["ssp126", "hist"], "later", &[]));
    assert!(told.contains("found ") && !told.contains("anew"), "{told}");
    assert!(columns(&mut admin, "later", "drift").contains(&"mean_3".to_owned()));
    assert_eq!(rows(&mut admin, "later", "daily", Some("ssp126"), &own), first);
    for run in ["ssp126", "hist"] {
        let (code, told) = verify(server, folder.path(), run, "later");
        assert_eq!(code, Some(0), "{run}: {told}");
    }
    // The order in which they are given is nothing to the tables.
    loaded(tables(server, folder.path(), &["hist", "ssp126"], "later_whole", &[]));
    assert_eq!(content(&mut admin, "later"), content(&mut admin, "later_whole"));
    // A run that changed loads its own blocks only.
    let dump = folder.path().join("hist/grd_170-223/spin0001.pkz");
    std::fs::remove_file(&dump).expect("removed");
    let mut changed = tables(server, folder.path(), &["ssp126", "hist"], "later", &[]);
    let refused = changed.output().expect("the program");
    assert!(talk(&refused).contains("holds another load: run hist"), "{}", talk(&refused));
    loaded(tables(server, folder.path(), &["ssp126", "hist"], "later", &["--fresh"]));
    assert_eq!(rows(&mut admin, "later", "daily", Some("ssp126"), &own), first);
    let is_older = "SELECT count(*) FROM later.gridloom_load WHERE finished IS NOT NULL";
    assert_eq!(admin.query_one(is_older, &[]).expect("loads").get::<_, i64>(0), 2);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    let refused = |runs: &[&str], schema: &str, options: &[&str], words: &str| {
        let output = tables(server, folder.path(), runs, schema, options).output().expect("the program");
        let told = talk(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)) && told.contains(words), "{runs:?}: {told}");
    };
    let both = ["hist", "ssp126"];
    loaded(tables(server, folder.path(), &both, "belong", &[]));
    let wanted = content(&mut admin, "belong");
    refused(&["hist"], "belong", &["--labels", "hist"], "the schema holds the run ssp126 of before");
    refused(&["hist"], "belong", &[], "holds another load");
    refused(&both, "belong", &["--by-month"], "holds another load: run hist");
    refused(&both, "belong_2", &["--separate"], "is for files");
    refused(&both, "belong_2", &["--trace", "t.json"], "is of one run");
    refused(&both, "belong_2", &["--labels", "a,a"], "have the same name");
    refused(&both, "belong_2", &["-o", "out"], "is for files");
    refused(&["hist", "none"], "belong_2", &[], "none");
    loaded(tables(server, folder.path(), &["hist"], "belong_alone", &[]));
    refused(&both, "belong_alone", &[], "holds another load: run hist");
    assert_eq!(content(&mut admin, "belong"), wanted);
    // Rows of a run that nobody loaded, and rows that are gone.
    admin
        .batch_execute("CREATE TEMP TABLE copied AS SELECT * FROM belong.region LIMIT 1; UPDATE copied SET run = 'other'; INSERT INTO belong.region SELECT * FROM copied")
        .expect("a row");
    refused(&both, "belong", &[], "rows that gridloom did not load, of the run \"other\"");
    let (code, told) = verify(server, folder.path(), "hist", "belong");
    assert!(code == Some(4) && told.contains("rows of the run \"other\", which was not loaded"), "{told}");
    admin.batch_execute("DELETE FROM belong.region WHERE run = 'other'").expect("removed");
    admin.batch_execute("UPDATE belong.drift SET mean_3 = 1 WHERE run = 'ssp126'").expect("changed");
    let (code, told) = verify(server, folder.path(), "ssp126", "belong");
    assert!(code == Some(4) && told.contains("values of mean_3 in rows of ssp126"), "{told}");
    assert_eq!(verify(server, folder.path(), "hist", "belong").0, Some(0));
    admin.batch_execute("UPDATE belong.drift SET mean_3 = NULL WHERE run = 'ssp126'").expect("changed");
    for change in [
        "DELETE FROM belong.daily WHERE run = 'ssp126' AND grid_y = 170",
        "DELETE FROM belong.region WHERE run = 'ssp126'",
    ] {
        admin.batch_execute(change).expect(change);
        let (code, told) = verify(server, folder.path(), "ssp126", "belong");
        assert_eq!(code, Some(4), "{told}");
        assert_eq!(verify(server, folder.path(), "hist", "belong").0, Some(0));
        let told = loaded(tables(server, folder.path(), &both, "belong", &[]));
        assert!(told.contains("anew"), "{told}");
        assert_eq!(content(&mut admin, "belong"), wanted);
    }
    // A value that was changed in place is seen by the proof of its run.
    admin.batch_execute("UPDATE belong.region SET mean = mean + 1 WHERE run = 'hist'").expect("changed");
    assert_eq!(verify(server, folder.path(), "hist", "belong").0, Some(4));
    assert_eq!(verify(server, folder.path(), "ssp126", "belong").0, Some(0));
    let (code, told) = verify(server, folder.path(), ".", "belong");
    assert!(code != Some(0), "{told}");
    loaded(tables(server, folder.path(), &both, "belong", &["--fresh"]));
    assert_eq!(content(&mut admin, "belong"), wanted);
}

/// Journals of before knew of one run only.
#[test]
fn a_schema_of_an_older_version_goes_on() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    loaded(tables(server, folder.path(), &["hist"], "older", &[]));
    let wanted = content(&mut admin, "older");
    let older = "ALTER TABLE older.gridloom_load DROP COLUMN source, DROP COLUMN lacking; DELETE FROM older.daily WHERE grid_y = 170";
    admin.batch_execute(older).expect("an older journal");
    assert_eq!(verify(server, folder.path(), "hist", "older").0, Some(4));
    let several =
        tables(server, folder.path(), &["hist", "ssp126"], "older", &[]).output().expect("the program");
    assert!(talk(&several).contains("holds another load: run hist"), "{}", talk(&several));
    let told = loaded(tables(server, folder.path(), &["hist"], "older", &[]));
    assert!(told.contains("anew"), "{told}");
    assert_eq!(content(&mut admin, "older"), wanted);
    assert_eq!(verify(server, folder.path(), "hist", "older").0, Some(0));
}

/// Only the first of the runs clears what was there, and a waiting process does not come between two runs.
#[test]
fn one_process_at_a_time_loads_several_runs() {
    let Some(server) = Server::shared() else { return };
    let (mut admin, folder) = (server.admin(), files::two_runs());
    let runs = ["hist", "ssp126"];
    let children: Vec<_> = (0..2)
        .map(|_| tables(server, folder.path(), &runs, "crowd", &["--quiet"]).spawn().expect("the program"))
        .collect();
    let mut ended: Vec<Option<i32>> = Vec::new();
    for child in children {
        ended.push(child.wait_with_output().expect("the program").status.code());
    }
    // Either one waited long enough, or was told to wait.
    assert!(ended.contains(&Some(3)) && ended.iter().all(|code| matches!(code, Some(1..=3))), "{ended:?}");
    std::thread::sleep(Duration::from_millis(100));
    loaded(tables(server, folder.path(), &runs, "crowd", &[]));
    loaded(tables(server, folder.path(), &runs, "crowd_whole", &[]));
    assert_eq!(content(&mut admin, "crowd"), content(&mut admin, "crowd_whole"));
}
