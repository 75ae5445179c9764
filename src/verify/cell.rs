//! A cell's dumps and yearly files, read anew.

use crate::caete::{self, CommunityYear};
use crate::dump::Limits;
use crate::model::element::Element;
use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::pipeline::no_traits;
use crate::plan::{Plan, PlannedCell};
use crate::source::{Desk, Memory};

use super::daily::{ReadDump, read_dump};
use super::inputs::{self, Input, Inputs};
use super::silences::{Heard, Silences};
use super::slab::CellDump;
use super::value::number;

/// All that is known of a cell.
#[derive(Default)]
pub(super) struct CellData {
    /// Its dumps, in the order of their days.
    pub dumps: Vec<CellDump>,
    /// Its years, in order.
    pub years: Vec<CommunityYear>,
    pub faults: Vec<Fault>,
    pub inputs: Inputs,
    /// What of its dumps has no values at its end.
    pub silent: Silences,
    /// Files that were read.
    pub read: u64,
}

/// What of a cell is wanted.
pub(super) struct Needs {
    pub days: bool,
    /// The years of the yearly tables; empty where none is needed.
    pub years: Vec<i32>,
}

impl CellData {
    pub fn read(plan: &Plan, planned: PlannedCell, needs: &Needs) -> Self {
        let mut data = CellData::default();
        let there = plan.run.cells.get(planned.index);
        if needs.days {
            for (index, period) in plan.periods.iter().enumerate() {
                if !there.is_some_and(|cell| cell.has(period.period)) {
                    continue;
                }
                let ReadDump { dump, digest, faults, heard } = read_dump(plan, planned, (0, 0), index);
                let input = Input::Period(planned.cell, period.period);
                data.inputs.insert(input, digest);
                data.silent.add(input, heard);
                data.read += u64::from(dump.is_some());
                data.faults.extend(faults);
                data.dumps.extend(dump);
            }
            let is_by_number = plan.settings.tables.as_ref().is_some_and(|tables| tables.by_period);
            data.dumps.sort_by_key(|dump| (if is_by_number { dump.period } else { 0 }, dump.first));
        }
        for &year in &needs.years {
            let is_there = there.is_some_and(|cell| cell.years.contains(&year));
            let read = match is_there {
                true => {
                    let (digest, read) = read_year(plan, planned, year);
                    let input = Input::Year(planned.cell, year);
                    data.inputs.insert(input, digest);
                    data.silent.add(input, read.as_ref().ok().map(Heard::of_year));
                    read
                }
                false => Err((FaultKind::Missing, "the file is missing".to_owned())),
            };
            match read {
                Ok(found) => {
                    data.read += 1;
                    let tables = plan.settings.tables.as_ref();
                    data.faults.extend(tables.and_then(|tables| no_traits(tables, planned.cell, &found)));
                    data.years.push(found);
                }
                Err((kind, message)) => data.faults.push(Fault {
                    cell: planned.cell,
                    period: None,
                    year: Some(year),
                    variable: None,
                    kind,
                    message,
                }),
            }
        }
        data
    }

    /// A layer's values on the days of each dump that are on the axis: the dump's period, the first of these days and the values, by period.
    pub fn by_period(&self, layer: usize, element: Element, days: usize) -> Vec<(u32, usize, Vec<f64>)> {
        let of = |dump: &CellDump| {
            let (mut first, mut values) = (None, Vec::new());
            for index in 0..dump.days {
                let day = usize::try_from(dump.first + index as i64).ok().filter(|&day| day < days);
                let Some(day) = day else { continue };
                first = first.or(Some(day));
                let size = element.size();
                let bytes = dump.layers.get(layer).and_then(Option::as_ref);
                let bytes = bytes.and_then(|bytes| bytes.get(index * size..(index + 1) * size));
                values.push(bytes.and_then(|bytes| number(element, bytes)).unwrap_or(f64::NAN));
            }
            (dump.period, first.unwrap_or(0), values)
        };
        let mut all: Vec<(u32, usize, Vec<f64>)> = self.dumps.iter().map(of).collect();
        all.sort_by_key(|(period, ..)| *period);
        all
    }

    /// A layer's values on all days of the axis: NaN where there is none.
    pub fn on_axis(&self, layer: usize, element: Element, days: usize) -> Vec<f64> {
        let mut values = vec![f64::NAN; days];
        for dump in &self.dumps {
            let Some(Some(bytes)) = dump.layers.get(layer) else { continue };
            for (index, bytes) in bytes.chunks_exact(element.size()).enumerate() {
                let day = usize::try_from(dump.first + index as i64).ok();
                if let Some(target) = day.and_then(|day| values.get_mut(day)) {
                    *target = number(element, bytes).unwrap_or(f64::NAN);
                }
            }
        }
        values
    }
}

/// The communities of a year, and the digest of its file.
fn read_year(plan: &Plan, planned: PlannedCell, year: i32) -> (Option<u64>, Result<CommunityYear, Refusal>) {
    let limits = Limits { decoded_bytes: plan.settings.limits.decoded_bytes, ..plan.memory.limits };
    let (mut memory, mut found) = (Memory::default(), None);
    let mut desk = Desk::new(&limits, &mut memory);
    let reading = plan.run.source().year(planned.cell, year, &mut desk, &mut |root| {
        found = Some(caete::year_of(root, year)?);
        Ok(())
    });
    let nothing = || (FaultKind::Damaged, "its source shows nothing of it".to_owned());
    let digest = inputs::digest(&plan.run, &reading, &memory);
    (digest, reading.result.and_then(|()| found.ok_or_else(nothing)))
}
