"""Currents through patchy faces in reduced units: linear kinetics, Butler-Volmer, and complex admittances.

Lengths are in pixel sides and resistances in pixel side/conductivity; fields have shape (batch, faces, rows, columns) and
live in the array library of ``kernels``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from garnetlab.numerics import Array, Kernels, PatchSystem, conjugate_gradients
from garnetlab.physics._interface_law import ButlerVolmer

_PLAIN = 0.1  # local resistance over lateral period above which no preconditioner pays (measured, docs/decisions/0008)
_SPREAD = 0.03  # of the largest answer of the layer, added to the local resistance in the scaling (same place)
_NEWTON = 60
_HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Slab:
    """A layer: its symbol without the mean current, and its depth, both reduced."""

    symbol: Array
    depth: float | Array

    @property
    def faces(self) -> int:
        """1 or 2."""
        return 1 if self.symbol.shape[1] == 1 else 2


@dataclass(frozen=True, slots=True)
class Currents:
    """Current density per pixel and what it cost to find it.

    Parameters
    ----------
    current:    Shape (batch, faces, rows, columns).
    eta:        Overpotential per pixel, same shape, 0 on voids.
    resistance: Potential over mean current without the layer's own, shape (batch,).
    voltage:    Potential between the electrodes, shape (batch,).
    iterations: Conjugate gradient steps, all together.
    newton:     Newton steps; 0 where the kinetics are linear.
    residual:   Relative, shape (batch,).
    converged:  Whether every cell met the tolerance.
    state:      Start for the next solve of a sequence.
    """

    current: Array
    eta: Array
    resistance: Array
    voltage: Array
    iterations: int
    newton: int
    residual: Array
    converged: bool
    state: Array


def wide(values: Array) -> Array:
    """Return scalars of a batch as fields."""
    return values[:, None, None, None]


def mean(field: Array, xp: Any) -> Array:
    """Return the mean over the pixels of every face, shape (batch, faces)."""
    return xp.mean(field, axis=(-2, -1))


def scaling(admittance: Array, slab: Slab, xp: Any) -> tuple[Array, Array, Array | None]:
    """Return scale, diagonal and shift of the system for a local admittance (0 on voids); see ``PatchSystem``."""
    largest = max(admittance.shape[-2:]) / 6.28
    spread = _SPREAD * largest
    size = xp.abs(admittance)
    peak = float(xp.max(size))
    uniform = bool(xp.all((size == 0) | (admittance == _peak_value(admittance, size, xp))))
    if uniform:
        scale = xp.astype(size > 0, admittance.dtype)
        resistance = 1.0 / _peak_value(admittance, size, xp)
        diagonal = scale * resistance
    else:
        denominator = 1.0 + spread * admittance
        scale, diagonal = xp.sqrt(admittance / denominator), 1.0 / denominator
    if 1.0 / peak >= _PLAIN * max(admittance.shape[-2:]):
        return scale, diagonal, None
    on = xp.astype(size > 0, admittance.dtype)
    shift = xp.sum(diagonal * on, axis=(-2, -1)) / xp.sum(scale * scale, axis=(-2, -1))
    return scale, diagonal, shift


def _peak_value(admittance: Array, size: Array, xp: Any) -> Array:
    return xp.reshape(admittance, (-1,))[int(xp.argmax(size))]


def mean_rows(scale: Array, xp: Any, *, tied: bool) -> tuple[Array, ...]:
    """Return the constraint rows that fix the mean current of every face, or with ``tied`` only their difference."""
    if scale.shape[1] == 1:
        return () if tied else (scale,)
    one, two = scale[:, :1, :, :], scale[:, 1:, :, :]
    none = xp.zeros_like(one)
    if tied:
        return (xp.concat((one, -two), axis=1),)
    return (xp.concat((one, none), axis=1), xp.concat((none, two), axis=1))


def linear_currents(
    kernels: Kernels, slab: Slab, admittance: Array, *, start: Array | None = None, tolerance: float = 1e-8, limit: int = 500
) -> Currents:
    """Return the currents of unit mean for a local admittance, real or complex, 0 on voids.

    The mean current of the layer is split off: the system holds what the pattern adds. With two faces the potential
    splits so that both carry the same mean current, which is a constraint of the solve.
    """
    xp = kernels.xp
    scale, diagonal, shift = scaling(admittance, slab, xp)
    system = PatchSystem(scale, diagonal, slab.symbol, shift)
    rhs = scale / scale.shape[1]
    x = None if start is None else start + 0.0
    solved = conjugate_gradients(
        kernels, system, rhs, x, constraints=mean_rows(scale, xp, tied=True), tolerance=tolerance, limit=limit
    )
    current = scale * solved.x
    total = xp.mean(mean(current, xp), axis=1)
    eta = diagonal * solved.x
    eta = xp.where(scale != 0, eta / xp.where(scale != 0, scale, xp.ones_like(scale)), xp.zeros_like(eta))
    return Currents(
        current / wide(total),
        eta / wide(total),
        1.0 / total,
        1.0 / total + slab.depth,
        solved.iterations,
        0,
        solved.residual,
        solved.converged,
        solved.x,
    )


def nonlinear_currents(
    kernels: Kernels,
    slab: Slab,
    law: ButlerVolmer,
    start: Array,
    *,
    voltage: Array | None = None,
    tolerance: float = 1e-8,
    limit: int = 500,
) -> Currents:
    """Return the currents under Butler-Volmer kinetics, at ``voltage`` (batch,) or at the mean current of ``start``.

    Newton on the convex energy of the currents; each step is solved as far as the distance to the goal asks for and
    shortened where the energy would rise again along it. ``start`` must carry the same mean current on every face.
    """
    xp, on = kernels.xp, law.exchange > 0
    symbol = _whole_symbol(slab, xp) if voltage is not None else slab.symbol
    compiled = not hasattr(kernels, "_forward")
    current, iterations = start, 0
    drop = kernels.smear(current, symbol)
    eta, slope = law.response(current, xp, compiled=compiled)
    force, level, size = _force(eta, drop, on, voltage, xp)
    done = 0
    relative = _relative(force, size, xp)
    while done < _NEWTON and not bool(xp.all(relative <= tolerance)):
        scale, diagonal, shift = scaling(xp.where(on, 1.0 / xp.where(on, slope, xp.ones_like(slope)), 0.0 * slope), slab, xp)
        rows = mean_rows(scale, xp, tied=voltage is not None)
        goal = xp.clip(0.3 * tolerance / xp.where(relative > 0, relative, xp.ones_like(relative)), 1e-12, 0.1)
        goal = xp.where(goal < 0.1, xp.maximum(goal, 0.1 * relative), goal)
        step = conjugate_gradients(
            kernels,
            PatchSystem(scale, diagonal, symbol, shift),
            scale * force,
            constraints=rows,
            tolerance=goal,
            limit=limit,
        )
        iterations += step.iterations
        change = scale * step.x
        current, drop, eta, slope = _advance(kernels, law, symbol, voltage, (current, drop, force), change, compiled)
        force, level, size = _force(eta, drop, on, voltage, xp)
        relative, done = _relative(force, size, xp), done + 1
    total = xp.mean(mean(current, xp), axis=1)
    applied = level + slab.depth * total if voltage is None else voltage
    return Currents(
        current,
        eta,
        (applied - slab.depth * total) / total,
        applied,
        iterations,
        done,
        relative,
        bool(xp.all(relative <= tolerance)),
        current,
    )


def _whole_symbol(slab: Slab, xp: Any) -> Array:
    """Return the symbol with the layer's answer to the mean current, shared by both faces where there are two."""
    corner = xp.zeros_like(slab.symbol)
    corner = _set_corner(corner, slab.depth if slab.faces == 1 else slab.depth / 4.0, xp)
    return slab.symbol + corner


