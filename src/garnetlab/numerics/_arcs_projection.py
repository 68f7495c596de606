"""Variable projection for series of arcs, batched over many starts of many spectra.

The linear coefficients (series resistance, inductance, arc resistances, tail) are eliminated; the shapes
(``ln tau``, ``n``, the tail's exponent) are found by Levenberg-Marquardt on the projected residual with
Kaufman's approximation of its Jacobian. Everything works on normalised data (:class:`Task`); the last axis of
every small matrix is the batch, so that an elimination step is one array operation for all members.

Source
------
G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, eq. 1.4 (variable projection);
L. Kaufman, BIT 15 (1975) 49, section 2 (the Jacobian without the second-order term).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

_RIDGE = 1e-13  # keeps the elimination of two equal columns finite; far below any noise
_FLOOR = 1e-28  # a residual this small relative to the data is rounding
_MAX_STEP_LOG_TAU = 1.5
_MAX_STEP_EXPONENT = 0.2
_BATCH = 256  # members per array operation: large against numpy's call overhead, small against the cache


@dataclass(frozen=True, slots=True)
class Task:
    """Normalised problem: ``m`` spectra on one frequency grid, ``p`` linear and ``q`` shape parameters.

    The linear columns are ordered (R0, L, R_1..R_K, A), the shapes (ln tau_1..K, n_1..K, tail exponent).
    """

    arcs: int
    log_omega: Floats  # (N,) ln(omega / omega_reference), ascending
    weights: Floats  # (m, N)
    data: Floats  # (m, 2N) weighted real parts, then weighted imaginary parts
    leading: Floats  # (m, 0..2, 2N) weighted columns of R0 and L
    trailing: Floats  # (m, 0..1, 2N) weighted column of a tail of known exponent
    free_tail: bool  # the tail's exponent is the last shape parameter
    lower: Floats  # (q,)
    upper: Floats  # (q,)
    held_shape: Bools  # (q,) not varied
    held_linear: Bools  # (p,) not solved for
    held_values: Floats  # (m, p) coefficients of the held columns, 0 elsewhere

    @property
    def linear(self) -> int:
        """Number of linear coefficients."""
        return int(self.leading.shape[1] + self.arcs + self.trailing.shape[1]) + int(self.free_tail)

    @property
    def owner(self) -> Ints:
        """Linear column that each shape parameter bends."""
        first = self.leading.shape[1]
        arcs = np.arange(first, first + self.arcs)
        tail = np.full(int(self.free_tail), first + self.arcs)
        return np.concatenate([arcs, arcs, tail])


@dataclass(slots=True)
class Members:
    """State of a batch of ``B`` searches: which spectrum, where it stands, what it costs."""

    spectrum: Ints  # (B,)
    shape: Floats  # (B, q)
    coefficients: Floats  # (B, p)
    cost: Floats  # (B,) weighted sum of squares
    converged: Bools  # (B,)

    def take(self, index: Ints | Bools) -> Members:
        """Return the members at ``index``."""
        return Members(
            self.spectrum[index], self.shape[index], self.coefficients[index], self.cost[index], self.converged[index]
        )


def joined(parts: list[Members]) -> Members:
    """Return one batch made of several."""
    return Members(
        np.concatenate([part.spectrum for part in parts]),
        np.concatenate([part.shape for part in parts]),
        np.concatenate([part.coefficients for part in parts]),
        np.concatenate([part.cost for part in parts]),
        np.concatenate([part.converged for part in parts]),
    )


def arc_columns(log_omega: Floats, log_tau: Floats, exponent: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ``1/(1 + (j w tau)^n)`` and its derivatives by ``ln tau`` and ``n``, each ``(..., 2, N)``.

    The first two axes from the end are (real, imaginary) and frequency; leading axes are those of ``log_tau``.
    With ``q`` the column, ``dq/d((jw tau)^n) (jw tau)^n = q^2 - q``.
    """
    log_v = log_omega + log_tau[..., None]
    angle = 0.5 * np.pi * exponent
    size = np.exp(exponent[..., None] * log_v)
    real = np.cos(angle)[..., None] * size + 1.0
    imag = np.sin(angle)[..., None] * size
    size = 1.0 / (real * real + imag * imag)
    value = np.empty((*log_v.shape[:-1], 2, log_v.shape[-1]))
    real = np.multiply(real, size, out=value[..., 0, :])
    imag = np.multiply(imag, -size, out=value[..., 1, :])
    by_tau, by_exponent = np.empty_like(value), np.empty_like(value)
    e_real = real * real - imag * imag - real
    e_imag = (2.0 * real - 1.0) * imag
    np.multiply(e_real, exponent[..., None], out=by_tau[..., 0, :])
    np.multiply(e_imag, exponent[..., None], out=by_tau[..., 1, :])
    np.subtract(e_real * log_v, 0.5 * np.pi * e_imag, out=by_exponent[..., 0, :])
    np.add(e_imag * log_v, 0.5 * np.pi * e_real, out=by_exponent[..., 1, :])
    return value, by_tau, by_exponent


