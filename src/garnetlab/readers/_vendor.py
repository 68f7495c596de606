"""Tables of cyclers of several makers to tests: one engine, one description per maker.

A description says which column names a maker uses for which quantity. Units stand in the names; where they do not, the
maker's fixed unit is taken, or the file is refused until the user says it. Directions come from the sign of the current,
else from the state of the step, else from the step of the voltage after a rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab import units
from garnetlab.core import Channel, Measurement, ReadError
from garnetlab.readers._charges import by_way, factor_of, misfit_of, net_gains
from garnetlab.readers._column_names import Unit, split_name, unit_of
from garnetlab.readers._cycling import cycling_measurement, restarts, running, summed
from garnetlab.readers._direction import directions, signed_by_counters, signed_by_state, signed_by_voltage
from garnetlab.readers._durations import clock_seconds, date_seconds, is_clock, parse_date
from garnetlab.readers._options import NOTHING, ReadOptions
from garnetlab.readers._rows import Layout, Table, head_of, read_table, split_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DIMENSION = {
    "time": "time", "voltage": "voltage", "current": "current", "charged": "charge", "discharged": "charge",
    "capacity": "charge", "temperature": "temperature",
}  # fmt: skip
_TEXTS = frozenset({"state", "date"})
_PLAIN = frozenset({"cycle", "step"})
_DELIMITERS = ("\t", ";", ",")
_NUMBER_BEGINS = frozenset("+-.0123456789")
_PREFACE = 400  # lines in which the column names stand
_COUNTERS = ("charged", "discharged")
_TIME_UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": units.hour, "days": 24 * units.hour}
_TIME_MISFIT = 0.1  # share by which dates may differ from the elapsed time
DESCRIPTION = "from description"


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one maker writes tables.

    Attributes
    ----------
    title:       The maker, for messages.
    names:       Quantity to the column names it goes by, normalised as ``split_name`` does, best first.
    units:       Quantity to the unit its numbers have where the name states none; without one the user is asked.
    counters:    ``"step"`` where capacities begin anew in each step, ``"running"`` where at any place or none.
    order:       ``"mdy"`` or ``"dmy"`` where the program always writes dates so.
    signed:      Whether the program writes currents with their sign; where not, the state decides.
    required:    Quantities without which a table is not this maker's.
    marks:       Column names of which at least one must be there: they tell this maker from others.
    description: Whether no real file was at hand.
    """

    title: str
    names: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str] = field(default_factory=dict)
    counters: str = "running"
    order: str = ""
    signed: bool = True
    required: tuple[str, ...] = ("time", "voltage", "current")
    marks: tuple[str, ...] = ()
    description: bool = False


def roles(vendor: Vendor, names: Sequence[str]) -> dict[str, str]:
    """Return quantity -> column name for what the vendor's columns hold."""
    bases: dict[str, list[str]] = {}
    for name in names:
        bases.setdefault(split_name(name)[0], []).append(name)
    out: dict[str, str] = {}
    for role, spellings in vendor.names.items():
        fits = (n for s in spellings for n in bases.get(s, []) if _usable(role, n))
        found = next(fits, None)
        if found is not None:
            out[role] = found
    return out


def _usable(role: str, name: str) -> bool:
    """Return whether a column's unit fits the quantity: a specific capacity is no capacity."""
    unit = split_name(name)[1]
    return role not in DIMENSION or not unit or unit_of(unit, DIMENSION[role]) is not None


def is_table_of(vendor: Vendor, names: Sequence[str]) -> bool:
    """Return whether column names are those of the vendor: all it requires and one of its marks."""
    found = roles(vendor, names)
    bases = {split_name(n)[0] for n in names}
    marked = not vendor.marks or any(mark in bases for mark in vendor.marks)
    return marked and all(role in found for role in vendor.required)


