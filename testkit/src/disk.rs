//! A disk that loses power: what a log of calls can leave behind when it ends at any place.
//!
//! The model promises no more than POSIX does. A file's bytes are safe when the file was synced after them; a name is safe
//! when its folder was. What is not safe may be there, in part, or not at all, in any order; only names of one folder come
//! in the order in which they were given, as every journalling file system keeps them.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::dumps::scramble;
use crate::shim::Call;

mod tree;

pub use tree::{Leaf, Tree};

/// Which of the things that are not safe are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// All: the process died, the machine did not.
    Everything,
    /// None.
    Synced,
    /// All names, but no bytes: the names' journal was written, the files were not.
    Names,
    /// All bytes, but no names.
    Bytes,
    /// By chance, from a seed.
    Chance(u64),
}

/// What a disk holds, safe and not safe yet.
#[derive(Debug, Default, Clone)]
pub struct Disk {
    /// The first is the folder that all is below.
    nodes: Vec<Node>,
    /// Nodes of files by their numbers on the real disk.
    files: HashMap<u64, usize>,
}

#[derive(Debug, Clone)]
enum Node {
    Folder(Folder),
    File(File),
}

#[derive(Debug, Default, Clone)]
struct Folder {
    safe: BTreeMap<String, usize>,
    /// Not safe yet, in order.
    naming: Vec<Naming>,
}

#[derive(Debug, Clone)]
enum Naming {
    Give(String, usize),
    Take(String),
    Rename(String, String),
}

#[derive(Debug, Default, Clone)]
struct File {
    safe: Vec<u8>,
    /// When it was changed, as far as that is safe.
    modified: u64,
    /// Not safe yet, in order.
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
    AtLeast(usize),
    Hole(usize, usize),
}

impl Disk {
    /// An empty folder.
    pub fn new() -> Self {
        Disk { nodes: vec![Node::Folder(Folder::default())], files: HashMap::new() }
    }

    /// A folder as it is, all safe.
    pub fn load(folder: &Path) -> Self {
        let mut disk = Disk::new();
        disk.load_into(0, folder);
        disk
    }

    fn load_into(&mut self, into: usize, path: &Path) {
        for entry in std::fs::read_dir(path).into_iter().flatten() {
            let entry = entry.expect("an entry");
            let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            let metadata = entry.metadata().expect("an entry");
            let number = metadata.ino();
            let node = if path.is_dir() {
                let node = self.add(Node::Folder(Folder::default()));
                self.load_into(node, &path);
                node
            } else if let Some(&node) = self.files.get(&number) {
                node
            } else {
                let safe = std::fs::read(&path).expect("a file");
                let modified = (metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec()) as u64;
                let node = self.add(Node::File(File { safe, modified, changes: Vec::new() }));
                self.files.insert(number, node);
                node
            };
            self.folder(into).safe.insert(name, node);
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn folder(&mut self, node: usize) -> &mut Folder {
        match &mut self.nodes[node] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("a file is no folder"),
        }
    }

    /// The node of a path as running programs see it.
    fn find(&self, path: &str) -> usize {
        let mut node = 0;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Node::Folder(folder) = &self.nodes[node] else { panic!("{path}: a file is no folder") };
            node = *folder.names(usize::MAX).get(name).unwrap_or_else(|| panic!("{path} is not there"));
        }
        node
    }

    fn name(&mut self, path: &str, naming: impl FnOnce(String) -> Naming) {
        let (folder, name) = split(path);
        let folder = self.find(folder);
        self.folder(folder).naming.push(naming(name.to_owned()));
    }

    fn change(&mut self, call: &Call, change: Change) {
        let node = *self.files.get(&call.file).unwrap_or_else(|| panic!("{}: not known", call.path));
        let Node::File(file) = &mut self.nodes[node] else { panic!("{}: no file", call.path) };
        file.changes.push(change);
    }

    /// Does what a call does.
    pub fn apply(&mut self, call: &Call) {
        if call.error != 0 {
            return;
        }
        let offset = call.offset as usize;
        match call.name {
            "open" if call.created => {
                let node = self.add(Node::File(File::default()));
                self.files.insert(call.file, node);
                self.name(&call.path, |name| Naming::Give(name, node));
            }
            "open" if call.truncated => self.change(call, Change::Length(0)),
            "write" | "pwrite" => self.change(call, Change::Write(offset, call.data.clone())),
            "ftruncate" => self.change(call, Change::Length(offset)),
            "fallocate" => self.change(call, Change::AtLeast(offset)),
            "punch" => self.change(call, Change::Hole(offset, call.length as usize)),
            "fsync" | "fdatasync" if call.folder => {
                let node = self.find(&call.path);
                self.folder(node).sync();
            }
            "fsync" | "fdatasync" => self.sync(call),
            "rename" => self.rename(&call.path, &call.other),
            "link" => {
                let node = self.find(&call.path);
                self.name(&call.other, |name| Naming::Give(name, node));
            }
            "unlink" | "rmdir" => self.name(&call.path, Naming::Take),
            // The folder that all is below is there from the start.
            "mkdir" if call.path.is_empty() => {}
            "mkdir" => {
                let node = self.add(Node::Folder(Folder::default()));
                self.name(&call.path, |name| Naming::Give(name, node));
            }
            "open" | "close" => {}
            other => panic!("{other} is not known"),
        }
    }

