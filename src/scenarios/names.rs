//! What runs are called among several, and the folders that they have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, Reason, Result};
use crate::shared::Inside;

use super::Member;

/// Bytes of a name at most: a folder's name has more before it.
const LONGEST: usize = 200;

/// What a run is called by its path: its last part, of a file without what follows its last dot.
pub fn name_of(source: &Path) -> String {
    let whole = source.canonicalize().ok().filter(|whole| whole.file_name().is_some());
    // A folder that is named by `.` has a name all the same.
    let named = if source.file_name().is_some() { source.to_owned() } else { whole.unwrap_or_default() };
    let name = if source.is_dir() { named.file_name() } else { named.file_stem() };
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The runs with their folders.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument).
pub(super) fn members(runs: &[(String, PathBuf)]) -> Result<Vec<Member>> {
    let refuse = |name: &str, reason: String| {
        let reason = Reason::from(reason + "; name the runs with ").naming(Argument::Labels);
        Error::selection(Argument::Run, name, reason)
    };
    let mut known: BTreeMap<&str, &Path> = BTreeMap::new();
    let of = |(name, source): &(String, PathBuf)| {
        let is_fit = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '+' | ' ');
        if name.trim() != name || name.is_empty() || name.len() > LONGEST || !name.chars().all(is_fit) {
            let reason = format!(
                "the name stands in a folder's name and wants letters, digits, spaces, - _ . + and at most {LONGEST} bytes"
            );
            return Err(refuse(name, reason));
        }
        let folder = Inside::new(&format!("run={name}"));
        let folder = folder.ok_or_else(|| refuse(name, "the name is not fit for a folder".to_owned()))?;
        // Another process may work in another folder.
        let source = std::path::absolute(source).unwrap_or_else(|_| source.clone());
        Ok(Member { name: name.clone(), folder, source })
    };
    for (name, source) in runs {
        if let Some(other) = known.insert(name, source) {
            let reason = format!("{} and {} have the same name", other.display(), source.display());
            return Err(refuse(name, reason));
        }
    }
    runs.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Vec<Member>> {
        members(
            &names
                .iter()
                .map(|name| ((*name).to_owned(), PathBuf::from("/runs").join(name)))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn names_are_those_of_paths_and_stand_in_folders() {
        assert_eq!(name_of(Path::new("/no/such/hist.v2.nc")), "hist.v2");
        assert_eq!(name_of(Path::new("src/")), "src");
        assert_eq!(name_of(Path::new("src/..")), name_of(Path::new(".")));
        let found = of(&["hist", "ssp1-2.6 (a".trim_end_matches(" (a"), "São Félix"]).expect("names");
        let folders: Vec<&str> = found.iter().map(|member| member.folder.as_str()).collect();
        assert_eq!(folders, ["run=hist", "run=ssp1-2.6", "run=São Félix"]);
        for names in [&["a", "a"][..], &[""], &["a/b"], &["a=b"], &["50%"], &[" a"], &["a\n"]] {
            let error = of(names).expect_err("a name").to_string();
            assert!(error.contains("labels"), "{error}");
        }
    }
}
