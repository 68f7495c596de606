"""Power of the exact tests between two groups: simulation, closed forms, and the search for the number of cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._survival_calibration import Target, cuts
from garnetlab.analyse._survival_families import NORMAL
from garnetlab.analyse._survival_likelihood import Censored, fixed_difference, maximise
from garnetlab.analyse._survival_permutation import deal_distribution, logrank_scores
from garnetlab.core import InvalidInput, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: more cells per group than this are not looked for
MOST = 200
_LEAST = 2
#: up to so many cells the number is the least with the wanted power; beyond, a line is fitted through several
_ONE_BY_ONE = 12
_DRAWN = 5_000
#: up to this number of cells per group the permutation distribution of ranks is counted out, beyond it is normal
_COUNTED = 25
#: within this factor of the level the normal approximation of a p value is checked by counting
_DOUBT = 2.5


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What is wanted of a test, and how many experiments are simulated."""

    power: float
    level: float
    simulations: int

    def __post_init__(self) -> None:
        for name, value in (("power", self.power), ("level", self.level)):
            if not 0.0 < value < 1.0:
                message = f"{name} = {value:g}: expected a number between 0 and 1."
                raise InvalidInput(message)
        if self.simulations < 1:
            message = f"simulations = {self.simulations}: expected at least 1."
            raise InvalidInput(message)


def plan_power(
    plan: PowerPlan,
    simulate: Callable[[int], float],
    closed_form: Callable[[int], float],
    details: Mapping[str, object],
) -> Result:
    """Return the least number of cells per group whose simulated power is the wanted one, with the power curve."""
    formula = next((n for n in range(_LEAST, MOST + 1) if closed_form(n) >= plan.power), None)
    known: dict[int, float] = {}

    def power(cells: int) -> float:
        if cells not in known:
            known[cells] = simulate(cells)
        return known[cells]

    cells = _search(power, plan.power, formula or MOST)
    top = cells or MOST
    for n in np.unique(np.round(np.linspace(_LEAST, 1.4 * top, 7)).astype(int)):
        power(int(n))
    interval = (0, 0)
    if cells is not None:
        cells, interval = _settle(power, closed_form, plan, cells)
        power(cells)
    numbers = np.array(sorted(known))
    values = np.array([known[n] for n in numbers])
    std = np.array([_error(v, plan.simulations) for v in values])
    curves = {
        "cells": numbers.astype(float),
        "power": values,
        "power_std": std,
        "power_closed_form": np.array([closed_form(int(n)) for n in numbers]),
    }
    quantities: dict[str, Quantity] = {}
    if formula is not None:
        quantities["cells_per_group_closed_form"] = Quantity(float(formula), None, "1", None, "closed form")
    facts = {**details, "wanted_power": plan.power, "level": plan.level, "simulations": plan.simulations}
    if cells is None:
        quantities["cells_per_group_lower_bound"] = Quantity(float(MOST + 1), None, "1", None, "simulation")
        warning = f"more than {MOST} cells per group are needed; such a difference is not found by counting cells."
        return Result("power", quantities, Outcome.TOO_FEW_POINTS, curves=curves, details=facts, warnings=(warning,))
    error = _error(known[cells], plan.simulations)
    limits = (float(interval[0]), float(interval[1]))
    method = f"{plan.simulations} simulations of each number; the interval is from their number"
    quantities["cells_per_group"] = Quantity(float(cells), None, "1", limits, method)
    quantities["power"] = Quantity(known[cells], error, "1", None, "simulation")
    return Result("power", quantities, curves=curves, details=facts)


def _search(power: Callable[[int], float], wanted: float, start: int) -> int | None:
    """Return the least number of cells with the wanted power: bracket from the start, then halve."""
    high = start
    while power(min(high, MOST)) < wanted:
        if high >= MOST:
            return None
        high = min(max(high + 1, math.ceil(1.15 * high)), MOST)
    low = high
    while low > _LEAST and power(low) >= wanted:
        high, low = low, max(min(low - 1, math.floor(low / 1.15)), _LEAST)
    if power(low) >= wanted:
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def _error(share: float, number: int) -> float:
    """Return the standard error of a share that was seen in a number of simulations."""
    return math.sqrt(max(share * (1.0 - share), 1.0 / number) / number)


