//! Masks: the section `[masks]`, and files that the command line names.

use std::path::Path;

use gridloom::mask::{self, Mask};
use gridloom::plan::tables::{Region, RegionCells};

use super::super::args::MaskArguments;
use super::super::talk::tell;
use super::Config;
use crate::mistake::wrong;

impl Config {
    /// The same with what a command line says of how masks are read, which wins.
    pub(in super::super) fn with_masks(mut self, arguments: &MaskArguments) -> Self {
        self.true_is = arguments.true_is().or(self.true_is);
        self
    }

    /// Reads a mask or gridlist.
    pub(in super::super) fn mask(&self, path: &Path) -> anyhow::Result<Mask> {
        let mask = mask::read(path, self.grid()?, self.true_is)?;
        let empty = mask.regions.iter().filter(|region| region.cells.is_empty());
        let empty = empty.map(|region| format!("region {}: no cell's centre is inside", region.name));
        self.remarks.borrow_mut().extend(mask.remarks.iter().cloned().chain(empty));
        Ok(mask)
    }

    /// The mask that the section has by a name.
    pub(super) fn named_mask(&self, name: &str) -> anyhow::Result<Option<Mask>> {
        self.masks.get(name).map(|path| self.mask(path)).transpose()
    }

    /// Adds the regions of a mask. A name is that of one region.
    pub(super) fn add_regions(regions: &mut Vec<Region>, mask: Mask) -> anyhow::Result<()> {
        for found in mask.regions {
            if regions.iter().any(|region| region.name == found.name) {
                return Err(wrong(
                    "--mask",
                    found.name,
                    "is the name of two regions; rename one of the files or features",
                ));
            }
            regions.push(Region { name: found.name, cells: RegionCells::Mask(found.cells) });
        }
        Ok(())
    }

    /// Tells what there is to say of masks and states that were read.
    pub(in super::super) fn tell_remarks(&self, is_quiet: bool) {
        let remarks = std::mem::take(&mut *self.remarks.borrow_mut());
        remarks.iter().filter(|_| !is_quiet).for_each(|remark| tell!("note: {remark}"));
    }
}
