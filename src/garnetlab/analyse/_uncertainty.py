"""Errors of fitted arcs: covariance of the logarithms, derived quantities, and what the data do not determine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

#: a parameter whose relative standard uncertainty exceeds this is not reported as identifiable: above it the
#: linearised 95 % interval of its logarithm no longer covers 95 % (measured by ``proofs/coverage.py``)
IDENTIFIABLE = 0.15


@dataclass(frozen=True, slots=True)
class Fitted:
    """Parameters of one fitted circuit with the covariance of their logarithms.

    ``names`` (p,), ``values`` (p,) in SI, ``log_covariance`` (p, p), ``bound`` (p,) True where a parameter sits at a
    bound (a zero coefficient, an exponent of 1), ``dof`` the degrees of freedom of the noise estimate.
    """

    names: tuple[str, ...]
    values: FloatArray
    log_covariance: FloatArray
    bound: NDArray[np.bool_]
    dof: int

    def index(self, name: str) -> int:
        """Return the position of a parameter."""
        return self.names.index(name)

    def value(self, name: str) -> float:
        """Return the SI value of a parameter, 0 where the circuit has none of that name."""
        return float(self.values[self.index(name)]) if name in self.names else 0.0

    def log_std(self, name: str) -> float:
        """Return the standard uncertainty of ln(parameter)."""
        i = self.index(name)
        return float(math.sqrt(max(self.log_covariance[i, i], 0.0)))

    def identifiable(self, name: str) -> bool:
        """Whether the data determine this parameter: inside its bounds and known to better than 15 %."""
        i = self.index(name)
        return bool(not self.bound[i] and self.log_std(name) <= IDENTIFIABLE)


def coverage_factor(dof: int) -> float:
    """Return the two-sided 95 % Student factor for ``dof`` degrees of freedom."""
    return float(stats.t.ppf(0.975, max(dof, 1)))


def log_quantity(fitted: Fitted, value: float, gradient: FloatArray, unit: str, method: str) -> Quantity:
    """Return ``value`` (SI) with std and 95 % interval from the gradient (p,) of its logarithm by the logarithms."""
    variance = float(gradient @ fitted.log_covariance @ gradient)
    spread = math.sqrt(max(variance, 0.0))
    k = coverage_factor(fitted.dof)
    interval = (value * math.exp(-k * spread), value * math.exp(min(k * spread, 600.0)))
    return Quantity(value, value * spread, unit, interval, method)


def parameter_quantity(fitted: Fitted, name: str, unit: str) -> Quantity:
    """Return one parameter with its uncertainty; a parameter at a bound has none."""
    i = fitted.index(name)
    if fitted.bound[i]:
        return Quantity(float(fitted.values[i]), None, unit, method="at its bound")
    return log_quantity(fitted, float(fitted.values[i]), np.eye(len(fitted.names))[i], unit, "fit")


def sum_quantity(fitted: Fitted, names: Sequence[str], unit: str, method: str) -> Quantity:
    """Return the sum of parameters with its uncertainty, correlations included."""
    total = sum(fitted.value(n) for n in names)
    gradient = np.zeros(len(fitted.names))
    for name in names:
        i = fitted.index(name)
        if not fitted.bound[i]:
            gradient[i] = fitted.values[i] / total if total > 0 else 0.0
    return log_quantity(fitted, total, gradient, unit, method)


def arc_capacitance(fitted: Fitted, arc: int) -> Quantity:
    """Return the capacitance tau/R of an arc, which for a ZARC is (R^(1-n) Q)^(1/n).

    Source
    ------
    C. H. Hsu and F. Mansfeld, Corrosion 57 (2001) 747, equation 2.
    """
    value = fitted.value(f"tau{arc}") / fitted.value(f"R{arc}")
    gradient = np.zeros(len(fitted.names))
    gradient[fitted.index(f"tau{arc}")] = 1.0
    gradient[fitted.index(f"R{arc}")] = -1.0
    return log_quantity(fitted, value, gradient, "F", "tau/R")


def arc_pseudo_capacitance(fitted: Fitted, arc: int) -> Quantity:
    """Return Q = tau^n/R of an arc [S s^n]; the exponent n is that of the arc."""
    tau, n, r = fitted.value(f"tau{arc}"), fitted.value(f"n{arc}"), fitted.value(f"R{arc}")
    gradient = np.zeros(len(fitted.names))
    gradient[fitted.index(f"tau{arc}")] = n
    gradient[fitted.index(f"R{arc}")] = -1.0
    if not fitted.bound[fitted.index(f"n{arc}")]:
        gradient[fitted.index(f"n{arc}")] = n * math.log(tau)
    return log_quantity(fitted, tau**n / r, gradient, "1", "tau^n/R, in S s^n")


@dataclass(frozen=True, slots=True)
class Sum:
    """A combination of resistances that the data determine better than its members."""

    names: tuple[str, ...]
    quantity: Quantity


def identifiable_sums(fitted: Fitted) -> list[Sum]:
    """Return sums of neighbouring resistances that are known at least three times better than their worst member.

    In LLZTO measured up to 1 MHz this is R_bulk + R_gb: each alone is open, the sum is not.
    """
    resistances = [n for n in fitted.names if n.startswith("R") and fitted.value(n) > 0]
    found = []
    for first in range(len(resistances)):
        for last in range(first + 1, len(resistances)):
            names = tuple(resistances[first : last + 1])
            if all(fitted.identifiable(n) for n in names):
                continue
            total = sum_quantity(fitted, names, "ohm", "sum of arcs")
            worst = max(fitted.log_std(n) * fitted.value(n) for n in names if not fitted.bound[fitted.index(n)])
            if total.std is not None and total.std * 3 < worst:
                found.append(Sum(names, total))
                break
    return found


def profile_interval(
    cost: Callable[[float], float], best: float, std: float, *, minimum: float, noise: float, dof: int
) -> tuple[float, float]:
    """Return the 95 % profile-likelihood interval of the logarithm of one parameter.

    Parameters
    ----------
    cost:    Sum of squares minimised over all other parameters, as a function of the logarithm of this one.
    best:    Logarithm at the optimum.
    std:     Linearised standard uncertainty, the first step of the search.
    minimum: Sum of squares at the optimum.
    noise:   Variance of one datum.
    dof:     Degrees of freedom of the noise estimate.

    Source
    ------
    D. M. Bates and D. G. Watts, Nonlinear Regression Analysis and Its Applications, Wiley 1988, section 6.1.
    """
    level = float(stats.f.ppf(0.95, 1, max(dof, 1))) * noise

    def excess(x: float) -> float:
        return cost(x) - minimum - level

    return tuple(_crossing(excess, best, side * max(std, 1e-4)) for side in (-1.0, 1.0))  # type: ignore[return-value]


def _crossing(excess: Callable[[float], float], start: float, step: float) -> float:
    """Return where ``excess`` becomes positive going from ``start`` in steps of growing size; inf where it never does."""
    low, high = start, start + step
    for _ in range(12):
        if excess(high) > 0:
            break
        low, step = high, 1.6 * step
        high = low + step
        if abs(high - start) > 12.0:
            return math.inf if step > 0 else -math.inf
    else:
        return math.inf if step > 0 else -math.inf
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
        if abs(high - low) < 1e-3 * abs(high - start):
            break
    return 0.5 * (low + high)
