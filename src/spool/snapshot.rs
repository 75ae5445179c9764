//! Frozen plans: what a checkpoint was planned from, so that every task and every later run works on the same.
//!
//! A file `plan-NNNN` has two lines of JSON: the [`Header`], and settings, listing and survey. A new one gets the next
//! number and counts from then on. Tasks that start at the same time agree on one, because only one of them can give
//! its file the name.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use twox_hash::XxHash3_64;

use crate::derive::Formulas;
use crate::error::{Error, Result};
use crate::plan::{Format, Plan, Resources, Settings, Tables};
use crate::run::survey::Survey;
use crate::run::{Listing, Run};
use crate::shared::{self, sync_folder, unique};
use crate::spool::digest::Digest;

mod differences;

/// The form of everything in a spool. Another one cannot be continued.
pub const FORMAT: u32 = 5;

/// More bytes than this no plan has: about 100 a cell, and 10 a dump.
const LONGEST: u64 = 2 << 30;

/// Higher numbers than this no plan has: each is the next of the one before.
const HIGHEST: u32 = 1 << 30;

/// More rows than this no variable has.
const MOST_ROWS: usize = 1 << 16;

/// What a frozen plan says of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of gridloom. Another one may encode chunks otherwise, and cannot continue.
    pub version: String,
    /// [`checksum`] of the rest.
    pub checksum: u64,
    /// A digest of all that files depend on: the other line without what does not matter to them.
    pub id: u64,
    /// Plans whose chunks are alike share a number, drawn at random; records of other epochs do not count.
    pub epoch: u64,
    /// The time that files name.
    pub created: DateTime<Utc>,
}

/// A frozen plan.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What it says of itself.
    pub header: Header,
    /// The number of its file.
    pub number: u32,
    body: Body,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Body {
    settings: Settings,
    run: Listing,
    /// What the run's source keeps beside its listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Value>,
    survey: Survey,
}

/// The checksum of a plan: of its second line, and of all that the first says beside it and the form.
pub fn checksum(body: &str, id: u64, epoch: u64, created: &DateTime<Utc>) -> u64 {
    Digest::of("plan").text(body).number(id).number(epoch).text(&created.to_rfc3339()).finish()
}

impl Body {
    /// Why no program has written this. Later arithmetic trusts these numbers.
    fn impossible(&self) -> Option<&'static str> {
        if let Some(reason) = self.survey.impossible() {
            return Some(reason);
        }
        if self.run.cells.iter().any(|cell| !self.run.grid.contains(cell.cell)) {
            return Some("a cell is off the grid");
        }
        None
    }
}

impl Snapshot {
    /// The newest of a spool, if it has any.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Begun`](crate::ErrorKind::Begun) where another version made it; [`Checkpoint`](crate::ErrorKind::Checkpoint) where it is damaged.
    pub fn latest(folder: &Path) -> Result<Option<Self>> {
        let Some(number) = numbers(folder)?.into_iter().max() else { return Ok(None) };
        let path = path_of(folder, number);
        let text = shared::read(&path, LONGEST).map_err(|source| shared::error("read", &path, source))?;
        let text = String::from_utf8(text).map_err(|_| Error::spool(path.clone(), "it is not UTF-8"))?;
        Snapshot::parse(&text, number, &path).map(Some)
    }

