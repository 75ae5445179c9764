#!/usr/bin/env python3
"""Writes gridcell dumps as CAETE-DVM does, with synthetic numbers that look like its own.

The module serves the sample, the benchmark runs and the tests. Run as a program it writes one cell:
`caete_dumps.py FOLDER --first 1979-01-01 --last 1983-12-31`.
"""

from __future__ import annotations

import argparse
import datetime
import math
from pathlib import Path

import joblib
import numpy as np

CALENDAR = "proleptic_gregorian"
TIME_UNIT = "days since 1860-01-01 00:00:00"
REFERENCE = datetime.date(1860, 1, 1)

# The model's own settings: a period is an LZ4 frame, a year is LZMA-alone.
PERIOD_COMPRESSION = ("lz4", 5)
YEAR_COMPRESSION = ("lzma", 6)
PICKLE_PROTOCOL = 5

# Every series in the order of a dump: key, type, rows (1 is a one-dimensional array, 0 an empty one).
LAYOUT = (
    ("emaxm", "f8", 0), ("tsoil", "f8", 1), ("photo", "f4", 1), ("aresp", "f4", 1), ("npp", "f4", 1),
    ("rnpp", "f4", 1), ("lai", "f4", 1), ("csoil", "f4", 4), ("inorg_n", "f4", 1), ("inorg_p", "f4", 1),
    ("sorbed_n", "f4", 1), ("sorbed_p", "f4", 1), ("snc", "f4", 8), ("hresp", "f4", 1), ("rcm", "f4", 1),
    ("f5", "f4", 1), ("runom", "f8", 1), ("evapm", "f8", 1), ("wsoil", "f4", 1), ("rm", "f4", 1),
    ("rg", "f4", 1), ("wue", "f4", 1), ("cue", "f4", 1), ("cdef", "f4", 1), ("nmin", "f4", 1),
    ("pmin", "f4", 1), ("vcmax", "f4", 1), ("specific_la", "f4", 1), ("nupt", "f8", 2), ("pupt", "f8", 3),
    ("litter_l", "f8", 1), ("cwd", "f8", 1), ("litter_fr", "f8", 1), ("lnc", "f8", 6), ("ls", "f8", 1),
    ("c_cost", "f4", 1), ("storage_pool", "f8", 3),
)

# Drivers: a seasonal wave, then noises from weather (quick) to soils (slow), by their memory from day to day.
MEMORY = np.array([0.70, 0.93, 0.99, 0.9995, 0.9995, 0.9995])
QUICK, WARM, WET = 0, 1, 2

# Mean, spread, smallest value and the pace of the daily series that the model computes from others only loosely.
SHAPES = {
    "rm": (1.42, 0.05, 0.2, "slow"),
    "lai": (7.6, 0.45, 0.3, "slow"),
    "hresp": (1.45, 0.15, 0.1, "wet"),
    "rcm": (1.9e4, 4.0e3, 900.0, "warm"),
    "f5": (0.70, 0.10, 0.02, "wet"),
    "evapm": (3.7, 0.48, 0.2, "quick"),
    "wsoil": (405.0, 45.0, 20.0, "wet"),
    "wue": (0.0048, 0.0018, 0.0003, "quick"),
    "cdef": (0.010, 0.006, 0.0014, "wet"),
    "vcmax": (4.35e-5, 9.0e-8, 1.0e-6, "slow"),
    "specific_la": (0.00562, 4.0e-6, 1.0e-4, "slow"),
    "c_cost": (0.26, 0.09, 0.0, "wet"),
}
ROW_SHAPES = {
    "csoil": [(19.5, 2.0), (212.0, 11.0), (450.0, 17.0), (4300.0, 8.0)],
    "snc": [(0.13, 0.012), (1.42, 0.06), (3.1, 0.09), (14.0, 0.3),
            (0.015, 0.0012), (0.16, 0.006), (0.37, 0.008), (2.3, 0.019)],
    "lnc": [(5.2e-3, 2.0e-4), (2.4e-3, 2.1e-5), (2.4e-3, 8.0e-5),
            (4.1e-4, 1.4e-5), (6.2e-4, 7.0e-6), (1.3e-4, 5.0e-6)],
}


def day_offset(date: datetime.date) -> int:
    """Days from the reference date of the dumps."""
    return (date - REFERENCE).days


def write_period(path, series, sind, eind, calendar=CALENDAR, time_unit=TIME_UNIT, compress=PERIOD_COMPRESSION):
    """Writes one period: every series of `LAYOUT`, days `sind` to `eind` inclusive."""
    days = eind - sind + 1
    dump = {}
    for key, kind, rows in LAYOUT:
        values = np.asarray(series.get(key, ()), dtype=kind)
        wanted = {0: (0,), 1: (days,)}.get(rows, (rows, days))
        if values.shape != wanted:
            raise ValueError(f"{key}: shape {values.shape}, wanted {wanted}")
        dump[key] = np.asfortranarray(values)
    dump |= {"calendar": calendar, "time_unit": time_unit, "sind": int(sind), "eind": int(eind)}
    joblib.dump(dump, path, compress=compress, protocol=PICKLE_PROTOCOL)


