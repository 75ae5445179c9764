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
use crate::threads;

/// Folders below each other at most, where a pattern takes any depth.
const DEEPEST: usize = 64;

/// Entries of a folder that are held before they are looked at.
const AT_ONCE: usize = 1 << 14;

/// Threads that look at entries, and entries that one looks at by itself.
const LOOKING: usize = 8;
const FEW: usize = 256;

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
            let mut candidates: Vec<Candidate> = Vec::new();
            for entry in entries(files, &path) {
                match entry {
                    Ok(entry) => candidates.extend(Candidate::of(entry, tokens, &path, &spans, is_last)),
                    Err(error) => unreadable(files, &path, &error),
                }
                if candidates.len() >= AT_ONCE {
                    take(std::mem::take(&mut candidates), (is_last, next, depth), names, files, left);
                }
            }
            take(candidates, (is_last, next, depth), names, files, left);
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

/// Something in a folder whose name fits.
struct Candidate {
    path: PathBuf,
    spans: Vec<Span>,
    /// What is looked at in the folder that is open, where it is a file itself and no link.
    file: Option<DirEntry>,
}

impl Candidate {
    /// What fits; nothing of what the folder itself says is of no use.
    fn of(entry: DirEntry, tokens: &[Token], folder: &Path, spans: &[Span], is_last: bool) -> Option<Self> {
        let name = entry.file_name();
        let fields = fit(tokens, name.as_encoded_bytes())?;
        let offset = if folder.as_os_str().is_empty() { 0 } else { folder.join("x").as_os_str().len() - 1 };
        let mut spans = spans.to_vec();
        for (field, (start, length)) in fields {
            if let (Some(span), Ok(offset)) = (spans.get_mut(field), u16::try_from(offset)) {
                *span = (start.saturating_add(offset), length);
            }
        }
        let is_useless = |kind: FileType| if is_last { kind.is_dir() } else { kind.is_file() };
        let kind = entry.file_type();
        if kind.as_ref().is_ok_and(|&kind| is_useless(kind)) {
            return None;
        }
        let path = folder.join(&name);
        Some(Candidate { path, spans, file: kind.is_ok_and(|kind| kind.is_file()).then_some(entry) })
    }

    fn look(&self, base: &Path) -> io::Result<Metadata> {
        match &self.file {
            Some(entry) => entry.metadata(),
            None => std::fs::metadata(base.join(&self.path)),
        }
    }
}

/// Takes what was found in a folder, as far as it is what is looked for.
fn take(
    candidates: Vec<Candidate>,
    (is_last, next, depth): (bool, usize, usize),
    names: &Arc<Vec<String>>,
    files: &mut Files,
    left: &mut Vec<Place>,
) {
    let looked = look(&candidates, &files.base);
    for (Candidate { path, spans, .. }, looked) in candidates.into_iter().zip(looked) {
        match looked {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                files.fault(&path, RecordFaultKind::Unreadable, "it is a link that leads to nothing");
            }
            Err(error) => unreadable(files, &path, &error),
            Ok(metadata) if is_last => found(files, &path, &metadata, names, spans),
            Ok(metadata) if metadata.is_dir() => left.push(Place { path, spans, next: next + 1, depth }),
            Ok(_) => {}
        }
    }
}

/// Looks at all of them, on several threads where they are many: on file systems of clusters each look is a question to a server.
fn look(candidates: &[Candidate], base: &Path) -> Vec<io::Result<Metadata>> {
    let each = candidates.len().div_ceil(LOOKING).max(FEW);
    let mut looked: Vec<Option<io::Result<Metadata>>> = candidates.iter().map(|_| None).collect();
    let work = |candidates: &[Candidate], looked: &mut [Option<io::Result<Metadata>>]| {
        candidates.iter().zip(looked).for_each(|(one, place)| *place = Some(one.look(base)));
    };
    std::thread::scope(|scope| {
        let mut parts = candidates.chunks(each).zip(looked.chunks_mut(each));
        let own = parts.next();
        // Parts that get no thread are looked at below.
        for (candidates, looked) in parts {
            if threads::spawn(scope, move || work(candidates, looked)).is_err() {
                break;
            }
        }
        if let Some((candidates, looked)) = own {
            work(candidates, looked);
        }
    });
    let all = looked.into_iter().zip(candidates);
    all.map(|(looked, one)| looked.unwrap_or_else(|| one.look(base))).collect()
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
