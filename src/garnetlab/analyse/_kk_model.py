"""The measurement model of a Kramers-Kronig test: a series of RC elements with fixed time constants.

Source
------
B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885, eqs. 11-15 (linear test); M. Schönleber, D. Klotz,
E. Ivers-Tiffée, Electrochim. Acta 131 (2014) 20 (range of the time constants).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

#: elements before the RC elements: R, L, C
FIXED = 3
#: RC elements per decade of the linear test where the data carry them
PER_DECADE = 3.0
#: largest share of the 2n real data that the linear test spends on elements
MODEL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Weighted linear fit of m spectra of n points.

    Parameters
    ----------
    fitted:   (m, n) impedance of the model [ohm].
    residual: (m, n) complex residual divided by the weight's standard deviation.
    leverage: (m, n, 2, 2) block of the hat matrix for the real and the imaginary part of each point.
    basis:    (m, 2n, p) orthonormal basis of the weighted elements.
    """

    fitted: ComplexArray
    residual: ComplexArray
    leverage: FloatArray
    basis: FloatArray

    @property
    def freedom(self) -> int:
        """Degrees of freedom: 2n real data less the fitted coefficients."""
        return int(self.basis.shape[1] - self.basis.shape[2])


def time_constants(omega: FloatArray, *, per_decade: float, below: float, above: float) -> FloatArray:
    """Return log-spaced time constants [s] from ``below`` decades under 1/max to ``above`` decades over 1/min."""
    low, high = -np.log10(omega.max()) - below, -np.log10(omega.min()) + above
    count = max(2, 1 + round(per_decade * (high - low)))
    return np.logspace(low, high, count)


def elements(omega: FloatArray, tau: FloatArray) -> ComplexArray:
    """Return the (n, 3 + k) impedances of R, L, C and the k RC elements, each without its dimensional factor."""
    columns = [np.ones_like(omega) + 0j, 1j * omega / omega.max(), omega.min() / (1j * omega)]
    return np.concatenate([np.stack(columns, axis=1), 1.0 / (1.0 + 1j * np.outer(omega, tau))], axis=1)


def stack(values: ComplexArray, axis: int) -> FloatArray:
    """Return real and imaginary parts one after the other along ``axis``."""
    return np.concatenate([values.real, values.imag], axis=axis)


def elements_of_test(omega: FloatArray, per_decade: float | None) -> ComplexArray:
    """Return the elements of the linear test, as many per decade as the number of points allows."""
    decades = float(np.log10(omega.max() / omega.min())) + 1.0
    allowed = (MODEL_SHARE * 2 * omega.size - 4.0) / decades
    density = max(0.5, min(PER_DECADE, allowed)) if per_decade is None else per_decade
    return elements(omega, time_constants(omega, per_decade=density, below=0.5, above=0.5))


def linear_fit(columns: ComplexArray, impedance: ComplexArray, weight: FloatArray) -> LinearFit:
    """Return the least-squares fit of ``columns`` (n, p) to ``impedance`` (m, n), each part divided by ``weight``.

    The resistances may have either sign, so the fit is linear and cannot fail.
    """
    n = impedance.shape[1]
    design = stack(columns[None] / weight[:, :, None], axis=1)
    design /= np.linalg.norm(design, axis=1, keepdims=True)
    data = stack(impedance / weight, axis=1)
    basis = np.linalg.qr(design)[0]
    model = (basis @ (basis.transpose(0, 2, 1) @ data[:, :, None]))[:, :, 0]
    rest = data - model
    real, imag = basis[:, :n], basis[:, n:]
    parts = np.stack([real, imag], axis=2)
    leverage = parts @ parts.transpose(0, 1, 3, 2)
    fitted = np.asarray((model[:, :n] + 1j * model[:, n:]) * weight, dtype=np.complex128)
    return LinearFit(fitted, rest[:, :n] + 1j * rest[:, n:], leverage, basis)


def deletion_gain(fit: LinearFit) -> FloatArray:
    """Return (m, n): by how much the sum of squares falls when one complex point is left out."""
    a = 1.0 - fit.leverage[..., 0, 0]
    b = -fit.leverage[..., 0, 1]
    c = 1.0 - fit.leverage[..., 1, 1]
    determinant = np.maximum(a * c - b * b, 1e-12)
    x, y = fit.residual.real, fit.residual.imag
    return np.asarray((c * x * x - 2.0 * b * x * y + a * y * y) / determinant)


def score(fit: LinearFit, template: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return amplitude and standard deviation (m,) of ``template`` (m, 2n) fitted beside the elements of ``fit``."""
    project = fit.basis.transpose(0, 2, 1) @ template[:, :, None]
    rest = template - (fit.basis @ project)[:, :, 0]
    square = np.maximum((rest**2).sum(axis=1), 1e-300)
    amplitude = (rest * stack(fit.residual, axis=1)).sum(axis=1) / square
    return np.asarray(amplitude), np.asarray(np.sqrt(variance / square))
