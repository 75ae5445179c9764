//! Every number of an output is bit for bit the dump's, and every place without a dump is masked; each dump is decoded
//! once and each chunk encoded once.

use std::collections::BTreeSet;

use gridloom::chunk::{Codec, Shape};
use gridloom::pipeline::Report;
use gridloom::plan::selection::ALL_PERIODS;
use gridloom::plan::{Resources, RowMode, Selection, Settings};
use gridloom_testkit::dumps::check::{self, Seen};
use gridloom_testkit::dumps::{self, Container, Dump, Folder, Kind, Model, Style, Variable};
use proptest::prelude::*;

use crate::work;

/// Whether a dump is there, days that it lacks at both ends, and how it is written.
type Cut = (bool, i64, i64, Style);

#[derive(Debug, Clone)]
struct Case {
    model: Model,
    rows: RowMode,
    codec: Codec,
    chunk: Option<Shape>,
    threads: usize,
    tight: bool,
}

fn styles() -> impl Strategy<Value = Style> {
    let container = prop_oneof![Just(Container::Plain), Just(Container::Zlib), Just(Container::Lz4)];
    (prop_oneof![Just(2u8), Just(5)], container, any::<bool>())
        .prop_map(|(protocol, container, aligned)| Style { protocol, container, aligned })
}

fn variables() -> impl Strategy<Value = Vec<Variable>> {
    let kind =
        prop_oneof![3 => Just(Kind::F32), 3 => Just(Kind::F64), 1 => Just(Kind::I16), 1 => Just(Kind::U8)];
    let one = (kind, prop::option::of(1usize..=3), any::<bool>(), any::<bool>());
    prop::collection::vec(one, 1..=3).prop_map(|all| {
        let names = ["npp", "csoil", "not_in_the_table"];
        let named = names.into_iter().zip(all);
        named
            .map(|(key, (kind, rows, big_endian, fortran))| Variable {
                big_endian,
                fortran,
                ..Variable::new(key, kind, rows)
            })
            .collect()
    })
}

