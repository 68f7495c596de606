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
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from garnetlab.numerics._patch_symbol_thin import THIN, thin_currents, thin_potentials
from garnetlab.numerics._patch_waves import gauss, lattice_fall, lattice_sum, sinc, wave_numbers

Real = NDArray[np.float64]
Field = NDArray[np.float64] | NDArray[np.complex128]

_NODES = 48  # Gauss-Legendre nodes on [0, 1]; the smoothed splines are entire in t up to exp(-1/t^2)
_TAIL_NODES = 24
_TAIL_END = 2.2  # exp(-(pi t)^2) is 2e-21 there
_NEGLIGIBLE = 38.0  # exp(-38) is 3e-17


@lru_cache(maxsize=4)
def current_symbol(shape: tuple[int, int], depth: float, *, half: bool = True) -> tuple[Real, Real, Real]:
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
        one, same, mixed = thin_currents(ky, kx, depth)
        return _frozen(one, 0.0), _frozen(same, 0.0), _frozen(mixed, 0.0)
    k, plain = np.hypot(ky[:, None], kx[None, :]), sinc(ky)[:, None] ** 2 * sinc(kx)[None, :] ** 2
    k[0, 0] = 1.0
    nodes, weights = gauss(0.0, 1.0, _NODES)
    total = lattice_sum(ky, 2, nodes) @ (weights[:, None] * lattice_sum(kx, 2, nodes).T)
    alias = 2.0 / sqrt(pi) * total - plain * erf(k) / k
    nodes, weights = gauss(1.0, _TAIL_END, _TAIL_NODES)
    alias += 2.0 / sqrt(pi) * _tail(ky, kx, 2, nodes, weights)
    one = plain * np.tanh(k * depth) / k + alias
    same = plain / (np.tanh(k * depth) * k) + alias
    mixed = -plain * _csch(k * depth) / k
    for q, share in _images(ky, kx, depth, 2):
        once = np.exp(-q * depth)
        twice = once * once
        one -= share * 2.0 * twice / (1.0 + twice) / q
        same += share * 2.0 * twice / (1.0 - twice) / q
        mixed -= share * 2.0 * once / (1.0 - twice) / q
    return _frozen(one, 0.0), _frozen(same, 0.0), _frozen(mixed, 0.0)


@lru_cache(maxsize=4)
def potential_symbol(shape: tuple[int, int], depth: float) -> tuple[Real, Real]:
    """Return the symbols of potentials that are bilinear between pixel corners: same face, mixed (two faces only).

    With one face, whose other side is held at zero, the first alone holds. Both are in units of conductivity/pixel side;
    the entries of k = 0 are ``1/depth`` and ``-1/depth``. Shape (rows, columns // 2 + 1).
    """
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=True)
    k, plain = np.hypot(ky[:, None], kx[None, :]), sinc(ky)[:, None] ** 4 * sinc(kx)[None, :] ** 4
    k[0, 0] = 1.0
    mass = ((2.0 + np.cos(ky)) / 3.0)[:, None] * ((2.0 + np.cos(kx)) / 3.0)[None, :]
    if depth < THIN:
        same, mixed = thin_potentials(ky, kx, depth)
        return _frozen(same, 1.0 / depth), _frozen(mixed, -1.0 / depth)
    nodes, weights = gauss(0.0, 1.0, _NODES)
    fall_y, fall_x = lattice_fall(ky, nodes), lattice_fall(kx, nodes)  # of the splines by the smoothing, over t^2
    alias = (fall_y @ weights)[:, None] * ((2.0 + np.cos(kx)) / 3.0)[None, :]
    alias += lattice_sum(ky, 4, nodes) @ (weights[:, None] * fall_x.T)
    alias -= plain * (k * sqrt(pi) * erf(k) + np.expm1(-(k**2)))
    nodes, weights = gauss(1.0, _TAIL_END, _TAIL_NODES)
    alias += mass - plain - _tail(ky, kx, 4, nodes, weights / nodes**2)
    alias /= sqrt(pi)
    same = plain * k / np.tanh(k * depth) + alias
    mixed = -plain * k * _csch(k * depth)
    for q, share in _images(ky, kx, depth, 4):
        once = np.exp(-q * depth)
        twice = once * once
        same += share * q * 2.0 * twice / (1.0 - twice)
        mixed -= share * q * 2.0 * once / (1.0 - twice)
    return _frozen(same, 1.0 / depth), _frozen(mixed, -1.0 / depth)


def _frozen(symbol: Real, mean: float) -> Real:
    """Return the symbol with its entry of k = 0, read-only since it is kept for others."""
    symbol[0, 0] = mean
    symbol.setflags(write=False)
    return symbol


def _csch(x: Real) -> Real:
    return 2.0 * np.exp(-x) / -np.expm1(-2.0 * x)


def _tail(ky: Real, kx: Real, power: int, t: Real, weights: Real) -> Real:
    """Return the integral over t > 1 of the sum over m without m = 0."""
    rows, row0 = _direct(ky, power, t)
    columns, column0 = _direct(kx, power, t)
    return rows @ (weights[:, None] * columns.T) - row0 @ (weights[:, None] * column0.T)


def _direct(k: Real, power: int, t: Real) -> tuple[Real, Real]:
    def term(q: Real) -> Real:
        return sinc(q)[:, None] ** power * np.exp(-((q[:, None] * t[None, :]) ** 2))

    return sum((term(k + 2.0 * pi * m) for m in (-2, -1, 1, 2)), term(k)), term(k)


def _images(ky: Real, kx: Real, depth: float, power: int) -> Iterator[tuple[Real, Real]]:
    """Yield |k_m| and its sinc factor for every m but 0 that still feels the other face."""
    reach = int(_NEGLIGIBLE / (2.0 * pi * depth) + 0.5)
    for my in range(-reach, reach + 1):
        for mx in range(-reach, reach + 1):
            if my or mx:
                qy, qx = ky + 2.0 * pi * my, kx + 2.0 * pi * mx
                shape = sinc(qy)[:, None] ** power * sinc(qx)[None, :] ** power
                yield np.hypot(qy[:, None], qx[None, :]), shape
