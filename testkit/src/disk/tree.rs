//! What is left on a disk.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// What is left: paths, and for files what they hold.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct Tree(pub BTreeMap<String, Leaf>);

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A folder.
    Folder,
    /// Names of one file have one number. The time of a file that was synced, or 0.
    File(usize, u64, Vec<u8>),
}

impl Tree {
    /// What a file holds.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        match self.0.get(path)? {
            Leaf::File(_, _, bytes) => Some(bytes),
            Leaf::Folder => None,
        }
    }

    /// Makes a folder that holds this.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).expect("a folder");
        let mut files = HashMap::new();
        for (name, leaf) in &self.0 {
            let path = folder.join(name);
            match leaf {
                Leaf::Folder => std::fs::create_dir(&path).expect("a folder"),
                Leaf::File(node, modified, bytes) => match files.get(node) {
                    Some(first) => std::fs::hard_link(first, &path).expect("a link"),
                    None => {
                        std::fs::write(&path, bytes).expect("a file");
                        set_modified(&path, *modified);
                        files.insert(node, path);
                    }
                },
            }
        }
    }

    /// The same names and bytes, whatever number the files have.
    pub fn is_like(&self, other: &Tree) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((name, leaf), (other_name, other_leaf))| {
                let same = match (leaf, other_leaf) {
                    (Leaf::Folder, Leaf::Folder) => true,
                    (Leaf::File(_, _, bytes), Leaf::File(_, _, others)) => bytes == others,
                    _ => false,
                };
                name == other_name && same
            })
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, leaf) in &self.0 {
            match leaf {
                Leaf::Folder => writeln!(f, "    {name}/")?,
                Leaf::File(_, _, bytes) => writeln!(f, "    {name}: {} bytes", bytes.len())?,
            }
        }
        Ok(())
    }
}

fn set_modified(path: &Path, nanoseconds: u64) {
    if nanoseconds > 0 {
        let file = std::fs::File::options().write(true).open(path).expect("a file");
        file.set_modified(UNIX_EPOCH + Duration::from_nanos(nanoseconds)).expect("a time");
    }
}
