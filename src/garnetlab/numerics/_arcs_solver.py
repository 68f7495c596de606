"""Variable projection for series of arcs: batched inner solve and Levenberg-Marquardt steps.

The coefficients (resistances, inductance, tail) enter linearly and are solved for exactly, never below zero; only time
constants and exponents are searched, with the derivative of Kaufman.

Source
------
G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; L. Kaufman, BIT 15 (1975) 49.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.numerics._arcs_model import design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.numerics._arcs_model import ArcModel

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]
    IntArray = NDArray[np.intp]

_RIDGE = 1e-11
_PASSES = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """Scaled spectra of one frequency grid: ``data`` (m, 2n) weighted real data, ``weights`` (m, n)."""

    model: ArcModel
    log_omega: FloatArray
    data: FloatArray
    weights: FloatArray
    lower: FloatArray
    upper: FloatArray
    fixed_linear: tuple[tuple[int, float], ...] = ()
    fixed_theta: tuple[int, ...] = ()


@dataclass(slots=True)
class State:
    """Members of the search: spectrum index, nonlinear parameters, and what follows from them."""

    owner: IntArray
    theta: FloatArray
    linear: FloatArray
    cost: FloatArray
    hessian: FloatArray
    gradient: FloatArray

    def take(self, index: IntArray | NDArray[np.bool_]) -> State:
        """Return the members at ``index``."""
        return State(*(getattr(self, f)[index] for f in self.__slots__))

    def put(self, index: IntArray, other: State) -> None:
        """Replace the members at ``index``."""
        for name in self.__slots__:
            getattr(self, name)[index] = getattr(other, name)


def solve_nonnegative(
    gram: FloatArray, right: FloatArray, fixed: tuple[tuple[int, float], ...] = ()
) -> FloatArray:
    """Return coefficients (s, p) >= 0 of least squares given its normal equations (s, p, p) and (s, p).

    Coefficients that come out negative are set to zero and the others solved for again; ``fixed`` ones keep their value.
    """
    scale = 1.0 / np.sqrt(np.maximum(np.einsum("sii->si", gram), 1e-300))
    matrix = gram * scale[:, :, None] * scale[:, None, :]
    vector = right * scale
    count = gram.shape[1]
    free = np.ones(right.shape, dtype=bool)
    held = np.zeros(right.shape)
    for index, value in fixed:
        free[:, index] = False
        held[:, index] = value / scale[:, index]
    if fixed:
        vector = vector - np.einsum("spq,sq->sp", matrix, held)
    diagonal = np.arange(count)
    out = np.zeros_like(vector)
    todo = np.arange(len(vector))
    for _ in range(_PASSES):
        mask = free[todo]
        system = matrix[todo] * (mask[:, :, None] & mask[:, None, :])
        system[:, diagonal, diagonal] = 1.0 + _RIDGE
        out[todo] = np.linalg.solve(system, np.where(mask, vector[todo], 0.0)[:, :, None])[:, :, 0]
        negative = (out[todo] < 0.0) & mask
        bad = negative.any(axis=1)
        if not bad.any():
            break
        todo = todo[bad]
        free[todo] &= ~negative[bad]
    return (np.maximum(out, 0.0) + held) * scale


def evaluate(problem: Problem, owner: IntArray, theta: FloatArray) -> State:
    """Return the members at ``theta`` (s, q) with cost (s,), gradient (s, q) and Gauss-Newton matrix (s, q, q)."""
    model = problem.model
    columns, derivatives = design(model, problem.log_omega, theta)
    weights = problem.weights[owner]
    columns *= weights[:, None, :]
    phi = columns.view(float)
    data = problem.data[owner]
    gram = phi @ phi.transpose(0, 2, 1)
    right = (phi @ data[:, :, None])[:, :, 0]
    linear = solve_nonnegative(gram, right, problem.fixed_linear)
    residual = data - (linear[:, None, :] @ phi)[:, 0]
    cost = np.einsum("si,si->s", residual, residual)
    if not derivatives:
        nothing = np.zeros((len(owner), 0))
        return State(owner, theta, linear, cost, np.zeros((len(owner), 0, 0)), nothing)
    tangent = np.empty((len(owner), len(derivatives), len(problem.log_omega)), dtype=complex)
    for index, column, derivative in derivatives:
        np.multiply(derivative, linear[:, column, None] * weights, out=tangent[:, index])
    slopes = tangent.view(float)
    cross = slopes @ phi.transpose(0, 2, 1)
    active = linear > 0.0
    for index, _ in problem.fixed_linear:
        active[:, index] = False
    scale = active / np.sqrt(np.maximum(np.einsum("sii->si", gram), 1e-300))
    matrix = gram * scale[:, :, None] * scale[:, None, :]
    diagonal = np.arange(gram.shape[1])
    matrix[:, diagonal, diagonal] = 1.0 + _RIDGE
    cross = cross * scale[:, None, :]
    hessian = slopes @ slopes.transpose(0, 2, 1) - cross @ np.linalg.solve(matrix, cross.transpose(0, 2, 1))
    gradient = (slopes @ residual[:, :, None])[:, :, 0]
    for index in problem.fixed_theta:
        gradient[:, index] = 0.0
        hessian[:, index, :] = hessian[:, :, index] = 0.0
    return State(owner, theta, linear, cost, hessian, gradient)


def _step(problem: Problem, state: State, damping: FloatArray) -> FloatArray:
    """Return the damped Gauss-Newton step (s, q); parameters at a bound that push outward stay."""
    gradient, hessian = state.gradient.copy(), state.hessian.copy()
    outward = ((state.theta <= problem.lower) & (gradient < 0)) | ((state.theta >= problem.upper) & (gradient > 0))
    gradient[outward] = 0.0
    keep = ~outward
    hessian *= keep[:, :, None] & keep[:, None, :]
    diagonal = np.arange(hessian.shape[1])
    size = hessian[:, diagonal, diagonal]
    hessian[:, diagonal, diagonal] = size * (1.0 + damping[:, None]) + np.where(size > 1e-14 * state.cost[:, None], 0.0, 1.0)
    step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
    return np.clip(step, -1.2, 1.2)


def descend(problem: Problem, state: State, *, tolerance: float, iterations: int) -> NDArray[np.bool_]:
    """Improve all members in place by Levenberg-Marquardt; return which have converged (s,).

    A member has converged when a step promises and brings a relative change of the cost below ``tolerance``, or when
    even tiny steps bring nothing.
    """
    count = len(state.owner)
    damping = np.full(count, 1e-2)
    converged = np.zeros(count, dtype=bool)
    if state.theta.shape[1] == 0:
        return ~converged
    todo = np.arange(count)
    for _ in range(iterations):
        old = state.take(todo)
        theta = np.clip(old.theta + _step(problem, old, damping[todo]), problem.lower, problem.upper)
        new = evaluate(problem, old.owner, theta)
        better = new.cost < old.cost
        change = old.cost - new.cost
        state.put(todo[better], new.take(better))
        small = np.abs(change) <= tolerance * old.cost
        done = small & (better | (damping[todo] >= 1e2) | (change == 0.0))
        damping[todo] = np.where(better, np.maximum(damping[todo] / 6.0, 1e-12), damping[todo] * 5.0)
        done |= damping[todo] > 1e10
        converged[todo[done]] = True
        todo = todo[~done]
        if not len(todo):
            break
    return converged
