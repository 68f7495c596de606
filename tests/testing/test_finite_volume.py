"""The finite-volume reference of the interface solver, against what is known on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from garnetlab import units
from garnetlab.core import InvalidInput, SolveFailed
from garnetlab.testing import _finite_volume as module
from garnetlab.testing import extrapolated, finite_volume_interface, observed_order

# Unbalanced over total current is below 1e-10, and bounds the relative error of the current (maximum principle); a factor
# of ten for two solutions compared and for the rounding of sums.
BALANCED = 1e-9
SIGMA, L, W, T = 0.052, 70e-6, 100e-6, 300.0
THERMAL = units.R * T / units.F


def solve(resistance, **options):
    given = {"conductivity": SIGMA, "thickness": L, "period": W} | options
    return finite_volume_interface(resistance, **given)


def patches(shape=(5, 7), fraction=0.4, seed=3, value=0.0):
    """Return a random map, with ``inf`` on voids and pixels that differ by up to 1000 where ``value`` is not 0."""
    rng = np.random.default_rng(seed)
    on = rng.random(shape) < fraction
    return np.where(on, value * 10 ** rng.uniform(-1.5, 1.5, shape), np.inf)


# --- 1-D limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refine", [1, 3])
@pytest.mark.parametrize("mirror", [False, True])
def test_full_contact_is_resistance_and_slab_in_series(mirror, refine):
    solution = solve(np.full((2, 3), 4e-3), mirror=mirror, refine=refine)
    assert solution.asr == pytest.approx(4e-3 + L / SIGMA, rel=BALANCED)
    np.testing.assert_allclose(solution.current_density, 1 / solution.asr, rtol=BALANCED)


def test_two_full_faces_add_both_resistances():
    solution = solve(np.full((2, 3), 4e-3), second_resistance=np.full((2, 3), 1e-2), refine=2)
    assert solution.asr == pytest.approx(1.4e-2 + L / SIGMA, rel=BALANCED)


@pytest.mark.parametrize("thickness", [0.01 * W, 100 * W])
def test_thin_and_thick_slabs_keep_the_1_D_limit(thickness):
    solution = solve(np.full((4, 4), 4e-3), thickness=thickness, refine=2)
    assert solution.asr == pytest.approx(4e-3 + thickness / SIGMA, rel=BALANCED)


def test_a_full_face_with_impedances_adds_complex_numbers():
    solution = solve(np.full((2, 2), 1e-3 - 2e-3j), conductivity=SIGMA * (1 + 0.3j), refine=8)
    assert solution.asr == pytest.approx(1e-3 - 2e-3j + L / (SIGMA * (1 + 0.3j)), rel=BALANCED)


@pytest.mark.parametrize("eta", [1e-6, 0.2, 0.9, -0.4])
def test_full_contact_with_kinetics_and_film_adds_three_voltages(eta):
    a, j0, film = 0.3, 20.0, 2e-5
    current = j0 * (math.exp((1 - a) * eta / THERMAL) - math.exp(-a * eta / THERMAL))
    voltage = eta + film * current + current * L / SIGMA
    options = {"exchange_current_density": j0, "symmetry": a, "temperature": T}
    solution = solve(np.full((2, 2), film), voltage=voltage, **options)
    # rounding of the currents from exp(x) - exp(-x) at x = 3e-5 adds 1e-11 to the balance
    np.testing.assert_allclose(solution.current_density, current, rtol=BALANCED)


def overpotential(current, exchange, a):
    """Return the root of the law, found by bisection."""
    law = lambda x: exchange * (math.exp((1 - a) * x / THERMAL) - math.exp(-a * x / THERMAL)) - current  # noqa: E731
    return brentq(law, -1.0, 1.0, xtol=1e-15)


def test_the_second_face_reads_its_law_in_the_direction_of_its_own_current():
    options = {"exchange_current_density": 20.0, "second_exchange_current_density": 40.0, "temperature": T}
    full = np.zeros((2, 2))
    solution = solve(full, second_resistance=full, current_density=300.0, symmetry=0.3, second_symmetry=0.6, **options)
    expected = overpotential(300.0, 20.0, 0.3) + overpotential(300.0, 40.0, 0.6) + 300.0 * L / SIGMA
    assert solution.voltage == pytest.approx(expected, rel=BALANCED)


# --- the discrete network ---------------------------------------------------------------------------------------------


def network_asr(first, second, *, mirror):
    """Return the ASR of the same network with refine = 1, assembled cell by cell with dense matrices."""
    ny, nx = first.shape
    h = W / nx
    depths = module.graded_depths(L, side=h, refine=1, two_faces=True)
    nz = len(depths)
    matrix, right = np.zeros((nz * ny * nx,) * 2), np.zeros(nz * ny * nx)

    def number(z, y, x):
        return (z * ny + y % ny) * nx + x % nx

    def join(i, j, conductance):
        if i == j:  # one pixel is its own periodic neighbour
            return
        matrix[[i, j], [i, j]] += conductance
        matrix[i, j] -= conductance
        matrix[j, i] -= conductance

    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if x + 1 < nx or not mirror:
                    join(number(z, y, x), number(z, y, x + 1), SIGMA * depths[z])
                if y + 1 < ny or not mirror:
                    join(number(z, y, x), number(z, y + 1, x), SIGMA * depths[z])
                if z + 1 < nz:
                    join(number(z, y, x), number(z + 1, y, x), SIGMA * h**2 / ((depths[z] + depths[z + 1]) / 2))
    for y in range(ny):
        for x in range(nx):
            top, bottom = number(0, y, x), number(nz - 1, y, x)
            into = h**2 / (first[y, x] + depths[0] / 2 / SIGMA)
            matrix[top, top] += into
            right[top] += into
            matrix[bottom, bottom] += h**2 / (second[y, x] + depths[-1] / 2 / SIGMA)
    potential = np.linalg.solve(matrix, right)
    return nx * ny * h**2 / (right.sum() - right @ potential)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (1, 5), (2, 2)])
def test_the_sparse_network_is_the_one_assembled_by_hand(shape, mirror):
    first, second = patches(shape, 0.6, 5, 1e-3), patches(shape, 0.6, 6, 1e-3)
    solution = solve(first, second_resistance=second, mirror=mirror)
    assert solution.asr == pytest.approx(network_asr(first, second, mirror=mirror), rel=BALANCED)


@pytest.mark.parametrize("turn", [1.0, 1.0 + 0.7j])
@pytest.mark.parametrize("mirror", [False, True])
def test_conjugate_gradients_and_sparse_LU_give_the_same(mirror, turn, monkeypatch):
    options = {"second_resistance": patches(seed=8) * 1.0, "mirror": mirror, "refine": 2, "conductivity": SIGMA * turn}
    monkeypatch.setattr(module, "_DIRECT", 10**9)
    direct = solve(patches(value=1e-4), **options)
    monkeypatch.setattr(module, "_DIRECT", 0)
    iterated = solve(patches(value=1e-4), **options)
    assert iterated.asr == pytest.approx(direct.asr, rel=BALANCED)
    np.testing.assert_allclose(
        iterated.current_density, direct.current_density, rtol=0, atol=BALANCED * abs(direct.current_density).max()
    )


# --- laws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinetics", [False, True])
@pytest.mark.parametrize("second", [None, patches(seed=9)])
def test_the_current_that_enters_leaves(second, kinetics):
    options = {"exchange_current_density": 50.0, "temperature": T, "symmetry": 0.4} if kinetics else {}
    solution = solve(patches(), second_resistance=second, voltage=0.3, refine=2, **options)
    assert solution.second_current_density.mean() == pytest.approx(solution.current_density.mean(), rel=BALANCED)


def test_voids_carry_no_current():
    resistance = patches()
    assert (solve(resistance, refine=2).current_density[np.isinf(resistance)] == 0).all()


def test_no_flux_sides_are_a_period_of_the_reflected_map():
    resistance = patches((2, 3), 0.5, 1, 1e-4)
    reflected = np.block([[resistance, resistance[:, ::-1]], [resistance[::-1], resistance[::-1, ::-1]]])
    one = solve(resistance, mirror=True, refine=2)
    four = solve(reflected, period=2 * W, refine=2)
    assert one.asr == pytest.approx(four.asr, rel=BALANCED)
    np.testing.assert_allclose(four.current_density[:2, :3], one.current_density, rtol=1e-8, atol=BALANCED / one.asr)


def test_a_turned_map_has_the_same_ASR():
    resistance = patches((5, 5))
    assert solve(resistance.T, refine=2).asr == pytest.approx(solve(resistance, refine=2).asr, rel=BALANCED)


def test_the_faces_may_be_exchanged():
    first, second = patches(value=1e-4), patches(seed=9)
    there, back = solve(first, second_resistance=second), solve(second, second_resistance=first)
    assert there.asr == pytest.approx(back.asr, rel=BALANCED)
    np.testing.assert_allclose(
        there.current_density, back.second_current_density, rtol=1e-8, atol=BALANCED / abs(there.asr)
    )


def test_two_equal_faces_are_twice_one_face_on_half_the_slab():
    resistance = patches(value=1e-4)
    two = solve(resistance, second_resistance=resistance, thickness=2 * L, refine=2)
    assert two.asr == pytest.approx(2 * solve(resistance, refine=2).asr, rel=BALANCED)


def test_faces_far_apart_add_up():
    first, second = patches(), patches(seed=9)
    options = {"thickness": 2 * W, "refine": 2}
    both = solve(first, second_resistance=second, **options)
    apart = [solve(face, thickness=W, refine=2).asr for face in (first, second)]
    # the longest lateral mode reaches the middle with exp(-2 pi L/W) = 2e-3 and its reflection returns with the square of
    # that, 4e-6, times a constriction below the ASR
    assert both.asr == pytest.approx(sum(apart), rel=1e-5)
    assert both.asr != pytest.approx(sum(apart), rel=BALANCED)


@pytest.mark.parametrize("turn", [1.0, 0.8 - 0.6j])
def test_sensitivity_to_a_pixel_is_the_square_of_its_current(turn):
    # Tellegen's theorem on the network: d(ASR)/dR = (J/mean J)^2/(number of pixels), without conjugation
    resistance, step = patches(value=1e-3), 1e-3
    pixel = tuple(np.argwhere(np.isfinite(resistance))[5])
    options = {"second_resistance": patches(seed=9), "conductivity": SIGMA * turn}
    base = solve(resistance, **options)
    asr = []
    for factor in (1 + step, 1 - step):
        changed = resistance.copy()
        changed[pixel] *= factor
        asr.append(solve(changed, **options).asr)
    slope = (asr[0] - asr[1]) / (2 * step * resistance[pixel])
    j = base.current_density
    # the third derivative leaves step^2 = 1e-6; cancellation leaves 1e-9/(2 step * share of the pixel, 1 %) = 5e-5
    assert slope == pytest.approx((j[pixel] / j.mean()) ** 2 / j.size, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_more_contact_never_raises_the_ASR(seed):
    # Rayleigh's monotonicity law holds for the network itself
    resistance = patches(seed=seed)
    more = np.where(np.random.default_rng(seed + 50).random(resistance.shape) < 0.1, 0.0, resistance)
    assert solve(more, refine=2).asr <= solve(resistance, refine=2).asr * (1 + BALANCED)


def test_six_decades_of_resistance_balance():
    resistance = 10 ** np.random.default_rng(4).uniform(-8, -2, (8, 8))
    solution = solve(resistance, refine=4)
    assert solution.second_current_density.mean() == pytest.approx(solution.current_density.mean(), rel=BALANCED)
    assert L / SIGMA + 1 / (1 / resistance).mean() < solution.asr < L / SIGMA + resistance.mean()


def test_one_pixel_in_a_thousand_is_still_solved():
    resistance = np.full((32, 32), np.inf)
    resistance[7, 20] = 1e-6
    solution = solve(resistance)
    assert solution.second_current_density.mean() == pytest.approx(solution.current_density.mean(), rel=BALANCED)


# --- impedance --------------------------------------------------------------------------------------------------------


def test_impedance_at_low_frequency_is_the_resistance():
    resistance = patches(value=1e-3)
    charge, omega = 0.1, 1e-9
    impedance = np.where(np.isinf(resistance), 1 / (1j * omega * 1e-6), 1 / (1 / resistance + 1j * omega * charge))
    # omega R C of the largest resistance, 3e-2 ohm m^2: 3e-12; the gap passes omega C R of the ASR, 1e-17
    assert solve(impedance, refine=2).asr == pytest.approx(solve(resistance, refine=2).asr, rel=BALANCED)


@pytest.mark.parametrize("mirror", [False, True])
def test_dividing_all_conductances_by_a_complex_number_multiplies_the_impedance(mirror):
    resistance, factor = patches(value=1e-3), 0.4 + 2.0j
    impedance = np.full(resistance.shape, np.inf, dtype=complex)
    impedance[np.isfinite(resistance)] = resistance[np.isfinite(resistance)] * factor
    turned = solve(impedance, conductivity=SIGMA / factor, mirror=mirror, refine=2)
    assert turned.asr == pytest.approx(factor * solve(resistance, mirror=mirror, refine=2).asr, rel=BALANCED)


# --- kinetics ---------------------------------------------------------------------------------------------------------

KINETICS = {"exchange_current_density": 50.0, "temperature": T}
BOTH = KINETICS | {"second_resistance": patches(seed=9), "second_exchange_current_density": 5.0}


def test_small_voltages_meet_the_linear_resistance():
    film, voltage = patches(value=1e-5), 1e-5
    nonlinear = solve(film, voltage=voltage, refine=2, **KINETICS)
    linear = solve(film + THERMAL / 50.0, refine=2)
    # sinh(x/2) = x/2 (1 + x^2/24) with x <= 1e-5 V/0.0259 V: 6e-9
    assert nonlinear.asr == pytest.approx(linear.asr, rel=1e-8)


@pytest.mark.parametrize("options", [KINETICS, BOTH])
@pytest.mark.parametrize("voltage", [-5.0, -0.05, 0.4, 5.0])
def test_a_given_current_finds_the_voltage_it_came_from(voltage, options):
    given = options | {"symmetry": 0.3, "second_symmetry": 0.6}
    start = solve(patches(), voltage=voltage, **given)
    back = solve(patches(), current_density=start.current_density.mean(), **given)
    # a current off by 1e-9 moves the voltage by less than that: the differential ASR is below the ASR of such a law
    assert back.voltage == pytest.approx(voltage, rel=2 * BALANCED)
    np.testing.assert_allclose(
        back.current_density, start.current_density, rtol=0, atol=10 * BALANCED * abs(start.current_density).max()
    )


def test_reversing_the_voltage_and_the_symmetry_reverses_the_current():
    ahead = solve(patches(), voltage=0.3, symmetry=0.3, second_symmetry=0.6, **BOTH)
    back = solve(patches(), voltage=-0.3, symmetry=0.7, second_symmetry=0.4, **BOTH)
    np.testing.assert_allclose(back.current_density, -ahead.current_density, rtol=1e-7, atol=1e-6)


def test_fast_kinetics_leave_the_film_alone():
    # the exchange current density so large that RT/(F j0) is 1e-10 of the film
    film = patches(value=1e-3)
    fast = THERMAL / (np.where(np.isinf(film), 1.0, film) * 1e-10)
    solution = solve(film, voltage=0.5, exchange_current_density=fast, temperature=T)
    assert solution.asr == pytest.approx(solve(film).asr, rel=BALANCED)


def test_each_pixel_may_be_replaced_by_the_resistance_of_its_working_point():
    film, j0 = patches(value=1e-5), 10 ** np.random.default_rng(2).uniform(-1, 3, (5, 7))
    solution = solve(film, voltage=0.4, symmetry=0.4, exchange_current_density=j0, temperature=T)
    on = np.isfinite(film)
    j, secant = solution.current_density[on], np.full(film.shape, np.inf)
    secant[on] = film[on] + [overpotential(c, i, 0.4) / c for c, i in zip(j, j0[on], strict=True)]
    # both solutions balance to 1e-10 of the sum; a pixel with 1/100 of the mean current sees 1e-8 of its own
    np.testing.assert_allclose(solve(secant, voltage=0.4).current_density[on], j, rtol=1e-8, atol=BALANCED * j.max())


# --- closed forms and order -------------------------------------------------------------------------------------------

WIDTH, CONTACT = 8, 3
CAPPED = 1e5  # sigma R in pixel widths: the current density is uniform within 1e-5
STRIP = np.where(np.arange(WIDTH) < CONTACT, 0.0, np.inf)[None, :]
UNIT = {"conductivity": 1.0, "period": float(WIDTH), "thickness": 2.0 * WIDTH}  # pixels of side 1


def strip_asr(resistance, refinements):
    return [solve(STRIP + resistance, refine=r, **UNIT).asr for r in refinements]


def exact_edge():
    """Return the ASR of equipotential strips: the slab longer by (W/pi) ln 1/sin(pi f/2).

    arccosh(sin(pi z/W)/sin(pi f/2)) is real-part zero on the strip, imaginary-part constant beside it, and far away grows
    as pi y/W + ln 1/sin(pi f/2). The plane at 2 W changes it by exp(-8 pi) = 1e-11.
    """
    return 2.0 * WIDTH + WIDTH / math.pi * math.log(1 / math.sin(math.pi * CONTACT / WIDTH / 2))


def exact_capped(resistance):
    """Return the ASR of strips with uniform current density, and a bound of what the resistance leaves non-uniform.

    The modes of a box of contact fraction f add 2 (sin(pi k f)/(pi k f))^2 W/(2 pi k) each. The true current lowers this
    constriction c by at most c W/(2 pi R), the largest slab mode over the resistance.
    """
    f, k = CONTACT / WIDTH, np.arange(1, 400_001)
    constriction = float(np.sum(2 * (np.sin(math.pi * k * f) / (math.pi * k * f)) ** 2 * WIDTH / (2 * math.pi * k)))
    return 2.0 * WIDTH + resistance / f + constriction, constriction * WIDTH / (2 * math.pi * resistance)


def test_error_at_an_edge_without_resistance_has_order_1():
    errors = [value - exact_edge() for value in strip_asr(0.0, (2, 4, 8))]
    # a h + b h^2 with b of the size of a: the order from 4 to 8 is off by log2((1 + 1/4)/(1 + 1/8)) = 0.15 at most
    assert observed_order(errors[1:], [4, 8]) == pytest.approx(1.0, abs=0.15)


def test_error_under_a_resistance_has_order_2_but_for_a_logarithm():
    exact, bound = exact_capped(CAPPED)
    e2, e4, e8 = (value - exact for value in strip_asr(CAPPED, (2, 4, 8)))
    assert bound < 0.005 * e8
    # h^2 (a + b ln h) makes e2 - 8 e4 + 16 e8 vanish; the next terms, in h^3, are smaller by h = 1/8
    assert abs(e2 - 8 * e4 + 16 * e8) <= 16 * e8 / 8
    # the logarithm keeps the order below 2 and loses weight: it rises, and is past the middle between an edge and 2
    first, last = observed_order([e2, e4], [2, 4]), observed_order([e4, e8], [4, 8])
    assert 1.5 < first < last < 2.0


@pytest.mark.parametrize("refinements", [(1, 2, 4), (2, 4, 8)])
def test_the_extrapolated_value_at_an_edge_is_within_its_error(refinements):
    value, error = extrapolated(strip_asr(0.0, refinements), resistance_length=0.0)
    assert abs(value - exact_edge()) <= error
    # worth having: smaller by three than the error of the last value itself
    assert error < (strip_asr(0.0, refinements[-1:])[0] - exact_edge()) / 3


@pytest.mark.parametrize("refinements", [(1, 2, 4), (2, 4, 8)])
def test_the_extrapolated_value_under_a_resistance_is_within_its_error(refinements):
    exact, bound = exact_capped(CAPPED)
    value, error = extrapolated(strip_asr(CAPPED, refinements), resistance_length=CAPPED)
    assert abs(value - exact) <= error + bound
    assert error < (strip_asr(CAPPED, refinements[-1:])[0] - exact) / 3


@pytest.mark.parametrize(("resistance", "exact"), [(0.0, exact_edge()), (CAPPED, exact_capped(CAPPED)[0])])
def test_the_error_covers_both_limits_where_the_regime_is_not_told(resistance, exact):
    value, error = extrapolated(strip_asr(resistance, (1, 2, 4)))
    assert abs(value - exact) <= error + exact_capped(CAPPED)[1]


@pytest.mark.parametrize("resistance", [0.02, 0.1, 0.3])
def test_between_the_limits_finer_meshes_stay_within_the_error(resistance):
    values = strip_asr(resistance, (1, 2, 4, 8, 16))
    coarse, error = extrapolated(values[:3], resistance_length=resistance)
    fine, rest = extrapolated(values, resistance_length=resistance)
    assert rest < 0.3 * error
    assert abs(fine - coarse) <= error + rest


def test_a_lattice_of_discs_has_its_constriction_resistance():
    # a quarter of the unit cell with no-flux sides, W = 64 pixels; the eight pixels nearest the corner have the area of a
    # quarter disc of radius sqrt(32/pi) = 3.19 pixels, a/W = 0.04987
    n = 32
    y, x = np.indices((n, n)) + 0.5
    on = np.hypot(x, y) < 3.2
    assert on.sum() == 8
    a = math.sqrt(32 / math.pi)
    options = {"conductivity": 1.0, "period": float(n), "thickness": 2.0 * n, "mirror": True}
    resistance = np.where(on, 0.0, np.inf)
    values = [finite_volume_interface(resistance, refine=r, **options).asr - 2.0 * n for r in (1, 2, 4)]
    constriction, error = (4 * a * v / (2 * n) ** 2 for v in extrapolated(values, resistance_length=0.0))
    # 0.875821 at a/W = 0.05 (tables of discs in a square lattice), with the slope -2.45 of that table to a/W = 0.1
    lattice = 0.875821 + 2.45 * (0.05 - a / (2 * n))
    # Of all shapes of one area the disc spreads current worst (Polya and Szego 1951); a square, of capacitance 0.3668
    # sides, is better by 1 - 0.4339/0.4431 = 2.1 %, and the staircase lies between them
    assert lattice * (1 - 0.021) - error <= constriction <= lattice + error
    assert error < 0.02


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resistance", "options", "words"),
    [
        ([1.0, 2.0], {}, "resistance = .*shape"),
        ([[-1.0]], {}, "resistance = .*>= 0"),
        ([[math.nan]], {}, "resistance = .*>= 0"),
        ([[math.inf]], {}, "inf everywhere"),
        ([[1.0]], {"second_resistance": [[1.0, 1.0]]}, "second_resistance has shape"),
        ([[1.0]], {"conductivity": -1.0}, "conductivity = -1"),
        ([[1.0]], {"thickness": math.inf}, "thickness = inf"),
        ([[1.0]], {"period": 0.0}, "period = 0"),
        ([[1.0]], {"refine": 0}, "refine = 0"),
        ([[1.0]], {"voltage": 1.0, "current_density": 1.0}, "one of them"),
        ([[1.0]], {"voltage": 0.0}, "other than 0"),
        ([[1.0]], {"voltage": math.nan}, "voltage = nan"),
        ([[1.0]], {"exchange_current_density": 1.0}, "temperature = None"),
        ([[1.0]], {"exchange_current_density": 0.0, "temperature": T}, "exchange_current_density = 0"),
        ([[1.0]], {"exchange_current_density": 1.0, "temperature": T, "symmetry": 1.0}, "symmetry = 1"),
        ([[1.0 + 1j]], {"exchange_current_density": 1.0, "temperature": T}, "complex"),
    ],
)
def test_what_cannot_be_solved_is_refused_with_the_reason(resistance, options, words):
    with pytest.raises(InvalidInput, match=words):
        solve(resistance, **options)


def test_a_balance_that_is_not_reached_is_no_number(monkeypatch):
    monkeypatch.setattr(module, "_NEWTON", 1)
    with pytest.raises(SolveFailed, match="unbalanced current"):
        solve(patches(), voltage=1.0, **KINETICS)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, math.nan, 2.0]])
def test_two_values_have_no_limit(values):
    with pytest.raises(InvalidInput, match="three finite numbers"):
        extrapolated(values)


@pytest.mark.parametrize(
    ("length", "miss"), [(0.0, lambda h: 0.7 * h - 3 * h**2), (1.0, lambda h: h**2 * (0.7 - 3 * np.log(h)))]
)
def test_each_model_is_removed_without_rest(length, miss):
    values = [5.0 + float(miss(h)) for h in (1.0, 0.5, 0.25)]
    assert extrapolated(values, resistance_length=length)[0] == pytest.approx(
        5.0, rel=1e-13
    )  # rounding of ten operations


def test_a_pure_order_between_the_models_is_removed_where_none_is_told():
    values = [5.0 + (1 + 2j) * h**1.5 for h in (1.0, 0.5, 0.25)]
    assert extrapolated(values)[0] == pytest.approx(5.0, rel=1e-13)


def test_values_that_no_longer_change_are_their_limit():
    assert extrapolated([2.0, 2.0, 2.0]) == (2.0, 0.0)