def write_year(path, year, communities, mask, compress=YEAR_COMPRESSION):
    """Writes one year of a metacommunity; its totals divide by living communities + 1, as the model's do."""
    living = list(communities.values())
    share = len(living) + 1
    totals = {key: sum(c[key] for c in living) / share for key in ("cleaf", "croot", "cwood")}
    fluxes = {key: sum((c[key] for c in living), np.float32(0)) / np.float32(share) if living else 0.0
              for key in ("anpp", "uptake_costs")}
    dump = {"communities": communities, "cveg": float(sum(totals.values()))}
    dump |= {key: float(value) for key, value in totals.items()}
    dump |= fluxes
    dump |= {"mask": np.asarray(mask, dtype=np.int8), "year": int(year)}
    joblib.dump(dump, path, compress=compress, protocol=PICKLE_PROTOCOL)


def cut(series, start, stop):
    """The days `start` to `stop` (positions, `stop` excluded) of every series."""
    return {key: values[..., start:stop] for key, values in series.items()}


def drivers(rng, days):
    """Unit noises of each memory, `[driver, day]`; the slow ones are smoothed twice, as soils do to weather."""
    noise = rng.standard_normal((days, MEMORY.size))
    noise *= np.sqrt(1 - MEMORY**2)
    out = np.empty((days, MEMORY.size))
    state = rng.standard_normal(MEMORY.size)
    smooth = state.copy()
    blend = np.where(MEMORY > 0.995, 0.02, 1.0)
    for day in range(days):
        state = MEMORY * state + noise[day]
        smooth = smooth + blend * (state - smooth)
        out[day] = smooth
    return np.ascontiguousarray(out.T)


def synthetic_series(rng, lat, lon, day_offsets):
    """Every series of one cell over all of `day_offsets`: seasonal, autocorrelated, of the model's magnitudes.

    Generate a cell's whole time at once and `cut` it, so that its periods join without a step.
    """
    day_offsets = np.asarray(day_offsets)
    days = day_offsets.size
    # Plain sines of a table rather than np.sin: its last bits differ from one CPU to another.
    wave = np.array([math.sin(2 * math.pi * k / 365.25) for k in range(1461)])
    phase = 0 if lat < 0 else 730
    season = wave[(day_offsets + phase + int(2 * lon)) % 1461]
    noise = drivers(rng, days)
    # Wetter towards the equator, drier towards the east, and no two neighbours quite the same.
    level = 1.0 - 0.012 * abs(lat + 3) - 0.006 * (lon + 62) + 0.05 * rng.standard_normal()
    level = min(max(level, 0.45), 1.4)

    def signal(pace):
        a, b, c = rng.uniform(0.5, 1.0, 3)
        slow = noise[3:].T @ rng.uniform(-0.8, 0.8, 3)
        if pace == "slow":
            return 0.25 * a * season + slow
        if pace == "wet":
            return 0.6 * a * season + 0.7 * b * noise[WET] + 0.3 * slow
        if pace == "warm":
            return 0.6 * a * season + 0.7 * b * noise[WARM] + 0.2 * c * noise[WET]
        return 0.4 * a * season + 0.8 * b * noise[QUICK] + 0.3 * c * noise[WET]

    def shaped(mean, spread, least, pace, scale=level):
        return np.maximum(mean * scale + spread * signal(pace), least)

    def single(values):
        return values.astype("f4")

    series = {"emaxm": np.zeros(0)}
    for key, (mean, spread, least, pace) in SHAPES.items():
        scale = 1.0 + 0.1 * (level - 1.0) if key in ("vcmax", "specific_la", "rcm") else level
        series[key] = single(shaped(mean, spread, least, pace, scale))
    for key, rows in ROW_SHAPES.items():
        own = rng.uniform(0.9, 1.1)
        series[key] = np.stack([single(shaped(m, s, 0.0, "slow", level * own)) for m, s in rows])

    # The model subtracts the freezing point in double precision from single precision kelvin.
    series["tsoil"] = single(shaped(300.5 - 0.12 * abs(lat), 1.0, 270.0, "warm", 1.0)).astype("f8") - 273.15
    npp = single(shaped(1.15, 0.30, 0.02, "wet"))
    series["npp"] = npp
    series["rg"] = npp * np.float32(0.0004)
    series["aresp"] = series["rm"] + series["rg"] * np.float32(100)
    series["photo"] = npp + series["aresp"]
    series["cue"] = npp / series["photo"]
    series["rnpp"] = npp * np.float32(1.65) - np.float32(0.01) * series["hresp"]

    for nutrient, available, solution in (("n", 8.3, 1.27), ("p", 35.6, 1.48)):
        inorganic = single(shaped(available, 0.012 * available, 0.01, "slow"))
        series[f"inorg_{nutrient}"] = inorganic
        series[f"sorbed_{nutrient}"] = inorganic * np.float32(0.3847 if nutrient == "n" else 0.3472)
        series[f"{nutrient}min"] = inorganic * np.float32(solution / available)

    storm = rng.standard_exponential(days)
    series["runom"] = np.maximum(1.1 * level + 0.9 * signal("wet") + (storm - 1.0) * 1.4, 0.0)

    nothing = np.zeros(days)
    series["nupt"] = np.stack([single(shaped(0.0085, 0.0021, 0.0005, "quick")).astype("f8"), nothing])
    series["pupt"] = np.stack([single(shaped(0.0010, 0.00018, 0.0001, "wet")).astype("f8"), nothing, nothing])
    leaf = single(shaped(0.70, 0.05, 0.0, "wet"))
    series["litter_l"] = leaf.astype("f8") + single(shaped(0.28, 0.01, 0.0, "slow")).astype("f8")
    series["cwd"] = single(shaped(0.34, 0.014, 0.0, "slow")).astype("f8")
    series["litter_fr"] = single(shaped(0.09, 0.0008, 0.0, "slow")).astype("f8")
    series["ls"] = np.rint(shaped(70.0, 3.0, 1.0, "slow"))
    series["storage_pool"] = np.stack([single(shaped(m, s, 1e-4, p)).astype("f8") for m, s, p in (
        (1.7, 0.7, "wet"), (0.016, 0.003, "quick"), (0.0005, 0.00012, "quick"))])

    types = {key: kind for key, kind, _ in LAYOUT}
    return {key: np.asarray(values, dtype=types[key]) for key, values in series.items()}


