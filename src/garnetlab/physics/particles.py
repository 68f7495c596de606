r"""Inert particles in the metal (Li2O, carbide) that collect on a stripped face and take contact away.

.. math:: \dot c = \frac32 \phi \frac{V_m}{F} \frac{j}{a} (1 - c) \quad\text{stripping}, \qquad
          \dot c = -r \frac{V_m}{F} \frac{j}{a}\, c \quad\text{plating}

for the share c of the face that particles of diameter a cover. Lithium leaves, the particles in it stay: a sphere
covers 3/(2 a) of area for each volume, and one that meets another does not cover anew. Plated metal lifts a share r of
them off the face for each particle diameter of metal.

Valid for particles smaller than the distance between them (phi of a few per cent) and one layer of them.

Source
------
Own derivation: geometry of spheres and Faraday's law.
"""

from __future__ import annotations

import numpy as np

from garnetlab import units
from garnetlab.physics._ranges import plain, require_not_negative, require_part
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import CurrentDensity, Fraction, Frequency, Length, MolarVolume

__all__ = ["coverage_growth", "coverage_release", "steady_coverage"]


def coverage_growth(
    current_density: CurrentDensity,
    *,
    coverage: Fraction,
    volume_fraction: Fraction,
    diameter: Length,
    molar_volume: MolarVolume,
) -> Frequency:
    """Return how fast stripping covers a face with particles [1/s], 1.5 phi (V_m/F) j (1 - c)/a.

    Parameters
    ----------
    current_density: Stripping current per area of electrode [A/m^2], >= 0. Broadcasts with the others.
    coverage:        c, from 0 to 1.
    volume_fraction: phi, volume of particles per volume of lithium (when dilute, of metal), from 0 to 1.
    diameter:        a of the particles [m], > 0.
    molar_volume:    Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own derivation, see the module.

    Examples
    --------
    >>> case = {"volume_fraction": 0.02, "diameter": 1e-6, "molar_volume": 12.97e-6}
    >>> round(coverage_growth(2.0, coverage=0.0, **case) * 3600, 4)  # share covered in an hour at 0.2 mA/cm^2
    0.029
    """
    require_not_negative(current_density=current_density)
    require_part(coverage=coverage, volume_fraction=volume_fraction)
    require_positive(diameter=diameter, molar_volume=molar_volume)
    swept = np.asarray(current_density, dtype=np.float64) * molar_volume / units.F
    return plain(1.5 * swept * volume_fraction / diameter * (1.0 - np.asarray(coverage)))


def coverage_release(
    current_density: CurrentDensity,
    *,
    coverage: Fraction,
    release: Fraction,
    diameter: Length,
    molar_volume: MolarVolume,
) -> Frequency:
    """Return how fast plating frees a face of particles [1/s, >= 0], r (V_m/F) j c/a.

    Parameters
    ----------
    current_density: Plating current per area of electrode [A/m^2], >= 0. Broadcasts with the others.
    coverage:        c, from 0 to 1.
    release:         Share r of the particles that one diameter of new metal lifts, from 0 (they stay) to 1.
    diameter:        a of the particles [m], > 0.
    molar_volume:    Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own assumption, see the module.

    Examples
    --------
    >>> rate = coverage_release(2.0, coverage=0.1, release=0.5, diameter=1e-6, molar_volume=12.97e-6)
    >>> round(rate * 3600, 4)  # share freed in an hour at 0.2 mA/cm^2
    0.0484
    """
    require_not_negative(current_density=current_density)
    require_part(coverage=coverage, release=release)
    require_positive(diameter=diameter, molar_volume=molar_volume)
    swept = np.asarray(current_density, dtype=np.float64) * molar_volume / units.F
    return plain(swept * release / diameter * np.asarray(coverage))


def steady_coverage(volume_fraction: Fraction, *, release: Fraction) -> Fraction:
    """Return the coverage at which equal charges of stripping and plating balance, 1.5 phi/(1.5 phi + r).

    Parameters
    ----------
    volume_fraction: phi, from 0 to 1. Broadcasts with the release.
    release:         r, from 0 to 1; with none the face ends covered.

    Returns
    -------
    :  Share from 0 to 1, for half cycles that move less than a particle diameter of metal; 0 without particles.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    ``coverage_growth`` equal to ``coverage_release``.

    Examples
    --------
    >>> round(steady_coverage(0.02, release=0.3), 3)
    0.091
    """
    require_part(volume_fraction=volume_fraction, release=release)
    gain = 1.5 * np.asarray(volume_fraction, dtype=np.float64)
    total = gain + release
    return plain(np.where(gain > 0.0, gain / np.where(total > 0.0, total, 1.0), 0.0))


PARAMETERS = (
    ParameterRow(
        "volume_fraction", "1", None, 0.0, 0.1, "Li2O of Li with 10 wt% K2CO3: 6.5 wt% by full conversion, 1.8 vol%"
    ),
    ParameterRow("diameter", "m", None, 1e-8, 1e-5, "assumed: not resolved in the pictures of Peng et al. (2025)"),
    ParameterRow("release", "1", None, 0.0, 1.0, "assumed"),
)

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        coverage_growth,
        {"current_density": 10.0, "coverage": 0.5, "volume_fraction": 0.02, "diameter": 1e-6, "molar_volume": 12.97e-6},
        2.016369e-5,
        "1.5 * 0.02 * 1.344246e-9/1e-6 * 0.5 by hand",
    ),
    (
        coverage_release,
        {"current_density": 10.0, "coverage": 0.1, "release": 0.5, "diameter": 1e-6, "molar_volume": 12.97e-6},
        6.721230e-5,
        "0.5 * 1.344246e-9/1e-6 * 0.1 by hand",
    ),
    (steady_coverage, {"volume_fraction": 0.02, "release": 0.3}, 0.09090909, "0.03/0.33"),
]
