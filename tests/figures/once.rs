//! That a file is read once, however many figures are made of it, and that memory does not depend on its length.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gridloom::figure::{Draft, FigureList, Gather, Spec};
use gridloom_testkit::dumps::{Folder, Kind, Model, Variable, scramble};
use gridloom_testkit::program;

const MIB: u64 = 1 << 20;

/// A grid of so many days of 196 cells, which lie across the borders of four tiles.
fn grid_of(days: i64) -> (Folder, PathBuf) {
    let cells: Vec<(u32, u32)> = (0..196).map(|cell| (160 + cell / 14, 230 + cell % 14)).collect();
    let model = Model {
        value: Arc::new(|variable, _, (row, column), day| {
            variable
                .kind
                .number((scramble(u64::from(row) << 40 | u64::from(column) << 20 | day as u64) >> 44) as i64)
        }),
        ..Model::new(&cells, &[(0, days)], vec![Variable::new("npp", Kind::F32, None)])
    };
    let folder = model.write();
    let (run, out) = (folder.run().display().to_string(), folder.out().display().to_string());
    super::complete(&["grid", &run, "-o", &out, "--bbox", "9,-9,-73,-55", "-q"]);
    let entries = std::fs::read_dir(folder.out()).expect("a folder");
    let file = entries
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|x| x == "nc"));
    (folder, file.expect("a grid"))
}

/// 45,000 days, made once.
pub fn long() -> &'static Path {
    static LONG: OnceLock<(Folder, PathBuf)> = OnceLock::new();
    &LONG.get_or_init(|| grid_of(45_000)).1
}

/// A hundred figures of all kinds that are made of one grid.
fn hundred(input: &str) -> Vec<Spec> {
    let mut texts = Vec::new();
    for year in 1860..1880 {
        texts.push(format!("kind = 'map'\ndate = '{year}-07-01'"));
        texts.push(format!("kind = 'map'\nfrom = '{year}-01-01'\nto = '{}-12-31'", year + 80));
        texts.push(format!("kind = 'map'\nstat = 'trend'\nfrom = '{year}-01-01'"));
        texts.push(format!(
            "kind = 'series'\nevery = 'year'\ncells = [[{}.25, -64.75]]",
            4 + (year - 1860) % 5
        ));
        texts.push(match year % 3 {
            0 => format!("kind = 'climatology'\nfrom = '{year}-01-01'"),
            1 => format!("kind = 'hovmoller'\nevery = 'year'\nfrom = '{year}-01-01'"),
            _ => format!("kind = 'map'\nstat = 'std'\nto = '{}-12-31'", year + 60),
        });
    }
    texts
        .iter()
        .map(|text| toml::from_str(&format!("input = '{input}'\ndpi = 40\n{text}")).expect("settings"))
        .collect()
}

#[test]
fn a_hundred_figures_read_every_chunk_once() {
    let _alone = super::alone();
    let input = long().display().to_string();
    let read = |specs: &[Spec]| {
        let mut gather = Gather::default();
        let drafts: Vec<Draft> =
            specs.iter().map(|spec| Draft::of(spec, &mut gather).expect("a draft")).collect();
        let (_, field) = gather.field(long(), None).expect("the grid");
        let gathered = gather.run();
        for (draft, spec) in drafts.into_iter().zip(specs) {
            draft.draw(spec, &gathered).expect("a picture");
        }
        field.bytes_read().expect("chunks that are read beside the library")
    };
    let dataset = hdf5_metno::File::open(&input).expect("a file").dataset("npp").expect("a dataset");
    let chunks = (0..dataset.num_chunks().expect("chunks")).filter_map(|index| dataset.chunk_info(index));
    let stored: u64 = chunks.map(|chunk| chunk.size).sum();
    drop(dataset);
    let specs = hundred(&input);
    assert_eq!(specs.len(), 100);
    let whole: Spec = toml::from_str(&format!("input = '{input}'\nkind = 'map'")).expect("settings");
    assert_eq!(read(std::slice::from_ref(&whole)), stored, "one figure");
    assert_eq!(read(&specs), stored, "a hundred");
}

/// What the system says of this process: `VmHWM:` of its status, `rchar:` of its input and output.
fn told(file: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).expect("a file of the system");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("a field");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Starts one of the ignored tests in a process of its own, and gives the number that it prints.
fn in_a_process(test: &str, input: &Path) -> u64 {
    let output = program::of_test(module_path!(), test)
        .env("GRIDLOOM_FIGURES_INPUT", input)
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let number = text.split_once("told: ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("{text}"))
}

fn input() -> Option<String> {
    std::env::var("GRIDLOOM_FIGURES_INPUT").ok()
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_days() {
    let _alone = super::alone();
    let (_folder, short) = grid_of(4_500);
    let peaks = [short.as_path(), long()].map(|file| in_a_process("peak_of_maps", file) * 1024);
    // Its values are 67 MiB as they are added up; what is allowed is the axis of time.
    assert!(peaks[1] < peaks[0] + 16 * MIB, "{} MiB and {} MiB", peaks[0] / MIB, peaks[1] / MIB);
}

#[test]
#[ignore = "started by the other test, in a process of its own"]
fn peak_of_maps() {
    let _alone = super::alone();
    let Some(input) = input() else { return };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    pool.install(|| {
        for stat in ["mean", "trend"] {
            super::drawn(&format!("kind = 'map'\ninput = '{input}'\nstat = '{stat}'"));
        }
    });
    println!("told: {}", told("status", "VmHWM:"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_list_of_a_hundred_reads_its_file_once_for_values_and_once_for_the_digest() {
    let _alone = super::alone();
    let size = std::fs::metadata(long()).expect("a grid").len();
    let read = in_a_process("bytes_of_a_list", long());
    assert!((size..3 * size).contains(&read), "{} MiB of a file of {} MiB", read / MIB, size / MIB);
}

#[test]
#[ignore = "started by the other test, in a process of its own"]
fn bytes_of_a_list() {
    let _alone = super::alone();
    let Some(input) = input() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("figures.toml");
    let figures: Vec<String> = hundred(&input)
        .iter()
        .enumerate()
        .map(|(index, spec)| {
            format!("[[figure]]\nname = 'f{index}'\n{}", toml::to_string(spec).expect("settings"))
        })
        .collect();
    std::fs::write(&list, figures.join("\n")).expect("a list");
    let before = told("io", "rchar:");
    let states = FigureList::read(&list).expect("a list").build(true, false, |_, _| {}).expect("figures");
    assert_eq!(states.len(), 100);
    assert!(states.iter().all(|state| matches!(state, gridloom::figure::State::Stale(_))), "{states:?}");
    println!("told: {}", told("io", "rchar:") - before);
}
