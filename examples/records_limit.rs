//! The limit that reading text is measured against, and the reader beside it: tables of `scripts/make-records` are read by loops that know their
//! columns and check little, and by the reader that knows everything, in turn, on one thread. The processor's time of the fastest round counts.
//!
//! The loops parse from a cursor, without a tokenizer: the city's day is placed and summed as it is read, a table of fixed widths is read eight bytes a
//! column, a file a cell is opened, read and parsed. The reader gives rows, which are dropped.
//!
//! usage: records_limit FOLDER [ROUNDS]

use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use gridloom::model::element::Element;
use gridloom::records::description::{Description, Stamp, TimeKeys};
use gridloom::records::input::InputLimits;
use gridloom::records::rows::Rows;
use gridloom::records::schema::{Head, Part, Role, Separator, Table, TimeRule};
use gridloom::records::text::{Dialect, TextFile, TextLimits, TextReader};

type Done = Result<u64, Box<dyn Error>>;

/// A loop over a file that knows its columns; gives the records.
type Limit = fn(&Path) -> Done;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: records_limit FOLDER [ROUNDS]")?);
    let rounds: u32 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let files = |name: &str| -> Result<Vec<PathBuf>, std::io::Error> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join(name))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    };
    let kinds: [(&str, Limit, Layout); 3] = [
        ("milan", milan, Layout::milan()?),
        ("lpj-guess", lpj_guess, Layout::lpj_guess()?),
        ("vic", vic, Layout::vic()?),
    ];
    for (name, limit, layout) in kinds {
        let Ok(files) = files(name) else { continue };
        let bytes: u64 = files.iter().map(|file| file.metadata().map_or(0, |about| about.len())).sum();
        let (mut fastest, mut rows) = ([f64::INFINITY; 2], [0; 2]);
        for _ in 0..rounds {
            let start = processor_seconds();
            rows[0] = files.iter().map(|file| limit(file)).sum::<Done>()?;
            fastest[0] = fastest[0].min(processor_seconds() - start);
            let start = processor_seconds();
            rows[1] = layout.read(&files)?;
            fastest[1] = fastest[1].min(processor_seconds() - start);
        }
        let speed = fastest.map(|seconds| bytes as f64 / seconds / 1e9);
        println!(
            "{{\"name\":\"{name}\",\"bytes\":{bytes},\"rows\":{rows:?},\"limit_gb_s\":{:.3},\"reader_gb_s\":{:.3},\"share\":{:.3},\"reader_rows_s\":{:.0}}}",
            speed[0],
            speed[1],
            speed[1] / speed[0],
            rows[1] as f64 / fastest[1]
        );
    }
    Ok(())
}

/// What this thread has used of a processor: other work on the machine counts less so.
fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Digits at the beginning of a text.
fn whole(text: &[u8]) -> (u64, usize) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (text[..digits].iter().fold(0, |sum, byte| 10 * sum + u64::from(byte - b'0')), digits)
}

/// A city's day: number, time, country, five values, summed over countries.
fn milan(path: &Path) -> Done {
    let text = std::fs::read(path)?;
    let mut cube = vec![0f64; 10_000 * 144 * 5];
    let (mut at, mut rows) = (0, 0);
    while at < text.len() {
        let (square, length) = whole(&text[at..]);
        at += length + 1;
        let (time, length) = whole(&text[at..]);
        at += length + 1;
        at += whole(&text[at..]).1 + 1;
        let step = (time - 1_383_260_400_000) / 600_000;
        let base = ((square as usize - 1) * 144 + step as usize) * 5;
        for value in 0..5 {
            if text[at] != b'\t' && text[at] != b'\n' {
                let (number, length): (f64, usize) =
                    fast_float2::parse_partial(&text[at..]).map_err(|_| "no number")?;
                cube[base + value] += number;
                at += length;
            }
            at += 1;
        }
        rows += 1;
    }
    black_box(cube);
    Ok(rows)
}

