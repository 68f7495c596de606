r"""Loss of contact under a stripped face: what the current takes and the metal does not bring back becomes a gap.

.. math:: \dot w = \frac{V_m}{F}\,\theta\, s \ln\frac{1 + e^{(j/\theta - j_{sup})/s}}{1 + e^{-j_{sup}/s}}

for the gap w (volume of lost lithium per area of electrode), the current density j per area of electrode, the contact
fraction theta, the supply j_sup of the metal per area of contact, and the spread s of the supply from place to place:
the mean of (j/theta - q)_+ over a logistic q around j_sup, of which the tail below zero counts as no supply. So no
more is lost than is stripped, and nothing at rest. Without spread it is theta (j/theta - j_sup)_+. Plating gives part of
it back. The gap lowers the contact fraction, as a rough face (linear) or as touching hemispheres.

Valid on scales above the size of one void and below the length over which the current evens out.

Source
------
T. Krauskopf, H. Hartmann, W. G. Zeier, J. Janek, ACS Appl. Mater. Interfaces 11 (2019) 14463 (current that exceeds what
diffusion of vacancies carries off leaves voids; seen in part); the laws of spread, recovery and contact are own ones.
"""

from __future__ import annotations

import math

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.physics._kinds import Diffusivity, Speed
from garnetlab.physics._ranges import activated, plain, require_not_negative, require_part, require_share
from garnetlab.physics._table import ParameterRow, require_positive
from garnetlab.units import CurrentDensity, Energy, Fraction, Length, MolarVolume, Number, Temperature

__all__ = [
    "contact_fraction_hemispheres",
    "contact_fraction_linear",
    "diffusion_limited_supply",
    "gap_growth",
    "load_shared_supply",
    "plating_recovery",
    "stripping_deficit",
    "supply_at",
]

#: tracer over self-diffusion coefficient of a bcc metal with single vacancies; K. Compaan, Y. Haven, Trans. Faraday
#: Soc. 52 (1956) 786
_CORRELATION = 0.727


# what the current takes ----------------------------------------------------------------------------------------------
def stripping_deficit(
    current_density: CurrentDensity,
    *,
    contact_fraction: Fraction,
    supply: CurrentDensity,
    spread: CurrentDensity,
) -> CurrentDensity:
    r"""Return the part of a stripping current that leaves a gap [A/m^2 of electrode], 0 to the current itself.

    .. math:: \theta s [\ln(1 + e^{(j/\theta - j_{sup})/s}) - \ln(1 + e^{-j_{sup}/s})]

    It is at most theta s ln 2 above theta (j/theta - j_sup)_+. With a spread a little is lost even below the supply, and
    places whose share of the distribution lies below zero have none; at rest nothing is lost.

    Parameters
    ----------
    current_density:  Stripping current per area of electrode [A/m^2], >= 0. Broadcasts with the others.
    contact_fraction: theta, more than 0 and at most 1.
    supply:           j_sup per area of contact [A/m^2], >= 0.
    spread:           Scale s of its logistic distribution [A/m^2], >= 0; 0 means one supply everywhere.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own derivation: integral of the logistic distribution function; without spread the criterion of Krauskopf et al.
    (2019).

    Examples
    --------
    >>> stripping_deficit(10.0, contact_fraction=0.5, supply=12.0, spread=0.0)
    4.0
    >>> round(stripping_deficit(10.0, contact_fraction=0.5, supply=12.0, spread=3.0), 4)
    4.0736
    """
    require_not_negative(current_density=current_density, supply=supply, spread=spread)
    require_share(contact_fraction=contact_fraction)
    theta, scale = np.asarray(contact_fraction, dtype=np.float64), np.asarray(spread, dtype=np.float64)
    excess = np.asarray(current_density) / theta - supply
    with np.errstate(over="ignore"):  # a spread of nearly 0: the exponential below is 0
        reduced = np.abs(excess) / np.where(scale > 0.0, scale, 1.0)
        none = np.exp(-np.asarray(supply) / np.where(scale > 0.0, scale, 1.0))
    lost = np.maximum(excess, 0.0) + scale * (np.log1p(np.exp(-reduced)) - np.log1p(none))
    return plain(theta * np.maximum(lost, 0.0))


