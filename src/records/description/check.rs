//! What a description says that cannot be, before any file is looked at.

use super::{
    Absent, CellKeys, Description, DescriptionError, Header, MissingCodes, Stamp, StepSize, Text, TimeKeys,
    Types, Values, element_of, path_field,
};
use crate::model::calendar::Calendar;
use crate::records::pattern::Pattern;
use crate::records::step;

type Checked = Result<(), DescriptionError>;

fn wrong(key: &str, reason: impl Into<String>, cure: impl Into<String>) -> Checked {
    Err(DescriptionError::wrong(format!("source.{key}"), reason, cure))
}

impl Description {
    /// Refuses what cannot be, whatever the files are.
    ///
    /// # Errors
    /// The first key that cannot be used, or not together with another one.
    pub fn check(&self) -> Checked {
        let mut patterns = Vec::new();
        for files in &self.files {
            match Pattern::parse(files) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => return wrong("files", format!("{files:?}: {error}"), error.cure()),
            }
        }
        if let Some(Absent::Number(number)) = self.absent
            && !number.is_finite()
        {
            return wrong(
                "absent",
                format!("{number} is not a value of a cell"),
                "give a number, or \"missing\"",
            );
        }
        self.text.check()?;
        self.cell.check()?;
        self.time.check()?;
        self.values.check()?;
        self.check_fields(&patterns)
    }

    /// Fields of the path are in all patterns.
    fn check_fields(&self, patterns: &[Pattern]) -> Checked {
        let CellKeys { lat, lon, y, x, id, .. } = &self.cell;
        let cells = [("cell.lat", lat), ("cell.lon", lon), ("cell.y", y), ("cell.x", x), ("cell.id", id)];
        let cells = cells.into_iter().filter_map(|(key, name)| Some((key.to_owned(), name.as_deref()?)));
        let parts = self.time.parts().map(|(key, part)| (format!("time.{key}"), part.column()));
        let stamp = self.time.stamp.iter().map(|stamp| ("time.stamp".to_owned(), stamp.column.as_str()));
        let start = self.time.start.iter().map(|start| ("time.start".to_owned(), start.as_str()));
        let over = self.values.over.keys().map(|name| ("values.over".to_owned(), name.as_str()));
        let name = self.values.name.iter().map(|name| ("values.name".to_owned(), name.as_str()));
        for (key, name) in cells.chain(parts).chain(stamp).chain(start).chain(over).chain(name) {
            let Some(field) = path_field(name) else { continue };
            if let Some(lacks) = patterns.iter().find(|pattern| !pattern.has_field(field)) {
                let reason =
                    format!("{name} is a field of the path, but {:?} has none of that name", lacks.text());
                return wrong(
                    &key,
                    reason,
                    "name the place in `files` in braces, or give a column without them",
                );
            }
        }
        Ok(())
    }
}

