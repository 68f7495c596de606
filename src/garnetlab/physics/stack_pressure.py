r"""Contact and resistance of solid lithium pressed against a garnet: plastic spots and their constriction.

.. math:: \theta = \min(P/H, 1), \qquad
          R = \frac{R_{ct}}{\theta} + \frac{p^2\,\psi(\theta)}{4 \sigma a}, \qquad a = p \sqrt{\theta/\pi}

for a metal of hardness H under the pressure P that touches in round spots, one for each square of the pitch p, on a
ceramic of conductivity sigma; psi is the factor of the flux tube (``constriction``). The hardness is three times the
flow stress; held for a time t under creep it falls as t^(-1/n). At full contact only the charge transfer is left.

What it can and cannot say, for R = 300, 50 and below 0.1 ohm cm^2 at 10, 41 and 400 MPa (Krauskopf et al. 2019):

- The hardness of bulk lithium, about 2 MPa, gives full contact at all three: 300 and 50 ohm cm^2 are then impossible.
- At the depth of a rough face lithium carries 23 to 175 MPa (Herbert et al. 2018). Their geometric mean, 63 MPa, gives contact
  on 16, 65 and 100 % (about 20 and 100 % at 10 and 400 MPa are reported). That hardness was measured at 0.2 to 1.4 1/s;
  slow pressing meets less, so the agreement may be chance. And spots of the size of the roughness (10 micrometre) only
  cost 1.1 and 0.08 ohm cm^2.
- 300 ohm cm^2 needs spots millimetres apart: faces that are not flat, or contaminated. With the pitch from this one
  value the other two come out at 20 and 0 ohm cm^2 (0 to 79 and 0 over the span of hardness). Such a pitch is the
  thickness of a pellet or more, where the flux tube overstates the resistance.
- A film or slow charge transfer of 300 * 0.16 ohm cm^2 instead would leave 48 ohm cm^2 at 400 MPa, so the interface is
  no film.

Source
------
F. P. Bowden, D. Tabor, The Friction and Lubrication of Solids, Oxford 1950, ch. 1 (P/H); D. Tabor, The Hardness of
Metals, Oxford 1951; M. G. Cooper, B. B. Mikic, M. M. Yovanovich, Int. J. Heat Mass Transfer 12 (1969) 279 (plastic spots
in flux tubes); data: T. Krauskopf et al., ACS Appl. Mater. Interfaces 11 (2019) 14463; E. G. Herbert et al., J. Mater.
Res. 33 (2018) 1347 (abstract seen).
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.physics._ranges import plain, require_not_negative, require_share
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.physics.constriction import flux_tube_factor
from garnetlab.units import AreaResistance, Conductivity, Fraction, Frequency, Length, Number, Pressure, Time

__all__ = [
    "creep_hardness",
    "plastic_contact_fraction",
    "pressed_resistance",
    "spot_constriction",
    "spot_pitch",
]

#: mean pressure of a full plastic indent over the flow stress; Tabor (1951)
_CONSTRAINT = 3.0


def creep_hardness(
    dwell: Time,
    *,
    reference_rate: Frequency,
    reference_stress: Pressure,
    exponent: Number,
    constraint: Number = _CONSTRAINT,
) -> Pressure:
    """Return the hardness after a time under load [Pa], C sigma0 (n eps0 t)^(-1/n).

    A contact of area A under constant load flows at the rate A'/A = eps0 (sigma/sigma0)^n with the flow stress
    sigma = load/(C A). The prefactor of that rate is of order 1; a factor of 2 in it changes the hardness of lithium by
    11 %.

    Parameters
    ----------
    dwell:            Time t under load [s], > 0. Broadcasts with the others.
    reference_rate:   eps0 [1/s], > 0, at the reference stress and the temperature of pressing.
    reference_stress: sigma0 [Pa], > 0.
    exponent:         n, > 0.
    constraint:       C, hardness over flow stress, > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Own derivation from power-law creep; Tabor (1951) for the constraint; A. F. Bower et al., Proc. R. Soc. A 441 (1993)
    97 for creeping indents (recalled).

    Examples
    --------
    >>> hardness = creep_hardness(60.0, reference_rate=1e-3, reference_stress=0.75e6, exponent=6.6)  # lithium, a minute
    >>> round(hardness / 1e6, 2)  # MPa
    2.59
    """
    require_positive(
        dwell=dwell,
        reference_rate=reference_rate,
        reference_stress=reference_stress,
        exponent=exponent,
        constraint=constraint,
    )
    strain = exponent * reference_rate * np.asarray(dwell, dtype=np.float64)
    return plain(constraint * reference_stress * strain ** (-1.0 / np.asarray(exponent)))


def plastic_contact_fraction(pressure: Pressure, *, hardness: Pressure) -> Fraction:
    """Return the share of the face in contact, the smaller of P/H and 1.

    The limit of ``contact.persson_contact_fraction`` for rough and stiff faces.

    Parameters
    ----------
    pressure: P [Pa], > 0. Broadcasts with the hardness.
    hardness: H of the metal at the depth of the roughness [Pa], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Bowden & Tabor (1950), ch. 1.

    Examples
    --------
    >>> round(plastic_contact_fraction(10e6, hardness=63e6), 3)
    0.159
    """
    require_positive(pressure=pressure, hardness=hardness)
    return plain(np.minimum(np.asarray(pressure, dtype=np.float64) / hardness, 1.0))


def spot_constriction(contact_fraction: Fraction, *, pitch: Length, conductivity: Conductivity) -> AreaResistance:
    """Return the constriction of one round spot for each square of the pitch [ohm m^2], p^2 psi/(4 sigma a).

    Valid for a ceramic thicker than the pitch.

    Parameters
    ----------
    contact_fraction: theta, more than 0 and at most 1. Broadcasts with the others.
    pitch:            p [m], > 0.
    conductivity:     Of the ceramic [S/m], > 0.

    Returns
    -------
    :  0 at full contact.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Cooper, Mikic & Yovanovich (1969): flux tube of the same share of area, here with ``constriction.flux_tube_factor``.

    Examples
    --------
    >>> round(spot_constriction(0.16, pitch=10e-6, conductivity=0.046) / 1e-4, 2)  # ohm cm^2
    1.1
    """
    require_share(contact_fraction=contact_fraction)
    require_positive(pitch=pitch, conductivity=conductivity)
    theta = np.asarray(contact_fraction, dtype=np.float64)
    ratio = np.sqrt(theta)
    open_part = np.where(
        theta < 1.0, np.asarray(flux_tube_factor(np.where(theta < 1.0, ratio, 0.5), tube_radius=1.0)), 0.0
    )
    return plain(math.sqrt(math.pi) * pitch * open_part / (4.0 * conductivity * ratio))


def spot_pitch(resistance: AreaResistance, *, contact_fraction: Fraction, conductivity: Conductivity) -> Length:
    """Return the pitch of the spots [m] that a constriction of this resistance asks for.

    Parameters
    ----------
    resistance:       Of the interface [ohm m^2], > 0, without charge transfer.
    contact_fraction: theta, more than 0 and less than 1.
    conductivity:     Of the ceramic [S/m], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Inverse of ``spot_constriction``.

    Examples
    --------
    >>> round(spot_pitch(300e-4, contact_fraction=0.16, conductivity=0.046) * 1e3, 1)  # mm
    2.7
    """
    require_positive(resistance=resistance)
    if np.any(np.asarray(contact_fraction) >= 1.0):
        message = f"contact_fraction = {contact_fraction}: expected less than 1. Full contact has no constriction."
        raise InvalidInput(message)
    per_pitch = spot_constriction(contact_fraction, pitch=1.0, conductivity=conductivity)
    return plain(np.asarray(resistance, dtype=np.float64) / per_pitch)


def pressed_resistance(
    pressure: Pressure,
    *,
    hardness: Pressure,
    pitch: Length,
    conductivity: Conductivity,
    charge_transfer_resistance: AreaResistance = 0.0,
) -> AreaResistance:
    """Return the resistance of a pressed interface per area of face [ohm m^2]: charge transfer over theta, and spots.

    Parameters
    ----------
    pressure:                   P [Pa], > 0. Broadcasts with the others.
    hardness:                   H of the metal at the depth of the roughness [Pa], > 0.
    pitch:                      Distance of the spots p [m], > 0.
    conductivity:               Of the ceramic [S/m], > 0.
    charge_transfer_resistance: Per area of contact [ohm m^2], >= 0, films included.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    See the module: Bowden & Tabor (1950); Cooper, Mikic & Yovanovich (1969).

    Examples
    --------
    >>> garnet = {"hardness": 63e6, "pitch": 10e-6, "conductivity": 0.046}
    >>> found = [pressed_resistance(p * 1e6, **garnet) / 1e-4 for p in (10.0, 41.0, 400.0)]  # ohm cm^2
    >>> [round(r, 2) for r in found]
    [1.11, 0.08, 0.0]
    """
    require_not_negative(charge_transfer_resistance=charge_transfer_resistance)
    theta = plastic_contact_fraction(pressure, hardness=hardness)
    spots = spot_constriction(theta, pitch=pitch, conductivity=conductivity)
    return plain(np.asarray(charge_transfer_resistance, dtype=np.float64) / theta + spots)


PARAMETERS = (
    ParameterRow("pressure", "Pa", None, 1e5, 4e8, "0.1 to 400 MPa: coin cell to isostatic press"),
    ParameterRow(
        "hardness",
        "Pa",
        None,
        2.2e6,
        175e6,
        "3 * 0.75 MPa in bulk; 23 to 175 MPa at 40 nm, Herbert et al. (2018)",
    ),
    ParameterRow("pitch", "m", None, 1e-6, 3e-3, "roughness to flatness of a pellet; not reported"),
    ParameterRow(
        "charge_transfer_resistance", "ohm m^2", 0.0, 0.0, 1e-4, "0.1 to 1 ohm cm^2, doi 10.1002/admi.202202354"
    ),
    ParameterRow("constraint", "1", _CONSTRAINT, 2.8, 3.1, "Tabor (1951)"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        creep_hardness,
        {"dwell": 1.0 / 6.6e-3, "reference_rate": 1e-3, "reference_stress": 0.75e6, "exponent": 6.6, "constraint": 3.0},
        2.25e6,
        "3 * 0.75 MPa: the strain n eps0 t is 1",
    ),
    (plastic_contact_fraction, {"pressure": 10e6, "hardness": 50e6}, 0.2, "10/50"),
    (
        spot_constriction,
        {"contact_fraction": 0.25, "pitch": 1e-5, "conductivity": 0.05},
        6.020216e-5,
        "sqrt(pi) 1e-5 * 0.3396537/(4 * 0.05 * 0.5) by hand; psi(1/2) from the case of constriction.flux_tube_factor",
    ),
    (
        spot_pitch,
        {"resistance": 6.020216e-5, "contact_fraction": 0.25, "conductivity": 0.05},
        1e-5,
        "inverse of the case of spot_constriction",
    ),
    (
        pressed_resistance,
        {"pressure": 5e6, "hardness": 20e6, "pitch": 1e-5, "conductivity": 0.05, "charge_transfer_resistance": 1e-5},
        1.0020216e-4,
        "1e-5/0.25 plus the case of spot_constriction",
    ),
]
