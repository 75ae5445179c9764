//! Classes and functions in pickles: names that nothing is done with, but for the few that stand for plain values.

use gridloom::caete;
use gridloom::dump::{Dump, DumpError, Limits, Value, ValueKind};

use super::writer::Pickle;

fn decode(pickle: Pickle) -> Result<Dump, DumpError> {
    Dump::decode(&pickle.end(), Vec::new(), &Limits::default())
}

fn root(pickle: Pickle) -> Dump {
    decode(pickle).expect("a pickle")
}

fn texts<'a>(value: Value<'a>) -> Vec<Option<&'a str>> {
    value.items().map(|item| item.as_str()).collect()
}

#[test]
fn nothing_in_a_pickle_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let proof = folder.path().join("proof");
    let command = format!("touch {}", proof.display());
    let calls = [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("subprocess", "getoutput")];
    for (module, name) in calls {
        let forms = [
            Pickle::new().global(module, name).text(&command).op([0x85, b'R']),
            Pickle::new().text(module).text(name).op([0x93]).text(&command).op([0x85, 0x81]),
            Pickle::new().global(module, name).text(&command).op([0x85, b'}', 0x92]),
            Pickle::new()
                .global("copyreg", "__newobj__")
                .global(module, name)
                .text(&command)
                .op([0x86, b'R']),
        ];
        for pickle in forms {
            let dump = root(pickle);
            match dump.root().kind() {
                ValueKind::Object(found, function) => assert_eq!((found, function), (module, name)),
                other => panic!("{other:?}"),
            }
            let (arguments, _) = dump.root().parts().expect("a record");
            assert!(texts(arguments).contains(&Some(command.as_str())));
        }
    }
    assert!(!proof.exists());
}

