//! Map projections that grids can be regular in, by their parameters.
//!
//! ```
//! # use gridloom::model::projection::Projection;
//! let utm = Projection::parse("EPSG:32632")?;
//! assert_eq!(utm, Projection::parse("+proj=utm +zone=32 +datum=WGS84")?);
//! let [north, east] = utm.degrees(5_034_000.0, 514_000.0).expect("Milan");
//! assert_eq!((north.floor(), east.floor()), (45.0, 9.0));
//! # Ok::<(), gridloom::model::projection::ParseProjectionError>(())
//! ```
//!
//! # Limits
//! Metres only, on WGS 84, GRS 80 or a sphere; no shift of the datum. Places are those of PROJ to a millimetre. What functions of the machine's mathematics differ in is rounded away:
//! degrees to 1e-9, which is a tenth of a millimetre.

use std::str::FromStr;

use proj4rs::Proj;
use proj4rs::transform::transform;

use super::calendar::excerpt;

mod parse;
mod wkt;

pub use parse::ParseProjectionError;

/// A projection and the ellipsoid that it is of. Shown, parsed and serialized as a text of PROJ; also parsed as `EPSG:CODE` of the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Projection {
    /// How the ellipsoid becomes flat.
    pub method: Method,
    /// Degrees north of the origin.
    pub latitude: f64,
    /// Degrees east of the origin.
    pub longitude: f64,
    /// Metres that are added to y.
    pub northing: f64,
    /// Metres that are added to x.
    pub easting: f64,
    /// The ellipsoid.
    pub ellipsoid: Ellipsoid,
}

// Parameters are numbers, never NaN.
impl Eq for Projection {}

/// How an ellipsoid becomes flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Transverse Mercator, UTM among them: the scale along the central meridian.
    TransverseMercator {
        /// The scale.
        scale: f64,
    },
    /// Lambert's conformal conic: degrees north of its standard parallels.
    LambertConformal {
        /// The parallels, the same where there is one.
        parallels: [f64; 2],
    },
    /// Lambert's azimuthal equal-area.
    LambertAzimuthal,
    /// Albers' equal-area conic: degrees north of its standard parallels.
    Albers {
        /// The parallels, the same where there is one.
        parallels: [f64; 2],
    },
    /// Stereographic at a pole: the parallel that is true.
    PolarStereographic {
        /// The parallel.
        parallel: f64,
    },
    /// Mercator: the parallel that is true.
    Mercator {
        /// The parallel.
        parallel: f64,
    },
}

/// The figure of the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipsoid {
    /// Metres of the semi-major axis.
    pub semi_major_axis: f64,
    /// The inverse of the flattening; 0 of a sphere.
    pub inverse_flattening: f64,
}

impl Ellipsoid {
    /// WGS 84.
    pub const WGS84: Ellipsoid =
        Ellipsoid { semi_major_axis: 6_378_137.0, inverse_flattening: 298.257_223_563 };
    /// GRS 80, which ETRS89 and NAD83 use.
    pub const GRS80: Ellipsoid =
        Ellipsoid { semi_major_axis: 6_378_137.0, inverse_flattening: 298.257_222_101 };

    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Ellipsoid::WGS84 => "WGS 84 ellipsoid",
            Ellipsoid::GRS80 => "GRS 80 ellipsoid",
            other if other.inverse_flattening == 0.0 => "sphere",
            _ => "ellipsoid",
        }
    }

    /// Of the metres of its two semi-axes.
    fn of_axes(major: f64, minor: f64) -> Self {
        let inverse_flattening = if major == minor { 0.0 } else { major / (major - minor) };
        Ellipsoid { semi_major_axis: major, inverse_flattening }
    }

    /// The square of the first eccentricity.
    pub(super) fn eccentricity_squared(self) -> f64 {
        if self.inverse_flattening == 0.0 {
            return 0.0;
        }
        let flattening = 1.0 / self.inverse_flattening;
        flattening * (2.0 - flattening)
    }
}

impl Projection {
    /// Reads a text of PROJ such as `+proj=utm +zone=32 +datum=WGS84`, or `EPSG:32632`.
    ///
    /// # Errors
    /// What is not one of the methods, or has parameters that would be lost.
    pub fn parse(text: &str) -> Result<Self, ParseProjectionError> {
        parse::parse(text).map_err(|problem| ParseProjectionError { text: excerpt(text), problem })
    }

