//! Names of stations in names of files.

/// Bytes of a name that a file's name has at most.
const LONGEST: usize = 80;

/// A station's name as a part of a file's name, with a `_` behind it: letters and digits of any script, `-` and `.` stay, all else between
/// them is one `_`. Nothing of a name without any of these: files of cells are told apart by their indices.
pub(super) fn in_file(name: &str) -> String {
    let mut safe = String::new();
    for letter in name.chars() {
        let letter = if letter.is_alphanumeric() || matches!(letter, '-' | '.') { letter } else { '_' };
        if safe.len() + letter.len_utf8() > LONGEST {
            break;
        }
        if letter != '_' || !(safe.is_empty() || safe.ends_with('_')) {
            safe.push(letter);
        }
    }
    let safe = safe.trim_end_matches('_');
    if safe.is_empty() { String::new() } else { format!("{safe}_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_stations_are_safe_in_names_of_files() {
        for (name, safe) in [
            ("Manaus", "Manaus_"),
            ("K34 (ZF-2), AM", "K34_ZF-2_AM_"),
            ("../../etc/passwd", ".._.._etc_passwd_"),
            ("São Félix do Xingu", "São_Félix_do_Xingu_"),
            ("  /", ""),
            ("", ""),
        ] {
            assert_eq!(in_file(name), safe, "{name:?}");
        }
        assert_eq!(in_file(&"é".repeat(100)).len(), LONGEST + 1);
    }
}
