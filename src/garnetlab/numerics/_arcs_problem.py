"""From data in SI to the normalised problem of variable projection, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from garnetlab.core import InvalidInput, nearest
from garnetlab.numerics._arcs_model import TAIL_EXPONENT, ArcModel, Layout, Tail, checked_frequency
from garnetlab.numerics._arcs_projection import Floats, Ints, Task, power_columns

#: Smallest and largest exponent of an arc, and of a free tail.
EXPONENT_RANGE = (0.4, 1.0)
TAIL_RANGE = (0.3, 1.0)
#: A time constant lies between 1/(20 w_max) and 10/w_min.
TIME_CONSTANT_MARGIN = (20.0, 10.0)


@dataclass(frozen=True, slots=True)
class Problem:
    """A :class:`Task` with what leads back to SI.

    Impedances are divided by their geometric mean ``scale`` (m,), angular frequencies by ``reference``; residuals by
    ``norm`` (m,), the root mean square of ``w |Z|``.
    """

    model: ArcModel
    task: Task
    scale: Floats  # (m,)
    norm: Floats  # (m,)
    omega: Floats  # (N,) ascending [rad/s]
    reference: float
    fixed: dict[str, Floats]

    @classmethod
    def checked(
        cls,
        frequency: ArrayLike,
        impedance: ArrayLike,
        model: ArcModel,
        weights: ArrayLike | None,
        fixed: Mapping[str, ArrayLike],
    ) -> Problem:
        """Return the normalised problem, or refuse the input."""
        omega = 2.0 * np.pi * checked_frequency(frequency)
        values = _checked_impedance(impedance, omega.size)
        weight = _checked_weights(weights, values)
        held = _checked_fixed(model, fixed, len(values))
        _check_count(model, weight, len(held))
        order = np.argsort(omega, kind="stable")
        omega, values, weight = omega[order], values[:, order], weight[:, order]
        scale = np.exp(np.log(np.abs(values)).mean(axis=1))
        norm = np.sqrt((weight**2 * np.abs(values) ** 2).mean(axis=1))
        reference = float(np.sqrt(omega[0] * omega[-1]))
        weight = weight * (scale / norm)[:, None]
        task = _task(model, omega / reference, values / scale[:, None], weight)
        problem = cls(model, task, scale, norm, omega, reference, held)
        return problem.with_held() if held else problem

    def with_held(self) -> Problem:
        """Return the problem with its fixed parameters marked in the task."""
        task, layout, names = self.task, Layout.of(self.model), self.model.names
        held = np.array([name in self.fixed for name in names])
        task.held_shape[:] = held[layout.shape]
        task.held_linear[:] = held[layout.linear]
        factor = self.factors(np.broadcast_to(np.array(self.fixed.get("m", np.nan)), self.scale.shape))
        for column, position in enumerate(layout.linear):
            if held[position]:
                task.held_values[:, column] = self.fixed[names[position]] / factor[:, column]
        return self

    def factors(self, power: Floats) -> Floats:
        """Return what turns normalised coefficients into SI (m, linear); ``power`` (m,) is a free tail's exponent."""
        model, scale = self.model, self.scale
        parts = [scale] if model.resistance else []
        parts += [scale / self.omega[-1]] if model.inductance else []
        parts += [scale] * model.arcs
        if model.tail is not Tail.NONE:
            parts.append(scale * self.omega[0] ** TAIL_EXPONENT.get(model.tail, power))
        return np.stack(np.broadcast_arrays(*parts), axis=1)

    def shape_of(self, parameters: Floats) -> Floats:
        """Return the normalised shapes (m, q) of SI parameters (m, p), inside the bounds."""
        shape = parameters[:, Layout.of(self.model).shape].copy()
        arcs = self.model.arcs
        shape[:, :arcs] = np.log(shape[:, :arcs] * self.reference)
        return np.clip(shape, self.task.lower, self.task.upper)

    def put_fixed(self, spectrum: Ints, shape: Floats) -> Floats:
        """Return the shapes (B, q) with the fixed ones in place."""
        out, names = shape.copy(), self.model.names
        for column, position in enumerate(Layout.of(self.model).shape):
            if names[position] in self.fixed:
                value = self.fixed[names[position]][spectrum]
                out[:, column] = np.log(value * self.reference) if column < self.model.arcs else value
        return out

    def parameters_of(self, shape: Floats, coefficients: Floats) -> Floats:
        """Return the SI parameters (m, p) of one normalised solution per spectrum."""
        layout, arcs = Layout.of(self.model), self.model.arcs
        out = np.empty((len(shape), len(self.model.names)))
        out[:, layout.shape] = shape
        out[:, layout.shape[:arcs]] = np.exp(shape[:, :arcs]) / self.reference
        power = shape[:, -1] if self.task.free_tail else np.full(len(shape), np.nan)
        out[:, layout.linear] = coefficients * self.factors(power)
        return out


