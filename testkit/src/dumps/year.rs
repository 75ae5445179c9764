//! The communities of a year, as the model writes them.

use super::{Array, Entry};

/// A community's strategies: their numbers, carbon in leaves, roots and wood, and shares of the area.
#[derive(Debug, Clone, Default)]
pub struct Community(pub Vec<(i64, [f64; 4])>);

/// What a year's dump holds; communities are numbered from 0.
pub fn year(year: i32, communities: &[Community]) -> Vec<(String, Entry)> {
    const POOLS: [&str; 4] = ["vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp"];
    const NUMBERS: [&str; 5] = ["cleaf", "croot", "cwood", "anpp", "uptake_costs"];
    let numbers = || NUMBERS.iter().map(|key| ((*key).to_owned(), Entry::Float(1.0)));
    let array = |dtype: &str, bytes: Vec<u8>| {
        let shape = vec![bytes.len() / 8];
        Entry::Array(Array { dtype: dtype.to_owned(), shape, fortran: false, bytes })
    };
    let of = |Community(strategies): &Community| {
        let ids = strategies.iter().flat_map(|(id, _)| id.to_le_bytes()).collect();
        let mut entries = vec![("id".to_owned(), array("<i8", ids))];
        for (index, key) in POOLS.iter().enumerate() {
            let bytes = strategies.iter().flat_map(|(_, values)| values[index].to_le_bytes()).collect();
            entries.push(((*key).to_owned(), array("<f8", bytes)));
        }
        entries.extend(numbers());
        entries
    };
    let communities = (0..).zip(communities.iter().map(of)).collect();
    let mut entries =
        vec![("year".to_owned(), Entry::Int(year.into())), ("cveg".to_owned(), Entry::Float(3.0))];
    entries.extend(numbers());
    entries.push(("communities".to_owned(), Entry::Numbered(communities)));
    entries
}
