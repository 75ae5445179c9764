//! Tables of all dialects against their model, and pieces against wholes.

use proptest::prelude::*;

use super::*;

/// How a table is written.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub(super) separator: Separator,
    pub(super) comma: bool,
    pub(super) end: &'static str,
    pub(super) has_last_end: bool,
    pub(super) padding: usize,
    pub(super) element: Element,
}

pub(super) fn styles() -> impl Strategy<Value = Style> {
    let separator = prop_oneof![
        Just(Separator::Blanks),
        Just(Separator::Byte(b'\t')),
        Just(Separator::Byte(b';')),
        Just(Separator::Byte(b'|')),
        Just(Separator::Fixed(vec![9, 9, 8, 12, 12])),
    ];
    let element = prop_oneof![Just(Element::Float32), Just(Element::Float64), Just(Element::Int32)];
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    (separator, any::<bool>(), end, any::<bool>(), 0usize..3, element).prop_map(
        |(separator, comma, end, has_last_end, padding, element)| Style {
            separator,
            comma,
            end,
            has_last_end,
            padding,
            element,
        },
    )
}

#[derive(Debug, Clone)]
pub(super) enum Written {
    /// Longitude and latitude in hundredths, year, values as texts.
    Row(i32, i32, i32, [String; 2]),
    Blank,
    Comment(String),
    Header,
    /// Any text, which may be anything.
    Noise(String),
}

const HEADER: [&str; 5] = ["Lon", "Lat", "Year", "npp", "lai"];

fn number_texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,4}\\.[0-9]{3}",
        2 => "[0-9]{1,6}",
        1 => "[+-]?[0-9]{0,3}\\.[0-9]{1,7}",
        1 => "[0-9]\\.[0-9]{1,3}[eEdD][+-]?[0-9]",
        1 => Just("-9999".to_owned()),
        1 => Just("nan".to_owned()),
    ]
}

pub(super) fn written() -> impl Strategy<Value = Vec<Written>> {
    let row = (-20i32..20, -10i32..10, 1990i32..2010, number_texts(), number_texts())
        .prop_map(|(lon, lat, year, a, b)| Written::Row(lon * 25, lat * 25, year, [a, b]));
    let line = prop_oneof![
        12 => row,
        1 => Just(Written::Blank),
        1 => "# [a-z ]{0,20}".prop_map(Written::Comment),
        1 => Just(Written::Header),
    ];
    prop::collection::vec(line, 0..40)
}

/// Lines of which some are damaged.
pub(super) fn damaged() -> impl Strategy<Value = Vec<Written>> {
    let noise = prop_oneof![
        "[0-9. \t;|,eEdD#\"+*-]{0,50}",
        "(    -?[0-9]\\.25){2}    2000( *-?[0-9]{0,4}\\.[0-9]{3}){0,3}",
        "Lon[ ;|\t]+Lat[ ;|\t]+Year[ ;|\t]+(lai|npp)[ ;|\t]+(lai|npp)",
        ".{0,20}",
    ]
    .prop_map(Written::Noise);
    (written(), prop::collection::vec((any::<prop::sample::Index>(), noise), 0..6)).prop_map(
        |(mut lines, noise)| {
            for (at, line) in noise {
                lines.insert(at.index(lines.len() + 1), line);
            }
            lines
        },
    )
}

/// Other roles of the same five columns.
fn roles() -> impl Strategy<Value = Vec<Role>> {
    let one = || {
        prop_oneof![
            2 => Just(Role::Ignored),
            1 => Just(Role::First),
            1 => Just(Role::Second),
            2 => Just(Role::Time(Part::Year)),
            1 => Just(Role::Label),
            2 => Just(Role::Value(0)),
            2 => Just(Role::Value(1)),
        ]
    };
    prop::collection::vec(one(), 5).prop_filter("each value once", |roles| {
        let count = |wanted: Role| roles.iter().filter(|role| **role == wanted).count();
        count(Role::Value(0)) == 1 && count(Role::Value(1)) == 1
    })
}

fn fields(style: &Style, texts: &[String]) -> String {
    let blank = " ".repeat(style.padding);
    match &style.separator {
        Separator::Blanks if style.padding == 2 => {
            texts.iter().zip([9, 9, 8, 14, 14]).map(|(text, width)| format!("{text:>width$}")).collect()
        }
        Separator::Blanks => texts.iter().map(|text| format!("{blank}{text}")).collect::<Vec<_>>().join(" "),
        Separator::Byte(byte) => {
            let between = char::from(*byte).to_string();
            texts.iter().map(|text| format!("{blank}{text}{blank}")).collect::<Vec<_>>().join(&between)
        }
        Separator::Fixed(widths) => {
            texts.iter().zip(widths).map(|(text, &width)| format!("{text:>0$}", width as usize)).collect()
        }
    }
}

