"""Faces of the paper's anodes, pure lithium to 20 wt% K2CO3: contact and kinetics from its rows, the rest calibrated.

Contact at the start is relative to Li-10KCO, theta0 ~ (ASR_10/ASR)^q: the resistance tells ratios of contact only. The
exchange current gives the reported ASR at 25 degC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from garnetlab import units
from garnetlab.core import InvalidInput
from garnetlab.library import model_names
from garnetlab.simulate import FaceModel
from garnetlab.study._calibration_model import face_model, oxide_fraction
from garnetlab.study._calibration_stored import calibrated_interface
from garnetlab.study._paper_interface import paper_asr, paper_energy, reported_resistances

__all__ = ["PaperParameters", "initial_contact", "paper_face", "paper_parameters"]

#: the calibrated model of the library
CALIBRATED = "peng2025"
_REFERENCE_WT_PCT = 10.0
REFERENCE_CONTACT = 0.1
_LAYER = 0.05  # F/m^2 of electrode: the double layer of Li-10KCO, as the model of a face has it for full contact
ROOM = units.celsius(25.0)


@dataclass(frozen=True, slots=True)
class PaperParameters:
    """What the calibration gives: the power of contact with resistance, and a face with all that compositions share.

    Parameters
    ----------
    contact_exponent:  q, of contact with resistance.
    face:              That of Li-10KCO; its supply and damage current are per true contact.
    reference_contact: True contact fraction of Li-10KCO. Only ratios of contact are known; without load sharing no prediction
                       depends on it.
    particles:         Whether the Li2O of the composite is swept onto the interface.
    """

    contact_exponent: float
    face: FaceModel
    reference_contact: float = REFERENCE_CONTACT
    particles: bool = False


@lru_cache(maxsize=1)
def paper_parameters() -> PaperParameters:
    """Return the calibrated parameters, of the typical draw: every face of the paper takes them from here."""
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
    ratio = reported_resistances()[_REFERENCE_WT_PCT] / resistance
    return min(known.reference_contact * math.pow(ratio, known.contact_exponent), 1.0)


def exchange_for(resistance: float, contact: float) -> float:
    """Return the exchange current per true contact area [A/m^2] that gives a resistance per apparent area at 25 degC."""
    return units.R * ROOM / (units.F * resistance * contact)
