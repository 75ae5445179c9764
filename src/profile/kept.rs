//! Names that users may give attributes.

/// Names of attributes that HDF5 and netCDF keep for themselves, and those that files are read back by.
const RESERVED: [&str; 10] = [
    "CLASS",
    "NAME",
    "REFERENCE_LIST",
    "DIMENSION_LIST",
    "DIMENSION_LABELS",
    "ARROW:schema",
    "calendar",
    "columns",
    "sorted_by",
    "partitioned_by",
];
/// Bytes of an attribute's name at most, by netCDF.
const LONGEST_NAME: usize = 256;
/// Bytes of an attribute's text at most: HDF5 keeps larger ones elsewhere.
const LONGEST_TEXT: usize = 60_000;

/// Whether files may have an attribute of a user's own.
///
/// # Errors
/// Why not, in words.
pub fn check_attribute(name: &str, text: &str) -> Result<(), &'static str> {
    if name.starts_with('_') || name.starts_with("gridloom_") || RESERVED.contains(&name) {
        return Err("the name is kept for what programs read files by; give it another one");
    }
    if !is_name(name) || name.len() > LONGEST_NAME {
        return Err(
            "a name begins with a letter or a digit, has no slash and no control character, and up to 256 bytes",
        );
    }
    if text.contains('\0') || text.len() > LONGEST_TEXT {
        return Err("a text has up to 60,000 bytes, none of them zero");
    }
    Ok(())
}

/// Whether NetCDF takes a name.
pub(super) fn is_name(name: &str) -> bool {
    let begins = name.chars().next().is_some_and(char::is_alphanumeric);
    begins && !name.ends_with(' ') && name.chars().all(|letter| !letter.is_control() && letter != '/')
}
