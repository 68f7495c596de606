"""DC polarisation: the floor told from the decay, bounds where it is not reached, real files, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from garnetlab.analyse import analyse_dc_polarisation
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Outcome, SimulationSource
from garnetlab.core._protocols import dc_polarisation
from garnetlab.readers import read
from garnetlab.simulate import FaceModel, simulate_cell, symmetric_cell
from garnetlab.units import Quantity

AREA, THICKNESS, VOLTS = 0.785e-4, 1e-3, 1.0
SIGMA = 5.16e-8  # S/m, the electronic conductivity of the paper
FLOOR = SIGMA * AREA / THICKNESS * VOLTS
DECAYS = {
    "exponentials": lambda t: 8.0 * np.exp(-t / 200.0) + 60.0 * np.exp(-t / 15.0),
    "power": lambda t: 200.0 * t**-0.9,
    "stretched": lambda t: 100.0 * np.exp(-((t / 60.0) ** 0.5)),
    "none": lambda t: 0.0 * t,
}


def record(
    decay: str, *, seed: int = 0, floor: float = 1.0, duration: float = 3600.0, noise: float = 0.05, **metadata
) -> Measurement:
    """Return a hold of 1 V after 10 s at 0 V; the floor is that of the paper's conductivity, the decay in units of it."""
    rng = np.random.default_rng(seed)
    t = np.arange(1.0, duration + 1.0)
    signal = floor + DECAYS[decay](t)
    current = FLOOR * (signal + noise * rng.standard_normal(len(t)) + 1e-3 * signal * rng.standard_normal(len(t)))
    channels = {
        Channel.TIME: np.concatenate([np.arange(10.0), 9.0 + t]),
        Channel.VOLTAGE: np.concatenate([np.zeros(10), VOLTS + 1e-5 * rng.standard_normal(len(t))]),
        Channel.CURRENT: np.concatenate([FLOOR * noise * rng.standard_normal(10), current]),
    }
    known = {"area": AREA, "thickness": THICKNESS, **metadata}
    known = {n: v for n, v in known.items() if v is not None}
    return Measurement(Kind.DC_POLARISATION, channels, SimulationSource("", seed, "decay"), known)


@pytest.mark.parametrize("decay", DECAYS)
def test_the_floor_is_told_from_the_decay_and_its_interval_holds_it(decay):
    count, held = 6, 0
    for seed in range(count):
        found = analyse_dc_polarisation(record(decay, seed=seed))
        assert found.outcome is Outcome.SUCCESS, found.warnings
        q = found["electronic_conductivity"]
        assert q.unit == "S/cm"
        held += q.interval[0] <= SIGMA <= q.interval[1]
        assert q.value == pytest.approx(SIGMA, rel=0.2)
    assert held >= 4  # of 6 intervals of 95 % fewer than 4 hold with a probability of 0.2 %


@pytest.mark.parametrize(
    ("decay", "floor", "duration"), [("power", 0.0, 3600.0), ("exponentials", 0.0, 600.0), ("exponentials", 1.0, 150.0)]
)
def test_a_decay_that_goes_on_gives_an_upper_bound_that_holds(decay, floor, duration):
    held = 0
    for seed in range(3):
        found = analyse_dc_polarisation(record(decay, seed=seed, floor=floor, duration=duration))
        assert found.outcome is Outcome.NOT_IDENTIFIABLE
        assert "electronic_conductivity" not in found.quantities
        assert any("has not reached its floor" in w for w in found.warnings)
        held += found["electronic_conductivity_upper_bound"].value >= floor * SIGMA
    assert held == 3  # the current at the end is above the floor by all of the decay that is left


def test_a_simulated_hold_gives_the_electronic_conductivity_back():
    blocking = FaceModel(initial_contact=1.0, charge_transfer_resistance=1e9, creep=False)
    cell = replace(symmetric_cell(blocking, area=AREA, thickness=THICKNESS), electronic_conductivity=SIGMA)
    found = simulate_cell(cell, dc_polarisation(VOLTS, duration=3600.0), rng=1, period=10.0).record
    assert found is not None
    assert found.kind is Kind.DC_POLARISATION
    # what the ions carry through 2e9 ohm m^2 is 5e-10 A/m^2 of 5.2e-5: 1e-5; the digits kept by the analysis are 1e-4
    assert analyse_dc_polarisation(found)["electronic_conductivity"].value == pytest.approx(SIGMA, rel=3e-4)


