"""What is known of a distribution of relaxation times: models within reach, draws of their parameters, bands, sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse import _drt_compiled as compiled
from garnetlab.analyse._drt_compiled import FINITE, GAUSSIAN, NEGAMI, POWER
from garnetlab.analyse._drt_model import SHAPE_NAME, TAIL_NAME, WEIGH, Model, Structure, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: models whose criterion is further above the best do not count: their weight is below exp(-5)
REACH, _MOST = 10.0, 12
#: a model of less weight is not drawn from
_SLIGHT = 0.01
#: prior standard deviation of ln(coefficient), and the largest of a shape
_PRIOR, _PRIOR_SHAPE = 3.0, 5.0
#: a model has a peak where its arc lies within this factor
_SAME = math.log(3.0)
#: draws made for each one kept, and the least share of a coefficient
_SPARE, _TINY = 3, 1e-3


@dataclass(frozen=True, slots=True)
class Draws:
    """Parameters drawn from one model: coefficients (d, q) and shapes (d, t)."""

    structure: Structure
    coefficients: Floats
    shapes: Floats

    def resistances(self) -> Floats:
        """Return the signed resistances (d, k) of the arcs."""
        first, n = self.structure.first_arc, len(self.structure.kinds)
        return np.asarray(self.coefficients[:, first : first + n] * np.array(self.structure.signs))

    def ln_tau(self) -> Floats:
        """Return ln tau (d, k) of the arcs."""
        return np.asarray(self.shapes[:, [p.start for p in self.structure.places()]])


@dataclass(frozen=True, slots=True)
class Posterior:
    """Models within reach, best first, their weights (which sum to 1), and draws in proportion to the weights."""

    models: tuple[Model, ...]
    weights: Floats
    draws: tuple[Draws, ...]

    def counts(self) -> dict[int, float]:
        """Return the probability of every number of arcs, among the models visited."""
        out: dict[int, float] = {}
        for model, weight in zip(self.models, self.weights, strict=True):
            n = len(model.structure.kinds)
            out[n] = out.get(n, 0.0) + float(weight)
        return dict(sorted(out.items()))

    def presence(self, ln_tau: float, sign: float) -> float:
        """Return the weight of the models that have an arc of this sign within a factor 3 of a time constant."""
        total = 0.0
        for model, weight in zip(self.models, self.weights, strict=True):
            near = np.abs(model.ln_tau() - ln_tau) < _SAME
            total += float(weight) * bool((near & (np.array(model.structure.signs) == sign)).any())
        return total

    def alike(self) -> list[Draws]:
        """Return the draws of the models with the kinds of arcs of the best, or as many arcs at the same places."""
        best = self.models[0]
        return [
            d for m, d in zip(self.models, self.draws, strict=True)
            if len(d.coefficients) and m.structure.signs == best.structure.signs
            and bool((np.abs(m.ln_tau() - best.ln_tau()) < _SAME).all())
        ]  # fmt: skip


def _precision(task: Task, model: Model, inflation: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the precision matrix of (ln of the active coefficients, shapes) and which coefficients are active."""
    at, q = task.layout(model.structure), model.structure.linear
    rows = task.rows(model.structure, model.shapes)
    active = model.coefficients > 0
    jacobian = np.concatenate(
        [rows[:q][active] * model.coefficients[active][:, None], rows[q:] * model.coefficients[at.owner][:, None]]
    )
    spread = np.minimum(0.5 * (at.upper - at.lower), _PRIOR_SHAPE)
    prior = np.concatenate([np.full(int(active.sum()), _PRIOR), spread])
    return jacobian @ jacobian.T / (model.variance * inflation) + np.diag(prior**-2.0), active


def _drawn(task: Task, model: Model, count: int, inflation: float, rng: np.random.Generator) -> Draws:
    """Return draws around the fit, linear in the coefficients so that sums of them keep what is known of them.

    Draws with a negative coefficient are put back as long as there are others.
    """
    if count == 0:
        return Draws(model.structure, np.empty((0, model.coefficients.size)), np.empty((0, model.shapes.size)))
    precision, active = _precision(task, model, inflation)
    values, vectors = np.linalg.eigh(precision)
    root = vectors / np.sqrt(np.maximum(values, values[-1] * 1e-15))
    moved = rng.standard_normal((_SPARE * count, values.size)) @ root.T
    n = int(active.sum())
    possible = (moved[:, :n] > -1.0).all(axis=1)
    moved = moved[np.argsort(~possible, kind="stable")[:count]]
    coefficients = np.zeros((count, active.size))
    coefficients[:, active] = model.coefficients[active] * np.maximum(1.0 + moved[:, :n], _TINY)
    at = task.layout(model.structure)
    shapes = np.clip(model.shapes + moved[:, n:], at.lower, at.upper)
    return Draws(model.structure, coefficients, shapes)


