//! The keys of a description, and what each of them is to be.

/// A table of keys.
pub(super) struct Keys {
    /// The names of the tables that it is in, from `source` on.
    pub path: &'static [&'static str],
    /// Its keys, and what their values are.
    pub keys: &'static [(&'static str, &'static str)],
}

const COLUMN: &str = "the name of a column, or a {field} of the path";
const PART: &str = "the name of a column, a {field} of the path, or { column = \"Day\", first = 0 }";

/// All tables of which every key is known.
pub(super) const TABLES: [Keys; 6] = [
    Keys {
        path: &["source"],
        keys: &[
            ("preset", "the name of a preset"),
            ("name", "a text"),
            ("format", "\"text\", \"vic-binary\", \"lpjml\", \"parquet\", \"arrow\" or \"netcdf\""),
            ("files", "a pattern of paths, or a list of them"),
            ("repeated", "\"error\", \"sum\", \"mean\", \"min\", \"max\", \"first\" or \"last\""),
            ("absent", "\"missing\" or a number"),
            ("keep", "\"all\" or \"decimals\""),
            ("text", "a table"),
            ("cell", "a table"),
            ("time", "a table"),
            ("values", "a table"),
        ],
    },
    Keys {
        path: &["source", "text"],
        keys: &[
            ("separator", "one character, \"blanks\" or \"fixed\""),
            ("widths", "a list of whole numbers: the widths of columns in bytes"),
            ("header", "\"line\", \"comment\", \"none\", \"marker\" or \"any\""),
            ("marker", "the text that the header's line begins with"),
            ("names", "a list of the columns' names"),
            ("units", "\"none\" or \"line\""),
            ("comment", "the text that lines of comment begin with; \"\" where there are none"),
            ("skip", "a number of lines"),
            ("missing", "a list of texts, or a table with lists of texts by columns"),
            ("decimal", "\".\" or \",\""),
            ("glued", "\"split\" or \"fault\""),
            ("again", "\"skip\" or \"fault\""),
            ("bad", "\"fault\" or \"error\""),
        ],
    },
    Keys {
        path: &["source", "cell"],
        keys: &[
            ("lat", COLUMN),
            ("lon", COLUMN),
            ("y", COLUMN),
            ("x", COLUMN),
            ("id", COLUMN),
            ("table", "the path of a file with columns id, lat and lon"),
            ("at", "\"centre\", \"south-west\" or \"north-west\""),
            ("step", "a number of degrees, or [latitude, longitude]"),
            ("snap", "a number in the units of the coordinates"),
            ("north_west", "[latitude, longitude] of the centre of the cell of row 0 and column 0"),
            ("first", "a whole number: that of the first cell"),
            (
                "order",
                "two of \"south-north\", \"north-south\", \"west-east\" and \"east-west\", the slower one first",
            ),
            ("shape", "[rows, columns]"),
            ("crs", "a projection, as \"EPSG:32632\""),
            ("south_west", "[x, y] of the outer corner of the south-western cell"),
            ("size", "a number: the edge of a cell in the units of the projection"),
        ],
    },
    Keys {
        path: &["source", "time"],
        keys: &[
            ("year", PART),
            ("month", PART),
            ("day", PART),
            ("day_of_year", PART),
            ("hour", PART),
            ("minute", PART),
            ("second", PART),
            (
                "stamp",
                "{ column = \"time\", units = \"seconds since 1970-01-01\" } or { column = \"day\", format = \"%Y-%m-%d\" }",
            ),
            ("start", "a date, as \"1949-01-01\", or a date and time in quotes"),
            ("step", "\"year\", \"month\", \"day\", \"hour\", \"10 minutes\" or the like, in quotes"),
            ("calendar", "a calendar of CF, as \"noleap\" or \"standard\""),
            ("label", "\"start\", \"middle\" or \"end\""),
            ("year_offset", "a whole number of years"),
        ],
    },
    Keys {
        path: &["source", "time", "stamp"],
        keys: &[
            ("column", COLUMN),
            ("units", "a text, as \"seconds since 1970-01-01\" or \"years\""),
            ("format", "a text, as \"%Y-%m-%d\""),
        ],
    },
    Keys {
        path: &["source", "values"],
        keys: &[
            ("columns", "a list of names, numbers in quotes and globs"),
            ("along", "the name of a dimension; \"month\" and \"cell\" are known"),
            ("name", "the name of a variable"),
            ("numbered", "true or false"),
            ("over", "a table of columns with \"sum\", \"mean\", \"min\", \"max\" or \"dimension\" each"),
            ("ignore", "a list of names and globs"),
            ("type", "\"f4\", \"f8\", \"i1\", \"i2\", \"i4\", \"i8\", or a table of them by columns"),
        ],
    },
];

/// The keys of parts of a time that are tables.
pub(super) const PART_KEYS: Keys = Keys {
    path: &[],
    keys: &[("column", COLUMN), ("first", "a whole number: the one that stands for the first")],
};

/// The parts of a time.
pub(super) const PARTS: [&str; 7] = ["year", "month", "day", "day_of_year", "hour", "minute", "second"];

impl Keys {
    /// The keys' names.
    pub fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|(name, _)| *name).collect()
    }

    /// What a key's value is to be.
    pub fn wants(&self, key: &str) -> Option<&'static str> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, wants)| *wants)
    }

    /// The table of a path.
    pub fn at(path: &[&str]) -> Option<&'static Keys> {
        TABLES.iter().find(|table| table.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::description::{CellKeys, Description, Stamp, Text, TimeKeys, Values};

    /// What is told of keys is told of all of them.
    #[test]
    fn keys_are_those_of_the_types() {
        fn known<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
            let error = toml::from_str::<T>("nonsense = 1").expect_err("an unknown key");
            let (_, known) = error.message().split_once("expected ").expect("a list of keys");
            let mut names: Vec<String> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            names.sort();
            names
        }
        let types = [
            known::<Description>(),
            known::<Text>(),
            known::<CellKeys>(),
            known::<TimeKeys>(),
            known::<Stamp>(),
            known::<Values>(),
        ];
        for (table, of_type) in TABLES.iter().zip(types) {
            let mut names = table.names();
            names.sort_unstable();
            assert_eq!(names, of_type, "{:?}", table.path);
        }
    }
}
