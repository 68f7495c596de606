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
from garnetlab.core._material import Material, Property
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
    from garnetlab.core._interface import (
        ContactEntry,
        DiscContact,
        FaceEntry,
        ImageContact,
        ImpedanceEntry,
        InterfaceEntry,
        RandomContact,
        RoughContact,
    )
    from garnetlab.core._procedure import Procedure
    from garnetlab.core._recipe import Recipe
    from garnetlab.core._samples import MeasurementEntry, Sample, require
    from garnetlab.core._steps import Action, ImpedanceStep, Level, LevelKind, RepeatStep, Step, TimedStep, parse_step

#: names whose modules need pydantic: imported on first use only
_DOCUMENTS = {
    "Action": "_steps",
    "Cell": "_cell",
    "ContactEntry": "_interface",
    "DiscContact": "_interface",
    "FaceEntry": "_interface",
    "ImageContact": "_interface",
    "ImpedanceEntry": "_interface",
    "ImpedanceStep": "_steps",
    "Interface": "_cell",
    "InterfaceEntry": "_interface",
    "Layer": "_cell",
    "Level": "_steps",
    "LevelKind": "_steps",
    "MeasurementEntry": "_samples",
    "Procedure": "_procedure",
    "RandomContact": "_interface",
    "Recipe": "_recipe",
    "RepeatStep": "_steps",
    "RoughContact": "_interface",
    "Sample": "_samples",
    "Step": "_steps",
    "StudyDocument": "_document",
    "TimedStep": "_steps",
    "json_schema": "_document",
    "load_document": "_document",
    "parse_document": "_document",
    "parse_step": "_steps",
    "require": "_samples",
    "save_document": "_document",
}

__all__ = [
    "Action",
    "Cell",
    "Channel",
    "ContactEntry",
    "DiscContact",
    "FaceEntry",
    "FileSource",
    "GarnetlabError",
    "ImageContact",
    "ImpedanceEntry",
    "ImpedanceStep",
    "Interface",
    "InterfaceEntry",
    "InvalidInput",
    "Kind",
    "Layer",
    "Level",
    "LevelKind",
    "Material",
    "Measurement",
    "MeasurementEntry",
    "MissingExtra",
    "MissingInput",
    "Outcome",
    "Procedure",
    "Property",
    "RandomContact",
    "ReadError",
    "Recipe",
    "RepeatStep",
    "Result",
    "RoughContact",
    "Sample",
    "SimulationSource",
    "SolveFailed",
    "Source",
    "Step",
    "StudyDocument",
    "TimedStep",
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
