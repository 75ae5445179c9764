//! The types of arrays' values.

use crate::hdf5::datatype::Datatype;
use crate::model::element::Element;

/// The type of an array's values: a number, or what else NumPy has and HDF5 can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// Numbers.
    Number(Element),
    /// A byte that is 0 or 1.
    Bool,
    /// Half precision of IEEE 754.
    Float16,
    /// Real and imaginary part, both float32.
    Complex64,
    /// Real and imaginary part, both float64.
    Complex128,
}

impl ValueType {
    /// Bytes of a value.
    pub fn size(self) -> usize {
        self.datatype().size()
    }

    /// Its name, as numpy has it.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::Number(element) => element.name(),
            ValueType::Bool => "bool",
            ValueType::Float16 => "float16",
            ValueType::Complex64 => "complex64",
            ValueType::Complex128 => "complex128",
        }
    }

    /// The type of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let others = [ValueType::Bool, ValueType::Float16, ValueType::Complex64, ValueType::Complex128];
        let other = others.into_iter().find(|kind| kind.name() == name);
        other.or_else(|| Element::parse(name).map(ValueType::Number))
    }

    /// What its bytes are given as in [`Values`](crate::archive::Values): of complex numbers two floats, of halves their bits.
    pub fn element(self) -> Element {
        match self {
            ValueType::Number(element) => element,
            ValueType::Bool => Element::UInt8,
            ValueType::Float16 => Element::UInt16,
            ValueType::Complex64 => Element::Float32,
            ValueType::Complex128 => Element::Float64,
        }
    }

    pub(super) fn datatype(self) -> Datatype {
        match self {
            ValueType::Number(element) => Datatype::Number(element),
            ValueType::Bool => Datatype::Truth,
            ValueType::Float16 => Datatype::Half,
            ValueType::Complex64 => Datatype::Complex(Element::Float32),
            ValueType::Complex128 => Datatype::Complex(Element::Float64),
        }
    }

    pub(super) fn of(kind: Datatype) -> Option<Self> {
        match kind {
            Datatype::Number(element) => Some(ValueType::Number(element)),
            Datatype::Truth => Some(ValueType::Bool),
            Datatype::Half => Some(ValueType::Float16),
            Datatype::Complex(Element::Float32) => Some(ValueType::Complex64),
            Datatype::Complex(Element::Float64) => Some(ValueType::Complex128),
            _ => None,
        }
    }
}

impl From<Element> for ValueType {
    fn from(element: Element) -> Self {
        ValueType::Number(element)
    }
}
