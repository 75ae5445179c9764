//! The section `[tables]`.

use std::path::PathBuf;

use crate::mistake::wrong;
use gridloom::aggregate::interval::Step;
use gridloom::plan::Format;
use gridloom::plan::tables::{Names, Partition, Region, TableKind, TableSetting, Tables};

use super::super::args::{By, Compress, PartitionBy, TableFormat, TableNames, TablesArguments};

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
    pub traits: Option<PathBuf>,
    by: Option<By>,
    equilibrium: Option<f64>,
    names: Option<Names>,
    metadata: bool,
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

/// Why there is no `every` by period.
const NO_INTERVALS: &str = "the intervals of region are then the periods; leave one out";

impl TableDefaults {
    /// What the command line says instead. Of windows that are compared it is their change, where no tables are named.
    pub(super) fn with(mut self, arguments: &TablesArguments) -> Self {
        if !arguments.tables.is_empty() {
            self.tables.clone_from(&arguments.tables);
        } else if self.tables.is_empty() && arguments.selection.change.is_wanted() {
            self.tables = vec![TableKind::Change.name().to_owned()];
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
            // The file's goes with the file's format.
            if !matches!(format, TableFormat::Csv) {
                self.compress = None;
            }
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
        self.by = arguments.by.or(self.by);
        self.equilibrium = arguments.equilibrium.or(self.equilibrium);
        if let Some(names) = arguments.names.names {
            self.names = Some(match names {
                TableNames::Gridloom => Names::Gridloom,
                TableNames::Upstream => Names::Upstream,
            });
        }
        self.metadata |= arguments.names.metadata;
        if arguments.traits.is_some() {
            self.traits.clone_from(&arguments.traits);
        }
        if !arguments.quantiles.is_empty() {
            self.quantiles.clone_from(&arguments.quantiles);
        }
        self
    }

    /// Refuses what the section says and cannot all be done; regions are looked up later.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        if let (Some(partition), true) = (self.partition, self.per_cell) {
            let partition = serde_json::to_string(&partition).unwrap_or_default();
            return Err(format!(
                "per_cell = true and partition = {partition} exclude each other; leave one out"
            ));
        }
        if self.every.is_some() && self.by.is_some() {
            return Err(format!("every and by = \"period\" exclude each other: {NO_INTERVALS}"));
        }
        let mut names = self.regions.clone();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(format!("regions: {} is there twice", pair.first().cloned().unwrap_or_default()));
        }
        self.tables(Vec::new()).map(drop).map_err(|error| error.to_string())
    }

    /// Refuses options of tables that are not made.
    pub(super) fn check_use(&self, arguments: &TablesArguments) -> anyhow::Result<()> {
        let kinds = self.kinds()?;
        let names = arguments.names.names == Some(TableNames::Upstream);
        for (option, is_given, setting) in [
            ("--every", arguments.every.is_some(), TableSetting::Every),
            ("--regions", !arguments.regions.is_empty(), TableSetting::Regions),
            ("--mask", !arguments.mask.is_empty(), TableSetting::Regions),
            ("--by-month", arguments.by_month, TableSetting::ByMonth),
            ("--quantiles", !arguments.quantiles.is_empty(), TableSetting::Quantiles),
            ("--by", arguments.by.is_some(), TableSetting::ByPeriod),
            ("--equilibrium", arguments.equilibrium.is_some(), TableSetting::Equilibrium),
            ("--traits", arguments.traits.is_some(), TableSetting::Traits),
            ("--names", names, TableSetting::Names),
            ("--years", arguments.years.is_some(), TableSetting::Years),
        ] {
            if let Some(reason) = setting.vain(&kinds).filter(|_| is_given) {
                let tables: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                return Err(wrong(option, "", format!("{reason} by --tables {}", tables.join(","))));
            }
        }
        if arguments.every.is_some() && self.by.is_some() {
            return Err(wrong("--every", "", format!("does not go with --by period: {NO_INTERVALS}")));
        }
        Ok(())
    }

    /// Takes other years than the section says.
    pub(super) fn set_years(&mut self, years: &str) -> anyhow::Result<()> {
        if let Some(reason) = TableSetting::Years.vain(&self.kinds()?) {
            return Err(wrong("--years", years, format!("{reason} by the section [tables]")));
        }
        self.years = Some(years.to_owned());
        Ok(())
    }

    fn kinds(&self) -> anyhow::Result<Vec<TableKind>> {
        Ok(match self.tables.is_empty() {
            true => Tables::default().kinds,
            false => TableKind::parse_list(&self.tables)?,
        })
    }

    /// The tables that this names.
    pub(super) fn tables(&self, regions: Vec<Region>) -> anyhow::Result<Tables> {
        let default = Tables::default();
        let format = match (self.format, self.compress) {
            (Some(FormatName::Csv), None) => Format::packed("csv", "plain"),
            (Some(FormatName::Csv), Some(CompressName::Gzip)) => Format::packed("csv", "gzip"),
            (Some(FormatName::Csv), Some(CompressName::Zstd)) => Format::packed("csv", "zstd"),
            (_, Some(_)) => {
                let reason = "is for --format csv; the other formats are compressed in any case";
                return Err(wrong("--compress", "", reason));
            }
            (None | Some(FormatName::Parquet), None) => Format::named("parquet"),
            (Some(FormatName::Feather), None) => Format::named("feather"),
            (Some(FormatName::Hdf5), None) => Format::named("hdf5"),
        };
        let quantiles = if self.quantiles.is_empty() { default.quantiles } else { self.quantiles.clone() };
        if let Some(other) = quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
            return Err(wrong("--quantiles", other, "quantiles are numbers from 0 to 1"));
        }
        let column = |quantile: &f64| format!("{:.4}", quantile * 100.0);
        let mut columns: Vec<(String, f64)> = quantiles.iter().map(|one| (column(one), *one)).collect();
        columns.sort_by(|(one, _), (other, _)| one.cmp(other));
        let same =
            columns.windows(2).find(|pair| pair.first().map(|one| &one.0) == pair.last().map(|one| &one.0));
        if let Some((_, quantile)) = same.and_then(|pair| pair.last()) {
            let reason = "two quantiles would have the same column, named by percents with four digits";
            return Err(wrong("--quantiles", quantile, reason));
        }
        let mut names: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            let name = pair.first().copied().unwrap_or_default();
            return Err(wrong("--regions, --mask", name, "two regions have this name"));
        }
        Ok(Tables::default()
            .kinds(self.kinds()?)
            .format(format)
            .partition(self.partition)
            .per_cell(self.per_cell)
            .years(self.years.as_deref().map(Tables::parse_years).transpose()?.unwrap_or_default())
            .every(self.every.unwrap_or(default.every))
            .regions(regions)
            .by_month(self.by_month)
            .quantiles(quantiles)
            .aggregates(Vec::new())
            .by_period(self.by == Some(By::Period))
            .equilibrium(self.equilibrium.unwrap_or(default.equilibrium))
            .names(self.names.unwrap_or_default())
            .metadata(self.metadata))
    }
}
