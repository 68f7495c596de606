"""The living interface as a model with free numbers: what each variant frees, fixes and takes from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._face_model import FaceModel
from garnetlab.study._calibration import Parameter
from garnetlab.study._calibration_observations import InterfaceObservation

Floats = NDArray[np.float64]

#: the interface at which the relative contact is one: Li-10KCO, 32.5 ohm cm^2 at 25 °C [ohm m^2]
REFERENCE_RESISTANCE = 32.5e-4
REFERENCE_TEMPERATURE = 298.15
_MILLI = 10.0
_MICRO = 1e-6


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of an interface model at 25 °C. SI.

    Parameters
    ----------
    contact_exponent: q: relative contact = (resistance/32.5 ohm cm^2)^-q.
    supply:           Of true contact [A/m^2]; infinite: no contact loss.
    supply_energy:    [J].
    height:           [m].
    damage_exponent:  m.
    damage_current:   Median over cells [A/m^2]; infinite: no damage.
    damage_energy:    [J].
    scatter:          Standard deviation of ln damage_current from cell to cell (of ln supply where there is no damage).
    irreversible:     Share of the lost volume that nothing closes.
    kinetic_energy:   Of the true contact's charge transfer [J]: what the interface resistance has beyond it is contact
                      that grows on heating; None: contact does not depend on temperature.
    """

    contact_exponent: float = 0.0
    supply: float = math.inf
    supply_energy: float = 0.0
    height: float = 1.7e-6
    damage_exponent: float = 4.0
    damage_current: float = math.inf
    damage_energy: float = 0.0
    scatter: float = 0.1
    irreversible: float = 0.0
    kinetic_energy: float | None = None

    def contact(self, observation: InterfaceObservation) -> float:
        """Return the contact relative to the reference interface at 25 °C; it may exceed one."""
        found = math.pow(observation.resistance / REFERENCE_RESISTANCE, -self.contact_exponent)
        if self.kinetic_energy is None:
            return found
        return found * arrhenius(observation.interface_energy - self.kinetic_energy, observation.temperature)


def arrhenius(energy: float, temperature: float) -> float:
    """Return exp(-E/k (1/T - 1/T0)) from 25 °C; the energy [J] may be negative."""
    return math.exp(-energy / units.k_B * (1.0 / temperature - 1.0 / REFERENCE_TEMPERATURE))


#: free number -> field of ``Numbers``, factor to SI, and whether it is a logarithm
_FIELDS: dict[str, tuple[str, float, bool]] = {
    "contact_exponent": ("contact_exponent", 1.0, False),
    "ln_supply": ("supply", _MILLI, True),
    "supply_energy": ("supply_energy", units.eV, False),
    "ln_height": ("height", _MICRO, True),
    "ln_damage_exponent": ("damage_exponent", 1.0, True),
    "ln_damage_current": ("damage_current", _MILLI, True),
    "damage_energy": ("damage_energy", units.eV, False),
    "ln_scatter": ("scatter", 1.0, True),
    "ln_irreversible": ("irreversible", 1.0, True),
    "kinetic_energy": ("kinetic_energy", units.eV, False),
}


