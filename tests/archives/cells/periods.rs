//! Archives of spin-ups, whose periods repeat dates: all of them are kept, each by its number.

use gridloom::archive::{Codec, repack, replace};
use gridloom::model::grid::Cell;
use gridloom_testkit::dumps::Dump;

use super::*;

/// The same days three times, and some of them again.
const PERIODS: [(i64, i64); 4] = [(0, 100), (0, 100), (0, 100), (40, 70)];
const PLACE: (u32, u32) = (160, 231);
const CELL: Cell = Cell { row: 160, column: 231 };

/// A period as it would be the only one: values of the same days differ from one period to the next.
fn alone(period: u32) -> Model {
    let mut model = model(&PERIODS);
    model.value = dumps::mixed(30 + u64::from(period));
    model.dumps.retain(|dump| dump.period == period);
    model
}

/// A run of some periods.
fn spin_up(periods: impl IntoIterator<Item = u32>) -> Folder {
    periods.into_iter().fold(Folder::new(), |folder, period| alone(period).write_to(folder))
}

/// The bytes that an archive of a period alone has of each series of a cell.
fn of_alone(period: u32) -> BTreeMap<String, Vec<u8>> {
    let folder = alone(period).write();
    write(&folder, &small()).expect("an archive");
    let all = contents(&file(&folder)).expect("contents");
    let own = all.into_iter().filter(|((cell, name), _)| *cell == CELL.to_string() && name != "records");
    own.map(|((_, name), bytes)| (name, bytes)).collect()
}

/// That each period is in the archive as it is in one of its own, by its number.
fn all_there(folder: &Folder, periods: &[u32]) {
    prove(folder);
    let archive = Archive::open(file(folder)).expect("an archive");
    let cell = archive.cell(CELL).expect("a cell");
    assert!(cell.is_by_period() && archive.is_by_period());
    let there: Vec<u32> = cell.periods().expect("periods").into_iter().map(|(period, _)| period).collect();
    assert_eq!(there, periods);
    let numbers = cell.variable("period").and_then(|one| one.all()).expect("numbers").to_i64();
    for &period in periods {
        let range = cell.range_of(period, None, None).expect("days");
        let own = numbers.iter().enumerate().filter(|(_, number)| **number == i64::from(period));
        assert!(own.map(|(place, _)| place as u64).eq(range.clone()), "{period}");
        let wanted = of_alone(period);
        assert_eq!(wanted.len(), cell.variables().count() + 1);
        for (name, bytes) in wanted {
            let found = cell.variable(&name).and_then(|one| one.read(range.clone())).expect("values");
            assert!(found.bytes == bytes, "{name} of period {period}");
        }
    }
}

#[test]
fn periods_with_the_same_dates_are_all_kept() {
    let folder = spin_up(1..=4);
    let report = write(&folder, &small()).expect("an archive");
    assert_eq!((report.dumps, report.faults.len()), (12, 0));
    let [remark] = report.remarks.as_slice() else { panic!("{:?}", report.remarks) };
    assert!(remark.starts_with("periods repeat dates, as 1 and 2 do ("), "{remark}");
    all_there(&folder, &[1, 2, 3, 4]);
    let archive = Archive::open(file(&folder)).expect("an archive");
    let entry = archive.entries().expect("entries")[&CELL];
    let (first, last) = (entry.first, entry.last);
    assert_eq!((entry.days, last - first + 1), (370, 110), "first and last of all dates");
    let cell = archive.cell(CELL).expect("a cell");
    // Days of a period by their dates.
    let date = |day: i64| archive.unit().date(first + day);
    assert_eq!(cell.range_of(2, date(3), date(4)).expect("days"), 103..105);
    assert_eq!(cell.range_of(4, date(0), date(40)).expect("days"), 300..301);
    assert_eq!(cell.range_of(4, date(0), date(39)).expect("no days"), 300..300);
    assert_eq!(cell.range_of(3, date(99), None).expect("days"), 299..300);
    // By dates alone there are several, and none of a period that is not there.
    assert!(cell.range(date(3), None).expect_err("dates").to_string().contains("have the same dates"));
    assert_eq!(cell.range(None, None).expect("all"), 0..370);
    assert!(cell.range_of(7, None, None).expect_err("a period").to_string().contains("it has 1, 2, 3, 4"));
}

