//! Numbers as binary files have them.

/// A number as a file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    F4(f32),
    F8(f64),
}

impl Number {
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Number::Whole(value) => value as f64,
            Number::F4(value) => value.into(),
            Number::F8(value) => value,
        }
    }

    /// A whole number; `None` of others.
    pub(super) fn to_whole(self) -> Option<i64> {
        match self {
            Number::Whole(value) => Some(value),
            other => {
                let value = other.to_f64();
                (value.fract() == 0.0 && value.abs() < 9.2e18).then_some(value as i64)
            }
        }
    }

    /// The number divided by another, rounded once where the type can hold both.
    pub(super) fn divided(self, by: f32) -> Number {
        match self {
            number if by == 1.0 => number,
            Number::Whole(value) if value.unsigned_abs() <= 1 << 24 => Number::F4(value as f32 / by),
            Number::Whole(value) => Number::F8(value as f64 / f64::from(by)),
            Number::F4(value) => Number::F4(value / by),
            Number::F8(value) => Number::F8(value / f64::from(by)),
        }
    }
}

/// The type of numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    I1,
    U1,
    I2,
    U2,
    I4,
    U4,
    I8,
    U8,
    F4,
    F8,
}

impl Kind {
    pub(super) fn size(self) -> usize {
        match self {
            Kind::I1 | Kind::U1 => 1,
            Kind::I2 | Kind::U2 => 2,
            Kind::I4 | Kind::U4 | Kind::F4 => 4,
            Kind::I8 | Kind::U8 | Kind::F8 => 8,
        }
    }

    /// The number in the first bytes of some; `None` where they are too few.
    pub(super) fn read(self, bytes: &[u8], is_big: bool) -> Option<Number> {
        fn array<const N: usize>(bytes: &[u8], is_big: bool) -> Option<[u8; N]> {
            let mut array = *bytes.first_chunk::<N>()?;
            if is_big {
                array.reverse();
            }
            Some(array)
        }
        Some(match self {
            Kind::I1 => Number::Whole(i8::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U1 => Number::Whole(u8::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I2 => Number::Whole(i16::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U2 => Number::Whole(u16::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I4 => Number::Whole(i32::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U4 => Number::Whole(u32::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I8 => Number::Whole(i64::from_le_bytes(array(bytes, is_big)?)),
            Kind::U8 => {
                let value = u64::from_le_bytes(array(bytes, is_big)?);
                i64::try_from(value).map_or(Number::F8(value as f64), Number::Whole)
            }
            Kind::F4 => Number::F4(f32::from_le_bytes(array(bytes, is_big)?)),
            Kind::F8 => Number::F8(f64::from_le_bytes(array(bytes, is_big)?)),
        })
    }
}
