r"""What a short circuit looks like from outside: a resistance of finite size beside the cell.

.. math:: R_s = \frac{1}{N \pi r^2}\left[\rho\,(L - g) + \frac{g}{\sigma_g}\right], \qquad
          V = j\, \frac{R_c R_s}{R_c + R_s}

for N filaments of radius r across a pellet of thickness L. Without gap they are metal (hard short, tens of ohm for one
of a micrometre across a millimetre); with a gap g of ceramic left the rest is crossed by ions or electrons of
conductivity sigma_g (soft short). Cell and short are parallel paths for the current. A sound pellet still leaks
electrons.

Constriction at the ends of the filament, a few per mille of its length, is left out.

Source
------
Ohm's and Kirchhoff's laws; resistivity of lithium: CRC Handbook of Chemistry and Physics, 95th ed. (2014).
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._kinds import Resistivity
from garnetlab.physics._ranges import plain, require_not_negative
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import (
    AreaResistance,
    Conductivity,
    CurrentDensity,
    Fraction,
    Length,
    Number,
    Resistance,
    Voltage,
)

__all__ = ["filament_radius", "leakage_current", "short_current_share", "short_resistance", "shorted_voltage"]


def short_resistance(
    radius: Length,
    *,
    length: Length,
    resistivity: Resistivity,
    count: Number = 1.0,
    gap: Length = 0.0,
    gap_conductivity: Conductivity | None = None,
) -> Resistance:
    """Return the resistance [ohm] of filaments across a pellet: hard without gap, soft with one.

    Parameters
    ----------
    radius:           r of a filament [m], > 0. Broadcasts with the others.
    length:           L, thickness of the pellet [m], > 0.
    resistivity:      Of the metal [ohm m], > 0: 9.28e-8 for lithium.
    count:            Filaments side by side N, > 0; a share of one means a thinner one.
    gap:              Ceramic left between the tip and the far electrode g [m], >= 0, less than the length.
    gap_conductivity: Of that rest [S/m], > 0: ionic while the tip still plates, electronic where it does not. Needed
                      with a gap.

    Raises
    ------
    InvalidInput  if a number is out of its range, or a gap has no conductivity.

    Source
    ------
    Ohm's law of a cylinder; the series of metal and rest is an own model.

    Examples
    --------
    >>> round(short_resistance(1e-6, length=1e-3, resistivity=9.28e-8), 1)  # hard
    29.5
    >>> round(short_resistance(1e-6, length=1e-3, resistivity=9.28e-8, gap=1e-9, gap_conductivity=0.052))  # soft
    6151
    """
    require_positive(radius=radius, length=length, resistivity=resistivity, count=count)
    require_not_negative(gap=gap)
    rest = np.asarray(gap, dtype=np.float64)
    if not np.all(rest < length):
        message = f"gap = {rest.max():g} m: expected less than the length, {np.min(length):g} m."
        raise InvalidInput(message)
    along = resistivity * (np.asarray(length, dtype=np.float64) - rest)
    if np.any(rest > 0.0):
        if gap_conductivity is None:
            message = f"gap = {rest.max():g} m: expected a gap_conductivity with it. Give that of the ceramic in S/m."
            raise InvalidInput(message)
        require_positive(gap_conductivity=gap_conductivity)
        along = along + rest / gap_conductivity
    return plain(along / (count * math.pi * np.asarray(radius, dtype=np.float64) ** 2))


def filament_radius(resistance: Resistance, *, length: Length, resistivity: Resistivity, count: Number = 1.0) -> Length:
    """Return the radius [m] of equal metal filaments of a measured hard short, sqrt(rho L/(N pi R)).

    Parameters
    ----------
    resistance:  Of the short [ohm], > 0, without leads.
    length:      Thickness of the pellet [m], > 0.
    resistivity: Of the metal [ohm m], > 0.
    count:       Filaments side by side, > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Inverse of ``short_resistance``.

    Examples
    --------
    >>> round(filament_radius(29.5, length=1e-3, resistivity=9.28e-8) * 1e6, 2)  # micrometre
    1.0
    """
    require_positive(resistance=resistance, length=length, resistivity=resistivity, count=count)
    section = np.asarray(resistivity, dtype=np.float64) * length / (count * np.asarray(resistance))
    return plain(np.sqrt(section / math.pi))


def shorted_voltage(
    current_density: CurrentDensity, *, cell_resistance: AreaResistance, short_resistance: AreaResistance
) -> Voltage:
    """Return the voltage of a symmetric cell with a short beside it [V], j R_c R_s/(R_c + R_s).

    Parameters
    ----------
    current_density:  Total current per area of electrode [A/m^2], either sign. Broadcasts with the others.
    cell_resistance:  Of the sound cell [ohm m^2], > 0: pellet and both faces.
    short_resistance: Of the short times the area of the electrode [ohm m^2], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Kirchhoff's laws.

    Examples
    --------
    >>> round(shorted_voltage(2.0, cell_resistance=0.025, short_resistance=0.0025) * 1e3, 2)  # mV, 50 without it
    4.55
    """
    require_positive(cell_resistance=cell_resistance, short_resistance=short_resistance)
    require_not_negative(current_density=np.abs(current_density))
    together = 1.0 / (1.0 / np.asarray(cell_resistance, dtype=np.float64) + 1.0 / np.asarray(short_resistance))
    return plain(np.asarray(current_density) * together)


def short_current_share(cell_resistance: AreaResistance, *, short_resistance: AreaResistance) -> Fraction:
    """Return the share of the current that passes through the short, R_c/(R_c + R_s).

    Parameters
    ----------
    cell_resistance:  Of the sound cell [ohm m^2], > 0.
    short_resistance: Of the short times the area of the electrode [ohm m^2], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Kirchhoff's laws.

    Examples
    --------
    >>> round(short_current_share(0.025, short_resistance=0.0025), 3)
    0.909
    """
    require_positive(cell_resistance=cell_resistance, short_resistance=short_resistance)
    return plain(1.0 / (1.0 + np.asarray(short_resistance, dtype=np.float64) / cell_resistance))


def leakage_current(voltage: Voltage, *, electronic: Conductivity, thickness: Length) -> CurrentDensity:
    """Return the electronic current through a sound pellet [A/m^2], sigma_e V/L, of the sign of the voltage.

    Parameters
    ----------
    voltage:    Across the pellet [V], either sign. Broadcasts with the others.
    electronic: Electronic conductivity [S/m], > 0.
    thickness:  L [m], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Ohm's law of a homogeneous slab.

    Examples
    --------
    >>> round(leakage_current(1.0, electronic=5.16e-8, thickness=1e-3) * 100, 4)  # nA/cm^2 are 1e-5 A/m^2
    0.0052
    """
    require_positive(electronic=electronic, thickness=thickness)
    require_not_negative(voltage=np.abs(voltage))
    return plain(np.asarray(voltage, dtype=np.float64) * electronic / thickness)


PARAMETERS = (
    ParameterRow("radius", "m", None, 1e-8, 1e-4, "assumed: grain boundary film to crack"),
    ParameterRow("resistivity", "ohm m", None, 9.23e-8, 9.33e-8, "lithium at 20 degC, CRC Handbook (2014), recalled"),
    ParameterRow("count", "1", 1.0, 1.0, 1e3, "one filament unless told otherwise"),
    ParameterRow("gap", "m", 0.0, 0.0, 1e-6, "hard short unless told otherwise"),
    ParameterRow("gap_conductivity", "S/m", None, 5e-8, 0.1, "LLZTO: electronic, ionic; Peng et al. (2025)"),
    ParameterRow("electronic", "S/m", None, 1e-9, 1e-5, "garnets; 5.16e-8 S/m Peng et al. (2025)"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        short_resistance,
        {"radius": 1e-6, "length": 1e-3, "resistivity": 9.28e-8, "count": 2.0, "gap": 0.0, "gap_conductivity": None},
        14.76958,
        "9.28e-11/(2 pi 1e-12) by hand",
    ),
    (
        short_resistance,
        {"radius": 1e-6, "length": 1e-3, "resistivity": 9.28e-8, "count": 1.0, "gap": 1e-8, "gap_conductivity": 0.05},
        63691.5,
        "(9.28e-11 * 0.99999 + 2e-7)/(pi 1e-12) by hand",
    ),
    (
        filament_radius,
        {"resistance": 14.76958, "length": 1e-3, "resistivity": 9.28e-8, "count": 2.0},
        1e-6,
        "inverse of the first case",
    ),
    (
        shorted_voltage,
        {"current_density": 2.0, "cell_resistance": 0.03, "short_resistance": 0.01},
        0.015,
        "2 * 0.0003/0.04",
    ),
    (short_current_share, {"cell_resistance": 0.03, "short_resistance": 0.01}, 0.75, "0.03/0.04"),
    (leakage_current, {"voltage": -1.0, "electronic": 5.16e-8, "thickness": 1e-3}, -5.16e-5, "-5.16e-8/1e-3"),
]
