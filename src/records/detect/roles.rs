//! What columns are by their names.

/// The role that a column's name suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likely {
    /// Latitude.
    Lat,
    /// Longitude.
    Lon,
    /// A number or name of a cell.
    Id,
    /// Row.
    Y,
    /// Column.
    X,
    /// Year.
    Year,
    /// Month.
    Month,
    /// Day, of the month or of the year.
    Day,
    /// Day of the year.
    DayOfYear,
    /// Hour.
    Hour,
    /// Minute.
    Minute,
    /// Second.
    Second,
    /// A date, or a moment.
    Stamp,
}

const NAMES: [(Likely, &[&str]); 13] = [
    (Likely::Lat, &["lat", "lats", "latitude", "latitudes", "navlat", "centerlat", "centrelat", "latdeg"]),
    (
        Likely::Lon,
        &[
            "lon",
            "lons",
            "long",
            "lng",
            "longitude",
            "longitudes",
            "navlon",
            "centerlon",
            "centrelon",
            "londeg",
        ],
    ),
    (
        Likely::Id,
        &[
            "id",
            "cell",
            "cellid",
            "cellnumber",
            "gridcell",
            "gridid",
            "gridcellid",
            "square",
            "squareid",
            "hru",
            "hruid",
            "nhru",
            "nhruid",
            "pointid",
            "pixel",
            "pixelid",
            "station",
            "stationid",
            "site",
            "siteid",
        ],
    ),
    (Likely::Y, &["y", "row", "iy", "ilat", "globaly", "gridy"]),
    (Likely::X, &["x", "col", "column", "ix", "ilon", "globalx", "gridx"]),
    (Likely::Year, &["year", "yr", "years", "yyyy", "simyear"]),
    (Likely::Month, &["month", "mon", "mth", "mo", "mm"]),
    (Likely::Day, &["day", "dd", "dom", "dayofmonth"]),
    (Likely::DayOfYear, &["doy", "dayofyear", "yday", "jday", "julian", "julianday"]),
    (Likely::Hour, &["hour", "hr", "hh", "hours"]),
    (Likely::Minute, &["minute", "min", "minutes"]),
    (Likely::Second, &["sec", "second", "seconds"]),
    (Likely::Stamp, &["date", "datetime", "time", "timestamp", "dates", "times", "valid", "validtime"]),
];

/// The likely role of a column, by its name without case, marks and blanks.
pub fn likely(name: &str) -> Option<Likely> {
    let plain: String =
        name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(role, _)| *role)
}

/// The months that columns are, where each is one and no two are the same.
pub fn months(names: &[&str]) -> bool {
    let number = |name: &&str| {
        let by_name = crate::records::times::month_of_name(name.as_bytes());
        by_name.or_else(|| name.parse::<i64>().ok().filter(|number| (1..=12).contains(number)))
    };
    let mut found: Vec<Option<i64>> = names.iter().map(number).collect();
    found.sort_unstable();
    found.dedup();
    names.len() == 12 && found.len() == 12 && !found.contains(&None)
}

/// The name without the number behind it, and the number.
pub fn numbered(name: &str) -> Option<(&str, u32)> {
    let (stem, number) = name.rsplit_once('_')?;
    (!stem.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    Some((stem, number.parse().ok()?))
}

/// Stems of which columns are numbered from 0 or 1 on without a gap, and how many.
pub fn series(names: &[&str]) -> Vec<(String, u32)> {
    let mut found: std::collections::BTreeMap<&str, Vec<u32>> = std::collections::BTreeMap::new();
    for (stem, number) in names.iter().filter_map(|name| numbered(name)) {
        found.entry(stem).or_default().push(number);
    }
    let whole = found.into_iter().filter_map(|(stem, mut numbers)| {
        numbers.sort_unstable();
        let first = *numbers.first().filter(|first| **first < 2)?;
        let is_whole = numbers.iter().zip(first..).all(|(number, wanted)| *number == wanted);
        (is_whole && numbers.len() > 1).then(|| (stem.to_owned(), numbers.len() as u32))
    });
    whole.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_are_known() {
        for (name, role) in [
            ("Lon", Some(Likely::Lon)),
            ("LATITUDE", Some(Likely::Lat)),
            ("nav_lat", Some(Likely::Lat)),
            ("square_id", Some(Likely::Id)),
            ("YEAR", Some(Likely::Year)),
            ("Mth", Some(Likely::Month)),
            ("SEC", Some(Likely::Second)),
            ("Date", Some(Likely::Stamp)),
            ("day of year", Some(Likely::DayOfYear)),
            ("lai", None),
            ("", None),
        ] {
            assert_eq!(likely(name), role, "{name}");
        }
        let months_of = |text: &str| months(&text.split(' ').collect::<Vec<_>>());
        assert!(
            months_of("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
                && months_of("1 2 3 4 5 6 7 8 9 10 11 12")
        );
        assert!(!months_of("Jan Feb Mar") && !months_of("Jan Jan Mar Apr May Jun Jul Aug Sep Oct Nov Dec"));
        let names = ["npp", "soil_0", "soil_1", "soil_2", "t_2", "t_4", "a_1", "q_1", "q_2"];
        assert_eq!(series(&names), [("q".to_owned(), 2), ("soil".to_owned(), 3)]);
    }
}
