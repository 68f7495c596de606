"""The value of a decaying record at its step, by every decay that its rows allow.

What is recorded falls towards a floor: it is a floor plus exponentials of amplitudes >= 0. Stretched exponentials and powers
are such sums too, so that no model is chosen. The value at the step is the sum of the amplitudes. It is as uncertain as the
sums that describe the record within its noise differ there: the later the first row, the more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._decay_models import Bins
from garnetlab.analyse._decay_noise import binned, noise_of

Floats = NDArray[np.float64]

__all__ = ["Start", "start_of"]

#: time constants: in first times, faster than which a decay is over before the first row and is not seen; in lengths of the
#: record, from which on it is a line
_FASTEST, _SLOWEST = 0.3, 100.0
#: an exponential between two on the grid is met by both of them to (ln 10/80)^2/8 = 1e-4 of it, as well as bins are known
_PER_DECADE = 80
#: chi squared of 95 % for two degrees: the height and the time of the fastest decay are free at the step together
_MOST = 5.991
_NORMAL = 1.96
_BESIDE = 8  # bins on either side of one by whose residuals its noise is made larger
_HALVINGS = 40
_HOLDS = 1e3  # weight of the sum of amplitudes beside the heaviest bin: it is held to a thousandth of its noise


@dataclass(frozen=True, slots=True)
class Start:
    """The most likely value at the step, its 95 %, which need not be even about it, and their width over 3.92."""

    value: float
    std: float
    interval: tuple[float, float]


def start_of(time: Floats, value: Floats, *, most: float) -> Start:
    """Return the value at time 0 of a record that falls.

    Parameters
    ----------
    time:  From the step on, > 0 and rising (n,).
    value: Positive (n,).
    most:  What the value cannot exceed.
    """
    scale = float(np.abs(value).max())
    bins = binned(time, value / scale, noise_of(time, value / scale))
    squares, least, best = _profile(bins)
    top = max(most / scale, best)
    low, high = (_crossing(squares, best, end, least, _MOST) for end in (0.0, top))
    return Start(scale * best, scale * (high - low) / (2.0 * _NORMAL), (scale * low, scale * high))


def _profile(bins: Bins) -> tuple[Callable[[float], float], float, float]:
    """Return the sum of squares as a function of the value at the step, its least, and where that is; variance of the bins 1."""
    from scipy.optimize import nnls

    first, last = _FASTEST * float(bins.time[0]), _SLOWEST * float(bins.time[-1])
    constants = np.geomspace(first, last, int(_PER_DECADE * np.log10(last / first)) + 2)
    shapes = [np.asarray(bins.mean(partial(_exponential, constant))) for constant in constants]
    plain = np.column_stack([np.ones(len(bins.time)), *shapes])
    weight = 1.0 / bins.std
    amplitudes, _ = nnls(plain * weight[:, None], bins.value * weight)
    weight = weight / _louder((plain @ amplitudes - bins.value) * weight)
    columns, target = plain * weight[:, None], bins.value * weight
    amplitudes, residual = nnls(columns, target)
    free = max(len(target) - int((amplitudes > 0.0).sum()), 1)
    size = max(residual**2 / free, 1.0)
    hold = _HOLDS * float(weight.max())
    held = np.vstack([columns, np.full(columns.shape[1], hold)])

    def squares(start: float) -> float:
        return float(nnls(held, np.append(target, hold * start))[1]) ** 2 / size

    return squares, residual**2 / size, float(amplitudes.sum())


def _louder(residual: Floats) -> Floats:
    """Return by how much the noise about every bin is larger than said, at least 1."""
    kernel = np.ones(2 * _BESIDE + 1)
    total, count = (
        np.convolve(x, kernel, mode="full")[_BESIDE:-_BESIDE] for x in (residual**2, np.ones(len(residual)))
    )
    out: Floats = np.sqrt(np.maximum(total / count, 1.0))
    return out


def _exponential(constant: float, time: Floats) -> Floats:
    out: Floats = np.exp(-time / constant)
    return out


def _crossing(squares: Callable[[float], float], best: float, end: float, least: float, above: float) -> float:
    """Return where between the best place and an end the sum of squares is so much above its least; the end if nowhere.

    It is convex: the least over a convex set at a linear condition.
    """
    if squares(end) <= least + above:
        return end
    inner, outer = best, end
    for _ in range(_HALVINGS):
        middle = 0.5 * (inner + outer)
        if squares(middle) <= least + above:
            inner = middle
        else:
            outer = middle
        if abs(outer - inner) < 1e-7 * best:
            break
    return 0.5 * (inner + outer)
