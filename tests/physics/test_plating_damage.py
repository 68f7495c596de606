"""Plating damage against Miner's rule, and what the two lives of lithium alone would say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.plating_damage import damage_current_at, damage_rate, exponent_from_lives, plating_life

LAW = {"contact_fraction": 0.1, "damage_current": 45.0, "exponent": 5.0}


def test_the_damage_current_shorts_the_cell_in_an_hour():
    assert damage_rate(45.0, contact_fraction=1.0, damage_current=45.0, exponent=5.0) * 3600 == pytest.approx(1.0)


@given(st.floats(0.1, 100.0), st.floats(0.01, 1.0), st.floats(1.0, 10.0), st.floats(0.5, 2.0))
def test_damage_is_a_power_law_of_the_true_current(j, theta, m, factor):
    law = {"damage_current": 45.0, "exponent": m}
    one = damage_rate(j, contact_fraction=theta, **law)
    assert damage_rate(factor * j, contact_fraction=theta, **law) == pytest.approx(factor**m * one, rel=1e-9)
    assert damage_rate(theta * j, contact_fraction=theta, **law) == pytest.approx(
        damage_rate(j, contact_fraction=1.0, **law), rel=1e-9
    )


@given(st.floats(0.1, 100.0))
def test_rate_and_life_are_inverse(j):
    assert damage_rate(j, **LAW) * plating_life(j, **LAW) == pytest.approx(1.0, rel=1e-12)


def test_five_per_cent_of_current_change_a_life_by_less_than_a_third():
    ratio = plating_life(2.0, **LAW) / plating_life(2.1, **LAW)
    assert ratio == pytest.approx(1.05**5, rel=1e-12)
    assert ratio < 1.3


def test_no_current_does_no_damage_for_ever():
    assert damage_rate(0.0, **LAW) == 0.0
    assert plating_life(np.array([0.0, 2.0]), **LAW)[0] == math.inf


def test_damage_without_activation_energy_knows_no_temperature():
    found = damage_current_at(np.array([263.15, 333.15]), damage_current=45.0, activation_energy=0.0, reference=298.15)
    assert found.tolist() == [45.0, 45.0]


def test_the_damage_current_grows_with_temperature():
    warm = damage_current_at(333.15, damage_current=45.0, activation_energy=0.2 * units.eV, reference=298.15)
    # exp(0.2 * 11604.52 * 3.52363e-4) by hand
    assert warm == pytest.approx(45.0 * math.exp(0.2 * 11604.52 * 3.52363e-4), rel=1e-5)


# the null model ------------------------------------------------------------------------------------------------------
def ladder_damage(last, exponent, life, current):
    """Damage after a ladder in steps of 0.1 mA/cm^2, each plating one face for half an hour of its hour."""
    steps = np.arange(1, round(last / 0.1) + 1) * 0.1
    return float(np.sum((steps / current) ** exponent) / life)


def test_the_lives_of_lithium_alone_put_its_critical_current_at_half_a_milliampere():
    # 925 h at 0.2 and 4 h at 0.4 mA/cm^2; hours at each step over the life at that step
    exponent = exponent_from_lives(925.0, current_ratio=2.0, other_life=4.0)
    assert exponent == pytest.approx(7.85, abs=0.005)
    after = {last: ladder_damage(last, exponent, 925.0, 0.2) for last in (0.4, 0.5)}
    assert after[0.4] == pytest.approx(0.28, abs=0.005)
    assert after[0.5] == pytest.approx(1.72, abs=0.005)


@given(st.floats(1.0, 1e4), st.floats(1.1, 5.0), st.floats(0.5, 10.0))
def test_the_exponent_from_two_lives_is_the_one_that_made_them(life, ratio, exponent):
    other = life / ratio**exponent
    assert exponent_from_lives(life, current_ratio=ratio, other_life=other) == pytest.approx(exponent, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_density": -1.0}, "current_density = -1.0"),
        ({"contact_fraction": 0.0}, "contact_fraction = 0.0"),
        ({"damage_current": 0.0}, "damage_current = 0.0"),
        ({"exponent": math.nan}, "exponent = nan"),
        ({"current_density": 1e200}, "the damage exceeds every number"),
    ],
)
def test_numbers_out_of_range_are_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        damage_rate(**{"current_density": 2.0, **LAW, **change})


def test_lives_at_one_current_give_no_exponent():
    with pytest.raises(InvalidInput, match=r"current_ratio = 1\.0"):
        exponent_from_lives(10.0, current_ratio=1.0, other_life=5.0)
