//! Times the array workloads of NumPack's published table and the record workloads of ArrayRecord's guide on gridloom's arrays.
//!
//! `cargo run --release --example time_arrays -- FOLDER arrays|records` prints a line of JSON for each: what, and the milliseconds of each
//! repetition. `scripts/bench --arrays` does it beside the others.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gridloom::archive::Codec;
use gridloom::archive::arrays::{Arrays, Durability, Layout, Writer};
use gridloom::model::element::Element;

type Done = Result<(), Box<dyn std::error::Error>>;

const COLUMNS: u64 = 10;
const ROW: usize = 40;

fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    match arguments.next().as_deref() {
        Some("records") => {
            for group in [1, 100, 1000] {
                for (name, codec) in
                    [("none", None), ("lz4", Some(Codec::Lz4)), ("zstd", Some(Codec::Zstd(3)))]
                {
                    records(&folder, group, name, codec)?;
                }
            }
            Ok(())
        }
        _ => [1_000_000, 100_000].into_iter().try_for_each(|rows| arrays(&folder, rows)),
    }
}

/// Repeats something and prints its times.
fn time(what: &str, repeat: usize, mut work: impl FnMut() -> Done) -> Done {
    let mut times = Vec::new();
    for _ in 0..repeat {
        let start = Instant::now();
        work()?;
        times.push(format!("{:.5}", 1e3 * start.elapsed().as_secs_f64()));
    }
    println!("{{\"what\": \"{what}\", \"ms\": [{}]}}", times.join(", "));
    Ok(())
}

fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    }
}

fn arrays(folder: &Path, rows: u64) -> Done {
    let mut path = PathBuf::new();
    let mut next = random(rows);
    let data: Vec<u8> =
        (0..rows * COLUMNS).flat_map(|_| (next(1 << 24) as f32 / 16_777_216.0).to_le_bytes()).collect();
    let some: Vec<u8> = data.iter().copied().take(100 * ROW).collect();
    let places: Vec<u64> = (0..1000).map(|_| next(rows)).collect();
    let hundred: Vec<u64> = places.iter().copied().take(100).collect();
    let first: Vec<u64> = (0..100).collect();
    let name = |what: &str| format!("{rows} {what}");

    let mut nth = 0;
    let mut save = |durability: Durability| -> Result<PathBuf, Box<dyn std::error::Error>> {
        // Each time another file: to replace one is to wait for the disk, on some file systems.
        nth += 1;
        let path = folder.join(format!("arrays-{rows}-{nth}.h5"));
        let mut writer = Writer::create(&path, true)?;
        writer.add("a", Element::Float32, &[COLUMNS], Layout::PLAIN)?;
        writer.append("a", &data)?;
        writer.commit(durability)?;
        Ok(path)
    };
    time(&name("save"), 7, || {
        path = save(Durability::Process)?;
        Ok(())
    })?;
    let archive = Arrays::open(&path)?;
    time(&name("full load"), 9, || {
        std::hint::black_box(archive.array("a")?.all()?);
        Ok(())
    })?;
    time(&name("lazy open"), 99, || {
        std::hint::black_box(archive.array("a")?.rows());
        Ok(())
    })?;
    // SAFETY: the file lies in a folder of this program, and nothing but gridloom writes into it.
    #[allow(unsafe_code)]
    let map = unsafe { archive.array("a")?.map() }?;
    time(&name("1000 random rows"), 31, || {
        std::hint::black_box(map.points(&places));
        Ok(())
    })?;
    drop(map);
    let mut writer = Writer::open(&path)?;
    let few = |writer: &mut Writer, what: &str, durability: Durability, repeat: usize| -> Done {
        for (rows, places) in [("the first 100 rows", &first), ("100 random rows", &hundred)] {
            time(&name(&format!("replace {rows}{what}")), repeat, || {
                writer.replace("a", places, &some)?;
                Ok(writer.commit(durability)?)
            })?;
        }
        time(&name(&format!("append 100 rows{what}")), repeat, || {
            writer.append("a", &some)?;
            Ok(writer.commit(durability)?)
        })
    };
    few(&mut writer, "", Durability::Process, 31)?;
    let pairs = || hundred.iter().zip(some.chunks(ROW));
    time(&name("100 changes one by one"), 9, || {
        for (&place, row) in pairs() {
            writer.replace("a", &[place], row)?;
            writer.commit(Durability::Process)?;
        }
        Ok(())
    })?;
    time(&name("100 changes in a batch"), 9, || {
        for (&place, row) in pairs() {
            writer.replace("a", &[place], row)?;
        }
        Ok(writer.commit(Durability::Process)?)
    })?;
    time(&name("100 changes through a view"), 9, || {
        for (&place, row) in pairs() {
            writer.row_mut("a", place)?.copy_from_slice(row);
        }
        Ok(writer.commit(Durability::Process)?)
    })?;
    few(&mut writer, ", synced", Durability::Disk, 9)?;
    time(&name("save, synced"), 3, || save(Durability::Disk).map(|_| ()))
}

fn records(folder: &Path, group: usize, codec: &str, layout: Option<Codec>) -> Done {
    let mut path = PathBuf::new();
    let all: Vec<String> =
        (0..10_000).map(|index| format!("Test record {index}: {}", "x".repeat(200))).collect();
    let name = |what: &str| format!("group {group} {codec} {what}");
    let mut nth = 0;
    time(&name("write"), 7, || {
        nth += 1;
        path = folder.join(format!("records-{group}-{codec}-{nth}.h5"));
        let mut writer = Writer::create(&path, true)?;
        writer.add_records("log", group, 218, layout)?;
        writer.append_records("log", all.iter().map(String::as_bytes))?;
        Ok(writer.commit(Durability::Process)?)
    })?;
    println!("{{\"what\": \"{}\", \"bytes\": {}}}", name("size"), std::fs::metadata(&path)?.len());
    let arrays = Arrays::open(&path)?;
    let log = arrays.records("log")?;
    let mut next = random(7);
    let places: Vec<u64> = (0..1000).map(|_| next(log.len())).collect();
    time(&name("sequential"), 9, || {
        for record in log.all(1 << 20) {
            std::hint::black_box(record?);
        }
        Ok(())
    })?;
    time(&name("1000 random singly"), 9, || {
        for &place in &places {
            std::hint::black_box(log.get(place)?);
        }
        Ok(())
    })?;
    time(&name("1000 random in batches"), 9, || {
        for places in places.chunks(100) {
            std::hint::black_box(log.points(places)?);
        }
        Ok(())
    })
}
