use std::convert::Infallible;

use super::*;
use crate::model::element::Element;
use crate::records::description::{Again, Glued, TimeKeys};
use crate::records::rows::Column;
use crate::records::schema::{Part, Role, Separator, Spread};

mod properties;
mod traps;

/// A table with a column a role; those of values are of a type.
pub(super) fn table(separator: Separator, roles: &[Role], element: Element) -> Table {
    let values = roles.iter().filter(|role| matches!(role, Role::Value(_))).count();
    let spread = roles.iter().any(|role| matches!(role, Role::Spread(_)));
    let values = values + usize::from(spread);
    Table {
        head: Head {
            separator,
            names: None,
            columns: roles.len(),
            edges: Vec::new(),
            header: Vec::new(),
            units: None,
            comments: Vec::new(),
            start: 0,
            lines: 0,
        },
        roles: roles.to_vec(),
        fields: (0..values as u32).collect(),
        elements: vec![(element, false); values],
        missing: vec![vec!["-9999".to_owned(), "********".to_owned()]; values],
        place: [None, None],
        parts: Vec::new(),
        label: None,
        key: None,
        names: None,
        spread: spread.then_some(Spread::Months),
    }
}

pub(super) fn yearly() -> TimeRule {
    let keys = TimeKeys {
        step: Some("year".to_owned()),
        calendar: Some("noleap".to_owned()),
        ..TimeKeys::default()
    };
    TimeRule::of(&keys).expect("a rule")
}

pub(super) fn dialect() -> Dialect {
    Dialect { comment: b"#".to_vec(), decimal: b'.', glued: Glued::Split, again: Again::Skip }
}

/// A row as a text: place, step, line, label and values.
pub(super) fn told(rows: &Rows) -> Vec<String> {
    let row = |row: usize| {
        let [first, second] = rows.places[rows.cells[row] as usize];
        let label = rows.labels.get(row).map(|label| format!(" {}", rows.label_names[*label as usize]));
        let values = rows.columns.iter().map(|column| match column {
            Column::F4(values) => format!("{:08x}", values[row].to_bits()),
            Column::F8(values) => format!("{:016x}", values[row].to_bits()),
            Column::Whole(values) => values[row].to_string(),
        });
        let values = values.collect::<Vec<_>>().join(" ");
        let (step, line) = (rows.steps[row], rows.lines[row]);
        format!("{first},{second} {step} @{line}{} {values}", label.unwrap_or_default())
    };
    (0..rows.len()).map(row).collect()
}

/// A number of faults that asks for a careful reader.
pub(super) const CAREFUL: usize = 1_001;

/// Reads a piece of a text. Rows, and what became of lines.
pub(super) fn read_with(
    text: &[u8],
    range: Range<u64>,
    table: &Table,
    dialect: &Dialect,
    time: &TimeRule,
    limits: TextLimits,
) -> (Vec<String>, Outcome) {
    let file = TextFile { name: "file", table, dialect, time };
    let begin = begin_of(&table.head, &range) as usize;
    let (mut told_rows, mut rows) = (Vec::new(), Rows::default());
    let mut reader = TextReader::new(limits);
    if limits.faults == CAREFUL {
        reader = reader.carefully();
    }
    let outcome = reader.read::<Infallible>(
        &mut &text[begin.min(text.len())..],
        &file,
        range,
        &mut rows,
        &mut |rows| {
            told_rows.extend(told(rows));
            rows.clear();
            Ok(())
        },
    );
    told_rows.extend(told(&rows));
    (told_rows, outcome.expect("nothing refuses"))
}

/// Reads a text by the simple reader.
pub(super) fn read_simply(
    text: &[u8],
    table: &Table,
    dialect: &Dialect,
    time: &TimeRule,
    limits: TextLimits,
) -> (Vec<String>, Outcome) {
    let file = TextFile { name: "file", table, dialect, time };
    let mut rows = Rows::default();
    let mut source = &text[(table.head.start as usize).min(text.len())..];
    let outcome = simple::read::<Infallible>(&mut source, &file, &limits, &mut rows, &mut |_| Ok(()));
    (told(&rows), outcome.expect("nothing refuses"))
}

pub(super) fn read(text: &[u8], table: &Table, time: &TimeRule) -> (Vec<String>, Outcome) {
    read_with(text, 0..u64::MAX, table, &dialect(), time, TextLimits::default())
}

pub(super) fn kinds(outcome: &Outcome) -> Vec<(Option<u64>, RecordFaultKind)> {
    outcome.faults.iter().map(|fault| (fault.line, fault.kind)).collect()
}

pub(super) fn f4(value: f32) -> String {
    format!("{:08x}", value.to_bits())
}
