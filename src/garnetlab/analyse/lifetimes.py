"""Lives of cells: survival curve, Weibull law and comparison of groups, with cells that had not failed when last seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from garnetlab import units
from garnetlab.analyse._survival_calibration import Estimate, Target, shape_bias
from garnetlab.analyse._survival_curve import kaplan_meier, masses_quantile, quantile_interval, turnbull
from garnetlab.analyse._survival_families import EXTREME
from garnetlab.analyse._survival_groups import (
    add_quantity,
    check_groups,
    check_number,
    collapses,
    deal_details,
    deal_groups,
    deal_words,
    exponential,
    fit_targets,
    stack,
)
from garnetlab.analyse._survival_permutation import interval_scores, logrank_chi2, logrank_scores
from garnetlab.analyse._survival_power import PowerPlan, life_rejections, logrank_power, plan_power
from garnetlab.core import InvalidInput, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Life", "compare_lifetimes", "life_power", "lifetimes"]

#: with fewer failures a result says how far the shape may be off
_FEW = 5
_B10 = 0.1
_METHOD = "Weibull, profile likelihood calibrated for the number of failures"


@dataclass(frozen=True, slots=True)
class Life:
    """How long a cell lived, or how long it was watched without a failure.

    Parameters
    ----------
    time:     Time of failure, or of the end of the watch where it had not failed [s].
    failed:   Whether it failed; else its life is longer than ``time``.
    survived: Where the failure was seen late: the last time at which the cell was known to be well [s]; the life lies
              between the two. None: the failure was seen as it came.
    cell:     Name of the cell.
    pellet:   Name of the pellet it was made from; cells of one pellet are no independent replicates.
    """

    time: units.Time
    failed: bool = True
    survived: units.Time | None = None
    cell: str = ""
    pellet: str = ""


def _limits(lives: Sequence[Life]) -> tuple[Floats, Floats]:
    """Return the last time without failure and the first with it; equal where it was seen, infinite where there is none."""
    if not lives:
        message = "lives = 0 cells: expected at least one cell."
        raise InvalidInput(message)
    low, high = [], []
    for life in lives:
        name = f"life of {life.cell!r}" if life.cell else "life"
        check_number(name, float(life.time))
        early = life.time if life.survived is None else life.survived
        check_number(f"{name}, survived", float(early), positive=False)
        if not life.failed and life.survived is not None:
            message = f"{name}: survived = {early:g} s of a cell that did not fail: expected time alone."
            raise InvalidInput(message)
        if early > life.time:
            message = f"{name}: survived = {early:g} s after time = {life.time:g} s: expected the earlier one first."
            raise InvalidInput(message)
        low.append(float(early) if life.failed else float(life.time))
        high.append(float(life.time) if life.failed else math.inf)
    return np.array(low), np.array(high)


def _logarithms(limits: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore"):
        return np.log(limits[0]), np.log(limits[1])


def lifetimes(
    lives: Sequence[Life],
    *,
    shape: Annotated[float, units.NONE] | None = None,
    limits: Literal["beta-product", "log-log"] = "beta-product",
) -> Result:
    """Return survival curve, median life and Weibull law of cells of one kind.

    Parameters
    ----------
    lives:  One entry per cell.
    shape:  Shape of the Weibull law where it is known from elsewhere; needed for a scale from fewer than two failures.
    limits: Limits of the survival curve from which the interval of the median comes: ``beta-product`` holds for few cells,
            ``log-log`` (Greenwood) is what large trials report.

    Returns
    -------
    :  ``median_life`` [h] where half of the cells had failed, with a 95 % interval or ``median_life_lower_bound``;
       ``weibull_shape``, ``weibull_scale`` [h], ``b10_life`` [h] (10 % have failed) and ``log_life_spread`` (standard
       deviation of ln life), each with a 95 % interval, or a bound alone. Without a failure: ``failed_share_upper_bound``
       at the time that every cell was watched, and ``weibull_scale_lower_bound`` for a given shape; the outcome is then
       TOO_FEW_POINTS. Curves: ``time`` [s], ``survival``, ``low``, ``high`` (log-log) and ``exact_low``, ``exact_high``;
       for lives known between two times ``piece_low``, ``piece_high`` [s] and ``probability`` instead. Details hold the
       numbers of ``cells`` and ``failures``.

    Raises
    ------
    InvalidInput  if there is no cell, a time is not above 0, limits are reversed, or all cells failed at the same time.

    Source
    ------
    Kaplan & Meier (1958); Brookmeyer & Crowley (1982); Fay, Brittain & Proschan (2013); Turnbull (1976); Lawless (2003),
    chapter 5: ``_survival_curve`` and ``_survival_calibration`` name equations and pages.
    """
    low, high = _limits(lives)
    if shape is not None:
        check_number("shape", shape)
    failures = int(np.isfinite(high).sum())
    details: dict[str, object] = {"cells": len(lives), "failures": failures, "limits": limits}
    warnings: list[str] = []
    quantities: dict[str, Quantity] = {}
    between = bool(((low != high) & np.isfinite(high)).any())
    curves = _pieces(low, high, details) if between else _curve(low, high, quantities, exact=limits == "beta-product")
    if "median_life" in quantities and quantities["median_life"].interval is None:
        warnings.append(
            f"{len(lives)} cells with {failures} failures give the median life no 95 % interval on both sides."
        )
    if failures == 0:
        quantities.update(_no_failure(low, shape, warnings))
    elif shape is not None:
        quantities.update(_known_shape(low, high, shape))
    elif failures > 1:
        quantities.update(_weibull(low, high, between=between))
        _warn_few(len(lives), failures, details, warnings)
    else:
        warnings.append("one failure tells no Weibull law: give the shape, or watch the cells longer.")
    outcome = Outcome.SUCCESS if "weibull_scale" in quantities else Outcome.TOO_FEW_POINTS
    if "weibull_scale" in quantities and "weibull_shape" in quantities:
        curves.update(_law(quantities, low, high))
    return Result("lifetimes", quantities, outcome, curves=curves, details=details, warnings=tuple(warnings))


def _curve(low: Floats, high: Floats, quantities: dict[str, Quantity], *, exact: bool) -> dict[str, Floats]:
    curve = kaplan_meier(low, np.isfinite(high))
    value, first, last = quantile_interval(curve, 0.5, exact=exact)
    method = f"Kaplan-Meier, {'beta product' if exact else 'log-log'} limits"
    if value is not None:
        interval = None if first is None or last is None else (first, last)
        quantities["median_life"] = Quantity(value, None, "h", interval, method)
    if first is not None and last is None and first > 0.0:
        quantities["median_life_lower_bound"] = Quantity(first, None, "h", None, f"{method}: lower 97.5 % limit")
    return {
        "time": curve.time,
        "survival": curve.survival,
        "at_risk": curve.at_risk,
        "low": curve.low,
        "high": curve.high,
        "exact_low": curve.exact_low,
        "exact_high": curve.exact_high,
    }


def _pieces(low: Floats, high: Floats, details: dict[str, object]) -> dict[str, Floats]:
    masses = turnbull(low, high)
    middle = masses_quantile(masses, 0.5)
    details["median_between_h"] = None if middle is None else [x / units.hour for x in middle]
    return {"piece_low": masses.low, "piece_high": masses.high, "probability": masses.probability}


def _weibull(low: Floats, high: Floats, *, between: bool) -> dict[str, Quantity]:
    median = float(EXTREME.quantile(np.array(0.5)))
    targets = {
        "scale": Target("scale"),
        "weibull_scale": Target("location"),
        "b10_life": Target("location", quantile=float(EXTREME.quantile(np.array(_B10)))),
    }
    if between:
        targets["median_life"] = Target("location", quantile=median)
    data = stack([_logarithms((low, high))])
    if collapses(data) and bool((low == high).any()):
        same = float(low[low == high][0]) / units.hour
        message = f"lives = all {same:.6g} h as far as they are known: expected lives that differ. They tell no spread."
        raise InvalidInput(message)
    found = fit_targets(data, EXTREME, targets)
    quantities: dict[str, Quantity] = {}
    spread = exponential(found.pop("scale"))
    add_quantity(quantities, "weibull_shape", _inverse(spread), "1", _METHOD)
    deviation = math.pi / math.sqrt(6.0)  # of the smallest extreme value law with scale 1
    scaled = Estimate(*(deviation * x for x in (spread.value, spread.low, spread.high)))
    add_quantity(quantities, "log_life_spread", scaled, "1", _METHOD)
    for name, value in found.items():
        add_quantity(quantities, name, exponential(value), "h", _METHOD)
    return quantities


def _inverse(found: Estimate) -> Estimate:
    return Estimate(*(1.0 / x if x > 0.0 else math.inf for x in (found.value, found.high, found.low)))


def _known_shape(low: Floats, high: Floats, shape: float) -> dict[str, Quantity]:
    """Return the scale for a known shape: time to that power is exponential, its sum over all cells chi-square.

    The limits hold for a watch that ends with a failure, and are no narrower than that for one that ends at a time.
    """
    from scipy.stats import chi2

    failed = np.isfinite(high)
    number = int(failed.sum())
    early = float((low**shape).sum())
    late = float((np.where(failed, high, low) ** shape).sum())
    value = (0.5 * (early + late) / number) ** (1.0 / shape)
    first = (2.0 * early / float(chi2.ppf(0.975, 2 * number + 2))) ** (1.0 / shape)
    last = (2.0 * late / float(chi2.ppf(0.025, 2 * number))) ** (1.0 / shape)
    return {
        "weibull_scale": Quantity(value, None, "h", (first, last), f"Weibull with shape {shape:g}, chi-square"),
        "weibull_shape": Quantity(shape, None, "1", None, "given"),
    }


def _no_failure(watched: Floats, shape: float | None, warnings: list[str]) -> dict[str, Quantity]:
    """Return what cells without a failure still say, at 95 % confidence: for n cells about 3/n may fail ("rule of three").

    Source
    ------
    J. A. Hanley and A. Lippman-Hand, J. Am. Med. Assoc. 249 (1983) 1743.
    """
    number, time = len(watched), float(watched.min())
    share = 1.0 - 0.05 ** (1.0 / number)
    warnings.append(
        f"none of {number} cells failed: with 95 % confidence at most {100.0 * share:.3g} % of such cells fail within"
        f" {time / units.hour:.4g} h. No life can be given, only bounds."
    )
    found = {"failed_share_upper_bound": Quantity(share, None, "1", None, "no failure: 1 - 0.05^(1/n)")}
    if shape is not None:
        bound = float((watched**shape).sum() / -math.log(0.05)) ** (1.0 / shape)
        found["weibull_scale_lower_bound"] = Quantity(bound, None, "h", None, f"no failure, shape {shape:g}, 95 %")
    return found


def _warn_few(cells: int, failures: int, details: dict[str, object], warnings: list[str]) -> None:
    bias = shape_bias(EXTREME, (cells,), (failures,))
    details["shape_bias"] = bias
    if failures < _FEW:
        warnings.append(
            f"{failures} failures are few: the most likely shape is in the median {bias:.2g} times the true one. Use the"
            " interval."
        )


def _law(quantities: Mapping[str, Quantity], low: Floats, high: Floats) -> dict[str, Floats]:
    ends = np.concatenate([low, high])
    ends = ends[np.isfinite(ends) & (ends > 0.0)]
    time = np.geomspace(0.3 * ends.min(), 3.0 * ends.max(), 120)
    shape, scale = quantities["weibull_shape"].value, quantities["weibull_scale"].value
    return {"weibull_time": time, "weibull_survival": np.exp(-((time / scale) ** shape))}


# groups ---------------------------------------------------------------------------------------------------------------
def compare_lifetimes(groups: Mapping[str, Sequence[Life]], *, rng: np.random.Generator | None = None) -> Result:
    """Return whether groups of cells live equally long: log-rank test by permutation, and ratio of lives.

    With the 2 to 5 cells of a laboratory the chi-square p value of the log-rank test is wrong; labels are dealt instead,
    in all ways where these are at most 200 000, else in 99 999 drawn ones. The ratio is that of Weibull scales with a
    common shape.

    Parameters
    ----------
    groups: Lives by name of the group; ratios are over the first group.
    rng:    For drawn deals; default: seed 0.

    Returns
    -------
    :  ``p_value`` (its ``std`` is that of the drawing), ``life_ratio`` with a 95 % interval or a bound, of the second group
       over the first (``life_ratio_NAME`` for more than two), ``weibull_shape``. Curves: ``NAME:time`` [s] and
       ``NAME:survival``. Details: per group cells and failures; the log-rank chi-square with its asymptotic p value; and
       ``least_p_value``, below which so few cells cannot come.

    Raises
    ------
    InvalidInput  if there are fewer than two groups, one is empty, nothing failed, or an entry is wrong.

    Source
    ------
    Mantel (1966); Peto & Peto (1972); Fay (1996) for lives known between two times; Lawless (2003), section 5.
    """
    check_groups(groups, "lifetimes")
    pairs = [_limits(lives) for lives in groups.values()]
    data = stack(pairs)
    low, high, group = data.low[0], data.high[0], data.group
    failed = np.isfinite(high)
    if not failed.any():
        message = f"failures = 0 of {len(low)} cells: expected at least one. Watch the cells longer."
        raise InvalidInput(message)
    details: dict[str, object] = {
        "groups": {
            name: {"cells": len(pair[0]), "failures": int(np.isfinite(pair[1]).sum())}
            for name, pair in zip(groups, pairs, strict=True)
        }
    }
    if ((low == high) | ~failed).all():
        scores = logrank_scores(low, failed)
        details["asymptotic"] = _asymptotic(low, failed, group)
    else:
        scores = interval_scores(low, high, kind="logrank")
    pellets = [life.pellet for lives in groups.values() for life in lives]
    found, warnings = deal_groups(scores, group, pellets, rng or np.random.default_rng(0))
    details.update(deal_details(found))
    quantities = {"p_value": Quantity(found.p, found.std, "1", None, "permutation of the log-rank scores")}
    quantities.update(_ratios(list(groups), pairs, warnings))
    warnings += [w for w in (deal_words(found), _unequal_watch(groups)) if w]
    curves = _group_curves(list(groups), pairs)
    return Result("life-comparison", quantities, curves=curves, details=details, warnings=tuple(warnings))


def _asymptotic(low: Floats, failed: NDArray[np.bool_], group: NDArray[np.intp]) -> dict[str, float]:
    from scipy.stats import chi2

    statistic, freedom = logrank_chi2(low, failed, group)
    return {"chi2": statistic, "degrees_of_freedom": freedom, "p_value": float(chi2.sf(statistic, freedom))}


def _ratios(names: list[str], pairs: Sequence[tuple[Floats, Floats]], warnings: list[str]) -> dict[str, Quantity]:
    data = stack([_logarithms(pair) for pair in pairs])
    targets = {"scale": Target("scale")}
    for k in range(1, len(names)):
        key = "life_ratio" if len(names) == 2 else f"life_ratio_{names[k]}"
        targets[key] = Target("difference", 0, k)
    quantities: dict[str, Quantity] = {}
    if collapses(data) and bool((data.low == data.high).any()):
        warnings.append("the lives within the groups do not differ or too few failed: the ratio of lives is left out.")
        return quantities
    found = fit_targets(data, EXTREME, targets)
    spread = exponential(found.pop("scale"))
    add_quantity(quantities, "weibull_shape", _inverse(spread), "1", f"{_METHOD}; common to the groups")
    for name, value in found.items():
        add_quantity(quantities, name, exponential(value), "1", _METHOD)
    return quantities


def _unequal_watch(groups: Mapping[str, Sequence[Life]]) -> str:
    """Return a sentence where the groups' watches ended at different times, which the dealing of labels supposes equal."""
    ends = [np.median([life.time for life in lives if not life.failed] or [np.nan]) for lives in groups.values()]
    known = np.array(ends)[np.isfinite(ends)]
    if known.size < 2 or known.max() < 1.5 * known.min():
        return ""
    hours = " and ".join(f"{x / units.hour:.4g} h" for x in (known.min(), known.max()))
    return f"cells without failure were watched for {hours}: the p value supposes that all groups were watched alike."


