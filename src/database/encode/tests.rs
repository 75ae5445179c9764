//! What is encoded is read back by a decoder written from the manual.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::database::moment::Moments;

/// Fields of all rows; nothing where one is null.
fn decoded(mut bytes: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (head, tail) = bytes.split_at(count);
        *bytes = tail;
        head
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
    assert_eq!(take(&mut bytes, 11), b"PGCOPY\n\xff\r\n\0");
    assert_eq!(number(take(&mut bytes, 4)), 0, "flags");
    assert_eq!(number(take(&mut bytes, 4)), 0, "extension");
    let mut rows = Vec::new();
    loop {
        let fields = number(take(&mut bytes, 2));
        if fields == 0xffff {
            assert!(bytes.is_empty(), "bytes behind the trailer");
            return rows;
        }
        let field = |_| {
            let length = number(take(&mut bytes, 4));
            (length != 0xffff_ffff).then(|| take(&mut bytes, length as usize).to_vec())
        };
        rows.push((0..fields).map(field).collect());
    }
}

/// The rows of these columns, as the decoder finds them.
fn round(columns: &[(ArrayRef, SqlType)]) -> Vec<Vec<Option<Vec<u8>>>> {
    let encoder = Encoder::new(columns.iter().map(|(array, sql)| (array, *sql))).expect("types that fit");
    let mut bytes = HEADER.to_vec();
    for row in 0..columns[0].0.len() {
        encoder.row(row, &mut bytes).map_err(|refused| refused.reason).expect("values that fit");
    }
    bytes.extend_from_slice(TRAILER);
    decoded(&bytes)
}

fn column(array: impl Array + 'static, sql: SqlType) -> Vec<Option<Vec<u8>>> {
    round(&[(Arc::new(array), sql)]).into_iter().map(|mut row| row.remove(0)).collect()
}

/// The value of a numeric without sign and decimals.
fn numeric_value(bytes: &[u8]) -> u128 {
    let words: Vec<_> = bytes.chunks(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect();
    let [count, weight, 0, 0, ref digits @ ..] = words[..] else { panic!("{words:?}") };
    assert_eq!(digits.len(), count as usize);
    assert!(digits.last() != Some(&0) && digits.first() != Some(&0), "{digits:?}");
    let place =
        |(at, &digit): (usize, &i16)| digit as u128 * 10_000u128.pow((i32::from(weight) - at as i32) as u32);
    digits.iter().enumerate().map(place).sum()
}

/// Any float, by its bits, and those that break easily.
fn bits() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        Just(0x7ff0_0000_0000_0001),
        Just(1 << 63),
        Just(1),
        Just((-0.0f32).to_bits().into())
    ]
}

