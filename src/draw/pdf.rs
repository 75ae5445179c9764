//! Scenes as PDF: one page of the picture's size, with the fonts in it, so that texts can be searched and copied.

use std::collections::{BTreeMap, BTreeSet};

use libdeflater::{CompressionLvl, Compressor};
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::font::{self, Font};
use super::scene::{Anchor, Cells, Colour, Item, Line, Scene, Text, Weight};

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const INFORMATION: Ref = Ref::new(5);
/// Each font takes five numbers from here on.
const FONTS: i32 = 10;
/// Pictures of cells and degrees of opacity from here on.
const OTHERS: i32 = 20;

const SYSTEM: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The file.
///
/// # Errors
/// Where it cannot be compressed; none is known to occur.
pub fn encode(scene: &Scene) -> Result<Vec<u8>, String> {
    let mut pdf = Pdf::new();
    let mut page = Drawing {
        content: Content::new(),
        height: scene.height,
        images: Vec::new(),
        opacities: BTreeSet::new(),
    };
    for item in &scene.items {
        page.draw(item);
    }
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut entry = pdf.page(PAGE);
    entry.media_box(Rect::new(0.0, 0.0, scene.width as f32, scene.height as f32)).parent(PAGES);
    entry.contents(CONTENT);
    let mut resources = entry.resources();
    let mut fonts = resources.fonts();
    fonts.pair(Name(b"F0"), Ref::new(FONTS)).pair(Name(b"F1"), Ref::new(FONTS + 5));
    fonts.finish();
    let image_name = |index: usize| format!("I{index}");
    let state_name = |percent: u32| format!("G{percent}");
    let mut images = resources.x_objects();
    for index in 0..page.images.len() {
        images.pair(Name(image_name(index).as_bytes()), Ref::new(OTHERS + 2 * index as i32));
    }
    images.finish();
    let states: Vec<(u32, i32)> = page
        .opacities
        .iter()
        .zip(OTHERS + 2 * page.images.len() as i32..)
        .map(|(&percent, number)| (percent, number))
        .collect();
    let mut graphics = resources.ext_g_states();
    for &(percent, number) in &states {
        graphics.pair(Name(state_name(percent).as_bytes()), Ref::new(number));
    }
    graphics.finish();
    resources.finish();
    entry.finish();
    for (percent, number) in states {
        pdf.ext_graphics(Ref::new(number)).non_stroking_alpha(percent as f32 / 100.0);
    }
    for (index, cells) in page.images.iter().enumerate() {
        write_image(&mut pdf, cells, OTHERS + 2 * index as i32)?;
    }
    for (weight, number) in [(Weight::Regular, FONTS), (Weight::Semibold, FONTS + 5)] {
        write_font(&mut pdf, scene, weight, number)?;
    }
    let content = packed(&page.content.finish())?;
    pdf.stream(CONTENT, &content).filter(Filter::FlateDecode);
    // Keys of our own are allowed beside the known ones.
    let origin: Vec<String> = scene.origin.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let mut information = pdf.document_info(INFORMATION);
    information.title(TextStr(&scene.title)).creator(TextStr("gridloom"));
    information.subject(TextStr(&scene.description)).keywords(TextStr(&origin.join("; ")));
    information.finish();
    Ok(pdf.finish())
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut compressor = Compressor::new(CompressionLvl::new(9).unwrap_or_default());
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let length = compressor.zlib_compress(bytes, &mut packed).map_err(|error| error.to_string())?;
    packed.truncate(length);
    Ok(packed)
}

/// The content of the page. PDF counts y upwards.
struct Drawing {
    content: Content,
    height: f64,
    images: Vec<Cells>,
    /// Percents that shapes cover.
    opacities: BTreeSet<u32>,
}

impl Drawing {
    fn place(&self, [x, y]: [f64; 2]) -> (f32, f32) {
        // Two digits behind the point, as in SVG; shorter files, and no noise.
        let short = |value: f64| ((value * 100.0).round() / 100.0) as f32;
        (short(x), short(self.height - y))
    }

    fn path(&mut self, lines: &[Line]) {
        for line in lines {
            for (index, &point) in line.points.iter().enumerate() {
                let (x, y) = self.place(point);
                match index {
                    0 => self.content.move_to(x, y),
                    _ => self.content.line_to(x, y),
                };
            }
            if line.closed {
                self.content.close_path();
            }
        }
    }

    fn fill_colour(&mut self, colour: Colour) {
        let [red, green, blue] = parts(colour);
        self.content.set_fill_rgb(red, green, blue);
    }

    fn draw(&mut self, item: &Item) {
        self.content.save_state();
        match item {
            Item::Fill { lines, colour, opacity } => {
                if *opacity < 1.0 {
                    let percent = (opacity * 100.0).round() as u32;
                    self.opacities.insert(percent);
                    self.content.set_parameters(Name(format!("G{percent}").as_bytes()));
                }
                self.fill_colour(*colour);
                self.path(lines);
                self.content.fill_even_odd();
            }
            Item::Stroke { lines, colour, width, dash } => {
                let [red, green, blue] = parts(*colour);
                self.content.set_stroke_rgb(red, green, blue).set_line_width(*width as f32);
                self.content.set_line_join(LineJoinStyle::RoundJoin);
                if let Some(dash) = dash {
                    self.content.set_dash_pattern(dash.map(|length| length as f32), 0.0);
                }
                self.path(lines);
                self.content.stroke();
            }
            Item::Text(text) => self.text(text),
            Item::Cells(cells) => self.cells(cells),
        }
        self.content.restore_state();
    }

