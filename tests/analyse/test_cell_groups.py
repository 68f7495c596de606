"""Critical current densities known between two steps, spread between pellets, and numbers of cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from garnetlab.analyse import CcdInterval, ccd_power, ccd_spread, combine, compare_ccd, pellet_spread
from garnetlab.analyse._mixed_effects import fit_mixed
from garnetlab.analyse._survival_calibration import Target, cuts
from garnetlab.analyse._survival_families import EXTREME, NORMAL
from garnetlab.analyse._survival_likelihood import (
    Censored,
    fixed_difference,
    fixed_location,
    fixed_scale,
    log_likelihood,
    maximise,
)
from garnetlab.analyse._survival_permutation import interval_scores
from garnetlab.analyse._survival_power import Ladder, PowerPlan, ladder_power, ladder_rejections, rank_sum_p
from garnetlab.core import InvalidInput, Outcome, Result
from garnetlab.units import Quantity

MA = 10.0  # A/m^2 in 1 mA/cm^2
#: yield of dyestuff from six batches: O. L. Davies and P. L. Goldsmith, Statistical Methods in Research and Production, 1972
DYESTUFF = [
    1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560,
    1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445,
]  # fmt: skip


def ccd(survived: float, failed: float | None = None, pellet: str = "") -> CcdInterval:
    return CcdInterval(survived * MA, None if failed is None else failed * MA, pellet=pellet)


def on_ladder(values: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    low = np.floor(values / step) * step
    return low, low + step


# likelihood -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("family", [NORMAL, EXTREME])
def test_the_maximum_is_that_of_a_general_optimiser(family) -> None:
    from scipy.optimize import minimize

    low = np.array([[0.4, 0.5, 0.7, 0.2, 0.9, 1.4]])
    high = np.array([[0.5, 0.8, 0.7, 0.6, np.inf, 1.5]])
    data = Censored(low, high, np.array([0, 0, 0, 0, 1, 1]))
    found = maximise(data, family)
    other = minimize(
        lambda p: -float(log_likelihood(data, family, np.array([[p[0], p[1], math.exp(p[2])]]))[0]),
        [1.0, 2.0, 0.5],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000},
    )
    # the search ends where a Newton step gains less than 1e-10
    assert found.value[0] == pytest.approx(-other.fun, abs=1e-8)
    assert found.theta[0, -1] == pytest.approx(math.exp(other.x[2]), rel=1e-4)


def test_restricted_maxima_obey_their_restriction_and_are_not_above_the_maximum() -> None:
    rng = np.random.default_rng(31)
    low, high = on_ladder(rng.normal(0.8, 0.1, (50, 8)), 0.1)
    data = Censored(low, high, np.repeat([0, 1], 4))
    best = maximise(data, NORMAL)
    location = maximise(data, NORMAL, fixed_location(2, 0, 0.75))
    difference = maximise(data, NORMAL, fixed_difference(2, 0, 1, 0.2))
    scale = maximise(data, NORMAL, fixed_scale(2, 0.15))
    assert location.locations[:, 0] == pytest.approx(0.75)
    assert np.diff(difference.locations, axis=1)[:, 0] == pytest.approx(0.2)
    assert scale.scale == pytest.approx(0.15)
    for held in (location, difference, scale):
        assert (held.value <= best.value + 1e-8).all()


def test_fine_steps_give_student_and_chi_square() -> None:
    # steps of 1e-4 of the spread: mean, difference and spread have the intervals of values known exactly
    rng = np.random.default_rng(7)
    a, b = 0.8 + 0.1 * rng.standard_normal(4), 0.95 + 0.1 * rng.standard_normal(5)
    cells = {name: [ccd(x, y) for x, y in zip(*on_ladder(v, 1e-5), strict=True)] for name, v in (("a", a), ("b", b))}
    alone, both = ccd_spread(cells["a"]), compare_ccd(cells)
    student = stats.ttest_1samp(a, 0.0).confidence_interval()
    # half a step, 5e-6, and the tolerance of the search
    assert alone["critical_current_density"].field_interval == pytest.approx((student.low, student.high), abs=2e-5)
    edges = np.sqrt(3 * a.var(ddof=1) / stats.chi2.ppf([0.975, 0.025], 3))
    assert alone["critical_current_density_spread"].field_interval == pytest.approx(tuple(edges), rel=1e-3)
    pooled = stats.ttest_ind(b, a).confidence_interval()
    found = both["critical_current_density_difference"]
    assert found.field_value == pytest.approx(b.mean() - a.mean(), abs=2e-5)
    assert found.field_interval == pytest.approx((pooled.low, pooled.high), abs=3e-5)


@pytest.mark.parametrize(("cells", "scatter"), [(2, 0.1), (3, 0.1), (5, 0.05)])
def test_the_intervals_cover_on_a_ladder_and_those_of_chi_square_do_not(cells: int, scatter: float) -> None:
    rng, sets, step = np.random.default_rng([cells, 17]), 800, 0.1
    mean = rng.uniform(0.7, 0.9, (sets, 1))
    first, second = (m + scatter * rng.standard_normal((sets, cells)) for m in (mean, mean + 0.1))
    data = Censored(*on_ladder(np.hstack([first, second]), step), np.repeat([0, 1], cells))
    drop = 2.0 * (maximise(data, NORMAL).value - maximise(data, NORMAL, fixed_difference(2, 0, 1, 0.1)).value)
    cut = cuts(NORMAL, (cells, cells), (cells, cells), Target("difference", 0, 1))[0]
    # a coverage of 95 % falls below this with a chance of 1e-4
    bound = stats.binom.ppf(1e-4, sets, 0.95)
    assert (drop <= cut).sum() >= bound
    assert (drop <= stats.chi2.ppf(0.95, 1)).sum() < bound


@pytest.mark.parametrize(("sizes", "failures"), [((5,), (5,)), ((6,), (3,))])
def test_the_weibull_intervals_cover_where_those_of_chi_square_do_not(sizes, failures) -> None:
    # other samples than those of the calibration; both have an error of their number, that of 4000 sets counted in
    rng, sets = np.random.default_rng(402), 1200
    x = np.sort(np.log(-np.log(rng.random((sets, sizes[0])))), axis=1)
    last = x[:, failures[0] - 1 : failures[0]]
    data = Censored(np.minimum(x, last), np.where(x <= last, x, np.inf), np.zeros(sizes[0], dtype=int))
    fit = maximise(data, EXTREME)
    error = math.sqrt(0.95 * 0.05 * (1 / sets + 1 / 4000))
    for target in (Target("location"), Target("scale"), Target("location", quantile=math.log(-math.log(0.9)))):
        held = maximise(data, EXTREME, target.restriction(1, target.standard))
        drop = 2.0 * (fit.value - held.value)
        below, above = cuts(EXTREME, sizes, failures, target)
        cut = np.where(target.estimate(fit) > target.standard, below, above)
        assert (drop <= cut).mean() == pytest.approx(0.95, abs=4.0 * error)
        assert (drop <= stats.chi2.ppf(0.95, 1)).mean() < 0.95 - 2.0 * error


def test_the_simulated_calibration_is_the_closed_one_for_normal_values() -> None:
    from garnetlab.analyse._survival_calibration import _normal_cuts, _simulated

    # W has density 0.5 p(W) about its 95 % point: an error of 4 standard errors of the share, sqrt(0.025 0.975/4000)
    for target in (Target("location"), Target("difference", 0, 1)):
        sizes = (4, 4)
        closed = _normal_cuts(8, 6, target.kind)[0]
        below, above, _ = _simulated("normal", sizes, sizes, target)
        share = [stats.t.sf(math.sqrt(6 * math.expm1(w / 8)), 6) for w in (below, above)]
        assert share == pytest.approx([0.025, 0.025], abs=4.0 * math.sqrt(0.025 * 0.975 / 4000))
        assert closed == pytest.approx(8 * math.log1p(stats.t.ppf(0.975, 6) ** 2 / 6))


# groups ---------------------------------------------------------------------------------------------------------------
def test_scores_on_one_ladder_are_ranks() -> None:
    steps = np.array([0.5, 0.5, 0.6, 0.7, 0.7, 0.7, 0.8])
    scores = interval_scores(steps, steps + 0.1, kind="wilcoxon")
    assert scores * 7 == pytest.approx(-2.0 * (stats.rankdata(steps) - 4.0))


@pytest.mark.parametrize("kind", ["wilcoxon", "logrank"])
def test_scores_sum_to_zero_whatever_the_limits(kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        low = rng.integers(0, 8, 9).astype(float)
        high = low + rng.integers(0, 4, 9)
        high[rng.random(9) < 0.3] = math.inf
        # the derivative of ln L at its maximum; Turnbull's search leaves a relative 1e-8 of a score
        assert interval_scores(low, high, kind=kind).sum() == pytest.approx(0.0, abs=1e-5)


def test_a_clear_difference_has_its_exact_p_and_an_interval() -> None:
    groups = {
        "Li": [ccd(0.4, 0.5), ccd(0.5, 0.6), ccd(0.4, 0.5), ccd(0.3, 0.4)],
        "Li-10KCO": [ccd(1.0, 1.1), ccd(0.9, 1.0), ccd(1.1, 1.2), ccd(1.0, 1.1)],
    }
    result = compare_ccd(groups)
    assert result.analysis == "ccd-comparison"
    assert result["p_value"].value == pytest.approx(2.0 / 70.0)
    low, high = result["critical_current_density_difference"].field_interval
    assert 0.4 < low < 0.6 < high < 0.8
    assert result.details["groups"]["Li"] == {"cells": 4, "failures": 4}
    assert result.curves["Li:probability"].sum() == pytest.approx(1.0)


def test_a_lognormal_spread_gives_a_ratio() -> None:
    groups = {
        "a": [ccd(0.4, 0.5), ccd(0.5, 0.6), ccd(0.4, 0.5)],
        "b": [ccd(1.0, 1.1), ccd(0.9, 1.0), ccd(1.1, 1.2)],
    }
    result = compare_ccd(groups, distribution="lognormal")
    low, high = result["critical_current_density_ratio"].interval
    assert 1.0 < low < 2.2 < high
    assert result["critical_current_density_spread"].unit == "1"


def test_a_group_that_never_failed_gives_a_bound_and_no_difference() -> None:
    result = compare_ccd({"Li": [ccd(0.4, 0.5), ccd(0.6, 0.7), ccd(0.4, 0.5)], "KCO": [ccd(1.2)] * 3})
    assert "critical_current_density_difference" not in result.quantities
    assert result["critical_current_density_difference_lower_bound"].field_value > 0.3
    assert "critical_current_density_KCO" not in result.quantities


def test_one_cell_per_group_gives_no_number_but_says_why() -> None:
    result = compare_ccd({"Li": [ccd(0.4, 0.5)], "KCO": [ccd(1.0, 1.1)]})
    assert set(result.quantities) == {"p_value"}
    assert result["p_value"].value == 1.0
    assert any("too few for a difference" in w for w in result.warnings)


def test_three_groups_are_compared_at_once_and_with_the_first() -> None:
    groups = {
        name: [ccd(x, x + 0.1), ccd(x + 0.1, x + 0.2), ccd(x, x + 0.1)]
        for name, x in (("a", 0.4), ("b", 0.5), ("c", 1.0))
    }
    result = compare_ccd(groups)
    assert result.details["deals"] == 1680
    assert result["p_value"].value < 0.05
    assert {"critical_current_density_difference_b", "critical_current_density_difference_c"} <= set(result.quantities)


def test_equal_cells_bound_the_spread_and_leave_the_mean_an_interval() -> None:
    result = ccd_spread([ccd(0.8, 0.9)] * 3)
    low, high = result["critical_current_density"].field_interval
    assert low < 0.8 < 0.9 < high
    assert result["critical_current_density_spread"].field_value == 0.0
    assert result["critical_current_density_spread"].field_interval[1] > 0.1
    assert any("only bounded" in w for w in result.warnings)


def test_one_cell_is_an_interval_and_no_mean() -> None:
    result = ccd_spread([ccd(0.8, 0.9)])
    assert result.outcome is Outcome.TOO_FEW_POINTS
    assert set(result.quantities) == {"critical_current_density_survived"}


def test_an_interval_comes_from_a_result() -> None:
    made = Result("ccd", {"critical_current_density_survived": Quantity(5.0, None, "mA/cm^2")})
    assert CcdInterval.of(made, cell="c1") == CcdInterval(5.0, None, "c1")
    with pytest.raises(InvalidInput, match="expected 'critical_current_density_survived'"):
        CcdInterval.of(Result("ccd", {}))


# power ----------------------------------------------------------------------------------------------------------------
def test_counting_ranks_gives_the_exact_p_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(21)
    for cells in (4, 7, 12):
        order = rng.permutation(2 * cells)
        scores = 2 * np.arange(2 * cells) - (2 * cells - 1)
        observed = abs(int(scores[order[:cells]].sum()))
        found = rank_sum_p(scores, np.ones(2 * cells, dtype=int), cells, observed)
        exact = stats.mannwhitneyu(order[:cells], order[cells:], method="exact").pvalue
        assert found == pytest.approx(min(exact, 1.0))


def test_the_simulated_tests_are_those_of_compare_ccd() -> None:
    from garnetlab.analyse._survival_power import _rank_test_rejects

    rng = np.random.default_rng(6)
    for _ in range(4):
        steps = rng.integers(5, 9, 10)
        groups = {n: [ccd(s / 10, (s + 1) / 10) for s in part] for n, part in (("a", steps[:5]), ("b", steps[5:] + 1))}
        both = np.concatenate([steps[:5], steps[5:] + 1])
        assert _rank_test_rejects(both, 5, 0.05) == (compare_ccd(groups)["p_value"].value <= 0.05)


def test_the_likelihood_has_the_power_of_student_with_sheppards_variance() -> None:
    # for a step up to the scatter Sheppard's correction is good to exp(-2 pi^2) (K. Conradsen's series): what is left is
    # the simulation's own error, four standard errors
    plan, rng = PowerPlan(0.8, 0.05, 2000), np.random.default_rng(11)
    ladder = Ladder(8.0, 9.0, 1.0, 1.0, math.inf)
    for cells in (8, 16):
        closed = ladder_power(cells, ladder, 0.05)
        found = ladder_rejections(cells, ladder, plan, rng, likelihood=True)
        assert found == pytest.approx(closed, abs=4.0 * math.sqrt(closed * (1 - closed) / 2000))


def test_telling_08_from_09_takes_19_cells_per_group_at_a_scatter_of_01() -> None:
    result = ccd_power(first=8.0, second=9.0, scatter=1.0, step=1.0, simulations=300, rng=np.random.default_rng(1))
    # Student's t with step^2/12: 19; ranks have 3/pi of its power: 19/0.955 = 20
    assert result["cells_per_group_closed_form"].value == 19.0
    low, high = result["cells_per_group"].interval
    assert low <= 20.0
    assert high >= 19.0
    power = result.curves["power"]
    assert (np.diff(power) > -4.0 * np.hypot(result.curves["power_std"][1:], result.curves["power_std"][:-1])).all()


def test_no_test_of_deals_can_find_anything_with_three_cells() -> None:
    plan, rng = PowerPlan(0.8, 0.05, 50), np.random.default_rng(2)
    ladder = Ladder(5.0, 50.0, 1.0, 1.0, math.inf)
    assert ladder_rejections(3, ladder, plan, rng, likelihood=False) == 0.0
    assert ladder_rejections(4, ladder, plan, rng, likelihood=False) == 1.0


def test_a_ladder_that_ends_below_both_groups_tells_nothing() -> None:
    plan, rng = PowerPlan(0.8, 0.05, 50), np.random.default_rng(2)
    assert ladder_rejections(10, Ladder(8.0, 9.0, 1.0, 1.0, 3.0), plan, rng, likelihood=False) == 0.0


def test_what_cannot_be_found_is_a_bound() -> None:
    result = ccd_power(first=8.0, second=8.1, scatter=3.0, step=1.0, simulations=50)
    assert result.outcome is Outcome.TOO_FEW_POINTS
    assert "cells_per_group" not in result.quantities
    assert result["cells_per_group_lower_bound"].value == 201.0


# pellets --------------------------------------------------------------------------------------------------------------
def test_the_dyestuff_batches_have_their_published_components() -> None:
    # D. Bates, lme4: mixed-effects modeling with R, section 1.3: 42.00, 49.51, 1527.50 with 19.38; balanced: 5 degrees
    result = pellet_spread([Quantity(y, None, "1") for y in DYESTUFF], [f"batch {i // 5}" for i in range(30)])
    assert result["between_pellet_spread"].value == pytest.approx(42.00, abs=5e-3)
    assert result["within_pellet_spread"].value == pytest.approx(49.51, abs=5e-3)
    assert (result["mean"].value, result["mean"].std) == pytest.approx((1527.50, 19.38), abs=5e-3)
    half = stats.t.ppf(0.975, 5) * result["mean"].std
    assert result["mean"].interval == pytest.approx((1527.5 - half, 1527.5 + half))


def test_balanced_limits_are_those_of_the_analysis_of_variance() -> None:
    result = pellet_spread([Quantity(y, None, "1") for y in DYESTUFF], [f"batch {i // 5}" for i in range(30)])
    y = np.reshape(DYESTUFF, (6, 5)).astype(float)
    within = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / 24
    ratio = 5 * y.mean(axis=1).var(ddof=1) / within
    edges = [(ratio / stats.f.ppf(p, 5, 24) - 1) / 5 for p in (0.975, 0.025)]
    assert result["pellet_share"].interval == pytest.approx(tuple(e / (1 + e) for e in edges), rel=1e-6)
    chi = np.sqrt(24 * within / stats.chi2.ppf([0.975, 0.025], 24))
    assert result["within_pellet_spread"].interval == pytest.approx(tuple(chi))
    # Williams (1962): sum of squares between over n times chi-square, less what F takes off
    williams = [
        math.sqrt(5 * within * ratio * (1 - stats.f.ppf(p, 5, 24) / ratio) / (5 * stats.chi2.ppf(p, 5)))
        for p in (0.975, 0.025)
    ]
    assert result["between_pellet_spread"].interval == pytest.approx(tuple(williams), rel=1e-6)


def test_cells_of_one_pellet_are_no_replicates() -> None:
    values = [Quantity(v, None, "1") for v in (30.0, 30.2, 30.1, 35.0, 35.1, 35.2, 33.0, 33.1, 32.9)]
    naive, honest = combine(values), pellet_spread(values, list("aaabbbccc"))["mean"]
    assert np.ptp(honest.interval) > 2.5 * np.ptp(naive.interval)


def test_a_difference_between_groups_has_the_degrees_of_the_pellets() -> None:
    values = [Quantity(v, None, "1") for v in (30, 31, 35, 36, 32, 33, 50, 52, 44, 45, 55, 56.0)]
    result = pellet_spread(values, list("aabbccddeeff"), groups=["A"] * 6 + ["B"] * 6)
    means = np.array([v.value for v in values]).reshape(6, 2).mean(axis=1)
    exact = stats.ttest_ind(means[3:], means[:3]).confidence_interval()  # balanced: Student's t of the pellets' means
    assert result["difference"].interval == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize(
    ("sizes", "share", "groups"), [((2, 2, 2), 0.5, 1), ((1, 2, 3, 1, 2, 3), 0.5, 1), ((1, 2, 3, 1, 2, 3), 0.8, 2)]
)
def test_the_intervals_of_few_pellets_cover(sizes, share: float, groups: int) -> None:
    rng, sets = np.random.default_rng(71), 150
    pellet = np.repeat(np.arange(len(sizes)), sizes)
    group = (pellet >= len(sizes) / groups).astype(int) if groups > 1 else np.zeros(len(pellet), dtype=int)
    weights = np.array([-1.0, 1.0]) if groups > 1 else np.ones(1)
    hits = np.zeros(4)
    for _ in range(sets):
        effect = math.sqrt(share) * rng.standard_normal(len(sizes))
        fit = fit_mixed(effect[pellet] + math.sqrt(1 - share) * rng.standard_normal(len(pellet)), group, pellet)
        value, error, freedom = fit.contrast(weights)
        pairs = ((fit.within_limits, 1 - share), (fit.between_limits, share), (fit.share_limits, share))
        hits += [abs(value) <= stats.t.ppf(0.975, freedom) * error, *(low <= t <= high for (low, high), t in pairs)]
    assert (hits >= stats.binom.ppf(1e-4, sets, 0.95)).all()


def test_a_logarithm_gives_medians_and_a_ratio() -> None:
    values = [Quantity.of(v, None, "h") for v in (10.0, 11.0, 14.0, 15.0, 40.0, 44.0, 56.0, 60.0)]
    result = pellet_spread(values, list("aabbccdd"), groups=list("xxxxyyyy"), logarithm=True)
    assert result["difference"].value == pytest.approx(4.0)
    assert result["difference"].unit == "1"
    assert result["mean_x"].field_value == pytest.approx((10 * 11 * 14 * 15) ** 0.25)


def test_what_pellets_cannot_tell_is_left_out() -> None:
    values = [Quantity(v, None, "1") for v in (30.0, 31.0, 35.0, 36.0)]
    single = pellet_spread(values, list("abcd"))
    assert single.outcome is Outcome.NOT_IDENTIFIABLE
    assert single["mean"].interval == pytest.approx(combine(values).interval)
    assert "between_pellet_spread" not in single.quantities
    lone = pellet_spread(values, list("aabb"), groups=list("xxyy"))
    assert set(lone.quantities) == {"within_pellet_spread"}


# bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "cells = 0: expected at least one cell"),
        ([ccd(-0.1, 0.5)], "survived = -1: expected a finite number >= 0"),
        ([ccd(0.5, 0.4)], r"critical current density = \[0.5, 0.4\] mA/cm\^2: expected the step survived below"),
        ([CcdInterval(5.0, 5.0, "c3")], "critical current density of 'c3'"),
        ([ccd(math.nan)], "survived = nan"),
        ([ccd(0.1, math.inf)], "failed = inf"),
    ],
)
def test_a_wrong_interval_is_one_clear_error(cells, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ccd_spread(cells)


def test_wrong_groups_numbers_and_names_are_clear_errors() -> None:
    good = [ccd(0.4, 0.5)]
    with pytest.raises(InvalidInput, match="expected at least two groups"):
        compare_ccd({"a": good})
    with pytest.raises(InvalidInput, match="'b' has no cells"):
        compare_ccd({"a": good, "b": []})
    with pytest.raises(InvalidInput, match="failures = 0 of 2 cells"):
        compare_ccd({"a": [ccd(0.4)], "b": [ccd(0.4)]})
    with pytest.raises(InvalidInput, match="'weibull': expected 'normal'"):
        ccd_spread(good, distribution="weibull")
    with pytest.raises(InvalidInput, match="second = 8 A/m"):
        ccd_power(first=8.0, second=8.0, scatter=1.0, step=1.0)
    with pytest.raises(InvalidInput, match="scatter = 0: expected a finite number > 0"):
        ccd_power(first=8.0, second=9.0, scatter=0.0, step=1.0)
    with pytest.raises(InvalidInput, match="simulations = 0"):
        ccd_power(first=8.0, second=9.0, scatter=1.0, step=1.0, simulations=0)
    with pytest.raises(InvalidInput, match=r"level = 0\.1: expected 0\.05 for the likelihood"):
        ccd_power(first=8.0, second=9.0, scatter=1.0, step=1.0, level=0.1, test="likelihood")


def test_wrong_pellets_are_clear_errors() -> None:
    one, two = Quantity(1.0, None, "1"), Quantity(2.0, None, "1")
    with pytest.raises(InvalidInput, match="pellets = 1, groups = 2: expected one for each of 2 values"):
        pellet_spread([one, two], ["a"])
    with pytest.raises(InvalidInput, match="expected one unit for all cells"):
        pellet_spread([one, Quantity(1.0, None, "h")], ["a", "b"])
    with pytest.raises(InvalidInput, match="values = all 1: expected values that differ"):
        pellet_spread([one, one], ["a", "a"])
    with pytest.raises(InvalidInput, match="expected values above 0"):
        pellet_spread([one, Quantity(-1.0, None, "1")], ["a", "b"], logarithm=True)
    with pytest.raises(InvalidInput, match="values = 1: expected at least two cells"):
        pellet_spread([one], ["a"])