impl Text {
    fn check(&self) -> Checked {
        let separator = self.separator.as_deref();
        if let Some(word) = separator
            && !matches!(word, "blanks" | "fixed")
        {
            let mut letters = word.chars();
            let one = letters.next().filter(|_| letters.next().is_none());
            match one {
                Some(one)
                    if one.is_ascii()
                        && !one.is_ascii_alphanumeric()
                        && !matches!(one, '\n' | '\r' | '+' | '-' | '"') => {}
                _ => {
                    let reason = format!("{word:?} does not separate columns");
                    return wrong(
                        "text.separator",
                        reason,
                        "give one character as \",\" or \"\\t\", \"blanks\", or \"fixed\"",
                    );
                }
            }
        }
        match &self.widths {
            Some(_) if separator != Some("fixed") => {
                return wrong(
                    "text.widths",
                    "widths are those of fixed columns",
                    "give separator = \"fixed\", or leave the widths out",
                );
            }
            Some(widths)
                if widths.is_empty()
                    || widths.contains(&0)
                    || widths.iter().map(|&width| u64::from(width)).sum::<u64>() > LONGEST =>
            {
                return wrong(
                    "text.widths",
                    format!("{widths:?} are not widths of columns"),
                    "give each column's bytes, 1 or more",
                );
            }
            _ => {}
        }
        match (&self.header, &self.marker) {
            (Some(Header::Marker), None) => {
                return wrong(
                    "text.header",
                    "the header is known by a marker, but there is none",
                    "give marker = \"@\" or what else the line begins with",
                );
            }
            (Some(Header::Marker), Some(marker)) if marker.trim().is_empty() => {
                return wrong(
                    "text.marker",
                    "the marker is empty",
                    "give what the header's line begins with",
                );
            }
            (header, Some(_)) if *header != Some(Header::Marker) => {
                return wrong(
                    "text.marker",
                    "no header is known by a marker",
                    "give header = \"marker\", or leave the marker out",
                );
            }
            _ => {}
        }
        if let Some(names) = &self.names {
            if names.is_empty() {
                return wrong(
                    "text.names",
                    "the list is empty",
                    "give a name for each column, or leave it out",
                );
            }
            if let Some(twice) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name))
            {
                return wrong(
                    "text.names",
                    format!("{:?} is there twice", twice.1),
                    "give each column a name of its own",
                );
            }
            if matches!(self.header, Some(Header::Line | Header::Comment | Header::Marker)) {
                return wrong(
                    "text.names",
                    "the header has the names already",
                    "give header = \"none\", or leave the names out",
                );
            }
        }
        if let Some(decimal) = self.decimal {
            if !matches!(decimal, '.' | ',') {
                return wrong(
                    "text.decimal",
                    format!("{decimal:?} is not a character of decimals"),
                    "give \".\" or \",\"",
                );
            }
            if separator == Some(decimal.to_string().as_str()) {
                let reason = format!("{decimal:?} cannot separate columns and decimals both");
                return wrong(
                    "text.decimal",
                    reason,
                    "give separator = \";\", or another one that the files have",
                );
            }
        }
        let codes: Vec<&String> = match &self.missing {
            None => Vec::new(),
            Some(MissingCodes::All(codes)) => codes.iter().collect(),
            Some(MissingCodes::Columns(columns)) => columns.values().flatten().collect(),
        };
        if let Some(code) = codes.iter().find(|code| code.trim() != code.as_str()) {
            return wrong(
                "text.missing",
                format!("{code:?} has blanks around it, which count for nothing"),
                "give it without them",
            );
        }
        Ok(())
    }
}

/// Bytes of a line with fixed columns at most.
const LONGEST: u64 = 1 << 24;

