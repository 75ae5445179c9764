//! From one unit to another, in the syntax of UDUNITS.
//!
//! Understood are factors with whole exponents, `kg m-2 year-1`, `kg/m2`, `m^-2`, `g.m-2`, numbers, SI prefixes, and the years, months and
//! degrees of UDUNITS. A name that is not known is a unit of its own.
//!
//! ```
//! # use gridloom::aggregate::convert::Conversion;
//! let conversion = Conversion::between("g m-2 day-1", "kg m-2 d-1").unwrap();
//! assert_eq!(conversion.of(1500.0), 1.5);
//! assert!(Conversion::between("g m-2", "g m-2 day-1").is_none());
//! ```

use std::collections::BTreeMap;

/// The year of UDUNITS in seconds, a tropical one; its month is a twelfth of it.
const YEAR: f64 = 31_556_925.974_7;

/// 0 °C in kelvin.
const ZERO: f64 = 273.15;

/// The dimensions of known units.
const MASS: &[(&str, i32)] = &[("kg", 1)];
const LENGTH: &[(&str, i32)] = &[("m", 1)];
const AREA: &[(&str, i32)] = &[("m", 2)];
const VOLUME: &[(&str, i32)] = &[("m", 3)];
const TIME: &[(&str, i32)] = &[("s", 1)];
const AMOUNT: &[(&str, i32)] = &[("mol", 1)];
const TEMPERATURE: &[(&str, i32)] = &[("K", 1)];
const ENERGY: &[(&str, i32)] = &[("kg", 1), ("m", 2), ("s", -2)];
const POWER: &[(&str, i32)] = &[("kg", 1), ("m", 2), ("s", -3)];
const PRESSURE: &[(&str, i32)] = &[("kg", 1), ("m", -1), ("s", -2)];
const NONE: &[(&str, i32)] = &[];

/// Names, the size in units of SI, the dimensions, and whether prefixes may stand before them.
type Known = (&'static [&'static str], f64, &'static [(&'static str, i32)], bool);

#[rustfmt::skip]
const KNOWN: [Known; 22] = [
    (&["g", "gram", "grams", "gramme"], 1e-3, MASS, true),
    (&["t", "tonne", "tonnes"], 1e3, MASS, true),
    (&["m", "metre", "metres", "meter", "meters"], 1.0, LENGTH, true),
    (&["ha", "hectare", "hectares"], 1e4, AREA, false),
    (&["l", "L", "litre", "litres", "liter", "liters"], 1e-3, VOLUME, true),
    (&["s", "sec", "second", "seconds"], 1.0, TIME, true),
    (&["min", "minute", "minutes"], 60.0, TIME, false),
    (&["h", "hr", "hour", "hours"], 3600.0, TIME, false),
    (&["d", "day", "days"], 86_400.0, TIME, false),
    (&["week", "weeks"], 604_800.0, TIME, false),
    (&["month", "months"], YEAR / 12.0, TIME, false),
    (&["yr", "year", "years"], YEAR, TIME, false),
    (&["mol", "mole", "moles"], 1.0, AMOUNT, true),
    (&["K", "kelvin", "degree_Kelvin"], 1.0, TEMPERATURE, true),
    (&["degree_Celsius", "degrees_Celsius", "degree_C", "degC", "deg_C", "celsius", "Celsius", "°C"], 1.0, TEMPERATURE, false),
    (&["J", "joule", "joules"], 1.0, ENERGY, true),
    (&["W", "watt", "watts"], 1.0, POWER, true),
    (&["Pa", "pascal", "pascals"], 1.0, PRESSURE, true),
    (&["bar"], 1e5, PRESSURE, true),
    (&["percent", "%"], 1e-2, NONE, false),
    (&["ppm"], 1e-6, NONE, false),
    // Left whole, so that no prefix is seen in them.
    (&["kat"], 1.0, &[("kat", 1)], false),
];

const PREFIXES: [(&str, f64); 32] = [
    ("yotta", 1e24),
    ("zetta", 1e21),
    ("exa", 1e18),
    ("peta", 1e15),
    ("tera", 1e12),
    ("giga", 1e9),
    ("mega", 1e6),
    ("kilo", 1e3),
    ("hecto", 1e2),
    ("deci", 1e-1),
    ("centi", 1e-2),
    ("milli", 1e-3),
    ("micro", 1e-6),
    ("nano", 1e-9),
    ("pico", 1e-12),
    ("Y", 1e24),
    ("Z", 1e21),
    ("E", 1e18),
    ("P", 1e15),
    ("T", 1e12),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("h", 1e2),
    ("da", 1e1),
    ("d", 1e-1),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
];

