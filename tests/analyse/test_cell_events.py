"""Events of symmetric cells: what is found, when, how surely, and what must be no event."""

import math
import time

import numpy as np
import pytest

from garnetlab import units
from garnetlab.analyse import cell_events, half_cycles
from garnetlab.analyse._cell_event_odds import change_odds, student
from garnetlab.core import Channel, InvalidInput, Kind, Measurement, MissingInput, Procedure, SimulationSource
from garnetlab.core._protocols import ccd_ladder, galvanostatic_cycling
from garnetlab.readers import read
from garnetlab.simulate import FaceModel, simulate_cell
from garnetlab.simulate._cell_model import CellModel
from garnetlab.units import Quantity

AREA, THICKNESS, HALF = 0.785e-4, 1e-3, 1800.0
HOUR = 3600.0
SHORTS = ("hard_short", "soft_short")


def series(
    levels=(2.0,) * 60, *, factor=None, noise=1e-4, period=60.0, rest=0.0, kelvin=None, current=True, seed=1, polarised=0.0
):  # fmt: skip
    """Return cycling of a cell of 0.03 ohm m^2 whose voltage is multiplied by ``factor(time [h])``."""
    tau = np.append(np.arange(0.0, HALF, period), HALF)
    pause = np.append(np.arange(0.0, rest, period), rest) if rest else np.zeros(0)
    one = len(tau) + len(pause)
    n = len(levels)
    begin = np.arange(n)[:, None] * (HALF + rest)
    sign = (1.0 - 2.0 * (np.arange(n) % 2))[:, None]
    t = (begin + np.concatenate([tau, HALF + pause])).ravel()
    driven = np.concatenate([np.ones(len(tau)), np.zeros(len(pause))])
    build = np.concatenate([1.0 - polarised * np.exp(-tau / 400.0), np.zeros(len(pause))])
    i = (sign * np.asarray(levels)[:, None] * driven * AREA).ravel()
    v = (sign * np.asarray(levels)[:, None] * 0.03 * build).ravel()
    assert len(t) == n * one
    v = v * (1.0 if factor is None else factor(t / HOUR)) + noise * np.random.default_rng(seed).standard_normal(len(t))
    channels = {Channel.TIME: t, Channel.VOLTAGE: v}
    channels |= {Channel.CURRENT: i} if current else {}
    channels |= {} if kelvin is None else {Channel.TEMPERATURE: kelvin(t / HOUR)}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", seed, "test"), {"area": AREA})


def drop(at, size):
    return lambda t: np.where(t > at, 1.0 - size, 1.0)


def failures(result):
    return [e for e in result.events if e.kind in (*SHORTS, "contact_loss")]


def face(**changes):
    return FaceModel(**({"initial_contact": 0.5, "charge_transfer_resistance": 50e-4} | changes))


def cell(left, **changes):
    given = {"area": AREA, "thickness": THICKNESS, "conductivity": 0.05}
    return CellModel(left, left, **(given | changes))


# shorts ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("at", [10.25, 20.0])
def test_a_soft_short_is_found_where_it_begins(size, at):
    result = cell_events(series(factor=drop(at, size)))
    assert [e.kind for e in result.events] == ["soft_short"]
    event = result.events[0]
    assert event.time / HOUR == pytest.approx(at, abs=0.51)
    assert event.probability > 0.9
    assert any(f"fell by {100 * size:.0f} %" in words or "fell by" in words for words in event.evidence)


def test_an_abrupt_short_is_timed_to_the_record():
    event = cell_events(series(factor=drop(10.25, 0.5))).events[0]
    assert event.time / HOUR == pytest.approx(10.25, abs=1.5 / 60.0)
    assert "It fell between two records." in event.evidence
    assert event.half_cycle == 20
    assert event.cycle == 11
    assert event.areal_capacity / units.mAh_cm2 == pytest.approx(0.2 * 0.25, abs=0.2 * 1.5 / 60)
    assert event.cumulative_capacity / units.mAh_cm2 == pytest.approx(0.2 * 10.25, abs=0.2 * 1.5 / 60)


