//! A series goes where its own dates say, not where its file's number suggests.

use gridloom::ErrorKind;
use gridloom::chunk::Shape;
use gridloom::model::calendar::Date;
use gridloom::plan::Selection;
use gridloom::plan::selection::ALL_PERIODS;
use gridloom_testkit::dumps::{self, Cell, Dump, Kind, Model, Variable, check};

use crate::work;

/// 1979-01-01 in days since 1860-01-01.
const DAY_1979: i64 = 43_464;

fn npp() -> Vec<Variable> {
    vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(2))]
}

fn row(count: u32) -> Vec<Cell> {
    (0..count).map(|column| (150, 300 + column)).collect()
}

/// Chunk shapes for which borders of periods and chunks meet, and for which they do not; little memory and much.
fn each_way(model: &Model, check: impl Fn(&dumps::Folder, &gridloom::pipeline::Report)) {
    for chunk in [None, Some((5, 1, 1)), Some((128, 4, 4)), Some((365, 2, 2))] {
        for tight in [false, true] {
            let folder = model.write();
            let chunk = chunk.map(|(days, rows, columns)| Shape { days, rows, columns });
            // However they fit together: dates decide, not numbers.
            let selection = Selection::default().periods(vec![ALL_PERIODS]);
            let mut settings = work::settings().chunk(chunk).selection(selection);
            if tight {
                settings.resources = work::least_memory(&folder, &settings);
            }
            let report = work::grid(&folder, settings).expect("a run");
            check(&folder, &report);
        }
    }
}

#[test]
fn periods_may_end_on_another_day_in_each_cell() {
    let (a, b) = ((150, 300), (151, 302));
    let mut model = Model::new(&[a], &[(DAY_1979, 400), (DAY_1979 + 400, 400)], npp());
    model.dumps.push(Dump::new(b, 1, DAY_1979, 365));
    model.dumps.push(Dump::new(b, 2, DAY_1979 + 365, 435));
    model.value = dumps::mixed(3);
    each_way(&model, |folder, report| {
        let seen = check::exact(&model, &folder.out());
        assert_eq!((seen.first_day, seen.days), (DAY_1979, 800));
        assert!(report.faults.is_empty() && report.is_complete(), "{:?}", report.faults);
        assert_eq!(report.dumps.decoded, 4);
        work::assert_verified(folder);
    });
}

#[test]
fn a_gap_stays_masked() {
    let mut model = Model::new(&row(3), &[(DAY_1979, 365), (DAY_1979 + 365 + 366, 365)], npp());
    model.value = dumps::plain();
    each_way(&model, |folder, report| {
        let seen = check::exact(&model, &folder.out());
        assert_eq!((seen.first_day, seen.days), (DAY_1979, 365 + 366 + 365));
        assert_eq!((seen.masked, seen.values), (3 * 3 * 366, 3 * 3 * 730));
        assert!(report.is_complete());
        work::assert_verified(folder);
    });
}

#[test]
fn file_numbers_say_nothing_about_the_order() {
    let model = Model::new(&row(3), &[(DAY_1979 + 100, 50), (DAY_1979, 100), (DAY_1979 + 150, 7)], npp());
    each_way(&model, |folder, _| {
        let seen = check::exact(&model, &folder.out());
        assert_eq!((seen.first_day, seen.days, seen.masked), (DAY_1979, 157, 0));
        work::assert_verified(folder);
    });
}

#[test]
fn repeated_spin_ups_are_an_error_that_names_them_until_some_are_selected() {
    let model = Model::new(&row(2), &[(DAY_1979, 365), (DAY_1979, 365), (DAY_1979 + 365, 366)], npp());
    let folder = model.write();
    let error = work::grid(&folder, work::settings()).expect_err("two periods of the same days");
    assert!(error.kind() == ErrorKind::Overlap, "{error}");
    assert_eq!(
        error.to_string(),
        "periods 1 (1979-01-01 to 1979-12-31) and 2 (1979-01-01 to 1979-12-31) overlap"
    );
    assert!(!folder.out().exists(), "nothing is written");

    // Both spin-ups have the same dates, but other values.
    let first_spin_up = Model { value: dumps::mixed(9), ..model.clone() };
    for chosen in [1, 2] {
        let folder = model.write();
        for dump in first_spin_up.dumps.iter().filter(|dump| dump.period == 1) {
            folder.put(dump, &first_spin_up.entries(dump));
        }
        let periods = vec![chosen..=chosen, 3..=3];
        let selection = Selection::default().periods(periods);
        let report = work::grid(&folder, work::settings().selection(selection)).expect("a selection");
        assert_eq!(report.settings.periods, [chosen, 3]);
        let spin_up = if chosen == 1 { dumps::mixed(9) } else { dumps::plain() };
        let value: dumps::Values = std::sync::Arc::new(move |variable, row, cell, day| {
            if day < DAY_1979 + 365 {
                spin_up(variable, row, cell, day)
            } else {
                dumps::plain()(variable, row, cell, day)
            }
        });
        let mut wanted = Model { value, ..model.clone() };
        wanted.dumps.retain(|dump| dump.period == chosen || dump.period == 3);
        assert_eq!(check::exact(&wanted, &folder.out()).days, 731);
        work::assert_verified(&folder);
    }
}

