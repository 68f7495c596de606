"""One spectrum to its distribution of relaxation times: validity, noise law, bad points, search, lack of fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import fdtri

from garnetlab.analyse import _noise, kk
from garnetlab.analyse._drt_compiled import POWER, WARBURG
from garnetlab.analyse._drt_model import Model, Task
from garnetlab.analyse._drt_search import EITHER, POSITIVE, Signs, looped, search
from garnetlab.analyse._drt_uncertainty import REACH, Posterior, posterior
from garnetlab.analyse._kk_null import drift_thresholds
from garnetlab.analyse._spectra import EXCLUDED
from garnetlab.core import Channel, InvalidInput, Kind, Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Complexes = NDArray[np.complex128]
    Bools = NDArray[np.bool_]

#: four data per parameter of a resistance, one arc and a tail with its exponent (6 parameters, 24 data)
MIN_POINTS = 12
#: a residual this many Rayleigh scales large is an outlier: exp(-4.2^2/2) = 1.5e-4 of clean points
_OUTLYING = 4.2
#: nor is a point left out that is off by less than this part of abs(Z)
_SMALL = 0.01
#: arcs without gain after which a search ends that has not fitted
_PATIENT = 3
#: at most this share of the points is left out
_MOST_LEFT_OUT = 0.15
#: probability below which a fit as bad as this one counts as lack of fit
_REFUTED = 1e-3
#: the accuracy of instruments: a smaller deviation is no lack of fit
_ACCURACY = 1e-3
#: a fit worse than this (rms of the relative residual) is no description of the data
_POOR = 0.05
#: share of clean spectra that the tests of validity may flag
_FALSE_ALARM = 0.05


class Verdict(NamedTuple):
    """Validity of a spectrum: the point that is an outlier, drift, Kramers-Kronig fit and its degrees of freedom."""

    outlier: int | None
    drift: bool
    fitted: Complexes
    freedom: int


@dataclass(frozen=True, slots=True)
class Found:
    """Everything known of one spectrum, from high to low frequency."""

    frequency: Floats
    impedance: Complexes
    scale: Floats
    used: Bools
    law: _noise.NoiseLaw
    task: Task
    models: tuple[Model, ...]
    known: Posterior
    fit: Complexes
    inflation: float
    misfit: float
    misfit_limit: float
    verdict: Verdict

    @property
    def model(self) -> Model:
        """The model that was selected."""
        return self.models[0]

    @property
    def residual(self) -> Complexes:
        """Relative residual (Z - fit)/abs(Z) of every point."""
        return np.asarray((self.impedance - self.fit) / np.abs(self.impedance))

    @property
    def lacks(self) -> bool:
        """Whether the fit is worse than the noise allows, or too bad for any use."""
        return self.misfit > self.misfit_limit or (self.law.name == "relative" and self.relative_rms > _POOR)

    @property
    def relative_rms(self) -> float:
        """Root mean square of the relative residual of each part over the points used."""
        return float(np.sqrt(np.mean(0.5 * np.abs(self.residual[self.used]) ** 2)))


def ordered(measurement: Measurement) -> tuple[Floats, Complexes]:
    """Return frequency and impedance from high to low frequency.

    Raises
    ------
    InvalidInput  unless the measurement is an impedance spectrum of at least ``MIN_POINTS`` points.
    """
    if measurement.kind is not Kind.IMPEDANCE:
        message = (
            f"kind = {measurement.kind.value!r}: expected an impedance spectrum. Choose another analysis with --as."
        )
        raise InvalidInput(message)
    if len(measurement) < MIN_POINTS:
        message = (
            f"points = {len(measurement)}: expected at least {MIN_POINTS} frequencies for a distribution of relaxation "
            "times, better 5 per decade. Measure more points, or fit a circuit."
        )
        raise InvalidInput(message)
    frequency, impedance = measurement[Channel.FREQUENCY], measurement[Channel.IMPEDANCE]
    order = np.argsort(-frequency, kind="stable")
    frequency, impedance = frequency[order], impedance[order]
    if not (np.isfinite(frequency).all() and frequency[-1] > 0 and frequency[0] > 2.0 * frequency[-1]):
        message = f"frequency = {frequency[-1]:g} to {frequency[0]:g} Hz: expected finite numbers > 0 over more than a factor 2."
        raise InvalidInput(message)
    bad = np.flatnonzero(~(np.isfinite(impedance) & (impedance != 0)))
    if len(bad):
        message = (
            f"impedance = {impedance[bad[0]]} at {frequency[bad[0]]:g} Hz: expected finite numbers other than 0. "
            "Drop the point."
        )
        raise InvalidInput(message)
    return frequency, impedance


@dataclass(frozen=True, slots=True)
class _Draft:
    """Models of one search, best first, and whether an arc of negative resistance suggests itself."""

    task: Task
    models: list[Model]
    scale: Floats
    used: Bools
    loop: bool

    @property
    def best(self) -> Model:
        return self.models[0]


def _searched(
    frequency: Floats, impedance: Complexes, used: Bools, scale: Floats, *,
    shapes: bool, signs: Signs = POSITIVE, look_ahead: int = 1,
) -> _Draft:  # fmt: skip
    task = Task.of(frequency, impedance, scale, used)
    visited = search(task, shapes=shapes, signs=signs, look_ahead=look_ahead)
    return _Draft(task, visited.ranked(2.0 * REACH), scale, used, looped(visited))


def model_impedance(task: Task, model: Model, frequency: Floats) -> Complexes:
    """Return the impedance [ohm] of a model of ``task`` at frequencies from high to low."""
    whole = replace(task, log_omega=np.log(2.0 * np.pi * frequency), weight=np.ones_like(frequency),
                    data=np.empty(2 * frequency.size))  # fmt: skip
    return _moved(task, whole, model)


def _moved(task: Task, whole: Task, model: Model) -> Complexes:
    """Return the impedance at other frequencies: the scale of inductance and tail is that of the task."""
    structure, coefficients = model.structure, model.coefficients.copy()
    if structure.inductance:
        coefficients[1] *= math.exp(whole.log_omega[0] - task.log_omega[0])
    if structure.tail:
        m = model.shapes[-1] if structure.tail == POWER else (0.5 if structure.tail == WARBURG else 1.0)
        coefficients[-1] *= math.exp(m * (task.log_omega[-1] - whole.log_omega[-1]))
    rows = whole.rows(structure, model.shapes)[: structure.linear]
    parts = coefficients @ rows
    half = whole.weight.size
    return np.asarray(parts[:half] + 1j * parts[half:])


def _outliers(residual: Complexes, modulus: Floats, used: Bools) -> Bools:
    """Return which points are far off the fit while a neighbour is not: a stretch of bad points is no outlier.

    Far is measured by the noise law of the residuals, of which outliers hardly change the median.
    """
    if not (np.abs(residual) > _SMALL * modulus)[used].any():
        return np.zeros(used.size, dtype=bool)
    law = _noise.estimate_noise_law(residual[used], modulus[used])
    size = np.abs(residual) / law.std(modulus)
    scale = float(np.median(size[used])) / 1.1774
    off = (size > _OUTLYING * scale) & (np.abs(residual) > _SMALL * modulus)
    run = np.convolve(off, np.ones(3), mode="same")
    return np.asarray(off & (run < 3) & used)


def _misfit(draft: _Draft, frequency: Floats, impedance: Complexes, verdict: Verdict) -> tuple[float, float]:
    """Return the variance of the fit over that of the noise, and the ratio it exceeds with probability ``_REFUTED``.

    The noise is that of the Kramers-Kronig test, which follows loops that arcs of positive resistance cannot.
    """
    used, weight = draft.used, 1.0 / draft.scale
    fit = model_impedance(draft.task, draft.best, frequency)
    own, other = (float((np.abs(weight * (impedance - z))[used] ** 2).sum()) for z in (fit, verdict.fitted))
    left = max(2 * int(used.sum()) - draft.best.parameters, 1)
    freedom = max(verdict.freedom - 2 * int((~used).sum()), 1)
    least = float(np.mean((_ACCURACY * weight * np.abs(impedance))[used] ** 2))
    return own / left / max(other / freedom, least), float(fdtri(left, freedom, 1.0 - _REFUTED))


def _thorough(frequency: Floats, impedance: Complexes, used: Bools, verdict: Verdict, *, shapes: bool) -> _Draft:
    """Return the search of a spectrum; where it does not fit, that of one with more patience, and with loops."""
    modulus = np.abs(impedance)
    draft = _searched(frequency, impedance, used, modulus, shapes=shapes)
    misfit, limit = _misfit(draft, frequency, impedance, verdict)
    ways = [(POSITIVE, _PATIENT)] if misfit > limit else []
    ways += [(EITHER, 2)] if misfit > limit or draft.loop else []
    for signs, look_ahead in ways:
        other = _searched(frequency, impedance, used, modulus, shapes=shapes, signs=signs, look_ahead=look_ahead)
        if other.best.criterion() < draft.best.criterion():
            draft = other
    return draft


def distribution(
    frequency: Floats, impedance: Complexes, verdict: Verdict, *, shapes: bool, draws: int, rng: np.random.Generator
) -> Found:
    """Return what is known of one spectrum at falling frequencies."""
    modulus = np.abs(impedance)
    used = np.ones(frequency.size, dtype=bool)
    if verdict.outlier is not None:
        used[verdict.outlier] = False
    draft = _thorough(frequency, impedance, used, verdict, shapes=shapes)
    way = (EITHER, 2) if any(s < 0 for s in draft.best.structure.signs) else (POSITIVE, 1)
    off = _outliers(impedance - model_impedance(draft.task, draft.best, frequency), modulus, used)
    if off.any() and (used & ~off).sum() >= (1.0 - _MOST_LEFT_OUT) * used.size:
        used = used & ~off
        draft = _searched(frequency, impedance, used, modulus, shapes=shapes, signs=way[0], look_ahead=way[1])
    residual = impedance - model_impedance(draft.task, draft.best, frequency)
    noisy = draft.best.cost > 4.0 * draft.task.floor  # else the accuracy of the instrument decides
    inflation = _noise.correlation_inflation((residual / modulus)[used]) if noisy else 1.0
    law = _noise.NoiseLaw("relative", math.sqrt(draft.best.variance), 0.0)
    if inflation == 1.0 and noisy:
        guess = _noise.estimate_noise_law(residual[used], modulus[used])
        if guess.name != "relative":
            scale = np.hypot(guess.std(modulus), _ACCURACY * modulus)
            law = guess
            draft = _searched(frequency, impedance, used, scale, shapes=shapes, signs=way[0], look_ahead=way[1])
    misfit, limit = _misfit(draft, frequency, impedance, verdict)
    fit = model_impedance(draft.task, draft.best, frequency)
    known = posterior(draft.task, draft.models, draws=draws, inflation=inflation, rng=rng)
    models = tuple(draft.models)
    return Found(
        frequency, impedance, draft.scale, used, law, draft.task, models, known, fit, inflation, misfit, limit, verdict
    )  # fmt: skip


def chosen(found: Found, model: Model, *, draws: int, rng: np.random.Generator) -> Found:
    """Return what is known where ``model``, one of the task of ``found``, is taken instead of that selected."""
    models = (model, *(m for m in found.models if m is not model))
    draft = _Draft(found.task, list(models), found.scale, found.used, loop=False)
    misfit, limit = _misfit(draft, found.frequency, found.impedance, found.verdict)
    fit = model_impedance(found.task, model, found.frequency)
    known = posterior(found.task, models, draws=draws, inflation=found.inflation, rng=rng)
    return replace(found, models=models, known=known, fit=fit, misfit=misfit, misfit_limit=limit)


def verdicts(spectra: list[tuple[Floats, Complexes]]) -> list[Verdict]:
    """Return the verdict on every spectrum; spectra that share their frequencies are tested together."""
    groups: dict[bytes, list[int]] = {}
    for i, (frequency, _) in enumerate(spectra):
        groups.setdefault(frequency.tobytes(), []).append(i)
    out: dict[int, Verdict] = {}
    for members in groups.values():
        frequency = spectra[members[0]][0]
        out.update(zip(members, _tested(frequency, np.stack([spectra[i][1] for i in members])), strict=True))
    return [out[i] for i in range(len(spectra))]


def _tested(frequency: Floats, impedance: Complexes) -> list[Verdict]:
    """Return the verdicts of ``check_validity`` without Z-HIT, which a distribution has no use for."""
    found = kk.statistics(frequency, impedance)
    limit = kk.outlier_threshold(frequency.size, found.fit.freedom, kk.OUTLIER_SHARE * _FALSE_ALARM)
    growth, fall = drift_thresholds(
        found.strength, growth=kk.GROWTH_SHARE * _FALSE_ALARM, fall=kk.FALL_SHARE * _FALSE_ALARM
    )
    off = np.abs(impedance - found.fit.fitted) / np.abs(impedance)
    return [
        Verdict(
            outlier=int(found.worst[i]) if found.outlier[i] > limit and off[i, found.worst[i]] > EXCLUDED else None,
            drift=bool(abs(found.drift[i]) > (growth[i] if found.drift[i] >= 0 else fall[i])),
            fitted=found.fit.fitted[i],
            freedom=int(found.fit.freedom),
        )
        for i in range(len(impedance))
    ]
