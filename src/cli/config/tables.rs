//! The section `[tables]`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::aggregate::interval::Step;
use crate::error::{Error, Result};
use crate::plan::tables::{Format, Kind, Packing, Partition, Region, Tables};

use super::super::args::{Compress, PartitionBy, TableFormat, TablesArguments};

/// Defaults of `gridloom tables`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TableDefaults {
    tables: Vec<String>,
    years: Option<String>,
    format: Option<FormatName>,
    compress: Option<CompressName>,
    partition: Option<Partition>,
    per_cell: bool,
    every: Option<Step>,
    pub regions: Vec<String>,
    pub masks: Vec<PathBuf>,
    by_month: bool,
    quantiles: Vec<f64>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    Parquet,
    Feather,
    Csv,
    Hdf5,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum CompressName {
    Gzip,
    Zstd,
}

impl TableDefaults {
    /// What the command line says instead.
    pub(super) fn with(mut self, arguments: &TablesArguments) -> Self {
        if !arguments.tables.is_empty() {
            self.tables.clone_from(&arguments.tables);
        }
        if arguments.years.is_some() {
            self.years.clone_from(&arguments.years);
        }
        if let Some(format) = arguments.format {
            self.format = Some(match format {
                TableFormat::Parquet => FormatName::Parquet,
                TableFormat::Feather => FormatName::Feather,
                TableFormat::Csv => FormatName::Csv,
                TableFormat::Hdf5 => FormatName::Hdf5,
            });
        }
        if let Some(codec) = arguments.compress {
            self.compress = Some(match codec {
                Compress::Gzip => CompressName::Gzip,
                Compress::Zstd => CompressName::Zstd,
            });
        }
        if let Some(partition) = arguments.partition {
            self.per_cell = false;
            self.partition = Some(match partition {
                PartitionBy::Year => Partition::Year,
                PartitionBy::Month => Partition::Month,
                PartitionBy::LatBand => Partition::LatBand,
            });
        }
        if arguments.per_cell {
            (self.per_cell, self.partition) = (true, None);
        }
        self.every = arguments.every.or(self.every);
        if !arguments.regions.is_empty() {
            self.regions.clone_from(&arguments.regions);
        }
        self.by_month |= arguments.by_month;
        if !arguments.quantiles.is_empty() {
            self.quantiles.clone_from(&arguments.quantiles);
        }
        self
    }

    /// The tables that this names.
    pub(super) fn tables(&self, regions: Vec<Region>) -> Result<Tables> {
        let default = Tables::default();
        let format = match (self.format, self.compress) {
            (Some(FormatName::Csv), None) => Format::Csv(Packing::Plain),
            (Some(FormatName::Csv), Some(CompressName::Gzip)) => Format::Csv(Packing::Gzip),
            (Some(FormatName::Csv), Some(CompressName::Zstd)) => Format::Csv(Packing::Zstd),
            (_, Some(_)) => {
                let reason = "is for --format csv; the other formats are compressed in any case";
                return Err(Error::selection("--compress", "", reason));
            }
            (None | Some(FormatName::Parquet), None) => Format::Parquet,
            (Some(FormatName::Feather), None) => Format::Feather,
            (Some(FormatName::Hdf5), None) => Format::Hdf5,
        };
        let quantiles = if self.quantiles.is_empty() { default.quantiles } else { self.quantiles.clone() };
        if let Some(wrong) = quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
            return Err(Error::selection("--quantiles", wrong, "quantiles are numbers from 0 to 1"));
        }
        let mut names: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            let name = pair.first().copied().unwrap_or_default();
            return Err(Error::selection("--regions, --mask", name, "two regions have this name"));
        }
        Ok(Tables {
            kinds: if self.tables.is_empty() { default.kinds } else { Kind::parse_list(&self.tables)? },
            format,
            partition: self.partition,
            per_cell: self.per_cell,
            years: self.years.as_deref().map(years).transpose()?.unwrap_or_default(),
            every: self.every.unwrap_or(default.every),
            regions,
            by_month: self.by_month,
            quantiles,
            aggregates: Vec::new(),
        })
    }
}

/// Reads `1979,1985-1990`.
fn years(text: &str) -> Result<Vec<RangeInclusive<i32>>> {
    let wrong = || Error::selection("--years", text, "wants years and ranges, as in 1979,1985-1990");
    text.split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let year = |text: &str| text.trim().parse::<i32>().map_err(|_| wrong());
            let (first, last) = (year(first)?, year(last)?);
            if first > last { Err(wrong()) } else { Ok(first..=last) }
        })
        .collect()
}
