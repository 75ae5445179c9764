use std::path::Path;

use super::{complete, gridloom, grids};

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file");
}

#[test]
fn only_what_changed_is_drawn_again_and_the_reason_is_told() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("figures.toml");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    for name in ["npp", "lai"] {
        let file = format!("{name}_sample_run_19790101_19810930.nc");
        std::fs::copy(grids().join(&file), data.join(&file)).expect("a copy");
    }
    let text = "output = 'out'\nformats = ['png', 'svg']\n[defaults]\ndpi = 60\n\
                [[figure]]\nname = 'npp'\nkind = 'map'\ninput = 'data/npp_*.nc'\ncaption = 'Where it grows.'\n\
                [[figure]]\nname = 'both'\nkind = 'series'\ninput = 'data/*.nc'\nformats = ['pdf']\n";
    write(&list, text);
    let list_text = list.display().to_string();
    let run = |arguments: &[&str]| {
        let output = gridloom(&[&["figures", list_text.as_str()], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, words) = run(&["--check"]);
    assert_eq!(code, Some(5), "{words}");
    assert!(words.contains("npp: out of date: it is new"), "{words}");
    assert!(!folder.path().join("out").exists(), "--check writes nothing");
    let (code, words) = run(&[]);
    assert_eq!(code, Some(0), "{words}");
    let picture = |name: &str| std::fs::read(folder.path().join("out").join(name)).expect("a picture");
    let first = [picture("npp.png"), picture("npp.svg"), picture("both.pdf")];
    let (code, words) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(words.contains("npp: as it was") && words.contains("both: as it was"), "{words}");
    assert_eq!(run(&["--check"]).0, Some(0));

    // The same bytes at another time are the same input.
    let npp = data.join("npp_sample_run_19790101_19810930.nc");
    let bytes = std::fs::read(&npp).expect("a grid");
    std::fs::write(&npp, &bytes).expect("a grid");
    assert!(run(&["--check"]).1.contains("npp: as it was"));

    // Other bytes of the same number are another.
    let dataset = hdf5_metno::File::open(&npp).expect("a file").dataset("npp").expect("npp");
    let chunk = dataset.chunk_info(0).expect("a chunk");
    drop(dataset);
    let mut other = bytes.clone();
    other[chunk.addr as usize + 9] ^= 1;
    std::fs::write(&npp, &other).expect("a grid");
    let (_, words) = run(&["--check"]);
    assert!(words.contains("npp: out of date: data/npp_sample_run_19790101_19810930.nc changed"), "{words}");
    std::fs::write(&npp, &bytes).expect("a grid");
    assert!(run(&["--check"]).1.contains("npp: as it was"));

    // Settings of one figure.
    write(&list, &text.replace("Where it grows.", "Where it grew."));
    let (_, words) = run(&[]);
    assert!(
        words.contains("npp: drawn: its settings changed") && words.contains("both: as it was"),
        "{words}"
    );
    assert_ne!(picture("npp.svg"), first[1]);
    write(&list, text);
    run(&[]);
    assert!(first == [picture("npp.png"), picture("npp.svg"), picture("both.pdf")], "the same again");

    // A picture that is gone, and one that was changed.
    std::fs::remove_file(folder.path().join("out/npp.png")).expect("a picture");
    assert!(run(&[]).1.contains("npp: drawn: out/npp.png is not there"));
    write(&folder.path().join("out/both.pdf"), "something else");
    assert!(run(&[]).1.contains("both: drawn: out/both.pdf is not what was drawn"));

    // An input that changed: another variable's file takes its place.
    std::fs::copy(grids().join("csoil_2_sample_run_19790101_19810930.nc"), &npp).expect("a copy");
    let (_, words) = run(&["--check"]);
    assert!(words.contains("npp_sample_run_19790101_19810930.nc changed"), "{words}");
    assert_eq!(words.matches("out of date").count(), 3, "both figures, and the count: {words}");

    // An input that cannot be read stops its own figures only.
    write(&npp, "no grid");
    let (code, words) = run(&[]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("error: npp") && words.contains("2 failed"), "{words}");
}

#[test]
fn lists_that_are_wrong_say_where() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("figures.toml");
    for (text, words) in [
        ("", "no [[figure]]"),
        ("[[figure]]\nkind = 'map'", "figure 1 has no name"),
        ("[[figure]]\nname = '../up'\nkind = 'map'", "cannot name a picture"),
        ("[[figure]]\nname = 'a'\nkind = 'pie'", "pie"),
        ("[[figure]]\nname = 'a'\nkind = 'map'\ncolour = 'red'", "colour"),
        ("[[figure]]\nname = 'a'\nkind = 'map'\ninput = 'nothing_*.nc'", "finds no file"),
        ("formats = ['gif']\n[[figure]]\nname = 'a'\nkind = 'map'", "png, svg and pdf"),
        ("[[figure]]\nname = 'a'\nkind = 'map'\n[[figure]]\nname = 'a'\nkind = 'map'", "two figures"),
    ] {
        write(&list, text);
        let output = gridloom(&["figures", list.to_str().expect("UTF-8")]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {error}");
        assert!(error.contains(words), "{text}: {error}");
    }
    complete(&[
        "plot",
        "map",
        &super::grid("npp"),
        "-o",
        &folder.path().join("a.png").display().to_string(),
        "-q",
    ]);
}
