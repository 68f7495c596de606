"""The Galerkin symbols equal their lattice sums, term by term from the definition, and obey what the sums obey."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import zeta

from garnetlab.numerics import _patch_symbol, current_symbol, potential_symbol
from garnetlab.numerics._patch_symbol import _direct
from garnetlab.numerics._patch_waves import _smoothed_spline, lattice_sum, wave_numbers

SHAPES = [(8, 8), (5, 12), (4, 1)]
DEPTHS = [0.3, 1.0, 4.0, 20.0, 100.0]
CASES = [((3, 2), 0.1), *((shape, depth) for shape in SHAPES for depth in DEPTHS)]
REACHES = np.array([40, 52, 68, 88, 116, 152])  # summed over |m_x|, |m_y| <= M


def partial_sums(ky, kx, power, functions):
    """Return the square partial sums of sinc^power sinc^power f(|k_m|) for every reach and function."""
    m = 2.0 * np.pi * np.arange(-REACHES[-1], REACHES[-1] + 1)
    qy, qx = ky + m, kx + m
    terms = np.sinc(qy / (2 * np.pi))[:, None] ** power * np.sinc(qx / (2 * np.pi))[None, :] ** power
    q = np.hypot(qy[:, None], qx[None, :])
    centre, out = REACHES[-1], []
    for function in functions:
        values = terms * function(q)
        out.append([np.sum(values[centre - n : centre + n + 1, centre - n : centre + n + 1]) for n in REACHES])
    return np.array(out)


def extrapolated(sums):
    """Return the limit of the partial sums and how well it is known.

    What is left out is a series in 1/(M + 1/2) from the second power on: the terms fall as the fifth power of m along a
    diagonal and as the third along an axis, and tanh and coth are 1 out there. Two numbers of powers are compared; the one
    with more is off by less than their distance.
    """
    n = REACHES + 0.5

    def fit(count):
        powers = np.array([0, *range(2, count + 1)])
        return np.linalg.solve(n[-count:, None] ** -powers.astype(float), sums[-count:])[0]

    return fit(6), abs(fit(6) - fit(5)) + 1e-13 * abs(sums[-1])


def csch(x):
    return 2.0 * np.exp(-x) / -np.expm1(-2.0 * x)


def some_wave_vectors(shape, columns):
    """Return rows and columns of the smallest, the largest and one other wave vector; never of k = 0."""
    rows = shape[0]
    picks = {(0, min(1, columns - 1)), (rows // 2, columns - 1), (rows - 1, columns // 2)}
    return sorted(picks - {(0, 0)})


@pytest.mark.parametrize(("shape", "depth"), [((2, 1), 0.05), *CASES])
def test_symbols_of_currents_equal_their_lattice_sums(shape, depth):
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=True)
    symbols = current_symbol(shape, depth)
    functions = (
        lambda q: np.tanh(q * depth) / q,
        lambda q: 1.0 / (np.tanh(q * depth) * q),
        lambda q: -csch(q * depth) / q,
    )
    for row, column in some_wave_vectors(shape, len(kx)):
        brute = partial_sums(ky[row], kx[column], 2, functions)
        for symbol, sums in zip(symbols, brute, strict=True):
            # rigorous: what is left out has |k_m| >= 2 pi (|m| - 1/2) on one axis and a factor that sums to 1 on the other,
            # so it is below twice 8 sum_{m > M} (2 pi (m - 1/2))^-3 <= 1/(pi^3 M^2), and it has one sign; 1e-15: waves that
            # feel the other face by less than exp(-38) = 3e-17 are left out of the symbol
            left_out = np.sign(sums[-1]) * (symbol[row, column] - sums[-1])
            assert -1e-13 * abs(sums[-1]) - 1e-15 <= left_out <= 1.0 / (np.pi**3 * REACHES[-1] ** 2)
            limit, known = extrapolated(sums)
            assert known < 1e-9
            # sums of some 30 terms of size 1
            assert abs(symbol[row, column] - limit) <= known + 1e-14


@pytest.mark.parametrize(("shape", "depth"), CASES)
def test_symbols_of_potentials_equal_their_lattice_sums(shape, depth):
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=True)
    functions = (lambda q: q / np.tanh(q * depth), lambda q: -q * csch(q * depth))
    symbols = potential_symbol(shape, depth)
    reach = REACHES[-1]
    # the certified bounds allow for 1e-12 in all; half of it is left to the symbol. Differences of rounded splines over the
    # square of widths down to 6e-4 would be off by 1e-9
    rounding = 5e-13
    # as above with sinc^4 <= 16/k^4 on the long axis, |k_m| <= |k_x| + |k_y|, and sum |k_y| sinc^4 < 4.3 on the short one
    bound = 2.0 * (16 / (8 * np.pi**3 * reach**2) + 4.3 * 32 / (48 * np.pi**4 * reach**3))
    for row, column in some_wave_vectors(shape, len(kx)):
        brute = partial_sums(ky[row], kx[column], 4, functions)
        for symbol, sums in zip(symbols, brute, strict=True):
            left_out = np.sign(sums[-1]) * (symbol[row, column] - sums[-1])
            assert -1e-13 * abs(sums[-1]) - 1e-15 <= left_out <= bound
            limit, known = extrapolated(sums)
            assert known < 1e-9
            assert abs(symbol[row, column] - limit) <= known + rounding


@pytest.mark.parametrize("shape", [(6, 10), (7, 9), (1, 5)])
def test_the_half_symbol_is_the_left_part_of_the_full_one(shape):
    for half, full in zip(current_symbol(shape, 1.3), current_symbol(shape, 1.3, half=False), strict=True):
        assert full.shape == shape
        # the same sums in another order of the columns: equal to the rounding of the cosine of 14 k, 14 ulp
        np.testing.assert_allclose(full[:, : shape[1] // 2 + 1], half, rtol=1e-12, atol=0)


@pytest.mark.parametrize("shape", [(6, 10), (7, 9)])
def test_symbols_are_even_in_both_wave_numbers_and_change_with_the_axes(shape):
    symbols = [*current_symbol(shape, 0.8, half=False)]
    turned = [*current_symbol(shape[::-1], 0.8, half=False)]
    for symbol, other in zip(symbols, turned, strict=True):
        for flipped in (np.roll(symbol[::-1], 1, axis=0), np.roll(symbol[:, ::-1], 1, axis=1), other.T):
            np.testing.assert_allclose(flipped, symbol, rtol=1e-12, atol=0)
    for symbol in potential_symbol((8, 8), 0.8):
        rows, columns = symbol[:5, 0], symbol[0, :5]
        np.testing.assert_allclose(rows, columns, rtol=1e-12, atol=0)


@pytest.mark.parametrize("depth", DEPTHS)
def test_symbols_are_positive_and_the_two_face_matrix_is_positive_definite(depth):
    for shape in SHAPES:
        one, same, mixed = (symbol.ravel()[1:] for symbol in current_symbol(shape, depth))
        assert np.all(one > 0)
        assert np.all(mixed <= 0)
        assert np.all(same + mixed > 0)
        same, mixed = (symbol.ravel() for symbol in potential_symbol(shape, depth))
        assert np.all(mixed <= 0)
        assert np.all(same[1:] + mixed[1:] > 0)


def test_the_mean_current_is_left_out_and_the_mean_potential_is_exact():
    for symbol in current_symbol((6, 8), 2.5):
        assert symbol[0, 0] == 0.0
    same, mixed = potential_symbol((6, 8), 2.5)
    assert same[0, 0] == 0.4
    assert mixed[0, 0] == -0.4


@pytest.mark.parametrize("shape", [(8, 8), (5, 12)])
@pytest.mark.parametrize("depth", [0.4, 3.0, 30.0])
def test_two_equal_faces_are_one_face_on_half_the_layer(shape, depth):
    """coth x - csch x = tanh(x/2): with equal currents the plane in the middle is equipotential."""
    _, same, mixed = current_symbol(shape, depth)
    half, _, _ = current_symbol(shape, depth / 2)
    # the difference of two numbers of size same loses no more than a few ulp of them
    np.testing.assert_allclose(same + mixed, half, rtol=1e-12, atol=1e-14 * np.max(same))
    same, mixed = potential_symbol(shape, depth)
    np.testing.assert_allclose(same - mixed, potential_symbol(shape, depth / 2)[0], rtol=1e-12, atol=0)


@pytest.mark.parametrize("over_period", [0.5, 1.0, 3.0, 10.0])
def test_the_faces_of_a_deep_layer_decouple_exponentially(over_period):
    """coth x - tanh x = 2 csch 2x and csch x fall with x, so each is at most that of x = 2 pi depth/period times sum s^2/k,
    and that sum is at most Z/tanh x."""
    period = 16
    one, same, mixed = current_symbol((period, period), over_period * period)
    x = 2 * np.pi * over_period
    scale = np.max(one) / np.tanh(x)
    assert np.max(np.abs(same - one)) <= 2 * csch(2 * x) * scale + 1e-14
    assert np.max(np.abs(mixed)) <= csch(x) * scale + 1e-14
    # the longest wave reaches the bound up to its own alias terms, of the cube of k = 0.4
    assert np.max(np.abs(mixed)) >= 0.9 * csch(x) * scale


def test_a_thin_layer_answers_pixel_by_pixel():
    """tanh x <= x and the squares of sinc sum to 1, so Z <= depth; what is missing is the spread near the rim of a pixel."""
    depth = 0.1
    one, _, _ = current_symbol((2, 3), depth)
    inner = one.ravel()[1:]
    assert np.all(inner < depth)
    # a rim of width ~ depth on two axes: 2 depth max over period of the answer lost, 4 sides of width depth/2 at most
    assert np.all(inner > depth * (1 - 4 * depth))


@pytest.mark.parametrize("shape", [(16, 16), (6, 20)])
@pytest.mark.parametrize("depth", [0.3, 2.0, 40.0])
def test_the_product_of_both_symbols_obeys_cauchy_and_schwarz(shape, depth):
    """Y Z = sum(s^4/z) sum(s^2 z) >= (sum |s|^3)^2 with s = sinc sinc: otherwise lower and upper bounds could cross."""
    ky, kx = wave_numbers(shape[0], half=False), wave_numbers(shape[1], half=True)
    m = 2 * np.pi * np.arange(-60, 61)
    cubes = [np.sum(np.abs(np.sinc((k[:, None] + m) / (2 * np.pi))) ** 3, axis=1) for k in (ky, kx)]
    least = np.outer(*cubes) ** 2  # a partial sum of positive terms is below the sum
    one, _, _ = current_symbol(shape, depth)
    product = (one * potential_symbol(shape, depth)[0]).ravel()[1:]
    assert np.all(product >= least.ravel()[1:] * (1 - 1e-13))


def test_the_product_of_both_symbols_is_one_at_long_waves_to_second_order():
    """Without the alias sums it would be sinc^6 = 1 - k^2/4: the discrete problems then agree with the continuous one."""
    errors = []
    for count in (32, 64, 128):
        one, _, _ = current_symbol((1, count), 3.0)
        errors.append(one[0, 1] * potential_symbol((1, count), 3.0)[0][0, 1] - 1)
    ratios = np.array(errors[:-1]) / errors[1:]
    # k halves from one to the next; the next term is of relative size k, 0.2 at the coarsest
    np.testing.assert_allclose(ratios, 4.0, rtol=0.2)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("width", [1e-3, 0.1, 0.5, 1.4])
def test_smoothed_splines_are_a_partition_of_unity(order, width):
    n = np.arange(-16, 17)
    values = _smoothed_spline(n, order, np.array([width]))
    np.testing.assert_allclose(np.sum(values, axis=0), 1.0, rtol=0, atol=1e-13)  # 33 terms of order 1, powers cancelled
    assert np.min(values) > -1e-14
    np.testing.assert_allclose(values, values[::-1], rtol=0, atol=1e-14)
    narrow = _smoothed_spline(np.array([0]), order, np.array([1e-6]))[0, 0]
    assert narrow == pytest.approx({2: 1.0, 4: 2.0 / 3.0}[order], abs=1e-6)


@pytest.mark.parametrize("power", [2, 4])
def test_the_cosine_series_equals_the_direct_gaussian_sum(power):
    """Poisson's formula, at the middle of the range of t, where a direct sum over |m| <= 40 leaves out exp(-150)."""
    k, t = wave_numbers(12, half=False), np.array([0.05, 0.3, 0.7, 1.0])
    m = 2 * np.pi * np.arange(-40, 41)
    q = k[:, None, None] + m[None, None, :]
    direct = np.sum(np.sinc(q / (2 * np.pi)) ** power * np.exp(-((q * t[None, :, None]) ** 2)), axis=-1)
    # values to the right of the support are rounded as in the test above
    np.testing.assert_allclose(lattice_sum(k, power, t), direct, rtol=0, atol=16 * 6 * 18.0 ** (power - 1) * 2e-16)
    # two terms on either side are enough where the width is 1 or more
    alias, plain = _direct(k, power, np.array([1.0]))
    np.testing.assert_allclose((alias + 0 * plain)[:, 0], direct[:, 3], rtol=0, atol=1e-15)