def test_a_decay_beside_a_simulated_hold_is_taken_off():
    blocking = FaceModel(initial_contact=1.0, charge_transfer_resistance=1e9, creep=False)
    cell = replace(symmetric_cell(blocking, area=AREA, thickness=THICKNESS), electronic_conductivity=SIGMA)
    hold = simulate_cell(cell, dc_polarisation(VOLTS, duration=3600.0), rng=1, period=5.0).record
    rng = np.random.default_rng(3)
    t = hold[Channel.TIME]
    extra = FLOOR * (50.0 * np.exp(-t / 120.0) + 0.05 * rng.standard_normal(len(t)))
    mixed = replace(hold, channels={**hold.channels, Channel.CURRENT: hold[Channel.CURRENT] + extra})
    q = analyse_dc_polarisation(mixed)["electronic_conductivity"]
    assert q.interval[0] <= SIGMA <= q.interval[1]


def test_geometry_and_offset_enter_the_uncertainty():
    plain = analyse_dc_polarisation(record("none"))["electronic_conductivity"]
    wide = analyse_dc_polarisation(record("none", area_std=0.1 * AREA))["electronic_conductivity"]
    assert wide.std / wide.value == pytest.approx(np.hypot(0.1, plain.std / plain.value), rel=1e-3)
    offset = Quantity(0.5 * FLOOR, 0.05 * FLOOR, "nA")
    shifted = analyse_dc_polarisation(record("none"), current_offset=offset)["electronic_conductivity"]
    assert shifted.value == pytest.approx(0.5 * SIGMA, rel=0.05)
    assert shifted.std >= 0.05 * SIGMA


def test_the_sign_of_the_voltage_does_not_matter():
    one = record("exponentials")
    turned = replace(one, channels={**one.channels, **{c: -one[c] for c in (Channel.VOLTAGE, Channel.CURRENT)}})
    first, second = (analyse_dc_polarisation(m)["electronic_conductivity"].value for m in (one, turned))
    assert first == pytest.approx(second, rel=1e-9)


def test_one_of_several_holds_is_chosen():
    one, two = record("none", duration=600.0), record("none", floor=3.0, duration=1200.0)
    channels = {
        Channel.TIME: np.concatenate([one[Channel.TIME], 700.0 + two[Channel.TIME]]),
        **{c: np.concatenate([one[c], two[c]]) for c in (Channel.VOLTAGE, Channel.CURRENT)},
    }
    both = Measurement(Kind.DC_POLARISATION, channels, one.source, one.metadata)
    longest = analyse_dc_polarisation(both)
    assert longest["electronic_conductivity"].value == pytest.approx(3.0 * SIGMA, rel=0.05)
    assert any("has 2 holds" in w for w in longest.warnings)
    assert analyse_dc_polarisation(both, hold=0)["electronic_conductivity"].value == pytest.approx(SIGMA, rel=0.05)
    with pytest.raises(InvalidInput, match="hold = 2: expected 0 to 1"):
        analyse_dc_polarisation(both, hold=2)


