//! A change that is calculated in another way, as a proof: sums without an error, one value after another.

use crate::aggregate::exact::Exact;
use crate::aggregate::welch::Sample;

use super::measure::{Measured, Steps, changes};

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
        // Infinite ones are not near each other, but may be the same.
        let is_same =
            *made == anew || (made.is_nan() && anew.is_nan()) || (*made - anew).abs() <= allowed(index);
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
            whole.add_product(*value, length);
            days.add(length);
        }
        let days = days.value();
        if days == 0.0 { f64::NAN } else { whole.over(days).0 }
    };
    let means = years.iter().filter_map(|year| values.get(year.clone()).map(|own| mean(year.start, own)));
    let means: Vec<f64> = means.filter(|mean| !mean.is_nan()).collect();
    let count = means.len() as f64;
    let middle = Exact::of(means.iter().copied()).value() / count;
    let squares = means.iter().map(|mean| (mean - middle) * (mean - middle));
    let variance = Exact::of(squares).value() / (count - 1.0);
    let largest = values.iter().copied().filter(|value| !value.is_nan()).map(f64::abs).fold(0.0, f64::max);
    Measured {
        mean: mean(0, values),
        largest,
        years: Sample { count: means.len() as u64, mean: middle, variance },
    }
}
