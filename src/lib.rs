//! gridloom
pub mod dump;
pub mod run;
mod error;
pub mod model;
pub use error::{Error, Result};
