//! One bit of a file is another one: that is told, or it makes no difference. `GRIDLOOM_FLIPS` says how many are tried of
//! each kind of file; `scripts/flip-bits` tries a thousand.

use std::collections::BTreeMap;

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

/// What is run of a kind of file: words, and the paths among them.
type Line<'a> = (&'a str, Vec<&'a Path>);

/// How many flips are tried of each kind.
fn flips() -> u64 {
    std::env::var("GRIDLOOM_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(FLIPS)
}

/// Flips bits of a file, runs one of some commands, and looks at what it makes. The commands write into `out`.
fn flip(kind: &str, target: &Path, out: &Path, commands: &[Line<'_>]) {
    let go = |(words, paths): &Line<'_>| {
        clear(out);
        let output = run(words, paths);
        let made = made(&output, out);
        (output, made)
    };
    let whole = std::fs::read(target).expect("a file");
    // Chunks are most of a file and have checksums: every other flip is at its start or end, where metadata are.
    let place = |turn: u64, number: u64| {
        let (all, edge) = (whole.len() as u64, 24_000.min(whole.len() as u64 / 2));
        match turn % 4 {
            0 => number % edge,
            1 => all - 1 - number % edge,
            _ => number % all,
        }
    };
    let references: Vec<(Made, Vec<String>)> = commands
        .iter()
        .map(|command| {
            let (output, reference) = go(command);
            assert!(matches!(output.status.code(), Some(0 | 3)), "{}: {}", command.0, talk(&output));
            let (_, again) = go(command);
            assert!(again == reference, "{} does not make the same twice", command.0);
            (reference, losses(&output))
        })
        .collect();
    let mut found = BTreeMap::new();
    let (mut harmless, mut silent) = (0, Vec::new());
    for turn in 0..flips() {
        let number = dumps::scramble(turn ^ 0x0f11_b175);
        let (place, bit) = (place(turn, number >> 3), number & 7);
        let mut flipped = whole.clone();
        flipped[place as usize] ^= 1 << bit;
        std::fs::write(target, flipped).expect("a file");
        let index = (dumps::scramble(number) % commands.len() as u64) as usize;
        let (command, (reference, told)) = (&commands[index], &references[index]);
        let what = format!("{kind}, byte {place}, bit {bit}, {}", command.0);
        let (output, made) = go(command);
        assert_orderly(&output, &what);
        // What the sample run lacks is told without a flip, too.
        let is_new = made.code != reference.code || losses(&output).iter().any(|line| !told.contains(line));
        // What is wrong with a run is what inspect is asked for.
        let is_result =
            command.0.starts_with("inspect") && made.said.contains("damaged") && made.said != reference.said;
        if made.code != Some(0) && (is_new || is_result) {
            *found.entry(command.0).or_insert(0) += 1;
        } else if made == *reference {
            harmless += 1;
        } else {
            silent.push(format!("{what}: {:?}, {}", made.code, talk(&output)));
        }
    }
    std::fs::write(target, whole).expect("a file");
    let all: u64 = found.values().sum();
    println!(
        "{kind}: {} flips, {all} found, {harmless} harmless, {} silent; {found:?}",
        flips(),
        silent.len()
    );
    assert!(silent.is_empty(), "{} of {}:\n{}", silent.len(), flips(), silent.join("\n"));
}

/// Flips bits of an archive that a command changes; what it makes of it is then proven by the run.
fn flip_changed(archive: &Path, copy: &Path, commands: &[Line<'_>]) {
    let whole = std::fs::read(archive).expect("a file");
    let go = |bytes: &[u8], (words, paths): &Line<'_>| {
        std::fs::write(copy, bytes).expect("a file");
        (run(words, paths), run("cells verify @ @", &[copy, &sample()]))
    };
    let references: Vec<(Output, Output)> = commands.iter().map(|command| go(&whole, command)).collect();
    let (mut found, mut harmless, mut silent) = (0, 0, Vec::new());
    for turn in 0..flips() {
        let number = dumps::scramble(turn ^ 0x0f11_c4a6);
        let (place, bit) = ((number >> 3) as usize % whole.len(), number & 7);
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << bit;
        let index = (dumps::scramble(number) % commands.len() as u64) as usize;
        let (command, (reference, proof)) = (&commands[index], &references[index]);
        let what = format!("an archive that is changed, byte {place}, bit {bit}, {}", command.0);
        let (output, proven) = go(&flipped, command);
        assert_orderly(&output, &what);
        assert_orderly(&proven, &what);
        let is_same = output.status.code() == reference.status.code()
            && proven.status.code() == proof.status.code()
            && losses(&proven) == losses(proof);
        let is_told = output.status.code() != Some(0) && losses(&output) != losses(reference)
            || proven.status.code() != Some(0) && losses(&proven) != losses(proof);
        match (is_told, is_same) {
            (true, _) => found += 1,
            (false, true) => harmless += 1,
            (false, false) => silent.push(format!("{what}: {} {}", talk(&output), talk(&proven))),
        }
    }
    println!(
        "an archive that is changed: {} flips, {found} found, {harmless} harmless, {} silent",
        flips(),
        silent.len()
    );
    assert!(silent.is_empty(), "{} of {}:\n{}", silent.len(), flips(), silent.join("\n"));
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
    let list = work.at("figures.toml");
    let text = format!("[[figure]]\nname = \"f\"\nkind = \"map\"\ninput = {grid:?}\n");
    std::fs::write(&list, text).expect("a list");
    let commands: [Line<'_>; 9] = [
        ("plot map @ -o @ -q", vec![&grid, &picture]),
        ("plot series @ -o @ -q", vec![&grid, &picture]),
        ("plot hovmoller @ -o @ -q", vec![&grid, &picture]),
        ("plot scatter @ @ -o @ -q", vec![&grid, &grid, &picture]),
        ("figures @ -o @ -q", vec![&list, &out]),
        ("verify @ @", vec![&run, &grids]),
        ("tables @ -o @ --format csv --drop-spool -q", vec![&grid, &tables]),
        ("tables @ -o @ --tables region,stats --format csv --drop-spool -q", vec![&grid, &tables]),
        ("report @ -o @", vec![&grids, &page]),
    ];
    flip("a grid", &grid, &out, &commands);
}

#[test]
fn in_an_archive() {
    let work = Work::new();
    let (archive, out) = (work.at("run.nc"), work.at("out"));
    work.make("cells write @ -o @ -q", &[&sample(), &archive]);
    let (tables, run) = (out.join("tables"), sample());
    let commands: [Line<'_>; 10] = [
        ("cells verify @", vec![&archive]),
        ("cells verify @ @", vec![&archive, &run]),
        ("cells stream @ --variables npp", vec![&archive]),
        ("cells list @", vec![&archive]),
        ("cells list @ --cell 171-226", vec![&archive]),
        ("cells get @ --cell 171-226", vec![&archive]),
        ("inspect @ --deep", vec![&archive]),
        ("verify @ @", vec![&run, &archive]),
        ("grid @ -o @ --variables npp --drop-spool", vec![&archive, &tables]),
        ("tables @ -o @ --tables biomass --format csv --drop-spool", vec![&archive, &tables]),
    ];
    flip("an archive", &archive, &out, &commands);
}

#[test]
fn in_an_archive_that_is_changed() {
    let work = Work::new();
    let (archive, copy, run) = (work.at("run.nc"), work.at("copy.nc"), sample());
    work.make("cells write @ -o @ -q", &[&run, &archive]);
    let commands: [Line<'_>; 4] = [
        ("cells append @ @ -q", vec![&run, &copy]),
        ("cells replace @ @ --cells 171-226 -q", vec![&run, &copy]),
        ("cells drop @ --cells 171-226 -q", vec![&copy]),
        ("cells repack @ --zstd=1 -q", vec![&copy]),
    ];
    flip_changed(&archive, &copy, &commands);
}

#[test]
fn in_a_yearly_table() {
    let work = Work::new();
    let (tables, out, run) = (work.at("tables"), work.at("out"), sample());
    work.make("tables @ -o @ --tables biomass --drop-spool -q", &[&run, &tables]);
    let table = ending(&tables, "biomass.parquet");
    let picture = out.join("biomass.svg");
    let commands: [Line<'_>; 2] =
        [("plot biomass @ -o @ -q", vec![&table, &picture]), ("verify @ @", vec![&run, &tables])];
    flip("a yearly table", &table, &out, &commands);
}

/// Tables have checksums where their format has some; proving them finds the rest.
#[test]
fn in_tables_of_other_formats() {
    for format in ["csv", "feather", "hdf5"] {
        let work = Work::new();
        let (tables, out, run) = (work.at("tables"), work.at("out"), sample());
        work.make(
            &format!("tables @ -o @ --tables biomass --format {format} --drop-spool -q"),
            &[&run, &tables],
        );
        let table = files(&tables).into_iter().map(|(path, _)| tables.join(path));
        let table =
            table.into_iter().find(|path| path.to_string_lossy().contains("biomass")).expect("a table");
        flip(format, &table, &out, &[("verify @ @", vec![&run, &tables])]);
    }
}

#[test]
fn in_a_spool() {
    let work = Work::new();
    let (run, made, flipped) = (sample(), work.at("made"), work.at("flipped"));
    for shard in ["0/2", "1/2"] {
        work.make(&format!("grid @ -o @ --variables npp --shard {shard} -q"), &[&run, &made]);
    }
    let commands: [Line<'_>; 3] = [
        ("publish @ -q", vec![&flipped]),
        ("grid @ -o @ --variables npp -q", vec![&run, &flipped]),
        ("status @", vec![&flipped]),
    ];
    flip_spool("a spool of grids", &made, &flipped, &commands);
}

#[test]
fn in_a_spool_of_tables() {
    let work = Work::new();
    let (run, made, flipped) = (sample(), work.at("made"), work.at("flipped"));
    let words = "tables @ -o @ --tables biomass,region --variables npp --format csv -q";
    for shard in ["0/2", "1/2"] {
        work.make(&format!("{words} --shard {shard}"), &[&run, &made]);
    }
    let commands: [Line<'_>; 3] =
        [("publish @ -q", vec![&flipped]), (words, vec![&run, &flipped]), ("status @", vec![&flipped])];
    flip_spool("a spool of tables", &made, &flipped, &commands);
}

/// Flips bits of a spool. Publishing changes the folder: each time it is a copy.
fn flip_spool(kind: &str, made: &Path, flipped: &Path, commands: &[Line<'_>]) {
    let names: Vec<PathBuf> = dumps_of(made);
    let lengths: Vec<u64> =
        names.iter().map(|name| made.join(name).metadata().expect("a file").len()).collect();
    let go = |(words, paths): &Line<'_>| {
        let output = run(words, paths);
        let made = Made { code: output.status.code(), said: String::new(), files: files(flipped) };
        (output, made)
    };
    let references: Vec<Made> = commands
        .iter()
        .map(|command| {
            copy(made, flipped);
            let (output, reference) = go(command);
            assert!(matches!(output.status.code(), Some(0 | 3)), "{}: {}", command.0, talk(&output));
            reference
        })
        .collect();
    let (mut found, mut harmless, mut silent) = (0, 0, Vec::new());
    for turn in 0..flips() {
        copy(made, flipped);
        let number = dumps::scramble(turn ^ 0x5b00_1000);
        // Every other flip is in one of the files, however small it is.
        let (index, place) = match turn % 2 {
            0 => {
                let index = (dumps::scramble(number ^ 7) % names.len() as u64) as usize;
                (index, (number >> 3) % lengths[index].max(1))
            }
            _ => {
                let mut place = (number >> 3) % lengths.iter().sum::<u64>();
                let index = lengths.iter().position(|&length| {
                    let is_here = place < length;
                    place -= if is_here { 0 } else { length };
                    is_here
                });
                (index.expect("a place"), place)
            }
        };
        let path = flipped.join(&names[index]);
        let mut bytes = std::fs::read(&path).expect("a file");
        let Some(byte) = bytes.get_mut(place as usize) else { continue };
        *byte ^= 1 << (number & 7);
        std::fs::write(&path, bytes).expect("a file");
        let index = (dumps::scramble(number) % commands.len() as u64) as usize;
        let (command, reference) = (&commands[index], &references[index]);
        let what = format!("{kind}, byte {place} of {}, bit {}, {}", path.display(), number & 7, command.0);
        let (output, made) = go(command);
        assert_orderly(&output, &what);
        match made == *reference {
            true => harmless += 1,
            false if made.code != Some(0) && made.code != reference.code => found += 1,
            false => silent.push(format!("{what}: {:?}, {}", made.code, talk(&output))),
        }
    }
    println!("{kind}: {} flips, {found} found, {harmless} harmless, {} silent", flips(), silent.len());
    assert!(silent.is_empty(), "{} of {}:\n{}", silent.len(), flips(), silent.join("\n"));
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
