"""The edge of documents: text with units to SI floats and back, and pydantic's findings to one-line errors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)

from garnetlab import units
from garnetlab.core._errors import InvalidInput, nearest

if TYPE_CHECKING:  # pydantic does not publish the name of its metaclass
    from pydantic._internal._model_construction import ModelMetaclass as _Metaclass
else:
    _Metaclass = type(BaseModel)

#: validation context of text that people write: there a number needs its unit
DOCUMENT = {"document": True}


class _OneLine(_Metaclass):
    """Makes ``Sample(area="1 V")`` in Python raise the same one-line ``InvalidInput`` as the same text in a document."""

    def __call__(self, /, *args: object, **fields: object) -> Any:
        try:
            return super().__call__(*args, **fields)
        except ValidationError as error:
            raise convert_errors(error, cast("type[BaseModel]", self)) from None


class Record(BaseModel, metaclass=_OneLine):
    """Base of all records that come from documents: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)


@dataclass(frozen=True)
class In:
    """Marks a float of a record as a quantity: SI in memory, text with a unit in documents.

    ``above`` and ``at_least`` bound the SI value. Use as ``Annotated[float, In("mm", above=0.0)]``.
    """

    unit: str
    above: float | None = None
    at_least: float | None = None

    def parse(self, value: object, info: ValidationInfo) -> float:
        """Return the SI value of text with a unit, or of a number: SI in Python, refused in a document."""
        bare = isinstance(value, int | float) and not isinstance(value, bool)
        if bare and info.context == DOCUMENT and units.parse_unit(self.unit).dim != units.NONE:
            message = f"{value!r}: the unit is missing. Write for example {units.example_of(self.unit)!r}."
            raise ValueError(message)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            message = f"{value!r}: expected text with a unit, such as {units.example_of(self.unit)!r}."
            raise ValueError(message)
        number = units.parse(value, self.unit) if isinstance(value, str) else _float(value)
        if not math.isfinite(number):
            message = f"{value!r}: expected a finite number."
            raise ValueError(message)
        for bound, words, bad in (
            (self.above, "more than", self.above is not None and number <= self.above),
            (self.at_least, "at least", self.at_least is not None and number < self.at_least),
        ):
            if bad and bound is not None:
                shown = "0 K" if units.parse_unit(self.unit).offset else units.format_value(bound, self.unit)
                message = f"{value!r}: expected {words} {shown}."
                raise ValueError(message)
        return number

    def write(self, value: float) -> str:
        """Return the text that reads back to the very same float."""
        return write_quantity(value, self.unit)

    @property
    def __is_annotated_types_grouped_metadata__(self) -> Literal[True]:
        """Tell pydantic that this marker stands for the ones it yields (a protocol of annotated-types)."""
        return True

    def __iter__(self) -> Iterator[PlainValidator | PlainSerializer | WithJsonSchema]:
        words = f"number with a unit, as in {units.example_of(self.unit)!r}"
        yield PlainValidator(self.parse)
        yield PlainSerializer(self.write, return_type=str)
        yield WithJsonSchema({"type": "string", "description": words})


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def write_quantity(value: float, unit: str) -> str:
    """Return an SI number as text in ``unit`` that reads back to the very same float.

    Where the field unit cannot hold the float exactly, the SI unit is written instead.
    """
    return units.format_exact(value + 0.0, unit)


def convert_errors(error: ValidationError, model: type[BaseModel]) -> InvalidInput:
    """Return one line for the first finding of pydantic: path, value, what was expected, and how to mend it."""
    found = error.errors()
    found = [e for e in found if e["type"] != "too_short"] or found  # a bad item is also a missing one to pydantic
    first = found[0]
    path = ".".join(str(p) for p in first["loc"])
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, first["loc"][:-1])
        return InvalidInput(f"{path}: unknown field.{nearest(str(first['loc'][-1]), known)}{more}")
    if first["type"] == "missing":
        return InvalidInput(f"{path}: missing. Add it to the document.{_misspelt(found)}{more}")
    message = str(first["ctx"]["error"]) if first["type"] == "value_error" else _plain_words(first)
    return InvalidInput(f"{path} = {message}{more}" if path else f"{message}{more}")


def _misspelt(found: Sequence[Any]) -> str:
    """Return the unknown field beside the missing one of the first finding that looks like it, as a question."""
    place, name = found[0]["loc"][:-1], str(found[0]["loc"][-1])
    unknown = [str(e["loc"][-1]) for e in found if e["type"] == "extra_forbidden" and e["loc"][:-1] == place]
    near = [other for other in unknown if nearest(other, [name])]
    return f" Is it what you mean by {near[0]!r}?" if near else ""


_EXPECTED = {
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
}


def _plain_words(finding: Any) -> str:
    shown = repr(finding["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    wanted = _EXPECTED.get(finding["type"])
    return f"{shown}: expected {wanted}." if wanted else f"{shown}: {finding['msg'][0].lower()}{finding['msg'][1:]}."


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
