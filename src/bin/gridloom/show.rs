//! Plans and reports as text.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use gridloom::grid::products::{self, products};
use gridloom::model::calendar::Date;
use gridloom::model::fault::Fault;
use gridloom::pipeline::{LostReport, Report};
use gridloom::plan::{Output, Plan, Share};
use gridloom::printable::printable;
use gridloom::source::account::Account;
use gridloom::table::Map;

use super::empty;
use super::talk::{self, tell};

/// Faults that are named on the terminal; the report has all.
const FAULTS_SHOWN: usize = 12;

/// Prints a value as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut out = talk::json();
    let written = serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from);
    let written = written.and_then(|()| writeln!(out));
    talk::finish(out, written)
}

/// A number of bytes in words.
pub(super) fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

/// A number with its thousands apart.
pub(super) fn number(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}

/// So many things: `1 cell`, `2,000 cells`.
pub(super) fn many(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{} {one}{}", number(count), if count == 1 { "" } else { "s" })
}

pub(super) fn dates(dates: Option<(Date, Date)>) -> String {
    dates.map(|(start, end)| format!("{start} to {end}")).unwrap_or_default()
}

/// What is about to be done, on stderr.
pub(super) fn plan_in_a_line(plan: &Plan) {
    let mut made = Vec::new();
    if plan.settings().grids {
        let shape = (plan.axis().days, plan.window().rows, plan.window().columns);
        made.push(format!(
            "{} of {} x {} x {}",
            many(products::of_plan(plan).map_or(0, |products| products.len()), "file"),
            shape.0,
            shape.1,
            shape.2
        ));
    }
    if let Some(tables) = &plan.settings().tables {
        made.extend(tables.kinds.iter().map(|kind| kind.name().to_owned()));
        let aggregates = tables.aggregates.iter();
        made.extend(
            aggregates.map(|aggregate| format!("grids of the {} {}", aggregate.every, aggregate.stat)),
        );
    }
    if plan.settings().grids {
        made.push(many(plan.units().len(), "unit"));
    }
    plan.mixture().lines().iter().for_each(|line| tell!("note: {line}"));
    tell!(
        "{}: {}, {}, {}: {}, {}, {} of memory",
        plan.run().name,
        many(plan.cells().len(), "cell"),
        many(plan.periods().len(), "period"),
        dates(plan.axis().dates()),
        made.join(", "),
        many(plan.memory().threads, "thread"),
        bytes(plan.memory().budget),
    );
}

/// What would be done, on stdout.
pub(super) fn plan(plan: &Plan) -> anyhow::Result<()> {
    let (outputs, maps) = planned(plan);
    let of_maps: Vec<&Output> = maps.iter().map(|map| &map.output).collect();
    let files = [files_of(plan, &outputs)?, files_of(plan, &of_maps)?].concat();
    let mut out = talk::text();
    let written = write_plan(plan, &files, &mut out);
    Ok(talk::finish(out, written)?)
}

/// The outputs that a plan makes of days, and of intervals.
fn planned(plan: &Plan) -> (Vec<&Output>, Vec<Map>) {
    let aggregates = match &plan.settings().tables {
        Some(tables) => gridloom::table::maps(plan, tables, &[]).unwrap_or_default(),
        None => Vec::new(),
    };
    (plan.outputs().iter().filter(|_| plan.settings().grids).collect(), aggregates)
}

