//! Writes a dict of arrays as joblib does: a pickle with each array's raw data behind the operation that describes it.

use std::collections::HashMap;
use std::io::Write;

/// What is around the pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Nothing.
    Plain,
    /// A zlib stream.
    Zlib,
    /// An LZ4 frame.
    Lz4,
}

/// In which of joblib's ways a dump is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// 2, without frames and memo of texts, or 5 with both.
    pub protocol: u8,
    /// What is around it.
    pub container: Container,
    /// Whether data is padded to 16 bytes, as joblib does since 1.2.
    pub aligned: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style { protocol: 5, container: Container::Lz4, aligned: true }
    }
}

/// An array with its data in the order of memory.
#[derive(Debug, Clone)]
pub struct Array {
    /// As numpy writes it: `<f4`, `>i2`, `|u1`.
    pub dtype: String,
    /// Its lengths.
    pub shape: Vec<usize>,
    /// Whether the first dimension is what differs from one value to the next.
    pub fortran: bool,
    /// Its values.
    pub bytes: Vec<u8>,
}

/// A value of the dict.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A numpy array.
    Array(Array),
    /// A numpy masked array, and its mask, a byte an element.
    Masked(Array, Vec<u8>),
    /// Python's list of floats.
    List(Vec<f64>),
    /// The same of lists.
    Lists(Vec<Vec<f64>>),
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// Dicts by whole numbers.
    Numbered(Vec<(i64, Vec<(String, Entry)>)>),
    /// Operations that push one value.
    Raw(Vec<u8>),
}

/// The bytes of a file that holds the dict.
pub fn write(entries: &[(String, Entry)], style: Style) -> Vec<u8> {
    let mut pickle =
        Pickler { style, out: vec![0x80, style.protocol], frame: Vec::new(), memo: HashMap::new() };
    pickle.dict(entries);
    pickle.put(b".");
    pickle.flush();
    match style.container {
        Container::Plain => pickle.out,
        Container::Zlib => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(3));
            encoder.write_all(&pickle.out).expect("memory");
            encoder.finish().expect("memory")
        }
        Container::Lz4 => {
            let info = lz4_flex::frame::FrameInfo::new().block_mode(lz4_flex::frame::BlockMode::Linked);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(&pickle.out).expect("memory");
            encoder.finish().expect("memory")
        }
    }
}

struct Pickler {
    style: Style,
    out: Vec<u8>,
    /// What was written since the last frame or array.
    frame: Vec<u8>,
    memo: HashMap<String, u8>,
}

impl Pickler {
    fn is_new(&self) -> bool {
        self.style.protocol >= 4
    }

    fn put(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
    }

    fn dict(&mut self, entries: &[(String, Entry)]) {
        self.put(b"}(");
        for (key, value) in entries {
            self.text(key);
            self.entry(value);
        }
        self.put(b"u");
    }

    fn entry(&mut self, value: &Entry) {
        match value {
            Entry::Array(array) => self.array(array),
            Entry::Text(text) => self.text(text),
            Entry::Int(number) => self.int(*number),
            Entry::Float(number) => self.float(*number),
            Entry::Masked(array, mask) => self.masked(array, mask),
            Entry::List(items) => self.list(items),
            Entry::Lists(rows) => {
                self.put(b"](");
                rows.iter().for_each(|row| self.list(row));
                self.put(b"e");
            }
            Entry::Numbered(dicts) => {
                self.put(b"}(");
                for (number, entries) in dicts {
                    self.int(*number);
                    self.dict(entries);
                }
                self.put(b"u");
            }
            Entry::Raw(operations) => self.put(operations),
        }
    }

    /// Ends the frame, behind which raw data can stand.
    fn flush(&mut self) {
        if self.is_new() {
            self.out.push(0x95);
            self.out.extend_from_slice(&(self.frame.len() as u64).to_le_bytes());
        }
        self.out.append(&mut self.frame);
    }

    /// Fetches what was stored under this name, if something was.
    fn recall(&mut self, name: &str) -> bool {
        let index = self.memo.get(name).copied();
        if let Some(index) = index {
            self.put(&[b'h', index]);
        }
        index.is_some()
    }

