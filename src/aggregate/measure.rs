//! Units that can be calculated with: what a product, a ratio or a root of quantities is measured in, and how one of them becomes another.
//!
//! ```
//! # use gridloom::aggregate::measure::Measure;
//! let flux = Measure::parse("g m-2 day-1").unwrap();
//! let total = flux.times(&Measure::parse("m2").unwrap());
//! assert_eq!(total.text(), Some("g day-1"));
//! let scale = flux.scale_to(&Measure::parse("kg m-2 year-1").unwrap(), true).unwrap();
//! // By a calendar a year is as long as the year of the day.
//! assert_eq!(scale.of(1.0, [365.0 * 86_400.0, 0.0]), 0.365);
//! ```

use super::convert::{Unit, known, ratio};
use super::units;

/// A unit, and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    unit: Unit,
    /// `None` where there is no text of it.
    text: Option<String>,
}

/// How values of one measure become those of another: times a factor, which may hang on the length of a year and of a month, and more by an
/// offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    factor: f64,
    offset: f64,
    years: i32,
    months: i32,
}

impl Measure {
    /// A unit as UDUNITS reads it; `None` where it cannot be understood.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Some(Measure { unit: Unit::parse(text)?, text: Some(text.to_owned()) })
    }

    /// That of plain numbers.
    pub fn one() -> Self {
        Measure { unit: Unit::one(), text: Some("1".to_owned()) }
    }

    /// How it is written; `None` where it was made of units that are not factors with exponents.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The names in it that UDUNITS is not known to have, each of which is a dimension of its own.
    pub(crate) fn unknown_names(&self) -> impl Iterator<Item = &str> {
        self.unit.dimensions.keys().map(String::as_str).filter(|name| known(name).is_none())
    }

    /// Whether its zero is not that of its kind, as that of degrees Celsius: sums and products of such say nothing.
    pub fn has_zero_of_its_own(&self) -> bool {
        self.unit.offset != 0.0
    }

    /// Whether both are of a kind.
    pub fn is_alike(&self, other: &Measure) -> bool {
        self.unit.dimensions == other.unit.dimensions
    }

    /// That of products.
    pub fn times(&self, other: &Measure) -> Self {
        self.with_power_of(other, 1)
    }

    /// That of ratios.
    pub fn over(&self, other: &Measure) -> Self {
        self.with_power_of(other, -1)
    }

    fn with_power_of(&self, other: &Measure, power: i32) -> Self {
        let (one, more) = (&self.unit, &other.unit);
        let mut dimensions = one.dimensions.clone();
        for (name, of_other) in &more.dimensions {
            *dimensions.entry(name.clone()).or_insert(0) += of_other * power;
        }
        dimensions.retain(|_, power| *power != 0);
        let unit = Unit {
            size: one.size * more.size.powi(power),
            plain: one.plain * more.plain.powi(power),
            years: one.years + more.years * power,
            months: one.months + more.months * power,
            offset: 0.0,
            is_celsius: one.is_celsius || more.is_celsius,
            dimensions,
        };
        let texts = self.text.as_deref().zip(other.text.as_deref());
        Measure { unit, text: texts.and_then(|(one, other)| units::product(one, other, power)) }
    }

    /// That of square roots; `None` where an exponent is odd.
    pub fn root(&self) -> Option<Self> {
        let unit = &self.unit;
        let half = |power: i32| (power % 2 == 0).then_some(power / 2);
        let halves = unit.dimensions.iter().map(|(name, power)| Some((name.clone(), half(*power)?)));
        let root = Unit {
            size: unit.size.sqrt(),
            plain: unit.plain.sqrt(),
            years: half(unit.years)?,
            months: half(unit.months)?,
            offset: 0.0,
            is_celsius: unit.is_celsius,
            dimensions: halves.collect::<Option<_>>()?,
        };
        Some(Measure { unit: root, text: self.text.as_deref().and_then(units::root) })
    }

    /// How values of this measure become those of another; `None` where they are not of a kind. Years and months are those of UDUNITS, or
    /// of a calendar, whose length is told with each value.
    pub fn scale_to(&self, other: &Measure, by_calendar: bool) -> Option<Scale> {
        if !self.is_alike(other) {
            return None;
        }
        let (from, to) = (&self.unit, &other.unit);
        let (years, months) = match by_calendar {
            true => (from.years - to.years, from.months - to.months),
            false => (0, 0),
        };
        let factor = match (years, months) {
            (0, 0) => ratio(from.size, to.size),
            _ => ratio(from.plain, to.plain),
        };
        let is_same = self.text.is_some() && self.text == other.text;
        let (factor, offset) =
            if is_same { (1.0, 0.0) } else { (factor, (from.offset - to.offset) / to.size) };
        (factor.is_finite() && factor > 0.0).then_some(Scale { factor, offset, years, months })
    }
}

impl Scale {
    /// Whether values stay as they are.
    pub fn is_none(&self) -> bool {
        self.factor == 1.0 && self.offset == 0.0 && !self.needs_calendar()
    }

    /// Whether it hangs on the length of years or months.
    pub fn needs_calendar(&self) -> bool {
        (self.years, self.months) != (0, 0)
    }

    /// A value in the other measure. The seconds are those of the value's year and of its month.
    pub fn of(&self, value: f64, [year, month]: [f64; 2]) -> f64 {
        let mut factor = self.factor;
        for (seconds, power) in [(year, self.years), (month, self.months)] {
            match power {
                0 => {}
                1.. => factor *= seconds.powi(power),
                _ => factor /= seconds.powi(-power),
            }
        }
        let value = value * factor;
        if self.offset == 0.0 { value } else { value + self.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Measure {
        Measure::parse(text).expect(text)
    }

    #[test]
    fn products_ratios_and_roots() {
        for (one, other, product, ratio) in [
            ("kg m-2 year-1", "m2", "kg year-1", "kg m-4 year-1"),
            ("kg m-2 day-1", "kg m-2 day-1", "kg2 m-4 day-2", "1"),
            ("1", "g m-2", "g m-2", "g-1 m2"),
            ("W m-2", "s", "W m-2 s", "W m-2 s-1"),
        ] {
            assert_eq!(of(one).times(&of(other)).text(), Some(product), "{one} times {other}");
            assert_eq!(of(one).over(&of(other)).text(), Some(ratio), "{one} by {other}");
        }
        // What has no text of factors is still of a kind.
        let odd = of("kg/m2").over(&of("%"));
        assert_eq!(odd.text(), None);
        assert!(odd.is_alike(&of("g m-2")));
        assert_eq!(of("m4 s-2").root().expect("a root").text(), Some("m2 s-1"));
        assert!(of("m3").root().is_none());
    }

    #[test]
    fn scales() {
        let seconds = [366.0 * 86_400.0, 29.0 * 86_400.0];
        let value = |from: &str, to: &str, by_calendar| {
            of(from).scale_to(&of(to), by_calendar).map(|scale| scale.of(1.0, seconds))
        };
        assert_eq!(value("kg m-2 year-1", "g m-2 day-1", true), Some(1000.0 / 366.0));
        assert_eq!(value("g m-2 day-1", "g m-2 month-1", true), Some(29.0));
        assert_eq!(value("g m-2 month-1", "g m-2 year-1", true), Some(366.0 / 29.0));
        assert_eq!(value("degree_Celsius", "K", false), Some(274.15));
        assert_eq!(value("g m-2", "g m-2 day-1", true), None);
        let days = value("kg m-2 year-1", "g m-2 day-1", false).expect("a value");
        assert!((days - 1000.0 / 365.242_198_781).abs() < 1e-9);
    }
}
