//! Taylor diagrams: each dot lies where its standard deviation and correlation say.

use gridloom::draw::scene::{Item, Line, Scene};
use gridloom::figure::{Draft, Gather, Spec};

use super::drawn;

const HEAD: &str = "name,units,model_sd,observed_sd,correlation\n";

fn table(rows: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, format!("{HEAD}{rows}")).expect("a table");
    let settings = format!("kind = 'taylor'\ninput = '{}'", path.display());
    (folder, settings)
}

/// The middles of dots: areas that are closed lines of twelve corners.
fn dots(scene: &Scene) -> Vec<[f64; 2]> {
    let middle = |line: &Line| {
        let sum = line.points.iter().fold([0.0, 0.0], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
        sum.map(|sum| sum / line.points.len() as f64)
    };
    let fills = scene.items.iter().filter_map(|item| match item {
        Item::Fill { lines, .. } if lines.len() == 1 && lines[0].points.len() == 12 => {
            Some(middle(&lines[0]))
        }
        _ => None,
    });
    fills.collect()
}

/// In units of the observed standard deviation, from the origin: `observed` is at (1, 0), a dot of ratio s and correlation r at (s r, s √(1 − r²)).
#[test]
fn dots_lie_where_their_scores_say() {
    for below in [false, true] {
        let last = if below { "c,K,1,2,-0.6\n" } else { "c,K,1,2,0\n" };
        let (_folder, settings) = table(&format!("a,K,3,2,0.8\nb,K,2,2,1\n{last}"));
        let scene = drawn(&settings);
        let [observed, a, b, c] = dots(&scene)[..] else { panic!("four dots") };
        assert!((b[0] - observed[0]).hypot(b[1] - observed[1]) < 1e-9, "a model that is as observed");
        // b and observed are at 1, c half as far: the origin is where these agree.
        let wanted_c = if below { [-0.3, 0.4] } else { [0.0, 0.5] };
        let unit = (observed[1] - c[1]) / wanted_c[1];
        let origin = [observed[0] - unit, observed[1]];
        let place = |dot: [f64; 2]| [(dot[0] - origin[0]) / unit, (origin[1] - dot[1]) / unit];
        for (dot, wanted) in [(a, [1.2, 0.9]), (c, wanted_c)] {
            let found = place(dot);
            assert!(
                (found[0] - wanted[0]).abs() < 1e-9 && (found[1] - wanted[1]).abs() < 1e-9,
                "{found:?} {wanted:?}"
            );
        }
        assert!(dots(&scene).iter().all(|dot| dot[0] > 0.0 && dot[0] < scene.width && dot[1] < scene.height));
        assert!(scene.description.contains("a: standard deviation 1.5 of the observed one, correlation 0.8"));
    }
}

#[test]
fn tables_without_such_scores_are_refused() {
    let refused = |rows: &str| {
        let (_folder, settings) = table(rows);
        let spec: Spec = toml::from_str(&settings).expect("settings");
        let mut gather = Gather::default();
        let draft = Draft::of(&spec, &mut gather).expect("a draft");
        draft.draw(&spec, &gather.run()).expect_err(rows).to_string()
    };
    assert!(refused("a,K,,,\n").contains("no row with a correlation"));
    let many: String = (0..300).map(|index| format!("s{index},K,1,2,0.5\n")).collect();
    assert!(refused(&many).contains("300 rows"));
    let (_folder, settings) = table("a,K,3,2,0.8\nnone,K,,2,\n");
    assert!(drawn(&settings).title.contains("1 without a correlation left out"));
}
