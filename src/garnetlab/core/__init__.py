"""Records shared by simulation and measurement, the error tree, and (loaded on first use) study documents."""

import importlib
from typing import TYPE_CHECKING, Any

from garnetlab.core._errors import (
    GarnetlabError,
    InvalidInput,
    MissingExtra,
    MissingInput,
    ReadError,
    SolveFailed,
    nearest,
    parse_quantity,
)
from garnetlab.core._measurement import Channel, FileSource, Kind, Measurement, SimulationSource, Source
from garnetlab.core._outcome import Outcome
from garnetlab.core._result import Result

if TYPE_CHECKING:
    from garnetlab.core._cell import Cell, Interface, Layer
    from garnetlab.core._document import (
        StudyDocument,
        json_schema,
        load_document,
        parse_document,
        save_document,
    )
    from garnetlab.core._procedure import Procedure, Step, parse_step
    from garnetlab.core._recipe import Recipe
    from garnetlab.core._samples import MeasurementEntry, Sample, require

#: names whose modules need pydantic: imported on first use only
_DOCUMENTS = {
    "Cell": "_cell",
    "Interface": "_cell",
    "Layer": "_cell",
    "MeasurementEntry": "_samples",
    "Procedure": "_procedure",
    "Recipe": "_recipe",
    "Sample": "_samples",
    "Step": "_procedure",
    "StudyDocument": "_document",
    "json_schema": "_document",
    "load_document": "_document",
    "parse_document": "_document",
    "parse_step": "_procedure",
    "require": "_samples",
    "save_document": "_document",
}

__all__ = [
    "Cell",
    "Channel",
    "FileSource",
    "GarnetlabError",
    "Interface",
    "InvalidInput",
    "Kind",
    "Layer",
    "Measurement",
    "MeasurementEntry",
    "MissingExtra",
    "MissingInput",
    "Outcome",
    "Procedure",
    "ReadError",
    "Recipe",
    "Result",
    "Sample",
    "SimulationSource",
    "SolveFailed",
    "Source",
    "Step",
    "StudyDocument",
    "json_schema",
    "load_document",
    "nearest",
    "parse_document",
    "parse_quantity",
    "parse_step",
    "require",
    "save_document",
]


def __getattr__(name: str) -> Any:
    if name in _DOCUMENTS:
        return getattr(importlib.import_module(f"garnetlab.core.{_DOCUMENTS[name]}"), name)
    message = f"module 'garnetlab.core' has no attribute {name!r}"
    raise AttributeError(message)
