use proptest::prelude::*;

use super::*;

fn refusal(text: &str) -> String {
    let error = Description::from_toml(text).expect_err(text);
    let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
    format!("{error}{hint}")
}

#[test]
fn mistakes_are_told_with_their_line_and_cure() {
    for (text, told) in [
        ("[source]\nfile = \"a\"", "line 2: source.file: there is no such key; did you mean `files`?"),
        (
            "[source]\nfiles = \"a\"\n[source.cell]\nlatitude = \"Lat\"",
            "line 4: source.cell.latitude: there is no such key; there are lat, lon, y, x,",
        ),
        ("[sources]\nfiles = \"a\"", "there is no table [source]; did you mean \"sources\"?"),
        ("[source\n", "line 1: the TOML is broken: "),
        ("source = 1", "line 1: source: its value is to be a table"),
        (
            "[source.cell]\nstep = \"x\"",
            "line 2: source.cell.step: its value is to be a number of degrees, or [latitude, longitude]",
        ),
        (
            "[source.time]\nyear = { column = \"a\", frist = 0 }",
            "line 2: source.time.year.frist: there is no such key; did you mean `first`?",
        ),
        (
            "[source.time]\nyear = { column = \"a\", first = \"0\" }",
            "line 2: source.time.year: its value is to be the name of a column, a {field}",
        ),
        (
            "[source.time.stamp]\ncolum = \"t\"",
            "line 2: source.time.stamp.colum: there is no such key; did you mean `column`?",
        ),
        ("[source]\nrepeated = \"add\"", "line 2: source.repeated: its value is to be \"error\", \"sum\","),
        (
            "[source]\npreset = \"lpj-gues\"",
            "line 2: source.preset: \"lpj-gues\" is not a preset; did you mean \"lpj-guess\"? | there are lpj-guess, vic,",
        ),
        (
            "[source]\nfiles = \"a{b\"",
            "line 2: source.files: \"a{b\": '{' stands without its other half | put brackets",
        ),
        (
            "[source.text]\nseparator = \"tabs\"",
            "line 2: source.text.separator: \"tabs\" does not separate columns | give one character",
        ),
        (
            "[source.text]\nseparator = \",\"\ndecimal = \",\"",
            "line 3: source.text.decimal: ',' cannot separate columns and decimals both",
        ),
        ("[source.text]\nwidths = [1]", "line 2: source.text.widths: widths are those of fixed columns"),
        ("[source.text]\nheader = \"marker\"", "line 2: source.text.header: the header is known by a marker"),
        ("[source.text]\nnames = [\"a\", \"a\"]", "line 2: source.text.names: \"a\" is there twice"),
        (
            "[source.cell]\nlat = \"a\"",
            "line 2: source.cell.lat: lat is given without lon | give lon as well",
        ),
        (
            "[source.cell]\nlat = \"a\"\nlon = \"b\"\nid = \"c\"",
            "line 1: source.cell: a record's cell is told in 2 ways: by lat and lon, by id",
        ),
        ("[source.cell]\nid = \"c\"", "line 2: source.cell.id: nothing says which cell a number is"),
        (
            "[source.cell]\ny = \"c\"\nx = \"d\"",
            "line 1: source.cell: the grid is given, but not where its cells are | give north_west",
        ),
        ("[source.cell]\nstep = 0", "line 2: source.cell.step: 0 is not the edge of a cell"),
        (
            "[source.cell]\nid = \"i\"\nshape = [1, 2]\norder = [\"south-north\", \"north-south\"]",
            "line 4: source.cell.order: \"south-north\", \"north-south\" are not two directions",
        ),
        (
            "[source.time]\nyear = \"a\"\nstart = \"2001\"",
            "line 1: source.time: a record's time is told in 2 ways: by start, by parts",
        ),
        (
            "[source.time]\nday = \"a\"\nyear = \"b\"",
            "line 2: source.time.day: a day of the month is given without a month",
        ),
        ("[source.time]\nstep = \"decade\"", "line 2: source.time.step: \"decade\" is not a step of time"),
        (
            "[source.time]\ncalendar = \"lunar\"",
            "line 2: source.time.calendar: \"lunar\" is not a calendar of CF",
        ),
        (
            "[source.time]\nstamp = { column = \"t\", units = \"s\" }",
            "line 2: source.time.stamp.units: \"s\" are not units of time since a date",
        ),
        ("[source.values]\ntype = \"f2\"", "line 2: source.values.type: \"f2\" is not a type"),
        ("[source.values.type]\n\"*\" = \"f2\"", "line 1: source.values.type: \"f2\" is not a type"),
        (
            "[source]\nfiles = \"a\"\n[source.cell]\nlat = \"{lat}\"\nlon = \"b\"",
            "line 4: source.cell.lat: {lat} is a field of the path, but \"a\" has none of that name",
        ),
        ("[source]\nabsent = nan", "line 2: source.absent: NaN is not a value of a cell"),
    ] {
        let refused = refusal(text);
        assert!(refused.starts_with(told), "{text}\n{refused}\n{told}");
    }
}

