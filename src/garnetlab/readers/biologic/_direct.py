"""The EC-Lab table of a direct-current technique, text or binary, to one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from garnetlab.core import Channel, Kind, Measurement, ReadError
from garnetlab.readers._column_names import unit_of
from garnetlab.readers._cycling import cycling_measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class _Wanted(NamedTuple):
    names: tuple[str, ...]
    dimension: str  # empty: a count


_WANTED = {
    "time": _Wanted(("time",), "time"),
    "voltage": _Wanted(("Ewe", "<Ewe>", "Ecell", "<Ecell>"), "voltage"),
    "current": _Wanted(("<I>", "I"), "current"),
    "passed": _Wanted(("dq", "dQ"), "charge"),
    "charge": _Wanted(("(Q-Qo)",), "charge"),
    "temperature": _Wanted(("Temperature",), "temperature"),
    "cycle": _Wanted(("cycle number",), ""),
    "half": _Wanted(("half cycle",), ""),
    "step": _Wanted(("Ns",), ""),
    "control": _Wanted(("control",), "voltage"),
}
_CHANNELS = {
    "voltage": Channel.VOLTAGE, "charge": Channel.CHARGE, "cycle": Channel.CYCLE, "step": Channel.STEP,
    "temperature": Channel.TEMPERATURE,
}  # fmt: skip
#: what the technique's name begins with -> what it measures
_KINDS = {
    "galvanostatic": Kind.CYCLING,
    "modulo bat": Kind.CYCLING,
    "constant current": Kind.CYCLING,
    "open circuit": Kind.CYCLING,
    "chronopotentiometry": Kind.DC_POLARISATION,
    "chronoamperometry": Kind.DC_POLARISATION,
    "cyclic voltammetry": Kind.VOLTAMMETRY,
    "linear sweep": Kind.VOLTAMMETRY,
}
#: first byte of the settings of a binary file, as in the files at hand
TECHNIQUES = {
    0x04: "Galvanostatic Cycling with Potential Limitation",
    0x06: "Cyclic Voltammetry",
    0x18: "Chronoamperometry / Chronocoulometry",
    0x19: "Chronopotentiometry",
    0x6C: "Linear Sweep Voltammetry",
    0x7F: "Modulo Bat",
}
_OPEN = "open circuit"
_FEW = 8  # control voltages that steps hold; a sweep has more


class DirectColumn(NamedTuple):
    """Where a quantity stands, what the file calls it, and how its numbers become SI."""

    place: int
    name: str
    factor: float
    offset: float

    def to_si(self, values: Array) -> Array:
        """Return numbers of the column in SI."""
        return values if self.factor == 1.0 and not self.offset else self.factor * values + self.offset


def is_direct(names: Sequence[str]) -> bool:
    """Return whether a table holds a direct-current technique: time and voltage, and no frequency."""
    quantities = {name.rpartition("/")[0].strip() for name in names}
    voltages = any(v in quantities for v in _WANTED["voltage"].names)
    return "freq" not in quantities and "time" in quantities and voltages


def direct_columns(path: Path, names: Sequence[str], line: int | None) -> dict[str, DirectColumn]:
    """Return the columns that matter for a direct-current technique.

    Raises
    ------
    ReadError  if a unit is none of its quantity.
    """
    found: dict[str, DirectColumn] = {}
    for place, name in enumerate(names):
        quantity, slash, unit = name.strip().rpartition("/")
        quantity = quantity.strip() if slash else name.strip()
        key = next((k for k, wanted in _WANTED.items() if quantity in wanted.names and k not in found), None)
        if key is None or (key == "control" and unit != "V"):
            continue
        dimension = _WANTED[key].dimension
        known = unit_of(unit, dimension) if dimension else None
        if dimension and known is None:
            message = f"column = {name.strip()!r}: expected a unit of {dimension}. Export the file in s, V, mA, C, °C."
            raise ReadError(path, message, line)
        found[key] = DirectColumn(place, name, *((1.0, 0.0) if known is None else (known.factor, known.offset)))
    return found


def direct_measurement(
    path: Path,
    values: Mapping[str, Array],
    *,
    line: int,
    technique: str,
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    warnings: Sequence[str],
) -> Measurement:
    """Return the test in the columns ``values`` [SI] of a direct-current technique.

    ``current`` comes from its column, else it is the charge passed in each row over the row's time: the current that
    EC-Lab itself prints. At open circuit it is 0. ``cycle`` counts pairs of half cycles where the file counts those only.

    Raises
    ------
    ReadError  if there is neither current nor charge, the time falls, or a number is impossible.
    """
    notes = list(warnings)
    channels: dict[Channel, Array] = {Channel.TIME: values["time"]}
    channels |= {channel: values[key] for key, channel in _CHANNELS.items() if key in values}
    channels[Channel.CURRENT] = _current(path, values, technique, notes)
    if "cycle" not in values and "half" in values:
        channels[Channel.CYCLE] = np.floor(values["half"] / 2.0)
        notes.append("cycles are pairs of the file's half cycles")
    kind = _kind(technique, values, notes)
    return cycling_measurement(path, channels, line=line, kind=kind, header=header, metadata=metadata, warnings=notes)


def _current(path: Path, values: Mapping[str, Array], technique: str, notes: list[str]) -> Array:
    if "current" in values:
        return values["current"]
    if technique.lower().startswith(_OPEN):
        notes.append("the file has no current: open circuit, so 0")
        return np.zeros(len(values["time"]))
    if "passed" not in values:
        message = "neither current nor charge among the columns: expected I/mA or dq/mA.h. Export them too."
        raise ReadError(path, message)
    duration = np.diff(values["time"])
    passed = values["passed"][1:]
    flowing = np.divide(passed, duration, out=np.zeros(len(passed)), where=duration > 0)
    if bool(((duration <= 0) & (passed != 0)).any()):
        raise ReadError(path, "charge passes in a row of no duration: the current cannot be told. Export it too.")
    notes.append("the file has no current: it is the charge passed in each row over the row's time")
    return np.concatenate(([0.0], flowing))


def _kind(technique: str, values: Mapping[str, Array], notes: list[str]) -> Kind:
    """Return what was measured: by the technique's name, else by what was controlled."""
    lower = technique.lower()
    for begin, kind in _KINDS.items():
        if lower.startswith(begin):
            return kind
    if "control" not in values:
        kind = Kind.CYCLING
    else:
        kind = Kind.VOLTAMMETRY if len(np.unique(values["control"])) > _FEW else Kind.DC_POLARISATION
    notes.append(f"technique {technique or 'not named'!r}: read as {kind.value}, by what the instrument controlled")
    return kind
