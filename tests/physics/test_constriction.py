"""Constriction against independent series, integrals and the shares of contact that an ASR allows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.constriction import (
    array_resistance,
    contact_fraction_from_constriction,
    flux_tube_factor,
    lattice_factor,
    rim_current_ratio,
    spot_resistance,
    wagner_length,
)

SIGMA = 5.2e-4 * units.S_cm
ASR = 181.6 * units.ohm_cm2


def solved(weights, waves, radius):
    """Factor 4 sigma a R of a disc whose current has Bessel spectra j_0, j_2, ... with these wave numbers."""
    modes = np.array([special.spherical_jn(2 * n, waves * radius) for n in range(5)])
    return modes, (modes * weights) @ modes.T


def tube_by_bessel_series(ratio, count=20_000):
    # zeros of J1 by McMahon and Newton; beyond them j^2 is 1/2/(k a)^2 on average, left: relative 1/(count pi ratio)^2
    k = (np.arange(1, count + 1) + 0.25) * np.pi
    for _ in range(6):
        k -= special.j1(k) / (special.j0(k) - special.j1(k) / k)
    modes, matrix = solved(1.0 / (np.pi * k * special.j0(k) ** 2), k, ratio)
    signs = (-1.0) ** np.arange(len(modes))
    matrix += np.outer(signs, signs) / (4.0 * np.pi * ratio**2 * (k[-1] + np.pi / 2))
    return 4.0 * ratio / np.linalg.inv(matrix)[0, 0]


def square_by_wave_numbers(ratio, largest=2000.0):
    # unit cell; the lattice points within the circle scatter about its area by 1e-5 of the tail
    n = int(largest / (2 * np.pi))
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    k, count = np.unique((x**2 + y**2).ravel(), return_counts=True)
    k, count = 2 * np.pi * np.sqrt(k[1:]), count[1:]
    k, count = k[k <= largest], count[k <= largest]
    modes, matrix = solved(count / k, k, ratio)
    signs = (-1.0) ** np.arange(len(modes))
    matrix += np.outer(signs, signs) / (4.0 * np.pi * ratio**2 * largest)
    return 4.0 * ratio / np.linalg.inv(matrix)[0, 0]


@pytest.mark.parametrize(("ratio", "error"), [(0.05, 7e-5), (0.2, 7e-5), (0.5, 7e-5), (0.7, 7e-5), (0.95, 5e-4)])
def test_the_flux_tube_polynomial_is_as_near_to_the_bessel_series_as_stated(ratio, error):
    assert flux_tube_factor(ratio, tube_radius=1.0) == pytest.approx(tube_by_bessel_series(ratio), abs=error)


@pytest.mark.parametrize(("ratio", "error"), [(0.1, 0.008), (0.4, 0.008), (0.6, 0.025), (0.9, 0.025)])
def test_the_short_formula_of_cooper_is_as_near_as_stated(ratio, error):
    assert (1 - ratio) ** 1.5 == pytest.approx(flux_tube_factor(ratio, tube_radius=1.0), abs=error)


@pytest.mark.parametrize("ratio", [0.05, 0.1, 0.2, 0.3])
def test_the_square_lattice_agrees_with_the_sum_over_wave_numbers(ratio):
    # the sum ends at k a = 100: its tail is 1/(400 pi) of the answer and scatters by some per cent of itself
    assert lattice_factor(ratio, pitch=1.0) == pytest.approx(square_by_wave_numbers(ratio), abs=2e-5 / ratio * 0.1)


@pytest.mark.parametrize(("lattice", "slope"), [("square", 2.482985), ("hexagonal", 2.682348)])
def test_far_apart_the_factor_falls_as_the_madelung_sum_says(lattice, slope):
    # slope = 2/pi times the Madelung sum, 3.900265 or 4.213422; the next term is at most 2.1 x^3
    x = 1e-3
    assert 1 - lattice_factor(x, pitch=1.0, lattice=lattice) == pytest.approx(slope * x, rel=1e-6)


def test_square_and_round_cells_of_equal_area_agree_for_small_discs():
    # 2.4830 against 1.4098 sqrt(pi) = 2.4988 per a/p
    ratio = 0.05
    tube = flux_tube_factor(ratio, tube_radius=1 / math.sqrt(math.pi))
    assert tube == pytest.approx(lattice_factor(ratio, pitch=1.0), abs=0.016 * ratio)


@given(low=st.floats(1e-4, 0.4), high=st.floats(1e-4, 0.4), lattice=st.sampled_from(["square", "hexagonal"]))
def test_closer_discs_have_a_smaller_factor(low, high, lattice):
    low, high = sorted((low, high))
    few, many = lattice_factor(np.array([low, high]), pitch=1.0, lattice=lattice)
    assert 0 < many <= few < 1


def test_discs_far_apart_act_in_parallel():
    a, p = 1e-7, 1e-4  # 4 sigma a R = 1 - 2.483e-3
    alone = spot_resistance(a, conductivity=SIGMA) * p**2
    assert array_resistance(a, pitch=p, conductivity=SIGMA) == pytest.approx(alone, rel=2.5e-3)


def test_a_hexagonal_cell_is_smaller_by_the_root_of_three_quarters():
    square, hexagonal = (
        array_resistance(1e-8, pitch=1e-4, conductivity=SIGMA, lattice=k) for k in ("square", "hexagonal")
    )
    assert hexagonal / square == pytest.approx(math.sqrt(0.75), rel=1e-4)  # factors differ by 0.2 a/p = 2e-5


@pytest.mark.parametrize(("radius", "share"), [(1e-6, 0.08), (10e-6, 0.7), (100e-6, 5.6)])
def test_an_asr_of_181_6_ohm_cm2_as_pure_constriction_leaves_these_shares_of_contact(radius, share):
    found = 100 * contact_fraction_from_constriction(ASR, radius=radius, conductivity=SIGMA)
    assert float(f"{found:.1g}") == share or round(found, 1) == share


@given(dilute=st.floats(1e-9, 172.0), radius=st.floats(1e-8, 1e-3))
def test_a_share_of_contact_gives_back_its_resistance(dilute, radius):
    resistance = math.pi * radius / (4 * SIGMA * dilute)
    theta = contact_fraction_from_constriction(resistance, radius=radius, conductivity=SIGMA)
    assert 0 < theta < 0.91
    tube = radius / math.sqrt(theta)
    again = spot_resistance(radius, conductivity=SIGMA) * flux_tube_factor(radius, tube_radius=tube) * math.pi * tube**2
    # at 0.9 the factor is 5e-3, a difference of terms of order 1: rounding of 1e-15 becomes 2e-13
    assert again == pytest.approx(resistance, rel=1e-11)


def test_a_small_share_is_pi_a_over_4_sigma_asr():
    theta = contact_fraction_from_constriction(1e3, radius=1e-9, conductivity=SIGMA)
    assert theta == pytest.approx(math.pi * 1e-9 / (4 * SIGMA * 1e3), rel=1.5 * math.sqrt(theta))


def test_the_current_kept_from_the_disc_flows_beside_it():
    # substitution r = 1 + s^2 takes the root singularity out: 4 sqrt(2)/pi at s = 0, so 2e-6 is left out below 1e-6
    extra, _ = integrate.quad(
        lambda s: (rim_current_ratio(1 + s * s, radius=1.0) - 1) * 4 * s * (1 + s * s), 1e-6, 10.0
    )
    tail = 4 / (3 * math.pi * 101.0)  # beyond s = 10, from the cube law; its next term is 1e-7
    assert extra + tail == pytest.approx(1.0, abs=3e-6)  # the area of the disc over pi a^2


def test_far_from_the_disc_the_extra_current_falls_with_the_cube():
    assert rim_current_ratio(100.0, radius=1.0) - 1 == pytest.approx(
        2 / (3 * math.pi) * 1e-6, rel=1e-3
    )  # next: 0.9 (a/r)^2


@pytest.mark.parametrize(("asr", "length"), [(32.5, 169e-6), (0.1, 0.52e-6)])
def test_the_current_evens_out_over_the_lengths_of_the_paper(asr, length):
    assert wagner_length(asr * units.ohm_cm2, conductivity=SIGMA) == pytest.approx(length, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spot_resistance(0.0, conductivity=1.0), "radius = 0.0: expected a finite number > 0"),
        (lambda: flux_tube_factor(2.0, tube_radius=1.0), "radius/tube_radius = 2: expected less than 1"),
        (lambda: lattice_factor(0.41, pitch=1.0), "radius/pitch = 0.41: expected at most 0.4.*contact map"),
        (lambda: lattice_factor(0.1, pitch=1.0, lattice="hexagon"), "lattice = 'hexagon'.*Did you mean 'hexagonal'"),
        (lambda: contact_fraction_from_constriction(-1.0, radius=1.0, conductivity=1.0), "resistance = -1.0"),
        (lambda: contact_fraction_from_constriction(1e-9, radius=1e-3, conductivity=1.0), "more than 90 %"),
        (lambda: wagner_length(np.nan, conductivity=1.0), "resistance = nan"),
        (lambda: rim_current_ratio(1.0, radius=1.0), "distance/radius = 1: expected more than 1"),
    ],
)
def test_values_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
