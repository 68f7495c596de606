"""Fitting any circuit to many spectra at once, without a first guess.

Every parameter is fitted as its logarithm with the analytic Jacobian. The starts are a deterministic grid: each element
gets a relaxation frequency spread evenly over the logarithm of the measured range and the level that the spectrum has,
the best few are refined on a thinned spectrum, and the best of those on all points. For a series of arcs the variable
projection of ``garnetlab.numerics.fit_arcs`` is faster and surer; this module is for all other circuits.

Source
------
M. Roberts, The unreasonable effectiveness of quasirandom sequences (2018), for the additive recurrence of the grid;
B. A. Boukamp, Solid State Ionics 20 (1986) 31, for complex least squares with modulus weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from garnetlab.core import InvalidInput, nearest
from garnetlab.numerics import LeastSquares, batched_levenberg_marquardt
from garnetlab.physics.impedance import Circuit
from garnetlab.units import Conductance, Frequency, Impedance, Number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    ComplexArray: TypeAlias = NDArray[np.complex128]
    BoolArray: TypeAlias = NDArray[np.bool_]
    IntArray: TypeAlias = NDArray[np.intp]

#: exponents below 0.3 are no longer a capacitance or a diffusion
EXPONENT_BOUNDS = (0.3, 1.0)
#: how far a parameter may leave the level or the frequencies of the spectrum
_REACH = 1e6
_THIN = 27  # points of the thinned spectrum: three per decade over nine decades
_SEARCH_STEPS = 12
_POLISHED = 4
_LARGEST_STEP = 2.0  # in ln: a factor of seven


@dataclass(frozen=True, slots=True)
class CircuitFits:
    """Fits of m spectra with one circuit of p parameters.

    Parameters
    ----------
    circuit:    The circuit.
    parameters: SI values (m, p) in the order of ``circuit.names``; like arcs are ordered from fast to slow.
    ssr:        Weighted sum of squared residuals over the 2n real data (m,).
    converged:  Whether each fit ended at a minimum (m,).
    at_bound:   Parameters that ended on a bound (m, p): the data do not hold them.
    covariance: Of the logarithms of the parameters (m, p, p), from the residuals; 0 for a parameter on a bound.
    """

    circuit: Circuit
    parameters: FloatArray
    ssr: FloatArray
    converged: BoolArray
    at_bound: BoolArray
    covariance: FloatArray


class _Problem(NamedTuple):
    """Spectra (m, n) with weights, and the box (m, p) of the logarithms of the parameters."""

    circuit: Circuit
    frequency: FloatArray
    impedance: ComplexArray
    weights: FloatArray
    lower: FloatArray
    upper: FloatArray

    def thinned(self, points: int) -> _Problem:
        """Return the problem with at most ``points`` of the frequencies."""
        n = len(self.frequency)
        keep = np.unique(np.linspace(0, n - 1, min(n, points)).round().astype(int))
        return self._replace(
            frequency=self.frequency[keep], impedance=self.impedance[:, keep], weights=self.weights[:, keep]
        )

    def residuals(self, logs: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the weighted residuals (k, 2n) and their Jacobian (k, 2n, p) of spectra ``which``."""
        z, slopes = self.circuit.linearised(np.exp(logs), self.frequency)
        w = self.weights[which]
        r = (z - self.impedance[which]) * w
        j = slopes * w[:, :, None]
        return np.concatenate((r.real, r.imag), axis=1), np.concatenate((j.real, j.imag), axis=1)

    def solve(self, logs: FloatArray, which: IntArray, iterations: int, tolerance: float) -> LeastSquares:
        """Return the minima from starts (k, p) of spectra ``which`` (k,)."""
        return batched_levenberg_marquardt(
            lambda x, rows: self.residuals(x, which[rows]),
            logs,
            lower=self.lower[which],
            upper=self.upper[which],
            iterations=iterations,
            tolerance=tolerance,
            largest_step=_LARGEST_STEP,
        )


