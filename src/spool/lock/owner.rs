//! Who holds a lock, whether it lives, and how far it is.

use crate::plan::Share;

use crate::shared::unique;

/// The size of a lock's file: a shorter text never leaves a longer one's end behind.
pub(super) const LENGTH: usize = 2048;

/// Who holds a lock, and how far it is.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Owner {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// Which start of the machine, which space of process numbers, and when the process started in it: with `process`,
    /// what no other process has.
    pub(super) identity: String,
    pub(super) started_at: u64,
    /// Job, task of the array and number of restarts, where Slurm started the process.
    pub(super) slurm: Option<(String, String, u32)>,
    /// A name that no other owner has.
    pub(super) unique: String,
    /// Counts up with each sign of life.
    pub beat: u64,
    /// The owner's share of the work, where it is shared.
    pub share: Option<Share>,
    /// How far it is.
    pub state: State,
}

/// How far a process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct State {
    /// Seconds since it started.
    pub seconds: f64,
    /// Units of its share, and those done, found ones included.
    pub units: u64,
    /// Units done.
    pub units_done: u64,
    /// Units that were done when it started.
    pub units_found: u64,
    /// Dumps that it has to read.
    pub dumps: u64,
    /// Dumps read.
    pub dumps_done: u64,
    /// Dumps among them of units that were done when it started.
    pub dumps_found: u64,
    /// Dumps of units that are done, found ones included.
    pub dumps_recorded: u64,
    /// Inputs that could not be used.
    pub faults: u64,
    /// Files to publish.
    pub files: u64,
    /// Files published.
    pub files_done: u64,
}

impl Owner {
    /// This process.
    pub fn me(share: Option<Share>) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let process = std::process::id();
        Owner {
            host: host(),
            process,
            identity: identity(),
            started_at: started_at(&read("/proc/self/stat")).unwrap_or(0),
            slurm: slurm(),
            unique: unique(),
            share,
            ..Owner::default()
        }
    }

    /// Whether the owner can be told to be dead, or alive, without waiting.
    pub fn is_dead(&self, me: &Owner) -> Option<bool> {
        if let (Some((job, task, restarts)), Some((my_job, my_task, my_restarts))) = (&self.slurm, &me.slurm)
            && (job, task) == (my_job, my_task)
            && restarts < my_restarts
        {
            // Slurm starts a job again only when all of its processes are gone.
            return Some(true);
        }
        if self.identity.is_empty() || self.identity != me.identity {
            return None;
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process));
        Some(stat.ok().and_then(|stat| started_at(&stat)) != Some(self.started_at))
    }

    /// Who that is, in words.
    pub fn describe(&self) -> String {
        let share = self.share.map(|share| format!(", shard {share}")).unwrap_or_default();
        format!("process {} on {}{share}", self.process, self.host)
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.resize(LENGTH.max(text.len() + 1), b' ');
        if let Some(last) = text.last_mut() {
            *last = b'\n';
        }
        text
    }
}

/// The machine's name.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    if name.trim().is_empty() { "an unknown machine".to_owned() } else { name.trim().to_owned() }
}

/// Where process numbers mean the same; empty where the system does not tell.
fn identity() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match (boot.trim(), space.to_str()) {
        ("", _) | (_, None | Some("")) => String::new(),
        (boot, Some(space)) => format!("{boot} {space}"),
    }
}

/// The 22nd field of /proc/PID/stat; the second, a name, may have spaces and brackets in it. A process that is dead but
/// not buried yet counts as dead.
fn started_at(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X")).then(|| fields.nth(18)?.parse().ok())?
}

fn slurm() -> Option<(String, String, u32)> {
    let variable = |name: &str| std::env::var(name).ok();
    let job = variable("SLURM_ARRAY_JOB_ID").or_else(|| variable("SLURM_JOB_ID"))?;
    let task = variable("SLURM_ARRAY_TASK_ID").unwrap_or_default();
    let restarts = variable("SLURM_RESTART_COUNT").and_then(|text| text.parse().ok()).unwrap_or(0);
    Some((job, task, restarts))
}
