//! Whether the names of all outputs are free, before any work is done.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::forms;
use crate::plan::Plan;
use crate::shared;
use crate::table::Layout;

/// Refuses to begin where a folder has the name of a file that is to be written, or a file that of a folder of its path.
///
/// # Errors
/// [`Foreign`](crate::ErrorKind::Foreign).
pub(super) fn refuse_strange(plan: &Plan, output: &Path) -> Result<()> {
    if !output.is_dir() {
        return Ok(());
    }
    let form = forms::find(&plan.settings.format)?;
    let has_folders = form.is_folder();
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
        let is_product =
            has_folders && name.strip_suffix(form.name()).is_some_and(|name| name.ends_with('.'));
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
    if plan.settings.grids {
        names.extend(plan.outputs.iter().map(|output| output.file.clone()));
    }
    if let Some(settings) = &plan.settings.tables {
        let layout = Layout::new(plan, settings)?;
        for table in &layout.tables {
            names.extend(layout.partitions(table).into_iter().map(|partition| layout.file(table, partition)));
        }
        names.extend(
            crate::table::maps(plan, settings, &layout.years)?.into_iter().map(|map| map.output.file),
        );
    }
    Ok(names)
}
