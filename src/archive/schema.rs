//! What an archive says of its variables: attributes by CF 1.11, from the table of variables.

use super::annual::Table;
use crate::hdf5::attribute::Attribute;
use crate::model::codes;
use crate::model::element::Element;
use crate::model::ellipsoid;
use crate::model::grid::Grid;
use crate::model::projection::Ellipsoid;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Vec<Attribute> {
    pairs.map(|(name, text)| Attribute::text(name, text)).into()
}

/// The attributes of days, which are an axis where each is there once.
pub(super) fn time(unit: &TimeUnit, is_axis: bool) -> Vec<Attribute> {
    let long_name = match unit.step().is_day() {
        true => "beginning of the day that a value is of",
        false => &format!("beginning of the step of {} that a value is of", unit.step().words()),
    };
    let mut attributes = texts([
        ("standard_name", "time"),
        ("long_name", long_name),
        ("units", unit.text()),
        ("calendar", unit.calendar().name()),
    ]);
    attributes.extend(is_axis.then(|| Attribute::text("axis", "T")));
    if unit.calendar().is_real_world() {
        attributes.push(Attribute::text("units_metadata", "leap_seconds: none"));
    }
    attributes
}

/// The attributes of the numbers of days' periods.
pub(super) fn period() -> Vec<Attribute> {
    texts([("long_name", "number of the period that a value is of"), ("units", "1")])
}

/// The attributes of a daily series. `name` is that of its dataset, `places` are the coordinates that no dimension has.
pub(super) fn series(
    table: &VariableTable,
    (key, name): (&str, &str),
    gaps: Option<Element>,
    places: &str,
) -> Vec<Attribute> {
    let info = table.get(key);
    let mut attributes = vec![Attribute::text("long_name", info.map_or(key, |info| &info.long_name))];
    let mut add = |name: &str, text: Option<&str>| {
        attributes.extend(text.map(|text| Attribute::text(name, text)));
    };
    // Rows of different quantities have no standard name together.
    let differ = info.is_some_and(|info| info.rows.iter().any(|row| row.standard_name.is_some()));
    add("standard_name", info.and_then(|info| info.standard_name.as_deref()).filter(|_| !differ));
    add("units", info.and_then(|info| info.units.as_deref()));
    add("units_metadata", info.and_then(|info| info.units_metadata.as_deref()));
    add(
        "cell_methods",
        Some(&format!("area: mean time: {}", info.map_or("mean", |info| info.cell_method.name()))),
    );
    add("coordinates", Some(places));
    add("comment", info.and_then(|info| info.comment.as_deref()));
    add("dump_key", Some(key).filter(|key| *key != name));
    attributes.extend(gaps.map(fill));
    attributes
}

/// The value that stands for none.
pub(super) fn fill(element: Element) -> Attribute {
    let bytes = element.fill_bytes().to_vec();
    Attribute::value("_FillValue", element, bytes)
}

/// The attributes of a row's numbers.
pub(super) fn rows(table: &VariableTable, key: &str, count: usize) -> Vec<Attribute> {
    let info = table.get(key);
    let label = |row: usize| {
        let label = info.and_then(|info| info.row(row)).map(|row| row.label);
        let label = label.unwrap_or_else(|| format!("row {}", row + 1));
        label.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
    };
    let labels: Vec<String> = (0..count).map(label).collect();
    let numbers: Vec<u8> = (1..=count as i32).flat_map(i32::to_le_bytes).collect();
    vec![
        Attribute::text("long_name", &format!("row of {key}, counted from 1")),
        Attribute::value("flag_values", Element::Int32, numbers),
        Attribute::text("flag_meanings", &labels.join(" ")),
    ]
}

/// The attributes of a place.
pub(super) fn horizontal(name: &str, units: &str) -> Vec<Attribute> {
    texts([("standard_name", name), ("long_name", &format!("{name} of the cell's centre")), ("units", units)])
}

/// The attributes of the grid mapping: of the degrees that cells have, on the ellipsoid of the grid's projection, if there is one.
pub(super) fn crs(grid: &Grid) -> Vec<Attribute> {
    let ellipsoid =
        grid.projection().map(|projection| projection.ellipsoid).filter(|own| *own != Ellipsoid::WGS84);
    if let Some(own) = ellipsoid {
        let mut attributes = texts([("grid_mapping_name", "latitude_longitude"), ("long_name", own.words())]);
        attributes.extend(match own.inverse_flattening {
            0.0 => vec![Attribute::number("earth_radius", own.semi_major_axis)],
            inverse => vec![
                Attribute::number("semi_major_axis", own.semi_major_axis),
                Attribute::number("inverse_flattening", inverse),
            ],
        });
        attributes.push(Attribute::number("longitude_of_prime_meridian", 0.0));
        return attributes;
    }
    vec![
        Attribute::text("grid_mapping_name", "latitude_longitude"),
        Attribute::text("long_name", "WGS 84"),
        Attribute::number("semi_major_axis", ellipsoid::SEMI_MAJOR_AXIS),
        Attribute::number("inverse_flattening", ellipsoid::INVERSE_FLATTENING),
        Attribute::number("longitude_of_prime_meridian", 0.0),
        Attribute::text("crs_wkt", ellipsoid::CRS_WKT),
    ]
}