def power_columns(log_omega: Floats, exponent: Floats) -> tuple[Floats, Floats]:
    """Return ``(j w)^-m`` and its derivative by ``m``, each ``(..., 2, N)``."""
    size = np.exp(-exponent[..., None] * log_omega)
    angle = 0.5 * np.pi * exponent[..., None]
    real, imag = np.cos(angle) * size, -np.sin(angle) * size
    value = np.stack([real, imag], axis=-2)
    slope = np.stack([0.5 * np.pi * imag - log_omega * real, -0.5 * np.pi * real - log_omega * imag], axis=-2)
    return value, slope


def columns(task: Task, spectrum: Ints, shape: Floats) -> Floats:
    """Return the weighted columns and then their derivatives by the shapes, ``(B, p + q, 2N)``."""
    batch, points, arcs = len(spectrum), task.log_omega.size, task.arcs
    first, linear = task.leading.shape[1], task.linear
    out = np.empty((batch, linear + shape.shape[1], 2, points))
    flat = out.reshape(batch, -1, 2 * points)
    weights = task.weights[spectrum][:, None, None, :]
    flat[:, :first] = task.leading[spectrum]
    value, by_tau, by_exponent = arc_columns(task.log_omega, shape[:, :arcs], shape[:, arcs : 2 * arcs])
    np.multiply(value, weights, out=out[:, first : first + arcs])
    np.multiply(by_tau, weights, out=out[:, linear : linear + arcs])
    np.multiply(by_exponent, weights, out=out[:, linear + arcs : linear + 2 * arcs])
    if task.free_tail:
        value, slope = power_columns(task.log_omega - task.log_omega[0], shape[:, -1])
        np.multiply(value, weights[:, 0], out=out[:, first + arcs])
        np.multiply(slope, weights[:, 0], out=out[:, -1])
    else:
        flat[:, first + arcs : linear] = task.trailing[spectrum]
    return flat


def eliminate(matrix: Floats, count: int) -> None:
    """Eliminate the first ``count`` unknowns of symmetric positive ``matrix`` (r, c, B), in place.

    Below and to the right of them the Schur complement is left. Columns past the square part are right-hand sides.
    """
    for j in range(count):
        row = matrix[j, j + 1 :]
        size = matrix.shape[0] - j - 1
        if size:
            matrix[j + 1 :, j + 1 :] -= (row[:size] / matrix[j, j])[:, None] * row[None]


def back_substitute(matrix: Floats, count: int) -> Floats:
    """Return the unknowns (count, B) of an eliminated system whose right-hand side is the last column."""
    out = np.empty((count, matrix.shape[2]))
    for j in reversed(range(count)):
        value = matrix[j, -1].copy()
        for k in range(j + 1, count):
            value -= matrix[j, k] * out[k]
        out[j] = value / matrix[j, j]
    return out