    fn sync(&mut self, call: &Call) {
        let node = *self.files.get(&call.file).unwrap_or_else(|| panic!("{}: not known", call.path));
        if let Node::File(file) = &mut self.nodes[node] {
            file.safe = file.all();
            file.modified = call.modified;
            file.changes.clear();
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let ((folder, name), (other, to)) = (split(from), split(to));
        assert_eq!(folder, other, "a rename from one folder into another is not modelled");
        let node = self.find(folder);
        self.folder(node).naming.push(Naming::Rename(name.to_owned(), to.to_owned()));
    }

    /// What is left after a loss of power at this moment.
    pub fn survivors(&self, survival: Survival) -> Tree {
        let mut left = Left { disk: self, chance: Chance::new(survival), files: HashMap::new() };
        let mut tree = Tree::default();
        left.walk(0, "", &mut tree);
        tree
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Folder {
    /// The names with the first `kept` of those that are not safe.
    fn names(&self, kept: usize) -> BTreeMap<String, usize> {
        let mut names = self.safe.clone();
        for naming in self.naming.iter().take(kept) {
            match naming {
                Naming::Give(name, node) => {
                    names.insert(name.clone(), *node);
                }
                Naming::Take(name) => {
                    names.remove(name);
                }
                // Between two names of one file a rename does nothing, and both stay.
                Naming::Rename(from, to) if names.get(from) == names.get(to) => {}
                Naming::Rename(from, to) => {
                    let node = names.remove(from).expect("the name that is changed");
                    names.insert(to.clone(), node);
                }
            }
        }
        names
    }

    fn sync(&mut self) {
        self.safe = self.names(usize::MAX);
        self.naming.clear();
    }
}

impl File {
    /// The time that it certainly has.
    fn modified(&self) -> u64 {
        if self.changes.is_empty() { self.modified } else { 0 }
    }

    fn all(&self) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for change in &self.changes {
            change.apply(&mut bytes);
        }
        bytes
    }

    /// Each change is there, gone, or there in part; the length is another matter.
    fn some(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for change in &self.changes {
            if chance.is_lost() {
                change.tear(chance, &mut bytes);
            } else {
                change.apply(&mut bytes);
            }
        }
        match chance.below(3) {
            // The length was written, the bytes were not.
            0 => bytes.resize(bytes.len().max(self.all().len()), 0),
            // The bytes were written, the length was not.
            1 if bytes.len() > self.safe.len() => {
                bytes.truncate(self.safe.len() + chance.below(bytes.len() - self.safe.len() + 1));
            }
            _ => {}
        }
        bytes
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, data) => write(bytes, *at, data),
            Change::Length(length) => bytes.resize(*length, 0),
            Change::AtLeast(length) => bytes.resize(bytes.len().max(*length), 0),
            Change::Hole(at, length) => punch(bytes, *at, *length),
        }
    }

    /// Keeps some part of a write or of a hole, or none.
    fn tear(&self, chance: &mut Chance, bytes: &mut Vec<u8>) {
        if let Change::Hole(at, length) = self {
            punch(bytes, *at, chance.below(length + 1));
        }
        let Change::Write(at, data) = self else { return };
        let (a, b) = (chance.below(data.len() + 1), chance.below(data.len() + 1));
        match chance.below(4) {
            0 => write(bytes, *at, &data[..a]),
            1 => write(bytes, at + a.min(b), &data[a.min(b)..a.max(b)]),
            _ => {}
        }
    }
}

fn write(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if !data.is_empty() {
        bytes.resize(bytes.len().max(at + data.len()), 0);
        bytes[at..][..data.len()].copy_from_slice(data);
    }
}

fn punch(bytes: &mut [u8], at: usize, length: usize) {
    let end = bytes.len().min(at + length);
    if let Some(hole) = bytes.get_mut(at..end) {
        hole.fill(0);
    }
}

/// Decides what is kept.
struct Chance {
    survival: Survival,
    state: u64,
    /// Of 8 changes of files.
    lost: usize,
}

impl Chance {
    fn new(survival: Survival) -> Self {
        let seed = if let Survival::Chance(seed) = survival { seed } else { 0 };
        let mut chance = Chance { survival, state: scramble(seed), lost: 0 };
        chance.lost = [1, 4, 7][chance.below(3)];
        chance
    }

    fn below(&mut self, end: usize) -> usize {
        self.state = scramble(self.state);
        (self.state % end as u64) as usize
    }

    fn is_lost(&mut self) -> bool {
        self.below(8) < self.lost
    }

    /// How many of the names given since the last sync are kept.
    fn names(&mut self, given: usize) -> usize {
        match self.survival {
            Survival::Everything | Survival::Names => given,
            Survival::Synced | Survival::Bytes => 0,
            Survival::Chance(_) => self.below(given + 1),
        }
    }

    fn bytes(&mut self, file: &File) -> Vec<u8> {
        match self.survival {
            Survival::Everything | Survival::Bytes => file.all(),
            Survival::Synced | Survival::Names => file.safe.clone(),
            Survival::Chance(_) => file.some(self),
        }
    }
}

/// Collects what is left.
struct Left<'a> {
    disk: &'a Disk,
    chance: Chance,
    /// A file of several names holds the same under each.
    files: HashMap<usize, Vec<u8>>,
}

impl Left<'_> {
    fn walk(&mut self, node: usize, path: &str, tree: &mut Tree) {
        let disk = self.disk;
        let Node::Folder(folder) = &disk.nodes[node] else { return };
        let kept = self.chance.names(folder.naming.len());
        for (name, node) in folder.names(kept) {
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            let leaf = match &disk.nodes[node] {
                Node::Folder(_) => Leaf::Folder,
                Node::File(file) => {
                    let bytes = self.files.entry(node).or_insert_with(|| self.chance.bytes(file));
                    Leaf::File(node, file.modified(), bytes.clone())
                }
            };
            tree.0.insert(path.clone(), leaf);
            self.walk(node, &path, tree);
        }
    }
}
