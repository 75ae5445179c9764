//! Foreign text on terminals.

use gridloom_testkit::dumps::{Kind, Model, Variable};

use super::*;

/// A title of the terminal, colours, an end of line, a C1 control character, and a turned direction of writing.
const EVIL: &str = "a\u{1b}]0;owned\u{7}\u{1b}[31m\nerror: b\u{9b}31m\u{202e}c";

fn assert_harmless(output: &Output, what: &str) {
    for (bytes, stream) in [(&output.stdout, "stdout"), (&output.stderr, "stderr")] {
        let text = String::from_utf8_lossy(bytes);
        let bad = |letter: char| letter != '\n' && letter.is_control() || letter == '\u{202e}';
        assert!(!text.contains(bad), "{what}, {stream}: {text:?}");
        assert!(!text.contains("\nerror: b"), "{what}, {stream}: {text:?}");
    }
}

#[test]
fn escape_sequences_are_shown_not_done() {
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new(EVIL, Kind::F32, None)];
    let folder = Model::new(&[(160, 230), (161, 231)], &[(0, 30)], variables).write();
    let evil = folder.path().join(EVIL);
    std::fs::rename(folder.run(), &evil).expect("a folder");
    std::fs::create_dir(evil.join(EVIL)).expect("a folder");
    let dump = evil.join("grd_160-230/spin0001.pkz");
    let (out, archive) = (folder.out(), folder.path().join("run.nc"));
    let mut seen = String::new();
    let mut look = |words: &str, paths: &[&Path]| {
        let output = run(words, paths);
        assert_orderly(&output, words);
        assert_harmless(&output, words);
        seen += &(String::from_utf8_lossy(&output.stdout).into_owned() + &talk(&output));
    };
    look("inspect @", &[&evil]);
    look("inspect @ --json", &[&evil]);
    look("inspect @ --deep", &[&evil]);
    look("inspect @", &[&dump]);
    look("plan @", &[&evil]);
    look("grid @ -o @ --variables npp", &[&evil, &out]);
    look("status @", &[&out]);
    look("verify @ @", &[&evil, &out]);
    look("cells write @ -o @", &[&evil, &archive]);
    look("cells list @", &[&archive]);
    look("cells list @ --json", &[&archive]);
    look("cells list @ --cell 160-230", &[&archive]);
    look("cells verify @ @", &[&archive, &evil]);
    look("inspect @", &[&folder.path().join(format!("no{EVIL}"))]);
    // Somebody at work on another machine, whose name is what it says.
    let shard = folder.path().join("shard");
    look("grid @ -o @ --variables npp --shard 0/2", &[&evil, &shard]);
    let owner = serde_json::json!({
        "host": EVIL, "process": 7, "identity": EVIL, "started_at": 1, "slurm": null, "unique": EVIL,
        "beat": 1, "share": null, "state": {},
    });
    std::fs::write(shard.join(".gridloom/lock-0000"), owner.to_string()).expect("a lock");
    let mut waiting = Command::new("timeout");
    waiting.args(["-s", "TERM", "3"]).arg(program::path()).arg("publish").arg(&shard);
    let waiting = waiting.output().expect("the program");
    assert_harmless(&waiting, "waiting for another machine");
    assert!(talk(&waiting).contains("process 7 on a\\u{1b}]0;owned"), "{}", talk(&waiting));
    // A shell puts names of files for `*`.
    look("inspect @ @", &[&evil, &folder.path().join(EVIL)]);
    look("@", &[Path::new(EVIL)]);
    look("grid @ --every @ -o @", &[&evil, Path::new(EVIL), &out]);
    look("grid @ -o @ --variables gpp", &[&evil, &folder.path().join("other")]);
    look("report @ -o @", &[&out, &folder.path().join("page.html")]);
    let list = folder.path().join("figures.toml");
    let text =
        format!("[[figure]]\nname = {}\nkind = \"map\"\ninputs = [\"none.nc\"]\n", serde_json::json!(EVIL));
    std::fs::write(&list, text).expect("a list");
    look("figures @", &[&list]);
    assert!(seen.contains("\\u{1b}]0;owned\\u{7}"), "{seen}");
    // Files that are read on a terminal do not have them either.
    let page = std::fs::read_to_string(folder.path().join("page.html")).expect("a page");
    assert!(!page.contains(['\u{1b}', '\u{9b}', '\u{202e}']));
    let picture = folder.path().join("map.svg");
    let grid = std::fs::read_dir(&out).expect("outputs").map(|entry| entry.expect("an entry").path());
    let grid = grid.into_iter().find(|path| path.extension().is_some_and(|end| end == "nc")).expect("a grid");
    let output =
        program().arg("plot").arg("map").arg(&grid).arg("-o").arg(&picture).arg("--title").arg(EVIL).output();
    let output = output.expect("the program");
    assert_orderly(&output, "plot");
    assert_harmless(&output, "plot");
    let picture = std::fs::read_to_string(&picture).expect("a picture");
    assert!(!picture.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']));
    let bytes = std::fs::read(&grid).expect("a grid");
    assert!(!bytes.windows(6).any(|six| six == b"\x1b]0;ow"));
}

/// Clippy says the same; here it is said by every run of the tests.
#[test]
fn nothing_is_printed_but_by_the_place_for_it() {
    let source = files::project("src");
    let (mut folders, mut found) = (vec![source], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read(&path).expect("a file");
            let text = String::from_utf8_lossy(&text).into_owned();
            if path.extension().is_none_or(|end| end != "rs") || path.ends_with("gridloom/talk.rs") {
                continue;
            }
            let prints = ["eprintln!(", "eprint!(", "println!(", "print!("];
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.extend(
                lines
                    .filter(|line| prints.iter().any(|word| line.contains(word)))
                    .map(|line| format!("{}: {line}", path.display())),
            );
        }
    }
    assert!(found.is_empty(), "others than talk.rs print: {found:#?}");
}
