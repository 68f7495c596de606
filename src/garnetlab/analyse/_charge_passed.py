"""The charge that a cycler passed, row by row, and its passages: stretches of one direction of the current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, InvalidInput, Kind, Measurement

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

__all__ = ["PULSE", "Passages", "Record", "direction", "passages_of", "record_of"]

_KINDS = (Kind.CYCLING, Kind.DC_POLARISATION, Kind.VOLTAMMETRY)
_REST = 1e-4  # of the largest current: below it the cell rests
_DISAGREE = 0.02  # part of the charge by which counter and integral may differ in silence
_NEAR = 3  # intervals on either side that say how often is recorded there
_GAP = (
    5.0  # times the longest of them, and nine tenths of all while current flows: longer, the instrument wrote nothing
)
#: of both passages beside it: below it a reversal is a pulse. A convention: a half cycle of a tenth would be an efficiency of
#: 10 %, and a pulse of 10 s at 3.75 C between steps of a tenth of the capacity, as in tests of pulse power, is 9 %
PULSE = 0.1


@dataclass(frozen=True, slots=True)
class Record:
    """Rows of a test, and the charge between them.

    Parameters
    ----------
    time, voltage, current: (n,).
    charge:      Charge passed between a row and the next (n - 1,) [C], signed.
    doubt:       Variance of it [C^2], from the time between the rows.
    unseen:      Charge that may have flowed besides while nothing was recorded (n - 1,) [C], signed.
    from_counter: Whether the file's own counter gave it.
    warnings:    What to say of it.
    """

    time: Floats
    voltage: Floats
    current: Floats
    charge: Floats
    doubt: Floats
    unseen: Floats
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
    passed:       Running sum of the charge in the direction of its passage (n,), with a 0 in front. What a pulse took back
                  counts once it has been passed again: the sum never falls.
    energy:       Running sum of voltage times that charge (n,).
    capacity:     Charge of each passage (m,) [C], > 0.
    capacity_std: (m,) [C].
    unseen:       Charge of each passage that may have flowed besides while nothing was recorded (m,) [C].
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
    unseen: Floats
    absorbed: int
    finished: Bools

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
    integral, doubt, unseen = _integrated(time, current)
    if counter is None or not np.isfinite(counter).all() or np.ptp(counter) <= 0.0:
        return Record(time, voltage, current, integral, doubt, unseen, False, (*warnings, *_of_gaps(time, unseen)))
    counted, still = np.diff(counter), np.zeros(len(time) - 1)
    total, other = float(np.abs(counted).sum()), float(np.abs(integral).sum())
    if abs(other - total) > _DISAGREE * total:
        warnings.append(
            f"the file's capacity counter passed {total / 3.6:.4g} mAh, its current over time {other / 3.6:.4g} mAh:"
            " the counter is taken; pauses, rounded currents or rows that were left out may be the cause."
        )
    return Record(time, voltage, current, counted, still, still, True, tuple(warnings))


def _of_gaps(time: Floats, unseen: Floats) -> list[str]:
    """Return what to say of times without rows while current flowed in one direction."""
    gaps = np.flatnonzero(unseen)
    if not len(gaps):
        return []
    longest = float(np.diff(time)[gaps].max()) / 3600.0
    return [
        f"gaps without rows while current flowed: {len(gaps)}, of up to {longest:.3g} h, and the file has no counter of charge."
        f" One period of each counts as flow; {float(np.abs(unseen).sum()) / 3.6:.3g} mAh more may have flowed and are in the"
        " uncertainty of the passages they lie in."
    ]


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


def _integrated(time: Floats, current: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the integral of the current between rows, its variance, and what may have flowed besides unseen.

    Within a step by trapezoids. Where the direction changes, the later current flowed for the later row's own period at
    most: what lies before is a pause. Where nothing was recorded for much longer than usual, the current flowed for one
    period at least and for all of the time at most: the first counts, and the rest is as likely as not to any part, so that
    its variance about what counts is a third of its square.
    """
    dt = np.diff(time)
    way = direction(current)
    same = way[1:] == way[:-1]
    period = np.minimum(dt, np.append(dt[1:], dt[-1:]))
    flowed = _flowed(dt, same, way)
    mean = 0.5 * (current[1:] + current[:-1])
    charge = np.where(same, mean * flowed, current[1:] * period)
    unseen = np.where(same, mean * (dt - flowed), 0.0)
    doubt = np.where(same, (np.diff(current) * flowed) ** 2, (current[1:] * period) ** 2) / 12.0 + unseen**2 / 3.0
    return charge, doubt, unseen


def _flowed(dt: Floats, same: Bools, way: NDArray[np.int8]) -> Floats:
    """Return for how long the current is known to have flowed between rows of one direction: over a gap one period."""
    flows = same & (way[1:] != 0)
    if not flows.any():
        return dt
    inside = np.where(flows, dt, 0.0)
    padded = np.pad(inside, _NEAR)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1)
    near = np.maximum(windows[:, :_NEAR].max(axis=1), windows[:, _NEAR + 1 :].max(axis=1))
    usual = float(np.quantile(dt[flows], 0.9))
    gap = flows & (dt > _GAP * np.maximum(near, usual))
    return np.where(gap, np.where(near > 0.0, near, usual), dt)


