"""Builders of procedures: what they write is what the words of a paper say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab.core import (
    Action,
    ImpedanceStep,
    InvalidInput,
    LevelKind,
    Procedure,
    SweepStep,
    TimedStep,
    abuse,
    ccd_ladder,
    dc_polarisation,
    galvanostatic_cycling,
    one_way_plating,
    tafel_sweep,
    with_impedance,
)

HALF = 1800.0


def currents(procedure: Procedure) -> list[float]:
    """Return the signed current densities of the driven steps in the order in which they run [mA/cm2]."""
    steps = [s for s in procedure.expanded() if isinstance(s, TimedStep) and s.level is not None]
    return [s.action.sign * s.level.value / 10.0 for s in steps]


def test_the_ladder_of_the_paper_has_22_currents_without_dust_of_sums():
    ladder = ccd_ladder(start=1.0, step=1.0, stop=22.0, half_cycle_time=HALF, temperature=333.15)
    assert currents(ladder)[::2] == [k / 10 for k in range(1, 23)]
    assert currents(ladder)[1::2] == [-k / 10 for k in range(1, 23)]
    assert ladder.steps[4] == "Plate at 0.3 mA/cm^2 for 30 min"
    assert ladder.temperature == 333.15


@given(st.floats(1e-3, 10.0), st.floats(1e-3, 1.0), st.integers(0, 40))
def test_a_ladder_holds_its_last_current_and_none_beyond(start, step, count):
    ladder = ccd_ladder(start=start, step=step, stop=start + count * step, half_cycle_time=HALF)
    assert len(ladder.steps) == 2 * (count + 1)
    # the sentence keeps 12 digits of the sum
    assert currents(ladder)[-2] == pytest.approx((start + count * step) / 10.0, rel=1e-11)


def test_a_ladder_of_constant_capacity_takes_less_time_at_more_current():
    ladder = ccd_ladder(start=1.0, step=1.0, stop=3.0, half_cycle_capacity=3600.0, voltage_limit=2.0, rest=600.0)
    plating = [s for s in ladder.expanded() if s.action is Action.PLATE]
    assert all(s.duration is None for s in plating)
    assert {(level.kind, level.value) for s in plating for level in s.until} == {
        (LevelKind.AREAL_CHARGE, 3600.0),
        (LevelKind.VOLTAGE, 2.0),
    }
    assert [s.action for s in ladder.expanded()] == [Action.PLATE, Action.REST, Action.STRIP, Action.REST] * 3


def test_cycles_at_each_current_repeat_that_current_only():
    ladder = ccd_ladder(start=1.0, step=1.0, stop=2.0, half_cycle_time=HALF, cycles=3)
    assert currents(ladder) == [0.1, -0.1] * 3 + [0.2, -0.2] * 3


def test_stripping_ends_at_the_negative_of_the_voltage_limit():
    cycling = galvanostatic_cycling(2.0, half_cycle_time=HALF, cycles=1, voltage_limit=1.0)
    assert [s.until[0].value for s in cycling.expanded()] == [1.0, -1.0]


def test_4500_hours_of_half_hours_are_4500_cycles_that_take_no_room():
    cycling = galvanostatic_cycling(2.0, half_cycle_time=HALF, duration=4500 * 3600.0)
    assert cycling.steps[-1] == "Repeat the last 2 steps 4500 times"
    assert len(cycling.steps) == 3
    other = galvanostatic_cycling(2.0, half_cycle_capacity=3600.0, duration=4500 * 3600.0)
    assert other.steps[-1] == cycling.steps[-1]


def test_a_started_cycle_is_finished_and_rests_count():
    assert galvanostatic_cycling(1.0, half_cycle_time=10.0, duration=21.0).steps[-1].endswith(" 2 times")
    rested = galvanostatic_cycling(1.0, half_cycle_time=10.0, rest=10.0, duration=80.0)
    assert rested.steps[-1] == "Repeat the last 4 steps 2 times"


def test_abuse_goes_to_plus_and_then_to_minus_the_voltage_between_normal_cycles():
    procedure = abuse(1.0, voltage=2.0, longest=36000.0, half_cycle_time=HALF, cycles=3)
    over = [s for s in procedure.expanded() if s.until]
    assert [(s.action, s.until[0].value, s.duration) for s in over] == [
        (Action.PLATE, 2.0, 36000.0),
        (Action.STRIP, -2.0, 36000.0),
    ]
    assert currents(procedure) == [0.1, -0.1] * 3 + [0.1] + [0.1, -0.1] * 3 + [-0.1] + [0.1, -0.1] * 3


def test_a_polarisation_and_a_sweep_may_begin_with_a_rest():
    assert dc_polarisation(1.0, duration=3600.0, rest=60.0).steps == ("Rest for 1 min", "Hold at 1 V for 1 h")
    sweep = tafel_sweep(start=0.2, stop=-0.2, rate=1e-4, rest=60.0, period=1.0).parsed()
    assert sweep[1] == SweepStep(0.2, -0.2, 1e-4, period=1.0)


def test_impedance_stands_once_before_and_once_after_whatever_is_repeated():
    sweep = ImpedanceStep(1e6, 0.01, 0.01, 10)
    before = galvanostatic_cycling(2.0, half_cycle_time=HALF, cycles=7, temperature=298.15)
    both = with_impedance(before, sweep)
    assert both.temperature == 298.15
    steps = list(both.expanded())
    assert steps[0] == steps[-1] == sweep
    assert steps[1:-1] == list(before.expanded())
    whole = with_impedance(Procedure(steps=("Rest for 1 h", "Repeat 3 times")), sweep)
    assert [isinstance(s, ImpedanceStep) for s in whole.expanded()] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ccd_ladder(start=0.0, step=1.0, stop=2.0, half_cycle_time=1.0), "start = 0.0: expected more than 0"),
        (lambda: ccd_ladder(start=2.0, step=1.0, stop=1.0, half_cycle_time=1.0), "stop = 1 A/m^2: expected at least"),
        (lambda: ccd_ladder(start=1.0, step=1e-9, stop=2.0, half_cycle_time=1.0), "expected at most 10000"),
        (lambda: ccd_ladder(start=1.0, step=1.0, stop=2.0), "nothing given: expected exactly one of half_cycle_time"),
        (
            lambda: galvanostatic_cycling(1.0, half_cycle_time=1.0, half_cycle_capacity=1.0, cycles=1),
            "half_cycle_time and half_cycle_capacity given",
        ),
        (lambda: galvanostatic_cycling(1.0, half_cycle_time=1.0), "expected exactly one of cycles, duration"),
        (lambda: galvanostatic_cycling(float("nan"), half_cycle_time=1.0, cycles=1), "current_density = nan"),
        (lambda: one_way_plating(1.0), "duration = None: expected one of duration, capacity and voltage_limit"),
        (lambda: abuse(1.0, voltage=-2.0, longest=1.0, half_cycle_time=1.0), "voltage = -2.0: expected more than 0"),
        (lambda: dc_polarisation(0.0, duration=1.0), "voltage = 0 V: expected a voltage that is not 0"),
        (lambda: tafel_sweep(start=0.1, stop=0.1, rate=1.0), "expected two different voltages"),
    ],
)
def test_what_no_test_can_be_is_refused_in_one_line(build, message):
    with pytest.raises(InvalidInput) as caught:
        build()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
