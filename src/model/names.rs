//! Names of variables in outputs: a dump's key where that can be one, else a name of its own.
//!
//! A name is that of a file's variable, of a table's column and of a file, on file systems and in databases that do
//! not tell `NPP` from `npp`. So all names of a run, and those that are made of them (`csoil_1`, `csoil_sum`,
//! `npp_month_mean`), differ in more than case, and none is one that products use for something else.

use std::collections::{BTreeMap, BTreeSet};

/// PostgreSQL takes 63 bytes, and rows and sums add to a name.
const LONGEST: usize = 58;
/// What is kept of a longer key.
const KEPT: usize = 50;

/// Names that grids, aggregates, tables, their partitions or PostgreSQL need, in small letters.
const RESERVED: [&str; 47] = [
    "time",
    "steps",
    "y",
    "y_bnds",
    "x",
    "x_bnds",
    "corners",
    "time_bnds",
    "lat",
    "lat_bnds",
    "lon",
    "lon_bnds",
    "bnds",
    "crs",
    "cell_area_lat_lon",
    "days",
    "complete",
    "latitude",
    "longitude",
    "grid_y",
    "grid_x",
    "day",
    "year",
    "month",
    "season",
    "date",
    "start",
    "end",
    "region",
    "variable",
    "count",
    "cells",
    "lat_band",
    "annual_cleaf",
    "annual_croot",
    "annual_cwood",
    "annual_cveg",
    "annual_richness",
    "annual_evenness",
    "annual_occupation",
    "tableoid",
    "xmin",
    "cmin",
    "xmax",
    "cmax",
    "ctid",
    "oid",
];

/// What aggregates add to a name.
const EVERY: [&str; 4] = ["day", "month", "season", "year"];
const STATS: [&str; 5] = ["mean", "sum", "min", "max", "std"];

/// The names of keys with their numbers of rows, in their order: of keys that collide, the first keeps its name.
pub fn assign<'a>(keys: impl IntoIterator<Item = (&'a str, Option<usize>)>) -> Vec<String> {
    let mut used = Used::default();
    keys.into_iter().map(|(key, rows)| used.name(key, rows)).collect()
}

/// Names that are taken, in small letters.
#[derive(Default)]
struct Used {
    /// The rows of each variable.
    variables: BTreeMap<String, Option<usize>>,
    /// Variables of which others may look like aggregates.
    stems: BTreeSet<String>,
}

impl Used {
    fn name(&mut self, key: &str, rows: Option<usize>) -> String {
        let stem = plain(key);
        let mut name = stem.clone();
        let mut number = 1;
        while self.is_taken(&name.to_ascii_lowercase(), rows) {
            number += 1;
            name = format!("{stem}__{number}");
        }
        let small = name.to_ascii_lowercase();
        self.stems.extend(looks_aggregated(&small, rows).map(str::to_owned));
        self.variables.insert(small, rows);
        name
    }

    fn is_taken(&self, name: &str, rows: Option<usize>) -> bool {
        RESERVED.contains(&name)
            || is_yearly_grid(name)
            || self.is_made(name)
            || looks_aggregated(name, rows).any(|stem| self.is_made(stem))
            || self.variables.keys().chain(&self.stems).any(|other| is_made_of(other, name, rows))
    }

    /// Whether outputs of a variable have this name.
    fn is_made(&self, name: &str) -> bool {
        self.variables.contains_key(name)
            || made_of(name)
                .is_some_and(|(base, row)| self.variables.get(base).is_some_and(|rows| is_row(*rows, row)))
    }
}

/// Whether files of shares and of traits, a value a year, may have the name.
fn is_yearly_grid(name: &str) -> bool {
    let rest = name.strip_prefix("annual_");
    rest.is_some_and(|rest| {
        rest == "functional_richness" || rest.ends_with("_area") || rest.ends_with("_carbon")
    })
}

/// Whether `other` is the name, or what rows make of it.
fn is_made_of(other: &str, name: &str, rows: Option<usize>) -> bool {
    other == name || made_of(other).is_some_and(|(base, row)| base == name && is_row(rows, row))
}

fn is_row(rows: Option<usize>, row: Option<usize>) -> bool {
    rows.is_some_and(|rows| row.is_none_or(|row| (1..=rows).contains(&row)))
}

/// What a name may be made of: a variable, and the number of a row, or its sum or dimension.
fn made_of(name: &str) -> Option<(&str, Option<usize>)> {
    let (base, end) = name.rsplit_once('_')?;
    match end {
        "sum" | "row" => Some((base, None)),
        _ => Some((base, Some(end.parse().ok()?))),
    }
}

/// The name that looks as if this one were an aggregate of it.
fn aggregated(name: &str) -> Option<&str> {
    let (rest, stat) = name.rsplit_once('_')?;
    let (stem, every) = rest.rsplit_once('_')?;
    (STATS.contains(&stat) && EVERY.contains(&every)).then_some(stem)
}

