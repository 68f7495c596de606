r"""Choosing the circuit of a spectrum: how many arcs, which tail, inductance or not.

The candidates are series circuits ``R0 + [L] + arcs + [tail]``. They are compared by the Bayesian information
criterion of a Gaussian error of unknown level, :math:`\mathrm{BIC} = 2N \ln(S/2N) + p \ln 2N`, with S the weighted
sum of squares of the 2N real data and p the number of free parameters (coefficients that are clamped to zero are not
counted); AICc is given beside it. Two rules keep it from explaining instrument errors by arcs, because the errors of a
real spectrum are not white: the noise variance never falls below the ``accuracy`` of the instrument, and every arc must
be there with two standard uncertainties.

Source
------
G. Schwarz, Ann. Statist. 6 (1978) 461; K. P. Burnham and D. R. Anderson, Model Selection and Multimodel Inference,
2nd ed., Springer 2002, section 2.4 (AICc).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.numerics import ArcFits, ArcModel, Tail, arcs_covariance, arcs_impedance, fit_arcs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]

#: a larger model must win by this much in BIC: "positive evidence" begins at 2 (Kass and Raftery, JASA 90 (1995) 773)
MARGIN = 2.0
#: evidence in BIC that is "very strong" (the same table)
STRONG = 10.0
MAX_ARCS = 4
#: systematic accuracy of an impedance analyser, relative to abs(Z): 0.1 to 1 % over most of the range in the accuracy
#: charts that makers publish; a choice, not a measurement, and an argument of ``select_models``
ACCURACY = 0.003
#: an arc whose resistance has a larger standard uncertainty of its logarithm is not there (two sigma)
DETECTED = 0.5
#: in a series every arc must be there in every spectrum, with three sigma
DETECTED_IN_SERIES = 1.0 / 3.0
_TAILS = (Tail.NONE, Tail.WARBURG, Tail.POWER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One circuit tried on one spectrum."""

    model: ArcModel
    parameters: FloatArray
    ssr: float
    free: int
    bic: float
    aicc: float
    converged: bool
    at_bound: NDArray[np.bool_]
    weakest: float
    relative_rms: float

    @property
    def detected(self) -> bool:
        """Whether every arc is there with two standard uncertainties of the logarithm of its resistance."""
        return self.weakest <= DETECTED


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen circuit of one spectrum, with the candidates in the order of their BIC.

    ``evidence`` holds the BIC that compares the circuits: that of the spectrum or the sum over its series.
    """

    chosen: Candidate
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    evidence: Mapping[ArcModel, float]


def free_parameters(model: ArcModel, parameters: FloatArray) -> FloatArray:
    """Return for every spectrum (m,) the number of parameters that are free: zero coefficients do not count.

    An arc whose resistance is zero has no time constant and exponent either.
    """
    columns = dict(zip(model.names, np.moveaxis(np.atleast_2d(parameters), -1, 0), strict=True))
    count = np.zeros(np.atleast_2d(parameters).shape[0])
    for name, column in columns.items():
        count += columns[owner(name)] > 0 if owner(name) in columns else column > 0
    return count


def owner(name: str) -> str:
    """Return the coefficient without which a parameter has no meaning: ``R1`` of ``tau1``, ``A`` of ``m``."""
    for prefix in ("tau", "n"):
        if name.startswith(prefix):
            return "R" + name[len(prefix) :]
    return "A" if name == "m" else name


def _scores(ssr: FloatArray, free: FloatArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    data = 2 * points
    with np.errstate(divide="ignore"):
        likelihood = data * np.log(np.maximum(ssr, np.finfo(float).tiny) / data)
    k = free + 1  # the noise level is a parameter too
    correction = np.where(data - k - 1 > 0, 2 * k * (k + 1) / np.maximum(data - k - 1, 1e-9), np.inf)
    return likelihood + free * np.log(data), likelihood + 2 * k + correction


def candidates_of(
    fits: ArcFits, frequency: FloatArray, impedance: ComplexArray, weights: FloatArray, accuracy: float
) -> list[Candidate]:
    """Return one candidate per spectrum of a fit."""
    free = free_parameters(fits.model, fits.parameters)
    floor = 2.0 * accuracy**2 * np.sum((weights * np.abs(impedance)) ** 2, axis=1)
    bic, aicc = _scores(fits.ssr + floor, free, np.count_nonzero(weights, axis=1))
    weakest = _weakest(fits, frequency, weights)
    relative = (impedance - arcs_impedance(fits.model, fits.parameters, frequency)) / np.abs(impedance)
    used = weights > 0
    rms = np.sqrt(np.sum(0.5 * np.abs(relative) ** 2 * used, axis=1) / np.maximum(used.sum(axis=1), 1))
    return [
        Candidate(
            model=fits.model,
            parameters=fits.parameters[i],
            ssr=float(fits.ssr[i]),
            free=int(free[i]),
            bic=float(bic[i]),
            aicc=float(aicc[i]),
            converged=bool(fits.converged[i]),
            at_bound=fits.at_bound[i],
            weakest=float(weakest[i]),
            relative_rms=float(rms[i]),
        )
        for i in range(len(fits.ssr))
    ]


def _weakest(fits: ArcFits, frequency: FloatArray, weights: FloatArray) -> FloatArray:
    """Return (m,) the largest standard uncertainty of the logarithm of an arc's resistance, 0 without arcs."""
    if fits.model.arcs == 0:
        return np.zeros(len(fits.ssr))
    index = [fits.model.names.index(f"R{k}") for k in range(1, fits.model.arcs + 1)]
    covariance = arcs_covariance(fits, frequency, weights)
    variance = np.stack([covariance[:, i, i] for i in index], axis=1)
    out: FloatArray = np.sqrt(np.max(np.where(fits.at_bound[:, index], 0.0, variance), axis=1))
    return out


