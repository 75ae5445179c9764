#!/usr/bin/env python3
"""Standard names of a table of variables are in CF's table, and the variables' units are of the same kind."""

from __future__ import annotations

import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cf_units
import compliance_checker


def main():
    table = tomllib.loads(Path(sys.argv[1]).read_text())
    names = ElementTree.parse(Path(compliance_checker.__file__).parent / "data" / "cf-standard-name-table.xml")
    canonical = {entry.get("id"): entry.findtext("canonical_units") for entry in names.getroot().iter("entry")}
    wrong, count = [], 0
    for key, variable in table["variables"].items():
        units = cf_units.Unit(variable["units"])
        for name in [entry["standard_name"] for entry in [variable, *variable.get("rows", [])] if "standard_name" in entry]:
            count += 1
            if name not in canonical:
                wrong.append(f"{key}: {name} is not in CF's table")
            elif not units.is_convertible(cf_units.Unit(canonical[name])):
                wrong.append(f"{key}: {units} is not of the kind of {canonical[name]} ({name})")
    if wrong or not count:
        sys.exit("\n".join(wrong) or "no standard names")
    print(f"check_standard_names: {count} names")


if __name__ == "__main__":
    main()
