"""The seeded set of virtual symmetric cells: the same cell from the same seed, truth from the simulator, and what is found."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from garnetlab.core import Channel, InvalidInput, Kind
from garnetlab.study._cell_set import (
    FAST,
    SCORED,
    TRAINING,
    Event,
    Truth,
    fate_of,
    make_borderline_cell,
    make_cell,
    through_file,
)
from garnetlab.study._cell_set_baseline import by_careful_threshold, by_threshold
from garnetlab.study._cell_set_episodes import episodes_of
from garnetlab.study._cell_set_layer import (
    SOFT_FLOOR,
    Episode,
    Pause,
    below_electrolyte,
    layered_voltage,
    shorted_voltage,
    sound_cell,
)
from garnetlab.study._cell_set_plan import FATES, GRADUAL, INSTRUMENTS, Disturbance
from garnetlab.study._cell_set_reading import FAILURES, Reading
from garnetlab.study._cell_set_score import METHODS, TARGETS, score_cell, scores_of, summary

CELLS = 50
#: chance that a method that just meets its target fails the test
CHANCE = 1e-3


@pytest.fixture(scope="module")
def cells():
    return [make_cell(FAST, k) for k in range(CELLS)]


@pytest.fixture(scope="module")
def scored(cells):
    return scores_of(cells)


def of_fate(cells, fate: str):
    return [c for c in cells if c.plan.fate == fate]


@pytest.fixture(scope="module")
def borderline():
    return [make_borderline_cell(FAST, k) for k in range(6)]


def of_course(cells, course: str):
    found = [c for c in cells if c.plan.course == course]
    assert found
    return found


def undisturbed(cell):
    """Return the voltage of a cell and its shorts that nothing disturbs."""
    quiet = replace(cell.plan, disturbance=replace(cell.plan.disturbance, wander=0.0, drift=0.0))
    rng = np.random.default_rng(cell.plan.seed)
    return layered_voltage(cell.run.rows, cell.run.cell, quiet, episodes_of(cell.run, rng), rng)[0]


def stop_of(cell, kind: str, length: float) -> Event:
    """Return the gap or rest of some length; none was made where there is no place for it."""
    return next((e for e in cell.truth.events if e.kind == kind and e.end - e.time == pytest.approx(length)), None)


def sound_voltage(cell):
    rows = cell.run.rows
    return sound_cell(rows, np.full(len(rows.time), cell.plan.kelvin), cell.run.cell).voltage(rows.current)


# the set --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [make_cell, make_borderline_cell])
@pytest.mark.parametrize("index", [1, 4, 9, 10, 16, 20])
def test_a_cell_is_the_same_whenever_it_is_asked_for(make, index):
    a, b = make(FAST, index), make(FAST, index)
    assert (a.plan, a.truth, a.tries) == (b.plan, b.truth, b.tries)
    for channel in a.measurement.channels:
        assert np.array_equal(a.measurement[channel], b.measurement[channel])


def test_families_share_no_cell():
    assert len({family.seed for family in (TRAINING, FAST, SCORED)}) == 3
    plans = [make_cell(family, 0).plan for family in (TRAINING, FAST, SCORED)]
    assert len(set(plans)) == 3


def test_every_hundred_cells_hold_every_course_and_as_many_of_each_fate():
    fates = [fate_of(k) for k in range(100)]
    counts = {fate: sum(f == fate for f, _ in fates) for fate in FATES}
    assert counts == {"healthy": 36, "hard_short": 24, "soft_short": 24, "contact_loss": 16}
    assert {course for _, course in fates} == set(itertools.chain.from_iterable(FATES.values()))


def test_a_negative_index_is_refused():
    with pytest.raises(InvalidInput, match="index = -1: expected 0 or more"):
        make_cell(FAST, -1)


def test_the_cells_are_tests_of_cycling_with_all_that_disturbs_them(cells):
    assert {c.measurement.kind for c in cells} == {Kind.CYCLING}
    assert {c.plan.protocol for c in cells} == {"ladder, time", "ladder, capacity", "cycling", "blocks"}
    assert {c.plan.noise for c in cells} == {"quiet", "usual", "noisy"}
    assert any(c.plan.disturbance.wander and c.plan.fate == "healthy" for c in cells)
    assert any(c.plan.disturbance.outlier != 1.0 for c in cells)
    assert any(Channel.CURRENT not in c.measurement.channels for c in cells)
    assert any(e.kind == "gap" for c in cells for e in c.truth.events)


# truth ----------------------------------------------------------------------------------------------------------------
def test_the_layer_alone_gives_the_voltage_of_the_simulator(cells):
    # the simulator adds the leakage of electrons, sigma_e/sigma_i of the current: 5.16e-8/0.052 = 1e-6, and 80 degC less
    for cell in cells:
        rows = cell.run.rows
        own = (rows.time < cell.run.failed) & (rows.current != 0.0)
        assert rows.voltage[own] == pytest.approx(sound_voltage(cell)[own], rel=2e-5, abs=1e-9), cell.name


def test_a_short_of_the_layer_is_that_of_the_simulator(cells):
    # bisection of the share to 2^-44, the simulator's to 2^-48
    undisturbed = Disturbance()
    for cell in [c for c in cells if c.plan.course in ("clean", "steady")]:
        rows, run = cell.run.rows, cell.run
        episode = Episode(run.failed, math.inf, run.short)
        plan = replace(cell.plan, disturbance=undisturbed)
        voltage, warm = layered_voltage(rows, run.cell, plan, [episode], np.random.default_rng(0))
        assert np.ptp(warm) == 0.0
        assert voltage == pytest.approx(rows.voltage, rel=2e-5, abs=1e-9), cell.name


def test_the_time_of_a_failure_is_that_of_the_simulator(cells):
    for cell in cells:
        found = cell.run.test.result.quantities.get("time_to_failure")
        if found is None:
            assert cell.plan.fate == "healthy" or cell.plan.course in ("intermittent", "brief")
            continue
        first = cell.truth.failures[0]
        halting = {"rest"} | ({"gap"} if cell.plan.disturbance.pause else set())
        halts = sum(e.end - e.time for e in cell.truth.events if e.kind in halting and 0.0 < e.time < first.time)
        assert first.time == pytest.approx(found.value + halts, rel=1e-12)


def test_the_currents_of_a_ladder_are_those_of_the_simulator(cells):
    ladders = [c for c in cells if c.plan.is_ladder and c.run.failed < math.inf]
    assert ladders
    for cell in ladders:
        quantities = cell.run.test.result.quantities
        assert cell.truth.failed == pytest.approx(quantities["critical_current_density_failed"].value, rel=1e-9)
        assert cell.truth.survived == pytest.approx(quantities["critical_current_density_survived"].value, rel=1e-9)


def test_a_sound_ladder_survives_its_last_current(cells):
    for cell in [c for c in cells if c.plan.is_ladder and c.plan.fate == "healthy"]:
        assert (cell.truth.survived, cell.truth.failed) == (pytest.approx(max(cell.plan.currents)), None)


def test_a_hard_short_is_below_the_electrolyte_and_a_soft_one_above(cells):
    # without drift and wander the electrolyte has one resistance; a soft short is kept above 1.05 times it at every reading
    for cell in cells:
        rows, plan, run = cell.run.rows, cell.plan, cell.run
        if not plan.fate.endswith("short"):
            continue
        soft = plan.fate == "soft_short"
        start = run.failed if run.failed < math.inf else cell.truth.failures[0].time
        episode = Episode(start, math.inf, run.short, 0.5 if soft else 0.0, soft)
        quiet = replace(plan, disturbance=Disturbance())
        voltage, _ = layered_voltage(rows, run.cell, quiet, [episode], np.random.default_rng(0))
        own = (rows.time > start) & (rows.current != 0.0)
        ratio = voltage[own] / rows.current[own] / run.cell.slab_resistance(plan.kelvin)
        assert (ratio.min() >= SOFT_FLOOR * (1.0 - 1e-9)) if soft else (ratio.max() < 0.5), cell.name


def test_contact_is_lost_where_the_truth_says_so(cells):
    for cell in of_fate(cells, "contact_loss"):
        rows = cell.run.rows
        at = np.flatnonzero(rows.time >= cell.run.failed)[0]
        kept = min(rows.left[at] / rows.left[0], rows.right[at] / rows.right[0])
        assert kept <= 0.5
        assert abs(rows.voltage[at]) == pytest.approx(cell.plan.limit, rel=1e-6)


def test_a_healthy_cell_keeps_its_contact_and_fails_nowhere(cells):
    for cell in of_fate(cells, "healthy"):
        rows = cell.run.rows
        assert cell.truth.failures == ()
        assert cell.run.failed == math.inf
        assert min((rows.left / rows.left[0]).min(), (rows.right / rows.right[0]).min()) >= 0.6
        assert np.abs(rows.voltage).max() < cell.plan.limit


def test_a_temperature_that_wanders_changes_the_voltage_of_a_healthy_cell(cells):
    warm = [c for c in of_fate(cells, "healthy") if c.plan.disturbance.wander > 1.0]
    assert warm
    for cell in warm:
        plan = replace(cell.plan, disturbance=Disturbance(wander=cell.plan.disturbance.wander))
        voltage, kelvin = layered_voltage(cell.run.rows, cell.run.cell, plan, [], np.random.default_rng(3))
        driven = cell.run.rows.current != 0.0
        ratio = voltage[driven] / cell.run.rows.voltage[driven]
        colder = np.corrcoef(ratio, kelvin[driven])[0, 1]
        assert np.ptp(ratio) > 0.02
        assert colder < -0.5


def test_a_growing_short_takes_a_share_that_grows_linearly(cells):
    for cell in of_course(cells, "growing"):
        rows, run = cell.run.rows, cell.run
        (event,) = cell.truth.failures
        halts = event.time - run.failed
        sound = sound_cell(rows, np.full(len(rows.time), cell.plan.kelvin), run.cell)
        voltage, shares = undisturbed(cell), np.linspace(0.0, 1.0, 4001)
        own = np.flatnonzero((rows.time > run.failed) & (rows.current != 0.0))
        taken = np.array([
            np.interp(-abs(voltage[k]), -np.abs(sound.part(np.full(4001, k)).voltage((1.0 - shares) * rows.current[k])), shares)
            for k in own
        ])  # fmt: skip
        done = np.minimum((rows.time[own] - run.failed) / (event.grown - halts - run.failed), 1.0)
        above = np.abs(voltage[own] / rows.current[own]) > 1.001 * SOFT_FLOOR * run.cell.slab_resistance(
            cell.plan.kelvin
        )
        final = taken[done == 1.0].max()
        assert 0.44 <= final <= 0.71
        assert taken[above] == pytest.approx(final * done[above], abs=2e-3)
        assert event.grown - event.time == pytest.approx(cell.plan.growth * cell.plan.half_cycle)
        assert 4.0 <= cell.plan.growth <= 24.0


def test_a_creeping_short_is_soft_until_the_cell_is_its_electrolyte_and_hard_from_then_on(cells):
    # wander and drift change when that is by less than the four half cycles that the score allows
    for cell in of_course(cells, "creeping"):
        rows, run = cell.run.rows, cell.run
        soft, hard = cell.truth.failures
        assert (soft.kind, hard.kind) == ("soft_short", "hard_short")
        assert soft.grown == soft.end == hard.time < hard.grown
        voltage, kelvin = undisturbed(cell), np.full(len(rows.time), cell.plan.kelvin)
        at = below_electrolyte(rows, voltage, kelvin, run.cell, run.failed) + soft.time - run.failed
        assert abs(at - hard.time) < 4.0 * hard.half_cycle
        last = (rows.current != 0.0) & (rows.time > hard.grown - soft.time + run.failed)
        assert np.all(
            np.abs(voltage[last]) < 0.5 * run.cell.slab_resistance(cell.plan.kelvin) * np.abs(rows.current[last])
        )
        assert cell.electrolyte is not None
        assert Channel.CURRENT in cell.measurement.channels


def test_no_short_grows_in_a_ladder(cells):
    assert not any(c.plan.is_ladder for c in cells if c.plan.course in GRADUAL)


def test_a_brief_short_lasts_for_a_part_of_half_cycles_of_one_direction(cells):
    for cell in of_course(cells, "brief"):
        rows = cell.run.rows
        ratio = undisturbed(cell) / np.where(rows.current == 0.0, 1.0, sound_voltage(cell))
        low = [np.flatnonzero(ratio[part] < 0.9) for part in rows.half_cycles()]
        hit = [k for k, own in enumerate(low) if len(own)]
        assert len(hit) == len(cell.truth.failures)
        assert len({k % 2 for k in hit}) == 1
        for k in hit:
            count, own = len(rows.half_cycles()[k]), low[k]
            assert 4 <= len(own) == own[-1] - own[0] + 1 <= 0.25 * count + 1.0
            assert own[0] >= 0.1 * count
        assert len(hit) < len(low[hit[0] :: 2]) or len(hit) < 4


# what people do to a test ---------------------------------------------------------------------------------------------
def test_a_late_file_begins_late(cells):
    late = [
        c for c in cells if c.plan.disturbance.late and any(e.kind == "gap" and e.time == 0.0 for e in c.truth.events)
    ]
    assert late
    for cell in late:
        missing = cell.plan.disturbance.late * cell.plan.half_times[0]
        first = cell.measurement[Channel.TIME][0]
        assert missing <= first <= missing + cell.plan.period + 0.1
        assert 0.05 <= cell.plan.disturbance.late <= 0.4


def test_a_paused_half_cycle_has_no_current_in_its_middle_and_keeps_its_active_time(cells):
    paused = 0
    for cell in [c for c in cells if c.plan.disturbance.midpause]:
        record, plan = cell.measurement, cell.plan
        longest = [min(plan.disturbance.midpause, h) for h in plan.half_times]
        stop = next((s for s in (stop_of(cell, "rest", v) for v in longest) if s is not None), None)
        if stop is None:
            continue
        paused += 1
        time, current, voltage = (record[c] for c in (Channel.TIME, Channel.CURRENT, Channel.VOLTAGE))
        inside = (time > stop.time + 0.1) & (time < stop.end - 0.1)
        assert inside.any()
        assert not current[inside].any()
        assert np.abs(voltage[inside]).max() < 0.05
        before, after = np.flatnonzero(time <= stop.time + 0.1)[-1], np.flatnonzero(time >= stop.end - 0.1)[0]
        assert current[before] == pytest.approx(current[after])
        other = np.flatnonzero(np.sign(current) != np.sign(current[before]))
        other = other[~inside[other]]
        first, last = (
            other[other < before][-1] + 1,
            (other[other > after][0] if (other > after).any() else len(time)) - 1,
        )
        active = time[last] - time[first] - (stop.end - stop.time)
        halves = plan.per_cycle()[1]
        assert min(abs(active - h) for h in halves) <= 1.01 * plan.period
    assert paused


def test_a_long_rest_is_recorded_and_changes_the_faces_for_a_while(cells):
    rested = [(c, stop_of(c, "rest", c.plan.disturbance.rest)) for c in cells if c.plan.disturbance.rest]
    rested = [(c, stop) for c, stop in rested if stop is not None]
    assert rested
    for cell, stop in rested:
        time = cell.measurement[Channel.TIME]
        inside = (time > stop.time + 0.1) & (time < stop.end - 0.1)
        assert inside.sum() >= 3.0 * 3600.0 / cell.plan.period - 2
        assert np.abs(cell.measurement[Channel.VOLTAGE][inside]).max() < 0.05
        if Channel.CURRENT in cell.measurement.channels:
            assert not cell.measurement[Channel.CURRENT][inside].any()


def test_the_faces_forget_a_rest_within_its_memory(cells):
    cell = of_fate(cells, "healthy")[0]
    rows, plan = cell.run.rows, replace(cell.plan, disturbance=Disturbance())
    at = int(np.flatnonzero(np.diff(rows.cycle_index()) > 0)[2])
    memory = 2.0 * plan.half_cycle
    rest = Pause(rows.time[at], 4e4, halted=True, row=at, recorded=True, change=-0.1, memory=memory)
    voltage, warm = layered_voltage(rows, cell.run.cell, plan, [], np.random.default_rng(0), pauses=[rest])
    slab = rows.current * cell.run.cell.slab_resistance(plan.kelvin)
    driven = rows.current != 0.0
    faces = (voltage - slab)[driven] / (sound_voltage(cell) - slab)[driven]
    since = rows.time[driven] - rows.time[at]
    assert np.ptp(warm) == 0.0
    assert faces[np.arange(len(rows.time))[driven] <= at] == pytest.approx(1.0, abs=1e-4)
    # less than 10 % of the faces' voltage at currents where asinh bends, never more
    first = faces[np.arange(len(rows.time))[driven] > at][0]
    assert 0.9 - 1e-6 <= first < 0.97
    assert faces[since > 8.0 * memory] == pytest.approx(1.0, abs=1e-3)


def test_formation_has_longer_half_cycles_at_the_same_current(cells):
    formed = [c for c in cells if c.plan.disturbance.formation]
    assert formed
    for cell in formed:
        plan, rows = cell.plan, cell.run.rows
        assert not plan.is_ladder
        parts = rows.half_cycles()
        lengths = np.array([rows.time[p[-1]] - rows.time[p[0]] for p in parts])
        n = 2 * plan.disturbance.formation
        assert lengths[:n] == pytest.approx(plan.disturbance.stretch * plan.half_times[1], rel=1e-3)
        assert lengths[n] == pytest.approx(plan.half_times[1], rel=1e-3)
        assert np.abs(rows.current[parts[0][0]]) == np.abs(rows.current[parts[n][0]])
        assert plan.half_cycle == max(plan.half_times[1:]) + plan.rest


def test_holes_and_rests_keep_four_half_cycles_from_failures(cells):
    for cell in cells:
        for stop in [e for e in cell.truth.events if e.kind in ("gap", "rest")]:
            for event in cell.truth.failures:
                near = 4.0 * cell.plan.half_cycle - 1e-6
                assert event.time - stop.end > near or stop.time - min(event.end, 1e12) > near, cell.name


# borderline -----------------------------------------------------------------------------------------------------------
def test_a_borderline_short_lies_in_the_gap_of_the_set(borderline):
    for cell in borderline:
        rows, run = cell.run.rows, cell.run
        assert cell.stratum == "borderline"
        voltage = undisturbed(cell)
        at = float(np.abs(cell.plan.per_cycle()[0][cell.plan.target]))
        own = (rows.time > run.failed) & (np.abs(np.abs(rows.current) - at) < 1e-9 * at)
        first = np.flatnonzero(own)[0]
        kept = voltage[first] / sound_voltage(cell)[first]
        ratio = voltage[first] / rows.current[first] / run.cell.slab_resistance(cell.plan.kelvin)
        if cell.plan.course == "weak":
            assert 0.75 < kept < 0.95
        else:
            # breathing of the contact changes the cell between plan and failure a little
            assert 0.25 < ratio < 1.2
            assert cell.truth.failures[0].kind == cell.plan.fate


def test_borderline_cells_are_counted_in_lines_of_their_own(scored, borderline):
    beside = [(row, s["analysis"]) for row, s in scores_of(borderline)]
    ours = [(row, s["analysis"]) for row, s in scored]
    with_, without = summary(ours, FAST, "analysis", borderline=beside), summary(ours, FAST, "analysis")
    own = [r for r in with_ if r not in without]
    assert {(r["by"], r["group"]) for r in own} == {("stratum", "borderline")}
    assert own[0]["of"] == len(borderline)


# record and file ------------------------------------------------------------------------------------------------------
def test_no_record_is_finer_than_the_instrument_prints(cells):
    for cell in cells:
        step = INSTRUMENTS[cell.plan.instrument][0]
        counts = cell.measurement[Channel.VOLTAGE] / step
        assert np.abs(counts - np.round(counts)).max() < 1e-6 * max(1.0, np.abs(counts).max())


def test_holes_of_a_record_are_where_the_truth_has_them(cells):
    for cell in cells:
        for gap in [e for e in cell.truth.events if e.kind == "gap"]:
            time = cell.measurement[Channel.TIME]
            inside = (time > gap.time + 0.1) & (time < gap.end - 0.1)
            assert not inside.any(), cell.name


def test_three_in_ten_cells_come_back_from_a_file_as_they_went_in(cells):
    # the coarsest form prints 1 ms, 1 uV, and 12 digits of the current
    filed = [c for c in cells if c.plan.seen.form]
    # 999 of 1000 such sets hold five or more: three tenths of the nine in ten with a column of current
    assert len(filed) >= 5
    for cell in filed:
        back = through_file(cell)
        for channel, most in ((Channel.TIME, 1e-3), (Channel.VOLTAGE, 1e-6), (Channel.CURRENT, 1e-11)):
            assert np.abs(back[channel] - cell.measurement[channel]).max() <= most, (cell.name, channel)
        assert back.metadata["area"] == cell.plan.area


# scores ---------------------------------------------------------------------------------------------------------------
def a_cell(cells, *failures: Event, **plan):
    """Return a cell with another truth."""
    cell = next(c for c in cells if c.plan.is_ladder)
    return replace(cell, plan=replace(cell.plan, **plan), truth=Truth(failures, 1.0, 2.0))


def test_an_event_is_found_within_two_half_cycles_and_in_time_within_one(cells):
    cell = a_cell(cells, Event("hard_short", 10_000.0, half_cycle=1000.0))
    for off, found, in_time in ((900.0, True, True), (-1500.0, True, False), (2100.0, False, None)):
        score = score_cell(cell, Reading((("hard_short", 10_000.0 + off),)))
        assert (score.found("hard_short"), score.in_time("hard_short")) == (found, in_time)
        assert score.found("soft_short") is None


def test_a_short_that_grows_is_found_until_two_half_cycles_after_it_is_complete(cells):
    cell = a_cell(cells, Event("soft_short", 10_000.0, half_cycle=1000.0, grown=16_000.0))
    for at, found in ((9900.0, False), (10_000.0, True), (17_900.0, True), (18_100.0, False)):
        score = score_cell(cell, Reading((("soft_short", at),)))
        assert (score.found("soft_short"), score.in_time("soft_short"), score.short_found) == (found, None, found)
        assert score.true == (found,)
        assert score.prompt["soft_short"] is None


def test_a_hard_short_that_crept_is_found_within_four_half_cycles(cells):
    soft = Event("soft_short", 10_000.0, 16_000.0, 1000.0, 16_000.0)
    cell = a_cell(cells, soft, Event("hard_short", 16_000.0, half_cycle=1000.0, grown=20_000.0))
    for at, found in ((11_900.0, False), (12_100.0, True), (19_900.0, True), (20_100.0, False)):
        score = score_cell(cell, Reading((("hard_short", at),)))
        assert (score.found("hard_short"), score.in_time("hard_short"), score.found("soft_short")) == (
            found,
            None,
            False,
        )


def test_a_missed_event_counts_in_the_time_of_all_events(cells):
    cell = a_cell(cells, Event("hard_short", 10_000.0, half_cycle=1000.0))
    missed = score_cell(cell, Reading(()))
    assert (missed.in_time("hard_short"), missed.prompt["hard_short"]) == (None, False)


def test_a_report_is_true_near_a_failure_and_while_a_short_lasts(cells):
    cell = a_cell(
        cells, Event("soft_short", 10_000.0, 20_000.0, 1000.0), Event("contact_loss", 50_000.0, half_cycle=1000.0)
    )
    said = [("hard_short", 8100.0), ("soft_short", 19_000.0), ("soft_short", 23_000.0), ("contact_loss", 48_500.0),
            ("contact_loss", 10_000.0), ("soft_short", 50_000.0)]  # fmt: skip
    assert score_cell(cell, Reading(tuple(said))).true == (True, True, False, True, False, False)
    assert score_cell(a_cell(cells), Reading(tuple(said))).true == ()


def test_another_kind_is_not_the_event_but_a_short_is_a_short(cells):
    cell = a_cell(cells, Event("hard_short", 10_000.0, half_cycle=1000.0))
    score = score_cell(cell, Reading((("soft_short", 10_000.0),)))
    assert (score.found("hard_short"), score.short_found, score.first) == (False, True, "soft_short")


def test_what_is_reported_early_is_an_alarm(cells):
    cell = a_cell(cells, Event("contact_loss", 10_000.0, half_cycle=1000.0))
    assert score_cell(cell, Reading((("soft_short", 7900.0),))).alarm
    assert not score_cell(cell, Reading((("soft_short", 8100.0), ("gap", 10.0)))).alarm
    assert score_cell(a_cell(cells), Reading((("contact_loss", 1.0),))).alarm


def test_a_ladder_needs_both_its_currents(cells):
    cell = a_cell(cells, instrument="potentiostat")
    assert score_cell(cell, Reading((), 1.005, 2.0)).ladder
    for survived, failed in ((1.02, 2.0), (1.0, None), (None, 2.0), (1.0, 2.1)):
        assert not score_cell(cell, Reading((), survived, failed)).ladder


def test_the_summary_counts_what_the_cells_say(scored):
    rows = {
        r["measure"]: r
        for r in summary([(row, s["analysis"]) for row, s in scored], FAST, "analysis")
        if r["by"] == "all"
    }
    assert set(TARGETS) <= set(rows)
    assert rows["hard shorts found"]["of"] == sum("hard_short" in s["analysis"].distance for _, s in scored)
    assert rows["false alarms in healthy cells"]["of"] == 18
    for row in rows.values():
        assert 0.0 <= row["low_95"] <= row["share"] <= row["high_95"] <= 1.0


@pytest.mark.parametrize("measure", TARGETS)
def test_the_analysis_meets_its_target_on_the_fast_seeds(scored, measure):
    # no more misses than a method that just meets the target has in 999 of 1000 such sets
    (row,) = [
        r
        for r in summary([(r, s["analysis"]) for r, s in scored], FAST, "analysis")
        if (r["by"], r["measure"]) == ("all", measure)
    ]
    target, at_most = TARGETS[measure]
    wrong = row["right"] if at_most else row["of"] - row["right"]
    allowed = binom.ppf(1.0 - CHANCE, row["of"], target if at_most else 1.0 - target)
    assert wrong <= allowed, [(r["cell"], r["truth"], r["reported"]) for r, _ in scored]


def test_each_threshold_finds_fewer_soft_shorts_than_the_analysis_and_the_careful_one_more_than_the_plain(scored):
    ours, plain, careful = (sum(bool(s[name].found("soft_short")) for _, s in scored) for name in METHODS)
    assert ours > careful > plain
    assert all(kind in FAILURES for _, s in scored for name in METHODS for kind in s[name].distance)


def test_the_careful_threshold_asks_the_next_half_cycle(cells):
    # one short half cycle, 30 % lower, is nothing; two are a soft short; at a hundredth of the voltage it is a hard one
    time = np.arange(0.0, 40 * 1000.0, 100.0)
    half = (time // 1000.0).astype(int)
    sign = np.where(half % 2 == 0, 1.0, -1.0)
    record = cells[0].measurement
    for low, factor, kinds in (
        ((20,), 0.7, []),
        ((20, 21), 0.7, ["soft_short"]),
        (range(20, 40), 0.01, ["hard_short"]),
    ):
        voltage = 0.1 * sign * np.where(np.isin(half, low), factor, 1.0)
        channels = {Channel.TIME: time, Channel.CURRENT: 1e-4 * sign, Channel.VOLTAGE: voltage}
        found = by_careful_threshold(replace(record, channels=channels))
        assert [kind for kind, _ in found.events] == kinds
        assert [at for _, at in found.events] == [20_000.0] * len(kinds)
        assert bool(by_threshold(replace(record, channels=channels)).events) == (factor < 0.5)


def test_a_short_takes_its_share_as_by_hand():
    # 30 and 10 ohm m^2 side by side carry 1 A/m^2 at 7.5 V
    voltage = shorted_voltage(lambda current: 30.0 * current, np.array([1.0, -1.0]), np.array([10.0, 10.0]))
    assert voltage == pytest.approx([7.5, -7.5], rel=1e-10)


def test_a_short_just_after_the_first_record_of_a_half_cycle_belongs_to_it():
    # of the training seeds: the first record of the half cycle is still sound, the last parts of the one before are too
    scores = [s["analysis"] for _, s in scores_of(make_cell(TRAINING, i) for i in (32, 207, 565))]
    assert [s.ladder for s in scores] == [True] * 3
    assert all(s.in_time("hard_short") is not False for s in scores)
