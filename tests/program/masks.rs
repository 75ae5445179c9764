//! Masks of every form: which cells are theirs, by a Python that tells them in another way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;

use gridloom_testkit::files::{name, sample};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, assert_done, talk};

type Cells = BTreeSet<(u32, u32)>;

/// A folder of masks, and the cells of their regions that the sample has.
struct Masks {
    folder: tempfile::TempDir,
    expected: BTreeMap<String, Cells>,
    run: Cells,
}

impl Masks {
    fn make() -> Option<Self> {
        let python = here::python()?;
        let folder = tempfile::tempdir().expect("a folder");
        println!("{}", here::script(&python, "make_masks.py", &[folder.path()]));
        let run: Cells = std::fs::read_dir(sample())
            .expect("the sample")
            .filter_map(|entry| {
                let name = entry.expect("an entry").file_name().into_string().ok()?;
                let (row, column) = name.strip_prefix("grd_")?.split_once('-')?;
                Some((row.parse().ok()?, column.parse().ok()?))
            })
            .collect();
        let text = std::fs::read_to_string(folder.path().join("expected.json")).expect("what is expected");
        let all: BTreeMap<String, Vec<(u32, u32)>> = serde_json::from_str(&text).expect("JSON");
        let own =
            |cells: Vec<(u32, u32)>| cells.into_iter().filter(|cell| run.contains(cell)).collect::<Cells>();
        let expected: BTreeMap<String, Cells> =
            all.into_iter().map(|(name, cells)| (name, own(cells))).collect();
        assert!(expected.values().all(|cells| cells.len() > 1 && cells.len() < run.len()), "{expected:?}");
        Some(Masks { folder, expected, run })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a name").to_owned()
    }

    fn tables(&self, out: &str, options: &[&str]) -> Output {
        let run = sample();
        let mut command = program::command();
        command.args(["tables", name(&run), "-o", &self.path(out), "--format", "csv", "--variables", "npp"]);
        command.args(options).output().expect("the program")
    }

