//! Which settings mean something to which tables.

use super::TableKind;

/// A setting that only some tables have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableSetting {
    /// The length of intervals.
    Every,
    /// Regions: boxes, masks.
    Regions,
    /// Rows for each month of the year.
    ByMonth,
    /// Which quantiles.
    Quantiles,
    /// Periods by themselves.
    ByPeriod,
    /// When a state is in equilibrium.
    Equilibrium,
    /// A table of traits.
    Traits,
    /// Upstream's names.
    Names,
    /// Which years.
    Years,
}

impl TableSetting {
    /// Whether it means something to a table.
    pub fn is_of(self, kind: TableKind) -> bool {
        use TableKind::{Biomass, Daily, Drift, Drifting, Region, Stats};
        match self {
            Self::Every | Self::Regions => kind == Region,
            Self::ByMonth | Self::Quantiles => kind == Stats,
            Self::ByPeriod => matches!(kind, Daily | Region | Stats),
            Self::Equilibrium => matches!(kind, Drift | Drifting),
            Self::Traits => kind.has_traits(),
            Self::Names => matches!(kind, Daily | Biomass),
            Self::Years => kind.is_yearly(),
        }
    }

    /// Why it is given in vain where these tables are made; `None` where it is not.
    pub fn vain(self, made: &[TableKind]) -> Option<String> {
        if made.iter().any(|kind| self.is_of(*kind)) {
            return None;
        }
        let own: Vec<&str> =
            TableKind::ALL.into_iter().filter(|kind| self.is_of(*kind)).map(TableKind::name).collect();
        let words = match (self, own.as_slice()) {
            (Self::Years, _) => "yearly tables, none of which is".to_owned(),
            (_, [others @ .., last]) if !others.is_empty() => {
                format!("the tables {} and {last}, none of which is", others.join(", "))
            }
            (_, own) => format!("the table {}, which is not", own.concat()),
        };
        Some(format!("is for {words} asked for"))
    }
}