def test_below_the_electrolyte_a_short_is_hard_and_above_it_soft():
    floor = Quantity(0.015 / AREA, 0.02 * 0.015 / AREA, "ohm")
    soft = cell_events(series(factor=drop(10.25, 0.4)), electrolyte_resistance=floor)
    hard = cell_events(series(factor=drop(10.25, 0.6)), electrolyte_resistance=floor)
    assert [e.kind for e in soft.events] == ["soft_short"]
    assert [e.kind for e in hard.events] == ["hard_short"]
    assert any("less than 144 ohm cm^2" in words for words in hard.events[0].evidence)


def test_a_soft_short_that_hardens_gives_both_events():
    both = cell_events(series(factor=lambda t: drop(10.25, 0.4)(t) * drop(14.25, 0.98)(t)))
    assert [(e.kind, round(e.time / HOUR)) for e in both.events] == [("soft_short", 10), ("hard_short", 14)]


def test_a_short_that_heals_is_followed_by_recovery():
    healed = cell_events(series(factor=lambda t: np.where((t > 10.25) & (t < 14.25), 0.6, 1.0)))
    assert [e.kind for e in healed.events] == ["soft_short", "recovery"]
    assert healed.events[1].time / HOUR == pytest.approx(14.25, abs=0.51)


def test_a_cell_below_its_electrolyte_from_the_start_is_shorted():
    floor = Quantity(0.1 / AREA, 0.0, "ohm")
    assert cell_events(series(), electrolyte_resistance=floor).events[0].kind == "hard_short"


def test_simulated_hard_and_soft_shorts_are_found_within_one_half_cycle():
    damaged = face(damage_current=10.0, damage_exponent=4.0)
    kinds = {
        "hard": cell(damaged, hard_short=3e-4, softening=0.0),
        "soft": cell(damaged, soft_short=400e-4, softening=1e9),
    }
    for kind, one in kinds.items():
        test = simulate_cell(
            one, galvanostatic_cycling(3.0, half_cycle_time=HALF, duration=100 * HOUR), voltage_noise=1e-4,
            after_short=3 * HOUR,
        )  # fmt: skip
        found = failures(cell_events(test.record))
        assert [e.kind for e in found] == [f"{kind}_short"]
        assert found[0].time == pytest.approx(test.result["time_to_failure"].value, abs=HALF)


# contact --------------------------------------------------------------------------------------------------------------
def test_lost_contact_that_cuts_steps_short_is_found_and_no_short():
    losing = face(supply=4.0, height=6e-7, exchange_current_density=8.0, charge_transfer_resistance=None)
    test = simulate_cell(
        cell(losing), galvanostatic_cycling(4.0, half_cycle_time=HALF, cycles=20, voltage_limit=1.0), voltage_noise=1e-4
    )
    assert test.result.outcome.label == "contact_lost"
    found = failures(cell_events(test.record))
    assert found[0].kind == "contact_loss"
    assert found[0].time == pytest.approx(test.result["time_to_failure"].value, abs=HALF)
    assert not any(e.kind in SHORTS for e in found)


def test_a_limit_that_is_too_low_for_the_current_is_told_from_lost_contact():
    steps = ccd_ladder(start=2.0, step=2.0, stop=12.0, half_cycle_time=HALF, voltage_limit=0.35)
    found = failures(cell_events(simulate_cell(cell(face()), steps, voltage_noise=1e-4).record))
    assert found[0].kind == "contact_loss"
    assert found[0].limit
    assert found[0].current_density == pytest.approx(10.0, rel=0.01)  # 0.04 ohm m^2 reach 0.35 V at 8.75 A/m^2


