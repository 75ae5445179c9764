//! Which windows of time a variable compares, by what its file says: the axis of time has the days of one of them only.

use crate::model::calendar::Date;

/// The windows that a variable of a change is made of (`docs/change.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// In words: `mean of 1989–1993 less 1979–1988 of hist`.
    pub words: String,
    /// Whether values have the sign of a difference, so that 0 lies in their middle. Those of a p-value have not.
    pub is_signed: bool,
}

impl Windows {
    /// By the attributes `comment`, which names the windows, and `long_name`, which says what is made of them; `None` of other variables.
    pub(super) fn of(long_name: &str, comment: &str) -> Option<Self> {
        let is = |end: &str| long_name.ends_with(end);
        let (words, is_signed) = match () {
            () if is(", change") => ("mean of ", true),
            () if is(", change in percent") => ("", true),
            () if is(", gained") || is(", lost") || is(", p-value of the change") => ("", false),
            () if is(", reference") => {
                let (reference, rest) = span(comment.strip_prefix("Mean of ")?)?;
                // What else is said of the variable follows in the next sentence.
                let run = run(rest.split(". ").next().unwrap_or_default());
                return Some(Windows { words: format!("mean of {reference}{run}"), is_signed: false });
            }
            () => return None,
        };
        let joint = " less ";
        let found = comment.match_indices(joint).find_map(|(at, _)| {
            let before = comment.get(..at)?;
            // The window is the last three words before: a date, `to`, a date.
            let start = before.rmatch_indices(' ').nth(2).map_or(0, |(at, _)| at + 1);
            let (window, rest) = span(before.get(start..)?)?;
            let (reference, run_of) = span(comment.get(at + joint.len()..)?)?;
            rest.is_empty().then(|| format!("{words}{window} less {reference}{}", run(run_of)))
        });
        found.map(|words| Windows { words, is_signed })
    }
}

/// ` of RUN` of what stands behind a reference's days.
fn run(rest: &str) -> &str {
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    if rest.starts_with(" of ") { rest } else { "" }
}

/// The days that a text begins with, as figures name them, and what follows.
fn span(text: &str) -> Option<(String, &str)> {
    let (first, rest) = text.split_once(" to ")?;
    let end = rest.find([' ', '.']).unwrap_or(rest.len());
    let (last, rest) = rest.split_at_checked(end)?;
    let (first, last): (Date, Date) = (first.parse().ok()?, last.parse().ok()?);
    let is_whole = (first.month, first.day) == (1, 1) && last.month == 12 && last.day >= 30;
    let words = match is_whole {
        true if first.year == last.year => first.year.to_string(),
        true => format!("{}–{}", first.year, last.year),
        false => format!("{first} to {last}"),
    };
    Some((words, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_comments() {
        let of = |long_name: &str, comment: &str| {
            Windows::of(long_name, comment).map(|found| (found.words, found.is_signed))
        };
        let known = |words: &str, is_signed: bool| Some((words.to_owned(), is_signed));
        let both = "1989-01-01 to 1993-12-31 less 1979-03-01 to 1988-12-31 of hist.v2.";
        assert_eq!(
            of("NPP, change", &format!("Mean of {both}")),
            known("mean of 1989–1993 less 1979-03-01 to 1988-12-31 of hist.v2", true)
        );
        let percent = "Of the reference's magnitude; masked where that is near nought. Mean of 1990-01-01 to 1990-12-31 less 1980-01-01 to 1980-12-31.";
        assert_eq!(of("NPP, change in percent", percent), known("1990 less 1980", true));
        let lost = "The change where it is less than 0, without its sign, otherwise 0. Mean of ";
        let words = "1989–1993 less 1979-03-01 to 1988-12-31 of hist.v2";
        assert_eq!(of("NPP, lost", &format!("{lost}{both}")), known(words, false));
        assert_eq!(of("NPP, p-value of the change", &format!("Welch's t-test. {both}")), known(words, false));
        let reference = "Mean of 1979-01-01 to 1988-12-31 of hist. Gross less respiration; as 2.5 of it.";
        assert_eq!(of("NPP, reference", reference), known("mean of 1979–1988 of hist", false));
        for (long_name, comment) in [
            ("NPP, mean", "Mean of 1979-01-01 to 1988-12-31."),
            ("NPP", &format!("Mean of {both}")),
            ("NPP, change", "Gross productivity less respiration."),
            ("NPP, change", ""),
            ("NPP, reference", "Mean of a while."),
            ("NPP, change", "a b c less é"),
        ] {
            assert_eq!(of(long_name, comment), None, "{long_name}: {comment}");
        }
    }
}
