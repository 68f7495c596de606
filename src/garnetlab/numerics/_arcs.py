"""Impedance of a series of arcs: model, derivatives, batched fit without an initial guess, covariance.

.. math:: Z = R_0 + j\\omega L + \\sum_k \\frac{R_k}{1 + (j\\omega\\tau_k)^{n_k}} + A (j\\omega)^{-m}

Each arc is a resistance parallel to a constant-phase element, ``tau = (R Q)^(1/n)``.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from garnetlab.core import InvalidInput, nearest
from garnetlab.numerics._arcs_projection import (
    Bools,
    Floats,
    Ints,
    Members,
    Task,
    arc_columns,
    joined,
    power_columns,
    refine,
)
from garnetlab.numerics._arcs_start import starts as start_grid

#: Smallest and largest exponent of an arc, and of a free tail.
EXPONENT_RANGE = (0.4, 1.0)
TAIL_RANGE = (0.3, 1.0)
#: A time constant lies between 1/(20 w_max) and 10/w_min.
TIME_CONSTANT_MARGIN = (20.0, 10.0)


class Tail(enum.Enum):
    """What is in series with the arcs at low frequency: ``A (j w)^-m``."""

    NONE = "none"
    WARBURG = "warburg"  # m = 1/2; A = sigma sqrt(2) for Z = sigma w^-1/2 (1 - j)
    CAPACITOR = "capacitor"  # m = 1; A = 1/C
    POWER = "power"  # m free in [0.3, 1]


_TAIL_EXPONENT = {Tail.WARBURG: 0.5, Tail.CAPACITOR: 1.0}


@dataclass(frozen=True, slots=True)
class ArcModel:
    """Which elements stand in series: ``arcs`` arcs, optional resistance and inductance, and a tail."""

    arcs: int
    resistance: bool = True
    inductance: bool = False
    tail: Tail = Tail.NONE

    def __post_init__(self) -> None:
        if not 1 <= self.arcs <= 6:
            message = f"arcs = {self.arcs}: expected 1 to 6 arcs. Use a distribution of relaxation times for more."
            raise InvalidInput(message)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters in order: R0 [Ohm], L [H], then R [Ohm], tau [s], n of each arc, A [Ohm s^-m], m."""
        arcs = [f"{symbol}{k}" for k in range(1, self.arcs + 1) for symbol in ("R", "tau", "n")]
        head = ["R0"] * self.resistance + ["L"] * self.inductance
        tail = ["A"] * (self.tail is not Tail.NONE) + ["m"] * (self.tail is Tail.POWER)
        return (*head, *arcs, *tail)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Positions in the parameter vector: linear coefficients, shapes, and which of the shapes are logarithmic."""

    linear: Ints
    shape: Ints

    @classmethod
    def of(cls, model: ArcModel) -> _Layout:
        names = model.names
        arcs = range(1, model.arcs + 1)
        linear = [name for name in names if name[0] in "RLA"]
        shape = [f"tau{k}" for k in arcs] + [f"n{k}" for k in arcs] + ["m"] * (model.tail is Tail.POWER)
        return cls(np.array([names.index(x) for x in linear]), np.array([names.index(x) for x in shape]))


@dataclass(frozen=True, slots=True)
class ArcFits:
    """Fits of ``m`` spectra by one model, arcs ordered from the fastest to the slowest.

    ``parameters`` (m, p) in the order of ``model.names``; ``ssr`` (m,) weighted sum of squares of both parts;
    ``converged`` (m,); ``at_bound`` (m, p): a coefficient that is 0, a time constant or an exponent at its limit (an
    arc or tail whose coefficient is 0 has all its parameters marked); ``fixed`` names what was held.
    """

    model: ArcModel
    parameters: Floats
    ssr: Floats
    converged: Bools
    at_bound: Bools
    fixed: tuple[str, ...] = ()


def arcs_impedance(model: ArcModel, parameters: ArrayLike, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return the impedance [Ohm], shape ``(..., N)``, of parameters ``(..., p)`` at frequencies (N,) [Hz]."""
    values, omega = _checked_parameters(model, parameters), 2.0 * np.pi * _checked_frequency(frequency)
    return _pieces(model, values, omega)[0].sum(axis=-1)


