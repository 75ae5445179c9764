//! Projections as PROJ and EPSG write them.

use super::{Ellipsoid, Method, Projection};

/// A text that is not a projection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("projection {text:?}: {problem}")]
pub struct ParseProjectionError {
    pub(super) text: String,
    pub(super) problem: Problem,
}

impl ParseProjectionError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        "write it as PROJ does, for example `+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80`"
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("not a text of PROJ, nor EPSG: and a code")]
    Form,
    #[error(
        "the code is not one of those known here: UTM on WGS 84 and ETRS89, 3035, 3031, 3413, 3995, 3395, 5070"
    )]
    Code,
    #[error("the method {0:?} is not one of tmerc, utm, lcc, laea, aea, stere at a pole, and merc")]
    Method(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not a number")]
    Number(String),
    #[error("{0} is not understood, and would change where cells are")]
    Unknown(String),
    #[error("its parameters make no projection")]
    None,
}

/// The parameters of a text, each with its value.
struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(Problem::Number(format!("+{name}={text}"))),
        }
    }

    fn or(&self, name: &str, otherwise: f64) -> Result<f64, Problem> {
        Ok(self.number(name)?.unwrap_or(otherwise))
    }
}

const KNOWN: [&str; 20] = [
    "proj", "lat_0", "lon_0", "lat_1", "lat_2", "lat_ts", "k", "k_0", "x_0", "y_0", "zone", "south", "datum",
    "ellps", "a", "b", "rf", "R", "units", "no_defs",
];
/// What changes nothing where it stands with these values.
const IDLE: [(&str, &str); 4] =
    [("type", "crs"), ("wktext", ""), ("towgs84", "0,0,0,0,0,0,0"), ("towgs84", "0,0,0")];

pub(super) fn parse(text: &str) -> Result<Projection, Problem> {
    let text = text.trim();
    let code = text.split_once(':').filter(|(authority, _)| authority.eq_ignore_ascii_case("epsg"));
    let projection = match code {
        Some((_, code)) => parse_words(&of_code(code.trim()).ok_or(Problem::Code)?)?,
        None => parse_words(text)?,
    };
    match projection.projector() {
        Some(_) => Ok(projection),
        None => Err(Problem::None),
    }
}

fn of_code(code: &str) -> Option<String> {
    let number: u32 = code.parse().ok()?;
    let (family, zone) = (number / 100, number % 100);
    Some(match number {
        _ if (326..=327).contains(&family) && (1..=60).contains(&zone) => {
            let south = if family == 327 { " +south" } else { "" };
            format!("+proj=utm +zone={zone}{south} +datum=WGS84")
        }
        25828..=25838 => format!("+proj=utm +zone={zone} +ellps=GRS80"),
        3035 => "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80".to_owned(),
        3031 => "+proj=stere +lat_0=-90 +lat_ts=-71 +datum=WGS84".to_owned(),
        3413 => "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84".to_owned(),
        3995 => "+proj=stere +lat_0=90 +lat_ts=71 +datum=WGS84".to_owned(),
        3395 => "+proj=merc +datum=WGS84".to_owned(),
        5070 => "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +ellps=GRS80".to_owned(),
        _ => return None,
    })
}

