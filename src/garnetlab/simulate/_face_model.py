"""One living face of lithium on garnet: every mechanism with its numbers at a reference temperature, each of them switchable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_material
from garnetlab.physics._ranges import activated, require_not_negative, require_part
from garnetlab.physics._table import require_fraction, require_positive
from garnetlab.simulate import _mean_field_compiled as kernel
from garnetlab.simulate._resolved_parameters import ContactMechanisms, CreepClosure

__all__ = ["FaceModel"]

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class FaceModel:
    """One face: kinetics, contact and its loss, closure, particles, and what shorts the cell. SI, at the reference.

    Parameters
    ----------
    initial_contact:            theta0, true over apparent contact area, more than 0 and at most 1.
    charge_transfer_resistance: Per true contact area [ohm m^2]: linear kinetics; this or the next.
    exchange_current_density:   Per true contact area [A/m^2]: Butler-Volmer kinetics.
    symmetry:                   Share of the overpotential that drives plating.
    film_resistance:            In series, per true contact area [ohm m^2].
    kinetic_activation_energy:  Of 1/R of charge transfer and film [J].
    double_layer_capacitance:   Per true contact area [F/m^2].
    height:                     h [m]: the gap (volume per area) at which the last contact goes.
    contact_law:                "hemispheres", theta0 [1 - (w/h)^(2/3)], or "linear", theta0 (1 - w/h).
    supply:                     j_sup [A/m^2] of true contact that self-diffusion brings back; infinite: no contact loss.
    supply_activation_energy:   [J].
    spread:                     Scale of the logistic distribution of supplies over its median, > 0.
    load_sharing:               p: supply ~ theta^-p, where contacts share the stack load.
    irreversible:               kappa, share of the lost volume that nothing closes.
    recovery:                   eps, share of the plated metal that goes into gaps.
    smoothing:                  w_s [m], gap below which recovery fades.
    closure:                    First-order closure [1/s], beside creep.
    closure_activation_energy:  [J].
    creep:                      Closure by power-law creep of lithium with the constants of the library.
    pressure:                   Of the stack [Pa].
    surface_energy:             [J/m^2] of lithium that pulls gaps shut; 0 switches capillarity off.
    smallest_radius:            [m]: below it a gap is a lens as wide as the roughness, and capillarity pulls as there.
    particle_fraction:          Volume of inert particles per volume of lithium; 0 for none.
    particle_diameter:          [m].
    particle_release:           Share of the particles that plated lithium lifts off.
    damage_current:             j_f [A/m^2] of true contact that shorts in an hour of plating; infinite: no damage.
    damage_exponent:            m.
    damage_activation_energy:   [J] of j_f.
    critical_overpotential:     [V] of the plated face at which a filament starts; infinite: none.
    lost_share:                 Contact counts as lost below this share of theta0.
    lithium:                    Areal charge of the electrode [C/m^2]; infinite: never used up.
    potential:                  Rest potential against lithium [V].
    reference_temperature:      [K].

    Raises
    ------
    InvalidInput  naming the number that is out of its range.
    """

    initial_contact: float
    charge_transfer_resistance: float | None = None
    exchange_current_density: float | None = None
    symmetry: float = 0.5
    film_resistance: float = 0.0
    kinetic_activation_energy: float = 0.0
    double_layer_capacitance: float = 0.05
    height: float = 1.7e-6
    contact_law: Literal["hemispheres", "linear"] = "hemispheres"
    supply: float = math.inf
    supply_activation_energy: float = 0.0
    spread: float = 0.25
    load_sharing: float = 0.0
    irreversible: float = 0.0
    recovery: float = 0.5
    smoothing: float = 2e-8
    closure: float = 0.0
    closure_activation_energy: float = 0.0
    creep: bool = True
    pressure: float = 0.2e6
    surface_energy: float = 0.46
    smallest_radius: float = 3e-7
    particle_fraction: float = 0.0
    particle_diameter: float = 1e-6
    particle_release: float = 0.0
    damage_current: float = math.inf
    damage_exponent: float = 4.0
    damage_activation_energy: float = 0.0
    critical_overpotential: float = math.inf
    lost_share: float = 0.1
    lithium: float = math.inf
    potential: float = 0.0
    reference_temperature: float = 298.15

    def __post_init__(self) -> None:
        if (self.charge_transfer_resistance is None) == (self.exchange_current_density is None):
            message = (
                f"charge_transfer_resistance = {self.charge_transfer_resistance}, exchange_current_density = "
                f"{self.exchange_current_density}: expected exactly one, for linear or for Butler-Volmer kinetics."
            )
            raise InvalidInput(message)
        if not 0.0 < self.initial_contact <= 1.0:
            message = f"initial_contact = {self.initial_contact:g}: expected a share, more than 0 and at most 1."
            raise InvalidInput(message)
        if self.contact_law not in ("hemispheres", "linear"):
            message = f"contact_law = {self.contact_law!r}: expected 'hemispheres' or 'linear'."
            raise InvalidInput(message)
        finite = ("height", "spread", "smoothing", "smallest_radius", "particle_diameter", "damage_exponent")
        require_positive(**{n: getattr(self, n) for n in (*finite, "reference_temperature")})
        given = ("charge_transfer_resistance", "exchange_current_density")
        require_positive(**{n: getattr(self, n) for n in given if getattr(self, n) is not None})
        for name in ("supply", "damage_current", "critical_overpotential", "lithium"):
            if not getattr(self, name) > 0.0:
                message = f"{name} = {getattr(self, name)}: expected a number > 0 in SI, or infinite to switch it off."
                raise InvalidInput(message)
        plain = ("film_resistance", "kinetic_activation_energy", "double_layer_capacitance", "supply_activation_energy")
        more = ("load_sharing", "closure", "closure_activation_energy", "pressure", "surface_energy")
        require_not_negative(**{n: getattr(self, n) for n in (*plain, *more, "damage_activation_energy")})
        require_part(
            **{n: getattr(self, n) for n in ("irreversible", "recovery", "particle_fraction", "particle_release")}
        )
        require_fraction(symmetry=self.symmetry, lost_share=self.lost_share)
        if not math.isfinite(self.potential):
            message = f"potential = {self.potential}: expected a finite number in volts."
            raise InvalidInput(message)

    def factor(self, energy: float, temperature: float) -> float:
        """Return exp(-E/k (1/T - 1/T0)) from the reference temperature."""
        found = activated(temperature, activation_energy=energy, reference=self.reference_temperature)
        return float(found)

    def transfer_resistance(self, temperature: float) -> float:
        """Return R_ct + R_film per true contact area at equilibrium [ohm m^2]."""
        slow = 1.0 / self.factor(self.kinetic_activation_energy, temperature)
        if self.charge_transfer_resistance is not None:
            return (self.charge_transfer_resistance + self.film_resistance) * slow
        at_reference = units.R * self.reference_temperature / (units.F * self._exchange())
        return (at_reference + self.film_resistance) * slow

    def _exchange(self) -> float:
        if self.exchange_current_density is None:
            message = "exchange_current_density = None: expected a number for Butler-Volmer kinetics."
            raise InvalidInput(message)
        return self.exchange_current_density

    def mechanisms(self, temperature: float) -> ContactMechanisms:
        """Return the same mechanisms at a temperature, as the population and the resolved level take them.

        Raises
        ------
        InvalidInput  if a mechanism is on that these levels do not have: particles.
        """
        if self.particle_fraction > 0.0:
            message = f"particle_fraction = {self.particle_fraction:g}: expected 0 at this level. Take the mean field."
            raise InvalidInput(message)
        if self.creep and self.closure > 0.0:
            message = (
                f"closure = {self.closure:g} beside creep: expected one of them at this level. Set creep to False."
            )
            raise InvalidInput(message)
        linear = self.charge_transfer_resistance is not None
        damage = self.damage_current * self.factor(self.damage_activation_energy, temperature)
        return ContactMechanisms(
            height=self.height,
            charge_transfer_resistance=self.transfer_resistance(temperature) if linear else None,
            exchange_current_density=None if linear else self._exchange_at(temperature),
            temperature=temperature,
            symmetry=self.symmetry,
            contact_law=self.contact_law,
            load_sharing=self.load_sharing,
            irreversible=self.irreversible,
            recovery=self.recovery,
            smoothing=self.smoothing,
            closure=self.closure * self.factor(self.closure_activation_energy, temperature),
            creep=self._creep() if self.creep else None,
            damage_current=damage if damage < math.inf else None,
            damage_exponent=self.damage_exponent,
            critical_overpotential=self.critical_overpotential if self.critical_overpotential < math.inf else None,
            end_fraction=self.lost_share,
            molar_volume=_lithium("molar_volume"),
        )

    def _exchange_at(self, temperature: float) -> float:
        """Return i0 per true contact area [A/m^2] such that R T/(F i0) is activated."""
        at_reference = units.R * self.reference_temperature / (units.F * self._exchange())
        slow = 1.0 / self.factor(self.kinetic_activation_energy, temperature)
        return units.R * temperature / (units.F * at_reference * slow)

    def _creep(self) -> CreepClosure:
        return CreepClosure(
            pressure=self.pressure,
            surface_energy=self.surface_energy,
            reference_rate=_lithium("creep_reference_rate"),
            reference_stress=_lithium("creep_reference_stress"),
            exponent=_lithium("creep_exponent"),
            activation_energy=_lithium("creep_activation_energy"),
            reference_temperature=298.15,
            smallest_radius=self.smallest_radius,
        )

    def row(self, temperature: float) -> NDArray[np.float64]:
        """Return the numbers that the compiled kernels of the mean field take, at a temperature."""
        return _row(self, temperature).copy()

    def _numbers(self, temperature: float) -> NDArray[np.float64]:
        p = np.zeros(kernel.WIDTH)
        law = 0.0 if self.contact_law == "linear" else 1.0
        p[kernel.THETA0], p[kernel.HEIGHT], p[kernel.LAW] = self.initial_contact, self.height, law
        volume = _lithium("molar_volume") / units.F
        if self.supply < math.inf:
            supply = self.supply * self.factor(self.supply_activation_energy, temperature)
            p[kernel.VOLUME], p[kernel.SUPPLY], p[kernel.SPREAD] = volume, supply, self.spread * supply
            p[kernel.AT_REST] = math.log1p(math.exp(-1.0 / self.spread))
        else:
            p[kernel.VOLUME], p[kernel.SUPPLY], p[kernel.SPREAD] = 0.0, 1.0, 1.0
        p[kernel.SHARING], p[kernel.DEAD] = self.load_sharing, self.irreversible
        p[kernel.RECOVERY], p[kernel.SMOOTHING] = self.recovery, self.smoothing
        p[kernel.FIRST] = self.closure * self.factor(self.closure_activation_energy, temperature)
        if self.creep:
            n = _lithium("creep_exponent")
            thermal = -_lithium("creep_activation_energy") / units.R * (1.0 / temperature - 1.0 / 298.15)
            rate = 1.5 * _lithium("creep_reference_rate") * math.exp(thermal)
            p[kernel.CREEP] = rate * (1.5 / (n * _lithium("creep_reference_stress"))) ** n
            p[kernel.STRESS], p[kernel.EXPONENT] = self.pressure, n
            p[kernel.PULL], p[kernel.SMALLEST] = 2.0 * self.surface_energy, self.smallest_radius
        if self.particle_fraction > 0.0:
            growth = 1.5 * self.particle_fraction * _lithium("molar_volume") / units.F / self.particle_diameter
            p[kernel.GROWTH] = growth
            p[kernel.RELEASE] = self.particle_release * _lithium("molar_volume") / units.F / self.particle_diameter
        if self.damage_current < math.inf:
            p[kernel.DAMAGE] = 1.0 / (self.damage_current * self.factor(self.damage_activation_energy, temperature))
        p[kernel.POWER], p[kernel.CLOCK] = self.damage_exponent, 1.0 / _HOUR
        slow = 1.0 / self.factor(self.kinetic_activation_energy, temperature)
        if self.charge_transfer_resistance is not None:
            p[kernel.TRANSFER] = self.charge_transfer_resistance * slow
        else:
            p[kernel.EXCHANGE] = self._exchange_at(temperature)
        p[kernel.SYMMETRY], p[kernel.FILM] = self.symmetry, self.film_resistance * slow
        p[kernel.THERMAL] = units.R * temperature / units.F
        share = 1.0 - self.lost_share
        p[kernel.LOST] = share if law == 0.0 else share**1.5
        p[kernel.CRITICAL] = self.critical_overpotential if self.critical_overpotential < math.inf else 0.0
        return p


@lru_cache(maxsize=256)
def _row(face: FaceModel, temperature: float) -> NDArray[np.float64]:
    return face._numbers(temperature)


_KNOWN: dict[str, float] = {}


def _lithium(name: str) -> float:
    """Return a constant of lithium from the library [SI]."""
    if name not in _KNOWN:
        _KNOWN[name] = float(load_material("Li").property(name, temperature=298.15)[0].value)
    return _KNOWN[name]