def _settle(
    power: Callable[[int], float], closed_form: Callable[[int], float], plan: PowerPlan, cells: int
) -> tuple[int, tuple[int, int]]:
    """Return the number of cells and its 95 % interval, from the power at several numbers around it.

    Few cells are told apart by their power one by one. Beyond, the first number that reaches the wanted power by chance
    would be too low: the normal quantiles of the simulated powers are fitted as a line of those of the closed form.
    """
    from scipy.special import ndtri

    if cells <= _ONE_BY_ONE:
        return cells, _neighbours(power, plan, cells)
    numbers = np.unique(np.round(np.linspace(0.75 * cells, 1.3 * cells, 9)).astype(int))
    seen = np.clip([power(int(n)) for n in numbers], 1e-3, 1.0 - 1e-3)
    x, y = ndtri(np.clip([closed_form(int(n)) for n in numbers], 1e-6, 1.0 - 1e-6)), ndtri(seen)
    density = np.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi)
    weight = plan.simulations * density**2 / (seen * (1.0 - seen))
    (line, offset), covariance = np.polyfit(x, y, 1, w=np.sqrt(weight), cov="unscaled")
    wanted = (float(ndtri(plan.power)) - offset) / line
    error = math.sqrt(covariance[1, 1] + 2.0 * wanted * covariance[0, 1] + wanted**2 * covariance[0, 0]) / line
    found = [
        next(n for n in range(_LEAST, 3 * MOST) if float(ndtri(min(closed_form(n), 1.0 - 1e-9))) >= bar)
        for bar in (wanted - 1.96 * error, wanted, wanted + 1.96 * error)
    ]
    return found[1], (found[0], found[2])


def _neighbours(power: Callable[[int], float], plan: PowerPlan, cells: int) -> tuple[int, int]:
    """Return the numbers around whose power, give or take its error, is the wanted one."""
    low = high = cells
    while low > _LEAST and power(low - 1) + 1.96 * _error(power(low - 1), plan.simulations) >= plan.power:
        low -= 1
    while high < MOST and power(high) - 1.96 * _error(power(high), plan.simulations) < plan.power:
        high += 1
    return low, high


