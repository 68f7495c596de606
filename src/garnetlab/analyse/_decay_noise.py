"""Noise, resolution and bins of a decaying record, and whether its end still falls.

A record in steps of q scatters by less than its noise says. Noise of q/2 and more spreads over the steps, so that means of
many rows come closer to the truth than a step does (what is left is q/pi exp(-2 pi^2/4) < 0.3 % of q). Smaller noise does
not: whatever lies within half a step of the reading gives the same reading, and no mean tells it.

Source
------
B. Widrow, I. Kollar, Quantization Noise, Cambridge University Press 2008, ch. 4 (characteristic function of noise and
steps; the mean of a signal with Gaussian noise); F. R. Hampel, J. Am. Stat. Assoc. 69 (1974) 383 (1.4826).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.analyse._decay_models import Bins

Floats = NDArray[np.float64]

__all__ = ["DIGITS", "Noise", "binned", "end_slope", "noise_of", "resolution"]

_BINS = 120
DIGITS = 1e-4  # relative: what no average removes
_BLOCK = 8  # bins that tell the relative noise
#: part of the largest and of the last value below which no file keeps digits
_LEAST, _LEAST_OF_LAST = 1e-9, 1e-6
#: differences below this part of the largest value are rounding of floats
_ROUNDING = 1e-9
#: scatter in steps, that of noise of half a step: sqrt(1/4 + 1/12). Two neighbouring readings scatter by 1/2 at most
_SPREADS = math.sqrt(1.0 / 3.0)
_CLIP = 3.0  # steps; five times that scatter
_END_BLOCKS = 12


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of single rows: constant, and relative to the value; the half-width that no mean removes; the step."""

    constant: float
    relative: float
    half_width: float
    step: float


def resolution(value: Floats) -> float:
    """Return the step of a record whose rows repeat one another, 0 where fewer than half of them do.

    Its later half decides, since instruments write large values more coarsely; all of it where that half is constant.
    """
    for part in (value[len(value) // 2 :], value):
        few = np.unique(part)
        steps = np.diff(few)
        steps = steps[steps > _ROUNDING * float(np.abs(value).max())]
        if 2 * len(few) > len(part):
            return 0.0
        if len(steps):
            return float(steps.min())
    return 0.0


def noise_of(time: Floats, value: Floats) -> Noise:
    """Return noise that is constant, from the second half, and noise that goes with the value, from the first.

    The largest of the values is of the order of 1.
    """
    slope = (value[2:] - value[:-2]) / (time[2:] - time[:-2])
    inside = value[1:-1] - value[:-2] - slope * (time[1:-1] - time[:-2])
    weight = (time[2:] - time[1:-1]) / (time[2:] - time[:-2])
    scatter = np.abs(inside) / np.sqrt(1.0 + weight**2 + (1.0 - weight) ** 2)
    half = len(scatter) // 2
    late = 1.4826 * float(np.median(scatter[half:]))
    step = resolution(value)
    half_width = 0.0
    if step > 0.0:
        seen = math.sqrt(float(np.mean(np.minimum(scatter[half:], _CLIP * step) ** 2)))
        half_width = 0.5 * step if seen < _SPREADS * step else 0.0
        late = max(seen, step / math.sqrt(12.0))
    size = np.abs(value[1:-1][:half])
    early = np.sqrt(np.maximum(scatter[:half] ** 2 - late**2, 0.0))
    loud = size > 10.0 * late
    relative = 1.4826 * float(np.median(early[loud] / size[loud])) if loud.sum() > _BLOCK else 0.0
    least = max(_LEAST_OF_LAST * float(np.abs(value[-1])), _LEAST * float(np.abs(value).max()), 1e-300)
    return Noise(max(late, least), min(relative, 0.02), half_width, step)


def binned(time: Floats, value: Floats, noise: Noise) -> Bins:
    """Return means over bins even in ln t, at the mean time, with the standard error of each."""
    edges = np.geomspace(time[0], time[-1] * (1.0 + 1e-12), _BINS + 1)
    place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    good = count > 0
    mean, when, square = (np.bincount(place, x, minlength=_BINS)[good] / count[good] for x in (value, time, time**2))
    width = np.sqrt(np.maximum(square - when**2, 0.0))
    width[count[good] == 1] = 0.0
    single = np.hypot(noise.constant, noise.relative * mean) / np.sqrt(count[good])
    kept = np.hypot(DIGITS * mean, noise.half_width / math.sqrt(3.0))
    return Bins(when, width, mean, np.hypot(single, kept))


def end_slope(time: Floats, value: Floats) -> tuple[float, float]:
    """Return by how much the last third of a record falls from its begin to its end, and the standard uncertainty.

    A line through means of blocks; its uncertainty is that of their scatter, so noise that is not white counts. (0, inf)
    where there are too few rows.
    """
    late = time > time[-1] - (time[-1] - time[0]) / 3.0
    if late.sum() < _END_BLOCKS:
        return 0.0, math.inf
    t, y = (np.array([float(x.mean()) for x in np.array_split(v[late], _END_BLOCKS)]) for v in (time, value))
    away = t - t.mean()
    slope = float(away @ y) / float(away @ away)
    residual = y - y.mean() - slope * away
    spread = math.sqrt(float(residual @ residual) / (_END_BLOCKS - 2) / float(away @ away))
    length = float(np.ptp(time[late]))
    return -slope * length, spread * length
