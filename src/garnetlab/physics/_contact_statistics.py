"""Numbers of a contact map: share in contact, correlation length, chord length."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy import special

from garnetlab.core import InvalidInput
from garnetlab.physics._table import require_positive
from garnetlab.units import NONE, Fraction, Length

#: boolean, indexed [y, x], periodic
ContactMap = Annotated[NDArray[np.bool_], NONE]
#: share of each pixel in contact, 0 to 1
Coverage = Annotated[NDArray[np.float64], NONE]


def as_map(contact: ContactMap) -> NDArray[np.bool_]:
    """Return a boolean array, or raise InvalidInput for anything but a two-dimensional map of 0 and 1."""
    values = np.asarray(contact)
    if values.ndim != 2 or values.size == 0 or not np.all((values == 0) | (values == 1)):
        message = (
            f"contact, an array of shape {values.shape}: expected True or False indexed [y, x]. Threshold it first."
        )
        raise InvalidInput(message)
    return values.astype(np.bool_)


def contact_fraction(contact: ContactMap | Coverage) -> Fraction:
    """Return the share of the area in contact: the mean of a map or of a coverage.

    Raises
    ------
    InvalidInput  if the array is empty or has values outside 0..1.

    Source
    ------
    Mean over areas.

    Examples
    --------
    >>> import numpy as np
    >>> contact_fraction(np.array([[True, False, False, False]]))
    0.25
    """
    values = np.asarray(contact, dtype=np.float64)
    if values.size == 0 or not np.all((values >= 0.0) & (values <= 1.0)):
        message = f"contact, an array of shape {values.shape}: expected values from 0 to 1."
        raise InvalidInput(message)
    return float(values.mean())


def correlation_length_of(contact: ContactMap, *, period: Length) -> Length:
    """Return the correlation length [m] of the Gaussian field that, cut at one height, would give this map.

    The two-point correlation of the map, averaged over directions, falls to a certain value where the correlation of
    the field is 1/e; that distance is returned. It undoes ``random_contact``; for other maps it is an equivalent. The
    map's own correlation is 1/e at a shorter distance (0.78 of it at half contact).

    Parameters
    ----------
    contact: Boolean map indexed [y, x], periodic, with contact and gap.
    period:  Width along x [m].

    Raises
    ------
    InvalidInput  if the map is not boolean, is all contact or all gap, or keeps its correlation over half a side.

    Source
    ------
    J. A. Quiblier, J. Colloid Interface Sci. 98 (1984) 84; N. F. Berk, Phys. Rev. A 44 (1991) 5069 (correlation of a
    field cut at one height).

    Examples
    --------
    >>> from garnetlab.physics.contact import random_contact
    >>> found = random_contact((256, 256), fraction=0.3, period=1e-4, correlation_length=3e-6, rng=1)
    >>> round(correlation_length_of(found, period=1e-4) * 1e6, 1)  # micrometre
    2.9
    """
    values = as_map(contact)
    require_positive(period=period)
    share = float(values.mean())
    if share in (0.0, 1.0):
        message = f"contact fraction = {share:g}: expected contact and gaps. A uniform map has no length."
        raise InvalidInput(message)
    power = np.abs(np.fft.rfft2(values - share)) ** 2
    correlation = np.fft.irfft2(power, s=values.shape) / (values.size**2 * share * (1.0 - share)) * values.size
    distance, mean = _radial(correlation)
    target = _cut_correlation(math.exp(-1.0), share)
    below = np.flatnonzero(mean < target)
    if below.size == 0:
        message = (
            f"contact, correlated over more than half of {min(values.shape)} pixels: expected a map of many patches."
        )
        raise InvalidInput(message)
    k = int(below[0])
    step = (mean[k - 1] - target) / (mean[k - 1] - mean[k])
    return float((distance[k - 1] + step * (distance[k] - distance[k - 1])) * period / values.shape[1])


def _radial(correlation: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean distance [pixels] and mean correlation in rings one pixel wide, out to half the shorter side."""
    y, x = (np.minimum(np.arange(n), n - np.arange(n)) for n in correlation.shape)
    distance = np.hypot(y[:, None], x[None, :]).ravel()
    ring = np.rint(distance).astype(np.int64)
    count = np.maximum(np.bincount(ring), 1)
    last = max(min(correlation.shape) // 2, 1) + 1
    radii = np.bincount(ring, weights=distance) / count
    return radii[:last], (np.bincount(ring, weights=correlation.ravel()) / count)[:last]


def _cut_correlation(correlation: float, share: float) -> float:
    """Return the correlation of the map cut from a Gaussian field whose own correlation is given (Quiblier)."""
    height = float(special.ndtri(1.0 - share))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    rho = 0.5 * correlation * (nodes + 1.0)
    density = np.exp(-(height**2) / (1.0 + rho)) / (2.0 * np.pi * np.sqrt(1.0 - rho**2))
    return float(0.5 * correlation * np.sum(weights * density) / (share * (1.0 - share)))


def mean_chord_length(contact: ContactMap, *, period: Length) -> Length:
    """Return the mean length [m] of the lines inside contact, along x and y together.

    For discs of radius a in contact it is pi a/2, for a random map pi fraction/(edge length per area).

    Parameters
    ----------
    contact: Boolean map indexed [y, x], periodic.
    period:  Width along x [m].

    Raises
    ------
    InvalidInput  if the map is not boolean, is all gap, or has no edge.

    Source
    ------
    E. E. Underwood, Quantitative Stereology, Addison-Wesley 1970, ch. 4 (mean intercept length).

    Examples
    --------
    >>> import numpy as np
    >>> mean_chord_length(np.array([[True, True, False], [True, True, False], [False, False, False]]), period=3.0)
    2.0
    """
    values = as_map(contact)
    require_positive(period=period)
    starts = sum(int(np.count_nonzero(values & ~np.roll(values, 1, axis=axis))) for axis in (0, 1))
    if starts == 0:
        message = f"contact fraction = {values.mean():g}: expected contact and gaps. A uniform map has no chords."
        raise InvalidInput(message)
    return float(2.0 * np.count_nonzero(values) / starts * period / values.shape[1])
