"""Faces of the paper's anodes, pure lithium to 20 wt% K2CO3: contact and kinetics from its rows, the rest calibrated.

Contact at the start is relative to Li-10KCO, theta0 ~ (ASR_10/ASR)^q: the resistance tells ratios of contact only. The
exchange current gives the reported ASR at 25 degC. Between the compositions of the paper ln ASR goes linearly with the
mass fraction; how far it may be off is that of a Brownian bridge whose rate comes from leaving one composition out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import load_observations, model_names
from garnetlab.simulate import FaceModel
from garnetlab.study._calibration_model import face_model, oxide_fraction
from garnetlab.study._calibration_stored import calibrated_interface
from garnetlab.units import Quantity

__all__ = ["PaperParameters", "paper_asr", "paper_energy", "paper_face", "paper_parameters"]

#: the calibrated model of the library
CALIBRATED = "peng2025"
_REFERENCE_WT_PCT = 10.0
REFERENCE_CONTACT = 0.1
_LAYER = 0.05  # F/m^2 of electrode: the double layer of Li-10KCO, as the model of a face has it for full contact
_LEVEL = 0.95  # of the interval of an interpolated resistance
ROOM = units.celsius(25.0)


@dataclass(frozen=True, slots=True)
class PaperParameters:
    """What the calibration gives: the power of contact with resistance, and a face with all that compositions share.

    Parameters
    ----------
    contact_exponent:  q, of contact with resistance.
    face:              That of Li-10KCO; its supply and damage current are per true contact.
    reference_contact: True contact fraction of Li-10KCO. Only ratios of contact are known: no prediction depends on it.
    particles:         Whether the Li2O of the composite is swept onto the interface.
    """

    contact_exponent: float
    face: FaceModel
    reference_contact: float = REFERENCE_CONTACT
    particles: bool = False


@lru_cache(maxsize=1)
def paper_parameters() -> PaperParameters:
    """Return the calibrated parameters, medians: the one place from which every face of the paper takes them."""
    if CALIBRATED not in model_names():
        return _first()
    found = calibrated_interface(CALIBRATED)
    numbers = found.numbers()
    face = face_model(found.variant, numbers, 1.0, reference_contact=REFERENCE_CONTACT)
    return PaperParameters(numbers.contact_exponent, face, particles=found.variant.particles)


def _first() -> PaperParameters:
    """Return the best values of a first calibration: contact loss and damage that does not depend on temperature."""
    face = FaceModel(
        initial_contact=REFERENCE_CONTACT,
        exchange_current_density=1.0,
        supply=8.2 / REFERENCE_CONTACT,
        supply_activation_energy=0.549 * units.eV,
        height=1.38e-6,
        damage_current=29.2 / REFERENCE_CONTACT,
        damage_exponent=3.88,
    )
    return PaperParameters(0.624, face)


def paper_face(
    additive_wt_pct: float,
    *,
    parameters: PaperParameters | None = None,
    resistance: float | None = None,
    contact: float | None = None,
) -> FaceModel:
    """Return the face of an anode with some K2CO3 on LLZTO, as the paper has it.

    Parameters
    ----------
    additive_wt_pct: K2CO3 over the whole mass [%], 0 to 20.
    parameters:      In place of the calibrated ones.
    resistance:      Of the interface per apparent area at 25 degC [ohm m^2], in place of the paper's.
    contact:         True over apparent area at the start, in place of what the resistance says.

    Raises
    ------
    InvalidInput  if the composition lies outside the paper's, or a number is not positive.
    """
    asr = paper_asr(additive_wt_pct).value if resistance is None else resistance
    if not 0.0 < asr < math.inf:
        message = f"resistance = {asr!r} ohm m^2: expected a number > 0."
        raise InvalidInput(message)
    known = paper_parameters() if parameters is None else parameters
    theta = contact if contact is not None else initial_contact(asr, known)
    swept = known.particles and additive_wt_pct > 0.0
    return replace(
        known.face,
        initial_contact=theta,
        charge_transfer_resistance=None,
        exchange_current_density=exchange_for(asr, theta),
        kinetic_activation_energy=paper_energy(additive_wt_pct),
        double_layer_capacitance=_LAYER / known.reference_contact,
        reference_temperature=ROOM,
        particle_fraction=oxide_fraction(additive_wt_pct) if swept else 0.0,
        particle_release=1.0 if swept else 0.0,
    )


def initial_contact(resistance: float, parameters: PaperParameters | None = None) -> float:
    """Return contact from a resistance of the interface [ohm m^2], relative to that of Li-10KCO, at most 1."""
    known = paper_parameters() if parameters is None else parameters
    ratio = _table("asr.")[_REFERENCE_WT_PCT] / resistance
    return min(known.reference_contact * math.pow(ratio, known.contact_exponent), 1.0)


def exchange_for(resistance: float, contact: float) -> float:
    """Return the exchange current per true contact area [A/m^2] that gives a resistance per apparent area at 25 degC."""
    return units.R * ROOM / (units.F * resistance * contact)


def paper_asr(additive_wt_pct: float) -> Quantity:
    """Return the resistance of one interface at 25 degC [ohm m^2] with a 95 % interval where it is interpolated.

    Raises
    ------
    InvalidInput  outside 0 to 20 wt%.
    """
    x = _within(additive_wt_pct)
    table = _table("asr.")
    if x in table:
        return Quantity(table[x], None, "ohm cm^2", method="reported")
    below, above = _neighbours(x, tuple(table))
    middle = _bridge(x, below, above, table)
    spread = math.sqrt(_rate() * (x - below) * (above - x) / (above - below))
    reach = _student() * spread
    value = math.exp(middle)
    return Quantity(
        value, value * spread, "ohm cm^2", interval=(value * math.exp(-reach), value * math.exp(reach)),
        method=f"between {below:g} and {above:g} wt% of the paper",
    )  # fmt: skip


def paper_energy(additive_wt_pct: float) -> float:
    """Return the activation energy of the interface [J]: that of Li, of Li-10KCO, and linear between; above 10 wt% the latter."""
    found = {row.k2co3_wt_pct: row.value for row in load_observations() if row.id.startswith("int.Ea.")}
    at = sorted((float(x), float(y) * units.eV) for x, y in found.items() if x is not None and y is not None)
    return float(np.interp(_within(additive_wt_pct), [x for x, _ in at], [y for _, y in at]))


def _within(additive_wt_pct: float) -> float:
    low, high = min(_table("asr.")), max(_table("asr."))
    if not low <= additive_wt_pct <= high:
        message = (
            f"K2CO3 = {additive_wt_pct:g} wt%: expected {low:g} to {high:g} wt%, the compositions of the paper."
            " Nothing is known beyond them. Choose one inside."
        )
        raise InvalidInput(message)
    return float(additive_wt_pct)


@lru_cache(maxsize=2)
def _table(prefix: str) -> dict[float, float]:
    """Return the resistances of the paper [ohm m^2] by wt% of K2CO3."""
    rows = [row for row in load_observations() if row.id.startswith(prefix)]
    return {r.k2co3_wt_pct: r.value * units.ohm_cm2 for r in rows if r.k2co3_wt_pct is not None and r.value is not None}


def _neighbours(x: float, known: tuple[float, ...]) -> tuple[float, float]:
    return max(k for k in known if k < x), min(k for k in known if k > x)


def _bridge(x: float, below: float, above: float, table: Mapping[float, float]) -> float:
    """Return ln ASR on the line between two compositions."""
    share = (x - below) / (above - below)
    return (1.0 - share) * math.log(table[below]) + share * math.log(table[above])


@lru_cache(maxsize=1)
def _rate() -> float:
    """Return the variance of ln ASR per wt%: mean over inner compositions, each left out and foretold by its neighbours."""
    table = _table("asr.")
    found = []
    for x in sorted(table)[1:-1]:
        below, above = _neighbours(x, tuple(table))
        error = math.log(table[x]) - _bridge(x, below, above, table)
        found.append(error**2 / ((x - below) * (above - x) / (above - below)))
    return float(np.mean(found))


@lru_cache(maxsize=1)
def _student() -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + 0.5 * _LEVEL, len(_table("asr.")) - 2))
