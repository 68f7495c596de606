"""Closure by creep against its limits: exponential without surface energy, finite time with it, and the reported rates."""

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
from garnetlab.physics.creep import closure_rate, creep_rate, sintering_stress, void_radius
from garnetlab.physics.voids import contact_fraction_hemispheres

LI = {
    "reference_rate": 1e-3,
    "reference_stress": 0.75e6,
    "exponent": 6.6,
    "activation_energy": 37e3,
    "reference_temperature": 298.15,
}
STATE = {"height": 1e-6, "pressure": 0.2e6, "temperature": 298.15, "surface_energy": 0.46, **LI}


def gap_of(radius, height=1e-6):
    return height * (radius / (1.5 * height)) ** 3


def per_hour(radius, **change):
    gap = gap_of(radius)
    return closure_rate(gap, **{**STATE, **change}) / gap * 3600


@pytest.mark.parametrize(
    ("radius", "rate", "digit"), [(0.4e-6, 0.86, 0.005), (0.5e-6, 0.23, 0.005), (1e-6, 0.004, 5e-4)]
)
def test_voids_of_lithium_close_at_the_rates_worked_out_before(radius, rate, digit):
    # half a unit of the last digit given
    assert per_hour(radius) == pytest.approx(rate, abs=digit)


def test_the_constants_of_the_tests_are_those_of_the_library():
    def value(name):
        return load_material("Li").property(name, temperature=298.15)[0].value

    names = {"reference_stress": "creep_reference_stress", "reference_rate": "creep_reference_rate"}
    names |= {"exponent": "creep_exponent", "activation_energy": "creep_activation_energy"}
    assert {key: value(name) for key, name in names.items()} == pytest.approx({key: LI[key] for key in names})
    assert value("surface_energy") == pytest.approx(STATE["surface_energy"])


def test_without_surface_energy_closure_is_exponential():
    gaps = np.array([1e-9, 1e-7, 5e-7])
    rates = closure_rate(gaps, **{**STATE, "surface_energy": 0.0, "pressure": 5e6}) / gaps
    assert rates == pytest.approx(rates[0], rel=1e-12)
    # hollow sphere, small void: 3/2 eps0 (3 P/(2 n s0))^n
    assert rates[0] == pytest.approx(1.5e-3 * (1.5 / 6.6 * 5.0 / 0.75) ** 6.6, rel=1e-12)


def test_a_linear_viscous_metal_closes_by_the_law_of_mackenzie_and_shuttleworth():
    # n = 1: rate 3/2 * 3/2 P eps0/s0 = 3 P/(4 eta) with the viscosity eta = s0/(3 eps0)
    viscosity = 1e6 / (3 * 2e-3)
    linear = {**STATE, "exponent": 1.0, "reference_rate": 2e-3, "reference_stress": 1e6, "surface_energy": 0.0}
    assert closure_rate(1e-7, **linear) / 1e-7 == pytest.approx(0.75 * 0.2e6 / viscosity, rel=1e-12)


def test_surface_energy_alone_closes_a_void_in_the_time_of_the_formula():
    # a' = -a/2 eps0 (3/(2n) 2 gamma/(a s0))^n, so t = 2 a0^n/(n eps0 (3 gamma/(n s0))^n); quadrature in w, rtol 1e-9
    case = {**STATE, "pressure": 0.0}
    start = gap_of(0.4e-6)
    time = integrate.quad(lambda w: 1.0 / closure_rate(w, **case), 0.0, start, epsrel=1e-9)[0]
    n, strength = 6.6, 3.0 * 0.46 / (6.6 * 0.75e6)
    assert time == pytest.approx(2.0 * 0.4e-6**n / (n * 1e-3 * strength**n), rel=1e-7)


@given(st.lists(st.floats(1e-8, 9e-7), min_size=2, max_size=2), st.floats(0.0, 1e7))
def test_small_voids_close_faster_for_their_size(pair, pressure):
    small, large = sorted(pair)
    slow, fast = (closure_rate(w, **{**STATE, "pressure": pressure}) / w for w in (large, small))
    assert fast >= slow * (1.0 - 1e-12)


