//! The values of a column of a batch: as few kinds as there are ways to take them.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

/// Values of one kind.
pub(super) enum Kind<'a> {
    Whole(Cow<'a, [i64]>),
    Natural(&'a [u64]),
    F4(&'a [f32]),
    F8(Cow<'a, [f64]>),
    /// Whole numbers, and the decimals that each has.
    Decimal(Cow<'a, [i128]>, i8),
    /// Days since 1970.
    Day(Cow<'a, [i64]>),
    /// Parts of a second since 1970, and how many a second has.
    Moment(&'a [i64], i64),
    Text(Texts<'a>),
    /// Nothing but missing values.
    Nothing,
}

/// Texts, in one of three ways to keep them.
#[derive(Clone, Copy)]
pub(super) enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Texts<'a> {
    pub(super) fn get(&self, row: usize) -> &'a str {
        match self {
            Texts::Small(texts) => texts.value(row),
            Texts::Large(texts) => texts.value(row),
            Texts::View(texts) => texts.value(row),
        }
    }
}

/// A column of a batch.
pub(super) struct Cells<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) nulls: Option<&'a NullBuffer>,
}

/// Whether a type holds single values that can be read.
pub(in crate::records) fn is_single(kind: &DataType) -> bool {
    use DataType::*;
    match kind {
        Dictionary(_, values) => !matches!(**values, Dictionary(..)) && is_single(values),
        Null | Boolean | Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float16
        | Float32 | Float64 | Utf8 | LargeUtf8 | Utf8View | Date32 | Date64 | Timestamp(..)
        | Decimal32(..) | Decimal64(..) | Decimal128(..) => true,
        _ => false,
    }
}

/// A column without a dictionary: each row has its value.
pub(super) fn plain(column: &ArrayRef) -> Result<ArrayRef, String> {
    match column.as_any_dictionary_opt() {
        None => Ok(column.clone()),
        Some(dictionary) => arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
            .map_err(|error| error.to_string()),
    }
}

impl<'a> Cells<'a> {
    /// The values of a column that has no dictionary; `None` where they are no single values.
    pub(super) fn of(column: &'a dyn Array) -> Option<Self> {
        macro_rules! wide {
            ($type:ty, $into:ty) => {
                column
                    .as_primitive_opt::<$type>()?
                    .values()
                    .iter()
                    .map(|&value| <$into>::from(value))
                    .collect()
            };
        }
        macro_rules! own {
            ($type:ty) => {
                column.as_primitive_opt::<$type>()?.values()
            };
        }
        let kind = match column.data_type() {
            DataType::Null => return Some(Cells { kind: Kind::Nothing, nulls: None }),
            DataType::Boolean => {
                let values = column.as_boolean_opt()?.values();
                Kind::Whole(values.iter().map(i64::from).collect())
            }
            DataType::Int8 => Kind::Whole(wide!(Int8Type, i64)),
            DataType::Int16 => Kind::Whole(wide!(Int16Type, i64)),
            DataType::Int32 => Kind::Whole(wide!(Int32Type, i64)),
            DataType::Int64 => Kind::Whole(Cow::Borrowed(own!(Int64Type))),
            DataType::UInt8 => Kind::Whole(wide!(UInt8Type, i64)),
            DataType::UInt16 => Kind::Whole(wide!(UInt16Type, i64)),
            DataType::UInt32 => Kind::Whole(wide!(UInt32Type, i64)),
            DataType::UInt64 => Kind::Natural(own!(UInt64Type)),
            DataType::Float16 => Kind::F8(wide!(Float16Type, f64)),
            DataType::Float32 => Kind::F4(own!(Float32Type)),
            DataType::Float64 => Kind::F8(Cow::Borrowed(own!(Float64Type))),
            DataType::Decimal32(_, scale) => Kind::Decimal(wide!(Decimal32Type, i128), *scale),
            DataType::Decimal64(_, scale) => Kind::Decimal(wide!(Decimal64Type, i128), *scale),
            DataType::Decimal128(_, scale) => Kind::Decimal(Cow::Borrowed(own!(Decimal128Type)), *scale),
            DataType::Date32 => Kind::Day(wide!(Date32Type, i64)),
            DataType::Date64 => {
                let days = own!(Date64Type).iter().map(|value| value.div_euclid(86_400_000));
                Kind::Day(days.collect())
            }
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => Kind::Moment(own!(TimestampSecondType), 1),
                TimeUnit::Millisecond => Kind::Moment(own!(TimestampMillisecondType), 1_000),
                TimeUnit::Microsecond => Kind::Moment(own!(TimestampMicrosecondType), 1_000_000),
                TimeUnit::Nanosecond => Kind::Moment(own!(TimestampNanosecondType), 1_000_000_000),
            },
            DataType::Utf8 => Kind::Text(Texts::Small(column.as_string_opt::<i32>()?)),
            DataType::LargeUtf8 => Kind::Text(Texts::Large(column.as_string_opt::<i64>()?)),
            DataType::Utf8View => Kind::Text(Texts::View(column.as_string_view_opt()?)),
            _ => return None,
        };
        Some(Cells { kind, nulls: column.nulls().filter(|nulls| nulls.null_count() > 0) })
    }

    pub(super) fn is_missing(&self, row: usize) -> bool {
        matches!(self.kind, Kind::Nothing) || self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// The value of a row as a whole number, by which equal values are known; `None` where it is none of those kinds.
    pub(super) fn bits(&self, row: usize) -> Option<u64> {
        Some(match &self.kind {
            Kind::Whole(values) | Kind::Day(values) => values.get(row)?.cast_unsigned(),
            Kind::Moment(values, _) => values.get(row)?.cast_unsigned(),
            Kind::Natural(values) => *values.get(row)?,
            Kind::F4(values) => u64::from(values.get(row)?.to_bits()),
            Kind::F8(values) => values.get(row)?.to_bits(),
            Kind::Decimal(..) | Kind::Text(_) | Kind::Nothing => return None,
        })
    }

    /// Writes the value of a row as text: a number with the fewest digits that give it back, a missing one as nothing.
    pub(super) fn text(&self, row: usize, text: &mut String) {
        text.clear();
        if self.is_missing(row) {
            return;
        }
        _ = match &self.kind {
            Kind::Whole(values) => values.get(row).map(|value| write!(text, "{value}")),
            Kind::Natural(values) => values.get(row).map(|value| write!(text, "{value}")),
            Kind::F4(values) => values.get(row).map(|value| write!(text, "{value}")),
            Kind::F8(values) => values.get(row).map(|&value| match is_half_way(value) {
                true => write!(text, "{value:.160}"),
                false => write!(text, "{value}"),
            }),
            Kind::Decimal(values, scale) => values.get(row).map(|&value| {
                decimal(value, *scale, text);
                Ok(())
            }),
            Kind::Day(days) => days.get(row).map(|days| moment(days.saturating_mul(86_400), None, text)),
            Kind::Moment(values, parts) => values
                .get(row)
                .map(|value| moment(value.div_euclid(*parts), Some(value.rem_euclid(*parts)), text)),
            Kind::Text(texts) => {
                text.push_str(texts.get(row));
                None
            }
            Kind::Nothing => None,
        };
    }
}

/// Whether a number is as near to one float of four bytes as to the next.
pub(super) fn is_half_way(value: f64) -> bool {
    let near = value as f32;
    if !value.is_finite() || f64::from(near) == value {
        return false;
    }
    // Beyond the greatest, the next would be 2¹²⁸.
    let wide = |near: f32| match near.is_infinite() {
        true => 2f64.powi(128).copysign(f64::from(near)),
        false => f64::from(near),
    };
    let other = if wide(near) < value { near.next_up() } else { near.next_down() };
    (wide(near) + wide(other)) / 2.0 == value
}

/// A whole number with so many of its digits behind the point.
fn decimal(value: i128, scale: i8, text: &mut String) {
    if value < 0 {
        text.push('-');
    }
    let digits = value.unsigned_abs().to_string();
    match usize::try_from(scale) {
        Ok(0) => text.push_str(&digits),
        Ok(scale) => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, decimals) = digits.split_at(digits.len() - scale);
            _ = write!(text, "{whole}.{decimals}");
        }
        Err(_) => {
            text.push_str(&digits);
            text.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
        }
    }
}

/// A day, or a moment with a part of a second, which is told as it is: no step begins with one.
fn moment(seconds: i64, part: Option<i64>, text: &mut String) -> std::fmt::Result {
    let Some(at) = chrono::DateTime::from_timestamp(seconds, 0) else { return write!(text, "{seconds}") };
    match part {
        None => write!(text, "{}", at.format("%Y-%m-%d")),
        Some(0) => write!(text, "{}", at.format("%Y-%m-%dT%H:%M:%S")),
        Some(part) => write!(text, "{}.{part}", at.format("%Y-%m-%dT%H:%M:%S")),
    }
}

/// A number of four bytes as the number of eight that its shortest decimals mean.
pub(super) fn wide(value: f32) -> f64 {
    if !value.is_finite() || (value.fract() == 0.0 && value.abs() < 16_777_216.0) {
        return f64::from(value);
    }
    // Of two texts that are as short and as near, all readers have to take one.
    fast_float2::parse(value.to_string()).unwrap_or(f64::from(value))
}
