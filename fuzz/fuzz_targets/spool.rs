//! Any bytes as a spool: as lines of a journal and as a frozen plan, with and without right checksums.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use gridloom::caete::Folder;
use gridloom::plan::Resources;
use gridloom::run::Run;
use gridloom::spool::Task;
use gridloom::spool::contents::Contents;
use gridloom::spool::journal;
use gridloom::spool::record::Line;
use gridloom::spool::snapshot::{FORMAT, Snapshot, checksum};
use libfuzzer_sys::fuzz_target;
use twox_hash::XxHash3_64;

fuzz_target!(|bytes: &[u8]| {
    let _ = Contents::of_journal(bytes, Task::number(0), 1);
    let mut sealed = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        sealed.extend_from_slice(format!("{:016x} ", XxHash3_64::oneshot(line)).as_bytes());
        sealed.extend_from_slice(line);
        sealed.push(b'\n');
    }
    let contents = Contents::of_journal(&sealed, Task::number(0), 1);
    let lines = sealed.split_inclusive(|&byte| byte == b'\n');
    let units = lines.filter_map(journal::parse::<Line>).filter(|r| matches!(r.record, gridloom::spool::record::Record::Unit(_)));
    assert!(contents.units.len() <= units.count());

    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    let created = Default::default();
    let checksum = checksum(body.strip_suffix('\n').unwrap_or(body), 1, 1, &created);
    let header = format!(
        r#"{{"format":{FORMAT},"version":"{}","checksum":{checksum},"id":1,"epoch":1,"created":"1970-01-01T00:00:00Z"}}"#,
        gridloom::VERSION
    );
    if let Ok(snapshot) = Snapshot::parse(&format!("{header}\n{body}"), 1, Path::new("plan-0001")) {
        let folder = Arc::new(Folder::new(Path::new("nowhere")));
        let open = |listing, _| Ok(Run::new(listing, folder));
        let _ = snapshot.plan(Resources::new(2, 256 << 20), open);
    }
});
