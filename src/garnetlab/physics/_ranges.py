"""Checks of arguments that may be zero, shares that may be one, and the temperature factor of an activated rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._table import require_positive
from garnetlab.units import Energy, Fraction, Real, Temperature

Floats = NDArray[np.float64]


def require_not_negative(**values: object) -> None:
    """Raise InvalidInput, naming argument and value, unless all numbers are finite and >= 0."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        bad = ~((array >= 0) & (array < np.inf))
        if bad.any():
            message = f"{name} = {array[bad][0]}: expected a finite number >= 0 in SI. Check units and sign."
            raise InvalidInput(message)


def require_share(**values: object) -> None:
    """Raise InvalidInput unless all numbers are > 0 and at most 1."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        bad = ~((array > 0) & (array <= 1))
        if bad.any():
            message = f"{name} = {array[bad][0]}: expected a share, more than 0 and at most 1."
            raise InvalidInput(message)


def require_part(**values: object) -> None:
    """Raise InvalidInput unless all numbers lie between 0 and 1, ends included."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        bad = ~((array >= 0) & (array <= 1))
        if bad.any():
            message = f"{name} = {array[bad][0]}: expected a number from 0 to 1."
            raise InvalidInput(message)


def activated(temperature: Temperature, *, activation_energy: Energy, reference: Temperature) -> Fraction:
    """Return exp(-Ea/k (1/T - 1/T0)), by which an activated rate changes from the reference temperature.

    Raises
    ------
    InvalidInput  if a temperature is not positive, the energy is negative, or the factor exceeds every number.
    """
    require_positive(temperature=temperature, reference=reference)
    require_not_negative(activation_energy=activation_energy)
    slope = np.asarray(activation_energy, dtype=np.float64) / units.k_B
    with np.errstate(over="ignore"):
        factor = np.exp(-slope * (1.0 / np.asarray(temperature) - 1.0 / np.asarray(reference)))
    if not np.all(np.isfinite(factor)):
        message = f"activation_energy = {np.max(activation_energy):g} J: the rate exceeds every number. Check units."
        raise InvalidInput(message)
    return plain(np.asarray(factor))


def plain(values: Floats | np.float64) -> Real:
    """Return a float for a single number, else the array."""
    return values if np.ndim(values) else float(values)
