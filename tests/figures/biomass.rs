//! Carbon of strategies: the figure, the tables and the yearly grids say the same, and it is what a plain formula over the dumps says.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use gridloom::caete::CommunityYear;
use gridloom::dump::Dump;
use gridloom_testkit::files::{files_below, project};
use gridloom_testkit::here::real_runs;

use super::{alone, drawn, gridloom};

/// Row, column, year.
type Key = (i32, i32, i32);

/// What a cell has in a year.
#[derive(Debug, Default)]
struct Plain {
    carbon: f64,
    occupation: f64,
    strategies: BTreeMap<i64, f64>,
    /// By the model's own sums over its strategies.
    of_model: f64,
}

/// By the dumps alone: the sum over a community's strategies of all pools times their occupation, the mean over living communities.
fn plain(run: &Path) -> BTreeMap<Key, Plain> {
    let mut found = BTreeMap::new();
    for path in files_below(run, "metacommunity_") {
        let folder =
            path.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
        let (row, column) =
            folder.strip_prefix("grd_").and_then(|rest| rest.split_once('-')).expect("a cell");
        let read = Dump::open(&path, &Default::default()).map(|dump| CommunityYear::read(dump.root()));
        let Ok(Ok(CommunityYear { year, communities, .. })) = read else { continue };
        let living: Vec<_> = communities.iter().filter(|community| !community.is_masked).collect();
        if living.is_empty() {
            continue;
        }
        let mut cell = Plain::default();
        for community in &living {
            for at in 0..community.ids.len() {
                let density = community.vp_cleaf[at] + community.vp_croot[at] + community.vp_cwood[at];
                let carbon = density * community.vp_ocp[at] / living.len() as f64;
                cell.carbon += carbon;
                cell.occupation += community.vp_ocp[at] / living.len() as f64;
                *cell.strategies.entry(community.ids[at]).or_default() += carbon;
            }
            cell.of_model += (community.cleaf + community.croot + community.cwood) / living.len() as f64;
        }
        found.insert((row.parse().expect("a row"), column.parse().expect("a column"), year), cell);
    }
    found
}

/// Rows of a table: cell and year, and some columns of floats; whole numbers are turned into them.
fn rows<const N: usize>(path: &Path, names: [&str; N]) -> Vec<(Key, [f64; N])> {
    let file = std::fs::File::open(path).expect("a table");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    let mut found = Vec::new();
    for batch in reader.expect("a table").build().expect("rows") {
        let batch = batch.expect("rows");
        let number = |name: &str, at: usize| -> f64 {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
            if let Some(column) = column.as_primitive_opt::<Float64Type>() {
                column.iter().nth(at).flatten().unwrap_or(f64::NAN)
            } else if let Some(column) = column.as_primitive_opt::<Int64Type>() {
                column.value(at) as f64
            } else {
                f64::from(column.as_primitive::<Int32Type>().value(at))
            }
        };
        for at in 0..batch.num_rows() {
            let [row, column, year] = ["grid_y", "grid_x", "year"].map(|name| number(name, at) as i32);
            found.push(((row, column, year), names.map(|name| number(name, at))));
        }
    }
    found
}

/// Sums of a table's rows by cell and year.
fn sums<const N: usize>(rows: Vec<(Key, [f64; N])>) -> BTreeMap<Key, [f64; N]> {
    let mut sums = BTreeMap::new();
    for (key, values) in rows {
        let sum: &mut [f64; N] = sums.entry(key).or_insert([0.0; N]);
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    sums
}

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1e-9)
}

/// The yearly grid by cell and year, and each cell's area.
fn annual(folder: &Path) -> (BTreeMap<Key, f64>, BTreeMap<(i32, i32), f64>) {
    let path = files_below(folder, "annual_cveg_").pop().expect("a grid");
    let file = netcdf::open(path).expect("a grid");
    let read =
        |name: &str| file.variable(name).expect("a variable").get_values::<f64, _>(..).expect("values");
    let (lat, lon, carbon, area) = (read("lat"), read("lon"), read("cveg"), read("cell_area_lat_lon"));
    let time = file.variable("time").expect("time");
    let Some(Ok(netcdf::AttributeValue::Str(units))) = time.attribute_value("units") else { panic!("units") };
    let first: i32 = units.trim_start_matches("days since ")[..4].parse().expect("a year");
    let (mut values, mut areas) = (BTreeMap::new(), BTreeMap::new());
    for (step, day) in read("time").iter().enumerate() {
        let year = first + (day / 365.2425) as i32;
        for (place, area) in area.iter().enumerate() {
            let (row, column) = (place / lon.len(), place % lon.len());
            let cell =
                (((89.75 - lat[row]) * 2.0).round() as i32, ((lon[column] + 179.75) * 2.0).round() as i32);
            let value = carbon[step * lat.len() * lon.len() + place];
            areas.insert(cell, *area);
            if value < 1e19 {
                values.insert((cell.0, cell.1, year), value);
            }
        }
    }
    (values, areas)
}

/// The number behind some words of a text.
fn number_behind(text: &str, words: &str) -> f64 {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("{words:?} in {text}"));
    rest.split_whitespace()
        .next()
        .and_then(|word| word.trim_end_matches([',', '.', ';']).parse().ok())
        .expect("a number")
}

