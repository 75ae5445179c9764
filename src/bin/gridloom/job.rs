//! Work on a run in an output folder: from its opening to its report.

use std::path::Path;
use std::sync::Arc;

use gridloom::observer::Observer;
use gridloom::pipeline::{self, Options, Report};
use gridloom::plan::{Plan, Resources, Settings, Share};
use gridloom::run::Run;

use super::Exit;
use super::args::{StartArguments, TalkArguments, WorkArguments};
use super::config::Config;
use super::progress::Watch;
use super::show;
use super::signals::{self, Stop};
use super::source::{Kept, Source, derived, prepared};

/// A run that is to be worked on, and how.
pub(super) struct Job<'a> {
    pub run: &'a Path,
    pub preset: Option<&'a str>,
    pub output: &'a Path,
    pub start: &'a StartArguments,
    pub work: &'a WorkArguments,
    pub talk: &'a TalkArguments,
}

impl Job<'_> {
    /// Plans it and does it.
    pub(super) fn run(&self, config: &Config, settings: Settings) -> anyhow::Result<Exit> {
        let stop = signals::watch(self.work.grace, self.talk.quiet)?;
        let report = self.report(config, settings, &stop, |_| Ok(()))?;
        if self.talk.json {
            show::json(&report)?;
        }
        Ok(finished(&report))
    }

    /// The same; `note` is shown the plan before the work.
    pub(super) fn report(
        &self,
        config: &Config,
        settings: Settings,
        stop: &Arc<Stop>,
        note: impl FnOnce(&Plan) -> gridloom::Result<()>,
    ) -> anyhow::Result<Report> {
        let share = self.start.shard.as_deref().map(Share::parse).transpose()?;
        let options = options(self.work).overwrite(self.start.overwrite).fresh(self.start.fresh).share(share);
        let resources = settings.resources;
        let source =
            Source { resources, quiet: self.talk.quiet, ..Source::new(self.run, self.preset, config) };
        let plan = match (source.open_in(self.output, share, self.start.fresh, stop)?, share) {
            // Only the first task lists the run, and looks into its dumps.
            (None, Some(_)) if settings.change.is_none() => {
                let grid = config.grid()?;
                let settings = derived(settings, config)?;
                pipeline::shared_plan(
                    self.run,
                    || Run::open(self.run, grid),
                    settings,
                    self.output,
                    &options,
                )?
            }
            (opened, share) => {
                let grid = config.grid()?;
                let run = opened.map_or_else(|| Run::open(self.run, grid), Ok)?;
                let kept = Kept { output: self.output, share, is_fresh: self.start.fresh, stop };
                let (run, settings) = prepared(run, settings, config, Some(&kept))?;
                match share {
                    Some(_) => pipeline::shared_plan(self.run, || Ok(run), settings, self.output, &options)?,
                    None => Plan::new(run, settings)?,
                }
            }
        };
        if !self.talk.quiet {
            show::plan_in_a_line(&plan);
            if !self.output.join("report.json").exists() {
                show::unsaid(&plan);
            }
        }
        note(&plan)?;
        let output = self.output;
        Ok(working(self.talk, stop.clone(), output, share, |observer| {
            pipeline::grid(&plan, output, &options, observer)
        })?)
    }
}

/// What the machine and the command line give.
pub(super) fn resources(work: &WorkArguments) -> Resources {
    let mut resources = Resources::detect();
    resources.threads = work.threads.map_or(resources.threads, |threads| usize::from(threads.max(1)));
    resources.memory = work.memory.unwrap_or(resources.memory);
    resources
}

pub(super) fn options(arguments: &WorkArguments) -> Options {
    let (drop_spool, trace) = (arguments.drop_spool, arguments.trace.clone());
    Options::default().drop_spool(drop_spool).trace(trace)
}

/// Does the work under a progress bar and tells what came of it.
pub(super) fn work(
    talk: &TalkArguments,
    stop: Arc<Stop>,
    output: &Path,
    share: Option<Share>,
    work: impl FnOnce(&dyn Observer) -> gridloom::Result<Report>,
) -> anyhow::Result<Exit> {
    let report = working(talk, stop, output, share, work)?;
    if talk.json {
        show::json(&report)?;
    }
    Ok(finished(&report))
}

/// Does the work under a progress bar and tells what came of it in words.
pub(super) fn working(
    talk: &TalkArguments,
    stop: Arc<Stop>,
    output: &Path,
    share: Option<Share>,
    work: impl FnOnce(&dyn Observer) -> gridloom::Result<Report>,
) -> gridloom::Result<Report> {
    let watch = Watch::start(stop, talk.quiet);
    let report = work(&watch);
    drop(watch);
    let report = report?;
    match talk.quiet {
        false => show::report(&report, output, share),
        true => show::incomplete_report(&report, output, share),
    }
    Ok(report)
}

/// How work ends that came to a report.
pub(super) fn finished(report: &Report) -> Exit {
    if report.is_complete() { Exit::Complete } else { Exit::Incomplete }
}
