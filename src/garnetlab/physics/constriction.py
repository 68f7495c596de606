r"""Constriction: what a slab adds because the current must converge on the spots that touch.

.. math:: R_{spot} = \frac{1}{4 \sigma a}, \qquad R_c = \frac{\psi(a/p)}{4 \sigma a}, \qquad ASR_c = R_c A_{cell}

for an equipotential disc of radius a on a half-space, and for one disc in each cell of an array of pitch p; sigma is
the conductivity of the slab, one side only. The factor psi falls from 1 to 0 as the discs close up. All of it has the
activation energy of the slab. Kinetics at the spot make its current more even, which raises the constriction by at most
8 % (32/(3 pi^2) for an even current) and adds R_ct/theta.

Source
------
R. Holm, Electric Contacts, 4th ed., Springer 1967, sec. 4; H. S. Carslaw, J. C. Jaeger, Conduction of Heat in Solids,
2nd ed., Oxford 1959, sec. 8.2 (equipotential disc 1/(4 sigma a), even current 8/(3 pi^2 sigma a)).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from garnetlab.core import InvalidInput, nearest
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import AreaResistance, Conductivity, Fraction, Length, Number, Real, Resistance

__all__ = [
    "array_resistance",
    "contact_fraction_from_constriction",
    "flux_tube_factor",
    "lattice_factor",
    "rim_current_ratio",
    "spot_resistance",
    "wagner_length",
]

Lattice = Literal["square", "hexagonal"]

#: sum over a lattice of unit spacing of 1/distance, less its neutralising background: 4 zeta(1/2) beta(1/2) and
#: 6 zeta(1/2) L_-3(1/2); Borwein et al., Lattice Sums Then and Now, Cambridge 2013, ch. 1
_MADELUNG = {"square": -3.900264920001956, "hexagonal": -4.213422363136907}
#: area of the cell of one disc, in squares of the pitch
_CELL = {"square": 1.0, "hexagonal": math.sqrt(0.75)}
#: radius over pitch up to which the neglect of angular terms costs less than 3e-4 of psi
_WIDEST = 0.4
#: pi a/(4 sigma ASR) at theta = 0.9, ratio 0.95, beyond which the polynomial of the tube is not trusted
_FULL = 173.0
#: basis functions and terms of the lattice sum: at radius/pitch = 0.4 the next ones change psi by less than 1e-7
_BASIS, _TERMS = 4, 40


def spot_resistance(radius: Length, *, conductivity: Conductivity) -> Resistance:
    """Return 1/(4 sigma a) [ohm], the resistance from an equipotential disc to infinity in a half-space.

    Parameters
    ----------
    radius:       Radius a of the disc [m], > 0.
    conductivity: [S/m], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Holm, Electric Contacts, 4th ed. (1967), sec. 4 (one side; a contact between two bodies has both).

    Examples
    --------
    >>> round(spot_resistance(10e-6, conductivity=0.052))
    480769
    """
    require_positive(radius=radius, conductivity=conductivity)
    return 1.0 / (4.0 * conductivity * radius)


def flux_tube_factor(radius: Length, *, tube_radius: Length) -> Fraction:
    """Return 4 sigma a R_c of an equipotential disc in the middle of the face of a long round tube with insulated wall.

    Within 7e-5 of the exact value up to a ratio of 0.7 and within 5e-4 up to 0.95. The shorter (1 - a/b)^1.5 of Cooper,
    Mikic & Yovanovich (1969) is within 0.008 up to a ratio of 0.4 and 0.025 above. One disc of a random array is often
    taken to sit in a tube of the same share of area.

    Parameters
    ----------
    radius:      Radius a of the disc [m], > 0.
    tube_radius: Radius b of the tube [m], > a.

    Returns
    -------
    :  Factor between 0 and 1 on ``spot_resistance``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive, or the disc does not fit.

    Source
    ------
    K. J. Negus, M. M. Yovanovich, ASME paper 84-HT-84 (1984); M. M. Yovanovich, E. E. Marotta in A. Bejan, A. D. Kraus
    (eds.), Heat Transfer Handbook, Wiley 2003, sec. 4.7. The error stated is against an own solution by Bessel series.

    Examples
    --------
    >>> round(flux_tube_factor(1e-6, tube_radius=10e-6), 4)
    0.8594
    """
    require_positive(radius=radius, tube_radius=tube_radius)
    e = np.asarray(radius, dtype=np.float64) / tube_radius
    if not np.all(e < 1.0):
        message = f"radius/tube_radius = {e.max():g}: expected less than 1. A disc must fit into its tube."
        raise InvalidInput(message)
    return _plain(_tube_factor(e))


def lattice_factor(radius: Length, *, pitch: Length, lattice: Lattice = "square") -> Fraction:
    """Return 4 sigma a R_c of equipotential discs in a periodic lattice on a thick slab.

    For discs far apart 1 - 2.48299 a/p (square) or 1 - 2.68235 a/p (hexagonal). Solved with four axially symmetric
    modes of the current; the neglected angular ones lower the factor by 1e-7, 1e-5, 3e-4 at a/p = 0.2, 0.3, 0.4
    (square), so the value is an upper bound.

    Parameters
    ----------
    radius:  Radius a of the discs [m], > 0, at most 0.4 of the pitch.
    pitch:   Distance p of nearest neighbours [m].
    lattice: "square" or "hexagonal".

    Returns
    -------
    :  Factor between 0 and 1 on ``spot_resistance``.

    Raises
    ------
    InvalidInput  if a number is not finite and positive, the discs are too close, or the lattice is unknown.

    Source
    ------
    Own derivation: Galerkin solution in the modes of the free disc (C. J. Tranter, Integral Transforms in Mathematical
    Physics, 3rd ed., Methuen 1966, ch. 8), neighbours through Epstein zeta functions (Borwein et al., Lattice Sums Then
    and Now, Cambridge 2013, ch. 1).

    Examples
    --------
    >>> round(lattice_factor(5e-6, pitch=100e-6), 5)
    0.87609
    """
    require_positive(radius=radius, pitch=pitch)
    _require_lattice(lattice)
    ratio = np.asarray(radius, dtype=np.float64) / pitch
    if not np.all(ratio <= _WIDEST * (1.0 + 1e-12)):
        message = f"radius/pitch = {ratio.max():g}: expected at most {_WIDEST:g}. Solve closer discs on a contact map."
        raise InvalidInput(message)
    factors = [_solved_factor(float(x), lattice) for x in np.ravel(ratio)]
    return _plain(np.reshape(factors, ratio.shape))


def array_resistance(
    radius: Length, *, pitch: Length, conductivity: Conductivity, lattice: Lattice = "square"
) -> AreaResistance:
    """Return the constriction part of the ASR of one face [ohm m^2] that touches on a lattice of discs.

    Parameters
    ----------
    radius:       Radius of the discs [m], > 0, at most 0.4 of the pitch.
    pitch:        Distance of nearest neighbours [m]; the slab is thicker than about one pitch.
    conductivity: Of the slab [S/m], > 0.
    lattice:      "square" or "hexagonal".

    Returns
    -------
    :  Resistance times area, without the slab's thickness/conductivity and without R_ct/theta.

    Raises
    ------
    InvalidInput  as ``lattice_factor``.

    Source
    ------
    Holm, Electric Contacts, 4th ed. (1967), sec. 4, with ``lattice_factor``.

    Examples
    --------
    >>> round(array_resistance(5e-6, pitch=100e-6, conductivity=0.052) / 1e-4, 2)  # ohm cm^2
    84.24
    """
    factor = lattice_factor(radius, pitch=pitch, lattice=lattice)
    return spot_resistance(radius, conductivity=conductivity) * factor * (_CELL[lattice] * pitch**2)


def contact_fraction_from_constriction(
    resistance: AreaResistance, *, radius: Length, conductivity: Conductivity
) -> Fraction:
    """Return the share of area theta in contact if a resistance of one face were all constriction at equal round spots.

    Solves ASR = pi a psi(sqrt(theta))/(4 sigma theta) with ``flux_tube_factor``; theta = pi a/(4 sigma ASR) when small.

    Parameters
    ----------
    resistance:   ASR of the interface [ohm m^2], > 0, without the slab.
    radius:       Radius a of the spots [m], > 0.
    conductivity: Of the slab [S/m], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive, or the share would exceed 90 %.

    Source
    ------
    Holm, Electric Contacts, 4th ed. (1967), sec. 4; tube of equal share of area as in M. G. Cooper, B. B. Mikic,
    M. M. Yovanovich, Int. J. Heat Mass Transfer 12 (1969) 279.

    Examples
    --------
    >>> round(100 * contact_fraction_from_constriction(181.6e-4, radius=10e-6, conductivity=0.052), 1)  # per cent
    0.7
    """
    require_positive(resistance=resistance, radius=radius, conductivity=conductivity)
    dilute = np.asarray(math.pi / 4.0 * radius / (np.asarray(conductivity) * resistance), dtype=np.float64)
    if not np.all(dilute <= _FULL):
        message = (
            f"resistance = {np.asarray(resistance).min():g}: expected at least pi radius/(4 conductivity)/{_FULL:g}."
            " Spots of this size would touch over more than 90 % of the area; take smaller ones."
        )
        raise InvalidInput(message)
    return _plain(np.reshape([_occupied(float(d)) for d in dilute.ravel()], dilute.shape))


def wagner_length(resistance: AreaResistance, *, conductivity: Conductivity) -> Length:
    """Return sigma R [m], the length over which an interface resistance evens out the current along a face.

    Patches much smaller than it cost R/theta and no constriction; over much larger ones the slab decides.

    Parameters
    ----------
    resistance:   Local resistance of the interface [ohm m^2], > 0.
    conductivity: Of the slab [S/m], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    C. Wagner, J. Electrochem. Soc. 98 (1951) 116; Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004),
    ch. 18: the Wagner number is this length over the size of the pattern.

    Examples
    --------
    >>> round(wagner_length(32.5e-4, conductivity=0.052) * 1e6)  # micrometre
    169
    """
    require_positive(resistance=resistance, conductivity=conductivity)
    return conductivity * resistance


def rim_current_ratio(distance: Length, *, radius: Length) -> Number:
    """Return the current density beside an insulating disc on an equipotential face, over that far away.

    It grows as (distance/radius - 1)^-1/2 towards the rim and 1 + (2/(3 pi)) (radius/distance)^3 far off; kinetics smooth
    it over ``wagner_length``.

    Parameters
    ----------
    distance: From the centre of the disc [m], > radius.
    radius:   Of the disc [m], > 0.

    Raises
    ------
    InvalidInput  if a number is not finite and positive, or the place lies on the disc.

    Source
    ------
    I. N. Sneddon, Mixed Boundary Value Problems in Potential Theory, North-Holland 1966, ch. 3: complement of the
    electrified disc, an equipotential plane with a round insulating patch in a uniform field.

    Examples
    --------
    >>> round(rim_current_ratio(1.1e-6, radius=1e-6), 3)
    1.663
    """
    require_positive(distance=distance, radius=radius)
    ratio = np.asarray(radius, dtype=np.float64) / distance
    if not np.all(ratio < 1.0):
        message = f"distance/radius = {1 / ratio.max():g}: expected more than 1. No current enters the disc."
        raise InvalidInput(message)
    return _plain(1.0 + 2.0 / math.pi * (ratio / np.sqrt(1.0 - ratio**2) - np.arcsin(ratio)))


def _plain(values: NDArray[np.float64]) -> Real:
    return values if np.ndim(values) else float(values)


def _tube_factor(e: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(1.0 - 1.40978 * e + 0.34406 * e**3 + 0.0435 * e**5 + 0.02271 * e**7)


def _require_lattice(lattice: str) -> None:
    if lattice not in _CELL:
        known = "'square' or 'hexagonal'"
        message = f"lattice = {lattice!r}: expected {known}.{nearest(lattice, _CELL)}"
        raise InvalidInput(message)


def _occupied(dilute: float) -> float:
    """Return theta with theta = dilute psi(sqrt(theta)); psi falls, so there is one root below 1."""

    def excess(root: float) -> float:
        return root**2 - dilute * float(_tube_factor(np.float64(root)))

    return float(optimize.brentq(excess, 0.0, 0.96, xtol=1e-300, rtol=1e-14)) ** 2


def _epstein(order: int, lattice: Lattice) -> float:
    """Return the sum over a lattice, without its origin, of distance^-(2 order + 1)."""
    if order == 0:
        return _MADELUNG[lattice]
    s, period, count = order + 0.5, *((4, 4) if lattice == "square" else (3, 6))
    character = special.zeta(s, 1 / period) - special.zeta(s, 1 - 1 / period)
    return float(count * special.zeta(s) * period**-s * character)


def _solved_factor(x: float, lattice: Lattice) -> float:
    """Return 4 sigma a R_c at radius/pitch = x.

    The current is a sum of modes P_2n(t)/t with t^2 = 1 - (r/a)^2; free discs have a diagonal matrix (Tranter), and a
    neighbour at distance R acts through the moments of r^2, averaged over angles.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_TERMS + 2 * _BASIS)
    t = 0.5 * (nodes + 1.0)
    modes = np.array([special.eval_legendre(2 * n, t) for n in range(_BASIS)])
    moments = (0.5 * weights * (1.0 - t**2) ** np.arange(_TERMS + 1)[:, None]) @ modes.T
    n = np.arange(_BASIS)
    matrix = np.diag(special.eval_legendre(2 * n, 0.0) ** 2 / (4.0 * n + 1.0))
    for p in range(_TERMS + 1):
        choose = special.comb(p, np.arange(p + 1)) ** 2
        pair = (choose[:, None] * moments[: p + 1]).T @ moments[p::-1]
        strength = (special.poch(0.5, p) / math.factorial(p)) ** 2 * _epstein(p, lattice)
        matrix += (2.0 / math.pi) * strength * x ** (2 * p + 1) * pair
    return float(1.0 / np.linalg.inv(matrix)[0, 0])