const CARBON: &str = "kg m-2";

/// What is known of the columns of years: name, long name, units.
const ANNUAL: [(&str, &str, &str); 35] = [
    ("year", "year; the state is that of its day 365", "1"),
    ("members", "communities of the cell, masked ones included", "1"),
    ("communities", "communities with living plants: rows of `community`", "1"),
    ("mask", "whether a community is masked (1), in the order of their numbers", "1"),
    ("cveg", "carbon in plants: sum over living communities by their number plus one", CARBON),
    ("cleaf", "carbon in leaves: sum over living communities by their number plus one", CARBON),
    ("croot", "carbon in fine roots: sum over living communities by their number plus one", CARBON),
    ("cwood", "carbon in wood: sum over living communities by their number plus one", CARBON),
    ("anpp", "carbon allocated to growth in the year to its day 365: sum by the number plus one", "g m-2"),
    (
        "uptake_costs",
        "carbon costs of nutrient uptake in the year to its day 365: sum by the number plus one",
        "g m-2",
    ),
    ("community_number", "number of the community in its cell", "1"),
    ("strategies", "living plant life strategies: rows of `strategy`", "1"),
    ("community_cleaf", "carbon in leaves", CARBON),
    ("community_croot", "carbon in fine roots", CARBON),
    ("community_cwood", "carbon in wood", CARBON),
    ("community_masked", "whether the community is masked", "1"),
    ("community_anpp", "carbon allocated to growth in the year to its day 365", "g m-2"),
    ("community_uptake_costs", "carbon costs of nutrient uptake in the year to its day 365", "g m-2"),
    ("community_shannon_entropy", "Shannon's entropy of the shares of area; -9999 where undefined", "1"),
    ("community_shannon_diversity", "exponential of Shannon's entropy; -9999 where undefined", "1"),
    ("community_shannon_evenness", "Shannon's evenness; -9999 or a part of it where undefined", "1"),
    ("id", "number of the strategy in the model's main table", "1"),
    ("vp_cleaf", "carbon in leaves on the strategy's own ground", CARBON),
    ("vp_croot", "carbon in fine roots on the strategy's own ground", CARBON),
    ("vp_cwood", "carbon in wood on the strategy's own ground", CARBON),
    ("vp_ocp", "share of the community's biomass, and so of its area", "1"),
    ("limitation_status_leaf", "commonest limitation of leaves", "1"),
    ("limitation_status_root", "commonest limitation of fine roots", "1"),
    ("limitation_status_wood", "commonest limitation of wood", "1"),
    ("uptk_strat_n", "commonest strategy of nitrogen uptake", "1"),
    ("uptk_strat_p", "commonest strategy of phosphorus uptake", "1"),
    ("limitation_status_leaf_percent", "days of that limitation", "percent"),
    ("limitation_status_root_percent", "days of that limitation", "percent"),
    ("limitation_status_wood_percent", "days of that limitation", "percent"),
    ("uptk_strat_n_percent", "days of that strategy", "percent"),
];

/// The attributes of a column of years.
pub(super) fn annual(table: Table, name: &str, gaps: Option<(Element, [u8; 8])>) -> Vec<Attribute> {
    let known = ANNUAL.iter().find(|(known, ..)| *known == name);
    let mut attributes =
        vec![Attribute::text("long_name", known.map_or(name, |(_, long_name, _)| long_name))];
    attributes.extend(known.map(|(.., units)| Attribute::text("units", units)));
    match (table, name) {
        (Table::Year, "members") => attributes.push(Attribute::text("sample_dimension", "member")),
        (Table::Year, "communities") => attributes.push(Attribute::text("sample_dimension", "community")),
        (Table::Community, "strategies") => attributes.push(Attribute::text("sample_dimension", "strategy")),
        (Table::Strategy, name)
            if (name.starts_with("limitation_status") || name.starts_with("uptk_strat"))
                && !name.ends_with("percent") =>
        {
            let (codes, meanings) = codes::of(name);
            let codes: Vec<u8> = codes.iter().flat_map(|&code| i64::from(code).to_le_bytes()).collect();
            attributes.push(Attribute::value("flag_values", Element::Int64, codes));
            attributes.push(Attribute::text("flag_meanings", meanings));
        }
        _ => {}
    }
    attributes.extend(gaps.map(|(element, fill)| Attribute::value("_FillValue", element, fill.to_vec())));
    attributes
}

/// Whether NetCDF allows a name as it is, and the groups of cells need it for nothing else.
pub(super) fn dataset_name(key: &str, taken: impl Fn(&str) -> bool) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut name: String =
        key.chars().take(100).map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name.insert_str(0, "v_");
    }
    let stem = name.clone();
    let mut number = 1;
    while taken(&name) {
        number += 1;
        name = format!("{stem}__{number}");
    }
    name
}