def fit_circuit(
    circuit: Circuit,
    frequency: Frequency,
    impedance: Impedance,
    *,
    weights: Conductance | None = None,
    starts: int = 24,
    guess: Mapping[str, Number] | None = None,
    bounds: Mapping[str, tuple[Number, Number]] | None = None,
) -> CircuitFits:
    """Return the least-squares fit of ``circuit`` to every spectrum.

    Parameters
    ----------
    circuit:   From ``parse_circuit``.
    frequency: Shape (n,) [Hz], all > 0.
    impedance: Shape (m, n) or (n,) [ohm].
    weights:   Of both parts, the inverse of their standard uncertainty; 1/abs(Z) by default.
    starts:    How many starts of the grid are refined.
    guess:     Values of parameters by name, as one more start; parameters that are not named come from the grid.
    bounds:    (low, high) of parameters by name; by default 0.3 to 1 for exponents and a million times beyond the
               spectrum's level and frequencies for the rest.

    Raises
    ------
    InvalidInput  if shapes differ, a number is not finite, a name is unknown, or there are fewer data than parameters.

    Source
    ------
    Boukamp, Solid State Ionics 20 (1986) 31.
    """
    problem = _problem(circuit, frequency, impedance, weights, bounds or {})
    m, p = len(problem.impedance), len(circuit)
    coarse = problem.thinned(_THIN)
    candidates = _grid(coarse, max(400, 16 * starts))
    chosen = _best(coarse, candidates, starts)
    if guess:
        extra = chosen[:, :1].copy()
        for name, value in guess.items():
            extra[:, :, _place(circuit, name)] = np.log(value)
        chosen = np.concatenate((extra, chosen), axis=1)
    count = chosen.shape[1]
    searched = coarse.solve(chosen.reshape(m * count, p), np.repeat(np.arange(m), count), _SEARCH_STEPS, 1e-4)
    order = np.argsort(searched.ssr.reshape(m, count), axis=1, kind="stable")[:, :_POLISHED]
    kept = np.take_along_axis(searched.parameters.reshape(m, count, p), order[:, :, None], axis=1)
    few = kept.shape[1]
    polished = problem.solve(kept.reshape(m * few, p), np.repeat(np.arange(m), few), 300, 1e-9)
    best = np.arange(m) * few + polished.ssr.reshape(m, few).argmin(axis=1)
    parameters = circuit.in_order(np.exp(polished.parameters[best]), problem.frequency)
    final = problem.solve(np.log(parameters), np.arange(m), 100, 1e-11)
    return CircuitFits(
        circuit=circuit,
        parameters=np.exp(final.parameters),
        ssr=final.ssr,
        converged=final.converged | polished.converged[best],
        at_bound=final.at_bound,
        covariance=_covariance(final, 2 * len(problem.frequency)),
    )


def _problem(
    circuit: Circuit,
    frequency: Frequency,
    impedance: Impedance,
    weights: Conductance | None,
    bounds: Mapping[str, tuple[Number, Number]],
) -> _Problem:
    f, z = np.asarray(frequency, dtype=np.float64), np.atleast_2d(np.asarray(impedance, dtype=np.complex128))
    if f.ndim != 1 or z.ndim != 2 or z.shape[1] != len(f):
        message = f"impedance = array of shape {z.shape}: expected (m, {f.size}), one column per frequency."
        raise InvalidInput(message)
    if 2 * len(f) <= len(circuit):
        message = f"points = {len(f)}: expected more than {len(circuit) / 2:g} for the {len(circuit)} parameters of {circuit}."
        raise InvalidInput(message)
    with np.errstate(divide="ignore"):  # 0 ohm is refused below
        w = 1.0 / np.abs(z) if weights is None else np.broadcast_to(np.asarray(weights, dtype=np.float64), z.shape)
    if not (np.isfinite(z).all() and np.isfinite(w).all() and np.isfinite(f).all() and (f > 0).all()):
        bad = int((~(np.isfinite(z) & np.isfinite(w)) | ~(f > 0)).any(axis=0).argmax())
        message = f"impedance = {z[0, bad]} at frequency {f[bad]}: expected finite numbers, not 0 ohm. Drop the point."
        raise InvalidInput(message)
    lower, upper = _box(circuit, f, z)
    for name, (low, high) in bounds.items():
        if not 0 < low < high < np.inf:
            message = f"bounds[{name!r}] = ({low}, {high}): expected 0 < low < high."
            raise InvalidInput(message)
        lower[:, _place(circuit, name)], upper[:, _place(circuit, name)] = np.log(low), np.log(high)
    return _Problem(circuit, f, z, w, lower, upper)


