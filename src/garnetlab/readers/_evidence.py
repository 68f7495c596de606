"""What the numbers themselves say: which column is the frequency, which sign Z'' has.

Source: H. W. Bode, Network Analysis and Feedback Amplifier Design (1945), ch. 14: the phase of a minimum-phase network
is, to first order, (pi/2) d ln|Z| / d ln f; the same relation is the first term of the Z-HIT (W. Ehm, R. Kaus,
C. A. Schiller, W. Strunz, New Trends in EIS and ENA, Electrochem. Soc. (2000), eq. 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_POINTS_MIN = 4
#: a passive two-pole changes by one decade per decade at most; noise and resonances may exceed that at single points
_STEEPEST = 1.5
#: misfit of the phase beyond any measured cell [rad]
_MISFIT = 0.3


def slopes(frequency: Array, impedance: NDArray[np.complex128]) -> tuple[Array, Array]:
    """Return d ln|Z| / d ln f and the phase [rad] midway between neighbouring frequencies; points alike are averaged."""
    good = (frequency > 0) & np.isfinite(impedance) & (np.abs(impedance) > 0) & np.isfinite(frequency)
    f, z = frequency[good], impedance[good]
    values, place = np.unique(f, return_inverse=True)
    if len(values) < _POINTS_MIN:
        return np.empty(0), np.empty(0)
    counts = np.bincount(place)
    mean = np.bincount(place, z.real) / counts + 1j * np.bincount(place, z.imag) / counts
    mean = np.where(np.abs(mean) > 0, mean, 1e-300)
    phase = np.unwrap(np.angle(mean))
    return np.diff(np.log(np.abs(mean))) / np.diff(np.log(values)), 0.5 * (phase[1:] + phase[:-1])


def cosine(frequency: Array, impedance: NDArray[np.complex128]) -> float:
    """Return how the phase agrees with the slope of the modulus: 1 alike, -1 opposite in sign, near 0 no evidence."""
    slope, phase = slopes(frequency, impedance)
    norm = float(np.sqrt(np.sum(slope**2) * np.sum(phase**2)))
    return float(np.sum(slope * phase)) / norm if norm > 0 else 0.0


def misfit(frequency: Array, impedance: NDArray[np.complex128]) -> float:
    """Return the rms difference between the phase and pi/2 times the slope of the modulus [rad]; 0 without evidence.

    Measured cells show 0.02 to 0.2, simulated ones with 1 % noise at most 0.15.
    """
    slope, phase = slopes(frequency, impedance)
    return float(np.sqrt(np.mean((phase - 0.5 * np.pi * slope) ** 2))) if slope.size else 0.0


def parts_swapped(frequency: Array, impedance: NDArray[np.complex128]) -> bool:
    """Return whether Z' stands under -Z'' and the other way round: the phase fits the modulus only when turned back."""
    own = misfit(frequency, impedance)
    return own > _MISFIT and misfit(frequency, -impedance.imag - 1j * impedance.real) < 0.5 * own


def too_steep(frequency: Array, impedance: NDArray[np.complex128]) -> bool:
    """Return whether the modulus changes faster than passive elements allow over more than a fifth of the steps."""
    slope, _ = slopes(frequency, impedance)
    return bool(slope.size and np.mean(np.abs(slope) > _STEEPEST) > 0.2)


def frequency_column(columns: Sequence[Array]) -> int | None:
    """Return which column is the frequency, or None.

    It is positive, rises or falls within each sweep, spans a decade or more, and its steps are not all equal (an angle
    or a time is). Of several such columns the one with the most even steps in decades is taken.
    """
    scores = {i: score for i, column in enumerate(columns) if (score := _unevenness(column)) is not None}
    if not scores:
        return None
    best = min(scores, key=lambda i: scores[i])
    first = min(scores)
    return first if scores[first] < 0.5 or scores[first] <= 2.0 * scores[best] else best


def _unevenness(column: Array) -> float | None:
    if len(column) < _POINTS_MIN or not (column > 0).all() or column.max() < 10.0 * column.min():
        return None
    steps = np.diff(np.log(column))
    direction = np.sign(np.median(steps))
    with_it = steps * direction > 0
    if direction == 0 or np.mean(with_it) < 0.9:
        return None
    linear = np.diff(column)[with_it]
    if np.ptp(linear) < 1e-3 * np.abs(linear).max():
        return None
    size = np.abs(steps[with_it])
    return float(np.std(size) / np.mean(size))