# no events ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "measurement"),
    [
        ("still", series),
        ("noisy", lambda: series(noise=4e-3)),
        ("settling", lambda: series(factor=lambda t: 0.7 + 0.3 * np.exp(-t / 3.0))),
        ("ageing", lambda: series(factor=lambda t: 1.0 + 0.02 * t)),
        ("day and night", lambda: series(factor=lambda t: 1.0 + 0.1 * np.sin(2.0 * math.pi * t / 24.0))),
        ("rests", lambda: series(rest=600.0, period=120.0)),
        ("polarising", lambda: series(polarised=0.6)),
        ("ladder up and down", lambda: series(levels=tuple(np.repeat([1.0, 2.0, 4.0, 8.0, 4.0, 2.0, 1.0], 6)))),
        ("blocks", lambda: series(levels=(8.0,) * 20 + (1.0,) * 20 + (4.0,) * 20)),
        ("ten minutes", lambda: series(period=600.0)),
        ("voltage alone", lambda: series(current=False)),
        ("voltage alone with rests", lambda: series(current=False, rest=600.0)),
    ],
)
def test_a_sound_cell_has_no_events(name, measurement):
    assert cell_events(measurement()).events == (), name


def test_a_change_of_temperature_is_no_short():
    """The oven goes from 25 to 60 degC within a record; 0.55 eV make the cell resist a tenth."""
    warm = 0.1
    oven = series(factor=lambda t: np.where(t > 12.0, warm, 1.0), kelvin=lambda t: np.where(t > 12.0, 333.15, 298.15))
    assert cell_events(oven).events == ()


def test_one_wrong_reading_is_no_event():
    for wrong in (0.0, -1.0, 2.0):
        whole = series()
        v = np.array(whole[Channel.VOLTAGE])
        v[700] *= wrong
        changed = Measurement(whole.kind, {**whole.channels, Channel.VOLTAGE: v}, whole.source, whole.metadata)
        assert cell_events(changed).events == ()


def test_at_most_one_of_fifty_healthy_cells_raises_an_alarm():
    """Slow random walks of the temperature, 1.5 % per half cycle; 50 seeds, 2 % of which is one."""
    alarms = 0
    for seed in range(50):
        rng = np.random.default_rng([7, seed])
        walk = np.cumsum(0.015 * rng.standard_normal(80))
        walk -= np.linspace(0.0, walk[-1], 80)
        found = cell_events(series(factor=lambda t, w=walk: np.exp(np.interp(t, np.arange(80) * 0.5, w)), seed=seed))
        alarms += bool(failures(found))
    assert alarms <= 1


def test_gaps_are_events_of_their_own_and_nothing_else():
    whole = series()
    keep = (whole[Channel.TIME] < 9.2 * HOUR) | (whole[Channel.TIME] > 13.7 * HOUR)
    found = cell_events(
        Measurement(whole.kind, {c: x[keep] for c, x in whole.channels.items()}, whole.source, whole.metadata)
    )
    assert [e.kind for e in found.events] == ["gap"]
    assert found.events[0].time / HOUR == pytest.approx(9.2, abs=0.02)


# probability, signs ---------------------------------------------------------------------------------------------------
def test_the_law_of_chance_integrates_to_one_and_odds_fall_with_scatter():
    x = np.linspace(-400.0, 400.0, 400_001)
    assert np.trapezoid(student(x, np.ones_like(x)), x) == pytest.approx(1.0, abs=1e-5)
    odds = [change_odds(0.2, s, 0.01) for s in (0.005, 0.02, 0.05, 0.2)]
    assert odds == sorted(odds, reverse=True)
    assert odds[0] > 5.0 > 0.0 > odds[-1]


def test_a_larger_fall_and_a_quieter_cell_are_more_probable_events():
    quiet, noisy = (cell_events(series(factor=drop(10.25, 0.1), noise=n)) for n in (1e-4, 3e-3))
    assert 0.97 < quiet.events[0].probability < 0.99  # one in a hundred sudden falls has another cause
    assert not noisy.events or noisy.events[0].probability < quiet.events[0].probability


