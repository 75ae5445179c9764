//! What kind of files they are, and which preset they are of.

use super::Work;
use super::roles::{Likely, likely};
use super::sample::{self, Beginning};
use crate::error::Result;
use crate::records::description::{Description, FileFormat};
use crate::records::head;
use crate::records::input::Packing;

impl Work {
    /// Finds the kind of files by the first bytes of the first that has any.
    pub(super) fn format(&mut self) -> Result<()> {
        if self.description.format.is_some() {
            return Ok(());
        }
        let files = self.files.clone();
        let mut found = None;
        for file in sample::spread(&files.files, sample::MOST_FILES) {
            if let Ok(beginning) = sample::beginning(&files, file)
                && !beginning.bytes.is_empty()
            {
                let of_packing = match beginning.packing {
                    Packing::Parquet => Some((FileFormat::Parquet, "it begins as Parquet does")),
                    Packing::Arrow => Some((FileFormat::Arrow, "it begins as Arrow's files do")),
                    Packing::Netcdf => Some((FileFormat::Netcdf, "it begins as NetCDF does")),
                    Packing::ArrowStream => Some((FileFormat::Arrow, "it begins as a stream of Arrow does")),
                    _ => None,
                };
                found = Some((of_packing.unwrap_or_else(|| of_bytes(&beginning.bytes)), file.name()));
                break;
            }
        }
        let Some(((format, why), file)) = found else { return Ok(()) };
        if format != FileFormat::Text {
            self.tell("format", why, Some((&file, None)));
            self.description.format = Some(format);
        }
        Ok(())
    }

    /// Finds the preset that files are of, where their own words say so.
    pub(super) fn preset(&mut self, beginnings: &[Beginning<'_>]) -> Result<()> {
        if self.description.preset.is_some() {
            return Ok(());
        }
        let of_each = beginnings.iter().map(|beginning| (of_words(beginning), beginning.file.name()));
        let mut found: Option<(&'static str, String, String)> = None;
        for (words, file) in of_each {
            match (words, &found) {
                (None, _) => return Ok(()),
                (Some((preset, _)), Some((known, ..))) if preset != *known => return Ok(()),
                (Some((preset, why)), None) => found = Some((preset, why, file)),
                _ => {}
            }
        }
        let Some((preset, why, file)) = found else { return Ok(()) };
        let own = Description { preset: Some(preset.to_owned()), ..self.description.clone() };
        self.description =
            Description::from_toml(&own.to_toml()).map_err(|error| error.of(&self.files.base))?;
        self.tell("preset", why, Some((&file, None)));
        Ok(())
    }
}

/// Whether a file's first bytes are of records: lines of text, or a format that holds nothing else here.
pub(super) fn is_known(bytes: &[u8]) -> bool {
    match of_bytes(bytes).0 {
        // A dump may begin with letters, and has other bytes soon.
        FileFormat::Text => {
            let is_letter = |byte: &u8| *byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t');
            bytes.iter().all(is_letter) && bytes.contains(&b'\n')
        }
        FileFormat::Netcdf => false,
        _ => true,
    }
}

/// The kind of a file by its first bytes.
fn of_bytes(bytes: &[u8]) -> (FileFormat, &'static str) {
    match bytes {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] => {
            (FileFormat::VicBinary, "it begins with the mark of VIC's binary files")
        }
        [0xff, 0xff, 0xff, 0xff, _, _, _, 0, ..] => {
            (FileFormat::Arrow, "it begins as a stream of Arrow does")
        }
        [b'C', b'D', b'F', 1 | 2 | 5, ..] | [0x89, b'H', b'D', b'F', b'\r', b'\n', ..] => {
            (FileFormat::Netcdf, "it begins as NetCDF does")
        }
        [b'L', b'P', b'J', b'G' | b'_', ..] => {
            (FileFormat::Lpjml, "it begins with the header of LPJmL's files")
        }
        _ => {
            let text = String::from_utf8_lossy(bytes.get(..4_096.min(bytes.len())).unwrap_or_default());
            let is_json = text.trim_start().starts_with('{')
                && text.contains("\"nbands\"")
                && text.contains("\"firstyear\"");
            if is_json {
                (FileFormat::Lpjml, "it is the JSON of an output of LPJmL")
            } else {
                (FileFormat::Text, "it is text")
            }
        }
    }
}

/// The preset that the words of a file's beginning tell for certain.
fn of_words(beginning: &Beginning<'_>) -> Option<(&'static str, String)> {
    let lines = beginning.lines();
    let first = lines.iter().find(|line| !line.iter().all(u8::is_ascii_whitespace))?;
    let words = head::words(first, &crate::records::schema::Separator::Blanks);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let name = beginning.file.path.file_name()?.to_string_lossy().into_owned();
    let roles: Vec<Option<Likely>> = texts.iter().map(|text| likely(text)).collect();
    let is_guess = roles.starts_with(&[Some(Likely::Lon), Some(Likely::Lat), Some(Likely::Year)])
        && name.contains(".out");
    if is_guess {
        return Some((
            "lpj-guess",
            "its name ends with .out, and its columns begin with Lon, Lat, Year".to_owned(),
        ));
    }
    let text =
        String::from_utf8_lossy(beginning.bytes.get(..4_096.min(beginning.bytes.len())).unwrap_or_default())
            .into_owned();
    for mark in ["# SIMULATION:", "# NRECS:"] {
        if text.starts_with(mark) {
            return Some(("vic", format!("it begins with {mark:?}")));
        }
    }
    if texts.iter().any(|text| text.starts_with("OUT_")) && roles.contains(&Some(Likely::Year)) {
        return Some(("vic", "its columns have VIC's names, such as OUT_PREC".to_owned()));
    }
    if name.starts_with("sms-call-internet-mi") && first.split(|byte| *byte == b'\t').count() == 8 {
        return Some((
            "milan",
            "it is called sms-call-internet-mi, and has 8 columns between tabs".to_owned(),
        ));
    }
    None
}