impl CellKeys {
    fn check(&self) -> Checked {
        let is_lattice = self.south_west.is_some() || self.size.is_some() || self.crs.is_some();
        for (one, other, [has, lacks]) in [
            (&self.lat, &self.lon, ["lat", "lon"]),
            (&self.lon, &self.lat, ["lon", "lat"]),
            (&self.y, &self.x, ["y", "x"]),
            (&self.x, &self.y, ["x", "y"]),
        ] {
            if one.is_some() && other.is_none() {
                return wrong(
                    &format!("cell.{has}"),
                    format!("{has} is given without {lacks}"),
                    format!("give {lacks} as well"),
                );
            }
        }
        let ways =
            [("lat and lon", self.lat.is_some()), ("y and x", self.y.is_some()), ("id", self.id.is_some())];
        let told: Vec<&str> = ways.iter().filter(|(_, is_told)| *is_told).map(|(name, _)| *name).collect();
        if told.len() > 1 {
            let reason = format!("a record's cell is told in {} ways: by {}", told.len(), told.join(", by "));
            return wrong("cell", reason, "leave all but one of them out");
        }
        if self.table.is_some() && !(self.id.is_some() || told.is_empty()) {
            return wrong(
                "cell.table",
                "a table of cells is looked up by id",
                format!("give id, or leave out either table or {}", told.join("")),
            );
        }
        for (key, is_given) in [
            ("first", self.first.is_some()),
            ("order", self.order.is_some()),
            ("shape", self.shape.is_some()),
        ] {
            let is_counted = key == "first" && self.y.is_some() && self.crs.is_none();
            if is_given && self.id.is_none() && !is_counted {
                return wrong(
                    &format!("cell.{key}"),
                    format!("{key} is of cells that have numbers"),
                    format!("give id, or leave {key} out"),
                );
            }
            if is_given && self.table.is_some() {
                return wrong(
                    &format!("cell.{key}"),
                    "the table says where a cell is",
                    format!("leave {key} or table out"),
                );
            }
        }
        let numbers = self.north_west.iter().chain(&self.south_west).flatten().copied();
        if numbers.chain(self.snap).chain(self.size).any(|number| !number.is_finite()) {
            return wrong("cell", "a number is not finite", "give numbers such as 0.5");
        }
        let steps = match self.step {
            None => [None, None],
            Some(StepSize::Same(step)) => [Some(step), None],
            Some(StepSize::Each([lat, lon])) => [Some(lat), Some(lon)],
        };
        if let Some(step) = steps
            .into_iter()
            .flatten()
            .find(|step| !(step.is_finite() && *step > 0.0 && (is_lattice || *step <= 180.0)))
        {
            return wrong(
                "cell.step",
                format!("{step} is not the edge of a cell in degrees"),
                "give a number above 0, as 0.5",
            );
        }
        if let Some(size) = self.size.filter(|size| *size <= 0.0) {
            return wrong("cell.size", format!("{size} is not the edge of a cell"), "give a number above 0");
        }
        if let Some(snap) = self.snap.filter(|snap| *snap < 0.0) {
            return wrong("cell.snap", format!("{snap} is not a distance"), "give 0 or more");
        }
        if let Some([lat, lon]) = self.north_west.filter(|[lat, lon]| lat.abs() > 90.0 || lon.abs() > 360.0) {
            return wrong(
                "cell.north_west",
                format!("{lat}, {lon} are not degrees of latitude and longitude"),
                "give latitude first",
            );
        }
        if let Some([rows, columns]) = self.shape.filter(|shape| shape.contains(&0)) {
            return wrong(
                "cell.shape",
                format!("{rows} rows of {columns} columns hold no cell"),
                "give rows and columns, both 1 or more",
            );
        }
        if let Some(order) = &self.order {
            let is_row = |word: &str| matches!(word, "south-north" | "north-south");
            let is_column = |word: &str| matches!(word, "west-east" | "east-west");
            let [slow, fast] = order;
            if !(is_row(slow) && is_column(fast) || is_column(slow) && is_row(fast)) {
                let cure = "give the slower one first, as [\"south-north\", \"west-east\"]; north-south and east-west are known as well";
                return wrong("cell.order", format!("{slow:?}, {fast:?} are not two directions"), cure);
            }
        }
        if self.id.is_some() && self.table.is_none() && self.shape.is_none() {
            let cure = "give shape = [rows, columns] of the grid that the numbers run through, or table = FILE with id, lat and lon";
            return wrong("cell.id", "nothing says which cell a number is", cure);
        }
        let is_projected = self.y.is_some() && self.crs.is_some();
        let corner = [("north_west", self.north_west.is_some()), ("south_west", self.south_west.is_some())];
        if let Some((key, _)) = corner.iter().find(|(_, is_given)| is_projected && *is_given) {
            let reason = format!("with crs, y and x are the cells' own places, and {key} is none of theirs");
            return wrong(&format!("cell.{key}"), reason, format!("leave {key} out"));
        }
        let has_step = self.step.is_some() || self.size.is_some();
        let (needs, lacks) = match (&self.y, &self.id, &self.table) {
            (None, None, _) | (_, _, Some(_)) => return Ok(()),
            _ if is_projected => ("crs", vec![("step", !has_step)]),
            _ if self.crs.is_some() => {
                ("crs", vec![("south_west", self.south_west.is_none()), ("size", self.size.is_none())])
            }
            _ => {
                let has_corner = self.north_west.is_some() || self.south_west.is_some();
                ("the grid", vec![("north_west", !has_corner), ("step", !has_step)])
            }
        };
        match lacks.iter().find(|(_, lacks)| *lacks) {
            Some((key, _)) => {
                wrong("cell", format!("{needs} is given, but not where its cells are"), format!("give {key}"))
            }
            None => Ok(()),
        }
    }
}

