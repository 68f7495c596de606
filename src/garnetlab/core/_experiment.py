"""Virtual experiments of a document: which cell is tested how, by which model, and what models change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from garnetlab import units
from garnetlab.core._edge import In, Record
from garnetlab.core._errors import InvalidInput
from garnetlab.core._interface import (
    ArealCapacitance,
    Count,
    Current,
    Film,
    Flag,
    Hertz,
    Inside,
    Kelvin,
    Micrometres,
    Nanometres,
    Positive,
    Seed,
    Share,
    SomeShare,
    TransferResistance,
    _one,
    _Within,
)
from garnetlab.core._procedure import Procedure, Sentence
from garnetlab.core._protocols import (
    abuse,
    ccd_ladder,
    dc_polarisation,
    galvanostatic_cycling,
    one_way_plating,
    tafel_sweep,
    with_impedance,
)
from garnetlab.core._steps import ImpedanceStep


def _per_particle(value: object) -> object:
    """Return an energy per mole (``"37 kJ/mol"``) as one per particle; everything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return f"{units.parse(value, 'J/mol') / units.N_A!r} J"
    except units.UnitError:
        return value


Limit = Annotated[float, In("V", above=0.0), AfterValidator(_Within(1e-6, 1e3, "V"))]
Potential = Annotated[float, In("V"), AfterValidator(_Within(-1e3, 1e3, "V"))]
Noise = Annotated[float, In("mV", at_least=0.0), AfterValidator(_Within(1e-12, 1.0, "V", zero=True))]
Amplitude = Annotated[float, In("mV", above=0.0), AfterValidator(_Within(1e-6, 1.0, "V"))]
Span = Annotated[float, In("min", above=0.0), AfterValidator(_Within(1e-6, 1e10, "s"))]
Pause = Annotated[float, In("min", at_least=0.0), AfterValidator(_Within(1e-6, 1e10, "s", zero=True))]
Rate = Annotated[float, In("mV/s", above=0.0), AfterValidator(_Within(1e-12, 1e6, "V/s"))]
ArealCharge = Annotated[float, In("mAh/cm^2", above=0.0), AfterValidator(_Within(1e-6, 1e12, "C/m^2"))]
Energy = Annotated[
    float,
    In("eV", at_least=0.0),
    AfterValidator(_Within(1e-26, 1e-17, "J", zero=True)),
    BeforeValidator(_per_particle),
]
SurfaceEnergy = Annotated[float, In("J/m^2", at_least=0.0), AfterValidator(_Within(1e-9, 1e3, "J/m^2", zero=True))]
Exponent = Annotated[float, In("1", above=0.0), AfterValidator(_Within(1e-3, 1e3))]
Power = Annotated[float, In("1", at_least=0.0), AfterValidator(_Within(1e-6, 1e3, zero=True))]
Threshold = Annotated[float, In("mV", above=0.0), AfterValidator(_Within(1e-6, 1e3, "V"))]
Part = Annotated[float, In("1", above=0.0), AfterValidator(_Within(1e-9, 1.0, below=True))]
Fineness = Annotated[float, In("1", above=0.0), AfterValidator(_Within(1e-6, 0.1))]
PerSecond = Annotated[float, In("1/s", at_least=0.0), AfterValidator(_Within(1e-30, 1e6, "1/s", zero=True))]
Stack = Annotated[float, In("MPa", at_least=0.0), AfterValidator(_Within(1.0, 1e13, "Pa", zero=True))]

#: parameters that are infinite where their mechanism is switched off
Switched = Literal["supply", "damage_current", "critical_overpotential", "lithium"]

#: what ``garnetlab simulate`` calls the tests, by the entry that describes them
KINDS = {
    "ladder": "ccd",
    "cycling": "cycling",
    "plating": "plating",
    "abuse": "abuse",
    "tafel": "tafel",
    "polarisation": "dc",
}


