//! Tables in a real PostgreSQL, started for the tests by `scripts/postgres-here`; skipped where there is none.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod changed;
mod columns;
mod joint;
mod load;
mod once;
mod proxy;
mod schemas;
mod server;
mod silent;
mod windows;
