//! NetCDF's classic formats (CDF-1, CDF-2 and CDF-5), from the bytes of a whole file. None of them is trusted: what a header says has to lie within the
//! file before any memory is taken for it.

use super::{Attribute, Content, Dimension, Kind, Number, Values, Variable};

/// Dimensions, attributes and variables of a file at the most.
const MOST: u64 = 1 << 16;

/// Takes a file apart.
///
/// # Errors
/// In words, what is not as the format has it.
pub(super) fn content(bytes: &[u8]) -> Result<Content, String> {
    let mut header = Header { bytes, at: 4, wide: false, long_offsets: false };
    (header.wide, header.long_offsets) = match bytes {
        [b'C', b'D', b'F', 1, ..] => (false, false),
        [b'C', b'D', b'F', 2, ..] => (false, true),
        [b'C', b'D', b'F', 5, ..] => (true, true),
        _ => return Err("it does not begin as NetCDF does".to_owned()),
    };
    let records = header.count()?;
    let is_streamed = records == if header.wide { u64::MAX } else { u64::from(u32::MAX) };
    let mut lengths = Vec::new();
    for _ in 0..header.list(0x0a)? {
        lengths.push((header.name()?, header.count()?));
    }
    let globals = header.list(0x0c)?;
    for _ in 0..globals {
        header.attribute()?;
    }
    let mut places = Vec::new();
    for _ in 0..header.list(0x0b)? {
        places.push(header.place(&lengths)?);
    }
    // Values of a record lie beside each other, all but those of a single variable filled up to four bytes.
    let of_records: Vec<&Place> = places.iter().filter(|place| place.is_record).collect();
    let filled = |length: u64| length.next_multiple_of(4);
    let record = match of_records.as_slice() {
        [only] => only.length,
        several => several
            .iter()
            .try_fold(0u64, |all, place| all.checked_add(filled(place.length)))
            .ok_or("its records are too long")?,
    };
    let records = match (is_streamed, of_records.iter().map(|place| place.begin).min()) {
        (false, _) => records,
        (true, Some(begin)) if record > 0 => (bytes.len() as u64).saturating_sub(begin) / record,
        (true, _) => 0,
    };
    let dimensions: Vec<Dimension> = lengths
        .iter()
        .map(|(name, length)| {
            let length = if *length == 0 { records } else { *length };
            Dimension { name: name.clone(), length: usize::try_from(length).unwrap_or(usize::MAX) }
        })
        .collect();
    let variables =
        places.into_iter().map(|place| place.variable(bytes, records, record)).collect::<Result<_, _>>()?;
    Ok(Content { dimensions, variables })
}

/// Where the values of a variable are.
struct Place {
    name: String,
    dimensions: Vec<usize>,
    is_record: bool,
    attributes: Vec<(String, Attribute)>,
    kind: Option<Kind>,
    /// Bytes, those of one record where it has records.
    length: u64,
    begin: u64,
}

impl Place {
    fn variable(self, bytes: &[u8], records: u64, record: u64) -> Result<Variable, String> {
        let Place { name, dimensions, is_record, attributes, kind, length, begin } = self;
        let times = if is_record { records } else { 1 };
        let all = times.checked_mul(length).filter(|&all| all <= bytes.len() as u64);
        let short = || format!("the values of {name} are not all in the file");
        let mut values = Vec::with_capacity(all.ok_or_else(short)? as usize);
        for number in 0..times {
            let start = number.checked_mul(record).and_then(|before| before.checked_add(begin));
            let range = start.and_then(|start| {
                Some(usize::try_from(start).ok()?..usize::try_from(start.checked_add(length)?).ok()?)
            });
            values.extend_from_slice(range.and_then(|range| bytes.get(range)).ok_or_else(short)?);
        }
        let values = match kind {
            Some(kind) => Values::Numbers { kind, is_big: true, bytes: values },
            None => Values::Letters(values),
        };
        Ok(Variable { name, dimensions, attributes, values })
    }
}

/// What is read of a header, front to back.
struct Header<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether counts have eight bytes.
    wide: bool,
    long_offsets: bool,
}

