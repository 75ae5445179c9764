//! What cells are called by whose days follow one another by the numbers of periods.

/// The variable of numbers of periods.
pub(super) const PERIOD: &str = "period";
/// The dimension of these cells' series: `time` is not in order there, and so no dimension.
pub(super) const PLACE: &str = "step";
/// The attribute of such cells, and of archives that have some.
pub(super) const ORDER: &str = "gridloom_order";
