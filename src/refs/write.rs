//! References as files, by the ending of a name.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;

use crate::error::{Argument, Error, Result};
use crate::shared::{self, Inside, Standing};

use super::References;
use super::parquet::packed;

impl References {
    /// Writes references for kerchunk's readers: `*.json`, or the folder `*.parquet`, whole or not at all. `base` as for [`References::json`]. Of what is
    /// there already, gridloom's own references are replaced; a file of somebody else only where `replaces` is true, a folder never.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the name ends otherwise, [`Occupied`](crate::ErrorKind::Occupied), [`Foreign`](crate::ErrorKind::Foreign),
    /// [`Io`](crate::ErrorKind::Io).
    pub fn write(&self, path: impl AsRef<Path>, base: Option<&str>, replaces: bool) -> Result<()> {
        let path = path.as_ref();
        match ending(path).as_str() {
            "json" => {
                let bytes = self.json(base)?;
                refuse(path, replaces)?;
                shared::write_whole(path, &bytes).map(drop)
            }
            "parquet" | "parq" => self.write_parquet(path, base),
            _ => Err(Error::selection(
                Argument::Output,
                path.display(),
                "wants a name that ends in .json or .parquet",
            )),
        }
    }

    /// Writes the places of chunks ([`References::places`]) as one file: `*.parquet`, or Arrow's `*.feather` or `*.arrow`.
    ///
    /// # Errors
    /// Those of [`References::write`].
    pub fn write_places(&self, path: impl AsRef<Path>, base: Option<&str>, replaces: bool) -> Result<()> {
        let path = path.as_ref();
        let places = self.places(base)?;
        let bytes = match ending(path).as_str() {
            "parquet" => packed(&places)?,
            "feather" | "arrow" => feather(&places)?,
            _ => {
                let reason = "wants a name that ends in .parquet, .feather or .arrow";
                return Err(Error::selection(Argument::Places, path.display(), reason));
            }
        };
        refuse(path, replaces)?;
        shared::write_whole(path, &bytes).map(drop)
    }
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Refuses a file that is there and is not gridloom's.
fn refuse(path: &Path, replaces: bool) -> Result<()> {
    shared::refuse_folder(path)?;
    let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let standing = Inside::new(&name).map(|name| Standing::of(shared::folder_of(path), &name));
    let is_own = matches!(standing, Some(Ok(standing)) if standing.is_marked);
    match replaces || is_own || (there.is_file() && there.len() == 0) {
        true => Ok(()),
        false if there.is_symlink() => Err(Error::output_exists(path, "a link")),
        false => Err(Error::output_exists(path, "a file that gridloom did not make")),
    }
}

fn feather(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).map_err(Error::table)?;
    writer.write(batch).map_err(Error::table)?;
    writer.finish().map_err(Error::table)?;
    drop(writer);
    Ok(bytes)
}
