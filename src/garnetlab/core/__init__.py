"""Records shared by simulation and measurement, and the error tree."""

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

__all__ = [
    "Channel",
    "FileSource",
    "GarnetlabError",
    "InvalidInput",
    "Kind",
    "Measurement",
    "MissingExtra",
    "MissingInput",
    "Outcome",
    "ReadError",
    "Result",
    "SimulationSource",
    "SolveFailed",
    "Source",
    "nearest",
    "parse_quantity",
]
