//! Making and changing arrays.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::store::{GrowingFile, Store};
use super::{Durability, Layout};
use crate::archive::Values;
use crate::archive::lock::Lock;
use crate::archive::read::OpenFile;
use crate::archive::sink::{Sink, publish};
use crate::archive::write::refuse_link;
use crate::error::{Argument, Error, Result};
use crate::hdf5::attribute::Attribute;
use crate::hdf5::group::Group;
use crate::hdf5::{NONE, Problem};
use crate::model::element::Element;
use crate::shared::Draft;

/// Changed chunks that are kept in memory; beyond that they are written, though they count only when they are committed.
const HELD: usize = 64 << 20;

/// A file of arrays that is held for changes. Nothing of them is in the file's state before [`Writer::commit`]: readers, and whoever opens
/// the file after a kill, see all changes of a commit or none. A writer that is dropped without one leaves the file as it was.
///
/// Memory: the places of all chunks of the arrays that are changed, 24 bytes each, and at most 64 MiB of changed rows.
pub struct Writer {
    path: PathBuf,
    source: OpenFile,
    sink: Sink,
    root: Group,
    stores: BTreeMap<String, Store>,
    is_changed: bool,
    /// Whether a commit failed, so that what is in memory is not what is in the file.
    has_failed: bool,
    /// A new file has its name from the first commit on.
    draft: Option<Draft>,
    pub(super) lock: Lock,
}

