//! Days of a period that a cell's dumps do not have.

use crate::model::time_unit::TimeUnit;

use crate::model::fault::{FaultKind, Refusal};

/// The days of a span, ends included, that none of some others has.
pub(crate) fn uncovered(span: (i64, i64), others: impl IntoIterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut others: Vec<(i64, i64)> = others.into_iter().filter(|(first, last)| first <= last).collect();
    others.sort_unstable();
    let (mut next, mut gaps) = (span.0, Vec::new());
    for (first, last) in others {
        if first > span.1 {
            break;
        }
        if first > next {
            gaps.push((next, first - 1));
        }
        next = next.max(last.saturating_add(1));
    }
    if next <= span.1 {
        gaps.push((next, span.1));
    }
    gaps
}

/// What is to be said of a dump that lacks days of its period; `None` where it lacks none.
pub(crate) fn short(unit: &TimeUnit, own: (i64, i64), gaps: &[(i64, i64)]) -> Option<Refusal> {
    const SHOWN: usize = 3;
    let count: i64 = gaps.iter().map(|(first, last)| last - first + 1).sum();
    let date = |day: i64| unit.label(day).unwrap_or_default();
    let dates = |&(first, last): &(i64, i64)| match first == last {
        true => date(first),
        false => format!("{} to {}", date(first), date(last)),
    };
    let mut places: Vec<String> = gaps.iter().take(SHOWN).map(dates).collect();
    if gaps.len() > SHOWN {
        places.push("…".to_owned());
    }
    let message = format!(
        "its dates, {}, lack {} of the period, {}; they are masked",
        dates(&own),
        unit.step().counted(count),
        places.join(", ")
    );
    (count > 0).then_some((FaultKind::Short, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_nothing_has_are_found() {
        assert_eq!(uncovered((0, 9), [(0, 9)]), []);
        assert_eq!(uncovered((0, 9), [(-5, 20)]), []);
        assert_eq!(uncovered((0, 9), []), [(0, 9)]);
        assert_eq!(uncovered((0, 9), [(3, 4), (0, 1), (4, 6)]), [(2, 2), (7, 9)]);
        assert_eq!(uncovered((0, 9), [(10, 12), (-3, -1), (5, 4)]), [(0, 9)]);
        assert_eq!(uncovered((0, 9), [(0, i64::MAX)]), []);
    }
}
