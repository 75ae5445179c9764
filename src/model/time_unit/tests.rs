use proptest::prelude::*;

use super::*;

const MODEL: &str = "days since 1860-01-01 00:00:00";

fn parse(text: &str) -> TimeUnit {
    TimeUnit::parse(text, Calendar::ProlepticGregorian).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(text: &str) -> String {
    TimeUnit::parse(text, Calendar::Standard).unwrap_err().to_string()
}

#[test]
fn forms_of_one_unit() {
    for text in [
        "day since 1860-1-1",
        " d  since\t1860-01-01T00 ",
        "Days Since 1860-01-01T00:00:00Z",
        "days since 1860-01-01 0:0:0.0",
        "days since 1860-01-01 00:00:00.000000 UTC",
        "days since 1860-01-01 00:00:00.000000000000+00:00",
        "days since 1860-01-01 00:00 -0000",
        "days since 1860-01-01Z",
    ] {
        let unit = parse(text);
        assert_eq!(unit.shift_to(&parse(MODEL)), Some(0), "{text}");
        assert_eq!(unit.text(), text);
        assert_eq!(unit.first_on("1979-01-01".parse().unwrap()), Some(43_464));
    }
}

#[test]
fn shifts() {
    let (model, other) = (parse(MODEL), parse("days since 1979-01-01"));
    assert_eq!((model.shift_to(&other), other.shift_to(&model)), (Some(-43_464), Some(43_464)));
    let noon = parse("days since 1979-01-01 12:00:00.5");
    assert_eq!((noon.reference_nanoseconds, noon.shift_to(&model)), (43_200_500_000_000, None));
    assert_eq!((noon.time_of_day().as_str(), noon.is_midnight()), ("12:00:00.5", false));
    assert_eq!((model.time_of_day().as_str(), model.is_midnight()), ("00:00:00", true));
    assert_eq!(parse("days since 1979-01-01 06:30").time_of_day(), "06:30:00");
    let noleap = TimeUnit::parse(MODEL, Calendar::NoLeap).unwrap();
    assert_eq!((noleap.shift_to(&model), noleap.calendar()), (None, Calendar::NoLeap));
}

#[test]
fn refusals() {
    let hours = TimeUnit::parse("hours since 1860-01-01", Calendar::Standard).unwrap_err();
    assert_eq!(hours.to_string(), r#"time unit "hours since 1860-01-01": counts "hours", not days"#);
    assert!(hours.hint().starts_with("only daily units"));
    for text in ["", "days", "days since", "since 1860-01-01", "days from 1860-01-01"] {
        assert!(refusal(text).contains("not of the form"), "{text}");
    }
    for text in ["days since 1860", "days since 1860-13-01", "days since then"] {
        assert!(refusal(text).contains("reference date"), "{text}");
    }
    for time in ["24", "00:60", "00:00:60", "0:0:0:0", "T", "12.5", "T1:2.5", "0:0:0.0000000001", "0:0:1e0"] {
        assert!(
            TimeUnit::parse(&format!("days since 1860-01-01 {time}"), Calendar::Standard).is_err(),
            "{time}"
        );
    }
    assert!(refusal("days since 1860-01-01 00:00:00 +01:00").ends_with(r#"time zone "+01:00" is not UTC"#));
    assert!(refusal("days since 1582-10-10").ends_with("the standard calendar has no 1582-10-10"));
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(text in ".*", tail in "[-+0-9TZtz:. ]*", days: i64) {
        for text in [text.clone(), format!("days since {text}"), format!("days since 1860-01-01{tail}")] {
            if let Ok(unit) = TimeUnit::parse(&text, Calendar::Julian) {
                prop_assert_eq!(unit.text(), text);
                let _ = unit.date(days);
            }
        }
    }

    #[test]
    fn dates_and_days(reference in -3_000_000..30_000_000_i64, day in -3_000_000..30_000_000_i64) {
        for calendar in [Calendar::Standard, Calendar::Day360, Calendar::NoLeap] {
            let (reference, date) = (calendar.date(reference).unwrap(), calendar.date(day).unwrap());
            let unit = TimeUnit::parse(&format!("days since {reference}"), calendar).unwrap();
            prop_assert_eq!(unit.first_on(date).and_then(|days| unit.date(days)), Some(date));
            let other = TimeUnit::parse(&format!("days since {date} 00:00"), calendar).unwrap();
            let (days, shift) = (unit.first_on(date).unwrap(), unit.shift_to(&other).unwrap());
            prop_assert_eq!(days + shift, 0);
        }
    }
}