proptest! {
    /// Every number comes back bit for bit, every null as a null.
    #[test]
    fn numbers_come_back(
        rows in vec((of(bits()), of(any::<i64>()), of(any::<bool>()), of(any::<i8>())), 0..50),
        from in 0usize..50,
    ) {
        let from = from.min(rows.len());
        let (a, b, c, d) = (
            rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            rows.iter().map(|row| row.2).collect::<Vec<_>>(),
            rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        );
        let all: Vec<(ArrayRef, SqlType)> = vec![
            (Arc::new(Float64Array::from_iter(a.iter().map(|bits| bits.map(f64::from_bits)))), SqlType::Double),
            (Arc::new(Float32Array::from_iter(a.iter().map(|bits| bits.map(|bits| f32::from_bits(bits as u32))))), SqlType::Real),
            (Arc::new(Int64Array::from_iter(b.iter().copied())), SqlType::BigInt),
            (Arc::new(Int32Array::from_iter(b.iter().map(|b| b.map(|b| b as i32)))), SqlType::Integer),
            (Arc::new(Int16Array::from_iter(b.iter().map(|b| b.map(|b| b as i16)))), SqlType::SmallInt),
            (Arc::new(UInt64Array::from_iter(b.iter().map(|b| b.map(|b| b as u64)))), SqlType::Numeric),
            (Arc::new(UInt32Array::from_iter(b.iter().map(|b| b.map(|b| b as u32)))), SqlType::BigInt),
            (Arc::new(UInt16Array::from_iter(b.iter().map(|b| b.map(|b| b as u16)))), SqlType::Integer),
            (Arc::new(UInt8Array::from_iter(b.iter().map(|b| b.map(|b| b as u8)))), SqlType::SmallInt),
            (Arc::new(Int8Array::from_iter(d.iter().copied())), SqlType::SmallInt),
            (Arc::new(BooleanArray::from_iter(c.iter().copied())), SqlType::Boolean),
        ];
        // A slice has an offset, which is forgotten easily.
        let all: Vec<_> = all.into_iter().map(|(array, sql)| (array.slice(from, rows.len() - from), sql)).collect();
        let found = round(&all);
        prop_assert_eq!(found.len(), rows.len() - from);
        for (found, (a, b, c, d)) in found.iter().zip(&rows[from..]) {
            let wanted = [
                a.map(|a| a.to_be_bytes().to_vec()),
                // On the way to f32 and back nothing may be quieted.
                a.map(|a| (a as u32).to_be_bytes().to_vec()),
                b.map(|b| b.to_be_bytes().to_vec()),
                b.map(|b| (b as i32).to_be_bytes().to_vec()),
                b.map(|b| (b as i16).to_be_bytes().to_vec()),
                found[5].clone(),
                b.map(|b| i64::from(b as u32).to_be_bytes().to_vec()),
                b.map(|b| i32::from(b as u16).to_be_bytes().to_vec()),
                b.map(|b| i16::from(b as u8).to_be_bytes().to_vec()),
                d.map(|d| i16::from(d).to_be_bytes().to_vec()),
                c.map(|c| vec![u8::from(c)]),
            ];
            prop_assert_eq!(&found[..], &wanted[..]);
            prop_assert_eq!(found[5].as_deref().map(numeric_value), b.map(|b| u128::from(b as u64)));
        }
    }

    /// Texts come back, out of dictionaries too.
    #[test]
    fn texts_come_back(rows in vec(of("[^\0]{0,12}"), 0..40)) {
        let wanted: Vec<_> = rows.iter().map(|row| row.as_ref().map(|text| text.as_bytes().to_vec())).collect();
        prop_assert_eq!(&column(StringArray::from_iter(&rows), SqlType::Text), &wanted);
        prop_assert_eq!(&column(LargeStringArray::from_iter(&rows), SqlType::Text), &wanted);
        let dictionary: DictionaryArray<Int8Type> = rows.iter().map(Option::as_deref).collect();
        prop_assert_eq!(&column(dictionary, SqlType::Text), &wanted);
    }

    /// Dates and times count from 2000; what stands under a null is not looked at.
    #[test]
    fn moments_come_back(days in vec((-2_000_000i64..2_000_000, any::<bool>()), 0..40)) {
        let wanted = |scale: i64| {
            let one = |&(day, there): &(i64, bool)| there.then(|| (day - 10_957) * scale);
            days.iter().map(one).collect::<Vec<_>>()
        };
        let per_day = 86_400_000;
        let millis = |fill: i64| {
            let values = days.iter().map(|&(day, there)| if there { day * per_day } else { fill }).collect::<Vec<_>>();
            let nulls = days.iter().map(|&(_, there)| there).collect::<Vec<_>>();
            TimestampMillisecondArray::new(values.into(), Some(nulls.into()))
        };
        let dates: Vec<_> = wanted(1).iter().map(|day| day.map(|day| (day as i32).to_be_bytes().to_vec())).collect();
        prop_assert_eq!(&column(millis(1), SqlType::Date), &dates);
        let plain = Date32Array::from_iter(days.iter().map(|&(day, there)| there.then_some(day as i32)));
        prop_assert_eq!(&column(plain, SqlType::Date), &dates);
        let times: Vec<_> = wanted(86_400_000_000).iter().map(|time| time.map(|time| time.to_be_bytes().to_vec())).collect();
        prop_assert_eq!(&column(millis(i64::MIN), SqlType::Timestamp), &times);
    }
}

#[test]
fn what_has_no_place_is_refused() {
    let refused = |array: ArrayRef, sql| {
        let columns = [(array, sql)];
        let encoder = Encoder::new(columns.iter().map(|(array, sql)| (array, *sql))).expect("types that fit");
        let mut rows = (0..columns[0].0.len()).map(|row| encoder.row(row, &mut Vec::new()));
        rows.find_map(Result::err).map(|refused| refused.row)
    };
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["fine", "a\0b"]));
    assert_eq!(refused(texts, SqlType::Text), Some(1));
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![86_400_000, 0, 1]));
    assert_eq!(refused(Arc::clone(&times), SqlType::Date), Some(2));
    assert_eq!(refused(times, SqlType::Timestamp), None);
    let extremes: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![i64::MAX]));
    assert_eq!(refused(extremes, SqlType::Timestamp), Some(0));
    assert!(Moments::of(&(Arc::new(Int64Array::from(vec![1])) as ArrayRef)).is_none());
}

#[test]
fn a_column_of_another_type_is_named() {
    let columns: [(ArrayRef, SqlType); 2] = [
        (Arc::new(Int32Array::from(vec![1])), SqlType::Integer),
        (Arc::new(Int32Array::from(vec![1])), SqlType::Double),
    ];
    assert_eq!(Encoder::new(columns.iter().map(|(array, sql)| (array, *sql))).err(), Some(1));
}

#[test]
fn a_dictionary_of_nothing_has_nulls() {
    let keys = Int8Array::from(vec![None, None]);
    let values = Arc::new(StringArray::from(Vec::<&str>::new()));
    let dictionary = DictionaryArray::<Int8Type>::new(keys, values);
    assert_eq!(column(dictionary, SqlType::Text), [None, None]);
    let keys = Int8Array::from(vec![0, 1]);
    let dictionary =
        DictionaryArray::<Int8Type>::new(keys, Arc::new(StringArray::from(vec![Some("a"), None])));
    assert_eq!(column(dictionary, SqlType::Text), [Some(b"a".to_vec()), None]);
}
