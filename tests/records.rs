//! Files of records through the program, compared with the tables that they were written from.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod records {
    mod database;
    mod describe;
    mod hostile;
    mod laws;
    mod parts;
    mod real;
    mod samples;
    mod table;
    mod told;
}
