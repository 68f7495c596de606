"""Shorts that grow slowly, pass quickly or were there before the test, and half cycles that are short for harmless reasons."""

import numpy as np
import pytest

from garnetlab.analyse import cell_events, critical_current
from garnetlab.core import Channel, Kind, Measurement, Outcome, SimulationSource
from garnetlab.units import Quantity

AREA, HOUR, MINUTE = 0.785e-4, 3600.0, 60.0
RESISTANCE = 25e-3  # ohm m^2, of the sound cell
FAILURES = ("hard_short", "soft_short", "contact_loss")


def record(program, *, resistance=RESISTANCE, factor=None, limit=5.0, period=30.0, noise=2e-4, keep=None, **metadata):
    """Return a test of steps (A/m^2, sign, s); ``factor(half cycle, share of it, sign)`` multiplies the resistance."""
    rng = np.random.default_rng(7)
    rows, begin, half = [], 0.0, -1
    for density, sign, length in program:
        half += sign != 0
        count = round(length / period)
        for k in range(count):
            into = (k + 0.5) / count
            value = sign * density * resistance * (1.05 - 0.05 * np.exp(-4.0 * into))
            value *= 1.0 if factor is None or not sign else factor(half, into, sign)
            full = abs(value) > limit
            value = np.clip(value, -limit, limit) + noise * rng.standard_normal()
            rows.append((begin + k * period + 1.0, round(value, 4), round(sign * density * AREA, 7)))
            if full:
                begin += (k + 1) * period - length
                break
        begin += length
    time, voltage, current = np.array(rows).T
    kept = np.ones(len(time), dtype=bool) if keep is None else keep(time)
    channels = {Channel.TIME: time[kept], Channel.VOLTAGE: voltage[kept], Channel.CURRENT: current[kept]}
    return Measurement(Kind.CYCLING, channels, SimulationSource("", 7, "test"), {"area": AREA, **metadata})


def cycles(count, density=2.0, length=30.0 * MINUTE):
    return [(density, sign, length) for _ in range(count) for sign in (1, -1)]


def ladder(count=10):
    return [step for k in range(1, count + 1) for step in cycles(1, float(k))]


def paused(after):
    """Return a cycle whose first half cycle somebody stops for 20 min, ``after`` minutes into it."""
    return [
        (2.0, 1, after * MINUTE),
        (0.0, 0, 20.0 * MINUTE),
        (2.0, 1, (30.0 - after) * MINUTE),
        (2.0, -1, 30.0 * MINUTE),
    ]


def growing(share, first, over):
    """Return the factor of a cell beside which a short takes a share of the current that grows over some half cycles."""
    return lambda half, into, sign: 1.0 - share * min(max((half + into - first) / over, 0.0), 1.0)


def failures(measurement, **given):
    return [e for e in cell_events(measurement, **given).events if e.kind in FAILURES]


# slow shorts ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("over", [4, 10, 20])
def test_a_short_that_grows_over_many_half_cycles_is_found_while_it_grows(over):
    found = failures(record(cycles(40), factor=growing(0.6, 30, over)))
    assert found[0].kind == "soft_short"
    assert 30 <= found[0].half_cycle <= 30 + over + 2


@pytest.mark.parametrize("over", [20, 40, 80])
def test_a_cell_that_creeps_below_its_electrolyte_is_a_hard_short_however_slowly(over):
    electrolyte = Quantity(0.7 * RESISTANCE / AREA, 0.01 * RESISTANCE / AREA, "ohm")
    found = failures(record(cycles(60), factor=growing(0.98, 20, over)), electrolyte_resistance=electrolyte)
    hard = next(e for e in found if e.kind == "hard_short")
    crossing = 20.0 + 0.3 / 0.98 * over  # 70 % of the sound cell are left
    assert crossing - 1.0 <= hard.half_cycle <= crossing + 0.25 * over + 2.0


def test_an_exponential_decay_far_below_the_electrolyte_is_never_called_sound():
    electrolyte = Quantity(0.7 * RESISTANCE / AREA, 0.01 * RESISTANCE / AREA, "ohm")
    measurement = record(cycles(100), factor=lambda half, into, sign: np.exp(-max(half + into - 30.0, 0.0) / 60.0))
    assert [e.kind for e in failures(measurement, electrolyte_resistance=electrolyte)] == ["hard_short"]


def test_a_sound_cell_that_forms_ages_or_drifts_slowly_has_no_event():
    for factor in (
        lambda half, into, sign: 0.5 + 0.5 * np.exp(-(half + into) / 3.0),
        lambda half, into, sign: 0.4 + 0.6 * np.exp(-(half + into)),
        lambda half, into, sign: 1.0 + 2.0 * (half + into) / 80.0,
        lambda half, into, sign: 1.0 - 0.3 * (half + into) / 80.0,
        lambda half, into, sign: np.exp(0.2 * np.sin(2.0 * np.pi * (half + into) / 48.0)),
    ):
        assert failures(record(cycles(40), factor=factor)) == []


def test_a_second_larger_short_and_a_later_loss_of_contact_are_told_too():
    twice = record(cycles(40), factor=lambda half, into, sign: 0.9 if 20 <= half < 60 else 0.4 if half >= 60 else 1.0)
    assert [(e.kind, e.half_cycle) for e in failures(twice)] == [("soft_short", 20), ("soft_short", 60)]

    def lost(half, into, sign):
        return (0.85 if half >= 20 else 1.0) + (200.0 * max(into - 0.5, 0.0) if half >= 60 else 0.0)

    assert [e.kind for e in failures(record(cycles(40), limit=1.0, factor=lost))] == ["soft_short", "contact_loss"]


