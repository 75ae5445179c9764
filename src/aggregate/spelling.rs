//! How UDUNITS writes units that people spell in other ways: `gC/m2/d` is `g m-2 day-1`.
//!
//! What a mass or an amount is of is no part of its unit, and stands in a name or a comment.

use super::convert::known;
use super::measure::Measure;

/// What masses and amounts are often said to be of.
const SUBSTANCES: [&str; 13] =
    ["CO2e", "CO2", "CH4", "H2O", "N2O", "NO3", "NH4", "DM", "dm", "DW", "C", "N", "P"];

/// Names for which UDUNITS has others.
const NAMES: [(&str, &str); 13] = [
    ("d", "day"),
    ("D", "day"),
    ("days", "day"),
    ("y", "year"),
    ("yr", "year"),
    ("yrs", "year"),
    ("a", "year"),
    ("annum", "year"),
    ("mo", "month"),
    ("mon", "month"),
    ("hrs", "h"),
    ("mins", "min"),
    ("secs", "s"),
];

/// Units as UDUNITS writes them; `None` where it knows all of their names, or nobody can tell what is meant.
pub(crate) fn respelt(text: &str) -> Option<String> {
    let text = text.trim();
    if text == "C" {
        return Some("degree_Celsius".to_owned());
    }
    let mut factors: Vec<(String, i32)> = Vec::new();
    // All names may be known, and the text be written in a way that UDUNITS reads and this does not: `m²`, `kg/(m2 yr)`.
    let mut is_odd = Measure::parse(text).is_none_or(|own| own.unknown_names().next().is_some());
    for (word, sign) in words(text)? {
        if word.parse::<f64>().is_ok() {
            // Numbers beside names are scales of their own.
            if word == "1" {
                continue;
            }
            return None;
        }
        let (name, power) = power_of(&word)?;
        let after_mass = factors.last().is_some_and(|(name, _)| is_of_matter(name));
        if SUBSTANCES.contains(&name) {
            // Of what, and not how much; alone it may be anything.
            if !after_mass || power != 1 {
                return None;
            }
            is_odd = true;
            continue;
        }
        let plain = plain(name)?;
        is_odd |= known(name).is_none();
        factors.push((plain.to_owned(), power * sign));
    }
    let shown = |(name, power): &(String, i32)| match power {
        1 => name.clone(),
        power => format!("{name}{power}"),
    };
    let new = factors.iter().map(shown).collect::<Vec<_>>().join(" ");
    (is_odd && Measure::parse(&new).is_some()).then_some(new)
}

/// What can be done about units that are not as UDUNITS has them, in words behind `; `; nothing where they are.
pub(crate) fn cure(texts: &[&str]) -> String {
    let found = texts.iter().find_map(|text| Some((text.trim(), respelt(text)?)));
    found.map_or_else(String::new, |(text, new)| match text.contains(is_notation) {
        true => format!("; {text:?} is not read here: write {new:?}"),
        false => format!("; UDUNITS does not know {text:?}: write {new:?}"),
    })
}

/// The factors in a text, and whether each multiplies or divides; what stands in parentheses behind a slash divides. `None` where they do not close.
fn words(text: &str) -> Option<Vec<(String, i32)>> {
    let text = text.replace("**", "^").replace(['*', '·', '⋅'], " ");
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut sign, mut outer) = (1, Vec::new());
    let is_number = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
    for letter in text.chars().chain([' ']) {
        let is_end = letter.is_whitespace() || matches!(letter, '/' | '(' | ')');
        // A dot between names multiplies.
        if !is_end && (letter != '.' || is_number(&word)) {
            word.extend(plain_digit(letter));
            continue;
        }
        if word == "per" {
            (sign, word) = (-1, String::new());
        } else if !word.is_empty() {
            words.push((std::mem::take(&mut word), outer.iter().product::<i32>() * sign));
            sign = 1;
        }
        match letter {
            '/' => sign = -1,
            '(' => {
                outer.push(sign);
                sign = 1;
            }
            ')' => {
                outer.pop()?;
                sign = 1;
            }
            _ => {}
        }
    }
    (outer.is_empty() && !words.is_empty()).then_some(words)
}