def test_lost_polarisation_is_named_among_the_evidence():
    arcs, flat = series(polarised=0.7), series(factor=drop(0.0, 0.6))
    late = arcs[Channel.TIME] > 10.0 * HOUR
    v = np.where(late, flat[Channel.VOLTAGE], arcs[Channel.VOLTAGE])
    found = cell_events(Measurement(arcs.kind, {**arcs.channels, Channel.VOLTAGE: v}, arcs.source, arcs.metadata))
    assert any("builds up by" in words for words in found.events[0].evidence)


def test_readings_that_scatter_more_are_named_among_the_evidence():
    whole = series(factor=drop(10.25, 0.4))
    late = whole[Channel.TIME] > 10.25 * HOUR
    v = whole[Channel.VOLTAGE] + np.where(late, 2e-3, 0.0) * np.random.default_rng(5).standard_normal(len(late))
    found = cell_events(Measurement(whole.kind, {**whole.channels, Channel.VOLTAGE: v}, whole.source, whole.metadata))
    assert any("Readings scatter" in words for words in found.events[0].evidence)


# form -----------------------------------------------------------------------------------------------------------------
def test_the_result_counts_events_and_gives_json():
    result = cell_events(half_cycles(series(factor=drop(10.25, 0.4))))
    assert result["soft_shorts"].value == 1
    assert result["hard_shorts"].value == 0
    assert result["time_to_failure"].field_value == pytest.approx(10.25, abs=0.02)
    event = result.details["events"][0]
    assert event["half_cycle"] == 21
    assert event["current_density_mA_cm2"] == pytest.approx(0.2)
    assert result.to_dict()["analysis"] == "events"


def test_an_electrolyte_resistance_needs_a_current_and_a_positive_number():
    with pytest.raises(MissingInput, match="current = none in the file"):
        cell_events(series(current=False), electrolyte_resistance=Quantity(100.0, 1.0, "ohm"))
    with pytest.raises(InvalidInput, match="electrolyte_resistance = 0 ohm"):
        cell_events(series(), electrolyte_resistance=Quantity(0.0, 0.0, "ohm"))


def test_a_voltage_that_goes_to_zero_within_a_half_cycle_of_a_file_without_current_is_a_doubtful_hard_short():
    found = cell_events(series(factor=drop(10.25, 1.0), current=False, noise=2e-5))
    assert [e.kind for e in found.events] == ["hard_short"]
    assert found.events[0].time / HOUR == pytest.approx(10.25, abs=0.5)


def test_the_paper_s_overcharge_of_a_sound_cell_is_no_event():
    cycles = (
        "Plate at 0.1 mA/cm2 for 30 minutes",
        "Strip at 0.1 mA/cm2 for 30 minutes",
        "Repeat the last 2 steps 10 times",
    )
    steps = (*cycles, "Plate at 0.1 mA/cm2 for 5 hours", *cycles)
    test = simulate_cell(cell(face()), Procedure(steps=steps), voltage_noise=1e-4)
    assert failures(cell_events(test.record)) == []


def test_two_million_records_are_analysed_with_events_in_five_seconds_of_one_core():
    whole = series(levels=(2.0,) * 11_000, factor=drop(5000.25, 0.4), period=10.0)
    assert len(whole) > 1_950_000
    begin = time.process_time()
    found = cell_events(whole)
    assert time.process_time() - begin < 5.0
    assert [e.kind for e in found.events] == ["soft_short"]


def test_the_real_cell_of_700_hours_has_no_events(data_dir):
    file = data_dir / "cycling" / "Novel__Data_Figure_3bc_PHJ_13_201.csv"
    if not file.exists():
        pytest.skip(f"{file.name} is not there")
    assert cell_events(read(file)[0]).events == ()
