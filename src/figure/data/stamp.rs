//! How an input is known again.

use std::hash::Hasher;
use std::io::Read;
use std::path::Path;

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};

/// The digest of a file's bytes, `xxh3:…`.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where it cannot be read.
pub fn digest(path: &Path) -> Result<String> {
    let fail = |source| Error::io("read", path, source);
    let mut file = crate::shared::open_input(path).map_err(fail)?;
    let mut hasher = XxHash3_64::new();
    // As much as stays in the processor's cache.
    let mut buffer = vec![0; 1 << 17];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => hasher.write(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(format!("xxh3:{:016x}", hasher.finish()))
}
