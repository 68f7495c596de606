"""Odds that a half cycle holds an abrupt change, against what differs between half cycles by chance.

Without an event a difference of ln V follows a Student law of 8 degrees of freedom, which has the tails of a laboratory;
with one it is anything between 5 % and a factor of 1000, equally likely per decade. One event per test is expected beforehand,
equally likely in each half cycle. A conducting path has no direction: a short is looked for in both, one after the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._cell_event_levels import SAME, Levels, running_scatter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["SMALLEST", "Odds", "against_rivals", "change_odds", "falls", "probability", "rises", "student"]

SMALLEST = 0.05  #: change of ln V below which nothing is called an event
_LARGEST = math.log(1000.0)
_NARROW = 3  # parts: one wrong reading is outvoted
_INSIDE = 3  # places in a half cycle of eight parts where three lie before and three after
_LEVEL_TOP = 1.0  # difference of ln odds within which places are as good
_LEAST_PARTS = 3  # after a fall, and one fewer before it
_SETTLED = 4  # half cycles in which an interface may still form: what falls more slowly there is no event
_SLOW = 4  # half cycles over which slow changes show
_USUAL_SLOW = 0.06  # scatter of ln V over so many half cycles in a usual laboratory: one kelvin an hour at 0.6 eV
_UNLIKE = 0.25  # share of the doubt of a change of current that half cycles at the same current do not share
_RIVAL, _RIVAL_SENSOR, _RIVAL_ABRUPT, _RIVAL_SIZE = (
    0.1,
    0.03,
    0.01,
    0.2,
)  # falls per test that are no shorts; their ln V
_FREEDOM = 8.0
_NORM = math.gamma(4.5) / math.sqrt(8.0 * math.pi) / math.gamma(4.0)


@dataclass(frozen=True, slots=True)
class Odds:
    """Per half cycle: ln of the odds, the change of ln V (positive, NaN where none), and the part where it begins."""

    log_odds: Floats
    size: Floats
    part: Ints
    deviations: Floats


def probability(log_odds: float) -> float:
    """Return p from ln(p/(1 - p))."""
    return 1.0 / (1.0 + math.exp(-max(min(log_odds, 700.0), -700.0)))


def student(values: Floats, scale: Floats) -> Floats:
    """Return the density of the Student law of 8 degrees of freedom at ``values``."""
    ratio = np.asarray(values / scale)
    return np.asarray(_NORM * (1.0 + ratio**2 / _FREEDOM) ** (-0.5 * (_FREEDOM + 1.0)) / scale)


def _changed(size: Floats) -> Floats:
    """Return the density of a change of that size where there is one: even in ln size between the smallest and the largest."""
    inside = (size >= SMALLEST) & (size <= 2.0 * _LARGEST)
    return np.where(inside, 1.0 / (np.maximum(size, SMALLEST) * math.log(_LARGEST / SMALLEST)), 0.0)


def _tails(values: Floats, levels: Levels) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of what lies from each part on to the end of the half cycle, shape (n, parts)."""
    known = np.isfinite(values)
    count = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    total = np.cumsum(np.where(known, values, 0.0)[:, ::-1], axis=1)[:, ::-1]
    squares = np.cumsum(np.where(known, levels.single**2, 0.0)[:, ::-1], axis=1)[:, ::-1]
    many = np.maximum(count, 1)
    mean = np.where(count > 0, total / many, np.nan)
    return mean, np.sqrt(levels.common[:, None] ** 2 + squares / many**2)


