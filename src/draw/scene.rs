//! A picture as a list of things to draw, before it is known as which kind of file.
//!
//! Lengths are points (1/72 inch); x runs to the right, y down. Later items cover earlier ones.

/// An opaque colour, sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Colour {
    /// Of three parts.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Colour { red, green, blue }
    }

    /// A grey.
    pub const fn grey(level: u8) -> Self {
        Colour::new(level, level, level)
    }

    /// `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// Between this colour (0) and another (1).
    pub fn mixed(self, other: Colour, share: f64) -> Self {
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Colour::new(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }

    /// How bright it looks, 0 to 1.
    pub fn luma(self) -> f64 {
        (0.299 * f64::from(self.red) + 0.587 * f64::from(self.green) + 0.114 * f64::from(self.blue)) / 255.0
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl Rect {
    /// By its edges.
    pub const fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Rect { left, top, right, bottom }
    }

    /// From left to right.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// From top to bottom.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Its edges: left, top, right, bottom.
    pub fn edges(&self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Its four corners.
    pub fn corners(&self) -> Vec<[f64; 2]> {
        vec![
            [self.left, self.top],
            [self.right, self.top],
            [self.right, self.bottom],
            [self.left, self.bottom],
        ]
    }
}

/// A line through points, or the outline of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its points.
    pub points: Vec<[f64; 2]>,
    /// Whether it goes back to its start.
    pub closed: bool,
}

impl Line {
    /// An open line.
    pub fn open(points: Vec<[f64; 2]>) -> Self {
        Line { points, closed: false }
    }

    /// A closed one.
    pub fn closed(points: Vec<[f64; 2]>) -> Self {
        Line { points, closed: true }
    }
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How strong letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Ordinary.
    Regular,
    /// For titles.
    Semibold,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Where its baseline's anchor is.
    pub at: [f64; 2],
    /// The words.
    pub text: String,
    /// The size of the font.
    pub size: f64,
    /// Strength.
    pub weight: Weight,
    /// What of it stands at its place.
    pub anchor: Anchor,
    /// Whether it runs upwards instead of to the right.
    pub upwards: bool,
    /// Colour.
    pub colour: Colour,
}

/// Cells of a grid, each of one colour, without gaps between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The columns' edges from left to right, one more than columns.
    pub x: Vec<f64>,
    /// The rows' edges from top to bottom, one more than rows.
    pub y: Vec<f64>,
    /// Row by row; `None` draws nothing.
    pub colours: Vec<Option<Colour>>,
    /// What lies beyond is not drawn.
    pub clip: Rect,
}

impl Cells {
    /// The colour of a row and column.
    pub fn colour(&self, row: usize, column: usize) -> Option<Colour> {
        let columns = self.x.len().saturating_sub(1);
        self.colours.get(row * columns + column).copied().flatten()
    }

    /// Horizontal runs of cells of one colour: the colour and the run's rectangle within the clip.
    pub fn runs(&self) -> Vec<(Colour, Rect)> {
        let mut runs: Vec<(Colour, Rect)> = Vec::new();
        for (row, edges) in self.y.windows(2).enumerate() {
            let &[top, bottom] = edges else { continue };
            let (top, bottom) = (top.max(self.clip.top), bottom.min(self.clip.bottom));
            if top >= bottom {
                continue;
            }
            let mut current: Option<(Colour, Rect)> = None;
            for (column, edges) in self.x.windows(2).enumerate() {
                let &[left, right] = edges else { continue };
                let (left, right) = (left.max(self.clip.left), right.min(self.clip.right));
                let colour = self.colour(row, column).filter(|_| left < right);
                match (&mut current, colour) {
                    (Some((known, rect)), Some(colour)) if *known == colour => rect.right = right,
                    _ => {
                        runs.extend(current.take());
                        current = colour.map(|colour| (colour, Rect::new(left, top, right, bottom)));
                    }
                }
            }
            runs.extend(current);
        }
        runs
    }
}

