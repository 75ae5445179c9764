//! Files in memory, and large memory that is read into. The calls that are not safe are here.
#![allow(unsafe_code)]

use std::fs::File;

use memmap2::{Mmap, MmapOptions};
use rustix::mm::{Advice, madvise};

/// From this length on large pages are asked for: to be given memory page by page takes as long as to read into it.
const LARGE: usize = 4 << 20;
const PAGE: usize = 4096;

/// Memory behind what is in `bytes`, for so many bytes more.
///
/// # Errors
/// Where there is none.
pub(super) fn reserve(bytes: &mut Vec<u8>, length: usize) -> Result<(), std::collections::TryReserveError> {
    bytes.try_reserve_exact(length)?;
    let spare = bytes.spare_capacity_mut();
    let start = spare.as_mut_ptr();
    let skip = start.align_offset(PAGE);
    if length < LARGE || skip >= spare.len() {
        return Ok(());
    }
    let whole = (spare.len() - skip) / PAGE * PAGE;
    // SAFETY: the range lies in memory that the vector owns; the advice changes how it is given, not what is in it. Failure does no harm.
    let _ = unsafe { madvise(start.add(skip).cast(), whole, Advice::LinuxHugepage) };
    Ok(())
}

/// A file in one of its states, in memory.
#[derive(Debug)]
pub(super) struct Map(pub Mmap);

impl Map {
    /// # Safety
    /// Nothing but gridloom writes into the file or cuts it as long as the map is there. What a state of the file leads to gridloom itself
    /// never writes again and never cuts off; its writers only add bytes behind it. The superblock, which changes, must not be read
    /// through the map.
    pub unsafe fn new(file: &File, end: u64) -> std::io::Result<Self> {
        let length = usize::try_from(end).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        // SAFETY: as the caller promises.
        let map = unsafe { MmapOptions::new().len(length).map(file)? };
        Ok(Map(map))
    }
}
