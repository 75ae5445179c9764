"""Whether `gridloom get` says the same in each form: check_get.py CSV JSON PARQUET NPY NPY_OF_ROWS CSV_OF_ROWS."""

import json
import sys

import numpy as np
import pandas as pd

csv, as_json, parquet, npy, npy_rows, csv_rows = sys.argv[1:]
table = pd.read_csv(csv, dtype={"npp": "f4", "tsoil": "f8"})
typed = pd.read_parquet(parquet)
assert typed.npp.dtype == np.float32 and typed.tsoil.dtype == np.float64, typed.dtypes
assert list(typed.columns) == list(table.columns) and (typed.day == table.day).all()
with open(as_json) as file:
    whole = json.load(file)
assert whole["steps"] == list(table.day) and whole["variables"]["npp"]["type"] == "float32"
assert whole["variables"]["npp"]["units"] and len(whole["cell"]) > 0
assert table.npp.isna().any() and not table.npp.isna().all()
for name, kind in (("npp", "f4"), ("tsoil", "f8")):
    values = np.array([np.nan if one is None else one for one in whole["variables"][name]["values"]], kind)
    for other in (typed[name].to_numpy(), table[name].to_numpy()):
        np.testing.assert_array_equal(values, other)
np.testing.assert_array_equal(np.load(npy), table.npp.to_numpy())
rows = pd.read_csv(csv_rows, dtype={f"csoil_{row}": "f4" for row in range(1, 5)})
np.testing.assert_array_equal(np.load(npy_rows), rows[[f"csoil_{row}" for row in range(1, 5)]].to_numpy().T)
print(len(table), "steps")
