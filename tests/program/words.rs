//! Messages keep to `docs/style.md`.

use std::path::{Path, PathBuf};

use gridloom_testkit::files;

/// Words that messages do not have, and what stands instead.
const AVOIDED: [(&str, &str); 9] = [
    ("it is no ", "it is not a …"),
    ("this is no ", "this is not a …"),
    ("these are no ", "this is not a …"),
    (" are no ", "is not a …"),
    ("that are too many", "the value and the limit"),
    (" are too many", "the value and the limit"),
    ("none that ", "is not a …"),
    ("whoever", "the noun"),
    ("so many ", "the number"),
];

/// The texts between quotes in a source file, with their lines; comments are left out.
fn literals(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut letters = source.chars().peekable();
    let (mut line, mut text) = (1, None::<(usize, String)>);
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match (&mut text, letter) {
            (Some((_, inner)), '\\') => {
                inner.push(letter);
                if let Some(next) = letters.next() {
                    line += usize::from(next == '\n');
                    inner.push(next);
                }
            }
            (Some(_), '"') => found.extend(text.take()),
            (Some((_, inner)), _) => inner.push(letter),
            (None, '/') if letters.peek() == Some(&'/') => {
                while letters.next_if(|&next| next != '\n').is_some() {}
            }
            // A letter in quotes, which may be a quote itself.
            (None, '\'') => {
                let first = letters.next();
                if first == Some('\\') {
                    letters.next();
                }
                letters.next_if_eq(&'\'');
            }
            (None, '"') => text = Some((line, String::new())),
            _ => {}
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn messages_say_what_a_thing_is_not() {
    let folder = files::project("src");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let source = std::fs::read_to_string(&file).expect("a source file");
        for (line, text) in literals(&source) {
            seen += 1;
            let text = text.replace("there are no ", "").replace("there is no ", "");
            let found = AVOIDED.iter().find(|(words, _)| text.contains(words));
            if let Some((words, instead)) = found {
                wrong.push(format!("{}:{line}: {words:?} in {text:?}; better {instead}", file.display()));
            }
        }
    }
    assert!(seen > 1000, "only {seen} texts were found in the sources");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_are_found_between_quotes_only() {
    let source =
        "let a = '\"'; // \"not this\"\nlet b = \"one \\\" two\";\nlet c: &'static str = \"three\";\n";
    let texts: Vec<_> = literals(source);
    assert_eq!(texts, [(2, "one \\\" two".to_owned()), (3, "three".to_owned())]);
}
