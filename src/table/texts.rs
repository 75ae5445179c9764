//! The texts of a column of texts, and the keys that stand for them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::StringArray;

/// Distinct texts. Readers take a text that is there twice for two groups, or refuse it.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The texts, in the order in which they were first named.
    pub values: Arc<StringArray>,
    keys: Vec<Option<i32>>,
}

impl Texts {
    /// The texts of some things, by number: several may have the same one. Those without a text have none.
    pub(super) fn new(named: Vec<String>) -> Self {
        let mut first: HashMap<&str, i32> = HashMap::new();
        let mut values: Vec<&str> = Vec::new();
        let mut keys = Vec::with_capacity(named.len());
        for text in &named {
            keys.push((!text.is_empty()).then(|| {
                *first.entry(text).or_insert_with(|| {
                    values.push(text);
                    values.len() as i32 - 1
                })
            }));
        }
        Texts { values: Arc::new(StringArray::from(values)), keys }
    }

    /// The key of the text of a thing; `None` where that has none.
    pub(super) fn key(&self, number: usize) -> Option<i32> {
        self.keys.get(number).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_there_once_and_nothing_is_none() {
        let texts = Texts::new(["kg", "1", "", "kg", "m"].map(str::to_owned).to_vec());
        assert_eq!(texts.values.iter().flatten().collect::<Vec<_>>(), ["kg", "1", "m"]);
        let keys: Vec<Option<i32>> = (0..6).map(|number| texts.key(number)).collect();
        assert_eq!(keys, [Some(0), Some(1), None, Some(0), Some(2), None]);
    }
}
