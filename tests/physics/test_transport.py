"""Conduction through a pellet: inverses, identities and the numbers of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics import transport

POSITIVE = st.floats(1e-6, 1e6)


@given(resistance=POSITIVE, thickness=POSITIVE, area=POSITIVE)
def test_conductivity_and_pellet_resistance_are_inverse(resistance, thickness, area):
    sigma = transport.conductivity(resistance, thickness=thickness, area=area)
    assert transport.pellet_resistance(sigma, thickness=thickness, area=area) == pytest.approx(resistance, rel=1e-12)


def test_a_pellet_resistance_times_area_does_not_depend_on_area():
    found = [
        transport.area_specific_resistance(transport.pellet_resistance(0.05, thickness=1e-3, area=a), area=a)
        for a in (1e-5, 1e-3)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-14)


@given(diameter=POSITIVE)
def test_twice_the_diameter_is_four_times_the_area(diameter):
    assert transport.pellet_area(2 * diameter) == pytest.approx(4 * transport.pellet_area(diameter), rel=1e-14)


def test_half_of_the_arc_belongs_to_one_interface():
    whole = transport.interface_asr_from_arc(83.0, area=0.785e-4, interfaces=1)
    assert transport.interface_asr_from_arc(83.0, area=0.785e-4) == pytest.approx(whole / 2, rel=1e-15)


@pytest.mark.parametrize("temperature", [250.0, 298.15, 400.0])
def test_the_two_activation_energies_differ_by_the_thermal_energy(temperature):
    energy, h = 0.37 * units.eV, 1e-3
    low, high = (
        np.log(transport.arrhenius_conductivity(t, prefactor=2.8e7, activation_energy=energy))
        for t in (temperature - h, temperature + h)
    )
    inverse = 1 / (units.k_B * (temperature - h)) - 1 / (units.k_B * (temperature + h))
    # central difference: relative error (h/T)^2 ~ 1e-11, rounding 1e-16 * 14/(h/T) ~ 4e-10
    slope = (high - low) / inverse
    assert slope == pytest.approx(transport.activation_energy_sigma(energy, temperature=temperature), rel=1e-8)


@pytest.mark.parametrize(
    ("law", "power"), [(transport.arrhenius_conductivity, 1), (transport.arrhenius_conductivity_ln_sigma, 0)]
)
def test_the_law_is_straight_in_its_own_plot(law, power):
    t = np.array([273.15, 300.0, 350.0])
    y = np.log(law(t, prefactor=1e5, activation_energy=0.4 * units.eV) * t**power)
    slopes = np.diff(y) / np.diff(1 / (units.k_B * t))
    np.testing.assert_allclose(slopes, -0.4 * units.eV, rtol=1e-12)


@given(electronic=POSITIVE, ionic=POSITIVE)
def test_transference_numbers_add_to_one(electronic, ionic):
    both = transport.electronic_transference_number(electronic, ionic=ionic) + transport.ionic_transference_number(
        ionic, electronic=electronic
    )
    assert both == pytest.approx(1.0, rel=1e-14)


def test_one_milliampere_hour_per_square_centimetre_of_lithium_is_4_84_micrometres():
    assert transport.plated_thickness(units.mAh_cm2, molar_volume=12.97e-6) / units.um == pytest.approx(4.84, abs=0.005)


def test_leakage_grows_with_time_and_falls_with_thickness():
    def leak(thickness: float, duration: float) -> float:
        return transport.leakage_capacity(1e-6, voltage=0.05, thickness=thickness, duration=duration)

    assert leak(1e-3, 7200.0) == pytest.approx(2 * leak(1e-3, 3600.0), rel=1e-15)
    assert leak(2e-3, 3600.0) == pytest.approx(leak(1e-3, 3600.0) / 2, rel=1e-15)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_what_is_not_positive_is_refused(value):
    with pytest.raises(InvalidInput, match=f"area = {value}"):
        transport.conductivity(1.0, thickness=1.0, area=value)
    with pytest.raises(InvalidInput, match=f"temperature = {value}"):
        transport.arrhenius_conductivity(value, prefactor=1.0, activation_energy=1e-20)


def test_a_negative_charge_is_refused():
    with pytest.raises(InvalidInput, match=r"charge = -1\.0"):
        transport.plated_thickness(-1.0, molar_volume=1e-5)