impl Style {
    pub(super) fn table(&self) -> Table {
        let roles = [Role::Second, Role::First, Role::Time(Part::Year), Role::Value(0), Role::Value(1)];
        let mut table = table(self.separator.clone(), &roles, self.element);
        table.head.names = Some(HEADER.map(str::to_owned).to_vec());
        table.head.header = fields(self, &HEADER.map(str::to_owned)).into_bytes();
        table
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect { decimal: if self.comma { b',' } else { b'.' }, ..dialect() }
    }

    pub(super) fn text(&self, lines: &[Written]) -> String {
        let decimal = |text: String| if self.comma { text.replace('.', ",") } else { text };
        let lines = lines.iter().map(|line| match line {
            Written::Row(lon, lat, year, values) => {
                let place = [lon, lat].map(|value| format!("{:.2}", f64::from(*value) / 100.0));
                let [a, b] = values.clone();
                let texts = [place[0].clone(), place[1].clone(), year.to_string(), a, b];
                fields(self, &texts.map(decimal))
            }
            Written::Blank => String::new(),
            Written::Comment(text) => text.clone(),
            Written::Header => fields(self, &HEADER.map(str::to_owned)),
            Written::Noise(text) => text.replace(['\n', '\r'], " "),
        });
        let mut text = lines.collect::<Vec<_>>().join(self.end);
        text += if self.has_last_end { self.end } else { "" };
        text
    }

    /// A value as its column's type, by the standard library; `None` where it is a fault.
    fn value(&self, text: &str) -> Option<String> {
        if text == "-9999" || text == "nan" {
            return Some(match self.element {
                Element::Float32 => format!("{:08x}", f32::NAN.to_bits()),
                Element::Float64 => format!("{:016x}", f64::NAN.to_bits()),
                _ => i64::MIN.to_string(),
            });
        }
        let text = text.replace(['d', 'D'], "e");
        match self.element {
            Element::Float32 => text.parse::<f32>().ok().map(|value| format!("{:08x}", value.to_bits())),
            Element::Float64 => text.parse::<f64>().ok().map(|value| format!("{:016x}", value.to_bits())),
            _ => {
                let value: f64 = text.parse().ok()?;
                (value.fract() == 0.0 && value.abs() < 2_147_483_648.0).then(|| (value as i64).to_string())
            }
        }
    }