#[test]
fn a_record_keeps_what_the_pickle_says_of_it() {
    let dump = root(
        Pickle::new()
            .global("caete", "grd_mt")
            .op([b')', 0x81, b'}'])
            .text("y")
            .op(b"K\x05sb")
            .op(b"(K\x01K\x02e")
            .text("key")
            .op(b"K\x03s"),
    );
    let record = dump.root();
    assert!(matches!(record.kind(), ValueKind::Object("caete", "grd_mt")));
    let (arguments, state) = record.parts().expect("a record");
    assert!(matches!(arguments.kind(), ValueKind::Tuple(0)));
    assert_eq!(state.and_then(|state| state.get("y")).and_then(Value::as_i64), Some(5));
    assert_eq!(record.items().filter_map(Value::as_i64).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(record.entries().count(), 1);
}

#[test]
fn what_only_a_live_python_could_do_is_refused() {
    for operation in
        [&b"Pname\n"[..], b"NQ", b"\x82\x01", b"\x83\x01\x00", b"\x97", b"N\x98", b"I1\n", b"F1.0\n", b"i"]
    {
        let error = decode(Pickle::new().op(operation)).expect_err("no plain value");
        assert!(matches!(error, DumpError::Pickle { .. }), "{operation:?}: {error:?}");
    }
    for protocol in [0, 1, 6, 255] {
        let nested = Pickle::new().op([0x80, protocol]).op("N");
        assert!(decode(nested).expect_err("a protocol").to_string().contains("protocol"));
    }
}

#[test]
fn operations_on_values_of_other_types_are_refused() {
    for bytes in [
        &b"."[..],
        b"a",
        b"Na",
        b"K\x01Na",
        b"K\x01NNs",
        b"e",
        b"(e",
        b"N(e",
        b"(Nd",
        b"}(Nu",
        b"\x85",
        b"N\x86",
        b"N(\x86",
        b"h\x07",
        b"j\x00\x00\x00\x01",
        b"NNb",
        b"NN\x93",
        b"0",
        b"(0",
        b"1",
        b"2",
        b"q\x00",
        b"\x94",
        b"R",
        b"NR",
        b"(N(tb",
        b"(",
        b"]N(b",
        b"N(",
    ] {
        let error = decode(Pickle::new().op(bytes)).expect_err("no value");
        assert!(matches!(error, DumpError::Pickle { .. }), "{bytes:?}: {error:?}");
    }
    assert!(
        matches!(decode(Pickle::new().op(b"\x8c\x02\xff\xfe")), Err(DumpError::Pickle { .. })),
        "no UTF-8"
    );
}

#[test]
fn containers_of_python_are_read_with_what_they_hold() {
    let list = |pickle: Pickle| pickle.op(b"](").text("a").text("b").op(b"e");
    let call = |name: &str| list(Pickle::new().global("builtins", name)).op([0x85, b'R']);
    assert!(matches!(root(call("set")).root().kind(), ValueKind::Set(2)));
    assert!(matches!(root(call("frozenset")).root().kind(), ValueKind::Set(2)));
    assert!(matches!(root(call("tuple")).root().kind(), ValueKind::Tuple(2)));
    assert!(matches!(root(call("list")).root().kind(), ValueKind::List(2)));
    // Of a text, `list` would make its letters: not read, but not read wrongly either.
    let letters = root(Pickle::new().global("builtins", "list").text("ab").op([0x85, b'R']));
    assert!(matches!(letters.root().kind(), ValueKind::Object("builtins", "list")));
    let entry = |pickle: Pickle| pickle.text("a").op(b"K\x02s");
    let counter = root(entry(Pickle::new().global("collections", "Counter").op(b"}")).op([0x85, b'R']));
    assert_eq!(counter.root().get("a").and_then(Value::as_i64), Some(2));
    let ordered = root(entry(Pickle::new().global("collections", "OrderedDict").op(b")R")));
    assert_eq!(ordered.root().get("a").and_then(Value::as_i64), Some(2));
    let factory =
        Pickle::new().global("collections", "defaultdict").global("builtins", "int").op([0x85, b'R']);
    assert_eq!(root(entry(factory)).root().get("a").and_then(Value::as_i64), Some(2));
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let dump = root(Pickle::new().op(b"}").text("a").op(b"K\x01s").text("a").op(b"K\x02s"));
    assert_eq!(dump.root().get("a").and_then(Value::as_i64), Some(2));
}

#[test]
fn values_that_hold_themselves_are_kept() {
    let dump = root(Pickle::new().op(b"]\x94h\x00a"));
    let inner = dump.root().items().next().expect("an item");
    assert_eq!(inner.identity(), dump.root().identity());
}

/// `[array, array]` of a data type that Python stores before it gives it its state, and fetches for the second array.
fn two_arrays(dtype: impl FnOnce(Pickle) -> Pickle, second: &[u8]) -> Dump {
    let first = Pickle::new().op(b"](").joblib_array(&[1], "C", dtype, second);
    root(first.joblib_array(&[1], "C", |pickle| pickle.op(b"h\x00"), second).op(b"e"))
}

fn stored_dtype(pickle: Pickle, text: &str) -> Pickle {
    pickle.global("numpy", "dtype").text(text).op([0x89, 0x88, 0x87, b'R', b'q', 0])
}

#[test]
fn a_data_type_that_two_arrays_share_keeps_its_byte_order() {
    let dump = two_arrays(|pickle| stored_dtype(pickle, "i2").dtype_state(">", |p| p.op("NN")), &[0, 5]);
    for array in dump.root().items().filter_map(Value::as_array) {
        assert_eq!((array.dtype().to_string(), array.to_i64()), ("int16, big endian".into(), Some(vec![5])));
    }
}

#[test]
fn a_data_type_that_two_arrays_share_keeps_its_fields() {
    let record = |pickle: Pickle| {
        stored_dtype(pickle, "V3").dtype_state("|", |pickle| {
            let names = pickle.text("id").text("code").op([0x86, b'}']);
            let id = names.text("id").dtype("u2", "<").op(b"K\x00\x86s");
            id.text("code").dtype("u1", "|").op(b"K\x02\x86s")
        })
    };
    let dump = two_arrays(record, &[1, 2, 3]);
    for array in dump.root().items().filter_map(Value::as_array) {
        assert_eq!(array.dtype().to_string(), "record(id: uint16, code: uint8)");
        assert_eq!(array.field("code").map(|(_, bytes)| bytes), Some(vec![3]));
        assert_eq!(array.field("other"), None);
    }
}

#[test]
fn an_array_from_a_buffer_keeps_its_order() {
    let array = |order: &str, shape: &[i64]| {
        let pickle = Pickle::new().global("numpy._core.numeric", "_frombuffer").op(b"(").op(b"C\x06abcdef");
        decode(pickle.dtype("u1", "|").ints(shape).text(order).op(b"tR"))
    };
    let fortran = |dump: Dump| dump.root().as_array().map(|array| array.is_fortran());
    assert_eq!(array("C", &[2, 3]).ok().and_then(fortran), Some(false));
    assert_eq!(array("F", &[2, 3]).ok().and_then(fortran), Some(true));
    // numpy's `K` comes with an order of the dimensions.
    assert!(matches!(array("K", &[1, 2, 3]), Err(DumpError::Array { .. })));
    for shape in [&[2, 2][..], &[7], &[-6], &[]] {
        assert!(matches!(array("C", shape), Err(DumpError::Array { .. })), "{shape:?}");
    }
}

#[test]
fn the_rows_of_a_series_are_found_in_both_orders() {
    // Three rows of two days; a value tells its row and its day.
    for (order, data) in [("F", [0u8, 10, 20, 1, 11, 21]), ("C", [0, 1, 10, 11, 20, 21])] {
        let dump = root(Pickle::new().joblib_array(&[3, 2], order, |pickle| pickle.dtype("u1", "|"), &data));
        let series = caete::series(dump.root()).expect("a series");
        assert_eq!((series.rows(), series.has_rows(), series.days()), (3, true, 2));
        for row in 0..3 {
            let (first, step) = series.layout(row);
            let found = [series.data()[first], series.data()[first + step]];
            assert_eq!(found, [10 * row as u8, 10 * row as u8 + 1], "{order}");
        }
    }
    let flat = root(Pickle::new().joblib_array(&[2], "C", |pickle| pickle.dtype("u1", "|"), &[0, 1]));
    let series = caete::series(flat.root()).expect("a series");
    assert_eq!((series.rows(), series.has_rows(), series.layout(0)), (1, false, (0, 1)));
    let cube = root(Pickle::new().joblib_array(&[1, 1, 1], "C", |pickle| pickle.dtype("u1", "|"), &[0]));
    assert!(caete::series(cube.root()).is_err());
}
