"""Share of cells that live on: Kaplan-Meier with its limits, and Turnbull's estimate where only limits are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 500
#: the score of the best curve is at most the number of observations; by so much it may exceed it, relatively
_OPTIMAL = 1e-8


@dataclass(frozen=True, slots=True)
class Curve:
    """Share that survives each time at which a cell failed or was last seen, with pointwise 95 % limits.

    Parameters
    ----------
    time:          Distinct times (k,).
    at_risk:       Cells that were watched and well just before each time (k,).
    failed:        Cells that failed at each time (k,).
    survival:      Share that survives the time (k,).
    low, high:     Limits from Greenwood's variance of ln(-ln S) (k,); those of the beta product where S is 0 or 1.
    exact_low, exact_high: Limits of the beta product, which hold for few cells, just after each time (k,).
    exact_start:   Lower limit of the beta product at time 0.
    """

    time: Floats
    at_risk: Floats
    failed: Floats
    survival: Floats
    low: Floats
    high: Floats
    exact_low: Floats
    exact_high: Floats
    exact_start: float


def kaplan_meier(time: Floats, failed: NDArray[np.bool_], *, level: float = 0.95) -> Curve:
    """Return the Kaplan-Meier curve of times at which cells failed or were last seen well.

    The beta product needs no large sample. Without censoring it is the interval of Clopper and Pearson; ties are taken
    one after the other, and between two failures the upper limit is that of the one before, the lower limit that of the
    next one, as if it came at once.

    Source
    ------
    E. L. Kaplan and P. Meier, J. Am. Stat. Assoc. 53 (1958) 457; J. D. Kalbfleisch and R. L. Prentice, The Statistical
    Analysis of Failure Time Data, 2nd ed., Wiley 2002, section 1.4 (ln(-ln S)); M. P. Fay, E. H. Brittain and M. A.
    Proschan, Biostatistics 14 (2013) 723 (beta product, by the method of moments).
    """
    from scipy.special import ndtri

    times = np.unique(time)
    deaths = ((time[None, :] == times[:, None]) & failed[None, :]).sum(axis=1)
    at_risk = (time[None, :] >= times[:, None]).sum(axis=1).astype(float)
    survival = np.cumprod(1.0 - deaths / at_risk)
    exact_low, exact_high = _beta_product(deaths, at_risk, 0.5 * (1.0 - level))
    inside = (survival > 0.0) & (survival < 1.0)
    spare = np.where(at_risk > deaths, at_risk - deaths, 1.0)
    variance = np.cumsum(deaths / (at_risk * spare))
    logs = np.log(np.where(inside, survival, 0.5))
    width = float(ndtri(0.5 + 0.5 * level)) * np.sqrt(variance) / np.abs(logs)
    low = np.where(inside, np.exp(logs * np.exp(width)), exact_low)
    high = np.where(inside, np.exp(logs * np.exp(-width)), exact_high)
    start = (0.5 * (1.0 - level)) ** (1.0 / len(time))
    return Curve(times, at_risk, deaths.astype(float), survival, low, high, exact_low, exact_high, start)


def _beta_product(deaths: NDArray[np.intp], at_risk: Floats, tail: float) -> tuple[Floats, Floats]:
    """Return the lower and the upper limit just after each time."""
    low, high = [], []
    mean, square = 1.0, 1.0
    after = np.append(at_risk[1:], 0.0)
    for dead, risk, left in zip(deaths, at_risk, after, strict=True):
        for y in risk - np.arange(dead):
            mean, square = mean * y / (y + 1.0), square * y / (y + 2.0)
        high.append(_beta_quantile(mean, square, 1.0 - tail) if mean < 1.0 else 1.0)
        low.append(_beta_quantile(mean * left / (left + 1.0), square * left / (left + 2.0), tail) if left else 0.0)
    return np.array(low), np.array(high)


def _beta_quantile(mean: float, square: float, share: float) -> float:
    from scipy.special import betaincinv

    total = mean * (1.0 - mean) / (square - mean * mean) - 1.0
    return float(betaincinv(mean * total, (1.0 - mean) * total, share))


def quantile_interval(curve: Curve, share: float, *, exact: bool) -> tuple[float | None, float | None, float | None]:
    """Return the time by which a share has failed, and the times at which the curve's limits come down to it.

    None where the curve or a limit does not come so low. A flat piece at the share gives its middle.

    Source
    ------
    R. Brookmeyer and J. Crowley, Biometrics 38 (1982) 29, with the limits of the curve asked for.
    """
    level = 1.0 - share
    value = _crossing(curve.time, curve.survival, level + 1e-12)
    flat = np.flatnonzero((np.abs(curve.survival - level) < 1e-12) & (curve.failed > 0))
    later = np.flatnonzero((curve.failed > 0) & (curve.survival < level - 1e-12))
    if flat.size and later.size:
        value = 0.5 * float(curve.time[flat[0]] + curve.time[later[0]])
    if not exact:
        return value, _crossing(curve.time, curve.low, level), _crossing(curve.time, curve.high, level)
    low = 0.0 if curve.exact_start <= level else _crossing(curve.time, curve.exact_low, level)
    return value, low, _crossing(curve.time, curve.exact_high, level)


def _crossing(time: Floats, values: Floats, level: float) -> float | None:
    below = np.flatnonzero(values <= level)
    return float(time[below[0]]) if below.size else None


# limits instead of times ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Masses:
    """Turnbull's estimate: probability between pairs of limits; where inside them it lies, the data do not say.

    Parameters
    ----------
    low, high:   Limits of each piece (m,); equal for a value known exactly; the last may reach to infinity.
    probability: Probability of each piece (m,).
    """

    low: Floats
    high: Floats
    probability: Floats

    def survival(self, x: Floats) -> Floats:
        """Return the probability of pieces that begin at or after each x, which must not lie inside a piece."""
        found: Floats = (
            ((self.low[None, :] >= x[:, None]) & (self.high[None, :] > x[:, None])) * self.probability[None, :]
        ).sum(axis=1)
        return found


def turnbull(low: Floats, high: Floats) -> Masses:
    """Return the most likely distribution of values known to lie in (low, high], exactly where low = high.

    Raises
    ------
    ArithmeticError  if the search does not meet its optimality condition.

    Source
    ------
    B. W. Turnbull, J. R. Stat. Soc. B 38 (1976) 290; the search is the constrained Newton method of Y. Wang, J. R. Stat.
    Soc. B 69 (2007) 185, and its result fulfils the condition of R. Gentleman and C. J. Geyer, Biometrika 81 (1994) 618.
    """
    left, right = _pieces(low, high)
    covered = _covers(low, high, left, right)
    probability = _newton(covered)
    keep = probability > 1e-9
    return Masses(left[keep], right[keep], probability[keep] / probability[keep].sum())


def _pieces(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the pieces that can hold probability: from a lower limit to the next limit, where that is an upper one.

    At one place an exact value's upper limit precedes the lower limits of open intervals and follows its own.
    """
    exact = low == high
    ends: list[tuple[float, float, int]]  # the last: 0 of a lower limit
    ends = [(x, 1.0 if e else 2.0, 0) for x, e in zip(low, exact, strict=True)]
    ends += [(x, 1.5 if e else 0, 1) for x, e in zip(high, exact, strict=True)]
    ends.sort()
    found = [(a[0], b[0]) for a, b in pairwise(ends) if a[2] == 0 and b[2] == 1]
    left, right = np.array(sorted(set(found))).T
    return left, right


