//! The grid that coordinates are on: its step, and whether they are centres or corners.

use std::collections::BTreeSet;

use crate::records::description::At;

/// Steps of grids that people use, as parts of a degree: so many to a degree, or so many degrees.
const PARTS: [f64; 22] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 16.0, 20.0, 24.0, 30.0, 32.0, 40.0, 48.0, 60.0,
    64.0, 100.0, 120.0, 240.0,
];
const WHOLE: [f64; 20] = [
    30.0, 20.0, 15.0, 10.0, 9.0, 8.0, 7.5, 6.0, 5.625, 5.0, 4.5, 4.0, 3.75, 3.0, 2.8125, 2.5, 2.0, 1.875,
    1.5, 1.25,
];
const OTHERS: [f64; 9] = [1.125, 0.9375, 0.75, 0.703_125, 0.625, 0.6, 0.3125, 0.4, 0.3];

/// Decimals of which coordinates are compared: a centimetre. What differs by less is noise of floats.
const DECIMALS: u32 = 7;
/// Cells of the axes for one place, beyond which a step that is the last decimal alone is none.
const SPARSE: f64 = 1_000.0;

/// The coordinates of an axis, as they are written.
#[derive(Debug, Clone, Default)]
pub struct Coordinates {
    values: BTreeSet<i64>,
    decimals: u32,
    /// Whether more decimals were written than are compared.
    noisy: bool,
}

/// Where coordinates are between multiples of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// On them.
    Multiple,
    /// Half-way.
    Half,
    /// Elsewhere.
    Other,
}

/// What an axis is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// The edge of a cell.
    pub step: f64,
    /// Where coordinates are.
    pub phase: Phase,
    /// How far they are from it, by their rounding, where that is much of a step.
    pub snap: Option<f64>,
    /// Cells from the first coordinate to the last.
    pub cells: u64,
    /// Whether the step is no more than the last decimal.
    is_last_decimal: bool,
}

impl Coordinates {
    /// Adds one.
    pub fn add(&mut self, text: &str, value: f64) {
        let decimals = decimals_of(text);
        self.decimals = self.decimals.max(decimals.min(DECIMALS));
        self.noisy |= decimals > DECIMALS;
        self.values.insert((value * 10f64.powi(DECIMALS as i32)).round() as i64);
    }

    /// How many different ones there are.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The least and the greatest.
    pub fn ends(&self) -> Option<[f64; 2]> {
        let scale = 10f64.powi(DECIMALS as i32);
        Some([*self.values.first()? as f64 / scale, *self.values.last()? as f64 / scale])
    }

    /// How far coordinates may be from the places of a grid's cells, where they are rounded by more than a small part of a step: `None` where they are
    /// not, and where rounding does not explain it.
    pub fn snap(&self, step: f64, is_centre: bool) -> Option<f64> {
        let scale = 10f64.powi(DECIMALS as i32);
        let rounding = 0.5 * 10f64.powi(-(self.decimals as i32));
        let origin = if is_centre { 0.5 } else { 0.0 };
        let far = self.values.iter().map(|value| {
            let at = *value as f64 / scale / step - origin;
            (at - at.round()).abs() * step
        });
        let far = far.fold(0.0, f64::max);
        (far > step * 0.03 && far <= rounding * 1.000_1 + 1e-9).then(|| round_up(rounding * 1.2))
    }

