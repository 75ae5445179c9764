//! Scenes as PNG.
//!
//! Shapes are filled by tiny-skia without SIMD, whose results differ between processors. The file is put together here, with
//! libdeflate: its bytes are the same on every machine, which the encoders of general crates do not promise.

use libdeflater::{CompressionLvl, Compressor};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use crate::error::{Argument, Reason};

use super::font::{Font, Step};
use super::scene::{Anchor, Cells, Colour, Item, Line, Scene, Text};

/// Pixels of a picture, row by row, RGB.
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Three bytes a pixel.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// The colour of a pixel; `None` outside.
    pub fn colour(&self, column: u32, row: u32) -> Option<Colour> {
        let at = (row as usize * self.width as usize + column as usize) * 3;
        match self.bytes.get(at..at + 3)? {
            &[red, green, blue] if column < self.width => Some(Colour { red, green, blue }),
            _ => None,
        }
    }
}

/// Pixels of a side: what viewers open.
const LONGEST: f64 = 32_000.0;

/// Pixels of a picture: a poster (A0) at 300 dpi, which takes 1 GB of memory while it is drawn.
const MOST: f64 = 150e6;

/// Refuses pictures of more pixels than fit.
///
/// # Errors
/// The size and the limits, in words.
pub fn check_size(width: f64, height: f64, dpi: f64) -> Result<(), Reason> {
    let [width, height] = [width, height].map(|points| (points * dpi / 72.0).round().max(1.0));
    if width <= LONGEST && height <= LONGEST && width * height <= MOST {
        return Ok(());
    }
    let reason = Reason::from(format!(
        "makes {width} × {height} pixels at {dpi} dpi; the most are {LONGEST} along a side and {} million in all: give a smaller ",
        MOST / 1e6
    ));
    Err(reason.naming(Argument::Dots).then(", or write .svg or .pdf"))
}