PARAMETERS = (
    ParameterRow("radius", "m", None, 1e-8, 1e-3, "from asperities to the pores of a pellet"),
    ParameterRow("pitch", "m", None, 1e-7, 1e-2, "at least 2.5 radii"),
    ParameterRow("conductivity", "S/m", None, 1e-3, 1.0, "garnets between -30 and 80 degC; Peng et al. (2025): 0.052"),
    ParameterRow("resistance", "ohm m^2", None, 1e-6, 1.0, "0.01 to 10 000 ohm cm^2: span of the literature"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (spot_resistance, {"radius": 1e-5, "conductivity": 0.05}, 5e5, "1/(4 * 0.05 * 1e-5) by hand"),
    (
        flux_tube_factor,
        {"radius": 0.5e-6, "tube_radius": 1e-6},
        0.339654,
        "1 - 0.70489 + 0.0430075 + 0.001359 + 0.000177 by hand; Bessel series: 0.33961",
    ),
    (
        lattice_factor,
        {"radius": 1e-6, "pitch": 10e-6, "lattice": "square"},
        0.7536308,
        "sum over 5 million wave numbers of the square cell with spherical Bessel functions, extrapolated: 0.753631",
    ),
    (
        array_resistance,
        {"radius": 1e-6, "pitch": 10e-6, "conductivity": 0.05, "lattice": "square"},
        0.7536308e-10 / (4 * 0.05 * 1e-6),
        "the case of lattice_factor times cell over 4 sigma a",
    ),
    (
        contact_fraction_from_constriction,
        {"resistance": 181.6e-4, "radius": 1e-6, "conductivity": 0.052},
        7.985795e-4,
        "fixed point of theta = 8.31705e-4 (1 - 1.40978 sqrt(theta) + 0.34406 theta^1.5) by hand",
    ),
    (wagner_length, {"resistance": 32.5e-4, "conductivity": 0.052}, 1.69e-4, "0.052 * 32.5e-4 by hand"),
    (
        rim_current_ratio,
        {"distance": 2e-6, "radius": 1e-6},
        1.0342192,
        "1 + (2/pi) (1/sqrt(3) - pi/6) by hand",
    ),
]