def _place(circuit: Circuit, name: str) -> int:
    if name not in circuit.names:
        message = f"parameter = {name!r}: not in {circuit}, which has {', '.join(circuit.names)}.{nearest(name, circuit.names)}"
        raise InvalidInput(message)
    return circuit.names.index(name)


def _box(circuit: Circuit, frequency: FloatArray, impedance: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """Return the bounds (m, p) of the logarithms: exponents as given, the rest far beyond the spectrum's own scales."""
    size = np.abs(impedance)
    omega = 2 * np.pi * frequency
    low, high = np.log(size.min(axis=1)), np.log(size.max(axis=1))
    slow, fast = np.log(omega.min()), np.log(omega.max())
    reach = np.log(_REACH)
    lower, upper = np.empty((len(size), len(circuit))), np.empty((len(size), len(circuit)))
    for k, role in enumerate(circuit.roles):
        if role.exponent:
            lower[:, k], upper[:, k] = np.log(EXPONENT_BOUNDS)
            continue
        ends = np.array([role.level * level - role.time * w for level in (low, high) for w in (slow, fast)])
        lower[:, k], upper[:, k] = ends.min(axis=0) - reach, ends.max(axis=0) + reach
    return lower, upper


def _grid(problem: _Problem, count: int) -> FloatArray:
    """Return the logarithms of candidate parameters (m, count, p)."""
    described = problem.circuit.roles
    groups = sorted({role.element for role in described})
    omega, size = 2 * np.pi * problem.frequency, np.abs(problem.impedance)
    order = np.argsort(omega)
    log_omega, log_size = np.log(omega[order]), np.log(size[:, order])
    span = np.log(size.max(axis=1) / size.min(axis=1))
    u = _recurrence(count, 3 * len(groups))
    out = np.empty((len(size), count, len(described)))
    for g, group in enumerate(groups):
        at = log_omega[0] + (log_omega[-1] - log_omega[0]) * u[:, 3 * g]
        level = np.array([np.interp(at, log_omega, row) for row in log_size])
        level = level + (span[:, None] + np.log(10.0)) * (u[:, 3 * g + 1] - 0.7) * 0.7
        n = 0.5 + 0.5 * u[:, 3 * g + 2]
        for k, role in enumerate(described):
            if role.element != group:
                continue
            power = np.where(role.free_time, n, role.time)
            out[:, :, k] = np.log(n) if role.exponent else role.level * level - power * at
    return np.clip(out, problem.lower[:, None], problem.upper[:, None])


def _recurrence(count: int, dimensions: int) -> FloatArray:
    """Return points (count, dimensions) spread evenly over the unit cube: an additive recurrence."""
    phi = 2.0
    for _ in range(60):
        phi = (1.0 + phi) ** (1.0 / (dimensions + 1))
    steps = phi ** -np.arange(1.0, dimensions + 1)
    return np.asarray((0.5 + np.outer(np.arange(1, count + 1), steps)) % 1.0)


def _best(problem: _Problem, candidates: FloatArray, keep: int) -> FloatArray:
    """Return the ``keep`` candidates (m, keep, p) that lie nearest to each spectrum in the logarithm of Z."""
    z = problem.circuit.impedance(np.exp(candidates), problem.frequency)
    with np.errstate(divide="ignore"):
        distance = (np.abs(np.log(z / problem.impedance[:, None])) ** 2).sum(axis=-1)
    order = np.argsort(distance, axis=1, kind="stable")[:, :keep]
    return np.take_along_axis(candidates, order[:, :, None], axis=1)


def _covariance(fits: LeastSquares, data: int) -> FloatArray:
    """Return the covariance of the logarithms; directions the data do not hold get a huge but finite variance."""
    p = fits.parameters.shape[1]
    free = ~fits.at_bound
    variance = fits.ssr / np.maximum(data - free.sum(axis=1), 1)
    scale = np.sqrt(np.maximum(np.einsum("mpp->mp", fits.normal), 1e-300))
    correlation = fits.normal / (scale[:, :, None] * scale[:, None, :])
    both = free[:, :, None] & free[:, None, :]
    correlation = np.where(both, correlation, np.eye(p))
    values, vectors = np.linalg.eigh(correlation)
    inverse = (vectors / np.maximum(values, 1e-14)[:, None, :]) @ np.swapaxes(vectors, -1, -2)
    covariance = inverse / (scale[:, :, None] * scale[:, None, :]) * variance[:, None, None]
    return np.where(both, covariance, 0.0)
