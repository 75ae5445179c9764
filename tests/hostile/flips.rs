//! One bit of a file is another one: that is told, or it makes no difference. `GRIDLOOM_FLIPS` says how many are tried of
//! each kind of file; `scripts/flip-bits` tries a thousand.

use super::*;

/// Flips of each kind in an ordinary run of the tests.
const FLIPS: u64 = 100;

/// What a command makes: its status, what it says, and the files that it writes.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    code: Option<i32>,
    said: String,
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// Files in a folder at any depth, but for those that say how and when they were made.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&inner) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            match path.file_name().and_then(|name| name.to_str()) {
                Some(".gridloom" | "report.json") => {}
                _ if path.is_dir() => folders.push(path),
                _ => found.push((
                    path.strip_prefix(folder).expect("below").to_owned(),
                    std::fs::read(&path).expect("a file"),
                )),
            }
        }
    }
    found.sort();
    found
}

fn clear(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir(folder).expect("a folder");
}

/// Texts without digests of inputs and times, which differ of themselves.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("xxh3:") {
        out += before;
        rest = after.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
    }
    out + rest
}

fn made(output: &Output, folder: &Path) -> Made {
    let said = plain(&String::from_utf8_lossy(&output.stdout));
    let mut files = files(folder);
    for (path, bytes) in &mut files {
        if path.extension().is_some_and(|end| end == "svg" || end == "html") {
            *bytes = plain(&String::from_utf8_lossy(bytes)).into_bytes();
        }
    }
    Made { code: output.status.code(), said, files }
}

/// What a command says that is missing, different or wrong.
fn losses(output: &Output) -> Vec<String> {
    let starts = ["error:", "masked:", "left out:", "differs:", "not looked at:"];
    let talk = talk(output);
    talk.lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)))
        .map(str::to_owned)
        .collect()
}

