//! Shuffled bytes become the same numbers with vectors and without.

use proptest::prelude::*;
use pulp::Scalar;

use super::*;

/// Does some work with the processor's vectors, or without any.
fn run<W: WithSimd>(wide: bool, work: W) -> W::Output {
    if wide { Arch::new().dispatch(work) } else { work.with_simd(Scalar) }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    /// Of any length, since what is left of a block goes another way.
    #[test]
    fn shuffled_bytes(
        values in prop::collection::vec(prop_oneof![3 => any::<f32>(), 1 => Just(1e20), 1 => Just(-9999.0)], 0..200),
        fill in prop_oneof![Just(None), Just(Some(-9999.0)), Just(Some(0.1))],
        from in 0usize..3,
    ) {
        let values = values.get(from..).unwrap_or_default();
        let planes: [Vec<u8>; 4] =
            std::array::from_fn(|byte| values.iter().map(|value| value.to_le_bytes()[byte]).collect());
        let wanted: Vec<f64> = values
            .iter()
            .map(|&value| f64::from(value))
            .map(|value| if value.abs() < LARGEST && Some(value) != fill { value } else { f64::NAN })
            .collect();
        for wide in [true, false] {
            let mut made = vec![7.0; values.len()];
            let planes = planes.each_ref().map(Vec::as_slice);
            let float = fill.map_or(f32::NAN, |fill| if f64::from(fill as f32) == fill { fill as f32 } else { f32::NAN });
            let any = run(wide, Unshuffled { planes, fill: float, target: &mut made });
            prop_assert_eq!(bits(&made), bits(&wanted));
            prop_assert_eq!(any, wanted.iter().any(|value| !value.is_nan()));
        }
        let mut made = vec![7.0; values.len()];
        unshuffled(planes.each_ref().map(Vec::as_slice), fill, &mut made);
        prop_assert_eq!(bits(&made), bits(&wanted));
    }
}
