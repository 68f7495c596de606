"""Bayesian calibration of any model: parameters with priors, maximum a posteriori from many starts, posterior by emcee.

A posterior may have several modes, between which an ensemble does not travel. So a population is first led from the prior to
the posterior through tempered likelihoods (sequential Monte Carlo): it finds the modes with their weights and the evidence.
Its best members start the searches for the maximum, and a sample of it starts the ensemble.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput

Floats = NDArray[np.float64]
LogDensity = Callable[[Floats], float]
Progress = Callable[[int, int], None]

_STEPS_OF_A_START = 200
_STEPS_OF_THE_BEST = 1500
_PARTICLES = 400
_SWEEPS = 5  # of moves at each temperature
_KEPT = 0.5  # effective share of the particles after a step of the temperature
_POLISHED, _APART = 8, 0.3  # searches from draws, which are so many widths of the prior apart
_LEAP = 0.1  # share of the moves by a whole difference of two members, from mode to mode


@dataclass(frozen=True, slots=True)
class Parameter:
    """A free number of a model, with its bounds and its prior.

    Parameters
    ----------
    name:   Name.
    unit:   Unit in which it is given, "1" for none.
    low:    Least value.
    high:   Largest value.
    mean:   Of a normal prior cut at the bounds; None for a uniform prior.
    std:    Of the normal prior.
    source: Where the prior comes from, if it is knowledge from elsewhere; empty for a free parameter.
    """

    name: str
    unit: str
    low: float
    high: float
    mean: float | None = None
    std: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.mean is None) != (self.std is None):
            message = (
                f"parameter {self.name}: low = {self.low}, high = {self.high}: expected low < high, and mean with std."
            )
            raise InvalidInput(message)

    def log_prior(self, value: float) -> float:
        """Return the log density of the prior, without its constant; minus infinity outside the bounds."""
        if not self.low <= value <= self.high:
            return -math.inf
        if self.mean is None or self.std is None:
            return 0.0
        return -0.5 * ((value - self.mean) / self.std) ** 2

    @property
    def width(self) -> float:
        """Standard deviation of the prior."""
        return (self.high - self.low) / math.sqrt(12.0) if self.std is None else self.std

    def draw(self, rng: np.random.Generator) -> float:
        """Return a draw from the prior."""
        if self.mean is None or self.std is None:
            return float(rng.uniform(self.low, self.high))
        return float(np.clip(rng.normal(self.mean, self.std), self.low, self.high))


@dataclass(frozen=True, slots=True)
class Convergence:
    """How far a chain can be trusted, one number per parameter in each array.

    Parameters
    ----------
    autocorrelation: Integrated autocorrelation time in steps.
    effective:       Number of independent draws: walkers x steps over that time.
    split:           Difference of the medians of the two halves of the chain, over the standard deviation.
    error:           Standard error of the median, in the unit of the parameter.
    """

    autocorrelation: Floats
    effective: Floats
    split: Floats
    error: Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration found.

    Parameters
    ----------
    parameters:  The free numbers.
    best:        Their values at the largest posterior density.
    best_value:  Log posterior density there (likelihood and informative priors).
    ends:        Where the starts ended, best first, one row each.
    end_values:  The log densities there.
    draws:       Posterior draws, one row each.
    densities:   Log posterior density of each draw.
    convergence: Of the chain.
    evidence:    Log of the likelihood averaged over the prior.
    seed:        Of starts and chain.
    """

    parameters: tuple[Parameter, ...]
    best: Floats
    best_value: float
    ends: Floats
    end_values: Floats
    draws: Floats
    densities: Floats
    convergence: Convergence
    evidence: float
    seed: int

    def quantiles(self, levels: Sequence[float] = (0.05, 0.5, 0.95)) -> Floats:
        """Return quantiles of the posterior, shape (parameters, levels)."""
        found: Floats = np.quantile(self.draws, levels, axis=0).T
        return found

    def thinned(self, count: int) -> Floats:
        """Return so many draws, evenly over the chain."""
        return np.asarray(self.draws[np.linspace(0, len(self.draws) - 1, count).astype(int)])


def log_posterior(parameters: Sequence[Parameter], log_likelihood: LogDensity) -> LogDensity:
    """Return the log posterior density as a function of the parameters."""

    def density(x: Floats) -> float:
        prior = sum(p.log_prior(float(v)) for p, v in zip(parameters, x, strict=True))
        if prior == -math.inf:
            return -math.inf
        found = log_likelihood(x)
        return prior + found if math.isfinite(found) else -math.inf

    return density


