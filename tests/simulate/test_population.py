"""The population of contacts: quantiles, its limits, endings and input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import logistic, lognorm, norm

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.simulate.population import simulate_population, supply_quantiles
from garnetlab.simulate.resolved import ContactMechanisms, Ending

HOUR, UM = 3600.0, 1e-6
GROWTH = 12.97e-6 / units.F
MECHANISMS = ContactMechanisms(
    height=2 * UM, charge_transfer_resistance=30e-4, irreversible=0.02, recovery=0.6, closure=0.4 / HOUR
)
LEVELS = supply_quantiles(24, supply=10.0, relative_spread=0.25)


def run(mechanisms=MECHANISMS, supply=LEVELS, current_density=2.0, cycles=4500, contact_fraction=0.2, **options):
    given = {"mechanisms": mechanisms, "supply": supply, "half_cycle": 1800.0, "contact_fraction": contact_fraction}
    return simulate_population(**given, current_density=current_density, cycles=cycles, **options)


@pytest.mark.parametrize(
    ("law", "exact"),
    [("logistic", logistic(1.0, 0.25)), ("normal", norm(1.0, 0.25)), ("lognormal", lognorm(0.25))],
)
def test_quantiles_are_the_means_of_the_distribution_between_them(law: str, exact):
    found = supply_quantiles(5, supply=10.0, relative_spread=0.25, law=law)
    u = (np.arange(200_000) + 0.5) / 200_000
    means = 10.0 * np.maximum(exact.ppf(u), 0.0).reshape(5, -1).mean(axis=1)
    assert found == pytest.approx(means, rel=1e-5)  # midpoints leave 1/N of a scale in the tails
    tail = {"logistic": 0.25 * math.log1p(math.exp(-4.0)), "normal": 0.25 * norm.pdf(4.0) - norm.sf(4.0)}.get(law, 0.0)
    mean = supply_quantiles(24, supply=10.0, relative_spread=0.25, law=law).mean()
    assert mean == pytest.approx(10.0 * (exact.mean() + tail), rel=1e-12)  # the tail below zero counts as zero


def test_one_contact_whose_gap_spreads_over_the_electrode_is_the_mean_field_without_spread():
    m = replace(MECHANISMS, closure=0.1 / HOUR)
    theta0, j, supply, height = 0.2, 3.0, 10.0, 2 * UM

    def strip(_: float, y: np.ndarray) -> np.ndarray:
        theta = theta0 * (1.0 - y.sum() / height)
        lost = GROWTH * theta * max(j / theta - supply, 0.0)
        return np.array([0.98 * lost - m.closure * y[0], 0.02 * lost])

    def plate(_: float, y: np.ndarray) -> np.ndarray:
        return np.array([-0.6 * GROWTH * j * y[0] / (y[0] + m.smoothing) - m.closure * y[0], 0.0])

    y, exact = np.zeros(2), []
    for half in range(6):
        change = strip if half % 2 == 0 else plate
        y = solve_ivp(change, (0.0, 1800.0), y, method="LSODA", rtol=1e-10, atol=1e-16).y[:, -1]
        exact.append(theta0 * (1.0 - y.sum() / height))
    found = run(m, np.array([supply]), j, cycles=3, spread_area=1 / theta0, steps=80)
    assert min(exact) < 0.19
    assert np.abs(found.left - exact).max() < 1e-5  # second order: 80 steps of a rate that changes by a tenth


def test_more_contacts_change_the_contact_fraction_less_and_less():
    found = [
        run(supply=supply_quantiles(n, supply=10.0, relative_spread=0.25), cycles=20).left[-1] for n in (6, 12, 24, 192)
    ]
    errors = np.abs(np.array(found[:3]) / found[3] - 1.0)
    assert errors[0] > errors[1] > errors[2] > 0.0
    assert errors[2] < 3e-3


def test_contacts_of_low_supply_are_lost_first_and_the_others_carry_more():
    found = run(current_density=2.5, cycles=5)
    contact = found.left_state.contact[0]
    assert np.all(np.diff(contact) >= 0.0)
    assert contact[0] < contact.mean() < contact[-1]


def test_lives_with_jumps_are_those_of_the_full_run_within_half_a_percent():
    full, jumped = (run(current_density=1.5, jump=jump) for jump in (False, True))
    assert full.ending is jumped.ending is Ending.CONTACT_LOST
    assert jumped.life == pytest.approx(full.life, rel=5e-3)
    assert jumped.cycles < 0.5 * full.cycles


def test_damage_without_loss_of_contact_shorts_at_the_time_of_its_law():
    m = replace(MECHANISMS, damage_current=20.0)
    found = run(m, np.array([1e3]), 2.0, contact_fraction=0.25)
    # i = 8 A/m^2: 0.0256 an hour, 39.0625 h of plating: 78 half hours and 225 s on the right face
    assert found.ending is Ending.SHORT
    assert found.life == pytest.approx(78 * 3600.0 + 225.0, abs=1e-3)
    assert found.cycles < 40


def test_voltage_is_that_of_both_faces_and_the_slab():
    found = run(supply=np.array([1e3]), cycles=1, slab_resistance=20e-4)
    assert found.voltage == pytest.approx([2.0 * (20e-4 + 2 * 30e-4 / 0.2)] * 2 * np.array([1, -1]), rel=1e-12)
    kinetics = replace(MECHANISMS, charge_transfer_resistance=None, exchange_current_density=8.0)
    found = run(kinetics, np.array([1e3]), cycles=1)
    eta = 2.0 * 8.314462618 * 298.15 / 96485.33212 * math.asinh(2.0 / 0.2 / 2.0 / 8.0)
    assert found.voltage[0] == pytest.approx(2.0 * eta, rel=1e-9)


def test_faces_may_differ():
    found = run(second_contact_fraction=0.5, cycles=10)
    # 10 against 4 A/m^2 of contact
    assert 0.0 < 1.0 - found.right.min() / 0.5 < 1.0 - found.left.min() / 0.2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"spread_area": 6.0}, "spread_area = 6: expected 1 to 1/contact_fraction, 5"),
        ({"spread_area": 0.5}, "spread_area = 0.5"),
        ({"contact_fraction": 0.0}, "contact_fraction = 0.0"),
        ({"supply": np.array([np.nan])}, "supply = array of shape"),
        ({"second_supply": np.ones(3)}, "second_supply = 3 contacts: expected 24"),
        ({"slab_resistance": -1.0}, "slab_resistance = -1.0"),
    ],
)
def test_bad_arguments_are_refused(change: dict, says: str):
    with pytest.raises(InvalidInput, match=says):
        run(**change)


def test_bad_quantiles_are_refused():
    with pytest.raises(InvalidInput, match="law = 'gamma'"):
        supply_quantiles(3, supply=10.0, relative_spread=0.25, law="gamma")
    with pytest.raises(InvalidInput, match="count = 0"):
        supply_quantiles(0, supply=10.0, relative_spread=0.25)
