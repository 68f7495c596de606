"""Quantities: values with uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from garnetlab.units._dim import Dim, UnitError
from garnetlab.units._parse import parse_unit, same_dimension


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its standard uncertainty: the output type of every analysis. Never used inside loops.

    Parameters
    ----------
    value:    SI value.
    std:      Standard uncertainty (one sigma) in SI, or None where it is not known.
    unit:     Field unit in which it is shown and written to JSON.
    interval: 95 % interval (low, high) in SI where it is not symmetric, else None.
    method:   How it was obtained, in a few words.
    source:   Where it comes from (file digest, citation key), if anywhere.
    """

    value: float
    std: float | None = None
    unit: str = "1"
    interval: tuple[float, float] | None = None
    method: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        parse_unit(self.unit)
        if not math.isfinite(self.value):
            message = f"value = {self.value}: expected a finite number in a Quantity. Return an Outcome instead."
            raise UnitError(message)
        if self.std is not None and not (math.isfinite(self.std) and self.std >= 0):
            message = f"std = {self.std}: expected a finite standard uncertainty >= 0, or None where it is unknown."
            raise UnitError(message)

    @classmethod
    def of(cls, value: float, std: float | None, unit: str, **rest: str) -> Quantity:
        """Return the quantity whose ``value`` and ``std`` are given in ``unit`` rather than in SI."""
        u = parse_unit(unit)
        return cls(u.to_si(value), None if std is None else std * u.factor, unit, **rest)  # type: ignore[arg-type]

    @property
    def dim(self) -> Dim:
        """Dimension of the quantity."""
        return parse_unit(self.unit).dim

    @property
    def field_value(self) -> float:
        """Value in ``unit``."""
        return parse_unit(self.unit).from_si(self.value)

    @property
    def field_std(self) -> float | None:
        """Standard uncertainty in ``unit`` (a difference: no offset), or None."""
        return None if self.std is None else self.std / parse_unit(self.unit).factor

    @property
    def field_interval(self) -> tuple[float, float] | None:
        """95 % interval in ``unit``, or None."""
        if self.interval is None:
            return None
        u = parse_unit(self.unit)
        return u.from_si(self.interval[0]), u.from_si(self.interval[1])

    def to(self, unit: str) -> Quantity:
        """Return the same quantity shown in ``unit``; UnitError if the dimension differs."""
        if not same_dimension(parse_unit(unit).dim, self.dim):
            message = f"unit = {unit!r}: expected a unit of the dimension of {self.unit!r}."
            raise UnitError(message)
        return replace(self, unit=unit)

    def _combine(self, other: Quantity | float, value: float, mine: float, theirs: float, unit: str) -> Quantity:
        std = other.std if isinstance(other, Quantity) else 0.0
        both = None if self.std is None or std is None else math.hypot(mine * self.std, theirs * std)
        return Quantity(value, both, unit)

    def __add__(self, other: Quantity) -> Quantity:
        other.to(self.unit)
        return self._combine(other, self.value + other.value, 1.0, 1.0, self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        other.to(self.unit)
        return self._combine(other, self.value - other.value, 1.0, 1.0, self.unit)

    def __mul__(self, other: Quantity | float) -> Quantity:
        """Return the product (independent errors, first order); its unit is the product of the units."""
        if isinstance(other, Quantity):
            unit = _product(self.unit, other.unit, 1)
            return self._combine(other, self.value * other.value, other.value, self.value, unit)
        return self._combine(other, self.value * other, other, 0.0, self.unit)

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | float) -> Quantity:
        """Return the quotient (independent errors, first order)."""
        if isinstance(other, Quantity):
            unit = _product(self.unit, other.unit, -1)
            slope = -self.value / other.value**2
            return self._combine(other, self.value / other.value, 1 / other.value, slope, unit)
        return self._combine(other, self.value / other, 1 / other, 0.0, self.unit)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract: value and std in ``unit``, finite or None."""
        out: dict[str, object] = {"value": self.field_value, "std": self.field_std, "unit": self.unit}
        if self.field_interval is not None:
            out["interval"] = list(self.field_interval)
        return out

    def __str__(self) -> str:
        number = format_pair(self.field_value, self.field_std)
        return number if self.unit == "1" else f"{number} {self.unit}"


def _product(one: str, other: str, power: int) -> str:
    """Return the text of a product of units, or of a quotient where ``power`` is -1."""
    if other == "1":
        return one
    if power == -1:
        return f"{one}/({other})"
    return other if one == "1" else f"{one} {other}"


def format_pair(value: float, std: float | None) -> str:
    """Return ``value +- std`` with the uncertainty rounded to two digits where its first is 1, else to one.

    Examples
    --------
    >>> format_pair(32.512, 1.23)
    '32.5 +- 1.2'
    >>> format_pair(61.83, 0.9)
    '61.8 +- 0.9'
    """
    if std is None or std == 0 or not math.isfinite(std):
        return f"{value:.6g}"
    exponent = math.floor(math.log10(std))
    digits = 1 if std / 10**exponent >= 1.95 else 2
    place = exponent - digits + 1
    if abs(value) >= 1e5 or (value != 0 and abs(value) < 1e-3):
        power = math.floor(math.log10(max(abs(value), std)))
        shown = max(0, power - place)
        return f"({value / 10**power:.{shown}f} +- {std / 10**power:.{shown}f})e{power:d}"
    shown = max(0, -place)
    rounded, uncertainty = round(value, -place), round(std, -place)
    return f"{rounded:.{shown}f} +- {uncertainty:.{shown}f}"
