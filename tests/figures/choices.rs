//! Which file of a folder is drawn, and that titles and headings tell what its values are.

use std::path::{Path, PathBuf};

use gridloom_testkit::files::project;

use super::{alone, complete, drawn, gridloom, grids};

/// Grids of the sample run: daily, or aggregates by `--every` and `--stat`.
fn made(out: &Path, every: &[&str]) {
    let run = project("data/sample_run");
    let [run, out] = [run.as_path(), out].map(|path| path.to_str().expect("UTF-8"));
    let arguments = [&["grid", run, "-o", out, "--variables", "npp,lai", "-q"][..], every].concat();
    let output = gridloom(&arguments);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

fn copy(from: &Path, to: &Path, words: &[&str]) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if words.iter().any(|word| name.starts_with(word)) {
            std::fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}

struct Folders {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Folders {
    /// `months`: mean, sum, std by month; `years`: maximum by year; `daily`.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        made(&path.join("months"), &["--every", "month", "--stat", "mean,sum,std"]);
        made(&path.join("years"), &["--every", "year", "--stat", "mean,max"]);
        copy(grids(), &path.join("daily"), &["npp", "lai"]);
        Folders { _folder: folder, path }
    }

    /// A folder of some of these files.
    fn of(&self, name: &str, files: &[(&str, &str)]) -> String {
        let to = self.path.join(name);
        files.iter().for_each(|(folder, word)| copy(&self.path.join(folder), &to, &[word]));
        to.display().to_string()
    }

    fn picture(&self) -> String {
        self.path.join("p.svg").display().to_string()
    }

    /// Exit status and words of a map of a variable of a folder.
    fn map(&self, folder: &str, variable: &str) -> (Option<i32>, String) {
        let _ = std::fs::remove_file(self.picture());
        let output = gridloom(&["plot", "map", folder, "--variable", variable, "-o", &self.picture()]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

const RUN: &str = "sample_run_19790101_19810930";

#[test]
fn the_daily_grid_of_a_folder_is_drawn_or_else_the_mean_and_the_choice_is_told() {
    let _alone = alone();
    let folders = Folders::new();
    let all = folders.of("all", &[("months", "npp"), ("years", "npp"), ("daily", "npp")]);
    let (code, words) = folders.map(&all, "npp");
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("Net primary productivity, mean of daily values, 1979-01-01"), "{words}");
    let note =
        format!("note: npp_{RUN}.nc (daily values, 1979-01-01 to 1981-09-30) is taken, not npp_year_max");
    assert!(
        words.contains(&note) && words.contains(&format!("npp_month_std_{RUN}.nc (monthly standard dev")),
        "{words}"
    );

    let months = folders.of("of months", &[("months", "npp")]);
    let (code, words) = folders.map(&months, "npp");
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("Net primary productivity, monthly mean, mean of monthly means"), "{words}");
    assert!(words.contains("is taken, not npp_month_s"), "{words}");

    // One that fits alone is no choice.
    let std = folders.of("std", &[("months", "npp_month_std")]);
    let (code, words) = folders.map(&std, "npp");
    assert!(
        code == Some(0) && !words.contains("note:") && words.contains("monthly standard deviation"),
        "{words}"
    );

    // The beginning of a name, and a whole one.
    for (variable, title) in [
        ("npp_month_std".to_owned(), "monthly standard deviation"),
        ("npp_month_sum".to_owned(), "monthly sum"),
        ("npp_year_max".to_owned(), "yearly maximum"),
        (format!("npp_month_mean_{RUN}"), "monthly mean"),
        (format!("npp_{RUN}"), "mean of daily values"),
    ] {
        let (code, words) = folders.map(&all, &variable);
        assert!(code == Some(0) && words.contains(title) && !words.contains("note:"), "{variable}: {words}");
    }
}

#[test]
fn where_several_files_fit_alike_the_choice_is_asked_for() {
    let _alone = alone();
    let folders = Folders::new();
    let two = folders.of("two", &[("months", "npp_month_std"), ("months", "npp_month_sum")]);
    let means = folders.of("means", &[("months", "npp_month_mean"), ("years", "npp_year_mean")]);
    for (folder, names) in
        [(&two, ["npp_month_std", "npp_month_sum"]), (&means, ["npp_month_mean", "npp_year_mean"])]
    {
        let (code, words) = folders.map(folder, "npp");
        assert_eq!(code, Some(2), "{words}");
        assert!(names.iter().all(|name| words.contains(&format!("{name}_{RUN}.nc ("))), "{words}");
        assert!(!Path::new(&folders.picture()).exists());
    }
    // Of two runs of the same days.
    let twice = folders.of("twice", &[("daily", "npp")]);
    std::fs::copy(
        Path::new(&twice).join(format!("npp_{RUN}.nc")),
        Path::new(&twice).join("npp_other_run.nc"),
    )
    .expect("a copy");
    let (code, words) = folders.map(&twice, "npp");
    assert!(
        code == Some(2) && words.contains("npp_other_run.nc") && words.contains(&format!("npp_{RUN}.nc")),
        "{words}"
    );
}

#[test]
fn a_damaged_file_is_not_one_that_is_not_there() {
    let _alone = alone();
    let folders = Folders::new();
    let folder = folders.of("damaged", &[("daily", "npp")]);
    let path = Path::new(&folder).join(format!("npp_{RUN}.nc"));
    let whole = std::fs::read(&path).expect("a grid");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    let (code, words) = folders.map(&folder, "npp");
    assert!(
        code == Some(1) && words.contains(&format!("npp_{RUN}.nc")) && !words.contains("there is no file"),
        "{words}"
    );
    // Something else is not drawn in its place.
    folders.of("damaged", &[("months", "npp_month_mean")]);
    let (code, words) = folders.map(&folder, "npp");
    assert!(code == Some(1) && words.contains(&format!("npp_{RUN}.nc")), "{words}");
    let (code, words) = folders.map(&folder, "npp_month_mean");
    assert_eq!(code, Some(0), "{words}");
    // What is damaged beside a daily grid is told.
    std::fs::write(&path, &whole).expect("a grid");
    std::fs::write(Path::new(&folder).join("npp_month_sum.nc"), "cut").expect("a file");
    let (code, words) = folders.map(&folder, "npp");
    assert!(
        code == Some(0) && words.contains("npp_month_sum.nc (") && words.contains("mean of daily values"),
        "{words}"
    );
    let (code, words) = folders.map(&folder, "nothing");
    assert!(code == Some(2) && words.contains("there is no file nothing_….nc"), "{words}");
}

#[test]
fn what_would_be_left_out_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("p.png").display().to_string();
    let grids = grids().display().to_string();
    let (npp, lai) = (super::grid("npp"), super::grid("lai"));
    for (arguments, words) in [
        (vec!["map", &grids, "--variable", "npp,lai"], "map shows 1 variable"),
        (vec!["map", &npp, &lai], "map shows 1 file or folder"),
        (vec!["hovmoller", &grids, "--variable", "npp,lai"], "hovmoller shows 1 variable"),
        (vec!["compare", &grids, &grids, "--variable", "npp,lai"], "compare shows 1 variable"),
        (vec!["series", &npp, &lai, "--variable", "npp,lai,nothing"], "is in none of the files"),
        (vec!["series", &npp, &lai, "--variable", "npp,csoil_2"], "csoil_2"),
        (vec!["series", &grids, "--variable", "npp,lai", "--labels", "one,two"], "a label names an input"),
        (vec!["map", &npp, "--dpi", "0"], "20 to 1200"),
    ] {
        let output = gridloom(&[&["plot"], arguments.as_slice(), &["-o", &picture]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(words) && !Path::new(&picture).exists(), "{arguments:?}: {error}");
    }
    complete(&["plot", "series", &npp, &lai, "--variable", "npp,lai", "-o", &picture, "-q"]);
}

#[test]
fn every_kind_of_figure_tells_statistic_and_interval() {
    let _alone = alone();
    let folders = Folders::new();
    let file = |folder: &str, name: &str| {
        folders.path.join(folder).join(format!("{name}_{RUN}.nc")).display().to_string()
    };
    let (std, mean, max) =
        (file("months", "npp_month_std"), file("months", "npp_month_mean"), file("years", "npp_year_max"));
    for kind in ["map", "series", "climatology", "hovmoller"] {
        let title = drawn(&format!("kind = '{kind}'\ninput = '{std}'")).title;
        assert!(title.contains("Net primary productivity, monthly standard deviation"), "{kind}: {title}");
        let title = drawn(&format!("kind = '{kind}'\ninput = '{mean}'")).title;
        assert!(title.contains("Net primary productivity, monthly mean"), "{kind}: {title}");
        if kind != "climatology" {
            let title = drawn(&format!("kind = '{kind}'\ninput = '{max}'")).title;
            assert!(title.contains("Net primary productivity, yearly maximum"), "{kind}: {title}");
        }
    }
    let daily = super::grid("npp");
    let title = drawn(&format!("kind = 'map'\ninput = '{max}'\ndifference = '{daily}'")).title;
    assert!(
        title.contains("Net primary productivity, yearly maximum − Net primary productivity")
            && title.contains("mean of yearly maxima, ")
            && title.contains("mean of daily values, "),
        "{title}"
    );
    let title = drawn(&format!("kind = 'compare'\ninputs = ['{mean}', '{std}']")).title;
    assert!(
        title.contains("monthly mean and Net primary productivity, monthly standard deviation"),
        "{title}"
    );
    let scene = drawn(&format!("kind = 'scatter'\ninputs = ['{mean}', '{std}']\nevery = 'month'"));
    assert!(
        scene.description.contains("monthly standard deviation (kg m⁻² year⁻¹) upwards"),
        "{}",
        scene.description
    );
    // Lines of one variable: the key tells them apart.
    let scene = drawn(&format!("kind = 'series'\ninputs = ['{mean}', '{std}']"));
    assert!(
        scene.title.contains("Net primary productivity, monthly mean and monthly standard deviation"),
        "{}",
        scene.title
    );
    assert!(
        scene.description.contains("Net primary productivity, monthly standard deviation: mean"),
        "{}",
        scene.description
    );
    // Years are not called months.
    for arguments in [vec!["climatology", &max], vec!["series", &max, "--every", "month"]] {
        let output = gridloom(&[&["plot"], arguments.as_slice(), &["-o", &folders.picture()]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && error.contains("yearly maxima"), "{error}");
    }
}

#[test]
fn the_page_tells_statistics_apart() {
    let _alone = alone();
    let folders = Folders::new();
    let page = folders.path.join("page.html");
    let folder = folders.of("page", &[("months", "npp"), ("years", "npp_year_max")]);
    complete(&["report", &folder, "-o", page.to_str().expect("UTF-8"), "-q"]);
    let text = std::fs::read_to_string(&page).expect("a page");
    for words in [
        "Net primary productivity, monthly mean (",
        "Net primary productivity, monthly sum (",
        "Net primary productivity, monthly standard deviation (",
        "Net primary productivity, yearly maximum (",
        ">npp, monthly sum</a>",
    ] {
        assert!(text.contains(words), "{words}");
    }
    let headings: Vec<&str> = text.match_indices("<h3 ").map(|(at, _)| &text[at + 12..at + 110]).collect();
    assert_eq!(headings.len(), 4);
    assert!(headings.iter().enumerate().all(|(at, one)| !headings[at + 1..].contains(one)), "{headings:?}");
}
