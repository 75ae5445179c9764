//! Cut and damaged dumps: an error of the right kind, or the same content, never another content.

use gridloom::caete;
use gridloom::dump::{Container, Dump, DumpError, Limits, container};
use proptest::prelude::*;

use super::pack::{self, Frame};
use super::writer::{Pickle, Plain, write};

/// A dump of a few hundred bytes with arrays, texts and a memo.
fn small_dump() -> Vec<u8> {
    let series = |first: u16| Plain::Array((first..first + 12).collect());
    let text = |text: &str| Plain::Text(text.to_owned());
    let entries = vec![
        (text("npp"), series(7)),
        (text("tsoil"), series(900)),
        (text("calendar"), text("noleap")),
        (text("time_unit"), text("days since 1860-01-01")),
        (text("sind"), Plain::Int(100)),
        (text("eind"), Plain::Int(111)),
    ];
    write(&Plain::Dict(entries), 4)
}

fn decode(bytes: &[u8]) -> Result<Dump, DumpError> {
    Dump::decode(bytes, Vec::new(), &Limits::default())
}

#[test]
fn the_small_dump_is_a_period_in_every_container() {
    for container in pack::ALL {
        let dump = decode(&pack::pack(container, &small_dump())).expect("a dump");
        assert_eq!(dump.container(), container);
        let period = caete::period(dump.root()).expect("a period");
        assert_eq!((period.days(), period.series("npp").expect("a series").data()[0]), (12, 7));
    }
}

#[test]
fn a_dump_that_is_cut_anywhere_is_refused() {
    let stream = small_dump();
    for container in pack::ALL {
        let bytes = pack::pack(container, &stream);
        for length in 0..bytes.len() {
            let error = decode(&bytes[..length]).expect_err("half a dump");
            match (container, length, &error) {
                (_, 0, DumpError::Empty) => {}
                (_, 1..=5, DumpError::UnknownContainer { .. }) => {}
                (Container::Plain, _, DumpError::Truncated { offset, .. }) => assert!(*offset <= length),
                (_, _, DumpError::Container { container: named, .. }) => assert_eq!(*named, container),
                _ => panic!("{container} cut to {length} bytes: {error:?}"),
            }
        }
    }
}

#[test]
fn a_flipped_bit_never_gives_another_content_where_there_is_a_checksum() {
    let stream = small_dump();
    for container in pack::CHECKED {
        let bytes = pack::pack(container, &stream);
        let mut decoded = Vec::new();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Some bits mean nothing to the content, such as the time in the head of gzip.
            let result = container::decompress(&flipped, &mut decoded, &Limits::default());
            assert!(result.is_err() || decoded == stream, "{container}, bit {bit}");
        }
    }
}

