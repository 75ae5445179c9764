//! Opening what somebody names to be read: files, links to such, and nothing that only has the name of one.
//!
//! A pipe that nobody writes into and many a device would make a reader wait for ever. So everything is opened without
//! waiting, and what was opened is asked what it is, since a name may be given to something else at any moment.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file to read it.
///
/// # Errors
/// Those of the system, and one that says what it is, where it is not a file.
pub(crate) fn open_input(path: &Path) -> Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        // A file server that has to call a file back from another client first.
        Err(error) if error.kind() == ErrorKind::WouldBlock && path.is_file() => File::open(path)?,
        // A socket.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            check_input(path)?;
            return Err(error);
        }
        file => file?,
    };
    refuse_others(file.metadata()?.file_type())?;
    Ok(file)
}

/// Refuses what is not a file, for libraries that open it by its name.
///
/// # Errors
/// Those of [`open_input`].
pub(crate) fn check_input(path: &Path) -> Result<()> {
    refuse_others(std::fs::metadata(path)?.file_type())
}

/// What is at a path that is wanted to be a run, where it is neither a folder nor an archive.
pub(crate) fn not_a_run(path: &Path) -> Option<Error> {
    let text = match kind_of(std::fs::metadata(path).ok()?.file_type()) {
        Some("a folder") => return None,
        Some(what) => format!("it is {what}, neither a run folder nor an archive of one"),
        None => "it is neither a run folder nor an archive of one".to_owned(),
    };
    Some(Error::new(ErrorKind::NotADirectory, text))
}

/// All of a file.
///
/// # Errors
/// What the system says, and where it is only something that has a name as files have, such as a pipe.
pub fn read_input(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_input(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of a text. What a shell puts in the place of a file's name, as in `--cells <(grep …)`, is read as well: somebody
/// writes into that.
///
/// # Errors
/// What the system says, and where it is only something that has a name as files have, such as a pipe.
pub fn read_text(path: &Path) -> Result<String> {
    let mut text = String::new();
    match open_text(path)?.read_to_string(&mut text) {
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(Error::new(ErrorKind::InvalidData, "it is not a text (UTF-8)"))
        }
        read => read.map(|_| text),
    }
}

/// Opens a text as [`read_text`] does.
///
/// # Errors
/// Those of [`open_input`].
pub(crate) fn open_text(path: &Path) -> Result<File> {
    let of_shell = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|start| path.starts_with(start));
    if of_shell { File::open(path) } else { open_input(path) }
}

fn refuse_others(kind: std::fs::FileType) -> Result<()> {
    match kind_of(kind) {
        None => Ok(()),
        Some(what) => {
            let kind = if kind.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
            Err(Error::new(kind, format!("it is {what}, not a file")))
        }
    }
}

/// What is no file, in words.
fn kind_of(kind: std::fs::FileType) -> Option<&'static str> {
    Some(match kind {
        kind if kind.is_file() => return None,
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a named pipe (FIFO)",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "text").expect("a file");
        assert_eq!(read_text(&path("file")).expect("a file"), "text");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
        std::os::unix::fs::symlink(path("pipe"), path("link")).expect("a link");
        for (name, what) in
            [("pipe", "named pipe"), ("link", "named pipe"), ("socket", "a socket"), (".", "a folder")]
        {
            for error in [open_input(&path(name)).expect_err(name), check_input(&path(name)).expect_err(name)]
            {
                assert!(error.to_string().contains(what), "{name}: {error}");
            }
        }
        let error = read_input(Path::new("/dev/zero")).expect_err("a device has no end");
        assert!(error.to_string().contains("a device"), "{error}");
    }
}
