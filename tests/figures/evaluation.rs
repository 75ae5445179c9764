//! Figures of an evaluation: pairs lie where their values say, mean years as well, and scores are those of the table.

use gridloom::draw::scene::{Item, Scene};
use gridloom::figure::{Draft, Gather, Spec};

use super::drawn;

const SCORES: &str = "name,lat,lon,units,pairs,model_mean,observed_mean,bias,rmse,ubrmse,correlation,model_sd,observed_sd,nse,kge\n\
                      all,,,K,4,1,1,-0.25,0.123456,1,0.98765,1,1,-1234.5,\n\
                      a,,,K,4,1,1,0.5,0.25,1,0.75,1,1,0.125,0.5\n";

struct Scored(tempfile::TempDir);

impl Scored {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a table");
        }
        Scored(folder)
    }

    fn drawn(&self, settings: &str) -> Scene {
        drawn(&format!("{settings}\ninput = '{}'", self.0.path().display()))
    }

    fn refused(&self, settings: &str) -> String {
        let text = format!("{settings}\ninput = '{}'", self.0.path().display());
        let spec: Spec = toml::from_str(&text).expect("settings");
        let mut gather = Gather::default();
        let drawn = Draft::of(&spec, &mut gather).and_then(|draft| draft.draw(&spec, &gather.run()));
        drawn.expect_err(settings).to_string()
    }
}

fn texts(scene: &Scene) -> Vec<&str> {
    let mut texts = Vec::new();
    for item in &scene.items {
        if let Item::Text(text) = item {
            texts.push(text.text.as_str());
        }
    }
    texts
}

/// The middles of areas of so many corners.
fn middles(scene: &Scene, corners: usize) -> Vec<[f64; 2]> {
    let lines = scene.items.iter().filter_map(|item| match item {
        Item::Fill { lines, .. } => Some(lines),
        _ => None,
    });
    let of = lines.flatten().filter(|line| line.points.len() == corners);
    of.map(|line| {
        let sum = line.points.iter().fold([0.0, 0.0], |sum, [x, y]| [sum[0] + x, sum[1] + y]);
        sum.map(|sum| sum / corners as f64)
    })
    .collect()
}

/// The one dashed line.
fn diagonal(scene: &Scene) -> [[f64; 2]; 2] {
    let dashed = scene.items.iter().find_map(|item| match item {
        Item::Stroke { lines, dash: Some(_), .. } => Some(&lines[0].points),
        _ => None,
    });
    let points = dashed.expect("a dashed line");
    [points[0], points[1]]
}

#[test]
fn pairs_lie_beside_the_diagonal_as_they_differ() {
    let pairs = "station,period,units,model,observed\na,2001-01,K,1,1\na,2001-02,K,2,3\nb,2001-01,K,5,5\nb,2001-02,K,4,2\n";
    let scored = Scored::new(&[("pairs.csv", pairs), ("scores.csv", SCORES)]);
    let scene = scored.drawn("kind = 'scatter'");
    let [from, to] = diagonal(&scene);
    let along = |[x, y]: [f64; 2]| [(x - from[0]) / (to[0] - from[0]), (y - from[1]) / (to[1] - from[1])];
    let dots: Vec<[f64; 2]> = middles(&scene, 8).into_iter().map(along).collect();
    let [one, two, three, four] = dots[..] else { panic!("four dots: {dots:?}") };
    // Pairs that agree lie on it, to the right is what was observed.
    assert!((one[0] - one[1]).abs() < 1e-9 && (three[0] - three[1]).abs() < 1e-9, "{dots:?}");
    let unit = (three[0] - one[0]) / 4.0;
    for (dot, observed, model) in [(two, 3.0, 2.0), (four, 2.0, 4.0)] {
        let place = dot.map(|at| (at - one[0]) / unit + 1.0);
        assert!((place[0] - observed).abs() < 1e-9 && (place[1] - model).abs() < 1e-9, "{place:?}");
    }
    let texts = texts(&scene);
    for wanted in [
        "n = 4",
        "r = 0.988",
        "bias = −0.25",
        "RMSE = 0.123",
        "NSE = −1230",
        "model (K)",
        "observed (K)",
        "a",
        "b",
    ] {
        assert!(texts.contains(&wanted), "{wanted} in {texts:?}");
    }
    assert!(!texts.iter().any(|text| text.starts_with("KGE")), "what is not defined is not told");
    assert!(scene.title.contains("4 pairs at 2 stations"), "{}", scene.title);
    // Of one station its own scores; without scores none.
    let one = "station,period,units,model,observed\na,2001-01,K,1,1\na,2001-02,K,2,3\n";
    let scene = Scored::new(&[("pairs.csv", one), ("scores.csv", SCORES)]).drawn("kind = 'scatter'");
    assert!(scene.description.contains("KGE = 0.5"), "{}", scene.description);
    let scene = Scored::new(&[("pairs.csv", one)]).drawn("kind = 'scatter'");
    assert!(!scene.description.contains(" = "), "{}", scene.description);
}

