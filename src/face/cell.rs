//! A cell's series as an array.

use ndarray::{Array1, Array2};
use ndarray_stats::interpolate::Linear;
use ndarray_stats::{Quantile1dExt, SummaryStatisticsExt};
use noisy_float::types::{N64, n64};

use crate::error::{Argument, Error, Result};
use crate::model::axis::Axis;
use crate::model::element::Element;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::place::{self, CellSeries};
use crate::plan::{Area, Plan, Selection, Settings};
use crate::run::Run;
use crate::source::{Desk, Memory, Wanted};

/// A variable of one cell, on all days that the run has of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CellArray<T> {
    /// `[row, day]`; one row where the variable has none. What is masked holds the fill value: 1e20 of floats.
    pub values: Array2<T>,
    /// Whether a place has no value: NaN or masked in the dump, or no dump has the day.
    pub mask: Array2<bool>,
    /// The days.
    pub axis: Axis,
    /// The names of the rows.
    pub rows: Vec<String>,
    /// Units by the table of variables, where it knows the variable.
    pub units: Option<String>,
    /// Dumps that could not be used, or not wholly. Their days are masked.
    pub faults: Vec<Fault>,
}

/// A type of values.
pub trait Number: Copy + PartialEq + sealed::Sealed {
    /// The same as the run names it.
    const ELEMENT: Element;

    /// A value of little-endian bytes.
    fn of(bytes: &[u8]) -> Option<Self>;

    /// The nearest double.
    fn to_f64(self) -> f64;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($kind:ident $element:ident),*) => {$(
        impl sealed::Sealed for $kind {}

        impl Number for $kind {
            const ELEMENT: Element = Element::$element;

            fn of(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }

            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}

numbers!(
    f32 Float32, f64 Float64, i8 Int8, i16 Int16, i32 Int32, i64 Int64, u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64
);

impl Run {
    /// Reads a variable of a cell, of all periods, as `[row, day]`. Every number is the dump's own.
    ///
    /// Memory: one dump, and the array.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the run has no such cell or variable, or the variable has another type;
    /// [`Overlap`](crate::ErrorKind::Overlap) and [`Mixed`](crate::ErrorKind::Mixed) where periods do not fit together. A dump that cannot be used is no error.
    pub fn read<T: Number>(&self, cell: Cell, variable: &str) -> Result<CellArray<T>> {
        if self.cells.binary_search_by_key(&cell, |one| one.cell).is_err() {
            return Err(Error::selection(Argument::Cell, cell, "the run does not have it"));
        }
        let selection = Selection {
            variables: vec![variable.to_owned()],
            area: Area::List(vec![cell]),
            ..Selection::default()
        };
        let plan = Plan::new(self.clone(), Settings { selection, ..Settings::default() })?;
        if let Some(layer) = plan.layers.iter().find(|layer| layer.element != T::ELEMENT) {
            let reason = format!("its type is {}, not {}", layer.element, T::ELEMENT);
            return Err(Error::selection(Argument::Variable, variable, reason));
        }
        let shape = (plan.layers.len(), plan.axis.days as usize);
        let fill = T::of(T::ELEMENT.fill_bytes())
            .ok_or_else(|| Error::bug(format!("{} is not as long as it says", T::ELEMENT)))?;
        let mut array = CellArray {
            values: Array2::from_elem(shape, fill),
            mask: Array2::from_elem(shape, true),
            axis: plan.axis.clone(),
            rows: plan.layers.iter().map(|layer| layer.name.clone()).collect(),
            units: plan.layers.first().and_then(|layer| plan.settings.table.get(&layer.key)?.units.clone()),
            faults: plan.missing.clone(),
        };
        array.fill(&plan, cell, fill);
        Ok(array)
    }
}

impl<T: Number> CellArray<T> {
    /// The values of a row that are there, in order, as doubles.
    pub fn there(&self, row: usize) -> Array1<f64> {
        if row >= self.values.nrows() {
            return Array1::default(0);
        }
        let values = self.values.row(row).into_iter().zip(self.mask.row(row));
        values.filter(|(_, masked)| !**masked).map(|(value, _)| value.to_f64()).collect()
    }

    /// Quantiles of a row's values, shares from 0 to 1, linear between neighbours; `None` where there are no values, or a share is none.
    pub fn quantiles(&self, row: usize, shares: &[f64]) -> Option<Vec<f64>> {
        let mut values: Array1<N64> =
            self.there(row).into_iter().filter(|value| !value.is_nan()).map(n64).collect();
        let shares: Array1<N64> = shares
            .iter()
            .map(|&share| (0.0..=1.0).contains(&share).then(|| n64(share)))
            .collect::<Option<_>>()?;
        let quantiles = values.quantiles_mut(&shares, &Linear).ok()?;
        Some(quantiles.into_iter().map(N64::raw).collect())
    }

    /// Central moments of a row's values, from the one of order 0 (1) and 1 (0) to that of an order: the second is the variance of the
    /// population. `None` where there are no values.
    pub fn central_moments(&self, row: usize, order: u16) -> Option<Vec<f64>> {
        self.there(row).central_moments(order).ok()
    }

    fn fill(&mut self, plan: &Plan, cell: Cell, fill: T) {
        let (mut memory, mut series) = (Memory::default(), CellSeries::default());
        let wants = |key: &str| plan.wants(key);
        let index = plan.run.cells.binary_search_by_key(&cell, |one| one.cell).ok();
        let there = index.and_then(|index| plan.run.cells.get(index));
        for span in plan.periods.iter().filter(|span| there.is_some_and(|cell| cell.has(span.period))) {
            let mut desk = Desk::new(&plan.memory.limits, &mut memory);
            let mut faults = Vec::new();
            let reading = plan.run.source().period(
                cell,
                span.period,
                Wanted::Keys(&wants),
                &mut desk,
                &mut |content| {
                    let (first, _) = place::span_on_axis(content, &plan.axis)?;
                    series.fill_from(content, first, &plan.layers, &mut |key, kind, message| {
                        let variable = Some(key.to_owned());
                        let period = Some(span.period);
                        faults.push(Fault { cell, period, year: None, variable, kind, message });
                    });
                    Ok(())
                },
            );
            self.faults.append(&mut faults);
            match reading.result {
                Ok(()) => self.put(plan, &series, fill),
                Err(refusal) => self.faults.push(place::fault_of(cell, span.period, refusal)),
            }
        }
    }

    fn put(&mut self, plan: &Plan, series: &CellSeries, fill: T) {
        for (row, layer) in plan.layers.iter().enumerate() {
            let part = series.part(row, layer.element, 0, i64::from(plan.axis.days));
            let Some((first, bytes)) = part else { continue };
            let values = bytes.chunks_exact(layer.element.size()).filter_map(T::of);
            for (day, value) in (first as usize..).zip(values) {
                let place = (row, day);
                if let (Some(target), Some(mask)) = (self.values.get_mut(place), self.mask.get_mut(place)) {
                    *target = value;
                    *mask = value == fill;
                }
            }
        }
    }
}
