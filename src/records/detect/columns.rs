//! Which columns tell the cell and the time.

use super::Work;
use super::dialect::Sampled;
use super::roles::{self, Likely, likely};
use super::stamps::{self, Written};
use crate::error::Result;
use crate::records::description::{FileFormat, TimeKeys, TimePart, Values};
use crate::words::matches;

/// Files with the same columns.
struct Group<'a> {
    names: Vec<String>,
    first: &'a Sampled<'a>,
}

impl Work {
    /// Finds the columns that tell the cell and the time, and those that tell records apart.
    pub(super) fn roles(&mut self, tables: &[Sampled<'_>]) -> Result<()> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for table in tables {
            let names = table.names();
            if !groups.iter().any(|group| group.names == names) {
                groups.push(Group { names, first: table });
            }
        }
        self.cell_columns(&groups)?;
        self.months(&groups)?;
        self.time_columns(&groups, tables)?;
        self.layers(&groups);
        Ok(())
    }

    /// The column that all groups have of a role, as the first spells it.
    fn column_of(&self, groups: &[Group<'_>], role: Likely) -> Result<Option<String>> {
        let find = |group: &Group<'_>| group.names.iter().find(|name| likely(name) == Some(role)).cloned();
        let found: Vec<Option<String>> = groups.iter().map(find).collect();
        let Some(first) = found.iter().flatten().next() else { return Ok(None) };
        match found.iter().position(|name| name.as_ref() != Some(first)) {
            None => Ok(Some(first.clone())),
            Some(other) => {
                let has = groups.iter().zip(&found).find(|(_, name)| name.as_ref() == Some(first));
                let has = has.map_or_else(String::new, |(group, _)| group.first.file.name());
                let other = groups.get(other).map(|group| (group.first.file, group.names.join(", ")));
                let (file, names) = other.map_or((None, String::new()), |(file, names)| (Some(file), names));
                let text = format!(
                    "its columns are {names}, but {has} has one called {first:?}; describe the files apart, with a pattern that fits those of one kind"
                );
                Err(self.ask(file, text))
            }
        }
    }

    fn cell_columns(&mut self, groups: &[Group<'_>]) -> Result<()> {
        let cell = &self.description.cell;
        if cell.lat.is_some() || cell.y.is_some() || cell.id.is_some() {
            return Ok(());
        }
        let Some(first) = groups.first() else { return Ok(()) };
        let file = first.first.file.name();
        let line = Some(first.first.head.lines.max(1)).filter(|_| first.first.head.names.is_some());
        let pair = (self.column_of(groups, Likely::Lat)?, self.column_of(groups, Likely::Lon)?);
        if let (Some(lat), Some(lon)) = pair {
            let why = format!("the columns {lat} and {lon} are called so");
            (self.description.cell.lat, self.description.cell.lon) = (Some(lat), Some(lon));
            self.tell("cell.lat", why, Some((&file, line)));
            if let Some(id) = self.column_of(groups, Likely::Id)? {
                self.tell(
                    "values.ignore",
                    format!("the column {id} numbers cells that have coordinates"),
                    Some((&file, line)),
                );
                self.description.values.ignore.push(id);
            }
            return Ok(());
        }
        if self
            .description
            .files
            .iter()
            .any(|pattern| pattern.contains("{lat}") || pattern.contains("{y}") || pattern.contains("{id}"))
        {
            return Ok(());
        }
        let pair = (self.column_of(groups, Likely::Y)?, self.column_of(groups, Likely::X)?);
        if let (Some(y), Some(x)) = pair {
            let text = format!(
                "the columns {y} and {x} seem to tell the cell, but not on which grid: give source.cell with y = {y:?}, x = {x:?} and north_west = [lat, lon] and step = 0.5 \
                 where they are rows and columns, with crs where they are coordinates of a projection, or with lat = {y:?} and lon = {x:?} where they are degrees"
            );
            return Err(self.ask(Some(first.first.file), text));
        }
        if let Some(id) = self.column_of(groups, Likely::Id)? {
            let text = format!(
                "the column {id} seems to number cells, but nothing says where they are: give source.cell with id = {id:?} and shape, order, south_west and size (and crs), \
                 or with id = {id:?} and table = FILE that has id, lat, lon"
            );
            return Err(self.ask(Some(first.first.file), text));
        }
        Ok(())
    }

    /// Finds columns that are months.
    fn months(&mut self, groups: &[Group<'_>]) -> Result<()> {
        // A preset's word for columns is that for most of its tables.
        let preset = self.description.preset.as_deref().and_then(crate::records::presets::Preset::find);
        let usual = preset.and_then(|preset| preset.along());
        if self.description.values.along.is_some() && self.description.values.along != usual {
            return Ok(());
        }
        let of = |group: &Group<'_>| {
            let values = self.value_names(&group.names);
            roles::months(&values)
        };
        let found: Vec<bool> = groups.iter().map(of).collect();
        let with = groups.iter().zip(&found).find(|(_, is_months)| **is_months).map(|(group, _)| group);
        let without = groups.iter().zip(&found).find(|(_, is_months)| !**is_months).map(|(group, _)| group);
        match (with, without) {
            (Some(with), Some(without)) => {
                let text = format!(
                    "it has a column for each month, and {} has not: they have different steps of time; describe them apart, with patterns that fit those of one kind",
                    without.first.file.name()
                );
                Err(self.ask(Some(with.first.file), text))
            }
            (Some(group), None) => {
                let (file, line) = (group.first.file.name(), group.first.head.lines.max(1));
                self.description.values.along = Some("month".to_owned());
                self.tell(
                    "values.along",
                    "the columns of values are the twelve months",
                    Some((&file, Some(line))),
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The columns that have no role in cell or time yet, by their names.
    fn value_names<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let cell = &self.description.cell;
        let cells = [&cell.lat, &cell.lon, &cell.y, &cell.x, &cell.id];
        let is_cell = |name: &str| cells.into_iter().flatten().any(|column| column == name);
        let is_time = |name: &str| {
            let time = &self.description.time;
            time.parts().any(|(_, part)| part.column() == name)
                || time.stamp.as_ref().is_some_and(|stamp| stamp.column == name)
        };
        let Values { over, ignore, columns, .. } = &self.description.values;
        let is_left_out = |name: &str| {
            let taken = columns.as_deref().is_none_or(|columns| is_wanted(columns, name));
            over.contains_key(name) || ignore.iter().any(|pattern| matches(pattern, name)) || !taken
        };
        let is_value = |name: &str| {
            !is_cell(name)
                && !is_time(name)
                && !is_left_out(name)
                && likely(name).is_none_or(|role| self.has_role(role))
        };
        names.iter().map(String::as_str).filter(|name| is_value(name)).collect()
    }

    /// Whether the role of a name is told by another column, so that the name is one of a value.
    fn has_role(&self, role: Likely) -> bool {
        let time = &self.description.time;
        let by_stamp = time.stamp.is_some() || time.start.is_some();
        match role {
            Likely::Lat | Likely::Lon | Likely::Y | Likely::X | Likely::Id => {
                self.description.cell.lat.is_some()
                    || self.description.cell.y.is_some()
                    || self.description.cell.id.is_some()
            }
            _ => by_stamp || time.parts().next().is_some(),
        }
    }

    fn time_columns(&mut self, groups: &[Group<'_>], tables: &[Sampled<'_>]) -> Result<()> {
        let time = &self.description.time;
        if time.stamp.is_some() || time.start.is_some() || time.parts().next().is_some() {
            return self.stamp_form(tables);
        }
        let Some(first) = groups.first() else { return Ok(()) };
        let file = first.first.file.name();
        let line = Some(first.first.head.lines.max(1)).filter(|_| first.first.head.names.is_some());
        if let Some(column) = self.stamp_column(groups, tables)? {
            return self.keep_stamp(&column, tables, Some((&file, line)));
        }
        let field = |name: &str| {
            self.description.files.iter().all(|pattern| pattern.contains(&format!("{{{name}}}")))
        };
        let mut keys = TimeKeys { ..self.description.time.clone() };
        let mut told = Vec::new();
        for role in [
            Likely::Year,
            Likely::Month,
            Likely::DayOfYear,
            Likely::Day,
            Likely::Hour,
            Likely::Minute,
            Likely::Second,
        ] {
            // A column called `min` is a minute where there are hours.
            let has_day = keys.day.is_some() || keys.day_of_year.is_some();
            let is_without = match role {
                Likely::Hour => !has_day,
                Likely::Minute => keys.hour.is_none(),
                Likely::Second => keys.hour.is_none() && !has_day,
                _ => false,
            };
            if is_without {
                continue;
            }
            let name = key_of(role);
            let of_path = (field(name) && !self.description.files.is_empty()).then(|| format!("{{{name}}}"));
            let Some(column) = self.column_of(groups, role)?.or(of_path) else { continue };
            let role = if role == Likely::Day && keys.month.is_none() { Likely::DayOfYear } else { role };
            let least = least_of(tables, &column);
            let from = |first: i64| TimePart::From { column: column.clone(), first };
            let usual = TimePart::Column(column.clone());
            let part = match (role, least) {
                (Likely::Month | Likely::Day | Likely::DayOfYear, Some((0, where_))) => {
                    told.push((key_of(role), format!("{column} counts from 0"), Some(where_)));
                    from(0)
                }
                _ => {
                    told.push((
                        key_of(role),
                        if column.starts_with('{') {
                            format!("names of files have {column}")
                        } else {
                            format!("the column {column} is called so")
                        },
                        None,
                    ));
                    usual
                }
            };
            let slot = match role {
                Likely::Year => &mut keys.year,
                Likely::Month => &mut keys.month,
                Likely::DayOfYear => &mut keys.day_of_year,
                Likely::Day => &mut keys.day,
                Likely::Hour => &mut keys.hour,
                Likely::Minute => &mut keys.minute,
                _ => &mut keys.second,
            };
            slot.get_or_insert(part);
        }
        if keys.year.is_none() {
            return self.no_dates(first);
        }
        self.description.time = keys;
        for (key, why, at) in told {
            let (file, line) = at.unwrap_or_else(|| (file.clone(), line.unwrap_or(1)));
            self.tell(&format!("time.{key}"), why, Some((&file, Some(line))));
        }
        Ok(())
    }

    /// The column with all of a time, where there is one.
    fn stamp_column(&self, groups: &[Group<'_>], tables: &[Sampled<'_>]) -> Result<Option<String>> {
        let is_stamp = |column: &str| {
            let texts = texts_of(tables, column);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            !matches!(stamps::written(column, &texts), Written::Unknown)
        };
        for role in [Likely::Stamp, Likely::Day, Likely::Month, Likely::Year] {
            let Some(column) = self.column_of(groups, role)? else { continue };
            // Whole numbers of few digits are days, months and years.
            let is_part = texts_of(tables, &column).iter().all(|text| text.len() <= 4);
            if role == Likely::Stamp || !is_part && is_stamp(&column) {
                return Ok(Some(column));
            }
        }
        Ok(None)
    }

    fn keep_stamp(
        &mut self,
        column: &str,
        tables: &[Sampled<'_>],
        at: Option<(&str, Option<u64>)>,
    ) -> Result<()> {
        let texts = texts_of(tables, column);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let file = tables.first().map(|table| table.file);
        match stamps::written(column, &texts) {
            Written::So(stamp, why) => {
                self.tell("time.stamp", format!("the column {column} has all of a time: {why}"), at);
                self.description.time.stamp = Some(stamp);
                Ok(())
            }
            Written::Any(stamps) => {
                let ways: Vec<String> = stamps.iter().map(stamps::named).collect();
                let example = texts.first().copied().unwrap_or_default();
                let text = format!(
                    "times such as {example:?} in the column {column} can be read in {} ways; give source.time.stamp with {}",
                    ways.len(),
                    ways.join(" or ")
                );
                Err(self.ask(file, text))
            }
            Written::Unknown if texts.iter().all(|text| stamps::is_of_years(text)) => {
                let example = texts.first().copied().unwrap_or_default();
                let text = format!(
                    "the column {column} has years with decimals, such as {example}, which do not tell which step they mean: give source.time.stamp = {{ column = {column:?}, units = \"years\" }}, \
                     step = \"month\" or \"day\", and label, which is \"start\" where January begins with .0, \"middle\" where it is .04 and \"end\" where it is .08"
                );
                Err(self.ask(file, text))
            }
            Written::Unknown => {
                let example = texts.first().copied().unwrap_or_default();
                let text = format!(
                    "the column {column} seems to tell the time, but {example:?} is written in no form that is known; give source.time.stamp = {{ column = {column:?}, format = \"%Y-%m-%d\" }} \
                     or the like, or with units = \"days since 1900-01-01\", or put it into source.values.ignore"
                );
                Err(self.ask(file, text))
            }
        }
    }

    /// Finds the form of a stamp whose column is told alone.
    fn stamp_form(&mut self, tables: &[Sampled<'_>]) -> Result<()> {
        let open = self
            .description
            .time
            .stamp
            .as_ref()
            .filter(|stamp| stamp.units.is_none() && stamp.format.is_none());
        match open.map(|stamp| stamp.column.clone()) {
            Some(column) => self.keep_stamp(&column, tables, None),
            None => Ok(()),
        }
    }

    /// Times of records that have no dates: comments may tell the first and the step; columns without names may be dates.
    fn no_dates(&mut self, group: &Group<'_>) -> Result<()> {
        let table = group.first;
        let file = table.file.name();
        let after = |mark: &str| {
            table.head.comments.iter().enumerate().find_map(|(line, comment)| {
                let rest = comment.trim_start_matches(['#', ' ']).strip_prefix(mark)?;
                Some((line as u64 + 1, rest.trim().to_owned()))
            })
        };
        if table.head.names.is_none() && self.unnamed_dates(table) {
            return Ok(());
        }
        if let (Some((line, start)), Some((_, hours))) = (after("STARTDATE:"), after("DT:"))
            && let Ok(hours) = hours.parse::<u32>()
        {
            let step = crate::model::time_step::TimeStep::hours(hours);
            if let Some(step) = step {
                self.tell(
                    "time.start",
                    format!("the comment says STARTDATE {start}, and steps of {hours} hours"),
                    Some((&file, Some(line))),
                );
                self.description.time.start = Some(start);
                self.description.time.step.get_or_insert(crate::records::step::words(step));
                return Ok(());
            }
        }
        let columns = match &table.head.names {
            Some(names) => format!("its columns are {}", names.join(", ")),
            None => format!("its {} columns have no names", table.head.columns),
        };
        let text = format!(
            "{columns}; none tells a time: give source.time with year, month and so on or stamp where a column does, or start = \"1949-01-01 00:00:00\" and step = \"hour\" \
             where each line is one step"
        );
        Err(self.ask(Some(table.file), text))
    }

    /// Whether the first columns, which have no names, are year, month, day, and the hour or the second of the day: if so, keeps them.
    fn unnamed_dates(&mut self, table: &Sampled<'_>) -> bool {
        let number = |record: &Vec<String>, index: usize| {
            record
                .get(index)
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
                .parse::<i64>()
                .ok()
        };
        let all = |index: usize, range: std::ops::RangeInclusive<i64>| {
            !table.records.is_empty()
                && table
                    .records
                    .iter()
                    .all(|record| number(record, index).is_some_and(|number| range.contains(&number)))
        };
        if !(all(0, 1000..=3000) && all(1, 1..=12) && all(2, 1..=31)) {
            return false;
        }
        let column = |number: usize| Some(TimePart::Column(number.to_string()));
        let keys = &mut self.description.time;
        (keys.year, keys.month, keys.day) = (column(1), column(2), column(3));
        let mut words = "the first three columns are years, months and days".to_owned();
        let is_changing = || {
            table
                .records
                .iter()
                .map(|record| number(record, 3))
                .collect::<std::collections::BTreeSet<_>>()
                .len()
                > 1
        };
        if all(3, 0..=23) && is_changing() {
            keys.hour = column(4);
            words += ", the fourth hours";
        } else if all(3, 0..=86_399) && is_changing() {
            keys.second = column(4);
            words += ", the fourth seconds of the day";
        }
        let (file, line) = (table.file.name(), table.head.lines + 1);
        self.tell("time.year", words, Some((&file, Some(line))));
        true
    }

    /// Finds columns that are numbered.
    fn layers(&mut self, groups: &[Group<'_>]) {
        let values = &self.description.values;
        // NetCDF files name the rows of a variable themselves.
        let is_netcdf = self.description.format == Some(FileFormat::Netcdf);
        if values.numbered.is_some() || values.along.is_some() || is_netcdf {
            return;
        }
        for group in groups {
            let names = self.value_names(&group.names);
            if let Some((stem, count)) = roles::series(&names).into_iter().next() {
                let (file, line) = (group.first.file.name(), group.first.head.lines.max(1));
                self.description.values.numbered = Some(true);
                self.tell(
                    "values.numbered",
                    format!("{count} columns are called {stem}_N without a gap"),
                    Some((&file, Some(line))),
                );
                return;
            }
        }
    }
}

/// Whether a list of names, numbers and globs takes a column.
fn is_wanted(columns: &[String], name: &str) -> bool {
    let mut taken = columns.first().is_some_and(|first| first.starts_with('!'));
    for pattern in columns {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern, name) => taken = false,
            None if matches(pattern, name) => taken = true,
            _ => {}
        }
    }
    taken
}

fn key_of(role: Likely) -> &'static str {
    match role {
        Likely::Month => "month",
        Likely::Day => "day",
        Likely::DayOfYear => "day_of_year",
        Likely::Hour => "hour",
        Likely::Minute => "minute",
        Likely::Second => "second",
        _ => "year",
    }
}

/// Texts of a column in first records.
fn texts_of(tables: &[Sampled<'_>], column: &str) -> Vec<String> {
    let of = |table: &Sampled<'_>| {
        let index = table.names().iter().position(|name| name == column);
        let texts = index.map(|index| {
            table.records.iter().filter_map(|record| record.get(index)).take(50).cloned().collect::<Vec<_>>()
        });
        texts.unwrap_or_default()
    };
    tables.iter().flat_map(of).take(2_000).collect()
}

/// The least whole number of a column in first records, and where it is.
fn least_of(tables: &[Sampled<'_>], column: &str) -> Option<(i64, (String, u64))> {
    let mut least: Option<(i64, (String, u64))> = None;
    for table in tables {
        let Some(index) = table.names().iter().position(|name| name == column) else { continue };
        for (line, record) in table.records.iter().enumerate() {
            let number = record.get(index).and_then(|text| text.parse::<i64>().ok());
            if let Some(number) = number
                && least.as_ref().is_none_or(|(known, _)| number < *known)
            {
                least = Some((number, (table.file.name(), table.head.lines + line as u64 + 1)));
            }
        }
    }
    least
}
