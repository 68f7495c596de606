r"""Galerkin symbols of a layer much thinner than a pixel, where very many waves feel its other face.

The answers of the layer are means of Gaussians, :math:`f(q) = \int_0^\infty e^{-q^2 t^2} \vartheta(t^2)\, 2t\, dt`, with

.. math::

   \frac{\tanh qd}{q}: \vartheta = \frac{1}{\sqrt\pi t}\Big[1 + 2\sum_n (-1)^n e^{-n^2 d^2/t^2}\Big]
   = \frac{2}{d} \sum_{n \ge 0} e^{-((n + 1/2) \pi t/d)^2},

:math:`\coth(qd)/q` with all signs positive and the dual :math:`[1 + 2 \sum e^{-(n \pi t/d)^2}]/d`, and
:math:`1/(q \sinh qd)` with :math:`2 \sum_{n \ge 0} e^{-(n + 1/2)^2 d^2/t^2}` and the dual of alternating signs. The sum over all
waves is a product of two cosine series at every t, as for thick layers. After t = 1 only the mean :math:`1/d` of the last two is
left, whose integral is :math:`e^{-q^2}/(q^2 d)`. For :math:`q \coth qd` and :math:`q/\sinh qd` the weight is
:math:`-\vartheta'` and the Gaussian is replaced by what it lacks to 1.

Source
------
Jacobi's imaginary transformation of theta functions: NIST Digital Library of Mathematical Functions, 20.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from garnetlab.numerics._patch_waves import gauss, lattice_fall, lattice_sum, sinc

Real = NDArray[np.float64]

THIN = 0.25  # of a pixel: exp(-(pi/2/THIN)^2) is 7e-18, so nothing of tanh is left after t = 1
_NODES = 48
_TERMS = 8  # exp(-8^2) is 1.6e-28, and either series is used where its exponents are at least n^2


def thin_currents(ky: Real, kx: Real, depth: float) -> tuple[Real, Real, Real]:
    """Return the symbols of currents, one face, same, mixed; the entry of k = 0 is left without meaning."""
    shape = (len(ky), len(kx))
    one, same, mixed = (np.zeros(shape) for _ in range(3))
    for t, w in _pieces(depth):
        rows, columns = lattice_sum(ky, 2, t), lattice_sum(kx, 2, t)
        for out, kind in ((one, "tanh"), (same, "coth"), (mixed, "csch")):
            out += rows @ ((2.0 * t * w * _theta(t, depth, kind))[:, None] * columns.T)
    rest = _rest(ky, kx, depth)
    return one, same + rest, -(mixed + rest)


def thin_potentials(ky: Real, kx: Real, depth: float) -> tuple[Real, Real]:
    """Return the symbols of potentials, same face and mixed; the entry of k = 0 is left without meaning."""
    whole_y, whole_x = (2.0 + np.cos(ky)) / 3.0, (2.0 + np.cos(kx)) / 3.0  # masses of the bilinear functions
    same = whole_y[:, None] * whole_x[None, :] / depth
    mixed = same.copy()
    for t, w in _pieces(depth):
        fall_y, fall_x = lattice_fall(ky, t), lattice_fall(kx, t)
        rows = lattice_sum(ky, 4, t)
        for out, kind in ((same, "coth"), (mixed, "csch")):
            weight = w * _slope(t, depth, kind)
            out += (fall_y @ weight)[:, None] * whole_x[None, :] + rows @ (weight[:, None] * fall_x.T)
    return same, -mixed


def _pieces(depth: float) -> Iterator[tuple[Real, Real]]:
    ends = (0.0, 0.4 * depth, depth, 2.0 * depth, 4.0 * depth, 1.0)
    for low, high in pairwise(ends):
        yield gauss(low, high, _NODES)


def _near(t: Real, depth: float, kind: str) -> tuple[Real, Real]:
    """Return coefficients and exponents (d/t)^2 c^2 of the series for t < d, shape (terms, t)."""
    n = np.arange(_TERMS)[:, None]
    c = n + 0.5 if kind == "csch" else n
    sign = (-1.0) ** n if kind == "tanh" else np.ones_like(c, dtype=np.float64)
    weight = np.where((n == 0) & (kind != "csch"), 1.0, 2.0) * sign
    return weight * np.ones_like(t), (c * depth / t) ** 2


def _far(t: Real, depth: float, kind: str) -> tuple[Real, Real]:
    """Return coefficients and exponents of the series for t > d, shape (terms, t)."""
    n = np.arange(_TERMS)[:, None]
    c = n + 0.5 if kind == "tanh" else n
    sign = (-1.0) ** n if kind == "csch" else np.ones_like(c, dtype=np.float64)
    weight = np.where((n == 0) & (kind != "tanh"), 1.0, 2.0) * sign
    return weight * np.ones_like(t), (c * pi * t / depth) ** 2


def _theta(t: Real, depth: float, kind: str) -> Real:
    weight, power = _near(t, depth, kind)
    near = np.sum(weight * np.exp(-power), axis=0) / (sqrt(pi) * t)
    weight, power = _far(t, depth, kind)
    theta: Real = np.where(t < depth, near, np.sum(weight * np.exp(-power), axis=0) / depth)
    return theta


def _slope(t: Real, depth: float, kind: str) -> Real:
    """Return -t^2 d(theta)/dt."""
    weight, power = _near(t, depth, kind)
    near = np.sum(weight * (1.0 - 2.0 * power) * np.exp(-power), axis=0) / sqrt(pi)
    weight, power = _far(t, depth, kind)
    slope: Real = np.where(t < depth, near, 2.0 * t * np.sum(weight * power * np.exp(-power), axis=0) / depth)
    return slope


def _rest(ky: Real, kx: Real, depth: float) -> Real:
    """Return the sum over waves of exp(-q^2)/(q^2 depth), the part of t > 1; 0 at k = 0."""
    total = np.zeros((len(ky), len(kx)))
    for my in range(-2, 3):
        for mx in range(-2, 3):
            qy, qx = (ky + 2.0 * pi * my)[:, None], (kx + 2.0 * pi * mx)[None, :]
            square = qy**2 + qx**2
            shape = sinc(qy) ** 2 * sinc(qx) ** 2
            total += np.where(square > 0, shape * np.exp(-square) / np.where(square > 0, square, 1.0), 0.0)
    return total / depth
