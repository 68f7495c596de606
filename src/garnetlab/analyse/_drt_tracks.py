"""Arcs followed through a series of spectra: which arc of one spectrum is which arc of the next.

A track is an arc with a time constant and a resistance that change smoothly along the series. Between neighbours the
arcs are given to the tracks by the assignment of lowest cost (squared deviations of ln tau and ln R from what the track
predicts, in standard deviations; an arc too many or a track without an arc has a fixed cost). The prediction follows the
slope of the track, so that two arcs whose time constants cross keep their names. A pass along the series and one back
give the start; after them every spectrum is assigned to smooth lines through the others until nothing changes.

Source
------
H. W. Kuhn, Nav. Res. Logist. Q. 2 (1955) 83 (assignment); R. E. Kalman, J. Basic Eng. 82 (1960) 35 (prediction);
W. S. Cleveland, J. Am. Stat. Assoc. 74 (1979) 829 (local lines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: cost of a track without an arc, or of an arc without a track: three standard deviations
MISS = 9.0
_FAR = 1e6
#: a track is smooth to this much in ln tau and ln R from one spectrum to the next (value, slope per step)
_ROUGH, _BEND = 0.10, 0.07
#: standard deviation of the slope per step before anything is known
_SLOPE = 0.7
#: nearest members of a track through which a line is laid
_NEIGHBOURS = 8
#: a member this many variances off its line has half the weight (Cauchy); rounds of that
_TAIL, _REWEIGHTED = 4.0, 3
#: tracks this near each other in ln tau may have been taken for each other
_NEAR = 1.5
_ROUNDS = 10
#: an arc seen in this many neighbouring spectra and given to no track starts one
_BIRTH = 3


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs of one spectrum: (k, 2) ln tau and ln abs(R), their standard deviations (k, 2), signs (k,)."""

    place: Floats
    std: Floats
    sign: Floats


def costs(predicted: Floats, variance: Floats, sign: Floats, arcs: Arcs) -> Floats:
    """Return the cost (t, k) of giving arcs to tracks predicted at (t, 2) with variance (t, 2)."""
    gap = predicted[:, None, :] - arcs.place
    cost = (gap**2 / (variance[:, None, :] + arcs.std**2 + _ROUGH**2)).sum(axis=2)
    return np.where(sign[:, None] == arcs.sign, np.minimum(cost, _FAR), _FAR)


def assign(cost: Floats) -> tuple[Ints, float]:
    """Return the arc of every track (t,), -1 where it has none, and the cost with that of arcs left over."""
    tracks, arcs = cost.shape
    padded = np.full((tracks, arcs + tracks), _FAR)
    padded[:, :arcs] = cost - MISS  # an arc that is given to a track is not left over
    padded[np.arange(tracks), arcs + np.arange(tracks)] = MISS
    rows, columns = linear_sum_assignment(padded)
    out = np.where(columns < arcs, columns, -1).astype(np.int64)
    return out, float(padded[rows, columns].sum()) + MISS * arcs


class _Filter:
    """Value and slope of every track, for both coordinates alike: (t, 2) each, with covariances (t, 2, 2, 2)."""

    def __init__(self, place: Floats, variance: Floats, sign: Floats) -> None:
        self.value, self.slope, self.sign = place.copy(), np.zeros_like(place), sign
        self.covariance = np.zeros((*place.shape, 2, 2))
        self.covariance[..., 0, 0] = variance
        self.covariance[..., 1, 1] = _SLOPE**2

    def predict(self, step: float) -> None:
        """Go on by ``step`` along the series, backwards where it is negative."""
        self.value = self.value + step * self.slope
        move = np.array([[1.0, step], [0.0, 1.0]])
        self.covariance = move @ self.covariance @ move.T
        self.covariance[..., 0, 0] += abs(step) * _ROUGH**2
        self.covariance[..., 1, 1] += abs(step) * _BEND**2

    def update(self, given: Ints, arcs: Arcs) -> None:
        """Take the arcs that were given to the tracks."""
        for t in np.flatnonzero(given >= 0):
            place, variance = arcs.place[given[t]], arcs.std[given[t]] ** 2 + _ROUGH**2
            p = self.covariance[t]
            gain = p[:, :, 0] / (p[:, 0, 0] + variance)[:, None]
            surprise = place - self.value[t]
            self.value[t] += gain[:, 0] * surprise
            self.slope[t] += gain[:, 1] * surprise
            self.covariance[t] = p - gain[:, :, None] * p[:, None, 0, :]

    def costs(self, arcs: Arcs) -> Floats:
        """Return the cost (t, k) of giving arcs to the tracks."""
        return costs(self.value, self.covariance[..., 0, 0], self.sign, arcs)


