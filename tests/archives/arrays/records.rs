//! Records: rows of different lengths.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn records_are_read_as_written(
        parts in prop::collection::vec(prop::collection::vec(0..300usize, 0..40), 1..5),
        (group, typical, codec) in (1..20usize, 1..120usize, 0..4usize),
        seed in any::<u64>(),
    ) {
        let codec = [None, Some(Codec::None), Some(Codec::Zstd(3)), Some(Codec::Lz4)][codec];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.h5");
        let mut writer = Writer::create(&path, false).unwrap();
        writer.add_records("log", group, typical, codec).unwrap();
        let mut all: Vec<Vec<u8>> = Vec::new();
        for part in parts {
            let records: Vec<Vec<u8>> =
                part.into_iter().enumerate().map(|(nth, length)| bytes(length, seed ^ nth as u64)).collect();
            writer.append_records("log", records.iter().map(Vec::as_slice)).unwrap();
            writer.commit(Durability::Process).unwrap();
            all.extend(records);
        }
        let records = Arrays::open(&path).unwrap().records("log").unwrap();
        prop_assert_eq!(records.len() as usize, all.len());
        prop_assert_eq!(&records.all(500).collect::<Result<Vec<_>>>().unwrap(), &all);
        for (index, record) in all.iter().enumerate() {
            prop_assert_eq!(&records.get(index as u64).unwrap(), record);
        }
        let places: Vec<u64> = (0..all.len() as u64).rev().chain(0..all.len() as u64 / 2).collect();
        let wanted: Vec<Vec<u8>> = places.iter().map(|&place| all[place as usize].clone()).collect();
        prop_assert_eq!(records.points(&places).unwrap(), wanted);
        prop_assert!(records.get(all.len() as u64).is_err());
    }
}

/// A record that fits into a chunk is in one: reading it decodes one chunk.
#[test]
fn short_records_lie_in_one_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.h5");
    let mut writer = Writer::create(&path, false).unwrap();
    writer.add_records("log", 10, 100, Some(Codec::Zstd(1))).unwrap();
    let all: Vec<Vec<u8>> = (0..500).map(|nth| bytes(60 + nth % 80, nth as u64)).collect();
    writer.append_records("log", all.iter().map(Vec::as_slice)).unwrap();
    writer.commit(Durability::Process).unwrap();
    let arrays = Arrays::open(&path).unwrap();
    let chunk = arrays.array("log").unwrap().chunk_rows();
    let places = arrays.array("log_places").unwrap().all().unwrap().to_i64();
    for place in places.chunks(2) {
        let (start, length) = (place[0] as u64, place[1] as u64);
        assert_eq!(start / chunk, (start + length - 1) / chunk);
    }
}
