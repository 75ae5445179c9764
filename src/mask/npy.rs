//! Arrays of numpy's own format: header and numbers, read as values only.

use std::collections::BTreeMap;

use super::TrueIs;
use super::field::{Axis, Field};

/// Reads an array of the globe.
pub(super) fn read(bytes: &[u8], true_is: Option<TrueIs>) -> Result<Field, String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("it does not begin as an .npy file does")?;
    let short = "its header is cut short";
    let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or(short)?;
    let (length, rest) = match major {
        1 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => {
            rest.split_first_chunk::<4>().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))
        }
        _ => return Err(format!("its format is version {major}; 1 to 3 are known")),
    }
    .ok_or(short)?;
    let (header, data) = rest.split_at_checked(length).ok_or(short)?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is not a text")?;
    let kind = quoted(header, "'descr':").ok_or("its header names no type")?;
    let is_fortran = after(header, "'fortran_order':").is_some_and(|rest| rest.starts_with("True"));
    let shape = shape(header).ok_or("its header names no shape")?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(format!("it has {} dimensions; a mask has two, latitude and longitude", shape.len()));
    };
    if rows < 2 || rows.checked_mul(2) != Some(columns) {
        return Err(format!(
            "its shape is {rows} by {columns}, which is not the globe's, twice as wide as high; give a NetCDF file, whose coordinates say where it is"
        ));
    }
    let (order, kind) = kind.split_at_checked(1).ok_or("its type is empty")?;
    let is_big = order == ">";
    let size: usize = kind.get(1..).and_then(|size| size.parse().ok()).unwrap_or(0);
    let read =
        reader(kind).ok_or_else(|| format!("its type is {kind:?}; a mask has truth values or numbers"))?;
    let count = rows.checked_mul(columns).filter(|count| count.checked_mul(size) == Some(data.len()));
    let Some(count) = count else {
        return Err(format!(
            "it has {} bytes of values, and its shape wants {rows} by {columns} of {size}",
            data.len()
        ));
    };
    let is_truth = kind == "b1";
    let is_outside = match (is_truth, true_is) {
        (true, None) => {
            return Err("its values are true and false, and true may mean inside the region, or masked, as in numpy's masked arrays; say which with "
                .to_owned() + "true_is (inside or outside)");
        }
        (truth, meaning) => truth && meaning == Some(TrueIs::Outside),
    };
    let mut values = vec![f64::NAN; count];
    for (index, own) in data.chunks_exact(size).enumerate() {
        let mut wide = [0; 8];
        if let Some(target) = wide.get_mut(..size) {
            target.copy_from_slice(own);
            if is_big {
                target.reverse();
            }
        }
        let value = read(wide);
        let value = if is_truth { f64::from(u8::from((value != 0.0) != is_outside)) } else { value };
        // Without order in C each column stands together.
        let place = if is_fortran { index % rows * columns + index / rows } else { index };
        if let Some(target) = values.get_mut(place) {
            *target = value;
        }
    }
    let degrees = 180.0 / rows as f64;
    let latitudes = Axis { first: 90.0 - degrees / 2.0, step: -degrees, count: rows };
    let longitudes = Axis { first: -180.0 + degrees / 2.0, step: degrees, count: columns };
    Ok(Field { latitudes, longitudes, values, names: BTreeMap::new() })
}

fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    header.split_once(key).map(|(_, rest)| rest.trim_start())
}

fn quoted<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    after(header, key)?.strip_prefix('\'')?.split('\'').next()
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let inner = after(header, "'shape':")?.strip_prefix('(')?.split(')').next()?;
    inner.split(',').map(str::trim).filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect()
}

/// How the eight bytes of a value, little endian, are read.
fn reader(kind: &str) -> Option<fn([u8; 8]) -> f64> {
    Some(match kind {
        "b1" | "u1" | "u2" | "u4" | "u8" => |wide| u64::from_le_bytes(wide) as f64,
        "i1" => |wide| f64::from(wide[0].cast_signed()),
        "i2" => |wide| f64::from(i16::from_le_bytes([wide[0], wide[1]])),
        "i4" => |wide| f64::from(i32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])),
        "i8" => |wide| i64::from_le_bytes(wide) as f64,
        "f4" => |wide| f64::from(f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])),
        "f8" => f64::from_le_bytes,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(kind: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn orders_of_bytes_and_of_dimensions() {
        let wanted = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let plain = file("|u1", "False", "(2, 4)", &[0, 1, 2, 3, 4, 5, 6, 7]);
        let turned = file(">i2", "True", "(2, 4)", &[0, 0, 0, 4, 0, 1, 0, 5, 0, 2, 0, 6, 0, 3, 0, 7]);
        for bytes in [plain, turned] {
            assert_eq!(read(&bytes, None).expect("a field").values, wanted);
        }
        let truth = file("|b1", "False", "(2, 4)", &[0, 1, 0, 1, 0, 1, 0, 1]);
        assert!(read(&truth, None).expect_err("two meanings").contains("say which"));
        let value = |meaning| read(&truth, Some(meaning)).expect("a field").values[0];
        assert_eq!((value(TrueIs::Inside), value(TrueIs::Outside)), (0.0, 1.0));
        for (kind, shape, word) in [
            ("<f4", "(2, 4)", "bytes of values"),
            ("|u1", "(4, 2)", "twice as wide"),
            ("|u1", "(8,)", "1 dimensions"),
            ("|O", "(2, 4)", "truth values or numbers"),
            ("|u1", "(2, 18446744073709551615)", "not the globe"),
        ] {
            let error = read(&file(kind, "False", shape, &[0; 8]), None).expect_err(kind);
            assert!(error.contains(word), "{kind} {shape}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80), header in ".{0,60}") {
            let _ = read(&bytes, None);
            let _ = read(&file(&header, &header, &header, &bytes), Some(TrueIs::Inside));
        }
    }
}
