//! Whether a figure can show all that its settings say. What cannot be shown is refused: it would be left out without a word.

use crate::draw::Format;
use crate::error::{Argument, Error, Reason, Result};
use crate::words::many;

use super::spec::{Plot, Spec};

mod change;

/// Millimetres of a side, and dots per inch.
const SIZES: (f64, f64) = (30.0, 2000.0);
const DOTS: (f64, f64) = (20.0, 1200.0);

const FILES: &str = "file or folder";

/// A setting that only some kinds have.
struct Setting {
    /// As it is called in a list.
    name: &'static str,
    argument: Argument,
    is_given: fn(&Spec) -> bool,
}

/// All of them.
const SETTINGS: [Setting; 28] = [
    Setting { name: "after", argument: Argument::After, is_given: |spec| spec.after.is_some() },
    Setting { name: "date", argument: Argument::Date, is_given: |spec| spec.date.is_some() },
    Setting { name: "from", argument: Argument::From, is_given: |spec| spec.from.is_some() },
    Setting { name: "to", argument: Argument::To, is_given: |spec| spec.to.is_some() },
    Setting { name: "stat", argument: Argument::Stat, is_given: |spec| spec.stat.is_some() },
    Setting {
        name: "difference",
        argument: Argument::Difference,
        is_given: |spec| spec.difference.is_some(),
    },
    Setting { name: "reference", argument: Argument::Reference, is_given: |spec| spec.reference.is_some() },
    Setting {
        name: "reference-from",
        argument: Argument::ReferenceFrom,
        is_given: |spec| spec.reference_from.is_some(),
    },
    Setting {
        name: "reference-to",
        argument: Argument::ReferenceTo,
        is_given: |spec| spec.reference_to.is_some(),
    },
    Setting { name: "percent", argument: Argument::Percent, is_given: |spec| spec.percent.is_some() },
    Setting { name: "least", argument: Argument::Least, is_given: |spec| spec.least.is_some() },
    Setting {
        name: "significant",
        argument: Argument::Significant,
        is_given: |spec| spec.significant.is_some(),
    },
    Setting { name: "traits", argument: Argument::Traits, is_given: |spec| !spec.traits.is_empty() },
    Setting { name: "by", argument: Argument::By, is_given: |spec| spec.by.is_some() },
    Setting { name: "weight", argument: Argument::Weight, is_given: |spec| spec.weight.is_some() },
    Setting { name: "years", argument: Argument::Years, is_given: |spec| spec.years.is_some() },
    Setting { name: "areas", argument: Argument::Areas, is_given: |spec| !spec.areas.is_empty() },
    Setting { name: "mask", argument: Argument::Mask, is_given: |spec| spec.mask.is_some() },
    Setting { name: "true-is", argument: Argument::Mask, is_given: |spec| spec.true_is.is_some() },
    Setting { name: "every", argument: Argument::Every, is_given: |spec| spec.every.is_some() },
    Setting { name: "bbox", argument: Argument::Area, is_given: |spec| spec.bbox.is_some() },
    Setting { name: "cells", argument: Argument::Cell, is_given: |spec| !spec.cells.is_empty() },
    Setting { name: "running", argument: Argument::Running, is_given: |spec| spec.running.is_some() },
    Setting { name: "spread", argument: Argument::Spread, is_given: |spec| spec.spread.is_some() },
    Setting { name: "labels", argument: Argument::Labels, is_given: |spec| !spec.labels.is_empty() },
    Setting { name: "cmap", argument: Argument::Colours, is_given: |spec| spec.cmap.is_some() },
    Setting { name: "range", argument: Argument::Range, is_given: |spec| spec.range.is_some() },
    Setting { name: "levels", argument: Argument::Levels, is_given: |spec| spec.levels.is_some() },
];

