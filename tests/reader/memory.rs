//! What small dumps can make the reader take of memory. Each is read by a process of its own, because an allocator keeps
//! what was freed and would hide the next peak behind the last. Only Linux tells the peak.
#![cfg(target_os = "linux")]

use std::io::Read;

use gridloom::caete::CommunityYear;
use gridloom::dump::{Container, Dump, DumpError, Limits};
use gridloom_testkit::program;

use super::pack::{self, Frame};
use super::writer::Pickle;

const MIB: usize = 1 << 20;
/// What the process and its allocator may take beside what is measured.
const SLACK: usize = 16 * MIB;
/// As the documentation of `Limits` has it.
const VALUE_BYTES: usize = 100;
const LIMITS: Limits = Limits { decoded_bytes: 64 * MIB, values: 1 << 20, dictionary_bytes: 32 << 20 };

/// Bytes of memory that work takes at its peak, beyond what was taken before it; 0 where the system does not tell.
fn peak<R>(work: impl FnOnce() -> R) -> (usize, R) {
    // 5 sets the peak to what is taken now.
    let is_told = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS:");
    let result = work();
    (if is_told { status("VmHWM:").saturating_sub(before) } else { 0 }, result)
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
        Container::Zlib | Container::LzmaAlone => pack::pack_from(container, zeros(96 * MIB)),
        _ => pack::pack_from(container, zeros(16 * MIB)).repeat(128),
    }
}

/// A dump, and what reading it may take.
struct Case {
    name: String,
    dump: Vec<u8>,
    allowed: usize,
}

fn compression_bomb(container: Container) -> Case {
    let mut dump = bomb(container);
    if container == Container::Plain {
        dump[1] = 5;
    }
    let allowed = LIMITS.decoded_bytes + LIMITS.dictionary_bytes as usize + SLACK;
    Case { name: format!("zeros in {container}"), dump, allowed }
}

/// Dictionaries that are larger than their limit; they must not be allocated at all.
fn dictionary(container: Container) -> Case {
    let dump = if container == Container::Zstd {
        // A frame with a window of 2 GiB, and none of it there.
        vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]
    } else {
        let mut lzma = pack::pack(Container::LzmaAlone, b"\x80\x05N.");
        lzma[1..5].copy_from_slice(&[0, 0, 0xff, 0xff]);
        lzma
    };
    Case { name: format!("a dictionary of {container}"), dump, allowed: SLACK }
}

/// Makes a pickle with so many repetitions.
type Make = fn(usize) -> Pickle;

/// Pickles that push as much as they can for their bytes.
const PICKLES: [(&str, Make); 16] = [
    ("values", |many| Pickle::new().times(many, b"N")),
    ("marks", |many| Pickle::new().times(many, b"(")),
    ("whole numbers", |many| Pickle::new().times(many, b"K\x01")),
    ("lists", |many| Pickle::new().times(many, b"]")),
    ("lists of one", |many| Pickle::new().times(many, b"]Na")),
    ("dicts of one", |many| Pickle::new().times(many, b"}NNs")),
    ("tuples", |many| Pickle::new().op(b"N").times(many, [0x85])),
    ("globals", |many| Pickle::new().times(many, b"c\n\n")),
    ("objects", |many| Pickle::new().op(b"]\x94").times(many, b"h\x00h\x00\x81")),
    ("objects in objects", |many| Pickle::new().op(b"]").times(many, [b'2', 0x81, b'2'])),
    ("objects of one", |many| Pickle::new().op(b"]\x94").times(many, b"h\x00h\x00\x81Na")),
    ("items", |many| Pickle::new().op(b"]\x94").times(many, b"h\x00a")),
    ("stores", |many| Pickle::new().op(b"N").times(many, [0x94])),
    ("scattered stores", |many| {
        let store = |pickle: Pickle, index: u32| pickle.op(b"r").op((u32::MAX - 7 * index).to_le_bytes());
        (0..many as u32).fold(Pickle::new().op(b"N"), store)
    }),
    ("data types", |many| {
        let pickle = Pickle::new().global("numpy", "dtype").op(b"q\x01\x8c\x02f4\x85q\x02");
        pickle.times(many, b"h\x01h\x02R")
    }),
    ("arrays", |many| {
        let pickle = Pickle::new().global("numpy._core.numeric", "_frombuffer").op(b"q\x01(C\x00");
        pickle.dtype("f4", "<").ints(&[0; 64]).text("C").op(b"tq\x02").times(many, b"h\x01h\x02R")
    }),
];

fn pickle(name: &str, make: Make) -> Case {
    let allowed = VALUE_BYTES * LIMITS.values + SLACK;
    Case { name: name.to_owned(), dump: make(2 * LIMITS.values).end(), allowed }
}