def solve_active(gram: Floats, rhs: Floats, active: Bools) -> Floats:
    """Return the solution (p, B) of the systems restricted to the active unknowns, 0 elsewhere."""
    count = len(rhs)
    system = np.empty((count, count + 1, rhs.shape[1]))
    if active.all():
        system[:, :count] = gram
        system[:, count] = rhs
    else:
        mask = active.astype(float)
        np.multiply(gram, mask[:, None] * mask[None], out=system[:, :count])
        np.multiply(rhs, mask, out=system[:, count])
        system[np.arange(count), np.arange(count)] += 1.0 - mask
    system[np.arange(count), np.arange(count)] *= 1.0 + _RIDGE
    eliminate(system, count)
    return back_substitute(system, count)


def nonnegative(gram: Floats, rhs: Floats, free: Bools) -> tuple[Floats, Bools]:
    """Return non-negative least-squares coefficients (p, B) and which of them are active.

    ``gram`` (p, p, B) and ``rhs`` (p, B) are the normal equations; unknowns outside ``free`` stay 0. The most
    negative unknown leaves first; one that left returns where the gradient asks for it.
    """
    diagonal = gram[np.arange(len(rhs)), np.arange(len(rhs))]
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))
    gram, rhs = gram * scale[:, None] * scale[None], rhs * scale
    active = free & (diagonal > 1e-300)
    found = solve_active(gram, rhs, active)
    todo = np.flatnonzero((found < 0.0).any(axis=0))
    returned = np.zeros(rhs.shape[1], dtype=np.intp)
    while todo.size:
        part, passive = found[:, todo], active[:, todo]
        worst = part.argmin(axis=0)
        leaves = part.min(axis=0) < 0.0
        passive[worst[leaves], np.flatnonzero(leaves)] = False
        slope = rhs[:, todo] - np.einsum("ijb,jb->ib", gram[:, :, todo], np.where(passive, part, 0.0))
        slope[passive | ~free[:, todo]] = -np.inf
        best = slope.argmax(axis=0)
        enters = ~leaves & (slope.max(axis=0) > 1e-12) & (returned[todo] < len(rhs))
        passive[best[enters], np.flatnonzero(enters)] = True
        returned[todo] += enters
        active[:, todo] = passive
        todo = todo[leaves | enters]
        found[:, todo] = solve_active(gram[:, :, todo], rhs[:, todo], active[:, todo])
    return np.where(active, found, 0.0) * scale, active


@dataclass(slots=True)
class _Local:
    """Cost, coefficients, and the projected gradient and curvature at one set of shapes."""

    cost: Floats  # (B,)
    coefficients: Floats  # (B, p)
    gradient: Floats  # (q, B) of half the cost, negated: the way down
    curvature: Floats  # (q, q, B)


def _evaluate(task: Task, spectrum: Ints, shape: Floats) -> _Local:
    """Solve for the coefficients and project the derivatives (Kaufman)."""
    basis = columns(task, spectrum, shape)
    data, linear = task.data[spectrum], task.linear
    phi = basis[:, :linear]
    gram = np.ascontiguousarray(np.moveaxis(basis @ basis.transpose(0, 2, 1), 0, -1))
    held = task.held_values[spectrum]
    if task.held_linear.any():
        data = data - (held[:, None, :] @ phi)[:, 0]
    rhs = (phi @ data[:, :, None])[:, :, 0].T
    free = np.repeat(~task.held_linear[:, None], len(spectrum), axis=1)
    found, active = nonnegative(gram[:linear, :linear], rhs, free)
    residual = data - (found.T[:, None, :] @ phi)[:, 0]
    coefficients = found.T + held
    bent = coefficients.T[task.owner]
    gram[linear:] *= bent[:, None]
    gram[:, linear:] *= bent[None]
    gradient = (basis[:, linear:] @ residual[:, :, None])[:, :, 0].T * bent
    curvature = _schur(gram, active)
    return _Local(np.einsum("bi,bi->b", residual, residual), coefficients, gradient, curvature)


def _schur(gram: Floats, active: Bools) -> Floats:
    """Return the curvature (q, q, B) left when the active linear columns are projected out; ``gram`` is used up."""
    linear = len(active)
    if not active.all():
        gram[:linear] *= active[:, None]
        gram[:, :linear] *= active[None]
    diagonal = np.arange(linear)
    gram[diagonal, diagonal] *= 1.0 + _RIDGE
    gram[diagonal, diagonal] += ~active
    eliminate(gram, linear)
    return gram[linear:, linear:]


