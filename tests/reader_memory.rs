//! What small dumps can make the reader take of memory: measured for the whole process, so this is a single test in a
//! program of its own. Only Linux tells the peak.
#![cfg(target_os = "linux")]

#[path = "reader/pack.rs"]
mod pack;
#[path = "reader/writer.rs"]
mod writer;

use std::io::Read;

use gridloom::dump::{Container, Dump, DumpError, Limits};
use pack::Frame;
use writer::Pickle;

const MIB: usize = 1 << 20;
/// What the process and its allocator may take beside what is measured.
const SLACK: usize = 16 * MIB;
const LIMITS: Limits = Limits { decoded_bytes: 64 * MIB, values: 1 << 20, dictionary_bytes: 32 << 20 };

/// Bytes of memory that work takes at its peak, beyond what was taken before it.
fn peak<R>(work: impl FnOnce() -> R) -> (usize, R) {
    // 5 sets the peak to what is taken now.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux 4.0 or later");
    let before = status("VmRSS:");
    let result = work();
    (status("VmHWM:").saturating_sub(before), result)
}

fn status(field: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("a field");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes << 10
}

fn zeros(bytes: usize) -> impl Read {
    std::io::repeat(0).take(bytes as u64)
}

/// Two GiB of zeros, or as many as the container needs to pass for more than the limit.
fn bomb(container: Container) -> Vec<u8> {
    match container {
        Container::Plain => vec![0x80; 2 * LIMITS.decoded_bytes],
        Container::Lz4 => {
            let frame = Frame { block_code: 7, linked: true, ..Frame::JOBLIB };
            let block = frame.block(&vec![0; 4 * MIB], &[]);
            [frame.header(0), block.repeat(512), frame.end(&[])].concat()
        }
        // These cannot be continued by a second stream.
        Container::Zlib | Container::LzmaAlone => pack::pack_from(container, zeros(256 * MIB)),
        _ => pack::pack_from(container, zeros(32 * MIB)).repeat(64),
    }
}

fn compression_bombs_stop_at_the_limit() {
    for container in pack::ALL {
        let mut bytes = bomb(container);
        if container == Container::Plain {
            bytes[1] = 5;
        }
        let (taken, result) = peak(|| Dump::decode(&bytes, Vec::new(), &LIMITS));
        assert!(matches!(result, Err(DumpError::TooLarge { .. })), "{container}: {result:?}");
        let allowed = LIMITS.decoded_bytes + LIMITS.dictionary_bytes as usize + SLACK;
        println!("{container}: {} KiB took {} MiB", bytes.len() >> 10, taken / MIB);
        assert!(taken <= allowed, "{container} took {} MiB", taken / MIB);
    }
}

fn dictionaries_beyond_the_limit_are_not_allocated() {
    let mut lzma = pack::pack(Container::LzmaAlone, b"\x80\x05N.");
    lzma[1..5].copy_from_slice(&[0, 0, 0xff, 0xff]);
    // A frame of zstd with a window of 2 GiB, and none of it there.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    for bytes in [lzma.as_slice(), &zstd] {
        let (taken, result) = peak(|| Dump::decode(bytes, Vec::new(), &LIMITS));
        assert!(matches!(result, Err(DumpError::Container { .. })), "{result:?}");
        assert!(taken <= SLACK, "{} MiB", taken / MIB);
    }
}

/// Whatever a pickle is made of, `Limits` says what it takes.
fn pickles_take_what_the_limits_say() {
    let many = 2 * LIMITS.values;
    let list = || Pickle::new().op(b"]\x94");
    let scattered = (0..many as u32).fold(Pickle::new().op(b"N"), |pickle, index| {
        pickle.op(b"r").op((u32::MAX - 7 * index).to_le_bytes())
    });
    let cases = [
        ("values", Pickle::new().times(many, b"N")),
        ("marks", Pickle::new().times(many, b"(")),
        ("whole numbers", Pickle::new().times(many, b"K\x01")),
        ("lists", Pickle::new().times(many, b"]")),
        ("lists of one", Pickle::new().times(many, b"]Na")),
        ("dicts of one", Pickle::new().times(many, b"}NNs")),
        ("tuples", Pickle::new().op(b"N").times(many, [0x85])),
        ("globals", Pickle::new().times(many, b"c\n\n")),
        ("objects", list().times(many, b"h\x00h\x00\x81")),
        ("objects in objects", list().times(many, [b'2', 0x81, b'2'])),
        ("objects of one", list().times(many, b"h\x00h\x00\x81Na")),
        ("items", list().times(many, b"h\x00a")),
        ("stores", Pickle::new().op(b"N").times(many, [0x94])),
        ("scattered stores", scattered),
        (
            "data types",
            Pickle::new()
                .dtype("f4", "<")
                .op(b"q\x00")
                .op(b"cnumpy\ndtype\nq\x01\x8c\x02f4\x85q\x02")
                .times(many, b"h\x01h\x02R"),
        ),
        (
            "arrays",
            Pickle::new()
                .global("numpy._core.numeric", "_frombuffer")
                .op(b"q\x01(C\x00")
                .dtype("f4", "<")
                .ints(&[0; 64])
                .text("C")
                .op(b"tq\x02")
                .times(many, b"h\x01h\x02R"),
        ),
    ];
    for (what, pickle) in cases {
        let bytes = pickle.end();
        let (taken, result) = peak(|| Dump::decode(&bytes, Vec::new(), &LIMITS));
        let is_refused = matches!(result, Err(DumpError::TooManyValues { .. } | DumpError::TooLarge { .. }));
        assert!(is_refused, "{what}: {result:?}");
        println!("{what}: {} KiB took {} MiB", bytes.len() >> 10, taken / MIB);
        let allowed = 2 * LIMITS.decoded_bytes + 150 * LIMITS.values;
        assert!(taken <= allowed, "{what} took {} MiB", taken / MIB);
    }
}

fn copies_are_bounded() {
    let text = "é".repeat(MIB);
    let pickle = Pickle::new().text(&text).op(b"q\x000").global("_codecs", "encode").op(b"q\x010");
    let bytes = pickle.times(100_000, b"h\x01h\x00\x85R").end();
    let (taken, result) = peak(|| Dump::decode(&bytes, Vec::new(), &LIMITS));
    assert!(matches!(result, Err(DumpError::TooLarge { .. })), "{result:?}");
    println!("copies took {} MiB", taken / MIB);
    assert!(taken <= 2 * LIMITS.decoded_bytes + SLACK, "{} MiB", taken / MIB);
}

#[test]
fn memory_stays_within_the_limits() {
    compression_bombs_stop_at_the_limit();
    dictionaries_beyond_the_limit_are_not_allocated();
    pickles_take_what_the_limits_say();
    copies_are_bounded();
}
