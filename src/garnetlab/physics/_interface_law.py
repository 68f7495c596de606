r"""Local kinetics of a patchy face: overpotential and its slope as functions of the current density of a pixel.

Everything is reduced: potentials by the thermal voltage R T/F, resistances by pixel side/conductivity. ``exchange`` is that
of the whole pixel (local contact fraction times that of the contact), 0 on voids; ``film`` is the film's resistance over
the contact fraction. The charge transfer overpotential y solves :math:`u = e^{a y} - e^{-b y}`, u = J/exchange, a + b = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from garnetlab.numerics import Array

_STEPS = 40  # Newton on a convex function of slope between -1 and -a: 5 to 8 steps reach rounding


@dataclass(frozen=True, slots=True)
class ButlerVolmer:
    """Charge transfer in series with a film, per pixel; arrays of shape (batch, faces, rows, columns).

    Parameters
    ----------
    exchange: Reduced exchange current density, 0 on voids.
    film:     Reduced resistance, >= 0.
    drive:    Share a of the overpotential that drives the direction J > 0, shape (faces,), between 0 and 1.
    """

    exchange: Array
    film: Array
    drive: tuple[float, ...]

    def response(self, current: Array, xp: Any, *, compiled: bool = False) -> tuple[Array, Array]:
        """Return overpotential and its slope, both 0 on voids."""
        if compiled:
            return _compiled()(current, self.exchange, self.film, self.drive)
        on = self.exchange > 0
        exchange = xp.where(on, self.exchange, xp.ones_like(self.exchange))
        u = xp.where(on, current, xp.zeros_like(current)) / exchange
        faces = [inverse(u[:, f : f + 1, :, :], a, xp) for f, a in enumerate(self.drive)]
        y, slope = (xp.concat([face[k] for face in faces], axis=1) for k in (0, 1))
        zero = xp.zeros_like(current)
        eta = xp.where(on, y + self.film * current, zero)
        return eta, xp.where(on, slope / exchange + self.film, zero)

    def energies(self, current: Array, xp: Any) -> Array:
        """Return the integral of the overpotential over the current, per pixel."""
        on = self.exchange > 0
        exchange = xp.where(on, self.exchange, xp.ones_like(self.exchange))
        u = xp.where(on, current, xp.zeros_like(current)) / exchange
        parts = []
        for f, a in enumerate(self.drive):
            y, _ = inverse(u[:, f : f + 1, :, :], a, xp)
            parts.append(u[:, f : f + 1, :, :] * y - coenergy(y, a, xp))
        return xp.where(on, exchange * xp.concat(parts, axis=1) + self.film * current**2 / 2, xp.zeros_like(current))

    def swapped(self, **values: Array) -> ButlerVolmer:
        """Return a copy with other arrays."""
        return replace(self, **values)


def coenergy(y: Array, a: float, xp: Any) -> Array:
    """Return the integral of e^{a y} - e^{-b y} from 0 to y, >= 0."""
    return xp.expm1(a * y) / a + xp.expm1((a - 1.0) * y) / (1.0 - a)


def inverse(u: Array, a: float, xp: Any) -> tuple[Array, Array]:
    """Return y of ``u = exp(a y) - exp(-(1 - a) y)`` and dy/du.

    For u > 0 Newton runs on log1p(u + expm1(-b y)) - a y, which is convex and falls with a slope between -1 and -a, so it
    converges from anywhere; for u < 0 the roles of a and b are swapped.
    """
    if a == 0.5:
        return 2.0 * xp.asinh(u / 2.0), 1.0 / xp.sqrt(1.0 + (u / 2.0) ** 2)
    size = xp.abs(u)
    forward = xp.where(u >= 0, xp.full_like(u, a), xp.full_like(u, 1.0 - a))
    back = 1.0 - forward
    y = xp.zeros_like(u)
    for _ in range(_STEPS):
        inside = size + xp.expm1(-back * y)
        step = (xp.log1p(inside) - forward * y) / (back * xp.exp(-back * y) / (1.0 + inside) + forward)
        y = y + step
        if bool(xp.all(xp.abs(step) <= 1e-15 * (1.0 + y))):
            break
    slope = 1.0 / (forward * xp.exp(forward * y) + back * xp.exp(-back * y))
    return xp.where(u >= 0, y, -y), slope


@cache
def _compiled() -> Any:
    import numpy as np
    from numba import njit

    @njit(cache=True, fastmath={"contract"})
    def one(u: float, a: float) -> tuple[float, float]:
        if a == 0.5:
            half = 0.5 * u
            root = np.sqrt(1.0 + half * half)
            size = abs(half)
            y = 2.0 * np.log1p(size + half * half / (1.0 + root))
            return (y if u >= 0 else -y), 1.0 / root
        size, forward = abs(u), a if u >= 0 else 1.0 - a
        back, y = 1.0 - forward, 0.0
        for _ in range(_STEPS):
            inside = size + np.expm1(-back * y)
            step = (np.log1p(inside) - forward * y) / (back * np.exp(-back * y) / (1.0 + inside) + forward)
            y += step
            if abs(step) <= 1e-15 * (1.0 + y):
                break
        slope = 1.0 / (forward * np.exp(forward * y) + back * np.exp(-back * y))
        return (y if u >= 0 else -y), slope

    @njit(cache=True)
    def response(current: Array, exchange: Array, film: Array, drive: tuple[float, ...]) -> tuple[Array, Array]:
        eta, slope = np.zeros_like(current), np.zeros_like(current)
        batch, faces, rows, columns = current.shape
        for b in range(batch):
            for f in range(faces):
                for r in range(rows):
                    for c in range(columns):
                        e = exchange[b, f, r, c]
                        if e > 0:
                            y, s = one(current[b, f, r, c] / e, drive[f])
                            eta[b, f, r, c] = y + film[b, f, r, c] * current[b, f, r, c]
                            slope[b, f, r, c] = s / e + film[b, f, r, c]
        return eta, slope

    return response
