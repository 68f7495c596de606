"""Linear polarisation: slope at rest, interfaces beside the electrolyte, coverage, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import analyse_linear_polarisation
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, Outcome, SimulationSource
from garnetlab.physics.kinetics import butler_volmer_overpotential
from garnetlab.readers import read
from garnetlab.units import Quantity

AREA, KELVIN, EXCHANGE, SLAB, FILM = 0.785e-4, 298.15, 5.89, 0.019, 0.002
FACE = units.R * KELVIN / (units.F * EXCHANGE) + FILM


def sweep(
    *, noise: float = 1e-4, seed: int = 0, interfaces: int = 2, symmetry: float = 0.5, largest: float = 6.0
) -> Measurement:
    """Return a sweep of a cell with charge transfer, a film on each face and a slab."""
    current = np.linspace(-largest, largest, 241)
    law = {"exchange": EXCHANGE, "temperature": KELVIN, "symmetry": symmetry, "film_resistance": FILM}
    voltage = 2e-3 + SLAB * current + butler_volmer_overpotential(current, **law)
    if interfaces == 2:
        voltage = voltage - butler_volmer_overpotential(-current, **law)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(len(current))
    channels = {Channel.TIME: np.arange(241.0), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": interfaces}
    return Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", seed, "bv"), known)


@pytest.mark.parametrize(("interfaces", "symmetry"), [(2, 0.5), (2, 0.3), (1, 0.5), (1, 0.35)])
def test_the_slope_at_rest_is_found_in_spite_of_the_bend(interfaces, symmetry):
    found = analyse_linear_polarisation(sweep(noise=0.0, interfaces=interfaces, symmetry=symmetry))
    total = SLAB + interfaces * FACE
    # what the fifth order leaves of the bend over 2 R T/F: 5e-5 at most for a symmetry of 1/2, times the share of the kinetics
    assert found["total_resistance"].value == pytest.approx(total, rel=5e-5)
    assert found["rest_potential"].value == pytest.approx(2e-3, abs=2e-5)
    assert any("resistance of the electrolyte is not given" in w for w in found.warnings)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(11)
    count, held = 60, 0
    for seed in range(count):
        std = 0.003 * SLAB / AREA
        known = Quantity(SLAB / AREA + std * rng.standard_normal(), std, "ohm")
        found = analyse_linear_polarisation(sweep(seed=seed), electrolyte_resistance=known)
        low, high = found["interface_resistance"].interval
        held += low <= FACE <= high
    assert held >= 51  # of 60 intervals of 95 % fewer than 51 hold with a probability of 0.2 %
    assert found["interface_resistance"].unit == "ohm cm^2"
    assert found["interface_resistance_of_face"].value == pytest.approx(
        found["interface_resistance"].value / AREA, rel=1e-12
    )
    # with a film the exchange current from the slope is less than the true one
    assert found["exchange_current_density_least"].value < EXCHANGE


def bare(ratio: float, *, noise: float, seed: int, count: int, largest: float) -> tuple[Measurement, float]:
    """Return a sweep in which nearly all is charge transfer of two faces, and its resistance at rest [ohm m^2]."""
    current = np.linspace(-largest, largest, count)
    law = {"temperature": KELVIN, "symmetry": 0.5}
    voltage = 0.1 * FILM * current
    for exchange in (EXCHANGE, ratio * EXCHANGE):
        voltage = voltage + butler_volmer_overpotential(current, exchange=exchange, **law)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(count)
    channels = {Channel.TIME: np.arange(float(count)), Channel.VOLTAGE: voltage, Channel.CURRENT: AREA * current}
    known = {"area": AREA, "temperature": KELVIN, "interfaces": 2}
    total = 0.1 * FILM + units.R * KELVIN / (units.F * EXCHANGE) * (1.0 + 1.0 / ratio)
    return Measurement(Kind.VOLTAMMETRY, channels, SimulationSource("", seed, "bv"), known), total


@pytest.mark.parametrize(
    ("ratio", "noise", "count", "largest"),
    [
        (1.0, 2e-5, 2000, 10.0),  # so little noise that what the polynomial leaves of the bend counts
        (3.0, 2e-5, 2000, 15.0),
        (1.0, 2e-4, 400, 300.0),  # so few records within the window that Student's t counts
    ],
)
def test_the_uncertainty_holds_the_bend_that_is_left_and_few_records(ratio, noise, count, largest):
    runs, held = 200, 0
    for seed in range(runs):
        measured, total = bare(ratio, noise=noise, seed=seed, count=count, largest=largest)
        found = analyse_linear_polarisation(measured)["total_resistance"]
        held += abs(found.value - total) <= 1.96 * found.std
    assert held >= 181  # of 200 intervals of 95 % fewer than 181 hold with a probability of 0.4 %


def test_an_electrolyte_that_takes_all_leaves_nothing_for_the_interfaces():
    known = Quantity((SLAB + 2 * FACE) / AREA, 1.0, "ohm")
    found = analyse_linear_polarisation(sweep(), electrolyte_resistance=known)
    assert "interface_resistance" not in found.quantities
    assert any("nothing is said of the interfaces" in w for w in found.warnings)


def test_a_sweep_whose_branches_differ_is_a_poor_fit(data_dir):
    measured = read(data_dir / "voltammetry_dc" / "ixdat__Pt_poly_cv_CUT.mpt")[0]
    found = analyse_linear_polarisation(measured.with_metadata(area=1e-4, temperature=298.15))
    assert found.outcome is Outcome.POOR_FIT


@pytest.mark.parametrize(
    ("name", "message"),
    [("yadg__ca.mpt", "expected a sweep, this one is held"), ("yadg__cp.mpt", "expected both directions"),
     ("gamry__ocp_data.dta", "expected at least 8")],
)  # fmt: skip
def test_real_files_without_a_sweep_through_rest_are_refused(data_dir, name, message):
    measured = read(data_dir / "voltammetry_dc" / name)[0].with_metadata(area=1e-4, temperature=298.15)
    with pytest.raises(InvalidInput, match=message):
        analyse_linear_polarisation(measured)


def test_a_window_with_too_few_records_is_refused():
    with pytest.raises(InvalidInput, match=r"within 0\.1 mV of rest: expected at least 6"):
        analyse_linear_polarisation(sweep(), window=1e-4)
    with pytest.raises(InvalidInput, match="window = -1"):
        analyse_linear_polarisation(sweep(), window=-1.0)
