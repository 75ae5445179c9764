//! Streams that cannot be written, limits, and what a process may lack.

use std::os::unix::ffi::OsStrExt;

use gridloom_testkit::dumps::{Folder, Kind, Model, Variable};

use super::*;

fn folder() -> Folder {
    Model::new(&[(160, 230), (161, 231)], &[(0, 30)], vec![Variable::new("npp", Kind::F32, None)]).write()
}

/// A shell's line in which `G` is the program, `RUN` the run and `OUT` the output folder.
fn shell(folder: &Folder, line: &str) -> Output {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "100", "sh", "-c", line]);
    command.env("G", program::path()).env("RUN", folder.run()).env("OUT", folder.out());
    command.env("DIR", folder.path()).output().expect("a shell")
}

fn grid(folder: &Folder) -> Vec<u8> {
    std::fs::read_dir(folder.out())
        .expect("the outputs")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.as_os_str().as_bytes().ends_with(b".nc"))
        .map(|path| std::fs::read(path).expect("a grid"))
        .expect("a grid")
}

/// The same grid whatever becomes of the talk; the time that it names is given.
fn same_grid(lines: &[&str]) {
    let mut first: Option<Vec<u8>> = None;
    for line in lines {
        let folder = folder();
        let output = shell(&folder, &format!("export SOURCE_DATE_EPOCH=1; {line}"));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", talk(&output));
        let bytes = grid(&folder);
        assert!(*first.get_or_insert_with(|| bytes.clone()) == bytes, "{line}: other bytes");
    }
}

#[test]
fn talk_that_nobody_takes_does_not_stop_the_work() {
    same_grid(&[
        r#""$G" grid "$RUN" -o "$OUT""#,
        r#""$G" grid "$RUN" -o "$OUT" 2>/dev/full"#,
        r#"{ "$G" grid "$RUN" -o "$OUT"; echo $? >"$DIR/status"; } 2>&1 >/dev/null | true; read s <"$DIR/status"; exit $s"#,
        r#""$G" grid "$RUN" -o "$OUT" 2>&-"#,
        r#""$G" grid "$RUN" -o "$OUT" >&- 2>&- <&-"#,
    ]);
}

#[test]
fn what_a_process_may_lack_does_not_stop_the_work() {
    same_grid(&[
        r#""$G" grid "$RUN" -o "$OUT""#,
        r#"env -i SOURCE_DATE_EPOCH=1 "$G" grid "$RUN" -o "$OUT""#,
        r#"TMPDIR=/nonexistent LC_ALL=C HOME=/nonexistent "$G" grid "$RUN" -o "$OUT""#,
        r#"mkdir "$DIR/gone"; cd "$DIR/gone"; rmdir "$DIR/gone"; "$G" grid "$RUN" -o "$OUT""#,
        r#"trap '' PIPE; "$G" grid "$RUN" -o "$OUT""#,
    ]);
}

