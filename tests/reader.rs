//! The dump reader against what Python wrote, what the model wrote, and what nobody should have written.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

mod reader {
    mod bombs;
    mod communities;
    mod damage;
    mod expected;
    mod foreign;
    mod laws;
    mod laws_communities;
    mod lz4;
    mod made_year;
    mod objects;
    pub mod pack;
    mod runs;
    pub mod writer;
    mod years;
}