fn says_the_same_everywhere(run: &Path, is_real: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("tables");
    let [run_text, out_text] = [run, &out].map(|path| path.to_str().expect("UTF-8"));
    let tables = ["--tables", "annual,biomass,strategies,community,cell_year", "-q"];
    let made = gridloom(&[&["tables", run_text, "-o", out_text][..], &tables].concat());
    assert!(matches!(made.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&made.stderr));
    let expected = plain(run);
    assert!(expected.len() > 5, "{} cells and years", expected.len());

    let (grid, areas) = annual(&out);
    assert!(grid.keys().eq(expected.keys()), "the same cells and years in the yearly grid");
    let biomass = rows(&out.join("biomass.parquet"), ["pls_id", "carbon"]);
    for (key, [strategy, carbon]) in &biomass {
        let wanted = expected[key].strategies[&(*strategy as i64)];
        assert!(near(*carbon, wanted, 1e-12), "{key:?} {strategy}: {carbon} for {wanted}");
    }
    let of_biomass = sums(rows(&out.join("biomass.parquet"), ["carbon", "occupation", "ocp"]));
    let living: BTreeMap<Key, [f64; 2]> =
        rows(&out.join("cell_year.parquet"), ["living", "cveg_mean"]).into_iter().collect();
    let names = ["vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp"];
    let of_strategies = rows(&out.join("strategies.parquet"), names);
    let of_strategies = sums(
        of_strategies
            .into_iter()
            .map(|(key, [leaf, root, wood, share])| (key, [(leaf + root + wood) * share / living[&key][0]]))
            .collect(),
    );
    assert!(of_biomass.keys().eq(expected.keys()), "the same cells and years in the table");
    for (key, cell) in &expected {
        let [carbon, occupation, share] = of_biomass[key];
        for (what, found, wanted) in [
            ("grid", grid[key], cell.carbon),
            ("biomass", carbon, cell.carbon),
            ("strategies", of_strategies[key][0], cell.carbon),
            ("occupation", occupation, cell.occupation),
            ("shares", share, 1.0),
        ] {
            assert!(near(found, wanted, 1e-11), "{what} of {key:?}: {found} for {wanted}");
        }
        // The model adds up in floats of 32 bits.
        let [_, mean] = living[key];
        assert!(
            !is_real || near(mean, cell.carbon, 2e-5),
            "{key:?}: the model has {mean} for {}",
            cell.carbon
        );
        assert!(!is_real || near(cell.of_model, cell.carbon, 2e-5), "{key:?}");
    }

    // The figure: means of the cells by area.
    let mut years: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    let mut by_strategy: BTreeMap<i64, BTreeMap<i32, f64>> = BTreeMap::new();
    for (&(row, column, year), cell) in &expected {
        let area = areas[&(row, column)];
        let sum = years.entry(year).or_default();
        (sum.0, sum.1) = (sum.0 + area * cell.carbon, sum.1 + area);
        for (&strategy, carbon) in &cell.strategies {
            *by_strategy.entry(strategy).or_default().entry(year).or_default() += carbon * area;
        }
    }
    let words = drawn(&format!("kind = 'biomass'\ninput = '{out_text}'")).description;
    let means: Vec<f64> = years.values().map(|(sum, area)| sum / area).collect();
    let ends = (means[0], means[means.len() - 1]);
    assert!(near(number_behind(&words, "in all"), ends.0, 6e-4), "{words}: {ends:?}");
    assert!(near(number_behind(&words, "in the first and"), ends.1, 6e-4), "{words}: {ends:?}");
    let all_years = |of: &BTreeMap<i32, f64>| of.iter().map(|(year, sum)| sum / years[year].1).sum::<f64>();
    let mut order: Vec<(i64, f64)> = by_strategy.iter().map(|(id, of)| (*id, all_years(of))).collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    let largest: Vec<String> = order.iter().take(10).map(|(strategy, _)| strategy.to_string()).collect();
    let told = words.split_once("have most of it: ").expect("the largest").1;
    assert_eq!(
        told.split_once(';').expect("an end").0,
        largest.join(", "),
        "the largest by what they have on the ground"
    );
}

#[test]
fn figure_tables_and_yearly_grids_say_what_a_plain_formula_says() {
    let _alone = alone();
    says_the_same_everywhere(&project("data/sample_run"), false);
}

#[test]
fn figure_tables_and_yearly_grids_of_the_models_own_runs() {
    let _alone = alone();
    let Some(runs) = real_runs() else { return };
    for run in ["k34_region", "meta_cell"] {
        says_the_same_everywhere(&runs.join(run), true);
    }
}

#[test]
fn a_table_without_carbon_on_the_ground_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("biomass.parquet");
    let column = |values: Vec<i32>| {
        std::sync::Arc::new(arrow_array::Int32Array::from(values)) as arrow_array::ArrayRef
    };
    let batch = arrow_array::RecordBatch::try_from_iter([
        ("grid_y", column(vec![1])),
        ("grid_x", column(vec![1])),
        ("year", column(vec![1979])),
        ("pls_id", column(vec![7])),
        ("cveg", column(vec![3])),
    ])
    .expect("rows");
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).expect("a table");
    writer.write(&batch).expect("rows");
    writer.close().expect("a table");
    let picture = folder.path().join("b.png");
    let output =
        gridloom(&["plot", "biomass", path.to_str().expect("UTF-8"), "-o", picture.to_str().expect("UTF-8")]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("\"carbon\"") && error.contains("make it again") && !picture.exists(), "{error}");
}
