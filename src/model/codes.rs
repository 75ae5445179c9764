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