def find_layout(lines: Sequence[str], vendor: Vendor, *, preface: int = _PREFACE) -> Layout | None:
    """Return where a vendor's table stands in the lines of a text file, or None."""
    for place, text in enumerate(lines[:preface]):
        if text.lstrip()[:1] in _NUMBER_BEGINS:
            continue  # a row of numbers: it is no line of names
        for delimiter in _DELIMITERS:
            if delimiter not in text:
                continue
            names = split_cells(text, delimiter)
            while names and not names[-1]:
                names.pop()
            if is_table_of(vendor, names):
                first = place + 1
                while first < len(lines) and not lines[first].strip():
                    first += 1
                return Layout(tuple(names), first + 1, delimiter, tuple(lines[:place]))
    return None


def read_vendor_text(
    path: Path,
    vendor: Vendor,
    *,
    options: ReadOptions = NOTHING,
    skip: Callable[[Sequence[str]], bool] | None = None,
    metadata: Callable[[Sequence[str]], Mapping[str, float | str]] | None = None,
) -> Measurement:
    """Return the test in one text file of a vendor.

    Parameters
    ----------
    path:     The file.
    vendor:   Its maker's description.
    options:  What the user says.
    skip:     Rows that hold no record; see ``read_table``.
    metadata: What the lines above the table say.

    Raises
    ------
    ReadError  if there is no such table, a cell is no number, the time falls, or a unit or direction stays open.
    """
    lines = head_of(path)
    layout = find_layout(lines, vendor)
    if layout is None:
        wanted = ", ".join(vendor.required)
        message = f"no line of column names with {wanted} as {vendor.title} writes them. Export the file again."
        raise ReadError(path, message, 1)
    twice = next((n for i, n in enumerate(layout.names) if n and n in layout.names[:i]), None)
    if twice is not None:
        message = f"columns = {twice!r} stands twice: expected each name once. Export the file again."
        raise ReadError(path, message, layout.line - 1)
    found = roles(vendor, layout.names)
    rows = (split_cells(text, layout.delimiter) for text in lines[layout.line - 1 :])
    first = next((cells for cells in rows if skip is None or not skip(cells)), [])
    cell = dict(zip(layout.names, first, strict=False))
    time = found["time"]
    clocks = {time} if is_clock(cell.get(time, "")) else set()
    texts = {n for r, n in found.items() if r in _TEXTS} | (
        set() if _number_like(cell.get(time, "")) else {time} - clocks
    )
    gone = set() if _needs_dates(vendor, found) else {found.get("date", "")} - {time}
    texts -= gone  # of these only the first is looked at
    table = read_table(
        path,
        layout,
        wanted=[n for n in found.values() if n not in texts | clocks | gone],
        texts=texts,
        clocks=clocks,
        skip=skip,
        open_end=True,
    )
    header = preface_header(layout.preface) | {"columns": ", ".join(layout.names)}
    known = dict(metadata(layout.preface)) if metadata else {}
    return vendor_measurement(table, vendor, header=header, metadata=known, options=options)


def _needs_dates(vendor: Vendor, found: Mapping[str, str]) -> bool:
    """Return whether all dates are needed, to tell the unit of a time that states none."""
    return not (split_name(found["time"])[1] or vendor.units.get("time"))


def _number_like(cell: str) -> bool:
    return not is_clock(cell) and parse_date(cell, "mdy") is None and parse_date(cell, "dmy") is None


def preface_header(lines: Iterable[str]) -> dict[str, str]:
    """Return the texts above a table: ``key: value`` or ``key<tab>value`` by key, the first of each."""
    out: dict[str, str] = {}
    for text in lines:
        stripped = text.strip().strip("~,;").strip()
        separator = "\t" if "\t" in stripped else ":" if ":" in stripped else ","
        key, found, value = stripped.partition(separator)
        key = key.strip().rstrip(":").strip()
        if found and key and key not in out:
            out[key] = value.strip(" \t,;")[:1000]
    return out


