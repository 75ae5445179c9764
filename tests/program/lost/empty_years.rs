//! Cells whose yearly files hold nothing: no community, or none in which anything lives.

use gridloom_testkit::dumps::Community;

use super::empty::told;
use super::*;

const CELLS: [(u32, u32); 4] = [(160, 230), (160, 231), (161, 230), (161, 232)];
const YEARS: std::ops::RangeInclusive<i32> = 1860..=1862;

const LINES: [&str; 3] = [
    "empty: cell 160-231: in yearly files no variable has a value; nothing ever lives",
    "dead: cell 161-230: in yearly files nothing lives since 1861",
    "empty: cell 161-232: in yearly files no variable has a value since 1862; nothing lives since 1862",
];

/// The daily series of all cells have values; of their yearly files the first has, the second never, the third lose all carbon, the
/// fourth all communities.
pub fn silent() -> Folder {
    let folder = model().write();
    let strategies = |carbon: f64| {
        Community(vec![(3, [carbon, carbon, carbon, 0.25]), (8, [carbon, carbon, carbon, 0.75])])
    };
    for year in YEARS {
        let [living, empty, dead, gone] = CELLS;
        folder.put_year(living, year, &[strategies(1.5), Community::default()]);
        folder.put_year(empty, year, &[]);
        let carbon = if year < 1861 { 1.0 } else { 0.0 };
        folder.put_year(dead, year, &[strategies(carbon)]);
        let left = [strategies(2.0)];
        folder.put_year(gone, year, if year < 1862 { &left } else { &[] });
    }
    folder
}

#[test]
fn every_product_of_yearly_files_names_them() {
    let folder = silent();
    let config = folder.path().join("all.toml");
    std::fs::write(&config, "[grid]\n[tables]\ntables = ['daily', 'annual']\n").expect("a file");
    let run = format!("run RUN -o OUT --config {}", config.display());
    for arguments in [
        "tables RUN -o OUT --tables annual",
        "tables RUN -o OUT --tables biomass",
        &run,
        "cells write RUN -o OUT/run.nc",
    ] {
        let _ = std::fs::remove_dir_all(folder.out());
        let Outcome { code, talk, out } = gridloom(&folder, &format!("{arguments} --json"));
        assert_eq!((code, told(&talk)), (Some(0), LINES.map(str::to_owned).to_vec()), "{arguments}: {talk}");
        let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let gone = &json["empty_cells"][2];
        assert_eq!(
            (&gone["is_yearly"], &gone["of"], &gone["dead_since"]),
            (&true.into(), &4.into(), &"1862".into())
        );
        let names = serde_json::json!(["cleaf", "croot", "cwood", "occupation"]);
        assert_eq!(gone["empty"], serde_json::json!([{"since": "1862", "variables": names}]));
    }
    // An archive is read as the run is.
    let Outcome { talk, .. } = gridloom(&folder, "tables OUT/run.nc -o OUT/tables --tables cell_year");
    assert_eq!(told(&talk), LINES);
    let Outcome { out, .. } = gridloom(&folder, "inspect RUN --deep");
    assert_eq!(told(&out), LINES);
    // Who makes nothing of yearly files does not read them.
    let Outcome { talk, .. } = gridloom(&folder, "tables RUN -o OUT/days --tables daily");
    assert_eq!(told(&talk), [""; 0]);
}

/// Only those that were asked for; what is missing or damaged says nothing.
#[test]
fn years_that_are_not_looked_at_count_for_nothing() {
    let folder = silent();
    let told_of = |options: &str| {
        let _ = std::fs::remove_dir_all(folder.out());
        told(&gridloom(&folder, &format!("tables RUN -o OUT --tables annual{options}")).talk)
    };
    let ever = "dead: cell 161-230: in yearly files nothing ever lives";
    assert_eq!(told_of(" --years 1861"), [LINES[0], ever]);
    assert_eq!(told_of(" --years 1860"), [LINES[0]]);
    let file = |cell: &str, year: i32| folder.run().join(format!("grd_{cell}/metacommunity_{year}.pkz"));
    std::fs::remove_file(file("161-230", 1862)).expect("a year");
    std::fs::write(file("161-232", 1862), b"no dump").expect("a file");
    assert_eq!(told_of(""), [LINES[0], LINES[1]]);
}

#[test]
fn status_figure_page_and_gridlist_have_them() {
    let folder = silent();
    for shard in ["1/2", "0/2"] {
        let Outcome { code, talk, .. } =
            gridloom(&folder, &format!("tables RUN -o OUT --tables annual --shard {shard}"));
        assert_eq!((code, told(&talk)), (Some(0), vec![]), "a shard does not know: {talk}");
    }
    let Outcome { talk, .. } = gridloom(&folder, "publish OUT");
    assert_eq!(told(&talk), LINES, "{talk}");
    let Outcome { out, .. } = gridloom(&folder, "status OUT");
    LINES.iter().for_each(|line| assert!(out.contains(&format!("cells    {line}")), "{out}"));
    let picture = folder.path().join("health.svg");
    gridloom(&folder, &format!("plot health OUT -o {}", picture.display()));
    let said = std::fs::read_to_string(picture).expect("a picture");
    assert!(said.contains("3 cells hold nothing, wholly or in part"), "{said:.800}");
    let page = folder.path().join("page.html");
    gridloom(&folder, &format!("report OUT -o {}", page.display()));
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.contains("in yearly files nothing lives since 1861"));
    let Outcome { talk, .. } = gridloom(&folder, "inspect RUN --deep --write-empty RUN.csv");
    assert!(talk.contains("3 cells"), "{talk}");
    let list = std::fs::read_to_string(folder.path().join("made_up.csv")).expect("a list");
    assert!(list.contains("161,230,9.25,-64.75,\"in yearly files nothing lives since 1861\"\n"), "{list}");
}
