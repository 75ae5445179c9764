use std::path::Path;

use super::*;

/// A file of the classic formats, written by hand: a header as the format's document has it, and values.
struct Made {
    version: u8,
    dimensions: Vec<(&'static str, u64)>,
    variables: Vec<MadeVariable>,
    records: u64,
}

struct MadeVariable {
    name: &'static str,
    dimensions: Vec<u64>,
    attributes: Vec<(&'static str, u32, Vec<u8>)>,
    code: u32,
    /// Of all records, or all values.
    values: Vec<u8>,
}

fn text(name: &'static str, text: &str) -> (&'static str, u32, Vec<u8>) {
    (name, 2, text.as_bytes().to_vec())
}

impl Made {
    fn count(&self, value: u64, to: &mut Vec<u8>) {
        match self.version {
            5 => to.extend(value.to_be_bytes()),
            _ => to.extend((value as u32).to_be_bytes()),
        }
    }

    fn name(&self, name: &str, to: &mut Vec<u8>) {
        self.count(name.len() as u64, to);
        to.extend(name.as_bytes());
        to.resize(to.len().next_multiple_of(4), 0);
    }

    fn list(&self, tag: u32, count: usize, to: &mut Vec<u8>) {
        to.extend(if count == 0 { 0 } else { tag }.to_be_bytes());
        self.count(count as u64, to);
    }

