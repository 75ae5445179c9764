//! Who made a file, and when.

use chrono::{DateTime, Utc};

/// Where and when a file was made.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The time that the files name: SOURCE_DATE_EPOCH, or the start of the work.
    pub created: DateTime<Utc>,
    /// A digest of all dumps that were read.
    pub digest: String,
}

impl Provenance {
    /// The time to name: SOURCE_DATE_EPOCH where it is set, otherwise now.
    pub fn now() -> DateTime<Utc> {
        std::env::var("SOURCE_DATE_EPOCH")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .unwrap_or_else(Utc::now)
    }
}
