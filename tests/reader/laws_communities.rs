//! Laws that hold for any yearly dump.

use std::collections::BTreeSet;

use gridloom::caete::CommunityYear;
use gridloom::dump::{Dump, DumpError, Limits};
use proptest::collection::vec;
use proptest::prelude::*;

use super::made_year::*;
use super::writer::{Plain, write};

/// What holds of every year that is read.
fn check(year: &CommunityYear) {
    let numbers: BTreeSet<u32> = year.communities.iter().map(|community| community.index).collect();
    assert!(year.communities.iter().map(|community| community.index).eq(numbers));
    for community in &year.communities {
        let count = community.ids.len();
        for values in [&community.vp_cleaf, &community.vp_croot, &community.vp_cwood, &community.vp_ocp] {
            assert_eq!(values.len(), count);
        }
        if let Some(states) = &community.limitation {
            for pairs in [&states.leaf, &states.root, &states.wood, &states.uptake_n, &states.uptake_p] {
                assert_eq!(pairs.len(), count);
            }
        }
    }
}

fn anything() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::None),
        any::<i64>().prop_map(Plain::Int),
        any::<f64>().prop_map(float),
        any::<i128>().prop_map(Plain::Wide),
        "[a-z]{0,4}".prop_map(Plain::Text),
        vec(any::<u16>(), 0..5).prop_map(Plain::Array),
        vec(any::<f64>(), 0..5).prop_map(|values| f8s(&values)),
        any::<f32>().prop_map(f4),
        (0usize..5).prop_map(|count| Plain::Dict(community(count))),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Plain::Tuple),
            vec((inner.clone(), inner), 0..4).prop_map(Plain::Dict),
        ]
    })
}

/// What a community can be known by, and now and then what it can't.
fn number() -> impl Strategy<Value = Plain> {
    prop_oneof![4 => (0i64..4).prop_map(Plain::Int), 1 => anything()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_years_are_read_or_refused(pieces in vec((0usize..1 << 16, any::<[u8; 3]>()), 1..4)) {
        let mut bytes = write(&Plain::Dict(year()), 5);
        for (start, piece) in pieces {
            let start = start % bytes.len();
            bytes.iter_mut().skip(start).zip(piece).for_each(|(byte, other)| *byte ^= other);
        }
        let limits = Limits { decoded_bytes: 1 << 20, values: 1 << 14, ..LIMITS };
        if let Ok(dump) = Dump::decode(&bytes, Vec::new(), &limits)
            && let Ok(year) = CommunityYear::read(dump.root())
        {
            check(&year);
        }
    }

    #[test]
    fn years_with_anything_in_them_are_read_or_refused(
        key in 0usize..20, value in anything(), in_community: bool, number in number(),
    ) {
        let (mut top, mut inner) = (year(), community(2));
        let target = if in_community { &mut inner } else { &mut top };
        if let Some(entry) = target.get_mut(key) {
            entry.1 = value;
        }
        if in_community {
            set(&mut top, "communities", Plain::Dict(vec![(number, Plain::Dict(inner))]));
        }
        match read(top) {
            Ok(year) => check(&year),
            Err(error) => prop_assert!(matches!(error, DumpError::Content(_)), "{}", error),
        }
    }

    #[test]
    fn years_are_read_as_they_were_written(
        counts in vec((0i64..65_536, 0usize..6), 0..6), bits: [u64; 4], codes: [i32; 2], year: i32,
    ) {
        let [a, b, c, d] = bits.map(f64::from_bits);
        let states = |count| vec![(codes[0], d); count];
        let mut wanted = BTreeSet::new();
        let mut communities = Vec::new();
        for &(number, count) in counts.iter().filter(|&&(number, _)| wanted.insert(number)) {
            let pair = Plain::Tuple(vec![Plain::Int(codes[0].into()), float(d)]);
            let entries = with(community(count), "vp_cwood", f8s(&vec![a; count]));
            let entries = with(entries, "uptk_strat_n", Plain::Tuple(vec![pair; count]));
            communities.push((Plain::Int(number), Plain::Dict(with(entries, "croot", float(b)))));
        }
        let top = with(year_of(communities), "year", Plain::Int(year.into()));
        let found = read(with(top, "cveg", float(c))).expect("a year");
        check(&found);
        prop_assert_eq!((found.year, found.totals.cveg.to_bits()), (year, c.to_bits()));
        prop_assert!(found.communities.iter().map(|community| i64::from(community.index)).eq(wanted));
        for community in found.communities {
            let of = |&&(number, _): &&(i64, usize)| number == i64::from(community.index);
            let count = counts.iter().find(of).map_or(0, |&(_, count)| count);
            prop_assert!(community.vp_cwood.iter().map(|value| value.to_bits()).eq(vec![a.to_bits(); count]));
            prop_assert_eq!(community.croot.to_bits(), b.to_bits());
            let uptake = community.limitation.expect("states").uptake_n;
            let bits = |pairs: Vec<(i32, f64)>| -> Vec<_> {
                pairs.into_iter().map(|(code, percent)| (code, percent.to_bits())).collect()
            };
            prop_assert_eq!(bits(uptake), bits(states(count)));
        }
    }
}
