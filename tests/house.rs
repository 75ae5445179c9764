//! The house: which room takes from which, as docs/design.md has it, and where the model's own words stand.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Names of a crate's own that are no rooms.
const NOT_ROOMS: [&str; 7] = ["VERSION", "Argument", "Cure", "Error", "ErrorKind", "Reason", "Result"];

/// Words of CAETE-DVM that stand in its own room only, and who may say them all the same: archives' groups are called like its
/// folders.
const WORDS: [(&str, &[&str]); 9] = [
    ("grd_", &["archive/root.rs"]),
    ("metacomunity_", &[]),
    ("}_partitioned", &[]),
    ("output_metadata", &[]),
    ("spin{", &[]),
    ("\"spin", &[]),
    ("metacommunity_", &[]),
    ("state_files_", &[]),
    ("\"sind\"", &[]),
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where the program is, and the library.
const PROGRAM: &str = "src/bin/gridloom";
const LIBRARY: &str = "src";

/// All files of the library or the program, by their paths below its folder, without comments and tests.
fn sources(of: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![project(of)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(project(of)).expect("below its folder").display().to_string();
            if path == project(LIBRARY).join("bin") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !name.contains("/tests/") {
                found.insert(name, code(&std::fs::read_to_string(path).expect("a source")));
            }
        }
    }
    found
}

/// A source without comments, and without its module of tests.
fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn room_of(file: &str) -> String {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs").to_owned()
}

/// The names that follow `crate::`, or `gridloom::` in the program.
fn taken(source: &str, root: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut names = BTreeSet::new();
    for (at, start) in source.match_indices(root) {
        if source[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let rest = &source[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                names.extend(
                    list.split(',').map(|one| one.trim().split("::").next().unwrap_or("").to_owned()),
                );
            }
            None => {
                names.insert(rest.chars().take_while(|&letter| is_name(letter)).collect());
            }
        }
    }
    names.retain(|name| !name.is_empty() && !NOT_ROOMS.contains(&name.as_str()));
    names
}

/// The table of docs/design.md, in its order: a room, and what it takes from.
fn rules() -> Vec<(String, BTreeSet<String>)> {
    let page = std::fs::read_to_string(project("docs/design.md")).expect("the page");
    let table = page.split("| room | takes from |").nth(1).expect("the table of rooms");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let names = cells[1].split(',').map(|name| name.trim().trim_matches('`').to_owned());
        (cells[0].trim_matches('`').to_owned(), names.filter(|name| name != "nothing").collect())
    })
    .collect()
}

#[test]
fn rooms_take_from_the_rooms_that_the_page_says() {
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (file, source) in sources(LIBRARY) {
        let room = room_of(&file);
        let takes = found.entry(room.clone()).or_default();
        for name in taken(&source, "crate::").into_iter().filter(|name| *name != room) {
            takes.entry(name).or_insert_with(|| file.clone());
        }
    }
    // The root of the library is no room; the program is one.
    found.remove("lib");
    let rules = rules();
    let rooms: BTreeSet<&String> = rules.iter().map(|(room, _)| room).collect();
    let program = found.entry("program".to_owned()).or_default();
    for (file, source) in sources(PROGRAM) {
        for name in taken(&source, "gridloom::").into_iter().filter(|name| rooms.contains(name)) {
            program.entry(name).or_insert_with(|| format!("bin/gridloom/{file}"));
        }
    }
    let mut broken = Vec::new();
    for (index, (room, allowed)) in rules.iter().enumerate() {
        let above: BTreeSet<&String> = rules[..index].iter().map(|(room, _)| room).collect();
        for name in allowed.iter().filter(|name| !above.contains(name)) {
            broken.push(format!("{room} takes from {name}, which does not stand above it in the table"));
        }
        let Some(takes) = found.get(room) else {
            broken.push(format!("{room} is in the table, but there is no such room"));
            continue;
        };
        for (name, file) in takes.iter().filter(|(name, _)| !allowed.contains(*name)) {
            broken.push(format!("src/{file} takes from {name}, which {room} must not"));
        }
        for name in allowed.iter().filter(|name| !takes.contains_key(*name)) {
            broken.push(format!("{room} may take from {name}, but does not: the table says too much"));
        }
    }
    broken.extend(
        found.keys().filter(|room| !rooms.contains(room)).map(|room| format!("{room} is not in the table")),
    );
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The paths that a source names behind `crate::`, `super::` and in its `use` lines, as lists of names from the root. What it shows of its
/// own to others (`pub use`) is no taking.
fn paths(file: &[String], source: &str) -> BTreeSet<Vec<String>> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].trim_end_matches(' ');
        let (inner, end) = match rest[at..].find(';') {
            Some(end) => (&rest[at + 4..at + end], at + end),
            None => break,
        };
        if before.is_empty() || before.ends_with(['\n', '{', '}']) {
            expand(String::new(), inner, &mut texts);
        }
        rest = &rest[end..];
    }
    for start in ["crate::", "super::"] {
        for (at, _) in source.match_indices(start) {
            let line = source[..at].rsplit('\n').next().unwrap_or_default();
            if !line.contains("use ") && !line.trim_start().starts_with("pub") && !line.ends_with("::") {
                texts.push(source[at..].chars().take_while(|&one| is_name(one) || one == ':').collect());
            }
        }
    }
    let mut found = BTreeSet::new();
    for text in texts {
        let names: Vec<String> = text.split("::").map(|name| name.trim().to_owned()).collect();
        let mut base = file.to_vec();
        let mut names = names.as_slice();
        match names.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                names = &names[1..];
            }
            Some("super" | "self") => {
                while let Some("super" | "self") = names.first().map(String::as_str) {
                    if names[0] == "super" {
                        base.pop();
                    }
                    names = &names[1..];
                }
            }
            _ => {}
        }
        base.extend(names.iter().filter(|name| !name.is_empty()).cloned());
        found.insert(base);
    }
    found
}