def _task(model: ArcModel, omega: Floats, values: NDArray[np.complex128], weight: Floats) -> Task:
    """Return the task of normalised data without anything held."""
    log_omega = np.log(omega)
    zero = np.zeros_like(weight)
    leading = [np.concatenate([weight, zero], axis=1)] if model.resistance else []
    leading += [np.concatenate([zero, weight * (omega / omega[-1])], axis=1)] if model.inductance else []
    trailing = []
    if model.tail in TAIL_EXPONENT:
        line, _ = power_columns(log_omega - log_omega[0], np.array(TAIL_EXPONENT[model.tail]))
        trailing = [(line * weight[:, None]).reshape(len(weight), -1)]
    empty = np.empty((len(weight), 0, 2 * omega.size))
    lower, upper = _bounds(model, log_omega)
    count = len(Layout.of(model).linear)
    return Task(
        arcs=model.arcs,
        log_omega=log_omega,
        weights=weight,
        data=np.concatenate([weight * values.real, weight * values.imag], axis=1),
        leading=np.stack(leading, axis=1) if leading else empty,
        trailing=np.stack(trailing, axis=1) if trailing else empty,
        free_tail=model.tail is Tail.POWER,
        lower=lower,
        upper=upper,
        held_shape=np.zeros(len(lower), dtype=bool),
        held_linear=np.zeros(count, dtype=bool),
        held_values=np.zeros((len(weight), count)),
    )


def _bounds(model: ArcModel, log_omega: Floats) -> tuple[Floats, Floats]:
    ends = (-log_omega[-1] - np.log(TIME_CONSTANT_MARGIN[0]), -log_omega[0] + np.log(TIME_CONSTANT_MARGIN[1]))
    lower, upper = (
        np.array(
            [ends[i]] * model.arcs + [EXPONENT_RANGE[i]] * model.arcs + [TAIL_RANGE[i]] * (model.tail is Tail.POWER)
        )
        for i in (0, 1)
    )
    return lower, upper


def _checked_impedance(impedance: ArrayLike, points: int) -> NDArray[np.complex128]:
    values = np.asarray(impedance, dtype=complex)
    if values.ndim != 2 or values.shape[1] != points or not len(values):
        message = (
            f"impedance has shape {values.shape}: expected (m, {points}), one row per spectrum. "
            "Pass one spectrum as impedance[None]."
        )
        raise InvalidInput(message)
    bad = ~np.isfinite(values) | (values == 0.0)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        message = (
            f"impedance[{row}, {column}] = {values[row, column]}: expected finite values that are not 0. "
            "Remove such points."
        )
        raise InvalidInput(message)
    return values


def _checked_weights(weights: ArrayLike | None, impedance: NDArray[np.complex128]) -> Floats:
    if weights is None:
        return 1.0 / np.abs(impedance)
    values = np.asarray(weights, dtype=float)
    if values.shape not in (impedance.shape, impedance.shape[1:]):
        message = f"weights have shape {values.shape}: expected {impedance.shape} or {impedance.shape[1:]}."
        raise InvalidInput(message)
    bad = ~np.isfinite(values) | (values < 0.0)
    if bad.any():
        message = f"weights contain {values[bad][0]}: expected finite values >= 0."
        raise InvalidInput(message)
    return np.array(np.broadcast_to(values, impedance.shape))


def _checked_fixed(model: ArcModel, fixed: Mapping[str, ArrayLike], spectra: int) -> dict[str, Floats]:
    out = {}
    for name, given in fixed.items():
        if name not in model.names:
            message = f"fixed parameter = {name!r}: expected one of {model.names}.{nearest(name, model.names)}"
            raise InvalidInput(message)
        values = np.asarray(given, dtype=float)
        if values.shape not in ((), (spectra,)):
            message = f"fixed {name} has shape {values.shape}: expected one value or one per spectrum ({spectra},)."
            raise InvalidInput(message)
        low, high = {"n": EXPONENT_RANGE, "m": TAIL_RANGE}.get(name[0], (0.0, np.inf))
        wrong = ~np.isfinite(values) | (values < low) | (values > high) | ((values == 0.0) & (name[0] == "t"))
        if wrong.any():
            message = f"fixed {name} = {values[wrong].flat[0]}: expected a finite value in [{low}, {high}]."
            raise InvalidInput(message)
        out[name] = np.array(np.broadcast_to(values, (spectra,)))
    if model.tail is Tail.POWER and "A" in out and "m" not in out:
        message = f"fixed A = {out['A'][0]}: expected m to be fixed with it, as the unit of A depends on m. Fix m too."
        raise InvalidInput(message)
    return out


def _check_count(model: ArcModel, weight: Floats, held: int) -> None:
    data = 2 * int((weight > 0.0).sum(axis=1).min())
    free = len(model.names) - held
    if data < free:
        message = (
            f"data = {data}: expected at least as many real data as the {free} free parameters of {model.names}. "
            "Measure more points or fit fewer arcs."
        )
        raise InvalidInput(message)
