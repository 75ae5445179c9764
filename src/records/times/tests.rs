use proptest::prelude::*;

use super::*;
use crate::records::description::Stamp;

fn keys(step: &str, calendar: &str) -> TimeKeys {
    TimeKeys { step: Some(step.to_owned()), calendar: Some(calendar.to_owned()), ..TimeKeys::default() }
}

fn stamped(step: &str, units: Option<&str>, format: Option<&str>) -> TimeRule {
    let stamp = Stamp {
        column: "time".to_owned(),
        units: units.map(str::to_owned),
        format: format.map(str::to_owned),
    };
    TimeRule::of(&TimeKeys { stamp: Some(stamp), ..keys(step, "standard") }).expect("a rule")
}

fn parts(of: &[(Part, i64)]) -> Parts {
    let mut parts = Parts::default();
    of.iter().for_each(|&(part, value)| parts.set(part, value));
    parts
}

fn date(rule: &TimeRule, step: Result<i64, TimeFault>) -> String {
    step.map_or_else(|fault| fault.to_string(), |step| rule.unit.label(step).expect("a date"))
}

#[test]
fn parts_name_steps() {
    use Part::*;
    let rule = |step: &str, calendar: &str, label: Label| {
        TimeRule::of(&TimeKeys { label: Some(label), ..keys(step, calendar) }).expect("a rule")
    };
    for (step, calendar, label, of, wanted) in [
        ("year", "noleap", Label::Start, &[(Year, 2000)][..], "2000-01-01"),
        ("year", "noleap", Label::End, &[(Year, 2000)], "2000-01-01"),
        ("year", "noleap", Label::End, &[(Year, 2000), (Month, 12), (Day, 31)], "2000-01-01"),
        ("year", "noleap", Label::End, &[(Year, 2001), (Month, 1), (Day, 1)], "2000-01-01"),
        ("year", "noleap", Label::End, &[(Year, 2001), (Month, 1)], "2000-01-01"),
        ("year", "noleap", Label::Middle, &[(Year, 2000), (Month, 7)], "2000-01-01"),
        ("month", "noleap", Label::Start, &[(Year, 2000), (Month, 2)], "2000-02-01"),
        ("month", "standard", Label::End, &[(Year, 2000), (Month, 2), (Day, 29)], "2000-02-01"),
        ("month", "standard", Label::Middle, &[(Year, 2000), (Month, 2), (Day, 15)], "2000-02-01"),
        ("day", "noleap", Label::Start, &[(Year, 2000), (DayOfYear, 365)], "2000-12-31"),
        ("day", "standard", Label::Start, &[(Year, 2000), (DayOfYear, 366)], "2000-12-31"),
        ("day", "standard", Label::End, &[(Year, 2000), (Month, 3), (Day, 1)], "2000-03-01"),
        ("day", "standard", Label::End, &[(Year, 2000), (Month, 3), (Day, 1), (Hour, 0)], "2000-02-29"),
        (
            "hour",
            "standard",
            Label::Start,
            &[(Year, 1949), (Month, 1), (Day, 1), (Second, 3_600)],
            "1949-01-01T01:00",
        ),
        (
            "hour",
            "standard",
            Label::End,
            &[(Year, 1949), (Month, 1), (Day, 1), (Hour, 24)],
            "1949-01-01T23:00",
        ),
        (
            "3 hours",
            "standard",
            Label::Start,
            &[(Year, 1949), (Month, 1), (Day, 1), (Hour, 21)],
            "1949-01-01T21:00",
        ),
        (
            "10 minutes",
            "standard",
            Label::Start,
            &[(Year, 1960), (Hour, 2), (Minute, 50)],
            "1960-01-01T02:50",
        ),
    ] {
        let rule = rule(step, calendar, label);
        assert_eq!(date(&rule, rule.step_of_parts(&parts(of))), wanted, "{step} {label:?} {of:?}");
    }
    for (step, calendar, of, wanted) in [
        (
            "day",
            "noleap",
            &[(Year, 2000), (Month, 2), (Day, 29)][..],
            "the noleap calendar has no 2000-02-29",
        ),
        ("day", "noleap", &[(Year, 2000), (DayOfYear, 366)], "the noleap calendar has no day 366 of 2000"),
        ("day", "noleap", &[(Year, 2000), (DayOfYear, 0)], "there is no day of the year 0"),
        ("month", "noleap", &[(Year, 2000), (Month, 13)], "there is no month 13"),
        ("year", "noleap", &[(Year, 2000), (Month, 7)], "2000-07-01 is not the start of a step of 1 year"),
        (
            "hour",
            "noleap",
            &[(Year, 2000), (Hour, 1), (Second, 5)],
            "2000-01-01 01:00:05 is not the start of a step of 1 hour",
        ),
        ("year", "noleap", &[(Month, 7)], "it has no year"),
        ("year", "noleap", &[(Year, i64::MAX)], "the noleap calendar has no 9223372036854775807-01-01"),
    ] {
        let rule = rule(step, calendar, Label::Start);
        assert_eq!(date(&rule, rule.step_of_parts(&parts(of))), wanted, "{step} {of:?}");
    }
}

#[test]
fn numbers_count_from_other_firsts() {
    let keys = TimeKeys {
        day_of_year: Some(TimePart::From { column: "Day".to_owned(), first: 0 }),
        year_offset: Some(-1_600),
        ..keys("day", "noleap")
    };
    let rule = TimeRule::of(&keys).expect("a rule");
    let step = rule.step_of_parts(&parts(&[(Part::Year, 3_600), (Part::DayOfYear, 364)]));
    assert_eq!(date(&rule, step), "2000-12-31");
    let year = TimePart::From { column: "Year".to_owned(), first: 0 };
    assert_eq!(
        TimeRule::of(&TimeKeys { year: Some(year), ..keys.clone() }).expect_err("no first year"),
        TimesError::FirstYear
    );
}