def arc_spread(task: Task, model: Model, inflation: float) -> Floats:
    """Return the standard deviations (k, 2) of ln tau and ln abs(R) of the arcs."""
    precision, active = _precision(task, model, inflation)
    spread = np.sqrt(np.diag(np.linalg.inv(precision)))
    rank = np.cumsum(active) - 1
    first, q = model.structure.first_arc, int(active.sum())
    places = model.structure.places()
    rows = [(spread[q + p.start], spread[rank[first + k]]) for k, p in enumerate(places)]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def posterior(
    task: Task, models: Sequence[Model], *, draws: int, inflation: float, rng: np.random.Generator
) -> Posterior:
    """Return the models within reach of ``models``, of which the first was selected, with draws of their parameters."""
    prices = np.array([m.criterion(WEIGH) for m in models])
    first = models[0]
    near = [
        i for i in np.argsort(prices, kind="stable") if prices[i] <= prices.min() + REACH and models[i] is not first
    ]
    kept = [0, *near[: _MOST - 1]]
    relative = np.exp(-0.5 * (prices[kept] - prices.min()))
    weights = relative / relative.sum()
    share = np.where(weights < _SLIGHT, 0.0, np.floor(weights * draws + 0.5)).astype(int)
    share[0] = max(share[0], draws // 4)
    chosen = tuple(models[i] for i in kept)
    made = tuple(_drawn(task, m, int(k), inflation, rng) for m, k in zip(chosen, share, strict=True))
    return Posterior(chosen, weights, made)


def curve(task: Task, structure: Structure, coefficients: Floats, shapes: Floats, ln_tau: Floats) -> Floats:
    """Return the distribution (d, x) [ohm] of models with coefficients (d, q) and shapes (d, t) at ln tau (x,)."""
    at = task.layout(structure)
    return compiled.curves(
        ln_tau, at.kinds, at.signs, at.frame, coefficients, shapes, float(task.log_omega[-1])
    )  # fmt: skip


def limits(draws: Floats) -> tuple[Floats, Floats]:
    """Return the 2.5 and 97.5 % quantiles over the first axis."""
    ordered = np.sort(draws, axis=0)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]


def band(task: Task, known: Posterior, ln_tau: Floats) -> tuple[Floats, Floats]:
    """Return the pointwise 95 % band (x,), (x,) of the distribution over parameters and models, from half the draws."""
    halves = [(d, slice(None, None, 2)) for d in known.draws if len(d.coefficients)]
    parts = [curve(task, d.structure, d.coefficients[h], d.shapes[h], ln_tau) for d, h in halves]
    return limits(np.concatenate(parts))


def arc_curves(task: Task, model: Model, ln_tau: Floats) -> list[Floats]:
    """Return the distribution of every arc alone."""
    out = []
    for k in range(len(model.structure.kinds)):
        alone = np.zeros_like(model.coefficients)
        at = model.structure.first_arc + k
        alone[at] = model.coefficients[at]
        out.append(curve(task, model.structure, alone[None], model.shapes[None], ln_tau)[0])
    return out


def exponents(structure: Structure, shapes: Floats, arc: int) -> dict[str, float]:
    """Return the shape parameters of an arc by name."""
    place, kind = structure.places()[arc], structure.kinds[arc]
    names = {NEGAMI: ("alpha", "beta"), GAUSSIAN: ("width",), FINITE: ()}.get(kind, ("n",))
    return {name: float(shapes[place.start + 1 + i]) for i, name in enumerate(names)}


def describe(structure: Structure) -> str:
    """Return the structure in words."""
    arcs = [("loop " if s < 0 else "") + SHAPE_NAME[k] for k, s in zip(structure.kinds, structure.signs, strict=True)]
    head = ["R", *["L"] * structure.inductance]
    tail = [] if structure.tail == 0 else [TAIL_NAME[structure.tail]]
    return " + ".join([*head, *arcs, *tail])


def tail_exponent(structure: Structure, shapes: Floats) -> Floats:
    """Return the exponent (d,) of the tail of draws (d, t)."""
    if structure.tail == POWER:
        return np.asarray(shapes[:, -1])
    return np.full(len(shapes), 0.5 if structure.tail == 1 else 1.0)