def synthetic_community(rng, strategies, limitation=True):
    """One living community of `strategies` plant life strategies."""
    # Squares of squares: few large plants and many small ones, without exp().
    size = rng.uniform(0.03, 1.0, strategies) ** 4
    leaf, root, wood = (size * rng.uniform(0.6, 1.4, strategies) * top for top in (6.5, 0.25, 18.0))
    occupation = size / size.sum()
    community = {
        "vp_cleaf": leaf, "vp_croot": root, "vp_cwood": wood, "vp_ocp": occupation,
        "id": rng.permutation(3000)[:strategies].astype("i8"),
    }
    if limitation:
        def codes(choices):
            code = rng.choice(choices, strategies)
            percent = np.where(rng.random(strategies) < 0.6, 100.0, rng.integers(180, 365, strategies) * 100 / 365)
            return tuple((int(c), float(p)) for c, p in zip(code, percent))

        for organ in ("leaf", "root", "wood"):
            community[f"limitation_status_{organ}"] = codes([0, 0, 0, 1, 2, 4, 5, 6])
        community["uptk_strat_n"] = codes([0, 0, 1, 4])
        community["uptk_strat_p"] = codes([0, 3, 4])
    weighted = {name: float(np.float32((values * occupation).sum()))
                for name, values in (("cleaf", leaf), ("croot", root), ("cwood", wood))}
    entropy = -sum(p * math.log(p) for p in occupation.tolist())
    community |= weighted
    community |= {
        "masked": 0,
        "uptake_costs": np.float32(rng.uniform(70, 130)),
        "anpp": np.float32(rng.uniform(450, 800)),
        "shannon_entropy": entropy if strategies > 1 else -9999.0,
        "shannon_diversity": math.exp(entropy) if strategies > 1 else -9999.0,
        "shannon_evenness": entropy / math.log(strategies) if strategies > 1 else -9999.0,
    }
    return community


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the cell's folder, e.g. grd_190-238")
    parser.add_argument("--first", type=datetime.date.fromisoformat, default="1979-01-01")
    parser.add_argument("--last", type=datetime.date.fromisoformat, default="1983-12-31")
    parser.add_argument("--lat", type=float, default=-5.25)
    parser.add_argument("--lon", type=float, default=-60.75)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    first, last = day_offset(options.first), day_offset(options.last)
    options.folder.mkdir(parents=True, exist_ok=True)
    series = synthetic_series(rng, options.lat, options.lon, np.arange(first, last + 1))
    write_period(options.folder / "spin0001.pkz", series, first, last)
    for year in range(options.first.year, options.last.year + 1):
        write_year(options.folder / f"metacommunity_{year}.pkz", year, {0: synthetic_community(rng, 80)}, [0])


if __name__ == "__main__":
    main()
