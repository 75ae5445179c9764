//! Colour maps: perceptually even, and safe for those who do not see all colours.

use crate::error::{Argument, Error, Result};

use super::scene::Colour;

/// 256 colours of each map, in the order of [`NAMES`]; `assets/README.md` says where they are from.
const TABLE: &[u8] = include_bytes!("assets/colours.bin");

const NAMES: [&str; 10] =
    ["viridis", "cividis", "magma", "batlow", "lajolla", "davos", "vik", "broc", "roma", "berlin"];

/// The first of those that have a middle.
const FIRST_DIVERGING: usize = 6;

/// For lines and areas of several things: Okabe and Ito's colours, darkest first, without yellow, which is lost on white.
pub const QUALITATIVE: [Colour; 7] = [
    Colour::new(0, 114, 178),
    Colour::new(213, 94, 0),
    Colour::new(0, 158, 115),
    Colour::new(204, 121, 167),
    Colour::new(86, 180, 233),
    Colour::new(230, 159, 0),
    Colour::new(70, 70, 70),
];

/// A colour for one of several things.
pub fn qualitative(index: usize) -> Colour {
    QUALITATIVE.get(index % QUALITATIVE.len()).copied().unwrap_or(Colour::grey(0))
}

/// A colour map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColourMap {
    index: usize,
    reversed: bool,
}

impl ColourMap {
    /// The default for values.
    pub const SEQUENTIAL: ColourMap = ColourMap { index: 0, reversed: false };
    /// The default for differences and trends.
    pub const DIVERGING: ColourMap = ColourMap { index: FIRST_DIVERGING, reversed: false };

    /// By its name; `_r` behind it turns it around.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is none of the name.
    pub fn parse(name: &str) -> Result<Self> {
        let (base, reversed) = match name.strip_suffix("_r") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let index = NAMES.iter().position(|known| *known == base);
        let index = index.ok_or_else(|| {
            let reason = format!("is not a colour map; there are {}, each also with _r", NAMES.join(", "));
            Error::selection(Argument::Colours, name, reason)
        })?;
        Ok(ColourMap { index, reversed })
    }

    /// Whether it has a middle that stands for zero.
    pub fn is_diverging(self) -> bool {
        self.index >= FIRST_DIVERGING
    }

    /// The colour at a place from 0 to 1; what lies outside takes the ends'.
    pub fn at(self, place: f64) -> Colour {
        let place = if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) };
        let place = if self.reversed { 1.0 - place } else { place };
        let row = (place * 255.0).round() as usize;
        let at = (self.index * 256 + row) * 3;
        match TABLE.get(at..at + 3) {
            Some(&[red, green, blue]) => Colour { red, green, blue },
            _ => Colour::grey(128),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_map_and_names_are_found() {
        assert_eq!(TABLE.len(), NAMES.len() * 256 * 3);
        let viridis = ColourMap::parse("viridis").expect("a map");
        assert_eq!(viridis.at(0.0), Colour::new(68, 1, 84));
        assert_eq!(ColourMap::parse("viridis_r").expect("a map").at(1.0), viridis.at(0.0));
        assert!(ColourMap::parse("jet").is_err());
        assert!(viridis.at(f64::NAN) == viridis.at(-3.0) && viridis.at(9.0) == viridis.at(1.0));
    }

    #[test]
    fn sequential_maps_grow_brighter_or_darker_all_the_way_and_diverging_ones_have_a_middle() {
        for name in NAMES {
            let map = ColourMap::parse(name).expect("a map");
            let luma: Vec<f64> = (0..=32).map(|step| map.at(f64::from(step) / 32.0).luma()).collect();
            let grows = luma.windows(2).filter(|pair| pair[1] > pair[0]).count();
            if map.is_diverging() {
                assert!((8..=24).contains(&grows), "{name}: {luma:?}");
            } else {
                assert!(grows <= 1 || grows >= 31, "{name}: {luma:?}");
            }
        }
    }
}