    /// The text of PROJ.
    pub fn text(&self) -> String {
        let Projection { latitude, longitude, northing, easting, ellipsoid, .. } = self;
        let origin = format!("+lat_0={latitude} +lon_0={longitude}");
        let of = |parallels: [f64; 2]| format!("+lat_1={} +lat_2={}", parallels[0], parallels[1]);
        let method = match self.method {
            Method::TransverseMercator { scale } => format!("+proj=tmerc {origin} +k={scale}"),
            Method::LambertConformal { parallels } => format!("+proj=lcc {} {origin}", of(parallels)),
            Method::LambertAzimuthal => format!("+proj=laea {origin}"),
            Method::Albers { parallels } => format!("+proj=aea {} {origin}", of(parallels)),
            Method::PolarStereographic { parallel } => format!("+proj=stere {origin} +lat_ts={parallel}"),
            Method::Mercator { parallel } => format!("+proj=merc +lon_0={longitude} +lat_ts={parallel}"),
        };
        format!("{method} +x_0={easting} +y_0={northing} {} +units=m +no_defs", ellipsoid_text(*ellipsoid))
    }

    /// The attributes of a grid mapping, as CF 1.11 has them (appendix F): its name, and numbers.
    pub fn grid_mapping(&self) -> (&'static str, Vec<(&'static str, Vec<f64>)>) {
        let Projection { latitude, longitude, northing, easting, ellipsoid, .. } = *self;
        let one = |name, value: f64| (name, vec![value]);
        let parallels = |[first, second]: [f64; 2]| {
            ("standard_parallel", if first == second { vec![first] } else { vec![first, second] })
        };
        let origin = one("latitude_of_projection_origin", latitude);
        let (name, mut numbers) = match self.method {
            Method::TransverseMercator { scale } => (
                "transverse_mercator",
                vec![
                    one("scale_factor_at_central_meridian", scale),
                    one("longitude_of_central_meridian", longitude),
                    origin,
                ],
            ),
            Method::LambertConformal { parallels: two } => (
                "lambert_conformal_conic",
                vec![parallels(two), one("longitude_of_central_meridian", longitude), origin],
            ),
            Method::LambertAzimuthal => (
                "lambert_azimuthal_equal_area",
                vec![one("longitude_of_projection_origin", longitude), origin],
            ),
            Method::Albers { parallels: two } => (
                "albers_conical_equal_area",
                vec![parallels(two), one("longitude_of_central_meridian", longitude), origin],
            ),
            Method::PolarStereographic { parallel } => (
                "polar_stereographic",
                vec![
                    one("straight_vertical_longitude_from_pole", longitude),
                    origin,
                    one("standard_parallel", parallel),
                ],
            ),
            Method::Mercator { parallel } => (
                "mercator",
                vec![one("longitude_of_projection_origin", longitude), one("standard_parallel", parallel)],
            ),
        };
        numbers.push(one("false_easting", easting));
        numbers.push(one("false_northing", northing));
        match ellipsoid.inverse_flattening {
            0.0 => numbers.push(one("earth_radius", ellipsoid.semi_major_axis)),
            inverse => {
                numbers.push(one("semi_major_axis", ellipsoid.semi_major_axis));
                numbers.push(one("inverse_flattening", inverse));
            }
        }
        (name, numbers)
    }

    /// The projection of a grid mapping's attributes, the inverse of [`Projection::grid_mapping`]; `None` of others.
    pub fn from_grid_mapping(name: &str, number: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let one = |name: &str| {
            number(name).filter(|values| values.len() == 1).and_then(|values| values.first().copied())
        };
        let or = |name: &str, otherwise: f64| one(name).unwrap_or(otherwise);
        let parallels = || match number("standard_parallel").as_deref() {
            Some(&[first, second]) => Some([first, second]),
            Some(&[one]) => Some([one, one]),
            _ => None,
        };
        let (method, longitude) = match name {
            "transverse_mercator" => (
                Method::TransverseMercator { scale: or("scale_factor_at_central_meridian", 1.0) },
                "longitude_of_central_meridian",
            ),
            "lambert_conformal_conic" => {
                (Method::LambertConformal { parallels: parallels()? }, "longitude_of_central_meridian")
            }
            "lambert_azimuthal_equal_area" => (Method::LambertAzimuthal, "longitude_of_projection_origin"),
            "albers_conical_equal_area" => {
                (Method::Albers { parallels: parallels()? }, "longitude_of_central_meridian")
            }
            "polar_stereographic" => (
                Method::PolarStereographic { parallel: one("standard_parallel")? },
                "straight_vertical_longitude_from_pole",
            ),
            "mercator" => (
                Method::Mercator { parallel: or("standard_parallel", 0.0) },
                "longitude_of_projection_origin",
            ),
            _ => return None,
        };
        // What is not taken in and would move cells.
        let moves = [("scale_factor_at_projection_origin", 1.0), ("longitude_of_prime_meridian", 0.0)];
        if moves.into_iter().any(|(name, idle)| number(name).is_some_and(|values| values != [idle])) {
            return None;
        }
        let axes = [one("semi_major_axis"), one("semi_minor_axis"), one("inverse_flattening")];
        let ellipsoid = match (one("earth_radius"), axes) {
            (Some(radius), _) => Ellipsoid { semi_major_axis: radius, inverse_flattening: 0.0 },
            (None, [None, None, None]) => Ellipsoid::WGS84,
            (None, [Some(semi_major_axis), _, Some(inverse_flattening)]) => {
                Ellipsoid { semi_major_axis, inverse_flattening }
            }
            (None, [Some(major), Some(minor), None]) => Ellipsoid::of_axes(major, minor),
            (None, _) => return None,
        };
        let projection = Projection {
            method,
            latitude: or("latitude_of_projection_origin", 0.0),
            longitude: one(longitude)?,
            northing: or("false_northing", 0.0),
            easting: or("false_easting", 0.0),
            ellipsoid,
        };
        // Parameters that make no projection are none, nor are numbers that no text has.
        Projection::parse(&projection.text()).ok().filter(|parsed| *parsed == projection)
    }

    /// Degrees north and east of a point; `None` where the projection has no such point.
    pub fn degrees(&self, y: f64, x: f64) -> Option<[f64; 2]> {
        self.projector()?.degrees(y, x)
    }

    /// Metres y and x of a point in degrees north and east; `None` where the projection does not show it.
    pub fn metres(&self, north: f64, east: f64) -> Option<[f64; 2]> {
        self.projector()?.metres(north, east)
    }

    /// What projects many points.
    pub(crate) fn projector(&self) -> Option<Projector> {
        let plane = Proj::from_proj_string(&self.text()).ok()?;
        let degrees = format!("+proj=longlat {} +no_defs", ellipsoid_text(self.ellipsoid));
        Some(Projector { plane, globe: Proj::from_proj_string(&degrees).ok()? })
    }
}