class ModelEntry(Record):
    """What a model of one face has in place of the model it starts from. What is not given stays as it is there."""

    base: str = Field(default="peng2025", description="calibrated model of the library, or another of the document")
    initial_contact: SomeShare | None = Field(default=None, description="true over apparent contact area at the start")
    charge_transfer_resistance: TransferResistance | None = Field(default=None, description="per true contact area")
    exchange_current_density: Current | None = Field(default=None, description="per true contact area, in its place")
    symmetry: Inside | None = Field(default=None, description="share of the overpotential that drives plating")
    film_resistance: Film | None = Field(default=None, description="in series with the charge transfer")
    kinetic_activation_energy: Energy | None = Field(default=None, description="of 1/R of charge transfer and film")
    double_layer_capacitance: ArealCapacitance | None = None
    height: Micrometres | None = Field(default=None, description="gap at which the last contact goes")
    contact_law: Literal["hemispheres", "linear"] | None = Field(default=None, description="how contact falls with gap")
    supply: Current | None = Field(default=None, description="what self-diffusion brings back, per true contact area")
    supply_activation_energy: Energy | None = None
    spread: Positive | None = Field(default=None, description="of the supply, as a share of it")
    load_sharing: Power | None = Field(default=None, description="power with which the supply grows as contact falls")
    irreversible: Share | None = Field(default=None, description="share of the lost volume that nothing closes")
    recovery: Share | None = Field(default=None, description="share of the plated metal that goes into gaps")
    smoothing: Nanometres | None = Field(default=None, description="gap below which recovery fades")
    closure: PerSecond | None = Field(default=None, description="first-order closure, beside creep")
    closure_activation_energy: Energy | None = None
    creep: Flag | None = Field(default=None, description="closure by creep of lithium under stack pressure")
    pressure: Stack | None = Field(default=None, description="of the stack")
    surface_energy: SurfaceEnergy | None = Field(default=None, description="0 switches capillarity off")
    smallest_radius: Micrometres | None = Field(
        default=None, description="of curvature of a gap that capillarity pulls"
    )
    particle_fraction: Share | None = Field(default=None, description="volume of inert particles in the lithium")
    particle_diameter: Micrometres | None = None
    particle_release: Share | None = Field(default=None, description="share of the particles that plating lifts off")
    damage_current: Current | None = Field(default=None, description="that shorts in one hour, per true contact area")
    damage_exponent: Exponent | None = None
    damage_activation_energy: Energy | None = Field(default=None, description="of the damage current")
    critical_overpotential: Threshold | None = Field(default=None, description="of plating, that starts a filament")
    lost_share: Part | None = Field(default=None, description="contact counts as lost below this share of the initial")
    lithium: ArealCharge | None = Field(default=None, description="of the electrode; without end if not given")
    potential: Potential | None = Field(default=None, description="at rest against lithium")
    reference_temperature: Kelvin | None = Field(default=None, description="at which the numbers hold")
    off: tuple[Switched, ...] = Field(default=(), description="mechanisms of the base that are switched off")
    note: str = ""

    @model_validator(mode="after")
    def _one_law(self) -> ModelEntry:
        given = {n: getattr(self, n) for n in ("charge_transfer_resistance", "exchange_current_density")}
        _one(given, "linear or Butler-Volmer kinetics", none=True)
        both = next((name for name in self.off if getattr(self, name) is not None), None)
        if both is not None:
            message = f"off = {both!r}: expected a mechanism without a number, but {both} is given. Leave one out."
            raise ValueError(message)
        return self

    def overrides(self) -> dict[str, float | str | bool]:
        """Return the parameters that are given, by their names in ``FaceModel``, in SI; those switched off as infinite."""
        plain = ("base", "note", "off")
        given = {name: value for name, value in self if name not in plain and value is not None}
        return given | dict.fromkeys(self.off, math.inf)


class LadderEntry(Record):
    """A ladder of current densities, up to the last one."""

    start: Current
    step: Current
    stop: Current
    cycles: Count = Field(default=1, description="at each current density")
    voltage_limit: Limit | None = None
    half_cycle_time: Span | None = Field(default=None, description="this or half_cycle_capacity")
    half_cycle_capacity: ArealCharge | None = None
    rest: Span | None = Field(default=None, description="after every half cycle")

    @model_validator(mode="after")
    def _buildable(self) -> LadderEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return ccd_ladder(**dict(self))


class CyclingEntry(Record):
    """Plating and stripping at one current density."""

    current_density: Current
    cycles: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None
    duration: Span | None = Field(default=None, description="of the whole test, in place of cycles")
    voltage_limit: Limit | None = None
    half_cycle_time: Span | None = Field(default=None, description="this or half_cycle_capacity")
    half_cycle_capacity: ArealCharge | None = None
    rest: Span | None = Field(default=None, description="after every half cycle")

    @model_validator(mode="after")
    def _buildable(self) -> CyclingEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return galvanostatic_cycling(**dict(self))


class PlatingEntry(Record):
    """Plating in one direction until time, charge or voltage end it."""

    current_density: Current
    duration: Span | None = None
    capacity: ArealCharge | None = None
    voltage_limit: Limit | None = None

    @model_validator(mode="after")
    def _buildable(self) -> PlatingEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return one_way_plating(**dict(self))


class AbuseEntry(Record):
    """Cycling, overcharge, cycling, over-discharge, cycling."""

    current_density: Current
    voltage: Limit = Field(description="of the overcharge; the over-discharge goes to its negative")
    longest: Span = Field(description="overcharge or over-discharge")
    cycles: Count = Field(default=5, description="before, between and after")
    half_cycle_time: Span | None = Field(default=None, description="this or half_cycle_capacity")
    half_cycle_capacity: ArealCharge | None = None
    rest: Span | None = Field(default=None, description="after every half cycle")

    @model_validator(mode="after")
    def _buildable(self) -> AbuseEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return abuse(**dict(self))