def _pass(state: _Filter, x: Floats, series: Sequence[Arcs], order: Sequence[int], given: Ints) -> None:
    """Follow the tracks through the spectra in ``order`` and write the arcs of each into ``given`` (t, s)."""
    last = order[0]
    for i in order[1:]:
        state.predict(float(x[i] - x[last]))
        given[:, i], _ = assign(state.costs(series[i]))
        state.update(given[:, i], series[i])
        last = i


def line(x: Floats, given: Ints, series: Sequence[Arcs], at: int) -> tuple[Floats, Floats]:
    """Return the prediction (2,) and its variance (2,) at spectrum ``at`` from the nearest other members of a track."""
    members = np.array([i for i in np.flatnonzero(given >= 0) if i != at], dtype=np.int64)
    if not members.size:
        return np.zeros(2), np.full(2, _FAR)
    members = members[np.argsort(np.abs(x[members] - x[at]), kind="stable")][:_NEIGHBOURS]
    place = np.array([series[i].place[given[i]] for i in members])
    variance = np.array([series[i].std[given[i]] for i in members]) ** 2 + _ROUGH**2
    distance = x[members] - x[at]
    base = 1.0 / (variance + (_BEND * distance[:, None]) ** 2)
    design = np.stack([np.ones(members.size), distance], axis=1)
    weight = base
    for _ in range(_REWEIGHTED):
        normal = np.einsum("ia,ic,ib->cab", design, weight, design) + np.diag([0.0, _SLOPE**-2.0])
        inverse = np.linalg.inv(normal)
        solved = np.einsum("cab,ib,ic,ic->ca", inverse, design, weight, place)
        off = (base * (place - design @ solved.T) ** 2).sum(axis=1)
        weight = base / (1.0 + off / _TAIL)[:, None]
    return solved[:, 0], inverse[:, 0, 0]


def _refine(x: Floats, series: Sequence[Arcs], given: Ints, sign: Floats) -> Ints:
    """Assign every spectrum to the lines through the others until nothing changes."""
    for _ in range(_ROUNDS):
        new = given.copy()
        for i, arcs in enumerate(series):
            guess = [line(x, new[t], series, i) for t in range(len(new))]
            cost = costs(np.array([g[0] for g in guess]), np.array([g[1] for g in guess]), sign, arcs)
            new[:, i], _ = assign(cost)
        if (new == given).all():
            break
        given = new
    return given


def _roughness(x: Floats, series: Sequence[Arcs], given: Ints, pair: tuple[int, int], window: Sequence[int]) -> float:
    """Return how far two tracks are from the lines through their neighbours, over a window of the series."""
    total = 0.0
    for t in pair:
        for i in window:
            if given[t, i] >= 0:
                at, variance = line(x, given[t], series, i)
                gap = series[i].place[given[t, i]] - at
                spread = variance + series[i].std[given[t, i]] ** 2 + _ROUGH**2
                total += min(float((gap**2 / spread).sum()), 2.0 * MISS)
    return total


def _untangled(x: Floats, series: Sequence[Arcs], given: Ints, sign: Floats) -> Ints:
    """Exchange the rest of two tracks from some spectrum on wherever both become smoother by it."""
    count = len(given)
    order = np.argsort(x, kind="stable")
    for t in range(count):
        for u in range(t + 1, count):
            if sign[t] != sign[u]:
                continue
            ways = np.array([[line(x, given[v], series, int(i))[0] for i in order] for v in (t, u)])
            near = np.flatnonzero(np.abs(ways[0, :, 0] - ways[1, :, 0]) < _NEAR)
            for start in near[near > 0]:
                window = order[max(start - _NEIGHBOURS, 0) : start + _NEIGHBOURS]
                other = given.copy()
                other[t, order[start:]], other[u, order[start:]] = given[u, order[start:]], given[t, order[start:]]
                before, after = (_roughness(x, series, g, (t, u), [int(i) for i in window]) for g in (given, other))
                if after < before - 1e-9:
                    given = other
    return given


