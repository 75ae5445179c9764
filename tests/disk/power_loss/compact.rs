//! Power is lost while the bytes of dead pieces are given back.

use gridloom::spool::journal;
use gridloom::spool::record::{Line, Location, Record, RecordId};
use twox_hash::XxHash3_64;

use super::*;

const JOURNAL: &str = ".gridloom/journal-0000";
const SEGMENT: &str = ".gridloom/segment-0000";

/// Pieces of records that count, and that stood in the journal when it was so long.
fn live(tree: &Tree, length: usize) -> Vec<Location> {
    let (mut places, mut retired) = (Vec::new(), HashSet::new());
    journal::read_from(tree.bytes(JOURNAL).expect("a journal"), |at, line: Line| {
        if let Record::Retire(records) = &line.record {
            retired.extend(records.iter().copied());
        }
        line.record.each_place(&mut |place| {
            if (at as usize) < length {
                places.push((at, *place));
            }
        });
    })
    .expect("memory gives no errors");
    let task = gridloom::spool::Task::number(0);
    places.retain(|&(at, _)| !retired.contains(&RecordId { task, at }));
    places.into_iter().map(|(_, place)| place).collect()
}

/// Whether what was on the disk when the run began, and still counts, has its bytes.
fn is_whole(tree: &Tree, length: usize) -> bool {
    let segment = tree.bytes(SEGMENT).expect("a segment");
    live(tree, length).iter().all(|place| {
        let bytes = segment.get(place.offset as usize..place.end() as usize);
        bytes.is_some_and(|bytes| XxHash3_64::oneshot(bytes) == place.checksum)
    })
}

#[test]
fn power_is_lost_while_a_segment_is_compacted() {
    let Some(shim) = Shim::build() else { return };
    let (subject, out) = Subject::changed();
    let disk = Disk::load(&out);
    let before = disk.survivors(Survival::Synced);
    let length = before.bytes(JOURNAL).expect("a journal").len();
    assert!(!live(&before, length).is_empty());
    let calls = record(&subject, &shim, Way::Alone, &out, &disk);
    assert!(calls.iter().any(|call| call.name == "punch"), "nothing was given back");
    let every = (0..=calls.len()).collect();
    let mut seen = HashSet::new();
    for state in States::new(disk.clone(), &calls, every, 8) {
        let hash = BuildHasherDefault::<DefaultHasher>::new();
        if !seen.insert([JOURNAL, SEGMENT].map(|path| hash.hash_one(state.tree.bytes(path)))) {
            continue;
        }
        assert!(
            is_whole(&state.tree, length),
            "{:?} after {} calls: a record counts, and its bytes are gone",
            state.survival,
            state.calls
        );
    }
    let states = States::new(disk, &calls, moments(&calls, 60), if all() { 6 } else { 2 });
    let [count, _] = try_all(&subject, &shim, &[Way::Alone], states, "compacted");
    println!("{count} states of {} calls", calls.len());
}
