//! Small dumps that ask for much: a typed error or a quick answer. What they take of memory is measured in
//! `memory.rs`. A reader that walks instead of counting would not come to the end of these.

use std::sync::Arc;

use gridloom::dump::{Dump, DumpError, Limits, Value, ValueKind};

use super::writer::Pickle;

const MILLION: usize = 1_000_000;

fn decode(pickle: Pickle) -> Result<Dump, DumpError> {
    Dump::decode(&pickle.end(), Vec::new(), &Limits::default())
}

fn few(pickle: Pickle) -> Result<Dump, DumpError> {
    let limits = Limits { values: 1 << 12, decoded_bytes: 1 << 20, ..Limits::default() };
    Dump::decode(&pickle.end(), Vec::new(), &limits)
}

/// Runs on a stack that any recursion over the values would leave.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no overflow");
}

#[test]
fn everything_that_a_byte_can_push_is_counted() {
    let list = || Pickle::new().op(b"]\x94");
    for (what, pickle) in [
        ("values", Pickle::new().times(5000, b"N")),
        ("values that are dropped", Pickle::new().times(5000, b"N0")),
        ("marks", Pickle::new().times(5000, b"(").op(b"N")),
        ("copies of the top", Pickle::new().op(b"N").times(5000, b"2")),
        ("fetches", list().times(5000, b"h\x00")),
        ("items", list().times(5000, b"h\x00a")),
        ("stores", Pickle::new().op(b"N").times(5000, [0x94])),
        ("globals", Pickle::new().times(5000, b"c\n\n")),
        ("objects", list().times(5000, b"h\x00h\x00\x81")),
    ] {
        assert!(matches!(few(pickle), Err(DumpError::TooManyValues { limit: 4096 })), "{what}");
    }
    let scattered = (0..5000u32).fold(Pickle::new().op(b"N"), |pickle, index| {
        pickle.op(b"r").op((u32::MAX - 7 * index).to_le_bytes())
    });
    assert!(matches!(few(scattered), Err(DumpError::TooManyValues { .. })));
}

#[test]
fn the_memo_keeps_numbers_in_any_order() {
    let stored =
        [7u32, 0, u32::MAX, 1, 300, 2, 3].iter().enumerate().fold(Pickle::new(), |pickle, (value, index)| {
            pickle.op([b'K', value as u8, b'r']).op(index.to_le_bytes()).op(b"0")
        });
    for (value, index) in [7u32, 0, u32::MAX, 1, 300, 2, 3].iter().enumerate() {
        let dump = decode(stored.clone().op(b"j").op(index.to_le_bytes())).expect("a value");
        assert_eq!(dump.root().as_i64(), Some(value as i64), "{index}");
    }
    // The next number is the count of those in use, as in Python.
    let next = decode(stored.op([b'K', 99, 0x94, b'0', b'h', 7])).expect("a value");
    assert_eq!(next.root().as_i64(), Some(99));
    let moved = Pickle::new().op(b"K\x05q\x010K\x06q\x000K\x07q\x010K\x08\x940h\x02");
    assert_eq!(decode(moved).expect("a value").root().as_i64(), Some(8));
}

#[test]
fn doubling_by_reference_stays_small() {
    for doubling in [&[b'2', 0x86][..], &[0x94, b'2', 0x86]] {
        let dump = decode(Pickle::new().op(b")").times(10_000, doubling)).expect("tuples of tuples");
        assert!(matches!(dump.root().kind(), ValueKind::Tuple(2)));
    }
}

/// `V<size>` with fields of the type in the memo at 0, which it replaces.
fn record_of_stored(pickle: Pickle, size: usize, fields: usize) -> Pickle {
    let pickle = pickle.global("numpy", "dtype").text(&format!("V{size}")).op([0x89, 0x88, 0x87, b'R']);
    let names: Vec<String> = (0..fields).map(|index| format!("f{index}")).collect();
    let state = pickle.dtype_state("|", |pickle| {
        let tuple = names.iter().fold(pickle.op(b"("), |pickle, name| pickle.text(name)).op(b"t}");
        names.iter().fold(tuple, |pickle, name| pickle.text(name).op(b"h\x00K\x00\x86s"))
    });
    state.op(b"q\x000")
}