#[test]
fn a_dump_that_overlaps_its_cells_other_dump_is_left_out_and_named() {
    let cells = row(7);
    let (odd, early) = (cells[1], cells[3]);
    let mut model = Model::new(&cells, &[(DAY_1979, 100), (DAY_1979 + 100, 100)], npp());
    model.value = dumps::mixed(21);
    model.dump_mut(odd, 2).first = DAY_1979 + 50;
    let early_dump = model.dump_mut(early, 1);
    (early_dump.first, early_dump.days) = (DAY_1979 + 90, 30);
    each_way(&model, |folder, report| {
        let out =
            |dump: &Dump| (dump.cell, dump.period) == (odd, 2) || (dump.cell, dump.period) == (early, 1);
        check::exact_but(&model, &folder.out(), |dump, _| !out(dump));
        assert_eq!(work::faults(&report.faults), ["150-301 2: overlap", "150-303 1: overlap"]);
        for (fault, dates) in
            report.faults.iter().zip(["1979-02-20 to 1979-05-30", "1979-04-01 to 1979-04-30"])
        {
            assert!(fault.message.contains(dates), "{fault}");
        }
        assert!(!report.is_complete());
        work::assert_verified(folder);
    });
}

#[test]
fn of_two_dumps_with_unusual_dates_the_later_number_gives_way() {
    let cells = row(7);
    let mut model = Model::new(&cells, &[(DAY_1979, 100), (DAY_1979 + 100, 100)], npp());
    (model.dump_mut(cells[3], 1).first, model.dump_mut(cells[3], 1).days) = (DAY_1979 + 20, 110);
    (model.dump_mut(cells[3], 2).first, model.dump_mut(cells[3], 2).days) = (DAY_1979 + 120, 70);
    // Those that only touch are both placed.
    (model.dump_mut(cells[5], 1).first, model.dump_mut(cells[5], 1).days) = (DAY_1979 + 20, 110);
    (model.dump_mut(cells[5], 2).first, model.dump_mut(cells[5], 2).days) = (DAY_1979 + 130, 70);
    each_way(&model, |folder, report| {
        check::exact_but(&model, &folder.out(), |dump, _| (dump.cell, dump.period) != (cells[3], 2));
        // Both begin 20 days after the others.
        let faults = ["150-303 1: short", "150-303 2: overlap", "150-305 1: short"];
        assert_eq!(work::faults(&report.faults), faults);
        work::assert_verified(folder);
    });
}

/// Every second of nine cells is in the sample that is read while planning.
#[test]
fn a_cell_that_ends_later_widens_the_axis_or_is_named() {
    for (late, sampled) in [(4, true), (3, false)] {
        let cells = row(9);
        let mut model = Model::new(&cells, &[(DAY_1979, 100), (DAY_1979 + 100, 60)], npp());
        model.dump_mut(cells[late], 2).days = 75;
        model.dump_mut(cells[late], 1).first -= 5;
        model.dump_mut(cells[late], 1).days += 5;
        each_way(&model, |folder, report| {
            let seen = check::exact(&model, &folder.out());
            if sampled {
                assert_eq!((seen.first_day, seen.days), (DAY_1979 - 5, 180));
                assert!(report.faults.is_empty(), "{:?}", report.faults);
            } else {
                assert_eq!((seen.first_day, seen.days), (DAY_1979, 160));
                assert_eq!(work::faults(&report.faults), ["150-303 1: off_axis", "150-303 2: off_axis"]);
                assert!(report.faults[0].message.starts_with("5 of its days"), "{}", report.faults[0]);
                assert!(
                    report.faults[1].message.contains("to 1979-06-24 takes them in"),
                    "{}",
                    report.faults[1]
                );
            }
            work::assert_verified(folder);
        });
        let folder = model.write();
        let date = |text: &str| Some(text.parse::<Date>().expect("a date"));
        let selection = Selection::default().from(date("1978-12-27")).to(date("1979-06-24"));
        let report = work::grid(&folder, work::settings().selection(selection)).expect("a run");
        assert!(report.faults.is_empty(), "the hint takes all in: {:?}", report.faults);
        assert_eq!(check::exact(&model, &folder.out()).days, 180);
        work::assert_verified(&folder);
    }
}

#[test]
fn days_may_be_counted_from_another_date_in_some_dumps() {
    let cells = row(6);
    let mut model = Model::new(&cells, &[(DAY_1979, 30), (DAY_1979 + 30, 30)], npp());
    // 1970-01-01 is day 40177 since 1860-01-01.
    for (cell, period) in [(1, 1), (1, 2), (4, 2)] {
        model.dump_mut(cells[cell], period).unit = Some(("days since 1970-01-01".to_owned(), -40_177));
    }
    each_way(&model, |folder, report| {
        let seen = check::exact(&model, &folder.out());
        assert_eq!((seen.first_day, seen.days, seen.masked), (DAY_1979, 60, 0));
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        work::assert_verified(folder);
    });
}

#[test]
fn the_axis_may_be_cut_and_stretched() {
    let model = Model::new(&row(3), &[(DAY_1979, 40), (DAY_1979 + 40, 40)], npp());
    for (from, to, first, days) in [
        ("1979-01-11", "1979-01-11", 10, 1),
        ("1979-02-05", "1979-02-20", 35, 16),
        ("1978-12-01", "1979-04-30", -31, 151),
        ("1979-02-10", "1979-12-31", 40, 325),
    ] {
        let folder = model.write();
        let date = |text: &str| Some(text.parse::<Date>().expect("a date"));
        let selection = Selection::default().from(date(from)).to(date(to));
        let chunk = Some(Shape { days: 16, rows: 2, columns: 2 });
        let report = work::grid(&folder, work::settings().selection(selection).chunk(chunk)).expect("a run");
        let seen = check::exact(&model, &folder.out());
        assert_eq!((seen.first_day - DAY_1979, seen.days), (first, days));
        assert_eq!((report.time.start.as_str(), report.time.end.as_str()), (from, to));
        assert!(report.is_complete(), "{:?}", report.faults);
        work::assert_verified(&folder);
    }
}