    /// Whether a spool has a plan.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn is_there(folder: &Path) -> Result<bool> {
        Ok(!numbers(folder)?.is_empty())
    }

    /// Reads the text of a plan's file.
    ///
    /// # Errors
    /// As [`Snapshot::latest`].
    pub fn parse(text: &str, number: u32, path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(path);
        let damaged = |reason: &str| Error::spool(path, reason);
        let (header, body) = text.split_once('\n').ok_or_else(|| damaged("it is cut short"))?;
        // Of another format only format and version are known to be there.
        let said: Value = serde_json::from_str(header).map_err(|error| damaged(&error.to_string()))?;
        let version = said.get("version").and_then(Value::as_str).unwrap_or("unknown");
        if said.get("format") != Some(&FORMAT.into()) || version != env!("CARGO_PKG_VERSION") {
            return Err(Error::spool_version(folder, version.to_owned()));
        }
        let header: Header = serde_json::from_value(said).map_err(|error| damaged(&error.to_string()))?;
        let body = body.strip_suffix('\n').unwrap_or(body);
        if header.checksum != checksum(body, header.id, header.epoch, &header.created) {
            return Err(damaged("its checksum is wrong"));
        }
        let body: Body = serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?;
        if body.survey.variables.iter().any(|variable| variable.rows.is_some_and(|rows| rows > MOST_ROWS)) {
            return Err(damaged("a variable has too many rows"));
        }
        if let Some(reason) = body.impossible() {
            return Err(damaged(reason));
        }
        Ok(Snapshot { header, number, body })
    }

    /// Freezes a plan as the one that follows that of a number, 0 where it is the first. Of several processes that do so at the same time one wins; the
    /// result is the newest plan in any case, and whether it is this one.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn freeze(
        folder: &Path,
        plan: &Plan,
        after: u32,
        epoch: u64,
        created: DateTime<Utc>,
    ) -> Result<(Self, bool)> {
        let id = digest(plan, folder)?;
        let body = Body::of(plan)?;
        let text = text_of(&body, folder)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header {
            format: FORMAT,
            version,
            checksum: checksum(&text, id, epoch, &created),
            id,
            epoch,
            created,
        };
        let number = after.saturating_add(1);
        let path = path_of(folder, number);
        let temporary = folder.join(format!(".plan-{number:04}.{}", unique()));
        let fail = |action, path: &Path, source| Error::io(action, path, source);
        let first = serde_json::to_string(&header).map_err(|error| fail("write", &path, error.into()))?;
        let write = || -> std::io::Result<()> {
            use std::io::Write;
            let mut file = shared::make(&temporary)?;
            file.write_all(format!("{first}\n{text}\n").as_bytes())?;
            file.sync_all()
        };
        let written = write().map_err(|source| fail("write", &temporary, source));
        // A link, unlike a rename, does not replace what another task put there.
        let named = written.and_then(|()| match std::fs::hard_link(&temporary, &path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            // Some file systems have no links; another task may be between the two lines.
            Err(_) if !path.exists() => match std::fs::rename(&temporary, &path) {
                Ok(()) => Ok(false),
                Err(source) => Err(fail("rename to", &path, source)),
            },
            Err(source) => Err(fail("link", &path, source)),
            Ok(()) => Ok(true),
        });
        let _ = std::fs::remove_file(&temporary);
        let is_linked = named?;
        sync_folder(folder)?;
        if is_linked && numbers(folder)?.into_iter().max() == Some(number) {
            return Ok((Snapshot { header, number, body }, true));
        }
        let lost = || Error::spool(path, "it was there a moment ago");
        let latest = Snapshot::latest(folder)?.ok_or_else(lost)?;
        let is_own = latest.header.id == id;
        Ok((latest, is_own))
    }

    /// The plan, for the resources of this process. `open` gives the run of its listing and of what its source kept.
    ///
    /// # Errors
    /// As [`Plan::new`]; those of `open`.
    pub fn plan(
        &self,
        resources: Resources,
        open: impl FnOnce(Listing, Option<Value>) -> Result<Run>,
    ) -> Result<Plan> {
        let Body { settings, run, source, survey } = self.body.clone();
        Plan::from_survey(open(run, source)?, survey, Settings { resources, ..settings })
    }

    /// What the run is called.
    pub fn run_name(&self) -> &str {
        &self.body.run.name
    }

    /// The forms of gridded files that are made.
    pub fn formats(&self) -> &[Format] {
        &self.body.settings.formats
    }

    /// Whether a plan is this one.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn is_of(&self, plan: &Plan, folder: &Path) -> Result<bool> {
        Ok(digest(plan, folder)? == self.header.id)
    }

    /// What differs between these settings and others, a short line each; the run's folder counts as one, and so does its name,
    /// which files have in theirs.
    pub fn differences(&self, run: &Path, name: &str, settings: &Settings) -> Vec<String> {
        let values = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
        let mut lines = differences::lines(&values(&self.body.settings), &values(settings));
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (old, new) = (full(&self.body.run.path), full(run));
        if old != new {
            lines.insert(0, format!("run: {} then, {} now", old.display(), new.display()));
        } else if self.body.run.name != name {
            lines.insert(0, format!("the run's name: {:?} then, {name:?} now", self.body.run.name));
        }
        lines
    }

    /// Why chunks that were made for this plan are of no use for another one; `None` where they are. The time axis may
    /// have become longer, and there may be more cells and periods.
    /// `encodes_alike` tells it of two plans' settings.
    pub fn change_of_chunks(
        &self,
        plan: &Plan,
        encodes_alike: impl Fn(&Settings, &Settings) -> bool,
    ) -> Option<&'static str> {
        let Ok(old) = self.plan(plan.settings.resources, |listing, _| Ok(plan.run.listed(listing))) else {
            return Some("the plan");
        };
        let layers = |plan: &Plan| {
            let of = |layer: &crate::plan::Layer| (layer.key.clone(), layer.row, layer.rows, layer.element);
            plan.layers.iter().map(of).collect::<Vec<_>>()
        };
        let shapes = |plan: &Plan| plan.layers.iter().map(|layer| layer.chunk).collect::<Vec<_>>();
        if old.axis.unit != plan.axis.unit || old.axis.first_day != plan.axis.first_day {
            Some("the first day")
        } else if old.axis.days > plan.axis.days {
            Some("the last day")
        } else if old.window != plan.window {
            Some("the box around the cells")
        } else if layers(&old) != layers(plan) {
            Some("the list of variables")
        } else if !calculates_alike(&old, plan) {
            Some("a formula or a unit")
        } else if shapes(&old) != shapes(plan)
            || (old.settings.codec, old.settings.checksum) != (plan.settings.codec, plan.settings.checksum)
        {
            Some("the shape of chunks")
        } else if !encodes_alike(&old.settings, &plan.settings) {
            Some("the form of grids")
        } else {
            None
        }
    }

    /// Removes older plans, and leftovers of making them.
    pub fn remove_older(&self, folder: &Path) {
        for number in numbers(folder).unwrap_or_default() {
            if number < self.number {
                let _ = std::fs::remove_file(path_of(folder, number));
            }
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            // A process that makes one at this moment goes another way.
            let name = entry.file_name().to_string_lossy().into_owned();
            if super::is_temporary(&name) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether formulas make the same of both plans' series.
fn calculates_alike(old: &Plan, plan: &Plan) -> bool {
    let formulas = |plan: &Plan| Formulas::of(&plan.settings.table).ok();
    let Some((one, other)) = formulas(old).zip(formulas(plan)) else { return false };
    plan.layers.iter().all(|layer| one.is_same(&other, &layer.key))
}

fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("plan-{number:04}"))
}

