"""Materials: phases with fractions, and properties that carry uncertainty, source and the range in which they hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from garnetlab import units
from garnetlab.core._errors import InvalidInput, nearest
from garnetlab.units import Quantity


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a material: a value or a function of temperature, all SI.

    ``law`` is ``constant``, ``arrhenius`` (of sigma T), ``polynomial`` (in T/K), ``critical`` (c0 + c1 T +
    c2 (1 - T/c3)^c4) or ``logarithmic`` (exp(c0 + c1 ln T + c2/T)). ``low`` and ``high`` bound the
    temperatures [K] in which it was measured, None where they are not stated.
    """

    name: str
    unit: str
    law: str
    numbers: tuple[float, ...]
    relative_std: float
    low: float | None
    high: float | None
    source: str
    evidence: str
    note: str = ""
    energy_std: float = 0.0

    def at(self, temperature: float | None = None) -> tuple[Quantity, str]:
        """Return the value with its standard uncertainty at ``temperature`` [K], and a warning or an empty text.

        Raises
        ------
        InvalidInput  if the property depends on temperature and none is given.
        """
        if self.law != "constant" and temperature is None:
            message = f"temperature = None: {self.name} depends on it. Give one."
            raise InvalidInput(message)
        value = self._value(temperature)
        method = f"{self.source} ({self.evidence})"
        std = abs(value) * math.hypot(self.relative_std, self._slope(temperature) * self.energy_std)
        quantity = Quantity(value, std, self.unit, method=method, source=self.source)
        return quantity, self._outside(temperature)

    def _slope(self, temperature: float | None) -> float:
        """Return the derivative of ln(value) with respect to the activation energy [1/J], without sign."""
        if self.law != "arrhenius" or temperature is None:
            return 0.0
        return abs(1.0 / temperature - 1.0 / self.numbers[1]) / units.k_B

    def _value(self, temperature: float | None) -> float:
        if self.law == "constant" or temperature is None:
            return self.numbers[0]
        if self.law == "polynomial":
            return sum(c * temperature**i for i, c in enumerate(self.numbers))
        if self.law == "critical":
            a, b, c, critical, power = self.numbers
            return a + b * temperature + c * float((1.0 - temperature / critical) ** power)
        if self.law == "logarithmic":
            a, b, c = self.numbers
            return math.exp(a + b * math.log(temperature) + c / temperature)
        value, reference, energy = self.numbers
        return value * reference / temperature * math.exp(-energy / units.k_B * (1.0 / temperature - 1.0 / reference))

    def _outside(self, temperature: float | None) -> str:
        if temperature is None or self.low is None or self.high is None or self.low <= temperature <= self.high:
            return ""
        shown, low, high = (units.format_value(t, "degC") for t in (temperature, self.low, self.high))
        return f"{self.name} at {shown} is extrapolated: {self.source} holds from {low} to {high}."


@dataclass(frozen=True, slots=True)
class Material:
    """A material: its properties by name, and its phases with their mass fractions (one phase where none are given)."""

    name: str
    formula: str
    properties: Mapping[str, Property]
    phases: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = math.fsum(self.phases.values())
        if self.phases and (min(self.phases.values()) < 0 or not math.isclose(total, 1.0, abs_tol=1e-6)):
            message = (
                f"phases = {dict(self.phases)}: expected mass fractions >= 0 that add up to 1, they give {total:g}."
            )
            raise InvalidInput(message)

    def property(self, name: str, *, temperature: float | None = None) -> tuple[Quantity, str]:
        """Return a property at ``temperature`` [K] and a warning, empty inside the range in which it holds.

        Raises
        ------
        InvalidInput  if the material has no such property, or it needs a temperature.
        """
        if name not in self.properties:
            message = f"property = {name!r}: {self.name} has none of that name.{nearest(name, self.properties)}"
            raise InvalidInput(message)
        return self.properties[name].at(temperature)
