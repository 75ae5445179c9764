//! Scenes as SVG. Letters are outlines, each defined once, so that the picture needs no font and looks the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::font::{self, Font, Step};
use super::scene::{Anchor, Colour, Item, Line, Scene, Text, Weight};

/// The file.
pub fn encode(scene: &Scene) -> String {
    let mut out = String::new();
    let (width, height) = (number(scene.width), number(scene.height));
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" \
         height=\"{height}pt\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n"
    );
    let _ = writeln!(out, "<title>{}</title>", escaped(&scene.title));
    if !scene.description.is_empty() {
        let _ = writeln!(out, "<desc>{}</desc>", escaped(&scene.description));
    }
    if !scene.origin.is_empty() {
        out.push_str("<metadata>\n");
        for (key, value) in &scene.origin {
            let _ = writeln!(out, "{}: {}", escaped(key), escaped(value));
        }
        out.push_str("</metadata>\n");
    }
    body(scene, &mut out, "");
    out.push_str("</svg>\n");
    out
}

/// What is within the file's outermost element; `prefix` keeps names of several pictures in one page apart.
pub fn body(scene: &Scene, out: &mut String, prefix: &str) {
    define_letters(scene, out, prefix);
    let _ = writeln!(
        out,
        "<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>",
        number(scene.width),
        number(scene.height)
    );
    for item in &scene.items {
        match item {
            Item::Fill { lines, colour, opacity } => {
                let opacity = match *opacity {
                    1.0 => String::new(),
                    opacity => format!(" fill-opacity=\"{}\"", number(opacity)),
                };
                let _ = writeln!(
                    out,
                    "<path fill=\"{}\"{opacity} fill-rule=\"evenodd\" d=\"{}\"/>",
                    colour.hex(),
                    path(lines)
                );
            }
            Item::Stroke { lines, colour, width, dash } => {
                let dash = dash.map_or(String::new(), |[dash, gap]| {
                    format!(" stroke-dasharray=\"{} {}\"", number(dash), number(gap))
                });
                let _ = writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dash} stroke-linejoin=\"round\" d=\"{}\"/>",
                    colour.hex(),
                    number(*width),
                    path(lines)
                );
            }
            Item::Text(text) => write_text(out, text, prefix),
            Item::Cells(cells) => {
                let mut paths: BTreeMap<Colour, String> = BTreeMap::new();
                for (colour, rect) in cells.runs() {
                    let path = paths.entry(colour).or_default();
                    let _ = write!(
                        path,
                        "M{} {}H{}V{}H{}z",
                        number(rect.left),
                        number(rect.top),
                        number(rect.right),
                        number(rect.bottom),
                        number(rect.left)
                    );
                }
                out.push_str("<g shape-rendering=\"crispEdges\">\n");
                for (colour, path) in paths {
                    let _ = writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", colour.hex());
                }
                out.push_str("</g>\n");
            }
        }
    }
}

/// A number with at most two digits behind the point.
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text for XML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            // Neither XML nor a page takes the first; the others turn a text around.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if crate::printable::is_unprintable(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

fn path(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        let mut last = [String::new(), String::new()];
        for (index, point) in line.points.iter().enumerate() {
            let [x, y] = point.map(number);
            if index == 0 {
                let _ = write!(out, "M{x} {y}");
            } else if x == last[0] && y == last[1] {
                continue;
            } else if x == last[0] {
                let _ = write!(out, "V{y}");
            } else if y == last[1] {
                let _ = write!(out, "H{x}");
            } else {
                let _ = write!(out, "L{x} {y}");
            }
            last = [x, y];
        }
        if line.closed {
            out.push('z');
        }
    }
    out
}

fn letter_id(prefix: &str, weight: Weight, glyph: u16) -> String {
    let letter = match weight {
        Weight::Regular => 'r',
        Weight::Semibold => 's',
    };
    format!("{prefix}{letter}{glyph}")
}

fn define_letters(scene: &Scene, out: &mut String, prefix: &str) {
    let mut used: BTreeSet<(Weight, u16)> = BTreeSet::new();
    for item in &scene.items {
        if let Item::Text(text) = item {
            let font = Font::of(text.weight);
            used.extend(text.text.chars().map(|letter| (text.weight, font.glyph(letter))));
        }
    }
    out.push_str("<defs>\n");
    for (weight, glyph) in used {
        let mut path = String::new();
        for step in Font::of(weight).outline(glyph) {
            let _ = match step {
                Step::Move([x, y]) => write!(path, "M{x} {y}"),
                Step::Line([x, y]) => write!(path, "L{x} {y}"),
                Step::Curve([a, b], [x, y]) => write!(path, "Q{a} {b} {x} {y}"),
                Step::Close => write!(path, "z"),
            };
        }
        if !path.is_empty() {
            let _ = writeln!(out, "<path id=\"{}\" d=\"{path}\"/>", letter_id(prefix, weight, glyph));
        }
    }
    out.push_str("</defs>\n");
}

fn write_text(out: &mut String, text: &Text, prefix: &str) {
    let font = Font::of(text.weight);
    let length = font::width(&text.text, text.size, text.weight);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    let scale = text.size / font.units();
    let [x, y] = text.at.map(number);
    let turn = if text.upwards { " rotate(-90)" } else { "" };
    let _ = write!(
        out,
        "<g fill=\"{}\" aria-label=\"{}\" transform=\"translate({x} {y}){turn} translate({} 0) scale({scale:.6} -{scale:.6})\">",
        text.colour.hex(),
        escaped(&text.text),
        number(start)
    );
    let mut along = 0.0;
    for letter in text.text.chars() {
        let glyph = font.glyph(letter);
        if !font.outline(glyph).is_empty() {
            let id = letter_id(prefix, text.weight, glyph);
            let _ = write!(out, "<use href=\"#{id}\" x=\"{along}\"/>");
        }
        along += font.advance(glyph);
    }
    out.push_str("</g>\n");
}
