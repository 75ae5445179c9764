//! Words that messages of all rooms share.

/// A number of things: `1 byte`, `2 bytes`.
pub(crate) fn many(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}
