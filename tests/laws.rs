//! The laws, tried on made-up runs through the library. No test here starts a process: it would have the files open that others
//! write, and with them HDF5's locks.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod work;

mod laws {
    mod calendars;
    mod dates;
    mod edges;
    mod exact;
    mod faults;
    mod files;
    mod verify;
}
