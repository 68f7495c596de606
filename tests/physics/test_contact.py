"""Contact maps: covariance, exact shares, areas of discs, roughness, and Persson's theory against its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, special

from garnetlab.core import InvalidInput, MissingInput
from garnetlab.physics.contact import (
    coarsen_contact,
    contact_fraction,
    correlation_length_of,
    disc_contact,
    disc_coverage,
    effective_modulus,
    gaussian_field,
    lattice_contact,
    lattice_coverage,
    mean_chord_length,
    persson_contact_fraction,
    random_contact,
    refine_contact,
    rms_slope_of,
    rough_contact,
    rough_surface,
)

UM = 1e-6


# random maps ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dy", "dx", "covariance"),
    [(0, 0, 1.0), (0, 3, math.exp(-0.36)), (4, 3, math.exp(-1.0)), (0, 10, math.exp(-4.0)), (20, 0, math.exp(-16.0))],
)
def test_the_field_has_the_covariance_of_a_bell_curve(dy, dx, covariance):
    # correlation length 5 pixels; each draw gives one unbiased estimate, so the mean of 200 stands within its own error
    fields = [gaussian_field((48, 64), period=64 * UM, correlation_length=5 * UM, rng=seed) for seed in range(200)]
    found = [float(np.mean(f * np.roll(f, (dy, dx), axis=(0, 1)))) for f in fields]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - covariance) < 4 * error  # 6e-5 by chance
    assert error < 0.02


def test_the_field_has_mean_zero():
    means = [gaussian_field((48, 64), period=64.0, correlation_length=5.0, rng=seed).mean() for seed in range(200)]
    # variance of one mean: area of the bell curve over that of the map, pi 25/3072
    assert abs(np.mean(means)) < 4 * math.sqrt(math.pi * 25 / 3072 / 200)
    assert np.var(means) == pytest.approx(math.pi * 25 / 3072, rel=4 * math.sqrt(2 / 200))


def test_the_field_is_periodic():
    # a step across the edge is as small as one inside: expected square 2 (1 - exp(-1/64)) everywhere
    field = gaussian_field((64, 64), period=64.0, correlation_length=8.0, rng=3)
    inside, across = np.mean(np.diff(field, axis=1) ** 2), np.mean((field[:, 0] - field[:, -1]) ** 2)
    assert 0.3 < across / inside < 3.0  # about 64/8 independent values along the edge: spread of a half


def test_a_long_correlation_keeps_variance_one():
    fields = [gaussian_field((8, 8), period=8.0, correlation_length=8.0, rng=seed) for seed in range(2000)]
    # nearly one number per draw: variance of the estimate 2/2000
    assert np.mean(np.square(fields)) == pytest.approx(1.0, abs=4 * math.sqrt(2 / 2000))


@given(fraction=st.floats(0.001, 1.0), seed=st.integers(0, 99))
def test_exactly_the_fraction_asked_for_is_in_contact(fraction, seed):
    found = random_contact((24, 32), fraction=fraction, period=1e-4, correlation_length=5e-6, rng=seed)
    assert found.sum() == round(fraction * 24 * 32)


@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.3, 1.0])
def test_contact_pixels_are_the_highest(fraction):
    arguments = {"shape": (64, 64), "period": 1e-4, "correlation_length": 5e-6}
    field, found = gaussian_field(**arguments, rng=1), random_contact(**arguments, fraction=fraction, rng=1)
    assert found.sum() == round(fraction * 4096)
    assert field[found].min() >= field[~found].max(initial=-np.inf)


def test_a_seed_and_its_generator_give_the_same_map_and_another_seed_another():
    arguments = {"shape": (32, 32), "fraction": 0.3, "period": 1e-4, "correlation_length": 5e-6}
    one, same, other = (random_contact(**arguments, rng=r) for r in (7, np.random.default_rng(7), 8))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("fraction", "pixels"), [(0.3, 10.0), (0.5, 5.0), (0.05, 5.0)])
def test_the_correlation_length_of_a_random_map_comes_back(fraction, pixels):
    options = {"fraction": fraction, "period": 256.0, "correlation_length": pixels}
    found = [correlation_length_of(random_contact((256, 256), **options, rng=s), period=256.0) for s in range(16)]
    # scatter of the mean, and 2 % for straight lines between rings one pixel wide: curvature (1/5 pixel)^2/2
    assert np.mean(found) == pytest.approx(
        pixels, rel=0.02 + 4 * np.std(found, ddof=1) / pixels / math.sqrt(len(found))
    )


def test_the_correlation_length_does_not_change_on_a_finer_grid():
    coarse = random_contact((128, 128), fraction=0.3, period=1.0, correlation_length=0.06, rng=2)
    lengths = [correlation_length_of(refine_contact(coarse, k), period=1.0) for k in (1, 3)]
    # the replicated map differs by the shape of a pixel only: 1/(2 * 7.7) of the length at most
    assert lengths[1] == pytest.approx(lengths[0], rel=0.065)


# discs ---------------------------------------------------------------------------------------------------------------
@given(x=st.floats(-40, 40), y=st.floats(-40, 40), radius=st.floats(0.05, 8.0))
def test_a_covered_disc_has_exactly_its_area_wherever_it_lies(x, y, radius):
    found = disc_coverage((16, 24), period=24.0, radius=radius, centre=(x, y))
    # differences of areas of order pi: a rounding of 1e-15 on some hundred pixels, in units of radius^2
    assert found.sum() == pytest.approx(math.pi * radius**2, rel=1e-11)
    assert 0.0 <= found.min() <= found.max() <= 1.0


def test_covered_shares_agree_with_a_fine_staircase():
    fine = disc_contact((512, 512), period=8.0, radius=3.1, centre=(4.3, 3.2))
    # only the edge is uncertain: of the 64 by 64 points in a pixel at most about 2 * 64 + 1 lie within half a spacing of it
    expected = coarsen_contact(fine, shape=(8, 8))
    found = disc_coverage((8, 8), period=8.0, radius=3.1, centre=(4.3, 3.2))
    assert np.abs(found - expected).max() < 129 * 0.5 / 4096


def test_the_staircase_holds_all_full_pixels_and_no_empty_ones():
    options = {"shape": (32, 32), "period": 32.0, "radius": 9.7, "centre": (30.2, 1.4)}
    stairs, share = disc_contact(**options), disc_coverage(**options)
    assert stairs[share > 1 - 1e-9].all()
    assert not stairs[share < 1e-9].any()


def test_moving_a_disc_by_whole_pixels_rolls_the_map():
    options = {"shape": (16, 20), "period": 20.0, "radius": 4.3}
    at = disc_coverage(**options, centre=(3.3, 5.1))
    np.testing.assert_allclose(disc_coverage(**options, centre=(18.3, 15.1)), np.roll(at, (10, 15), (0, 1)), atol=1e-13)


@pytest.mark.parametrize("columns", [1, 3, 4])
def test_a_square_lattice_covers_pi_a2_over_p2(columns):
    found = lattice_coverage((48, 96), period=96.0, radius=4.0, columns=2 * columns)
    assert contact_fraction(found) == pytest.approx(math.pi * 16 / (48 / columns) ** 2, rel=1e-12)


def test_a_square_lattice_is_one_disc_repeated():
    disc = disc_contact((16, 16), period=16.0, radius=5.0)
    assert np.array_equal(lattice_contact((32, 48), period=48.0, radius=5.0, columns=3), np.tile(disc, (2, 3)))


def test_a_hexagonal_lattice_covers_as_much_and_repeats_by_half_a_pitch():
    found = lattice_coverage((97, 56), period=56.0, radius=10.0, columns=1, lattice="hexagonal")
    assert contact_fraction(found) == pytest.approx(2 * math.pi * 100 / (97 * 56), rel=1e-12)
    twice = lattice_coverage((194, 56), period=56.0, radius=10.0, columns=1, lattice="hexagonal")
    np.testing.assert_allclose(twice, np.roll(twice, (97, 0), (0, 1)), atol=1e-12)
    np.testing.assert_allclose(twice[::-1], np.roll(twice, 28, axis=1), atol=1e-12)  # rows change places on reflection


# grids ---------------------------------------------------------------------------------------------------------------
@given(seed=st.integers(0, 999), factor=st.integers(1, 5))
def test_coarsening_undoes_refining(seed, factor):
    contact = np.random.default_rng(seed).random((6, 9)) < 0.4
    fine = refine_contact(contact, factor)
    assert fine.shape == (6 * factor, 9 * factor)
    np.testing.assert_allclose(coarsen_contact(fine, shape=(6, 9)), contact, atol=1e-15)


@given(seed=st.integers(0, 999), columns=st.integers(2, 40))
def test_coarsening_keeps_the_fraction_on_any_grid(seed, columns):
    contact = np.random.default_rng(seed).random((30, 45)) < 0.4
    found = coarsen_contact(contact, shape=(round(columns * 30 / 45), columns))
    assert contact_fraction(found) == pytest.approx(contact.mean(), abs=1e-14)


def test_the_mean_chord_of_a_disc_is_half_pi_radii():
    # area over the number of rows: pi a^2/(2a); 200 rows are certain to one
    found = mean_chord_length(disc_contact((256, 256), period=256.0, radius=100.0), period=256.0)
    assert found == pytest.approx(math.pi * 100 / 2, rel=1 / 100)


# rough surfaces ------------------------------------------------------------------------------------------------------
BAND = {"period": 100 * UM, "hurst": 0.8, "roll_off": 2 * math.pi / (50 * UM), "cut_off": math.pi / (2 * UM)}


def test_the_surface_has_exactly_the_rms_height_asked_for():
    found = rough_surface((64, 128), **BAND, rms_height=0.3 * UM, rng=1)
    assert found.std() == pytest.approx(0.3 * UM, rel=1e-12)
    assert abs(found.mean()) < 1e-12 * UM


def test_the_surface_has_exactly_the_rms_slope_asked_for():
    found = rough_surface((64, 128), **BAND, rms_slope=0.1, rng=1)
    assert rms_slope_of(found, period=100 * UM) == pytest.approx(0.1, rel=1e-12)


def test_the_spectral_slope_is_the_limit_of_differences():
    found = rough_surface((512, 512), **BAND, rms_slope=0.1, rng=1)
    pixel = 100 * UM / 512
    across = [(np.roll(found, -1, axis) - np.roll(found, 1, axis)) / (2 * pixel) for axis in (0, 1)]
    # central differences lose (q h)^2/6 of each wave, at most (pi/2 um * 0.195 um)^2/6 = 1.6 %
    assert math.sqrt(np.mean(np.square(across[0]) + np.square(across[1]))) == pytest.approx(0.1, rel=0.016)


@pytest.mark.parametrize("hurst", [0.3, 0.8])
def test_the_spectrum_falls_with_the_hurst_exponent(hurst):
    options = {"period": 256.0, "hurst": hurst, "roll_off": 0.05, "cut_off": 3.0, "rms_height": 1.0}
    power = sum(np.abs(np.fft.fft2(rough_surface((256, 256), **options, rng=s))) ** 2 for s in range(8))
    frequency = 2 * math.pi * np.fft.fftfreq(256)
    q = np.hypot(frequency[:, None], frequency)
    low, high = (np.abs(q / at - 1) < 0.05 for at in (0.3, 2.4))
    slope = math.log(power[high].mean() / power[low].mean()) / math.log(q[high].mean() / q[low].mean())
    # each pixel of a ring spreads by its own mean; pixels come in equal pairs, over 8 draws: 4 times the pixels count
    error = 1 / math.sqrt(4 * low.sum()) / math.log(8)
    assert slope == pytest.approx(-2 - 2 * hurst, abs=4 * error)
    assert power[q > 3.0].max() < 1e-20 * power.max()


# load ----------------------------------------------------------------------------------------------------------------
def test_light_load_gives_contact_in_proportion():
    # erf(x) = 2 x/sqrt(pi) (1 - x^2/3): x = 1.4e-3
    share = persson_contact_fraction(1e5, effective_modulus=1e9, rms_slope=0.1)
    assert share == pytest.approx(math.sqrt(8 / math.pi) * 1e-3, rel=1e-6)


def test_heavy_load_gives_full_contact():
    assert persson_contact_fraction(1e9, effective_modulus=1e9, rms_slope=0.1) == 1.0


@given(pressure=st.floats(1e4, 1e9), slope=st.floats(1e-3, 1.0), hardness=st.floats(1e5, 1e10))
def test_contact_is_never_below_the_elastic_nor_the_plastic_share(pressure, slope, hardness):
    options = {"effective_modulus": 8.7e9, "rms_slope": slope}
    share = persson_contact_fraction(pressure, **options, hardness=hardness)
    elastic, plastic = persson_contact_fraction(pressure, **options), min(pressure / hardness, 1.0)
    assert max(elastic, plastic) * (1 - 1e-12) <= share <= 1.0 + 1e-12
    # touching stress has flowed, which happens to p/H at most, or has never met 0, as without the ceiling
    assert share <= elastic + plastic + 1e-12


@given(pressures=st.lists(st.floats(1e4, 5e6), min_size=2, max_size=2, unique=True), slope=st.floats(1e-4, 1.0))
def test_contact_grows_with_pressure(pressures, slope):
    low, high = persson_contact_fraction(np.sort(pressures), effective_modulus=8.7e9, rms_slope=slope, hardness=2.3e6)
    assert low <= high * (1 + 1e-12)


@pytest.mark.parametrize("pressure", [1e5, 1e6, 2e6])
def test_rough_and_stiff_bodies_reach_the_plastic_share(pressure):
    share = persson_contact_fraction(pressure, effective_modulus=8.7e9, rms_slope=0.1, hardness=2.3e6)
    assert share == pytest.approx(pressure / 2.3e6, rel=1e-12)  # (E* h'/2H)^2 = 36 000: the rest is exp(-180 000)


@pytest.mark.parametrize("ratio", [1e-3, 1e-2, 0.1])
def test_a_very_hard_body_stays_elastic(ratio):
    options = {"effective_modulus": 1e9, "rms_slope": 0.1}
    share = persson_contact_fraction(ratio * 5e7, **options, hardness=50 * 5e7)
    assert share == pytest.approx(persson_contact_fraction(ratio * 5e7, **options), rel=1e-14)


def test_a_pressure_above_the_hardness_gives_full_contact():
    assert persson_contact_fraction(5e6, effective_modulus=8.7e9, rms_slope=0.1, hardness=2.3e6) == 1.0


def lost_by_diffusion(start, spread, cells=800):
    """Share absorbed at 0 of stress that spreads from ``start`` between absorbing ends 0 and 1, on a grid."""
    places = np.arange(1, cells) / cells
    values, vectors = linalg.eigh_tridiagonal(np.full(cells - 1, -2.0), np.full(cells - 2, 1.0))
    decay = np.exp(0.5 * values * cells**2 * spread**2)
    absorbed = (1 - places) - vectors @ (decay * (vectors.T @ (1 - places)))
    return absorbed[round(start * cells) - 1]


@pytest.mark.parametrize("start", [0.05, 0.25, 0.8])
@pytest.mark.parametrize("spread", [0.2, 0.5, 0.99, 1.01, 2.0])
def test_the_elastoplastic_share_solves_the_diffusion_of_stress(start, spread):
    share = persson_contact_fraction(start, effective_modulus=2 * spread, rms_slope=1.0, hardness=1.0)
    # second differences on a start that jumps at the end: error of order (cell/spread)^2
    assert share == pytest.approx(1 - lost_by_diffusion(start, spread), abs=(1 / 800 / spread) ** 2)


def test_the_effective_modulus_of_like_bodies_is_half_the_plane_strain_one():
    found = effective_modulus(10e9, poisson_ratio=0.3, other_modulus=10e9, other_poisson_ratio=0.3)
    assert found == pytest.approx(10e9 / (2 * 0.91), rel=1e-14)


def test_a_loaded_surface_touches_at_its_highest_pixels():
    heights = rough_surface((64, 64), **{**BAND, "cut_off": 2e6}, rms_slope=0.1, rng=4)
    share = persson_contact_fraction(0.5e6, effective_modulus=8.7e9, rms_slope=0.1, hardness=2.3e6)
    found = rough_contact(heights, period=100 * UM, pressure=0.5e6, effective_modulus=8.7e9, hardness=2.3e6)
    assert found.sum() == round(share * 4096)
    assert heights[found].min() >= heights[~found].max()


def test_more_pressure_keeps_every_contact():
    heights = rough_surface((64, 64), **{**BAND, "cut_off": 2e6}, rms_slope=0.02, rng=4)
    options = {"period": 100 * UM, "effective_modulus": 8.7e9}
    less, more = (rough_contact(heights, **options, pressure=p) for p in (5e6, 20e6))
    assert more[less].all()
    assert more.sum() > less.sum()


# refusals ------------------------------------------------------------------------------------------------------------
RANDOM = {"shape": (8, 8), "fraction": 0.3, "period": 8.0, "correlation_length": 2.0, "rng": 1}
SURFACE = {"shape": (8, 8), "period": 8.0, "hurst": 0.8, "roll_off": 1.0, "cut_off": 3.0, "rms_slope": 0.1, "rng": 1}
DISC = {"shape": (8, 8), "period": 8.0, "radius": 2.0}
LATTICE = {**DISC, "columns": 2, "radius": 1.0}
HALF = np.array([[True, False]])


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (random_contact, {**RANDOM, "fraction": 0.0}, "fraction = 0.0: expected more than 0"),
        (random_contact, {**RANDOM, "fraction": 1.1}, "fraction = 1.1: expected more than 0 and at most 1"),
        (random_contact, {**RANDOM, "fraction": 0.001}, "fraction = 0.001 of 64 pixels: .*more pixels"),
        (random_contact, {**RANDOM, "correlation_length": 9.0}, "correlation_length = 9: .*shorter side, 8 m"),
        (random_contact, {**RANDOM, "period": -1.0}, "period = -1.0"),
        (random_contact, {**RANDOM, "shape": (8, 0)}, r"shape = \(8, 0\): expected two whole numbers"),
        (rough_surface, {**SURFACE, "cut_off": 4.0}, "cut_off = 4: expected from roll_off = 1 to pi/pixel"),
        (rough_surface, {**SURFACE, "cut_off": 0.5, "roll_off": 0.1}, "cut_off = 0.5: expected at least 2 pi/period"),
        (rough_surface, {**SURFACE, "hurst": 1.0}, "hurst = 1.0"),
        (rough_surface, {**SURFACE, "rms_height": 1.0}, "rms_height = 1.0, rms_slope = 0.1: expected one of the two"),
        (disc_contact, {**DISC, "radius": 4.1}, "radius = 4.1: expected at most half of the shorter side, 4 m"),
        (disc_contact, {**DISC, "radius": 0.1, "centre": (1.0, 1.0)}, "radius = 0.1 pixels: expected at least one"),
        (disc_coverage, {**DISC, "centre": (np.nan, 1.0)}, "centre = .*expected two finite lengths"),
        (lattice_contact, {**LATTICE, "shape": (8, 12)}, "expected about 6 rows for 2 square columns, whole rows"),
        (lattice_contact, {**LATTICE, "lattice": "hexagonal"}, "expected about 6.9282 rows for 2 hexagonal columns"),
        (lattice_contact, {**LATTICE, "lattice": "hex"}, "lattice = 'hex'"),
        (lattice_coverage, {**LATTICE, "radius": 2.1}, "radius = 2.1: expected at most 2 m"),
        (refine_contact, {"contact": HALF, "factor": 0}, "factor = 0: expected a whole number"),
        (refine_contact, {"contact": 0.5 * HALF, "factor": 2}, "expected True or False.*Threshold it first"),
        (coarsen_contact, {"contact": HALF, "shape": (4, 2)}, r"shape = \(4, 2\): expected 1 rows for 2 columns"),
        (coarsen_contact, {"contact": 2.0 * HALF, "shape": (1, 1)}, "expected values from 0 to 1"),
        (contact_fraction, {"contact": np.array([np.nan])}, "expected values from 0 to 1"),
        (correlation_length_of, {"contact": ~np.zeros((4, 4), bool), "period": 1.0}, "contact fraction = 1: "),
        (correlation_length_of, {"contact": np.repeat(HALF, 16, 1), "period": 1.0}, "expected a map of many patches"),
        (mean_chord_length, {"contact": np.zeros((4, 4), bool), "period": 1.0}, "contact fraction = 0: "),
        (rms_slope_of, {"heights": np.array([1.0]), "period": 1.0}, r"shape \(1,\): expected finite numbers"),
        (rms_slope_of, {"heights": np.array([[np.nan, 1.0]]), "period": 1.0}, "Fill the gaps"),
        (persson_contact_fraction, {"pressure": 0.0, "effective_modulus": 1.0, "rms_slope": 1.0}, "pressure = 0.0"),
    ],
)
def test_values_out_of_range_are_refused(function, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        function(**arguments)


def test_a_surface_without_roughness_is_missing_it():
    with pytest.raises(MissingInput, match=r"rms_height = None, rms_slope = None: expected one of the two. Give it"):
        rough_surface((8, 8), period=8.0, hurst=0.8, roll_off=1.0, cut_off=3.0, rng=1)


def test_a_flat_surface_is_refused():
    with pytest.raises(InvalidInput, match="heights of rms slope 0: expected a rough surface"):
        rough_contact(np.zeros((4, 4)), period=1.0, pressure=1.0, effective_modulus=1.0)


def test_a_load_that_brings_no_pixel_into_contact_is_refused():
    heights = rough_surface((8, 8), period=8.0, hurst=0.8, roll_off=1.0, cut_off=3.0, rms_slope=0.1, rng=1)
    with pytest.raises(InvalidInput, match="of 64 pixels: expected at least one pixel in contact"):
        rough_contact(heights, period=8.0, pressure=1e-4, effective_modulus=1.0)


def test_a_poisson_ratio_above_one_half_is_refused():
    with pytest.raises(InvalidInput, match=r"poisson_ratio = 0.6: expected a number from 0 to 0.5"):
        effective_modulus(1e9, poisson_ratio=0.6, other_modulus=1e9, other_poisson_ratio=0.3)


def test_the_error_function_limit_is_the_share_within_one_sigma():
    share = persson_contact_fraction(1.0, effective_modulus=2.0, rms_slope=1.0)
    assert share == pytest.approx(special.ndtr(1.0) - special.ndtr(-1.0), rel=1e-14)
