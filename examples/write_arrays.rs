//! Writes a small file of arrays and records, changes it, and reads it again.
//!
//! `cargo run --release --example write_arrays -- FILE`

use gridloom::archive::Codec;
use gridloom::archive::arrays::{Arrays, Durability, Layout, Writer};
use gridloom::model::element::Element;

fn main() -> gridloom::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "arrays.h5".to_owned());
    let rows = |from: u16, to: u16| -> Vec<u8> {
        (from * 4..to * 4).flat_map(|value| (f32::from(value) / 4.0).to_le_bytes()).collect()
    };
    let mut writer = Writer::create(&path, true)?;
    for (name, layout) in [
        ("plain", Layout { chunk_bytes: 128, codec: None }),
        ("deflate", Layout::packed(Codec::Deflate(4), 256)),
        ("zstd", Layout::packed(Codec::Zstd(3), 256)),
    ] {
        writer.add(name, Element::Float32, &[4], layout)?;
        writer.append(name, &rows(0, 40))?;
    }
    let lines: Vec<String> = (1..30).map(|year| format!("year {year}: {}", "x".repeat(year))).collect();
    writer.add_records("log", 5, 30, Some(Codec::Lz4))?;
    writer.append_records("log", lines.iter().map(String::as_bytes))?;
    writer.commit(Durability::Disk)?;

    // All of this, or nothing.
    writer.replace("plain", &[3, 17], &rows(100, 102))?;
    writer.append("zstd", &rows(40, 45))?;
    writer.commit(Durability::Disk)?;

    let arrays = Arrays::open(&path)?;
    for name in arrays.names() {
        let array = arrays.array(name)?;
        println!("{name}: {:?} {}", array.shape(), array.element().name());
    }
    println!("row 17 of plain: {:?}", arrays.array("plain")?.points(&[17])?.to_f64());
    println!("record 7: {}", String::from_utf8_lossy(&arrays.records("log")?.get(7)?));
    Ok(())
}
