//! What a series is, and why something else is none.

/// Why a value of a dump is not a series of days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum NotSeries {
    /// It is a single value: a text, a number, nothing.
    #[error("it is a single value, not a series of days")]
    Single,
    /// It is something else than numbers.
    #[error("it is {0}, not an array or list of numbers")]
    Kind(String),
    /// It has too many dimensions.
    #[error("it has {0} dimensions, where a series has one or two")]
    Dimensions(usize),
    /// It is a list with something in it that cannot stand in a series.
    #[error("it is a list of {count} items, {problem}")]
    List {
        /// Its items.
        count: usize,
        /// What is wrong with them.
        problem: String,
    },
    /// A formula cannot be calculated.
    #[error("{0}")]
    Formula(String),
    /// Its key is not a text.
    #[error("its key is not a text")]
    Key,
}

impl NotSeries {
    /// Whether data may be lost where it is left out.
    pub fn is_loss(&self) -> bool {
        *self != Self::Single
    }
}
