r"""Errors of fitted arcs: covariance of the logarithms, derived quantities, and what the data do not determine.

A quantity q is estimated with the standard uncertainty s of ln q. Where s itself depends on q, ln q is not normal: the
interval is taken in the variable in which s is constant (a variance-stabilising transform). With
:math:`g = d\ln s/d\ln q` along the direction in which q is uncertain the limits are

.. math:: \ln q_\pm = \ln q - \ln(1 \mp g k s)/g

with Student's factor k. ``g = 0`` is the log-normal interval, ``g = -1`` the symmetric interval of a linear coefficient.

Source
------
M. S. Bartlett, Biometrics 3 (1947) 39 (transforms that make the variance constant); D. M. Bates and D. G. Watts,
Nonlinear Regression Analysis and Its Applications, Wiley 1988, chapters 6 and 7 (why linear intervals fail).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import special

from garnetlab.units import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

    #: values (k, p) of the parameters to ln q (k,) and its gradient (k, p) by the logarithms of the parameters
    LogFunction: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

#: a parameter with a larger relative standard uncertainty is not reported as identifiable: its 95 % interval would be
#: wider than a fifth to either side. A convention; it keeps what is known to 15 or 18 % (the Warburg coefficient and the
#: grain boundary of a truncated arc) from being reported by the chance of a good-looking estimate
IDENTIFIABLE = 0.10
#: nor is one whose standard uncertainty changes by more than this share over one standard uncertainty: from here on the
#: linear interval would miss 8 % instead of 5, since Phi(-k/(1 + 0.2 k)) + Phi(-k/(1 - 0.2 k)) = 0.080 for k = 1.96
NONLINEAR = 0.2
#: exponents have this first letter and end at 1
_AT_MOST_ONE = ("n", "m")
#: largest relative change of the standard uncertainty up to a limit that the second-order limit follows
_LARGEST = 0.5
#: a limit further away than this in ln q is written as this: ten decades
_FAR = 10.0 * math.log(10.0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Parameters of one fitted circuit with the covariance of their logarithms.

    ``names`` (p,), ``values`` (p,) in SI, ``log_covariance`` (p, p), ``bound`` (p,) True where a parameter sits at a
    bound (a zero coefficient, an exponent of 1), ``dof`` the degrees of freedom of the noise estimate. ``slope``
    (p, p, p) is the derivative of the covariance by the logarithm of each parameter (first axis) at the same noise;
    without it the covariance is taken as constant.
    """

    names: tuple[str, ...]
    values: FloatArray
    log_covariance: FloatArray
    bound: NDArray[np.bool_]
    dof: int
    slope: FloatArray | None = None

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
        """Whether the data determine this parameter: ``determined``, and its bound outside its interval.

        Within an interval of its bound an estimate is not normal (Self and Liang, J. Am. Stat. Assoc. 82 (1987) 605).
        """
        quantity = parameter_quantity(self, name, "1")
        free = name[0] not in _AT_MOST_ONE or quantity.interval is None or quantity.interval[1] < 1.0
        return free and determined(quantity)


def determined(quantity: Quantity) -> bool:
    """Whether the data determine a quantity: std within ``IDENTIFIABLE``, and an interval that is nearly linear.

    The growth of the standard uncertainty is read from the interval: its two halves in ln q are -ln(1 - x) and
    ln(1 + x) times one number, with x = k ``NONLINEAR`` at most.
    """
    if quantity.std is None or quantity.interval is None or not 0 < quantity.std <= IDENTIFIABLE * quantity.value:
        return False
    low, high = (abs(math.log(limit / quantity.value)) for limit in quantity.interval)
    x = 1.96 * NONLINEAR
    return max(low, high) <= min(low, high) * -math.log(1.0 - x) / math.log(1.0 + x)


def coverage_factor(dof: int) -> float:
    """Return the two-sided 95 % Student factor for ``dof`` degrees of freedom."""
    return float(special.stdtrit(max(dof, 1), 0.975))


def log_quantity(fitted: Fitted, function: LogFunction, unit: str, method: str) -> Quantity:
    """Return the quantity whose logarithm ``function`` gives, with std and 95 % interval (see the module)."""
    logarithm, gradient = (array[0] for array in function(fitted.values[None, :]))
    along = fitted.log_covariance @ gradient
    spread = math.sqrt(max(float(gradient @ along), 0.0))
    growth = _growth(fitted, function, gradient, along) if spread > 0 else 0.0
    k = coverage_factor(fitted.dof)
    value = math.exp(float(logarithm))
    low, high = (value * math.exp(_limit(spread, growth, side * k)) for side in (-1.0, 1.0))
    return Quantity(value, value * spread, unit, (low, high), method)


