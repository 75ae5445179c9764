//! What of a run is wanted: variables, periods, days, cells.

use std::ops::RangeInclusive;

use crate::builder::setters;
use crate::error::{Argument, Error, Result};
use crate::model::calendar::Date;
use crate::model::grid::{Bounds, Cell};
use crate::run::numbers::with_holes;
use crate::run::survey::{Unusable, Variable};

pub use crate::words::{matches, nearest};

/// What of a run is wanted. The default is everything, over the cells' bounding box.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Selection {
    /// Names or patterns (`*`, `?`) of variables or of their rows (`csoil_2`); empty for all.
    pub variables: Vec<String>,
    /// Numbers of periods; empty for all, which must fit together.
    pub periods: Vec<RangeInclusive<u32>>,
    /// First day of the time axis; otherwise that of the data.
    pub from: Option<Date>,
    /// Last day of the time axis, included; otherwise that of the data.
    pub to: Option<Date>,
    /// Which cells, and the window around them.
    pub area: Area,
}

setters!(Selection {
    variables: Vec<String>,
    periods: Vec<RangeInclusive<u32>>,
    from: Option<Date>,
    to: Option<Date>,
    area: Area,
});

/// Which cells, and the window that outputs cover.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// All cells of the run, in their bounding box.
    #[default]
    Cells,
    /// The cells whose centres are in a box; the window is the box.
    Bounds(Bounds),
    /// These cells, in their bounding box.
    List(Vec<Cell>),
    /// All cells, in a window of the whole globe.
    Global,
}

/// All periods, however they fit together. An empty list is all of a run whose periods fit together.
pub const ALL_PERIODS: RangeInclusive<u32> = 0..=u32::MAX;

/// Reads `1,3-5`, or `all`: whatever there is, even where that may be of several runs.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where that is no list of numbers and ranges.
pub fn parse_periods(text: &str) -> Result<Vec<RangeInclusive<u32>>> {
    let wrong = || Error::selection(Argument::Periods, text, "wants numbers and ranges, as in 1,3-5, or all");
    if text.trim() == "all" {
        return Ok(vec![ALL_PERIODS]);
    }
    text.split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| {
                let is_number =
                    !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_digit());
                text.trim().parse::<u32>().map_err(|_| match is_number {
                    true => Error::selection(
                        Argument::Periods,
                        text,
                        format!("the largest number is {}", u32::MAX),
                    ),
                    false => wrong(),
                })
            };
            let (first, last) = (number(first)?, number(last)?);
            if first > last { Err(wrong()) } else { Ok(first..=last) }
        })
        .collect()
}

/// The periods of a run that are wanted, and numbers between them that no cell has but that are wanted as well.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where a number or range selects none of them.
pub fn select_periods(wanted: &[RangeInclusive<u32>], there: &[u32]) -> Result<Vec<u32>> {
    let all = with_holes(there);
    let is_wanted = |period: &u32| wanted.is_empty() || wanted.iter().any(|range| range.contains(period));
    let is_any = there.iter().any(is_wanted);
    for range in wanted {
        if !is_any || !all.iter().any(|period| range.contains(period)) {
            let value = if range.start() == range.end() {
                range.start().to_string()
            } else {
                format!("{}-{}", range.start(), range.end())
            };
            let there: Vec<String> = there.iter().take(20).map(u32::to_string).collect();
            let reason = format!("the run has no such period; it has {}", there.join(", "));
            return Err(Error::selection(Argument::Periods, value, reason));
        }
    }
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// A variable that is wanted, and which of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The variable.
    pub variable: &'a Variable,
    /// Its wanted rows, counted from 0; one row of a variable without rows.
    pub rows: Vec<usize>,
}

/// The variables, and rows of variables, that patterns select, in the order of the dumps.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where a pattern selects nothing, or only what no output can be made of.
pub fn select_variables<'a>(
    patterns: &[String],
    there: &'a [Variable],
    unusable: &[(String, Unusable)],
) -> Result<Vec<Wanted<'a>>> {
    let mut selected: Vec<Wanted<'a>> =
        there.iter().map(|variable| Wanted { variable, rows: Vec::new() }).collect();
    for pattern in patterns.iter().map(|pattern| pattern.trim()) {
        let mut found = false;
        for wanted in &mut selected {
            let rows = wanted.variable.rows.unwrap_or(1);
            let whole = matches(pattern, &wanted.variable.key) || matches(pattern, &wanted.variable.name);
            for row in 0..rows {
                let by_key = || format!("{}_{}", wanted.variable.key, row + 1);
                let by_row = wanted.variable.rows.is_some()
                    && (matches(pattern, &row_name(wanted.variable, row)) || matches(pattern, &by_key()));
                if (whole || by_row) && !wanted.rows.contains(&row) {
                    wanted.rows.push(row);
                }
                found |= whole || by_row;
            }
        }
        if !found && let Some((key, reason)) = unusable.iter().find(|(key, _)| matches(pattern, key)) {
            let reason = format!("the dumps have {key}, but nothing can be made of it: {reason}");
            return Err(Error::selection(Argument::Variables, pattern, reason));
        }
        if !found {
            let names: Vec<&str> = there.iter().map(|variable| variable.key.as_str()).collect();
            let near =
                nearest(pattern, &names).map(|name| format!("did you mean {name}? ")).unwrap_or_default();
            let reason = format!("no such variable; {near}the run has {}", names.join(", "));
            return Err(Error::selection(Argument::Variables, pattern, reason));
        }
    }
    if patterns.is_empty() {
        for wanted in &mut selected {
            wanted.rows = (0..wanted.variable.rows.unwrap_or(1)).collect();
        }
    }
    selected.retain(|wanted| !wanted.rows.is_empty());
    for wanted in &mut selected {
        wanted.rows.sort_unstable();
    }
    Ok(selected)
}

