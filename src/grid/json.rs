//! Attributes as JSON has them: whole numbers, doubles, texts, and lists of these.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::write::AttributeValue;

/// What of an attribute is kept: JSON has no other types of numbers.
pub(crate) fn kept(value: AttributeValue) -> AttributeValue {
    use AttributeValue as A;
    let whole = |value: i64| A::Longlong(value);
    let some = |values: Vec<i64>| A::Longlongs(values);
    match value {
        A::Uchar(one) => whole(one.into()),
        A::Schar(one) => whole(one.into()),
        A::Ushort(one) => whole(one.into()),
        A::Short(one) => whole(one.into()),
        A::Uint(one) => whole(one.into()),
        A::Int(one) => whole(one.into()),
        A::Ulonglong(one) => i64::try_from(one).map_or(A::Ulonglong(one), whole),
        A::Uchars(all) => some(all.into_iter().map(i64::from).collect()),
        A::Schars(all) => some(all.into_iter().map(i64::from).collect()),
        A::Ushorts(all) => some(all.into_iter().map(i64::from).collect()),
        A::Shorts(all) => some(all.into_iter().map(i64::from).collect()),
        A::Uints(all) => some(all.into_iter().map(i64::from).collect()),
        A::Ints(all) => some(all.into_iter().map(i64::from).collect()),
        A::Float(one) => A::Double(one.into()),
        A::Floats(all) => A::Doubles(all.into_iter().map(f64::from).collect()),
        other => other,
    }
}

/// An attribute as JSON.
pub(crate) fn value(value: AttributeValue) -> Value {
    match kept(value) {
        AttributeValue::Longlong(one) => one.into(),
        AttributeValue::Longlongs(all) => all.into(),
        AttributeValue::Ulonglong(one) => one.into(),
        AttributeValue::Ulonglongs(all) => all.into(),
        AttributeValue::Double(one) => one.into(),
        AttributeValue::Doubles(all) => all.into(),
        AttributeValue::Str(text) => text.into(),
        AttributeValue::Strs(all) => all.into(),
        // What `kept` makes none of.
        _ => Value::Null,
    }
}

/// The attribute that JSON stands for; none where it is no such value.
pub(crate) fn attribute(value: &Value) -> Option<AttributeValue> {
    Some(match value {
        Value::String(text) => AttributeValue::Str(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => AttributeValue::Longlong(whole),
            (None, Some(whole)) => AttributeValue::Ulonglong(whole),
            _ => AttributeValue::Double(number.as_f64()?),
        },
        Value::Array(all) => {
            if let Some(texts) = all.iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
                AttributeValue::Strs(texts.into_iter().map(str::to_owned).collect())
            } else if let Some(whole) = all.iter().map(Value::as_i64).collect::<Option<Vec<_>>>() {
                AttributeValue::Longlongs(whole)
            } else if let Some(whole) = all.iter().map(Value::as_u64).collect::<Option<Vec<_>>>() {
                AttributeValue::Ulonglongs(whole)
            } else {
                AttributeValue::Doubles(all.iter().map(Value::as_f64).collect::<Option<_>>()?)
            }
        }
        _ => return None,
    })
}

/// Pairs as an object that keeps their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pairs<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_attribute_comes_back() {
        use AttributeValue as A;
        for one in [
            A::Int(-3),
            A::Uchar(255),
            A::Ulonglong(u64::MAX),
            A::Float(1e20),
            A::Float(0.1),
            A::Double(0.0),
            A::Double(1e300),
            A::Doubles(vec![1.0, 2.5]),
            A::Schars(vec![0, 1]),
            A::Str("ü \"x\"\n".to_owned()),
            A::Strs(vec!["a".to_owned()]),
        ] {
            let text = serde_json::to_string(&value(one.clone())).expect("JSON");
            let back: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(attribute(&back), Some(kept(one)), "{text}");
        }
        assert_eq!(attribute(&Value::Null), None);
    }
}
