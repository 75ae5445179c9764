//! Same dumps and settings, same bytes: whatever the number of threads and the memory.

use gridloom::chunk::Shape;
use gridloom::plan::{Resources, Settings};
use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable};
use gridloom_testkit::files::{Bytes, bytes};
use gridloom_testkit::program;

use crate::work;

/// Grids with the program, since the time that files name is taken from the environment.
fn made(folder: &Folder, name: &str, options: &[&str]) -> Bytes {
    let out = folder.path().join(name);
    let mut command = program::command();
    command.arg("grid").arg(folder.run()).arg("-o").arg(&out).args(options);
    let output = command.output().expect("the program");
    let status = output.status.code();
    assert!(matches!(status, Some(0 | 3)), "{status:?}: {}", String::from_utf8_lossy(&output.stderr));
    bytes(&out)
}

fn assert_same(folder: &Folder, name: &str, common: &[&str], least: u64) {
    let least = format!("{least}");
    let variants: [&[&str]; 6] = [
        &["--threads", "1", "--memory", "1GiB"],
        &["--threads", "2", "--memory", "1GiB"],
        &["--threads", "5", "--memory", "1GiB"],
        &["--threads", "5", "--memory", &least],
        &["--threads", "1", "--memory", &least],
        &["--threads", "2", "--memory", "1GiB"],
    ];
    let mut first = None;
    for (index, variant) in variants.iter().enumerate() {
        let options: Vec<&str> = common.iter().chain(*variant).copied().collect();
        let files = made(folder, &format!("{name}{index}"), &options);
        let first = first.get_or_insert_with(|| files.clone());
        assert_eq!(first.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
        for (name, bytes) in &files {
            assert!(
                first.get(name) == Some(bytes),
                "{} differs with {variant:?} from {:?}",
                name.display(),
                variants[0]
            );
        }
    }
}

/// A ragged run with mixed values, a cell with other dates, one with a dump missing, and one with a damaged dump.
#[test]
fn files_do_not_depend_on_threads_or_memory() {
    let cells: Vec<dumps::Cell> =
        (0..14).map(|cell| (100 + cell / 4, (715 + cell % 4 + cell / 9) % 720)).collect();
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
    ];
    let periods = [(0, 90), (90, 40), (200, 70)];
    let mut model = Model { value: dumps::mixed(11), ..Model::new(&cells, &periods, variables) };
    (model.dump_mut(cells[5], 1).days, model.dump_mut(cells[5], 2).first) = (70, 70);
    model.dump_mut(cells[5], 2).days = 60;
    model.dumps.retain(|dump| (dump.cell, dump.period) != (cells[2], 2));
    let folder = model.write();
    std::fs::write(folder.dump(cells[9], 3), b"no dump").expect("a file");

    let settings = work::settings().chunk(Some(Shape { days: 32, rows: 3, columns: 3 }));
    let least = work::least_memory(&folder, &settings);
    assert_same(&folder, "deflate", &["--chunk", "32,3,3"], least.memory);
    let least = work::least_memory(&folder, &Settings::default());
    assert_same(&folder, "zstd", &["--zstd=5", "--rows", "dimension"], least.memory);
}

/// Dumps so large that a tile does not fit beside what several threads need.
#[test]
fn groups_of_cells_on_several_threads_give_the_same_file() {
    let cells: Vec<dumps::Cell> = (0..16).map(|cell| (50 + cell / 4, 60 + cell % 4)).collect();
    let variables = vec![Variable::new("storage_pool", Kind::F64, Some(30))];
    let model = Model::new(&cells, &[(0, 1500), (1500, 1200)], variables);
    let folder = model.write();
    let two = |memory| Settings::default().resources(Resources::new(2, memory));
    let thread = work::plan(&folder, two(1 << 40)).expect("a plan").memory().thread_bytes;
    let plan = work::plan(&folder, two(4 * thread)).expect("a plan");
    assert_eq!(plan.memory().threads, 2);
    assert!(plan.units().len() > 2 * plan.tiles().len(), "one group a tile");

    let wide = made(&folder, "wide", &["--threads", "2", "--memory", "1GiB"]);
    let tight = made(&folder, "tight", &["--threads", "2", "--memory", &format!("{}", 4 * thread)]);
    assert_eq!(wide.len(), 30);
    assert!(wide == tight, "files differ");
}
