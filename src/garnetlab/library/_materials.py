"""Materials: every property with uncertainty, source and the range in which it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from garnetlab import units
from garnetlab.core import InvalidInput, nearest
from garnetlab.library._citations import citation
from garnetlab.library._toml import data_toml, material_names
from garnetlab.units import Quantity

_ALLOWED = {
    "law", "value", "std", "relative_std", "range", "source", "evidence", "note", "reference", "activation_energy",
    "activation_energy_std", "coefficients", "unit",
}  # fmt: skip
_EVIDENCE = ("text", "data", "abstract", "memory")


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
class LibraryMaterial:
    """A material of the library."""

    name: str
    formula: str
    properties: Mapping[str, Property]

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


def _unit_of(text: str) -> str:
    number, _, unit = text.strip().partition(" ")
    float(number)
    return unit or "1"


def parse_property(name: str, data: Mapping[str, Any], *, where: str) -> Property:
    """Return a property from its TOML table.

    Raises
    ------
    InvalidInput  if a number has no source or no uncertainty, or a key is not known.
    """
    unknown = set(data) - _ALLOWED
    if unknown:
        message = f"{where}.{name}.{min(unknown)}: unknown key.{nearest(min(unknown), _ALLOWED)}"
        raise InvalidInput(message)
    if "source" not in data or data.get("evidence") not in _EVIDENCE:
        message = f"{where}.{name}: no number without a source and evidence ({', '.join(_EVIDENCE)}). Add them."
        raise InvalidInput(message)
    if "std" not in data and "relative_std" not in data:
        message = f"{where}.{name}: no number without an uncertainty. Add std or relative_std."
        raise InvalidInput(message)
    citation(data["source"])
    law = data.get("law", "constant")
    unit, numbers = _numbers(data, law)
    if "relative_std" in data:
        relative = units.parse(data["relative_std"], "1")
    else:
        spread = units.parse_unit(unit)
        text_number = float(data["std"].strip().partition(" ")[0])
        relative = abs(text_number * spread.factor / numbers[0])
    low, high = (units.parse(t, "K") for t in data["range"]) if "range" in data else (None, None)
    return Property(
        name,
        unit,
        law,
        numbers,
        relative,
        low,
        high,
        data["source"],
        data["evidence"],
        data.get("note", ""),
        units.parse(data.get("activation_energy_std", "0 eV"), "J"),
    )


def _numbers(data: Mapping[str, Any], law: str) -> tuple[str, tuple[float, ...]]:
    if law in ("polynomial", "critical", "logarithmic"):
        texts = data["coefficients"]
        unit = data.get("unit") or _unit_of(texts[0])
        plain = {"polynomial": len(texts), "critical": 3, "logarithmic": 0}[law]  # behind these come plain numbers
        return unit, tuple(units.parse(t, unit if i < plain else "1") for i, t in enumerate(texts))
    unit = _unit_of(data["value"])
    value = units.parse(data["value"], unit)
    if law == "arrhenius":
        return unit, (value, units.parse(data["reference"], "K"), units.parse(data["activation_energy"], "eV"))
    return unit, (value,)


@lru_cache(maxsize=64)
def load_material(name: str) -> LibraryMaterial:
    """Return a material of the library.

    Raises
    ------
    InvalidInput  if there is none of that name.
    """
    if name not in material_names():
        message = f"material = {name!r}: not in the library.{nearest(name, material_names())}"
        raise InvalidInput(message)
    data = data_toml(f"materials/{name}.toml")
    table = {key: parse_property(key, entry, where=name) for key, entry in data["properties"].items()}
    return LibraryMaterial(data["name"], data["formula"], table)
