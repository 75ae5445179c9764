//! A small pickle writer: single operations for what no Python would write, and plain values in protocols 2 to 5.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::HashMap;

/// A pickle under construction, operation by operation.
#[derive(Debug, Clone)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    pub fn new() -> Self {
        Pickle(vec![0x80, 5])
    }

    pub fn op(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend(bytes.as_ref());
        self
    }

    pub fn times(mut self, count: usize, bytes: impl AsRef<[u8]>) -> Self {
        for _ in 0..count {
            self.0.extend(bytes.as_ref());
        }
        self
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.op(format!("c{module}\n{name}\n"))
    }

    pub fn text(self, text: &str) -> Self {
        self.op([0x8d]).op((text.len() as u64).to_le_bytes()).op(text)
    }

    pub fn int(self, value: i64) -> Self {
        self.op([0x8a, 8]).op(value.to_le_bytes())
    }

    /// A tuple of whole numbers.
    pub fn ints(self, values: &[i64]) -> Self {
        values.iter().fold(self.op(b"("), |pickle, &value| pickle.int(value)).op(b"t")
    }

    /// `numpy.dtype(text, False, True)` with the byte order as its state.
    pub fn dtype(self, text: &str, order: &str) -> Self {
        self.global("numpy", "dtype")
            .text(text)
            .op([0x89, 0x88, 0x87, b'R'])
            .dtype_state(order, |p| p.op(b"NN"))
    }

    /// The state of a data type, with what `names` pushes as its names and fields.
    pub fn dtype_state(self, order: &str, names: impl FnOnce(Self) -> Self) -> Self {
        names(self.op(b"(K\x03").text(order).op(b"N")).op(b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")
    }

    /// joblib's wrapper with its attributes, the data right behind it.
    pub fn joblib_array(
        self,
        shape: &[i64],
        order: &str,
        dtype: impl FnOnce(Self) -> Self,
        data: &[u8],
    ) -> Self {
        let wrapper = self.global("joblib.numpy_pickle", "NumpyArrayWrapper").op([b')', 0x81, b'}', b'(']);
        let wrapper = wrapper.text("shape").ints(shape).text("order").text(order).text("dtype");
        let mut pickle = dtype(wrapper).text("numpy_array_alignment_bytes").op(b"K\x10ub");
        let padding = 16 - (pickle.0.len() + 1) % 16;
        pickle.0.push(padding as u8);
        pickle.0.resize(pickle.0.len() + padding, 0xff);
        pickle.op(data)
    }

    pub fn end(self) -> Vec<u8> {
        self.op(b".").0
    }
}

/// A value that both a pickle and a test can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    None,
    Bool(bool),
    Int(i64),
    /// More than 64 bits.
    Wide(i128),
    /// By its bits, so that NaNs are equal.
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Plain>),
    Tuple(Vec<Plain>),
    Dict(Vec<(Plain, Plain)>),
    /// `<u2` in one dimension, as joblib embeds it.
    Array(Vec<u16>),
    /// Any array, as joblib embeds it in C order.
    Shaped(Vec<i64>, Numbers),
    /// A numpy scalar.
    Scalar(Numbers),
}

/// Numbers of a type in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    pub dtype: &'static str,
    pub order: &'static str,
    pub data: Vec<u8>,
}

/// A value as a pickle of protocol 2, 3, 4 or 5, with the operations that Python would choose.
pub fn write(value: &Plain, protocol: u8) -> Vec<u8> {
    let mut writer =
        Writer { pickle: Pickle(vec![0x80, protocol]), protocol, memo: HashMap::new(), stored: 0 };
    if protocol >= 4 {
        // The length is a hint that no reader needs; a wrong one must not matter.
        writer.raw(&[0x95]);
        writer.raw(&[0; 8]);
    }
    writer.value(value);
    writer.raw(b".");
    writer.pickle.0
}

struct Writer {
    pickle: Pickle,
    protocol: u8,
    memo: HashMap<String, u32>,
    stored: u32,
}

impl Writer {
    fn raw(&mut self, bytes: &[u8]) {
        self.pickle.0.extend(bytes);
    }

    /// Stores the value on top of the stack, as Python does with everything but numbers.
    fn store(&mut self) -> u32 {
        match self.stored {
            _ if self.protocol >= 4 => self.raw(&[0x94]),
            index @ 0..=0xff => self.raw(&[b'q', index as u8]),
            index => {
                self.raw(b"r");
                self.raw(&index.to_le_bytes());
            }
        }
        self.stored += 1;
        self.stored - 1
    }

