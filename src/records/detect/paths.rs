//! What names of files tell of cells.

use std::collections::BTreeSet;

use super::Work;
use crate::error::Result;
use crate::records::files;
use crate::records::pattern::Pattern;

/// Names that end with coordinates.
const COORDINATES: &str =
    "{name}_{lat}_{lon}{.txt,.csv,.dat,.out,.asc,.bin,.nc,.parquet,}{.gz,.zst,.bz2,.xz,}";
/// Patterns that are made of names at the most.
const MOST: usize = 16;

impl Work {
    /// Finds the cell in the paths, where no column tells it.
    pub(super) fn paths(&mut self) -> Result<()> {
        let cell = &self.description.cell;
        let columns_are_cells =
            self.description.values.along.as_deref() == Some("cell") && cell.table.is_some();
        if cell.lat.is_some() || cell.y.is_some() || cell.id.is_some() || columns_are_cells {
            return Ok(());
        }
        if !self.has_field("lat") && !self.has_field("y") && !self.has_field("id") {
            self.coordinates()?;
        }
        let first = self.files.files.first().map(|file| file.name()).unwrap_or_default();
        for [one, other] in [["lat", "lon"], ["y", "x"]] {
            if self.has_field(one) && self.has_field(other) {
                let cell = &mut self.description.cell;
                let (lat, lon) =
                    if one == "lat" { (&mut cell.lat, &mut cell.lon) } else { (&mut cell.y, &mut cell.x) };
                (*lat, *lon) = (Some(format!("{{{one}}}")), Some(format!("{{{other}}}")));
                self.tell(
                    &format!("cell.{one}"),
                    format!("names of files have {{{one}}} and {{{other}}}"),
                    Some((&first, None)),
                );
                return Ok(());
            }
        }
        if self.has_field("id") {
            self.description.cell.id = Some("{id}".to_owned());
            self.tell("cell.id", "names of files have {id}", Some((&first, None)));
            return Ok(());
        }
        let text = "neither a column nor the name of the file tells the cell: give source.cell with lat and lon (columns, or {lat} and {lon} in braces in `files`), y and x, or id";
        Err(self.ask(self.files.files.first(), text))
    }

    fn has_field(&self, name: &str) -> bool {
        let fields = |text: &String| Pattern::parse(text).is_ok_and(|pattern| pattern.has_field(name));
        !self.description.files.is_empty() && self.description.files.iter().all(fields)
    }

    /// Names the coordinates that names of files end with, and lists the files by that.
    fn coordinates(&mut self) -> Result<()> {
        let pattern = Pattern::parse(COORDINATES).map_err(|error| crate::Error::bug(error.to_string()))?;
        let mut made: BTreeSet<String> = BTreeSet::new();
        for file in &self.files.files {
            let name = file.path.file_name().and_then(|name| name.to_str());
            let Some(fields) = name.and_then(|name| pattern.fields_of(name)) else { return Ok(()) };
            let [stem, lat, lon] = fields.as_slice() else { return Ok(()) };
            let is_place = |text: &str, most: f64| {
                text.contains('.') && text.parse::<f64>().is_ok_and(|number| number.abs() <= most)
            };
            if !(is_place(lat, 90.0) && is_place(lon, 360.0)) {
                return Ok(());
            }
            let end =
                name.and_then(|name| name.get(stem.len() + lat.len() + lon.len() + 2..)).unwrap_or_default();
            let folder = file
                .path
                .parent()
                .map(|folder| folder.display().to_string())
                .filter(|folder| !folder.is_empty());
            let folder = folder.map(|folder| Pattern::escape(&folder) + "/").unwrap_or_default();
            made.insert(format!("{folder}{}_{{lat}}_{{lon}}{}", Pattern::escape(stem), Pattern::escape(end)));
            if made.len() > MOST {
                return Ok(());
            }
        }
        let mut own = self.description.clone();
        own.files = made.into_iter().collect();
        let listed = files::list(&own, &self.files.base)?;
        let paths =
            |files: &files::Files| files.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        if paths(&listed) != paths(&self.files) {
            let text = format!(
                "names of files end with coordinates, but {} fits {} files where {} were given; give source.files with {{lat}} and {{lon}} in braces",
                own.files.join(", "),
                listed.files.len(),
                self.files.files.len()
            );
            return Err(self.ask(self.files.files.first(), text));
        }
        let first = listed.files.first().map(|file| file.name()).unwrap_or_default();
        self.description.files = own.files;
        let (faults, fault_count) = (std::mem::take(&mut self.files.faults), self.files.fault_count);
        self.files = listed;
        (self.files.faults, self.files.fault_count) = (faults, fault_count);
        self.tell("files", "names of all files end with a latitude and a longitude", Some((&first, None)));
        Ok(())
    }
}