# decays that have no end, steps of the reading, noise ------------------------------------------------------------------
NANO = 1e-9
HOUR = np.arange(2.0, 3601.0, 2.0)
WITHOUT_END = {
    "1/e in 14 record lengths": lambda t: 10.0 * np.exp(-t / 50000.0),
    "1/e in 28 record lengths, after a fast decay": lambda t: 100.0 * np.exp(-t / 100.0) + 2.0 * np.exp(-t / 100000.0),
    "1/e in 55 record lengths, after a fast decay": lambda t: 100.0 * np.exp(-t / 100.0) + 2.0 * np.exp(-t / 200000.0),
    "t^-0.05": lambda t: 10.0 * t**-0.05,
    "t^-0.09": lambda t: 10.0 * t**-0.09,
    "logarithm": lambda t: 10.0 - np.log(t),
}
#: above a floor of 1 nA, in nA
WITH_END = {
    "exponential": lambda t, rng: 100.0 * np.exp(-t / rng.uniform(50.0, 1000.0)),
    "stretched": lambda t, rng: 100.0 * np.exp(-((t / rng.uniform(10.0, 200.0)) ** 0.5)),
    "t^-0.5": lambda t, rng: rng.uniform(10.0, 100.0) * t**-0.5,
    "two record lengths beneath a fast decay": lambda t, rng: 100.0 * np.exp(-t / 100.0) + np.exp(-t / 7200.0),
}


def held(current: np.ndarray, time: np.ndarray = HOUR) -> Measurement:
    """Return a hold of 1 V with a current [nA]; the bound of the conductivity is then that of the current."""
    channels = {Channel.TIME: time, Channel.VOLTAGE: np.full(len(time), VOLTS), Channel.CURRENT: NANO * current}
    source = SimulationSource("", 0, "decay")
    return Measurement(Kind.DC_POLARISATION, channels, source, {"area": AREA, "thickness": THICKNESS})


def bound(found) -> float:
    """Return the bound of a result as a current [nA]."""
    return found["electronic_conductivity_upper_bound"].value * AREA / THICKNESS / NANO


def in_steps(current: np.ndarray, step: float) -> np.ndarray:
    return np.round(current / step) * step


@pytest.mark.parametrize("name", WITHOUT_END)
def test_no_floor_is_claimed_where_the_fall_has_no_end_that_the_record_shows(name):
    for seed in range(3):
        noise = 0.02 * np.random.default_rng(seed).standard_normal(len(HOUR))
        found = analyse_dc_polarisation(held(WITHOUT_END[name](HOUR) + noise))
        assert found.outcome is Outcome.NOT_IDENTIFIABLE
        assert found.details["floor_interval_A"][0] == 0.0
        assert any("has not reached its floor" in w for w in found.warnings)


@pytest.mark.parametrize("name", WITH_END)
def test_95_percent_intervals_hold_the_floor_that_is_there(name):
    claimed, missed, count = 0, 0, 8
    for seed in range(count):
        rng = np.random.default_rng([3, seed])
        current = 1.0 + WITH_END[name](HOUR, rng) + 0.02 * rng.standard_normal(len(HOUR))
        found = analyse_dc_polarisation(held(current))
        if found.outcome is Outcome.SUCCESS:
            low, high = (x / NANO for x in found["steady_current"].interval)
            claimed += 1
            missed += not low <= 1.0 <= high
        else:
            assert bound(found) >= 1.0
    assert claimed >= count // 2
    assert missed <= 2  # of 8 intervals of 95 % more than 2 miss with a probability of 0.6 %


@pytest.mark.parametrize(
    ("floor", "step", "noise"),
    [(0.3, 1.0, 0.02), (1.3, 1.0, 0.2), (1.3, 1.0, 0.01), (1.03, 0.1, 0.02), (1.03, 0.1, 0.05)],
)
def test_the_steps_of_the_reading_are_in_the_interval_or_the_bound(floor, step, noise):
    missed = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        current = floor + 100.0 * np.exp(-HOUR / 100.0) + noise * rng.standard_normal(len(HOUR))
        found = analyse_dc_polarisation(held(in_steps(current, step)))
        if found.outcome is Outcome.SUCCESS:
            low, high = (x / NANO for x in found["steady_current"].interval)
            missed += not low <= floor <= high
        else:
            assert found.outcome is Outcome.NOT_IDENTIFIABLE
            assert any("Measure in a smaller range" in w for w in found.warnings)
            assert bound(found) >= floor
    assert missed <= 1  # of 4 intervals of 95 % more than 1 miss with a probability of 1.4 %


