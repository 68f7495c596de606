r"""Impedance of a series of arcs: the model, its parameters and its derivatives.

.. math:: Z = R_0 + j\omega L + \sum_k \frac{R_k}{1 + (j\omega\tau_k)^{n_k}} + A (j\omega)^{-m}

Each arc is a resistance parallel to a constant-phase element, ``tau = (R Q)^(1/n)``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from garnetlab.core import InvalidInput
from garnetlab.numerics._arcs_projection import Floats, Ints, arc_columns, power_columns


class Tail(enum.Enum):
    """What is in series with the arcs at low frequency: ``A (j w)^-m``."""

    NONE = "none"
    WARBURG = "warburg"  # m = 1/2; A = sigma sqrt(2) for Z = sigma w^-1/2 (1 - j)
    CAPACITOR = "capacitor"  # m = 1; A = 1/C
    POWER = "power"  # m free in [0.3, 1]


#: exponent of the tails whose exponent is known
TAIL_EXPONENT = {Tail.WARBURG: 0.5, Tail.CAPACITOR: 1.0}


@dataclass(frozen=True, slots=True)
class ArcModel:
    """Which elements stand in series: ``arcs`` arcs, optional resistance and inductance, and a tail."""

    arcs: int
    resistance: bool = True
    inductance: bool = False
    tail: Tail = Tail.NONE

    def __post_init__(self) -> None:
        if not 0 <= self.arcs <= 6:
            message = f"arcs = {self.arcs}: expected 0 to 6 arcs. Use a distribution of relaxation times for more."
            raise InvalidInput(message)
        if not self.names:
            message = "arcs = 0: expected at least one element. Add a resistance, an inductance, an arc or a tail."
            raise InvalidInput(message)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters in order: R0 [Ohm], L [H], then R [Ohm], tau [s], n of each arc, A [Ohm s^-m], m."""
        arcs = [f"{symbol}{k}" for k in range(1, self.arcs + 1) for symbol in ("R", "tau", "n")]
        head = ["R0"] * self.resistance + ["L"] * self.inductance
        tail = ["A"] * (self.tail is not Tail.NONE) + ["m"] * (self.tail is Tail.POWER)
        return (*head, *arcs, *tail)


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions in the parameter vector: linear coefficients, shapes, and which of the shapes are logarithmic."""

    linear: Ints
    shape: Ints

    @classmethod
    def of(cls, model: ArcModel) -> Layout:
        names = model.names
        arcs = range(1, model.arcs + 1)
        linear = [name for name in names if name[0] in "RLA"]
        shape = [f"tau{k}" for k in arcs] + [f"n{k}" for k in arcs] + ["m"] * (model.tail is Tail.POWER)
        return cls(_places(names, linear), _places(names, shape))


def _places(names: tuple[str, ...], wanted: list[str]) -> Ints:
    return np.array([names.index(name) for name in wanted], dtype=np.intp)


def arcs_impedance(model: ArcModel, parameters: ArrayLike, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return the impedance [Ohm], shape ``(..., N)``, of parameters ``(..., p)`` at frequencies (N,) [Hz]."""
    values, omega = checked_parameters(model, parameters), 2.0 * np.pi * checked_frequency(frequency)
    total: NDArray[np.complex128] = _pieces(model, values, omega)[0].sum(axis=-1)
    return total


def arcs_log_jacobian(model: ArcModel, parameters: ArrayLike, frequency: ArrayLike) -> NDArray[np.complex128]:
    """Return the derivatives of the impedance by the logarithms of the parameters, ``(..., N, p)`` [Ohm].

    ``parameters`` (..., p) in the order of ``model.names``, ``frequency`` (N,) [Hz]. For the exponents too the
    derivative is by their logarithm, ``n dZ/dn``.
    """
    values, omega = checked_parameters(model, parameters), 2.0 * np.pi * checked_frequency(frequency)
    layout = Layout.of(model)
    linear, shape = _pieces(model, values, omega)
    out = np.empty((*linear.shape[:-1], len(model.names)), dtype=complex)
    out[..., layout.linear] = linear
    out[..., layout.shape] = shape
    return out


def _pieces(model: ArcModel, values: Floats, omega: Floats) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return each series element's impedance (..., N, linear) and the derivatives by ln shape (..., N, shapes)."""
    by_name = dict(zip(model.names, np.moveaxis(values, -1, 0), strict=True))
    log_omega, ones = np.log(omega), np.ones_like(omega)
    linear = [by_name["R0"][..., None] * ones] if model.resistance else []
    linear += [by_name["L"][..., None] * (1j * omega)] if model.inductance else []
    by_tau, by_exponent = [], []
    for k in range(1, model.arcs + 1):
        size, exponent = by_name[f"R{k}"][..., None], by_name[f"n{k}"]
        unit, first, second = (_complex(x) for x in arc_columns(log_omega, np.log(by_name[f"tau{k}"]), exponent))
        linear.append(size * unit)
        by_tau.append(size * first)
        by_exponent.append(size * exponent[..., None] * second)
    shape = by_tau + by_exponent
    if model.tail is not Tail.NONE:
        power = by_name.get("m", np.full(values.shape[:-1], TAIL_EXPONENT.get(model.tail, np.nan)))
        line, slope = (_complex(x) for x in power_columns(log_omega, power))
        linear.append(by_name["A"][..., None] * line)
        shape += [(by_name["A"] * power)[..., None] * slope] if model.tail is Tail.POWER else []
    empty = np.empty((*values.shape[:-1], len(omega), 0), dtype=complex)
    return np.stack(linear, axis=-1).astype(complex), np.stack(shape, axis=-1) if shape else empty


def _complex(parts: Floats) -> NDArray[np.complex128]:
    return parts[..., 0, :] + 1j * parts[..., 1, :]


def checked_frequency(frequency: ArrayLike) -> Floats:
    """Return the frequencies (N,) as an array, or refuse them."""
    values = np.asarray(frequency, dtype=float)
    if values.ndim != 1 or not values.size:
        message = f"frequency has shape {values.shape}: expected one row of frequencies (N,)."
        raise InvalidInput(message)
    bad = ~(np.isfinite(values) & (values > 0.0))
    if bad.any():
        message = f"frequency = {values[bad][0]}: expected finite values > 0 Hz. Remove such points."
        raise InvalidInput(message)
    return values


def checked_parameters(model: ArcModel, parameters: ArrayLike) -> Floats:
    """Return the parameters (..., p) as an array, or refuse them."""
    values = np.asarray(parameters, dtype=float)
    if values.ndim < 1 or values.shape[-1] != len(model.names):
        message = f"parameters have shape {values.shape}: expected (..., {len(model.names)}) for {model.names}."
        raise InvalidInput(message)
    wrong = ~np.isfinite(values) | (values < 0.0)
    wrong |= (values == 0.0) & np.array([name[0] in "tnm" for name in model.names])
    if wrong.any():
        where = int(np.argwhere(wrong)[0][-1])
        message = f"{model.names[where]} = {values[wrong][0]}: expected a finite value, >= 0, or > 0 for tau, n and m."
        raise InvalidInput(message)
    return values
