r"""Start of a lithium filament: the stress of plating into a flaw against the toughness of the pellet.

.. math:: \sigma = \frac{F \eta}{V_m}, \qquad \eta_c = \frac{K_{IC} V_m}{F\, Y \sqrt{\pi a}}, \qquad
          P(\eta) = 1 - \exp[-\frac{A}{A_0} (\eta/\eta_0)^m]

for the overpotential eta under which lithium is pressed into a flaw of length a that it fills, the toughness K_IC, the
shape factor Y, and a pellet whose flaws have Weibull strengths of modulus m: the weakest one decides, so a larger face
A fails earlier. The stress is the most that plating can build up; flow of the metal out of the flaw lowers it.

A criterion of threshold alone: no time, no creep of cracks (``plating_damage`` has those). With the overpotential of a
whole interface it predicts that heating by 35 K raises the critical current tenfold where 2.2 times is seen (Peng et
al. 2025), so the true overpotential of the focused current must be meant.

Source
------
L. Porz et al., Adv. Energy Mater. 7 (2017) 1701003; W. Weibull, J. Appl. Mech. 18 (1951) 293; that the critical current
of solid electrolytes scatters like Weibull strengths: A. Lowack, arXiv:2603.20113 (abstract seen).
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._contact_fields import Rng
from garnetlab.physics._kinds import Toughness
from garnetlab.physics._ranges import Floats, plain, require_not_negative
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import Fraction, Length, MolarVolume, Number, Pressure, Voltage

__all__ = [
    "critical_overpotential",
    "filament_probability",
    "plating_stress",
    "toughness_at_density",
    "weakest_critical_overpotential",
    "weibull_flaws",
]

#: shape factor of a straight edge crack in tension; H. Tada, P. C. Paris, G. R. Irwin, The Stress Analysis of Cracks
#: Handbook, 3rd ed., ASME 2000
_EDGE_CRACK = 1.12
#: relative density and toughness [Pa m^0.5] of LLZTO; S. Hu et al., Chinese Phys. Lett. 38 (2021) 098401 (abstract)
_DENSITIES = (0.83, 0.98)
_TOUGHNESSES = (0.44e6, 1.51e6)


# one flaw ------------------------------------------------------------------------------------------------------------
def plating_stress(overpotential: Voltage, *, molar_volume: MolarVolume) -> Pressure:
    """Return the largest stress that plating can build up in a filled flaw [Pa], F eta/V_m.

    Parameters
    ----------
    overpotential: Size of the plating overpotential eta at the flaw [V], >= 0.
    molar_volume:  Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Porz et al. (2017), who quote 75 MPa for 10 mV: equal work of charge and of volume.

    Examples
    --------
    >>> round(plating_stress(0.010, molar_volume=12.97e-6) / 1e6, 1)  # MPa
    74.4
    """
    require_not_negative(overpotential=overpotential)
    require_positive(molar_volume=molar_volume)
    return plain(units.F * np.asarray(overpotential, dtype=np.float64) / molar_volume)


def critical_overpotential(
    flaw: Length, *, toughness: Toughness, molar_volume: MolarVolume, geometry: Number = _EDGE_CRACK
) -> Voltage:
    """Return the overpotential [V] above which a filled flaw grows, K_IC V_m/(F Y sqrt(pi a)).

    Parameters
    ----------
    flaw:         Length a [m], > 0. Broadcasts with the others.
    toughness:    K_IC of the pellet [Pa m^0.5], > 0; see ``toughness_at_density``.
    molar_volume: Of lithium [m^3/mol], > 0.
    geometry:     Shape factor Y, > 0: 1.12 for an edge crack, 2/pi for a buried penny.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Porz et al. (2017), with the stress intensity Y sigma sqrt(pi a) of Griffith and Irwin.

    Examples
    --------
    >>> round(critical_overpotential(1e-6, toughness=1.03e6, molar_volume=12.97e-6) * 1e3, 1)  # mV
    69.7
    """
    require_positive(flaw=flaw, toughness=toughness, molar_volume=molar_volume, geometry=geometry)
    strength = toughness / (geometry * np.sqrt(math.pi * np.asarray(flaw, dtype=np.float64)))
    return plain(strength * molar_volume / units.F)


def toughness_at_density(
    relative_density: Fraction,
    *,
    densities: tuple[Fraction, ...] = _DENSITIES,
    toughnesses: tuple[Toughness, ...] = _TOUGHNESSES,
) -> Toughness:
    """Return the toughness of a pellet [Pa m^0.5] on straight lines between measured densities.

    Parameters
    ----------
    relative_density: Within those measured, 0.83 to 0.98 unless told otherwise.
    densities:        Relative densities that were measured, rising.
    toughnesses:      Toughness at each of them [Pa m^0.5], > 0.

    Raises
    ------
    InvalidInput  if the density lies outside, or the lists do not fit.

    Source
    ------
    S. Hu et al., Chinese Phys. Lett. 38 (2021) 098401, abstract: 0.44 to 1.51 MPa m^0.5 from 83 to 98 % (LLZTO, by
    nanoindentation); the straight line between is assumed.

    Examples
    --------
    >>> round(toughness_at_density(0.913) / 1e6, 2)
    1.03
    """
    require_positive(densities=densities, toughnesses=toughnesses)
    known, values = np.asarray(densities, dtype=np.float64), np.asarray(toughnesses, dtype=np.float64)
    if known.shape != values.shape or np.any(np.diff(known) <= 0.0):
        message = (
            f"densities = {densities}: expected rising numbers, one toughness for each ({len(toughnesses)} given)."
        )
        raise InvalidInput(message)
    share = np.asarray(relative_density, dtype=np.float64)
    if not np.all((share >= known[0]) & (share <= known[-1])):
        message = (
            f"relative_density = {relative_density}: expected {known[0]} to {known[-1]}, where it was measured."
            " Give a fraction, not per cent, or your own densities and toughnesses."
        )
        raise InvalidInput(message)
    return plain(np.asarray(np.interp(share, known, values)))


# many flaws ----------------------------------------------------------------------------------------------------------
def weibull_flaws(rng: Rng, count: int, *, scale: Length, modulus: Number) -> Length:
    """Return random lengths of flaws [m] whose strengths, proportional to a^-1/2, are Weibull distributed.

    Parameters
    ----------
    rng:     Random generator, or a seed for a fresh one.
    count:   How many, at least 1.
    scale:   Length [m], > 0, of a flaw of the characteristic strength.
    modulus: Weibull modulus m of the strengths, > 0.

    Returns
    -------
    :  Lengths, shape (count,). A share of 1/e is shorter than the scale; the longest of N is about N^(2/m) times it.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Weibull (1951); A. D. S. Jayatilaka, K. Trustrum, J. Mater. Sci. 12 (1977) 1426 (a power law of large flaws gives
    Weibull strengths).

    Examples
    --------
    >>> flaws = weibull_flaws(1, 1000, scale=1e-6, modulus=8.0)
    >>> flaws.shape, bool(0.33 < (flaws < 1e-6).mean() < 0.41)
    ((1000,), True)
    """
    require_positive(scale=scale, modulus=modulus)
    drawn = np.random.default_rng(rng).exponential(size=_whole(count))
    return plain(np.asarray(scale * drawn ** (-2.0 / np.asarray(modulus))))


def weakest_critical_overpotential(
    rng: Rng, count: int, *, characteristic: Voltage, modulus: Number, area_ratio: Number = 1.0
) -> Voltage:
    """Return critical overpotentials [V] of random cells, each that of its weakest flaw: eta0 (E/A)^(1/m).

    Parameters
    ----------
    rng:            Random generator, or a seed for a fresh one.
    count:          How many cells, at least 1.
    characteristic: eta0 [V], > 0, at which 63 % of the cells of the reference area have failed.
    modulus:        Weibull modulus m, > 0.
    area_ratio:     Area of a cell over the reference area, > 0.

    Returns
    -------
    :  Shape (count,), distributed as ``filament_probability`` says.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Weibull (1951): weakest link.

    Examples
    --------
    >>> cells = weakest_critical_overpotential(1, 1000, characteristic=0.07, modulus=8.0)
    >>> bool(0.58 < (cells < 0.07).mean() < 0.68)
    True
    """
    require_positive(characteristic=characteristic, modulus=modulus, area_ratio=area_ratio)
    drawn = np.random.default_rng(rng).exponential(size=_whole(count))
    return plain(np.asarray(characteristic * (drawn / area_ratio) ** (1.0 / np.asarray(modulus))))


def filament_probability(
    overpotential: Voltage, *, characteristic: Voltage, modulus: Number, area_ratio: Number = 1.0
) -> Fraction:
    """Return the probability that a filament has started by this overpotential, 1 - exp[-A (eta/eta0)^m].

    Parameters
    ----------
    overpotential:  Size of the largest plating overpotential so far [V], >= 0. Broadcasts with the others.
    characteristic: eta0 [V], > 0, at which 63 % of the cells of the reference area have failed.
    modulus:        Weibull modulus m, > 0.
    area_ratio:     Area over the reference area, > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Weibull (1951): weakest link, with the stress proportional to the overpotential (Porz et al. 2017).

    Examples
    --------
    >>> round(filament_probability(0.07, characteristic=0.07, modulus=8.0), 3)
    0.632
    """
    require_not_negative(overpotential=overpotential)
    require_positive(characteristic=characteristic, modulus=modulus, area_ratio=area_ratio)
    with np.errstate(over="ignore"):  # certain
        load = area_ratio * (np.asarray(overpotential, dtype=np.float64) / characteristic) ** modulus
    return plain(_certain(np.asarray(load)))


def _certain(load: Floats) -> Floats:
    found: Floats = -np.expm1(-load)
    return found


def _whole(count: int) -> int:
    if int(count) != count or count < 1:
        message = f"count = {count}: expected a whole number >= 1."
        raise InvalidInput(message)
    return int(count)


PARAMETERS = (
    ParameterRow(
        "flaw", "m", None, 1e-8, 1e-4, "pores and grain boundaries; 0.4 micrometre for about 1 GPa, Porz et al. (2017)"
    ),
    ParameterRow("toughness", "Pa m^0.5", None, 0.44e6, 1.51e6, "LLZTO of 83 to 98 % density, Hu et al. (2021)"),
    ParameterRow(
        "geometry", "1", _EDGE_CRACK, 2.0 / math.pi, 1.99, "buried penny to both-sided notch, Tada et al. (2000)"
    ),
    ParameterRow("modulus", "1", None, 2.0, 20.0, "ceramics; not measured for filaments in LLZTO"),
    ParameterRow("characteristic", "V", None, 1e-3, 1.0, "from K_IC and flaws of 0.1 to 100 micrometre"),
    ParameterRow("area_ratio", "1", 1.0, 1e-3, 1e3, "by definition of the characteristic overpotential"),
)

_WEIBULL = {"characteristic": 0.07, "modulus": 8.0, "area_ratio": 2.0}

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (plating_stress, {"overpotential": 0.01, "molar_volume": 13.0e-6}, 7.421949e7, "96485.33 * 0.01/13e-6 by hand"),
    (
        critical_overpotential,
        {"flaw": 1e-6, "toughness": 1e6, "molar_volume": 13.0e-6, "geometry": 1.0},
        0.07601637,
        "1e6/sqrt(pi 1e-6) = 5.6418958e8 Pa, over 7.4219486e9 Pa/V by hand",
    ),
    (
        toughness_at_density,
        {"relative_density": 0.905, "densities": (0.83, 0.98), "toughnesses": (0.44e6, 1.51e6)},
        0.975e6,
        "the middle of the line",
    ),
    (weibull_flaws, {"rng": 1, "count": 5, "scale": 1e-6, "modulus": 8.0}, "random", "Weibull (1951); see its tests"),
    (weakest_critical_overpotential, {"rng": 1, "count": 5, **_WEIBULL}, "random", "Weibull (1951); see its tests"),
    (filament_probability, {"overpotential": 0.07, **_WEIBULL}, 0.8646647, "1 - exp(-2)"),
]
