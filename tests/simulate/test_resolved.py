"""The resolved contact model: its limits, its kernels against plain forms, conservation, order, jumps, refinement."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics.contact import coarsen_contact, random_contact
from garnetlab.physics.creep import closure_rate
from garnetlab.physics.interface import InterfaceSolver
from garnetlab.physics.plating_damage import damage_rate
from garnetlab.physics.voids import contact_fraction_hemispheres, plating_recovery, stripping_deficit
from garnetlab.simulate import _resolved_compiled as compiled
from garnetlab.simulate import _resolved_currents as maps
from garnetlab.simulate._resolved_face import FaceRun, heat_symbol, make_symbols, slab_rules
from garnetlab.simulate.population import simulate_population
from garnetlab.simulate.resolved import (
    ContactMechanisms,
    CreepClosure,
    Ending,
    ResolvedParameters,
    quenched_supply,
    simulate_resolved,
)

HOUR, UM, MM = 3600.0, 1e-6, 1e-3
PERIOD, SIGMA = 300 * UM, 0.05
GROWTH = 12.97e-6 / units.F
LITHIUM = CreepClosure(
    pressure=0.2e6,
    surface_energy=0.46,
    reference_rate=1e-3,
    reference_stress=0.75e6,
    exponent=6.6,
    activation_energy=37e3,
    reference_temperature=298.15,
)
MECHANISMS = ContactMechanisms(
    height=2 * UM, charge_transfer_resistance=30e-4, irreversible=0.02, recovery=0.6, closure=0.4 / HOUR
)
PARAMETERS = ResolvedParameters(
    MECHANISMS,
    period=PERIOD,
    thickness=1 * MM,
    conductivity=SIGMA,
    smear_length=25 * UM,
    recovery_length=10 * UM,
)


def spots(pixels: int, fraction: float = 0.17) -> np.ndarray:
    return random_contact((pixels, pixels), fraction=fraction, period=PERIOD, correlation_length=12 * UM, rng=1)


def supply_on(contact: np.ndarray) -> np.ndarray:
    given = {"supply": 10.0, "relative_spread": 0.25, "period": PERIOD, "correlation_length": 40 * UM, "rng": 2}
    return quenched_supply(contact, **given)


def run(pixels=24, parameters=PARAMETERS, current_density=2.0, cycles=4500, **options):
    contact = spots(pixels)
    given = {"parameters": parameters, "supply": supply_on(contact), "half_cycle": 1800.0, "cycles": cycles}
    return simulate_resolved(contact, **given, current_density=current_density, **options)


def with_mechanisms(**changes) -> ResolvedParameters:
    return replace(PARAMETERS, mechanisms=replace(MECHANISMS, **changes))


def face(parameters: ResolvedParameters, pixels: int = 24, tolerance: float = 1e-10) -> FaceRun:
    """Return a face whose gaps differ from pixel to pixel; compiled maps of contact and currents are filled."""
    contact = np.asarray(coarsen_contact(spots(3 * pixels), shape=(pixels, pixels)))
    symbols = make_symbols(parameters, contact.shape)
    rules = slab_rules(parameters, symbols, tolerance=tolerance)
    made = FaceRun(contact, supply_on(contact), rules, symbols, parameters.mechanisms)
    made.state[0] = np.random.default_rng(3).uniform(0.0, 1.2 * UM, contact.shape)
    made.state[1] = np.random.default_rng(4).uniform(0.0, 0.4 * UM, contact.shape)
    return made


def currents_of(made: FaceRun, j: float, drive: float = 0.5) -> tuple[np.ndarray, float, float]:
    """Return the local currents of the compiled kernel, the potential of the face and the contact fraction."""
    state, work = made._face, made._work
    theta = maps.touching(state.gap, state.dead, state.contact, made.rules, work.chi)
    voltage, _, good = maps.currents(theta, j, drive, made.rules, state.slab, work)
    assert good
    return work.current, voltage, theta


# limits ---------------------------------------------------------------------------------------------------------------
def mean_field(theta0: float, j: float, supply: float, spread: float, halves: int) -> list[float]:
    """Return the contact fraction of the left face after every half cycle from the mean-field equations, by scipy."""
    m = MECHANISMS

    def rate(strips: bool):
        def change(_: float, y: np.ndarray) -> np.ndarray:
            w, d = y
            theta = theta0 * (1.0 - (w + d) / m.height)
            if strips:
                reached = np.logaddexp(0.0, (j / theta - supply) / spread) - np.logaddexp(0.0, -supply / spread)
                lost = GROWTH * theta * spread * reached
                return np.array([(1.0 - m.irreversible) * lost - m.closure * w, m.irreversible * lost])
            return np.array([-m.recovery * GROWTH * j * w / (w + m.smoothing) - m.closure * w, 0.0])

        return change

    y, found = np.zeros(2), []
    for half in range(halves):
        y = solve_ivp(rate(half % 2 == 0), (0.0, 1800.0), y, method="LSODA", rtol=1e-10, atol=1e-16).y[:, -1]
        found.append(theta0 * (1.0 - y.sum() / m.height))
    return found


def test_mean_field_is_the_limit_of_long_smearing_and_equal_sharing_over_six_half_cycles():
    contact = spots(64)
    theta0, j, spread = float(contact.mean()), 2.5, 0.25
    supply = quenched_supply(
        contact, supply=10.0, relative_spread=spread, period=PERIOD, correlation_length=40 * UM, rng=5
    )
    even = replace(PARAMETERS, conductivity=math.inf, smear_length=math.inf, recovery_length=math.inf)
    given = {"parameters": even, "supply": supply, "current_density": j, "half_cycle": 1800.0}
    found = simulate_resolved(contact, **given, cycles=3, steps=40)
    exact = mean_field(theta0, j, 10.0, spread * 10.0, 6)
    assert min(exact) < 0.9 * theta0  # contact is lost, or there would be nothing to compare
    assert np.abs(found.left - exact).max() < 1e-4


def test_the_real_slab_at_30_ohm_cm2_moves_the_mean_field_limit_by_less_than_1_percent():
    contact = spots(32)
    long = replace(PARAMETERS, smear_length=math.inf, recovery_length=math.inf)
    given = {"supply": supply_on(contact), "current_density": 2.5, "half_cycle": 1800.0, "cycles": 3}
    solved = simulate_resolved(contact, parameters=long, **given)
    even = simulate_resolved(contact, parameters=replace(long, conductivity=math.inf), **given)
    # currents differ by a few percent from pixel to pixel, and their excess over the supply only in its curvature
    assert 0.0 < np.abs(solved.left / even.left - 1.0).max() < 0.01


def test_a_run_without_smearing_and_with_equal_sharing_is_the_population_of_its_supplies():
    contact, levels = spots(16, fraction=0.25), np.array([5.0, 8.0, 10.0, 14.0])
    supply = np.zeros(contact.shape)
    supply[contact] = np.resize(levels, int(contact.sum()))  # 64 pixels, 16 of each
    local = replace(PARAMETERS, conductivity=math.inf, smear_length=0.0, recovery_length=0.0)
    given = {"current_density": 3.0, "half_cycle": 1800.0, "cycles": 5}
    resolved = simulate_resolved(contact, parameters=local, supply=supply, **given)
    bundle = simulate_population(mechanisms=MECHANISMS, contact_fraction=0.25, supply=levels, **given)
    assert bundle.left.min() < 0.24
    assert resolved.left == pytest.approx(bundle.left, rel=1e-12)  # sums of 64 and of 4 terms round differently
    assert resolved.voltage == pytest.approx(bundle.voltage, rel=1e-12)


# kernels against plain forms --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("drive", [None, 0.5, 0.3])
def test_compiled_currents_are_those_of_the_interface_solver(drive: float | None):
    changes = {} if drive is None else {"charge_transfer_resistance": None, "exchange_current_density": 8.56}
    made = face(with_mechanisms(**changes))
    current, voltage, _ = currents_of(made, 20.0, drive or 0.5)
    solver = InterfaceSolver(made.contact.shape, conductivity=SIGMA, thickness=1 * MM, period=PERIOD)
    options = {"current_density": 20.0, "tolerance": 1e-12}
    if drive is None:
        exact = solver.linear(made.contact, charge_transfer_resistance=30e-4, **options)
    else:
        options |= {"temperature": 298.15, "symmetry": 1.0 - drive}
        exact = solver.butler_volmer(made.contact, exchange_current_density=8.56, **options)
    # solved to 1e-10; the second is the whole cell, with the slab
    assert np.abs(current - exact.current_density).max() < 1e-8 * current.max()
    assert voltage + 20.0 * 1 * MM / SIGMA == pytest.approx(exact.voltage, rel=1e-9)


def test_currents_of_a_low_resistance_and_a_strong_current_converge():
    made = face(with_mechanisms(charge_transfer_resistance=None, exchange_current_density=850.0))
    current, _, _ = currents_of(made, 500.0)
    assert current.mean() == pytest.approx(500.0, rel=1e-12)
    assert current.max() / (current.sum() / (made.contact > 0).sum()) > 2.0  # crowded


def test_exponentials_are_those_of_numpy():
    x = np.concatenate((np.linspace(-300.0, 300.0, 10001), [-1e4, 1e4, 0.0]))
    found, space = np.empty_like(x), np.empty_like(x)
    maps.exponentials(x, 1.3, found, space)
    exact = np.exp(np.clip(1.3 * x, -600.0, 600.0))
    assert np.abs(found / exact - 1.0).max() < 4e-16
    assert found[-1] == 1.0


@pytest.mark.parametrize(("condensation", "sharing"), [(0.0, 0.0), (3.0, 0.8)])
def test_stripping_takes_the_excess_over_the_supply_and_spreads_it(condensation: float, sharing: float):
    made = face(replace(PARAMETERS, mechanisms=replace(MECHANISMS, load_sharing=sharing), condensation=condensation))
    current, _, theta = currents_of(made, 4.0)
    rate = np.empty_like(current)
    compiled.stripped(made._face, theta, made.rules, made._work, rate)
    excess = np.maximum(current - made.contact * made._face.supply * theta**-sharing, 0.0)
    kernel = np.fft.ifft2(_whole(heat_symbol(current.shape, 25 * UM / (PERIOD / 24)), 24)).real

    def spread(field: np.ndarray) -> np.ndarray:  # a sum over pixels, without transforms
        return sum(kernel[y, x] * np.roll(field, (y, x), axis=(0, 1)) for y in range(24) for x in range(24))

    pull = 1.0 + condensation * (1.0 - made.contact)
    assert rate == pytest.approx(GROWTH * pull * spread(excess / spread(pull)), rel=1e-9)
    assert rate.mean() == pytest.approx(GROWTH * excess.mean(), rel=1e-13)
    assert rate.min() > 0.0


def _whole(half: np.ndarray, columns: int) -> np.ndarray:
    """Return the symbol over all wave numbers along x."""
    tail = half[:, 1 : (columns + 1) // 2]
    return np.concatenate((half, np.concatenate((tail[:1], tail[:0:-1]))[:, ::-1]), axis=1)


def test_the_kernel_of_vacancies_is_a_distribution_with_the_variance_of_its_length():
    symbol = heat_symbol((64, 64), 3.0)
    kernel = np.fft.irfft2(symbol)
    distance = np.minimum(np.arange(64), 64 - np.arange(64))
    assert kernel.min() > -1e-16  # rounding
    assert kernel.sum() == pytest.approx(1.0, rel=1e-14)
    assert (kernel.sum(axis=0) * distance**2).sum() == pytest.approx(9.0, rel=1e-12)
    assert np.fft.irfft2(heat_symbol((16, 16), 0.3)).min() > -1e-16  # a sampled Gaussian would ring


def test_closure_by_creep_is_the_law_of_physics():
    made = face(with_mechanisms(closure=0.0, creep=LITHIUM, temperature=313.15, contact_law="hemispheres"))
    made.state[0, 0, 0] = 0.0
    made.state[0, 0, 1] = 1e-12
    rate = np.empty(made.contact.shape)
    compiled.closing(made._face, made.state[0], made.rules, made._work, rate)
    exact = closure_rate(
        made.state[0],
        height=2 * UM,
        temperature=313.15,
        **{name: getattr(LITHIUM, name) for name in LITHIUM.__dataclass_fields__},
    )
    assert rate * made.state[0] == pytest.approx(exact, rel=1e-12)


def test_closure_slows_where_contact_around_is_lost():
    made = face(replace(PARAMETERS, closure_slowing=2.0, void_length=30 * UM))
    currents_of(made, 1.0)
    rate = np.empty(made.contact.shape)
    compiled.closing(made._face, made.state[0], made.rules, made._work, rate)

    def around(field: np.ndarray) -> np.ndarray:
        return np.fft.irfft2(np.fft.rfft2(field) * heat_symbol(field.shape, 30 * UM / (PERIOD / 24)), s=field.shape)

    initial = made._face.contact
    share = around(made.contact) / around(initial)
    assert rate == pytest.approx(0.4 / HOUR * share**2, rel=1e-9)


def test_plating_fills_gaps_and_damages_as_the_laws_of_physics():
    made = face(replace(PARAMETERS, mechanisms=replace(MECHANISMS, damage_current=60.0), recovery_length=0.0))
    current, _, theta = currents_of(made, 4.0)
    compiled.rates(-1, 4.0, theta, made.state[0], made._face, made.rules, made._work, False)
    filled = (made._work.closing - MECHANISMS.closure) * made.state[0]
    given = {"recovery": 0.6, "gap": made.state[0], "smoothing": MECHANISMS.smoothing, "molar_volume": 12.97e-6}
    assert filled == pytest.approx(plating_recovery(np.asarray(current), **given), rel=1e-9, abs=1e-25)
    on = made.contact > 0
    exact = damage_rate(current[on], contact_fraction=made.contact[on], damage_current=60.0, exponent=4.0)
    assert made._work.harm[on] == pytest.approx(exact, rel=1e-9)


def test_local_contact_of_hemispheres_is_that_of_physics():
    made = face(with_mechanisms(contact_law="hemispheres"))
    currents_of(made, 1.0)
    part = contact_fraction_hemispheres(made.state[0] + made.state[1], initial=1.0, height=2 * UM)
    assert made._work.chi == pytest.approx(made._face.contact * part, rel=1e-13)
    assert made.contact == pytest.approx(made._work.chi, rel=1e-13)


def test_quenched_supplies_average_to_the_deficit_of_a_logistic_distribution():
    contact = spots(64)
    supply = quenched_supply(
        contact, supply=10.0, relative_spread=0.25, period=PERIOD, correlation_length=40 * UM, rng=5
    )[contact]
    exact = stripping_deficit(2.0, contact_fraction=0.17, supply=10.0, spread=2.5) / 0.17
    # means between 696 quantiles: the excess is kept but for the curvature inside one, 1e-5
    assert np.maximum(2.0 / 0.17 - np.maximum(supply, 0.0), 0.0).mean() == pytest.approx(exact, rel=1e-5)


# conservation and order -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kinetics", ["linear", "butler-volmer"])
def test_without_supply_all_lithium_stripped_is_found_in_gaps_to_rounding(kinetics: str):
    changes = {"closure": 0.0, "height": 50 * UM, "irreversible": 0.3}
    if kinetics != "linear":
        changes |= {"charge_transfer_resistance": None, "exchange_current_density": 8.56}
    found = simulate_resolved(
        spots(24), parameters=with_mechanisms(**changes), supply=0.0, current_density=2.0, half_cycle=1800.0, cycles=0.5
    )
    # currents carry their mean to rounding, whatever the tolerance of the solve
    assert (found.left_state.gap + found.left_state.dead).mean() == pytest.approx(GROWTH * 2.0 * 1800.0, rel=1e-12)
    assert found.left_state.dead.mean() == pytest.approx(0.3 * GROWTH * 2.0 * 1800.0, rel=1e-12)
    assert found.right_state.gap.max() == 0.0


def test_steps_are_of_second_order():
    """Gap on both faces after a cycle, against 640 steps, whose own error is 1/256 of that of 40."""

    def gap(steps: int) -> np.ndarray:
        found = run(16, cycles=1, steps=steps, solver_tolerance=1e-11, current_density=3.0)
        return np.stack((found.left_state.gap, found.right_state.gap))

    exact = gap(640)
    errors = [np.abs(gap(steps) - exact).max() for steps in (20, 40, 80)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all((orders > 1.7) & (orders < 2.4))  # 2 but for the next order; the smoothing of plating bends it


# jumps ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "current"),
    [
        ({"irreversible": 0.01}, 2.0),
        ({"irreversible": 0.02, "charge_transfer_resistance": None, "exchange_current_density": 8.56}, 2.0),
        ({"irreversible": 0.01, "damage_current": 45.0}, 1.5),
    ],
)
def test_lives_with_jumps_are_those_of_the_full_run_within_half_a_percent(changes: dict, current: float):
    parameters = with_mechanisms(**changes)
    full = run(parameters=parameters, current_density=current, jump=False)
    jumped = run(parameters=parameters, current_density=current)
    assert full.ending.failed
    assert jumped.ending is full.ending
    assert jumped.life == pytest.approx(full.life, rel=5e-3)
    assert jumped.cycles < 0.5 * full.cycles


def test_a_state_that_repeats_ends_the_run_and_is_that_of_the_full_run():
    parameters = with_mechanisms(irreversible=0.0)
    jumped = run(parameters=parameters, current_density=1.5)
    full = run(parameters=parameters, current_density=1.5, cycles=200, jump=False)
    assert jumped.ending is Ending.PERIODIC
    assert jumped.life is None
    assert jumped.left[-1] == pytest.approx(full.left[-1], rel=1e-5)
    assert full.ending is Ending.COMPLETED
    assert full.cycles == 200


def test_damage_in_a_state_that_repeats_is_carried_to_its_end():
    parameters = with_mechanisms(irreversible=0.0, damage_current=45.0)
    full, jumped = (run(parameters=parameters, current_density=1.5, jump=jump) for jump in (False, True))
    assert full.ending is jumped.ending is Ending.SHORT
    assert jumped.life == pytest.approx(full.life, rel=1e-3)
    assert jumped.cycles < 60 < full.cycles


def test_a_run_goes_on_from_the_states_of_another():
    given = {"jump": False, "solver_tolerance": 1e-9}
    whole, first = run(16, cycles=6, **given), run(16, cycles=2, **given)
    second = run(16, cycles=4, start=(first.left_state, first.right_state), **given)
    # each run starts its solves anew: equal within the tolerance of the currents
    assert second.left_state.gap == pytest.approx(whole.left_state.gap, rel=1e-7, abs=1e-7 * UM)
    assert second.left == pytest.approx(whole.left[4:], rel=1e-8)


def test_a_life_does_not_depend_on_the_tolerance_of_the_currents():
    parameters = with_mechanisms(charge_transfer_resistance=None, exchange_current_density=850.0, damage_current=60.0)
    loose, tight = (run(parameters=parameters, solver_tolerance=tolerance) for tolerance in (1e-4, 1e-7))
    assert loose.ending is tight.ending is Ending.SHORT
    assert loose.life == pytest.approx(tight.life, rel=1e-4)  # damage goes with the fourth power of the current


# endings --------------------------------------------------------------------------------------------------------------
def test_damage_without_loss_of_contact_shorts_at_the_time_of_its_law():
    even = replace(with_mechanisms(damage_current=20.0), conductivity=math.inf)
    contact = spots(16, fraction=0.25)
    found = simulate_resolved(
        contact, parameters=even, supply=1e3, current_density=2.0, half_cycle=1800.0, cycles=100, rest=600.0
    )
    # i = 8 A/m^2: 0.4^4 = 0.0256 an hour; 39.0625 h of plating are 78 half hours and 225 s: the right face, plated first,
    # has done 78 cycles with their two rests each by then
    assert found.ending is Ending.SHORT
    assert found.life == pytest.approx(78 * 2 * 2400.0 + 225.0, abs=1e-3)


def test_the_norm_of_damage_lies_between_its_mean_and_its_worst_pixel():
    damage, contact = np.array([[0.2, 0.4, 5.0]]), np.array([[1.0, 0.5, 0.0]])
    assert compiled.worst(damage[:, :2].copy(), contact[:, :2].copy(), math.inf) == 0.4
    assert compiled.worst(damage, contact, 1.0) == pytest.approx(0.4 / 1.5)  # no weight where there was no contact
    made = face(with_mechanisms(damage_norm=4.0))
    assert made.norm(made.state[0]) == pytest.approx(compiled.worst(made.state[0], made._face.contact, 4.0), rel=1e-12)
    assert compiled.worst(damage, contact, 4.0) == pytest.approx(((0.0016 + 0.5 * 0.0256) / 1.5) ** 0.25)


def test_a_filament_starts_where_the_overpotential_after_reversal_is_critical():
    first = run(16, cycles=1, jump=False, parameters=with_mechanisms(critical_overpotential=10.0))
    # stripped to its end, then plated: the deepest pixel is above the mean overpotential i R
    mean = 2.0 / first.left[0] * 30e-4
    found = run(16, cycles=1, jump=False, parameters=with_mechanisms(critical_overpotential=mean))
    assert found.ending is Ending.FILAMENT
    assert found.life == 1800.0
    assert run(16, cycles=1, parameters=with_mechanisms(critical_overpotential=1.3 * mean)).ending is Ending.COMPLETED


def test_contact_is_lost_on_the_stripped_face_and_the_voltage_grows():
    found = run(current_density=4.0, cycles=200)
    assert found.ending is Ending.CONTACT_LOST
    assert min(found.left[-1], found.right[-1]) <= 0.1 * spots(24).mean()
    assert abs(found.voltage[-1]) > 2.0 * abs(found.voltage[0])
    assert np.all(np.sign(found.voltage[:4]) == [1, -1, 1, -1])


# refinement -----------------------------------------------------------------------------------------------------------
def test_contact_and_life_converge_under_refinement():
    """Fields of 128 x 128, and averaged to 64: l_v is 10.7 and 5.3 pixels. The script proofs/resolved_refinement.py goes on."""
    fine = spots(128)
    supply = supply_on(fine)
    lives, contacts = [], []
    for pixels in (64, 128):
        contact = coarsen_contact(fine, shape=(pixels, pixels))
        weighted = _mean_over_pixels(supply * fine, pixels)
        levels = np.where(contact > 0, weighted / np.where(contact > 0, contact, 1.0), 10.0)
        given = {"parameters": PARAMETERS, "supply": levels, "current_density": 2.5, "half_cycle": 1800.0}
        found = simulate_resolved(contact, **given, cycles=1000)
        lives.append(found.life)
        contacts.append(found.left[:12])
    assert lives[0] == pytest.approx(lives[1], rel=0.01)
    assert np.abs(contacts[0] / contacts[1] - 1.0).max() < 2e-3


def _mean_over_pixels(field: np.ndarray, pixels: int) -> np.ndarray:
    side = len(field) // pixels
    return field.reshape(pixels, side, pixels, side).mean(axis=(1, 3))


# input ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cycles": 0.3}, "cycles = 0.3: expected a multiple of one half"),
        ({"cycles": 0}, "cycles = 0"),
        ({"current_density": -1.0}, "current_density = -1.0: expected a finite number > 0"),
        ({"rest": -1.0}, "rest = -1.0"),
        ({"inner_cycles": 3}, "inner_cycles = 3: expected a whole number of at least 4"),
        ({"jump_tolerance": 0.0}, "jump_tolerance = 0.0"),
        ({"steps": 2.5}, "steps = 2.5"),
        ({"second_contact": np.ones((3, 3))}, "second_contact = array of shape"),
        ({"second_supply": np.ones((3, 3))}, "second_supply = array of shape"),
        ({"start": ()}, "start = 0 states: expected two"),
    ],
)
def test_bad_arguments_of_a_run_are_refused(change: dict, says: str):
    given = {"current_density": 2.0, "cycles": 1} | change
    with pytest.raises(InvalidInput, match=says):
        run(16, **given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exchange_current_density": 1.0}, "expected exactly one, for linear or for Butler-Volmer"),
        ({"creep": LITHIUM}, "expected one law of closure"),
        ({"contact_law": "cubes"}, "contact_law = 'cubes'"),
        ({"irreversible": 1.5}, "irreversible = 1.5"),
        ({"height": 0.0}, "height = 0.0"),
        ({"damage_norm": 0.5}, "damage_norm = 0.5"),
        ({"damage_current": 0.0}, "damage_current = 0.0"),
    ],
)
def test_bad_mechanisms_are_refused(change: dict, says: str):
    with pytest.raises(InvalidInput, match=says):
        with_mechanisms(**change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"thickness": 100 * UM}, "Take a smaller map"),
        ({"conductivity": 0.0}, "conductivity = 0.0"),
        ({"smear_length": -1.0}, "smear_length = -1.0"),
        ({"closure_slowing": 1.0}, "void_length = 0"),
    ],
)
def test_bad_lengths_and_slabs_are_refused(change: dict, says: str):
    with pytest.raises(InvalidInput, match=says):
        replace(PARAMETERS, **change)


def test_gaps_shorter_than_two_pixels_are_warned_of():
    found = run(16, cycles=0.5, parameters=replace(PARAMETERS, smear_length=20 * UM))
    assert "less than two pixels" in found.warnings[0]
    assert run(32, cycles=0.5).warnings == ()


def test_progress_counts_cycles():
    seen: list[tuple[int, int]] = []
    run(16, cycles=3, jump=False, progress=lambda done, asked: seen.append((done, asked)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
