//! What is drawn of a line over time.

/// A drawn point: middle of its time, value, what is shaded below and above.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub x: f64,
    /// From the first to the last day.
    pub days: (f64, f64),
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Mark {
    /// A time without a value, which breaks a line.
    pub fn nothing(from: f64, to: f64) -> Self {
        Mark { x: (from + to) / 2.0, days: (from, to), value: f64::NAN, low: f64::NAN, high: f64::NAN }
    }
}
