"""Fitting many spectra at once: grouping, outliers, circuit, noise law, covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garnetlab.analyse import _noise, _selection
from garnetlab.analyse._uncertainty import Fitted
from garnetlab.analyse.kk import Validity, check_validity
from garnetlab.core import Channel, InvalidInput, Kind, Measurement
from garnetlab.numerics import ArcFits, ArcModel, arcs_covariance, arcs_impedance, fit_arcs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]

#: below this many points neither validity nor the number of arcs can be tested
MIN_POINTS = 8
#: an outlier is left out of the fit where it is off by more than this part of abs(Z); smaller ones are only reported
EXCLUDED = 0.03


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One fitted spectrum: data from high to low frequency, circuit, parameters, errors, validity."""

    frequency: FloatArray
    impedance: ComplexArray
    model: ArcModel
    fitted: Fitted
    fit: ComplexArray
    used: NDArray[np.bool_]
    noise: _noise.NoiseLaw
    ssr: float
    inflation: float
    converged: bool
    selection: _selection.Selection | None
    validity: Validity
    row: int

    @property
    def residual(self) -> ComplexArray:
        """Relative residual (Z - fit)/abs(Z) of every point."""
        return (self.impedance - self.fit) / np.abs(self.impedance)

    @property
    def weights(self) -> FloatArray:
        """Weights (n,) of the fit [1/ohm]: reciprocal std of each part up to a factor, 0 for a point left out."""
        modulus = np.abs(self.impedance)
        return self.used / (modulus if self.noise.name == "relative" else self.noise.std(modulus))

    @property
    def relative_rms(self) -> float:
        """Root mean square of the relative residual of each part over the points used."""
        return float(np.sqrt(np.mean(0.5 * np.abs(self.residual[self.used]) ** 2)))


def check_kind(measurement: Measurement) -> None:
    """Raise InvalidInput unless the measurement is an impedance spectrum of at least ``MIN_POINTS`` points."""
    if measurement.kind is not Kind.IMPEDANCE:
        message = (
            f"kind = {measurement.kind.value!r}: expected an impedance spectrum. Choose another analysis with --as."
        )
        raise InvalidInput(message)
    if len(measurement) < MIN_POINTS:
        message = (
            f"points = {len(measurement)}: expected at least {MIN_POINTS} frequencies for a fit. Measure more points."
        )
        raise InvalidInput(message)


def _sorted(measurement: Measurement) -> tuple[FloatArray, ComplexArray]:
    frequency, impedance = measurement[Channel.FREQUENCY], measurement[Channel.IMPEDANCE]
    order = np.argsort(-frequency, kind="stable")
    return frequency[order], impedance[order]


@dataclass(slots=True)
class _Draft:
    """One spectrum on its way: data, weights, candidates and the circuit chosen so far."""

    frequency: FloatArray
    impedance: ComplexArray
    used: NDArray[np.bool_]
    weights: FloatArray
    selection: _selection.Selection
    law: _noise.NoiseLaw
    validity: Validity
    row: int


def fit_spectra(
    measurements: Sequence[Measurement],
    *,
    model: ArcModel | None = None,
    series: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Spectrum]:
    """Return the fitted spectra in the order given; spectra that share their frequencies are fitted in one batch.

    Parameters
    ----------
    measurements: Impedance measurements.
    model:        The circuit; by default it is chosen for every spectrum by BIC.
    series:       A label per spectrum; those with the same non-empty label share a circuit where one fits them all.
    progress:     Called with (done, total) after every batch.
    """
    groups: dict[bytes, list[int]] = {}
    data = []
    for index, measurement in enumerate(measurements):
        check_kind(measurement)
        frequency, impedance = _sorted(measurement)
        data.append((frequency, impedance))
        groups.setdefault(frequency.tobytes(), []).append(index)
    found: dict[int, _Draft] = {}
    for members in groups.values():
        frequency = data[members[0]][0]
        impedance = np.stack([data[i][1] for i in members])
        found.update(zip(members, _fit_group(frequency, impedance, model), strict=True))
        if progress is not None:
            progress(len(found), len(measurements))
    drafts = [found[i] for i in range(len(measurements))]
    if model is None and series is not None:
        _share(drafts, series)
    return [_assemble(draft) for draft in drafts]


def _share(drafts: Sequence[_Draft], series: Sequence[str]) -> None:
    """Give the spectra of every series one circuit, where one with all its arcs detected describes them all."""
    groups: dict[str, list[int]] = {}
    for i, label in enumerate(series):
        if label:
            groups.setdefault(label, []).append(i)
    for members in groups.values():
        if len(members) > 1:
            found = _selection.common([drafts[i].selection for i in members])
            for i, selection in zip(members, found, strict=True):
                drafts[i].selection = selection


