"""Certified bounds on the resistance of a patchy interface, in reduced units.

Currents that are constant on pixels dissipate at least what the true ones do (Thomson), and so do potentials that are
bilinear between pixel corners (Dirichlet): the first gives an upper, the second a lower bound on the resistance. Both
energies are evaluated exactly for the fields at hand, however they were found, so an unfinished solve only widens the
bounds. What remains outside is rounding, covered by ``GUARD``.

Source
------
J. C. Maxwell, A Treatise on Electricity and Magnetism, 3rd ed. 1891, vol. 1, art. 102a and 306-307 (both principles); J. L.
Synge, The Hypercircle in Mathematical Physics, Cambridge 1957 (distance from an energy gap).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from garnetlab.numerics import Array, Kernels, unmix
from garnetlab.physics._interface_fields import Local, Slab, mean, wide

GUARD = 1e-12  # relative; sums of 1e6 terms of one sign in float64 are off by less than 1e-13


@dataclass(frozen=True, slots=True)
class Corners:
    """A layer seen from potentials at pixel corners: symbol, see ``potential_symbol``, shape (1, faces, rows, spectrum)."""

    symbol: Array


def upper_resistance(kernels: Kernels, slab: Slab, local: Local, current: Array) -> Array:
    """Return the upper bound from ``current``, which flows only on contact, shape (batch,)."""
    xp = kernels.xp
    zero = xp.zeros_like(current)
    fall = xp.where(local.on, local.resistance, zero) * current
    energy = kernels.total(current, fall + kernels.smear(current, slab.symbol))
    pixels = current.shape[-1] * current.shape[-2]
    total = mean(kernels, current)
    return (slab.depth + energy / pixels / total**2) * (1.0 + GUARD)


def admittances(local: Local, xp: Any) -> Array:
    """Return the local admittance, 0 on voids."""
    one = xp.ones_like(local.resistance)
    return xp.where(local.on, one / xp.where(local.on, local.resistance, one), 0.0 * one)


def corner_potential(kernels: Kernels, slab: Slab, local: Local, current: Array, resistance: Array) -> Array:
    """Return a first guess of the potentials at the corners, in units of the voltage, from currents of any scale.

    A corner takes the mean of its four pixels, weighted by how well the electrode holds them.
    """
    xp = kernels.xp
    current = current / wide(mean(kernels, current))
    drop = kernels.smear(current, slab.symbol)
    if slab.faces == 1:
        pixel = (drop + slab.depth) / wide(resistance)
    else:
        held = xp.concat((xp.ones_like(drop[:, :1, :, :]), xp.zeros_like(drop[:, :1, :, :])), axis=1)
        there = xp.where(local.on, local.resistance * current + drop, xp.zeros_like(drop))
        count = xp.sum(xp.astype(local.on, drop.dtype), axis=(-2, -1))
        level = xp.sum(there, axis=(-2, -1)) / count
        sign = xp.asarray([1.0, -1.0], dtype=drop.dtype)[None, :, None, None]
        pixel = held - sign * (level[:, :, None, None] - drop) / wide(resistance)
    weight = admittances(local, xp) + 1.0
    top, bottom = weight * pixel, weight
    for axis in (-1, -2):
        top, bottom = top + xp.roll(top, 1, axis=axis), bottom + xp.roll(bottom, 1, axis=axis)
    return top / bottom


def mass(weight: Array, field: Array, xp: Any) -> Array:
    """Return the bilinear mass matrix of pixels of ``weight`` times ``field`` at the corners."""
    roll = xp.roll
    right = roll(field, -1, axis=-1)
    pairs = []
    for corner, other in ((field, right), (right, field)):
        line = 2.0 * corner + other
        next_line = roll(line, -1, axis=-2)
        pairs.append((weight * (2.0 * line + next_line), weight * (line + 2.0 * next_line)))
    (low_left, high_left), (low_right, high_right) = pairs
    low, high = low_left + roll(low_right, 1, axis=-1), high_left + roll(high_right, 1, axis=-1)
    return (low + roll(high, 1, axis=-2)) / 36.0


def lower_resistance(
    kernels: Kernels, corners: Corners, local: Local, potential: Array, *, steps: int
) -> tuple[Array, Array]:
    """Return the lower bound, shape (batch,), and the potential it belongs to, after at most ``steps`` improvements."""
    xp = kernels.xp
    admittance, faces = admittances(local, xp), potential.shape[1]
    held = xp.ones_like(potential)
    if faces == 2:
        held = xp.concat((held[:, :1, :, :], 0.0 * held[:, 1:, :, :]), axis=1)
    shift = xp.mean(admittance, axis=(-2, -1))

    def apply(field: Array) -> Array:
        return kernels.smear(field, corners.symbol) + mass(admittance, field, xp)

    x, p, last = potential, None, None
    r = mass(admittance, held, xp) - apply(x)
    for _ in range(steps):
        z = _inverse(kernels, corners, shift, r)
        top = kernels.total(r, z)
        p = z if p is None else z + wide(kernels.ratio(top, last, top > 0)) * p
        image = apply(p)
        length = kernels.ratio(top, kernels.total(p, image), top > 0)
        x, r, last = x + wide(length) * p, r - wide(length) * image, top
    gap = held - x
    power = kernels.total(x, kernels.smear(x, corners.symbol)) + kernels.total(gap, mass(admittance, gap, xp))
    pixels = potential.shape[-1] * potential.shape[-2]
    return pixels / power * (1.0 - GUARD), x


def _inverse(kernels: Kernels, corners: Corners, shift: Array, r: Array) -> Array:
    xp = kernels.xp
    spectrum = unmix(xp.fft.rfftn(r, axes=(-2, -1)), corners.symbol, shift, xp)
    return xp.fft.irfftn(spectrum, s=tuple(r.shape[-2:]), axes=(-2, -1))
