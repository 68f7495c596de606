"""Groups of censored observations: checks, fits and bounds that lives and critical current densities share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse._survival_calibration import Estimate, Target, estimate
from garnetlab.analyse._survival_likelihood import Censored, maximise
from garnetlab.analyse._survival_permutation import PermutationTest, permutation_test
from garnetlab.core import InvalidInput
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from garnetlab.analyse._survival_families import Family

    Floats = NDArray[np.float64]
    Groups = NDArray[np.intp]


def check_groups(groups: Mapping[str, Sequence[object]], what: str) -> None:
    """Raise InvalidInput unless there are two groups and each has a cell."""
    if len(groups) < 2:
        message = f"groups = {list(groups)}: expected at least two groups to compare. Use {what} for one."
        raise InvalidInput(message)
    empty = [name for name, cells in groups.items() if not cells]
    if empty:
        message = f"groups = {empty[0]!r} has no cells: expected at least one cell in each group."
        raise InvalidInput(message)


def check_number(name: str, value: float, *, positive: bool = True) -> None:
    """Raise InvalidInput unless a number is finite, and greater than 0 where that is asked for."""
    if not math.isfinite(value) or value < 0.0 or (positive and value == 0.0):
        message = f"{name} = {value:g}: expected a finite number {'>' if positive else '>='} 0."
        raise InvalidInput(message)


def stack(limits: Sequence[tuple[Floats, Floats]]) -> Censored:
    """Return one data set of several groups."""
    low, high = (np.concatenate([pair[k] for pair in limits])[None, :] for k in (0, 1))
    return Censored(low, high, np.repeat(np.arange(len(limits)), [len(pair[0]) for pair in limits]))


def common_range(low: Floats, high: Floats) -> tuple[float, float] | None:
    """Return the values that fit every observation of a group, or None where there is no such value."""
    edges = float(low.max()), float(high.min())
    return edges if edges[0] <= edges[1] else None


def collapses(data: Censored) -> bool:
    """Whether one value per group fits all observations, so that the most likely spread is none."""
    return all(
        common_range(data.low[0, data.group == g], data.high[0, data.group == g]) is not None
        for g in range(data.groups)
    )


def middle_of(data: Censored, group: int) -> float:
    """Return the middle of the values that fit every observation of a group; infinite without a failure."""
    mine = data.group == group
    edges = common_range(data.low[0, mine], data.high[0, mine])
    return math.nan if edges is None else 0.5 * (edges[0] + edges[1])


def fit_targets(data: Censored, family: Family, targets: Mapping[str, Target]) -> dict[str, Estimate]:
    """Return the most likely value and the calibrated 95 % interval of each target of one data set.

    Where an observation is known exactly the data must not collapse. The location of a group that never failed is only
    bounded from below, and so is its difference from another.
    """
    collapsed = collapses(data)
    fit = maximise(data, family)
    unit = _typical(data)
    found = {}
    for name, target in targets.items():
        one = estimate(data, family, fit, target, unit=unit)
        found[name] = _open_ends(data, target, _collapsed(data, target, one) if collapsed else one)
    return found


def _open_ends(data: Censored, target: Target, found: Estimate) -> Estimate:
    """Return the estimate with the sides open that a group without a failure leaves open."""
    if target.kind == "scale":
        return found
    never = [not data.failed[0, data.group == g].any() for g in (target.first, target.second)]
    up, down = (never[0], False) if target.kind == "location" else (never[1], never[0])
    value = math.nan if up or down else found.value
    return Estimate(value, -math.inf if down else found.low, math.inf if up else found.high)


def _typical(data: Censored) -> float:
    """Return a step of the size of the spread or of the widths of the limits."""
    ends = np.concatenate([data.low[0], data.high[0]])
    ends = ends[np.isfinite(ends)]
    spread = float(ends.std())
    return spread if spread > 0.0 else max(abs(float(ends[0])), 1.0)


def _collapsed(data: Censored, target: Target, found: Estimate) -> Estimate:
    """Return the estimate where the most likely spread is none: the middle of what fits all, the limits as found."""
    if target.kind == "scale":
        return Estimate(-math.inf, -math.inf, found.high)
    value = middle_of(data, target.first)
    if target.kind == "difference":
        value = middle_of(data, target.second) - value
    return Estimate(value, found.low, found.high)


def add_quantity(quantities: dict[str, Quantity], name: str, found: Estimate, unit: str, method: str) -> None:
    """Add a quantity with its interval; a side without a limit leaves the other as a bound, none no quantity."""
    # a positive quantity that is only known to be above 0 is not known
    finite = [math.isfinite(found.low) and (found.low != 0.0 or math.isfinite(found.high)), math.isfinite(found.high)]
    if math.isfinite(found.value) and any(finite):
        interval = (found.low, found.high) if all(finite) else None
        quantities[name] = Quantity(found.value, None, unit, interval, method)
    if finite == [True, False]:
        quantities[f"{name}_lower_bound"] = Quantity(found.low, None, unit, None, f"{method}: lower 97.5 % limit")
    if finite == [False, True]:
        quantities[f"{name}_upper_bound"] = Quantity(found.high, None, unit, None, f"{method}: upper 97.5 % limit")


def exponential(found: Estimate) -> Estimate:
    """Return an estimate of a logarithm as one of the value."""
    edges = [math.exp(x) if x < 700.0 else math.inf for x in (found.value, found.low, found.high)]
    return Estimate(*edges)


def deal_groups(
    scores: Floats, group: Groups, pellets: Sequence[str], rng: np.random.Generator
) -> tuple[PermutationTest, list[str]]:
    """Return the permutation test between groups and what to know about it.

    Where cells of a group share a pellet, pellets are dealt and not cells, each with the mean score of its cells.
    """
    names = [pellet or f"cell {i}" for i, pellet in enumerate(pellets)]
    together = sorted({(int(g), p) for g, p in zip(group, names, strict=True)})
    if len({p for _, p in together}) < len(together):
        warning = "pellets were shared between groups; the test takes their cells as independent. See pellet_spread."
        return permutation_test(scores, group, rng), [warning]
    if len(together) == len(names):
        return permutation_test(scores, group, rng), []
    means = [np.mean([s for s, p in zip(scores, names, strict=True) if p == pellet]) for _, pellet in together]
    warning = (
        f"{len(names)} cells come from {len(together)} pellets: the test deals pellets. Intervals take the cells as"
        " independent; see pellet_spread."
    )
    found = permutation_test(np.array(means), np.array([g for g, _ in together]), rng)
    return found, [warning]


def deal_details(found: PermutationTest) -> dict[str, object]:
    """Return what stands behind a p value, JSON-able."""
    return {
        "p_value": found.p,
        "p_value_std": found.std,
        "exact": found.exact,
        "deals": found.deals,
        "least_p_value": found.least,
        "statistic": found.statistic,
    }


def deal_words(found: PermutationTest) -> str:
    """Return a sentence on a p value that cannot become small, or an empty one."""
    if found.least <= 0.05:
        return ""
    return f"so few cells cannot give a p value below {found.least:.2g}, however much the groups differ."