fn ellipsoid_text(ellipsoid: Ellipsoid) -> String {
    let Ellipsoid { semi_major_axis, inverse_flattening } = ellipsoid;
    match inverse_flattening {
        0.0 => format!("+R={semi_major_axis}"),
        inverse => format!("+a={semi_major_axis} +rf={inverse}"),
    }
}

/// A projection that is ready for many points.
#[derive(Debug)]
pub(crate) struct Projector {
    plane: Proj,
    globe: Proj,
}

/// To the last digit that counts, so that machines whose functions differ in the last bit come to the same.
fn rounded(value: f64, digit: f64) -> f64 {
    // The sum makes a zero of a minus zero.
    (value * digit).round() / digit + 0.0
}

impl Projector {
    /// Degrees north and east of a point, rounded.
    pub fn degrees(&self, y: f64, x: f64) -> Option<[f64; 2]> {
        let [north, east] = self.radians(y, x)?;
        Some([rounded(north.to_degrees(), 1e9), rounded(east.to_degrees(), 1e9)])
    }

    /// Radians north and east of a point.
    pub fn radians(&self, y: f64, x: f64) -> Option<[f64; 2]> {
        let mut point = (x, y, 0.0);
        transform(&self.plane, &self.globe, &mut point).ok()?;
        (point.0.is_finite() && point.1.is_finite()).then_some([point.1, point.0])
    }

    /// Metres y and x of a point in degrees north and east, rounded to a tenth of a millimetre.
    pub fn metres(&self, north: f64, east: f64) -> Option<[f64; 2]> {
        let mut point = (east.to_radians(), north.to_radians(), 0.0);
        transform(&self.globe, &self.plane, &mut point).ok()?;
        let is_there = point.0.is_finite() && point.1.is_finite();
        is_there.then(|| [rounded(point.1, 1e4), rounded(point.0, 1e4)])
    }
}

impl std::fmt::Display for Projection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text())
    }
}

impl FromStr for Projection {
    type Err = ParseProjectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Projection::parse(text)
    }
}

impl From<Projection> for String {
    fn from(projection: Projection) -> String {
        projection.text()
    }
}

impl TryFrom<String> for Projection {
    type Error = ParseProjectionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Projection::parse(&text)
    }
}

#[cfg(test)]
mod tests;