/// The proposals of the reference: other tables of the file are not looked at.
#[test]
fn descriptions_of_models_are_read() {
    let lpj = Description::from_toml(
        "[source]\npreset = \"lpj-guess\"\nfiles = \"run*/{variable}.out\"\n[grid]\ndeflate = 1",
    )
    .expect("LPJ-GUESS");
    assert_eq!((lpj.text.separator.as_deref(), lpj.values.along.as_deref()), (Some("blanks"), Some("pft")));
    assert_eq!(lpj.files, ["run*/{variable}.out"]);
    let milan = Description::from_toml("[source]\npreset = \"milan\"").expect("Milan");
    assert_eq!(milan.absent, Some(Absent::Number(0.0)));
    assert_eq!(milan.values.over.get("country_code"), Some(&Over::Sum));
    let caete = Description::from_toml(
        "[source]\npreset = \"caete-csv\"\nfiles = [\"a/grd_{y}_{x}_*.csv\", \"b/grd_{y}_{x}_*.csv\"]",
    )
    .expect("CAETE");
    assert_eq!((caete.cell.north_west, caete.files.len()), (Some([89.75, -179.75]), 2));
}

#[test]
fn another_way_of_a_preset_goes_as_a_whole() {
    let text = "[source]\npreset = \"milan\"\nfiles = \"a\"\n[source.cell]\nlat = \"lat\"\nlon = \"lon\"\n[source.time]\nyear = \"Year\"\n[source.text]\nheader = \"line\"";
    let own = Description::from_toml(text).expect("a description");
    let CellKeys { id, crs, shape, lat, .. } = &own.cell;
    assert_eq!((id, crs, shape, lat.as_deref()), (&None, &None, &None, Some("lat")));
    assert_eq!(
        (own.time.stamp.is_none(), own.time.step.as_deref(), own.text.names.is_none()),
        (true, Some("10 minutes"), true)
    );
    // What is in the same way is laid over key by key.
    let text = "[source]\npreset = \"milan\"\n[source.cell]\nid = \"square\"";
    assert_eq!(Description::from_toml(text).expect("a description").cell.size, Some(235.0));
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-z_]{0,5}"
}

prop_compose! {
    fn any_description()(
        files in proptest::collection::vec("[a-z*?]{1,8}\\{lat\\}_\\{lon\\}", 0..3),
        separator in proptest::option::of(prop_oneof!["[,;|\t]", Just("blanks".to_owned())]),
        names in proptest::option::of(proptest::collection::btree_set(word(), 1..4)),
        missing in proptest::collection::vec("[-0-9a-z.]{0,5}", 0..3),
        lat in word(), step in proptest::option::of(0.001f64..20.0), each: bool,
        first in proptest::option::of(-2i64..3), stamp in proptest::option::of(word()),
        over in proptest::collection::btree_map(word(), prop_oneof![Just(Over::Sum), Just(Over::Dimension)], 0..3),
        types in proptest::collection::btree_map(word(), prop_oneof![Just("f4".to_owned()), Just("i2".to_owned())], 0..3),
        absent in proptest::option::of(prop_oneof![(-1e9f64..1e9).prop_map(Absent::Number), Just(Absent::Word(Missing::Missing))]),
    ) -> Description {
        let mut made = Description { files, absent, ..Description::default() };
        made.text = Text { separator, names: names.map(|names| names.into_iter().collect()), ..Text::default() };
        made.text.missing = Some(MissingCodes::All(missing));
        made.cell.lat = Some(lat.clone());
        made.cell.lon = Some("lon".to_owned());
        made.cell.step = step.map(|step| if each { StepSize::Each([step, 1.0]) } else { StepSize::Same(step) });
        match stamp {
            Some(column) => made.time.stamp = Some(Stamp { column, units: None, format: Some("%Y-%m-%d".to_owned()) }),
            None => made.time.year = Some(match first {
                Some(first) => TimePart::From { column: lat, first },
                None => TimePart::Column(lat),
            }),
        }
        made.values.over = over;
        made.values.type_ = (!types.is_empty()).then_some(Types::Columns(types));
        made
    }
}

proptest! {
    #[test]
    fn a_description_is_written_and_read_again(made in any_description()) {
        let text = made.to_toml();
        prop_assert_eq!(Description::from_toml(&text), Ok(made), "{}", text);
    }

    #[test]
    fn any_text_is_a_description_or_none(text in ".{0,60}", other in "\\[source(\\.(text|cell|time|values))?\\]\n([a-z_]{1,9} ?= ?[\"0-9a-z{}\\[\\], ]{0,12}\n){0,4}") {
        let _ = Description::from_toml(&text);
        let _ = Description::from_toml(&other);
    }
}
