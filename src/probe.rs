//! Foreign files of NetCDF and HDF5 are looked at in a process of their own first, with bounds on its time and memory.
//!
//! The libraries trust what a file says: a damaged or crafted one makes them spin, crash, or take all memory. The other
//! process reads all that a command would before it reads values; where it does not come back, the file is refused and this
//! process never opens it.

pub(crate) mod tables;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use hdf5_metno::types::TypeDescriptor;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{Error, Result, Verdict};
use crate::seal::{self, Seal};
use crate::table::read::foreign;

/// The word that makes a program look at files; see [`serve`].
pub const WORD: &str = "--look-at-files";

/// Seconds of computing that a file may take, and bytes that are worth one more.
const SECONDS: u64 = 5;
const BYTES_A_SECOND: u64 = 16 << 20;

/// Memory that a file may take beside a multiple of its length.
const MEMORY: u64 = 768 << 20;

/// Values that are read of coordinates and other small variables have so many bytes for each of the file's at most.
/// Regular axes compress well, but not better than this together with data.
const RATIO: u64 = 256;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Says which program calls [`serve`] when it is started with [`WORD`]. Without one, files are opened as they are.
pub fn through(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// That a file is not to be opened.
fn unopened(path: &Path, reason: Verdict) -> Error {
    Error::netcdf(path, "open", reason)
}

/// Whether a program that uses HDF5 has a file open for writing: it holds a lock until it has closed the file, and what the
/// file says until then may be half of a change. File systems without locks tell nothing.
fn is_written(path: &Path) -> std::io::Result<bool> {
    if crate::write::ignores_locks() {
        return Ok(false);
    }
    let file = crate::shared::open_input(path)?;
    let lock = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared);
    Ok(lock == Err(rustix::io::Errno::WOULDBLOCK))
}

/// Looks at a file before it is opened: whether it is being written, its seal, where it has one, and whether the libraries get through its metadata.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the file cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged or being written.
pub(crate) fn look(path: &Path) -> Result<()> {
    static SEEN: Mutex<Option<HashSet<[u64; 5]>>> = Mutex::new(None);
    let fail = |source| Error::io("read", path, source);
    let found = std::fs::metadata(path).map_err(fail)?;
    crate::shared::check_input(path).map_err(fail)?;
    let times = [found.mtime(), found.mtime_nsec()].map(i64::cast_unsigned);
    let identity = [found.dev(), found.ino(), found.len(), times[0], times[1]];
    if is_written(path).map_err(fail)? {
        return Err(unopened(path, Verdict::written("a program has it open for writing")));
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.get_or_insert_default();
    if seen.contains(&identity) {
        return Ok(());
    }
    if seal::look(path).map_err(fail)? == Seal::Broken {
        return Err(unopened(
            path,
            Verdict::damaged("its metadata are damaged: they are not what was published"),
        ));
    }
    if let Some(program) = PROGRAM.get() {
        ask(program, path)?;
    }
    seen.insert(identity);
    Ok(())
}

/// Another process that looks at files, one after another.
struct Looker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Looker {
    fn start(program: &Path) -> Option<Self> {
        let mut command = Command::new(program);
        // In a group of its own: Ctrl-C is for the process that asks.
        command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().ok()?;
        let (input, output) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Looker { child, input, output })
    }

    /// What it says of a file; how it ended, where it did.
    fn look(mut self, path: &Path) -> std::result::Result<(Self, String), Option<ExitStatus>> {
        let asked = [path.as_os_str().as_bytes(), b"\0"].concat();
        let mut answer = String::new();
        let heard = self
            .input
            .write_all(&asked)
            .and_then(|()| self.input.flush())
            .and_then(|()| self.output.read_line(&mut answer));
        match heard {
            Ok(1..) => Ok((self, answer.trim_end().to_owned())),
            _ => {
                drop((self.input, self.output));
                Err(self.child.wait().ok())
            }
        }
    }
}

/// Has the other process look at a file.
fn ask(program: &Path, path: &Path) -> Result<()> {
    static LOOKER: Mutex<Option<(u32, Looker)>> = Mutex::new(None);
    let mut looker = LOOKER.lock().unwrap_or_else(PoisonError::into_inner);
    // One that this process was forked with answers the other.
    let own = std::process::id();
    let kept = looker.take().filter(|(asking, _)| *asking == own).map(|(_, looker)| looker);
    // Where the system allows no process more, files are opened as they are.
    let Some(ready) = kept.or_else(|| Looker::start(program)) else { return Ok(()) };
    match ready.look(path) {
        Ok((ready, answer)) => {
            *looker = Some((own, ready));
            match answer.strip_prefix("no ") {
                Some(reason) => Err(unopened(path, Verdict::damaged(reason))),
                None => Ok(()),
            }
        }
        Err(ended) => {
            /// The same number on all systems that the program is for.
            const XCPU: i32 = 24;
            let reason = match ended.and_then(|ended| ended.signal()) {
                Some(XCPU) => "its metadata are damaged: they go round in a circle, or take too long to read",
                _ => "its metadata are damaged: the library that reads them gives up",
            };
            Err(unopened(path, Verdict::damaged(reason)))
        }
    }
}

