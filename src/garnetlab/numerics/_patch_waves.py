r"""Sums over the waves :math:`k + 2\pi m` that a grid cannot tell apart, weighted with exp(-k^2 t^2), and
what they are made of; lengths in pixel sides.

For t up to 1 they are cosine series with the values of a B-spline smoothed by the Gaussian (Poisson's formula).
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Real = NDArray[np.float64]

_REACH = 14  # smoothed splines of half-width 2 fall below 1e-17 at 14 pixels for t <= 1


def wave_numbers(count: int, *, half: bool) -> Real:
    """Return the wave numbers times the pixel side, shape (count,) or (count // 2 + 1,) with ``half``."""
    k = np.fft.rfftfreq(count) if half else np.fft.fftfreq(count)
    return 2.0 * pi * k.astype(np.float64)


def sinc(k: Real) -> Real:
    """Return sin(k/2)/(k/2), the spectrum of a pixel."""
    return np.sinc(k / (2.0 * pi))


@lru_cache(maxsize=8)
def gauss(low: float, high: float, count: int) -> tuple[Real, Real]:
    """Return nodes and weights of the Gauss-Legendre rule between two ends."""
    x, w = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (x + 1.0) / 2.0, w * (high - low) / 2.0


def lattice_sum(k: Real, power: int, t: Real) -> Real:
    """Return sum_m sinc(k_m/2)^power exp(-k_m^2 t^2), shape (k, t), as the cosine series of a smoothed B-spline."""
    n = np.arange(_REACH + 1)
    values = _smoothed_spline(n, power, sqrt(2.0) * t)
    values[1:] *= 2.0
    return np.cos(k[:, None] * n[None, :]) @ values


def lattice_fall(k: Real, t: Real) -> Real:
    """Return (lattice sum at 0 less that at t)/t^2 for power 4, shape (k, t), free of the cancellation at small t."""
    n, s = np.arange(_REACH + 1), sqrt(2.0) * t
    linear, third = _truncated_powers(n, 4, s)
    total = linear[:, None] + 2.0 * s * third / 6.0  # s^2 = 2 t^2
    total[1:] *= 2.0
    return -np.cos(k[:, None] * n[None, :]) @ total


def _smoothed_spline(n: NDArray[np.int64], order: int, s: Real) -> Real:
    """Return the mean of the centred B-spline of ``order``, 2 or 4, over a normal law of width s about n, shape (n, s)."""
    linear, rest = _truncated_powers(n, order, s)
    if order == 2:
        return linear[:, None] + s * rest
    bump = np.where(n == 0, 2.0 / 3.0, np.where(np.abs(n) == 1, 1.0 / 6.0, 0.0))
    return bump[:, None] + 0.5 * linear[:, None] * s**2 + s**3 * rest / 6.0


def _truncated_powers(n: NDArray[np.int64], order: int, s: Real) -> tuple[Real, Real]:
    """Return the alternating sums over the knots x of x_+, shape (n,), and of M(-|x|/s), shape (n, s).

    A B-spline is such a sum of x_+^p, p = order - 1. M(u) is the mean of (u + xi)_+^p over a normal xi; since
    (x + s xi)_+ = x_+ + s M(-|x|/s) and (x + s xi)_+^3 = x_+^3 + 3 s^2 x_+ + s^3 M(-|x|/s) in the mean, the large powers cancel
    exactly between integers.
    """
    linear, rest = np.zeros(len(n)), np.zeros((len(n), len(s)))
    for j in range(order + 1):
        x = (n + order // 2 - j).astype(np.float64)
        u = -np.abs(x)[:, None] / s[None, :]
        density = np.exp(-(u**2) / 2.0) / sqrt(2.0 * pi)
        mean = u * ndtr(u) + density if order == 2 else (u**3 + 3.0 * u) * ndtr(u) + (u**2 + 2.0) * density
        weight = (-1) ** j * comb(order, j)
        linear += weight * np.maximum(x, 0.0)
        rest += weight * mean
    return linear, rest
