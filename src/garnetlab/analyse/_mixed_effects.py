"""Groups of cells with a random effect of the pellet they were cut from: restricted maximum likelihood and exact pivots."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Groups = NDArray[np.intp]

_TAIL = 0.025
#: ln of the variance ratio between pellets and within is looked for up to this
_MOST = 20.0


@dataclass(frozen=True, slots=True)
class MixedFit:
    """Means of the groups with the spread between pellets and within them.

    Parameters
    ----------
    means:         Mean of each group (g,).
    covariance:    Their covariance after Kenward and Roger (g, g).
    within, between: Variances inside a pellet and between pellets.
    within_limits, between_limits: 95 % limits of the variances; infinite where there are none.
    share_limits:  95 % limits of between/(between + within).
    freedom:       Degrees of freedom (between, within) of the sums of squares.
    """

    means: Floats
    covariance: Floats
    within: float
    between: float
    within_limits: tuple[float, float]
    between_limits: tuple[float, float]
    share_limits: tuple[float, float]
    freedom: tuple[int, int]
    _plain: Floats
    _parts: tuple[tuple[Floats, Floats], Floats]

    def contrast(self, weights: Floats) -> tuple[float, float, float]:
        """Return value, standard error and degrees of freedom of a weighted sum of the means."""
        slopes, information = self._parts
        variance = float(weights @ self._plain @ weights)
        g = np.array([float(weights @ self._plain @ s @ self._plain @ weights) for s in slopes])
        freedom = 2.0 * variance**2 / float(g @ information @ g)
        return float(weights @ self.means), math.sqrt(float(weights @ self.covariance @ weights)), freedom


@dataclass(frozen=True, slots=True)
class _Rotated:
    """Contrasts of the values free of the group means: independent, with variance within + between * weight."""

    between: Floats
    weight: Floats
    within: float  # sum of squares
    freedom: int


def fit_mixed(values: Floats, group: Groups, pellet: Groups) -> MixedFit:
    """Return the fit of value = mean of its group + effect of its pellet + rest, both normal.

    There must be at least one pellet more than groups, and a pellet with two cells of a group.

    Source
    ------
    H. D. Patterson and R. Thompson, Biometrika 58 (1971) 545 (REML); M. G. Kenward and J. H. Roger, Biometrics 53 (1997) 983
    (covariance and degrees of freedom of the means); D. A. Harville and A. P. Fenech, Biometrics 41 (1985) 137 (exact
    limits of the variance ratio); J. S. Williams, Biometrika 49 (1962) 278 (limits of the variance between).
    """
    x, z = np.eye(int(group.max()) + 1)[group], np.eye(int(pellet.max()) + 1)[pellet]
    rotated = _rotate(values, x, z)
    ratio = _reml_ratio(rotated)
    squares = float((rotated.between**2 / (1.0 + ratio * rotated.weight)).sum()) + rotated.within
    within = squares / (rotated.freedom + len(rotated.between))
    means, plain, covariance, parts = _kenward_roger(values, x, z, (within, ratio * within))
    ratios, between = _limits(rotated)
    share = tuple(r / (1.0 + r) if math.isfinite(r) else 1.0 for r in ratios)
    from scipy.stats import chi2

    edges = np.asarray(chi2.ppf([1.0 - _TAIL, _TAIL], rotated.freedom))
    return MixedFit(
        means=means,
        covariance=covariance,
        within=within,
        between=ratio * within,
        within_limits=(rotated.within / float(edges[0]), rotated.within / float(edges[1])),
        between_limits=between,
        share_limits=(share[0], share[1]),
        freedom=(len(rotated.between), rotated.freedom),
        _plain=plain,
        _parts=parts,
    )


def degrees_of_freedom(group: Groups, pellet: Groups) -> tuple[int, int]:
    """Return the degrees of freedom of the spread between pellets and within."""
    x, z = np.eye(int(group.max()) + 1)[group], np.eye(int(pellet.max()) + 1)[pellet]
    both = int(np.linalg.matrix_rank(np.hstack([x, z])))
    return both - x.shape[1], len(group) - both


def _rotate(values: Floats, x: Floats, z: Floats) -> _Rotated:
    left = np.linalg.svd(x, full_matrices=True)[0]
    free = left[:, x.shape[1] :]
    weight, basis = np.linalg.eigh(free.T @ z @ z.T @ free)
    turned = basis.T @ (free.T @ values)
    pellets = weight > 1e-9 * max(float(weight.max()), 1.0)
    return _Rotated(turned[pellets], weight[pellets], float((turned[~pellets] ** 2).sum()), int((~pellets).sum()))


def _reml_ratio(rotated: _Rotated) -> float:
    """Return the variance ratio between/within of the largest restricted likelihood, which may be 0."""
    from scipy.optimize import minimize_scalar

    count = rotated.freedom + len(rotated.between)

    def costs(ratio: Floats) -> Floats:
        scale = 1.0 + ratio[:, None] * rotated.weight
        squares = (rotated.between**2 / scale).sum(axis=1) + rotated.within
        found: Floats = count * np.log(squares) + np.log(scale).sum(axis=1)
        return found

    def cost(ratio: float) -> float:
        return float(costs(np.array([ratio]))[0])

    grid = np.append(0.0, np.exp(np.linspace(-_MOST, _MOST, 161)))
    k = int(costs(grid).argmin())
    if k == 0:
        return 0.0
    low, high = math.log(grid[max(k - 1, 1)]), math.log(grid[min(k + 1, len(grid) - 1)])
    found = minimize_scalar(lambda u: cost(math.exp(u)), bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    best = math.exp(float(found.x))
    return best if cost(best) < cost(0.0) else 0.0


def _kenward_roger(
    values: Floats, x: Floats, z: Floats, variances: tuple[float, float]
) -> tuple[Floats, Floats, Floats, tuple[tuple[Floats, Floats], Floats]]:
    """Return the means, their plain and their adjusted covariance, and what the degrees of freedom need."""
    parts = (np.eye(len(values)), z @ z.T)
    inverse = np.linalg.inv(variances[0] * parts[0] + variances[1] * parts[1])
    plain = np.linalg.inv(x.T @ inverse @ x)
    means: Floats = plain @ x.T @ inverse @ values
    project = inverse - inverse @ x @ plain @ x.T @ inverse
    fisher = np.array([[0.5 * np.trace(project @ a @ project @ b) for b in parts] for a in parts])
    information = np.linalg.inv(fisher)
    slopes = tuple(-x.T @ inverse @ a @ inverse @ x for a in parts)
    extra = np.zeros_like(plain)
    for i, a in enumerate(parts):
        for j, b in enumerate(parts):
            cross = x.T @ inverse @ a @ inverse @ b @ inverse @ x
            extra += information[i, j] * (cross - slopes[i] @ plain @ slopes[j])
    covariance = np.asarray(plain + 2.0 * plain @ extra @ plain, dtype=np.float64)
    both: tuple[Floats, Floats] = (slopes[0], slopes[1])
    adjusted: Floats = np.asarray(0.5 * (covariance + covariance.T), dtype=np.float64)
    return means, np.asarray(plain, dtype=np.float64), adjusted, (both, np.asarray(information, dtype=np.float64))


def _limits(rotated: _Rotated) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the 95 % limits of the variance ratio (exact) and of the variance between pellets (Williams)."""
    from scipy.stats import chi2, f

    rank, rest = len(rotated.between), rotated.freedom

    def pivot(ratio: float) -> float:
        return float((rotated.between**2 / (1.0 + ratio * rotated.weight)).sum()) / rank / (rotated.within / rest)

    ratios, variances = [], []
    for tail in (1.0 - _TAIL, _TAIL):
        ratio = _ratio_at(pivot, float(f.ppf(tail, rank, rest)))
        ratios.append(ratio)
        squares = 0.0 if ratio == 0.0 else float((rotated.between**2 / (1.0 / ratio + rotated.weight)).sum())
        variances.append(squares / float(chi2.ppf(tail, rank)))
    return (ratios[0], ratios[1]), (variances[0], variances[1])


def _ratio_at(pivot: Callable[[float], float], target: float) -> float:
    from scipy.optimize import brentq

    if pivot(0.0) <= target:
        return 0.0
    if pivot(math.exp(_MOST)) >= target:
        return math.inf
    return math.exp(float(brentq(lambda u: pivot(math.exp(u)) - target, -4.0 * _MOST, _MOST, xtol=1e-10)))
