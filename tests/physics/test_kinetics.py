"""Butler-Volmer against its limits, and the charge transfer resistances of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.kinetics import (
    butler_volmer,
    butler_volmer_overpotential,
    charge_transfer_resistance,
    exchange_current_density_at,
    exchange_current_density_from_resistance,
    tafel_slope,
)

ROOM = 298.15


def test_small_overpotential_gives_the_charge_transfer_resistance():
    # j R/eta = 1 + x (1 - 2a)/2 + ...: with a = 0.4 and x = F eta/RT = 4e-6 the deviation is 4e-7
    eta = 1e-7
    current = butler_volmer(eta, exchange=5.89, temperature=ROOM, symmetry=0.4)
    assert eta / current == pytest.approx(charge_transfer_resistance(5.89, temperature=ROOM), rel=1e-6)


def test_the_tafel_slope_is_118_millivolt_per_decade_at_25_degrees():
    assert tafel_slope(ROOM) * 1e3 == pytest.approx(118.3, abs=0.05)


@pytest.mark.parametrize(("sign", "factor"), [(1, 0.6), (-1, 0.4)])
def test_large_overpotential_gives_the_tafel_slope(sign, factor):
    # the other direction is exp(-x) with x = 0.9 F/RT = 35: 1e-15
    one, two = (butler_volmer(sign * eta, exchange=2.0, temperature=ROOM, symmetry=0.4) for eta in (0.9, 1.0))
    assert 0.1 / np.log10(two / one) == pytest.approx(tafel_slope(ROOM, symmetry=factor), rel=1e-12)


@pytest.mark.parametrize(("exchange", "resistance"), [(0.589, 43.6), (0.145, 177.0)])
def test_the_exchange_current_densities_of_the_paper_mean_these_resistances(exchange, resistance):
    # 25 degC; printed to three digits
    found = charge_transfer_resistance(exchange * units.mA_cm2, temperature=ROOM) / units.ohm_cm2
    assert found == pytest.approx(resistance, rel=2e-3)


@given(eta=st.floats(0, 1), symmetry=st.floats(0.1, 0.9))
def test_reversing_overpotential_and_symmetry_reverses_the_current(eta, symmetry):
    forward = butler_volmer(eta, exchange=3.0, temperature=ROOM, symmetry=symmetry)
    backward = butler_volmer(-eta, exchange=3.0, temperature=ROOM, symmetry=1 - symmetry)
    assert forward == pytest.approx(-backward, rel=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=2, unique=True))
def test_current_grows_with_overpotential(pair):
    low, high = butler_volmer(np.sort(pair), exchange=3.0, temperature=ROOM)
    assert low <= high


def test_zero_overpotential_gives_zero_current():
    assert butler_volmer(0.0, exchange=3.0, temperature=ROOM) == 0.0


def test_a_resistance_gives_back_its_exchange_current_density():
    resistance = charge_transfer_resistance(1.45, temperature=333.15)
    assert exchange_current_density_from_resistance(resistance, temperature=333.15) == pytest.approx(1.45, rel=1e-14)


def test_arrays_broadcast():
    eta, temperature = np.linspace(-0.1, 0.1, 5)[:, None], np.array([263.15, 298.15, 333.15])
    assert butler_volmer(eta, exchange=2.0, temperature=temperature).shape == (5, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exchange": 0.0}, "exchange = 0.0: expected a finite number > 0"),
        ({"temperature": -1.0}, "temperature = -1.0"),
        ({"symmetry": 1.0}, "symmetry = 1.0: expected a number between 0 and 1"),
        ({"overpotential": 74.0}, "overpotential = 74.0 V: .*Pass volts, not mV"),
        ({"overpotential": np.nan}, "overpotential = nan"),
    ],
)
def test_values_out_of_range_are_refused(change, message):
    arguments = {"overpotential": 0.1, "exchange": 1.0, "temperature": ROOM, "symmetry": 0.5, **change}
    with pytest.raises(InvalidInput, match=message):
        butler_volmer(**arguments)


# inverse -------------------------------------------------------------------------------------------------------------
@given(eta=st.floats(-1, 1), symmetry=st.floats(0.01, 0.99), exchange=st.floats(1e-3, 1e3))
def test_the_overpotential_of_a_current_gives_back_the_current(eta, symmetry, exchange):
    case = {"exchange": exchange, "temperature": ROOM, "symmetry": symmetry}
    current = butler_volmer(eta, **case)
    # forward by expm1: 4e-16 of the larger exponential, times up to 40 for the exponent itself
    assert butler_volmer_overpotential(current, **case) == pytest.approx(eta, rel=1e-12, abs=1e-300)


@given(ratio=st.floats(-300, 300), symmetry=st.floats(0.001, 0.999), sign=st.sampled_from([-1.0, 1.0]))
def test_newtons_method_ends_for_every_current(ratio, symmetry, sign):
    # the equation itself in logarithms; x of order 1 to 1e6, each term known to 1e-15 of itself
    driven = 1.0 - symmetry if sign > 0 else symmetry
    eta = butler_volmer_overpotential(sign * 10.0**ratio, exchange=1.0, temperature=ROOM, symmetry=symmetry)
    x = abs(eta) * units.F / (units.R * ROOM)
    left = driven * x + np.log(-np.expm1(-x))
    assert left == pytest.approx(ratio * np.log(10.0), abs=1e-12 * (1 + abs(ratio)))
    assert np.sign(eta) == sign


@given(st.floats(-1e4, 1e4))
def test_the_hyperbolic_sine_is_the_limit_of_newtons_method(current):
    exact = butler_volmer_overpotential(current, exchange=2.0, temperature=ROOM)
    near = butler_volmer_overpotential(current, exchange=2.0, temperature=ROOM, symmetry=0.5 + 1e-9)
    assert near == pytest.approx(exact, rel=1e-8, abs=1e-300)


def test_no_current_needs_no_overpotential():
    for symmetry in (0.5, 0.3):
        assert butler_volmer_overpotential(0.0, exchange=2.0, temperature=ROOM, symmetry=symmetry) == 0.0


def test_a_film_adds_its_drop_and_small_currents_see_both_resistances():
    # 1e-9 of the exchange current: deviation from linear 1e-10
    film, current = 3e-3, 2e-9
    eta = butler_volmer_overpotential(current, exchange=2.0, temperature=ROOM, symmetry=0.4, film_resistance=film)
    assert eta / current == pytest.approx(film + charge_transfer_resistance(2.0, temperature=ROOM), rel=1e-8)


def test_currents_and_temperatures_broadcast():
    current, temperature = np.linspace(-50, 50, 5)[:, None], np.array([263.15, 298.15, 333.15])
    found = butler_volmer_overpotential(current, exchange=2.0, temperature=temperature, symmetry=0.4)
    assert found.shape == (5, 3)
    assert np.all(np.diff(found, axis=0) > 0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_density": np.nan}, "current_density = nan"),
        ({"exchange": -1.0}, "exchange = -1.0"),
        ({"symmetry": 0.0}, "symmetry = 0.0"),
        ({"film_resistance": -1.0}, "film_resistance = -1.0"),
    ],
)
def test_the_inverse_refuses_values_out_of_range(change, message):
    arguments = {"current_density": 1.0, "exchange": 1.0, "temperature": ROOM, "symmetry": 0.5, **change}
    with pytest.raises(InvalidInput, match=message):
        butler_volmer_overpotential(**arguments)


def test_a_charge_transfer_resistance_over_temperature_has_the_activation_energy_of_the_exchange_current():
    barrier = 0.6 * units.eV
    temperatures = np.array([298.15, 333.15])
    exchange = exchange_current_density_at(temperatures, exchange=5.89, activation_energy=barrier, reference=298.15)
    logs = np.log(temperatures / charge_transfer_resistance(exchange, temperature=temperatures))
    slope = (logs[1] - logs[0]) / (1 / temperatures[0] - 1 / temperatures[1]) * units.k_B
    assert slope == pytest.approx(barrier, rel=1e-9)


def test_an_exchange_current_with_a_negative_barrier_is_refused():
    with pytest.raises(InvalidInput, match="activation_energy = -1e-20"):
        exchange_current_density_at(298.15, exchange=1.0, activation_energy=-1e-20, reference=298.15)
