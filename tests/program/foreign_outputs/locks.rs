//! File systems that have no locks.

use gridloom_testkit::shim::Shim;

use super::*;

/// ENOSYS, EOPNOTSUPP, ENOLCK, EROFS, and 524, which network file systems answer with.
const NUMBERS: [i32; 5] = [38, 95, 37, 30, 524];

#[test]
fn all_commands_work_without_locks() {
    let Some(shim) = Shim::build() else { return };
    for number in NUMBERS {
        let folder = run_of(&[(0, 400)], Folder::new());
        let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        let (run, out, archive) = (path("made_up"), path("out"), path("run.nc"));
        let list = path("figures.toml");
        std::fs::write(
            &list,
            "[[figure]]\nname = 'a'\nkind = 'map'\ninput = 'out/npp_made_up_18600101_18610203.nc'\n",
        )
        .expect("a list");
        let commands: Vec<Vec<String>> = [
            "inspect RUN",
            "plan RUN",
            "grid RUN -o OUT",
            "grid RUN -o OUT",
            "verify RUN OUT",
            "status OUT",
            "publish OUT",
            "plot map OUT/npp_made_up_18600101_18610203.nc -o OUT.png",
            "report OUT -o OUT.html",
            "figures LIST",
            "tables RUN -o OUT-tables --format hdf5",
            "tables RUN -o OUT-parquet --partition year",
            "tables OUT/npp_made_up_18600101_18610203.nc -o OUT-of-grids",
            "cells write RUN -o ARCHIVE",
            "cells append RUN ARCHIVE",
            "cells replace RUN ARCHIVE --cells 160-230",
            "cells repack ARCHIVE --zstd=1",
            "cells verify ARCHIVE",
            "cells drop ARCHIVE --cells 160-231",
            "cells list ARCHIVE",
            "grid ARCHIVE -o OUT-of-archive",
        ]
        .iter()
        .map(|line| {
            let words = line.split(' ').map(|word| {
                word.replace("RUN", &run)
                    .replace("OUT", &out)
                    .replace("ARCHIVE", &archive)
                    .replace("LIST", &list)
            });
            words.collect()
        })
        .collect();
        for arguments in commands {
            let mut command = program::command();
            command.args(&arguments).env_remove("HDF5_USE_FILE_LOCKING").timeout(Duration::from_secs(60));
            shim.refuse_locks(&mut command, number);
            let output = command.output().expect("the program");
            assert_eq!(output.status.code(), Some(0), "{number}, {}: {}", arguments.join(" "), talk(&output));
        }
        let left = names(folder.path()).into_iter().filter(|name| name.starts_with('.'));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{number}");
    }
}

/// Without locks of the file system writers of an archive still exclude each other, by a file that only one can make.
#[test]
fn writers_of_an_archive_exclude_each_other_without_locks() {
    let Some(shim) = Shim::build() else { return };
    let folder = run_of(&[(0, 400)], Folder::new());
    let archive = folder.path().join("run.nc");
    let mut program = program::command();
    program.args(["cells", "write"]).arg(folder.run()).arg("-o").arg(&archive).assert().success();
    let append = || {
        let mut command = program::command();
        command.args(["cells", "append"]).arg(folder.run()).arg(&archive);
        shim.refuse_locks(&mut command, 37);
        command.output().expect("the program")
    };
    let lock = gridloom::spool::lock::Lock::take(
        folder.path(),
        gridloom::spool::Task::number(0),
        None,
        &gridloom::Nobody,
    );
    std::fs::rename(folder.path().join("lock-0000"), folder.path().join(".run.nc.lock")).expect("a lock");
    let output = append();
    assert_status(&output, 1);
    assert!(talk(&output).contains(&format!("process {}", std::process::id())), "{}", talk(&output));
    std::fs::remove_file(folder.path().join(".run.nc.lock")).expect("a lock");
    drop(lock);
    assert_status(&append(), 0);
}