#[test]
fn many_pairs_are_counted() {
    let mut pairs = "station,period,units,model,observed\n".to_owned();
    for pair in 0..2000 {
        pairs.push_str(&format!("a,{pair},K,{},{}\n", pair % 50, pair % 40));
    }
    let scene = Scored::new(&[("pairs.csv", &pairs)]).drawn("kind = 'scatter'");
    let cells = scene.items.iter().filter(|item| matches!(item, Item::Cells(_))).count();
    assert_eq!((cells, middles(&scene, 8).len()), (1, 0));
}

#[test]
fn months_lie_where_they_say() {
    let cycle =
        "name,month,units,pairs,model,observed\nall,1,K,3,1,2\nall,2,K,3,2,4\nall,4,K,3,4,3\na,6,K,1,2,3\n";
    let scored = Scored::new(&[("cycle.csv", cycle), ("scores.csv", SCORES)]);
    let scene = scored.drawn("kind = 'cycle'");
    // Squares of months, behind two of the key: observed, then the model, panel by panel.
    let places = middles(&scene, 4)[2..].to_vec();
    assert_eq!(places.len(), 8, "{places:?}");
    let (month, value) = (places[1][0] - places[0][0], (places[1][1] - places[0][1]) / 2.0);
    let at =
        |place: [f64; 2]| [(place[0] - places[0][0]) / month + 1.0, (place[1] - places[0][1]) / value + 2.0];
    let wanted = [[1.0, 2.0], [2.0, 4.0], [4.0, 3.0], [1.0, 1.0], [2.0, 2.0], [4.0, 4.0]];
    for (place, wanted) in places.iter().zip(wanted) {
        let found = at(*place);
        assert!(
            (found[0] - wanted[0]).abs() < 1e-9 && (found[1] - wanted[1]).abs() < 1e-9,
            "{found:?} {wanted:?}"
        );
    }
    // The other panel has the same axis upwards.
    assert!((places[6][1] - places[2][1]).abs() < 1e-9 && (places[7][1] - places[4][1]).abs() < 1e-9);
    // A line does not cross a month that is not there.
    let longest = scene.items.iter().filter_map(|item| match item {
        Item::Stroke { lines, width: 1.3, .. } => lines.iter().map(|line| line.points.len()).max(),
        _ => None,
    });
    assert_eq!(longest.max(), Some(2));
    let texts = texts(&scene);
    assert!(texts.contains(&"r 0.988, bias −0.25, RMSE 0.123") && texts.contains(&"a"), "{texts:?}");
    assert!(
        scene.description.contains("all: the model has most with 4 in month 4, observed is 4 in month 2")
    );
}

