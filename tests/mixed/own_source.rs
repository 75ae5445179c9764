//! A source that gridloom knows nothing of goes through every product and is proved.

use gridloom_testkit::program::alone;

#[path = "../../examples/own_source.rs"]
#[allow(dead_code, reason = "the example is a program as well")]
mod example;

#[test]
fn another_models_cells_become_grids_tables_and_an_archive() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    example::make(folder.path()).expect("all products, proved");
    let mut made: Vec<String> = std::fs::read_dir(folder.path().join("lakes"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    made.sort_unstable();
    assert_eq!(
        made,
        [
            "daily.parquet",
            "ice_lakes_19900101_19991231.nc",
            "ice_month_mean_lakes_19900101_19991231.nc",
            "report.json",
            "temperature_lakes_19900101_19991231.nc",
            "temperature_month_mean_lakes_19900101_19991231.nc",
        ]
    );
}