/// A table of fixed widths: two places of 9, a year of 8, thirteen values of 8 with four decimals.
fn lpj_guess(path: &Path) -> Done {
    const WIDTH: usize = 9 + 9 + 8 + 13 * 8 + 1;
    let text = std::fs::read(path)?;
    let mut at = WIDTH;
    let mut rows = 0;
    let mut values = vec![0f32; 13 << 12];
    let mut places = vec![0u64; 3 << 12];
    while at < text.len() {
        let line = &text[at..at + WIDTH];
        let row = rows as usize % (1 << 12);
        for column in 0..3 {
            let end = [9, 18, 26][column];
            places[3 * row + column] = u64::from_le_bytes(line[end - 8..end].try_into()?);
        }
        for column in 0..13 {
            let begin = 26 + 8 * column;
            let eight = u64::from_le_bytes(line[begin..begin + 8].try_into()?);
            let digits = (eight >> 8 & 0x0000_0000_00ff_ffff & 0x0000_0000_0000_ffff) << 16
                | eight & 0xffff_ffff_0000_0000;
            let digits = (digits | 0x1010_1010_1010_1010) ^ 0x3030_3030_3030_3030;
            let digits = digits & !0xffff;
            let wrong = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
            if wrong != 0 || line[begin + 3] != b'.' {
                return Err("not of fixed widths".into());
            }
            let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
            let high = (pairs & 0xff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
            let low = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
            values[13 * row + column] = (high.wrapping_add(low) >> 32) as f32 / 1e4;
        }
        rows += 1;
        at += WIDTH;
    }
    black_box((values, places));
    Ok(rows)
}

/// A file a cell: date and ten values.
fn vic(path: &Path) -> Done {
    let text = std::fs::read(path)?;
    let mut at = 0;
    for _ in 0..3 {
        at += text[at..].iter().position(|&byte| byte == b'\n').ok_or("no header")? + 1;
    }
    let mut values = Vec::with_capacity(40_000);
    let mut dates = Vec::with_capacity(4_000);
    let mut rows = 0;
    while at < text.len() {
        for _ in 0..3 {
            let (number, length) = whole(&text[at..]);
            dates.push(number);
            at += length + 1;
        }
        for value in 0..10 {
            let (number, length): (f32, usize) =
                fast_float2::parse_partial(&text[at..]).map_err(|_| "no number")?;
            values.push(number);
            at += length + if value < 9 { 2 } else { 1 };
        }
        rows += 1;
    }
    black_box((values, dates));
    Ok(rows)
}

/// How the reader reads files of a kind.
struct Layout {
    table: Table,
    dialect: Dialect,
    time: TimeRule,
}

impl Layout {
    fn new(
        separator: Separator,
        roles: Vec<Role>,
        element: (Element, bool),
        time: TimeKeys,
    ) -> Result<Self, Box<dyn Error>> {
        let values = roles.iter().filter(|role| matches!(role, Role::Value(_))).count();
        let head = Head {
            separator,
            names: None,
            columns: roles.len(),
            edges: Vec::new(),
            header: Vec::new(),
            units: None,
            comments: Vec::new(),
            start: 0,
            lines: 0,
        };
        let table = Table {
            head,
            fields: (0..values as u32).collect(),
            elements: vec![element; values],
            missing: vec![Vec::new(); values],
            place: [None, None],
            parts: Vec::new(),
            label: None,
            key: None,
            names: None,
            spread: None,
            roles,
        };
        let mut text = Description::default().text;
        text.comment = Some("#".to_owned());
        Ok(Layout { table, dialect: Dialect::of(&text), time: TimeRule::of(&time)? })
    }

    fn milan() -> Result<Self, Box<dyn Error>> {
        let mut roles = vec![Role::First, Role::Stamp, Role::Ignored];
        roles.extend((0..5).map(Role::Value));
        let mut time = keys("10 minutes", "standard");
        let units = Some("milliseconds since 1970-01-01".to_owned());
        time.stamp = Some(Stamp { column: "2".to_owned(), units, format: None });
        Layout::new(Separator::Byte(b'\t'), roles, (Element::Float32, true), time)
    }

    fn lpj_guess() -> Result<Self, Box<dyn Error>> {
        let mut roles = vec![Role::Second, Role::First, Role::Time(Part::Year)];
        roles.extend((0..13).map(Role::Value));
        Layout::new(Separator::Blanks, roles, (Element::Float32, false), keys("year", "noleap"))
    }

    fn vic() -> Result<Self, Box<dyn Error>> {
        let mut roles: Vec<Role> = [Part::Year, Part::Month, Part::Day].map(Role::Time).to_vec();
        roles.extend((0..10).map(Role::Value));
        Layout::new(Separator::Blanks, roles, (Element::Float32, false), keys("day", "standard"))
    }

    fn read(&self, files: &[PathBuf]) -> Done {
        let mut reader = TextReader::new(TextLimits::default().rows(1 << 20));
        let mut rows = Rows::default();
        let mut table = self.table.clone();
        let mut count = 0;
        for file in files {
            if table.roles.iter().all(|role| *role != Role::First) {
                table.place = [Some(48.25), Some(-120.75)];
            }
            let of = TextFile { name: "file", table: &table, dialect: &self.dialect, time: &self.time };
            let outcome = reader.read_file::<Infallible>(
                file,
                &InputLimits::default(),
                &of,
                0..u64::MAX,
                &mut rows,
                &mut |rows| {
                    rows.clear();
                    Ok(())
                },
            )?;
            count += outcome.lines.records;
            // One header at most, which these tables have no name for here.
            if outcome.lines.faulty > 1 || !outcome.is_whole {
                return Err(format!("{}: {:?}", file.display(), outcome.faults).into());
            }
        }
        Ok(count)
    }
}

fn keys(step: &str, calendar: &str) -> TimeKeys {
    let mut keys = TimeKeys::default();
    keys.step = Some(step.to_owned());
    keys.calendar = Some(calendar.to_owned());
    keys
}
