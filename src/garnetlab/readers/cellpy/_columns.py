"""Columns of cellpy's raw records to one test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Measurement, ReadError
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._rows import Table
from garnetlab.readers._vendor import Vendor, is_table_of, roles, vendor_measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: names before and since version 2
CELLPY = Vendor(
    "cellpy",
    {
        "time": ("testtime",),
        "voltage": ("voltage", "potential"),
        "current": ("current",),
        "cycle": ("cycleindex", "cyclenum"),
        "step": ("stepindex", "stepnum"),
        "charged": ("chargecapacity", "cumulativechargecapacity"),
        "discharged": ("dischargecapacity", "cumulativedischargecapacity"),
    },
    units={"time": "s", "voltage": "V"},
)
#: what cellpy calls a quantity to the roles of its numbers
_ROLES = {"time": ("time",), "voltage": ("voltage",), "current": ("current",), "charge": ("charged", "discharged")}
#: archives of old versions give a unit by its size
_SIZES = {1.0: "", 1e-3: "m", 1e-6: "u"}
_BASE = {"current": "A", "charge": "Ah", "voltage": "V", "time": "s"}


def wanted_of(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return role -> column name; raises ``ReadError`` where time, voltage or current are missing."""
    if not is_table_of(CELLPY, names):
        shown = ", ".join(names)[:100]
        message = (
            f"raw records have the columns {shown}: expected test_time, voltage and current. Save the archive again."
        )
        raise ReadError(path, message)
    return roles(CELLPY, names)


def measurement_of(
    path: Path,
    arrays: Mapping[str, NDArray[np.float64]],
    *,
    units: Mapping[str, str | float],
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    options: ReadOptions,
) -> Measurement:
    """Return the test in the raw records; ``units`` is what the archive says of its raw units."""
    if not len(next(iter(arrays.values()))):
        raise ReadError(path, "the archive holds no record: the test has not begun. Save it again.")
    stated = {role: text for key, text in _texts(units).items() for role in _ROLES[key]}
    vendor = replace(CELLPY, units={**CELLPY.units, **stated})
    table = Table(path, tuple(arrays), 1, len(next(iter(arrays.values()))), {}, arrays)
    return vendor_measurement(table, vendor, header=header, metadata=metadata, options=options)


def _texts(units: Mapping[str, str | float]) -> dict[str, str]:
    out = {}
    for key, base in _BASE.items():
        unit = units.get(key)
        if isinstance(unit, str) and unit:
            out[key] = unit
        elif isinstance(unit, float) and unit in _SIZES:
            out[key] = _SIZES[unit] + base
    return out
