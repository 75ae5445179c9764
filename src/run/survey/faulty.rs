//! What is said of dumps that cannot be used, or that lack days.

use std::collections::HashMap;

use crate::dump::Limits;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::run::days;
use crate::words::many;

use super::{Facts, Span, lost};

/// That no dump of a selection can be used, with the first of them, and the limit that refuses most of them, if one does.
pub(super) fn all_damaged(faults: &[Fault], limits: &Limits) -> (String, Option<FaultKind>) {
    const SHOWN: usize = 12;
    let named: Vec<String> = faults.iter().take(SHOWN).map(Fault::to_string).collect();
    let more =
        if faults.len() > SHOWN { format!("; and {} more", faults.len() - SHOWN) } else { String::new() };
    // A limit that refuses most of them says more of itself than of the dumps.
    let bytes = format!("decode to more than the limit of {}", many(limits.decoded_bytes as u64, "byte"));
    let values = format!("hold more than the limit of {}", many(limits.values as u64, "value"));
    for (kind, words) in [(FaultKind::TooLarge, bytes), (FaultKind::TooManyValues, values)] {
        let (limited, others): (Vec<&Fault>, Vec<&Fault>) =
            faults.iter().partition(|fault| fault.kind == kind);
        if limited.len() <= others.len() {
            continue;
        }
        let dumps = match (faults.len(), others.len()) {
            (1, _) => "its only dump would".to_owned(),
            (count, 0) => format!("all {count} dumps"),
            (count, _) => format!("{} of {count} dumps", limited.len()),
        };
        // What is too large may be another file that they need.
        let first: String = limited.iter().take(1).map(|fault| format!(", the first in {fault}")).collect();
        let others: String = others.iter().take(SHOWN).map(|fault| format!("; {fault}")).collect();
        return (format!("{dumps} {words}{first}{others}"), Some(kind));
    }
    let text = match faults.len() {
        1 => format!("its only dump is damaged; {}", named.join("; ")),
        count => format!("all {count} dumps are damaged; {}{more}", named.join("; ")),
    };
    (text, None)
}

/// Dumps that lack days of their periods' usual dates, which no other dump of the cell has. Wants all dumps.
pub(super) fn short_dumps(facts: &[Facts], unit: &TimeUnit, spans: &[Span]) -> Vec<Fault> {
    let mut of_cells: HashMap<Cell, Vec<(i64, i64)>> = HashMap::new();
    for facts in facts {
        of_cells.entry(facts.cell).or_default().extend(lost::days_of(facts, unit));
    }
    let fault = |facts: &Facts| {
        let own = lost::days_of(facts, unit)?;
        let span = spans.iter().find(|span| span.period == facts.period)?;
        let usual = (span.first_day, span.last_day);
        if own == usual {
            return None;
        }
        let gaps = days::uncovered(usual, of_cells.get(&facts.cell).into_iter().flatten().copied());
        let (kind, message) = days::short(unit, own, &gaps)?;
        let (cell, period) = (facts.cell, Some(facts.period));
        Some(Fault { cell, period, year: None, variable: None, kind, message })
    };
    facts.iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What counts is the kind, however the message begins.
    #[test]
    fn a_limit_is_known_by_the_kind_of_fault() {
        let limits = Limits { decoded_bytes: 10, ..Limits::default() };
        let fault = |column: u32, kind, message: &str| Fault {
            period: Some(1),
            ..Fault::of_cell(Cell { row: 1, column }, kind, message.to_owned())
        };
        let large = FaultKind::TooLarge;
        let faults = [fault(1, large, "the file is larger"), fault(2, large, "decodes to more")];
        let (text, limit) = all_damaged(&faults, &limits);
        assert_eq!(
            (text.as_str(), limit),
            (
                "all 2 dumps decode to more than the limit of 10 bytes, the first in cell 1-1, period 1: the file is larger",
                Some(large)
            )
        );
        let faults = [fault(1, FaultKind::Damaged, "decodes to more than it should")];
        let (text, limit) = all_damaged(&faults, &limits);
        assert_eq!(limit, None, "{text}");
        let many = FaultKind::TooManyValues;
        let faults = [fault(1, many, "a"), fault(2, many, "b"), fault(3, FaultKind::Damaged, "cut")];
        let (text, limit) = all_damaged(&faults, &limits);
        assert!(
            text.starts_with("2 of 3 dumps hold more than the limit of ") && text.ends_with(": cut"),
            "{text}"
        );
        assert_eq!(limit, Some(many));
    }
}
