//! Traits of plant life strategies: numbers by the strategies' own numbers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Traits of a table at most; CAETE has 17.
pub const MOST_TRAITS: usize = 64;
/// Strategies of a table at most; CAETE's largest have 100,000.
pub const MOST_STRATEGIES: usize = 1 << 20;
/// Bytes of a trait's name: PostgreSQL takes 63 of a column's, and statistics add to it.
const LONGEST_NAME: usize = 40;
/// What tables call something else.
const TAKEN: [&str; 13] = [
    "grid_y",
    "grid_x",
    "latitude",
    "longitude",
    "year",
    "community",
    "pls_id",
    "count",
    "cveg",
    "ocp",
    "occupation",
    "carbon",
    "vp_ocp",
];

/// What is known of a trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trait {
    /// Its name.
    pub name: String,
    /// In words.
    pub long_name: String,
    /// As UDUNITS reads them; `None` where they are not known.
    pub units: Option<String>,
}

/// Traits of plant life strategies. Values are floats of 32 bits, as the model keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct TraitTable {
    traits: Vec<Trait>,
    /// In order.
    ids: Vec<i64>,
    /// Strategy by strategy; NaN where a value is missing.
    values: Vec<f32>,
}

/// How the values of a trait are spread over all strategies of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraitSpread {
    /// The least value.
    pub minimum: f64,
    /// The greatest value.
    pub maximum: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation, divided by the number of values.
    pub std: f64,
}

impl TraitTable {
    /// A table of traits; `values` has all traits of the first strategy, then those of the next.
    ///
    /// # Errors
    /// What is wrong with it: no traits or strategies or too many, names that are no names or are there twice, a number that is there
    /// twice, or values that are more or fewer.
    pub fn new(traits: Vec<Trait>, ids: Vec<i64>, values: Vec<f32>) -> Result<Self, String> {
        if !(1..=MOST_TRAITS).contains(&traits.len()) {
            return Err(format!("it has {} traits, wants 1 to {MOST_TRAITS}", traits.len()));
        }
        if !(1..=MOST_STRATEGIES).contains(&ids.len()) {
            return Err(format!("it has {} strategies, wants 1 to {MOST_STRATEGIES}", ids.len()));
        }
        let mut names = BTreeSet::new();
        for one in &traits {
            let small = one.name.to_ascii_lowercase();
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let starts = small.starts_with(|letter: char| letter.is_ascii_alphabetic());
            if !starts || !small.chars().all(is_plain) || small.len() > LONGEST_NAME {
                return Err(format!(
                    "{:?} is not a name of a trait: letters, digits and underscores, a letter first, up to {LONGEST_NAME}",
                    one.name
                ));
            }
            let is_taken =
                ["vp_", "limitation_", "uptake_", "functional_"].iter().any(|start| small.starts_with(start));
            if is_taken || TAKEN.contains(&small.as_str()) {
                return Err(format!("the trait {:?} has the name of another column of the tables", one.name));
            }
            if !names.insert(small) {
                return Err(format!("the trait {:?} is there twice", one.name));
            }
        }
        if values.len() != traits.len() * ids.len() {
            let wanted = traits.len() * ids.len();
            return Err(format!("it has {} values, wants {wanted}", values.len()));
        }
        let mut order: Vec<usize> = (0..ids.len()).collect();
        let id = |place: usize| ids.get(place).copied().unwrap_or_default();
        order.sort_by_key(|&place| id(place));
        if let Some(pair) =
            order.windows(2).find(|pair| matches!(pair, [one, other] if id(*one) == id(*other)))
        {
            let twice = pair.first().map_or(0, |&place| id(place));
            return Err(format!("the strategy {twice} is there twice"));
        }
        let row =
            |place: usize| values.get(place * traits.len()..(place + 1) * traits.len()).unwrap_or_default();
        let sorted = order.iter().flat_map(|&place| row(place).iter().copied()).collect();
        let ids = order.iter().map(|&place| id(place)).collect();
        Ok(TraitTable { traits, ids, values: sorted })
    }

    /// The traits, in their order.
    pub fn traits(&self) -> &[Trait] {
        &self.traits
    }

    /// The numbers of the strategies, in order.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// The traits of a strategy, NaN where a value is missing; `None` where the table does not have it.
    pub fn of(&self, id: i64) -> Option<&[f32]> {
        let place = self.ids.binary_search(&id).ok()?;
        self.values.get(place * self.traits.len()..(place + 1) * self.traits.len())
    }

