"""Names of the Battery Data Format to channels."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import NamedTuple

from garnetlab import units
from garnetlab.core import Channel


class Column(NamedTuple):
    """A column by both its names, and how its numbers become SI: ``factor * x + offset``."""

    channel: Channel
    label: str
    machine: str
    factor: float = 1.0
    offset: float = 0.0


#: in the order in which they are written; of several for one channel the first that is there is read
COLUMNS = (
    Column(Channel.TIME, "Test Time / s", "test_time_second"),
    Column(Channel.VOLTAGE, "Voltage / V", "voltage_volt"),
    Column(Channel.CURRENT, "Current / A", "current_ampere"),
    Column(Channel.CYCLE, "Cycle Count / 1", "cycle_count"),
    Column(Channel.STEP, "Step Count / 1", "step_count"),
    Column(Channel.STEP, "Step ID", "step_id"),
    Column(Channel.TEMPERATURE, "Ambient Temperature / degC", "ambient_temperature_celsius", 1.0, units.ZERO_CELSIUS),
    Column(Channel.TEMPERATURE, "Surface Temperature / degC", "surface_temperature_celsius", 1.0, units.ZERO_CELSIUS),
    Column(Channel.TEMPERATURE, "Temperature T1 / degC", "temperature_t1_celsius", 1.0, units.ZERO_CELSIUS),
    Column(Channel.CHARGE, "Net Capacity / Ah", "net_capacity_ah", units.hour),
    Column(Channel.ENERGY, "Net Energy / Wh", "net_energy_wh", units.hour),
)
UNIX_TIME = ("Unix Time / s", "unix_time_second")
_NEEDED = COLUMNS[:3]


def names_in(line: str) -> list[str]:
    """Return the column names in the first line of a file."""
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return []


def place_of(names: Sequence[str], *spellings: str) -> int | None:
    """Return where the first of the spellings stands among the names, or None."""
    return next((names.index(s) for s in spellings if s in names), None)


def has_needed(names: Sequence[str]) -> bool:
    """Return whether time, voltage and current are among the names."""
    return all(place_of(names, c.label, c.machine) is not None for c in _NEEDED)


def missing(names: Sequence[str]) -> list[str]:
    """Return the labels of the needed columns that are not there."""
    return [c.label for c in _NEEDED if place_of(names, c.label, c.machine) is None]
