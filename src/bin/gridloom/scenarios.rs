//! Several runs in one command: outputs of each in a folder of its own, and tables of all of them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use gridloom::database::Target;
use gridloom::pipeline::{self, Report};
use gridloom::plan::{Plan, Settings};
use gridloom::scenarios::{self, Joined, JointLoad, Scenarios};

use super::Exit;
use super::args::{
    PublishArguments, RunArguments, ScenarioArguments, StartArguments, TablesArguments, TalkArguments,
    WorkArguments,
};
use super::config::Config;
use super::grid::{self, are_grids};
use super::job::{Job, finished, options, resources, working};
use super::show;
use super::signals;
use super::talk::tell;
use crate::mistake::wrong;

/// Whether several runs are wanted of `tables`; several files of grids are those of one, unless options say otherwise.
pub(super) fn are_wanted(arguments: &TablesArguments) -> bool {
    are_several(&arguments.scenarios, &arguments.inputs)
        && (is_said(&arguments.scenarios) || !are_grids(&arguments.inputs))
}

/// Whether several runs are wanted.
pub(super) fn are_several(scenarios: &ScenarioArguments, inputs: &[PathBuf]) -> bool {
    is_said(scenarios) || inputs.len() > 1
}

fn is_said(scenarios: &ScenarioArguments) -> bool {
    !scenarios.labels.is_empty() || scenarios.separate
}

/// What came of several runs.
#[derive(serde::Serialize)]
struct Told<'a> {
    runs: Vec<ToldRun<'a>>,
    /// The tables of all runs.
    files: &'a [Joined],
    remarks: Vec<String>,
}

#[derive(serde::Serialize)]
struct ToldRun<'a> {
    name: &'a str,
    report: Report,
}

/// Several runs that are to be worked on, and how.
struct Several<'a> {
    inputs: &'a [PathBuf],
    scenarios: &'a ScenarioArguments,
    preset: Option<&'a str>,
    output: &'a Path,
    start: &'a StartArguments,
    work: &'a WorkArguments,
    talk: &'a TalkArguments,
}

/// Tables of several runs.
pub(super) fn tables(arguments: &TablesArguments) -> anyhow::Result<Exit> {
    let TablesArguments { inputs, scenarios, start, work, talk, .. } = arguments;
    if let Some(address) = arguments.selection.database()? {
        return load(arguments, address);
    }
    let output = arguments.output.as_deref();
    let output = output.ok_or_else(|| wrong("--output", "", "is needed: -o OUT"))?;
    let preset = arguments.config.preset.as_deref();
    Several { inputs, scenarios, preset, output, start, work, talk }.make(|run| {
        let configured = arguments.config.config.as_deref();
        let config = Config::for_run(configured, run, &arguments.selection, &arguments.limits)?;
        let settings = config.table_settings(arguments)?;
        Ok((config, settings))
    })
}

/// All that a configuration names, of several runs.
pub(super) fn run(arguments: &RunArguments) -> anyhow::Result<Exit> {
    let RunArguments { inputs, scenarios, output, start, work, talk, .. } = arguments;
    grid::refuse_database(&arguments.selection)?;
    Several { inputs, scenarios, preset: None, output, start, work, talk }.make(|run| {
        let config = Config::for_run(Some(&arguments.config), run, &arguments.selection, &arguments.limits)?;
        let settings = config.run_settings(arguments)?;
        Ok((config, settings))
    })
}