@dataclass(frozen=True, slots=True)
class InterfaceVariant:
    """A set of mechanisms: which numbers are free, which are fixed, and what is known about them from elsewhere.

    Parameters
    ----------
    name:       Short name.
    title:      One line that says which mechanisms act.
    parameters: Free numbers.
    fixed:      Fixed numbers by the name of a free one, in the same unit.
    face:       Further numbers of ``FaceModel``, SI: creep, surface_energy, load_sharing, contact_law, ...
    particles:  Whether the Li2O of the composite is swept onto the interface.
    scatter:    What scatters from cell to cell: "damage" current or "supply".
    only:       Observations it is calibrated on; all if empty.
    companion:  Whether the interlayer cell of ``_calibration_variants`` bounds the damage exponent.
    uses:       Knowledge from elsewhere, one sentence.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)
    face: Mapping[str, Any] = field(default_factory=dict)
    particles: bool = False
    scatter: Literal["damage", "supply"] = "damage"
    only: tuple[str, ...] = ()
    companion: bool = False
    uses: str = ""

    def __post_init__(self) -> None:
        for name in (*(p.name for p in self.parameters), *self.fixed):
            if name not in _FIELDS:
                message = f"variant {self.name}: parameter = {name!r}: expected one of {', '.join(_FIELDS)}."
                raise InvalidInput(message)

    def numbers(self, x: Sequence[float] | Floats) -> Numbers:
        """Return the numbers of the model at values of the free ones."""
        given = {**self.fixed, **dict(zip((p.name for p in self.parameters), map(float, x), strict=True))}
        out = {}
        for name, value in given.items():
            target, factor, logarithm = _FIELDS[name]
            out[target] = factor * (math.exp(value) if logarithm else value)
        return Numbers(**out)

    @property
    def free(self) -> int:
        """Number of parameters about which nothing is known from elsewhere."""
        return sum(not p.source for p in self.parameters)


class RowMaker:
    """Rows of numbers for the compiled kernels: a template per temperature and composition, filled with free numbers."""

    def __init__(self, variant: InterfaceVariant) -> None:
        self.variant = variant
        self._templates: dict[tuple[float, float], Floats] = {}

    def _template(self, observation: InterfaceObservation) -> Floats:
        key = (observation.temperature, observation.additive if self.variant.particles else 0.0)
        if key not in self._templates:
            self._templates[key] = face_model(
                self.variant, Numbers(supply=10.0, damage_current=10.0), 1.0, particles=key[1]
            ).row(key[0])
        return self._templates[key]

    def row(self, observation: InterfaceObservation, numbers: Numbers) -> Floats:
        """Return the numbers of one face; the damage in it is that of a cell with the median damage current."""
        p = self._template(observation).copy()
        temperature = observation.temperature
        p[kernel.THETA0], p[kernel.HEIGHT] = numbers.contact(observation), numbers.height
        if numbers.supply < math.inf:
            p[kernel.SUPPLY] = numbers.supply * arrhenius(numbers.supply_energy, temperature)
            p[kernel.SPREAD] *= p[kernel.SUPPLY] / 10.0
        else:
            p[kernel.VOLUME], p[kernel.SUPPLY], p[kernel.SPREAD] = 0.0, 1.0, 1.0
            p[kernel.GROWTH] = p[kernel.RELEASE] = p[kernel.AT_REST] = 0.0
        p[kernel.DEAD] = numbers.irreversible
        if numbers.damage_current < math.inf:
            p[kernel.DAMAGE] = 1.0 / (numbers.damage_current * arrhenius(numbers.damage_energy, temperature))
        else:
            p[kernel.DAMAGE] = 0.0
        p[kernel.POWER] = numbers.damage_exponent
        return p


def face_model(
    variant: InterfaceVariant,
    numbers: Numbers,
    contact: float,
    *,
    particles: float = 0.0,
    resistance: float = REFERENCE_RESISTANCE,
    reference_contact: float = 1.0,
) -> FaceModel:
    """Return the face as the virtual cells take it.

    Parameters
    ----------
    variant:           The mechanisms.
    numbers:           Their numbers; energies must not be negative here.
    contact:           Relative contact, ``numbers.contact(observation)``.
    particles:         Weight per cent of K2CO3 whose Li2O is swept onto the interface.
    resistance:        Area-specific resistance of the interface [ohm m^2].
    reference_contact: True contact fraction of the reference interface. Without load sharing nothing that is predicted
                       depends on it: supply and damage current are per true contact and scale with it.

    Raises
    ------
    InvalidInput  if the contact fraction exceeds one: take a smaller ``reference_contact``.
    """
    share = contact * reference_contact
    given: dict[str, Any] = {
        "initial_contact": share,
        "charge_transfer_resistance": resistance * share,
        "height": numbers.height,
        "supply": numbers.supply / reference_contact,
        "supply_activation_energy": numbers.supply_energy,
        "irreversible": numbers.irreversible,
        "damage_current": numbers.damage_current / reference_contact,
        "damage_exponent": numbers.damage_exponent,
        "damage_activation_energy": numbers.damage_energy,
    }
    if particles > 0.0:
        given |= {"particle_fraction": oxide_fraction(particles), "particle_release": 1.0}
    return FaceModel(**{**given, **variant.face})


#: molar masses [g/mol] and densities [g/cm^3] of lithium and its oxide (Materials Li, Li2O of the library), 3 Li2O per K2CO3
_K2CO3, _LI, _LI2O, _LI_DENSITY, _LI2O_DENSITY = 138.205, 6.94, 29.881, 0.534, 2.013


def oxide_fraction(additive: float) -> float:
    """Return the volume of Li2O per volume of lithium after full conversion of so many weight per cent of K2CO3."""
    moles = additive / _K2CO3
    lithium = (100.0 - additive - 6.0 * _LI * moles) / _LI_DENSITY
    return 3.0 * moles * _LI2O / _LI2O_DENSITY / lithium
