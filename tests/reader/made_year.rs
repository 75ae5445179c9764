//! A yearly dump as a test wants it: what the model writes, with keys replaced or left out.

use gridloom::caete::CommunityYear;
use gridloom::caete::community::Community;
use gridloom::dump::{Dump, DumpError, Limits};

use super::writer::{Numbers, Plain, write};

pub const LIMITS: Limits = Limits { decoded_bytes: 8 << 20, values: 1 << 20, dictionary_bytes: 16 << 20 };
pub const FIELDS: [&str; 4] = ["vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp"];
pub const STATES: [&str; 5] = [
    "limitation_status_leaf",
    "limitation_status_root",
    "limitation_status_wood",
    "uptk_strat_n",
    "uptk_strat_p",
];
pub const FIGURES: [&str; 6] = ["cveg", "cleaf", "croot", "cwood", "anpp", "uptake_costs"];

pub type Entries = Vec<(Plain, Plain)>;

pub fn text(text: &str) -> Plain {
    Plain::Text(text.to_owned())
}

pub fn float(value: f64) -> Plain {
    Plain::Float(value.to_bits())
}

pub fn f4(value: f32) -> Plain {
    Plain::Scalar(Numbers { dtype: "f4", order: "<", data: value.to_le_bytes().to_vec() })
}

pub fn f8s(values: &[f64]) -> Plain {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Plain::Shaped(vec![values.len() as i64], Numbers { dtype: "f8", order: "<", data })
}

pub fn i8s(values: &[i64]) -> Plain {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Plain::Shaped(vec![values.len() as i64], Numbers { dtype: "i8", order: "<", data })
}

pub fn mask(values: &[u8]) -> Plain {
    let numbers = Numbers { dtype: "i1", order: "|", data: values.to_vec() };
    Plain::Shaped(vec![values.len() as i64], numbers)
}

pub fn set(entries: &mut Entries, key: &str, value: Plain) {
    entries.retain(|(name, _)| *name != text(key));
    entries.push((text(key), value));
}

pub fn without(mut entries: Entries, key: &str) -> Entries {
    entries.retain(|(name, _)| *name != text(key));
    entries
}

pub fn with(mut entries: Entries, key: &str, value: Plain) -> Entries {
    set(&mut entries, key, value);
    entries
}

/// A community of so many strategies.
pub fn community(count: usize) -> Entries {
    let mut entries = vec![(text("id"), i8s(&(0..count as i64).map(|id| 900 - id).collect::<Vec<_>>()))];
    for (offset, key) in FIELDS.iter().enumerate() {
        set(&mut entries, key, f8s(&(0..count).map(|at| (at + offset) as f64 / 3.0).collect::<Vec<_>>()));
    }
    for (code, key) in STATES.iter().enumerate() {
        let pair = |at| Plain::Tuple(vec![Plain::Int(code as i64), float(50.0 + at as f64)]);
        set(&mut entries, key, Plain::Tuple((0..count).map(pair).collect()));
    }
    for (at, key) in FIGURES.iter().enumerate().skip(1) {
        set(&mut entries, key, if at < 4 { float(at as f64 + 0.1) } else { f4(at as f32 + 0.1) });
    }
    set(&mut entries, "masked", Plain::Int(0));
    for (key, value) in [("entropy", 1.5), ("diversity", 4.5), ("evenness", 0.75)] {
        set(&mut entries, &format!("shannon_{key}"), float(value));
    }
    entries
}

pub fn year_of(communities: Vec<(Plain, Plain)>) -> Entries {
    let mut entries = vec![(text("communities"), Plain::Dict(communities))];
    for (at, key) in FIGURES.iter().enumerate() {
        set(&mut entries, key, if at < 4 { float(at as f64 + 0.2) } else { f4(at as f32 + 0.2) });
    }
    set(&mut entries, "mask", mask(&[0, 1, 0]));
    set(&mut entries, "year", Plain::Int(1979));
    entries
}

pub fn year() -> Entries {
    year_of(vec![(Plain::Int(2), Plain::Dict(community(1))), (Plain::Int(0), Plain::Dict(community(4)))])
}

pub fn read(entries: Entries) -> Result<CommunityYear, DumpError> {
    let dump = Dump::decode(&write(&Plain::Dict(entries), 5), Vec::new(), &LIMITS).expect("a pickle");
    CommunityYear::read(dump.root())
}

pub fn one(entries: Entries) -> Result<Community, DumpError> {
    let year = read(year_of(vec![(Plain::Int(0), Plain::Dict(entries))]))?;
    Ok(year.communities.into_iter().next().expect("a community"))
}