def _set_corner(field: Array, value: Any, xp: Any) -> Array:
    rows = xp.reshape(xp.arange(field.shape[-2]) == 0, (-1, 1))
    columns = xp.reshape(xp.arange(field.shape[-1]) == 0, (1, -1))
    return xp.where(rows & columns, field + value, field)


def _force(eta: Array, drop: Array, on: Array, voltage: Array | None, xp: Any) -> tuple[Array, Array, Array]:
    """Return the misfit of the potential on contact, the potential it misses (batch,), and its scale.

    At fixed mean current the potential of each face is what makes its misfit vanish in the mean.
    """
    zero, faces = xp.zeros_like(eta), eta.shape[1]
    count = xp.sum(xp.astype(on, eta.dtype), axis=(-2, -1))
    held = xp.where(on, eta + drop, zero)
    level = xp.sum(held, axis=(-2, -1)) / count
    if voltage is None:
        force = xp.where(on, level[:, :, None, None] - held, zero)
        applied = xp.sum(level, axis=1)
    else:
        force = xp.where(on, wide(voltage) / faces - held, zero)
        applied = voltage
        if faces == 2:
            tilt = (xp.sum(force, axis=(-2, -1)) / count) @ xp.asarray([[0.5, -0.5], [-0.5, 0.5]], dtype=eta.dtype)
            force = xp.where(on, force - tilt[:, :, None, None], zero)
    size = xp.abs(applied) / faces * xp.sum(count, axis=1) ** 0.5
    return force, applied, size


def _relative(force: Array, size: Array, xp: Any) -> Array:
    norm = xp.sum(force**2, axis=(1, 2, 3)) ** 0.5
    return norm / xp.where(size > 0, size, xp.ones_like(size))


def _advance(
    kernels: Kernels,
    law: ButlerVolmer,
    symbol: Array,
    voltage: Array | None,
    point: tuple[Array, Array, Array],
    change: Array,
    compiled: bool,
) -> tuple[Array, Array, Array, Array]:
    """Return current, drop, overpotential and slope after a step that does not overshoot the minimum of the energy."""
    xp, (current, drop, force) = kernels.xp, point
    change_drop = kernels.smear(change, symbol)
    descent = kernels.total(force, change)
    length = xp.ones_like(descent)
    for _ in range(_HALVINGS):
        new, new_drop = current + wide(length) * change, drop + wide(length) * change_drop
        eta, slope = law.response(new, xp, compiled=compiled)
        left = kernels.total(_force(eta, new_drop, law.exchange > 0, voltage, xp)[0], change)
        over = left < -0.5 * descent
        if not bool(xp.any(over & (descent > 0))):
            break
        shorter = length * xp.clip(descent / xp.where(over, descent - left, xp.ones_like(left)), 0.1, 0.7)
        length = xp.where(over, shorter, length)
    return new, new_drop, eta, slope
