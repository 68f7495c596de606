r"""Where lithium touches the ceramic: periodic contact maps, and the share of area that a load brings into contact.

A contact map is a boolean array indexed [y, x] on square pixels of width period/columns; it repeats with the period. A
coverage map holds the share of each pixel in contact (0 to 1) instead.

.. math:: A/A_0 = \mathrm{erf}\left(\frac{\sqrt 2\, p}{E^* h'}\right)

is Persson's share for two elastic bodies: p nominal pressure, E* effective modulus, h' rms slope. Soft metals yield
first, and lithium always does: a pressure of 1 MPa on a slope of 0.1 against E* = 8 GPa gives 0.2 %, while plastic flow
at a hardness H of about 2.3 MPa (Tabor: three times the yield stress, 0.73-0.81 MPa at 1e-3 1/s, Masias et al. 2019)
gives p/H = 43 %, at slower creep more. The theory with a hardness holds both limits.

Source
------
B. N. J. Persson, J. Chem. Phys. 115 (2001) 3840 and Surf. Sci. Rep. 61 (2006) 201; F. P. Bowden, D. Tabor, The Friction
and Lubrication of Solids, Oxford 1950, ch. 1 (p/H); A. Masias et al., J. Mater. Sci. 54 (2019) 2585.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import InvalidInput
from garnetlab.physics._contact_discs import disc_contact, disc_coverage, lattice_contact, lattice_coverage
from garnetlab.physics._contact_fields import (
    Floats,
    Heights,
    Rng,
    Shape,
    gaussian_field,
    require_shape,
    rms_slope_of,
    rough_surface,
)
from garnetlab.physics._contact_load import effective_modulus, persson_contact_fraction
from garnetlab.physics._contact_statistics import (
    ContactMap,
    Coverage,
    as_map,
    contact_fraction,
    correlation_length_of,
    mean_chord_length,
)
from garnetlab.physics._table import ParameterRow
from garnetlab.units import Fraction, Length, Pressure

__all__ = [
    "coarsen_contact",
    "contact_fraction",
    "correlation_length_of",
    "disc_contact",
    "disc_coverage",
    "effective_modulus",
    "gaussian_field",
    "lattice_contact",
    "lattice_coverage",
    "mean_chord_length",
    "persson_contact_fraction",
    "random_contact",
    "refine_contact",
    "rms_slope_of",
    "rough_contact",
    "rough_surface",
]


# random maps ---------------------------------------------------------------------------------------------------------
def random_contact(
    shape: Shape, *, fraction: Fraction, period: Length, correlation_length: Length, rng: Rng
) -> ContactMap:
    """Return a random periodic contact map: the highest pixels of a Gaussian field.

    Exactly round(fraction*pixels) pixels are in contact; of equal heights the first in memory order wins.

    Parameters
    ----------
    shape:              Pixels (rows along y, columns along x).
    fraction:           Share of the area in contact, > 0, at most 1.
    period:             Width of the map along x [m].
    correlation_length: Of the field [m], where its correlation is 1/e; see ``gaussian_field``.
    rng:                Random generator, or a seed for a fresh one.

    Raises
    ------
    InvalidInput  as ``gaussian_field``, or if the fraction is out of range or less than half a pixel.

    Source
    ------
    J. A. Quiblier, J. Colloid Interface Sci. 98 (1984) 84 (thresholded Gaussian field).

    Examples
    --------
    >>> int(random_contact((64, 64), fraction=0.3, period=1e-4, correlation_length=5e-6, rng=1).sum())
    1229
    """
    field = gaussian_field(shape, period=period, correlation_length=correlation_length, rng=rng)
    return _highest(field, fraction)


def _highest(field: Floats, fraction: Fraction) -> NDArray[np.bool_]:
    """Return the map of the round(fraction*size) highest pixels."""
    if not 0.0 < fraction <= 1.0:
        message = f"fraction = {fraction}: expected more than 0 and at most 1."
        raise InvalidInput(message)
    count = round(float(fraction) * field.size)
    if count == 0:
        message = (
            f"fraction = {fraction} of {field.size} pixels: expected at least one pixel in contact. Take more pixels."
        )
        raise InvalidInput(message)
    out = np.zeros(field.size, dtype=np.bool_)
    out[np.argsort(-field, axis=None, kind="stable")[:count]] = True
    return out.reshape(field.shape)


# grids ---------------------------------------------------------------------------------------------------------------
def refine_contact(contact: ContactMap, factor: int) -> ContactMap:
    """Return the same map on pixels ``factor`` times smaller; nothing else changes.

    Raises
    ------
    InvalidInput  if the map is not boolean and two-dimensional, or the factor is not a whole number >= 1.

    Source
    ------
    Replication of pixels.

    Examples
    --------
    >>> import numpy as np
    >>> refine_contact(np.array([[True, False]]), 2).astype(int).tolist()
    [[1, 1, 0, 0], [1, 1, 0, 0]]
    """
    if int(factor) != factor or factor < 1:
        message = f"factor = {factor}: expected a whole number >= 1."
        raise InvalidInput(message)
    return as_map(contact).repeat(factor, axis=0).repeat(factor, axis=1)


def coarsen_contact(contact: ContactMap | Coverage, *, shape: Shape) -> Coverage:
    """Return the mean of a map over the pixels of another grid of the same extent: shares between 0 and 1.

    The contact fraction is kept exactly; any ratio works, finer grids too.

    Parameters
    ----------
    contact: Map or coverage, indexed [y, x].
    shape:   Pixels (rows, columns) of the new grid. Its pixels must stay square within half a pixel of the height.

    Raises
    ------
    InvalidInput  if the map is not two-dimensional within 0..1, or the new pixels would not be square.

    Source
    ------
    Mean over areas.

    Examples
    --------
    >>> import numpy as np
    >>> coarsen_contact(np.array([[True, False, False]]), shape=(1, 2)).round(6).tolist()
    [[0.666667, 0.0]]
    """
    require_shape(shape)
    values = _as_coverage(contact)
    rows = shape[1] * values.shape[0] / values.shape[1]
    if abs(rows - shape[0]) > 0.5:
        message = (
            f"shape = {shape}: expected {max(round(rows), 1)} rows for {shape[1]} columns, so that pixels stay square."
        )
        raise InvalidInput(message)
    along_y, along_x = (_overlaps(old, new) for old, new in zip(values.shape, shape, strict=True))
    return np.clip(along_y @ values @ along_x.T, 0.0, 1.0)


def _as_coverage(contact: ContactMap | Coverage) -> Floats:
    values = np.asarray(contact, dtype=np.float64)
    if values.ndim != 2 or values.size == 0 or not np.all((values >= 0.0) & (values <= 1.0)):
        message = f"contact, an array of shape {values.shape}: expected values from 0 to 1 indexed [y, x]."
        raise InvalidInput(message)
    return values


def _overlaps(old: int, new: int) -> Floats:
    """Return the share of each new interval (rows) that each old one covers; both divide the same length evenly."""
    # ends in units of 1/(old*new) of the length are whole numbers, so that the shares are exact
    low = np.maximum(np.arange(new)[:, None] * old, np.arange(old) * new)
    high = np.minimum((np.arange(new)[:, None] + 1) * old, (np.arange(old) + 1) * new)
    found: Floats = np.maximum(high - low, 0) / old
    return found


# load ------------------------------------------------------------------------------------------------------------------
def rough_contact(
    heights: Heights,
    *,
    period: Length,
    pressure: Pressure,
    effective_modulus: Pressure,
    hardness: Pressure | None = None,
) -> ContactMap:
    """Return the contact map of a rough surface pressed on a flat: its highest pixels, as many as the load brings in.

    The share follows ``persson_contact_fraction`` with the surface's own rms slope. Which pixels touch is a bearing-area
    threshold: it ignores that asperities push their neighbours away, so patches come out too large and too few; a
    contact solver would spread the same area over more and smaller ones.

    Parameters
    ----------
    heights:           Of the sum of both surfaces [m], periodic, indexed [y, x]; higher touches first.
    period:            Width along x [m].
    pressure:          Nominal pressure [Pa], > 0.
    effective_modulus: E* [Pa], > 0.
    hardness:          Of the softer body [Pa]; give it for lithium. None: elastic.

    Raises
    ------
    InvalidInput  if heights are flat or not finite, a number is not positive, or less than half a pixel touches.

    Source
    ------
    Persson, J. Chem. Phys. 115 (2001) 3840 (share); E. J. Abbott, F. A. Firestone, Mech. Eng. 55 (1933) 569 (bearing
    area).

    Examples
    --------
    >>> z = rough_surface((64, 64), period=1e-4, hurst=0.8, roll_off=3e5, cut_off=1.5e6, rms_slope=0.1, rng=1)
    >>> int(rough_contact(z, period=1e-4, pressure=1e6, effective_modulus=8.7e9, hardness=2.3e6).sum())
    1781
    """
    slope = rms_slope_of(heights, period=period)
    if not slope > 0.0:
        message = f"heights of rms slope {slope:g}: expected a rough surface. A flat one touches everywhere."
        raise InvalidInput(message)
    share = persson_contact_fraction(
        float(pressure), effective_modulus=float(effective_modulus), rms_slope=slope, hardness=hardness
    )
    return _highest(np.asarray(heights, dtype=np.float64), float(share))


PARAMETERS = (
    ParameterRow("fraction", "1", None, 1e-3, 1.0, "from isolated asperities to full contact"),
    ParameterRow("period", "m", 1e-4, 1e-6, 1e-2, "many patches wide"),
    ParameterRow("correlation_length", "m", 5e-6, 1e-7, 1e-3, "grains and voids of garnet pellets"),
    ParameterRow("pressure", "Pa", None, 1e4, 1e8, "stack pressures of cells and of pressing"),
    ParameterRow("effective_modulus", "Pa", 8.7e9, 3e9, 25e9, "Li (Masias et al. 2019; Herbert et al. 2018) on LLZO"),
    ParameterRow("rms_slope", "1", None, 1e-3, 1.0, "polished to ground"),
    ParameterRow(
        "hardness", "Pa", 2.3e6, 2.2e6, 10e6, "3 x yield stress of Li, Masias et al. (2019), and faster rates"
    ),
    ParameterRow("hurst", "1", 0.8, 0.5, 0.95, "Persson et al., J. Phys.: Condens. Matter 17 (2005) R1"),
)

_MAP = np.array([[True, True, False, False], [False, False, False, False]])
_FIELD = {"shape": (8, 8), "period": 8e-6, "correlation_length": 2e-6, "rng": 1}
_DISC = {"shape": (8, 8), "period": 8e-6, "radius": 2.2e-6}
_LATTICE = {"shape": (16, 16), "period": 1.6e-5, "radius": 2.2e-6, "columns": 2}
_SURFACE = {"shape": (8, 8), "period": 8e-6, "hurst": 0.8, "roll_off": 1e6, "cut_off": 3e6, "rng": 1}
_WAVE = 1e-7 * np.sin(2.0 * np.pi * np.arange(16) / 16.0) * np.ones((4, 1))
_SHAPE_ONLY = "an array: tested against its law in tests/physics/test_contact.py"

#: (function, inputs, expected, source); text stands for an array
REFERENCE_CASES = [
    (gaussian_field, _FIELD, "a field", _SHAPE_ONLY),
    (random_contact, {**_FIELD, "fraction": 0.3}, "a map", _SHAPE_ONLY),
    (disc_contact, _DISC, "a map", _SHAPE_ONLY),
    (disc_coverage, _DISC, "a coverage", _SHAPE_ONLY),
    (lattice_contact, _LATTICE, "a map", _SHAPE_ONLY),
    (lattice_coverage, _LATTICE, "a coverage", _SHAPE_ONLY),
    (refine_contact, {"contact": _MAP, "factor": 2}, "a map", _SHAPE_ONLY),
    (coarsen_contact, {"contact": _MAP, "shape": (1, 2)}, "a coverage", _SHAPE_ONLY),
    (contact_fraction, {"contact": _MAP}, 0.25, "2 of 8 pixels"),
    (
        correlation_length_of,
        {"contact": np.tile(_MAP, (4, 2)), "period": 8e-6},
        "a length",
        "tested on random maps in tests/physics/test_contact.py",
    ),
    (
        mean_chord_length,
        {"contact": _MAP, "period": 4e-6},
        4e-6 / 3.0,
        "chords 2, 1, 1 pixels of 1 um in the rows and columns: 4/3 um",
    ),
    (
        effective_modulus,
        {"young_modulus": 8e9, "poisson_ratio": 0.4, "other_modulus": 150e9, "other_poisson_ratio": 0.25},
        8.9887640e9,
        "1/(0.84/8 + 0.9375/150) = 1/0.11125 GPa by hand",
    ),
    (
        persson_contact_fraction,
        {"pressure": 1e7, "effective_modulus": 1e9, "rms_slope": 0.02, "hardness": None},
        0.6826895,
        "erf(sqrt(2) 1e7/(1e9 * 0.02)) = erf(1/sqrt(2)), the share within one sigma",
    ),
    (rms_slope_of, {"heights": _WAVE, "period": 1e-6}, 0.4442883, "2 pi 1e-7/1e-6/sqrt(2) by hand"),
    (rough_surface, {**_SURFACE, "rms_height": 1e-7}, "heights", _SHAPE_ONLY),
    (rough_surface, {**_SURFACE, "rms_slope": 0.1}, "heights", _SHAPE_ONLY),
    (
        rough_contact,
        {"heights": _WAVE, "period": 1e-6, "pressure": 1e6, "effective_modulus": 8e9, "hardness": 2.3e6},
        "a map",
        _SHAPE_ONLY,
    ),
]
