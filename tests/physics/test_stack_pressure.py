"""Pressed contacts: limits of spots and creep, and how far the model is from the three reported resistances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab.core import InvalidInput
from garnetlab.library import load_material
from garnetlab.physics.constriction import array_resistance
from garnetlab.physics.contact import persson_contact_fraction
from garnetlab.physics.creep import closure_rate, creep_rate
from garnetlab.physics.stack_pressure import (
    creep_hardness,
    plastic_contact_fraction,
    pressed_resistance,
    spot_constriction,
    spot_pitch,
)

LI = {"reference_rate": 1e-3, "reference_stress": 0.75e6, "exponent": 6.6}
#: pressure [Pa] and resistance [ohm m^2] of T. Krauskopf et al. (2019); the last one is an upper bound
PRESSURES = np.array([10e6, 41e6, 400e6])
REPORTED = np.array([300e-4, 50e-4, 0.1e-4])
GARNET = 0.046  # S/m, bulk of Al-LLZO, 0.46 mS/cm (doi 10.1002/admi.202202354)


def shallow_hardness():
    return load_material("Li").property("nanoindentation_hardness", temperature=304.15)[0].value


# limits --------------------------------------------------------------------------------------------------------------
@given(st.floats(1.0, 1e6), st.floats(1.0, 10.0))
def test_a_contact_under_constant_load_flows_as_power_law_creep_says(dwell, exponent):
    # A ~ 1/H ~ t^(1/n), so A'/A = 1/(n t), which must be the strain rate at the flow stress H/3
    law = {**LI, "exponent": exponent}
    hardness = creep_hardness(dwell, **law)
    rate = creep_rate(hardness / 3.0, temperature=298.15, **law, activation_energy=0.0, reference_temperature=298.15)
    assert rate == pytest.approx(1.0 / (exponent * dwell), rel=1e-9)


def test_contact_never_exceeds_the_face():
    assert plastic_contact_fraction(PRESSURES, hardness=20e6).tolist() == [0.5, 1.0, 1.0]


def test_it_is_the_plastic_limit_of_perssons_theory():
    # E* h'/2 = 435 MPa against 63 MPa: the absorbed walk is over, 2/pi exp(-(pi 6.9)^2/2) is nothing
    persson = persson_contact_fraction(10e6, effective_modulus=8.7e9, rms_slope=0.1, hardness=63e6)
    assert plastic_contact_fraction(10e6, hardness=63e6) == pytest.approx(persson, rel=1e-12)


def test_spots_far_apart_are_those_of_a_lattice():
    # theta = 1 %: radius 0.0564 p; tube and square lattice differ at order a/p by 1.40978/sqrt(pi) ... 2.48299 a/p
    theta, pitch = 0.01, 1e-5
    radius = pitch * math.sqrt(theta / math.pi)
    lattice = array_resistance(radius, pitch=pitch, conductivity=GARNET)
    assert spot_constriction(theta, pitch=pitch, conductivity=GARNET) == pytest.approx(lattice, rel=2e-3)


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=2))
def test_more_contact_never_costs_more(pair):
    # the polynomial of the tube may be off by 5e-4 of psi beyond a ratio of 0.95, where psi itself is below 0.01
    small, large = sorted(pair)
    less, more = spot_constriction(np.array([small, large]), pitch=1e-5, conductivity=GARNET)
    slack = 5e-4 * math.sqrt(math.pi) * 1e-5 / (4 * GARNET * 0.95)
    assert more <= less + slack


@given(st.floats(1e-7, 1e-2), st.floats(1e-3, 0.9), st.floats(0.01, 1.0))
def test_a_constriction_gives_back_its_pitch(pitch, theta, conductivity):
    found = spot_constriction(theta, pitch=pitch, conductivity=conductivity)
    again = spot_pitch(found, contact_fraction=theta, conductivity=conductivity)
    assert again == pytest.approx(pitch, rel=1e-12)


def test_full_contact_leaves_the_charge_transfer():
    case = {"hardness": 10e6, "pitch": 1e-3, "conductivity": GARNET}
    assert pressed_resistance(20e6, **case) == 0.0
    assert pressed_resistance(20e6, **case, charge_transfer_resistance=1e-5) == 1e-5


@given(st.lists(st.floats(1e5, 4e8), min_size=2, max_size=2))
def test_resistance_falls_with_pressure(pair):
    low, high = sorted(pair)
    case = {"hardness": 63e6, "pitch": 1e-5, "conductivity": GARNET, "charge_transfer_resistance": 1e-6}
    less, more = pressed_resistance(np.array([low, high]), **case)
    # as in the test of constriction, and 1e-12 of rounding
    assert more <= less * (1 + 1e-12) + 5e-4 * math.sqrt(math.pi) * 1e-5 / (4 * GARNET * 0.95)


def test_at_light_load_the_resistance_of_equal_spots_goes_as_the_root_of_pressure():
    # theta -> 0: psi -> 1 and a ~ sqrt(theta); reported for another ceramic: exponent -0.5 (arXiv:2501.00600)
    low, high = pressed_resistance(np.array([1.0, 4.0]), hardness=63e6, pitch=1e-5, conductivity=GARNET)
    assert low / high == pytest.approx(2.0, rel=1e-3)


# what was reported ---------------------------------------------------------------------------------------------------
def test_the_hardness_of_bulk_lithium_cannot_explain_the_resistances_at_10_and_41_megapascal():
    # a second to an hour under load: 5 to 1.4 MPa, full contact at all three pressures
    hardness = creep_hardness(np.array([1.0, 60.0, 3600.0]), **LI)
    assert np.all((hardness > 1e6) & (hardness < 5e6))
    assert plastic_contact_fraction(PRESSURES[:, None], hardness=hardness) == pytest.approx(1.0)
    # and bulk creep would close any gap at 10 MPa within seconds
    bulk = {**LI, "activation_energy": 37e3, "reference_temperature": 298.15}
    rate = closure_rate(1e-7, height=1e-6, pressure=10e6, temperature=298.15, surface_energy=0.0, **bulk) / 1e-7
    assert rate > 1.0


def test_the_hardness_at_shallow_depth_gives_the_reported_contact_within_a_quarter():
    # about 0.2 at 10 MPa and 1.0 at 400 MPa are reported (contact model of doi 10.1016/j.xcrp.2019.100012)
    theta = plastic_contact_fraction(PRESSURES[[0, 2]], hardness=shallow_hardness())
    assert theta[0] == pytest.approx(0.2, rel=0.25)
    assert theta[1] == 1.0


def test_spots_of_the_size_of_the_roughness_give_the_order_but_300_and_600_times_too_little():
    found = pressed_resistance(PRESSURES, hardness=shallow_hardness(), pitch=10e-6, conductivity=GARNET)
    assert found[0] > found[1] > found[2]
    assert found[2] < REPORTED[2]
    assert 200 < REPORTED[0] / found[0] < 400
    assert 500 < REPORTED[1] / found[1] < 800


def test_with_the_pitch_from_the_first_value_the_second_is_low_by_two_and_a_half_and_the_third_is_met():
    hardness = shallow_hardness()
    theta = plastic_contact_fraction(PRESSURES[0], hardness=hardness)
    pitch = spot_pitch(REPORTED[0], contact_fraction=theta, conductivity=GARNET)
    assert 2e-3 < pitch < 3.5e-3  # millimetres: flatness or contamination, not roughness
    found = pressed_resistance(PRESSURES[1:], hardness=hardness, pitch=pitch, conductivity=GARNET)
    assert 2.2 < REPORTED[1] / found[0] < 2.8
    assert found[1] < REPORTED[2]


def test_over_the_span_of_hardness_the_second_value_lies_inside_what_the_first_predicts():
    # 23 MPa gives full contact at 41 MPa and no resistance, 175 MPa gives 79 ohm cm^2; 50 are reported
    predicted = []
    for hardness in (23e6, 175e6):
        theta = plastic_contact_fraction(PRESSURES[0], hardness=hardness)
        pitch = spot_pitch(REPORTED[0], contact_fraction=theta, conductivity=GARNET)
        predicted.append(pressed_resistance(PRESSURES[1], hardness=hardness, pitch=pitch, conductivity=GARNET))
    assert predicted[0] == 0.0
    assert predicted[0] < REPORTED[1] < predicted[1]
    assert predicted[1] == pytest.approx(79e-4, rel=0.02)


def test_a_film_instead_of_spots_is_refuted_by_the_third_value():
    hardness = shallow_hardness()
    film = REPORTED[0] * plastic_contact_fraction(PRESSURES[0], hardness=hardness)
    # no constriction: a pitch of an atom
    case = {"hardness": hardness, "pitch": 1e-10, "conductivity": GARNET, "charge_transfer_resistance": film}
    assert pressed_resistance(PRESSURES[2], **case) > 100 * REPORTED[2]


# input ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: creep_hardness(0.0, **LI), "dwell = 0.0"),
        (lambda: plastic_contact_fraction(-1.0, hardness=1e6), "pressure = -1.0"),
        (lambda: spot_constriction(0.0, pitch=1e-5, conductivity=0.05), "contact_fraction = 0.0"),
        (lambda: spot_pitch(1e-4, contact_fraction=1.0, conductivity=0.05), "Full contact has no constriction"),
        (
            lambda: pressed_resistance(
                1e6, hardness=1e6, pitch=1e-5, conductivity=0.05, charge_transfer_resistance=-1.0
            ),
            "charge_transfer_resistance = -1.0",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(InvalidInput, match=message):
        call()
