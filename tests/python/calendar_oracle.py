#!/usr/bin/env python3
"""Answers questions about calendars with cftime, line by line from stdin to stdout.

`calendar DAYS` is answered with the date YYYY-MM-DD that many days from the reference, `calendar YYYY-MM-DD` with the
days from the reference to that date, anything that cannot be with `error`. With several references there are as many
answers on a line.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import cftime


def parts(text):
    """Year, month and day; a year may be negative."""
    year, month, day = text.rsplit("-", 2)
    return int(year), int(month), int(day)


def answer(calendar, question, reference):
    units = f"days since {reference} 00:00:00"
    try:
        date = cftime.datetime(*parts(question), calendar=calendar)
    except ValueError:
        if "-" in question[1:]:
            raise
        date = cftime.num2date(int(question), units, calendar, only_use_cftime_datetimes=True)
        sign = "-" if date.year < 0 else ""
        return f"{sign}{abs(date.year):04d}-{date.month:02d}-{date.day:02d}"
    days = cftime.date2num(date, units, calendar)
    if days != int(days):
        raise ValueError("not a whole day")
    return str(int(days))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("references", nargs="*", default=["1860-01-01"], metavar="REFERENCE", help="YYYY-MM-DD (1860-01-01)")
    options = parser.parse_args()
    # cftime warns of dates before year 1, where CF has no convention; its answer stands.
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        answers = []
        for reference in options.references:
            try:
                calendar, question = line.split()
                answers.append(answer(calendar, question, reference))
            except (ValueError, OverflowError):
                answers.append("error")
        print(*answers, flush=True)


if __name__ == "__main__":
    main()
