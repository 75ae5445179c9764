//! CAETE-DVM's run folders: one folder a gridcell, one dump a period, one dump a year.
//!
//! All that is the model's own stands here: names of folders and files, keys of dates, the form of its yearly dumps.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dump::{Dump, DumpError, Limits, Value};
use crate::error::Error;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, ReadStep, Reading, Wanted, modified};

pub mod community;
pub mod input;
mod list;
pub(crate) mod names;
mod period;
mod silence;
pub mod state;
mod traits;
#[cfg(feature = "netcdf")]
pub(crate) mod upstream;
mod years;

pub use community::CommunityYear;
pub use list::{is_run, open};
pub use period::{period, series};
pub(crate) use silence::{empty_cells, silence, year_numbers};
pub use traits::read_traits;
pub use years::{Years, look_at_years};

/// What this kind of source is called.
pub const KIND: &str = "caete";

/// A run folder that is read.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of a path; nothing is read.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Folder { path: path.to_owned() }
    }

    /// Where an item's dump is, or would be.
    pub fn path_of(&self, item: Item) -> PathBuf {
        self.path.join(names::folder_of(item.cell)).join(names::file_of(item.part))
    }

    /// Reads a dump and shows it to `take`.
    fn read(
        &self,
        item: Item,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Dump) -> Result<(), Refusal>,
    ) -> Reading {
        read_dump(&self.path_of(item), item, desk, take)
    }
}

/// Reads an item's dump and shows it to `take`.
fn read_dump(
    path: &Path,
    item: Item,
    desk: &mut Desk<'_>,
    take: &mut dyn FnMut(&Dump) -> Result<(), Refusal>,
) -> Reading {
    let limits = desk.limits;
    let mut read = (None, Ok(()));
    let raw = &mut desk.memory.raw;
    desk.clock.time(ReadStep::Read, item, &mut || {
        read = read_file(path, limits, raw);
        raw.len() as u64
    });
    let (stamp, read) = read;
    if let Err(refusal) = read {
        return Reading::refused(stamp, refusal);
    }
    let mut reading =
        Reading { stamp, read: Some(raw.len() as u64), decoded: None, container: None, result: Ok(()) };
    let mut dump = Err(DumpError::Empty);
    let decoded = &mut desk.memory.decoded;
    desk.clock.time(ReadStep::Decode, item, &mut || {
        dump = Dump::decode(raw, std::mem::take(decoded), limits);
        dump.as_ref().map_or(0, |dump| dump.decoded_bytes() as u64)
    });
    match dump {
        Ok(dump) => {
            reading.decoded = Some(dump.decoded_bytes() as u64);
            reading.container = Some(dump.container());
            reading.result = take(&dump);
            desk.memory.decoded = dump.into_buffer();
        }
        Err(error) => reading.result = Err(refuse(&error)),
    }
    reading
}

impl CellSource for Folder {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        names::file_of(part)
    }

    fn has(&self, item: Item) -> bool {
        self.path_of(item).exists()
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        known.holds(&self.path_of(item))
    }

    fn glance(&self, item: Item) -> Option<(u64, i64)> {
        let metadata = std::fs::metadata(self.path_of(item)).ok()?;
        Some((metadata.len(), modified(&metadata)))
    }

    /// The names of the folders of states, which the model draws at random.
    fn marks(&self) -> crate::Result<BTreeSet<String>> {
        let list = |source| Error::io("list", &self.path, source);
        let mut states = BTreeSet::new();
        for entry in std::fs::read_dir(&self.path).map_err(list)? {
            let name = entry.map_err(list)?.file_name();
            let is_plain =
                |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let name = name.to_str().filter(|name| name.starts_with(names::STATE_FILES)).filter(is_plain);
            states.extend(name.map(str::to_owned));
        }
        Ok(states)
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        _: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        self.read(Item::period(cell, number), desk, &mut |dump| {
            take(&period(dump.root()).map_err(|error| refuse(&error))?)
        })
    }

    fn year(
        &self,
        cell: Cell,
        year: i32,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(Value<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        self.read(Item::year(cell, year), desk, &mut |dump| take(dump.root()))
    }
}

/// What an error of reading is to a report.
pub(crate) fn refuse(error: &DumpError) -> Refusal {
    let kind = match error {
        DumpError::Empty => FaultKind::Empty,
        DumpError::TooLarge { .. } => FaultKind::TooLarge,
        DumpError::TooManyValues { .. } => FaultKind::TooManyValues,
        _ => FaultKind::Damaged,
    };
    (kind, error.to_string())
}

/// Sees a tree of values as the communities of a year and tells why it is none, if so.
pub(crate) fn year_of(root: Value<'_>, year: i32) -> Result<CommunityYear, Refusal> {
    let found = CommunityYear::read(root).map_err(|error| refuse(&error))?;
    if found.year == year {
        return Ok(found);
    }
    Err((FaultKind::Damaged, format!("it says that it is of the year {}", found.year)))
}

/// Reads a file into `raw` and tells why it cannot be, if so, and how to know it again. A file that is larger than what
/// it may decode to is not read at all.
fn read_file(path: &Path, limits: &Limits, raw: &mut Vec<u8>) -> (Option<Stamp>, Result<(), Refusal>) {
    raw.clear();
    let unreadable = |error: std::io::Error| (FaultKind::Unreadable, error.to_string());
    let unread = || std::fs::metadata(path).ok().map(|metadata| Stamp::of_unread(&metadata));
    let file = match crate::shared::open_input(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return (None, Err((FaultKind::Missing, "the file is missing".to_owned())));
        }
        Err(error) => return (unread(), Err(unreadable(error))),
    };
    let bound = (limits.decoded_bytes as u64).saturating_add(1 << 20);
    let mut read = || -> std::io::Result<_> {
        let before = file.metadata()?;
        let length = (&file).take(bound).read_to_end(raw)?;
        Ok((length, before, file.metadata()?))
    };
    match read() {
        Err(error) => (unread(), Err(unreadable(error))),
        Ok((length, _, after)) if length as u64 == bound => {
            let message = format!("the file is larger than {} bytes", limits.decoded_bytes);
            (Some(Stamp::of_unread(&after)), Err((FaultKind::TooLarge, message)))
        }
        Ok((_, before, after)) => (Some(Stamp::of(&before, &after, raw)), Ok(())),
    }
}