def _limit(spread: float, growth: float, factor: float) -> float:
    """Return the distance in ln q to the limit at ``factor`` standard uncertainties, at most ``_FAR``.

    The growth of the standard uncertainty is a correction: where it would be larger than ``_LARGEST`` per limit (a well
    known sum beside members that are not known at all) it says nothing about q and is left out.
    """
    turn = growth * spread * factor
    turn = 0.0 if abs(turn) > _LARGEST else turn
    distance = spread * factor if abs(turn) < 1e-6 else -math.log1p(-turn) / turn * spread * factor
    return min(max(distance, -_FAR), _FAR)


def _growth(fitted: Fitted, function: LogFunction, gradient: FloatArray, along: FloatArray) -> float:
    """Return d ln s / d ln q where the parameters' logarithms move along ``along`` (p,) = covariance times gradient."""
    if fitted.slope is None:
        return 0.0
    variance = float(gradient @ along)
    step = 1e-4 * along / float(np.max(np.abs(along)))
    turned = function(fitted.values * np.exp(np.stack([step, -step])))[1]
    turn = (turned[0] - turned[1]) * float(np.max(np.abs(along))) / 2e-4
    change = float(gradient @ np.tensordot(along, fitted.slope, 1) @ gradient) + 2.0 * float(along @ turn)
    return 0.5 * change / variance**2


def _product(fitted: Fitted, powers: dict[str, float]) -> LogFunction:
    """Return the logarithm of a product of powers of parameters."""
    exponents = np.zeros(len(fitted.names))
    for name, power in powers.items():
        exponents[fitted.index(name)] = power
    used = exponents != 0

    def function(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.log(values[:, used]) @ exponents[used], np.broadcast_to(exponents, values.shape)

    return function


def _sum(fitted: Fitted, names: Sequence[str]) -> LogFunction:
    """Return the logarithm of a sum of parameters."""
    member = np.isin(fitted.names, names)

    def function(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = np.where(member, values, 0.0)
        total = parts.sum(axis=1)
        return np.log(total), parts / total[:, None]

    return function


def parameter_quantity(fitted: Fitted, name: str, unit: str) -> Quantity:
    """Return one parameter with its uncertainty; a parameter at a bound has none."""
    i = fitted.index(name)
    if fitted.bound[i]:
        return Quantity(float(fitted.values[i]), None, unit, method="at its bound")
    return log_quantity(fitted, _product(fitted, {name: 1.0}), unit, "fit")


def sum_quantity(fitted: Fitted, names: Sequence[str], unit: str, method: str) -> Quantity:
    """Return the sum of parameters with its uncertainty, correlations included."""
    return log_quantity(fitted, _sum(fitted, names), unit, method)


def arc_capacitance(fitted: Fitted, arc: int) -> Quantity:
    """Return the capacitance tau/R of an arc, which for a ZARC is (R^(1-n) Q)^(1/n).

    Source
    ------
    C. H. Hsu and F. Mansfeld, Corrosion 57 (2001) 747, equation 2.
    """
    return log_quantity(fitted, _product(fitted, {f"tau{arc}": 1.0, f"R{arc}": -1.0}), "F", "tau/R")


def arc_pseudo_capacitance(fitted: Fitted, arc: int) -> Quantity:
    """Return Q = tau^n/R of an arc [S s^n]; the exponent n is that of the arc."""
    tau, n, r = (fitted.index(f"{symbol}{arc}") for symbol in ("tau", "n", "R"))

    def function(values: FloatArray) -> tuple[FloatArray, FloatArray]:
        gradient = np.zeros_like(values)
        gradient[:, tau] = values[:, n]
        gradient[:, r] = -1.0
        gradient[:, n] = values[:, n] * np.log(values[:, tau])
        return values[:, n] * np.log(values[:, tau]) - np.log(values[:, r]), gradient

    return log_quantity(fitted, function, "1", "tau^n/R, in S s^n")


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
            if determined(total) and total.std is not None and total.std * 3 < worst:
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
    level = float(special.fdtri(1, max(dof, 1), 0.95)) * noise

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