fn write_plan(plan: &Plan, files: &[String], out: &mut talk::Text) -> std::io::Result<()> {
    let calendar = plan.axis().unit.calendar().name();
    writeln!(
        out,
        "run      {} ({} selected of {})",
        printable(&plan.run().name),
        many(plan.cells().len(), "cell"),
        number(plan.run().cells.len() as u64)
    )?;
    let (step, count) = (plan.axis().unit.step(), plan.axis().days);
    let steps = match step.is_day() {
        true => many(count, "day"),
        false => format!("{} of {}", many(count, "step"), step.words()),
    };
    writeln!(out, "time     {}, {steps}, {calendar}", dates(plan.axis().dates()))?;
    let (lat, lon) = (plan.window().ys(), plan.window().xs());
    let [y, x] = if plan.window().grid.projection().is_some() { ["y", "x"] } else { ["lat", "lon"] };
    let ends = |values: &[f64]| {
        format!("{} to {}", values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0))
    };
    writeln!(
        out,
        "grid     {} x {} cells; {y} {}, {x} {}",
        plan.window().rows,
        plan.window().columns,
        ends(&lat),
        ends(&lon)
    )?;
    let periods: Vec<String> = plan.periods().iter().map(|period| period.period.to_string()).collect();
    writeln!(out, "periods  {}", periods.join(", "))?;
    writeln!(
        out,
        "work     {} (tile x period) in {}, {}, about {} to read",
        many(plan.units().len(), "unit"),
        many(plan.tiles().len(), "tile"),
        many(plan.dumps(), "dump"),
        bytes(plan.bytes_to_read())
    )?;
    writeln!(out, "values   {} before compression, masked places not counted", bytes(plan.value_bytes()))?;
    writeln!(
        out,
        "codec    {}, shuffle {}, checksum {}",
        plan.settings().codec,
        if plan.settings().codec.shuffles() { "on" } else { "off" },
        if plan.settings().has_checksum() { "on" } else { "off" }
    )?;
    let memory = plan.memory();
    writeln!(
        out,
        "memory   {} budget: {} of {}, {} for cells in flight",
        bytes(memory.budget),
        many(memory.threads, "thread"),
        bytes(memory.thread_bytes),
        bytes(memory.units_bytes)
    )?;
    if !plan.missing().is_empty() {
        let count = plan.missing().len();
        let what = if count == 1 { "dump or cell" } else { "dumps or cells" };
        writeln!(out, "missing  {} {what}", number(count as u64))?;
    }
    for line in plan.mixture().lines() {
        writeln!(out, "note     {line}")?;
    }
    writeln!(out)?;
    writeln!(out, "{:<14} {:<9} {:>16} {:>12}  file", "variable", "type", "chunk", "dense")?;
    let days = plan.axis().days as usize;
    let (outputs, maps) = planned(plan);
    let daily = outputs.into_iter().map(|output| (output, days));
    let of_maps = maps.iter().map(|map| (&map.output, map.steps.intervals.len()));
    for ((output, steps), file) in daily.chain(of_maps).zip(files) {
        let shape = output.map.filter(|map| map.is_only).map_or(output.chunk, |map| map.chunk);
        let dense = steps as u64
            * u64::from(plan.window().rows)
            * u64::from(plan.window().columns)
            * (output.rows.count() * output.element.size()) as u64;
        writeln!(
            out,
            "{:<14} {:<9} {:>16} {:>12}  {}",
            printable(&output.name),
            output.element.name(),
            format!("{} x {} x {}", shape.days, shape.rows, shape.columns),
            bytes(dense),
            printable(file)
        )?;
    }
    Ok(())
}

/// What only the user can say of files, of all that ACDD asks for.
const UNSAID: [&str; 8] = [
    "institution",
    "creator_name",
    "creator_email",
    "publisher_name",
    "license",
    "project",
    "acknowledgment",
    "id",
];

/// Says which attributes gridded files lack that only the user can give.
pub(super) fn unsaid(plan: &Plan) {
    let settings = plan.settings();
    let left: Vec<&str> =
        UNSAID.into_iter().filter(|name| !settings.attributes.contains_key(*name)).collect();
    let makes_grids =
        settings.grids || settings.tables.as_ref().is_some_and(|tables| !tables.aggregates.is_empty());
    if makes_grids && !left.is_empty() {
        tell!(
            "note: files lack what only you know: {}; [attributes] of a configuration has it",
            left.join(", ")
        );
    }
}

