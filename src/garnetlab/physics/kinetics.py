r"""Charge transfer of one one-electron reaction: Butler-Volmer, its inverse, its linear limit and its Tafel limit.

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
from garnetlab.physics._ranges import Floats, activated, plain, require_not_negative
from garnetlab.physics._table import ParameterRow, require_fraction, require_positive
from garnetlab.units import AreaResistance, CurrentDensity, Energy, Fraction, Real, Temperature, Voltage

__all__ = [
    "butler_volmer",
    "butler_volmer_overpotential",
    "charge_transfer_resistance",
    "exchange_current_density_at",
    "exchange_current_density_from_resistance",
    "tafel_slope",
]

_LARGEST = 600.0  # exp(600) is finite in float64
#: Newton steps that the inverse needs at most for any current and symmetry, and some to spare
_STEPS = 12
#: current over exchange current below which the overpotential is linear to rounding and its logarithm of no use
_LINEAR = 1e-200


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


def butler_volmer_overpotential(
    current_density: CurrentDensity,
    *,
    exchange: CurrentDensity,
    temperature: Temperature,
    symmetry: Fraction = 0.5,
    film_resistance: AreaResistance = 0.0,
) -> Voltage:
    """Return the overpotential [V] that drives a current: inverse of ``butler_volmer``, plus the drop over a film.

    For a symmetry of 1/2 it is 2 R T/F asinh(j/(2 j0)) + j R_film; otherwise found by Newton's method to rounding.

    Parameters
    ----------
    current_density: Per area of contact [A/m^2]; positive is anodic (strips lithium). Broadcasts with the others.
    exchange:        Exchange current density [A/m^2], > 0.
    temperature:     [K], > 0.
    symmetry:        Share of the overpotential that drives the cathodic direction, between 0 and 1.
    film_resistance: Of a film in series, per area of contact [ohm m^2], >= 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Newman & Thomas-Alyea (2004), eq. 8.10; the film is Ohm's law.

    Examples
    --------
    >>> round(butler_volmer_overpotential(13.71682, exchange=2.0, temperature=298.15), 6)
    0.1
    >>> round(butler_volmer_overpotential(-10.0, exchange=2.0, temperature=298.15, film_resistance=1e-3), 4)
    -0.0946
    """
    require_positive(exchange=exchange, temperature=temperature)
    require_fraction(symmetry=symmetry)
    require_not_negative(current_density=np.abs(current_density), film_resistance=film_resistance)
    current = np.asarray(current_density, dtype=np.float64)
    share = np.where(current < 0.0, symmetry, 1.0 - np.asarray(symmetry, dtype=np.float64))
    ratio = np.abs(current) / exchange
    even = np.all(share == 0.5)
    reduced = 2.0 * np.arcsinh(0.5 * ratio) if even else _reduced_overpotential(ratio, share)
    drop = current * film_resistance
    return plain(np.asarray(np.copysign(reduced, current) * units.R * temperature / units.F + drop))


def _reduced_overpotential(ratio: Floats, share: Floats) -> Floats:
    """Return x >= 0 with e^(b x) - e^((b - 1) x) = ratio, for the share b of the driven direction.

    The logarithm b x + ln(1 - e^-x) is concave and rises, so Newton's method rises to the root from any start below;
    ln(1 + b ratio)/(2 b) is one, since x e^(b x) >= ratio at the root.
    """
    driven = ratio > _LINEAR
    target = np.where(driven, ratio, 1.0)
    x = 0.5 * np.log1p(share * target) / share
    for _ in range(_STEPS):
        lost = -np.expm1(-x)
        x = x - (share * x + np.log(lost) - np.log(target)) * lost / (share * lost + np.exp(-x))
    return np.where(driven, x, ratio)


def exchange_current_density_at(
    temperature: Temperature, *, exchange: CurrentDensity, activation_energy: Energy, reference: Temperature
) -> CurrentDensity:
    """Return the exchange current density at another temperature [A/m^2], j0 exp[-Ea/k (1/T - 1/T0)].

    The activation energy of ln(T/R_ct) is that of j0; that of ln(1/R_ct) is smaller by k T (26 meV).

    Parameters
    ----------
    temperature:       [K], > 0. Broadcasts with the others.
    exchange:          At the reference temperature [A/m^2], > 0.
    activation_energy: Ea of j0 [J], >= 0.
    reference:         T0 [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Arrhenius law; Bard & Faulkner (2001), sec. 3.1.2.

    Examples
    --------
    >>> round(exchange_current_density_at(333.15, exchange=5.89, activation_energy=0.6 * units.eV, reference=298.15), 1)
    68.5
    """
    require_positive(exchange=exchange)
    return plain(
        np.asarray(exchange) * activated(temperature, activation_energy=activation_energy, reference=reference)
    )


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
    ParameterRow("film_resistance", "ohm m^2", 0.0, 0.0, 0.1, "none to 1000 ohm cm^2: span of the literature"),
    ParameterRow("activation_energy", "J", None, 6.4e-20, 1.12e-19, "0.4 to 0.7 eV: Peng et al. (2025) 0.58 and 0.61"),
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
        butler_volmer_overpotential,
        {"current_density": 13.71682, "exchange": 2.0, "temperature": 298.15, "symmetry": 0.5, "film_resistance": 1e-3},
        0.11371682,
        "the case of butler_volmer plus 13.71682 * 1e-3",
    ),
    (
        butler_volmer_overpotential,
        {"current_density": -3.5, "exchange": 2.0, "temperature": 298.15, "symmetry": 1 / 3, "film_resistance": 0.0},
        -0.05342622,
        "u - 1/u^2 = 1.75 for u = exp(x/3) = 2, so x = 3 ln 2; times 0.02569258 V by hand",
    ),
    (
        exchange_current_density_at,
        {"temperature": 333.15, "exchange": 10.0, "activation_energy": 0.5 * units.eV, "reference": 298.15},
        77.25419,
        "10 exp(5802.259 (1/298.15 - 1/333.15)) = 10 exp(2.0445161) by hand",
    ),
    (
        tafel_slope,
        {"temperature": 298.15, "symmetry": 0.5},
        0.1183187,
        "2 * 2.302585 * 0.0256926 V; 118 mV per decade, Bard & Faulkner (2001), sec. 3.4.3",
    ),
]