#[test]
fn stamps_are_numbers_or_texts() {
    let rule = stamped("10 minutes", Some("milliseconds since 1970-01-01"), None);
    assert_eq!(rule.unit.text(), "minutes since 1970-01-01");
    assert_eq!(date(&rule, rule.step_of_number(1_383_260_400_000)), "2013-10-31T23:00");
    assert_eq!(rule.step_of_number(1_383_260_400_000), Ok(2_305_434));
    for off in [1_383_260_400_001, 1_383_260_460_000, i64::MAX, i64::MIN] {
        assert!(rule.step_of_number(off).is_err(), "{off}");
    }
    let rule = stamped("hour", Some("days since 1900-01-01 12:00"), None);
    assert_eq!(date(&rule, rule.step_of_number(1)), "1900-01-02T12:00");
    assert_eq!(date(&rule, rule.step_of_decimal(0.041667)), "1900-01-01T13:00");
    assert!(rule.step_of_decimal(0.0421).is_err() && rule.step_of_decimal(f64::NAN).is_err());
    let rule = stamped("month", Some("days since 1850-01-15"), None);
    assert_eq!(date(&rule, rule.step_of_number(17)), "1850-02-01");

    for (format, text, wanted) in [
        ("%Y-%m-%d", "1979-01-31", "1979-01-31"),
        ("%Y%m%d", "19790131", "1979-01-31"),
        ("%Y%j", "1979031", "1979-01-31"),
        ("%d_%b_%Y", "31_jan_1979", "1979-01-31"),
        ("%d %B %Y", "31 January 1979", "1979-01-31"),
        ("%d.%m.%y", "31.1.79", "1979-01-31"),
        ("%FT%TZ", "1979-01-31T00:00:00Z", "1979-01-31"),
        ("%Y-%m-%d", "1979-01-31 ", "\"1979-01-31 \" is not of the format \"%Y-%m-%d\""),
        ("%Y-%m-%d", "1979-02-31", "the standard calendar has no 1979-02-31"),
        ("%Y-%m-%d", "", "\"\" is not of the format \"%Y-%m-%d\""),
    ] {
        let rule = stamped("day", None, Some(format));
        assert_eq!(date(&rule, rule.step_of_text(text.as_bytes())), wanted);
    }
}

#[test]
fn words_that_are_not_understood_are_named() {
    let told = |keys: TimeKeys| TimeRule::of(&keys).expect_err("an error").to_string();
    let with = |units: Option<&str>, format: Option<&str>| {
        let stamp = Stamp {
            column: "t".to_owned(),
            units: units.map(str::to_owned),
            format: format.map(str::to_owned),
        };
        TimeKeys { stamp: Some(stamp), ..keys("day", "standard") }
    };
    for (keys, words) in [
        (TimeKeys::default(), "`step`"),
        (keys("fortnight", "standard"), "fortnight"),
        (keys("0 days", "standard"), "0 days"),
        (keys("day", "mayan"), "mayan"),
        (with(None, None), "either"),
        (with(Some("weeks since 1970-01-01"), None), "weeks"),
        (with(Some("days"), None), "form"),
        (with(None, Some("%Y %Q")), "%Q"),
        (TimeKeys { start: Some("soon".to_owned()), ..keys("day", "standard") }, "soon"),
    ] {
        assert!(told(keys.clone()).contains(words), "{}", told(keys));
    }
}

#[test]
fn a_start_is_the_first_step() {
    let rule = TimeRule::of(&TimeKeys { start: Some("1949-01-01".to_owned()), ..keys("1 hour", "standard") });
    let rule = rule.expect("a rule");
    assert_eq!((rule.start, date(&rule, Ok(23)).as_str()), (Some(0), "1949-01-01T23:00"));
}

proptest! {
    #[test]
    fn every_step_is_found_by_its_date(step in -40_000i64..40_000, length in 0usize..6, calendar in 0usize..3) {
        let words = ["year", "month", "day", "hour", "10 minutes", "5 days"][length];
        let step = if words == "year" { step / 100 } else { step };
        let calendar = ["standard", "noleap", "360_day"][calendar];
        let rule = TimeRule::of(&keys(words, calendar)).expect("a rule");
        let date = rule.unit.date(step).expect("a date");
        let (_, milliseconds) = rule.unit.day_and_milliseconds(step).expect("a time");
        let parts = parts(&[
            (Part::Year, date.year.into()), (Part::Month, date.month.into()), (Part::Day, date.day.into()),
            (Part::Second, milliseconds / 1_000),
        ]);
        prop_assert_eq!(rule.step_of_parts(&parts), Ok(step));
        let end = TimeRule { label: Label::End, ..rule.clone() };
        prop_assert_eq!(end.step_of_parts(&parts), Ok(step - 1));
    }

    #[test]
    fn any_text_and_any_numbers(format in ".{0,12}", text in ".{0,20}", number: i64, decimal: f64) {
        if format::problem(&format).is_none() {
            let rule = TimeRule { stamp: Some(StampRule::Text(format)), ..stamped("day", None, Some("%Y")) };
            let _ = rule.step_of_text(text.as_bytes());
        }
        let rule = stamped("hour", Some("seconds since 1970-01-01"), None);
        let _ = (rule.step_of_number(number), rule.step_of_decimal(decimal));
        let _ = rule.step_of_parts(&parts(&[(Part::Year, number), (Part::Second, number)]));
    }
}
