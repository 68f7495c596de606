"""The calibration of the living interface: machinery on known truths, guards on its lives, the stored posterior."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from garnetlab.core import InvalidInput, ReadError
from garnetlab.library import load_anodes, load_model, model_names
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.study import (
    CALIBRATED,
    HELD_OUT,
    InterfaceObservation,
    Parameter,
    calibrate,
    calibrated_interface,
    fit_interface,
    interface_variants,
    paper_observations,
    predict,
)
from garnetlab.study._calibration import convergence_of, population
from garnetlab.study._calibration_check import has_loss_and_damage, recovered
from garnetlab.study._calibration_compiled import cycling_damages, ladder_damages
from garnetlab.study._calibration_document import read_interface_observations
from garnetlab.study._calibration_elsewhere import compare_elsewhere, scatter
from garnetlab.study._calibration_likelihood import TOLERANCE, InterfaceLikelihood, companion_bound, log_interval
from garnetlab.study._calibration_model import Numbers, RowMaker, face_model, oxide_fraction
from garnetlab.study._calibration_prediction import cell_life, failed_step, leave_one_out
from garnetlab.study._calibration_profile import combinations, profile_all
from garnetlab.study._calibration_variants import DEFAULT, interface_variant

HOUR = 3600.0
PROOFS = Path(__file__).resolve().parents[2] / "docs" / "proofs"
OBSERVATIONS = paper_observations()
CYCLED = [name for name, o in OBSERVATIONS.items() if o.kind == "life"]
FLAT = (Parameter("x", "1", -5.0, 5.0), Parameter("y", "1", -5.0, 5.0))


def known() -> tuple[Numbers, RowMaker]:
    """Return the medians of the calibrated interface and its rows."""
    found = calibrated_interface()
    return found.numbers(), RowMaker(found.variant)


def quick(parameters, log_likelihood, seed, *, steps=200):
    """Calibrate with a small population: enough for a few numbers."""
    return calibrate(parameters, log_likelihood, seed=seed, starts=2, walkers=32, steps=steps, particles=150)


HALF = 1800.0


def both_faces(current, cycles, p, tolerance, *, state=None):
    """Return the damage of the worse face after some cycles of a symmetric cell, every half cycle run."""
    left, right = np.zeros((2, 5)) if state is None else state
    left[kernel.METAL] = right[kernel.METAL] = np.inf
    for sign in [1.0, -1.0] * cycles:
        ends = [kernel.advance(s, d * current, HALF, p, tolerance, 0.0)[1] for s, d in ((left, sign), (right, -sign))]
        assert ends == [kernel.DONE] * 2
    return max(left[kernel.HARM], right[kernel.HARM])


# -- kernels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CYCLED)
def test_damage_of_one_face_is_that_of_the_worse_of_both_faces_of_the_cell(name):
    numbers, rows = known()
    o = OBSERVATIONS[name]
    row, time = rows.row(o, numbers), 20.0 * HOUR
    out, slope = np.zeros(1), np.ones(1)
    lost = cycling_damages(o.current_density, 1800.0, np.array([time]), row, 1e-5, False, out, slope)
    both = both_faces(o.current_density, 20, row, 1e-5)
    assert lost == math.inf
    assert out[0] == pytest.approx(both, rel=1e-3)  # the two keep their first steps differently


@pytest.mark.parametrize("name", ["ccd.0", "ccd.10", "ccd.10.60C"])
def test_damage_of_a_ladder_is_that_of_the_worse_of_both_faces_of_the_cell(name):
    numbers, rows = known()
    o = OBSERVATIONS[name]
    row, one, state = rows.row(o, numbers), np.zeros(9), np.zeros((2, 5))
    kept = ladder_damages(o.step, 1800.0, row, 1e-5, one)
    both = [both_faces(o.step * (k + 1), 1, row, 1e-5, state=state) for k in range(kept)]
    assert one[:kept] == pytest.approx(both, rel=1e-3)


@pytest.mark.parametrize("model", ["both-sourced", "particles", "no-creep", "sharing"])
def test_jumped_cycles_change_the_damage_by_less_than_a_tenth_of_what_cells_scatter(model):
    variant = interface_variant(model)
    rows, rng = RowMaker(variant), np.random.default_rng(5)
    o = OBSERVATIONS["life.10.0.2"]
    for _ in range(4):
        numbers = replace(variant.numbers([p.draw(rng) for p in variant.parameters]), supply=12.0, height=1.5e-6)
        row, times = rows.row(o, numbers), np.array([3.0, 1500.0]) * HOUR
        fast, full = np.zeros(2), np.zeros(2)
        ends = [
            cycling_damages(2.0, 1800.0, times, row, TOLERANCE, jumps, out, np.ones(2))
            for jumps, out in ((True, fast), (False, full))
        ]
        alive = times < min(ends)
        # ln D over m is what counts: 0.1 of a scatter of 0.1
        assert np.abs(np.log(fast[alive] / full[alive])).max(initial=0.0) < 0.01 * numbers.damage_exponent + 1e-9


@pytest.mark.parametrize(
    "model", ["both-sourced", "strong-null", "no-creep", "sharing", "particles", "both-dead", "linear"]
)
@pytest.mark.parametrize("name", ["life.0.0.8.60C", "life.10.0.1.-10C"])
def test_the_row_filled_with_free_numbers_is_that_of_the_virtual_cell(model, name):
    variant, o = interface_variant(model), OBSERVATIONS[name]
    rng = np.random.default_rng(3)
    numbers = variant.numbers([p.draw(rng) for p in variant.parameters])
    made = RowMaker(variant).row(o, numbers)
    face = face_model(
        variant,
        numbers,
        numbers.contact(o),
        particles=o.additive if variant.particles else 0.0,
        resistance=o.resistance,
    )
    wanted = face.row(o.temperature)
    if numbers.supply == math.inf:  # without a supply nothing opens, and particles are not swept
        assert made[face_columns("VOLUME")] == wanted[face_columns("VOLUME")] == 0.0
    same = [i for i in range(len(made)) if i != face_columns("TRANSFER")]  # damage does not ask for the kinetics
    assert made[same] == pytest.approx(wanted[same], rel=1e-12)


def face_columns(name: str) -> int:
    return int(getattr(kernel, name))


def test_nothing_depends_on_the_reference_contact():
    found, o = calibrated_interface(), OBSERVATIONS["life.0.0.2"]
    damages = []
    for reference in (0.05, 0.2):
        row = found.face(o, reference_contact=reference).row(o.temperature)
        damages.append(both_faces(2.0, 50, row, 1e-5))
    assert damages[0] == pytest.approx(damages[1], rel=1e-6)


# -- guards on lives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CYCLED)
def test_five_per_cent_of_current_changes_a_life_by_less_than_three_times(name):
    numbers, rows = known()
    o = OBSERVATIONS[name]
    lives = [
        cell_life(numbers, replace(o, current_density=f * o.current_density), rows, half=1800.0, z=0.0)[0]
        for f in (0.95, 1.0, 1.05)
    ]
    assert lives[0] > lives[1] > lives[2]
    assert max(lives[0] / lives[1], lives[1] / lives[2]) < 3.0


@pytest.mark.parametrize("name", CYCLED)
def test_half_the_tolerance_changes_a_life_by_less_than_a_tenth(name):
    numbers, rows = known()
    lives = [
        cell_life(numbers, OBSERVATIONS[name], rows, half=1800.0, z=0.0, tolerance=t)[0]
        for t in (TOLERANCE, TOLERANCE / 2.0)
    ]
    assert abs(math.log(lives[0] / lives[1])) < 0.1


@pytest.mark.parametrize("name", CYCLED)
def test_no_life_is_cut_where_the_observation_ended(name):
    numbers, rows = known()
    o = OBSERVATIONS[name]
    long, gone = cell_life(numbers, replace(o, current_density=0.5 * o.current_density), rows, half=1800.0, z=0.0)
    assert not gone
    life, _ = cell_life(numbers, o, rows, half=1800.0, z=0.0)
    # half the current gives at least 2^m of the life, far beyond what was observed and not a number that recurs
    assert long > 8.0 * life


def test_contact_lost_ends_a_life_and_is_told_apart_from_a_short():
    numbers, rows = known()
    o = replace(OBSERVATIONS["life.0.0.4"], current_density=12.0)
    weak = replace(numbers, supply=1.0, damage_current=1e6)
    life, gone = cell_life(weak, o, rows, half=1800.0, z=0.0)
    assert gone
    assert 0.0 < life < 10.0 * HOUR
    step, gone = failed_step(weak, replace(o, kind="ccd", low=0.0, high=5.0), rows, half=1800.0, z=0.0)
    assert gone
    assert 1.0 <= step <= 12.0


# -- likelihood -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"), [(-1.0, 0.5), (3.0, 3.5), (-9.0, -8.0), (20.0, 21.0), (-math.inf, 0.0), (1.0, math.inf)]
)
def test_the_log_of_an_interval_of_the_normal_keeps_its_digits(a, b):
    x, y = (-b, -a) if a > 0 else (a, b)
    wanted = norm.logcdf(y) + np.log1p(-np.exp(norm.logcdf(x) - norm.logcdf(y)))
    assert log_interval(a, b) == pytest.approx(wanted, rel=1e-12)
    assert log_interval(b, a) == -math.inf


def test_without_contact_loss_the_likelihood_is_the_closed_form_of_accumulated_damage():
    variant = interface_variant("strong-null")
    x = np.array([0.5, math.log(7.0), 0.2, 0.2, math.log(0.2)])
    n, terms = variant.numbers(x), InterfaceLikelihood(variant, list(OBSERVATIONS.values())).terms(x)
    m, s = n.damage_exponent, n.scatter
    theta = (181.6 / 32.5) ** -0.5

    def score(damage: float) -> float:
        return math.log(damage) / (m * s)

    ladder = [0.5 * sum((i / (theta * n.damage_current)) ** m for i in range(1, k + 1)) for k in (4, 5)]
    wanted = math.log(norm.cdf(score(ladder[1])) - norm.cdf(score(ladder[0])))
    assert terms["ccd.0"] == pytest.approx(wanted, rel=1e-6)
    damage = 0.5 * 925.0 * (2.0 / (theta * n.damage_current)) ** m
    assert terms["life.0.0.2"] == pytest.approx(norm.logpdf(score(damage)) - math.log(m * s), rel=1e-6)
    damage = 0.5 * 4500.0 * (2.0 / n.damage_current) ** m
    assert terms["life.10.0.2"] == pytest.approx(norm.logsf(score(damage)), rel=1e-6)


def test_where_the_supply_scatters_the_probability_is_that_of_cells_drawn_one_by_one():
    variant = interface_variant("loss")
    numbers = Numbers(contact_exponent=0.7, supply=6.0, height=1.0e-6, scatter=0.3, supply_energy=0.5 * 1.602e-19)
    o, rows, rng = OBSERVATIONS["ccd.10"], RowMaker(variant), np.random.default_rng(8)
    steps = [failed_step(numbers, o, rows, half=1800.0, z=float(z))[0] for z in rng.normal(size=600)]
    middle = float(np.median(steps))
    event = replace(o, low=middle - 1.0, high=middle + 1.0)
    share = float(np.mean([event.low < v <= event.high for v in steps]))
    found = InterfaceLikelihood(variant, ()).probability(numbers, event)
    assert found == pytest.approx(share, abs=4.0 * math.sqrt(share * (1 - share) / 600))


def test_probability_of_an_event_is_the_share_of_cells_with_it():
    numbers, rows = known()
    likelihood, rng = InterfaceLikelihood(interface_variant(DEFAULT), ()), np.random.default_rng(4)
    for name, run in (("ccd.10.60C", failed_step), ("life.0.0.4", cell_life)):
        o = OBSERVATIONS[name]
        values = np.array([run(numbers, o, rows, half=1800.0, z=float(z))[0] for z in rng.normal(size=500)])
        share = float(np.mean((values > o.low) & (values <= o.high)))
        error = math.sqrt(max(share * (1.0 - share), 0.01) / 500)
        assert likelihood.probability(numbers, o) == pytest.approx(share, abs=4.0 * error)


def test_the_bound_from_another_cell_rises_with_the_exponent():
    bounds = [companion_bound(Numbers(damage_exponent=m, scatter=0.1)) for m in (4.0, 6.0, 8.0, 12.0)]
    assert bounds == sorted(bounds)
    assert bounds[0] < -3.0
    assert bounds[-1] > math.log(0.8)


# -- observations ---------------------------------------------------------------------------------------------------


def test_the_paper_gives_six_calibrated_and_ten_held_out_observations():
    assert tuple(OBSERVATIONS) == (*CALIBRATED, *HELD_OUT)
    assert (len(CALIBRATED), len(HELD_OUT)) == (6, 10)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("ccd.0", 4, 5),
    ("ccd.0.60C", 6, 8),
    ("ccd.15", 8, 10),
    ("life.0.0.8.60C", HOUR, 9 * HOUR),
    ("life.0.0.1.-10C", 4 * HOUR, 16 * HOUR)],
)  # fmt: skip
def test_events_are_intervals_as_agreed(name, low, high):
    assert (OBSERVATIONS[name].low, OBSERVATIONS[name].high) == pytest.approx((low, high))


def test_censored_lives_have_no_upper_end_and_unstated_half_cycles_are_three():
    assert [n for n, o in OBSERVATIONS.items() if o.censored] == [
        "life.10.0.2", "life.10.0.8.60C", "life.10.0.4", "life.10.0.1.-10C",
    ]  # fmt: skip
    assert {n for n, o in OBSERVATIONS.items() if len(o.half_cycles) == 3} == {
        n for n in HELD_OUT if n.startswith("life") and n.endswith("C")
    }


def test_the_oxide_of_ten_weight_per_cent_is_two_per_cent_of_the_lithium_by_volume():
    # 10 g of K2CO3 give 6.49 g of Li2O beside 86.9 g of lithium
    assert oxide_fraction(10.0) == pytest.approx((6.49 / 2.013) / (86.9 / 0.534), rel=0.01)


DOCUMENT = """
schema = "garnetlab/1"
[[observations]]
id = "a"
kind = "ccd"
resistance = "40 ohm cm^2"
survived = "0.7 mA/cm^2"
failed = "0.8 mA/cm^2"
[[observations]]
id = "b"
kind = "life"
resistance = "40 ohm cm^2"
temperature = "60 degC"
current_density = "0.2 mA/cm^2"
longer_than = "1000 h"
half_cycle = ["15 min", "30 min"]
use = "predict"
"""


def test_a_document_gives_observations_and_marks_those_to_calibrate_on(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(DOCUMENT)
    found, marked = read_interface_observations(path)
    assert marked == ("a",)
    assert (found["a"].low, found["a"].high, found["a"].resistance) == pytest.approx((7.0, 8.0, 40e-4))
    assert found["b"].censored
    assert (found["b"].half_cycles, found["b"].temperature) == ((900.0, 1800.0), 333.15)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "ccd"', 'kind = "cdc"', "expected 'ccd' or 'life'"),
        ("survived", "surived", r"observations\[0\].surived: unknown key"),
        ('id = "b"', 'id = "a"', "this one is taken"),
        ('longer_than = "1000 h"', "", "expected one of life, longer_than, between"),
        ('"1000 h"', "1000", "expected a text with a unit"),
        ('schema = "garnetlab/1"', 'schema = "other"', "expected 'garnetlab/1'"),
        ('use = "predict"', 'use = "maybe"', "expected 'calibrate' or 'predict'"),
        ('"0.8 mA/cm^2"', '"0.6 mA/cm^2"', "expected 0 <= low < high"),
        ('use = "predict"', 'additive = "ten"', "additive = 'ten': expected a number"),
        ('use = "predict"', "additive = 500", "expected 0 to 50"),
        ('"15 min"', '"-15 min"', "half cycles of at least 1 s"),
        ('kind = "ccd"', 'kind = "ccd"\nstep = "0 mA/cm^2"', "a step above 0"),
        ('kind = "ccd"', 'kind = "ccd"\nstep = "1e-9 mA/cm^2"', "expected at most 2000 steps"),
        ('"40 ohm cm^2"', '"1e-300 ohm cm^2"', "expected 1e-3 to 1e6 ohm cm"),
    ],
)
def test_a_document_that_is_wrong_is_refused_with_its_place(tmp_path, old, new, message):
    path = tmp_path / "own.toml"
    path.write_text(DOCUMENT.replace(old, new, 1))
    with pytest.raises(InvalidInput, match=message):
        read_interface_observations(path)
    with pytest.raises(ReadError):
        read_interface_observations(tmp_path / "none.toml")


def test_wrong_options_of_a_fit_are_refused():
    with pytest.raises(InvalidInput, match=r"ccd\.7"):
        fit_interface(observations=["ccd.7"])
    with pytest.raises(InvalidInput, match="steps = 3"):
        fit_interface(steps=3)
    with pytest.raises(InvalidInput, match="seed = -1"):
        fit_interface(seed=-1)
    with pytest.raises(InvalidInput, match="not a variant"):
        fit_interface(model="both-sorced")
    with pytest.raises(InvalidInput, match="expected low < high"):
        Parameter("x", "1", 2.0, 1.0)


# -- machinery on toys ----------------------------------------------------------------------------------------------


def gaussian(x):
    return -0.5 * ((x[0] - 1.0) ** 2 / 0.25 + (x[1] + 1.0) ** 2 / 0.04)


def test_a_gaussian_is_recovered_with_its_evidence():
    found = quick(FLAT, gaussian, 1)
    assert found.best == pytest.approx([1.0, -1.0], abs=1e-3)
    assert found.draws.std(axis=0) == pytest.approx([0.5, 0.2], rel=0.15)  # about 500 independent draws
    # analytic: 2 pi 0.5 x 0.2 over the area of the prior; 150 members leave about 0.2
    assert found.evidence == pytest.approx(math.log(2.0 * math.pi * 0.1 / 100.0), abs=0.6)


def test_two_modes_are_found_with_their_weights():
    def two(x):
        return float(np.logaddexp(-0.5 * ((x[0] - 3.0) / 0.1) ** 2, math.log(3.0) - 0.5 * ((x[0] + 3.0) / 0.1) ** 2))

    members, _, _ = population(FLAT[:1], two, rng=np.random.default_rng(2), particles=600)
    # three quarters lie at -3; resampling leaves about 100 independent families
    assert float(np.mean(members[:, 0] < 0.0)) == pytest.approx(0.75, abs=0.15)
    assert set(np.sign(members[:, 0])) == {-1.0, 1.0}


def test_verdicts_say_what_data_identify():
    found = quick(FLAT, gaussian, 2)
    assert [p.verdict for p in profile_all(gaussian, found, points=9)] == ["identified", "identified"]
    stiff = combinations(gaussian, found)[0]
    assert stiff.weights["y"] == pytest.approx(1.0, abs=0.01)

    def together(x):
        return -0.5 * ((x[0] + x[1]) / 0.1) ** 2

    found = quick(FLAT, together, 3)
    assert {p.verdict for p in profile_all(together, found, points=9)} == {"only in combination"}
    stiff, sloppy = combinations(together, found)
    assert abs(stiff.weights["x"]) == pytest.approx(math.sqrt(0.5), abs=0.02)
    assert stiff.weights["x"] * stiff.weights["y"] > 0.0
    assert sloppy.std > 1.0

    def above(x):
        return float(norm.logcdf(x[0] / 0.1))

    found = quick(FLAT, above, 4)
    verdicts = [p.verdict for p in profile_all(above, found, points=9)]
    assert verdicts == ["one-sided", "not identified"]


def test_a_chain_that_drifts_is_seen_in_its_halves():
    rng = np.random.default_rng(0)
    chain = rng.normal(size=(400, 8, 2))
    chain[:, :, 1] += np.linspace(0.0, 4.0, 400)[:, None]
    found = convergence_of(chain)
    assert found.split[0] < 0.1
    assert found.split[1] > 1.0


def test_an_observation_left_out_of_a_gaussian_is_predicted_as_without_it():
    """By importance and by a calibration without the observation, for the fast variant."""
    variant = interface_variant("strong-null")
    all_ = [OBSERVATIONS[n] for n in CALIBRATED]
    whole = quick(variant.parameters, InterfaceLikelihood(variant, all_), 5, steps=300)
    by_weights = leave_one_out(InterfaceLikelihood(variant, all_), whole.thinned(1000))["life.0.0.4"]
    rest = [o for o in all_ if o.id != "life.0.0.4"]
    again = quick(variant.parameters, InterfaceLikelihood(variant, rest), 6, steps=300)
    refitted = predict(variant, again.thinned(1000), [OBSERVATIONS["life.0.0.4"]], seed=1, cells=10)["life.0.0.4"]
    assert by_weights.effective > 30.0
    # about 100 independent draws on each side of a probability near one half
    assert by_weights.score == pytest.approx(refitted.score, abs=0.5)


# -- the calibration of the paper -----------------------------------------------------------------------------------


def test_two_seeds_agree_within_the_stated_error():
    variant = interface_variant("strong-null")
    likelihood = InterfaceLikelihood(variant, [OBSERVATIONS[n] for n in CALIBRATED])
    one, two = (quick(variant.parameters, likelihood, seed, steps=300) for seed in (11, 12))
    apart = np.abs(one.quantiles()[:, 1] - two.quantiles()[:, 1])
    # five numbers, each within four standard errors: the errors come from short chains themselves
    assert np.all(apart < 4.0 * np.hypot(one.convergence.error, two.convergence.error))


def test_truths_of_simulated_observations_lie_in_their_intervals():
    quantiles = np.array([list(recovered("strong-null", seed, 100).values()) for seed in range(4)])
    outside = int(np.sum((quantiles < 0.05) | (quantiles > 0.95)))
    # 20 quantiles, one in ten outside: 7 or more happen once in four hundred
    assert outside <= 6


def test_a_short_run_finds_the_stored_posterior_again():
    model, variant = load_model(), interface_variant(DEFAULT)
    likelihood = InterfaceLikelihood(variant, [OBSERVATIONS[n] for n in model.calibrated])
    found = calibrate(variant.parameters, likelihood, seed=5, starts=2, walkers=48, steps=300, particles=250)
    for i, p in enumerate(variant.parameters):
        stored = model.parameters[p.name]
        # four standard errors, and those of a chain of one or two correlation times count double
        error = math.hypot(2.0 * float(found.convergence.error[i]), stored.median_error)
        assert abs(float(found.quantiles()[i, 1]) - stored.median) < 4.0 * error, p.name


def test_the_stored_model_says_what_it_is():
    model = load_model()
    assert model_names() == ("peng2025",)
    assert model.variant == DEFAULT
    assert model.calibrated == CALIBRATED
    assert model.predicted == HELD_OUT
    assert len(model.draws) == 300
    assert tuple(model.parameters) == tuple(p.name for p in interface_variant(DEFAULT).parameters)
    draws = np.array(model.draws)
    for i, number in enumerate(model.parameters.values()):
        assert number.low < np.median(draws[:, i]) < number.high
    with pytest.raises(InvalidInput, match="peng2024"):
        load_model("peng2024")


def test_every_held_out_observation_lies_in_its_interval_and_the_score_is_the_stored_one():
    found = calibrated_interface()
    told = predict(found.variant, found.draws, [OBSERVATIONS[n] for n in HELD_OUT], seed=2, cells=300)
    assert [n for n in HELD_OUT if not told[n].inside] == []
    error = math.sqrt(sum(p.error**2 for p in told.values()))
    assert sum(p.score for p in told.values()) == pytest.approx(load_model().score, abs=4.0 * error)


def test_the_table_of_the_proof_has_the_default_ahead_of_the_baselines():
    lines = [line for line in (PROOFS / "calibration.csv").read_text().splitlines() if not line.startswith("#")]
    rows = {row["model"]: row for row in csv.DictReader(lines)}
    assert set(rows) == set(interface_variants())
    score = {name: float(row["total_score"]) for name, row in rows.items()}
    assert all(score[DEFAULT] > score[name] for name in ("null", "strong-null", "seven"))
    assert score[DEFAULT] == pytest.approx(load_model().score, abs=0.01)
    assert has_loss_and_damage(interface_variant(DEFAULT))
    assert not has_loss_and_damage(interface_variant("strong-null"))


def test_other_laboratories_are_compared_by_what_was_read_not_recalled():
    found = calibrated_interface()
    rows = compare_elsewhere(found.variant, found.draws[:60], seed=1)
    assert {r.id for r in rows if r.read} == {"zni2", "bm-lif-laf3"}
    assert all(a.source for a in load_anodes())
    count, mean, spread = scatter([r for r in rows if r.read])
    assert count == 2
    assert math.isfinite(mean)
    assert math.isfinite(spread)
    assert math.isnan(scatter(rows[:1])[2])


def test_an_observation_needs_a_current_and_a_kind():
    with pytest.raises(InvalidInput, match="current_density"):
        InterfaceObservation("x", "life", 1e-3, 298.15, 0.0, 1.0)
    with pytest.raises(InvalidInput, match="finite first failed"):
        InterfaceObservation("x", "ccd", 1e-3, 298.15, 0.0, math.inf)


def test_a_fit_is_written_with_figures_tables_and_json(tmp_path):
    from garnetlab.report import write_fit

    fit = fit_interface(model="null", steps=50, seed=3)
    written = write_fit(fit, tmp_path)
    payload = json.loads((tmp_path / "results.json").read_text())
    assert payload["model"] == "null"
    assert {p["id"] for p in payload["predictions"] if p["role"] == "predicted"} == set(HELD_OUT)
    assert all(f.is_file() for f in written.files)
    assert {f.name for f in written.files} >= {"posterior.svg", "predictions.svg", "profiles.svg", "posterior.csv"}
    rows = list(csv.DictReader((tmp_path / "tables" / "posterior.csv").read_text().splitlines()))
    assert len(rows) == 50 * 64
    assert next(p["verdict"] for p in payload["parameters"]) in {"identified", "one-sided"}


def test_a_fit_on_critical_currents_alone_is_written(tmp_path):
    from garnetlab.report import write_fit

    path = tmp_path / "own.toml"
    path.write_text(DOCUMENT[: DOCUMENT.rindex("[[observations]]")])
    written = write_fit(fit_interface(path, model="strong-null", steps=50, seed=3), tmp_path / "fit")
    assert json.loads((tmp_path / "fit" / "results.json").read_text())["score"] is None
    assert all(f.is_file() for f in written.files)


def test_the_typical_draw_gives_about_the_medians_of_all_draws():
    found = calibrated_interface()
    rows = RowMaker(found.variant)
    for name, o in OBSERVATIONS.items():
        run = failed_step if o.kind == "ccd" else cell_life
        half = o.half_cycles[len(o.half_cycles) // 2]
        values = [run(found.variant.numbers(x), o, rows, half=half, z=0.0)[0] for x in found.draws]
        mine = run(found.numbers(), o, rows, half=half, z=0.0)[0]
        low, high = np.quantile(values, (0.1, 0.9), method="nearest")  # of 16, none among the outer tenths
        assert low <= mine <= high, name
