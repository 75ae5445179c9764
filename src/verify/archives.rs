//! Archives: each dump is made again and compared with the one there.

use std::path::Path;

use crate::archive;

use super::{Prover, Verification};

/// Compares an archive with the run.
pub(super) fn compare(prover: &Prover<'_>, path: &Path, result: &mut Verification) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found = prover.pool.install(|| archive::verify(path, Some(prover.run), prover.limits));
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            result.differ_in(&name, "an archive that can be read", &error.in_full());
            return;
        }
    };
    result.files += 1;
    result.dumps += found.dumps;
    result.values += found.values;
    for difference in &found.differences {
        result.differ_in(&name, "the dumps", difference);
    }
    if found.is_own_source {
        result.unseen(&name, "its dumps: it is the source itself, so that only its checksums were looked at");
    }
    if found.gone > 0 {
        let reason = format!("{} archived dumps are not in the run any more", found.gone);
        result.unseen(&name, &reason);
    }
    for fault in found.faults {
        if !result.faults.contains(&fault) {
            result.faults.push(fault);
        }
    }
}
