//! The dump reader against what Python wrote, what the model wrote, and what nobody should have written.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod reader {
    mod balances;
    mod bombs;
    mod calendars;
    mod communities;
    mod damage;
    mod expected;
    mod foreign;
    mod laws;
    mod laws_communities;
    mod lz4;
    mod made_year;
    mod memory;
    mod objects;
    mod pack;
    mod runs;
    mod writer;
    mod years;
}