impl Plot {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Plot::Map => "map",
            Plot::Series => "series",
            Plot::Climatology => "climatology",
            Plot::Hovmoller => "hovmoller",
            Plot::Scatter => "scatter",
            Plot::Compare => "compare",
            Plot::Biomass => "biomass",
            Plot::Health => "health",
            Plot::Taylor => "taylor",
            Plot::Cycle => "cycle",
            Plot::Limitation => "limitation",
            Plot::Boxes => "boxes",
            Plot::Density => "density",
            Plot::Drift => "drift",
        }
    }

    /// Whether a setting, as it is called in a list, means anything to it.
    pub(super) fn has(self, setting: &str) -> bool {
        self.own().contains(&setting) || !SETTINGS.iter().any(|one| one.name == setting)
    }

    /// Those of the listed settings that it has.
    fn own(self) -> &'static [&'static str] {
        match self {
            Plot::Map => &[
                "date",
                "from",
                "to",
                "stat",
                "difference",
                "reference",
                "reference-from",
                "reference-to",
                "percent",
                "least",
                "significant",
                "bbox",
                "cmap",
                "range",
                "levels",
            ],
            Plot::Series => {
                &["after", "from", "to", "every", "bbox", "cells", "running", "spread", "labels", "range"]
            }
            Plot::Climatology => &["from", "to", "bbox", "labels", "range"],
            Plot::Hovmoller => &["from", "to", "every", "bbox", "cmap", "range", "levels"],
            Plot::Scatter => &["from", "to", "every", "bbox"],
            Plot::Compare => &[
                "date",
                "from",
                "to",
                "stat",
                "reference",
                "reference-from",
                "reference-to",
                "percent",
                "least",
                "significant",
                "bbox",
                "labels",
                "cmap",
                "range",
                "levels",
            ],
            Plot::Limitation => &["weight", "years"],
            Plot::Boxes => &["traits", "by", "weight", "years", "areas", "mask", "true-is", "range"],
            Plot::Density => &["traits", "weight", "years", "cmap", "range", "levels"],
            Plot::Biomass | Plot::Health | Plot::Taylor | Plot::Cycle | Plot::Drift => &[],
        }
    }

    /// How many inputs and variables it shows at most.
    fn most(self) -> [usize; 2] {
        match self {
            Plot::Map | Plot::Hovmoller => [1, 1],
            Plot::Compare => [2, 1],
            Plot::Scatter => [2, 2],
            Plot::Series | Plot::Climatology => [usize::MAX, usize::MAX],
            Plot::Drift => [1, usize::MAX],
            Plot::Biomass
            | Plot::Health
            | Plot::Taylor
            | Plot::Cycle
            | Plot::Limitation
            | Plot::Boxes
            | Plot::Density => [1, 0],
        }
    }
}

