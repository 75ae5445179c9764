"""The mean map that people draw themselves: xarray with dask over the cores, and matplotlib.

usage: peer_figures.py FILE VARIABLE PICTURE
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import xarray

path, variable, picture = sys.argv[1:]
with xarray.open_dataset(path, chunks={}) as data:
    mean = data[variable].mean("time").compute()
    units = data[variable].attrs.get("units", "")
figure, axes = plt.subplots(figsize=(5.9, 5.3), dpi=200)
mesh = axes.pcolormesh(mean["lon"], mean["lat"], mean)
figure.colorbar(mesh, label=units)
figure.savefig(picture)
