"""Tests of the validity of impedance spectra. Seeds here are used neither to choose nor to calibrate the tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from garnetlab.analyse import _kk_null
from garnetlab.analyse.kk import check_validity, estimate_noise, linear_kramers_kronig, z_hit
from garnetlab.core import InvalidInput

FREQUENCY = np.logspace(6, -2, 81)
COUNT = 300


def arc(frequency, resistance, tau, exponent):
    return resistance / (1 + (2j * np.pi * frequency * tau) ** exponent)


def circuit(name, frequency=FREQUENCY, growth=1.0):
    """Reference circuits: R_b, R_gb, Q_gb, n_gb, R_int, Q_int, n_int, Warburg sigma."""
    r0, r1, q1, n1, r2, q2, n2, sigma = {
        "A": (200, 50, 1.5e-8, 0.90, 83, 3e-6, 0.85, 2),
        "B": (200, 100, 6e-8, 0.92, 460, 3e-6, 0.85, 4),
    }[name]
    s = 2j * np.pi * frequency
    return r0 + r1 / (1 + r1 * q1 * s**n1) + growth * r2 / (1 + growth * r2 * q2 * s**n2) + sigma * (2 / s) ** 0.5


def growing(share, frequency=FREQUENCY):
    """Resistance factor in a sweep from high to low frequency of five periods or 1 s per point."""
    clock = np.cumsum(np.maximum(5 / frequency, 1.0))
    return 1 + share * (clock - clock[0]) / (clock[-1] - clock[0])


def noisy(z, level, seed, count=COUNT):
    rng = np.random.default_rng(seed)
    z = np.tile(z, (count, 1))
    return z + level * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))


def at_least(rate, count=COUNT):
    """Fewest successes that a method of this true rate shows in all but one of a thousand runs."""
    return int(binom.ppf(1e-3, count, rate))


def at_most(rate, count=COUNT):
    return int(binom.ppf(1 - 1e-3, count, rate))


@pytest.mark.parametrize(("name", "seed"), [("A", 40001), ("B", 40002)])
def test_at_most_5_percent_of_clean_spectra_are_flagged(name, seed):
    assert (~check_validity(FREQUENCY, noisy(circuit(name), 0.01, seed)).valid).sum() <= at_most(0.05)


@pytest.mark.parametrize(("name", "seed"), [("A", 40003), ("B", 40004)])
def test_99_percent_of_10_percent_outliers_near_50_hz_are_found_and_named(name, seed):
    z = noisy(circuit(name), 0.01, seed)
    k = int(np.argmin(np.abs(np.log(FREQUENCY / 50))))
    z[:, k] += 0.1 * np.abs(z[:, k]) * np.exp(2j * np.pi * np.random.default_rng(seed + 100).random(COUNT))
    found = check_validity(FREQUENCY, z)
    assert (found.outlier & (found.worst_point == k)).sum() >= at_least(0.99)


@pytest.mark.parametrize(("name", "seed"), [("A", 40005), ("B", 40006)])
def test_90_percent_of_15_percent_drifts_are_found(name, seed):
    z = noisy(circuit(name, growth=growing(0.15)), 0.01, seed)
    assert (~check_validity(FREQUENCY, z).valid).sum() >= at_least(0.9)


def test_a_falling_resistance_has_a_negative_statistic():
    found = check_validity(FREQUENCY, noisy(circuit("B", growth=growing(-0.15)), 0.01, 40007))
    # B moves by 9 % of |Z| against 1 % noise: far beyond the 90 % that A shows
    assert (found.drift & (found.drift_statistic < 0)).sum() >= at_least(0.99)


def test_20_to_120_points_keep_the_false_alarms():
    for points, seed in ((20, 40010), (41, 40011), (120, 40012)):
        f = np.logspace(6, -2, points)
        assert (~check_validity(f, noisy(circuit("B", f), 0.01, seed)).valid).sum() <= at_most(0.05)


def test_a_blocking_pellet_with_constant_noise_is_clean():
    f = np.logspace(6, -1, 60)
    z = np.tile(300 + arc(f, 500, 1e-5, 0.9) + 1e7 * (2j * np.pi * f) ** -0.9, (COUNT, 1))
    rng = np.random.default_rng(40013)
    z = z + 5.0 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    assert (~check_validity(f, z).valid).sum() <= at_most(0.05)
    assert np.median(estimate_noise(f, z).exponent) == 0.0


def test_an_inductive_loop_obeys_kramers_and_kronig():
    z = circuit("B") - arc(FREQUENCY, 60, 1.0, 1.0)
    assert (~check_validity(FREQUENCY, noisy(z, 0.003, 40014)).valid).sum() <= at_most(0.05)


@pytest.mark.parametrize("level", [0.001, 0.003, 0.01, 0.03])
def test_the_noise_is_estimated_without_bias(level):
    found = estimate_noise(FREQUENCY, noisy(circuit("B"), level, 40015))
    # 162 data less 31 elements: one estimate is uncertain by 1/sqrt(2 131) = 6.2 %, the median of 300 by
    # 0.062 1.25/sqrt(300) = 0.5 %; 2 % leaves room for the average gain of the point left out
    assert np.median(found.relative) == pytest.approx(level, rel=0.02)
    assert np.median(found.exponent) == 1.0


def test_the_linear_model_follows_arcs_and_a_warburg_within_1e_3():
    # elements three per decade interpolate a single arc to exp(-pi^2/0.77) = 3e-6; the cut range leaves more
    found = linear_kramers_kronig(FREQUENCY, circuit("A")[None])
    assert np.abs(found.residual).max() < 1e-3
    assert np.allclose(found.fitted, circuit("A"), rtol=1e-3)


def test_more_elements_per_decade_are_taken_where_asked():
    z = circuit("A")[None]
    assert linear_kramers_kronig(FREQUENCY, z, per_decade=2).elements < linear_kramers_kronig(FREQUENCY, z).elements


def test_z_hit_of_a_constant_phase_element_is_exact():
    z = (1e5 * (2j * np.pi * FREQUENCY) ** -0.8)[None]
    # constant phase: the slope is 0 and the trapezoid is exact
    assert np.allclose(z_hit(FREQUENCY, z), np.abs(z), rtol=1e-9)


def test_z_hit_rebuilds_circuit_a_within_1_percent():
    z = circuit("A")[None]
    # the neglected third derivative of the phase is below 0.3 % here, the smoothing of a broad arc as much
    assert np.abs(z_hit(FREQUENCY, z) / np.abs(z) - 1).max() < 0.01


def test_z_hit_shows_a_drift_at_the_lowest_frequencies():
    z = circuit("B", growth=growing(0.15))[None]
    # R_int grows by 69 of 760 ohm, 9 %; the phase alone knows nothing of it
    ratio = np.abs(z[0]) / z_hit(FREQUENCY, z)[0]
    assert ratio[-1] == pytest.approx(1.09, abs=0.02)
    assert ratio[40] == pytest.approx(1.0, abs=0.01)


def test_the_order_of_frequencies_does_not_matter():
    z = noisy(circuit("A", growth=growing(0.15)), 0.01, 40016, count=20)
    down, up = check_validity(FREQUENCY, z), check_validity(FREQUENCY[::-1], z[:, ::-1])
    assert np.array_equal(down.valid, up.valid)
    assert np.array_equal(down.worst_point, 80 - up.worst_point)
    assert np.allclose(down.residual, up.residual[:, ::-1])
    assert np.allclose(down.zhit_modulus, up.zhit_modulus[:, ::-1])


def test_a_spectrum_alone_gets_the_verdict_it_gets_among_others():
    z = noisy(circuit("A"), 0.01, 40017, count=5)
    together = check_validity(FREQUENCY, z)
    alone = check_validity(FREQUENCY, z[3])
    assert alone.drift_statistic[0] == pytest.approx(together.drift_statistic[3], rel=1e-6, abs=1e-6)
    assert alone.noise[0] == pytest.approx(together.noise[3], rel=1e-9)


def test_the_verdict_does_not_depend_on_the_size_of_the_resistances():
    z = noisy(circuit("B", growth=growing(0.15)), 0.01, 40018, count=20)
    small, large = check_validity(FREQUENCY, z), check_validity(FREQUENCY, 1e6 * z)
    assert np.allclose(small.drift_statistic, large.drift_statistic, rtol=1e-3)
    assert np.allclose(small.outlier_statistic, large.outlier_statistic, rtol=1e-6)


def test_data_without_noise_are_valid():
    assert check_validity(FREQUENCY, np.stack([circuit("A"), circuit("B")])).valid.all()


def test_fewer_false_alarms_mean_higher_thresholds():
    z = noisy(circuit("A"), 0.01, 40019, count=10)
    strict, lax = check_validity(FREQUENCY, z, false_alarm=0.01), check_validity(FREQUENCY, z, false_alarm=0.2)
    assert (strict.outlier_threshold > lax.outlier_threshold).all()
    assert (strict.drift_threshold > lax.drift_threshold).all()


def test_the_thresholds_of_rarer_tails_are_higher_in_the_table():
    assert (np.diff(_kk_null.GROWTH, axis=1) > 0).all()
    assert (np.diff(_kk_null.FALL, axis=1) > 0).all()
    assert np.shape(_kk_null.GROWTH) == (len(_kk_null.STRENGTH), len(_kk_null.TAIL))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f, z: (f[:7], z[:, :7]), "7 points: expected at least 8"),
        (lambda f, z: (f, z[:, :-1]), r"expected \(m, 81\)"),
        (lambda f, z: (-f, z), "expected finite numbers > 0"),
        (lambda f, z: (f * 0 + 1, z), "more than a factor 2"),
        (lambda f, z: (f, np.where(f == f[3], np.nan, z)), "Drop the point"),
        (lambda f, z: (f, np.where(f == f[3], 0, z)), "Drop the point"),
    ],
)
def test_input_that_cannot_be_tested_is_refused_with_advice(change, words):
    f, z = change(FREQUENCY, circuit("A")[None])
    with pytest.raises(InvalidInput, match=words):
        check_validity(f, z)


def test_a_false_alarm_rate_outside_the_table_is_refused():
    with pytest.raises(InvalidInput, match=r"false_alarm = 0\.5"):
        check_validity(FREQUENCY, circuit("A")[None], false_alarm=0.5)


def test_eight_points_are_enough():
    f = np.logspace(5, 1, 8)
    assert check_validity(f, circuit("B", f)[None]).residual.shape == (1, 8)


def _pellet(data_dir: Path, degrees: int):
    table = np.loadtxt(data_dir / "impedance" / f"EISFitpython__s04147-{degrees}deg.txt", skiprows=3)
    return table[:, 0], (table[:, 1] + 1j * table[:, 2])[None]


@pytest.mark.parametrize("degrees", [160, 180, 200])
def test_a_measured_pellet_is_valid(data_dir, degrees):
    assert check_validity(*_pellet(data_dir, degrees)).valid.all()


def test_a_measured_pellet_with_a_bad_point_and_a_drift_is_not_valid(data_dir):
    f, z = _pellet(data_dir, 160)
    spoilt = z.copy()
    spoilt[0, 20] *= 1.05
    found = check_validity(f, spoilt)
    assert found.outlier[0]
    assert found.worst_point[0] == 20
    found = check_validity(f, z + 0.1 * np.abs(z[0, -1]) * (growing(1.0, f) - 1))
    assert found.drift[0]
