"""The noise law of a spectrum, from the residuals of a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    ComplexArray = NDArray[np.complex128]


class NoiseLaw(NamedTuple):
    """Standard deviation of each part: ``sqrt((relative |Z|)^2 + absolute^2)``; ``name`` says which term is there."""

    name: str
    relative: float
    absolute: float

    def std(self, modulus: FloatArray) -> FloatArray:
        """Return the standard deviation [ohm] of each part at the given moduli (n,)."""
        return np.hypot(self.relative * modulus, self.absolute)


def estimate_noise_law(residual: ComplexArray, modulus: FloatArray) -> NoiseLaw:
    """Return the noise law that makes the residuals (n,) of a fit most likely.

    The law is relative to abs(Z) unless a constant part gains more than ln(2N) + 4 in twice the log-likelihood
    (the BIC price of one parameter and strong evidence besides).
    """
    power = 0.5 * np.abs(residual) ** 2
    centre = float(np.exp(np.mean(np.log(modulus))))
    ratios = np.concatenate([[0.0], np.logspace(-3, 3, 49) * centre])
    shape = modulus**2 + ratios[:, None] ** 2
    scale = np.mean(power / shape, axis=1)
    likelihood = -2.0 * np.sum(np.log(shape), axis=1) - 2.0 * len(modulus) * np.log(np.maximum(scale, 1e-300))
    best = int(np.argmax(likelihood))
    if likelihood[best] - likelihood[0] <= math.log(2 * len(modulus)) + 4.0:
        best = 0
    relative, ratio = math.sqrt(scale[best]), float(ratios[best])
    constant = relative * ratio
    if best == len(ratios) - 1:
        return NoiseLaw("constant", 0.0, constant)
    return NoiseLaw("relative" if best == 0 else "mixed", relative, constant)


def correlation_inflation(residual: ComplexArray) -> float:
    """Return by what the covariance grows because neighbouring residuals (n,) are alike, 1 for white noise.

    With lag-one autocorrelation r the variance of a mean grows by (1 + r)/(1 - r); it is applied only where r exceeds
    twice its standard deviation 1/sqrt(2n) under white noise, so that a circuit that does not quite fit gets the wider
    errors it deserves.

    Source
    ------
    G. E. P. Box, G. M. Jenkins, G. C. Reinsel, Time Series Analysis, 4th ed., Wiley 2008, section 2.1.6 (variance of
    an autocorrelation); first-order autoregressive variance of a mean, section 3.2.
    """
    parts = np.stack([residual.real, residual.imag])
    energy = float(np.sum(parts**2))
    if energy == 0.0 or parts.shape[1] < 8:
        return 1.0
    r = float(np.sum(parts[:, 1:] * parts[:, :-1])) / energy
    if r < 2.0 / math.sqrt(2 * parts.shape[1]):
        return 1.0
    return (1.0 + min(r, 0.95)) / (1.0 - min(r, 0.95))
