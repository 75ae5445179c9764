//! What was done: counts, bytes, times, faults. The content of `report.json`.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::model::grid::Grid;
use crate::place::Seen;
use crate::plan::{Area, OutputRows, Plan, Settings};
use crate::run::numbers::ranges;
use crate::run::silence::EmptyCells;
use crate::run::survey::LostPeriod;
use crate::source::account::Account;
use crate::spool::held::Held;
use crate::spool::record::Counts;

use super::Published;
use super::checkpoint::Summary;
use super::expected::{self, Expected};
use super::older::older;
use super::stats::{Stage, StageReport, Stats};

/// What was done.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of gridloom.
    pub version: &'static str,
    /// The time that the files name.
    pub created: String,
    /// The run's name.
    pub run: String,
    /// The window: rows, columns, extent in degrees.
    pub window: WindowReport,
    /// First and last date, calendar, number of days.
    pub time: TimeReport,
    /// How the files were made.
    pub settings: SettingsReport,
    /// Units of work.
    pub units: UnitReport,
    /// Dumps.
    pub dumps: DumpReport,
    /// Chunks.
    pub chunks: ChunkReport,
    /// Values that were copied from dumps.
    pub values: Seen,
    /// Seconds from start to end of the process that ended the work. Stages are its own as well; all other counts are of
    /// all processes together.
    pub seconds: f64,
    /// Peak resident memory of the process, in bytes; 0 where the system does not tell.
    pub peak_memory_bytes: u64,
    /// What the run would have to do less of to be faster.
    pub bound_by: Bound,
    /// The stages.
    pub stages: Vec<StageReport>,
    /// The files.
    pub files: Vec<Published>,
    /// Files of earlier work in the folder, which nothing that is made now replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier_files: Vec<String>,
    /// Keys of the dumps that no output can be made of, and why.
    pub unusable_variables: BTreeMap<String, String>,
    /// Those of them that were asked for and have data.
    pub lost_variables: Vec<String>,
    /// Keys that outputs call by another name, and that name.
    pub renamed_variables: BTreeMap<String, String>,
    /// Variables that the table does not know, written without units.
    pub unknown_variables: Vec<String>,
    /// Entries of the run folder that are no gridcells.
    pub ignored_entries: Vec<String>,
    /// What is to be told of the run's periods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Periods, years and regions that were asked for and are not in the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Periods that no dump could be used of.
    pub lost_periods: Vec<LostReport>,
    /// Inputs that could not be used, by cell, period and variable.
    pub faults: Vec<Fault>,
    /// Where the lines of files of records went; nothing of other sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Account>,
    /// Cells that are there and hold nothing, those together of which the same is to be said. Known when all their dumps are done.
    pub empty_cells: Vec<EmptyCells>,
    /// What the files hold; nothing that holds less takes their place unless asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Held>,
}

/// A period that no dump could be used of.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct LostReport {
    /// Its number.
    pub period: u32,
    /// Its first day, where it is known; its days are then on the time axis, masked.
    pub start: Option<String>,
    /// Its last day, where it is known.
    pub end: Option<String>,
    /// Dumps of it that are there.
    pub dumps: usize,
    /// Whether days are lost by it.
    pub is_loss: bool,
    /// What is lost, and what is known of its days.
    pub message: String,
}

impl LostReport {
    /// The lost periods of a plan.
    pub fn of(plan: &Plan) -> Vec<Self> {
        let date = |day: i64| plan.axis.unit.label(day);
        let of = |lost: &LostPeriod| LostReport {
            period: lost.period,
            start: lost.span().and_then(|span| date(span.first_day)),
            end: lost.span().and_then(|span| date(span.last_day)),
            dumps: lost.dumps,
            is_loss: lost.is_loss(),
            message: lost.words(&plan.axis.unit),
        };
        plan.lost.iter().filter(|_| expected::needs_days(plan)).map(of).collect()
    }
}

/// What took most of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bound {
    /// Reading files.
    Reading,
    /// Decompressing and unpickling dumps.
    Decoding,
    /// Moving values into chunks.
    Placing,
    /// Compressing chunks.
    Encoding,
    /// Writing: spool, files, disk.
    Writing,
}

impl Bound {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Reading => "reading",
            Bound::Decoding => "decoding",
            Bound::Placing => "placing",
            Bound::Encoding => "encoding",
            Bound::Writing => "writing",
        }
    }

    fn of(stages: &[StageReport]) -> Self {
        let seconds = |wanted: &[Stage]| -> f64 {
            stages.iter().filter(|stage| wanted.contains(&stage.stage)).map(|stage| stage.seconds).sum()
        };
        let candidates = [
            (Bound::Reading, seconds(&[Stage::Read])),
            (Bound::Decoding, seconds(&[Stage::Decode])),
            (Bound::Placing, seconds(&[Stage::Extract, Stage::Place])),
            (Bound::Encoding, seconds(&[Stage::Encode])),
            (Bound::Writing, seconds(&[Stage::Spool, Stage::Checkpoint, Stage::Publish, Stage::Sync])),
        ];
        let longest = candidates.into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
        longest.map_or(Bound::Encoding, |(bound, _)| bound)
    }
}

