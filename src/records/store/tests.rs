//! Laws of the store, against a plain model of what records are.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use proptest::prelude::*;

use super::arrange::{Arranging, arrange, joined};
use super::cells::{CellValues, Cells, families};
use super::directory::{Directory, Part};
use super::writer::{self, Writer};
use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::exact::ExactSum;
use crate::records::rows::{Column, MISSING, Rows};

const ELEMENTS: [Element; 3] = [Element::Float32, Element::Float64, Element::Int16];

/// A record: its place, step and values, of which some are missing.
type Record = (u8, i64, Option<f32>, Option<f64>, Option<i16>);

fn place(number: u8) -> [f64; 2] {
    [f64::from(number) - 3.0, -f64::from(number % 2)]
}

fn rows(records: &[Record], repeated: Repeated) -> Rows {
    let is_summed = matches!(repeated, Repeated::Sum | Repeated::Mean);
    let mut rows = Rows { fields: vec![0, 1, 2], ..Rows::default() };
    let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
    let mut sums = [Vec::new(), Vec::new(), Vec::new()];
    for (line, &(cell, step, one, two, three)) in (0u32..).zip(records) {
        // A place may be named more than once.
        rows.cells.push(rows.places.len() as u32);
        rows.places.push(place(cell));
        rows.steps.push(step);
        rows.lines.push(line);
        first.push(one.unwrap_or(f32::NAN));
        second.push(two.unwrap_or(f64::NAN));
        third.push(three.map_or(MISSING, i64::from));
        sums[0].push(one.map_or(f64::NAN, f64::from));
        sums[1].push(two.unwrap_or(f64::NAN));
        sums[2].push(three.map_or(f64::NAN, f64::from));
    }
    rows.columns = match is_summed {
        true => sums.map(Column::F8).to_vec(),
        false => vec![Column::F4(first), Column::F8(second), Column::Whole(third)],
    };
    rows
}

/// What becomes of numbers of one cell and step, in their order.
fn become_one(values: &[Option<f64>], repeated: Repeated) -> Option<f64> {
    let there = || values.iter().flatten().copied();
    match repeated {
        Repeated::Error | Repeated::First => *values.first()?,
        Repeated::Last => *values.last()?,
        Repeated::Min => there().reduce(f64::min),
        Repeated::Max => there().reduce(f64::max),
        Repeated::Sum | Repeated::Mean => {
            let mut sum = ExactSum::default();
            sum.extend(there());
            let count = there().count();
            match (count, repeated) {
                (0, _) => None,
                (count, Repeated::Mean) => Some(sum.to_f64() / count as f64),
                _ => Some(sum.to_f64()),
            }
        }
    }
}

fn bits(value: Option<f64>, sum: Option<f32>, element: Element) -> u64 {
    match (element, value) {
        (Element::Float32, Some(value)) => u64::from(sum.unwrap_or(value as f32).to_bits()),
        (Element::Float32, None) => u64::from(f32::NAN.to_bits()),
        (Element::Float64, value) => value.unwrap_or(f64::NAN).to_bits(),
        (_, Some(value)) if value.fract() == 0.0 && (-32768.0..32768.0).contains(&value) => {
            u64::from((value as i16).cast_unsigned())
        }
        _ => {
            let fill = element.fill();
            u64::from(u16::from_le_bytes([fill[0], fill[1]]))
        }
    }
}

/// Whether a segment has its columns in another order.
fn is_turned(number: u32) -> bool {
    number % 3 == 1
}

fn number() -> impl Strategy<Value = Option<f32>> {
    prop::option::weighted(
        0.8,
        (-1000i32..1000, 0i32..60).prop_map(|(value, scale)| value as f32 * 2f32.powi(-scale)),
    )
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let double = prop::option::weighted(0.8, prop_oneof![Just(0.1), Just(-1e15), Just(3.0), -1e3..1e3f64]);
    let record = (
        0u8..5,
        0i64..60,
        number(),
        double,
        prop::option::weighted(0.8, any::<i16>().prop_map(|v| v.max(-32000))),
    );
    prop::collection::vec(record, 1..120)
}

const KINDS: [Repeated; 7] = [
    Repeated::Error,
    Repeated::Sum,
    Repeated::Mean,
    Repeated::Min,
    Repeated::Max,
    Repeated::First,
    Repeated::Last,
];

