//! What the values of a file are: means, sums or others, of days, months or years. By what the file says of itself, not by its name.

use super::times::Times;
use crate::model::time_step::TimeStep;

/// A method of CF's `cell_methods`, as an adjective's noun: one and several.
#[derive(Debug, PartialEq)]
struct Method {
    /// As in files.
    names: &'static [&'static str],
    one: &'static str,
    many: &'static str,
}

const METHODS: [Method; 11] = [
    Method { names: &["mean", "average"], one: "mean", many: "means" },
    Method { names: &["sum"], one: "sum", many: "sums" },
    Method { names: &["minimum", "min"], one: "minimum", many: "minima" },
    Method { names: &["maximum", "max"], one: "maximum", many: "maxima" },
    Method { names: &["standard_deviation", "std"], one: "standard deviation", many: "standard deviations" },
    Method { names: &["variance"], one: "variance", many: "variances" },
    Method { names: &["median"], one: "median", many: "medians" },
    Method { names: &["range"], one: "range", many: "ranges" },
    Method { names: &["mid_range"], one: "mid-range", many: "mid-ranges" },
    Method { names: &["mode"], one: "mode", many: "modes" },
    Method { names: &["point"], one: "state", many: "states" },
];

/// How long the steps of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interval {
    /// Steps within a day.
    Within(TimeStep),
    /// Days.
    Day,
    /// Months of the calendar.
    Month,
    /// DJF, MAM, JJA, SON.
    Season,
    /// Years of the calendar.
    Year,
}

impl Interval {
    /// As an adjective.
    pub fn word(self) -> String {
        match self {
            Interval::Within(step) => step.adjective().to_lowercase(),
            Interval::Day => "daily".to_owned(),
            Interval::Month => "monthly".to_owned(),
            Interval::Season => "seasonal".to_owned(),
            Interval::Year => "yearly".to_owned(),
        }
    }

    /// Whether the steps are the days of daily grids, or parts of a day.
    pub fn is_at_most_a_day(self) -> bool {
        self <= Interval::Day
    }

    /// Of an axis; `None` where its steps are of several lengths, or of others. The first and last step may be cut, if there are others.
    pub fn of(times: &Times) -> Option<Self> {
        if !times.has_bounds {
            return Self::by_distance(times);
        }
        let length = times.steps.first().map_or(0, |step| step.end - step.start);
        if times.steps.iter().all(|step| step.end - step.start == length)
            && let Some(interval) = Self::of_length(times, length)
        {
            return Some(interval);
        }
        [Interval::Month, Interval::Season, Interval::Year].into_iter().find(|unit| unit.fits(times))
    }

    /// Of so many steps of the unit; `None` for more than a day.
    fn of_length(times: &Times, length: i64) -> Option<Self> {
        let seconds = i64::from(times.unit.step().in_seconds()?).checked_mul(length)?;
        match TimeStep::seconds(u32::try_from(seconds).ok()?)? {
            TimeStep::DAY => Some(Interval::Day),
            step => step.is_within_a_day().then_some(Interval::Within(step)),
        }
    }

    /// Without bounds only the distance of most steps tells.
    fn by_distance(times: &Times) -> Option<Self> {
        let mut distances: Vec<i64> = times
            .steps
            .windows(2)
            .filter_map(|pair| Some(pair.last()?.start - pair.first()?.start))
            .collect();
        distances.sort_unstable();
        let distance = *distances.get(distances.len() / 2)?;
        if !times.unit.step().is_day() {
            return Self::of_length(times, distance);
        }
        match distance {
            1 => Some(Interval::Day),
            28..=31 => Some(Interval::Month),
            89..=92 => Some(Interval::Season),
            360..=366 => Some(Interval::Year),
            _ => None,
        }
    }

    fn fits(self, times: &Times) -> bool {
        let last = times.steps.len().saturating_sub(1);
        // Months since the year 0, and from them the unit; a season begins in December.
        let unit = |day: i64| {
            let date = times.unit.date(day)?;
            let month = i64::from(date.year) * 12 + i64::from(date.month);
            Some(match self {
                Interval::Within(_) => day,
                Interval::Day => times.unit.calendar().day_number(date)?,
                Interval::Month => month,
                Interval::Season => month.div_euclid(3),
                Interval::Year => (month - 1).div_euclid(12),
            })
        };
        times.steps.iter().enumerate().all(|(step, days)| {
            let (first, end) = (unit(days.start), unit(days.end - 1));
            let begins = || unit(days.start - 1) != first;
            let ends = || unit(days.end) != end;
            let is_cut_first = step == 0 && last > 0;
            let is_cut_last = step == last && last > 0;
            first.is_some() && first == end && (is_cut_first || begins()) && (is_cut_last || ends())
        })
    }
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meaning {
    /// How long the steps are.
    pub interval: Option<Interval>,
    method: Option<&'static Method>,
}

impl Meaning {
    /// By the attribute `cell_methods` of a variable and its axis.
    pub fn of(cell_methods: &str, times: &Times) -> Self {
        let word = time_method(cell_methods);
        let method =
            word.and_then(|word| METHODS.iter().find(|method| method.names.contains(&word.as_str())));
        Meaning { interval: Interval::of(times), method }
    }

    /// Whether values are means, or nothing else is said of them.
    pub fn is_mean(&self) -> bool {
        self.method.is_none_or(|method| method.one == "mean")
    }

