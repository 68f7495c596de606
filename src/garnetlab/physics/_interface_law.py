r"""Local kinetics of a patchy face: overpotential and its slope as functions of the current density of a pixel.

Everything is reduced: potentials by the thermal voltage R T/F, resistances by pixel side/conductivity. ``exchange`` is that
of the whole pixel (local contact fraction times that of the contact), 0 on voids; ``film`` is the film's resistance over
the contact fraction. The charge transfer overpotential y solves :math:`u = e^{a y} - e^{-b y}`, u = J/exchange, a + b = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from garnetlab.numerics import Array

STEPS = 40  # Newton on a convex function of slope between -1 and -a: 5 to 8 steps reach rounding


@dataclass(frozen=True, slots=True)
class ButlerVolmer:
    """Charge transfer in series with a film, per pixel; arrays of shape (batch, faces, rows, columns).

    Parameters
    ----------
    exchange: Reduced exchange current density, 0 on voids.
    film:     Reduced resistance, >= 0.
    drive:    Share a of the overpotential that drives the direction J > 0, shape (faces,), between 0 and 1.
    on:       Where ``exchange`` is not 0.
    count:    Pixels of contact, shape (batch, faces).
    compiled: The arrays are those of numpy, and compiled code may be used.
    """

    exchange: Array
    film: Array
    drive: tuple[float, ...]
    on: Array
    count: Array
    compiled: bool = False

    def response(self, current: Array, xp: Any) -> tuple[Array, Array]:
        """Return overpotential and its slope, both 0 on voids."""
        if self.compiled:
            from garnetlab.physics._interface_compiled import response

            eta, slope = response(current, self.exchange, self.film, self.drive)
            return eta, slope
        on = self.on
        exchange = xp.where(on, self.exchange, xp.ones_like(self.exchange))
        u = xp.where(on, current, xp.zeros_like(current)) / exchange
        faces = [inverse(u[:, f : f + 1, :, :], a, xp) for f, a in enumerate(self.drive)]
        y, slope = (xp.concat([face[k] for face in faces], axis=1) for k in (0, 1))
        zero = xp.zeros_like(current)
        eta = xp.where(on, y + self.film * current, zero)
        return eta, xp.where(on, slope / exchange + self.film, zero)

    def energies(self, current: Array, xp: Any) -> Array:
        """Return the integral of the overpotential over the current, per pixel."""
        on = self.on
        exchange = xp.where(on, self.exchange, xp.ones_like(self.exchange))
        u = xp.where(on, current, xp.zeros_like(current)) / exchange
        parts = []
        for f, a in enumerate(self.drive):
            y, _ = inverse(u[:, f : f + 1, :, :], a, xp)
            parts.append(u[:, f : f + 1, :, :] * y - coenergy(y, a, xp))
        return xp.where(on, exchange * xp.concat(parts, axis=1) + self.film * current**2 / 2, xp.zeros_like(current))


def butler_volmer_law(exchange: Array, film: Array, drive: tuple[float, ...], xp: Any, *, compiled: bool) -> ButlerVolmer:
    """Return the kinetics of pixels from reduced exchange current densities and films."""
    on = exchange > 0
    count = xp.sum(xp.astype(on, exchange.dtype), axis=(-2, -1))
    return ButlerVolmer(exchange, film, drive, on, count, compiled)


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
    for _ in range(STEPS):
        inside = size + xp.expm1(-back * y)
        step = (xp.log1p(inside) - forward * y) / (back * xp.exp(-back * y) / (1.0 + inside) + forward)
        y = y + step
        if bool(xp.all(xp.abs(step) <= 1e-15 * (1.0 + y))):
            break
    slope = 1.0 / (forward * xp.exp(forward * y) + back * xp.exp(-back * y))
    return xp.where(u >= 0, y, -y), slope
