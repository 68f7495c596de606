"""Transference numbers: a mixed conductor, a garnet, coverage of the propagated uncertainty, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.analyse import analyse_transference
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Outcome, SimulationSource
from garnetlab.simulate import Noise, simulate_eis
from garnetlab.units import Quantity

VOLTS, BEFORE, AFTER = 0.01, 120.0, 140.0  # V, ohm


def cell(
    number: float, *, seed: int = 0, steady: float = 20e-6, noise: float = 1e-3, tau: float = 600.0
) -> Measurement:
    """Return a hold of 10 mV whose currents obey Bruce and Vincent's law for a transference number."""
    # t = I_ss (V - I_0 R_0)/[I_0 (V - I_ss R_ss)]  solved for I_0
    first = steady * VOLTS / (number * (VOLTS - steady * AFTER) + steady * BEFORE)
    rng = np.random.default_rng(seed)
    t = np.geomspace(0.05, 7200.0, 900)
    current = steady + (first - steady) * np.exp(-t / tau)
    current = current * (1.0 + noise * rng.standard_normal(len(t)))
    channels = {
        Channel.TIME: np.append(0.0, t + 1.0),
        Channel.VOLTAGE: np.append(0.0, np.full(len(t), VOLTS)),
        Channel.CURRENT: np.append(0.0, current),
    }
    channels[Channel.TIME][0] = 1.0 - 1e-3
    return Measurement(Kind.DC_POLARISATION, channels, SimulationSource("", seed, "step"), {"temperature": 333.15})


def test_a_mixed_conductor_gives_its_number_back_and_the_interval_holds_it():
    truth, count, held = 0.35, 8, 0
    rng = np.random.default_rng(7)
    for seed in range(count):
        resistances = [Quantity(r + 1.5 * rng.standard_normal(), 1.5, "ohm") for r in (BEFORE, AFTER)]
        found = analyse_transference(cell(truth, seed=seed), *resistances)
        assert found.outcome is Outcome.SUCCESS, found.warnings
        low, high = found["transference_number"].interval
        held += low <= truth <= high
    assert held >= 6  # of 8 intervals of 95 % fewer than 6 hold with a probability of 0.6 %
    assert found["transference_number_uncorrected"].value > found["transference_number"].value


def test_a_garnet_conducts_with_lithium_alone():
    resistances = (Quantity(BEFORE, 1.0, "ohm"), Quantity(BEFORE, 1.0, "ohm"))
    t = np.arange(1.0, 3600.0)
    rng = np.random.default_rng(1)
    current = 20e-6 * (1.0 + 1e-3 * rng.standard_normal(len(t)))
    channels = {Channel.TIME: t, Channel.VOLTAGE: np.full(len(t), VOLTS), Channel.CURRENT: current}
    found = analyse_transference(
        Measurement(Kind.DC_POLARISATION, channels, SimulationSource("", 0, "garnet"), {}), *resistances
    )
    q = found["transference_number"]
    # a constant current: t = (V - I R_0)/(V - I R_ss), 1 within the uncertainty of the two resistances
    assert q.interval[0] <= 1.0 <= q.interval[1]
    assert q.value == pytest.approx(1.0, abs=0.03)


def test_resistances_come_from_impedance_spectra():
    values = {"R0": 200.0, "R1": BEFORE, "CPE1.Q": 3e-6, "CPE1.n": 0.85}
    kwargs = {"rng": np.random.default_rng(3), "noise": Noise(relative=2e-3)}
    known = {"electrodes": "symmetric", "temperature": 333.15}
    before = simulate_eis("R0-p(R1,CPE1)", values, metadata=known, **kwargs)
    after = simulate_eis("R0-p(R1,CPE1)", {**values, "R1": AFTER}, metadata=known, **kwargs)
    found = analyse_transference(cell(0.35), before, after)
    assert found["interface_resistance_before"].value == pytest.approx(BEFORE, rel=0.03)
    low, high = found["transference_number"].interval
    assert low <= 0.35 <= high


def test_a_current_that_still_falls_gives_no_number():
    found = analyse_transference(
        cell(0.2, tau=20000.0, noise=0.01), Quantity(BEFORE, 1.0, "ohm"), Quantity(AFTER, 1.0, "ohm")
    )
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert "transference_number" not in found.quantities