def _change(values: Floats, levels: Levels, prior: float) -> Odds:
    """Return the odds that ``values`` (positive for the change looked for) change at some part of each half cycle."""
    mean, spread = _tails(values, levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(_changed(mean)) - np.log(student(mean, spread))
    last = np.cumsum(np.isfinite(values)[:, ::-1], axis=1)[:, ::-1] < 2  # one part may be one wrong reading
    several = np.isfinite(values).sum(axis=1) >= 2
    ratio = np.where(np.isnan(ratio) | (last & several[:, None]), -np.inf, ratio)
    part = np.argmax(ratio, axis=1)
    rows = np.arange(len(values))
    parts = np.maximum(np.isfinite(values).sum(axis=1), 1)
    log_odds = ratio[rows, part] - np.log(parts) + math.log(prior)
    return Odds(log_odds, mean[rows, part], part, mean[rows, part] / spread[rows, part])


def falls(levels: Levels, sign: Ints, prior: float) -> Odds:
    """Return the odds of a fall that lasts, whether within a half cycle or through the noise of four and four of them."""
    sharp, slow = _sharp(levels, prior), _lasting(levels, sign, prior)
    better = slow.log_odds > np.maximum(sharp.log_odds, 0.0)
    near = np.flatnonzero(better)
    for h in near:  # what is seen sharply nearby has its own place
        begin = max(h - _SLOW, 0)
        if np.any(sharp.log_odds[begin : h + _SLOW] >= 0.0):
            better[h] = False
    return Odds(
        np.where(better, slow.log_odds, sharp.log_odds),
        np.where(better, slow.size, sharp.size),
        np.where(better, slow.part, sharp.part),
        np.where(better, slow.deviations, sharp.deviations),
    )


def _lasting(levels: Levels, sign: Ints, prior: float) -> Odds:
    """Return the odds that four half cycles lie below the four before them, at one current and without a gap."""
    n = len(sign)
    out = Odds(np.full(n, -np.inf), np.full(n, np.nan), np.zeros(n, dtype=np.int64), np.zeros(n))
    if n < 3 * _SLOW:
        return out
    known = np.isfinite(levels.logs)
    noise = np.sqrt(np.where(known, levels.single**2, 0.0).sum(axis=1)) / np.maximum(known.sum(axis=1), 1)
    ahead, behind = (_windows(levels.level, _SLOW, np.nanmean, ahead=a) for a in (True, False))
    balance = [_windows(sign.astype(np.float64), _SLOW, np.nanmean, ahead=a) for a in (True, False)]
    calm = _windows((levels.change < 1e-6).astype(np.float64), 2 * _SLOW, np.nanmin, ahead=True)
    calm = np.minimum(np.roll(calm, 2), calm)
    extremes = [_windows(levels.current, 2 * _SLOW, f, ahead=True) for f in (np.nanmax, np.nanmin)]
    one_current = np.roll(extremes[0] - extremes[1], _SLOW) < SAME
    usable = (np.abs(balance[0] - balance[1]) < 1e-9) & (calm > 0.5) & one_current
    usable[: 2 * _SLOW] = usable[n - 1 :] = False
    step = np.where(usable, ahead - behind, np.nan)
    both = np.hypot(*(_windows(noise, _SLOW, np.nanmean, ahead=a) for a in (True, False))) / math.sqrt(_SLOW)
    both = np.where(np.isfinite(both), both, noise)
    spread = np.hypot(running_scatter(step, both, _SLOW, usual=_USUAL_SLOW), both)
    ratio = _ratio(-step, spread)
    best = _windows(np.concatenate([np.full(_SLOW, -np.inf), ratio]), 2 * _SLOW, np.nanmax, ahead=True)[:n]
    top = (ratio >= best) & np.isfinite(ratio)
    out.log_odds[top], out.size[top] = ratio[top] + math.log(prior), -step[top]
    out.deviations[top] = -step[top] / spread[top]
    return out


def _sharp(levels: Levels, prior: float) -> Odds:
    """Return the odds of a fall that lasts into the next half cycle.

    The middle of some parts is compared with the middle of as many before: of three, in which little else can change, and of
    as many as a half cycle has. What all of them share, a room that warms up or an interface that ages, drops out.
    """
    n, parts = levels.fall.shape
    out = Odds(np.full(n, -np.inf), np.full(n, np.nan), np.zeros(n, dtype=np.int64), np.zeros(n))
    known = np.flatnonzero(np.isfinite(levels.fall.ravel()))
    owner = known // parts
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    counted = np.diff(np.append(first, len(known)))
    width = max(_NARROW, int(np.median(counted))) if len(known) else _NARROW
    if len(known) < width + 1:
        return out
    step, spread = _steps(levels, known, width)
    ratio = _peaks(_ratio(-step, spread), width)
    if width > _NARROW:
        near, close = _steps(levels, known, _NARROW)
        sharp = _peaks(np.where(step < 0.5 * near, _ratio(-near, close), -np.inf), _NARROW)  # it lasts
        for k in np.flatnonzero(
            np.isfinite(ratio)
        ).tolist():  # what is sharp nearby has its own place, and the better odds
            begin = max(int(k) - width, 0)
            best = begin + int(np.argmax(sharp[begin : k + width + 1]))
            if sharp[best] > 0.0:
                settled = owner[best] >= _SETTLED
                sharp[best], ratio[k] = max(sharp[best], ratio[k]) if settled else sharp[best], -np.inf
        better = sharp > ratio
        ratio, step, spread = (np.where(better, a, b) for a, b in ((sharp, ratio), (near, step), (close, spread)))
    top = np.repeat(np.maximum.reduceat(ratio, first), counted)
    place = np.flatnonzero((ratio == top) & np.isfinite(ratio))
    place = place[np.diff(owner[place], prepend=-1) != 0]  # the first of equals
    rows = owner[place]
    out.log_odds[rows] = ratio[place] - np.log(counted[np.searchsorted(owner[first], rows)]) + math.log(prior)
    out.size[rows], out.part[rows] = -step[place], known[place] % parts
    out.deviations[rows] = -step[place] / spread[place]
    return out


def _peaks(ratio: Floats, reach: int) -> Floats:
    """Return each top of the odds at one place, else minus infinity: a fall shows in all windows that hold it.

    Middle values do not change while a fall is less than half a window away: its place is the middle of the top.
    """
    out = np.full(len(ratio), -np.inf)
    done = -1
    for k in np.flatnonzero(ratio > 0.0).tolist():
        begin, stop = max(k - reach, 0), k + reach + 1
        if k <= done or ratio[k] < ratio[begin:stop].max():
            continue
        top = np.flatnonzero(ratio[begin:stop] >= ratio[k] - _LEVEL_TOP) + begin
        place = int(top[(len(top) - 1) // 2])
        out[place] = ratio[place]
        done = int(top[-1])
    return out


def _ratio(size: Floats, spread: Floats) -> Floats:
    """Return ln of the likelihood of a change of that size over that of chance; minus infinity where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(_changed(size)) - np.log(student(size, spread))
    return np.where(np.isfinite(found), found, -np.inf)


def _steps(levels: Levels, known: Ints, width: int) -> tuple[Floats, Floats]:
    """Return the step at each known part, after minus before, and its standard deviation without an event."""
    low, high = levels.rise.ravel()[known], levels.fall.ravel()[known]
    noise = levels.single.ravel()[known] / math.sqrt(width)
    change = np.repeat(levels.change, levels.fall.shape[1])[known]
    before = np.minimum(
        _windows(low, width, np.nanmedian, ahead=False), _sustained(levels)[known // levels.fall.shape[1]]
    )
    after = _windows(high, width, np.nanmedian, ahead=True)
    left, right = (_windows(change, width, np.nanmean, ahead=a) for a in (False, True))
    step = after - before
    step[: _LEAST_PARTS - 1] = step[len(step) - _LEAST_PARTS + 1 :] = np.nan  # one part may be one wrong reading
    noise = np.hypot(noise, np.roll(noise, 1))
    uneven = np.hypot(right - left, _UNLIKE * np.maximum(right, left))
    calm = np.isfinite(step) & (uneven < 1e-6)
    parts = levels.fall.shape[1]
    common = running_scatter(np.where(calm, step, np.nan), noise, parts)
    inside = _inside(known // parts, width)
    if np.any(inside):  # between half cycles more differs than within one
        common = np.where(inside, running_scatter(np.where(calm & inside, step, np.nan), noise, _INSIDE), common)
    return step, np.sqrt(common**2 + noise**2 + uneven**2)


def _inside(owner: Ints, width: int) -> NDArray[np.bool_]:
    """Return where the parts before and after lie in one half cycle."""
    out = np.zeros(len(owner), dtype=np.bool_)
    if len(owner) > 2 * width:
        out[width : len(owner) - width + 1] = owner[: len(owner) - 2 * width + 1] == owner[2 * width - 1 :]
    return out


def _sustained(levels: Levels) -> Floats:
    """Return how much each half cycle rises over its last like for slow reasons: the middle of the four before it, at least 0.

    What rose once, and goes back, is no level from which to fall.
    """
    return np.fmax(_windows(levels.rested, _SLOW, np.nanmedian, ahead=False), 0.0)


def _windows(values: Floats, width: int, middle: Callable[..., Floats], *, ahead: bool) -> Floats:
    """Return the middle of ``width`` values from each one on, or of those before it; fewer at the ends, NaN where none."""
    padded = np.concatenate([np.full(width, np.nan), values, np.full(width - 1, np.nan)])
    view = np.lib.stride_tricks.sliding_window_view(padded, width)
    chosen = view[width : width + len(values)] if ahead else view[: len(values)]
    holes = np.concatenate([[0], np.cumsum(np.isnan(padded))])
    missing = holes[width:] - holes[:-width]
    missing = missing[width : width + len(values)] if ahead else missing[: len(values)]
    out = np.full(len(values), np.nan)
    whole, part = missing == 0, (missing > 0) & (missing < width)
    out[whole] = _PLAIN[middle](chosen[whole], axis=1)
    if np.any(part):
        out[part] = middle(chosen[part], axis=1)
    return out


#: the same without a look for NaN
_PLAIN: dict[Callable[..., Floats], Callable[..., Floats]] = {
    np.nanmedian: np.median, np.nanmean: np.mean, np.nanmin: np.min, np.nanmax: np.max,
}  # fmt: skip


def rises(levels: Levels, prior: float) -> Odds:
    """Return the odds of a rise."""
    return _change(levels.rise, levels, prior)


def change_odds(size: float, scatter: float, prior: float) -> float:
    """Return ln of the odds of one change of ln V of that size against scatter."""
    seen = np.array([max(size, SMALLEST)])
    ratio = np.log(_changed(seen)) - np.log(student(seen, np.array([scatter])))
    return float(ratio[0]) + math.log(prior)


def against_rivals(log_odds: float, size: float, *, abrupt: bool, sensor: bool) -> tuple[float, tuple[str, ...]]:
    """Return the probability of a short against chance and against what else makes a voltage fall, and that in words.

    A cell that somebody touches, a warmer room, a stack that is tightened: one such fall is expected in ten tests (in thirty
    where a sensor tells the temperature, in a hundred for a fall between two records), of a size with a standard deviation
    of 0.2 in ln V, which three kelvin make at 0.6 eV. These numbers are a convention; they only matter to small falls.
    """
    often = _RIVAL_ABRUPT if abrupt else _RIVAL_SENSOR if sensor else _RIVAL
    chance = 2.0 * math.exp(-0.5 * (size / _RIVAL_SIZE) ** 2) / (math.sqrt(2.0 * math.pi) * _RIVAL_SIZE)
    event = float(_changed(np.array([min(max(size, SMALLEST), _LARGEST)]))[0])
    against = math.exp(-min(log_odds, 700.0)) + often * chance / event
    words = () if abrupt or size > 2.0 * _RIVAL_SIZE else ("A warmer cell or a tighter stack could do as much.",)
    return 1.0 / (1.0 + against), words
