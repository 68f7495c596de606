"""Structures of a distribution of relaxation times: which arcs, which tail, their bounds, their fit and its criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from garnetlab.analyse import _drt_compiled as compiled
from garnetlab.analyse._drt_compiled import CAPACITOR, FINITE, GAUSSIAN, NEGAMI, NO_TAIL, POWER, WARBURG, ZARC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Complexes: TypeAlias = NDArray[np.complex128]
    Ints: TypeAlias = NDArray[np.int64]

#: deviation of |Z| that is not looked into: the accuracy that instruments state at best
FLOOR = 1e-3
#: the same in units of a noise that is known
_LEAST = 1e-4
#: price of a parameter in units of ln(data): to select, and for the weights of the models within reach
SELECT, WEIGH = 1.0, 0.6
#: price of an arc of another shape than a ZARC, which is the shape of most arcs of cells: prior odds exp(-price/2)
SHAPE_PRICE = {ZARC: 0.0, NEGAMI: 6.0, GAUSSIAN: 4.0, FINITE: 2.0}
#: price of an arc of negative resistance: a loop is rare, prior odds exp(-5)
LOOP_PRICE = 10.0
#: bounds of the shapes after ln tau
_BOUNDS = {ZARC: ((0.5, 1.0),), NEGAMI: ((0.5, 1.0), (0.3, 1.0)), GAUSSIAN: ((0.05, 2.5),), FINITE: ()}
_TAIL_BOUNDS = (0.3, 1.0)
SHAPE_NAME = {ZARC: "ZARC", NEGAMI: "Havriliak-Negami", GAUSSIAN: "Gaussian", FINITE: "finite diffusion"}
TAIL_NAME = {NO_TAIL: "none", WARBURG: "Warburg", CAPACITOR: "capacitor", POWER: "constant phase"}


@dataclass(frozen=True, slots=True)
class Structure:
    """Which elements stand in series: a resistance, arcs (kind and sign of each), an inductance, a tail."""

    kinds: tuple[int, ...] = ()
    signs: tuple[float, ...] = ()
    inductance: bool = True
    tail: int = POWER

    @property
    def linear(self) -> int:
        """Number of coefficients."""
        return 1 + self.inductance + len(self.kinds) + (self.tail != NO_TAIL)

    @property
    def first_arc(self) -> int:
        """Position of the coefficient of the first arc."""
        return 1 + self.inductance

    def places(self) -> list[slice]:
        """Return where the shapes of each arc stand."""
        out, at = [], 0
        for kind in self.kinds:
            out.append(slice(at, at + 1 + len(_BOUNDS[kind])))
            at = out[-1].stop
        return out

    def signature(self) -> tuple[int, int]:
        """Return (number of arcs, tail present)."""
        return len(self.kinds), int(self.tail != NO_TAIL)


class _Layout(NamedTuple):
    kinds: Ints
    signs: Floats
    frame: Ints
    owner: Ints
    lower: Floats
    upper: Floats
    counts: Ints  # parameters that go with each coefficient


@lru_cache(maxsize=4096)
def layout(structure: Structure, fastest: float, slowest: float) -> _Layout:
    """Return the arrays the kernels take; ``fastest`` and ``slowest`` bound ln tau."""
    owner, lower, upper = [], [], []
    for k, kind in enumerate(structure.kinds):
        move = (4.0, 1.0) if kind == FINITE else (0.0, 0.0)
        for low, high in ((fastest + move[0], slowest + move[1]), *_BOUNDS[kind]):
            owner.append(structure.first_arc + k)
            lower.append(low)
            upper.append(high)
    if structure.tail == POWER:
        owner.append(structure.linear - 1)
        lower.append(_TAIL_BOUNDS[0])
        upper.append(_TAIL_BOUNDS[1])
    places = np.array(owner, dtype=np.int64)
    return _Layout(
        np.array(structure.kinds, dtype=np.int64),
        np.array(structure.signs, dtype=np.float64),
        np.array([structure.inductance, structure.tail], dtype=np.int64),
        places,
        np.array(lower, dtype=np.float64),
        np.array(upper, dtype=np.float64),
        1 + np.bincount(places, minlength=structure.linear),
    )


@dataclass(frozen=True, slots=True)
class Task:
    """One weighted spectrum from high to low frequency: ln omega (n,), weights (n,) [1/ohm], data (2n,).

    ``floor`` is the sum of squares of deviations that are not looked into; ln tau lies from ``fastest`` to ``slowest``.
    """

    log_omega: Floats
    weight: Floats
    data: Floats
    floor: float
    fastest: float
    slowest: float

    @classmethod
    def of(cls, frequency: Floats, impedance: Complexes, scale: Floats, used: NDArray[np.bool_]) -> Task:
        """Return the task with weights 1/``scale`` (n,) [ohm], the noise up to a factor; only points ``used`` are in.

        Where the scale is not that of a relative noise it must hold the accuracy of the instrument already.
        """
        weight, impedance = 1.0 / scale[used], impedance[used]
        data = np.concatenate([impedance.real * weight, impedance.imag * weight])
        relative = bool(np.allclose(scale[used], np.abs(impedance)))
        floor = (FLOOR**2 if relative else _LEAST) * data.size
        log_omega = np.log(2.0 * np.pi * frequency[used])
        fastest, slowest = -float(log_omega[0]) - math.log(20.0), -float(log_omega[-1]) + math.log(10.0)
        return cls(log_omega, weight, data, floor, fastest, slowest)

    def layout(self, structure: Structure) -> _Layout:
        """Return the arrays of a structure with the bounds of this spectrum."""
        return layout(structure, self.fastest, self.slowest)

    def rows(self, structure: Structure, shapes: Floats) -> Floats:
        """Return the weighted columns and their derivatives (q + t, 2n)."""
        at = self.layout(structure)
        out = np.empty((structure.linear + at.owner.size, self.data.size))
        compiled.fill(self.log_omega, self.weight, at.kinds, at.signs, at.frame, shapes, out)
        return out


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted structure: weighted sum of squares, coefficients (q,) [ohm], shapes (t,).

    ``likelihood`` is twice the negative log-likelihood with the noise profiled out and the prices of the shapes.
    """

    structure: Structure
    cost: float
    coefficients: Floats
    shapes: Floats
    parameters: int
    points: int
    floor: float
    likelihood: float

    def criterion(self, price: float = SELECT) -> float:
        """Return twice the negative log-likelihood with the noise profiled out, and the price of the parameters."""
        return self.likelihood + price * self.parameters * math.log(self.points)

    @property
    def whole(self) -> bool:
        """Whether inductance, arcs and tail all carry something."""
        return bool((self.coefficients[1:] > 0).all())

    @property
    def variance(self) -> float:
        """Variance of the weighted data."""
        return (self.cost + self.floor) / max(self.points - self.parameters, 1)

    def ln_tau(self) -> Floats:
        """Return ln tau of every arc."""
        return np.array([self.shapes[place.start] for place in self.structure.places()])


