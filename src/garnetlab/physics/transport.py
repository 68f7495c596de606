"""Conduction through a pellet: geometry, Arrhenius law, transference, leakage of electrons.

Source
------
J. Maier, Physical Chemistry of Ionic Materials, Wiley 2004; J. Newman, K. E. Thomas-Alyea, Electrochemical Systems,
3rd ed., Wiley 2004.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import (
    Area,
    ArealCharge,
    AreaResistance,
    Conductivity,
    ConductivityTemperature,
    Energy,
    Fraction,
    Length,
    MolarVolume,
    Number,
    Real,
    Resistance,
    Temperature,
    Time,
    Voltage,
)

__all__ = [
    "activation_energy_sigma",
    "area_specific_resistance",
    "arrhenius_conductivity",
    "arrhenius_conductivity_ln_sigma",
    "conductivity",
    "electronic_transference_number",
    "interface_asr_from_arc",
    "ionic_transference_number",
    "leakage_capacity",
    "pellet_area",
    "pellet_resistance",
    "plated_thickness",
]


def pellet_area(diameter: Length) -> Area:
    """Return the area [m^2] of one face of a round pellet of ``diameter`` [m].

    Raises
    ------
    InvalidInput  if the diameter is not finite and positive.

    Source
    ------
    Area of a circle.

    Examples
    --------
    >>> round(pellet_area(0.010) * 1e4, 4)
    0.7854
    """
    require_positive(diameter=diameter)
    return 0.25 * math.pi * diameter**2


def conductivity(resistance: Resistance, *, thickness: Length, area: Area) -> Conductivity:
    """Return sigma = L/(R A) [S/m] of a slab of ``thickness`` L [m] and face ``area`` A [m^2].

    Holds for a current that is uniform over the face: electrodes that cover it, contact everywhere.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Maier (2004), sec. 6.1: Ohm's law of a homogeneous slab.

    Examples
    --------
    >>> round(conductivity(245.0, thickness=1e-3, area=0.785e-4) / 100, 6)  # S/cm
    0.00052
    """
    require_positive(resistance=resistance, thickness=thickness, area=area)
    return thickness / (resistance * area)


def pellet_resistance(conductivity: Conductivity, *, thickness: Length, area: Area) -> Resistance:
    """Return R = L/(sigma A) [ohm]; inverse of ``conductivity``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    As for ``conductivity``.

    Examples
    --------
    >>> round(pellet_resistance(5.2e-2, thickness=1e-3, area=0.785e-4), 1)
    245.0
    """
    require_positive(conductivity=conductivity, thickness=thickness, area=area)
    return thickness / (conductivity * area)


def area_specific_resistance(resistance: Resistance, *, area: Area) -> AreaResistance:
    """Return R A [ohm m^2] of a resistance [ohm] that belongs to one face ``area`` [m^2].

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Definition.

    Examples
    --------
    >>> round(area_specific_resistance(100.0, area=1e-4), 6)
    0.01
    """
    require_positive(resistance=resistance, area=area)
    return resistance * area


def interface_asr_from_arc(resistance: Resistance, *, area: Area, interfaces: Number = 2) -> AreaResistance:
    """Return the area specific resistance [ohm m^2] of one interface from an arc that holds several alike.

    Parameters
    ----------
    resistance: Resistance of the arc [ohm], > 0.
    area:       Face of the cell [m^2], > 0.
    interfaces: How many like interfaces in series the arc holds: 2 in a symmetric cell.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Series of like resistances: ASR = R A/2 for a symmetric cell.

    Examples
    --------
    >>> round(interface_asr_from_arc(83.0, area=0.785e-4) / 1e-4, 1)
    32.6
    """
    require_positive(resistance=resistance, area=area, interfaces=interfaces)
    return resistance * area / interfaces


def _boltzmann(energy: Energy, temperature: Temperature) -> Real:
    factor = np.exp(-np.asarray(energy) / (units.k_B * np.asarray(temperature, dtype=np.float64)))
    return cast("Real", factor if np.ndim(factor) else float(factor))


def arrhenius_conductivity(
    temperature: Temperature, *, prefactor: ConductivityTemperature, activation_energy: Energy
) -> Conductivity:
    """Return sigma = (A/T) exp(-E/k_B T) [S/m], the law whose ln(sigma T) is straight over 1/T.

    Parameters
    ----------
    temperature:       [K], > 0.
    prefactor:         A [S K/m], > 0.
    activation_energy: E per ion [J], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Maier (2004), sec. 6.1.3: hopping with the Nernst-Einstein factor 1/T.

    Examples
    --------
    >>> round(arrhenius_conductivity(298.15, prefactor=2.8e7, activation_energy=0.37 * 1.602176634e-19), 4)
    0.0523
    """
    require_positive(temperature=temperature, prefactor=prefactor, activation_energy=activation_energy)
    return prefactor / temperature * _boltzmann(activation_energy, temperature)


def arrhenius_conductivity_ln_sigma(
    temperature: Temperature, *, prefactor: Conductivity, activation_energy: Energy
) -> Conductivity:
    """Return sigma = A exp(-E/k_B T) [S/m], the law whose ln(sigma) is straight over 1/T.

    Parameters
    ----------
    temperature:       [K], > 0.
    prefactor:         A [S/m], > 0.
    activation_energy: E per ion [J], > 0; smaller than that of ln(sigma T) by k_B T, see ``activation_energy_sigma``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    S. Arrhenius, Z. phys. Chem. 4 (1889) 226: the empirical form.

    Examples
    --------
    >>> round(arrhenius_conductivity_ln_sigma(298.15, prefactor=3.6e4, activation_energy=0.344 * 1.602176634e-19), 4)
    0.0551
    """
    require_positive(temperature=temperature, prefactor=prefactor, activation_energy=activation_energy)
    return prefactor * _boltzmann(activation_energy, temperature)


def activation_energy_sigma(activation_energy: Energy, *, temperature: Temperature) -> Energy:
    """Return the slope [J] that ln(sigma) has at ``temperature`` where ln(sigma T) has ``activation_energy``: E - k_B T.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Derivative of ln(A/T) - E/(k_B T) by -1/(k_B T).

    Examples
    --------
    >>> round(activation_energy_sigma(0.37 * 1.602176634e-19, temperature=298.15) / 1.602176634e-19, 4)
    0.3443
    """
    require_positive(activation_energy=activation_energy, temperature=temperature)
    return activation_energy - units.k_B * temperature


def electronic_transference_number(electronic: Conductivity, *, ionic: Conductivity) -> Fraction:
    """Return the share of the electronic in the total conductivity.

    Parameters
    ----------
    electronic: Electronic conductivity [S/m], > 0.
    ionic:      Ionic conductivity [S/m], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Maier (2004), sec. 6.1: t_e = sigma_e/(sigma_e + sigma_i).

    Examples
    --------
    >>> electronic_transference_number(1.0, ionic=3.0)
    0.25
    """
    require_positive(electronic=electronic, ionic=ionic)
    return electronic / (electronic + ionic)


def ionic_transference_number(ionic: Conductivity, *, electronic: Conductivity) -> Fraction:
    """Return the share of the ionic in the total conductivity; with ``electronic_transference_number`` it adds to 1.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Maier (2004), sec. 6.1: t_i = sigma_i/(sigma_e + sigma_i).

    Examples
    --------
    >>> ionic_transference_number(3.0, electronic=1.0)
    0.75
    """
    require_positive(electronic=electronic, ionic=ionic)
    return ionic / (electronic + ionic)


def leakage_capacity(electronic: Conductivity, *, voltage: Voltage, thickness: Length, duration: Time) -> ArealCharge:
    """Return the charge [C/m^2] that electrons carry through a slab in ``duration``: sigma_e V t/L.

    Parameters
    ----------
    electronic: Electronic conductivity [S/m], > 0, taken as uniform. Grain boundaries may leak more.
    voltage:    Over the slab [V], its magnitude > 0.
    thickness:  Of the slab [m], > 0.
    duration:   [s], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Ohm's law of a homogeneous slab; F. Han et al., Nat. Energy 4 (2019) 187, for why it matters.

    Examples
    --------
    >>> leakage_capacity(1e-6, voltage=0.05, thickness=1e-3, duration=3600.0)
    0.18
    """
    require_positive(electronic=electronic, voltage=voltage, thickness=thickness, duration=duration)
    return electronic * voltage * duration / thickness


def plated_thickness(charge: ArealCharge, *, molar_volume: MolarVolume) -> Length:
    """Return the thickness [m] of monovalent metal that ``charge`` [C/m^2] plates: q V_m/F.

    Raises
    ------
    InvalidInput  if a number is not finite or negative, or the molar volume is not positive.

    Source
    ------
    Faraday's law, Newman & Thomas-Alyea (2004), sec. 1.2.

    Examples
    --------
    >>> round(plated_thickness(36e3, molar_volume=12.97e-6) * 1e6, 2)  # 1 mAh/cm^2 of lithium, in um
    4.84
    """
    require_positive(molar_volume=molar_volume)
    if not np.all(np.isfinite(charge) & (np.asarray(charge) >= 0)):
        message = f"charge = {charge}: expected a finite charge >= 0 C/m^2. 1 mAh/cm^2 = 36000 C/m^2."
        raise InvalidInput(message)
    return charge * molar_volume / units.F


PARAMETERS = (
    ParameterRow("conductivity", "S/m", None, 1e-6, 1.0, "garnets: 1e-8 to 1e-2 S/cm"),
    ParameterRow("activation_energy", "J", None, 1.6e-20, 2.4e-19, "0.1 to 1.5 eV: ion conductors"),
    ParameterRow("interfaces", "1", 2.0, 1.0, 2.0, "a symmetric cell has two"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (pellet_area, {"diameter": 0.010}, 7.853982e-5, "pi/4 cm^2"),
    (
        conductivity,
        {"resistance": 245.0, "thickness": 1e-3, "area": 0.785e-4},
        0.0519953,
        "1e-3/(245 * 0.785e-4) by hand",
    ),
    (
        pellet_resistance,
        {"conductivity": 0.052, "thickness": 1e-3, "area": 0.785e-4},
        244.978,
        "1e-3/(0.052 * 0.785e-4) by hand",
    ),
    (area_specific_resistance, {"resistance": 100.0, "area": 1e-4}, 0.01, "definition, by hand"),
    (
        interface_asr_from_arc,
        {"resistance": 83.0, "area": 0.785e-4, "interfaces": 2.0},
        3.257750e-3,
        "83 * 0.785e-4/2 by hand",
    ),
    (
        arrhenius_conductivity,
        {"temperature": 298.15, "prefactor": 2.8e7, "activation_energy": 0.37 * units.eV},
        0.0522912,
        "2.8e7/298.15 exp(-14.401045), E/(k_B T) by hand",
    ),
    (
        arrhenius_conductivity_ln_sigma,
        {"temperature": 298.15, "prefactor": 3.6e4, "activation_energy": 0.344 * units.eV},
        0.0551441,
        "3.6e4 exp(-13.389080), E/(k_B T) by hand",
    ),
    (
        activation_energy_sigma,
        {"activation_energy": 0.37 * units.eV, "temperature": 298.15},
        0.3443074 * units.eV,
        "0.37 eV - 25.6926 meV by hand",
    ),
    (electronic_transference_number, {"electronic": 1e-6, "ionic": 3e-6}, 0.25, "1/(1 + 3)"),
    (ionic_transference_number, {"electronic": 1e-6, "ionic": 3e-6}, 0.75, "3/(1 + 3)"),
    (
        leakage_capacity,
        {"electronic": 1e-6, "voltage": 0.05, "thickness": 1e-3, "duration": 3600.0},
        0.18,
        "1e-6 * 0.05 * 3600/1e-3 by hand",
    ),
    (plated_thickness, {"charge": 36000.0, "molar_volume": 12.97e-6}, 4.83928e-6, "36000 * 12.97e-6/96485.33 by hand"),
]
