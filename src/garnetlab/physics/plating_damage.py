r"""Slow damage of the ceramic under a plated face: a power law of the true current density, short at damage 1.

.. math:: \dot D = \frac{1}{t_0} \left(\frac{j}{\theta\, j_f}\right)^m

with the current density j per area of electrode, the contact fraction theta of the plated face, the damage current j_f
at which t_0 of plating shorts the cell, and the exponent m. Damage adds up whatever the order of the currents (Miner's
rule) and does not heal. It says nothing of the cause: slow growth of cracks filled with lithium gives such a law with
the exponent of stress corrosion.

Source
------
M. A. Miner, J. Appl. Mech. 12 (1945) A159 (linear damage); a power law for slow growth: S. M. Wiederhorn, J. Am. Ceram.
Soc. 50 (1967) 407; A. Lowack, arXiv:2603.20113 (subcritical growth of dendrites by stress corrosion; abstract seen).
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._ranges import activated, plain, require_not_negative, require_share
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import CurrentDensity, Energy, Fraction, Frequency, Number, Temperature, Time

__all__ = ["damage_current_at", "damage_rate", "exponent_from_lives", "plating_life"]


def damage_rate(
    current_density: CurrentDensity,
    *,
    contact_fraction: Fraction,
    damage_current: CurrentDensity,
    exponent: Number,
    reference_time: Time = 3600.0,
) -> Frequency:
    """Return the rate of damage [1/s] under a plated face, (j/(theta j_f))^m/t_0.

    Parameters
    ----------
    current_density:  Plating current per area of electrode [A/m^2], >= 0. Broadcasts with the others.
    contact_fraction: theta of the plated face, more than 0 and at most 1.
    damage_current:   True current density j_f [A/m^2], > 0, that shorts the cell after the reference time of plating.
    exponent:         m, > 0.
    reference_time:   t_0 [s], > 0: an hour.

    Raises
    ------
    InvalidInput  if a number is out of its range or the rate exceeds every number.

    Source
    ------
    Own law, see the module: linear damage after Miner (1945).

    Examples
    --------
    >>> round(damage_rate(2.0, contact_fraction=0.1, damage_current=45.0, exponent=5.0) * 3600, 4)  # per hour
    0.0173
    """
    require_not_negative(current_density=current_density)
    require_share(contact_fraction=contact_fraction)
    require_positive(damage_current=damage_current, exponent=exponent, reference_time=reference_time)
    with np.errstate(over="ignore"):
        true = np.asarray(current_density, dtype=np.float64) / contact_fraction
        rate = (true / damage_current) ** exponent / reference_time
    if not np.all(np.isfinite(rate)):
        message = f"current_density = {np.max(current_density):g} A/m^2: the damage exceeds every number. Check units."
        raise InvalidInput(message)
    return plain(rate)


def plating_life(
    current_density: CurrentDensity,
    *,
    contact_fraction: Fraction,
    damage_current: CurrentDensity,
    exponent: Number,
    reference_time: Time = 3600.0,
) -> Time:
    """Return how long one face can be plated at a steady current before damage is 1 [s], infinite without current.

    In symmetric cycling each face is plated half of the time, so the cell lives twice as long.

    Parameters
    ----------
    current_density, contact_fraction, damage_current, exponent, reference_time:  as ``damage_rate``.

    Raises
    ------
    InvalidInput  as ``damage_rate``.

    Source
    ------
    Inverse of ``damage_rate``.

    Examples
    --------
    >>> round(plating_life(2.0, contact_fraction=0.1, damage_current=45.0, exponent=5.0) / 3600, 1)  # hours
    57.7
    """
    rate = damage_rate(
        current_density,
        contact_fraction=contact_fraction,
        damage_current=damage_current,
        exponent=exponent,
        reference_time=reference_time,
    )
    moving = np.asarray(rate) > 0.0
    return plain(np.where(moving, 1.0 / np.where(moving, rate, 1.0), math.inf))


def damage_current_at(
    temperature: Temperature, *, damage_current: CurrentDensity, activation_energy: Energy, reference: Temperature
) -> CurrentDensity:
    """Return the damage current at another temperature [A/m^2], j_f exp[-Ea/k (1/T - 1/T0)].

    Parameters
    ----------
    temperature:       [K], > 0. Broadcasts with the others.
    damage_current:    At the reference temperature [A/m^2], > 0.
    activation_energy: Ea [J], >= 0; 0 for a damage that knows no temperature.
    reference:         T0 [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Arrhenius law.

    Examples
    --------
    >>> damage_current_at(333.15, damage_current=45.0, activation_energy=0.0, reference=298.15)
    45.0
    """
    require_positive(damage_current=damage_current)
    factor = activated(temperature, activation_energy=activation_energy, reference=reference)
    return plain(np.asarray(damage_current) * factor)


def exponent_from_lives(life: Time, *, current_ratio: Number, other_life: Time) -> Number:
    """Return the exponent m that two lives ask for, ln(t/t')/ln(j'/j): the null model without any other mechanism.

    Parameters
    ----------
    life:          t [s], > 0, at the lower current.
    current_ratio: j'/j, > 1, the higher current over the lower one.
    other_life:    t' [s], > 0, at the higher current.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    ``damage_rate`` with an unchanged contact fraction.

    Examples
    --------
    >>> round(exponent_from_lives(925.0, current_ratio=2.0, other_life=4.0), 2)  # Li, 0.2 and 0.4 mA/cm^2
    7.85
    """
    require_positive(life=life, other_life=other_life)
    if not np.all((np.asarray(current_ratio) > 1.0) & (np.asarray(current_ratio) < math.inf)):
        message = f"current_ratio = {current_ratio}: expected a finite number > 1, the higher current over the lower."
        raise InvalidInput(message)
    return plain(np.log(np.asarray(life, dtype=np.float64) / other_life) / np.log(current_ratio))


PARAMETERS = (
    ParameterRow("damage_current", "A/m^2", None, 10.0, 1000.0, "fits of the lives of Peng et al. (2025): 40 to 50"),
    ParameterRow("exponent", "1", None, 2.0, 12.0, "4 to 5 beside contact loss, 7.85 alone, same fits"),
    ParameterRow("reference_time", "s", 3600.0, 3600.0, 3600.0, "an hour, by definition of the damage current"),
    ParameterRow("activation_energy", "J", None, 0.0, 9.6e-20, "0 to 0.6 eV: none to that of the interface"),
)

_CASE = {"current_density": 2.0, "contact_fraction": 0.1, "damage_current": 40.0, "exponent": 5.0}

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (damage_rate, {**_CASE, "reference_time": 3600.0}, 8.680556e-6, "(20/40)^5/3600 by hand"),
    (plating_life, {**_CASE, "reference_time": 3600.0}, 115200.0, "3600 * 32 by hand"),
    (
        damage_current_at,
        {"temperature": 333.15, "damage_current": 10.0, "activation_energy": 0.5 * units.eV, "reference": 298.15},
        77.25419,
        "10 exp(5802.259 (1/298.15 - 1/333.15)) = 10 exp(2.0445161) by hand",
    ),
    (
        exponent_from_lives,
        {"life": 925.0, "current_ratio": 2.0, "other_life": 4.0},
        7.853310,
        "ln(231.25)/ln 2 = 5.443499/0.6931472 by hand",
    ),
]