/// Tables of several runs into a database.
fn load(arguments: &TablesArguments, address: &str) -> anyhow::Result<Exit> {
    let TablesArguments { inputs, scenarios, start, work, talk, schema, .. } = arguments;
    grid::refuse_files(arguments)?;
    if scenarios.separate {
        let reason = "is for files; to keep runs apart in a database load each by itself, with --schema NAME";
        return Err(wrong("--separate", "", reason));
    }
    refuse_trace(work)?;
    let target = Target::parse(address)?;
    let stop = signals::watch(work.grace, talk.quiet)?;
    let mut runs = Vec::new();
    for (name, run) in named(inputs, scenarios)? {
        let configured = arguments.config.config.as_deref();
        let config = Config::for_run(configured, &run, &arguments.selection, &arguments.limits)?;
        let settings = config.table_settings(arguments)?;
        config.tell_remarks(talk.quiet || !runs.is_empty());
        let plan = grid::plan_to_load(arguments, &run, &config, settings);
        let plan = plan.with_context(|| format!("in run {name}"))?;
        runs.push((name, run, plan));
    }
    let mut all = JointLoad::begin(runs, &target, schema.as_deref(), start.fresh)?;
    let names: Vec<String> = all.runs().map(|(name, ..)| name.to_owned()).collect();
    let remarks: Vec<String> = all.remarks().map(str::to_owned).collect();
    if !talk.quiet {
        target.warnings().iter().for_each(|warning| tell!("note: {warning}"));
        remarks.iter().for_each(|remark| tell!("note: {remark}"));
    }
    let (address, mut reports) = (target.redacted(), Vec::new());
    for (place, name) in names.iter().enumerate() {
        if let Some((_, source, plan)) = all.runs().nth(place).filter(|_| !talk.quiet) {
            tell!("run {} of {}: {name}, {}", place + 1, names.len(), source.display());
            show::plan_in_a_line(plan);
        }
        let report = working(talk, stop.clone(), Path::new(&address), None, |observer| {
            all.load(place, &options(work), observer)
        });
        reports.push(report.with_context(|| format!("in run {name}"))?);
    }
    let exit = worst(&reports);
    if !talk.quiet {
        for (name, report) in names.iter().zip(&reports).filter(|(_, report)| !report.is_complete()) {
            tell!("incomplete: {name}, {} missing or damaged", show::many(report.faults.len(), "input"));
        }
        let tables: Vec<String> = all.tables().collect();
        tell!("{} in {address}; of all of them {}", show::many(names.len(), "run"), tables.join(", "));
    }
    if talk.json {
        let runs = names.iter().zip(reports).map(|(name, report)| ToldRun { name, report }).collect();
        show::json(&Told { runs, files: &[], remarks })?;
    }
    Ok(exit)
}

/// The runs by the names that they are called by.
fn named(inputs: &[PathBuf], scenarios: &ScenarioArguments) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let labels = &scenarios.labels;
    if !labels.is_empty() && labels.len() != inputs.len() {
        let (given, wanted) = (show::many(labels.len(), "name"), show::many(inputs.len(), "run"));
        return Err(wrong("--labels", labels.join(","), format!("{given} for {wanted}; give one for each")));
    }
    for input in inputs {
        // A run that is not there is told before the work on others.
        let is_pattern = input.to_string_lossy().contains(['*', '?', '{']);
        if !is_pattern && let Err(source) = std::fs::metadata(input) {
            return Err(gridloom::Error::io("read", input, source).into());
        }
        let is_grid = input.extension().is_some_and(|extension| extension == "nc");
        if is_grid && !gridloom::archive::is_archive(input) {
            let reason = "holds grids of one run; several runs are run folders, archives or descriptions of records, \
                              and files of grids are those of one";
            return Err(wrong("INPUTS", input.display(), reason));
        }
    }
    let label = |index: usize, input: &Path| match labels.get(index) {
        Some(label) => label.trim().to_owned(),
        None => scenarios::name_of(input),
    };
    Ok(inputs.iter().enumerate().map(|(index, input)| (label(index, input), input.clone())).collect())
}

/// A trace is of one run.
fn refuse_trace(work: &WorkArguments) -> anyhow::Result<()> {
    match &work.trace {
        Some(trace) => {
            let reason = "is of one run; give it with each by itself";
            Err(wrong("--trace", trace.display(), reason))
        }
        None => Ok(()),
    }
}

/// How work on several runs ends.
fn worst(reports: &[Report]) -> Exit {
    reports.iter().map(finished).max_by_key(|exit| *exit as u8).unwrap_or(Exit::Complete)
}

