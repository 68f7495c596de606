"""Loss of contact against its limits: sharp supply, conservation of lithium, geometry of hemispheres, Fick's law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_material
from garnetlab.physics.voids import (
    contact_fraction_hemispheres,
    contact_fraction_linear,
    diffusion_limited_supply,
    gap_growth,
    load_shared_supply,
    plating_recovery,
    stripping_deficit,
    supply_at,
)

VM = 12.97e-6
THETA = st.floats(0.01, 1.0)
CURRENT = st.floats(0.0, 100.0)
SPREAD = st.floats(0.01, 50.0)


# deficit -------------------------------------------------------------------------------------------------------------
@given(j=CURRENT, theta=THETA, supply=CURRENT, spread=SPREAD)
def test_the_deficit_lies_between_the_sharp_one_and_a_spread_above_it(j, theta, supply, spread):
    sharp = theta * max(j / theta - supply, 0.0)
    found = stripping_deficit(j, contact_fraction=theta, supply=supply, spread=spread)
    rounding = 1e-12 * (j + theta * (supply + spread))
    at_rest = theta * spread * math.log1p(math.exp(-supply / spread))  # what the tail below zero takes off
    assert sharp - at_rest - rounding <= found <= sharp + theta * spread * math.log(2.0) - at_rest + rounding
    assert found <= j + rounding  # no more is lost than is stripped


@given(j=CURRENT, theta=THETA, supply=CURRENT)
def test_without_spread_the_deficit_is_the_excess_over_the_supply(j, theta, supply):
    found = stripping_deficit(j, contact_fraction=theta, supply=supply, spread=0.0)
    assert found == pytest.approx(theta * max(j / theta - supply, 0.0), rel=1e-12, abs=1e-12)


def test_a_vanishing_spread_is_no_spread_and_does_not_overflow():
    case = {"contact_fraction": 0.5, "supply": np.array([1.0, 100.0])}
    assert stripping_deficit(10.0, **case, spread=1e-308).tolist() == [9.5, 0.0]


@pytest.mark.parametrize("excess", [-3.0, 0.0, 2.0])
def test_the_deficit_is_the_mean_over_a_logistic_supply(excess):
    # quadrature of (x - max(q, 0))_+ over the logistic density with mean 30, scale 2; quad says 1e-10
    def weighted(q):
        return (30.0 + excess - max(q, 0.0)) * 0.125 / math.cosh((q - 30.0) / 4.0) ** 2

    mean = integrate.quad(weighted, -60.0, 30.0 + excess, points=[0.0], epsabs=1e-12)[0]
    found = stripping_deficit(0.3 * (30.0 + excess), contact_fraction=0.3, supply=30.0, spread=2.0)
    assert found == pytest.approx(0.3 * mean, rel=1e-8)


@given(st.lists(CURRENT, min_size=2, max_size=2), THETA, CURRENT, SPREAD)
def test_the_deficit_grows_with_current_and_falls_with_supply(pair, theta, other, spread):
    low, high = sorted(pair)
    small, large = stripping_deficit(np.array([low, high]), contact_fraction=theta, supply=other, spread=spread)
    rich, poor = stripping_deficit(other, contact_fraction=theta, supply=np.array([high, low]), spread=spread)
    assert small <= large
    assert rich <= poor


@given(st.floats(0.1, 100.0), THETA, SPREAD, st.floats(0.1, 10.0))
def test_the_deficit_scales_with_all_currents(j, theta, spread, factor):
    one = stripping_deficit(j, contact_fraction=theta, supply=10.0, spread=spread)
    other = stripping_deficit(factor * j, contact_fraction=theta, supply=factor * 10.0, spread=factor * spread)
    assert other == pytest.approx(factor * one, rel=1e-9)


def test_with_full_contact_and_no_supply_all_lithium_taken_is_missing():
    missing = stripping_deficit(2.0, contact_fraction=1.0, supply=0.0, spread=0.0)
    assert gap_growth(missing, molar_volume=VM) * 3600 / um_per_hour(2.0) == pytest.approx(1.0, rel=1e-12)


def um_per_hour(j):
    return j * 3600 * VM / units.F


# recovery ------------------------------------------------------------------------------------------------------------
@given(j=st.floats(-100.0, 100.0), eps=st.floats(0.0, 1.0), gap=st.floats(0.0, 1e-4))
def test_plating_gives_back_at_most_its_share_of_the_plated_metal(j, eps, gap):
    found = plating_recovery(j, recovery=eps, gap=gap, smoothing=2e-8, molar_volume=VM)
    assert 0.0 <= found <= eps * abs(j) * VM / units.F


def test_nothing_is_recovered_without_gap_and_half_at_the_smoothing():
    rates = plating_recovery(10.0, recovery=1.0, gap=np.array([0.0, 2e-8, 1.0]), smoothing=2e-8, molar_volume=VM)
    # 1 m against 20 nm: full to 2e-8
    assert rates * units.F / (10.0 * VM) == pytest.approx([0.0, 0.5, 1.0], rel=3e-8)


# contact -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("law", [contact_fraction_linear, contact_fraction_hemispheres])
def test_contact_falls_from_the_initial_one_to_none(law):
    theta = law(np.linspace(0.0, 3e-6, 50), initial=0.4, height=2e-6)
    assert theta[0] == 0.4
    assert theta[-1] == 0.0
    assert np.all(np.diff(theta) <= 0.0)
    assert np.all(np.diff(theta[: 50 * 2 // 3]) < 0.0)


@given(gap=st.floats(1e-9, 1.9e-6), height=st.just(2e-6))
def test_the_hemispheres_hold_the_gap(gap, height):
    # n hemispheres per area from the height at which they touch: n pi a^2 = 1 and n 2 pi a^3/3 = h
    number = 1.0 / (math.pi * (1.5 * height) ** 2)
    covered = 1.0 - contact_fraction_hemispheres(gap, initial=1.0, height=height)
    radius = math.sqrt(covered / (number * math.pi))
    # covered = 1 - (1 - x) loses digits below 1: 2e-16/covered, covered >= 6e-3
    assert number * 2.0 / 3.0 * math.pi * radius**3 == pytest.approx(gap, rel=1e-12)


# supply --------------------------------------------------------------------------------------------------------------
@given(theta=THETA, exponent=st.floats(0.0, 2.0))
def test_fewer_contacts_share_the_load_and_are_fed_better(theta, exponent):
    found = load_shared_supply(10.0, contact_fraction=theta, exponent=exponent)
    assert found >= 10.0 * (1 - 1e-12)
    assert found * theta**exponent == pytest.approx(10.0, rel=1e-12)


def test_without_exponent_no_load_is_shared():
    assert load_shared_supply(10.0, contact_fraction=0.1, exponent=0.0) == 10.0


def test_the_supply_at_its_reference_temperature_is_the_supply():
    assert supply_at(298.15, supply=10.0, activation_energy=8e-20, reference=298.15) == 10.0


@given(temperature=st.floats(250.0, 370.0), barrier=st.floats(0.0, 1.6e-19))
def test_there_and_back_in_temperature_is_the_same_supply(temperature, barrier):
    there = supply_at(temperature, supply=10.0, activation_energy=barrier, reference=298.15)
    assert supply_at(298.15, supply=there, activation_energy=barrier, reference=temperature) == pytest.approx(10.0)


def lattice():
    def value(name):
        return load_material("Li").property(name, temperature=298.15)[0].value

    return {
        "prefactor": value("self_diffusion_prefactor"),
        "activation_energy": value("self_diffusion_activation_energy"),
        "molar_volume": VM,
    }


def test_self_diffusion_in_the_lattice_feeds_about_the_supply_that_the_lives_ask_for_over_ten_micrometres():
    # 1 mA/cm^2 from the lives of the paper; distance and supersaturation are assumed, so an order only
    assert 1.0 < diffusion_limited_supply(298.15, **lattice(), distance=10e-6) < 100.0


@given(distance=st.floats(1e-7, 1e-4), supersaturation=st.floats(1.0, 10.0), multiplier=st.floats(1.0, 1e6))
def test_the_diffusive_supply_is_ficks_law(distance, supersaturation, multiplier):
    unit = diffusion_limited_supply(298.15, **lattice(), distance=1e-6)
    found = diffusion_limited_supply(
        298.15, **lattice(), distance=distance, supersaturation=supersaturation, multiplier=multiplier
    )
    assert found == pytest.approx(unit * multiplier * (supersaturation - 1.0) * 1e-6 / distance, rel=1e-9)


def test_the_diffusive_supply_has_the_activation_energy_of_diffusion():
    cold, warm = diffusion_limited_supply(np.array([298.15, 333.15]), **lattice(), distance=1e-6)
    again = supply_at(333.15, supply=cold, activation_energy=lattice()["activation_energy"], reference=298.15)
    assert warm == pytest.approx(again, rel=1e-12)


# input ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_density": -1.0}, "current_density = -1.0: expected a finite number >= 0"),
        ({"contact_fraction": 0.0}, "contact_fraction = 0.0: expected a share"),
        ({"contact_fraction": 1.1}, "contact_fraction = 1.1"),
        ({"supply": math.nan}, "supply = nan"),
        ({"spread": math.inf}, "spread = inf"),
    ],
)
def test_a_deficit_of_numbers_out_of_range_is_refused(change, message):
    arguments = {"current_density": 1.0, "contact_fraction": 0.5, "supply": 1.0, "spread": 0.1, **change}
    with pytest.raises(InvalidInput, match=message):
        stripping_deficit(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gap_growth(1.0, molar_volume=0.0), "molar_volume = 0.0"),
        (lambda: plating_recovery(1.0, recovery=1.5, gap=0.0, smoothing=1e-8, molar_volume=VM), "recovery = 1.5"),
        (lambda: plating_recovery(1.0, recovery=0.5, gap=0.0, smoothing=0.0, molar_volume=VM), "smoothing = 0.0"),
        (lambda: contact_fraction_linear(-1e-9, initial=0.5, height=1e-6), "gap = -1e-09"),
        (lambda: contact_fraction_hemispheres(0.0, initial=2.0, height=1e-6), "initial = 2.0"),
        (lambda: load_shared_supply(1.0, contact_fraction=0.0, exponent=0.8), "contact_fraction = 0.0"),
        (lambda: load_shared_supply(1.0, contact_fraction=0.5, exponent=-1.0), "exponent = -1.0"),
        (lambda: supply_at(-3.0, supply=1.0, activation_energy=0.0, reference=298.0), "temperature = -3.0"),
        (lambda: supply_at(330.0, supply=1.0, activation_energy=0.5, reference=298.0), "the rate exceeds every number"),
        (lambda: diffusion_limited_supply(298.0, **lattice(), distance=1e-6, supersaturation=0.5), "supersaturation"),
        (lambda: diffusion_limited_supply(298.0, **lattice(), distance=1e-6, multiplier=0.5), "multiplier = 0.5"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()


# planted faults ------------------------------------------------------------------------------------------------------
def within_its_bounds(law) -> bool:
    """Whether a law of the deficit keeps the bounds of the first test, and takes all lithium where nothing is supplied."""
    theta, spread = np.array([[0.1], [1.0]]), 2.0
    j = np.linspace(0.0, 60.0, 61)
    sharp = theta * np.maximum(j / theta - 20.0, 0.0)
    found = law(j, theta, 20.0, spread)
    sharp = sharp - theta * spread * math.log1p(math.exp(-10.0))
    inside = np.all((found >= sharp - 1e-9) & (found <= sharp + theta * spread * math.log(2.0) + 1e-9))
    return bool(inside and np.allclose(law(j + 50.0, theta, 0.0, 1e-6), j + 50.0, rtol=1e-6))


@pytest.mark.parametrize(
    ("law", "right"),
    [
        (lambda j, theta, q, s: stripping_deficit(j, contact_fraction=theta, supply=q, spread=s), True),
        (lambda j, theta, q, s: s * np.logaddexp(0.0, (j / theta - q) / s), False),  # per area of contact
        (lambda j, theta, q, s: theta * s * np.logaddexp(0.0, (j - q) / s), False),  # current per area of electrode
        (
            lambda j, theta, q, s: theta * s * np.logaddexp(0.0, (j / theta - theta * q) / s),
            False,
        ),  # supply per electrode
        (lambda j, theta, q, s: theta * np.logaddexp(0.0, (j / theta - q) / s), False),  # spread forgotten in front
    ],
)
def test_a_wrong_law_of_the_deficit_is_found(law, right):
    assert within_its_bounds(law) is right