/// One thing that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An area, by the even-odd rule over all lines.
    Fill {
        /// Its outlines.
        lines: Vec<Line>,
        /// Colour.
        colour: Colour,
        /// 1 is opaque.
        opacity: f64,
    },
    /// Lines.
    Stroke {
        /// The lines.
        lines: Vec<Line>,
        /// Colour.
        colour: Colour,
        /// Thickness.
        width: f64,
        /// Lengths of dash and gap.
        dash: Option<[f64; 2]>,
    },
    /// A text.
    Text(Text),
    /// Coloured cells.
    Cells(Cells),
}

/// Where the one map of a picture is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapFrame {
    /// Its frame, to a thousandth of a point.
    pub frame: Rect,
    /// What the frame shows, in degrees or in metres of a projection: left is west, top is north.
    pub extent: Rect,
    /// Whether these are metres.
    pub is_projected: bool,
}

impl MapFrame {
    /// Of a frame whose edges may be of any length.
    pub fn new(frame: &Rect, extent: Rect, is_projected: bool) -> Self {
        // Rounded as in words: what is said of a picture is one thing in all places.
        let round = |length: f64| format!("{length:.3}").parse().unwrap_or(length);
        let frame = Rect::new(round(frame.left), round(frame.top), round(frame.right), round(frame.bottom));
        MapFrame { frame, extent, is_projected }
    }

    /// In words, for drawing over the map.
    pub fn words(&self) -> String {
        let MapFrame { frame, extent, is_projected } = self;
        let [east, north] = if *is_projected { ["m"; 2] } else { ["degrees_east", "degrees_north"] };
        format!(
            "x {:.3} to {:.3} pt is {} to {} {east}, y {:.3} to {:.3} pt is {} to {} {north}",
            frame.left,
            frame.right,
            extent.left,
            extent.right,
            frame.top,
            frame.bottom,
            extent.top,
            extent.bottom
        )
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// Width in points.
    pub width: f64,
    /// Height in points.
    pub height: f64,
    /// From the back to the front.
    pub items: Vec<Item>,
    /// What it shows, in a line.
    pub title: String,
    /// What it shows, for those who cannot see it.
    pub description: String,
    /// Where it came from: keys and values, in order.
    pub origin: Vec<(String, String)>,
    /// Where its map is, where it has one.
    pub map_frame: Option<MapFrame>,
    /// What is told beside the picture: what it leaves out.
    pub notes: Vec<String>,
}

impl Scene {
    /// An empty one.
    pub fn new(width: f64, height: f64) -> Self {
        Scene { width, height, ..Scene::default() }
    }

    /// Adds an opaque area.
    pub fn fill(&mut self, lines: Vec<Line>, colour: Colour) {
        self.shade(lines, colour, 1.0);
    }

    /// Adds an area that is seen through.
    pub fn shade(&mut self, lines: Vec<Line>, colour: Colour, opacity: f64) {
        if !lines.is_empty() {
            self.items.push(Item::Fill { lines, colour, opacity });
        }
    }

    /// Adds lines.
    pub fn stroke(&mut self, lines: Vec<Line>, colour: Colour, width: f64) {
        if !lines.is_empty() {
            self.items.push(Item::Stroke { lines, colour, width, dash: None });
        }
    }

    /// Adds one line from a point to another.
    pub fn rule(&mut self, from: [f64; 2], to: [f64; 2], colour: Colour, width: f64) {
        self.stroke(vec![Line::open(vec![from, to])], colour, width);
    }

    /// Adds a frame.
    pub fn frame(&mut self, rect: &Rect, colour: Colour, width: f64) {
        self.stroke(vec![Line::closed(rect.corners())], colour, width);
    }

    /// Adds a horizontal text.
    pub fn text(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, anchor: Anchor, colour: Colour) {
        let (weight, upwards) = (Weight::Regular, false);
        self.items.push(Item::Text(Text { at, text: text.into(), size, weight, anchor, upwards, colour }));
    }
}
