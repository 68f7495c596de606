"""Many small nonlinear least-squares problems at once: Levenberg-Marquardt in a box, batched over problems.

Source
------
D. W. Marquardt, J. Soc. Indust. Appl. Math. 11 (1963) 431 (damping scaled by the curvature); K. Madsen, H. B. Nielsen,
O. Tingleff, Methods for Non-Linear Least Squares Problems, 2nd ed., DTU 2004, sec. 3.2 (gain ratio). The box is an
active set: a parameter on its bound whose gradient points outward is left out of the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.intp]
#: (parameters (k, p), which of the m problems they belong to (k,)) -> residuals (k, r), Jacobian (k, r, p)
Residuals: TypeAlias = Callable[[Floats, Ints], tuple[Floats, Floats]]

_LARGEST_DAMPING = 1e10
_GRADIENT = 1e-10


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """Solutions of m problems of p parameters.

    Parameters
    ----------
    parameters: Shape (m, p).
    ssr:        Sum of squared residuals (m,).
    normal:     J^T J at the solution (m, p, p).
    converged:  Whether no step within the box reduces ``ssr`` further by more than the tolerance (m,).
    at_bound:   Parameters on a bound (m, p).
    iterations: Steps tried (m,).
    """

    parameters: Floats
    ssr: Floats
    normal: Floats
    converged: Bools
    at_bound: Bools
    iterations: Ints


@dataclass
class _State:
    """Where every problem stands."""

    x: Floats
    ssr: Floats
    normal: Floats
    gradient: Floats
    damping: Floats
    tried: Ints
    done: Bools
    converged: Bools


def batched_levenberg_marquardt(
    evaluate: Residuals,
    start: Floats,
    *,
    lower: Floats | None = None,
    upper: Floats | None = None,
    tolerance: float = 1e-9,
    iterations: int = 200,
    damping: float = 1e-2,
    largest_step: float = np.inf,
) -> LeastSquares:
    """Return the local minima reached from ``start``, all problems side by side.

    Parameters
    ----------
    evaluate:     Function of parameters (k, p) and the places (k,) of the problems that are still moving, returning
                  residuals (k, r) and their Jacobian (k, r, p). A number that is not finite counts as a failed step.
    start:        Shape (m, p), moved into the box first.
    lower, upper: Bounds that broadcast to (m, p); none by default.
    tolerance:    Stop where a step reduces, and was predicted to reduce, the sum of squares by less than this fraction.
    iterations:   Most steps to try.
    damping:      First damping, relative to the diagonal of J^T J.
    largest_step: Largest change of one parameter in one step.

    Raises
    ------
    InvalidInput  if ``start`` has no two axes, or its residuals are not finite.
    """
    x = np.array(start, dtype=np.float64)
    if x.ndim != 2:
        message = f"start = array of shape {x.shape}: expected two axes, problems and parameters. Pass start[None]."
        raise InvalidInput(message)
    low = np.broadcast_to(-np.inf if lower is None else np.asarray(lower, dtype=np.float64), x.shape)
    high = np.broadcast_to(np.inf if upper is None else np.asarray(upper, dtype=np.float64), x.shape)
    x = np.clip(x, low, high)
    m = len(x)
    ssr, normal, gradient = _linearised(evaluate, x, np.arange(m))
    if not np.isfinite(ssr).all():
        message = f"start = {x[~np.isfinite(ssr)][0]}: expected finite residuals there. Start inside the model's range."
        raise InvalidInput(message)
    no = np.zeros(m, dtype=bool)
    state = _State(x, ssr, normal, gradient, np.full(m, damping), np.zeros(m, dtype=np.intp), no, no.copy())
    for _ in range(iterations):
        active = np.flatnonzero(~state.done)
        if not len(active):
            break
        _advance(state, active, evaluate, low=low[active], high=high[active], tolerance=tolerance, largest=largest_step)
    at_bound = (state.x <= low) | (state.x >= high)
    return LeastSquares(state.x, state.ssr, state.normal, state.converged, at_bound, state.tried)


def _linearised(evaluate: Residuals, x: Floats, which: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the sum of squares (inf where not finite), J^T J and J^T r."""
    residuals, jacobian = evaluate(x, which)
    with np.errstate(over="ignore", invalid="ignore"):
        ssr = np.einsum("kr,kr->k", residuals, residuals)
        transposed = np.swapaxes(jacobian, -1, -2)
        normal = transposed @ jacobian
        gradient = (transposed @ residuals[..., None])[..., 0]
    good = np.isfinite(ssr) & np.isfinite(normal).all(axis=(-1, -2))
    return np.where(good, ssr, np.inf), normal, gradient


def _step(state: _State, active: Ints, low: Floats, high: Floats, largest: float) -> tuple[Floats, Floats, Floats]:
    """Return the step of each active problem, its predicted reduction, and the relative gradient that is left."""
    normal, gradient, x = state.normal[active], state.gradient[active], state.x[active]
    fixed = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
    gradient = np.where(fixed, 0.0, gradient)
    diagonal = np.einsum("kpp->kp", normal)
    scale = np.sqrt(np.maximum(diagonal, 1e-14 * diagonal.max(axis=-1, keepdims=True) + 1e-300))
    free = ~(fixed[:, :, None] | fixed[:, None, :])
    eye = np.eye(x.shape[1])
    scaled = np.where(free, normal / (scale[:, :, None] * scale[:, None, :]), 0.0)
    scaled = scaled + eye * np.where(fixed, 1.0, state.damping[active][:, None])[:, :, None]
    step = -np.linalg.solve(scaled, (gradient / scale)[..., None])[..., 0] / scale
    longest = np.abs(step).max(axis=-1, keepdims=True)
    step = step * np.minimum(1.0, largest / np.maximum(longest, 1e-300))
    step = np.clip(x + step, low, high) - x
    curved = np.einsum("kp,kpq,kq->k", step, normal, step)
    predicted = -2.0 * np.einsum("kp,kp->k", gradient, step) - curved
    left = np.abs(gradient / scale).max(axis=-1) / np.sqrt(np.maximum(state.ssr[active], 1e-300))
    return step, predicted, left


def _advance(
    state: _State, active: Ints, evaluate: Residuals, *, low: Floats, high: Floats, tolerance: float, largest: float
) -> None:
    """Try one step of every active problem and keep those that help."""
    step, predicted, left = _step(state, active, low, high, largest)
    trial = state.x[active] + step
    ssr, normal, gradient = _linearised(evaluate, trial, active)
    old = state.ssr[active]
    gain = old - ssr
    better = gain > 0
    small = np.maximum(predicted, np.where(better, gain, 0.0)) <= tolerance * old
    moved = active[better]
    state.x[moved], state.ssr[moved] = trial[better], ssr[better]
    state.normal[moved], state.gradient[moved] = normal[better], gradient[better]
    ratio = gain / np.maximum(predicted, 1e-300)
    factor = np.where(better, np.where(ratio > 0.75, 0.1, np.where(ratio > 0.25, 0.4, 2.0)), 8.0)
    stuck = ~better & (state.damping[active] > _LARGEST_DAMPING)
    state.damping[active] = np.maximum(state.damping[active] * factor, 1e-12)
    state.tried[active] += 1
    flat = small & (better | (predicted <= tolerance * old)) & (state.damping[active] < 1e3)
    finished = flat | (left < _GRADIENT) | (old == 0.0)
    state.done[active] = finished | stuck
    state.converged[active] = finished | (stuck & (left < np.sqrt(tolerance)))
