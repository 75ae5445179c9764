//! `gridloom evaluate`: a model's map beside what was observed.

use std::io::Write;
use std::time::Duration;

use gridloom::evaluate::{AreaCells, Evaluated, Evaluation, EvaluationTable, Observed, ScoredArea};
use gridloom::figure;
use gridloom::grid::read::Interval;
use gridloom::mask::{self, TrueIs};
use gridloom::model::calendar::Date;

use super::Exit;
use super::args::evaluate::{EvaluateArguments, Every};
use super::mistake::{Mistake, wrong};
use super::progress::Watch;
use super::show::{self, many};
use super::talk::{self, tell};
use super::{plot, signals};

pub(super) fn run(arguments: &EvaluateArguments) -> anyhow::Result<Exit> {
    let evaluation = evaluation(arguments)?;
    let files = arguments.output.iter().flat_map(|folder| {
        EvaluationTable::ALL.map(|table| (table, folder.join(format!("{}.csv", table.name()))))
    });
    let files: Vec<_> = files.collect();
    for (_, path) in &files {
        if !arguments.overwrite && path.symlink_metadata().is_ok() {
            return Err(
                Mistake::Occupied { path: path.clone(), what: "a file of an earlier evaluation" }.into()
            );
        }
    }
    let stop = signals::watch(Duration::from_secs(20), arguments.talk.quiet)?;
    let watch = Watch::start(stop, arguments.talk.quiet);
    let evaluated = plot::in_threads(arguments.threads, || Ok(evaluation.run(&watch)?));
    drop(watch);
    let evaluated = evaluated?;
    for (table, path) in &files {
        if *table != EvaluationTable::Pairs || !evaluated.pairs.is_empty() {
            figure::publish(path, evaluated.csv(*table).as_bytes())?;
        }
    }
    if !arguments.talk.quiet {
        evaluated.remarks.iter().for_each(|remark| tell!("note: {remark}"));
    }
    evaluated.left_out.iter().for_each(|left| tell!("left out: {left}"));
    match arguments.talk.json {
        true => show::json(&evaluated)?,
        false => text(&evaluated)?,
    }
    Ok(if evaluated.left_out.is_empty() { Exit::Complete } else { Exit::Incomplete })
}

fn evaluation(arguments: &EvaluateArguments) -> anyhow::Result<Evaluation> {
    let date = |option: &'static str, text: Option<&str>| -> anyhow::Result<Option<Date>> {
        text.map(|text| text.parse().map_err(|_| wrong(option, text, "wants a date as YYYY-MM-DD")))
            .transpose()
    };
    let (path, variable) = (arguments.observed.clone(), arguments.observed_variable.clone());
    let is_table =
        ["csv", "txt", "tsv"].iter().any(|ending| path.extension().is_some_and(|own| own == *ending));
    let observed = if is_table { Observed::Stations(path, variable) } else { Observed::Map(path, variable) };
    let mut evaluation = Evaluation::new(&arguments.model, observed);
    evaluation.variable.clone_from(&arguments.variable);
    evaluation.observed_units.clone_from(&arguments.observed_units);
    evaluation.every = arguments.every.map(|every| match every {
        Every::Day => Interval::Day,
        Every::Month => Interval::Month,
        Every::Season => Interval::Season,
        Every::Year => Interval::Year,
    });
    evaluation.from = date("--from", arguments.from.as_deref())?;
    evaluation.to = date("--to", arguments.to.as_deref())?;
    evaluation.coverage = arguments.coverage;
    let boxes = arguments.area.iter();
    let boxes =
        boxes.map(|(name, degrees)| ScoredArea { name: name.clone(), cells: AreaCells::Box(*degrees) });
    evaluation.areas = boxes.collect();
    if !arguments.mask.is_empty() {
        let grid = evaluation.grid()?;
        for path in &arguments.mask {
            let mask = mask::read(path, grid, arguments.true_is.map(TrueIs::from))?;
            if !arguments.talk.quiet {
                mask.remarks.iter().for_each(|remark| tell!("note: {remark}"));
            }
            evaluation.areas.extend(mask.regions.into_iter().map(|region| ScoredArea {
                name: region.name,
                cells: AreaCells::Around(region.cells.iter().map(|&cell| grid.centre(cell)).collect()),
            }));
        }
    }
    Ok(evaluation)
}

/// The scores, a line each.
fn text(evaluated: &Evaluated) -> anyhow::Result<()> {
    let mut out = talk::text();
    let written = (|| -> std::io::Result<()> {
        let periods =
            evaluated.periods.as_ref().map_or(String::new(), |(first, last)| format!(", {first} to {last}"));
        let units = if evaluated.units.is_empty() { "" } else { " in " };
        writeln!(
            out,
            "{}{units}{}, {} means{periods}",
            evaluated.variable, evaluated.units, evaluated.every
        )?;
        let has_places = evaluated.scored.iter().any(|one| one.place.is_some());
        let mut head = vec![
            "", "pairs", "model", "observed", "bias", "RMSE", "ubRMSE", "r", "sd model", "sd obs.", "NSE",
            "KGE",
        ];
        head.extend(has_places.then_some("km away"));
        let mut rows: Vec<Vec<String>> = vec![head.into_iter().map(str::to_owned).collect()];
        for one in &evaluated.scored {
            let mut row = vec![one.name.clone(), show::number(one.scores.pairs)];
            row.extend(one.numbers().map(|number| number.map_or("–".to_owned(), short)));
            row.extend(has_places.then(|| one.place.map_or(String::new(), |place| short(place.distance_km))));
            rows.push(row);
        }
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max()
        };
        let widths: Vec<usize> =
            (0..rows.first().map_or(0, Vec::len)).map(|column| width(column).unwrap_or(0)).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (text, &width))| match column {
                0 => format!("{text:<width$}"),
                _ => format!("{text:>width$}"),
            });
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    })();
    talk::finish(out, written)?;
    if !evaluated.pairs.is_empty() {
        tell!(
            "{} at {}",
            many(evaluated.pairs.len(), "pair"),
            many(evaluated.scored.len().saturating_sub(1), "station")
        );
    }
    Ok(())
}

/// A number in four digits.
fn short(number: f64) -> String {
    let magnitude = number.abs();
    match magnitude {
        0.0 => "0".to_owned(),
        _ if !(1e-3..1e5).contains(&magnitude) => format!("{number:.3e}"),
        _ => format!("{number:.*}", (3 - magnitude.log10().floor() as i32).clamp(0, 6) as usize),
    }
}
