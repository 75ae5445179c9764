use std::os::unix::fs::FileExt;
use std::time::Instant;

use gridloom::figure::{Draft, Gather, Spec};

/// Reads and inflates every chunk of a variable, and does nothing with it, on so many threads. Seconds.
fn inflate(path: &str, variable: &str, threads: usize) -> f64 {
    let dataset = hdf5_metno::File::open(path).expect("a file").dataset(variable).expect("a dataset");
    let chunks: Vec<(u64, u64)> = (0..dataset.num_chunks().expect("chunks"))
        .filter_map(|index| dataset.chunk_info(index))
        .map(|chunk| (chunk.addr, chunk.size))
        .collect();
    let size = dataset.chunk().expect("a shape").iter().product::<usize>() * 4 + 4;
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let chunks = &chunks;
            scope.spawn(move || {
                let file = std::fs::File::open(path).expect("a file");
                let (mut bytes, mut out) = (Vec::new(), vec![0; size]);
                let mut decoder = libdeflater::Decompressor::new();
                for (address, length) in chunks.iter().skip(thread).step_by(threads) {
                    bytes.resize(*length as usize, 0);
                    file.read_exact_at(&mut bytes, *address).expect("bytes");
                    decoder.zlib_decompress(&bytes, &mut out).expect("a chunk");
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}

#[test]
#[ignore = "a measurement: GRIDLOOM_SPEED_FILE names a grid of npp"]
fn maps_against_reading_and_inflating() {
    let path = std::env::var("GRIDLOOM_SPEED_FILE").expect("GRIDLOOM_SPEED_FILE");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    for stat in ["mean", "sum", "std", "trend"] {
        let spec: Spec =
            toml::from_str(&format!("kind = 'map'\ninput = '{path}'\nstat = '{stat}'")).expect("settings");
        let (mut limit, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            limit.push(inflate(&path, "npp", 2));
            let begun = Instant::now();
            pool.install(|| {
                let mut gather = Gather::default();
                let draft = Draft::of(&spec, &mut gather).expect("a draft");
                let scene = draft.draw(&spec, &gather.run()).expect("a picture");
                let _ = gridloom::draw::encode(&scene, gridloom::draw::Format::Png, 200.0).expect("a file");
            });
            whole.push(begun.elapsed().as_secs_f64());
        }
        let mut ratios: Vec<f64> = whole.iter().zip(&limit).map(|(whole, limit)| whole / limit).collect();
        let median = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (limit, whole, ratio) = (median(&mut limit), median(&mut whole), median(&mut ratios));
        println!("{stat}: limit {limit:.3} s, with digest and picture {whole:.3} s, {ratio:.2} times");
    }
}
