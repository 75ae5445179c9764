//! Dates of the Gregorian calendar as milliseconds since 1970, by a formula of its own.

use crate::model::calendar::Date;

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// Days from 1970-01-01 to a date: years begin in March, so that the day that may be missing is the last.
fn days(date: Date) -> i64 {
    let month = i64::from(date.month);
    let year = i64::from(date.year) - i64::from(month < 3);
    let months = (month + 9) % 12;
    let of_year = (153 * months + 2) / 5 + i64::from(date.day) - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

pub(crate) fn milliseconds(date: Date) -> i64 {
    days(date) * DAY
}

/// The date of so many milliseconds.
pub(crate) fn show(milliseconds: i64) -> String {
    let (day, rest) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    let of_era = (day + 719_468).rem_euclid(146_097);
    let era = (day + 719_468).div_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let months = (5 * of_year + 2) / 153;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let date = of_year - (153 * months + 2) / 5 + 1;
    let year = year + 400 * era + i64::from(month < 3);
    let time = if rest == 0 { String::new() } else { format!(" and {rest} ms") };
    format!("{year:04}-{month:02}-{date:02}{time}")
}

/// The date and time of so many milliseconds.
pub(crate) fn show_moment(milliseconds: i64) -> String {
    let (day, rest) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    let decimals = if rest % 1_000 == 0 { String::new() } else { format!(".{:03}", rest % 1_000) };
    format!("{}T{hour:02}:{minute:02}:{second:02}{decimals}", show(day * DAY))
}

/// The milliseconds of `YYYY-MM-DDTHH:MM:SS`, with decimals or without.
pub(crate) fn parse_moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let (clock, decimals) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Option<Vec<i64>> = clock.split(':').map(|part| part.parse().ok()).collect();
    let [hour, minute, second] = *parts?.first_chunk::<3>()?;
    let within = ((hour * 60 + minute) * 60 + second) * 1_000 + decimals.parse::<i64>().ok()?;
    let milliseconds = parse(date)? + within;
    (show_moment(milliseconds) == text).then_some(milliseconds)
}

/// The milliseconds of `YYYY-MM-DD`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut parts = digits.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() < 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let date =
        Date { year: sign * year.parse::<i32>().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
    let milliseconds = milliseconds(date);
    // So that the 30th of February is none.
    (show(milliseconds) == text || sign < 0).then_some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let calendar = crate::model::calendar::Calendar::ProlepticGregorian;
        for number in (100_000..900_000).step_by(97) {
            let date = calendar.date(number).expect("a date");
            let milliseconds = milliseconds(date);
            assert_eq!(milliseconds, (number - 719_162) * DAY);
            assert_eq!(show(milliseconds), date.to_string());
            assert_eq!(parse(&date.to_string()), Some(milliseconds));
        }
        for text in ["1969-12-31T23:59:59.999", "2013-11-01T06:10:00"] {
            assert_eq!(parse_moment(text).map(show_moment).as_deref(), Some(text));
        }
        for text in ["2013-11-01", "2013-11-01T24:00:00", "2013-11-01T6:10:00", "2013-11-01T06:10:00.5", "T"]
        {
            assert_eq!(parse_moment(text), None, "{text}");
        }
        assert_eq!((parse("1979-02-30"), parse("1979-2-3"), parse("x")), (None, None, None));
    }
}
