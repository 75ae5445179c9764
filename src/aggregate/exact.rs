//! Sums without any rounding, to prove others by.
//!
//! A sum is a list of doubles that do not overlap, as in Shewchuk, "Adaptive precision floating-point arithmetic" (1997) and
//! Python's `math.fsum`: nothing is ever lost, so that it does not matter how or in which order the writer added up.

/// An exact sum.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exact {
    /// Its parts, the least first.
    parts: Vec<f64>,
    /// What is not finite goes the way of ordinary sums.
    special: Option<f64>,
    /// The sum of magnitudes, about.
    magnitude: f64,
    terms: f64,
}

impl Exact {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = Exact::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }

    pub fn add(&mut self, value: f64) {
        self.terms += 1.0;
        self.magnitude += value.abs();
        self.put(value);
    }

    /// Adds `a * b`, exactly.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.put(product);
        // Of an infinite product nothing is left.
        if product.is_finite() {
            self.put(a.mul_add(b, -product));
        }
    }

    fn put(&mut self, value: f64) {
        if !value.is_finite() || self.special.is_some() {
            self.special = Some(self.special.unwrap_or(0.0) + value);
            return;
        }
        let mut value = value;
        self.parts.retain_mut(|part| {
            let (one, other) = if value.abs() < part.abs() { (*part, value) } else { (value, *part) };
            let sum = one + other;
            *part = other - (sum - one);
            value = sum;
            *part != 0.0
        });
        if value.is_finite() {
            self.parts.push(value);
        } else {
            self.special = Some(value);
        }
    }

    /// The nearest double.
    pub fn value(&self) -> f64 {
        if let Some(special) = self.special {
            return special;
        }
        let mut parts = self.parts.iter().rev().copied();
        let Some(mut high) = parts.next() else { return 0.0 };
        for part in parts.by_ref() {
            let before = high;
            high = before + part;
            let low = part - (high - before);
            if low != 0.0 {
                // Half way between two doubles the rest decides.
                let rest = parts.next().unwrap_or(0.0);
                if (low < 0.0 && rest < 0.0) || (low > 0.0 && rest > 0.0) {
                    let twice = low * 2.0;
                    let next = high + twice;
                    if twice == next - high {
                        return next;
                    }
                }
                break;
            }
        }
        high
    }

    /// What is left of the sum when `quotient * divisor` is taken away.
    fn rest(&self, quotient: f64, divisor: f64) -> f64 {
        let mut rest = self.clone();
        rest.add_product(-quotient, divisor);
        rest.value()
    }

    /// The double that is nearest to the sum divided by a number, half way the even one, and what is left of the quotient.
    pub fn over(&self, divisor: f64) -> (f64, f64) {
        let about = self.value() / divisor;
        if !about.is_finite() {
            return (about, 0.0);
        }
        let mut best = (about, self.rest(about, divisor));
        for other in [about.next_down(), about.next_up()] {
            let rest = self.rest(other, divisor);
            let is_even = other.to_bits().is_multiple_of(2);
            if rest.abs() < best.1.abs() || (rest.abs() == best.1.abs() && is_even) {
                best = (other, rest);
            }
        }
        (best.0, best.1 / divisor)
    }

    /// How far a double may be from the exact quotient where the sum was kept to 106 bits: half a unit in the last place,
    /// and what so many terms of such a size may lose. So a sum is the nearest double, or else the exact one lies so
    /// near to the middle of two that it cannot be told in 106 bits.
    #[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "proofs of tables alone ask it"))]
    pub fn is_rounded(&self, found: f64, divisor: f64) -> bool {
        let unit = (found.abs().next_up() - found.abs()).max(f64::MIN_POSITIVE);
        let lost = self.magnitude * (1.0 + self.terms * self.terms) * 2f64.powi(-103);
        self.rest(found, divisor).abs() <= divisor.abs() * unit * 0.5 * (1.0 + 1e-12) + lost
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of one binary order, whose sums over an even count are often half way between two.
    #[test]
    fn half_way_between_two_doubles_the_even_one_is_the_quotient() {
        let mut ties = 0;
        for seed in 0..3000_u64 {
            let number = |index: u64| {
                let hash = (seed * 64 + index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                (1_i128 << 52) + i128::from((hash ^ hash >> 27) % (1 << 52))
            };
            let count = 2 * (1 + seed % 16);
            let whole: i128 = (0..count).map(number).sum();
            let parts = i128::from(count);
            let (below, rest) = (whole / parts, whole % parts);
            let up = 2 * rest > parts || (2 * rest == parts && below % 2 == 1);
            ties += u32::from(2 * rest == parts);
            let wanted = (below + i128::from(up)) as f64;
            let found = Exact::of((0..count).map(|index| number(index) as f64)).over(count as f64).0;
            assert_eq!(found, wanted, "{whole} over {count}");
        }
        assert!(ties > 100, "{ties}");
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(Exact::of([1e16, 1.0, 0.1, -1e16]).value(), 1.1);
        assert_eq!(Exact::of([1e100, 1.0, -1e100]).value(), 1.0);
        assert_eq!(Exact::of([1.0, 2f64.powi(-53), 2f64.powi(-120)]).value(), 1.0 + f64::EPSILON);
        assert_eq!(Exact::of([]).value(), 0.0);
        assert_eq!(Exact::of([1.0, f64::INFINITY]).value(), f64::INFINITY);
        assert_eq!(Exact::of([1e308, 1e308, 1e308, -1.0]).value(), f64::INFINITY);
        let mut infinite = Exact::of([1.0]);
        infinite.add_product(f64::INFINITY, 2.0);
        assert_eq!((infinite.value(), infinite.over(2.0).0), (f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn quotients_are_the_nearest() {
        assert_eq!(Exact::of([1.0; 3]).over(7.0).0, 3.0 / 7.0);
        assert_eq!(Exact::of([0.1; 10]).over(10.0).0, 0.1);
        assert!(Exact::of([0.3, 0.1]).is_rounded(0.2, 2.0));
        assert!(!Exact::of([0.3, 0.1]).is_rounded(0.2f64.next_up(), 2.0));
    }

    proptest! {
        #[test]
        fn whole_numbers_are_summed_exactly(values in prop::collection::vec(-1i64 << 60..1i64 << 60, 1..60), by in 1i64..1000) {
            let halves: Vec<f64> = values.iter().flat_map(|&v| [(v >> 30 << 30) as f64, (v & ((1 << 30) - 1)) as f64]).collect();
            let exact: i128 = values.iter().map(|&value| i128::from(value)).sum();
            let sum = Exact::of(halves);
            prop_assert_eq!(sum.value(), exact as f64);
            let (quotient, _) = sum.over(by as f64);
            prop_assert!(sum.is_rounded(quotient, by as f64));
            prop_assert!(quotient == 0.0 || !sum.is_rounded(quotient.next_up().next_up(), by as f64));
        }
    }
}
