"""Batched fit of impedance spectra by a series of arcs without an initial guess, and its covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from garnetlab.core import InvalidInput
from garnetlab.numerics._arcs_model import ArcModel, Layout, arcs_log_jacobian, checked_frequency, checked_parameters
from garnetlab.numerics._arcs_problem import Problem
from garnetlab.numerics._arcs_projection import Bools, Floats, Ints, Members
from garnetlab.numerics._arcs_search import polished, searched


@dataclass(frozen=True, slots=True)
class ArcFits:
    """Fits of ``m`` spectra by one model, arcs ordered from the fastest to the slowest.

    ``parameters`` (m, p) in the order of ``model.names``; ``ssr`` (m,) weighted sum of squares of both parts;
    ``converged`` (m,); ``at_bound`` (m, p): a coefficient that is 0, a time constant or an exponent at its limit (an
    arc or tail whose coefficient is 0 has all its parameters marked); ``fixed`` names what was held.
    """

    model: ArcModel
    parameters: Floats
    ssr: Floats
    converged: Bools
    at_bound: Bools
    fixed: tuple[str, ...] = ()


def fit_arcs(
    frequency: ArrayLike,
    impedance: ArrayLike,
    model: ArcModel,
    *,
    weights: ArrayLike | None = None,
    starts: int = 12,
    initial: ArrayLike | None = None,
    fixed: Mapping[str, ArrayLike] | None = None,
) -> ArcFits:
    """Fit one model to many spectra at once, without an initial guess.

    Minimises ``sum w^2 |Z - Z_model|^2`` with all coefficients >= 0 by variable projection from deterministic starts.

    Parameters
    ----------
    frequency:  (N,) [Hz], in any order.
    impedance:  (m, N) complex [Ohm], one row per spectrum.
    weights:    (m, N) or (N,) >= 0 [1/Ohm]; ``1/|Z|`` when left out. A weight 0 leaves a point out.
    starts:     Most starts spent on one spectrum; easy spectra take fewer.
    initial:    (m, p) starting values in the order of ``model.names``; they replace the search.
    fixed:      Parameters held at a value, or at one value per spectrum (m,). With a parameter of an arc fixed the
                arcs keep their numbers: they are not ordered by time constant.

    Returns
    -------
    :  The fits. ``1/(20 w_max) <= tau <= 10/w_min``, ``0.4 <= n <= 1``, ``0.3 <= m <= 1``.

    Raises
    ------
    InvalidInput  for shapes that do not fit, values that are not finite, or fewer data than parameters.

    Source
    ------
    G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; L. Kaufman, BIT 15 (1975) 49.
    """
    problem = Problem.checked(frequency, impedance, model, weights, dict(fixed or {}))
    if starts < 1:
        message = f"starts = {starts}: expected at least 1 start."
        raise InvalidInput(message)
    if initial is None:
        members = searched(problem, starts)
    else:
        values = checked_parameters(model, initial)
        if values.shape != (len(problem.task.data), len(model.names)):
            message = f"initial has shape {values.shape}: expected {(len(problem.task.data), len(model.names))}."
            raise InvalidInput(message)
        members = polished(problem, np.arange(len(values)), problem.shape_of(values))
    return _reported(problem, members)


def _reported(problem: Problem, members: Members) -> ArcFits:
    """Return the solution in SI, its arcs in order."""
    model, layout = problem.model, Layout.of(problem.model)
    parameters = problem.parameters_of(members.shape, members.coefficients)
    held = problem.task.held_linear
    at_bound = np.zeros(parameters.shape, dtype=bool)
    at_bound[:, layout.shape] = (members.shape <= problem.task.lower) | (members.shape >= problem.task.upper)
    gone = (members.coefficients <= 0.0) & ~held
    at_bound[:, layout.linear] = gone
    at_bound[:, layout.shape] |= gone[:, problem.task.owner]
    at_bound[:, [name in problem.fixed for name in model.names]] = False
    if not any(name[1:].isdigit() and name != "R0" for name in problem.fixed):
        order = _arc_order(model, parameters)
        parameters, at_bound = np.take_along_axis(parameters, order, 1), np.take_along_axis(at_bound, order, 1)
    ssr = members.cost * problem.norm**2
    return ArcFits(model, parameters, ssr, members.converged, at_bound, tuple(problem.fixed))


def _arc_order(model: ArcModel, parameters: Floats) -> Ints:
    """Return the positions (m, p) that put the arcs in order of their time constants."""
    names = model.names
    order = np.tile(np.arange(len(names)), (len(parameters), 1))
    if not model.arcs:
        return order
    first = names.index("R1")
    rank = np.argsort(parameters[:, first + 1 : first + 3 * model.arcs : 3], axis=1, kind="stable")
    order[:, first : first + 3 * model.arcs] = (first + 3 * rank[:, :, None] + np.arange(3)).reshape(len(rank), -1)
    return order


def arcs_covariance(fits: ArcFits, frequency: ArrayLike, weights: ArrayLike) -> Floats:
    """Return the covariance of the logarithms of the parameters, ``(m, p, p)``.

    ``s2 (J^T J)^-1`` with ``s2 = ssr / (data - active parameters)``, from the singular values of the weighted Jacobian
    with its columns scaled, so that nearly dependent parameters keep their digits. ``frequency`` (N,) [Hz] and
    ``weights`` (m, N) [1/Ohm] are those of the fit (``1/|Z|`` where it had none). A parameter at a bound has
    variance ``inf`` and no covariance with the others; a fixed one has variance 0. A parameter or combination on
    which the data say nothing has a finite but huge variance. All are ``inf`` where no datum is left over.

    Raises
    ------
    InvalidInput  if ``weights`` do not fit the spectra.
    """
    omega = checked_frequency(frequency)
    weight = np.asarray(weights, dtype=float)
    spectra, count = fits.parameters.shape
    if weight.shape != (spectra, omega.size):
        message = f"weights have shape {weight.shape}: expected {(spectra, omega.size)}, those of the fit."
        raise InvalidInput(message)
    fixed = np.array([name in fits.fixed for name in fits.model.names])
    out = fits.at_bound | fixed
    jacobian = arcs_log_jacobian(fits.model, fits.parameters, omega) * weight[:, :, None]
    rows = np.concatenate([jacobian.real, jacobian.imag], axis=1)
    rows[np.broadcast_to(out[:, None, :], rows.shape)] = 0.0
    rows = np.concatenate([rows, out[:, :, None] * np.eye(count)], axis=1)
    size = np.sqrt((rows**2).sum(axis=1))
    _, singular, vectors = np.linalg.svd(rows / size[:, None, :], full_matrices=False)
    singular = np.maximum(singular, singular[:, :1] * np.finfo(float).eps * rows.shape[1])
    half = vectors / singular[:, :, None]
    free = 2.0 * (weight > 0.0).sum(axis=1) - count + out.sum(axis=1)
    with np.errstate(divide="ignore"):
        variance = np.where(free > 0.0, fits.ssr / np.maximum(free, 1.0), np.inf)
    covariance: Floats = half.transpose(0, 2, 1) @ half / (size[:, :, None] * size[:, None, :])
    covariance *= variance[:, None, None]
    covariance[out[:, :, None] | out[:, None, :]] = 0.0
    diagonal = np.arange(count)
    covariance[:, diagonal, diagonal] = np.where(
        fits.at_bound & ~fixed, np.inf, np.where(fixed, 0.0, covariance[:, diagonal, diagonal])
    )
    return covariance