    fn store(&mut self, name: String) {
        let index = u8::try_from(self.memo.len()).expect("few texts and types");
        self.memo.insert(name, index);
        if self.is_new() {
            self.put(&[0x94]);
        } else {
            self.put(&[b'q', index]);
        }
    }

    fn text(&mut self, text: &str) {
        let name = format!("text {text}");
        if self.recall(&name) {
            return;
        }
        if self.is_new() && text.len() < 256 {
            self.put(&[0x8c, text.len() as u8]);
        } else {
            self.put(b"X");
            self.put(&(text.len() as u32).to_le_bytes());
        }
        self.put(text.as_bytes());
        self.store(name);
    }

    fn int(&mut self, number: i64) {
        if let Ok(byte) = u8::try_from(number) {
            self.put(&[b'K', byte]);
        } else if let Ok(number) = i32::try_from(number) {
            self.put(b"J");
            self.put(&number.to_le_bytes());
        } else {
            self.put(&[0x8a, 8]);
            self.put(&number.to_le_bytes());
        }
    }

    fn global(&mut self, module: &str, name: &str) {
        if self.is_new() {
            self.text(module);
            self.text(name);
            self.put(&[0x93]);
        } else {
            self.put(format!("c{module}\n{name}\n").as_bytes());
        }
    }

    fn dtype(&mut self, dtype: &str) {
        let name = format!("dtype {dtype}");
        if self.recall(&name) {
            return;
        }
        let (order, kind) = dtype.split_at(1);
        self.global("numpy", "dtype");
        self.text(kind);
        self.put(&[0x89, 0x88, 0x87, b'R']);
        self.store(name);
        self.put(b"(K\x03");
        self.text(order);
        self.put(b"NNN");
        self.int(-1);
        self.int(-1);
        self.put(b"K\x00tb");
    }

    fn list(&mut self, items: &[f64]) {
        self.put(b"](");
        items.iter().for_each(|item| self.float(*item));
        self.put(b"e");
    }

    fn float(&mut self, number: f64) {
        self.put(b"G");
        self.put(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.put(b"B");
        self.put(&(bytes.len() as u32).to_le_bytes());
        self.put(bytes);
    }

    /// As joblib leaves it to numpy: the data stands in the pickle.
    fn masked(&mut self, array: &Array, mask: &[u8]) {
        self.global("numpy.ma.core", "_mareconstruct");
        self.put(b"(");
        self.global("numpy.ma", "MaskedArray");
        self.global("numpy", "ndarray");
        self.put(b"K\x00\x85");
        self.bytes(b"b");
        self.put(b"tR(K\x01");
        for &size in &array.shape {
            self.int(size as i64);
        }
        self.put(&[0x84 + array.shape.len() as u8]);
        self.dtype(&array.dtype);
        self.put(&[if array.fortran { 0x88 } else { 0x89 }]);
        self.bytes(&array.bytes);
        self.bytes(mask);
        self.put(b"Ntb");
    }

    fn array(&mut self, array: &Array) {
        self.global("joblib.numpy_pickle", "NumpyArrayWrapper");
        self.put(b")\x81}(");
        self.text("subclass");
        self.global("numpy", "ndarray");
        self.text("shape");
        for &size in &array.shape {
            self.int(size as i64);
        }
        self.put(&[0x84 + array.shape.len() as u8]);
        self.text("order");
        self.text(if array.fortran { "F" } else { "C" });
        self.text("dtype");
        self.dtype(&array.dtype);
        self.text("allow_mmap");
        self.put(&[0x88]);
        if self.style.aligned {
            self.text("numpy_array_alignment_bytes");
            self.int(16);
        }
        self.put(b"ub");
        self.flush();
        if self.style.aligned {
            let padding = 16 - (self.out.len() + 1) % 16;
            self.out.push(padding as u8);
            self.out.resize(self.out.len() + padding, 0xff);
        }
        self.out.extend_from_slice(&array.bytes);
    }
}