def vendor_measurement(
    table: Table,
    vendor: Vendor,
    *,
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    options: ReadOptions = NOTHING,
    part: str = "",
) -> Measurement:
    """Return the test in a table whose columns the vendor's description names.

    Raises
    ------
    ReadError  as ``read_vendor_text``.
    """
    with table.located():
        return _measurement(table, vendor, header, metadata, options, part)


def _measurement(
    table: Table,
    vendor: Vendor,
    header: Mapping[str, str],
    metadata: Mapping[str, float | str],
    options: ReadOptions,
    part: str,
) -> Measurement:
    found = roles(vendor, table.names)
    warnings = list(table.warnings)
    known = dict(metadata)
    if vendor.description:
        warnings.append(
            f"this form of {vendor.title} is read {DESCRIPTION}, not from files of instruments: compare rows"
        )
        header = {**header, "reader written": DESCRIPTION}
    time, started = _time(table, vendor, found, warnings)
    if started:
        known.setdefault("started", started)
    channels: dict[Channel, Array] = {Channel.TIME: time}
    voltage_unit = _unit(table, vendor, found, "voltage", options)
    channels[Channel.VOLTAGE] = _si(table.numbers(found["voltage"]), voltage_unit)
    for role, channel in (("cycle", Channel.CYCLE), ("step", Channel.STEP)):
        if role in found:
            values, note = table.optional(found[role])
            warnings += [note] if note else []
            channels |= {} if values is None else {channel: values}
    if "current" in found:
        channels[Channel.CURRENT] = _current(table, vendor, found, channels, options, warnings)
        _add_charge(table, vendor, found, channels, options, warnings)
    temperature = _temperature(table, vendor, found, options, warnings)
    channels |= {} if temperature is None else {Channel.TEMPERATURE: temperature}
    return cycling_measurement(
        table.path, channels, line=table.line, header=header, metadata=known, warnings=warnings, part=part
    )


def _si(values: Array, unit: Unit) -> Array:
    return values if unit.factor == 1.0 and not unit.offset else unit.factor * values + unit.offset


def _unit(table: Table, vendor: Vendor, found: Mapping[str, str], role: str, options: ReadOptions) -> Unit:
    """Return the unit of a column: of its name, of the user, or of the maker."""
    name = found[role]
    text = split_name(name)[1]
    if not text and options.current_unit and DIMENSION[role] in ("current", "charge"):
        text = options.current_unit + ("" if role == "current" else "h")
    text = text or vendor.units.get(role, "")
    unit = unit_of(text, DIMENSION[role])
    if unit is None:
        message = (
            f"column = {name!r} states no unit, and {vendor.title} writes several. Say it: --current-unit mA (or A, uA; in"
            f" Python current_unit='mA'), or name the column {name + ' (mA)'!r}."
        )
        raise ReadError(table.path, message, max(table.line - 1, 1))
    return unit


def _time(table: Table, vendor: Vendor, found: Mapping[str, str], warnings: list[str]) -> tuple[Array, str]:
    """Return the seconds since the start of the test, and when it started where the file says so."""
    dates = table.written(found["date"]) if "date" in found else ()
    name = found["time"]
    texts = table.cells.get(name)
    if name in table.clocks:
        time = table.clocks[name]
    elif texts is not None and is_clock(texts[0]):
        time = clock_seconds(table.path, table.line, name, texts)
    elif texts is not None and not _number_like(texts[0]):
        time, started = date_seconds(table.path, table.line, name, texts, order=vendor.order)
        if name == found.get("date"):
            _check_dates(table, name, texts, time, warnings)
        return time, started
    else:
        time = table.numbers(name)
        text = split_name(name)[1] or vendor.units.get("time", "")
        unit = unit_of(text, "time") if text else _evident_unit(name, time, dates, warnings)
        if unit is None:
            message = (
                f"column = {name!r} states no unit, and no column of dates shows it: expected seconds, minutes or hours"
                f" in its name, like {name + ' (s)'!r}."
            )
            raise ReadError(table.path, message, max(table.line - 1, 1))
        time = _si(time, unit)
    return time, start_of(dates[0], float(time[0]), vendor.order) if dates else ""


