//! The few calls of netCDF-C and HDF5 that have no safe wrapper. All unsafe code of gridloom is in this file, in
//! `archive/memory.rs` and in `archive/arrays/mapped.rs`.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use hdf5_metno_sys as hdf5_sys;
use netcdf_sys as nc;

/// The registered id of Zstandard among HDF5's filters.
const ZSTD_FILTER: c_int = 32015;

type Failure = String;

/// What HDF5 asks the environment for.
const LOCKING: &str = "HDF5_USE_FILE_LOCKING";
/// Whether that was set here, not by the user.
static SWITCHED_OFF: AtomicBool = AtomicBool::new(false);

/// Switches HDF5's own locks off for this process, unless the user said otherwise. Files are written under private names
/// and read when they are whole, so nothing depends on those locks; and many network file systems refuse them, in more ways
/// than HDF5 knows. HDF5 and netCDF-C have a single way in common to be told so, which is the environment.
///
/// Does nothing, and says so, where other threads are there already, or where that cannot be known.
pub fn switch_off_locks() -> bool {
    if std::env::var_os(LOCKING).is_some() {
        return true;
    }
    if !is_single_threaded() {
        return false;
    }
    // SAFETY: this thread is the only one, so that none reads or writes the environment, and none can start meanwhile.
    unsafe { std::env::set_var(LOCKING, "FALSE") };
    SWITCHED_OFF.store(true, Ordering::Relaxed);
    true
}

/// Whether the user wants HDF5's locks of others to be ignored.
pub(crate) fn ignores_locks() -> bool {
    let said = std::env::var_os(LOCKING);
    !SWITCHED_OFF.load(Ordering::Relaxed) && said.is_some_and(|said| said == "FALSE" || said == "0")
}

/// Whether this thread is the only one of the process.
fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// Has the allocator give memory back once it is free. glibc keeps blocks of up to 32 MiB for later ones of the same size,
/// after the first such block, so that what one stage of the work took stays with the process in the next. It also keeps an
/// address space of 64 MiB and more for each thread, which a limit on that (`ulimit -v`) counts as used: there are then none.
///
/// Does nothing, and says so, where other threads are there already, or where that cannot be known.
pub fn give_memory_back() -> bool {
    if !is_single_threaded() {
        return false;
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        const MMAP_THRESHOLD: c_int = -3;
        const ARENA_MAX: c_int = -8;
        // SAFETY: the function of glibc's malloc.h; this thread is the only one, and none can start meanwhile. Where it fails all is as before.
        unsafe { mallopt(MMAP_THRESHOLD, 128 << 10) };
        let limit = rustix::process::getrlimit(rustix::process::Resource::As);
        if limit.current.is_some() {
            // SAFETY: as above.
            unsafe { mallopt(ARENA_MAX, 1) };
        }
    }
    true
}

/// Opens files of netCDF with another cache of chunks: its own takes up to 64 MiB a variable, which is much where many
/// files are open. What is opened by others meanwhile is slower at most.
pub fn with_chunk_cache<T>(bytes: usize, open: impl FnOnce() -> T) -> T {
    let (mut size, mut slots, mut preemption) = (0, 0, 0.0);
    {
        let _guard = nc::libnetcdf_lock.lock();
        // SAFETY: the library's lock is held; out-parameters are valid for writes.
        unsafe {
            if nc::nc_get_chunk_cache(&mut size, &mut slots, &mut preemption) != nc::NC_NOERR
                || nc::nc_set_chunk_cache(bytes, 101, 1.0) != nc::NC_NOERR
            {
                size = 0;
            }
        }
    }
    let opened = open();
    if size > 0 {
        let _guard = nc::libnetcdf_lock.lock();
        // SAFETY: the library's lock is held.
        unsafe { nc::nc_set_chunk_cache(size, slots, preemption) };
    }
    opened
}

fn last_error() -> Failure {
    hdf5_metno::Error::query().map_or_else(|_| "HDF5 gives no reason".to_owned(), |error| error.to_string())
}

/// Teaches HDF5 the Zstandard filter, for writing such files and for reading them back in this process.
///
/// # Errors
/// What HDF5 says.
pub(crate) fn register_zstd() -> Result<(), String> {
    let class = hdf5_sys::h5z::H5Z_class2_t {
        version: hdf5_sys::h5z::H5Z_CLASS_T_VERS as c_int,
        id: ZSTD_FILTER,
        encoder_present: 1,
        decoder_present: 1,
        name: c"zstd".as_ptr(),
        can_apply: None,
        set_local: None,
        filter: Some(zstd_filter),
    };
    // SAFETY: HDF5 copies the class; its name and function live as long as the program.
    let status =
        hdf5_metno::sync::sync(|| unsafe { hdf5_sys::h5z::H5Zregister(std::ptr::from_ref(&class).cast()) });
    if status >= 0 { Ok(()) } else { Err(last_error()) }
}

/// The filter as HDF5 calls it: turns `*buffer` into its compressed or decompressed form and returns its length, 0 on
/// failure.
extern "C" fn zstd_filter(
    flags: c_uint,
    parameters: usize,
    values: *const c_uint,
    length: usize,
    capacity: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    // SAFETY: HDF5 passes a buffer of its own allocation with `length` valid bytes, its capacity, and as many values as
    // it says; none of them is null.
    unsafe {
        let input = std::slice::from_raw_parts((*buffer).cast::<u8>().cast_const(), length);
        let result = if flags & hdf5_sys::h5z::H5Z_FLAG_REVERSE != 0 {
            // A chunk is never larger than 4 GiB; a frame without its size was not made by a filter.
            zstd::zstd_safe::get_frame_content_size(input)
                .ok()
                .flatten()
                .and_then(|size| usize::try_from(size).ok().filter(|&size| size <= u32::MAX as usize))
                .and_then(|size| zstd::bulk::decompress(input, size).ok())
        } else {
            let level = if parameters > 0 { *values as i32 } else { 3 };
            zstd::bulk::compress(input, level).ok()
        };
        let Some(result) = result.filter(|result| !result.is_empty()) else { return 0 };
        let memory = hdf5_sys::h5::H5allocate_memory(result.len(), 0);
        if memory.is_null() {
            return 0;
        }
        std::ptr::copy_nonoverlapping(result.as_ptr(), memory.cast::<u8>(), result.len());
        hdf5_sys::h5::H5free_memory(*buffer);
        *buffer = memory;
        *capacity = result.len();
        result.len()
    }
}