# critical current densities on a ladder -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ladder:
    """Two groups of cells whose critical currents scatter normally, tested on a ladder of currents."""

    first: float
    second: float
    scatter: float
    step: float
    highest: float

    def draw(self, cells: int, sets: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Return the number of the last survived step of each cell of both groups (sets, cells)."""
        found = []
        for mean in (self.first, self.second):
            value = mean + self.scatter * rng.standard_normal((sets, cells))
            top = np.floor(self.highest / self.step + 1e-9) if math.isfinite(self.highest) else np.inf
            steps = np.clip(np.floor(value / self.step + 1e-9), 0.0, top)
            found.append(steps.astype(np.int64))
        return found[0], found[1]


def ladder_rejections(
    cells: int, ladder: Ladder, plan: PowerPlan, rng: np.random.Generator, *, likelihood: bool
) -> float:
    """Return the share of simulated experiments in which the test finds a difference."""
    first, second = ladder.draw(cells, plan.simulations, rng)
    if likelihood:
        return _likelihood_share(first, second, ladder)
    both = np.hstack([first, second])
    hits = sum(_rank_test_rejects(row, cells, plan.level) for row in both)
    return hits / plan.simulations


def _likelihood_share(first: Ints, second: Ints, ladder: Ladder) -> float:
    """Return the share in which the calibrated likelihood ratio of equal means exceeds its cut (level 5 % only)."""
    both = np.hstack([first, second])
    low: Floats = np.asarray(both * ladder.step, dtype=np.float64)
    top = np.floor(ladder.highest / ladder.step + 1e-9) if math.isfinite(ladder.highest) else np.inf
    high = np.where(both >= top, np.inf, low + ladder.step)
    cells = first.shape[1]
    data = Censored(low, np.asarray(high, dtype=np.float64), np.repeat([0, 1], cells))
    drop = 2.0 * (maximise(data, NORMAL).value - maximise(data, NORMAL, fixed_difference(2, 0, 1, 0.0)).value)
    cut = cuts(NORMAL, (cells, cells), (cells, cells), Target("difference", 0, 1))[0]
    return float((drop > cut).mean())


def _rank_test_rejects(steps: Ints, cells: int, level: float) -> bool:
    """Whether the permutation test of the ranks, which are the interval scores on one ladder, has p at most the level."""
    _, place, counts = np.unique(steps, return_inverse=True, return_counts=True)
    # twice the centred mean rank of each step: whole numbers
    scores = 2 * np.cumsum(counts) - counts - len(steps)
    observed = abs(int(scores[place[:cells]].sum()))
    if observed == 0:
        return False
    variance = float((counts * scores.astype(float) ** 2).sum()) / len(steps) * cells * cells / (len(steps) - 1)
    rough = math.erfc((observed - 1.0) / math.sqrt(2.0 * variance))
    if cells > _COUNTED or (cells > 6 and not level / _DOUBT < rough < level * _DOUBT):
        return rough <= level
    return rank_sum_p(scores, counts, cells, observed) <= level


def rank_sum_p(scores: Ints, counts: Ints, chosen: int, observed: int) -> float:
    """Return the share of the ways to choose cells whose sum of scores is at least as far from 0 as the observed one.

    Parameters
    ----------
    scores:   Whole-numbered score of each kind of cell (k,), with sum over all cells 0.
    counts:   Cells of each kind (k,).
    chosen:   Number of cells to choose.
    observed: Absolute sum of the scores.

    Source
    ------
    B. Streitberg and J. Röhmel, Statistical Software Newsletter 12 (1986) 10 (shift algorithm).
    """
    reach = int((np.maximum(scores, 0) * counts).sum())
    width = 2 * reach + 1
    ways = np.zeros((chosen + 1, width))
    ways[0, reach] = 1.0
    for score, count in zip(scores.tolist(), counts.tolist(), strict=True):
        new = ways.copy()
        for take in range(1, min(count, chosen) + 1):
            shift = take * score
            a, b = max(shift, 0), width + min(shift, 0)
            new[take:, a:b] += math.comb(count, take) * ways[: chosen + 1 - take, a - shift : b - shift]
        ways = new
    sums = np.abs(np.arange(width) - reach)
    return float(ways[chosen][sums >= observed].sum() / ways[chosen].sum())


def ladder_power(cells: int, ladder: Ladder, level: float) -> float:
    """Return the power of Student's t with the variance of the step added (Sheppard's correction step^2/12).

    Source
    ------
    J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, section 2; W. F. Sheppard, Proc. London
    Math. Soc. 29 (1898) 353.
    """
    from scipy.stats import nct, t

    if cells < _LEAST:
        return 0.0
    freedom = 2 * cells - 2
    spread = math.sqrt(ladder.scatter**2 + ladder.step**2 / 12.0)
    away = abs(ladder.second - ladder.first) / spread * math.sqrt(0.5 * cells)
    bar = float(t.ppf(1.0 - 0.5 * level, freedom))
    return float(nct.sf(bar, freedom, away) + nct.cdf(-bar, freedom, away))


# lives ----------------------------------------------------------------------------------------------------------------
def life_rejections(
    cells: int, ratio: float, shape: float, watch: float, plan: PowerPlan, rng: np.random.Generator
) -> float:
    """Return the share of simulated experiments in which the permutation log-rank test finds a difference.

    All watches end at one time, so that the scores depend on the number of failures alone, and with them the test's bar.
    """
    scale = np.repeat([1.0, ratio], cells)
    lives = scale * rng.weibull(shape, (plan.simulations, 2 * cells))
    order = np.argsort(lives, axis=1)
    failures = (lives <= watch).sum(axis=1)
    hits = 0
    for number in np.unique(failures):
        if number == 0:
            continue
        scores = logrank_scores(np.minimum(np.arange(2.0 * cells), float(number)), np.arange(2 * cells) < number)
        null = np.sort(deal_distribution(scores, np.array([cells, cells]), _DRAWN, rng))
        mine = order[failures == number]
        # unfailed cells come last in any order, their scores are the same
        sums = np.where(mine < cells, scores[None, :], 0.0).sum(axis=1)
        between = 2.0 * sums**2 / cells
        beyond = len(null) - np.searchsorted(null, between * (1.0 - 1e-9) - 1e-12)
        hits += int((beyond <= plan.level * len(null)).sum())
    return hits / plan.simulations


def logrank_power(cells: int, ratio: float, shape: float, watch: float, level: float) -> float:
    """Return the power of the log-rank test from the expected failures and the ratio of hazards ratio^shape (Schoenfeld)."""
    from scipy.special import ndtr, ndtri

    failed = [1.0 if math.isinf(watch) else -math.expm1(-((watch / s) ** shape)) for s in (1.0, ratio)]
    away = abs(shape * math.log(ratio)) * math.sqrt(0.25 * cells * sum(failed))
    bar = float(ndtri(1.0 - 0.5 * level))
    return float(ndtr(away - bar) + ndtr(-away - bar))
