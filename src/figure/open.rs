//! Which kind of figure is made by what: the one place that knows all kinds.

use crate::error::{Argument, Error, Result};

use super::data::gather::Gather;
use super::draft::Draft;
use super::plots::{
    biomass, boxes, climatology, compare, cycle, density, drift, health, hovmoller, limitation, map, pairs,
    scatter, series, taylor,
};
use super::spec::{Plot, Spec};

impl Draft {
    /// Opens a figure's inputs and says what it needs of them.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where settings and inputs do not fit, [`Library`](crate::ErrorKind::Library) where an input cannot be used.
    pub fn of(spec: &Spec, gather: &mut Gather) -> Result<Self> {
        let kind = spec.kind.ok_or_else(|| {
            let kinds = "map, series, climatology, hovmoller, scatter, compare, biomass, health, taylor, cycle, limitation, \
                boxes, density or drift";
            Error::selection(Argument::Kind, "", format!("is needed: {kinds}"))
        })?;
        spec.check(kind)?;
        gather.choices();
        let draft = match kind {
            Plot::Map => map::draft(spec, gather),
            Plot::Compare => compare::draft(spec, gather),
            Plot::Series => series::draft(spec, gather),
            Plot::Climatology => climatology::draft(spec, gather),
            Plot::Hovmoller => hovmoller::draft(spec, gather),
            Plot::Scatter if pairs::is_meant(spec) => pairs::draft(spec),
            Plot::Scatter => scatter::draft(spec, gather),
            Plot::Biomass => biomass::draft(spec),
            Plot::Health => health::draft(spec),
            Plot::Taylor => taylor::draft(spec),
            Plot::Limitation => limitation::draft(spec),
            Plot::Boxes => boxes::draft(spec),
            Plot::Density => density::draft(spec),
            Plot::Cycle => cycle::draft(spec),
            Plot::Drift => drift::draft(spec),
        }?;
        Ok(draft.with_choices(gather.choices()))
    }
}
