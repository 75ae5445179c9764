//! A database: rows, values, columns and comments, changed by the server's own words.

use gridloom_testkit::here;

use super::{name, sample, talk};

/// What is changed, and what the difference must name.
const CHANGES: [(&str, &str); 12] = [
    (
        "UPDATE maps.daily SET npp = npp * 1.0000001 WHERE ctid = (SELECT ctid FROM maps.daily WHERE npp > 0 LIMIT 1)",
        "npp = ",
    ),
    (
        "UPDATE maps.daily SET npp = NULL WHERE ctid = (SELECT ctid FROM maps.daily WHERE npp > 0 LIMIT 1)",
        "null",
    ),
    ("DELETE FROM maps.daily WHERE ctid = (SELECT ctid FROM maps.daily LIMIT 1)", "no such row"),
    (
        "UPDATE maps.daily SET day = day + 40000 WHERE ctid = (SELECT ctid FROM maps.daily LIMIT 1)",
        "no such row",
    ),
    (
        "INSERT INTO maps.daily (grid_y, grid_x, latitude, longitude, day, npp) SELECT 1, grid_x, latitude, longitude, day, npp FROM maps.daily LIMIT 1",
        "no such row",
    ),
    ("UPDATE maps.region SET variable = 'npq' WHERE ctid = (SELECT ctid FROM maps.region LIMIT 1)", "npq"),
    (
        "UPDATE maps.region SET units = 'furlong' WHERE ctid = (SELECT ctid FROM maps.region LIMIT 1)",
        "furlong",
    ),
    ("UPDATE maps.stats SET q50 = q50 + 1 WHERE ctid = (SELECT ctid FROM maps.stats LIMIT 1)", "q50 = "),
    (
        "UPDATE maps.biomass SET cveg = cveg + 1 WHERE ctid = (SELECT ctid FROM maps.biomass LIMIT 1)",
        "cveg = ",
    ),
    ("ALTER TABLE maps.daily ALTER npp TYPE double precision", "double precision"),
    ("TRUNCATE maps.stats", "no such row"),
    // Last, since a fresh load keeps the table.
    ("COMMENT ON COLUMN maps.daily.npp IS 'another'", "another"),
];

#[test]
fn whatever_is_changed_in_a_database_is_found() {
    let verify = r#""$GRIDLOOM" verify "$RUN" --to postgres:// --schema maps"#;
    let load = r#""$GRIDLOOM" tables "$RUN" --to postgres:// --schema maps --variables npp,wsoil --tables daily,stats,region,biomass,limitation,drift --fresh -q"#;
    let mut words = String::from("set -u\n");
    let mut add = |line: String| {
        words.push_str(&line);
        words.push('\n');
    };
    add(format!("{load}; [ $? -eq 3 ] || exit 10"));
    add(format!("{verify} 2>told; status=$?; cat told >&2; [ $status -eq 0 ] || exit 11"));
    for (index, (sql, wanted)) in CHANGES.iter().enumerate() {
        let status = 20 + index;
        add(format!("psql -q -v ON_ERROR_STOP=1 -c \"{sql}\" >/dev/null || exit {status}"));
        add(format!("{verify} 2>told; status=$?; [ $status -eq 4 ] || {{ cat told >&2; exit {status}; }}"));
        add(format!("grep -qF -- '{wanted}' told || {{ cat told >&2; exit {status}; }}"));
        add(format!("{load}; [ $? -eq 3 ] || exit {status}"));
    }
    add("echo all".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let run = sample();
    let Some(output) = here::with_postgres(&["bash", "-c", &words], |command| {
        command.current_dir(folder.path()).env("RUN", name(&run));
    }) else {
        return;
    };
    let (out, talk) = (String::from_utf8_lossy(&output.stdout), talk(&output));
    assert!(output.status.success() && out.contains("all"), "{:?}: {out}{talk}", output.status);
}
