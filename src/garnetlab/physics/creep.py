r"""Closure of voids in a creeping metal under stack pressure and surface energy.

.. math:: \dot w = -\frac32\, w\, \dot\epsilon_0\, e^{-\frac{Q}{R}(\frac1T - \frac1{T_0})}
          \left[\frac{3}{2n} \frac{P + 2\gamma/a}{\sigma_0}\right]^n, \qquad a = \tfrac32 h (w/h)^{1/3}

for the gap w held in equal hemispheres of radius a that cover the face at w = h (``voids``), power-law creep
eps0 (sigma/sigma0)^n with activation energy Q, the stack pressure P and the surface energy gamma. It is the law of a
hollow sphere in the limit of a small void, applied to each half. With gamma > 0 small voids close ever faster and
vanish in finite time; without it they shrink exponentially.

Valid for voids far apart and far larger than the lattice. The pressure is that of the stack, not divided by the contact
fraction: around a void the metal carries it on all sides.

Source
------
D. S. Wilkinson, M. F. Ashby, Acta Metall. 23 (1975) 1277 (pressure sintering by power-law creep, closed porosity);
constants of lithium: A. Masias et al., J. Mater. Sci. 54 (2019) 2585; W. S. LePage et al., J. Electrochem. Soc. 166
(2019) A89.
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._kinds import Speed, SurfaceEnergy
from garnetlab.physics._ranges import plain, require_not_negative
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import Frequency, Length, MolarEnergy, Number, Pressure, Temperature

__all__ = ["closure_rate", "creep_rate", "sintering_stress", "void_radius"]


def void_radius(gap: Length, *, height: Length) -> Length:
    """Return the radius a = 1.5 h (w/h)^(1/3) [m] of equal hemispheres that hold the gap and touch at w = h.

    Parameters
    ----------
    gap:    Volume lost per area w [m], >= 0. Broadcasts with the height.
    height: h [m], > 0, of ``voids.contact_fraction_hemispheres``.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own derivation: volume over area of a hemisphere is 2 a/3, and the area is (w/h)^(2/3).

    Examples
    --------
    >>> round(void_radius(0.2e-6, height=1.6e-6) * 1e6, 12)  # micrometre
    1.2
    """
    require_not_negative(gap=gap)
    require_positive(height=height)
    return plain(1.5 * height * np.cbrt(np.asarray(gap, dtype=np.float64) / height))


def sintering_stress(radius: Length, *, surface_energy: SurfaceEnergy) -> Pressure:
    """Return 2 gamma/a [Pa], by which the surface energy closes a round void.

    Parameters
    ----------
    radius:         a [m], > 0.
    surface_energy: gamma [J/m^2], >= 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Laplace's law.

    Examples
    --------
    >>> round(sintering_stress(0.5e-6, surface_energy=0.46) / 1e6, 2)  # MPa
    1.84
    """
    require_positive(radius=radius)
    require_not_negative(surface_energy=surface_energy)
    return plain(2.0 * np.asarray(surface_energy, dtype=np.float64) / radius)


def creep_rate(
    stress: Pressure,
    *,
    temperature: Temperature,
    reference_rate: Frequency,
    reference_stress: Pressure,
    exponent: Number,
    activation_energy: MolarEnergy,
    reference_temperature: Temperature,
) -> Frequency:
    """Return the strain rate [1/s] of power-law creep, eps0 exp[-Q/R (1/T - 1/T0)] (sigma/sigma0)^n.

    Parameters
    ----------
    stress:                Uniaxial stress sigma [Pa], >= 0. Broadcasts with the others.
    temperature:           [K], > 0.
    reference_rate:        eps0 [1/s], > 0, at the reference stress and temperature.
    reference_stress:      sigma0 [Pa], > 0.
    exponent:              n, at least 1.
    activation_energy:     Q [J/mol], >= 0.
    reference_temperature: T0 [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    LePage et al. (2019); Masias et al. (2019).

    Examples
    --------
    >>> lithium = {"reference_rate": 1e-3, "reference_stress": 0.75e6, "exponent": 6.6, "activation_energy": 37e3}
    >>> round(creep_rate(0.75e6, temperature=333.15, **lithium, reference_temperature=298.15) * 1e3, 2)
    4.8
    """
    require_not_negative(stress=stress, activation_energy=activation_energy)
    require_positive(
        temperature=temperature,
        reference_rate=reference_rate,
        reference_stress=reference_stress,
        reference_temperature=reference_temperature,
    )
    if not np.all((np.asarray(exponent) >= 1.0) & (np.asarray(exponent) < math.inf)):
        message = f"exponent = {exponent}: expected a finite number of at least 1."
        raise InvalidInput(message)
    inverse = 1.0 / np.asarray(temperature, dtype=np.float64) - 1.0 / np.asarray(reference_temperature)
    with np.errstate(over="ignore"):
        rate = reference_rate * np.exp(-np.asarray(activation_energy) / units.R * inverse)
        rate = rate * (np.asarray(stress) / reference_stress) ** exponent
    if not np.all(np.isfinite(rate)):
        message = (
            f"stress = {np.max(stress):g} Pa: the strain rate exceeds every number."
            " Give pascal, or for a tiny void a smallest_radius."
        )
        raise InvalidInput(message)
    return plain(rate)


def closure_rate(
    gap: Length,
    *,
    height: Length,
    pressure: Pressure,
    temperature: Temperature,
    surface_energy: SurfaceEnergy,
    reference_rate: Frequency,
    reference_stress: Pressure,
    exponent: Number,
    activation_energy: MolarEnergy,
    reference_temperature: Temperature,
    smallest_radius: Length = 0.0,
) -> Speed:
    """Return how fast a gap closes [m/s, >= 0] by creep of the metal around its voids.

    The rate grows without limit as the gap vanishes if surface energy acts and n > 3; at a gap of exactly 0 it is 0.

    Parameters
    ----------
    gap:                   Volume lost per area w [m], >= 0. Broadcasts with the others.
    height:                h of the hemispheres [m], > 0.
    pressure:              Stack pressure P [Pa], >= 0.
    temperature:           [K], > 0.
    surface_energy:        gamma [J/m^2], >= 0; 0 switches capillarity off.
    reference_rate, reference_stress, exponent, activation_energy, reference_temperature:  as ``creep_rate``.
    smallest_radius:       Below it the surface energy pulls as at this radius [m], >= 0; keeps the rate finite.

    Raises
    ------
    InvalidInput  if a number is out of its range or the rate exceeds every number.

    Source
    ------
    Wilkinson & Ashby (1975): closed porosity, limit of a small share of voids; Laplace's law.

    Examples
    --------
    >>> lithium = {"reference_rate": 1e-3, "reference_stress": 0.75e6, "exponent": 6.6, "activation_energy": 37e3}
    >>> state = {"pressure": 0.2e6, "temperature": 298.15, "surface_energy": 0.46, "reference_temperature": 298.15}
    >>> gap = 1e-6 / 27  # voids of half a micrometre
    >>> round(closure_rate(gap, height=1e-6, **state, **lithium) / gap * 3600, 2)  # per hour
    0.23
    """
    require_not_negative(pressure=pressure, smallest_radius=smallest_radius, surface_energy=surface_energy)
    radius = np.maximum(void_radius(gap, height=height), smallest_radius)
    present = np.asarray(gap) > 0.0
    capillary = 2.0 * np.asarray(surface_energy, dtype=np.float64) / np.where(radius > 0.0, radius, height)
    strain = creep_rate(
        1.5 / np.asarray(exponent, dtype=np.float64) * (pressure + np.where(present, capillary, 0.0)),
        temperature=temperature,
        reference_rate=reference_rate,
        reference_stress=reference_stress,
        exponent=exponent,
        activation_energy=activation_energy,
        reference_temperature=reference_temperature,
    )
    return plain(1.5 * np.asarray(gap, dtype=np.float64) * strain)


PARAMETERS = (
    ParameterRow("height", "m", None, 1e-7, 1e-5, "fits of the lives of Peng et al. (2025) give 1.7 micrometre"),
    ParameterRow(
        "pressure", "Pa", None, 0.0, 4e8, "coin cell about 0.2 MPa; pressed up to 400 MPa, Krauskopf et al. (2019)"
    ),
    ParameterRow("surface_energy", "J/m^2", None, 0.0, 0.6, "0.46 for Li (100), Tran et al. (2016), recalled"),
    ParameterRow("reference_rate", "1/s", None, 1e-5, 1e-1, "rate of the tensile test, Masias et al. (2019)"),
    ParameterRow("reference_stress", "Pa", None, 0.73e6, 0.81e6, "at 1e-3 1/s, Masias et al. (2019)"),
    ParameterRow("exponent", "1", None, 5.0, 7.0, "6.6, by nanoindentation 6.9, Masias et al. (2019)"),
    ParameterRow("activation_energy", "J/mol", None, 31e3, 43e3, "37 +- 6 kJ/mol, LePage et al. (2019), recalled"),
    ParameterRow("smallest_radius", "m", 0.0, 0.0, 1e-7, "numerical"),
)

_LITHIUM = {
    "reference_rate": 1e-3,
    "reference_stress": 0.75e6,
    "exponent": 6.6,
    "activation_energy": 37e3,
    "reference_temperature": 298.15,
}

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (void_radius, {"gap": 0.2e-6, "height": 1.6e-6}, 1.2e-6, "1.5 * 1.6 * (1/8)^(1/3) by hand"),
    (sintering_stress, {"radius": 0.5e-6, "surface_energy": 0.46}, 1.84e6, "2 * 0.46/0.5e-6 by hand"),
    (
        creep_rate,
        {"stress": 1.5e6, "temperature": 298.15, **_LITHIUM},
        0.0970059,
        "1e-3 * 2^6.6 = 1e-3 * 64 * 1.5157166 by hand",
    ),
    (
        closure_rate,
        {
            "gap": 1e-6 / 27,
            "height": 1e-6,
            "pressure": 0.2e6,
            "temperature": 298.15,
            "surface_energy": 0.46,
            **_LITHIUM,
            "smallest_radius": 0.0,
        },
        2.323243e-12,
        "1.5 * 1e-6/27 * 1e-3 * 0.618181818^6.6 = 5.5555556e-11 * 0.04181837 by hand; stress 0.2 + 1.84 MPa",
    ),
]
