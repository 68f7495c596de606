"""Lives of cells: textbook data, scipy, bounds without failures, groups, and what a user may get wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from garnetlab.analyse import Life, compare_lifetimes, life_power, lifetimes
from garnetlab.analyse._survival_curve import kaplan_meier, quantile_interval, turnbull
from garnetlab.analyse._survival_permutation import logrank_chi2, logrank_scores, permutation_test
from garnetlab.core import InvalidInput, Outcome

HOUR = 3600.0
#: remission in weeks under 6-mercaptopurine and placebo: E. J. Freireich et al., Blood 21 (1963) 699
MERCAPTOPURINE = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35.0])
RELAPSED = np.arange(21) < 9
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23.0])
#: millions of turns of ball bearings: J. Lieblein and M. Zelen, J. Res. Natl. Bur. Stand. 57 (1956) 273
BEARINGS = np.array(
    [17.88, 28.92, 33.00, 41.52, 42.12, 45.60, 48.48, 51.84, 51.96, 54.12, 55.56, 67.80, 68.64, 68.64, 68.88, 84.12,
     93.12, 98.64, 105.12, 105.84, 127.92, 128.04, 173.40]
)  # fmt: skip
#: months to retraction of the breast after radiotherapy: D. M. Finkelstein and R. A. Wolfe, Biometrics 41 (1985) 933
RETRACTION = [
    (0, 5), (0, 7), (0, 8), (4, 11), (5, 11), (5, 12), (6, 10), (7, 14), (7, 16), (11, 15), (11, 18), (17, 25), (17, 25),
    (18, 26), (19, 35), (25, 37), (26, 40), (27, 34), (36, 44), (36, 48), (37, 44),
    *((x, math.inf) for x in (15, 17, 18, 22, 24, 24, 32, 33, 34, 36, 36, 37, 37, 37, 38, 40, 45, *(46,) * 8)),
]  # fmt: skip


def lives(times: np.ndarray, failed: np.ndarray | bool = True) -> list[Life]:
    return [Life(float(t) * HOUR, bool(f)) for t, f in zip(times, np.broadcast_to(failed, times.shape), strict=True)]


# Kaplan-Meier ---------------------------------------------------------------------------------------------------------
def test_the_leukaemia_trial_has_medians_of_23_and_8_weeks() -> None:
    # log-log limits (13, none) and (4, 11), as lifelines 0.30.3 gives them
    treated = lifetimes(lives(MERCAPTOPURINE, RELAPSED), limits="log-log")
    assert treated["median_life"].field_value == pytest.approx(23.0)
    assert treated["median_life"].interval is None
    assert treated["median_life_lower_bound"].field_value == pytest.approx(13.0)
    placebo = lifetimes(lives(PLACEBO), limits="log-log")
    assert placebo["median_life"].field_value == pytest.approx(8.0)
    assert placebo["median_life"].field_interval == pytest.approx((4.0, 11.0))


def test_curve_and_log_log_limits_are_those_of_scipy() -> None:
    result = lifetimes(lives(MERCAPTOPURINE, RELAPSED))
    reference = stats.ecdf(stats.CensoredData.right_censored(MERCAPTOPURINE, ~RELAPSED)).sf
    limits = reference.confidence_interval(0.95, method="log-log")
    assert result.curves["time"] / HOUR == pytest.approx(reference.quantiles)
    assert result.curves["survival"] == pytest.approx(reference.probabilities)
    assert result.curves["low"] == pytest.approx(limits.low.probabilities)
    assert result.curves["high"] == pytest.approx(limits.high.probabilities)


def test_without_censoring_the_beta_product_is_clopper_and_pearson() -> None:
    curve = kaplan_meier(np.arange(1.0, 9.0), np.ones(8, dtype=bool))
    for k, (low, high) in enumerate(zip(curve.exact_low, curve.exact_high, strict=True), start=1):
        exact = stats.binomtest(8 - k, 8).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_five_cells_give_the_median_no_limit_and_six_do() -> None:
    # the range of n values holds the median with probability 1 - 2^(1-n): 0.9375 for five, 0.969 for six
    five, six = (lifetimes(lives(np.arange(1.0, n + 1.0))) for n in (5, 6))
    assert five["median_life"].interval is None
    assert any("no 95 % interval" in w for w in five.warnings)
    assert six["median_life"].field_interval == pytest.approx((1.0, 6.0))


def test_a_median_that_is_not_reached_is_not_given() -> None:
    result = lifetimes(lives(np.array([10.0, 50, 50, 50, 50, 50, 50, 50]), np.arange(8) < 1))
    assert "median_life" not in result.quantities
    assert result["median_life_lower_bound"].field_value >= 10.0


def test_a_flat_curve_at_one_half_gives_the_middle() -> None:
    assert lifetimes(lives(np.array([1.0, 2.0, 5.0, 9.0])))["median_life"].field_value == pytest.approx(3.5)


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_three_cells_are_covered_by_the_beta_product_while_log_log_often_has_no_limits(share: float) -> None:
    # exponential lives, watches that end at random; a curve at 0 or 1 has no log-log limits, which counts as a miss
    rng, sets = np.random.default_rng(8401), 600
    exact = greenwood = 0
    for _ in range(sets):
        life, end = rng.exponential(1.0, 3), rng.exponential(2.0, 3)
        curve = kaplan_meier(np.minimum(life, end), life <= end)
        k = int(np.searchsorted(curve.time, -math.log(share), side="right")) - 1
        low, high = (curve.exact_low[k], curve.exact_high[k]) if k >= 0 else (curve.exact_start, 1.0)
        exact += low <= share <= high
        greenwood += k >= 0 and 0.0 < curve.survival[k] < 1.0 and curve.low[k] <= share <= curve.high[k]
    # a coverage of 95 % falls below this with a chance of 1e-4
    bound = stats.binom.ppf(1e-4, sets, 0.95)
    assert exact >= bound > greenwood


# Weibull --------------------------------------------------------------------------------------------------------------
def test_the_ball_bearings_have_shape_2_10_and_scale_81_9() -> None:
    # Lawless (2003), example 5.2.1 quotes 2.10 and 81.9; scipy maximises the same likelihood to its own tolerance
    result = lifetimes(lives(BEARINGS))
    shape, _, scale = stats.weibull_min.fit(BEARINGS, floc=0.0)
    assert result["weibull_shape"].value == pytest.approx(shape, rel=1e-4)
    assert result["weibull_scale"].field_value == pytest.approx(scale, rel=1e-4)
    assert result["weibull_shape"].value == pytest.approx(2.102, abs=5e-4)
    assert result["weibull_scale"].field_value == pytest.approx(81.88, abs=5e-3)
    assert result["b10_life"].field_value == pytest.approx(scale * (-math.log(0.9)) ** (1.0 / shape), rel=1e-3)


def test_a_censored_weibull_fit_is_that_of_scipy() -> None:
    result = lifetimes(lives(MERCAPTOPURINE, RELAPSED))
    data = stats.CensoredData.right_censored(MERCAPTOPURINE, ~RELAPSED)
    shape, _, scale = stats.weibull_min.fit(data, floc=0.0)
    assert result["weibull_shape"].value == pytest.approx(shape, rel=1e-3)
    assert result["weibull_scale"].field_value == pytest.approx(scale, rel=1e-3)
    # lifelines 0.30.3: 33.765, 1.3537
    assert (result["weibull_scale"].field_value, result["weibull_shape"].value) == pytest.approx(
        (33.765, 1.3537), rel=1e-4
    )


def test_lives_between_two_times_give_the_fit_of_another_program() -> None:
    # lifelines 0.30.3, WeibullFitter.fit_interval_censoring, stops at its own tolerance: 5.56525, 1.50618
    pairs = [(1, 3), (2, 6), (0, 2), (5, 9), (4, 8), (3, 5)]
    cells = [Life(b * HOUR, survived=a * HOUR) for a, b in pairs] + [Life(9 * HOUR, failed=False)]
    result = lifetimes(cells)
    assert result["weibull_scale"].field_value == pytest.approx(5.56525, rel=1e-4)
    assert result["weibull_shape"].value == pytest.approx(1.50618, rel=1e-4)
    assert result["median_life"].interval is not None


def test_few_failures_have_wide_intervals_and_say_so() -> None:
    result = lifetimes(lives(np.array([3.0, 5.0, 9.0])))
    low, high = result["weibull_shape"].interval
    assert low < 1.0 < high
    assert any("3 failures are few" in w for w in result.warnings)
    # the most likely shape of three lives is too steep, as other samples fitted by scipy say too
    rng = np.random.default_rng(77)
    steep = np.log([1.0 / stats.gumbel_l.fit(x)[1] for x in np.log(-np.log(rng.random((300, 3))))])
    error = 1.2533 * steep.std() / math.sqrt(300)  # of a median
    assert math.log(result.details["shape_bias"]) == pytest.approx(np.median(steep), abs=4.0 * error)


def test_cells_in_one_interval_bound_the_shape_only() -> None:
    result = lifetimes([Life(9 * HOUR, survived=8 * HOUR)] * 4)
    assert "weibull_shape" not in result.quantities
    assert result["weibull_shape_lower_bound"].value > 1.0
    assert 8.0 <= result["weibull_scale"].field_value <= 9.0


@pytest.mark.parametrize("shape", [0.7, 1.0, 3.0])
def test_without_a_failure_there_are_bounds_and_no_number(shape: float) -> None:
    result = lifetimes([Life(4500 * HOUR, failed=False)] * 3, shape=shape)
    assert result.outcome is Outcome.TOO_FEW_POINTS
    assert set(result.quantities) == {"failed_share_upper_bound", "weibull_scale_lower_bound"}
    # at the bound the three cells live on with a chance of 5 %
    scale = result["weibull_scale_lower_bound"].value
    assert math.exp(-3.0 * (4500 * HOUR / scale) ** shape) == pytest.approx(0.05)
    assert (1.0 - result["failed_share_upper_bound"].value) ** 3 == pytest.approx(0.05)
    assert "none of 3 cells failed" in result.warnings[0]


def test_one_failure_needs_the_shape() -> None:
    one = [Life(10 * HOUR), Life(20 * HOUR, failed=False)]
    assert lifetimes(one).outcome is Outcome.TOO_FEW_POINTS
    known = lifetimes(one, shape=1.0)
    # exponential: 30 h on test, one failure; chi-square with 2 and, for a watch that ends at a time, 4 degrees
    assert known["weibull_scale"].field_value == pytest.approx(30.0)
    assert known["weibull_scale"].field_interval == pytest.approx(
        (60.0 / stats.chi2.ppf(0.975, 4), 60.0 / stats.chi2.ppf(0.025, 2))
    )


# Turnbull -------------------------------------------------------------------------------------------------------------
def test_the_breast_retraction_data_have_their_published_curve() -> None:
    # M. P. Fay and P. A. Shaw, J. Stat. Software 36 (2010) no. 2, section 6: four digits
    masses = turnbull(*np.array(RETRACTION, dtype=float).T)
    assert list(zip(masses.low, masses.high, strict=True)) == [
        (4, 5), (6, 7), (7, 8), (11, 12), (24, 25), (33, 34), (38, 40), (46, 48)
    ]  # fmt: skip
    assert masses.probability == pytest.approx(
        [0.0463, 0.0334, 0.0887, 0.0708, 0.0926, 0.0818, 0.1209, 0.4656], abs=5e-5
    )


def test_exact_lives_make_turnbull_kaplan_meier() -> None:
    masses = turnbull(MERCAPTOPURINE, np.where(RELAPSED, MERCAPTOPURINE, np.inf))
    curve = kaplan_meier(MERCAPTOPURINE, RELAPSED)
    steps = -np.diff(curve.survival, prepend=1.0)
    assert masses.probability[:-1] == pytest.approx(steps[curve.failed > 0], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.booleans()), min_size=1, max_size=12))
def test_turnbull_fulfils_its_optimality_condition(rows: list[tuple[int, int, bool]]) -> None:
    low = np.array([float(a) for a, _, _ in rows])
    high = np.array([math.inf if censored else float(a + w) for a, w, censored in rows])
    masses = turnbull(low, high)
    assert masses.probability.sum() == pytest.approx(1.0)
    inside = (masses.low >= low[:, None]) & (masses.high <= high[:, None])
    lower_end = (masses.low == masses.high) & (masses.low == low[:, None]) & (low != high)[:, None]
    covered = np.where(inside & ~lower_end, 1.0, 0.0)
    # Gentleman & Geyer (1994): no score exceeds n, those with probability reach it
    scores = covered.T @ (1.0 / (covered @ masses.probability))
    assert scores[masses.probability > 1e-4] == pytest.approx(len(rows), rel=1e-3)


# groups ---------------------------------------------------------------------------------------------------------------
def test_the_leukaemia_trial_has_a_logrank_chi_square_of_16_79() -> None:
    result = compare_lifetimes({"6-MP": lives(MERCAPTOPURINE, RELAPSED), "placebo": lives(PLACEBO)})
    asymptotic = result.details["asymptotic"]
    assert asymptotic["chi2"] == pytest.approx(16.793, abs=5e-4)
    data = stats.CensoredData.right_censored(MERCAPTOPURINE, ~RELAPSED)
    reference = stats.logrank(data, stats.CensoredData(PLACEBO))
    assert asymptotic["chi2"] == pytest.approx(reference.statistic**2)
    assert asymptotic["p_value"] == pytest.approx(reference.pvalue)
    # 1 of 100 000 dealt labels at the least; the true one is about 2e-5
    assert result["p_value"].value < 2e-4
    low, high = result["life_ratio"].interval
    assert low < high < 1.0


def test_three_groups_have_the_chi_square_of_another_program() -> None:
    # lifelines 0.30.3, multivariate_logrank_test: 26.0808 with two degrees of freedom
    time, failed = np.concatenate([MERCAPTOPURINE, PLACEBO]), np.concatenate([RELAPSED, np.ones(21, dtype=bool)])
    found, freedom = logrank_chi2(time, failed, np.repeat([0, 1, 2], [10, 11, 21]))
    assert (found, freedom) == (pytest.approx(26.080777, abs=1e-6), 2)


def test_scores_sum_to_the_observed_minus_the_expected_failures() -> None:
    time, failed = np.concatenate([MERCAPTOPURINE, PLACEBO]), np.concatenate([RELAPSED, np.ones(21, dtype=bool)])
    scores = logrank_scores(time, failed)
    # Kalbfleisch & Prentice: 19.25 failures expected under 6-MP where 9 came
    assert scores[:21].sum() == pytest.approx(9.0 - 19.25, abs=5e-3)
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)


def test_all_deals_of_ranks_give_the_exact_p_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(12)
    for _ in range(10):
        x = rng.permutation(9).astype(float)
        found = permutation_test(x, np.array([0] * 4 + [1] * 5), rng)
        assert found.p == pytest.approx(stats.mannwhitneyu(x[:4], x[4:], method="exact").pvalue)
        assert found.exact


def test_three_against_three_cells_cannot_come_below_ten_percent_and_say_so() -> None:
    result = compare_lifetimes(
        {"Li": lives(np.array([3.0, 4.0, 5.0])), "Li-10KCO": [Life(200 * HOUR, failed=False)] * 3}
    )
    assert result["p_value"].value == pytest.approx(2.0 / 20.0)
    assert result["p_value"].std == 0.0
    # chi-square calls the same data significant
    assert result.details["asymptotic"]["p_value"] < 0.05
    assert any("cannot give a p value below 0.1" in w for w in result.warnings)
    # the group that never failed gives a bound, no ratio
    assert "life_ratio" not in result.quantities
    assert result["life_ratio_lower_bound"].value > 10.0


def test_the_exact_test_keeps_its_level_where_chi_square_does_not() -> None:
    # 2 against 5 exponential lives of one kind in 1000 simulated experiments; chi-square calls 10 % of them different
    rng, sets = np.random.default_rng(99), 1000
    group, failed = np.repeat([0, 1], [2, 5]), np.ones(7, dtype=bool)
    exact = wrong = 0
    for _ in range(sets):
        time = rng.exponential(1.0, 7)
        exact += permutation_test(logrank_scores(time, failed), group, rng).p <= 0.05
        wrong += logrank_chi2(time, failed, group)[0] > stats.chi2.ppf(0.95, 1)
    assert exact <= stats.binom.ppf(1.0 - 1e-4, sets, 0.05)
    assert wrong > stats.binom.ppf(1.0 - 1e-4, sets, 0.05)


def test_cells_of_one_pellet_are_dealt_together() -> None:
    groups = {
        name: [Life(t * HOUR, pellet=f"{name}{i // 2}") for i, t in enumerate(times)]
        for name, times in {"a": (3.0, 3.1, 5.0, 5.2), "b": (9.0, 9.3, 12.0, 12.5)}.items()
    }
    result = compare_lifetimes(groups)
    assert result.details["deals"] == 6  # two of four pellets, not four of eight cells
    assert any("8 cells come from 4 pellets" in w for w in result.warnings)


def test_unequal_watches_are_said() -> None:
    groups = {
        "a": [Life(5 * HOUR), Life(100 * HOUR, failed=False)],
        "b": [Life(7 * HOUR), Life(900 * HOUR, failed=False)],
    }
    assert any("watched for 100 h and 900 h" in w for w in compare_lifetimes(groups).warnings)


def test_known_limits_instead_of_times_do_not_change_a_clear_difference() -> None:
    groups = {
        "a": [Life(t * HOUR, survived=(t - 1) * HOUR) for t in (3, 4, 5, 6)],
        "b": [Life(t * HOUR, survived=(t - 1) * HOUR) for t in (30, 40, 50, 60)],
    }
    result = compare_lifetimes(groups)
    assert result["p_value"].value == pytest.approx(2.0 / 70.0)
    low, high = result["life_ratio"].interval
    assert low < 10.0 < high


# power ----------------------------------------------------------------------------------------------------------------
def test_twice_the_life_needs_about_as_many_cells_as_schoenfeld_says() -> None:
    # exponential lives: 4 (1.96 + 0.84)^2 / ln(2)^2 = 65.3 failures, 33 per group. The formula is for small differences and
    # many failures; Freedman's for the same test, 2 (1.96 + 0.84)^2 (3/1)^2 / 2 = 70.6 failures or 36 per group, is the
    # larger one of the two in use (L. S. Freedman, Stat. Med. 1 (1982) 121): the simulation lies between or beside them
    result = life_power(ratio=2.0, shape=1.0, simulations=800, rng=np.random.default_rng(3))
    assert result["cells_per_group_closed_form"].value == 33.0
    low, high = result["cells_per_group"].interval
    assert low <= 36.0
    assert high >= 33.0
    assert result["power"].value == pytest.approx(0.8, abs=4.0 * result["power"].std)


def test_cells_stopped_early_cost_power() -> None:
    rng = np.random.default_rng(4)
    whole, stopped = (life_power(ratio=2.0, shape=2.0, watch=w, simulations=400, rng=rng) for w in (None, 1.0))
    assert stopped["cells_per_group"].value > whole["cells_per_group"].interval[1]


def test_three_cells_per_group_never_find_anything() -> None:
    result = life_power(ratio=10.0, shape=3.0, simulations=100)
    assert result["cells_per_group"].value == 4.0


# bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "lives = 0 cells: expected at least one cell"),
        ([Life(-1.0)], "life = -1: expected a finite number > 0"),
        ([Life(0.0, failed=False)], "life = 0: expected a finite number > 0"),
        ([Life(math.nan, cell="c7")], "life of 'c7' = nan: expected a finite number > 0"),
        ([Life(5.0, survived=9.0)], "survived = 9 s after time = 5 s"),
        ([Life(5.0, survived=-1.0)], "life, survived = -1: expected a finite number >= 0"),
        ([Life(5.0, failed=False, survived=1.0)], "of a cell that did not fail"),
        ([Life(7200.0)] * 3, "lives = all 2 h as far as they are known: expected lives that differ"),
    ],
)
def test_a_wrong_life_is_one_clear_error(cells: list[Life], message: str) -> None:
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(")):
        lifetimes(cells)


def test_wrong_groups_and_numbers_are_clear_errors() -> None:
    good = lives(np.array([3.0, 4.0]))
    with pytest.raises(InvalidInput, match="expected at least two groups"):
        compare_lifetimes({"a": good})
    with pytest.raises(InvalidInput, match="'b' has no cells"):
        compare_lifetimes({"a": good, "b": []})
    with pytest.raises(InvalidInput, match="failures = 0 of 2 cells"):
        compare_lifetimes({"a": [Life(5.0, failed=False)], "b": [Life(5.0, failed=False)]})
    with pytest.raises(InvalidInput, match="shape = -1"):
        lifetimes(good, shape=-1.0)
    with pytest.raises(InvalidInput, match="ratio = 1: expected a ratio other than 1"):
        life_power(ratio=1.0, shape=2.0)
    with pytest.raises(InvalidInput, match=r"power = 1\.2"):
        life_power(ratio=2.0, shape=2.0, power=1.2)


def test_results_are_json_and_reproducible() -> None:
    groups = {"a": lives(np.arange(1.0, 13.0)), "b": lives(np.arange(4.0, 17.0))}
    first, second = compare_lifetimes(groups), compare_lifetimes(groups)
    assert first.to_dict() == second.to_dict()
    assert not first.details["exact"]
    assert first["p_value"].std > 0.0


def test_limits_of_a_curve_without_failures_cross_nothing() -> None:
    curve = kaplan_meier(np.array([5.0, 6.0]), np.zeros(2, dtype=bool))
    assert quantile_interval(curve, 0.5, exact=False)[0] is None
