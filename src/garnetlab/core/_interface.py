"""Patchy interfaces of a document: where the electrode touches the ceramic, its kinetics, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from garnetlab.core._cell import Area
from garnetlab.core._edge import In, Record


@dataclass(frozen=True)
class _Within:
    """Refuses an SI number outside ``low`` to ``high``, and at ``high`` where ``below`` is set; 0 passes where it may."""

    low: float
    high: float
    unit: str = ""
    below: bool = False
    zero: bool = False

    def __call__(self, value: float) -> float:
        """Return the value, or raise with what was expected."""
        if (self.zero and value == 0.0) or self.low <= value < self.high or (value == self.high and not self.below):
            return value
        limits = f"{self.low:g} to {'below ' if self.below else ''}{self.high:g} {self.unit}".strip()
        message = (
            f"'{value:.6g} {self.unit}".strip() + f"': expected {limits}.{' Check the unit.' if self.unit else ''}"
        )
        raise ValueError(message)


# the limits keep numbers away from overflow; physics is far inside them
Micrometres = Annotated[float, In("um", above=0.0), AfterValidator(_Within(1e-10, 1e2, "m"))]
Thickness = Annotated[float, In("mm", above=0.0), AfterValidator(_Within(1e-10, 1e2, "m"))]
Nanometres = Annotated[float, In("nm", above=0.0), AfterValidator(_Within(1e-11, 1.0, "m"))]
WaveNumber = Annotated[float, In("rad/um", above=0.0), AfterValidator(_Within(1e-2, 1e12, "rad/m"))]
Load = Annotated[float, In("MPa", above=0.0), AfterValidator(_Within(1.0, 1e13, "Pa"))]
Modulus = Annotated[float, In("GPa", above=0.0), AfterValidator(_Within(1.0, 1e13, "Pa"))]
SpecificConductivity = Annotated[float, In("S/cm", above=0.0), AfterValidator(_Within(1e-18, 1e9, "S/m"))]
Kelvin = Annotated[float, In("degC", above=0.0), AfterValidator(_Within(1.0, 2000.0, "K"))]
TransferResistance = Annotated[float, In("ohm cm^2", above=0.0), AfterValidator(_Within(1e-15, 1e15, "ohm m^2"))]
Film = Annotated[float, In("ohm cm^2", at_least=0.0), AfterValidator(_Within(1e-15, 1e15, "ohm m^2", zero=True))]
Current = Annotated[float, In("mA/cm^2", above=0.0), AfterValidator(_Within(1e-15, 1e12, "A/m^2"))]
Hold = Annotated[float, In("V", above=0.0), AfterValidator(_Within(1e-15, 100.0, "V"))]
Hertz = Annotated[float, In("Hz", above=0.0), AfterValidator(_Within(1e-9, 1e12, "Hz"))]
Seconds = Annotated[float, In("s", at_least=0.0), AfterValidator(_Within(1e-15, 1e9, "s", zero=True))]
ArealCapacitance = Annotated[
    float, In("uF/cm^2", at_least=0.0), AfterValidator(_Within(1e-15, 1e3, "F/m^2", zero=True))
]
Positive = Annotated[float, In("1", above=0.0), AfterValidator(_Within(1e-9, 1e3))]
Share = Annotated[float, In("1", at_least=0.0), AfterValidator(_Within(0.0, 1.0))]
SomeShare = Annotated[float, In("1", above=0.0), AfterValidator(_Within(0.0, 1.0))]
Inside = Annotated[float, In("1", above=0.0), AfterValidator(_Within(0.0, 1.0, below=True))]
Tolerance = Annotated[float, In("1", above=0.0), AfterValidator(_Within(1e-15, 1e-2))]
RelativePermittivity = Annotated[float, In("1", at_least=1.0), AfterValidator(_Within(1.0, 1e6))]
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
            message = f"cut_off of {self.cut_off:g} rad/m: expected at least the roll_off of {self.roll_off:g} rad/m."
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
    film_resistance: Film | None = None


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
            message = f"sweep from {self.high:g} to {self.low:g} Hz: expected low below high."
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
    temperature: Kelvin | None = None
    charge_transfer_resistance: TransferResistance | None = Field(default=None, description="per true contact area")
    exchange_current_density: Current | None = Field(default=None, description="per true contact area")
    symmetry: Inside = Field(default=0.5, description="share of the overpotential that drives the cathodic direction")
    film_resistance: Film = Field(default=0.0, description="in series with the charge transfer")
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
            message = "no current_density and no voltage given: Butler-Volmer kinetics need one of them. Add it."
            raise ValueError(message)
        if self.temperature is None and (self.electrolyte is not None or self.exchange_current_density is not None):
            what = "a conductivity from the library" if self.electrolyte is not None else "the Butler-Volmer law"
            message = f"no temperature given: {what} needs it. Add for example temperature = '25 degC'."
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
                message = f"second.{name} given but no {name} of the first face: expected one law for both faces."
                raise ValueError(message)
        if self.impedance is not None and self.second.film_resistance not in (None, self.film_resistance):
            message = "impedance and second.film_resistance given: an impedance takes the same film on both faces. Leave one out."
            raise ValueError(message)

    def _check_grid(self) -> None:
        """Raise where the size of the map is not clear."""
        faces = [self.contact] if self.second is None else [self.contact, self.second.contact]
        image = self.contact.image
        scaled = image is not None and image.scale is not None
        if scaled == (self.period is not None):
            found = "both" if scaled else "neither"
            message = f"{found} of period and contact.image.scale given: expected one, for example period = '100 um'."
            raise ValueError(message)
        drawn = any(face.random or face.discs or face.rough for face in faces)
        if self.pixels is None and (drawn or self.rows is not None):
            message = "no pixels given: expected how many pixels the map has along its width, for example pixels = 128."
            raise ValueError(message)
