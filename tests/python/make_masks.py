#!/usr/bin/env python3
"""make_masks.py FOLDER: masks of the same three regions of the sample run in each form, and what must be found.

Cells are told by matplotlib's or numpy's own arithmetic, not by gridloom's: expected.json has the cells (row, column) of each region.
"""

import json
import sys
from pathlib import Path

import netCDF4
import numpy as np

folder = Path(sys.argv[1])
lat = 89.75 - 0.5 * np.arange(360)
lon = -179.75 + 0.5 * np.arange(720)

# Two overlapping forms: a triangle, and a square with a hole; vertices lie off all centres.
triangle = [[-69.1, 5.1], [-66.9, 5.1], [-69.1, 2.6], [-69.1, 5.1]]
square = [[-68.6, 4.6], [-66.1, 4.6], [-66.1, 2.1], [-68.6, 2.1], [-68.6, 4.6]]
hole = [[-67.6, 3.6], [-67.6, 3.1], [-67.1, 3.1], [-67.1, 3.6], [-67.6, 3.6]]
far = [[10.1, 10.1], [10.2, 10.1], [10.2, 10.2], [10.1, 10.2], [10.1, 10.1]]


def winding(point, ring):
    """How often a ring goes around a point: the sum of the angles that its edges are seen under."""
    arms = np.array(ring) - np.array(point)
    angles = np.arctan2(arms[:, 1], arms[:, 0])
    turns = np.diff(angles)
    turns = (turns + np.pi) % (2 * np.pi) - np.pi
    return round(turns.sum() / (2 * np.pi))


def cells(rings):
    outer, *holes = rings
    found = []
    for row in range(165, 180):
        for column in range(215, 235):
            point = (lon[column], lat[row])
            if winding(point, outer) and not any(winding(point, one) for one in holes):
                found.append([row, column])
    return found


west, middle = cells([triangle]), cells([square, hole])
features = [
    ("west", {"type": "Polygon", "coordinates": [triangle]}),
    ("middle", {"type": "MultiPolygon", "coordinates": [[square, hole]]}),
    ("far", {"type": "Polygon", "coordinates": [far]}),
]
geojson = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"name": name}, "geometry": geometry} for name, geometry in features
    ],
}
(folder / "basins.geojson").write_text(json.dumps(geojson))

labels = np.zeros((360, 720), "i2")
for row, column in middle:
    labels[row, column] = 2
for row, column in west:
    labels[row, column] = 7
left = [cell for cell in middle if cell not in west]
np.save(folder / "labels.npy", labels)
np.save(folder / "turned.npy", np.asfortranarray(labels.astype(">i4")))
np.save(folder / "truth.npy", labels == 7)
np.save(folder / "plain.npy", (labels == 7).astype("u1"))
with netCDF4.Dataset(folder / "labels.nc", "w") as file:
    # Of a part of the globe, from south to north, in degrees east from 0 to 360.
    rows, columns = slice(150, 190), slice(200, 260)
    file.createDimension("lat", 40)
    file.createDimension("lon", 60)
    file.createVariable("lat", "f8", ("lat",))[:] = lat[rows][::-1]
    file.createVariable("lon", "f4", ("lon",))[:] = lon[columns] + 360
    basin = file.createVariable("basin", "i2", ("lat", "lon"), fill_value=-1)
    basin[:] = labels[rows, columns][::-1]
    basin.flag_values = np.array([2, 7, 9], "i2")
    basin.flag_meanings = "middle west nowhere"
    biome = file.createVariable("biome", "f4", ("lat", "lon"))
    biome[:] = (labels[rows, columns][::-1] == 7).astype("f4")
with netCDF4.Dataset(folder / "fine.nc", "w") as file:
    # A finer grid, whose cells lie around the centres of the run's.
    file.createDimension("latitude", 3 * 40)
    file.createDimension("longitude", 3 * 60)
    step = 0.5 / 3
    file.createVariable("latitude", "f8", ("latitude",))[:] = lat[150] + step - step * np.arange(120)
    file.createVariable("longitude", "f8", ("longitude",))[:] = lon[200] - step + step * np.arange(180)
    own = file.createVariable("inside", "i1", ("longitude", "latitude"))
    fine = np.zeros((120, 180), "i1")
    for row, column in west:
        fine[3 * (row - 150) + 1, 3 * (column - 200) + 1] = 1
    own[:] = fine.T
expected = {"west": west, "middle": middle, "left": left}
(folder / "expected.json").write_text(json.dumps(expected))
print(f"make_masks: {len(west)}, {len(middle)}, {len(left)} cells")