proptest! {
    /// Whatever the order of records, wherever they are parted into segments, and whoever writes these: a cell's values are what a plain model
    /// makes of its records.
    #[test]
    fn cells_are_their_records(
        mut records in records(),
        cuts in prop::collection::vec(0usize..120, 0..5),
        kind in 0usize..7,
        order in 0u8..3,
        absent in prop::option::of(Just(7.0)),
    ) {
        let repeated = KINDS[kind];
        match order {
            0 => records.sort_by_key(|record| (record.0, record.1)),
            1 => records.sort_by_key(|record| (record.1, record.0)),
            _ => {}
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(records.len())).collect();
        cuts.extend([0, records.len()]);
        cuts.sort_unstable();
        let (mut parts, mut within) = (Vec::new(), 0);
        for (number, pair) in (0u32..).zip(cuts.windows(2)) {
            let writer = Writer::open(folder.path(), number % 2).expect("a store");
            let (mut rows, mut elements) = (rows(&records[pair[0]..pair[1]], repeated), ELEMENTS);
            if is_turned(number) {
                rows.fields.reverse();
                rows.columns.reverse();
                elements.reverse();
            }
            let how = Arranging { repeated, ..Arranging::default() };
            let mut built = arrange(&rows, &elements, how, &|_| number);
            within += built.repeated.len();
            let segment = writer.append(&mut built, (number, 0)).expect("a segment");
            let file = File::open(writer::segments(folder.path(), number % 2)).expect("a file");
            parts.push(Part { file: Arc::new(file), segment, before: 0 });
        }
        // Segments of the same columns share one list.
        let slots = [Arc::new(vec![0, 1, 2]), Arc::new(vec![2, 1, 0])];
        let slots_of: Vec<_> = (0u32..).zip(&parts).map(|(number, _)| slots[usize::from(is_turned(number))].clone()).collect();
        let steps = joined(parts.iter().flat_map(|part| part.segment.steps.iter().copied()).collect());
        let directory = Directory::make(folder.path(), &parts).expect("a directory");
        let (first, last) = (steps[0].0, steps[steps.len() - 1].1);
        let count = (last - first + 1) as usize;
        let cells = Cells { parts, families: families(&slots_of), slots_of, directory, slots: ELEMENTS.to_vec(), decimals: vec![None; 3], repeated, absent, axis: (first, count), steps, is_keyed: false };
        let mut model: BTreeMap<(u8, i64), Vec<&Record>> = BTreeMap::new();
        records.iter().for_each(|record| model.entry((record.0, record.1)).or_default().push(record));
        let (mut values, mut buffer) = (CellValues::default(), Vec::new());
        let mut across = 0;
        for number in 0..5u8 {
            let Some(at) = cells.directory.places.iter().position(|known| *known == place(number)) else {
                prop_assert!(records.iter().all(|record| record.0 != number));
                continue;
            };
            let repeats = cells.repeats(&[at as u32], &mut buffer).expect("a sound store");
            across += repeats.iter().map(|found| found.steps as usize).sum::<usize>();
            cells.read(&[at as u32], &mut values, &mut buffer).expect("a sound store");
            for step in first..=last {
                let there = records.iter().any(|record| record.1 == step);
                let own = model.get(&(number, step));
                for (slot, element) in ELEMENTS.into_iter().enumerate() {
                    let of = |record: &&Record| match slot {
                        0 => record.2.map(f64::from),
                        1 => record.3,
                        _ => record.4.map(f64::from),
                    };
                    let expected = match own {
                        None => bits(absent.filter(|_| there), None, element),
                        Some(own) => {
                            let numbers: Vec<Option<f64>> = own.iter().map(of).collect();
                            let mut sum = ExactSum::default();
                            sum.extend(numbers.iter().flatten().copied());
                            let sum = (repeated == Repeated::Sum).then(|| sum.to_f32());
                            bits(become_one(&numbers, repeated), sum, element)
                        }
                    };
                    let size = element.size();
                    let at = values.starts[slot] + (step - first) as usize * size;
                    let mut found = [0; 8];
                    found[..size].copy_from_slice(&values.bytes[at..at + size]);
                    prop_assert_eq!(u64::from_le_bytes(found), expected, "cell {}, step {}, {:?}, {:?}", number, step, element, repeated);
                }
            }
        }
        if repeated == Repeated::Error {
            prop_assert_eq!(within + across, records.len() - model.len());
        }
    }
}
