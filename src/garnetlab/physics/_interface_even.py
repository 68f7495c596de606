"""Butler-Volmer faces whose whole surface is at one potential: the limit of a perfect conductor, and a start for Newton."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from garnetlab.core import InvalidInput
from garnetlab.physics._interface_fields import balanced
from garnetlab.physics._interface_gap import LARGEST_POWER, charge_transfer_part
from garnetlab.physics._interface_law import ButlerVolmer

Real = NDArray[np.float64]
_LEAST = 1e-280  # where a bracket from below ends


class EvenFace:
    """One face whose whole surface is at one potential, reduced."""

    def __init__(self, law: ButlerVolmer, face: int) -> None:
        self._exchange, self._a = law.exchange[0, face], law.drive[face]
        exchange, film, on = self._exchange, law.film[0, face], law.on[0, face]
        self._series = film * exchange
        if film.any():
            series, index = np.unique(_rounded(self._series[on]), return_inverse=True)
            self._distinct, weight = series, np.bincount(index, exchange[on])
        else:
            self._distinct, weight = np.zeros(1), np.array([np.sum(exchange)])
        self._weight = weight / exchange.size

    def mean_current(self, eta: float) -> float:
        """Return the mean current density at an overpotential."""
        if not self._distinct.any():
            return float(self._weight[0]) * self._scalar(eta)
        return float(np.sum(self._weight * self._over_exchange(eta, self._distinct)))

    def overpotential(self, mean: float) -> float:
        """Return the overpotential that drives a mean current density."""
        top = 1.0
        while top > _LEAST and self.mean_current(0.5 * top) > mean:
            top *= 0.5
        while self.mean_current(top) < mean:
            top *= 2.0
            bare = not self._distinct.any()
            if top > (2.0 * LARGEST_POWER / self._a if bare else 1e300):
                message = (
                    "exchange_current_density = too small for this current: expected an overpotential below "
                    f"{LARGEST_POWER / self._a:.0f} R T/F. Check the unit."
                )
                raise InvalidInput(message)
        return float(brentq(lambda eta: self.mean_current(eta) / mean - 1.0, 0.0, top, xtol=1e-15 * top, rtol=1e-13))

    def currents(self, eta: float) -> Real:
        """Return the current densities of the pixels at an overpotential."""
        if not self._distinct.any():
            scaled: Real = self._exchange * self._scalar(eta)
            return scaled
        series = self._series if len(self._distinct) > 1 else self._distinct
        out: Real = self._exchange * self._over_exchange(eta, series)
        return out

    def _scalar(self, eta: float) -> float:
        return math.expm1(min(self._a * eta, LARGEST_POWER)) - math.expm1(max((self._a - 1.0) * eta, -LARGEST_POWER))

    def _over_exchange(self, eta: float, series: Real) -> Real:
        y = charge_transfer_part(np.full_like(series, eta), series, self._a)
        out: Real = np.expm1(self._a * y) - np.expm1((self._a - 1.0) * y)
        return out


def _rounded(values: Real) -> Real:
    """Return values to twelve binary-scaled digits, so that equal ones share a root."""
    digits, power = np.frexp(values)
    rounded: Real = np.ldexp(np.round(digits, 12), power)
    return rounded


def even_currents(law: ButlerVolmer, depth: float, value: float, *, at_voltage: bool) -> Real:
    """Return currents to start from, those of faces at one potential each: at a voltage or at a mean current density."""
    faces = [EvenFace(law, f) for f in range(law.exchange.shape[1])]
    mean = value
    if at_voltage and len(faces) == 1:
        eta = brentq(
            lambda eta: eta + depth * faces[0].mean_current(eta) - value, 0.0, value, xtol=1e-9 * value, rtol=1e-6
        )
        return faces[0].currents(float(eta))[None, None]
    if at_voltage:
        top = value / depth

        def excess(flow: float) -> float:
            return sum(face.overpotential(flow) for face in faces) + depth * flow - value

        # half of the voltage left to all faces together, a quarter to the layer: certainly less than there is
        least = min([top / 4.0, *(face.mean_current(value / 2.0 / len(faces)) for face in faces)])
        if not least > 0:
            message = (
                "exchange_current_density = too small for this voltage: no current a double can hold. Check the unit."
            )
            raise InvalidInput(message)
        mean = float(brentq(excess, 0.5 * least, top, xtol=1e-6 * least, rtol=1e-6))
    start: Real = balanced(np.stack([face.currents(face.overpotential(mean)) for face in faces])[None])
    return start