/// The files that outputs are in, a text each.
pub(super) fn files_of(plan: &Plan, outputs: &[&Output]) -> gridloom::Result<Vec<String>> {
    let products = products(&plan.settings().formats, outputs)?;
    let of = |index: usize| {
        let own = products.iter().filter(|product| product.parts.contains(&index));
        own.map(|product| product.file.as_str()).collect::<Vec<_>>().join(", ")
    };
    Ok((0..outputs.len()).map(of).collect())
}

/// What was done, on stderr.
pub(super) fn report(report: &Report, output: &Path, share: Option<Share>) {
    let rate = |count: u64, seconds: f64| bytes((count as f64 / seconds.max(1e-9)) as u64);
    let work: f64 = report.stages.iter().map(|stage| stage.seconds).sum();
    tell!("{:<10} {:>10} {:>6} {:>12} {:>14}", "stage", "seconds", "share", "bytes", "a thread");
    for stage in report.stages.iter().filter(|stage| stage.steps > 0) {
        tell!(
            "{:<10} {:>10.2} {:>5.0}% {:>12} {:>12}/s",
            stage.stage.name(),
            stage.seconds,
            100.0 * stage.seconds / work.max(1e-9),
            bytes(stage.bytes),
            rate(stage.bytes, stage.seconds)
        );
    }
    let mut done = vec![format!("{} decoded", many(report.dumps.decoded, "dump"))];
    // Tables have no chunks, and those of grids read no dumps.
    let chunks = &report.chunks;
    if chunks.stored + chunks.all_masked > 0 {
        let (stored, encoded, masked) =
            (many(chunks.stored, "chunk"), number(chunks.encoded), number(chunks.all_masked));
        done.push(format!("{stored} stored ({encoded} encoded, {masked} all masked)"));
    }
    if report.values.values > 0 {
        done.push(many(report.values.values, "value"));
        done.push(format!("{} NaN", number(report.values.nan)));
        if report.values.masked > 0 {
            done.push(format!("{} masked in the dumps", number(report.values.masked)));
        }
    }
    tell!("{}", done.join(", "));
    if report.values.equal_fill > 0 {
        tell!(
            "warning: {} with the bits of the fill value will be read as masked",
            many(report.values.equal_fill, "value")
        );
    }
    for (key, reason) in &report.unusable_variables {
        let is_lost = report.lost_variables.contains(key);
        tell!("{}: {key} is not written: {reason}", if is_lost { "left out" } else { "note" });
    }
    for (key, name) in &report.renamed_variables {
        tell!(
            "note: {key:?} is written as {name}: outputs need its name for something else, or cannot have it"
        );
    }
    for key in &report.unknown_variables {
        tell!("warning: {key} is not in the table of variables; it is written without units");
    }
    report.records.iter().for_each(records);
    faults(&report.faults);
    report.absent.iter().for_each(|text| tell!("absent: {text}"));
    lost(&report.lost_periods);
    empty::tell(&report.empty_cells);
    if let Some(share) = share {
        tell!(
            "shard {share}: {} done ({:.2} s, bound by {}, peak memory {}); `gridloom publish {}` writes the files when all \
             shards are",
            many(report.units.total, "unit"),
            report.seconds,
            report.bound_by.name(),
            bytes(report.peak_memory_bytes),
            output.display()
        );
        return;
    }
    tell!(
        "{}, {} in {} ({:.2} s, bound by {}, peak memory {})",
        many(report.files.len(), "file"),
        bytes(report.bytes_written()),
        output.display(),
        report.seconds,
        report.bound_by.name(),
        bytes(report.peak_memory_bytes)
    );
}

/// Tells which files were taken where there was a choice, on stderr.
pub(super) fn choices(choices: &[String]) {
    choices.iter().take(FAULTS_SHOWN).for_each(|choice| tell!("note: {choice}"));
    match choices.len().saturating_sub(FAULTS_SHOWN) {
        0 => {}
        more => tell!("note: … and {more} more in the same way; name the file to have another one"),
    }
}

