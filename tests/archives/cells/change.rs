//! A change of an archive by a command, and what the archive holds before and after it.

use gridloom::model::grid::Cell;

use super::*;

/// All commands that change an archive. `repack` copies chunks, `repack --zstd=1` makes them anew.
pub const COMMANDS: [&str; 5] = ["append", "replace", "drop", "repack", "repack --zstd=1"];

/// What an archive is told by: its contents, chunks and codec, and bytes where nothing else changes.
pub type State = (Contents, Tune, Option<u64>);

const PERIODS: [(i64, i64); 2] = [(0, 300), (300, 120)];

/// An archive that a command changes.
pub struct Change {
    pub folder: Folder,
    name: &'static str,
    /// The archive before.
    bytes: Vec<u8>,
    states: [State; 2],
}

impl Change {
    pub fn new(name: &'static str) -> Self {
        let mut first = model(&PERIODS[..1]);
        let folder = first.write();
        years(&folder, &[1979]);
        write(&folder, &small()).expect("an archive");
        let folder = match name {
            "append" => {
                years(&folder, &[1979, 1980]);
                model(&PERIODS).write_to(folder)
            }
            "replace" => {
                first.value = dumps::mixed(12);
                first.write_to(folder)
            }
            // What is given back must be there.
            _ => {
                let cell = Cell { row: 161, column: 230 };
                archive::replace(&run(&folder), file(&folder), &[cell], &settings(), &gridloom::Nobody)
                    .expect("replaced");
                folder
            }
        };
        let bytes = std::fs::read(file(&folder)).expect("a file");
        let empty = (Contents::new(), Tune::default(), None);
        let mut change = Change { folder, name, bytes, states: [empty.clone(), empty] };
        let out = change.out("states");
        change.states[0] = change.look(&out).expect("an archive");
        change.command(&out).assert().success();
        change.states[1] = change.look(&out).expect("an archive");
        assert!(change.states[0] != change.states[1], "{name} changes nothing");
        change
    }

    /// The same, of an archive whose superblock a loss of power has torn.
    pub fn torn(mut self) -> Self {
        self.bytes[..48].fill(0);
        self
    }

    /// A folder with the archive as it was before.
    pub fn out(&self, name: impl std::fmt::Display) -> PathBuf {
        let out = self.folder.path().join(format!("out-{name}"));
        std::fs::create_dir(&out).expect("a folder");
        std::fs::write(out.join("a.nc"), &self.bytes).expect("a file");
        out
    }

    pub fn command(&self, out: &Path) -> assert_cmd::Command {
        let mut command = program::command();
        command.arg("cells").args(self.name.split(' ')).arg("--quiet");
        match self.name {
            "append" => command.args(["--threads", "2"]).arg(self.folder.run()).arg(out.join("a.nc")),
            "replace" => {
                command.args(["--threads", "2", "--cells", "160-231,161-230"]);
                command.arg(self.folder.run()).arg(out.join("a.nc"))
            }
            "drop" => command.args(["--cells", "160-231"]).arg(out.join("a.nc")),
            _ => command.args(["--threads", "2"]).arg(out.join("a.nc")),
        };
        command
    }

    fn look(&self, out: &Path) -> Result<State> {
        let path = out.join("a.nc");
        let archive = Archive::open(&path)?;
        let bytes = self.name.starts_with("repack").then(|| archive.file_bytes());
        Ok((contents(&path)?, archive.tune(), bytes))
    }

    /// Which of the states an archive is in.
    pub fn state(&self, out: &Path) -> std::result::Result<usize, String> {
        let found = self.look(out).map_err(|error| error.to_string())?;
        let state = self.states.iter().position(|state| *state == found);
        state.ok_or_else(|| "it is neither as before nor as after".to_owned())
    }

    /// Gives the command once more; all must be there then, and nothing else.
    pub fn finish(&self, out: &Path) -> std::result::Result<(), String> {
        let is_done = self.state(out)? == 1;
        let output = self.command(out).output().expect("the program");
        // What was dropped cannot be dropped again.
        let wanted = if is_done && self.name == "drop" { 2 } else { 0 };
        if output.status.code() != Some(wanted) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let names: Vec<String> = std::fs::read_dir(out)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        match (self.state(out)?, names.as_slice()) {
            (1, [_]) => Ok(()),
            (state, names) => Err(format!("state {state}, {names:?}")),
        }
    }

    /// What the old archive holds.
    pub fn before(&self) -> &Contents {
        &self.states[0].0
    }
}

/// Gives two cells the yearly files of the sample run.
pub fn years(folder: &Folder, years: &[i32]) {
    for (cell, sample) in [("grd_160-230", "grd_170-223"), ("grd_161-230", "grd_170-224")] {
        for year in years {
            let name = format!("metacommunity_{year}.pkz");
            let from = files::sample().join(sample).join(&name);
            let to = folder.run().join(cell).join(&name);
            if !to.exists() {
                std::fs::copy(from, to).expect("a yearly file");
            }
        }
    }
}
