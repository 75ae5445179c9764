//! Files of records through the program, compared with the tables that they were written from.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod records {
    mod cell_files;
    mod database;
    mod describe;
    mod hostile;
    mod keys;
    mod labels;
    mod laws;
    mod parts;
    mod real;
    mod samples;
    mod stations;
    mod table;
    mod told;
}
