"""Step strings and procedures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garnetlab.core import (
    Action,
    ImpedanceStep,
    InvalidInput,
    Level,
    LevelKind,
    Procedure,
    RepeatStep,
    SweepStep,
    TimedStep,
    parse_step,
)

FOUR_VOLTS = Level(4.0, LevelKind.VOLTAGE)
POSITIVE = st.floats(1e-9, 1e9)
VOLTAGES = st.floats(-10.0, 10.0)


def levels(*kinds: LevelKind) -> st.SearchStrategy[Level]:
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.builds(Level, VOLTAGES if kind is LevelKind.VOLTAGE else POSITIVE, st.just(kind))
    )


IMPOSED = levels(LevelKind.RATE, LevelKind.CURRENT_DENSITY, LevelKind.CURRENT, LevelKind.POWER, LevelKind.RESISTANCE)
LIMITS = levels(LevelKind.RATE, LevelKind.VOLTAGE, LevelKind.CURRENT_DENSITY, LevelKind.CURRENT, LevelKind.AREAL_CHARGE)


@st.composite
def timed_steps(draw: st.DrawFn) -> TimedStep:
    action = draw(st.sampled_from(Action))
    level = {Action.REST: st.none(), Action.HOLD: levels(LevelKind.VOLTAGE)}.get(action, IMPOSED)
    duration = draw(st.none() | POSITIVE)
    until = tuple(draw(st.lists(LIMITS, min_size=0 if duration else 1, max_size=3)))
    return TimedStep(action, draw(level), duration, until, draw(st.none() | POSITIVE), draw(st.none() | POSITIVE))


SWEEPS = st.builds(
    ImpedanceStep, st.floats(2.0, 1e9), st.floats(1e-6, 1.0), st.none() | POSITIVE, st.none() | st.integers(1, 9999)
)
VOLTAGE_SWEEPS = (
    st.tuples(VOLTAGES, VOLTAGES)
    .filter(lambda ends: ends[0] != ends[1])
    .flatmap(
        lambda ends: st.builds(
            SweepStep, st.just(ends[0]), st.just(ends[1]), POSITIVE, st.none() | POSITIVE, st.none() | POSITIVE
        )
    )
)
STEPS = timed_steps() | SWEEPS | VOLTAGE_SWEEPS


@given(STEPS | st.builds(RepeatStep, st.integers(1, 10**6), st.none() | st.integers(1, 99)))
def test_a_step_survives_the_round_trip_through_its_sentence(step):
    assert parse_step(str(step)) == step


@given(st.text(alphabet="PlateRshod at fruni0.1 mAVC/cm2eh()Impdczkpt", max_size=60))
def test_any_sentence_is_a_step_or_invalid_input(text):
    try:
        step = parse_step(text)
    except InvalidInput as error:
        assert str(error).startswith("step = ")
        return
    assert parse_step(str(step)) == step


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Plate at 0.2 mA/cm2 for 30 minutes", TimedStep(Action.PLATE, Level(2.0, LevelKind.CURRENT_DENSITY), 1800.0)),
        ("Charge at C/2 until 4.0 V", TimedStep(Action.CHARGE, Level(0.5, LevelKind.RATE), None, (FOUR_VOLTS,))),
        ("Hold at 1 V for 1 hour", TimedStep(Action.HOLD, Level(1.0, LevelKind.VOLTAGE), 3600.0)),
        ("Rest for 10 minutes", TimedStep(Action.REST, None, 600.0)),
        ("Impedance from 1 MHz to 10 mHz with 10 mV", ImpedanceStep(1e6, 0.01, 0.01)),
        ("Impedance from 10 mHz to 1 MHz", ImpedanceStep(0.01, 1e6)),
        ("Impedance from 1 MHz to 1 Hz with 10 points per decade", ImpedanceStep(1e6, 1.0, None, 10)),
        ("Sweep from -0.2 V to 0.2 V at 1 mV/s", SweepStep(-0.2, 0.2, 1e-3)),
        ("sweep from 100 mV to 0 V at 0.1 mV/s at 25 degC (1 s period)", SweepStep(0.1, 0.0, 1e-4, 298.15, 1.0)),
        ("Hold at 10 mV for 1 h", TimedStep(Action.HOLD, Level(0.01, LevelKind.VOLTAGE), 3600.0)),
        ("Repeat 4500 times", RepeatStep(4500)),
        ("Repeat the last 2 steps 10 times", RepeatStep(10, 2)),
    ],
)  # fmt: skip
def test_our_own_sentences_mean_what_they_say(text, step):
    assert parse_step(text) == step


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Discharge at C/10 for 10 hours or until 3.3 V", "Discharge at C/10 for 10 h or until 3.3 V"),
        ("Charge at 1 A until 4.1 V", "Charge at 1000 mA until 4.1 V"),
        ("Charge at 200 mA for 45 minutes", "Charge at 200 mA for 45 min"),
        ("Discharge at 1W for 0.5 hours", "Discharge at 1 W for 30 min"),
        ("Charge at 1.5 C until 4.1V", "Charge at 1.5 C until 4.1 V"),
        ("Hold at 4.1 V until 50 mA", "Hold at 4.1 V until 50 mA"),
        ("Hold at 4.1V until C/50", "Hold at 4.1 V until C/50"),
        ("Hold at 1V for 20 seconds", "Hold at 1 V for 20 s"),
        ("Rest for 1 hour (1 minute period)", "Rest for 1 h (1 min period)"),
        ("Discharge at 1C for 0.5 hours at 40oC", "Discharge at 1 C for 30 min at 40 degC"),
    ],
)
def test_sentences_of_pybamm_are_read(text, written):
    assert str(parse_step(text)) == written


@pytest.mark.parametrize("word", ["Plate", "plate", "PLATE"])
def test_the_first_word_may_be_written_in_any_case(word):
    assert parse_step(f"{word}  at 1 mA/cm^2 for 1 h.").action is Action.PLATE


def test_plating_and_charging_are_positive_currents():
    assert [a.sign for a in Action] == [1, -1, 1, -1, 0, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Plait at 3 A for 1 h",
            "'Plait' is no step. Begin with one of Plate, Strip, Charge, Discharge",
        ),
        ("Plate at 3 V for 1 h", "cannot use '3 V' here. Write for example 1 C, 1 mA/cm^2"),
        ("Plate at -1 mA/cm2 for 1 h", "'-1 mA/cm2': expected more than 0. The first word says the direction."),
        ("Plate at C/0 for 1 h", "'C/0': expected more than 0."),
        ("Hold at 1 mA for 1 h", "cannot use '1 mA' here. Write for example 1 V."),
        ("Hold at 1 V", "it never ends. Add 'for 30 minutes' or 'until 4.0 V'."),
        ("Plate for 1 h", "expected one level, as in 'at 0.2 mA/cm2'"),
        ("Rest at 3 A for 1 h", "expected no level in a Rest step, got 1."),
        ("Rest for 1 h or for 2 h", "expected one time and one temperature, got 2 and 0."),
        ("Rest for -1 h", "'-1 h': expected more than 0."),
        ("Rest for 1 h at -300 degC", "'-300 degC': expected more than 0 K."),
        ("Rest", "expected 'Rest for 30 minutes'."),
        ("Repeat 0 times", "expected 'Repeat 10 times'"),
        ("Impedance from 1 Hz to 1 Hz", "expected two different frequencies"),
        ("Impedance from 2 Hz to 1 Hz with 1 mV and 2 mV", "expected two different frequencies, and once at most"),
        ("Impedance from 1 V to 1 Hz", "'1 V': expected a quantity like '1 Hz'"),
        ("Sweep from 0.1 V to 0.1 V at 1 mV/s", "expected two different voltages. Hold the cell"),
        ("Sweep from 0 V to 0.1 V", "expected 'Sweep from -0.2 V to 0.2 V at 1 mV/s'."),
        ("Sweep from 0 V to 0.1 V at -1 mV/s", "'-1 mV/s': expected more than 0."),
        ("Sweep from 0 V to 0.1 V at 1 mV", "'1 mV': expected a quantity like '1 V/s'"),
        ("Sweep from 0 mA to 1 V at 1 mV/s", "'0 mA': expected a quantity like '1 V'"),
        ("", "'' is no step."),
    ],
)
def test_a_sentence_that_cannot_be_is_refused_with_the_reason(text, message):
    with pytest.raises(InvalidInput) as caught:
        parse_step(text)
    assert str(caught.value).startswith(f"step = {text!r}: {message}")


def test_a_sweep_lasts_its_span_over_its_rate_in_either_direction():
    assert parse_step("Sweep from 0.2 V to -0.2 V at 1 mV/s").duration == pytest.approx(400.0, rel=1e-12)


def test_repetition_runs_the_steps_since_the_last_one():
    procedure = Procedure(
        steps=("Rest for 1 h", "Plate at 1 mA/cm2 for 1 h", "Strip at 1 mA/cm2 for 1 h", "Repeat the last 2 steps 3 times",
               "Hold at 1 V for 1 h", "Repeat 2 times", "Rest for 2 h")
    )  # fmt: skip
    assert [(len(steps), times) for steps, times in procedure.blocks()] == [(1, 1), (2, 3), (1, 2), (1, 1)]
    assert [step.action.value[0] for step in procedure.expanded()] == list("RPSPSPSHHR")


@pytest.mark.parametrize("steps", [("Repeat 2 times",), ("Rest for 1 h", "Repeat the last 2 steps 2 times")])
def test_a_repetition_of_nothing_is_refused(steps):
    with pytest.raises(InvalidInput, match="steps above it, got"):
        Procedure(steps=steps)


def test_a_million_repetitions_take_no_memory():
    procedure = Procedure(steps=("Plate at 1 mA/cm2 for 1 h", "Strip at 1 mA/cm2 for 1 h", "Repeat 100000000 times"))
    assert next(procedure.expanded()).action is Action.PLATE


def test_steps_written_in_two_ways_are_equal():
    one = Procedure(steps=("Plate at 0.2 mA/cm2 for 30 minutes",))
    other = Procedure(steps=("plate at 2 A/m^2 for 0.5 h",))
    assert one == other
    assert str(one) == "Plate at 0.2 mA/cm^2 for 30 min"
