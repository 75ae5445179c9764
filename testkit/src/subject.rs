//! A small run and what the program must make of it, however often it dies on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::dumps::{self, Cell, Folder, Kind, Model, Variable};
use crate::files::{files_below, names, set_modified};
use crate::program::{self, talk};

/// Nothing here takes a second; what takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// First day and number of days of each period; their borders fall into chunks.
const PERIODS: [(i64, i64); 3] = [(0, 40), (40, 50), (90, 30)];

/// A run and the files that it must become.
pub struct Subject {
    /// Where the run is.
    pub folder: Folder,
    /// Further words of the command.
    words: &'static [&'static str],
    reference: BTreeMap<String, Vec<u8>>,
    /// Files that were right before the run grew. They may still be there.
    earlier: BTreeMap<String, Vec<u8>>,
}

/// Cells in four tiles.
fn model(periods: &[(i64, i64)]) -> Model {
    model_of(periods, 5)
}

fn model_of(periods: &[(i64, i64)], seed: u64) -> Model {
    let cells: Vec<Cell> = (0..36).map(|cell| (160 + cell / 6, 230 + cell % 6)).collect();
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(2))];
    Model { value: dumps::mixed(seed), ..Model::new(&cells, periods, variables) }
}

impl Subject {
    /// Twelve units of work, three files.
    pub fn new() -> Self {
        Subject::of(&model(&PERIODS), Folder::new(), 0, &[])
    }

    /// The same as a store of Zarr, a folder of files.
    pub fn store() -> Self {
        Subject::of(&model(&PERIODS), Folder::new(), 0, &["--format", "zarr"])
    }

    /// The same, where the files had been made before the last period was there. Also the folder that they are in.
    pub fn grown() -> (Self, PathBuf) {
        let early = Subject::of(&model(&PERIODS[..2]), Folder::new(), 0, &[]);
        let out = early.out("grown");
        early.finish(&out).expect("the first files");
        let subject = Subject::of(&model(&PERIODS), early.folder, 0, &[]);
        (Subject { earlier: early.reference, ..subject }, out)
    }

    /// The same, where all dumps have changed twice, and the files had been made before each time.
    pub fn changed() -> (Self, PathBuf) {
        let mut subject = Subject::new();
        let out = subject.out("changed");
        for seed in [6, 7] {
            subject.finish(&out).expect("the files");
            let next = Subject::of(&model_of(&PERIODS, seed), subject.folder, seed, &[]);
            subject = Subject { earlier: subject.reference, ..next };
        }
        (subject, out)
    }

    fn of(model: &Model, folder: Folder, second: u64, words: &'static [&'static str]) -> Self {
        let folder = model.write_to(folder);
        // Younger dumps would be read again by every run, whatever is known of them.
        let settled = UNIX_EPOCH + Duration::from_secs(1_000_000_000 + second);
        for dump in &model.dumps {
            set_modified(&folder.dump(dump.cell, dump.period), settled);
        }
        let mut subject = Subject { folder, words, reference: BTreeMap::new(), earlier: BTreeMap::new() };
        let out = subject.out("reference");
        let output = subject.command(&out).output().expect("the program");
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        subject.reference = outputs(&out);
        assert_eq!(subject.reference.len(), if words.is_empty() { 3 } else { 1 });
        std::fs::remove_dir_all(&out).expect("a folder");
        subject
    }

    /// The command that all is about.
    pub fn command(&self, out: &Path) -> assert_cmd::Command {
        let mut program = program::command();
        self.arguments(&mut program, out);
        program
    }

    /// The same arguments for another command that ends in the program.
    pub fn arguments(&self, command: &mut assert_cmd::Command, out: &Path) {
        command.arg("grid").arg(self.folder.run()).arg("-o").arg(out);
        command
            .args(["--quiet", "--threads", "2", "--memory", "256MiB", "--chunk", "32,3,3"])
            .args(self.words);
        command.env("SOURCE_DATE_EPOCH", "0").timeout(PATIENCE);
    }

    /// The commands that do the same work in parts.
    pub fn shards(&self, out: &Path) -> Vec<assert_cmd::Command> {
        let mut commands: Vec<_> = ["0/2", "1/2"]
            .map(|shard| {
                let mut command = self.command(out);
                command.args(["--shard", shard]);
                command
            })
            .into();
        let mut publish = program::command();
        publish.arg("publish").arg(out).args(["--quiet", "--threads", "2", "--memory", "256MiB"]);
        publish.env("SOURCE_DATE_EPOCH", "0").timeout(PATIENCE);
        commands.push(publish);
        commands
    }

    /// A folder for outputs, that is not there yet.
    pub fn out(&self, name: impl std::fmt::Display) -> PathBuf {
        self.folder.path().join(format!("out-{name}"))
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.reference.values().map(Vec::len).sum()
    }

    /// Final names whose files are not what they must be.
    pub fn torn(&self, out: &Path) -> Vec<String> {
        let is_right = |name: &str, bytes: &Vec<u8>| {
            [&self.reference, &self.earlier].into_iter().any(|files| files.get(name) == Some(bytes))
        };
        let found = outputs(out).into_iter();
        found.filter(|(name, bytes)| !is_right(name, bytes)).map(|(name, _)| name).collect()
    }

    /// Whether the folder holds all that it must and nothing half done. What is wrong, if not.
    pub fn complete(&self, out: &Path) -> Result<(), String> {
        let torn = self.torn(out);
        if !torn.is_empty() {
            return Err(format!("other bytes in {}", torn.join(", ")));
        }
        let found = outputs(out);
        for (name, bytes) in &self.reference {
            match found.get(name) {
                Some(found) if found == bytes => {}
                Some(_) => return Err(format!("{name} is still what it was")),
                None => return Err(format!("{name} is not there")),
            }
        }
        let report =
            std::fs::read(out.join("report.json")).map_err(|error| format!("report.json: {error}"))?;
        serde_json::from_slice::<serde_json::Value>(&report)
            .map_err(|error| format!("report.json: {error}"))?;
        match names(out).into_iter().find(|name| name.ends_with(".part")) {
            Some(name) => Err(format!("{name} was left behind")),
            None => Ok(()),
        }
    }

    /// Gives the same command once more; all must be complete then.
    pub fn finish(&self, out: &Path) -> Result<(), String> {
        self.finish_by(vec![self.command(out)], out)
    }

    /// The same with other commands.
    pub fn finish_by(&self, commands: Vec<assert_cmd::Command>, out: &Path) -> Result<(), String> {
        for mut command in commands {
            let output = command.output().expect("the program");
            if output.status.code() != Some(0) {
                return Err(format!("the next run ends with {:?}: {}", output.status, talk(&output)));
            }
        }
        self.complete(out).map_err(|wrong| format!("after the next run: {wrong}"))
    }
}

/// The files of a folder that have their final names.
fn outputs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let finished = names(folder).into_iter().filter(|name| name.ends_with(".nc") || name.ends_with(".zarr"));
    finished
        .map(|name| {
            let path = folder.join(&name);
            let bytes = if path.is_dir() { all_of(&path) } else { std::fs::read(path).expect("a file") };
            (name, bytes)
        })
        .collect()
}

/// The files of a folder, their names, lengths and bytes, one behind the other.
fn all_of(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for path in files_below(folder, "") {
        let bytes = std::fs::read(&path).expect("a file");
        let name = path.strip_prefix(folder).expect("a path below").display().to_string();
        all.extend(format!("{name} {}\n", bytes.len()).into_bytes());
        all.extend(bytes);
    }
    all
}
