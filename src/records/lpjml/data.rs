//! The numbers of a file of LPJmL.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::super::binary::{Kind, Number};
use super::super::rows::RecordFaultKind;
use super::meta::{Form, Meta, Order};
use super::{Refused, beside};

/// Bytes of a line of text at the most.
const MOST_LINE: u64 = 256 << 20;

/// An open file of numbers.
pub(super) struct Data {
    path: PathBuf,
    file: File,
    before: (u64, i64, i64),
    text: Option<Lines>,
}

/// Lines of the step that was read last: a line a band, a field a cell.
struct Lines {
    reader: BufReader<File>,
    step: Option<(u64, u64)>,
    bands: Vec<Vec<f64>>,
}

fn state(file: &File) -> std::io::Result<(u64, i64, i64)> {
    let now = file.metadata()?;
    Ok((now.len(), now.mtime(), now.mtime_nsec()))
}

impl Data {
    /// Opens a file, which has to be as long as what is said of it.
    pub(super) fn open(meta: &Meta, path: &Path) -> Result<Data, Refused> {
        let failed = |error: std::io::Error| Refused::io(path, &error);
        let file = crate::shared::open_input(path).map_err(failed)?;
        let before = state(&file).map_err(failed)?;
        let mut text = None;
        match meta.form {
            Form::Binary { kind, .. } => {
                let counts =
                    [meta.cells, meta.steps, meta.years, meta.bands.len() as u64, kind.size() as u64];
                let wanted = counts.iter().try_fold(1u64, |all, &count| all.checked_mul(count));
                let wanted = wanted.and_then(|bytes| bytes.checked_add(meta.offset));
                if wanted != Some(before.0) {
                    let wanted =
                        wanted.map_or_else(|| "more than can be".to_owned(), |bytes| bytes.to_string());
                    let message = format!(
                        "{} has {} bytes, and what is said of it needs {wanted}",
                        path.display(),
                        before.0
                    );
                    let kind = if before.0 == 0 { RecordFaultKind::Empty } else { RecordFaultKind::Partial };
                    return Err(Refused { kind, message });
                }
            }
            Form::Text { .. } => {
                if meta.order != Order::CellSeq {
                    return Err(Refused::new("text is known in the order cellseq alone"));
                }
                let reader = BufReader::with_capacity(1 << 20, file.try_clone().map_err(failed)?);
                text = Some(Lines { reader, step: None, bands: Vec::new() });
            }
        }
        Ok(Data { path: path.to_owned(), file, before, text })
    }

    /// The numbers of cells at a step: all bands of a cell, then those of the next.
    pub(super) fn block(
        &mut self,
        meta: &Meta,
        at: (u64, u64),
        cells: Range<usize>,
    ) -> Result<Vec<Number>, Refused> {
        match meta.form {
            Form::Binary { kind, is_big } => self.binary(meta, (kind, is_big), at, cells),
            Form::Text { separator } => self.text(meta, separator, at, cells),
        }
    }

    fn binary(
        &self,
        meta: &Meta,
        (kind, is_big): (Kind, bool),
        (year, step): (u64, u64),
        cells: Range<usize>,
    ) -> Result<Vec<Number>, Refused> {
        let (count, bands, size) = (cells.len(), meta.bands.len(), kind.size());
        let mut numbers = vec![Number::Whole(0); count * bands];
        // As many numbers in a row as the order has: of one band, of one cell, or of all.
        let mut read =
            |first: u64, places: &mut dyn Iterator<Item = usize>, many: usize| -> Result<(), Refused> {
                let mut bytes = vec![0; many * size];
                self.file
                    .read_exact_at(&mut bytes, meta.offset + first * size as u64)
                    .map_err(|error| Refused::io(&self.path, &error))?;
                for (place, bytes) in places.zip(bytes.chunks_exact(size)) {
                    if let (Some(slot), Some(number)) = (numbers.get_mut(place), kind.read(bytes, is_big)) {
                        *slot = scaled(number, meta.scalar);
                    }
                }
                Ok(())
            };
        let (first, steps, bands_of) = (cells.start as u64, meta.steps, bands as u64);
        match meta.order {
            Order::CellSeq => {
                for band in 0..bands {
                    let begin = ((year * steps + step) * bands_of + band as u64) * meta.cells + first;
                    read(begin, &mut (0..count).map(|cell| cell * bands + band), count)?;
                }
            }
            Order::CellYear if steps == 1 => {
                read((year * meta.cells + first) * bands_of, &mut (0..count * bands), count * bands)?;
            }
            Order::CellYear | Order::YearCell => {
                for cell in 0..count {
                    let of = match meta.order {
                        Order::CellYear => year * meta.cells + first + cell as u64,
                        _ => (first + cell as u64) * meta.years + year,
                    };
                    let begin = (of * steps + step) * bands_of;
                    read(begin, &mut (cell * bands..(cell + 1) * bands), bands)?;
                }
            }
        }
        Ok(numbers)
    }

