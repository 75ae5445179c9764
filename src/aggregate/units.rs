//! The units of sums over steps of time and over area, in the syntax of UDUNITS.
//!
//! Understood are factors with whole exponents between spaces, as in `kg m-2 year-1`. To anything else the new factor
//! is appended, which UDUNITS takes for a product as well.
//!
//! ```
//! # use gridloom::{aggregate::units::{summed_over_area, summed_over_steps}, model::time_step::TimeStep};
//! assert_eq!(summed_over_area(&summed_over_steps("g m-2 day-1", TimeStep::DAY)), "g");
//! ```

use crate::model::time_step::TimeStep;

/// The units of the plain sum of the values of steps of time.
///
/// That is what CDO's `monsum` and `yearsum` give. Each value stands for one step, so the sum is one of values times a step: of days
/// and `g m-2 day-1` it is in `g m-2`, of `kg m-2 year-1` in `kg m-2 year-1 day`, of 10 minutes and `W m-2` in `W m-2 10 min`.
pub fn summed_over_steps(units: &str, step: TimeStep) -> String {
    let (factor, names) = step.factor();
    match names {
        [] => format!("{} {factor}", units.trim()),
        names => times(units, &factor, names, 1),
    }
}

/// The units of the sum of values times the area of their cells in m2: of `g m-2` it is in `g`.
pub fn summed_over_area(units: &str) -> String {
    times(units, "m", &["m", "meter", "meters", "metre", "metres"], 2)
}

/// Units times a power of `name`, which may also have one of other `names` in them.
fn times(units: &str, name: &str, names: &[&str], power: i32) -> String {
    multiplied(units, name, names, power)
        .unwrap_or_else(|| format!("{} {}", units.trim(), shown((name, power))))
}

fn multiplied(units: &str, name: &str, names: &[&str], power: i32) -> Option<String> {
    let mut factors: Vec<(&str, i32)> = Vec::new();
    // All powers of it are gathered in the place of the first.
    let mut place = None;
    for text in units.split_whitespace().filter(|&text| text != "1") {
        let factor = factor(text)?;
        if !names.contains(&factor.0) {
            factors.push(factor);
        } else if let Some((_, power)) = place.and_then(|place: usize| factors.get_mut(place)) {
            *power += factor.1;
        } else {
            place = Some(factors.len());
            factors.push(factor);
        }
    }
    match place.and_then(|place| factors.get_mut(place)) {
        Some((_, there)) => *there += power,
        None => factors.push((name, power)),
    }
    factors.retain(|(_, power)| *power != 0);
    let shown: Vec<String> = factors.into_iter().map(shown).collect();
    Some(if shown.is_empty() { "1".to_owned() } else { shown.join(" ") })
}

/// Units times a power of others; `None` where one of them is not made of factors between spaces.
pub(super) fn product(units: &str, others: &str, power: i32) -> Option<String> {
    let mut product = units.to_owned();
    for text in others.split_whitespace().filter(|&text| text != "1") {
        let (name, of_other) = factor(text)?;
        product = multiplied(&product, name, &[name], of_other.checked_mul(power)?)?;
    }
    multiplied(&product, "", &[], 0)
}

/// The square root of units; `None` where there is none of whole exponents.
pub(super) fn root(units: &str) -> Option<String> {
    let factors = units.split_whitespace().filter(|&text| text != "1").map(factor);
    let halves = factors.map(|factor| {
        factor.filter(|(_, power)| power % 2 == 0).map(|(name, power)| shown((name, power / 2)))
    });
    let halves: Option<Vec<String>> = halves.collect();
    halves.map(|halves| if halves.is_empty() { "1".to_owned() } else { halves.join(" ") })
}

