//! Making and changing arrays.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::store::{GrowingFile, Store};
use super::{ArrayAttribute, Durability, Layout, ValueType};
use crate::archive::Values;
use crate::archive::lock::Lock;
use crate::archive::read::OpenFile;
use crate::archive::sink::{Sink, publish};
use crate::archive::write::refuse_link;
use crate::error::{Argument, Error, Result};
use crate::hdf5::attribute::Attribute;
use crate::hdf5::group::Group;
use crate::hdf5::{NONE, Problem};
use crate::shared::{self, Draft};

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
    /// Whether something was committed that may not be on the disk.
    is_unsynced: bool,
    /// The root of the file's state.
    committed: Group,
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
        let (path, stores, committed) = (path.to_owned(), BTreeMap::new(), root.clone());
        let (is_changed, is_unsynced, has_failed) = (draft.is_some(), false, false);
        Ok(Writer {
            path,
            source,
            sink,
            root,
            stores,
            is_changed,
            is_unsynced,
            committed,
            has_failed,
            draft,
            lock,
        })
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
    pub fn add(
        &mut self,
        name: &str,
        kind: impl Into<ValueType>,
        columns: &[u64],
        layout: Layout,
    ) -> Result<()> {
        let is_allowed = !name.is_empty() && name != "." && name.len() < 256 && !name.contains(['/', '\0']);
        if !is_allowed || self.stores.contains_key(name) || self.root.find(name).is_some() {
            let reason =
                if is_allowed { "there is one of that name" } else { "HDF5 does not allow this name" };
            return Err(Error::selection(Argument::Array, name, reason));
        }
        let store = Store::new(name, kind.into(), columns, layout).map_err(self.wrong(Some(name)))?;
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
        self.set_value(Some(name), attribute, &ArrayAttribute::Text(text.to_owned()))
    }

    /// Sets an attribute of an array, or of the file.
    ///
    /// # Errors
    /// As [`Writer::set`]; [`Argument`](crate::ErrorKind::Argument) where HDF5 cannot have it as well.
    pub fn set_value(&mut self, array: Option<&str>, attribute: &str, value: &ArrayAttribute) -> Result<()> {
        free(attribute)?;
        let made = value.named(attribute);
        let made = made.map_err(|reason| Error::selection(Argument::Attribute, attribute, reason))?;
        let Some(name) = array else {
            self.sound()?;
            self.root.attributes.retain(|known| known.name != attribute);
            self.root.attributes.push(made);
            self.is_changed = true;
            return Ok(());
        };
        self.store(name)?.0.set(made);
        Ok(())
    }

    /// Takes an attribute of an array, or of the file, out.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is none; as [`Writer::set`].
    pub fn unset(&mut self, array: Option<&str>, attribute: &str) -> Result<()> {
        free(attribute)?;
        let is_gone = match array {
            Some(name) => self.store(name)?.0.unset(attribute),
            None => {
                self.sound()?;
                let before = self.root.attributes.len();
                self.root.attributes.retain(|known| known.name != attribute);
                self.is_changed = true;
                self.root.attributes.len() < before
            }
        };
        match is_gone {
            true => Ok(()),
            false => Err(Error::selection(Argument::Attribute, attribute, "it is not there")),
        }
    }

    /// The attributes of an array, or of the file, as they are now.
    ///
    /// # Errors
    /// As [`Writer::set`].
    pub fn values(&mut self, array: Option<&str>) -> Result<Vec<(String, ArrayAttribute)>> {
        let all = match array {
            Some(name) => self.store(name)?.0.attributes(),
            None => &self.root.attributes,
        };
        let own = all.iter().filter(|one| one.name != super::CODEC);
        Ok(own.filter_map(|one| Some((one.name.clone(), ArrayAttribute::of(one)?))).collect())
    }

    /// The names of all arrays, in the order in which they were made.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.root.links.iter().map(|(name, _)| name.as_str())
    }

    /// The type of an array's values.
    ///
    /// # Errors
    /// As [`Writer::set`].
    pub fn value_type(&mut self, name: &str) -> Result<ValueType> {
        Ok(self.store(name)?.0.value_type())
    }

    /// `[rows, columns…]` of an array as it is now, and of its chunks.
    ///
    /// # Errors
    /// As [`Writer::set`].
    pub fn shapes(&mut self, name: &str) -> Result<[Vec<u64>; 2]> {
        let store = self.store(name)?.0;
        let with = |rows: u64| std::iter::once(rows).chain(store.columns().iter().copied()).collect();
        Ok([with(store.rows()), with(store.chunk_rows())])
    }

    /// How the rows of an array are stored.
    ///
    /// # Errors
    /// As [`Writer::set`].
    pub fn layout(&mut self, name: &str) -> Result<Layout> {
        let path = self.path.clone();
        let store = self.store(name)?.0;
        store.layout().map_err(|problem| Error::archive(&path, None, Some(name), problem.to_string()))
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

    /// Takes rows out: those behind them move up, and are written again from the chunk of the first on. Of a number that is there twice the
    /// second does nothing.
    ///
    /// # Errors
    /// As [`Writer::replace`]. After [`Damaged`](crate::ErrorKind::Damaged) and [`Io`](crate::ErrorKind::Io) this writer does nothing more.
    pub fn delete(&mut self, name: &str, rows: &[u64]) -> Result<()> {
        let (store, _) = self.store(name)?;
        inside(rows.iter().max().copied(), store)?;
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        let (store, mut place) = self.store(name)?;
        let result = store.delete(&rows, &mut place);
        self.has_failed |= result.is_err();
        result
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
        let element = store.value_type().element();
        let count = store.row_bytes() / element.size();
        Ok(Values { element, rows: Some((rows.end - rows.start) as usize), count, bytes })
    }

    /// Rows at some places as they are now, in the order of the places.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub fn points(&mut self, name: &str, rows: &[u64]) -> Result<Values> {
        let (store, place) = self.store(name)?;
        inside(rows.iter().max().copied(), store)?;
        let bytes = store.points(rows, place.source)?;
        let element = store.value_type().element();
        let count = store.row_bytes() / element.size();
        Ok(Values { element, rows: Some(rows.len()), count, bytes })
    }

    /// Gives up all changes that are not committed.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); and where a commit failed.
    pub fn revert(&mut self) -> Result<()> {
        self.sound()?;
        self.sink.revert()?;
        self.source.state.end = self.sink.end();
        self.stores.clear();
        self.root = self.committed.clone();
        self.is_changed = self.draft.is_some();
        Ok(())
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
            return self.settle(durability);
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
        self.is_unsynced = durability == Durability::Process;
        self.committed = self.root.clone();
        Ok(())
    }

    /// Waits for the disk, where something was committed that did not.
    fn settle(&mut self, durability: Durability) -> Result<()> {
        if durability == Durability::Disk && self.is_unsynced {
            let synced = self.sink.file.sync_all();
            synced.map_err(|source| Error::io("write", &self.path, source))?;
            shared::sync_folder(shared::folder_of(self.lock.target()))?;
            self.is_unsynced = false;
        }
        Ok(())
    }
}

/// Refuses the attributes that are gridloom's own.
fn free(attribute: &str) -> Result<()> {
    match attribute == super::CODEC || attribute == "gridloom_version" {
        true => Err(Error::selection(Argument::Attribute, attribute, "this attribute is gridloom's own")),
        false => Ok(()),
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
