//! Which type of PostgreSQL a column of Arrow becomes.

use arrow_schema::{DataType, Field, TimeUnit};

/// A type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqlType {
    SmallInt,
    Integer,
    BigInt,
    /// Holds all of u64.
    Numeric,
    Real,
    Double,
    Boolean,
    Date,
    Timestamp,
    Text,
}

impl SqlType {
    /// The column's type; nothing where Arrow's has no counterpart.
    pub fn of(field: &Field) -> Option<Self> {
        Some(match field.data_type() {
            DataType::Int8 | DataType::Int16 | DataType::UInt8 => SqlType::SmallInt,
            DataType::Int32 | DataType::UInt16 => SqlType::Integer,
            DataType::Int64 | DataType::UInt32 => SqlType::BigInt,
            DataType::UInt64 => SqlType::Numeric,
            DataType::Float32 => SqlType::Real,
            DataType::Float64 => SqlType::Double,
            DataType::Boolean => SqlType::Boolean,
            DataType::Date32 => SqlType::Date,
            DataType::Timestamp(unit, None) if *unit != TimeUnit::Nanosecond => {
                match field.metadata().get("kind").is_some_and(|kind| kind == "date") {
                    true => SqlType::Date,
                    false => SqlType::Timestamp,
                }
            }
            DataType::Utf8 | DataType::LargeUtf8 => SqlType::Text,
            DataType::Dictionary(_, value)
                if matches!(value.as_ref(), DataType::Utf8 | DataType::LargeUtf8) =>
            {
                SqlType::Text
            }
            _ => return None,
        })
    }

    /// As `format_type` of the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            SqlType::SmallInt => "smallint",
            SqlType::Integer => "integer",
            SqlType::BigInt => "bigint",
            SqlType::Numeric => "numeric(20,0)",
            SqlType::Real => "real",
            SqlType::Double => "double precision",
            SqlType::Boolean => "boolean",
            SqlType::Date => "date",
            SqlType::Timestamp => "timestamp without time zone",
            SqlType::Text => "text",
        }
    }

    /// Bytes in a row at the least, without padding.
    pub fn bytes(self) -> usize {
        match self {
            SqlType::Boolean | SqlType::Text => 1,
            SqlType::SmallInt => 2,
            SqlType::Integer | SqlType::Real | SqlType::Date => 4,
            SqlType::Numeric => 3,
            SqlType::BigInt | SqlType::Double | SqlType::Timestamp => 8,
        }
    }
}
