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
_LEAST_STD = (
    0.01  # relative, of a resistance from impedance whose uncertainty nobody gave: contacts and area are no better
)


@dataclass(frozen=True, slots=True)
class Floor:
    """The resistance [of ``HalfCycles.resistance``] below which a cell is shorted, None where only a share is known.

    Parameters
    ----------
    resistance: At the temperature of the test, or None.
    share:      Of the sound cell, used without a resistance.
    words:      Where it comes from.
    measured:   Whether it was given, not assumed.
    std:        Relative standard uncertainty of a measured one, of which two are taken off it already.
    kelvin:     Temperature at which it holds, None where the record has none.
    doubt:      A sentence for the user where the cell lies below what its electrolyte should have from the start.
    """

    resistance: float | None
    share: float
    words: str
    measured: bool = False
    std: float = 0.0
    kelvin: float | None = None
    doubt: str = ""

    def holds(self, kelvin: float) -> bool:
        """Return whether a half cycle at this temperature can be held against the floor; NaN where none is known."""
        return self.kelvin is None or not math.isfinite(kelvin) or abs(kelvin - self.kelvin) <= _SAME_KELVIN

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
    std = max((known.std or 0.0) / known.value, _LEAST_STD)
    lowest = known.value * max(1.0 - 2.0 * std, 0.0) * (1.0 if cycles.area is None else cycles.area)
    seen = cycles.temperature[np.isfinite(cycles.temperature)]
    kelvin = float(np.median(seen)) if len(seen) else None
    words = "the resistance of the electrolyte that was given, less its doubt"
    return Floor(lowest, _SHARE, words, measured=True, std=std, kelvin=kelvin)


def _of_share(doubt: str = "") -> Floor:
    words = f"the resistance of the electrolyte is not known: {100 * _SHARE:.0f} % of the sound cell are taken"
    return Floor(None, _SHARE, words, doubt=doubt)


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
        doubt = (
            f"the cell resists {1e4 * float(np.median(sound)):.3g} ohm cm^2 from the start, less than half of an LLZTO pellet of"
            " this thickness: it was shorted before the test, or its electrolyte is another. Give --electrolyte-resistance."
        )
        return _of_share(doubt)
    words = "half the resistance of an LLZTO pellet of this thickness, as the library has it"
    return Floor(lowest, _SHARE, words, kelvin=kelvin)


def _kelvin(cycles: HalfCycles) -> float | None:
    """Return the temperature of the test, None where it is unknown or changes."""
    seen = cycles.temperature[np.isfinite(cycles.temperature)]
    if len(seen) and float(np.ptp(seen)) <= 2.0 * _SAME_KELVIN:
        return float(np.median(seen))
    stated = cycles.measurement.metadata.get("temperature")
    return float(stated) if isinstance(stated, float | int) and not len(seen) else None
