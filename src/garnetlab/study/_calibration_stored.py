"""The calibrated interface of the library, ready to predict and to be simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garnetlab.library import load_model
from garnetlab.simulate._face_model import FaceModel
from garnetlab.study._calibration_model import InterfaceVariant, Numbers, face_model
from garnetlab.study._calibration_observations import InterfaceObservation
from garnetlab.study._calibration_variants import interface_variant

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CalibratedInterface:
    """A variant with posterior draws of its free numbers.

    Parameters
    ----------
    variant: The mechanisms.
    draws:   Posterior draws, one row each.
    typical: The draw whose median cells come nearest to the predicted medians: numbers that belong together.
    """

    variant: InterfaceVariant
    draws: Floats
    typical: Floats

    def numbers(self, draw: int | None = None) -> Numbers:
        """Return the numbers of a draw, by default of the typical one."""
        return self.variant.numbers(self.typical if draw is None else self.draws[draw])

    def face(
        self, observation: InterfaceObservation, *, draw: int | None = None, reference_contact: float = 0.1
    ) -> FaceModel:
        """Return the face for a virtual cell: resistance, temperature and composition are those of the observation.

        Parameters
        ----------
        observation:       Which interface. A ``FaceModel`` holds its own dependence on temperature, except that of contact
                           in the variants in which contact grows on heating: there it is that of the observation.
        draw:              Index of a posterior draw; None for the typical one.
        reference_contact: True contact fraction of the interface of 32.5 ohm cm^2. Only ratios are known; without load sharing
                           nothing that is predicted depends on it.

        Raises
        ------
        InvalidInput  if the contact would exceed one: take a smaller ``reference_contact``.
        """
        numbers = self.numbers(draw)
        return face_model(
            self.variant,
            numbers,
            numbers.contact(observation),
            particles=observation.additive if self.variant.particles else 0.0,
            resistance=observation.resistance,
            reference_contact=reference_contact,
        )


def calibrated_interface(name: str = "peng2025") -> CalibratedInterface:
    """Return a calibrated interface of the library with its posterior draws.

    Raises
    ------
    InvalidInput  if there is none of that name.
    """
    model = load_model(name)
    variant = interface_variant(model.variant)
    order = [p.name for p in variant.parameters]
    columns = [list(model.parameters).index(n) for n in order]
    draws = np.asarray(model.draws)[:, columns]
    return CalibratedInterface(variant, draws, np.array([model.parameters[n].typical for n in order]))
