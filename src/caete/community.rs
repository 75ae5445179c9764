//! A year's dump of CAETE-DVM: the communities of one cell, with their plant life strategies.
//!
//! It is the state of day 365 of the year, which [`CommunityYear`] holds as plain numbers: these dumps are small. Fluxes
//! are sums over the year. Floats of 32 bits are widened, which is exact.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let path = "data/sample_run/grd_170-223/metacommunity_1979.pkz";
//! let dump = gridloom::dump::Dump::open(path, &Default::default())?;
//! let year = gridloom::caete::CommunityYear::read(dump.root())?;
//! for community in &year.communities {
//!     println!("{}: community {} has {} strategies", year.year, community.index, community.ids.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Whatever a dump asks for, no more than 65,536 communities with 262,144 strategies in all are made of it, which take 100 MB.

use std::collections::BTreeMap;

use crate::dump::{ContentProblem, DumpError, Value, ValueKind};
use fields::{defined, number, numbers, pairs, required, whole, whole_numbers};

mod fields;

/// The model has tens of communities a cell, and numbers them from 0.
const MAX_COMMUNITIES: u32 = 1 << 16;
/// Living strategies of all communities of a cell, of which the model has some thousands. One array can stand for those of
/// many communities, so that the size of a dump says nothing of them.
const MAX_STRATEGIES: usize = 1 << 18;
/// The model writes 19 keys. Every key is looked for among all.
const MAX_KEYS: usize = 1 << 7;

/// The communities of one cell at the end of a year.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CommunityYear {
    /// The year.
    pub year: i32,
    /// For each community of the cell, whether it is masked (all its plants died); empty where the dump has no mask.
    pub mask: Vec<bool>,
    /// Figures of the whole cell.
    pub totals: Totals,
    /// The communities, in the order of their numbers. The model leaves masked ones out.
    pub communities: Vec<Community>,
}

/// Figures of a cell, as they stand in the dump: the model's sums over the living communities, divided by their number
/// **plus one**. They are no means; divide sums over [`CommunityYear::communities`] for those.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// Carbon in plants, kg m⁻².
    pub cveg: f64,
    /// Carbon in leaves, kg m⁻².
    pub cleaf: f64,
    /// Carbon in fine roots, kg m⁻².
    pub croot: f64,
    /// Carbon in wood, kg m⁻².
    pub cwood: f64,
    /// Net primary production that was allocated, as carbon, g m⁻², over the year.
    pub anpp: f64,
    /// What the uptake of nutrients cost, as carbon, g m⁻², over the year.
    pub uptake_costs: f64,
}

/// One community. All vectors have one value for each living strategy, in the order of `ids`, which is the dump's and is
/// not sorted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Community {
    /// The community's number in its cell.
    pub index: u32,
    /// Whether it is masked, by its own word or else by the cell's mask.
    pub is_masked: bool,
    /// The strategies' numbers in the model's main table.
    pub ids: Vec<i64>,
    /// Carbon in leaves, kg m⁻².
    pub vp_cleaf: Vec<f64>,
    /// Carbon in fine roots, kg m⁻².
    pub vp_croot: Vec<f64>,
    /// Carbon in wood, kg m⁻².
    pub vp_cwood: Vec<f64>,
    /// Shares of the community's area, 0 to 1.
    pub vp_ocp: Vec<f64>,
    /// What limited the strategies; `None` where the model did not keep it.
    pub limitation: Option<Limitation>,
    /// Carbon in leaves, weighted by area, kg m⁻².
    pub cleaf: f64,
    /// Carbon in fine roots, weighted by area, kg m⁻².
    pub croot: f64,
    /// Carbon in wood, weighted by area, kg m⁻².
    pub cwood: f64,
    /// Net primary production that was allocated, as carbon, g m⁻², over the year.
    pub anpp: f64,
    /// What the uptake of nutrients cost, as carbon, g m⁻², over the year.
    pub uptake_costs: f64,
    /// Shannon's entropy of the shares; `None` where it is missing or not defined (−9999 or NaN in the dump).
    pub shannon_entropy: Option<f64>,
    /// The exponential of the entropy; `None` as there.
    pub shannon_diversity: Option<f64>,
    /// The entropy by the logarithm of the number of strategies; `None` as there, for a single strategy, and where the
    /// entropy is `None`: the model divides its −9999, too.
    pub shannon_evenness: Option<f64>,
}

/// The commonest state of the year for each strategy: its code, and on how many of the strategy's days it held, in percent.
///
/// Codes of limitation: 0 none, 1 nitrogen, 2 phosphorus, 4 nitrogen and 5 phosphorus (co-limited), 6 both.
#[derive(Debug, Clone, PartialEq)]
pub struct Limitation {
    /// Limitation of leaves.
    pub leaf: Vec<(i32, f64)>,
    /// Limitation of roots.
    pub root: Vec<(i32, f64)>,
    /// Limitation of wood.
    pub wood: Vec<(i32, f64)>,
    /// Strategy of nitrogen uptake, by a code of the model.
    pub uptake_n: Vec<(i32, f64)>,
    /// Strategy of phosphorus uptake, by a code of the model.
    pub uptake_p: Vec<(i32, f64)>,
}

