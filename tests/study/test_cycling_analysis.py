"""A file of a cycler is taken for what it holds, with curves and tables for figures."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab import units
from garnetlab.core import Channel, InvalidInput, ccd_ladder, galvanostatic_cycling
from garnetlab.simulate import simulate_cell, symmetric_cell
from garnetlab.study import analyse_measurements
from garnetlab.study._cycling import analyse_cycling, cycling_result, ladder_result
from garnetlab.study._paper_faces import paper_face

AREA = 0.785e-4


def measured(procedure, wt=10.0, **options):
    cell = symmetric_cell(paper_face(wt), area=AREA, thickness=1e-3)
    test = simulate_cell(cell, procedure, rng=1, voltage_noise=2e-4, period=60.0, **options)
    assert test.record is not None
    return test.record, test.result


@pytest.fixture(scope="module")
def ladder():
    return measured(ccd_ladder(start=1.0, step=1.0, stop=30.0, half_cycle_time=1800.0), after_short=units.hour)


@pytest.fixture(scope="module")
def cycling():
    return measured(galvanostatic_cycling(2.0, half_cycle_time=1800.0, duration=20 * units.hour))


def test_a_ladder_is_found_and_gives_the_interval_of_the_simulation(ladder):
    record, truth = ladder
    found = analyse_cycling(record)
    assert found.analysis == "ccd"
    assert "a ladder" in found.details["chosen"]
    for end in ("survived", "failed"):
        name = f"critical_current_density_{end}"
        assert found[name].value == pytest.approx(truth[name].value, rel=1e-6)


def test_cycling_at_one_current_gives_half_cycles_with_the_resistance_of_the_cell(cycling):
    record, _ = cycling
    found = analyse_cycling(record)
    assert found.analysis == "cycling"
    assert found["half_cycles"].value == 40
    eta = np.abs(record[Channel.VOLTAGE])
    # one current: the plateau over the current density is the resistance of the cell per area
    assert found["cell_resistance"].value == pytest.approx(np.median(eta) / 2.0, rel=0.01)
    assert found.details["events"] == []
    columns = {k for k in found.curves if k.startswith("half_cycle_")}
    assert {"half_cycle_time", "half_cycle_overpotential", "half_cycle_resistance", "half_cycle_start"} <= columns
    assert len(found.curves["half_cycle_time"]) == 40


def test_a_ladder_without_an_area_is_analysed_as_cycling_and_says_what_is_missing(ladder):
    record, _ = ladder
    blind = record.with_metadata()
    kept = {k: v for k, v in blind.metadata.items() if k != "area"}
    from dataclasses import replace

    found = analyse_cycling(replace(blind, metadata=kept))
    assert found.analysis == "cycling"
    assert any("may be a ladder" in w and "--area" in w for w in found.warnings)


def test_what_is_asked_for_is_done_or_refused(ladder, cycling):
    assert cycling_result(ladder[0]).analysis == "cycling"
    with pytest.raises(InvalidInput, match="no ladder"):
        ladder_result(cycling[0])
    both = analyse_measurements([ladder[0], cycling[0]], analysis="ccd")
    assert [r.analysis for r in both.results] == ["ccd"]
    assert len(both.errors) == 1


def test_an_impedance_analysis_of_cycling_is_refused(cycling):
    found = analyse_measurements([cycling[0]], analysis="eis")
    assert found.results == ()
    assert "expected impedance" in found.errors[0][1]
