//! What the runs' own files are known by, of which tables of all are made: by all of their bytes, since text says nothing of its middle itself.

use std::hash::Hasher;
use std::io::Read;

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::shared::{self, Inside, Standing};

use super::{Listed, Member, Scenarios};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// A run's own file as it was when it was published.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Published {
    run: String,
    file: Inside,
    bytes: u64,
    modified: i64,
    seal: u64,
    /// Of all of its bytes.
    digest: u64,
}

impl Published {
    fn is(&self, there: &Standing) -> bool {
        (self.bytes, self.modified, self.seal) == (there.bytes, there.modified, there.seal)
    }
}

impl Scenarios {
    /// Notes the bytes of a run's own files of which tables of all are made; to be done when they are published, so that damage of later is
    /// known when they are read again. Files that are as they were noted are not read.
    ///
    /// # Errors
    /// [`Stopped`](crate::ErrorKind::Stopped), [`Io`](crate::ErrorKind::Io).
    pub fn note_published(&mut self, name: &str, observer: &dyn Observer) -> Result<()> {
        let member = self.listed.runs.iter().find(|member| member.name == name).cloned();
        let member = member.ok_or_else(|| Error::bug(format!("there is no run {name}")))?;
        if !self.is_joined() {
            return Ok(());
        }
        for file in self.joint_files() {
            // A run that lacks a table is told of when tables are made.
            if self.noted.get(name).is_some_and(|noted| noted.tables.iter().any(|(own, _)| *own == file)) {
                self.note_file(&member, &file, observer)?;
            }
        }
        // Other tasks may have made files of all meanwhile.
        let files = Scenarios::read(&self.output)?.map(|listed| listed.files).unwrap_or_default();
        self.write(&Listed { files, ..self.listed.clone() })
    }

    /// Notes a file, unless it is known as it stands.
    fn note_file(&mut self, member: &Member, file: &Inside, observer: &dyn Observer) -> Result<()> {
        let there = self.standing(member, file)?;
        let is_own = |known: &Published| known.run == member.name && known.file == *file;
        if self.listed.published.iter().any(|known| is_own(known) && known.is(&there)) {
            return Ok(());
        }
        let digest = self.digest(member, file, observer)?;
        let Standing { bytes, modified, seal, .. } = there;
        let (run, own) = (member.name.clone(), file.clone());
        self.listed.published.retain(|known| !is_own(known));
        self.listed.published.push(Published {
            run: run.clone(),
            file: own.clone(),
            bytes,
            modified,
            seal,
            digest,
        });
        self.sound.insert((run, own));
        Ok(())
    }

    /// Refuses a file of a run that is not what was published.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) where its bytes are others, though it stands as it did.
    pub(super) fn check_published(&mut self, file: &Inside, observer: &dyn Observer) -> Result<()> {
        for member in self.listed.runs.clone() {
            // Of older versions, and of files that were made anew, nothing is known yet.
            self.note_file(&member, file, observer)?;
            let own = (member.name.clone(), file.clone());
            if self.sound.contains(&own) {
                continue;
            }
            let known = self.listed.published.iter().find(|known| known.run == own.0 && known.file == *file);
            let wanted = known.map(|known| known.digest);
            if wanted != Some(self.digest(&member, file, observer)?) {
                let reason =
                    "its bytes are not those that were published, though it is as long and as old as it was";
                return Err(Error::published(file.below(&self.folder(&member)), reason));
            }
            self.sound.insert(own);
        }
        Ok(())
    }

    pub(super) fn standing(&self, member: &Member, file: &Inside) -> Result<Standing> {
        let folder = self.folder(member);
        Standing::of(&folder, file).map_err(|source| shared::error("read", &file.below(&folder), source))
    }

    /// A digest of all bytes of a run's own file.
    fn digest(&self, member: &Member, file: &Inside, observer: &dyn Observer) -> Result<u64> {
        let folder = self.folder(member);
        let path = file.below(&folder);
        let mut opened = file.open(&folder).map_err(|source| shared::error("open", &path, source))?;
        let (mut hasher, mut bytes) = (XxHash3_64::new(), vec![0; CHUNK]);
        loop {
            if observer.is_stopped() {
                return Err(Error::stopped(0, 0));
            }
            match opened.read(&mut bytes) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.write(bytes.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::io("read", &path, source)),
            }
        }
    }
}