def _group_curves(names: list[str], pairs: Sequence[tuple[Floats, Floats]]) -> dict[str, Floats]:
    curves: dict[str, Floats] = {}
    for name, (low, high) in zip(names, pairs, strict=True):
        if ((low == high) | np.isinf(high)).all():
            curve = kaplan_meier(low, np.isfinite(high))
            curves |= {f"{name}:time": curve.time, f"{name}:survival": curve.survival}
        else:
            masses = turnbull(low, high)
            curves |= {f"{name}:time": masses.high, f"{name}:survival": 1.0 - np.cumsum(masses.probability)}
    return curves


def life_power(
    *,
    ratio: Annotated[float, units.NONE],
    shape: Annotated[float, units.NONE],
    watch: Annotated[float, units.NONE] | None = None,
    power: Annotated[float, units.NONE] = 0.8,
    level: Annotated[float, units.NONE] = 0.05,
    simulations: int = 2000,
    rng: np.random.Generator | None = None,
) -> Result:
    """Return how many cells per group tell a ratio of lives, by simulation of the permutation log-rank test.

    Parameters
    ----------
    ratio:       Life of one group over that of the other, not 1.
    shape:       Weibull shape: scatter of the lives (1: exponential, standard deviation of ln life 1.28/shape).
    watch:       When all cells are stopped, in characteristic lives of the first group; None: all are watched to failure.
    power:       Wanted probability to find the difference.
    level:       Two-sided level of the test.
    simulations: Simulated experiments for each number of cells.
    rng:         Default: seed 0.

    Returns
    -------
    :  ``cells_per_group`` with the interval that the number of simulations leaves, ``power`` there with its standard error,
       and ``cells_per_group_closed_form`` from the proportional hazards ratio^shape. Curves: ``cells``, ``power``,
       ``power_std``, ``power_closed_form``.

    Raises
    ------
    InvalidInput  if a number is out of range.

    Source
    ------
    D. A. Schoenfeld, Biometrika 68 (1981) 316 (closed form).
    """
    check_number("ratio", ratio)
    check_number("shape", shape)
    if ratio == 1.0:
        message = "ratio = 1: expected a ratio other than 1. There is nothing to find."
        raise InvalidInput(message)
    end = math.inf if watch is None else watch
    if watch is not None:
        check_number("watch", watch)
    rng = rng or np.random.default_rng(0)
    plan = PowerPlan(power, level, simulations)
    return plan_power(
        plan,
        lambda cells: life_rejections(cells, ratio, shape, end, plan, rng),
        lambda cells: logrank_power(cells, ratio, shape, end, level),
        {"test": "log-rank by permutation", "ratio": ratio, "shape": shape, "watch": watch},
    )
