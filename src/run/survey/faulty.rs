//! What is said of dumps that cannot be used, or that lack days.

use std::collections::HashMap;

use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::run::days;

use super::{Facts, Span, lost};

/// That no dump of a selection can be used, with the first of them.
pub(super) fn all_damaged(faults: &[Fault]) -> String {
    const SHOWN: usize = 12;
    let named: Vec<String> = faults.iter().take(SHOWN).map(Fault::to_string).collect();
    let more =
        if faults.len() > SHOWN { format!("; and {} more", faults.len() - SHOWN) } else { String::new() };
    // A limit that refuses most of them says more of itself than of the dumps.
    let limits = [("decodes to more than", "decode to more than"), ("holds more than", "hold more than")];
    for (start, words) in limits {
        let (limited, others): (Vec<&Fault>, Vec<&Fault>) =
            faults.iter().partition(|fault| fault.message.starts_with(start));
        if limited.len() <= others.len() {
            continue;
        }
        let limit = limited.first().and_then(|fault| fault.message.strip_prefix(start)).unwrap_or_default();
        let dumps = match (faults.len(), others.len()) {
            (1, _) => "its only dump would".to_owned(),
            (count, 0) => format!("all {count} dumps"),
            (count, _) => format!("{} of {count} dumps", limited.len()),
        };
        let others: String = others.iter().take(SHOWN).map(|fault| format!("; {fault}")).collect();
        return format!("{dumps} {words}{limit}{others}");
    }
    match faults.len() {
        1 => format!("its only dump is damaged; {}", named.join("; ")),
        count => format!("all {count} dumps are damaged; {}{more}", named.join("; ")),
    }
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
