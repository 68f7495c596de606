r"""Galerkin symbols of a homogeneous layer between its faces, on square pixels of side 1.

A layer of unit conductivity and depth d answers a current density of wave vector k on one face by the potential
:math:`\tanh(kd)/k`, its other face held at zero. With two faces, the current entering at the first and leaving at the
second, the potential drops seen from each are the 2x2 matrix of :math:`\coth(kd)/k` and :math:`-1/(k \sinh(kd))`. A
current that is constant on every pixel has the spectrum of its pixel values times sinc factors, repeated at
:math:`k + 2\pi m`; projecting the potential on the pixels gives

.. math:: Z(k) = \sum_m \frac{\tanh(|k_m| d)}{|k_m|} \operatorname{sinc}^2\frac{k_{m,x}}{2}
          \operatorname{sinc}^2\frac{k_{m,y}}{2}, \qquad k_m = k + 2\pi m,

the exact energy of such currents. A potential that is bilinear between the corners of the pixels has in the same way

.. math:: Y(k) = \sum_m |k_m| \coth(|k_m| d) \operatorname{sinc}^4\frac{k_{m,x}}{2} \operatorname{sinc}^4\frac{k_{m,y}}{2}.

The sums over m converge slowly. They are taken as integrals over a Gaussian width t,
:math:`1/q = (2/\sqrt\pi) \int_0^\infty e^{-q^2 t^2} dt` and :math:`q = (1/\sqrt\pi) \int_0^\infty (1 - e^{-q^2 t^2}) t^{-2} dt`,
whose integrand is a product of a sum over m_x and one over m_y; for t < 1 these are cosine series with the values of a
B-spline smoothed by a Gaussian (Poisson), for t > 1 they need two terms on each side. The splitting is that of Ewald,
Ann. Phys. 369 (1921) 253, for the potential of a lattice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, ndtr

from garnetlab.numerics._patch_symbol_thin import THIN, Waves, thin_currents, thin_potentials

Real = NDArray[np.float64]
Field = NDArray[np.float64] | NDArray[np.complex128]

_NODES = 48  # Gauss-Legendre nodes on [0, 1]; the smoothed splines are entire in t up to exp(-1/t^2)
_TAIL_NODES = 24
_TAIL_END = 2.2  # exp(-(pi t)^2) is 2e-21 there
_REACH = 14  # smoothed splines of half-width 2 fall below 1e-17 at 14 pixels for t <= 1
_NEGLIGIBLE = 38.0  # exp(-38) is 3e-17


def wave_numbers(count: int, *, half: bool) -> Real:
    """Return the wave numbers times the pixel side, shape (count,) or (count // 2 + 1,) with ``half``."""
    k = np.fft.rfftfreq(count) if half else np.fft.fftfreq(count)
    return 2.0 * pi * k.astype(np.float64)


@lru_cache(maxsize=4)
def current_symbol(shape: tuple[int, int], depth: float, *, half: bool = True) -> tuple[Real, ...]:
    """Return the symbols of currents that are constant on pixels: one face, two faces diagonal, two faces mixed (negative).

    Parameters
    ----------
    shape: Pixels (rows, columns).
    depth: Thickness of the layer over the pixel side, > 0.
    half:  Only the non-negative wave numbers along the columns, as a real transform has them.

    Returns
    -------
    :  Three arrays of shape (rows, columns) or (rows, columns // 2 + 1), in units of pixel side/conductivity. The entry
       of k = 0 is 0 in all: the mean current is treated apart, its answer is ``depth``. They are read-only; the last four
       are kept, since a solve takes less time than its symbol.
    """
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=half)
    if depth < THIN:
        return _frozen(*thin_currents(ky, kx, depth, Waves(_lattice, _fall, _gauss)), mean=(0.0, 0.0, 0.0))
    k, plain = np.hypot(ky[:, None], kx[None, :]), _sinc(ky)[:, None] ** 2 * _sinc(kx)[None, :] ** 2
    k[0, 0] = 1.0
    nodes, weights = _gauss(0.0, 1.0, _NODES)
    total = _lattice(ky, 2, nodes) @ (weights[:, None] * _lattice(kx, 2, nodes).T)
    alias = 2.0 / sqrt(pi) * total - plain * erf(k) / k
    nodes, weights = _gauss(1.0, _TAIL_END, _TAIL_NODES)
    alias += 2.0 / sqrt(pi) * _tail(ky, kx, 2, nodes, weights)
    one = plain * np.tanh(k * depth) / k + alias
    same = plain / (np.tanh(k * depth) * k) + alias
    mixed = -plain * _csch(k * depth) / k
    for q, sinc in _images(ky, kx, depth, 2):
        once = np.exp(-q * depth)
        twice = once * once
        one -= sinc * 2.0 * twice / (1.0 + twice) / q
        same += sinc * 2.0 * twice / (1.0 - twice) / q
        mixed -= sinc * 2.0 * once / (1.0 - twice) / q
    return _frozen(one, same, mixed, mean=(0.0, 0.0, 0.0))


