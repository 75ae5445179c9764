//! Two readers of the same file, compared.

use super::rows::{Column, Rows};
use super::text::Outcome;

/// Holds what a second reader made against what the first one did: rows to the bit, counts, and kinds and lines of faults.
pub(super) fn same(one: (&Rows, &Outcome), other: (&Rows, &Outcome)) {
    let row = |rows: &Rows, row: usize| {
        let values = rows.columns.iter().map(|column| match column {
            Column::F4(values) => u64::from(values[row].to_bits()),
            Column::F8(values) => values[row].to_bits(),
            Column::Whole(values) => values[row].cast_unsigned(),
        });
        let place = rows.places[rows.cells[row] as usize].map(f64::to_bits);
        (place, rows.steps[row], rows.lines[row], values.collect::<Vec<_>>())
    };
    assert_eq!(one.0.len(), other.0.len());
    for number in 0..one.0.len() {
        assert_eq!(row(one.0, number), row(other.0, number), "row {number}");
    }
    let kinds =
        |outcome: &Outcome| outcome.faults.iter().map(|fault| (fault.line, fault.kind)).collect::<Vec<_>>();
    assert_eq!((one.1.lines, one.1.is_whole), (other.1.lines, other.1.is_whole));
    assert_eq!(kinds(one.1), kinds(other.1));
}
