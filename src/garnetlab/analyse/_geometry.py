"""What an analysis knows of a sample, read from the metadata of its measurement."""

from __future__ import annotations

from dataclasses import dataclass

from garnetlab import units
from garnetlab.core import InvalidInput, Measurement

_CONFLICT = 2.0  # kelvin between the temperature of the file and that of its name
_ELECTRODES = ("blocking", "symmetric", "unknown")


@dataclass(frozen=True, slots=True)
class Sample:
    """Geometry and temperature of a sample in SI; None where it was not given. Nothing is guessed."""

    area: float | None
    thickness: float | None
    temperature: float | None
    interfaces: int
    electrodes: str
    area_std: float = 0.0
    thickness_std: float = 0.0

    @property
    def cell_constant(self) -> float | None:
        """Thickness over area [1/m], or None."""
        return None if self.area is None or self.thickness is None else self.thickness / self.area


def _positive(measurement: Measurement, name: str, unit: str) -> float | None:
    value = measurement.metadata.get(name)
    if value is None:
        return None
    if not isinstance(value, float | int) or not value > 0 or value == float("inf"):
        message = f"{name} = {value!r}: expected a finite number > 0 in {unit}. Correct the document or the option."
        raise InvalidInput(message)
    return float(value)


def sample_of(measurement: Measurement) -> Sample:
    """Return geometry and temperature from the metadata.

    Raises
    ------
    InvalidInput  for a value <= 0, an unknown kind of electrode, or a temperature that file and file name dispute.
    """
    temperature = _positive(measurement, "temperature", "kelvin")
    named = measurement.metadata.get("temperature_name")
    if temperature is not None and isinstance(named, float | int) and abs(temperature - named) > _CONFLICT:
        inside, outside = (units.format_value(t, "degC") for t in (temperature, float(named)))
        message = f"temperature = {inside} in the file but {outside} in its name: give --temperature to decide."
        raise InvalidInput(message)
    doubt = measurement.metadata.get("temperature_doubt")
    if temperature is None and doubt is not None:
        message = f"temperature = unknown: {doubt}."
        raise InvalidInput(message)
    electrodes = str(measurement.metadata.get("electrodes", "unknown"))
    if electrodes not in _ELECTRODES:
        message = f"electrodes = {electrodes!r}: expected one of {', '.join(_ELECTRODES)}."
        raise InvalidInput(message)
    return Sample(
        area=_positive(measurement, "area", "m^2"),
        thickness=_positive(measurement, "thickness", "m"),
        temperature=temperature,
        interfaces=int(measurement.metadata.get("interfaces", 2)),
        electrodes=electrodes,
        area_std=float(measurement.metadata.get("area_std", 0.0)),
        thickness_std=float(measurement.metadata.get("thickness_std", 0.0)),
    )