/// The names that look as if this one, or its sum of rows, were an aggregate of them.
fn looks_aggregated(name: &str, rows: Option<usize>) -> impl Iterator<Item = &str> {
    let summed = name.rsplit_once('_').filter(|(_, every)| rows.is_some() && EVERY.contains(every));
    aggregated(name).into_iter().chain(summed.map(|(stem, _)| stem))
}

/// A key as CF wants a name: letters, digits and underscores, a letter first, not too long.
fn plain(key: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let kept = if key.len() > LONGEST { KEPT } else { LONGEST };
    let mut name: String =
        key.chars().take(kept).map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name.insert_str(0, "v_");
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(keys: &[(&str, Option<usize>)]) -> String {
        assign(keys.iter().copied()).join(" ")
    }

    #[test]
    fn sound_keys_keep_their_names() {
        let keys =
            ["photo", "npp", "litter_l", "inorg_n", "f5", "lat_2", "My_Key", "sum", "npp_mean", "a_b_c"];
        assert_eq!(assign(keys.iter().map(|&key| (key, None))), keys);
        assert_eq!(
            names(&[("csoil", Some(4)), ("csoil_5", None), ("csoil_x", None)]),
            "csoil csoil_5 csoil_x"
        );
        let long = "x".repeat(58);
        assert_eq!(names(&[(&long, None)]), long);
    }

    #[test]
    fn what_products_need_gets_a_name_of_its_own() {
        for key in [
            "day",
            "latitude",
            "grid_y",
            "days",
            "complete",
            "time",
            "lat",
            "crs",
            "cell_area_lat_lon",
            "time_bnds",
            "month",
            "count",
            "xmin",
            "annual_cveg",
            "lon",
        ] {
            assert_eq!(names(&[(key, None)]), format!("{key}__2"));
        }
        assert_eq!(names(&[("Time", None), ("LAT", Some(2))]), "Time__2 LAT__2");
    }

    #[test]
    fn names_that_are_made_of_others_differ() {
        assert_eq!(names(&[("npp", None), ("NPP", None), ("Npp", None)]), "npp NPP__2 Npp__3");
        assert_eq!(
            names(&[("csoil", Some(4)), ("csoil_sum", None), ("csoil_4", None)]),
            "csoil csoil_sum__2 csoil_4__2"
        );
        assert_eq!(names(&[("csoil_row", None), ("csoil", Some(4))]), "csoil_row csoil__2");
        assert_eq!(
            names(&[("csoil_3", None), ("csoil", Some(2)), ("csoil_03", None)]),
            "csoil_3 csoil csoil_03"
        );
        assert_eq!(names(&[("npp", None), ("npp_month_mean", None)]), "npp npp_month_mean__2");
        assert_eq!(names(&[("npp_month_mean", None), ("npp", None)]), "npp_month_mean npp__2");
        assert_eq!(names(&[("a", Some(2)), ("a_1_year_std", None)]), "a a_1_year_std__2");
        assert_eq!(names(&[("a_1_day", Some(0)), ("A", Some(1))]), "a_1_day A__2");
        assert_eq!(names(&[("a", None), ("a_day", Some(3))]), "a a_day__2");
    }

    #[test]
    fn no_name_that_files_cannot_have() {
        assert_eq!(names(&[("a/b", None), ("a\\b", None)]), "a_b a_b__2");
        assert_eq!(names(&[(".hidden", None), ("5", None), ("", None)]), "v__hidden v_5 v_");
        assert_eq!(names(&[("c\u{e9}u\n", None), ("a b{c}", None)]), "c_u_ a_b_c_");
        let long = names(&[(&"y".repeat(300), Some(12)), (&"y".repeat(200), None)]);
        assert_eq!(long, format!("{0} {0}__2", "y".repeat(50)));
    }

    proptest! {
        #[test]
        fn all_that_is_made_of_names_differs(
            keys in proptest::collection::vec(("[a-cA-C]{1,2}(_(sum|row|1|2|day|month_mean|year_std|_2)){0,3}|.{0,80}|day|lat", proptest::option::of(0..3_usize)), 0..12),
        ) {
            let names = assign(keys.iter().map(|(key, rows)| (key.as_str(), *rows)));
            let mut made = BTreeSet::new();
            for (name, (_, rows)) in names.iter().zip(&keys) {
                prop_assert!(name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_alphabetic()));
                let name = name.to_ascii_lowercase();
                prop_assert!(!RESERVED.contains(&name.as_str()));
                let numbers = (1..=rows.unwrap_or(0)).map(|row| format!("{name}_{row}"));
                let dimension = rows.iter().flat_map(|_| [format!("{name}_sum"), format!("{name}_row")]);
                let layers: Vec<String> = if rows.is_some() { numbers.collect() } else { vec![name.clone()] };
                let aggregates = layers.iter().flat_map(|layer| {
                    EVERY.iter().flat_map(move |every| STATS.iter().map(move |stat| format!("{layer}_{every}_{stat}")))
                });
                let all: Vec<String> = aggregates.chain(dimension).chain(layers.iter().cloned()).collect();
                let own = rows.map(|_| name);
                for made_name in all.into_iter().chain(own) {
                    prop_assert!(made.insert(made_name.clone()), "{made_name} of {names:?}");
                }
            }
        }
    }
}
