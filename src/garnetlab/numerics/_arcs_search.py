"""Which starts are followed how far: few for spectra whose starts agree, more for the others.

Three starts are followed for every spectrum. Where they end apart, or the best one leaves residuals that are
correlated along the frequency, a coefficient at 0, or has not converged, all the other starts are followed too.
Measured on random circuits, each of these signs marks some spectra whose first answer is a local minimum.
"""

from __future__ import annotations

import numpy as np

from garnetlab.numerics._arcs_problem import Problem
from garnetlab.numerics._arcs_projection import Bools, Floats, Ints, Members, joined, refine, residuals
from garnetlab.numerics._arcs_start import starts

_FIRST = 3  # starts followed for every spectrum
_EXPLORE = 6  # iterations before starts that meet are merged
_SAME = 1e-3  # relative: costs this close belong to one minimum while exploring
_CORRELATED = 2.0  # standard deviations of the lag-one correlation
_KEPT = 3  # minima per spectrum that are followed to the bottom
_POLISH = 80  # iterations at most
_TOLERANCE = 1e-7  # relative decrease of the sum of squares that ends a fit


def polished(problem: Problem, spectrum: Ints, shape: Floats) -> Members:
    """Return the members followed to the bottom from ``shape`` (B, q)."""
    shape = problem.put_fixed(spectrum, shape)
    return refine(problem.task, spectrum, shape, iterations=_POLISH, tolerance=_TOLERANCE)


def searched(problem: Problem, count: int) -> Members:
    """Return the best member per spectrum, from at most ``count`` starts each."""
    everything = np.arange(len(problem.task.data))
    shape = starts(problem.task, everything, min(_FIRST, count))
    found = _followed(problem, everything, shape)
    best = _best(found)
    if count <= _FIRST:
        return best
    doubtful = np.flatnonzero(_doubtful(problem, best) | _apart(found, best))
    if not doubtful.size:
        return best
    more = starts(problem.task, doubtful, count)[:, _FIRST:]
    return _best(joined([best, _followed(problem, doubtful, more)]))


def _followed(problem: Problem, spectrum: Ints, shape: Floats) -> Members:
    """Return the ends of the starts (len(spectrum), count, q); starts that meet on the way are followed once."""
    count = shape.shape[1]
    owner = np.repeat(spectrum, count)
    shape = problem.put_fixed(owner, shape.reshape(len(owner), -1))
    members = refine(problem.task, owner, shape, iterations=_EXPLORE, tolerance=_SAME)
    if count > 1:
        members = members.take(_unmet(members))
        members = members.take(_rank(members.spectrum) < _KEPT)
    return refine(problem.task, members.spectrum, members.shape, iterations=_POLISH, tolerance=_TOLERANCE)


def _unmet(members: Members) -> Ints:
    """Return the members, cheapest first within each spectrum, that are no copy of the one before them."""
    order = np.lexsort((members.cost, members.spectrum))
    ranked = members.take(order)
    same = ranked.spectrum[1:] == ranked.spectrum[:-1]
    same &= ranked.cost[1:] <= ranked.cost[:-1] * (1.0 + _SAME)
    same &= np.abs(ranked.shape[1:] - ranked.shape[:-1]).max(axis=1, initial=0.0) < 0.3
    out: Ints = order[np.concatenate([[True], ~same])]
    return out


def _rank(spectrum: Ints) -> Ints:
    """Return the place of each member among those of its spectrum, which follow each other."""
    first = np.flatnonzero(np.concatenate([[True], spectrum[1:] != spectrum[:-1]]))
    length = np.diff(np.append(first, len(spectrum)))
    rank: Ints = np.arange(len(spectrum)) - np.repeat(first, length)
    return rank


def _best(members: Members) -> Members:
    """Return the cheapest member per spectrum, in the order of the spectra."""
    order = np.lexsort((members.cost, members.spectrum))
    _, first = np.unique(members.spectrum[order], return_index=True)
    return members.take(order[first])


def _apart(found: Members, best: Members) -> Bools:
    """Return per spectrum whether one of its starts ended in another minimum."""
    apart = found.cost > best.cost[found.spectrum] * (1.0 + _SAME)
    return np.bincount(found.spectrum[apart], minlength=len(best.cost)) > 0


def _doubtful(problem: Problem, best: Members) -> Bools:
    """Return per spectrum whether its solution does not look like an optimum of the right model."""
    left = residuals(problem.task, best)
    real, imag = np.split(left, 2, axis=1)
    lag = (real[:, 1:] * real[:, :-1] + imag[:, 1:] * imag[:, :-1]).sum(axis=1)
    correlated = lag > _CORRELATED * best.cost / np.sqrt(left.shape[1])
    gone = (best.coefficients <= 0.0) & ~problem.task.held_linear
    doubtful: Bools = correlated | gone.any(axis=1) | ~best.converged
    return doubtful
