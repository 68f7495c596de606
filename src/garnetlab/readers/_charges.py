"""What counters of charge say of the current beside them: that it is right, turned, or of another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from garnetlab.readers._cycling import running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: share by which a counted charge may differ from the integral of the current; rows are far apart in some files
_MISFIT = 0.05
_MOST = 0.5  # share of steps; share of the charge that the rows must know
#: by how much units of one quantity differ, mistaken for each other
_FACTORS = (1e3, 1e-3, 1e6, 1e-6)


def by_way(counted: Array, way: Array, starts: NDArray[np.int64]) -> Array:
    """Return the net charge from a counter without sign: what it gains in each row counts the way the current goes.

    Where it falls at most starts of steps it begins anew at all of them.
    """
    gains = np.diff(counted, prepend=0.0)
    later = starts[1:]
    if later.size and np.mean(counted[later] < counted[later - 1]) > _MOST:
        gains[later] = counted[later]
    fell = gains < 0
    gains[fell] = counted[fell]
    return np.cumsum(gains * way)


def net_gains(charged: Array, discharged: Array) -> Array:
    """Return what two counters >= 0 gain in each row, charge minus discharge; 0 in the first row."""
    return np.diff(running(charged) - running(discharged), prepend=charged[0] - discharged[0])


def misfit_of(charge: Array, time: Array, current: Array) -> float:
    """Return by how much a counted charge differs from the integral of the current at most [C].

    It is 0 where no row differs by more than the rows leave open: what flowed between two rows of different current, and
    a twentieth of all that flowed.
    """
    duration = np.diff(time)
    total = float((duration * np.abs(current[1:])).sum())
    if total == 0.0:
        return 0.0
    passed = np.concatenate(([0.0], np.cumsum(duration * current[1:])))
    unknown = np.concatenate(([0.0], np.cumsum(duration * np.abs(np.diff(current)))))
    misfit = np.abs((charge - charge[0]) - passed)
    return 0.0 if bool((misfit <= unknown + _MISFIT * total).all()) else float(misfit.max())


def factor_of(charge: Array, time: Array, current: Array) -> float:
    """Return by which factor the counted charge is another than the integral of the current; 0 where that is open.

    What is counted the way the current goes is summed over all rows, so that many cycles do not hide a turned sign. It is
    -1 for a current of the other sign, 1000 or a millionth (of either sign) where a unit is wrong, and 1 where all is
    right. Rows that leave half of the charge open, and any other factor, say nothing.

    Examples
    --------
    >>> time, current = np.arange(0.0, 50.0), np.full(50, 2e-3)
    >>> factor_of(-2e-3 * time, time, current), factor_of(2.0 * time, time, current), factor_of(3e-3 * time, time, current)
    (-1.0, 1000.0, 0.0)
    """
    duration, later = np.diff(time), current[1:]
    total = float((duration * np.abs(later)).sum())
    if total == 0.0:
        return 0.0
    doubt = float((duration * np.abs(np.diff(current))).sum()) / total + _MISFIT
    ratio = float((np.diff(charge) * np.sign(later)).sum()) / total
    if doubt >= _MOST:
        return 0.0
    return next((f for size in (1.0, *_FACTORS) for f in (size, -size) if abs(ratio / f - 1.0) <= doubt), 0.0)
