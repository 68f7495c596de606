"""The tree of a circuit and its evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._elements import ELEMENTS, ComplexArray, Evaluated, FloatArray
from garnetlab.units import Dim


@dataclass(frozen=True, slots=True)
class Element:
    """A leaf: kind (key of ``ELEMENTS``), number in its name, and where its parameters start in the vector."""

    kind: str
    number: int
    start: int

    @property
    def label(self) -> str:
        """Name of the element, for example ``"CPE1"``."""
        return f"{self.kind}{self.number}"


@dataclass(frozen=True, slots=True)
class Series:
    """Two or more parts in series; none of them is a ``Series``."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Two or more branches in parallel; none of them is a ``Parallel``."""

    parts: tuple[Node, ...]


Node: TypeAlias = Element | Series | Parallel


def elements(node: Node) -> Iterator[Element]:
    """Yield the elements from left to right."""
    if isinstance(node, Element):
        yield node
    else:
        for part in node.parts:
            yield from elements(part)


def _text(node: Node) -> str:
    if isinstance(node, Element):
        return node.label
    if isinstance(node, Series):
        return "-".join(_text(part) for part in node.parts)
    return "p(" + ",".join(_text(part) for part in node.parts) + ")"


def _code(node: Node, *, top: bool = False) -> str:
    if isinstance(node, Element):
        return ELEMENTS[node.kind].letter
    inner = "".join(_code(part) for part in node.parts)
    return inner if top and isinstance(node, Series) else f"({inner})"


def _evaluate(node: Node, parameters: FloatArray, omega: FloatArray) -> Evaluated:
    if isinstance(node, Element):
        kind = ELEMENTS[node.kind]
        stop = node.start + len(kind.parameters)
        return kind.evaluate(tuple(parameters[..., i, None] for i in range(node.start, stop)), omega)
    parts = [_evaluate(part, parameters, omega) for part in node.parts]
    if isinstance(node, Series):
        return sum((z for z, _ in parts[1:]), parts[0][0]), tuple(d for _, slopes in parts for d in slopes)
    total = 1 / sum((1 / z for z, _ in parts[1:]), 1 / parts[0][0])
    shares = [(total / z) ** 2 for z, _ in parts]
    return total, tuple(share * d for share, (_, slopes) in zip(shares, parts, strict=True) for d in slopes)


def _in_order(root: Node, parameters: FloatArray, omega: FloatArray) -> FloatArray:
    """Do what ``Circuit.in_order`` says."""
    out = np.array(parameters, dtype=np.float64)
    parts = root.parts if isinstance(root, Series) else ()
    groups: dict[str, list[Node]] = {}
    for part in parts:
        groups.setdefault(_code(part), []).append(part)
    log_omega = np.log(omega)
    for group in groups.values():
        places = [
            [i for e in elements(p) for i in range(e.start, e.start + len(ELEMENTS[e.kind].parameters))] for p in group
        ]
        if len(group) < 2 or len(places[0]) < 2:
            continue
        weight = np.stack([np.maximum(-_evaluate(p, out, omega)[0].imag, 0.0) for p in group], axis=1)
        centre = (weight * log_omega).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 1e-300)
        blocks = np.stack([out[:, where] for where in places], axis=1)
        ordered = np.take_along_axis(blocks, np.argsort(-centre, axis=1, kind="stable")[:, :, None], axis=1)
        for k, where in enumerate(places):
            out[:, where] = ordered[:, k]
    return out


class Role(NamedTuple):
    """How a parameter follows from the level of the impedance and a frequency: level^``level`` omega^-``time``.

    Parameters
    ----------
    element:   Place of the element in the circuit.
    exponent:  Whether the parameter is an exponent instead.
    level:     Power of the impedance: 1, 0 or -1.
    time:      Power of time: R 0, C 1, L 1, sigma -1/2, tau 1.
    free_time: Whether the power of time is the element's exponent (Q; for a lossy inductor as well).
    """

    element: int
    exponent: bool
    level: float
    time: float
    free_time: bool


