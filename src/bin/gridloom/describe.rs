//! `gridloom describe`, and `gridloom inspect` of files of records.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde_json::json;

use gridloom::records::detect::{self, Completed};
use gridloom::records::pattern::Pattern;
use gridloom::records::{is_description, read_description};

use super::Exit;
use super::args::DescribeArguments;
use super::mistake::{Mistake, wrong};
use super::show;
use super::talk::{self, tell};

pub(super) fn run(arguments: &DescribeArguments) -> anyhow::Result<Exit> {
    let Some(output) = &arguments.output else {
        let found = found(&arguments.files, arguments.preset.as_deref())?;
        return print(&found, arguments.json);
    };
    if output.exists() && !arguments.overwrite {
        let what = "a description may be somebody's work";
        return Err(Mistake::Occupied { path: output.clone(), what }.into());
    }
    gridloom::shared::refuse_folder(output)?;
    let mut found = found(&arguments.files, arguments.preset.as_deref())?;
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let base = found.files.base.clone();
    let mut files = Vec::new();
    for pattern in &found.description.files {
        files.push(from(folder, &base, pattern)?);
    }
    found.description.files = files;
    gridloom::shared::write_whole(output, found.to_toml().as_bytes())?;
    for note in &found.notes {
        tell!("note: {}", note.words());
    }
    tell!("{}: {}", output.display(), found.summary().join("; "));
    Ok(Exit::Complete)
}

/// Files of records in words, or as JSON.
pub(super) fn inspect(files: &[PathBuf], preset: Option<&str>, as_json: bool) -> anyhow::Result<Exit> {
    print(&found(files, preset)?, as_json)
}

/// Whether a path is a description, a file of records, or a pattern of files.
pub(super) fn are_records(path: &Path) -> bool {
    let is_pattern = || path.to_string_lossy().contains(['*', '?', '[', '{']);
    match std::fs::metadata(path) {
        Ok(there) => there.is_file() && (is_description(path) || detect::is_records(path)),
        Err(_) => is_pattern(),
    }
}

/// Paths as patterns: one that is there stands for itself, whatever letters it has.
pub(super) fn patterns(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let pattern = |path: &PathBuf| match path.to_str() {
        Some(text) if path.exists() => Ok(Pattern::escape(text)),
        Some(text) => Ok(text.to_owned()),
        None => {
            Err(wrong("FILES", path.display(), "the name is not UTF-8; give a pattern with * in its place"))
        }
    };
    files.iter().map(pattern).collect()
}

fn found(files: &[PathBuf], preset: Option<&str>) -> anyhow::Result<Completed> {
    if let [path] = files
        && is_description(path)
    {
        let (description, base) = read_description(path)?;
        return Ok(detect::complete(&description, gridloom::records::files::list(&description, &base)?)?);
    }
    Ok(detect::describe(&patterns(files)?, preset, Path::new("."))?)
}

fn print(found: &Completed, as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        show::json(&json!({
            "description": found.description,
            "toml": found.description.to_toml(),
            "evidence": found.evidence,
            "notes": found.notes,
            "looked": found.looked,
            "bytes": found.files.bytes(),
            "faults": found.files.faults,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = talk::text();
    let written = out.write_all(found.to_toml().as_bytes());
    talk::finish(out, written)?;
    Ok(Exit::Complete)
}

/// A pattern that is relative to one folder, as it is from another one.
fn from(folder: &Path, base: &Path, pattern: &str) -> anyhow::Result<String> {
    if Path::new(pattern).is_absolute() {
        return Ok(pattern.to_owned());
    }
    let absolute =
        |path: &Path| path.canonicalize().map_err(|source| gridloom::Error::io("read", path, source));
    let (folder, base) = (absolute(folder)?, absolute(base)?);
    let common = folder.components().zip(base.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(base.components().skip(common)).collect();
    let Some(way) = way.to_str() else {
        return Err(wrong(
            "--output",
            folder.display(),
            "the name of a folder between it and the files is not UTF-8",
        ));
    };
    Ok(if way.is_empty() { pattern.to_owned() } else { format!("{}/{pattern}", Pattern::escape(way)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_from_other_folders() {
        let root = tempfile::tempdir().expect("a folder");
        let path = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            path
        };
        for (folder, base, wanted) in [
            ("", "", "run*/a.out"),
            ("a", "", "../run*/a.out"),
            ("", "b", "b/run*/a.out"),
            ("a/x", "b[1]", "../../b[[]1]/run*/a.out"),
        ] {
            assert_eq!(from(&path(folder), &path(base), "run*/a.out").expect(wanted), wanted);
        }
        assert_eq!(from(&path("a"), &path("b"), "/c/*").expect("absolute"), "/c/*");
    }
}
