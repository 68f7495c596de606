"""What a user may say where a file leaves something open."""

from __future__ import annotations

from dataclasses import dataclass

from garnetlab.core import InvalidInput
from garnetlab.readers._column_names import unit_of


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says of a file that does not say it itself; empty where nothing is said.

    Parameters
    ----------
    current_unit: Unit of a current column that names none, such as ``"mA"``; capacity and energy follow it.
    voltage_step: Volts per count of a raw voltage (LAND ``.cex``), > 0.
    current_step: Amperes per count of a raw current (LAND ``.cex``), > 0.
    """

    current_unit: str = ""
    voltage_step: float | None = None
    current_step: float | None = None

    def __post_init__(self) -> None:
        if self.current_unit and unit_of(self.current_unit, "current") is None:
            message = f"current_unit = {self.current_unit!r}: expected a unit like 'A', 'mA' or 'uA'."
            raise InvalidInput(message)
        for name in ("voltage_step", "current_step"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < 1.0:
                message = f"{name} = {value!r}: expected a size of one count in V or A, between 0 and 1."
                raise InvalidInput(message)


NOTHING = ReadOptions()