/// Draws a scene at a resolution in dots per inch. `None` where the picture is too large to be held.
pub fn pixels(scene: &Scene, dpi: f64) -> Option<Pixels> {
    check_size(scene.width, scene.height, dpi).ok()?;
    let scale = dpi / 72.0;
    let size = |points: f64| (points * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(size(scene.width), size(scene.height))?;
    pixmap.fill(Color::WHITE);
    for item in &scene.items {
        match item {
            Item::Fill { lines, colour, opacity } => {
                if let Some(path) = path(lines, scale, None) {
                    let paint = paint(*colour, *opacity);
                    pixmap.fill_path(&path, &paint, FillRule::EvenOdd, Transform::identity(), None);
                }
            }
            Item::Stroke { lines, colour, width, dash } => {
                let width = (width * scale).max(0.6);
                let stroke = Stroke {
                    width: width as f32,
                    line_cap: LineCap::Butt,
                    line_join: LineJoin::Round,
                    dash: dash.and_then(|dash| {
                        StrokeDash::new(dash.map(|length| (length * scale) as f32).to_vec(), 0.0)
                    }),
                    ..Stroke::default()
                };
                if let Some(path) = path(lines, scale, Some(width)) {
                    let paint = paint(*colour, 1.0);
                    pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
                }
            }
            Item::Text(text) => write(&mut pixmap, text, scale),
            Item::Cells(cells) => draw_cells(&mut pixmap, cells, scale),
        }
    }
    let mut bytes = vec![0; pixmap.pixels().len() * 3];
    for ([red, green, blue], pixel) in bytes.as_chunks_mut().0.iter_mut().zip(pixmap.pixels()) {
        (*red, *green, *blue) = (pixel.red(), pixel.green(), pixel.blue());
    }
    Some(Pixels { width: pixmap.width(), height: pixmap.height(), bytes })
}

fn paint(colour: Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, (opacity * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

/// Straight lines along an axis are moved to where they cover whole pixels.
fn path(lines: &[Line], scale: f64, width: Option<f64>) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        let mut points: Vec<[f64; 2]> = line.points.iter().map(|point| point.map(|v| v * scale)).collect();
        if let Some(width) = width.filter(|_| is_upright(line)) {
            let shift = if (width.round() as i64) % 2 == 1 { 0.5 } else { 0.0 };
            let snap = |value: f64| (value - shift).round() + shift;
            // Of a single rule only what lies across it is moved: its ends stay where they are.
            match points.as_mut_slice() {
                [a, b] if a[0] == b[0] => (a[0], b[0]) = (snap(a[0]), snap(b[0])),
                [a, b] => (a[1], b[1]) = (snap(a[1]), snap(b[1])),
                corners => corners.iter_mut().for_each(|point| *point = point.map(snap)),
            }
        }
        let mut points = points.into_iter();
        if let Some([x, y]) = points.next() {
            path.move_to(x as f32, y as f32);
        }
        points.for_each(|[x, y]| path.line_to(x as f32, y as f32));
        if line.closed {
            path.close();
        }
    }
    path.finish()
}

fn is_upright(line: &Line) -> bool {
    let steps = line.points.windows(2);
    line.points.len() <= 5
        && steps.map(|ends| (ends.first(), ends.last())).all(|ends| match ends {
            (Some(a), Some(b)) => a[0] == b[0] || a[1] == b[1],
            _ => false,
        })
}

/// Each pixel has the colour of the cell that its centre lies in.
fn draw_cells(pixmap: &mut Pixmap, cells: &Cells, scale: f64) {
    let places = |edges: &[f64], low: f64, high: f64, pixels: u32| -> Vec<(u32, usize)> {
        let mut index = 0;
        let mut places = Vec::new();
        for pixel in 0..pixels {
            let at = (f64::from(pixel) + 0.5) / scale;
            while edges.get(index + 1).is_some_and(|&edge| edge <= at) {
                index += 1;
            }
            let is_inside = edges.get(index).is_some_and(|&edge| edge <= at) && index + 1 < edges.len();
            if is_inside && at >= low && at < high {
                places.push((pixel, index));
            }
        }
        places
    };
    let (width, height) = (pixmap.width(), pixmap.height());
    let columns = places(&cells.x, cells.clip.left, cells.clip.right, width);
    let rows = places(&cells.y, cells.clip.top, cells.clip.bottom, height);
    let pixels = pixmap.pixels_mut();
    for (y, row) in rows {
        for &(x, column) in &columns {
            let Some(colour) = cells.colour(row, column) else { continue };
            let opaque =
                tiny_skia::ColorU8::from_rgba(colour.red, colour.green, colour.blue, 255).premultiply();
            if let Some(pixel) = pixels.get_mut(y as usize * width as usize + x as usize) {
                *pixel = opaque;
            }
        }
    }
}

fn write(pixmap: &mut Pixmap, text: &Text, scale: f64) {
    let font = Font::of(text.weight);
    let size = text.size * scale / font.units();
    let length = super::font::width(&text.text, text.size, text.weight) * scale;
    let mut along = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    let origin = text.at.map(|value| value * scale);
    let mut path = PathBuilder::new();
    for letter in text.text.chars() {
        let glyph = font.glyph(letter);
        let place = |[x, y]: [f32; 2]| {
            let (right, up) = (along + f64::from(x) * size, f64::from(y) * size);
            match text.upwards {
                false => ((origin[0] + right) as f32, (origin[1] - up) as f32),
                true => ((origin[0] - up) as f32, (origin[1] - right) as f32),
            }
        };
        for step in font.outline(glyph) {
            match step {
                Step::Move(to) => {
                    let (x, y) = place(to);
                    path.move_to(x, y);
                }
                Step::Line(to) => {
                    let (x, y) = place(to);
                    path.line_to(x, y);
                }
                Step::Curve(by, to) => {
                    let ((a, b), (x, y)) = (place(by), place(to));
                    path.quad_to(a, b, x, y);
                }
                Step::Close => path.close(),
            }
        }
        along += font.advance(glyph) * size;
    }
    if let Some(path) = path.finish() {
        let paint = paint(text.colour, 1.0);
        pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// The file: pixels, resolution, and where the picture came from as texts.
///
/// # Errors
/// Where the picture is too large to be held.
pub fn encode(scene: &Scene, dpi: f64) -> Result<Vec<u8>, Reason> {
    check_size(scene.width, scene.height, dpi)?;
    let pixels = pixels(scene, dpi).ok_or("the picture is too large")?;
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&pixels.width.to_be_bytes());
    header.extend_from_slice(&pixels.height.to_be_bytes());
    // Eight bits, RGB, the only compression and filter method, not interlaced.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut physical = [per_metre.to_be_bytes(), per_metre.to_be_bytes()].concat();
    physical.push(1);
    chunk(&mut file, b"pHYs", &physical);
    let named = [("Title", &scene.title), ("Description", &scene.description)];
    let origin = scene.origin.iter().map(|(key, value)| (key.as_str(), value));
    for (key, value) in named.into_iter().chain(origin).filter(|(_, value)| !value.is_empty()) {
        // Keyword, not compressed, no language, no translated keyword, UTF-8.
        let key: String = key.chars().filter(char::is_ascii).take(79).collect();
        chunk(&mut file, b"iTXt", &[key.as_bytes(), &[0; 5], value.as_bytes()].concat());
    }
    let mut compressor = Compressor::new(CompressionLvl::new(6).unwrap_or_default());
    let rows = filtered(&pixels);
    drop(pixels);
    let mut packed = vec![0; compressor.zlib_compress_bound(rows.len())];
    let length = compressor.zlib_compress(&rows, &mut packed).map_err(|error| error.to_string())?;
    drop(rows);
    chunk(&mut file, b"IDAT", packed.get(..length).unwrap_or_default());
    chunk(&mut file, b"IEND", &[]);
    Ok(file)
}

/// Each row as the difference to the one above where that is simpler.
fn filtered(pixels: &Pixels) -> Vec<u8> {
    let stride = pixels.width as usize * 3;
    let mut rows = Vec::with_capacity(pixels.bytes.len() + pixels.height as usize);
    let (mut above, mut up) = (vec![0; stride], vec![0; stride]);
    for row in pixels.bytes.chunks_exact(stride.max(1)) {
        for ((up, value), above) in up.iter_mut().zip(row).zip(&above) {
            *up = value.wrapping_sub(*above);
        }
        let changes = |bytes: &[u8]| {
            let next = bytes.iter().skip(1);
            bytes.iter().zip(next).map(|(value, next)| u32::from(value != next)).sum::<u32>()
        };
        let (kind, bytes) = if changes(&up) <= changes(row) { (2, up.as_slice()) } else { (0, row) };
        rows.push(kind);
        rows.extend_from_slice(bytes);
        above.copy_from_slice(row);
    }
    rows
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&(data.len() as u32).to_be_bytes());
    file.extend_from_slice(kind);
    file.extend_from_slice(data);
    let mut checksum = libdeflater::Crc::new();
    checksum.update(kind);
    checksum.update(data);
    file.extend_from_slice(&checksum.sum().to_be_bytes());
}
