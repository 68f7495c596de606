"""Models of a decay: a floor plus exponentials, powers and stretched exponentials, fitted at given floors.

At every floor the fit starts from the best member of a grid (times and powers on the grid, amplitudes by projection) and is
finished by Levenberg-Marquardt, all floors side by side: the sums of squares are the profile of the floor.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from garnetlab.numerics import LeastSquares, batched_levenberg_marquardt

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

__all__ = ["MODELS", "Bins", "Model", "Profile", "free_floor", "profile_of_floor"]

#: a decay slower than this many lengths of the record is a line, and no floor is told from it
_SLOWEST = 10.0
_FASTEST = 0.3  # of the first time
_SINGULAR = 1e-9
_DEPENDENT = 1e14  # condition of a curvature from which no uncertainty is read
_STARTS = 4
#: exponent of a power; a flatter one falls by less than half over three decades and stands for a floor
_STEEPEST, _FLATTEST = 3.0, 0.1


@dataclass(frozen=True, slots=True)
class Bins:
    """Means of a record over bins: at ``time``, whose times spread by ``width`` about it."""

    time: Floats
    width: Floats
    value: Floats
    std: Floats

    def mean(self, of: Callable[[Floats], Floats]) -> Floats:
        """Return the means of a function of time over the bins, exact to the third order of the width."""
        out: Floats = 0.5 * (of(self.time - self.width) + of(self.time + self.width))
        return out

    @property
    def range(self) -> tuple[float, float]:
        """Logarithms of the shortest and the longest decay time that is looked for."""
        return math.log(_FASTEST * self.time[0]), math.log(_SLOWEST * self.time[-1])


@dataclass(frozen=True, slots=True)
class Model:
    """A sum of decays above a floor; ``per_decade`` is the number of times on the grid for the first guess."""

    name: str
    kinds: tuple[str, ...]
    per_decade: int = 8

    @property
    def free(self) -> int:
        """How many numbers are fitted, the floor among them."""
        return 1 + sum(_SIZES[kind] for kind in self.kinds)


#: amplitude, and time (its ln) or exponent or both
_SIZES = {"exponential": 2, "power": 2, "stretched": 3}
MODELS = (
    Model("constant", ()),
    Model("one exponential", ("exponential",)),
    Model("power law", ("power",)),
    Model("stretched exponential", ("stretched",)),
    Model("two exponentials", ("exponential", "exponential"), 6),
    Model("power law and exponential", ("power", "exponential"), 4),
    Model("three exponentials", ("exponential",) * 3, 3),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The best members of a model at some floors: parameters (floors, free), floor first, and sums of squares.

    ``floor_std`` is given where the floor was free.
    """

    model: Model
    parameters: Floats
    squares: Floats
    floor_std: float = 0.0

    def curve(self, bins: Bins) -> Floats:
        """Return the means over the bins of the best of them."""
        best = self.parameters[int(self.squares.argmin())][None]
        out: Floats = _values(self.model, bins, best)[0][0]
        return out


def profile_of_floor(model: Model, bins: Bins, floors: Floats, start: Floats | None = None) -> Profile:
    """Return the least sum of squares of a model at every floor.

    Parameters
    ----------
    model, bins: What is fitted to what.
    floors:      (n,), >= 0.
    start:       Parameters (n, free) to start from; by default the best members of a grid.
    """
    first = _guess(model, bins, floors) if start is None else start.copy()
    first[:, 0] = floors
    low, high = _box(model, bins, len(floors))
    low[:, 0] = high[:, 0] = floors
    if not model.kinds:
        residual = (bins.value - floors[:, None]) / bins.std
        return Profile(model, first, np.einsum("fr,fr->f", residual, residual))

    found = _fitted(model, bins, first, low, high)
    return Profile(model, found.parameters, found.ssr)


def free_floor(profile: Profile, bins: Bins) -> Profile:
    """Return the best fit of a model with its floor free, started from the best places of a profile, with its std."""
    order = np.argsort(profile.squares)[:_STARTS]
    low, high = _box(profile.model, bins, len(order))
    found = _fitted(profile.model, bins, profile.parameters[order], low, high)
    best = int(found.ssr.argmin())
    curvature = found.normal[best][~found.at_bound[best]][:, ~found.at_bound[best]]
    spread = math.inf
    if not found.at_bound[best, 0] and np.linalg.cond(curvature) < _DEPENDENT:
        spread = math.sqrt(float(np.linalg.inv(curvature)[0, 0]))
    return Profile(
        profile.model, found.parameters[best][None], found.ssr[best][None], min(spread, float(bins.value[-1]))
    )


def _fitted(model: Model, bins: Bins, start: Floats, low: Floats, high: Floats) -> LeastSquares:
    def evaluate(parameters: Floats, _: Ints) -> tuple[Floats, Floats]:
        value, slope = _values(model, bins, parameters)
        return (value - bins.value) / bins.std, slope / bins.std[None, :, None]

    with np.errstate(over="ignore"):
        return batched_levenberg_marquardt(evaluate, start, lower=low, upper=high, tolerance=1e-7, iterations=40)


def _values(model: Model, bins: Bins, parameters: Floats) -> tuple[Floats, Floats]:
    """Return the means over the bins (members, bins), and their slopes (members, bins, free)."""
    value = np.repeat(parameters[:, :1], len(bins.time), axis=1)
    slope = np.zeros((*value.shape, model.free))
    slope[:, :, 0] = 1.0
    place = 1
    for kind in model.kinds:
        size = _SIZES[kind]
        terms = parameters[:, place : place + size]
        for side in (-1.0, 1.0):
            t = bins.time + side * bins.width
            one, of_one = _decay(kind, terms, t, bins.time[0])
            value += 0.5 * one
            slope[:, :, place : place + size] += 0.5 * of_one
        place += size
    return value, slope