@lru_cache(maxsize=4096)
def structure_price(structure: Structure) -> float:
    """Return the price of the shapes of a structure."""
    return sum(SHAPE_PRICE[k] + LOOP_PRICE * (s < 0) for k, s in zip(structure.kinds, structure.signs, strict=True))


def fit(task: Task, structure: Structure, start: Floats, *, steps: int = 25, tolerance: float = 1e-5) -> Model:
    """Return the fit of ``structure`` from the shapes ``start`` (t,)."""
    at = task.layout(structure)
    cost, coefficients, shapes = compiled.fit(
        task.log_omega, task.weight, task.data, at.kinds, at.signs, at.frame, at.owner, start, at.lower, at.upper,
        steps, tolerance,
    )  # fmt: skip
    active = int(at.counts[coefficients > 0].sum())
    points = task.data.size
    likelihood = points * math.log((cost + task.floor) / points) + structure_price(structure)
    return Model(structure, cost, coefficients, shapes, active, points, task.floor, likelihood)


def with_frame(model: Model, *, inductance: bool, tail: int) -> tuple[Structure, Floats]:
    """Return the structure with another inductance and tail, and the shapes to start from."""
    structure = replace(model.structure, inductance=inductance, tail=tail)
    arcs = model.shapes[: model.shapes.size - (model.structure.tail == POWER)]
    exponent = model.shapes[-1:] if model.structure.tail == POWER else np.array([0.5])
    return structure, np.concatenate([arcs, exponent]) if tail == POWER else arcs.copy()