def _start(series: Sequence[Arcs]) -> int:
    """Return the first spectrum with the number of arcs that most have; of two such numbers the larger."""
    counts = np.array([len(a.sign) for a in series])
    values, often = np.unique(counts, return_counts=True)
    return int(np.flatnonzero(counts == values[often == often.max()].max())[0])


def _births(series: Sequence[Arcs], given: Ints) -> tuple[int, int] | None:
    """Return (spectrum, arc) that starts a run of arcs without a track, near each other in neighbouring spectra."""
    free = [np.setdiff1d(np.arange(len(a.sign)), given[:, i]) for i, a in enumerate(series)]
    for i in range(len(series) - _BIRTH + 1):
        for k in free[i]:
            last, run = series[i].place[k], 1
            for j in range(i + 1, len(series)):
                if not free[j].size:
                    break
                gaps = np.abs(series[j].place[free[j]] - last).max(axis=1)
                if gaps.min() > 1.0:
                    break
                last, run = series[j].place[free[j][int(gaps.argmin())]], run + 1
            if run >= _BIRTH:
                return i, int(k)
    return None


def follow(x: Floats, series: Sequence[Arcs]) -> tuple[Ints, Floats]:
    """Return the arc of every track in every spectrum (t, s), -1 where it is not seen, and the signs (t,).

    ``x`` (s,) is the coordinate along the series, in steps of about 1.
    """
    first = _start(series)
    arcs = series[first]
    given = np.full((len(arcs.sign), len(series)), -1, dtype=np.int64)
    given[:, first] = np.arange(len(arcs.sign))
    if len(arcs.sign):
        state = _Filter(arcs.place, arcs.std**2 + _ROUGH**2, arcs.sign)
        along = np.argsort(x, kind="stable")
        position = int(np.flatnonzero(along == first)[0])
        _pass(state, x, series, [int(i) for i in along[position:]], given)
        _pass(state, x, series, [int(i) for i in along[::-1]], given)
        given = _refine(x, series, given, arcs.sign)
        given = _refine(x, series, _untangled(x, series, given, arcs.sign), arcs.sign)
    sign = arcs.sign.copy()
    for _ in range(_ROUNDS):
        born = _births(series, given)
        if born is None:
            break
        row = np.full((1, len(series)), -1, dtype=np.int64)
        row[0, born[0]] = born[1]
        given = np.concatenate([given, row])
        sign = np.append(sign, series[born[0]].sign[born[1]])
        given = _refine(x, series, given, sign)
    kept = (given >= 0).sum(axis=1) > 0
    return _sorted(series, given[kept], sign[kept])


def _sorted(series: Sequence[Arcs], given: Ints, sign: Floats) -> tuple[Ints, Floats]:
    """Return the tracks in the order of their median time constants."""
    middle = [np.median([series[i].place[k, 0] for i, k in enumerate(row) if k >= 0]) for row in given]
    order = np.argsort(middle, kind="stable")
    return given[order], sign[order]


def reread(
    x: Floats,
    given: Ints,
    sign: Floats,
    series: list[Arcs],
    readings: Callable[[int, Floats], list[tuple[float, Arcs]]],
) -> dict[int, int]:
    """Return for every spectrum that lacks a track, or has an arc too many, the reading that suits the series better.

    ``readings(i, predicted)`` gives (criterion, arcs) of the models within reach of spectrum i, the chosen one first;
    ``predicted`` (t, 2) is where the tracks are expected. ``series`` is changed to the readings chosen.
    """
    out = {}
    for i, arcs in enumerate(series):
        if (given[:, i] >= 0).all() and len(arcs.sign) == len(given):
            continue
        guess = [line(x, given[t], series, i) for t in range(len(given))]
        predicted, variance = np.array([g[0] for g in guess]), np.array([g[1] for g in guess])
        known = readings(i, predicted)
        total = [c + assign(costs(predicted, variance, sign, a))[1] for c, a in known]
        best = int(np.argmin(total))
        if best:
            out[i], series[i] = best, known[best][1]
    return out
