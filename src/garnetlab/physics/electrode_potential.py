r"""Open-circuit potential of lithium in a metal with potassium and compounds, against pure lithium.

.. math:: E = -\frac{RT}{F} \ln a_{Li}, \qquad a_{Li} = x\, e^{\Omega (1 - x)^2/RT}

with the activity of a regular solution of share x and interaction Omega. Metals that hardly mix (Omega > 2 RT) split
into two phases, and the activity stops at that of the phase boundary. Compounds in equilibrium with the metal (Li2O,
Li2C2) change nothing: as long as a phase of nearly pure lithium is there, its activity is nearly 1 and E nearly 0. So
an asymmetric cell of lithium and its composite with potassium has an open-circuit voltage far below a millivolt by
composition; a difference in pressure, V_m P/F, is worth more.

Source
------
M. Hillert, Phase Equilibria, Phase Diagrams and Phase Transformations, 2nd ed., Cambridge 2008 (regular solution,
miscibility gap); C. W. Bale, Bull. Alloy Phase Diagrams 10(3) (1989): K and Li do not form solid solutions or
compounds, and their liquids mix above 1500 degC only (its abstract was seen).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._ranges import plain, require_not_negative, require_part, require_share
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import Fraction, MolarEnergy, MolarVolume, Pressure, Temperature, Voltage

__all__ = [
    "critical_interaction",
    "lithium_potential",
    "metal_activity",
    "open_circuit_voltage",
    "pressure_potential",
    "solubility_limit",
]


def lithium_potential(activity: Fraction, *, temperature: Temperature) -> Voltage:
    """Return the potential of an electrode against pure lithium [V], -RT/F ln a, positive for a < 1.

    Parameters
    ----------
    activity:    a of lithium against the pure metal, more than 0 and at most 1.
    temperature: [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Nernst equation; Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004), ch. 2.

    Examples
    --------
    >>> round(lithium_potential(0.99, temperature=298.15) * 1e3, 3)  # mV
    0.258
    """
    require_share(activity=activity)
    require_positive(temperature=temperature)
    return plain(-units.R * np.asarray(temperature) / units.F * np.log(np.asarray(activity, dtype=np.float64)))


def open_circuit_voltage(left_activity: Fraction, *, right_activity: Fraction, temperature: Temperature) -> Voltage:
    """Return the potential of the left electrode minus that of the right one at rest [V], RT/F ln(a_right/a_left).

    Parameters
    ----------
    left_activity, right_activity: Of lithium in each electrode, more than 0 and at most 1.
    temperature:                   [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Difference of two ``lithium_potential``; a cell of one kind of ion and transport number 1 has no other term.

    Examples
    --------
    >>> round(open_circuit_voltage(1.0, right_activity=0.99, temperature=298.15) * 1e3, 3)  # mV
    -0.258
    """
    left = lithium_potential(left_activity, temperature=temperature)
    return plain(np.asarray(left) - lithium_potential(right_activity, temperature=temperature))


def critical_interaction(temperature: Temperature) -> MolarEnergy:
    """Return the interaction 2 R T_c [J/mol] of a regular solution that mixes fully above a critical temperature [K].

    Raises
    ------
    InvalidInput  if the temperature is not finite and positive.

    Source
    ------
    Hillert (2008): top of the miscibility gap of a regular solution.

    Examples
    --------
    >>> round(critical_interaction(1773.15) / 1e3, 1)  # K-Li: at least
    29.5
    """
    require_positive(temperature=temperature)
    return plain(np.asarray(2.0 * units.R * np.asarray(temperature, dtype=np.float64)))


def solubility_limit(interaction: MolarEnergy, *, temperature: Temperature) -> Fraction:
    """Return the share x of either metal that the other dissolves, the root of ln[x/(1-x)] + Omega (1 - 2x)/RT below 1/2.

    Parameters
    ----------
    interaction: Omega of a regular solution [J/mol], >= 0.
    temperature: [K], > 0.

    Returns
    -------
    :  About exp(-Omega/RT) when small; 1/2 where the metals mix fully (Omega <= 2 RT).

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Hillert (2008): equal activities in both phases of a symmetric miscibility gap.

    Examples
    --------
    >>> round(solubility_limit(29.5e3, temperature=298.15) * 1e6, 1)  # millionths
    6.8
    """
    require_not_negative(interaction=interaction)
    require_positive(temperature=temperature)
    reduced = np.asarray(interaction, dtype=np.float64) / (units.R * np.asarray(temperature, dtype=np.float64))
    return plain(np.reshape([_binodal(float(w)) for w in reduced.ravel()], reduced.shape))


def metal_activity(potassium: Fraction, *, interaction: MolarEnergy, temperature: Temperature) -> Fraction:
    """Return the activity of lithium in a metal with a share of potassium by amount.

    Up to the solubility it is (1 - x) exp(Omega x^2/RT); beyond, two phases hold the value of the phase boundary, until
    the phase of lithium is used up.

    Parameters
    ----------
    potassium:   Atoms of potassium per atom of metal, from 0 up to less than 1 less the solubility (a phase of lithium
                 must be left), compounds not counted. Broadcasts with the others.
    interaction: Omega [J/mol], >= 0.
    temperature: [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range, or no phase of lithium is left.

    Source
    ------
    Hillert (2008): regular solution.

    Examples
    --------
    >>> activity = metal_activity(0.0114, interaction=29.5e3, temperature=298.15)  # Li with 10 wt% K2CO3
    >>> round(lithium_potential(activity, temperature=298.15) * 1e6, 2)  # microvolt
    0.17
    """
    require_part(potassium=potassium)
    limit = solubility_limit(interaction, temperature=temperature)
    held = np.asarray(potassium, dtype=np.float64)
    split = np.asarray(limit) < 0.5
    if np.any(held == 1.0) or np.any(split & (held > 1.0 - np.asarray(limit))):
        message = (
            f"potassium = {held.max():g}: expected a share that leaves a phase of lithium. Give atoms, not weights."
        )
        raise InvalidInput(message)
    dissolved = np.where(split, np.minimum(held, limit), held)
    excess = np.asarray(interaction) * dissolved**2 / (units.R * np.asarray(temperature))
    return plain((1.0 - dissolved) * np.exp(excess))


def pressure_potential(pressure: Pressure, *, molar_volume: MolarVolume) -> Voltage:
    """Return how much lithium under a pressure lies below lithium without [V], -V_m P/F.

    Parameters
    ----------
    pressure:     Of this electrode over the other [Pa], either sign.
    molar_volume: Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Work of volume against work of charge, as in L. Porz et al., Adv. Energy Mater. 7 (2017) 1701003.

    Examples
    --------
    >>> round(pressure_potential(1e6, molar_volume=12.97e-6) * 1e3, 3)  # mV for 1 MPa
    -0.134
    """
    require_positive(molar_volume=molar_volume)
    require_not_negative(pressure=np.abs(pressure))
    return plain(-np.asarray(pressure, dtype=np.float64) * molar_volume / units.F)


def _binodal(reduced: float) -> float:
    """Return the root below 1/2 for Omega/RT; solved in ln x, which resolves the smallest."""
    if reduced <= 2.0 * (1.0 + 1e-12):
        return 0.5

    def difference(log: float) -> float:
        x = math.exp(log)
        return log - math.log1p(-x) + reduced * (1.0 - 2.0 * x)

    # below the spinodal share the difference rises from -infinity to its maximum, above 0
    spinodal = 0.5 * (1.0 - math.sqrt(1.0 - 2.0 / reduced))
    return math.exp(optimize.brentq(difference, -reduced - 1.0, math.log(spinodal), xtol=1e-15, rtol=1e-15))


PARAMETERS = (
    ParameterRow(
        "interaction", "J/mol", None, 29.5e3, 1e5, "K-Li: mixes above 1500 degC only, Bale (1989): a lower bound"
    ),
    ParameterRow("potassium", "1", None, 0.0, 0.05, "Li with up to 20 wt% K2CO3, full conversion: 2.5 %"),
    ParameterRow("temperature", "K", 298.15, 253.15, 373.15, "of the cells"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        lithium_potential,
        {"activity": 0.5, "temperature": 298.15},
        0.01780874,
        "0.02569258 V ln 2 by hand",
    ),
    (
        open_circuit_voltage,
        {"left_activity": 1.0, "right_activity": 0.5, "temperature": 298.15},
        -0.01780874,
        "minus the case of lithium_potential",
    ),
    (critical_interaction, {"temperature": 1773.15}, 29485.58, "2 * 8.314463 * 1773.15 by hand"),
    (
        solubility_limit,
        {"interaction": 4.0 * 8.31446261815324 * 298.15, "temperature": 298.15},
        0.02124799,
        "(1 - m)/2 with m = tanh(2 m) = 0.9575040 by hand",
    ),
    (
        metal_activity,
        {"potassium": 0.01, "interaction": 4.0 * 8.31446261815324 * 298.15, "temperature": 298.15},
        0.9903961,
        "0.99 exp(4e-4) by hand",
    ),
    (pressure_potential, {"pressure": 1e6, "molar_volume": 12.97e-6}, -1.344246e-4, "-1e6 * 12.97e-6/96485.33 by hand"),
]
