"""Tables of several runs, as readers open them with one call, beside the files of each run.

    check_scenarios.py FOLDER

FOLDER holds the outputs parquet, feather, gzip, hdf5 (a form each) and years (parquet by year) of the runs hist and ssp126."""

import sys
from pathlib import Path

import h5py
import numpy
import pandas
import pyarrow.parquet

RUNS = ["hist", "ssp126"]
TABLES = ["daily", "biomass", "region", "stats", "drift"]


def hdf5(path):
    """A table in HDF5, as docs/tables.md says it."""
    with h5py.File(path) as file:
        columns = {}
        for name in file["metadata"].attrs["columns"].split(","):
            (dataset,) = [file[group][name] for group in ("data", "coordinates", "time") if name in file[group]]
            values = dataset[:]
            missing = numpy.zeros(len(values), bool)
            if "_FillValue" in dataset.attrs:
                missing = values == dataset.attrs["_FillValue"]
            if "texts" in dataset.attrs:
                texts = numpy.append(file[dataset.attrs["texts"]].asstr()[:].astype(object), None)
                values = texts[numpy.where(missing, len(texts) - 1, values)]
            elif missing.any():
                values = values.astype(object)
                values[missing] = None
            columns[name] = values
        assert ("run" in columns) == ("run" in file["coordinates"]), "run is a coordinate"
        return pandas.DataFrame(columns)


READERS = {
    "parquet": (pandas.read_parquet, "parquet"),
    "feather": (pandas.read_feather, "feather"),
    "gzip": (pandas.read_csv, "csv.gz"),
    "hdf5": (hdf5, "h5"),
}


def own(form, path, run):
    """A run's own file, which has no column of runs."""
    read, _ = READERS[form]
    table = read(path)
    assert "run" not in table.columns, path
    table.insert(0, "run", run)
    return table


def plain(table):
    """Texts as texts, whatever dictionaries they were in."""
    for name in table.columns:
        if isinstance(table[name].dtype, pandas.CategoricalDtype):
            table[name] = table[name].astype(object)
    return table


def main():
    folder = Path(sys.argv[1])
    rows = 0
    for form, (read, ending) in READERS.items():
        for table in TABLES:
            found = plain(read(folder / form / f"{table}.{ending}"))
            parts = [plain(own(form, folder / form / f"run={run}" / f"{table}.{ending}", run)) for run in RUNS]
            expected = pandas.concat(parts, ignore_index=True)
            assert found.columns[0] == "run"
            assert sorted(found.columns) == sorted(expected.columns), (form, table)
            assert found["run"].drop_duplicates().tolist() == RUNS
            for name in found.columns:
                left, right = found[name], expected[name]
                same = (left == right) | (left.isna() & right.isna())
                assert same.all(), (form, table, name, found[~same].head())
            rows += len(found)
    schema = pyarrow.parquet.read_metadata(folder / "parquet/region.parquet")
    about = {key.decode(): value.decode() for key, value in schema.metadata.items() if key != b"ARROW:schema"}
    assert about["run"] == "hist, ssp126" and about["title"].endswith("of hist, ssp126"), about
    assert len(about["gridloom_input_digest"].split(", ")) == 2, about
    assert "sorted_by" not in about, about
    # With partitions, readers of Hive's folders make the column of the folders' names.
    years = sorted((folder / "years").glob("run=*/daily/*/*.parquet"))
    found = pandas.read_parquet(years)
    assert found["run"].astype(str).value_counts().to_dict() == {
        run: len(pandas.read_parquet(folder / f"parquet/run={run}/daily.parquet")) for run in RUNS
    }
    assert set(found["year"].astype(int)) <= {1979, 1980, 1981}
    assert not (folder / "years/daily.parquet").exists() and (folder / "years/region.parquet").exists()
    print(f"{rows} rows of {len(READERS)} forms are those of the runs")


main()
