//! The password file of PostgreSQL's clients: `host:port:database:user:password`, the first line that fits.

use std::path::Path;

/// The password for this place. A file that is not there has none.
///
/// # Errors
/// A warning: the file is ignored.
pub(super) fn password(
    file: &Path,
    host: &str,
    port: u16,
    database: &str,
    user: &str,
) -> std::result::Result<Option<String>, String> {
    let Ok(metadata) = std::fs::metadata(file) else { return Ok(None) };
    if !metadata.is_file() {
        return Err(format!("{} is ignored: it is not a file", file.display()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "{} is ignored, since others may read it; `chmod 600` mends that",
                file.display()
            ));
        }
    }
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{} is ignored: {error}", file.display()))?;
    // Lines for the usual sockets say localhost.
    let host = match host {
        "/var/run/postgresql" | "/run/postgresql" | "/tmp" => "localhost",
        other => other,
    };
    let place = [host, &port.to_string(), database, user];
    Ok(text.lines().filter(|line| !line.starts_with('#')).find_map(|line| matching(line, &place)))
}

/// The password of a line whose first four fields are these, or stars.
fn matching(line: &str, place: &[&str; 4]) -> Option<String> {
    let mut rest = line;
    for wanted in place {
        let raw;
        (raw, rest) = field(rest)?;
        if raw != "*" && unescaped(raw) != *wanted {
            return None;
        }
    }
    // The rest is the password up to a colon that nothing escapes.
    let raw = field(rest).map_or(rest, |(raw, _)| raw);
    Some(unescaped(raw)).filter(|password| !password.is_empty())
}

/// What stands before the first colon without a backslash, and what behind it.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts() {
        let place = ["db.org", "5432", "maps", "me"];
        let cases = [
            ("db.org:5432:maps:me:secret", Some("secret")),
            ("*:*:*:*:secret", Some("secret")),
            ("*:5433:*:*:secret", None),
            ("*:*:*:you:secret", None),
            (r"*:*:*:me:a\:b\\c", Some(r"a:b\c")),
            (r"db\.org:*:ma\ps:me:x", Some("x")),
            (r"\*:*:*:*:x", None),
            ("*:*:*:me", None),
            ("*:*:*:me:", None),
            ("*:*:*:*:a:b", Some("a")),
            ("", None),
        ];
        for (line, password) in cases {
            assert_eq!(matching(line, &place).as_deref(), password, "{line}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pgpass");
        let found = || password(&file, "/tmp", 5432, "maps", "me");
        assert_eq!(found(), Ok(None));
        std::fs::write(
            &file,
            "# a comment:*:*:*:x\nother:*:*:*:wrong\nlocalhost:*:*:me:right\n*:*:*:*:late\n",
        )
        .expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("a mode");
        assert!(found().is_err_and(|warning| warning.contains("chmod 600")));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        assert_eq!(found(), Ok(Some("right".to_owned())));
    }
}
