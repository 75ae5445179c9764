"""Whether the well-known text of a file's grid mapping is the projection of a text of PROJ: check_projection.py FILE CRS."""

import sys

import netCDF4
import numpy as np
from pyproj import CRS, Transformer

path, wanted = sys.argv[1], CRS.from_user_input(sys.argv[2])
with netCDF4.Dataset(path) as file:
    mapping = file["crs"]
    found = CRS.from_wkt(mapping.crs_wkt)
    assert found.is_projected and found.to_wkt() == CRS.from_wkt(found.to_wkt()).to_wkt()
    own = CRS.from_cf({name: mapping.getncattr(name) for name in mapping.ncattrs() if name != "crs_wkt"})
    x, y = np.meshgrid(file["x"][:], file["y"][:])
for crs in (wanted, own):
    # Of each to the degrees of its own ellipsoid: no datum is shifted.
    places = [Transformer.from_crs(one, one.geodetic_crs, always_xy=True).transform(x, y) for one in (found, crs)]
    np.testing.assert_allclose(*places, atol=1e-9)
    assert abs(found.ellipsoid.semi_major_metre - crs.ellipsoid.semi_major_metre) < 1e-6
    assert abs(found.ellipsoid.inverse_flattening - crs.ellipsoid.inverse_flattening) < 1e-6
directions = [axis.direction for axis in wanted.axis_info]
if wanted.to_epsg() is None or "polar" not in wanted.name.lower():
    assert [axis.direction for axis in found.axis_info] == ["east", "north"], found.axis_info
else:
    assert [axis.direction for axis in found.axis_info] == directions, found.axis_info
# Where it is certain: others are guesses of PROJ.
print(found.to_epsg(min_confidence=100))