fn models() -> impl Strategy<Value = Model> {
    let cells = (0u32..354, 0u32..720, prop::collection::btree_set((0u32..6, 0u32..7), 1..=12));
    let periods = prop::collection::vec((1i64..=90, prop_oneof![2 => Just(0i64), 1 => 1i64..=60]), 1..=3);
    let cut =
        prop_oneof![6 => Just((true, 0, 0)), 1 => Just((false, 0, 0)), 1 => (Just(true), 0i64..4, 0i64..4)];
    let cuts = prop::collection::vec((cut, styles()), 36);
    (cells, periods, cuts, variables(), any::<u64>(), -200_000i64..200_000).prop_map(
        |((y, x, offsets), periods, cuts, variables, seed, start)| {
            let cells = offsets.into_iter().map(|(row, column)| (y + row, (x + column) % 720));
            let mut cuts =
                cuts.into_iter().map(|((there, front, back), style)| (there, front, back, style)).cycle();
            let mut dumps: Vec<Dump> = Vec::new();
            for cell in cells {
                let mut first = start;
                for (period, &(days, gap)) in (1..).zip(&periods) {
                    let (there, front, back, style): Cut = cuts.next().expect("endless");
                    let left = days - front - back;
                    if left > 0 && (there || dumps.is_empty()) {
                        dumps.push(Dump { style, ..Dump::new(cell, period, first + front, left) });
                    }
                    first += days + gap;
                }
            }
            if dumps.is_empty() {
                dumps.push(Dump::new((y, x), 1, start, 1));
            }
            Model { variables, dumps, value: dumps::mixed(seed), ..Model::new(&[], &[], Vec::new()) }
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = |(days, rows, columns)| Some(Shape { days, rows, columns });
    let chunk = prop_oneof![
        2 => Just(None),
        1 => Just(shape((1, 1, 1))),
        1 => Just(shape((200, 1, 1))),
        1 => Just(shape((1, 20, 20))),
        4 => (1u32..100, 1u32..9, 1u32..9).prop_map(shape),
    ];
    let codec = prop_oneof![
        2 => (1u8..=12).prop_map(Codec::Deflate),
        1 => (1u8..=9).prop_map(Codec::Zstd),
        1 => Just(Codec::None)
    ];
    let rows = prop_oneof![Just(RowMode::Split), Just(RowMode::Dimension)];
    (models(), rows, codec, chunk, 1usize..=4, any::<bool>()).prop_map(
        |(model, rows, codec, chunk, threads, tight)| Case { model, rows, codec, chunk, threads, tight },
    )
}

fn settings_of(case: &Case, folder: &Folder) -> Settings {
    // Where no cell has a period, the days between its neighbours may not fit.
    let selection = Selection::default().periods(vec![ALL_PERIODS]);
    let mut settings = Settings::default()
        .selection(selection)
        .rows(case.rows)
        .codec(case.codec)
        .chunk(case.chunk)
        .resources(work::resources().threads(case.threads));
    if case.tight {
        settings.resources = work::least_memory(folder, &settings);
    }
    settings
}

/// The counts that must hold whatever the run: `usual` says that no cell's dates differ from the others'.
fn assert_counts(model: &Model, report: &Report, seen: &Seen, usual: bool) {
    let dumps = model.dumps.len() as u64;
    assert_eq!((report.dumps.planned, report.dumps.read, report.dumps.decoded), (dumps, dumps, dumps));
    assert_eq!(report.dumps.unusable, 0);
    assert_eq!(report.chunks.encoded, report.chunks.stored + report.chunks.reopened);
    assert_eq!(report.files.iter().map(|file| file.chunks as u64).sum::<u64>(), report.chunks.stored);
    assert_eq!(seen.files, report.files.len());
    let layers: i64 = model.variables.iter().map(|variable| variable.rows.unwrap_or(1) as i64).sum();
    let days: i64 = model.dumps.iter().map(|dump| dump.days).sum();
    assert_eq!(report.values.values as i64, layers * days);
    if usual {
        assert_eq!((report.chunks.reopened, report.dumps.peeked), (0, 0));
        assert_eq!(report.values.values - report.values.nan - report.values.equal_fill, seen.values as u64);
    }
}

fn is_usual(model: &Model) -> bool {
    let dates: BTreeSet<(u32, i64, i64)> =
        model.dumps.iter().map(|dump| (dump.period, dump.first, dump.days)).collect();
    let periods: BTreeSet<u32> = model.dumps.iter().map(|dump| dump.period).collect();
    dates.len() == periods.len()
}

/// The dumps that must be named since their cell lacks days that all other dumps of the period have, and those that may be
/// since it lacks days that any has: the usual dates come from a sample.
fn lacking_days(model: &Model) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut must, mut may) = (BTreeSet::new(), BTreeSet::new());
    for dump in &model.dumps {
        let own: BTreeSet<i64> = model
            .dumps
            .iter()
            .filter(|other| other.cell == dump.cell)
            .flat_map(|other| other.first..other.first + other.days)
            .collect();
        let lacks =
            |other: &dumps::Dump| (other.first..other.first + other.days).any(|day| !own.contains(&day));
        let others: Vec<_> = model
            .dumps
            .iter()
            .filter(|other| other.period == dump.period && other.cell != dump.cell)
            .collect();
        let name = format!("{}-{} {}: short", dump.cell.0, dump.cell.1, dump.period);
        if others.iter().any(|other| lacks(other)) {
            may.insert(name.clone());
        }
        let dates: BTreeSet<_> = others.iter().map(|other| (other.first, other.days)).collect();
        if others.len() > 1 && dates.len() == 1 && others.iter().all(|other| lacks(other)) {
            must.insert(name);
        }
    }
    (must, may)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_bit_is_the_dumps_and_everything_else_is_masked(case in cases()) {
        let folder = case.model.write();
        let settings = settings_of(&case, &folder);
        let report = work::grid(&folder, settings).expect("a run that can be gridded");
        let seen = check::exact(&case.model, &folder.out());
        let end = seen.first_day + seen.days as i64;
        let off: BTreeSet<String> = case.model.dumps.iter()
            .filter(|dump| dump.first < seen.first_day || dump.first + dump.days > end)
            .map(|dump| format!("{}-{} {}: off_axis", dump.cell.0, dump.cell.1, dump.period))
            .collect();
        let named: BTreeSet<String> = work::faults(&report.faults).into_iter()
            .filter(|fault| !fault.ends_with(": missing")).collect();
        let (short, others): (BTreeSet<_>, BTreeSet<_>) =
            named.into_iter().partition(|fault| fault.ends_with(": short"));
        prop_assert_eq!(&others, &off, "what is off the axis is named, and nothing else");
        let (must, may) = lacking_days(&case.model);
        prop_assert!(must.is_subset(&short) && short.is_subset(&may), "{must:?} {short:?} {may:?}");
        prop_assert_eq!(report.files.len(), match case.rows {
            RowMode::Dimension => case.model.variables.len(),
            RowMode::Split => case.model.variables.iter().map(|variable| variable.rows.unwrap_or(1)).sum(),
        });
        assert_counts(&case.model, &report, &seen, is_usual(&case.model));
        let verified = work::assert_verified(&folder);
        prop_assert_eq!(verified.files, seen.files);
    }
}