def population(
    parameters: Sequence[Parameter],
    log_likelihood: LogDensity,
    *,
    rng: np.random.Generator,
    particles: int = _PARTICLES,
    progress: Progress | None = None,
) -> tuple[Floats, Floats, float]:
    """Return a population of the posterior, its log likelihoods, and the log evidence, by tempering from the prior.

    Source
    ------
    P. Del Moral, A. Doucet, A. Jasra, J. R. Stat. Soc. B 68 (2006) 411; moves after C. J. F. ter Braak (2006).
    """
    x = np.array([[p.draw(rng) for p in parameters] for _ in range(particles)])
    logs = np.array([log_likelihood(v) for v in x])
    power, evidence = 0.0, 0.0
    while power < 1.0:
        step = _next_power(logs, 1.0 - power)
        shifted = step * (logs - logs.max())
        evidence += step * logs.max() + math.log(float(np.mean(np.exp(shifted))))
        power = 1.0 if step >= 1.0 - power else power + step
        weights = np.exp(shifted) / np.sum(np.exp(shifted))
        places = (rng.random() + np.arange(particles)) / particles
        kept = np.minimum(np.searchsorted(np.cumsum(weights), places), particles - 1)
        x, logs = x[kept], logs[kept]
        for _ in range(_SWEEPS):
            _sweep(x, logs, power, parameters, log_likelihood, rng)
        if progress is not None:
            progress(round(1000 * power), 1000)
    return x, logs, evidence


def _next_power(logs: Floats, most: float) -> float:
    """Return the step of the temperature that leaves a share of the particles effective."""

    def share(step: float) -> float:
        w = np.exp(step * (logs - logs.max()))
        return float(w.sum() ** 2 / (w @ w)) / len(logs)

    if share(most) >= _KEPT:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if share(middle) >= _KEPT else (low, middle)
    return high