def without_arcs(model: Model, drop: tuple[int, ...]) -> tuple[Structure, Floats]:
    """Return the structure without some arcs, and the shapes to start from."""
    keep = [k for k in range(len(model.structure.kinds)) if k not in drop]
    places = model.structure.places()
    parts = [model.shapes[places[k]] for k in keep]
    if model.structure.tail == POWER:
        parts.append(model.shapes[-1:])
    structure = replace(
        model.structure,
        kinds=tuple(model.structure.kinds[k] for k in keep),
        signs=tuple(model.structure.signs[k] for k in keep),
    )
    return structure, np.concatenate(parts) if parts else np.empty(0)


def with_arc(
    structure: Structure, shapes: Floats, kind: int, arc: tuple[float, ...], sign: float = 1.0
) -> tuple[Structure, Floats]:
    """Return the structure with one more arc after the others, and the shapes to start from."""
    end = shapes.size - (structure.tail == POWER)
    more = replace(structure, kinds=(*structure.kinds, kind), signs=(*structure.signs, sign))
    return more, np.concatenate([shapes[:end], np.array(arc), shapes[end:]])


def reshaped(model: Model, arc: int, kind: int) -> tuple[Structure, Floats]:
    """Return the structure in which a ZARC has become an arc of another kind, and the shapes to start from."""
    place = model.structure.places()[arc]
    ln_tau, n = (float(x) for x in model.shapes[place])
    start = (ln_tau + 0.5, min(n + 0.1, 1.0), 0.7) if kind == NEGAMI else (ln_tau, 2.5 * math.sqrt(1.0 - n) + 0.05)
    kinds = (*model.structure.kinds[:arc], kind, *model.structure.kinds[arc + 1 :])
    shapes = np.concatenate([model.shapes[: place.start], np.array(start), model.shapes[place.stop :]])
    return replace(model.structure, kinds=kinds), shapes


def reduced(model: Model) -> Model:
    """Return the model without the inductance, arcs and tail whose coefficients are 0: the same impedance."""
    structure, first, n = model.structure, model.structure.first_arc, len(model.structure.kinds)
    empty = tuple(k for k in range(n) if model.coefficients[first + k] <= 0)
    smaller, shapes = without_arcs(model, empty)
    coefficients = np.delete(model.coefficients, [first + k for k in empty])
    if structure.tail != NO_TAIL and coefficients[-1] <= 0:
        smaller = replace(smaller, tail=NO_TAIL)
        shapes, coefficients = shapes[: shapes.size - (structure.tail == POWER)], coefficients[:-1]
    if structure.inductance and coefficients[1] <= 0:
        smaller, coefficients = replace(smaller, inductance=False), np.delete(coefficients, 1)
    likelihood = model.likelihood - structure_price(structure) + structure_price(smaller)
    return replace(model, structure=smaller, coefficients=coefficients, shapes=shapes, likelihood=likelihood)


def in_order(model: Model) -> Model:
    """Return the model with its arcs from fast to slow."""
    order = [int(k) for k in np.argsort(model.ln_tau(), kind="stable")]
    if order == list(range(len(order))):
        return model
    places, first = model.structure.places(), model.structure.first_arc
    shapes = np.concatenate([*(model.shapes[places[k]] for k in order), model.shapes[places[-1].stop :]])
    coefficients = model.coefficients.copy()
    coefficients[first : first + len(order)] = model.coefficients[first + np.array(order)]
    structure = replace(
        model.structure,
        kinds=tuple(model.structure.kinds[k] for k in order),
        signs=tuple(model.structure.signs[k] for k in order),
    )
    return replace(model, structure=structure, coefficients=coefficients, shapes=shapes)
