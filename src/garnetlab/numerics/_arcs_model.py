"""Series of arcs: the model, its impedance and its derivatives.

:math:`Z = R_0 + j\\omega L + \\sum_k R_k/(1 + (j\\omega\\tau_k)^{n_k}) + A\\,(j\\omega)^{-m}`
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]


class Tail(enum.Enum):
    """What follows the arcs at low frequency: ``A (j omega)^-m`` with m as given, or free (``POWER``)."""

    NONE = "none"
    WARBURG = "warburg"
    CAPACITOR = "capacitor"
    POWER = "power"

    @property
    def exponent(self) -> float | None:
        """Fixed exponent m, or None where there is no tail or m is free."""
        return {Tail.WARBURG: 0.5, Tail.CAPACITOR: 1.0}.get(self)


@dataclass(frozen=True, slots=True)
class ArcModel:
    """Which terms the series has. ``names`` gives the parameters in their order."""

    arcs: int
    resistance: bool = True
    inductance: bool = False
    tail: Tail = Tail.NONE

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names: ``R0, L, R1, tau1, n1, R2, ..., A, m``, absent ones left out."""
        head = ("R0",) * self.resistance + ("L",) * self.inductance
        arcs = tuple(f"{p}{k}" for k in range(1, self.arcs + 1) for p in ("R", "tau", "n"))
        tail = {Tail.NONE: (), Tail.POWER: ("A", "m")}.get(self.tail, ("A",))
        return head + arcs + tail

    @property
    def linear(self) -> tuple[str, ...]:
        """Names of the coefficients, in the order of the design matrix."""
        return tuple(n for n in self.names if n in ("R0", "L", "A") or n.startswith("R"))

    @property
    def nonlinear(self) -> tuple[str, ...]:
        """Names of the others: tau1, n1, tau2, ..., m."""
        return tuple(n for n in self.names if n not in self.linear)


def design(
    model: ArcModel, log_omega: FloatArray, theta: FloatArray
) -> tuple[ComplexArray, list[tuple[int, int, ComplexArray]]]:
    """Return the columns (s, p, n) of the model and the derivative of its columns.

    Parameters
    ----------
    model:     The series.
    log_omega: ln(omega) (n,).
    theta:     Nonlinear parameters (s, q): ln(tau_k), n_k in turn, then m where it is free.

    Returns
    -------
    :  Columns, and for every nonlinear parameter (index, column, derivative (s, n)).
    """
    count, points = theta.shape[0], len(log_omega)
    columns = np.empty((count, len(model.linear), points), dtype=complex)
    derivatives: list[tuple[int, int, ComplexArray]] = []
    position = 0
    if model.resistance:
        columns[:, position] = 1.0
        position += 1
    if model.inductance:
        columns[:, position] = 1j * np.exp(log_omega)
        position += 1
    for k in range(model.arcs):
        exponent = theta[:, 2 * k + 1, None]
        base = log_omega + theta[:, 2 * k, None]
        power = np.exp(np.minimum(exponent * base, 300.0))
        angle = 0.5 * math.pi * exponent
        real, imaginary = 1.0 + power * np.cos(angle), power * np.sin(angle)
        scale = 1.0 / (real * real + imaginary * imaginary)
        column = np.empty((count, points), dtype=complex)
        column.real, column.imag = real * scale, -imaginary * scale
        slope = column * (column - 1.0)
        columns[:, position] = column
        derivatives.append((2 * k, position, exponent * slope))
        derivatives.append((2 * k + 1, position, slope * (base + 0.5j * math.pi)))
        position += 1
    if model.tail is Tail.POWER:
        exponent = theta[:, -1, None]
        columns[:, position] = np.exp(-exponent * (log_omega + 0.5j * math.pi))
        derivatives.append((2 * model.arcs, position, -columns[:, position] * (log_omega + 0.5j * math.pi)))
    elif model.tail.exponent is not None:
        columns[:, position] = np.exp(-model.tail.exponent * (log_omega + 0.5j * math.pi))
    return columns, derivatives


def split(model: ArcModel, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients (s, p) and nonlinear parameters (s, q; times as logarithms) of parameters (s, p + q)."""
    names = model.names
    linear = parameters[:, [names.index(n) for n in model.linear]]
    theta = parameters[:, [names.index(n) for n in model.nonlinear]].copy()
    for i, name in enumerate(model.nonlinear):
        if name.startswith("tau"):
            theta[:, i] = np.log(theta[:, i])
    return linear, theta


def join(model: ArcModel, linear: FloatArray, theta: FloatArray) -> FloatArray:
    """Return parameters (s, p + q) in the order of ``model.names``; the inverse of ``split``."""
    names = model.names
    out = np.empty((linear.shape[0], len(names)))
    out[:, [names.index(n) for n in model.linear]] = linear
    for i, name in enumerate(model.nonlinear):
        out[:, names.index(name)] = np.exp(theta[:, i]) if name.startswith("tau") else theta[:, i]
    return out


def arcs_impedance(model: ArcModel, parameters: FloatArray, frequency: FloatArray) -> ComplexArray:
    """Return the impedance (..., n) [ohm] at ``frequency`` (n,) [Hz] for ``parameters`` (..., p) in SI."""
    flat = np.atleast_2d(np.asarray(parameters, dtype=float)).reshape(-1, len(model.names))
    linear, theta = split(model, flat)
    columns, _ = design(model, np.log(2 * math.pi * np.asarray(frequency, dtype=float)), theta)
    total = np.einsum("sp,spn->sn", linear, columns)
    return total.reshape(*np.shape(parameters)[:-1], len(frequency))


def arcs_log_jacobian(model: ArcModel, parameters: FloatArray, frequency: FloatArray) -> ComplexArray:
    """Return dZ/d ln(parameter) (m, n, p) [ohm] for ``parameters`` (m, p), in the order of ``model.names``."""
    linear, theta = split(model, np.atleast_2d(np.asarray(parameters, dtype=float)))
    columns, derivatives = design(model, np.log(2 * math.pi * np.asarray(frequency, dtype=float)), theta)
    names = model.names
    out = np.zeros((linear.shape[0], len(frequency), len(names)), dtype=complex)
    for i, name in enumerate(model.linear):
        out[:, :, names.index(name)] = linear[:, i, None] * columns[:, i]
    for index, column, derivative in derivatives:
        name = model.nonlinear[index]
        factor = 1.0 if name.startswith("tau") else theta[:, index, None]
        out[:, :, names.index(name)] = linear[:, column, None] * derivative * factor
    return out