def _proposal(local: _Local, shape: Floats, damping: Floats, task: Task) -> tuple[Floats, Floats]:
    """Return damped steps (B, q) inside the bounds and the decrease of the cost they promise (B,)."""
    count = shape.shape[1]
    at_lower = (shape <= task.lower).T & (local.gradient <= 0.0)
    at_upper = (shape >= task.upper).T & (local.gradient >= 0.0)
    diagonal = local.curvature[np.arange(count), np.arange(count)]
    moving = ~(at_lower | at_upper | task.held_shape[:, None]) & (diagonal > 1e-300)
    scale = np.where(moving, 1.0 / np.sqrt(np.maximum(diagonal, 1e-300)), 0.0)
    system = np.empty((count, count + 1, len(shape)))
    np.multiply(local.curvature, scale[:, None] * scale[None], out=system[:, :count])
    np.multiply(local.gradient, scale, out=system[:, count])
    system[np.arange(count), np.arange(count)] = 1.0 + damping
    scaled_gradient = system[:, count].copy()
    eliminate(system, count)
    step = back_substitute(system, count)
    promise = (step * scaled_gradient).sum(axis=0)
    step = (step * scale).T
    limit = np.full(count, _MAX_STEP_EXPONENT)
    limit[: task.arcs] = _MAX_STEP_LOG_TAU
    return np.clip(step, -limit, limit), promise


def residuals(task: Task, members: Members) -> Floats:
    """Return the weighted residuals (B, 2N), real parts first."""
    phi = columns(task, members.spectrum, members.shape)[:, : task.linear]
    return task.data[members.spectrum] - (members.coefficients[:, None, :] @ phi)[:, 0]


def refine(task: Task, spectrum: Ints, shape: Floats, *, iterations: int, tolerance: float) -> Members:
    """Run Levenberg-Marquardt from every start at once.

    Returns the members at the end; one is converged where a further step promises, or the last one brought, a
    relative decrease of the sum of squares below ``tolerance``.
    """
    parts = [
        _refine_batch(task, spectrum[i : i + _BATCH], shape[i : i + _BATCH], iterations, tolerance)
        for i in range(0, len(spectrum), _BATCH)
    ]
    return joined(parts)


def _refine_batch(task: Task, spectrum: Ints, shape: Floats, iterations: int, tolerance: float) -> Members:
    local = _evaluate(task, spectrum, shape)
    out = Members(spectrum, shape.copy(), local.coefficients.copy(), local.cost.copy(), np.zeros(len(shape), bool))
    floor = _FLOOR * np.einsum("bi,bi->b", task.data, task.data)[spectrum]
    live, here, damping = np.arange(len(shape)), shape, np.full(len(shape), 1e-2)
    for _ in range(iterations):
        step, promise = _proposal(local, here, damping, task)
        done = promise <= tolerance * local.cost + floor[live]
        if done.any():
            out.converged[live[done]] = True
            live, here, damping, step = live[~done], here[~done], damping[~done], step[~done]
            local = _kept(local, ~done)
            if not live.size:
                break
        there = np.clip(here + step, task.lower, task.upper)
        trial = _evaluate(task, spectrum[live], there)
        better = trial.cost < local.cost
        damping = np.clip(np.where(better, damping / 6.0, damping * 5.0), 1e-9, 1e9)
        here = np.where(better[:, None], there, here)
        local = _chosen(better, trial, local)
        out.shape[live], out.cost[live], out.coefficients[live] = here, local.cost, local.coefficients
    return out


def _kept(local: _Local, keep: Bools) -> _Local:
    return _Local(
        local.cost[keep],
        local.coefficients[keep],
        local.gradient[:, keep],
        np.ascontiguousarray(local.curvature[:, :, keep]),
    )


def _chosen(better: Bools, trial: _Local, local: _Local) -> _Local:
    if better.all():
        return trial
    return _Local(
        np.where(better, trial.cost, local.cost),
        np.where(better[:, None], trial.coefficients, local.coefficients),
        np.where(better, trial.gradient, local.gradient),
        np.where(better, trial.curvature, local.curvature),
    )
