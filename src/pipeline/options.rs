//! How the work treats its output folder.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::builder::setters;
use crate::error::{Error, Result};
use crate::plan::Share;
use crate::shared;

/// How [`grid`](super::grid) and [`publish`](super::publish) treat the output folder, and what they keep.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Go ahead in a folder that holds files, and replace those of the same names.
    pub overwrite: bool,
    /// Start over: drop what an earlier run left in the spool.
    pub fresh: bool,
    /// Remove the spool when all is published. New periods then cost as much as all.
    pub drop_spool: bool,
    /// Do only a share of the units, and leave publishing to [`publish`](super::publish).
    pub share: Option<Share>,
    /// Keep a trace of every step and write it here.
    pub trace: Option<PathBuf>,
}

setters!(Options {
    overwrite: bool,
    fresh: bool,
    drop_spool: bool,
    share: Option<Share>,
    trace: Option<PathBuf>,
});

/// What a trace begins with.
const BEGINNING: &[u8] = br#"{"displayTimeUnit":"ms","traceEvents":["#;

impl Options {
    /// Refuses to write the trace where it would replace something else, or cannot be written. To be asked before any work.
    ///
    /// # Errors
    /// [`Foreign`](crate::ErrorKind::Foreign), [`Io`](crate::ErrorKind::Io).
    pub(super) fn check_trace(&self) -> Result<()> {
        let Some(path) = &self.trace else { return Ok(()) };
        let refuse = |reason: &str| Err(Error::foreign(path.clone(), reason));
        if path.extension().is_none_or(|end| end != "json") || path.ends_with("report.json") {
            return refuse("a trace has a name that ends in .json, and is not called report.json");
        }
        let folder = shared::folder_of(path);
        std::fs::read_dir(folder).map_err(|source| Error::io("write into", folder, source))?;
        let mut beginning = Vec::new();
        match shared::open(path, std::fs::File::options().read(true)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            file => {
                let file = file.map_err(|source| shared::error("open", path, source))?;
                file.take(BEGINNING.len() as u64)
                    .read_to_end(&mut beginning)
                    .map_err(|source| Error::io("read", path, source))?;
            }
        }
        if beginning == BEGINNING { Ok(()) } else { refuse("it is not a trace, which would replace it") }
    }
}

/// Writes the trace.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub(super) fn write_trace(path: &Path, trace: &Value) -> Result<()> {
    shared::write_whole(path, trace.to_string().as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_replaces_nothing_but_a_trace() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| Options { trace: Some(folder.path().join(name)), ..Options::default() };
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        let trace = crate::pipeline::Stats::new(true).trace().expect("a trace");
        write_trace(&folder.path().join("old.json"), &trace).expect("a trace");
        write("thesis.json", "{}");
        std::os::unix::fs::symlink(folder.path().join("nothing"), folder.path().join("link.json"))
            .expect("a link");
        std::fs::create_dir(folder.path().join("folder.json")).expect("a folder");
        for name in ["new.json", "old.json"] {
            at(name).check_trace().expect(name);
        }
        for name in
            ["thesis.json", "link.json", "folder.json", "spin0001.pkz", "report.json", "none/new.json", ""]
        {
            at(name).check_trace().expect_err(name);
        }
    }
}