def _covers(low: Floats, high: Floats, left: Floats, right: Floats) -> Floats:
    """Return which observation (rows) holds which piece (columns): 1 or 0."""
    exact = (low == high)[:, None]
    point = (left == right)[None, :]
    inside = (left[None, :] >= low[:, None]) & (right[None, :] <= high[:, None])
    # (low, high] does not hold a point at its lower limit
    lower_end = point & ~exact & (left[None, :] == low[:, None])
    return np.where(inside & ~lower_end, 1.0, 0.0)


def _newton(covered: Floats) -> Floats:
    """Return the probabilities that maximise the sum of ln(covered @ p), by least squares on the simplex."""
    from scipy.optimize import nnls

    rows, columns = covered.shape
    p = np.full(columns, 1.0 / columns)
    for _ in range(_STEPS):
        chance = covered @ p
        scores = covered.T @ (1.0 / chance)
        if scores.max() <= rows * (1.0 + _OPTIMAL):
            return p
        ratio = covered / chance[:, None]
        weight = 1e3 * rows
        target = np.append(np.full(rows, 2.0), weight)
        q = nnls(np.vstack([ratio, np.full(columns, weight)]), target)[0]
        step = q / q.sum() - p
        length, now = 1.0, np.log(chance).sum()
        rise = float(scores @ step)
        while length > 1e-12:
            tried = covered @ (p + length * step)
            if tried.min() > 0.0 and np.log(tried).sum() >= now + 1e-4 * length * rise:
                break
            length *= 0.5
        p = p + length * step
    message = f"turnbull: score {scores.max() / rows:.10g} after {_STEPS} steps, expected at most 1."
    raise ArithmeticError(message)


def masses_quantile(masses: Masses, share: float) -> tuple[float, float] | None:
    """Return the piece in which a share of the cells has failed, or None where it lies beyond what was watched."""
    place = int(np.searchsorted(np.cumsum(masses.probability), share - 1e-9))
    if place >= len(masses.probability) or math.isinf(masses.high[place]):
        return None
    return float(masses.low[place]), float(masses.high[place])