/// Name and exponent of a factor such as `m-2`; `None` for what is none, such as `kg/m2`, `10` and the word `per`.
fn factor(text: &str) -> Option<(&str, i32)> {
    let end = text.find(|c: char| !c.is_alphabetic() && c != '_').unwrap_or(text.len());
    let (name, exponent) = text.split_at_checked(end)?;
    // UDUNITS' own words for a division and for a shifted origin.
    let is_word = ["per", "from", "since", "after", "ref"].iter().any(|word| word.eq_ignore_ascii_case(name));
    if name.is_empty() || is_word {
        return None;
    }
    let digits = exponent.strip_prefix('-').unwrap_or(exponent);
    match (exponent, digits.len()) {
        ("", _) => Some((name, 1)),
        (_, 1..=3) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((name, exponent.parse().ok()?))
        }
        _ => None,
    }
}

fn shown((name, power): (&str, i32)) -> String {
    if power == 1 { name.to_owned() } else { format!("{name}{power}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn steps_of_other_lengths() {
        for (units, step, sum) in [
            ("W m-2", "PT10M", "W m-2 10 min"),
            ("kg m-2 h-1", "PT1H", "kg m-2"),
            ("kg m-2 month-1", "P1M", "kg m-2"),
            ("1", "P1Y", "year"),
            ("mm day-1", "PT1H", "mm day-1 h"),
        ] {
            assert_eq!(summed_over_steps(units, step.parse().expect(step)), sum, "{units} {step}");
        }
    }

    use proptest::prelude::*;

    use super::*;

    /// Units, those of their sum over days, and those of their sum over area; UDUNITS 2 takes them for what they are.
    #[rustfmt::skip]
    const SUMS: [(&str, &str, &str); 22] = [
        ("g m-2 day-1",     "g m-2",                "g day-1"),
        ("kg m-2 year-1",   "kg m-2 year-1 day",    "kg year-1"),
        ("g m-2",           "g m-2 day",            "g"),
        ("kg m-2 d-1",      "kg m-2",               "kg d-1"),
        ("1",               "day",                  "m2"),
        ("",                "day",                  "m2"),
        ("day-1",           "1",                    "day-1 m2"),
        ("m-2",             "m-2 day",              "1"),
        ("m2 m-2",          "m2 m-2 day",           "m2"),
        ("m",               "m day",                "m3"),
        ("mol m-2 s-1",     "mol m-2 s-1 day",      "mol s-1"),
        ("m2 g-1",          "m2 g-1 day",           "m4 g-1"),
        ("s m-1",           "s m-1 day",            "s m"),
        ("days",            "days2",                "days m2"),
        ("degree_Celsius",  "degree_Celsius day",   "degree_Celsius m2"),
        (" W  m-2 ",        "W m-2 day",            "W"),
        ("mm day-1",        "mm",                   "mm day-1 m2"),
        ("kg/m2",           "kg/m2 day",            "kg/m2 m2"),
        ("kg per m2",       "kg per m2 day",        "kg per m2 m2"),
        ("m^-2",            "m^-2 day",             "m^-2 m2"),
        ("10 m-2",          "10 m-2 day",           "10 m-2 m2"),
        ("%",               "% day",                "% m2"),
    ];

    #[test]
    fn sums() {
        for (units, days, area) in SUMS {
            assert_eq!(
                (summed_over_steps(units, TimeStep::DAY).as_str(), summed_over_area(units).as_str()),
                (days, area),
                "{units}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text(text in ".*") {
            let _ = (summed_over_steps(&text, TimeStep::DAY), summed_over_area(&text));
        }

        #[test]
        fn exponents_add_up(m in prop::collection::vec(-9..9_i32, 0..4), others in "(kg|day|s)?( year-1)?") {
            let metres: String = m.iter().map(|power| format!(" m{power}")).collect();
            let sum = summed_over_area(&format!("{others}{metres}"));
            let (metres, left): (Vec<_>, Vec<_>) =
                sum.split(' ').filter_map(factor).partition(|&(name, _)| name == "m");
            let wanted = m.iter().sum::<i32>() + 2;
            prop_assert_eq!(metres.iter().map(|(_, power)| power).sum::<i32>(), wanted);
            prop_assert!(metres.len() <= 1);
            prop_assert_eq!(left.into_iter().map(shown).collect::<Vec<_>>().join(" "), others.trim());
        }
    }
}