@pytest.mark.parametrize("depth", [0.03, 0.1, 0.2499])
def test_thin_layers_have_the_sum_over_all_waves_that_feel_the_far_face(depth, monkeypatch):
    """Two independent ways."""
    thin = current_symbol.__wrapped__((4, 6), depth) + potential_symbol.__wrapped__((4, 6), depth)
    monkeypatch.setattr(_patch_symbol, "THIN", 0.0)
    listed = current_symbol.__wrapped__((4, 6), depth) + potential_symbol.__wrapped__((4, 6), depth)
    # the list has (12/depth)^2 terms, each sum rounded to 1e-16 of its largest partial sum, at most 1/depth
    rounding = 144.0 / depth**2 * 1.1e-16 / depth
    for ours, theirs in zip(thin, listed, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=rounding)


@pytest.mark.parametrize("depth", [1e-4, 1e-3, 0.1])
def test_equal_currents_through_both_faces_feel_half_the_layer(depth):
    """coth x - 1/sinh x = tanh(x/2): the middle of the layer is a plane at one potential."""
    _, same, mixed = current_symbol((4, 4), depth)
    half, _, _ = current_symbol((4, 4), depth / 2)
    # same and mixed are of the order of 1/depth, half of the order of depth
    np.testing.assert_allclose(same + mixed, half, rtol=0, atol=4e-16 * np.max(same) * 48)


@pytest.mark.parametrize("depth", [1e-4, 1e-3])
def test_a_layer_far_thinner_than_a_pixel_conducts_straight_through(depth):
    one, _, _ = current_symbol((4, 4), depth)
    # at every edge between pixels the current crosses over: integral of (d - tanh(kd)/k)/k^2 over k/(2 pi), which is
    # 7 zeta(3) d^2/pi^3 times the square of the jump, 2 at this wave, at two edges a pixel; corners add the order of d^3
    edges = 4.0 * 7.0 * zeta(3.0) / np.pi**3 * depth**2
    assert one[1, 1] == pytest.approx(depth - edges, abs=4.0 * depth**3)
    low, across = potential_symbol((4, 4), depth)
    mass = ((2.0 + np.cos(np.pi / 2)) / 3.0) ** 2
    # k coth(kd) = 1/d + k^2 d/3 and k/sinh(kd) = 1/d - k^2 d/6, where k^2 stands for the stiffness, 2 x 2 x 2/3 at this wave
    assert low[1, 1] == pytest.approx(mass / depth + 8.0 / 9.0 * depth, abs=depth**2)
    assert across[1, 1] == pytest.approx(-mass / depth + 4.0 / 9.0 * depth, abs=depth**2)