impl CommunityYear {
    /// Reads a dict as a year's communities. Of a key or community that is there twice the last counts, as in Python; keys
    /// that are not known are passed over.
    ///
    /// # Errors
    /// [`DumpError::Content`] where a key is missing or holds something else, where a community has not one value for
    /// each of its strategies, or where there are more of anything than a model writes. It names key and community.
    pub fn read(root: Value<'_>) -> Result<Self, DumpError> {
        read_year(root).map_err(DumpError::Content)
    }
}

fn read_year(root: Value<'_>) -> Result<CommunityYear, ContentProblem> {
    check_dict(root)?;
    let year = whole(root, "year")?;
    let year = i32::try_from(year).map_err(|_| ContentProblem::Year(year))?;
    let mask = match root.get("mask") {
        Some(value) => fields::mask(value, MAX_COMMUNITIES as usize)?,
        None => Vec::new(),
    };
    let totals = Totals {
        cveg: number(root, "cveg")?,
        cleaf: number(root, "cleaf")?,
        croot: number(root, "croot")?,
        cwood: number(root, "cwood")?,
        anpp: number(root, "anpp")?,
        uptake_costs: number(root, "uptake_costs")?,
    };
    let mut strategies = 0;
    let mut communities = Vec::new();
    for (index, value) in numbered(required(root, "communities")?)? {
        let is_masked = mask.get(index as usize).copied().unwrap_or(false);
        let community = read_community(value, index, is_masked, &mut strategies);
        communities.push(community.map_err(|problem| match problem {
            // Of the whole dump, not of this community.
            ContentProblem::TooMany { .. } => problem,
            problem => ContentProblem::Community { number: index, problem: Box::new(problem) },
        })?);
    }
    Ok(CommunityYear { year, mask, totals, communities })
}

fn check_dict(value: Value<'_>) -> Result<(), ContentProblem> {
    match value.kind() {
        ValueKind::Dict(0..=MAX_KEYS) => Ok(()),
        ValueKind::Dict(keys) => Err(ContentProblem::Keys { keys, limit: MAX_KEYS }),
        _ => Err(ContentProblem::NotADict),
    }
}

/// The communities by their numbers.
fn numbered(communities: Value<'_>) -> Result<BTreeMap<u32, Value<'_>>, ContentProblem> {
    let wrong = ContentProblem::KeyType { key: "communities", wanted: "a dict by whole numbers" };
    let limit = MAX_COMMUNITIES as usize;
    match communities.kind() {
        ValueKind::Dict(count) if count > limit => {
            return Err(ContentProblem::TooMany { what: "communities", count, limit });
        }
        ValueKind::Dict(_) => {}
        _ => return Err(wrong),
    }
    let mut numbered = BTreeMap::new();
    for (key, value) in communities.entries() {
        let number = key.as_i64().ok_or_else(|| wrong.clone())?;
        let index = u32::try_from(number).ok().filter(|&index| index < MAX_COMMUNITIES);
        let index = index.ok_or(ContentProblem::CommunityNumber { number, last: MAX_COMMUNITIES - 1 })?;
        numbered.insert(index, value);
    }
    Ok(numbered)
}

/// Reads one community; `strategies` counts those of all.
fn read_community(
    value: Value<'_>,
    index: u32,
    is_masked: bool,
    strategies: &mut usize,
) -> Result<Community, ContentProblem> {
    check_dict(value)?;
    let is_masked = match value.get("masked") {
        Some(_) => whole(value, "masked")? != 0,
        None => is_masked,
    };
    let ids = whole_numbers(value, "id", |count| {
        *strategies = strategies.saturating_add(count);
        if *strategies <= MAX_STRATEGIES {
            return Ok(());
        }
        Err(ContentProblem::TooMany { what: "strategies", count: *strategies, limit: MAX_STRATEGIES })
    })?;
    let count = ids.len();
    let shannon_entropy = defined(value, "shannon_entropy")?;
    Ok(Community {
        index,
        is_masked,
        vp_cleaf: numbers(value, "vp_cleaf", count)?,
        vp_croot: numbers(value, "vp_croot", count)?,
        vp_cwood: numbers(value, "vp_cwood", count)?,
        vp_ocp: numbers(value, "vp_ocp", count)?,
        limitation: read_limitation(value, count)?,
        ids,
        cleaf: number(value, "cleaf")?,
        croot: number(value, "croot")?,
        cwood: number(value, "cwood")?,
        anpp: number(value, "anpp")?,
        uptake_costs: number(value, "uptake_costs")?,
        shannon_entropy,
        shannon_diversity: defined(value, "shannon_diversity")?,
        shannon_evenness: defined(value, "shannon_evenness")?.filter(|_| shannon_entropy.is_some()),
    })
}

/// The model writes all five of these keys or none.
fn read_limitation(community: Value<'_>, count: usize) -> Result<Option<Limitation>, ContentProblem> {
    const KEYS: [&str; 5] = [
        "limitation_status_leaf",
        "limitation_status_root",
        "limitation_status_wood",
        "uptk_strat_n",
        "uptk_strat_p",
    ];
    if KEYS.iter().all(|key| community.get(key).is_none()) {
        return Ok(None);
    }
    let [leaf, root, wood, uptake_n, uptake_p] = KEYS;
    Ok(Some(Limitation {
        leaf: pairs(community, leaf, count)?,
        root: pairs(community, root, count)?,
        wood: pairs(community, wood, count)?,
        uptake_n: pairs(community, uptake_n, count)?,
        uptake_p: pairs(community, uptake_p, count)?,
    }))
}
