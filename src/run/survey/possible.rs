//! Whether a survey that was written down can be one: later arithmetic trusts its numbers.

use super::Survey;

/// Days since a reference, a billion years of them.
const MOST_DAYS: u64 = 1 << 39;

/// Bytes of a dump.
const MOST_BYTES: u64 = 1 << 50;

impl Survey {
    /// Why no program has written this.
    pub(crate) fn impossible(&self) -> Option<&'static str> {
        let Survey { spans, facts, extent, lost, .. } = self;
        let lost = lost.iter().filter_map(|lost| lost.days.named());
        let days = spans.iter().map(|span| (span.first_day, span.last_day));
        let days = days.chain(facts.iter().map(|facts| (facts.first_day, facts.last_day))).chain(lost);
        // Of a run without daily dumps nothing is known.
        let extent = (*extent != (i64::MAX, i64::MIN)).then_some(*extent);
        let is_day = |day: i64| day.unsigned_abs() <= MOST_DAYS;
        if days.chain(extent).any(|(first, last)| first > last || !is_day(first) || !is_day(last)) {
            return Some("its days are not those of dumps");
        }
        if facts.iter().any(|facts| facts.file_bytes.max(facts.decoded_bytes) > MOST_BYTES) {
            return Some("a dump is larger than any file");
        }
        None
    }
}