/// The other process: reads paths that end with a NUL from stdin, and answers each with a line on stdout.
pub fn serve() {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout());
    limit(Resource::Core, 0);
    std::panic::set_hook(Box::new(|_| {}));
    let _ = crate::write::register_zstd();
    let mut asked = Vec::new();
    while matches!(input.by_ref().read_until(0, &mut asked), Ok(1..)) {
        let path = Path::new(OsStr::from_bytes(asked.strip_suffix(b"\0").unwrap_or(&asked)));
        let length = std::fs::metadata(path).map_or(0, |found| found.len());
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
        limit(Resource::Cpu, used.max(0).cast_unsigned() + 1 + SECONDS + length / BYTES_A_SECOND);
        limit(Resource::As, length.saturating_mul(16).saturating_add(MEMORY));
        let answer = match catch_unwind(AssertUnwindSafe(|| walk(path, length))) {
            Ok(Ok(())) => "yes".to_owned(),
            Ok(Err(reason)) => format!("no {}", reason.replace('\n', " ")),
            Err(_) => "no its metadata are damaged: an attribute is of no known type".to_owned(),
        };
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            return;
        }
        asked.clear();
    }
}

fn limit(resource: Resource, most: u64) {
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
    let _ = setrlimit(resource, Rlimit { current, maximum });
}

/// Reads all that a command reads before it reads values. What the library itself refuses is told where the file is opened.
fn walk(path: &Path, length: u64) -> std::result::Result<(), String> {
    let names = match netcdf::open(path) {
        Ok(file) => walk_netcdf(&file, length)?,
        Err(_) => Vec::new(),
    };
    let Ok(file) = hdf5_metno::File::open(path) else { return Ok(()) };
    // Tables have their columns in groups, and texts that columns stand for.
    let groups = file.groups().unwrap_or_default();
    groups.iter().for_each(|group| attributes(group));
    let inner = groups.iter().flat_map(|group| group.datasets().unwrap_or_default());
    for dataset in names.iter().filter_map(|name| file.dataset(name).ok()).chain(inner) {
        attributes(&dataset);
        let kind = dataset.dtype().and_then(|kind| kind.to_descriptor());
        let is_text = matches!(kind, Ok(TypeDescriptor::VarLenUnicode));
        if is_text && (dataset.size() as u64).saturating_mul(16) <= room(length) {
            let _ = foreign::texts(&dataset);
        }
        let _ = dataset.filters();
        chunks(&dataset, length).map_err(|reason| format!("{}: {reason}", dataset.name()))?;
    }
    Ok(())
}

/// The names of a file's variables, once all is read that belongs to them.
fn walk_netcdf(file: &netcdf::File, length: u64) -> std::result::Result<Vec<String>, String> {
    fits(file, length)?;
    file.attributes().for_each(|attribute| drop(attribute.value()));
    let mut names = Vec::new();
    for variable in file.variables() {
        variable.attributes().for_each(|attribute| drop(attribute.value()));
        let _ = (variable.chunking(), variable.fill_value::<f64>());
        let bytes = (variable.len() as u64).saturating_mul(8);
        if variable.dimensions().len() <= 2 && bytes <= room(length) {
            let _ = variable.get_values::<f64, _>(..);
        }
        names.push(variable.name());
    }
    Ok(names)
}

fn attributes(place: &hdf5_metno::Location) {
    place.attr_names().unwrap_or_default().iter().for_each(|name| drop(foreign::attribute(place, name)));
}

/// Whether chunks lie beside each other within a file, where HDF5 tells.
#[cfg(feature = "static")]
fn chunks(dataset: &hdf5_metno::Dataset, length: u64) -> std::result::Result<(), String> {
    let mut places = Vec::new();
    // More than a file can hold is a circle.
    let most = length / 8 + 1;
    let visited = dataset.chunks_visit(|chunk| {
        places.push((chunk.addr, chunk.size));
        i32::from(places.len() as u64 > most)
    });
    if visited.is_err() && dataset.is_chunked() {
        return Err("its index of chunks is damaged".to_owned());
    }
    apart(places, length)
}

#[cfg(not(feature = "static"))]
fn chunks(_: &hdf5_metno::Dataset, _: u64) -> std::result::Result<(), String> {
    Ok(())
}

/// Whether stretches of a file, by start and length, lie within it and do not overlap.
#[cfg(feature = "static")]
fn apart(mut places: Vec<(u64, u64)>, length: u64) -> std::result::Result<(), String> {
    // HDF5 gives all ones for an address that is not there.
    places.retain(|(address, _)| *address != u64::MAX);
    places.sort_unstable();
    let mut end = 0;
    for (address, bytes) in places {
        let next = address.checked_add(bytes).filter(|&next| bytes > 0 && next <= length);
        match next {
            Some(next) if address >= end => end = next,
            _ => {
                return Err(
                    "its index of chunks is damaged: chunks overlap, or are not in the file".to_owned()
                );
            }
        }
    }
    Ok(())
}

fn room(length: u64) -> u64 {
    length.saturating_mul(RATIO).saturating_add(1 << 16)
}

/// Whether a file can hold as much as its dimensions say: nothing is given memory or time for more.
///
/// # Errors
/// What does not fit.
pub(crate) fn fits(file: &netcdf::File, length: u64) -> std::result::Result<(), String> {
    let size = |name: &str| file.dimension(name).map_or(1, |dimension| dimension.len() as u64);
    for dimension in file.dimensions() {
        let (name, extent) = (dimension.name(), dimension.len() as u64);
        if extent.saturating_mul(8) > room(length) {
            return Err(format!("its dimension {name:?} of {extent} does not fit into {length} bytes"));
        }
    }
    let (lat, lon) = (size("lat").max(size("y")), size("lon").max(size("x")));
    if lat.saturating_mul(lon) > room(length) {
        return Err(format!("a map of {lat} x {lon} cells does not fit into {length} bytes"));
    }
    Ok(())
}
