"""Search for the structure of a distribution of relaxation times: growth by likelihood, pruning, shapes, loops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from garnetlab.analyse._drt_compiled import CAPACITOR, FINITE, GAUSSIAN, NEGAMI, NO_TAIL, POWER, WARBURG, ZARC
from garnetlab.analyse._drt_model import (
    LOOP_PRICE,
    Model,
    Structure,
    Task,
    fit,
    in_order,
    reduced,
    reshaped,
    with_arc,
    with_frame,
    without_arcs,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_ARCS = 7
_PER_DECADE = 4
_EXPONENTS = (1.0, 0.85, 0.7)
_STARTS = 3
#: an arc is worth a fit where it would lower the sum of squares, to first order, by this many variances; it costs 15
_SMALL = 4.0
_SPLIT = 1.2
#: models pruned, and how far their criterion may lie above the best
_PRUNED, _PRUNED_WITHIN = 3, 20.0
_SHAPED, _SHAPED_WITHIN, _SHAPE_ROUNDS = 2, 8.0, 3
_PAIR = math.log(200.0)
#: a fit ends where a step lowers the sum of squares by less than this share: 1e-4 of it is 0.02 in the criterion
_CLOSE = 1e-4
#: two arcs within this factor are at the same place
_SAME = math.log(3.0)

Proposal: TypeAlias = tuple[Structure, "Floats"]
Signs: TypeAlias = tuple[float, ...]
POSITIVE: Signs = (1.0,)
EITHER: Signs = (1.0, -1.0)


def cancels(model: Model) -> bool:
    """Return whether an arc and a loop at the same time constant cancel each other: two large numbers for a small one."""
    if all(sign > 0 for sign in model.structure.signs):
        return False
    signs, ln_tau = np.array(model.structure.signs), model.ln_tau()
    size = model.coefficients[model.structure.first_arc :][: signs.size]
    near = np.abs(ln_tau[:, None] - ln_tau) < _SAME
    alike = size[:, None] < 3.0 * size
    return bool((near & alike & alike.T & (signs[:, None] * signs < 0)).any())


class Visited:
    """The best fit of every structure seen."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.atoms = atoms_of(task)
        self.models: dict[Structure, Model] = {}

    def add(self, model: Model) -> Model:
        """Keep the model, without its empty parts, if it is the best of its structure; return it whole or not."""
        model = in_order(model)
        kept = model if model.whole else in_order(reduced(model))
        if cancels(kept):
            return model
        known = self.models.get(kept.structure)
        if known is None or kept.cost < known.cost:
            self.models[kept.structure] = kept
        return model

    def ranked(self, within: float) -> list[Model]:
        """Return the models within ``within`` of the best criterion, best first."""
        models = sorted(self.models.values(), key=Model.criterion)
        return [m for m in models if m.criterion() <= models[0].criterion() + within]


class Atoms(NamedTuple):
    """The ZARCs tried for one more arc: ln tau (d,), weighted columns (d e, 2n), their energies (d e,)."""

    ln_tau: Floats
    columns: Floats
    energy: Floats


@lru_cache(maxsize=32)
def _dictionary(log_omega: bytes, fastest: float, slowest: float) -> tuple[Floats, Floats]:
    """Return ln tau (d,) and the unweighted ZARC columns (d e, 2n), exponents running fastest."""
    axis = np.frombuffer(log_omega, dtype=np.float64)
    count = max(int((slowest - fastest) / math.log(10.0) * _PER_DECADE), 2)
    ln_tau = np.linspace(fastest, slowest, count)
    log_v = axis + ln_tau[:, None, None] + 0.5j * math.pi
    columns = (1.0 / (1.0 + np.exp(np.array(_EXPONENTS)[:, None] * log_v))).reshape(-1, axis.size)
    return ln_tau, np.concatenate([columns.real, columns.imag], axis=1)


def atoms_of(task: Task) -> Atoms:
    """Return the atoms of a weighted spectrum."""
    ln_tau, columns = _dictionary(task.log_omega.tobytes(), task.fastest, task.slowest)
    weighted = columns * np.concatenate([task.weight, task.weight])
    return Atoms(ln_tau, weighted, np.einsum("ij,ij->i", weighted, weighted))


