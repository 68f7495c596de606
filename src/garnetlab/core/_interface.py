"""Patchy interfaces of a document: where the electrode touches the ceramic, its kinetics, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from garnetlab.core._cell import Area, AreaResistance
from garnetlab.core._edge import In, Record
from garnetlab.core._recipe import Temperature


@dataclass(frozen=True)
class _AtMost:
    """Refuses a number above ``bound``, or at it where ``below`` is set."""

    bound: float
    below: bool = False
    unit: str = ""

    def __call__(self, value: float) -> float:
        """Return the value, or raise with what was expected."""
        if value > self.bound or (self.below and value == self.bound):
            limit = f"{self.bound:g} {self.unit}".strip()
            message = f"'{value:.6g}': expected {'less than' if self.below else 'at most'} {limit}."
            raise ValueError(message)
        return value


Micrometres = Annotated[float, In("um", above=0.0)]
Thickness = Annotated[float, In("mm", above=0.0)]
Nanometres = Annotated[float, In("nm", above=0.0)]
WaveNumber = Annotated[float, In("rad/um", above=0.0)]
Load = Annotated[float, In("MPa", above=0.0)]
Modulus = Annotated[float, In("GPa", above=0.0)]
SpecificConductivity = Annotated[float, In("S/cm", above=0.0)]
TransferResistance = Annotated[float, In("ohm cm^2", above=0.0)]
Current = Annotated[float, In("mA/cm^2", above=0.0)]
Hold = Annotated[float, In("V", above=0.0)]
Hertz = Annotated[float, In("Hz", at_least=1e-9), AfterValidator(_AtMost(1e12, unit="Hz"))]
Seconds = Annotated[float, In("s", at_least=0.0)]
ArealCapacitance = Annotated[float, In("uF/cm^2", at_least=0.0)]
Positive = Annotated[float, In("1", above=0.0)]
Share = Annotated[float, In("1", at_least=0.0), AfterValidator(_AtMost(1.0))]
SomeShare = Annotated[float, In("1", above=0.0), AfterValidator(_AtMost(1.0))]
Inside = Annotated[float, In("1", above=0.0), AfterValidator(_AtMost(1.0, below=True))]
Tolerance = Annotated[float, In("1", above=0.0), AfterValidator(_AtMost(1e-2))]
RelativePermittivity = Annotated[float, In("1", at_least=1.0)]
Seed = Annotated[int, Field(strict=True, ge=0)]
#: pixels along one side of a map; 8192 squared is the largest map of the solver
Pixels = Annotated[int, Field(strict=True, ge=1, le=8192)]
Count = Annotated[int, Field(strict=True, ge=1, le=1000)]
Flag = Annotated[bool, Field(strict=True)]
GreyLevel = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _one(given: Mapping[str, object], why: str, *, none: bool = False) -> None:
    """Raise unless exactly one is given, or none where that may be."""
    found = [name for name, value in given.items() if value is not None and value is not False]
    if len(found) > 1 or not (found or none):
        said = " and ".join(found) or "nothing"
        message = f"{said} given: expected {'at most' if none else 'exactly'} one of {', '.join(given)} ({why})."
        raise ValueError(message)


class RandomContact(Record):
    """Random patches: the highest part of a Gaussian field."""

    fraction: SomeShare = Field(description="share of the face in contact")
    correlation_length: Micrometres = Field(description="where the correlation of the field is 1/e")
    seed: Seed = 0


class DiscContact(Record):
    """One disc in the middle of the map, or a lattice of discs; pixels at a rim count with their share."""

    radius: Micrometres
    columns: Count | None = Field(default=None, description="discs side by side; one disc in the middle if not given")
    lattice: Literal["square", "hexagonal"] = "square"


class RoughContact(Record):
    """A self-affine rough surface pressed on a flat."""

    hurst: Inside = Field(description="Hurst exponent")
    rms_slope: Positive | None = None
    rms_height: Nanometres | None = None
    roll_off: WaveNumber = Field(description="angular wave number below which the spectrum is flat")
    cut_off: WaveNumber = Field(description="angular wave number above which there is no roughness")
    pressure: Load
    effective_modulus: Modulus
    hardness: Load | None = Field(default=None, description="of the softer body; elastic if not given")
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_roughness(self) -> RoughContact:
        _one({"rms_slope": self.rms_slope, "rms_height": self.rms_height}, "how rough the surface is")
        if self.cut_off < self.roll_off:
            message = f"cut_off = {self.cut_off:g}: expected at least roll_off = {self.roll_off:g} rad/m."
            raise ValueError(message)
        return self


class ImageContact(Record):
    """A segmented image; its path is relative to the document."""

    path: str = Field(min_length=1)
    scale: Micrometres | None = Field(default=None, description="width of one pixel of the image")
    contact: Literal["bright", "dark"] = "bright"
    threshold: GreyLevel | None = Field(
        default=None, description="grey level of the file above which a pixel is bright"
    )


class ContactEntry(Record):
    """Where there is contact: one of five sources."""

    random: RandomContact | None = None
    discs: DiscContact | None = None
    rough: RoughContact | None = None
    image: ImageContact | None = None
    full: Flag = False

    @model_validator(mode="after")
    def _one_source(self) -> ContactEntry:
        _one({name: getattr(self, name) for name in ContactEntry.model_fields}, "where the contact is")
        return self


class FaceEntry(Record):
    """The other face: its contact, and its kinetics where they differ from those of the first."""

    contact: ContactEntry
    charge_transfer_resistance: TransferResistance | None = None
    exchange_current_density: Current | None = None
    film_resistance: AreaResistance | None = None


class ImpedanceEntry(Record):
    """An impedance sweep of the interface, and the capacitances that it needs."""

    area: Area = Field(description="of the electrode")
    high: Hertz = 1e6
    low: Hertz = 1e-2
    points_per_decade: Count = 10
    double_layer_capacitance: ArealCapacitance = Field(default=0.0, description="per true contact area")
    gap_capacitance: ArealCapacitance | None = Field(default=None, description="of voids, per area of the void")
    gap: Nanometres | None = Field(default=None, description="width of the voids, in place of their capacitance")
    permittivity: RelativePermittivity | None = Field(default=None, description="of the slab, relative to the vacuum")
    grain_boundary_share: Share = Field(default=0.0, description="share of the slab's resistance")
    grain_boundary_time: Seconds = 0.0
    grain_boundary_exponent: SomeShare = 1.0

    @model_validator(mode="after")
    def _consistent(self) -> ImpedanceEntry:
        _one({"gap_capacitance": self.gap_capacitance, "gap": self.gap}, "what voids let through", none=True)
        if not self.low < self.high:
            message = f"low = {self.low:g} Hz: expected less than high = {self.high:g} Hz."
            raise ValueError(message)
        return self


class InterfaceEntry(Record):
    """One or two patchy faces on a slab, and what is held."""

    contact: ContactEntry
    thickness: Thickness = Field(description="of the slab")
    period: Micrometres | None = Field(
        default=None, description="width of the map; an image may give its scale instead"
    )
    pixels: Pixels | None = Field(default=None, description="of the map along its width")
    rows: Pixels | None = Field(default=None, description="pixels of the map along its height; as pixels if not given")
    mirror: Flag = Field(
        default=False, description="the edges of the map are planes of symmetry, as insulating sides are"
    )
    conductivity: SpecificConductivity | None = None
    electrolyte: str | None = Field(default=None, description="name of a material of the library")
    temperature: Temperature | None = None
    charge_transfer_resistance: TransferResistance | None = Field(default=None, description="per true contact area")
    exchange_current_density: Current | None = Field(default=None, description="per true contact area")
    symmetry: Inside = Field(default=0.5, description="share of the overpotential that drives the cathodic direction")
    film_resistance: AreaResistance = Field(default=0.0, description="in series with the charge transfer")
    second: FaceEntry | None = Field(default=None, description="the other face; an equipotential plane if not given")
    current_density: Current | None = None
    voltage: Hold | None = None
    bounds: Flag = Field(default=True, description="compute certified bounds of the resistance")
    tolerance: Tolerance = 1e-8
    impedance: ImpedanceEntry | None = None
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> InterfaceEntry:
        _one({"conductivity": self.conductivity, "electrolyte": self.electrolyte}, "what the slab is made of")
        _one(self._kinetics(self), "linear or Butler-Volmer kinetics")
        _one({"current_density": self.current_density, "voltage": self.voltage}, "what is held", none=True)
        if self.exchange_current_density is not None and self.current_density is None and self.voltage is None:
            message = "current_density = none given: Butler-Volmer kinetics need current_density or voltage. Add one."
            raise ValueError(message)
        if self.temperature is None and (self.electrolyte is not None or self.exchange_current_density is not None):
            what = "the library's conductivity" if self.electrolyte is not None else "Butler-Volmer kinetics"
            message = f"temperature = none given: {what} needs it. Add for example temperature = '25 degC'."
            raise ValueError(message)
        self._check_second()
        self._check_grid()
        return self

    @staticmethod
    def _kinetics(face: InterfaceEntry | FaceEntry) -> dict[str, float | None]:
        names = ("charge_transfer_resistance", "exchange_current_density")
        return {name: getattr(face, name) for name in names}

    def _check_second(self) -> None:
        """Raise where the other face has kinetics of another kind."""
        if self.second is None:
            return
        mine = self._kinetics(self)
        for name, value in self._kinetics(self.second).items():
            if value is not None and mine[name] is None:
                message = f"second.{name} is given, but the first face has none: expected one law for both faces."
                raise ValueError(message)
        if self.impedance is not None and self.second.film_resistance not in (None, self.film_resistance):
            message = (
                "second.film_resistance is given: an impedance takes one film for both faces. Leave one of them out."
            )
            raise ValueError(message)

    def _check_grid(self) -> None:
        """Raise where the size of the map is not clear."""
        faces = [self.contact] if self.second is None else [self.contact, self.second.contact]
        image = self.contact.image
        scaled = image is not None and image.scale is not None
        if scaled == (self.period is not None):
            found = "both" if scaled else "neither"
            message = f"period and contact.image.scale = {found} given: expected one, for example period = '100 um'."
            raise ValueError(message)
        drawn = any(face.random or face.discs or face.rough for face in faces)
        if self.pixels is None and (drawn or self.rows is not None):
            message = "pixels = none given: expected how many pixels the map has along its width, for example 128."
            raise ValueError(message)