def _fits(model: ArcModel, points: int) -> bool:
    return 2 * points > len(model.names) + 2


def select_models(
    frequency: FloatArray,
    impedance: ComplexArray,
    *,
    weights: FloatArray | None = None,
    accuracy: float = ACCURACY,
) -> list[Selection]:
    """Return the chosen circuit of every spectrum.

    Parameters
    ----------
    frequency: Frequencies (n,) [Hz], common to all spectra.
    impedance: Spectra (m, n) [ohm].
    weights:   Reciprocal standard uncertainty of each part up to a factor (m, n); by default 1/abs(Z).
    accuracy:  Systematic accuracy of the instrument relative to abs(Z).

    Returns
    -------
    :  One ``Selection`` per spectrum. Arcs are added while the BIC gains more than ``MARGIN``; then inductance is tried.
    """
    points = impedance.shape[1]
    given = 1.0 / np.abs(impedance) if weights is None else weights
    search = _Search(frequency, impedance, given, accuracy, [[] for _ in impedance])
    active = np.arange(len(impedance))
    for arcs in range(MAX_ARCS + 1):
        models = [ArcModel(arcs=arcs, tail=tail) for tail in _TAILS]
        models = [m for m in models if _fits(m, points)]
        if not models or not len(active):
            break
        before = np.array([min((c.bic for c in search.pool[i]), default=np.inf) for i in active])
        search.extend(active, models)
        after = np.array([min(c.bic for c in search.pool[i]) for i in active])
        active = active[(after < before - MARGIN) | (arcs == 0)]
    search.try_inductance()
    return [_decide(candidates) for candidates in search.pool]


@dataclass(frozen=True, slots=True)
class _Search:
    """Spectra (m, n) of one frequency grid and the candidates found so far, a list per spectrum."""

    frequency: FloatArray
    impedance: ComplexArray
    weights: FloatArray
    accuracy: float
    pool: list[list[Candidate]]

    def extend(self, active: NDArray[np.intp], models: Sequence[ArcModel]) -> None:
        """Add the fits of ``models`` to the spectra in ``active``."""
        impedance, weights = self.impedance[active], self.weights[active]
        for model in models:
            fits = fit_arcs(self.frequency, impedance, model, weights=weights)
            found = candidates_of(fits, self.frequency, impedance, weights, self.accuracy)
            for i, candidate in zip(active, found, strict=True):
                self.pool[i].append(candidate)

    def try_inductance(self) -> None:
        """Add to every spectrum its best circuit with an inductance in series.

        Where that is the better one, it is tried with one arc less too: without the inductance an arc stood in for it.
        """
        self._add_inductance({i: _simplest(candidates).model for i, candidates in enumerate(self.pool)})
        best = {i: _simplest(candidates).model for i, candidates in enumerate(self.pool)}
        self._add_inductance({i: replace(m, arcs=m.arcs - 1) for i, m in best.items() if m.inductance and m.arcs > 0})

    def _add_inductance(self, models: Mapping[int, ArcModel]) -> None:
        """Add the fits of the circuits with an inductance; ``models`` maps spectra to circuits that may lack it.

        The inductance is one parameter more than the circuit without it has, also where another coefficient has become
        zero: an inductance that takes the place of the series resistance is none.
        """
        groups: dict[ArcModel, list[int]] = {}
        for i, model in models.items():
            groups.setdefault(replace(model, inductance=True), []).append(i)
        for model, members in groups.items():
            if _fits(model, len(self.frequency)):
                self.extend(np.array(members), [model])
                for i in members:
                    without = next(c for c in self.pool[i] if c.model == replace(model, inductance=False))
                    points = int(np.count_nonzero(self.weights[i]))
                    self.pool[i][-1] = _with_free(self.pool[i][-1], without.free + 1, points)


