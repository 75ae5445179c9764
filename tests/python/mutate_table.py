"""Writes changed copies of a table: mutate_table.py FILE FOLDER; makes FOLDER/MUTATION/NAME for each mutation that the
table has room for. `nothing` is a copy that another writer made, and holds the same."""

import csv
import gzip
import io
import pathlib
import shutil
import sys

import numpy
import pyarrow
import pyarrow.feather
import pyarrow.parquet

MUTATIONS = ["nothing", "value", "null", "date", "key", "remove", "double", "swap", "unit", "name", "order", "text", "title"]


def numbers(schema_or_names, key):
    return [name for name in schema_or_names if name not in key]


KEYS = {
    "daily": ["grid_y", "grid_x", "day"],
    "stats": ["grid_y", "grid_x", "variable", "month"],
    "region": ["region", "variable", "start"],
    "biomass": ["grid_y", "grid_x", "year", "pls_id"],
    "strategies": ["grid_y", "grid_x", "year", "community", "pls_id"],
    "community": ["grid_y", "grid_x", "year", "community"],
    "cell_year": ["grid_y", "grid_x", "year"],
    "limitation": ["grid_y", "grid_x", "year"],
}
VALUE = {
    "daily": "npp",
    "stats": "mean",
    "region": "mean",
    "biomass": "cveg",
    "strategies": "vp_ocp",
    "community": "cleaf",
    "cell_year": "cveg_mean",
    "limitation": "limitation_leaf_none_area",
}


def replaced(table, name, change):
    index = table.schema.get_field_index(name)
    field = table.schema.field(index)
    values = change(table.column(index).to_pylist())
    kind = field.type
    if pyarrow.types.is_dictionary(kind):
        column = pyarrow.array(values, type=pyarrow.string()).dictionary_encode()
        column = column.cast(kind) if column.type != kind else column
    else:
        column = pyarrow.array(values, type=kind)
    return table.set_column(index, field, column)


