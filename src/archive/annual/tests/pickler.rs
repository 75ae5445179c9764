//! Pickles as joblib writes them, without compression.

use crate::model::element::Element;

/// A pickle that is being written, protocol 4.
pub struct Pickler(Vec<u8>);

impl Pickler {
    pub fn new() -> Self {
        Pickler(vec![0x80, 4, b'}'])
    }

    pub fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.put(b"X");
        self.put(&(text.len() as u32).to_le_bytes());
        self.put(text.as_bytes());
    }

    pub fn whole(&mut self, number: i64) {
        self.put(&[0x8a, 8]);
        self.put(&number.to_le_bytes());
    }

    pub fn float(&mut self, number: f64) {
        self.put(b"G");
        self.put(&number.to_be_bytes());
    }

    fn global(&mut self, module: &str, name: &str) {
        self.text(module);
        self.text(name);
        self.put(&[0x93]);
    }

    /// Puts the value that was written last under the key before it.
    pub fn set(&mut self) {
        self.put(b"s");
    }

    /// An array; `(rows, count)` is in C order, row after row.
    pub fn array(&mut self, element: Element, rows: Option<usize>, count: usize, bytes: &[u8]) {
        self.global("joblib.numpy_pickle", "NumpyArrayWrapper");
        self.put(b")\x81}(");
        self.text("subclass");
        self.global("numpy", "ndarray");
        self.text("shape");
        self.shape(rows, count);
        self.text("order");
        self.text("C");
        self.text("dtype");
        self.dtype(element);
        self.text("allow_mmap");
        self.put(&[0x88]);
        self.text("numpy_array_alignment_bytes");
        self.put(b"K\x10ub");
        let padding = 16 - (self.0.len() + 1) % 16;
        self.0.push(padding as u8);
        self.0.resize(self.0.len() + padding, 0xff);
        self.put(bytes);
    }

    fn shape(&mut self, rows: Option<usize>, count: usize) {
        rows.iter().for_each(|&rows| self.whole(rows as i64));
        self.whole(count as i64);
        self.put(if rows.is_some() { &[0x86] } else { &[0x85] });
    }

    fn dtype(&mut self, element: Element) {
        self.global("numpy", "dtype");
        let kind = if element.is_float() {
            'f'
        } else if is_unsigned(element) {
            'u'
        } else {
            'i'
        };
        self.text(&format!("{kind}{}", element.size()));
        self.put(&[0x89, 0x88, 0x87, b'R']);
        self.put(b"(K\x03");
        self.text(if element.size() == 1 { "|" } else { "<" });
        self.put(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.put(b".");
        self.0
    }
}

fn is_unsigned(element: Element) -> bool {
    matches!(element, Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64)
}
