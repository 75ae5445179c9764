//! Cells whose yearly files hold nothing: no community that counts, or none in which anything lives.

use crate::model::grid::Cell;
use crate::run::Run;
use crate::run::silence::{EmptyCells, Named, Silence, SilentDumps, Steps, year_number};

use super::community::{Community, CommunityYear};

/// What is looked at of a year, by the names of the yearly grids.
const NAMES: [&str; 4] = ["cleaf", "croot", "cwood", "occupation"];

/// What of a year's communities has no value, and whether nothing lives; `None` where there is nothing to say.
pub(crate) fn silence(year: &CommunityYear) -> Option<Silence> {
    let living = || year.communities.iter().filter(|community| !community.is_masked);
    let is_any = living().next().is_some();
    let weighted = |values: &[f64], shares: &[f64]| {
        let products = values.iter().zip(shares).map(|(value, share)| value * share);
        products.sum::<f64>()
    };
    let has_value = |of: &dyn Fn(&Community) -> f64| is_any && !living().map(of).sum::<f64>().is_nan();
    let fields = [
        has_value(&|community| weighted(&community.vp_cleaf, &community.vp_ocp)),
        has_value(&|community| weighted(&community.vp_croot, &community.vp_ocp)),
        has_value(&|community| weighted(&community.vp_cwood, &community.vp_ocp)),
        has_value(&|community| community.vp_ocp.iter().sum()),
    ];
    let pools = |community: &Community| {
        let Community { vp_cleaf, vp_croot, vp_cwood, .. } = community;
        [vp_cleaf, vp_croot, vp_cwood].into_iter().flatten().any(|&value| value != 0.0 && !value.is_nan())
    };
    Silence::of_year(year.year, fields.into_iter(), !living().any(pools))
}

/// The cells whose yearly files hold nothing, among those that have silent ones. `years` gives a cell's files that were looked at, in
/// order.
pub(crate) fn empty_cells<Y: IntoIterator<Item = u32>>(
    run: &Run,
    silent: &[SilentDumps],
    years: impl Fn(Cell) -> Y,
) -> Vec<EmptyCells> {
    let names = NAMES.map(str::to_owned);
    Named { grid: run.grid, steps: Steps::Years, names: &names }.cells(silent, years)
}

/// The numbers of a cell's years that are there and wanted.
pub(crate) fn year_numbers(run: &Run, cell: Cell, is_wanted: impl Fn(i32) -> bool) -> Vec<u32> {
    let index = run.cells.binary_search_by_key(&cell, |one| one.cell).ok();
    let years = index.and_then(|index| run.cells.get(index)).map_or(&[][..], |cell| &cell.years);
    years.iter().copied().filter(|&year| is_wanted(year)).map(year_number).collect()
}