#[test]
fn tables_that_are_none_are_refused() {
    let head = "station,period,units,model,observed\n";
    let of = |text: &str| Scored::new(&[("pairs.csv", text)]).refused("kind = 'scatter'");
    assert!(of("a,b\n1,2\n").contains("no column station"));
    assert!(of(head).contains("no pair"));
    let words = of(&format!("{head}a,2001,K,1,2\na,2002,K,x,2\n"));
    assert!(words.contains("line 3") && words.contains("\"x\" is not a number"), "{words}");
    let scored = Scored::new(&[("scores.csv", SCORES)]);
    assert!(scored.refused("kind = 'scatter'").contains("evaluations with maps have none"));
    assert!(scored.refused("kind = 'scatter'\nevery = 'year'").contains("is of grids"));
    let words = Scored::new(&[("cycle.csv", "name,month,units,pairs,model,observed\na,13,K,1,1,1\n")]);
    assert!(words.refused("kind = 'cycle'").contains("not a month from 1 to 12"));
    let many: String = (0..30).map(|name| format!("s{name},1,K,1,1,1\n")).collect();
    let many = format!("name,month,units,pairs,model,observed\n{many}");
    assert!(Scored::new(&[("cycle.csv", &many)]).refused("kind = 'cycle'").contains("limit of 24 panels"));
}

/// The variable stands in the title of each figure; tables of before that do not name it are drawn as well.
#[test]
fn the_variable_is_named() {
    let pairs = "station,period,variable,units,model,observed\na,2001-01,npp,K,1,1\na,2001-02,npp,K,2,3\n";
    let cycle = "name,month,variable,units,pairs,model,observed\nall,1,npp,K,3,1,2\na,1,npp,K,1,2,3\n";
    let scores = SCORES.replace(",units,", ",variable,units,").replace(",K,", ",npp,K,");
    let of = |files: &[(&str, &str)], kind: &str| Scored::new(files).drawn(&format!("kind = '{kind}'")).title;
    let named = [("pairs.csv", pairs), ("cycle.csv", cycle), ("scores.csv", scores.as_str())];
    let without = |text: &str| text.replace(",variable", "").replace(",npp", "");
    let (pairs, cycle, scores) = (without(pairs), without(cycle), without(&scores));
    let older = [("pairs.csv", pairs.as_str()), ("cycle.csv", &cycle), ("scores.csv", &scores)];
    for (kind, title) in [
        ("scatter", "Model against what was observed"),
        ("cycle", "Mean year of the model"),
        ("taylor", "Scatter and correlation with"),
    ] {
        let wanted = format!("npp: {}{}", title[..1].to_lowercase(), &title[1..]);
        let found = of(&named, kind);
        assert!(found.starts_with(&wanted), "{found}");
        let found = of(&older, kind);
        assert!(found.starts_with(title), "{found}");
    }
}

/// `all` of one station is that station, which is shown once; of more, or of other numbers, it is shown.
#[test]
fn one_station_is_shown_once() {
    let cycle =
        |of_a: &str| format!("name,month,units,pairs,model,observed\nall,1,K,3,1,2\nall,2,K,3,1,2\n{of_a}");
    let scores = |of_a: &str| {
        format!("{}all,,,K,4,1,1,0,0,0,0.5,2,1,0,0\na,,,K,4,1,1,0,0,0,{of_a},2,1,0,0\n", head(SCORES))
    };
    let shown = |files: &[(&str, &str)], kind: &str| {
        let scene = Scored::new(files).drawn(&format!("kind = '{kind}'"));
        ["all", "a"].map(|name| texts(&scene).contains(&name))
    };
    for (of_a, wanted) in [("a,1,K,3,1,2\na,2,K,3,1,2\n", [false, true]), ("a,1,K,3,1,2\n", [true, true])] {
        assert_eq!(shown(&[("cycle.csv", &cycle(of_a))], "cycle"), wanted, "{of_a}");
    }
    for (of_a, wanted) in [("0.5", [false, true]), ("0.25", [true, true])] {
        assert_eq!(shown(&[("scores.csv", &scores(of_a))], "taylor"), wanted, "{of_a}");
    }
}

/// The first line of a table.
fn head(table: &str) -> String {
    table.lines().next().unwrap_or_default().to_owned() + "\n"
}
