r"""Local kinetics of a patchy face: overpotential and its slope as functions of the current density of a pixel.

Everything is reduced: potentials by the thermal voltage R T/F, resistances by pixel side/conductivity. ``exchange`` is that
of the whole pixel (local contact fraction times that of the contact), 0 on voids; ``film`` is the film's resistance over
the contact fraction. The charge transfer overpotential y solves :math:`u = e^{a y} - e^{-b y}`, u = J/exchange, a + b = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from garnetlab.numerics import Array

_SERIES = 0.02  # of R T/F: what six terms leave out is 2 y^6/8! of the sum, 3e-15
STEPS = 40  # Newton on a convex function of slope between -1 and -a: 5 to 8 steps reach rounding


@dataclass(frozen=True, slots=True)
class Point:
    """Where Newton stands.

    Parameters
    ----------
    current, drop: Per pixel: current density and potential drop in the layer.
    force:         Potential of the face minus drop and overpotential, 0 on voids.
    slope:         Of the overpotential, 0 on voids.
    offset:        Mean of the force on contact, shape (batch, faces).
    square:        Sum of its squares, shape (batch,).
    along:         Sum of force times the change that led here, shape (batch,).
    span:          Least and largest slope on contact.
    """

    current: Array
    drop: Array
    force: Array
    slope: Array
    offset: Array
    square: Array
    along: Array
    span: tuple[float, float]


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
    space:    Memory for compiled code on numpy arrays, kept between solves; None for plain array expressions.
    """

    exchange: Array
    film: Array
    drive: tuple[float, ...]
    on: Array
    count: Array
    space: list[Array] | None = None

    def response(self, current: Array, xp: Any) -> tuple[Array, Array]:
        """Return overpotential and its slope, both 0 on voids."""
        on = self.on
        exchange = xp.where(on, self.exchange, xp.ones_like(self.exchange))
        u = xp.where(on, current, xp.zeros_like(current)) / exchange
        faces = [inverse(u[:, f : f + 1, :, :], a, xp) for f, a in enumerate(self.drive)]
        y, slope = (xp.concat([face[k] for face in faces], axis=1) for k in (0, 1))
        zero = xp.zeros_like(current)
        eta = xp.where(on, y + self.film * current, zero)
        return eta, xp.where(on, slope / exchange + self.film, zero)

    def respond(
        self, start: tuple[Array, Array], change: tuple[Array, Array], length: Array, face: Array, xp: Any
    ) -> Point:
        """Return the point ``length`` (batch,) times ``change`` away from ``start``; both are (current, drop).

        ``face`` is the potential offered at every face, shape (batch, faces).
        """
        if self.space is not None:
            from garnetlab.physics._interface_compiled import respond

            fields = _free(self.space, start[0], xp)
            sums, span = respond(*start, *change, length, face, self.exchange, self.film, self.on, self.drive, fields)
            current, drop, force, slope = fields
            offset = sums[:, : face.shape[1]] / self.count
            return Point(current, drop, force, slope, offset, sums[:, -2], sums[:, -1], span)
        step = length[:, None, None, None]
        current, drop = start[0] + step * change[0], start[1] + step * change[1]
        eta, slope = self.response(current, xp)
        force = xp.where(self.on, face[:, :, None, None] - eta - drop, xp.zeros_like(eta))
        span = (float(xp.min(xp.where(self.on, slope, xp.full_like(slope, xp.inf)))), float(xp.max(slope)))
        return Point(
            current,
            drop,
            force,
            slope,
            xp.sum(force, axis=(-2, -1)) / self.count,
            xp.sum(force**2, axis=(1, 2, 3)),
            xp.sum(force * change[0], axis=(1, 2, 3)),
            span,
        )

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


def _free(space: list[Array], used: Array, xp: Any) -> Array:
    """Return memory for a point that does not hold ``used``, of two that take turns."""
    if not space or space[0].shape[1:] != used.shape:
        space[:] = [xp.empty((4, *used.shape)) for _ in range(2)]
    return space[1] if xp.shares_memory(space[0][0], used) else space[0]


def butler_volmer_law(
    exchange: Array, film: Array, drive: tuple[float, ...], xp: Any, space: list[Array] | None = None
) -> ButlerVolmer:
    """Return the kinetics of pixels from reduced exchange current densities and films."""
    on = exchange > 0
    count = xp.sum(xp.astype(on, exchange.dtype), axis=(-2, -1))
    return ButlerVolmer(exchange, film, drive, on, count, space)


def coenergy(y: Array, a: float, xp: Any) -> Array:
    """Return the integral of e^{a y} - e^{-b y} from 0 to y, >= 0.

    Below 0.02 the two parts nearly cancel, so six terms of the series stand in.
    """
    b = 1.0 - a
    small = xp.abs(y) < _SERIES
    near = xp.where(small, y, xp.zeros_like(y))
    series = xp.zeros_like(y)
    for n in range(7, 1, -1):
        series = (series + (a ** (n - 1) + (-1) ** n * b ** (n - 1))) * near / n
    return xp.where(small, series * near, xp.expm1(a * y) / a + xp.expm1(-b * y) / b)


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