#[test]
fn nested_records_are_bounded() {
    let base = Pickle::new().dtype("u1", "|").op(b"q\x000");
    let doubling = (0..40).fold(base.clone(), |pickle, _| record_of_stored(pickle, 8, 2));
    assert!(matches!(decode(doubling.op("N")), Err(DumpError::Array { .. })));
    let wide = record_of_stored(record_of_stored(base.clone(), 8, 900), 8, 900);
    assert!(matches!(decode(wide.op("N")), Err(DumpError::Array { .. })));
    on_a_small_stack(move || {
        let deep = (0..2000).fold(base, |pickle, _| record_of_stored(pickle, 8, 1));
        assert!(matches!(decode(deep.op("N")), Err(DumpError::Array { .. })));
    });
}

#[test]
fn a_record_is_not_copied_for_free() {
    let record = record_of_stored(Pickle::new().dtype("u1", "|").op(b"q\x000"), 8, 1000);
    let again = record.op(b"h\x00").op(b"(K\x03").text("|").op(b"NNNNNK\x00tq\x010");
    assert!(matches!(decode(again.times(1000, b"h\x01b").op("0N")), Err(DumpError::Array { .. })));
}

#[test]
fn a_million_of_anything_can_stand_inside_each_other() {
    let mark_and_tuple = |count| Pickle::new().times(count, b"(").times(count, b"t");
    on_a_small_stack(move || {
        for pickle in [
            Pickle::new().times(MILLION, b"]").times(MILLION - 1, b"a"),
            Pickle::new().op(b")").times(MILLION, [0x85]),
            mark_and_tuple(MILLION),
            Pickle::new().times(MILLION, b"}N").op(b"N").times(MILLION, b"s"),
            Pickle::new().times(MILLION, b"(").times(MILLION, b"\x91"),
            Pickle::new().global("a", "b").op(b")\x81").times(MILLION, [0x85, b'2', 0x81]),
        ] {
            let dump = decode(pickle).expect("deep nesting");
            let mut value = dump.root();
            let mut depth = 0;
            let below =
                |value: Value<'_>| value.items().len() + value.entries().len() > 0 || value.parts().is_some();
            while below(value) {
                let inside = value.items().next().or_else(|| value.entries().next().map(|(_, value)| value));
                match inside.or_else(|| value.parts().map(|(arguments, _)| arguments)) {
                    Some(inside) => value = inside,
                    None => break,
                }
                depth += 1;
            }
            assert!(depth >= MILLION - 1, "{depth}");
            drop(dump);
        }
    });
}

#[test]
fn pickles_inside_of_pickles_are_bounded() {
    // An array of objects is a pickle of its own; here that begins with an array of objects.
    let objects = |pickle: Pickle| {
        let wrapper = pickle.global("joblib.numpy_pickle", "NumpyArrayWrapper").op([b')', 0x81, b'}', b'(']);
        let attributes = wrapper.text("shape").ints(&[1]).text("order").text("C").text("dtype");
        attributes.dtype("O8", "|").op(b"ub")
    };
    let deep = (0..5000).fold(Pickle::new(), |pickle, _| objects(pickle));
    on_a_small_stack(|| {
        assert!(decode(deep).expect_err("too deep").to_string().contains("nested too deep"));
    });
    // A nested pickle that is something else.
    assert!(matches!(decode(objects(Pickle::new()).op(b"N..")), Err(DumpError::Array { .. })));
}