def _check_dates(table: Table, name: str, texts: Sequence[str], time: Array, warnings: list[str]) -> None:
    """Note that the dates give the time; raise where they stand still, and so give none."""
    if len(time) > 1 and not time[-1]:
        message = (
            f"{name} = {texts[0].strip()!r} in every row: expected dates that go on, since no column holds the test's total"
            " time. Export the total time."
        )
        raise ReadError(table.path, message, table.line)
    warnings.append(f"no column holds the test's total time: it is that of the dates in {name!r}")


def _evident_unit(name: str, time: Array, dates: Sequence[str], warnings: list[str]) -> Unit | None:
    """Return the unit of times that name none, from the dates beside them; None where they leave it open."""
    if not dates or not np.ptp(time):
        return None
    for order in ("mdy", "dmy"):
        first, last = parse_date(dates[0], order), parse_date(dates[-1], order)
        if first is None or last is None:
            continue
        ratio = (last - first).total_seconds() / float(time[-1] - time[0])
        for text, factor in _TIME_UNITS.items():
            if abs(ratio / factor - 1.0) < _TIME_MISFIT:
                warnings.append(f"column {name!r} states no unit: {text}, as the dates beside it show")
                return Unit("time", factor)
    return None


def start_of(date: str, time: float, order: str = "") -> str:
    """Return when a test started, from the date and the time of its first row, or an empty string."""
    stamp = parse_date(date, order)
    return "" if stamp is None else (stamp - timedelta(seconds=round(time))).isoformat()


def _current(
    table: Table,
    vendor: Vendor,
    found: Mapping[str, str],
    channels: Mapping[Channel, Array],
    options: ReadOptions,
    warnings: list[str],
) -> Array:
    values = table.numbers(found["current"])
    if not values.any() and not split_name(found["current"])[1]:
        return values  # a rest throughout: zero in any unit
    current = _si(values, _unit(table, vendor, found, "current", options))
    if "state" in found:
        current, notes = signed_by_state(table.path, found["state"], table.texts(found["state"]), current, table.line)
    elif bool((current < 0).any()):
        return current
    elif vendor.signed:
        gains = _gains(table, found)
        if gains is None:
            return current
        names = (found["charged"], found["discharged"])
        current, notes = signed_by_counters(table.path, names, gains, current, _starts(channels), table.line)
    else:
        starts = _starts(channels)
        current, notes = signed_by_voltage(table.path, current, channels[Channel.VOLTAGE], starts, table.line)
    warnings += notes
    return current


def _gains(table: Table, found: Mapping[str, str]) -> Array | None:
    """Return what the counters of charge and discharge gain in each row, in any unit; None where there are none."""
    if not set(_COUNTERS) <= found.keys():
        return None
    charged, discharged = (table.optional(found[r])[0] for r in _COUNTERS)
    return None if charged is None or discharged is None else net_gains(np.abs(charged), np.abs(discharged))


def _starts(channels: Mapping[Channel, Array]) -> NDArray[np.int64]:
    columns = [channels[c] for c in (Channel.CYCLE, Channel.STEP) if c in channels]
    return restarts(*columns) if columns else np.zeros(1, dtype=np.int64)


