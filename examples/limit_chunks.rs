//! The limit that figures are measured against: all chunks of a variable read and inflated by libdeflate on some threads, and
//! nothing done with them. Prints the seconds as JSON.
//!
//! usage: limit_chunks FILE VARIABLE [THREADS]

use std::error::Error;
use std::os::unix::fs::FileExt;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, variable, more @ ..] = arguments.as_slice() else {
        return Err("usage: limit_chunks FILE VARIABLE [THREADS]".into());
    };
    let threads = match more.first() {
        Some(threads) => threads.parse()?,
        None => std::thread::available_parallelism()?.get(),
    };
    let dataset = hdf5_metno::File::open(path)?.dataset(variable)?;
    let chunks: Vec<(u64, u64)> = (0..dataset.num_chunks().unwrap_or(0))
        .filter_map(|index| dataset.chunk_info(index))
        .map(|chunk| (chunk.addr, chunk.size))
        .collect();
    let elements: usize = dataset.chunk().ok_or("the variable is not in chunks")?.iter().product();
    let size = elements * dataset.dtype()?.size() + 4;
    let file = std::fs::File::open(path)?;
    let begun = Instant::now();
    let one = |thread: usize| -> Result<(), String> {
        let (mut bytes, mut out) = (Vec::new(), vec![0; size]);
        let mut decoder = libdeflater::Decompressor::new();
        for (address, length) in chunks.iter().skip(thread).step_by(threads) {
            bytes.resize(*length as usize, 0);
            file.read_exact_at(&mut bytes, *address).map_err(|error| error.to_string())?;
            decoder.zlib_decompress(&bytes, &mut out).map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let one = &one;
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let stored: u64 = chunks.iter().map(|(_, length)| length).sum();
    println!(
        "{}",
        serde_json::json!({
            "limit_seconds": seconds,
            "chunks": chunks.len(),
            "stored_bytes": stored,
            "inflated_bytes": chunks.len() * size,
            "threads": threads,
        })
    );
    Ok(())
}
