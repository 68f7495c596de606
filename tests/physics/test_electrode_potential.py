"""Potential of lithium beside potassium and compounds: Nernst, the miscibility gap, and the cell of the paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.electrode_potential import (
    critical_interaction,
    lithium_potential,
    metal_activity,
    open_circuit_voltage,
    pressure_potential,
    solubility_limit,
)

ROOM = 298.15
RT = units.R * ROOM
#: atoms of K per atom of metal in Li with 10 wt% K2CO3, full conversion: 5.66 wt% K, 86.9 wt% Li
K_10 = (5.66 / 39.0983) / (5.66 / 39.0983 + 86.9 / 6.94)


def test_pure_lithium_is_the_zero():
    assert lithium_potential(1.0, temperature=ROOM) == 0.0


def test_a_tenth_of_the_activity_costs_59_millivolt():
    assert lithium_potential(0.1, temperature=ROOM) * 1e3 == pytest.approx(59.16, abs=0.005)


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_turning_the_cell_round_turns_its_voltage(one, other):
    forward = open_circuit_voltage(one, right_activity=other, temperature=ROOM)
    assert forward == pytest.approx(-open_circuit_voltage(other, right_activity=one, temperature=ROOM), abs=1e-15)
    assert forward == pytest.approx(RT / units.F * math.log(other / one), rel=1e-9, abs=1e-15)


# mixing --------------------------------------------------------------------------------------------------------------
@given(st.floats(2.001, 40.0))
def test_at_the_solubility_both_phases_have_the_same_activities(reduced):
    x = solubility_limit(reduced * RT, temperature=ROOM)
    log_rich = math.log1p(-x) + reduced * x**2
    log_poor = math.log(x) + reduced * (1 - x) ** 2
    # each term is known to 1e-15 of itself; near the top x is known less well, where the difference is flat
    assert log_rich == pytest.approx(log_poor, abs=1e-12 * (1 + reduced))
    assert 0.0 < x < 0.5


@pytest.mark.parametrize("reduced", [10.0, 20.0, 40.0])
def test_a_small_solubility_is_exponential_in_the_interaction(reduced):
    # x = exp(-w (1 - 2x)) (1 - x): relative error about 2 w x
    x = solubility_limit(reduced * RT, temperature=ROOM)
    assert x == pytest.approx(math.exp(-reduced), rel=3 * reduced * math.exp(-reduced) + 1e-12)


def test_metals_that_mix_have_no_limit():
    assert solubility_limit(np.array([0.0, 1.0, 2.0]) * RT, temperature=ROOM).tolist() == [0.5, 0.5, 0.5]


def test_the_critical_interaction_is_the_one_of_the_critical_temperature():
    interaction = critical_interaction(1773.15)
    assert solubility_limit(interaction, temperature=1774.0) == 0.5
    assert solubility_limit(interaction, temperature=1760.0) < 0.5


def test_an_ideal_solution_follows_raoult():
    x = np.linspace(0.0, 0.9, 7)
    assert metal_activity(x, interaction=0.0, temperature=ROOM) == pytest.approx(1.0 - x, rel=1e-14)


def test_beyond_the_solubility_the_activity_stays():
    interaction = 3.0 * RT
    limit = solubility_limit(interaction, temperature=ROOM)
    inside, edge, outside = metal_activity(
        np.array([0.5 * limit, limit, 3.0 * limit]), interaction=interaction, temperature=ROOM
    )
    assert inside > edge == outside


@given(st.lists(st.floats(0.0, 0.4), min_size=2, max_size=2), st.floats(0.0, 10.0))
def test_more_potassium_never_raises_the_activity(pair, reduced):
    low, high = sorted(pair)
    limit = solubility_limit(reduced * RT, temperature=ROOM)
    less, more = metal_activity(np.array([low, high]), interaction=reduced * RT, temperature=ROOM)
    assert more <= less * (1 + 1e-14)
    assert limit <= 0.5


# the cell of the paper -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("temperature", [263.15, 298.15, 333.15])
def test_lithium_against_its_composite_rests_far_below_a_millivolt(temperature):
    # 29.5 kJ/mol is the least interaction of metals that mix above 1500 degC only
    activity = metal_activity(K_10, interaction=critical_interaction(1773.15), temperature=temperature)
    voltage = open_circuit_voltage(1.0, right_activity=activity, temperature=temperature)
    assert -1e-6 < voltage < 0.0


def test_even_if_all_potassium_dissolved_ideally_it_were_below_a_millivolt():
    ideal = metal_activity(K_10, interaction=0.0, temperature=ROOM)
    voltage = open_circuit_voltage(1.0, right_activity=ideal, temperature=ROOM)
    assert voltage == pytest.approx(-RT / units.F * K_10, rel=0.01)  # ln(1 - x) = -x (1 + x/2)
    assert -1e-3 < voltage < 0.0


def test_a_megapascal_of_difference_is_worth_more_than_the_composition():
    assert abs(pressure_potential(1e6, molar_volume=12.97e-6)) > 1e-4
    assert pressure_potential(-1e6, molar_volume=12.97e-6) > 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lithium_potential(0.0, temperature=ROOM), "activity = 0.0"),
        (lambda: lithium_potential(1.1, temperature=ROOM), "activity = 1.1"),
        (lambda: open_circuit_voltage(1.0, right_activity=0.5, temperature=0.0), "temperature = 0.0"),
        (lambda: solubility_limit(-1.0, temperature=ROOM), "interaction = -1.0"),
        (lambda: metal_activity(1.2, interaction=3e4, temperature=ROOM), "potassium = 1.2"),
        (
            lambda: metal_activity(1.0, interaction=3e4, temperature=ROOM),
            "expected a share that leaves a phase of lithium",
        ),
        (
            lambda: metal_activity(1.0, interaction=0.0, temperature=ROOM),
            "expected a share that leaves a phase of lithium",
        ),
        (lambda: pressure_potential(math.nan, molar_volume=12.97e-6), "pressure = nan"),
        (lambda: critical_interaction(-3.0), "temperature = -3.0"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