/// A part of the same dates is by date, as ever.
#[test]
fn periods_that_are_chosen_and_repeat_nothing_are_by_date() {
    let folder = spin_up(1..=4);
    let mut settings = small();
    settings.selection.periods = vec![3..=3];
    let report = write(&folder, &settings).expect("an archive");
    assert!(report.remarks.is_empty(), "{:?}", report.remarks);
    let archive = Archive::open(file(&folder)).expect("an archive");
    assert!(!archive.is_by_period() && !archive.cell(CELL).expect("a cell").is_by_period());
    let single = spin_up([3]);
    write(&single, &small()).expect("an archive");
    // Dumps of the one were written at another time than those of the other.
    let values = |folder: &Folder| -> Contents {
        let all = contents(&file(folder)).expect("contents");
        all.into_iter().filter(|((_, name), _)| name != "records").collect()
    };
    assert!(values(&folder) == values(&single));
}

#[test]
fn periods_are_appended_to_what_was_by_date() {
    let mut folder = spin_up([1]);
    write(&folder, &small()).expect("an archive");
    let before = Archive::open(file(&folder)).expect("an archive");
    let old = before.cell(CELL).and_then(|cell| cell.variable("npp")).expect("a variable");
    for period in 2..=4 {
        folder = alone(period).write_to(folder);
        let report = append(&folder).expect("appended");
        assert_eq!((report.cells, report.dumps, report.faults.len()), (3, 3, 0));
        assert_eq!(report.remarks.len(), usize::from(period == 2), "{:?}", report.remarks);
        all_there(&folder, &(1..=period).collect::<Vec<u32>>());
        super::changes::same(&folder, &small());
        assert_eq!(append(&folder).expect("nothing to do").cells, 0);
    }
    assert_eq!(old.all().expect("values").bytes, of_alone(1)["npp"], "who has it open reads what was there");
}

/// What is gone from the run by then is known by the archive.
#[test]
fn a_period_whose_dates_only_the_archive_has_is_appended() {
    let folder = spin_up([1, 2]);
    let mut settings = small();
    settings.selection.periods = vec![1..=1];
    write(&folder, &settings).expect("an archive");
    let mut settings = super::settings().other_run(true);
    settings.selection.periods = vec![2..=2];
    let report =
        archive::append(&run(&folder), file(&folder), &settings, &gridloom::Nobody).expect("appended");
    assert_eq!((report.dumps, report.faults.len()), (3, 0));
    all_there(&folder, &[1, 2]);
}

#[test]
fn dumps_that_were_not_there_find_their_place() {
    let folder = spin_up(1..=4);
    let missing = folder.dump(PLACE, 2);
    let away = folder.path().join("dump");
    std::fs::rename(&missing, &away).expect("a file");
    assert_eq!(write(&folder, &small()).expect("an archive").faults.len(), 1);
    all_there(&folder, &[1, 3, 4]);
    std::fs::rename(&away, &missing).expect("a file");
    assert_eq!(append(&folder).expect("appended").cells, 1);
    all_there(&folder, &[1, 2, 3, 4]);
    super::changes::same(&folder, &small());
    // Cells made anew, chunks copied, and chunks made anew hold the same.
    replace(&run(&folder), file(&folder), &[CELL], &settings(), &gridloom::Nobody).expect("replaced");
    super::changes::same(&folder, &small());
    for tune in [None, Some(Tune { chunk_bytes: 2048, codec: Codec::Lz4 })] {
        repack(file(&folder), tune, &settings(), &gridloom::Nobody).expect("repacked");
        all_there(&folder, &[1, 2, 3, 4]);
    }
}