/// The paths of a tree of names, such as `a::{b, c::d}`.
fn expand(before: String, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return paths.push(before + tree.split(" as ").next().unwrap_or_default());
    };
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = &inner[start..at];
                if !part.trim().is_empty() {
                    expand(format!("{before}{}", &tree[..open]), part, paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Which file takes from which, within a room. What a file takes from those above it in the tree, whose parts they are, does not count.
fn files(of: &str) -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources(of);
    let names =
        |file: &str| -> Vec<String> { file.trim_end_matches(".rs").split('/').map(str::to_owned).collect() };
    let known: BTreeSet<Vec<String>> = sources.keys().map(|file| names(file)).collect();
    let mut takes = BTreeMap::new();
    for (file, source) in &sources {
        let own = names(file);
        let mut from = BTreeSet::new();
        for mut path in paths(&own, source) {
            while !path.is_empty() && !known.contains(&path) {
                path.pop();
            }
            if !path.is_empty() && !own.starts_with(&path) {
                from.insert(path.join("/"));
            }
        }
        takes.insert(own.join("/"), from);
    }
    takes
}

/// The first way from a file back to it, if there is one.
fn way_back(takes: &BTreeMap<String, BTreeSet<String>>, file: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![file.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in takes.get(way.last()?).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == file {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_files_take_from_each_other() {
    for of in [LIBRARY, PROGRAM] {
        let takes = files(of);
        let loops = takes.keys().filter_map(|file| Some(way_back(&takes, file)?.join(" -> ")));
        let loops: Vec<String> = loops.collect();
        assert!(loops.is_empty(), "\n{}", loops.join("\n"));
    }
}

#[test]
fn trees_of_names_are_expanded() {
    let file: Vec<String> = ["pipeline", "job"].map(str::to_owned).to_vec();
    let source = "use super::work::{self, Delivery};\nuse crate::a::{b::C, d};\npub use e::F;\nlet x = super::super::g::H;";
    let found: Vec<String> = paths(&file, source).iter().map(|path| path.join("/")).collect();
    assert_eq!(found, ["a/b/C", "a/d", "g/H", "pipeline/work/Delivery", "pipeline/work/self"]);
}

#[test]
fn the_models_words_stand_in_its_room() {
    let mut broken = Vec::new();
    for (file, source) in sources(LIBRARY).into_iter().filter(|(file, _)| room_of(file) != "caete") {
        for (word, others) in WORDS {
            if source.contains(word) && !others.contains(&file.as_str()) {
                broken.push(format!("src/{file} says {word}"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Where options are not told to users of the library: the history texts of files, and the program's call of itself.
const OPTIONS: [&str; 3] = ["archive/edit.rs", "probe.rs", "write/command.rs"];

#[test]
fn the_library_names_no_commands_and_options() {
    let mut broken = Vec::new();
    for (file, source) in sources(LIBRARY).into_iter().filter(|(file, _)| !OPTIONS.contains(&file.as_str())) {
        for line in source.lines().filter(|line| names_an_option(line)) {
            broken.push(format!("src/{file} says {}", line.trim()));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Whether a line names a command as users are told of it, or two hyphens begin a word of it.
fn names_an_option(line: &str) -> bool {
    if line.contains("`gridloom ") {
        return true;
    }
    let begins = |&(at, mark): &(usize, &str)| {
        let before = line[..at].chars().next_back().unwrap_or(' ');
        let after = line[at + mark.len()..].chars().next().unwrap_or(' ');
        (before.is_whitespace() || "\"'`(".contains(before)) && after.is_ascii_lowercase()
    };
    line.match_indices("--").any(|found| begins(&found))
}

#[test]
fn options_are_found() {
    assert!(
        ["\"--bbox\"", "start over with --fresh", "(--to)", "see `gridloom status`"]
            .iter()
            .all(|line| names_an_option(line))
    );
    assert!(!["a--b", "-- ", "\\n--end", "--1"].iter().any(|line| names_an_option(line)));
}

#[test]
fn names_behind_crate_are_found() {
    let source = "use crate::{archive, caete::names};\nlet x = crate::run::Run;\nlet y = mycrate::no;";
    let names: Vec<String> = taken(source, "crate::").into_iter().collect();
    assert_eq!(names, ["archive", "caete", "run"]);
}
