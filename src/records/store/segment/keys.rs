//! The keys of records that became one, behind the columns of a block: for each step that has a record their number, and then each, in order.
//!
//! A key that is a text of up to seven bytes takes as many and one more, a digest nine.

/// The first byte of a digest.
const DIGEST: u8 = 0xff;

/// Writes keys, each once; `room` is memory that is used again.
pub fn write(keys: impl Iterator<Item = u64>, room: &mut Vec<u64>, bytes: &mut Vec<u8>) {
    room.clear();
    room.extend(keys);
    let keys = room;
    keys.sort_unstable();
    keys.dedup();
    let mut count = keys.len();
    while count > 0x7f {
        bytes.push(count as u8 | 0x80);
        count >>= 7;
    }
    bytes.push(count as u8);
    for &mut key in keys {
        let length = (key >> 56) as usize;
        match key.to_le_bytes().get(..length).filter(|_| length < 8) {
            Some(own) => {
                bytes.push(length as u8);
                bytes.extend_from_slice(own);
            }
            None => {
                bytes.push(DIGEST);
                bytes.extend_from_slice(&key.to_le_bytes());
            }
        }
    }
}

/// Takes the keys of a step from the beginning of bytes, and gives the rest; `None` where they end early.
pub fn read<'a>(bytes: &'a [u8], keys: &mut Vec<u64>) -> Option<&'a [u8]> {
    keys.clear();
    let (mut rest, mut count, mut shift) = (bytes, 0usize, 0);
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        count |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    for _ in 0..count {
        let (&length, behind) = rest.split_first()?;
        let own = if length == DIGEST { 8 } else { usize::from(length) };
        let (text, behind) = behind.split_at_checked(own)?;
        let key = text.iter().rev().fold(0u64, |all, &byte| all << 8 | u64::from(byte));
        keys.push(if length == DIGEST { key } else { key | u64::from(length) << 56 });
        rest = behind;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::rows::{key_of, key_with};

    #[test]
    fn keys_are_read_as_they_were_written() {
        let texts = ["", "0", "39", "1234567", "12345678", "a longer one", "39"];
        let mut all: Vec<u64> = texts.iter().map(|text| key_of(text.as_bytes())).collect();
        all.push(key_with(Some(all[1]), all[2]));
        let mut many: Vec<u64> = (0..300).map(|number: u32| key_of(number.to_string().as_bytes())).collect();
        let mut bytes = Vec::new();
        let mut room = Vec::new();
        write(all.iter().copied(), &mut room, &mut bytes);
        write(many.iter().copied(), &mut room, &mut bytes);
        let mut keys = Vec::new();
        let rest = read(&bytes, &mut keys).expect("keys");
        all.sort_unstable();
        all.dedup();
        assert_eq!((&keys, all.len()), (&all, 7));
        assert_eq!(read(rest, &mut keys), Some([].as_slice()));
        many.sort_unstable();
        assert_eq!(keys, many);
        assert_eq!(read(&bytes[..bytes.len() - 1], &mut keys).and_then(|rest| read(rest, &mut keys)), None);
    }
}
