//! Writes every container that a dump can come in.
#![allow(dead_code, reason = "each test uses its part")]

use std::hash::Hasher;
use std::io::{Read, Write};

use gridloom::dump::Container;
use liblzma::stream::{LzmaOptions, Stream};
use liblzma::write::XzEncoder;
use twox_hash::XxHash32;

pub const ALL: [Container; 8] = [
    Container::Plain,
    Container::Lz4,
    Container::Zlib,
    Container::Gzip,
    Container::Bzip2,
    Container::LzmaAlone,
    Container::Xz,
    Container::Zstd,
];

/// Those in which damage to the content shows.
pub const CHECKED: [Container; 6] =
    [Container::Lz4, Container::Zlib, Container::Gzip, Container::Bzip2, Container::Xz, Container::Zstd];

pub fn pack(container: Container, stream: &[u8]) -> Vec<u8> {
    pack_from(container, stream)
}

/// Compresses what a reader gives, with checksums where the container has them.
pub fn pack_from(container: Container, mut stream: impl Read) -> Vec<u8> {
    fn through<W: Write>(
        mut writer: W,
        stream: &mut impl Read,
        finish: impl FnOnce(W) -> std::io::Result<Vec<u8>>,
    ) -> Vec<u8> {
        std::io::copy(stream, &mut writer).expect("compresses");
        finish(writer).expect("finishes")
    }
    let stream = &mut stream;
    let lzma = || LzmaOptions::new_preset(1).expect("a preset");
    match container {
        Container::Plain => through(Vec::new(), stream, Ok),
        Container::Lz4 => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("reads");
            Frame::CHECKED.write(&bytes)
        }
        Container::Zlib => {
            through(flate2::write::ZlibEncoder::new(Vec::new(), Default::default()), stream, |w| w.finish())
        }
        Container::Gzip => {
            through(flate2::write::GzEncoder::new(Vec::new(), Default::default()), stream, |w| w.finish())
        }
        Container::Bzip2 => {
            let level = bzip2::Compression::fast();
            through(bzip2::write::BzEncoder::new(Vec::new(), level), stream, |w| w.finish())
        }
        Container::LzmaAlone => {
            let encoder = Stream::new_lzma_encoder(&lzma()).expect("an encoder");
            through(XzEncoder::new_stream(Vec::new(), encoder), stream, |w| w.finish())
        }
        Container::Xz => through(XzEncoder::new(Vec::new(), 1), stream, |w| w.finish()),
        Container::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
            encoder.include_checksum(true).expect("a checksum");
            through(encoder, stream, |w| w.finish())
        }
        other => panic!("{other} is new to the tests"),
    }
}

/// What an LZ4 frame is made with.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub linked: bool,
    pub block_checksums: bool,
    pub content_checksum: bool,
    pub content_size: bool,
    /// 4 to 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB.
    pub block_code: u8,
}

impl Frame {
    pub const CHECKED: Frame = Frame {
        linked: false,
        block_checksums: true,
        content_checksum: true,
        content_size: true,
        block_code: 4,
    };

    /// As joblib writes them.
    pub const JOBLIB: Frame = Frame {
        linked: true,
        block_checksums: false,
        content_checksum: false,
        content_size: false,
        block_code: 4,
    };

    fn block_size(self) -> usize {
        1 << (8 + 2 * self.block_code)
    }

    /// Magic, flags and header checksum.
    pub fn header(self, content_size: u64) -> Vec<u8> {
        let flags = 0x40
            | u8::from(!self.linked) << 5
            | u8::from(self.block_checksums) << 4
            | u8::from(self.content_size) << 3
            | u8::from(self.content_checksum) << 2;
        let mut described = vec![flags, self.block_code << 4];
        if self.content_size {
            described.extend(content_size.to_le_bytes());
        }
        let checksum = (xxh32(&described) >> 8) as u8;
        let mut bytes = 0x184d_2204u32.to_le_bytes().to_vec();
        bytes.extend(described);
        bytes.push(checksum);
        bytes
    }

    /// A block with its length in front of it; stored where it does not become smaller.
    pub fn block(self, content: &[u8], before: &[u8]) -> Vec<u8> {
        let dictionary = if self.linked { &before[before.len().saturating_sub(64 << 10)..] } else { &[] };
        let compressed = lz4_flex::block::compress_with_dict(content, dictionary);
        let (mark, data) =
            if compressed.len() < content.len() { (0, compressed.as_slice()) } else { (1 << 31, content) };
        self.raw_block(mark | data.len() as u32, data)
    }

    pub fn raw_block(self, word: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = word.to_le_bytes().to_vec();
        bytes.extend(data);
        if self.block_checksums {
            bytes.extend(xxh32(data).to_le_bytes());
        }
        bytes
    }

    pub fn end(self, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        if self.content_checksum {
            bytes.extend(xxh32(content).to_le_bytes());
        }
        bytes
    }

    pub fn write(self, content: &[u8]) -> Vec<u8> {
        let mut bytes = self.header(content.len() as u64);
        for start in (0..content.len()).step_by(self.block_size()) {
            let end = content.len().min(start + self.block_size());
            bytes.extend(self.block(&content[start..end], &content[..start]));
        }
        bytes.extend(self.end(content));
        bytes
    }
}

pub fn xxh32(bytes: &[u8]) -> u32 {
    let mut hasher = XxHash32::with_seed(0);
    hasher.write(bytes);
    hasher.finish_32()
}
