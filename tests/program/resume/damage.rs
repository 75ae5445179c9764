//! A checkpoint that is damaged, or made by somebody else: an error or work done anew, never a wrong file.

use gridloom::spool::snapshot;

use super::*;

#[test]
fn a_spool_of_another_version_is_refused() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let path = out.join(".gridloom/plan-0001");
    let text = std::fs::read_to_string(&path).expect("a plan");
    let format = format!("\"format\":{}", snapshot::FORMAT);
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    for (from, to) in [(version.as_str(), "\"version\":\"0.0.9\""), (format.as_str(), "\"format\":1")] {
        std::fs::write(&path, text.replacen(from, to, 1)).expect("a plan");
        let output = run(&folder, &out, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains("was made by gridloom") && talk(&output).contains("--fresh"));
    }
    std::fs::write(&path, &text[..text.len() - 10]).expect("a plan");
    assert_eq!(run(&folder, &out, &[]).status.code(), Some(1));
    assert_done(&run(&folder, &out, &["--fresh"]));
}

/// Every piece and every line of a checkpoint is damaged, one byte at a time: nothing wrong is ever published.
#[test]
fn a_flipped_bit_in_the_spool_is_found_and_its_unit_redone() {
    let model = model(&PERIODS[..2]);
    let folder = model.write();
    settle_all(&folder, &model);
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let expected = bytes(&out);
    let spool = |name: &str| out.join(".gridloom").join(name);
    let names = ["segment-0000", "journal-0000"];
    let sound = names.map(|name| std::fs::read(spool(name)).expect("a file"));
    for (damaged, name) in names.iter().enumerate() {
        let mut redone = 0;
        for at in (0..sound[damaged].len()).step_by(sound[damaged].len() / 12) {
            let mut files = sound.clone();
            files[damaged][at] ^= 0x20;
            names
                .iter()
                .zip(&files)
                .for_each(|(name, bytes)| std::fs::write(spool(name), bytes).expect("a file"));
            check::files(&out).iter().for_each(|path| std::fs::remove_file(path).expect("a file"));
            let output = run(&folder, &out, &[]);
            assert_done(&output);
            assert_same(&bytes(&out), &expected);
            let read = report(&out)["stages"][0]["steps"].as_u64().expect("a number");
            // A damaged line that says under which plan the others are costs all of them, any other its own unit.
            assert!(read < 40 || at == 0, "byte {at} of {name}: all dumps were read again");
            redone += u64::from(read > 0);
        }
        assert!(redone > 0, "no damage of {name} cost anything");
    }
}

/// Writes a frozen plan anew with something in it replaced, and with the right checksum.
fn reseal(out: &Path, from: &str, to: &str) {
    let plans = std::fs::read_dir(out.join(".gridloom"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let path = plans.filter(|path| path.to_string_lossy().contains("plan-")).max().expect("a plan");
    let text = std::fs::read_to_string(&path).expect("a plan");
    let (header, body) = text.split_once('\n').expect("two lines");
    assert!(body.contains(from), "{from} is not in {body}");
    let body = body.trim_end().replacen(from, to, 1);
    let mut header: snapshot::Header = serde_json::from_str(header).expect("JSON");
    header.checksum = snapshot::checksum(&body, header.id, header.epoch, &header.created);
    let header = serde_json::to_string(&header).expect("JSON");
    std::fs::write(&path, format!("{header}\n{body}\n")).expect("a plan");
}

/// Files name the time that the plan has: another one would be silent otherwise.
#[test]
fn what_a_plan_says_of_itself_is_checked_as_well() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let path = out.join(".gridloom/plan-0001");
    let text = std::fs::read_to_string(&path).expect("a plan");
    let (header, _) = text.split_once('\n').expect("two lines");
    let number = |key: &str| {
        let header: serde_json::Value = serde_json::from_str(header).expect("JSON");
        format!("\"{key}\":{}", header[key])
    };
    let (id, epoch) = (number("id"), number("epoch"));
    for (from, to) in [("T22:13:20Z\"", "T22:13:21Z\""), (&id, "\"id\":7"), (&epoch, "\"epoch\":7")] {
        assert!(header.contains(from), "{from} is not in {header}");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("a plan");
        let output = run(&folder, &out, &[]);
        assert_eq!(output.status.code(), Some(1), "{from}: {}", talk(&output));
        assert!(talk(&output).contains("its checksum is wrong"), "{from}: {}", talk(&output));
    }
    std::fs::write(&path, &text).expect("a plan");
    assert_done(&run(&folder, &out, &[]));
}

#[test]
fn a_plan_that_nobody_would_make_is_an_error() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    for (from, to) in [
        (r#""chunk":{"days":32,"#, r#""chunk":{"days":0,"#),
        (r#""chunk":{"days":32,"rows":3"#, r#""chunk":{"days":4294967295,"rows":4294967295"#),
        (r#""rows":2"#, r#""rows":1099511627776"#),
        (r#""extent":[0,"#, r#""extent":[-9000000000000000000,"#),
        (r#""cells":[["#, r#""cells":[[900000,1,0],["#),
        (r#""name":"made_up""#, r#""name":"../made_up""#),
        (r#""name":"made_up""#, r#""name":"/tmp/made_up""#),
    ] {
        assert_done(&run(&folder, &out, &["--fresh"]));
        reseal(&out, from, to);
        for command in ["status", "publish"] {
            let output = program::command().arg(command).arg(&out).timeout(Duration::from_secs(60)).output();
            let output = output.expect("the program");
            assert!(
                matches!(output.status.code(), Some(1 | 2)),
                "{to}: {:?} {}",
                output.status,
                talk(&output)
            );
            assert!(talk(&output).contains("error: "), "{to}: {}", talk(&output));
        }
    }
}

/// What gridloom appends to must be its own.
#[test]
fn nothing_is_written_through_links_or_to_folders() {
    let folder = model(&PERIODS[..1]).write();
    let out = folder.out();
    assert_done(&run(&folder, &out, &[]));
    let victim = folder.path().join("victim");
    std::fs::write(&victim, vec![7; 1000]).expect("a file");
    for name in ["segment-0000", "journal-0000"] {
        let (path, away) = (out.join(".gridloom").join(name), folder.path().join("away"));
        std::fs::rename(&path, &away).expect("a file");
        std::os::unix::fs::symlink(&victim, &path).expect("a link");
        let output = run(&folder, &out, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        assert!(talk(&output).contains("it is a link"), "{}", talk(&output));
        assert_eq!(std::fs::read(&victim).expect("a file"), vec![7; 1000]);
        std::fs::remove_file(&path).expect("a link");
        std::fs::create_dir(&path).expect("a folder");
        assert_eq!(run(&folder, &out, &[]).status.code(), Some(1));
        std::fs::remove_dir(&path).expect("a folder");
        std::fs::rename(&away, &path).expect("a file");
    }
    assert_done(&run(&folder, &out, &[]));
}