/// A dump with other days than those of its period is no other period's.
#[test]
fn dumps_with_unusual_dates_are_kept_and_named() {
    let folder = spin_up(1..=3);
    let mut odd = alone(2);
    let dump: &mut Dump = odd.dumps.iter_mut().find(|dump| dump.cell == PLACE).expect("a dump");
    (dump.first, dump.days) = (dump.first + 5, 90);
    let dump = dump.clone();
    folder.put(&dump, &odd.entries(&dump));
    let report = write(&folder, &small()).expect("an archive");
    let [fault] = report.faults.as_slice() else { panic!("{:?}", report.faults) };
    assert!(fault.cell == CELL && fault.period == Some(2), "{fault}");
    assert!(fault.message.contains("lack 10 days of the period"), "{fault}");
    prove(&folder);
    let archive = Archive::open(file(&folder)).expect("an archive");
    let cell = archive.cell(CELL).expect("a cell");
    assert_eq!(cell.range_of(2, None, None).expect("days"), 100..190);
    assert_eq!(cell.range_of(3, None, None).expect("days"), 190..290);
}

/// Names of series that the days need.
#[test]
fn series_called_as_what_days_need_get_other_names() {
    let with = |period: u32| {
        let mut model = alone(period);
        model.variables.extend(["period", "step"].map(|key| Variable::new(key, Kind::F32, None)));
        model
    };
    let folder = with(1).write();
    write(&folder, &small()).expect("an archive");
    let names = |folder: &Folder| -> Vec<String> {
        let archive = Archive::open(file(folder)).expect("an archive");
        archive.cell(CELL).expect("a cell").variables().map(str::to_owned).collect()
    };
    assert!(names(&folder).ends_with(&["period".to_owned(), "step".to_owned()]));
    let folder = with(2).write_to(folder);
    append(&folder).expect("appended");
    assert!(names(&folder).ends_with(&["period__2".to_owned(), "step__2".to_owned()]));
    prove(&folder);
    super::changes::same(&folder, &small());
}

#[test]
fn days_by_period_are_changed_but_none_are_added_by_hand() {
    let folder = spin_up(1..=2);
    write(&folder, &small()).expect("an archive");
    let (path, settings) = (file(&folder), settings());
    let mut change = archive::Change::open(&path, &settings).expect("a change");
    let added = change.append(CELL, &[20_000], &[]).expect_err("a day of no period").to_string();
    assert!(added.contains("by period"), "{added}");
    change.replace(CELL, "npp", 100..101, &7.5_f32.to_le_bytes()).expect("replaced");
    change.commit().expect("a change");
    let cell = Archive::open(&path).and_then(|archive| archive.cell(CELL)).expect("a cell");
    let npp = cell.variable("npp").expect("a variable");
    assert_eq!(npp.read(100..101).expect("a value").to_f64(), [7.5]);
    let found = archive::verify(&path, Some(&run(&folder)), &Default::default()).expect("an archive");
    let [difference] = found.differences.as_slice() else { panic!("{:?}", found.differences) };
    assert!(difference.contains("spin0002.pkz, npp"), "{difference}");
}

/// They belong to no dump, and those of the next dump follow them.
#[test]
fn days_that_were_added_by_hand_do_not_shift_the_next_period() {
    let (first, second) = ((0, 100), (110, 50));
    let one = Model { value: dumps::mixed(40), ..model(&[first]) };
    let folder = one.write();
    write(&folder, &small()).expect("an archive");
    let (path, settings) = (file(&folder), settings());
    let end = Archive::open(&path).and_then(|archive| archive.entries()).expect("entries")[&CELL].last + 1;
    let mut change = archive::Change::open(&path, &settings).expect("a change");
    change.append(CELL, &[end, end + 1], &[]).expect("days");
    change.commit().expect("a change");
    let two = Model { value: dumps::mixed(40), ..model(&[first, second]) };
    let folder = two.write_to(folder);
    assert_eq!(append(&folder).expect("appended").dumps, 3);
    let cell = Archive::open(&path).and_then(|archive| archive.cell(CELL)).expect("a cell");
    assert_eq!(cell.periods().expect("periods"), [(1, 0..100), (2, 102..152)]);
    let found = archive::verify(&path, Some(&run(&folder)), &Default::default()).expect("an archive");
    let [difference] = found.differences.as_slice() else { panic!("{:?}", found.differences) };
    assert!(difference.contains("time: its days are not those of its dumps"), "{difference}");
}