def direction(current: Floats) -> NDArray[np.int8]:
    """Return the direction of the current row by row, 0 at rest."""
    size = np.abs(current)
    out: NDArray[np.int8] = (np.sign(current) * (size > _REST * float(size.max(initial=0.0)))).astype(np.int8)
    return out


def passages_of(record: Record, *, smallest: float) -> Passages:
    """Return the passages of a record.

    Those below ``smallest`` of the largest are noise, and those below a tenth of both passages beside them are pulses: they
    belong to the passage they interrupt, whose charge is what remains.

    Raises
    ------
    InvalidInput  if no current flows.
    """
    way = direction(record.current)[1:].astype(np.int64)
    if not way.any():
        message = f"current = {float(np.abs(record.current).max()):.3g} A at most: expected a current. This is a rest."
        raise InvalidInput(message)
    flowing = np.flatnonzero(way)
    held = way[flowing[np.maximum(np.searchsorted(flowing, np.arange(len(way)), side="right") - 1, 0)]]
    first = np.concatenate(([0], np.flatnonzero(np.diff(held)) + 1))
    sign = held[first]
    size = np.add.reduceat(np.maximum(held * record.charge, 0.0), first)
    keep = size >= smallest * float(size.max())
    first, sign, pulses = _without_pulses(first[keep], sign[keep], size[keep])
    return _passages(record, way, held, first, sign, int((~keep).sum()) + pulses)


def _without_pulses(first: Ints, sign: Ints, size: Floats) -> tuple[Ints, Ints, int]:
    """Return begin and direction of the passages that are left when pulses belong to what they interrupt, and how many did.

    A passage only grows when a pulse in it or beside it is taken out, so that the order does not matter.
    """
    turn = np.flatnonzero(np.concatenate(([True], np.diff(sign) != 0)))
    first, sign, size = first[turn], sign[turn], np.add.reduceat(size, turn)
    first[0], count = 0, 0
    while len(size) > 2:
        pulse = np.zeros(len(size), dtype=np.bool_)
        pulse[1:-1] = size[1:-1] < PULSE * np.minimum(size[:-2], size[2:])
        if not pulse.any():
            break
        count += int(pulse.sum())
        start = np.flatnonzero(~(pulse | np.concatenate(([False], pulse[:-1]))))
        first, sign, size = first[start], sign[start], np.add.reduceat(np.where(pulse, -size, size), start)
    return first, sign, count


def _passages(record: Record, way: Ints, held: Ints, first: Ints, sign: Ints, absorbed: int) -> Passages:
    """Return the passages that begin at some intervals; ``held`` is the direction that last flowed, pulses as they were."""
    stop = np.append(first[1:], len(held))
    along = _along(record.charge, held, first, stop, sign)
    middle = 0.5 * (record.voltage[1:] + record.voltage[:-1])
    # over a step the voltage jumps: what flowed, flowed at the later voltage
    rows = direction(record.current)
    jump = np.concatenate(([False], rows[1:-1] != rows[2:]))
    middle = np.where(jump, record.voltage[1:], middle)
    passed = np.concatenate(([0.0], np.cumsum(along)))
    energy = np.concatenate(([0.0], np.cumsum(along * middle)))
    capacity = passed[stop] - passed[first]
    carried = along > 0.0
    count = np.add.reduceat(carried.astype(np.int64), first)
    # by its noise the current of a rest carries too, which a counter does not show
    moving = carried & ((way != 0) | record.from_counter)
    active = np.maximum(np.maximum.reduceat(np.where(moving, np.arange(len(held)), -1), first), first)
    grain = capacity / np.maximum(count, 1)
    doubt = np.concatenate(([0.0], np.cumsum(record.doubt)))
    std = np.sqrt(doubt[stop] - doubt[first] + grain**2 / 6.0)
    unseen = np.add.reduceat(np.abs(record.unseen), first)
    finished = np.append(np.ones(len(sign) - 1, dtype=np.bool_), bool(way[-1] == 0))
    return Passages(sign, first, stop - 1, active, passed, energy, capacity, std, unseen, absorbed, finished)


def _along(charge: Floats, held: Ints, first: Ints, stop: Ints, sign: Ints) -> Floats:
    """Return the charge of every interval in the direction of its passage, >= 0.

    A pulse against it carries none, and neither does what flows after it until what it took back has been passed again.
    """
    own = np.repeat(sign, stop - first)
    with_it = own == held
    out: Floats = np.where(with_it, np.maximum(own * charge, 0.0), np.minimum(own * charge, 0.0))
    interrupted = np.flatnonzero(~np.logical_and.reduceat(with_it, first))
    for k in interrupted:
        part = slice(int(first[k]), int(stop[k]))
        highest = np.maximum.accumulate(np.maximum(np.cumsum(out[part]), 0.0))
        out[part] = np.diff(highest, prepend=0.0)
    return out
