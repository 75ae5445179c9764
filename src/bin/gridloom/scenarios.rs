//! Several runs in one command: outputs of each in a folder of its own, and tables of all of them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use gridloom::pipeline::{self, Report};
use gridloom::plan::{Plan, Settings};
use gridloom::scenarios::{self, Joined, Scenarios};

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
    if arguments.selection.database()?.is_some() {
        let reason = "takes one run at a time; load each into a schema of its own, with --schema NAME";
        return Err(wrong("--to", "postgres://…", reason));
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

impl Several<'_> {
    /// The runs by the names that they are called by.
    fn named(&self) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let (inputs, labels) = (self.inputs, &self.scenarios.labels);
        if !labels.is_empty() && labels.len() != inputs.len() {
            let (given, wanted) = (show::many(labels.len(), "name"), show::many(inputs.len(), "run"));
            return Err(wrong(
                "--labels",
                labels.join(","),
                format!("{given} for {wanted}; give one for each"),
            ));
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

    /// Makes what the settings of each run want; `settings` gives them.
    fn make(&self, settings: impl Fn(&Path) -> anyhow::Result<(Config, Settings)>) -> anyhow::Result<Exit> {
        let Several { preset, output, start, work, talk, .. } = *self;
        if let Some(trace) = &work.trace {
            let reason = "is of one run; give it with each by itself";
            return Err(wrong("--trace", trace.display(), reason));
        }
        let runs = self.named()?;
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
    let exit = reports.iter().map(finished).max_by_key(|exit| *exit as u8).unwrap_or(Exit::Complete);
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
    let reports = all.publish(resources, &mut |member, folder| {
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
