//! Files of earlier work in the same folder, which nothing that is made now replaces.

use std::collections::BTreeSet;
use std::path::Path;

use crate::shared::{self, Inside, Standing};

use super::published::is_own_kind;

/// Files that are named where there are many.
const SHOWN: usize = 12;

/// What is needed of a report.
#[derive(serde::Deserialize)]
struct Made {
    files: Vec<MadeFile>,
    #[serde(default)]
    earlier_files: Vec<String>,
}

#[derive(serde::Deserialize)]
struct MadeFile {
    file: String,
}

/// The files that the report of a folder names, those of earlier work still among them, that stand there and are not `replaced`. To be asked
/// before the next report is written.
pub(super) fn earlier(output: &Path, replaced: impl Fn(&Inside) -> bool) -> Vec<String> {
    let bytes = shared::read_input(&output.join("report.json")).unwrap_or_default();
    // A report that cannot be understood names nothing.
    let Ok(Made { files, earlier_files }) = serde_json::from_slice::<Made>(&bytes) else { return Vec::new() };
    let names = files.into_iter().map(|made| made.file).chain(earlier_files);
    let files: BTreeSet<Inside> = names.filter_map(|name| Inside::new(&name)).collect();
    let stands =
        |file: &Inside| Standing::of(output, file).is_ok_and(|there| is_own_kind(file.as_str(), &there));
    let stay = files.into_iter().filter(|file| !replaced(file) && stands(file));
    stay.map(|file| file.as_str().to_owned()).collect()
}

/// That files stay, in words; `None` where none do.
pub(super) fn words(files: &[String]) -> Option<String> {
    let what = "of earlier work, and not made now";
    match files {
        [] => None,
        [file] => Some(format!("{file} stays in the folder: it is {what}")),
        files => {
            let shown = files.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = match files.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Some(format!("{} files stay in the folder that are {what}: {shown}{more}", files.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_counted() {
        assert_eq!(words(&[]), None);
        let one = words(&["a.csv".to_owned()]).expect("words");
        assert!(one.starts_with("a.csv stays"), "{one}");
        let many: Vec<String> = (0..14).map(|number| format!("{number}.csv")).collect();
        let many = words(&many).expect("words");
        assert!(many.starts_with("14 files stay") && many.ends_with("11.csv and 2 more"), "{many}");
    }

    #[test]
    fn files_that_a_report_names_are_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let report = r#"{"files": [{"file": "a.csv"}, {"file": "gone.csv"}, {"file": "../b.csv"}, {"file": "new.csv"}],
            "earlier_files": ["c.csv"]}"#;
        std::fs::write(path("report.json"), report).expect("a file");
        for name in ["a.csv", "new.csv", "c.csv", "d.csv"] {
            std::fs::write(path(name), "x\n").expect("a file");
        }
        let found = earlier(folder.path(), |file| file.as_str() == "new.csv");
        assert_eq!(found, ["a.csv", "c.csv"]);
        std::fs::write(path("report.json"), "{").expect("a file");
        assert!(earlier(folder.path(), |_| false).is_empty());
    }
}
