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
    from garnetlab.core._experiment import (
        AbuseEntry,
        CyclingEntry,
        ExperimentEntry,
        LadderEntry,
        ModelEntry,
        PlatingEntry,
        PolarisationEntry,
        SweepEntry,
        TafelEntry,
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
    from garnetlab.core._protocols import (
        abuse,
        ccd_ladder,
        dc_polarisation,
        galvanostatic_cycling,
        one_way_plating,
        tafel_sweep,
        with_impedance,
    )
    from garnetlab.core._recipe import Recipe
    from garnetlab.core._samples import MeasurementEntry, Sample, require
    from garnetlab.core._steps import (
        Action,
        ImpedanceStep,
        Level,
        LevelKind,
        RepeatStep,
        RunStep,
        Step,
        SweepStep,
        TimedStep,
        parse_step,
    )

#: names whose modules need pydantic: imported on first use only
_DOCUMENTS = {
    "AbuseEntry": "_experiment",
    "Action": "_steps",
    "Cell": "_cell",
    "ContactEntry": "_interface",
    "CyclingEntry": "_experiment",
    "DiscContact": "_interface",
    "ExperimentEntry": "_experiment",
    "FaceEntry": "_interface",
    "ImageContact": "_interface",
    "ImpedanceEntry": "_interface",
    "ImpedanceStep": "_steps",
    "Interface": "_cell",
    "InterfaceEntry": "_interface",
    "LadderEntry": "_experiment",
    "Layer": "_cell",
    "Level": "_steps",
    "LevelKind": "_steps",
    "MeasurementEntry": "_samples",
    "ModelEntry": "_experiment",
    "PlatingEntry": "_experiment",
    "PolarisationEntry": "_experiment",
    "Procedure": "_procedure",
    "RandomContact": "_interface",
    "Recipe": "_recipe",
    "RepeatStep": "_steps",
    "RoughContact": "_interface",
    "RunStep": "_steps",
    "Sample": "_samples",
    "Step": "_steps",
    "StudyDocument": "_document",
    "SweepEntry": "_experiment",
    "SweepStep": "_steps",
    "TafelEntry": "_experiment",
    "TimedStep": "_steps",
    "abuse": "_protocols",
    "ccd_ladder": "_protocols",
    "dc_polarisation": "_protocols",
    "galvanostatic_cycling": "_protocols",
    "json_schema": "_document",
    "load_document": "_document",
    "one_way_plating": "_protocols",
    "parse_document": "_document",
    "parse_step": "_steps",
    "require": "_samples",
    "save_document": "_document",
    "tafel_sweep": "_protocols",
    "with_impedance": "_protocols",
}

__all__ = [
    "AbuseEntry",
    "Action",
    "Cell",
    "Channel",
    "ContactEntry",
    "CyclingEntry",
    "DiscContact",
    "ExperimentEntry",
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
    "LadderEntry",
    "Layer",
    "Level",
    "LevelKind",
    "Material",
    "Measurement",
    "MeasurementEntry",
    "MissingExtra",
    "MissingInput",
    "ModelEntry",
    "Outcome",
    "PlatingEntry",
    "PolarisationEntry",
    "Procedure",
    "Property",
    "RandomContact",
    "ReadError",
    "Recipe",
    "RepeatStep",
    "Result",
    "RoughContact",
    "RunStep",
    "Sample",
    "SimulationSource",
    "SolveFailed",
    "Source",
    "Step",
    "StudyDocument",
    "SweepEntry",
    "SweepStep",
    "TafelEntry",
    "TimedStep",
    "abuse",
    "ccd_ladder",
    "dc_polarisation",
    "galvanostatic_cycling",
    "json_schema",
    "load_document",
    "nearest",
    "one_way_plating",
    "parse_document",
    "parse_quantity",
    "parse_step",
    "require",
    "save_document",
    "tafel_sweep",
    "with_impedance",
]


def __getattr__(name: str) -> Any:
    if name in _DOCUMENTS:
        return getattr(importlib.import_module(f"garnetlab.core.{_DOCUMENTS[name]}"), name)
    message = f"module 'garnetlab.core' has no attribute {name!r}"
    raise AttributeError(message)
