"""Simulated sweeps: the noise they say they have, drift, provenance, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput, Kind, SimulationSource
from garnetlab.physics.impedance import parse_circuit
from garnetlab.simulate.eis import REALISTIC, Drift, Noise, impedance_noise, simulate_eis, sweep_frequencies, sweep_time
from garnetlab.testing import _reference

TEXT = "R0-p(R1,CPE1)-W1"
VALUES = {"R0": 200.0, "R1": 83.0, "CPE1.Q": 3e-6, "CPE1.n": 0.85, "W1": 2.0}


def sweep(seed: int = 1, **options):
    return simulate_eis(TEXT, VALUES, rng=np.random.default_rng(seed), **options)


def exact(frequency):
    circuit = parse_circuit(TEXT)
    return circuit.impedance(np.array([VALUES[name] for name in circuit.names]), frequency)


def test_the_default_sweep_has_81_points_from_1_megahertz_to_10_millihertz():
    f = sweep()[Channel.FREQUENCY]
    assert len(f) == 81
    assert f[0] == pytest.approx(1e6)
    assert f[-1] == pytest.approx(1e-2)
    assert (np.diff(f) < 0).all()


def test_without_noise_the_impedance_is_that_of_the_circuit():
    found = sweep(noise=0.0)
    np.testing.assert_array_equal(found[Channel.IMPEDANCE], exact(found[Channel.FREQUENCY]))
    assert dict(found.std) == {}


@pytest.mark.parametrize("law", [Noise(0.01), Noise(0.0, constant=0.5), Noise(0.003, constant=0.2), REALISTIC])
def test_the_residuals_have_the_standard_deviation_that_is_stated(law):
    f = np.repeat([1e6, 1e3, 1e-2], 4000)
    found = sweep(frequencies=f, noise=law)
    scaled = (found[Channel.IMPEDANCE] - exact(f)) / found.std[Channel.IMPEDANCE]
    for part in (scaled.real, scaled.imag):
        for third in part.reshape(3, 4000):
            # 4000 normal numbers: the standard deviation has 1/sqrt(8000) = 1.1 %, the mean 1.6 %; five sigma
            assert third.std() == pytest.approx(1.0, abs=0.056)
            assert abs(third.mean()) < 0.079
    assert abs(np.mean(scaled.real * scaled.imag)) < 5 / np.sqrt(12000)


def test_the_noise_law_adds_its_parts_in_quadrature():
    z, f = np.array([100.0 + 0j, 3.0 - 4.0j]), np.array([1.0, 1e4])
    np.testing.assert_allclose(impedance_noise(z, f, Noise(0.03, constant=4.0)), [5.0, np.hypot(0.15, 4.0)])


def test_realistic_noise_is_a_tenth_of_a_per_cent_in_the_middle_and_more_at_the_ends():
    std = impedance_noise(np.ones(3), np.array([1e6, 1e2, 1e-2]), REALISTIC)
    np.testing.assert_allclose(std, 1e-3 * np.sqrt([26.0, 1.0, 10.0]), rtol=1e-5)


def test_the_same_seed_gives_the_same_measurement():
    one, two = sweep(), sweep()
    np.testing.assert_array_equal(one[Channel.IMPEDANCE], two[Channel.IMPEDANCE])
    assert one.source == two.source
    assert one.source.seed == 1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"noise": 0.02},
        {"frequencies": np.logspace(5, 0, 20)},
        {"drift": Drift("R1", 0.1)},
        {"metadata": {"sample": "other"}},
        {"amplitude": 0.01},
    ],
)
def test_any_other_input_gives_another_digest(change):
    assert sweep(**change).source.digest != sweep().source.digest


def test_a_used_generator_gives_another_digest():
    rng = np.random.default_rng(1)
    first, second = (simulate_eis(TEXT, VALUES, rng=rng).source for _ in range(2))
    assert first.digest != second.digest


def test_it_is_a_measurement_like_any_other():
    found = sweep(amplitude=0.01, metadata={"area": 0.785e-4, "sample": "pellet 3"})
    assert found.kind is Kind.IMPEDANCE
    assert isinstance(found.source, SimulationSource)
    assert found.source.model == f"circuit {TEXT}"
    assert dict(found.metadata) == {"amplitude": 0.01, "area": 0.785e-4, "sample": "pellet 3"}
    assert found.std[Channel.IMPEDANCE].shape == found[Channel.IMPEDANCE].shape == (81,)


def test_a_point_takes_five_periods_or_one_second():
    np.testing.assert_allclose(np.diff(sweep_time(np.array([1e6, 10.0, 2.0, 0.01]))), [1.0, 2.5, 500.0])


def test_a_drifting_parameter_grows_linearly_in_time_from_the_first_to_the_last_point():
    found = sweep(noise=0.0, drift=Drift("R0", 0.15))
    f, t = found[Channel.FREQUENCY], found[Channel.TIME]
    growth = (found[Channel.IMPEDANCE] - exact(f)).real / VALUES["R0"]
    # R0 adds to Z, so its growth is the difference; rounding 1e-16 |Z|/R0
    np.testing.assert_allclose(growth, 0.15 * (t - t[0]) / (t[-1] - t[0]), atol=1e-13)
    assert growth[-1] == pytest.approx(0.15, abs=1e-13)


def test_a_single_point_does_not_drift():
    found = sweep(noise=0.0, frequencies=np.array([10.0]), drift=Drift("R0", 0.15))
    np.testing.assert_allclose(found[Channel.IMPEDANCE], exact(np.array([10.0])))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({**VALUES, "R2": 1.0}, {}, "parameter = 'R2': not in R0-p"),
        ({"R0": 1.0}, {}, "R1, CPE1.Q, CPE1.n, W1 missing"),
        ({**VALUES, "R1": -1.0}, {}, r"parameters = -1\.0: expected finite numbers > 0"),
        (VALUES, {"frequencies": np.array([1.0, -1.0])}, r"frequency = -1\.0"),
        (VALUES, {"noise": -0.1}, r"relative = -0\.1"),
        (VALUES, {"drift": Drift("R9", 0.1)}, "drift = 'R9'"),
    ],
)
def test_wrong_input_is_refused(values, options, message):
    with pytest.raises(InvalidInput, match=message):
        simulate_eis(TEXT, values, rng=np.random.default_rng(1), **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Noise(constant=np.nan), "constant = nan"),
        (lambda: Noise(high_corner=0.0), r"high_corner = 0\.0"),
        (lambda: Drift("R0", -1.0), r"growth = -1\.0"),
        (lambda: sweep_frequencies(low=1.0, high=0.1), r"low = 1\.0, high = 0\.1"),
        (lambda: sweep_frequencies(points_per_decade=0), "points_per_decade = 0"),
    ],
)
def test_a_wrong_law_or_sweep_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


# reference problems --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", ["A", "B"])
def test_the_reference_spectra_scatter_about_the_reference_circuit(case):
    f, z = _reference.reference_spectra(case, 200, rng=np.random.default_rng(2))
    circuit, p = _reference.reference_circuit(case)
    truth = circuit.impedance(p, f)
    assert z.shape == (200, 81)
    scaled = (z - truth) / (0.01 * np.abs(truth))
    assert np.concatenate([scaled.real, scaled.imag]).std() == pytest.approx(1.0, abs=5 / np.sqrt(2 * scaled.size * 2))


def test_the_drift_of_the_reference_problem_adds_15_per_cent_of_the_interface_at_the_end():
    options = {"noise": 0.0, "rng": np.random.default_rng(1)}
    _, still = _reference.reference_spectra("B", 1, **options)
    _, moved = _reference.reference_spectra("B", 1, drift=0.15, **options)
    assert abs(moved[0, 0] - still[0, 0]) < 1e-12 * abs(still[0, 0])
    assert (moved - still)[0, -1].real == pytest.approx(0.15 * 460.0, rel=1e-3)  # the arc has closed: (w tau)^n ~ 1e-3


def test_random_circuits_keep_to_the_ranges_of_the_reference_problem():
    p = _reference.random_parameters(500, rng=np.random.default_rng(3))
    _, grain, q1, n1, interface, q2, n2, _ = p.T
    ratio = np.log10((interface * q2) ** (1 / n2) / (grain * q1) ** (1 / n1))
    assert grain.min() >= 20
    assert grain.max() <= 500
    assert min(n1.min(), n2.min()) >= 0.65
    assert max(n1.max(), n2.max()) <= 1.0
    assert 0.7 - 1e-9 <= ratio.min() < 1.0
    assert 3.7 < ratio.max() <= 4 + 1e-9
    assert _reference.random_spectra(3, rng=np.random.default_rng(3))[1].shape == (3, 81)


def test_an_outlier_moves_one_point_near_50_hertz_by_a_tenth():
    f, z = _reference.reference_spectra("A", 5, rng=np.random.default_rng(4))
    moved, place = _reference.with_outlier(z, f, rng=np.random.default_rng(4))
    assert f[place] == pytest.approx(50.0, rel=0.12)  # ten points per decade: within 10^(1/20)
    np.testing.assert_allclose(np.abs(moved - z)[:, place], 0.1 * np.abs(z[:, place]), rtol=1e-12)
    assert (np.delete(moved, place, 1) == np.delete(z, place, 1)).all()
