use super::{complete, grid, gridloom, write_grid};

#[test]
fn files_that_cannot_be_drawn_are_refused_with_their_names() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let picture = at("p.png");
    std::fs::write(at("text.nc"), "no grid at all").expect("a file");
    std::fs::write(at("empty.nc"), "").expect("a file");
    let whole = std::fs::read(grid("npp")).expect("a grid");
    std::fs::write(at("cut.nc"), &whole[..whole.len() / 2]).expect("a file");
    write_grid(at("masked.nc").as_ref(), &[0.25, -0.25], &[-60.0, -59.5], 3, |_, _, _| 1e20);
    for (file, extra, code, words) in [
        (at("text.nc"), vec![], 1, "text.nc"),
        (at("empty.nc"), vec![], 1, "empty.nc"),
        (at("cut.nc"), vec![], 1, "cut.nc"),
        (at("none.nc"), vec![], 2, "none.nc"),
        (at("masked.nc"), vec![], 2, "no value"),
        (grid("npp"), vec!["--variable", "nothing"], 2, "it has npp"),
        (grid("npp"), vec!["--date", "1999-01-01"], 2, "1979-01-01 to 1981-09-30"),
        (grid("npp"), vec!["--from", "1981-01-01", "--to", "1980-01-01"], 2, "no day"),
        (grid("npp"), vec!["--from", "yesterday"], 2, "YYYY-MM-DD"),
        (grid("npp"), vec!["--cmap", "jet"], 2, "viridis"),
        (grid("npp"), vec!["--levels", "3,2,1"], 2, "ascending"),
        (grid("npp"), vec!["--range", "2,1"], 2, "LOW,HIGH"),
        (grid("npp"), vec!["--difference", "nowhere.nc"], 2, "nowhere.nc"),
    ] {
        let mut arguments = vec!["plot", "map", &file, "-o", &picture];
        arguments.extend(extra);
        let output = gridloom(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(!std::path::Path::new(&picture).exists(), "{arguments:?}: nothing is drawn");
    }
    std::fs::write(at("held.nc"), &whole).expect("a file");
    let held = netcdf::append(at("held.nc")).expect("a grid");
    let output = gridloom(&["plot", "map", &at("held.nc"), "-o", &picture]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("held.nc") && error.contains("open for writing"), "{error}");
    assert_eq!(output.status.code(), Some(1), "{error}");
    drop(held);
    assert_eq!(gridloom(&["plot", "map", &at("held.nc"), "-o", &at("held.png")]).status.code(), Some(0));
    let output = gridloom(&["plot", "map", &grid("npp"), "-o", &at("p.gif")]);
    assert_eq!(output.status.code(), Some(2));
    let output = gridloom(&["plot", "biomass", &grid("npp"), "-o", &picture]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(at("report.json"), "{\"run\": 7}").expect("a file");
    let output = gridloom(&["plot", "health", &at("report.json"), "-o", &picture]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn bytes_that_were_changed_never_make_it_panic() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("changed.nc");
    let picture = folder.path().join("p.png").display().to_string();
    let whole = std::fs::read(grid("csoil_2")).expect("a grid");
    for turn in 0..24 {
        let mut bytes = whole.clone();
        let at = bytes.len() * (turn * 37 % 24) / 24 + turn;
        for byte in bytes.iter_mut().skip(at).take(64) {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, bytes).expect("a file");
        let output = gridloom(&["plot", "map", path.to_str().expect("UTF-8"), "-o", &picture, "-q"]);
        let code = output.status.code();
        let error = String::from_utf8_lossy(&output.stderr);
        // Old versions of HDF5 crash by themselves on some damage of their own structures, as in ncdump; that is a signal.
        assert!(matches!(code, None | Some(0..=2)) && !error.contains("panicked"), "{at}: {code:?} {error}");
    }
}

#[test]
fn one_cell_is_enough() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.nc").display().to_string();
    write_grid(path.as_ref(), &[-3.25], &[-60.25], 1, |_, _, _| 7.0);
    for kind in ["map", "series", "climatology", "hovmoller"] {
        let picture = folder.path().join(format!("{kind}.svg")).display().to_string();
        complete(&["plot", kind, &path, "-o", &picture]);
        let text = std::fs::read_to_string(&picture).expect("a picture");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{kind}: {text}");
    }
}

#[test]
fn pictures_are_the_same_at_any_number_of_threads_and_say_where_they_come_from() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    for kind in ["map", "series", "climatology", "hovmoller"] {
        for format in ["png", "svg", "pdf"] {
            let mut pictures = Vec::new();
            for threads in ["1", "2", "4"] {
                let picture = folder.path().join(format!("{kind}.{format}")).display().to_string();
                complete(&["plot", kind, &grid("npp"), "-o", &picture, "--threads", threads, "--corner"]);
                pictures.push(std::fs::read(&picture).expect("a picture"));
            }
            assert!(pictures.windows(2).all(|pair| pair[0] == pair[1]), "{kind}.{format}");
            let text = String::from_utf8_lossy(&pictures[0]);
            let digest = gridloom::figure::digest(grid("npp").as_ref()).expect("a digest");
            for words in [digest.as_str(), &format!("gridloom {}", gridloom::VERSION)] {
                assert!(text.contains(words), "{kind}.{format} says {words}");
            }
        }
    }
}
