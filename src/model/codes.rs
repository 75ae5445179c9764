//! The codes of yearly files: what limits growth, and how nutrients are taken up.

const LIMITATION: (&[u8], &str) = (
    &[0, 1, 2, 4, 5, 6],
    "none nitrogen phosphorus both_nitrogen_stronger both_phosphorus_stronger both_alike",
);
const UPTAKE_N: (&[u8], &str) =
    (&[0, 1, 2, 3, 4, 5, 6], "passive AM_roots EM_roots AM_hyphae EM_hyphae organic_by_AM organic_by_EM");
const UPTAKE_P: (&[u8], &str) = (
    &[0, 1, 2, 3, 4, 5, 6, 7, 8],
    "passive AM_roots EM_roots AM_hyphae EM_hyphae phosphatase_of_AM_roots phosphatase_of_EM_roots \
     phosphatase_of_AM_hyphae exudates_of_EM",
);

/// The codes of a process, and a word for each. It is named by the dumps' key or the tables' column, both of which end
/// in `_n` or `_p` where it is uptake. AM and EM are arbuscular and ectomycorrhiza.
pub(crate) fn of(process: &str) -> (&'static [u8], &'static str) {
    match process {
        "uptk_strat_n" | "uptake_n" => UPTAKE_N,
        "uptk_strat_p" | "uptake_p" => UPTAKE_P,
        _ => LIMITATION,
    }
}

/// A process of yearly files that has codes.
pub(crate) struct Process {
    /// As columns of tables call it.
    pub name: &'static str,
    /// What shares of it are of, in words: `leaf growth`.
    pub words: &'static str,
    /// The groups of codes that shares are given of.
    pub groups: &'static [Group],
}

/// Codes that shares are given of together.
pub(crate) struct Group {
    /// As names of shares have it.
    pub name: &'static str,
    /// In words, behind those of the process.
    pub words: &'static str,
    /// The codes.
    pub codes: &'static [i32],
}

const fn group(name: &'static str, words: &'static str, codes: &'static [i32]) -> Group {
    Group { name, words, codes }
}

/// Both nutrients limit growth, whichever is the stronger.
const LIMITED: &[Group] = &[
    group("none", "not limited", &[0]),
    group("nitrogen", "limited by nitrogen", &[1]),
    group("phosphorus", "limited by phosphorus", &[2]),
    group("colimited", "co-limited by nitrogen and phosphorus", &[4, 5, 6]),
];

/// The processes, in the order of the tables' columns.
pub(crate) const PROCESSES: [Process; 5] = [
    Process { name: "limitation_leaf", words: "leaf growth", groups: LIMITED },
    Process { name: "limitation_root", words: "root growth", groups: LIMITED },
    Process { name: "limitation_wood", words: "wood growth", groups: LIMITED },
    Process {
        name: "uptake_n",
        words: "uptake of nitrogen",
        groups: &[
            group("passive", "passive", &[0]),
            group("am_roots", "from solution by roots with arbuscular mycorrhiza", &[1]),
            group("em_roots", "from solution by roots with ectomycorrhiza", &[2]),
            group("am_hyphae", "from solution by hyphae of arbuscular mycorrhiza", &[3]),
            group("em_hyphae", "from solution by hyphae of ectomycorrhiza", &[4]),
            group("organic_am", "organic by arbuscular mycorrhiza", &[5]),
            group("organic_em", "organic by ectomycorrhiza", &[6]),
        ],
    },
    Process {
        name: "uptake_p",
        words: "uptake of phosphorus",
        groups: &[
            group("passive", "passive", &[0]),
            group("am_roots", "from solution by roots with arbuscular mycorrhiza", &[1]),
            group("em_roots", "from solution by roots with ectomycorrhiza", &[2]),
            group("am_hyphae", "from solution by hyphae of arbuscular mycorrhiza", &[3]),
            group("em_hyphae", "from solution by hyphae of ectomycorrhiza", &[4]),
            group("phosphatase_am_roots", "organic by phosphatase of roots with arbuscular mycorrhiza", &[5]),
            group("phosphatase_em_roots", "organic by phosphatase of roots with ectomycorrhiza", &[6]),
            group("phosphatase_am_hyphae", "organic by phosphatase of hyphae of arbuscular mycorrhiza", &[7]),
            group("exudates_em", "sorbed by exudates of ectomycorrhiza", &[8]),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_in_one_group() {
        for process in PROCESSES {
            let (codes, meanings) = of(process.name);
            assert_eq!(codes.len(), meanings.split(' ').count(), "{}", process.name);
            let mut grouped: Vec<i32> =
                process.groups.iter().flat_map(|group| group.codes.iter().copied()).collect();
            grouped.sort_unstable();
            assert_eq!(
                grouped,
                codes.iter().map(|&code| i32::from(code)).collect::<Vec<_>>(),
                "{}",
                process.name
            );
        }
    }
}
