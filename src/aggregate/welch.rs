//! Welch's t-test: whether the means of two samples differ by more than chance has it.
//!
//! ```
//! # use gridloom::aggregate::welch::{Sample, p_value};
//! let before = Sample { count: 5, mean: 1.0, variance: 0.5 };
//! let after = Sample { count: 5, mean: 2.0, variance: 0.5 };
//! let p = p_value(after, before).unwrap();
//! assert!((p - 0.055_766).abs() < 1e-6);
//! assert_eq!(p_value(after, Sample { count: 1, ..before }), None);
//! ```
//!
//! # Method
//! Variances may differ between the samples; the degrees of freedom are those of Welch and Satterthwaite, of any size. The
//! tails of Student's t distribution are a regularized incomplete beta function, by its continued fraction (Lentz's way),
//! or for very many degrees of freedom by Hill's (1970) expansion around the normal one. All functions are libm's, so that
//! the last bit is the same on all machines.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Degrees of freedom from which on Hill's expansion is exact to the last digits.
const MANY: f64 = 1e6;
/// Terms of the continued fraction; some hundred suffice below [`MANY`].
const MOST_TERMS: u32 = 20_000;

/// What is known of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Values, each of which counts alike.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The variance of a sample: divided by count - 1.
    pub variance: f64,
}

impl Sample {
    /// The sample of values that are not NaN. Mean and variance are NaN where there is none, or only one.
    pub fn of(values: &[f64]) -> Self {
        let moments = super::moments::Moments::of(values);
        Sample { count: moments.count(), mean: moments.mean(), variance: moments.sample_variance() }
    }
}

/// The two-sided probability that means are as far from each other by chance. None below two values on a side, where both
/// variances are 0, and where a mean or variance is not a number.
pub fn p_value(one: Sample, other: Sample) -> Option<f64> {
    if one.count < 2 || other.count < 2 {
        return None;
    }
    let square = |sample: Sample| sample.variance / sample.count as f64;
    let (first, second) = (square(one), square(other));
    let both = first + second;
    let apart = (one.mean - other.mean).abs();
    let sound = first >= 0.0 && second >= 0.0 && both > 0.0 && both.is_finite() && apart.is_finite();
    if !sound {
        return None;
    }
    let share = |square: f64, sample: Sample| {
        let part = square / both;
        part * part / (sample.count - 1) as f64
    };
    let freedom = 1.0 / (share(first, one) + share(second, other));
    Some(two_tails(apart / libm::sqrt(both), freedom))
}

/// The probability that |T| is `t` or more, for T of Student's distribution. Both are positive; `t` may be infinite.
fn two_tails(t: f64, freedom: f64) -> f64 {
    if t == 0.0 {
        return 1.0;
    }
    if freedom > MANY {
        return hill(t, freedom);
    }
    let a = freedom / 2.0;
    let ratio = t * t / freedom;
    if ratio.is_infinite() {
        // x^a / (a B(a, 1/2)): the first term is all that is left.
        let log = a * (libm::log(freedom) - 2.0 * libm::log(t));
        return libm::exp(log) * gamma_ratio(a) / libm::sqrt(PI) / a;
    }
    // x = freedom / (freedom + t²), and what is left of it to 1.
    let x = 1.0 / (1.0 + ratio);
    let rest = ratio / (1.0 + ratio);
    let front = libm::exp(-a * libm::log1p(ratio)) * libm::sqrt(rest) * gamma_ratio(a) / libm::sqrt(PI);
    if x < (a + 1.0) / (a + 2.5) {
        front * continued([x, rest], a, 0.5)
    } else {
        1.0 - front * continued([rest, x], 0.5, a)
    }
}

/// Γ(a + 1/2) / Γ(a): the asymptotic series of its logarithm, from where that is exact to the last digits.
fn gamma_ratio(a: f64) -> f64 {
    let (mut a, mut below) = (a, 1.0);
    while a < 16.0 {
        below *= a / (a + 0.5);
        a += 1.0;
    }
    let u = 1.0 / (a * a);
    let series =
        (-1.0 / 8.0 + u * (1.0 / 192.0 + u * (-1.0 / 640.0 + u * (17.0 / 14336.0 - u * 31.0 / 18432.0)))) / a;
    below * libm::sqrt(a) * libm::exp(series)
}