/// Where the files lie.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct WindowReport {
    pub rows: u32,
    pub columns: u32,
    pub first_row: u32,
    pub first_column: u32,
    pub resolution: f64,
    /// The grid, where it is not the globe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Grid>,
    pub cells: usize,
    /// The columns of these cells in each row that has some, as `238-239,241`.
    pub cells_by_row: BTreeMap<u32, String>,
    /// With those that are asked for and not there.
    pub cells_expected: u64,
}

/// The time axis.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct TimeReport {
    pub start: String,
    pub end: String,
    pub days: u32,
    pub calendar: &'static str,
    pub units: String,
}

/// How the files were made.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct SettingsReport {
    pub variables: Vec<String>,
    pub periods: Vec<u32>,
    /// The cells of the list that was given, where one was.
    pub cells: Option<Vec<Cell>>,
    pub codec: String,
    pub rows: crate::plan::RowMode,
    pub threads: usize,
    pub memory_budget_bytes: u64,
    /// All settings that the files depend on; `verify` makes the same plan of them.
    pub made_with: Settings,
}

/// Units of work.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct UnitReport {
    pub total: u64,
    /// Those that were done when the process started.
    pub found: u64,
}

/// Dumps.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct DumpReport {
    /// Dumps and yearly files that all cells should have, whether they are there or not.
    pub expected: u64,
    /// Those that were lost, whole or in part.
    pub lost: u64,
    /// Dumps that the units of work name.
    pub planned: u64,
    pub read: u64,
    pub decoded: u64,
    /// Dumps read while planning.
    pub sampled: u64,
    /// Dumps read once more to compare dates.
    pub peeked: u64,
    pub missing: u64,
    /// Dumps that gave nothing to any file.
    pub unusable: u64,
    pub bytes_read: u64,
    pub bytes_decoded: u64,
}

/// Chunks.
#[derive(Debug, serde::Serialize)]
#[allow(missing_docs)]
pub struct ChunkReport {
    /// Chunks in the files.
    pub stored: u64,
    /// Times that a chunk was compressed.
    pub encoded: u64,
    /// Chunks compressed once more, because a cell with unusual dates had days in them.
    pub reopened: u64,
    /// Chunks that had dumps, but only masked values; they are not stored.
    pub all_masked: u64,
    /// Parts of chunks that waited in the spool for the rest.
    pub fragments: u64,
    /// Bytes of chunks before compression.
    pub bytes_raw: u64,
    /// Bytes that went through the spool.
    pub bytes_spooled: u64,
}