    /// The spacing of all; `None` of a single one.
    pub fn spacing(&self) -> Option<Spacing> {
        let values: Vec<i64> = self.values.iter().copied().collect();
        let scale = 10f64.powi(DECIMALS as i32);
        let unit = 10i64.pow(DECIMALS - self.decimals);
        let mut gaps = values.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?));
        let first = gaps.next()?;
        let exact = gaps.fold(first, gcd) as f64 / scale;
        let rounding = 0.5 * unit as f64 / scale;
        let range = (*values.last()? - *values.first()?) as f64 / scale;
        let coordinates = || values.iter().map(|value| *value as f64 / scale);
        let fits = |step: f64, allowed: f64, origin: f64| {
            coordinates().all(|value| {
                let at = (value - origin) / step;
                (at - at.round()).abs() * step <= allowed
            })
        };
        // A rounded value is half of its last digit away; a little more by the arithmetic.
        let allowed = rounding * 1.000_1 + 1e-9;
        let rounded = nice().filter(|step| *step > exact * 1.5 && allowed < step / 5.0 && values.len() > 2);
        let rounded = rounded.map(|step| (step, fits(step, allowed, 0.0), fits(step, allowed, step / 2.0)));
        let rounded =
            rounded.into_iter().find(|(_, multiple, half)| *multiple || *half).map(|(step, ..)| step);
        let (step, allowed) = match rounded {
            Some(step) => (step, allowed),
            None => (exact, 1e-9),
        };
        let phase = match (fits(step, allowed, 0.0), fits(step, allowed, step / 2.0)) {
            (true, _) => Phase::Multiple,
            (_, true) => Phase::Half,
            _ => Phase::Other,
        };
        let snap = rounded.filter(|step| rounding > step * 0.04).map(|_| round_up(rounding * 1.2));
        let is_last_decimal =
            rounded.is_none() && exact <= 1.5 * unit as f64 / scale || self.noisy && exact < 1e-5;
        Some(Spacing { step, phase, snap, cells: (range / step).round() as u64 + 1, is_last_decimal })
    }
}

fn nice() -> impl Iterator<Item = f64> {
    let mut all: Vec<f64> =
        WHOLE.into_iter().chain(OTHERS).chain(PARTS.into_iter().map(|part| 1.0 / part)).collect();
    all.sort_by(|one, other| other.total_cmp(one));
    all.into_iter()
}

