"""Batched Levenberg-Marquardt: a certified problem, bounds, many problems at once, failures."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import InvalidInput
from garnetlab.numerics import batched_levenberg_marquardt

#: NIST StRD, Misra1a (https://www.itl.nist.gov/div898/strd/nls/data/misra1a.shtml): y = b1 (1 - exp(-b2 x))
MISRA_X = np.array([77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0])
MISRA_Y = np.array([10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78])
MISRA_BEST, MISRA_SSR = np.array([2.3894212918e2, 5.5015643181e-4]), 1.2455138894e-1


def misra(p, which):
    e = np.exp(-p[:, 1:] * MISRA_X)
    return p[:, :1] * (1 - e) - MISRA_Y, np.stack([1 - e, p[:, :1] * MISRA_X * e], axis=-1)


def rosenbrock(p, which):
    x, y = p.T
    residuals = np.stack([10 * (y - x**2), 1 - x], axis=1)
    jacobian = np.stack([np.stack([-20 * x, 10 + 0 * x], axis=1), np.stack([-1 + 0 * x, 0 * x], axis=1)], axis=1)
    return residuals, jacobian


@pytest.mark.parametrize("start", [(500.0, 1e-4), (250.0, 5e-4)])
def test_misra1a_is_solved_to_the_certified_values_from_both_nist_starts(start):
    found = batched_levenberg_marquardt(misra, np.array([start]), tolerance=1e-14)
    assert found.converged.all()
    np.testing.assert_allclose(found.parameters[0], MISRA_BEST, rtol=1e-7)
    assert found.ssr[0] == pytest.approx(MISRA_SSR, rel=1e-9)  # certified to eleven digits, and flat at the minimum


def test_the_valley_of_rosenbrock_is_followed_to_its_end_from_many_starts():
    start = np.random.default_rng(1).uniform(-3, 3, (50, 2))
    found = batched_levenberg_marquardt(rosenbrock, start, tolerance=1e-12)
    assert found.converged.all()
    # zero residual: the last step leaves ssr below 1e-12 of a value that is itself below rounding of the first
    np.testing.assert_allclose(found.parameters, 1.0, atol=1e-6)


def test_a_problem_does_not_feel_the_others():
    start = np.random.default_rng(2).uniform(-2, 2, (6, 2))
    together = batched_levenberg_marquardt(rosenbrock, start)
    alone = [batched_levenberg_marquardt(rosenbrock, start[k : k + 1]) for k in range(6)]
    np.testing.assert_allclose(together.parameters, np.concatenate([a.parameters for a in alone]), rtol=1e-12)
    np.testing.assert_array_equal(together.iterations, np.concatenate([a.iterations for a in alone]))


def test_the_function_is_told_which_problems_it_solves():
    targets = np.arange(12.0).reshape(6, 2)
    found = batched_levenberg_marquardt(
        lambda p, which: (p - targets[which], np.repeat(np.eye(2)[None], len(p), 0)), np.zeros((6, 2))
    )
    np.testing.assert_allclose(found.parameters, targets, atol=1e-6)


def test_a_minimum_outside_the_box_ends_on_the_bound_with_the_best_value_there():
    # min of |p - (3, 1)|^2 coupled by A with p1 <= 2: p2 solves the remaining one-parameter problem
    a = np.array([[1.0, 0.5], [0.5, 2.0], [1.0, -1.0]])
    b = a @ [3.0, 1.0]
    found = batched_levenberg_marquardt(
        lambda p, which: (p @ a.T - b, np.repeat(a[None], len(p), 0)), np.zeros((1, 2)), upper=np.array([2.0, 10.0])
    )
    expected = a[:, 1] @ (b - 2.0 * a[:, 0]) / (a[:, 1] @ a[:, 1])
    assert found.converged[0]
    assert found.at_bound.tolist() == [[True, False]]
    np.testing.assert_allclose(found.parameters[0], [2.0, expected], rtol=1e-8)


@pytest.mark.parametrize(("low", "high"), [([4.0, -10.0], None), (None, [10.0, 0.5])])
def test_the_gradient_at_a_bound_points_outward_at_the_end(low, high):
    a = np.array([[1.0, 0.5], [0.5, 2.0], [1.0, -1.0]])
    b = a @ [3.0, 1.0]

    def linear(p, which):
        return p @ a.T - b, np.repeat(a[None], len(p), 0)

    found = batched_levenberg_marquardt(linear, np.array([[20.0, -20.0]]), lower=low, upper=high, tolerance=1e-14)
    gradient = a.T @ (a @ found.parameters[0] - b)
    free = ~found.at_bound[0]
    assert free.sum() == 1
    # a relative change of ssr (about 2) below 1e-14 means a gradient below sqrt(1e-14 * 2 * 5), 5 the curvature
    assert abs(gradient[free][0]) < 3.2e-7
    assert gradient[~free][0] * (1 if low is not None else -1) > 0


@pytest.mark.parametrize("bounds", [{"lower": [-1.2, -9.0]}, {"upper": [-1.2, 9.0]}, {"lower": [-1.2, 1.0]}])
def test_a_start_on_a_bound_leaves_it_where_the_minimum_is_inside(bounds):
    start = np.array([[-1.2, 1.0]])
    minimum = [-2.0, 0.5] if "upper" in bounds else [3.0, 2.0]
    found = batched_levenberg_marquardt(
        lambda p, which: (p - minimum, np.repeat(np.eye(2)[None], len(p), 0)), start, **bounds
    )
    np.testing.assert_allclose(found.parameters[0], minimum, atol=1e-6)


def test_a_start_outside_the_box_is_moved_into_it():
    found = batched_levenberg_marquardt(misra, np.array([[1e4, 1.0]]), lower=[1.0, 1e-5], upper=[1e3, 1e-2])
    np.testing.assert_allclose(found.parameters[0], MISRA_BEST, rtol=1e-4)


def test_a_parameter_without_effect_does_no_harm():
    def flat(p, which):
        r, j = misra(p[:, :2], which)
        return r, np.concatenate([j, np.zeros((*r.shape, 1))], axis=-1)

    found = batched_levenberg_marquardt(flat, np.array([[250.0, 5e-4, 7.0]]))
    np.testing.assert_allclose(found.parameters[0], [*MISRA_BEST, 7.0], rtol=1e-5)


def test_a_step_into_infinity_is_taken_back():
    def wall(p, which):
        with np.errstate(over="ignore", invalid="ignore"):
            r = np.where(p > 3.0, np.inf, np.exp(p) - 10.0)
            return r, np.where(p > 3.0, np.nan, np.exp(p))[..., None]

    found = batched_levenberg_marquardt(wall, np.array([[-1.0]]))  # the first full step would go to 26
    assert found.parameters[0, 0] == pytest.approx(np.log(10.0), rel=1e-6)


def test_too_few_iterations_are_reported():
    found = batched_levenberg_marquardt(rosenbrock, np.array([[-1.2, 1.0]]), iterations=2)
    assert not found.converged[0]
    assert found.iterations[0] == 2


@pytest.mark.parametrize(
    ("start", "message"), [(np.zeros(2), r"shape \(2,\)"), (np.array([[np.nan, 1.0]]), "expected finite residuals")]
)
def test_a_start_that_cannot_be_used_is_refused(start, message):
    with pytest.raises(InvalidInput, match=message):
        batched_levenberg_marquardt(rosenbrock, start)
