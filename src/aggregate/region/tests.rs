use proptest::prelude::*;

use super::*;

fn of(cells: &[(f64, f64)]) -> Weighted {
    let mut all = Weighted::default();
    cells.iter().for_each(|&(value, weight)| all.add(value, weight));
    all
}

/// From numpy 2.4: `average` and the square root of the `average` of squared deviations, both with weights; and the
/// sum of values times weights.
#[test]
fn agrees_with_numpy() {
    let values = [12.5, -3.25, 0.1, 288.15, 7.75, 1e-3];
    let weights = [3.09e9, 2.5e9, 1.2e9, 8e8, 3e9, 1.1e9];
    let numpy = [24.327724550898203, 71.75853430767464, 284391100000.0];
    let all = of(&values.into_iter().zip(weights).collect::<Vec<_>>());
    for (found, numpy) in [all.mean(), all.std(), all.total()].into_iter().zip(numpy) {
        assert!((found / numpy - 1.0).abs() < 1e-15, "{found} {numpy}");
    }
}

#[test]
fn no_cells_and_no_weights() {
    let all = of(&[(f64::NAN, 1.0), (1.0, 0.0), (1.0, -2.0), (1.0, f64::NAN), (1.0, f64::INFINITY)]);
    assert_eq!(all, Weighted::default());
    assert!(all.mean().is_nan() && all.std().is_nan() && all.total().is_nan());
    let all = of(&[(f64::INFINITY, 1.0), (2.0, 3.0)]);
    assert_eq!((all.mean(), all.total(), all.minimum, all.cells), (f64::INFINITY, f64::INFINITY, 2.0, 2));
    assert!(all.std().is_nan());
}

#[test]
fn a_small_spread_around_a_large_mean() {
    assert_eq!(of(&[(0.1, 3e9), (0.1, 7e8), (0.1, 0.3)]).std(), 0.0);
    let all = of(&[(1e12 + 1.0, 0.5), (1e12 - 1.0, 0.5)]);
    assert_eq!((all.mean(), all.std()), (1e12, 1.0));
}

#[test]
fn lengths_that_differ() {
    let mut days = [Weighted::default(); 3];
    add_series(&mut days, &[1.0, 2.0], 4.0);
    add_series(&mut days[..1], &[3.0, 2.0], 4.0);
    add_series(&mut days, &[1.0, 2.0, 3.0], f64::NAN);
    assert_eq!(days.map(|day| day.cells), [2, 1, 0]);
}

#[test]
fn bytes_are_little_endian() {
    let bytes = of(&[(3.0, 2.0)]).to_bytes();
    let expected = [2.0, 0.0, 6.0, 0.0, 18.0, 0.0, 3.0, 3.0].map(f64::to_le_bytes);
    assert_eq!((&bytes[..8], &bytes[8..]), (&1_u64.to_le_bytes()[..], expected.as_flattened()));
}

proptest! {
    #[test]
    fn neither_order_nor_parts_matter(
        cells in prop::collection::vec((-1e3..1e3_f64, 1.0..4e9_f64), 1..80),
        lift in prop::sample::select(vec![0.0, 273.15, -1e7]),
        cut in 0..80_usize,
    ) {
        let mut cells: Vec<(f64, f64)> = cells.into_iter().map(|(value, weight)| (value + lift, weight)).collect();
        let forwards = of(&cells);
        let (left, right) = cells.split_at(cut.min(cells.len()));
        let mut merged = of(right);
        merged.merge(&of(left));
        cells.reverse();
        for other in [merged, of(&cells)] {
            prop_assert_eq!((other.cells, other.mean(), other.total()), (forwards.cells, forwards.mean(), forwards.total()));
            prop_assert_eq!((other.minimum, other.maximum), (forwards.minimum, forwards.maximum));
            let size = forwards.minimum.abs().max(forwards.maximum.abs());
            prop_assert!((other.std() - forwards.std()).abs() <= 1e-14 * size, "{} {}", other.std(), forwards.std());
            prop_assert!((other.weight - forwards.weight).to_f64().abs() <= forwards.weight.to_f64() * 1e-29);
        }
        // The plain definition, in two passes.
        let weight: f64 = cells.iter().map(|cell| cell.1).sum();
        let mean = cells.iter().map(|(value, weight)| value * weight).sum::<f64>() / weight;
        let squares = cells.iter().map(|(value, weight)| (value - forwards.mean()).powi(2) * weight).sum::<f64>();
        prop_assert!((forwards.mean() - mean).abs() <= 1e-12 * (1e3 + lift.abs()));
        prop_assert!((forwards.std() - (squares / weight).sqrt()).abs() <= 1e-12 * (1e3 + lift.abs() * 1e-3));
    }

    #[test]
    fn rounding_makes_no_spread(value in -1e3..1e3_f64, weights in prop::collection::vec(0.1..4e9_f64, 2..20)) {
        let mut cells: Vec<(f64, f64)> = weights.into_iter().map(|weight| (value, weight)).collect();
        prop_assert_eq!(of(&cells).std(), 0.0);
        cells[0].0 = value.next_up();
        let std = of(&cells).std();
        prop_assert!((0.0..=1e-15 * value.abs()).contains(&std), "{std}");
    }

    #[test]
    fn bytes_there_and_back(
        cells in prop::collection::vec((-1e30..1e30_f64, -1.0..1e12_f64), 0..9),
        low in any::<[[u8; 9]; 4]>(),
        high in any::<[[u8; 9]; 4]>(),
    ) {
        let all = of(&cells);
        prop_assert_eq!(Weighted::from_bytes(&all.to_bytes()), all);
        let mut bytes = [0; Weighted::BYTES];
        bytes.iter_mut().zip([low, high].as_flattened().as_flattened()).for_each(|(to, from)| *to = *from);
        let mut any = Weighted::from_bytes(&bytes);
        prop_assert_eq!(any.to_bytes(), bytes);
        any.add(1.5, 2.0);
        any.merge(&all);
        let _ = (any.mean(), any.std(), any.total());
    }

    #[test]
    fn a_series_is_its_days(
        series in prop::collection::vec((prop::collection::vec(-5.0..5.0_f64, 40), 0.5..2.0_f64), 0..5),
    ) {
        let value = |value: f64| if value < -4.0 { f64::NAN } else { value };
        let mut days = vec![Weighted::default(); 40];
        let mut singly = days.clone();
        for (values, weight) in series {
            let values: Vec<f64> = values.into_iter().map(value).collect();
            add_series(&mut days, &values, weight);
            singly.iter_mut().zip(&values).for_each(|(day, &value)| day.add(value, weight));
        }
        prop_assert_eq!(days, singly);
    }
}
