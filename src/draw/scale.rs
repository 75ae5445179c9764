//! Numbers that people read: round steps, levels, ticks, and how they are written.

use super::colours::ColourMap;
use super::scene::Colour;

/// The largest of 1, 2, 2.5 and 5 times a power of ten that is not above `step`.
fn nice_below(step: f64) -> f64 {
    let mut best = f64::MIN_POSITIVE;
    for exponent in -300..=300 {
        // Parsing gives the nearest number on every machine; powers do not.
        let power: f64 = format!("1e{exponent}").parse().unwrap_or(1.0);
        if power > step * 1.000_001 {
            break;
        }
        for factor in [1.0, 2.0, 2.5, 5.0] {
            if power * factor <= step * 1.000_001 {
                best = power * factor;
            }
        }
    }
    best
}

/// The next larger one of the same numbers.
fn nice_above(step: f64) -> f64 {
    let below = nice_below(step);
    if below >= step * 0.999_999 {
        return below;
    }
    [1.25, 2.0, 2.5]
        .into_iter()
        .map(|factor| below * factor)
        .find(|&above| (nice_below(above) / above - 1.0).abs() < 1e-6 && above >= step)
        .unwrap_or(below * 2.0)
}

/// Round numbers within a range, at most `most` and at least two where the range is not empty.
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    if low >= high || !low.is_finite() || !high.is_finite() {
        return vec![low];
    }
    let step = nice_above((high - low) / most.max(1) as f64);
    let slack = step * 1e-6;
    let (first, last) = (((low - slack) / step).ceil() as i64, ((high + slack) / step).floor() as i64);
    (first..=last.min(first + 1000)).map(|index| multiple(index, step)).collect()
}

/// A multiple of a round step, without the noise of multiplication.
fn multiple(index: i64, step: f64) -> f64 {
    let value = index as f64 * step;
    format!("{value:.12e}").parse().unwrap_or(value)
}

/// Round levels around a range: the first is not above `low`, the last not below `high`.
pub fn levels(low: f64, high: f64, classes: usize) -> Vec<f64> {
    let (low, high) = widened(low, high);
    let step = nice_above((high - low) / classes.max(1) as f64);
    let slack = step * 1e-6;
    let (first, last) = (((low + slack) / step).floor() as i64, ((high - slack) / step).ceil() as i64);
    (first..=last.max(first + 1).min(first + 1000)).map(|index| multiple(index, step)).collect()
}

/// Levels around zero, as many below as above.
pub fn centred_levels(extreme: f64, classes: usize) -> Vec<f64> {
    let extreme = if extreme > 0.0 && extreme.is_finite() { extreme } else { 1.0 };
    let half = (classes / 2).max(1);
    let step = nice_above(extreme / half as f64);
    let count = ((extreme / step) - 1e-6).ceil().max(1.0) as i64;
    (-count..=count).map(|index| multiple(index, step)).collect()
}

/// A range of which both ends are different numbers.
pub fn widened(low: f64, high: f64) -> (f64, f64) {
    match (low.is_finite() && high.is_finite(), high - low) {
        (false, _) => (0.0, 1.0),
        (true, width) if width > 1e-9 * low.abs().max(high.abs()) => (low, high),
        (true, _) if low == 0.0 => (0.0, 1.0),
        (true, _) => (low - low.abs() * 0.05, high + high.abs() * 0.05),
    }
}

/// The values below and above which the given share of finite values lies.
pub fn robust_range(values: impl Iterator<Item = f64>, share: f64) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |share: f64| values.get((share * last as f64).round() as usize).copied();
    Some((at(share)?, at(1.0 - share)?))
}

/// Numbers as they stand beside an axis: all with the same digits behind the point, and a true minus.
pub fn labels(values: &[f64]) -> Vec<String> {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest != 0.0 && !(1e-4..1e6).contains(&largest) {
        return values.iter().map(|&value| scientific(value)).collect();
    }
    let needs = |value: f64| {
        (0..8).find(|&digits| {
            let shown: f64 = format!("{value:.digits$}").parse().unwrap_or(f64::NAN);
            (shown - value).abs() <= largest * 1e-9
        })
    };
    let digits = values.iter().filter_map(|&value| needs(value)).max().unwrap_or(3);
    values.iter().map(|value| with_minus(&format!("{value:.digits$}"))).collect()
}

/// A number by itself, with about four digits that count.
pub fn label(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return scientific(value);
    }
    let digits = [(1000.0, 0), (100.0, 1), (10.0, 2), (1.0, 3), (0.1, 4)];
    let digits = digits.into_iter().find(|(limit, _)| size >= *limit).map_or(5, |(_, digits)| digits);
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    with_minus(text)
}

fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{value:.3e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    with_minus(&format!("{mantissa}×10{}", raised(exponent)))
}

fn with_minus(text: &str) -> String {
    let is_zero = text.chars().all(|letter| matches!(letter, '-' | '0' | '.'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text.replace('-', "−") }
}

fn raised(digits: &str) -> String {
    let raise = |letter| match letter {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    };
    digits.chars().map(raise).collect()
}

/// Units as they are printed: `kg m-2 year-1` becomes `kg m⁻² year⁻¹`; `1` is no unit.
pub fn units(text: &str) -> String {
    let word = |word: &str| -> String {
        match word {
            "degree_Celsius" | "degC" | "Celsius" => return "°C".to_owned(),
            "degrees_north" => return "°N".to_owned(),
            "degrees_east" => return "°E".to_owned(),
            "percent" => return "%".to_owned(),
            _ => {}
        }
        let split = word.find(|letter: char| letter == '-' || letter.is_ascii_digit());
        match split.map(|at| word.split_at(at)) {
            Some((base, exponent))
                if !base.is_empty()
                    && base.chars().all(char::is_alphabetic)
                    && exponent.parse::<i32>().is_ok() =>
            {
                format!("{base}{}", raised(exponent))
            }
            _ => word.to_owned(),
        }
    };
    match text.trim() {
        "1" | "" => String::new(),
        text => text.split_whitespace().map(word).collect::<Vec<_>>().join(" "),
    }
}

/// A name with its units in brackets.
pub fn with_units(name: &str, text: &str) -> String {
    match units(text) {
        units if units.is_empty() => name.to_owned(),
        units => format!("{name} ({units})"),
    }
}

/// A latitude, `10°N`, or a longitude, `60°W`.
pub fn degrees(value: f64, positive: &str, negative: &str) -> String {
    let value = if positive == "E" { (value + 540.0).rem_euclid(360.0) - 180.0 } else { value };
    let letter = match value {
        0.0 => "",
        180.0 | -180.0 => "",
        value if value > 0.0 => positive,
        _ => negative,
    };
    let text = format!("{:.2}", value.abs());
    format!("{}°{letter}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Steps for axes of degrees.
pub fn degree_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let steps = [0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0];
    let count = |step: f64| ((high / step + 1e-9).floor() - (low / step - 1e-9).ceil() + 1.0).max(0.0);
    let step = steps.into_iter().find(|&step| count(step) <= most as f64).unwrap_or(90.0);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|index| index as f64 * step).collect()
}

/// How values become colours.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourScale {
    /// Levels, ascending, at least two. A class between two of them has one colour, unless the scale is smooth.
    pub levels: Vec<f64>,
    /// The colours.
    pub map: ColourMap,
    /// Whether colours change without steps; then only the first and the last level count.
    pub smooth: bool,
    /// Whether there are values below and above.
    pub extends: (bool, bool),
}

impl ColourScale {
    /// The ends.
    pub fn range(&self) -> (f64, f64) {
        (self.levels.first().copied().unwrap_or(0.0), self.levels.last().copied().unwrap_or(1.0))
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.levels.len().saturating_sub(1).max(1)
    }

    /// The colour of a class, counted from 0; -1 and one too many are those beyond the ends.
    pub fn class_colour(&self, class: i64) -> Colour {
        let beyond = (i64::from(self.extends.0), i64::from(self.extends.1));
        let count = self.classes() as i64 + beyond.0 + beyond.1;
        let place = (class + beyond.0).clamp(0, count - 1) as f64;
        // A single class takes the middle; two and more take both ends of the map.
        self.map.at(if count > 1 { place / (count - 1) as f64 } else { 0.5 })
    }

    /// The colour of a value; `None` for what is no number.
    pub fn colour(&self, value: f64) -> Option<Colour> {
        if value.is_nan() {
            return None;
        }
        let (low, high) = self.range();
        if self.smooth {
            return Some(self.map.at((value - low) / (high - low)));
        }
        if value < low {
            return Some(self.class_colour(-1));
        }
        if value > high {
            return Some(self.class_colour(self.classes() as i64));
        }
        // A value on a level belongs to the class above, but on the last one to the last class.
        let class = self.levels.partition_point(|&level| level <= value) as i64 - 1;
        Some(self.class_colour(class.min(self.classes() as i64 - 1)))
    }
}

#[cfg(test)]
mod tests;
