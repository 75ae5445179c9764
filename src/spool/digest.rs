//! Digests that decide whether work is done already.
//!
//! What goes into one is written out field by field, behind its name and a version, so that no name or order of fields in the
//! code matters. A change of meaning takes another [`VERSION`]: then all is published anew once.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use super::record::RecordId;

/// The version of what digests are made of.
const VERSION: u64 = 1;

/// A digest that is being made. The same calls with the same values give the same digest, on all machines.
#[derive(Default)]
pub struct Digest(XxHash3_64);

impl Digest {
    /// A digest of something.
    pub fn of(what: &str) -> Self {
        Digest::default().number(VERSION).text(what)
    }

    /// Adds bytes, and how many they are.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.write(&(bytes.len() as u64).to_le_bytes());
        self.0.write(bytes);
        self
    }

    /// Adds a text.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds a text that may not be there, which is not the same as an empty one.
    pub fn maybe(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1u64).text(text),
            None => self.number(0u64),
        }
    }

    /// Adds a number.
    pub fn number(mut self, number: impl Into<u64>) -> Self {
        self.0.write(&number.into().to_le_bytes());
        self
    }

    /// Adds a number that may be below zero.
    pub fn signed(mut self, number: i64) -> Self {
        self.0.write(&number.to_le_bytes());
        self
    }

    /// Adds a list, and how long it is.
    pub fn list<T>(self, items: impl ExactSizeIterator<Item = T>, add: impl Fn(Self, T) -> Self) -> Self {
        let digest = self.number(items.len() as u64);
        items.fold(digest, add)
    }

    /// Adds a record.
    pub fn record(self, id: &RecordId) -> Self {
        self.number(id.task.0).number(id.at)
    }

    /// The digest.
    pub fn finish(self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spools on users' disks hold these: another number here means that all of them publish anew.
    #[test]
    fn digests_stay_what_they_are() {
        let id = RecordId { task: crate::spool::Task::number(7), at: 99 };
        let digest = Digest::of("a test").text("npp").maybe(None).maybe(Some("")).number(3u32).signed(-3);
        let digest = digest.list([1u32, 2].iter(), |digest, number| digest.number(*number)).record(&id);
        assert_eq!(format!("{:016x}", digest.finish()), "41f42f2825f05e95");
    }

    #[test]
    fn neither_order_nor_borders_are_lost() {
        let of = |texts: &[&str]| texts.iter().fold(Digest::of("a test"), |d, text| d.text(text)).finish();
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&[]), of(&[""]));
        assert_ne!(Digest::of("x").maybe(None).finish(), Digest::of("x").maybe(Some("")).finish());
    }
}
