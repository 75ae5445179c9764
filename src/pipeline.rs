//! The work itself: one pass over the dumps, chunks put together, files published.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::spool::{self, Spool};
use crate::write::{self, GridFile, Provenance, Schema};

mod fragment;
mod join;
pub(crate) mod overlap;
mod pass;
mod report;
mod stats;

pub use report::{Bound, Report};
pub use stats::{Monitor, Stage, StageReport, Stats};

use pass::{Counts, Found, Pass, Piece};

/// How [`grid`] treats its output folder, and what it keeps.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Replace outputs that are there.
    pub overwrite: bool,
    /// Keep a trace of every step and write it here.
    pub trace: Option<PathBuf>,
}

/// Makes the files of a plan in a folder, and `report.json` beside them. Returns the report.
///
/// Memory: [`Memory::budget`](crate::plan::Memory::budget), and some for the libraries.
///
/// # Errors
/// [`Error::OutputNotEmpty`], [`Error::Io`] and [`Error::Netcdf`] where the output cannot be written. Inputs that cannot be
/// used are no error: they are in [`Report::faults`].
pub fn grid(plan: &Plan, output: &Path, options: &Options, monitor: &Monitor) -> Result<Report> {
    prepare(output, options.overwrite)?;
    write::register(plan.settings.codec)?;
    let result = work(plan, output, options, monitor);
    if result.is_err() {
        // What is half done is of no use to anyone; the error that led here is what counts.
        let _ = remove_unfinished(output);
        let _ = std::fs::remove_dir_all(output.join(spool::FOLDER));
    }
    result
}

fn work(plan: &Plan, output: &Path, options: &Options, monitor: &Monitor) -> Result<Report> {
    let created = Provenance::now();
    let stats = Stats::new(options.trace.is_some());
    monitor.dumps.store(plan.dumps() as u64, Ordering::Relaxed);
    monitor.files.store(plan.outputs.len() as u64, Ordering::Relaxed);
    monitor.faults.store(plan.missing.len() as u64, Ordering::Relaxed);
    let spool = Spool::create(output)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.memory.threads).build().map_err(|error| {
        Error::selection("--threads", plan.memory.threads, format!("the threads cannot be started: {error}"))
    })?;
    let pass = Pass::new(plan, &spool, &stats, monitor)?;
    let chunks = pool.install(|| {
        pass.run()?;
        join::join(&pass, pass.take_pieces())
    })?;
    let (found, counts) = pass.into_results();
    let schema = Schema::new(plan, Provenance { created, digest: digest(&found) });
    let files = publish(plan, output, &schema, &spool, &chunks, &stats, monitor)?;
    let spooled = spool.bytes();
    spool.remove()?;
    let report = Report::new(plan, &stats, found, &counts, files, spooled, created);
    let json = serde_json::to_vec_pretty(&report).unwrap_or_default();
    write_whole(&output.join("report.json"), &json)?;
    if let (Some(path), Some(trace)) = (&options.trace, stats.trace()) {
        write_whole(path, trace.to_string().as_bytes())?;
    }
    Ok(report)
}

/// A file that was published.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Published {
    /// Its name.
    pub file: String,
    /// The name of its variable.
    pub variable: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Chunks that have values; all others are masked and not stored.
    pub chunks: usize,
}

