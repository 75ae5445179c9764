//! How a file is known again: whether a dump is still the one that was read.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use twox_hash::XxHash3_64;

/// Times of files are this coarse on some file systems, and clocks of file servers this wrong: a file that was written
/// so shortly before it was read may have been written again without a trace.
pub(crate) const COARSE: Duration = Duration::from_secs(3);

/// A file as it was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "Written", from = "Written")]
pub struct Stamp {
    /// Its bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
    /// Whether any later change shows in that time.
    pub is_settled: bool,
    /// XXH3 of its content.
    pub digest: u64,
}

type Written = (u64, i64, bool, u64);

impl From<Stamp> for Written {
    fn from(stamp: Stamp) -> Self {
        (stamp.bytes, stamp.modified, stamp.is_settled, stamp.digest)
    }
}

impl From<Written> for Stamp {
    fn from((bytes, modified, is_settled, digest): Written) -> Self {
        Stamp { bytes, modified, is_settled, digest }
    }
}

impl Stamp {
    /// The stamp of a file that was read between `before` and `after`.
    pub fn of(before: &Metadata, after: &Metadata, content: &[u8]) -> Self {
        let still = before.len() == after.len() && modified(before) == modified(after);
        let age = after.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        Stamp {
            bytes: content.len() as u64,
            modified: modified(after),
            is_settled: still && age.is_some_and(|age| age > COARSE),
            digest: XxHash3_64::oneshot(content),
        }
    }

    /// The stamp of what could not be read.
    pub fn of_unread(metadata: &Metadata) -> Self {
        Stamp { digest: 0, ..Stamp::of(metadata, metadata, &[]) }.with_bytes(metadata.len())
    }

    fn with_bytes(self, bytes: u64) -> Self {
        Stamp { bytes, ..self }
    }

    /// Whether a file is the same still. Size and time decide where they can; otherwise the content does.
    pub fn holds(&self, path: &Path) -> bool {
        let Ok(now) = std::fs::metadata(path) else { return false };
        if now.len() != self.bytes {
            return false;
        }
        if self.is_settled && modified(&now) == self.modified {
            return true;
        }
        crate::shared::read_input(path).is_ok_and(|content| XxHash3_64::oneshot(&content) == self.digest)
    }
}

/// When a file was changed last, in nanoseconds since 1970.
pub(crate) fn modified(metadata: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(path: &Path) -> Stamp {
        let metadata = std::fs::metadata(path).expect("a file");
        Stamp::of(&metadata, &metadata, &std::fs::read(path).expect("a file"))
    }

    fn set_age(path: &Path, seconds: u64) {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        std::fs::File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(time))
            .expect("a time");
    }

    #[test]
    fn a_file_is_known_by_size_then_time_then_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dump");
        std::fs::write(&path, b"one").expect("a file");
        let fresh = stamp(&path);
        assert!(!fresh.is_settled && fresh.holds(&path));
        // Written again at once, with the same size and time: only the content tells.
        let time = std::fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
        std::fs::write(&path, b"two").expect("a file");
        std::fs::File::options().write(true).open(&path).and_then(|f| f.set_modified(time)).expect("a time");
        assert!(!fresh.holds(&path));

        set_age(&path, 100);
        let settled = stamp(&path);
        assert!(settled.is_settled && settled.holds(&path));
        set_age(&path, 50);
        assert!(settled.holds(&path), "a copy with another time has the same content");
        std::fs::write(&path, b"three").expect("a file");
        assert!(!settled.holds(&path));
        std::fs::remove_file(&path).expect("gone");
        assert!(!settled.holds(&path));
    }

    #[test]
    fn a_file_that_changed_while_it_was_read_is_not_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dump");
        std::fs::write(&path, b"one").expect("a file");
        set_age(&path, 100);
        let before = std::fs::metadata(&path).expect("a file");
        set_age(&path, 50);
        let after = std::fs::metadata(&path).expect("a file");
        assert!(!Stamp::of(&before, &after, b"one").is_settled);
    }
}