def arcs_log_jacobian(model: ArcModel, parameters: ArrayLike, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return the derivatives of the impedance by the logarithms of the parameters, ``(..., N, p)`` [Ohm].

    ``parameters`` (..., p) in the order of ``model.names``, ``frequency`` (N,) [Hz]. For the exponents too the
    derivative is by their logarithm, ``n dZ/dn``.
    """
    values, omega = _checked_parameters(model, parameters), 2.0 * np.pi * _checked_frequency(frequency)
    layout = _Layout.of(model)
    linear, shape = _pieces(model, values, omega)
    out = np.empty((*linear.shape[:-1], len(model.names)), dtype=complex)
    out[..., layout.linear] = linear
    out[..., layout.shape] = shape
    return out


def _pieces(
    model: ArcModel, values: Floats, omega: Floats
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return each series element's impedance (..., N, linear) and the derivatives by ln shape (..., N, shapes)."""
    by_name = dict(zip(model.names, np.moveaxis(values, -1, 0), strict=True))
    log_omega, ones = np.log(omega), np.ones_like(omega)
    arcs = range(1, model.arcs + 1)
    resistance, tau, exponent = (np.stack([by_name[f"{s}{k}"] for k in arcs], axis=-1) for s in ("R", "tau", "n"))
    unit, by_tau, by_exponent = (_complex(x) for x in arc_columns(log_omega, np.log(tau), exponent))
    size = resistance[..., None]
    linear = [by_name["R0"][..., None] * ones] if model.resistance else []
    linear += [by_name["L"][..., None] * (1j * omega)] if model.inductance else []
    linear += [(size * unit)[..., k, :] for k in range(model.arcs)]
    shape = [(size * by_tau)[..., k, :] for k in range(model.arcs)]
    shape += [(size * exponent[..., None] * by_exponent)[..., k, :] for k in range(model.arcs)]
    if model.tail is not Tail.NONE:
        power = by_name.get("m", np.full(values.shape[:-1], _TAIL_EXPONENT.get(model.tail, np.nan)))
        line, slope = (_complex(x) for x in power_columns(log_omega, power))
        linear.append(by_name["A"][..., None] * line)
        shape += [(by_name["A"] * power)[..., None] * slope] if model.tail is Tail.POWER else []
    return np.stack(linear, axis=-1).astype(complex), np.stack(shape, axis=-1)


def _complex(parts: Floats) -> NDArray[np.complex128]:
    return parts[..., 0, :] + 1j * parts[..., 1, :]


def fit_arcs(
    frequency: ArrayLike,
    impedance: ArrayLike,
    model: ArcModel,
    *,
    weights: ArrayLike | None = None,
    starts: int = 12,
    initial: ArrayLike | None = None,
    fixed: Mapping[str, ArrayLike] | None = None,
) -> ArcFits:
    """Fit one model to many spectra at once, without an initial guess.

    Minimises ``sum w^2 |Z - Z_model|^2`` with all coefficients >= 0 by variable projection from deterministic starts.

    Parameters
    ----------
    frequency:  (N,) [Hz], in any order.
    impedance:  (m, N) complex [Ohm], one row per spectrum.
    weights:    (m, N) or (N,) >= 0 [1/Ohm]; ``1/|Z|`` when left out. A weight 0 leaves a point out.
    starts:     Most starts spent on one spectrum; easy spectra take fewer.
    initial:    (m, p) starting values in the order of ``model.names``; they replace the search.
    fixed:      Parameters held at a value, or at one value per spectrum (m,). With a parameter of an arc fixed the
                arcs keep their numbers: they are not ordered by time constant.

    Returns
    -------
    :  The fits. ``1/(20 w_max) <= tau <= 10/w_min``, ``0.4 <= n <= 1``, ``0.3 <= m <= 1``.

    Raises
    ------
    InvalidInput  for shapes that do not fit, values that are not finite, or fewer data than parameters.

    Source
    ------
    G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; L. Kaufman, BIT 15 (1975) 49.
    """
    problem = _Problem.checked(frequency, impedance, model, weights, dict(fixed or {}))
    if starts < 1:
        message = f"starts = {starts}: expected at least 1 start."
        raise InvalidInput(message)
    if initial is None:
        members = _searched(problem, starts)
    else:
        values = _checked_parameters(model, initial)
        if values.shape != (len(problem.task.data), len(model.names)):
            message = f"initial has shape {values.shape}: expected {(len(problem.task.data), len(model.names))}."
            raise InvalidInput(message)
        members = _polished(problem, np.arange(len(values)), problem.shape_of(values))
    return _reported(problem, members)
