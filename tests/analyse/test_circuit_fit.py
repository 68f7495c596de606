"""Fits of any circuit without a first guess: at the optimum, honest errors, bounds, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse._circuit_fit import fit_circuit
from garnetlab.core import InvalidInput
from garnetlab.physics.impedance import parse_circuit
from garnetlab.testing._reference import noisy

F = np.logspace(6, -2, 81)
COUNT = 40
#: circuits that are no series of arcs, and one that is
CASES = {
    "R0-G1": (50.0, 300.0, 0.05),
    "R0-p(CPE1,R1-W1)": (50.0, 1e-5, 0.88, 120.0, 40.0),
    "R0-p(CPE1,R1-Ws1)": (50.0, 1e-5, 0.9, 120.0, 200.0, 5.0),
    "R0-p(R1,CPE1)-Wo1": (100.0, 80.0, 1e-6, 0.85, 60.0, 2.0),
    "L1-R0-p(CPE1,R1-p(R2,CPE2))": (1e-6, 50.0, 2e-6, 0.92, 150.0, 300.0, 4e-4, 0.85),
    "R0-p(R1,CPE1)-G1": (100.0, 80.0, 1e-7, 0.85, 200.0, 0.3),
    "R0-p(R1,CPE1)-p(R2,CPE2)-W1": (200.0, 100.0, 6e-8, 0.92, 460.0, 3e-6, 0.85, 4.0),
}


def spectra(text: str, count: int, seed: int):
    circuit, p = parse_circuit(text), np.array(CASES[text])
    z = np.repeat(circuit.impedance(p, F)[None], count, axis=0)
    return circuit, p, noisy(z, rng=np.random.default_rng(seed), noise=0.005)


@pytest.mark.parametrize("text", CASES)
def test_nineteen_of_twenty_fits_are_at_the_optimum_of_a_fit_from_the_truth(text):
    circuit, p, z = spectra(text, COUNT, seed=11)
    found = fit_circuit(circuit, F, z)
    best = fit_circuit(circuit, F, z, guess=dict(zip(circuit.names, p, strict=True)), starts=1)
    assert found.converged.all()
    assert np.mean(found.ssr <= best.ssr * (1 + 1e-4)) >= 0.95
    error = np.log(found.parameters / p) / np.sqrt(np.einsum("mpp->mp", found.covariance))
    rms = np.sqrt(np.mean(error**2, axis=0))
    # each rms over 40 spectra has a standard deviation of 1/sqrt(80) = 0.11; 4.5 sigma for 45 parameters
    assert (rms < 1.5).all()
    assert (rms > 0.5).all()


@pytest.mark.parametrize("text", ["R0-G1", "R0-p(CPE1,R1-W1)", "R0-p(R1,CPE1)-Wo1"])
def test_the_covariance_is_the_cramer_rao_bound(text):
    circuit, p, z = spectra(text, COUNT, seed=12)
    found = fit_circuit(circuit, F, z)
    j = circuit.log_jacobian(p, F) / (0.005 * np.abs(circuit.impedance(p, F)))[:, None]
    bound = np.linalg.inv((j.conj().T @ j).real)
    # the noise level of one spectrum is known to 1/sqrt(2 * 162) = 6 %, its square to 11 %; the median of 40 to 2.2 %;
    # the Jacobian of 1/|Z| weights at the fit adds a few per cent: 10 % in all
    ratio = np.median(np.einsum("mpp->mp", found.covariance), axis=0) / np.diag(bound)
    np.testing.assert_allclose(ratio, 1.0, atol=0.1)


def test_like_arcs_come_in_the_order_of_their_speed():
    text = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
    circuit, p, z = spectra(text, 5, seed=3)
    swapped = dict(zip(circuit.names, p[[0, 4, 5, 6, 1, 2, 3, 7]], strict=True))
    found = fit_circuit(circuit, F, z, guess=swapped, starts=1)
    tau = [(found.parameters[:, k] * found.parameters[:, k + 1]) ** (1 / found.parameters[:, k + 2]) for k in (1, 4)]
    assert (tau[0] < tau[1]).all()


def test_a_fit_is_the_same_every_time_and_alone():
    circuit, _, z = spectra("R0-G1", 3, seed=4)
    together, alone = fit_circuit(circuit, F, z), fit_circuit(circuit, F, z[1])
    np.testing.assert_allclose(together.parameters[1], alone.parameters[0], rtol=1e-8)
    np.testing.assert_array_equal(fit_circuit(circuit, F, z).parameters, together.parameters)


def test_a_parameter_the_data_do_not_hold_ends_on_its_bound():
    circuit, _, z = spectra("R0-G1", 1, seed=5)
    found = fit_circuit(circuit, F, z, bounds={"G1.tau": (1.0, 10.0)})
    assert found.at_bound[0].tolist() == [False, False, True]
    assert found.parameters[0, 2] == pytest.approx(1.0)
    assert found.covariance[0, 2, 2] == 0.0
    assert np.isfinite(found.covariance).all()


def test_parameters_known_as_a_sum_only_get_a_large_uncertainty():
    circuit, z = parse_circuit("R0-R1-C1"), spectra("R0-G1", 1, seed=6)[2].real + 10 / (2j * np.pi * F)
    found = fit_circuit(circuit, F, z)
    assert np.isfinite(found.covariance).all()
    assert (np.diag(found.covariance[0])[:2] > 1e3).any() or found.at_bound[0, :2].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"impedance": np.ones((1, 80))}, r"impedance = array of shape \(1, 80\)"),
        ({"impedance": np.full((1, 81), np.nan)}, "expected finite numbers"),
        ({"impedance": np.zeros((1, 81))}, "expected finite numbers, not 0 ohm"),
        ({"frequency": np.ones(1), "impedance": np.ones((1, 1))}, "points = 1: expected more than 1.5"),
        ({"bounds": {"G1.tau": (2.0, 1.0)}}, r"bounds\['G1.tau'\] = \(2.0, 1.0\)"),
        ({"bounds": {"G1.t": (1.0, 2.0)}}, "parameter = 'G1.t'.*Did you mean 'G1.tau'"),
        ({"guess": {"R9": 1.0}}, "parameter = 'R9'"),
    ],
)
def test_wrong_input_is_refused(change, message):
    arguments = {"frequency": F, "impedance": np.ones((1, 81)), **change}
    with pytest.raises(InvalidInput, match=message):
        fit_circuit(parse_circuit("R0-G1"), **arguments)
