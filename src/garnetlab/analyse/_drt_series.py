"""A series of spectra: each alone, then arcs followed from one to the next, then the readings that continue them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse import _drt_spectrum as one
from garnetlab.analyse._drt_compiled import POWER, ZARC
from garnetlab.analyse._drt_model import Model, Structure, fit, in_order
from garnetlab.analyse._drt_report import result_of
from garnetlab.analyse._drt_search import MOST_ARCS
from garnetlab.analyse._drt_tracks import Arcs, follow, reread
from garnetlab.analyse._drt_uncertainty import arc_spread
from garnetlab.analyse._geometry import sample_of
from garnetlab.core import Measurement, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ROUNDS = 2
_EXPONENT = 0.85


@dataclass(frozen=True, slots=True)
class Followed:
    """Results (s,), arcs of every track (t, s), number of arcs of every spectrum, spectra read with their neighbours."""

    results: tuple[Result, ...]
    given: Ints
    counts: tuple[int, ...]
    reread: tuple[int, ...]


def _arcs(found: one.Found, model: Model) -> Arcs:
    first, n = model.structure.first_arc, len(model.structure.kinds)
    resistance = np.maximum(model.coefficients[first : first + n], 1e-300)
    place = np.stack([model.ln_tau(), np.log(resistance)], axis=1).reshape(n, 2)
    return Arcs(place, arc_spread(found.task, model, found.inflation), np.array(model.structure.signs))


def _continued(found: one.Found, predicted: Floats, sign: Floats) -> Model | None:
    """Return the fit with an arc where every track is expected, or None where one of them ends up empty."""
    if not 0 < len(predicted) <= MOST_ARCS or found.task.data.size < 4 * (3 * len(predicted) + 2):
        return None
    structure = Structure(
        kinds=(ZARC,) * len(predicted),
        signs=tuple(float(s) for s in sign),
        inductance=found.model.structure.inductance,
        tail=found.model.structure.tail,
    )
    start = np.column_stack([predicted[:, 0], np.full(len(predicted), _EXPONENT)]).ravel()
    tail = found.model.shapes[-1:] if structure.tail == POWER else np.empty(0)
    model = in_order(fit(found.task, structure, np.concatenate([start, tail]), steps=40))
    return model if model.whole else None


class _Readings:
    """The models within reach of every spectrum."""

    def __init__(self, founds: list[one.Found]) -> None:
        self.founds = founds
        self.sign = np.empty(0)
        self.models: dict[int, list[Model]] = {}

    def __call__(self, i: int, predicted: Floats) -> list[tuple[float, Arcs]]:
        found = self.founds[i]
        others = [m for m in found.models if m is not found.model]
        new = _continued(found, predicted, self.sign)
        self.models[i] = [found.model, *others, *([new] if new is not None else [])]
        return [(m.criterion(), _arcs(found, m)) for m in self.models[i]]


def followed(
    measurements: Sequence[Measurement],
    values: Floats,
    *,
    by_temperature: bool,
    shapes: bool,
    draws: int,
    progress: Callable[[int, int], None] | None,
) -> Followed:
    """Return the series at coordinates (s,), which are temperatures [K] or anything else."""
    samples = [sample_of(m) for m in measurements]
    spectra = [one.ordered(m) for m in measurements]
    founds = []
    for i, verdict in enumerate(one.verdicts(spectra)):
        rng = np.random.default_rng(0)
        founds.append(one.distribution(*spectra[i], verdict, shapes=shapes, draws=draws, rng=rng))
        if progress is not None:
            progress(i + 1, len(measurements))
    along = 1.0 / values if by_temperature else values
    steps = np.diff(np.unique(along))
    x = along / np.median(steps)
    series = [_arcs(f, f.model) for f in founds]
    readings, changed = _Readings(founds), set()
    given, sign = follow(x, series)
    for _ in range(_ROUNDS if len(given) else 0):
        readings.sign = sign
        better = reread(x, given, sign, series, readings)
        if not better:
            break
        for i, place in better.items():
            founds[i] = one.chosen(founds[i], readings.models[i][place], draws=draws, rng=np.random.default_rng(0))
        changed |= set(better)
        given, sign = follow(x, series)
    results = []
    for i, found in enumerate(founds):
        result = result_of(measurements[i], samples[i], found)
        reading = "with its neighbours in the series" if i in changed else "alone"
        results.append(replace(result, details={**result.details, "reading": reading}))
    return Followed(tuple(results), given, tuple(len(a.sign) for a in series), tuple(sorted(changed)))
