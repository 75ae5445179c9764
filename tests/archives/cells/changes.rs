//! Appended, replaced, dropped, repacked: always what a new archive would hold.

use gridloom::archive::Codec;
use gridloom::model::grid::Cell;

use super::*;

const PERIODS: [(i64, i64); 3] = [(0, 100), (100, 90), (190, 70)];

/// What an archive would hold that is written anew.
fn anew(folder: &Folder, settings: &Settings) -> Contents {
    let path = folder.path().join("anew.nc");
    let settings = settings.clone().overwrite(true);
    archive::write(&run(folder), &path, &settings, &gridloom::Nobody).expect("an archive");
    contents(&path).expect("contents")
}

pub fn same(folder: &Folder, settings: &Settings) {
    prove(folder);
    let (now, anew) = (contents(&file(folder)).expect("contents"), anew(folder, settings));
    assert_eq!(now.keys().collect::<Vec<_>>(), anew.keys().collect::<Vec<_>>());
    for (key, bytes) in &now {
        assert!(anew[key] == *bytes, "{key:?}");
    }
}

#[test]
fn periods_are_appended_one_after_another() {
    let folder = model(&PERIODS[..1]).write();
    write(&folder, &small()).expect("an archive");
    let before = Archive::open(file(&folder)).expect("an archive");
    let old = contents(&file(&folder)).expect("contents");
    for count in 2..=3 {
        let folder_of = model(&PERIODS[..count]);
        for dump in folder_of.dumps.iter().filter(|dump| dump.period as usize == count) {
            folder.put(dump, &folder_of.entries(dump));
        }
        let report = append(&folder).expect("appended");
        assert_eq!((report.cells, report.dumps), (3, 3));
        same(&folder, &small());
        assert_eq!(append(&folder).expect("nothing to do").cells, 0);
    }
    // Whoever had it open reads what was there.
    for ((cell, name), bytes) in old.iter().filter(|((cell, name), _)| !cell.is_empty() && name != "records")
    {
        let cell: Cell = cell.parse().expect("a cell");
        let variable = before.cell(cell).and_then(|cell| cell.variable(name)).expect("a variable");
        assert_eq!(variable.all().expect("values").bytes, *bytes);
    }
}

#[test]
fn cells_and_dumps_that_were_not_there_are_appended() {
    let model = model(&PERIODS);
    let folder = model.write();
    let (missing, cell) = (folder.dump((160, 231), 2), folder.run().join("grd_161-230"));
    let away = [folder.path().join("dump"), folder.path().join("cell")];
    std::fs::rename(&missing, &away[0]).expect("a file");
    std::fs::rename(&cell, &away[1]).expect("a folder");
    std::fs::write(folder.dump((160, 230), 3), b"damaged").expect("a file");
    assert_eq!(write(&folder, &small()).expect("an archive").faults.len(), 2);
    std::fs::rename(&away[0], &missing).expect("a file");
    std::fs::rename(&away[1], &cell).expect("a folder");
    assert_eq!(append(&folder).expect("appended").cells, 2, "the damaged one is as it was");
    let dump = &model.dumps[2];
    folder.put(dump, &model.entries(dump));
    assert_eq!(append(&folder).expect("appended").cells, 1);
    same(&folder, &small());
}

/// Years behind those that are there, and one before them, which makes the cell anew.
#[test]
fn years_are_appended() {
    for first in [1979, 1980] {
        let folder = model(&PERIODS[..1]).write();
        change::years(&folder, &[first]);
        write(&folder, &small()).expect("an archive");
        change::years(&folder, &[1979, 1980, 1981]);
        let report = append(&folder).expect("appended");
        assert_eq!((report.cells, report.dumps), (2, if first == 1979 { 4 } else { 8 }));
        same(&folder, &small());
    }
}

