//! Yearly dumps made by hand: what they may hold in other forms, and what is refused by name.

use gridloom::caete::CommunityYear;
use gridloom::caete::community::Limitation;
use gridloom::dump::{ContentProblem, Dump, DumpError};

use super::made_year::*;
use super::writer::{Numbers, Pickle, Plain, write};

fn told(result: Result<impl std::fmt::Debug, DumpError>) -> String {
    match result {
        Err(error @ DumpError::Content(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_year_is_read_in_the_order_of_its_communities() {
    let year = read(year()).expect("a year");
    assert_eq!((year.year, &year.mask[..]), (1979, &[false, true, false][..]));
    let numbers: Vec<u32> = year.communities.iter().map(|community| community.index).collect();
    assert_eq!(numbers, [0, 2]);
    let totals = year.totals;
    assert_eq!([totals.cveg, totals.cleaf, totals.croot, totals.cwood], [0.2, 1.2, 2.2, 3.2]);
    assert_eq!([totals.anpp, totals.uptake_costs], [f64::from(4.2f32), f64::from(5.2f32)]);
    let four = &year.communities[0];
    assert_eq!((four.is_masked, &four.ids[..]), (false, &[900, 899, 898, 897][..]));
    let arrays = [&four.vp_cleaf, &four.vp_croot, &four.vp_cwood, &four.vp_ocp];
    for (offset, values) in arrays.into_iter().enumerate() {
        let wanted: Vec<f64> = (0..4).map(|at| (at + offset) as f64 / 3.0).collect();
        assert_eq!(values, &wanted);
    }
    let states = |code| (0..4).map(|at| (code, 50.0 + f64::from(at))).collect::<Vec<_>>();
    let wanted = Limitation {
        leaf: states(0),
        root: states(1),
        wood: states(2),
        uptake_n: states(3),
        uptake_p: states(4),
    };
    assert_eq!(four.limitation, Some(wanted));
    assert_eq!([four.cleaf, four.croot, four.cwood], [1.1, 2.1, 3.1]);
    assert_eq!([four.anpp, four.uptake_costs], [f64::from(4.1f32), f64::from(5.1f32)]);
    let shannon = [four.shannon_entropy, four.shannon_diversity, four.shannon_evenness];
    assert_eq!(shannon, [Some(1.5), Some(4.5), Some(0.75)]);
}

#[test]
fn a_cell_without_a_living_community_is_a_year() {
    let year = read(with(year_of(vec![]), "mask", mask(&[1]))).expect("a year");
    assert_eq!((year.communities.len(), year.mask), (0, vec![true]));
    assert_eq!(read(without(year_of(vec![]), "mask")).expect("a year").mask, Vec::<bool>::new());
    assert_eq!(one(community(0)).expect("a community").ids, Vec::<i64>::new());
}

#[test]
fn what_the_model_leaves_out_is_none() {
    let bare = STATES.iter().fold(community(3), |entries, key| without(entries, key));
    assert_eq!(one(bare).expect("a community").limitation, None);
    for undefined in [Some(float(-9999.0)), Some(float(f64::NAN)), Some(f4(f32::NAN)), None] {
        for key in ["entropy", "diversity", "evenness"] {
            let entries = without(community(3), &format!("shannon_{key}"));
            let entries = match &undefined {
                Some(value) => with(entries, &format!("shannon_{key}"), value.clone()),
                None => entries,
            };
            let found = one(entries).expect("a community");
            assert_eq!(found.shannon_entropy, (key != "entropy").then_some(1.5), "{undefined:?}");
            assert_eq!(found.shannon_diversity, (key != "diversity").then_some(4.5), "{undefined:?}");
            // Without an entropy the model's evenness is −9999 by a logarithm.
            assert_eq!(found.shannon_evenness, (key == "diversity").then_some(0.75), "{undefined:?}");
        }
    }
}

#[test]
fn a_community_is_masked_by_its_own_word_or_else_by_the_cells() {
    let masked = |number: i64, own: Option<i64>, cell: &[u8]| {
        let entries = without(community(1), "masked");
        let entries = match own {
            Some(own) => with(entries, "masked", Plain::Int(own)),
            None => entries,
        };
        let communities = vec![(Plain::Int(number), Plain::Dict(entries))];
        read(with(year_of(communities), "mask", mask(cell))).expect("a year").communities[0].is_masked
    };
    assert!(masked(1, None, &[0, 1]) && !masked(0, None, &[0, 1]));
    assert!(masked(0, Some(1), &[0, 1]) && !masked(1, Some(0), &[0, 1]));
    assert!(!masked(2, None, &[1, 1]), "outside of the mask");
}

#[test]
fn numbers_may_have_any_type() {
    let numbers = |dtype: &'static str, order: &'static str, data: &[u8]| {
        Plain::Shaped(vec![2], Numbers { dtype, order, data: data.to_vec() })
    };
    for values in [
        numbers("f8", ">", &[1.0f64.to_be_bytes(), 300.0f64.to_be_bytes()].concat()),
        numbers("f4", "<", &[1.0f32.to_le_bytes(), 300.0f32.to_le_bytes()].concat()),
        numbers("f4", ">", &[1.0f32.to_be_bytes(), 300.0f32.to_be_bytes()].concat()),
        numbers("i4", "<", &[1, 0, 0, 0, 44, 1, 0, 0]),
        numbers("u2", ">", &[0, 1, 1, 44]),
    ] {
        let entries = with(community(2), "vp_ocp", values.clone());
        assert_eq!(one(entries).expect("a community").vp_ocp, [1.0, 300.0], "{values:?}");
    }
    for ids in [numbers("i4", ">", &[0, 0, 0, 1, 0, 0, 1, 44]), Plain::Array(vec![1, 300])] {
        assert_eq!(one(with(community(2), "id", ids)).expect("a community").ids, [1, 300]);
    }
    let index = Numbers { dtype: "i8", order: "<", data: 1i64.to_le_bytes().to_vec() };
    let communities = vec![(Plain::Scalar(index.clone()), Plain::Dict(community(1)))];
    let numbered = read(with(year_of(communities), "year", Plain::Scalar(index))).expect("a year");
    assert_eq!((numbered.year, numbered.communities[0].index), (1, 1));
    let state = Plain::List(vec![Plain::List(vec![Plain::Int(6), Plain::Int(100)])]);
    let limitation = one(with(community(1), "uptk_strat_p", state)).expect("a community").limitation;
    assert_eq!(limitation.expect("states").uptake_p, [(6, 100.0)]);
    let bools = numbers("?", "|", &[0, 1]);
    assert_eq!(read(with(year(), "mask", bools)).expect("a year").mask, [false, true]);
}

#[test]
fn of_what_is_there_twice_the_last_counts() {
    let broken = (Plain::Int(0), Plain::None);
    let zero = Numbers { dtype: "i4", order: "<", data: vec![0; 4] };
    let sound = |count| (Plain::Scalar(zero.clone()), Plain::Dict(community(count)));
    let year = read(year_of(vec![broken.clone(), sound(1), sound(2)])).expect("a year");
    assert_eq!((year.communities.len(), year.communities[0].ids.len()), (1, 2));
    assert!(told(read(year_of(vec![sound(1), broken]))).contains("community 0: it is not a dict"));
    let mut twice = community(3);
    twice.insert(0, (text("vp_ocp"), Plain::None));
    assert!(one(twice).is_ok());
}

#[test]
fn a_key_that_is_missing_or_something_else_is_named() {
    for key in FIGURES.iter().chain(&["communities", "year"]) {
        assert_eq!(told(read(without(year(), key))), format!("unexpected content: key {key:?} is missing"));
        let wrong = told(read(with(year(), key, text("x"))));
        assert!(wrong.starts_with(&format!("unexpected content: key {key:?} is not a ")), "{wrong}");
    }
    for key in FIGURES[1..].iter().chain(&FIELDS).chain(&STATES).chain(&["id"]) {
        let missing = told(one(without(community(2), key)));
        assert_eq!(missing, format!("unexpected content: community 0: key {key:?} is missing"));
        for wrong in [text("x"), Plain::None, Plain::Dict(vec![])] {
            let wrong = told(one(with(community(2), key, wrong)));
            let start = format!("unexpected content: community 0: key {key:?} is not a ");
            assert!(wrong.starts_with(&start), "{wrong}");
        }
    }
    for key in ["masked", "shannon_entropy", "shannon_diversity", "shannon_evenness"] {
        assert!(told(one(with(community(2), key, text("x")))).contains(&format!("community 0: key {key:?}")));
    }
    for top in [Plain::None, Plain::List(vec![]), f8s(&[1.0])] {
        let dump = Dump::decode(&write(&top, 5), Vec::new(), &LIMITS).expect("a pickle");
        assert!(matches!(
            CommunityYear::read(dump.root()),
            Err(DumpError::Content(ContentProblem::NotADict))
        ));
    }
}

#[test]
fn arrays_of_another_shape_or_type_are_refused() {
    let numbers = |shape: &[i64], dtype: &'static str, bytes: usize| {
        Plain::Shaped(shape.to_vec(), Numbers { dtype, order: "<", data: vec![0; bytes] })
    };
    for key in FIELDS.iter().chain(&["id"]) {
        for wrong in [
            numbers(&[], "i8", 8),
            numbers(&[2, 1], "i8", 16),
            numbers(&[2], "M8", 16),
            numbers(&[2], "c8", 16),
            numbers(&[2], "S1", 2),
            numbers(&[2], "V0", 0),
        ] {
            let message = told(one(with(community(2), key, wrong)));
            assert!(message.contains(&format!("key {key:?} is not a one-dimensional array")), "{message}");
        }
    }
    assert!(told(one(with(community(2), "id", f8s(&[1.0, 2.0])))).contains("whole numbers"));
    let huge = Numbers { dtype: "u8", order: "<", data: vec![0xff; 8] };
    assert!(told(one(with(community(1), "id", Plain::Shaped(vec![1], huge)))).contains("\"id\""));
    for wrong in [f8s(&[0.0]), numbers(&[1, 1], "i1", 1), Plain::None, Plain::Int(0)] {
        assert!(told(read(with(year(), "mask", wrong))).contains("key \"mask\" is not a"));
    }
}

#[test]
fn lengths_that_differ_are_told() {
    for key in FIELDS {
        for length in [0, 1, 3] {
            let message = told(one(with(community(2), key, f8s(&vec![0.5; length]))));
            assert_eq!(
                message,
                format!("unexpected content: community 0: key {key:?} has {length} values, \"id\" has 2")
            );
        }
    }
    let pair = |items: Vec<Plain>| Plain::Tuple(items);
    let good = || pair(vec![Plain::Int(1), float(1.0)]);
    for key in STATES {
        let state = |states: Vec<Plain>| told(one(with(community(2), key, Plain::Tuple(states))));
        assert!(state(vec![good()]).contains("has 1 values, \"id\" has 2"));
        for wrong in [
            Plain::Int(1),
            pair(vec![]),
            pair(vec![Plain::Int(1)]),
            pair(vec![Plain::Int(1), float(1.0), float(1.0)]),
            pair(vec![float(1.0), float(1.0)]),
            pair(vec![Plain::Int(1), text("x")]),
            pair(vec![Plain::Int(1 << 31), float(1.0)]),
        ] {
            assert!(state(vec![good(), wrong]).contains(&format!("key {key:?} is not a tuple of pairs")));
        }
    }
}

#[test]
fn numbers_that_none_can_have_are_told() {
    let numbered = |key: Plain| read(year_of(vec![(key, Plain::Dict(community(1)))]));
    assert_eq!(numbered(Plain::Int(65_535)).expect("the largest").communities[0].index, 65_535);
    for number in [-1, 65_536, i64::MIN, i64::MAX] {
        let message = told(numbered(Plain::Int(number)));
        assert!(message.contains(&format!("community {number} is not among 0 to 65535")), "{message}");
    }
    for key in [text("0"), Plain::None, float(0.0), Plain::Wide(i128::MAX), Plain::Tuple(vec![])] {
        assert!(told(numbered(key)).contains("key \"communities\" is not a dict by whole numbers"));
    }
    for number in [i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1, i64::MAX] {
        assert!(told(read(with(year(), "year", Plain::Int(number)))).contains(&number.to_string()));
    }
    assert_eq!(read(with(year(), "year", Plain::Int(-9))).expect("a year").year, -9);
}

#[test]
fn more_of_anything_than_a_model_writes_is_refused() {
    let many = |count: i64| (0..count).map(|key| (Plain::Int(key), Plain::None)).collect::<Entries>();
    assert!(told(read(year_of(many(65_537)))).contains("65537 communities, more than the limit of 65536"));
    assert!(told(read(many(129))).contains("129 keys"));
    assert!(told(one(many(129))).contains("community 0: it has 129 keys"));
    assert!(
        told(read(with(year(), "mask", mask(&vec![0; 65_537])))).contains("65537 communities in its mask")
    );
    let large = with(community(0), "id", Plain::Shaped(vec![(1 << 18) + 1], ids((1 << 18) + 1)));
    assert!(told(one(large)).contains("262145 strategies, more than the limit of 262144"));
}

fn ids(count: usize) -> Numbers {
    Numbers { dtype: "i1", order: "|", data: vec![0; count] }
}

#[test]
fn one_array_in_many_communities_is_counted_each_time() {
    // Each community is the same value, named again: a few bytes for 1,000 strategies.
    let array = |pickle: Pickle| pickle.joblib_array(&[1000], "C", |p| p.dtype("i1", "|"), &[0; 1000]);
    let array = array(Pickle::new()).op(b"q\x000");
    let named = ["id"].iter().chain(&FIELDS).fold(array.op(b"}"), |p, key| p.text(key).op(b"h\x00s"));
    let figures = |pickle: Pickle| FIGURES.iter().fold(pickle, |pickle, key| pickle.text(key).op(b"K\x01s"));
    let community = figures(named).op(b"q\x010");
    let shared = |count: usize| {
        let communities =
            (0..count).fold(community.clone().op(b"}"), |pickle, key| pickle.int(key as i64).op(b"h\x01s"));
        let top = communities.op(b"q\x020").op(b"}").text("communities").op(b"h\x02s");
        let bytes = figures(top).text("year").op(b"K\x01s").end();
        CommunityYear::read(Dump::decode(&bytes, Vec::new(), &LIMITS).expect("a pickle").root())
    };
    assert_eq!(shared(262).expect("a year").communities.len(), 262);
    assert!(told(shared(263)).contains("263000 strategies"));
    assert!(told(shared(65_536)).contains("263000 strategies"), "no more of them are looked at");
}
