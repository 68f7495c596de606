"""What the models of living contact are given: mechanisms that every level shares, and the slab of the resolved one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._kinds import SurfaceEnergy
from garnetlab.physics._ranges import require_not_negative, require_part
from garnetlab.physics._table import require_fraction, require_positive
from garnetlab.units import (
    AreaResistance,
    Conductivity,
    CurrentDensity,
    Fraction,
    Frequency,
    Length,
    MolarEnergy,
    MolarVolume,
    Number,
    Pressure,
    Temperature,
    Voltage,
)

__all__ = ["ContactMechanisms", "CreepClosure", "ResolvedParameters"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CreepClosure:
    """Closure of gaps by power-law creep under stack pressure and surface energy, the law of ``physics.creep``.

    Parameters
    ----------
    pressure:              Of the stack [Pa], >= 0.
    surface_energy:        [J/m^2], >= 0; 0 switches capillarity off.
    reference_rate:        Strain rate [1/s] at the reference stress and temperature, > 0.
    reference_stress:      [Pa], > 0.
    exponent:              Of the stress, at least 1.
    activation_energy:     [J/mol], >= 0.
    reference_temperature: [K], > 0.
    smallest_radius:       Of a void [m], > 0: below it the surface pulls as there, so that a gap can open at all.
    """

    pressure: Pressure
    surface_energy: SurfaceEnergy
    reference_rate: Frequency
    reference_stress: Pressure
    exponent: Number
    activation_energy: MolarEnergy
    reference_temperature: Temperature
    smallest_radius: Length = 3e-7

    def __post_init__(self) -> None:
        require_not_negative(
            pressure=self.pressure, surface_energy=self.surface_energy, activation_energy=self.activation_energy
        )
        require_positive(
            reference_rate=self.reference_rate,
            reference_stress=self.reference_stress,
            reference_temperature=self.reference_temperature,
            smallest_radius=self.smallest_radius,
        )
        _require_at_least(1.0, exponent=self.exponent)


@dataclass(frozen=True, slots=True)
class ContactMechanisms:
    r"""What happens at a point of a face: kinetics, loss and return of contact, damage, and when the cell has failed.

    Give ``charge_transfer_resistance`` for linear or ``exchange_current_density`` for Butler-Volmer kinetics. With local
    contact chi, true current i = J/chi and gaps w (closable) and d (dead), volumes per area [m]:

    .. math:: \chi = \chi_0 f(\tfrac{w + d}{h}), \quad e = \chi (i - j_{sup}\theta^{-p})_+, \quad
              \dot w = (1 - \kappa)\tfrac{V_m}{F} S[e] - k_c w, \quad \dot d = \kappa \tfrac{V_m}{F} S[e]

    while stripping, and :math:`\dot w = -\epsilon \tfrac{V_m}{F} J w/(w + w_s) - k_c w` while plating.

    Parameters
    ----------
    height:                     h [m], > 0, at which the last contact goes.
    charge_transfer_resistance: Per true contact area [ohm m^2], > 0.
    exchange_current_density:   Per true contact area [A/m^2], > 0.
    temperature:                [K], of kinetics and creep. Every other number is that at this temperature.
    symmetry:                   Share of the overpotential that drives plating.
    contact_law:                "linear" for f = 1 - x, "hemispheres" for f = 1 - x^(2/3); see ``physics.voids``.
    load_sharing:               p >= 0: the supply grows as contact is lost and carries more of the stack load.
    irreversible:               kappa, share of the lost volume that no mechanism closes.
    recovery:                   eps, share of the plated metal that goes into gaps.
    smoothing:                  w_s [m], > 0.
    closure:                    k_c [1/s], >= 0, of first order; 0 where ``creep`` is given.
    creep:                      Closure by creep and capillarity instead.
    damage_current:             j_f [A/m^2] of ``physics.plating_damage``; None switches damage off.
    damage_exponent:            m, > 0.
    damage_norm:                p of the norm of the damage that shorts at 1: infinite for the worst pixel, a filament
                                that needs one spot; finite for the mean power over the initial contact.
    critical_overpotential:     [V] anywhere on the plated face at which a filament starts; None switches it off.
    end_fraction:               Contact is lost below this share of the initial contact fraction.
    molar_volume:               Of lithium [m^3/mol].

    Raises
    ------
    InvalidInput  if a number is out of its range, or the choice of kinetics or of closure is not clear.
    """

    height: Length
    charge_transfer_resistance: AreaResistance | None = None
    exchange_current_density: CurrentDensity | None = None
    temperature: Temperature = 298.15
    symmetry: Fraction = 0.5
    contact_law: Literal["linear", "hemispheres"] = "linear"
    load_sharing: Number = 0.0
    irreversible: Fraction = 0.0
    recovery: Fraction = 1.0
    smoothing: Length = 2e-8
    closure: Frequency = 0.0
    creep: CreepClosure | None = None
    damage_current: CurrentDensity | None = None
    damage_exponent: Number = 4.0
    damage_norm: Number = math.inf
    critical_overpotential: Voltage | None = None
    end_fraction: Fraction = 0.1
    molar_volume: MolarVolume = 12.97e-6

    def __post_init__(self) -> None:
        if (self.charge_transfer_resistance is None) == (self.exchange_current_density is None):
            message = (
                f"charge_transfer_resistance = {self.charge_transfer_resistance}, exchange_current_density = "
                f"{self.exchange_current_density}: expected exactly one, for linear or for Butler-Volmer kinetics."
            )
            raise InvalidInput(message)
        if self.contact_law not in ("linear", "hemispheres"):
            message = f"contact_law = {self.contact_law!r}: expected 'linear' or 'hemispheres'."
            raise InvalidInput(message)
        if self.creep is not None and self.closure != 0.0:
            message = f"closure = {self.closure:g} beside creep: expected one law of closure. Leave closure at 0."
            raise InvalidInput(message)
        require_positive(
            height=self.height,
            temperature=self.temperature,
            smoothing=self.smoothing,
            damage_exponent=self.damage_exponent,
            molar_volume=self.molar_volume,
            **_given(
                charge_transfer_resistance=self.charge_transfer_resistance,
                exchange_current_density=self.exchange_current_density,
                damage_current=self.damage_current,
                critical_overpotential=self.critical_overpotential,
            ),
        )
        require_not_negative(load_sharing=self.load_sharing, closure=self.closure)
        require_part(irreversible=self.irreversible, recovery=self.recovery)
        require_fraction(symmetry=self.symmetry, end_fraction=self.end_fraction)
        _require_at_least(1.0, infinite=True, damage_norm=self.damage_norm)


@dataclass(frozen=True, slots=True)
class ResolvedParameters:
    """The slab and the lengths of the resolved model, with the mechanisms at a point.

    Lengths that smooth are standard deviations of Gaussians, exactly conserving: 0 for none, infinite for the mean of the
    map. On the grid the vacancies take the heat kernel of the lattice, which has the same variance and is never
    negative.

    Parameters
    ----------
    mechanisms:      At a point.
    period:          Width of the maps along x [m]; pixels are square.
    thickness:       Of the slab [m], at least half the period: the faces do not feel each other's pattern.
    conductivity:    Of the slab [S/m]; infinite: the current is shared equally by all contact.
    smear_length:    l_v [m], over which vacancies spread before they join a gap.
    condensation:    beta >= 0: they join open gaps 1 + beta (1 - chi) times as readily.
    recovery_length: l_r [m], over which plated metal reaches gaps.
    closure_slowing: m >= 0: the closure slows as (1 - share of contact lost around)^m.
    void_length:     Size of that surrounding [m], > 0 where m > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.
    """

    mechanisms: ContactMechanisms
    period: Length
    thickness: Length
    conductivity: Conductivity = math.inf
    smear_length: Length = 0.0
    condensation: Number = 0.0
    recovery_length: Length = 0.0
    closure_slowing: Number = 0.0
    void_length: Length = 0.0

    def __post_init__(self) -> None:
        require_positive(period=self.period, thickness=self.thickness)
        require_not_negative(
            condensation=self.condensation, closure_slowing=self.closure_slowing, void_length=self.void_length
        )
        for name in ("conductivity", "smear_length", "recovery_length"):
            value = getattr(self, name)
            if not value >= 0.0 or (value == 0.0 and name == "conductivity"):
                message = f"{name} = {value}: expected a number > 0, or infinite; a length may be 0."
                raise InvalidInput(message)
        if self.conductivity < math.inf and self.thickness < 0.5 * self.period:
            message = (
                f"thickness = {self.thickness:g} m: expected at least half the period of {self.period:g} m, so that the "
                "faces do not feel each other's pattern. Take a smaller map."
            )
            raise InvalidInput(message)
        if self.closure_slowing > 0.0 and self.void_length == 0.0:
            message = "void_length = 0: expected a length > 0 where closure_slowing is given."
            raise InvalidInput(message)


def supply_levels(edges: Floats, law: str, relative_spread: float) -> Floats:
    """Return the means of a distribution of mean or median 1 between quantiles ``edges``, shape (len(edges) - 1,).

    ``relative_spread`` is the scale of a logistic, the standard deviation of a normal, or that of the logarithm of a
    lognormal distribution. What lies below zero counts as zero.

    Raises
    ------
    InvalidInput  if the law is not known.
    """
    from scipy.special import expit, ndtr, ndtri, xlogy

    width, s = np.diff(edges), relative_spread
    levels: Floats
    if law == "logistic":
        e = np.maximum(edges, expit(-1.0 / s) if s > 0.0 else 0.0)  # from where the quantile is above zero
        levels = (np.diff(e) + s * np.diff(xlogy(e, e) + xlogy(1.0 - e, 1.0 - e))) / width
        return levels
    if law == "normal":
        e = np.maximum(edges, ndtr(-1.0 / s) if s > 0.0 else 0.0)
        levels = (np.diff(e) - s * np.diff(np.exp(-0.5 * ndtri(e) ** 2)) / np.sqrt(2.0 * np.pi)) / width
        return levels
    if law == "lognormal":
        levels = np.exp(0.5 * s * s) * np.diff(ndtr(ndtri(edges) - s)) / width
        return levels
    message = f"law = {law!r}: expected 'logistic', 'normal' or 'lognormal'."
    raise InvalidInput(message)


def thermal_voltage(temperature: float) -> float:
    """Return R T/F [V]."""
    return units.R * temperature / units.F


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _require_at_least(least: float, *, infinite: bool = False, **values: Number) -> None:
    for name, value in values.items():
        if not value >= least or (value == math.inf and not infinite):
            message = f"{name} = {value}: expected a number of at least {least:g}."
            raise InvalidInput(message)