    /// The columns of a table that was made, but for the header.
    fn rows(&self, out: &str, table: &str) -> Vec<Vec<String>> {
        let path = self.folder.path().join(out).join(format!("{table}.csv"));
        let text = std::fs::read_to_string(Path::new(&path)).expect("a table");
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

#[test]
fn cells_are_those_whose_centres_are_inside() {
    let Some(masks) = Masks::make() else { return };
    for (index, (file, options, region)) in [
        ("basins.geojson#west", &[][..], "west"),
        ("basins.geojson#middle", &[][..], "middle"),
        ("labels.npy#labels_7", &[][..], "west"),
        ("turned.npy#turned_2", &[][..], "left"),
        ("truth.npy", &["--true-is", "inside"][..], "west"),
        ("plain.npy", &[][..], "west"),
        ("labels.nc#biome", &[][..], "west"),
        ("fine.nc", &[][..], "west"),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("cells{index}");
        let file = masks.path(file);
        let output = masks.tables(&out, &[&["--tables", "daily", "--cells", &file][..], options].concat());
        assert_done(&output);
        let number = |text: &String| text.parse::<u32>().expect("a number");
        let found: Cells =
            masks.rows(&out, "daily").iter().map(|row| (number(&row[0]), number(&row[1]))).collect();
        assert_eq!(found, masks.expected[region], "{file}");
        // Cells that the run lacks are named, not left out silently.
        assert!(talk(&output).contains("the run has no folder of this cell"), "{}", talk(&output));
        assert_eq!(
            talk(&output).contains("the value at its centre"),
            file.ends_with("fine.nc"),
            "{}",
            talk(&output)
        );
    }
    let outside = masks.tables(
        "outside",
        &["--tables", "daily", "--true-is", "outside", "--cells", &masks.path("truth.npy")],
    );
    assert_done(&outside);
    let found: Cells = masks
        .rows("outside", "daily")
        .iter()
        .map(|row| (row[0].parse().unwrap(), row[1].parse().unwrap()))
        .collect();
    assert_eq!(found, &masks.run - &masks.expected["west"]);
}

#[test]
fn one_file_gives_several_regions() {
    let Some(masks) = Masks::make() else { return };
    let config = masks.path("gridloom.toml");
    let text = format!("[masks]\nxingu = {:?}\n", masks.path("basins.geojson#west"));
    std::fs::write(&config, text).expect("a configuration");
    for (index, (file, regions)) in [
        ("basins.geojson", &[("west", "west"), ("middle", "middle")][..]),
        ("labels.nc#basin", &[("west", "west"), ("middle", "left")][..]),
        ("labels.npy", &[("labels_7", "west"), ("labels_2", "left")][..]),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("regions{index}");
        let options =
            ["--tables", "region", "--every", "year", "--config", &config, "--regions", "all,xingu"];
        let file = masks.path(file);
        let output = masks.tables(&out, &[&options[..], &["--mask", &file]].concat());
        assert_done(&output);
        let rows = masks.rows(&out, "region");
        let count = |region: &str| {
            let of_first_year = rows.iter().find(|row| row[0] == region && row[2].starts_with("1979"));
            of_first_year.map(|row| row[5].parse::<usize>().expect("a count"))
        };
        assert_eq!(count("all"), Some(masks.run.len()));
        assert_eq!(count("xingu"), Some(masks.expected["west"].len()));
        for (region, of) in regions {
            assert_eq!(count(region), Some(masks.expected[*of].len()), "{file}: {region}");
        }
        let said = talk(&output);
        let is_told = said.contains("no cell's centre is inside");
        assert_eq!(is_told, !file.ends_with("npy"), "{said}");
        let verified = program::command().args(["verify", name(&sample()), &masks.path(&out)]).output();
        assert_eq!(verified.expect("the program").status.code(), Some(0), "{file}");
    }
    // What no region has is told.
    let output = masks.tables("west", &["--tables", "region", "--mask", &masks.path("basins.geojson#west")]);
    let left = masks.run.len() - masks.expected["west"].len();
    let words = format!("{left} of the {} cells are in none of the 1 masked region", masks.run.len());
    assert!(talk(&output).contains(&words), "{}", talk(&output));
}

/// A name of a configuration stands for each region of its file, and a region of a variable has both names.
#[test]
fn names_of_a_configuration_stand_for_all_regions() {
    let Some(masks) = Masks::make() else { return };
    let config = masks.path("gridloom.toml");
    let text = format!(
        "[masks]\nbasins = {:?}\nwestern = {:?}\n",
        masks.path("labels.nc#basin"),
        masks.path("labels.nc#basin#west")
    );
    std::fs::write(&config, text).expect("a configuration");
    let options =
        ["--tables", "region", "--every", "year", "--config", &config, "--regions", "basins,western"];
    assert_done(&masks.tables("out", &options));
    let rows = masks.rows("out", "region");
    for (region, of) in [("west", "west"), ("middle", "left"), ("western", "west")] {
        let row = rows.iter().find(|row| row[0] == region && row[2].starts_with("1979"));
        assert_eq!(row.map(|row| row[5].clone()), Some(masks.expected[of].len().to_string()), "{region}");
    }
    assert!(rows.iter().all(|row| row[0] != "basins"));
    for (file, words) in [
        ("labels.nc#basin#east", "it has no region \"east\""),
        ("labels.nc#river#west", "name one behind a #"),
        ("basins.geojson#a#west", "it has no variables"),
    ] {
        let output = masks.tables("no", &["--tables", "daily", "--cells", &masks.path(file)]);
        assert!(
            output.status.code() == Some(2) && talk(&output).contains(words),
            "{file}: {}",
            talk(&output)
        );
    }
}

#[test]
fn what_is_no_mask_is_refused_with_the_cure() {
    let Some(masks) = Masks::make() else { return };
    std::fs::write(masks.path("line.geojson"), r#"{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}"#)
        .expect("a file");
    std::fs::write(masks.path("metres.geojson"), r#"{"type": "Polygon", "coordinates": [[[5e5, 1e6]]]}"#)
        .expect("a file");
    std::fs::write(masks.path("short.npy"), b"\x93NUMPY\x01\x00\xff\xff{'descr'").expect("a file");
    std::fs::write(masks.path("no.nc"), b"CDF\x01 no such file").expect("a file");
    std::fs::write(masks.path("deep.json"), "[".repeat(100_000)).expect("a file");
    for (file, words) in [
        ("truth.npy", "say which with true_is"),
        ("labels.nc", "name one behind a #"),
        ("basins.geojson#east", "it has no region \"east\"; there are west, middle, far"),
        ("line.geojson", "a region is a Polygon"),
        ("metres.geojson", "not longitude and latitude in degrees"),
        ("short.npy", "cut short"),
        ("no.nc", "no.nc"),
        ("deep.json", "not JSON"),
        ("nothing.npy", "cannot read"),
    ] {
        let output = masks.tables("refused", &["--tables", "daily", "--cells", &masks.path(file)]);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{file}: {:?} {}", output.status, talk(&output));
        assert!(talk(&output).contains(words), "{file}: {}", talk(&output));
    }
}