def test_interfaces_that_take_all_of_the_voltage_give_no_number():
    all_of_it = Quantity(VOLTS / 20e-6, 5.0, "ohm")
    found = analyse_transference(cell(0.35), all_of_it, all_of_it)
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert any("take all of the voltage" in w for w in found.warnings)


def test_an_initial_current_that_contradicts_the_resistances_gives_no_number():
    found = analyse_transference(
        cell(0.9), Quantity(BEFORE, 1.0, "ohm"), Quantity(AFTER, 1.0, "ohm"), electrolyte=Quantity(50.0, 1.0, "ohm")
    )
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert "transference_number" not in found.quantities
    assert any("the record begins too late" in w for w in found.warnings)


def polarised(
    number: float, *, tau: float, period: float = 1.0, late: float = 0.0, seed: int = 0, shape=None
) -> Measurement:
    """Return a hold from time 0 on with an electrolyte of 200 ohm and interfaces of 50 and 60 ohm, rows at every period."""
    first = VOLTS / 250.0
    steady = number * first * VOLTS / (VOLTS - first * 50.0 + number * first * 60.0)
    t = np.arange(late + period, 7200.0, period)
    decay = np.exp(-t / tau) if shape is None else shape(t / tau)
    current = steady + (first - steady) * decay + 1e-9 * np.random.default_rng(seed).standard_normal(len(t))
    channels = {Channel.TIME: t, Channel.VOLTAGE: np.full(len(t), VOLTS), Channel.CURRENT: current}
    return Measurement(Kind.DC_POLARISATION, channels, SimulationSource("", seed, "hold"), {})


INTERFACES = (Quantity(50.0, 0.5, "ohm"), Quantity(60.0, 0.6, "ohm"))


def test_a_record_that_begins_after_the_step_gives_no_number():
    found = analyse_transference(polarised(0.3, tau=30.0, late=100.0), *INTERFACES)
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert "transference_number" not in found.quantities
    assert any("shows no step" in w for w in found.warnings)


def test_a_pause_before_the_hold_is_said():
    record = polarised(0.3, tau=600.0)
    channels = {c: np.append(0.0, a) for c, a in record.channels.items()}
    channels[Channel.TIME] = np.append(0.0, record[Channel.TIME] + 300.0)
    paused = Measurement(record.kind, channels, record.source, {})
    assert any(
        w.startswith("no rows for 301 s before the hold") for w in analyse_transference(paused, *INTERFACES).warnings
    )


def test_rows_slower_than_the_decay_widen_the_interval_until_it_holds_the_number():
    found = analyse_transference(polarised(0.3, tau=30.0, period=60.0), *INTERFACES)
    low, high = found["transference_number"].interval
    assert low <= 0.3 <= high
    assert high - low > 0.02  # one decay in two periods is not told from a faster one beside it


def test_the_initial_current_is_that_at_the_step_for_every_shape_of_decay():
    shapes = (None, lambda x: 0.5 * np.exp(-x) + 0.5 * np.exp(-20.0 * x), lambda x: np.exp(-np.sqrt(2.0 * x)))
    held, count = 0, 4
    for shape in shapes:
        for seed in range(count):
            found = analyse_transference(polarised(0.05, tau=600.0, seed=seed, shape=shape), *INTERFACES)
            low, high = found["initial_current"].interval
            held += low <= VOLTS / 250.0 <= high
    assert held >= 10  # of 12 intervals of 95 % fewer than 10 hold with a probability of 2 %


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (Quantity(BEFORE * 1e-4, None, "ohm cm^2"), "interface_arc_resistance = "),
        (Quantity(-1.0, None, "ohm"), "interface_arc_resistance = -1 ohm: expected more than 0"),
        (cell(0.5), "interface_arc_resistance = measurement of kind 'dc-polarisation'"),
    ],
)
def test_what_is_no_resistance_is_refused(before, message):
    with pytest.raises(InvalidInput) as caught:
        analyse_transference(cell(0.35), before, Quantity(AFTER, 1.0, "ohm"))
    assert str(caught.value).startswith(message)
