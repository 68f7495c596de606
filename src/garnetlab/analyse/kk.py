"""Validity of impedance spectra: linear Kramers-Kronig test, drift test and Z-HIT, for many spectra at once.

Two things are tested, each against the noise that the spectrum itself shows.

An **outlier** is a point that a series of RC elements with resistances of either sign cannot follow (linear
Kramers-Kronig test). A **drift** is a resistance that changed during the sweep: see ``drift_fit`` for how it is told
from slow relaxation. Z-HIT rebuilds the modulus from the phase, which shows a drift to the eye.

Source
------
B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885. M. Schönleber, D. Klotz, E. Ivers-Tiffée, Electrochim. Acta 131
(2014) 20. W. Ehm, H. Göhr, R. Kaus, B. Röseler, C. A. Schiller, ACH-Models in Chemistry 137 (2000) 145. W. Ehm,
R. Kaus, C. A. Schiller, W. Strunz, in: New Trends in Electrochemical Impedance Spectroscopy (2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from garnetlab import units
from garnetlab.analyse import _kk_model as model
from garnetlab.analyse._kk_drift import drift_fit, sweep_time
from garnetlab.analyse._kk_noise import NoiseEstimate, noise_of
from garnetlab.analyse._kk_null import drift_thresholds
from garnetlab.analyse._zhit import modulus_from_phase
from garnetlab.core import InvalidInput

_Number = TypeVar("_Number", np.float64, np.complex128)

#: fewest points that can be tested
MIN_POINTS = 8
#: relative deviation of |Z| below which a point is not called wrong: the accuracy instruments state at best
ACCURACY = 1e-3
#: error of |Z| common to many points, such as that of a current range; a smaller drift is not told from it
SYSTEMATIC = 3e-3
#: shares of the allowed false alarms given to outliers, growing and falling resistances; the rest is margin
OUTLIER_SHARE, GROWTH_SHARE, FALL_SHARE = 0.1, 0.7, 0.05
#: probability below which the model of resistances >= 0 counts as refuted (an inductive loop, for example)
REFUTED = 1e-3


@dataclass(frozen=True, slots=True)
class KramersKronig:
    """Linear Kramers-Kronig test of m spectra of n points.

    Parameters
    ----------
    fitted:   (m, n) impedance of the RC elements [ohm].
    residual: (m, n) complex relative residual (Z - fitted) / |Z|.
    elements: Number of fitted coefficients.
    """

    fitted: model.ComplexArray
    residual: model.ComplexArray
    elements: int


@dataclass(frozen=True, slots=True)
class Validity:
    """Verdict on m spectra of n points, in the order of the frequencies given.

    Parameters
    ----------
    residual:          (m, n) complex relative residual of the linear Kramers-Kronig test, (Z - Z_fit) / |Z|.
    noise:             (m,) standard deviation of each part over |Z|, at the geometric mean of |Z|.
    outlier_statistic: (m,) largest F ratio of a point, from the fall of the sum of squares without it.
    outlier_threshold: (m,) F ratio above which the point is an outlier.
    drift_statistic:   (m,) signed number of standard deviations; positive where the resistance grew in time
                       (for a sweep from high to low frequency; from low to high the sign is the opposite).
    drift_threshold:   (m,) magnitude above which it is a drift, for the sign found.
    outlier:           (m,) whether there is an outlier.
    drift:             (m,) whether there is a drift.
    valid:             (m,) whether there is neither.
    worst_point:       (m,) index of the most suspicious point.
    zhit_modulus:      (m, n) |Z| rebuilt from the phase by Z-HIT [ohm].
    """

    residual: model.ComplexArray
    noise: model.FloatArray
    outlier_statistic: model.FloatArray
    outlier_threshold: model.FloatArray
    drift_statistic: model.FloatArray
    drift_threshold: model.FloatArray
    outlier: NDArray[np.bool_]
    drift: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    worst_point: NDArray[np.intp]
    zhit_modulus: model.FloatArray


def _checked(
    frequency: units.Frequency, impedance: units.Impedance
) -> tuple[model.FloatArray, model.ComplexArray, NDArray[np.intp]]:
    """Return descending frequencies, the (m, n) spectra in that order, and the order."""
    f = np.asarray(frequency, dtype=np.float64)
    z = np.atleast_2d(np.asarray(impedance, dtype=np.complex128))
    if f.ndim != 1 or z.ndim != 2 or z.shape[1] != f.size:
        message = f"impedance = array {z.shape}: expected (m, {f.size}), one column per frequency. Transpose it?"
        raise InvalidInput(message)
    if f.size < MIN_POINTS:
        message = (
            f"frequency = {f.size} points: expected at least {MIN_POINTS} to test a spectrum, "
            "better 5 per decade. Measure more points or judge it by eye."
        )
        raise InvalidInput(message)
    if not (np.isfinite(f).all() and (f > 0).all() and f.max() > 2.0 * f.min()):
        message = f"frequency = {f.min():g} to {f.max():g} Hz: expected finite numbers > 0 over more than a factor 2."
        raise InvalidInput(message)
    bad = ~(np.isfinite(z) & (z != 0)).all(axis=0)
    if bad.any():
        where = int(np.flatnonzero(bad)[0])
        message = f"impedance = {z[:, where]} at {f[where]:g} Hz: expected finite numbers other than 0. Drop the point."
        raise InvalidInput(message)
    order = np.argsort(-f, kind="stable")
    return f[order], z[:, order], order


def _back(values: NDArray[_Number], order: NDArray[np.intp]) -> NDArray[_Number]:
    """Return ``values`` (m, n) in the order of the frequencies given."""
    out = np.empty_like(values)
    out[:, order] = values
    return out


def linear_kramers_kronig(
    frequency: units.Frequency, impedance: units.Impedance, *, per_decade: float | None = None
) -> KramersKronig:
    """Return the fit of a series of R, L, C and RC elements with fixed time constants, weighted with 1/|Z|.

    Any spectrum that obeys the Kramers-Kronig relations is followed to within its noise.

    Parameters
    ----------
    frequency:  (n,) frequencies [Hz], in any order.
    impedance:  (m, n) spectra [ohm].
    per_decade: RC elements per decade; None takes 3, or fewer so that they use at most half of the data.

    Raises
    ------
    InvalidInput  if there are fewer than 8 points, or numbers that are not finite.

    Source
    ------
    Boukamp 1995, eqs. 11-15: the test is linear because the time constants are fixed. Schönleber 2014: range of the
    time constants. The number of elements is bounded by the data here rather than by the mu criterion, which counts
    negative resistances: the noise is judged with the degrees of freedom that are left.
    """
    f, z, order = _checked(frequency, impedance)
    fit = model.linear_fit(model.elements_of_test(2.0 * np.pi * f, per_decade), z, np.abs(z))
    residual = _back(fit.residual, order)
    return KramersKronig(_back(fit.fitted, order), residual, fit.basis.shape[2])


def z_hit(frequency: units.Frequency, impedance: units.Impedance) -> model.FloatArray:
    r"""Return |Z| (m, n) [ohm] of m spectra rebuilt from their phases.

    .. math:: \ln|Z(\omega_0)| = c + \frac{2}{\pi} \int \varphi \, d\ln\omega
              - \frac{\pi}{6} \frac{d\varphi}{d\ln\omega}

    The phase is smoothed by local quadratics over 0.35 decades to either side; the constant makes the medians agree
    between 1 and 1000 Hz, or in the middle third of the points where fewer than five lie there.

    Raises
    ------
    InvalidInput  as ``linear_kramers_kronig``.

    Source
    ------
    Ehm et al. 2000 (formula, gamma = -pi/6), Ehm et al. 2001 (drift). The series is cut after the first derivative: a
    single RC element is rebuilt to about 2 %, the arcs of a ceramic to below 1 %.
    """
    f, z, order = _checked(frequency, impedance)
    return _back(modulus_from_phase(f, z), order)


def estimate_noise(frequency: units.Frequency, impedance: units.Impedance) -> NoiseEstimate:
    """Return the noise level of m spectra (m, n) and whether it scales with |Z| (exponent 1) or is constant (0).

    The level is the scatter about the linear Kramers-Kronig model, with the degrees of freedom that are left and
    without the worst point; the law is the likeliest of three exponents 1, 1/2 and 0.

    Raises
    ------
    InvalidInput  as ``linear_kramers_kronig``.
    """
    f, z, _ = _checked(frequency, impedance)
    return noise_of(model.elements_of_test(2.0 * np.pi * f, None), z, ACCURACY).noise


@dataclass(frozen=True, slots=True)
class Statistics:
    """What ``check_validity`` compares with thresholds, at descending frequencies; see there."""

    fit: model.LinearFit
    noise: model.FloatArray
    outlier: model.FloatArray
    worst: NDArray[np.intp]
    drift: model.FloatArray
    strength: model.FloatArray


def _outlier_statistic(fit: model.LinearFit, floor: model.FloatArray) -> tuple[model.FloatArray, NDArray[np.intp]]:
    """Return the largest F ratio of deleting one complex point, and that point."""
    gain = model.deletion_gain(fit)
    worst = np.argmax(gain, axis=1)
    largest = gain[np.arange(len(gain)), worst]
    total = (np.abs(fit.residual) ** 2).sum(axis=1)
    variance = np.maximum((total - largest) / max(fit.freedom - 2, 1), floor)
    return np.asarray(largest / 2.0 / variance), worst


def _template(f: model.FloatArray, deviation: model.FloatArray) -> model.FloatArray:
    """Return the (m, 2n) weighted change of the data when a resistance grows with the time of the sweep."""
    return model.stack(np.asarray((sweep_time(f) + 0j) / deviation), axis=1)


def _drift_statistic(
    f: model.FloatArray,
    z: model.ComplexArray,
    deviation: model.FloatArray,
    fit: model.LinearFit,
    floor: model.FloatArray,
    systematic: float,
) -> model.FloatArray:
    """Return the signed statistic; where resistances >= 0 cannot follow the data, that of the linear model."""
    drift = drift_fit(f, z, deviation)
    amplitude = drift.amplitude
    std = np.abs(amplitude) / np.sqrt(np.maximum(drift.gain / np.maximum(drift.variance, floor), 1e-12))
    clean = np.maximum((np.abs(fit.residual) ** 2).sum(axis=1) / max(fit.freedom, 1), floor)
    refuted = drift.variance / clean > fdtri(drift.freedom, float(max(fit.freedom, 1)), 1.0 - REFUTED)
    if refuted.any():
        other, its_std = model.score(fit, _template(f, deviation), clean)
        amplitude, std = np.where(refuted, other, amplitude), np.where(refuted, its_std, std)
    return np.asarray(amplitude / np.hypot(std, systematic * np.abs(z[:, -1])))


def statistics(f: model.FloatArray, z: model.ComplexArray, *, systematic: float = SYSTEMATIC) -> Statistics:
    """Return the statistics of m spectra (m, n) at descending frequencies (n,).

    ``systematic`` is the error of |Z| common to many points against which a drift is measured besides its noise.
    """
    known = noise_of(model.elements_of_test(2.0 * np.pi * f, None), z, ACCURACY)
    fit, floor, deviation = known.fit, known.floor, known.deviation.copy()
    outlier, worst = _outlier_statistic(fit, floor)
    threshold = outlier_threshold(f.size, fit.freedom, OUTLIER_SHARE * 0.05)
    rows = np.flatnonzero(outlier > threshold)
    deviation[rows, worst[rows]] *= 1e3
    drift = _drift_statistic(f, z, deviation, fit, floor, systematic)
    low = f <= 10.0 * f[-1]
    strength = -(z.imag / deviation)[:, low].sum(axis=1) / np.sqrt(low.sum())
    return Statistics(fit, known.noise.relative, outlier, worst, drift, np.asarray(strength))


def outlier_threshold(points: int, freedom: int, false_alarm: float) -> float:
    """Return the F ratio that the largest of ``points`` exceeds with at most that probability (Bonferroni)."""
    return float(fdtri(2.0, float(max(freedom - 2, 1)), 1.0 - false_alarm / points))


def check_validity(frequency: units.Frequency, impedance: units.Impedance, *, false_alarm: float = 0.05) -> Validity:
    """Return for m spectra whether they hold an outlier or a drift.

    Parameters
    ----------
    frequency:   (n,) frequencies [Hz], in any order, at least 8.
    impedance:   (m, n) spectra [ohm], or one (n,).
    false_alarm: Largest share of clean spectra that may be flagged, 0.01 to 0.2.

    The outlier threshold is that of an F ratio, exact for normal noise and Bonferroni for n points. The drift
    threshold is a quantile over simulated clean spectra. Deviations within the accuracy of instruments (0.1 % of |Z|)
    are noise at least, however smooth the data, and a drift is measured against 0.3 % of |Z| besides its noise.

    Raises
    ------
    InvalidInput  if there are fewer than 8 points, numbers that are not finite, or ``false_alarm`` is out of range.
    SolveFailed   if the fit with positive resistances does not end.
    """
    if not 0.01 <= false_alarm <= 0.2:
        message = f"false_alarm = {false_alarm}: expected a probability from 0.01 to 0.2. 0.05 is usual."
        raise InvalidInput(message)
    f, z, order = _checked(frequency, impedance)
    found = statistics(f, z)
    limit = outlier_threshold(f.size, found.fit.freedom, OUTLIER_SHARE * false_alarm)
    growth, fall = drift_thresholds(found.strength, growth=GROWTH_SHARE * false_alarm, fall=FALL_SHARE * false_alarm)
    threshold = np.where(found.drift >= 0, growth, fall)
    outlier, drift = found.outlier > limit, np.abs(found.drift) > threshold
    return Validity(
        residual=_back((z - found.fit.fitted) / np.abs(z), order),
        noise=found.noise,
        outlier_statistic=found.outlier,
        outlier_threshold=np.full(len(z), limit),
        drift_statistic=found.drift,
        drift_threshold=threshold,
        outlier=outlier,
        drift=drift,
        valid=~(outlier | drift),
        worst_point=order[found.worst],
        zhit_modulus=_back(modulus_from_phase(f, z), order),
    )