    fn text(&mut self, text: &Text) {
        let font = Font::of(text.weight);
        let length = font::width(&text.text, text.size, text.weight);
        let back = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => length / 2.0,
            Anchor::End => length,
        };
        self.fill_colour(text.colour);
        let name = if text.weight == Weight::Regular { Name(b"F0") } else { Name(b"F1") };
        let matrix = match text.upwards {
            false => {
                let (x, y) = self.place([text.at[0] - back, text.at[1]]);
                [1.0, 0.0, 0.0, 1.0, x, y]
            }
            true => {
                let (x, y) = self.place([text.at[0], text.at[1] + back]);
                [0.0, 1.0, -1.0, 0.0, x, y]
            }
        };
        let codes: Vec<u8> = text.text.chars().flat_map(|letter| font.glyph(letter).to_be_bytes()).collect();
        self.content.begin_text().set_font(name, text.size as f32).set_text_matrix(matrix);
        self.content.show(Str(&codes)).end_text();
    }

    /// Evenly spaced cells are a picture with a pixel each: rectangles side by side would show seams.
    fn cells(&mut self, cells: &Cells) {
        if !is_even(&cells.x) || !is_even(&cells.y) {
            for (colour, rect) in cells.runs() {
                self.fill_colour(colour);
                self.path(&[Line::closed(rect.corners())]);
                self.content.fill_even_odd();
            }
            return;
        }
        let edge =
            |edges: &[f64]| (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(0.0));
        let ((left, right), (top, bottom)) = (edge(&cells.x), edge(&cells.y));
        self.path(&[Line::closed(cells.clip.corners())]);
        self.content.clip_nonzero().end_path();
        let (x, y) = self.place([left, bottom]);
        self.content.transform([(right - left) as f32, 0.0, 0.0, (bottom - top) as f32, x, y]);
        self.content.x_object(Name(format!("I{}", self.images.len()).as_bytes()));
        self.images.push(cells.clone());
    }
}

fn is_even(edges: &[f64]) -> bool {
    let mut steps = edges.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?));
    let Some(first) = steps.next() else { return false };
    steps.all(|step| (step - first).abs() < 1e-6 * first.abs().max(1e-9))
}

fn parts(colour: Colour) -> [f32; 3] {
    // A thousandth is finer than a step of the colour.
    [colour.red, colour.green, colour.blue].map(|part| (f32::from(part) / 255.0 * 1000.0).round() / 1000.0)
}

fn write_image(pdf: &mut Pdf, cells: &Cells, number: i32) -> Result<(), String> {
    let (columns, rows) = (cells.x.len().saturating_sub(1), cells.y.len().saturating_sub(1));
    let (mut colours, mut mask) = (Vec::new(), Vec::new());
    for row in 0..rows {
        for column in 0..columns {
            let colour = cells.colour(row, column);
            let Colour { red, green, blue } = colour.unwrap_or(Colour::grey(255));
            colours.extend_from_slice(&[red, green, blue]);
            mask.push(if colour.is_some() { 255 } else { 0 });
        }
    }
    let (colours, mask) = (packed(&colours)?, packed(&mask)?);
    let (image_id, mask_id) = (Ref::new(number), Ref::new(number + 1));
    let mut image = pdf.image_xobject(image_id, &colours);
    image.filter(Filter::FlateDecode);
    image.width(columns as i32).height(rows as i32);
    image.color_space().device_rgb();
    image.bits_per_component(8).interpolate(false).s_mask(mask_id);
    image.finish();
    let mut image = pdf.image_xobject(mask_id, &mask);
    image.filter(Filter::FlateDecode);
    image.width(columns as i32).height(rows as i32);
    image.color_space().device_gray();
    image.bits_per_component(8).interpolate(false);
    Ok(())
}

fn write_font(pdf: &mut Pdf, scene: &Scene, weight: Weight, number: i32) -> Result<(), String> {
    let font = Font::of(weight);
    let (name, stem) = match weight {
        Weight::Regular => (Name(b"GRIDLO+OpenSans"), 80.0),
        Weight::Semibold => (Name(b"GRIDLO+OpenSans-Semibold"), 110.0),
    };
    let id = |offset: i32| Ref::new(number + offset);
    let scale = 1000.0 / font.units();
    let mut letters: BTreeMap<u16, char> = BTreeMap::new();
    for item in &scene.items {
        if let Item::Text(text) = item
            && text.weight == weight
        {
            letters.extend(text.text.chars().map(|letter| (font.glyph(letter), letter)));
        }
    }
    pdf.type0_font(id(0))
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(id(1))
        .to_unicode(id(3));
    let mut cid = pdf.cid_font(id(1));
    cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(id(2));
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    cid.widths().consecutive(0, (0..font.glyphs()).map(|glyph| (font.advance(glyph) * scale) as f32));
    cid.finish();
    let ([ascent, descent], [left, bottom, right, top]) = font.metrics();
    let part = |value: f64| (value * scale) as f32;
    pdf.font_descriptor(id(2))
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(part(left), part(bottom), part(right), part(top)))
        .italic_angle(0.0)
        .ascent(part(ascent))
        .descent(part(descent))
        .cap_height(714.0)
        .stem_v(stem)
        .font_file2(id(4));
    let mut unicode = UnicodeCmap::new(Name(b"Custom"), SYSTEM);
    for (glyph, letter) in letters {
        unicode.pair(glyph, letter);
    }
    let unicode = packed(&unicode.finish())?;
    pdf.cmap(id(3), &unicode).filter(Filter::FlateDecode);
    let file = packed(font.bytes)?;
    let mut stream = pdf.stream(id(4), &file);
    stream.filter(Filter::FlateDecode);
    stream.pair(Name(b"Length1"), font.bytes.len() as i32);
    Ok(())
}
