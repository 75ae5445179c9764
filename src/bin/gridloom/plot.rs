//! `gridloom plot`.

use gridloom::draw::{self, Format};
use gridloom::figure::parts::Every;
use gridloom::figure::reduce::MapStat;
use gridloom::figure::{self, Draft, Gather, Plot, Spec, Spread};
use gridloom::mask::TrueIs;
use gridloom::plan::Resources;
use gridloom::threads::Pool;

use super::Exit;
use super::args::plot::{
    self, ColourArguments, DaysArguments, InputArguments, LookArguments, PlotArguments, PlotKind,
    ReferenceArguments, TraitArguments,
};
use super::talk::tell;

mod strategies;

use strategies::{by_of, share_of, weight_of};

pub(super) fn run(arguments: &PlotArguments) -> anyhow::Result<Exit> {
    let (input, look, spec) = settings(&arguments.kind);
    let format = Format::of(&input.output)?;
    figure::output::check(&input.output, look.work.overwrite)?;
    spec.refuse_too_wide(format)?;
    in_threads(look.work.threads, || {
        let mut gather = Gather::default();
        let draft = Draft::of(&spec, &mut gather)?;
        let (inputs, choices) = (draft.inputs(), draft.choices().to_vec());
        let scene = draft.draw(&spec, &gather.run())?;
        let bytes = draw::encode(&scene, format, spec.dots())?;
        figure::publish(&input.output, &bytes)?;
        if look.work.talk.json {
            super::show::json(&serde_json::json!({
                "picture": input.output,
                "bytes": bytes.len(),
                "width_mm": scene.width / 72.0 * 25.4,
                "height_mm": scene.height / 72.0 * 25.4,
                "title": scene.title,
                "description": scene.description,
                "inputs": inputs,
                "choices": choices,
                "notes": scene.notes,
                "origin": scene.origin.iter().map(|(key, value)| [key, value]).collect::<Vec<_>>(),
            }))?;
        }
        if !look.work.talk.quiet {
            choices.iter().chain(&scene.notes).for_each(|note| tell!("note: {note}"));
            tell!("{}: {}", input.output.display(), scene.title);
        }
        Ok(Exit::Complete)
    })
}

/// Does work on so many threads, or as many as the batch job allows.
pub(super) fn in_threads<T: Send>(
    threads: Option<u16>,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let threads = threads.map_or_else(|| Resources::detect().threads, usize::from);
    Pool::new(threads)?.install(work)
}