fn publish(
    plan: &Plan,
    folder: &Path,
    schema: &Schema,
    spool: &Spool,
    chunks: &[Piece],
    stats: &Stats,
    monitor: &Monitor,
) -> Result<Vec<Published>> {
    let failure = Mutex::new(None);
    let sizes: Vec<Mutex<u64>> = plan.outputs.iter().map(|_| Mutex::new(0)).collect();
    let mut files = Vec::new();
    // HDF5 lets one thread write at a time; waiting for the disk is done beside it.
    rayon::scope(|scope| -> Result<()> {
        for (output, size) in plan.outputs.iter().zip(&sizes) {
            let what = || output.file.clone();
            let (result, _) = stats.time(Stage::Publish, what, || {
                let result = write_file(plan, folder, schema, spool, chunks, output);
                let bytes = result.as_ref().map_or(0, |(_, _, bytes)| *bytes);
                ((result, bytes), bytes)
            });
            let (unpublished, count, _) = result?;
            files.push(Published {
                file: output.file.clone(),
                variable: output.name.clone(),
                bytes: 0,
                chunks: count,
            });
            let failure = &failure;
            scope.spawn(move |_| {
                let published = stats.time(Stage::Sync, what, || {
                    let published = unpublished.publish();
                    let bytes = published.as_ref().map_or(0, |&bytes| bytes);
                    (published, bytes)
                });
                match published {
                    Ok(bytes) => *lock(size) = bytes,
                    Err(error) => {
                        lock(failure).get_or_insert(error);
                    }
                }
                monitor.files_done.fetch_add(1, Ordering::Relaxed);
            });
        }
        Ok(())
    })?;
    if let Some(error) = lock(&failure).take() {
        return Err(error);
    }
    write::sync_folder(folder)?;
    for (file, size) in files.iter_mut().zip(&sizes) {
        file.bytes = *lock(size);
    }
    Ok(files)
}

fn write_file(
    plan: &Plan,
    folder: &Path,
    schema: &Schema,
    spool: &Spool,
    chunks: &[Piece],
    output: &crate::plan::Output,
) -> Result<(write::Unpublished, usize, u64)> {
    let mut file = GridFile::create(folder, plan, output, schema)?;
    let layers = output.layers.clone();
    let from = chunks.partition_point(|piece| (piece.chunk.layer as usize) < layers.start);
    let until = chunks.partition_point(|piece| (piece.chunk.layer as usize) < layers.end);
    let (mut bytes, mut total) = (Vec::new(), 0);
    let mine = chunks.get(from..until).unwrap_or_default();
    for piece in mine {
        spool.read(&piece.place, &mut bytes)?;
        let Some(tile) = plan.tiles.get(piece.chunk.tile as usize) else { continue };
        let layer = piece.chunk.layer - layers.start as u32;
        file.write_chunk([piece.chunk.days, layer, tile.row, tile.column], &bytes)?;
        total += bytes.len() as u64;
    }
    Ok((file.close()?, mine.len(), total))
}

/// Sees to it that the folder is there, and that nothing in it would be lost.
fn prepare(output: &Path, overwrite: bool) -> Result<()> {
    std::fs::create_dir_all(output).map_err(|source| Error::io("make the folder", output, source))?;
    for entry in std::fs::read_dir(output).map_err(|source| Error::io("list", output, source))? {
        let entry = entry.map_err(|source| Error::io("list", output, source))?;
        let name = entry.file_name();
        if !is_unfinished(&name.to_string_lossy()) && name != spool::FOLDER && !overwrite {
            return Err(Error::OutputNotEmpty { path: output.to_owned() });
        }
    }
    remove_unfinished(output)
}

/// Removes the temporary files that a run leaves behind when it is killed.
fn remove_unfinished(output: &Path) -> Result<()> {
    for entry in std::fs::read_dir(output).map_err(|source| Error::io("list", output, source))?.flatten() {
        if is_unfinished(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())
                .map_err(|source| Error::io("remove", &entry.path(), source))?;
        }
    }
    Ok(())
}

fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && (name.ends_with(".nc.part") || name == ".report.json.part")
}

/// Writes a small file, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.part"));
    std::fs::write(&temporary, bytes).map_err(|source| Error::io("write", &temporary, source))?;
    write::publish(&temporary, path).map(drop)
}

/// One digest of all dumps that were read, whatever the order in which they were.
fn digest(found: &Found) -> String {
    use std::hash::Hasher;
    let mut digests: Vec<_> =
        found.digests.iter().map(|&(planned, period, digest)| (planned.cell, period, digest)).collect();
    digests.sort_unstable();
    let mut hasher = twox_hash::XxHash3_64::default();
    for (cell, period, digest) in &digests {
        hasher.write(format!("{cell} {period} {digest:016x}\n").as_bytes());
    }
    format!("xxh3:{:016x} of {} dumps", hasher.finish(), digests.len())
}

/// A lock whose holder cannot have left it in between: every holder only stores finished values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}