/// Flips bits of one of some files, runs one of some commands, and looks at what it makes. The commands write into `out`.
fn flip(kind: &str, targets: &[PathBuf], out: &Path, commands: &[(&str, Vec<&Path>)]) {
    let count = std::env::var("GRIDLOOM_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(FLIPS);
    let go = |(words, paths): &(&str, Vec<&Path>)| {
        clear(out);
        let output = run(words, paths);
        let made = made(&output, out);
        (output, made)
    };
    let references: Vec<(Made, Vec<String>)> = commands
        .iter()
        .map(|command| {
            let (output, reference) = go(command);
            assert!(matches!(output.status.code(), Some(0 | 3)), "{}: {}", command.0, talk(&output));
            (reference, losses(&output))
        })
        .collect();
    let (mut found, mut harmless, mut silent) = (0, 0, Vec::new());
    for turn in 0..count {
        let mut whole: Vec<(PathBuf, Vec<u8>)> =
            targets.iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect();
        let all: u64 = whole.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let number = dumps::scramble(turn ^ 0x0f11_b175);
        let (mut place, bit) = ((number >> 3) % all, number & 7);
        let (path, bytes) = whole
            .iter_mut()
            .find(|(_, bytes)| {
                let is_here = place < bytes.len() as u64;
                place -= if is_here { 0 } else { bytes.len() as u64 };
                is_here
            })
            .expect("a place");
        bytes[place as usize] ^= 1 << bit;
        std::fs::write(&*path, &*bytes).expect("a file");
        let index = (dumps::scramble(number) % commands.len() as u64) as usize;
        let (command, (reference, told)) = (&commands[index], &references[index]);
        let what = format!("{kind}, byte {place} of {}, bit {bit}, {}", path.display(), command.0);
        let (output, made) = go(command);
        assert_orderly(&output, &what);
        // What the sample run lacks is told without a flip, too.
        let is_new = made.code != reference.code || losses(&output).iter().any(|line| !told.contains(line));
        let is_told = made.code != Some(0) && is_new;
        if is_told {
            found += 1;
        } else if made == *reference {
            harmless += 1;
        } else {
            silent.push(format!("{what}: {:?}, {}", made.code, talk(&output)));
        }
        bytes[place as usize] ^= 1 << bit;
        std::fs::write(&*path, &*bytes).expect("a file");
    }
    println!("{kind}: {count} flips, {found} found, {harmless} harmless, {} silent", silent.len());
    assert!(silent.is_empty(), "{} of {count}:\n{}", silent.len(), silent.join("\n"));
}

struct Work {
    folder: tempfile::TempDir,
}

impl Work {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("out")).expect("a folder");
        Work { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make(&self, words: &str, paths: &[&Path]) {
        let output = run(words, paths);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{words}: {}", talk(&output));
    }
}

fn ending(folder: &Path, end: &str) -> PathBuf {
    let found = files(folder).into_iter().find(|(path, _)| path.to_string_lossy().ends_with(end));
    folder.join(found.expect("a file").0)
}

#[test]
fn in_a_grid() {
    let work = Work::new();
    let (run, grids, out) = (sample(), work.at("grids"), work.at("out"));
    work.make("grid @ -o @ --variables npp --drop-spool -q", &[&run, &grids]);
    let grid = ending(&grids, ".nc");
    let (picture, page, tables) = (out.join("map.svg"), out.join("page.html"), out.join("tables"));
    let commands: [(&str, Vec<&Path>); 4] = [
        ("plot map @ -o @ -q", vec![&grid, &picture]),
        ("verify @ @", vec![&run, &grids]),
        ("tables @ -o @ --format csv --drop-spool -q", vec![&grid, &tables]),
        ("report @ -o @", vec![&grids, &page]),
    ];
    flip("a grid", std::slice::from_ref(&grid), &out, &commands);
}

#[test]
fn in_an_archive() {
    let work = Work::new();
    let (archive, out) = (work.at("run.nc"), work.at("out"));
    work.make("cells write @ -o @ -q", &[&sample(), &archive]);
    let tables = out.join("tables");
    let commands: [(&str, Vec<&Path>); 4] = [
        ("cells verify @", vec![&archive]),
        ("cells stream @ --variables npp", vec![&archive]),
        ("cells list @", vec![&archive]),
        ("tables @ -o @ --tables biomass --format csv --drop-spool", vec![&archive, &tables]),
    ];
    flip("an archive", std::slice::from_ref(&archive), &out, &commands);
}

#[test]
fn in_a_yearly_table() {
    let work = Work::new();
    let (tables, out) = (work.at("tables"), work.at("out"));
    work.make("tables @ -o @ --tables biomass --drop-spool -q", &[&sample(), &tables]);
    let table = ending(&tables, "biomass.parquet");
    let picture = out.join("biomass.svg");
    flip(
        "a yearly table",
        std::slice::from_ref(&table),
        &out,
        &[("plot biomass @ -o @ -q", vec![&table, &picture])],
    );
}

#[test]
fn in_a_spool() {
    let work = Work::new();
    let made = work.at("made");
    work.make("grid @ -o @ --variables npp --shard 1/2 -q", &[&sample(), &made]);
    work.make("grid @ -o @ --variables npp --shard 0/2 -q", &[&sample(), &made]);
    // Publishing changes the folder: each time it is a copy.
    let names: Vec<PathBuf> = dumps_of(&made);
    let targets: Vec<PathBuf> = names.iter().map(|name| made.join(name)).collect();
    let flipped = work.at("flipped");
    let words = "publish @ -q";

    let count = std::env::var("GRIDLOOM_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(FLIPS);
    let publish = || {
        let output = run(words, &[&flipped]);
        let made = Made { code: output.status.code(), said: String::new(), files: files(&flipped) };
        (output, made)
    };
    copy(&made, &flipped);
    let (output, reference) = publish();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", talk(&output));
    let (mut found, mut harmless, mut silent) = (0, 0, Vec::new());
    let lengths: Vec<u64> = targets.iter().map(|path| path.metadata().expect("a file").len()).collect();
    for turn in 0..count {
        copy(&made, &flipped);
        let number = dumps::scramble(turn ^ 0x5b00_1000);
        let mut place = (number >> 3) % lengths.iter().sum::<u64>();
        let index = lengths.iter().position(|&length| {
            let is_here = place < length;
            place -= if is_here { 0 } else { length };
            is_here
        });
        let path = flipped.join(&names[index.expect("a place")]);
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[place as usize] ^= 1 << (number & 7);
        std::fs::write(&path, bytes).expect("a file");
        let what = format!("a spool, byte {place} of {}, bit {}", path.display(), number & 7);
        let (output, made) = publish();
        assert_orderly(&output, &what);
        match made == reference {
            true => harmless += 1,
            false if made.code != Some(0) && made.code != reference.code => found += 1,
            false => silent.push(format!("{what}: {:?}, {}", made.code, talk(&output))),
        }
    }
    println!("a spool: {count} flips, {found} found, {harmless} harmless, {} silent", silent.len());
    assert!(silent.is_empty(), "{} of {count}:\n{}", silent.len(), silent.join("\n"));
}

/// All files of a folder, those of the spool too, by their paths in it.
fn dumps_of(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).expect("below").to_owned()),
            }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    for name in dumps_of(from) {
        let path = to.join(&name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from.join(&name), path).expect("a copy");
    }
}
