//! Global heap collections (§III.E), which hold the lists of dimension scales.

/// The least that a collection may have.
const LEAST: usize = 4096;
const HEAD: usize = 16;

/// A collection of references to objects, one each.
pub(crate) fn references(addresses: &[u64]) -> Vec<u8> {
    let size = (HEAD + addresses.len() * 24 + HEAD).max(LEAST).next_multiple_of(8);
    let mut bytes = b"GCOL\x01\0\0\0".to_vec();
    bytes.extend_from_slice(&(size as u64).to_le_bytes());
    for (index, address) in addresses.iter().enumerate() {
        object(&mut bytes, index as u16 + 1, 8);
        bytes.extend_from_slice(&address.to_le_bytes());
    }
    let left = (size - bytes.len()) as u64;
    object(&mut bytes, 0, left);
    bytes.resize(size, 0);
    bytes
}

fn object(bytes: &mut Vec<u8>, index: u16, size: u64) {
    bytes.extend_from_slice(&index.to_le_bytes());
    bytes.extend_from_slice(&u16::from(index > 0).to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&size.to_le_bytes());
}

/// The element of a list of references with one entry: the object `index`, counted from 0, of a collection.
pub(crate) fn list_of_one(collection: u64, index: usize) -> Vec<u8> {
    let mut bytes = 1u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&collection.to_le_bytes());
    bytes.extend_from_slice(&(index as u32 + 1).to_le_bytes());
    bytes
}