    fn header(&self, begins: &[u64]) -> Vec<u8> {
        let mut bytes = vec![b'C', b'D', b'F', self.version];
        self.count(self.records, &mut bytes);
        self.list(10, self.dimensions.len(), &mut bytes);
        for (name, length) in &self.dimensions {
            self.name(name, &mut bytes);
            self.count(*length, &mut bytes);
        }
        self.list(12, 0, &mut bytes);
        self.list(11, self.variables.len(), &mut bytes);
        for (variable, begin) in self.variables.iter().zip(begins) {
            self.name(variable.name, &mut bytes);
            self.count(variable.dimensions.len() as u64, &mut bytes);
            variable.dimensions.iter().for_each(|&number| self.count(number, &mut bytes));
            self.list(12, variable.attributes.len(), &mut bytes);
            for (name, code, value) in &variable.attributes {
                self.name(name, &mut bytes);
                bytes.extend(code.to_be_bytes());
                let size = match code {
                    2 => 1,
                    5 => 4,
                    _ => 8,
                };
                self.count(value.len() as u64 / size, &mut bytes);
                bytes.extend(value);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            bytes.extend(variable.code.to_be_bytes());
            self.count(0, &mut bytes);
            match self.version {
                1 => bytes.extend((*begin as u32).to_be_bytes()),
                _ => bytes.extend(begin.to_be_bytes()),
            }
        }
        bytes
    }

    fn bytes(&self) -> Vec<u8> {
        let is_record = |variable: &MadeVariable| {
            variable.dimensions.first().is_some_and(|&number| self.dimensions[number as usize].1 == 0)
        };
        let mut begins = vec![0; self.variables.len()];
        let length = self.header(&begins).len() as u64;
        let mut data = Vec::new();
        for (begin, variable) in
            begins.iter_mut().zip(&self.variables).filter(|(_, variable)| !is_record(variable))
        {
            *begin = length + data.len() as u64;
            data.extend(&variable.values);
            data.resize(data.len().next_multiple_of(4), 0);
        }
        let of_records: Vec<usize> =
            (0..self.variables.len()).filter(|&at| is_record(&self.variables[at])).collect();
        for record in 0..self.records as usize {
            for &at in &of_records {
                if record == 0 {
                    begins[at] = length + data.len() as u64;
                }
                let values = &self.variables[at].values;
                let each = values.len() / self.records as usize;
                data.extend(&values[record * each..(record + 1) * each]);
                if of_records.len() > 1 {
                    data.resize(data.len().next_multiple_of(4), 0);
                }
            }
        }
        [self.header(&begins), data].concat()
    }
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn small(version: u8) -> Made {
    let variable = |name, dimensions, attributes, code, values| MadeVariable {
        name,
        dimensions,
        attributes,
        code,
        values,
    };
    Made {
        version,
        dimensions: vec![("time", 0), ("lat", 1), ("lon", 1), ("pft", 2), ("letters", 3)],
        records: 3,
        variables: vec![
            variable("lat", vec![1], vec![text("units", "degrees_north")], 5, floats(&[10.1])),
            variable("lon", vec![2], vec![text("units", "degrees_east")], 6, doubles(&[-20.25])),
            variable("pft", vec![3, 4], vec![], 2, b"BNETeB".to_vec()),
            variable(
                "time",
                vec![0],
                vec![text("units", "days since 2001-02-28"), text("calendar", "noleap")],
                6,
                doubles(&[0.0, 1.0, 2.0]),
            ),
            variable(
                "lai",
                vec![0, 3, 1, 2],
                vec![text("units", "1"), ("_FillValue", 5, floats(&[-9.0]))],
                5,
                floats(&[0.5, 1.5, -9.0, 2.5, f32::NAN, 0.1]),
            ),
            variable(
                "t",
                vec![0, 1, 2],
                vec![("scale_factor", 6, doubles(&[0.01])), ("add_offset", 6, doubles(&[273.15]))],
                3,
                [-100i16, -32767, 250].iter().flat_map(|value| value.to_be_bytes()).collect(),
            ),
        ],
    }
}

fn lines(made: &Made) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.nc");
    std::fs::write(&path, made.bytes()).expect("a file");
    text_of(&path)
}

#[test]
fn classic_files_are_lines() {
    let wanted = "time,lat,lon,lai_1,lai_2,t\n\
        2001-02-28T00:00:00,10.1,-20.25,0.5,1.5,272.15\n\
        2001-03-01T00:00:00,10.1,-20.25,,2.5,\n\
        2001-03-02T00:00:00,10.1,-20.25,,0.1,275.65\n";
    for version in [1, 2, 5] {
        let text = lines(&small(version)).expect("lines");
        let (first, rest) = text.split_once('\n').expect("a line");
        assert_eq!(rest, wanted, "CDF-{version}");
        assert!(
            first.contains(r#""calendar":"noleap""#) && first.contains(r#""labels":["BNE","TeB"]"#),
            "{first}"
        );
    }
}

/// What the library reads is what was written, and what the own reader says.
#[cfg(feature = "netcdf")]
#[test]
fn the_library_reads_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for version in [1, 2, 5] {
        let path = folder.path().join(format!("{version}.nc"));
        let bytes = small(version).bytes();
        std::fs::write(&path, &bytes).expect("a file");
        let (own, other) =
            (classic::content(&bytes).expect("content"), library::content(&path, false).expect("content"));
        assert_eq!(own.dimensions, other.dimensions);
        for (own, other) in own.variables.iter().zip(&other.variables) {
            assert_eq!((&own.name, &own.dimensions), (&other.name, &other.dimensions));
            assert_eq!(own.attributes, other.attributes, "{}", own.name);
            for index in 0..7 {
                let bits = |number: Option<Number>| number.map(|number| number.to_f64().to_bits());
                assert_eq!(bits(own.number(index)), bits(other.number(index)), "{} {index}", own.name);
            }
        }
    }
}

#[test]
fn times_are_dates_of_their_calendar() {
    let of = |units: &str, calendar: &str, values: &[f64]| {
        let mut made = small(2);
        let time = &mut made.variables[3];
        time.attributes = vec![text("units", units), text("calendar", calendar)];
        time.values = doubles(values);
        lines(&made).map(|text| {
            let times =
                text.lines().skip(2).map(|line| line.split(',').next().unwrap_or_default().to_owned());
            times.collect::<Vec<_>>().join(" ")
        })
    };
    for (units, calendar, values, wanted) in [
        (
            "days since 2000-01-30",
            "360_day",
            [0.0, 1.0, 30.0],
            "2000-01-30T00:00:00 2000-02-01T00:00:00 2000-02-30T00:00:00",
        ),
        (
            "hours since 2000-02-28 12:00",
            "standard",
            [0.0, 12.0, 36.0],
            "2000-02-28T12:00:00 2000-02-29T00:00:00 2000-03-01T00:00:00",
        ),
        (
            "days since 2000-01-01",
            "standard",
            [0.5, 1.041_666_666_7, 2.0],
            "2000-01-01T12:00:00 2000-01-02T01:00:00 2000-01-03T00:00:00",
        ),
        (
            "months since 2000-11-01",
            "",
            [0.0, 1.0, 2.0],
            "2000-11-01T00:00:00 2000-12-01T00:00:00 2001-01-01T00:00:00",
        ),
        (
            "growing seasons since 1980-01-01 00:00:00",
            "",
            [1.0, 2.0, 3.0],
            "1981-01-01T00:00:00 1982-01-01T00:00:00 1983-01-01T00:00:00",
        ),
        // No such moment: it is told as it is, and becomes a fault.
        (
            "months since 2000-01-01",
            "",
            [0.0, 0.5, 1.0],
            "2000-01-01T00:00:00 0.5 months since 2000-01-01 2000-02-01T00:00:00",
        ),
        (
            "days since 2000-01-01",
            "",
            [0.000_004, 1.0, 2.0],
            "0.000004 days since 2000-01-01 2000-01-02T00:00:00 2000-01-03T00:00:00",
        ),
    ] {
        assert_eq!(of(units, calendar, &values).as_deref(), Ok(wanted), "{units}");
    }
    let refused = of("fortnights since 2000-01-01", "", &[0.0, 1.0, 2.0]).expect_err("no unit");
    assert!(refused.contains("fortnights"), "{refused}");
    assert!(
        of("days since 2000-01-01", "moon", &[0.0, 1.0, 2.0]).expect_err("no calendar").contains("\"moon\"")
    );
}

#[test]
fn files_of_several_cells_or_of_no_time_are_refused() {
    let mut made = small(1);
    made.dimensions[1].1 = 2;
    made.variables[0].values = floats(&[1.0, 2.0]);
    made.variables[4].values = floats(&[0.0; 12]);
    made.variables[5].values = vec![0; 12];
    assert!(lines(&made).expect_err("a grid").contains("2 values of lat"));
    let mut made = small(1);
    made.variables[3].attributes.clear();
    assert!(lines(&made).expect_err("no time").contains("none of its variables tells the time"));
}

/// No damage does more than be told.
#[test]
fn damaged_files_are_faults() {
    for version in [1, 2, 5] {
        let bytes = small(version).bytes();
        for length in 0..bytes.len() {
            let short = classic::content(&bytes[..length]);
            // What is missing at the end of the last record may be what fills it up.
            assert!(short.is_err() || length + 3 >= bytes.len(), "{version} {length}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(content) = classic::content(&flipped) {
                    let _ =
                        Lines::of(content).map(|mut lines| std::io::copy(&mut lines, &mut std::io::sink()));
                }
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    std::fs::write(&path, b"\x89HDF\r\n\x1a\n nothing").expect("a file");
    assert!(text_of(Path::new(&path)).is_err());
}
