"""Observations of an interface from a TOML document."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from garnetlab import units
from garnetlab.core import InvalidInput, ReadError, nearest
from garnetlab.study._calibration_observations import WITHIN, InterfaceObservation

SCHEMA = "garnetlab/1"
_KEYS = {
    "id", "kind", "use", "resistance", "temperature", "current_density", "half_cycle", "step", "life", "longer_than",
    "between", "survived", "failed", "additive", "interface_energy", "note",
}  # fmt: skip


def read_interface_observations(path: Path) -> tuple[dict[str, InterfaceObservation], tuple[str, ...]]:
    """Return the observations of a document by id, and the ids that it marks for calibration (``use = "calibrate"``).

    Raises
    ------
    ReadError     if the file cannot be read or is no TOML.
    InvalidInput  if an entry is not valid.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(path, f"cannot be read ({error.strerror or error}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(path, f"is no TOML document ({error}).") from None
    if data.get("schema") != SCHEMA:
        message = f"{path.name}: schema = {data.get('schema')!r}: expected {SCHEMA!r}."
        raise InvalidInput(message)
    entries = data.get("observations")
    if not isinstance(entries, list) or not entries:
        message = f"{path.name}: observations = {entries!r}: expected [[observations]] tables."
        raise InvalidInput(message)
    found: dict[str, InterfaceObservation] = {}
    marked = []
    for i, entry in enumerate(entries):
        where = f"{path.name}: observations[{i}]"
        observation = parse_observation(entry, where=where)
        if observation.id in found:
            message = f"{where}.id = {observation.id!r}: expected another, this one is taken."
            raise InvalidInput(message)
        found[observation.id] = observation
        if entry.get("use", "calibrate") == "calibrate":
            marked.append(observation.id)
    if not marked:
        message = f"{path.name}: none of the {len(found)} observations has use = 'calibrate'. Mark some."
        raise InvalidInput(message)
    return found, tuple(marked)


def parse_observation(entry: Mapping[str, Any], *, where: str) -> InterfaceObservation:
    """Return an observation from its TOML table.

    Raises
    ------
    InvalidInput  if a key is unknown or missing, or a value is not valid.
    """
    unknown = set(entry) - _KEYS
    if unknown:
        message = f"{where}.{min(unknown)}: unknown key.{nearest(min(unknown), _KEYS)}"
        raise InvalidInput(message)
    for key in ("id", "kind", "resistance"):
        if key not in entry:
            message = f"{where}.{key}: missing. Every observation needs id, kind and resistance (at 25 degC)."
            raise InvalidInput(message)
    if entry.get("use", "calibrate") not in ("calibrate", "predict"):
        message = f"{where}.use = {entry['use']!r}: expected 'calibrate' or 'predict'."
        raise InvalidInput(message)
    if entry["kind"] not in ("ccd", "life"):
        message = f"{where}.kind = {entry['kind']!r}: expected 'ccd' or 'life'."
        raise InvalidInput(message)
    low, high, exact = _event(entry, where)
    halves = entry.get("half_cycle", "30 min")
    return InterfaceObservation(
        id=str(entry["id"]),
        kind=entry["kind"],
        resistance=_number(entry, "resistance", "ohm cm^2", where),
        temperature=_number({"temperature": entry.get("temperature", "25 degC")}, "temperature", "K", where),
        low=low,
        high=high,
        exact=exact,
        current_density=_number(entry, "current_density", "A/m^2", where) if entry["kind"] == "life" else 0.0,
        half_cycles=tuple(
            _number({"half_cycle": h}, "half_cycle", "s", where) for h in (halves if isinstance(halves, list) else [halves])
        ),
        step=_number({"step": entry.get("step", "0.1 mA/cm^2")}, "step", "A/m^2", where),
        additive=_percent(entry, where),
        interface_energy=_number({"interface_energy": entry.get("interface_energy", "0.6 eV")}, "interface_energy", "eV", where),
        note=str(entry.get("note", "")),
    )  # fmt: skip


def _event(entry: Mapping[str, Any], where: str) -> tuple[float, float, float | None]:
    """Return the event low < x <= high and the exact life if there is one."""
    if entry["kind"] == "ccd":
        low = _number(entry, "survived", "A/m^2", where) if "survived" in entry else 0.0
        return low, _number(entry, "failed", "A/m^2", where), None
    given = [key for key in ("life", "longer_than", "between") if key in entry]
    if len(given) != 1:
        message = f"{where}: {' and '.join(given) or 'no life'} given: expected one of life, longer_than, between."
        raise InvalidInput(message)
    if given == ["life"]:
        life = _number(entry, "life", "s", where)
        return life / WITHIN, life * WITHIN, life
    if given == ["longer_than"]:
        return _number(entry, "longer_than", "s", where), math.inf, None
    ends = entry["between"]
    if not isinstance(ends, list) or len(ends) != 2:
        message = f"{where}.between = {ends!r}: expected two times."
        raise InvalidInput(message)
    return (
        _number({"between": ends[0]}, "between", "s", where),
        _number({"between": ends[1]}, "between", "s", where),
        None,
    )


def _percent(entry: Mapping[str, Any], where: str) -> float:
    value = entry.get("additive", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{where}.additive = {value!r}: expected a number, the weight per cent of K2CO3."
        raise InvalidInput(message)
    return float(value)


def _number(entry: Mapping[str, Any], key: str, unit: str, where: str) -> float:
    text = entry.get(key)
    if not isinstance(text, str):
        message = f"{where}.{key} = {text!r}: expected a text with a unit, for example in {unit}."
        raise InvalidInput(message)
    return units.parse(text, unit)