def gap_growth(deficit: CurrentDensity, *, molar_volume: MolarVolume) -> Speed:
    """Return the rate V_m/F times the deficit [m/s] at which a gap grows.

    Parameters
    ----------
    deficit:      Of ``stripping_deficit`` [A/m^2 of electrode], >= 0.
    molar_volume: Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Faraday's law; one electron for each atom.

    Examples
    --------
    >>> round(gap_growth(10.0, molar_volume=12.97e-6) * 3600 * 1e6, 2)  # micrometre in an hour at 1 mA/cm^2
    4.84
    """
    require_not_negative(deficit=deficit)
    require_positive(molar_volume=molar_volume)
    return plain(np.asarray(deficit, dtype=np.float64) * molar_volume / units.F)


def plating_recovery(
    current_density: CurrentDensity,
    *,
    recovery: Fraction,
    gap: Length,
    smoothing: Length,
    molar_volume: MolarVolume,
) -> Speed:
    """Return how fast plating closes a gap [m/s, >= 0], eps (V_m/F) abs(j) w/(w + w_s).

    Parameters
    ----------
    current_density: Plating current per area of electrode [A/m^2], either sign. Broadcasts with the others.
    recovery:        Share eps of the plated metal that goes into gaps, from 0 to 1.
    gap:             w [m], >= 0.
    smoothing:       Gap w_s [m], > 0, at which half of that share is reached, so that the rate ends smoothly at w = 0.
    molar_volume:    Of lithium [m^3/mol], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own closure: Faraday's law with a share; the saturation is numerical, of order 0.02 micrometre.

    Examples
    --------
    >>> rate = plating_recovery(10.0, recovery=0.5, gap=1e-6, smoothing=2e-8, molar_volume=12.97e-6)
    >>> round(rate * 3600 * 1e6, 3)  # micrometre in an hour
    2.372
    """
    require_part(recovery=recovery)
    require_not_negative(gap=gap, current_density=np.abs(current_density))
    require_positive(smoothing=smoothing, molar_volume=molar_volume)
    width = np.asarray(gap, dtype=np.float64)
    return plain(np.abs(current_density) * (recovery * molar_volume / units.F) * (width / (width + smoothing)))


# what is left in contact ---------------------------------------------------------------------------------------------
def contact_fraction_linear(gap: Length, *, initial: Fraction, height: Length) -> Fraction:
    """Return theta0 (1 - w/h), 0 where the gap exceeds the height: a face whose heights are evenly distributed.

    Parameters
    ----------
    gap:     Volume lost per area w [m], >= 0, closable and not. Broadcasts with the others.
    initial: Contact fraction theta0 without gap, more than 0 and at most 1.
    height:  Volume per area h [m], > 0, at which the last contact goes.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    E. J. Abbott, F. A. Firestone, Mech. Eng. 55 (1933) 569 (bearing area curve), of even height.

    Examples
    --------
    >>> round(contact_fraction_linear(0.5e-6, initial=0.4, height=2e-6), 12)
    0.3
    """
    _require_gap(gap, initial, height)
    return plain(initial * np.maximum(1.0 - np.asarray(gap, dtype=np.float64) / height, 0.0))


def contact_fraction_hemispheres(gap: Length, *, initial: Fraction, height: Length) -> Fraction:
    """Return theta0 [1 - (w/h)^(2/3)], 0 where the gap exceeds the height: equal hemispheres that touch the face.

    A fixed number of them per area covers n pi a^2 and holds n 2 pi a^3/3; at w = h they cover everything.

    Parameters
    ----------
    gap:     Volume lost per area w [m], >= 0. Broadcasts with the others.
    initial: Contact fraction theta0 without gap, more than 0 and at most 1.
    height:  Volume per area h [m], > 0, at which the last contact goes; the voids then have the radius 1.5 h.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own derivation: area and volume of hemispheres.

    Examples
    --------
    >>> round(contact_fraction_hemispheres(0.25e-6, initial=0.4, height=2e-6), 12)
    0.3
    """
    _require_gap(gap, initial, height)
    share = np.cbrt(np.asarray(gap, dtype=np.float64) / height) ** 2
    return plain(initial * np.maximum(1.0 - share, 0.0))