impl Spec {
    /// Refuses what would not be drawn.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(super) fn check(&self, kind: Plot) -> Result<()> {
        let name = kind.name();
        let [inputs, variables] = kind.most();
        let too_many = |argument, value: String, what: &str, count: usize, most: usize| {
            let most = match most {
                0 => format!("no {what}"),
                1 => format!("1 {what}"),
                most if what == FILES => format!("{most} files or folders"),
                most => format!("{most} {what}s"),
            };
            Err(Error::selection(argument, value, format!("{count} given; {name} shows {most}")))
        };
        if self.inputs.len() > inputs {
            let files: Vec<String> =
                self.inputs.iter().take(3).map(|path| path.display().to_string()).collect();
            return too_many(Argument::File, files.join(","), FILES, self.inputs.len(), inputs);
        }
        if self.variables.len() > variables {
            let value = self.variables.join(",");
            return too_many(Argument::Variable, value, "variable", self.variables.len(), variables);
        }
        for Setting { argument, is_given, .. } in SETTINGS.iter().filter(|setting| !kind.has(setting.name)) {
            if is_given(self) {
                return Err(Error::selection(*argument, "", format!("is not a setting of {name}")));
            }
        }
        let together = |argument, others: &[(Argument, bool)]| {
            others.iter().find(|(_, is_given)| *is_given).map_or(Ok(()), |(other, _)| {
                Err(Error::selection(argument, "", Reason::from("does not go with ").naming(*other)))
            })
        };
        if self.date.is_some() {
            let others = [self.from.is_some(), self.to.is_some(), self.stat.is_some()];
            let names = [Argument::From, Argument::To, Argument::Stat];
            together(Argument::Date, &names.into_iter().zip(others).collect::<Vec<_>>())?;
        }
        if !self.cells.is_empty() {
            together(Argument::Cell, &[(Argument::Area, self.bbox.is_some())])?;
        }
        self.check_change(kind)?;
        let runs = self.inputs.len();
        // Two windows of one input have names as well, and so has the run before.
        let names = if kind == Plot::Compare { 2 } else { runs.max(1) } + usize::from(self.after.is_some());
        if self.labels.len() > names {
            let inputs = if runs == 1 { "1 input" } else { &format!("{runs} inputs") };
            let reason = format!("{} given for {inputs}; a label names an input", self.labels.len());
            return Err(Error::selection(Argument::Labels, self.labels.join(","), reason));
        }
        if let Some(running @ 0..2) = self.running {
            return Err(Error::selection(Argument::Running, running, "a running mean takes 2 steps or more"));
        }
        self.check_size()
    }

    /// Refuses a width that no picture has, before anything is read.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) with the limit.
    pub fn refuse_too_wide(&self, format: Format) -> Result<()> {
        let (Format::Png, Some([width, height])) = (format, self.size) else { return Ok(()) };
        let points = |millimetres: f64| millimetres / 25.4 * 72.0;
        crate::draw::png::check_size(points(width), points(height), self.dots())
            .map_err(|reason| Error::selection(Argument::Size, format!("{width}x{height}"), reason))
    }

    /// That there is nothing to draw, by the box where there is one: it is what leaves out most.
    pub(super) fn nothing(&self, variable: &str, words: &str) -> Error {
        match self.bbox {
            Some([n, s, w, e]) => Error::selection(
                Argument::Area,
                format!("{n},{s},{w},{e}"),
                format!("{variable} has no value there in {words}"),
            ),
            None => Error::selection(Argument::Variable, variable, format!("has no value in {words}")),
        }
    }

    /// Refuses a running mean over more steps than there are.
    pub(super) fn refuse_long_running(&self, steps: usize) -> Result<()> {
        match self.running {
            Some(running) if running > steps => {
                let reason = format!(
                    "the series has {}; a running mean takes 2 of them at least, and all at most",
                    many(steps as u64, "step")
                );
                Err(Error::selection(Argument::Running, running, reason))
            }
            _ => Ok(()),
        }
    }

    fn check_size(&self) -> Result<()> {
        let (least, most) = SIZES;
        if let Some(sides @ [width, height]) = self.size {
            let fits = |side: f64| side == 0.0 || (least..=most).contains(&side);
            if !sides.into_iter().all(fits) || sides == [0.0; 2] {
                let given = if height == 0.0 { format!("{width}") } else { format!("{width}x{height}") };
                let reason = format!("a side has {least} to {most} mm");
                return Err(Error::selection(Argument::Size, given, reason));
            }
        }
        let (least, most) = DOTS;
        match self.dpi {
            Some(dpi) if !(least..=most).contains(&dpi) => {
                let reason = format!("a picture has {least} to {most} dots per inch");
                Err(Error::selection(Argument::Dots, format!("{dpi}"), reason))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: &str) -> String {
        let spec: Spec = toml::from_str(settings).expect("settings");
        let kind = spec.kind.expect("a kind");
        spec.check(kind).err().map(|error| error.to_string()).unwrap_or_default()
    }

    /// A setting that no kind has, or that only kinds know, would never be refused.
    #[test]
    fn settings_are_listed_once_and_belong_to_a_kind() {
        let kinds = [
            Plot::Map,
            Plot::Series,
            Plot::Climatology,
            Plot::Hovmoller,
            Plot::Scatter,
            Plot::Compare,
            Plot::Limitation,
            Plot::Boxes,
            Plot::Density,
        ];
        for Setting { name, is_given, .. } in &SETTINGS {
            assert_eq!(SETTINGS.iter().filter(|other| other.name == *name).count(), 1, "{name}");
            assert!(kinds.iter().any(|kind| kind.has(name)), "{name}");
            assert!(!Plot::Health.has(name) && !is_given(&Spec::default()), "{name}");
        }
        let listed = |name: &&&str| SETTINGS.iter().any(|setting| setting.name == **name);
        for kind in kinds {
            let unknown: Vec<_> = kind.own().iter().filter(|name| !listed(name)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", kind.name());
        }
    }

    #[test]
    fn what_would_not_be_drawn_is_refused() {
        for (settings, words) in [
            ("kind = 'map'\ninput = 'a'\nvariables = ['npp', 'lai']", "2 given; map shows 1 variable"),
            ("kind = 'map'\ninputs = ['a', 'b']", "2 given; map shows 1 file or folder"),
            ("kind = 'hovmoller'\ninputs = ['a', 'b']", "hovmoller shows 1"),
            ("kind = 'compare'\ninputs = ['a', 'b']\nvariables = ['npp', 'lai']", "compare shows 1 variable"),
            ("kind = 'scatter'\ninput = 'a'\nvariables = ['a', 'b', 'c']", "scatter shows 2 variables"),
            ("kind = 'biomass'\ninput = 'a'\nvariable = 'npp'", "biomass shows no variable"),
            ("kind = 'series'\ninput = 'a'\nstat = 'std'", "stat: is not a setting of series"),
            ("kind = 'scatter'\ninputs = ['a', 'b']\nlevels = '3'", "levels: is not a setting of scatter"),
            ("kind = 'map'\ninput = 'a'\ndate = '2000-01-01'\nstat = 'std'", "date: does not go with stat"),
            (
                "kind = 'series'\ninput = 'a'\ncells = [[1, 2]]\nbbox = [1, 0, 0, 1]",
                "cell: does not go with area",
            ),
            ("kind = 'series'\ninput = 'a'\nlabels = ['a', 'b']", "2 given for 1 input;"),
            ("kind = 'map'\ninput = 'a'\nsize = [20, 0]", "30 to 2000 mm"),
            ("kind = 'map'\ninput = 'a'\nsize = [1, 2]", "size \"1x2\""),
            ("kind = 'map'\ninput = 'a'\nsize = [0, 0]", "30 to 2000 mm"),
            ("kind = 'series'\ninput = 'a'\nrunning = 0", "2 steps or more"),
            ("kind = 'compare'\ninputs = ['a', 'b', 'c']", "compare shows 2 files or folders"),
            ("kind = 'map'\ninput = 'a'\ndpi = 0", "20 to 1200 dots"),
        ] {
            assert!(refused(settings).contains(words), "{settings}: {:?}", refused(settings));
        }
        for settings in [
            "kind = 'map'\ninput = 'a'\nvariable = 'npp'\nstat = 'std'\nrange = [0, 1]\ndifference = 'b'",
            "kind = 'series'\ninputs = ['a', 'b']\nvariables = ['npp', 'lai']\nlabels = ['one', 'two']\nrange = [0, 1]",
            "kind = 'compare'\ninput = 'a'\nreference-from = '2000-01-01'\nlabels = ['then', 'now']",
            "kind = 'health'\ninput = 'a'\ntitle = 'Losses'\nsize = [160, 90]\ndpi = 300\ncorner = true",
        ] {
            assert_eq!(refused(settings), "", "{settings}");
        }
    }
}