@given(st.floats(1e-8, 9e-7), st.lists(st.floats(0.0, 1e7), min_size=2, max_size=2))
def test_closure_grows_with_pressure(gap, pair):
    low, high = (closure_rate(gap, **{**STATE, "pressure": p}) for p in sorted(pair))
    assert 0.0 <= low <= high


def test_closure_grows_with_temperature_by_the_activation_energy():
    cold, warm = (per_hour(0.5e-6, temperature=t) for t in (298.15, 333.15))
    assert math.log(warm / cold) == pytest.approx(37e3 / units.R * (1 / 298.15 - 1 / 333.15), rel=1e-12)


def test_pressure_over_the_contact_fraction_would_close_six_to_the_sixth_times_faster():
    # why the stack pressure is not divided by theta: 0.2 MPa on 1/6 of the area
    ratio = per_hour(1.4e-6, pressure=1.2e6, surface_energy=0.0) / per_hour(1.4e-6, surface_energy=0.0)
    assert ratio == pytest.approx(6**6.6, rel=1e-12)


def test_no_gap_does_not_close_and_a_tiny_one_closes_fast_but_finitely():
    rates = closure_rate(np.array([0.0, 1e-12, 1e-10]), **STATE)
    assert rates[0] == 0.0
    assert rates[1] > rates[2]


def test_the_smallest_radius_keeps_the_rate_of_tiny_voids_proportional_to_them():
    rates = closure_rate(np.array([1e-300, 1e-15]), **STATE, smallest_radius=1e-7)
    assert rates[1] / rates[0] == pytest.approx(1e285, rel=1e-9)


def test_at_the_height_the_hemispheres_touch():
    # contact is gone, and the radius is 1.5 h
    assert contact_fraction_hemispheres(1e-6, initial=0.5, height=1e-6) == 0.0
    assert void_radius(1e-6, height=1e-6) == pytest.approx(1.5e-6, rel=1e-15)


def test_a_void_of_a_micrometre_pulls_with_a_megapascal():
    assert sintering_stress(1e-6, surface_energy=0.46) == pytest.approx(0.92e6, rel=1e-12)


def test_the_reference_stress_gives_the_reference_rate():
    assert creep_rate(0.75e6, temperature=298.15, **LI) == pytest.approx(1e-3, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gap": -1.0}, "gap = -1.0"),
        ({"height": 0.0}, "height = 0.0"),
        ({"pressure": -1.0}, "pressure = -1.0"),
        ({"temperature": 0.0}, "temperature = 0.0"),
        ({"surface_energy": math.nan}, "surface_energy = nan"),
        ({"exponent": 0.5}, "exponent = 0.5: expected a finite number of at least 1"),
        ({"reference_stress": 0.0}, "reference_stress = 0.0"),
        ({"smallest_radius": -1.0}, "smallest_radius = -1.0"),
        ({"gap": 1e-300}, "Give pascal, or for a tiny void a smallest_radius"),
    ],
)
def test_numbers_out_of_range_are_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        closure_rate(**{"gap": 1e-7, **STATE, **change})


# planted faults ------------------------------------------------------------------------------------------------------
def hollow_sphere(gap, radius, *, factor=1.5, inner=1.5, pull=2.0):
    stress = inner / 6.6 * (0.2e6 + pull * 0.46 / radius)
    return factor * gap * 1e-3 * (stress / 0.75e6) ** 6.6


@pytest.mark.parametrize(
    ("change", "right"),
    [({}, True), ({"factor": 1.0}, False), ({"inner": 1.0}, False), ({"pull": 1.0}, False)],
)
def test_a_wrong_factor_in_the_law_of_the_hollow_sphere_would_miss_the_rates_worked_out_before(change, right):
    radius = 0.5e-6
    rate = hollow_sphere(1.0, radius, **change) * 3600
    assert (rate == pytest.approx(0.23, abs=0.005)) is right
    if right:
        assert rate == pytest.approx(per_hour(radius), rel=1e-9)
