"""What a user may say where a file leaves something open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from garnetlab.core import InvalidInput
from garnetlab.readers._column_names import unit_of

#: a unit of 5 V and 10 mA counts 0.155 mV and 0.31 uA: as many counts each
_COUNTS = 5.0 / 0.155e-3
_LARGEST = {"voltage": 1e3, "current": 1e4}  # V, A; beyond any range of a cycler
_AMOUNT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ]+)\s*")
_BETWEEN = re.compile(r"[,;/]|(?<=[AV])\s+(?=[\d.])|\band\b")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says of a file that does not say it itself; empty where nothing is said.

    Parameters
    ----------
    current_unit: Unit of a current column that names none, such as ``"mA"``; capacity and energy follow it.
    voltage_step: Volts per count of a raw voltage (LAND ``.cex``), > 0.
    current_step: Amperes per count of a raw current (LAND ``.cex``), > 0.

    Raises
    ------
    InvalidInput  for a unit that is none of a current, or a size of a count that is not between 0 and 1.
    """

    current_unit: str = ""
    voltage_step: float | None = None
    current_step: float | None = None

    def __post_init__(self) -> None:
        if self.current_unit and unit_of(self.current_unit, "current") is None:
            message = f"current_unit = {self.current_unit!r}: expected a unit like 'A', 'mA' or 'uA'."
            raise InvalidInput(message)
        for name in ("voltage_step", "current_step"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < 1.0:
                message = f"{name} = {value!r}: expected a size of one count in V or A, between 0 and 1."
                raise InvalidInput(message)

    @classmethod
    def of_range(cls, cex_range: str, current_unit: str = "") -> Self:
        """Return the options for LAND ``.cex`` files of a cycler of this range.

        A count is the range over 32258, as published for 5 V and 10 mA (0.155 mV and 0.31 uA); that other ranges count so is
        taken, and the reader checks it against the charge and the energy in the file.

        Parameters
        ----------
        cex_range:    Largest voltage and current, in any order, such as ``"5 V, 10 mA"``.
        current_unit: As in the class.

        Raises
        ------
        InvalidInput  if the text is not one voltage and one current, both > 0 and of a size that cyclers have.

        Examples
        --------
        >>> ReadOptions.of_range("5 V, 10 mA").voltage_step
        0.000155
        >>> ReadOptions.of_range("5V/1A").current_step
        3.1e-05
        """
        found: dict[str, float] = {}
        for part in _BETWEEN.split(cex_range):
            dimension, amount = _amount(cex_range, part)
            if dimension in found:
                raise _no_range(cex_range, f"two amounts of {dimension}")
            found[dimension] = amount
        absent = [d for d in _LARGEST if d not in found]
        if absent:
            raise _no_range(cex_range, f"it holds no {absent[0]}")
        voltage_step, current_step = (float(f"{found[d] / _COUNTS:.12g}") for d in ("voltage", "current"))
        return cls(current_unit, voltage_step, current_step)


NOTHING = ReadOptions()


def _amount(cex_range: str, part: str) -> tuple[str, float]:
    """Return of which dimension a part of a range is, and how much [V or A]."""
    match = _AMOUNT.fullmatch(part)
    if match is None:
        raise _no_range(cex_range, f"{part.strip()!r} is no number with a unit")
    for dimension, largest in _LARGEST.items():
        unit = unit_of(match[2], dimension)
        if unit is not None:
            amount = float(match[1]) * unit.factor
            if not 0.0 < amount <= largest:
                raise _no_range(cex_range, f"{part.strip()!r} is no {dimension} that cyclers measure")
            return dimension, amount
    raise _no_range(cex_range, f"{match[2]!r} is no unit of voltage or current")


def _no_range(cex_range: str, reason: str) -> InvalidInput:
    message = (
        f"cex_range = {cex_range!r}: expected a voltage and a current like '5 V, 10 mA', but {reason}. Correct it."
    )
    return InvalidInput(message)
