use gridloom_testkit::here;

use super::{alone, complete, grids};

#[test]
fn the_page_is_one_file_that_needs_no_other_and_can_be_read_aloud() {
    let _turn = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    let folder_of_grids = grids().display().to_string();
    let made = || {
        complete(&["report", &folder_of_grids, "-o", path.to_str().expect("UTF-8")]);
        std::fs::read_to_string(&path).expect("a page")
    };
    let page = made();
    assert!(page == made(), "the same page again");
    // Nothing is fetched: no address but those of names in pictures.
    for (at, _) in page.match_indices("http") {
        assert!(
            !page[..at].ends_with("src=\"") && !page[..at].ends_with("href=\""),
            "{}",
            &page[at..at + 40]
        );
    }
    for words in [
        "lang=\"en\"",
        "viewport",
        "Net primary productivity",
        "csoil_2",
        "the LZ4 data is damaged",
        "<h2 id=\"files\">",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let pictures = page.matches("<img ").count();
    assert_eq!(page.matches("<img alt=\"").count(), pictures, "each picture is described");
    assert_eq!((pictures, page.matches("<svg ").count()), (4, 3), "maps and health, series");
    assert_eq!(page.matches("<svg ").count(), page.matches("role=\"img\" aria-label=\"").count());
    for (open, close) in [
        ("<section", "</section>"),
        ("<figure", "</figure>"),
        ("<table", "</table>"),
        ("<script", "</script>"),
    ] {
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
}

/// What a person does with the page, in a real browser.
const PERSON: &str = r#"<script>
const told = [];
const say = (name, value) => told.push(name + "=" + value);
const table = [...document.querySelectorAll("table")].find((table) => table.caption.textContent === "Files");
const column = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[1].dataset.v));
const sorted = (values) => values.every((value, index) => index === 0 || values[index - 1] <= value);
const head = table.tHead.rows[0].cells[1];
head.querySelector("button").click();
say("ascending", sorted(column()) + " " + head.getAttribute("aria-sort"));
head.querySelector("button").click();
say("descending", sorted(column().reverse()) + " " + head.getAttribute("aria-sort"));
for (const kind of ["map", "series"]) {
  const figure = [...document.querySelectorAll("figure[data-for]")]
    .find((figure) => JSON.parse(document.getElementById(figure.dataset.for).textContent).kind === kind);
  const data = JSON.parse(document.getElementById(figure.dataset.for).textContent);
  const picture = figure.querySelector("img, svg");
  picture.loading = "eager";
  const box = picture.getBoundingClientRect();
  const [left, top, right, bottom] = data.frame;
  let x, y, wanted;
  if (kind === "map") {
    const cell = data.values.findIndex((value) => value !== null);
    const [row, column] = [Math.floor(cell / data.lon.length), cell % data.lon.length];
    const [west, north, east, south] = data.extent;
    x = left + (data.lon[column] - west) / (east - west) * (right - left);
    y = top + (data.lat[row] - north) / (south - north) * (bottom - top);
    wanted = data.values[cell];
  } else {
    x = left + (data.days[3] - data.x[0]) / (data.x[1] - data.x[0]) * (right - left);
    y = (top + bottom) / 2;
    wanted = data.values[3];
  }
  picture.dispatchEvent(new PointerEvent("pointermove",
    { clientX: box.left + x / data.width * box.width, clientY: box.top + y / data.height * box.height }));
  const words = figure.querySelector("output").textContent;
  say(kind, words.includes(": " + String(wanted).replace("-", "−")));
  figure.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  say(kind + "-key", figure.querySelector("output").textContent !== words);
}
say("wide", document.documentElement.scrollWidth <= window.innerWidth);
document.title = "told: " + told.join("; ");
</script>"#;

#[test]
fn a_browser_sorts_tables_and_tells_values() {
    let _turn = alone();
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        std::process::Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        here::lack("chromium", "there is no Chromium");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    complete(&["report", &grids().display().to_string(), "-o", path.to_str().expect("UTF-8"), "-q"]);
    let page = std::fs::read_to_string(&path).expect("a page");
    std::fs::write(&path, page.replace("</body>", &format!("{PERSON}</body>"))).expect("a page");
    for width in ["1200", "390"] {
        let output = std::process::Command::new("timeout")
            .args(["120", browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .arg("--dump-dom")
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("--window-size={width},900"))
            .arg(format!("file://{}", path.display()))
            .output()
            .expect("the browser");
        let text = String::from_utf8_lossy(&output.stdout);
        let told =
            text.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
        assert_eq!(
            told,
            "told: ascending=true ascending; descending=true descending; map=true; map-key=true; series=true; \
             series-key=true; wide=true",
            "{width}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
