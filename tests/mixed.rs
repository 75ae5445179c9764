//! Tests that make files through the library and start the program as well. They take turns, see `program::alone`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod work;

mod mixed {
    mod change;
    mod contents;
    mod face;
    mod laws;
    mod layouts;
    mod own_form;
    mod own_source;
    mod profiles;
    mod steps;
}