    /// Whether values are sums over time.
    pub fn is_sum(&self) -> bool {
        self.method.is_some_and(|method| method.one == "sum")
    }

    /// Whether a value is one of the variable's own scale: not so deviations and ranges.
    pub fn has_zero(&self) -> bool {
        let word = self.method.map(|method| method.one);
        !matches!(word, Some("standard deviation" | "variance" | "range"))
    }

    /// Such as `monthly sum`; nothing of what daily grids usually are.
    pub fn words(&self) -> String {
        let is_usual = matches!(self.method.map(|method| method.one), None | Some("mean" | "state"));
        match (self.interval, self.method) {
            (Some(interval), _) if is_usual && interval.is_at_most_a_day() => String::new(),
            (Some(interval), Some(method)) => format!("{} {}", interval.word(), method.one),
            (Some(interval), None) => format!("{} value", interval.word()),
            (None, Some(method)) if !is_usual => method.one.to_owned(),
            (None, _) => String::new(),
        }
    }

    /// Such as `monthly sums`, `daily values`.
    pub fn plural(&self) -> String {
        let many = match (self.interval, self.method) {
            (None, None) => return String::new(),
            (_, None) => "values",
            (Some(interval), Some(Method { one: "mean" | "state", .. })) if interval.is_at_most_a_day() => {
                "values"
            }
            (_, Some(method)) => method.many,
        };
        self.interval.map_or_else(|| many.to_owned(), |interval| format!("{} {many}", interval.word()))
    }
}

/// The last method for time in a text such as `area: mean time: sum (interval: 1 day)`.
fn time_method(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut depth = 0usize;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            letter if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    let (mut is_time, mut is_name, mut found) = (false, false, None);
    for word in plain.split_whitespace() {
        match word.strip_suffix(':') {
            Some(name) => {
                // Names that follow each other have one method.
                is_time = name == "time" || (is_name && is_time);
                is_name = true;
            }
            None => {
                if is_name && is_time {
                    found = Some(word.to_ascii_lowercase());
                }
                is_name = false;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calendar::Calendar;
    use crate::model::time_unit::TimeUnit;

    #[test]
    fn the_method_of_time() {
        for (text, method) in [
            ("area: mean time: sum (interval: 1 day)", Some("sum")),
            ("time: maximum within days time: mean over days", Some("mean")),
            ("time: lat: standard_deviation", Some("standard_deviation")),
            ("time: mean area: sum", Some("mean")),
            ("area: mean (time: sum)", None),
            ("", None),
            ("time:", None),
        ] {
            assert_eq!(time_method(text).as_deref(), method, "{text}");
        }
    }

    fn times(starts: &[i64], has_bounds: bool) -> Times {
        let unit = TimeUnit::parse("days since 2000-01-01", Calendar::parse("noleap").expect("a calendar"));
        let steps = match has_bounds {
            true => starts.windows(2).map(|pair| pair[0]..pair[1]).collect(),
            false => starts.iter().map(|&day| day..day + 1).collect(),
        };
        Times { unit: unit.expect("a unit"), steps, has_bounds }
    }

    #[test]
    fn intervals() {
        let months: Vec<i64> = vec![0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
        let of = |starts: &[i64]| Interval::of(&times(starts, true));
        assert_eq!(of(&months), Some(Interval::Month));
        assert_eq!(of(&[12, 31, 59, 70]), Some(Interval::Month), "cut at both ends");
        assert_eq!(of(&[0, 31]), Some(Interval::Month));
        assert_eq!(of(&[0, 30]), None, "one step that is cut is of no kind");
        assert_eq!(
            of(&[0, 59, 151, 243, 334, 365]),
            Some(Interval::Season),
            "December is of the next year's first"
        );
        assert_eq!(of(&[0, 365, 730]), Some(Interval::Year));
        assert_eq!(of(&[100, 365, 730, 900]), Some(Interval::Year));
        assert_eq!(of(&[0, 1, 2, 3]), Some(Interval::Day));
        assert_eq!(of(&[0, 10, 20, 31]), None);
        let without = |starts: &[i64]| Interval::of(&times(starts, false));
        assert_eq!(without(&months), Some(Interval::Month), "no bounds, but as far apart as months");
        assert_eq!(without(&[5, 6, 7, 20, 21]), Some(Interval::Day), "a gap");
        assert_eq!(without(&[5]), None);
    }

    #[test]
    fn words() {
        let months = times(&[0, 31, 59], true);
        let days = times(&[0, 1, 2], true);
        let of = |methods: &str, times: &Times| {
            let meaning = Meaning::of(methods, times);
            (meaning.words(), meaning.plural())
        };
        let both = |one: &str, many: &str| (one.to_owned(), many.to_owned());
        assert_eq!(of("time: sum", &months), both("monthly sum", "monthly sums"));
        assert_eq!(of("time: standard_deviation", &months).0, "monthly standard deviation");
        assert_eq!(of("time: mean", &days), both("", "daily values"));
        assert_eq!(of("time: maximum", &days), both("daily maximum", "daily maxima"));
        assert_eq!(of("", &months), both("monthly value", "monthly values"));
        assert_eq!(of("time: odd", &times(&[0, 10, 20], true)), both("", ""));
    }
}