def _add_charge(
    table: Table,
    vendor: Vendor,
    found: Mapping[str, str],
    channels: dict[Channel, Array],
    options: ReadOptions,
    warnings: list[str],
) -> None:
    """Add the net charge since the first row where the file counts it, and turn a current that the counters contradict.

    A charge that is not the integral of the current is left out, with a note.

    Raises
    ------
    ReadError  where counters and current differ by a factor of units.
    """
    roles_of = _COUNTERS if set(_COUNTERS) <= found.keys() else ("capacity",) if "capacity" in found else ()
    bare = [found[r] for r in roles_of if not _has_unit(vendor, found, r, options)]
    if bare and roles_of == _COUNTERS:
        warnings.append(f"column {bare[0]!r} states no unit: it is left out")
    if bare or not roles_of:
        return
    counted = []
    for role in roles_of:
        values, note = table.optional(found[role])
        if values is None:
            warnings.append(note)
            return
        counted.append(np.abs(_si(values, _unit(table, vendor, found, role, options))))
    charge = _net(counted, vendor, channels)
    time, current = channels[Channel.TIME], channels[Channel.CURRENT]
    factor = factor_of(charge, time, current)
    names = " and ".join(repr(found[r]) for r in roles_of)
    if abs(factor) not in (0.0, 1.0):
        raise _other_unit(table, vendor, found, (names, abs(factor)), options)
    if factor == -1.0 and len(counted) == 2:
        if _state_decides(table, found):
            warnings.append(
                f"{names} count the other way than {found['state']!r} says: the state decides, they are left out"
            )
            return
        channels[Channel.CURRENT] = current = np.where(current == 0, current, -current)
        warnings.append(f"the current is negative where {names} count a charge: turned, so that current > 0 charges")
    misfit = misfit_of(charge, time, current)
    if not misfit:
        channels[Channel.CHARGE] = charge
        return
    warnings.append(
        f"the counted charge differs from the integral of the current by up to {misfit / units.hour * 1e3:.3g} mAh:"
        " it is left out"
    )


def _net(counted: Sequence[Array], vendor: Vendor, channels: Mapping[Channel, Array]) -> Array:
    """Return the net charge from two counters, or from one without sign."""
    if len(counted) == 1:
        way = np.sign(channels[Channel.CURRENT])
        return by_way(counted[0], way, _starts(channels)) if (way < 0).any() else running(counted[0])
    if vendor.counters == "step":
        return summed(counted[0] - counted[1], _starts(channels))
    return running(counted[0]) - running(counted[1])


def _has_unit(vendor: Vendor, found: Mapping[str, str], role: str, options: ReadOptions) -> bool:
    return bool(split_name(found[role])[1] or vendor.units.get(role) or options.current_unit)


def _state_decides(table: Table, found: Mapping[str, str]) -> bool:
    return "state" in found and bool((np.abs(directions(table.texts(found["state"]))) == 1).any())


def _other_unit(
    table: Table, vendor: Vendor, found: Mapping[str, str], counters: tuple[str, float], options: ReadOptions
) -> ReadError:
    """Return what to say where the counters (names, and their factor) show that a unit is wrong."""
    names, factor = counters
    name = found["current"]
    unit = _unit(table, vendor, found, "current", options)
    text = next((t for t in ("A", "mA", "uA", "nA") if _near(unit_of(t, "current"), factor * unit.factor)), "")
    advice = f"Correct the unit in the name of {name!r} or of {names}."
    if not split_name(name)[1] and text:
        advice = f"Column {name!r} states no unit: if it is {text}, say --current-unit {text} (in Python current_unit={text!r})."
    message = (
        f"{names} count {factor:g} times what the current {name!r} carries: the unit of one of them is wrong. {advice}"
    )
    return ReadError(table.path, message, max(table.line - 1, 1))


def _near(unit: Unit | None, factor: float) -> bool:
    return unit is not None and math.isclose(unit.factor, factor)


def _temperature(
    table: Table, vendor: Vendor, found: Mapping[str, str], options: ReadOptions, warnings: list[str]
) -> Array | None:
    if "temperature" not in found:
        return None
    values, note = table.optional(found["temperature"])
    if values is None:
        warnings.append(note)
        return None
    kelvin = _si(values, _unit(table, vendor, found, "temperature", options))
    if not values.any():
        return None  # a sensor that says 0 all the time is not connected
    if (kelvin <= 0).any():
        warnings.append(f"column {found['temperature']!r} is at or below 0 K: no sensor, it is left out")
        return None
    return kelvin


def iso_start(text: str, order: str = "") -> str:
    """Return a date and time in ISO form, or an empty string."""
    found: datetime | None = parse_date(text, order)
    return "" if found is None else found.isoformat()
