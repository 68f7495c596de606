"""The compiled mean field against the laws of ``physics`` and an independent solver."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from garnetlab import units
from garnetlab.library import load_material
from garnetlab.physics import creep, kinetics, particles, plating_damage, voids
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._face_model import FaceModel
from garnetlab.simulate._mean_field_run_compiled import overpotential

WARM = 298.15
HALF = 1800.0


def lithium(name):
    return float(load_material("Li").property(name, temperature=WARM)[0].value)


def face(**changes):
    given_ = {
        "initial_contact": 0.4,
        "exchange_current_density": 8.0,
        "supply": 10.0,
        "supply_activation_energy": 0.4 * units.eV,
        "damage_current": 30.0,
        "damage_exponent": 5.0,
        "damage_activation_energy": 0.2 * units.eV,
    }
    return FaceModel(**(given_ | changes))


def law(gap, model):
    function = {"linear": voids.contact_fraction_linear, "hemispheres": voids.contact_fraction_hemispheres}
    return function[model.contact_law](gap, initial=model.initial_contact, height=model.height)


def closing(gap, model, temperature):
    return creep.closure_rate(
        gap,
        height=model.height,
        pressure=model.pressure,
        temperature=temperature,
        surface_energy=model.surface_energy,
        reference_rate=lithium("creep_reference_rate"),
        reference_stress=lithium("creep_reference_stress"),
        exponent=lithium("creep_exponent"),
        activation_energy=lithium("creep_activation_energy"),
        reference_temperature=298.15,
        smallest_radius=model.smallest_radius,
    )


def opening(gap, current, model, temperature):
    theta = law(gap, model)
    supply = voids.supply_at(
        temperature, supply=model.supply, activation_energy=model.supply_activation_energy, reference=298.15
    )
    scale = theta**-model.load_sharing
    deficit = voids.stripping_deficit(
        current, contact_fraction=theta, supply=supply * scale, spread=model.spread * supply * scale
    )
    return voids.gap_growth(deficit, molar_volume=lithium("molar_volume"))


@settings(deadline=None, max_examples=40)
@given(
    share=st.floats(1e-4, 0.95),
    current=st.floats(0.05, 30.0),
    celsius=st.floats(-20.0, 100.0),
    linear=st.booleans(),
    sharing=st.sampled_from([0.0, 0.8]),
)
def test_every_law_is_that_of_physics(share, current, celsius, linear, sharing):
    model = face(contact_law="linear" if linear else "hemispheres", load_sharing=sharing)
    kelvin = units.celsius(celsius)
    p, gap = model.row(kelvin), share * model.height
    assert kernel.contact(gap, p, 0.0)[0] == pytest.approx(law(gap, model), rel=1e-12)
    assert kernel.closure(gap, p)[0] == pytest.approx(closing(gap, model, kelvin), rel=1e-9)
    assert kernel.opening(gap, current, p, 0.0)[0] == pytest.approx(opening(gap, current, model, kelvin), rel=1e-9)
    strength = plating_damage.damage_current_at(
        kelvin, damage_current=model.damage_current, activation_energy=model.damage_activation_energy, reference=298.15
    )
    rate = plating_damage.damage_rate(
        current, contact_fraction=law(gap, model), damage_current=strength, exponent=model.damage_exponent
    )
    assert kernel.damage(gap, current, p, 0.0) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("sharing", [0.0, 0.8])
@pytest.mark.parametrize("share", [1e-3, 0.02, 0.4, 0.9])
def test_the_slopes_are_those_of_the_laws(share, sharing):
    model = face(load_sharing=sharing)
    p, gap = model.row(WARM), share * model.height
    step = 1e-6 * gap  # central difference: error ~ step^2, rounding ~ 1e-10
    for function in (
        lambda w: kernel.contact(w, p, 0.0),
        lambda w: kernel.closure(w, p),
        lambda w: kernel.opening(w, 5.0, p, 0.0),
    ):
        slope = (function(gap + step)[0] - function(gap - step)[0]) / (2 * step)
        assert function(gap)[1] == pytest.approx(slope, rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(ratio=st.floats(-1e4, 1e4), symmetry=st.floats(0.2, 0.8), film=st.sampled_from([0.0, 5e-4]))
def test_the_overpotential_is_that_of_butler_volmer(ratio, symmetry, film):
    p = face(symmetry=symmetry, film_resistance=film).row(WARM)
    true = ratio * 8.0
    expected = kinetics.butler_volmer_overpotential(
        true, exchange=8.0, temperature=WARM, symmetry=symmetry, film_resistance=film
    )
    assert overpotential(0.3 * true, p, 0.3) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def independent(model, currents, *, kelvin=WARM, steps=HALF):
    """Return gap, dead gap and damage after half cycles, by an implicit solver at 1e-10."""
    y = np.zeros(3)
    p = model.row(kelvin)
    for current in currents:

        def rates(_, y, current=current):
            w, d = max(y[0], 0.0), y[1]
            back = closing(w, model, kelvin) if model.creep else 0.0
            if current > 0.0:
                g = opening(w + d, current, model, kelvin)
                return [(1 - model.irreversible) * g - back, model.irreversible * g, 0.0]
            filling = model.recovery * lithium("molar_volume") / units.F * -current * w / (w + model.smoothing)
            harm = kernel.damage(w + d, -current, p, 0.0) if current < 0.0 else 0.0
            return [-filling - back, 0.0, harm]

        scale = np.array([1e-15, 1e-15, 1e-12])
        y = solve_ivp(rates, (0.0, steps), y, method="LSODA", rtol=1e-9, atol=scale).y[:, -1]
    return y


@pytest.mark.parametrize("changes", [{}, {"contact_law": "linear"}, {"irreversible": 0.05}, {"creep": False}])
def test_half_cycles_agree_with_an_independent_solver(changes):
    model = face(**changes)
    currents = [3.0, -3.0, 3.0, -3.0, 0.0]
    p, state = model.row(WARM), np.zeros(5)
    state[kernel.METAL] = np.inf
    for current in currents:
        _, why, _, _ = kernel.advance(state, current, HALF, p, 1e-6, 0.0)
        assert why == kernel.DONE
    gap, dead, harm = independent(model, currents)
    # local error of 1e-6 of the height and of the gaps in some tens of steps
    assert state[kernel.GAP] == pytest.approx(gap, rel=1e-4, abs=1e-5 * model.height)
    assert state[kernel.DEAD_GAP] == pytest.approx(dead, rel=1e-4, abs=1e-6 * model.height)
    assert state[kernel.HARM] == pytest.approx(harm, rel=5e-3)  # Simpson's rule, refined where it bends by 5 %


def both_faces(current, cycles, p, tolerance, *, state=None):
    """Return the damage of the worse face after some cycles of a symmetric cell, every half cycle run."""
    left, right = np.zeros((2, 5)) if state is None else state
    left[kernel.METAL] = right[kernel.METAL] = np.inf
    for sign in [1.0, -1.0] * cycles:
        ends = [kernel.advance(s, d * current, HALF, p, tolerance, 0.0)[1] for s, d in ((left, sign), (right, -sign))]
        assert ends == [kernel.DONE] * 2
    return max(left[kernel.HARM], right[kernel.HARM])


def test_the_default_tolerance_keeps_the_damage_within_three_per_cent():
    for current in (2.0, 3.0, 4.0):
        p = face().row(WARM)
        assert both_faces(current, 25, p, 1e-2) == pytest.approx(both_faces(current, 25, p, 1e-6), rel=0.03)


def test_constant_contact_gives_the_life_of_the_law():
    damage = both_faces(6.0, 100, face(supply=math.inf, initial_contact=1.0).row(WARM), 1e-2)
    life = plating_damage.plating_life(6.0, contact_fraction=1.0, damage_current=30.0, exponent=5.0)
    assert damage == pytest.approx(100 * HALF / life, rel=1e-9)  # every face is plated half of the time


def test_contact_is_lost_at_the_same_time_whatever_the_tolerance():
    for current in (8.0, 12.0, 40.0):
        times = []
        for tolerance in (1e-2, 1e-3, 1e-6):
            state = np.zeros(5)
            state[kernel.METAL] = np.inf
            time, why, _, _ = kernel.advance(state, current, 1e5, face().row(WARM), tolerance, 0.0)
            assert why == kernel.CONTACT_LOST
            times.append(time)
        assert times[0] == pytest.approx(times[2], rel=0.02)  # 1 % of the gaps in each step
        assert times[1] == pytest.approx(times[2], rel=5e-3)


@settings(deadline=None, max_examples=30)
@given(current=st.floats(1e-4, 100.0), spread=st.floats(0.05, 1.0), share=st.floats(0.0, 0.9))
def test_no_more_lithium_is_lost_than_is_stripped(current, spread, share):
    model = face(spread=spread)
    lost = kernel.opening(share * model.height, current, model.row(WARM), 0.0)[0]
    assert 0.0 <= lost <= current * lithium("molar_volume") / units.F * (1.0 + 1e-9)


def test_particles_cover_and_are_lifted_as_physics_says():
    model = face(particle_fraction=0.02, particle_diameter=1e-6, particle_release=0.1, supply=math.inf)
    p, state = model.row(WARM), np.zeros(5)
    state[kernel.METAL] = np.inf
    kernel.advance(state, 2.0, 1.0, p, 1e-6, 0.0)
    volume = lithium("molar_volume")
    growth = particles.coverage_growth(2.0, coverage=0.0, volume_fraction=0.02, diameter=1e-6, molar_volume=volume)
    assert state[kernel.COVERAGE] == pytest.approx(growth, rel=1e-4)  # in one second c stays far below 1
    before = state[kernel.COVERAGE]
    kernel.advance(state, -2.0, 1.0, p, 1e-6, 0.0)
    lifted = particles.coverage_release(2.0, coverage=before, release=0.1, diameter=1e-6, molar_volume=volume)
    assert before - state[kernel.COVERAGE] == pytest.approx(lifted, rel=1e-3)


def test_gaps_close_at_rest_and_faster_under_pressure():
    left = {}
    for pressure in (0.2e6, 2e6):
        state = np.zeros(5)
        state[kernel.GAP] = 0.2e-6
        kernel.advance(state, 0.0, 3600.0, face(pressure=pressure).row(WARM), 1e-6, 0.0)
        left[pressure] = state[kernel.GAP]
    assert 0.0 <= left[2e6] < left[0.2e6] < 0.2e-6


def test_stripping_takes_and_plating_gives_the_lithium():
    p, state = face().row(WARM), np.zeros(5)
    state[kernel.METAL] = 1e5
    kernel.advance(state, 2.0, HALF, p, 1e-3, 0.0)
    kernel.advance(state, -1.0, HALF, p, 1e-3, 0.0)
    assert state[kernel.METAL] == pytest.approx(1e5 - HALF, rel=1e-12)
