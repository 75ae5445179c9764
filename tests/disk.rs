//! Disks that refuse, and disks that lose power.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod disk {
    mod power_loss;
    mod write_faults;
}