def _with_free(candidate: Candidate, free: int, points: int) -> Candidate:
    """Return the candidate with at least ``free`` parameters counted in its criteria."""
    if candidate.free >= free:
        return candidate
    old, new = (_scores(np.zeros(1), np.array([float(k)]), np.array([points])) for k in (candidate.free, free))
    bic, aicc = (float(b[0] - a[0]) for a, b in zip(old, new, strict=True))
    return replace(candidate, free=free, bic=candidate.bic + bic, aicc=candidate.aicc + aicc)


def _simplest(candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate with the fewest parameters among those within ``MARGIN`` of the best BIC.

    Fits that did not end at a minimum are passed over, and so are circuits with an arc that is not there, unless every
    other circuit is worse by ``STRONG``: then the arc is there and only its size is open, as for one that the frequency
    range cuts off.
    """
    ended = [c for c in candidates if c.converged] or list(candidates)
    best = min(c.bic for c in ended)
    real = [c for c in ended if c.detected]
    if not real or min(c.bic for c in real) > best + STRONG:
        real = ended
    best = min(c.bic for c in real)
    return min((c for c in real if c.bic <= best + MARGIN), key=lambda c: (c.free, len(c.model.names), c.bic))


def _decide(candidates: list[Candidate]) -> Selection:
    chosen = _simplest(candidates)
    ranked = tuple(sorted(candidates, key=lambda c: c.bic))
    reasons = [f"{describe(chosen.model)} has the lowest BIC or the fewest parameters within {MARGIN:g} of it."]
    reasons += [
        f"{describe(c.model)} has a BIC lower by {chosen.bic - c.bic:.1f}, but an arc of it is not there (two sigma)."
        for c in ranked
        if not c.detected and c.bic < chosen.bic - MARGIN
    ]
    reasons += [
        _comparison(chosen, other) for other in ranked if other is not chosen and -MARGIN <= other.bic - chosen.bic < 10
    ]
    if min(ranked, key=lambda c: c.aicc) is not chosen:
        reasons.append(f"AICc would choose {describe(min(ranked, key=lambda c: c.aicc).model)}.")
    return Selection(chosen, ranked, tuple(reasons), {c.model: c.bic for c in ranked})


def common(selections: Sequence[Selection]) -> list[Selection]:
    """Return the selections with one circuit for all, the one of lowest total BIC that serves every spectrum.

    It serves where all its arcs are detected with three sigma and its residuals stay below one percent of abs(Z) or
    three times those of the circuit chosen for that spectrum alone. Where no circuit serves all, the selections are
    returned as they are.
    """
    tables = [{c.model: c for c in s.candidates} for s in selections]
    shared = set.intersection(*(set(t) for t in tables))
    serving = [m for m in shared if all(_serves(t[m], s.chosen) for t, s in zip(tables, selections, strict=True))]
    if not serving:
        return list(selections)
    evidence = {m: sum(t[m].bic for t in tables) for m in shared}
    best = min(serving, key=lambda m: (evidence[m], len(m.names)))
    reason = f"{describe(best)} is shared by the {len(selections)} spectra of the series."
    out = []
    for table, selection in zip(tables, selections, strict=True):
        own = (
            ""
            if selection.chosen.model == best
            else f" Alone this spectrum would take {describe(selection.chosen.model)}."
        )
        out.append(Selection(table[best], selection.candidates, (reason + own, *selection.reasons[1:]), evidence))
    return out


def _serves(candidate: Candidate, chosen: Candidate) -> bool:
    limit = max(0.01, 3.0 * chosen.relative_rms)
    return candidate.weakest <= DETECTED_IN_SERIES and candidate.converged and candidate.relative_rms <= limit


def _comparison(chosen: Candidate, other: Candidate) -> str:
    return f"{describe(other.model)} is within reach: BIC {other.bic - chosen.bic:+.1f}, {other.free} free parameters."


def describe(model: ArcModel) -> str:
    """Return the Boukamp code of a model, for example ``"R(RQ)(RQ)W"``."""
    tail = {Tail.NONE: "", Tail.WARBURG: "W", Tail.CAPACITOR: "C", Tail.POWER: "Q"}[model.tail]
    return ("L" if model.inductance else "") + ("R" if model.resistance else "") + "(RQ)" * model.arcs + tail


__all__ = ["Candidate", "Selection", "candidates_of", "describe", "free_parameters", "select_models"]