#[test]
fn a_flipped_bit_is_survived_where_there_is_none() {
    let stream = small_dump();
    for bytes in [stream.clone(), Frame::JOBLIB.write(&stream), pack::pack(Container::LzmaAlone, &stream)] {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(dump) = decode(&flipped) {
                let _ = caete::period(dump.root()).map(|period| period.all_series().count());
            }
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    let stream = small_dump();
    for container in pack::ALL {
        let mut bytes = pack::pack(container, &stream);
        bytes.push(b'x');
        assert!(decode(&bytes).is_err(), "{container}");
    }
    let two = [stream.clone(), stream].concat();
    assert!(matches!(decode(&two), Err(DumpError::Pickle { .. })));
}

#[test]
fn containers_in_parts_are_read_as_one_where_their_formats_allow() {
    let stream = small_dump();
    let (front, back) = stream.split_at(100);
    for container in [Container::Lz4, Container::Gzip, Container::Bzip2, Container::Xz, Container::Zstd] {
        let bytes = [pack::pack(container, front), pack::pack(container, back)].concat();
        assert!(decode(&bytes).is_ok(), "{container}");
    }
}

#[test]
fn an_lzma_dictionary_beyond_the_limit_is_refused() {
    // Properties, a dictionary of 4 GiB less 64 KiB, and no size.
    let mut bytes = pack::pack(Container::LzmaAlone, &small_dump());
    bytes[1..5].copy_from_slice(&[0, 0, 0xff, 0xff]);
    assert!(matches!(decode(&bytes), Err(DumpError::Container { container: Container::LzmaAlone, .. })));
    let limits = Limits { dictionary_bytes: u64::MAX, ..Limits::default() };
    let mut small = pack::pack(Container::LzmaAlone, &small_dump());
    assert!(Dump::decode(&small, Vec::new(), &limits).is_ok());
    small[5..13].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(Dump::decode(&small, Vec::new(), &limits).is_err(), "a size that is a lie");
}

#[test]
fn the_limit_is_the_largest_size_that_is_read() {
    let stream = small_dump();
    for container in pack::ALL {
        let bytes = pack::pack(container, &stream);
        let with_limit = |decoded_bytes| {
            container::decompress(&bytes, &mut Vec::new(), &Limits { decoded_bytes, ..Limits::default() })
        };
        assert!(with_limit(stream.len()).is_ok(), "{container}");
        for limit in [0, 1, stream.len() - 1] {
            assert!(
                matches!(with_limit(limit), Err(DumpError::TooLarge { limit: l }) if l == limit),
                "{container}"
            );
        }
    }
}

#[test]
fn a_buffer_that_was_used_before_changes_nothing() {
    let stream = small_dump();
    for container in pack::ALL {
        let mut buffer = vec![0xaa; 1 << 20];
        container::decompress(&pack::pack(container, &stream), &mut buffer, &Limits::default())
            .expect("content");
        assert_eq!(buffer, stream, "{container}");
    }
}

#[test]
fn lengths_that_no_file_can_have_are_refused_at_once() {
    for opcode in [0x8d, 0x8e, 0x96] {
        for length in [1u64 << 60, u64::MAX, 9] {
            let bytes = Pickle::new().op([opcode]).op(length.to_le_bytes()).op("tiny").end();
            assert!(matches!(decode(&bytes), Err(DumpError::Truncated { wanted, .. }) if wanted == length));
        }
    }
    for opcode in [b'X', b'B', b'T', 0x8b] {
        let bytes = Pickle::new().op([opcode]).op(u32::MAX.to_le_bytes()).op("tiny").end();
        assert!(matches!(decode(&bytes), Err(DumpError::Truncated { wanted: 0xffff_ffff, .. })));
    }
    for opcode in [0x8a, 0x8c, b'C', b'U'] {
        let bytes = Pickle::new().op([opcode, 0xff]).op("tiny").end();
        assert!(matches!(decode(&bytes), Err(DumpError::Truncated { wanted: 255, .. })));
    }
    let frame = Pickle::new().op([0x95]).op((1u64 << 60).to_le_bytes()).op("N").end();
    assert!(decode(&frame).is_ok(), "the length of a frame is only a hint");
}

#[test]
fn shapes_that_no_file_can_have_are_refused_at_once() {
    let array = |shape: &[i64], dtype: &str, data: &[u8]| {
        decode(&Pickle::new().joblib_array(shape, "C", |pickle| pickle.dtype(dtype, "<"), data).end())
    };
    assert!(array(&[2, 2], "u1", b"four").is_ok());
    assert!(array(&[0, 1 << 40], "u1", b"").is_ok());
    assert!(matches!(array(&[1 << 60], "u1", b"tiny"), Err(DumpError::Truncated { .. })));
    for shape in [[1 << 40, 1 << 40, 1], [1 << 40, 1 << 40, 0], [0, i64::MAX, 3], [1, -1, 1]] {
        for dtype in ["u1", "f8", "V0", "S0"] {
            assert!(
                matches!(array(&shape, dtype, b""), Err(DumpError::Array { .. })),
                "{shape:?} of {dtype}"
            );
        }
    }
    let many = vec![1; 65];
    assert!(matches!(array(&many, "u1", b"x"), Err(DumpError::Array { .. })));
    assert!(array(&[3], &format!("V{}", u64::MAX), b"tiny").is_err());
    assert!(matches!(array(&[2], "O", b"tiny"), Err(DumpError::Pickle { .. })));
}

fn period(edit: impl Fn(&str) -> Option<Plain>) -> Result<usize, DumpError> {
    let text = |text: &str| Plain::Text(text.to_owned());
    let standard = [
        ("calendar", text("standard")),
        ("time_unit", text("days since 1860-01-01")),
        ("sind", Plain::Int(0)),
        ("eind", Plain::Int(9)),
    ];
    let entries = standard.into_iter().filter_map(|(key, value)| match edit(key) {
        Some(Plain::None) => None,
        Some(other) => Some((text(key), other)),
        None => Some((text(key), value)),
    });
    caete::period(decode(&write(&Plain::Dict(entries.collect()), 5))?.root()).map(|period| period.days())
}

#[test]
fn dates_that_make_no_sense_are_told() {
    let with = |key: &'static str, value: Plain| period(move |name| (name == key).then(|| value.clone()));
    assert!(matches!(period(|_| None), Ok(10)));
    for key in ["calendar", "time_unit", "sind", "eind"] {
        let error = with(key, Plain::None).expect_err("a missing key");
        assert_eq!(error.to_string(), format!("unexpected content: key {key:?} is missing"));
        assert!(
            with(key, Plain::List(vec![])).expect_err("a list").to_string().contains("is not a"),
            "{key}"
        );
    }
    for day in [-1, i64::MAX, i64::MIN, 1 << 40] {
        assert!(matches!(with("eind", Plain::Int(day)), Err(DumpError::Content(_))), "{day}");
    }
    assert!(
        with("calendar", Plain::Text("lunar".into())).expect_err("unknown").to_string().contains("lunar")
    );
    let keys = (0..2000).map(|key| (Plain::Int(key), Plain::None)).collect();
    let crowded = decode(&write(&Plain::Dict(keys), 5)).expect("a dict");
    assert!(caete::period(crowded.root()).expect_err("too many keys").to_string().contains("2000 keys"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_damaged_piece_never_gives_another_content(start in 0usize..500, piece: [u8; 7]) {
        let stream = small_dump();
        for container in pack::CHECKED {
            let mut bytes = pack::pack(container, &stream);
            let start = start % bytes.len();
            bytes.iter_mut().skip(start).zip(piece).for_each(|(byte, other)| *byte ^= other);
            let mut decoded = Vec::new();
            let result = container::decompress(&bytes, &mut decoded, &Limits::default());
            prop_assert!(result.is_err() || decoded == stream, "{}", container);
        }
    }
}
