"""Cycles of a full cell: passages in pairs, with capacities, energies and the voltages at half capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._charge_passed import Passages, Record

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

__all__ = ["Cycles", "cycles_of"]

_WINDOW = 0.01  # of the capacity on either side of its half
_LIMIT, _SHARE = 5e-3, 0.98  # V from the limit, and part of the capacity, by which a last passage counts as done
_EARLY = 0.1  # of the capacity: where the current of a passage is read
_STEADY = 0.9  # of that current: a tail below it is held at constant voltage


@dataclass(frozen=True, slots=True)
class Cycles:
    """One row per cycle (n,); charge and discharge by the direction, first and second by the order. NaN where it lacks.

    Parameters
    ----------
    charge, discharge:       Passage of the cycle, -1 where it lacks.
    charge_capacity, discharge_capacity:         [C], with ``_std``.
    charge_energy, discharge_energy:             [J].
    charge_voltage, discharge_voltage:           Mean over the charge [V].
    charge_half, discharge_half:                 Voltage at half of the capacity [V], with ``half_std`` of both.
    current:                 Size of the current of the discharge at a tenth of its capacity [A].
    start:                   Time at which it begins [s].
    unseen:                  Charge that may have flowed besides while nothing was recorded [C].
    complete:                Whether both passages are there and done.
    charge_first:            Whether a cycle begins with the charge.
    skipped:                 Passages before the first cycle.
    """

    charge: Ints
    discharge: Ints
    charge_capacity: Floats
    charge_capacity_std: Floats
    discharge_capacity: Floats
    discharge_capacity_std: Floats
    charge_energy: Floats
    discharge_energy: Floats
    charge_voltage: Floats
    discharge_voltage: Floats
    charge_half: Floats
    discharge_half: Floats
    half_std: Floats
    current: Floats
    start: Floats
    unseen: Floats
    complete: Bools
    charge_first: bool
    skipped: int

    def __len__(self) -> int:
        return len(self.charge)

    @property
    def efficiency(self) -> tuple[Floats, Floats]:
        """Coulombic efficiency, second over first passage, and its standard uncertainty."""
        second, first = self.discharge_capacity, self.charge_capacity
        stds = self.discharge_capacity_std / second, self.charge_capacity_std / first
        ratio = second / first if self.charge_first else first / second
        return ratio, ratio * np.hypot(*stds)

    @property
    def gap(self) -> tuple[Floats, Floats]:
        """Voltage of the charge less that of the discharge, each at half of its own capacity, with its std."""
        return self.charge_half - self.discharge_half, self.half_std

    @property
    def delivered(self) -> tuple[Floats, Floats]:
        """Capacity of the second passage, with its standard uncertainty."""
        if self.charge_first:
            return self.discharge_capacity, self.discharge_capacity_std
        return self.charge_capacity, self.charge_capacity_std


def cycles_of(record: Record, passages: Passages, *, charge_first: bool) -> Cycles:
    """Return the cycles: each a passage in the first direction and the one after it."""
    begins = 1 if charge_first else -1
    skipped = int(passages.sign[0] != begins)
    count = len(passages)
    first = np.arange(skipped, count, 2)
    second = np.where(first + 1 < count, first + 1, -1)
    charge, discharge = (first, second) if charge_first else (second, first)
    done = _done(record, passages)
    complete = (second >= 0) & done[first] & done[second]
    table = _table(record, passages)
    columns = {f"{side}_{name}": _taken(values, which) for side, which in (("charge", charge), ("discharge", discharge))
               for name, values in table.items() if name not in ("half_std", "current")}  # fmt: skip
    half_std = np.hypot(_taken(table["half_std"], charge), _taken(table["half_std"], discharge))
    shown = np.where(discharge >= 0, discharge, charge)
    start = record.time[passages.first[first]]
    unseen = passages.unseen[first] + np.where(second >= 0, passages.unseen[second], 0.0)
    return Cycles(
        charge, discharge, **columns, half_std=half_std, current=table["current"][shown], start=start, unseen=unseen,
        complete=complete, charge_first=charge_first, skipped=skipped,
    )  # fmt: skip


def _taken(values: Floats, which: Ints) -> Floats:
    return np.where(which >= 0, values[which], np.nan)


def _table(record: Record, passages: Passages) -> dict[str, Floats]:
    """Return the numbers of every passage."""
    begin, end = passages.passed[passages.first], passages.passed[passages.last + 1]
    energy = passages.energy[passages.last + 1] - passages.energy[passages.first]
    middle, reach = 0.5 * (begin + end), _WINDOW * (end - begin)

    def at(place: Floats) -> Floats:
        low, high = (np.interp(place + side * reach, passages.passed, passages.energy) for side in (-1.0, 1.0))
        out: Floats = (high - low) / (2.0 * reach)
        return out

    # the half of a charge that is not known well lies elsewhere on the curve
    moved = [np.clip(middle + side * 0.5 * passages.capacity_std, begin + reach, end - reach) for side in (-1.0, 1.0)]
    elsewhere = 0.5 * np.abs(at(moved[1]) - at(moved[0]))
    rows = [np.searchsorted(passages.passed, x) for x in (middle - reach, middle + reach)]
    inside = np.maximum(rows[1] - rows[0], 1)
    noise = voltage_noise(record)
    early = np.minimum(np.searchsorted(passages.passed, begin + _EARLY * (end - begin)), len(record.current) - 1)
    return {
        "capacity": passages.capacity,
        "capacity_std": passages.capacity_std,
        "energy": energy,
        "voltage": energy / passages.capacity,
        "half": at(middle),
        "half_std": np.hypot(elsewhere, np.hypot(noise / np.sqrt(inside), resolution(record.voltage) / np.sqrt(12.0))),
        "current": np.abs(record.current[early]),
    }


def voltage_noise(record: Record) -> float:
    """Return the noise of the voltage [V], from what second differences within a passage scatter."""
    if len(record.voltage) < 5:
        return 0.0
    second = record.voltage[2:] - 2.0 * record.voltage[1:-1] + record.voltage[:-2]
    flowing = record.current[2:] * record.current[:-2] > 0.0
    return 1.4826 * float(np.median(np.abs(second[flowing]))) / np.sqrt(6.0) if flowing.any() else 0.0


def resolution(values: Floats) -> float:
    """Return the step in which numbers are written: the smallest difference that is no rounding of floats."""
    few = np.unique(values[:: max(len(values) // 20_000, 1)])
    steps = np.diff(few)
    real = steps[steps > 1e-7 * float(np.abs(few).max(initial=0.0))]
    return float(real.min()) if len(real) else 0.0


def _done(record: Record, passages: Passages) -> Bools:
    """Return whether every passage is done: the last of a record may have been cut."""
    done = passages.finished.copy()
    alike = np.flatnonzero(passages.sign == passages.sign[-1])[:-1]
    if done[-1] or not len(alike):
        return done
    ends = passages.sign[-1] * record.voltage[passages.active + 1]
    at_limit = ends[-1] >= float(np.median(ends[alike])) - _LIMIT
    done[-1] = bool(at_limit or passages.capacity[-1] >= _SHARE * passages.capacity[alike[-1]])
    return done


def steady_end(record: Record, first: int, last: int) -> int:
    """Return the interval at which the tail at constant voltage begins, after the last row of the full current."""
    size = np.abs(record.current[first + 1 : last + 2])
    level = float(size[min(int(_EARLY * len(size)), len(size) - 1)])
    full = np.flatnonzero(size >= _STEADY * level)
    return first + int(full[-1]) if len(full) else last