@lru_cache(maxsize=4)
def potential_symbol(shape: tuple[int, int], depth: float) -> tuple[Real, ...]:
    """Return the symbols of potentials that are bilinear between pixel corners: same face, mixed (two faces only).

    With one face, whose other side is held at zero, the first alone holds. Both are in units of conductivity/pixel side;
    the entries of k = 0 are ``1/depth`` and ``-1/depth``. Shape (rows, columns // 2 + 1).
    """
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=True)
    k, plain = np.hypot(ky[:, None], kx[None, :]), _sinc(ky)[:, None] ** 4 * _sinc(kx)[None, :] ** 4
    k[0, 0] = 1.0
    mass = ((2.0 + np.cos(ky)) / 3.0)[:, None] * ((2.0 + np.cos(kx)) / 3.0)[None, :]
    if depth < THIN:
        parts = thin_potentials(ky, kx, depth, mass, Waves(_lattice, _fall, _gauss))
        return _frozen(*parts, mean=(1.0 / depth, -1.0 / depth))
    nodes, weights = _gauss(0.0, 1.0, _NODES)
    fall_y, fall_x = _fall(ky, nodes), _fall(kx, nodes)  # of the splines by the smoothing, over t^2
    alias = (fall_y @ weights)[:, None] * ((2.0 + np.cos(kx)) / 3.0)[None, :]
    alias += _lattice(ky, 4, nodes) @ (weights[:, None] * fall_x.T)
    alias -= plain * (k * sqrt(pi) * erf(k) + np.expm1(-(k**2)))
    nodes, weights = _gauss(1.0, _TAIL_END, _TAIL_NODES)
    alias += mass - plain - _tail(ky, kx, 4, nodes, weights / nodes**2)
    alias /= sqrt(pi)
    same = plain * k / np.tanh(k * depth) + alias
    mixed = -plain * k * _csch(k * depth)
    for q, sinc in _images(ky, kx, depth, 4):
        once = np.exp(-q * depth)
        twice = once * once
        same += sinc * q * 2.0 * twice / (1.0 - twice)
        mixed -= sinc * q * 2.0 * once / (1.0 - twice)
    return _frozen(same, mixed, mean=(1.0 / depth, -1.0 / depth))


def _frozen(*symbols: Real, mean: tuple[float, ...]) -> tuple[Real, ...]:
    for symbol, value in zip(symbols, mean, strict=True):
        symbol[0, 0] = value
        symbol.setflags(write=False)
    return symbols


def _sinc(k: Real) -> Real:
    return np.sinc(k / (2.0 * pi))


def _csch(x: Real) -> Real:
    return 2.0 * np.exp(-x) / -np.expm1(-2.0 * x)


@lru_cache(maxsize=8)
def _gauss(low: float, high: float, count: int) -> tuple[Real, Real]:
    x, w = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (x + 1.0) / 2.0, w * (high - low) / 2.0


def _lattice(k: Real, power: int, t: Real) -> Real:
    """Return sum_m sinc(k_m/2)^power exp(-k_m^2 t^2), shape (k, t), as the cosine series of a smoothed B-spline."""
    n = np.arange(_REACH + 1)
    values = _smoothed_spline(n, power, sqrt(2.0) * t)
    values[1:] *= 2.0
    return np.cos(k[:, None] * n[None, :]) @ values


def _fall(k: Real, t: Real) -> Real:
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


def _tail(ky: Real, kx: Real, power: int, t: Real, weights: Real) -> Real:
    """Return the integral over t > 1 of the sum over m without m = 0."""
    rows, row0 = _direct(ky, power, t)
    columns, column0 = _direct(kx, power, t)
    return rows @ (weights[:, None] * columns.T) - row0 @ (weights[:, None] * column0.T)


def _direct(k: Real, power: int, t: Real) -> tuple[Real, Real]:
    def term(q: Real) -> Real:
        return _sinc(q)[:, None] ** power * np.exp(-((q[:, None] * t[None, :]) ** 2))

    return sum((term(k + 2.0 * pi * m) for m in (-2, -1, 1, 2)), term(k)), term(k)


def _images(ky: Real, kx: Real, depth: float, power: int) -> Iterator[tuple[Real, Real]]:
    """Yield |k_m| and its sinc factor for every m but 0 that still feels the other face."""
    reach = int(_NEGLIGIBLE / (2.0 * pi * depth) + 0.5)
    for my in range(-reach, reach + 1):
        for mx in range(-reach, reach + 1):
            if my or mx:
                qy, qx = ky + 2.0 * pi * my, kx + 2.0 * pi * mx
                sinc = _sinc(qy)[:, None] ** power * _sinc(qx)[None, :] ** power
                yield np.hypot(qy[:, None], qx[None, :]), sinc