def _fit_group(frequency: FloatArray, impedance: ComplexArray, model: ArcModel | None) -> list[_Draft]:
    validity = check_validity(frequency, impedance)
    used = np.ones(impedance.shape, dtype=bool)
    worst = np.abs(validity.residual[np.arange(len(impedance)), validity.worst_point])
    flagged = np.flatnonzero(validity.outlier & (worst > EXCLUDED))
    used[flagged, validity.worst_point[flagged]] = False
    weights = used / np.abs(impedance)
    chosen = _choose(frequency, impedance, weights, model)
    laws = [_law(frequency, impedance[i], used[i], c, float(validity.noise[i])) for i, c in enumerate(chosen)]
    again = np.array([i for i, law in enumerate(laws) if law.name != "relative"], dtype=int)
    if len(again):
        modulus = np.abs(impedance[again])
        scale = np.stack([law.std(m) for law, m in zip([laws[i] for i in again], modulus, strict=True)])
        weights[again] = used[again] / scale
        for i, selection in zip(again, _choose(frequency, impedance[again], weights[again], model), strict=True):
            chosen[i] = selection
    return [_Draft(frequency, impedance[i], used[i], weights[i], c, laws[i], validity, i) for i, c in enumerate(chosen)]


def _choose(
    frequency: FloatArray, impedance: ComplexArray, weights: FloatArray, model: ArcModel | None
) -> list[_selection.Selection]:
    if model is None:
        return _selection.select_models(frequency, impedance, weights=weights)
    fits = fit_arcs(frequency, impedance, model, weights=weights)
    reason = (f"{_selection.describe(model)} was given.",)
    candidates = _selection.candidates_of(fits, frequency, impedance, weights, _selection.ACCURACY)
    return [_selection.Selection(c, (c,), reason, {c.model: c.bic}) for c in candidates]


def _law(
    frequency: FloatArray,
    impedance: ComplexArray,
    used: NDArray[np.bool_],
    selection: _selection.Selection,
    noise: float,
) -> _noise.NoiseLaw:
    """Return the noise law; it is asked for only where the residuals are noise (white, and no larger than the noise)."""
    fit = arcs_impedance(selection.chosen.model, selection.chosen.parameters, frequency)
    residual, modulus = (impedance - fit)[used], np.abs(impedance)[used]
    rms = float(np.sqrt(np.mean(0.5 * np.abs(residual / modulus) ** 2)))
    if rms > 2.0 * noise or _noise.correlation_inflation(residual / modulus) > 1.0:
        return _noise.NoiseLaw("relative", rms, 0.0)
    return _noise.estimate_noise_law(residual, modulus)


def _covariance(draft: _Draft, values: FloatArray) -> FloatArray:
    """Return the covariances (k, p, p) of the logarithms at parameter values (k, p), with the noise of the fit.

    A coefficient that is zero is left out, with the shape of its arc. A time constant or exponent at its limit is not:
    what an arc's other parameters owe to it must not look better than it is.
    """
    best = draft.selection.chosen
    out = np.array([best.parameters[best.model.names.index(_selection.owner(name))] <= 0 for name in best.model.names])
    rows = len(values)
    fits = ArcFits(
        model=best.model,
        parameters=values,
        ssr=np.full(rows, best.ssr),
        converged=np.full(rows, best.converged),
        at_bound=np.tile(out, (rows, 1)),
    )
    covariance = arcs_covariance(fits, draft.frequency, np.tile(draft.weights, (rows, 1)))
    return np.where(out[:, None] | out[None, :] | ~np.isfinite(covariance), 0.0, covariance)


def _covariance_slope(draft: _Draft, step: float = 1e-3) -> FloatArray:
    """Return (p, p, p) the derivative of the covariance by the logarithm of each parameter, by central differences."""
    parameters = draft.selection.chosen.parameters
    moves = np.exp(step * np.eye(len(parameters)))
    covariance = _covariance(draft, np.concatenate([parameters * moves, parameters / moves]))
    return (covariance[: len(parameters)] - covariance[len(parameters) :]) / (2.0 * step)


def _assemble(draft: _Draft) -> Spectrum:
    best, used = draft.selection.chosen, draft.used
    fit = arcs_impedance(best.model, best.parameters, draft.frequency)
    inflation = _noise.correlation_inflation((draft.weights * (draft.impedance - fit))[used])
    dof = max(2 * int(used.sum()) - best.free, 1)
    covariance = _covariance(draft, best.parameters[None, :])[0] * inflation
    slope = _covariance_slope(draft) * inflation
    return Spectrum(
        frequency=draft.frequency,
        impedance=draft.impedance,
        model=best.model,
        fitted=Fitted(best.model.names, best.parameters, covariance, best.at_bound, dof, slope),
        fit=fit,
        used=used,
        noise=draft.law,
        ssr=best.ssr,
        inflation=inflation,
        converged=best.converged,
        selection=draft.selection,
        validity=draft.validity,
        row=draft.row,
    )
