//! Which variables a store has: those that are in it together, and no others.

use std::collections::BTreeSet;
use std::path::Path;

use crate::grid::products::Product;

use super::{Verification, metadata};

/// Compares the variables of a store with those that it should have; what each holds is compared by itself.
pub(super) fn compare<'a>(
    product: &Product,
    path: &Path,
    name: impl Fn(usize) -> Option<&'a String>,
    result: &mut Verification,
) {
    let expected: BTreeSet<&String> = product.parts.iter().filter_map(|&part| name(part)).collect();
    let (true, Some(first)) = (product.form.is_store(), expected.first()) else { return };
    // Where it cannot be read, each of its variables says so.
    let Ok(found) = product.form.find(path, first, &[]) else { return };
    for other in found.others.iter().filter(|other| !expected.contains(other)) {
        result.differ_in(&metadata::file_of(path), &format!("no variable {other:?}"), "there is one");
    }
}
