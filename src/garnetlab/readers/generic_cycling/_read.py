"""A table of time and voltage to one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, Kind, Measurement, ReadError
from garnetlab.readers._column_names import split_name
from garnetlab.readers._cycling import restarts
from garnetlab.readers._direction import direction_of
from garnetlab.readers._durations import clock_seconds, is_clock, parse_date
from garnetlab.readers._options import ReadOptions
from garnetlab.readers._rows import Layout, Table, head_of, read_table
from garnetlab.readers._runs import Runs
from garnetlab.readers._text import is_number
from garnetlab.readers._vendor import Vendor, find_layout, preface_header, roles, vendor_measurement
from garnetlab.readers.generic_cycling._marks import check_marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_DATES = ("date", "datetime", "dateandtime", "timestamp", "absolutetime", "realtime", "systime", "绝对时间", "系统时间")
_TABLE = Vendor(
    "a table of time and voltage",
    {
        "time": ("time", "t", "testtime", "elapsedtime", "totaltime", "zeit", "temps", *_DATES),
        "voltage": (
            "voltage", "e", "u", "v", "δe", "δv", "δu", "ewe", "ecell", "potential", "cellvoltage", "overpotential",
            "workingelectrode", "spannung",
        ),
        "current": ("current", "i", "strom"),
        "cycle": ("cycle", "cyclenumber", "cycleindex"),
        "step": ("step", "stepindex", "stepnumber", "stepno", "工步号", "工步序号"),
        "state": ("state", "status", "steptype", "stepstatus", "stepname", "mode", "md", "状态", "工步类型"),
        "charged": ("chargecapacity", "chgcap", "chargedcapacity", "充电容量"),
        "discharged": ("dischargecapacity", "dchgcap", "dischargedcapacity", "放电容量"),
        "date": _DATES,
        "temperature": ("temperature",),
    },
    units={"time": "s", "voltage": "V", "current": "A", "temperature": "°C"},
    required=("time", "voltage"),
)  # fmt: skip
_DENSITY = ("j", "currentdensity")
#: parts of names that say it is a spectrum
_SPECTRUM = ("freq", "re(z)", "im(z)", "zre", "zim", "z'", "|z|", "phase")
_STEADY = 0.9  # share of rows of a sweep whose rate is within a tenth of the usual one
_TENTH = 0.1
_HELD = 0.02  # share of the voltages' size that a held voltage may move
_DECAYED = 0.5
_EVEN = 1e-3  # spread of the ratio of current density and current


def find_table(lines: Sequence[str]) -> Layout | None:
    """Return where a table of time and voltage stands, or None; a spectrum is none."""
    layout = find_layout(lines, _TABLE)
    if layout is None or any(part in n.lower() for n in layout.names for part in _SPECTRUM):
        return None
    return layout


def read_text(path: Path, options: ReadOptions) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    layout = find_table(head_of(path))
    if layout is None:
        message = (
            "no line of column names with a time and a voltage. Name the columns so: 'time/s, voltage/V, current/A'."
        )
        raise ReadError(path, message, 1)
    twice = next((n for i, n in enumerate(layout.names) if n and n in layout.names[:i]), None)
    if twice is not None:
        raise ReadError(path, f"columns = {twice!r} stands twice: expected each name once.", layout.line - 1)
    found = roles(_TABLE, layout.names)
    density = next((n for n in layout.names if split_name(n)[0] in _DENSITY), None)
    table = _table(path, layout, found, density)
    vendor = _vendor(table, found, options)
    with table.located():
        check_marks(layout, table, found)
        anew = "date" in found and _begins_anew(table, roles(vendor, table.names))
    if anew:
        table = _table(path, layout, found, density, dates=True)
        vendor = replace(vendor, names={**vendor.names, "time": _DATES})
    found = roles(vendor, table.names)
    header = preface_header(layout.preface) | {"columns": ", ".join(layout.names)}
    measurement = vendor_measurement(table, vendor, header=header, metadata={}, options=options)
    notes = list(measurement.warnings)
    bare = [n for r, n in found.items() if r in vendor.units and n != found.get("date") and not split_name(n)[1]]
    if bare:
        units = ", ".join(vendor.units[r] for r, n in found.items() if n in bare)
        notes.insert(0, f"no unit at {', '.join(bare)}: taken as {units}")
    if "current" not in found:
        notes.append("the file has no current: directions and areas must come from elsewhere")
    elif density is not None:
        notes += _density_note(table, density, measurement)
    kind = kind_of(measurement)
    if kind is Kind.CYCLING and not {"state", "charged"} & found.keys():
        notes += _one_way_note(measurement)
    if kind is not Kind.CYCLING:
        notes.append(f"read as {kind.value}, by how voltage and current move")
    return replace(measurement, kind=kind, warnings=tuple(notes))


def _table(path: Path, layout: Layout, found: Mapping[str, str], density: str | None, *, dates: bool = False) -> Table:
    """Return the columns that are read; with ``dates`` those of the dates whole."""
    texts = {n for r, n in found.items() if r == "state" or (r == "date" and dates)}
    wanted = [n for r, n in found.items() if n not in texts and (r != "date" or n == found["time"])]
    return read_table(path, layout, wanted=[*wanted, *([density] if density else [])], texts=texts, open_end=True)


def _vendor(table: Table, found: Mapping[str, str], options: ReadOptions) -> Vendor:
    """Return the description of a table of any origin, without the columns that hold something else than their names say."""
    gone = set()
    if "state" in found and not any(direction_of(word) for word in set(_words(table.texts(found["state"])))):
        gone.add("state")  # "OK", "running"
    if "step" in found and not is_number(next(iter(table.written(found["step"])), ""), table.decimal):
        gone.add("step")  # the step's name
    current = {"current": options.current_unit} if options.current_unit else {}
    names = {role: spellings for role, spellings in _TABLE.names.items() if role not in gone}
    return replace(_TABLE, names=names, units={**_TABLE.units, **current})


def _words(texts: Sequence[str]) -> Sequence[str]:
    return texts.words if isinstance(texts, Runs) else texts


def _begins_anew(table: Table, found: Mapping[str, str]) -> bool:
    """Return whether the time is that of the step: it falls where a step begins, at all of them and nowhere else."""
    columns = [found[r] for r in ("cycle", "step") if r in found]
    name = found["time"]
    texts = table.cells.get(name)
    if not columns or (texts is not None and parse_date(texts[0], "mdy") is not None):
        return False
    clock = texts is not None and is_clock(texts[0])
    time = clock_seconds(table.path, table.line, name, table.cells[name]) if clock else table.numbers(name)
    change = np.diff(time)
    begins = np.zeros(len(change), dtype=np.bool_)
    begins[restarts(*(table.numbers(n) for n in columns))[1:] - 1] = True
    return bool((change < 0).any()) and bool((change[begins] <= 0).all()) and not bool((change[~begins] < 0).any())


def _one_way_note(measurement: Measurement) -> list[str]:
    """Return what to say where no current is negative, and no column says which way it goes."""
    current = measurement.channels.get(Channel.CURRENT)
    if current is None or not current.any() or bool((current < 0).any()):
        return []
    return [
        "no current is negative: all are taken to charge. If the file writes no signs, export the column of the state too"
    ]


def _density_note(table: Table, name: str, measurement: Measurement) -> list[str]:
    """Return what the ratio of current density and current says of the area, where it is one number."""
    values, _ = table.optional(name)
    current = measurement.channels[Channel.CURRENT]
    if values is None or len(values) != len(current):
        return []
    flowing = current != 0
    ratio = values[flowing] / current[flowing]
    if not ratio.size or np.ptp(ratio) > _EVEN * abs(float(np.median(ratio))):
        return []
    area = 1.0 / abs(float(np.median(ratio)))
    unit = split_name(name)[1]
    told = f"in {unit}" if unit else f"if in A/m^2, the area is {area:.4g} m^2; if in uA/cm^2, {area * 1e6:.4g} cm^2"
    return [f"column {name!r} is the current over a constant area, {told}; no area is taken from it: give it"]


def kind_of(measurement: Measurement) -> Kind:
    """Return what a table of time, voltage and current holds, by how they move."""
    channels = measurement.channels
    if Channel.CURRENT not in channels or len(measurement) < 8:
        return Kind.CYCLING
    time, voltage, current = (channels[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    duration = np.diff(time)
    moving = duration > 0
    rate = np.abs(np.diff(voltage)[moving] / duration[moving])
    usual = float(np.median(rate)) if rate.size else 0.0
    if usual > 0 and _sweeps(time, voltage, current, usual):
        return Kind.VOLTAMMETRY
    size = float(np.abs(voltage).max())
    held = np.abs(voltage[1:] - np.median(voltage)).max() <= _HELD * size
    falls = float(np.abs(current[-1])) < _DECAYED * float(np.abs(current).max())
    return Kind.DC_POLARISATION if size > 0 and held and falls else Kind.CYCLING


def _sweeps(time: Array, voltage: Array, current: Array, usual: float) -> bool:
    """Return whether the voltage moves at one rate, seen over tens of rows: times may be rounded."""
    width = max(1, len(time) // 50)
    span = time[width:] - time[:-width]
    ok = span > 0
    rate = np.abs((voltage[width:] - voltage[:-width])[ok] / span[ok])
    steady = float(np.mean(np.abs(rate / usual - 1.0) < _TENTH)) if rate.size else 0.0
    levels = len(np.unique(np.round(current / (np.abs(current).max() or 1.0), 2)))
    return steady > _STEADY - 0.1 and levels > 3
