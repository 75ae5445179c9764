//! What Parquet files claim, looked at before a library believes it: how long lists are, what pages unpack to, how many values a dictionary has.
//!
//! Libraries make room for what is claimed. A file of a hundred bytes may claim a dictionary of 2³¹ values, and room that the system does not have ends the
//! process. So the structure of the end of a file and the beginning of each page is walked through here, without understanding more than the claims:
//! nothing may be longer than the bytes that tell it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of the structure at the end of a file at the most.
const MOST_FOOTER: u64 = 64 << 20;
/// Bytes that a page may unpack to.
const MOST_PAGE: i64 = 256 << 20;
/// Bytes of a page's beginning, with the least and greatest of its values.
const MOST_HEADER: usize = 1 << 20;
/// How deep structures are in each other at the most.
const DEPTH: u32 = 32;

/// Bytes in the compact form of Thrift.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The kinds of a field that are told apart.
const WHOLE: std::ops::RangeInclusive<u8> = 4..=6;
const TEXT: u8 = 8;
const STRUCT: u8 = 12;

impl<'a> Walk<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number with its sign in the last bit.
    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn skip_bytes(&mut self, count: u64) -> Option<()> {
        let count = usize::try_from(count).ok().filter(|&count| count <= self.left())?;
        self.at += count;
        Some(())
    }

    /// Goes past a value; `None` where it is not whole, or claims more than there is.
    fn skip(&mut self, kind: u8, is_element: bool, depth: u32) -> Option<()> {
        match kind {
            1 | 2 if is_element => self.skip_bytes(1),
            1 | 2 => Some(()),
            3 => self.skip_bytes(1),
            kind if WHOLE.contains(&kind) => self.number().map(|_| ()),
            7 => self.skip_bytes(8),
            TEXT => {
                let length = self.number()?;
                self.skip_bytes(length)
            }
            9 | 10 => {
                let first = self.byte()?;
                let count = match first >> 4 {
                    15 => self.number()?,
                    count => u64::from(count),
                };
                if count > self.left() as u64 {
                    return None;
                }
                (0..count).try_for_each(|_| {
                    let begin = self.at;
                    self.skip(first & 15, true, depth)?;
                    // Lists of structures that hold nothing are in no file, and take a byte for each one that is made room for.
                    (first & 15 != STRUCT || self.at > begin + 1).then_some(())
                })
            }
            11 => {
                let count = self.number()?;
                if count > self.left() as u64 {
                    return None;
                }
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.skip(kinds >> 4, true, depth)?;
                    self.skip(kinds & 15, true, depth)
                })
            }
            STRUCT => self.structure(depth, &mut |_, _, _| Some(false)),
            13 => self.skip_bytes(16),
            _ => None,
        }
    }

    /// Goes through the fields of a structure; `each` says whether it has read one.
    fn structure(
        &mut self,
        depth: u32,
        each: &mut dyn FnMut(i64, u8, &mut Walk<'a>) -> Option<bool>,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut field = 0i64;
        loop {
            let first = self.byte()?;
            if first == 0 {
                return Some(());
            }
            field = match first >> 4 {
                0 => self.signed()?,
                step => field.checked_add(i64::from(step))?,
            };
            if !each(field, first & 15, self)? {
                self.skip(first & 15, false, depth)?;
            }
        }
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::other(format!("as Parquet it cannot be read: {what}"))
}

/// Looks at the structure at the end of a file.
///
/// # Errors
/// That it is longer than is allowed, or claims more than it holds.
pub(super) fn footer(file: &File, size: u64) -> io::Result<()> {
    let mut end = [0; 8];
    let Some(at) = size.checked_sub(8) else { return Err(damaged("it is cut")) };
    file.read_exact_at(&mut end, at)?;
    let [a, b, c, d, mark @ ..] = end;
    if &mark != b"PAR1" {
        return Err(damaged("its end is not there, or is encrypted"));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let Some(start) = at.checked_sub(length) else { return Err(damaged("it is cut")) };
    if length > MOST_FOOTER {
        return Err(damaged(&format!("what it says of itself has {length} bytes, more than {MOST_FOOTER}")));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, start)?;
    let mut walk = Walk { bytes: &bytes, at: 0 };
    walk.skip(STRUCT, false, DEPTH).ok_or_else(|| damaged("its metadata are damaged"))
}

/// What the beginning of a page claims.
#[derive(Debug, Default, PartialEq)]
struct Page {
    unpacked: i64,
    packed: i64,
    /// Values of a page of data.
    values: i64,
    /// Values of a dictionary.
    dictionary: Option<i64>,
}

/// Reads the beginning of a page, and tells how long it is; `None` where it is damaged or longer than the bytes.
fn page(bytes: &[u8]) -> Option<(Page, usize)> {
    let mut walk = Walk { bytes, at: 0 };
    let mut page = Page::default();
    walk.structure(DEPTH, &mut |field, kind, walk| {
        match field {
            2 if WHOLE.contains(&kind) => page.unpacked = walk.signed()?,
            3 if WHOLE.contains(&kind) => page.packed = walk.signed()?,
            5 | 7 | 8 if kind == STRUCT => {
                let mut values = 0;
                walk.structure(DEPTH, &mut |field, kind, walk| {
                    let is_count = field == 1 && WHOLE.contains(&kind);
                    if is_count {
                        values = walk.signed()?;
                    }
                    Some(is_count)
                })?;
                match field {
                    7 => page.dictionary = Some(values),
                    _ => page.values = values,
                }
            }
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some((page, walk.at))
}

/// Looks at the beginnings of the pages in a range of a file's bytes, which are those of so many values of a column.
///
/// # Errors
/// What a page claims and cannot have.
pub(super) fn pages(file: &File, range: std::ops::Range<u64>, mut values: i64) -> io::Result<()> {
    let mut at = range.start;
    let mut bytes = Vec::new();
    while at < range.end && values > 0 {
        let mut wanted = 256;
        let (page, length) = loop {
            let count = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(wanted);
            bytes.resize(count, 0);
            file.read_exact_at(&mut bytes, at)?;
            match page(&bytes) {
                Some(found) => break found,
                None if count < wanted || wanted >= MOST_HEADER => {
                    return Err(damaged("the beginning of a page is damaged"));
                }
                None => wanted *= 16,
            }
        };
        let Page { unpacked, packed, dictionary, values: own } = page;
        values = values.saturating_sub(own.max(0));
        if !(0..=MOST_PAGE).contains(&unpacked) {
            return Err(damaged(&format!("a page of it would be {unpacked} bytes, more than {MOST_PAGE}")));
        }
        // A value of a dictionary has a byte at least.
        if dictionary.is_some_and(|values| !(0..=unpacked).contains(&values)) {
            return Err(damaged("a dictionary of it claims more values than it has bytes"));
        }
        let packed = u64::try_from(packed).ok().filter(|&packed| packed <= range.end - at);
        let Some(packed) = packed else { return Err(damaged("a page of it is cut")) };
        at += length as u64 + packed;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_pages_are_told() {
        // A page of 10 values, 100 bytes packed to 50, then a dictionary of 7 values.
        let data = [0x15, 0, 0x15, 200, 1, 0x15, 100, 0x2c, 0x15, 20, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0, 9];
        let known = Page { unpacked: 100, packed: 50, values: 10, dictionary: None };
        assert_eq!(page(&data), Some((known, data.len() - 1)));
        let dictionary = [0x15, 4, 0x15, 200, 1, 0x15, 100, 0x4c, 0x15, 14, 0x15, 0, 0, 0];
        let known = Page { unpacked: 100, packed: 50, values: 0, dictionary: Some(7) };
        assert_eq!(page(&dictionary), Some((known, dictionary.len())));
        for cut in 0..dictionary.len() {
            assert_eq!(page(&dictionary[..cut]), None);
        }
    }

    #[test]
    fn nothing_is_longer_than_what_tells_it() {
        let is_whole = |bytes: &[u8]| Walk { bytes, at: 0 }.skip(STRUCT, false, DEPTH).is_some();
        assert!(is_whole(&[0x19, 0x25, 2, 4, 0]), "a list of two numbers");
        assert!(!is_whole(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 7, 0]), "a list of 2³¹ numbers");
        assert!(!is_whole(&[0x18, 0xff, 0xff, 0xff, 0xff, 7, 0]), "a text of 2³¹ bytes");
        assert!(!is_whole(&[0x1c; 1000]), "structures in structures");
        assert!(!is_whole(&[0x19, 0x2c, 0, 0, 0]), "a list of nothings");
        assert!(is_whole(&[0x19, 0x1c, 0x15, 2, 0, 0]), "a list of one structure");
    }
}