fn parse_words(text: &str) -> Result<Projection, Problem> {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let word = word.strip_prefix('+').ok_or(Problem::Form)?;
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if IDLE.contains(&(name, value)) {
            continue;
        }
        if !KNOWN.contains(&name) {
            return Err(Problem::Unknown(format!("+{word}")));
        }
        words.push((name, value));
    }
    let words = Words(words);
    if let Some(units) = words.text("units").filter(|units| *units != "m") {
        return Err(Problem::Unknown(format!("+units={units}")));
    }
    let name = words.text("proj").ok_or(Problem::Missing("+proj"))?;
    let (latitude, longitude) = (words.or("lat_0", 0.0)?, words.or("lon_0", 0.0)?);
    let (northing, easting) = (words.or("y_0", 0.0)?, words.or("x_0", 0.0)?);
    let scale = words.number("k_0")?.or(words.number("k")?);
    let ellipsoid = ellipsoid(&words)?;
    let Ellipsoid { semi_major_axis, inverse_flattening } = ellipsoid;
    if !(semi_major_axis > 0.0 && (inverse_flattening == 0.0 || inverse_flattening > 1.0)) {
        return Err(Problem::None);
    }
    let parallels = || -> Result<[f64; 2], Problem> {
        let first = words.number("lat_1")?.ok_or(Problem::Missing("+lat_1"))?;
        Ok([first, words.or("lat_2", first)?])
    };
    let plain = |method| Projection { method, latitude, longitude, northing, easting, ellipsoid };
    let unscaled = || match scale.filter(|scale| *scale != 1.0) {
        Some(scale) => Err(Problem::Unknown(format!("+k={scale}"))),
        None => Ok(()),
    };
    let true_at = words.number("lat_ts")?;
    if !matches!(name, "utm" | "tmerc") {
        unscaled()?;
    }
    Ok(match name {
        "tmerc" => plain(Method::TransverseMercator { scale: scale.unwrap_or(1.0) }),
        "utm" => {
            let zone = words.number("zone")?.ok_or(Problem::Missing("+zone"))?;
            if !(1.0..=60.0).contains(&zone) || zone.fract() != 0.0 {
                return Err(Problem::Unknown(format!("+zone={zone}")));
            }
            Projection {
                method: Method::TransverseMercator { scale: 0.9996 },
                latitude: 0.0,
                longitude: zone * 6.0 - 183.0,
                northing: if words.text("south").is_some() { 10_000_000.0 } else { 0.0 },
                easting: 500_000.0,
                ellipsoid,
            }
        }
        "lcc" => {
            let parallels = parallels()?;
            // As PROJ has it: one parallel is the origin, too.
            let is_one = words.text("lat_2").is_none() && words.text("lat_0").is_none();
            let latitude = if is_one { parallels[0] } else { latitude };
            Projection { latitude, ..plain(Method::LambertConformal { parallels }) }
        }
        "laea" => plain(Method::LambertAzimuthal),
        // PROJ takes the equator for the second, which hardly anybody means.
        "aea" if words.text("lat_2").is_none() => return Err(Problem::Missing("+lat_2")),
        "aea" => plain(Method::Albers { parallels: parallels()? }),
        "stere" if latitude.abs() == 90.0 => {
            plain(Method::PolarStereographic { parallel: true_at.unwrap_or(latitude) })
        }
        "merc" => {
            Projection { latitude: 0.0, ..plain(Method::Mercator { parallel: true_at.unwrap_or(0.0) }) }
        }
        other => return Err(Problem::Method(other.to_owned())),
    })
}

fn ellipsoid(words: &Words<'_>) -> Result<Ellipsoid, Problem> {
    let sphere = |radius| Ellipsoid { semi_major_axis: radius, inverse_flattening: 0.0 };
    if let Some(radius) = words.number("R")? {
        return Ok(sphere(radius));
    }
    if let Some(semi_major_axis) = words.number("a")? {
        if let Some(inverse_flattening) = words.number("rf")? {
            return Ok(Ellipsoid { semi_major_axis, inverse_flattening });
        }
        let other = words.number("b")?.ok_or(Problem::Missing("+b or +rf"))?;
        return Ok(Ellipsoid::of_axes(semi_major_axis, other));
    }
    match (words.text("ellps"), words.text("datum")) {
        (Some("GRS80"), None) | (None | Some("GRS80"), Some("NAD83")) => Ok(Ellipsoid::GRS80),
        (Some("WGS84"), None) | (None | Some("WGS84"), Some("WGS84")) => Ok(Ellipsoid::WGS84),
        (Some("sphere"), None) => Ok(sphere(6_370_997.0)),
        (None, None) => Err(Problem::Missing("+datum, +ellps or +R")),
        (Some(name), _) => Err(Problem::Unknown(format!("+ellps={name}"))),
        (None, Some(name)) => Err(Problem::Unknown(format!("+datum={name}"))),
    }
}
