//! Filters of HDF5 as codecs of numcodecs.

use serde_json::{Value, json};

use crate::chunk::StoredFilter;

/// Bytes of a checksum.
const CHECKSUM: u64 = 4;

/// How readers get at the values of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Codecs {
    /// In the order in which a chunk passed them, the compressor among them, as kerchunk has it: some readers look for it nowhere else.
    pub filters: Vec<Value>,
    /// Bytes at the end of a stored chunk that are no part of what readers decode.
    pub cut: u64,
}

impl Codecs {
    /// Values as they are.
    pub fn none() -> Self {
        Codecs { filters: Vec::new(), cut: 0 }
    }

    /// Those of chunks whose elements have so many bytes.
    ///
    /// # Errors
    /// Why no reader of references decodes such chunks.
    pub fn of(stored: &[StoredFilter], size: usize) -> Result<Self, String> {
        let (stored, cut) = match stored.split_last() {
            // Over what is stored: to be left out.
            Some((StoredFilter::Fletcher32, before)) => (before, CHECKSUM),
            _ => (stored, 0),
        };
        let mut codecs = Vec::new();
        for (place, filter) in stored.iter().enumerate() {
            codecs.push(match filter {
                StoredFilter::Shuffle => json!({ "id": "shuffle", "elementsize": size }),
                StoredFilter::Deflate(level) => json!({ "id": "zlib", "level": level }),
                StoredFilter::Zstd => json!({ "id": "zstd", "level": 3 }),
                StoredFilter::Fletcher32 => {
                    let is_shuffled = stored.iter().skip(place).any(|filter| *filter == StoredFilter::Shuffle);
                    if is_shuffled && !CHECKSUM.is_multiple_of(size as u64) {
                        return Err(format!(
                            "its checksum was put in front of the shuffle filter, and does not fill a value of {size} bytes; make the \
                             file anew, which puts it behind"
                        ));
                    }
                    json!({ "id": "fletcher32" })
                }
                StoredFilter::Other(name) => return Err(format!("readers of references do not know its filter {name}")),
            });
        }
        Ok(Codecs { filters: codecs, cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StoredFilter::{Deflate, Fletcher32, Other, Shuffle, Zstd};

    #[test]
    fn a_checksum_is_cut_off_where_it_is_last() {
        let of = |filters: &[StoredFilter], size| Codecs::of(filters, size).expect("codecs");
        let last = of(&[Shuffle, Deflate(4), Fletcher32], 8);
        assert_eq!((last.cut, last.filters.len()), (4, 2));
        assert_eq!(last.filters[1]["id"], "zlib");
        let first = of(&[Fletcher32, Shuffle, Zstd], 4);
        assert_eq!((first.cut, first.filters[0]["id"].as_str()), (0, Some("fletcher32")));
        assert_eq!(of(&[], 4), Codecs::none());
        assert_eq!(of(&[Fletcher32], 8), Codecs { cut: 4, ..Codecs::none() });
        for filters in [&[Fletcher32, Shuffle, Deflate(1)][..], &[Other("lz4".to_owned())]] {
            assert!(Codecs::of(filters, 8).is_err());
        }
    }
}
