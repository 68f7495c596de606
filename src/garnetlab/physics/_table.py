"""What the modules of this part share: rows of a parameter table, and the check of positive arguments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from garnetlab.core import InvalidInput


class ParameterRow(NamedTuple):
    """One parameter of a mechanism: SI unit, default (None: it must be given), sensible range, and source."""

    name: str
    unit: str
    default: float | None
    low: float
    high: float
    source: str


def require_positive(**values: object) -> None:
    """Raise InvalidInput, naming argument and value, unless all numbers are finite and > 0."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        bad = ~((array > 0) & (array < np.inf))
        if bad.any():
            message = f"{name} = {array[bad][0]}: expected a finite number > 0 in SI. Check units and sign."
            raise InvalidInput(message)


def require_fraction(**values: object) -> None:
    """Raise InvalidInput unless all numbers lie strictly between 0 and 1."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        bad = ~((array > 0) & (array < 1))
        if bad.any():
            message = f"{name} = {array[bad][0]}: expected a number between 0 and 1."
            raise InvalidInput(message)
