//! A projection in the well-known text of ISO 19162:2019, for CF's `crs_wkt`. GDAL, QGIS and terra take the place of a single row or column
//! only from files that have one. Methods and parameters have EPSG's names and numbers.

use super::{Ellipsoid, Method, Projection};

/// A parameter: its name, EPSG's number, its value and the kind of its unit.
type Parameter = (&'static str, u32, f64, Unit);

#[derive(Clone, Copy)]
enum Unit {
    Degree,
    Metre,
    Scale,
}

const METRE: &str = r#"LENGTHUNIT["metre",1]"#;
const DEGREE: &str = r#"ANGLEUNIT["degree",0.0174532925199433]"#;

impl Projection {
    /// The well-known text of the projected coordinates (ISO 19162:2019). Of a zone of UTM on WGS 84 it has EPSG's number; of other ellipsoids the datum
    /// is not known.
    pub fn wkt(&self) -> String {
        let (method, code, parameters) = self.method_of_epsg();
        let parameters: String = parameters
            .into_iter()
            .map(|(name, code, value, unit)| {
                let unit = match unit {
                    Unit::Degree => DEGREE,
                    Unit::Metre => METRE,
                    Unit::Scale => r#"SCALEUNIT["unity",1]"#,
                };
                format!(r#",PARAMETER["{name}",{value},{unit},ID["EPSG",{code}]]"#)
            })
            .collect();
        let base = base(self.ellipsoid);
        let (name, conversion, id) = match self.utm_zone() {
            Some((zone, half, code)) => (
                format!("WGS 84 / UTM zone {zone}{half}"),
                format!("UTM zone {zone}{half}"),
                format!(r#",ID["EPSG",{code}]"#),
            ),
            None => (format!("{method}, {}", self.ellipsoid.words()), "unnamed".to_owned(), String::new()),
        };
        let [east, north] = self.directions();
        format!(
            r#"PROJCRS["{name}",{base},CONVERSION["{conversion}",METHOD["{method}",ID["EPSG",{code}]]{parameters}],CS[Cartesian,2],AXIS["easting (X)",{east},ORDER[1],{METRE}],AXIS["northing (Y)",{north},ORDER[2],{METRE}]{id}]"#
        )
    }

    /// The method's name, EPSG's number of it, and its parameters.
    fn method_of_epsg(&self) -> (&'static str, u32, Vec<Parameter>) {
        let Projection { latitude, longitude, northing, easting, .. } = *self;
        let degree = |name, code, value| (name, code, value, Unit::Degree);
        let metre = |name, code, value| (name, code, value, Unit::Metre);
        let origin = [
            degree("Latitude of natural origin", 8801, latitude),
            degree("Longitude of natural origin", 8802, longitude),
        ];
        let shift = [metre("False easting", 8806, easting), metre("False northing", 8807, northing)];
        let conic = |parallels: [f64; 2]| {
            vec![
                degree("Latitude of false origin", 8821, latitude),
                degree("Longitude of false origin", 8822, longitude),
                degree("Latitude of 1st standard parallel", 8823, parallels[0]),
                degree("Latitude of 2nd standard parallel", 8824, parallels[1]),
                metre("Easting at false origin", 8826, easting),
                metre("Northing at false origin", 8827, northing),
            ]
        };
        match self.method {
            Method::TransverseMercator { scale } => {
                let scale = ("Scale factor at natural origin", 8805, scale, Unit::Scale);
                ("Transverse Mercator", 9807, origin.into_iter().chain([scale]).chain(shift).collect())
            }
            Method::LambertConformal { parallels } => {
                ("Lambert Conic Conformal (2SP)", 9802, conic(parallels))
            }
            Method::LambertAzimuthal => {
                ("Lambert Azimuthal Equal Area", 9820, origin.into_iter().chain(shift).collect())
            }
            Method::Albers { parallels } => ("Albers Equal Area", 9822, conic(parallels)),
            Method::PolarStereographic { parallel } => {
                let own = [
                    degree("Latitude of standard parallel", 8832, parallel),
                    degree("Longitude of origin", 8833, longitude),
                ];
                ("Polar Stereographic (variant B)", 9829, own.into_iter().chain(shift).collect())
            }
            Method::Mercator { parallel } => {
                let own = [
                    degree("Latitude of 1st standard parallel", 8823, parallel),
                    degree("Longitude of natural origin", 8802, longitude),
                ];
                ("Mercator (variant B)", 9805, own.into_iter().chain(shift).collect())
            }
        }
    }

    /// Where the axes lead: at a pole both lead away from it.
    fn directions(&self) -> [String; 2] {
        let Method::PolarStereographic { parallel } = self.method else {
            return ["east", "north"].map(str::to_owned);
        };
        let along = |turned: f64| (self.longitude + turned + 540.0).rem_euclid(360.0) - 180.0;
        let meridian = |turned: f64| format!("MERIDIAN[{},{DEGREE}]", along(turned));
        // Seen from above the north pole, y grows along the meridian behind it.
        match parallel > 0.0 {
            true => [format!("south,{}", meridian(90.0)), format!("south,{}", meridian(180.0))],
            false => [format!("north,{}", meridian(90.0)), format!("north,{}", meridian(0.0))],
        }
    }

    /// Which zone of UTM on WGS 84 it is: the zone, its half, and EPSG's number.
    fn utm_zone(&self) -> Option<(u32, char, u32)> {
        let zone = (1..=60u32).find(|zone| f64::from(*zone) * 6.0 - 183.0 == self.longitude)?;
        let is_utm = self.method == Method::TransverseMercator { scale: 0.9996 }
            && self.ellipsoid == Ellipsoid::WGS84
            && (self.latitude, self.easting) == (0.0, 500_000.0);
        match self.northing {
            0.0 if is_utm => Some((zone, 'N', 32_600 + zone)),
            10_000_000.0 if is_utm => Some((zone, 'S', 32_700 + zone)),
            _ => None,
        }
    }
}

/// Degrees on an ellipsoid. Only of WGS 84 is the datum known.
fn base(ellipsoid: Ellipsoid) -> String {
    let Ellipsoid { semi_major_axis, inverse_flattening } = ellipsoid;
    let (name, datum, own, id) = match ellipsoid {
        Ellipsoid::WGS84 => ("WGS 84", "World Geodetic System 1984", "WGS 84", r#",ID["EPSG",4326]"#),
        Ellipsoid::GRS80 => ("unknown", "Unknown based on GRS 1980 ellipsoid", "GRS 1980", ""),
        _ => ("unknown", "unknown", "unknown", ""),
    };
    format!(
        r#"BASEGEOGCRS["{name}",DATUM["{datum}",ELLIPSOID["{own}",{semi_major_axis},{inverse_flattening},{METRE}]],PRIMEM["Greenwich",0,{DEGREE}]{id}]"#
    )
}
