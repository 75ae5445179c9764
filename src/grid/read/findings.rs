//! What an opened file has otherwise than gridloom writes it.

/// Findings that are kept in full; all are counted.
pub(crate) const SHOWN: usize = 20;

/// A coordinate that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub expected: String,
    pub found: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected is {}, found is {}", self.expected, self.found)
    }
}

/// What was compared while a file was opened, and what differs.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Coordinates and bounds compared.
    pub compared: u64,
    /// Those that differ.
    pub differences: u64,
    /// The first of them.
    pub first: Vec<Finding>,
}

impl Findings {
    /// Adds a difference.
    pub(super) fn add(&mut self, expected: String, found: String) {
        self.differences += 1;
        if self.first.len() < SHOWN {
            self.first.push(Finding { expected, found });
        }
    }

    /// Compares a coordinate, to the bit.
    pub(super) fn compare(&mut self, what: impl FnOnce() -> String, expected: f64, found: f64) {
        self.compared += 1;
        if expected.to_bits() == found.to_bits() {
            return;
        }
        self.differences += 1;
        if self.first.len() < SHOWN {
            let expected = format!("{} = {expected}", what());
            self.first.push(Finding { expected, found: found.to_string() });
        }
    }
}