def _sweep(
    x: Floats, logs: Floats, power: float, parameters: Sequence[Parameter], log_likelihood: LogDensity,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Move every member once by differences of two others, in place."""
    count, size = x.shape
    gamma = 2.38 / math.sqrt(2.0 * size)
    for i in range(count):
        a, b = rng.choice(count, 2)
        factor = 1.0 if rng.random() < _LEAP else gamma * rng.uniform(0.3, 1.1)
        moved = x[i] + factor * (x[a] - x[b]) + 1e-4 * rng.normal(size=size)
        prior = sum(
            p.log_prior(float(v)) - p.log_prior(float(w)) for p, v, w in zip(parameters, moved, x[i], strict=True)
        )
        if prior == -math.inf:
            continue
        value = log_likelihood(moved)
        if math.log(rng.random()) < power * (value - logs[i]) + prior:
            x[i], logs[i] = moved, value


def maximise(
    density: LogDensity, parameters: Sequence[Parameter], members: Floats, *, starts: int = 24
) -> tuple[Floats, Floats]:
    """Return where bounded downhill simplex searches from many starts ended, best first, and the log densities there.

    The starts are the best of the members of a population; the best end is polished.
    """
    values = np.array([density(x) for x in members])
    chosen = members[np.argsort(-values, kind="stable")[:starts]]
    found = [climb(density, parameters, start, evaluations=_STEPS_OF_A_START) for start in chosen]
    found.sort(key=lambda pair: -pair[0])
    found += [climb(density, parameters, x, evaluations=_STEPS_OF_THE_BEST) for _, x in found[:2]]
    found.sort(key=lambda pair: -pair[0])
    return np.array([x for _, x in found]), np.array([v for v, _ in found])


def climb(
    density: LogDensity, parameters: Sequence[Parameter], start: Floats, *, evaluations: int, scale: float = 0.3
) -> tuple[float, Floats]:
    """Return the largest log density that a simplex search found from a start, and where."""
    from scipy.optimize import minimize

    low, high = np.array([p.low for p in parameters]), np.array([p.high for p in parameters])
    widths = np.array([p.width for p in parameters])
    start = np.clip(start, low, high)
    simplex = np.vstack([start, start + np.diag(np.where(start + scale * widths < high, scale, -scale) * widths)])

    def cost(x: Floats) -> float:
        value = density(x)
        return -value if math.isfinite(value) else 1e12

    found = minimize(
        cost,
        start,
        method="Nelder-Mead",
        bounds=[(p.low, p.high) for p in parameters],
        options={"maxfev": evaluations, "initial_simplex": np.clip(simplex, low, high), "xatol": 1e-5, "fatol": 1e-5,
                 "adaptive": True},
    )  # fmt: skip
    return -float(found.fun), np.asarray(found.x)


def calibrate(
    parameters: Sequence[Parameter],
    log_likelihood: LogDensity,
    *,
    seed: int,
    starts: int = 24,
    walkers: int = 64,
    steps: int = 1000,
    particles: int = _PARTICLES,
    progress: Progress | None = None,
) -> Calibration:
    """Return maximum and posterior of a model: many bounded searches, then emcee from the good ends.

    Parameters
    ----------
    parameters:     Free numbers with their priors.
    log_likelihood: Of the observations, as a function of the free numbers.
    seed:           Of the starts and of the chain; the same seed gives the same draws.
    starts:         Searches for the maximum, >= 20 for a result to be kept.
    walkers:        Of the ensemble, even, at least twice the number of parameters.
    steps:          Steps of the chain behind a warm-up of a quarter of them.
    particles:      Members of the population that is led from the prior to the posterior.
    progress:       Called with (done, total).

    Source
    ------
    D. Foreman-Mackey et al., PASP 125 (2013) 306 (emcee); moves after C. J. F. ter Braak, Stat. Comput. 16 (2006) 239.
    """
    if walkers % 2 or walkers < 2 * len(parameters):
        message = f"walkers = {walkers}: expected an even number, at least {2 * len(parameters)}."
        raise InvalidInput(message)
    rng = np.random.default_rng(seed)
    density = log_posterior(parameters, log_likelihood)
    total = 2000 + steps + steps // 4
    members, _, evidence = population(
        parameters, log_likelihood, rng=rng, particles=max(particles, walkers), progress=_part(progress, 0, total)
    )
    ends, values = maximise(density, parameters, members, starts=starts)
    begin = members[rng.choice(len(members), walkers, replace=False)]
    begin = begin + 1e-6 * rng.normal(size=begin.shape)  # resampling leaves copies
    chain, logs = sample(density, begin, steps=steps, rng=rng, progress=_part(progress, 2000, total))
    flat = chain.reshape(-1, len(parameters))
    ranked = flat[np.argsort(-logs.reshape(-1), kind="stable")]
    ends, values = _polished(density, parameters, ends, values, ranked, min(starts, _POLISHED))
    return Calibration(
        tuple(parameters), ends[0], float(values[0]), ends, values, flat, logs.reshape(-1), convergence_of(chain), evidence,
        seed,
    )  # fmt: skip


def _polished(
    density: LogDensity, parameters: Sequence[Parameter], ends: Floats, values: Floats, draws: Floats, count: int
) -> tuple[Floats, Floats]:
    """Return the ends with searches from the best draws that lie apart added, the best of all searched again."""
    widths = np.array([p.width for p in parameters])
    starts: list[Floats] = []
    for x in draws[:: max(1, len(draws) // 2000)]:
        if all(np.max(np.abs(x - y) / widths) > _APART for y in starts):
            starts.append(x)
        if len(starts) == count:
            break
    found = [climb(density, parameters, x, evaluations=_STEPS_OF_A_START, scale=0.1) for x in starts]
    found += list(zip(values.tolist(), ends, strict=True))
    for scale in (0.1, 0.03):
        found.sort(key=lambda pair: -pair[0])
        found += [climb(density, parameters, x, evaluations=_STEPS_OF_THE_BEST // 2, scale=scale) for _, x in found[:3]]
    found.sort(key=lambda pair: -pair[0])
    return np.array([x for _, x in found]), np.array([v for v, _ in found])


def _part(progress: Progress | None, before: int, total: int) -> Progress | None:
    return None if progress is None else lambda done, _: progress(before + done, total)


def sample(
    density: LogDensity, begin: Floats, *, steps: int, rng: np.random.Generator, progress: Progress | None = None
) -> tuple[Floats, Floats]:
    """Return a chain (steps, walkers, parameters) from given walkers after a warm-up, and its log densities."""
    import emcee

    moves = [
        (emcee.moves.DEMove(), 0.5), (emcee.moves.StretchMove(), 0.2), (emcee.moves.DESnookerMove(), 0.2),
        (emcee.moves.DEMove(gamma0=1.0), _LEAP),
    ]  # fmt: skip
    sampler = emcee.EnsembleSampler(*begin.shape, density, moves=moves)
    warm = steps // 4
    state = emcee.State(begin, random_state=np.random.RandomState(int(rng.integers(2**31))).get_state())
    for i, _ in enumerate(sampler.sample(state, iterations=warm + steps, skip_initial_state_check=True)):
        if progress is not None and i % 20 == 0:
            progress(i, warm + steps)
    chain: Floats = sampler.get_chain(discard=warm)
    found: Floats = sampler.get_log_prob(discard=warm)
    return chain, found


def convergence_of(chain: Floats) -> Convergence:
    """Return the convergence of a chain of shape (steps, walkers, parameters)."""
    import emcee

    steps, walkers, size = chain.shape
    times = np.array([float(emcee.autocorr.integrated_time(chain[:, :, [i]], tol=0)[0]) for i in range(size)])
    times = np.clip(times, 1.0, None)
    effective = steps * walkers / times
    spread = chain.reshape(-1, size).std(axis=0)
    first, second = (np.median(part.reshape(-1, size), axis=0) for part in (chain[: steps // 2], chain[steps // 2 :]))
    safe = np.where(spread > 0.0, spread, 1.0)
    error = math.sqrt(math.pi / 2.0) * spread / np.sqrt(effective)
    return Convergence(times, effective, np.abs(first - second) / safe, error)


Verdict = Literal["identified", "one-sided", "only in combination", "not identified"]
