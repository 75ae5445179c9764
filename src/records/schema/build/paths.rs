//! What the path of a file tells of its records.

use super::Schema;
use crate::records::description::{Over, path_field};
use crate::records::files::RecordFile;
use crate::records::schema::Part;

impl Schema {
    /// What the path tells of a record's key.
    pub(super) fn key(&self, file: &RecordFile) -> Option<String> {
        let over = self
            .description
            .values
            .over
            .iter()
            .filter(|(_, over)| self.is_keyed && **over != Over::Dimension);
        let texts: Vec<&str> =
            over.filter_map(|(column, _)| path_field(column).and_then(|name| file.field(name))).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Coordinates that the path tells.
    pub(super) fn place(&self, file: &RecordFile) -> Result<[Option<f64>; 2], String> {
        let cell = &self.description.cell;
        let keys = match (&cell.id, &cell.lat, &cell.y) {
            (Some(_), ..) => [cell.id.as_deref(), None],
            (None, Some(_), _) => [cell.lat.as_deref(), cell.lon.as_deref()],
            _ => [cell.y.as_deref(), cell.x.as_deref()],
        };
        let mut place = [None, None];
        for (slot, key) in place.iter_mut().zip(keys) {
            let Some(name) = key.and_then(path_field) else { continue };
            let text = file.field(name).ok_or_else(|| format!("its path does not tell {{{name}}}"))?;
            if let Some(names) = &self.names {
                let cell = names.get(text).copied();
                *slot =
                    Some(cell.ok_or_else(|| {
                        format!("the cell {text:?} in its path is not in the table of cells")
                    })?);
                continue;
            }
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            *slot = Some(number.ok_or_else(|| format!("{text:?} in its path is not a number"))?);
        }
        if cell.id.is_some() && place[0].is_some() {
            place[1] = Some(0.0);
        }
        Ok(place)
    }

    /// Parts of the time that the path tells.
    pub(super) fn parts(&self, file: &RecordFile) -> Result<Vec<(Part, i64)>, String> {
        let mut parts = Vec::new();
        for (key, part) in self.description.time.parts() {
            let Some(name) = path_field(part.column()) else { continue };
            let text = file.field(name).ok_or_else(|| format!("its path does not tell {{{name}}}"))?;
            let number = text.parse::<i64>().map_err(|_| format!("{text:?} in its path is not a {key}"))?;
            parts.push((Part::of_key(key).ok_or_else(|| format!("{key} is not a part of a time"))?, number));
        }
        Ok(parts)
    }
}