    fn rows(&self, lines: &[Written]) -> Vec<String> {
        let row = |(number, line): (usize, &Written)| match line {
            Written::Row(lon, lat, year, [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                let place = format!("{},{}", f64::from(*lat) / 100.0, f64::from(*lon) / 100.0);
                Some(format!("{place} {} @{number} {a} {b}", year - 1970))
            }
            _ => None,
        };
        lines.iter().enumerate().filter_map(row).collect()
    }
}

/// All of a text in pieces that end anywhere, with line numbers as of the whole.
fn in_pieces(
    text: &str,
    cuts: &[usize],
    style: &Style,
    limits: TextLimits,
) -> (Vec<String>, Vec<String>, Lines) {
    let mut cuts: Vec<u64> = cuts.iter().map(|cut| (cut % (text.len() + 1)) as u64).collect();
    cuts.extend([0, text.len() as u64]);
    cuts.sort_unstable();
    let (mut rows, mut faults, mut lines) = (Vec::new(), Vec::new(), Lines::default());
    for ends in cuts.windows(2) {
        let last = ends[1] == text.len() as u64;
        let range = ends[0]..if last { u64::MAX } else { ends[1] };
        if ends[0] == ends[1] && !(last && ends[0] == 0) {
            continue;
        }
        let (piece, outcome) =
            read_with(text.as_bytes(), range, &style.table(), &style.dialect(), &yearly(), limits);
        rows.extend(piece.into_iter().map(|row| {
            let (start, rest) = row.split_once('@').expect("a line");
            let (line, rest) = rest.split_once(' ').expect("values");
            format!("{start}@{} {rest}", line.parse::<u64>().expect("a number") + lines.lines)
        }));
        faults.extend(outcome.faults.iter().map(|fault| {
            format!("{} {:?} {}", fault.line.expect("a line") + lines.lines, fault.kind, fault.message)
        }));
        lines += outcome.lines;
    }
    (rows, faults, lines)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn tables_are_read_as_their_model(style in styles(), lines in written()) {
        // A decimal comma in a column that is separated by semicolons; with fixed widths a long number would be another.
        let text = style.text(&lines);
        let (rows, outcome) =
            read_with(text.as_bytes(), 0..u64::MAX, &style.table(), &style.dialect(), &yearly(), TextLimits::default());
        prop_assert_eq!(&rows, &style.rows(&lines), "{}", text);
        let Lines { lines: all, records, skipped, faulty, .. } = outcome.lines;
        prop_assert_eq!(records, rows.len() as u64);
        prop_assert_eq!(records + skipped + faulty, all);
        prop_assert_eq!(all, text.split_inclusive('\n').count() as u64);
        prop_assert!(outcome.faults.iter().all(|fault| fault.kind == RecordFaultKind::Number), "{:?}", outcome.faults);
    }

    #[test]
    fn pieces_and_blocks_change_nothing(
        style in styles(),
        lines in damaged(),
        cuts in prop::collection::vec(0usize..100_000, 0..6),
        block in prop_oneof![Just(64usize), Just(100), Just(1 << 20)],
    ) {
        // Behind another header, pieces depend on each other: readers of several ask for it.
        let lines: Vec<Written> =
            lines.into_iter().filter(|line| !matches!(line, Written::Noise(text) if text.starts_with("Lon"))).collect();
        let text = style.text(&lines);
        let whole = in_pieces(&text, &[], &style, TextLimits::default());
        let pieces = in_pieces(&text, &cuts, &style, TextLimits::default().block(block).rows(100));
        prop_assert_eq!(whole, pieces, "{}", text);
    }

    #[test]
    fn a_simple_reader_has_the_same(style in styles(), lines in damaged(), roles in roles(), edges: bool, again: bool, most in 20usize..200) {
        let text = style.text(&lines);
        let dialect = Dialect {
            again: if again { Again::Skip } else { Again::Fault },
            glued: if edges { Glued::Split } else { Glued::Fault },
            ..style.dialect()
        };
        let mut table = style.table();
        table.head.edges = vec![9, 18, 26, 40, 54];
        for table in [table.clone(), Table { roles: roles.clone(), ..table }] {
            let limits = TextLimits::default().line(most);
            let wanted = read_with(text.as_bytes(), 0..u64::MAX, &table, &dialect, &yearly(), limits);
            let again = read_simply(text.as_bytes(), &table, &dialect, &yearly(), limits);
            if kinds(&wanted.1) != [(None, RecordFaultKind::Columns)] {
                prop_assert_eq!(&wanted.0, &again.0, "{}", text);
                prop_assert_eq!((wanted.1.lines, wanted.1.other_header, kinds(&wanted.1)), (again.1.lines, again.1.other_header, kinds(&again.1)), "{}", text);
            }
        }
    }

    #[test]
    fn aligned_tables_are_read_both_ways(
        comma_or_return in prop_oneof![Just("\n"), Just("\r\n")],
        lines in prop::collection::vec((0i32..4, 0i32..30, -99_999i32..999_999, any::<i16>(), 0u8..80), 0..90),
        widths in (7usize..10, 5usize..10, 5usize..12, 8usize..18),
        decimals in 0usize..5,
        noise in prop::collection::vec((any::<prop::sample::Index>(), "[ 0-9.-]{33}|[ 0-9]{4}\\.[0-9]{2}[ 0-9.x\\x00-]{10,30}"), 0..3),
        element in prop_oneof![Just(Element::Float32), Just(Element::Float64)],
    ) {
        let scale = 10f64.powi(decimals as i32);
        let mut lines: Vec<String> = lines.into_iter().map(|(lon, year, a, b, odd)| {
            let (lon, lat) = (f64::from(lon) / 4.0 - 0.25, 50.25);
            let b = if odd == 1 { "nan".to_owned() } else { format!("{:.decimals$}", f64::from(b) / scale) };
            let a = format!("{:.decimals$}", f64::from(a) / scale);
            let year = if odd == 2 { "1900.0".to_owned() } else { (1990 + year).to_string() };
            let (first, second, third, fourth) = widths;
            format!("{lon:>first$.2}{lat:>second$.1}{year:>5}{a:>third$}{b:>fourth$}")
        }).collect();
        for (at, line) in noise {
            lines.insert(at.index(lines.len() + 1), line);
        }
        let text = lines.join(comma_or_return) + comma_or_return;
        let roles = [Role::Second, Role::First, Role::Time(Part::Year), Role::Value(0), Role::Value(1)];
        for missing in [vec![], vec!["-9999".to_owned(), "0.00".to_owned()]] {
            let table = Table { missing: vec![missing; 2], ..table(Separator::Blanks, &roles, element) };
            let [quick, careful] = [1_000, CAREFUL].map(|faults| {
                let limits = TextLimits::default().faults(faults).block(if decimals == 1 { 64 } else { 1 << 20 });
                read_with(text.as_bytes(), 0..u64::MAX, &table, &dialect(), &yearly(), limits)
            });
            prop_assert_eq!(quick, careful, "{}", text);
        }
    }

    #[test]
    fn both_ways_are_one(style in styles(), lines in damaged(), roles in roles()) {
        let text = style.text(&lines);
        for (text, table) in [(&text, style.table()), (&text, Table { roles: roles.clone(), ..style.table() })] {
            let [quick, careful] = [1_000, CAREFUL].map(|faults| {
                let limits = TextLimits::default().faults(faults);
                read_with(text.as_bytes(), 0..u64::MAX, &table, &style.dialect(), &yearly(), limits)
            });
            prop_assert_eq!(quick, careful, "{}", text);
        }
    }

    #[test]
    fn both_ways_are_one_in_other_columns(
        comma: bool,
        lines in prop::collection::vec("([a-c]|[0-9]{1,3}|[1-9]\\.[0-9]{18})[,;]19[67][0-9]-0[1-9]-[0-3][0-9][,;](\"a\"|é|[x-z]?)[,;](19[67][0-9]|[0-9e. -]{0,9})([,;][0-9]{0,3}){11,14}", 0..12),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just(",\n")],
        format in prop_oneof![Just("%Y-%m-%d"), Just("%Y-%d-%m")],
    ) {
        let text = lines.join(end).replace(';', if comma { "," } else { ";" });
        let keys = TimeKeys { step: Some("day".to_owned()), calendar: Some("standard".to_owned()), ..TimeKeys::default() };
        let stamp = Some(crate::records::description::Stamp { column: "t".to_owned(), units: None, format: Some(format.to_owned()) });
        let time = TimeRule::of(&TimeKeys { stamp, ..keys.clone() }).expect("a rule");
        let mut roles = vec![Role::First, Role::Stamp, Role::Label, Role::Value(0)];
        roles.resize(15, Role::Ignored);
        let stamps = table(Separator::Byte(b','), &roles, Element::Float64);
        let roles: Vec<Role> =
            [Role::First, Role::Ignored, Role::Label, Role::Time(Part::Year)].into_iter().chain((0..12).map(Role::Spread)).collect();
        let months = table(Separator::Byte(b','), &roles[..15], Element::Float32);
        let monthly = TimeRule::of(&TimeKeys { step: Some("month".to_owned()), ..keys }).expect("a rule");
        for (table, time) in [(&stamps, &time), (&months, &monthly)] {
            let [quick, careful] = [1_000, CAREFUL].map(|faults| {
                let limits = TextLimits::default().faults(faults);
                read_with(text.as_bytes(), 0..u64::MAX, table, &dialect(), time, limits)
            });
            let again = read_simply(text.as_bytes(), table, &dialect(), time, TextLimits::default());
            prop_assert_eq!((&quick.0, quick.1.lines, kinds(&quick.1)), (&again.0, again.1.lines, kinds(&again.1)), "{}", text);
            prop_assert_eq!(quick, careful, "{}", text);
        }
    }

    #[test]
    fn any_bytes_give_rows_or_faults(style in styles(), bytes: Vec<u8>, block in 1usize..200) {
        let limits = TextLimits::default().block(block).line(40);
        let (rows, outcome) = read_with(&bytes, 0..u64::MAX, &style.table(), &style.dialect(), &yearly(), limits);
        let again = read_simply(&bytes, &style.table(), &style.dialect(), &yearly(), limits);
        prop_assert_eq!((&rows, outcome.lines, kinds(&outcome)), (&again.0, again.1.lines, kinds(&again.1)));
        let Lines { lines, records, skipped, faulty, .. } = outcome.lines;
        prop_assert_eq!((records + skipped + faulty, rows.len() as u64), (lines, records));
    }
}
