"""The bounds hold what a refined map gives, however the coarse solve ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garnetlab.physics.contact import refine_contact
from garnetlab.physics.interface import interface_currents

PIXEL, SIGMA = 1e-5, 0.05
UNIT = PIXEL / SIGMA


@st.composite
def problems(draw):
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    fraction = draw(st.floats(0.02, 1.0))

    def contact():
        found = rng.random(shape) < fraction
        found.flat[rng.integers(found.size)] = True
        return found

    local = UNIT * 10.0 ** (draw(st.floats(-3, 3)) + rng.uniform(-1, 1, shape) * draw(st.floats(0, 3)))
    period = shape[1] * PIXEL
    return {
        "contact": contact(),
        "second": contact() if draw(st.booleans()) else None,
        "local": local,
        "thickness": period * 10.0 ** draw(st.floats(-2, 2)),
        "period": period,
        "mirror": draw(st.booleans()),
    }


def both(problem, factor, **kinetics):
    """Return the solution on the map and on the map with every pixel cut ``factor`` times each way."""
    out = []
    for n in (1, factor):
        maps = {key: refine_contact(problem[key], n) for key in ("contact", "second") if problem[key] is not None}
        fields = {k: np.kron(v, np.ones((n, n))) if np.ndim(v) == 2 else v for k, v in kinetics.items()}
        out.append(
            interface_currents(
                maps["contact"],
                second_contact=maps.get("second"),
                conductivity=SIGMA,
                thickness=problem["thickness"],
                period=problem["period"],
                mirror=problem["mirror"],
                **fields,
            )
        )
    return out


def check(coarse, fine):
    assert coarse.asr_low <= coarse.asr * (1 + 1e-7)
    assert coarse.asr * (1 - 1e-7) <= coarse.asr_high  # asr is that of the solve, its residual of 1e-8 is in the bounds
    # the true value lies in both intervals
    assert coarse.asr_low <= fine.asr_high
    assert fine.asr_low <= coarse.asr_high


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_linear_bounds_hold_the_refined_solution(problem):
    coarse, fine = both(problem, 4, charge_transfer_resistance=problem["local"])
    check(coarse, fine)
    # both fields of the coarse map can be had on the fine one, so the bounds can only close
    assert fine.asr_high <= coarse.asr_high * (1 + 1e-7)
    assert fine.asr <= coarse.asr_high


@settings(max_examples=20, deadline=None, derandomize=True)
@given(problems(), st.floats(-3, 0.7), st.floats(0.15, 0.85), st.booleans(), st.sampled_from([0.0, 1.0, 100.0]))
def test_butler_volmer_bounds_hold_the_refined_solution(problem, volts, symmetry, fixed, film):
    law = {
        "exchange_current_density": 0.02585 / problem["local"],
        "temperature": 300.0,
        "symmetry": symmetry,
        "film_resistance": film * UNIT,
    }
    coarse, fine = both(problem, 3, voltage=10.0**volts, **law)
    check(coarse, fine)
    if fixed:
        check(*both(problem, 3, current_density=coarse.mean_current_density, **law))


@pytest.mark.parametrize(
    "kinetics",
    [{"charge_transfer_resistance": UNIT}, {"exchange_current_density": 5.0, "temperature": 300.0, "voltage": 0.2}],
)
def test_a_sloppy_solve_widens_the_bounds_and_never_leaves_them(kinetics):
    contact = np.random.default_rng(1).random((16, 16)) < 0.3
    options = {"conductivity": SIGMA, "thickness": 1e-4, "period": 16 * PIXEL, **kinetics}
    exact = interface_currents(contact, tolerance=1e-10, **options)
    for tolerance in (0.3, 0.03):
        sloppy = interface_currents(contact, tolerance=tolerance, **options)
        assert sloppy.asr_low <= exact.asr_high
        assert exact.asr_low <= sloppy.asr_high
        if exact.linear:  # with Butler-Volmer the width depends on the state found as well
            assert sloppy.asr_high - sloppy.asr_low > 0.999 * (exact.asr_high - exact.asr_low)


def test_the_bounds_close_with_the_square_of_the_pixel_where_kinetics_smooth_the_current():
    contact = np.random.default_rng(2).random((8, 8)) < 0.4
    options = {"conductivity": SIGMA, "thickness": 1e-4, "period": 8 * PIXEL}
    for kinetics in (
        {"charge_transfer_resistance": 8 * UNIT},
        {"exchange_current_density": 12.0, "temperature": 300.0, "voltage": 0.05},
    ):
        widths = []
        for n in (2, 4, 8):
            found = interface_currents(refine_contact(contact, n), **options, **kinetics)
            widths.append(found.asr_high - found.asr_low)
        # a factor of four per halving, less what the logarithm at edges takes
        assert widths[0] / widths[1] > 3.2
        assert widths[1] / widths[2] > 3.2


def test_strong_kinetics_have_finite_bounds():
    contact = np.random.default_rng(2).random((8, 8)) < 0.4
    options = {
        "conductivity": SIGMA,
        "thickness": 1e-4,
        "period": 8 * PIXEL,
        "exchange_current_density": 1.0,
        "temperature": 300.0,
    }
    for held in ({"voltage": 20.0}, {"current_density": 1e4}):
        found = interface_currents(contact, **options, **held)
        assert 0 < found.asr_low <= found.asr <= found.asr_high < 1.5 * found.asr
