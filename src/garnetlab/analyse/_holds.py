"""Steps of a record in which the voltage is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import Channel, InvalidInput, Kind, Measurement

Floats = NDArray[np.float64]

__all__ = ["Hold", "find_holds", "measured"]

KINDS = (Kind.DC_POLARISATION, Kind.VOLTAMMETRY, Kind.CYCLING)
_JUMP, _SHARE = 2e-3, 0.01  # V and part of the largest voltage: a step between two holds is larger
_SCATTER = 0.02  # part of its voltage by which nine tenths of a hold may scatter
_DRIFT, _CREEP = 2e-3, 1e-3  # part of its voltage, and V, by which a hold may move from its begin to its end
_AGAINST = 0.2  # part of the largest current that may flow against the voltage
_BLOCKS, _ROWS = 20, 4  # most blocks of a hold, and fewest rows of a block
_NOISES = 3.0  # standard uncertainties of the lowest of some 20 means
_LEAST = 8  # records
_LONE = 5.0  # periods before the first record of a hold within which the step may have come


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold: time from its step on [s], current [A] and the voltage [V] that was held, with its scatter."""

    time: Floats
    current: Floats
    voltage: float
    voltage_std: float
    start: float


def measured(measurement: Measurement, analysis: str) -> tuple[Floats, Floats, Floats]:
    """Return time, voltage and current; raise ``InvalidInput`` where the measurement has no such thing."""
    if measurement.kind not in KINDS:
        kinds = ", ".join(k.value for k in KINDS)
        message = f"kind = {measurement.kind.value!r}: expected one of {kinds} for {analysis}. Choose another analysis."
        raise InvalidInput(message)
    missing = [c.label for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT) if c not in measurement.channels]
    if missing or len(measurement) < _LEAST:
        have = ", ".join(c.label for c in measurement.channels)
        message = (
            f"channels = {have} ({len(measurement)} rows): expected time, voltage and current in at least {_LEAST} rows for"
            f" {analysis}. Export the record with them."
        )
        raise InvalidInput(message)
    time, voltage, current = (measurement[c] for c in (Channel.TIME, Channel.VOLTAGE, Channel.CURRENT))
    good = np.isfinite(time) & np.isfinite(voltage) & np.isfinite(current)
    return time[good], voltage[good], current[good]


def find_holds(measurement: Measurement) -> list[Hold]:
    """Return the holds of a record in order.

    Raises
    ------
    InvalidInput  if the voltage is nowhere held: a sweep, a galvanostatic test, or open circuit.
    """
    time, voltage, current = measured(measurement, "DC polarisation")
    threshold = max(_JUMP, _SHARE * float(np.abs(voltage).max()))
    ends = np.append(np.flatnonzero(np.abs(np.diff(voltage)) > threshold), len(voltage) - 1)
    out, start = [], 0
    for end in ends:
        hold = _hold(time, voltage, current, start, int(end) + 1)
        if hold is not None:
            out.append(hold)
        start = int(end) + 1
    if not out:
        message = (
            f"voltage = {float(voltage.min()):.4g} to {float(voltage.max()):.4g} V: expected a voltage that is held (chrono"
            "amperometry) with a current that settles. This is a sweep, a test at constant current, or a rest."
        )
        raise InvalidInput(message)
    return out


def _hold(time: Floats, voltage: Floats, current: Floats, start: int, stop: int) -> Hold | None:
    """Return the hold in rows [start, stop), None where there is none."""
    # a step that is recorded at its own time carries the voltage from before it only in the row above
    if stop - start < _LEAST:
        return None
    inside = voltage[start:stop]
    held = float(np.median(inside))
    low, high = np.percentile(inside, [5.0, 95.0])
    tenth = max(len(inside) // 10, 1)
    moved = abs(float(np.median(inside[-tenth:])) - float(np.median(inside[:tenth])))
    if abs(held) < _JUMP or high - low > max(_JUMP, _SCATTER * abs(held)) or moved > max(_CREEP, _DRIFT * abs(held)):
        return None
    late = np.sign(held) * current[start + tenth : stop]
    if _flows_against(late):
        return None
    if not np.any(current[start:stop]) or _constant(current[start:stop]) < _constant(inside):
        return None
    begin = time[start]
    if start and time[start] - time[start - 1] < _LONE * float(np.median(np.diff(time[start:stop]))):
        begin = time[start - 1]
    elif not start and 0.0 < time[0] < _LONE * float(np.median(np.diff(time[:stop]))):
        begin = 0.0  # the clock of a record that begins with the hold started with it
    t = time[start:stop] - begin
    rises = (np.diff(t, prepend=-1.0) > 0.0) & (t > 0.0)
    if rises.sum() < _LEAST:
        return None
    scatter = float(np.std(inside))
    return Hold(t[rises], current[start:stop][rises], float(inside.mean()), scatter, float(begin))


def _flows_against(current: Floats) -> bool:
    """Return whether a current along the voltage turns against it: means over blocks of rows, since single rows are noisy.

    What a mean may be by the noise of its rows does not count.
    """
    blocks = np.array_split(current, max(min(_BLOCKS, len(current) // _ROWS), 1))
    mean = np.array([float(b.mean()) for b in blocks])
    step = np.diff(current)
    noise = 1.4826 * float(np.median(np.abs(step - np.median(step)))) / np.sqrt(2.0 * len(blocks[-1]))
    lowest, largest = float(mean.min()) + _NOISES * noise, float(np.abs(mean).max())
    return lowest < -_AGAINST * largest and float(np.median(mean)) < float(mean.max()) / 2.0


def _constant(values: Floats) -> float:
    """Return the spread of values over their size; the first tenth is left out, where both settle."""
    late = values[len(values) // 10 :]
    return float(np.ptp(late)) / max(float(np.abs(late).max()), 1e-300)