/// Whether a letter is one of a notation that UDUNITS has and that is not read here.
fn is_notation(letter: char) -> bool {
    matches!(letter, '(' | ')' | '⋅') || plain_digit(letter) != Some(letter)
}

/// A digit or sign that stands above the line as one that does not.
fn plain_digit(letter: char) -> Option<char> {
    const ABOVE: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    match letter {
        '⁻' | '−' => Some('-'),
        _ => {
            let digit = ABOVE.chars().position(|one| one == letter);
            digit.map_or(Some(letter), |digit| char::from_digit(digit as u32, 10))
        }
    }
}

/// Name and exponent of a factor.
fn power_of(word: &str) -> Option<(&str, i32)> {
    // Digits may be a part of a name, as in gCO2: those at the end are the exponent where the rest is a name.
    let end = word.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches(['-', '+']);
    let (name, exponent) = word.split_at_checked(end.len())?;
    let name = name.strip_suffix('^').unwrap_or(name);
    match plain(name) {
        Some(_) if exponent.is_empty() => Some((name, 1)),
        Some(_) => Some((name, exponent.parse::<i32>().ok().filter(|power| power.abs() < 100)?)),
        None => Some((word, 1)),
    }
}

/// The name that UDUNITS has for a name.
fn plain(name: &str) -> Option<&str> {
    if let Some((_, own)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(own);
    }
    if known(name).is_some() || SUBSTANCES.contains(&name) {
        return Some(name);
    }
    match name {
        "Kg" | "KG" => return Some("kg"),
        "gr" => return Some("g"),
        _ => {}
    }
    let of = |substance: &&str| name.strip_suffix(*substance).filter(|rest| is_of_matter(rest));
    SUBSTANCES.iter().find_map(of)
}

/// Whether a name is that of a mass or of an amount.
fn is_of_matter(name: &str) -> bool {
    known(name).is_some_and(|(_, dimensions)| matches!(dimensions, [("kg" | "mol", 1)]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_other_communities() {
        for (text, new) in [
            ("gC/m2/d", "g m-2 day-1"),
            ("gC m-2 d-1", "g m-2 day-1"),
            ("g C m-2 day-1", "g m-2 day-1"),
            ("gC m⁻² d⁻¹", "g m-2 day-1"),
            ("gC.m-2.yr-1", "g m-2 year-1"),
            ("kgC m-2", "kg m-2"),
            ("kg/m2/y", "kg m-2 year-1"),
            ("kgC/(m2 yr)", "kg m-2 year-1"),
            ("gC per m2 per day", "g m-2 day-1"),
            ("umolCO2 m-2 s-1", "umol m-2 s-1"),
            ("µmol CO2 m^-2 s^-1", "µmol m-2 s-1"),
            ("PgC/a", "Pg year-1"),
            ("tDM ha-1", "t ha-1"),
            ("kg/m²/yr", "kg m-2 year-1"),
            ("kg m⁻²", "kg m-2"),
            ("kg/(m2 yr)", "kg m-2 year-1"),
            ("Kg m-2", "kg m-2"),
            ("C", "degree_Celsius"),
        ] {
            assert_eq!(respelt(text).as_deref(), Some(new), "{text}");
        }
        // What UDUNITS knows, and what nobody can guess, stays.
        for text in [
            "g m-2 day-1",
            "kg/m2",
            "kg m-2 yr-1",
            "1",
            "",
            "percent",
            "strange",
            "gC/(m2",
            "10 gC",
            "mm d-1",
            "m^^2",
        ] {
            assert_eq!(respelt(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in ".*|[gCmd/()^ .2-]{0,12}") {
            if let Some(new) = respelt(&text) {
                prop_assert!(Measure::parse(&new).is_some(), "{new}");
                prop_assert_eq!(respelt(&new), None, "{}", new);
            }
        }
    }
}
