//! A description laid over another one: where a cell or a time is told in another way, the other one's way goes as a whole.

use super::{CellKeys, Description, Text, TimeKeys, Values};

/// The first that is given.
macro_rules! first {
    ($type:ident, $over:ident, $under:ident, $($field:ident),* $(,)?) => {
        $type { $($field: $over.$field.or($under.$field),)* }
    };
}

/// The description with what it leaves open filled in from another one.
pub(super) fn over(under: Description, over: Description) -> Description {
    Description {
        preset: over.preset.or(under.preset),
        name: over.name.or(under.name),
        format: over.format.or(under.format),
        files: if over.files.is_empty() { under.files } else { over.files },
        repeated: over.repeated.or(under.repeated),
        absent: over.absent.or(under.absent),
        keep: over.keep.or(under.keep),
        text: text(under.text, over.text),
        cell: cell(under.cell, over.cell),
        time: time(under.time, over.time),
        values: values(under.values, over.values),
    }
}

fn text(mut under: Text, over: Text) -> Text {
    if over.separator.is_some() {
        under.widths = None;
    }
    if over.header.is_some() {
        (under.marker, under.names) = (None, None);
    }
    first! {
        Text, over, under, separator, widths, header, marker, names, units, comment, skip, missing, decimal, glued, again, bad,
    }
}

fn cell(mut under: CellKeys, over: CellKeys) -> CellKeys {
    let way = |keys: &CellKeys| match keys {
        keys if keys.lat.is_some() || keys.lon.is_some() => Some(0),
        keys if keys.y.is_some() || keys.x.is_some() => Some(1),
        keys if keys.table.is_some() => Some(3),
        keys if keys.id.is_some() => Some(2),
        _ => None,
    };
    if way(&over).is_some_and(|own| way(&under).is_some_and(|other| other != own)) {
        under = CellKeys::default();
    }
    first! {
        CellKeys, over, under, lat, lon, y, x, id, table, at, step, snap, north_west, first, order, shape, crs, south_west, size,
    }
}

fn time(mut under: TimeKeys, over: TimeKeys) -> TimeKeys {
    let has_parts = |keys: &TimeKeys| keys.parts().next().is_some();
    let is_told = has_parts(&over) || over.stamp.is_some() || over.start.is_some();
    if is_told {
        if !has_parts(&over) {
            under = without_parts(under);
        }
        if over.stamp.is_none() {
            under.stamp = None;
        }
        if over.start.is_none() {
            under.start = None;
        }
    }
    first! {
        TimeKeys, over, under, year, month, day, day_of_year, hour, minute, second, stamp, start, step, calendar, label, year_offset,
    }
}

fn without_parts(keys: TimeKeys) -> TimeKeys {
    let TimeKeys { stamp, start, step, calendar, label, year_offset, .. } = keys;
    TimeKeys { stamp, start, step, calendar, label, year_offset, ..TimeKeys::default() }
}

fn values(under: Values, over: Values) -> Values {
    Values {
        columns: over.columns.or(under.columns),
        along: over.along.or(under.along),
        name: over.name.or(under.name),
        numbered: over.numbered.or(under.numbered),
        over: if over.over.is_empty() { under.over } else { over.over },
        ignore: if over.ignore.is_empty() { under.ignore } else { over.ignore },
        type_: over.type_.or(under.type_),
    }
}
