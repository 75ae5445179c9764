//! What stands where a picture or page is to be written.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::error::{Argument, Error, Reason, Result};

/// What files of gridloom say of themselves, each before or behind which bytes.
const MARKS: [(&str, &[u8]); 4] = [
    ("png", b"Software\0\0\0\0\0gridloom "),
    ("svg", b"Software: gridloom "),
    ("pdf", b"/Creator (gridloom)"),
    ("html", b" \xe2\x80\x93 gridloom</title>"),
];

/// Larger files are not pictures of gridloom.
const LARGEST: u64 = 1 << 30;

/// Refuses to replace a file that gridloom did not make, unless that is asked for.
///
/// # Errors
/// [`WrongPlace`](crate::ErrorKind::WrongPlace), [`Occupied`](crate::ErrorKind::Occupied); [`Io`](crate::ErrorKind::Io) where it cannot be read.
pub fn check(path: impl AsRef<Path>, overwrite: bool) -> Result<()> {
    let path = path.as_ref();
    crate::shared::refuse_folder(path)?;
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::io("read", path, source)),
    };
    let what = if metadata.is_symlink() && !overwrite {
        "a link"
    } else if overwrite || (metadata.is_file() && (metadata.len() == 0 || is_ours(path)?)) {
        return Ok(());
    } else {
        "a file that gridloom did not make"
    };
    Err(Error::output_exists(path, what))
}

/// Whether a file says that gridloom made it, as a file of its ending.
fn is_ours(path: &Path) -> Result<bool> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let extension = if extension == "htm" { "html".to_owned() } else { extension };
    let Some((_, mark)) = MARKS.iter().find(|(kind, _)| *kind == extension) else { return Ok(false) };
    let begins: &[u8] = match extension.as_str() {
        "png" => b"\x89PNG\r\n\x1a\n",
        "svg" => b"<",
        "pdf" => b"%PDF-",
        _ => b"<!doctype html>",
    };
    let fail = |source| Error::io("read", path, source);
    let mut file = crate::shared::open_input(path).map_err(fail)?.take(LARGEST);
    // Piece by piece, with the end of the one before: a mark may lie across.
    let (mut held, mut piece, mut is_first) = (Vec::new(), vec![0; 1 << 16], true);
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => return Ok(false),
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(fail(error)),
        };
        held.extend_from_slice(piece.get(..length).unwrap_or_default());
        if is_first && !held.starts_with(begins) {
            return Ok(false);
        }
        is_first = false;
        if held.windows(mark.len()).any(|bytes| bytes == *mark) {
            return Ok(true);
        }
        let keep = held.len().saturating_sub(mark.len());
        held.drain(..keep);
    }
}

/// Refuses a folder of pictures that is not below the list's own: a list may come from somebody else.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) where it is elsewhere by its name, or by a link.
pub(super) fn within(folder: &Path, path: &Path, list: &Path) -> Result<()> {
    let wrong = |reason: String| {
        let cure = Reason::from(reason + "; name that folder by ").naming(Argument::Output);
        Error::config(list, cure.then(" if it is meant"))
    };
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_plain || relative.has_root() {
        return Err(wrong(format!(
            "pictures would go to {}, which is not below {}",
            path.display(),
            folder.display()
        )));
    }
    let real = |path: &Path| std::fs::canonicalize(path).map_err(|source| Error::io("read", path, source));
    // The deepest folder that is there: what is made below it is no link.
    let mut there: PathBuf = path.to_owned();
    while std::fs::symlink_metadata(&there).is_err() && there != folder {
        if !there.pop() {
            break;
        }
    }
    if there.as_os_str().is_empty() || std::fs::symlink_metadata(folder).is_err() {
        return Ok(());
    }
    let (real_there, real_folder) = (real(&there)?, real(folder)?);
    if real_there.starts_with(&real_folder) {
        return Ok(());
    }
    Err(wrong(format!(
        "pictures would go to {}, since {} is a link out of {}",
        real_there.display(),
        there.display(),
        folder.display()
    )))
}
