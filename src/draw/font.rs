//! The fonts that ship with the tool: Open Sans, reduced to Latin letters and the signs of units.
//!
//! A node of a cluster has no fonts, and two machines seldom the same. Letters are drawn as outlines wherever a file cannot
//! hold a font. Letters that the fonts do not have are drawn as empty boxes.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::scene::Weight;

const REGULAR: &[u8] = include_bytes!("assets/regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("assets/semibold.ttf");

/// A font of the two.
pub struct Font {
    face: Option<Face<'static>>,
    /// Its file.
    pub bytes: &'static [u8],
}

/// One step of a letter's outline, in units of the font, y up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Start anew here.
    Move([f32; 2]),
    /// A straight line.
    Line([f32; 2]),
    /// A quadratic curve: control point, end.
    Curve([f32; 2], [f32; 2]),
    /// Back to the start.
    Close,
}

impl Font {
    /// The font of a weight.
    pub fn of(weight: Weight) -> &'static Font {
        static FONTS: OnceLock<[Font; 2]> = OnceLock::new();
        let load = |bytes| Font { face: Face::parse(bytes, 0).ok(), bytes };
        let [regular, semibold] = FONTS.get_or_init(|| [load(REGULAR), load(SEMIBOLD)]);
        match weight {
            Weight::Regular => regular,
            Weight::Semibold => semibold,
        }
    }

    /// Units of the font in its size.
    pub fn units(&self) -> f64 {
        self.face.as_ref().map_or(1000.0, |face| f64::from(face.units_per_em()))
    }

    /// The number of a letter's shape; 0 where there is none.
    pub fn glyph(&self, letter: char) -> u16 {
        self.face.as_ref().and_then(|face| face.glyph_index(letter)).map_or(0, |glyph| glyph.0)
    }

    /// How far a shape moves on, in units of the font.
    pub fn advance(&self, glyph: u16) -> f64 {
        let advance = self.face.as_ref().and_then(|face| face.glyph_hor_advance(GlyphId(glyph)));
        f64::from(advance.unwrap_or(0))
    }

    /// How many shapes there are.
    pub fn glyphs(&self) -> u16 {
        self.face.as_ref().map_or(0, |face| face.number_of_glyphs())
    }

    /// A shape's outline.
    pub fn outline(&self, glyph: u16) -> Vec<Step> {
        let mut steps = Steps(Vec::new());
        if let Some(face) = &self.face {
            face.outline_glyph(GlyphId(glyph), &mut steps);
        }
        steps.0
    }

    /// Height above and depth below the baseline and the box around all shapes, in units of the font.
    pub fn metrics(&self) -> ([f64; 2], [f64; 4]) {
        let Some(face) = &self.face else { return ([800.0, -200.0], [0.0, -200.0, 1000.0, 800.0]) };
        let bounds = face.global_bounding_box();
        let corners = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(f64::from);
        ([f64::from(face.ascender()), f64::from(face.descender())], corners)
    }
}

/// The width of a text in points.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let font = Font::of(weight);
    text.chars().map(|letter| font.advance(font.glyph(letter))).sum::<f64>() * size / font.units()
}

/// Cuts a text to a width, with an ellipsis where something is lost.
pub fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let font = Font::of(weight);
    let advance = |letter: char| font.advance(font.glyph(letter));
    let (dots, mut along) = (advance('…'), 0.0);
    let fits = |along: f64| (along + dots) * size / font.units() <= room;
    if !fits(0.0) {
        return String::new();
    }
    // The longest start that fits and does not end with a space.
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        along += advance(letter);
        if letter.is_whitespace() {
            continue;
        }
        if !fits(along) {
            break;
        }
        end = at + letter.len_utf8();
    }
    text.get(..end).unwrap_or_default().to_owned() + "…"
}

/// Breaks a text into lines of a width.
pub fn wrapped(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, weight) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

struct Steps(Vec<Step>);

impl OutlineBuilder for Steps {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Move([x, y]));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Step::Line([x, y]));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.push(Step::Curve([x1, y1], [x, y]));
    }

    // Fonts of this kind have no cubic curves.
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
        self.0.push(Step::Line([x, y]));
    }

    fn close(&mut self) {
        self.0.push(Step::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_have_the_letters_of_labels() {
        for weight in [Weight::Regular, Weight::Semibold] {
            let font = Font::of(weight);
            for letter in "Nn09−–°²⁻¹·×ãé…Δσ≤".chars() {
                let glyph = font.glyph(letter);
                assert!(glyph > 0, "{letter}");
                assert!(!font.outline(glyph).is_empty(), "{letter}");
            }
        }
    }

    #[test]
    fn texts_are_cut_and_broken_to_a_width() {
        let text = "Net primary productivity";
        let room = width("Net primary", 9.0, Weight::Regular) + 5.0;
        assert_eq!(fitted(text, 9.0, Weight::Regular, 1000.0), text);
        let cut = fitted(text, 9.0, Weight::Regular, room);
        assert!(cut.ends_with('…') && width(&cut, 9.0, Weight::Regular) <= room, "{cut}");
        assert_eq!(wrapped(text, 9.0, Weight::Regular, room), ["Net primary", "productivity"]);
    }
}