class TafelEntry(Record):
    """A slow linear sweep of the voltage."""

    start: Potential
    stop: Potential
    rate: Rate
    rest: Span | None = None

    @model_validator(mode="after")
    def _buildable(self) -> TafelEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return tafel_sweep(**dict(self))


class PolarisationEntry(Record):
    """A constant voltage."""

    voltage: Potential
    duration: Span
    rest: Span | None = None

    @model_validator(mode="after")
    def _buildable(self) -> PolarisationEntry:
        self.build()
        return self

    def build(self) -> Procedure:
        """Return the steps."""
        return dc_polarisation(**dict(self))


class SweepEntry(Record):
    """An impedance sweep, before and after the test."""

    high: Hertz = 1e6
    low: Hertz = 1e-2
    amplitude: Amplitude = 0.01
    points_per_decade: Count = 10

    @model_validator(mode="after")
    def _ordered(self) -> SweepEntry:
        if self.high <= self.low:
            message = f"high = {self.high:g} Hz: expected more than low, {self.low:g} Hz."
            raise ValueError(message)
        return self

    def step(self) -> ImpedanceStep:
        """Return the sweep as a step."""
        return ImpedanceStep(self.high, self.low, self.amplitude, self.points_per_decade)


class ExperimentEntry(Record):
    """One virtual test: a cell, what is done to it, and the model that answers."""

    cell: str = Field(description="name of a cell of the document")
    procedure: str | None = Field(default=None, description="name of a procedure of the document")
    steps: tuple[Sentence, ...] | None = Field(
        default=None, min_length=1, description="sentences, in place of a procedure"
    )
    ladder: LadderEntry | None = None
    cycling: CyclingEntry | None = None
    plating: PlatingEntry | None = None
    abuse: AbuseEntry | None = None
    tafel: TafelEntry | None = None
    polarisation: PolarisationEntry | None = None
    impedance: SweepEntry | None = Field(default=None, description="before and after the test; alone it is the test")
    model: str = Field(default="peng2025", description="calibrated model of the library or a model of the document")
    right_model: str | None = Field(default=None, description="of the right electrode, where it is another")
    level: Literal["mean-field", "population", "resolved"] = "mean-field"
    temperature: Kelvin | None = Field(default=None, description="in place of the procedure's and the cell's")
    noise: Noise = Field(default=0.0, description="standard deviation of the recorded voltage")
    period: Span | None = Field(default=None, description="between records")
    after_short: Pause = Field(default=0.0, description="how long the test goes on after a short")
    tolerance: Fineness = Field(default=0.01, description="relative, of the integration")
    seed: Seed = 0
    note: str = ""

    @model_validator(mode="after")
    def _one_test(self) -> ExperimentEntry:
        tests = {name: getattr(self, name) for name in ("procedure", "steps", *KINDS)}
        _one(tests, "what is done", none=self.impedance is not None)
        return self

    @property
    def kind(self) -> str:
        """What the test is called: a key of ``garnetlab simulate``; ``steps`` for sentences, ``eis`` for a sweep alone."""
        for name, kind in KINDS.items():
            if getattr(self, name) is not None:
                return kind
        return "eis" if self.procedure is None and self.steps is None else "steps"

    def build(self, procedures: Mapping[str, Procedure]) -> Procedure:
        """Return the steps of the test with its impedance sweeps and its temperature, where it gives one.

        Raises
        ------
        InvalidInput  if the test cannot be built, or the procedure has no such name among ``procedures``.
        """
        found = self._test(procedures)
        if self.impedance is not None:
            sweep = self.impedance.step()
            found = Procedure(steps=(str(sweep),)) if found is None else with_impedance(found, sweep)
        if found is None:  # the record refuses this already
            message = f"experiment = {self.cell!r}: expected a test. Add steps."
            raise InvalidInput(message)
        return found if self.temperature is None else found.model_copy(update={"temperature": self.temperature})

    def _test(self, procedures: Mapping[str, Procedure]) -> Procedure | None:
        if self.procedure is not None:
            if self.procedure not in procedures:
                message = (
                    f"procedure = {self.procedure!r}: no such procedure. Known: {', '.join(procedures) or 'none'}."
                )
                raise InvalidInput(message)
            return procedures[self.procedure]
        if self.steps is not None:
            return Procedure(steps=self.steps)
        given: list[Any] = [getattr(self, name) for name in KINDS if getattr(self, name) is not None]
        built: Procedure | None = given[0].build() if given else None
        return built