fn copies() -> Case {
    let pickle = Pickle::new().text(&"é".repeat(MIB)).op(b"q\x000").global("_codecs", "encode").op(b"q\x010");
    let dump = pickle.times(100_000, b"h\x01h\x00\x85R").end();
    Case { name: "copies".into(), dump, allowed: LIMITS.decoded_bytes + 2 * SLACK }
}

/// A case by its number; `None` behind the last.
fn case(index: usize) -> Option<Case> {
    let containers = pack::ALL.len();
    match index.checked_sub(containers) {
        None => pack::ALL.get(index).copied().map(compression_bomb),
        Some(0) => Some(dictionary(Container::LzmaAlone)),
        Some(1) => Some(dictionary(Container::Zstd)),
        Some(2) => Some(copies()),
        Some(other) => PICKLES.get(other - 3).map(|&(name, make)| pickle(name, make)),
    }
}

#[test]
fn memory_stays_within_the_limits() {
    (0..pack::ALL.len() + 3 + PICKLES.len()).for_each(|index| in_a_process("one_case", index));
}

#[test]
fn a_year_takes_no_more_than_is_promised() {
    (0..YEARS.len()).for_each(|index| in_a_process("one_year", index));
}

fn in_a_process(test: &str, index: usize) {
    let child = program::of_test(module_path!(), test)
        .env("GRIDLOOM_MEMORY_CASE", index.to_string())
        // Large blocks go back to the system when they are freed.
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .expect("a process");
    let said = [child.stdout, child.stderr].concat();
    assert!(child.status.success(), "case {index}: {}", String::from_utf8_lossy(&said));
}

fn index() -> Option<usize> {
    std::env::var("GRIDLOOM_MEMORY_CASE").ok()?.parse().ok()
}

#[test]
#[ignore = "started by the other test, once for each case"]
fn one_case() {
    let Some(index) = index() else { return };
    let case = case(index).expect("a case");
    let (taken, result) = peak(|| Dump::decode(&case.dump, Vec::new(), &LIMITS));
    println!(
        "{}: {} KiB took {} KiB of {}",
        case.name,
        case.dump.len() >> 10,
        taken >> 10,
        case.allowed >> 10
    );
    let is_refused = match result {
        Err(DumpError::TooLarge { .. } | DumpError::TooManyValues { .. }) => true,
        Err(DumpError::Container { .. }) => case.name.starts_with("a dictionary"),
        _ => false,
    };
    assert!(is_refused, "{}: {result:?}", case.name);
    assert!(taken <= case.allowed, "{} took {} MiB", case.name, taken / MIB);
}

/// Communities, and strategies of each: as many as are read.
const YEARS: [(usize, usize); 3] = [(1, 1 << 18), (52_428, 5), (1 << 16, 1 << 2)];

/// A year whose communities are all one value, which names one array and one tuple.
fn year(communities: usize, strategies: usize) -> Pickle {
    let ones = |pickle: Pickle, keys: &[&str]| {
        keys.iter().fold(pickle, |pickle, key| pickle.text(key).op(b"K\x01s"))
    };
    let array = vec![1; strategies];
    let pickle = Pickle::new().joblib_array(&[strategies as i64], "C", |p| p.dtype("i1", "|"), &array);
    let states = pickle.op(b"q\x000K\x01K\x01\x86q\x010(").times(strategies, b"h\x01").op(b"tq\x020}");
    let arrays = ["id", "vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp"];
    let community = arrays.iter().fold(states, |pickle, key| pickle.text(key).op(b"h\x00s"));
    let tuples = ["limitation_status_leaf", "limitation_status_root", "limitation_status_wood"];
    let tuples = tuples.iter().chain(&["uptk_strat_n", "uptk_strat_p"]);
    let community = tuples.fold(community, |pickle, key| pickle.text(key).op(b"h\x02s"));
    let figures = ["cleaf", "croot", "cwood", "anpp", "uptake_costs"];
    let named = ones(community, &figures).op(b"q\x030}");
    let communities = (0..communities).fold(named, |pickle, key| pickle.int(key as i64).op(b"h\x03s"));
    let top = communities.op(b"q\x040}").text("communities").op(b"h\x04s");
    ones(ones(top, &figures), &["cveg", "year"])
}

#[test]
#[ignore = "started by the other test, once for each year"]
fn one_year() {
    let Some(index) = index() else { return };
    let (communities, strategies) = YEARS[index];
    let dump = Dump::decode(&year(communities, strategies).end(), Vec::new(), &LIMITS).expect("a dump");
    let (taken, year) = peak(|| CommunityYear::read(dump.root()));
    assert_eq!(year.expect("a year").communities.len(), communities);
    println!("{communities} communities of {strategies} strategies took {} KiB", taken >> 10);
    // As the documentation of `dump::community` has it.
    assert!(taken <= 100_000_000, "{taken}");
}
