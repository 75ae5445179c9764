//! Variables of NetCDF over latitude and longitude.

use std::collections::BTreeMap;
use std::path::Path;

use netcdf::AttributeValue;

use crate::error::{Error, Result};
use crate::grid::read::open_plain;
use crate::guard::guarded;

use super::field::{Axis, Field};

/// Values at most.
const MOST: usize = 1 << 28;

/// The variable of a name, or the only one; also whether the name was one of a variable.
pub(super) fn read(path: &Path, name: Option<&str>) -> Result<(Field, bool)> {
    let wrong = |reason: String| Error::config(path, reason);
    std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
    crate::probe::look(path)?;
    let _ = crate::write::register_zstd();
    let read = || {
        let file = open_plain(path).map_err(|verdict| verdict.to_string())?;
        field(&file, name)
    };
    guarded(read).unwrap_or_else(|| Err("it is damaged".to_owned())).map_err(wrong)
}

fn field(file: &netcdf::File, name: Option<&str>) -> std::result::Result<(Field, bool), String> {
    let is_axis = |dimension: &str| {
        ["lat", "latitude", "lon", "longitude"].contains(&dimension.to_lowercase().as_str())
    };
    let dimensions = |variable: &netcdf::Variable<'_>| -> Vec<String> {
        variable.dimensions().iter().map(netcdf::Dimension::name).collect()
    };
    let is_mask = |variable: &netcdf::Variable<'_>| {
        let own = dimensions(variable);
        own.len() == 2 && own.iter().all(|dimension| is_axis(dimension))
    };
    let names: Vec<String> = file.variables().filter(is_mask).map(|variable| variable.name()).collect();
    let wanted = name.filter(|name| names.iter().any(|own| own == name));
    let variable = match (wanted, names.as_slice()) {
        (Some(name), _) => name,
        (None, [one]) => one.as_str(),
        (None, []) => return Err("no variable in it has the two dimensions lat and lon".to_owned()),
        (None, several) => {
            let several = several.join(", ");
            return Err(format!(
                "several variables in it have the dimensions lat and lon: {several}; name one behind a #: FILE#{}",
                names[0]
            ));
        }
    };
    let variable = file.variable(variable).ok_or("its variable is not there")?;
    let own = dimensions(&variable);
    let is_turned = own.first().is_some_and(|first| first.to_lowercase().starts_with("lon"));
    let centres = |dimension: usize| -> std::result::Result<Axis, String> {
        let name = own.get(dimension).cloned().unwrap_or_default();
        let axis = file.variable(&name).ok_or_else(|| format!("it has no coordinate {name}"))?;
        if axis.len() > MOST {
            return Err(format!("{name} has {} values", axis.len()));
        }
        let values: Vec<f64> = axis.get_values(..).map_err(|error| format!("{name}: {error}"))?;
        Axis::of(&values, &name)
    };
    let (latitudes, longitudes) =
        if is_turned { (centres(1)?, centres(0)?) } else { (centres(0)?, centres(1)?) };
    if variable.len() > MOST {
        return Err(format!("it has {} values; {MOST} are the most", variable.len()));
    }
    let mut values: Vec<f64> = variable.get_values(..).map_err(|error| error.to_string())?;
    let number = |name: &str| numbers(variable.attribute_value(name)?.ok()?).first().copied();
    let missing: Vec<f64> = ["_FillValue", "missing_value"].into_iter().filter_map(number).collect();
    values.iter_mut().filter(|value| missing.contains(value)).for_each(|value| *value = f64::NAN);
    if is_turned {
        let (rows, columns) = (latitudes.count, longitudes.count);
        let at =
            |place: usize| values.get(place % columns * rows + place / columns).copied().unwrap_or(f64::NAN);
        values = (0..rows * columns).map(at).collect();
    }
    let names = meanings(&variable)?;
    Ok((Field { latitudes, longitudes, values, names }, wanted.is_some()))
}

/// What numbers are called, by CF's `flag_values` and `flag_meanings`.
fn meanings(variable: &netcdf::Variable<'_>) -> std::result::Result<BTreeMap<i64, String>, String> {
    let value = |name: &str| variable.attribute_value(name)?.ok();
    let (Some(flags), Some(AttributeValue::Str(meanings))) = (value("flag_values"), value("flag_meanings"))
    else {
        return Ok(BTreeMap::new());
    };
    let (flags, meanings) = (numbers(flags), meanings.split_whitespace().collect::<Vec<_>>());
    if flags.len() != meanings.len() {
        return Err(format!("it has {} flag_values and {} flag_meanings", flags.len(), meanings.len()));
    }
    Ok(flags.iter().map(|flag| *flag as i64).zip(meanings.into_iter().map(str::to_owned)).collect())
}

fn numbers(value: AttributeValue) -> Vec<f64> {
    use AttributeValue as Value;
    match value {
        Value::Uchar(one) => vec![f64::from(one)],
        Value::Schar(one) => vec![f64::from(one)],
        Value::Ushort(one) => vec![f64::from(one)],
        Value::Short(one) => vec![f64::from(one)],
        Value::Uint(one) => vec![f64::from(one)],
        Value::Int(one) => vec![f64::from(one)],
        Value::Ulonglong(one) => vec![one as f64],
        Value::Longlong(one) => vec![one as f64],
        Value::Float(one) => vec![f64::from(one)],
        Value::Double(one) => vec![one],
        Value::Uchars(all) => all.into_iter().map(f64::from).collect(),
        Value::Schars(all) => all.into_iter().map(f64::from).collect(),
        Value::Ushorts(all) => all.into_iter().map(f64::from).collect(),
        Value::Shorts(all) => all.into_iter().map(f64::from).collect(),
        Value::Uints(all) => all.into_iter().map(f64::from).collect(),
        Value::Ints(all) => all.into_iter().map(f64::from).collect(),
        Value::Ulonglongs(all) => all.into_iter().map(|one| one as f64).collect(),
        Value::Longlongs(all) => all.into_iter().map(|one| one as f64).collect(),
        Value::Floats(all) => all.into_iter().map(f64::from).collect(),
        Value::Doubles(all) => all,
        _ => Vec::new(),
    }
}
