"""Models of a decay: a floor plus exponentials, powers and stretched exponentials, fitted at given floors.

A floor is told from a decay by how the decay bends. A decay of a time constant of many record lengths is a line over the
record, and one of a small exponent goes with the logarithm of time: neither has an end that the record shows. So a model
whose decays may be so slow leaves its floor open below (``Profile.leaves_open``), whatever its sums of squares say.

At every floor the fit starts from the best member of a grid (times and powers on the grid, amplitudes by projection) and is
finished by Levenberg-Marquardt, all floors side by side: the sums of squares are the profile of the floor.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from garnetlab.numerics import LeastSquares, batched_levenberg_marquardt

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

__all__ = ["FLATTEST_TOLD", "MODELS", "SLOWEST_TOLD", "Bins", "Model", "Profile", "free_floor", "profile_of_floor"]

#: time constant in lengths of the record up to which a decay is told from a floor (a convention: it falls by 28 % in the
#: record, and is off a straight line by at most 0.8 % of its height), and up to which it is fitted (the rest is a line)
SLOWEST_TOLD, _SLOWEST = 3.0, 100.0
_FASTEST = 0.3  # of the first time
_SINGULAR = 1e-9
_DEPENDENT = 1e14  # condition of a curvature from which no uncertainty is read
_STARTS = 4
_ITERATIONS = 100
#: exponents of a power that are fitted, and the flattest that is told from a floor: it falls by half over three decades
_STEEPEST, _FLATTEST, FLATTEST_TOLD = 3.0, 0.01, 0.1
#: exponents of a stretched exponential that are fitted, and the flattest that is told from a floor
_LEAST_STRETCHED, _STRETCHED_TOLD = 0.1, 0.15
_WITHIN = 4.0  # chi squared above the least: two standard uncertainties


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

    @property
    def ends(self) -> tuple[float, float]:
        """First and last time."""
        return float(self.time[0]), float(self.time[-1])


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
_SIZES = {"exponential": 2, "power": 2, "stretched": 3, "slow": 1, "logarithm": 1}
_ENDLESS = {"slow", "logarithm"}
MODELS = (
    Model("constant", ()),
    Model("one exponential", ("exponential",)),
    Model("power law", ("power",)),
    Model("stretched exponential", ("stretched",)),
    Model("two exponentials", ("exponential", "exponential"), 6),
    Model("power law and exponential", ("power", "exponential"), 4),
    Model("three exponentials", ("exponential",) * 3, 3),
    # no end is in sight: a fall with the logarithm of time, which goes on below any floor, and a drift that may be a line
    Model("logarithm", ("logarithm",)),
    Model("logarithm and exponential", ("exponential", "logarithm")),
    Model("slow decay", ("slow",)),
    Model("one exponential and a slow decay", ("exponential", "slow")),
    Model("power law and a slow decay", ("power", "slow")),
    Model("stretched exponential and a slow decay", ("stretched", "slow")),
    Model("two exponentials and a slow decay", ("exponential", "exponential", "slow"), 4),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The best members of a model at some floors: parameters (floors, free), floor first, and sums of squares.

    Where the floor was free, ``floor_std`` is its standard uncertainty, and ``response`` (free,) by how much the parameters
    move with it.
    """

    model: Model
    parameters: Floats
    squares: Floats
    floor_std: float = 0.0
    response: Floats | None = None

    def curve(self, bins: Bins) -> Floats:
        """Return the means over the bins of the best of them."""
        best = self.parameters[int(self.squares.argmin())][None]
        out: Floats = _values(self.model, bins, best)[0][0]
        return out

    def too_slow(self, bins: Bins, size: float) -> Bools:
        """Return at which floors (floors,) a decay is slower than is told from a floor, and the last bin holds it.

        It counts where the last bin holds more of it than noise. ``size`` is the variance beside that of the bins.
        """
        place, found = 1, np.zeros(len(self.parameters), dtype=bool)
        for kind in self.model.kinds:
            one = self.parameters[:, place : place + _SIZES[kind]]
            left = _decay(kind, one, bins.time[-1:], bins.ends)[0][:, 0]
            found |= _beyond(kind, one, bins) & (left > bins.std[-1] * math.sqrt(size))
            place += _SIZES[kind]
        return found

    def leaves_open(self, bins: Bins, size: float) -> bool:
        """Return whether a floor within two standard uncertainties of the best goes with a decay that is too slow."""
        near = self.squares <= self.squares.min() + _WITHIN * size
        return not _ENDLESS.isdisjoint(self.model.kinds) or bool((self.too_slow(bins, size) & near).any())


def profile_of_floor(model: Model, bins: Bins, floors: Floats, starts: Sequence[Floats] = ()) -> Profile:
    """Return the least sum of squares of a model at every floor.

    Parameters
    ----------
    model, bins: What is fitted to what.
    floors:      (n,), >= 0.
    starts:      Parameters (n, free) to start from, of which the best at every floor is taken; by default the best members
                 of a grid.
    """
    low, high = _box(model, bins, len(floors))
    low[:, 0] = high[:, 0] = floors
    every = [np.clip(start, low, high) for start in starts or (_guess(model, bins, floors),)]
    squares = np.array([_squares(model, bins, start) for start in every])
    first = np.array(every)[squares.argmin(axis=0), np.arange(len(floors))]
    if not model.kinds:
        return Profile(model, first, squares.min(axis=0))
    found = _fitted(model, bins, first, low, high)
    return Profile(model, found.parameters, found.ssr)


