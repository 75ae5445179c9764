//! Polygons of GeoJSON (RFC 7946): longitude and latitude in degrees.

use serde_json::Value;

use super::{MOST_REGIONS, Mask, MaskRegion};
use crate::model::grid::{Cell, Grid};

/// Properties that a feature's name may be in, the first that is there.
const NAMES: [&str; 9] = ["name", "NAME", "Name", "label", "nome", "NOME", "Nome", "id", "ID"];

/// Where coordinates are degrees of longitude and latitude, as the format has it.
const DEGREES: [&str; 3] = ["CRS84", "EPSG::4326", "EPSG:4326"];

type Ring = Vec<[f64; 2]>;

/// A polygon: an outer ring and holes, longitude and latitude.
struct Polygon {
    rings: Vec<Ring>,
    /// South and north.
    latitudes: [f64; 2],
}

/// Reads the regions of a file: features of one name are one.
pub(super) fn read(bytes: &[u8], grid: Grid, stem: &str) -> Result<Mask, String> {
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let root: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    if let Some(crs) = root.pointer("/crs/properties/name").and_then(Value::as_str)
        && !DEGREES.iter().any(|known| crs.ends_with(known))
    {
        return Err(format!(
            "its coordinates are of {crs:?}; GeoJSON has degrees of longitude and latitude (OGC:CRS84)"
        ));
    }
    let mut found: Vec<(String, Vec<Polygon>)> = Vec::new();
    let mut add =
        |name: Option<String>, geometry: &Value, number: usize, count: usize| -> Result<(), String> {
            let name =
                name.unwrap_or_else(|| if count == 1 { stem.to_owned() } else { format!("{stem}_{number}") });
            let polygons =
                polygons(geometry, 0).map_err(|reason| format!("feature {number}, {name:?}: {reason}"))?;
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.extend(polygons),
                None => found.push((name, polygons)),
            }
            Ok(())
        };
    match root.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => {
            let features =
                root.get("features").and_then(Value::as_array).ok_or("it has no list of features")?;
            if features.len() > MOST_REGIONS {
                return Err(format!("{} features are more than the limit of {MOST_REGIONS}", features.len()));
            }
            for (number, feature) in (1..).zip(features) {
                let geometry = feature.get("geometry").unwrap_or(&Value::Null);
                add(name_of(feature), geometry, number, features.len())?;
            }
        }
        Some("Feature") => add(name_of(&root), root.get("geometry").unwrap_or(&Value::Null), 1, 1)?,
        Some(_) => add(None, &root, 1, 1)?,
        None => return Err("it has no type: it is not GeoJSON".to_owned()),
    }
    if found.is_empty() {
        return Err("there is no feature in it".to_owned());
    }
    let regions =
        found.into_iter().map(|(name, polygons)| MaskRegion { name, cells: inside(&polygons, grid) });
    Ok(Mask { regions: regions.collect(), stations: Default::default(), remarks: Vec::new() })
}

