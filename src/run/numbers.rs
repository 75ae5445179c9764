//! The numbers of periods and years, and those that are left out between them.

use std::collections::BTreeMap;

/// More numbers than this between two are no hole in a numbering.
const LONGEST_HOLE: u32 = 1_000;

/// Numbers in order, with those that are left out between them. Where numbers go in steps, as years that are written every five
/// years, the most frequent step says which are.
pub fn with_holes(there: &[u32]) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for pair in there.windows(2) {
        if let [one, next] = pair {
            *counts.entry(next.saturating_sub(*one)).or_default() += 1;
        }
    }
    // Of several the shortest. A pair by itself says nothing of steps.
    let most = counts.values().max().copied().unwrap_or(0);
    let step = counts.iter().find(|&(_, &count)| count == most).map_or(1, |(&step, _)| step.max(1));
    let step = if there.len() < 3 { 1 } else { step };
    let mut all = Vec::with_capacity(there.len());
    for &number in there {
        if let Some(&last) = all.last()
            && number.saturating_sub(last) / step <= LONGEST_HOLE
            && number.saturating_sub(last).is_multiple_of(step)
        {
            all.extend((last..number).step_by(step as usize).skip(1));
        }
        all.push(number);
    }
    all
}

/// Numbers in order as selections are written: those that follow one another as ranges.
pub fn ranges<T: Copy + Into<i64>>(numbers: &[T]) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for number in numbers.iter().map(|&number| number.into()) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = |&(first, last): &(i64, i64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_as_the_option_takes_them() {
        assert_eq!(ranges(&[1_u32, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges::<i32>(&[]), "");
    }

    #[test]
    fn numbers_that_go_in_steps_have_no_holes_between_them() {
        assert!(with_holes(&[]).is_empty());
        assert_eq!(with_holes(&[7]), [7]);
        assert_eq!(with_holes(&[1, 3]), [1, 2, 3]);
        assert_eq!(with_holes(&[1980, 1985, 1990, 2000]), [1980, 1985, 1990, 1995, 2000]);
        assert_eq!(with_holes(&[1, 2, 3, 900_000_000]), [1, 2, 3, 900_000_000]);
    }
}
