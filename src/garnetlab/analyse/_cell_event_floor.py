"""The resistance below which a cell can only be shorted: that of its electrolyte alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from garnetlab import units
from garnetlab.analyse.half_cycles import HalfCycles
from garnetlab.core import InvalidInput, MissingInput
from garnetlab.library import load_material
from garnetlab.units import Quantity

__all__ = ["Floor", "floor_of"]

#: share of a sound cell that its electrolyte has at least, where nothing else is known
_SHARE = 0.25
#: of a garnet pellet of known thickness: conductivities of the literature differ by a factor of two from that of the library
_DOUBT = math.log(2.0)
_SAME_KELVIN = 5.0


@dataclass(frozen=True, slots=True)
class Floor:
    """The resistance [of ``HalfCycles.resistance``] below which a cell is shorted, None where only a share is known.

    Parameters
    ----------
    resistance: At the temperature of the test, or None.
    share:      Of the sound cell, used without a resistance.
    words:      Where it comes from.
    measured:   Whether it was given, not assumed.
    """

    resistance: float | None
    share: float
    words: str
    measured: bool = False

    def hard(self, resistance: float, size: float) -> bool:
        """Return whether a cell of that resistance, whose ln V fell by ``size``, is shorted by metal."""
        if self.resistance is not None and math.isfinite(resistance):
            return resistance < self.resistance
        return size > -math.log(self.share)


def floor_of(cycles: HalfCycles, known: Quantity | None) -> Floor:
    """Return the floor: from impedance, else from the thickness with the conductivity of LLZTO, else a share.

    Raises
    ------
    InvalidInput  for a resistance that is not positive.
    MissingInput  if a resistance is given for a file without current.
    """
    if known is None:
        return _of_garnet(cycles) or _of_share()
    if not known.value > 0.0:
        message = f"electrolyte_resistance = {known.value:g} ohm: expected more than 0. Take it from impedance."
        raise InvalidInput(message)
    if not np.any(np.isfinite(cycles.resistance)):
        message = "current = none in the file: a resistance needs it. Give current_density with the area."
        raise MissingInput(message)
    lowest = max(known.value - 2.0 * (known.std or 0.0), 0.0) * (1.0 if cycles.area is None else cycles.area)
    return Floor(lowest, _SHARE, "the resistance of the electrolyte that was given", measured=True)


def _of_share() -> Floor:
    words = f"the resistance of the electrolyte is not known: {100 * _SHARE:.0f} % of the sound cell are taken"
    return Floor(None, _SHARE, words)


def _of_garnet(cycles: HalfCycles) -> Floor | None:
    """Return half the resistance of an LLZTO pellet of this thickness, None where it is unknown or cannot be one."""
    metadata = cycles.measurement.metadata
    thickness, kelvin = metadata.get("thickness"), _kelvin(cycles)
    sound = cycles.resistance[np.isfinite(cycles.resistance)][:4]
    if not isinstance(thickness, float | int) or kelvin is None or cycles.area is None or not len(sound):
        return None
    garnet = load_material("LLZTO")
    room = units.celsius(25.0)
    sigma = float(garnet.property("ionic_conductivity", temperature=room)[0].value)
    energy = float(garnet.property("activation_energy", temperature=units.celsius(30.0))[0].value)
    sigma *= math.exp(-energy / units.k_B * (1.0 / kelvin - 1.0 / room)) * room / kelvin
    lowest = float(thickness) / sigma * math.exp(-_DOUBT)
    if lowest > float(np.median(sound)):
        return None  # the cell resists less than such a pellet: it is another electrolyte
    return Floor(lowest, _SHARE, "half the resistance of an LLZTO pellet of this thickness, as the library has it")


def _kelvin(cycles: HalfCycles) -> float | None:
    """Return the temperature of the test, None where it is unknown or changes."""
    seen = cycles.temperature[np.isfinite(cycles.temperature)]
    if len(seen) and float(np.ptp(seen)) <= 2.0 * _SAME_KELVIN:
        return float(np.median(seen))
    stated = cycles.measurement.metadata.get("temperature")
    return float(stated) if isinstance(stated, float | int) and not len(seen) else None
