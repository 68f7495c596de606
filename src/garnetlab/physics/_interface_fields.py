"""Currents through patchy faces in reduced units: linear kinetics, Butler-Volmer, and complex admittances.

Lengths are in pixel sides and resistances in pixel side/conductivity; fields have shape (batch, faces, rows, columns) and
live in the array library of ``kernels``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from garnetlab.numerics import Array, Kernels, PatchSystem, conjugate_gradients, current_symbol
from garnetlab.physics._interface_law import ButlerVolmer, Point

_PLAIN = 0.1  # local resistance over lateral period above which no preconditioner pays (measured, docs/decisions/0008)
_SPREAD = 0.03  # of the largest answer of the layer, added to the local resistance in the scaling (same place)
_MILD = 3.0  # ratio of local resistances below which scaling does not pay (same place)
_NEWTON = 60
_KEPT = 1e-9  # of the mean current, over thousands of steps of rounding
_HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Slab:
    """A layer: its symbol without the answer to the mean current and with it, and its depth, all reduced."""

    symbol: Array
    whole: Array  # the mean current is shared by both faces where there are two
    depth: float | Array

    @property
    def faces(self) -> int:
        """1 or 2."""
        return 1 if self.symbol.shape[1] == 1 else 2


def make_slab(shape: tuple[int, int], depth: float, faces: int) -> Slab:
    """Return a layer between one or two patchy faces for real fields, as numpy arrays."""
    one, same, mixed = current_symbol(shape, depth)
    symbol = np.stack((one,) if faces == 1 else (same, mixed))[None]
    whole = symbol.copy()
    whole[..., 0, 0] = depth if faces == 1 else depth / 4.0
    return Slab(symbol, whole, depth)


@dataclass(frozen=True, slots=True)
class Local:
    """Local resistance of the faces, real or complex, shape (batch, faces, rows, columns).

    Parameters
    ----------
    on:         Where current can flow.
    resistance: Finite and not 0 there, anything elsewhere; shape (batch, 1, 1, 1) if it is the same everywhere.
    uniform:    Its value if it is the same everywhere, else None.
    span:       Least and largest modulus where current can flow, where they are known.
    """

    on: Array
    resistance: Array
    uniform: float | None = None
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Currents:
    """Current density per pixel and what it cost to find it; scalars have shape (batch,).

    Parameters
    ----------
    current:    Shape (batch, faces, rows, columns). It may live in a buffer of the kernels.
    flow:       Mean current density, the same on every face.
    voltage:    Between the electrodes.
    eta:        Overpotential per pixel, 0 on voids; None where it is ``resistance * current``.
    iterations: Conjugate gradient steps, all together.
    newton:     Newton steps; 0 where the kinetics are linear.
    residual:   Relative.
    converged:  Whether every cell met the tolerance.
    """

    current: Array
    flow: Array
    voltage: Array
    eta: Array | None
    iterations: int
    newton: int
    residual: Array
    converged: bool


def wide(values: Array) -> Array:
    """Return scalars of a batch as fields."""
    return values[:, None, None, None]


def mean(kernels: Kernels, field: Array) -> Array:
    """Return the mean over the pixels of all faces, shape (batch,)."""
    _, faces, rows, columns = field.shape
    return kernels.xp.sum(kernels.sums(field), axis=1) / (faces * rows * columns)


def balanced(current: Any) -> Any:
    """Return currents, numpy, whose faces carry the same mean to rounding.

    A solve keeps the difference of its start, which is of the order of rounding of the start. Energies do not see it, but are
    bounds only without it. Nothing is done where a face carries no net current: such a state has not converged.
    """
    means = np.mean(current, axis=(-2, -1), keepdims=True)
    if current.shape[1] == 1 or not np.all(means > 0):
        return current
    return current * (np.mean(means, axis=1, keepdims=True) / means)


def scaling(local: Local, xp: Any) -> tuple[Array, Array, Array | None]:
    """Return scale, diagonal and shift of the system for a local resistance; see ``PatchSystem``."""
    on, resistance, period = local.on, local.resistance, max(local.on.shape[-2:])
    if local.uniform is not None:
        if abs(local.uniform) >= _PLAIN * period:
            return on, resistance, None
        return on, resistance, xp.broadcast_to(resistance[:, :, 0, 0], on.shape[:2]) + 0.0
    if local.span is None:
        size = xp.abs(resistance)
        least = float(xp.min(xp.where(on, size, xp.full_like(size, xp.inf))))
        largest = float(xp.max(xp.where(on, size, xp.zeros_like(size))))
    else:
        least, largest = local.span
    zero = xp.zeros_like(resistance)
    if largest <= _MILD * least:
        scale, diagonal = on, resistance
        if resistance.shape != on.shape:
            diagonal = xp.where(on, resistance, zero)
        if least >= _PLAIN * period:
            return scale, diagonal, None
        diagonal = xp.where(on, resistance, zero)
        weight = xp.astype(on, resistance.dtype)
    else:
        spread = _SPREAD * period / 6.28
        scale = xp.where(on, 1.0 / xp.sqrt(xp.where(on, resistance + spread, xp.ones_like(zero))), zero)
        diagonal = xp.where(on, 1.0 - spread * scale * scale, zero)
        weight = scale * scale
    if least >= _PLAIN * period:
        return scale, diagonal, None
    return scale, diagonal, xp.sum(diagonal, axis=(-2, -1)) / xp.sum(weight, axis=(-2, -1))


def mean_rows(scale: Array, like: Array, xp: Any, *, tied: bool) -> tuple[Array, ...]:
    """Return the constraint rows that fix the mean current of every face, or with ``tied`` only their difference."""
    if scale.shape[1] == 1 and tied:
        return ()
    scale = scale if scale.dtype == like.dtype else xp.astype(scale, like.dtype)
    if scale.shape[1] == 1:
        return (scale,)
    one, two = scale[:, :1, :, :], scale[:, 1:, :, :]
    none = xp.zeros_like(one)
    if tied:
        return (xp.concat((one, -two), axis=1),)
    return (xp.concat((one, none), axis=1), xp.concat((none, two), axis=1))


def linear_currents(
    kernels: Kernels, slab: Slab, local: Local, *, start: Array | None = None, tolerance: float = 1e-8, limit: int = 500
) -> Currents:
    """Return the currents at unit potential of the faces for a local resistance, real or complex.

    The mean current of the layer is split off: the system holds what the pattern adds. With two faces the potential
    splits so that both carry the same mean current, which is a constraint of the solve.

    Parameters
    ----------
    start: Currents to start from, of any scale; with two faces of equal mean. They may be overwritten.
    """
    xp = kernels.xp
    scale, diagonal, shift = scaling(local, xp)
    system = PatchSystem(scale, diagonal, slab.symbol, shift)
    masked = scale is local.on
    rhs = xp.astype(scale, local.resistance.dtype) if masked else scale + 0.0
    if slab.faces == 2:
        rhs = rhs / 2.0
    if start is not None and not masked:
        start = xp.where(local.on, start / xp.where(local.on, scale, xp.ones_like(scale)), xp.zeros_like(start))
    rows = mean_rows(scale, rhs, xp, tied=True)
    solved = conjugate_gradients(kernels, system, rhs, start, constraints=rows, tolerance=tolerance, limit=limit)
    current = solved.x if masked else scale * solved.x
    flow = mean(kernels, current)
    return Currents(
        current, flow, 1.0 + slab.depth * flow, None, solved.iterations, 0, solved.residual, solved.converged
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
    xp, tied = kernels.xp, voltage is not None
    symbol = slab.whole if tied else slab.symbol
    nothing = xp.zeros_like(start[:, 0, 0, 0])
    asked = mean(kernels, start)
    face = _offered(law, voltage, xp)
    point = law.respond((start, kernels.smear(start, symbol)), (start, start), nothing, face, xp)
    if not tied or slab.faces == 2:
        shift = _shift(point, voltage, xp)
        face, point = face - shift, _shifted(law, point, shift, xp)
    iterations, done, offered = 0, 0, face
    relative = _relative(law, point, face, voltage, xp)
    while done < _NEWTON and not bool(xp.all(relative <= tolerance)):
        scale, diagonal, shift = scaling(Local(law.on, point.slope, span=point.span), xp)
        step = conjugate_gradients(
            kernels,
            PatchSystem(scale, diagonal, symbol, shift),
            kernels.own(point.force) if scale is law.on else scale * point.force,
            constraints=mean_rows(scale, point.force, xp, tied=tied),
            tolerance=_inner_goal(relative, tolerance, xp),
            limit=limit,
        )
        change = step.x if scale is law.on else scale * step.x
        point = _advance(kernels, law, symbol, point, change, face)
        offered, face = face, face - _shift(point, voltage, xp)
        relative, done, iterations = _relative(law, point, face, voltage, xp), done + 1, iterations + step.iterations
    flow = mean(kernels, point.current)
    applied = xp.sum(face, axis=1) + slab.depth * flow if voltage is None else voltage
    eta = xp.where(law.on, offered[:, :, None, None] - point.force - point.drop, xp.zeros_like(point.drop))
    # a loose tolerance alone would let currents against the voltage pass
    converged = bool(xp.all((relative <= tolerance) & (flow > 0) & (applied > 0)))
    if voltage is None:  # the projection keeps the mean current; if it ever did not, nothing else would show it
        converged = converged and bool(xp.all(xp.abs(flow - asked) <= _KEPT * xp.abs(asked)))
    return Currents(point.current, flow, applied, eta, iterations, done, relative, converged)


def _inner_goal(relative: Array, tolerance: float, xp: Any) -> Array:
    """Return how far a Newton step is solved: to the square of the misfit, or just below the goal, but to a tenth at least."""
    enough = xp.maximum(0.3 * tolerance / relative, relative)
    return xp.clip(enough, 1e-12, 0.1)


def _offered(law: ButlerVolmer, voltage: Array | None, xp: Any) -> Array:
    """Return a first potential of every face, shape (batch, faces)."""
    faces = law.count.shape[1]
    if voltage is None:
        return xp.zeros_like(law.count)
    return xp.stack([voltage / faces] * faces, axis=1)


def _shift(point: Point, voltage: Array | None, xp: Any) -> Array:
    """Return what the potentials of the faces are to be lowered by, so that the misfit the constraints leave open vanishes."""
    offset = point.offset
    if voltage is None:
        return offset
    if offset.shape[1] == 1:
        return xp.zeros_like(offset)
    half = (offset[:, 0] - offset[:, 1]) / 2.0
    return xp.stack((half, -half), axis=1)


def _shifted(law: ButlerVolmer, point: Point, shift: Array, xp: Any) -> Point:
    """Return the point with the potentials of the faces lowered by ``shift``."""
    force = xp.where(law.on, point.force - shift[:, :, None, None], xp.zeros_like(point.force))
    square = point.square - xp.sum(shift * law.count * (2.0 * point.offset - shift), axis=1)
    return replace(point, force=force, offset=point.offset - shift, square=square)


def _relative(law: ButlerVolmer, point: Point, face: Array, voltage: Array | None, xp: Any) -> Array:
    """Return the misfit without the part that the shift takes away, over the potential offered."""
    shift = _shift(point, voltage, xp)
    square = point.square - xp.sum(shift * law.count * (2.0 * point.offset - shift), axis=1)
    size = xp.abs(xp.sum(face - shift, axis=1)) / face.shape[1] * xp.sum(law.count, axis=1) ** 0.5
    return xp.where(square > 0, square, xp.zeros_like(square)) ** 0.5 / xp.where(size > 0, size, xp.ones_like(size))


def _advance(kernels: Kernels, law: ButlerVolmer, symbol: Array, point: Point, change: Array, face: Array) -> Point:
    """Return the point after a step that does not overshoot the least energy."""
    xp = kernels.xp
    step = (change, kernels.smear(change, symbol))
    descent = kernels.total(point.force, change)
    length = xp.ones_like(descent)
    for _ in range(_HALVINGS):
        new = law.respond((point.current, point.drop), step, length, face, xp)
        over = (new.along < -0.5 * descent) & (descent > 0)
        if not bool(xp.any(over)):
            break
        shorter = length * xp.clip(descent / xp.where(over, descent - new.along, xp.ones_like(descent)), 0.1, 0.7)
        length = xp.where(over, shorter, length)
    return new
