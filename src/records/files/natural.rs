//! The order of names in which numbers are numbers.

use std::cmp::Ordering;

/// The order of two names: runs of digits by their value, all else by bytes. `run2` is before `run10`; names that differ in leading zeros only are
/// in the order of their bytes, so that no two names are equal.
pub fn natural(one: &[u8], other: &[u8]) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        match (left.first(), right.first()) {
            (None, None) => return one.cmp(other),
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (a, after_a) = number(left);
                let (b, after_b) = number(right);
                match a.len().cmp(&b.len()).then_with(|| a.cmp(b)) {
                    Ordering::Equal => (left, right) = (after_a, after_b),
                    order => return order,
                }
            }
            (a, b) if a != b => return a.cmp(&b),
            _ => {
                left = left.get(1..).unwrap_or_default();
                right = right.get(1..).unwrap_or_default();
            }
        }
    }
}

/// The digits at the beginning without leading zeros, and what follows.
fn number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at_checked(end).unwrap_or((bytes, b""));
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_numbers() {
        let mut names =
            ["run10/a", "run2/b", "run02/a", "run2/a", "run", "b1", "b01x", "run2/a10", "run2/a9"];
        names.sort_by(|one, other| natural(one.as_bytes(), other.as_bytes()));
        assert_eq!(
            names,
            ["b1", "b01x", "run", "run02/a", "run2/a", "run2/a9", "run2/a10", "run2/b", "run10/a"]
        );
    }

    proptest! {
        #[test]
        fn it_is_an_order(names in proptest::collection::vec("[ab01]{0,6}", 3)) {
            let order = |i: usize, j: usize| natural(names[i].as_bytes(), names[j].as_bytes());
            prop_assert_eq!(order(0, 1), order(1, 0).reverse());
            prop_assert_eq!(order(0, 1) == Ordering::Equal, names[0] == names[1]);
            if order(0, 1) != Ordering::Greater && order(1, 2) != Ordering::Greater {
                prop_assert_ne!(order(0, 2), Ordering::Greater);
            }
        }
    }
}
