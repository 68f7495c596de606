"""Maximum likelihood of a location-scale family for censored and interval-censored observations in groups.

In b = 1/scale and a = location/scale the log-likelihood of a log-concave density is concave, also with limits instead of
values (Burridge 1981), and so it is under every linear restriction of a and b. A location, a quantile, a difference of two
locations and a scale that are held fixed are all such restrictions, so that one damped Newton method gives every point of
every profile, for many data sets at once.

Source: J. Burridge, J. R. Stat. Soc. B 43 (1981) 41.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._survival_families import Family, between_terms, exact_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 200
_HALVINGS = 40
#: a gain of ln L by less than this ends the search
_GAIN = 1e-10
#: standard values at the start stay within this
_START = 4.0
_LEAST_SHRINK = 0.2
_MOST_GROWTH = 10.0
#: values of a profile that are looked at together, and how often a bracket is cut by so many
_AT_ONCE = 8
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Censored:
    """Many data sets of n observations; low = high where one is known exactly, infinite where a side is open.

    Parameters
    ----------
    low, high: Limits (sets, n).
    group:     Number of the group of each observation (n,), 0 to groups - 1.
    """

    low: Floats
    high: Floats
    group: NDArray[np.intp]

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which observations have an upper limit."""
        return np.isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Restriction:
    """Parameters theta = (a of each group, b) that depend on some of them: theta = matrix @ theta[free] + offset.

    Parameters
    ----------
    free:   Which of the parameters are free.
    matrix: (sets or 1, groups + 1, free).
    offset: (sets or 1, groups + 1).
    """

    free: tuple[int, ...]
    matrix: Floats
    offset: Floats

    def whole(self, free: Floats) -> Floats:
        """Return all parameters (sets, groups + 1) from the free ones (sets, free)."""
        found: Floats = (self.matrix @ free[:, :, None])[:, :, 0] + self.offset
        return found


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters (sets, groups + 1), the last being 1/scale, and the log-likelihood (sets,)."""

    theta: Floats
    value: Floats

    @property
    def locations(self) -> Floats:
        """Location of each group (sets, groups)."""
        found: Floats = self.theta[:, :-1] / self.theta[:, -1:]
        return found

    @property
    def scale(self) -> Floats:
        """Common scale (sets,)."""
        found: Floats = 1.0 / self.theta[:, -1]
        return found


def unrestricted(groups: int) -> Restriction:
    """Return no restriction at all."""
    return Restriction(tuple(range(groups + 1)), np.eye(groups + 1)[None], np.zeros((1, groups + 1)))


def fixed_location(groups: int, group: int, value: float | Floats, quantile: float = 0.0) -> Restriction:
    """Return the restriction that location + quantile scale of a group has a value per set: a = value b + quantile."""
    values = np.atleast_1d(np.asarray(value, dtype=float))
    free = tuple(i for i in range(groups + 1) if i != group)
    matrix = np.tile(np.eye(groups + 1)[:, free], (len(values), 1, 1))
    matrix[:, group, -1] = values
    offset = np.zeros((1, groups + 1))
    offset[:, group] = -quantile
    return Restriction(free, matrix, offset)


def fixed_difference(groups: int, first: int, second: int, value: float | Floats) -> Restriction:
    """Return the restriction that the location of the second group is that of the first plus a value per set."""
    values = np.atleast_1d(np.asarray(value, dtype=float))
    free = tuple(i for i in range(groups + 1) if i != second)
    matrix = np.tile(np.eye(groups + 1)[:, free], (len(values), 1, 1))
    matrix[:, second, -1] = values
    matrix[:, second, free.index(first)] = 1.0
    return Restriction(free, matrix, np.zeros((1, groups + 1)))


def fixed_scale(groups: int, value: float | Floats) -> Restriction:
    """Return the restriction that the scale has a value per set."""
    values = np.atleast_1d(np.asarray(value, dtype=float))
    offset = np.zeros((len(values), groups + 1))
    offset[:, -1] = 1.0 / values
    return Restriction(tuple(range(groups)), np.eye(groups + 1)[None, :, :groups], offset)


def maximise(data: Censored, family: Family, restriction: Restriction | None = None) -> Fit:
    """Return the most likely parameters of each data set.

    Where the most likely scale is zero or a location is infinite, the value is the limit that ln L approaches.
    """
    restriction = unrestricted(data.groups) if restriction is None else restriction
    free = _start(data, family, restriction)
    value, slope, bend = _likelihood(data, family, restriction.whole(free), restriction)
    for _ in range(_STEPS):
        step, gain = _newton_step(slope, bend)
        active = gain > _GAIN
        if not active.any():
            break
        free = _line_search(data, family, restriction, (free, value, np.where(active[:, None], step, 0.0), gain))
        previous = value
        value, slope, bend = _likelihood(data, family, restriction.whole(free), restriction)
        if not (value > previous).any():
            break
    return Fit(restriction.whole(free), value)


def _standardised(data: Censored, theta: Floats) -> tuple[Floats, Floats]:
    shift, rate = theta[:, :-1][:, data.group], theta[:, -1:]
    low, high = [np.where(np.isinf(x), x, rate * np.where(np.isinf(x), 0.0, x) - shift) for x in (data.low, data.high)]
    return low, high


def log_likelihood(data: Censored, family: Family, theta: Floats) -> Floats:
    """Return ln L (sets,) at the parameters (sets, groups + 1)."""
    low, high = _standardised(data, theta)
    exact = data.low == data.high
    value = np.zeros(low.shape)
    if exact.any():
        value = np.where(exact, family.log_density(np.where(exact, low, 0.0)) + np.log(theta[:, -1:]), value)
    if not exact.all():
        between = family.log_between(np.where(exact, 0.0, low), np.where(exact, 1.0, high))
        value = np.where(exact, value, between)
    found: Floats = value.sum(axis=1)
    return found


def _likelihood(
    data: Censored, family: Family, theta: Floats, restriction: Restriction
) -> tuple[Floats, Floats, Floats]:
    """Return ln L, its gradient and its Hessian by the free parameters."""
    low, high = _standardised(data, theta)
    exact = data.low == data.high
    terms = between_terms(family, np.where(exact, 0.0, low), np.where(exact, 1.0, high))
    if exact.any():
        sharp = exact_terms(family, np.where(exact, low, 0.0))
        terms = type(terms)(*(np.where(exact, one, two) for one, two in zip(sharp, terms, strict=True)))
    rate, known = theta[:, -1], exact.sum(axis=1)
    value = terms.value.sum(axis=1) + known * np.log(rate)
    x_low, x_high = [np.where(np.isinf(x), 0.0, x) for x in (data.low, data.high)]
    in_group = np.eye(data.groups)[data.group]
    slope = np.empty_like(theta)
    slope[:, :-1] = -(terms.low + terms.high) @ in_group
    slope[:, -1] = (x_low * terms.low + x_high * terms.high).sum(axis=1) + known / rate
    bend = np.zeros((*theta.shape, theta.shape[1]))
    diagonal = np.arange(data.groups)
    bend[:, diagonal, diagonal] = (terms.low_low + 2.0 * terms.low_high + terms.high_high) @ in_group
    mixed = x_low * (terms.low_low + terms.low_high) + x_high * (terms.low_high + terms.high_high)
    bend[:, :-1, -1] = bend[:, -1, :-1] = -mixed @ in_group
    squares = x_low**2 * terms.low_low + 2.0 * x_low * x_high * terms.low_high + x_high**2 * terms.high_high
    bend[:, -1, -1] = squares.sum(axis=1) - known / rate**2
    matrix = restriction.matrix
    across = matrix.swapaxes(1, 2)
    return value, (across @ slope[:, :, None])[:, :, 0], across @ bend @ matrix


def _newton_step(slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    """Return the Newton step and the gain of ln L it promises."""
    size = np.abs(np.diagonal(bend, axis1=1, axis2=2)) + 1e-20
    root = np.sqrt(size)
    scaled = -bend / (root[:, :, None] * root[:, None, :]) + 1e-11 * np.eye(slope.shape[1])
    step = np.linalg.solve(scaled, (slope / root)[:, :, None])[:, :, 0] / root
    gain = (slope * step).sum(axis=1)
    uphill = gain > 0.0
    step = np.where(uphill[:, None], step, slope / size)
    return step, np.where(uphill, gain, (slope**2 / size).sum(axis=1))


def _line_search(
    data: Censored, family: Family, restriction: Restriction, now: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    """Return the free parameters after the longest of the halved steps that raises ln L in each set."""
    free, value, step, gain = now
    rate, change = restriction.whole(free)[:, -1], (restriction.matrix @ step[:, :, None])[:, -1, 0]
    falling = change < 0.0
    shrink = (_LEAST_SHRINK - 1.0) * rate / np.where(falling, change, -1.0)
    growth = _MOST_GROWTH * ((1.0 + np.abs(free)) / np.maximum(np.abs(step), 1e-100)).min(axis=1)
    length = np.minimum(np.where(falling, np.minimum(1.0, shrink), 1.0), growth)
    for _ in range(_HALVINGS):
        new = log_likelihood(data, family, restriction.whole(free + length[:, None] * step))
        bad = ~(new >= value + 1e-4 * length * gain) & (length > 0.0) & (step != 0.0).any(axis=1)
        if not bad.any():
            break
        length = np.where(bad, 0.5 * length, length)
    else:
        length = np.where(bad, 0.0, length)
    found: Floats = free + length[:, None] * step
    return found


def _start(data: Censored, family: Family, restriction: Restriction) -> Floats:
    """Return free parameters that put the middles of the limits within a few scales."""
    middle = np.where(
        np.isinf(data.high), data.low, np.where(np.isinf(data.low), data.high, 0.5 * (data.low + data.high))
    )
    in_group = np.eye(data.groups)[data.group]
    centre = middle @ in_group / in_group.sum(axis=0)
    spread = np.sqrt(((middle - centre[:, data.group]) ** 2).mean(axis=1))
    width = np.where(np.isfinite(data.high - data.low), data.high - data.low, 0.0).max(axis=1)
    floor = 1e-3 * (np.abs(centre).max(axis=1) + 1e-12)
    rate = 1.0 / np.maximum(spread, np.maximum(0.3 * width, floor))
    theta = np.concatenate([centre * rate[:, None], rate[:, None]], axis=1)
    sets = max(len(theta), len(restriction.matrix), len(restriction.offset))
    free = np.broadcast_to(theta[:, restriction.free], (sets, len(restriction.free)))
    fixed = data.groups not in restriction.free
    whole = restriction.whole(free)
    if fixed:
        whole[:, :-1] = _locate(family, middle, in_group, whole[:, -1:])
        return whole[:, restriction.free]
    reach = np.abs(whole[:, -1:] * middle - whole[:, :-1][:, data.group]).max(axis=1)
    found: Floats = free * np.minimum(1.0, _START / np.maximum(reach, 1e-300))[:, None]
    return found


def _locate(family: Family, middle: Floats, in_group: Floats, rate: Floats) -> Floats:
    """Return a of each group for a known scale, as if the middles were the values."""
    z = rate * middle
    counts = in_group.sum(axis=0)
    if family.name == "normal":
        mean: Floats = z @ in_group / counts
        return mean
    top = z.max(axis=1, keepdims=True)
    place: Floats = top + np.log(np.maximum(np.exp(np.maximum(z - top, -500.0)) @ in_group / counts, 1e-200))
    return place


# profiles -------------------------------------------------------------------------------------------------------------
def profile_limits(
    drop: Callable[[Floats], Floats], best: float, step: float, cuts: tuple[float, float], reach: float
) -> tuple[float, float]:
    """Return where the drop W = 2 (max ln L - ln L) of a profile crosses the cuts below and above its best value.

    A side on which it does not within ``reach`` is infinite. ``drop`` takes many values at once.
    """
    signs = np.array([-1.0, 1.0])
    bars = np.array(cuts)
    inside, outside = np.zeros(2), np.full(2, np.inf)
    exponent = 0
    while np.isinf(outside).any() and step * 2.0**exponent <= reach:
        away = step * 2.0 ** np.arange(exponent, exponent + _AT_ONCE)
        outside, inside = _narrow(drop, best, signs, bars, (inside, outside), np.tile(away, (2, 1)))
        exponent += _AT_ONCE
    known = np.isfinite(outside)
    share = np.linspace(0.0, 1.0, _AT_ONCE + 2)[1:-1]
    for _ in range(_ROUNDS):
        width = np.where(known, outside, inside) - inside
        away = inside[:, None] + width[:, None] * share
        outside, inside = _narrow(drop, best, signs, bars, (inside, outside), away)
    middle = np.where(known, 0.5 * (inside + np.where(known, outside, 0.0)), np.inf)
    low, high = best + signs * middle
    return float(low), float(high)


def _narrow(
    drop: Callable[[Floats], Floats],
    best: float,
    signs: Floats,
    bars: Floats,
    edges: tuple[Floats, Floats],
    away: Floats,
) -> tuple[Floats, Floats]:
    """Return the nearest distance beyond each bar and the furthest before it, after a look at more distances (2, m)."""
    inside, outside = edges
    rise = drop((best + signs[:, None] * away).ravel()).reshape(away.shape)
    beyond = rise > bars[:, None]
    nearest = np.minimum(outside, np.where(beyond, away, np.inf).min(axis=1))
    before = np.where(~beyond & (away < nearest[:, None]), away, 0.0).max(axis=1)
    return nearest, np.maximum(inside, before)
