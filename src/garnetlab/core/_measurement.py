"""Measurements: what an instrument, real or virtual, gives."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab.core._errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Kind(enum.Enum):
    """What was measured."""

    IMPEDANCE = "impedance"
    CYCLING = "cycling"
    VOLTAMMETRY = "voltammetry"
    DC_POLARISATION = "dc-polarisation"
    DIFFRACTION = "diffraction"
    PHOTOEMISSION = "photoemission"
    IMAGE = "image"
    LINE_SCAN = "line-scan"
    DENSITY = "density"


class Channel(enum.Enum):
    """A column of a measurement: its name and SI unit."""

    FREQUENCY = ("frequency", "Hz")
    IMPEDANCE = ("impedance", "ohm")
    TIME = ("time", "s")
    VOLTAGE = ("voltage", "V")
    CURRENT = ("current", "A")
    TEMPERATURE = ("temperature", "K")
    CHARGE = ("charge", "C")
    ENERGY = ("energy", "J")
    CYCLE = ("cycle", "1")
    STEP = ("step", "1")

    @property
    def label(self) -> str:
        """Name used in JSON."""
        return self.value[0]

    @property
    def unit(self) -> str:
        """SI unit."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A measurement that came from a file."""

    path: str
    sha256: str
    reader: str
    version: str
    header: Mapping[str, str] = field(default_factory=dict)
    part: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object of the contract."""
        out: dict[str, object] = {"path": self.path, "sha256": self.sha256, "reader": self.reader}
        if self.part:
            out["part"] = self.part
        return out


@dataclass(frozen=True, slots=True)
class SimulationSource:
    """A measurement that came from a model."""

    digest: str
    seed: int | None
    model: str

    def to_dict(self) -> dict[str, object]:
        """Return a JSON object."""
        return {"digest": self.digest, "seed": self.seed, "model": self.model}


Source = FileSource | SimulationSource


def _frozen(array: Any, complex_: bool) -> NDArray[Any]:
    out = np.array(array, dtype=np.complex128 if complex_ else np.float64)
    out.setflags(write=False)
    return out


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement, real or simulated: the same type for both.

    Parameters
    ----------
    kind:     What was measured.
    channels: SI arrays, all of the same length; impedance is complex with negative imaginary part for capacitive arcs.
    source:   File or simulation it came from.
    metadata: What the file or the model knows, in SI floats or text: ``temperature`` [K], ``area`` [m^2],
              ``thickness`` [m], ``amplitude`` [V], ``sample``, ``started``, ``instrument``, ``branch``, ...
    std:      Optional standard uncertainty per channel (for impedance: of each part).
    warnings: What a reader noticed and a user should know.
    """

    kind: Kind
    channels: Mapping[Channel, NDArray[Any]]
    source: Source
    metadata: Mapping[str, float | str] = field(default_factory=dict)
    std: Mapping[Channel, NDArray[Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        channels = {c: _frozen(a, c is Channel.IMPEDANCE) for c, a in self.channels.items()}
        lengths = {c.label: a.shape for c, a in channels.items()}
        if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
            message = f"channels = {lengths}: expected one-dimensional arrays of one length. Cut or pad the columns."
            raise InvalidInput(message)
        std = {c: _frozen(a, False) for c, a in self.std.items()}
        object.__setattr__(self, "channels", MappingProxyType(channels))
        object.__setattr__(self, "std", MappingProxyType(std))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __len__(self) -> int:
        return next((len(a) for a in self.channels.values()), 0)

    def __getitem__(self, channel: Channel) -> NDArray[Any]:
        try:
            return self.channels[channel]
        except KeyError:
            known = ", ".join(c.label for c in self.channels)
            message = f"channel = {channel.label!r}: not in this measurement, which has {known}."
            raise InvalidInput(message) from None

    def with_metadata(self, **values: float | str) -> Measurement:
        """Return a copy with ``values`` added to the metadata."""
        return replace(self, metadata={**self.metadata, **values})

    def to_dict(self, *, data: bool = False) -> dict[str, object]:
        """Return the JSON object of the contract; with ``data`` the numbers too (complex as ``[re, im]``)."""
        channels: dict[str, object] = {}
        for channel, array in self.channels.items():
            entry: dict[str, object] = {"unit": channel.unit}
            if data:
                entry["values"] = [[z.real, z.imag] for z in array] if np.iscomplexobj(array) else array.tolist()
            elif len(array) and not np.iscomplexobj(array):
                entry["min"], entry["max"] = float(np.nanmin(array)), float(np.nanmax(array))
            channels[channel.label] = entry
        return {
            "kind": self.kind.value,
            "points": len(self),
            "channels": channels,
            "metadata": dict(self.metadata),
            "source": self.source.to_dict(),
            "warnings": list(self.warnings),
        }
