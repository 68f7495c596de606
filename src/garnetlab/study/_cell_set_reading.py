"""What an analysis says of a record, in the form that is scored."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAILURES", "Reading"]

#: kinds of events that end the use of a cell
FAILURES = ("hard_short", "soft_short", "contact_loss")


@dataclass(frozen=True, slots=True)
class Reading:
    """Events as kind and time [s], and the current densities of a ladder [A/m^2], None where none is reported.

    ``said`` is why a ladder, or the whole record where ``refused``, was refused.
    """

    events: tuple[tuple[str, float], ...]
    survived: float | None = None
    failed: float | None = None
    said: str = ""
    refused: bool = False
