"""Deterministic starts: every combination of time constants on a grid, solved at once from one Gram matrix.

A dictionary of arcs on a grid of time constants (one exponent) and the lines of the model is projected on each
spectrum once. The non-negative least-squares cost of every combination of arcs then needs only a small system
gathered from the dictionary's Gram matrix. The lowest distinct combinations are the starts.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from garnetlab.numerics._arcs_projection import Floats, Ints, Task, arc_columns, power_columns, solve_active

_COMBINATIONS = 400  # tried per spectrum at most, shared between the exponents of a free tail
_EXPONENT = 0.85
_TAIL_EXPONENTS = (0.5, 0.9)
_MARGIN = 1.5  # of the grid in ln tau, beyond both ends of the measured window
_CHUNK = 4000  # systems solved in one array operation: large against the call, small against the cache


def grid_size(arcs: int, decades: float, budget: int) -> int:
    """Return how many time constants the grid holds: at most three per decade, at most ``budget`` combinations."""
    size = max(arcs + 1, math.ceil(3.0 * decades) + 1)
    while size > arcs + 1 and math.comb(size, arcs) > budget:
        size -= 1
    return size


def starts(task: Task, spectrum: Ints, count: int) -> Floats:
    """Return ``count`` distinct starts (len(spectrum), count, q), the most promising first.

    Shapes and coefficients held in ``task`` do not steer the search: the caller puts them in.
    """
    tails: tuple[float, ...] = _TAIL_EXPONENTS if task.free_tail else (math.nan,)
    log_tau, combination = _grid(task, _COMBINATIONS // len(tails))
    dictionary = [_Dictionary.of(task, log_tau, combination, tail) for tail in tails]
    chunk = max(1, _CHUNK // len(combination))
    places = np.tile(combination, (len(tails), 1))
    chosen = np.empty((len(spectrum), count), dtype=np.intp)
    for i in range(0, len(spectrum), chunk):
        part = spectrum[i : i + chunk]
        explained = np.concatenate([d.explained(task, part) for d in dictionary], axis=1)
        chosen[i : i + chunk] = _distinct(explained, places, count)
    tau = log_tau[combination[chosen % len(combination)]]
    exponent = np.full_like(tau, _EXPONENT)
    tail = np.array(tails)[chosen // len(combination)][..., None] if task.free_tail else np.empty((*chosen.shape, 0))
    out: Floats = np.clip(np.concatenate([tau, exponent, tail], axis=-1), task.lower, task.upper)
    return out


def _grid(task: Task, budget: int) -> tuple[Floats, Ints]:
    """Return the time constants of the grid and the combinations of them (C, arcs)."""
    span = float(task.log_omega[-1] - task.log_omega[0]) + 2.0 * _MARGIN
    size = grid_size(task.arcs, span / math.log(10.0), budget)
    log_tau = np.linspace(-task.log_omega[-1] - _MARGIN, -task.log_omega[0] + _MARGIN, size)
    combination = np.array(list(itertools.combinations(range(size), task.arcs)), dtype=np.intp)
    return log_tau, combination.reshape(len(combination), task.arcs)


@dataclass(frozen=True, slots=True)
class _Dictionary:
    """Unweighted arcs on the grid (T, 2, N), the free tail's line at one exponent, and the columns per combination."""

    arcs: Floats
    line: Floats
    pick: Ints  # (p, C)

    @classmethod
    def of(cls, task: Task, log_tau: Floats, combination: Ints, tail: float) -> _Dictionary:
        value, _, _ = arc_columns(task.log_omega, log_tau, np.full_like(log_tau, _EXPONENT))
        line = power_columns(task.log_omega - task.log_omega[0], np.array([tail]))[0] if task.free_tail else value[:0]
        first, after = task.leading.shape[1], task.leading.shape[1] + len(log_tau)
        ends = [*range(first), *range(after, after + task.trailing.shape[1] + len(line))]
        fixed = np.tile(np.array(ends, dtype=np.intp)[:, None], (1, len(combination)))
        return cls(value, line, np.concatenate([fixed[:first], combination.T + first, fixed[first:]]))

    def explained(self, task: Task, spectrum: Ints) -> Floats:
        """Return the part of the sum of squares that each combination explains, ``(len(spectrum), C)``."""
        weights = task.weights[spectrum][:, None, None, :]
        atoms = np.concatenate([self.arcs, self.line]) * weights
        basis = np.concatenate(
            [task.leading[spectrum], atoms.reshape(*atoms.shape[:2], -1), task.trailing[spectrum]], axis=1
        )
        gram = np.ascontiguousarray(np.moveaxis(basis @ basis.transpose(0, 2, 1), 0, -1))
        rhs = np.ascontiguousarray((basis @ task.data[spectrum][:, :, None])[:, :, 0].T)
        pick = self.pick
        small = gram[pick[:, None], pick[None]].reshape(len(pick), len(pick), -1)
        return explained(small, rhs[pick].reshape(len(pick), -1)).reshape(pick.shape[1], len(spectrum)).T


def explained(gram: Floats, rhs: Floats) -> Floats:
    """Return ``|projection|^2`` (B,) on the columns; negative coefficients are set to 0 and the others solved again.

    At most two such rounds: what then still has a negative coefficient counts as explaining nothing.
    """
    active = np.ones(rhs.shape, dtype=bool)
    found = solve_active(gram, rhs, active)
    out: Floats = np.einsum("ib,ib->b", found, rhs)
    index = np.arange(len(out))
    for _ in range(2):
        bad = found < 0.0
        keep = np.flatnonzero(bad.any(axis=0))
        if not keep.size:
            return out
        index, gram, rhs, active = index[keep], gram[:, :, keep], rhs[:, keep], (active & ~bad)[:, keep]
        found = solve_active(gram, rhs, active)
        out[index] = np.einsum("ib,ib->b", found, rhs)
    out[index[(found < 0.0).any(axis=0)]] = 0.0
    return out


def _distinct(explained: Floats, places: Ints, count: int) -> Ints:
    """Return the ``count`` best entries per row (m, count), neighbours on the grid of a chosen one passed over."""
    left = explained.copy()
    chosen = np.empty((len(left), count), dtype=np.intp)
    for i in range(count):
        chosen[:, i] = left.argmax(axis=1)
        near = np.ones(left.shape, dtype=bool)
        for place in places.T:
            near &= np.abs(place - place[chosen[:, i], None]) <= 1
        left[near] = -1.0
    return chosen
