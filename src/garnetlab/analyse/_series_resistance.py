"""A resistance of a cell from a number or from its impedance spectrum."""

from __future__ import annotations

from typing import Literal

from garnetlab.analyse.eis import analyse_impedance
from garnetlab.core import InvalidInput, Kind, Measurement
from garnetlab.units import Quantity

__all__ = ["resistance_from"]

_NAMES = {"electrolyte": "electrolyte_resistance", "interface": "interface_arc_resistance"}
_APART = 2.0  # kelvin between the spectrum and the other measurement
_SAME = 0.02  # part of the area


def resistance_from(
    given: Quantity | Measurement, part: Literal["electrolyte", "interface"], beside: Measurement
) -> Quantity:
    """Return the resistance [ohm] of the electrolyte, or of all interfaces together.

    Parameters
    ----------
    given:  The resistance, or an impedance spectrum of the same sample.
    part:   Which.
    beside: The measurement it is used with: sample, area and temperature must agree where both say them.

    Raises
    ------
    InvalidInput  if the quantity is no resistance > 0, the spectrum is of another sample, or it shows no such part.
    """
    name = _NAMES[part]
    if isinstance(given, Quantity):
        try:
            found = given.to("ohm")
        except ValueError:
            message = f"{name} = {given}: expected a resistance in ohm. Divide an area resistance by the area."
            raise InvalidInput(message) from None
        if not given.value > 0.0:
            message = f"{name} = {given}: expected more than 0 ohm."
            raise InvalidInput(message)
        return found
    if given.kind is not Kind.IMPEDANCE:
        message = f"{name} = measurement of kind {given.kind.value!r}: expected an impedance spectrum or a resistance."
        raise InvalidInput(message)
    _same_cell(given, beside)
    result = analyse_impedance([given])[0]
    if name not in result.quantities or not result.outcome.good:
        message = (
            f"{name} = none in the spectrum (outcome {result.outcome.label}): expected a spectrum that shows it. Give the"
            " resistance in ohm instead."
        )
        raise InvalidInput(message)
    return result[name]


def _same_cell(spectrum: Measurement, beside: Measurement) -> None:
    one, other = spectrum.metadata, beside.metadata
    if "sample" in one and "sample" in other and one["sample"] != other["sample"]:
        message = (
            f"sample = {one['sample']!r}: expected the spectrum of {other['sample']!r}. Give that of the same cell."
        )
        raise InvalidInput(message)
    for name, allowed in (("temperature", _APART), ("area", None)):
        if name not in one or name not in other:
            continue
        a, b = float(one[name]), float(other[name])
        if abs(a - b) > (allowed if allowed is not None else _SAME * b):
            unit = "K" if name == "temperature" else "m^2"
            message = f"{name} = {a:.5g} {unit} of the spectrum: expected {b:.5g} {unit}, as of the other measurement."
            raise InvalidInput(message)
