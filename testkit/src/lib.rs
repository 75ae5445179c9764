//! What gridloom's tests share.
//!
//! [`dumps`] makes up runs and says what must be found in their outputs; [`subject`] is one of them with the files that it must
//! become. [`program`] starts gridloom, [`shim`] stands between it and the disk, [`disk`] says what a loss of power leaves. [`files`]
//! reads and compares what was made. [`here`] is what this machine has: other programs, real runs.
//!
//! Nothing here knows gridloom's own types: what a test takes for right must not come from what is tested. A test fails by
//! panicking, and so do these.

pub mod disk;
pub mod dumps;
pub mod files;
pub mod here;
pub mod program;
pub mod shim;
pub mod subject;
