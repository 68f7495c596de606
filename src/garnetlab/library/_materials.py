"""Materials: every property with uncertainty, source and the range in which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from garnetlab import units
from garnetlab.core import InvalidInput, Material, Property, nearest
from garnetlab.library._citations import citation
from garnetlab.library._toml import data_toml, material_names

_ALLOWED = {
    "law", "value", "std", "relative_std", "range", "source", "evidence", "note", "reference", "activation_energy",
    "activation_energy_std", "coefficients", "unit",
}  # fmt: skip
_EVIDENCE = ("text", "data", "abstract", "memory")


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
def load_material(name: str) -> Material:
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
    return Material(data["name"], data["formula"], table)