def _gains(visited: Visited, model: Model, sign: float) -> Floats:
    """Return the fall of the sum of squares (d, e) by one more arc, to first order.

    What the parameters of the model can follow is projected out, so that only news counts.
    """
    task, atoms = visited.task, visited.atoms
    rows = task.rows(model.structure, model.shapes)
    linear = model.structure.linear
    residual = task.data - model.coefficients @ rows[:linear]
    tangent = rows / np.maximum(np.sqrt(np.einsum("ij,ij->i", rows, rows)), 1e-300)[:, None]
    values, vectors = np.linalg.eigh(tangent @ tangent.T)
    keep = values > 1e-8 * values[-1]
    basis = (vectors[:, keep] / np.sqrt(values[keep])).T @ tangent
    along = atoms.columns @ basis.T
    size = np.maximum(atoms.energy - np.einsum("ij,ij->i", along, along), 1e-6 * atoms.energy)
    shadow = sign * (atoms.columns @ residual - along @ (basis @ residual))
    gain = np.where(shadow > 0, shadow**2 / size, 0.0)
    return np.asarray(gain.reshape(atoms.ln_tau.size, -1))


def _peaks(visited: Visited, model: Model, sign: float) -> list[tuple[float, float]]:
    """Return (ln tau, exponent) of the largest local maxima of the gain over ln tau, none where all gains are small."""
    gain, ln_tau = _gains(visited, model, sign), visited.atoms.ln_tau
    best = gain.max(axis=1)
    if best.max() < _SMALL * model.variance:
        return []
    padded = np.concatenate([[-1.0], best, [-1.0]])
    tops = np.flatnonzero((best > 0) & (best >= padded[:-2]) & (best > padded[2:]))
    tops = tops[np.argsort(-best[tops])][:_STARTS]
    return [(float(ln_tau[i]), _EXPONENTS[int(gain[i].argmax())]) for i in tops]


def _enlarged(visited: Visited, model: Model, signs: Signs) -> Iterator[Proposal]:
    found = [(sign, *peak) for sign in signs for peak in _peaks(visited, model, sign)]
    if not found:
        return
    for sign, ln_tau, exponent in found:
        yield with_arc(model.structure, model.shapes, ZARC, (ln_tau, exponent), sign)
    for kind, sign, place in zip(model.structure.kinds, model.structure.signs, model.structure.places(), strict=True):
        if kind == ZARC and sign > 0:
            ln_tau, n = model.shapes[place]
            shapes = model.shapes.copy()
            shapes[place] = ln_tau - _SPLIT, min(n + 0.12, 1.0)
            yield with_arc(model.structure, shapes, ZARC, (ln_tau + _SPLIT, min(n + 0.12, 1.0)))


def _grow(visited: Visited, model: Model, signs: Signs) -> Model | None:
    """Return the best fit with one more arc, or None where nothing suggests one."""
    task = visited.task
    drafts = [fit(task, *proposal, steps=6, tolerance=1e-3) for proposal in _enlarged(visited, model, signs)]
    if not drafts:
        return None
    drafts.sort(key=Model.criterion)
    polished = [fit(task, m.structure, m.shapes, steps=20, tolerance=1e-3) for m in drafts[:2]]
    return in_order(min(polished, key=Model.criterion))


def _path(visited: Visited, *, look_ahead: int, signs: Signs) -> list[Model]:
    """Grow from no arc until the criterion has not improved for ``look_ahead`` arcs; return the models of the path."""
    task = visited.task
    model = fit(task, Structure(), np.array([0.5]))
    path = [visited.add(model)]
    visited.add(fit(task, Structure(tail=NO_TAIL), np.empty(0)))
    best, since = model.criterion(), 0
    while len(model.structure.kinds) < MOST_ARCS and task.data.size >= 4 * (3 * len(model.structure.kinds) + 5):
        larger = _grow(visited, model, signs)
        if larger is None:
            break
        model = larger
        path.append(visited.add(model))
        if model.criterion() < best:
            best, since = model.criterion(), 0
        else:
            since += 1
            if since >= look_ahead:
                break
    return path


def _frames(model: Model) -> Iterator[Proposal]:
    """Yield the structure with every other inductance and tail that the fit leaves open."""
    structure = model.structure
    inductive = structure.inductance and model.coefficients[1] > 0
    tails = [POWER, WARBURG, NO_TAIL]
    if structure.tail == POWER and model.shapes[-1] > 0.85:
        tails.append(CAPACITOR)
    for inductance in (True, False) if inductive else (False,):
        for tail in tails:
            if (inductance, tail) != (structure.inductance, structure.tail):
                yield with_frame(model, inductance=inductance, tail=tail)


def _fit_new(visited: Visited, proposals: Iterator[Proposal]) -> list[Model]:
    """Fit every proposed structure, add it, and return the fits."""
    return [visited.add(fit(visited.task, structure, start, tolerance=_CLOSE)) for structure, start in proposals]