fn numbers(folder: &Path) -> Result<Vec<u32>> {
    let list = |source| Error::io("list", folder, source);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(list)?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(list)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("plan-")?.parse::<u32>().ok());
        let is_plan = |&number: &u32| number < HIGHEST && path_of(folder, number).file_name() == Some(&name);
        numbers.extend(number.filter(is_plan));
    }
    Ok(numbers)
}

/// The highest number of a spool's plans, sound or not; 0 where it has none.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
#[cfg(feature = "netcdf")]
pub(crate) fn last_number(folder: &Path) -> Result<u32> {
    Ok(numbers(folder)?.into_iter().max().unwrap_or(0))
}

impl Body {
    fn of(plan: &Plan) -> Result<Self> {
        let source = plan.run.source().kept()?;
        let (settings, run, survey) =
            (plan.settings.clone(), plan.run.listing().clone(), plan.survey.clone());
        Ok(Body { settings, run, source, survey })
    }
}

fn text_of(body: &Body, folder: &Path) -> Result<String> {
    serde_json::to_string(body).map_err(|error| Error::io("write to", folder, error.into()))
}

/// What the model writes beside the dumps changes no file.
fn digest(plan: &Plan, folder: &Path) -> Result<u64> {
    let mut body = Body::of(plan)?;
    body.run.ignored.clear();
    forget_years(&mut body);
    Ok(XxHash3_64::oneshot(text_of(&body, folder)?.as_bytes()))
}

/// A digest of all that decides which rows and blocks the tables of a plan have, but for what is in the dumps: dumps of
/// the sample may be others than they were.
///
/// # Errors
/// [`Bug`](crate::ErrorKind::Bug) where the plan cannot be written down.
pub fn basis(plan: &Plan) -> Result<u64> {
    let mut body = Body::of(plan)?;
    body.run.ignored.clear();
    // A run that was moved is the same. Windows that are compared are among the settings.
    body.run.path = PathBuf::new();
    body.source = None;
    body.survey.facts.clear();
    body.survey.faults.clear();
    forget_years(&mut body);
    let text = serde_json::to_string(&body)
        .map_err(|error| Error::bug(format!("a plan that cannot be written down: {error}")))?;
    // Blocks of changes had other sums of regions.
    let what = if plan.settings.change.is_some() { "basis of a change" } else { "basis" };
    Ok(Digest::of(what).text(&text).number(plan.memory.limits.decoded_bytes as u64).finish())
}

/// Takes out which years there are, where nothing is made of them.
fn forget_years(body: &mut Body) {
    if !body.settings.tables.as_ref().is_some_and(Tables::needs_years) {
        body.run.cells.iter_mut().for_each(|cell| cell.years.clear());
    }
}
