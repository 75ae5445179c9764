//! Laws that hold for any bytes and any values.

use gridloom::caete;
use gridloom::dump::{Dump, Limits, Value, ValueKind, container, pickle};
use proptest::collection::vec;
use proptest::prelude::*;

use super::pack;
use super::writer::{Pickle, Plain, write};

/// Small, so that a stray length cannot make the tests slow.
const LIMITS: Limits = Limits { decoded_bytes: 1 << 20, values: 1 << 14, dictionary_bytes: 16 << 20 };

fn magic() -> impl Strategy<Value = Vec<u8>> {
    let start = |container| pack::pack(container, &[0x80, 5, b'N', b'.'])[..4].to_vec();
    prop::sample::select(pack::ALL.to_vec()).prop_map(start)
}

/// Operations more often than not, with operands that are small more often than not.
fn operations() -> impl Strategy<Value = Vec<u8>> {
    let values = b"N\x88\x89JKM\x8a\x8bG\x8cX\x8dCB\x8eU\x96])}\x8fc";
    let others = b"(012qr\x94hjlt\x91d\x85\x86\x87ae\x90su\x93R\x81\x92b.";
    let opcode = prop::sample::select([&values[..], others].concat());
    let piece = prop_oneof![
        6 => opcode.prop_map(|byte| vec![byte]),
        1 => vec(0u8..4, 1..8),
        1 => Just(b"cnumpy\ndtype\n\x8c\x02f4\x85R".to_vec()),
        1 => Just(b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81".to_vec()),
        1 => Just(b"cnumpy._core.numeric\n_frombuffer\n".to_vec()),
        1 => Just(b"(K\x03\x8c\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb".to_vec()),
    ];
    vec(piece, 0..60).prop_map(|pieces| [vec![0x80, 4], pieces.concat(), b".".to_vec()].concat())
}

fn walk(value: Value<'_>, depth: usize) {
    if depth > 0 {
        let _ = (value.as_i64(), value.as_f64(), value.as_str(), value.get("a"), value.is_fortran());
        if let ValueKind::Array(array) = value.kind() {
            assert_eq!(array.data().len(), array.len() * array.dtype().size);
            let _ = (array.to_f64(), array.to_i64(), array.field("a"), array.is_empty());
        }
        value.items().take(10).for_each(|item| walk(item, depth - 1));
        value.entries().take(10).for_each(|(key, value)| {
            walk(key, depth - 1);
            walk(value, depth - 1);
        });
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::None),
        any::<bool>().prop_map(Plain::Bool),
        any::<i64>().prop_map(Plain::Int),
        (-70_000i64..70_000).prop_map(Plain::Int),
        (i128::from(i64::MAX) + 1..i128::MAX).prop_map(Plain::Wide),
        (i128::MIN..i128::from(i64::MIN)).prop_map(Plain::Wide),
        (0u32..63).prop_map(|bits| Plain::Int(-1 << bits)),
        any::<u64>().prop_map(Plain::Float),
        any::<String>().prop_map(Plain::Text),
        "[ab]{0,2}".prop_map(Plain::Text),
        "z{250,270}".prop_map(Plain::Text),
        vec(any::<u8>(), 0..300).prop_map(Plain::Bytes),
        vec(any::<u16>(), 0..20).prop_map(Plain::Array),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Plain::List),
            vec(inner.clone(), 0..8).prop_map(Plain::Tuple),
            vec((inner.clone(), inner), 0..8).prop_map(Plain::Dict),
        ]
    })
}

fn read_back(value: Value<'_>) -> Plain {
    let items = || value.items().map(read_back).collect();
    match value.kind() {
        ValueKind::None => Plain::None,
        ValueKind::Bool(value) => Plain::Bool(value),
        ValueKind::Int(value) => Plain::Int(value),
        ValueKind::BigInt(bytes) => {
            let sign = if bytes.last().is_some_and(|&byte| byte > 0x7f) { 0xff } else { 0 };
            let mut wide = [sign; 16];
            wide[..bytes.len()].copy_from_slice(bytes);
            Plain::Wide(i128::from_le_bytes(wide))
        }
        ValueKind::Float(value) => Plain::Float(value.to_bits()),
        ValueKind::Text(text) => Plain::Text(text.to_owned()),
        ValueKind::Bytes(bytes) => Plain::Bytes(bytes.to_vec()),
        ValueKind::List(_) => Plain::List(items()),
        ValueKind::Tuple(_) => Plain::Tuple(items()),
        ValueKind::Dict(_) => {
            Plain::Dict(value.entries().map(|(key, value)| (read_back(key), read_back(value))).collect())
        }
        ValueKind::Array(array) => {
            let values = array.to_i64().expect("whole numbers").into_iter();
            Plain::Array(values.map(|value| u16::try_from(value).expect("16 bits")).collect())
        }
        other => panic!("{other:?} was never written"),
    }
}