/// A dump between others that are gone by now cannot be put in; nothing is changed then.
#[test]
fn what_would_need_dumps_that_are_gone_is_refused() {
    let folder = model(&PERIODS).write();
    let missing = folder.dump((160, 231), 2);
    let away = folder.path().join("dump");
    std::fs::rename(&missing, &away).expect("a file");
    write(&folder, &small()).expect("an archive");
    let before = std::fs::read(file(&folder)).expect("a file");
    std::fs::rename(&away, &missing).expect("a file");
    std::fs::remove_file(folder.dump((160, 231), 3)).expect("a file");
    let reason = reason(append(&folder).expect_err("a dump is gone"));
    assert!(reason.contains("cell 160-231") && reason.contains("spin0003.pkz"), "{reason}");
    assert!(std::fs::read(file(&folder)).expect("a file") == before);
}

#[test]
fn cells_are_replaced_and_dropped_and_their_space_given_back() {
    let mut model = model(&PERIODS);
    let folder = model.write();
    write(&folder, &small()).expect("an archive");
    model.value = dumps::mixed(12);
    for dump in model.dumps.iter().filter(|dump| dump.cell == (160, 231)) {
        folder.put(dump, &model.entries(dump));
    }
    let cell = Cell { row: 160, column: 231 };
    let report = append(&folder).expect("nothing to append");
    assert_eq!((report.cells, report.changed.len()), (0, 3), "changed dumps are named");
    archive::replace(&run(&folder), file(&folder), &[cell], &settings(), &gridloom::Nobody)
        .expect("replaced");
    same(&folder, &small());
    let size = || std::fs::metadata(file(&folder)).expect("a file").len();
    let before = size();
    let repacked = archive::repack(file(&folder), None, &settings(), &gridloom::Nobody).expect("repacked");
    assert_eq!((repacked.before, repacked.after), (before, size()));
    assert!(size() < before * 4 / 5, "{before} became {}", size());
    same(&folder, &small());

    archive::drop_cells(file(&folder), &[cell], &settings()).expect("dropped");
    let archive = Archive::open(file(&folder)).expect("an archive");
    assert!(!archive.has(cell) && archive.cell(cell).is_err() && archive.cells().len() == 2);
    assert!(archive::drop_cells(file(&folder), &[cell], &settings()).is_err());
}

#[test]
fn repacking_changes_codec_and_chunks_and_nothing_else() {
    let folder = model(&PERIODS).write();
    write(&folder, &small()).expect("an archive");
    let before = contents(&file(&folder)).expect("contents");
    for (chunk_bytes, codec) in
        [(4096, Codec::Zstd(1)), (700, Codec::None), (1 << 20, Codec::Lz4), (512, Codec::Deflate(12))]
    {
        let tune = Tune { chunk_bytes, codec };
        archive::repack(file(&folder), Some(tune), &settings(), &gridloom::Nobody).expect("repacked");
        assert_eq!(Archive::open(file(&folder)).expect("an archive").tune(), tune);
        assert!(contents(&file(&folder)).expect("contents") == before, "{codec}");
        prove(&folder);
    }
}

#[test]
fn one_process_at_a_time_changes_an_archive() {
    let folder = model(&PERIODS).write();
    write(&folder, &small()).expect("an archive");
    /// Stops the work at once; another comes while it asks.
    struct Asked<'a>(&'a Folder, std::sync::atomic::AtomicBool);
    impl gridloom::Observer for Asked<'_> {
        fn is_stopped(&self) -> bool {
            let error = archive::repack(file(self.0), None, &settings(), &gridloom::Nobody);
            self.1.store(
                error.is_err_and(|error| error.kind() == ErrorKind::Busy),
                std::sync::atomic::Ordering::Relaxed,
            );
            true
        }
    }
    let observer = Asked(&folder, false.into());
    let error = archive::repack(file(&folder), None, &settings(), &observer).expect_err("stopped");
    assert!(error.kind() == ErrorKind::Stopped, "{error}");
    assert!(observer.1.into_inner());
    prove(&folder);
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
}
