"""Noise level and noise law of a spectrum, from the scatter that the linear Kramers-Kronig model leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garnetlab.analyse._kk_model import ComplexArray, FloatArray, LinearFit, deletion_gain, linear_fit

#: laws that are compared: the standard deviation of each part goes as |Z|^p
EXPONENTS = (1.0, 0.5, 0.0)
#: levels that are tried, in multiples of the overall relative scatter (the fit afterwards refines the level)
LEVELS = np.logspace(-3.0, 0.5, 29)
#: gain in -2 log likelihood that another law needs over the modulus law
PREFERENCE = 6.0
#: squares of weighted residuals beyond this do not count in the choice of the law
CLIP = 16.0


@dataclass(frozen=True, slots=True)
class NoiseEstimate:
    """Noise of m spectra.

    Parameters
    ----------
    relative: (m,) standard deviation of each part divided by |Z|, at the geometric mean of |Z|.
    exponent: (m,) the law: the standard deviation goes as |Z| to this power (1 modulus, 0 constant).
    """

    relative: FloatArray
    exponent: FloatArray

    def deviation(self, impedance: ComplexArray) -> FloatArray:
        """Return the (m, n) standard deviation of each part [ohm]."""
        return np.asarray(self.relative[:, None] * _shape(impedance, self.exponent))


@dataclass(frozen=True, slots=True)
class NoiseFit:
    """Noise, the (m, n) standard deviation used as weight [ohm], the fit with it, and the least variance (m,)."""

    noise: NoiseEstimate
    deviation: FloatArray
    fit: LinearFit
    floor: FloatArray


def _shape(impedance: ComplexArray, exponent: FloatArray) -> FloatArray:
    """Return the (m, n) modulus [ohm] to which the noise is proportional."""
    logarithm = np.log(np.abs(impedance))
    middle = logarithm.mean(axis=1, keepdims=True)
    return np.asarray(np.exp(middle + exponent[:, None] * (logarithm - middle)))


def pooled_variance(fit: LinearFit) -> FloatArray:
    """Return the (m,) variance of the weighted residuals without the point that fits worst.

    Without outliers the largest of n chi-squares with two degrees of freedom is 2 (ln n + 0.577) on average.
    """
    points = fit.residual.shape[1]
    freedom = fit.freedom - 2.0 * (np.log(points) + np.euler_gamma)
    total = (np.abs(fit.residual) ** 2).sum(axis=1) - deletion_gain(fit).max(axis=1)
    return np.asarray(np.maximum(total, 0.0) / max(freedom, 1.0))


def _law(fit: LinearFit, impedance: ComplexArray, accuracy: float) -> tuple[FloatArray, FloatArray]:
    """Return level and exponent (m,) of the likeliest noise law, given the fit with weights 1/|Z|."""
    logarithm = np.log(np.abs(impedance))
    centred = logarithm - logarithm.mean(axis=1, keepdims=True)
    freedom = 2.0 - fit.leverage[..., 0, 0] - fit.leverage[..., 1, 1]
    square = np.abs(fit.residual) ** 2
    level = np.sqrt(pooled_variance(fit))[:, None] * LEVELS
    best, found, exponent = np.full(len(square), np.inf), level[:, 0].copy(), np.ones(len(square))
    for power in EXPONENTS:
        slope = np.exp(2.0 * (power - 1.0) * centred)[:, None, :]
        variance = (level**2)[:, :, None] * slope + max(accuracy, 1e-12) ** 2
        ratio = np.minimum(square[:, None, :] / variance, CLIP)
        score = (freedom[:, None, :] * np.log(variance) + ratio).sum(axis=2)
        lowest = score.min(axis=1) + (PREFERENCE if power < 1.0 else 0.0)
        better = lowest < best
        chosen = np.take_along_axis(level, score.argmin(axis=1)[:, None], axis=1)[:, 0]
        best, found = np.where(better, lowest, best), np.where(better, chosen, found)
        exponent = np.where(better, power, exponent)
    return found, exponent


def noise_of(columns: ComplexArray, impedance: ComplexArray, accuracy: float) -> NoiseFit:
    """Return the noise of the (m, n) spectra; ``columns`` (n, p) are the elements of the linear test.

    Deviations below ``accuracy`` |Z| are not taken for a sign of one law or another.
    """
    level, exponent = _law(linear_fit(columns, impedance, np.abs(impedance)), impedance, accuracy)
    least = accuracy * np.abs(impedance)
    deviation = np.hypot(NoiseEstimate(level, exponent).deviation(impedance), least)
    fit = linear_fit(columns, impedance, deviation)
    scale = np.sqrt(pooled_variance(fit))
    relative = scale * np.where(exponent == 1.0, np.hypot(level, accuracy), level)
    return NoiseFit(NoiseEstimate(relative, exponent), deviation, fit, np.median((least / deviation) ** 2, axis=1))