impl Report {
    pub(super) fn new(
        plan: &Plan,
        stats: &Stats,
        summary: Summary,
        joined: Counts,
        files: Vec<Published>,
        created: DateTime<Utc>,
        [units, units_found]: [u64; 2],
    ) -> Self {
        let mut counts = summary.counts;
        counts += joined;
        let mut faults = missing(plan);
        faults.extend(summary.faults);
        faults.extend(older(plan, summary.written));
        faults.sort_by(|one, other| {
            (one.cell, one.period, &one.variable, one.kind).cmp(&(
                other.cell,
                other.period,
                &other.variable,
                other.kind,
            ))
        });
        let expected = Expected::of(plan);
        let (start, end) = plan.axis.dates().unzip();
        let date = |date: Option<crate::model::calendar::Date>| {
            date.map(|date| date.to_string()).unwrap_or_default()
        };
        let stages: Vec<StageReport> = Stage::ALL.into_iter().map(|stage| stats.of(stage)).collect();
        let mut unknown: Vec<String> = Vec::new();
        for output in &plan.outputs {
            if plan.settings.table.get(&output.key).is_none() && !unknown.contains(&output.key) {
                unknown.push(output.key.clone());
            }
        }
        Report {
            version: env!("CARGO_PKG_VERSION"),
            created: created.to_rfc3339_opts(SecondsFormat::Secs, true),
            run: plan.run.name.clone(),
            window: WindowReport {
                rows: plan.window.rows,
                columns: plan.window.columns,
                first_row: plan.window.first_row,
                first_column: plan.window.first_column,
                resolution: plan.window.grid.cell_size()[0],
                grid: plan.window.grid.lattice().map(|_| plan.window.grid),
                cells: plan.cells.len(),
                cells_by_row: by_row(plan.cells.iter().map(|planned| planned.cell)),
                cells_expected: expected.cells,
            },
            time: TimeReport {
                start: date(start),
                end: date(end),
                days: plan.axis.days,
                calendar: plan.axis.unit.calendar().name(),
                units: plan.axis.unit.text().to_owned(),
            },
            settings: SettingsReport {
                variables: plan.outputs.iter().map(|output| output.name.clone()).collect(),
                periods: periods(plan),
                cells: match &plan.settings.selection.area {
                    Area::List(cells) => Some(cells.clone()),
                    _ => None,
                },
                codec: plan.settings.codec.to_string(),
                rows: plan.settings.rows,
                threads: plan.memory.threads,
                memory_budget_bytes: plan.memory.budget,
                made_with: plan.settings.clone(),
            },
            units: UnitReport { total: units, found: units_found },
            dumps: DumpReport {
                expected: expected.inputs(),
                lost: expected.lost(plan, &faults),
                planned: plan.dumps() as u64,
                read: counts.dumps_read,
                decoded: counts.dumps_decoded,
                sampled: (plan.survey.facts.len() + plan.survey.faults.len()) as u64,
                peeked: counts.dumps_peeked,
                missing: faults.iter().filter(|fault| fault.kind == FaultKind::Missing).count() as u64,
                unusable: faults
                    .iter()
                    .filter(|fault| {
                        fault.variable.is_none()
                            && (fault.period.is_some() || fault.year.is_some())
                            && !matches!(
                                fault.kind,
                                FaultKind::Missing | FaultKind::OffAxis | FaultKind::Older | FaultKind::Short
                            )
                    })
                    .count() as u64,
                bytes_read: counts.bytes_read,
                bytes_decoded: stats.of(Stage::Decode).bytes,
            },
            chunks: ChunkReport {
                stored: files.iter().map(|file| file.chunks as u64).sum(),
                encoded: counts.chunks_encoded,
                reopened: counts.chunks_reopened,
                all_masked: counts.chunks_of_fill,
                fragments: counts.fragments,
                bytes_raw: stats.of(Stage::Encode).bytes,
                bytes_spooled: counts.bytes_spooled,
            },
            values: summary.seen,
            seconds: stats.elapsed(),
            peak_memory_bytes: peak_memory(),
            bound_by: Bound::of(&stages),
            stages,
            files,
            earlier_files: Vec::new(),
            unusable_variables: plan
                .unusable_variables()
                .map(|(key, reason)| (key.to_owned(), reason.to_string()))
                .collect(),
            lost_variables: plan.lost_variables().map(str::to_owned).collect(),
            renamed_variables: plan
                .renamed_variables()
                .map(|(key, name)| (key.to_owned(), name.to_owned()))
                .collect(),
            unknown_variables: unknown,
            records: plan.run.source().account().cloned(),
            ignored_entries: plan.run.ignored.clone(),
            remarks: plan.mixture.lines(),
            absent: plan.absent.clone(),
            lost_periods: LostReport::of(plan),
            faults,
            empty_cells: expected::empty_cells(plan, &summary.silent, &summary.silent_years),
            holds: None,
        }
    }

    /// Whether every input that was asked for is in the files.
    pub fn is_complete(&self) -> bool {
        self.lost_variables.is_empty()
            && self.absent.is_empty()
            && !self.faults.iter().any(Fault::is_loss)
            && !self.lost_periods.iter().any(|lost| lost.is_loss)
            && !self.records.as_ref().is_some_and(Account::is_loss)
    }

    /// Bytes of all files.
    pub fn bytes_written(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// What is known to be missing before any dump is read, of what is wanted at all.
pub(super) fn missing(plan: &Plan) -> Vec<Fault> {
    let needs_days = expected::needs_days(plan);
    plan.missing.iter().filter(|fault| needs_days || fault.period.is_none()).cloned().collect()
}

/// Cells as the columns of each row that has some.
fn by_row(cells: impl Iterator<Item = Cell>) -> BTreeMap<u32, String> {
    let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    cells.for_each(|cell| rows.entry(cell.row).or_default().push(cell.column));
    let text = |(row, mut columns): (u32, Vec<u32>)| {
        columns.sort_unstable();
        (row, ranges(&columns))
    };
    rows.into_iter().map(text).collect()
}

/// The numbers of the periods that are asked for, in the order of their dates; those of unknown dates come last.
fn periods(plan: &Plan) -> Vec<u32> {
    let mut numbers: Vec<u32> = plan.periods.iter().map(|span| span.period).collect();
    let lost = plan.lost.iter().map(|lost| lost.period).filter(|number| !numbers.contains(number));
    let lost: Vec<u32> = lost.collect();
    numbers.extend(lost);
    numbers
}

/// The variables of an output that hold rows, for messages.
impl OutputRows {
    /// How many rows a file holds.
    pub fn count(&self) -> usize {
        match self {
            OutputRows::Dimension(rows) => rows.len(),
            _ => 1,
        }
    }
}

/// `VmHWM` of /proc/self/status.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}
