"""Replicates, wording, contact area, noise laws, circuit choice."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse import combine, contact_area_test, wording
from garnetlab.analyse._noise import correlation_inflation, estimate_noise_law
from garnetlab.analyse._rivals import widened
from garnetlab.core import InvalidInput, Result
from garnetlab.units import Quantity


def cell(asr: float, std: float, *, capacitance: float = 7e-7, area: float | None = 0.785e-4) -> Result:
    arc = asr * 2e-4 / 0.785e-4
    return Result(
        "eis",
        {
            "interface_resistance": Quantity.of(asr, std, "ohm cm^2"),
            "interface_arc_resistance": Quantity(arc, arc * std / asr, "ohm"),
            "interface_capacitance": Quantity(capacitance, 0.02 * capacitance, "F"),
            "temperature": Quantity(298.15, None, "degC"),
        },
        details={"geometry": {"area": area, "interfaces": 2}},
    )


def test_wording_is_that_of_a_paper() -> None:
    cells = [cell(v, 0.2) for v in (31.1, 31.8, 32.5, 33.2, 33.9)]
    assert wording("interface_resistance", cells) == (
        "ASR 32.5 ± 1.1 Ω cm² (n = 5, 25.0 °C, A = 0.785 cm², half of the arc)"
    )


def test_one_cell_says_what_its_uncertainty_is() -> None:
    assert wording("interface_resistance", [cell(32.5, 0.4)]).endswith("± is the fit's standard uncertainty)")


def test_replicates_give_their_own_spread_and_the_interval_of_the_mean() -> None:
    values = [Quantity(v, 0.01, "ohm") for v in (1.0, 2.0, 3.0)]
    found = combine(values)
    assert found.value == pytest.approx(2.0)
    assert found.std == pytest.approx(1.0)
    # Student: 4.3027 / sqrt(3) with two degrees of freedom
    assert found.interval == pytest.approx((2.0 - 2.4841, 2.0 + 2.4841), abs=1e-3)
    with pytest.raises(InvalidInput, match="expected one unit"):
        combine([Quantity(1.0, 0.1, "ohm"), Quantity(1.0, 0.1, "ohm cm^2")])


@pytest.mark.parametrize(
    ("capacitance", "verdict"),
    [
        (7e-7 * 5.0, "contact area alone explains the difference"),
        (7e-7, "contact area does not explain the difference: kinetics or a film does"),
        (7e-7 * 5.0**0.5, "contact area explains part of the difference"),
    ],
)
def test_contact_area_is_told_from_kinetics(capacitance: float, verdict: str) -> None:
    poor, good = [cell(150.0, 1.0)], [cell(30.0, 0.3, capacitance=capacitance)]
    assert contact_area_test(poor, good).details["verdict"] == verdict


def test_two_equal_samples_have_nothing_to_explain() -> None:
    with pytest.raises(InvalidInput, match="do not differ"):
        contact_area_test([cell(30.0, 1.0)], [cell(30.5, 1.0)])


@pytest.mark.parametrize(("relative", "absolute", "name"), [(0.01, 0.0, "relative"), (0.0, 0.5, "constant")])
def test_the_noise_law_is_recognised(relative: float, absolute: float, name: str) -> None:
    rng = np.random.default_rng(5150)
    modulus = np.logspace(1, 4, 81)
    right = 0
    for _ in range(50):
        noise = np.hypot(relative * modulus, absolute)
        law = estimate_noise_law(noise * (rng.standard_normal(81) + 1j * rng.standard_normal(81)), modulus)
        # a law with both terms whose smaller one does not matter anywhere is as good
        right += law.name == name or np.allclose(law.std(modulus), noise, rtol=0.5)
    assert right >= 48


def test_white_residuals_are_not_inflated_and_waves_are() -> None:
    rng = np.random.default_rng(77)
    white = [correlation_inflation(rng.standard_normal(81) + 1j * rng.standard_normal(81)) for _ in range(200)]
    # the rule fires at two std of white noise: 2.3 % of the time; three binomial std more are allowed
    assert np.mean(np.array(white) > 1.0) < 0.023 + 3 * 0.0106
    wave = np.sin(np.linspace(0, 12, 81))
    assert correlation_inflation(wave + 1j * wave) > 5.0


def test_rivals_widen_by_their_weight_and_difference() -> None:
    q = Quantity(100.0, 1.0, "ohm", (98.0, 102.0))
    found = widened("r", q, [(0.25, {"r": 104.0}), (0.1, {"other": 1.0})])
    assert found.std == pytest.approx(np.hypot(1.0, 100 * 0.5 * np.log(1.04)), rel=1e-6)
    assert widened("r", q, []) == q