    fn fetch(&mut self, index: u32) {
        if index < 256 {
            self.raw(&[b'h', index as u8]);
        } else {
            self.raw(b"j");
            self.raw(&index.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(&index) = self.memo.get(text) {
            return self.fetch(index);
        }
        self.new_text(text);
        let index = self.store();
        self.memo.insert(text.to_owned(), index);
    }

    fn new_text(&mut self, text: &str) {
        if self.protocol >= 4 && text.len() < 256 {
            self.raw(&[0x8c, text.len() as u8]);
        } else {
            self.raw(b"X");
            self.raw(&(text.len() as u32).to_le_bytes());
        }
        self.raw(text.as_bytes());
    }

    fn global(&mut self, module: &str, name: &str) {
        if self.protocol >= 4 {
            self.text(module);
            self.text(name);
            self.raw(&[0x93]);
        } else {
            self.raw(format!("c{module}\n{name}\n").as_bytes());
        }
        self.store();
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.protocol == 2 {
            self.global("_codecs", "encode");
            let latin: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            self.new_text(&latin);
            self.text("latin1");
            self.raw(&[0x86, b'R']);
        } else if bytes.len() < 256 {
            self.raw(&[b'C', bytes.len() as u8]);
            self.raw(bytes);
        } else {
            self.raw(b"B");
            self.raw(&(bytes.len() as u32).to_le_bytes());
            self.raw(bytes);
        }
        self.store();
    }

    fn int(&mut self, value: i64) {
        match (u8::try_from(value), u16::try_from(value), i32::try_from(value)) {
            (Ok(value), _, _) => self.raw(&[b'K', value]),
            (_, Ok(value), _) => self.raw(&[&b"M"[..], &value.to_le_bytes()].concat()),
            (_, _, Ok(value)) => self.raw(&[&b"J"[..], &value.to_le_bytes()].concat()),
            _ => self.long(i128::from(value)),
        }
    }

    /// As many bytes as the sign needs.
    fn long(&mut self, value: i128) {
        let bytes = value.to_le_bytes();
        let sign = if value < 0 { 0xff } else { 0 };
        let needed = |length: &usize| {
            let (head, tail) = bytes.split_at(*length);
            tail.iter().all(|&byte| byte == sign) && head.last().is_some_and(|byte| (byte ^ sign) & 0x80 == 0)
        };
        let length = (1..16).find(needed).unwrap_or(16);
        self.raw(&[0x8a, length as u8]);
        self.raw(&bytes[..length]);
    }

    fn value(&mut self, value: &Plain) {
        match value {
            Plain::None => self.raw(b"N"),
            Plain::Bool(value) => self.raw(&[if *value { 0x88 } else { 0x89 }]),
            Plain::Int(value) => self.int(*value),
            Plain::Wide(value) => self.long(*value),
            Plain::Float(bits) => self.raw(&[&b"G"[..], &bits.to_be_bytes()].concat()),
            Plain::Text(text) => self.text(text),
            Plain::Bytes(bytes) => self.bytes(bytes),
            Plain::List(items) => {
                self.raw(b"]");
                self.store();
                // Python appends a thousand at a time, and a single one by an operation of its own.
                for batch in items.chunks(3) {
                    self.batch(batch, b'a', b'e');
                }
            }
            Plain::Tuple(items) if items.len() <= 3 => {
                items.iter().for_each(|item| self.value(item));
                self.raw(&[[b')', 0x85, 0x86, 0x87][items.len()]]);
            }
            Plain::Tuple(items) => {
                self.raw(b"(");
                items.iter().for_each(|item| self.value(item));
                self.raw(b"t");
                self.store();
            }
            Plain::Dict(entries) => {
                self.raw(b"}");
                self.store();
                for batch in entries.chunks(3) {
                    let flat: Vec<Plain> =
                        batch.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
                    self.batch(&flat, b's', b'u');
                }
            }
            Plain::Array(values) => {
                let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                let numbers = Numbers { dtype: "u2", order: "<", data };
                self.array(&[values.len() as i64], &numbers);
            }
            Plain::Shaped(shape, numbers) => self.array(shape, numbers),
            Plain::Scalar(numbers) => {
                let pickle = std::mem::replace(&mut self.pickle, Pickle(Vec::new()));
                let pickle = pickle.global("numpy._core.multiarray", "scalar");
                let pickle = pickle.dtype(numbers.dtype, numbers.order).op([b'C', numbers.data.len() as u8]);
                self.pickle = pickle.op(&numbers.data).op([0x86, b'R']);
            }
        }
    }

    fn array(&mut self, shape: &[i64], numbers: &Numbers) {
        let pickle = std::mem::replace(&mut self.pickle, Pickle(Vec::new()));
        let dtype = |pickle: Pickle| pickle.dtype(numbers.dtype, numbers.order);
        self.pickle = pickle.joblib_array(shape, "C", dtype, &numbers.data);
    }

    fn batch(&mut self, items: &[Plain], one: u8, many: u8) {
        let single = items.len() == if one == b'a' { 1 } else { 2 };
        if !single {
            self.raw(b"(");
        }
        items.iter().for_each(|item| self.value(item));
        self.raw(&[if single { one } else { many }]);
    }
}