fn settings(kind: &PlotKind) -> (&InputArguments, &LookArguments, Spec) {
    let plain = |kind: Plot, input: &InputArguments, look: &LookArguments| Spec {
        kind: Some(kind),
        inputs: input.inputs.clone(),
        variables: input.variable.clone(),
        size: look.size,
        dpi: look.dpi,
        title: look.title.clone(),
        subtitle: look.subtitle.clone(),
        caption: look.caption.clone(),
        corner: look.corner.then_some(true),
        ..Spec::default()
    };
    let dated =
        |spec: Spec, days: &DaysArguments| Spec { from: days.from.clone(), to: days.to.clone(), ..spec };
    let coloured = |spec: Spec, colours: &ColourArguments| Spec {
        cmap: colours.cmap.clone(),
        range: colours.range,
        levels: colours.levels.clone(),
        ..spec
    };
    let changed = |spec: Spec, change: &ReferenceArguments| Spec {
        reference: change.reference.clone(),
        reference_from: change.reference_from.clone(),
        reference_to: change.reference_to.clone(),
        percent: change.percent.then_some(true),
        least: change.least,
        significant: change.significant,
        ..spec
    };
    let of_traits = |spec: Spec, traits: &TraitArguments| Spec {
        traits: traits.traits.clone(),
        weight: traits.weight.map(weight_of),
        ..spec
    };
    match kind {
        PlotKind::Map { input, date, days, stat, difference, reference, area, colours, look } => {
            let spec = coloured(dated(plain(Plot::Map, input, look), days), colours);
            let spec = changed(spec, reference);
            let (date, difference) = (date.clone(), difference.clone());
            (input, look, Spec { date, stat: stat.map(stat_of), difference, bbox: area.bbox, ..spec })
        }
        PlotKind::Series { input, days, every, running, after, spread, cell, area, key, look } => {
            let spec = dated(plain(Plot::Series, input, look), days);
            let (running, cells, labels) = (*running, cell.clone(), key.labels.clone());
            let (every, spread) = (every.map(every_of), spread.map(spread_of));
            let after = after.clone();
            (input, look, Spec { every, running, after, spread, cells, labels, bbox: area.bbox, ..spec })
        }
        PlotKind::Climatology { input, days, area, key, look } => {
            let spec = dated(plain(Plot::Climatology, input, look), days);
            (input, look, Spec { bbox: area.bbox, labels: key.labels.clone(), ..spec })
        }
        PlotKind::Hovmoller { input, days, every, area, colours, look } => {
            let spec = coloured(dated(plain(Plot::Hovmoller, input, look), days), colours);
            (input, look, Spec { every: every.map(every_of), bbox: area.bbox, ..spec })
        }
        PlotKind::Scatter { input, days, every, area, look } => {
            let spec = dated(plain(Plot::Scatter, input, look), days);
            (input, look, Spec { every: every.map(every_of), bbox: area.bbox, ..spec })
        }
        PlotKind::Compare { input, days, stat, reference, area, colours, key, look } => {
            let spec = coloured(dated(plain(Plot::Compare, input, look), days), colours);
            let spec = changed(spec, reference);
            let labels = key.labels.clone();
            (input, look, Spec { stat: stat.map(stat_of), bbox: area.bbox, labels, ..spec })
        }
        PlotKind::Biomass { input, look } => (input, look, plain(Plot::Biomass, input, look)),
        PlotKind::Boxes { input, traits, by, years, range, look } => {
            let spec = of_traits(plain(Plot::Boxes, input, look), traits);
            let (mask, true_is) = (by.mask.clone(), by.true_is.map(TrueIs::from));
            let (by, areas, years) = (by.by.map(by_of), by.area.clone(), years.years.clone());
            (input, look, Spec { by, areas, mask, true_is, years, range: *range, ..spec })
        }
        PlotKind::Density { input, traits, years, colours, look } => {
            let spec = of_traits(coloured(plain(Plot::Density, input, look), colours), traits);
            (input, look, Spec { years: years.clone(), ..spec })
        }
        PlotKind::Limitation { input, weight, years, look } => {
            let (weight, years) = (weight.map(share_of), years.years.clone());
            (input, look, Spec { weight, years, ..plain(Plot::Limitation, input, look) })
        }
        PlotKind::Cycle { input, look } => (input, look, plain(Plot::Cycle, input, look)),
        PlotKind::Drift { input, look } => (input, look, plain(Plot::Drift, input, look)),
        PlotKind::Health { input, look } => (input, look, plain(Plot::Health, input, look)),
        PlotKind::Taylor { input, look } => (input, look, plain(Plot::Taylor, input, look)),
    }
}

fn stat_of(stat: plot::MapStat) -> MapStat {
    match stat {
        plot::MapStat::Mean => MapStat::Mean,
        plot::MapStat::Sum => MapStat::Sum,
        plot::MapStat::Std => MapStat::Std,
        plot::MapStat::Trend => MapStat::Trend,
    }
}

fn every_of(every: plot::Every) -> Every {
    match every {
        plot::Every::Step => Every::Step,
        plot::Every::Month => Every::Month,
        plot::Every::Year => Every::Year,
        plot::Every::All => Every::All,
    }
}

fn spread_of(spread: plot::Spread) -> Spread {
    match spread {
        plot::Spread::None => Spread::None,
        plot::Spread::Std => Spread::Std,
        plot::Spread::Range => Spread::Range,
        plot::Spread::Ensemble => Spread::Ensemble,
        plot::Spread::EnsembleStd => Spread::EnsembleStd,
    }
}