# what the metal brings back ------------------------------------------------------------------------------------------
def supply_at(
    temperature: Temperature, *, supply: CurrentDensity, activation_energy: Energy, reference: Temperature
) -> CurrentDensity:
    """Return the supply at another temperature [A/m^2], j_sup exp[-Ea/k (1/T - 1/T0)].

    Parameters
    ----------
    temperature:       [K], > 0. Broadcasts with the others.
    supply:            At the reference temperature [A/m^2 of contact], >= 0.
    activation_energy: Ea [J], >= 0.
    reference:         T0 [K], > 0.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Arrhenius law.

    Examples
    --------
    >>> from garnetlab import units
    >>> round(supply_at(333.15, supply=10.0, activation_energy=0.5 * units.eV, reference=298.15), 1)
    77.3
    """
    require_not_negative(supply=supply)
    return plain(np.asarray(supply) * activated(temperature, activation_energy=activation_energy, reference=reference))


def load_shared_supply(supply: CurrentDensity, *, contact_fraction: Fraction, exponent: Number) -> CurrentDensity:
    """Return the supply where the contacts share the stack load [A/m^2 of contact], j_sup theta^-p.

    The stress on a contact is P/theta, and what it presses in grows with a power p of it; so a supply per area of
    electrode (p = 1) and one per area of contact (p = 0) are the ends.

    Parameters
    ----------
    supply:           At full contact [A/m^2], >= 0. Broadcasts with the others.
    contact_fraction: theta, more than 0 and at most 1.
    exponent:         p >= 0; 0 switches load sharing off.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Own assumption: power law of the stress on a contact.

    Examples
    --------
    >>> round(load_shared_supply(10.0, contact_fraction=0.1, exponent=0.8), 1)
    63.1
    """
    require_not_negative(supply=supply, exponent=exponent)
    require_share(contact_fraction=contact_fraction)
    return plain(supply * np.asarray(contact_fraction, dtype=np.float64) ** (-np.asarray(exponent)))


def diffusion_limited_supply(
    temperature: Temperature,
    *,
    prefactor: Diffusivity,
    activation_energy: Energy,
    molar_volume: MolarVolume,
    distance: Length,
    supersaturation: Number = 2.0,
    multiplier: Number = 1.0,
) -> CurrentDensity:
    """Return the supply that diffusion of vacancies can carry [A/m^2 of contact], (F/V_m) (m D/f) (S - 1)/L.

    Vacancies are at S times equilibrium at the face, where a void would start, and at equilibrium at the next sink.
    Their flux is that of the atoms, and the coefficient of the vacancies times their equilibrium share is D/f, with the
    tracer coefficient D = D0 exp(-Ea/kT) and the correlation factor f = 0.727 of the bcc lattice. An estimate: distance
    and supersaturation are not known, and grain boundaries may carry a thousand times more.

    Parameters
    ----------
    temperature:       [K], > 0. Broadcasts with the others.
    prefactor:         D0 of tracer diffusion [m^2/s], > 0.
    activation_energy: Ea [J], >= 0.
    molar_volume:      Of lithium [m^3/mol], > 0.
    distance:          L from the face to the sinks of vacancies, grain boundaries or dislocations [m], > 0.
    supersaturation:   S of the vacancies at the face, >= 1.
    multiplier:        m >= 1 for paths faster than the lattice.

    Raises
    ------
    InvalidInput  if a number is out of its range.

    Source
    ------
    Idea: Krauskopf et al. (2019). Fick's first law; A. Lodding, J. N. Mundy, A. Ott, Phys. Stat. Sol. 38 (1970) 559
    for the tracer (recalled: 0.125 cm^2/s, 0.549 eV); K. Compaan, Y. Haven, Trans. Faraday Soc. 52 (1956) 786 for f.

    Examples
    --------
    >>> from garnetlab import units
    >>> lattice = {"prefactor": 0.125e-4, "activation_energy": 0.549 * units.eV, "molar_volume": 12.97e-6}
    >>> round(diffusion_limited_supply(298.15, **lattice, distance=10e-6), 2)  # 0.7 mA/cm^2
    6.71
    """
    require_positive(temperature=temperature, prefactor=prefactor, molar_volume=molar_volume, distance=distance)
    require_not_negative(activation_energy=activation_energy)
    for name, value, least in (("supersaturation", supersaturation, 1.0), ("multiplier", multiplier, 1.0)):
        if not np.all((np.asarray(value) >= least) & (np.asarray(value) < math.inf)):
            message = f"{name} = {value}: expected a finite number of at least {least:g}."
            raise InvalidInput(message)
    barrier = np.asarray(activation_energy, dtype=np.float64) / (units.k_B * np.asarray(temperature))
    flux = multiplier * prefactor / _CORRELATION * np.exp(-barrier) * (np.asarray(supersaturation) - 1.0) / distance
    return plain(units.F / molar_volume * flux)


