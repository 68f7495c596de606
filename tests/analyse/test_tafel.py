"""Exchange currents from sweeps of the voltage: exact data, coverage, what cannot be told apart, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import analyse_tafel
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Outcome, SimulationSource
from garnetlab.physics.kinetics import butler_volmer_overpotential
from garnetlab.units import Quantity

AREA, KELVIN, EXCHANGE, SLAB = 0.785e-4, 298.15, 8.0, 0.019


def sweep(
    *, noise: float = 0.0, seed: int = 0, largest: float = 15.0, interfaces: int = 2, symmetry: float = 0.5, **metadata
) -> Measurement:
    """Return a sweep of a cell with known exchange current [A/m^2] and resistance [ohm m^2]."""
    current = np.linspace(-largest, largest, 201)
    law = {"exchange": EXCHANGE, "temperature": KELVIN, "symmetry": symmetry}
    voltage = 1e-3 + SLAB * current + butler_volmer_overpotential(current, **law)
    if interfaces == 2:
        voltage = voltage - butler_volmer_overpotential(-current, **law)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(len(current))
    channels = {Channel.TIME: np.arange(201.0), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": interfaces, **metadata}
    known = {name: value for name, value in known.items() if value is not None}
    return Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", seed, "bv"), known)


@pytest.mark.parametrize("interfaces", [1, 2])
@pytest.mark.parametrize("symmetry", [0.5, 0.3])
def test_exact_data_give_back_every_number(interfaces, symmetry):
    found = analyse_tafel(sweep(interfaces=interfaces, symmetry=symmetry), symmetry=symmetry)
    assert found.outcome is Outcome.SUCCESS
    # the least sum of squares is found to 1e-8 of ln j0 at best: squares are flat there, rounding hides the rest
    assert found["exchange_current_density"].value == pytest.approx(EXCHANGE, rel=1e-5)
    assert found["exchange_current_density"].unit == "mA/cm^2"
    assert found["electrolyte_resistance"].value == pytest.approx(SLAB / AREA, rel=1e-5)
    assert found["rest_potential"].value == pytest.approx(1e-3, rel=1e-4)
    face = units.R * KELVIN / (units.F * EXCHANGE)
    assert found["interface_resistance"].value == pytest.approx(face, rel=1e-5)
    assert found["total_resistance"].value == pytest.approx(SLAB + interfaces * face, rel=1e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    results = [analyse_tafel(sweep(noise=2e-4, seed=s)) for s in range(40)]
    assert all(r.outcome is Outcome.SUCCESS for r in results)
    for name, truth in (("exchange_current_density", EXCHANGE), ("electrolyte_resistance", SLAB / AREA)):
        found = [r[name] for r in results]
        limits = [q.interval or (q.value - 1.96 * q.std, q.value + 1.96 * q.std) for q in found]
        held = sum(low <= truth <= high for low, high in limits)
        # of 40 intervals of 95 % fewer than 34 hold with a probability of 0.3 %
        assert held >= 34, name
    spread = np.std([math.log(r["exchange_current_density"].value) for r in results], ddof=1)
    said = np.mean([r["exchange_current_density"].std / r["exchange_current_density"].value for r in results])
    # the standard deviation of 40 values is known to 1/sqrt(78) = 11 %; correlation of residuals only adds: 3 sigma
    assert 0.67 * spread < said < 1.6 * spread


def test_a_sweep_without_curvature_gives_the_sum_only():
    found = analyse_tafel(sweep(noise=2e-4, largest=0.5))
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    assert set(found.quantities) == {"rest_potential", "total_resistance"}
    total = SLAB + 2 * units.R * KELVIN / (units.F * EXCHANGE)
    # 200 voltages of 0.2 mV noise over +-0.5 A/m^2 give the slope to 2e-4/(0.29 sqrt(201)) = 5e-5, 0.2 %: 5 sigma
    assert found["total_resistance"].value == pytest.approx(total, rel=0.01)
    assert any("resistance of the electrolyte from impedance" in text for text in found.warnings)


def test_a_resistance_from_impedance_tells_them_apart():
    known = Quantity(SLAB / AREA, 0.002 * SLAB / AREA, "ohm")
    measured = sweep(noise=2e-4, largest=2.0)
    alone, helped = analyse_tafel(measured), analyse_tafel(measured, electrolyte_resistance=known)
    low, high = helped["exchange_current_density"].interval
    assert low <= EXCHANGE <= high
    if alone.outcome is Outcome.SUCCESS:
        other = alone["exchange_current_density"].interval
        assert high - low < other[1] - other[0]


def test_neighbouring_residuals_that_go_together_widen_the_interval():
    clean = sweep(noise=2e-4)
    drift = 4e-4 * np.sin(np.linspace(0.0, 9.0, 201))
    channels = {**clean.channels, Channel.VOLTAGE: clean[Channel.VOLTAGE] + drift}
    drifted = Measurement(clean.kind, channels, clean.source, clean.metadata)
    first, second = (analyse_tafel(m)["exchange_current_density"] for m in (clean, drifted))
    assert second.std > 2.0 * first.std


def test_the_temperature_may_come_from_its_channel():
    bare = sweep(temperature=None)
    warm = {**bare.channels, Channel.TEMPERATURE: np.full(len(bare), KELVIN)}
    found = analyse_tafel(Measurement(bare.kind, warm, bare.source, bare.metadata))
    assert found["exchange_current_density"].value == pytest.approx(EXCHANGE, rel=1e-5)


@pytest.mark.parametrize(
    ("measurement", "error", "message"),
    [
        (lambda: sweep(area=None), MissingInput, "area = none given: a current density needs it"),
        (lambda: sweep(temperature=None), MissingInput, "temperature = none given: the Butler-Volmer law needs it"),
        (lambda: sweep(largest=0.0), InvalidInput, "current = 1 different values: expected at least 8"),
    ],
)
def test_what_cannot_be_analysed_is_refused_in_one_line(measurement, error, message):
    with pytest.raises(error) as caught:
        analyse_tafel(measurement())
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
