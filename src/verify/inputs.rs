//! What is said of the dumps themselves: which of them could not be used, and the digest of all.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use twox_hash::XxHash3_64;

use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::plan::{Plan, Tables};
use crate::run::Run;
use crate::source::{Memory, Reading};
use crate::table::wanted_years;

use super::Verification;
use super::made::{Made, Wanted};

/// The attribute that names all dumps that files were made of.
pub(super) const DIGEST: &str = "gridloom_input_digest";

/// A dump by its cell, and by its period or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Input {
    Period(Cell, u32),
    Year(Cell, i32),
}

impl Input {
    /// Its cell, and the number that stands for its period or year in the digest of all.
    fn numbered(self) -> (Cell, u32) {
        match self {
            Input::Period(cell, period) => (cell, period),
            Input::Year(cell, year) => (cell, year.cast_unsigned() ^ (1 << 31)),
        }
    }
}

/// The digests of dumps that were read; `None` of those that are not there.
pub(super) type Inputs = BTreeMap<Input, Option<u64>>;

/// The digest of an item that was read. What a folder gives is digested anew; what stands in an archive has the digest of the dump that
/// it was, and what could not be read that of its stamp.
pub(super) fn digest(run: &Run, reading: &Reading, memory: &Memory) -> Option<u64> {
    let stamp = reading.stamp?;
    // What is made of several files has none of its own in memory.
    let is_whole =
        !memory.raw.is_empty() && reading.read == Some(memory.raw.len() as u64) && run.path.is_dir();
    Some(if is_whole { XxHash3_64::oneshot(&memory.raw) } else { stamp.digest })
}

/// Compares what files say of all dumps, where all of them were read.
pub(super) fn compare_digest(plan: &Plan, has_grids: bool, result: &mut Verification) {
    let own = of_all(plan, has_grids, &result.inputs);
    let names: Vec<&String> = result.named.keys().collect();
    let wrong: Vec<(String, String)> = match &own {
        Some(own) => {
            let wrong = result.named.iter().filter(|(named, _)| *named != own);
            wrong.map(|(named, file)| (file.clone(), named.clone())).collect()
        }
        None if names.len() > 1 => {
            vec![(DIGEST.to_owned(), names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "))]
        }
        None => Vec::new(),
    };
    let expected = own.map_or("the same in all files".to_owned(), |own| format!("{DIGEST} = {own}"));
    for (file, found) in wrong {
        result.differ_in(&file, &expected, &found);
    }
}

/// The digest of all dumps that the files of a plan are made of; `None` where some of them were not read.
fn of_all(plan: &Plan, has_grids: bool, read: &Inputs) -> Option<String> {
    let mut wanted = BTreeSet::new();
    let tables = plan.settings.tables.as_ref().filter(|_| !plan.settings.grids);
    if !has_grids && (plan.settings.grids || tables.is_some_and(Tables::needs_days)) {
        for (index, planned) in plan.cells.iter().enumerate() {
            let there = (0..plan.periods.len()).filter(|&period| plan.has_dump(index, period));
            let there = there.filter_map(|period| plan.periods.get(period));
            wanted.extend(there.map(|span| Input::Period(planned.cell, span.period)));
        }
    }
    if let Some(tables) = tables.filter(|tables| !has_grids && tables.needs_years()) {
        let years = wanted_years(plan, tables);
        for planned in &plan.cells {
            let Some(there) = plan.run.cells.get(planned.index) else { continue };
            let there = years.iter().filter(|year| there.years.contains(year));
            wanted.extend(there.map(|&year| Input::Year(planned.cell, year)));
        }
    }
    let mut lines: Vec<(Cell, u32, u64)> = Vec::with_capacity(wanted.len());
    for input in wanted {
        let (cell, number) = input.numbered();
        if let Some(digest) = read.get(&input)? {
            lines.push((cell, number, *digest));
        }
    }
    lines.sort_unstable();
    let mut all = XxHash3_64::default();
    for (cell, number, digest) in &lines {
        all.write(format!("{cell} {number} {digest:016x}\n").as_bytes());
    }
    Some(format!("xxh3:{:016x} of {} dumps", all.finish(), lines.len()))
}

/// Compares what a report names with what was found missing, damaged or absent. Of a part of the files only that part is known.
pub(super) fn compare_report(plan: &Plan, made: &Made, wanted: &Wanted, result: &mut Verification) {
    if let Some(named) = &made.faults {
        let losses = |faults: &[Fault]| -> BTreeMap<_, String> {
            let losses = faults.iter().filter(|fault| fault.is_loss());
            let key = |fault: &Fault| (fault.cell, fault.period, fault.year, fault.variable.clone());
            losses.map(|fault| (key(fault), fault.to_string())).collect()
        };
        let (found, named) = (losses(&result.faults), losses(named));
        // An archive holds no cells that could not be listed.
        let is_known = |key: &&(Cell, Option<u32>, Option<i32>, Option<String>)| {
            wanted.is_all() && (key.1.is_some() || key.2.is_some() || plan.run.path.is_dir())
        };
        let missed = found.iter().filter(|(key, _)| !named.contains_key(*key)).map(|(_, words)| words);
        let false_ones = named.iter().filter(|(key, _)| is_known(key) && !found.contains_key(*key));
        let false_ones = false_ones.map(|(_, words)| words);
        tell(missed.cloned().collect(), false_ones.cloned().collect(), result);
    }
    if !wanted.is_all() {
        return;
    }
    let needs_days = crate::verify::needs_days(plan);
    if let Some(named) = &made.lost_periods {
        let lost = plan.lost.iter().filter(|lost| needs_days && lost.is_loss());
        let found = lost.map(|lost| lost.period).collect();
        let named = named.iter().filter(|lost| lost.is_loss).map(|lost| lost.period).collect();
        differ(&found, &named, |period| format!("period {period} among the lost ones"), result);
    }
    let found = plan.absent.iter().cloned().collect();
    let named = made.absent.iter().cloned().collect();
    differ(&found, &named, |words: &String| format!("that {words}"), result);
    if let Some(named) = &made.lost_variables {
        let found = plan.lost_variables().map(str::to_owned).collect();
        let named = named.iter().cloned().collect();
        differ(&found, &named, |key: &String| format!("{key} among the lost variables"), result);
    }
}

/// Tells what is found and not named, and what is named and not found.
pub(super) fn differ<T: Ord>(
    found: &BTreeSet<T>,
    named: &BTreeSet<T>,
    words: impl Fn(&T) -> String,
    result: &mut Verification,
) {
    let missed = found.difference(named).map(&words).collect();
    let false_ones = named.difference(found).map(&words).collect();
    tell(missed, false_ones, result);
}

fn tell(missed: Vec<String>, false_ones: Vec<String>, result: &mut Verification) {
    for words in missed {
        result.differ_in("report.json", &format!("it names {words}"), "it does not");
    }
    for words in false_ones {
        result.differ_in("report.json", &format!("it does not name {words}"), "it does");
    }
}
