use proptest::prelude::*;

use super::*;

#[test]
fn levels_are_round_and_cover_the_range() {
    assert_eq!(levels(0.03, 0.98, 10), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]);
    assert_eq!(levels(12.0, 31.0, 8), [10.0, 12.5, 15.0, 17.5, 20.0, 22.5, 25.0, 27.5, 30.0, 32.5]);
    assert_eq!(centred_levels(0.37, 8), [-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4]);
    assert_eq!(levels(5.0, 5.0, 5), [4.7, 4.8, 4.9, 5.0, 5.1, 5.2, 5.3]);
    assert_eq!(ticks(-0.3, 1.1, 6), [-0.25, 0.0, 0.25, 0.5, 0.75, 1.0]);
}

#[test]
fn numbers_are_written_as_people_write_them() {
    assert_eq!(labels(&[-0.5, 0.0, 0.25]), ["−0.50", "0.00", "0.25"]);
    assert_eq!(labels(&[0.0, 2e6]), ["0", "2×10⁶"]);
    assert_eq!(label(-1234.56), "−1235");
    assert_eq!(label(0.012345), "0.01235");
    assert_eq!(label(-0.0), "0");
    assert_eq!(units("kg m-2 year-1"), "kg m⁻² year⁻¹");
    assert_eq!(units("1"), "");
    assert_eq!(units("degree_Celsius"), "°C");
    assert_eq!(with_units("Leaf area index", "1"), "Leaf area index");
    assert_eq!(
        [degrees(-60.0, "E", "W"), degrees(0.0, "N", "S"), degrees(200.0, "E", "W"), degrees(2.5, "N", "S")],
        ["60°W", "0°", "160°W", "2.5°N"]
    );
}

#[test]
fn classes_take_the_values_between_their_levels() {
    let scale = ColourScale {
        levels: vec![0.0, 1.0, 2.0],
        map: ColourMap::SEQUENTIAL,
        smooth: false,
        extends: (false, true),
    };
    let colour = |value: f64| scale.colour(value);
    assert_eq!(colour(f64::NAN), None);
    assert_eq!(colour(0.0), colour(0.99));
    assert_ne!(colour(0.99), colour(1.0));
    assert_eq!(colour(1.0), colour(2.0));
    assert_ne!(colour(2.0), colour(2.01));
    assert_eq!(colour(2.01), Some(ColourMap::SEQUENTIAL.at(1.0)));
}

proptest! {
    #[test]
    fn any_range_has_levels_around_and_ticks_within(low in -1e9f64..1e9, width in 1e-6f64..1e9, classes in 1usize..20) {
        let high = low + width;
        let around = levels(low, high, classes);
        prop_assert!(around.len() >= 2 && around.len() <= classes + 3, "{:?}", around);
        prop_assert!(around.windows(2).all(|pair| pair[0] < pair[1]));
        let (low, high) = widened(low, high);
        let slack = (high - low) * 1e-5 + low.abs().max(high.abs()) * 1e-9;
        prop_assert!(around[0] <= low + slack && *around.last().unwrap() >= high - slack);
        let inner = ticks(low, high, classes);
        prop_assert!(inner.len() <= classes + 1);
        prop_assert!(inner.iter().all(|tick| (low - slack..=high + slack).contains(tick)));
    }

    #[test]
    fn levels_around_zero_are_their_own_mirror(extreme in 1e-9f64..1e12, classes in 2usize..20) {
        let around = centred_levels(extreme, classes);
        let mirror: Vec<f64> = around.iter().rev().map(|level| if *level == 0.0 { 0.0 } else { -level }).collect();
        prop_assert_eq!(&around, &mirror);
        prop_assert!(around.contains(&0.0) && *around.last().unwrap() >= extreme * 0.99999);
    }
}