/// How values of one unit become those of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    factor: f64,
    offset: f64,
    mixes_zeros: bool,
}

impl Conversion {
    /// Between two units of a kind; `None` where there is no such thing, or a unit cannot be understood.
    pub fn between(from: &str, to: &str) -> Option<Self> {
        if from.trim() == to.trim() {
            return Some(Conversion { factor: 1.0, offset: 0.0, mixes_zeros: false });
        }
        let (from, to) = (Unit::parse(from)?, Unit::parse(to)?);
        let factor = ratio(from.size, to.size);
        let fits = from.dimensions == to.dimensions && factor.is_finite() && factor > 0.0;
        let offset = (from.offset - to.offset) / to.size;
        fits.then_some(Conversion { factor, offset, mixes_zeros: from.is_celsius != to.is_celsius })
    }

    /// A value in the other unit.
    pub fn of(&self, value: f64) -> f64 {
        self.of_difference(value) + self.offset
    }

    /// A difference of two values, or a deviation, in the other unit.
    pub fn of_difference(&self, value: f64) -> f64 {
        value * self.factor
    }

    /// Whether values stay as they are.
    pub fn is_none(&self) -> bool {
        self.factor == 1.0 && self.offset == 0.0
    }

    /// Whether one of the units counts from 0 °C and the other from 0 K, be it in a product: sums of such cannot be converted.
    pub fn mixes_zeros(&self) -> bool {
        self.mixes_zeros
    }
}

/// A size by another one. Sizes are products of rounded numbers; what they are of is not.
pub(super) fn ratio(from: f64, to: f64) -> f64 {
    let factor = from / to;
    let rounded = factor.round();
    let is_whole = rounded >= 1.0 && (factor - rounded).abs() <= 1e-14 * rounded;
    if is_whole { rounded } else { factor }
}

/// What a unit is in units of SI.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub size: f64,
    /// The size without its years and months, whose length a calendar can tell.
    pub plain: f64,
    /// The powers of years and of months in it.
    pub years: i32,
    pub months: i32,
    /// What zero is in units of SI.
    pub offset: f64,
    pub is_celsius: bool,
    pub dimensions: BTreeMap<String, i32>,
}

impl Unit {
    pub fn one() -> Unit {
        let dimensions = BTreeMap::new();
        Unit { size: 1.0, plain: 1.0, years: 0, months: 0, offset: 0.0, is_celsius: false, dimensions }
    }

    pub fn parse(text: &str) -> Option<Unit> {
        let mut unit = Unit::one();
        let text = text.replace("**", "^").replace(['*', '·'], " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return None;
        }
        let mut divides = false;
        for word in &words {
            if *word == "per" {
                divides = true;
                continue;
            }
            for (index, part) in word.split('/').enumerate() {
                let sign = if divides || index > 0 { -1 } else { 1 };
                if part.parse::<f64>().is_ok() || !part.contains('.') {
                    unit.factor(part, sign, words.len() == 1)?;
                } else {
                    part.split('.').try_for_each(|part| unit.factor(part, sign, false))?;
                }
            }
            divides = false;
        }
        unit.dimensions.retain(|_, power| *power != 0);
        (!divides && unit.size.is_finite() && unit.size > 0.0).then_some(unit)
    }

    fn factor(&mut self, text: &str, sign: i32, is_alone: bool) -> Option<()> {
        if let Ok(number) = text.parse::<f64>() {
            self.size *= number.powi(sign);
            self.plain *= number.powi(sign);
            return Some(());
        }
        let end = text
            .find(|letter: char| letter == '^' || letter == '-' || letter == '+' || letter.is_ascii_digit());
        let (name, exponent) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let power = match exponent.strip_prefix('^').unwrap_or(exponent) {
            "" if exponent.is_empty() => 1,
            digits => digits.parse::<i32>().ok().filter(|power| power.abs() < 100)?,
        };
        if name.is_empty() || ["from", "since", "after", "ref"].contains(&name) {
            return None;
        }
        let power = power * sign;
        let (size, dimensions) = known(name).unwrap_or((1.0, &[]));
        self.size *= size.powi(power);
        match name {
            "yr" | "year" | "years" => self.years += power,
            "month" | "months" => self.months += power,
            _ => self.plain *= size.powi(power),
        }
        for (base, of_base) in dimensions {
            *self.dimensions.entry((*base).to_owned()).or_insert(0) += of_base * power;
        }
        if known(name).is_none() {
            *self.dimensions.entry(name.to_owned()).or_insert(0) += power;
        }
        // Only a temperature by itself has its own zero; in others it is a difference.
        let is_celsius =
            KNOWN.iter().any(|(names, ..)| names.contains(&name) && names.contains(&"degree_Celsius"));
        self.is_celsius |= is_celsius;
        if is_alone && is_celsius && power == 1 {
            self.offset = ZERO;
        }
        Some(())
    }
}

