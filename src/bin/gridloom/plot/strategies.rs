//! Words of the options of strategies' figures as settings.

use gridloom::figure::{By, WeighedBy};

use crate::args::plot::{By as ByWord, ShareWeight, StrategyWeight};

pub(super) fn weight_of(weight: StrategyWeight) -> WeighedBy {
    match weight {
        StrategyWeight::Occupation => WeighedBy::Occupation,
        StrategyWeight::Carbon => WeighedBy::Carbon,
    }
}

pub(super) fn share_of(weight: ShareWeight) -> WeighedBy {
    match weight {
        ShareWeight::Area => WeighedBy::Occupation,
        ShareWeight::Carbon => WeighedBy::Carbon,
    }
}

pub(super) fn by_of(by: ByWord) -> By {
    match by {
        ByWord::Year => By::Year,
        ByWord::Cell => By::Cell,
        ByWord::Area => By::Area,
    }
}
