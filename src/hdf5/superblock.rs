//! The superblock (§II.A, version 2): where the root is, and how long the file. The switch from one state to the next.

use super::{Fields, NONE, Problem, Result, checked, seal};
use twox_hash::XxHash3_64;

/// Bytes of a superblock.
pub(crate) const LENGTH: usize = 48;
/// Bytes of a mark.
pub(crate) const MARK: usize = 64;

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const MAGIC: &[u8; 8] = b"glmcells";

/// Where the root is, and where the file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Superblock {
    pub root: u64,
    pub end: u64,
}

impl Superblock {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend_from_slice(&[2, 8, 8, 0]);
        for address in [0, NONE, self.end, self.root] {
            bytes.extend_from_slice(&address.to_le_bytes());
        }
        seal(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if !bytes.starts_with(SIGNATURE) {
            return Err(Problem::new("it is not an HDF5 file"));
        }
        let version = bytes.get(8).copied();
        if version != Some(2) {
            return Err(Problem::other("it is not an archive of gridloom but another HDF5 or NetCDF file"));
        }
        let mut fields = Fields(checked(bytes, "the superblock")?);
        fields.take(8)?;
        fields.require(&[2, 8, 8], "the superblock")?;
        fields.byte()?;
        if (fields.number(8)?, fields.number(8)?) != (0, NONE) {
            return Err(Problem::new("the superblock was changed by another program"));
        }
        let (end, root) = (fields.number(8)?, fields.number(8)?);
        Ok(Superblock { root, end })
    }

    /// The same behind the data that it leads to, written before it: from there a superblock is mended that was torn.
    pub fn mark(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.encode());
        let digest = XxHash3_64::oneshot(&bytes);
        bytes.extend_from_slice(&digest.to_le_bytes());
        bytes
    }

    /// Reads the end of a file.
    pub fn of_mark(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<8>()?;
        let is_sound = XxHash3_64::oneshot(body) == u64::from_le_bytes(*digest);
        let body = body.strip_prefix(MAGIC).filter(|_| is_sound)?;
        Superblock::decode(body).ok()
    }
}
