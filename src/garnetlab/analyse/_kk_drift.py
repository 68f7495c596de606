"""Test of a spectrum for a resistance that changed while the spectrum was measured.

RC elements with resistances >= 0 hold every passive relaxation (ZARC, Warburg, CPE, finite diffusion). A resistance
that grows in time adds to the real part a term proportional to the time of each point, without the imaginary part
that Kramers and Kronig ask for. The statistic is the signed root of the fall of the weighted sum of squares when such
a term is allowed.

Slow RC elements could imitate the drift. Each therefore has a normal prior of zero mean whose width is the resistance
that the imaginary part itself shows at its frequency, R_k = -(2/pi) Im Z(1/tau_k) dln(tau): a drift leaves Im Z alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from garnetlab.analyse._kk_model import FIXED, ComplexArray, FloatArray, elements, stack, time_constants
from garnetlab.core import SolveFailed

#: RC elements per decade, and how many decades their time constants reach beyond the data
PER_DECADE, BELOW, ABOVE = 5.0, 0.5, 1.5
#: the prior holds for time constants between these multiples of the slowest one in the data
PRIOR_RANGE = (0.03, 3.0)
#: width in decades of the window in which the imaginary part is averaged for the prior
PRIOR_WINDOW = 0.35
#: periods per point and shortest time per point [s] of the assumed sweep
PERIODS, SHORTEST = 5.0, 1.0
#: added to the unit diagonal of the normal matrix; moves the sum of squares by less than 0.01
RIDGE = 1e-10


@dataclass(frozen=True, slots=True)
class DriftFit:
    """Fits of m spectra with resistances >= 0.

    Parameters
    ----------
    gain:     (m,) fall of the penalised sum of squares when the drift is allowed, >= 0.
    amplitude: (m,) change of the resistance over the sweep [ohm], 0 where none helps.
    variance: (m,) variance of the weighted residuals with the drift allowed.
    freedom:  (m,) degrees of freedom of that variance.
    """

    gain: FloatArray
    amplitude: FloatArray
    variance: FloatArray
    freedom: FloatArray


def sweep_time(frequency: FloatArray) -> FloatArray:
    """Return the time (n,) since the first point over the time of the whole sweep, for descending frequencies.

    The clock of a sweep upwards differs from it by a constant and a sign; a constant resistance is no drift.
    """
    time = np.cumsum(np.maximum(PERIODS / frequency, SHORTEST))
    return np.asarray((time - time[0]) / (time[-1] - time[0]))


def _prior_width(omega: FloatArray, tau: FloatArray, impedance: ComplexArray, deviation: FloatArray) -> FloatArray:
    """Return the (m, k) prior width [ohm] of the resistances of the slow elements ``tau`` (k,)."""
    centre = np.maximum(-np.log10(tau), np.log10(omega.min()))
    window = np.exp(-0.5 * ((centre[:, None] - np.log10(omega)) / PRIOR_WINDOW) ** 2)
    window /= window.sum(axis=1, keepdims=True)
    local = np.maximum(-impedance.imag @ window.T, 0.0)
    noise = np.sqrt(deviation**2 @ (window**2).T)
    beyond = np.sqrt(np.maximum(tau * omega.min(), 1.0))
    return np.asarray(np.hypot(local, noise) * (2.0 / np.pi) * np.log(10.0) / PER_DECADE * beyond)


def _positive(root: FloatArray, target: FloatArray) -> FloatArray:
    """Return the x >= 0 that minimises ``|root x - target|``."""
    try:
        return np.asarray(nnls(root, target, maxiter=100 * target.size)[0])
    except RuntimeError as error:
        message = f"impedance = {target.size} coefficients: the fit with positive resistances did not end ({error})."
        raise SolveFailed(message) from None


def drift_fit(frequency: FloatArray, impedance: ComplexArray, deviation: FloatArray) -> DriftFit:
    """Return the fits of m spectra (m, n) at descending ``frequency`` (n,), with and without a drift.

    Raises
    ------
    SolveFailed  if the fit with positive resistances does not end.
    """
    omega = 2.0 * np.pi * frequency
    tau = time_constants(omega, per_decade=PER_DECADE, below=BELOW, above=ABOVE)
    time = sweep_time(frequency)[:, None] + 0j
    columns = np.concatenate([elements(omega, tau), time, -time], axis=1)
    design = stack(np.asarray(columns[None] / deviation[:, :, None], dtype=np.complex128), axis=1)
    length = np.linalg.norm(design, axis=1, keepdims=True)
    design /= length
    data = stack(impedance / deviation, axis=1)
    gram = design.transpose(0, 2, 1) @ design
    diagonal = np.full(gram.shape[:2], RIDGE)
    low, high = PRIOR_RANGE
    slow = np.flatnonzero((tau * omega.min() > low) & (tau * omega.min() <= high))
    width = _prior_width(omega, tau[slow], impedance, deviation)
    diagonal[:, FIXED + slow] += 1.0 / (width * length[:, 0, FIXED + slow]) ** 2
    gram += diagonal[:, :, None] * np.eye(gram.shape[1])
    moment = (data[:, None, :] @ design)[:, 0]
    return _compare(design, length[:, 0], data, gram, moment)


def _compare(
    design: FloatArray, length: FloatArray, data: FloatArray, gram: FloatArray, moment: FloatArray
) -> DriftFit:
    lower = np.linalg.cholesky(gram)
    target = np.linalg.solve(lower, moment[:, :, None])[:, :, 0]
    root = np.asarray(lower.transpose(0, 2, 1), dtype=np.float64)
    plain, full = np.zeros(target.shape), np.zeros(target.shape)
    for k in range(len(data)):
        plain[k, :-2] = _positive(root[k, :-2, :-2], target[k, :-2])
        full[k] = _positive(root[k], target[k])
    step = plain - full
    rest = data - (design @ full[:, :, None])[:, :, 0]
    # the objective is quadratic: its rise from `full` to `plain` without cancellation of large sums
    slope = (gram @ full[:, :, None])[:, :, 0] - moment
    rise = 2.0 * (slope * step).sum(axis=1) + (step * (gram @ step[:, :, None])[:, :, 0]).sum(axis=1)
    amplitude = (full[:, -2] - full[:, -1]) / length[:, -1]
    freedom = np.maximum(data.shape[1] - (full > 0).sum(axis=1), 1)
    return DriftFit(np.maximum(rise, 0.0), amplitude, (rest**2).sum(axis=1) / freedom, freedom)
