//! Whether the names of all outputs are free, before any work is done.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::{forms, products};
use crate::plan::Plan;
use crate::shared;
use crate::table::Layout;

use super::product;

/// Refuses to begin where a folder has the name of a file that is to be written, or a file that of a folder of its path.
///
/// # Errors
/// [`Foreign`](crate::ErrorKind::Foreign).
pub(super) fn refuse_strange(plan: &Plan, output: &Path) -> Result<()> {
    if !output.is_dir() {
        return Ok(());
    }
    let forms = forms::chosen(&plan.settings.formats)?;
    let mut looked_at = BTreeSet::new();
    for name in names(plan)? {
        let path = output.join(&name);
        for (end, _) in name.match_indices('/') {
            let folder = name.get(..end).unwrap_or_default();
            if looked_at.insert(folder.to_owned()) {
                shared::refuse_strange_folder(&output.join(folder))?;
            }
        }
        // One that is a product, and that gridloom did not make, is refused when it is published.
        let is_product = forms
            .iter()
            .filter(|form| form.is_folder())
            .any(|form| name.strip_suffix(form.ending()).is_some_and(|name| name.ends_with('.')));
        if path.is_dir() && !is_product {
            let reason = "it is a folder, where a file is to be written".to_owned();
            return Err(Error::foreign(path, reason));
        }
    }
    Ok(())
}

/// The names of all files that a plan may make.
fn names(plan: &Plan) -> Result<Vec<String>> {
    let mut names = vec!["report.json".to_owned()];
    names.extend(products::of_plan(plan)?.into_iter().map(|product| product.file));
    if let Some(settings) = &plan.settings.tables {
        let layout = Layout::new(plan, settings)?;
        for table in &layout.tables {
            names.extend(layout.partitions(table).into_iter().map(|partition| layout.file(table, partition)));
        }
        names.extend(layout.metadata().map(|(name, _)| name));
        let maps = crate::table::maps(plan, settings, &layout.years)?;
        names.extend(product::of_maps(plan, &maps)?.into_iter().map(|product| product.file));
    }
    Ok(names)
}
