//! What files and the program say of what was made: titles, the time that is covered, losses, lines of records.

use std::process::Output;

use gridloom_testkit::files::{name, sample};
use gridloom_testkit::program::{self, talk};

fn gridloom(words: &[&str]) -> Output {
    program::command().args(words).env("SOURCE_DATE_EPOCH", "0").output().expect("the program")
}

/// A folder that was begun with another window, or with tables, says so in few words.
#[test]
fn what_differs_from_the_first_command_is_told_in_few_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = sample();
    let window = |year: &str| {
        let (first, last) = (format!("{year}-01-01"), format!("{year}-06-30"));
        ["--from".to_owned(), first, "--to".to_owned(), last]
    };
    let before =
        ["--reference-from", "1979-01-01", "--reference-to", "1979-06-30", "--variables", "npp,csoil"];
    for (command, more, out) in [
        ("grid", &[][..], "alone"),
        ("tables", &["--tables", "change,region"], "tables"),
        ("grid", &["--shard", "0/2"], "shards"),
    ] {
        let out = folder.path().join(out);
        let one = |year: &str| {
            let window = window(year);
            let window: Vec<&str> = window.iter().map(String::as_str).collect();
            gridloom(&[&[command, name(&run), "-o", name(&out), "-q"], &window[..], &before, more].concat())
        };
        assert!(matches!(one("1980").status.code(), Some(0 | 3)));
        let output = one("1981");
        let words = talk(&output).replace(name(&out), "OUT");
        assert_eq!(output.status.code(), Some(2), "{words}");
        let error = words.lines().find(|line| line.starts_with("error: ")).expect("an error");
        assert_eq!(
            error,
            "error: OUT was begun with other settings: change.window: 1980-01-01 to 1980-06-30 then, 1981-01-01 to 1981-06-30 now"
        );
        assert!(words.contains("hint: give the same options to continue, --fresh to start over"), "{words}");
    }
    let output =
        gridloom(&["tables", name(&run), "-o", name(&folder.path().join("alone")), "--tables", "biomass"]);
    let words = talk(&output).replace(name(folder.path()), "");
    let error = words.lines().find(|line| line.starts_with("error: ")).expect("an error");
    assert!(error.contains("was begun with other settings") && error.len() <= 300, "{error}");
}
