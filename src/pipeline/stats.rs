//! Where the time goes: seconds and bytes of each stage, and a trace of every step where one is wanted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The stages of the work. Those of one dump or chunk follow each other on one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Files to memory.
    Read,
    /// Decompression and unpickling.
    Decode,
    /// Selected series out of dumps.
    Extract,
    /// Series into chunks, and fragments put together.
    Place,
    /// Checksum and compression of chunks.
    Encode,
    /// To the spool and back.
    Spool,
    /// Journal, and finding out what is done already.
    Checkpoint,
    /// Finished chunks into files.
    Publish,
    /// Files to the disk.
    Sync,
}

impl Stage {
    /// All stages, in the order of the work.
    pub const ALL: [Stage; 9] = [
        Stage::Read,
        Stage::Decode,
        Stage::Extract,
        Stage::Place,
        Stage::Encode,
        Stage::Spool,
        Stage::Checkpoint,
        Stage::Publish,
        Stage::Sync,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Read => "read",
            Stage::Decode => "decode",
            Stage::Extract => "extract",
            Stage::Place => "place",
            Stage::Encode => "encode",
            Stage::Spool => "spool",
            Stage::Checkpoint => "checkpoint",
            Stage::Publish => "publish",
            Stage::Sync => "sync",
        }
    }
}

#[derive(Debug, Default)]
struct Total {
    nanoseconds: AtomicU64,
    bytes: AtomicU64,
    count: AtomicU64,
}

/// Time and bytes of all stages, summed over threads.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stats {
    start: Instant,
    totals: [Total; Stage::ALL.len()],
    trace: Option<Mutex<Vec<TracedStep>>>,
}

/// One step of the trace.
#[derive(Debug)]
struct TracedStep {
    stage: Stage,
    thread: usize,
    microseconds: u64,
    duration: u64,
    what: String,
}

impl Stats {
    /// Starts the clock. With a trace every step is kept (about 100 bytes each).
    pub fn new(trace: bool) -> Self {
        Stats { start: Instant::now(), totals: Default::default(), trace: trace.then(Mutex::default) }
    }

    /// Does some work and counts its time. `work` returns its result and the bytes that came out of it; `what` is only
    /// asked for a trace.
    pub fn time<T>(&self, stage: Stage, what: impl Fn() -> String, work: impl FnOnce() -> (T, u64)) -> T {
        let begin = Instant::now();
        let (result, bytes) = work();
        let duration = begin.elapsed();
        if let Some(total) = self.totals.get(stage as usize) {
            total.nanoseconds.fetch_add(duration.as_nanos() as u64, Ordering::Relaxed);
            total.bytes.fetch_add(bytes, Ordering::Relaxed);
            total.count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(trace) = &self.trace
            && let Ok(mut steps) = trace.lock()
        {
            steps.push(TracedStep {
                stage,
                thread: rayon::current_thread_index().map_or(0, |index| index + 1),
                microseconds: begin.duration_since(self.start).as_micros() as u64,
                duration: duration.as_micros() as u64,
                what: what(),
            });
        }
        result
    }

    /// Seconds, bytes and steps of a stage.
    pub fn of(&self, stage: Stage) -> StageReport {
        let read = |value: Option<&AtomicU64>| value.map_or(0, |value| value.load(Ordering::Relaxed));
        let total = self.totals.get(stage as usize);
        let seconds = read(total.map(|total| &total.nanoseconds)) as f64 / 1e9;
        let bytes = read(total.map(|total| &total.bytes));
        StageReport {
            stage,
            seconds,
            bytes,
            steps: read(total.map(|total| &total.count)),
            bytes_per_second: if seconds > 0.0 { bytes as f64 / seconds } else { 0.0 },
        }
    }

    /// Seconds since the start.
    pub fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The trace in the format of Chrome's `about:tracing` and Perfetto; `None` where none was kept.
    pub fn trace(&self) -> Option<serde_json::Value> {
        let steps = self.trace.as_ref()?.lock().ok()?;
        let events: Vec<serde_json::Value> = steps
            .iter()
            .map(|step| {
                serde_json::json!({
                    "name": step.stage.name(),
                    "ph": "X",
                    "pid": 1,
                    "tid": step.thread,
                    "ts": step.microseconds,
                    "dur": step.duration,
                    "args": { "what": step.what },
                })
            })
            .collect();
        Some(serde_json::json!({ "traceEvents": events, "displayTimeUnit": "ms" }))
    }
}

/// Time and bytes of one stage, summed over threads.
#[derive(Debug, Clone, Copy, serde::Serialize)]
#[non_exhaustive]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// Seconds of work, of all threads together.
    pub seconds: f64,
    /// Bytes that came out of it.
    pub bytes: u64,
    /// Steps done.
    pub steps: u64,
    /// Bytes a second of one thread.
    pub bytes_per_second: f64,
}
