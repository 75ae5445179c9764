//! What files and blocks are known by: digests of all that they are made of.

use crate::error::{Error, Result};
use crate::model::axis::Axis;
use crate::model::grid::{Lattice, Window};
use crate::plan::{Data, Output, OutputRows, Plan};
use crate::spool::digest::Digest;
use crate::spool::record::RecordId;
use crate::table::Map;
use crate::write::Provenance;

/// The digest of a file of a plan, to which its pieces are still to be added.
///
/// # Errors
/// [`Bug`](crate::ErrorKind::Bug) where the settings cannot be written down.
pub(super) fn of_file(what: &str, plan: &Plan) -> Result<Digest> {
    let settings = serde_json::to_string(&plan.settings)
        .map_err(|error| Error::bug(format!("settings that cannot be written down: {error}")))?;
    Ok(Digest::of(what).text(&settings))
}

/// The digest of records, in their order.
pub(super) fn of_records<'a>(what: &str, ids: impl ExactSizeIterator<Item = &'a RecordId>) -> u64 {
    Digest::of(what).list(ids, Digest::record).finish()
}

/// What a product of several outputs is known by; one by itself is known as it is.
pub(super) fn of_parts(contents: &[u64]) -> u64 {
    match contents {
        [one] => *one,
        several => {
            Digest::of("store").list(several.iter(), |digest, content| digest.number(*content)).finish()
        }
    }
}

/// Adds a gridded file: its name and what is in it.
pub(super) fn output(digest: Digest, output: &Output, file: &str) -> Digest {
    let Output { name, key, rows, element, chunk, layers, .. } = output;
    let digest = digest.text(name).text(key).text(element.name()).text(file);
    let digest = match rows {
        OutputRows::None => digest.number(0u64),
        OutputRows::One(row) => digest.number(1u64).number(*row as u64),
        OutputRows::Dimension(rows) => {
            digest.number(2u64).list(rows.iter(), |digest, row| digest.number(*row as u64))
        }
    };
    let digest = digest.number(chunk.days).number(chunk.rows).number(chunk.columns);
    digest.number(layers.start as u64).number(layers.end as u64)
}

/// Adds a field of one value an interval.
pub(super) fn map(digest: Digest, map: &Map, file: &str) -> Digest {
    let Data { long_name, standard_name, units, units_metadata, cell_methods, comment, dump_key } = &map.data;
    let digest = output(digest, &map.output, file).text(long_name).text(cell_methods);
    let others = [standard_name, units, units_metadata, comment, dump_key];
    let digest = others.into_iter().fold(digest, |digest, text| digest.maybe(text.as_deref()));
    let digest = digest.text(map.steps.every.name()).maybe(map.aggregate().map(|one| one.stat.name()));
    let digest = digest.signed(map.layer_index().map_or(-1, |layer| layer as i64));
    digest.list(map.steps.intervals.iter(), |digest, interval| {
        let digest = digest.signed(interval.first).signed(interval.end).number(interval.full_days);
        digest.text(&interval.start_date.to_string())
    })
}

/// Adds where and when a plan's grids are.
pub(super) fn place(digest: Digest, axis: &Axis, window: &Window) -> Digest {
    let Window { grid, first_row, rows, first_column, columns } = *window;
    let digest = digest.text(axis.unit.text()).text(axis.unit.calendar().name());
    let digest = digest.signed(axis.first_day).number(axis.days);
    let window = [grid.rows(), grid.columns(), first_row, rows, first_column, columns];
    let digest = window.into_iter().fold(digest, Digest::number);
    // What is not the globe's grid of days is told apart by more; the digests of that are as they have always been.
    let step = axis.unit.step();
    let digest = if step.is_day() { digest } else { digest.text(&step.to_string()) };
    let Some(lattice) = grid.lattice() else { return digest };
    let Lattice { north, west, height, width, projection } = lattice;
    let digest =
        [north, west, height, width].into_iter().fold(digest, |digest, edge| digest.number(edge.to_bits()));
    digest.maybe(projection.map(|projection| projection.text()).as_deref())
}

/// Adds who made a file, and when.
pub(super) fn provenance(digest: Digest, made: Option<&Provenance>) -> Digest {
    let Some(made) = made else { return digest };
    digest.text(&made.created.to_rfc3339()).text(&made.digest)
}
