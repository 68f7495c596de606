"""What ``solve_interface`` and ``interface_impedance`` give to a user."""

from __future__ import annotations

import contextlib
import json
import math
import signal

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


def test_numbers_of_a_result_are_those_of_the_solver_in_si():
    found = solve(voltage=0.2)
    assert found["voltage"].value == pytest.approx(0.2, rel=1e-12)
    assert found["mean_current_density"].value == pytest.approx(np.mean(found.current_density), rel=1e-12)
    assert found.asr.value == pytest.approx(0.2 / np.mean(found.current_density), rel=1e-12)
    assert found["slab_resistance"].value == pytest.approx(4e-5 / 0.05)
    assert found["kinetic_resistance"].value == pytest.approx(4e-4 / np.mean(CONTACT))
    assert found.asr.to("ohm cm^2").field_value == pytest.approx(1e4 * found.asr.value)
    assert found.sensitivity.shape == CONTACT.shape
    with pytest.raises(InvalidInput, match="expected linear kinetics"):
        law = {"charge_transfer_resistance": None, "exchange_current_density": 1.0, "temperature": 300.0}
        solve(**law, voltage=0.1).sensitivity  # noqa: B018


def test_json_round_trip_keeps_what_was_found():
    found = solve(second_contact=CONTACT[::-1])
    back = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert back["outcome"] == "success"
    assert back["details"]["patchy_faces"] == 2
    assert back["details"]["iterations"] == found.iterations
    assert set(back["quantities"]) == set(found.quantities)


def test_curves_hold_the_maps_of_both_faces():
    found = solve(second_contact=CONTACT[::-1])
    assert set(found.curves) == {"contact", "current_density", "second_contact", "second_current_density"}
    # both faces carry the same current
    assert np.mean(found.curves["second_current_density"]) == pytest.approx(np.mean(found.current_density), rel=1e-9)


LAW = {"charge_transfer_resistance": None, "exchange_current_density": 1.0, "temperature": 300.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"charge_transfer_resistance": float("nan")}, "charge_transfer_resistance = nan: expected"),
        ({"charge_transfer_resistance": np.full((8, 8), np.inf)}, "no pixel of finite resistance"),
        ({"charge_transfer_resistance": np.ones((2, 8, 8))}, "charge_transfer_resistance = array of shape"),
        ({"film_resistance": float("inf")}, "film_resistance = inf: expected"),
        ({"second_contact": np.zeros((8, 8))}, "second_contact = no pixel in contact"),
        ({"thickness": -1.0}, "thickness = -1.0: expected"),
        ({"period": float("inf")}, "period = inf: expected"),
        ({"tolerance": 0.0}, "tolerance = 0: expected 1e-14 to 0.5"),
        ({"tolerance": -1.0}, "tolerance = -1: expected 1e-14 to 0.5"),
        ({"tolerance": 1.0}, "tolerance = 1: expected 1e-14 to 0.5"),
        ({"tolerance": float("nan")}, "tolerance = nan: expected 1e-14 to 0.5"),
        ({**LAW, "voltage": 0.1, "current_density": 1.0}, "expected exactly one of"),
        ({**LAW, "voltage": 0.1, "symmetry": 1.0}, "symmetry = 1.0: expected a number between 0 and 1"),
        ({**LAW, "voltage": 0.1, "temperature": -3.0}, "temperature = -3.0: expected"),
        ({**LAW, "voltage": 300.0}, "voltage = 300 V: expected at most 100 V"),
        ({**LAW, "voltage": float("nan")}, "voltage = nan: expected"),
        ({**LAW, "voltage": 0.1, "exchange_current_density": 0.0}, "exchange_current_density = 0: expected"),
    ],
)
def test_bad_input_names_thing_value_and_what_was_expected(change, message):
    with pytest.raises(InvalidInput, match=message):
        solve(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"conductivity": "high"},
        {"thickness": [1e-5, 2e-5]},
        {"period": None},
        {"tolerance": "small"},
        {"voltage": "1 V"},
        {"charge_transfer_resistance": "low"},
        {"charge_transfer_resistance": 1e-4 + 1e-4j},
    ],
    ids=str,
)
def test_what_is_no_number_is_invalid_input_and_no_traceback(change):
    (name,) = change
    with pytest.raises(InvalidInput, match=f"{name} = .*: expected"):
        solve(**change)


def test_a_map_with_rows_of_different_length_is_invalid_input():
    with pytest.raises(InvalidInput, match=r"contact = .*: expected"):
        garnetlab.solve_interface([[True, False], [True]], charge_transfer_resistance=4e-4, **SLAB)


@pytest.mark.parametrize(
    "change",
    [
        {"second_charge_transfer_resistance": 1e-3},
        {"second_film_resistance": 1e-3},
        {"second_contact": CONTACT, "second_exchange_current_density": 1.0},
    ],
    ids=lambda c: list(c)[-1],
)
def test_an_argument_that_would_have_no_effect_is_refused(change):
    with pytest.raises(InvalidInput, match=f"{list(change)[-1]} = .*: expected"):
        solve(**change)


@pytest.mark.parametrize(
    "change",
    [
        {**LAW, "voltage": 1e-20},
        {**LAW, "current_density": 1e-15},
        {**LAW, "current_density": 1e-20},
        {"voltage": 1e-300},
        {"charge_transfer_resistance": 1e-300},
        {"charge_transfer_resistance": 1e300},
    ],
    ids=str,
)
def test_extreme_numbers_are_refused_or_solved_with_bounds_in_order(change):
    try:
        found = solve(**change)
    except InvalidInput:
        return
    low, high = found.asr_bounds
    assert low <= found.asr.value * (1 + 1e-7)
    assert found.asr.value * (1 - 1e-7) <= high


@contextlib.contextmanager
def within(seconds: float):
    """Fail where a call takes longer, so that an endless loop does not stop the tests."""

    def stop(*_):
        pytest.fail(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no timer signal on this system")
@pytest.mark.parametrize("change", [{"voltage": 20.0, "temperature": 100.0}, {"current_density": 1e6}], ids=str)
def test_kinetics_of_an_extreme_symmetry_do_not_run_for_ever(change):
    with within(5.0):
        try:
            found = solve(**{**LAW, "symmetry": 0.99, **change})
        except InvalidInput:
            return
    assert not found.outcome.good or found.asr_bounds[0] <= found.asr.value * (1 + 1e-7)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no timer signal on this system")
@pytest.mark.parametrize("shape", [(1, 1), (64, 1), (2, 2)])
def test_a_thin_slab_under_wide_pixels_takes_no_longer_than_any_other(shape):
    """A hundredth of a pixel thick; the number of waves that feel the far side grows with the square of that."""
    with within(5.0):
        found = garnetlab.solve_interface(
            np.ones(shape, bool), conductivity=0.05, thickness=1e-6, period=1e-4, charge_transfer_resistance=4e-4
        )
    assert found.asr.value == pytest.approx(4e-4 + 1e-6 / 0.05, rel=1e-9)