impl Header<'_> {
    fn take(&mut self, length: u64) -> Result<&[u8], String> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or("its header ends early")?;
        self.at += taken.len();
        Ok(taken)
    }

    fn four(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(bytes.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes)))
    }

    fn eight(&mut self) -> Result<u64, String> {
        let bytes = self.take(8)?;
        Ok(bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }

    /// A count, a length or the number of a dimension.
    fn count(&mut self) -> Result<u64, String> {
        if self.wide { self.eight() } else { self.four().map(u64::from) }
    }

    /// The entries of a list, which begins with its tag; of one that is not there, none.
    fn list(&mut self, tag: u32) -> Result<u64, String> {
        let (found, count) = (self.four()?, self.count()?);
        match (found, count) {
            (0, 0) => Ok(0),
            (found, count) if found == tag && count <= MOST => Ok(count),
            (found, count) if found == tag => {
                Err(format!("its header has {count} entries, more than the limit of {MOST}"))
            }
            _ => Err("its header is damaged".to_owned()),
        }
    }

    fn padded(&mut self, length: u64) -> Result<Vec<u8>, String> {
        let taken = self.take(length)?.to_vec();
        self.take(length.next_multiple_of(4) - length)?;
        Ok(taken)
    }

    fn name(&mut self) -> Result<String, String> {
        let length = self.count()?;
        if length > MOST {
            return Err("a name in its header is too long".to_owned());
        }
        String::from_utf8(self.padded(length)?).map_err(|_| "a name in its header is not text".to_owned())
    }

    /// A type: its numbers, or `None` of letters.
    fn kind(&mut self) -> Result<Option<Kind>, String> {
        let code = self.four()?;
        Ok(Some(match code {
            2 => return Ok(None),
            1 => Kind::I1,
            3 => Kind::I2,
            4 => Kind::I4,
            5 => Kind::F4,
            6 => Kind::F8,
            7 if self.wide => Kind::U1,
            8 if self.wide => Kind::U2,
            9 if self.wide => Kind::U4,
            10 if self.wide => Kind::I8,
            11 if self.wide => Kind::U8,
            other => return Err(format!("its header names the unknown type {other}")),
        }))
    }

    fn attribute(&mut self) -> Result<(String, Attribute), String> {
        let (name, kind, count) = (self.name()?, self.kind()?, self.count()?);
        let size = kind.map_or(1, Kind::size);
        let length = count.checked_mul(size as u64).filter(|&length| length <= self.bytes.len() as u64);
        let bytes = self.padded(length.ok_or("an attribute in its header is too long")?)?;
        let value = match kind {
            None => Attribute::Text(String::from_utf8_lossy(&bytes).into_owned()),
            Some(kind) => {
                let numbers: Vec<Number> =
                    bytes.chunks_exact(size).filter_map(|bytes| kind.read(bytes, true)).collect();
                Attribute::Numbers(numbers)
            }
        };
        Ok((name, value))
    }

    fn place(&mut self, lengths: &[(String, u64)]) -> Result<Place, String> {
        let (name, rank) = (self.name()?, self.count()?);
        if rank > lengths.len().max(1) as u64 * 8 {
            return Err(format!("{name} has {rank} dimensions"));
        }
        let (mut dimensions, mut count, mut is_record) = (Vec::new(), 1u64, false);
        for place in 0..rank {
            let number = usize::try_from(self.count()?).unwrap_or(usize::MAX);
            let (_, length) =
                lengths.get(number).ok_or_else(|| format!("{name} has a dimension that is not there"))?;
            dimensions.push(number);
            match (*length, place) {
                (0, 0) => is_record = true,
                (0, _) => {
                    return Err(format!(
                        "{name} has the dimension of records in another place than the first"
                    ));
                }
                (length, _) => {
                    count = count.checked_mul(length).ok_or_else(|| format!("{name} is too large"))?
                }
            }
        }
        let mut attributes = Vec::new();
        for _ in 0..self.list(0x0c)? {
            attributes.push(self.attribute()?);
        }
        let kind = self.kind()?;
        // What a variable is said to take is not looked at: it is known, and too large for its four bytes where it is much.
        self.count()?;
        let begin = if self.long_offsets { self.eight()? } else { self.four()?.into() };
        let length = count
            .checked_mul(kind.map_or(1, Kind::size) as u64)
            .ok_or_else(|| format!("{name} is too large"))?;
        Ok(Place { name, dimensions, is_record, attributes, kind, length, begin })
    }
}