/// The one-dimensional array of a type in a dump, made by the crate.
fn with_array<R>(
    dtype: &str,
    order: &str,
    data: &[u8],
    use_it: impl FnOnce(gridloom::dump::Array<'_>) -> R,
) -> R {
    let size: usize = dtype[1..].parse().expect("a size");
    let shape = [(data.len() / size) as i64];
    let bytes = Pickle::new().joblib_array(&shape, "C", |pickle| pickle.dtype(dtype, order), data).end();
    let dump = Dump::decode(&bytes, Vec::new(), &LIMITS).expect("an array");
    use_it(dump.root().as_array().expect("an array"))
}

macro_rules! agrees {
    ($dtype:literal, $type:ty, $values:expr) => {
        let values: Vec<$type> = $values;
        let little: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let big: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let wanted: Vec<u64> = values.iter().map(|&value| (value as f64).to_bits()).collect();
        for (order, bytes) in [("<", &little), (">", &big)] {
            let found = with_array($dtype, order, bytes, |array| array.to_f64()).expect("numbers");
            let found: Vec<u64> = found.into_iter().map(f64::to_bits).collect();
            prop_assert_eq!(&found, &wanted, "{}{}", order, $dtype);
            let whole = with_array($dtype, order, bytes, |array| array.to_i64());
            let wanted: Option<Vec<i64>> = match $dtype.as_bytes()[0] {
                b'f' if !values.is_empty() => None,
                _ => values.iter().map(|&value| i64::try_from(value as i128).ok()).collect(),
            };
            prop_assert_eq!(whole, wanted, "{}{}", order, $dtype);
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_read_or_refused(magic in magic(), rest in vec(any::<u8>(), 0..400)) {
        for bytes in [rest.clone(), [magic, rest].concat()] {
            let mut decoded = vec![1, 2, 3];
            if container::decompress(&bytes, &mut decoded, &LIMITS).is_ok() {
                prop_assert!(decoded.len() <= LIMITS.decoded_bytes);
            }
            let _ = pickle::read(&bytes, &LIMITS);
            if let Ok(dump) = Dump::decode(&bytes, decoded, &LIMITS) {
                walk(dump.root(), 6);
            }
        }
    }

    #[test]
    fn any_operations_are_followed_or_refused(bytes in operations()) {
        if let Ok(dump) = Dump::decode(&bytes, Vec::new(), &LIMITS) {
            walk(dump.root(), 6);
            let _ = caete::period(dump.root());
        }
    }
}

proptest! {
    #[test]
    fn any_values_are_read_as_they_were_written(value in plain(), protocol in 2u8..=5) {
        let bytes = write(&value, protocol);
        let dump = Dump::decode(&bytes, Vec::new(), &Limits::default()).expect("a pickle");
        prop_assert_eq!(read_back(dump.root()), value);
    }

    #[test]
    fn containers_give_back_what_was_packed(content in vec(any::<u8>(), 0..4000), repeats in 1usize..40) {
        let content = [&[0x80, 5][..], &content.repeat(repeats)].concat();
        for container in pack::ALL {
            let mut decoded = Vec::new();
            let packed = pack::pack(container, &content);
            let found = container::decompress(&packed, &mut decoded, &Limits::default());
            prop_assert_eq!(found.ok(), Some(container));
            prop_assert_eq!(&decoded, &content);
        }
    }

    #[test]
    fn numbers_are_what_their_bytes_mean(bytes in vec(any::<u8>(), 0..64)) {
        agrees!("i1", i8, bytes.iter().map(|&byte| byte as i8).collect());
        agrees!("u1", u8, bytes.clone());
        agrees!("i2", i16, bytes.as_chunks().0.iter().map(|&b| i16::from_le_bytes(b)).collect());
        agrees!("u2", u16, bytes.as_chunks().0.iter().map(|&b| u16::from_le_bytes(b)).collect());
        agrees!("i4", i32, bytes.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b)).collect());
        agrees!("u4", u32, bytes.as_chunks().0.iter().map(|&b| u32::from_le_bytes(b)).collect());
        agrees!("i8", i64, bytes.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect());
        agrees!("u8", u64, bytes.as_chunks().0.iter().map(|&b| u64::from_le_bytes(b)).collect());
        agrees!("f4", f32, bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect());
        agrees!("f8", f64, bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect());
    }
}
