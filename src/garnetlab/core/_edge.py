"""The edge of documents: text with units to SI floats and back, and pydantic's findings to one-line errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError, WithJsonSchema

from garnetlab import units
from garnetlab.core._errors import InvalidInput, nearest


class Record(BaseModel):
    """Base of all records that come from documents: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


def _parse(value: Any, unit: str, low: float | None, strict: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        message = f"{value!r}: expected text with a unit, such as {units.example_of(unit)!r}."
        raise ValueError(message)
    number = units.parse(value, unit) if isinstance(value, str) else float(value)
    if not math.isfinite(number):
        message = f"{value!r}: expected a finite number."
        raise ValueError(message)
    if low is not None and (number <= low if strict else number < low):
        bound = "0 K" if units.parse_unit(unit).offset else units.format_value(low, unit)
        message = f"{value!r}: expected {'more than' if strict else 'at least'} {bound}."
        raise ValueError(message)
    return number


def write_quantity(value: float, unit: str) -> str:
    """Return an SI number as text in ``unit`` that reads back to the very same float.

    Where the field unit cannot hold the float exactly, the SI unit is written instead.
    """
    field = units.parse_unit(unit)
    for digits in range(1, 18):
        number = _plain(float(f"{field.from_si(value):.{digits}g}"))
        text = number if unit == "1" else f"{number} {unit}"
        if units.parse(text, unit) == value:
            return text
    si = _si_unit(unit)
    return repr(value) if si == "1" else f"{value!r} {si}"


def _plain(number: float) -> str:
    """Return the shortest text of a float, without exponent where it is of ordinary size."""
    return repr(number).removesuffix(".0")


def _si_unit(unit: str) -> str:
    return str(units.parse_unit(unit).dim)


def quantity(unit: str, *, above: float | None = None, at_least: float | None = None) -> Any:
    """Return the annotated type of a quantity: an SI float in memory, text with a unit in documents.

    ``above`` and ``at_least`` bound the SI value.
    """
    low, strict = (above, True) if above is not None else (at_least, False)
    return Annotated[
        float,
        BeforeValidator(lambda v: _parse(v, unit, low, strict)),
        PlainSerializer(lambda v: write_quantity(v, unit), return_type=str),
        WithJsonSchema({"type": "string", "description": f"number with a unit, as in {units.example_of(unit)!r}"}),
    ]


def convert_errors(error: ValidationError, model: type[BaseModel]) -> InvalidInput:
    """Return one line for the first finding of pydantic: path, value, what was expected, and how to mend it."""
    first = error.errors()[0]
    path = ".".join(str(p) for p in first["loc"])
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, first["loc"][:-1])
        return InvalidInput(f"{path}: unknown field.{nearest(str(first['loc'][-1]), known)}{more}")
    if first["type"] == "missing":
        return InvalidInput(f"{path}: missing. Add it to the document.{more}")
    message = str(first["ctx"]["error"]) if first["type"] == "value_error" else f"{first['input']!r}: {first['msg']}"
    return InvalidInput(f"{path} = {message}{more}" if path else f"{message}{more}")


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the field names of the record at ``location`` of a model."""
    here: Any = model
    for step in location:
        fields = getattr(here, "model_fields", None)
        if fields is not None and step in fields:
            here = _inner(fields[step].annotation)
    return list(getattr(here, "model_fields", {}))


def _inner(annotation: Any) -> Any:
    """Return the record inside ``tuple[X, ...]``, ``dict[str, X]`` or ``X | None``."""
    arguments = [a for a in getattr(annotation, "__args__", ()) if a not in (str, type(None), Ellipsis)]
    return _inner(arguments[0]) if arguments else annotation


Json: TypeAlias = Mapping[str, Any]

