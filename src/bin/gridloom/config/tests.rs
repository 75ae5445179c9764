//! Configurations that are taken, and those that are refused.

use super::*;

#[test]
fn boxes_and_shapes_that_make_no_sense_are_refused() {
    assert!(bounds("10.5,-21.5,-80,-43").is_ok());
    for text in ["", "1,2,3", "-21,10,-80,-43", "95,0,0,1", "a,b,c,d", "1,0,0,nan"] {
        assert!(bounds(text).is_err(), "{text}");
    }
    assert!(shape("1024,16,16").is_ok());
    for text in ["0,1,1", "1,1", "100000,1000,1000", "-1,1,1"] {
        assert!(shape(text).is_err(), "{text}");
    }
}

fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gridloom.toml");
    std::fs::write(&path, text).expect("a file");
    Config::read(Some(&path)).map(|_| ()).expect_err(text).to_string()
}

#[test]
fn a_configuration_names_what_it_does_not_know() {
    let read = |text: &str| toml::from_str::<Config>(text);
    assert!(read("[regions.xingu]\nnorth = 1\nsouth = -1\nwest = 0\neast = 2\n").is_ok());
    for (text, found, near) in [
        ("[grid]\ndeflat = 4\n", "deflat", "deflate"),
        ("[tables]\npartitions = 'year'\n", "partitions", "partition"),
        ("[tables]\npartition = 'yaer'\n", "yaer", "year"),
        ("[table]\nevery = 'year'\n", "table", "tables"),
        ("[[aggregates]]\nevry = 'year'\nstat = 'mean'\n", "evry", "every"),
        ("[regions.a]\nnorth = 1\nsouth = 0\nwest = 0\neast = 1\neas = 2\n", "eas", "east"),
        ("[variables.a]\nlong_nam = 'a'\nunits = '1'\ncell_method = 'mean'\n", "long_nam", "long_name"),
        ("[model]\nnane = 'a'\n", "nane", "name"),
    ] {
        let error = refused(text);
        assert!(error.contains(found), "{text}: {error}");
        assert!(error.contains(&format!("did you mean `{near}`?")), "{text}: {error}");
    }
}

#[test]
fn what_excludes_each_other_is_refused() {
    for (text, word) in [
        ("[tables]\nper_cell = true\npartition = 'year'\n", "per_cell"),
        ("[tables]\nformat = 'parquet'\ncompress = 'gzip'\n", "compress"),
        ("[tables]\ncompress = 'gzip'\n", "compress"),
        ("[tables]\nquantiles = [0.5, 1.5]\n", "quantiles"),
        ("[tables]\nquantiles = [0.5, 0.5]\n", "quantiles"),
        ("[tables]\nregions = ['all', 'all']\n", "regions"),
        ("[tables]\ntables = ['dayly']\n", "dayly"),
        ("[tables]\nyears = '1980-1970'\n", "years"),
        ("[grid]\ndeflate = 4\nzstd = 3\n", "exclude"),
        ("[grid]\ndeflate = 13\n", "deflate"),
        ("[grid]\nzstd = 0\n", "zstd"),
        ("[grid]\nthreads = 0\n", "threads"),
        ("[grid]\nmemory = 'much'\n", "memory"),
        ("[regions.all]\nnorth = 1\nsouth = 0\nwest = 0\neast = 1\n", "regions.all"),
        ("[regions.'']\nnorth = 1\nsouth = 0\nwest = 0\neast = 1\n", "name"),
        ("[regions.a]\nnorth = 0\nsouth = 1\nwest = 0\neast = 1\n", "north"),
        ("[regions.a]\nnorth = nan\nsouth = 1\nwest = 0\neast = 1\n", "north"),
        ("[attributes]\n_NCProperties = 'x'\n", "_NCProperties"),
        ("[attributes]\n_FillValue = 'x'\n", "_FillValue"),
        ("[attributes]\nCLASS = 'x'\n", "CLASS"),
        ("[attributes]\nDIMENSION_LIST = 'x'\n", "DIMENSION_LIST"),
        ("[attributes]\ngridloom_version = 'x'\n", "gridloom_version"),
        ("[attributes]\n'a/b' = 'x'\n", "a/b"),
        ("[attributes]\n'' = 'x'\n", "begins"),
        (
            "[[aggregates]]\nevery = 'year'\nstat = 'sum'\n[[aggregates]]\nevery = 'year'\nstat = 'sum'\n",
            "twice",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(word), "{text}: {error}");
    }
}