/// Cells of a tile come in groups of one, units of several periods share chunks, and all goes through the spool.
#[test]
fn a_tile_that_does_not_fit_into_memory_is_put_together_from_groups() {
    let cells: Vec<dumps::Cell> = (0..16).map(|cell| (100 + cell / 4, 200 + cell % 4)).collect();
    let variables = vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(2))];
    let model = Model { value: dumps::mixed(5), ..Model::new(&cells, &[(0, 100), (100, 50)], variables) };
    let folder = model.write();
    let chunk = Some(Shape { days: 64, rows: 4, columns: 4 });
    let settings = work::settings().chunk(chunk);
    let resources = work::least_memory(&folder, &settings);
    let settings = settings.resources(resources);
    let plan = work::plan(&folder, settings.clone()).expect("a plan");
    assert_eq!(plan.tiles().len(), 1);
    assert!(plan.units().len() > 2 * plan.tiles().len(), "{} units", plan.units().len());
    let report = work::grid(&folder, settings).expect("a run");
    let seen = check::exact(&model, &folder.out());
    assert_counts(&model, &report, &seen, true);
    assert!(report.chunks.fragments > 0);
    assert_eq!(report.chunks.encoded, report.chunks.stored);
}

/// The memory that an error asks for is enough.
#[test]
fn a_budget_that_is_too_small_says_what_is_enough() {
    let model = Model::new(&[(1, 1), (1, 2)], &[(0, 400)], vec![Variable::new("npp", Kind::F64, Some(3))]);
    let folder = model.write();
    let tiny = Settings::default().resources(Resources::new(4, 1 << 20));
    let error = work::plan(&folder, tiny.clone()).expect_err("a megabyte is not enough");
    let Some(gridloom::Cure::MoreMemory(needed)) = error.cure() else { panic!("{error}") };
    let resources = tiny.resources.memory(needed);
    let enough = tiny.resources(resources);
    work::grid(&folder, enough).expect("what was asked for is enough");
    check::exact(&model, &folder.out());
}

#[test]
fn chunks_are_encoded_once_where_periods_fill_them_and_where_they_share_them() {
    let cells = [(10, 10), (10, 11), (11, 10), (30, 40)];
    let model = Model::new(&cells, &[(0, 64), (64, 64)], vec![Variable::new("npp", Kind::F32, None)]);
    for (days, fragments) in [(64, 0), (128, 4)] {
        let folder = model.write();
        let chunk = Some(Shape { days, rows: 8, columns: 8 });
        let report = work::grid(&folder, work::settings().chunk(chunk)).expect("a run");
        let seen = check::exact(&model, &folder.out());
        assert_counts(&model, &report, &seen, true);
        assert_eq!((report.chunks.stored, report.chunks.fragments), (2 * 128 / u64::from(days), fragments));
        assert_eq!(report.chunks.encoded, report.chunks.stored);
    }
}