/// Size and dimensions of a name; the number 1 is a size without any.
pub(super) fn known(name: &str) -> Option<(f64, &'static [(&'static str, i32)])> {
    let of = |name: &str| KNOWN.iter().find(|(names, ..)| names.contains(&name));
    if let Some((_, size, dimensions, _)) = of(name) {
        return Some((*size, dimensions));
    }
    PREFIXES.iter().find_map(|(prefix, times)| {
        let (_, size, dimensions, _) = of(name.strip_prefix(prefix)?).filter(|(.., takes)| *takes)?;
        Some((size * times, *dimensions))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value, its unit, another unit, and the value there; what `udunits2 -H -W` says.
    #[rustfmt::skip]
    const CONVERSIONS: [(f64, &str, &str, f64); 20] = [
        (1.0,    "kg m-2",         "g m-2",           1000.0),
        (1.0,    "kg m-2 year-1",  "g m-2 day-1",     1000.0 / 365.242_198_781),
        (1.0,    "g m-2 day-1",    "kg m-2 s-1",      1e-3 / 86400.0),
        (1.0,    "kg/m2",          "kg m-2",          1.0),
        (1.0,    "kg m^-2",        "g.m-2",           1000.0),
        (1.0,    "kg m**-2",       "g m-2",           1000.0),
        (1.0,    "Pg year-1",      "Gt yr-1",         1.0),
        (1.0,    "mm day-1",       "m s-1",           1e-3 / 86400.0),
        (20.0,   "degree_Celsius", "K",               293.15),
        (300.0,  "K",              "degC",            26.85),
        (1.0,    "K m-1",          "degree_Celsius m-1", 1.0),
        (50.0,   "percent",        "1",               0.5),
        (1.0,    "hPa",            "Pa",              100.0),
        (1.0,    "MJ m-2 day-1",   "W m-2",           1e6 / 86400.0),
        (1.0,    "umol m-2 s-1",   "mol m-2 s-1",     1e-6),
        (1.0,    "10 m-2",         "m-2",             10.0),
        (1.0,    "kg per m2",      "g m-2",           1000.0),
        (12.0,   "month",          "year",            1.0),
        (1.0,    "g C m-2",        "g m-2 C",         1.0),
        (1.0,    "m2 m-2",         "1",               1.0),
    ];

    #[test]
    fn conversions() {
        for (value, from, to, wanted) in CONVERSIONS {
            let found = Conversion::between(from, to).map(|conversion| conversion.of(value));
            assert!(
                found.is_some_and(|found| (found - wanted).abs() <= 1e-9 * wanted.abs()),
                "{value} {from} is {wanted} {to}: {found:?}"
            );
        }
    }

    #[test]
    fn others_are_of_no_kind() {
        for (from, to) in [
            ("kg m-2", "kg m-2 day-1"),
            ("", "kg"),
            ("kg", ""),
            ("g C m-2", "g N m-2"),
            ("days since 2000-01-01", "s"),
            ("m", "s"),
            ("kg m-2 per", "kg m-2"),
            ("1", "K"),
            ("0 m", "m"),
            ("m^", "m"),
        ] {
            assert_eq!(Conversion::between(from, to), None, "{from} and {to}");
        }
        // What cannot be understood is itself.
        assert!(Conversion::between("days since then", "days since then").is_some_and(|same| same.is_none()));
    }

    proptest! {
        #[test]
        fn any_text(one in ".*", other in ".*") {
            let _ = Conversion::between(&one, &other);
        }

        #[test]
        fn there_and_back(one in "(k|m|)g m-2( s-1)?", value in -1e6..1e6f64) {
            let other = if one.ends_with("s-1") { "Mg ha-1 year-1" } else { "Mg ha-1" };
            let there = Conversion::between(&one, other).expect("a conversion").of(value);
            let back = Conversion::between(other, &one).expect("a conversion").of(there);
            prop_assert!((back - value).abs() <= 1e-12 * value.abs());
        }
    }
}
