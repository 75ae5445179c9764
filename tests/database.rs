//! Tables in a real PostgreSQL, started for the tests by `scripts/postgres-here`; skipped where there is none.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "database/access.rs"]
mod access;
#[path = "database/changed.rs"]
mod changed;
#[path = "database/columns.rs"]
mod columns;
#[path = "database/load.rs"]
mod load;
#[path = "database/once.rs"]
mod once;
#[path = "database/proxy.rs"]
mod proxy;
#[path = "database/schemas.rs"]
mod schemas;
#[path = "database/server.rs"]
mod server;
