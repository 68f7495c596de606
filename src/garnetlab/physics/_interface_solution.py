"""What the interface solver gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garnetlab.core import InvalidInput
from garnetlab.units import AreaResistance, CurrentDensity, Fraction, Voltage


@dataclass(frozen=True, slots=True)
class InterfaceSolution:
    """Currents through a patchy interface.

    Parameters
    ----------
    asr:                     Voltage over mean current density, slab included [ohm m^2].
    asr_low, asr_high:       Certified bounds of it for the map as given; None where they were not asked for.
    voltage:                 Between the electrodes [V].
    mean_current_density:    Over the whole face [A/m^2].
    contact:                 The map of the first face as it was given.
    current_density:         Of every pixel of the first face, shape (rows, columns), over the area of the pixel [A/m^2].
    overpotential:           Between electrode and surface of the slab, of every pixel, 0 on voids [V].
    second_contact:          Of the second face where it is patchy, else None.
    second_current_density:  Likewise.
    second_overpotential:    Likewise.
    slab:                    Thickness over conductivity [ohm m^2].
    kinetics:                Resistance of the faces were their whole surface at one potential: the limit of a perfect
                             conductor [ohm m^2].
    constriction:            What the pattern adds to the sum of both: ``asr - slab - kinetics`` [ohm m^2].
    linear:                  Whether the kinetics are linear.
    iterations:              Steps of the conjugate gradients.
    newton_steps:            0 where the kinetics are linear.
    residual:                Relative misfit of the potential on contact, as the next power of ten.
    converged:               Whether it met the tolerance; if not, no number here may be used.
    """

    asr: AreaResistance
    asr_low: AreaResistance | None
    asr_high: AreaResistance | None
    voltage: Voltage
    mean_current_density: CurrentDensity
    contact: Fraction
    current_density: CurrentDensity
    overpotential: Voltage
    second_contact: Fraction | None
    second_current_density: CurrentDensity | None
    second_overpotential: Voltage | None
    slab: AreaResistance
    kinetics: AreaResistance
    constriction: AreaResistance
    linear: bool
    iterations: int
    newton_steps: int
    residual: Fraction
    converged: bool

    @property
    def sensitivity(self) -> Fraction:
        """Change of ``asr`` with the resistance, charge transfer or film, of every single pixel per true contact area.

        It comes with the solution, without another solve: the square of the current over its mean, over pixels and contact
        fraction. Its sum is the change with the resistance of all pixels. Shape (rows, columns).

        Raises
        ------
        InvalidInput  if the kinetics are not linear.
        """
        return self._sensitivity(self.contact, self.current_density)

    @property
    def second_sensitivity(self) -> Fraction | None:
        """The same of the second face where it is patchy, else None."""
        if self.second_contact is None or self.second_current_density is None:
            return None
        return self._sensitivity(self.second_contact, self.second_current_density)

    def _sensitivity(self, contact: Fraction, current: CurrentDensity) -> Fraction:
        if not self.linear:
            message = (
                "sensitivity = none: expected linear kinetics. Use the slope of the overpotential at the solution."
            )
            raise InvalidInput(message)
        share = np.asarray(contact, dtype=np.float64)
        relative = np.asarray(current) / self.mean_current_density
        return np.where(share > 0, relative**2 / np.where(share > 0, share, 1.0), 0.0) / share.size