def _prune(visited: Visited) -> None:
    for model in visited.ranked(_PRUNED_WITHIN)[:_PRUNED]:
        found = [model, *_fit_new(visited, _frames(model))]
        best = in_order(min(found, key=Model.criterion))
        arcs = range(len(best.structure.kinds))
        smaller = _fit_new(visited, iter([without_arcs(best, (k,)) for k in arcs]))
        if smaller:
            least = in_order(min(smaller, key=Model.criterion))
            if least.criterion() < best.criterion():
                _fit_new(visited, _frames(least))


def _without_tail(structure: Structure, shapes: Floats) -> Proposal:
    return replace(structure, tail=NO_TAIL), shapes[: shapes.size - (structure.tail == POWER)]


def _shaped(task: Task, model: Model) -> Iterator[Proposal]:
    """Yield structures in which other shapes stand for a pair of arcs, the slowest arc, or the tail."""
    ln_tau, n = model.ln_tau(), len(model.structure.kinds)
    for k in range(n - 1):
        both = model.structure.kinds[k : k + 2] == (ZARC, ZARC) and model.structure.signs[k : k + 2] == (1.0, 1.0)
        if both and ln_tau[k + 1] - ln_tau[k] < _PAIR:
            base = without_arcs(model, (k, k + 1))
            middle = 0.5 * float(ln_tau[k] + ln_tau[k + 1])
            yield with_arc(*base, NEGAMI, (float(ln_tau[k + 1]), 0.9, 0.6))
            yield with_arc(*base, GAUSSIAN, (middle, max(0.5 * float(ln_tau[k + 1] - ln_tau[k]), 0.5)))
    slow = -float(task.log_omega[-1])
    if model.structure.tail in (WARBURG, POWER):
        yield with_arc(*with_frame(model, inductance=model.structure.inductance, tail=NO_TAIL), FINITE, (slow + 1.0,))
    if n and model.structure.kinds[-1] == ZARC and model.structure.signs[-1] > 0 and ln_tau[-1] > slow - math.log(3e3):
        arc = (float(ln_tau[-1]) + 1.0,)
        yield with_arc(*without_arcs(model, (n - 1,)), FINITE, arc)
        if model.structure.tail in (WARBURG, POWER):
            bare = without_arcs(model, (n - 1,))
            yield with_arc(*_without_tail(*bare), FINITE, arc)
        if n > 1 and model.structure.signs[-2] > 0 and ln_tau[-1] - ln_tau[-2] < _PAIR:
            yield with_arc(*without_arcs(model, (n - 2, n - 1)), FINITE, arc)


def _shape(visited: Visited) -> None:
    done: set[Structure] = set()
    for _ in range(_SHAPE_ROUNDS):
        open_ = [m for m in visited.ranked(_SHAPED_WITHIN)[:_SHAPED] if m.structure not in done]
        if not open_:
            return
        for model in open_:
            done.add(model.structure)
            _fit_new(visited, _shaped(visited.task, model))


def _reshape(visited: Visited, path: list[Model]) -> None:
    """Give arcs of the smaller models of the path other shapes, one after the other, while the criterion falls."""
    most = len(visited.ranked(0.0)[0].structure.kinds)
    for model in path[1:most]:
        best = model
        for arc in range(len(model.structure.kinds)):
            if best.structure.kinds[arc] != ZARC or best.structure.signs[arc] < 0:
                continue
            drafts = [
                fit(visited.task, *reshaped(best, arc, kind), steps=12, tolerance=1e-3) for kind in (NEGAMI, GAUSSIAN)
            ]
            least = min(drafts, key=Model.criterion)
            if least.criterion() < best.criterion():
                best = in_order(least)
        if best is not model and best.criterion() < visited.ranked(0.0)[0].criterion() + _PRUNED_WITHIN:
            best = visited.add(fit(visited.task, best.structure, best.shapes))
            _fit_new(visited, _frames(best))


def looped(visited: Visited) -> bool:
    """Return whether an arc of negative resistance would lower the sum of squares by more than its price."""
    best = visited.ranked(0.0)[0]
    price = 3.0 * math.log(best.points) + LOOP_PRICE
    return bool(_gains(visited, best, -1.0).max() > price * best.variance)


def search(task: Task, *, shapes: bool = True, signs: Signs = POSITIVE, look_ahead: int = 1) -> Visited:
    """Return all structures visited with their fits; ``signs`` are those that the resistances of arcs may have."""
    visited = Visited(task)
    path = _path(visited, look_ahead=look_ahead, signs=signs)
    _prune(visited)
    if shapes:
        _reshape(visited, path)
        _shape(visited)
    best = visited.ranked(0.0)[0]
    visited.add(fit(task, best.structure, best.shapes, steps=40, tolerance=1e-7))
    return visited
