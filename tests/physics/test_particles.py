"""Particles on a stripped face: what the metal held is what lies there, and the balance of stripping and plating."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.particles import coverage_growth, coverage_release, steady_coverage

VM = 12.97e-6
CASE = {"volume_fraction": 0.02, "diameter": 1e-6, "molar_volume": VM}


@given(st.floats(0.1, 100.0), st.floats(1e-7, 1e-5), st.floats(0.0, 0.1))
def test_a_first_layer_holds_the_particles_of_the_metal_that_left(j, diameter, phi):
    # spheres per area and time from the coverage, times their volume, over the metal that leaves
    rate = coverage_growth(j, coverage=0.0, volume_fraction=phi, diameter=diameter, molar_volume=VM)
    volume = rate / (math.pi / 4 * diameter**2) * (math.pi / 6 * diameter**3)
    assert volume == pytest.approx(phi * j * VM / units.F, rel=1e-12)


def test_coverage_saturates_exponentially_with_charge():
    hours, j = 200.0, 2.0
    rate = coverage_growth(j, coverage=0.0, **CASE)
    solved = integrate.solve_ivp(
        lambda _, c: [coverage_growth(j, coverage=min(c[0], 1.0), **CASE)],
        (0.0, hours * 3600),
        [0.0],
        rtol=1e-8,
        atol=1e-10,
    )
    # local tolerance 1e-8, some tens of steps
    assert solved.y[0, -1] == pytest.approx(-math.expm1(-rate * hours * 3600), rel=1e-5)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 10.0))
def test_coverage_stays_between_none_and_all(coverage, release, j):
    assert coverage_growth(j, coverage=1.0, **CASE) == 0.0
    assert coverage_release(j, coverage=0.0, release=release, diameter=1e-6, molar_volume=VM) == 0.0
    assert coverage_growth(j, coverage=coverage, **CASE) >= 0.0
    assert coverage_release(j, coverage=coverage, release=release, diameter=1e-6, molar_volume=VM) >= 0.0


@given(phi=st.floats(1e-4, 0.1), release=st.floats(1e-3, 1.0))
def test_at_the_steady_coverage_growth_and_release_are_equal(phi, release):
    steady = steady_coverage(phi, release=release)
    grown = coverage_growth(2.0, coverage=steady, volume_fraction=phi, diameter=1e-6, molar_volume=VM)
    freed = coverage_release(2.0, coverage=steady, release=release, diameter=1e-6, molar_volume=VM)
    assert grown == pytest.approx(freed, rel=1e-9)


def test_without_particles_a_face_stays_free_and_without_release_it_ends_covered():
    assert steady_coverage(np.array([0.0, 0.0, 0.02]), release=np.array([0.0, 0.5, 0.0])).tolist() == [0.0, 0.0, 1.0]


@given(st.lists(st.floats(1e-7, 1e-5), min_size=2, max_size=2))
def test_finer_particles_cover_faster(pair):
    small, large = sorted(pair)
    fine, coarse = (coverage_growth(2.0, coverage=0.1, **{**CASE, "diameter": a}) for a in (small, large))
    assert fine >= coarse


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_density": -1.0}, "current_density = -1.0"),
        ({"coverage": 1.1}, "coverage = 1.1: expected a number from 0 to 1"),
        ({"volume_fraction": -0.1}, "volume_fraction = -0.1"),
        ({"diameter": 0.0}, "diameter = 0.0"),
        ({"molar_volume": math.nan}, "molar_volume = nan"),
    ],
)
def test_numbers_out_of_range_are_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        coverage_growth(**{"current_density": 1.0, "coverage": 0.1, **CASE, **change})


def test_a_share_released_beyond_one_is_refused():
    with pytest.raises(InvalidInput, match=r"release = 2\.0"):
        coverage_release(1.0, coverage=0.1, release=2.0, diameter=1e-6, molar_volume=VM)
