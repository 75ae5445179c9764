//! The program as others use it: what it says, makes, refuses, and goes on with. No test here writes a file through the library, since
//! programs that other tests start would have it open, and with it HDF5's lock of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod work;

mod program {
    mod bytes;
    mod change;
    mod cli;
    mod derived;
    mod evaluate;
    mod examples;
    mod foreign_outputs;
    mod get;
    mod help;
    mod hostile;
    mod inputs;
    mod interop;
    mod lost;
    mod masks;
    mod memory;
    mod odd_inputs;
    mod refs;
    mod resume;
    mod said;
    mod single;
    mod states;
    mod stopping;
    mod tables;
    mod verify_all;
    mod words;
    mod zarr;
}
