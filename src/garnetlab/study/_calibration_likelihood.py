"""Probability of critical currents and lives in a model whose damage current scatters from cell to cell.

Damage under one median damage current is enough for all cells: it goes as the damage current to the power -m, so a cell z
standard deviations from the median has shorted where ln D > m s z. Contact loss comes at the same time in every cell. Where
a variant has no damage the supply scatters, and the cell that just fails is found by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.study._calibration_compiled import cycling_damages, ladder_damages
from garnetlab.study._calibration_model import InterfaceVariant, Numbers, RowMaker
from garnetlab.study._calibration_observations import InterfaceObservation

Floats = NDArray[np.float64]

TOLERANCE = 3e-4
#: log likelihood of an observation that the contact of the model does not live to see, falling with the distance: only a
#: slope for the search, far below what a posterior visits
_LOST, _SLOPE = -40.0, 5.0
#: scores are logarithms of probabilities no smaller than this
LEAST = 1e-12
_ROOT = 0.5 * math.log(2.0 * math.pi)
_BISECTIONS = 12
_REACH = 4.0  # standard deviations of the supply that are searched
_NEAR = math.log(1.1)  # of ln t: distance over which the density of a life is taken where the supply scatters


def log_interval(a: float, b: float) -> float:
    """Return ln(Phi(b) - Phi(a)) of the standard normal without cancellation; minus infinity unless a < b."""
    if not a < b:
        return -math.inf
    if a > 0.0:
        a, b = -b, -a
    high, low = float(log_ndtr(b)), float(log_ndtr(a))
    return high + math.log1p(-math.exp(low - high)) if low < high else -math.inf


class InterfaceLikelihood:
    """Log likelihood of observations, and probabilities of events, in one variant of the interface model."""

    def __init__(
        self,
        variant: InterfaceVariant,
        observations: Sequence[InterfaceObservation],
        *,
        tolerance: float = TOLERANCE,
        extra: float = 0.0,
    ) -> None:
        self.variant = variant
        self.observations = tuple(observations)
        self.tolerance = tolerance
        self.extra = extra
        self._rows = RowMaker(variant)

    def __call__(self, x: Floats) -> float:
        """Return the log likelihood at values of the free parameters."""
        numbers = self.variant.numbers(x)
        total = sum(self.term(numbers, o) for o in self.observations)
        return total + (companion_bound(numbers) if self.variant.companion else 0.0)

    def terms(self, x: Floats) -> dict[str, float]:
        """Return the log likelihood of each observation."""
        numbers = self.variant.numbers(x)
        return {o.id: self.term(numbers, o) for o in self.observations}

    def term(self, numbers: Numbers, observation: InterfaceObservation) -> float:
        """Return the log likelihood of one observation: a density of ln t if exact, else a log probability."""
        values = [self._one(numbers, observation, half) for half in observation.half_cycles]
        if len(values) == 1:
            return values[0]
        top = max(values)
        return top + math.log(sum(math.exp(v - top) for v in values) / len(values))

    def probability(self, numbers: Numbers, observation: InterfaceObservation) -> float:
        """Return the probability of the event low < x <= high."""
        found = 0.0
        for half in observation.half_cycles:
            a, b, _ = self._bounds(numbers, observation, half)
            found += (float(ndtr(b) - ndtr(a)) if a < 0.0 else float(ndtr(-a) - ndtr(-b))) if a < b else 0.0
        return found / len(observation.half_cycles)

    def _one(self, numbers: Numbers, observation: InterfaceObservation, half: float) -> float:
        if observation.exact is not None:
            return self._log_density(numbers, observation, half)
        a, b, short_of = self._bounds(numbers, observation, half)
        value = log_interval(a, b)
        return value if value > _LOST else max(value, _LOST - _SLOPE * short_of)

    def _log_density(self, numbers: Numbers, observation: InterfaceObservation, half: float) -> float:
        """Return the log density of ln t at the exact life."""
        life = observation.exact or 0.0
        if self.variant.scatter == "supply":
            a, b = (self._critical(numbers, observation, half, life * f) for f in (math.exp(-_NEAR), math.exp(_NEAR)))
            return max(log_interval(a, b) - math.log(2.0 * _NEAR), _LOST)
        row = self._rows.row(observation, numbers)
        out, slope = np.zeros(1), np.ones(1)
        lost = cycling_damages(
            observation.current_density, half, np.array([life]), row, self.tolerance, True, out, slope
        )
        if lost <= life:
            return _LOST - _SLOPE * math.log(life / max(lost, 1.0))
        width = numbers.damage_exponent * numbers.scatter
        z = _log(out[0]) / width
        return -0.5 * z * z - _ROOT + _log(slope[0] / width)

    def _bounds(self, numbers: Numbers, observation: InterfaceObservation, half: float) -> tuple[float, float, float]:
        """Return the normal scores of both ends of the event, and how far contact is from the lower end (ln or steps)."""
        if self.variant.scatter == "supply":
            ends = (observation.low, observation.high)
            a, b = (self._critical(numbers, observation, half, end) for end in ends)
            return a, b, max(a, 0.0)
        width = numbers.damage_exponent * numbers.scatter
        row = self._rows.row(observation, numbers)
        if observation.kind == "ccd":
            first, last = (round(end / observation.step) for end in (observation.low, observation.high))
            out = np.zeros(last)
            kept = ladder_damages(observation.step, half, row, self.tolerance, out)
            scores = [
                -math.inf if n == 0 else (_log(out[n - 1]) / width if n <= kept else math.inf) for n in (first, last)
            ]
            return scores[0], scores[1], float(max(first - kept, 0))
        times = np.array([t for t in (observation.low, observation.high) if 0.0 < t < math.inf])
        out, slope = np.zeros(len(times)), np.ones(len(times))
        lost = cycling_damages(observation.current_density, half, times, row, self.tolerance, True, out, slope)
        found = [_log(d) / width if t < lost else math.inf for t, d in zip(times, out, strict=True)]
        a = found[0] if observation.low > 0.0 else -math.inf
        b = math.inf if observation.censored else found[-1]
        return a, b, math.log(observation.low / max(lost, 1.0)) if 0.0 < lost < observation.low else 0.0

    def _critical(self, numbers: Numbers, observation: InterfaceObservation, half: float, end: float) -> float:
        """Return the normal score of the supply with which a cell just fails by ``end``: cells below it fail."""
        if end <= 0.0:
            return -math.inf
        if math.isinf(end):
            return math.inf
        row = self._rows.row(observation, numbers)
        supply, spread = row[kernel.SUPPLY], row[kernel.SPREAD]
        low, high = -_REACH, _REACH
        for _ in range(_BISECTIONS):
            z = 0.5 * (low + high)
            row[kernel.SUPPLY], row[kernel.SPREAD] = (v * math.exp(numbers.scatter * z) for v in (supply, spread))
            if self._lost_by(row, observation, half, end):
                low = z
            else:
                high = z
        middle = 0.5 * (low + high)
        return middle if abs(middle) < 0.999 * _REACH else math.copysign(2.0 * _REACH, middle)

    def _lost_by(self, row: Floats, observation: InterfaceObservation, half: float, end: float) -> bool:
        if observation.kind == "ccd":
            steps = round(end / observation.step)
            return ladder_damages(observation.step, half, row, self.tolerance, np.zeros(steps)) < steps
        out = np.zeros(1)
        lost = cycling_damages(
            observation.current_density, half, np.array([end]), row, self.tolerance, True, out, np.ones(1)
        )
        return lost <= end


def _log(value: float) -> float:
    return math.log(value) if value > 1e-300 else -690.0


#: the cell with a ZnI2 interlayer: critical current 2.3 mA/cm^2, more than 800 h at 1.0 mA/cm^2 (abstract)
_COMPANION_STEPS, _COMPANION_HOURS = 23, 800.0


def companion_bound(numbers: Numbers) -> float:
    """Return ln P that a cell with a critical current of 2.3 mA/cm^2 lives longer than 800 h at 1.0 mA/cm^2.

    By damage alone with its own contact, the same exponent and scatter: its two cells differ by the scatter of both. Steps
    of 0.1 mA/cm^2 and 30 min are assumed.

    Source
    ------
    Row ``zni2`` of the table of anodes (abstract). It bounds the exponent from below, at about 7 to 8.
    """
    m, s = numbers.damage_exponent, numbers.scatter
    steps = 0.1 * np.arange(1, _COMPANION_STEPS + 1)
    ladder = 0.5 * float(np.sum(steps**m))
    margin = math.log(ladder / (0.5 * _COMPANION_HOURS)) / m
    return float(log_ndtr(margin / (s * math.sqrt(2.0))))
