use std::cell::Cell;

use super::*;

const FORM: Form = Form { rank: 2, axis: 0, chunk_bytes: 4080, is_filtered: false };
const FILTERED: Form = Form { rank: 2, axis: 1, chunk_bytes: 70_000, is_filtered: true };

fn chunks(count: u64, form: Form) -> Vec<Chunk> {
    let length = |index| if form.is_filtered { 1 + index % form.chunk_bytes } else { form.chunk_bytes };
    (0..count).map(|index| Chunk { address: 1000 + 5000 * index, length: length(index), index }).collect()
}

/// A file that only says how many bytes are read of it.
fn reader<'a>(file: &'a [u8], read: &'a Cell<usize>) -> impl Fn(u64, usize) -> Result<Vec<u8>> + 'a {
    move |address, length| {
        read.set(read.get() + length);
        let range = address as usize..address as usize + length;
        file.get(range).map(<[u8]>::to_vec).ok_or_else(|| Problem::new("behind the end"))
    }
}

/// All numbers around those at which the shape changes, and some large ones.
fn counts() -> Vec<u64> {
    let mut counts: Vec<u64> = (0..400).collect();
    for form in [FORM, FILTERED] {
        for depth in 1..3 {
            let Ok(shape) = Shape::new(form, NODE, depth) else { continue };
            let (room, below) = (shape.full(depth).0, shape.full(depth - 1).1);
            for edge in [1, 2, 3, room, room + 1].map(|children| children * (below + 1)) {
                counts.extend(edge.saturating_sub(9)..edge + 9);
            }
        }
    }
    counts.retain(|&count| count < 70_000);
    counts
}

#[test]
fn trees_of_any_number_of_chunks_are_read_as_written() {
    for form in [FORM, FILTERED] {
        for count in counts() {
            let chunks = chunks(count, form);
            let mut nodes = Nodes::default();
            let (bytes, head) = encode(0, form, &chunks, &mut nodes, &|_| true).unwrap();
            let read = Cell::new(0);
            let (found, known) = decode(head, form, u64::MAX, &reader(&bytes, &read)).unwrap();
            assert_eq!(found, chunks, "{count}");
            assert!(read.get() <= bytes.len());
            if count > 400 {
                assert_eq!(known.0, nodes.0, "{count}");
            }
        }
    }
}

#[test]
fn a_change_writes_only_the_nodes_above_it() {
    let mut before = chunks(30_000, FORM);
    let mut nodes = Nodes::default();
    let (mut file, head) = encode(0, FORM, &before, &mut nodes, &|_| true).unwrap();
    for (index, more) in [(0u64, 0), (29_999, 0), (17_171, 0), (30_000, 1), (30_001, 200)] {
        let first = before.len() as u64;
        before.extend(chunks(first + more, FORM).drain(first as usize..));
        if let Some(chunk) = before.get_mut(index as usize) {
            chunk.address += 1;
        }
        let changed = |covered: Range<u64>| covered.contains(&index) || covered.end > first;
        let mut after = nodes.clone();
        let (bytes, head) = encode(file.len() as u64, FORM, &before, &mut after, &changed).unwrap();
        let levels = 3;
        assert!(bytes.len() <= 2 * levels * NODE + HEAD, "{} bytes", bytes.len());
        let mut whole = file.clone();
        whole.extend(bytes);
        let read = Cell::new(0);
        let (found, known) = decode(head, FORM, u64::MAX, &reader(&whole, &read)).unwrap();
        assert_eq!(found, before);
        assert_eq!(known.0, after.0);
        before.truncate(30_000);
        if let Some(chunk) = before.get_mut(index as usize) {
            chunk.address -= 1;
        }
    }
    file.truncate(head as usize);
    let read = Cell::new(0);
    assert!(decode(head, FORM, u64::MAX, &reader(&file, &read)).is_err());
}

#[test]
fn no_byte_can_change_without_being_noticed() {
    let chunks = chunks(700, FILTERED);
    let (bytes, head) = encode(0, FILTERED, &chunks, &mut Nodes::default(), &|_| true).unwrap();
    for place in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x40;
        let read = Cell::new(0);
        if let Ok((found, _)) = decode(head, FILTERED, u64::MAX, &reader(&damaged, &read)) {
            assert_eq!(found, chunks, "byte {place}");
        }
    }
}

/// Checksums are right in what somebody makes up.
#[test]
fn an_index_of_more_than_the_file_can_hold_costs_nothing() {
    let whole = |head: &[u8], count: u64, depth: u16| {
        let mut head = head[..HEAD - 4].to_vec();
        head[12..14].copy_from_slice(&depth.to_le_bytes());
        head[26..34].copy_from_slice(&count.to_le_bytes());
        seal(head)
    };
    let chunks = chunks(30_000, FORM);
    let (mut file, head) = encode(0, FORM, &chunks, &mut Nodes::default(), &|_| true).unwrap();
    let at = head as usize;
    let made_up = whole(&file[at..], 1 << 47, 2);
    file.splice(at.., made_up);
    let read = Cell::new(0);
    let found = decode(head, FORM, file.len() as u64, &reader(&file, &read));
    assert!(found.unwrap_err().to_string().contains("does not fit"));
    assert!(read.get() <= HEAD);
    // A node that is the child of several.
    let made_up = whole(&file[at..], 100, 2);
    file.splice(at.., made_up);
    let read = Cell::new(0);
    let found = decode(head, FORM, file.len() as u64, &reader(&file, &read));
    assert!(found.unwrap_err().to_string().contains("twice"));
    assert!(read.get() <= 4 * NODE);
}
