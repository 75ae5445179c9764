"""Says anew what figures of tables say, with pyarrow and numpy: check_figures.py PROGRAM TABLES PICTURES

TABLES has biomass, strategies and limitation with traits `g1` and `odd`, or drift, or daily, region and stats
by period. Prints how many numbers were compared."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

program, tables, pictures = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
compared = 0


def drawn(*arguments):
    """What a picture says of itself."""
    command = [program, "plot", *map(str, arguments), "-o", str(pictures / "p.png"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return json.loads(done.stdout)["description"]


def number(text):
    text = text.strip().rstrip(".%;, ").replace("−", "-")
    raised = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    if "×10" in text:
        mantissa, exponent = text.split("×10")
        return float(mantissa) * 10.0 ** int(exponent.translate(raised))
    return float(text)


def near(found, wanted, what, last=5.1e-6):
    """To four digits that count, or to the last that is told."""
    global compared
    compared += 1
    assert abs(found - wanted) <= max(6e-4 * abs(wanted), last), (what, found, wanted)


def read(name):
    table = pq.read_table(tables / f"{name}.parquet").to_pydict()
    return {key: np.array([np.nan if value is None else value for value in column]) for key, column in table.items()}


def area(latitude, step=0.5):
    """Of a cell on WGS 84, by the integral over its latitudes."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    phi = np.radians(np.linspace(latitude - step / 2, latitude + step / 2, 2001))
    height = a * a * (1 - e2) * np.cos(phi) / (1 - e2 * np.sin(phi) ** 2) ** 2
    return np.trapezoid(height, phi) * np.radians(step)


areas = {latitude: area(latitude) for latitude in np.arange(-89.75, 90, 0.5)}


def ground(table):
    return np.array([areas[latitude] for latitude in table["latitude"]])