def free_floor(profile: Profile, bins: Bins) -> Profile:
    """Return the best fit of a model with its floor free, started from the best places of a profile, with its std."""
    order = np.argsort(profile.squares)[:_STARTS]
    low, high = _box(profile.model, bins, len(order))
    found = _fitted(profile.model, bins, profile.parameters[order], low, high)
    best = int(found.ssr.argmin())
    normal, moves = found.normal[best], ~found.at_bound[best]
    spread, response = math.inf, np.zeros(profile.model.free)
    response[0], others = 1.0, moves.copy()
    others[0] = False
    if others.any() and np.linalg.cond(normal[others][:, others]) < _DEPENDENT:
        response[others] = -np.linalg.solve(normal[others][:, others], normal[others, 0])
    curvature = normal[moves][:, moves]
    if moves[0] and np.linalg.cond(curvature) < _DEPENDENT:
        spread = math.sqrt(float(np.linalg.inv(curvature)[0, 0]))
    parameters, squares = found.parameters[best][None], found.ssr[best][None]
    return Profile(profile.model, parameters, squares, min(spread, float(bins.value[-1])), response)


def _squares(model: Model, bins: Bins, parameters: Floats) -> Floats:
    """Return the sums of squares of members (members, free)."""
    with np.errstate(over="ignore"):
        residual = (_values(model, bins, parameters)[0] - bins.value) / bins.std
    out: Floats = np.einsum("mr,mr->m", residual, residual)
    return out


def _fitted(model: Model, bins: Bins, start: Floats, low: Floats, high: Floats) -> LeastSquares:
    def evaluate(parameters: Floats, _: Ints) -> tuple[Floats, Floats]:
        value, slope = _values(model, bins, parameters)
        return (value - bins.value) / bins.std, slope / bins.std[None, :, None]

    with np.errstate(over="ignore"):
        return batched_levenberg_marquardt(
            evaluate, start, lower=low, upper=high, tolerance=1e-7, iterations=_ITERATIONS
        )


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
            one, of_one = _decay(kind, terms, t, bins.ends)
            value += 0.5 * one
            slope[:, :, place : place + size] += 0.5 * of_one
        place += size
    return value, slope


def _decay(kind: str, terms: Floats, time: Floats, ends: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return a decay (members, times) and its slopes (members, times, size)."""
    amplitude = terms[:, :1]
    if kind in _ENDLESS:
        one = np.exp(-time / (SLOWEST_TOLD * ends[1])) if kind == "slow" else np.log(ends[1] / time)
        shape = np.repeat(one[None], len(terms), axis=0)
        return amplitude * shape, shape[:, :, None]
    if kind == "power":
        log = np.log(time / ends[0])
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


def _beyond(kind: str, terms: Floats, bins: Bins) -> Bools:
    """Return which decays (members,) are slower than is told from a floor."""
    if kind in _ENDLESS:
        return np.full(len(terms), kind == "logarithm")
    if kind == "power":
        return np.asarray(terms[:, 1] < FLATTEST_TOLD)
    slow = terms[:, 1] > math.log(SLOWEST_TOLD * bins.time[-1])
    return np.asarray(slow | (terms[:, 2] < _STRETCHED_TOLD) if kind == "stretched" else slow)


def _box(model: Model, bins: Bins, count: int) -> tuple[Floats, Floats]:
    """Return the bounds of the parameters: amplitudes >= 0, times within the record, exponents within reason."""
    least, most = bins.range
    low, high = [0.0], [math.inf]
    for kind in model.kinds:
        shapes = {"exponential": [(least, most)], "power": [(_FLATTEST, _STEEPEST)]}
        shapes |= {"slow": [], "logarithm": [], "stretched": [(least, most), (_LEAST_STRETCHED, 1.0)]}
        both = shapes[kind]
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
        columns[:, :, k] = bins.mean(partial(_shape, kind, terms, bins.ends)) * weight
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


def _shape(kind: str, terms: Floats, ends: tuple[float, float], time: Floats) -> Floats:
    return _decay(kind, terms, time, ends)[0]


def _grid(model: Model, bins: Bins) -> list[Floats]:
    """Return the shapes (members, size - 1) of every decay of the members of a grid."""
    least, most = bins.range
    times = np.linspace(least, most, int(model.per_decade * (most - least) / math.log(10.0)) + 2)
    if all(kind == "exponential" for kind in model.kinds):
        chosen = np.array(list(itertools.combinations(times, len(model.kinds))))
        return [chosen[:, k : k + 1] for k in range(len(model.kinds))]
    powers, exponents = np.append(0.03, np.linspace(0.1, 2.0, 20)), np.linspace(0.2, 0.9, 8)
    axes = {"exponential": [times], "power": [powers], "stretched": [times, exponents], "slow": [], "logarithm": []}
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