impl TimeKeys {
    fn check(&self) -> Checked {
        let ways = [
            ("stamp", self.stamp.is_some()),
            ("start", self.start.is_some()),
            ("parts", self.parts().next().is_some()),
        ];
        let told: Vec<&str> = ways.iter().filter(|(_, is_told)| *is_told).map(|(name, _)| *name).collect();
        if told.len() > 1 {
            let reason = format!("a record's time is told in {} ways: by {}", told.len(), told.join(", by "));
            return wrong("time", reason, "leave all but one of them out");
        }
        if let Some(stamp) = &self.stamp {
            stamp.check()?;
        }
        let excludes = |one: bool, other: bool| one && other;
        if excludes(self.day_of_year.is_some(), self.month.is_some() || self.day.is_some()) {
            return wrong(
                "time.day_of_year",
                "a day of the year stands beside a month or a day of the month",
                "leave one of them out",
            );
        }
        if self.day.is_some() && self.month.is_none() {
            return wrong(
                "time.day",
                "a day of the month is given without a month",
                "give month, or day_of_year in the place of day",
            );
        }
        if let Some((key, _)) = self.parts().find(|(key, _)| *key != "year")
            && self.year.is_none()
        {
            return wrong(
                &format!("time.{key}"),
                format!("{key} is given without a year"),
                "give year: a column, or a {year} of the path",
            );
        }
        if let Some(text) = &self.step
            && step::parse(text).is_err()
        {
            return wrong(
                "time.step",
                format!("{text:?} is not a step of time"),
                "give year, month, day, hour, or a count of them as \"10 minutes\" or \"PT10M\"",
            );
        }
        if let Some(name) = &self.calendar
            && Calendar::parse(name).is_none()
        {
            let cure = "give standard, proleptic_gregorian, noleap, all_leap, 360_day or julian";
            return wrong("time.calendar", format!("{name:?} is not a calendar of CF"), cure);
        }
        Ok(())
    }
}

impl Stamp {
    fn check(&self) -> Checked {
        match (&self.units, &self.format) {
            (Some(_), Some(_)) => {
                wrong("time.stamp", "a stamp has units or a format, not both", "leave one of them out")
            }
            (Some(units), None)
                if units != super::YEARS && !units.to_ascii_lowercase().contains(" since ") =>
            {
                let cure =
                    "give units as \"milliseconds since 1970-01-01\", or \"years\" of years with decimals";
                wrong("time.stamp.units", format!("{units:?} are not units of time since a date"), cure)
            }
            (None, Some(format)) if !format.contains('%') => wrong(
                "time.stamp.format",
                format!("{format:?} has no part of a date"),
                "give it as \"%Y-%m-%d %H:%M\"",
            ),
            _ => Ok(()),
        }
    }
}

impl Values {
    fn check(&self) -> Checked {
        let all = match &self.type_ {
            None => Vec::new(),
            Some(Types::All(one)) => vec![one],
            Some(Types::Columns(columns)) => columns.values().collect(),
        };
        if let Some(word) = all.into_iter().find(|word| element_of(word).is_none()) {
            return wrong("values.type", format!("{word:?} is not a type"), "give f4, f8, i1, i2, i4 or i8");
        }
        if self.along.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return wrong("values.along", "the dimension has no name", "give a word, as \"pft\"");
        }
        if self.columns.as_ref().is_some_and(Vec::is_empty) {
            return wrong(
                "values.columns",
                "the list is empty",
                "give names or globs of columns, or leave it out for all",
            );
        }
        if self.along.is_some() && self.numbered == Some(true) {
            let reason = "columns are along a dimension, and numbered ones of several variables";
            return wrong("values.numbered", reason, "leave along or numbered out");
        }
        Ok(())
    }
}