impl Several<'_> {
    /// Makes what the settings of each run want; `settings` gives them.
    fn make(&self, settings: impl Fn(&Path) -> anyhow::Result<(Config, Settings)>) -> anyhow::Result<Exit> {
        let Several { preset, output, start, work, talk, .. } = *self;
        refuse_trace(work)?;
        let runs = named(self.inputs, self.scenarios)?;
        let mut all = Scenarios::begin(output, &runs, self.scenarios.separate, start.overwrite)?;
        let stop = signals::watch(work.grace, talk.quiet)?;
        let members = all.runs().to_vec();
        let mut reports = Vec::new();
        for (member, (_, run)) in members.iter().zip(&runs) {
            if !talk.quiet {
                tell!("run {} of {}: {}, {}", reports.len() + 1, members.len(), member.name, run.display());
            }
            let (config, settings) = settings(run)?;
            config.tell_remarks(talk.quiet || !reports.is_empty());
            let folder = all.folder(member);
            let job = Job { run, preset, output: &folder, start, work, talk };
            let note = |plan: &Plan| all.note(&member.name, plan);
            let report = job.report(&config, settings, &stop, note);
            reports.push(report.with_context(|| format!("in run {}", member.name))?);
            if start.shard.is_none() {
                let watch = super::progress::Watch::start(stop.clone(), talk.quiet);
                all.note_published(&member.name, &watch)?;
            }
        }
        if start.shard.is_some() {
            return told(talk, &all, reports, Vec::new(), None);
        }
        let watch = super::progress::Watch::start(stop, talk.quiet);
        let remarks = all.join(&watch);
        drop(watch);
        told(talk, &all, reports, remarks?, Some(output))
    }
}

/// Tells what came of all runs. `joined` is the folder in which there are tables of all.
fn told(
    talk: &TalkArguments,
    all: &Scenarios,
    reports: Vec<Report>,
    remarks: Vec<String>,
    joined: Option<&Path>,
) -> anyhow::Result<Exit> {
    let exit = worst(&reports);
    if !talk.quiet {
        remarks.iter().for_each(|remark| tell!("note: {remark}"));
        for (member, report) in all.runs().iter().zip(&reports).filter(|(_, report)| !report.is_complete()) {
            let folder = all.folder(member);
            let lost = show::many(report.faults.len(), "input");
            tell!(
                "incomplete: {}, {lost} missing or damaged: {}",
                member.name,
                folder.join("report.json").display()
            );
        }
        if let Some(output) = joined {
            let files: Vec<&str> = all.files().iter().map(|file| file.file.as_str()).collect();
            let runs = show::many(all.runs().len(), "run");
            match files.is_empty() {
                true => tell!("{runs} in {}, each in its folder", output.display()),
                false => tell!("{runs} in {}; of all of them {}", output.display(), files.join(", ")),
            }
        }
    }
    if talk.json {
        let runs = all.runs().iter().zip(reports);
        let runs = runs.map(|(member, report)| ToldRun { name: &member.name, report }).collect();
        show::json(&Told { runs, files: all.files(), remarks })?;
    }
    Ok(exit)
}

/// Makes the files of what shards did, on one run or several.
pub(super) fn publish(arguments: &PublishArguments) -> anyhow::Result<Exit> {
    let Some(mut all) = Scenarios::open(&arguments.output)? else { return grid::publish(arguments) };
    let (talk, resources, options) = (&arguments.talk, resources(&arguments.work), options(&arguments.work));
    let stop = signals::watch(arguments.work.grace, talk.quiet)?;
    let watch = super::progress::Watch::start(stop.clone(), true);
    let reports = all.publish(resources, &watch, &mut |member, folder| {
        if !talk.quiet {
            tell!("run {}", member.name);
        }
        working(talk, stop.clone(), folder, None, |observer| {
            pipeline::publish(folder, resources, &options, observer)
        })
    })?;
    let watch = super::progress::Watch::start(stop, talk.quiet);
    let remarks = all.join(&watch);
    drop(watch);
    told(talk, &all, reports, remarks?, Some(&arguments.output))
}
