//! A change that is calculated in another way, as a proof: sums without an error, one value after another.

use super::measure::{Measured, Steps, changes};
use crate::aggregate::welch::Sample;

/// Numbers that were rounded several times differ by this share at most.
const ROUNDED: f64 = 4.0 * f64::EPSILON;
/// The same of a probability, whose calculation takes many steps.
const PROBABILITY: f64 = 1e-9;

/// What was made, where calculating it anew comes to the same but for rounding; what comes of that where it does not.
pub(super) fn proved(
    made: [f64; 7],
    before: (&Steps, &[f64]),
    window: (&Steps, &[f64]),
    least: f64,
) -> [f64; 7] {
    let (then, now) = (measure(before), measure(window));
    let anew = changes(&then, &now, least);
    // A difference of means is as exact as these are.
    let scale = then.mean.abs().max(now.mean.abs());
    let [.., percent, _] = made;
    let allowed = |index: usize| match index {
        0..=4 => ROUNDED * scale,
        5 => ROUNDED * (percent.abs() + 200.0 * (1.0 + scale / then.mean.abs())),
        _ => PROBABILITY,
    };
    let mut proved = made;
    for (index, (made, anew)) in proved.iter_mut().zip(anew).enumerate() {
        let is_same = (made.is_nan() && anew.is_nan()) || (*made - anew).abs() <= allowed(index);
        if !is_same {
            *made = anew;
        }
    }
    proved
}

fn measure((steps, values): (&Steps, &[f64])) -> Measured {
    let (lengths, years) = steps.parts();
    let mean = |first: usize, own: &[f64]| {
        let (mut whole, mut days) = (Exact::default(), Exact::default());
        for (step, value) in (first..).zip(own).filter(|(_, value)| !value.is_nan()) {
            let length = lengths.and_then(|lengths| lengths.get(step)).copied().unwrap_or(1.0);
            let product = value * length;
            whole.add(product);
            whole.add(value.mul_add(length, -product));
            days.add(length);
        }
        if days.sum() == 0.0 { f64::NAN } else { whole.sum() / days.sum() }
    };
    let means = years.iter().filter_map(|year| values.get(year.clone()).map(|own| mean(year.start, own)));
    let means: Vec<f64> = means.filter(|mean| !mean.is_nan()).collect();
    let count = means.len() as f64;
    let total = |values: &mut dyn Iterator<Item = f64>| {
        let mut exact = Exact::default();
        values.for_each(|value| exact.add(value));
        exact.sum()
    };
    let middle = total(&mut means.iter().copied()) / count;
    let variance = total(&mut means.iter().map(|mean| (mean - middle) * (mean - middle))) / (count - 1.0);
    let largest = values.iter().copied().filter(|value| !value.is_nan()).map(f64::abs).fold(0.0, f64::max);
    Measured {
        mean: mean(0, values),
        largest,
        years: Sample { count: means.len() as u64, mean: middle, variance },
    }
}

/// A sum that loses nothing: parts of which none overlaps another (Shewchuk 1997).
#[derive(Default)]
struct Exact {
    parts: Vec<f64>,
}

impl Exact {
    fn add(&mut self, value: f64) {
        let (mut value, mut kept) = (value, Vec::with_capacity(self.parts.len() + 1));
        for &part in &self.parts {
            let (large, small) = if value.abs() < part.abs() { (part, value) } else { (value, part) };
            let sum = large + small;
            let lost = small - (sum - large);
            if lost != 0.0 {
                kept.push(lost);
            }
            value = sum;
        }
        kept.push(value);
        self.parts = kept;
    }

    fn sum(&self) -> f64 {
        self.parts.iter().sum()
    }
}