impl Writer {
    /// Begins a file. It has its name from the first commit on; `overwrite` says whether it may replace one.
    ///
    /// # Errors
    /// [`WrongPlace`](crate::ErrorKind::WrongPlace), [`Occupied`](crate::ErrorKind::Occupied) where the file is there and may not be replaced, [`Busy`](crate::ErrorKind::Busy), [`Io`](crate::ErrorKind::Io).
    pub fn create(path: impl AsRef<Path>, overwrite: bool) -> Result<Self> {
        let path = path.as_ref();
        crate::shared::refuse_folder(path)?;
        if path.exists() && !overwrite {
            return Err(Error::output_not_empty(path));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))?;
        }
        refuse_link(path)?;
        let lock = Lock::take(path)?;
        if !overwrite && lock.target().exists() {
            return Err(Error::output_not_empty(path));
        }
        let (draft, file) = Draft::beside(lock.target())?;
        let sink = Sink::begin(file, &draft.path);
        let mut root = Group::default();
        root.attributes.push(Attribute::text("gridloom_version", crate::VERSION));
        Writer::of(path, sink, root, Some(draft), lock)
    }

    /// Holds a file that is there.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) where another process changes it, [`Io`](crate::ErrorKind::Io), [`Damaged`](crate::ErrorKind::Damaged) where it is none of gridloom's or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let lock = Lock::take(path)?;
        let (sink, state) = Sink::resume(lock.target())?;
        let source = OpenFile::open(lock.target())?;
        let root = source.group(state.root);
        let root = root.map_err(|problem| Error::archive(path, None, None, problem.to_string()))?;
        Writer::of(path, sink, root, None, lock)
    }

    fn of(path: &Path, sink: Sink, root: Group, draft: Option<Draft>, lock: Lock) -> Result<Self> {
        let file = sink.file.try_clone().map_err(|source| Error::io("open", path, source))?;
        let source = OpenFile::new(file, path, sink.end());
        let (path, stores) = (path.to_owned(), BTreeMap::new());
        let (is_changed, has_failed) = (draft.is_some(), false);
        Ok(Writer { path, source, sink, root, stores, is_changed, has_failed, draft, lock })
    }

    fn wrong<'a>(&self, name: Option<&'a str>) -> impl Fn(Problem) -> Error + use<'a> {
        let path = self.path.clone();
        move |problem| Error::archive(&path, None, name, problem.to_string())
    }

    /// The array of a name, opened when it is first asked for.
    fn store(&mut self, name: &str) -> Result<(&mut Store, GrowingFile<'_>)> {
        self.sound()?;
        if !self.stores.contains_key(name) {
            let Some(address) = self.root.find(name) else {
                let names: Vec<&str> =
                    self.root.links.iter().map(|(name, _)| name.as_str()).take(60).collect();
                let reason =
                    format!("{} has no such array; it has {}", self.path.display(), names.join(", "));
                return Err(Error::selection(Argument::Array, name, reason));
            };
            let store = Store::open(name, &self.source, address).map_err(self.wrong(Some(name)))?;
            self.stores.insert(name.to_owned(), store);
        }
        let place = GrowingFile { source: &mut self.source, sink: &mut self.sink };
        match self.stores.get_mut(name) {
            Some(store) => Ok((store, place)),
            None => Err(Error::selection(Argument::Array, name, "it is not there")),
        }
    }

    /// Adds an array without rows: `[0, columns…]`.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the name is taken or HDF5 does not allow it, [`Damaged`](crate::ErrorKind::Damaged) where rows have no bytes or too many.
    pub fn add(&mut self, name: &str, element: Element, columns: &[u64], layout: Layout) -> Result<()> {
        let is_allowed = !name.is_empty() && name != "." && name.len() < 256 && !name.contains(['/', '\0']);
        if !is_allowed || self.stores.contains_key(name) || self.root.find(name).is_some() {
            let reason =
                if is_allowed { "there is one of that name" } else { "HDF5 does not allow this name" };
            return Err(Error::selection(Argument::Array, name, reason));
        }
        let store = Store::new(name, element, columns, layout).map_err(self.wrong(Some(name)))?;
        self.stores.insert(name.to_owned(), store);
        // It has its place among the others now, and its address when it is committed.
        self.root.links.push((name.to_owned(), NONE));
        Ok(())
    }

    /// Takes an array out. The file gets no smaller by it.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where it is not there.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        self.stores.remove(name);
        let before = self.root.links.len();
        self.root.links.retain(|(known, _)| known != name);
        if before == self.root.links.len() {
            return Err(Error::selection(Argument::Array, name, "it is not there"));
        }
        self.is_changed = true;
        Ok(())
    }

    /// Sets a text as an attribute of an array.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such array, [`Damaged`](crate::ErrorKind::Damaged) where it is damaged.
    pub fn set(&mut self, name: &str, attribute: &str, text: &str) -> Result<()> {
        self.store(name)?.0.set(Attribute::text(attribute, text));
        Ok(())
    }

    pub(super) fn take_attributes(&mut self, name: &str, attributes: &[Attribute]) -> Result<()> {
        let (store, _) = self.store(name)?;
        attributes.iter().for_each(|attribute| store.set(attribute.clone()));
        Ok(())
    }

    pub(super) fn describe(&mut self, attributes: &[Attribute]) {
        self.root.attributes = attributes.to_vec();
    }

    /// The rows of an array, with those that are not committed yet.
    ///
    /// # Errors
    /// As [`Writer::set`].
    pub fn rows(&mut self, name: &str) -> Result<u64> {
        Ok(self.store(name)?.0.rows())
    }

    pub(super) fn chunk_rows(&mut self, name: &str) -> Result<u64> {
        Ok(self.store(name)?.0.chunk_rows())
    }

    /// Adds rows: their bytes, little endian, one row after another.
    ///
    /// # Errors
    /// As [`Writer::replace`]. What was added before the error counts if it is committed.
    pub fn append(&mut self, name: &str, rows: &[u8]) -> Result<()> {
        let (store, mut place) = self.store(name)?;
        whole(rows, store.row_bytes(), None)?;
        store.append(rows, &mut place)?;
        self.relieve(name)
    }

    /// Puts other rows in the place of those that are there: `rows` are their numbers, and `bytes` the rows in the same order, little endian.
    /// Of a number that is there twice the last counts.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such array or row, or bytes are no whole rows; [`Damaged`](crate::ErrorKind::Damaged) where a chunk is damaged;
    /// [`Io`](crate::ErrorKind::Io).
    pub fn replace(&mut self, name: &str, rows: &[u64], bytes: &[u8]) -> Result<()> {
        let (store, place) = self.store(name)?;
        whole(bytes, store.row_bytes(), Some(rows.len()))?;
        inside(rows.iter().max().copied(), store)?;
        // In parts, so that what is held has a bound.
        let (part, length) = (1 << 14, store.row_bytes());
        if rows.len() <= part {
            store.replace(rows, bytes, place.source)?;
            return self.relieve(name);
        }
        for (rows, bytes) in rows.chunks(part).zip(bytes.chunks(part * length)) {
            let (store, place) = self.store(name)?;
            store.replace(rows, bytes, place.source)?;
            self.relieve(name)?;
        }
        Ok(())
    }

    /// A row that can be changed where it is in memory. Other rows of its chunk are held with it.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub fn row_mut(&mut self, name: &str, row: u64) -> Result<&mut [u8]> {
        self.relieve(name)?;
        let (store, place) = self.store(name)?;
        inside(Some(row), store)?;
        store.row_mut(row, place.source)
    }

    /// Rows as they are now, with changes that are not committed yet.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub fn read(&mut self, name: &str, rows: Range<u64>) -> Result<Values> {
        let (store, place) = self.store(name)?;
        if rows.start > rows.end || rows.end > store.rows() {
            let reason = format!("{name} has {} rows", store.rows());
            return Err(Error::selection(Argument::Rows, format!("{}..{}", rows.start, rows.end), reason));
        }
        let bytes = store.read(rows.clone(), place.source)?;
        let (element, count) = (store.element(), store.row_bytes() / store.element().size());
        Ok(Values { element, rows: Some((rows.end - rows.start) as usize), count, bytes })
    }

    fn relieve(&mut self, name: &str) -> Result<()> {
        let (store, mut place) = self.store(name)?;
        if store.held_bytes() > HELD { store.flush(&mut place) } else { Ok(()) }
    }

    fn sound(&self) -> Result<()> {
        if !self.has_failed {
            return Ok(());
        }
        let reason =
            "a change to it could not be committed; open it anew, and what was committed before is there";
        Err(Error::archive(&self.path, None, None, reason))
    }

    /// Makes all changes the file's state: new bytes first, then one write that leads to them. Without changes nothing is done.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io). The file is then as before, or after a failure of the very last step as it would be after this call; this writer does
    /// nothing more.
    pub fn commit(&mut self, durability: Durability) -> Result<()> {
        self.sound()?;
        if !self.is_changed && !self.stores.values().any(Store::is_changed) {
            return Ok(());
        }
        self.has_failed = true;
        let address = self.sink.end();
        let mut block = Vec::new();
        for (name, store) in self.stores.iter_mut().filter(|(_, store)| store.is_changed()) {
            let at = store.finish(address, &mut block, &self.source)?;
            if let Some((_, address)) = self.root.links.iter_mut().find(|(known, _)| known == name) {
                *address = at;
            }
        }
        let root = address + block.len() as u64;
        block.extend(self.root.encode().map_err(self.wrong(None))?);
        self.source.state = self.sink.switch(block, root, durability)?;
        if let Some(draft) = self.draft.take() {
            match durability {
                Durability::Disk => publish(draft, self.lock.target())?,
                Durability::Process => draft.rename(self.lock.target())?,
            }
        }
        (self.is_changed, self.has_failed) = (false, false);
        Ok(())
    }
}

fn whole(bytes: &[u8], row: usize, rows: Option<usize>) -> Result<()> {
    let wanted = rows.map_or(bytes.len() / row * row, |rows| rows.saturating_mul(row));
    if bytes.len() == wanted {
        return Ok(());
    }
    let of = rows.map_or_else(String::new, |rows| format!("{rows} "));
    Err(Error::selection(
        Argument::Rows,
        format!("{} bytes", bytes.len()),
        format!("are not {of}rows of {row} bytes"),
    ))
}

fn inside(row: Option<u64>, store: &Store) -> Result<()> {
    match row.filter(|&row| row >= store.rows()) {
        Some(row) => Err(Error::selection(Argument::Row, row, format!("there are {} rows", store.rows()))),
        None => Ok(()),
    }
}
