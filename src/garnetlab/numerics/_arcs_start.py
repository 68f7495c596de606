"""Deterministic starts: every combination of time constants on a grid, solved at once from one Gram matrix.

A dictionary of arcs on a grid of time constants (one exponent) and the lines of the model is projected on each
spectrum once. The non-negative least-squares cost of every combination of arcs then needs only a small system
gathered from the dictionary's Gram matrix. The lowest distinct combinations are the starts.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from garnetlab.numerics._arcs_projection import Floats, Ints, Task, arc_columns, nonnegative, power_columns

_COMBINATIONS = 400  # tried per spectrum at most, shared between the exponents of a free tail
_EXPONENT = 0.85
_TAIL_EXPONENTS = (0.5, 0.9)
_CHUNK = 40_000  # systems solved in one array operation


def grid_size(arcs: int, decades: float, budget: int) -> int:
    """Return how many time constants the grid holds: at most three per decade, at most ``budget`` combinations."""
    size = max(arcs + 1, math.ceil(3.0 * decades) + 1)
    while size > arcs + 1 and math.comb(size, arcs) > budget:
        size -= 1
    return size


def starts(task: Task, count: int) -> Floats:
    """Return ``count`` distinct starts (m, count, q) per spectrum, the most promising first.

    Shapes held in ``task`` do not steer the search: they are put in afterwards by the caller.
    """
    tails: tuple[float, ...] = _TAIL_EXPONENTS if task.free_tail else (math.nan,)
    span = task.log_omega[-1] - task.log_omega[0]
    margin = 1.5  # in ln tau, beyond both ends of the measured window
    size = grid_size(task.arcs, (span + 2.0 * margin) / math.log(10.0), _COMBINATIONS // len(tails))
    log_tau = np.linspace(-task.log_omega[-1] - margin, -task.log_omega[0] + margin, size)
    combination = np.array(list(itertools.combinations(range(size), task.arcs)), dtype=np.intp)
    chunk = max(1, _CHUNK // (len(combination) * len(tails)))
    costs = [
        np.concatenate([_costs(task, np.arange(i, min(i + chunk, len(task.data))), log_tau, combination, m) for m in tails], axis=1)
        for i in range(0, len(task.data), chunk)
    ]
    chosen = _distinct(np.concatenate(costs), combination, len(tails), count)
    tau = log_tau[combination[chosen % len(combination)]]
    exponent = np.full_like(tau, _EXPONENT)
    tail = np.array(tails)[chosen // len(combination)][..., None] if task.free_tail else tau[..., :0]
    return np.clip(np.concatenate([tau, exponent, tail], axis=-1), task.lower, task.upper)


def _costs(task: Task, spectrum: Ints, log_tau: Floats, combination: Ints, tail: float) -> Floats:
    """Return minus what each combination explains of each spectrum, ``(len(spectrum), len(combination))``."""
    value, _, _ = arc_columns(task.log_omega, log_tau, np.full_like(log_tau, _EXPONENT))
    weights = task.weights[spectrum][:, None, None, :]
    parts = [task.leading[spectrum], (value * weights).reshape(len(spectrum), len(log_tau), -1)]
    if task.free_tail:
        line, _ = power_columns(task.log_omega - task.log_omega[0], np.array(tail))
        parts.append((line * weights[:, 0]).reshape(len(spectrum), 1, -1))
    else:
        parts.append(task.trailing[spectrum])
    basis = np.concatenate(parts, axis=1)
    gram = np.ascontiguousarray(np.moveaxis(basis @ basis.transpose(0, 2, 1), 0, -1))
    rhs = np.ascontiguousarray((basis @ task.data[spectrum][:, :, None])[:, :, 0].T)
    first = task.leading.shape[1]
    ends = [*range(first), *range(first + len(log_tau), basis.shape[1])]
    pick = np.concatenate(
        [np.tile(np.array(ends[:first], dtype=np.intp), (len(combination), 1)), combination + first,
         np.tile(np.array(ends[first:], dtype=np.intp), (len(combination), 1))], axis=1
    ).T
    small = gram[pick[:, None], pick[None]].reshape(len(pick), len(pick), -1)
    target = rhs[pick].reshape(len(pick), -1)
    found, _ = nonnegative(small, target, np.ones(target.shape, dtype=bool))
    return -np.einsum("ib,ib->b", found, target).reshape(len(combination), len(spectrum)).T


def _distinct(cost: Floats, combination: Ints, tails: int, count: int) -> Ints:
    """Return the ``count`` cheapest entries per row (m, count), neighbours of a chosen one passed over."""
    apart = np.abs(combination[:, None] - combination[None]).max(axis=2)
    near = np.tile(apart <= 1, (tails, tails))
    cost = cost.copy()
    chosen = np.empty((len(cost), count), dtype=np.intp)
    for i in range(count):
        chosen[:, i] = cost.argmin(axis=1)
        cost += np.where(near[chosen[:, i]], 1e300, 0.0)
    return chosen
