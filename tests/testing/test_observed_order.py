"""Order of convergence."""

from __future__ import annotations

import numpy as np
import pytest

from garnetlab.core import InvalidInput
from garnetlab.testing import observed_order


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 4.0])
def test_the_order_of_a_power_law_is_its_exponent(order):
    sizes = np.array([16, 32, 64, 128])
    # 1e-12: rounding of four logarithms of relative size 1e-16 over a span of ln 8
    assert observed_order(3.0 * sizes**-order, sizes) == pytest.approx(order, abs=1e-12)


def test_the_trapezoidal_rule_has_order_2():
    sizes = [16, 32, 64, 128]
    errors = [abs(np.trapezoid(np.exp(x := np.linspace(0, 1, n + 1)), x) - (np.e - 1)) for n in sizes]
    # the next term of its error is smaller by h^2/60 <= 7e-5
    assert observed_order(errors, sizes) == pytest.approx(2.0, abs=1e-3)


def test_errors_that_grow_have_a_negative_order():
    assert observed_order([1.0, 2.0], [10, 20]) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("errors", "sizes"),
    [([1.0], [1]), ([1.0, 2.0], [4, 4]), ([1.0, 0.0], [1, 2]), ([1.0, float("nan")], [1, 2]), ([1.0, 2.0], [1, 2, 3])],
)
def test_what_has_no_order_is_refused(errors, sizes):
    with pytest.raises(InvalidInput, match="expected"):
        observed_order(errors, sizes)
