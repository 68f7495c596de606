"""The ledger: every observation, an honest status, and numbers read back from files."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from garnetlab.core import Channel, InvalidInput
from garnetlab.library import load_observations
from garnetlab.study import SEED, Status, ledger_csv, ledger_json, reproduce
from garnetlab.study._audit_checks_numbers import Paper
from garnetlab.study._ledger_rows import Computed, _deviation, assemble, planned
from garnetlab.study._ledger_rows_audited import _ROWS
from garnetlab.study._ledger_rows_spectra import _blocking_plans, _generators, _symmetric_plans
from garnetlab.study._paper_files import sentence
from garnetlab.units import Quantity

OBSERVED = {o.id: o for o in load_observations()}
READ_BACK = [
    "llzto.sigma.ion",
    "llzto.sigma.Ea",
    "asr.0",
    "asr.1",
    "asr.5",
    "asr.10",
    "asr.15",
    "asr.20",
    "int.Ea.li",
    "int.Ea.10kco",
]
KEYS = [
    "id",
    "text",
    "reported",
    "computed",
    "std",
    "interval",
    "censored",
    "unit",
    "status",
    "route",
    "deviation",
    "note",
]


@pytest.fixture(scope="module")
def timed():
    calls = []
    start = time.process_time()
    ledger = reproduce(progress=lambda done, total: calls.append((done, total)))
    return ledger, time.process_time() - start, calls


@pytest.fixture(scope="module")
def ledger(timed):
    return timed[0]


@pytest.fixture(scope="module")
def payload(ledger):
    return ledger.to_dict()


def test_all_115_observations_appear_in_the_order_of_the_table(ledger):
    assert [r.id for r in ledger.rows] == [o.id for o in load_observations()]
    assert len(ledger.rows) == 115


def test_the_payload_has_the_keys_of_the_contract(payload):
    assert list(payload) == ["schema", "observations", "audit"]
    assert {tuple(row) for row in payload["observations"]} == {tuple(KEYS)}
    assert {tuple(check) for check in payload["audit"]} == {("id", "statement", "calculation", "verdict")}


def test_every_status_is_one_of_the_contract(payload):
    allowed = {
        "input",
        "calibrated",
        "predicted",
        "analysed",
        "audited",
        "qualitative",
        "not computed",
        "not yet modelled",
    }
    assert {row["status"] for row in payload["observations"]} <= allowed


def test_json_is_strict_and_reads_back_equal(ledger, payload):
    assert json.loads(ledger_json(ledger)) == json.loads(json.dumps(payload, allow_nan=False))


def test_numbers_are_finite_or_null(payload):
    for row in payload["observations"]:
        numbers = [row[k] for k in ("reported", "computed", "std", "deviation")] + (row["interval"] or [])
        assert all(n is None or math.isfinite(n) for n in numbers), row["id"]


def test_reported_numbers_are_those_of_the_table(ledger):
    assert [r.reported for r in ledger.rows] == [o.value for o in load_observations()]


def test_rows_without_a_number_carry_the_finding_as_text(ledger):
    wanted = {o.id: o.text for o in load_observations() if o.value is None and o.text}
    assert {r.id: r.text for r in ledger.rows if r.id in wanted} == wanted


def test_every_row_that_is_not_open_or_qualitative_says_how(ledger):
    open_ = (Status.NOT_YET_MODELLED, Status.QUALITATIVE)
    assert [r.id for r in ledger.rows if r.status not in open_ and not r.route] == []


def test_every_open_row_says_what_is_missing_and_computes_nothing(ledger):
    rows = [r for r in ledger.rows if r.status is Status.NOT_YET_MODELLED]
    assert [r.id for r in rows if not re.search(r"(is|are) missing\.", r.note)] == []
    assert [r.id for r in rows if r.computed is not None or r.deviation is not None] == []


def test_lives_without_a_short_are_censored(ledger):
    censored = {r.id for r in ledger.rows if r.censored}
    assert censored == {o.id for o in load_observations() if o.kind == "censored"}
    assert "life.10.0.2" in censored


def test_the_life_at_60_degC_is_the_interval_1_to_9_h(ledger):
    row = ledger["life.0.0.8.60C"]
    assert "Reported as the interval 1 to 9 h" in row.note
    assert row.interval[0] < row.computed < row.interval[1]


# honesty -------------------------------------------------------------------------------------------------------------
def mentioned(route: str) -> set[str]:
    """Return the observations that a route names."""
    return {o.id for o in load_observations() if re.search(rf"(?<![\w.]){re.escape(o.id)}(?![\w]|\.\w)", route)}


def test_no_row_is_predicted_whose_own_value_entered(ledger):
    for row in ledger.rows:
        own = row.id in mentioned(row.route) or "reported value" in row.route
        assert not (own and row.status in (Status.PREDICTED, Status.ANALYSED)), row.id


def test_rows_made_from_their_own_value_are_input_and_say_so(ledger):
    made = [r for r in ledger.rows if "From the reported value" in r.route]
    assert sorted(r.id for r in made) == sorted(READ_BACK)
    assert {(r.status, r.deviation) for r in made} == {(Status.INPUT, None)}


def test_input_rows_have_no_deviation(ledger):
    assert [r.id for r in ledger.rows if r.status is Status.INPUT and r.deviation is not None] == []


def test_audited_rows_do_not_use_their_own_value(ledger):
    # ccd.ratio.60C chooses the step nearest to itself and says so
    own = {r.id for r in ledger.rows if r.status is Status.AUDITED and r.id in mentioned(r.route)}
    assert own == set()
    assert "nearest to the reported ratio" in ledger["ccd.ratio.60C"].route


def test_audited_rows_name_what_entered_or_a_reference(ledger):
    rows = [r for r in ledger.rows if r.status is Status.AUDITED]
    assert [r.id for r in rows if not mentioned(r.route) and not re.search(r"Reference|Mass balance", r.route)] == []


def test_audited_rows_point_to_a_check_of_the_audit(ledger):
    ids = {c.id for c in ledger.audit}
    for row in ledger.rows:
        if row.status is Status.AUDITED:
            named = re.search(r"See the check (\S+) of the audit", row.note)
            assert named is not None, row.id
            assert named.group(1) in ids


def test_the_plan_and_the_calculations_do_not_overlap():
    plan = set(planned())
    assert plan & set(_ROWS) == set()
    assert plan & set(READ_BACK) == set()


# numbers -------------------------------------------------------------------------------------------------------------
#: the bulk arc lies above 1 MHz, and the arcs of grain boundary and interface overlap when hot: that costs more than the
#: noise alone. Over 20 seeds (100 to 119) the largest errors were 2.0 % (int.Ea.10kco), 0.95 % (ASR), 0.6 % (int.Ea.li),
#: 0.16 % (llzto.sigma.Ea) and 0.13 % (llzto.sigma.ion); about twice that is allowed
CLOSE = {"llzto.sigma.ion": 0.003, "llzto.sigma.Ea": 0.003, "int.Ea.li": 0.012, "int.Ea.10kco": 0.04}


@pytest.mark.parametrize("key", READ_BACK)
def test_the_value_read_back_is_the_one_that_went_in(ledger, key):
    assert ledger[key].computed == pytest.approx(ledger[key].reported, rel=CLOSE.get(key, 0.02))


def test_most_intervals_read_back_hold_the_value_that_went_in(ledger):
    # over the same seeds 90 to 100 % of the intervals of a row did, 96 % in all; were it 90 %, of ten fewer than six would
    # have a probability of 0.2 %
    rows = [ledger[key] for key in READ_BACK]
    inside = [r.id for r in rows if r.interval[0] <= r.reported <= r.interval[1]]
    assert len(inside) >= 6


@pytest.mark.parametrize("key", READ_BACK)
def test_the_uncertainty_read_back_is_neither_too_good_nor_useless(ledger, key):
    # 162 numbers of at least 0.1 % noise: no resistance is known better than 0.1 %/sqrt(162) = 8e-5, and no energy of
    # 14 to 24 k_B T better than its share of ln(R) over the series: 8e-5/24 of itself
    row = ledger[key]
    floor = 8e-5 / 24 if ".Ea" in key else 8e-5
    assert floor < row.std / row.reported < 0.1


def test_the_pellet_has_245_ohm(ledger):
    # 0.1 cm/(5.2e-4 S/cm * pi/4 cm^2) = 244.85 ohm
    found = re.search(r"The pellet has ([\d.]+) \+- [\d.]+ ohm", ledger["llzto.sigma.ion"].note)
    assert float(found.group(1)) == pytest.approx(244.85, rel=0.01)


def test_the_constriction_of_the_patches_is_read_as_electrolyte(ledger):
    # the pellet of 244.85 ohm, and both faces' constriction: (solved ASR - reported ASR)*2/0.7854 cm^2; 1 % for the arcs of
    # bulk and boundaries that overlap with the end of the sweep
    note = ledger["asr.0"].note
    solved = float(re.search(r"The solved ASR is ([\d.]+) ohm cm\^2", note).group(1))
    read = float(re.search(r"The pellet has ([\d.]+)", note).group(1))
    assert solved > 181.6 * 1.01
    assert read == pytest.approx(244.85 + 2 * (solved - 181.6) / 0.785398, rel=0.01)
    assert read > 244.85 * 1.02


def test_patchy_rows_say_that_contact_is_assumed(ledger):
    for key in READ_BACK[2:]:
        assert "which sets contact to" in ledger[key].route
        assert "are assumed" in ledger[key].note


def test_the_assumed_footprint_is_said(ledger):
    assert all("footprint" in ledger[f"asr.{wt}"].note for wt in (0, 1, 5, 10, 15, 20))


@pytest.mark.parametrize(
    ("key", "value", "relative"),
    [
        ("tafel.rct.li", 225.61, 1e-4),  # 25.6926 mV/0.145 mA/cm^2/0.785398 cm^2
        ("tafel.rct.10kco", 55.540, 1e-4),  # 25.6926/0.589/0.785398
        ("tafel.ratio", 4.06207, 1e-5),  # 0.589/0.145
        ("lfp.retention.10", 100.5178, 1e-6),  # 155.3/154.5
        ("xps.k2p.split", 2.9, 1e-9),  # 296.2 - 293.3
        ("lfp.rtot.0", 373.908, 1e-5),  # 192.308 + 181.6
        ("lfp.rtot.10", 224.808, 1e-5),  # 192.308 + 32.5
        ("claim.k.trace", 5.658, 1e-4),  # 10*78.196/138.204
        ("ccd.ratio.60C", 3.142857, 1e-6),  # 2.2/0.7
        ("lfp.gap.first.0", 113.15, 1e-3),  # 2*0.16989*333
        ("xps.k2p12", 297.47, 1e-9),  # 294.7 + 2.77
    ],
)
def test_the_audited_number_is(ledger, key, value, relative):
    assert ledger[key].status is Status.AUDITED
    assert ledger[key].computed == pytest.approx(value, rel=relative)


def test_the_deviation_is_the_difference_over_both_uncertainties(ledger):
    # 4.062069 - 4.06 over hypot(0.0083282, 0.0028868) = 0.0020690/0.0088143 = 0.23473
    assert ledger["tafel.ratio"].deviation == pytest.approx(0.23473, rel=2e-3)


def test_a_printed_resistance_off_by_a_thousand_is_far_outside_its_uncertainty(ledger):
    # 225.6 ohm +- 5.8 % (10 mm printed without a decimal: 2*0.28868/10): 17 standard deviations
    assert ledger["tafel.rct.li"].deviation > 15


def test_a_life_deviates_in_its_logarithm_from_the_nearest_end_and_not_from_a_bound_it_keeps():
    def deviation(value, *, kind="measured", low=None, high=None):
        observation = replace(OBSERVED["life.0.0.4"], kind=kind, value=10.0, low=low, high=high)
        return _deviation(observation, None, Computed(Status.PREDICTED, value, 0.5 * value, scale="log"))

    assert deviation(10.0 * math.e) == pytest.approx(2.0)
    assert deviation(5.0, low=1.0, high=9.0) == 0.0
    assert deviation(9.0 * math.e, low=1.0, high=9.0) == pytest.approx(2.0)
    assert deviation(1e4, kind="censored") is None
    assert deviation(10.0 / math.e, kind="censored") == pytest.approx(-2.0)


@pytest.mark.parametrize(("survived", "expected"), [(0.5, 0.0), (0.6, 0.0), (0.3, 0.0), (0.7, 2.0), (0.2, -2.0)])
def test_a_ladder_deviates_by_what_its_step_lies_beyond_the_reported_one(survived, expected):
    # reported 0.5 within a step: 0.4 to 0.6; computed from the survived step to the next
    found = Computed(Status.PREDICTED, survived, 0.05, scale="ladder", step=0.1)
    assert _deviation(OBSERVED["ccd.1"], None, found) == pytest.approx(expected, abs=1e-9)


def test_the_electronic_conductivity_is_told_from_the_decay_in_a_file(ledger):
    row = ledger["llzto.sigma.electronic"]
    assert row.status is Status.INPUT
    assert row.interval[0] <= 5.16e-10 <= row.interval[1]
    assert row.std < 0.02 * row.computed


def test_the_files_of_typical_cells_are_read_and_analysed_without_knowing_them(ledger):
    _, test = ledger.tests["ccd.10"]
    survived = test.result["critical_current_density_survived"].field_value
    assert f"survives {survived:.4g} and" in ledger["ccd.10"].note
    _, short = ledger.tests["life.0.0.4"]
    found = re.search(r"short after ([0-9.]+) h", ledger["life.0.0.4"].note)
    assert found is not None
    # between two records 150 s apart
    assert float(found.group(1)) == pytest.approx(short.result["time_to_failure"].field_value, abs=150.0 / 3600.0)
    assert "no short and no loss of contact" in ledger["life.10.0.2"].note


# living cells ---------------------------------------------------------------------------------------------------------
CALIBRATION = {"ccd.0", "ccd.10", "ccd.10.60C", "life.0.0.2", "life.0.0.4", "life.10.0.2"}
HELD_OUT = {
    "ccd.1", "ccd.5", "ccd.15", "ccd.20", "life.0.0.8.60C", "life.0.0.1.-10C", "life.10.0.8.60C", "life.10.0.4",
    "life.10.0.1.-10C",
}  # fmt: skip


def test_what_entered_the_calibration_is_never_shown_as_predicted(ledger):
    calibrated = {r.id for r in ledger.rows if r.status is Status.CALIBRATED}
    same_curve = {"ccd.0.60C", "ccd.0.polarisation", "v.trend.10.0.2"}
    assert calibrated == CALIBRATION | same_curve
    assert "a third of ccd.10.60C" in ledger["ccd.0.60C"].note
    assert {r.status for r in ledger.rows if r.id in HELD_OUT} == {Status.PREDICTED}
    assert all(ledger[key].deviation is None for key in calibrated)


def test_predictions_have_intervals_that_hold_the_reported_values(ledger):
    observed = {o.id: o for o in load_observations()}
    for key in HELD_OUT:
        low, high = ledger[key].interval
        assert low < high
        if observed[key].kind == "censored":
            assert high > observed[key].value
        else:  # a ladder's value is the last survived or the first failed step
            assert low - 1e-9 <= observed[key].value <= high + 0.1 + 1e-9


def test_the_asymmetric_cell_has_no_significant_potential(ledger):
    row = ledger["potential.asym"]
    assert row.status is Status.PREDICTED
    assert row.interval[1] < 1e-3  # V


def test_exchange_currents_are_read_back_within_three_standard_uncertainties(ledger):
    for key in ("tafel.i0.li", "tafel.i0.10kco"):
        row = ledger[key]
        assert row.status is Status.INPUT
        assert abs(row.computed - row.reported) < 3 * row.std


def test_every_cell_test_behind_a_row_ran_to_its_end_or_failed(ledger):
    for key, (test, found) in ledger.tests.items():
        planned = test.procedure
        assert planned.steps, key
        assert found.result.outcome.good, key
    assert ledger.tests["life.10.0.2"][1].record[Channel.TIME][-1] == pytest.approx(4500 * 3600.0)


# files, seed, cost ---------------------------------------------------------------------------------------------------
def test_csv_has_one_line_per_row_and_the_same_numbers(ledger):
    table = list(csv.DictReader(io.StringIO(ledger_csv(ledger))))
    assert [row["id"] for row in table] == [r.id for r in ledger.rows]
    assert float(table[1]["computed"]) == ledger.rows[1].to_dict()["computed"]
    assert "nan" not in ledger_csv(ledger).lower().split(",")


def test_the_default_seed_is_fixed():
    assert SEED == 20250414


def spectra(seed: int) -> dict[str, np.ndarray]:
    paper, rngs = Paper(load_observations()), _generators(seed)
    plans = [*_blocking_plans(paper, rngs), *_symmetric_plans(paper, rngs)]
    return {plan.key: np.concatenate([m[Channel.IMPEDANCE] for m in plan.spectra]) for plan in plans}


def test_the_same_seed_gives_the_same_spectra_and_another_seed_others():
    first, again, other = spectra(1), spectra(1), spectra(2)
    assert sorted(first) == sorted(READ_BACK)
    assert all(np.array_equal(first[k], again[k]) for k in first)
    assert not any(np.array_equal(first[k], other[k]) for k in first)


def test_no_row_depends_on_the_noise_of_another():
    # the two lithium interfaces are one specimen at 25 degC, measured twice: the noise differs
    once = spectra(1)
    assert not np.array_equal(once["asr.0"], once["int.Ea.li"][:81])
    assert np.allclose(once["asr.0"], once["int.Ea.li"][:81], rtol=0.05)


def test_the_spectra_came_through_files_of_three_formats(ledger):
    readers = {m.source.to_dict()["reader"] for entry in ledger.read_back.values() for m in entry.measurements}
    assert readers == {"biologic-mpt", "zplot", "gamry-dta"}


def test_the_series_for_figures_have_a_label_per_result(ledger):
    for name, results in ledger.series.items():
        assert len(results) == len(ledger.labels[name])
        assert ledger.captions[name]


def test_progress_reaches_the_end(timed):
    done, total = timed[2][-1]
    # 1 + 6 blocking, 6 symmetric, 2 x 6 symmetric over temperature; 8 ladders, 8 lives, 1 overcharge
    assert (done, total) == (25 + 17, 25 + 17)


def test_an_unknown_row_is_named_with_the_nearest(ledger):
    with pytest.raises(InvalidInput, match=r"row = 'asr\.11'.*Did you mean"):
        ledger["asr.11"]


def test_an_observation_without_a_plan_is_refused():
    observation = load_observations()[0]
    with pytest.raises(InvalidInput, match="no row is planned"):
        assemble(observation, {"other": Computed(Status.INPUT)}, None)


def test_the_analysis_of_each_file_agrees_with_the_simulation_behind_it(ledger):
    notes = [row.note for row in ledger.rows if "The file of the typical cell" in row.note]
    assert len(notes) >= 10
    assert [note for note in notes if "The simulation of that cell" in note] == []


def test_a_file_that_disagrees_with_its_simulation_is_told():
    time = {"time_to_failure": Quantity(50.0 * 3600.0, None, "h", method="soft short")}
    test = SimpleNamespace(result=SimpleNamespace(quantities={"time_to_failure": Quantity(80.0 * 3600.0, None, "h")}))
    found = SimpleNamespace(quantities=time, cycles=SimpleNamespace(nominal=np.array([1800.0])))
    told = sentence("life.0.0.4", {"life.0.0.4": (found, None)}, {"life.0.0.4": (None, test)})
    assert "soft short after 50 h" in told
    assert "The simulation of that cell: failure after 80 h." in told
