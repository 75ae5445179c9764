//! Shares of area and carbon by the codes of strategies, by plain formulas and a list of codes of its own.

use std::collections::BTreeMap;

use crate::caete::community::{Community, CommunityYear};

use super::vegetation::{entries, living};

type Pairs = Vec<(i32, f64)>;

/// How each code of limitation is counted.
const LIMITED: [(&str, &[i32]); 4] =
    [("none", &[0]), ("nitrogen", &[1]), ("phosphorus", &[2]), ("colimited", &[4, 5, 6])];
/// The ways of uptake, by their codes from 0 on.
const UPTAKE_N: [&str; 7] =
    ["passive", "am_roots", "em_roots", "am_hyphae", "em_hyphae", "organic_am", "organic_em"];
const UPTAKE_P: [&str; 9] = [
    "passive",
    "am_roots",
    "em_roots",
    "am_hyphae",
    "em_hyphae",
    "phosphatase_am_roots",
    "phosphatase_em_roots",
    "phosphatase_am_hyphae",
    "exudates_em",
];

/// All shares of a cell's year by their names, NaN where there are none. Weights are added in the order of communities and of their
/// strategies' numbers.
pub(super) fn shares(year: &CommunityYear) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for (process, names) in [
        ("limitation_leaf", &[][..]),
        ("limitation_root", &[]),
        ("limitation_wood", &[]),
        ("uptake_n", &UPTAKE_N),
        ("uptake_p", &UPTAKE_P),
    ] {
        let entries: Vec<(i32, f64, f64)> =
            living(year).into_iter().flat_map(|community| of_community(community, process)).collect();
        let total =
            |of: &dyn Fn(&(i32, f64, f64)) -> f64| entries.iter().map(of).fold(0.0, |sum, one| sum + one);
        let totals = [total(&|entry| entry.1), total(&|entry| entry.2)];
        let mut groups: Vec<(&str, Vec<i32>)> =
            (0..).zip(names).map(|(code, name)| (*name, vec![code])).collect();
        if names.is_empty() {
            groups = LIMITED.iter().map(|(name, codes)| (*name, codes.to_vec())).collect();
        }
        for (group, codes) in groups {
            let part = |of: &dyn Fn(&(i32, f64, f64)) -> f64| {
                total(&|entry| if codes.contains(&entry.0) { of(entry) } else { 0.0 })
            };
            let parts = [part(&|entry| entry.1), part(&|entry| entry.2)];
            for ((of, part), total) in ["area", "carbon"].into_iter().zip(parts).zip(totals) {
                let share = if total > 0.0 { part / total } else { f64::NAN };
                all.insert(format!("{process}_{group}_{of}"), share);
            }
        }
    }
    all
}

/// For each strategy of a community, by its number, the code, the occupation and the carbon on the cell's ground. Of entries of one
/// strategy the first counts.
fn of_community(community: &Community, process: &str) -> Vec<(i32, f64, f64)> {
    let Some(limitation) = &community.limitation else { return Vec::new() };
    let pairs: &Pairs = match process {
        "limitation_leaf" => &limitation.leaf,
        "limitation_root" => &limitation.root,
        "limitation_wood" => &limitation.wood,
        "uptake_n" => &limitation.uptake_n,
        _ => &limitation.uptake_p,
    };
    let of = |place: usize| {
        let at = |values: &[f64]| values.get(place).copied().unwrap_or(f64::NAN);
        let (leaf, root, wood) = (at(&community.vp_cleaf), at(&community.vp_croot), at(&community.vp_cwood));
        let share = at(&community.vp_ocp);
        Some((pairs.get(place)?.0, share, (leaf + root + wood) * share))
    };
    entries(community).into_values().filter_map(of).collect()
}