def _require_gap(gap: Length, initial: Fraction, height: Length) -> None:
    require_not_negative(gap=gap)
    require_share(initial=initial)
    require_positive(height=height)


PARAMETERS = (
    ParameterRow("supply", "A/m^2", None, 0.1, 1e3, "fits of the lives of Peng et al. (2025) give 10 A/m^2 at 25 degC"),
    ParameterRow("spread", "A/m^2", None, 0.0, 1e3, "a quarter of the supply in those fits"),
    ParameterRow("recovery", "1", None, 0.0, 1.0, "assumed 0.5 in those fits"),
    ParameterRow("smoothing", "m", None, 1e-9, 1e-7, "numerical, 2 % of the height"),
    ParameterRow("height", "m", None, 1e-7, 1e-5, "fits give 1.7 micrometre; roughness of polished pellets 0.3 to 1"),
    ParameterRow("activation_energy", "J", None, 4.8e-20, 9.6e-20, "0.3 to 0.6 eV: fits, and Lodding et al. (1970)"),
    ParameterRow(
        "multiplier", "1", 1.0, 1.0, 1e6, "grain boundaries 1e3 to 1e6 times the bulk, doi 10.1039/D3TA03814A"
    ),
    ParameterRow("exponent", "1", None, 0.0, 1.0, "0.8 in fits with load sharing; not separable from 0 by the data"),
    ParameterRow("supersaturation", "1", 2.0, 1.0, 100.0, "assumed; not known"),
)

_LATTICE = {"prefactor": 0.125e-4, "activation_energy": 0.549 * units.eV, "molar_volume": 12.97e-6}

#: (function, inputs, expected, source)
REFERENCE_CASES = [
    (
        stripping_deficit,
        {"current_density": 10.0, "contact_fraction": 0.5, "supply": 20.0, "spread": 3.0},
        1.0378138,
        "0.5 * 3 (ln 2 - ln(1 + e^(-20/3))) by hand: excess 0",
    ),
    (
        stripping_deficit,
        {"current_density": 10.0, "contact_fraction": 0.5, "supply": 12.0, "spread": 0.0},
        4.0,
        "0.5 (20 - 12) by hand",
    ),
    (gap_growth, {"deficit": 10.0, "molar_volume": 12.97e-6}, 1.344246e-9, "12.97e-6 * 10/96485.33 by hand"),
    (
        plating_recovery,
        {"current_density": -10.0, "recovery": 0.5, "gap": 2e-8, "smoothing": 2e-8, "molar_volume": 12.97e-6},
        3.360615e-10,
        "a quarter of the case of gap_growth",
    ),
    (contact_fraction_linear, {"gap": 0.5e-6, "initial": 0.4, "height": 2e-6}, 0.3, "0.4 (1 - 1/4)"),
    (contact_fraction_hemispheres, {"gap": 0.25e-6, "initial": 0.4, "height": 2e-6}, 0.3, "0.4 (1 - (1/8)^(2/3))"),
    (
        supply_at,
        {"temperature": 333.15, "supply": 10.0, "activation_energy": 0.5 * units.eV, "reference": 298.15},
        77.25419,
        "10 exp(5802.259 (1/298.15 - 1/333.15)) = 10 exp(2.0445161) by hand",
    ),
    (load_shared_supply, {"supply": 10.0, "contact_fraction": 0.25, "exponent": 0.5}, 20.0, "10/sqrt(0.25)"),
    (
        diffusion_limited_supply,
        {"temperature": 298.15, **_LATTICE, "distance": 1e-5, "supersaturation": 2.0, "multiplier": 1.0},
        6.712372,
        "7.439115e9 * 0.125e-4 exp(-21.368038)/0.727/1e-5 by hand",
    ),
]