/// The continued fraction of the incomplete beta function, quick for x below (a + 1) / (a + b + 2): the one of Didonato and
/// Morris (1992), which loses no digit where x is near 1, since it also takes y, what is left of x to 1.
fn continued([x, y]: [f64; 2], a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |value: f64| if value.abs() < TINY { TINY } else { value };
    let apart = a * y - b * x;
    let mut value = kept(a / (a + 1.0) * (apart + 1.0));
    let (mut c, mut d) = (value, 0.0);
    for term in 1..=MOST_TERMS {
        let m = f64::from(term);
        let below = a + 2.0 * m - 1.0;
        let over = (a + m - 1.0) / below * x * ((a + b + m - 1.0) / below * x) * (m * (b - m));
        let plain =
            m + m * (b - m) * x / below + (a + m) / (a + 2.0 * m + 1.0) * (apart + 1.0 + m * (1.0 + y));
        d = 1.0 / kept(plain + over * d);
        c = kept(plain + over / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 2e-16 {
            break;
        }
    }
    1.0 / value
}

/// Hill's expansion: the normal deviate that has as much beyond it.
fn hill(t: f64, freedom: f64) -> f64 {
    let a = freedom - 0.5;
    let b = 48.0 * a * a;
    // t² overflows only where nothing is left.
    let z = libm::sqrt(a * libm::log1p(t * t / freedom));
    let z = z + (z * z * z + 3.0 * z) / b;
    if z.is_finite() { libm::erfc(z * FRAC_1_SQRT_2) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64, of: &str) {
        assert!((found / wanted - 1.0).abs() < 5e-13, "{of}: {found:e} is not {wanted:e}");
    }

    /// From scipy's `ttest_ind_from_stats(equal_var=False)`.
    #[test]
    fn samples_of_scipy() {
        for (one, other, wanted) in [
            ((5, 1.0, 0.5), (5, 2.0, 0.5), 0.055766528900996155),
            ((30, 0.812, 0.0031), (28, 0.845, 0.0072), 0.08886513907076668),
            ((2, 0.0, 1.0), (2, 3.0, 4.0), 0.24171437787624495),
            ((2, 1.0, 1e-09), (40, 5.0, 2.0), 2.1317303544227934e-20),
            ((10, 1.0, 2.0), (10, 1.01, 2.0), 0.9875588023704897),
            ((36, 1000.0, 0.001), (36, 2000.0, 0.002), 1.5330787180376497e-262),
            ((15, -4e-09, 1e-19), (12, 3e-09, 7e-20), 6.13402803702979e-29),
            ((100000, 0.0, 1.0), (90000, 0.02, 1.3), 5.2300422878557174e-05),
            ((7, 2.0, 0.0), (9, 2.5, 0.3), 0.02550386956376307),
        ] {
            let sample = |(count, mean, variance): (u64, f64, f64)| Sample { count, mean, variance };
            let (one, other) = (sample(one), sample(other));
            near(p_value(one, other).unwrap(), wanted, &format!("{one:?} {other:?}"));
            assert_eq!(p_value(one, other), p_value(other, one));
        }
    }

    /// From mpmath with 50 digits: the incomplete beta function of freedom / (freedom + t²); the last by Hill's way.
    #[test]
    fn tails_of_all_sizes() {
        for (t, freedom, wanted) in [
            (1e-08, 1.0, 0.9999999936338023),
            (1.0, 1.0, 0.5),
            (1e10, 1.0, 6.366197723675813e-11),
            (1e+200, 1.0, 6.3661977236758134e-201),
            (1.7, 1.3, 0.2930100207283952),
            (2.5, 2.0, 0.12961172022151082),
            (100000.0, 2.0, 9.9999999985e-11),
            (3.0, 7.77, 0.017652958908151495),
            (40.0, 30.0, 1.3726045194406403e-27),
            (1000.0, 100.0, 7.919618607947852e-202),
            (1000000.0, 50.0, 3.3460608876219987e-259),
            (1.0, 1000.0, 0.3175524180846723),
            (37.0, 1000.0, 1.7300788809913061e-189),
            (0.3, 99999.0, 0.7641777791965734),
            (6.0, 99999.0, 1.979929523243532e-09),
            (30.0, 99999.0, 7.378684844435048e-197),
            (2.0, 10000000.0, 0.04550029089184295),
            (30.0, 1000000000.0, 9.815419687967461e-198),
        ] {
            near(two_tails(t, freedom), wanted, &format!("t {t:e}, freedom {freedom}"));
        }
    }

    /// Both ways meet where one takes over from the other.
    #[test]
    fn many_degrees_of_freedom() {
        for t in [1e-3, 0.5, 1.0, 2.0, 5.0, 20.0] {
            near(two_tails(t, MANY), hill(t, MANY), &format!("t {t}"));
        }
    }

    #[test]
    fn nothing_to_say() {
        let sample = Sample { count: 10, mean: 1.0, variance: 2.0 };
        let constant = Sample { variance: 0.0, ..sample };
        for other in [
            Sample { count: 0, mean: f64::NAN, variance: f64::NAN },
            Sample { count: 1, mean: 1.0, variance: f64::NAN },
            Sample { mean: f64::NAN, ..sample },
            Sample { mean: f64::INFINITY, ..sample },
            Sample { variance: f64::NAN, ..sample },
            Sample { variance: f64::INFINITY, ..sample },
            Sample { variance: -3.0, ..sample },
        ] {
            assert_eq!(p_value(sample, other), None, "{other:?}");
            assert_eq!(p_value(other, sample), None, "{other:?}");
        }
        assert_eq!(p_value(constant, constant), None);
        assert_eq!(p_value(sample, sample), Some(1.0));
        // One side alone may be constant: all freedom is the other's.
        let other = Sample { mean: 2.0, ..constant };
        near(p_value(sample, other).unwrap(), two_tails(1.0 / 0.2_f64.sqrt(), 9.0), "one is constant");
    }

    #[test]
    fn samples_of_values() {
        let sample = Sample::of(&[1.0, f64::NAN, 2.0, 6.0]);
        assert_eq!(sample, Sample { count: 3, mean: 3.0, variance: 7.0 });
    }
}