/// The name of one row of a variable: its label where rows have names of their own, otherwise its number, from 1.
pub fn row_name(variable: &Variable, row: usize) -> String {
    match variable.labels.get(row) {
        Some(label) => format!("{}_{label}", variable.name),
        None => format!("{}_{}", variable.name, row + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::element::Element;

    fn run() -> Vec<Variable> {
        [("npp", None), ("csoil", Some(4)), ("litter_l", None), ("litter_fr", None), ("nupt", Some(2))]
            .map(|(key, rows)| {
                let (key, name) = (key.to_owned(), key.to_owned());
                Variable { key, name, element: Element::Float32, rows, labels: Vec::new() }
            })
            .to_vec()
    }

    fn select(patterns: &[&str]) -> Vec<(String, Vec<usize>)> {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let run = run();
        let wanted = select_variables(&patterns, &run, &[]).expect("something is selected");
        wanted.into_iter().map(|wanted| (wanted.variable.key.clone(), wanted.rows)).collect()
    }

    #[test]
    fn patterns_select_variables_and_rows_in_the_order_of_the_run() {
        assert_eq!(
            select(&["litter*", "csoil_2", "npp"]),
            [
                ("npp".into(), vec![0]),
                ("csoil".into(), vec![1]),
                ("litter_l".into(), vec![0]),
                ("litter_fr".into(), vec![0])
            ]
        );
        assert_eq!(select(&["csoil_4", "csoil_?"]), [("csoil".into(), vec![0, 1, 2, 3])]);
        assert_eq!(select(&[]).len(), 5);
    }

    #[test]
    fn what_selects_nothing_is_an_error_with_a_suggestion() {
        let error = select_variables(&["nppp".to_owned()], &run(), &[]).expect_err("no such variable");
        assert!(error.to_string().contains("did you mean npp?"), "{error}");
        assert!(select_variables(&["csoil_5".to_owned()], &run(), &[]).is_err());
        assert!(select_variables(&["".to_owned()], &run(), &[]).is_err());
        let unusable = [("gpp".to_owned(), Unusable::NoValues)];
        let error = select_variables(&["gp?".to_owned()], &run(), &unusable).expect_err("nothing of it");
        assert!(
            error.to_string().contains("the dumps have gpp, but nothing can be made of it: it has no values")
        );
    }

    #[test]
    fn periods_are_numbers_and_ranges() {
        assert_eq!(parse_periods("1,3-5").expect("periods"), [1..=1, 3..=5]);
        let all = parse_periods("all").expect("periods");
        assert_eq!(select_periods(&all, &[0, 3]).expect("periods"), [0, 1, 2, 3]);
        for text in ["", "a", "3-1", "1,,2", "-1", "1-2-3"] {
            assert!(parse_periods(text).is_err(), "{text:?}");
        }
        assert_eq!(select_periods(&[2..=2, 4..=9], &[1, 2, 4]).expect("periods"), [2, 4]);
        assert!(select_periods(&[1..=1, 7..=9], &[1, 2, 4]).is_err());
    }

    #[test]
    fn a_number_that_is_left_out_is_wanted_where_a_range_has_it() {
        assert_eq!(select_periods(&[], &[1, 2, 4]).expect("periods"), [1, 2, 3, 4]);
        assert_eq!(select_periods(&[1..=9], &[1, 2, 4]).expect("periods"), [1, 2, 3, 4]);
        assert_eq!(select_periods(&[1..=2, 4..=4], &[1, 2, 4]).expect("periods"), [1, 2, 4]);
        assert!(select_periods(&[3..=3], &[1, 2, 4]).is_err(), "there is nothing else");
    }

    #[test]
    fn stars_try_every_split() {
        assert!(matches("*_*r", "litter_fr"));
        assert!(matches("**", ""));
        assert!(!matches("?", ""));
        assert!(!matches("a*b", "acbd"));
    }
}
