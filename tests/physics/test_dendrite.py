"""Start of filaments: the quoted stress of plating, Griffith's law, and weakest links against drawn flaws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_material, load_observations
from garnetlab.physics.dendrite import (
    critical_overpotential,
    filament_probability,
    plating_stress,
    toughness_at_density,
    weakest_critical_overpotential,
    weibull_flaws,
)

VM = 12.97e-6
WEIBULL = {"characteristic": 0.07, "modulus": 8.0}


# one flaw ------------------------------------------------------------------------------------------------------------
def test_ten_millivolt_press_with_the_stress_that_is_quoted():
    # 74.2 MPa computed with 13.0 cm^3/mol, 75 MPa quoted
    assert plating_stress(0.01, molar_volume=13.0e-6) / 1e6 == pytest.approx(74.2, abs=0.05)
    assert plating_stress(0.01, molar_volume=VM) / 1e6 == pytest.approx(75.0, rel=0.01)


def test_a_gigapascal_belongs_to_a_flaw_of_about_four_tenths_of_a_micrometre():
    # reported: about 1 GPa; toughness of the paper's pellet, edge crack to buried penny: 0.8 to 1.4 GPa
    toughness = toughness_at_density(0.913)
    edge, penny = (
        plating_stress(
            critical_overpotential(0.4e-6, toughness=toughness, molar_volume=VM, geometry=y), molar_volume=VM
        )
        for y in (1.12, 2 / math.pi)
    )
    assert 0.5e9 < edge < 1e9 < penny < 2e9


@given(st.floats(1e-8, 1e-4), st.floats(0.4e6, 2e6), st.floats(0.5, 2.0))
def test_at_the_critical_overpotential_the_stress_intensity_is_the_toughness(flaw, toughness, geometry):
    eta = critical_overpotential(flaw, toughness=toughness, molar_volume=VM, geometry=geometry)
    stress = plating_stress(eta, molar_volume=VM)
    assert geometry * stress * math.sqrt(math.pi * flaw) == pytest.approx(toughness, rel=1e-12)


@given(st.floats(1e-8, 1e-6), st.floats(1.0, 100.0))
def test_a_larger_flaw_fails_by_the_root_of_its_length_earlier(flaw, factor):
    short, long = critical_overpotential(np.array([flaw, factor * flaw]), toughness=1e6, molar_volume=VM)
    assert short / long == pytest.approx(math.sqrt(factor), rel=1e-12)


def test_a_threshold_of_the_mean_overpotential_predicts_a_tenfold_gain_on_heating_where_2_2_is_seen():
    # j ASR = constant, so the critical current grows as 1/ASR; activation energies of the paper with (k T apart) and
    # without a factor T in the Arrhenius law
    seen = {row.id: row.value for row in load_observations()}
    inverse = (1 / 298.15 - 1 / 333.15) / units.k_B
    gain = [math.exp((seen["int.Ea.10kco"] * units.eV - less) * inverse) for less in (0.0, units.k_B * 315.0)]
    assert 9.0 < gain[1] < gain[0] < 11.5
    assert min(gain) > 4.0 * seen["ccd.10.60C"] / seen["ccd.10"]


# toughness -----------------------------------------------------------------------------------------------------------
def test_the_toughness_of_the_papers_pellet_is_one():
    assert toughness_at_density(0.913) / 1e6 == pytest.approx(1.03, abs=0.005)


def test_the_rows_of_toughness_are_those_of_the_library():
    names = ("fracture_toughness_porous", "fracture_toughness")
    rows = [load_material("LLZTO").property(name, temperature=298.15)[0].value for name in names]
    assert toughness_at_density(np.array([0.83, 0.98])) == pytest.approx(rows, rel=1e-12)


@given(st.lists(st.floats(0.83, 0.98), min_size=2, max_size=2))
def test_denser_is_tougher(pair):
    low, high = toughness_at_density(np.sort(pair))
    assert low <= high


def test_own_rows_of_toughness_replace_those_of_the_paper():
    found = toughness_at_density(0.5, densities=(0.4, 0.5, 0.9), toughnesses=(1.0, 3.0, 4.0))
    assert found == pytest.approx(3.0, rel=1e-12)


# many flaws ----------------------------------------------------------------------------------------------------------
def test_random_cells_follow_the_probability():
    # Kolmogorov-Smirnov on 4000 cells, fixed seed; a true law is rejected here once in a thousand seeds
    cells = weakest_critical_overpotential(3, 4000, **WEIBULL, area_ratio=2.5)
    found = stats.kstest(cells, lambda eta: filament_probability(eta, **WEIBULL, area_ratio=2.5))
    assert found.pvalue > 1e-3


def test_the_longest_of_many_flaws_follows_the_weakest_link():
    # 50 flaws a cell, each of the strength distribution of a fiftieth of the area
    rng = np.random.default_rng(5)
    longest = np.array([np.max(weibull_flaws(rng, 50, scale=1e-6, modulus=8.0)) for _ in range(2000)])
    eta = critical_overpotential(longest, toughness=1e6, molar_volume=VM)
    one = critical_overpotential(1e-6, toughness=1e6, molar_volume=VM)
    found = stats.kstest(eta, lambda x: filament_probability(x, characteristic=one, modulus=8.0, area_ratio=50.0))
    assert found.pvalue > 1e-3


def test_a_wrong_modulus_would_be_seen():
    # the planted fault of the two tests above
    cells = weakest_critical_overpotential(3, 4000, **WEIBULL, area_ratio=2.5)
    wrong = {**WEIBULL, "modulus": 7.0}
    assert stats.kstest(cells, lambda eta: filament_probability(eta, **wrong, area_ratio=2.5)).pvalue < 1e-3


def test_a_seed_gives_the_same_cells_again():
    one, two = (weakest_critical_overpotential(7, 10, **WEIBULL) for _ in range(2))
    assert one.tolist() == two.tolist()
    flaws = [weibull_flaws(7, 10, scale=1e-6, modulus=8.0).tolist() for _ in range(2)]
    assert flaws[0] == flaws[1]


@given(st.floats(0.0, 0.5), st.floats(0.01, 100.0), st.floats(1.0, 20.0))
def test_survival_over_an_area_is_the_product_over_its_parts(eta, area, modulus):
    law = {"characteristic": 0.07, "modulus": modulus}
    whole = 1.0 - filament_probability(eta, **law, area_ratio=2.0 * area)
    half = 1.0 - filament_probability(eta, **law, area_ratio=area)
    # 1 - p loses what is below 1e-16
    assert whole == pytest.approx(half**2, rel=1e-9, abs=1e-15)


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2))
def test_a_larger_overpotential_is_never_safer(pair):
    low, high = filament_probability(np.sort(pair), **WEIBULL)
    assert 0.0 <= low <= high <= 1.0


def test_without_overpotential_nothing_starts_and_a_huge_one_is_certain():
    assert filament_probability(np.array([0.0, 1e300]), **WEIBULL).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plating_stress(-0.01, molar_volume=VM), "overpotential = -0.01"),
        (lambda: critical_overpotential(0.0, toughness=1e6, molar_volume=VM), "flaw = 0.0"),
        (lambda: critical_overpotential(1e-6, toughness=-1.0, molar_volume=VM), "toughness = -1.0"),
        (lambda: toughness_at_density(91.3), "relative_density = 91.3: .* Give a fraction, not per cent"),
        (lambda: toughness_at_density(0.5), "expected 0.83 to 0.98"),
        (lambda: toughness_at_density(0.5, densities=(0.9, 0.4), toughnesses=(1.0, 2.0)), "expected rising numbers"),
        (lambda: toughness_at_density(0.5, densities=(0.4, 0.9), toughnesses=(1.0,)), "one toughness for each"),
        (lambda: weibull_flaws(1, 0, scale=1e-6, modulus=8.0), "count = 0: expected a whole number"),
        (lambda: weakest_critical_overpotential(1, 3, characteristic=0.0, modulus=8.0), "characteristic = 0.0"),
        (lambda: filament_probability(math.nan, **WEIBULL), "overpotential = nan"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