    fn text(
        &mut self,
        meta: &Meta,
        separator: u8,
        at: (u64, u64),
        cells: Range<usize>,
    ) -> Result<Vec<Number>, Refused> {
        let path = &self.path;
        let Some(lines) = &mut self.text else { return Ok(Vec::new()) };
        if lines.step != Some(at) {
            // All bands of a step are in memory at once.
            let all = meta.cells.saturating_mul(8 * meta.bands.len() as u64);
            if all > MOST_LINE {
                let message = format!("a step of it has {all} bytes of numbers");
                return Err(Refused { kind: RecordFaultKind::TooLarge, message });
            }
            lines.bands.clear();
            for band in 0..meta.bands.len() {
                let mut line = Vec::new();
                let read = (&mut lines.reader).take(MOST_LINE).read_until(b'\n', &mut line);
                read.map_err(|error| Refused::io(path, &error))?;
                let place = || format!("band {} of step {} of year {}", band + 1, at.1 + 1, at.0 + 1);
                if line.pop_if(|last| *last == b'\n').is_none() {
                    let message = format!("it ends before or in {}", place());
                    return Err(Refused { kind: RecordFaultKind::Partial, message });
                }
                let fields: Option<Vec<f64>> = line
                    .trim_ascii()
                    .split(|&byte| byte == separator)
                    .map(|field| std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok())
                    .collect();
                match fields {
                    Some(fields) if fields.len() as u64 == meta.cells => lines.bands.push(fields),
                    Some(fields) => {
                        let message =
                            format!("{} has {} numbers for {} cells", place(), fields.len(), meta.cells);
                        return Err(Refused { kind: RecordFaultKind::Fields, message });
                    }
                    None => {
                        let message = format!("{} has a field that is no number", place());
                        return Err(Refused { kind: RecordFaultKind::Number, message });
                    }
                }
            }
            lines.step = Some(at);
        }
        let bands = &lines.bands;
        let of = |cell: usize| bands.iter().map(move |band| band.get(cell).copied().unwrap_or(f64::NAN));
        Ok(cells.flat_map(of).map(|value| scaled(Number::F8(value), meta.scalar)).collect())
    }

    /// Whether all was read of a file that stayed what it was.
    pub(super) fn finish(mut self) -> Result<(), Refused> {
        if let Some(lines) = &mut self.text {
            let rest = lines.reader.fill_buf().map_err(|error| Refused::io(&self.path, &error))?;
            if !rest.is_empty() {
                let message = "it has more lines than steps and bands".to_owned();
                return Err(Refused { kind: RecordFaultKind::Fields, message });
            }
        }
        match state(&self.file) {
            Ok(now) if now == self.before => Ok(()),
            Ok(_) => {
                let message = format!("{} changed while it was read", self.path.display());
                Err(Refused { kind: RecordFaultKind::Changed, message })
            }
            Err(error) => Err(Refused::io(&self.path, &error)),
        }
    }
}

/// A number times the scalar of its file. One hundredth is a division by 100, so that places in hundredths are those that are meant.
fn scaled(number: Number, scalar: f64) -> Number {
    if scalar == 1.0 {
        return number;
    }
    let inverse = (1.0 / scalar).round();
    let is_part = inverse.abs() > 1.0 && (inverse * scalar - 1.0).abs() < 1e-6;
    Number::F8(if is_part { number.to_f64() / inverse } else { number.to_f64() * scalar })
}

/// Latitude and longitude of all cells, by the grid that belongs to a file.
pub(super) fn places(meta: &Meta, path: &Path) -> Result<Vec<[f64; 2]>, Refused> {
    let usual = ["grid.bin.json", "grid.json", "grid.clm.json", "grid.clm"];
    let grid = match &meta.grid {
        Some(grid) => beside(path, grid)?,
        None => {
            let there = usual.iter().filter_map(|name| beside(path, name).ok()).find(|path| path.exists());
            there.ok_or_else(|| {
                Refused::new(format!("the grid is not beside it: none of {}", usual.join(", ")))
            })?
        }
    };
    let own = Meta::read(&grid)?;
    if own.bands.len() != 2 || own.cells != meta.cells || own.years * own.steps != 1 {
        let message =
            format!("the grid {} has {} cells, and the file {}", grid.display(), own.cells, meta.cells);
        return Err(Refused::new(message));
    }
    let data = super::data_path(&grid, &own)?;
    let mut data = Data::open(&own, &data)?;
    let cells = usize::try_from(own.cells).unwrap_or(usize::MAX);
    let mut places = Vec::new();
    for first in (0..cells).step_by(1 << 16) {
        let block = data.block(&own, (0, 0), first..(first + (1 << 16)).min(cells))?;
        places.extend(block.chunks_exact(2).map(|pair| match pair {
            [lon, lat] => [lat.to_f64(), lon.to_f64()],
            _ => [f64::NAN; 2],
        }));
    }
    match places.len() == cells && places.iter().flatten().all(|value| value.is_finite()) {
        true => Ok(places),
        false => Err(Refused::new(format!("the grid {} has places that are none", grid.display()))),
    }
}
