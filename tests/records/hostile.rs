//! What nobody should have put among files of records: each is named, in bounded time and memory, and the others' records are all there.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;

use gridloom_testkit::{files, program};

use super::table::Table;

#[test]
fn strange_files_are_named_and_cost_nothing_else() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let good = table.text(0..table.cells()).into_bytes();
    let header = table.header().into_bytes();
    let long_line = [header.clone(), vec![b'7'; 40 << 20], b"\n".to_vec()].concat();
    let long_number =
        format!("{}{:>9.2}{:>9.2}{:>8}{}\n", table.header(), 0.25, 0.25, 1990, " 1".repeat(4)).into_bytes();
    let digits =
        String::from_utf8(long_number).expect("text").replacen(" 1", &format!(" {}", "1".repeat(1 << 20)), 1);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&header).expect("memory");
    let zeros = vec![0; 1 << 20];
    (0..2048).for_each(|_| bomb.write_all(&zeros).expect("memory"));
    let bomb = bomb.finish().expect("memory");
    let cut = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&good).expect("memory");
        let packed = packed.finish().expect("memory");
        packed[..packed.len() / 2].to_vec()
    };
    let latin = [header.clone(), b"  \xe9\xe8 1 2\n".to_vec()].concat();
    let description = table.describe(
        folder.path(),
        "run*/lai.out",
        &[
            ("run0/lai.out", good),
            ("run1/lai.out", long_line),
            ("run2/lai.out", digits.into_bytes()),
            ("run3/lai.out", bomb),
            ("run4/lai.out", cut),
            ("run5/lai.out", latin),
            ("run6/lai.out", vec![0x93; 5000]),
        ],
    );
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("run7")).expect("a folder");
    assert!(Command::new("mkfifo").arg(at("run7/lai.out")).status().expect("mkfifo").success());
    symlink(at("run8"), at("run8")).expect("a link to itself");
    std::fs::create_dir(at("run9")).expect("a folder");
    symlink(at("nowhere"), at("run9/lai.out")).expect("a link to nothing");
    let out = at("out");
    let done = program::command()
        .args(["grid", "--rows", "dimension", "--quiet", "--memory", "256MiB", "-o"])
        .args([&out, &description])
        .timeout(std::time::Duration::from_secs(120))
        .output()
        .expect("the program");
    assert_eq!(done.status.code(), Some(3), "{}", program::talk(&done));
    super::laws::assert_holds(&out, &table, |_, _| false);
    let report = files::report(&out);
    let faults = report["records"]["faults"].as_array().expect("a list");
    for number in [1, 2, 3, 4, 5, 6, 7, 9] {
        let name = format!("run{number}/lai.out");
        assert!(faults.iter().any(|fault| fault["file"] == name), "{name} in {faults:?}");
    }
    let peak = report["peak_memory_bytes"].as_u64().expect("a number");
    assert!(peak < (256 + 150) << 20, "{peak} bytes");
}