def nudge(values):
    at = next(i for i, value in enumerate(values) if value not in (None, 0) and i >= len(values) // 3)
    values[at] = float(numpy.nextafter(numpy.float32(values[at]), numpy.float32(1e9)))
    if values[at] == 0:
        values[at] = 1.0
    return values


def emptied(values):
    at = next(i for i, value in enumerate(values) if value is not None and i >= len(values) // 2)
    values[at] = None
    return values


def raised(values):
    values[len(values) // 2] += 1000
    return values


def spelled(values):
    values[len(values) // 2] = values[len(values) // 2] + "x"
    return values


def later(values):
    import datetime

    at = len(values) // 2
    values[at] = values[at] + datetime.timedelta(days=40_000)
    return values


def arrow(table, name, kind):
    rows = table.num_rows
    middle = rows // 2
    days = next((column for column in ("day", "start") if column in table.column_names), None)
    if kind == "nothing":
        return table
    if kind == "value":
        return replaced(table, VALUE[name], nudge)
    if kind == "null":
        return replaced(table, VALUE[name], emptied)
    if kind == "date":
        is_date = days and pyarrow.types.is_timestamp(table.schema.field(days).type)
        return replaced(table, days, later) if is_date else None
    if kind == "key":
        whole = [k for k in KEYS[name] if pyarrow.types.is_integer(table.schema.field(k).type)]
        return replaced(table, whole[-1], raised) if whole else None
    if kind == "remove":
        return pyarrow.concat_tables([table.slice(0, middle), table.slice(middle + 1)])
    if kind == "double":
        return pyarrow.concat_tables([table.slice(0, middle + 1), table.slice(middle)])
    if kind == "swap":
        parts = [table.slice(0, middle), table.slice(middle + 1, 1), table.slice(middle, 1), table.slice(middle + 2)]
        return pyarrow.concat_tables(parts)
    if kind == "unit":
        index = table.schema.get_field_index("latitude" if "latitude" in table.column_names else "area")
        field = table.schema.field(index)
        metadata = {**field.metadata, b"units": b"furlong"}
        schema = table.schema.set(index, field.with_metadata(metadata))
        return pyarrow.Table.from_arrays(table.columns, schema=schema)
    if kind == "name":
        index = table.schema.get_field_index(VALUE[name])
        field = table.schema.field(index).with_name("something")
        return pyarrow.Table.from_arrays(table.columns, schema=table.schema.set(index, field))
    if kind == "order":
        names = table.column_names
        return table.select(names[:-2] + [names[-1], names[-2]])
    if kind == "text":
        texts = [c for c in table.column_names if pyarrow.types.is_dictionary(table.schema.field(c).type)]
        return replaced(table, texts[0], spelled) if texts else None
    if kind == "title":
        return table.replace_schema_metadata({**table.schema.metadata, b"title": b"another"})
    raise ValueError(kind)


def lines(text, name, kind):
    rows = list(csv.reader(io.StringIO(text)))
    head, rows = rows[0], rows[1:]
    middle = len(rows) // 2
    at = head.index(VALUE[name])
    days = next((column for column in ("day", "start") if column in head), None)
    if kind == "value":
        row = next(row for row in rows[len(rows) // 3 :] if row[at] not in ("", "0.0", "-0.0"))
        kept = numpy.float32(row[at])
        row[at] = repr(float(numpy.nextafter(kept, numpy.float32(1e9))))
    elif kind == "null":
        next(row for row in rows[middle:] if row[at])[at] = ""
    elif kind == "date" and days:
        rows[middle][head.index(days)] = "2222-02-02"
    elif kind == "key" and "grid_x" in head:
        rows[middle][head.index("grid_x")] = "1"
    elif kind == "remove":
        del rows[middle]
    elif kind == "double":
        rows.insert(middle, rows[middle])
    elif kind == "swap":
        rows[middle], rows[middle + 1] = rows[middle + 1], rows[middle]
    elif kind == "name":
        head[at] = "something"
    elif kind == "order":
        head[-1], head[-2] = head[-2], head[-1]
    elif kind == "text" and "variable" in head:
        rows[middle][head.index("variable")] = "npq"
    elif kind != "nothing":
        return None
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head] + rows)
    return out.getvalue()


def hdf5(path, name, kind):
    import h5py

    with h5py.File(path, "a") as file:
        places = {key: file[f"{group}/{key}"] for group in ("data", "coordinates", "time") for key in file[group]}
        rows = len(places["grid_y" if "grid_y" in places else "region"])
        middle = rows // 2

        def change(name, of):
            places[name][...] = of(places[name][...])

        def rewritten(of):
            for place in places.values():
                values = of(place[...])
                place.resize((len(values),))
                place[...] = values

        if kind == "nothing":
            return True
        if kind == "value":
            at = next(i for i in range(rows // 3, rows) if places[VALUE[name]][i] not in (0, numpy.float32(1e20), 1e20))
            places[VALUE[name]][at] = numpy.nextafter(places[VALUE[name]][at], places[VALUE[name]].dtype.type(1e9))
            return True
        if kind == "null":
            places[VALUE[name]][next(i for i in range(middle, rows) if places[VALUE[name]][i] < 1e19)] = 1e20
            return True
        if kind == "date":
            days = next((column for column in ("day", "start") if column in places), None)
            if not days:
                return False
            places[days][middle] += 40_000
            return True
        if kind == "key":
            if "grid_x" not in places:
                return False
            places["grid_x"][middle] += 100
            return True
        if kind == "remove":
            rewritten(lambda values: numpy.delete(values, middle))
            return True
        if kind == "double":
            rewritten(lambda values: numpy.insert(values, middle, values[middle]))
            return True
        if kind == "swap":
            rewritten(lambda v: numpy.concatenate([v[:middle], v[middle + 1 : middle + 2], v[middle : middle + 1], v[middle + 2 :]]))
            return True
        if kind == "unit":
            places["latitude" if "latitude" in places else "area"].attrs["units"] = "furlong"
            return True
        if kind == "name":
            file["data"].move(VALUE[name], "something")
            return True
        if kind == "order":
            file["metadata"].attrs["columns"] = "a,b"
            return True
        if kind == "text":
            texts = [key for key in file["metadata"] if key != "columns"]
            if not texts:
                return False
            dataset = file["metadata"][texts[0]]
            dataset[0] = "astray"
            return True
        if kind == "title":
            file["metadata"].attrs["title"] = "another"
            return True


def mutated(path, target, name, kind):
    if path.name.endswith(".parquet"):
        pairs = {k: v for k, v in pyarrow.parquet.read_metadata(path).metadata.items() if k != b"ARROW:schema"}
        table = arrow(pyarrow.parquet.read_table(path, partitioning=None).replace_schema_metadata(pairs), name, kind)
        return table is not None and not pyarrow.parquet.write_table(table, target, compression="zstd")
    if path.name.endswith(".feather"):
        table = arrow(pyarrow.feather.read_table(path, memory_map=False), name, kind)
        if table is None:
            return False
        # One dictionary for all of the file, as the format has it.
        pyarrow.feather.write_feather(table.unify_dictionaries(), target, compression="zstd")
        return True
    if path.name.endswith(".h5"):
        shutil.copyfile(path, target)
        return hdf5(target, name, kind)
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        data = gzip.decompress(data)
    if path.name.endswith(".zst"):
        data = pyarrow.CompressedInputStream(io.BytesIO(data), "zstd").read()
    text = lines(data.decode(), name, kind)
    if text is None:
        return False
    data = text.encode()
    if path.name.endswith(".gz"):
        data = gzip.compress(data)
    if path.name.endswith(".zst"):
        data = pyarrow.compress(data, codec="zstd", asbytes=True)
    target.write_bytes(data)
    return True


def main():
    path, folder, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    wanted = sys.argv[4].split(",") if len(sys.argv) > 4 else MUTATIONS
    for kind in wanted:
        target = folder / kind / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if mutated(path, target, name, kind):
            print(kind)
        else:
            target.unlink(missing_ok=True)


main()
