//! The words of `--help`, so that a change of them is seen.

use gridloom_testkit::program;

fn help(command: &[&str]) -> String {
    let mut program = assert_cmd::Command::new(program::path());
    let output = program.args(command).arg("--help").env("COLUMNS", "100").output().expect("the program");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A test for each command; its words are in `tests/snapshots`. Where they are meant to change: `INSTA_UPDATE=always cargo test --test program help`.
macro_rules! help {
    ($($name:ident: $($word:literal)*;)*) => {
        $(
            #[test]
            fn $name() {
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path("../snapshots");
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                settings.bind(|| insta::assert_snapshot!(concat!("help-", stringify!($name)), help(&[$($word),*])));
            }
        )*
    };
}

help! {
    gridloom:;
    inspect: "inspect";
    describe: "describe";
    plan: "plan";
    get: "get";
    grid: "grid";
    tables: "tables";
    run: "run";
    publish: "publish";
    status: "status";
    refs: "refs";
    verify: "verify";
    demo: "demo";
    completions: "completions";
    man: "man";
    cells: "cells";
    cells_write: "cells" "write";
    cells_append: "cells" "append";
    cells_replace: "cells" "replace";
    cells_drop: "cells" "drop";
    cells_repack: "cells" "repack";
    cells_list: "cells" "list";
    cells_get: "cells" "get";
    cells_stream: "cells" "stream";
    cells_verify: "cells" "verify";
    plot: "plot";
    plot_map: "plot" "map";
    plot_series: "plot" "series";
    plot_climatology: "plot" "climatology";
    plot_hovmoller: "plot" "hovmoller";
    plot_scatter: "plot" "scatter";
    plot_compare: "plot" "compare";
    plot_biomass: "plot" "biomass";
    plot_health: "plot" "health";
    plot_taylor: "plot" "taylor";
    plot_cycle: "plot" "cycle";
    plot_limitation: "plot" "limitation";
    plot_boxes: "plot" "boxes";
    plot_density: "plot" "density";
    plot_drift: "plot" "drift";
    figures: "figures";
    report: "report";
    evaluate: "evaluate";
}

#[test]
fn options_that_are_refused_are_not_offered() {
    for kind in ["biomass", "health", "taylor", "cycle", "limitation", "boxes", "density"] {
        assert!(!help(&["plot", kind]).contains("--variable"), "{kind}");
    }
    for command in ["plan", "grid", "run"] {
        assert!(!help(&[command]).contains("URL"), "{command}");
    }
    assert!(help(&["tables"]).contains("--to <DATE|URL>"));
    assert!(!help(&["plan"]).contains("--trace"));
}