# brief shorts ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("signs", [(1,), (1, -1)])
def test_falls_that_come_and_go_within_a_half_cycle_are_one_event_with_their_number(signs):
    def dips(half, into, sign):
        return 0.5 if half >= 40 and sign in signs and 0.4 < into < 0.5 else 1.0

    (event,) = failures(record(cycles(40), factor=dips))
    assert (event.kind, event.half_cycle) == ("soft_short", 40)
    assert any("Half cycles that show such a fall" in words for words in event.evidence)


def test_a_short_of_six_minutes_fails_the_current_at_which_it_came():
    found = critical_current(
        record(ladder(), factor=lambda half, into, sign: 0.02 if half == 8 and 0.4 < into < 0.6 else 1.0)
    )
    assert found["critical_current_density_survived"].field_value == pytest.approx(0.4)
    assert found["critical_current_density_failed"].field_value == pytest.approx(0.5)


def test_a_peak_at_the_start_of_every_half_cycle_and_a_stuck_reading_are_no_short():
    peak = record(cycles(40), factor=lambda half, into, sign: 1.5 if into < 0.15 else 1.0)
    assert failures(peak) == []
    stuck = record(
        cycles(40), factor=lambda half, into, sign: 0.0 if half == 20 and 0.3 < into < 0.45 else 1.0, noise=0.0
    )
    assert failures(stuck) == []


def test_the_last_record_of_a_test_tells_a_short_with_doubt():
    (event,) = failures(
        record(cycles(20)[:-1], factor=lambda half, into, sign: 0.02 if half == 38 and into > 0.985 else 1.0)
    )
    assert event.kind == "hard_short"
    assert event.probability == pytest.approx(0.8)


# harmless short half cycles -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("minutes", [1, 2, 5, 10, 20])
def test_a_record_that_begins_within_a_half_cycle_is_no_loss_of_contact(minutes):
    late = record(ladder(), keep=lambda time: time > minutes * MINUTE)
    assert failures(late) == []
    assert "critical_current_density_failed" not in critical_current(late).quantities


@pytest.mark.parametrize(
    "program",
    [
        [(2.0, sign, (60.0 if sign > 0 else 30.0) * MINUTE) for _ in range(20) for sign in (1, -1)],
        [(2.0, sign, (60.0 if sign > 0 else 54.0) * MINUTE) for _ in range(20) for sign in (1, -1)],
        [*cycles(10, length=HOUR), *cycles(10)],
        [*cycles(10), *cycles(10, length=HOUR)],
        [*cycles(2, 1.0, 2.0 * HOUR), *ladder()],
        [*cycles(10), *paused(15.0), *cycles(10)],
        [*cycles(10), *paused(10.0), *cycles(10)],
    ],
    ids=["uneven", "nearly even", "shorter later", "longer later", "formation", "paused halfway", "paused earlier"],
)
def test_lengths_that_the_protocol_or_somebody_changed_are_no_loss_of_contact(program):
    assert failures(record(program)) == []


def test_half_of_the_records_missing_is_no_event():
    kept = np.random.default_rng(3).random(100_000) > 0.5
    assert failures(record(cycles(40), keep=lambda time: kept[: len(time)])) == []


def test_what_comes_back_after_a_long_rest_is_no_short():
    program = [*cycles(20), (0.0, 0, 12.0 * HOUR), *cycles(20)]
    back = record(
        program, factor=lambda half, into, sign: 1.0 - 0.15 * np.exp(-(half + into - 40.0) / 6.0) * (half >= 40)
    )
    assert failures(back) == []


# shorted before -------------------------------------------------------------------------------------------------------
def test_a_ladder_of_a_cell_shorted_before_the_test_is_not_called_sound():
    shorted = record(ladder(), resistance=0.015 * RESISTANCE, noise=1e-5, thickness=1e-3, temperature=298.15)
    found = critical_current(shorted)
    assert found.outcome is Outcome.MISSING_INPUT
    assert any("shorted before the test, or its electrolyte is another" in words for words in found.warnings)
    unknown = critical_current(record(ladder(), resistance=0.015 * RESISTANCE, noise=1e-5))
    assert any("shorted before the test looks the same" in words for words in unknown.warnings)


def test_a_resistance_from_another_temperature_is_named_as_a_rival():
    electrolyte = Quantity(3.0 * RESISTANCE / AREA, 0.01, "ohm")
    (event,) = failures(record(cycles(20)), electrolyte_resistance=electrolyte)
    assert event.probability <= 0.9
    assert any("at the temperature of this test" in words for words in event.evidence)


def test_a_failure_after_the_ladder_and_one_below_a_survived_current_are_said():
    down = [*ladder(5), *[step for k in (4, 3, 2) for step in cycles(1, float(k))]]
    found = critical_current(record(down, factor=lambda half, into, sign: 0.02 if half + into > 12.5 else 1.0))
    assert any("came after the ladder" in words for words in found.warnings)
    again = [*ladder(4), (0.0, 0, 10.0 * HOUR), *ladder(7)]
    found = critical_current(record(again, factor=lambda half, into, sign: 0.02 if half + into > 12.5 else 1.0))
    assert any("0.4 mA/cm^2 had been survived before" in words for words in found.warnings)


def test_a_small_fall_without_a_sensor_is_never_certain():
    (event,) = failures(record(cycles(40), factor=lambda half, into, sign: 0.8 if half + into > 40.0 else 1.0))
    assert 0.5 < event.probability < 0.99