/// What is lost, one and several.
pub(super) const INPUT: [&str; 2] = ["input", "inputs"];
pub(super) const PERIOD: [&str; 2] = ["period", "periods"];
pub(super) const RECORDS: [&str; 2] = ["line or file of records", "lines or files of records"];
pub(super) const SELECTED: [&str; 2] = ["part of the selection", "parts of the selection"];

/// Tells losses, such as `3 inputs`, in the one line on stderr that `--quiet` leaves; nothing where there are none. `where_told` has them one by one.
pub(super) fn incomplete(losses: &[(usize, [&str; 2])], where_told: &str) {
    let there = losses.iter().filter(|(count, _)| *count > 0);
    let words = |(count, [one, several]): &(usize, [&str; 2])| {
        format!("{} {}", number(*count as u64), if *count == 1 { one } else { several })
    };
    let losses: Vec<String> = there.map(words).collect();
    if !losses.is_empty() {
        tell!("incomplete: {} missing or damaged; {where_told}", losses.join(", "));
    }
}

/// What of records could not be used.
pub(super) fn of_records(account: Option<&Account>) -> usize {
    account.map_or(0, |account| usize::try_from(account.fault_count).unwrap_or(usize::MAX))
}

/// The losses that a report has, in a line on stderr.
pub(super) fn incomplete_report(report: &Report, output: &Path, share: Option<Share>) {
    let report_json = output.join("report.json");
    // The publisher of shards writes it.
    let told = match share.is_none() && report_json.is_file() {
        true => format!("{} names them", report_json.display()),
        false => "without --quiet they are named".to_owned(),
    };
    incomplete(
        &[
            (report.faults.iter().filter(|fault| fault.is_loss()).count(), INPUT),
            (report.lost_periods.iter().filter(|lost| lost.is_loss).count(), PERIOD),
            (report.lost_variables.len(), ["variable", "variables"]),
            (report.absent.len(), SELECTED),
            (of_records(report.records.as_ref()), RECORDS),
        ],
        &told,
    );
}

/// Names the lost periods, on stderr.
pub(super) fn lost(periods: &[LostReport]) {
    for lost in periods {
        tell!("{}: {}", if lost.is_loss { "lost" } else { "note" }, lost.message);
    }
}

/// Tells where the lines of records went, and names the first that could not be used.
pub(super) fn records(account: &Account) {
    let Account { files, bytes: read, lines, repeated, unused, off_grid, faults, fault_count, .. } = account;
    let mut parts =
        vec![format!("{} of records, {}", many(*files, "file"), bytes(*read)), many(lines.records, "record")];
    let heads = lines.heads + lines.headers;
    for (count, words) in [
        (heads, if heads == 1 { "header line" } else { "header lines" }),
        (lines.headers, "of these inside of files"),
        (lines.skipped.saturating_sub(heads), "left out as the description says"),
        (lines.split, "with glued columns, split"),
        (lines.faulty, "faulty"),
        (*repeated, "repeated"),
        (*unused, "of damaged files"),
        (*off_grid, "off the grid"),
    ] {
        if count > 0 {
            parts.push(format!("{} {words}", number(count)));
        }
    }
    tell!("{}", parts.join(", "));
    faults.iter().take(FAULTS_SHOWN).for_each(|fault| tell!("left out: {fault}"));
    if *fault_count > FAULTS_SHOWN as u64 {
        tell!("… {} in all", number(*fault_count));
    }
}

/// Names the first faults and counts all, on stderr.
pub(super) fn faults(faults: &[Fault]) {
    for fault in faults.iter().take(FAULTS_SHOWN) {
        tell!("{}: {fault}", if fault.is_loss() { "masked" } else { "note" });
    }
    if faults.len() > FAULTS_SHOWN {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for fault in faults {
            let kind = serde_json::to_value(fault.kind).ok();
            let kind = kind.and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default();
            *kinds.entry(kind).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        tell!("… {} in all: {}", faults.len(), kinds.join(", "));
    }
}