def _decay(kind: str, terms: Floats, time: Floats, first: float) -> tuple[Floats, Floats]:
    """Return a decay (members, times) and its slopes (members, times, size)."""
    amplitude = terms[:, :1]
    if kind == "power":
        log = np.log(time / first)
        shape = np.exp(-terms[:, 1:2] * log)
        return amplitude * shape, np.stack([shape, -amplitude * shape * log], axis=2)
    ratio = np.log(time) - terms[:, 1:2]
    exponent = terms[:, 2:3] if kind == "stretched" else 1.0
    power = np.exp(np.minimum(exponent * ratio, 50.0))
    shape = np.exp(-power)
    slopes = [shape, amplitude * shape * power * exponent]
    if kind == "stretched":
        slopes.append(-amplitude * shape * power * ratio)
    return amplitude * shape, np.stack(slopes, axis=2)


def _box(model: Model, bins: Bins, count: int) -> tuple[Floats, Floats]:
    """Return the bounds of the parameters: amplitudes >= 0, times within the record, exponents within reason."""
    least, most = bins.range
    low, high = [0.0], [math.inf]
    for kind in model.kinds:
        shapes = {"exponential": [(least, most)], "power": [(_FLATTEST, _STEEPEST)]}
        both = shapes.get(kind, [(least, most), (0.1, 1.0)])
        low += [0.0, *(x for x, _ in both)]
        high += [math.inf, *(x for _, x in both)]
    return np.tile(low, (count, 1)), np.tile(high, (count, 1))


# first guess ----------------------------------------------------------------------------------------------------------
def _guess(model: Model, bins: Bins, floors: Floats) -> Floats:
    """Return the parameters (floors, free) of the best member of a grid at every floor."""
    if not model.kinds:
        return floors[:, None].copy()
    shapes = _grid(model, bins)
    ones = [np.ones(len(shapes[0]))[:, None]] * len(model.kinds)
    weight = 1.0 / bins.std
    columns = np.empty((len(shapes[0]), len(bins.time), len(model.kinds)))
    for k, (kind, shape, one) in enumerate(zip(model.kinds, shapes, ones, strict=True)):
        terms = np.concatenate([one, shape], axis=1)
        columns[:, :, k] = bins.mean(partial(_shape, kind, terms, bins.time[0])) * weight
    parabola, heights = _projected(columns, bins.value * weight, weight)
    squares = parabola[:, :1] + parabola[:, 1:2] * floors + parabola[:, 2:] * floors**2
    amplitudes = heights[:, None, :, 0] - heights[:, None, :, 1] * floors[None, :, None]
    # a member that would have to rise is taken only where there is no other
    squares = np.where((amplitudes < 0.0).any(axis=2), squares + 1e3 * np.abs(parabola[:, :1]), squares)
    best = squares.argmin(axis=0)
    parts = [floors[:, None]]
    for k, shape in enumerate(shapes):
        height = amplitudes[best, np.arange(len(floors)), k]
        parts += [np.maximum(height, 0.0)[:, None], shape[best]]
    return np.concatenate(parts, axis=1)


def _shape(kind: str, terms: Floats, first: float, time: Floats) -> Floats:
    return _decay(kind, terms, time, first)[0]


def _grid(model: Model, bins: Bins) -> list[Floats]:
    """Return the shapes (members, size - 1) of every decay of the members of a grid."""
    least, most = bins.range
    times = np.linspace(least, most, int(model.per_decade * (most - least) / math.log(10.0)) + 2)
    if all(kind == "exponential" for kind in model.kinds):
        chosen = np.array(list(itertools.combinations(times, len(model.kinds))))
        return [chosen[:, k : k + 1] for k in range(len(model.kinds))]
    powers, exponents = np.linspace(0.1, 2.0, 20), np.linspace(0.2, 0.9, 8)
    axes = {"exponential": [times], "power": [powers], "stretched": [times, exponents]}
    every = np.array(list(itertools.product(*(axis for kind in model.kinds for axis in axes[kind]))))
    ends = np.cumsum([_SIZES[kind] - 1 for kind in model.kinds])
    return [np.ascontiguousarray(part) for part in np.split(every, ends[:-1], axis=1)]


def _projected(columns: Floats, target: Floats, ones: Floats) -> tuple[Floats, Floats]:
    """Return for members whose amplitudes are fitted to target - floor ones: the sum of squares as a parabola of the
    floor (members, 3), and the amplitudes as h0 - h1 floor (members, decays, 2).
    """
    count = columns.shape[2]
    scale = np.sqrt(np.einsum("mrk,mrk->mk", columns, columns)) + 1e-300
    orthogonal, upper = np.linalg.qr(columns / scale[:, None, :])
    singular = np.abs(np.einsum("mkk->mk", upper)).min(axis=1) < _SINGULAR
    upper = np.where(singular[:, None, None], np.eye(count), upper)
    inside = [np.einsum("mrk,r->mk", orthogonal, y) for y in (target, ones)]
    rest, of_ones = (y - np.einsum("mrk,mk->mr", orthogonal, x) for y, x in zip((target, ones), inside, strict=True))
    parabola = np.stack(
        [
            np.einsum("mr,mr->m", rest, rest) + np.where(singular, np.inf, 0.0),
            -2.0 * np.einsum("mr,mr->m", rest, of_ones),
            np.einsum("mr,mr->m", of_ones, of_ones),
        ],
        axis=1,
    )
    return parabola, np.stack([np.linalg.solve(upper, x[..., None])[..., 0] / scale for x in inside], axis=2)