#[test]
fn results_that_cannot_be_written_are_told() {
    let folder = folder();
    assert_eq!(shell(&folder, r#""$G" cells write "$RUN" -o "$DIR/run.nc""#).status.code(), Some(0));
    for command in [
        r#"inspect "$RUN""#,
        r#"inspect "$RUN" --json"#,
        r#"plan "$RUN""#,
        r#"cells list "$DIR/run.nc""#,
        r#"cells list "$DIR/run.nc" --json"#,
        r#"cells get "$DIR/run.nc" --cell 160-230"#,
        r#"cells get "$DIR/run.nc" --cell 160-230 --format json"#,
        r#"cells stream "$DIR/run.nc""#,
        "completions bash",
        "--help",
        "--version",
    ] {
        let full = shell(&folder, &format!(r#""$G" {command} >/dev/full"#));
        assert_eq!(full.status.code(), Some(1), "{command}: {}", talk(&full));
        assert!(talk(&full).contains("cannot write to stdout: No space left"), "{command}: {}", talk(&full));
        // A reader who leaves has what it wanted.
        let line = format!(
            r#"{{ "$G" {command}; echo $? >"$DIR/status"; }} | true; read s <"$DIR/status"; exit $s"#
        );
        let gone = shell(&folder, &line);
        assert_eq!(gone.status.code(), Some(0), "{command}: {}", talk(&gone));
        assert!(!talk(&gone).contains("error"), "{command}: {}", talk(&gone));
    }
}

/// What is incomplete stays so where nobody reads on.
#[test]
fn a_reader_who_leaves_does_not_change_the_status() {
    let folder = folder();
    std::fs::write(folder.dump((161, 231), 1), b"damaged").expect("a dump");
    let line = r#"{ "$G" inspect "$RUN"; echo $? >"$DIR/status"; } | true; read s <"$DIR/status"; exit $s"#;
    assert_eq!(shell(&folder, line).status.code(), Some(3));
}

#[test]
fn limits_on_memory_and_threads_are_errors_or_slower() {
    for megabytes in [100, 150, 200, 300, 500, 800, 1200, 2000] {
        let folder = folder();
        let line = format!(r#"ulimit -v {}; exec "$G" grid "$RUN" -o "$OUT" --threads 8"#, megabytes << 10);
        let output = shell(&folder, &line);
        let (code, talk) = (output.status.code(), talk(&output));
        assert!(!talk.contains("panicked"), "{megabytes} MiB: {talk}");
        if megabytes >= 800 {
            assert_eq!(code, Some(0), "{megabytes} MiB: {talk}");
        }
    }
}

/// Where memory ends, libraries crash, and the standard library aborts.
#[test]
fn memory_that_ends_anywhere_is_a_failure_and_no_crash() {
    let folder = folder();
    assert_eq!(shell(&folder, r#""$G" grid "$RUN" -o "$OUT" -q"#).status.code(), Some(0));
    let mut failed = 0;
    for megabytes in (56..330).step_by(6) {
        for command in [
            r#"plot map "$OUT"/*.nc -o "$DIR/map.png" --size 800 --threads 1"#,
            r#"grid "$RUN" -o "$DIR/$$""#,
        ] {
            let line = format!(r#"ulimit -v {}; exec "$G" {command}"#, megabytes << 10);
            let output = shell(&folder, &line);
            let (code, talk) = (output.status.code(), talk(&output));
            // A program that is not optimised may be too large to be loaded at all.
            if talk.contains("error while loading shared libraries") {
                continue;
            }
            assert!(matches!(code, Some(0 | 1)), "{megabytes} MiB, {command}: {:?} {talk}", output.status);
            failed += u32::from(talk.contains("memory allocation of"));
        }
    }
    assert!(failed > 0, "no picture needs memory");
}

/// A user may be allowed no thread more. Root always is, so that the program is somebody else's there.
#[test]
fn a_limit_on_threads_is_an_error() {
    if !rustix::process::getuid().is_root() {
        here::no_right("be somebody else, which only root has");
        return;
    }
    let folder = folder();
    assert_eq!(shell(&folder, r#""$G" grid "$RUN" -o "$OUT" -q"#).status.code(), Some(0));
    let other =
        r#"chmod -R a+rwX "$DIR"; exec prlimit --nproc=1 setpriv --reuid 65534 --regid 65534 --clear-groups"#;
    for command in [
        r#"status "$OUT""#,
        r#"inspect "$RUN""#,
        r#"plan "$RUN""#,
        r#"grid "$RUN" -o "$DIR/new""#,
        r#"verify "$RUN" "$OUT""#,
        r#"cells write "$RUN" -o "$DIR/run.nc""#,
        r#"report "$OUT" -o "$DIR/page.html""#,
        "completions bash",
    ] {
        let output = shell(&folder, &format!(r#"{other} "$G" {command}"#));
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{command}: {:?} {}", output.status, talk(&output));
        assert!(code == Some(0) || talk(&output).contains("a thread"), "{command}: {}", talk(&output));
    }
}