    /// How each trait is spread over the strategies of the table, each counted once; values are added in the order of strategies.
    pub fn spread(&self) -> Vec<TraitSpread> {
        let of = |index: usize| {
            let values = || self.values.iter().skip(index).step_by(self.traits.len()).copied().map(f64::from);
            let values = || values().filter(|value| !value.is_nan());
            let count = values().count() as f64;
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
            TraitSpread {
                minimum: values().fold(f64::INFINITY, f64::min),
                maximum: values().fold(f64::NEG_INFINITY, f64::max),
                mean,
                std: variance.sqrt(),
            }
        };
        (0..self.traits.len()).map(of).collect()
    }

    /// What is to be said of strategies that the table does not have; `None` where it has all.
    pub fn lacks(&self, ids: impl IntoIterator<Item = i64>) -> Option<String> {
        const SHOWN: usize = 5;
        let missing: BTreeSet<i64> = ids.into_iter().filter(|&id| self.of(id).is_none()).collect();
        let shown: Vec<String> = missing.iter().take(SHOWN).map(i64::to_string).collect();
        let more = missing.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let noun = if missing.len() == 1 { "strategy" } else { "strategies" };
        (!missing.is_empty())
            .then(|| format!("the table of traits lacks the {noun} {}{more}", shown.join(", ")))
    }
}

/// A table as settings keep it: the bits of the values as hexadecimal digits, eight a value.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    traits: Vec<Trait>,
    ids: Vec<i64>,
    values: String,
}

impl From<TraitTable> for Kept {
    fn from(table: TraitTable) -> Self {
        let values = table.values.iter().map(|value| format!("{:08x}", value.to_bits())).collect();
        Kept { traits: table.traits, ids: table.ids, values }
    }
}

impl TryFrom<Kept> for TraitTable {
    type Error = String;

    fn try_from(kept: Kept) -> Result<Self, String> {
        let value = |digits: &[u8]| {
            let bits = std::str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, 16).ok());
            bits.map(f32::from_bits).ok_or_else(|| "its values are not hexadecimal digits".to_owned())
        };
        let values = kept.values.as_bytes().chunks(8).map(value).collect::<Result<Vec<f32>, String>>()?;
        TraitTable::new(kept.traits, kept.ids, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Trait {
        Trait { name: name.to_owned(), long_name: name.to_owned(), units: None }
    }

    fn table() -> TraitTable {
        let traits = vec![named("g1"), named("c4")];
        TraitTable::new(traits, vec![7, 0, 3], vec![1.5, 0.0, 2.5, 1.0, f32::NAN, 0.1]).expect("a table")
    }

    #[test]
    fn strategies_are_found_by_their_numbers() {
        let table = table();
        assert_eq!(table.ids(), [0, 3, 7]);
        assert_eq!(table.of(0), Some(&[2.5, 1.0][..]));
        assert_eq!(table.of(7), Some(&[1.5, 0.0][..]));
        assert!(table.of(3).is_some_and(|values| values[0].is_nan() && values[1] == 0.1));
        assert_eq!(table.of(1), None);
        assert_eq!(table.lacks([0, 3, 7]), None);
        assert_eq!(table.lacks([9, 0, 9]).as_deref(), Some("the table of traits lacks the strategy 9"));
        let many = table.lacks(10..17).expect("words");
        assert_eq!(many, "the table of traits lacks the strategies 10, 11, 12, 13, 14 and 2 more");
        let spread = table.spread();
        assert_eq!(
            (spread[0].minimum, spread[0].maximum, spread[0].mean, spread[0].std),
            (1.5, 2.5, 2.0, 0.5)
        );
    }

    #[test]
    fn settings_keep_every_bit() {
        let text = serde_json::to_string(&table()).expect("a text");
        let read: TraitTable = serde_json::from_str(&text).expect("a table");
        let bits =
            |table: &TraitTable| table.values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        assert_eq!((read.ids(), bits(&read)), (table().ids(), bits(&table())));
        for (from, to) in [("\"values\":\"", "\"values\":\"zz"), ("[0,3,7]", "[0,3]"), ("[0,3,7]", "[0,3,3]")]
        {
            assert!(serde_json::from_str::<TraitTable>(&text.replace(from, to)).is_err(), "{from}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let refused = |names: &[&str], ids: &[i64], values: usize| {
            let traits = names.iter().map(|name| named(name)).collect();
            TraitTable::new(traits, ids.to_vec(), vec![0.0; values]).expect_err("a refusal")
        };
        assert!(refused(&[], &[1], 0).contains("0 traits"));
        assert!(refused(&["g1"], &[], 0).contains("0 strategies"));
        assert!(refused(&["g1", "G1"], &[1], 2).contains("twice"));
        assert!(refused(&["g1"], &[1, 1], 2).contains("the strategy 1 is there twice"));
        assert!(refused(&["g1"], &[1], 2).contains("2 values, wants 1"));
        for name in ["", "1g", "a b", "carbon", "vp_x", "limitation_leaf_code", &"a".repeat(41)] {
            assert!(refused(&[name], &[1], 1).contains("trait"), "{name}");
        }
    }
}
