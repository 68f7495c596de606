"""What a calibrated interface predicts: distributions of critical currents and lives over draws and cells, and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.study._calibration_compiled import cycling_damages, ladder_damages
from garnetlab.study._calibration_likelihood import LEAST, TOLERANCE, InterfaceLikelihood
from garnetlab.study._calibration_model import InterfaceVariant, Numbers, RowMaker
from garnetlab.study._calibration_observations import InterfaceObservation

Floats = NDArray[np.float64]

_HOUR = 3600.0
#: lives beyond this are reported as infinite, and said to be [s]
HORIZON = 1e6 * _HOUR
_PER_DECADE = 12
_FIRST_STEPS, _MOST_STEPS = 40, 2560
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predictive distribution of one observation, over the posterior and over cells.

    Parameters
    ----------
    id:          Of the observation.
    probability: Of the reported event, averaged over the posterior.
    score:       Its logarithm, no smaller than ln 1e-12.
    error:       Standard error of the score from the number of draws.
    quantiles:   5, 50 and 95 % of the first failed current density [A/m^2] or of the life [s]; infinite beyond a million h.
    inside:      Whether the event overlaps the interval from 5 to 95 %.
    lost:        Share of the cells that end because contact is lost, not because of a short.
    beyond:      Share of the lives beyond the horizon of a million hours.
    """

    id: str
    probability: float
    score: float
    error: float
    quantiles: tuple[float, float, float]
    inside: bool
    lost: float
    beyond: float


def failed_step(
    numbers: Numbers,
    observation: InterfaceObservation,
    rows: RowMaker,
    *,
    half: float,
    z: float,
    tolerance: float = TOLERANCE,
) -> tuple[float, bool]:
    """Return the first failed current density [A/m^2] of a cell z deviations from the median, and whether contact went."""
    row, level = _cell(numbers, observation, rows, z)
    steps = _FIRST_STEPS
    while steps <= _MOST_STEPS:
        out = np.zeros(steps)
        kept = ladder_damages(observation.step, half, row, tolerance, out)
        failed = np.flatnonzero(out[:kept] >= level)
        if len(failed):
            return observation.step * float(failed[0] + 1), False
        if kept < steps:
            return observation.step * float(kept + 1), True
        steps *= 4
    return math.inf, False


def cell_life(
    numbers: Numbers,
    observation: InterfaceObservation,
    rows: RowMaker,
    *,
    half: float,
    z: float,
    tolerance: float = TOLERANCE,
) -> tuple[float, bool]:
    """Return the life [s] of a cell z deviations from the median, and whether it ends because contact is lost.

    Infinite beyond the horizon of a million hours.
    """
    row, level = _cell(numbers, observation, rows, z)
    decades = math.log10(HORIZON / half)
    times = half * 10.0 ** (np.arange(math.ceil(_PER_DECADE * decades) + 1) / _PER_DECADE)
    out, slope = np.zeros(len(times)), np.ones(len(times))
    lost = cycling_damages(observation.current_density, half, times, row, tolerance, True, out, slope)
    out = out[times < lost]
    past = np.flatnonzero(out >= level)
    if not len(past):
        return (lost, True) if lost < math.inf else (math.inf, False)
    i = int(past[0])
    before, t = (out[i - 1], times[i - 1]) if i else (0.0, 0.0)
    return float(t + (times[i] - t) * (level - before) / (out[i] - before)), False


def _cell(numbers: Numbers, observation: InterfaceObservation, rows: RowMaker, z: float) -> tuple[Floats, float]:
    """Return the row of a cell, and the damage of the median cell at which this one shorts."""
    row = rows.row(observation, numbers)
    if rows.variant.scatter == "supply":
        factor = math.exp(numbers.scatter * z)
        row[kernel.SUPPLY] *= factor
        row[kernel.SPREAD] *= factor
        return row, math.inf
    return row, math.exp(min(numbers.damage_exponent * numbers.scatter * z, 600.0))


