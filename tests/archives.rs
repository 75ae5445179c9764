//! Archives of runs, and of arrays by the same writer: exact, whole, and safe while they are changed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod work;

mod archives {
    mod arrays;
    mod cells;
}
