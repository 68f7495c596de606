"""Exact tests between groups of cells: scores of the observations, and all the ways in which labels can be dealt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._survival_curve import turnbull

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Groups = NDArray[np.intp]

#: up to so many deals of the labels all are counted
ALL = 200_000
_DRAWN = 99_999
_BLOCK = 20_000
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A p value from dealt labels.

    Parameters
    ----------
    statistic: Between-group sum of squares of the mean scores, over what it is on average (1 where groups do not differ).
    p:         Share of the deals at least as far out as the one observed.
    std:       Standard error of p: 0 where all deals were counted.
    exact:     Whether all deals were counted.
    deals:     Number of deals.
    least:     The least p that these numbers of cells can give, whatever they measure.
    """

    statistic: float
    p: float
    std: float
    exact: bool
    deals: int
    least: float


def interval_scores(low: Floats, high: Floats, *, kind: str) -> Floats:
    """Return one score per observation from the curve of all cells together, 0 on average.

    ``logrank`` weighs late failures (best where hazards are proportional), ``wilcoxon`` early ones (best for a shift). A
    score is large where the cell failed early. Values are in (low, high], exact where low = high, censored at infinity.

    Source
    ------
    R. Peto and J. Peto, J. R. Stat. Soc. A 135 (1972) 185; M. P. Fay, Biometrics 52 (1996) 811 and Statistics in Medicine 18
    (1999) 273 (scores for interval-censored values).
    """
    masses = turnbull(low, high)
    total = np.append(0.0, np.cumsum(masses.probability))  # F before each piece, and after the last
    first = np.searchsorted(masses.low, low, side="left")
    # a point at the lower limit of an open interval is not in it
    first += (low != high) & np.isin(low, masses.low[masses.low == masses.high])
    last = np.searchsorted(masses.high, high, side="right")
    before, after = 1.0 - total[first], 1.0 - total[np.maximum(last, first)]
    if kind == "wilcoxon":
        return before + np.where(np.isinf(high), 0.0, after) - 1.0
    after = np.where(np.isinf(high), 0.0, after)
    scores: Floats = (_plogp(before) - _plogp(after)) / np.maximum(before - after, 1e-300)
    return scores


def _plogp(p: Floats) -> Floats:
    inside = p > 1e-12
    return np.where(inside, p * np.log(np.where(inside, p, 1.0)), 0.0)


def logrank_scores(time: Floats, failed: NDArray[np.bool_]) -> Floats:
    """Return observed minus expected failures of each cell, whose sum over a group is that of the log-rank test.

    Source
    ------
    J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data, 2nd ed., Wiley 2002, section 7.3.
    """
    times, deaths = np.unique(time[failed], return_counts=True)
    at_risk = (time[None, :] >= times[:, None]).sum(axis=1)
    hazard = np.append(0.0, np.cumsum(deaths / at_risk))
    scores: Floats = failed - hazard[np.searchsorted(times, time, side="right")]
    return scores


def logrank_chi2(time: Floats, failed: NDArray[np.bool_], group: Groups) -> tuple[float, int]:
    """Return the log-rank statistic of k groups with its hypergeometric variance, and its k - 1 degrees of freedom.

    Source
    ------
    N. Mantel, Cancer Chemother. Rep. 50 (1966) 163; Kalbfleisch and Prentice (2002), eq. 1.22.
    """
    groups = int(group.max()) + 1
    excess, variance = np.zeros(groups), np.zeros((groups, groups))
    for when in np.unique(time[failed]):
        watched = time >= when
        here = np.bincount(group[watched], minlength=groups).astype(float)
        dead = np.bincount(group[(time == when) & failed], minlength=groups)
        n, d = here.sum(), dead.sum()
        share = here / n
        excess += dead - d * share
        if n > 1:
            variance += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    part = excess[:-1]
    return float(part @ np.linalg.pinv(variance[:-1, :-1], hermitian=True) @ part), groups - 1


def permutation_test(scores: Floats, group: Groups, rng: np.random.Generator) -> PermutationTest:
    """Return how rarely dealt labels part the groups as far as the given ones do; the sizes of the groups are kept."""
    sizes = np.bincount(group)
    centred = scores - scores.mean()
    deals = math.factorial(len(group)) // math.prod(math.factorial(int(n)) for n in sizes)
    sums = np.bincount(group, weights=centred)
    observed = float((sums**2 / sizes).sum())
    average = float(centred @ centred) * (len(sizes) - 1) / (len(group) - 1)
    statistic = observed / average if average > 0.0 else 0.0
    bar = observed - _ROUNDING * (1.0 + observed)
    least = min(1.0, _swaps(sizes) / deals)
    if average <= 0.0:
        return PermutationTest(0.0, 1.0, 0.0, True, deals, least)
    if deals <= ALL:
        far = sum(int((block >= bar).sum()) for block in _all_deals(centred, [int(n) for n in sizes]))
        return PermutationTest(statistic, far / deals, 0.0, True, deals, least)
    far = int((_drawn_deals(centred, sizes, _DRAWN, rng) >= bar).sum())
    p = (far + 1) / (_DRAWN + 1)
    return PermutationTest(statistic, p, math.sqrt(p * (1.0 - p) / _DRAWN), False, _DRAWN, least)


def deal_distribution(scores: Floats, sizes: Groups, drawn: int, rng: np.random.Generator) -> Floats:
    """Return the between-group sums of squares of all deals of centred scores, or of drawn ones where there are too many."""
    deals = math.factorial(len(scores)) // math.prod(math.factorial(int(n)) for n in sizes)
    if deals <= drawn:
        return np.concatenate(_all_deals(scores, [int(n) for n in sizes]))
    return _drawn_deals(scores, sizes, drawn, rng)


def _drawn_deals(scores: Floats, sizes: Groups, drawn: int, rng: np.random.Generator) -> Floats:
    blocks = []
    for start in range(0, drawn, _BLOCK):
        dealt = rng.permuted(np.tile(scores, (min(_BLOCK, drawn - start), 1)), axis=1)
        blocks.append(_between(dealt, sizes))
    return np.concatenate(blocks)


def _swaps(sizes: NDArray[np.intp]) -> int:
    """Return how many deals are as extreme as the most extreme one for their symmetry: names of groups of one size."""
    return math.prod(math.factorial(int((sizes == n).sum())) for n in np.unique(sizes))


def _between(dealt: Floats, sizes: NDArray[np.intp]) -> Floats:
    edges = np.append(0, np.cumsum(sizes))[:-1]
    sums = np.add.reduceat(dealt, edges, axis=1)
    found: Floats = (sums**2 / sizes).sum(axis=1)
    return found


def _all_deals(scores: Floats, sizes: list[int]) -> list[Floats]:
    """Return the between-group sums of squares of all deals, in blocks."""
    if len(sizes) == 1:
        return [np.array([scores.sum() ** 2 / sizes[0]])]
    size, rest = sizes[0], sizes[1:]
    chosen = np.array(list(combinations(range(len(scores)), size)))
    own = scores[chosen].sum(axis=1)
    if len(rest) == 1:
        return [own**2 / size + (scores.sum() - own) ** 2 / rest[0]]
    blocks = []
    for pick, total in zip(chosen, own, strict=True):
        left = np.delete(scores, pick)
        blocks += [block + total**2 / size for block in _all_deals(left, rest)]
    return blocks
