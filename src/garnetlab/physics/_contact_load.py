"""How much of the area a load brings into contact: effective modulus and Persson's theory, elastic or with a hardness."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from garnetlab.core import InvalidInput
from garnetlab.physics._contact_fields import Floats
from garnetlab.physics._table import require_positive
from garnetlab.units import Fraction, Number, Pressure, Real


def effective_modulus(
    young_modulus: Pressure, *, poisson_ratio: Fraction, other_modulus: Pressure, other_poisson_ratio: Fraction
) -> Pressure:
    """Return E* [Pa] of two bodies in contact, 1/E* = (1 - nu1^2)/E1 + (1 - nu2^2)/E2.

    Parameters
    ----------
    young_modulus, other_modulus:       Of the two bodies [Pa], > 0.
    poisson_ratio, other_poisson_ratio: From 0 to 0.5.

    Raises
    ------
    InvalidInput  if a modulus is not finite and positive, or a ratio is out of range.

    Source
    ------
    K. L. Johnson, Contact Mechanics, Cambridge 1985, eq. 4.20.

    Examples
    --------
    >>> round(effective_modulus(7.8e9, poisson_ratio=0.38, other_modulus=150e9, other_poisson_ratio=0.26) / 1e9, 2)
    8.7
    """
    require_positive(young_modulus=young_modulus, other_modulus=other_modulus)
    for name, ratio in (("poisson_ratio", poisson_ratio), ("other_poisson_ratio", other_poisson_ratio)):
        if not np.all((np.asarray(ratio) >= 0.0) & (np.asarray(ratio) <= 0.5)):
            message = f"{name} = {ratio}: expected a number from 0 to 0.5."
            raise InvalidInput(message)
    return 1.0 / ((1.0 - poisson_ratio**2) / young_modulus + (1.0 - other_poisson_ratio**2) / other_modulus)


def persson_contact_fraction(
    pressure: Pressure, *, effective_modulus: Pressure, rms_slope: Number, hardness: Pressure | None = None
) -> Fraction:
    """Return the share of the nominal area in contact of two randomly rough, non-adhesive bodies.

    Elastic: erf(sqrt(2) p/(E* h')), at light load sqrt(8/pi) p/(E* h') (Bush, Gibson & Thomas: sqrt(2 pi), 57 % more;
    computed surfaces lie between). With a hardness, a place whose local stress has reached H stays there: the diffusion
    of stress, of variance (E* h'/2)^2 in full contact, is absorbed at 0 (contact lost) and at H (flow). The share so
    is never below the elastic one nor below p/H, and tends to p/H for rough and stiff bodies. At p >= H it is 1.

    Parameters
    ----------
    pressure:          Nominal pressure p [Pa], > 0. Broadcasts with the others.
    effective_modulus: E* [Pa], > 0.
    rms_slope:         h' of the sum of both surfaces, > 0, down to the smallest scale; see ``rms_slope_of``.
    hardness:          H of the softer body [Pa], > 0; None for purely elastic bodies.

    Raises
    ------
    InvalidInput  if a number is not finite and positive.

    Source
    ------
    Persson, J. Chem. Phys. 115 (2001) 3840; as the error function W. Manners, J. A. Greenwood, Wear 261 (2006) 600.
    Constant hardness: Persson, Surf. Sci. Rep. 61 (2006) 201, sec. 6; tested by A. Almqvist, B. N. J. Persson,
    arXiv:2507.14054. Plastic limit: Bowden & Tabor (1950), ch. 1.

    Examples
    --------
    >>> round(persson_contact_fraction(1e6, effective_modulus=8.7e9, rms_slope=0.1), 5)
    0.00183
    >>> round(persson_contact_fraction(1e6, effective_modulus=8.7e9, rms_slope=0.1, hardness=2.3e6), 4)  # lithium
    0.4348
    """
    require_positive(pressure=pressure, effective_modulus=effective_modulus, rms_slope=rms_slope)
    spread = np.asarray(effective_modulus, dtype=np.float64) * rms_slope / 2.0
    if hardness is None:
        found = special.erf(np.asarray(pressure, dtype=np.float64) / (math.sqrt(2.0) * spread))
    else:
        require_positive(hardness=hardness)
        found = _elastoplastic(np.minimum(np.asarray(pressure, dtype=np.float64) / hardness, 1.0), spread / hardness)
    return _plain(np.asarray(found))


def _elastoplastic(x: Floats, q: Floats) -> Floats:
    """Return 1 - (share absorbed at 0) of a walk from x on [0, 1] absorbed at both ends, after variance q^2."""
    shape = np.broadcast_shapes(x.shape, q.shape)
    x, q = np.broadcast_to(x, shape)[..., None], np.broadcast_to(q, shape)[..., None]
    n = np.arange(1, 7)
    short = math.sqrt(2.0) * np.minimum(q, 1.0)  # images: the sixth is erfc(7.8)
    images = special.erfc((2 * n - x) / short) - special.erfc((2 * n + x) / short)
    modes = np.sin(np.pi * n * x) / n * np.exp(-0.5 * (np.pi * n * np.maximum(q, 1.0)) ** 2)  # eigenfunctions
    early = special.erf(x[..., 0] / short[..., 0]) + images.sum(axis=-1)
    late = x[..., 0] + 2.0 / math.pi * modes.sum(axis=-1)
    found: Floats = np.where(x[..., 0] >= 1.0, 1.0, np.where(q[..., 0] < 1.0, early, late))
    return found


def _plain(values: Floats) -> Real:
    return values if values.ndim else float(values)
