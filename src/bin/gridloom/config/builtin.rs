//! Configurations that are in the program.

use std::path::Path;

use crate::mistake::wrong;

/// What stands before the name of one.
const PREFIX: &str = "builtin:";

macro_rules! builtin {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../data/configurations/", $name, ".toml")))),*]
    };
}

const ALL: [(&str, &str); 2] = builtin!("cities", "pan-amazon");

/// The text of a configuration that a path such as `builtin:cities` names; nothing where the path is one of a file.
pub(crate) fn find(path: &Path) -> anyhow::Result<Option<&'static str>> {
    let Some(name) = path.to_str().and_then(|path| path.strip_prefix(PREFIX)) else { return Ok(None) };
    match ALL.iter().find(|(own, _)| *own == name) {
        Some((_, text)) => Ok(Some(text)),
        None => {
            let names: Vec<String> = ALL.iter().map(|(name, _)| format!("{PREFIX}{name}")).collect();
            let reason = format!("no such configuration in the program; there are {}", names.join(", "));
            Err(wrong("--config", path.display(), reason))
        }
    }
}
