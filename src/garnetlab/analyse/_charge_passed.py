"""The charge that a cycler passed, row by row, and its passages: stretches of one direction of the current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, InvalidInput, Kind, Measurement

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

__all__ = ["Passages", "Record", "passages_of", "record_of"]

_KINDS = (Kind.CYCLING, Kind.DC_POLARISATION, Kind.VOLTAMMETRY)
_REST = 1e-4  # of the largest current: below it the cell rests
_DISAGREE = 0.02  # part of the charge by which counter and integral may differ in silence
_SPARSE = 0.2  # part of the rows of a passage in which a counter moves, below which it counts in large steps


@dataclass(frozen=True, slots=True)
class Record:
    """Rows of a test, and the charge between them.

    Parameters
    ----------
    time, voltage, current: (n,).
    charge:      Charge passed between a row and the next (n - 1,) [C], signed.
    doubt:       Variance of it [C^2], from the time between the rows.
    from_counter: Whether the file's own counter gave it.
    warnings:    What to say of it.
    """

    time: Floats
    voltage: Floats
    current: Floats
    charge: Floats
    doubt: Floats
    from_counter: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passages:
    """Stretches of one direction (m,), and running sums over the intervals between rows.

    Parameters
    ----------
    sign:         +1 or -1 (m,).
    first, last:  First and last interval (m,); interval k lies between the rows k and k + 1. A rest belongs to the passage
                  before it.
    active:       Last interval that carried charge (m,).
    passed:       Running sum of the charge in the direction of its passage (n,), with a 0 in front.
    energy:       Running sum of voltage times that charge (n,).
    capacity:     Charge of each passage (m,) [C], > 0.
    capacity_std: (m,) [C].
    absorbed:     Passages in the other direction that were too small to be half cycles.
    finished:     Whether something follows the passage: a rest or the other direction (m,).
    """

    sign: Ints
    first: Ints
    last: Ints
    active: Ints
    passed: Floats
    energy: Floats
    capacity: Floats
    capacity_std: Floats
    absorbed: int
    finished: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sign)


def record_of(measurement: Measurement, analysis: str) -> Record:
    """Return the rows of a test with the charge between them: by the file's counter, else by the current.

    Raises
    ------
    InvalidInput  if it is no test of time, voltage and current, or has fewer than three rows.
    """
    _require(measurement, analysis)
    time, voltage, current = (measurement[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    good = np.isfinite(time) & np.isfinite(voltage) & np.isfinite(current)
    counter = measurement.channels.get(Channel.CHARGE)
    warnings = []
    if not good.all():
        warnings.append(f"{int((~good).sum())} rows have no number: they are left out.")
        time, voltage, current = time[good], voltage[good], current[good]
        counter = None if counter is None else counter[good]
    integral, doubt = _integrated(time, current)
    if counter is None or not np.isfinite(counter).all() or np.ptp(counter) <= 0.0:
        return Record(time, voltage, current, integral, doubt, False, tuple(warnings))
    counted = np.diff(counter)
    total, other = float(np.abs(counted).sum()), float(np.abs(integral).sum())
    if abs(other - total) > _DISAGREE * total:
        warnings.append(
            f"the file's capacity counter passed {total / 3.6:.4g} mAh, its current over time {other / 3.6:.4g} mAh:"
            " the counter is taken; pauses, rounded currents or rows that were left out may be the cause."
        )
    return Record(time, voltage, current, counted, np.zeros_like(counted), True, tuple(warnings))


def _require(measurement: Measurement, analysis: str) -> None:
    if measurement.kind not in _KINDS:
        message = f"kind = {measurement.kind.value!r}: expected cycling for {analysis}. Choose another analysis."
        raise InvalidInput(message)
    needed = (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT)
    missing = [c.label for c in needed if c not in measurement.channels]
    if missing:
        have = ", ".join(c.label for c in measurement.channels)
        message = f"channels = {have}: expected {' and '.join(missing)} too, {analysis} needs it. Export the column."
        raise InvalidInput(message)
    if len(measurement) < 3:
        message = f"rows = {len(measurement)}: expected at least 3 for {analysis}. Export the whole record."
        raise InvalidInput(message)


def _integrated(time: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the integral of the current between rows, and its variance.

    Within a step by trapezoids. Where the direction changes, the later current flowed for the later row's own period at
    most: what lies before is a pause.
    """
    dt = np.diff(time)
    way = _direction(current)
    same = way[1:] == way[:-1]
    period = np.minimum(dt, np.append(dt[1:], dt[-1:]))
    charge = np.where(same, 0.5 * (current[1:] + current[:-1]) * dt, current[1:] * period)
    doubt = np.where(same, (np.diff(current) * dt) ** 2, (current[1:] * period) ** 2) / 12.0
    return charge, doubt


def _direction(current: Floats) -> NDArray[np.int8]:
    size = np.abs(current)
    out: NDArray[np.int8] = (np.sign(current) * (size > _REST * float(size.max(initial=0.0)))).astype(np.int8)
    return out


def passages_of(record: Record, *, smallest: float) -> Passages:
    """Return the passages of a record; those below ``smallest`` of the largest are absorbed by their neighbours.

    Raises
    ------
    InvalidInput  if no current flows.
    """
    way = _direction(record.current)[1:].astype(np.int64)
    if not way.any():
        message = f"current = {float(np.abs(record.current).max()):.3g} A at most: expected a current. This is a rest."
        raise InvalidInput(message)
    flowing = np.flatnonzero(way)
    held = way[flowing[np.maximum(np.searchsorted(flowing, np.arange(len(way)), side="right") - 1, 0)]]
    first = np.concatenate(([0], np.flatnonzero(np.diff(held)) + 1))
    sign = held[first]
    along = np.maximum(held * record.charge, 0.0)
    size = np.add.reduceat(along, first)
    keep = size >= smallest * float(size.max())
    absorbed = int((~keep).sum())
    if absorbed:
        kept, kept_sign = first[keep], sign[keep]
        turn = np.concatenate(([True], np.diff(kept_sign) != 0))
        first, sign = kept[turn], kept_sign[turn]
        first[0] = 0
        held = np.repeat(sign, np.diff(np.append(first, len(held))))
        along = np.maximum(held * record.charge, 0.0)
    middle = 0.5 * (record.voltage[1:] + record.voltage[:-1])
    # over a step the voltage jumps: what flowed, flowed at the later voltage
    jump = np.concatenate(([False], _direction(record.current)[1:-1] != _direction(record.current)[2:]))
    middle = np.where(jump, record.voltage[1:], middle)
    passed = np.concatenate(([0.0], np.cumsum(along)))
    energy = np.concatenate(([0.0], np.cumsum(along * middle)))
    stop = np.append(first[1:], len(held))
    capacity = passed[stop] - passed[first]
    carried = along > 0.0
    count = np.add.reduceat(carried.astype(np.int64), first)
    active = np.maximum(np.maximum.reduceat(np.where(carried, np.arange(len(held)), -1), first), first)
    grain = capacity / np.maximum(count, 1)
    doubt = np.concatenate(([0.0], np.cumsum(record.doubt)))
    std = np.sqrt(doubt[stop] - doubt[first] + grain**2 / 6.0)
    rests = way == 0
    finished = np.append(np.ones(len(sign) - 1, dtype=np.bool_), bool(rests[-1]))
    return Passages(sign, first, stop - 1, active, passed, energy, capacity, std, absorbed, finished)
