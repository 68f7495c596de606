"""The bounds hold what a refined map gives, however the coarse solve ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from garnetlab import units
from garnetlab.physics.contact import refine_contact
from garnetlab.physics.interface import InterfaceSolver, interface_currents

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


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problems(), st.floats(0.05, 0.5), st.sampled_from([None, 1e-3, 0.2, 5.0]), st.booleans())
def test_bounds_of_a_sloppy_solve_hold_the_refined_solution(problem, tolerance, volts, fixed):
    """The residual is inside the bounds: what a tolerance of up to a half leaves is still certified."""
    law = {"charge_transfer_resistance": problem["local"]}
    if volts is not None:
        law = {"exchange_current_density": 0.02585 / problem["local"], "temperature": 300.0, "voltage": volts}
    _, fine = both(problem, 3, **law)
    if volts is not None and fixed:
        law = {**law, "voltage": None, "current_density": fine.mean_current_density}
        _, fine = both(problem, 3, **law)
    coarse, _ = both(problem, 1, tolerance=tolerance, **law)
    assert coarse.converged
    assert coarse.asr_low <= fine.asr_high
    assert fine.asr_low <= coarse.asr_high
    if volts is None:
        # the fine solve is a trial field of its own, good to the square of its residual: no bound lies beyond it
        assert coarse.asr_low <= fine.asr * (1 + 1e-9)
        assert fine.asr <= coarse.asr_high * (1 + 1e-9)


@pytest.mark.parametrize("share", [1 / 12, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("pixels", [12, 24])
@pytest.mark.parametrize("tolerance", [1e-8, 0.3])
def test_bounds_hold_the_exact_value_of_stripes_without_resistance(share, pixels, tolerance):
    """ln(1/sin(pi share/2))/pi of period/conductivity on a thick slab (conformal map)."""
    exact = np.log(1 / np.sin(np.pi * share / 2)) / np.pi
    contact = np.repeat((np.arange(pixels) < round(share * pixels))[None], 2, axis=0)
    found = interface_currents(
        contact, conductivity=1.0, thickness=4.0, period=1.0, charge_transfer_resistance=1e-9, tolerance=tolerance
    )
    assert found.asr_low - 4.0 < exact < found.asr_high - 4.0
    if tolerance < 0.1:
        # the square root at the rims is resolved to a pixel: the width is of order pixel over the narrower stripe, 0.24/n
        # measured at share 0.5
        assert found.asr_high - found.asr_low < 0.5 / (min(share, 1 - share) * pixels)


@pytest.mark.parametrize("held", ["voltage", "current_density"])
@pytest.mark.parametrize("value", [1e-13, 1e-6, 1e-3, 0.1, 5.0])
@pytest.mark.parametrize("symmetry", [0.5, 0.3, 0.9])
def test_bounds_of_full_contact_close_on_butler_volmer_by_hand(held, value, symmetry):
    law = {"exchange_current_density": 5.0, "temperature": 300.0, "symmetry": symmetry}
    options = {"conductivity": SIGMA, "thickness": 1e-4, "period": 4 * PIXEL, **law}
    contact = np.ones((4, 4), bool)
    found = interface_currents(contact, voltage=value, **options)
    eta = found.voltage - found.mean_current_density * 1e-4 / SIGMA
    flow = 5.0 * (np.exp((1 - symmetry) * eta / 0.0258520) - np.exp(-symmetry * eta / 0.0258520))
    if held == "current_density":
        found = interface_currents(contact, current_density=found.mean_current_density, **options)
    assert found.mean_current_density == pytest.approx(flow, rel=2e-4)  # R T/F at 300 K is rounded to 1e-6, times eta
    # nothing is left to find on a map of one kind of pixel but the residual of 1e-8, and the square root of rounding
    assert found.asr_high - found.asr_low < 1e-5 * found.asr
    assert found.asr_low <= found.asr * (1 + 1e-7)
    assert found.asr * (1 - 1e-7) <= found.asr_high


@pytest.mark.parametrize("seed", [879, 2465])
def test_bounds_hold_where_a_sloppy_warm_start_leaves_an_overpotential_above_the_voltage(seed):
    """Between such a state and the solution the kinetics are steeper than anywhere between 0 and the voltage."""
    rng = np.random.default_rng(seed)
    contact = rng.random((4, 5)) < 0.5
    contact[0, 0] = True
    exchange, volts, more = (
        10.0 ** rng.uniform(-2, 2, (4, 5)),
        10.0 ** rng.uniform(-1.5, 0.5),
        10.0 ** rng.uniform(0, 1),
    )
    law = {"exchange_current_density": exchange, "temperature": 300.0, "symmetry": rng.uniform(0.1, 0.9)}

    def solver():
        return InterfaceSolver((4, 5), conductivity=SIGMA, thickness=1e-4, period=1e-4)

    warm = solver()
    warm.butler_volmer(contact, voltage=volts * more, tolerance=0.4, **law)
    sloppy = warm.butler_volmer(contact, voltage=volts, tolerance=0.4, bounds=True, **law)
    assert sloppy.converged
    assert np.max(sloppy.overpotential) > 1.3 * volts  # else the case would show nothing
    exact = solver().butler_volmer(contact, voltage=volts, tolerance=1e-10, bounds=True, **law)
    assert sloppy.asr_low <= exact.asr_high
    assert exact.asr_low <= sloppy.asr_high


ONE = np.ones((1, 1), bool)
PLATE = {"conductivity": 0.05, "thickness": 1e-4, "period": 1e-4}


@pytest.mark.parametrize("before", [1e-13, 1e-8, 1.0])
def test_two_linear_faces_forget_a_start_that_is_far_larger(before):
    """The rounding of the start would be a current through one face alone."""
    solver = InterfaceSolver((1, 1), patchy_faces=2, **PLATE)
    for resistance in (before, 1e3):
        found = solver.linear(
            ONE,
            second_contact=ONE,
            charge_transfer_resistance=resistance,
            second_charge_transfer_resistance=3 * resistance,
            bounds=True,
        )
    exact = 4e3 + 2e-3
    assert found.asr == pytest.approx(exact, rel=1e-12)
    assert found.asr_low <= exact <= found.asr_high
    assert found.asr_high - found.asr_low < 1e-11 * exact


@pytest.mark.parametrize(("before", "volts"), [(5.0, 1e-2), (3.0, 1e-6), (10.0, 1e-4), (4.0, 1e-9)])
@pytest.mark.parametrize("faces", [1, 2])
def test_butler_volmer_faces_forget_a_start_that_is_far_larger(before, volts, faces):
    solver = InterfaceSolver((1, 1), patchy_faces=faces, **PLATE)
    law = {"exchange_current_density": 1e-4, "temperature": 298.15}
    if faces == 2:
        law |= {"second_contact": ONE, "second_exchange_current_density": 1e-6}
    solver.butler_volmer(ONE, voltage=before, **law)
    found = solver.butler_volmer(ONE, voltage=volts, bounds=True, **law)
    flow, thermal = found.mean_current_density, units.R * 298.15 / units.F
    eta = sum(2 * thermal * np.arcsinh(flow / 2 / exchange) for exchange in (1e-4, 1e-6)[:faces])
    # the residual of 1e-8 moves the current by as much at most
    assert eta + flow * 2e-3 == pytest.approx(volts, rel=1e-8)

    def misfit(current):
        return sum(2 * thermal * np.arcsinh(current / 2 / i) for i in (1e-4, 1e-6)[:faces]) + current * 2e-3 - volts

    exact = volts / brentq(misfit, 0.0, volts / 2e-3, xtol=1e-300, rtol=1e-15)
    assert found.asr_low <= exact <= found.asr_high


@pytest.mark.parametrize(("exchange", "volts"), [(1e-10, 5.0), (1e-8, 5.0), (1e-10, 4.0)])
def test_weak_kinetics_behind_films_have_bounds_in_order(exchange, volts):
    """Film times exchange current is 1e-12 of R T/F or less, which must not be rounded away."""
    films = np.array([1e-3, 1.4e-3]), np.array([3e-4, 3.9e-4])
    contact, thermal = np.ones((1, 2), bool), units.R * 298.15 / units.F
    found = interface_currents(
        contact,
        second_contact=contact,
        conductivity=1e6,
        thickness=1e-4,
        period=1e-4,
        exchange_current_density=exchange,
        temperature=298.15,
        film_resistance=films[0][None],
        second_film_resistance=films[1][None],
        voltage=volts,
    )

    def through(eta, film):
        def misfit(current, ohm):
            return 2 * thermal * np.arcsinh(current / 2 / exchange) + current * ohm - eta

        return np.mean([brentq(misfit, 0.0, eta / ohm, args=(ohm,), xtol=1e-300, rtol=1e-15) for ohm in film])

    first = brentq(lambda eta: through(eta, films[0]) - through(volts - eta, films[1]), 1e-9, volts - 1e-9, rtol=1e-14)
    exact = volts / through(first, films[0])  # slab without resistance, which is 1e-10 ohm m^2 of 3e-3
    assert found.asr_low <= exact * (1 + 1e-6)
    assert exact <= found.asr_high
    assert found.asr_high - found.asr_low < 1e-3 * exact
    assert np.mean(found.current_density) == pytest.approx(np.mean(found.second_current_density), rel=1e-12)


@pytest.mark.parametrize("faces", [1, 2])
@pytest.mark.parametrize("volts", [1e-16, 1e-20])
def test_a_voltage_far_below_the_last_is_solved_afresh(faces, volts):
    half = np.array([[True, False]])
    law = {"exchange_current_density": 1.0, "temperature": 298.15} | ({"second_contact": half} if faces == 2 else {})
    solver = InterfaceSolver((1, 2), patchy_faces=faces, **PLATE)
    solver.butler_volmer(half, voltage=5.0, **law)
    found = solver.butler_volmer(half, voltage=volts, bounds=True, **law)
    solver.forget()
    assert found.asr == pytest.approx(solver.butler_volmer(half, voltage=volts, **law).asr, rel=1e-7)
    assert found.asr_low <= found.asr <= found.asr_high < 1.2 * found.asr


@pytest.mark.parametrize("tolerance", [0.5, 0.1, 1e-8])
def test_an_unfinished_value_lies_in_its_own_bounds_and_above_the_slab(tolerance):
    one, three = np.array([[1, 0], [0, 0]], bool), np.array([[1, 1], [1, 0]], bool)
    solver = InterfaceSolver((2, 2), **PLATE)
    solver.linear(one, charge_transfer_resistance=1e-5)
    found = solver.linear(three, charge_transfer_resistance=1e-4, tolerance=tolerance, bounds=True)
    assert found.slab <= found.asr_low <= found.asr <= found.asr_high
    rng = np.random.default_rng(3)
    for _ in range(20):
        exchange = 10.0 ** rng.uniform(-4, 2, (2, 2))
        law = {"exchange_current_density": exchange, "temperature": 298.15, "tolerance": tolerance}
        solver.butler_volmer(one | (rng.random((2, 2)) < 0.5), current_density=10.0 ** rng.uniform(-3, 2), **law)
        found = solver.butler_volmer(three, current_density=10.0 ** rng.uniform(-3, 2), bounds=True, **law)
        if found.converged:
            assert found.voltage > 0
            assert found.slab <= found.asr_low <= found.asr <= found.asr_high
