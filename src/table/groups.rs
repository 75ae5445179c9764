//! Groups of HDF5 tables; who writes them and who reads them asks here.

/// The group that a column is in.
pub(super) fn group_of(column: &str) -> &'static str {
    match column {
        "grid_y" | "grid_x" | "latitude" | "longitude" | "region" | "run" | "station" => "coordinates",
        "day" | "time" | "year" | "month" | "start" | "days" | "steps" | "complete" => "time",
        _ => "data",
    }
}
