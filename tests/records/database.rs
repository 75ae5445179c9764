//! Tables of records in PostgreSQL: each row once, however often the load was killed.

use gridloom_testkit::{here, program};

use super::table::Table;

#[test]
fn killed_loads_leave_each_row_once() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table { rows: 30, columns: 30, ..Table::small() };
    let text = table.text(0..table.cells());
    let description = table.describe(folder.path(), "lai.out", &[("lai.out", text.into_bytes())]);
    let words = r#"
        load() { "$GRIDLOOM" tables "$DESCRIPTION" --to postgres:// --schema maps --quiet; }
        for wait in 0.05 0.1 0.2 0.3 0.4; do
            load & sleep $wait; kill -9 $! 2>/dev/null || true; wait $! 2>/dev/null || true
        done
        load; load
        "$GRIDLOOM" verify "$DESCRIPTION" --to postgres:// --schema maps --quiet
        psql -qAtc "
            SELECT count(*), count(DISTINCT (grid_y, grid_x, time)), sum(round(\"lai_Total\"::float8::numeric, 3)) FROM maps.daily"
    "#;
    let set = |command: &mut std::process::Command| {
        command.env("DESCRIPTION", &description);
    };
    let Some(output) = here::with_postgres(&["bash", "-ec", words], set) else { return };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", program::talk(&output));
    let rows = table.cells() as usize * table.years.len();
    let last = said.lines().last().expect("a row");
    assert!(last.starts_with(&format!("{rows}|{rows}|")), "{last}");
    let mut thousandths = 0i64;
    for cell in 0..table.cells() {
        for year in table.years.clone() {
            let text = table.value(cell, year, 3);
            thousandths += text.replace('.', "").parse::<i64>().expect("a number");
        }
    }
    let sum: f64 = last.rsplit('|').next().expect("a sum").parse().expect("a number");
    assert_eq!((sum * 1000.0).round() as i64, thousandths, "{last}");
}
