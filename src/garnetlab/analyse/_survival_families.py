"""Log-likelihood of one observation known exactly or between two limits, on the standard scale, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: standard values further out than this are no nearer to certainty in double precision
_FAR = 600.0
_ROOT_2PI = 0.9189385332046727  # ln sqrt(2 pi)


class Terms(NamedTuple):
    """ln L of each observation and its first and second derivatives by the two standardised limits."""

    value: Floats
    low: Floats
    high: Floats
    low_low: Floats
    low_high: Floats
    high_high: Floats


class Family(NamedTuple):
    """A location-scale family with a log-concave density f on the standard scale.

    Parameters
    ----------
    name:        Name of the law of the value itself.
    log_density: ln f.
    slope:       Derivative of ln f.
    bend:        Second derivative of ln f.
    log_between: ln of the probability between two limits.
    quantile:    Value below which a share of the cells lies.
    """

    name: str
    log_density: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    bend: Callable[[Floats], Floats]
    log_between: Callable[[Floats, Floats], Floats]
    quantile: Callable[[Floats], Floats]


def _normal_between(low: Floats, high: Floats) -> Floats:
    upper_tail = low > 0.0
    first, last = np.where(upper_tail, -high, low), np.where(upper_tail, -low, high)
    most, least = log_ndtr(last), log_ndtr(first)
    found: Floats = most + np.log1p(-np.exp(np.minimum(least - most, -1e-16)))
    return found


def _extreme_between(low: Floats, high: Floats) -> Floats:
    first = np.exp(np.minimum(low, _FAR))
    rise = np.exp(np.minimum(high, _FAR)) - first
    found: Floats = -first + np.log(-np.expm1(-np.maximum(rise, 1e-300)))
    return found


NORMAL = Family(
    "normal",
    lambda z: -0.5 * z * z - _ROOT_2PI,
    lambda z: -z,
    lambda z: -np.ones_like(z),
    _normal_between,
    lambda p: np.asarray(ndtri(p)),
)
#: smallest extreme values: the logarithm of a Weibull life
EXTREME = Family(
    "weibull",
    lambda z: z - np.exp(np.minimum(z, _FAR)),
    lambda z: 1.0 - np.exp(np.minimum(z, _FAR)),
    lambda z: -np.exp(np.minimum(z, _FAR)),
    _extreme_between,
    lambda p: np.log(-np.log1p(-p)),
)


def exact_terms(family: Family, z: Floats) -> Terms:
    """Return the terms of observations that are known exactly, without the logarithm of the scale."""
    none = np.zeros_like(z)
    return Terms(family.log_density(z), family.slope(z), none, family.bend(z), none, none)


def between_terms(family: Family, low: Floats, high: Floats) -> Terms:
    """Return the terms of observations between two limits; a limit may be infinite."""
    value = family.log_between(low, high)
    ends = []
    for z, sign in ((low, -1.0), (high, 1.0)):
        open_end = np.isinf(z)
        inside = np.where(open_end, 0.0, z)
        rate = np.where(open_end, 0.0, sign * np.exp(np.minimum(family.log_density(inside) - value, _FAR)))
        ends.append((rate, rate * family.slope(inside) - rate * rate))
    (first, first_2), (last, last_2) = ends
    return Terms(value, first, last, first_2, -first * last, last_2)