@dataclass(frozen=True)
class Circuit:
    """An equivalent circuit, parsed once. Parameters are a vector in the order of ``names``, all > 0.

    ``str(circuit)`` is the canonical text (``R0-p(R1,CPE1)``), which parses to an equal circuit.
    """

    root: Node

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: ``"R0"``, ``"CPE1.Q"``, ``"CPE1.n"``, ..."""
        return tuple(
            element.label if len(ELEMENTS[element.kind].parameters) == 1 else f"{element.label}.{parameter.name}"
            for element in elements(self.root)
            for parameter in ELEMENTS[element.kind].parameters
        )

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Units of the parameters, for display (``"S s^n"`` for a constant phase element)."""
        return tuple(p.unit for element in elements(self.root) for p in ELEMENTS[element.kind].parameters)

    @property
    def boukamp(self) -> str:
        """Circuit description code after Boukamp, for example ``"R(RQ)W"``; names are lost."""
        return _code(self.root, top=True)

    def __str__(self) -> str:
        return _text(self.root)

    def __len__(self) -> int:
        return len(self.names)

    def vector(self, **values: float) -> FloatArray:
        """Return the parameter vector from ``values`` named as in ``names``, with ``_`` for the point (``CPE1_n``).

        Raises
        ------
        InvalidInput  if a name is missing or unknown.
        """
        wanted = [name.replace(".", "_") for name in self.names]
        if set(wanted) != set(values):
            message = f"parameters = {sorted(values)}: expected exactly {', '.join(wanted)} for the circuit {self}."
            raise InvalidInput(message)
        return np.array([values[name] for name in wanted], dtype=np.float64)

    def dimensions(self, parameters: FloatArray) -> tuple[Dim, ...]:
        """Return the dimension of each parameter; that of a Q or a lossy L depends on the exponent beside it."""
        found = []
        for element in elements(self.root):
            kind = ELEMENTS[element.kind]
            exponent = float(parameters[element.start + len(kind.parameters) - 1])
            found += [p.dim * Dim(s=p.time_power * exponent) if p.time_power else p.dim for p in kind.parameters]
        return tuple(found)

    def impedance(self, parameters: FloatArray, frequency: FloatArray) -> ComplexArray:
        """Return the impedance [ohm], shape (..., n).

        Parameters
        ----------
        parameters: Shape (..., p), in the order of ``names``, SI, all > 0.
        frequency:  Shape (n,) [Hz], all > 0.

        Raises
        ------
        InvalidInput  if a shape is wrong or a number is not finite and positive.
        """
        return _evaluate(self.root, *self._checked(parameters, frequency))[0]

    def log_jacobian(self, parameters: FloatArray, frequency: FloatArray) -> ComplexArray:
        """Return the derivatives of the impedance by the logarithm of each parameter [ohm], shape (..., n, p).

        Arguments and errors are those of ``impedance``.
        """
        return self.linearised(parameters, frequency)[1]

    def linearised(self, parameters: FloatArray, frequency: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        """Return ``impedance`` (..., n) and ``log_jacobian`` (..., n, p) from one evaluation."""
        z, slopes = _evaluate(self.root, *self._checked(parameters, frequency))
        return z, np.stack(np.broadcast_arrays(*slopes), axis=-1)

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """What each parameter stands for, for a first guess."""
        found = []
        for place, element in enumerate(elements(self.root)):
            for parameter in ELEMENTS[element.kind].parameters:
                level = parameter.dim.A / -2.0
                time = parameter.dim.s + 3.0 * level
                free = parameter.time_power != 0
                found.append(Role(place, parameter.name == "n", level, 1.0 if free else time, free))
        return tuple(found)

    def in_order(self, parameters: FloatArray, frequency: FloatArray) -> FloatArray:
        """Return the parameters (m, p) with like parts of the outer series exchanged so that fast ones come first.

        Parts are alike if they have the same code and more than one parameter. Fast and slow is judged by the frequency
        at which the negative imaginary part has its centre, on the logarithmic axis of ``frequency`` (n,) [Hz].
        """
        values, omega = self._checked(parameters, frequency)
        return _in_order(self.root, values, omega)

    def _checked(self, parameters: FloatArray, frequency: FloatArray) -> tuple[FloatArray, FloatArray]:
        values, f = np.asarray(parameters, dtype=np.float64), np.asarray(frequency, dtype=np.float64)
        if values.ndim < 1 or values.shape[-1] != len(self.names):
            message = (
                f"parameters = array of shape {values.shape}: expected the last axis to hold {', '.join(self.names)}."
            )
            raise InvalidInput(message)
        if f.ndim != 1:
            message = f"frequency = array of shape {f.shape}: expected one dimension. Pass frequency.ravel()."
            raise InvalidInput(message)
        for name, array in (("parameters", values), ("frequency", f)):
            bad = ~((array > 0) & (array < np.inf))
            if bad.any():
                message = f"{name} = {array[bad][0]}: expected finite numbers > 0. Drop the point or the element."
                raise InvalidInput(message)
        return values, 2 * np.pi * f
