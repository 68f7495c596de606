"""What ``solve_interface`` and ``interface_impedance`` give to a user."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import garnetlab
from garnetlab.core import Channel, InvalidInput, Kind, Outcome, Result, SolveFailed

CONTACT = np.random.default_rng(5).random((8, 8)) < 0.4
SLAB = {"conductivity": 0.05, "thickness": 4e-5, "period": 8e-5}


def solve(**change):
    return garnetlab.solve_interface(CONTACT, **SLAB | {"charge_transfer_resistance": 4e-4} | change)


def test_a_result_holds_what_the_issue_names():
    found = solve()
    assert isinstance(found, Result)
    low, high = found.asr_bounds
    assert low <= found.asr.value <= high
    assert found.asr.std == pytest.approx((high - low) / math.sqrt(12))
    assert found.current_density.shape == CONTACT.shape
    parts = sum(found[f"{part}_resistance"].value for part in ("slab", "kinetic", "constriction"))
    assert parts == pytest.approx(found.asr.value, rel=1e-12)
    assert found.constriction.value > 0
    assert found.iterations > 0
    assert found["peak_to_mean"].value == pytest.approx(np.max(found.current_density) / np.mean(found.current_density))
    assert found["contact_fraction"].value == np.mean(CONTACT)


def test_lists_are_maps_too():
    assert garnetlab.solve_interface(CONTACT.tolist(), charge_transfer_resistance=4e-4, **SLAB).asr == solve().asr


def test_json_has_only_finite_numbers():
    for options in (
        {},
        {"charge_transfer_resistance": None, "exchange_current_density": 1.0, "temperature": 300.0, "voltage": 30.0},
    ):
        json.dumps(solve(**options).to_dict(), allow_nan=False)


def test_the_library_gives_conductivity_and_its_uncertainty():
    material = solve(conductivity=None, electrolyte="LLZTO", temperature=298.15)
    quantity, _ = garnetlab.load_material("LLZTO").property("ionic_conductivity", temperature=298.15)
    assert material["slab_resistance"].value == pytest.approx(4e-5 / quantity.value)
    step = 1e-4
    up, down = (
        solve(conductivity=quantity.value * (1 + s), bounds=False, tolerance=1e-12).asr.value for s in (step, -step)
    )
    slope = (down - up) / (2 * step) * quantity.std / quantity.value
    low, high = material.asr_bounds
    assert material.asr.std == pytest.approx(math.hypot(slope, (high - low) / math.sqrt(12)), rel=1e-4)


def test_no_convergence_is_an_outcome_with_advice_and_no_number(monkeypatch):
    monkeypatch.setattr("garnetlab.physics.interface._LIMIT", 1)
    found = solve()
    assert found.outcome is Outcome.NOT_CONVERGED
    assert found.quantities == {}
    assert "Loosen tolerance" in found.outcome.value
    for name in ("asr", "asr_bounds", "current_density", "constriction", "iterations"):
        with pytest.raises(SolveFailed, match="did not reach its tolerance"):
            getattr(found, name)


def test_bounds_that_were_not_asked_for_are_said_to_be_missing():
    with pytest.raises(InvalidInput, match="bounds=True"):
        solve(bounds=False).asr_bounds  # noqa: B018


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"electrolyte": "LLZTO"}, "both given"),
        ({"conductivity": None}, "neither given"),
        ({"conductivity": None, "electrolyte": "LLZTO"}, "temperature = None"),
        ({"conductivity": None, "electrolyte": "LLZT", "temperature": 300.0}, "LLZT"),
    ],
)
def test_the_choice_of_conductivity_is_checked(change, message):
    with pytest.raises(InvalidInput, match=message):
        solve(**change)


def test_an_impedance_is_an_ordinary_measurement_with_a_digest_of_its_input():
    options = {
        "frequencies": np.logspace(5, 0, 6),
        "charge_transfer_resistance": 4e-4,
        "double_layer_capacitance": 0.01,
        **SLAB,
    }
    one, again = (garnetlab.interface_impedance(CONTACT, area=1e-4, **options) for _ in range(2))
    other = garnetlab.interface_impedance(CONTACT, area=2e-4, **options)
    assert one.kind is Kind.IMPEDANCE
    assert one.source.digest == again.source.digest != other.source.digest
    np.testing.assert_allclose(one[Channel.IMPEDANCE], 2 * other[Channel.IMPEDANCE], rtol=1e-12)
    assert np.all(one[Channel.IMPEDANCE].imag < 0)
    with pytest.raises(InvalidInput, match="area = -1"):
        garnetlab.interface_impedance(CONTACT, area=-1.0, **options)
