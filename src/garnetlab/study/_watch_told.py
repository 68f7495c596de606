"""Events that were told, each known by the records before it: neither the name of the file nor its first record counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, InvalidInput, Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.analyse import CellEvent, CellEvents, HalfCycles

    Floats = NDArray[np.float64]

__all__ = ["Told", "keep_told", "new_events", "read_told"]

_TRACE = 128  # changes of the voltage: no two cells share so many, also where an instrument prints few digits
_SAME = 1e-9  # V: the same number read by another version
_MOVES = 3  # half cycles up to the event, of which the longest says how far its place may move


@dataclass(frozen=True, slots=True)
class Told:
    """An event that was told.

    Parameters
    ----------
    kind:  Of the event.
    span:  Length of a half cycle there [s]: an event moves by less while records are added after it.
    lag:   Time from the first record of the trace to the event [s].
    trace: The last voltages before the event, each different from the one before it [V]. Where fewer than 128 come before
           it the record's first 128, or all there were.
    """

    kind: str
    span: float
    lag: float
    trace: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Changes:
    """The records of a measurement whose voltage differs from that of the record before."""

    time: Floats
    voltage: Floats

    def times_of(self, trace: Sequence[float]) -> Floats:
        """Return where a trace begins [s]; one that is not full began with its record."""
        last = len(self.voltage) - len(trace) + 1
        places = np.arange(max(last if len(trace) == _TRACE else min(last, 1), 0))
        for k, value in enumerate(trace):
            places = places[np.abs(self.voltage[places + k] - value) <= _SAME]
            if not len(places):
                break
        return self.time[places]


def new_events(found: CellEvents, told: list[Told]) -> list[CellEvent]:
    """Return the events of a measurement that were not told, and add them to ``told``.

    Each event that was told stands for one event of the measurement at most: the nearest of its kind, less than a half
    cycle away.
    """
    if found.cycles is None or not found.events:
        return []
    changes = _changes(found.cycles.measurement)
    seen = _told_before(found, changes, told)
    new = [event for i, event in enumerate(found.events) if i not in seen]
    told.extend(_told(event, found.cycles, changes) for event in new)
    return new


def _told_before(found: CellEvents, changes: _Changes, told: Sequence[Told]) -> set[int]:
    """Return which events of a measurement were told."""
    pairs = []
    kinds = {event.kind for event in found.events}
    for k, known in enumerate(told):
        expected = changes.times_of(known.trace) + known.lag if known.kind in kinds else np.empty(0)
        for i, event in enumerate(found.events):
            away = float(np.min(np.abs(event.time - expected), initial=np.inf))
            if event.kind == known.kind and away <= max(known.span, _span(event, found.cycles)):
                pairs.append((away, i, k))
    events: set[int] = set()
    taken: set[int] = set()
    for _, i, k in sorted(pairs):
        if i not in events and k not in taken:
            events.add(i)
            taken.add(k)
    return events


def _span(event: CellEvent, cycles: HalfCycles | None) -> float:
    if cycles is None:
        return 0.0
    near = slice(max(event.half_cycle + 1 - _MOVES, 0), event.half_cycle + 1)
    return float(np.max(cycles.end[near] - cycles.start[near]))


def _changes(measurement: Measurement) -> _Changes:
    """Return the changes of the voltage, without the last record, which may be half written."""
    time, voltage = measurement[Channel.TIME][:-1], measurement[Channel.VOLTAGE][:-1]
    good = np.isfinite(time) & np.isfinite(voltage)
    time, voltage = time[good], voltage[good]
    changed = np.concatenate([[True], voltage[1:] != voltage[:-1]])[: len(voltage)]
    return _Changes(time[changed], voltage[changed])


def _told(event: CellEvent, cycles: HalfCycles, changes: _Changes) -> Told:
    first = max(int(np.searchsorted(changes.time, event.time)) - _TRACE, 0)
    trace = tuple(changes.voltage[first : first + _TRACE].tolist())
    return Told(event.kind, _span(event, cycles), event.time - float(changes.time[first]), trace)


# state ----------------------------------------------------------------------------------------------------------------
def read_told(path: Path | None) -> list[Told]:
    """Return the events that a file says were told; none without the file.

    Raises
    ------
    InvalidInput  if it is no such file, or one of an older version.
    """
    if path is None or not path.is_file():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "seen" in content:
            message = (
                f"state = {str(path)!r}: kept by an older version, which knew events by the name of the file. Remove it;"
                " events in files that are still there are told once more."
            )
            raise InvalidInput(message)
        return [
            Told(str(t["kind"]), float(t["span_s"]), float(t["lag_s"]), tuple(float(v) for v in t["trace_V"]))
            for t in content["told"]
        ]
    except InvalidInput:
        raise
    except (OSError, ValueError, KeyError, TypeError):
        message = f"state = {str(path)!r}: not a record of a watch. Remove it, or name another folder."
        raise InvalidInput(message) from None


def keep_told(path: Path, told: Sequence[Told]) -> None:
    """Write the events that were told, whole or not at all.

    Raises
    ------
    InvalidInput  if it cannot be written.
    """
    rows = [{"kind": t.kind, "span_s": t.span, "lag_s": t.lag, "trace_V": list(t.trace)} for t in told]
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"schema": "garnetlab/1", "told": rows}), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        message = f"state = {str(path)!r}: cannot be written ({error.strerror}). Name another folder."
        raise InvalidInput(message) from None