#[test]
fn copies_of_one_large_value_are_paid_for() {
    let limits = Limits { decoded_bytes: 8 << 20, ..Limits::default() };
    let text = "x".repeat(1 << 20);
    let calls = |function: (&str, &str), large: Pickle, call: &[u8]| {
        let pickle = large.op(b"q\x00").op(b"0").global(function.0, function.1).op(b"q\x010");
        Dump::decode(&pickle.times(1000, call).end(), Vec::new(), &limits)
    };
    let text = || Pickle::new().text(&text);
    let list = || Pickle::new().op(b"(").times(1 << 17, "N").op(b"t");
    let dict = || Pickle::new().op(b"}(").times(1 << 17, "N").op(b"u");
    for (function, large) in [
        (("_codecs", "encode"), text()),
        (("builtins", "set"), list()),
        (("builtins", "list"), list()),
        (("builtins", "tuple"), list()),
        (("collections", "OrderedDict"), dict()),
    ] {
        let result = calls(function, large, b"h\x01h\x00\x85R");
        assert!(matches!(result, Err(DumpError::TooLarge { .. })), "{function:?}: {result:?}");
    }
    let objects = list().op(b"q\x000").global("numpy._core.multiarray", "_reconstruct").op(b"q\x010");
    let objects = objects.dtype("O8", "|").op(b"q\x020");
    let state = |pickle: Pickle| pickle.op(b"h\x01)R(K\x01").ints(&[1 << 17]).op(b"h\x02\x89h\x00tb");
    let objects = (0..100).fold(objects, |pickle, _| state(pickle));
    assert!(matches!(Dump::decode(&objects.end(), Vec::new(), &limits), Err(DumpError::TooLarge { .. })));
}

#[test]
fn a_large_text_costs_its_length_each_time_it_is_named() {
    let limits = Limits { decoded_bytes: 64 << 20, ..Limits::default() };
    let text = Arc::new("k".repeat(16 << 20));
    let named = |repeated: &[u8]| {
        let pickle = Pickle::new().op(b"}").text(&text).op(b"q\x00").times(400_000, repeated);
        Dump::decode(&pickle.op("Ns").end(), Vec::new(), &limits)
    };
    assert!(matches!(named(b"Nsh\x00"), Err(DumpError::TooLarge { .. })), "as a key");
    assert!(matches!(named(b"20"), Err(DumpError::TooLarge { .. })), "by copying the top");
    // As a name of classes, and where a data type is called by one.
    let module = Pickle::new().text(&text).op(b"q\x00").text("b").op([0x93]);
    assert!(matches!(Dump::decode(&module.end(), Vec::new(), &limits), Err(DumpError::Pickle { .. })));
    let dtype = Pickle::new().global("numpy", "dtype").text(&text).op([0x85, b'R']);
    assert!(matches!(Dump::decode(&dtype.end(), Vec::new(), &limits), Err(DumpError::Array { .. })));
    let line = Pickle::new().global(&"m".repeat(5000), "n").end();
    assert!(matches!(Dump::decode(&line, Vec::new(), &limits), Err(DumpError::Truncated { .. })));
}

#[test]
fn arrays_do_not_search_through_what_a_dump_made_large() {
    let state = Pickle::new().op(b"}(").times(400_000, "NN").op(b"uq\x000");
    let wrapper = state.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(b"q\x010");
    assert!(matches!(decode(wrapper.op(b"h\x01)\x81h\x00b")), Err(DumpError::Array { .. })));
    let fields = Pickle::new().op(b"}(").times(400_000, "NN").op(b"uq\x000");
    let record = fields.global("numpy", "dtype").text("V8").op([0x89, 0x88, 0x87, b'R']);
    let state = record.dtype_state("|", |pickle| pickle.text("a").op([0x85]).op(b"h\x00"));
    assert!(matches!(decode(state), Err(DumpError::Array { .. })));
}

#[test]
fn shared_records_are_walked_no_more_than_is_paid_for() {
    let limits = Limits { decoded_bytes: 8 << 20, ..Limits::default() };
    let record = record_of_stored(Pickle::new().dtype("u1", "|").op(b"q\x000"), 8, 1000);
    let from_buffer = record.global("numpy._core.numeric", "_frombuffer").op(b"q\x010");
    let arguments = from_buffer.op(b"(C\x00h\x00").ints(&[0]).text("C").op(b"tq\x020");
    let arrays = arguments.times(500_000, b"h\x01h\x02R0").op("N");
    assert!(matches!(Dump::decode(&arrays.end(), Vec::new(), &limits), Err(DumpError::TooLarge { .. })));
}