fn name_of(feature: &Value) -> Option<String> {
    let properties = feature.get("properties")?;
    let value = NAMES.iter().find_map(|name| properties.get(name).filter(|value| !value.is_null()))?;
    let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // Names go into lists and columns.
    let name: String =
        name.chars().map(|letter| if letter == ',' || letter.is_control() { ' ' } else { letter }).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn polygons(geometry: &Value, depth: usize) -> Result<Vec<Polygon>, String> {
    let coordinates = || {
        geometry
            .get("coordinates")
            .and_then(Value::as_array)
            .ok_or("its geometry has no coordinates".to_owned())
    };
    match geometry.get("type").and_then(Value::as_str) {
        Some("Polygon") => Ok(vec![polygon(coordinates()?)?]),
        Some("MultiPolygon") => coordinates()?
            .iter()
            .map(|one| polygon(one.as_array().ok_or("a polygon is not a list of rings")?))
            .collect(),
        Some("GeometryCollection") if depth < 8 => {
            let all =
                geometry.get("geometries").and_then(Value::as_array).ok_or("it has no list of geometries")?;
            let mut found = Vec::new();
            for one in all {
                found.extend(polygons(one, depth + 1)?);
            }
            Ok(found)
        }
        Some(kind) => Err(format!("its geometry is a {kind}; a region is a Polygon or a MultiPolygon")),
        None => Err("it has no geometry".to_owned()),
    }
}

fn polygon(rings: &[Value]) -> Result<Polygon, String> {
    let mut latitudes = [f64::INFINITY, f64::NEG_INFINITY];
    let mut all = Vec::new();
    for ring in rings {
        let mut points = Ring::new();
        for point in ring.as_array().ok_or("a ring is not a list of points")? {
            let number = |index: usize| point.get(index).and_then(Value::as_f64);
            let (Some(x), Some(y)) = (number(0), number(1)) else {
                return Err(format!("a point is {point}, not two numbers"));
            };
            if x.abs() > 540.0 || y.abs() > 90.001 {
                return Err(format!("a point is {x}, {y}, which is not longitude and latitude in degrees"));
            }
            latitudes = [latitudes[0].min(y), latitudes[1].max(y)];
            points.push([x, y]);
        }
        all.push(points);
    }
    Ok(Polygon { rings: all, latitudes })
}

/// The cells whose centres are in any of some polygons.
fn inside(polygons: &[Polygon], grid: Grid) -> Vec<Cell> {
    let mut cells = Vec::new();
    // Where the edges of each polygon cross a latitude: cells of a row mostly share theirs.
    let mut crossed: Option<(f64, Vec<Vec<f64>>)> = None;
    for row in 0..grid.rows() {
        for column in 0..grid.columns() {
            let cell = Cell { row, column };
            let [latitude, longitude] = grid.centre(cell);
            if crossed.as_ref().is_none_or(|(known, _)| *known != latitude) {
                let here = polygons.iter().filter(|polygon| polygon.reaches(latitude));
                crossed = Some((latitude, here.map(|polygon| polygon.crossings(latitude)).collect()));
            }
            let turns = [longitude, longitude + 360.0, longitude - 360.0];
            // A ray to the east crosses the rings an odd number of times, so that holes are outside.
            let is_inside = |crossings: &[f64], x: f64| {
                (crossings.len() - crossings.partition_point(|crossing| *crossing <= x)) % 2 == 1
            };
            let all = crossed.as_ref().map_or(&[][..], |(_, all)| all.as_slice());
            if all.iter().any(|crossings| turns.iter().any(|x| is_inside(crossings, *x))) {
                cells.push(cell);
            }
        }
    }
    cells
}

impl Polygon {
    fn reaches(&self, y: f64) -> bool {
        let [south, north] = self.latitudes;
        (south..=north).contains(&y)
    }

    /// Where the edges of all rings cross a latitude, from west to east.
    fn crossings(&self, y: f64) -> Vec<f64> {
        let mut crossings = Vec::new();
        for ring in &self.rings {
            let Some(mut before) = ring.last() else { continue };
            for point in ring {
                let ([ax, ay], [bx, by]) = (before, point);
                if (*ay > y) != (*by > y) {
                    crossings.push((bx - ax) * (y - ay) / (by - ay) + ax);
                }
                before = point;
            }
        }
        crossings.sort_by(f64::total_cmp);
        crossings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ten_degrees() -> Grid {
        Grid::from_resolution(10.0).expect("a grid")
    }

    fn regions(text: &str) -> Result<Vec<MaskRegion>, String> {
        read(text.as_bytes(), ten_degrees(), "file").map(|mask| mask.regions)
    }

    #[test]
    fn a_polygon_over_the_date_line_and_one_with_a_hole() {
        let ring = |west: f64, east: f64, size: f64| {
            format!("[[{west},{size}],[{east},{size}],[{east},-{size}],[{west},-{size}],[{west},{size}]]")
        };
        let polygon =
            |rings: &[String]| format!(r#"{{"type":"Polygon","coordinates":[{}]}}"#, rings.join(","));
        let over = regions(&polygon(&[ring(171.0, 189.0, 9.0)])).expect("a region");
        let columns: Vec<(u32, u32)> = over[0].cells.iter().map(|cell| (cell.row, cell.column)).collect();
        assert_eq!(columns, [(8, 0), (8, 35), (9, 0), (9, 35)]);
        let holed = regions(&polygon(&[ring(-20.0, 20.0, 20.0), ring(-10.0, 10.0, 10.0)])).expect("a region");
        assert_eq!((over[0].name.as_str(), holed[0].cells.len()), ("file", 12));
    }

    proptest! {
        #[test]
        fn any_text(text in ".*", number in any::<f64>()) {
            let _ = regions(&text);
            let text = format!(r#"{{"type":"Polygon","coordinates":[[[{number},1],[2,{text:?}],[3]]]}}"#);
            let _ = regions(&text);
        }

        /// As by the sum of angles under which the edges of a triangle are seen.
        #[test]
        fn triangles(points in prop::collection::vec((-170.0..170.0f64, -80.0..80.0f64), 3)) {
            let text: Vec<String> = points.iter().chain(points.first()).map(|(x, y)| format!("[{x},{y}]")).collect();
            let found = regions(&format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, text.join(",")));
            let grid = ten_degrees();
            for row in 0..grid.rows() {
                for column in 0..grid.columns() {
                    let cell = Cell { row, column };
                    let [y, x] = grid.centre(cell);
                    let side = |a: usize, b: usize| {
                        let ((ax, ay), (bx, by)) = (points[a], points[b]);
                        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
                    };
                    let sides = [side(0, 1), side(1, 2), side(2, 0)];
                    if sides.iter().any(|side| side.abs() < 1e-6) {
                        continue;
                    }
                    let is_inside = sides.iter().all(|side| *side > 0.0) || sides.iter().all(|side| *side < 0.0);
                    let found = found.as_ref().expect("a region")[0].cells.contains(&cell);
                    prop_assert_eq!(found, is_inside, "{} {:?}", cell, points);
                }
            }
        }
    }
}