def predict(
    variant: InterfaceVariant,
    draws: Floats,
    observations: Sequence[InterfaceObservation],
    *,
    seed: int,
    cells: int = 400,
) -> dict[str, Prediction]:
    """Return the predictive distribution of each observation over posterior draws and over cells.

    Parameters
    ----------
    variant:      The mechanisms.
    draws:        Posterior draws, one row each. The probability of an event is averaged over all of them.
    observations: What is predicted, with the events whose probability is scored.
    seed:         Of cells and half cycles.
    cells:        Cells behind the quantiles: draws evenly over all, each with one cell and one of the possible half cycles.
    """
    rng = np.random.default_rng(seed)
    rows, likelihood = RowMaker(variant), InterfaceLikelihood(variant, ())
    numbers = [variant.numbers(x) for x in draws]
    few = [numbers[i] for i in np.linspace(0, len(numbers) - 1, cells).astype(int)]
    return {o.id: _predict(o, numbers, few, rows, likelihood, rng) for o in observations}


def _predict(
    observation: InterfaceObservation, numbers: Sequence[Numbers], few: Sequence[Numbers], rows: RowMaker,
    likelihood: InterfaceLikelihood, rng: np.random.Generator,
) -> Prediction:  # fmt: skip
    chances = np.array([likelihood.probability(n, observation) for n in numbers])
    run = failed_step if observation.kind == "ccd" else cell_life
    cells = [
        run(n, observation, rows, half=float(rng.choice(observation.half_cycles)), z=float(rng.normal())) for n in few
    ]
    values = np.array([v for v, _ in cells])
    low, middle, high = (float(np.quantile(values, level, method="higher")) for level in LEVELS)
    if observation.kind == "ccd":  # steps: an event (low, high] overlaps the interval from step to step
        inside = low <= observation.high and high > observation.low
    elif observation.exact is not None:
        inside = low <= observation.exact <= high
    else:
        inside = low <= observation.high and high > observation.low
    mean = float(chances.mean())
    error = float(chances.std()) / math.sqrt(len(chances)) / max(mean, LEAST)
    return Prediction(
        observation.id, mean, math.log(max(mean, LEAST)), error, (low, middle, high), inside,
        float(np.mean([gone for _, gone in cells])), float(np.mean(np.isinf(values))),
    )  # fmt: skip


def typical_draw(variant: InterfaceVariant, draws: Floats, observations: Sequence[InterfaceObservation]) -> int:
    """Return the index of the draw whose median cells come nearest to the medians over all draws.

    One set of numbers that belong together, to be simulated and drawn in figures: the median of each number on its own
    need not give what the posterior predicts, since numbers go together. Nearest in the sum of the squares of the
    differences of ln j and ln t, each over its spread between draws; lives count up to the horizon.
    """
    rows = RowMaker(variant)
    found = np.empty((len(draws), len(observations)))
    for i, x in enumerate(draws):
        numbers = variant.numbers(x)
        for k, o in enumerate(observations):
            run, half = (failed_step if o.kind == "ccd" else cell_life), o.half_cycles[len(o.half_cycles) // 2]
            value, _ = run(numbers, o, rows, half=half, z=0.0)
            found[i, k] = math.log(min(value, HORIZON))
    away = found - np.median(found, axis=0)
    spread = np.quantile(np.abs(away), 0.68, axis=0)
    return int(np.sum((away / np.maximum(spread, 1e-3)) ** 2, axis=1).argmin())


def total_score(predictions: Mapping[str, Prediction]) -> float:
    """Return the sum of the log scores."""
    return sum(p.score for p in predictions.values())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The score of an observation predicted from the others, with the effective number of draws behind it."""

    id: str
    score: float
    effective: float


def leave_one_out(likelihood: InterfaceLikelihood, draws: Floats) -> dict[str, LeftOut]:
    """Return the log score of each observation of the calibration under the posterior of the others.

    By importance: draws are weighted with one over the likelihood of the observation left out. Where fewer than about 50
    effective draws remain the number is a rough one; ``leave_one_out_refitted`` in the proof calibrates again instead.
    The score is that of the event, for an exact life the factor of two around it.

    Source
    ------
    A. E. Gelfand, D. K. Dey, S. Chang, Bayesian Statistics 4 (1992) 147.
    """
    numbers = [likelihood.variant.numbers(x) for x in draws]
    out = {}
    for o in likelihood.observations:
        logs = np.array([-likelihood.term(n, o) for n in numbers])
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        chance = float(weights @ np.array([likelihood.probability(n, o) for n in numbers]))
        out[o.id] = LeftOut(o.id, math.log(max(chance, LEAST)), 1.0 / float(np.sum(weights**2)))
    return out
