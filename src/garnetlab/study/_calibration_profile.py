"""Which parameters a calibration identifies: profiles of the posterior density, and stiff and sloppy combinations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.study._calibration import Calibration, LogDensity, Parameter, Progress, Verdict, climb, log_posterior

Floats = NDArray[np.float64]

#: fall of the log density at the ends of a 95 % interval: half of chi-squared with one degree of freedom
FALL = 1.9207
_EVALUATIONS = 150
_SLICE = 24


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one parameter.

    Parameters
    ----------
    name:     Of the parameter.
    values:   Where it was held, ascending.
    heights:  Largest log density there over the other parameters, relative to the largest of all; the parameter's own
              prior is taken out, so that a verdict is the data's and not the prior's.
    interval: 95 % interval; None where it runs to the bound.
    verdict:  "identified", "one-sided", "only in combination" or "not identified".
    """

    name: str
    values: Floats
    heights: Floats
    interval: tuple[float | None, float | None]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Combination:
    """A direction in the space of the parameters, in units of their priors.

    ``std`` is its standard deviation over that of the prior, infinite where the density does not curve: small is stiff,
    1 or more is sloppy. ``weights`` are those of the parameters, by name.
    """

    std: float
    weights: dict[str, float]


def profile_all(
    log_likelihood: LogDensity, found: Calibration, *, points: int = 11, progress: Progress | None = None
) -> tuple[Profile, ...]:
    """Return the profile of every parameter over its range.

    Parameters
    ----------
    log_likelihood: Of the observations.
    found:          The calibration; its draws give the starts.
    points:         Values over the range at which a parameter is held; the best value is added.
    progress:       Called with (done, total).

    Source
    ------
    A. Raue et al., Bioinformatics 25 (2009) 1923 (verdicts from profiles).
    """
    out = []
    for k in range(len(found.parameters)):
        out.append(_profile(log_likelihood, found, k, points))
        if progress is not None:
            progress(k + 1, len(found.parameters))
    return tuple(out)


def _profile(log_likelihood: LogDensity, found: Calibration, k: int, points: int) -> Profile:
    parameters = found.parameters
    own = parameters[k]
    bare = [
        Parameter(p.name, p.unit, p.low, p.high) if i == k else p for i, p in enumerate(parameters)
    ]  # without its own prior
    density = log_posterior(bare, log_likelihood)
    grid = np.unique(np.append(np.linspace(own.low, own.high, points), found.best[k]))
    heights = np.array([_held(density, bare, found, k, float(value)) for value in grid])
    top = float(heights.max())
    slice_ = _slice(density, found.best, k, own)
    heights = heights - top
    low, high = _crossing(grid, heights, -1), _crossing(grid, heights, 1)
    return Profile(own.name, grid, heights, (low, high), _verdict(low, high, slice_))


def _held(density: LogDensity, parameters: Sequence[Parameter], found: Calibration, k: int, value: float) -> float:
    """Return the largest log density with one parameter held: from the best draw near it and from the best of all."""
    others = [i for i in range(len(parameters)) if i != k]
    width = 0.5 * parameters[k].width
    weights = found.densities - ((found.draws[:, k] - value) / width) ** 2 * 10.0

    def rest(y: Floats) -> float:
        x = np.empty(len(parameters))
        x[others], x[k] = y, value
        return density(x)

    free = [parameters[i] for i in others]
    starts = (found.draws[int(np.argmax(weights))], found.best)
    return max(climb(rest, free, s[others], evaluations=_EVALUATIONS, scale=0.1)[0] for s in starts)


def _slice(density: LogDensity, best: Floats, k: int, own: Parameter) -> bool:
    """Return whether the density falls on both sides if all other parameters stay."""
    here = density(best)
    sides = []
    for end in (own.low, own.high):
        x = np.array([best] * _SLICE)
        x[:, k] = np.linspace(best[k], end, _SLICE)
        sides.append(min(density(v) for v in x) < here - FALL)
    return all(sides)


def _crossing(grid: Floats, heights: Floats, side: int) -> float | None:
    """Return where the profile has fallen by 1.92 for good on a side of its top, or None if it has not at the bound."""
    order = np.arange(len(grid))[::side]
    last = int(np.argmax(heights[order][::-1] > -FALL))  # from the bound inwards, the first that is high enough
    inner = len(order) - 1 - last
    if inner == len(order) - 1:
        return None
    i, o = order[inner], order[inner + 1]
    part = (heights[i] + FALL) / (heights[i] - heights[o])
    return float(grid[i] + part * (grid[o] - grid[i]))


def _verdict(low: float | None, high: float | None, slice_: bool) -> Verdict:
    if low is not None and high is not None:
        return "identified"
    if low is not None or high is not None:
        return "one-sided"
    return "only in combination" if slice_ else "not identified"


def combinations(log_likelihood: LogDensity, found: Calibration) -> tuple[Combination, ...]:
    """Return the eigenvectors of the curvature of the log density at its maximum, stiff first.

    The steps of the differences are those at which the density falls by one half if nothing else moves.
    """
    density = log_posterior(found.parameters, log_likelihood)
    widths = np.array([p.width for p in found.parameters])
    x, size = found.best, len(found.best)
    steps = np.array([_half_step(density, found, k) for k in range(size)])
    here = density(x)

    def at(*moves: tuple[int, float]) -> float:
        y = x.copy()
        for k, sign in moves:
            y[k] = np.clip(y[k] + sign * steps[k], found.parameters[k].low, found.parameters[k].high)
        return max(density(y), here - 50.0)

    curvature = np.zeros((size, size))
    for i in range(size):
        curvature[i, i] = 2.0 * here - at((i, 1.0)) - at((i, -1.0))
        for j in range(i):
            mixed = (
                at((i, 1.0), (j, 1.0)) + at((i, -1.0), (j, -1.0)) - at((i, 1.0), (j, -1.0)) - at((i, -1.0), (j, 1.0))
            )
            curvature[i, j] = curvature[j, i] = -0.25 * mixed
    curvature *= np.outer(widths / steps, widths / steps)
    values, vectors = np.linalg.eigh(curvature)
    out = []
    for value, vector in zip(values[::-1], vectors.T[::-1], strict=True):
        vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
        names = {p.name: round(float(w), 3) for p, w in zip(found.parameters, vector, strict=True)}
        out.append(Combination(1.0 / math.sqrt(value) if value > 0.0 else math.inf, names))
    return tuple(out)


def _half_step(density: LogDensity, found: Calibration, k: int) -> float:
    """Return the step at which the density has fallen by one half on the steeper side, at most half of the prior's width."""
    here, most = density(found.best), 0.5 * found.parameters[k].width
    low, high = 0.0, most
    for _ in range(12):
        middle = 0.5 * (low + high)
        falls = []
        for sign in (1.0, -1.0):
            y = found.best.copy()
            y[k] += sign * middle
            falls.append(here - density(y) if found.parameters[k].low <= y[k] <= found.parameters[k].high else 0.0)
        low, high = (low, middle) if max(falls) > 0.5 else (middle, high)
    return max(high, 1e-4 * most)
