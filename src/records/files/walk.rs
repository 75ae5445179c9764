//! Looking for the files of a pattern.

use std::fs::{DirEntry, FileType, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Files;
use crate::records::pattern::fit::fit;
use crate::records::pattern::{Name, Pattern, Span, Token};
use crate::records::rows::RecordFaultKind;

/// Folders below each other at most, where a pattern takes any depth.
const DEEPEST: usize = 64;

/// Adds all files that a pattern fits.
pub(super) fn walk(pattern: &Pattern, files: &mut Files) {
    let names = Arc::new(pattern.fields().to_vec());
    for way in &pattern.ways {
        let start = Place { path: PathBuf::new(), spans: vec![(0, 0); names.len()], next: 0, depth: 0 };
        let mut left = vec![start];
        while let Some(place) = left.pop() {
            step(way, place, &names, files, &mut left);
        }
    }
}

/// A folder that fits the names before `next`.
struct Place {
    path: PathBuf,
    spans: Vec<Span>,
    next: usize,
    /// Folders of any name that were gone through.
    depth: usize,
}

/// Fits the next name in a folder.
fn step(way: &[Name], place: Place, names: &Arc<Vec<String>>, files: &mut Files, left: &mut Vec<Place>) {
    let Some(name) = way.get(place.next) else { return };
    let is_last = place.next + 1 == way.len();
    let Place { path, spans, next, depth } = place;
    match name {
        Name::Literal(literal) => {
            let root = if next == 0 && literal.is_empty() { "/" } else { literal.as_str() };
            let path = path.join(root);
            match (is_last, std::fs::metadata(files.base.join(&path))) {
                (_, Err(error))
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    // A link that leads nowhere is there all the same.
                    if std::fs::symlink_metadata(files.base.join(&path)).is_ok() {
                        files.fault(&path, RecordFaultKind::Unreadable, "it is a link that leads to nothing");
                    }
                }
                (_, Err(error)) => unreadable(files, &path, &error),
                (true, Ok(metadata)) => found(files, &path, &metadata, names, spans),
                (false, Ok(metadata)) if metadata.is_dir() => {
                    left.push(Place { path, spans, next: next + 1, depth })
                }
                (false, Ok(_)) => {}
            }
        }
        Name::Glob(tokens) => {
            for entry in entries(files, &path) {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        unreadable(files, &path, &error);
                        continue;
                    }
                };
                let name = entry.file_name();
                if let Some(fields) = fit(tokens, name.as_encoded_bytes()) {
                    let offset =
                        if path.as_os_str().is_empty() { 0 } else { path.join("x").as_os_str().len() - 1 };
                    let mut spans = spans.clone();
                    for (field, (start, length)) in fields {
                        if let (Some(span), Ok(offset)) = (spans.get_mut(field), u16::try_from(offset)) {
                            *span = (start.saturating_add(offset), length);
                        }
                    }
                    let path = path.join(&name);
                    // What the folder says is enough for what is of no use.
                    let is_useless = |kind: FileType| if is_last { kind.is_dir() } else { kind.is_file() };
                    let kind = entry.file_type();
                    if kind.as_ref().is_ok_and(|&kind| is_useless(kind)) {
                        continue;
                    }
                    // From the folder that is open, where it is a file itself and no link.
                    let looked = match kind.is_ok_and(|kind| kind.is_file()) {
                        true => entry.metadata(),
                        false => std::fs::metadata(files.base.join(&path)),
                    };
                    match looked {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {
                            files.fault(
                                &path,
                                RecordFaultKind::Unreadable,
                                "it is a link that leads to nothing",
                            );
                        }
                        Err(error) => unreadable(files, &path, &error),
                        Ok(metadata) if is_last => found(files, &path, &metadata, names, spans),
                        Ok(metadata) if metadata.is_dir() => {
                            left.push(Place { path, spans, next: next + 1, depth })
                        }
                        Ok(_) => {}
                    }
                }
            }
        }
        Name::Deep => {
            if depth < DEEPEST {
                // What cannot be read of the folder is told when its files are looked at.
                for entry in entries(files, &path).flatten() {
                    let name = entry.file_name();
                    let is_hidden = name.as_encoded_bytes().first() == Some(&b'.');
                    if !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                        left.push(Place {
                            path: path.join(name),
                            spans: spans.clone(),
                            next,
                            depth: depth + 1,
                        });
                    }
                }
            } else {
                let message = format!("folders below each other are more than the limit of {DEEPEST}");
                files.fault(&path, RecordFaultKind::Unreadable, message);
            }
            match is_last {
                true => {
                    let every = [Name::Glob(vec![Token::Run])];
                    let place = Place { path, spans, next: 0, depth };
                    step(&every, place, names, files, left);
                }
                false => left.push(Place { path, spans, next: next + 1, depth }),
            }
        }
    }
}

/// The entries of a folder, in any order, one after another.
fn entries(files: &mut Files, path: &Path) -> impl Iterator<Item = io::Result<DirEntry>> + use<> {
    let folder = files.base.join(path);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder.as_path() };
    let found = std::fs::read_dir(folder);
    if let Err(error) = &found {
        unreadable(files, if path.as_os_str().is_empty() { folder } else { path }, error);
    }
    found.into_iter().flatten()
}

fn unreadable(files: &mut Files, path: &Path, error: &io::Error) {
    files.fault(path, RecordFaultKind::Unreadable, error.to_string());
}

/// Takes what fits to the end, where it is a file.
fn found(files: &mut Files, path: &Path, metadata: &Metadata, names: &Arc<Vec<String>>, spans: Vec<Span>) {
    let kind = metadata.file_type();
    let what = match kind {
        kind if kind.is_file() => {
            let text = path.as_os_str().as_encoded_bytes();
            let is_text = |&(start, length): &Span| {
                let bytes = text.get(start.into()..usize::from(start) + usize::from(length));
                bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_ok())
            };
            if !spans.iter().all(is_text) {
                let message = "a field of its path is not UTF-8";
                return files.fault(path, RecordFaultKind::Unreadable, message);
            }
            return files.add(path, metadata, names, spans.into());
        }
        kind if kind.is_dir() => return,
        kind if kind.is_fifo() => "a named pipe (FIFO)",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    files.fault(path, RecordFaultKind::Unreadable, format!("it is {what}, not a file"));
}
