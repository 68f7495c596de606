"""Groups of cells: critical current densities known between two steps, spread between pellets, and how many cells to make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import numpy as np

from garnetlab import units
from garnetlab.analyse._mixed_effects import MixedFit, degrees_of_freedom, fit_mixed
from garnetlab.analyse._survival_calibration import Estimate, Target
from garnetlab.analyse._survival_curve import turnbull
from garnetlab.analyse._survival_families import NORMAL
from garnetlab.analyse._survival_groups import (
    add_quantity,
    check_groups,
    check_number,
    deal_details,
    deal_groups,
    deal_words,
    exponential,
    fit_targets,
    stack,
)
from garnetlab.analyse._survival_permutation import interval_scores
from garnetlab.analyse._survival_power import Ladder, PowerPlan, ladder_power, ladder_rejections, plan_power
from garnetlab.core import InvalidInput, Outcome, Result
from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CcdInterval", "ccd_power", "ccd_spread", "compare_ccd", "pellet_spread"]

_UNIT = "mA/cm^2"
_METHOD = "interval-censored maximum likelihood, calibrated profile"
_SURVIVED, _FAILED = "critical_current_density_survived", "critical_current_density_failed"

Distribution = Literal["normal", "lognormal"]


@dataclass(frozen=True, slots=True)
class CcdInterval:
    """Critical current density of one cell: between the last step it survived and the first at which it failed.

    Parameters
    ----------
    survived: Last step survived [A/m^2]; 0 where it failed at the first.
    failed:   First step at which it failed [A/m^2]; None where the ladder ended before.
    cell:     Name of the cell.
    pellet:   Name of the pellet it was made from; cells of one pellet are no independent replicates.
    """

    survived: units.CurrentDensity
    failed: units.CurrentDensity | None = None
    cell: str = ""
    pellet: str = ""

    @classmethod
    def of(cls, result: Result, *, cell: str = "", pellet: str = "") -> CcdInterval:
        """Return the interval of a result that has ``critical_current_density_survived`` or ``_failed``.

        Raises
        ------
        InvalidInput  if it has neither.
        """
        survived, failed = (result.quantities.get(name) for name in (_SURVIVED, _FAILED))
        if survived is None and failed is None:
            message = f"quantities = {list(result.quantities)}: expected {_SURVIVED!r} or {_FAILED!r}."
            raise InvalidInput(message)
        low = 0.0 if survived is None else survived.value
        return cls(low, None if failed is None else failed.value, cell, pellet)


def _limits(cells: Sequence[CcdInterval]) -> tuple[Floats, Floats]:
    if not cells:
        message = "cells = 0: expected at least one cell with its critical current density."
        raise InvalidInput(message)
    for entry in cells:
        name = f"critical current density of {entry.cell!r}" if entry.cell else "critical current density"
        check_number(f"{name}, survived", float(entry.survived), positive=False)
        if entry.failed is None:
            continue
        check_number(f"{name}, failed", float(entry.failed))
        if entry.failed <= entry.survived:
            steps = f"[{entry.survived / units.mA_cm2:g}, {entry.failed / units.mA_cm2:g}] mA/cm^2"
            message = f"{name} = {steps}: expected the step survived below the one at which the cell failed."
            raise InvalidInput(message)
    high = [math.inf if c.failed is None else float(c.failed) for c in cells]
    return np.array([float(c.survived) for c in cells]), np.array(high)


def _check_distribution(name: str) -> None:
    if name not in get_args(Distribution):
        message = f"distribution = {name!r}: expected 'normal' or 'lognormal'."
        raise InvalidInput(message)


def _scaled(limits: tuple[Floats, Floats], distribution: Distribution) -> tuple[Floats, Floats]:
    if distribution == "normal":
        return limits
    with np.errstate(divide="ignore"):
        return np.log(limits[0]), np.log(limits[1])


def ccd_spread(cells: Sequence[CcdInterval], *, distribution: Distribution = "normal") -> Result:
    """Return mean and spread of the critical current density over cells of one kind, known between two steps each.

    Parameters
    ----------
    cells:        One entry per cell; cells that never failed count as such.
    distribution: ``normal``: mean and standard deviation; ``lognormal``: median and standard deviation of the logarithm.

    Returns
    -------
    :  ``critical_current_density`` and ``critical_current_density_spread`` [mA/cm^2] (lognormal: [1]) with 95 % intervals,
       where one side is open a bound; ``critical_current_density_survived`` of the weakest cell. One cell, or none that
       failed: the outcome is TOO_FEW_POINTS. Curves: Turnbull's estimate, ``piece_low``, ``piece_high`` [A/m^2] and
       ``probability``. Details: numbers of ``cells`` and ``failures``.

    Raises
    ------
    InvalidInput  if there is no cell, or an interval is negative, empty or reversed.

    Source
    ------
    Turnbull (1976); Burridge (1981); Lawless (2003), section 5: see ``_survival_curve`` and ``_survival_calibration``.
    """
    _check_distribution(distribution)
    limits = _limits(cells)
    data = stack([_scaled(limits, distribution)])
    failures = int(np.isfinite(limits[1]).sum())
    quantities = {_SURVIVED: Quantity(float(limits[0].min()), None, _UNIT, None, f"weakest of {len(cells)} cells")}
    warnings: list[str] = []
    enough = failures > 1
    if enough:
        found = fit_targets(data, NORMAL, {"mean": Target("location"), "spread": Target("scale")})
        spread = exponential(found["spread"])
        mean = found["mean"] if distribution == "normal" else exponential(found["mean"])
        add_quantity(quantities, "critical_current_density", _not_below_zero(mean), _UNIT, _METHOD)
        unit = _UNIT if distribution == "normal" else "1"
        add_quantity(quantities, "critical_current_density_spread", spread, unit, _METHOD)
        if spread.value == 0.0:
            warnings.append(
                "one value fits all cells: the steps are too wide to see the spread, which is only bounded."
            )
    else:
        warnings.append(f"{failures} of {len(cells)} cells failed: expected two for a mean with its interval.")
    masses = turnbull(*limits)
    curves = {"piece_low": masses.low, "piece_high": masses.high, "probability": masses.probability}
    details = {"cells": len(cells), "failures": failures, "distribution": distribution}
    outcome = Outcome.SUCCESS if enough else Outcome.TOO_FEW_POINTS
    return Result("ccd-spread", quantities, outcome, curves=curves, details=details, warnings=tuple(warnings))


def _not_below_zero(found: Estimate) -> Estimate:
    """Return the estimate of a current density, whose limits are not negative."""
    return Estimate(found.value, max(found.low, 0.0), found.high)


def compare_ccd(
    groups: Mapping[str, Sequence[CcdInterval]],
    *,
    distribution: Distribution = "normal",
    rng: np.random.Generator | None = None,
) -> Result:
    """Return whether groups of cells differ in critical current density, from the intervals and never from their middles.

    The test deals the labels of the cells over Wilcoxon scores of the intervals, exactly where there are at most 200 000
    deals. The difference is that of the means (lognormal: the ratio of the medians) with a common spread.

    Parameters
    ----------
    groups:       Cells by name of the group; differences are from the first group.
    distribution: As in ``ccd_spread``.
    rng:          For drawn deals; default: seed 0.

    Returns
    -------
    :  ``p_value``; ``critical_current_density_difference`` [mA/cm^2] or ``critical_current_density_ratio`` (with ``_NAME``
       for more than two groups) with a 95 % interval or a bound; the common ``critical_current_density_spread``; per group
       ``critical_current_density_NAME``. Curves: ``NAME:piece_low``, ``NAME:piece_high`` [A/m^2], ``NAME:probability``.
       Details: numbers per group, and how the p value was found; ``least_p_value`` is the least that so few cells can give.

    Raises
    ------
    InvalidInput  if there are fewer than two groups, one is empty, nothing failed, or an interval is wrong.

    Source
    ------
    M. P. Fay and P. A. Shaw, J. Stat. Software 36 (2010) no. 2; Turnbull (1976); Burridge (1981).
    """
    check_groups(groups, "ccd_spread")
    _check_distribution(distribution)
    pairs = [_limits(cells) for cells in groups.values()]
    raw = stack(pairs)
    if not raw.failed.any():
        message = f"failures = 0 of {raw.low.shape[1]} cells: expected at least one. Go to higher currents."
        raise InvalidInput(message)
    pellets = [c.pellet for cells in groups.values() for c in cells]
    scores = interval_scores(raw.low[0], raw.high[0], kind="wilcoxon")
    found, warnings = deal_groups(scores, raw.group, pellets, rng or np.random.default_rng(0))
    quantities = {"p_value": Quantity(found.p, found.std, "1", None, "permutation of the interval scores")}
    quantities.update(_differences(list(groups), pairs, distribution))
    if not any(name.startswith(("critical_current_density_d", "critical_current_density_r")) for name in quantities):
        warnings.append("the failures are too few for a difference with its interval.")
    if words := deal_words(found):
        warnings.append(words)
    curves: dict[str, Floats] = {}
    for name, pair in zip(groups, pairs, strict=True):
        masses = turnbull(*pair)
        curves |= {f"{name}:piece_low": masses.low, f"{name}:piece_high": masses.high}
        curves[f"{name}:probability"] = masses.probability
    details = {
        "groups": {
            name: {"cells": len(pair[0]), "failures": int(np.isfinite(pair[1]).sum())}
            for name, pair in zip(groups, pairs, strict=True)
        },
        "distribution": distribution,
        **deal_details(found),
    }
    return Result("ccd-comparison", quantities, curves=curves, details=details, warnings=tuple(warnings))


def _differences(
    names: list[str], pairs: Sequence[tuple[Floats, Floats]], distribution: Distribution
) -> dict[str, Quantity]:
    data = stack([_scaled(pair, distribution) for pair in pairs])
    normal = distribution == "normal"
    word = "critical_current_density_difference" if normal else "critical_current_density_ratio"
    targets = {"critical_current_density_spread": Target("scale")}
    for k, name in enumerate(names):
        targets[f"critical_current_density_{name}"] = Target("location", k)
        if k:
            targets[word if len(names) == 2 else f"{word}_{name}"] = Target("difference", 0, k)
    quantities: dict[str, Quantity] = {}
    for name, found in fit_targets(data, NORMAL, targets).items():
        kind = targets[name].kind
        value = found if normal and kind != "scale" else exponential(found)
        value = _not_below_zero(value) if kind == "location" else value
        unit = _UNIT if normal or kind == "location" else "1"
        add_quantity(quantities, name, value, unit, f"{_METHOD}, common spread")
    return quantities


def ccd_power(
    *,
    first: units.CurrentDensity,
    second: units.CurrentDensity,
    scatter: units.CurrentDensity,
    step: units.CurrentDensity,
    highest: units.CurrentDensity | None = None,
    power: Annotated[float, units.NONE] = 0.8,
    level: Annotated[float, units.NONE] = 0.05,
    test: Literal["permutation", "likelihood"] = "permutation",
    simulations: int = 2000,
    rng: np.random.Generator | None = None,
) -> Result:
    """Return how many cells per group tell two critical current densities, by simulation of the test of ``compare_ccd``.

    Parameters
    ----------
    first, second: Means of the two groups [A/m^2].
    scatter:       Standard deviation between cells [A/m^2].
    step:          Step of the ladder, which starts at 0 [A/m^2].
    highest:       Last step of the ladder [A/m^2]; None: until every cell has failed.
    power:         Wanted probability to find the difference.
    level:         Two-sided level of the test; 0.05 for the likelihood.
    test:          ``permutation``: exact, needs at least four cells per group; ``likelihood``: interval of the difference.
    simulations:   Simulated experiments for each number of cells.
    rng:           Default: seed 0.

    Returns
    -------
    :  ``cells_per_group`` with the interval that the number of simulations leaves, ``power`` there with its standard error,
       and ``cells_per_group_closed_form`` from Student's t with step^2/12 added to the variance. Curves: ``cells``,
       ``power``, ``power_std``, ``power_closed_form``.

    Raises
    ------
    InvalidInput  if a number is out of range or the means are the same.

    Source
    ------
    Cohen (1988); Sheppard (1898); Streitberg & Röhmel (1986): see ``_survival_power``.
    """
    for name, value in {"first": first, "second": second, "scatter": scatter, "step": step}.items():
        check_number(name, float(value))
    if highest is not None:
        check_number("highest", float(highest))
    if first == second:
        message = f"second = {second:g} A/m^2: expected another mean than the first. There is nothing to find."
        raise InvalidInput(message)
    if test == "likelihood" and level != 0.05:
        message = f"level = {level:g}: expected 0.05 for the likelihood, whose intervals are 95 %."
        raise InvalidInput(message)
    rng = rng or np.random.default_rng(0)
    plan = PowerPlan(power, level, simulations)
    top = math.inf if highest is None else float(highest)
    ladder = Ladder(float(first), float(second), float(scatter), float(step), top)
    names = ("first", "second", "scatter", "step")
    facts = {f"{n}_mA_cm2": float(x) / units.mA_cm2 for n, x in zip(names, (first, second, scatter, step), strict=True)}
    return plan_power(
        plan,
        lambda cells: ladder_rejections(cells, ladder, plan, rng, likelihood=test == "likelihood"),
        lambda cells: ladder_power(cells, ladder, level),
        {"test": test, **facts},
    )


# pellets --------------------------------------------------------------------------------------------------------------
def pellet_spread(
    values: Sequence[Quantity],
    pellets: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    logarithm: bool = False,
) -> Result:
    """Return means of groups of cells and their spread between pellets and within, by a random effect of the pellet.

    Cells of one pellet are no independent replicates: an interval from all cells at once is too narrow. The interval of a
    mean has the degrees of freedom of Kenward and Roger, which for few pellets are few.

    Parameters
    ----------
    values:    One quantity per cell, all of one unit.
    pellets:   Name of the pellet of each cell.
    groups:    Name of the group of each cell; None: one group.
    logarithm: Whether the logarithm of the value is normal: means become medians, spreads those of the logarithm [1], and the
               difference a ratio.

    Returns
    -------
    :  ``mean`` (``mean_NAME`` for several groups), ``within_pellet_spread`` and ``between_pellet_spread`` (standard
       deviations), ``pellet_share`` of the variance, and ``difference`` (``difference_NAME``) from the first group, each
       with a 95 % interval. With one cell per pellet, or no more pellets than groups, the two spreads cannot be told: the
       outcome is NOT_IDENTIFIABLE, and only what can be told is given. Details: cells, pellets, degrees of freedom.

    Raises
    ------
    InvalidInput  if lengths or units differ, or values are the same, or not above 0 for the logarithm.

    Source
    ------
    Patterson & Thompson (1971); Kenward & Roger (1997); Harville & Fenech (1985); Williams (1962): see ``_mixed_effects``.
    """
    labels = ["" for _ in values] if groups is None else list(groups)
    numbers = _checked(values, pellets, labels, logarithm=logarithm)
    names = list(dict.fromkeys(labels))
    group = np.array([names.index(g) for g in labels])
    order = list(dict.fromkeys(pellets))
    pellet = np.array([order.index(p) for p in pellets])
    between, within = degrees_of_freedom(group, pellet)
    details: dict[str, object] = {
        "cells": len(values),
        "pellets": len(order),
        "groups": {name: labels.count(name) for name in names},
        "degrees_of_freedom": {"between": between, "within": within},
        "logarithm": logarithm,
    }
    unit = values[0].unit
    if between < 1 or within < 1:
        return _not_told(numbers, (group, pellet), names, (unit, logarithm), details)
    fit = fit_mixed(numbers, group, pellet)
    quantities = {**_means(fit, names, unit, logarithm=logarithm), **_spreads(fit, unit, logarithm=logarithm)}
    warnings: tuple[str, ...] = ()
    if between < 3:
        warnings = (f"{len(order)} pellets tell little of the spread between them: see its interval.",)
    return Result("pellet-spread", quantities, details=details, warnings=warnings)


def _checked(values: Sequence[Quantity], pellets: Sequence[str], labels: Sequence[str], *, logarithm: bool) -> Floats:
    if not len(values) == len(pellets) == len(labels):
        message = f"pellets = {len(pellets)}, groups = {len(labels)}: expected one for each of {len(values)} values."
        raise InvalidInput(message)
    if len(values) < 2:
        message = f"values = {len(values)}: expected at least two cells."
        raise InvalidInput(message)
    if len({v.unit for v in values}) > 1:
        message = f"units = {sorted({v.unit for v in values})}: expected one unit for all cells."
        raise InvalidInput(message)
    numbers = np.array([v.value for v in values])
    if np.ptp(numbers) == 0.0:
        message = f"values = all {values[0]}: expected values that differ. They tell no spread."
        raise InvalidInput(message)
    if logarithm and (numbers <= 0.0).any():
        message = f"values = {numbers.min():g} (SI): expected values above 0 for their logarithm."
        raise InvalidInput(message)
    return np.log(numbers) if logarithm else numbers


def _means(fit: MixedFit, names: list[str], unit: str, *, logarithm: bool) -> dict[str, Quantity]:
    quantities = {}
    for k, name in enumerate(names):
        weights = np.eye(len(names))[k]
        quantities[f"mean_{name}" if len(names) > 1 else "mean"] = _student(fit, weights, unit, logarithm=logarithm)
        if k:
            key = "difference" if len(names) == 2 else f"difference_{name}"
            other = "1" if logarithm else unit
            quantities[key] = _student(fit, weights - np.eye(len(names))[0], other, logarithm=logarithm)
    return quantities


def _student(fit: MixedFit, weights: Floats, unit: str, *, logarithm: bool) -> Quantity:
    from scipy.stats import t

    value, error, freedom = fit.contrast(weights)
    half = float(t.ppf(0.975, freedom)) * error
    method = f"REML with pellets, Kenward-Roger, {freedom:.3g} degrees of freedom"
    if logarithm:
        middle = math.exp(value)
        return Quantity(middle, middle * error, unit, (math.exp(value - half), math.exp(value + half)), method)
    return Quantity(value, error, unit, (value - half, value + half), method)


def _spreads(fit: MixedFit, unit: str, *, logarithm: bool) -> dict[str, Quantity]:
    unit = "1" if logarithm else unit
    between, within = math.sqrt(fit.between), math.sqrt(fit.within)
    edges = [tuple(math.sqrt(x) for x in pair) for pair in (fit.within_limits, fit.between_limits)]
    share = fit.between / (fit.between + fit.within)
    quantities: dict[str, Quantity] = {}
    add_quantity(quantities, "within_pellet_spread", Estimate(within, *edges[0]), unit, "REML, chi-square limits")
    add_quantity(quantities, "between_pellet_spread", Estimate(between, *edges[1]), unit, "REML, limits of Williams")
    add_quantity(quantities, "pellet_share", Estimate(share, *fit.share_limits), "1", "REML, exact limits")
    return quantities


def _not_told(
    numbers: Floats,
    places: tuple[NDArray[np.intp], NDArray[np.intp]],
    names: list[str],
    scale: tuple[str, bool],
    details: dict[str, object],
) -> Result:
    """Return what can be told where pellets and cells cannot be told apart."""
    from scipy.stats import chi2, t

    group, pellet = places
    unit, logarithm = scale
    within = degrees_of_freedom(group, pellet)[1]
    quantities: dict[str, Quantity] = {}
    if within < 1:  # one cell per pellet: the mean has its interval, its spread is that of both
        for k, name in enumerate(names):
            mine = numbers[group == k]
            if len(mine) < 2:
                continue
            half = float(t.ppf(0.975, len(mine) - 1)) * float(mine.std(ddof=1)) / math.sqrt(len(mine))
            edges = Estimate(float(mine.mean()), float(mine.mean()) - half, float(mine.mean()) + half)
            key = f"mean_{name}" if len(names) > 1 else "mean"
            add_quantity(
                quantities, key, exponential(edges) if logarithm else edges, unit, "Student, one cell per pellet"
            )
        warning = "every pellet has one cell: the spread between pellets and that within cannot be told apart."
    else:
        both = np.hstack([np.eye(int(group.max()) + 1)[group], np.eye(int(pellet.max()) + 1)[pellet]])
        rest = numbers - both @ np.linalg.lstsq(both, numbers, rcond=None)[0]
        squares = float(rest @ rest)
        edges = Estimate(
            *(math.sqrt(squares / x) for x in (within, *(float(chi2.ppf(p, within)) for p in (0.975, 0.025))))
        )
        add_quantity(quantities, "within_pellet_spread", edges, "1" if logarithm else unit, "chi-square limits")
        warning = "there are no more pellets than groups: the means have no interval that holds for other pellets."
    return Result("pellet-spread", quantities, Outcome.NOT_IDENTIFIABLE, details=details, warnings=(warning,))