fn gcd(one: i64, other: i64) -> i64 {
    let (mut one, mut other) = (one.abs(), other.abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// A number with one digit that is not less.
fn round_up(value: f64) -> f64 {
    let scale = 10f64.powi(-(value.log10().floor() as i32) + 1);
    (value * scale).ceil() / scale
}

fn decimals_of(text: &str) -> u32 {
    let digits = text.find(['e', 'E']).map_or(text, |at| text.get(..at).unwrap_or(text));
    let decimals = digits.find(['.', ',']).map_or(0, |at| digits.len() - at - 1) as u32;
    if digits.len() == text.len() { decimals } else { DECIMALS }
}

/// What both axes are.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundGrid {
    /// The edges of a cell in latitude and longitude.
    pub step: [f64; 2],
    /// Which place of a cell coordinates are.
    pub at: At,
    /// How far from it they may be, where their rounding is much of a step.
    pub snap: Option<f64>,
    /// Cells of both axes, from the first coordinate to the last.
    pub cells: [u64; 2],
    /// In words, where coordinates are.
    pub why: String,
}

/// Why coordinates are on no grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoGrid(pub String);

/// The grid of coordinates: latitudes, longitudes, and the number of different places.
///
/// # Errors
/// A single place, of which no step is known, and places that would make axes of very many cells.
pub fn find(lat: &Coordinates, lon: &Coordinates, places: u64) -> Result<FoundGrid, NoGrid> {
    let (own_lat, own_lon) = (lat.spacing(), lon.spacing());
    let Some(some) = own_lat.or(own_lon) else {
        let text = "all records are of one place, which tells no step; give cell.step, as 0.5, and cell.at";
        return Err(NoGrid(text.to_owned()));
    };
    let single =
        |coordinates: &Coordinates| Spacing { cells: 1, phase: phase_of(coordinates, some.step), ..some };
    let spacing = [own_lat.unwrap_or_else(|| single(lat)), own_lon.unwrap_or_else(|| single(lon))];
    let spacing = square(spacing, [lat, lon]);
    let cells = spacing.map(|axis| axis.cells);
    let all = cells[0] as f64 * cells[1] as f64;
    if spacing.iter().any(|axis| axis.is_last_decimal) && all > SPARSE * places.max(1) as f64 {
        return Err(NoGrid(format!(
            "{places} places with {} latitudes and {} longitudes are on no grid: axes with all of them in steps of {} and {} degrees would have {} × {} = {all:.0} cells; \
             give cell.step and cell.snap of the grid that they belong to, or cell.table",
            lat.count(),
            lon.count(),
            spacing[0].step,
            spacing[1].step,
            cells[0],
            cells[1],
        )));
    }
    let north = lat.ends().map_or(0.0, |[_, north]| north);
    let south = lat.ends().map_or(0.0, |[south, _]| south);
    let step = spacing.map(|axis| tidy(axis.step));
    let words =
        if step[0] == step[1] { format!("{}", step[0]) } else { format!("{} and {}", step[0], step[1]) };
    let (at, why) = match spacing.map(|axis| axis.phase) {
        [Phase::Half, Phase::Half] => {
            (At::Centre, format!("half-way between multiples of {words}, so they are centres"))
        }
        [Phase::Multiple, Phase::Multiple] if north >= 90.0 && south <= -90.0 => {
            return Err(NoGrid(format!(
                "latitudes from {south} to {north} in steps of {words} have both poles, where neither centres nor corners of cells can be; \
                 give cell.at and cell.step"
            )));
        }
        [Phase::Multiple, Phase::Multiple] if north >= 90.0 => (
            At::NorthWest,
            format!("multiples of {words} up to the north pole, so they are north-western corners"),
        ),
        [Phase::Multiple, Phase::Multiple] => {
            (At::SouthWest, format!("multiples of {words}, so they are corners, taken as south-western ones"))
        }
        _ => (
            At::Centre,
            format!(
                "neither multiples of {words} nor half-way between them in both directions, so they are taken as centres"
            ),
        ),
    };
    let snap = spacing.iter().filter_map(|axis| axis.snap).reduce(f64::max);
    Ok(FoundGrid { step, at, snap, cells, why })
}

/// An axis of few coordinates whose step is a multiple of the other axis' has the other's step: cells are square where nothing says otherwise.
fn square(spacing: [Spacing; 2], coordinates: [&Coordinates; 2]) -> [Spacing; 2] {
    let [lat, lon] = spacing;
    let (coarse, fine, index) = if lat.step > lon.step { (lat, lon, 0) } else { (lon, lat, 1) };
    let times = coarse.step / fine.step;
    let is_multiple = times > 1.5 && (times - times.round()).abs() < 1e-6;
    let count = coordinates.get(index).map_or(0, |coordinates| coordinates.count() as u64);
    let is_dense = count >= 4 && 2 * count > coarse.cells;
    let phase = coordinates.get(index).map_or(Phase::Other, |coordinates| phase_of(coordinates, fine.step));
    if !is_multiple || is_dense || phase != fine.phase {
        return spacing;
    }
    let cells = (coarse.cells - 1) * times.round() as u64 + 1;
    let finer = Spacing { cells, phase, ..fine };
    if index == 0 { [finer, lon] } else { [lat, finer] }
}

/// Where the coordinates of an axis are that has one of them only.
fn phase_of(coordinates: &Coordinates, step: f64) -> Phase {
    let value = coordinates.ends().map_or(0.0, |[value, _]| value);
    let part = (value / step).rem_euclid(1.0);
    match part {
        part if !(1e-4..=1.0 - 1e-4).contains(&part) => Phase::Multiple,
        part if (part - 0.5).abs() < 1e-4 => Phase::Half,
        _ => Phase::Other,
    }
}

/// A step without the noise of its arithmetic.
fn tidy(step: f64) -> f64 {
    let rounded = (step * 1e7).round() / 1e7;
    if (rounded - step).abs() < 1e-12 { rounded } else { step }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(texts: &[&str]) -> Coordinates {
        let mut made = Coordinates::default();
        texts.iter().for_each(|text| made.add(text, text.parse().expect("a number")));
        made
    }

    #[test]
    fn axes_of_models() {
        use Phase::{Half, Multiple, Other};
        for (texts, step, phase, snap) in [
            (vec!["-3.25", "0.25", "58.75", "59.25"], 0.5, Half, None),
            (vec!["-3.00", "0.50", "58.5"], 0.5, Multiple, None),
            (vec!["0.75", "0.7500000001", "0.25", "2.25"], 0.5, Half, None),
            // VIC's names: 1/16 degree by two decimals, and by five.
            (vec!["48.22", "48.28", "48.34", "48.41", "48.47", "48.53"], 0.0625, Half, Some(0.006)),
            (vec!["48.90625", "48.96875", "49.03125"], 0.0625, Half, None),
            (vec!["48.1875", "48.3125", "48.4375"], 0.125, Half, None),
            (vec!["0.04166667", "0.125", "0.20833333", "0.2916667"], 1.0 / 12.0, Half, None),
            (vec!["0.1", "0.3", "0.5", "0.7"], 0.2, Half, None),
            (vec!["1.2", "4.2", "7.2", "13.2"], 3.0, Other, None),
            (vec!["-87.864", "-85.097", "-82.313"], 0.001, Multiple, None),
        ] {
            let found = of(&texts).spacing().expect("a step");
            assert!((found.step - step).abs() < 1e-9, "{texts:?} {found:?}");
            assert_eq!((found.phase, found.snap), (phase, snap), "{texts:?} {found:?}");
        }
        assert_eq!(of(&["1.5", "1.5"]).spacing(), None);
    }

    #[test]
    fn grids_and_their_corners() {
        let at = |lat: &[&str], lon: &[&str]| find(&of(lat), &of(lon), 4).map(|grid| (grid.at, grid.step));
        assert_eq!(at(&["0.25", "0.75"], &["10.25", "11.25"]), Ok((At::Centre, [0.5, 0.5])));
        let wide = ["10.5", "11.5", "12.5", "13.5"];
        assert_eq!(at(&["0.25", "0.75"], &wide), Ok((At::Centre, [0.5, 1.0])));
        assert_eq!(at(&["0.0", "0.5"], &["10", "10.5"]), Ok((At::SouthWest, [0.5, 0.5])));
        assert_eq!(at(&["90", "89.5"], &["10", "10.5"]), Ok((At::NorthWest, [0.5, 0.5])));
        assert_eq!(at(&["8.75"], &["10.25", "10.75"]), Ok((At::Centre, [0.5, 0.5])));
        assert!(at(&["50.0"], &["8.5"]).expect_err("one place").0.contains("cell.step"));
        assert!(
            at(&["-90", "-45", "0", "45", "90"], &["0", "45"]).expect_err("poles").0.contains("both poles")
        );
    }

    #[test]
    fn places_everywhere_are_refused_with_numbers() {
        let (mut lat, mut lon) = (Coordinates::default(), Coordinates::default());
        for place in 0..50u32 {
            let (y, x) = (f64::from(place * 7919 % 4001) / 100.0, f64::from(place * 104_729 % 6007) / 100.0);
            lat.add(&format!("{y:.2}"), y);
            lon.add(&format!("{x:.2}"), x);
        }
        let told = find(&lat, &lon, 50).expect_err("no grid").0;
        assert!(
            told.starts_with("50 places with 50 latitudes and 50 longitudes are on no grid: axes"),
            "{told}"
        );
        assert!(told.contains("cells; give cell.step and cell.snap"), "{told}");
    }

    proptest! {
        /// Cells of a grid are found again, however few there are.
        #[test]
        fn a_grid_is_found(
            part in proptest::sample::select(vec![1.0, 2.0, 4.0, 8.0, 10.0, 12.0, 16.0, 20.0]), rows in proptest::collection::btree_set(-200i32..200, 4..30), is_centre: bool,
        ) {
            let rows: Vec<i32> = rows.into_iter().collect();
            prop_assume!(rows.windows(2).any(|pair| pair[1] - pair[0] == 1));
            let step = 1.0 / part;
            let mut made = Coordinates::default();
            for row in rows {
                let value = (f64::from(row) + if is_centre { 0.5 } else { 0.0 }) * step;
                made.add(&format!("{value:.6}"), value);
            }
            let found = made.spacing().expect("a step");
            prop_assert!((found.step - step).abs() < 1e-6, "{:?}", found);
            prop_assert_eq!(found.phase, if is_centre { Phase::Half } else { Phase::Multiple });
        }
    }
}
