"""Records of a cycler to pieces of one direction of current: half cycles, rests, and the gaps between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.core import Channel, InvalidInput, Kind, Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Pieces", "Records", "difference_noise", "most_repeated", "pieces_of", "records_of"]

_MAD = 1.482602218505602  # of a normal law
_IDLE = 5e-3  # share of the largest current below which no current flows
_LEVEL = 0.05  # relative change of the current that begins a new half cycle in the same direction
_SMALL_LEVEL = 0.02  # the same where the file says that a new step begins
_JUMP = 0.05  # relative change of the voltage that tells a new step at the same current
_SIGMAS = 6.0
_NEAR_ZERO = 0.25  # share of the usual voltage, below which a cell may be at rest
_GAP = 5.0  # times the longest interval usual in such a piece
_GRID = 0.02  # relative width within which durations count as repeated
_FULL = 0.25  # share of the fullest group that a group of larger values needs


@dataclass(frozen=True, slots=True)
class Records:
    """Finite records in the order of time, SI; None for a channel that the file lacks."""

    time: Floats
    voltage: Floats
    current: Floats | None
    temperature: Floats | None
    step: Floats | None
    cycle: Floats | None
    resolution: float
    noise: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """Runs of records in one direction; ``sign`` is 0 at rest. ``after`` and ``before`` a gap, indices into the records.

    ``until`` is the time at which the next piece begins where no gap lies between, else that of the last record.
    """

    first: Ints
    last: Ints
    sign: Ints
    until: Floats
    after_gap: Bools
    before_gap: Bools
    gaps: Ints
    source: str


def records_of(measurement: Measurement) -> Records:
    """Return the finite records of a cycling measurement.

    Raises
    ------
    InvalidInput  if it is of another kind, has no time or voltage, fewer than three records, or its time goes back.
    """
    if measurement.kind is not Kind.CYCLING:
        message = f"kind = {measurement.kind.value!r}: expected 'cycling'. Half cycles need galvanostatic records."
        raise InvalidInput(message)
    time, voltage = measurement[Channel.TIME], measurement[Channel.VOLTAGE]
    current = measurement.channels.get(Channel.CURRENT)
    good = np.isfinite(time) & np.isfinite(voltage)
    if current is not None:
        good &= np.isfinite(current)
    if np.count_nonzero(good) < 3:
        message = f"records = {np.count_nonzero(good)}: expected at least 3 with time and voltage. Look at the file."
        raise InvalidInput(message)
    kept = slice(None) if bool(good.all()) else good
    time = time[kept]
    back = np.flatnonzero(np.diff(time) < 0.0)
    if len(back):
        before, after = float(time[back[0]]), float(time[back[0] + 1])
        message = f"time = {after:g} s after {before:g} s: expected a time that never goes back. Split the file."
        raise InvalidInput(message)
    others = [measurement.channels.get(c) for c in (Channel.TEMPERATURE, Channel.STEP, Channel.CYCLE)]
    temperature, step, cycle = (None if c is None else c[kept] for c in others)
    passed = None if current is None else current[kept]
    noise = difference_noise(voltage[kept])
    return Records(time, voltage[kept], passed, temperature, step, cycle, _resolution(passed), noise)


def _resolution(current: Floats | None) -> float:
    """Return the largest power of ten [A] of which all currents are multiples, as they are printed; 0 where there is none."""
    if current is None or not np.any(current):
        return 0.0
    levels = np.unique(np.abs(current[:: max(1, len(current) // 20000)]))
    levels = levels[levels > 0.0]
    for power in range(math.floor(math.log10(float(levels.max()))), -13, -1):
        ratio = levels / 10.0**power
        if np.all(np.abs(ratio - np.round(ratio)) < 1e-6 * np.maximum(ratio, 1.0)):
            return float(10.0**power)
    return 0.0


def difference_noise(values: Floats) -> float:
    """Return the standard deviation of noise from second differences on one side of zero, robust against slow change."""
    if len(values) < 3:
        return 0.0
    bend = values[2:] - 2.0 * values[1:-1] + values[:-2]
    side = values > 0.0
    bend = bend[(side[2:] == side[1:-1]) & (side[1:-1] == side[:-2])]
    return float(_MAD * np.median(np.abs(bend)) / np.sqrt(6.0)) if len(bend) else 0.0


def most_repeated(values: Floats, *, fewest: float = _FULL) -> float:
    """Return the centre of the largest values that agree within 2 % and are ``fewest`` times as many as any such group.

    Half cycles are cut short, never made longer: of two lengths that repeat, the longer one is the protocol's.
    """
    known = np.sort(values[np.isfinite(values) & (values > 0.0)])
    if not len(known):
        return float("nan")
    upper = np.searchsorted(known, known * (1.0 + _GRID), side="right")
    count = upper - np.arange(len(known))
    full = np.flatnonzero(count >= fewest * count.max())
    top = full[upper[full] == upper[full[-1]]]  # of those that end together, the fullest
    return float(np.median(known[top[0] : upper[top[0]]]))


# directions -----------------------------------------------------------------------------------------------------------
def pieces_of(records: Records) -> Pieces:
    """Return the pieces of one direction, from the current where it tells, else from the voltage."""
    sign = None if records.current is None else _sign_of_current(records.current)
    source = "current"
    if sign is None or not np.any(sign):
        sign, source = _sign_of_voltage(records), "voltage"
    breaks = np.diff(sign) != 0
    if source == "current":
        breaks |= _new_level(records, sign)
    first = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    first = _without_passing_zeros(first, sign, records.time)
    gaps = _gaps(records.time, first, sign)
    first = np.union1d(first, gaps[_long_enough(records.time, first, sign, gaps)] + 1)
    last = np.append(first[1:], len(sign))
    in_gap = np.zeros(len(sign) + 1, dtype=np.bool_)
    in_gap[gaps + 1] = True
    before = in_gap[last]
    until = records.time[np.minimum(last, len(sign) - 1)]
    until = np.where(before, records.time[last - 1], until)
    return Pieces(first, last, sign[last - 1], until, in_gap[first], before, gaps, source)


def _sign_of_current(current: Floats) -> Ints:
    """Return the direction of every record; 0 where the current is that of a rest."""
    size = np.abs(current)
    noise = _MAD * float(np.median(np.abs(np.diff(current)))) / np.sqrt(2.0)
    most = float(np.quantile(size, 0.999)) if len(size) > 5000 else float(size.max())
    least = min(max(_IDLE * most, 4.0 * noise), 0.5 * most)
    return np.where(size > least, np.sign(current), 0.0).astype(np.int64)


def _sign_of_voltage(records: Records) -> Ints:
    """Return the direction from the voltage: beyond the noise on either side of zero, and kept in between."""
    voltage = _without_outliers(records.voltage)
    size = float(np.median(np.abs(voltage)))
    least = max(min(5.0 * records.noise, 0.1 * size), 1e-9)
    told = np.where(np.abs(voltage) > least, np.sign(voltage), 0.0).astype(np.int64)
    known = np.flatnonzero(told)
    if not len(known):
        message = (
            "voltage = 0 V everywhere: expected the voltages of a symmetric cell. Look at the columns of the file."
        )
        raise InvalidInput(message)
    place = np.maximum(np.searchsorted(known, np.arange(len(told)), side="right") - 1, 0)
    kept = told[known[place]]
    runs = _runs(told == 0)
    kept[_marked(runs[runs[:, 1] - runs[:, 0] >= 2], len(kept))] = 0  # one alone is on its way through zero
    kept[_rests(voltage, records.time)] = 0
    return _without_flips(kept)


def _without_flips(sign: Ints) -> Ints:
    """Return the directions without single records of the other sign, where directions last for more: wrong readings."""
    turns = np.count_nonzero(np.diff(sign))
    if len(sign) < 3 * (turns + 1):
        return sign
    out: Ints = np.array(sign)
    alone = (sign[1:-1] == -sign[:-2]) & (sign[2:] == sign[:-2]) & (sign[1:-1] != 0)
    out[1:-1][alone] = sign[:-2][alone]
    return np.asarray(out)


def _runs(inside: Bools) -> NDArray[np.int64]:
    """Return first and one past the last index of each run of true values, shape (m, 2)."""
    edges = np.flatnonzero(np.diff(inside.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2)


def _rests(voltage: Floats, time: Floats) -> Bools:
    """Return which records lie near zero between two half cycles and for less long than these: an offset is no current."""
    low = np.abs(voltage) < _NEAR_ZERO * float(np.quantile(np.abs(voltage), 0.75))
    runs, high = _runs(low), _runs(~low)
    if not len(runs) or not len(high):
        return np.zeros(len(voltage), dtype=np.bool_)
    usual = float(np.median(time[high[:, 1] - 1] - time[high[:, 0]]))
    start, stop = runs.T
    inner = (start > 0) & (stop < len(voltage)) & (stop - start >= 2)
    lasted = (stop - start) * float(np.median(np.diff(time)))  # a gap in a rest does not make it longer
    rest = inner & (lasted <= usual)
    if np.any(rest) and stop[-1] == len(voltage):  # the record may end with a rest like the others
        rest[-1] = lasted[-1] <= 1.1 * float(np.median(lasted[rest]))
    return _marked(runs[rest], len(voltage))


def _marked(runs: NDArray[np.int64], count: int) -> Bools:
    """Return which of ``count`` records lie in the runs."""
    edges = np.zeros(count + 1, dtype=np.int64)
    np.add.at(edges, runs[:, 0], 1)
    np.add.at(edges, runs[:, 1], -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def _without_outliers(voltage: Floats) -> Floats:
    """Return the middle of each three records where directions last for more than three of them."""
    turns = np.count_nonzero(np.diff(np.sign(voltage)))
    if len(voltage) < 8 * (turns + 1) or len(voltage) < 3:
        return voltage
    out: Floats = np.array(voltage)
    a, b, c = voltage[:-2], voltage[1:-1], voltage[2:]
    out[1:-1] = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return out


def _new_level(records: Records, sign: Ints) -> Bools:
    """Return after which records the current changes within one direction."""
    current = records.current
    if current is None or len(current) < 4:
        return np.zeros(max(len(sign) - 1, 0), dtype=np.bool_)
    same = (sign[1:] == sign[:-1]) & (sign[1:] != 0)
    scatter = _SIGMAS * _MAD * float(np.median(np.abs(np.diff(current)))) / np.sqrt(2.0) + 1.5 * records.resolution
    size = np.abs(current)
    near = np.abs(np.diff(size))
    wide = np.concatenate([near[:1], np.abs(size[3:] - size[:-3]), near[-1:]])  # the change lasts
    change = np.minimum(near, wide)
    share = np.minimum(size[1:], size[:-1])
    if records.step is None:
        return np.asarray(same & (change > _LEVEL * share) & (change > scatter))
    stepped = np.diff(records.step) != 0.0
    jump = np.abs(np.diff(records.voltage))
    moved = (jump > _JUMP * np.abs(records.voltage[:-1])) & (jump > _SIGMAS * records.noise)
    return np.asarray(same & stepped & (((change > _SMALL_LEVEL * share) & (change > scatter)) | moved))


def _without_passing_zeros(first: Ints, sign: Ints, time: Floats) -> Ints:
    """Return the starts without rests of one record that stand between two directions: the current passes zero there."""
    last = np.append(first[1:], len(sign))
    single = (last - first == 1) & (sign[first] == 0)
    single[0] = single[-1] = False
    if not np.any(single):
        return first
    usual = float(np.median(np.diff(time)))
    waits = time[np.minimum(last, len(time) - 1)] - time[first]
    drop = single & (waits <= 1.5 * usual)
    sign[first[drop]] = sign[last[drop]]
    kept: Ints = first[~np.append(False, drop[:-1])]  # the piece after a dropped one begins with the zero
    return kept


# gaps -----------------------------------------------------------------------------------------------------------------
def _gaps(time: Floats, first: Ints, sign: Ints) -> Ints:
    """Return after which records the instrument wrote nothing for longer than is usual in pieces of that kind."""
    waits = np.diff(time)
    if not len(waits):
        return np.zeros(0, dtype=np.int64)
    active = sign[:-1] != 0
    out = np.zeros(len(waits), dtype=np.bool_)
    longest = np.maximum.reduceat(np.append(waits, 0.0), first)
    for kind in (True, False):
        inside = active == kind
        pieces = (sign[first] != 0) == kind
        lasting = longest[pieces & (longest > 0.0)]
        if not len(lasting):
            continue
        usual = max(float(np.median(lasting)), float(np.quantile(waits[inside & (waits > 0.0)], 0.9)))
        few = len(lasting) < 4
        out |= inside & (waits > (2.0 if few else 1.0) * _GAP * usual)
    return np.flatnonzero(out)


def _long_enough(time: Floats, first: Ints, sign: Ints, gaps: Ints) -> Bools:
    """Return which gaps divide a piece: those in which a whole half cycle may have passed."""
    active = sign[first] != 0
    lengths = np.diff(np.append(time[first], time[-1]))
    usual = most_repeated(lengths[active])
    return np.asarray(time[gaps + 1] - time[gaps] >= 0.5 * usual)
