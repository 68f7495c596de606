r"""Charge transfer of one one-electron reaction: Butler-Volmer, its linear limit and its Tafel limit.

.. math:: j = j_0 [e^{(1-a) F \eta/RT} - e^{-a F \eta/RT}]

with the exchange current density j_0, the overpotential eta and the symmetry factor a of the cathodic direction. Valid
where the reaction alone limits the current: no ohmic drop, no depletion, one rate-determining step.

Source
------
J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed., Wiley 2004, ch. 8; A. J. Bard, L. R. Faulkner,
Electrochemical Methods, 2nd ed., Wiley 2001, sec. 3.4.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._table import ParameterRow, require_fraction, require_positive
from garnetlab.units import AreaResistance, CurrentDensity, Fraction, Real, Temperature, Voltage

__all__ = [
    "butler_volmer",
    "charge_transfer_resistance",
    "exchange_current_density_from_resistance",
    "tafel_slope",
]

_LARGEST = 600.0  # exp(600) is finite in float64


def butler_volmer(
    overpotential: Voltage, *, exchange: CurrentDensity, temperature: Temperature, symmetry: Fraction = 0.5
) -> CurrentDensity:
    """Return the net current density [A/m^2] of a one-electron reaction; positive is anodic (strips lithium).

    Parameters
    ----------
    overpotential: Electrode minus equilibrium potential [V]; positive strips lithium. Broadcasts with the others.
    exchange:      Exchange current density [A/m^2], > 0.
    temperature:   [K], > 0.
    symmetry:      Share of the overpotential that drives the cathodic direction, between 0 and 1.

    Raises
    ------
    InvalidInput  if a number is out of its range, or abs(overpotential) exceeds 600 R T/F (about 15 V at 25 degC).

    Source
    ------
    Newman & Thomas-Alyea (2004), eq. 8.10; Bard & Faulkner (2001), eq. 3.4.11.

    Examples
    --------
    >>> butler_volmer(0.0, exchange=2.0, temperature=298.15)
    0.0
    >>> round(butler_volmer(0.1, exchange=2.0, temperature=298.15), 2)
    13.72
    """
    require_positive(exchange=exchange, temperature=temperature)
    require_fraction(symmetry=symmetry)
    reduced = units.F * np.asarray(overpotential, dtype=np.float64) / (units.R * np.asarray(temperature))
    if not np.all(np.abs(reduced) <= _LARGEST):
        message = f"overpotential = {overpotential} V: expected a finite number within {_LARGEST:g} R T/F. Pass volts, not mV."
        raise InvalidInput(message)
    a = np.asarray(symmetry)
    current = exchange * (np.expm1((1 - a) * reduced) - np.expm1(-a * reduced))
    return cast("Real", current if np.ndim(current) else float(current))


def charge_transfer_resistance(exchange: CurrentDensity, *, temperature: Temperature) -> AreaResistance:
    """Return R T/(F j0) [ohm m^2], the slope of the overpotential with current at equilibrium.

    Parameters
    ----------
    exchange:    Exchange current density [A/m^2], > 0, per area of the face that the resistance is given for.
    temperature: [K], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Bard & Faulkner (2001), eq. 3.4.13 with n = 1.

    Examples
    --------
    >>> round(charge_transfer_resistance(5.89, temperature=298.15) / 1e-4, 1)  # ohm cm^2 at 0.589 mA/cm^2
    43.6
    """
    require_positive(exchange=exchange, temperature=temperature)
    return units.R * temperature / (units.F * exchange)


def exchange_current_density_from_resistance(resistance: AreaResistance, *, temperature: Temperature) -> CurrentDensity:
    """Return j0 = R T/(F R_ct) [A/m^2]; inverse of ``charge_transfer_resistance``.

    Parameters
    ----------
    resistance:  Charge transfer resistance of one face [ohm m^2], > 0.
    temperature: [K], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Bard & Faulkner (2001), eq. 3.4.13 with n = 1.

    Examples
    --------
    >>> round(exchange_current_density_from_resistance(43.6e-4, temperature=298.15), 2)
    5.89
    """
    require_positive(resistance=resistance, temperature=temperature)
    return units.R * temperature / (units.F * resistance)


def tafel_slope(temperature: Temperature, *, symmetry: Fraction = 0.5) -> Voltage:
    """Return the overpotential per decade of current [V], ln(10) R T/(a F), far from equilibrium.

    Parameters
    ----------
    temperature: [K], > 0.
    symmetry:    Factor of the direction looked at, between 0 and 1 (a cathodic, 1 - a anodic).

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Bard & Faulkner (2001), eq. 3.4.17.

    Examples
    --------
    >>> round(tafel_slope(298.15) * 1e3)
    118
    """
    require_positive(temperature=temperature)
    require_fraction(symmetry=symmetry)
    return math.log(10.0) * units.R * temperature / (symmetry * units.F)


PARAMETERS = (
    ParameterRow("exchange", "A/m^2", None, 1e-3, 1e3, "Li on garnet 0.1 to 100 A/m^2: span of the literature"),
    ParameterRow("temperature", "K", 298.15, 243.15, 453.69, "from -30 degC to the melting point of lithium"),
    ParameterRow("symmetry", "1", 0.5, 0.3, 0.7, "Bard & Faulkner (2001), sec. 3.3.4"),
)

#: (function, inputs, expected, source); by hand with F/(R T) = 38.92174 1/V at 298.15 K
REFERENCE_CASES = [
    (
        butler_volmer,
        {"overpotential": 0.1, "exchange": 2.0, "temperature": 298.15, "symmetry": 0.5},
        13.71682,
        "2 * 2 sinh(0.05 * 38.92174) by hand",
    ),
    (
        charge_transfer_resistance,
        {"exchange": 5.89, "temperature": 298.15},
        43.62068e-4,
        "0.0256926 V/5.89 A/m^2; Peng et al. (2025) print i0 = 0.589 mA/cm^2",
    ),
    (
        exchange_current_density_from_resistance,
        {"resistance": 43.62068e-4, "temperature": 298.15},
        5.89,
        "inverse of the case of charge_transfer_resistance",
    ),
    (
        tafel_slope,
        {"temperature": 298.15, "symmetry": 0.5},
        0.1183187,
        "2 * 2.302585 * 0.0256926 V; 118 mV per decade, Bard & Faulkner (2001), sec. 3.4.3",
    ),
]
