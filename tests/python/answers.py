"""Compares two engines' answers: exact, but for doubles (relative 1e-9)."""

import datetime
import decimal
import math


def normal(value):
    """A value as both engines would write it: decimals without trailing zeros, zoned times in UTC."""
    match value:
        case decimal.Decimal():
            return value.normalize() if value else decimal.Decimal(0)
        case datetime.datetime() if value.tzinfo:
            return value.astimezone(datetime.UTC).replace(tzinfo=None)
        case list() | tuple():
            return [normal(v) for v in value]
        case dict():
            return {k: normal(v) for k, v in value.items()}
        case _:
            return value


def equal(a, b):
    if a is None or b is None:
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


def sort_key(row):
    """Sorts rows although NULLs and rounding differ: numbers count to eight digits first."""
    rounded = [(v is not None, f"{float(v):+.8e}" if isinstance(v, (int, float, decimal.Decimal)) else str(v)) for v in row]
    return rounded, list(map(str, row))


def difference(ours, theirs, ordered=False):
    """A sentence that says what differs, or None."""
    ours = [[normal(v) for v in row] for row in ours]
    theirs = [[normal(v) for v in row] for row in theirs]
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, expected {len(theirs)}: {ours[:3]} against {theirs[:3]}"
    if not ordered:
        ours, theirs = sorted(ours, key=sort_key), sorted(theirs, key=sort_key)
    for number, (a, b) in enumerate(zip(ours, theirs)):
        if len(a) != len(b) or not all(map(equal, a, b)):
            return f"row {number}: {a}, expected {b}"
    return None
