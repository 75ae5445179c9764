//! LZ4 as HDF5's registered filter 32004 has it.

/// What one block may hold.
const BLOCK: usize = 1 << 30;

/// What the registered filter writes: the length, the length of a block, and blocks with theirs, all big endian.
pub(super) fn encode(bytes: &[u8], output: &mut Vec<u8>) {
    let block = bytes.len().clamp(1, BLOCK);
    output.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    output.extend_from_slice(&(block as u32).to_be_bytes());
    for bytes in bytes.chunks(block) {
        let encoded = lz4_flex::block::compress(bytes);
        // A block as long as it is in memory is taken for one that is not compressed.
        let encoded = if encoded.len() < bytes.len() { encoded.as_slice() } else { bytes };
        output.extend_from_slice(&(encoded.len() as u32).to_be_bytes());
        output.extend_from_slice(encoded);
    }
}

/// Decodes what the filter wrote; `None` where that is something else.
pub(super) fn decode(bytes: &[u8], output: &mut [u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (block, mut rest) = rest.split_first_chunk::<4>()?;
    let block = u32::from_be_bytes(*block) as usize;
    if u64::from_be_bytes(*length) != output.len() as u64 || block == 0 {
        return None;
    }
    let mut done = 0;
    for room in output.chunks_mut(block) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (bytes, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        if bytes.len() == room.len() {
            room.copy_from_slice(bytes);
        } else if lz4_flex::block::decompress_into(bytes, room).ok()? != room.len() {
            return None;
        }
        done += room.len();
        rest = behind;
    }
    Some(done)
}
