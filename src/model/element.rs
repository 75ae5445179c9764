//! The types of numbers that outputs hold.

/// The type of a variable's values: always the dump's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Element {
    Float32,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
}

impl Element {
    /// All of them.
    pub const ALL: [Element; 10] = [
        Element::Float32,
        Element::Float64,
        Element::Int8,
        Element::Int16,
        Element::Int32,
        Element::Int64,
        Element::UInt8,
        Element::UInt16,
        Element::UInt32,
        Element::UInt64,
    ];

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Element::Int8 | Element::UInt8 => 1,
            Element::Int16 | Element::UInt16 => 2,
            Element::Float32 | Element::Int32 | Element::UInt32 => 4,
            Element::Float64 | Element::Int64 | Element::UInt64 => 8,
        }
    }

    /// Its name, as numpy has it.
    pub fn name(self) -> &'static str {
        match self {
            Element::Float32 => "float32",
            Element::Float64 => "float64",
            Element::Int8 => "int8",
            Element::Int16 => "int16",
            Element::Int32 => "int32",
            Element::Int64 => "int64",
            Element::UInt8 => "uint8",
            Element::UInt16 => "uint16",
            Element::UInt32 => "uint32",
            Element::UInt64 => "uint64",
        }
    }

    /// The element of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Element::ALL.into_iter().find(|element| element.name() == name)
    }

    /// Itself, at a place that can be borrowed for ever.
    pub(crate) fn shared(self) -> &'static Element {
        static ALL: [Element; 10] = Element::ALL;
        ALL.iter().find(|element| **element == self).unwrap_or(&ALL[0])
    }

    /// Whether values are floats, which can be NaN.
    pub fn is_float(self) -> bool {
        matches!(self, Element::Float32 | Element::Float64)
    }

    /// The value that marks a masked place, little endian, as long as a value is: 1e20 of floats, and of whole numbers what the
    /// NetCDF library fills with.
    pub const fn fill_bytes(self) -> &'static [u8] {
        match self {
            Element::Float32 => const { &1e20f32.to_le_bytes() },
            Element::Float64 => const { &1e20f64.to_le_bytes() },
            Element::Int8 => const { &(-127i8).to_le_bytes() },
            Element::Int16 => const { &(-32767i16).to_le_bytes() },
            Element::Int32 => const { &(-2_147_483_647i32).to_le_bytes() },
            Element::Int64 => const { &(-9_223_372_036_854_775_806i64).to_le_bytes() },
            Element::UInt8 => const { &255u8.to_le_bytes() },
            Element::UInt16 => const { &65535u16.to_le_bytes() },
            Element::UInt32 => const { &4_294_967_295u32.to_le_bytes() },
            Element::UInt64 => const { &18_446_744_073_709_551_614u64.to_le_bytes() },
        }
    }

    /// [`fill_bytes`](Self::fill_bytes), and zeros behind them.
    pub fn fill(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(self.fill_bytes()).for_each(|(target, byte)| *target = *byte);
        bytes
    }
}

impl Element {
    /// Values as double precision, NaN where they are the fill value.
    #[cfg(feature = "netcdf")]
    pub(crate) fn widen(self, bytes: &[u8], target: &mut [f64]) {
        self.widen_apart(bytes, (self.size(), false), target);
    }

    /// The same of values that are `step` bytes apart, and maybe the other way round.
    pub(crate) fn widen_apart(self, bytes: &[u8], (step, is_big): (usize, bool), target: &mut [f64]) {
        macro_rules! widen {
            ($number:ty, $size:literal) => {{
                let fill =
                    self.fill().first_chunk::<$size>().map_or(0 as $number, |b| <$number>::from_le_bytes(*b));
                let wide = |value: $number| if value == fill { f64::NAN } else { value as f64 };
                if step == $size && !is_big {
                    let (values, _) = bytes.as_chunks::<$size>();
                    for (target, bytes) in target.iter_mut().zip(values) {
                        *target = wide(<$number>::from_le_bytes(*bytes));
                    }
                    return;
                }
                for (target, bytes) in target.iter_mut().zip(bytes.chunks(step.max(1))) {
                    let Some(&bytes) = bytes.first_chunk::<$size>() else { continue };
                    let value = if is_big {
                        <$number>::from_be_bytes(bytes)
                    } else {
                        <$number>::from_le_bytes(bytes)
                    };
                    *target = wide(value);
                }
            }};
        }
        match self {
            Element::Float32 => widen!(f32, 4),
            Element::Float64 => widen!(f64, 8),
            Element::Int8 => widen!(i8, 1),
            Element::Int16 => widen!(i16, 2),
            Element::Int32 => widen!(i32, 4),
            Element::Int64 => widen!(i64, 8),
            Element::UInt8 => widen!(u8, 1),
            Element::UInt16 => widen!(u16, 2),
            Element::UInt32 => widen!(u32, 4),
            Element::UInt64 => widen!(u64, 8),
        }
    }

    /// A value of little-endian bytes with as many digits as tell it apart from all others of its type.
    pub fn text_of(self, value: &[u8]) -> String {
        let mut wide = [0; 8];
        for (target, byte) in wide.iter_mut().zip(value) {
            *target = *byte;
        }
        let [a, b, c, d, ..] = wide;
        match self {
            Element::Float32 => f32::from_le_bytes([a, b, c, d]).to_string(),
            Element::Float64 => f64::from_le_bytes(wide).to_string(),
            Element::Int8 => a.cast_signed().to_string(),
            Element::Int16 => i16::from_le_bytes([a, b]).to_string(),
            Element::Int32 => i32::from_le_bytes([a, b, c, d]).to_string(),
            Element::Int64 => i64::from_le_bytes(wide).to_string(),
            Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => {
                u64::from_le_bytes(wide).to_string()
            }
        }
    }

    /// A number as little-endian bytes, the nearest that there is.
    pub fn bytes_of(self, value: f64) -> Vec<u8> {
        match self {
            Element::Float32 => (value as f32).to_le_bytes().to_vec(),
            Element::Float64 => value.to_le_bytes().to_vec(),
            Element::Int8 => (value as i8).to_le_bytes().to_vec(),
            Element::Int16 => (value as i16).to_le_bytes().to_vec(),
            Element::Int32 => (value as i32).to_le_bytes().to_vec(),
            Element::Int64 => (value as i64).to_le_bytes().to_vec(),
            Element::UInt8 => vec![value as u8],
            Element::UInt16 => (value as u16).to_le_bytes().to_vec(),
            Element::UInt32 => (value as u32).to_le_bytes().to_vec(),
            Element::UInt64 => (value as u64).to_le_bytes().to_vec(),
        }
    }
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