def test_noise_of_more_than_half_a_step_spreads_over_the_steps():
    rng = np.random.default_rng(2)
    current = 1.03 + 100.0 * np.exp(-HOUR / 100.0) + 0.1 * rng.standard_normal(len(HOUR))
    coarse, fine = (analyse_dc_polarisation(held(c))["steady_current"] for c in (in_steps(current, 0.1), current))
    # a variance of step^2/12 beside noise of one step: 4 % more
    assert coarse.std == pytest.approx(fine.std, rel=0.3)


@pytest.mark.parametrize("seed", range(12))
def test_noise_of_half_the_floor_is_no_current_against_the_voltage(seed):
    rng = np.random.default_rng(seed)
    current = 1.0 + 100.0 * np.exp(-HOUR / 100.0) + 0.5 * rng.standard_normal(len(HOUR))
    found = analyse_dc_polarisation(held(current))
    assert found.quantities["voltage"].value == pytest.approx(VOLTS)


def test_a_decay_into_the_noise_whose_last_mean_is_negative_gives_a_bound():
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(HOUR))
    noise[-100:] -= 0.05
    found = analyse_dc_polarisation(held(10.0 * np.exp(-HOUR / 300.0) + noise))
    assert not found.outcome.good
    assert bound(found) >= 0.0


def test_a_current_that_turns_against_the_voltage_is_no_hold():
    with pytest.raises(InvalidInput, match="expected a voltage that is held"):
        analyse_dc_polarisation(held(np.where(HOUR < 1800.0, 5.0, -5.0) * np.exp(-HOUR / 5000.0)))


def test_a_fall_in_the_last_third_and_an_offset_that_is_not_known_are_said():
    rng = np.random.default_rng(1)
    noise = 0.02 * rng.standard_normal(len(HOUR))
    falling = held(10.0 + 10.0 * np.exp(-HOUR / 1000.0) + noise)
    found = analyse_dc_polarisation(falling)
    assert found.outcome is Outcome.SUCCESS
    # 10 nA (exp(-2.4) - exp(-3.6))
    assert found.details["last_third_falls_A"][0] == pytest.approx(0.63 * NANO, rel=0.2)
    assert any("still falls by" in w for w in found.warnings)
    assert any("no offset of the instrument was taken off" in w for w in found.warnings)
    known = analyse_dc_polarisation(held(10.0 + noise), current_offset=Quantity(0.0, 1e-12, "nA"))
    assert known.warnings == ()


@pytest.mark.parametrize("name", ["gamry__chronoa_data.dta", "yadg__ca.mpt", "yadg__ca.mpr"])
def test_real_chronoamperometry_gives_a_bound_since_it_still_decays(data_dir, name):
    measured = read(data_dir / "voltammetry_dc" / name)[0].with_metadata(area=1e-4, thickness=1e-3)
    found = analyse_dc_polarisation(measured)
    assert found.outcome is Outcome.NOT_IDENTIFIABLE
    last = measured[Channel.CURRENT][len(measured) - 2]
    bound = found["electronic_conductivity_upper_bound"].value * 1e-4 / 1e-3 * found["voltage"].value
    # the last bin holds records that are all at least as large as the last but one, and no more than a third above it
    assert 0.9 * last < bound < 1.5 * last


@pytest.mark.parametrize(
    "name",
    ["yadg__cp.mpt", "yadg__lsv.mpt", "ixdat__Pt_poly_cv_CUT.mpt", "gamry__cv_data.dta", "gamry__ocp_data.dta",
     "hybrid__CP_SSB.mpr",
     "article_MAHE_2__Fig_1_a_black.csv"],
)  # fmt: skip
def test_real_files_without_a_hold_are_refused(data_dir, name):
    measured = read(data_dir / "voltammetry_dc" / name)[0].with_metadata(area=1e-4, thickness=1e-3)
    with pytest.raises(InvalidInput, match="expected a voltage that is held"):
        analyse_dc_polarisation(measured)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [({"area": None}, "area = none given"), ({"area": None, "thickness": None}, "area and thickness = none given")],
)
def test_geometry_is_never_guessed(metadata, message):
    with pytest.raises(MissingInput) as caught:
        analyse_dc_polarisation(record("none", **metadata))
    assert str(caught.value).startswith(message)