def quantile(values, weights, share):
    """The least value up to which a share of the weight lies."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    at = np.searchsorted(below, share * below[-1] * (1 - 1e-12))
    return values[order][at]


def check_boxes(values, weights, text, what):
    told = [number(part.replace("mean", "")) for part in text.split(",")]
    wanted = [quantile(values, weights, share) for share in (0.05, 0.25, 0.5, 0.75, 0.95)]
    wanted.append(np.sum(values * weights) / np.sum(weights))
    assert len(told) == 6, text
    for found, value in zip(told, wanted):
        near(found, value, what)


def boxes():
    biomass, strategies = read("biomass"), read("strategies")
    key = np.stack([strategies[name] for name in ("grid_y", "grid_x", "year")], axis=1).astype(int)
    communities = {}
    for place, community in zip(map(tuple, key), strategies["community"]):
        communities.setdefault(place, set()).add(community)
    share = np.array([1 / len(communities[tuple(place)]) for place in key])
    pools = strategies["vp_cleaf"] + strategies["vp_croot"] + strategies["vp_cwood"]
    sources = [
        (biomass, "biomass", "occupation", biomass["occupation"]),
        (biomass, "biomass", "carbon", biomass["carbon"]),
        (strategies, "strategies", "occupation", strategies["vp_ocp"] * share),
        (strategies, "strategies", "carbon", pools * strategies["vp_ocp"] * share),
    ]
    for table, name, weight, weights in sources:
        weights = weights * ground(table)
        path = tables / f"{name}.parquet"
        years = sorted(set(table["year"].astype(int)))
        words = drawn("boxes", path, "--traits", "g1,odd", "--weight", weight)
        for trait, part in zip(("g1", "odd"), words.split(". ")[1:]):
            told = dict(re.findall(r"(\d{4}): ([^;]*)", part))
            assert len(told) >= 2, part
            for year, text in told.items():
                of = table["year"] == int(year)
                check_boxes(table[trait][of], weights[of], text, (name, weight, trait, year))
        words = drawn("boxes", path, "--trait", "odd", "--weight", weight, "--by", "cell", "--years", years[0])
        told = re.findall(r"(\d+)-(\d+): ([^;]*)", words)
        assert len(told) >= 2, words
        for row, column, text in told:
            of = (table["grid_y"] == int(row)) & (table["grid_x"] == int(column)) & (table["year"] == years[0])
            check_boxes(table["odd"][of], weights[of], text, (name, row, column))
        middle = np.median(table["latitude"])
        boxes = ["--area", f"north=90,{middle},-180,180", "--area", f"all=90,-90,-180,180"]
        words = drawn("boxes", path, "--trait", "g1", "--weight", weight, "--by", "area", *boxes)
        told = dict(re.findall(r"(north|all): ([^;]*)", words))
        mask = tables / "mask.geojson"
        south = [[-180, -90], [180, -90], [180, float(middle)], [-180, float(middle)], [-180, -90]]
        far = [[100, 10], [101, 10], [101, 11], [100, 10]]
        features = [{"type": "Feature", "properties": {"name": word}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
                    for word, ring in (("south", south), ("far", far))]
        mask.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        words_of_mask = drawn("boxes", path, "--trait", "g1", "--weight", weight, "--by", "region", "--mask", mask)
        check_boxes(table["g1"][table["latitude"] < middle], weights[table["latitude"] < middle],
                    words_of_mask.split("south: ")[1], (name, "south"))
        for area_name, of in (("north", table["latitude"] >= middle), ("all", table["latitude"] > -91)):
            check_boxes(table["g1"][of], weights[of], told[area_name], (name, area_name))
        words = drawn("density", path, "--traits", "g1,odd", "--weight", weight)
        told = re.findall(r"(\d{4}): mean (\S+) and (\S+), up to (\S+) %", words)
        assert [int(year) for year, *_ in told] == [years[0], years[-1]], words
        is_shown = np.isin(table["year"], [years[0], years[-1]]) & (weights > 0)
        ends = [(np.min(table[trait][is_shown]), np.max(table[trait][is_shown])) for trait in ("g1", "odd")]
        for year, x, y, most in told:
            of = (table["year"] == int(year)) & (weights > 0)
            near(number(x), np.average(table["g1"][of], weights=weights[of]), (year, "x"))
            near(number(y), np.average(table["odd"][of], weights=weights[of]), (year, "y"))
            squares, _, _ = np.histogram2d(table["g1"][of], table["odd"][of], bins=20, range=ends, weights=weights[of])
            near(number(most), 100 * np.max(squares) / np.sum(weights[of]), (year, "most"))


def limitation():
    table = read("limitation")
    processes = {
        "Leaf growth": "limitation_leaf",
        "Root growth": "limitation_root",
        "Wood growth": "limitation_wood",
        "Uptake of nitrogen": "uptake_n",
        "Uptake of phosphorus": "uptake_p",
    }
    columns = {"none": "none", "nitrogen": "nitrogen", "phosphorus": "phosphorus", "both nutrients": "colimited", "passive": "passive",
               "AM roots": "am_roots", "EM roots": "em_roots", "AM hyphae": "am_hyphae", "EM hyphae": "em_hyphae"}
    years = sorted(set(table["year"].astype(int)))
    for weight in ("area", "carbon"):
        words = drawn("limitation", tables, "--weight", weight)
        assert f"in {years[0]} and {years[-1]}" in words, words
        for process, begin in processes.items():
            told = words.split(f"{process}: ")[1].split(";")[0]
            seen = [0.0, 0.0]
            for name, first, last in re.findall(r"([A-Za-z][A-Za-z ,]*?) (\S+) and (\S+) %", told):
                column = table[f"{begin}_{columns[name.strip(', ')]}_{weight}"]
                for place, (year, text) in enumerate(((years[0], first), (years[-1], last))):
                    of = (table["year"] == year) & ~np.isnan(column)
                    wanted = 100 * np.average(column[of], weights=ground(table)[of])
                    near(number(text), wanted, (weight, process, name, year), 5.1e-3)
                    seen[place] += wanted
            assert all(abs(whole - 100) < 1e-6 for whole in seen), (process, seen, told)


def drift():
    table = read("drift")
    means = sorted((name for name in table if name.startswith("mean_")), key=lambda name: int(name[5:]))
    words = drawn("drift", tables)
    names = list(dict.fromkeys(table["variable"]))
    told = re.findall(r"(\w+): (\S+) and (\S+) [^;]*?last change (\S+) % a year, (\d+) % of (\d+) cells", words)
    assert [name for name, *_ in told] == names, (words, names)
    for name, first, last, change, share, known in told:
        of = table["variable"] == name
        whole = of & ~np.any([np.isnan(table[mean]) for mean in means], axis=0)
        weights = ground(table)
        near(number(first), np.average(table[means[0]][whole], weights=weights[whole]), (name, "first"))
        near(number(last), np.average(table[means[-1]][whole], weights=weights[whole]), (name, "last"))
        changes = table[f"change_{means[-1][5:]}"]
        has = whole & ~np.isnan(changes)
        near(number(change), np.average(changes[has], weights=weights[has]), (name, "change"))
        rest = [value for value in table["equilibrium"][of] if value is not None and value == value]
        assert int(known) == len(rest) and int(share) == round(100 * sum(map(bool, rest)) / len(rest)), (name, share, known, rest)


def periods():
    """Lines over periods, of whichever table: what the cells' means say."""
    table = read("stats")
    weights = ground(table)
    first, last = table["period"].min(), table["period"].max()
    names = [name for name in dict.fromkeys(table["variable"])][:12]
    for source, options in (("region", ()), ("stats", ()), ("daily", ()), ("daily", ("--bbox", "4.5,-90,-180,180"))):
        words = drawn("series", tables / f"{source}.parquet", "--variable", ",".join(names), *options)
        told = dict((name, rest) for name, *rest in re.findall(r"(\w+): (\S+) in period (\d+) and (\S+) in period (\d+), ", words))
        assert set(told) == set(names), (words, names)
        for name, (value, place, final, end) in told.items():
            assert (int(place), int(end)) == (first, last), words
            for period, found in ((first, value), (last, final)):
                has = (table["variable"] == name) & (table["period"] == period) & (table["month"] == 0) & ~np.isnan(table["mean"])
                if options:
                    has &= table["latitude"] <= 4.5
                near(number(found), np.average(table["mean"][has], weights=weights[has]), (source, name, period))


if (tables / "drift.parquet").exists():
    drift()
elif (tables / "stats.parquet").exists():
    periods()
else:
    boxes()
    limitation()
print(compared)
