//! `gridloom figures`.

use gridloom::figure::{FigureList, State};

use super::Exit;
use super::args::plot::FiguresArguments;
use super::plot::in_threads;
use super::talk::tell;

pub(super) fn run(arguments: &FiguresArguments) -> anyhow::Result<Exit> {
    let mut list = FigureList::read_into(&arguments.list, arguments.output.as_deref())?;
    list.overwrite = arguments.work.overwrite;
    list.told = super::hints::told;
    let (quiet, json) = (arguments.work.talk.quiet, arguments.work.talk.json);
    let check = arguments.check;
    let states = in_threads(arguments.work.threads, || {
        let tell = |figure: &gridloom::figure::list::Figure, state: &State| match state {
            State::Failed(why) => tell!("error: {}: {why}", figure.name),
            _ if quiet => {}
            State::Current => tell!("{}: as it was", figure.name),
            State::Stale(why) if check => tell!("{}: out of date: {why}", figure.name),
            State::Stale(why) => tell!("{}: drawn: {why}", figure.name),
        };
        let note = |figure: &gridloom::figure::list::Figure, choice: &str| {
            if !quiet {
                tell!("note: {}: {choice}", figure.name);
            }
        };
        Ok(list.build_with(!check, arguments.force, tell, note)?)
    })?;
    let count = |wanted: fn(&State) -> bool| states.iter().filter(|state| wanted(state)).count();
    let stale = count(|state| matches!(state, State::Stale(_)));
    let failed = count(|state| matches!(state, State::Failed(_)));
    if json {
        let figures: Vec<serde_json::Value> = list
            .figures
            .iter()
            .zip(&states)
            .map(|(figure, state)| {
                let (word, why) = match state {
                    State::Current => ("current", None),
                    State::Stale(why) => (if check { "stale" } else { "drawn" }, Some(why)),
                    State::Failed(why) => ("failed", Some(why)),
                };
                serde_json::json!({"name": figure.name, "state": word, "why": why, "pictures": figure.outputs})
            })
            .collect();
        super::show::json(&figures)?;
    }
    if !quiet {
        let word = if check { "out of date" } else { "drawn" };
        tell!("{}: {stale} {word}, {failed} failed", super::show::many(states.len(), "figure"));
    }
    Ok(match (failed, stale) {
        (1.., _) => Exit::Failed,
        (_, 1..) if check => Exit::Unfinished,
        _ => Exit::Complete,
    })
}
